#include "attest/endpoint.h"

#include <stdlib.h>
#include <string.h>

#include "attest/template.h"
#include "test/support.h"
#include "verify/basenc.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* 32 bytes whose base64 has + and /: fb f0 00 ff and then 04 05 06 ... */
static void fill_random(uint8_t ret[static ENDPOINT_RANDOM_MAX])
{
	static const uint8_t head[] = { 0xfb, 0xf0, 0x00, 0xff };

	for (size_t i = 0; i < ENDPOINT_RANDOM_MAX; i++)
		ret[i] = i < sizeof(head) ? head[i] : (uint8_t)i;
}

#define HEX20 "fbf000ff0405060708090a0b0c0d0e0f10111213"
#define HEX32 HEX20 "1415161718191a1b1c1d1e1f"
#define BASE64 "+/AA/wQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define BASE64_URL "%2B%2FAA%2FwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8%3D"
#define TEXT24 "-_AA_wQFBgcICQoLDA0ODxAREhMUFRYX"

static const struct profile generic_post = {
	.method = "PUT",
	.body = "{\"a\":[\"{nonce_hex}\",\"{nonce_base64}{nonce}\"]}",
	.nonce = PROFILE_NONCE_BYTES,
	.random_len = 32,
	.templates = true,
};

/* The request of every family, byte for byte. */
static const struct {
	const char *row;
	const char *profile; /* NULL: generic_post */
	const char *url;
	enum reason want;
	const char *method;
	const char *whole;  /* URL */
	const char *body;   /* NULL: none */
	const char *header; /* NULL: none */
	const char *nonce;  /* hex, what must come back */
} requests[] = {
	{ "odyn", "odyn", "http://127.0.0.1:8000", REASON_OK, "POST",
	  "http://127.0.0.1:8000/v1/attestation", "{\"nonce\":\"" BASE64 "\"}", NULL, HEX32 },
	{ "odyn, slash", "odyn", "http://127.0.0.1:8000/", REASON_OK, "POST",
	  "http://127.0.0.1:8000/v1/attestation", "{\"nonce\":\"" BASE64 "\"}", NULL, HEX32 },
	{ "odyn, elsewhere", "odyn", "https://a.example/app/x?y", REASON_OK, "POST",
	  "https://a.example/app/x?y", "{\"nonce\":\"" BASE64 "\"}", NULL, HEX32 },
	{ "nitriding", "nitriding", "https://a.example", REASON_OK, "GET",
	  "https://a.example/enclave/attestation?nonce=" HEX20, NULL, NULL, HEX20 },
	{ "nitriding, with a query", "nitriding", "https://a.example/x?y=1", REASON_OK, "GET",
	  "https://a.example/x?y=1&nonce=" HEX20, NULL, NULL, HEX20 },
	{ "nitriding, query without a path", "nitriding", "https://a.example?y=1", REASON_OK, "GET",
	  "https://a.example?y=1&nonce=" HEX20, NULL, NULL, HEX20 },
	{ "oyster", "oyster", "http://[::1]:1300", REASON_OK, "GET",
	  "http://[::1]:1300/attestation/raw", NULL, NULL, "" },
	{ "oyster-custom", "oyster-custom", "http://127.0.0.1:1350", REASON_OK, "GET",
	  "http://127.0.0.1:1350/attestation/raw?nonce=" HEX32, NULL, NULL, HEX32 },
	{ "oyster-custom, hex", "oyster-custom", "http://127.0.0.1:1350/attestation/hex", REASON_OK,
	  "GET", "http://127.0.0.1:1350/attestation/hex?nonce=" HEX32, NULL, NULL, HEX32 },
	{ "nautilus", "nautilus", "https://a.example:3000", REASON_OK, "GET",
	  "https://a.example:3000/get_attestation", NULL, NULL, "" },
	{ "tinfoil", "tinfoil", "https://a.example", REASON_OK, "GET",
	  "https://a.example/.well-known/tinfoil-attestation", NULL, NULL, "" },
	{ "evervault", "evervault", "https://a.example", REASON_OK, "GET",
	  "https://a.example/.well-known/attestation", NULL, NULL, "" },
	{ "sequence", "sequence", "https://a.example/rpc", REASON_OK, "GET",
	  "https://a.example/rpc", NULL, "X-Attestation-Nonce: " TEXT24,
	  "2d5f41415f7751464267634943516f4c4441304f4478415245684d5546525958" },
	{ "sequence has no path of its own", "sequence", "https://a.example", REASON_OK, "GET",
	  "https://a.example", NULL, "X-Attestation-Nonce: " TEXT24,
	  "2d5f41415f7751464267634943516f4c4441304f4478415245684d5546525958" },
	{ "auto", "auto", "https://a.example/x", REASON_OK, "GET",
	  "https://a.example/x?nonce=" HEX32, NULL, NULL, HEX32 },
	{ "generic", NULL, "https://a.example/{nonce_hex}?b={nonce_base64}", REASON_OK, "PUT",
	  "https://a.example/" HEX32 "?b=" BASE64_URL,
	  "{\"a\":[\"" HEX32 "\",\"" BASE64 "{nonce}\"]}", NULL, HEX32 },

	{ "a nonce already", "nitriding", "https://a.example/x?nonce=00", REASON_ENDPOINT_URL, NULL,
	  NULL, NULL, NULL, NULL },
	{ "a nonce among others", "auto", "https://a.example/x?a=b&nonce", REASON_ENDPOINT_URL,
	  NULL, NULL, NULL, NULL, NULL },
	{ "a nonce before others", "auto", "https://a.example/x?nonce&a", REASON_ENDPOINT_URL, NULL,
	  NULL, NULL, NULL, NULL },
	{ "something like a nonce", "auto", "https://a.example/nonce=?xnonce=1&nonces", REASON_OK,
	  "GET", "https://a.example/nonce=?xnonce=1&nonces&nonce=" HEX32, NULL, NULL, HEX32 },
	{ "a template", "odyn", "https://a.example/{nonce_hex}", REASON_ENDPOINT_URL, NULL, NULL,
	  NULL, NULL, NULL },
	{ "a brace", "oyster", "https://a.example/}", REASON_ENDPOINT_URL, NULL, NULL, NULL, NULL,
	  NULL },
	{ "no URL", "odyn", "a.example", REASON_HTTP_URL, NULL, NULL, NULL, NULL, NULL },
	{ "a user", "odyn", "https://u@a.example/", REASON_HTTP_URL, NULL, NULL, NULL, NULL, NULL },
	{ "a fragment", "odyn", "https://a.example/#x", REASON_HTTP_URL, NULL, NULL, NULL, NULL,
	  NULL },
	{ "another scheme", "odyn", "file:///etc/passwd", REASON_HTTP_URL, NULL, NULL, NULL, NULL,
	  NULL },
	{ "nothing", "odyn", "", REASON_HTTP_URL, NULL, NULL, NULL, NULL, NULL },
};

