#include "verify/check.h"

#include <stddef.h>

static const char *const names[CHECK_COUNT] = {
#define CHECK_NAME(id, name) [CHECK_##id] = (name),
	CHECK_TABLE(CHECK_NAME)
#undef CHECK_NAME
};

const char *check_name(enum check check)
{
	return (size_t)check < CHECK_COUNT ? names[check] : "unknown.check";
}

/* True when `word` is the id, or `prefix.*` and the id begins with `prefix.`. */
static bool names_check(struct span word, enum check check)
{
	struct span id = span_of_text(check_name(check));

	if (word.len >= 2 && word.at[word.len - 1] == '*' && word.at[word.len - 2] == '.') {
		word.len--;
		if (id.len < word.len)
			return false;
		id.len = word.len;
	}
	return span_equal(word, id);
}

static bool add_word(struct check_set *set, const struct check_set *known, struct span word)
{
	bool found = false;

	for (size_t i = 0; i < CHECK_COUNT; i++) {
		if (known->has[i] && names_check(word, (enum check)i)) {
			set->has[i] = true;
			found = true;
		}
	}
	return found;
}

bool check_set_add(struct check_set *set, const struct check_set *known, struct span words,
		   struct span *reterr_word)
{
	struct check_set added = *set;
	struct span word;
	struct span comma;

	for (bool more = true; more;) {
		size_t len = 0;
		while (len < words.len && words.at[len] != ',')
			len++;
		if (!span_take(&words, len, &word) || !add_word(&added, known, word)) {
			*reterr_word = word;
			return false;
		}
		more = span_take(&words, 1, &comma);
	}
	*set = added;
	return true;
}
