#include "verify/terms.h"

#include <string.h>

#include "verify/basenc.h"
#include "verify/expect.h"

const struct cli_option terms_options[TERMS_OPTIONS] = {
	{ TERMS_KEY, 0, true, "key", "PUB" },
	{ TERMS_THRESHOLD, 0, false, "threshold", "K" },
	{ TERMS_COMMIT, 0, false, "commit", "HEX" },
	{ TERMS_IMAGE, 0, false, "image", "[NAME@]sha256:HEX" },
};

/* Takes *key over, or ends it when it is there already. */
static bool add_key(const char *program, struct terms *terms, struct pubkey *key)
{
	for (size_t i = 0; i < terms->n_keys; i++) {
		if (span_equal(SPAN_OF(terms->keys[i].id), SPAN_OF(key->id))) {
			pubkey_done(key);
			return true;
		}
	}
	if (terms->n_keys == TERMS_KEYS_MAX) {
		pubkey_done(key);
		cli_complain(program, "more than %d keys", TERMS_KEYS_MAX);
		return false;
	}
	terms->keys[terms->n_keys++] = *key;
	return true;
}

static bool apply_key(const char *program, struct terms *terms, const char *path)
{
	struct buf text = { 0 };
	struct pubkey key = { .key = NULL };

	if (!expect_file(program, "key", path, PUBKEY_PEM_MAX, &text)) {
		buf_done(&text);
		return false;
	}
	enum reason reason = pubkey_read(buf_span(&text), &key);
	buf_done(&text);
	if (reason == REASON_OK)
		return add_key(program, terms, &key);
	cli_complain(program, "--key %s: %s (%s)", path, reason_sentence(reason),
		     reason_name(reason));
	return false;
}

static bool apply_threshold(const char *program, struct terms *terms, const char *value)
{
	size_t digits = strspn(value, "0123456789");
	size_t number = 0;

	for (size_t i = 0; i < digits && i < 3; i++)
		number = number * 10 + (size_t)(value[i] - '0');
	if (digits < 1 || digits > 2 || value[digits] != '\0' || number < 1 ||
	    number > TERMS_KEYS_MAX) {
		cli_complain(program, "--threshold %s: a number from 1 to %d expected", value,
			     TERMS_KEYS_MAX);
		return false;
	}
	terms->threshold = number;
	return true;
}

/* Names and tags move, so only the digest is looked at. */
static bool apply_image(const char *program, struct terms *terms, const char *value)
{
	static const char algorithm[] = "sha256:";
	const char *at = strrchr(value, '@');
	const char *digest = at != NULL ? at + 1 : value;

	terms->has_image = at != value && strncmp(digest, algorithm, strlen(algorithm)) == 0 &&
			   hex_decode_exact(span_of_text(digest + strlen(algorithm)), terms->image,
					    sizeof(terms->image));
	if (!terms->has_image)
		cli_complain(program,
			     "--image %s: sha256: and 64 hex digits expected, or NAME@ "
			     "before that",
			     value);
	return terms->has_image;
}

bool terms_apply(const char *program, struct terms *terms, int id, const char *value)
{
	switch ((enum terms_option)id) {
	case TERMS_KEY:
		return apply_key(program, terms, value);
	case TERMS_THRESHOLD:
		return apply_threshold(program, terms, value);
	case TERMS_COMMIT:
		if (statement_commit_read(span_of_text(value), &terms->commit))
			return true;
		cli_complain(program, "--commit %s: a whole commit of 40 or 64 hex digits expected",
			     value);
		return false;
	case TERMS_IMAGE:
		return apply_image(program, terms, value);
	case TERMS_END:
		break;
	}
	cli_complain(program, "an option of the table has no meaning here");
	return false;
}

const char *terms_fault(const struct terms *terms)
{
	bool asks = terms->threshold > 0 || terms->commit.len > 0 || terms->has_image;

	if (asks && terms->n_keys == 0)
		return "--threshold, --commit and --image need a --key: whose statements count?";
	if (terms->threshold > terms->n_keys)
		return "--threshold asks for more signers than there are different keys";
	return NULL;
}

void terms_done(struct terms *terms)
{
	for (size_t i = 0; i < terms->n_keys; i++)
		pubkey_done(&terms->keys[i]);
	terms->n_keys = 0;
}
