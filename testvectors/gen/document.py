"""Attestation documents: the payload map and the COSE_Sign1 envelope around it."""

import hashlib

from . import cbor, ec, pki

TIMESTAMP_MS = 1767434400123  # 2026-01-03T10:00:00.123Z
TIMESTAMP = TIMESTAMP_MS // 1000

ROLE_ARN = "arn:aws:iam::123456789012:role/test-enclave-parent"

ES384 = -35
PROTECTED = cbor.mapping([(cbor.uint(1), cbor.nint(ES384))])

ABSENT = object()


# --- registers -------------------------------------------------------------

ZERO = bytes(48)


def extend(data):
    """A register after one extension from its initial zero value."""
    return hashlib.sha384(ZERO + data).digest()


def measured(label):
    """A register as an image of that label would give it: extend(sha384(content))."""
    return extend(hashlib.sha384(label.encode()).digest())


IMAGE = {
    0: measured("test image"),
    1: measured("test kernel and boot ramdisk"),
    2: measured("test application"),
}
OTHER_IMAGE = {0: measured("other image"), 1: IMAGE[1], 2: measured("other application")}


def registers(change=None):
    """The sixteen registers of an ordinary document, with replacements (None removes)."""
    pcrs = {index: ZERO for index in range(16)}
    pcrs.update(IMAGE)
    pcrs[3] = extend(ROLE_ARN.encode())
    pcrs[4] = extend(pki.INSTANCE_ID.encode())
    pcrs.update(change or {})
    return {index: value for index, value in pcrs.items() if value is not None}


def debug_registers(change=None):
    """A debug enclave: image registers zero, role and instance still there."""
    return registers({0: ZERO, 1: ZERO, 2: ZERO, **(change or {})})


def pcr_pairs(pcrs):
    return [(cbor.uint(index), cbor.bstr(value)) for index, value in pcrs.items()]


def pcr_map(pcrs):
    return cbor.mapping(pcr_pairs(pcrs))


# --- payload ---------------------------------------------------------------

FIELDS = (
    "module_id",
    "digest",
    "timestamp",
    "pcrs",
    "certificate",
    "cabundle",
    "public_key",
    "user_data",
    "nonce",
)


def claims(chain, **change):
    """Field name -> encoded value, in the order of the wire; `change` replaces or removes."""
    values = {
        "module_id": cbor.tstr(pki.MODULE_ID),
        "digest": cbor.tstr("SHA384"),
        "timestamp": cbor.uint(TIMESTAMP_MS),
        "pcrs": pcr_map(registers()),
        "certificate": cbor.bstr(chain[-1].der),
        "cabundle": cbor.array([cbor.bstr(certificate.der) for certificate in chain[:-1]]),
        "public_key": cbor.NULL,
        "user_data": cbor.bstr(b"enclavecheck test document"),
        "nonce": cbor.bstr(bytes.fromhex("00112233445566778899aabbccddeeff")),
    }
    values.update(change)
    return {field: value for field, value in values.items() if value is not ABSENT}


def pairs(values):
    return [(cbor.tstr(field), value) for field, value in values.items()]


def payload(values):
    """The payload as AWS encodes it since June 2025: a map of indefinite length."""
    return cbor.indefinite_mapping(pairs(values))


def definite_payload(values):
    """The payload as AWS encoded it before."""
    return cbor.mapping(pairs(values))


# --- envelope --------------------------------------------------------------


def signed_bytes(body, protected=PROTECTED, context="Signature1", aad=b""):
    """Sig_structure of RFC 9052 section 4.4."""
    return cbor.array([cbor.tstr(context), cbor.bstr(protected), cbor.bstr(aad), cbor.bstr(body)])


def raw_signature(r, s):
    return r.to_bytes(48, "big") + s.to_bytes(48, "big")


def signature(key, message, hash_name="sha384"):
    return raw_signature(*ec.sign(key, message, hash_name))


def with_s(octets, high):
    """The same signature with s above (or below) half the group order; both verify."""
    n = ec.P384.n
    r = int.from_bytes(octets[:48], "big")
    s = int.from_bytes(octets[48:], "big")
    return raw_signature(r, s if (s > n // 2) == high else n - s)


def envelope(
    body,
    sign_with,
    prefix=b"\x84",
    protected=None,
    unprotected=b"\xa0",
    payload_item=None,
    signature_item=None,
):
    """array(4) of protected, unprotected, payload and signature; any item may be replaced.

    The signature is made over PROTECTED unless other protected bytes are given.
    """
    header = PROTECTED if protected is None else protected
    if signature_item is None:
        signature_item = cbor.bstr(signature(sign_with, signed_bytes(body, header)))
    if payload_item is None:
        payload_item = cbor.bstr(body)
    return prefix + cbor.bstr(header) + unprotected + payload_item + signature_item


def make(chain, wrap=payload, **change):
    """A whole document by the leaf of `chain`, claims replaced as asked."""
    return envelope(wrap(claims(chain, **change)), chain[-1].key)
