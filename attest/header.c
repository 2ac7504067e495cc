#include "attest/header.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RETRY_AFTER_MAX 86400

static bool same_text(struct span a, struct span b)
{
	return a.len == b.len && strncasecmp((const char *)a.at, (const char *)b.at, a.len) == 0;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* RFC 9110 section 5.6.2. A NUL would be found by strchr. */
static bool is_token_char(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* Cuts a line's name and colon off it; what is left is the value. */
static bool take_name(struct span *line, struct span *ret)
{
	struct span colon;
	size_t n = 0;

	while (n < line->len && is_token_char(line->at[n]))
		n++;
	return n > 0 && span_take(line, n, ret) && span_take(line, 1, &colon) && colon.at[0] == ':';
}

static struct span trim(struct span text)
{
	struct span blank;

	while (text.len > 0 && is_blank(text.at[0]))
		(void)span_take(&text, 1, &blank);
	while (text.len > 0 && is_blank(text.at[text.len - 1]))
		text.len--;
	return text;
}

/* Cuts the next line off *text, without its LF or CR LF. */
static bool take_line(struct span *text, struct span *ret)
{
	struct span end;
	size_t n = 0;

	if (text->len == 0)
		return false;
	while (n < text->len && text->at[n] != '\n')
		n++;
	(void)span_take(text, n, ret);
	(void)span_take(text, text->len > 0 ? 1 : 0, &end);
	if (ret->len > 0 && ret->at[ret->len - 1] == '\r')
		ret->len--;
	return true;
}

bool header_number(struct span text, uint64_t *ret)
{
	uint64_t value = 0;

	if (text.len == 0 || text.len > 19)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text.at[i] - '0');
	}
	*ret = value;
	return true;
}

bool header_may_send(struct span line)
{
	static const char *const own[] = { "Host",   "Content-Length", "Transfer-Encoding",
					   "TE",     "Trailer",        "Connection",
					   "Range",  "Keep-Alive",     "Upgrade",
					   "Expect", "Accept-Encoding" };
	struct span value = line;
	struct span name;

	if (line.len > HEADER_LINE_MAX || !take_name(&value, &name))
		return false;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (same_text(name, span_of_text(own[i])))
			return false;
	}
	if (name.len >= 6 && same_text((struct span){ name.at, 6 }, SPAN_LITERAL("Proxy-")))
		return false;
	/* one blank behind the colon is how lines are written */
	struct span text = trim(value);
	if (text.len == 0 || text.at + text.len != line.at + line.len)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] != '\t' && (text.at[i] < 0x20 || text.at[i] >= 0x7f))
			return false;
	}
	return true;
}

bool header_is(struct span line, struct span name)
{
	struct span found;

	return take_name(&line, &found) && same_text(found, name);
}

enum reason header_list_read(struct span text, struct header_list *ret, size_t *ret_line)
{
	struct header_list list = { 0 };
	struct span line;
	enum reason reason = REASON_OK;

	*ret_line = 0;
	if (text.len > HEADER_FILE_MAX)
		return REASON_HTTP_HEADER;
	while (reason == REASON_OK && take_line(&text, &line)) {
		++*ret_line;
		if (line.len == 0 || line.at[0] == '#')
			continue;
		struct buf copy = { 0 };
		if (list.n == HEADER_FILE_LINES || !header_may_send(line)) {
			reason = REASON_HTTP_HEADER;
			continue;
		}
		buf_add(&copy, line);
		list.line[list.n] = buf_take_text(&copy);
		if (list.line[list.n] == NULL)
			reason = REASON_OUT_OF_MEMORY;
		else
			list.n++;
	}
	if (reason != REASON_OK) {
		header_list_done(&list);
		return reason;
	}
	*ret = list;
	return REASON_OK;
}

void header_list_done(struct header_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->line[i]);
	*list = (struct header_list){ 0 };
}

bool header_find(struct span head, struct span name, struct span *ret, size_t *ret_count)
{
	struct span line;
	struct span value = { 0 };
	size_t count = 0;

	(void)take_line(&head, &line); /* the status line */
	while (take_line(&head, &line)) {
		struct span found;
		if (take_name(&line, &found) && same_text(found, name)) {
			value = trim(line);
			count++;
		}
	}
	if (ret_count != NULL)
		*ret_count = count;
	if (count != 1)
		return false;
	*ret = value;
	return true;
}

bool header_is_plain(struct span head)
{
	const struct span whole = head;
	struct span line;
	struct span value;
	size_t lengths;
	size_t codings;

	(void)take_line(&head, &line);
	while (take_line(&head, &line)) {
		struct span name;
		struct span rest = line;
		if (line.len > 0 && !take_name(&rest, &name))
			return false;
	}
	(void)header_find(whole, SPAN_LITERAL("Content-Length"), &value, &lengths);
	(void)header_find(whole, SPAN_LITERAL("Transfer-Encoding"), &value, &codings);
	return lengths + codings <= 1;
}

bool header_retry_after(struct span value, int64_t *ret_s)
{
	uint64_t seconds;

	if (!header_number(value, &seconds) || seconds > RETRY_AFTER_MAX)
		return false;
	*ret_s = (int64_t)seconds;
	return true;
}

/* Cuts the text before the first `end` off *cursor, and `end` too. */
static bool take_until(struct span *cursor, uint8_t end, struct span *ret)
{
	struct span taken;
	size_t n = 0;

	while (n < cursor->len && cursor->at[n] != end)
		n++;
	return n < cursor->len && span_take(cursor, n, ret) && span_take(cursor, 1, &taken);
}

bool header_range_from(struct span value, uint64_t from, uint64_t *ret_len)
{
	struct span part;
	uint64_t first;
	uint64_t last;
	uint64_t size;

	if (!take_until(&value, ' ', &part) || !same_text(part, SPAN_LITERAL("bytes")) ||
	    !take_until(&value, '-', &part) || !header_number(part, &first) || first != from ||
	    !take_until(&value, '/', &part) || !header_number(part, &last) || last < first)
		return false;
	if (!span_equal(value, SPAN_LITERAL("*")) &&
	    (!header_number(value, &size) || size != last + 1))
		return false;
	*ret_len = last - first + 1;
	return true;
}
