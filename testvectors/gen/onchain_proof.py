"""onchain/proof.tsv: answers of eth_getProof, good and bad."""

import copy
import json

from .keccak import keccak256
from .mpt import EMPTY, EMPTY_ROOT, NO_CODE, Trie, big_endian, rlp
from .vectors import table

ADDRESS = keccak256(b"contract")[:20]
OTHER = keccak256(b"other contract")[:20]
PERSON = keccak256(b"person")[:20]
BARE = keccak256(b"contract without storage")[:20]
NOBODY = keccak256(b"nobody")[:20]
CODE = keccak256(b"code")
SLOT = keccak256(b"slot")
TWO = (2).to_bytes(32, "big")
NONE = keccak256(b"empty slot")
WORD = int.from_bytes(keccak256(b"value"), "big")


def storage_trie(content):
    return Trie({keccak256(slot): rlp(value) for slot, value in content.items()})


STORAGE = storage_trie({SLOT: 1, TWO: WORD, keccak256(b"a"): 0x80, keccak256(b"b"): 0xFF00})
OTHER_STORAGE = storage_trie({SLOT: 2, TWO: 1})
ACCOUNTS = {
    ADDRESS: [1, 0, STORAGE.root, CODE],
    OTHER: [2, 0, OTHER_STORAGE.root, CODE],
    PERSON: [0x80, 10**21 + 5, EMPTY_ROOT, NO_CODE],
    BARE: [1, 7, EMPTY_ROOT, CODE],
}
USUAL = (SLOT, TWO, NONE)


def state_trie(accounts):
    return Trie({keccak256(address): rlp(account) for address, account in accounts.items()})


STATE = state_trie(ACCOUNTS)


def shown(value):
    return "0x" + value.hex() if isinstance(value, bytes) else hex(value)


def entry(trie, slot, value):
    proof = [shown(node) for node in trie.prove(keccak256(slot))]
    return {"key": shown(slot), "value": shown(value), "proof": proof}


def answer_for(state, address, account, slots):
    nonce, balance, storage_root, code_hash = account
    return {
        "address": shown(address),
        "accountProof": [shown(node) for node in state.prove(keccak256(address))],
        "balance": shown(balance),
        "codeHash": shown(code_hash),
        "nonce": shown(nonce),
        "storageHash": shown(storage_root),
        "storageProof": slots,
    }


def usual():
    values = {SLOT: 1, TWO: WORD, NONE: 0}
    slots = [entry(STORAGE, slot, values[slot]) for slot in USUAL]
    return answer_for(STATE, ADDRESS, ACCOUNTS[ADDRESS], slots)


SMALL_STORAGE = storage_trie({SLOT: 1})
SMALL_ACCOUNT = [1, 0, SMALL_STORAGE.root, CODE]
SMALL_STATE = state_trie({ADDRESS: SMALL_ACCOUNT})


def small():
    """One account with one slot."""
    return answer_for(SMALL_STATE, ADDRESS, SMALL_ACCOUNT, [entry(SMALL_STORAGE, SLOT, 1)])


def told(account):
    if account is None:
        return "absent"
    nonce, balance, storage_root, code_hash = account
    return (nonce.to_bytes(8, "big") + balance.to_bytes(32, "big") + storage_root + code_hash).hex()


