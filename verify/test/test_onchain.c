#include "verify/onchain.h"

#include <stdlib.h>
#include <string.h>

#include "verify/report_rows.h"
#include "verify/test/world.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define ONE "0000000000000000000000000000000000000000000000000000000000000001"
#define TWO "0000000000000000000000000000000000000000000000000000000000000002"
#define ALL_ONES "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define HASH_ZERO_PCR0 "c980e59163ce244bb4bb6211f48c7b46f88a4f40943e84eb99bdc41e129bd293"

#define QUERY_7 "3cbe6803"
#define POINTER "d80a4c28"
#define BACK "cda752ff"
#define PROBE "80710c80"
#define VALID_7 "6d8f5aa9"

/* { answer, kind, server, about, value } */
#define SAY(server, about, value) \
	{ \
		ANSWER_VALUE, QUESTION_CALL, server, about, value \
	}
#define REVERT(server, about) \
	{ \
		ANSWER_REVERTED, QUESTION_CALL, server, about, NULL \
	}
#define SILENT(server, kind) \
	{ \
		ANSWER_FAILED, kind, server, NULL, NULL \
	}
#define REFUSE(server, about) \
	{ \
		ANSWER_REFUSED, QUESTION_PROOF, server, about, NULL \
	}
#define FORGE(server, about, value) \
	{ \
		ANSWER_VALUE, QUESTION_PROOF, server, about, value \
	}
#define NO_PROOFS REFUSE(EVERYBODY, NULL)

#define REGISTERED .check = "onchain.registered", .status = STATUS_PASS
#define PASSES(strength_) REGISTERED, .reason = strength_
#define FAILS(check_, reason_) .check = check_, .status = STATUS_FAIL, .reason = reason_
#define ERRS(check_, reason_) .check = check_, .status = STATUS_ERROR, .reason = reason_
#define ABSENT FAILS("onchain.registered", "not-registered")

static const struct scene families[] = {
	{ "v7", "espresso-v7", PASSES("proved") },
	{ "v7 absent", "espresso-v7", .image = "B", ABSENT },
	{ "v6", "espresso-v6", PASSES("proved") },
	{ "v6 absent", "espresso-v6", .image = "B", ABSENT },
	{ "v6 caff node", "espresso-v6-caff", .family = "espresso-v6", .service = 1,
	  PASSES("proved") },
	{ "v5", "espresso-v5", PASSES("proved") },
	{ "v5 absent", "espresso-v5", .image = "B", ABSENT },
	{ "v5 of a later commit", "espresso-v5-late", .family = "espresso-v5", PASSES("proved") },
	{ "v4", "espresso-v4", PASSES("proved") },
	{ "v4 absent", "espresso-v4", .image = "B", ABSENT },
	{ "v1", "espresso-v1", PASSES("proved") },
	{ "v1 absent", "espresso-v1", .image = "B", ABSENT },
	{ "systemconfig", "base-systemconfig", PASSES("proved") },
	{ "systemconfig absent", "base-systemconfig", .image = "B", ABSENT },
	{ "multiproof", "base-multiproof", PASSES("agreed") },
	{ "multiproof other", "base-multiproof", .image = "B",
	  FAILS("onchain.registered", "other-hash") },
	{ "worldchain", "worldchain", PASSES("agreed") },
	{ "worldchain absent", "worldchain", .image = "B", ABSENT },
	{ "marlin-verifier", "marlin-verifier", PASSES("proved") },
	{ "marlin-verifier absent", "marlin-verifier", .image = "B", ABSENT },
	{ "marlin-auther", "marlin-auther", PASSES("proved") },
	{ "marlin-auther absent", "marlin-auther", .image = "B", ABSENT },
	{ "generic bool", "generic-bool", .family = "generic", PASSES("proved") },
	{ "generic bool absent", "generic-bool", .family = "generic", .image = "B", ABSENT },
	{ "generic bytes32", "generic-bytes32", .family = "generic", PASSES("proved") },
	{ "generic bytes32 other", "generic-bytes32", .family = "generic", .image = "B",
	  FAILS("onchain.registered", "other-hash") },
	{ "generic without a slot", "generic-bare", .family = "generic", PASSES("agreed") },
	{ "hash alone", "espresso-v7", .hash_alone = true, PASSES("proved") },
	{ "hash alone, absent", "espresso-v7", .hash_alone = true, .image = "B", ABSENT },
	{ "strings, hash alone", "marlin-verifier", .hash_alone = true, PASSES("proved") },
	{ "no proxy", "plain", .family = "espresso-v7", PASSES("proved") },
	{ "an all-zero PCR0", "worldchain", .image = "debug", .lies = { SAY(EVERYBODY, NULL, ONE) },
	  FAILS("onchain.registered", "hash-refused") },
	{ "the hash of an all-zero PCR0", "generic-bare", .family = "generic", .image = "debug",
	  .hash_alone = true, .lies = { SAY(EVERYBODY, NULL, ONE) },
	  FAILS("onchain.registered", "hash-refused") },
};

