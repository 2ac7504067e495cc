"""Images whose signature section is unusual or wrong.

Where the algorithm does not matter, a short certificate on P-256 signs, to keep files small.
"""

from . import cbor, der, document, ec, eif, pki
from .eif import SMALL, registers
from .eif_rows import IMAGE, SIGNATURE
from .eif_signature import (
    LIMIT,
    SHORT_AFTER,
    SHORT_BEFORE,
    certificate,
    content,
    cose,
    element,
    image_with,
    numbers,
    payload,
    pem_of,
    raw_signature,
    signed,
    sized_section,
    small_signer,
    usual_signer,
)

CBOR = "eif-signature-cbor"
CERTIFICATE = "eif-signature-certificate"
COSE = "eif-signature-cose"
KEY = "eif-signature-key"
PAYLOAD = "eif-signature-payload"
INVALID = "eif-signature-invalid"
VALIDITY = "eif-signature-validity"

REGISTERS = registers(SMALL)
PCR0 = REGISTERS[0]


def add(rows):
    good(rows)
    sizes(rows)
    outer(rows)
    arrays_of_numbers(rows)
    certificates(rows)
    envelopes(rows)
    keys(rows)
    payloads(rows)
    signatures(rows)
    times(rows)


def put(rows, name, section, reason, what):
    rows.bad(f"signature-{name}.eif", image_with(section), reason, what, SIGNATURE)


def with_pcr8(signer):
    return f"{IMAGE} --pcr 8={registers(SMALL, signer.der)[8].hex()}"


# --- good ------------------------------------------------------------------


def good(rows):
    """Of each algorithm; ES384 by the usual signer is v3-signed.eif."""
    for name, signer, what in (
        ("es256", certificate("es256", ec.P256), "signed with ES256"),
        ("es384", certificate("es384", padding=0), "signed with ES384, the certificate version 3"),
        ("es512", certificate("es512", ec.P521), "signed with ES512"),
        ("small", small_signer(), "signed with the short certificate of the cases about form"),
    ):
        section = signed(PCR0, signer)
        rows.good(f"signature-{name}.eif", image_with(section), what, with_pcr8(signer))
    message = cose(payload(PCR0), usual_signer())
    for name, high in (("low", False), ("high", True)):
        octets = document.with_s(message[3][2:], high)
        section = wrapped([*message[:3], cbor.bstr(octets)], usual_signer())
        rows.good(
            f"signature-s-{name}.eif",
            image_with(section),
            f"s of the signature in the {'upper' if high else 'lower'} half",
        )


    final = pem_of(usual_signer()).rstrip(b"\n")
    rows.good(
        "signature-no-newline.eif",
        image_with(signed(PCR0, text=final)),
        "no newline after the PEM block",
    )


def wrapped(items, signer=None, prefix=b"\x84", suffix=b""):
    """A section around the items of a COSE_Sign1."""
    message = prefix + b"".join(items) + suffix
    return content(pem_of(signer or small_signer()), message)


def sizes(rows):
    section, signer = sized_section(PCR0, LIMIT)
    rows.good(
        f"signature-size-{LIMIT}.eif",
        image_with(section),
        "a signature section of the largest size",
        with_pcr8(signer),
    )
    section, _ = sized_section(PCR0, LIMIT + 1)
    rows.bad(
        f"signature-size-{LIMIT + 1}.eif",
        image_with(section),
        "eif-signature-too-large",
        "a signature section one byte too large, good otherwise",
        SIGNATURE,
    )


# --- the array and its map -------------------------------------------------


def items():
    """Certificate and signature as numbers, and the bytes they stand for."""
    text = pem_of(small_signer())
    message = cbor.array(cose(payload(PCR0), small_signer()))
    return numbers(text), numbers(message), text, message