class Rows(list):
    def row(self, name, reason, field, state, address, slots, account, values, answer, what):
        text = json.dumps(answer, separators=(",", ":"))
        asked = ",".join(slot.hex() for slot in slots) or "none"
        listed = ",".join(value.to_bytes(32, "big").hex() for value in values) or "none"
        cells = (name, reason, field, state.root.hex(), address.hex(), asked, account, listed)
        self.append((*cells, text, what))

    def good(
        self, name, what, answer, values=(1, WORD, 0), slots=USUAL, address=ADDRESS, state=STATE
    ):
        account = told(ACCOUNTS.get(address))
        self.row(name, "ok", "-", state, address, slots, account, values, answer, what)

    def bad(self, name, reason, field, what, answer, slots=USUAL, address=ADDRESS, state=STATE):
        self.row(name, reason, field, state, address, slots, "-", (), answer, what)

    def changed(self, name, reason, field, what, change):
        answer = copy.deepcopy(usual())
        change(answer)
        self.bad(name, reason, field, what, answer)

    def set(self, name, reason, field, value, what):
        """One member changed; a field storageProof.x is that of the first slot."""

        def change(answer):
            place = answer["storageProof"][0] if "." in field else answer
            key = field.rpartition(".")[2]
            if value is ...:
                del place[key]
            else:
                place[key] = value

        self.changed(name, reason, field, what, change)

    def set_small(self, name, reason, field, value, what):
        answer = small()
        place = answer["storageProof"][0] if "." in field else answer
        key = field.rpartition(".")[2]
        place[key] = value
        if value is ...:
            del place[key]
        self.bad(name, reason, field, what, answer, (SLOT,), state=SMALL_STATE)


def add(vectors):
    rows = Rows()
    good(rows)
    absent(rows)
    shapes(rows)
    beside(rows)
    nodes(rows)
    accounts(rows)
    values(rows)
    columns = "name reason field root address slots account values answer what".split()
    vectors.put("onchain/proof.tsv", table(tuple(columns), rows))


def good(rows):
    rows.good("usual", "a value of a byte, one of 32, and a slot that is not there", usual())
    answer = usual()
    answer["storageProof"] = []
    what = "one account with one slot"
    rows.row(
        "small", "ok", "-", SMALL_STATE, ADDRESS, (SLOT,), told(SMALL_ACCOUNT), (1,), small(), what
    )
    rows.good("no-slots", "no slot was asked for", answer, (), ())
    for name, key in (("short", "0x2"), ("padded", "0x02"), ("wide", shown(TWO))):
        answer = usual()
        answer["storageProof"][1]["key"] = key
        rows.good(f"key-{name}", "the key of slot 2 in another width", answer)
    answer = usual()
    answer["address"] = "0x" + ADDRESS.hex().upper()
    rows.good("address-upper", "the address in upper-case digits", answer)
    answer = usual()
    answer["more"] = [1, 2]
    rows.good("unknown-key", "a key that EIP-1186 does not have", answer)
    person = answer_for(STATE, PERSON, ACCOUNTS[PERSON], [])
    rows.good("person", "an account without code", person, (), (), PERSON)
    for name, proof in (("none", []), ("node", [shown(EMPTY)])):
        slots = [{"key": shown(SLOT), "value": "0x0", "proof": proof}]
        bare = answer_for(STATE, BARE, ACCOUNTS[BARE], slots)
        rows.good(f"bare-{name}", "a contract without storage", bare, (0,), (SLOT,), BARE)
    alone = state_trie({ADDRESS: ACCOUNTS[ADDRESS]})
    answer = answer_for(alone, ADDRESS, ACCOUNTS[ADDRESS], usual()["storageProof"])
    rows.good("alone", "the only account of the state", answer, state=alone)


