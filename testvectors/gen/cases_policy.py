"""Expectations and the verdict: the same few documents judged in many ways."""

import hashlib

from . import cbor, document, pki
from .basics import signing_certificate, small_document
from .document import IMAGE, OTHER_IMAGE, ZERO
from .keccak import keccak256

HERE = "--root root.pem --at document"
EXPECTED = HERE + " --pcrs pcr.json"

NONCE = bytes(range(32))
USER_DATA = hashlib.sha256(b"user data").digest()
PUBLIC_KEY = b"\x04" + hashlib.sha512(b"public key").digest()


def add(vectors):
    documents(vectors)
    roots(vectors)
    bound_bytes(vectors)
    images(vectors)
    sets(vectors)
    enclave_hashes(vectors)
    derived_registers(vectors)
    debug(vectors)
    nothing_expected(vectors)
    required(vectors)
    first_failure(vectors)


def documents(vectors):
    """Documents that only the rows below judge."""
    put = lambda name, **change: vectors.put("documents/" + name, small_document(**change))
    put(
        "bound.cbor",
        nonce=cbor.bstr(NONCE),
        user_data=cbor.bstr(USER_DATA),
        public_key=cbor.bstr(PUBLIC_KEY),
    )
    put("debug.cbor", pcrs=document.pcr_map(document.debug_registers()))
    put("pcr0-zero.cbor", pcrs=document.pcr_map(document.registers({0: ZERO})))
    put("pcr12-zero.cbor", pcrs=document.pcr_map(document.registers({1: ZERO, 2: ZERO})))
    put("no-pcr0.cbor", pcrs=document.pcr_map(document.registers({0: None})))
    put("signed-image.cbor", pcrs=document.pcr_map(document.registers({8: signer_register()})))
    put("mixed-image.cbor", pcrs=document.pcr_map(document.registers({0: OTHER_IMAGE[0]})))
    vectors.put("public-key.bin", PUBLIC_KEY)


def signer_register():
    """PCR8 of an image signed with the bundled certificate."""
    return document.extend(hashlib.sha384(signing_certificate().der).digest())


def pcr(index, value):
    return f" --pcr {index}={value.hex()}"


def roots(vectors):
    fails = lambda options, what: vectors.fails(
        "good.cbor", "chain.root", "x509-root", what, options
    )
    fails("--at document --pcrs pcr.json", "judged against the AWS root, which did not sign it")
    fails("--root otherroot.pem --at document --pcrs pcr.json", "judged against another root")
    fails(
        "--root shortroot.pem --at document --pcrs pcr.json",
        "judged against a root of the same name with another key",
    )


# --- nonce, user_data, public_key ------------------------------------------


def bound_bytes(vectors):
    for field, content, empty_name in (
        ("nonce", NONCE, "good-optionals-empty.cbor"),
        ("user_data", USER_DATA, "good-optionals-empty.cbor"),
        ("public_key", PUBLIC_KEY, "good-optionals-empty.cbor"),
    ):
        reason = field.replace("_", "-") + "-mismatch"
        option = " --" + field.replace("_", "-") + " "
        check = field + ".match"
        fails = lambda name, value, what: vectors.fails(
            name, check, reason, what, EXPECTED + option + value.hex()
        )
        vectors.passes(
            "bound.cbor", f"{field} is the one expected", EXPECTED + option + content.hex()
        )
        fails(
            "bound.cbor",
            content[:-1] + bytes([content[-1] ^ 1]),
            f"{field} differs in its last bit",
        )
        fails(
            "bound.cbor",
            bytes([content[0] ^ 0x80]) + content[1:],
            f"{field} differs in its first bit",
        )
        fails("bound.cbor", content[:-1], f"a prefix of {field} is expected")
        fails("bound.cbor", content + b"\0", f"{field} and one byte more is expected")
        fails("bound.cbor", bytes(len(content)), f"zeros are expected as {field}")
        fails("good-optionals-null.cbor", content, f"{field} is expected, the document has null")
        fails("good-optionals-absent.cbor", content, f"{field} is expected, the document has none")
        fails(empty_name, content, f"{field} is expected, the document has no bytes there")
    vectors.passes(
        "bound.cbor", "public_key is the one in a file", EXPECTED + " --public-key @public-key.bin"
    )
    vectors.fails(
        "good.cbor",
        "public_key.match",
        "public-key-mismatch",
        "public_key in a file is expected, the document has null",
        EXPECTED + " --public-key @public-key.bin",
    )
    all_three = (
        f" --nonce {NONCE.hex()} --user-data {USER_DATA.hex()} --public-key {PUBLIC_KEY.hex()}"
    )
    vectors.passes(
        "bound.cbor", "nonce, user_data and public_key are those expected", EXPECTED + all_three
    )


