#include "attest/round.h"

#include <stdlib.h>

#include "attest/pool.h"

struct running {
	const struct round *round;
	struct round_result *results;
	struct sample *samples;
};

/* A sample of what could not be judged for want of memory. */
static void no_memory(struct sample *ret)
{
	*ret = (struct sample){ .verdict = VERDICT_ERROR, .reason = REASON_OUT_OF_MEMORY };
}

void round_lacks_memory(struct round_result *result)
{
	struct sample *sample = result->sample;

	report_out_of_memory(result->report);
	(void)report_conclude(result->report, &result->target->policy->require);
	if (sample->verdict == VERDICT_PASS) {
		sample->verdict = VERDICT_ERROR;
		sample->reason = REASON_OUT_OF_MEMORY;
	}
}

/* In any thread: only this target is written to. */
static void ask_one(void *context, size_t i)
{
	struct running *running = context;
	const struct round *round = running->round;
	struct target *target = &round->targets->list[i];
	struct round_result *result = &running->results[i];
	const struct contract contract = {
		.policy = target->contract,
		.servers = target->servers,
		.route = { .allow_plain = target->ask->route.allow_plain,
			   .proxy = target->ask->route.proxy,
			   .resolve = target->ask->route.resolve,
			   .n_resolve = target->ask->route.n_resolve },
		.timeout_ms = target->ask->timeout_ms,
		.clock = round->clock,
		.clock_ms = round->clock_ms,
	};
	const struct live live = {
		.ask = target->ask,
		.policy = target->policy,
		.contract = &contract,
		.clock = round->clock,
		.clock_ms = round->clock_ms,
		.random = round->random,
		.cache = &target->cache,
	};
	const struct sample_policy judged_by = {
		.require = &target->policy->require,
		.max_age_s = target->policy->max_age_s,
		.quorum = target->contract->requested ? target->contract->quorum : 0,
	};
	int64_t begun_ms = round->clock.ticks_ms(round->clock.context);

	result->target = target;
	result->sample = &running->samples[i];
	result->report = report_new();
	if (result->report == NULL) {
		no_memory(result->sample);
		return;
	}
	live_judge(&live, target->url, result->report, &result->evidence);
	report_set_target(result->report, span_of_text(target->name));
	(void)report_conclude(result->report, &target->policy->require);
	if (!sample_take(result->report, &judged_by, result->sample))
		round_lacks_memory(result);
	result->sample->took_ms = round->clock.ticks_ms(round->clock.context) - begun_ms;
	result->sample->timeout_ms = target->ask->timeout_ms;
}

static bool tell_one(void *context, size_t i)
{
	struct running *running = context;
	struct round_result *result = &running->results[i];

	bool more = running->round->tell(running->round->context, i, result);
	live_evidence_done(&result->evidence);
	report_free(result->report);
	result->report = NULL;
	return more;
}

static bool interrupted(void *context)
{
	struct running *running = context;

	return running->round->interrupted(running->round->context);
}

bool round_run(const struct round *round, struct sample samples[])
{
	struct running running = { .round = round, .samples = samples };
	const struct pool_work work = {
		.work = ask_one,
		.done = tell_one,
		.interrupted = interrupted,
		.interrupt_fd = round->interrupt_fd,
		.context = &running,
	};

	running.results = calloc(round->targets->n, sizeof(running.results[0]));
	if (running.results == NULL)
		return false;
	bool all = pool_run(&work, round->targets->n, round->jobs);
	free(running.results);
	return all;
}
