#include "rebuild/layername.h"

#include <string.h>

#define WHITEOUT ".wh."
#define WHITEOUT_LEN (sizeof(WHITEOUT) - 1)
#define WHITEOUT_OWN ".wh..wh."
#define WHITEOUT_OWN_LEN (sizeof(WHITEOUT_OWN) - 1)
#define WHITEOUT_OPAQUE ".wh..wh..opq"

bool layername_take(struct span *path, struct span *ret)
{
	struct span skipped;

	while (path->len > 0 && path->at[0] == '/')
		(void)span_take(path, 1, &skipped);
	const uint8_t *slash = path->len > 0 ? memchr(path->at, '/', path->len) : NULL;
	size_t n = slash != NULL ? (size_t)(slash - path->at) : path->len;
	return n > 0 && span_take(path, n, ret);
}

static bool is(struct span component, const char *text)
{
	return span_equal(component, span_of_text(text));
}

static bool begins(struct span component, const char *text, size_t len)
{
	return component.len >= len && memcmp(component.at, text, len) == 0;
}

static bool is_printable(struct span name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (name.at[i] < ' ' || name.at[i] == 0x7f)
			return false;
	}
	return true;
}

enum reason layername_read(struct span name, struct buf *out, size_t *ret)
{
	struct span component;

	*ret = out->len;
	if (name.len > LAYERNAME_MAX || !is_printable(name))
		return REASON_LAYER_NAME;
	while (layername_take(&name, &component)) {
		if (is(component, "."))
			continue;
		if (is(component, ".."))
			return REASON_LAYER_NAME;
		if (out->len > *ret)
			buf_byte(out, '/');
		buf_add(out, component);
	}
	buf_byte(out, 0);
	return out->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

/* A last component that begins with .wh. */
static enum reason read_last(const char *name, char *last, enum tarball_type type,
			     enum layername_action *ret)
{
	const char *about = last + WHITEOUT_LEN;

	/* of old they were hard links to one another */
	if (*about == '\0' || strcmp(about, ".") == 0 || strcmp(about, "..") == 0 ||
	    (type != TARBALL_FILE && type != TARBALL_HARD_LINK))
		return REASON_LAYER_WHITEOUT;
	if (strcmp(last, WHITEOUT_OPAQUE) == 0) {
		*ret = LAYERNAME_EMPTY;
		/* with the / before it */
		if (last > name)
			last--;
		*last = '\0';
	} else {
		*ret = LAYERNAME_REMOVE;
		memmove(last, about, strlen(about) + 1);
	}
	return REASON_OK;
}

enum reason layername_whiteout(char *name, enum tarball_type type, enum layername_action *ret)
{
	struct span rest = span_of_text(name);
	struct span component;

	*ret = LAYERNAME_ENTRY;
	while (layername_take(&rest, &component)) {
		if (!begins(component, WHITEOUT, WHITEOUT_LEN))
			continue;
		if (begins(component, WHITEOUT_OWN, WHITEOUT_OWN_LEN) &&
		    (rest.len > 0 || !is(component, WHITEOUT_OPAQUE))) {
			*ret = LAYERNAME_NOTHING;
			return REASON_OK;
		}
		if (rest.len > 0)
			return REASON_LAYER_WHITEOUT;
		return read_last(name, name + strlen(name) - component.len, type, ret);
	}
	return REASON_OK;
}