def outer(rows):
    bad = lambda name, section, what: put(rows, name, section, CBOR, what)
    first, second, _, _ = items()
    one = element(first, second)
    whole = cbor.array([one])
    certificate_pair = (cbor.tstr("signing_certificate"), first)
    signature_pair = (cbor.tstr("signature"), second)

    bad("empty", b"", "no bytes")
    bad("null", cbor.NULL, "null")
    bad("array-empty", cbor.array([]), "an empty array")
    bad("array-two", cbor.array([one, one]), "an array of the same element twice")
    bad("array-indefinite", cbor.indefinite_array([one]), "an array of indefinite length")
    bad("array-long-head", cbor.array([one], 1), "an array whose count is not in shortest form")
    bad("array-huge", b"\x9b" + b"\xff" * 8 + one, "an array of 2^64 - 1 elements")
    bad("map-alone", one, "the map without the array")
    bad("tag", cbor.tag(55799, whole), "a tag before the array")
    bad("trailing-zero", whole + b"\0", "a zero byte after the array")
    bad("trailing-again", whole + whole, "the array twice")
    bad("cut", whole[:-1], "the last byte is missing")
    for name, pairs, what in (
        ("empty", [], "an empty map"),
        ("order", [signature_pair, certificate_pair], "the signature stands first"),
        ("no-signature", [certificate_pair], "there is no signature"),
        ("no-certificate", [signature_pair], "there is no certificate"),
        (
            "extra",
            [certificate_pair, signature_pair, (cbor.tstr("x"), cbor.uint(0))],
            "a third key",
        ),
        (
            "twice-certificate",
            [certificate_pair, certificate_pair, signature_pair],
            "signing_certificate stands twice",
        ),
        (
            "twice-signature",
            [certificate_pair, signature_pair, signature_pair],
            "signature stands twice",
        ),
        (
            "key-bstr",
            [(cbor.bstr(b"signing_certificate"), first), signature_pair],
            "a key is a byte string",
        ),
        ("key-number", [(cbor.uint(0), first), (cbor.uint(1), second)], "the keys are numbers"),
        (
            "key-case",
            [(cbor.tstr("Signing_certificate"), first), signature_pair],
            "a key has a capital",
        ),
        (
            "key-long-head",
            [(cbor.tstr("signing_certificate"), first), (cbor.tstr("signature", 1), second)],
            "the length of a key is not in shortest form",
        ),
        (
            "null-signature",
            [certificate_pair, (cbor.tstr("signature"), cbor.NULL)],
            "the signature is null",
        ),
        (
            "null-certificate",
            [(cbor.tstr("signing_certificate"), cbor.NULL), signature_pair],
            "the certificate is null",
        ),
    ):
        bad(f"map-{name}", cbor.array([cbor.mapping(pairs)]), what)
    pairs = [certificate_pair, signature_pair]
    bad("map-indefinite", cbor.array([cbor.indefinite_mapping(pairs)]), "a map without a count")
    bad("map-long-head", cbor.array([cbor.mapping(pairs, 1)]), "the map's count is too wide")
    bad("map-as-array", cbor.array([cbor.array([first, second])]), "an array in place of the map")


def arrays_of_numbers(rows):
    first, second, text, message = items()
    both = lambda name, one, other, what: put(
        rows, name, cbor.array([element(one, other)]), CBOR, what
    )
    both("bytes-both", cbor.bstr(text), cbor.bstr(message), "byte strings, not numbers")
    both("bytes-certificate", cbor.bstr(text), second, "the certificate is a byte string")
    both("bytes-signature", first, cbor.bstr(message), "the signature is a byte string")
    both("text-certificate", cbor.tstr(text), second, "the certificate is a text string")

    numbered = [cbor.uint(octet) for octet in message]

    def signature(name, replacement, what, at=-1):
        changed = list(numbered)
        changed[at] = replacement
        both("number-" + name, first, cbor.array(changed), what)

    signature("256", cbor.uint(256), "a number of 256")
    signature("max", cbor.uint(2**64 - 1), "a number of 2^64 - 1")
    signature("negative", cbor.nint(-1), "a number of -1")
    signature("text", cbor.tstr("a"), "a text among the numbers")
    signature("null", cbor.NULL, "null among the numbers")
    signature("tag", cbor.tag(1, cbor.uint(0)), "a tag among the numbers")
    signature("wide", cbor.uint(message[0], 2), "a number not in shortest form", 0)
    small_at = next(at for at, octet in enumerate(message) if octet < 24)
    signature(
        "wide-small", cbor.uint(message[small_at], 1), "a number below 24 in two bytes", small_at
    )
    both("numbers-indefinite", first, cbor.indefinite_array(numbered), "no count of the numbers")
    both("numbers-long-head", first, cbor.array(numbered, 4), "the numbers' count is too wide")
    both(
        "numbers-more",
        first,
        cbor.head(cbor.ARRAY, len(numbered) + 1) + b"".join(numbered),
        "one number more is announced than there is",
    )
    both(
        "numbers-huge",
        first,
        cbor.head(cbor.ARRAY, 2**64 - 1) + b"".join(numbered),
        "2^64 - 1 numbers are announced",
    )


# --- the certificate -------------------------------------------------------


