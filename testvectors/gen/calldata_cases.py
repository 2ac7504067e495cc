"""calldata/: documents and journals inside call data, good and bad, and seeds of its fuzz target."""

from . import basics, document
from .keccak import keccak256
from .onchain_world import pcrs_of, selector, word
from .vectors import table

SIGNER_3 = "registerSigner(bytes,bytes,uint8)"
SIGNER_2 = "registerSigner(bytes,bytes)"
SERVICE_3 = "registerService(bytes,bytes,uint8)"
SERVICE_2 = "registerService(bytes,bytes)"
SERVICE_4 = "registerService(bytes,bytes,uint8,uint8)"
POINT = b"\x04" + bytes(range(1, 65))


def padded(content):
    return content + bytes(-len(content) % 32)


def encode(items):
    """ABI: bytes are bytes, numbers words."""
    heads, tail = [], b""
    for item in items:
        if isinstance(item, int):
            heads.append(word(item))
        else:
            heads.append(word(32 * len(items) + len(tail)))
            tail += item if isinstance(item, Raw) else word(len(item)) + padded(item)
    return b"".join(heads) + tail


class Raw(bytes):
    """What stands behind an offset as it is."""


def call(signature, *arguments):
    return selector(signature) + encode(arguments)


def parts():
    """What the bundled document's enclave signed, and its signature."""
    content = basics.bundled_document()
    begin = content.index(b"\x59", 7)
    length = int.from_bytes(content[begin + 1 : begin + 3], "big")
    payload = content[begin + 3 : begin + 3 + length]
    return document.signed_bytes(payload), content[-96:]


def journal(pcrs=None, certs=(), **change):
    values = {
        "result": 0,
        "trusted": 1,
        "timestamp": 1_767_434_400_123,
        "certs": Raw(word(len(certs)) + b"".join(certs)),
        "user_data": b"",
        "nonce": b"12345",
        "public_key": POINT,
        "pcrs": pcrs if pcrs is not None else registers(enumerate(pcrs_of("journal"))),
        "module_id": b"i-0123456789abcdef0-enc0123456789abcdef",
    }
    values.update(change)
    return word(32) + encode(values.values())


def registers(pairs):
    pairs = list(pairs)
    listed = b"".join(word(i) + value[:32] + value[32:].ljust(32, b"\0") for i, value in pairs)
    return Raw(word(len(pairs)) + listed)


def changed(content, at, value):
    return content[:at] + value + content[at + len(value) :]