# --- registers -------------------------------------------------------------


def images(vectors):
    good = "good.cbor"
    vectors.fails(
        good,
        "pcr0.match",
        "pcr-mismatch",
        "another image is expected",
        HERE + " --pcrs other-pcr.json",
    )
    vectors.passes(good, "PCR0 alone is expected", HERE + pcr(0, IMAGE[0]))
    vectors.passes(
        good, "PCR0 is expected in capital digits", HERE + " --pcr 0=" + IMAGE[0].hex().upper()
    )
    vectors.passes(good, "PCR1 and PCR2 are expected", HERE + pcr(1, IMAGE[1]) + pcr(2, IMAGE[2]))
    vectors.fails(
        good,
        "pcr0.match",
        "pcr-mismatch",
        "another PCR0 is expected",
        HERE + pcr(0, OTHER_IMAGE[0]),
    )
    vectors.fails(
        good,
        "pcr0.match",
        "pcr-mismatch",
        "PCR0 is expected with its last bit changed",
        HERE + pcr(0, IMAGE[0][:-1] + bytes([IMAGE[0][-1] ^ 1])),
    )
    vectors.fails(
        good, "pcr0.match", "pcr-mismatch", "a zero PCR0 is expected", HERE + pcr(0, ZERO)
    )
    vectors.fails(
        good,
        "pcr1.match",
        "pcr-mismatch",
        "another PCR1 is expected beside the right PCR0",
        HERE + pcr(0, IMAGE[0]) + pcr(1, IMAGE[2]),
    )
    vectors.fails(
        good,
        "pcr2.match",
        "pcr-mismatch",
        "another PCR2 is expected beside the right PCR1",
        HERE + pcr(1, IMAGE[1]) + pcr(2, OTHER_IMAGE[2]),
    )
    vectors.fails(
        good,
        "pcr1.match",
        "pcr-mismatch",
        "another PCR1 alone is expected",
        HERE + pcr(1, IMAGE[0]),
    )
    vectors.passes(good, "a zero PCR15 is expected, and it is zero", EXPECTED + pcr(15, ZERO))
    vectors.fails(
        good,
        "pcr16.match",
        "pcr-missing",
        "PCR16 is expected, the document ends at PCR15",
        EXPECTED + pcr(16, ZERO),
    )
    vectors.passes(
        "good-pcr16.cbor",
        "PCR16 is the one expected",
        EXPECTED + pcr(16, document.extend(b"runtime")),
    )
    vectors.fails(
        "good-pcr16.cbor",
        "pcr16.match",
        "pcr-mismatch",
        "another PCR16 is expected",
        EXPECTED + pcr(16, ZERO),
    )
    vectors.fails(
        "good-pcr0-only.cbor",
        "pcr1.match",
        "pcr-missing",
        "PCR0 to PCR2 are expected, the document has PCR0 only",
        EXPECTED,
    )
    vectors.fails(
        "good-pcrs-012.cbor",
        "pcr31.match",
        "pcr-missing",
        "PCR31 is expected, the document has three registers",
        EXPECTED + pcr(31, ZERO),
    )
    vectors.fails("no-pcr0.cbor", "pcr.debug", "pcr-missing", "the document has no PCR0", EXPECTED)
    vectors.fails(
        "no-pcr0.cbor",
        "pcr.debug",
        "pcr-missing",
        "the document has no PCR0; PCR1 and PCR2 are expected",
        HERE + pcr(1, IMAGE[1]) + pcr(2, IMAGE[2]),
    )


