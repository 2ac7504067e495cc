#include "rebuild/distribution.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/header.h"
#include "attest/url.h"
#include "rebuild/challenge.h"
#include "rebuild/refusal.h"
#include "verify/auto.h"

struct distribution {
	const struct oci *oci;
	const struct ociref *reference;
	char *authorization; /* the line to send; NULL: none yet */
};

/* One GET. */
struct get {
	const char *url;
	const char *accept;
	size_t body_max;
	bool (*sink)(void *context, struct span piece);
	void *sink_context;
	uint64_t range_from;
	bool bare; /* not of the registry itself: no token, no redirect */
};

bool oci_is_stopped(const struct oci *oci)
{
	return (oci->interrupted != NULL && *oci->interrupted != 0) ||
	       (oci->unwanted != NULL && atomic_load(oci->unwanted));
}

static bool is_stopped(void *context)
{
	const struct oci *oci = context;

	return oci_is_stopped(oci);
}

struct store_wait oci_wait(const struct oci *oci)
{
	return (struct store_wait){ .clock = oci->clock,
				    .deadline_ms = oci->deadline_ms,
				    .stop = is_stopped,
				    .context = (void *)(uintptr_t)oci };
}

struct distribution *distribution_new(const struct oci *oci, const struct ociref *reference)
{
	struct distribution *distribution = calloc(1, sizeof(*distribution));

	if (distribution == NULL)
		return NULL;
	*distribution = (struct distribution){ .oci = oci, .reference = reference };
	return distribution;
}

struct distribution *distribution_another(const struct distribution *first, const struct oci *oci)
{
	struct distribution *distribution = distribution_new(oci, first->reference);

	if (distribution == NULL || first->authorization == NULL)
		return distribution;
	distribution->authorization = strdup(first->authorization);
	if (distribution->authorization == NULL) {
		distribution_free(distribution);
		return NULL;
	}
	return distribution;
}

void distribution_free(struct distribution *distribution)
{
	if (distribution == NULL)
		return;
	free(distribution->authorization);
	free(distribution);
}

/* What was asked for, and what was said to it. */
static enum reason note(const struct distribution *distribution, enum reason reason,
			const char *what, const struct http_answer *answer, struct trouble *reterr)
{
	const struct ociref *reference = distribution->reference;
	struct buf words = { 0 };
	struct span later = { NULL, 0 };

	if (reason == REASON_OK)
		return reason;
	buf_add(&words, reference->registry);
	buf_byte(&words, '/');
	buf_add(&words, reference->name);
	buf_printf(&words, " %s", what);
	if (answer->trouble[0] != '\0')
		buf_printf(&words, ": %s", answer->trouble);
	else if (answer->status != 0)
		buf_printf(&words, ": status %ld", answer->status);
	if (answer->status / 100 > 3)
		refusal_tell(buf_span(&answer->body), &words);
	if (http_answer_header(answer, "Retry-After", &later)) {
		buf_text(&words, ", Retry-After: ");
		buf_add(&words, later);
	}
	if (!words.failed)
		(void)trouble_note(reterr, reason, buf_span(&words), 0);
	buf_done(&words);
	return reason;
}

static enum reason judge_status(long status)
{
	switch (status) {
	case 200:
	case 206:
		return REASON_OK;
	case 401:
	case 403:
		return REASON_OCI_DENIED;
	case 404:
		return REASON_OCI_NOT_FOUND;
	case 429:
		return REASON_OCI_RATE;
	default:
		return REASON_OCI_STATUS;
	}
}

static enum reason send_get(struct distribution *distribution, const struct get *get,
			    struct http_answer *ret)
{
	const char *headers[] = { distribution->authorization };
	struct http_request request = {
		.method = "GET",
		.url = get->url,
		.accept = get->accept,
		.body_max = get->body_max,
		.deadline_ms = distribution->oci->deadline_ms,
		.retry = true,
		.sink = get->sink,
		.sink_context = get->sink_context,
		.range_from = get->range_from,
		.stop = is_stopped,
		.stop_context = (void *)(uintptr_t)distribution->oci,
	};

