"""Certificate chains broken in one way at a time; everything above and below is signed well."""

import hashlib

from . import der, document, ec, pki
from .basics import other_root, root, usual_chain
from .changes import (
    changed_chain,
    link,
    private_extension,
    replacing,
    with_extension,
    without,
    wrapping,
)
from .pki import INSTANCE, LEAF, LEVELS, REGIONAL, ROOT, ZONAL

CHECK = "chain.root"
CAS = (REGIONAL, ZONAL, INSTANCE)


def add(vectors):
    roots(vectors)
    order(vectors)
    der_form(vectors)
    dates(vectors)
    versions(vectors)
    keys(vectors)
    algorithms(vectors)
    critical_extensions(vectors)
    key_usages(vectors)
    authorities(vectors)
    path_lengths(vectors)
    names(vectors)
    key_identifiers(vectors)
    signatures(vectors)


class Adder:
    """Rows of one reason."""

    def __init__(self, vectors, reason):
        self.vectors = vectors
        self.reason = reason

    def chain(self, name, certificates, what, reason=None):
        """A document with few registers, which keeps the file small."""
        reason = reason or self.reason
        content = document.make(certificates, pcrs=document.pcr_map(document.IMAGE))
        self.vectors.bad(f"{reason}-{name}.cbor", content, CHECK, reason, what)

    def level(self, name, level, change, what, reason=None):
        """One level of the usual chain altered."""
        self.chain(name, changed_chain(level, change), what, reason)

    def small(self, name, level, change, what, reason=None):
        """The same, but a leaf stands directly below the root: a smaller file still."""
        if level == LEAF:
            certificates = pki.chain((ROOT, LEAF), root=root(), change={LEAF: change})
            self.chain(name, certificates, what, reason)
        else:
            self.level(name, level, change, what, reason)


# --- which root, which order -----------------------------------------------


def bundle(*certificates):
    """A cabundle in the order given, and the usual leaf."""
    return [*certificates, usual_chain()[-1]]


def attacker_root(same_name):
    def change(fields):
        if not same_name:
            fields["subject"] = fields["issuer"] = pki.short_name("attacker.nitro-enclaves")

    return pki.issue(ROOT, key=ec.Key("attacker root"), change=change)


def roots(vectors):
    add_row = Adder(vectors, "x509-root").chain
    first, regional, zonal, instance, _ = usual_chain()
    stranger = attacker_root(same_name=False)
    double = attacker_root(same_name=True)
    forged = pki.chain(root=stranger, keys={level: ec.Key("attacker " + level) for level in LEVELS})
    twin = pki.chain(root=double, keys={level: ec.Key("attacker " + level) for level in LEVELS})
    add_row("other", pki.chain(root=other_root()), "a whole chain under another root")
    add_row("same-name", twin, "a whole chain under a root of the same name with another key")
    add_row(
        "reversed",
        bundle(instance, zonal, regional, first),
        "cabundle from the instance up to the root",
    )
    add_row("absent", bundle(regional, zonal, instance), "cabundle without the root")
    add_row(
        "attacker-first",
        [stranger, first, *forged[1:]],
        "an attacker's root before the pinned one, his chain behind it",
    )
    add_row("last", bundle(regional, zonal, instance, first), "the root at the end of cabundle")
    add_row("only-leaf", bundle(usual_chain()[-1]), "cabundle holds only the leaf itself")
    add_row(
        "resigned",
        pki.chain(change={ROOT: replacing(serial=der.integer(pki.serial_from("root again")))}),
        "the pinned root's name and key in another certificate",
    )
    trailing = changed_chain(ROOT, wrapping(lambda octets: octets + b"\0"))
    add_row("trailing", trailing, "the pinned root with one byte behind it", "x509-root")
    add_row(
        "attacker-second",
        [first, *forged],
        "an attacker's root and chain behind the pinned root",
        "x509-name",
    )
    add_row(
        "attacker-twin-second",
        [first, *twin],
        "an attacker's root of the same name and his chain behind the pinned root",
        "x509-signature",
    )
    add_row(
        "attacker-chain",
        [first, *forged[1:]],
        "an attacker's chain directly behind the pinned root",
        "x509-name",
    )
    add_row(
        "attacker-twin-chain",
        [first, *twin[1:]],
        "a chain by an attacker's root of the same name behind the pinned root",
        "x509-aki",
    )
    add_row(
        "attacker-last",
        bundle(first, regional, zonal, instance, stranger),
        "an attacker's root at the end of cabundle",
        "x509-name",
    )


