"""The roots, the bundled document, its pcr.json and the simplest counterparts."""

import json
from functools import lru_cache

from . import der, document, ec, pki


@lru_cache(maxsize=None)
def root():
    return pki.issue(pki.ROOT)


@lru_cache(maxsize=None)
def other_root():
    """Another self-signed root of another name."""

    def rename(fields):
        fields["subject"] = fields["issuer"] = pki.short_name("other.nitro-enclaves")

    return pki.issue(pki.ROOT, key=ec.Key("other root"), change=rename)


@lru_cache(maxsize=None)
def usual_chain():
    return pki.chain(root=root())


@lru_cache(maxsize=None)
def short_chain():
    """Only root and leaf: for cases about something else, to keep their files small."""
    return pki.chain((pki.ROOT, pki.LEAF), root=root())


def small_claims(**change):
    """Claims under the short chain with three registers."""
    return document.claims(short_chain(), **{"pcrs": document.pcr_map(document.IMAGE), **change})


def small_document(**change):
    return document.envelope(document.payload(small_claims(**change)), short_chain()[-1].key)


@lru_cache(maxsize=None)
def bundled_document():
    return document.make(usual_chain())


def tampered_document():
    """One bit of user_data changed; only the signature can tell."""
    content = bundled_document()
    text = b"enclavecheck test document"
    changed = b"enclavecheck test documeNt"
    assert content.count(text) == 1
    return content.replace(text, changed)


def nitro_cli_json(value):
    """As nitro-cli and eif_build print: two spaces, a final newline."""
    return json.dumps(value, indent=2) + "\n"


def measurements(pcrs):
    result = {"HashAlgorithm": "Sha384 { ... }"}
    result.update({f"PCR{index}": value.hex() for index, value in sorted(pcrs.items())})
    return result


def signing_certificate():
    """A certificate that signs images; PCR8 of such an image is made of it."""

    def change(fields):
        fields["subject"] = fields["issuer"] = pki.short_name("test image signer")
        fields["extensions"] = {}
        fields["extensions_field"] = b""
        fields["version"] = b""

    return pki.issue(pki.ROOT, key=ec.Key("image signer"), change=change)


def short_root():
    """A root that is valid for three hours only, to judge at its two ends."""

    def change(fields):
        fields["not_before"] = pki.utc_time(SHORT_BEFORE)
        fields["not_after"] = pki.utc_time(SHORT_AFTER)
        fields["serial"] = der.integer(pki.serial_from("short root"))

    return pki.issue(pki.ROOT, key=ec.Key("short root"), change=change)


SHORT_BEFORE = pki.LEAF_BEFORE
SHORT_AFTER = pki.LEAF_AFTER


def add(vectors):
    vectors.put("root.pem", pki.pem(root().der))
    vectors.put("root.der", root().der)
    vectors.put("otherroot.pem", pki.pem(other_root().der))
    vectors.put("shortroot.pem", pki.pem(short_root().der))
    vectors.put("signing-cert.pem", pki.pem(signing_certificate().der))
    vectors.put("document.cbor", bundled_document())
    vectors.put("tampered.cbor", tampered_document())
    vectors.put("pcr.json", nitro_cli_json(measurements(document.IMAGE)))
    vectors.put("other-pcr.json", nitro_cli_json(measurements(document.OTHER_IMAGE)))
