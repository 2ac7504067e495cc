#include "verify/json.h"

#include <stdlib.h>
#include <string.h>

#include "verify/basenc.h"

/* What cJSON puts into its buffer for one number; it would stop in the middle of a longer one. */
#define NUMBER_MAX 63
/* From 10^308 on a double may be infinite, which cJSON prints as null. */
#define EXPONENT_MAX 308

/* A key, to be compared with the others of its object. */
struct key {
	size_t object;    /* the number of the object that holds it */
	struct span text; /* decoded; borrowed from the text or from scan.decoded */
	size_t offset;    /* of its opening quote */
};

struct scan {
	struct span text; /* all of it */
	struct span rest; /* what is not looked at yet; where a failed scan stopped */
	size_t n_values;
	size_t max_values;
	size_t n_objects;
	size_t depth;
	/* what each open bracket began: 0 an array, else an object's number */
	size_t open[JSON_DEPTH_MAX];
	struct key *keys;
	size_t n_keys;
	size_t max_keys;
	/* keys that had escapes; each is shorter than its text, so text.len bytes will do */
	uint8_t *decoded;
	size_t n_decoded;
};

static bool take(struct span *cursor, uint8_t wanted)
{
	struct span one;

	return cursor->len > 0 && cursor->at[0] == wanted && span_take(cursor, 1, &one);
}

static bool is_white(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_white(struct span *cursor)
{
	while (cursor->len > 0 && is_white(cursor->at[0]))
		(void)take(cursor, cursor->at[0]);
}

/* \uXXXX: one UTF-16 unit. */
static bool take_unit(struct span *cursor, uint32_t *ret)
{
	struct span after = *cursor;
	struct span digits;
	uint8_t unit[2];

	if (!take(&after, '\\') || !take(&after, 'u') || !span_take(&after, 4, &digits) ||
	    !hex_decode_exact(digits, unit, sizeof(unit)))
		return false;
	*ret = (uint32_t)unit[0] << 8 | unit[1];
	*cursor = after;
	return true;
}

/* One escape, beginning with its backslash, to the code point it stands for (RFC 8259 section
 * 7). */
static enum reason take_escape(struct span *cursor, uint32_t *ret_point)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meant[] = "\"\\/\b\f\n\r\t";
	struct span after = *cursor;
	uint32_t point;
	uint32_t low;

	if (take_unit(&after, &point)) {
		if (point == 0 || (point >= 0xdc00 && point <= 0xdfff))
			return REASON_JSON_BAD_STRING;
		if (point >= 0xd800 && point <= 0xdbff) {
			if (!take_unit(&after, &low) || low < 0xdc00 || low > 0xdfff)
				return REASON_JSON_BAD_STRING;
			point = 0x10000 + ((point - 0xd800) << 10 | (low - 0xdc00));
		}
		*ret_point = point;
		*cursor = after;
		return REASON_OK;
	}
	if (!take(&after, '\\'))
		return REASON_JSON_MALFORMED;
	for (size_t i = 0; i < sizeof(letters) - 1; i++) {
		if (take(&after, (uint8_t)letters[i])) {
			*ret_point = (uint8_t)meant[i];
			*cursor = after;
			return REASON_OK;
		}
	}
	return REASON_JSON_MALFORMED;
}

/* One string to what stands between its quotes, escapes and all. */
static enum reason take_string(struct span *cursor, struct span *ret_raw, bool *ret_escaped)
{
	struct span inside;
	uint32_t point;
	bool escaped = false;

	if (!take(cursor, '"'))
		return REASON_JSON_MALFORMED;
	inside = *cursor;
	while (!take(cursor, '"')) {
		if (cursor->len == 0 || cursor->at[0] < 0x20)
			return REASON_JSON_MALFORMED;
		if (cursor->at[0] != '\\') {
			(void)take(cursor, cursor->at[0]);
			continue;
		}
		escaped = true;
		enum reason reason = take_escape(cursor, &point);
		if (reason != REASON_OK)
			return reason;
	}
	struct span raw = { inside.at, inside.len - cursor->len - 1 };
	if (!span_is_utf8(raw)) {
		*cursor = inside; /* the place to show is this string */
		return REASON_JSON_BAD_STRING;
	}
	*ret_raw = raw;
	*ret_escaped = escaped;
	return REASON_OK;
}