static const struct scene strengths[] = {
	{ "one server", "espresso-v7", .n_servers = 1,
	  ERRS("onchain.registered", "strength-too-low"), .sentence = "--block HASH" },
	{ "one server, taken", "espresso-v7", .n_servers = 1, .strength = "claimed",
	  PASSES("claimed") },
	{ "one server, not registered", "espresso-v7", .n_servers = 1, .image = "B",
	  ERRS("onchain.registered", "strength-too-low") },
	{ "one server, not registered, taken", "espresso-v7", .n_servers = 1, .image = "B",
	  .strength = "claimed", ABSENT },
	{ "one server under a named block", "espresso-v7", .n_servers = 1, .block = BLOCK_HASH,
	  .strength = "proved", PASSES("proved") },
	{ "one server under a numbered block", "espresso-v7", .n_servers = 1, .block = BLOCK_NUMBER,
	  ERRS("onchain.registered", "strength-too-low") },
	{ "three servers", "espresso-v7", .n_servers = 3, .strength = "proved", PASSES("proved") },
	{ "no proofs", "espresso-v7", .lies = { NO_PROOFS }, PASSES("agreed"),
	  .sentence = "2 servers agree" },
	{ "no proofs where they are needed", "espresso-v7", .strength = "proved",
	  .lies = { NO_PROOFS }, ERRS("onchain.registered", "strength-too-low"),
	  .sentence = "eth_getProof" },
	{ "no proofs, absent", "espresso-v7", .image = "B", .lies = { NO_PROOFS }, ABSENT },
	{ "no proofs, one server", "espresso-v7", .n_servers = 1, .strength = "claimed",
	  .lies = { NO_PROOFS }, PASSES("claimed") },
	{ "no proofs, named block", "espresso-v7", .n_servers = 1, .block = BLOCK_HASH,
	  .lies = { NO_PROOFS }, ERRS("onchain.registered", "strength-too-low") },
	{ "proofs of one of two", "espresso-v7", .strength = "proved", .lies = { REFUSE(0, NULL) },
	  PASSES("proved") },
	{ "no proof of the outer one", "espresso-v7", .lies = { REFUSE(EVERYBODY, "outer") },
	  PASSES("agreed") },
	{ "no proof of the outer one, named block", "espresso-v7", .n_servers = 1,
	  .block = BLOCK_HASH, .strength = "claimed", .lies = { REFUSE(EVERYBODY, "outer") },
	  PASSES("claimed") },
	{ "no proof of the inner one", "espresso-v7", .lies = { REFUSE(EVERYBODY, "inner") },
	  PASSES("agreed") },
	{ "no slot known, one server", "worldchain", .n_servers = 1,
	  ERRS("onchain.registered", "strength-too-low") },
	{ "no slot known, proof asked for", "worldchain", .strength = "proved",
	  ERRS("onchain.registered", "strength-too-low"), .sentence = "not known" },
	{ "one of two is down", "espresso-v7", .n_down = 1,
	  ERRS("onchain.block", "quorum-not-reached"), .sentence = "out to lunch" },
	{ "one of two suffices", "espresso-v7", .n_down = 1, .quorum = 1,
	  ERRS("onchain.registered", "strength-too-low") },
	{ "one of two suffices, taken", "espresso-v7", .n_down = 1, .quorum = 1,
	  .strength = "claimed", PASSES("claimed") },
	{ "two of three", "espresso-v7", .n_servers = 3, .n_down = 1, .quorum = 2,
	  PASSES("proved") },
	{ "three of four, two are there", "espresso-v7", .n_servers = 4, .n_down = 2, .quorum = 3,
	  ERRS("onchain.block", "quorum-not-reached") },
	{ "all are down", "espresso-v7", .n_down = 2,
	  ERRS("onchain.chain_id", "quorum-not-reached") },
	{ "two of three answer the query", "worldchain", .n_servers = 3, .quorum = 2,
	  .lies = { SILENT(2, QUESTION_CALL) }, PASSES("agreed"), .sentence = "2 servers" },
	{ "one of two answers the query", "worldchain", .lies = { SILENT(1, QUESTION_CALL) },
	  ERRS("onchain.registered", "quorum-not-reached") },
	{ "one answers, one suffices", "worldchain", .quorum = 1,
	  .lies = { SILENT(1, QUESTION_CALL) }, ERRS("onchain.registered", "strength-too-low") },
};

