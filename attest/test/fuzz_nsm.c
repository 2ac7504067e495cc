/* Requests to a security module and its answers: what is read, and written again by our own writer, is
 * read back as the same. The first byte says which: 0..6 an answer to that request, 7 a request. */
#include <stdio.h>
#include <stdlib.h>

#include "attest/nsm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

static bool same(struct span a, struct span b)
{
	return span_equal(a, b) && (a.at == NULL) == (b.at == NULL);
}

static void try_request(struct span bytes)
{
	struct nsm_request request;
	struct nsm_request again;
	struct buf out = { 0 };

	if (nsm_read_request(bytes, &request) != REASON_OK)
		return;
	nsm_put_request(&out, &request);
	/* what was left out is null then, and the longer for it */
	if (out.len <= NSM_REQUEST_MAX) {
		demand(nsm_read_request(buf_span(&out), &again) == REASON_OK,
		       "our own request is none");
		demand(again.op == request.op && again.number == request.number &&
			       same(again.data, request.data) && same(again.nonce, request.nonce) &&
			       same(again.user_data, request.user_data) &&
			       same(again.public_key, request.public_key),
		       "our own request is another");
	}
	buf_done(&out);
}

static void try_answer(struct span bytes, enum nsm_op op)
{
	struct nsm_answer answer;
	struct nsm_answer again;
	struct buf out = { 0 };

	enum reason reason = nsm_read_answer(bytes, op, &answer);
	if (reason == REASON_NSM_ANSWER)
		return;
	if (reason == REASON_OK)
		nsm_put_answer(&out, &answer);
	else
		nsm_put_error(&out, reason);
	demand(nsm_read_answer(buf_span(&out), op, &again) == reason, "our own answer is another");
	if (reason == REASON_OK)
		demand(again.op == answer.op && again.locked == answer.locked &&
			       span_equal(again.bytes, answer.bytes) &&
			       again.description.locked == answer.description.locked &&
			       again.description.max_pcrs == answer.description.max_pcrs &&
			       span_equal(again.description.module_id,
					  answer.description.module_id) &&
			       span_equal(again.description.digest, answer.description.digest),
		       "our own answer says something else");
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	const struct span bytes = { data + 1, size - 1 };
	if (data[0] % 8 == 7)
		try_request(bytes);
	else
		try_answer(bytes, (enum nsm_op)(data[0] % 8));
	return 0;
}
