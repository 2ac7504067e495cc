#include "attest/ask.h"

#include <errno.h>
#include <string.h>

#include "attest/endpoint.h"
#include "attest/template.h"
#include "attest/url.h"
#include "verify/auto.h"
#include "verify/json.h"

#define DEFAULT_TIMEOUT_S 10
#define TIMEOUT_MAX_S 3600
#define DEFAULT_MAX_AGE_S 300
#define MAX_AGE_ALONE_S 10800 /* a leaf certificate is valid for three hours */
#define NONCE_LEN 32

const struct cli_option ask_options[ASK_OPTIONS] = {
	{ ASK_CACERT, 0, false, "cacert", "FILE" },
	{ ASK_INSECURE_HTTP, 0, true, "insecure-http", NULL },
	{ ASK_RESOLVE, 0, true, "resolve", "HOST:PORT:ADDRESS" },
	{ ASK_PROXY, 0, false, "proxy", "URL" },
	{ ASK_TIMEOUT, 0, false, "timeout", "S" },
	{ ASK_PROFILE, 0, false, "profile", "NAME" },
	{ ASK_BIND, 0, false, "bind", "HOW|none" },
	{ ASK_TLS, 0, false, "tls", "verified|attested" },
	{ ASK_HEADERS, 0, false, "headers", "FILE" },
	{ ASK_SAVE, 0, false, "save", "DIR" },
	{ ASK_METHOD, 0, false, "method", "METHOD" },
	{ ASK_BODY, 0, false, "body", "TEMPLATE" },
	{ ASK_POINTER, 0, false, "pointer", "POINTER" },
	{ ASK_HEADER, 0, false, "header", "NAME" },
	{ ASK_ENCODING, 0, false, "encoding", "raw|hex|base64" },
};

void ask_init(struct ask *ask)
{
	*ask = (struct ask){ .timeout_ms = INT64_C(1000) * DEFAULT_TIMEOUT_S };
}

void ask_done(struct ask *ask)
{
	header_list_done(&ask->headers);
}

static bool is_one_of(const char *value, const char *a, const char *b)
{
	return strcmp(value, a) == 0 || strcmp(value, b) == 0;
}

/* --- one option --- */

static bool apply_profile(const char *program, struct ask *ask, const char *value)
{
	ask->family = profile_find(value);
	if (ask->family != NULL)
		return true;
	cli_complain(program, "--profile %s: one of %s expected", value, profile_names);
	return false;
}

static bool apply_bind(const char *program, struct ask *ask, const char *value)
{
	ask->bind_given = true;
	if (binding_from_name(value, &ask->binding))
		return true;
	cli_complain(program,
		     "--bind %s: nitriding, spki-user-data, sha256-cert-user-data or none expected",
		     value);
	return false;
}

static bool apply_tls(const char *program, struct ask *ask, const char *value)
{
	if (!is_one_of(value, "verified", "attested")) {
		cli_complain(program, "--tls: verified or attested, not '%s'", value);
		return false;
	}
	ask->route.tls = strcmp(value, "attested") == 0 ? HTTP_TLS_ATTESTED : HTTP_TLS_VERIFIED;
	return true;
}

static bool apply_resolve(const char *program, struct ask *ask, const char *value)
{
	if (!url_is_resolve(span_of_text(value))) {
		cli_complain(program, "--resolve %s: HOST:PORT:ADDRESS expected", value);
		return false;
	}
	if (ask->route.n_resolve == ASK_RESOLVE_MAX) {
		cli_complain(program, "--resolve: more than %d", ASK_RESOLVE_MAX);
		return false;
	}
	ask->resolve[ask->route.n_resolve++] = value;
	return true;
}

static bool apply_proxy(const char *program, struct ask *ask, const char *value)
{
	ask->route.proxy = value;
	if (url_is_proxy(span_of_text(value)))
		return true;
	/* it may hold a password, which is not to be repeated */
	cli_complain(program, "--proxy: %s", reason_sentence(REASON_HTTP_PROXY));
	return false;
}

/* The lines are not repeated in messages: they are keys. */
static bool apply_headers(const char *program, struct ask *ask, const char *path)
{
	struct buf text = { 0 };
	size_t line = 0;
	int why = 0;

	if (strcmp(path, "-") == 0) {
		cli_complain(program, "--headers -: a file is needed (./- if it is one)");
		return false;
	}
	enum reason reason = cli_read(path, HEADER_FILE_MAX, &text, &why);
	if (reason == REASON_OK)
		reason = header_list_read(buf_span(&text), &ask->headers, &line);
	buf_done(&text);
	if (reason == REASON_OK)
		return true;
	if (reason == REASON_FILE_UNREADABLE)
		cli_complain(program, "--headers %s: %s", path, strerror(why));
	else if (reason == REASON_HTTP_HEADER && line > 0)
		cli_complain(program, "--headers %s: line %zu: %s (%s)", path, line,
			     reason_sentence(reason), reason_name(reason));
	else
		cli_complain(program, "--headers %s: %s (%s)", path, reason_sentence(reason),
			     reason_name(reason));
	return false;
}