def certificates(rows):
    signer = small_signer()
    text = pem_of(signer)
    block = lambda octets: pki.pem(octets).encode()
    relabelled = lambda label: text.replace(b"CERTIFICATE", label)
    for name, changed, what in (
        ("empty", b"", "no bytes"),
        ("der", signer.der, "DER, not PEM"),
        ("text", b"certificate", "a word"),
        ("label-key", relabelled(b"PRIVATE KEY"), "the PEM block is called PRIVATE KEY"),
        ("two", text + text, "the PEM block twice"),
        ("chain", text + pem_of(usual_signer()), "two certificates"),
        ("before", b"subject=CN = small\n" + text, "text before the PEM block"),
        ("after", text + b"x\n", "text after the PEM block"),
        ("nul", text + b"\0", "a NUL after the PEM block"),
        ("no-end", text[: text.index(b"-----END")], "the last line is missing"),
        ("base64", text.replace(b"\nMII", b"\nMI*", 1), "a character that is not base64"),
        ("cut", block(signer.der[:-1]), "the certificate lacks its last byte"),
        ("trailing", block(signer.der + b"\0"), "a byte after the certificate"),
        ("not-der", block(b"\0" * 30), "a PEM block of zeros"),
    ):
        assert changed != text, name
        section = signed(PCR0, signer, changed)
        put(rows, "certificate-" + name, section, CERTIFICATE, f"the certificate: {what}")


# --- COSE_Sign1 ------------------------------------------------------------


def envelopes(rows):
    signer = small_signer()
    body = payload(PCR0)
    usual = cose(body, signer)
    bad = lambda name, section, what: put(rows, "cose-" + name, section, COSE, what)
    bad("empty", wrapped([], prefix=b""), "no bytes")
    bad("tagged", wrapped(usual, prefix=b"\xd2\x84"), "tag 18 before it")
    bad("trailing", wrapped(usual, suffix=b"\0"), "a byte after it")
    bad("three", wrapped(usual[:3], prefix=b"\x83"), "an array of three")
    bad("five", wrapped([*usual, cbor.NULL], prefix=b"\x85"), "an array of five")
    bad("indefinite", wrapped(usual, prefix=b"\x9f", suffix=b"\xff"), "no count")
    bad("long-head", wrapped(usual, prefix=b"\x98\x04"), "the count is not in shortest form")
    bad("cut", content(pem_of(signer), cbor.array(usual)[:-1]), "the last byte is missing")
    bad("map", wrapped([cbor.uint(0), usual[2]], prefix=b"\xa1"), "a map")
    algorithm = (cbor.uint(1), cbor.nint(-7))
    for name, header, what in (
        ("none", b"", "is empty"),
        ("empty-map", cbor.mapping([]), "is an empty map"),
        ("null", cbor.mapping([(cbor.uint(1), cbor.NULL)]), "has null as algorithm"),
        ("text", cbor.mapping([(cbor.uint(1), cbor.tstr("ES256"))]), "names the algorithm in text"),
        ("hs256", cbor.mapping([(cbor.uint(1), cbor.uint(5))]), "says HS256"),
        ("eddsa", cbor.mapping([(cbor.uint(1), cbor.nint(-8))]), "says EdDSA"),
        ("wide", cbor.mapping([(cbor.uint(1), cbor.nint(-7, 1))]), "is not in shortest form"),
        ("kid", cbor.mapping([algorithm, (cbor.uint(4), cbor.bstr(b"k"))]), "has a kid beside"),
        (
            "crit",
            cbor.mapping([algorithm, (cbor.uint(2), cbor.array([cbor.uint(99)]))]),
            "has crit",
        ),
        ("twice", cbor.mapping([algorithm, algorithm]), "names the algorithm twice"),
        ("indefinite", cbor.indefinite_mapping([algorithm]), "is a map without a count"),
        ("trailing", cbor.mapping([algorithm]) + b"\0", "has a byte more"),
    ):
        section = wrapped(cose(body, signer, protected=header))
        bad("protected-" + name, section, f"the protected header {what}")
    bad(
        "protected-map",
        wrapped([cbor.mapping([algorithm]), *usual[1:]]),
        "the protected header is a map, not a byte string",
    )
    for name, header, what in (
        ("kid", cbor.mapping([(cbor.uint(4), cbor.bstr(b"k"))]), "has a kid"),
        ("algorithm", cbor.mapping([algorithm]), "names the algorithm"),
        ("null", cbor.NULL, "is null"),
        ("indefinite", cbor.indefinite_mapping([]), "has no count"),
    ):
        section = wrapped([usual[0], header, *usual[2:]])
        bad("unprotected-" + name, section, f"the unprotected header {what}")
    for name, item, what in (
        ("null", cbor.NULL, "is null (detached)"),
        ("map", body, "is a map, not a byte string"),
        ("indefinite", cbor.indefinite_bstr(body), "has no length"),
    ):
        bad("payload-" + name, wrapped([*usual[:2], item, usual[3]]), f"the payload {what}")
    signature_forms(bad, usual)


