#include "attest/endpoint.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "attest/template.h"
#include "attest/url.h"
#include "verify/auto.h"
#include "verify/basenc.h"
#include "verify/cose.h"
#include "verify/digest.h"
#include "verify/json.h"

/* --- the request --- */

static bool has_path(struct span rest)
{
	return rest.len > 1 || (rest.len == 1 && rest.at[0] != '/');
}

/* True when the query has a parameter of this name. */
static bool has_parameter(struct span rest, struct span name)
{
	bool at_start = false;
	bool in_query = false;

	for (size_t i = 0; i < rest.len; i++) {
		struct span here = { rest.at + i, name.len };
		if (in_query && at_start && i + name.len <= rest.len && span_equal(here, name) &&
		    (i + name.len == rest.len || rest.at[i + name.len] == '=' ||
		     rest.at[i + name.len] == '&'))
			return true;
		at_start = rest.at[i] == '?' || rest.at[i] == '&';
		in_query = in_query || rest.at[i] == '?';
	}
	return false;
}

/* The URL as the user wrote it, with what the profile adds. */
static enum reason make_url(const struct profile *profile, const char *text, struct span random,
			    struct buf *out)
{
	struct url url;

	if (profile->templates) {
		template_fill(text, random, true, out);
	} else {
		if (strpbrk(text, "{}") != NULL)
			return REASON_ENDPOINT_URL;
		buf_text(out, text);
	}
	if (out->failed)
		return REASON_OUT_OF_MEMORY;
	enum reason reason = url_read(buf_span(out), &url);
	if (reason != REASON_OK)
		return reason;
	if (profile->query != NULL && has_parameter(url.rest, SPAN_LITERAL("nonce")))
		return REASON_ENDPOINT_URL;
	bool asks = memchr(url.rest.at, '?', url.rest.len) != NULL;
	if (profile->path != NULL && !has_path(url.rest)) {
		out->len -= url.rest.len;
		buf_text(out, profile->path);
	}
	if (profile->query != NULL) {
		buf_text(out, asks ? "&" : "?");
		template_fill(profile->query, random, true, out);
	}
	return out->failed ? REASON_OUT_OF_MEMORY : url_read(buf_span(out), &url);
}

/* A template as a text of its own; NULL when memory ran out. */
static char *filled(const char *text, struct span random)
{
	struct buf out = { 0 };

	template_fill(text, random, false, &out);
	return buf_take_text(&out);
}

static void expect_nonce(const struct profile *profile, struct span random, struct buf *ret)
{
	switch (profile->nonce) {
	case PROFILE_NONCE_BYTES:
		buf_add(ret, random);
		break;
	case PROFILE_NONCE_TEXT:
		template_base64(random, true, ret);
		break;
	case PROFILE_NONCE_NONE:
		break;
	}
}

/* The path of a URL ends so. */
static bool path_ends(const char *text, const char *end)
{
	struct url url;
	size_t len = strlen(end);

	if (url_read(span_of_text(text), &url) != REASON_OK)
		return false;
	const uint8_t *query = memchr(url.rest.at, '?', url.rest.len);
	if (query != NULL)
		url.rest.len = (size_t)(query - url.rest.at);
	return url.rest.len >= len && memcmp(url.rest.at + url.rest.len - len, end, len) == 0;
}

static enum reason fill_request(const struct profile *profile, const char *url, struct span random,
				struct endpoint_request *ret)
{
	struct buf whole = { 0 };

