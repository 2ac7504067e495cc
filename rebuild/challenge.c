#include "rebuild/challenge.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "attest/header.h"

/* What was read so far. */
struct reading {
	struct challenge found;
	bool bearer; /* the challenge being read is the one */
	bool taken;  /* one was begun: later ones do not count */
	bool basic;
	size_t parts;
};

static bool is_token(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= 'a' && byte <= 'z') ||
	       (byte != 0 && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

static bool next_is(struct span line, uint8_t byte)
{
	return line.len > 0 && line.at[0] == byte;
}

static void skip(struct span *line, size_t n)
{
	struct span skipped;

	(void)span_take(line, n, &skipped);
}

static void skip_blanks(struct span *line)
{
	while (next_is(*line, ' ') || next_is(*line, '\t'))
		skip(line, 1);
}

static bool take_token(struct span *line, struct span *ret)
{
	size_t n = 0;

	while (n < line->len && is_token(line->at[n]))
		n++;
	return n > 0 && span_take(line, n, ret);
}

/* A quoted string (RFC 9110 section 5.6.4), or a token; with ':' and '/' in it, as some write. */
static bool take_value(struct span *line, struct buf *ret)
{
	if (!next_is(*line, '"')) {
		size_t n = 0;
		struct span token;
		while (n < line->len &&
		       (is_token(line->at[n]) || line->at[n] == ':' || line->at[n] == '/'))
			n++;
		if (n == 0 || !span_take(line, n, &token))
			return false;
		buf_add(ret, token);
		return true;
	}
	skip(line, 1);
	while (line->len > 0) {
		uint8_t byte = line->at[0];
		skip(line, 1);
		if (byte == '"')
			return true;
		if (byte == '\\') {
			if (line->len == 0)
				return false;
			byte = line->at[0];
			skip(line, 1);
		}
		if (byte < ' ' || byte > '~')
			return false;
		buf_byte(ret, byte);
	}
	return false;
}

static bool is(struct span word, const char *name)
{
	return word.len == strlen(name) && strncasecmp((const char *)word.at, name, word.len) == 0;
}

/* Keeps one parameter of the challenge that counts. */
static enum reason keep(struct reading *reading, struct span name, struct buf *value)
{
	char **where = NULL;

	if (reading->bearer && is(name, "realm"))
		where = &reading->found.realm;
	else if (reading->bearer && is(name, "service"))
		where = &reading->found.service;
	if (where == NULL)
		return REASON_OK;
	if (*where != NULL || value->len > CHALLENGE_TEXT_MAX)
		return REASON_OCI_CHALLENGE;
	*where = buf_take_text(value);
	return *where != NULL ? REASON_OK : REASON_OUT_OF_MEMORY;
}

static enum reason read_parameter(struct reading *reading, struct span name, struct span *line)
{
	struct buf value = { 0 };

	skip_blanks(line);
	skip(line, 1); /* = */
	skip_blanks(line);
	enum reason reason = take_value(line, &value) ? REASON_OK : REASON_OCI_CHALLENGE;
	if (reason == REASON_OK && value.failed)
		reason = REASON_OUT_OF_MEMORY;
	if (reason == REASON_OK)
		reason = keep(reading, name, &value);
	buf_done(&value);
	return reason;
}

/* A word without = behind it is a scheme; its first parameter follows without a comma. */
static void begin(struct reading *reading, struct span scheme)
{
	reading->bearer = is(scheme, "Bearer") && !reading->taken;
	reading->taken |= reading->bearer;
	reading->basic |= is(scheme, "Basic");
}

/* token68, the other form of what follows a scheme: no scheme known here has one. */
static bool is_parameter(struct span line)
{
	skip_blanks(&line);
	if (!next_is(line, '='))
		return false;
	skip(&line, 1);
	skip_blanks(&line);
	return line.len > 0 && line.at[0] != '=' && line.at[0] != ',';
}

static enum reason read_line(struct reading *reading, struct span line)
{
	bool begun = false;

	for (;;) {
		struct span word;
		while (next_is(line, ',') || next_is(line, ' ') || next_is(line, '\t'))
			skip(&line, 1);
		if (line.len == 0)
			return REASON_OK;
		if (!take_token(&line, &word) || ++reading->parts > CHALLENGE_PARTS_MAX)
			return REASON_OCI_CHALLENGE;
		if (!is_parameter(line)) {
			if (line.len > 0 && line.at[0] != ' ' && line.at[0] != ',')
				return REASON_OCI_CHALLENGE;
			begin(reading, word);
			begun = true;
			continue;
		}
		enum reason reason =
			begun ? read_parameter(reading, word, &line) : REASON_OCI_CHALLENGE;
		if (reason != REASON_OK)
			return reason;
		skip_blanks(&line);
		if (line.len > 0 && line.at[0] != ',')
			return REASON_OCI_CHALLENGE;
	}
}

static bool take_line(struct span *head, struct span *ret)
{
	const uint8_t *end = head->len > 0 ? memchr(head->at, '\n', head->len) : NULL;
	struct span skipped;

	if (head->len == 0)
		return false;
	if (end == NULL)
		return span_take(head, head->len, ret);
	(void)span_take(head, (size_t)(end - head->at), ret);
	(void)span_take(head, 1, &skipped);
	if (ret->len > 0 && ret->at[ret->len - 1] == '\r')
		ret->len--;
	return true;
}

enum reason challenge_read(struct span head, struct challenge *ret)
{
	struct reading reading = { .parts = 0 };
	struct span name = SPAN_LITERAL("WWW-Authenticate");
	enum reason reason = REASON_OK;
	struct span line;

	while (reason == REASON_OK && take_line(&head, &line)) {
		if (!header_is(line, name))
			continue;
		skip(&line, name.len + 1);
		reading.bearer = false;
		reason = read_line(&reading, line);
	}
	if (reason == REASON_OK && !reading.taken)
		reason = reading.basic ? REASON_OCI_BASIC : REASON_OCI_CHALLENGE;
	if (reason == REASON_OK && reading.found.realm == NULL)
		reason = REASON_OCI_CHALLENGE;
	if (reason != REASON_OK) {
		challenge_done(&reading.found);
		return reason;
	}
	*ret = reading.found;
	return REASON_OK;
}

void challenge_done(struct challenge *challenge)
{
	free(challenge->realm);
	free(challenge->service);
	*challenge = (struct challenge){ NULL, NULL };
}
