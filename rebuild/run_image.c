#include "rebuild/run_image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/container.h"
#include "rebuild/remove.h"

/* Takes the recipe's files out of the image, to folders of this run. */
static enum reason take_files(struct run *run, const struct oci *oci, struct trouble *reterr)
{
	const struct recipe *recipe = run->order->recipe;
	struct container *container = NULL;
	char *folder = run_path(run->work, "files");
	int dir = -1;

	enum reason reason = folder == NULL ? REASON_OUT_OF_MEMORY : remove_tree(folder);
	if (reason == REASON_OK && mkdir(folder, 0777) != 0)
		reason = REASON_FILE_UNWRITABLE;
	if (reason == REASON_OK) {
		dir = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		reason = dir < 0 ? REASON_FILE_UNWRITABLE : REASON_OK;
	}
	if (reason != REASON_OK && folder != NULL)
		(void)trouble_note(reterr, reason, span_of_text(folder), errno);
	if (reason == REASON_OK)
		reason = container_open(oci, &run->pinned, &container, reterr);
	run->is_doubled = reason == REASON_OK && container_doubled(container) > 0;
	for (size_t i = 0; i < recipe->n_files && reason == REASON_OK; i++) {
		const struct recipe_file *file = &recipe->files[i];
		struct container_file found;
		char name[24];
		(void)snprintf(name, sizeof(name), "%zu", i);
		reason = container_stage(container, span_of_text(file->path),
					 file->has_sha256 ? file->sha256 : NULL, dir, name, &found,
					 reterr);
		if (reason != REASON_OK)
			break;
		run->taken[i] = run_path(folder, name);
		run->taken_from[i] = found.found.layer;
		if (run->taken[i] == NULL)
			reason = REASON_OUT_OF_MEMORY;
	}
	if (dir >= 0)
		(void)close(dir);
	container_free(container);
	free(folder);
	return reason;
}

/* What fetching, and reading what was fetched, needs. */
struct fetching {
	struct http *http;
	struct http *second;
	struct store *store;
	struct advance advance;
	struct oci oci;
};

static const struct http_route route = { .tls = HTTP_TLS_VERIFIED };

static void stop(struct fetching *fetching)
{
	http_free(fetching->second);
	http_free(fetching->http);
	store_free(fetching->store);
}

/* *ret must stay where it is; end with stop(). */
static enum reason start(const struct run *run, struct fetching *ret, struct trouble *reterr)
{
	const struct run_order *order = run->order;
	const struct http_clock *clock = order->http_clock;

	*ret = (struct fetching){ .store = NULL };
	enum reason reason = store_open(order->cache, &ret->store, reterr);
	if (reason != REASON_OK)
		return reason;
	ret->http = http_new(&route, clock);
	ret->second = http_new(&route, clock);
	if (ret->http == NULL || ret->second == NULL) {
		stop(ret);
		return REASON_OUT_OF_MEMORY;
	}
	if (order->progress != NULL)
		ret->advance = (struct advance){ .context = order->progress->context,
						 .tell = order->progress->tell };
	ret->oci = (struct oci){
		.http = ret->http,
		.second = ret->second,
		.clock = clock,
		.deadline_ms = clock->ticks_ms(clock->context) + run->git.limit_ms,
		.store = ret->store,
		.advance = order->progress != NULL ? &ret->advance : NULL,
		.interrupted = run->git.interrupted,
	};
	return REASON_OK;
}

enum reason run_image(struct run *run, struct trouble *reterr)
{
	const struct recipe *recipe = run->order->recipe;
	struct ociref_platform platform;
	struct ociref reference;
	struct fetching fetching;

	if (recipe->image == NULL)
		return REASON_OK;
	enum reason reason = ociref_read(span_of_text(recipe->image), &reference);
	if (reason == REASON_OK)
		reason = ociref_is_pinned(&reference);
	if (reason == REASON_OK)
		reason = ociref_platform(span_of_text(recipe->platform), &platform);
	if (reason == REASON_OK)
		reason = start(run, &fetching, reterr);
	if (reason != REASON_OK)
		return reason;
	reason = oci_fetch(&fetching.oci, &reference, &platform, &run->pinned, reterr);
	if (reason == REASON_OK) {
		run->is_fetched = true;
		if (recipe->n_files > 0)
			reason = take_files(run, &fetching.oci, reterr);
	}
	stop(&fetching);
	return reason;
}

enum reason run_image_look(struct run *run, struct trouble *reterr)
{
	struct fetching fetching;
	struct trouble trouble = { .why = 0 };

	run->is_pulled = run->is_fetched && run_taking(run).pulled_recipes;
	if (!run->is_pulled)
		return REASON_OK;
	enum reason reason = start(run, &fetching, &trouble);
	if (reason == REASON_OK) {
		reason =
			container_whiteouts(&fetching.oci, &run->pinned, &run->whiteouts, &trouble);
		stop(&fetching);
	}
	run->whiteouts_form = reason;
	if (reason != REASON_INTERRUPTED && reason != REASON_OUT_OF_MEMORY)
		return REASON_OK;
	*reterr = trouble;
	return reason;
}
