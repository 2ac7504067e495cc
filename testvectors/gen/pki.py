"""A test PKI in the shape of the AWS Nitro Enclaves one.

Root, regional, zonal, instance and leaf certificate have the subjects'
attribute order, string types, extensions (order and criticality), key usage
and lifetimes of the real chain; only the names say that they are tests.

A certificate is first a dict of DER pieces (`fields`), which a case may
change, then bytes. `chain()` walks from the root to the leaf so that a change
on one level is signed over and carried down to the levels below.
"""

import base64
import calendar
import hashlib
import time
from collections import namedtuple

from . import der, ec

REGION = "us-test-1"
INSTANCE_ID = "i-0e5c1a7ed0c5e7e57"
ENCLAVE_ID = "enc019b834c9f78c0de"
MODULE_ID = f"{INSTANCE_ID}-{ENCLAVE_ID}"

ECDSA_SHA256 = der.sequence(der.oid("1.2.840.10045.4.3.2"))
ECDSA_SHA384 = der.sequence(der.oid("1.2.840.10045.4.3.3"))
ECDSA_SHA512 = der.sequence(der.oid("1.2.840.10045.4.3.4"))

CURVE_OIDS = {"P-256": "1.2.840.10045.3.1.7", "P-384": "1.3.132.0.34", "P-521": "1.3.132.0.35"}

# Key usage bits, most significant first in the first octet.
DIGITAL_SIGNATURE, NON_REPUDIATION, KEY_CERT_SIGN, CRL_SIGN = 0x80, 0x40, 0x04, 0x02

ROOT, REGIONAL, ZONAL, INSTANCE, LEAF = "root", "regional", "zonal", "instance", "leaf"
LEVELS = (ROOT, REGIONAL, ZONAL, INSTANCE, LEAF)


# --- names and times -------------------------------------------------------

ATTRIBUTES = {
    "C": "2.5.4.6",
    "ST": "2.5.4.8",
    "L": "2.5.4.7",
    "O": "2.5.4.10",
    "OU": "2.5.4.11",
    "CN": "2.5.4.3",
}


def name(*pairs, string=der.utf8):
    """A Name of one attribute per RDN, in the order given; country is PrintableString."""
    rdns = []
    for attribute, text in pairs:
        value = der.printable(text) if attribute == "C" else string(text)
        rdns.append(der.set_of(der.sequence(der.oid(ATTRIBUTES[attribute]), value)))
    return der.sequence(*rdns)


def seconds(text):
    """'2026-01-03T10:00:00Z' as seconds since the epoch."""
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def utc_time(epoch):
    return der.tlv(0x17, time.strftime("%y%m%d%H%M%SZ", time.gmtime(epoch)).encode())


def generalized_time(epoch):
    return der.tlv(0x18, time.strftime("%Y%m%d%H%M%SZ", time.gmtime(epoch)).encode())


# --- keys ------------------------------------------------------------------


def spki_raw(algorithm, public_bits):
    return der.sequence(algorithm, der.bit_string(public_bits))


def spki(key):
    """id-ecPublicKey on a named curve, uncompressed point."""
    curve = der.oid(CURVE_OIDS[key.curve.name])
    return spki_raw(der.sequence(der.oid("1.2.840.10045.2.1"), curve), key.point())


def key_id(key):
    return hashlib.sha1(key.point()).digest()


# --- extensions ------------------------------------------------------------


def extension(dotted, value, critical=False):
    """critical is DEFAULT FALSE, so it is absent unless TRUE."""
    flag = der.boolean(True) if critical else b""
    return der.sequence(der.oid(dotted), flag, der.octet_string(value))


def basic_constraints(ca, path_len=None, critical=True):
    parts = [der.boolean(True)] if ca else []
    if path_len is not None:
        parts.append(der.integer(path_len))
    return extension("2.5.29.19", der.sequence(*parts), critical)


def key_usage(bits, critical=True):
    unused = (bits & -bits).bit_length() - 1
    return extension("2.5.29.15", der.bit_string(bytes([bits]), unused), critical)


def subject_key_id(key):
    return extension("2.5.29.14", der.octet_string(key_id(key)))


def authority_key_id(key):
    return extension("2.5.29.35", der.sequence(der.implicit(0, key_id(key))))


