/* Answers of enclaves of every family. The first byte chooses the family and, by its high bit, the status; then
 * come two bytes of length and so many bytes of the answer's headers; the rest is its body. */
#include <stdlib.h>

#include "attest/endpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t random[ENDPOINT_RANDOM_MAX];
	static const struct profile by_pointer = { .name = "pointer",
						   .method = "GET",
						   .status = 200,
						   .place = PROFILE_POINTER,
						   .at = "/a/1/~0b~1",
						   .encoding = PROFILE_ANY_ENCODING };
	struct span input = { data, size };
	struct span head;
	uint64_t choice;
	uint64_t len;
	struct endpoint_request request;
	struct http_answer answer = { .status = 0 };
	struct buf document = { 0 };
	struct buf user_data = { 0 };

	if (!span_be(&input, 1, &choice) || !span_be(&input, 2, &len) ||
	    !span_take(&input, (size_t)len, &head))
		return 0;
	size_t family = choice & 0x0f;
	const struct profile *profile = family < PROFILES ? &profiles[family] : &by_pointer;
	const char *url =
		(choice & 0x40) != 0 ? "https://a.example/attestation/hex" : "https://a.example";
	if (endpoint_request(profile, url, SPAN_OF(random), &request) != REASON_OK)
		abort();
	answer.status = (choice & 0x80) != 0 ? 404 : profile->status;
	buf_text(&answer.headers, "HTTP/1.1 200 OK\r\n");
	buf_add(&answer.headers, head);
	buf_text(&answer.headers, "\r\n");
	buf_add(&answer.body, input);
	enum reason reason = endpoint_document(profile, &request, &answer, &document, &user_data);
	if (reason == REASON_OK) {
		/* what is handed on begins as a document does, and only then */
		if (answer.status != profile->status || document.len == 0 ||
		    (document.at[0] != 0x84 &&
		     (document.len < 2 || document.at[0] != 0xd2 || document.at[1] != 0x84)))
			abort();
		if (profile->binds_exchange != (user_data.len > 0))
			abort();
	} else if (reason == REASON_TEXT_ENCODING) {
		abort(); /* told in the words of this room */
	}
	buf_done(&document);
	buf_done(&user_data);
	endpoint_request_done(&request);
	http_answer_done(&answer);
	return 0;
}
