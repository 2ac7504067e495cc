"""Signature sections: an array of one map of certificate and COSE_Sign1, as serde_cbor writes it.

Byte strings are written as arrays of small numbers there, twice as long as need be.
"""

from functools import lru_cache

from . import cbor, der, document, ec, eif, pki
from .basics import signing_certificate

LIMIT = 32768

# curve name -> COSE algorithm, hash
ALGORITHMS = {"P-256": (-7, "sha256"), "P-384": (-35, "sha384"), "P-521": (-36, "sha512")}

# The certificate of the rows about time.
SHORT_BEFORE = pki.LEAF_BEFORE
SHORT_AFTER = pki.LEAF_AFTER


def numbers(content):
    """Bytes as an array of unsigned numbers."""
    return cbor.array([cbor.uint(octet) for octet in content])


# --- certificates ----------------------------------------------------------


@lru_cache(maxsize=None)
def certificate(label, curve=ec.P384, before=pki.ROOT_BEFORE, after=pki.ROOT_AFTER, padding=None):
    """A self-signed certificate with a key of its own; `padding` octets in a private extension."""

    def change(fields):
        fields["subject"] = fields["issuer"] = pki.short_name("test image " + label)
        fields["not_before"] = pki.utc_time(before)
        fields["not_after"] = pki.utc_time(after)
        if padding is None:
            return
        fields["extensions"] = {
            "private": pki.extension("1.3.6.1.4.1.99999.1", der.octet_string(bytes(padding)))
        }

    return pki.issue(pki.ROOT, key=ec.Key("image " + label, curve), change=change)


usual_signer = lru_cache(maxsize=None)(signing_certificate)


@lru_cache(maxsize=None)
def small_signer():
    """P-256 and a short name, for cases about something else, to keep their files small."""

    def change(fields):
        fields["subject"] = fields["issuer"] = pki.name(("CN", "small"))
        fields["extensions_field"] = fields["version"] = b""
        fields["serial"] = der.integer(7)

    return pki.issue(pki.ROOT, key=ec.Key("small image signer", ec.P256), change=change)


# --- the pieces ------------------------------------------------------------


def payload(pcr0, index=cbor.uint(0), value=None):
    """{register_index: 0, register_value: PCR0 as numbers}"""
    return cbor.mapping(
        [
            (cbor.tstr("register_index"), index),
            (cbor.tstr("register_value"), numbers(pcr0) if value is None else value),
        ]
    )


def raw_signature(key, message, hash_name):
    size = key.curve.size
    r, s = ec.sign(key, message, hash_name)
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def cose(
    body, signer, algorithm=None, hash_name=None, protected=None, context="Signature1", aad=b""
):
    """The items of a COSE_Sign1 by that certificate's key."""
    usual_algorithm, usual_hash = ALGORITHMS[signer.key.curve.name]
    if protected is None:
        protected = cbor.mapping([(cbor.uint(1), cbor.nint(algorithm or usual_algorithm))])
    message = document.signed_bytes(body, protected, context, aad)
    signature = raw_signature(signer.key, message, hash_name or usual_hash)
    return [cbor.bstr(protected), cbor.mapping([]), cbor.bstr(body), cbor.bstr(signature)]


def element(certificate_item, signature_item):
    return cbor.mapping(
        [
            (cbor.tstr("signing_certificate"), certificate_item),
            (cbor.tstr("signature"), signature_item),
        ]
    )


def content(certificate_text, message):
    """A whole section: PEM text and COSE_Sign1."""
    return cbor.array([element(numbers(certificate_text), numbers(message))])


def pem_of(signer):
    return pki.pem(signer.der).encode()


def signed(pcr0, signer=None, text=None, **change):
    """A whole section by `signer` over `pcr0`; `change` as for cose()."""
    signer = signer or usual_signer()
    message = cbor.array(cose(payload(pcr0), signer, **change))
    return content(pem_of(signer) if text is None else text, message)


# --- images ----------------------------------------------------------------


def image_with(section_content, sections=eif.SMALL, version=3, **change):
    """An image that ends in this signature section."""
    sections = (*sections, eif.Section(eif.SIGNATURE, section_content))
    return eif.image(sections=sections, version=version, **change)


def sized_section(pcr0, size):
    """A good section of exactly `size` bytes: the certificate grows, keys are tried until it fits.

    Base64 grows by four characters for three bytes, and each takes two bytes here.
    """
    for attempt in range(64):
        label = f"long signer {attempt}"
        padding = size * 3 // 8
        for _ in range(4):
            signer = certificate(label, padding=padding)
            section = signed(pcr0, signer)
            if len(section) == size:
                return section, signer
            padding += (size - len(section)) * 3 // 8
    raise AssertionError("no certificate fits")