START_TEST(test_requests)
{
	uint8_t random[ENDPOINT_RANDOM_MAX];

	fill_random(random);
	for (size_t i = 0; i < LENGTH(requests); i++) {
		struct endpoint_request got;
		struct buf hex = { 0 };
		const char *row = requests[i].row;
		const struct profile *profile = requests[i].profile != NULL ?
							profile_find(requests[i].profile) :
							&generic_post;
		ck_assert_ptr_nonnull(profile);
		EXPECT_REASON(row,
			      endpoint_request(profile, requests[i].url, SPAN_OF(random), &got),
			      requests[i].want);
		if (requests[i].want != REASON_OK) {
			ck_assert_ptr_null(got.url);
			continue;
		}
		ck_assert_str_eq(got.http.method, requests[i].method);
		ck_assert_str_eq(got.http.url, requests[i].whole);
		ck_assert_msg(got.http.has_body == (requests[i].body != NULL), "%s", row);
		ck_assert_msg((got.http.content_type != NULL) == got.http.has_body, "%s", row);
		EXPECT_BYTES(row, got.http.body,
			     span_of_text(requests[i].body != NULL ? requests[i].body : ""));
		ck_assert_uint_eq(got.http.n_headers, requests[i].header != NULL ? 1 : 0);
		if (requests[i].header != NULL)
			ck_assert_str_eq(got.http.headers[0], requests[i].header);
		hex_encode(&hex, buf_span(&got.nonce));
		EXPECT_BYTES(row, buf_span(&hex), span_of_text(requests[i].nonce));
		ck_assert_msg(!got.http.retry && got.http.redirects_max == 0, "%s", row);
		ck_assert_uint_eq(got.http.body_max, HTTP_BODY_MAX);
		buf_done(&hex);
		endpoint_request_done(&got);
	}
}
END_TEST