static bool apply_timeout(const char *program, struct ask *ask, const char *value)
{
	size_t digits = strspn(value, "0123456789");
	int64_t seconds = 0;

	for (size_t i = 0; i < digits && i < 5; i++)
		seconds = seconds * 10 + (value[i] - '0');
	if (digits == 0 || digits > 4 || value[digits] != '\0' || seconds < 1 ||
	    seconds > TIMEOUT_MAX_S) {
		cli_complain(program, "--timeout %s: 1 to %d seconds expected", value,
			     TIMEOUT_MAX_S);
		return false;
	}
	ask->timeout_ms = seconds * 1000;
	return true;
}

bool ask_apply(const char *program, struct ask *ask, int id, const char *value)
{
	switch ((enum ask_option)id) {
	case ASK_PROFILE:
		return apply_profile(program, ask, value);
	case ASK_BIND:
		return apply_bind(program, ask, value);
	case ASK_TLS:
		return apply_tls(program, ask, value);
	case ASK_CACERT:
		ask->route.cacert = value;
		return true;
	case ASK_INSECURE_HTTP:
		ask->route.allow_plain = true;
		return true;
	case ASK_RESOLVE:
		return apply_resolve(program, ask, value);
	case ASK_PROXY:
		return apply_proxy(program, ask, value);
	case ASK_HEADERS:
		return apply_headers(program, ask, value);
	case ASK_TIMEOUT:
		return apply_timeout(program, ask, value);
	case ASK_SAVE:
		ask->save = value;
		return true;
	case ASK_METHOD:
		ask->method = value;
		return true;
	case ASK_BODY:
		ask->body = value;
		return true;
	case ASK_POINTER:
		ask->pointer = value;
		return true;
	case ASK_HEADER:
		ask->header = value;
		return true;
	case ASK_ENCODING:
		ask->encoding = value;
		return true;
	}
	cli_complain(program, "an option of the table has no meaning here");
	return false;
}

/* --- all of them together --- */

static bool is_method(const char *text)
{
	size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return n >= 1 && n <= 16 && text[n] == '\0';
}

static bool is_header_name(const char *text)
{
	size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

	return n >= 1 && n <= 64 && text[n] == '\0';
}

/* The body, filled, is one JSON text: a slip in its quotes would else look like the server's fault. */
static bool is_json_template(const char *text)
{
	static const uint8_t nonce[NONCE_LEN];
	AUTO(cJSON) *tree = NULL;
	struct json_place place;
	struct buf filled = { 0 };

	template_fill(text, SPAN_OF(nonce), false, &filled);
	bool ok = !filled.failed && json_read(buf_span(&filled), &tree, &place) == REASON_OK;
	buf_done(&filled);
	return ok;
}

/* What is wrong with the options of generic, or NULL. */
static const char *generic_error(const struct ask *ask)
{
	bool in_text = ask->pointer != NULL || ask->header != NULL;

	if (ask->family != profile_find("generic"))
		return ask->method != NULL || ask->body != NULL || in_text ||
				       ask->encoding != NULL ?
			       "--method, --body, --pointer, --header and --encoding are for "
			       "--profile generic only" :
			       NULL;
	if (ask->method != NULL && !is_method(ask->method))
		return "--method: capital letters expected";
	if (ask->body != NULL && !is_json_template(ask->body))
		return "--body: JSON expected, with {nonce_hex} or {nonce_base64} within a string";
	if (ask->pointer != NULL && ask->header != NULL)
		return "--pointer and --header: the document stands in one place only";
	if (ask->pointer != NULL && !endpoint_is_pointer(ask->pointer))
		return "--pointer: a JSON pointer expected, like /result/document";
	if (ask->header != NULL && !is_header_name(ask->header))
		return "--header: the name of a header of the answer expected";
	if (ask->encoding != NULL && !is_one_of(ask->encoding, "hex", "base64") &&
	    strcmp(ask->encoding, "raw") != 0)
		return "--encoding: raw, hex or base64 expected";
	if (in_text && ask->encoding == NULL)
		return "--pointer and --header need --encoding hex or base64";
	if (in_text && strcmp(ask->encoding, "raw") == 0)
		return "--encoding raw: neither JSON nor a header can hold raw bytes";
	return NULL;
}

static void fill_generic(struct ask *ask, bool nonce_in_url)
{
	struct profile *p = &ask->profile;

	p->method = ask->method != NULL ? ask->method : ask->body != NULL ? "POST" : "GET";
	p->body = ask->body;
	if (ask->pointer != NULL || ask->header != NULL) {
		p->place = ask->pointer != NULL ? PROFILE_POINTER : PROFILE_HEADER;
		p->at = ask->pointer != NULL ? ask->pointer : ask->header;
	}
	if (ask->encoding != NULL)
		p->encoding = strcmp(ask->encoding, "hex") == 0    ? PROFILE_HEX :
			      strcmp(ask->encoding, "base64") == 0 ? PROFILE_BASE64 :
								     PROFILE_RAW;
	if (nonce_in_url || template_uses_nonce(ask->body)) {
		p->nonce = PROFILE_NONCE_BYTES;
		p->random_len = NONCE_LEN;
	}
}