def sets(vectors):
    """Repeats of one --pcr are alternatives; each file is a set that must match whole."""
    good = "good.cbor"
    vectors.passes(
        good,
        "two PCR0 are allowed, the second matches",
        HERE + pcr(0, OTHER_IMAGE[0]) + pcr(0, IMAGE[0]),
    )
    vectors.passes(
        good,
        "two PCR0 are allowed, the first matches",
        HERE + pcr(0, IMAGE[0]) + pcr(0, OTHER_IMAGE[0]),
    )
    vectors.fails(
        good,
        "pcr0.match",
        "pcr-mismatch",
        "two PCR0 are allowed, none matches",
        HERE + pcr(0, OTHER_IMAGE[0]) + pcr(0, ZERO),
    )
    vectors.passes(
        good, "two files, the second matches", HERE + " --pcrs other-pcr.json --pcrs pcr.json"
    )
    vectors.passes(
        good, "two files, the first matches", HERE + " --pcrs pcr.json --pcrs other-pcr.json"
    )
    vectors.fails(
        good,
        "pcr0.match",
        "pcr-mismatch",
        "one file twice, it does not match",
        HERE + " --pcrs other-pcr.json --pcrs other-pcr.json",
    )
    vectors.fails(
        "mixed-image.cbor",
        "pcr0.match",
        "pcr-mismatch",
        "PCR0 of one file and PCR2 of the other: neither file matches whole",
        HERE + " --pcrs pcr.json --pcrs other-pcr.json",
    )
    vectors.fails(
        good,
        "pcr0.match",
        "pcr-mismatch",
        "the file matches, the PCR0 given beside it does not",
        EXPECTED + pcr(0, OTHER_IMAGE[0]),
    )
    vectors.fails(
        good,
        "pcr0.match",
        "pcr-mismatch",
        "the PCR0 given matches, the file beside it does not",
        HERE + " --pcrs other-pcr.json" + pcr(0, IMAGE[0]),
    )
    vectors.passes(good, "the file and the PCR0 given beside it match", EXPECTED + pcr(0, IMAGE[0]))


def enclave_hashes(vectors):
    good = "good.cbor"
    right = keccak256(IMAGE[0])
    text = IMAGE[0].hex()
    option = lambda value: " --enclave-hash 0x" + value.hex()
    fails = lambda value, what: vectors.fails(
        good, "enclave_hash.match", "enclave-hash-mismatch", what, HERE + option(value)
    )
    vectors.passes(good, "the hash of PCR0 is expected", HERE + option(right))
    vectors.passes(
        good, "the hash of PCR0 and the registers are expected", EXPECTED + option(right)
    )
    fails(keccak256(OTHER_IMAGE[0]), "the hash of another image's PCR0 is expected")
    fails(right[:-1] + bytes([right[-1] ^ 1]), "the hash is expected with its last bit changed")
    fails(keccak256(text.encode()), "the expected value is the hash of PCR0's hexadecimal text")
    fails(
        keccak256(text.upper().encode()),
        "the expected value is the hash of PCR0's hexadecimal text in capitals",
    )
    fails(
        keccak256(b"0x" + text.encode()),
        "the expected value is the hash of PCR0's hexadecimal text with 0x",
    )
    fails(hashlib.sha3_256(IMAGE[0]).digest(), "the expected value is SHA3-256 of PCR0")
    fails(hashlib.sha256(IMAGE[0]).digest(), "the expected value is SHA-256 of PCR0")
    fails(
        keccak256(b"".join(IMAGE.values())),
        "the expected value is the hash of PCR0, PCR1 and PCR2 together",
    )
    vectors.fails(
        good,
        "enclave_hash.match",
        "enclave-hash-mismatch",
        "the registers match, the hash does not",
        EXPECTED + option(keccak256(OTHER_IMAGE[0])),
    )
    vectors.fails(
        good,
        "pcr0.match",
        "pcr-mismatch",
        "the hash matches, the registers do not",
        HERE + " --pcrs other-pcr.json" + option(right),
    )
    vectors.fails(
        "no-pcr0.cbor",
        "pcr.debug",
        "pcr-missing",
        "the hash of PCR0 is expected, the document has no PCR0",
        HERE + option(right),
    )


