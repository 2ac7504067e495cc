"""The COSE_Sign1 envelope broken in one way at a time; then signatures that do not verify."""

from . import cbor, document, ec, pki
from .basics import short_chain, small_claims, small_document, usual_chain

FORM = "document.form"
N = ec.P384.n


def add(vectors):
    sizes(vectors)
    tags(vectors)
    outer_shape(vectors)
    protected_header(vectors)
    unprotected_header(vectors)
    payload_item(vectors)
    signature_item(vectors)
    broken_cbor(vectors)
    signatures(vectors)


def usual_body(**change):
    return document.payload(small_claims(**change))


def leaf_key():
    return short_chain()[-1].key


def custom(**knobs):
    return document.envelope(knobs.pop("body", usual_body()), leaf_key(), **knobs)


def sizes(vectors):
    whole = small_document()
    vectors.bad("cose-empty.cbor", b"", FORM, "cose-empty", "a file of no bytes")
    vectors.bad(
        "cose-too-large.cbor",
        whole + bytes(32769 - len(whole)),
        FORM,
        "cose-too-large",
        "32769 bytes: a good document, then zeros",
    )
    vectors.bad(
        "cose-trailing-32768.cbor",
        whole + bytes(32768 - len(whole)),
        FORM,
        "cose-trailing",
        "32768 bytes, the most allowed: a good document, then zeros",
    )
    vectors.bad(
        "cose-trailing-zero.cbor",
        whole + b"\x00",
        FORM,
        "cose-trailing",
        "one zero byte after the envelope",
    )
    vectors.bad(
        "cose-trailing-newline.cbor",
        whole + b"\n",
        FORM,
        "cose-trailing",
        "a newline after the raw envelope",
    )
    vectors.bad(
        "cose-trailing-break.cbor",
        whole + cbor.BREAK,
        FORM,
        "cose-trailing",
        "a break code after the envelope",
    )
    vectors.bad(
        "cose-trailing-twice.cbor",
        whole + whole,
        FORM,
        "cose-trailing",
        "two good documents in one file",
    )


def tags(vectors):
    whole = small_document()
    for name, prefix, reason, what in (
        ("double", b"\xd2\xd2", "cose-tag", "tag 18 twice"),
        ("17", b"\xd1", "cose-tag", "tag 17 (COSE_Mac0)"),
        ("98", cbor.tag(98, b""), "cose-tag", "tag 98 (COSE_Sign)"),
        ("cwt", cbor.tag(61, b"") + b"\xd2", "cose-tag", "tag 61 (CWT) around tag 18"),
        ("cwt-inside", b"\xd2" + cbor.tag(61, b""), "cose-tag", "tag 61 (CWT) inside tag 18"),
        ("self-described", cbor.tag(55799, b""), "cose-tag", "the self-described CBOR tag"),
        (
            "18-long",
            cbor.tag(18, b"", 1),
            "cose-tag",
            "tag 18 with a head of two bytes",
        ),
    ):
        vectors.bad(f"cose-tag-{name}.cbor", prefix + whole, FORM, reason, what)


def outer_shape(vectors):
    whole = small_document()
    items = whole[1:]
    three = items[:-98]  # without the signature
    for name, content, reason, what in (
        ("array-3", b"\x83" + three, "cose-shape", "array of three, no signature"),
        ("array-5", b"\x85" + items + cbor.NULL, "cose-shape", "array of five"),
        ("array-0", b"\x80", "cose-shape", "an empty array"),
        ("map", b"\xa4" + items, "cose-shape", "a map where the array should be"),
        ("null", cbor.NULL, "cose-shape", "null"),
        ("bstr", cbor.bstr(whole), "cose-shape", "the document wrapped in a byte string"),
        ("tagged-map", b"\xd2\xa0", "cose-shape", "tag 18 on a map"),
        ("array-long", b"\x98\x04" + items, "cbor-noncanonical", "array head of two bytes"),
        (
            "tagged-array-long",
            b"\xd2\x98\x04" + items,
            "cbor-noncanonical",
            "tag 18, then an array head of two bytes",
        ),
        (
            "array-indefinite",
            b"\x9f" + items + cbor.BREAK,
            "cbor-noncanonical",
            "array of indefinite length",
        ),
    ):
        vectors.bad(f"cose-shape-{name}.cbor", content, FORM, reason, what)


