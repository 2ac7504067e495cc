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
#define PASSES(strength_) REGISTERED, .got = strength_
#define FAILS(check_, reason_) .check = check_, .status = STATUS_FAIL, .reason = reason_
#define ERRS(check_, reason_) .check = check_, .status = STATUS_ERROR, .reason = reason_
#define ABSENT FAILS("onchain.registered", REASON_NOT_REGISTERED)

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
	  FAILS("onchain.registered", REASON_OTHER_HASH) },
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
	  FAILS("onchain.registered", REASON_OTHER_HASH) },
	{ "generic without a slot", "generic-bare", .family = "generic", PASSES("agreed") },
	{ "hash alone", "espresso-v7", .hash_alone = true, PASSES("proved") },
	{ "hash alone, absent", "espresso-v7", .hash_alone = true, .image = "B", ABSENT },
	{ "strings, hash alone", "marlin-verifier", .hash_alone = true, PASSES("proved") },
	{ "no proxy", "plain", .family = "espresso-v7", PASSES("proved") },
	{ "an all-zero PCR0", "worldchain", .image = "debug", .lies = { SAY(EVERYBODY, NULL, ONE) },
	  FAILS("onchain.registered", REASON_HASH_REFUSED) },
	{ "the hash of an all-zero PCR0", "generic-bare", .family = "generic", .image = "debug",
	  .hash_alone = true, .lies = { SAY(EVERYBODY, NULL, ONE) },
	  FAILS("onchain.registered", REASON_HASH_REFUSED) },
};

static const struct scene strengths[] = {
	{ "one server", "espresso-v7", .n_servers = 1,
	  ERRS("onchain.registered", REASON_STRENGTH_TOO_LOW), .sentence = "--block HASH" },
	{ "one server, taken", "espresso-v7", .n_servers = 1, .strength = "claimed",
	  PASSES("claimed") },
	{ "one server, not registered", "espresso-v7", .n_servers = 1, .image = "B",
	  ERRS("onchain.registered", REASON_STRENGTH_TOO_LOW) },
	{ "one server, not registered, taken", "espresso-v7", .n_servers = 1, .image = "B",
	  .strength = "claimed", ABSENT },
	{ "one server under a named block", "espresso-v7", .n_servers = 1, .block = BLOCK_HASH,
	  .strength = "proved", PASSES("proved") },
	{ "one server under a numbered block", "espresso-v7", .n_servers = 1, .block = BLOCK_NUMBER,
	  ERRS("onchain.registered", REASON_STRENGTH_TOO_LOW) },
	{ "three servers", "espresso-v7", .n_servers = 3, .strength = "proved", PASSES("proved") },
	{ "no proofs", "espresso-v7", .lies = { NO_PROOFS }, PASSES("agreed"),
	  .sentence = "2 servers agree" },
	{ "no proofs where they are needed", "espresso-v7", .strength = "proved",
	  .lies = { NO_PROOFS }, ERRS("onchain.registered", REASON_STRENGTH_TOO_LOW),
	  .sentence = "eth_getProof" },
	{ "no proofs, absent", "espresso-v7", .image = "B", .lies = { NO_PROOFS }, ABSENT },
	{ "no proofs, one server", "espresso-v7", .n_servers = 1, .strength = "claimed",
	  .lies = { NO_PROOFS }, PASSES("claimed") },
	{ "no proofs, named block", "espresso-v7", .n_servers = 1, .block = BLOCK_HASH,
	  .lies = { NO_PROOFS }, ERRS("onchain.registered", REASON_STRENGTH_TOO_LOW) },
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
	  ERRS("onchain.registered", REASON_STRENGTH_TOO_LOW) },
	{ "no slot known, proof asked for", "worldchain", .strength = "proved",
	  ERRS("onchain.registered", REASON_STRENGTH_TOO_LOW), .sentence = "not known" },
	{ "one of two is down", "espresso-v7", .n_down = 1,
	  ERRS("onchain.block", REASON_QUORUM_NOT_REACHED), .sentence = "out to lunch" },
	{ "one of two suffices", "espresso-v7", .n_down = 1, .quorum = 1,
	  ERRS("onchain.registered", REASON_STRENGTH_TOO_LOW) },
	{ "one of two suffices, taken", "espresso-v7", .n_down = 1, .quorum = 1,
	  .strength = "claimed", PASSES("claimed") },
	{ "two of three", "espresso-v7", .n_servers = 3, .n_down = 1, .quorum = 2,
	  PASSES("proved") },
	{ "three of four, two are there", "espresso-v7", .n_servers = 4, .n_down = 2, .quorum = 3,
	  ERRS("onchain.block", REASON_QUORUM_NOT_REACHED) },
	{ "all are down", "espresso-v7", .n_down = 2,
	  ERRS("onchain.chain_id", REASON_QUORUM_NOT_REACHED) },
	{ "two of three answer the query", "worldchain", .n_servers = 3, .quorum = 2,
	  .lies = { SILENT(2, QUESTION_CALL) }, PASSES("agreed"), .sentence = "2 servers" },
	{ "one of two answers the query", "worldchain", .lies = { SILENT(1, QUESTION_CALL) },
	  ERRS("onchain.registered", REASON_QUORUM_NOT_REACHED) },
	{ "one answers, one suffices", "worldchain", .quorum = 1,
	  .lies = { SILENT(1, QUESTION_CALL) },
	  ERRS("onchain.registered", REASON_STRENGTH_TOO_LOW) },
};

