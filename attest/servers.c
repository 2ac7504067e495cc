#include "attest/servers.h"

#include <string.h>

#include "attest/url.h"

#define FILE_MAX ((size_t)64 * 1024) /* bytes of --rpc-file */

const struct cli_option servers_options[SERVERS_OPTIONS] = {
	{ SERVERS_RPC, 0, true, "rpc", "URL" },
	{ SERVERS_RPC_FILE, 0, false, "rpc-file", "FILE" },
};

void servers_done(struct servers *servers)
{
	buf_done(&servers->text);
	*servers = (struct servers){ .n = 0 };
}

static char lower(uint8_t c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static enum reason add(struct servers *servers, const char *url)
{
	char host[DOSSIER_HOST_MAX + 1] = { 0 };
	struct url parts;
	size_t i = 0;

	enum reason reason = url_read(span_of_text(url), &parts);
	if (reason != REASON_OK)
		return reason;
	if (parts.host.len > DOSSIER_HOST_MAX)
		return REASON_HTTP_URL;
	for (size_t c = 0; c < parts.host.len; c++)
		host[c] = lower(parts.host.at[c]);
	while (i < servers->n && strcmp(servers->at[i].host, host) != 0)
		i++;
	if (i == DOSSIER_SERVERS_MAX || servers->at[i].n_urls == SERVERS_URLS_MAX)
		return REASON_RPC_SERVERS;
	if (i == servers->n) {
		memcpy(servers->at[i].host, host, sizeof(host));
		servers->n++;
	}
	servers->at[i].urls[servers->at[i].n_urls++] = url;
	servers->any_plain |= !parts.https && !parts.loopback;
	return REASON_OK;
}

/* URLs may hold keys: they are counted, never repeated. */
static bool apply_url(const char *program, const char *option, size_t number,
		      struct servers *servers, const char *url)
{
	enum reason reason = add(servers, url);

	if (reason == REASON_OK)
		return true;
	cli_complain(program, "--%s: URL %zu: %s (%s)", option, number, reason_sentence(reason),
		     reason_name(reason));
	return false;
}

/* Cuts the next line off, and makes a text of it: without white space around, and without comments. */
static char *next_line(char **rest)
{
	char *line = *rest;
	char *end = line + strcspn(line, "\n");

	*rest = *end == '\0' ? end : end + 1;
	*end = '\0';
	line += strspn(line, " \t\r");
	for (end = line + strlen(line); end > line && strchr(" \t\r", end[-1]) != NULL; end--)
		;
	*end = '\0';
	return line;
}

/* One URL a line; # begins a comment at the start of a line. */
static bool apply_file(const char *program, struct servers *servers, const char *path)
{
	int why = 0;
	size_t number = 0;

	if (strcmp(path, "-") == 0) {
		cli_complain(program, "--rpc-file -: a file is needed (./- if it is one)");
		return false;
	}
	enum reason reason = cli_read(path, FILE_MAX, &servers->text, &why);
	if (reason == REASON_OK)
		buf_byte(&servers->text, '\0');
	if (reason != REASON_OK || servers->text.failed) {
		cli_complain(program, "--rpc-file %s: %s", path,
			     reason == REASON_FILE_UNREADABLE ?
				     strerror(why) :
				     reason_sentence(REASON_OUT_OF_MEMORY));
		return false;
	}
	char *rest = (char *)servers->text.at;
	if (servers->text.len > FILE_MAX || strlen(rest) + 1 != servers->text.len) {
		cli_complain(program, "--rpc-file %s: not a text of at most 64 KiB", path);
		return false;
	}
	while (*rest != '\0') {
		const char *line = next_line(&rest);
		if (*line == '\0' || *line == '#')
			continue;
		if (!apply_url(program, "rpc-file", ++number, servers, line))
			return false;
	}
	if (number == 0)
		cli_complain(program, "--rpc-file %s: no URL in it", path);
	return number > 0;
}

bool servers_apply(const char *program, struct servers *servers, int id, const char *value)
{
	if (id == SERVERS_RPC_FILE)
		return apply_file(program, servers, value);
	return apply_url(program, "rpc", ++servers->n_given, servers, value);
}

const char *servers_error(const struct servers *servers, bool requested, bool allow_plain)
{
	if (requested && servers->n == 0)
		return "--rpc or --rpc-file is needed: whom to ask about the contract";
	if (!requested && servers->n > 0)
		return "--rpc and --rpc-file have no meaning without --registry";
	if (servers->any_plain && !allow_plain)
		return reason_sentence(REASON_HTTP_PLAIN);
	return NULL;
}