def order(vectors):
    add_row = Adder(vectors, "x509-name").chain
    first, regional, zonal, instance, leaf = usual_chain()
    add_row(
        "swapped",
        bundle(first, zonal, regional, instance),
        "regional and zonal certificate exchanged",
    )
    add_row("no-regional", bundle(first, zonal, instance), "the regional certificate is missing")
    add_row("no-zonal", bundle(first, regional, instance), "the zonal certificate is missing")
    add_row("no-instance", bundle(first, regional, zonal), "the instance certificate is missing")
    add_row("root-only", bundle(first), "all intermediates are missing")
    add_row(
        "regional-twice",
        bundle(first, regional, regional, zonal, instance),
        "the regional certificate stands twice",
        "x509-name",
    )
    add_row(
        "stranger-inside",
        bundle(first, regional, other_root(), zonal, instance),
        "an unrelated certificate within cabundle",
        "x509-name",
    )
    add_row(
        "leaf-in-bundle",
        bundle(first, regional, zonal, instance, leaf),
        "the leaf stands at the end of cabundle too",
        "x509-name",
    )


# --- encoding --------------------------------------------------------------


def content_of(certificate):
    """What stands inside the outermost SEQUENCE of a certificate above 255 bytes."""
    assert certificate[:2] == b"\x30\x82"
    return certificate[4:]


def public_bits(point):
    """The usual algorithm with another BIT STRING."""
    curve = der.oid(pki.CURVE_OIDS["P-384"])
    return pki.spki_raw(der.sequence(der.oid("1.2.840.10045.2.1"), curve), point)


def non_minimal(number):
    """A positive INTEGER with one zero octet more than needed."""
    shortest = der.integer(number)
    return der.integer_raw(b"\0" + shortest[2:])