/* Too little randomness is no nonce. */
START_TEST(test_random)
{
	static const uint8_t few[19];
	struct endpoint_request got;

	EXPECT_REASON("19 bytes",
		      endpoint_request(profile_find("nitriding"), "https://a.example", SPAN_OF(few),
				       &got),
		      REASON_CRYPTO_FAILED);
	ck_assert_ptr_null(got.url);
}
END_TEST

/* "84a0" stands for a document: how it goes on is judged elsewhere. */
#define DOC "84a0"
#define JSON "Content-Type: application/json\r\n"

static const struct profile by_pointer = {
	.status = 200, .place = PROFILE_POINTER, .at = "/a/1/b~1c", .encoding = PROFILE_HEX
};
static const struct profile by_root = {
	.status = 200, .place = PROFILE_POINTER, .at = "", .encoding = PROFILE_HEX
};

static const struct {
	const char *row;
	const char *profile; /* NULL: `own` */
	const struct profile *own;
	const char *url; /* NULL: the usual */
	long status;
	const char *headers;
	const char *body; /* text; with "hex:" before it hex digits */
	enum reason want;
	const char *document; /* hex */
} answers[] = {
	{ "odyn", "odyn", NULL, NULL, 200, "", "hex:" DOC, REASON_OK, DOC },
	{ "tagged", "odyn", NULL, NULL, 200, "", "hex:d284a0", REASON_OK, "d284a0" },
	{ "tag alone", "odyn", NULL, NULL, 200, "", "hex:d2", REASON_ENDPOINT_NO_DOCUMENT, NULL },
	{ "tag 17", "odyn", NULL, NULL, 200, "", "hex:d184", REASON_ENDPOINT_NO_DOCUMENT, NULL },
	{ "status", "odyn", NULL, NULL, 201, "", "hex:" DOC, REASON_ENDPOINT_STATUS, NULL },
	{ "empty", "odyn", NULL, NULL, 200, "", "", REASON_ENDPOINT_EMPTY, NULL },
	{ "empty page", "odyn", NULL, NULL, 200, "Content-Type: text/html\r\n", "",
	  REASON_ENDPOINT_EMPTY, NULL },
	{ "hex is not for odyn", "odyn", NULL, NULL, 200, "", DOC, REASON_ENDPOINT_NO_DOCUMENT,
	  NULL },
	{ "page", "odyn", NULL, NULL, 200, "Content-Type: text/html; charset=utf-8\r\n", "<html>",
	  REASON_ENDPOINT_TYPE, NULL },
	{ "page of our type", "odyn", NULL, NULL, 200, "Content-Type: Application/CBOR ;x=y\r\n",
	  "<html>", REASON_ENDPOINT_NO_DOCUMENT, NULL },
	{ "document of another type", "odyn", NULL, NULL, 200, "Content-Type: text/html\r\n",
	  "hex:" DOC, REASON_OK, DOC },
	{ "two types", "odyn", NULL, NULL, 200, "Content-Type: text/html\r\nContent-Type: x/y\r\n",
	  "<html>", REASON_ENDPOINT_NO_DOCUMENT, NULL },

	{ "nitriding", "nitriding", NULL, NULL, 200, "", "hKA=\n", REASON_OK, DOC },
	{ "nitriding without LF", "nitriding", NULL, NULL, 200, "", "hKA=", REASON_OK, DOC },
	{ "bad base64", "nitriding", NULL, NULL, 200, "", "hK A=", REASON_ENDPOINT_ENCODING, NULL },
	{ "only blanks", "nitriding", NULL, NULL, 200, "", "\n\n", REASON_ENDPOINT_NO_DOCUMENT,
	  NULL },
	{ "raw is not for nitriding", "nitriding", NULL, NULL, 200, "", "hex:" DOC,
	  REASON_ENDPOINT_ENCODING, NULL },

	{ "oyster raw", "oyster", NULL, NULL, 200, "", "hex:" DOC, REASON_OK, DOC },
	{ "oyster hex", "oyster", NULL, "https://a.example/attestation/hex", 200, "", "84A0",
	  REASON_OK, DOC },
	{ "oyster hex at the raw path", "oyster", NULL, NULL, 200, "", "84a0",
	  REASON_ENDPOINT_NO_DOCUMENT, NULL },
	{ "oyster-custom hex", "oyster-custom", NULL, "https://a.example/p/attestation/hex?x=y",
	  200, "", "84a0", REASON_OK, DOC },
	{ "odd hex", "oyster", NULL, "https://a.example/attestation/hex", 200, "", "84a",
	  REASON_ENDPOINT_ENCODING, NULL },

	{ "nautilus", "nautilus", NULL, NULL, 200, JSON, "{\"attestation\":\"84a0\"}", REASON_OK,
	  DOC },
	{ "nautilus, more members", "nautilus", NULL, NULL, 200, JSON,
	  " {\"x\":[1],\"attestation\":\"84a0\"}\n", REASON_OK, DOC },
	{ "another case", "nautilus", NULL, NULL, 200, JSON, "{\"Attestation\":\"84a0\"}",
	  REASON_ENDPOINT_MEMBER, NULL },
	{ "no string", "nautilus", NULL, NULL, 200, JSON, "{\"attestation\":84}",
	  REASON_ENDPOINT_MEMBER, NULL },
	{ "null", "nautilus", NULL, NULL, 200, JSON, "{\"attestation\":null}",
	  REASON_ENDPOINT_MEMBER, NULL },
	{ "a list", "nautilus", NULL, NULL, 200, JSON, "[\"84a0\"]", REASON_ENDPOINT_MEMBER, NULL },
	{ "twice", "nautilus", NULL, NULL, 200, JSON,
	  "{\"attestation\":\"84a0\",\"attestation\":\"84a0\"}", REASON_ENDPOINT_JSON, NULL },
	{ "two texts", "nautilus", NULL, NULL, 200, JSON,
	  "{\"attestation\":\"84a0\"}{\"attestation\":\"84a0\"}", REASON_ENDPOINT_JSON, NULL },
	{ "cut", "nautilus", NULL, NULL, 200, JSON, "{\"attestation\":\"84", REASON_ENDPOINT_JSON,
	  NULL },
	{ "blank JSON", "nautilus", NULL, NULL, 200, JSON, "  ", REASON_ENDPOINT_EMPTY, NULL },
	{ "empty string", "nautilus", NULL, NULL, 200, JSON, "{\"attestation\":\"\"}",
	  REASON_ENDPOINT_EMPTY, NULL },
	{ "base64 is not for nautilus", "nautilus", NULL, NULL, 200, JSON,
	  "{\"attestation\":\"hKA=\"}", REASON_ENDPOINT_ENCODING, NULL },

	{ "tinfoil", "tinfoil", NULL, NULL, 201, JSON,
	  "{\"format\":\"https://tinfoil.sh/predicate/aws-nitro-enclave/v1\",\"body\":\"hKA=\"}",
	  REASON_OK, DOC },
	{ "tinfoil, 200", "tinfoil", NULL, NULL, 200, JSON,
	  "{\"format\":\"https://tinfoil.sh/predicate/aws-nitro-enclave/v1\",\"body\":\"hKA=\"}",
	  REASON_ENDPOINT_STATUS, NULL },
	{ "tinfoil, other platform", "tinfoil", NULL, NULL, 201, JSON,
	  "{\"format\":\"https://tinfoil.sh/predicate/sev-snp-guest/v1\",\"body\":\"hKA=\"}",
	  REASON_ENDPOINT_FORMAT, NULL },
	{ "tinfoil, no format", "tinfoil", NULL, NULL, 201, JSON, "{\"body\":\"hKA=\"}",
	  REASON_ENDPOINT_FORMAT, NULL },
	{ "evervault", "evervault", NULL, NULL, 200, JSON, "{\"attestation_doc\":\"hKA=\"}",
	  REASON_OK, DOC },

	{ "sequence", "sequence", NULL, NULL, 200, "x-attestation-document:  hKA= \r\n", "any",
	  REASON_OK, DOC },
	{ "sequence, none", "sequence", NULL, NULL, 200, "", "hKA=", REASON_ENDPOINT_HEADER, NULL },
	{ "sequence, two", "sequence", NULL, NULL, 200,
	  "X-Attestation-Document: hKA=\r\nX-Attestation-Document: hKA=\r\n", "any",
	  REASON_ENDPOINT_HEADER, NULL },
	{ "sequence, bad", "sequence", NULL, NULL, 200, "X-Attestation-Document: h\r\n", "any",
	  REASON_ENDPOINT_ENCODING, NULL },

	{ "auto raw", "auto", NULL, NULL, 200, "", "hex:" DOC, REASON_OK, DOC },
	{ "auto hex", "auto", NULL, NULL, 200, "", "0x84a0\n", REASON_OK, DOC },
	{ "auto base64", "auto", NULL, NULL, 200, "", "hKA", REASON_OK, DOC },
	{ "auto JSON", "auto", NULL, NULL, 200, "", "\n{\"document\":\"hKA\",\"doc\":\"x\"}",
	  REASON_OK, DOC },
	{ "auto two", "auto", NULL, NULL, 200, "", "{\"document\":\"hKA\",\"body\":null}",
	  REASON_ENDPOINT_TWO_DOCUMENTS, NULL },
	{ "auto none", "auto", NULL, NULL, 200, "", "{\"doc\":\"hKA\"}", REASON_ENDPOINT_MEMBER,
	  NULL },
	{ "auto text", "auto", NULL, NULL, 200, "", "<html>", REASON_ENDPOINT_ENCODING, NULL },
	{ "auto other", "auto", NULL, NULL, 200, "", "hex:0000", REASON_ENDPOINT_NO_DOCUMENT,
	  NULL },

	{ "pointer", NULL, &by_pointer, NULL, 200, "", "{\"a\":[0,{\"b/c\":\"84a0\"}]}", REASON_OK,
	  DOC },
	{ "pointer past the end", NULL, &by_pointer, NULL, 200, "", "{\"a\":[0]}",
	  REASON_ENDPOINT_MEMBER, NULL },
	{ "pointer through a string", NULL, &by_pointer, NULL, 200, "", "{\"a\":\"x\"}",
	  REASON_ENDPOINT_MEMBER, NULL },
	{ "pointer by key 1", NULL, &by_pointer, NULL, 200, "",
	  "{\"a\":{\"1\":{\"b/c\":\"84a0\"}}}", REASON_OK, DOC },
	{ "pointer to all", NULL, &by_root, NULL, 200, "", "\"84a0\"", REASON_OK, DOC },
	{ "pointer to all, no string", NULL, &by_root, NULL, 200, "", "{}", REASON_ENDPOINT_MEMBER,
	  NULL },
};

