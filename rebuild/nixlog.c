#include "rebuild/nixlog.h"

#include <string.h>

#include "verify/auto.h"
#include "verify/json.h"

enum activity {
	ACTIVITY_COPY = 100,
	ACTIVITY_DOWNLOAD = 101,
	ACTIVITY_BUILDS = 104,
	ACTIVITY_BUILD = 105,
	ACTIVITY_SUBSTITUTE = 108
};

enum result { RESULT_LINE = 101, RESULT_PROGRESS = 105, RESULT_POST_LINE = 107 };

/* What a line of a message holds, and what that means; what stands above beats what stands below. */
static const struct {
	const char *part;
	enum reason reason;
	const char *also; /* in the same line; NULL: nothing else */
} meanings[] = {
	{ "interrupted by the user", REASON_INTERRUPTED, NULL },
	{ "NAR hash mismatch in input", REASON_NIX_INPUT_HASH, NULL },
	{ "hash mismatch in fixed-output derivation", REASON_NIX_FIXED_OUTPUT, NULL },
	{ "was modified! expected hash", REASON_NIX_STORE, NULL },
	{ "may not be deterministic", REASON_NIX_DIFFERS, NULL },
	{ "No space left on device", REASON_NIX_DISK_FULL, NULL },
	{ "lack of free disk space", REASON_NIX_DISK_FULL, NULL },
	{ "database or disk is full", REASON_NIX_DISK_FULL, NULL },
	{ "timed out after", REASON_NIX_TIMEOUT, NULL },
	{ "seconds of silence", REASON_NIX_TIMEOUT, NULL },
	{ "requires lock file changes", REASON_NIX_LOCK, NULL },
	{ "cannot update unlocked flake input", REASON_NIX_LOCK, NULL },
	{ "does not provide attribute", REASON_NIX_ATTRIBUTE, NULL },
	{ "is not tracked by Git", REASON_NIX_NOT_STAGED, NULL },
	{ "getting status of '", REASON_NIX_NOT_STAGED, "No such file or directory" },
	{ "error: path '", REASON_NIX_NOT_STAGED, "does not exist" },
	{ "does not exist in Git repository", REASON_NIX_NOT_STAGED, NULL },
	{ "during evaluation because the option 'allow-import-from-derivation'", REASON_NIX_IMPORT,
	  NULL },
	{ "specified in 'build-users-group'", REASON_NIX_GROUP, NULL },
	{ "experimental Nix feature", REASON_NIX_FEATURES, NULL },
	{ "Cannot find Git revision", REASON_NIX_INPUT_FETCH, NULL },
	{ "program 'git' failed", REASON_NIX_INPUT_FETCH, NULL },
	{ "Failed to fetch git repository", REASON_NIX_INPUT_FETCH, NULL },
	{ "unable to download", REASON_NIX_INPUT_FETCH, NULL },
	{ "because it uses a relative path", REASON_NIX_INPUT_FETCH, NULL },
	{ "builder for '", REASON_NIX_BUILDER, NULL },
	{ "Cannot build '", REASON_NIX_BUILDER, NULL },
};