def der_form(vectors):
    add_row = Adder(vectors, "x509-der").small
    leaf_serial = pki.leaf_fields(ec.Key(LEAF), ec.Key(INSTANCE))["serial"]
    serial_octets = leaf_serial[2:]
    for level in (LEAF, ZONAL):
        add_row(
            f"{level}-trailing",
            level,
            wrapping(lambda octets: octets + b"\0"),
            f"one byte after the {level} certificate",
        )
    add_row(
        "leaf-garbage",
        LEAF,
        wrapping(lambda octets: hashlib.sha384(octets).digest()),
        "certificate of random bytes",
    )
    add_row(
        "leaf-truncated",
        LEAF,
        wrapping(lambda octets: octets[:-1]),
        "the leaf certificate's last byte is missing",
    )
    add_row(
        "instance-truncated",
        INSTANCE,
        wrapping(lambda octets: octets[:200]),
        "the instance certificate is cut at 200 bytes",
    )
    add_row(
        "leaf-null",
        LEAF,
        wrapping(lambda octets: der.null()),
        "the leaf certificate is an ASN.1 NULL",
    )
    add_row(
        "leaf-set",
        LEAF,
        wrapping(lambda octets: b"\x31" + octets[1:]),
        "the certificate is a SET, not a SEQUENCE",
    )
    add_row(
        "leaf-length-long",
        LEAF,
        wrapping(lambda octets: der.tlv_long_length(0x30, content_of(octets))),
        "outermost length with an octet too many",
    )
    add_row(
        "leaf-length-indefinite",
        LEAF,
        wrapping(lambda octets: der.tlv_indefinite(0x30, content_of(octets))),
        "outermost length indefinite",
    )
    add_row(
        "leaf-fourth-part",
        LEAF,
        wrapping(lambda octets: der.sequence(content_of(octets), der.null())),
        "a fourth part behind the signature",
    )
    add_row(
        "leaf-serial-long",
        LEAF,
        replacing(serial=der.integer_raw(b"\0" + serial_octets)),
        "serial with a zero octet too many",
    )
    add_row(
        "leaf-serial-empty", LEAF, replacing(serial=der.integer_raw(b"")), "serial of no octets"
    )
    add_row("leaf-serial-negative", LEAF, replacing(serial=der.integer(-5)), "serial negative")
    add_row(
        "leaf-serial-length-long",
        LEAF,
        replacing(serial=der.tlv_long_length(0x02, serial_octets)),
        "the serial's length with an octet too many",
    )
    add_row(
        "leaf-serial-string",
        LEAF,
        replacing(serial=der.octet_string(serial_octets)),
        "serial is an OCTET STRING",
    )
    add_row(
        "leaf-version-long",
        LEAF,
        replacing(version=der.explicit(0, der.integer_raw(b"\0\x02"))),
        "version with a zero octet too many",
        "x509-der",
    )
    add_row(
        "leaf-version-two-parts",
        LEAF,
        replacing(version=der.explicit(0, der.integer(2) + der.null())),
        "a second element within the version's wrapper",
        "x509-der",
    )
    add_row(
        "leaf-validity-third",
        LEAF,
        replacing(not_after=pki.utc_time(pki.LEAF_AFTER) * 2),
        "three times in validity",
    )
    add_row(
        "leaf-extension-false",
        LEAF,
        with_extension("ku", explicit_false("2.5.29.15", der.bit_string(b"\xc0", 6))),
        "critical FALSE written out, though it is the default",
    )
    add_row(
        "leaf-ca-false",
        LEAF,
        with_extension("bc", pki.extension("2.5.29.19", der.sequence(der.boolean(False)), True)),
        "cA FALSE written out, though it is the default",
    )
    add_row(
        "leaf-critical-01",
        LEAF,
        with_extension("bc", boolean_one("2.5.29.19", der.sequence())),
        "critical TRUE as 01 instead of ff",
    )
    add_row(
        "zonal-ca-01",
        ZONAL,
        with_extension(
            "bc", pki.extension("2.5.29.19", der.sequence(b"\x01\x01\x01", der.integer(1)), True)
        ),
        "cA TRUE as 01 instead of ff",
    )
    add_row(
        "zonal-pathlen-long",
        ZONAL,
        with_extension(
            "bc",
            pki.extension(
                "2.5.29.19", der.sequence(der.boolean(True), der.integer_raw(b"\0\x01")), True
            ),
        ),
        "path length with a zero octet too many",
    )
    add_row(
        "zonal-pathlen-negative",
        ZONAL,
        with_extension("bc", pki.basic_constraints(True, -1)),
        "path length negative",
        "x509-der",
    )
    add_row(
        "zonal-bc-trailing",
        ZONAL,
        with_extension(
            "bc",
            pki.extension(
                "2.5.29.19", der.sequence(der.boolean(True), der.integer(1)) + der.null(), True
            ),
        ),
        "something behind basicConstraints within its OCTET STRING",
    )
    add_row(
        "zonal-bc-third",
        ZONAL,
        with_extension(
            "bc",
            pki.extension(
                "2.5.29.19", der.sequence(der.boolean(True), der.integer(1), der.integer(1)), True
            ),
        ),
        "a third element in basicConstraints",
    )
    add_row(
        "leaf-ku-unused-bits",
        LEAF,
        with_extension("ku", pki.extension("2.5.29.15", der.bit_string(b"\xc1", 6))),
        "keyUsage with a one among its unused bits",
    )
    add_row(
        "leaf-ku-not-shortest",
        LEAF,
        with_extension("ku", pki.extension("2.5.29.15", der.bit_string(b"\xc0", 0))),
        "keyUsage with trailing zero bits",
    )
    add_row(
        "leaf-ku-unused-8",
        LEAF,
        with_extension("ku", pki.extension("2.5.29.15", der.bit_string(b"\xc0", 8))),
        "keyUsage with eight unused bits",
    )
    add_row(
        "leaf-ku-empty",
        LEAF,
        with_extension("ku", pki.extension("2.5.29.15", b"\x03\x00")),
        "keyUsage BIT STRING of no octets",
    )
    add_row(
        "leaf-extension-twice",
        LEAF,
        with_extension("ku2", pki.key_usage(0xC0, critical=False)),
        "keyUsage stands twice",
    )
    add_row(
        "zonal-bc-twice",
        ZONAL,
        with_extension("bc2", pki.basic_constraints(True, 5)),
        "basicConstraints stands twice with different path lengths",
    )
    add_row(
        "leaf-extensions-empty",
        LEAF,
        replacing(extensions_field=der.explicit(3, der.sequence())),
        "an empty list of extensions",
        "x509-der",
    )
    add_row(
        "leaf-extensions-trailing",
        LEAF,
        lambda fields: fields.update(
            extensions_field=der.explicit(
                3, der.sequence(*fields["extensions"].values()) + der.null()
            )
        ),
        "something behind the list of extensions within its wrapper",
    )
    add_row(
        "leaf-extensions-primitive",
        LEAF,
        lambda fields: fields.update(
            extensions_field=der.implicit(3, der.sequence(*fields["extensions"].values()))
        ),
        "the extensions' wrapper is primitive",
    )
    add_row(
        "leaf-signature-unused-bits",
        LEAF,
        wrapping(lambda octets: signature_unused_bits(octets)),
        "signature BIT STRING with unused bits",
    )
    add_row(
        "leaf-signature-trailing",
        LEAF,
        replacing(signature=lambda r, s: pki.ecdsa_signature(r, s) + b"\0"),
        "a byte behind the ECDSA signature within its BIT STRING",
        "x509-der",
    )
    add_row(
        "leaf-signature-long",
        LEAF,
        replacing(signature=lambda r, s: der.sequence(non_minimal(r), der.integer(s))),
        "r with a zero octet too many",
        "x509-der",
    )
    add_row(
        "leaf-signature-raw",
        LEAF,
        replacing(signature=document.raw_signature),
        "signature as r and s of 48 bytes, not in DER",
        "x509-der",
    )
    add_row(
        "leaf-key-unused-bits",
        LEAF,
        key_unused_bits,
        "public key BIT STRING with unused bits",
        "x509-der",
    )
    add_row(
        "zonal-serial-long",
        ZONAL,
        lambda fields: fields.update(serial=der.integer_raw(b"\0" + fields["serial"][2:])),
        "serial of a CA with a zero octet too many",
    )
    add_row(
        "leaf-unique-id",
        LEAF,
        lambda fields: fields.update(spki=fields["spki"] + der.implicit(1, b"\0\x01")),
        "an issuerUniqueID, which no certificate of the profile has",
    )