def absent(rows):
    def answer_of(state, storage_root, code_hash, slots=()):
        return answer_for(state, NOBODY, [0, 0, storage_root, code_hash], list(slots))

    nobody = {"slots": (), "address": NOBODY}
    answer = answer_of(STATE, EMPTY_ROOT, NO_CODE)
    rows.good("absent", "no such account: hashes of nothing", answer, (), **nobody)
    answer = answer_of(STATE, bytes(32), bytes(32))
    rows.good("absent-zero", "no such account: hashes are zero", answer, (), **nobody)
    empty = state_trie({})
    answer = answer_of(empty, EMPTY_ROOT, NO_CODE)
    rows.good("absent-empty", "an empty state", answer, (), state=empty, **nobody)
    slot = {"key": shown(SLOT), "value": "0x0", "proof": []}
    answer = answer_of(STATE, bytes(32), bytes(32), [slot])
    rows.good("absent-slot", "a slot of no account", answer, (0,), (SLOT,), NOBODY)

    def bad(name, reason, field, what, **changes):
        answer = answer_of(STATE, EMPTY_ROOT, NO_CODE)
        answer.update(changes)
        rows.bad(name, reason, field, what, answer, **nobody)

    said = "it says more than it proves"
    bad("absent-nonce", "proof-beside", "nonce", said, nonce="0x1")
    bad("absent-balance", "proof-beside", "balance", said, balance="0x1")
    bad("absent-code", "proof-beside", "codeHash", said, codeHash=shown(CODE))
    bad("absent-storage", "proof-beside", "storageHash", said, storageHash=shown(STORAGE.root))
    bad("absent-cut", "trie-cut", "accountProof", "absence that is not shown", accountProof=[])
    slot = entry(STORAGE, SLOT, 1)
    answer = answer_of(STATE, EMPTY_ROOT, NO_CODE, [slot])
    what = "a slot of another account, where there is none"
    rows.bad(
        "absent-slot-of-other",
        "trie-node-hash",
        "storageProof.proof",
        what,
        answer,
        (SLOT,),
        NOBODY,
    )
    slot = {"key": shown(SLOT), "value": "0x1", "proof": []}
    answer = answer_of(STATE, EMPTY_ROOT, NO_CODE, [slot])
    what = "a value without an account"
    rows.bad(
        "absent-slot-value", "proof-beside", "storageProof.value", what, answer, (SLOT,), NOBODY
    )


def shapes(rows):
    bad = "proof-shape"
    for name, value in (("null", None), ("array", []), ("string", "0x")):
        rows.bad(f"shape-{name}", bad, "-", f"the answer is {name}", value)
    members = "address nonce balance storageHash codeHash storageProof accountProof".split()
    for field in (*members, "storageProof.key", "storageProof.value", "storageProof.proof"):
        rows.set_small(f"missing-{field}", bad, field, ..., "it is missing")
        rows.set_small(f"null-{field}", bad, field, None, "it is null")
        rows.set_small(f"number-{field}", bad, field, 1, "it is a JSON number")
    for field in ("nonce", "balance", "storageProof.value"):
        rows.set_small(f"padded-{field}", bad, field, "0x01", "a leading zero")
        rows.set_small(f"bare-{field}", bad, field, "1", "without 0x")
        rows.set_small(f"nothing-{field}", bad, field, "0x", "without a digit")
    rows.set_small("nonce-9", bad, "nonce", "0x1" + "0" * 16, "a nonce of 9 bytes")
    rows.set_small("balance-33", bad, "balance", "0x1" + "0" * 64, "a balance of 33 bytes")
    rows.set_small("code-31", bad, "codeHash", shown(CODE)[:-2], "a hash of 31 bytes")
    rows.set_small("code-upper", bad, "codeHash", "0x" + CODE.hex().upper(), "upper-case digits")
    rows.set_small("key-65", bad, "storageProof.key", "0x0" + SLOT.hex(), "a key of 65 digits")
    rows.set_small("key-none", bad, "storageProof.key", "0x", "a key without a digit")
    for field in ("accountProof", "storageProof.proof"):
        for name, node in (("odd", "0xf"), ("bare", "f8"), ("number", 1), ("upper", "0xF8")):
            rows.set_small(
                f"node-{name}-{field}", bad, field, [node], "a node that is not strict hex"
            )
        rows.set_small(
            f"node-large-{field}", bad, field, ["0x" + "00" * 1025], "a node of 1025 bytes"
        )
        rows.set_small(f"node-empty-{field}", "trie-node-size", field, ["0x"], "a node of no bytes")
        rows.set_small(f"string-{field}", bad, field, "0x", "a string for an array")
        rows.set_small(f"object-{field}", bad, field, {"0": "0x80"}, "an object for an array")
    rows.set_small("entry-string", bad, "storageProof", ["0x"], "entries that are strings")


