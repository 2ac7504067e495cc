"""Seeds of the fuzz target nsm: a byte that says what the rest is to be read as, then requests to a
Nitro Security Module and its answers, whole and broken.

0 to 6: an answer to Attestation, DescribePCR, ExtendPCR, LockPCR, LockPCRs, DescribeNSM, GetRandom;
7: a request.
"""

from . import cbor

ATTESTATION, DESCRIBE_PCR, EXTEND_PCR, LOCK_PCR, LOCK_PCRS, DESCRIBE_NSM, GET_RANDOM, REQUEST = range(8)


def variant(name, *fields):
    """A variant with fields, as serde writes it."""
    pairs = [(cbor.tstr(key), value) for key, value in fields]
    return cbor.mapping([(cbor.tstr(name), cbor.mapping(pairs))])


def requests():
    yield "attestation", variant(
        "Attestation",
        ("user_data", cbor.NULL),
        ("nonce", cbor.bstr(b"\1\2\3")),
        ("public_key", cbor.bstr(b"")),
    )
    yield "describe-pcr", variant("DescribePCR", ("index", cbor.uint(0)))
    yield "extend-pcr", variant("ExtendPCR", ("index", cbor.uint(16)), ("data", cbor.bstr(b"ab")))
    yield "lock-pcr", variant("LockPCR", ("index", cbor.uint(16)))
    yield "lock-pcrs", variant("LockPCRs", ("range", cbor.uint(17)))
    yield "describe-nsm", cbor.tstr("DescribeNSM")
    yield "get-random", cbor.tstr("GetRandom")
    yield "cut", variant("LockPCR", ("index", cbor.uint(1000)))[:-1]


def description():
    return variant(
        "DescribeNSM",
        ("version_major", cbor.uint(1)),
        ("version_minor", cbor.uint(0)),
        ("version_patch", cbor.uint(0)),
        ("module_id", cbor.tstr("i-0e5c1a7ed0c5e7e57-enc019b834c9f78c0de")),
        ("max_pcrs", cbor.uint(32)),
        ("locked_pcrs", cbor.array([cbor.uint(n) for n in (0, 1, 2, 15)])),
        ("digest", cbor.tstr("SHA384")),
    )


def answers():
    document = ("document", cbor.bstr(b"\x84\x44"))
    yield "document", ATTESTATION, variant("Attestation", document)
    yield "document-indefinite", ATTESTATION, cbor.indefinite_mapping(
        [(cbor.tstr("Attestation"), cbor.indefinite_mapping([(cbor.tstr("document"), cbor.bstr(b"x"))]))]
    )
    yield "document-unknown", ATTESTATION, variant(
        "Attestation", ("new", cbor.array([cbor.uint(1)])), document
    )
    yield "register", DESCRIBE_PCR, variant(
        "DescribePCR", ("lock", b"\xf5"), ("data", cbor.bstr(bytes(48)))
    )
    yield "extended", EXTEND_PCR, variant("ExtendPCR", ("data", cbor.bstr(bytes(48))))
    yield "locked", LOCK_PCR, cbor.tstr("LockPCR")
    yield "all-locked", LOCK_PCRS, cbor.tstr("LockPCRs")
    yield "description", DESCRIBE_NSM, description()
    yield "random", GET_RANDOM, variant("GetRandom", ("random", cbor.bstr(bytes(16))))
    for name in ("InvalidIndex", "InternalError", "Success"):
        yield "error-" + name.lower(), ATTESTATION, cbor.mapping([(cbor.tstr("Error"), cbor.tstr(name))])


def add(vectors):
    for name, content in requests():
        vectors.put(f"seeds/nsm/request-{name}", bytes([REQUEST]) + content)
    for name, op, content in answers():
        vectors.put(f"seeds/nsm/answer-{name}", bytes([op]) + content)
