/* The Nitro Security Module's interface: requests and answers as bytes, and the one seam through which
 * a module is asked, be it the device inside an enclave or a simulated one.
 *
 * Both are CBOR as serde writes Rust enums: a variant without fields is a text, another one a map of
 * one pair, name to map of fields.
 *
 *   "DescribeNSM"      {"DescribeNSM": {version_major, version_minor, version_patch, module_id,
 *                                       max_pcrs, locked_pcrs: [index, ...], digest}}
 *   {"Attestation": {user_data, nonce, public_key}}     {"Attestation": {document}}
 *   {"DescribePCR": {index}}                            {"DescribePCR": {lock, data}}
 *   {"ExtendPCR": {index, data}}                        {"ExtendPCR": {data}}
 *   {"LockPCR": {index}}, {"LockPCRs": {range}}         "LockPCR", "LockPCRs"
 *   "GetRandom"                                         {"GetRandom": {random}}
 *                                                       {"Error": "InvalidIndex"}, ...
 *
 * Source: aws-nitro-enclaves-nsm-api, src/api. */
#ifndef ATTEST_NSM_H
#define ATTEST_NSM_H

#include "verify/reason.h"
#include "verify/span.h"

#define NSM_REQUEST_MAX 0x1000 /* bytes that the device takes and gives at most */
#define NSM_ANSWER_MAX 0x3000
#define NSM_PCRS_MAX 32 /* registers that a description can speak of */

enum nsm_op {
	NSM_ATTESTATION,
	NSM_DESCRIBE_PCR,
	NSM_EXTEND_PCR,
	NSM_LOCK_PCR,
	NSM_LOCK_PCRS,
	NSM_DESCRIBE_NSM,
	NSM_GET_RANDOM
};

/* Spans are borrowed. */
struct nsm_request {
	enum nsm_op op;
	struct span user_data; /* Attestation: `at` NULL stands for null */
	struct span nonce;
	struct span public_key;
	uint64_t number;  /* a register's index, or how many are to be locked */
	struct span data; /* ExtendPCR */
};

struct nsm_description {
	uint64_t version_major;
	uint64_t version_minor;
	uint64_t version_patch;
	struct span module_id;
	struct span digest;
	uint64_t max_pcrs;
	uint32_t locked; /* bit i: register i */
};

struct nsm_answer {
	enum nsm_op op;
	struct span bytes; /* the document, the register's value, or random bytes */
	bool locked;       /* DescribePCR */
	struct nsm_description description;
};

/* Appends a request. */
void nsm_put_request(struct buf *out, const struct nsm_request *request);

/* Reads a request; *ret borrows. REASON_NSM_REQUEST: it is none, or longer than NSM_REQUEST_MAX. */
enum reason nsm_read_request(struct span bytes, struct nsm_request *ret) MUST_CHECK;

/* Appends an answer, or an error: a REASON_NSM_ of the module's own; any other is InternalError. */
void nsm_put_answer(struct buf *out, const struct nsm_answer *answer);
void nsm_put_error(struct buf *out, enum reason error);

/* Reads the answer to a request of this kind; *ret borrows. Fields that are not known are passed over,
 * and maps may be of indefinite length: newer modules write them so.
 * REASON_NSM_ANSWER: it is none of its form, or one to something else. What the module says itself:
 * REASON_NSM_INVALID_ARGUMENT, _INVALID_INDEX, _INVALID_RESPONSE, _READ_ONLY_INDEX,
 * _INVALID_OPERATION, _BUFFER_TOO_SMALL, _INPUT_TOO_LARGE, _INTERNAL_ERROR. */
enum reason nsm_read_answer(struct span bytes, enum nsm_op asked,
			    struct nsm_answer *ret) MUST_CHECK;

/* A module that can be asked. `exchange` appends the answer to a request; beside its own reasons it
 * may set *reterr_errno to what the system said. */
struct nsm {
	enum reason (*exchange)(void *context, struct span request, struct buf *answer,
				int *reterr_errno);
	void *context;
};

/* Asks. *ret borrows from *answer, which the caller ends with buf_done. The reasons of `exchange` and
 * of nsm_read_answer; REASON_NSM_INPUT_TOO_LARGE also where the request would be longer than
 * NSM_REQUEST_MAX; REASON_OUT_OF_MEMORY. */
enum reason nsm_ask(const struct nsm *nsm, const struct nsm_request *request, struct buf *answer,
		    struct nsm_answer *ret, int *reterr_errno) MUST_CHECK;

#endif