	enum reason reason = make_url(profile, url, random, &whole);
	if (reason != REASON_OK) {
		buf_done(&whole);
		return reason;
	}
	ret->url = buf_take_text(&whole);
	if (profile->body != NULL)
		ret->body = filled(profile->body, random);
	if (profile->header != NULL)
		ret->header = filled(profile->header, random);
	expect_nonce(profile, random, &ret->nonce);
	if (ret->url == NULL || (profile->body != NULL && ret->body == NULL) ||
	    (profile->header != NULL && ret->header == NULL) || ret->nonce.failed)
		return REASON_OUT_OF_MEMORY;
	ret->headers[0] = ret->header;
	bool hex = profile->hex_path != NULL && path_ends(ret->url, profile->hex_path);
	ret->encoding = hex ? PROFILE_HEX : profile->encoding;
	ret->media = hex ? "text/plain" : profile->media;
	ret->http = (struct http_request){
		.method = profile->method,
		.url = ret->url,
		.content_type = ret->body != NULL ? "application/json" : NULL,
		.accept = profile->accept,
		.headers = ret->headers,
		.n_headers = ret->header != NULL ? 1 : 0,
		.body = ret->body != NULL ? span_of_text(ret->body) : (struct span){ NULL, 0 },
		.has_body = ret->body != NULL,
		.body_max = HTTP_BODY_MAX,
		/* a second attempt would need a nonce of its own */
		.retry = false,
	};
	return REASON_OK;
}

enum reason endpoint_request(const struct profile *profile, const char *url, struct span random,
			     struct endpoint_request *ret)
{
	struct span fresh;

	*ret = (struct endpoint_request){ .url = NULL };
	if (!span_take(&random, profile->random_len, &fresh))
		return REASON_CRYPTO_FAILED;
	enum reason reason = fill_request(profile, url, fresh, ret);
	if (reason != REASON_OK)
		endpoint_request_done(ret);
	return reason;
}

void endpoint_request_done(struct endpoint_request *request)
{
	free(request->url);
	free(request->body);
	free(request->header);
	buf_done(&request->nonce);
	*request = (struct endpoint_request){ .url = NULL };
}

/* --- JSON pointers --- */

bool endpoint_is_pointer(const char *text)
{
	if (*text != '/' && *text != '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text == '~' && text[1] != '0' && text[1] != '1')
			return false;
	}
	return true;
}

/* An index as RFC 6901 section 4 writes it: no leading zero. */
static const cJSON *element(const cJSON *array, const char *digits)
{
	size_t n = strspn(digits, "0123456789");
	int index = 0;

	if (n == 0 || n > 5 || digits[n] != '\0' || (n > 1 && digits[0] == '0'))
		return NULL;
	for (size_t i = 0; i < n; i++)
		index = index * 10 + (digits[i] - '0');
	return cJSON_GetArrayItem(array, index);
}

/* One step down. `part` is unescaped. */
static const cJSON *below(const cJSON *value, const char *part)
{
	if (cJSON_IsObject(value))
		return cJSON_GetObjectItemCaseSensitive(value, part);
	return cJSON_IsArray(value) ? element(value, part) : NULL;
}

/* The value that a pointer names. False: out of memory. *ret NULL: there is none. */
static bool follow(const cJSON *value, const char *pointer, const cJSON **ret)
{
	while (*pointer == '/' && value != NULL) {
		struct buf part = { 0 };
		for (pointer++; *pointer != '\0' && *pointer != '/'; pointer++) {
			if (*pointer == '~' && pointer[1] != '\0')
				buf_byte(&part, *++pointer == '1' ? '/' : '~');
			else
				buf_byte(&part, (uint8_t)*pointer);
		}
		char *text = buf_take_text(&part);
		if (text == NULL)
			return false;
		value = below(value, text);
		free(text);
	}
	*ret = value;
	return true;
}

/* --- the answer --- */