static const struct scene blocks[] = {
	{ "another chain", "espresso-v7", .chain_id = 1,
	  FAILS("onchain.chain_id", "chain-id-mismatch"), .sentence = "b.example serves chain 1" },
	{ "another chain, a quorum of the right one", "espresso-v7", .n_servers = 3, .quorum = 2,
	  .chain_id = 1, FAILS("onchain.chain_id", "chain-id-mismatch") },
	{ "another block", "espresso-v7", .blocks = { "home", "other" },
	  ERRS("onchain.block", "servers-disagree") },
	{ "another block beside two", "espresso-v7", .n_servers = 3, .quorum = 2,
	  .blocks = { "home", "home", "other" }, ERRS("onchain.block", "servers-disagree") },
	{ "not the named one", "espresso-v7", .n_servers = 1, .block = BLOCK_HASH,
	  .blocks = { "other" }, ERRS("onchain.block", "block-other") },
	{ "no block", "espresso-v7", .blocks = { "null" }, ERRS("onchain.block", "block-shape") },
	{ "a block without fields", "espresso-v7", .blocks = { "{}" },
	  ERRS("onchain.block", "block-field") },
	{ "a block that is no JSON", "espresso-v7", .blocks = { "{" },
	  ERRS("onchain.block", "json-malformed") },
	{ "a block of an hour", "espresso-v7", .age = 3600, PASSES("proved") },
	{ "a stale block", "espresso-v7", .age = 3601, ERRS("onchain.block", "block-stale") },
	{ "the latest of two minutes", "espresso-v7", .block = BLOCK_LATEST, .age = 120,
	  PASSES("proved") },
	{ "a stale latest", "espresso-v7", .block = BLOCK_LATEST, .age = 121,
	  ERRS("onchain.block", "block-stale") },
	{ "a stale safe one", "espresso-v7", .block = BLOCK_SAFE, .age = 3601,
	  ERRS("onchain.block", "block-stale") },
	{ "stale by option", "espresso-v7", .age = 61, .max_block_age_s = 60,
	  ERRS("onchain.block", "block-stale") },
	{ "old by option", "espresso-v7", .age = 100000, .max_block_age_s = 100000,
	  PASSES("proved") },
	{ "a named block of any age", "espresso-v7", .block = BLOCK_HASH, .age = 100000000,
	  PASSES("proved") },
	{ "a numbered block of any age", "espresso-v7", .block = BLOCK_NUMBER, .age = 100000000,
	  PASSES("proved") },
	{ "a named block that must be young", "espresso-v7", .block = BLOCK_HASH, .age = 61,
	  .max_block_age_s = 60, ERRS("onchain.block", "block-stale") },
	{ "a minute ahead", "espresso-v7", .age = -60, PASSES("proved") },
	{ "ahead", "espresso-v7", .age = -61, ERRS("onchain.block", "block-ahead") },
	{ "a named block ahead", "espresso-v7", .block = BLOCK_HASH, .age = -61,
	  ERRS("onchain.block", "block-ahead") },
};