static struct http_answer make_answer(long status, const char *headers, struct span body)
{
	struct http_answer answer = { .status = status };

	buf_printf(&answer.headers, "HTTP/1.1 %ld X\r\n%s\r\n", status, headers);
	buf_add(&answer.body, body);
	return answer;
}

static enum reason read_answer(const struct profile *profile, const char *url,
			       const struct http_answer *answer, struct buf *document,
			       struct buf *user_data)
{
	uint8_t random[ENDPOINT_RANDOM_MAX];
	struct endpoint_request request;

	fill_random(random);
	EXPECT_REASON("request",
		      endpoint_request(profile, url != NULL ? url : "https://a.example/",
				       SPAN_OF(random), &request),
		      REASON_OK);
	enum reason reason = endpoint_document(profile, &request, answer, document, user_data);
	endpoint_request_done(&request);
	return reason;
}

START_TEST(test_answers)
{
	for (size_t i = 0; i < LENGTH(answers); i++) {
		const struct profile *profile =
			answers[i].own != NULL ? answers[i].own : profile_find(answers[i].profile);
		bool in_hex = strncmp(answers[i].body, "hex:", 4) == 0;
		struct buf bytes = in_hex ? support_hex(answers[i].body + 4) : (struct buf){ 0 };
		struct http_answer answer =
			make_answer(answers[i].status, answers[i].headers,
				    in_hex ? buf_span(&bytes) : span_of_text(answers[i].body));
		struct buf document = { 0 };
		struct buf user_data = { 0 };
		EXPECT_REASON(answers[i].row,
			      read_answer(profile, answers[i].url, &answer, &document, &user_data),
			      answers[i].want);
		if (answers[i].want == REASON_OK) {
			struct buf wanted = support_hex(answers[i].document);
			EXPECT_BYTES(answers[i].row, buf_span(&document), buf_span(&wanted));
			buf_done(&wanted);
		}
		ck_assert((user_data.len > 0) ==
			  (answers[i].want == REASON_OK && profile->binds_exchange));
		buf_done(&document);
		buf_done(&user_data);
		buf_done(&bytes);
		http_answer_done(&answer);
	}
}
END_TEST