def rows():
    tbs, signature = parts()
    three = call(SIGNER_3, tbs, signature, 0)
    short = tbs[:18] + b"\x41\x61"
    small = call(SIGNER_3, short, signature, 1)
    small_2 = call(SIGNER_2, short, signature)
    told = journal(certs=(keccak256(b"a"), keccak256(b"b")))
    service = call(SERVICE_3, told, b"proof", 0)

    def bad(name, reason, content, what):
        yield (name, reason, content.hex() or "-", what)

    yield from bad("three", "ok", three, "a document, three arguments")
    yield from bad("two", "ok", call(SIGNER_2, tbs, signature), "a document, two arguments")
    yield from bad("small", "ok", small, "a short payload")
    yield from bad("small-2", "ok", small_2, "likewise, two arguments")
    yield from bad("tee-255", "ok", call(SIGNER_3, short, signature, 255), "the largest uint8")
    journals = (
        ("service", service, "three arguments"),
        ("service-2", call(SERVICE_2, told, b""), "two arguments, no proof"),
        ("service-4", call(SERVICE_4, told, b"proof", 0, 1), "four arguments"),
    )
    for name, content, what in journals:
        yield from bad(name, "not-an-attestation", content, f"a journal, {what}")
    what = "no such call"
    selectors = "setEnclaveHash(bytes32,bool)", "registerSigner(bytes,bytes,bytes)"
    for i, other in enumerate(selectors):
        yield from bad(f"selector-{i}", "calldata-selector", selector(other) + small[4:], what)
    yield from bad("empty", "calldata-selector", b"", "nothing")
    yield from bad("selector-short", "calldata-selector", small[:3], "three bytes")
    abi = "calldata-abi"
    yield from bad("selector-alone", abi, small[:4], "no arguments")
    for n in (35, 67, 99, 131, len(small) - 1):
        yield from bad(f"cut-{n}", abi, small[:n], f"{n} bytes of it")
    yield from bad("trailing-byte", abi, small + b"\0", "a byte behind it")
    yield from bad("trailing-word", abi, small + bytes(32), "a word behind it")
    yield from bad("other-head", abi, selector(SIGNER_2) + small[4:], "arguments of another call")
    yield from bad("offset-low", abi, changed(small, 4, word(0x40)), "an offset into the head")
    yield from bad("offset-odd", abi, changed(small, 4, word(0x61)), "an offset within a word")
    yield from bad("offset-gap", abi, changed(small, 4, word(0x80)), "a gap before the first")
    yield from bad("offset-huge", abi, changed(small, 4, b"\xff" * 32), "an offset of 2^256 - 1")
    yield from bad("offset-wraps", abi, changed(small, 4, word(2**64 + 0x60)), "beyond 64 bits")
    yield from bad("offset-same", abi, changed(small, 36, word(0x60)), "both at one place")
    swapped = small[:4] + small[36:68] + small[4:36] + small[68:]
    yield from bad("offset-swapped", abi, swapped, "in another order")
    yield from bad("tee-256", abi, changed(small, 68, word(256)), "a uint8 of 256")
    at = 4 + 0x60
    yield from bad("length-more", abi, changed(small, at, word(0x1000)), "longer than all")
    yield from bad("length-huge", abi, changed(small, at, word(2**64 - 1)), "of 2^64 - 1 bytes")
    yield from bad("length-wraps", abi, changed(small, at, word(2**64 + 20)), "beyond 64 bits")
    end = at + 32 + len(short)
    yield from bad("padding", abi, changed(small, end, b"\1"), "padding that is not zero")
    yield from bad("padding-last", abi, changed(small, at + 63, b"\1"), "likewise, its last byte")
    form = "calldata-tbs"
    for at in range(18):
        wrong = changed(short, at, bytes([short[at] ^ 1]))
        yield from bad(f"tbs-{at}", form, call(SIGNER_2, wrong, signature), f"byte {at} differs")
    yield from bad("tbs-short", form, call(SIGNER_2, short[:17], signature), "cut short")
    yield from bad("tbs-empty", form, call(SIGNER_2, b"", signature), "nothing")
    whole = basics.bundled_document()
    yield from bad("tbs-document", form, call(SIGNER_2, whole, signature), "the document itself")
    for size in (0, 95, 97):
        content = call(SIGNER_2, short, bytes(size))
        yield from bad(f"signature-{size}", "calldata-signature", content, f"of {size} bytes")
    yield from journal_rows(bad)


def journal_rows(bad):
    def row(name, output, what):
        return bad(f"journal-{name}", "calldata-journal", call(SERVICE_2, output, b""), what)

    told = journal()
    pcr = pcrs_of("journal")[0]
    for n in (0, 31, 63, 320, 351, len(told) - 32):
        yield from row(f"cut-{n}", told[:n], f"{n} bytes of it")
    yield from row("trailing", told + bytes(32), "a word behind it")
    yield from row("offset", changed(told, 0, word(64)), "another offset of the whole")
    yield from row("certs-offset", changed(told, 128, word(0x140)), "another offset of certs")
    yield from row("time", changed(told, 96, word(2**64)), "a time beyond 64 bits")
    yield from row("pcr-32", journal(registers([(32, pcr)])), "register 32")
    yield from row("pcr-twice", journal(registers([(1, pcr), (1, pcr)])), "a register twice")
    yield from row("pcr-33", journal(registers([(i % 32, pcr) for i in range(33)])), "33 registers")
    yield from row("pcr-padding", journal(registers([(0, pcr + b"\1")])), "a register of 49 bytes")
    certs = tuple(keccak256(bytes([i])) for i in range(17))
    yield from row("certs-17", journal(certs=certs), "17 certificates")


def add(vectors):
    listed = list(rows())
    vectors.put("calldata/index.tsv", table(("name", "reason", "bytes", "what"), listed))
    by_name = {row[0]: bytes.fromhex(row[2].replace("-", "")) for row in listed}
    vectors.put("calldata/document.hex", "0x" + by_name["three"].hex() + "\n")
    vectors.put("calldata/service.hex", "0x" + by_name["service"].hex() + "\n")
    for name in "small small-2 service service-4 padding offset-swapped journal-pcr-twice".split():
        vectors.put(f"seeds/calldata/{name}", by_name[name])