def explicit_false(dotted, value):
    return der.sequence(der.oid(dotted), der.boolean(False), der.octet_string(value))


def boolean_one(dotted, value):
    return der.sequence(der.oid(dotted), b"\x01\x01\x01", der.octet_string(value))


def signature_unused_bits(octets):
    """Sets the unused bits of the signature, the last BIT STRING, to one."""
    start = octets.rindex(b"\x03", 0, len(octets) - 100)
    while octets[start + 1] != len(octets) - start - 2 or octets[start + 2] != 0:
        start = octets.rindex(b"\x03", 0, start)
    return octets[: start + 2] + b"\x01" + octets[start + 3 :]


def key_unused_bits(fields):
    algorithm = der.sequence(der.oid("1.2.840.10045.2.1"), der.oid(pki.CURVE_OIDS["P-384"]))
    fields["spki"] = der.sequence(algorithm, der.bit_string(fields["key"].point(), 1))


def dates(vectors):
    """Forms that are not the UTCTime of RFC 5280 (YYMMDDHHMMSSZ) or no date at all."""
    add_row = Adder(vectors, "x509-der").small
    for name, text, what in (
        ("month-13", b"261303130000Z", "notAfter in a thirteenth month"),
        ("month-0", b"270003130000Z", "notAfter in month 0"),
        ("february-30", b"260230130000Z", "notAfter on 30 February"),
        ("february-29", b"270229130000Z", "notAfter on 29 February of a common year"),
        ("day-0", b"260200130000Z", "notAfter on day 0"),
        ("hour-24", b"260103240000Z", "notAfter at 24 o'clock"),
        ("minute-60", b"260103136000Z", "notAfter at minute 60"),
        ("second-60", b"260103125960Z", "notAfter at second 60"),
        ("no-seconds", b"2601031300Z", "notAfter without seconds"),
        ("no-z", b"260103130000", "notAfter without Z"),
        ("offset", b"260103130000+0000", "notAfter with an offset"),
        ("letters", b"26010313OOOOZ", "notAfter with letters among the digits"),
        ("space", b"260103 30000Z", "notAfter with a space among the digits"),
        ("sign", b"260103+30000Z", "notAfter with a sign among the digits"),
        ("nul", b"260103130000Z\0", "notAfter with a NUL behind it"),
        ("empty", b"", "notAfter of no octets"),
    ):
        add_row(f"time-{name}", LEAF, replacing(not_after=der.tlv(0x17, text)), what)
    add_row(
        "time-generalized",
        LEAF,
        replacing(not_after=pki.generalized_time(pki.LEAF_AFTER)),
        "notAfter in 2026 as GeneralizedTime, which RFC 5280 keeps for 2050 and later",
    )


