#include "attest/simulate.h"

#include "attest/ecsign.h"
#include "verify/cborw.h"
#include "verify/claims.h"
#include "verify/cose.h"
#include "verify/ecdsa.h"

#define ROLE_ARN "arn:aws:iam::000000000000:role/simulated"
#define BOOT_LOCKED 0xffffU
#define RANDOM_LEN 256 /* bytes that one GetRandom gives */

/* {1: -35}, ES384 */
static const uint8_t es384[] = { 0xa1, 0x01, 0x38, 0x22 };

static struct span register_of(const struct simulate *simulate, unsigned index)
{
	return (struct span){ simulate->pcrs.value[index], PCR_LEN };
}

enum reason simulate_set_pcrs(struct simulate *simulate, const struct pcrs *pcrs)
{
	const struct {
		unsigned index;
		struct span text;
	} made[] = {
		{ 3, SPAN_LITERAL(ROLE_ARN) },
		{ 4, { (const uint8_t *)simulate->chain.module_id, SIMCHAIN_INSTANCE_ID_LEN } },
	};

	simulate->pcrs = (struct pcrs){ .present = 0 };
	for (unsigned i = 0; i < PCR_COUNT; i++) {
		if (pcrs_has(pcrs, i))
			pcrs_set(&simulate->pcrs, i, pcrs->value[i]);
	}
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		uint8_t value[PCR_LEN];
		if (pcrs_has(pcrs, made[i].index))
			continue;
		enum reason reason = pcr_extend(made[i].text, value);
		if (reason != REASON_OK)
			return reason;
		pcrs_set(&simulate->pcrs, made[i].index, value);
	}
	simulate->locked = BOOT_LOCKED | simulate->pcrs.present;
	return REASON_OK;
}

/* The payload as modules write it since June 2025: a map of indefinite length, the locked registers in
 * it. */
static void put_payload(const struct simulate *simulate, const struct nsm_request *request,
			uint64_t now_ms, struct buf *out)
{
	unsigned locked = 0;

	for (unsigned i = 0; i < PCR_COUNT; i++)
		locked += simulate->locked >> i & 1U;
	buf_byte(out, 0xbf);
	cbw_key(out, "module_id");
	cbw_key(out, simulate->chain.module_id);
	cbw_key(out, "digest");
	cbw_key(out, "SHA384");
	cbw_key(out, "timestamp");
	cbw_uint(out, now_ms);
	cbw_key(out, "pcrs");
	cbw_map(out, locked);
	for (unsigned i = 0; i < PCR_COUNT; i++) {
		if ((simulate->locked >> i & 1U) == 0)
			continue;
		cbw_uint(out, i);
		cbw_bytes(out, register_of(simulate, i));
	}
	cbw_key(out, "certificate");
	cbw_bytes(out, buf_span(&simulate->chain.ders[SIMCHAIN_LEAF]));
	cbw_key(out, "cabundle");
	cbw_array(out, SIMCHAIN_LEAF);
	for (int i = SIMCHAIN_ROOT; i < SIMCHAIN_LEAF; i++)
		cbw_bytes(out, buf_span(&simulate->chain.ders[i]));
	cbw_key(out, "public_key");
	cbw_bytes_or_null(out, request->public_key);
	cbw_key(out, "user_data");
	cbw_bytes_or_null(out, request->user_data);
	cbw_key(out, "nonce");
	cbw_bytes_or_null(out, request->nonce);
	buf_byte(out, 0xff);
}

/* Appends the COSE_Sign1 over a payload (RFC 9052 sections 4.2 and 4.4). */
static enum reason put_document(const struct simulate *simulate, struct span payload,
				struct buf *out)
{
	uint8_t signature[2 * ECDSA_P384_LEN];
	struct buf message = { 0 };

	cbw_array(&message, 4);
	cbw_key(&message, "Signature1");
	cbw_bytes(&message, SPAN_OF(es384));
	cbw_bytes(&message, (struct span){ NULL, 0 });
	cbw_bytes(&message, payload);
	enum reason reason = message.failed ? REASON_OUT_OF_MEMORY :
					      ecsign(simulate->chain.keys[SIMCHAIN_LEAF], "SHA384",
						     ECDSA_P384_LEN, buf_span(&message), signature);
	buf_done(&message);
	if (reason != REASON_OK)
		return reason;
	cbw_array(out, 4);
	cbw_bytes(out, SPAN_OF(es384));
	cbw_map(out, 0);
	cbw_bytes(out, payload);
	cbw_bytes(out, SPAN_OF(signature));
	return out->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

static enum reason attest(struct simulate *simulate, const struct nsm_request *request,
			  struct buf *answer)
{
	struct nsm_answer done = { .op = NSM_ATTESTATION };
	struct buf payload = { 0 };
	struct buf document = { 0 };

