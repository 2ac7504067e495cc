#include "attest/nsm.h"

#include "verify/cbor.h"
#include "verify/cborw.h"

static const char *const op_names[] = {
	[NSM_ATTESTATION] = "Attestation", [NSM_DESCRIBE_PCR] = "DescribePCR",
	[NSM_EXTEND_PCR] = "ExtendPCR",    [NSM_LOCK_PCR] = "LockPCR",
	[NSM_LOCK_PCRS] = "LockPCRs",      [NSM_DESCRIBE_NSM] = "DescribeNSM",
	[NSM_GET_RANDOM] = "GetRandom",
};

#define OPS (sizeof(op_names) / sizeof(op_names[0]))

static const struct {
	const char *name;
	enum reason reason;
} errors[] = {
	{ "InvalidArgument", REASON_NSM_INVALID_ARGUMENT },
	{ "InvalidIndex", REASON_NSM_INVALID_INDEX },
	{ "InvalidResponse", REASON_NSM_INVALID_RESPONSE },
	{ "ReadOnlyIndex", REASON_NSM_READ_ONLY_INDEX },
	{ "InvalidOperation", REASON_NSM_INVALID_OPERATION },
	{ "BufferTooSmall", REASON_NSM_BUFFER_TOO_SMALL },
	{ "InputTooLarge", REASON_NSM_INPUT_TOO_LARGE },
	{ "InternalError", REASON_NSM_INTERNAL_ERROR },
};

#define ERRORS (sizeof(errors) / sizeof(errors[0]))

static bool find_op(struct span name, enum nsm_op *ret)
{
	for (size_t i = 0; i < OPS; i++) {
		if (span_equal(name, span_of_text(op_names[i]))) {
			*ret = (enum nsm_op)i;
			return true;
		}
	}
	return false;
}

/* One field of a variant: where its value goes says of what kind it is. */
struct field {
	const char *name;
	struct span *bytes;
	struct span *text;
	uint64_t *number;
	bool *flag;
	uint32_t *set; /* an array of indices below NSM_PCRS_MAX, one bit each */
	bool or_null;  /* a byte string that may be null or left out */
	bool seen;
};

static bool read_flag(struct cbr *r, bool *ret)
{
	struct cbr_item item;

	if (cbr_next(r, &item) != REASON_OK || item.kind != CBR_SIMPLE || item.value < 20 ||
	    item.value > 21)
		return false;
	*ret = item.value == 21;
	return true;
}

static bool read_set(struct cbr *r, uint32_t *ret)
{
	uint64_t count;
	uint64_t index;
	uint32_t set = 0;

	if (cbr_array(r, REASON_NSM_ANSWER, &count) != REASON_OK || count > NSM_PCRS_MAX)
		return false;
	for (uint64_t i = 0; i < count; i++) {
		if (cbr_uint(r, REASON_NSM_ANSWER, &index) != REASON_OK || index >= NSM_PCRS_MAX)
			return false;
		set |= UINT32_C(1) << index;
	}
	*ret = set;
	return true;
}

static bool read_value(struct cbr *r, const struct field *field)
{
	if (field->or_null && cbr_null(r, REASON_NSM_ANSWER) == REASON_OK)
		return true;
	if (field->bytes != NULL)
		return cbr_bytes(r, REASON_NSM_ANSWER, field->bytes) == REASON_OK;
	if (field->text != NULL)
		return cbr_text(r, REASON_NSM_ANSWER, field->text) == REASON_OK;
	if (field->number != NULL)
		return cbr_uint(r, REASON_NSM_ANSWER, field->number) == REASON_OK;
	return field->flag != NULL ? read_flag(r, field->flag) : read_set(r, field->set);
}

static struct field *find_field(struct field fields[], size_t n, struct span name)
{
	for (size_t i = 0; i < n; i++) {
		if (span_equal(name, span_of_text(fields[i].name)))
			return &fields[i];
	}
	return NULL;
}

/* A map with every one of these fields, each once, in any order. */
static bool read_fields(struct cbr *r, struct field fields[], size_t n)
{
	struct span name;
	uint64_t pairs;

	if (cbr_map_any(r, REASON_NSM_ANSWER, &pairs) != REASON_OK)
		return false;
	for (uint64_t i = 0; !cbr_closed(r, pairs, i); i++) {
		if (cbr_text(r, REASON_NSM_ANSWER, &name) != REASON_OK)
			return false;
		struct field *field = find_field(fields, n, name);
		if (field == NULL) {
			if (cbr_skip(r, 8) != REASON_OK)
				return false;
			continue;
		}
		if (field->seen || !read_value(r, field))
			return false;
		field->seen = true;
	}
	for (size_t i = 0; i < n; i++) {
		if (!fields[i].seen && !fields[i].or_null)
			return false;
	}
	return true;
}