def derived_registers(vectors):
    good = "good.cbor"
    role = " --role-arn " + document.ROLE_ARN
    instance = " --instance-id " + pki.INSTANCE_ID
    certificate = " --signing-cert signing-cert.pem"
    vectors.passes(good, "the role's PCR3 is expected", EXPECTED + role)
    vectors.passes(good, "the instance's PCR4 is expected", EXPECTED + instance)
    vectors.passes(good, "role and instance are expected", EXPECTED + role + instance)
    vectors.fails(
        good, "pcr3.match", "pcr-mismatch", "another role is expected", EXPECTED + role + "2"
    )
    vectors.fails(
        good,
        "pcr4.match",
        "pcr-mismatch",
        "another instance is expected",
        EXPECTED + " --instance-id i-00000000000000000",
    )
    vectors.fails(
        good,
        "pcr8.match",
        "pcr-mismatch",
        "an image signed by the certificate is expected, the image is not signed",
        EXPECTED + certificate,
    )
    vectors.passes(
        "signed-image.cbor",
        "an image signed by the certificate is expected",
        EXPECTED + certificate,
    )
    vectors.fails(
        "signed-image.cbor",
        "pcr8.match",
        "pcr-mismatch",
        "an image signed by another certificate is expected",
        EXPECTED + " --signing-cert otherroot.pem",
    )
    vectors.passes(
        "signed-image.cbor", "PCR8 is expected by value", EXPECTED + pcr(8, signer_register())
    )
    vectors.fails(
        "good-pcrs-012.cbor",
        "pcr3.match",
        "pcr-missing",
        "a role is expected, the document has no PCR3",
        EXPECTED + role,
    )


def debug(vectors):
    name = "debug.cbor"
    zeros = pcr(0, ZERO)
    allow = " --allow-debug"
    fails = lambda options, what: vectors.fails(
        name, "pcr.debug", "debug-pcrs", what, HERE + options
    )
    fails(" --pcrs pcr.json", "a debug enclave, the image's registers expected")
    fails(zeros, "a debug enclave, its zero PCR0 expected but debugging not allowed")
    fails("", "a debug enclave, nothing expected")
    vectors.passes(name, "a debug enclave, allowed and expected", HERE + allow + zeros)
    vectors.passes(
        name,
        "a debug enclave, all three zero registers expected",
        HERE + allow + zeros + pcr(1, ZERO) + pcr(2, ZERO),
    )
    vectors.fails(
        name,
        "pcr0.match",
        "pcr-mismatch",
        "a debug enclave, allowed, but the image's registers are expected",
        EXPECTED + allow,
    )
    vectors.no_verdict(name, "a debug enclave, allowed, nothing expected", HERE + allow)
    vectors.passes("good.cbor", "debugging allowed, the enclave is none such", EXPECTED + allow)
    vectors.fails(
        "pcr0-zero.cbor",
        "pcr.debug",
        "debug-pcrs",
        "only PCR0 is zero",
        HERE + pcr(1, IMAGE[1]) + pcr(2, IMAGE[2]),
    )
    vectors.passes(
        "pcr12-zero.cbor",
        "only PCR1 and PCR2 are zero, which is not the mark of debugging",
        HERE + pcr(0, IMAGE[0]),
    )
    vectors.fails(
        name,
        "pcr.debug",
        "required-skipped",
        "a debug enclave, allowed and expected, but pcr.debug is required",
        HERE + allow + zeros + " --require pcr.debug",
    )


# --- the verdict -----------------------------------------------------------