static const struct scene blocks[] = {
	{ "another chain", "espresso-v7", .chain_id = 1,
	  FAILS("onchain.chain_id", REASON_CHAIN_ID_MISMATCH),
	  .sentence = "b.example serves chain 1" },
	{ "another chain, a quorum of the right one", "espresso-v7", .n_servers = 3, .quorum = 2,
	  .chain_id = 1, FAILS("onchain.chain_id", REASON_CHAIN_ID_MISMATCH) },
	{ "another block", "espresso-v7", .blocks = { "home", "other" },
	  ERRS("onchain.block", REASON_SERVERS_DISAGREE) },
	{ "another block beside two", "espresso-v7", .n_servers = 3, .quorum = 2,
	  .blocks = { "home", "home", "other" }, ERRS("onchain.block", REASON_SERVERS_DISAGREE) },
	{ "not the named one", "espresso-v7", .n_servers = 1, .block = BLOCK_HASH,
	  .blocks = { "other" }, ERRS("onchain.block", REASON_BLOCK_OTHER) },
	{ "no block", "espresso-v7", .blocks = { "null" },
	  ERRS("onchain.block", REASON_BLOCK_SHAPE) },
	{ "a block without fields", "espresso-v7", .blocks = { "{}" },
	  ERRS("onchain.block", REASON_BLOCK_FIELD) },
	{ "a block that is no JSON", "espresso-v7", .blocks = { "{" },
	  ERRS("onchain.block", REASON_JSON_MALFORMED) },
	{ "a block of an hour", "espresso-v7", .age = 3600, PASSES("proved") },
	{ "a stale block", "espresso-v7", .age = 3601, ERRS("onchain.block", REASON_BLOCK_STALE) },
	{ "the latest of two minutes", "espresso-v7", .block = BLOCK_LATEST, .age = 120,
	  PASSES("proved") },
	{ "a stale latest", "espresso-v7", .block = BLOCK_LATEST, .age = 121,
	  ERRS("onchain.block", REASON_BLOCK_STALE) },
	{ "a stale safe one", "espresso-v7", .block = BLOCK_SAFE, .age = 3601,
	  ERRS("onchain.block", REASON_BLOCK_STALE) },
	{ "stale by option", "espresso-v7", .age = 61, .max_block_age_s = 60,
	  ERRS("onchain.block", REASON_BLOCK_STALE) },
	{ "old by option", "espresso-v7", .age = 100000, .max_block_age_s = 100000,
	  PASSES("proved") },
	{ "a named block of any age", "espresso-v7", .block = BLOCK_HASH, .age = 100000000,
	  PASSES("proved") },
	{ "a numbered block of any age", "espresso-v7", .block = BLOCK_NUMBER, .age = 100000000,
	  PASSES("proved") },
	{ "a named block that must be young", "espresso-v7", .block = BLOCK_HASH, .age = 61,
	  .max_block_age_s = 60, ERRS("onchain.block", REASON_BLOCK_STALE) },
	{ "a minute ahead", "espresso-v7", .age = -60, PASSES("proved") },
	{ "ahead", "espresso-v7", .age = -61, ERRS("onchain.block", REASON_BLOCK_AHEAD) },
	{ "a named block ahead", "espresso-v7", .block = BLOCK_HASH, .age = -61,
	  ERRS("onchain.block", REASON_BLOCK_AHEAD) },
};