static bool is_white(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span trim(struct span text)
{
	struct span white;

	while (text.len > 0 && is_white(text.at[text.len - 1]))
		text.len--;
	while (text.len > 0 && is_white(text.at[0])) {
		if (!span_take(&text, 1, &white))
			break;
	}
	return text;
}

static bool begins_as_document(struct span bytes)
{
	return (bytes.len >= 1 && bytes.at[0] == 0x84) ||
	       (bytes.len >= 2 && bytes.at[0] == 0xd2 && bytes.at[1] == 0x84);
}

/* The one member of a gzip file that a document may come in, inflated within a document's bounds. */
static enum reason inflate(struct buf *document)
{
	uint8_t *out = malloc(COSE_MAX + 1);
	struct libdeflate_decompressor *inflater = libdeflate_alloc_decompressor();
	size_t used = 0;
	size_t made = 0;
	enum reason reason = REASON_ENDPOINT_GZIP;

	if (out == NULL || inflater == NULL) {
		reason = REASON_OUT_OF_MEMORY;
	} else if (libdeflate_gzip_decompress_ex(inflater, document->at, document->len, out,
						 COSE_MAX + 1, &used,
						 &made) == LIBDEFLATE_SUCCESS &&
		   used == document->len) {
		document->len = 0;
		buf_add(document, (struct span){ out, made });
		reason = document->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
	}
	libdeflate_free_decompressor(inflater);
	free(out);
	return reason;
}

/* Undoes the encoding of what holds the document. */
static enum reason decode(const struct profile *profile, enum profile_encoding encoding,
			  struct span text, struct buf *ret)
{
	struct buf decoded = { 0 };
	struct span bytes = { NULL, 0 };
	enum reason reason = REASON_OK;

	if (text.len == 0)
		return REASON_ENDPOINT_EMPTY;
	switch (encoding) {
	case PROFILE_RAW:
		buf_add(ret, text);
		break;
	case PROFILE_HEX:
		reason = hex_decode(trim(text), ret);
		break;
	case PROFILE_BASE64:
		reason = base64_decode(trim(text), ret);
		break;
	case PROFILE_ANY_ENCODING:
		reason = basenc_document(text, &decoded, &bytes);
		if (reason == REASON_OK)
			buf_add(ret, bytes);
		buf_done(&decoded);
		break;
	}
	if (reason == REASON_TEXT_ENCODING)
		return REASON_ENDPOINT_ENCODING;
	if (ret->failed)
		return REASON_OUT_OF_MEMORY;
	if (reason == REASON_OK && profile->gzip && ret->len >= 2 && ret->at[0] == 0x1f &&
	    ret->at[1] == 0x8b)
		reason = inflate(ret);
	if (reason != REASON_OK)
		return reason;
	return begins_as_document(buf_span(ret)) ? REASON_OK : REASON_ENDPOINT_NO_DOCUMENT;
}

/* Of another platform, the family's answer looks the same. */
static bool has_format(const cJSON *tree, const char *format)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(tree, "format");

	return format == NULL || (cJSON_IsString(item) && strcmp(item->valuestring, format) == 0);
}

/* The members in which documents are known to stand; only one may be there. */
static enum reason known_member(const cJSON *tree, const cJSON **ret)
{
	static const char *const names[] = { "attestation", "attestation_doc", "document", "body" };

	*ret = NULL;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const cJSON *item = cJSON_GetObjectItemCaseSensitive(tree, names[i]);
		if (item != NULL && *ret != NULL)
			return REASON_ENDPOINT_TWO_DOCUMENTS;
		if (item != NULL)
			*ret = item;
	}
	return REASON_OK;
}

static enum reason from_json(const struct profile *profile, const struct endpoint_request *request,
			     struct span body, struct buf *ret)
{
	AUTO(cJSON) *tree = NULL;
	const cJSON *item = NULL;
	struct json_place place;

	if (trim(body).len == 0)
		return REASON_ENDPOINT_EMPTY;
	enum reason reason = json_read(body, &tree, &place);
	if (reason == REASON_OUT_OF_MEMORY)
		return reason;
	if (reason != REASON_OK)
		return REASON_ENDPOINT_JSON;
	if (!has_format(tree, profile->format))
		return REASON_ENDPOINT_FORMAT;
	if (profile->place == PROFILE_ANYWHERE)
		reason = known_member(tree, &item);
	else if (!follow(tree, profile->at, &item))
		reason = REASON_OUT_OF_MEMORY;
	if (reason != REASON_OK)
		return reason;
	const char *text = cJSON_GetStringValue(item);
	if (text == NULL)
		return REASON_ENDPOINT_MEMBER;
	return decode(profile, request->encoding, span_of_text(text), ret);
}