# --- version, keys, algorithms ---------------------------------------------


def versions(vectors):
    add_row = Adder(vectors, "x509-version").small
    add_row(
        "leaf-absent",
        LEAF,
        replacing(version=b""),
        "leaf without a version, that is version 1, with extensions",
    )
    add_row("leaf-2", LEAF, replacing(version=der.explicit(0, der.integer(1))), "leaf of version 2")
    add_row("leaf-4", LEAF, replacing(version=der.explicit(0, der.integer(3))), "leaf of version 4")
    add_row(
        "leaf-258",
        LEAF,
        replacing(version=der.explicit(0, der.integer(258))),
        "leaf whose version is 2 in its low byte only",
    )
    add_row(
        "zonal-absent",
        ZONAL,
        replacing(version=b""),
        "zonal CA without a version, that is version 1, with extensions",
    )


def rsa_spki():
    """A public key of 2048 bits that nobody can use; enough to be seen as RSA."""
    modulus = int.from_bytes(
        b"".join(hashlib.sha512(b"modulus" + bytes([i])).digest() for i in range(4)), "big"
    )
    algorithm = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.null())
    return pki.spki_raw(
        algorithm, der.sequence(der.integer(modulus | 1 << 2047 | 1), der.integer(65537))
    )


def explicit_parameters_spki(key):
    """The usual key with the curve written out instead of named (X9.62 specifiedCurve)."""
    curve = key.curve
    octets = lambda number: der.octet_string(number.to_bytes(curve.size, "big"))
    generator = b"\x04" + b"".join(part.to_bytes(curve.size, "big") for part in curve.g)
    parameters = der.sequence(
        der.integer(1),
        der.sequence(der.oid("1.2.840.10045.1.1"), der.integer(curve.p)),
        der.sequence(octets(curve.p - 3), octets(curve.b)),
        der.octet_string(generator),
        der.integer(curve.n),
        der.integer(1),
    )
    return pki.spki_raw(der.sequence(der.oid("1.2.840.10045.2.1"), parameters), key.point())


def keys(vectors):
    leaf = ec.Key(LEAF)
    p = leaf.curve.p
    size = leaf.curve.size
    octets = lambda number: number.to_bytes(size, "big")
    not_on_curve = b"\x04" + octets(leaf.x) + octets((leaf.y + 1) % p)
    add_row = Adder(vectors, "x509-key").small
    curve_oid = der.oid(pki.CURVE_OIDS["P-384"])
    ec_oid = der.oid("1.2.840.10045.2.1")
    for name, spki, what in (
        ("leaf-p256", pki.spki(ec.Key(LEAF, ec.P256)), "leaf key on P-256"),
        ("leaf-p521", pki.spki(ec.Key(LEAF, ec.P521)), "leaf key on P-521"),
        ("leaf-rsa", rsa_spki(), "leaf key RSA"),
        (
            "leaf-ed25519",
            pki.spki_raw(der.sequence(der.oid("1.3.101.112")), hashlib.sha256(b"key").digest()),
            "leaf key Ed25519",
        ),
        ("leaf-compressed", public_bits(leaf.compressed_point()), "leaf key as a compressed point"),
        (
            "leaf-hybrid",
            public_bits(bytes([6 + (leaf.y & 1)]) + leaf.point()[1:]),
            "leaf key as a hybrid point",
        ),
        ("leaf-infinity", public_bits(b"\0"), "leaf key is the point at infinity"),
        ("leaf-zero", public_bits(b"\x04" + bytes(96)), "leaf key with both coordinates 0"),
        ("leaf-not-on-curve", public_bits(not_on_curve), "leaf key is not on the curve"),
        (
            "leaf-not-reduced",
            public_bits(b"\x04" + octets(p) + octets(leaf.y)),
            "leaf key with a coordinate equal to the field prime",
        ),
        ("leaf-short", public_bits(leaf.point()[:-1]), "leaf key of 96 bytes"),
        ("leaf-long", public_bits(leaf.point() + b"\0"), "leaf key of 98 bytes"),
        (
            "leaf-no-curve",
            pki.spki_raw(der.sequence(ec_oid), leaf.point()),
            "leaf key without a curve",
        ),
        (
            "leaf-null-curve",
            pki.spki_raw(der.sequence(ec_oid, der.null()), leaf.point()),
            "leaf key with NULL for a curve",
        ),
        (
            "leaf-ecdh",
            pki.spki_raw(der.sequence(der.oid("1.3.132.1.12"), curve_oid), leaf.point()),
            "leaf key for ECDH only",
        ),
        ("leaf-explicit", explicit_parameters_spki(leaf), "leaf key with the curve written out"),
    ):
        add_row(name, LEAF, replacing(spki=spki), what)
    for level, curve in ((INSTANCE, ec.P256), (ZONAL, ec.P521)):
        key = ec.Key(level, curve)
        certificates = pki.chain(root=root(), keys={level: key})
        Adder(vectors, "x509-key").chain(
            f"{level}-{curve.name.replace('-', '').lower()}",
            certificates,
            f"{level} CA with a key on {curve.name}",
        )


