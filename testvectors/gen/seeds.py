"""Small starting points for the fuzz targets, one folder each.

chain/ holds whole chains as one file: for each certificate from the root to
the leaf two bytes of length, big-endian, then its DER.
"""

import base64
import json

from . import cbor, document, pki
from .basics import root, small_claims, small_document, usual_chain
from .changes import chain_of, changed_chain, private_extension, with_extension, without
from .pki import INSTANCE, LEAF, REGIONAL, ZONAL


def add(vectors):
    cbor_items(vectors)
    documents(vectors)
    chains(vectors)
    json_texts(vectors)
    encodings(vectors)


def cbor_items(vectors):
    for name, content in (
        ("uint-0", cbor.uint(0)),
        ("uint-23", cbor.uint(23)),
        ("uint-24", cbor.uint(24)),
        ("uint-256", cbor.uint(256)),
        ("uint-65536", cbor.uint(65536)),
        ("uint-max", cbor.uint(2**64 - 1)),
        ("uint-not-minimal", cbor.uint(0, 8)),
        ("nint", cbor.nint(-35)),
        ("nint-min", cbor.nint(-(2**64))),
        ("bstr-empty", cbor.bstr(b"")),
        ("bstr-24", cbor.bstr(bytes(24))),
        ("bstr-300", cbor.bstr(bytes(300))),
        ("bstr-indefinite", cbor.indefinite_bstr(b"ab", b"c")),
        ("bstr-huge", b"\x5b" + b"\xff" * 8),
        ("tstr", cbor.tstr("SHA384")),
        ("tstr-utf8", cbor.tstr("\u00e9\u4e2d\U0001f511")),
        ("tstr-not-utf8", cbor.tstr(b"\xed\xa0\x80")),
        ("tstr-indefinite", cbor.indefinite_tstr("ab", "c")),
        ("array", cbor.array([cbor.uint(1), cbor.bstr(b"2"), cbor.tstr("3")])),
        ("array-indefinite", cbor.indefinite_array([cbor.uint(1), cbor.NULL])),
        ("array-huge", b"\x9a\x10\x00\x00\x00"),
        ("array-deep", b"\x81" * 40 + b"\x00"),
        ("map", cbor.mapping([(cbor.uint(1), cbor.nint(-35))])),
        (
            "map-indefinite",
            cbor.indefinite_mapping([(cbor.tstr("a"), cbor.uint(1)), (cbor.tstr("b"), cbor.NULL)]),
        ),
        ("map-duplicate", cbor.mapping([(cbor.uint(0), cbor.NULL), (cbor.uint(0, 1), cbor.NULL)])),
        ("tag-18", cbor.tag(18, cbor.array([]))),
        ("tag-55799", cbor.tag(55799, cbor.uint(0))),
        ("simple", b"\xf4\xf5\xf6\xf7"),
        ("simple-two-byte", b"\xf8\x16"),
        ("float", b"\xf9\x3c\x00\xfa\x3f\x80\x00\x00\xfb" + b"\x3f\xf0" + bytes(6)),
        ("break", cbor.BREAK),
        ("reserved", b"\x1c\x3d\x5e"),
        (
            "payload",
            document.payload(
                small_claims(
                    certificate=cbor.bstr(b"leaf"), cabundle=cbor.array([cbor.bstr(b"root")])
                )
            ),
        ),
    ):
        vectors.put(f"seeds/cbor/{name}", content)


def tiny_claims(**change):
    """Claims that are well-formed, their certificates a few bytes only."""
    return small_claims(
        **{
            "certificate": cbor.bstr(b"leaf"),
            "cabundle": cbor.array([cbor.bstr(b"root")]),
            **change,
        }
    )


def tiny_document(wrap=document.payload, prefix=b"\x84", **change):
    return document.envelope(wrap(tiny_claims(**change)), usual_chain()[-1].key, prefix)