	if (request->public_key.len > CLAIMS_OPTIONAL_MAX ||
	    request->user_data.len > CLAIMS_OPTIONAL_MAX ||
	    request->nonce.len > CLAIMS_OPTIONAL_MAX)
		return REASON_NSM_INVALID_ARGUMENT;
	int64_t now_ms = simulate->clock_ms();
	if (now_ms < 0)
		return REASON_SIMULATE_TIME;
	enum reason reason = simchain_refresh(&simulate->chain, now_ms / 1000);
	if (reason != REASON_OK)
		return reason;
	put_payload(simulate, request, (uint64_t)now_ms, &payload);
	reason = payload.failed ? REASON_OUT_OF_MEMORY :
				  put_document(simulate, buf_span(&payload), &document);
	if (reason == REASON_OK) {
		done.bytes = buf_span(&document);
		nsm_put_answer(answer, &done);
	}
	buf_done(&payload);
	buf_done(&document);
	return reason;
}

static enum reason extend(struct simulate *simulate, const struct nsm_request *request,
			  struct buf *answer)
{
	struct nsm_answer done = { .op = NSM_EXTEND_PCR };

	if (request->number >= PCR_COUNT)
		return REASON_NSM_INVALID_INDEX;
	unsigned index = (unsigned)request->number;
	if ((simulate->locked >> index & 1U) != 0)
		return REASON_NSM_READ_ONLY_INDEX;
	const struct span parts[] = { register_of(simulate, index), request->data };
	uint8_t value[PCR_LEN];
	enum reason reason = digest_sha384(parts, 2, value);
	if (reason != REASON_OK)
		return reason;
	pcrs_set(&simulate->pcrs, index, value);
	done.bytes = register_of(simulate, index);
	nsm_put_answer(answer, &done);
	return REASON_OK;
}

static enum reason lock(struct simulate *simulate, const struct nsm_request *request,
			struct buf *answer)
{
	const struct nsm_answer done = { .op = request->op };

	if (request->op == NSM_LOCK_PCRS) {
		if (request->number > PCR_COUNT)
			return REASON_NSM_INVALID_INDEX;
		for (unsigned i = 0; i < request->number; i++)
			simulate->locked |= UINT32_C(1) << i;
	} else {
		if (request->number >= PCR_COUNT)
			return REASON_NSM_INVALID_INDEX;
		if ((simulate->locked >> request->number & 1U) != 0)
			return REASON_NSM_READ_ONLY_INDEX;
		simulate->locked |= UINT32_C(1) << request->number;
	}
	nsm_put_answer(answer, &done);
	return REASON_OK;
}

static enum reason describe(const struct simulate *simulate, const struct nsm_request *request,
			    struct buf *answer)
{
	struct nsm_answer done = { .op = request->op };

	if (request->op == NSM_DESCRIBE_NSM) {
		done.description = (struct nsm_description){
			.version_major = 1,
			.module_id = span_of_text(simulate->chain.module_id),
			.digest = SPAN_LITERAL("SHA384"),
			.max_pcrs = PCR_COUNT,
			.locked = simulate->locked,
		};
	} else {
		if (request->number >= PCR_COUNT)
			return REASON_NSM_INVALID_INDEX;
		done.bytes = register_of(simulate, (unsigned)request->number);
		done.locked = (simulate->locked >> request->number & 1U) != 0;
	}
	nsm_put_answer(answer, &done);
	return REASON_OK;
}

static enum reason get_random(const struct simulate *simulate, struct buf *answer)
{
	uint8_t bytes[RANDOM_LEN];
	const struct nsm_answer done = { .op = NSM_GET_RANDOM, .bytes = SPAN_OF(bytes) };

	if (!simulate->random(bytes, sizeof(bytes)))
		return REASON_CRYPTO_FAILED;
	nsm_put_answer(answer, &done);
	return REASON_OK;
}

static enum reason serve_request(struct simulate *simulate, const struct nsm_request *request,
				 struct buf *answer)
{
	switch (request->op) {
	case NSM_ATTESTATION:
		return attest(simulate, request, answer);
	case NSM_EXTEND_PCR:
		return extend(simulate, request, answer);
	case NSM_LOCK_PCR:
	case NSM_LOCK_PCRS:
		return lock(simulate, request, answer);
	case NSM_DESCRIBE_PCR:
	case NSM_DESCRIBE_NSM:
		return describe(simulate, request, answer);
	case NSM_GET_RANDOM:
		return get_random(simulate, answer);
	}
	return REASON_NSM_INVALID_OPERATION;
}

/* What a module would say itself comes as an error in the answer, as from a module; this machine's own
 * trouble does not. */
static enum reason exchange(void *context, struct span request, struct buf *answer,
			    int *reterr_errno)
{
	struct simulate *simulate = context;
	struct nsm_request asked;

	*reterr_errno = 0;
	enum reason reason = nsm_read_request(request, &asked);
	if (reason == REASON_OK)
		reason = serve_request(simulate, &asked, answer);
	else
		reason = REASON_NSM_INVALID_OPERATION;
	if (reason == REASON_NSM_INVALID_ARGUMENT || reason == REASON_NSM_INVALID_INDEX ||
	    reason == REASON_NSM_READ_ONLY_INDEX || reason == REASON_NSM_INVALID_OPERATION) {
		nsm_put_error(answer, reason);
		reason = REASON_OK;
	}
	return reason == REASON_OK && answer->failed ? REASON_OUT_OF_MEMORY : reason;
}

struct nsm simulate_nsm(struct simulate *simulate)
{
	return (struct nsm){ exchange, simulate };
}

void simulate_done(struct simulate *simulate)
{
	simchain_done(&simulate->chain);
}