	if (!get->bare) {
		request.redirects_max = DISTRIBUTION_REDIRECTS;
		request.headers = headers;
		request.n_headers = headers[0] != NULL ? 1 : 0;
	}
	enum reason reason = http_exchange(distribution->oci->http, &request, ret);
	/* a sink that wants no more says why itself */
	return reason == REASON_HTTP_STOPPED && oci_is_stopped(distribution->oci) ?
		       REASON_INTERRUPTED :
		       reason;
}

static void add_escaped(struct buf *url, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t byte = text.at[i];
		if ((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
		    (byte >= 'a' && byte <= 'z') || (byte != 0 && strchr("-._~", byte) != NULL))
			buf_byte(url, byte);
		else
			buf_printf(url, "%%%02X", (unsigned)byte);
	}
}

/* Where to ask for a token; NULL: no memory. */
static char *token_url(const struct ociref *reference, const struct challenge *challenge)
{
	struct buf url = { 0 };

	buf_text(&url, challenge->realm);
	buf_byte(&url, strchr(challenge->realm, '?') != NULL ? '&' : '?');
	if (challenge->service != NULL) {
		buf_text(&url, "service=");
		add_escaped(&url, span_of_text(challenge->service));
		buf_byte(&url, '&');
	}
	/* what the challenge names as scope is not asked: reading this repository is all that is needed */
	buf_text(&url, "scope=");
	add_escaped(&url, SPAN_LITERAL("repository:"));
	add_escaped(&url, reference->name);
	add_escaped(&url, SPAN_LITERAL(":pull"));
	return buf_take_text(&url);
}

/* "Authorization: Bearer ..." of a token server's answer. */
static enum reason read_token(struct span body, char **ret)
{
	struct json_place place;
	AUTO(cJSON) *tree = NULL;
	struct buf line = { 0 };
	enum reason reason = json_read(body, &tree, &place);

	if (reason != REASON_OK)
		return reason;
	const cJSON *token = cJSON_GetObjectItemCaseSensitive(tree, "token");
	if (!cJSON_IsString(token) || token->valuestring[0] == '\0')
		token = cJSON_GetObjectItemCaseSensitive(tree, "access_token");
	if (!cJSON_IsString(token) || token->valuestring[0] == '\0' ||
	    strpbrk(token->valuestring, " \t") != NULL)
		return REASON_OCI_TOKEN;
	buf_text(&line, "Authorization: Bearer ");
	buf_text(&line, token->valuestring);
	if (!line.failed && !header_may_send(buf_span(&line)))
		reason = REASON_OCI_TOKEN;
	char *text = reason == REASON_OK ? buf_take_text(&line) : NULL;
	buf_done(&line);
	if (reason == REASON_OK && text == NULL)
		reason = REASON_OUT_OF_MEMORY;
	*ret = text;
	return reason;
}

static enum reason fetch_token(struct distribution *distribution, const char *url,
			       struct trouble *reterr)
{
	const struct get get = { .url = url,
				 .accept = "application/json",
				 .body_max = DISTRIBUTION_TOKEN_MAX,
				 .bare = true };
	struct http_answer answer;
	char *line = NULL;

	enum reason reason = send_get(distribution, &get, &answer);
	if (reason == REASON_OK)
		reason = judge_status(answer.status);
	if (reason == REASON_OK)
		reason = read_token(buf_span(&answer.body), &line);
	reason = note(distribution, reason, "token", &answer, reterr);
	http_answer_done(&answer);
	if (reason == REASON_OK) {
		free(distribution->authorization);
		distribution->authorization = line;
	}
	return reason;
}

/* Asks for a token as the 401 says. */
static enum reason authenticate(struct distribution *distribution, const struct http_answer *answer,
				struct trouble *reterr)
{
	struct challenge challenge = { NULL, NULL };
	struct url realm;
	enum reason reason = challenge_read(buf_span(&answer->headers), &challenge);