def signature_forms(bad, usual):
    octets = usual[3][2:]
    assert len(octets) == 64
    r, s = (int.from_bytes(half, "big") for half in (octets[:32], octets[32:]))
    for name, item, what in (
        ("null", cbor.NULL, "is null"),
        ("empty", cbor.bstr(b""), "is empty"),
        ("short", cbor.bstr(octets[:-1]), "lacks a byte"),
        ("long", cbor.bstr(octets + b"\0"), "has a byte more"),
        ("half", cbor.bstr(octets[:32]), "is r alone"),
        ("der", cbor.bstr(pki.ecdsa_signature(r, s)), "is in DER"),
        ("wide", cbor.bstr(bytes(16) + octets[:32] + bytes(16) + octets[32:]), "is as for P-384"),
        ("indefinite", cbor.indefinite_bstr(octets), "has no length"),
    ):
        bad("signature-" + name, wrapped([*usual[:3], item]), f"the signature {what}")


def keys(rows):
    """The certificate's key and the algorithm do not go together."""
    body = payload(PCR0)
    for curve, says, algorithm, hash_name in (
        (ec.P256, "ES384", -35, "sha384"),
        (ec.P384, "ES256", -7, "sha256"),
        (ec.P384, "ES512", -36, "sha512"),
        (ec.P521, "ES384", -35, "sha384"),
    ):
        signer = certificate(f"on {curve.name}", curve)
        message = cose(body, signer, algorithm, hash_name)
        size = {-7: 64, -35: 96, -36: 132}[algorithm]
        octets = raw_of_size(message, size)
        section = wrapped([*message[:3], cbor.bstr(octets)], signer)
        name = f"key-{curve.name.replace('-', '').lower()}-{says.lower()}"
        put(rows, name, section, KEY, f"{says} with a key on {curve.name}")
    ed25519 = certificate_with_key(
        der.sequence(der.oid("1.3.101.112")), bytes.fromhex("58" + "66" * 31)
    )
    put(rows, "key-ed25519", signed(PCR0, text=pki.pem(ed25519).encode()), KEY, "an Ed25519 key")


def raw_of_size(message, size):
    """r and s of the message's signature, each widened or cut to half of `size`."""
    octets = message[3][2:]
    width, wanted = len(octets) // 2, size // 2
    halves = (octets[:width], octets[width:])
    return b"".join(half.rjust(wanted, b"\0")[-wanted:] for half in halves)


def certificate_with_key(algorithm, public_bits):
    def change(fields):
        fields["spki"] = pki.spki_raw(algorithm, public_bits)
        fields["subject"] = fields["issuer"] = pki.short_name("test image another key")

    return pki.issue(pki.ROOT, key=ec.Key("image another key"), change=change).der


# --- payload ---------------------------------------------------------------


def payloads(rows):
    signer = small_signer()
    index, value = cbor.tstr("register_index"), cbor.tstr("register_value")
    zero, digits = cbor.uint(0), numbers(PCR0)
    other = registers((*SMALL[:3], eif.ramdisk(b"other")))[0]
    for name, body, what in (
        ("other", payload(other), "the PCR0 of another image"),
        ("bit", payload(PCR0[:-1] + bytes([PCR0[-1] ^ 1])), "a PCR0 that differs in one bit"),
        ("zero", payload(bytes(48)), "a PCR0 of zeros"),
        ("pcr1", payload(REGISTERS[1]), "PCR1 in place of PCR0"),
        ("index-1", payload(REGISTERS[1], cbor.uint(1)), "register 1 and its value"),
        ("index-1-pcr0", payload(PCR0, cbor.uint(1)), "register 1 with PCR0's value"),
        ("index-wide", payload(PCR0, cbor.uint(0, 1)), "the index not in shortest form"),
        ("bytes", payload(PCR0, value=cbor.bstr(PCR0)), "the value as a byte string"),
        ("hex", payload(PCR0, value=cbor.tstr(PCR0.hex())), "the value as hexadecimal text"),
        ("short", payload(PCR0[:32]), "the first 32 bytes of the value"),
        ("order", cbor.mapping([(value, digits), (index, zero)]), "the value before the index"),
        (
            "extra",
            cbor.mapping([(index, zero), (value, digits), (cbor.tstr("x"), zero)]),
            "a third key",
        ),
        (
            "indefinite",
            cbor.indefinite_mapping([(index, zero), (value, digits)]),
            "a map without a count",
        ),
        ("trailing", payload(PCR0) + b"\0", "a byte after the map"),
        ("raw", PCR0, "the bytes of PCR0 and nothing else"),
        ("empty", b"", "no bytes"),
    ):
        section = wrapped(cose(body, signer))
        put(rows, "payload-" + name, section, PAYLOAD, f"the signed payload: {what}")
    moved = (*SMALL[:3], eif.ramdisk(b"another application"))
    rows.image("signature-of-other.eif", image_with(signed(PCR0), moved))
    rows.fails(
        "signature-of-other.eif",
        SIGNATURE,
        PAYLOAD,
        "the whole section of v3-signed.eif in another image",
        rows.expectation("signature-of-other", moved),
    )