/* What a daemon says of settings that it does not let this user change. */
static const char *const ignorings[] = {
	"because it is a restricted setting",
	"ignoring untrusted substituter",
	"ignoring the client-specified setting",
	"ignoring the user-specified setting",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool holds(struct span text, const char *part)
{
	const size_t len = strlen(part);

	for (size_t i = 0; i + len <= text.len; i++) {
		if (memcmp(text.at + i, part, len) == 0)
			return true;
	}
	return false;
}

/* Cuts the next line off, without its \n. */
static bool cut_line(struct span *text, struct span *ret)
{
	struct span end;
	size_t n = 0;

	if (text->len == 0)
		return false;
	while (n < text->len && text->at[n] != '\n')
		n++;
	(void)span_take(text, n, ret);
	(void)span_take(text, 1, &end);
	return true;
}

/* "> " begins what Nix quotes of a builder's log. */
static bool is_quoted(struct span line)
{
	size_t i = 0;

	while (i < line.len && line.at[i] == ' ')
		i++;
	return i < line.len && line.at[i] == '>';
}

enum reason nixlog_reason(struct span message)
{
	size_t best = COUNT(meanings);
	struct span line;

	while (cut_line(&message, &line)) {
		if (is_quoted(line))
			continue;
		for (size_t i = 0; i < best; i++) {
			if (holds(line, meanings[i].part) &&
			    (meanings[i].also == NULL || holds(line, meanings[i].also)))
				best = i;
		}
	}
	return best < COUNT(meanings) ? meanings[best].reason : REASON_OK;
}

/* Appends text without escape sequences (ECMA-48: CSI and OSC, ESC and one other) and without control
 * characters but for \n and \t. */
static void add_plain(struct buf *out, struct span text)
{
	size_t i = 0;

	while (i < text.len) {
		const uint8_t byte = text.at[i++];
		if (byte == 0x1b && i < text.len) {
			const uint8_t kind = text.at[i++];
			if (kind == '[')
				while (i < text.len && (text.at[i++] & 0xc0) != 0x40)
					;
			else if (kind == ']')
				while (i < text.len && text.at[i] != 0x07 && text.at[i] != 0x1b)
					i++;
		} else if (byte == '\n' || byte == '\t' || (byte >= 0x20 && byte != 0x7f)) {
			buf_byte(out, byte);
		}
	}
}

/* Writes `name> ` and the text, with a \n, to whoever reads along. */
static void write_readable(struct nixlog *log, const char *name, struct span text)
{
	if (log->readable == NULL || log->sunk != REASON_OK)
		return;
	log->text.len = 0;
	if (name != NULL) {
		buf_text(&log->text, name);
		buf_text(&log->text, "> ");
	}
	add_plain(&log->text, text);
	buf_byte(&log->text, '\n');
	if (!log->text.failed)
		log->sunk = sink_put(log->readable, buf_span(&log->text));
}

static struct span text_of(const cJSON *value)
{
	return cJSON_IsString(value) ? span_of_text(value->valuestring) : (struct span){ NULL, 0 };
}

static const cJSON *member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* The digits of a member at the top of an object that json_read has found to be well-formed: a double
 * would not hold all of them. */
static bool exact_id(struct span line, uint64_t *ret)
{
	static const char key[] = "\"id\"";
	bool in_string = false;
	size_t depth = 0;
	uint64_t value = 0;

	for (size_t i = 0; i < line.len; i++) {
		const uint8_t byte = line.at[i];
		if (in_string) {
			if (byte == '\\')
				i++;
			else
				in_string = byte != '"';
			continue;
		}
		if (byte == '{' || byte == '[')
			depth++;
		else if (byte == '}' || byte == ']')
			depth--;
		else if (byte == '"' && depth == 1 && line.len - i > sizeof(key) &&
			 memcmp(line.at + i, key, sizeof(key) - 1) == 0) {
			i += sizeof(key) - 1;
			while (i < line.len && strchr(" \t:", line.at[i]) != NULL &&
			       line.at[i] != '\0')
				i++;
			size_t digits = 0;
			for (; i < line.len && line.at[i] >= '0' && line.at[i] <= '9'; i++) {
				const uint64_t digit = (uint64_t)(line.at[i] - '0');
				if (value > (UINT64_MAX - digit) / 10)
					return false;
				value = value * 10 + digit;
				digits++;
			}
			*ret = value;
			/* neither a sign nor a fraction: what follows ends the member */
			return digits > 0 && i < line.len && strchr(",} \t", line.at[i]) != NULL &&
			       line.at[i] != '\0';
		}
		in_string = byte == '"';
	}
	return false;
}

/* A whole number from 0 on that a double holds exactly. */
static bool small_number(const cJSON *value, uint64_t *ret)
{
	if (!cJSON_IsNumber(value) || value->valuedouble < 0 || value->valuedouble > 9e15)
		return false;
	*ret = (uint64_t)value->valuedouble;
	return true;
}

struct span nixlog_name(struct span path)
{
	size_t from = 0;

	for (size_t i = 0; i < path.len; i++) {
		if (path.at[i] == '/')
			from = i + 1;
	}
	if (path.len - from > 33 && path.at[from + 32] == '-')
		from += 33;
	size_t end = path.len;
	if (end - from > 4 && memcmp(path.at + end - 4, ".drv", 4) == 0)
		end -= 4;
	return (struct span){ path.at + from, end - from };
}

static void set_name(char to[static NIXLOG_NAME_MAX], struct span path)
{
	const struct span name = nixlog_name(path);
	size_t n = 0;

	for (size_t i = 0; i < name.len && n + 1 < NIXLOG_NAME_MAX; i++) {
		if (name.at[i] >= 0x20 && name.at[i] < 0x7f)
			to[n++] = (char)name.at[i];
	}
	to[n] = '\0';
}

static struct nixlog_running *find_running(struct nixlog *log, uint64_t id)
{
	for (size_t i = 0; i < NIXLOG_RUNNING_MAX; i++) {
		if (log->running[i].name[0] != '\0' && log->running[i].id == id)
			return &log->running[i];
	}
	return NULL;
}

static void tell(struct nixlog *log)
{
	log->progress.latest = span_of_text(log->latest);
	if (log->tell != NULL)
		log->tell(log->context, &log->progress);
}

static void on_start(struct nixlog *log, const cJSON *said, uint64_t id)
{
	const struct span text = text_of(member(said, "text"));
	const cJSON *fields = member(said, "fields");
	uint64_t type = 0;

	if (!small_number(member(said, "type"), &type))
		return;
	if (type == ACTIVITY_BUILDS) {
		log->knows_builds = true;
		log->builds = id;
	} else if (type == ACTIVITY_BUILD) {
		set_name(log->latest, text_of(cJSON_GetArrayItem(fields, 0)));
		for (size_t i = 0; i < NIXLOG_RUNNING_MAX; i++) {
			if (log->running[i].name[0] != '\0')
				continue;
			log->running[i].id = id;
			memcpy(log->running[i].name, log->latest, NIXLOG_NAME_MAX);
			break;
		}
		tell(log);
	}
	if (text.len > 0 && (type == ACTIVITY_BUILD || type == ACTIVITY_COPY ||
			     type == ACTIVITY_DOWNLOAD || type == ACTIVITY_SUBSTITUTE))
		write_readable(log, NULL, text);
}

static void on_result(struct nixlog *log, const cJSON *said, uint64_t id)
{
	const cJSON *fields = member(said, "fields");
	struct nixlog_progress progress = { .done = 0 };
	uint64_t type = 0;

	if (!small_number(member(said, "type"), &type))
		return;
	if (type == RESULT_LINE || type == RESULT_POST_LINE) {
		const struct nixlog_running *build = find_running(log, id);
		write_readable(log, build != NULL ? build->name : "?",
			       text_of(cJSON_GetArrayItem(fields, 0)));
	} else if (type == RESULT_PROGRESS && log->knows_builds && id == log->builds &&
		   small_number(cJSON_GetArrayItem(fields, 0), &progress.done) &&
		   small_number(cJSON_GetArrayItem(fields, 1), &progress.expected) &&
		   small_number(cJSON_GetArrayItem(fields, 2), &progress.running) &&
		   small_number(cJSON_GetArrayItem(fields, 3), &progress.failed)) {
		log->progress = progress;
		tell(log);
	}
}

static void on_message(struct nixlog *log, struct span text, bool is_error)
{
	struct buf plain = { 0 };

	add_plain(&plain, text);
	const struct span message = buf_span(&plain);
	for (size_t i = 0; i < COUNT(ignorings); i++)
		log->option_ignored = log->option_ignored || holds(message, ignorings[i]);
	if (is_error) {
		const enum reason reason = nixlog_reason(message);
		/* what follows the first error is mostly that something depended on it */
		if (log->failure == REASON_OK || reason == REASON_NIX_DISK_FULL)
			log->failure = reason == REASON_OK ? log->failure : reason;
		if (log->errors.len + message.len < NIXLOG_ERRORS_MAX) {
			buf_add(&log->errors, message);
			buf_byte(&log->errors, '\n');
		}
	}
	write_readable(log, NULL, message);
	log->text.failed = log->text.failed || plain.failed;
	buf_done(&plain);
}

/* False: it is not in the form of what Nix says. */
static bool on_json(struct nixlog *log, struct span line)
{
	AUTO(cJSON) *said = NULL;
	struct json_place place;
	uint64_t level = 0;
	uint64_t id = 0;

	const enum reason reason = json_read(line, &said, &place);
	if (reason == REASON_OUT_OF_MEMORY) {
		/* what it says may be what a failure is about: not to be taken for text */
		log->text.failed = true;
		return true;
	}
	if (reason != REASON_OK || !cJSON_IsObject(said))
		return false;
	const struct span action = text_of(member(said, "action"));
	if (span_equal(action, SPAN_LITERAL("msg"))) {
		const cJSON *text = member(said, "msg");
		if (!cJSON_IsString(text) || !small_number(member(said, "level"), &level))
			return false;
		on_message(log, text_of(text), level == 0);
		return true;
	}
	if (!exact_id(line, &id))
		return false;
	if (span_equal(action, SPAN_LITERAL("start"))) {
		on_start(log, said, id);
	} else if (span_equal(action, SPAN_LITERAL("stop"))) {
		struct nixlog_running *build = find_running(log, id);
		if (build != NULL)
			build->name[0] = '\0';
	} else if (span_equal(action, SPAN_LITERAL("result"))) {
		on_result(log, said, id);
	} else {
		return false;
	}
	return true;
}

bool nixlog_line(struct nixlog *log, struct span line)
{
	const struct span mark = SPAN_LITERAL("@nix ");
	struct span rest = line;
	struct span head;

	if (!span_take(&rest, mark.len, &head) || !span_equal(head, mark) || !on_json(log, rest)) {
		/* before it knows of --log-format, Nix says things as text */
		const struct span error = SPAN_LITERAL("error:");
		rest = line;
		while (rest.len > 0 && rest.at[0] == ' ')
			(void)span_take(&rest, 1, &head);
		on_message(log, line,
			   span_take(&rest, error.len, &head) && span_equal(head, error));
	}
	return log->sunk == REASON_OK && !log->text.failed && !log->errors.failed;
}

void nixlog_done(struct nixlog *log)
{
	buf_done(&log->errors);
	buf_done(&log->text);
}