def crl_distribution_point(url):
    point = der.explicit(0, der.explicit(0, der.implicit(6, url.encode())))
    return extension("2.5.29.31", der.sequence(der.sequence(point)))


def ca_usage(*bits):
    return key_usage(sum(bits))


# --- certificates ----------------------------------------------------------

Certificate = namedtuple("Certificate", "der key subject fields")


def encode(fields, signer):
    """The fields as a signed certificate."""
    tbs_parts = [
        fields["version"],
        fields["serial"],
        fields["inner_algorithm"],
        fields["issuer"],
        der.sequence(fields["not_before"], fields["not_after"]),
        fields["subject"],
        fields["spki"],
        fields["extensions_field"]
        if "extensions_field" in fields
        else der.explicit(3, der.sequence(*fields["extensions"].values())),
    ]
    tbs = der.sequence(*tbs_parts)
    r, s = ec.sign(signer, tbs, fields["hash"])
    signature = fields["signature"](r, s)
    return der.sequence(tbs, fields["outer_algorithm"], der.bit_string(signature))


def ecdsa_signature(r, s):
    return der.sequence(der.integer(r), der.integer(s))


def base_fields(label, subject, key, not_before, not_after, extensions):
    """What all levels share; `extensions` is an ordered dict of encoded extensions."""
    return {
        "version": der.explicit(0, der.integer(2)),
        "serial": der.integer(serial_from(label)),
        "inner_algorithm": ECDSA_SHA384,
        "outer_algorithm": ECDSA_SHA384,
        "hash": "sha384",
        "signature": ecdsa_signature,
        "issuer": subject,
        "subject": subject,
        "not_before": utc_time(not_before),
        "not_after": utc_time(not_after),
        "key": key,
        "spki": spki(key),
        "extensions": extensions,
    }


def serial_from(label):
    """A positive serial of 128 bits."""
    return int.from_bytes(hashlib.sha384(b"serial " + label.encode()).digest()[:16], "big")


# Times of the usual chain.
ROOT_BEFORE = seconds("2019-11-05T09:00:00Z")
ROOT_AFTER = seconds("2049-11-05T10:00:00Z")
REGIONAL_BEFORE = seconds("2025-12-26T04:25:54Z")
ZONAL_BEFORE = seconds("2025-12-31T22:03:39Z")
INSTANCE_BEFORE = seconds("2026-01-03T01:24:05Z")
LEAF_BEFORE = seconds("2026-01-03T09:59:56Z")
REGIONAL_LIFETIME = 20 * 86400 + 3600
ZONAL_LIFETIME = 507599
INSTANCE_LIFETIME = 86400
LEAF_LIFETIME = 3 * 3600 + 3
LEAF_AFTER = LEAF_BEFORE + LEAF_LIFETIME


def common_name(level):
    return {
        ROOT: "test.nitro-enclaves",
        REGIONAL: f"5ca1ab1e0ddba115.{REGION}.test.nitro-enclaves",
        ZONAL: f"0b501e7e5eedbed5.zonal.{REGION}.test.nitro-enclaves",
        INSTANCE: f"{INSTANCE_ID}.{REGION}.test.nitro-enclaves",
        LEAF: f"{MODULE_ID}.{REGION}.test",
    }[level]


ORGANISATION = (("O", "enclavecheck tests"), ("OU", "test"))


def short_name(common):
    """The order of root and regional: C, O, OU, CN."""
    return name(("C", "ZZ"), *ORGANISATION, ("CN", common))


def zonal_name(common):
    """The zonal order: CN, OU, O, C, ST, L."""
    return name(
        ("CN", common), *reversed(ORGANISATION), ("C", "ZZ"), ("ST", "TS"), ("L", "Testville")
    )


def long_name(common):
    """The order of instance and leaf: C, ST, L, O, OU, CN."""
    return name(
        ("C", "ZZ"), ("ST", "Test State"), ("L", "Testville"), *ORGANISATION, ("CN", common)
    )


def root_fields(key, issuer):
    return base_fields(
        "root " + key.label,
        short_name(common_name(ROOT)),
        key,
        ROOT_BEFORE,
        ROOT_AFTER,
        {
            "bc": basic_constraints(True),
            "ski": subject_key_id(key),
            "ku": ca_usage(DIGITAL_SIGNATURE, KEY_CERT_SIGN, CRL_SIGN),
        },
    )