static const struct scene codes[] = {
	{ "nobody", "nobody", .family = "espresso-v7", FAILS("onchain.code", REASON_NO_CODE) },
	{ "nobody, by word alone", "nobody", .family = "espresso-v7", .lies = { NO_PROOFS },
	  FAILS("onchain.code", REASON_NO_CODE) },
	{ "no inner code by word", "espresso-v7",
	  .lies = { { ANSWER_VALUE, QUESTION_CODE, EVERYBODY, "inner", NULL }, NO_PROOFS },
	  FAILS("onchain.code", REASON_NO_CODE) },
	{ "code that is not the proven one", "espresso-v7",
	  .lies = { { ANSWER_VALUE, QUESTION_CODE, EVERYBODY, "inner", "60" } },
	  ERRS("onchain.code", REASON_ANSWER_BELIED) },
	{ "no code where some is proven", "espresso-v7",
	  .lies = { { ANSWER_VALUE, QUESTION_CODE, EVERYBODY, "outer", NULL } },
	  ERRS("onchain.code", REASON_ANSWER_BELIED) },
	{ "two codes", "espresso-v7", .lies = { { ANSWER_VALUE, QUESTION_CODE, 1, "outer", "60" } },
	  ERRS("onchain.code", REASON_SERVERS_DISAGREE) },
	{ "all pins", "espresso-v7",
	  .pins = { "@espresso-v7 outer", "@espresso-v7 outer-impl", "@espresso-v7 inner" },
	  PASSES("proved") },
	{ "all pins by word", "espresso-v7", .lies = { NO_PROOFS },
	  .pins = { "@espresso-v7 outer", "@espresso-v7 outer-impl", "@espresso-v7 inner" },
	  PASSES("agreed") },
	{ "another proxy", "espresso-v7", .pins = { "@espresso-v7 inner" },
	  FAILS("onchain.code", REASON_CODE_HASH_MISMATCH) },
	{ "another impl", "espresso-v7", .pins = { NULL, "@espresso-v7 inner" },
	  FAILS("onchain.code", REASON_CODE_HASH_MISMATCH) },
	{ "another inner one", "espresso-v7", .pins = { NULL, NULL, "@espresso-v7 outer" },
	  FAILS("onchain.code", REASON_CODE_HASH_MISMATCH) },
	{ "a pin on an impl that is not there", "plain", .family = "espresso-v7",
	  .pins = { NULL, "@espresso-v7 outer-impl" },
	  FAILS("onchain.code", REASON_CODE_HASH_MISMATCH), .sentence = "no such contract" },
	{ "a pin on an inner one that is not there", "pointerless", .family = "espresso-v7",
	  .pins = { NULL, NULL, "@espresso-v7 inner" },
	  FAILS("onchain.code", REASON_CODE_HASH_MISMATCH) },
	{ "a pin on an impl that nobody tells of", "espresso-v7",
	  .lies = { NO_PROOFS, SILENT(EVERYBODY, QUESTION_STORAGE) },
	  .pins = { NULL, "@espresso-v7 outer-impl" },
	  ERRS("onchain.code", REASON_STRENGTH_TOO_LOW) },
	{ "an older one by its probe", "espresso-v7", .lies = { SAY(EVERYBODY, PROBE, ONE) },
	  FAILS("onchain.code", REASON_GENERATION_MISMATCH) },
	{ "a younger one by its probe", "espresso-v6", .lies = { REVERT(EVERYBODY, PROBE) },
	  FAILS("onchain.code", REASON_GENERATION_MISMATCH) },
	{ "an older one named as the current", "espresso-v6", .family = "espresso-v7",
	  .lies = { SAY(EVERYBODY, QUERY_7, ONE), NO_PROOFS },
	  FAILS("onchain.code", REASON_GENERATION_MISMATCH) },
	{ "probes differ", "espresso-v7", .lies = { SAY(0, PROBE, ONE) },
	  ERRS("onchain.code", REASON_SERVERS_DISAGREE) },
	{ "no probe", "espresso-v7", .lies = { SILENT(EVERYBODY, QUESTION_CALL) },
	  ERRS("onchain.code", REASON_QUORUM_NOT_REACHED) },
};

