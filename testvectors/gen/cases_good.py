"""Documents that must pass: every liberty that the format leaves."""

from . import cbor, document, pki
from .basics import root, small_document, usual_chain
from .changes import chain_of, changed_chain, padded_to, private_extension, with_extension, without
from .document import ABSENT
from .pki import INSTANCE, LEAF, REGIONAL, ROOT, ZONAL

FEW = document.pcr_map(document.IMAGE)  # keeps files small


def add(vectors):
    vectors.good("good.cbor", document.make(usual_chain()), "the bundled document")
    envelope_forms(vectors)
    payload_forms(vectors)
    optional_fields(vectors)
    register_sets(vectors)
    text_limits(vectors)
    certificate_shapes(vectors)
    chain_lengths(vectors)
    leaf_reuse(vectors)


def envelope_forms(vectors):
    chain = usual_chain()
    body = document.payload(document.claims(chain))
    plain = document.signature(chain[-1].key, document.signed_bytes(body))
    vectors.good(
        "good-tag18.cbor", b"\xd2" + document.make(chain), "COSE_Sign1 with its tag 18 in front"
    )
    for high, word in ((False, "low"), (True, "high")):
        item = cbor.bstr(document.with_s(plain, high))
        vectors.good(
            f"good-{word}-s.cbor",
            document.envelope(body, None, signature_item=item),
            f"the signature's s is {'above' if high else 'below'} half the group order",
        )


def payload_forms(vectors):
    chain = usual_chain()
    values = document.claims(chain)
    key = chain[-1].key
    vectors.good(
        "good-definite-map.cbor",
        document.make(chain, wrap=document.definite_payload),
        "payload map of definite length, as AWS encoded it until April 2025",
    )
    backwards = dict(reversed(values.items()))
    vectors.good(
        "good-reversed-keys.cbor",
        document.envelope(document.payload(backwards), key),
        "payload keys in the opposite order",
    )
    alphabetical = dict(sorted(values.items()))
    vectors.good(
        "good-sorted-keys.cbor",
        document.envelope(document.definite_payload(alphabetical), key),
        "payload keys in alphabetical order, map of definite length",
    )


def optional_fields(vectors):
    def all_three(value):
        return {"public_key": value, "user_data": value, "nonce": value}

    for name, value, what in (
        ("null", cbor.NULL, "public_key, user_data and nonce are null"),
        ("absent", ABSENT, "public_key, user_data and nonce are absent"),
        ("empty", cbor.bstr(b""), "public_key, user_data and nonce are byte strings of no bytes"),
        (
            "1024",
            cbor.bstr(bytes(range(256)) * 4),
            "public_key, user_data and nonce of 1024 bytes, the most allowed",
        ),
    ):
        vectors.good(f"good-optionals-{name}.cbor", small_document(**all_three(value)), what)
    for field in ("public_key", "user_data", "nonce"):
        vectors.good(
            f"good-only-{field}.cbor",
            small_document(**{**all_three(ABSENT), field: cbor.bstr(b"\x01")}),
            f"{field} of one byte, the other two optionals absent",
        )
    vectors.good(
        "good-table-limits.cbor",
        small_document(
            public_key=cbor.bstr(b"k"), user_data=cbor.bstr(bytes(512)), nonce=cbor.bstr(bytes(512))
        ),
        "the extreme sizes that the narrower limits allow: public_key 1, user_data and nonce 512 bytes",
        "--root root.pem --at document --pcrs pcr.json --aws-table-limits",
    )
    vectors.passes(
        "good-optionals-absent.cbor",
        "absent optionals under the narrower limits",
        "--root root.pem --at document --pcrs pcr.json --aws-table-limits",
    )


def register_sets(vectors):
    full = document.registers()
    vectors.good(
        "good-pcr16.cbor",
        small_document(
            pcrs=document.pcr_map(document.registers({16: document.extend(b"runtime")}))
        ),
        "seventeen registers: PCR16 was extended and locked at run time",
    )
    vectors.good(
        "good-pcrs-32.cbor",
        small_document(pcrs=document.pcr_map({**{i: document.ZERO for i in range(32)}, **full})),
        "all thirty-two registers",
    )
    vectors.good(
        "good-pcrs-descending.cbor",
        small_document(pcrs=document.pcr_map(dict(reversed(full.items())))),
        "registers in descending order",
    )
    vectors.good(
        "good-pcrs-012.cbor",
        small_document(pcrs=document.pcr_map(document.IMAGE)),
        "only PCR0, PCR1 and PCR2",
    )
    vectors.good(
        "good-pcr0-only.cbor",
        small_document(pcrs=document.pcr_map({0: document.IMAGE[0]})),
        "one register, the fewest allowed",
        f"--root root.pem --at document --pcr 0={document.IMAGE[0].hex()}",
    )