def regional_fields(key, issuer):
    return base_fields(
        "regional",
        short_name(common_name(REGIONAL)),
        key,
        REGIONAL_BEFORE,
        REGIONAL_BEFORE + REGIONAL_LIFETIME,
        {
            "bc": basic_constraints(True, 2),
            "aki": authority_key_id(issuer),
            "ski": subject_key_id(key),
            "ku": ca_usage(DIGITAL_SIGNATURE, KEY_CERT_SIGN, CRL_SIGN),
            "crl": crl_distribution_point(
                "http://test-nitro-enclaves-crl.s3.example.com/crl/3d0f8f0e-5a1c-4b7e-9d44-1c6d1f5b2a10.crl"
            ),
        },
    )


def zonal_fields(key, issuer):
    return base_fields(
        "zonal",
        zonal_name(common_name(ZONAL)),
        key,
        ZONAL_BEFORE,
        ZONAL_BEFORE + ZONAL_LIFETIME,
        {
            "bc": basic_constraints(True, 1),
            "aki": authority_key_id(issuer),
            "ski": subject_key_id(key),
            "ku": ca_usage(DIGITAL_SIGNATURE, KEY_CERT_SIGN, CRL_SIGN),
            "crl": crl_distribution_point(
                f"http://crl-{REGION}-test-nitro-enclaves.s3.{REGION}.example.com"
                "/crl/7be41f3c-0f6d-4c55-8a0b-92e5c1d4f6a3.crl"
            ),
        },
    )


def instance_fields(key, issuer):
    return base_fields(
        "instance",
        long_name(common_name(INSTANCE)),
        key,
        INSTANCE_BEFORE,
        INSTANCE_BEFORE + INSTANCE_LIFETIME,
        {
            "bc": basic_constraints(True, 0),
            "ku": ca_usage(KEY_CERT_SIGN),
            "ski": subject_key_id(key),
            "aki": authority_key_id(issuer),
        },
    )


def leaf_fields(key, issuer):
    fields = base_fields(
        "leaf",
        long_name(common_name(LEAF)),
        key,
        LEAF_BEFORE,
        LEAF_AFTER,
        {
            "bc": basic_constraints(False),
            "ku": key_usage(DIGITAL_SIGNATURE | NON_REPUDIATION, critical=False),
        },
    )
    serial = bytes.fromhex(ENCLAVE_ID[3:]) + LEAF_BEFORE.to_bytes(8, "big")
    fields["serial"] = der.integer(int.from_bytes(serial, "big"))
    return fields


TEMPLATES = {
    ROOT: root_fields,
    REGIONAL: regional_fields,
    ZONAL: zonal_fields,
    INSTANCE: instance_fields,
    LEAF: leaf_fields,
}


def issue(level, issuer=None, key=None, change=None, template=None):
    """One certificate of a level below `issuer` (None: self-signed).

    change(fields) may alter the fields in place; `signer` in the fields
    overrides who signs, `wrap` alters the finished bytes.
    """
    key = key or ec.Key(level)
    issuer_key = issuer.key if issuer else key
    fields = (template or TEMPLATES[level])(key, issuer_key)
    if issuer:
        fields["issuer"] = issuer.subject
    if change:
        change(fields)
    encoded = encode(fields, fields.get("signer", issuer_key))
    encoded = fields.get("wrap", lambda octets: octets)(encoded)
    return Certificate(encoded, fields["key"], fields["subject"], fields)


def chain(levels=LEVELS, keys=None, change=None, root=None):
    """Certificates from the root to the leaf.

    keys: level -> Key; change: level -> function that alters the fields.
    """
    keys = keys or {}
    change = change or {}
    certificates = [root] if root else []
    for level in levels[len(certificates) :]:
        issuer = certificates[-1] if certificates else None
        certificates.append(issue(level, issuer, keys.get(level), change.get(level)))
    return certificates


def pem(certificate):
    text = base64.b64encode(certificate).decode()
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    return "-----BEGIN CERTIFICATE-----\n" + "\n".join(lines) + "\n-----END CERTIFICATE-----\n"