static const struct scene pointers[] = {
	{ "pinned", "espresso-v7", .inner = "@espresso-v7 inner", PASSES("proved") },
	{ "pinned elsewhere", "espresso-v7", .inner = "@decoy inner",
	  FAILS("onchain.pointers", REASON_POINTER_MISMATCH) },
	{ "pinned elsewhere, no proofs", "espresso-v7", .inner = "@decoy inner",
	  .lies = { NO_PROOFS }, FAILS("onchain.pointers", REASON_POINTER_MISMATCH) },
	{ "nothing there", "pointerless", .family = "espresso-v7",
	  FAILS("onchain.pointers", REASON_POINTER_EMPTY) },
	{ "obeys another", "disobedient", .family = "espresso-v7",
	  FAILS("onchain.pointers", REASON_BACK_POINTER_MISMATCH) },
	{ "obeys another, no proofs", "disobedient", .family = "espresso-v7", .lies = { NO_PROOFS },
	  FAILS("onchain.pointers", REASON_BACK_POINTER_MISMATCH) },
	{ "a proxy slot that is no address", "strange-proxy", .family = "espresso-v7",
	  ERRS("onchain.pointers", REASON_SLOT_RULE_MISMATCH) },
	{ "a lie about the pointer", "espresso-v7",
	  .lies = { SAY(EVERYBODY, POINTER, "@decoy inner") },
	  ERRS("onchain.pointers", REASON_SLOT_RULE_MISMATCH) },
	{ "one lies about the pointer", "espresso-v7", .lies = { SAY(1, POINTER, "@decoy inner") },
	  ERRS("onchain.pointers", REASON_SERVERS_DISAGREE) },
	{ "a lie about the way back", "espresso-v7",
	  .lies = { SAY(EVERYBODY, BACK, "@decoy inner") },
	  ERRS("onchain.pointers", REASON_SLOT_RULE_MISMATCH) },
	{ "the pointer reverts", "espresso-v7", .lies = { REVERT(EVERYBODY, POINTER) },
	  ERRS("onchain.pointers", REASON_CALL_REVERTED) },
	{ "the pointer is too long", "espresso-v7", .lies = { SAY(EVERYBODY, POINTER, ONE "00") },
	  ERRS("onchain.pointers", REASON_ANSWER_MALFORMED) },
	{ "the pointer is no address", "espresso-v7", .lies = { SAY(EVERYBODY, POINTER, ALL_ONES) },
	  ERRS("onchain.pointers", REASON_ANSWER_MALFORMED) },
	{ "the way back reverts", "espresso-v7", .lies = { REVERT(EVERYBODY, BACK) },
	  ERRS("onchain.pointers", REASON_CALL_REVERTED) },
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
	  ERRS("onchain.registered", REASON_STRENGTH_TOO_LOW) },
	{ "decoy, with the outer proof", "espresso-v7", .image = "B", .n_servers = 1,
	  .block = BLOCK_HASH, .strength = "claimed",
	  .lies = { SAY(EVERYBODY, POINTER, "@decoy inner"), SAY(EVERYBODY, QUERY_7, ONE) },
	  ERRS("onchain.pointers", REASON_SLOT_RULE_MISMATCH) },
	{ "decoy, the outer proof forged", "espresso-v7", .image = "B", .n_servers = 1,
	  .block = BLOCK_HASH, .strength = "claimed",
	  .lies = { SAY(EVERYBODY, POINTER, "@decoy inner"),
		    SAY(EVERYBODY, QUERY_7, ONE),
		    { ANSWER_VALUE, QUESTION_CALL, EVERYBODY, BACK, "@espresso-v7 outer" },
		    FORGE(EVERYBODY, "outer", "flip") },
	  FAILS("onchain.pointers", REASON_TRIE_NODE_HASH) },
	{ "decoy before one that is honest", "espresso-v7", .image = "B",
	  .lies = { SAY(0, POINTER, "@decoy inner"), SAY(0, QUERY_7, ONE), REFUSE(0, "outer") },
	  ERRS("onchain.pointers", REASON_SERVERS_DISAGREE) },
};