/* What is wrong with one URL, or NULL. */
static const char *url_error(const struct ask *ask, const char *text)
{
	static const uint8_t nonce[ENDPOINT_RANDOM_MAX];
	struct endpoint_request request;
	struct url url;

	enum reason reason = endpoint_request(&ask->profile, text, SPAN_OF(nonce), &request);
	if (reason == REASON_OK)
		reason = url_read(span_of_text(request.url), &url);
	bool plain = reason == REASON_OK && !url.https;
	bool refused = plain && !url.loopback && !ask->route.allow_plain;
	endpoint_request_done(&request);
	if (reason != REASON_OK)
		return reason_sentence(reason);
	if (refused)
		return reason_sentence(REASON_HTTP_PLAIN);
	if (plain && ask->binding != BINDING_NONE)
		return "plain http has no certificate that a document could name: use https, or "
		       "--bind none";
	if (plain && ask->route.tls == HTTP_TLS_ATTESTED)
		return "--tls attested needs https";
	return NULL;
}

/* What does not go together, or NULL. */
static const char *combination_error(const struct ask *ask, const struct policy *policy,
				     bool max_age_given)
{
	if (ask->route.tls == HTTP_TLS_ATTESTED && ask->binding == BINDING_NONE)
		return "--tls attested accepts whatever certificate the document names: this "
		       "profile names none, or --bind none was given";
	if (ask->profile.binds_exchange && policy->user_data.expected)
		return "--user-data: with this profile it is made of request and answer";
	if (ask->profile.nonce == PROFILE_NONCE_NONE && max_age_given &&
	    policy->max_age_s > MAX_AGE_ALONE_S)
		return "--max-age: this profile carries no nonce, so nothing else limits the age; "
		       "10800 s at most";
	if (ask->route.cacert != NULL && ask->route.tls == HTTP_TLS_ATTESTED)
		return "--cacert: with --tls attested the issuer does not count";
	return NULL;
}

static bool say(const char *program, const char *message)
{
	cli_complain(program, "%s", message);
	return false;
}

bool ask_settle_route(const char *program, struct ask *ask)
{
	ask->route.resolve = ask->resolve;
	/* with --tls attested the other end is nobody yet: it is told no keys */
	ask->route.headers = (const char *const *)ask->headers.line;
	ask->route.n_headers = ask->route.tls == HTTP_TLS_ATTESTED ? 0 : ask->headers.n;
	enum reason reason = http_route_check(&ask->route);
	if (reason == REASON_OK)
		return true;
	if (reason == REASON_HTTP_CACERT)
		cli_complain(program, "--cacert %s: %s (%s)", ask->route.cacert,
			     reason_sentence(reason), reason_name(reason));
	else
		cli_complain(program, "%s (%s)", reason_sentence(reason), reason_name(reason));
	return false;
}

/* With several URLs of generic, all carry the nonce or none does. */
static bool nonce_in_urls(const char *const *urls, size_t n_urls, size_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < n_urls; i++)
		*ret += template_uses_nonce(urls[i]) ? 1 : 0;
	return *ret == 0 || *ret == n_urls;
}

bool ask_settle(const char *program, struct ask *ask, struct policy *policy, bool max_age_given,
		const char *const *urls, size_t n_urls)
{
	size_t with_nonce = 0;

	if (ask->family == NULL) {
		cli_complain(program, "--profile is needed: one of %s", profile_names);
		return false;
	}
	const char *message = generic_error(ask);
	if (message != NULL)
		return say(program, message);
	ask->profile = *ask->family;
	if (ask->profile.templates) {
		if (!nonce_in_urls(urls, n_urls, &with_nonce) && !template_uses_nonce(ask->body))
			return say(program,
				   "some of the URLs have a place for the nonce, others have not");
		fill_generic(ask, with_nonce > 0);
	}
	if (!ask->bind_given)
		ask->binding = ask->profile.binding;
	message = combination_error(ask, policy, max_age_given);
	if (message != NULL)
		return say(program, message);
	for (size_t i = 0; i < n_urls; i++) {
		message = url_error(ask, urls[i]);
		if (message != NULL) {
			/* a URL may hold a key, so it is counted and not repeated */
			cli_complain(program, "URL %zu of %zu: %s", i + 1, n_urls, message);
			return false;
		}
	}
	if (!max_age_given)
		policy->max_age_s = DEFAULT_MAX_AGE_S;
	if (ask->profile.nonce == PROFILE_NONCE_NONE) {
		policy->freshness = POLICY_FRESH_BY_AGE;
		policy->require.has[CHECK_CLAIMS_AGE] = true;
	}
	if (ask->route.tls == HTTP_TLS_ATTESTED)
		policy->require.has[CHECK_ENDPOINT_TLS] = true;
	return ask_settle_route(program, ask);
}
