#include "rebuild/run_tidy.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rebuild/run_also.h"

#define RANDOM_LEN 6 /* of mkstemp(3) */

static bool is_draft_of(const char *name, const char *base)
{
	const size_t len = strlen(base);

	if (strlen(name) != len + 1 + RANDOM_LEN || strncmp(name, base, len) != 0 ||
	    name[len] != '.')
		return false;
	for (size_t i = len + 1; name[i] != '\0'; i++) {
		if (!isalnum((unsigned char)name[i]))
			return false;
	}
	return true;
}

static bool is_draft(const struct run *run, const char *name)
{
	static const char *const results[] = { "enclave.eif", "pcr.json",    "build-info.json",
					       "report.json", "report.html", "statement.json",
					       "closure.txt" };
	const struct recipe *recipe = run->order->recipe;

	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		if (is_draft_of(name, results[i]))
			return true;
	}
	for (size_t i = 0; i < recipe->n_also; i++) {
		if (is_draft_of(name, run_also_name(recipe->also[i])))
			return true;
	}
	for (size_t i = 0; i < STAGE_COUNT; i++) {
		struct buf text = { 0 };
		buf_printf(&text, "%s.json", stage_name((enum stage)i));
		char *base = buf_take_text(&text);
		bool found = base != NULL && is_draft_of(name, base);
		free(base);
		if (found)
			return true;
	}
	return false;
}

static enum reason remove_file(const char *folder, const char *name, struct trouble *reterr)
{
	char *path = run_path(folder, name);
	enum reason reason = path == NULL ? REASON_OUT_OF_MEMORY : REASON_OK;

	if (path != NULL && unlink(path) != 0 && errno != ENOENT)
		reason = trouble_note(reterr, REASON_FILE_UNWRITABLE, span_of_text(path), errno);
	free(path);
	return reason;
}

enum reason run_tidy_drafts(const struct run *run, struct trouble *reterr)
{
	const char *const folders[] = { run->out, run->work };
	enum reason reason = REASON_OK;

	for (size_t i = 0; i < 2 && reason == REASON_OK; i++) {
		const struct dirent *entry;
		DIR *folder = opendir(folders[i]);
		if (folder == NULL)
			return trouble_note(reterr, REASON_FILE_UNWRITABLE,
					    span_of_text(folders[i]), errno);
		while (reason == REASON_OK && (entry = readdir(folder)) != NULL) {
			if (is_draft(run, entry->d_name))
				reason = remove_file(folders[i], entry->d_name, reterr);
		}
		(void)closedir(folder);
	}
	return reason;
}

enum reason run_tidy_results(const struct run *run, struct trouble *reterr)
{
	enum reason reason = REASON_OK;

	/* an image that was given may be the one that lies there */
	if (!run->done[STAGE_COLLECT] && run->order->built_eif == NULL)
		reason = remove_file(run->out, "enclave.eif", reterr);
	if (reason == REASON_OK && !(run->is_read && image_is_sound(&run->image)))
		reason = remove_file(run->out, "pcr.json", reterr);
	return reason;
}