static const struct scene answers[] = {
	{ "a bool of 2", "espresso-v7", .lies = { SAY(EVERYBODY, QUERY_7, TWO) },
	  ERRS("onchain.registered", REASON_ANSWER_MALFORMED) },
	{ "a bool of all ones", "espresso-v7", .lies = { SAY(EVERYBODY, QUERY_7, ALL_ONES) },
	  ERRS("onchain.registered", REASON_ANSWER_MALFORMED) },
	{ "a bool of 31 bytes", "worldchain",
	  .lies = { SAY(EVERYBODY, NULL,
			"00000000000000000000000000000000000000000000000000000000000001") },
	  ERRS("onchain.registered", REASON_ANSWER_MALFORMED) },
	{ "a bool of 64 bytes", "worldchain", .lies = { SAY(EVERYBODY, NULL, ONE ONE) },
	  ERRS("onchain.registered", REASON_ANSWER_MALFORMED) },
	{ "a bool of no bytes", "worldchain", .lies = { SAY(EVERYBODY, NULL, NULL) },
	  ERRS("onchain.registered", REASON_ANSWER_MALFORMED) },
	{ "a revert", "worldchain", .lies = { REVERT(EVERYBODY, NULL) },
	  ERRS("onchain.registered", REASON_CALL_REVERTED) },
	{ "a revert of one", "worldchain", .lies = { REVERT(1, NULL) },
	  ERRS("onchain.registered", REASON_SERVERS_DISAGREE) },
	{ "another answer of one", "worldchain", .lies = { SAY(0, NULL, ZERO) },
	  ERRS("onchain.registered", REASON_SERVERS_DISAGREE) },
	{ "another answer of one of three", "worldchain", .n_servers = 3, .quorum = 2,
	  .lies = { SAY(2, NULL, ZERO) }, ERRS("onchain.registered", REASON_SERVERS_DISAGREE) },
	{ "true by call, absent by proof", "espresso-v7", .image = "B",
	  .lies = { SAY(EVERYBODY, QUERY_7, ONE) },
	  ERRS("onchain.registered", REASON_SLOT_RULE_MISMATCH) },
	{ "false by call, there by proof", "espresso-v7", .lies = { SAY(EVERYBODY, QUERY_7, ZERO) },
	  ERRS("onchain.registered", REASON_SLOT_RULE_MISMATCH) },
	{ "a slot of 2", "odd", .family = "espresso-v7", .lies = { SAY(EVERYBODY, QUERY_7, ONE) },
	  ERRS("onchain.registered", REASON_SLOT_RULE_MISMATCH) },
	{ "a proof that does not hold", "espresso-v7",
	  .lies = { FORGE(EVERYBODY, "inner", "flip") },
	  FAILS("onchain.pointers", REASON_TRIE_NODE_HASH) },
	{ "a proof that does not hold, no pointers", "generic-bool", .family = "generic",
	  .lies = { FORGE(EVERYBODY, "outer", "flip") },
	  FAILS("onchain.proof", REASON_TRIE_NODE_HASH) },
	{ "a proof that one forged", "espresso-v7", .lies = { FORGE(0, NULL, "flip") },
	  PASSES("proved") },
	{ "a proof that is an empty object", "generic-bool", .family = "generic",
	  .lies = { FORGE(EVERYBODY, "outer", "json {}") },
	  FAILS("onchain.proof", REASON_PROOF_SHAPE) },
	{ "strings of other lengths", "marlin-verifier",
	  .lies = { SAY(EVERYBODY, "2f9b0ad7", ZERO) },
	  ERRS("onchain.registered", REASON_ANSWER_MALFORMED) },
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
	  FAILS("onchain.registered", REASON_OTHER_HASH), .sentence = "empty" },
	{ "a bytes32 of a debug enclave", "base-multiproof", .hash_alone = true,
	  .lies = { SAY(EVERYBODY, "94a277d1", HASH_ZERO_PCR0) },
	  FAILS("onchain.registered", REASON_OTHER_HASH), .sentence = "every debug enclave" },
	{ "a bytes32 of 33 bytes", "base-multiproof",
	  .lies = { SAY(EVERYBODY, "94a277d1", ZERO "00") },
	  ERRS("onchain.registered", REASON_ANSWER_MALFORMED) },
};

