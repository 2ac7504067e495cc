"""Payloads broken in one way at a time, each properly signed by the leaf."""

import struct

from . import cbor, document, pki
from .basics import short_chain, small_claims, small_document, usual_chain
from .changes import certificate_of, chain_of
from .document import ABSENT

CHECK = "claims.form"
TABLE_LIMITS = "--root root.pem --at document --pcrs pcr.json --aws-table-limits"
LATER = f"--root root.pem --at {document.TIMESTAMP} --pcrs pcr.json"

REQUIRED = ("module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle")
OPTIONAL = ("public_key", "user_data", "nonce")


def add(vectors):
    outer_map(vectors)
    keys(vectors)
    fields_present(vectors)
    doubled(vectors)
    bad_utf8(vectors)
    broken_cbor(vectors)
    not_minimal(vectors)
    module_id(vectors)
    digest(vectors)
    timestamp(vectors)
    registers(vectors)
    certificates(vectors)
    optionals(vectors)


def sign(body):
    return document.envelope(body, short_chain()[-1].key)


def usual_pairs(**change):
    return document.pairs(small_claims(**change))


def usual_body(**change):
    return document.payload(small_claims(**change))


def outer_map(vectors):
    pairs = usual_pairs()
    body = usual_body()
    flat = [part for pair in pairs for part in pair]
    definite = cbor.mapping(pairs)
    for name, content, reason, what in (
        ("trailing-zero", body + b"\x00", "doc-trailing", "one zero byte after the payload map"),
        (
            "trailing-break",
            body + cbor.BREAK,
            "doc-trailing",
            "a second break code after the payload map",
        ),
        (
            "trailing-definite",
            definite + cbor.NULL,
            "doc-trailing",
            "a null after a payload map of definite length",
        ),
        ("trailing-twice", body + body, "doc-trailing", "the payload map twice"),
        (
            "short-count",
            b"\xa8" + definite[1:],
            "doc-trailing",
            "the map head counts eight of nine entries",
        ),
        ("shape-array", cbor.array(flat), "doc-shape", "the payload is an array"),
        ("shape-tstr", cbor.tstr("SHA384"), "doc-shape", "the payload is a text string"),
        ("shape-null", cbor.NULL, "doc-shape", "the payload is null"),
        ("shape-tagged", cbor.tag(55799, body), "doc-shape", "the payload map carries a tag"),
        (
            "shape-bstr",
            cbor.bstr(body),
            "doc-shape",
            "the payload map is wrapped in a second byte string",
        ),
        ("empty-map", cbor.mapping([]), "doc-missing-field", "the payload is an empty map"),
        (
            "empty-indefinite-map",
            b"\xbf\xff",
            "doc-missing-field",
            "the payload is an empty map of indefinite length",
        ),
    ):
        vectors.bad(f"doc-{name}.cbor", sign(content), CHECK, reason, what)


def keys(vectors):
    pairs = usual_pairs()
    one = cbor.uint(1)
    for name, key, reason, what in (
        ("key-type-uint", cbor.uint(1), "doc-key-type", "a payload key that is an integer"),
        (
            "key-type-bstr",
            cbor.bstr(b"nonce"),
            "doc-key-type",
            "a payload key that is a byte string",
        ),
        ("key-type-null", cbor.NULL, "doc-key-type", "a payload key that is null"),
        ("unknown-field", cbor.tstr("extra"), "doc-unknown-field", "a field that no document has"),
        ("unknown-empty", cbor.tstr(""), "doc-unknown-field", "a field with an empty name"),
        (
            "unknown-case",
            cbor.tstr("Nonce"),
            "doc-unknown-field",
            "a known field's name in another case",
        ),
        (
            "unknown-nul",
            cbor.tstr("nonce\0"),
            "doc-unknown-field",
            "a known field's name with a NUL behind it",
        ),
        (
            "unknown-prefix",
            cbor.tstr("pcr"),
            "doc-unknown-field",
            "the first letters of a known field's name",
        ),
    ):
        vectors.bad(
            f"doc-{name}.cbor",
            sign(cbor.indefinite_mapping([*pairs, (key, one)])),
            CHECK,
            reason,
            what,
        )
    nested = b"\x81" * 40 + b"\x00"
    vectors.bad(
        "doc-unknown-deep.cbor",
        sign(cbor.indefinite_mapping([*pairs, (cbor.tstr("extra"), nested)])),
        CHECK,
        "doc-unknown-field",
        "an unknown field that holds forty nested arrays",
    )