static const struct scene codes[] = {
	{ "nobody", "nobody", .family = "espresso-v7", FAILS("onchain.code", "no-code") },
	{ "nobody, by word alone", "nobody", .family = "espresso-v7", .lies = { NO_PROOFS },
	  FAILS("onchain.code", "no-code") },
	{ "no inner code by word", "espresso-v7",
	  .lies = { { ANSWER_VALUE, QUESTION_CODE, EVERYBODY, "inner", NULL }, NO_PROOFS },
	  FAILS("onchain.code", "no-code") },
	{ "code that is not the proven one", "espresso-v7",
	  .lies = { { ANSWER_VALUE, QUESTION_CODE, EVERYBODY, "inner", "60" } },
	  ERRS("onchain.code", "answer-belied") },
	{ "no code where some is proven", "espresso-v7",
	  .lies = { { ANSWER_VALUE, QUESTION_CODE, EVERYBODY, "outer", NULL } },
	  ERRS("onchain.code", "answer-belied") },
	{ "two codes", "espresso-v7", .lies = { { ANSWER_VALUE, QUESTION_CODE, 1, "outer", "60" } },
	  ERRS("onchain.code", "servers-disagree") },
	{ "all pins", "espresso-v7",
	  .pins = { "@espresso-v7 outer", "@espresso-v7 outer-impl", "@espresso-v7 inner" },
	  PASSES("proved") },
	{ "all pins by word", "espresso-v7", .lies = { NO_PROOFS },
	  .pins = { "@espresso-v7 outer", "@espresso-v7 outer-impl", "@espresso-v7 inner" },
	  PASSES("agreed") },
	{ "another proxy", "espresso-v7", .pins = { "@espresso-v7 inner" },
	  FAILS("onchain.code", "code-hash-mismatch") },
	{ "another impl", "espresso-v7", .pins = { NULL, "@espresso-v7 inner" },
	  FAILS("onchain.code", "code-hash-mismatch") },
	{ "another inner one", "espresso-v7", .pins = { NULL, NULL, "@espresso-v7 outer" },
	  FAILS("onchain.code", "code-hash-mismatch") },
	{ "a pin on an impl that is not there", "plain", .family = "espresso-v7",
	  .pins = { NULL, "@espresso-v7 outer-impl" }, FAILS("onchain.code", "code-hash-mismatch"),
	  .sentence = "no such contract" },
	{ "a pin on an inner one that is not there", "pointerless", .family = "espresso-v7",
	  .pins = { NULL, NULL, "@espresso-v7 inner" },
	  FAILS("onchain.code", "code-hash-mismatch") },
	{ "a pin on an impl that nobody tells of", "espresso-v7",
	  .lies = { NO_PROOFS, SILENT(EVERYBODY, QUESTION_STORAGE) },
	  .pins = { NULL, "@espresso-v7 outer-impl" }, ERRS("onchain.code", "strength-too-low") },
	{ "an older one by its probe", "espresso-v7", .lies = { SAY(EVERYBODY, PROBE, ONE) },
	  FAILS("onchain.code", "generation-mismatch") },
	{ "a younger one by its probe", "espresso-v6", .lies = { REVERT(EVERYBODY, PROBE) },
	  FAILS("onchain.code", "generation-mismatch") },
	{ "an older one named as the current", "espresso-v6", .family = "espresso-v7",
	  .lies = { SAY(EVERYBODY, QUERY_7, ONE), NO_PROOFS },
	  FAILS("onchain.code", "generation-mismatch") },
	{ "probes differ", "espresso-v7", .lies = { SAY(0, PROBE, ONE) },
	  ERRS("onchain.code", "servers-disagree") },
	{ "no probe", "espresso-v7", .lies = { SILENT(EVERYBODY, QUESTION_CALL) },
	  ERRS("onchain.code", "quorum-not-reached") },
};