/* Writes a code point as UTF-8, 1 to 4 bytes; returns how many. */
static size_t put_utf8(uint32_t point, uint8_t ret[static 4])
{
	static const uint8_t marks[5] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;

	for (size_t i = len - 1; i > 0; i--) {
		ret[i] = (uint8_t)(0x80 | (point & 0x3f));
		point >>= 6;
	}
	ret[0] = (uint8_t)(marks[len] | point);
	return len;
}

/* Keys that are spelled differently may be one: "a" and "\u0061". */
static enum reason decode_key(struct scan *s, struct span raw, struct span *ret)
{
	size_t begin = s->n_decoded;
	struct span step;
	uint32_t point;
	uint8_t utf8[4] = { 0 };

	while (raw.len > 0) {
		if (raw.at[0] == '\\') {
			enum reason reason = take_escape(&raw, &point);
			if (reason != REASON_OK)
				return reason;
			step = (struct span){ utf8, put_utf8(point, utf8) };
		} else if (!span_take(&raw, 1, &step)) {
			return REASON_JSON_MALFORMED;
		}
		if (step.len > s->text.len - s->n_decoded)
			return REASON_JSON_MALFORMED;
		memcpy(s->decoded + s->n_decoded, step.at, step.len);
		s->n_decoded += step.len;
	}
	*ret = (struct span){ s->decoded + begin, s->n_decoded - begin };
	return REASON_OK;
}

/* A key of the innermost object, and its colon. */
static enum reason scan_key(struct scan *s)
{
	struct key key = { .object = s->open[s->depth - 1] };
	struct span raw;
	bool escaped;

	skip_white(&s->rest);
	key.offset = s->text.len - s->rest.len;
	enum reason reason = take_string(&s->rest, &raw, &escaped);
	if (reason != REASON_OK)
		return reason;
	key.text = raw;
	if (escaped)
		reason = decode_key(s, raw, &key.text);
	if (reason != REASON_OK)
		return reason;
	skip_white(&s->rest);
	if (!take(&s->rest, ':'))
		return REASON_JSON_MALFORMED;
	if (s->n_keys == s->max_keys)
		return REASON_JSON_TOO_MANY_VALUES;
	s->keys[s->n_keys++] = key;
	return REASON_OK;
}

static size_t take_digits(struct span *cursor)
{
	size_t n = 0;

	while (cursor->len > 0 && cursor->at[0] >= '0' && cursor->at[0] <= '9') {
		(void)take(cursor, cursor->at[0]);
		n++;
	}
	return n;
}

/* e, a sign perhaps, digits. False: no digits, or too large a number for a double with so many
 * digits before the point. */
static bool take_exponent(struct span *cursor, size_t whole_digits)
{
	struct span digits;
	size_t exponent = 0;

	if (!take(cursor, 'e') && !take(cursor, 'E'))
		return true;
	bool small = take(cursor, '-');
	if (!small)
		(void)take(cursor, '+');
	digits = *cursor;
	size_t n = take_digits(cursor);
	for (size_t i = 0; i < n && exponent <= EXPONENT_MAX; i++)
		exponent = exponent * 10 + (size_t)(digits.at[i] - '0');
	return n > 0 && (small || whole_digits + exponent <= EXPONENT_MAX);
}

/* RFC 8259 section 6; what cJSON cannot hold is refused with what is no number. */
static enum reason scan_number(struct span *cursor)
{
	struct span before = *cursor;

	(void)take(cursor, '-');
	size_t whole_digits = take(cursor, '0') ? 1 : take_digits(cursor);
	if (whole_digits == 0)
		return REASON_JSON_MALFORMED;
	if (take(cursor, '.') && take_digits(cursor) == 0)
		return REASON_JSON_MALFORMED;
	if (!take_exponent(cursor, whole_digits) || before.len - cursor->len > NUMBER_MAX) {
		*cursor = before; /* every digit is one: the place to show is this number */
		return REASON_JSON_MALFORMED;
	}
	return REASON_OK;
}

static enum reason scan_word(struct span *cursor, const char *word)
{
	for (const char *c = word; *c != '\0'; c++) {
		if (!take(cursor, (uint8_t)*c))
			return REASON_JSON_MALFORMED;
	}
	return REASON_OK;
}

