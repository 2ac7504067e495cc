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

enum reason run_image(struct run *run, struct trouble *reterr)
{
	const struct run_order *order = run->order;
	const struct http_route route = { .tls = HTTP_TLS_VERIFIED };
	struct ociref_platform platform;
	struct ociref reference;
	struct store *store = NULL;

	if (order->recipe->image == NULL)
		return REASON_OK;
	enum reason reason = ociref_read(span_of_text(order->recipe->image), &reference);
	if (reason == REASON_OK)
		reason = ociref_is_pinned(&reference);
	if (reason == REASON_OK)
		reason = ociref_platform(span_of_text(order->recipe->platform), &platform);
	if (reason == REASON_OK)
		reason = store_open(order->cache, &store, reterr);
	if (reason != REASON_OK)
		return reason;
	struct advance advance = { .done = 0 };
	struct http *http = http_new(&route, order->http_clock);
	struct http *second = http_new(&route, order->http_clock);
	struct oci oci = {
		.http = http,
		.second = second,
		.clock = order->http_clock,
		.deadline_ms =
			order->http_clock->ticks_ms(order->http_clock->context) + run->git.limit_ms,
		.store = store,
		.advance = order->progress != NULL ? &advance : NULL,
		.interrupted = run->git.interrupted,
	};
	if (order->progress != NULL) {
		advance.context = order->progress->context;
		advance.tell = order->progress->tell;
	}
	reason = http == NULL ? REASON_OUT_OF_MEMORY :
				oci_fetch(&oci, &reference, &platform, &run->pinned, reterr);
	if (reason == REASON_OK) {
		run->is_fetched = true;
		if (order->recipe->n_files > 0)
			reason = take_files(run, &oci, reterr);
	}
	http_free(second);
	http_free(http);
	store_free(store);
	return reason;
}