/* A compressed document: one member, whole, within a document's bounds. */
START_TEST(test_gzip)
{
	static const struct {
		const char *row;
		const char *gzip;
		enum reason want;
	} rows[] = {
		{ "compressed", "1f8b0800000000000003 6b590000 CRC 02000000", REASON_OK },
		{ "stored", "1f8b0800000000000003 01 0200 fdff 84a0 CRC 02000000", REASON_OK },
		{ "wrong CRC", "1f8b0800000000000003 01 0200 fdff 84a0 00000000 02000000",
		  REASON_ENDPOINT_GZIP },
		{ "cut", "1f8b0800000000000003 01 0200 fdff 84a0", REASON_ENDPOINT_GZIP },
		{ "more behind it", "1f8b0800000000000003 01 0200 fdff 84a0 CRC 02000000 00",
		  REASON_ENDPOINT_GZIP },
		{ "header alone", "1f8b", REASON_ENDPOINT_GZIP },
		{ "32770 times 84",
		  "1f8b0800000000000003 edc101010000008090f30def080a00000000000000000000000000000000000000000000000000000000000000a801 1cad6eea 02800000",
		  REASON_ENDPOINT_GZIP },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf text = { 0 };
		struct buf base64 = { 0 };
		struct buf document = { 0 };
		struct buf user_data = { 0 };
		const char *crc = strstr(rows[i].gzip, "CRC");
		buf_add(&text, (struct span){ (const uint8_t *)rows[i].gzip,
					      crc != NULL ? (size_t)(crc - rows[i].gzip) :
							    strlen(rows[i].gzip) });
		if (crc != NULL)
			buf_printf(&text, "%s%s", "58ece0c8", crc + 3);
		char *hex = buf_take_text(&text);
		struct buf bytes = support_hex(hex);
		template_base64(buf_span(&bytes), false, &base64);
		buf_printf(&text,
			   "{\"format\":\"https://tinfoil.sh/predicate/aws-nitro-enclave/v1\","
			   "\"body\":\"%.*s\"}",
			   (int)base64.len, (const char *)base64.at);
		struct http_answer answer = make_answer(201, JSON, buf_span(&text));
		EXPECT_REASON(
			rows[i].row,
			read_answer(profile_find("tinfoil"), NULL, &answer, &document, &user_data),
			rows[i].want);
		http_answer_done(&answer);
		buf_done(&text);
		buf_done(&base64);
		buf_done(&document);
		buf_done(&user_data);
		buf_done(&bytes);
		free(hex);
	}
}
END_TEST

