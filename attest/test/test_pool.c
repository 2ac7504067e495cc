#include "attest/pool.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "test/support.h"

#define ITEMS 500

/* What one run does: counted by the threads under a mutex, by the caller's thread without. */
struct run {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	unsigned worked[ITEMS];
	size_t at_once;
	size_t most_at_once;
	pthread_t caller;
	unsigned told[ITEMS];
	size_t n_told;
	size_t first_told;
	size_t stop_after; /* 0: never */
	int pipe[2];
	unsigned interrupted;
	size_t gather; /* items wait for each other until so many are under way */
	bool held;     /* item 0 waits until all others are done */
};

static void start(struct run *run)
{
	*run = (struct run){ .caller = pthread_self(), .pipe = { -1, -1 } };
	ck_assert_int_eq(pthread_mutex_init(&run->mutex, NULL), 0);
	ck_assert_int_eq(pthread_cond_init(&run->cond, NULL), 0);
}

static void end(struct run *run)
{
	(void)pthread_mutex_destroy(&run->mutex);
	(void)pthread_cond_destroy(&run->cond);
}

static void work(void *context, size_t i)
{
	struct run *run = context;

	(void)pthread_mutex_lock(&run->mutex);
	run->worked[i]++;
	run->at_once++;
	if (run->at_once > run->most_at_once)
		run->most_at_once = run->at_once;
	(void)pthread_cond_broadcast(&run->cond);
	while (run->most_at_once < run->gather || (i == 0 && run->held))
		(void)pthread_cond_wait(&run->cond, &run->mutex);
	run->at_once--;
	(void)pthread_mutex_unlock(&run->mutex);
}

static bool done(void *context, size_t i)
{
	struct run *run = context;

	ck_assert(pthread_equal(pthread_self(), run->caller));
	if (run->n_told == 0)
		run->first_told = i;
	run->told[i]++;
	run->n_told++;
	if (run->held && run->n_told == ITEMS - 1) {
		(void)pthread_mutex_lock(&run->mutex);
		run->held = false;
		(void)pthread_cond_broadcast(&run->cond);
		(void)pthread_mutex_unlock(&run->mutex);
	}
	return run->stop_after == 0 || run->n_told < run->stop_after;
}

/* Every item is done once and told of once, however many threads there are. */
START_TEST(test_all)
{
	static const size_t jobs[] = { 1, 2, 7, 64, POOL_JOBS_MAX + 1 };

	for (size_t k = 0; k < sizeof(jobs) / sizeof(jobs[0]); k++) {
		for (size_t n = 0; n <= ITEMS; n += n < 3 ? 1 : ITEMS - 3) {
			struct run run;
			start(&run);
			const struct pool_work all = { work, done, NULL, -1, &run };
			ck_assert(pool_run(&all, n, jobs[k]));
			ck_assert_uint_eq(run.n_told, n);
			for (size_t i = 0; i < ITEMS; i++) {
				ck_assert_uint_eq(run.worked[i], i < n);
				ck_assert_uint_eq(run.told[i], i < n);
			}
			ck_assert_uint_le(run.most_at_once, jobs[k]);
			end(&run);
		}
	}
}
END_TEST

/* So many really are under way at once: each waits for the others. */
START_TEST(test_side_by_side)
{
	struct run run;

	start(&run);
	run.gather = 16;
	const struct pool_work all = { work, done, NULL, -1, &run };
	ck_assert(pool_run(&all, ITEMS, 16));
	ck_assert_uint_eq(run.most_at_once, 16);
	end(&run);
}
END_TEST

/* An item that does not end holds up no other: all are told of before it. */
START_TEST(test_slow_one)
{
	struct run run;

	start(&run);
	run.held = true;
	const struct pool_work all = { work, done, NULL, -1, &run };
	ck_assert(pool_run(&all, ITEMS, 2));
	ck_assert_uint_eq(run.n_told, ITEMS);
	ck_assert_uint_ne(run.first_told, 0);
	end(&run);
}
END_TEST

/* After the caller's no, what is under way is told of and nothing else is begun. */
START_TEST(test_stop)
{
	static const size_t jobs[] = { 1, 4 };

	for (size_t k = 0; k < sizeof(jobs) / sizeof(jobs[0]); k++) {
		struct run run;
		start(&run);
		run.stop_after = 3;
		const struct pool_work all = { work, done, NULL, -1, &run };
		(void)pool_run(&all, ITEMS, jobs[k]);
		ck_assert_uint_ge(run.n_told, 3);
		for (size_t i = 0; i < ITEMS; i++)
			ck_assert_uint_eq(run.worked[i], run.told[i]);
		end(&run);
	}
}
END_TEST

static bool interrupted(void *context)
{
	struct run *run = context;
	char byte;

	ck_assert(pthread_equal(pthread_self(), run->caller));
	ck_assert_int_eq(read(run->pipe[0], &byte, 1), 1);
	run->interrupted++;
	(void)pthread_mutex_lock(&run->mutex);
	run->gather = 0;
	(void)pthread_cond_broadcast(&run->cond);
	(void)pthread_mutex_unlock(&run->mutex);
	return byte == 'g';
}

/* The caller is reached while every thread waits: `g` goes on, `s` stops. */
START_TEST(test_interrupt)
{
	static const char *const rows[] = { "g", "s" };

	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		struct run run;
		start(&run);
		ck_assert_int_eq(pipe(run.pipe), 0);
		ck_assert_int_eq(write(run.pipe[1], rows[k], 1), 1);
		run.gather = 3; /* with two threads that would be never */
		const struct pool_work all = { work, done, interrupted, run.pipe[0], &run };
		bool complete = pool_run(&all, ITEMS, 2);
		ck_assert_uint_eq(run.interrupted, 1);
		if (rows[k][0] == 'g')
			ck_assert(complete && run.n_told == ITEMS);
		else
			ck_assert_uint_le(run.n_told, ITEMS);
		(void)close(run.pipe[0]);
		(void)close(run.pipe[1]);
		end(&run);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pool");

	support_add(suite, "all", test_all);
	support_add(suite, "side by side", test_side_by_side);
	support_add(suite, "slow one", test_slow_one);
	support_add(suite, "stop", test_stop);
	support_add(suite, "interrupt", test_interrupt);
	return support_main(suite);
}
