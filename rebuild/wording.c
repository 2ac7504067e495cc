#include "rebuild/wording.h"

#include <stdlib.h>
#include <string.h>

#include "rebuild/reread.h"

#define CMDLINE_WORDS_MAX 4096 /* of longer ones only the bytes are compared */

/* A pair of values still to be looked at, and where it stands. */
struct pair {
	const cJSON *a;
	const cJSON *b;
	char *path;
};

struct pairs {
	struct pair *list;
	size_t n;
	size_t cap;
};

static bool push(struct pairs *pairs, const struct pair *above, const char *key, const cJSON *a,
		 const cJSON *b)
{
	struct buf path = { 0 };

	if (pairs->n == pairs->cap) {
		size_t cap = pairs->cap == 0 ? 64 : pairs->cap * 2;
		struct pair *list = realloc(pairs->list, cap * sizeof(*list));
		if (list == NULL)
			return false;
		pairs->list = list;
		pairs->cap = cap;
	}
	if (above != NULL && above->path[0] != '\0') {
		buf_text(&path, above->path);
		buf_text(&path, ".");
	}
	buf_text(&path, key);
	char *text = buf_take_text(&path);
	if (text == NULL)
		return false;
	pairs->list[pairs->n++] = (struct pair){ a, b, text };
	return true;
}

static const char *key_of(const cJSON *item)
{
	return item->string != NULL ? item->string : "";
}

/* The members of both objects, by key. */
static bool push_members(struct pairs *pairs, const struct pair *above)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, above->a)
	{
		if (!push(pairs, above, key_of(item), item,
			  cJSON_GetObjectItemCaseSensitive(above->b, key_of(item))))
			return false;
	}
	cJSON_ArrayForEach(item, above->b)
	{
		if (cJSON_GetObjectItemCaseSensitive(above->a, key_of(item)) == NULL &&
		    !push(pairs, above, key_of(item), NULL, item))
			return false;
	}
	return true;
}

/* A value as text: a string as it is, anything else as JSON. Empty with NULL for none. */
static bool text_of(const cJSON *value, struct buf *out)
{
	char *text = NULL;

	if (value == NULL)
		return true;
	if (cJSON_IsString(value)) {
		buf_text(out, value->valuestring);
		buf_byte(out, 0); /* so that an empty one is there */
		return !out->failed;
	}
	if (json_print(value, &text) != REASON_OK)
		return false;
	buf_text(out, text);
	buf_byte(out, 0);
	free(text);
	return !out->failed;
}

static struct span shown(const struct buf *text)
{
	struct span all = buf_span(text);

	return (struct span){ all.at, all.len > 0 ? all.len - 1 : 0 };
}

static bool compare_values(const struct pair *pair, struct findings *findings)
{
	struct buf a = { 0 };
	struct buf b = { 0 };

	bool ok = text_of(pair->a, &a) && text_of(pair->b, &b);
	bool same_type = pair->a != NULL && pair->b != NULL &&
			 cJSON_IsString(pair->a) == cJSON_IsString(pair->b);
	if (ok && (!same_type || !span_equal(buf_span(&a), buf_span(&b))))
		findings_add(findings, FINDING_UNMEASURED, "metadata", span_of_text(pair->path),
			     pair->a == NULL ? "only-in-b" :
			     pair->b == NULL ? "only-in-a" :
					       "value",
			     shown(&a), shown(&b), NULL);
	buf_done(&a);
	buf_done(&b);
	return ok;
}

enum reason wording_metadata(const struct eifmeta *a, const struct eifmeta *b,
			     struct findings *findings)
{
	struct pairs pairs = { 0 };

	bool ok = push(&pairs, NULL, "", a->tree, b->tree);
	while (ok && pairs.n > 0) {
		const struct pair pair = pairs.list[--pairs.n];
		ok = cJSON_IsObject(pair.a) && cJSON_IsObject(pair.b) ?
			     push_members(&pairs, &pair) :
			     compare_values(&pair, findings);
		free(pair.path);
	}
	for (size_t i = 0; i < pairs.n; i++)
		free(pairs.list[i].path);
	free(pairs.list);
	return ok ? REASON_OK : REASON_OUT_OF_MEMORY;
}

/* Command lines longer than a chunk are more than any kernel takes: nothing is kept of them. */
static enum reason read_cmdline(int fd, const struct eif_section *section, const uint8_t *sha384,
				struct buf *ret)
{
	struct reread reread = { .fd = -1 };
	struct span piece;

	if (section->size > REREAD_CHUNK)
		return REASON_OK;
	enum reason reason = reread_start(&reread, fd, section, sha384);
	if (reason == REASON_OK)
		reason = reread_next(&reread, &piece);
	if (reason == REASON_OK) {
		buf_add(ret, piece);
		reason = reread_rest(&reread);
	}
	reread_done(&reread);
	return reason == REASON_OK && ret->failed ? REASON_OUT_OF_MEMORY : reason;
}

/* Cuts the next word, between blanks, off *text. */
static bool next_word(struct span *text, struct span *ret)
{
	struct span blank;
	size_t n = 0;

	while (text->len > 0 && text->at[0] == ' ')
		(void)span_take(text, 1, &blank);
	while (n < text->len && text->at[n] != ' ')
		n++;
	return n > 0 && span_take(text, n, ret);
}

static size_t split(struct span text, struct span words[static CMDLINE_WORDS_MAX])
{
	size_t n = 0;

	while (n < CMDLINE_WORDS_MAX && next_word(&text, &words[n]))
		n++;
	return n;
}

/* Adds the words of `these` that have no partner among `those`. Each partner counts once. */
static void only_in(const struct span *these, size_t n, const struct span *those, size_t n_those,
		    bool in_a, struct findings *findings)
{
	static const struct span none = { NULL, 0 };
	bool used[CMDLINE_WORDS_MAX] = { false };

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;
		while (k < n_those && (used[k] || !span_equal(these[i], those[k])))
			k++;
		if (k < n_those)
			used[k] = true;
		else
			findings_add(findings, FINDING_CONTENT, "cmdline", none,
				     in_a ? "only-in-a" : "only-in-b", in_a ? these[i] : none,
				     in_a ? none : these[i], NULL);
	}
}

enum reason wording_cmdline(int fd_a, const struct eif_section *a, const uint8_t *sha384_a,
			    int fd_b, const struct eif_section *b, const uint8_t *sha384_b,
			    struct findings *findings)
{
	struct buf text_a = { 0 };
	struct buf text_b = { 0 };
	struct span *words = calloc((size_t)2 * CMDLINE_WORDS_MAX, sizeof(*words));

	enum reason reason =
		words == NULL ? REASON_OUT_OF_MEMORY : read_cmdline(fd_a, a, sha384_a, &text_a);
	if (reason == REASON_OK)
		reason = read_cmdline(fd_b, b, sha384_b, &text_b);
	if (reason == REASON_OK) {
		struct span *words_b = words + CMDLINE_WORDS_MAX;
		size_t n_a = split(buf_span(&text_a), words);
		size_t n_b = split(buf_span(&text_b), words_b);
		if (n_a < CMDLINE_WORDS_MAX && n_b < CMDLINE_WORDS_MAX) {
			only_in(words, n_a, words_b, n_b, true, findings);
			only_in(words_b, n_b, words, n_a, false, findings);
		}
	}
	free(words);
	buf_done(&text_a);
	buf_done(&text_b);
	return reason;
}