def algorithms(vectors):
    add_row = Adder(vectors, "x509-sigalg").small
    both = lambda algorithm, hash_name: replacing(
        inner_algorithm=algorithm, outer_algorithm=algorithm, hash=hash_name
    )
    for level in (LEAF, REGIONAL):
        add_row(
            f"{level}-sha256",
            level,
            both(pki.ECDSA_SHA256, "sha256"),
            f"{level} certificate signed with ecdsa-with-SHA256",
        )
    add_row(
        "leaf-sha512",
        LEAF,
        both(pki.ECDSA_SHA512, "sha512"),
        "leaf certificate signed with ecdsa-with-SHA512",
    )
    add_row(
        "leaf-outer-differs",
        LEAF,
        replacing(outer_algorithm=pki.ECDSA_SHA256),
        "the algorithm outside the signed part says SHA-256, inside SHA-384",
    )
    add_row(
        "leaf-inner-differs",
        LEAF,
        replacing(inner_algorithm=pki.ECDSA_SHA256),
        "the algorithm inside the signed part says SHA-256, outside SHA-384",
    )
    with_null = der.sequence(der.oid("1.2.840.10045.4.3.3"), der.null())
    add_row(
        "leaf-null-parameters",
        LEAF,
        both(with_null, "sha384"),
        "ecdsa-with-SHA384 with NULL parameters",
        "x509-sigalg",
    )
    rsa = der.sequence(der.oid("1.2.840.113549.1.1.12"), der.null())
    add_row("leaf-rsa", LEAF, both(rsa, "sha384"), "leaf certificate said to be signed with RSA")


# --- extensions ------------------------------------------------------------


def critical_extensions(vectors):
    add_row = Adder(vectors, "x509-critical-ext").small
    server_auth = der.sequence(der.oid("1.3.6.1.5.5.7.3.1"))
    add_row(
        "leaf-private",
        LEAF,
        with_extension("private", private_extension(critical=True)),
        "leaf with an unknown critical extension",
    )
    add_row(
        "zonal-private",
        ZONAL,
        with_extension("private", private_extension(critical=True)),
        "zonal CA with an unknown critical extension",
    )
    add_row(
        "leaf-eku",
        LEAF,
        with_extension("eku", pki.extension("2.5.29.37", server_auth, True)),
        "leaf for TLS servers only (critical extended key usage)",
    )
    permitted = der.explicit(0, der.sequence(der.implicit(2, b"example.com")))
    add_row(
        "regional-name-constraints",
        REGIONAL,
        with_extension("nc", pki.extension("2.5.29.30", der.sequence(permitted), True)),
        "regional CA with critical name constraints",
    )
    add_row(
        "zonal-ski",
        ZONAL,
        lambda fields: fields["extensions"].update(ski=critical_ski(fields["key"])),
        "zonal CA whose subject key identifier is critical",
        "x509-critical-ext",
    )
    policies = der.sequence(der.sequence(der.oid("1.3.6.1.4.1.99999.2")))
    add_row(
        "leaf-policies",
        LEAF,
        with_extension("policies", pki.extension("2.5.29.32", policies, True)),
        "leaf with critical certificate policies",
    )