ALG = cbor.uint(1)
ES384 = cbor.nint(-35)


def protected_header(vectors):
    alg = [(ALG, ES384)]
    for name, header, reason, what in (
        ("empty", b"", "cose-alg", "protected is a byte string of no bytes"),
        ("no-alg", cbor.mapping([]), "cose-alg", "protected is an empty map"),
        (
            "kid-only",
            cbor.mapping([(cbor.uint(4), cbor.bstr(b"k"))]),
            "cose-alg",
            "protected names a key, no algorithm",
        ),
        ("es256", cbor.mapping([(ALG, cbor.nint(-7))]), "cose-alg", "algorithm ES256"),
        ("es512", cbor.mapping([(ALG, cbor.nint(-36))]), "cose-alg", "algorithm ES512"),
        ("rs256", cbor.mapping([(ALG, cbor.nint(-257))]), "cose-alg", "algorithm RS256"),
        (
            "positive",
            cbor.mapping([(ALG, cbor.uint(35))]),
            "cose-alg",
            "algorithm 35 instead of -35",
        ),
        ("text", cbor.mapping([(ALG, cbor.tstr("ES384"))]), "cose-alg", "algorithm by name"),
        ("null", cbor.mapping([(ALG, cbor.NULL)]), "cose-alg", "algorithm null"),
        (
            "kid-beside",
            cbor.mapping([*alg, (cbor.uint(4), cbor.bstr(b"k"))]),
            "cose-protected",
            "a key identifier beside the algorithm",
        ),
        (
            "crit-beside",
            cbor.mapping([*alg, (cbor.uint(2), cbor.array([cbor.uint(99)]))]),
            "cose-protected",
            "a crit list beside the algorithm",
        ),
        ("twice", cbor.mapping(alg + alg), "cose-protected", "the algorithm twice"),
        ("array", cbor.array([ES384]), "cose-protected", "protected holds an array"),
        ("integer", ES384, "cose-protected", "protected holds a bare integer"),
        (
            "trailing",
            cbor.mapping(alg) + b"\x00",
            "cose-protected",
            "one byte after the protected map",
        ),
        (
            "truncated",
            cbor.mapping(alg)[:-1],
            "cbor-truncated",
            "the protected map ends early",
        ),
        (
            "alg-long",
            cbor.mapping([(ALG, cbor.nint(-35, 2))]),
            "cbor-noncanonical",
            "-35 with a head of three bytes",
        ),
        (
            "key-long",
            cbor.mapping([(cbor.uint(1, 1), ES384)]),
            "cbor-noncanonical",
            "the key 1 with a head of two bytes",
        ),
        ("map-long", cbor.mapping(alg, 1), "cbor-noncanonical", "protected map head of two bytes"),
        (
            "map-indefinite",
            cbor.indefinite_mapping(alg),
            "cbor-noncanonical",
            "protected map of indefinite length",
        ),
    ):
        vectors.bad(f"cose-protected-{name}.cbor", custom(protected=header), FORM, reason, what)
    whole = small_document()
    vectors.bad(
        "cose-protected-not-bstr.cbor",
        b"\x84" + document.PROTECTED + whole[6:],
        FORM,
        "cose-shape",
        "the protected map itself, not wrapped in a byte string",
    )
    vectors.bad(
        "cose-protected-length-long.cbor",
        b"\x84" + cbor.bstr(document.PROTECTED, 1) + whole[6:],
        FORM,
        "cbor-noncanonical",
        "length of protected in two bytes",
    )


def unprotected_header(vectors):
    for name, item, reason, what in (
        ("array", b"\x80", "cose-shape", "unprotected is an array"),
        ("null", cbor.NULL, "cose-shape", "unprotected is null"),
        ("bstr", cbor.bstr(b"\xa0"), "cose-shape", "unprotected is wrapped in a byte string"),
        (
            "kid",
            cbor.mapping([(cbor.uint(4), cbor.bstr(b"k"))]),
            "cose-unprotected",
            "a key identifier in unprotected",
        ),
        (
            "alg",
            cbor.mapping([(ALG, ES384)]),
            "cose-unprotected",
            "the algorithm in unprotected as well",
        ),
        (
            "map-long",
            b"\xb8\x00",
            "cbor-noncanonical",
            "empty unprotected map with a head of two bytes",
        ),
        (
            "map-indefinite",
            b"\xbf\xff",
            "cbor-noncanonical",
            "empty unprotected map of indefinite length",
        ),
    ):
        vectors.bad(f"cose-unprotected-{name}.cbor", custom(unprotected=item), FORM, reason, what)