/* The variant's name. *ret_pairs: of the map around it, 0 where it stands alone. */
static bool read_name(struct cbr *r, struct span *ret_name, uint64_t *ret_pairs)
{
	*ret_pairs = 0;
	if (cbr_peek(r) == CBR_TEXT)
		return cbr_text(r, REASON_NSM_ANSWER, ret_name) == REASON_OK;
	return cbr_map_any(r, REASON_NSM_ANSWER, ret_pairs) == REASON_OK && *ret_pairs > 0 &&
	       cbr_text(r, REASON_NSM_ANSWER, ret_name) == REASON_OK;
}

/* The end of the one pair, and of everything. */
static bool read_end(struct cbr *r, uint64_t pairs)
{
	return (pairs == 0 || cbr_closed(r, pairs, 1)) &&
	       cbr_end(r, REASON_NSM_ANSWER) == REASON_OK;
}

void nsm_put_request(struct buf *out, const struct nsm_request *request)
{
	const char *name = op_names[request->op];

	if (request->op == NSM_DESCRIBE_NSM || request->op == NSM_GET_RANDOM) {
		cbw_key(out, name);
		return;
	}
	cbw_map(out, 1);
	cbw_key(out, name);
	if (request->op == NSM_ATTESTATION) {
		cbw_map(out, 3);
		cbw_key(out, "user_data");
		cbw_bytes_or_null(out, request->user_data);
		cbw_key(out, "nonce");
		cbw_bytes_or_null(out, request->nonce);
		cbw_key(out, "public_key");
		cbw_bytes_or_null(out, request->public_key);
		return;
	}
	cbw_map(out, request->op == NSM_EXTEND_PCR ? 2 : 1);
	cbw_key(out, request->op == NSM_LOCK_PCRS ? "range" : "index");
	cbw_uint(out, request->number);
	if (request->op == NSM_EXTEND_PCR) {
		cbw_key(out, "data");
		cbw_bytes(out, request->data);
	}
}

static bool read_request(struct cbr *r, struct nsm_request *ret)
{
	struct field attestation[] = {
		{ .name = "user_data", .or_null = true, .bytes = &ret->user_data },
		{ .name = "nonce", .or_null = true, .bytes = &ret->nonce },
		{ .name = "public_key", .or_null = true, .bytes = &ret->public_key },
	};
	struct field numbered[] = {
		{ .name = "index", .number = &ret->number },
		{ .name = "data", .bytes = &ret->data },
	};
	struct span name;
	uint64_t pairs;

	if (!read_name(r, &name, &pairs) || !find_op(name, &ret->op))
		return false;
	bool alone = ret->op == NSM_DESCRIBE_NSM || ret->op == NSM_GET_RANDOM;
	if (alone || pairs == 0)
		return alone && pairs == 0 && read_end(r, pairs);
	if (ret->op == NSM_LOCK_PCRS)
		numbered[0].name = "range";
	bool read = ret->op == NSM_ATTESTATION ?
			    read_fields(r, attestation, 3) :
			    read_fields(r, numbered, ret->op == NSM_EXTEND_PCR ? 2 : 1);
	return read && read_end(r, pairs);
}

enum reason nsm_read_request(struct span bytes, struct nsm_request *ret)
{
	struct nsm_request request = { .op = NSM_ATTESTATION };
	struct cbr r = cbr_over(bytes);

	if (bytes.len > NSM_REQUEST_MAX || !read_request(&r, &request))
		return REASON_NSM_REQUEST;
	*ret = request;
	return REASON_OK;
}

static void put_description(struct buf *out, const struct nsm_description *description)
{
	unsigned locked = 0;

	for (unsigned i = 0; i < NSM_PCRS_MAX; i++)
		locked += description->locked >> i & 1U;
	cbw_map(out, 7);
	cbw_key(out, "version_major");
	cbw_uint(out, description->version_major);
	cbw_key(out, "version_minor");
	cbw_uint(out, description->version_minor);
	cbw_key(out, "version_patch");
	cbw_uint(out, description->version_patch);
	cbw_key(out, "module_id");
	cbw_text(out, description->module_id);
	cbw_key(out, "max_pcrs");
	cbw_uint(out, description->max_pcrs);
	cbw_key(out, "locked_pcrs");
	cbw_array(out, locked);
	for (unsigned i = 0; i < NSM_PCRS_MAX; i++) {
		if ((description->locked >> i & 1U) != 0)
			cbw_uint(out, i);
	}
	cbw_key(out, "digest");
	cbw_text(out, description->digest);
}