	if (reason == REASON_OK &&
	    (url_read(span_of_text(challenge.realm), &realm) != REASON_OK ||
	     (!realm.https && !(realm.loopback && distribution->reference->loopback))))
		reason = REASON_OCI_REALM;
	reason = note(distribution, reason, "token", answer, reterr);
	char *url = reason == REASON_OK ? token_url(distribution->reference, &challenge) : NULL;
	if (reason == REASON_OK && url == NULL)
		reason = REASON_OUT_OF_MEMORY;
	if (reason == REASON_OK)
		reason = fetch_token(distribution, url, reterr);
	free(url);
	challenge_done(&challenge);
	return reason;
}

/* Asks, and once more with a (new) token where one is wanted. *ret is always written. */
static enum reason ask(struct distribution *distribution, const char *what, const struct get *get,
		       struct http_answer *ret, struct trouble *reterr)
{
	enum reason reason = send_get(distribution, get, ret);

	if (reason == REASON_OK && ret->status == 401) {
		reason = authenticate(distribution, ret, reterr);
		http_answer_done(ret);
		if (reason != REASON_OK)
			return reason;
		reason = send_get(distribution, get, ret);
	}
	if (reason == REASON_OK)
		reason = judge_status(ret->status);
	return note(distribution, reason, what, ret, reterr);
}

/* The URL of one thing; NULL: no memory. */
static char *url_of(const struct ociref *reference, const char *kind, const char *which)
{
	struct buf url = { 0 };

	buf_text(&url, reference->loopback ? "http://" : "https://");
	buf_add(&url, reference->registry);
	buf_text(&url, "/v2/");
	buf_add(&url, reference->name);
	buf_printf(&url, "/%s/%s", kind, which);
	return buf_take_text(&url);
}

enum reason distribution_manifest(struct distribution *distribution, const char *which,
				  struct buf *ret, enum media *ret_media, struct trouble *reterr)
{
	char *url = url_of(distribution->reference, "manifests", which);
	const struct get get = { .url = url, .accept = MANIFEST_ACCEPT, .body_max = MANIFEST_MAX };
	struct http_answer answer;
	struct span type = { NULL, 0 };

	if (url == NULL)
		return REASON_OUT_OF_MEMORY;
	enum reason reason = ask(distribution, which, &get, &answer, reterr);
	free(url);
	if (reason == REASON_OK) {
		reason = http_answer_header(&answer, "Content-Type", &type) ?
				 media_read(type, ret_media) :
				 REASON_OCI_MEDIA_TYPE;
		(void)note(distribution, reason, which, &answer, reterr);
	}
	if (reason == REASON_OK) {
		buf_add(ret, buf_span(&answer.body));
		reason = ret->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
	}
	http_answer_done(&answer);
	return reason;
}

/* Where a blob's bytes go. */
struct filling {
	const struct oci *oci;
	struct store_part *part;
	struct trouble *reterr;
	enum reason reason;
};

static bool fill(void *context, struct span piece)
{
	struct filling *filling = context;

	filling->reason = oci_is_stopped(filling->oci) ?
				  REASON_INTERRUPTED :
				  store_part_add(filling->part, piece, filling->reterr);
	if (filling->reason == REASON_OK)
		advance_by(filling->oci->advance, piece.len);
	return filling->reason == REASON_OK;
}

/* A blob that is being fetched. */
struct coming {
	struct distribution *distribution;
	const struct descriptor *blob;
	const char *url;
	struct store_part *part;
	uint64_t told; /* what oci->advance was told before this blob */
	bool resumed;  /* it came in parts, which may be why it went wrong */
};

/* One request for what is missing. *ret_again: the server does not go on where the part ends. */
static enum reason fetch_rest(const struct coming *coming, bool *ret_again, struct trouble *reterr)
{
	struct filling filling = { coming->distribution->oci, coming->part, reterr, REASON_OK };
	uint64_t have = store_part_len(coming->part);
	const struct get get = { .url = coming->url,
				 .body_max = (size_t)(coming->blob->size - have),
				 .sink = fill,
				 .sink_context = &filling,
				 .range_from = have };
	char what[SHA256_TEXT_LEN + 1];
	struct http_answer answer;
	struct trouble trouble = { .why = 0 };