def payload_item(vectors):
    body = usual_body()
    for name, item, reason, what in (
        ("null", cbor.NULL, "cose-shape", "payload null, as if detached"),
        ("tstr", cbor.tstr(body), "cose-shape", "payload as a text string"),
        ("map", body, "cose-shape", "the payload map itself, not wrapped in a byte string"),
        ("length-long", cbor.bstr(body, 4), "cbor-noncanonical", "payload length in four bytes"),
        (
            "indefinite",
            cbor.indefinite_bstr(body),
            "cbor-noncanonical",
            "payload as a byte string of indefinite length",
        ),
    ):
        vectors.bad(f"cose-payload-{name}.cbor", custom(payload_item=item), FORM, reason, what)
    vectors.bad(
        "cose-payload-empty.cbor",
        custom(body=b""),
        FORM,
        "cose-payload-size",
        "payload of no bytes",
    )
    vectors.bad(
        "cose-payload-16385.cbor",
        custom(body=cbor.bstr(bytes(16382))),
        FORM,
        "cose-payload-size",
        "payload of 16385 bytes",
    )
    vectors.bad(
        "cose-payload-16384.cbor",
        custom(body=cbor.bstr(bytes(16381))),
        "claims.form",
        "doc-shape",
        "payload of 16384 bytes, the most allowed, but it is a byte string",
    )


def signature_item(vectors):
    good = document.signature(leaf_key(), document.signed_bytes(usual_body()))
    r, s = (int.from_bytes(good[i : i + 48], "big") for i in (0, 48))
    for name, content, what in (
        ("0", b"", "signature of no bytes"),
        ("64", good[:64], "signature of 64 bytes"),
        ("95", good[:-1], "signature of 95 bytes"),
        ("97", good + b"\x00", "signature of 97 bytes"),
        ("der", pki.ecdsa_signature(r, s), "signature in DER, as in certificates"),
    ):
        vectors.bad(
            f"cose-sig-size-{name}.cbor",
            custom(signature_item=cbor.bstr(content)),
            FORM,
            "cose-sig-size",
            what,
        )
    for name, pair, what in (
        ("r-zero", (0, s), "r is 0"),
        ("s-zero", (r, 0), "s is 0"),
        ("both-zero", (0, 0), "r and s are 0"),
        ("r-n", (N, s), "r is the group order"),
        ("s-n", (r, N), "s is the group order"),
        ("r-max", (2**384 - 1, s), "r is all ones"),
        ("s-max", (r, 2**384 - 1), "s is all ones"),
    ):
        item = cbor.bstr(document.raw_signature(*pair))
        vectors.bad(
            f"cose-sig-range-{name}.cbor", custom(signature_item=item), FORM, "cose-sig-range", what
        )
    for name, item, reason, what in (
        ("null", cbor.NULL, "cose-shape", "signature null"),
        ("array", cbor.array([cbor.bstr(good)]), "cose-shape", "signature in an array"),
        ("length-long", cbor.bstr(good, 2), "cbor-noncanonical", "signature length in two bytes"),
        (
            "indefinite",
            cbor.indefinite_bstr(good[:48], good[48:]),
            "cbor-noncanonical",
            "signature of indefinite length in two chunks",
        ),
    ):
        vectors.bad(f"cose-sig-{name}.cbor", custom(signature_item=item), FORM, reason, what)