void nsm_put_answer(struct buf *out, const struct nsm_answer *answer)
{
	if (answer->op == NSM_LOCK_PCR || answer->op == NSM_LOCK_PCRS) {
		cbw_key(out, op_names[answer->op]);
		return;
	}
	cbw_map(out, 1);
	cbw_key(out, op_names[answer->op]);
	if (answer->op == NSM_DESCRIBE_NSM) {
		put_description(out, &answer->description);
		return;
	}
	cbw_map(out, answer->op == NSM_DESCRIBE_PCR ? 2 : 1);
	if (answer->op == NSM_DESCRIBE_PCR) {
		cbw_key(out, "lock");
		cbw_bool(out, answer->locked);
	}
	cbw_key(out, answer->op == NSM_ATTESTATION ? "document" :
		     answer->op == NSM_GET_RANDOM  ? "random" :
						     "data");
	cbw_bytes(out, answer->bytes);
}

void nsm_put_error(struct buf *out, enum reason error)
{
	const char *name = "InternalError";

	for (size_t i = 0; i < ERRORS; i++) {
		if (errors[i].reason == error)
			name = errors[i].name;
	}
	cbw_map(out, 1);
	cbw_key(out, "Error");
	cbw_key(out, name);
}

/* {"Error": NAME}, the name being next. "Success" as an error makes no sense and is not in the table. */
static enum reason read_error(struct cbr *r, uint64_t pairs)
{
	struct span name;

	if (cbr_text(r, REASON_NSM_ANSWER, &name) != REASON_OK || !read_end(r, pairs))
		return REASON_NSM_ANSWER;
	for (size_t i = 0; i < ERRORS; i++) {
		if (span_equal(name, span_of_text(errors[i].name)))
			return errors[i].reason;
	}
	return REASON_NSM_ANSWER;
}

static bool read_answer_fields(struct cbr *r, struct nsm_answer *ret)
{
	struct nsm_description *about = &ret->description;
	struct field description[] = {
		{ .name = "version_major", .number = &about->version_major },
		{ .name = "version_minor", .number = &about->version_minor },
		{ .name = "version_patch", .number = &about->version_patch },
		{ .name = "module_id", .text = &about->module_id },
		{ .name = "max_pcrs", .number = &about->max_pcrs },
		{ .name = "locked_pcrs", .set = &about->locked },
		{ .name = "digest", .text = &about->digest },
	};
	struct field bytes[] = {
		{ .name = "data", .bytes = &ret->bytes },
		{ .name = "lock", .flag = &ret->locked },
	};

	if (ret->op == NSM_DESCRIBE_NSM)
		return read_fields(r, description, sizeof(description) / sizeof(description[0])) &&
		       about->max_pcrs <= NSM_PCRS_MAX;
	if (ret->op == NSM_ATTESTATION)
		bytes[0].name = "document";
	if (ret->op == NSM_GET_RANDOM)
		bytes[0].name = "random";
	return read_fields(r, bytes, ret->op == NSM_DESCRIBE_PCR ? 2 : 1);
}

enum reason nsm_read_answer(struct span bytes, enum nsm_op asked, struct nsm_answer *ret)
{
	struct nsm_answer answer = { .op = asked };
	struct cbr r = cbr_over(bytes);
	struct span name;
	uint64_t pairs;
	enum nsm_op op;

	if (bytes.len > NSM_ANSWER_MAX || !read_name(&r, &name, &pairs))
		return REASON_NSM_ANSWER;
	if (pairs > 0 && span_equal(name, SPAN_LITERAL("Error")))
		return read_error(&r, pairs);
	bool alone = asked == NSM_LOCK_PCR || asked == NSM_LOCK_PCRS;
	if (!find_op(name, &op) || op != asked || alone != (pairs == 0))
		return REASON_NSM_ANSWER;
	if ((!alone && !read_answer_fields(&r, &answer)) || !read_end(&r, pairs))
		return REASON_NSM_ANSWER;
	*ret = answer;
	return REASON_OK;
}

enum reason nsm_ask(const struct nsm *nsm, const struct nsm_request *request, struct buf *answer,
		    struct nsm_answer *ret, int *reterr_errno)
{
	struct buf bytes = { 0 };
	enum reason reason = REASON_OUT_OF_MEMORY;

	nsm_put_request(&bytes, request);
	if (!bytes.failed)
		reason = bytes.len > NSM_REQUEST_MAX ? REASON_NSM_INPUT_TOO_LARGE :
						       nsm->exchange(nsm->context, buf_span(&bytes),
								     answer, reterr_errno);
	buf_done(&bytes);
	if (reason != REASON_OK)
		return reason;
	return answer->failed ? REASON_OUT_OF_MEMORY :
				nsm_read_answer(buf_span(answer), request->op, ret);
}
