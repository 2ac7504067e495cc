#include "rebuild/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/draft.h"
#include "verify/auto.h"
#include "verify/basenc.h"
#include "verify/instant.h"
#include "verify/json.h"

#define SCHEMA 1
#define FILE_MAX ((size_t)16 * 1024)

struct state {
	char *dir;
	const char *tool;
	int lock;
};

static const char *const names[STAGE_COUNT] = {
#define STAGE_NAME(id, name) [STAGE_##id] = (name),
	STAGE_TABLE(STAGE_NAME)
#undef STAGE_NAME
};

const char *stage_name(enum stage stage)
{
	return (size_t)stage < STAGE_COUNT ? names[stage] : "unknown";
}

bool stage_of(const char *name, enum stage *ret)
{
	for (size_t i = 0; i < STAGE_COUNT; i++) {
		if (strcmp(names[i], name) == 0) {
			*ret = (enum stage)i;
			return true;
		}
	}
	return false;
}

/* DIR/NAME and what comes behind it; the caller frees. */
static char *path_in(const char *dir, const char *name, const char *ending)
{
	struct buf path = { 0 };

	buf_printf(&path, "%s/%s%s", dir, name, ending);
	return buf_take_text(&path);
}

static enum reason take_lock(struct state *state, struct trouble *reterr)
{
	char *path = path_in(state->dir, "lock", "");

	if (path == NULL)
		return REASON_OUT_OF_MEMORY;
	enum reason reason = REASON_OK;
	state->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (state->lock < 0)
		reason = REASON_FILE_UNWRITABLE;
	else if (flock(state->lock, LOCK_EX | LOCK_NB) != 0)
		reason = errno == EWOULDBLOCK ? REASON_STATE_BUSY : REASON_FILE_UNWRITABLE;
	if (reason != REASON_OK)
		(void)trouble_note(reterr, reason, span_of_text(path),
				   reason == REASON_STATE_BUSY ? 0 : errno);
	free(path);
	return reason;
}

enum reason state_open(const char *dir, const char *tool, struct state **ret,
		       struct trouble *reterr)
{
	struct state *state = calloc(1, sizeof(*state));
	struct buf name = { 0 };

	if (state == NULL)
		return REASON_OUT_OF_MEMORY;
	state->lock = -1;
	state->tool = tool;
	buf_text(&name, dir);
	state->dir = buf_take_text(&name);
	enum reason reason = state->dir == NULL ? REASON_OUT_OF_MEMORY : REASON_OK;
	if (reason == REASON_OK && mkdir(dir, 0777) != 0 && errno != EEXIST)
		reason = trouble_note(reterr, REASON_FILE_UNWRITABLE, span_of_text(dir), errno);
	if (reason == REASON_OK)
		reason = take_lock(state, reterr);
	if (reason != REASON_OK) {
		state_free(state);
		return reason;
	}
	*ret = state;
	return REASON_OK;
}

void state_free(struct state *state)
{
	if (state == NULL)
		return;
	if (state->lock >= 0)
		(void)close(state->lock);
	free(state->dir);
	free(state);
}

/* Reads a whole small file. False: it cannot be, or is longer. */
static bool read_small(const char *path, struct buf *ret)
{
	uint8_t chunk[FILE_MAX + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return false;
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n > 0)
			buf_add(ret, (struct span){ chunk, (size_t)n });
		if (n <= 0 || ret->failed || ret->len > FILE_MAX) {
			(void)close(fd);
			return n == 0 && !ret->failed;
		}
	}
}

static bool take_digest(const cJSON *tree, const char *key, uint8_t ret[static DIGEST_SHA256_LEN])
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(tree, key);

	return cJSON_IsString(item) &&
	       hex_decode_exact(span_of_text(item->valuestring), ret, DIGEST_SHA256_LEN);
}

static bool take_time(const cJSON *tree, const char *key, int64_t *ret)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(tree, key);

	if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > 4e9)
		return false;
	*ret = (int64_t)item->valuedouble;
	return true;
}

static bool is_text(const cJSON *tree, const char *key, const char *want)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(tree, key);

	return cJSON_IsString(item) && strcmp(item->valuestring, want) == 0;
}

bool state_get(const struct state *state, enum stage stage, struct state_note *ret)
{
	AUTO(cJSON) *tree = NULL;
	struct json_place place;
	struct state_note note = { .started = 0 };
	struct buf text = { 0 };

	char *path = path_in(state->dir, stage_name(stage), ".json");
	bool good =
		path != NULL && read_small(path, &text) &&
		json_read(buf_span(&text), &tree, &place) == REASON_OK &&
		is_text(tree, "stage", stage_name(stage)) && is_text(tree, "tool", state->tool) &&
		is_text(tree, "status", "done") && take_digest(tree, "inputs", note.inputs) &&
		take_digest(tree, "outputs", note.outputs) &&
		take_time(tree, "started", &note.started) && take_time(tree, "ended", &note.ended);
	buf_done(&text);
	free(path);
	if (good)
		*ret = note;
	return good;
}

static void add_digest(struct buf *out, const char *key,
		       const uint8_t digest[static DIGEST_SHA256_LEN])
{
	buf_printf(out, ",\"%s\":\"", key);
	hex_encode(out, (struct span){ digest, DIGEST_SHA256_LEN });
	buf_byte(out, '"');
}

enum reason state_put(const struct state *state, enum stage stage, const struct state_note *note,
		      struct trouble *reterr)
{
	struct buf text = { 0 };
	struct draft draft;

	buf_printf(&text, "{\"schema\":%d,\"stage\":\"%s\",\"tool\":\"%s\",\"status\":\"done\"",
		   SCHEMA, stage_name(stage), state->tool);
	add_digest(&text, "inputs", note->inputs);
	add_digest(&text, "outputs", note->outputs);
	buf_printf(&text, ",\"started\":%lld,\"ended\":%lld}\n", (long long)note->started,
		   (long long)note->ended);
	char *path = path_in(state->dir, stage_name(stage), ".json");
	enum reason reason =
		text.failed || path == NULL ? REASON_OUT_OF_MEMORY : draft_open(path, &draft);
	if (reason == REASON_OK) {
		reason = draft_write(draft.fd, buf_span(&text));
		if (reason == REASON_OK)
			reason = draft_commit(&draft);
		else
			draft_drop(&draft);
	}
	if (reason != REASON_OK && path != NULL)
		(void)trouble_note(reterr, reason, span_of_text(path), errno);
	buf_done(&text);
	free(path);
	return reason;
}

enum reason state_forget(const struct state *state, enum stage from, struct trouble *reterr)
{
	enum reason reason = REASON_OK;

	for (size_t i = (size_t)from; i < STAGE_COUNT && reason == REASON_OK; i++) {
		char *path = path_in(state->dir, names[i], ".json");
		if (path == NULL)
			reason = REASON_OUT_OF_MEMORY;
		else if (unlink(path) != 0 && errno != ENOENT)
			reason = trouble_note(reterr, REASON_FILE_UNWRITABLE, span_of_text(path),
					      errno);
		free(path);
	}
	return reason;
}

enum reason state_key(const struct span values[], size_t n, uint8_t ret[static DIGEST_SHA256_LEN])
{
	struct buf all = { 0 };

	for (size_t i = 0; i < n; i++) {
		buf_printf(&all, "%zu:", values[i].len);
		buf_add(&all, values[i]);
	}
	const struct span whole = buf_span(&all);
	enum reason reason = all.failed ? REASON_OUT_OF_MEMORY : digest_sha256(&whole, 1, ret);
	buf_done(&all);
	return reason;
}