def broken_cbor(vectors):
    whole = small_document()
    for name, content, reason, what in (
        ("1", whole[:1], "cbor-truncated", "only the array head"),
        ("tag", b"\xd2", "cbor-truncated", "only tag 18"),
        ("6", whole[:6], "cbor-truncated", "ends after protected"),
        ("9", whole[:9], "cbor-truncated", "ends within the payload's length"),
        ("half", whole[: len(whole) // 2], "cbor-truncated", "ends within the payload"),
        ("no-signature", whole[:-98], "cbor-truncated", "ends before the signature"),
        ("last", whole[:-1], "cbor-truncated", "the last byte is missing"),
    ):
        vectors.bad(f"cbor-truncated-{name}.cbor", content, FORM, reason, what)
    for name, content, reason, what in (
        (
            "reserved",
            whole[:7] + b"\x5c" + whole[8:],
            "cbor-malformed",
            "payload head with the reserved length code 28",
        ),
        (
            "reserved-array",
            whole[:1] + b"\x9e" + whole[2:],
            "cose-shape",
            "an array head with the reserved length code 30 where protected should be",
        ),
        (
            "break",
            whole[:7] + cbor.BREAK + whole[8:],
            "cose-shape",
            "a break code where the payload should be",
        ),
        (
            "huge",
            whole[:7] + b"\x5b" + b"\xff" * 8 + whole[10:],
            "cbor-truncated",
            "payload said to have 2^64 - 1 bytes",
        ),
    ):
        vectors.bad(f"cbor-{name}.cbor", content, FORM, reason, what)


def signatures(vectors):
    body = usual_body()
    key = leaf_key()
    message = document.signed_bytes(body)
    good = document.signature(key, message)

    def bad(name, octets, what, content=body, pcrs="pcr.json"):
        whole = document.envelope(content, None, signature_item=cbor.bstr(octets))
        options = f"--root root.pem --at document --pcrs {pcrs}"
        vectors.bad(
            f"cose-signature-{name}.cbor", whole, "cose.signature", "cose-signature", what, options
        )

    bad(
        "wrong-key",
        document.signature(ec.Key("stranger"), message),
        "signed by a key that is in no certificate",
    )
    bad(
        "context",
        document.signature(key, document.signed_bytes(body, context="Signature")),
        "signed as for COSE_Sign (context Signature)",
    )
    bad(
        "countersignature",
        document.signature(key, document.signed_bytes(body, context="CounterSignature")),
        "signed as a countersignature",
    )
    bad(
        "aad",
        document.signature(key, document.signed_bytes(body, aad=b"x")),
        "signed with external data",
    )
    bad(
        "no-protected",
        document.signature(key, document.signed_bytes(body, protected=b"")),
        "signed without the protected header",
    )
    bad("payload-only", document.signature(key, body), "signed over the bare payload")
    bad(
        "no-payload",
        document.signature(key, document.signed_bytes(b"")),
        "signed over an empty payload",
    )
    bad("sha256", document.signature(key, message, "sha256"), "signed with SHA-256")
    bad("sha512", document.signature(key, message, "sha512"), "signed with SHA-512")
    bad("swapped", good[48:] + good[:48], "r and s exchanged")
    bad("little-endian", good[47::-1] + good[:47:-1], "r and s in little-endian order")
    bad("one-bit", good[:-1] + bytes([good[-1] ^ 1]), "one bit of s changed")
    bad(
        "user-data",
        good,
        "one bit of user_data changed after signing",
        usual_body(user_data=cbor.bstr(b"enclavecheck test documeNt")),
    )
    bad("other-payload", good, "the signature of another document", usual_body(nonce=cbor.NULL))
    stolen = usual_body(pcrs=document.pcr_map(document.OTHER_IMAGE))
    bad(
        "pcrs-replaced",
        good,
        "the registers replaced by another image's, which is the one expected",
        stolen,
        "other-pcr.json",
    )
    definite = document.definite_payload(small_claims())
    bad(
        "reencoded",
        document.signature(key, document.signed_bytes(definite)),
        "signed over the same claims in another encoding",
    )
    chain_keys(vectors, bad)


def chain_keys(vectors, bad):
    """Signed by keys of the chain that may sign certificates, not documents."""
    chain = usual_chain()
    body = document.payload(document.claims(chain))
    for level, certificate in (("root", chain[0]), ("instance", chain[-2])):
        octets = document.signature(certificate.key, document.signed_bytes(body))
        bad(f"{level}-key", octets, f"signed by the key of the {level} CA", body)