/* Sequence signs over method, path without query, and both bodies. printf 'GET /rpc\n\nany' | openssl
 * dgst -sha256 -binary | base64 */
START_TEST(test_exchange)
{
	static const struct {
		const char *url;
		const char *want;
	} rows[] = {
		{ "https://a.example/rpc",
		  "Sequence/1:18d08VO0FB30fRvlrbnvA0K7Seya2+d3wePSlPyunNI=" },
		{ "https://a.example/rpc?x=y",
		  "Sequence/1:18d08VO0FB30fRvlrbnvA0K7Seya2+d3wePSlPyunNI=" },
		{ "https://a.example", "Sequence/1:kDgirkDEPZYah7KX9CtR1DevcwUnBZhTRs092PzMi6s=" },
		{ "https://a.example/", "Sequence/1:kDgirkDEPZYah7KX9CtR1DevcwUnBZhTRs092PzMi6s=" },
	};
	struct http_answer answer =
		make_answer(200, "X-Attestation-Document: hKA=\r\n", SPAN_LITERAL("any"));

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf document = { 0 };
		struct buf user_data = { 0 };
		EXPECT_REASON(rows[i].url,
			      read_answer(profile_find("sequence"), rows[i].url, &answer, &document,
					  &user_data),
			      REASON_OK);
		EXPECT_BYTES(rows[i].url, buf_span(&user_data), span_of_text(rows[i].want));
		buf_done(&document);
		buf_done(&user_data);
	}
	http_answer_done(&answer);
}
END_TEST