def critical_ski(key):
    return pki.extension("2.5.29.14", der.octet_string(pki.key_id(key)), True)


def key_usages(vectors):
    add_row = Adder(vectors, "x509-keyusage").small
    add_row("leaf-absent", LEAF, without("ku"), "leaf without keyUsage")
    for name, bits, what in (
        ("no-digsig", 0x40, "leaf whose keyUsage is nonRepudiation alone"),
        ("key-encipherment", 0x20, "leaf whose keyUsage is keyEncipherment alone"),
        ("certsign", 0x84, "leaf that may also sign certificates"),
        ("certsign-only", 0x04, "leaf that may only sign certificates"),
    ):
        add_row(
            f"leaf-{name}", LEAF, with_extension("ku", pki.key_usage(bits, critical=False)), what
        )
    for level in CAS:
        add_row(f"{level}-absent", level, without("ku"), f"{level} CA without keyUsage")
        add_row(
            f"{level}-no-certsign",
            level,
            with_extension("ku", pki.key_usage(0x82)),
            f"{level} CA that may not sign certificates",
        )


def authorities(vectors):
    add_row = Adder(vectors, "x509-ca").small
    path_length = {REGIONAL: 2, ZONAL: 1, INSTANCE: 0}
    for level in CAS:
        add_row(f"{level}-no-bc", level, without("bc"), f"{level} CA without basicConstraints")
        add_row(
            f"{level}-false",
            level,
            with_extension("bc", pki.basic_constraints(False)),
            f"{level} CA whose basicConstraints says CA:FALSE",
        )
        add_row(
            f"{level}-bc-not-critical",
            level,
            with_extension("bc", pki.basic_constraints(True, path_length[level], critical=False)),
            f"{level} CA whose basicConstraints is not critical",
        )
    add_row(
        "bc-true",
        LEAF,
        with_extension("bc", pki.basic_constraints(True)),
        "leaf that is a CA",
        "x509-leaf-ca",
    )
    add_row(
        "bc-true-pathlen",
        LEAF,
        with_extension("bc", pki.basic_constraints(True, 0)),
        "leaf that is a CA with path length 0",
        "x509-leaf-ca",
    )
    not_ca_with_path = pki.extension("2.5.29.19", der.sequence(der.integer(0)), True)
    add_row(
        "bc-false",
        LEAF,
        with_extension("bc", not_ca_with_path),
        "leaf that is no CA but has a path length",
        "x509-leaf-pathlen",
    )
    add_row(
        "zonal-false-pathlen",
        ZONAL,
        with_extension("bc", pki.extension("2.5.29.19", der.sequence(der.integer(1)), True)),
        "zonal certificate with a path length, not a CA",
    )


def path_lengths(vectors):
    adder = Adder(vectors, "x509-pathlen")
    adder.level(
        "regional-1",
        REGIONAL,
        with_extension("bc", pki.basic_constraints(True, 1)),
        "regional CA allows one level below it, there are two",
    )
    adder.level(
        "regional-0",
        REGIONAL,
        with_extension("bc", pki.basic_constraints(True, 0)),
        "regional CA allows no level below it, there are two",
    )
    adder.level(
        "zonal-0",
        ZONAL,
        with_extension("bc", pki.basic_constraints(True, 0)),
        "zonal CA allows no level below it, there is one",
    )
    extra = pki.chain(root=root())[:-1]
    extra.append(pki.issue(REGIONAL, extra[-1], ec.Key("link 9"), link(9)))
    extra.append(pki.issue(LEAF, extra[-1]))
    adder.chain("extra-ca", extra, "one more CA below the instance, whose path length is 0")
    leaf_signs = pki.chain(root=root())
    leaf_signs.append(pki.issue(LEAF, leaf_signs[-1], ec.Key("second leaf"), second_leaf))
    adder.chain(
        "leaf-signs-leaf",
        leaf_signs,
        "the real leaf stands in cabundle and has issued another one",
        "x509-pathlen",
    )


def second_leaf(fields):
    fields["subject"] = pki.long_name("i-attacker")
    fields["serial"] = der.integer(pki.serial_from("second leaf"))