def fields_present(vectors):
    for field in REQUIRED:
        name = field.replace("_", "-")
        vectors.bad(
            f"doc-missing-{name}.cbor",
            small_document(**{field: ABSENT}),
            CHECK,
            "doc-missing-field",
            f"{field} is absent",
        )
        vectors.bad(
            f"doc-null-{name}.cbor",
            small_document(**{field: cbor.NULL}),
            CHECK,
            "doc-null-field",
            f"{field} is null",
        )


def doubled(vectors):
    pairs = usual_pairs()
    for field in ("module_id", "nonce", "pcrs", "certificate"):
        twin = next(pair for pair in pairs if pair[0] == cbor.tstr(field))
        vectors.bad(
            f"cbor-dup-key-{field.replace('_', '-')}.cbor",
            sign(cbor.indefinite_mapping([*pairs, twin])),
            CHECK,
            "cbor-dup-key",
            f"{field} stands twice with the same value",
        )
    vectors.bad(
        "cbor-dup-key-nonce-differs.cbor",
        sign(cbor.mapping([*pairs, (cbor.tstr("nonce"), cbor.bstr(b"other"))])),
        CHECK,
        "cbor-dup-key",
        "nonce stands twice with different values, map of definite length",
    )
    registers = document.pcr_pairs(document.registers())
    other = cbor.bstr(document.OTHER_IMAGE[0])
    for name, entries, what in (
        ("pcr-same", [registers[0], *registers], "PCR0 twice in a row with the same value"),
        (
            "pcr-differs",
            [*registers, (cbor.uint(0), other)],
            "PCR0 again at the end with another value",
        ),
        ("pcr-first", [(cbor.uint(0), other), *registers], "PCR0 first with another value"),
    ):
        vectors.bad(
            f"cbor-dup-key-{name}.cbor",
            small_document(pcrs=cbor.mapping(entries)),
            CHECK,
            "cbor-dup-key",
            what,
        )


def bad_utf8(vectors):
    for name, octets, what in (
        ("ff", b"i-\xff", "a byte that UTF-8 never has"),
        ("overlong", b"i-\xc0\xaf", "an overlong form"),
        ("surrogate", b"i-\xed\xa0\x80", "a surrogate"),
        ("range", b"i-\xf4\x90\x80\x80", "a character above U+10FFFF"),
        ("cut", b"i-\xe4\xb8", "a character cut short"),
        ("continuation", b"i-\x80", "a continuation byte alone"),
    ):
        vectors.bad(
            f"cbor-utf8-{name}.cbor",
            small_document(module_id=cbor.tstr(octets)),
            CHECK,
            "cbor-utf8",
            f"module_id with {what}",
        )
    vectors.bad(
        "cbor-utf8-digest.cbor",
        small_document(digest=cbor.tstr(b"SHA38\xb4")),
        CHECK,
        "cbor-utf8",
        "digest is not UTF-8",
    )
    pairs = [*usual_pairs(), (cbor.tstr(b"nonc\xe5"), cbor.NULL)]
    vectors.bad(
        "cbor-utf8-key.cbor",
        sign(cbor.indefinite_mapping(pairs)),
        CHECK,
        "cbor-utf8",
        "a payload key that is not UTF-8",
    )