static const struct scene pointers[] = {
	{ "pinned", "espresso-v7", .inner = "@espresso-v7 inner", PASSES("proved") },
	{ "pinned elsewhere", "espresso-v7", .inner = "@decoy inner",
	  FAILS("onchain.pointers", "pointer-mismatch") },
	{ "pinned elsewhere, no proofs", "espresso-v7", .inner = "@decoy inner",
	  .lies = { NO_PROOFS }, FAILS("onchain.pointers", "pointer-mismatch") },
	{ "nothing there", "pointerless", .family = "espresso-v7",
	  FAILS("onchain.pointers", "pointer-empty") },
	{ "obeys another", "disobedient", .family = "espresso-v7",
	  FAILS("onchain.pointers", "back-pointer-mismatch") },
	{ "obeys another, no proofs", "disobedient", .family = "espresso-v7", .lies = { NO_PROOFS },
	  FAILS("onchain.pointers", "back-pointer-mismatch") },
	{ "a proxy slot that is no address", "strange-proxy", .family = "espresso-v7",
	  ERRS("onchain.pointers", "slot-rule-mismatch") },
	{ "a lie about the pointer", "espresso-v7",
	  .lies = { SAY(EVERYBODY, POINTER, "@decoy inner") },
	  ERRS("onchain.pointers", "slot-rule-mismatch") },
	{ "one lies about the pointer", "espresso-v7", .lies = { SAY(1, POINTER, "@decoy inner") },
	  ERRS("onchain.pointers", "servers-disagree") },
	{ "a lie about the way back", "espresso-v7",
	  .lies = { SAY(EVERYBODY, BACK, "@decoy inner") },
	  ERRS("onchain.pointers", "slot-rule-mismatch") },
	{ "the pointer reverts", "espresso-v7", .lies = { REVERT(EVERYBODY, POINTER) },
	  ERRS("onchain.pointers", "call-reverted") },
	{ "the pointer is too long", "espresso-v7", .lies = { SAY(EVERYBODY, POINTER, ONE "00") },
	  ERRS("onchain.pointers", "answer-malformed") },
	{ "the pointer is no address", "espresso-v7", .lies = { SAY(EVERYBODY, POINTER, ALL_ONES) },
	  ERRS("onchain.pointers", "answer-malformed") },
	{ "the way back reverts", "espresso-v7", .lies = { REVERT(EVERYBODY, BACK) },
	  ERRS("onchain.pointers", "call-reverted") },
	/* The decoy: a contract of the liar's own says that it obeys the named one and holds the hash.
	 * Everything about it can be proven, but for the pointer to it. */
	{ "decoy, refusing the outer proof", "espresso-v7", .image = "B", .n_servers = 1,
	  .block = BLOCK_HASH, .strength = "claimed",
	  .lies = { SAY(EVERYBODY, POINTER, "@decoy inner"),
		    SAY(EVERYBODY, QUERY_7, ONE),
		    { ANSWER_VALUE, QUESTION_CALL, EVERYBODY, BACK, "@espresso-v7 outer" },
		    REFUSE(EVERYBODY, "outer") },
	  PASSES("claimed") },
	{ "decoy, as strong as servers agree", "espresso-v7", .image = "B", .n_servers = 1,
	  .block = BLOCK_HASH,
	  .lies = { SAY(EVERYBODY, POINTER, "@decoy inner"),
		    SAY(EVERYBODY, QUERY_7, ONE),
		    { ANSWER_VALUE, QUESTION_CALL, EVERYBODY, BACK, "@espresso-v7 outer" },
		    REFUSE(EVERYBODY, "outer") },
	  ERRS("onchain.registered", "strength-too-low") },
	{ "decoy, with the outer proof", "espresso-v7", .image = "B", .n_servers = 1,
	  .block = BLOCK_HASH, .strength = "claimed",
	  .lies = { SAY(EVERYBODY, POINTER, "@decoy inner"), SAY(EVERYBODY, QUERY_7, ONE) },
	  ERRS("onchain.pointers", "slot-rule-mismatch") },
	{ "decoy, the outer proof forged", "espresso-v7", .image = "B", .n_servers = 1,
	  .block = BLOCK_HASH, .strength = "claimed",
	  .lies = { SAY(EVERYBODY, POINTER, "@decoy inner"),
		    SAY(EVERYBODY, QUERY_7, ONE),
		    { ANSWER_VALUE, QUESTION_CALL, EVERYBODY, BACK, "@espresso-v7 outer" },
		    FORGE(EVERYBODY, "outer", "flip") },
	  FAILS("onchain.pointers", "trie-node-hash") },
	{ "decoy before one that is honest", "espresso-v7", .image = "B",
	  .lies = { SAY(0, POINTER, "@decoy inner"), SAY(0, QUERY_7, ONE), REFUSE(0, "outer") },
	  ERRS("onchain.pointers", "servers-disagree") },
};