#define SIGNER_PASSES(strength_) .check = "onchain.signer", .status = STATUS_PASS, .got = strength_
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
	  ERRS("onchain.signer", REASON_STRENGTH_TOO_LOW) },
	{ "v7 of another image", "espresso-v7", .signer = "other",
	  FAILS("onchain.signer", REASON_SIGNER_NOT_VALID) },
	{ "of another image, called valid", "espresso-v7", .signer = "other",
	  .lies = { SAY(EVERYBODY, VALID_7, ONE) },
	  FAILS("onchain.signer", REASON_SIGNER_OTHER_HASH) },
	{ "v7 unknown", "espresso-v7", .signer = "none",
	  FAILS("onchain.signer", REASON_SIGNER_NOT_VALID) },
	{ "unknown, called valid", "espresso-v7", .signer = "none",
	  .lies = { SAY(EVERYBODY, VALID_7, ONE) },
	  ERRS("onchain.signer", REASON_SLOT_RULE_MISMATCH) },
	{ "another, no such call", "marlin-verifier", .signer = "other",
	  FAILS("onchain.signer", REASON_SIGNER_OTHER_HASH) },
	{ "good, called not valid", "espresso-v7", .signer = "good",
	  .lies = { SAY(EVERYBODY, VALID_7, ZERO) },
	  FAILS("onchain.signer", REASON_SIGNER_NOT_VALID) },
	{ "a bool of 2", "espresso-v7", .signer = "good", .lies = { SAY(EVERYBODY, VALID_7, TWO) },
	  ERRS("onchain.signer", REASON_ANSWER_MALFORMED) },
	{ "a revert", "espresso-v7", .signer = "good", .lies = { REVERT(EVERYBODY, VALID_7) },
	  ERRS("onchain.signer", REASON_CALL_REVERTED) },
	{ "servers differ", "espresso-v7", .signer = "good", .lies = { SAY(0, VALID_7, ZERO) },
	  ERRS("onchain.signer", REASON_SERVERS_DISAGREE) },
	{ "another hash than the slot's", "marlin-auther", .signer = "good",
	  .lies = { SAY(EVERYBODY, "01d58fa3", ONE) },
	  ERRS("onchain.signer", REASON_SLOT_RULE_MISMATCH) },
	{ "a hash of 31 bytes", "marlin-verifier", .signer = "good",
	  .lies = { SAY(EVERYBODY, "da994cd8", "00") },
	  ERRS("onchain.signer", REASON_ANSWER_MALFORMED) },
	{ "a family without signers", "worldchain", .signer = "good",
	  ERRS("onchain.signer", REASON_SIGNER_UNSUPPORTED) },
	{ "recorded", "espresso-v7", .signer = "good", .n_servers = 1, .block = BLOCK_HASH,
	  .recorded = true, SIGNER_PASSES("proved") },
	{ "recorded, of another image", "espresso-v7", .signer = "other", .n_servers = 1,
	  .block = BLOCK_HASH, .recorded = true,
	  FAILS("onchain.signer", REASON_SIGNER_OTHER_HASH) },
	{ "recorded, by word", "marlin-verifier", .signer = "good", .n_servers = 1,
	  .block = BLOCK_HASH, .recorded = true, ERRS("onchain.signer", REASON_STRENGTH_TOO_LOW) },
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
	  FAILS("onchain.registered", REASON_OTHER_HASH) },
	{ "without a hash", "espresso-v7", .recorded = true,
	  ERRS("onchain.block", REASON_BLOCK_HASH_NOT_GIVEN) },
	{ "with a number", "espresso-v7", .recorded = true, .block = BLOCK_NUMBER,
	  ERRS("onchain.block", REASON_BLOCK_HASH_NOT_GIVEN) },
	{ "of any age", "espresso-v7", RECORD, .age = 100000000, PASSES("proved") },
	{ "of another chain", "espresso-v7", RECORD, .chain_id = 1,
	  FAILS("onchain.chain_id", REASON_CHAIN_ID_MISMATCH) },
	{ "calls count for nothing", "worldchain", RECORD, .strength = "claimed",
	  ERRS("onchain.registered", REASON_STRENGTH_TOO_LOW) },
	{ "no proofs", "espresso-v7", RECORD, .strength = "claimed", .lies = { NO_PROOFS },
	  ERRS("onchain.code", REASON_STRENGTH_TOO_LOW) },
	{ "no proof of the outer one, pinned", "espresso-v7", RECORD, .strength = "claimed",
	  .inner = "@espresso-v7 inner", .lies = { REFUSE(EVERYBODY, "outer") },
	  ERRS("onchain.code", REASON_STRENGTH_TOO_LOW) },
	{ "a lie by call", "espresso-v7", RECORD, .image = "B",
	  .lies = { SAY(EVERYBODY, QUERY_7, ONE) }, ABSENT },
	{ "forged", "generic-bool", .family = "generic", RECORD,
	  .lies = { FORGE(EVERYBODY, "outer", "flip") },
	  FAILS("onchain.code", REASON_TRIE_NODE_HASH) },
	{ "forged behind the first", "espresso-v7", RECORD,
	  .lies = { FORGE(EVERYBODY, "inner", "flip") },
	  FAILS("onchain.code", REASON_TRIE_NODE_HASH) },
	{ "pins", "espresso-v7", RECORD,
	  .pins = { "@espresso-v7 outer", NULL, "@espresso-v7 inner" }, PASSES("proved") },
	{ "another pin", "espresso-v7", RECORD, .pins = { "@espresso-v7 inner" },
	  FAILS("onchain.code", REASON_CODE_HASH_MISMATCH) },
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
	return row->status == scene->status && row->reason == scene->reason &&
	       (scene->got == NULL || strcmp(strength_of(row), scene->got) == 0) &&
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

