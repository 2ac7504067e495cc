#include "rebuild/repository.h"

#include "attest/url.h"

static bool is_alnum(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_one_of(uint8_t c, const char *set)
{
	for (; *set != '\0'; set++) {
		if ((uint8_t)*set == c)
			return true;
	}
	return false;
}

static bool is_made_of(struct span text, const char *beside_alnum)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!is_alnum(text.at[i]) && !is_one_of(text.at[i], beside_alnum))
			return false;
	}
	return text.len > 0;
}

/* Cuts a prefix off. */
static bool take_prefix(struct span *text, struct span prefix)
{
	struct span after = *text;
	struct span head;

	if (!span_take(&after, prefix.len, &head) || !span_equal(head, prefix))
		return false;
	*text = after;
	return true;
}

/* Cuts off what stands before the first of these bytes, which stays. False: there is none. */
static bool take_until(struct span *text, const char *set, struct span *ret)
{
	for (size_t i = 0; i < text->len; i++) {
		if (is_one_of(text->at[i], set))
			return span_take(text, i, ret);
	}
	return false;
}

static bool is_path(struct span path)
{
	return path.len > 1 && path.at[0] == '/' && is_made_of(path, "/._-~+%@,");
}

/* What goes to ssh as a word of its own must not look like an option. */
static bool is_word(struct span word, const char *beside_alnum)
{
	return is_made_of(word, beside_alnum) && word.at[0] != '-';
}

static bool is_port(struct span port)
{
	unsigned number = 0;

	for (size_t i = 0; i < port.len; i++) {
		if (port.at[i] < '0' || port.at[i] > '9')
			return false;
		number = number * 10 + (unsigned)(port.at[i] - '0');
		if (number > 65535)
			return false;
	}
	return number > 0;
}

/* [USER@]HOST[:PORT]/PATH */
static bool is_ssh(struct span rest)
{
	struct span authority;
	struct span user;
	struct span host;
	struct span mark;

	if (!take_until(&rest, "/", &authority) || !is_path(rest))
		return false;
	if (take_until(&authority, "@", &user) &&
	    (!is_word(user, "._-") || !span_take(&authority, 1, &mark)))
		return false;
	if (take_until(&authority, ":", &host))
		return is_word(host, "._-") && span_take(&authority, 1, &mark) &&
		       is_port(authority);
	return is_word(authority, "._-");
}

static bool is_http(struct span text, bool *ret_https)
{
	struct span rest = text;
	struct url url;

	/* to git HTTPS is another word than https */
	if (!take_prefix(&rest, SPAN_LITERAL("https://")) &&
	    !take_prefix(&rest, SPAN_LITERAL("http://")))
		return false;
	if (url_read(text, &url) != REASON_OK || !is_path(url.rest) || url.host.at[0] == '-')
		return false;
	*ret_https = url.https;
	return url.https || url.loopback;
}

enum reason repository_read(struct span text, enum repository_kind *ret)
{
	struct span rest = text;
	bool https = false;

	if (text.len > REPOSITORY_MAX)
		return REASON_REPOSITORY;
	if (take_prefix(&rest, SPAN_LITERAL("file://"))) {
		*ret = REPOSITORY_FILE;
		return is_path(rest) ? REASON_OK : REASON_REPOSITORY;
	}
	if (take_prefix(&rest, SPAN_LITERAL("ssh://"))) {
		*ret = REPOSITORY_SSH;
		return is_ssh(rest) ? REASON_OK : REASON_REPOSITORY;
	}
	if (!is_http(text, &https))
		return REASON_REPOSITORY;
	*ret = https ? REPOSITORY_HTTPS : REPOSITORY_HTTP;
	return REASON_OK;
}