static const struct scene answers[] = {
	{ "a bool of 2", "espresso-v7", .lies = { SAY(EVERYBODY, QUERY_7, TWO) },
	  ERRS("onchain.registered", "answer-malformed") },
	{ "a bool of all ones", "espresso-v7", .lies = { SAY(EVERYBODY, QUERY_7, ALL_ONES) },
	  ERRS("onchain.registered", "answer-malformed") },
	{ "a bool of 31 bytes", "worldchain",
	  .lies = { SAY(EVERYBODY, NULL,
			"00000000000000000000000000000000000000000000000000000000000001") },
	  ERRS("onchain.registered", "answer-malformed") },
	{ "a bool of 64 bytes", "worldchain", .lies = { SAY(EVERYBODY, NULL, ONE ONE) },
	  ERRS("onchain.registered", "answer-malformed") },
	{ "a bool of no bytes", "worldchain", .lies = { SAY(EVERYBODY, NULL, NULL) },
	  ERRS("onchain.registered", "answer-malformed") },
	{ "a revert", "worldchain", .lies = { REVERT(EVERYBODY, NULL) },
	  ERRS("onchain.registered", "call-reverted") },
	{ "a revert of one", "worldchain", .lies = { REVERT(1, NULL) },
	  ERRS("onchain.registered", "servers-disagree") },
	{ "another answer of one", "worldchain", .lies = { SAY(0, NULL, ZERO) },
	  ERRS("onchain.registered", "servers-disagree") },
	{ "another answer of one of three", "worldchain", .n_servers = 3, .quorum = 2,
	  .lies = { SAY(2, NULL, ZERO) }, ERRS("onchain.registered", "servers-disagree") },
	{ "true by call, absent by proof", "espresso-v7", .image = "B",
	  .lies = { SAY(EVERYBODY, QUERY_7, ONE) },
	  ERRS("onchain.registered", "slot-rule-mismatch") },
	{ "false by call, there by proof", "espresso-v7", .lies = { SAY(EVERYBODY, QUERY_7, ZERO) },
	  ERRS("onchain.registered", "slot-rule-mismatch") },
	{ "a slot of 2", "odd", .family = "espresso-v7", .lies = { SAY(EVERYBODY, QUERY_7, ONE) },
	  ERRS("onchain.registered", "slot-rule-mismatch") },
	{ "a proof that does not hold", "espresso-v7",
	  .lies = { FORGE(EVERYBODY, "inner", "flip") },
	  FAILS("onchain.pointers", "trie-node-hash") },
	{ "a proof that does not hold, no pointers", "generic-bool", .family = "generic",
	  .lies = { FORGE(EVERYBODY, "outer", "flip") }, FAILS("onchain.proof", "trie-node-hash") },
	{ "a proof that one forged", "espresso-v7", .lies = { FORGE(0, NULL, "flip") },
	  PASSES("proved") },
	{ "a proof that is an empty object", "generic-bool", .family = "generic",
	  .lies = { FORGE(EVERYBODY, "outer", "json {}") }, FAILS("onchain.proof", "proof-shape") },
	{ "strings of other lengths", "marlin-verifier",
	  .lies = { SAY(EVERYBODY, "2f9b0ad7", ZERO) },
	  ERRS("onchain.registered", "answer-malformed") },
	{ "revoked", "revoked", .family = "espresso-v7", .image = "B", ABSENT,
	  .sentence = "revoked" },
	{ "history that was taken back", "revoked", .family = "espresso-v7", .image = "B", ABSENT,
	  .lies = { { ANSWER_VALUE, QUESTION_LOGS, EVERYBODY, NULL,
		      "json [{\"topics\":[\"0x00\",\"0x00\",\"0x" ONE "\"],\"removed\":true}]" } },
	  .sentence = "does not accept" },
	{ "history of an end", "espresso-v7", .image = "B", ABSENT,
	  .lies = { { ANSWER_VALUE, QUESTION_LOGS, EVERYBODY, NULL,
		      "json [{\"topics\":[\"0x00\",\"0x00\",\"0x" ZERO "\"]}]" } },
	  .sentence = "does not accept" },
	{ "no history", "espresso-v7", .image = "B", ABSENT,
	  .lies = { { ANSWER_REFUSED, QUESTION_LOGS, EVERYBODY, NULL, NULL } } },
	{ "the hash of the text", "text", .family = "espresso-v7", .image = "B", ABSENT,
	  .sentence = "keccak of the hex text" },
	{ "the hash of the text, hash alone", "text", .family = "espresso-v7", .image = "B",
	  .hash_alone = true, ABSENT, .sentence = "does not accept" },
	{ "a bytes32 of nothing", "base-multiproof", .lies = { SAY(EVERYBODY, "94a277d1", ZERO) },
	  FAILS("onchain.registered", "other-hash"), .sentence = "empty" },
	{ "a bytes32 of a debug enclave", "base-multiproof", .hash_alone = true,
	  .lies = { SAY(EVERYBODY, "94a277d1", HASH_ZERO_PCR0) },
	  FAILS("onchain.registered", "other-hash"), .sentence = "every debug enclave" },
	{ "a bytes32 of 33 bytes", "base-multiproof",
	  .lies = { SAY(EVERYBODY, "94a277d1", ZERO "00") },
	  ERRS("onchain.registered", "answer-malformed") },
};

#define SIGNER_PASSES(strength_) \
	.check = "onchain.signer", .status = STATUS_PASS, .reason = strength_
