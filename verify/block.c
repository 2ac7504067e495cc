#include "verify/block.h"

#include <string.h>

#include "verify/ethhex.h"
#include "verify/rlp.h"

enum kind {
	FIXED,    /* data of `size` bytes */
	QUANTITY, /* a number of at most `size` bytes */
	ADDRESS,
	DATA /* of at most `size` bytes */
};

struct field {
	const char *name;
	enum kind kind;
	size_t size;
};

/* In the order of the RLP list. */
static const struct field fields[] = {
	{ "parentHash", FIXED, 32 },
	{ "sha3Uncles", FIXED, 32 },
	{ "miner", ADDRESS, ETHHEX_ADDRESS_LEN },
	{ "stateRoot", FIXED, 32 },
	{ "transactionsRoot", FIXED, 32 },
	{ "receiptsRoot", FIXED, 32 },
	{ "logsBloom", FIXED, 256 },
	{ "difficulty", QUANTITY, 32 },
	{ "number", QUANTITY, 8 },
	{ "gasLimit", QUANTITY, 8 },
	{ "gasUsed", QUANTITY, 8 },
	{ "timestamp", QUANTITY, 8 },
	{ "extraData", DATA, BLOCK_EXTRA_MAX },
	{ "mixHash", FIXED, 32 },
	{ "nonce", FIXED, 8 },
	{ "baseFeePerGas", QUANTITY, 32 },
	{ "withdrawalsRoot", FIXED, 32 },
	{ "blobGasUsed", QUANTITY, 8 },
	{ "excessBlobGas", QUANTITY, 8 },
	{ "parentBeaconBlockRoot", FIXED, 32 },
	{ "requestsHash", FIXED, 32 },
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* How many of them the forks have. */
static const size_t forms[] = { 15, 16, 17, 20, 21 };

/* What stands beside the header. */
static const char *const beside[] = { "hash",     "totalDifficulty", "size",
				      "uncles",   "transactions",    "withdrawals",
				      "sendRoot", "sendCount",       "l1BlockNumber" };

/* Announced for a fork that is not known here yet: part of its header. */
static const char *const announced[] = { "blockAccessListHash", "slotNumber" };

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const cJSON *member(const cJSON *object, const char *name)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNull(value) ? NULL : value;
}

static bool is_one_of(const char *name, const char *const names[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

/* Whether there is anything that might be part of a header of a form unknown here. */
static bool has_unknown(const cJSON *object)
{
	const cJSON *one;

	cJSON_ArrayForEach(one, object)
	{
		bool known = is_one_of(one->string, beside, LENGTH(beside));
		for (size_t i = 0; i < FIELDS && !known; i++)
			known = strcmp(one->string, fields[i].name) == 0;
		if (!known && !cJSON_IsNull(one))
			return true;
	}
	return false;
}

/* How many fields the header has, none missing before the last. */
static enum reason count_fields(const cJSON *object, size_t *ret, const char **reterr_field)
{
	size_t n = 0;

	for (size_t i = 0; i < LENGTH(announced); i++) {
		*reterr_field = announced[i];
		if (member(object, announced[i]) != NULL)
			return REASON_BLOCK_FORM;
	}
	while (n < FIELDS && member(object, fields[n].name) != NULL)
		n++;
	*reterr_field = n < FIELDS ? fields[n].name : NULL;
	for (size_t i = n; i < FIELDS; i++) {
		if (member(object, fields[i].name) != NULL)
			return REASON_BLOCK_FORM;
	}
	for (size_t i = 0; i < LENGTH(forms); i++) {
		if (forms[i] == n) {
			*ret = n;
			return REASON_OK;
		}
	}
	return REASON_BLOCK_FORM;
}

static bool put_field(const cJSON *object, const struct field *field, struct rlp_out *out)
{
	uint8_t bytes[BLOCK_EXTRA_MAX];
	const cJSON *value = member(object, field->name);
	size_t len = field->size;
	bool ok = false;

	switch (field->kind) {
	case FIXED:
		ok = ethhex_fixed(value, bytes, len);
		break;
	case QUANTITY:
		ok = ethhex_quantity(value, bytes, len);
		break;
	case ADDRESS:
		ok = ethhex_address(value, bytes);
		break;
	case DATA:
		ok = ethhex_data(value, bytes, len, &len);
		break;
	}
	if (!ok)
		return false;
	if (field->kind == QUANTITY)
		rlp_put_number(out, (struct span){ bytes, len });
	else
		rlp_put(out, (struct span){ bytes, len });
	return true;
}

static enum reason hash_header(const cJSON *object, size_t n, uint8_t ret[static KECCAK_LEN],
			       const char **reterr_field)
{
	uint8_t room[BLOCK_HEADER_MAX];
	struct span header;

	struct rlp_out out = rlp_open(room, sizeof(room));
	for (size_t i = 0; i < n; i++) {
		*reterr_field = fields[i].name;
		if (!put_field(object, &fields[i], &out))
			return REASON_BLOCK_FIELD;
	}
	*reterr_field = NULL;
	if (!rlp_close(&out, &header))
		return REASON_BLOCK_FIELD;
	keccak_256(header, ret);
	return REASON_OK;
}

static bool read_number(const cJSON *object, const char *name, uint64_t *ret)
{
	uint8_t bytes[8];
	struct span cursor = SPAN_OF(bytes);

	return ethhex_quantity(member(object, name), bytes, sizeof(bytes)) &&
	       span_be(&cursor, sizeof(bytes), ret);
}

enum reason block_read(const cJSON *object, struct block *ret, const char **reterr_field)
{
	struct block block;
	uint8_t hash[KECCAK_LEN];
	size_t n;

	*reterr_field = NULL;
	if (!cJSON_IsObject(object))
		return REASON_BLOCK_SHAPE;
	enum reason reason = count_fields(object, &n, reterr_field);
	if (reason != REASON_OK)
		return reason;
	reason = hash_header(object, n, hash, reterr_field);
	if (reason != REASON_OK)
		return reason;
	*reterr_field = "hash";
	if (!ethhex_fixed(member(object, "hash"), block.hash, sizeof(block.hash)))
		return REASON_BLOCK_FIELD;
	if (!span_equal(SPAN_OF(hash), SPAN_OF(block.hash)))
		return has_unknown(object) ? REASON_BLOCK_FORM : REASON_BLOCK_HASH;
	*reterr_field = NULL;
	if (!ethhex_fixed(member(object, "parentHash"), block.parent_hash, KECCAK_LEN) ||
	    !ethhex_fixed(member(object, "stateRoot"), block.state_root, KECCAK_LEN) ||
	    !read_number(object, "number", &block.number) ||
	    !read_number(object, "timestamp", &block.timestamp))
		return REASON_BLOCK_FIELD;
	*ret = block;
	return REASON_OK;
}