	sha256_text(coming->blob->digest, what);
	enum reason reason = ask(coming->distribution, what, &get, &answer, &trouble);
	if (filling.reason != REASON_OK)
		reason = filling.reason;
	*ret_again = have > 0 && (reason == REASON_HTTP_RANGE ||
				  (reason == REASON_OCI_STATUS && answer.status == 416));
	http_answer_done(&answer);
	if (reason != REASON_OK && !*ret_again && reterr->path_len == 0 && reterr->why == 0)
		*reterr = trouble;
	return reason;
}

/* All that is missing, in as many requests as that takes. */
static enum reason fetch_part(struct coming *coming, struct trouble *reterr)
{
	struct advance *advance = coming->distribution->oci->advance;
	struct store_part *part = coming->part;
	uint64_t size = coming->blob->size;
	unsigned resumes = 0;

	while (store_part_len(part) < size) {
		uint64_t before = store_part_len(part);
		coming->resumed |= before > 0;
		advance_to(advance, coming->told + before);
		bool again = false;
		struct trouble trouble = { .why = 0 };
		enum reason reason = fetch_rest(coming, &again, &trouble);
		if (again || reason == REASON_HTTP_TOO_LARGE) {
			enum reason restarted = store_part_restart(part);
			if (restarted != REASON_OK)
				return restarted;
			if (again)
				continue;
		}
		if (reason == REASON_HTTP_CUT_SHORT && store_part_len(part) > before &&
		    resumes++ < DISTRIBUTION_RESUMES)
			continue;
		if (reason != REASON_OK) {
			*reterr = trouble;
			return reason;
		}
		/* a whole answer, and yet not all of the blob: finishing says so */
		if (store_part_len(part) < size)
			break;
	}
	return REASON_OK;
}

/* Once. */
static enum reason fetch(struct coming *coming, struct trouble *reterr)
{
	const struct oci *oci = coming->distribution->oci;
	const struct descriptor *blob = coming->blob;
	const struct store_wait wait = oci_wait(oci);
	char what[SHA256_TEXT_LEN + 1];
	enum reason reason =
		store_begin(oci->store, blob->digest, blob->size, &wait, &coming->part, reterr);

	if (reason != REASON_OK || coming->part == NULL)
		return reason;
	reason = fetch_part(coming, reterr);
	if (reason == REASON_OK)
		reason = store_part_finish(coming->part, reterr);
	store_part_free(coming->part);
	sha256_text(blob->digest, what);
	return reason == REASON_OK ? reason : trouble_note(reterr, reason, span_of_text(what), 0);
}

static enum reason fetch_blob(struct distribution *distribution, const struct descriptor *blob,
			      uint64_t told, struct trouble *reterr)
{
	struct coming coming = { .distribution = distribution, .blob = blob, .told = told };
	char digest[SHA256_TEXT_LEN + 1];

	sha256_text(blob->digest, digest);
	char *url = url_of(distribution->reference, "blobs", digest);
	if (url == NULL)
		return REASON_OUT_OF_MEMORY;
	coming.url = url;
	enum reason reason = fetch(&coming, reterr);
	if (reason == REASON_OCI_DIGEST && coming.resumed) {
		*reterr = (struct trouble){ .why = 0 };
		reason = fetch(&coming, reterr);
	}
	free(url);
	return reason;
}

enum reason distribution_blob(struct distribution *distribution, const struct descriptor *blob,
			      struct trouble *reterr)
{
	const struct oci *oci = distribution->oci;
	uint64_t told = oci->advance != NULL ? oci->advance->done : 0;
	int fd = -1;
	enum reason reason =
		store_get(oci->store, blob->digest, blob->size, oci->advance, &fd, reterr);

	if (fd >= 0)
		(void)close(fd);
	else if (reason == REASON_OK)
		reason = fetch_blob(distribution, blob, told, reterr);
	if (reason == REASON_OK) {
		advance_to(oci->advance, told + blob->size);
		advance_by(oci->advance, 0);
	}
	return reason;
}
