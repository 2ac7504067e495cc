/* The walk from the address that a person named to the value that says whether a key is registered:
 * what was learnt on the way, from calls that servers agree on and from storage proofs.
 *
 * One walk serves collecting and judging. Where an answer is needed that is not in the dossier, the
 * question is added and the walk goes as far as it can without; so a collector walks until nothing
 * new is asked. Nothing is judged here: verify/onchain.h does.
 *
 * Sources: EIP-1186 (proofs), EIP-1967 (the implementation slot of a proxy), and for each family
 * what its row in verify/registry.h names. */
#ifndef VERIFY_INQUIRY_H
#define VERIFY_INQUIRY_H

#include "verify/onchain.h"
#include "verify/proof.h"

/* What the servers say to one question. */
struct said {
	bool asked;   /* the walk came this far; else nothing else is set */
	bool pending; /* some server was not asked yet */
	/* REASON_OK: all that answered say the same. REASON_SERVERS_DISAGREE, _QUORUM_NOT_REACHED,
	 * or why the only server gave no answer; REASON_RECORDED: calls of a record do not count. */
	enum reason reason;
	enum answer_kind kind; /* ANSWER_VALUE or ANSWER_REVERTED */
	struct span value;     /* borrowed from the dossier */
	size_t n;              /* servers that say so */
};

enum proving {
	PROVING_NONE,    /* not asked, or not answered yet */
	PROVING_PROVEN,  /* one server's proof verifies under the block */
	PROVING_REFUSED, /* no server gives one, or there is no state root to prove it under */
	PROVING_INVALID  /* given, and it verifies from no server */
};

/* An account and some of its slots. */
struct proven {
	enum proving state;
	enum reason reason; /* of PROVING_INVALID */
	struct account account;
	uint8_t slots[DOSSIER_SLOTS_MAX][DOSSIER_WORD_LEN];
};

/* One contract on the way. */
struct station {
	bool reached; /* its address is known */
	uint8_t address[DOSSIER_ADDRESS_LEN];
	struct said code;
	struct proven proven;
	/* The EIP-1967 slot; zero: no proxy. Where there is no proof, what servers say is in it. */
	bool looked_for_proxy;
	struct said proxy_said;
};

struct inquiry {
	bool more; /* questions were added, or answers are outstanding */
	struct station outer;
	struct station outer_impl; /* behind `outer` */
	struct station inner;
	struct station inner_impl;
	struct said probe;
	struct said inner_pointer;
	bool inner_from_proof;
	bool inner_pinned;
	struct said back_pointer;
	struct said query;
	/* The same for the Keccak-256 of PCR0's hex digits, which people register by mistake; asked where
	 * the key is not there. It decides nothing. */
	struct said text_query;
	struct said signer_valid;
	struct said signer_hash;
	struct said signer_said; /* what servers say is in its slot, where proofs are refused */
	struct said logs;
	/* Which slots of the contract with the mapping are what; numbers into struct proven. */
	const struct station *holder; /* outer or inner; NULL: not reached */
	size_t value_slot;            /* the first of n_value_slots */
	size_t n_value_slots;
	size_t signer_slot;
	bool has_signer_slot;
	size_t signer_valid_slot;
	bool has_signer_valid_slot;
	size_t back_slot; /* the first of n_back_slots */
	size_t n_back_slots;
	size_t pointer_slot; /* of outer */
	bool has_pointer_slot;
};

/* A station's slot 0 is always that of EIP-1967, where it was looked for. */
extern const uint8_t inquiry_proxy_slot[DOSSIER_WORD_LEN];

/* Walks. *ret borrows from the dossier. REASON_OUT_OF_MEMORY: also when there are too many questions. */
enum reason inquiry_walk(struct dossier *dossier, const struct onchain_policy *policy,
			 const struct onchain_subject *subject, const struct onchain_block *block,
			 struct inquiry *ret) MUST_CHECK;

/* True when the word is an address: nothing above its 20 bytes, and not zero. */
bool inquiry_address(const uint8_t word[static DOSSIER_WORD_LEN],
		     uint8_t ret[static DOSSIER_ADDRESS_LEN]);

#endif