def documents(vectors):
    """For cose (envelope and claims) and document (everything)."""
    cose = {
        "tiny": tiny_document(),
        "tiny-definite": tiny_document(document.definite_payload),
        "tiny-tag18": tiny_document(prefix=b"\xd2\x84"),
        "tiny-null": tiny_document(public_key=cbor.NULL, user_data=cbor.NULL, nonce=cbor.NULL),
        "tiny-absent": tiny_document(
            public_key=document.ABSENT, user_data=document.ABSENT, nonce=document.ABSENT
        ),
        "tiny-pcrs-32": tiny_document(
            pcrs=document.pcr_map({index: document.ZERO for index in range(32)})
        ),
        "tiny-unknown": tiny_document(extra=cbor.uint(1)),
        "tiny-missing": tiny_document(digest=document.ABSENT),
        "tiny-pcr-length": tiny_document(pcrs=cbor.mapping([(cbor.uint(0), cbor.bstr(bytes(32)))])),
        "tiny-long-index": tiny_document(
            pcrs=cbor.mapping([(cbor.uint(0, 1), cbor.bstr(document.ZERO))])
        ),
        "tiny-indefinite-pcrs": tiny_document(
            pcrs=cbor.indefinite_mapping(document.pcr_pairs(document.IMAGE))
        ),
        "tiny-trailing": tiny_document() + b"\0",
        "tiny-cut": tiny_document()[:-40],
        "empty-parts": b"\x84\x40\xa0\x40\x40",
        "head": b"\x84\x44\xa1\x01\x38\x22\xa0\x59\x10\x00",
        "small": small_document(),
    }
    for name, content in cose.items():
        vectors.put(f"seeds/cose/{name}", content)
    whole = {
        "good": document.make(usual_chain()),
        "small": small_document(),
        "small-tag18": b"\xd2" + small_document(),
        "small-optionals": small_document(
            public_key=cbor.bstr(b"key"), user_data=cbor.bstr(b""), nonce=cbor.bstr(bytes(20))
        ),
        "small-hex": small_document().hex().encode(),
        "tiny": tiny_document(),
        "debug": small_document(pcrs=document.pcr_map(document.debug_registers())),
    }
    for name, content in whole.items():
        vectors.put(f"seeds/document/{name}", content)


def chain_file(certificates):
    return b"".join(len(one.der).to_bytes(2, "big") + one.der for one in certificates)


def chains(vectors):
    usual = usual_chain()
    levels = dict(zip(pki.LEVELS, usual))
    for level, certificate in levels.items():
        vectors.put(f"seeds/cert/{level}", certificate.der)
    certs = {
        "leaf-private-extension": changed_chain(
            LEAF, with_extension("private", private_extension())
        )[-1],
        "leaf-no-bc": changed_chain(LEAF, without("bc"))[-1],
        "leaf-ku-critical": changed_chain(LEAF, with_extension("ku", pki.key_usage(0xC0)))[-1],
        "instance-no-ski-aki": changed_chain(INSTANCE, without("ski", "aki"))[3],
        "zonal-no-crl": changed_chain(ZONAL, without("crl"))[2],
        "zonal-pathlen-none": changed_chain(
            ZONAL, with_extension("bc", pki.basic_constraints(True))
        )[2],
    }
    for name, certificate in certs.items():
        vectors.put(f"seeds/cert/{name}", certificate.der)
    for name in (
        "x509-der-leaf-length-long",
        "x509-der-leaf-serial-negative",
        "x509-der-zonal-bc-third",
        "x509-der-leaf-extension-false",
        "x509-der-time-generalized",
        "x509-der-leaf-unique-id",
        "x509-key-leaf-p256",
        "x509-key-leaf-rsa",
        "x509-key-leaf-explicit",
        "x509-version-leaf-absent",
        "x509-sigalg-leaf-sha256",
        "x509-critical-ext-regional-name-constraints",
    ):
        vectors.put(f"seeds/cert/{name}", faulty_certificate(vectors, name))
    lists = {
        "usual": usual,
        "no-ski-aki": changed_chain(INSTANCE, without("ski", "aki")),
        "root-and-leaf": chain_of(1),
        "one-intermediate": chain_of(2),
        "five-intermediates": chain_of(6),
        "reversed": [*reversed(usual[:-1]), usual[-1]],
        "no-root": usual[1:],
        "swapped": [usual[0], usual[2], usual[1], usual[3], usual[4]],
        "root-only": [root()],
        "leaf-ca": changed_chain(LEAF, with_extension("bc", pki.basic_constraints(True))),
        "pathlen": changed_chain(REGIONAL, with_extension("bc", pki.basic_constraints(True, 0))),
        "bc-missing": changed_chain(ZONAL, without("bc")),
    }
    for name, certificates in lists.items():
        vectors.put(f"seeds/chain/{name}", chain_file(certificates))
    vectors.put("seeds/chain/cut", chain_file(usual)[:-300])