/* The strength with which the scene's contract is said to accept the image; -1: it is not said. */
static int strength_now(struct dossier *dossier, const struct onchain_policy *policy,
			const struct onchain_subject *subject)
{
	const struct check_set none = { .has = { false } };
	struct report *report = report_new();
	int strength = -1;

	onchain_judge(dossier, policy, subject, WORLD_TIME, report);
	if (report_conclude(report, &none) == VERDICT_PASS) {
		for (size_t i = 0; i < report->n_rows; i++) {
			const struct row *row = &report->rows[i];
			const char *name = strength_of(row);

			if (row->check != CHECK_ONCHAIN_REGISTERED)
				continue;
			for (int s = STRENGTH_CLAIMED; s <= STRENGTH_PROVED; s++) {
				if (strcmp(name, strength_name((enum strength)s)) == 0)
					strength = s;
			}
		}
	}
	report_free(report);
	return strength;
}

/* Bytes that say the same in either case: addresses are compared as numbers. */
static bool is_other_case(uint8_t before, uint8_t after)
{
	return (before ^ after) == 0x20 && before >= 'A' && after >= 'A';
}

/* Whichever byte is turned of one answer or of the block, a proof is no proof any more. */
static void turn_bytes(const char *name, struct dossier *dossier, struct buf *bytes,
		       const struct onchain_policy *policy, const struct onchain_subject *subject)
{
	for (size_t i = 0; i < bytes->len; i += support_thin(97)) {
		for (unsigned bit = 0; bit < 8; bit += 5) {
			const uint8_t before = bytes->at[i];

			bytes->at[i] = (uint8_t)(before ^ (1U << bit));
			if (!is_other_case(before, bytes->at[i]))
				ck_assert_msg(strength_now(dossier, policy, subject) <
						      STRENGTH_PROVED,
					      "%s: byte %zu of %.*s", name, i,
					      bytes->len < 200 ? (int)bytes->len : 200,
					      (const char *)bytes->at);
			bytes->at[i] = before;
		}
	}
}