START_TEST(test_pointers)
{
	static const struct {
		const char *text;
		bool is;
	} rows[] = {
		{ "", true },          { "/", true },     { "/a", true },
		{ "/a/0/~0~1", true }, { "a", false },    { "a/b", false },
		{ "/a~", false },      { "/a~2", false }, { "/~01", true },
	};

	for (size_t i = 0; i < LENGTH(rows); i++)
		ck_assert_msg(endpoint_is_pointer(rows[i].text) == rows[i].is, "%s", rows[i].text);
}
END_TEST

START_TEST(test_base64)
{
	/* RFC 4648 section 10 */
	static const struct {
		const char *text;
		const char *standard;
		const char *url;
	} rows[] = {
		{ "", "", "" },
		{ "f", "Zg==", "Zg" },
		{ "fo", "Zm8=", "Zm8" },
		{ "foo", "Zm9v", "Zm9v" },
		{ "foob", "Zm9vYg==", "Zm9vYg" },
		{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
		{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
		{ "\xfb\xff", "+/8=", "-_8" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf out = { 0 };
		template_base64(span_of_text(rows[i].text), false, &out);
		EXPECT_BYTES(rows[i].text, buf_span(&out), span_of_text(rows[i].standard));
		out.len = 0;
		template_base64(span_of_text(rows[i].text), true, &out);
		EXPECT_BYTES(rows[i].text, buf_span(&out), span_of_text(rows[i].url));
		buf_done(&out);
	}
	ck_assert(!template_uses_nonce(NULL));
	ck_assert(!template_uses_nonce("{nonce}{nonce_hex"));
	ck_assert(template_uses_nonce("x{{nonce_hex}"));
}
END_TEST

/* Every family is found by its name, and only so; the list in messages names them all. */
START_TEST(test_profiles)
{
	struct buf names = { 0 };

	for (size_t i = 0; i < PROFILES; i++) {
		const struct profile *p = &profiles[i];
		ck_assert_ptr_eq(profile_find(p->name), p);
		buf_printf(&names, "%s%s", i > 0 ? " " : "", p->name);
		ck_assert_msg((p->nonce == PROFILE_NONCE_NONE) == (p->random_len == 0), "%s",
			      p->name);
		ck_assert_uint_le(p->random_len, ENDPOINT_RANDOM_MAX);
		ck_assert_msg(p->random_len == 0 || p->random_len >= 20, "%s", p->name);
	}
	EXPECT_BYTES("names", buf_span(&names), span_of_text(profile_names));
	ck_assert_ptr_null(profile_find("Odyn"));
	ck_assert_ptr_null(profile_find(""));
	buf_done(&names);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("endpoint");

	support_add(suite, "profiles", test_profiles);
	support_add(suite, "requests", test_requests);
	support_add(suite, "randomness", test_random);
	support_add(suite, "answers", test_answers);
	support_add(suite, "gzip", test_gzip);
	support_add(suite, "exchange", test_exchange);
	support_add(suite, "JSON pointers", test_pointers);
	support_add(suite, "base64", test_base64);
	return support_main(suite);
}