def faulty_certificate(vectors, name):
    """The first certificate that differs from the usual chain's, out of a document made before.

    Both are long byte strings, 59 and two bytes of length; the leaf stands first.
    """
    content = vectors.files[f"documents/{name}.cbor"]
    known = {certificate.der for certificate in usual_chain()}
    for key in (cbor.tstr("certificate"), cbor.tstr("cabundle")):
        at = content.index(key) + len(key)
        count = 1
        if key == cbor.tstr("cabundle"):
            count, at = content[at] & 31, at + 1
        for _ in range(count):
            assert content[at] == 0x59
            size = int.from_bytes(content[at + 1 : at + 3], "big")
            certificate = content[at + 3 : at + 3 + size]
            if certificate not in known and not is_plain_short_leaf(certificate):
                return certificate
            at += 3 + size
    raise AssertionError(name)


def is_plain_short_leaf(certificate):
    return certificate == chain_of(1)[-1].der


def json_texts(vectors):
    """The smaller files of pcr/."""
    wanted = (
        "flat",
        "flat-16",
        "flat-escaped-key",
        "flat-unknown",
        "pcr8",
        "measurements",
        "describe-eif",
        "build-info",
        "build-info-all",
        "malformed-cut",
        "malformed-comma",
        "malformed-bom",
        "malformed-brackets",
        "trailing-object",
        "string-nul",
        "string-utf8",
        "string-lone-high",
        "too-deep-arrays",
        "duplicate-escaped",
        "duplicate-unknown-inside",
        "shape-pcr",
        "shape-array",
        "key-32",
        "key-case",
        "value-0x",
        "value-number",
    )
    for name in wanted:
        vectors.put(f"seeds/json/{name}", vectors.files[f"pcr/{name}.json"])
    for name, text in (
        ("empty-object", "{}"),
        ("numbers", "[0, -0, 1.5, 1e10, 1E-3, 9007199254740993, -12.0e+2]"),
        ("escapes", json.dumps('"\\/\b\f\n\r\t\u00e9\U0001f511')),
        ("literals", "[true, false, null]"),
        ("white-space", " \t\r\n[ ] "),
    ):
        vectors.put(f"seeds/json/{name}", text)


def encodings(vectors):
    tiny = b"\x84\x44\xa1\x01\x38\x22\xa0\x44\xfb\xff\xfe\xbf\x40"
    std = base64.b64encode(tiny)
    for name, content in (
        ("raw", tiny),
        ("hex", tiny.hex().encode()),
        ("hex-capitals", tiny.hex().upper().encode()),
        ("hex-0x", b"0x" + tiny.hex().encode()),
        ("hex-odd", tiny.hex().encode()[:-1]),
        ("hex-space", b" " + tiny.hex().encode() + b"\n"),
        ("base64", std),
        ("base64-url", base64.urlsafe_b64encode(tiny)),
        ("base64-unpadded", std.rstrip(b"=")),
        ("base64-two", base64.b64encode(tiny + b"\0\0")),
        ("base64-none", base64.b64encode(tiny + b"\0")),
        ("base64-newline", std + b"\r\n"),
        ("base64-inner-space", std[:8] + b" " + std[8:]),
        ("base64-trailing-bits", b"hEShATgioF9="),
        ("base64-mixed", b"hESh+_gi"),
        ("tag18", b"0oREoQE4Ig=="),
        ("blank", b" \n"),
        ("nul", b"8444\0"),
    ):
        vectors.put(f"seeds/basenc/{name}", content)