def broken_cbor(vectors):
    body = usual_body()
    pairs = usual_pairs()
    definite = cbor.mapping(pairs)
    after_cabundle = cbor.indefinite_mapping(pairs[:6])[:-1]
    for name, content, what in (
        ("head", b"\xbf", "only the map head"),
        ("no-break", body[:-1], "the map of indefinite length is not closed"),
        ("last", definite[:-1], "the last byte is missing, map of definite length"),
        ("half", body[: len(body) // 2], "ends within the certificates"),
        ("after-key", after_cabundle + cbor.tstr("nonce"), "ends after a key"),
        ("long-count", b"\xaa" + definite[1:], "the map head counts ten of nine entries"),
        (
            "huge-string",
            after_cabundle + cbor.tstr("nonce") + b"\x5b" + b"\xff" * 8,
            "nonce said to have 2^64 - 1 bytes",
        ),
    ):
        reason = "cbor-truncated"
        vectors.bad(f"cbor-payload-truncated-{name}.cbor", sign(content), CHECK, reason, what)
    huge_map = b"\xbb" + b"\x0f" + b"\xff" * 7
    vectors.bad(
        "cbor-payload-huge-map.cbor",
        sign(huge_map + definite[1:]),
        CHECK,
        "cbor-truncated",
        "a map said to have 2^60 - 1 entries",
    )
    vectors.bad(
        "cbor-payload-huge-pcrs.cbor",
        small_document(pcrs=huge_map),
        CHECK,
        "cbor-truncated",
        "pcrs said to have 2^60 - 1 entries",
    )
    vectors.bad(
        "cbor-payload-huge-cabundle.cbor",
        small_document(cabundle=b"\x9b" + b"\x0f" + b"\xff" * 7),
        CHECK,
        "cbor-truncated",
        "cabundle said to have 2^60 - 1 entries",
    )
    for name, content, reason, what in (
        (
            "reserved-28",
            usual_body(timestamp=b"\x1c"),
            "cbor-malformed",
            "timestamp with the reserved length code 28",
        ),
        (
            "reserved-30",
            usual_body(certificate=b"\x5e"),
            "cbor-malformed",
            "certificate with the reserved length code 30",
        ),
        (
            "indefinite-integer",
            usual_body(timestamp=b"\x1f"),
            "cbor-malformed",
            "timestamp is an integer of indefinite length",
        ),
        (
            "two-byte-simple",
            usual_body(nonce=b"\xf8\x16"),
            "nonce",
            "nonce is null in the forbidden two-byte form",
        ),
        (
            "odd",
            after_cabundle + cbor.tstr("nonce") + cbor.BREAK,
            "nonce",
            "the map is closed after a key",
        ),
        (
            "break-in-definite",
            usual_body(pcrs=b"\xa1" + cbor.BREAK),
            "pcr-index",
            "a break code within pcrs of definite length",
        ),
    ):
        vectors.bad(f"cbor-payload-{name}.cbor", sign(content), CHECK, reason, what)


def not_minimal(vectors):
    chain = short_chain()
    pairs = usual_pairs()
    registers = document.pcr_pairs(document.registers())
    cas = [cbor.bstr(certificate.der) for certificate in chain[:-1]]
    first = document.IMAGE[0]
    for name, content, what in (
        ("map", cbor.mapping(pairs, 1), "payload map head of two bytes"),
        (
            "key",
            cbor.indefinite_mapping([(cbor.tstr("module_id", 1), pairs[0][1]), *pairs[1:]]),
            "length of a key in two bytes",
        ),
        (
            "key-indefinite",
            cbor.indefinite_mapping([(cbor.indefinite_tstr("module_id"), pairs[0][1]), *pairs[1:]]),
            "a key of indefinite length",
        ),
        (
            "module-id",
            usual_body(module_id=cbor.tstr(pki.MODULE_ID, 2)),
            "length of module_id in three bytes",
        ),
        (
            "module-id-indefinite",
            usual_body(module_id=cbor.indefinite_tstr(pki.MODULE_ID)),
            "module_id of indefinite length",
        ),
        ("digest", usual_body(digest=cbor.tstr("SHA384", 1)), "length of digest in two bytes"),
        (
            "pcr-index",
            usual_body(pcrs=cbor.mapping([(cbor.uint(0, 1), cbor.bstr(first)), *registers[1:]])),
            "PCR index 0 in two bytes",
        ),
        (
            "pcr-index-twice",
            usual_body(pcrs=cbor.mapping([*registers, (cbor.uint(0, 1), cbor.bstr(first))])),
            "PCR index 0 again, in two bytes",
        ),
        (
            "pcr-value",
            usual_body(pcrs=cbor.mapping([(cbor.uint(0), cbor.bstr(first, 2)), *registers[1:]])),
            "length of a register in three bytes",
        ),
        (
            "pcr-value-indefinite",
            usual_body(
                pcrs=cbor.mapping([(cbor.uint(0), cbor.indefinite_bstr(first)), *registers[1:]])
            ),
            "a register of indefinite length",
        ),
        ("pcrs", usual_body(pcrs=cbor.mapping(registers, 1)), "head of pcrs in two bytes"),
        (
            "pcrs-indefinite",
            usual_body(pcrs=cbor.indefinite_mapping(registers)),
            "pcrs of indefinite length",
        ),
        (
            "certificate",
            usual_body(certificate=cbor.bstr(chain[-1].der, 4)),
            "length of certificate in five bytes",
        ),
        (
            "certificate-indefinite",
            usual_body(certificate=cbor.indefinite_bstr(chain[-1].der)),
            "certificate of indefinite length",
        ),
        ("cabundle", usual_body(cabundle=cbor.array(cas, 1)), "head of cabundle in two bytes"),
        (
            "cabundle-indefinite",
            usual_body(cabundle=cbor.indefinite_array(cas)),
            "cabundle of indefinite length",
        ),
        (
            "user-data",
            usual_body(user_data=cbor.bstr(b"data", 1)),
            "length of user_data in two bytes",
        ),
        (
            "nonce-indefinite",
            usual_body(nonce=cbor.indefinite_bstr(b"non", b"ce")),
            "nonce of indefinite length",
        ),
    ):
        vectors.bad(
            f"cbor-noncanonical-{name}.cbor", sign(content), CHECK, "cbor-noncanonical", what
        )


def module_id(vectors):
    for name, item, what in (
        ("empty", cbor.tstr(""), "module_id of no bytes"),
        ("257", cbor.tstr("i-" + "f" * 255), "module_id of 257 bytes"),
        ("newline", cbor.tstr("i-0\nPASS"), "module_id with a newline"),
        ("nul", cbor.tstr("i-0\0"), "module_id with a NUL"),
        ("escape", cbor.tstr("i-0\x1b[2J"), "module_id with a terminal escape"),
        ("del", cbor.tstr("i-0\x7f"), "module_id with DEL"),
        ("bstr", cbor.bstr(b"i-0"), "module_id is a byte string"),
        ("uint", cbor.uint(0), "module_id is an integer"),
    ):
        vectors.bad(
            f"module-id-{name}.cbor", small_document(module_id=item), CHECK, "module-id", what
        )


def digest(vectors):
    for name, item, what in (
        ("sha256", cbor.tstr("SHA256"), "digest SHA256"),
        ("sha512", cbor.tstr("SHA512"), "digest SHA512"),
        ("lower", cbor.tstr("sha384"), "digest in lower case"),
        ("dash", cbor.tstr("SHA-384"), "digest with a dash"),
        ("nul", cbor.tstr("SHA384\0"), "digest with a NUL behind it"),
        ("prefix", cbor.tstr("SHA38"), "digest cut short"),
        ("empty", cbor.tstr(""), "digest of no bytes"),
        ("bstr", cbor.bstr(b"SHA384"), "digest is a byte string"),
    ):
        vectors.bad(f"digest-{name}.cbor", small_document(digest=item), CHECK, "digest", what)


def timestamp(vectors):
    stamp = document.TIMESTAMP_MS
    for name, item, what in (
        ("zero", cbor.uint(0), "timestamp 0"),
        ("negative", cbor.nint(-stamp), "timestamp negative"),
        ("text", cbor.tstr(str(stamp)), "timestamp is text"),
        ("float", b"\xfb" + struct.pack(">d", stamp), "timestamp is a floating-point number"),
        ("tag-1", cbor.tag(1, cbor.uint(stamp)), "timestamp carries tag 1"),
        ("bignum", cbor.tag(2, cbor.bstr(stamp.to_bytes(8, "big"))), "timestamp is a bignum"),
        ("bool", cbor.FALSE, "timestamp is false"),
    ):
        vectors.bad(
            f"timestamp-{name}.cbor", small_document(timestamp=item), CHECK, "timestamp", what
        )
    for name, number, what in (
        ("1", 1, "timestamp of one millisecond"),
        ("seconds", document.TIMESTAMP, "timestamp in seconds, not milliseconds"),
        ("microseconds", stamp * 1000, "timestamp in microseconds, not milliseconds"),
        ("before-2020", 1577836799999, "timestamp one millisecond before 2020"),
        ("2100", 4102444800000, "timestamp at the start of 2100"),
        ("2-64", 2**64 - 1, "timestamp 2^64 - 1"),
        ("2-63", 2**63, "timestamp 2^63"),
    ):
        vectors.bad(
            f"timestamp-range-{name}.cbor",
            small_document(timestamp=cbor.uint(number)),
            CHECK,
            "timestamp-range",
            what,
            LATER,
        )
    for name, number, what in (
        ("2020", 1577836800000, "the first timestamp within range, years before the leaf"),
        ("2099", 4102444799999, "the last timestamp of 2099, years after the leaf"),
    ):
        vectors.bad(
            f"timestamp-outside-leaf-{name}.cbor",
            small_document(timestamp=cbor.uint(number)),
            "chain.time",
            "timestamp-outside-leaf",
            what,
            LATER,
        )


def registers(vectors):
    value = cbor.bstr(bytes(48))
    usual = document.pcr_pairs(document.registers())
    thirty_two = [(cbor.uint(index), value) for index in range(32)]
    for name, item, reason, what in (
        ("empty", cbor.mapping([]), "pcrs", "pcrs is an empty map"),
        ("array", cbor.array([value]), "pcrs", "pcrs is an array"),
        ("bstr", cbor.bstr(bytes(48)), "pcrs", "pcrs is a byte string"),
        ("tagged", cbor.tag(1, cbor.mapping(usual)), "pcrs", "pcrs carries a tag"),
        (
            "33",
            cbor.mapping([*thirty_two, (cbor.uint(32), value)]),
            "pcrs",
            "thirty-three registers",
        ),
    ):
        vectors.bad(f"pcrs-{name}.cbor", small_document(pcrs=item), CHECK, reason, what)
    for name, key, what in (
        ("32", cbor.uint(32), "register 32"),
        ("255", cbor.uint(255), "register 255"),
        ("256", cbor.uint(256), "register 256, 0 in its low byte"),
        ("2-32", cbor.uint(2**32), "register 2^32, 0 in its low word"),
        ("2-64", cbor.uint(2**64 - 1), "register 2^64 - 1"),
        ("negative", cbor.nint(-1), "register -1"),
        ("text", cbor.tstr("0"), "register named by text"),
        ("bstr", cbor.bstr(b"\x00"), "register named by a byte string"),
        ("null", cbor.NULL, "register named by null"),
    ):
        pairs = [*usual[1:], (key, cbor.bstr(document.IMAGE[0]))]
        vectors.bad(
            f"pcr-index-{name}.cbor",
            small_document(pcrs=cbor.mapping(pairs)),
            CHECK,
            "pcr-index",
            what,
        )
    for name, item, reason, what in (
        ("length-0", cbor.bstr(b""), "pcr-length", "PCR0 of no bytes"),
        ("length-32", cbor.bstr(bytes(32)), "pcr-length", "PCR0 of 32 bytes"),
        ("length-47", cbor.bstr(document.IMAGE[0][:47]), "pcr-length", "PCR0 of 47 bytes"),
        ("length-49", cbor.bstr(document.IMAGE[0] + b"\0"), "pcr-length", "PCR0 of 49 bytes"),
        ("length-64", cbor.bstr(bytes(64)), "pcr-length", "PCR0 of 64 bytes"),
        ("value-text", cbor.tstr(document.IMAGE[0].hex()[:48]), "pcr-value", "PCR0 is text"),
        ("value-null", cbor.NULL, "pcr-value", "PCR0 is null"),
        ("value-uint", cbor.uint(0), "pcr-value", "PCR0 is an integer"),
        ("value-array", cbor.array([]), "pcr-value", "PCR0 is an array"),
    ):
        pairs = [(cbor.uint(0), item), *usual[1:]]
        vectors.bad(
            f"pcr-{name}.cbor", small_document(pcrs=cbor.mapping(pairs)), CHECK, reason, what
        )
    pairs = [*usual[:15], (cbor.uint(15), cbor.bstr(bytes(47)))]
    vectors.bad(
        "pcr-length-last.cbor",
        small_document(pcrs=cbor.mapping(pairs)),
        CHECK,
        "pcr-length",
        "PCR15 of 47 bytes",
    )


def certificates(vectors):
    for name, item, what in (
        ("empty", cbor.bstr(b""), "certificate of no bytes"),
        ("1025", cbor.bstr(certificate_of(1025, pki.LEAF).der), "certificate of 1025 bytes"),
        ("text", cbor.tstr("leaf"), "certificate is text"),
        ("array", cbor.array([cbor.bstr(short_chain()[-1].der)]), "certificate is an array"),
        ("uint", cbor.uint(0), "certificate is an integer"),
    ):
        vectors.bad(
            f"certificate-{name}.cbor", small_document(certificate=item), CHECK, "certificate", what
        )
    cas = [cbor.bstr(certificate.der) for certificate in usual_chain()[:-1]]
    vectors.bad(
        "cabundle-17.cbor",
        document.make(chain_of(17)),
        CHECK,
        "cabundle",
        "seventeen CA certificates",
    )
    for name, item, what in (
        ("empty", cbor.array([]), "cabundle of no certificates"),
        (
            "entry-empty",
            cbor.array([*cas, cbor.bstr(b"")]),
            "a certificate of no bytes in cabundle",
        ),
        (
            "entry-1025",
            cbor.array([*cas[:2], cbor.bstr(certificate_of(1025, pki.ZONAL).der), *cas[3:]]),
            "a certificate of 1025 bytes in cabundle",
        ),
        ("entry-text", cbor.array([*cas[:3], cbor.tstr("instance")]), "text in cabundle"),
        ("entry-null", cbor.array([*cas, cbor.NULL]), "null in cabundle"),
        ("entry-array", cbor.array([cbor.array(cas)]), "an array in cabundle"),
        ("map", cbor.mapping([(cbor.uint(0), cas[0])]), "cabundle is a map"),
        ("bstr", cas[0], "cabundle is one byte string"),
    ):
        vectors.bad(f"cabundle-{name}.cbor", small_document(cabundle=item), CHECK, "cabundle", what)


def optionals(vectors):
    for field in OPTIONAL:
        reason = field.replace("_", "-")
        for name, item, what in (
            ("1025", cbor.bstr(bytes(1025)), "of 1025 bytes"),
            ("text", cbor.tstr("text"), "is text"),
            ("uint", cbor.uint(7), "is an integer"),
            ("undefined", cbor.UNDEFINED, "is undefined, not null"),
            ("false", cbor.FALSE, "is false"),
            ("array", cbor.array([]), "is an empty array"),
        ):
            vectors.bad(
                f"{reason}-{name}.cbor",
                small_document(**{field: item}),
                CHECK,
                reason,
                f"{field} {what}",
            )
    for field, size in (("public_key", 0), ("user_data", 513), ("nonce", 513)):
        reason = field.replace("_", "-")
        name = f"{reason}-{size}.cbor"
        vectors.bad(
            name,
            small_document(**{field: cbor.bstr(bytes(size))}),
            CHECK,
            reason,
            f"{field} of {size} bytes under the narrower limits",
            TABLE_LIMITS,
        )
        vectors.passes(name, f"{field} of {size} bytes under the usual limits")
