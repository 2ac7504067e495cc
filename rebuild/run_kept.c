#include "rebuild/run_kept.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "rebuild/draft.h"
#include "rebuild/record.h"
#include "verify/basenc.h"

#define NAME "closure.txt"

enum reason run_kept_key(struct run *run)
{
	const struct recipe *recipe = run->order->recipe;
	struct nixopt_staged staged[RECIPE_FILES_MAX];
	struct buf tree = { 0 };

	enum reason reason = hex_decode(span_of_text(run->facts.tree), &tree);
	for (size_t i = 0; i < run->n_staged; i++) {
		staged[i].path = recipe->files[i].stage;
		memcpy(staged[i].sha256, run->staged[i].sha256, DIGEST_SHA256_LEN);
	}
	const struct nixopt_inputs inputs = {
		.tree = buf_span(&tree),
		.lock = SPAN_OF(run->lock_sha256),
		.n_staged = run->n_staged,
		.staged = staged,
		.attribute = recipe->attribute,
		.version = run->version.text,
	};
	if (reason == REASON_OK)
		reason = nixopt_key(&inputs, run->nix.settings, run->key);
	buf_done(&tree);
	return reason;
}

/* The whole record. False: there is none that can be read. */
static bool read_record(const struct run *run, struct buf *ret)
{
	struct trouble ignored = { 0 };
	uint8_t part[16 * 1024];
	int fd = -1;

	char *path = run_path(run->work, NAME);
	bool good = path != NULL && copy_open(path, &fd, &ignored) == REASON_OK;
	free(path);
	while (good && ret->len <= RECORD_MAX) {
		ssize_t n = read(fd, part, sizeof(part));
		if (n == 0)
			break;
		if (n < 0 && errno != EINTR)
			good = false;
		if (n > 0)
			buf_add(ret, (struct span){ part, (size_t)n });
	}
	if (fd >= 0)
		(void)close(fd);
	return good && !ret->failed && ret->len <= RECORD_MAX;
}

enum reason run_kept_use(struct run *run, struct nix_said *said)
{
	uint8_t digest[DIGEST_SHA256_LEN];
	struct state_note note;
	struct buf text = { 0 };
	bool same = false;

	if (!state_get(run->state, STAGE_BUILD, &note) ||
	    memcmp(note.inputs, run->key, DIGEST_SHA256_LEN) != 0 || !read_record(run, &text)) {
		buf_done(&text);
		return REASON_OK;
	}
	const struct span whole = buf_span(&text);
	enum reason reason = digest_sha256(&whole, 1, digest);
	if (reason == REASON_OK && memcmp(note.outputs, digest, DIGEST_SHA256_LEN) == 0)
		reason = record_take(whole, &run->closure, &same);
	buf_done(&text);
	if (reason == REASON_OK && same) {
		reason = closure_verify(&run->nix, &run->closure, said);
		if (reason == REASON_NIX_FAILED) {
			/* collected as garbage meanwhile: then it is built and checked anew */
			same = false;
			reason = REASON_OK;
		}
	}
	if (reason != REASON_OK || !same)
		return reason;
	run->is_kept = true;
	run->kept_at = note.ended;
	run->inputs_checked = true; /* or there would be no record */
	memcpy(run->kept, digest, DIGEST_SHA256_LEN);
	run->independence = closure_conclude(&run->closure);
	return REASON_OK;
}

enum reason run_kept_write(struct run *run, struct trouble *reterr)
{
	struct buf text = { 0 };
	struct draft draft;
	char *path = run_path(run->work, NAME);

	enum reason reason = path == NULL ? REASON_OUT_OF_MEMORY : REASON_OK;
	if (reason == REASON_OK && !record_print(&run->closure, &text)) {
		free(path);
		return REASON_OK;
	}
	const struct span whole = buf_span(&text);
	if (text.failed)
		reason = REASON_OUT_OF_MEMORY;
	if (reason == REASON_OK)
		reason = digest_sha256(&whole, 1, run->kept);
	if (reason == REASON_OK)
		reason = draft_open(path, &draft);
	if (reason == REASON_OK) {
		reason = draft_write(draft.fd, whole);
		if (reason == REASON_OK)
			reason = draft_commit(&draft);
		else
			draft_drop(&draft);
	}
	if (reason == REASON_OK)
		run->is_recorded = true;
	else if (path != NULL)
		(void)trouble_note(reterr, reason, span_of_text(path), errno);
	buf_done(&text);
	free(path);
	return reason;
}
