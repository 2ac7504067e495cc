"""onchain/block.tsv: answers of eth_getBlockByHash, good and bad."""

import json

from .keccak import keccak256
from .mpt import EMPTY_ROOT, Raw, rlp
from .vectors import table

ORDER = (
    "parentHash sha3Uncles miner stateRoot transactionsRoot receiptsRoot logsBloom difficulty"
    " number gasLimit gasUsed timestamp extraData mixHash nonce baseFeePerGas withdrawalsRoot"
    " blobGasUsed excessBlobGas parentBeaconBlockRoot requestsHash"
).split()
NUMBERS = (
    "difficulty number gasLimit gasUsed timestamp baseFeePerGas blobGasUsed excessBlobGas".split()
)
STATE = keccak256(b"state")


def hash_of(label):
    return keccak256(label.encode())


def usual(count=21, **changes):
    """Fields by name: bytes and numbers."""
    fields = {
        "parentHash": hash_of("parent"),
        "sha3Uncles": hash_of("uncles"),
        "miner": hash_of("miner")[:20],
        "stateRoot": STATE,
        "transactionsRoot": EMPTY_ROOT,
        "receiptsRoot": EMPTY_ROOT,
        "logsBloom": bytes(range(256)),
        "difficulty": 0,
        "number": 0x1406F40,
        "gasLimit": 36_000_000,
        "gasUsed": 0x80,
        "timestamp": 1_767_434_400,
        "extraData": b"a test",
        "mixHash": hash_of("mix"),
        "nonce": bytes(8),
        "baseFeePerGas": 0x7F,
        "withdrawalsRoot": hash_of("withdrawals"),
        "blobGasUsed": 0x20000,
        "excessBlobGas": 0,
        "parentBeaconBlockRoot": hash_of("beacon"),
        "requestsHash": hash_of("requests"),
    }
    fields = {name: fields[name] for name in ORDER[:count]}
    fields.update(changes)
    return fields


def header_hash(fields, order=ORDER):
    return keccak256(rlp([fields[name] for name in order if name in fields]))


def shown(value):
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return hex(value)


def answer(fields, **changes):
    """As a node gives it: the hash is right, whatever else is changed."""
    members = {"hash": shown(header_hash(fields))}
    members.update((name, shown(value)) for name, value in fields.items())
    members.update(totalDifficulty="0x0", size="0x2db", uncles=[], transactions=[])
    for name, value in changes.items():
        if value is ...:
            del members[name]
        else:
            members[name] = value
    return members


class Rows(list):
    def row(self, name, reason, field, members, what):
        text = json.dumps(members, separators=(",", ":"))
        self.append((name, reason, field, text, what))

    def good(self, name, members, what):
        self.row(name, "ok", "-", members, what)


def add(vectors):
    rows = Rows()
    good(rows)
    forms(rows)
    fields(rows)
    shapes(rows)
    columns = ("name", "reason", "field", "answer", "what")
    vectors.put("onchain/block.tsv", table(columns, rows))


def good(rows):
    forks = {15: "Berlin", 16: "London", 17: "Shanghai", 20: "Cancun", 21: "Prague"}
    for count, fork in forks.items():
        rows.good(f"fields-{count}", answer(usual(count)), f"{count} fields, as in {fork}")
    later = {name: None for name in ORDER[16:]}
    rows.good("null-later", answer(usual(16), **later), "what London does not have is null")
    arbitrum = usual(
        16,
        difficulty=1,
        extraData=hash_of("send root"),
        mixHash=(37).to_bytes(8, "big")
        + (21_000_000).to_bytes(8, "big")
        + bytes(7)
        + b"\x20"
        + bytes(8),
        nonce=(1_500_000).to_bytes(8, "big"),
    )
    extra = {
        "sendRoot": shown(hash_of("send root")),
        "sendCount": "0x25",
        "l1BlockNumber": "0x1406f40",
    }
    rows.good("arbitrum", answer(arbitrum, **extra), "Arbitrum: London and three keys beside it")
    holocene = usual(extraData=bytes.fromhex("00000000fa00000006"), requestsHash=hash_of(""))
    rows.good("op-holocene", answer(holocene), "OP Stack: extraData of 9 bytes")
    jovian = usual(extraData=bytes.fromhex("01000000fa000000060000000000000000"))
    rows.good("op-jovian", answer(jovian), "OP Stack: extraData of 17 bytes")
    rows.good("withdrawals", answer(usual(), withdrawals=[]), "withdrawals beside their root")
    transactions = [{"hash": shown(hash_of("transaction")), "type": "0x2"}]
    rows.good("transactions", answer(usual(), transactions=transactions), "whole transactions")
    rows.good("unknown-beside", answer(usual(), author="0x00"), "an unknown key, the hash is right")
    rows.good("unknown-null", answer(usual(), slotNumber=None), "a key of a later fork, null")
    zeros = usual(**{name: 0 for name in NUMBERS})
    rows.good("numbers-zero", answer(zeros), "every number is zero")
    most = {name: (1 << 64) - 1 for name in NUMBERS}
    most.update(difficulty=(1 << 256) - 1, baseFeePerGas=(1 << 256) - 1)
    rows.good("numbers-most", answer(usual(**most)), "every number is the largest")
    for number in (0x7F, 0x80, 0xFF, 0x100):
        small = usual(**{name: number for name in NUMBERS})
        rows.good(f"numbers-{number:x}", answer(small), f"every number is {number}")
    for size in (0, 1, 55, 56, 3072):
        what = f"extraData of {size} bytes"
        rows.good(f"extra-{size}", answer(usual(extraData=b"\x11" * size)), what)
    miner = shown(usual()["miner"])
    mixed = "0x" + miner[2:].upper()
    rows.good("address-upper", answer(usual(), miner=mixed), "an address in upper-case digits")


