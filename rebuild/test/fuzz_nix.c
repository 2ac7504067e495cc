/* What Nix says and keeps, by the first byte: a derivation, its log, its JSON, NIX_CONFIG; and what is kept of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rebuild/nixjson.h"
#include "rebuild/nixlog.h"
#include "rebuild/nixopt.h"
#include "rebuild/record.h"

#define STORE "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

static bool is_within(struct span part, struct span whole)
{
	return part.len <= whole.len && part.at >= whole.at &&
	       part.at + part.len <= whole.at + whole.len;
}

static void try_drv(struct span text)
{
	struct drv drv;
	struct span value;

	if (drv_read(text, &drv) != REASON_OK)
		return;
	demand(drv.n_outputs > 0 && drv.n_outputs <= DRV_OUTPUTS_MAX, "number of outputs");
	for (size_t i = 0; i < drv.n_outputs; i++)
		demand(drv.outputs[i].path.len == 0 || drv_is_path(drv.outputs[i].path, NULL),
		       "an output that is no path");
	if (drv_variable(&drv, "imageDigest", &value))
		demand(is_within(value, text) &&
			       (value.len == 0 || !memchr(value.at, '"', value.len)),
		       "a value from elsewhere");
	/* nothing may stand behind it */
	text.len--;
	demand(drv_read(text, &drv) == REASON_NIX_OUTPUT, "its end is not needed");
}

static enum reason check_plain(void *to, struct span bytes)
{
	size_t *lines = to;

	for (size_t i = 0; i < bytes.len; i++) {
		const uint8_t byte = bytes.at[i];
		demand(byte == '\n' || byte == '\t' || (byte >= 0x20 && byte != 0x7f),
		       "a control character in the log");
	}
	++*lines;
	return REASON_OK;
}

static void try_log(struct span text)
{
	size_t lines = 0;
	const struct sink sink = { check_plain, &lines };
	struct nixlog log = { .readable = &sink };
	struct span end;

	while (text.len > 0) {
		struct span line = { text.at, 0 };
		while (line.len < text.len && text.at[line.len] != '\n')
			line.len++;
		demand(span_take(&text, line.len, &line), "line");
		(void)span_take(&text, 1, &end);
		demand(nixlog_line(&log, line), "a line was not taken");
		demand(log.errors.len <= NIXLOG_ERRORS_MAX, "errors without bound");
	}
	nixlog_done(&log);
}

static void try_json(struct span text)
{
	static struct nixjson_built built;
	struct nixjson_paths paths = { .n = 0 };
	struct nixjson_version version;

	if (nixjson_built(text, &built) == REASON_OK) {
		demand(drv_is_path(span_of_text(built.drv), ".drv"), "no derivation");
		for (size_t i = 0; i < built.n_outputs; i++)
			demand(drv_is_path(span_of_text(built.outputs[i].path), NULL), "no path");
	}
	if (nixjson_paths(text, &paths) == REASON_OK) {
		for (size_t i = 0; i < paths.n; i++)
			demand(nixjson_path(&paths, span_of_text(paths.at[i].path)) == &paths.at[i],
			       "a path twice");
	}
	nixjson_paths_done(&paths);
	if (nixjson_version(text, &version) == REASON_OK)
		demand(version.major > 2 || (version.major == 2 && version.minor >= 8), "too old");
}

static void try_config(struct span text)
{
	struct nixopt_settings settings = { .independent = true };
	struct buf copy = { 0 };
	struct buf list = { 0 };
	struct span name = { NULL, 0 };

	buf_add(&copy, text);
	char *config = buf_take_text(&copy);
	demand(config != NULL, "no memory");
	settings.nix_config = config;
	enum reason reason = nixopt_judge(&settings, &name);
	nixopt_list_weakening(&settings, &list);
	/* what is not refused would not be listed either, but for a setting without a name */
	demand(reason == REASON_NIX_OPTION || list.len == 0, "listed, but not refused");
	demand(reason != REASON_OK || name.at == NULL, "named, but not refused");
	buf_done(&list);
	free(config);
}

/* A record of an earlier run, for two derivations and a path: what is taken says the same when it is written anew. */
static void try_record(struct span text)
{
	static char names[][64] = { STORE "b-fixed.drv", STORE "a-built.drv", STORE "c", "sha256-x",
				    "" };
	struct closure_drv drvs[] = { { .path = names[0], .is_fixed = true },
				      { .path = names[1] } };
	struct nixjson_path path = { .path = names[2], .nar_hash = names[3], .signers = names[4] };
	struct closure closure = { .drvs = drvs, .n_drvs = 2, .paths = { .at = &path, .n = 1 } };
	struct buf again = { 0 };
	bool taken = false;

	demand(record_take(text, &closure, &taken) == REASON_OK, "no memory");
	demand(taken == (drvs[0].standing == CLOSURE_FIXED), "taken by halves");
	demand(taken == (drvs[1].standing > CLOSURE_FIXED), "taken by halves");
	if (taken) {
		demand(record_print(&closure, &again), "cannot be kept");
		demand(span_equal(buf_span(&again), text), "another text");
	}
	buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { data, size };
	struct span which;

	if (!span_take(&rest, 1, &which))
		return 0;
	switch (which.at[0] % 8) {
	case 0:
		try_drv(rest);
		break;
	case 1:
		try_log(rest);
		break;
	case 2:
		try_json(rest);
		break;
	case 3:
		try_config(rest);
		break;
	default:
		try_record(rest);
		break;
	}
	return 0;
}