/* Without this 01 and truefalse were two values with nothing between them. */
static bool is_delimited(struct span rest)
{
	return rest.len == 0 || is_white(rest.at[0]) || rest.at[0] == ',' || rest.at[0] == ']' ||
	       rest.at[0] == '}';
}

static enum reason scan_scalar(struct scan *s)
{
	struct span raw;
	bool escaped;

	if (s->rest.at[0] == '"')
		return take_string(&s->rest, &raw, &escaped);
	enum reason reason = s->rest.at[0] == 't' ? scan_word(&s->rest, "true") :
			     s->rest.at[0] == 'f' ? scan_word(&s->rest, "false") :
			     s->rest.at[0] == 'n' ? scan_word(&s->rest, "null") :
						    scan_number(&s->rest);
	if (reason != REASON_OK)
		return reason;
	return is_delimited(s->rest) ? REASON_OK : REASON_JSON_MALFORMED;
}

/* A whole scalar or empty container, or the beginning of a container up to its first value:
 * *ret_begun. */
static enum reason scan_value(struct scan *s, bool *ret_begun)
{
	*ret_begun = false;
	skip_white(&s->rest);
	if (s->rest.len == 0)
		return REASON_JSON_MALFORMED;
	if (s->n_values == s->max_values)
		return REASON_JSON_TOO_MANY_VALUES;
	s->n_values++;
	bool object = s->rest.at[0] == '{';
	if (!object && s->rest.at[0] != '[')
		return scan_scalar(s);
	if (s->depth == JSON_DEPTH_MAX)
		return REASON_JSON_TOO_DEEP;
	(void)take(&s->rest, s->rest.at[0]);
	skip_white(&s->rest);
	if (take(&s->rest, object ? '}' : ']'))
		return REASON_OK;
	s->open[s->depth++] = object ? ++s->n_objects : 0;
	*ret_begun = true;
	return object ? scan_key(s) : REASON_OK;
}

/* What follows a value: closing brackets until a comma asks for one more, or until nothing is
 * open. */
static enum reason scan_after(struct scan *s, bool *ret_more)
{
	for (;;) {
		skip_white(&s->rest);
		*ret_more = s->depth > 0;
		if (s->depth == 0)
			return REASON_OK;
		bool object = s->open[s->depth - 1] != 0;
		if (take(&s->rest, ','))
			return object ? scan_key(s) : REASON_OK;
		if (!take(&s->rest, object ? '}' : ']'))
			return REASON_JSON_MALFORMED;
		s->depth--;
	}
}

static enum reason scan_text(struct scan *s)
{
	bool begun;
	bool more;

	do {
		do {
			enum reason reason = scan_value(s, &begun);
			if (reason != REASON_OK)
				return reason;
		} while (begun);
		enum reason reason = scan_after(s, &more);
		if (reason != REASON_OK)
			return reason;
	} while (more);
	return s->rest.len == 0 ? REASON_OK : REASON_JSON_TRAILING;
}