def beside(rows):
    said, slot = "proof-beside", "proof-slot"
    what = "it says something else than it proves"
    rows.set_small("address-other", "proof-address", "address", shown(OTHER), "another address")
    rows.set_small("nonce-other", said, "nonce", "0x2", what)
    rows.set_small("balance-other", said, "balance", "0x1", what)
    rows.set_small("storage-other", said, "storageHash", shown(OTHER_STORAGE.root), what)
    rows.set_small("storage-zero", said, "storageHash", shown(bytes(32)), what)
    rows.set_small("code-other", said, "codeHash", shown(NO_CODE), what)
    rows.set_small("code-zero", said, "codeHash", shown(bytes(32)), what)
    rows.set_small("value-other", said, "storageProof.value", "0x2", what)
    rows.set_small("value-zero", said, "storageProof.value", "0x0", what)
    rows.set("key-other", slot, "storageProof.key", shown(TWO), "another slot")
    rows.set("key-zero", slot, "storageProof.key", "0x0", "slot 0")
    entries = usual()["storageProof"]
    field = "storageProof"
    rows.set("slots-fewer", slot, field, entries[:2], "a slot is missing")
    rows.set("slots-more", slot, field, [*entries, entries[0]], "a slot too many")
    rows.set("slots-none", slot, field, [], "no slot")
    rows.set("slots-swapped", slot, "storageProof.key", entries[1]["key"], "another order")
    rows[-1] = with_answer(rows[-1], [entries[1], entries[0], entries[2]])

    def absent_value(answer):
        answer["storageProof"][2]["value"] = "0x1"

    what = "a value for a slot that is not there"
    rows.changed("absent-value", said, "storageProof.value", what, absent_value)


def with_answer(row, entries):
    answer = usual()
    answer["storageProof"] = entries
    cells = list(row)
    cells[8] = json.dumps(answer, separators=(",", ":"))
    return tuple(cells)


def nodes(rows):
    def of(trie, key):
        return [shown(node) for node in trie.prove(keccak256(key))]

    wrong, field = "trie-node-hash", "accountProof"
    other_state = state_trie({**ACCOUNTS, NOBODY: ACCOUNTS[PERSON]})
    rows.set("account-other", wrong, field, of(STATE, OTHER), "the proof of another account")
    rows.set("account-state", wrong, field, of(other_state, ADDRESS), "under another state root")
    rows.set("account-cut", "trie-cut", field, of(STATE, ADDRESS)[:-1], "the leaf is missing")
    rows.set("account-none", "trie-cut", field, [], "no node")
    extra = [*of(STATE, ADDRESS), shown(EMPTY)]
    rows.set("account-extra", "trie-leftover", field, extra, "a node too many")
    rows.set("account-storage", wrong, field, of(STORAGE, SLOT), "the nodes of a slot")
    field = "storageProof.proof"
    rows.set("slot-other", wrong, field, of(STORAGE, TWO), "the proof of another slot")
    rows.set("slot-account", wrong, field, of(OTHER_STORAGE, SLOT), "of another account")
    rows.set("slot-cut", "trie-cut", field, of(STORAGE, SLOT)[:-1], "the leaf is missing")
    rows.set("slot-none", "trie-cut", field, [], "no node")
    rows.set("slot-empty", wrong, field, [shown(EMPTY)], "as in an empty trie")
    extra = [*of(STORAGE, SLOT), of(STORAGE, SLOT)[-1]]
    rows.set("slot-extra", "trie-leftover", field, extra, "a node too many")