START_TEST(test_turned)
{
	static const struct scene scenes[] = {
		{ "alone", "plain", .family = "espresso-v7", .n_servers = 1, .block = BLOCK_HASH,
		  .strength = "claimed", PASSES("proved") },
		{ "recorded", "plain", .family = "espresso-v7", .n_servers = 1, RECORD,
		  .strength = "claimed", PASSES("proved") },
		{ "strings", "marlin-auther", .n_servers = 1, .block = BLOCK_HASH,
		  .strength = "claimed", PASSES("proved") },
	};
	struct world *world = world_read();

	for (size_t i = 0; i < LENGTH(scenes); i++) {
		const struct scene *scene = &scenes[i];
		struct onchain_policy policy;
		struct onchain_subject subject;
		struct pcrs pcrs;

		world_expect(world, scene, &policy, &subject, &pcrs);
		struct dossier *dossier = world_collect(world, scene, &policy, &subject);
		struct dossier_server *server = &dossier->servers[0];
		ck_assert_int_eq(strength_now(dossier, &policy, &subject), STRENGTH_PROVED);
		for (size_t q = 0; q < dossier->n_questions; q++) {
			const enum question_kind kind = dossier->questions[q].kind;

			/* a record's calls are not looked at */
			if (kind == QUESTION_PROOF || !scene->recorded)
				turn_bytes(scene->name, dossier, &server->answers[q].value, &policy,
					   &subject);
		}
		turn_bytes(scene->name, dossier, &server->block, &policy, &subject);
		dossier_free(dossier);
	}
	world_free(world);
}
END_TEST

START_TEST(test_unasked)
{
	static const struct onchain_subject nothing = { .lacks = CHECK_PCR_MATCH };
	struct onchain_policy policy;
	struct report *report = report_new();

	onchain_policy_init(&policy);
	onchain_judge(NULL, &policy, &nothing, 0, report);
	ck_assert_uint_eq(report->n_rows, 7);
	for (size_t i = 0; i < report->n_rows; i++)
		EXPECT_REASON("not requested", report->rows[i].reason, REASON_NOT_REQUESTED);
	report_free(report);
	report = report_new();
	policy.requested = true;
	onchain_judge(NULL, &policy, &nothing, 0, report);
	for (size_t i = 0; i < report->n_rows; i++) {
		EXPECT_REASON("no key", report->rows[i].reason, REASON_NEEDS);
		ck_assert_int_eq(report->rows[i].needed, CHECK_PCR_MATCH);
	}
	report_free(report);
	/* a policy that names no chain, and a server that tells none, are no pass */
	struct world *world = world_read();
	struct onchain_subject subject;
	struct pcrs pcrs;
	world_expect(world, &families[0], &policy, &subject, &pcrs);
	struct dossier *dossier = world_collect(world, &families[0], &policy, &subject);
	ck_assert_int_eq(strength_now(dossier, &policy, &subject), STRENGTH_PROVED);
	/* a signer that the document does not have */
	policy.signer = SIGNER_FROM_DOCUMENT;
	report = report_new();
	onchain_judge(dossier, &policy, &subject, WORLD_TIME, report);
	EXPECT_REASON("signer", report->rows[6].reason, REASON_SIGNER_MISSING);
	ck_assert_int_eq(report->rows[6].status, STATUS_FAIL);
	report_free(report);
	policy.signer = SIGNER_NONE;
	policy.has_chain_id = false;
	ck_assert_int_eq(strength_now(dossier, &policy, &subject), -1);
	policy.has_chain_id = true;
	dossier->servers[1].has_chain_id = false;
	ck_assert_int_eq(strength_now(dossier, &policy, &subject), -1);
	dossier_free(dossier);
	world_free(world);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("onchain");

	support_add(suite, "scenes", test_scenes);
	support_add(suite, "turned", test_turned);
	support_add(suite, "unasked", test_unasked);
	return support_main(suite);
}