/* By object, then by text, then by place: equal keys come to stand beside each other. */
static int compare_keys(const void *left, const void *right)
{
	const struct key *a = left;
	const struct key *b = right;
	size_t shared = a->text.len < b->text.len ? a->text.len : b->text.len;

	if (a->object != b->object)
		return a->object < b->object ? -1 : 1;
	int order = shared > 0 ? memcmp(a->text.at, b->text.at, shared) : 0;
	if (order != 0)
		return order;
	if (a->text.len != b->text.len)
		return a->text.len < b->text.len ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/* The first key that stands a second time in its object. */
static enum reason find_duplicate(struct scan *s)
{
	size_t first = s->text.len;
	struct span before;

	if (s->n_keys > 1)
		qsort(s->keys, s->n_keys, sizeof(*s->keys), compare_keys);
	for (size_t i = 1; i < s->n_keys; i++) {
		const struct key *a = &s->keys[i - 1];
		const struct key *b = &s->keys[i];
		if (a->object == b->object && span_equal(a->text, b->text) && b->offset < first)
			first = b->offset;
	}
	if (first == s->text.len)
		return REASON_OK;
	s->rest = s->text;
	return span_take(&s->rest, first, &before) ? REASON_JSON_DUPLICATE_KEY :
						     REASON_JSON_MALFORMED;
}

static struct json_place place_of(struct span text, size_t offset)
{
	struct json_place place = { 1, 1 };

	for (size_t i = 0; i < offset && i < text.len; i++) {
		place.column++;
		if (text.at[i] == '\n')
			place = (struct json_place){ place.line + 1, 1 };
	}
	return place;
}

static enum reason look_first(struct span text, size_t max_values, struct json_place *reterr_place)
{
	struct scan s = { .text = text, .rest = text, .max_values = max_values };

	/* the shortest key with its value and a comma is five bytes; each key has a value of its
	 * own */
	s.max_keys = text.len / 4 < max_values ? text.len / 4 + 1 : max_values;
	s.keys = calloc(s.max_keys, sizeof(*s.keys));
	s.decoded = malloc(text.len + 1);
	enum reason reason = REASON_OUT_OF_MEMORY;
	if (s.keys != NULL && s.decoded != NULL) {
		reason = scan_text(&s);
		if (reason == REASON_OK)
			reason = find_duplicate(&s);
		if (reason != REASON_OK)
			*reterr_place = place_of(text, text.len - s.rest.len);
	}
	free(s.keys);
	free(s.decoded);
	return reason;
}

static enum reason read_text(struct span text, size_t max_len, size_t max_values, cJSON **ret,
			     struct json_place *reterr_place)
{
	struct buf copy = { 0 };

	*reterr_place = (struct json_place){ 0, 0 }; /* the text as a whole */
	if (text.len > max_len)
		return REASON_JSON_TOO_LARGE;
	enum reason reason = look_first(text, max_values, reterr_place);
	if (reason != REASON_OK)
		return reason;
	buf_add(&copy, text);
	char *terminated = buf_take_text(&copy);
	if (terminated == NULL)
		return REASON_OUT_OF_MEMORY;
	cJSON *tree = cJSON_ParseWithLengthOpts(terminated, text.len + 1, NULL, 1);
	free(terminated);
	/* nothing passes the scan that cJSON refuses (a fuzz target says so), so this is memory */
	if (tree == NULL)
		return REASON_OUT_OF_MEMORY;
	*ret = tree;
	return REASON_OK;
}

enum reason json_read(struct span text, cJSON **ret, struct json_place *reterr_place)
{
	return read_text(text, JSON_MAX, JSON_VALUES_MAX, ret, reterr_place);
}

enum reason json_read_large(struct span text, cJSON **ret, struct json_place *reterr_place)
{
	return read_text(text, JSON_LARGE_MAX, JSON_LARGE_VALUES_MAX, ret, reterr_place);
}

/* The character that begins `rest`, whose first byte is above 0x7f: its length and code point.
 * False: not UTF-8. */
static bool first_character(struct span rest, size_t *ret_len, uint32_t *ret_point)
{
	for (size_t len = 2; len <= 4 && len <= rest.len; len++) {
		if (!span_is_utf8((struct span){ rest.at, len }))
			continue;
		uint32_t point = rest.at[0] & (0x7fU >> len);
		for (size_t i = 1; i < len; i++)
			point = point << 6 | (rest.at[i] & 0x3fU);
		*ret_len = len;
		*ret_point = point;
		return true;
	}
	return false;
}

enum reason json_print(const cJSON *tree, char **ret)
{
	struct buf out = { 0 };
	struct span step;

	char *printed = cJSON_PrintUnformatted(tree);
	if (printed == NULL)
		return REASON_OUT_OF_MEMORY;
	struct span rest = span_of_text(printed);
	while (rest.len > 0) {
		size_t len = 1;
		uint32_t point = rest.at[0];
		if (point > 0x7f && !first_character(rest, &len, &point))
			point = 0xfffd;
		if (!span_take(&rest, len, &step))
			break;
		if (point >= 0x20 && point < 0x7f)
			buf_add(&out, step);
		else if (point < 0x10000)
			buf_printf(&out, "\\u%04x", (unsigned)point);
		else
			buf_printf(&out, "\\u%04x\\u%04x",
				   (unsigned)(0xd800 + ((point - 0x10000) >> 10)),
				   (unsigned)(0xdc00 + (point & 0x3ff)));
	}
	cJSON_free(printed);
	char *text = buf_take_text(&out);
	if (text == NULL)
		return REASON_OUT_OF_MEMORY;
	*ret = text;
	return REASON_OK;
}
