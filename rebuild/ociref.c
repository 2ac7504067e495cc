#include "rebuild/ociref.h"

#include <stdio.h>
#include <string.h>

#include "attest/url.h"

#define DIGEST_MARK "@sha256:"

static bool is_lower(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
}

static bool is_word(uint8_t byte)
{
	return is_lower(byte) || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

static struct span cut(struct span text, size_t from, size_t to)
{
	return (struct span){ text.at + from, to - from };
}

/* What separates two runs of letters and digits: one dot, one or two _, any number of -; 0: nothing
 * that may. */
static size_t separator(struct span text, size_t at)
{
	size_t n = at;

	while (n < text.len && !is_lower(text.at[n]) && text.at[n] == text.at[at])
		n++;
	switch (text.at[at]) {
	case '.':
		return n - at == 1 ? 1 : 0;
	case '_':
		return n - at <= 2 ? n - at : 0;
	case '-':
		return n - at;
	default:
		return 0;
	}
}

/* [a-z0-9]+ with separators between, such components with / between. */
static bool is_name(struct span name)
{
	bool begun = false;

	if (name.len == 0 || name.len > OCIREF_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len;) {
		if (is_lower(name.at[i])) {
			begun = true;
			i++;
			continue;
		}
		size_t n = name.at[i] == '/' ? 1 : separator(name, i);
		if (!begun || n == 0)
			return false;
		begun = false;
		i += n;
	}
	return begun;
}

static bool is_tag(struct span tag)
{
	if (tag.len == 0 || tag.len > OCIREF_TAG_MAX || !is_word(tag.at[0]))
		return false;
	for (size_t i = 1; i < tag.len; i++) {
		if (!is_word(tag.at[i]) && tag.at[i] != '.' && tag.at[i] != '-')
			return false;
	}
	return true;
}

/* Read as the URL that it will be part of. */
static bool is_registry(struct span registry, bool *ret_loopback)
{
	char text[URL_HOST_MAX + 32];
	struct url url;

	if (registry.len == 0 || registry.len > URL_HOST_MAX + 6 ||
	    memchr(registry.at, '\0', registry.len) != NULL)
		return false;
	(void)snprintf(text, sizeof(text), "https://%.*s/v2/", (int)registry.len,
		       (const char *)registry.at);
	if (url_read(span_of_text(text), &url) != REASON_OK || url.rest.len != 4)
		return false;
	*ret_loopback = url.loopback;
	return url.loopback || memchr(registry.at, '.', registry.len) != NULL ||
	       memchr(registry.at, ':', registry.len) != NULL;
}

static enum reason read_registry(struct span text, struct ociref *ref)
{
	const uint8_t *slash = text.len > 0 ? memchr(text.at, '/', text.len) : NULL;

	if (slash == NULL)
		return REASON_OCI_REFERENCE;
	size_t registry_len = (size_t)(slash - text.at);
	ref->registry = cut(text, 0, registry_len);
	ref->name = cut(text, registry_len + 1, text.len);
	const uint8_t *colon = memchr(ref->name.at, ':', ref->name.len);
	if (colon != NULL) {
		size_t name_len = (size_t)(colon - ref->name.at);
		ref->tag = cut(ref->name, name_len + 1, ref->name.len);
		ref->name.len = name_len;
		if (!is_tag(ref->tag))
			return REASON_OCI_REFERENCE;
	}
	if (!is_registry(ref->registry, &ref->loopback) || !is_name(ref->name))
		return REASON_OCI_REFERENCE;
	/* one of them says which */
	return ref->has_digest || colon != NULL ? REASON_OK : REASON_OCI_REFERENCE;
}

/* Cuts @sha256:HEX off the end. False: something else stands there. */
static bool take_digest(struct span *text, struct ociref *ref)
{
	const size_t len = SHA256_TEXT_LEN + 1;
	const size_t mark = sizeof(DIGEST_MARK) - 1;

	if (text->len < len || memcmp(text->at + text->len - len, DIGEST_MARK, mark) != 0)
		return true;
	if (!sha256_read_text(cut(*text, text->len - len + 1, text->len), ref->digest))
		return false;
	ref->has_digest = true;
	text->len -= len;
	return true;
}

static bool take_prefix(struct span *text, struct span prefix)
{
	struct span head = { NULL, 0 };
	struct span rest = *text;

	if (!span_take(&rest, prefix.len, &head) || !span_equal(head, prefix))
		return false;
	*text = rest;
	return true;
}

enum reason ociref_read(struct span text, struct ociref *ret)
{
	struct ociref ref = { .kind = OCIREF_REGISTRY };

	if (text.len == 0 || text.len > OCIREF_MAX || memchr(text.at, '\0', text.len) != NULL ||
	    !take_digest(&text, &ref))
		return REASON_OCI_REFERENCE;
	if (take_prefix(&text, SPAN_LITERAL("oci:")))
		ref.kind = OCIREF_LAYOUT;
	else if (take_prefix(&text, SPAN_LITERAL("docker-archive:")))
		ref.kind = OCIREF_ARCHIVE;
	if (ref.kind == OCIREF_REGISTRY) {
		enum reason reason = read_registry(text, &ref);
		if (reason != REASON_OK)
			return reason;
	} else {
		ref.path = text;
		if (text.len == 0 || (ref.kind == OCIREF_LAYOUT && !ref.has_digest))
			return REASON_OCI_REFERENCE;
	}
	*ret = ref;
	return REASON_OK;
}

enum reason ociref_is_pinned(const struct ociref *reference)
{
	return reference->has_digest || reference->kind == OCIREF_ARCHIVE ? REASON_OK :
									    REASON_OCI_TAG;
}

static bool is_platform_word(struct span word)
{
	if (word.len == 0 || word.len > OCIREF_ARCHITECTURE_MAX)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		if (!is_lower(word.at[i]) && (word.at[i] == 0 || strchr("_.-", word.at[i]) == NULL))
			return false;
	}
	return true;
}

enum reason ociref_platform(struct span text, struct ociref_platform *ret)
{
	struct ociref_platform platform = { { NULL, 0 }, { NULL, 0 } };

	if (!take_prefix(&text, SPAN_LITERAL("linux/")))
		return REASON_OCI_PLATFORM;
	const uint8_t *slash = text.len > 0 ? memchr(text.at, '/', text.len) : NULL;
	platform.architecture = text;
	if (slash != NULL) {
		size_t len = (size_t)(slash - text.at);
		platform.architecture = cut(text, 0, len);
		platform.variant = cut(text, len + 1, text.len);
		if (!is_platform_word(platform.variant))
			return REASON_OCI_PLATFORM;
	}
	if (!is_platform_word(platform.architecture))
		return REASON_OCI_PLATFORM;
	*ret = platform;
	return REASON_OK;
}