def accounts(rows):
    """What stands in the state where an account should."""
    root = STORAGE.root
    forms = {
        "three": ("rlp-truncated", rlp([1, 0, root])),
        "five": ("proof-account", rlp([1, 0, root, CODE, 0])),
        "string": ("proof-account", rlp(b"account")),
        "empty-list": ("rlp-truncated", rlp([])),
        "trailing": ("rlp-trailing", rlp([1, 0, root, CODE]) + b"\x00"),
        "nonce-zero": ("rlp-noncanonical", rlp([b"\x00", 0, root, CODE])),
        "nonce-padded": ("rlp-noncanonical", rlp([b"\x00\x01", 0, root, CODE])),
        "nonce-9": ("proof-account", rlp([1 << 64, 0, root, CODE])),
        "nonce-list": ("proof-account", rlp([[], 0, root, CODE])),
        "balance-padded": ("rlp-noncanonical", rlp([1, b"\x00\x01", root, CODE])),
        "balance-33": ("trie-value", rlp([1, 1 << 256, root, root + CODE])),
        "balance-33-only": ("proof-account", rlp([1, 1 << 256, root, CODE])),
        "root-31": ("proof-account", rlp([1, 0, root[:31], CODE])),
        "root-33": ("proof-account", rlp([1, 0, root + b"\x01", CODE])),
        "root-empty": ("proof-account", rlp([1, 0, b"", CODE])),
        "root-list": ("proof-account", rlp([1, 0, [root], CODE])),
        "code-31": ("proof-account", rlp([1, 0, root, CODE[:31]])),
        "code-empty": ("proof-account", rlp([1, 0, root, b""])),
        "long-form": ("rlp-noncanonical", b"\xf9\x00\x46" + rlp([1, 0, root, CODE])[2:]),
        "cut": ("rlp-truncated", rlp([1, 0, root, CODE])[:-1]),
    }
    slots = usual()["storageProof"]
    for name, (reason, encoded) in forms.items():
        state = Trie({keccak256(ADDRESS): encoded})
        answer = answer_for(state, ADDRESS, ACCOUNTS[ADDRESS], slots)
        what = f"an account of another form: {name}"
        rows.bad(f"form-{name}", reason, "accountProof", what, answer, state=state)


def values(rows):
    """What stands in the storage where a number should."""
    forms = {
        "byte": ("ok", b"\x01", 1),
        "anvil-zero": ("ok", EMPTY, 0),
        "most": ("ok", rlp((1 << 256) - 1), (1 << 256) - 1),
        "zero": ("rlp-noncanonical", b"\x00", 0),
        "padded": ("rlp-noncanonical", rlp(b"\x00\x01"), 1),
        "word": ("rlp-noncanonical", rlp((1).to_bytes(32, "big")), 1),
        "long-form": ("rlp-noncanonical", b"\x81\x01", 1),
        "raw": ("rlp-truncated", big_endian(0xFFEE), 0xFFEE),
        "33": ("proof-value", rlp(1 << 256), 0),
        "list": ("proof-value", rlp([1]), 1),
        "empty-list": ("proof-value", rlp([]), 0),
        "trailing": ("rlp-trailing", b"\x01\x01", 1),
        "cut": ("rlp-truncated", b"\x82\x01", 1),
    }
    for name, (reason, encoded, value) in forms.items():
        storage = Trie({keccak256(SLOT): encoded, keccak256(TWO): b"\x05"})
        account = [1, 0, storage.root, CODE]
        state = state_trie({**ACCOUNTS, ADDRESS: account})
        answer = answer_for(state, ADDRESS, account, [entry(storage, SLOT, value)])
        what = f"a value of another form: {name}"
        if reason == "ok":
            rows.row(
                f"value-{name}",
                "ok",
                "-",
                state,
                ADDRESS,
                (SLOT,),
                told(account),
                (value,),
                answer,
                what,
            )
        else:
            rows.bad(
                f"value-form-{name}",
                reason,
                "storageProof.proof",
                what,
                answer,
                (SLOT,),
                state=state,
            )