static enum reason from_header(const struct profile *profile,
			       const struct endpoint_request *request,
			       const struct http_answer *answer, struct buf *ret)
{
	struct span value;

	if (!http_answer_header(answer, profile->at, &value))
		return REASON_ENDPOINT_HEADER;
	return decode(profile, request->encoding, value, ret);
}

static enum reason find_document(const struct profile *profile,
				 const struct endpoint_request *request,
				 const struct http_answer *answer, struct buf *ret)
{
	struct span body = buf_span(&answer->body);
	struct span text = trim(body);

	switch (profile->place) {
	case PROFILE_BODY:
		return decode(profile, request->encoding, body, ret);
	case PROFILE_POINTER:
		return from_json(profile, request, body, ret);
	case PROFILE_HEADER:
		return from_header(profile, request, answer, ret);
	case PROFILE_ANYWHERE:
		break;
	}
	return text.len > 0 && text.at[0] == '{' ? from_json(profile, request, body, ret) :
						   decode(profile, request->encoding, body, ret);
}

/* The answer says of itself that it is something else: an error page, most often. */
static bool is_other_type(const char *media, const struct http_answer *answer)
{
	struct span value;
	struct span wanted = span_of_text(media != NULL ? media : "");

	if (media == NULL || !http_answer_header(answer, "Content-Type", &value))
		return false;
	const uint8_t *parameters = memchr(value.at, ';', value.len);
	if (parameters != NULL)
		value.len = (size_t)(parameters - value.at);
	value = trim(value);
	if (value.len != wanted.len)
		return true;
	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.at[i];
		if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != wanted.at[i])
			return true;
	}
	return false;
}

/* What Sequence's enclaves sign over: "Sequence/1:" and the base64 of the SHA-256 of
 * METHOD SP PATH LF BODY LF and the answer's body. */
static enum reason add_exchange(const struct endpoint_request *request,
				const struct http_answer *answer, struct buf *ret)
{
	uint8_t sha256[DIGEST_SHA256_LEN];
	struct url url;

	enum reason reason = url_read(span_of_text(request->url), &url);
	if (reason != REASON_OK)
		return reason;
	const uint8_t *query = memchr(url.rest.at, '?', url.rest.len);
	if (query != NULL)
		url.rest.len = (size_t)(query - url.rest.at);
	const struct span parts[] = {
		span_of_text(request->http.method),
		SPAN_LITERAL(" "),
		url.rest.len > 0 ? url.rest : SPAN_LITERAL("/"),
		SPAN_LITERAL("\n"),
		request->http.body,
		SPAN_LITERAL("\n"),
		buf_span(&answer->body),
	};
	reason = digest_sha256(parts, sizeof(parts) / sizeof(parts[0]), sha256);
	if (reason != REASON_OK)
		return reason;
	buf_text(ret, "Sequence/1:");
	template_base64(SPAN_OF(sha256), false, ret);
	return ret->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

enum reason endpoint_document(const struct profile *profile, const struct endpoint_request *request,
			      const struct http_answer *answer, struct buf *ret_document,
			      struct buf *ret_user_data)
{
	if (answer->status != profile->status)
		return REASON_ENDPOINT_STATUS;
	enum reason reason = find_document(profile, request, answer, ret_document);
	bool is_ours = reason == REASON_OUT_OF_MEMORY || reason == REASON_ENDPOINT_EMPTY ||
		       reason == REASON_ENDPOINT_HEADER;
	/* a document is one whatever its type says; without one, the type tells best what came */
	if (reason != REASON_OK && !is_ours && is_other_type(request->media, answer))
		return REASON_ENDPOINT_TYPE;
	if (reason == REASON_OK && profile->binds_exchange)
		reason = add_exchange(request, answer, ret_user_data);
	return reason;
}