def nothing_expected(vectors):
    good = "good.cbor"
    for options, what in (
        ("", "nothing is expected"),
        (pcr(1, IMAGE[1]), "only PCR1 is expected"),
        (pcr(2, IMAGE[2]), "only PCR2 is expected"),
        (pcr(3, document.registers()[3]), "only PCR3 is expected"),
        (pcr(4, document.registers()[4]), "only PCR4 is expected"),
        (pcr(8, ZERO), "only PCR8 is expected"),
        (pcr(1, IMAGE[1]) + pcr(3, document.registers()[3]), "PCR1 and PCR3 are expected"),
        (" --role-arn " + document.ROLE_ARN, "only the role is expected"),
        (" --instance-id " + pki.INSTANCE_ID, "only the instance is expected"),
        (" --require chain.root", "nothing is expected, a check that passes is required"),
    ):
        vectors.no_verdict(good, what, HERE + options)
    vectors.no_verdict("bound.cbor", "only nonce is expected", HERE + f" --nonce {NONCE.hex()}")
    vectors.no_verdict(
        "bound.cbor",
        "nonce, user_data and public_key are expected, no register",
        HERE
        + f" --nonce {NONCE.hex()} --user-data {USER_DATA.hex()} --public-key {PUBLIC_KEY.hex()}",
    )
    vectors.no_verdict(
        "signed-image.cbor",
        "only the signing certificate is expected",
        HERE + " --signing-cert signing-cert.pem",
    )
    vectors.fails(
        "bound.cbor",
        "nonce.match",
        "nonce-mismatch",
        "only another nonce is expected: a failure counts more than nothing to compare with",
        HERE + " --nonce 00",
    )
    vectors.fails(
        good, "pcr3.match", "pcr-mismatch", "only another PCR3 is expected", HERE + pcr(3, ZERO)
    )
    vectors.fails(
        "cose-signature-one-bit.cbor",
        "cose.signature",
        "cose-signature",
        "a bad signature, nothing expected",
        HERE,
    )
    vectors.fails(
        "cose-empty.cbor", "document.form", "cose-empty", "an empty file, nothing expected", HERE
    )


def required(vectors):
    good = "good.cbor"
    need = lambda ids: EXPECTED + " --require " + ids
    fails = lambda check, options, what: vectors.fails(
        good, check, "required-skipped", what, options
    )
    for check in ("nonce.match", "user_data.match", "public_key.match", "enclave_hash.match"):
        fails(check, need(check), f"{check} is required, nothing is expected there")
    fails(
        "claims.age",
        need("claims.age"),
        "claims.age is required, but the document is judged at its own time",
    )
    vectors.passes(
        good,
        "checks that pass are required",
        need("document.form,claims.form,chain.root,chain.time,cose.signature,pcr.debug,pcr0.match"),
    )
    vectors.passes(good, "checks are required by prefix", need("chain.*"))
    fails("nonce.match", need("chain.*,nonce.match"), "the second of the required checks is a skip")
    vectors.passes(
        "bound.cbor",
        "nonce.match is required and passes",
        need("nonce.match") + f" --nonce {NONCE.hex()}",
    )


def first_failure(vectors):
    """Where several checks fail the verdict names the first."""
    vectors.fails(
        "bound.cbor",
        "nonce.match",
        "nonce-mismatch",
        "another nonce and another image are expected",
        HERE + " --nonce 00 --pcrs other-pcr.json",
    )
    vectors.fails(
        "debug.cbor",
        "nonce.match",
        "nonce-mismatch",
        "a debug enclave and another nonce expected",
        EXPECTED + " --nonce 01",
    )
    vectors.fails(
        "debug.cbor",
        "pcr.debug",
        "debug-pcrs",
        "a debug enclave and another image expected",
        HERE + " --pcrs other-pcr.json",
    )
    vectors.fails(
        "cose-signature-one-bit.cbor",
        "cose.signature",
        "cose-signature",
        "a bad signature and another image expected",
        HERE + " --pcrs other-pcr.json",
    )