# --- signature -------------------------------------------------------------


def signatures(rows):
    signer = small_signer()
    body = payload(PCR0)
    usual = cose(body, signer)
    octets = usual[3][2:]
    order = ec.P256.n.to_bytes(32, "big")
    plain = lambda message: raw_signature(signer.key, message, "sha256")
    flip = lambda at: octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]
    for name, replacement, what in (
        ("bit-r", flip(20), "one bit of r is flipped"),
        ("bit-s", flip(50), "one bit of s is flipped"),
        ("swapped", octets[32:] + octets[:32], "r and s are swapped"),
        ("zero", bytes(64), "r and s are zero"),
        ("r-zero", bytes(32) + octets[32:], "r is zero"),
        ("s-zero", octets[:32] + bytes(32), "s is zero"),
        ("r-order", order + octets[32:], "r is the order of the group"),
        ("s-order", octets[:32] + order, "s is the order of the group"),
        ("ones", b"\xff" * 64, "r and s are all ones"),
        ("payload-only", plain(body), "made over the payload alone"),
        ("other-payload", cose(payload(bytes(48)), signer)[3][2:], "made over another PCR0"),
        ("sha384", cose(body, signer, hash_name="sha384")[3][2:], "made with SHA-384"),
        ("context", cose(body, signer, context="Signature")[3][2:], "made for COSE_Sign"),
        ("aad", cose(body, signer, aad=b"x")[3][2:], "made with external data"),
    ):
        assert len(replacement) == 64
        section = wrapped([*usual[:3], cbor.bstr(replacement)], signer)
        put(rows, "invalid-" + name, section, INVALID, f"the signature: {what}")
    other = certificate("second on P-256", ec.P256)
    put(
        rows,
        "invalid-certificate",
        signed(PCR0, signer, pem_of(other)),
        INVALID,
        "the certificate is not that of the key that signed",
    )
    for name, curve in (("es384", ec.P384), ("es512", ec.P521)):
        signer_of_curve = certificate(name, curve)
        message = cose(body, signer_of_curve)
        flipped = message[3][:-1] + bytes([message[3][-1] ^ 1])
        put(
            rows,
            f"invalid-{name}",
            wrapped([*message[:3], flipped], signer_of_curve),
            INVALID,
            f"one bit of the {name.upper()} signature is flipped",
        )


# --- time ------------------------------------------------------------------


def times(rows):
    name = "signature-short.eif"
    signer = certificate("short", ec.P256, SHORT_BEFORE, SHORT_AFTER)
    rows.image(name, image_with(signed(PCR0, signer)))
    fails = lambda what, options, file=name: rows.fails(file, SIGNATURE, VALIDITY, what, options)
    at = lambda time: f"{IMAGE} --at {time}"
    fails("the signing certificate has expired, judged now", IMAGE)
    rows.passes(name, "judged in the first second of the certificate", at(SHORT_BEFORE))
    rows.passes(name, "judged in the last second of the certificate", at(SHORT_AFTER))
    fails("judged a second before the certificate", at(SHORT_BEFORE - 1))
    fails("judged a second after the certificate", at(SHORT_AFTER + 1))
    future = certificate("future", ec.P256, pki.seconds("2048-01-01T00:00:00Z"))
    name = "signature-future.eif"
    rows.image(name, image_with(signed(PCR0, future)))
    fails("the signing certificate is not valid yet, judged now", IMAGE, name)
    rows.passes(name, "judged when the certificate is valid", at("2048-06-01T00:00:00Z"))