# --- links between certificates --------------------------------------------


def names(vectors):
    add_row = Adder(vectors, "x509-name").level
    instance = pki.common_name(INSTANCE)
    for name, issuer, what in (
        ("differs", pki.long_name("other." + instance), "the leaf names another issuer"),
        ("case", pki.long_name(instance.upper()), "the leaf names its issuer in capitals"),
        ("space", pki.long_name(instance + " "), "the leaf names its issuer with a space behind"),
        ("nul", pki.long_name(instance + "\0"), "the leaf names its issuer with a NUL behind"),
        ("order", pki.short_name(instance), "the leaf names its issuer with fewer attributes"),
    ):
        add_row(f"leaf-{name}", LEAF, replacing(issuer=issuer), what)
    add_row(
        "leaf-empty",
        LEAF,
        replacing(issuer=pki.name()),
        "the leaf names an empty issuer",
        "x509-der",
    )
    printable = pki.name(
        ("C", "ZZ"),
        ("ST", "Test State"),
        ("L", "Testville"),
        *pki.ORGANISATION,
        ("CN", instance),
        string=der.printable,
    )
    add_row(
        "leaf-string-type",
        LEAF,
        replacing(issuer=printable),
        "the leaf names its issuer in another string type",
    )
    add_row(
        "zonal-differs",
        ZONAL,
        replacing(issuer=pki.short_name("other." + pki.common_name(REGIONAL))),
        "the zonal CA names another issuer",
    )
    add_row(
        "regional-differs",
        REGIONAL,
        replacing(issuer=other_root().subject),
        "the regional CA names another root",
    )


def key_identifiers(vectors):
    add_row = Adder(vectors, "x509-aki").level
    wrong = pki.authority_key_id(ec.Key("stranger"))
    for level in CAS:
        add_row(
            level,
            level,
            with_extension("aki", wrong),
            f"{level} CA whose authority key identifier is another key's",
        )
    shorter = pki.extension(
        "2.5.29.35", der.sequence(der.implicit(0, pki.key_id(ec.Key(REGIONAL))[:19]))
    )
    add_row(
        "zonal-short",
        ZONAL,
        with_extension("aki", shorter),
        "zonal CA whose authority key identifier is cut by one byte",
    )
    add_row(
        "leaf",
        LEAF,
        with_extension("aki", wrong),
        "leaf with an authority key identifier of another key",
    )


def signatures(vectors):
    adder = Adder(vectors, "x509-signature")
    for level in (LEAF, INSTANCE, ZONAL, REGIONAL):
        adder.level(
            level,
            level,
            replacing(signer=ec.Key("stranger")),
            f"{level} certificate signed by another key under the right issuer's name",
        )
    adder.level(
        "leaf-self",
        LEAF,
        replacing(signer=ec.Key(LEAF)),
        "leaf certificate signed by itself under the right issuer's name",
    )
    adder.level(
        "leaf-grandparent",
        LEAF,
        replacing(signer=ec.Key(ZONAL)),
        "leaf certificate signed by the zonal CA under the instance's name",
    )
    adder.level(
        "leaf-bit",
        LEAF,
        wrapping(lambda octets: octets[:-1] + bytes([octets[-1] ^ 1])),
        "one bit of the leaf certificate's signature changed",
    )
    adder.level(
        "leaf-zero",
        LEAF,
        replacing(signature=lambda r, s: pki.ecdsa_signature(0, 0)),
        "leaf certificate signed with r and s 0",
        "x509-der",
    )
    key = ec.Key(LEAF)
    flipped = pki.spki(ec.Key("stranger"))
    assert len(flipped) == len(pki.spki(key))
    swapped = changed_chain(LEAF, wrapping(lambda octets: octets.replace(pki.spki(key), flipped)))
    swapped[-1] = swapped[-1]._replace(key=ec.Key("stranger"))
    adder.chain(
        "leaf-key-replaced",
        swapped,
        "an attacker's key written into the leaf certificate, document signed with it",
    )
    later = pki.utc_time(pki.LEAF_AFTER + 86400)
    adder.level(
        "leaf-prolonged",
        LEAF,
        wrapping(lambda octets: octets.replace(pki.utc_time(pki.LEAF_AFTER), later)),
        "notAfter of the leaf moved by a day after signing",
    )
