#include "rebuild/recipe_form.h"

#include "rebuild/ociref.h"
#include "rebuild/repository.h"

#define TEXT_MAX 4096
#define NAME_MAX_LEN 64
#define COMMIT_MAX 200
#define IMAGE_MAX 512
#define PLATFORM_MAX 64
#define ATTRIBUTE_MAX 256

static bool is_alpha(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_one_of(uint8_t c, const char *set)
{
	for (; *set != '\0'; set++) {
		if ((uint8_t)*set == c)
			return true;
	}
	return false;
}

static bool is_made_of(struct span text, size_t max, const char *beside_alnum)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!is_alpha(text.at[i]) && !is_digit(text.at[i]) &&
		    !is_one_of(text.at[i], beside_alnum))
			return false;
	}
	return text.len > 0 && text.len <= max;
}

/* Cuts the first piece off, without the byte behind it. False: nothing is left. *ret may be empty. */
static bool take_piece(struct span *rest, uint8_t between, bool *more, struct span *ret)
{
	struct span mark;
	size_t len = 0;

	if (!*more)
		return false;
	while (len < rest->len && rest->at[len] != between)
		len++;
	*more = len < rest->len;
	return span_take(rest, len, ret) && (!*more || span_take(rest, 1, &mark));
}

enum reason recipe_form_text(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < 0x20 || text.at[i] > 0x7e)
			return REASON_RECIPE_TEXT;
	}
	if (text.len == 0 || text.len > TEXT_MAX || text.at[0] == ' ' ||
	    text.at[text.len - 1] == ' ')
		return REASON_RECIPE_TEXT;
	return REASON_OK;
}

enum reason recipe_form_name(struct span text)
{
	return is_made_of(text, NAME_MAX_LEN, "._-") && text.at[0] != '.' && text.at[0] != '-' ?
		       REASON_OK :
		       REASON_RECIPE_NAME;
}

enum reason recipe_form_repository(struct span text)
{
	enum repository_kind kind;

	return repository_read(text, &kind);
}

enum reason recipe_form_commit(struct span text)
{
	if (!is_made_of(text, COMMIT_MAX, "/._-+"))
		return REASON_RECIPE_COMMIT;
	bool more = true;
	struct span piece;
	while (take_piece(&text, '/', &more, &piece)) {
		if (piece.len == 0 || is_one_of(piece.at[0], ".-") ||
		    piece.at[piece.len - 1] == '.')
			return REASON_RECIPE_COMMIT;
		for (size_t i = 1; i < piece.len; i++) {
			if (piece.at[i] == '.' && piece.at[i - 1] == '.')
				return REASON_RECIPE_COMMIT;
		}
	}
	return REASON_OK;
}

enum reason recipe_form_image(struct span text)
{
	struct ociref reference;

	if (!is_made_of(text, IMAGE_MAX, "/._-:@[]+~,%") || text.at[0] == '-')
		return REASON_RECIPE_IMAGE;
	/* a name that may move is told as such, where it is not resolved */
	return !recipe_form_is_pinned_image(text) || ociref_read(text, &reference) == REASON_OK ?
		       REASON_OK :
		       REASON_RECIPE_IMAGE;
}

enum reason recipe_form_platform(struct span text)
{
	struct ociref_platform platform;
	struct span rest = text;
	struct span piece;
	bool more = true;
	size_t n = 0;

	if (text.len > PLATFORM_MAX)
		return REASON_RECIPE_PLATFORM;
	for (; take_piece(&rest, '/', &more, &piece); n++) {
		if (!is_made_of(piece, PLATFORM_MAX, "_.-"))
			return REASON_RECIPE_PLATFORM;
		for (size_t i = 0; i < piece.len; i++) {
			if (piece.at[i] >= 'A' && piece.at[i] <= 'Z')
				return REASON_RECIPE_PLATFORM;
		}
	}
	return (n == 2 || n == 3) && ociref_platform(text, &platform) == REASON_OK ?
		       REASON_OK :
		       REASON_RECIPE_PLATFORM;
}

static bool is_component(struct span piece)
{
	bool dots = (piece.len == 1 && piece.at[0] == '.') ||
		    (piece.len == 2 && piece.at[0] == '.' && piece.at[1] == '.');

	return piece.len > 0 && piece.len <= 255 && !dots;
}

/* git keeps its own files there, also where the file system does not tell case apart */
static bool is_git(struct span piece)
{
	return piece.len == 4 && piece.at[0] == '.' && (piece.at[1] | 0x20) == 'g' &&
	       (piece.at[2] | 0x20) == 'i' && (piece.at[3] | 0x20) == 't';
}

enum reason recipe_form_image_path(struct span text)
{
	struct span piece;
	bool more = true;

	if (!span_take(&text, 1, &piece) || piece.at[0] != '/')
		return REASON_RECIPE_PATH;
	while (take_piece(&text, '/', &more, &piece)) {
		if (!is_component(piece))
			return REASON_RECIPE_PATH;
	}
	return REASON_OK;
}

enum reason recipe_form_path(struct span text)
{
	struct span piece;
	bool more = true;

	if (text.len > 1024)
		return REASON_RECIPE_PATH;
	while (take_piece(&text, '/', &more, &piece)) {
		if (!is_component(piece) || is_git(piece))
			return REASON_RECIPE_PATH;
	}
	return REASON_OK;
}

/* Two names that a file system may hold for the same. `name` is in lower case. */
static bool is_named(struct span piece, struct span name)
{
	if (piece.len != name.len)
		return false;
	for (size_t i = 0; i < piece.len; i++) {
		uint8_t c = piece.at[i];
		if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != name.at[i])
			return false;
	}
	return true;
}

enum reason recipe_form_stage(struct span text)
{
	struct span rest = text;
	struct span piece;
	bool more = true;

	if (is_named(text, SPAN_LITERAL("flake.nix")) || is_named(text, SPAN_LITERAL("flake.lock")))
		return REASON_RECIPE_PATH;
	while (take_piece(&rest, '/', &more, &piece)) {
		if (is_named(piece, SPAN_LITERAL(".gitattributes")) ||
		    is_named(piece, SPAN_LITERAL(".gitmodules")))
			return REASON_RECIPE_PATH;
	}
	return recipe_form_path(text);
}

enum reason recipe_form_attribute(struct span text)
{
	struct span piece;
	bool more = true;

	if (text.len > ATTRIBUTE_MAX)
		return REASON_RECIPE_ATTRIBUTE;
	while (take_piece(&text, '.', &more, &piece)) {
		if (!is_made_of(piece, ATTRIBUTE_MAX, "_'-") ||
		    !(is_alpha(piece.at[0]) || piece.at[0] == '_'))
			return REASON_RECIPE_ATTRIBUTE;
	}
	return REASON_OK;
}

bool recipe_form_is_pinned_image(struct span text)
{
	const struct span digest = SPAN_LITERAL("@sha256:");
	const struct span archive = SPAN_LITERAL("docker-archive:");
	struct span rest = text;
	struct span head;

	if (span_take(&rest, archive.len, &head) && span_equal(head, archive))
		return true;
	rest = text;
	if (text.len < digest.len + 64 || !span_take(&rest, text.len - 64 - digest.len, &head) ||
	    !span_take(&rest, digest.len, &head) || !span_equal(head, digest))
		return false;
	for (size_t i = 0; i < rest.len; i++) {
		if (!is_digit(rest.at[i]) && !(rest.at[i] >= 'a' && rest.at[i] <= 'f'))
			return false;
	}
	return true;
}