static const struct scene signers[] = {
	{ "v7", "espresso-v7", .signer = "good", SIGNER_PASSES("proved") },
	{ "v6", "espresso-v6", .signer = "good", SIGNER_PASSES("proved") },
	{ "v5", "espresso-v5", .signer = "good", SIGNER_PASSES("proved") },
	{ "multiproof", "base-multiproof", .signer = "good", SIGNER_PASSES("agreed") },
	{ "marlin-verifier", "marlin-verifier", .signer = "good", SIGNER_PASSES("agreed") },
	{ "marlin-auther", "marlin-auther", .signer = "good", SIGNER_PASSES("proved") },
	{ "v7 without proofs", "espresso-v7", .signer = "good", .lies = { NO_PROOFS },
	  SIGNER_PASSES("agreed") },
	{ "v7, one server", "espresso-v7", .signer = "good", .n_servers = 1, .strength = "claimed",
	  SIGNER_PASSES("claimed") },
	{ "proof asked for, by word", "marlin-verifier", .signer = "good", .strength = "proved",
	  ERRS("onchain.signer", "strength-too-low") },
	{ "v7 of another image", "espresso-v7", .signer = "other",
	  FAILS("onchain.signer", "signer-not-valid") },
	{ "of another image, called valid", "espresso-v7", .signer = "other",
	  .lies = { SAY(EVERYBODY, VALID_7, ONE) }, FAILS("onchain.signer", "signer-other-hash") },
	{ "v7 unknown", "espresso-v7", .signer = "none",
	  FAILS("onchain.signer", "signer-not-valid") },
	{ "unknown, called valid", "espresso-v7", .signer = "none",
	  .lies = { SAY(EVERYBODY, VALID_7, ONE) }, ERRS("onchain.signer", "slot-rule-mismatch") },
	{ "another, no such call", "marlin-verifier", .signer = "other",
	  FAILS("onchain.signer", "signer-other-hash") },
	{ "good, called not valid", "espresso-v7", .signer = "good",
	  .lies = { SAY(EVERYBODY, VALID_7, ZERO) }, FAILS("onchain.signer", "signer-not-valid") },
	{ "a bool of 2", "espresso-v7", .signer = "good", .lies = { SAY(EVERYBODY, VALID_7, TWO) },
	  ERRS("onchain.signer", "answer-malformed") },
	{ "a revert", "espresso-v7", .signer = "good", .lies = { REVERT(EVERYBODY, VALID_7) },
	  ERRS("onchain.signer", "call-reverted") },
	{ "servers differ", "espresso-v7", .signer = "good", .lies = { SAY(0, VALID_7, ZERO) },
	  ERRS("onchain.signer", "servers-disagree") },
	{ "another hash than the slot's", "marlin-auther", .signer = "good",
	  .lies = { SAY(EVERYBODY, "01d58fa3", ONE) },
	  ERRS("onchain.signer", "slot-rule-mismatch") },
	{ "a hash of 31 bytes", "marlin-verifier", .signer = "good",
	  .lies = { SAY(EVERYBODY, "da994cd8", "00") },
	  ERRS("onchain.signer", "answer-malformed") },
	{ "a family without signers", "worldchain", .signer = "good",
	  ERRS("onchain.signer", "signer-unsupported") },
	{ "recorded", "espresso-v7", .signer = "good", .n_servers = 1, .block = BLOCK_HASH,
	  .recorded = true, SIGNER_PASSES("proved") },
	{ "recorded, of another image", "espresso-v7", .signer = "other", .n_servers = 1,
	  .block = BLOCK_HASH, .recorded = true, FAILS("onchain.signer", "signer-other-hash") },
	{ "recorded, by word", "marlin-verifier", .signer = "good", .n_servers = 1,
	  .block = BLOCK_HASH, .recorded = true, ERRS("onchain.signer", "strength-too-low") },
};

#define RECORD .recorded = true, .block = BLOCK_HASH
static const struct scene records[] = {
	{ "v7", "espresso-v7", RECORD, PASSES("proved") },
	{ "v7, of one server", "espresso-v7", RECORD, .n_servers = 1, PASSES("proved") },
	{ "v7 absent", "espresso-v7", RECORD, .image = "B", ABSENT },
	{ "v5", "espresso-v5", RECORD, PASSES("proved") },
	{ "marlin-auther", "marlin-auther", RECORD, PASSES("proved") },
	{ "generic", "generic-bool", .family = "generic", RECORD, PASSES("proved") },
	{ "generic bytes32 other", "generic-bytes32", .family = "generic", RECORD, .image = "B",
	  FAILS("onchain.registered", "other-hash") },
	{ "without a hash", "espresso-v7", .recorded = true,
	  ERRS("onchain.block", "block-hash-not-given") },
	{ "with a number", "espresso-v7", .recorded = true, .block = BLOCK_NUMBER,
	  ERRS("onchain.block", "block-hash-not-given") },
	{ "of any age", "espresso-v7", RECORD, .age = 100000000, PASSES("proved") },
	{ "of another chain", "espresso-v7", RECORD, .chain_id = 1,
	  FAILS("onchain.chain_id", "chain-id-mismatch") },
	{ "calls count for nothing", "worldchain", RECORD, .strength = "claimed",
	  ERRS("onchain.registered", "strength-too-low") },
	{ "no proofs", "espresso-v7", RECORD, .strength = "claimed", .lies = { NO_PROOFS },
	  ERRS("onchain.code", "strength-too-low") },
	{ "no proof of the outer one, pinned", "espresso-v7", RECORD, .strength = "claimed",
	  .inner = "@espresso-v7 inner", .lies = { REFUSE(EVERYBODY, "outer") },
	  ERRS("onchain.code", "strength-too-low") },
	{ "a lie by call", "espresso-v7", RECORD, .image = "B",
	  .lies = { SAY(EVERYBODY, QUERY_7, ONE) }, ABSENT },
	{ "forged", "generic-bool", .family = "generic", RECORD,
	  .lies = { FORGE(EVERYBODY, "outer", "flip") }, FAILS("onchain.code", "trie-node-hash") },
	{ "forged behind the first", "espresso-v7", RECORD,
	  .lies = { FORGE(EVERYBODY, "inner", "flip") }, FAILS("onchain.code", "trie-node-hash") },
	{ "pins", "espresso-v7", RECORD,
	  .pins = { "@espresso-v7 outer", NULL, "@espresso-v7 inner" }, PASSES("proved") },
	{ "another pin", "espresso-v7", RECORD, .pins = { "@espresso-v7 inner" },
	  FAILS("onchain.code", "code-hash-mismatch") },
};

