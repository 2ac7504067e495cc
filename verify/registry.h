/* Contract families that register enclaves, as rows of a table: which call asks, which registers
 * go into the key and how, which slots hold pointers and the value, how a value reads, and what
 * tells generations apart. No I/O. Adding a family is adding a row and its test.
 *
 * Sources: each row names the contract that it was read from. */
#ifndef VERIFY_REGISTRY_H
#define VERIFY_REGISTRY_H

#include "verify/dossier.h"
#include "verify/pcr.h"

/* What goes into the key of a mapping, or into the value of a bytes32. */
enum hash_rule {
	HASH_KECCAK_PCR0,    /* keccak256(PCR0) */
	HASH_KECCAK_PCR012,  /* keccak256(PCR0 || PCR1 || PCR2) */
	HASH_KECCAK_KECCAKS, /* keccak256(keccak256(PCR0) || keccak256(PCR1) || keccak256(PCR2)) */
	HASH_SHA256_PCR0,
	HASH_RAW /* the key as given */
};

enum registry_value {
	VALUE_BOOL,         /* exactly 32 bytes of 0 or 1 */
	VALUE_BYTES32,      /* equal to the key */
	VALUE_THREE_STRINGS /* (bytes, bytes, bytes), 48 each: PCR0, PCR1, PCR2; absent: empty */
};

/* Arguments of a call, in order. */
enum registry_args {
	ARGS_NONE,
	ARGS_KEY,             /* bytes32 */
	ARGS_KEY_TEE,         /* bytes32, uint8 */
	ARGS_KEY_TEE_SERVICE, /* bytes32, uint8, uint8 */
	ARGS_ADDRESS,
	ARGS_ADDRESS_TEE,
	ARGS_ADDRESS_TEE_SERVICE
};

struct registry_call {
	uint32_t selector; /* 0: there is none */
	enum registry_args args;
};

/* A slot of a contract's storage, or where a mapping has its base: the value for a key is then at
 * keccak256(pad32(key) || pad32(base)), and twice so where a service is the outer key. */
struct registry_slot {
	bool known;
	bool by_service;
	uint8_t base[DOSSIER_WORD_LEN];
};

struct registry_row {
	const char *name;   /* "espresso-v7" */
	const char *source; /* for the manual */
	bool needs_service;
	bool is_no_proxy; /* no EIP-1967 slot is looked at, no pointer followed */
	uint8_t tee;
	enum hash_rule rule;
	enum registry_value value;
	struct registry_call query; /* at the address that is named */
	/* A contract behind the named one that holds the mapping. */
	bool has_inner;
	struct registry_call inner_pointer; /* at the named address */
	struct registry_slot inner_pointer_slot;
	struct registry_call back_pointer; /* at the inner one */
	struct registry_slot back_pointer_slot;
	/* Where a later commit of the same generation has it: one of the two is zero. */
	struct registry_slot back_pointer_slot_2;
	struct registry_slot mapping;
	/* Tells generations apart: this call must answer, or must revert. */
	struct registry_call probe;
	bool probe_must_answer;
	/* The signer of an enclave. */
	struct registry_call signer_valid; /* at the named address */
	struct registry_call signer_hash;
	/* In the contract with the mapping: signer to the key it was registered for, and whether it is
	 * registered at all, 1. */
	struct registry_slot signer_slot;
	struct registry_slot signer_valid_slot;
	/* History, information only: the event that registers, its key as topic 1. */
	const char *event; /* its signature, whose Keccak-256 is topic 0; NULL: none */
};

/* NULL: there is no family of this name. */
const struct registry_row *registry_find(struct span name);

/* The row at `index`, NULL behind the last. */
const struct registry_row *registry_at(size_t index);

/* The key for these registers. REASON_PCR_MISSING: the rule takes a register that is not there.
 * REASON_CRYPTO_FAILED, _OUT_OF_MEMORY. */
enum reason registry_key(enum hash_rule rule, const struct pcrs *pcrs,
			 uint8_t ret[static DOSSIER_WORD_LEN]) MUST_CHECK;

/* Appends topic 0 of the row's event, which it must have. */
void registry_event(const struct registry_row *row, struct buf *out);

/* Where the value for a key is: `slot` as the base of a mapping. */
void registry_slot_of(const struct registry_slot *slot, uint8_t service,
		      const uint8_t key[static DOSSIER_WORD_LEN],
		      uint8_t ret[static DOSSIER_WORD_LEN]);

#endif