def forms(rows):
    def unknown(name, field, members, what):
        rows.row(name, "block-form", field, members, what)

    for count in (18, 19):
        what = f"{count} fields: a part of Cancun"
        unknown(f"form-{count}", ORDER[count], answer(usual(count)), what)
    for count in (0, 1, 14):
        what = f"{count} fields"
        unknown(f"form-{count}", ORDER[count], answer(usual(count)), what)
    for missing in ORDER[:15:3]:
        members = answer(usual())
        del members[missing]
        unknown(f"form-no-{missing}", missing, members, "a field of all blocks is missing")
    for missing in ORDER[15:20]:
        changed = usual()
        del changed[missing]
        what = "a field is missing before another; the hash is that of the others"
        unknown(f"form-gap-{missing}", missing, answer(changed), what)
    for name, value in (("blockAccessListHash", hash_of("list")), ("slotNumber", 7)):
        what = "a field of a later fork, the hash is made with it"
        longer = usual(**{name: value})
        members = answer(longer, hash=shown(header_hash(longer, [*ORDER, name])))
        unknown(f"form-{name}", name, members, what)
        what = "a field of a later fork, the hash is made without it"
        unknown(f"form-{name}-beside", name, answer(usual(), **{name: shown(value)}), what)
    longer = usual(newRoot=hash_of("new"))
    members = answer(longer, hash=shown(header_hash(longer, [*ORDER, "newRoot"])))
    unknown("form-22", "hash", members, "22 fields, the last unknown")
    members = answer(usual(), hash=shown(hash_of("other")), newRoot="0x00")
    unknown("form-unknown", "hash", members, "another hash and an unknown key")


def fields(rows):
    def false_hash(name, members, what):
        rows.row(name, "block-hash", "hash", members, what)

    false_hash("hash-other", answer(usual(), hash=shown(hash_of("other"))), "another hash")
    false_hash("hash-zero", answer(usual(), hash=shown(bytes(32))), "hash zero")
    false_hash("hash-short", answer(usual(), requestsHash=...), "the last field was taken away")
    false_hash("hash-long", answer(usual(20), requestsHash=shown(hash_of("x"))), "one more field")
    zero = [0 if name in NUMBERS else value for name, value in usual().items()]
    wrong = keccak256(rlp([Raw(b"\x00") if value == 0 else value for value in zero]))
    what = "zero as a byte instead of an empty string"
    members = answer(usual(**{name: 0 for name in NUMBERS}), hash=shown(wrong))
    false_hash("hash-zeros", members, what)

    def field(name, key, value, what):
        rows.row(name, "block-field", key, answer(usual(), **{key: value}), what)

    state = shown(STATE)
    field("field-upper", "stateRoot", "0x" + state[2:].upper(), "upper-case digits")
    field("field-0X", "stateRoot", "0X" + state[2:], "0X")
    field("field-bare", "stateRoot", state[2:], "without 0x")
    field("field-short", "stateRoot", state[:-2], "31 bytes")
    field("field-long", "stateRoot", state + "00", "33 bytes")
    field("field-odd", "stateRoot", state[:-1], "an odd number of digits")
    field("field-blank", "stateRoot", state[:-1] + " ", "a blank in it")
    field("field-not-hex", "stateRoot", state[:-1] + "g", "a letter that is no digit")
    field("field-empty", "stateRoot", "", "an empty string")
    field("field-number", "number", 21_000_000, "a JSON number")
    field("field-true", "number", True, "true")
    field("field-array", "stateRoot", [state], "an array")
    field("number-zero", "number", "0x01406f40", "a leading zero")
    field("number-0x", "number", "0x", "a number without a digit")
    field("number-00", "gasUsed", "0x00", "two zeros")
    field("number-sign", "number", "0x-1", "a sign")
    field("number-9", "number", "0x10000000000000000", "a block number of 9 bytes")
    field("number-9-time", "timestamp", "0x" + "f" * 18, "a time of 9 bytes")
    field("number-33", "difficulty", "0x1" + "0" * 64, "a difficulty of 33 bytes")
    field("bloom-255", "logsBloom", "0x" + "00" * 255, "a bloom of 255 bytes")
    field("nonce-number", "nonce", "0x0", "the nonce as a number")
    field("nonce-9", "nonce", "0x" + "00" * 9, "a nonce of 9 bytes")
    field("extra-odd", "extraData", "0x0", "data of an odd number of digits")
    field("extra-3073", "extraData", "0x" + "00" * 3073, "extraData of 3073 bytes")
    field("miner-19", "miner", "0x" + "00" * 19, "an address of 19 bytes")
    field("miner-word", "miner", "0x" + "00" * 32, "an address of 32 bytes")
    field("hash-null", "hash", None, "no hash yet, as of a pending block")
    field("hash-missing", "hash", ..., "no hash")
    field("hash-cut", "hash", "0x00", "a hash of one byte")
    field("hash-array", "hash", [], "an array for a hash")


def shapes(rows):
    for name, value in (("null", None), ("array", []), ("string", "0x"), ("false", False)):
        rows.row(f"shape-{name}", "block-shape", "-", value, f"the answer is {name}")