static const struct {
	const char *name;
	const struct scene *scenes;
	size_t n;
} tables[] = {
	{ "families", families, LENGTH(families) }, { "strengths", strengths, LENGTH(strengths) },
	{ "blocks", blocks, LENGTH(blocks) },       { "codes", codes, LENGTH(codes) },
	{ "pointers", pointers, LENGTH(pointers) }, { "answers", answers, LENGTH(answers) },
	{ "signers", signers, LENGTH(signers) },    { "records", records, LENGTH(records) },
};

static const char *strength_of(const struct row *row)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(row->members, "strength");

	return cJSON_IsString(member) ? member->valuestring : "none";
}

/* One check of the report against what the scene says. `seen`: it stands behind the one that tells. */
static bool is_as_said(const struct scene *scene, const struct row *row, const char *id, bool seen)
{
	const bool is_skip = row->status == STATUS_SKIP;

	if (seen)
		return is_skip;
	if (strcmp(id, scene->check) != 0)
		return row->status == STATUS_PASS || (is_skip && row->reason != REASON_NEEDS);
	const char *told = row->status == STATUS_PASS ? strength_of(row) : reason_name(row->reason);
	return row->status == scene->status && strcmp(told, scene->reason) == 0 &&
	       (scene->sentence == NULL || strstr(row_message(row), scene->sentence) != NULL);
}

/* The report says what the scene says, and nothing better. What differs is added to *faults. */
static void expect(const char *name, const struct scene *scene, struct report *report,
		   struct buf *faults)
{
	const struct check_set none = { .has = { false } };
	const enum verdict verdict = report_conclude(report, &none);
	const enum verdict wanted = scene->status == STATUS_PASS ? VERDICT_PASS :
				    scene->status == STATUS_FAIL ? VERDICT_FAIL :
								   VERDICT_ERROR;
	bool seen = false;

	ck_assert_uint_eq(report->n_rows, CHECK_ONCHAIN_SIGNER - CHECK_ONCHAIN_CHAIN_ID + 1);
	for (size_t i = 0; i < report->n_rows; i++) {
		const struct row *row = &report->rows[i];
		const char *id = check_name(row->check);

		if (!is_as_said(scene, row, id, seen))
			buf_printf(faults, "%s/%s: %s has status %d, %s, strength %s: %s\n", name,
				   scene->name, id, (int)row->status, reason_name(row->reason),
				   strength_of(row), row_message(row));
		seen |= strcmp(id, scene->check) == 0;
	}
	if (!seen || verdict != wanted)
		buf_printf(faults, "%s/%s: verdict %d\n", name, scene->name, (int)verdict);
}

START_TEST(test_scenes)
{
	struct world *world = world_read();
	struct buf faults = { 0 };

	for (size_t t = 0; t < LENGTH(tables); t++) {
		for (size_t i = 0; i < tables[t].n; i++) {
			const struct scene *scene = &tables[t].scenes[i];
			struct onchain_policy policy;
			struct onchain_subject subject;
			struct pcrs pcrs;
			struct report *report = report_new();

			world_expect(world, scene, &policy, &subject, &pcrs);
			struct dossier *dossier = world_collect(world, scene, &policy, &subject);
			onchain_judge(dossier, &policy, &subject, WORLD_TIME + scene->age, report);
			expect(tables[t].name, scene, report, &faults);
			report_free(report);
			dossier_free(dossier);
		}
	}
	world_free(world);
	ck_assert_msg(faults.len == 0, "%.*s", (int)faults.len, (const char *)faults.at);
	buf_done(&faults);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("onchain");

	support_add(suite, "scenes", test_scenes);
	return support_main(suite);
}