def text_limits(vectors):
    for name, text, what in (
        ("module-id-1", "i", "module_id of one byte"),
        ("module-id-256", "i-" + "f" * 254, "module_id of 256 bytes, the most allowed"),
        (
            "module-id-utf8",
            "i-\u00e9\u4e2d\U0001f511",
            "module_id with characters of two, three and four bytes",
        ),
    ):
        vectors.good(f"good-{name}.cbor", small_document(module_id=cbor.tstr(text)), what)


def certificate_shapes(vectors):
    def good(name, level, change, what):
        vectors.good(
            f"good-{name}.cbor", document.make(changed_chain(level, change), pcrs=FEW), what
        )

    good(
        "instance-no-ski-aki",
        INSTANCE,
        without("ski", "aki"),
        "instance certificate without key identifiers, as before July 2024",
    )
    good(
        "leaf-private-extension",
        LEAF,
        with_extension("private", private_extension()),
        "leaf with an unknown extension that is not critical",
    )
    good(
        "zonal-private-extension",
        ZONAL,
        with_extension("private", private_extension()),
        "zonal CA with an unknown extension that is not critical",
    )
    good("leaf-no-bc", LEAF, without("bc"), "leaf without basicConstraints")
    good(
        "leaf-ku-critical",
        LEAF,
        with_extension("ku", pki.key_usage(0xC0)),
        "leaf whose keyUsage is critical",
    )
    good(
        "leaf-ku-digsig-only",
        LEAF,
        with_extension("ku", pki.key_usage(0x80)),
        "leaf whose keyUsage is digitalSignature alone",
    )
    good(
        "leaf-bc-not-critical",
        LEAF,
        with_extension("bc", pki.basic_constraints(False, critical=False)),
        "leaf whose basicConstraints is not critical",
    )
    good(
        "regional-no-crldp", REGIONAL, without("crl"), "regional CA without CRL distribution points"
    )
    good(
        "regional-pathlen-3",
        REGIONAL,
        with_extension("bc", pki.basic_constraints(True, 3)),
        "regional CA that allows one level more than there is",
    )
    good(
        "zonal-pathlen-none",
        ZONAL,
        with_extension("bc", pki.basic_constraints(True)),
        "zonal CA without a path length",
    )
    good(
        "leaf-1024", LEAF, padded_to(1024, LEAF), "leaf certificate of 1024 bytes, the most allowed"
    )
    good(
        "zonal-1024",
        ZONAL,
        padded_to(1024, ZONAL),
        "CA certificate of 1024 bytes, the most allowed",
    )


def chain_lengths(vectors):
    vectors.good(
        "good-cabundle-1.cbor", document.make(chain_of(1)), "leaf issued by the root itself"
    )
    vectors.good("good-cabundle-2.cbor", document.make(chain_of(2)), "root, one intermediate, leaf")
    vectors.good(
        "good-cabundle-16.cbor",
        document.make(chain_of(16)),
        "sixteen CA certificates, the most allowed",
    )
    levels = (ROOT, REGIONAL, INSTANCE, LEAF)
    vectors.good(
        "good-no-zonal.cbor",
        document.make(pki.chain(levels, root=root())),
        "no zonal level: path lengths 2 and 0 above the leaf",
    )


def leaf_reuse(vectors):
    """The leaf is made on demand and used again for up to 2.4 hours."""
    for after, word in ((1, "1s"), (3600, "1h"), (7200, "2h")):
        stamp = (pki.LEAF_BEFORE + after) * 1000
        vectors.good(
            f"good-leaf-reused-{word}.cbor",
            small_document(timestamp=cbor.uint(stamp)),
            f"timestamp {after} s after the leaf's notBefore",
        )
