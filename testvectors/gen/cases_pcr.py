"""pcr.json files in every shape that is read, and in shapes that are refused.

The good ones name the registers of the bundled document, so that judging it
with one of them passes, or has no verdict where no register of the image is named.
"""

import json

from .basics import measurements, nitro_cli_json
from .document import IMAGE, OTHER_IMAGE, ZERO, registers
from .keccak import keccak256

HERE = "--root root.pem --at document"
DIGITS = {index: value.hex() for index, value in registers().items()}
HASH = "0x" + keccak256(IMAGE[0]).hex()


def add(vectors):
    flat(vectors)
    wrapped(vectors)
    build_info(vectors)
    syntax(vectors)
    strings(vectors)
    limits(vectors)
    shapes(vectors)
    keys(vectors)
    values(vectors)


def good(vectors, name, content, what):
    """A file that is read, and the bundled document judged with it."""
    vectors.pcr_file(name, content, "ok", what)
    vectors.passes(
        "good.cbor", f"expectations from a pcr.json: {what}", f"{HERE} --pcrs pcr/{name}"
    )


def good_without_identity(vectors, name, content, what):
    vectors.pcr_file(name, content, "ok", what)
    vectors.no_verdict(
        "good.cbor", f"expectations from a pcr.json: {what}", f"{HERE} --pcrs pcr/{name}"
    )


def named(*indices):
    return {f"PCR{index}": DIGITS.get(index, ZERO.hex()) for index in indices}


def flat(vectors):
    good(vectors, "flat.json", nitro_cli_json(measurements(IMAGE)), "flat, as eif_build prints")
    good(
        vectors,
        "flat-pcr8.json",
        nitro_cli_json({**measurements(IMAGE), "PCR8": DIGITS[8]}),
        "flat, with PCR8",
    )
    good(vectors, "flat-pcr0.json", json.dumps(named(0)), "flat, PCR0 alone")
    good(vectors, "flat-pcr12.json", json.dumps(named(1, 2)), "flat, PCR1 and PCR2 alone")
    good(vectors, "flat-16.json", json.dumps(named(*range(16))), "flat, PCR0 to PCR15")
    upper = {key: value.upper() for key, value in named(0, 1, 2).items()}
    good(vectors, "flat-capitals.json", json.dumps(upper), "flat, capital digits")
    good(vectors, "flat-order.json", json.dumps(named(2, 0, 1)), "flat, another order")
    good(
        vectors,
        "flat-compact.json",
        json.dumps(measurements(IMAGE), separators=(",", ":")),
        "flat, no white space",
    )
    good(
        vectors,
        "flat-crlf.json",
        nitro_cli_json(measurements(IMAGE)).replace("\n", "\r\n"),
        "flat, lines ended by CR LF",
    )
    good(
        vectors,
        "flat-hash-algorithm.json",
        nitro_cli_json({"HashAlgorithm": "Sha512_48 { .. }", **named(0, 1, 2)}),
        "flat, another HashAlgorithm, which is not compared",
    )
    good(
        vectors,
        "flat-hash-number.json",
        json.dumps({"HashAlgorithm": 384, **named(0)}),
        "flat, HashAlgorithm a number, which is not compared",
    )
    good(
        vectors,
        "flat-unknown.json",
        json.dumps({**named(0, 1, 2), "comment": ["any", {"thing": None}, 1.5e3, True]}),
        "flat, an unknown key beside the registers",
    )
    good(
        vectors,
        "flat-escaped-key.json",
        json.dumps(named(0)).replace("PCR0", "PCR\\u0030"),
        "flat, a key written with an escape",
    )
    good_without_identity(
        vectors,
        "pcr8.json",
        nitro_cli_json({"PCR8": DIGITS[8]}),
        "nitro-cli's PCR8 of a signing certificate",
    )
    good_without_identity(
        vectors, "flat-pcr3.json", json.dumps(named(3, 4)), "flat, PCR3 and PCR4 alone"
    )
    name = "flat-pcr31.json"
    vectors.pcr_file(
        name, json.dumps({**named(0), "PCR31": ZERO.hex()}), "ok", "flat, the highest register"
    )
    vectors.fails(
        "good.cbor",
        "pcr31.match",
        "pcr-missing",
        "expectations from a pcr.json: the highest register",
        f"{HERE} --pcrs pcr/{name}",
    )


def wrapped(vectors):
    build = {"Measurements": measurements(IMAGE)}
    describe = {
        "EifVersion": 4,
        "Measurements": measurements(IMAGE),
        "IsSigned": False,
        "CheckCRC": True,
        "ImageName": "test",
        "ImageVersion": "1.0",
        "Metadata": {
            "BuildMetadata": {
                "BuildTime": "2026-01-01T00:00:00+00:00",
                "BuildTool": "nitro-cli",
                "BuildToolVersion": "1.4.2",
                "OperatingSystem": "Linux",
                "KernelVersion": "4.14.256",
            },
            "DockerInfo": {},
            "CustomMetadata": None,
        },
    }
    good(
        vectors, "measurements.json", nitro_cli_json(build), "Measurements, as build-enclave prints"
    )
    good(
        vectors,
        "measurements-pcr8.json",
        nitro_cli_json({"Measurements": {**measurements(IMAGE), "PCR8": DIGITS[8]}}),
        "Measurements with PCR8",
    )
    good(
        vectors,
        "describe-eif.json",
        nitro_cli_json(describe),
        "Measurements within the output of describe-eif",
    )
    good(
        vectors,
        "build-enclave.json",
        nitro_cli_json({"EnclaveBuild": "1.4.2", **build}),
        "Measurements beside an unknown key",
    )


def build_info(vectors):
    start = {
        "nitro_image": "registry.example/org/node@sha256:" + "0" * 64,
        "image_digest": "",
        "nitro_binary_hash": "",
    }
    end = {"git_sha": "0123456789abcdef0123456789abcdef01234567"}
    prefixed = {"pcr0": "0x" + DIGITS[0]}
    good(
        vectors,
        "build-info.json",
        nitro_cli_json({**start, **prefixed, "enclave_hash": HASH, **end}),
        "build-info.json with pcr0 and enclave_hash",
    )
    good(
        vectors,
        "build-info-bare.json",
        nitro_cli_json({**start, "pcr0": DIGITS[0], **end}),
        "build-info.json, pcr0 without 0x",
    )
    ours = {**prefixed, "pcr1": "0x" + DIGITS[1], "pcr2": DIGITS[2], "pcr8": "", "enclave_hash": ""}
    good(
        vectors,
        "build-info-all.json",
        nitro_cli_json({**start, **ours, **end}),
        "build-info.json with pcr0 to pcr2, pcr8 and enclave_hash empty",
    )
    good(
        vectors,
        "build-info-hash.json",
        nitro_cli_json({**start, "pcr0": "", "enclave_hash": HASH, **end}),
        "build-info.json with enclave_hash, pcr0 empty",
    )
    good(
        vectors,
        "build-info-capitals.json",
        nitro_cli_json({"pcr0": "0x" + DIGITS[0].upper()}),
        "build-info.json, capital digits",
    )
    name = "build-info-other-hash.json"
    other = "0x" + keccak256(OTHER_IMAGE[0]).hex()
    vectors.pcr_file(
        name,
        nitro_cli_json({**prefixed, "enclave_hash": other}),
        "ok",
        "build-info.json whose enclave_hash is another image's",
    )
    vectors.fails(
        "good.cbor",
        "enclave_hash.match",
        "enclave-hash-mismatch",
        "expectations from a build-info.json: pcr0 matches, enclave_hash does not",
        f"{HERE} --pcrs pcr/{name}",
    )


def syntax(vectors):
    usual = json.dumps(named(0))
    for name, content, what in (
        ("empty", "", "an empty file"),
        ("blank", " \n", "only white space"),
        ("cut", usual[:-1], "the closing brace is missing"),
        ("cut-string", usual[:60], "ends within a string"),
        ("comma", usual[:-1] + ",}", "a comma before the closing brace"),
        ("two-commas", usual[:-1] + ',, "x": 1}', "two commas"),
        ("no-colon", usual.replace(":", " ", 1), "no colon"),
        ("single-quotes", usual.replace('"', "'"), "single quotes"),
        ("bare-key", usual.replace('"PCR0"', "PCR0"), "a key without quotes"),
        ("comment", "/* image */ " + usual, "a comment"),
        ("bom", "\ufeff" + usual, "a byte order mark"),
        ("nan", usual[:-1] + ', "x": NaN}', "NaN"),
        ("leading-zero", usual[:-1] + ', "x": 01}', "a number with a leading zero"),
        ("plus", usual[:-1] + ', "x": +1}', "a number with a plus sign"),
        ("no-fraction", usual[:-1] + ', "x": 1.}', "a number that ends in a point"),
        ("no-exponent", usual[:-1] + ', "x": 1e}', "a number without its exponent"),
        ("literal", usual[:-1] + ', "x": True}', "a literal in capitals"),
        ("brackets", usual[:-1] + ', "x": [1}]', "brackets crossed"),
    ):
        vectors.pcr_file(f"malformed-{name}.json", content, "json-malformed", what)
    headless = nitro_cli_json({**measurements(IMAGE), "PCR8": DIGITS[8]}).split("\n", 1)[1]
    what = "the opening brace cut off, as `tail -6` does to seven lines"
    vectors.pcr_file("malformed-headless.json", headless, "json-trailing", what)
    for name, content, what in (
        ("object", usual + usual, "a second object behind"),
        ("word", usual + " x", "a word behind"),
        ("brace", usual + "}", "a second closing brace"),
        ("nul", usual + "\0", "a NUL behind"),
    ):
        vectors.pcr_file(f"trailing-{name}.json", content, "json-trailing", what)


def strings(vectors):
    usual = json.dumps(named(0)).encode()
    extra = lambda octets: usual[:-1] + b', "x": "' + octets + b'"}'
    for name, octets, reason, what in (
        ("nul", b"a\\u0000b", "json-bad-string", "an escaped NUL"),
        ("utf8", b"a\xffb", "json-bad-string", "a byte that UTF-8 never has"),
        ("overlong", b"\xc0\xaf", "json-bad-string", "an overlong form"),
        ("utf8-surrogate", b"\xed\xa0\x80", "json-bad-string", "a surrogate in UTF-8"),
        (
            "lone-high",
            b"\\ud83d",
            "json-bad-string",
            "an escaped high surrogate alone",
        ),
        (
            "lone-low",
            b"\\udd11",
            "json-bad-string",
            "an escaped low surrogate alone",
        ),
        ("control", b"a\nb", "json-malformed", "a newline that is not escaped"),
        ("escape", b"\\x41", "json-malformed", "an escape that JSON does not have"),
        ("short-escape", b"\\u12", "json-malformed", "an escape of two digits"),
    ):
        vectors.pcr_file(f"string-{name}.json", extra(octets), reason, what)
    key = usual.replace(b'"PCR0"', b'"PCR0\\u0000"')
    vectors.pcr_file("string-nul-key.json", key, "json-bad-string", "an escaped NUL in a key")


def limits(vectors):
    usual = json.dumps(named(0))
    extra = lambda text: usual[:-1] + ', "x": ' + text + "}"
    good(
        vectors,
        "nested-10.json",
        extra("[" * 10 + "]" * 10),
        "ten nested arrays beside the registers",
    )
    vectors.pcr_file(
        "too-deep-arrays.json", extra("[" * 40 + "]" * 40), "json-too-deep", "forty nested arrays"
    )
    vectors.pcr_file(
        "too-deep-objects.json",
        extra('{"a":' * 40 + "1" + "}" * 40),
        "json-too-deep",
        "forty nested objects",
    )
    vectors.pcr_file(
        "too-many-values.json",
        extra("[" + "0," * 20100 + "0]"),
        "json-too-many-values",
        "more than twenty thousand values",
    )


def shapes(vectors):
    for name, value, what in (
        ("empty-object", {}, "an empty object"),
        ("array", [named(0)], "an array"),
        ("string", DIGITS[0], "a bare string"),
        ("null", None, "null"),
        ("hash-algorithm-only", {"HashAlgorithm": "Sha384 { ... }"}, "HashAlgorithm alone"),
        ("unknown-only", {"name": "test"}, "unknown keys alone"),
        ("measurements-empty", {"Measurements": {}}, "Measurements is empty"),
        ("measurements-array", {"Measurements": [named(0)]}, "Measurements is an array"),
        ("measurements-null", {"Measurements": None}, "Measurements is null"),
        ("measurements-case", {"measurements": named(0)}, "measurements in small letters"),
        ("deeper", {"Result": {"Measurements": named(0)}}, "Measurements one level deeper"),
        (
            "build-info-empty",
            {"nitro_image": "x", "pcr0": "", "enclave_hash": ""},
            "build-info.json whose pcr0 and enclave_hash are empty",
        ),
    ):
        vectors.pcr_file(f"shape-{name}.json", json.dumps(value), "pcr-json-shape", what)


def keys(vectors):
    value = DIGITS[0]
    for name, key, what in (
        ("case", "Pcr0", "Pcr0"),
        ("zero", "PCR00", "PCR00"),
        ("01", "PCR01", "PCR01"),
        ("32", "PCR32", "PCR32"),
        ("256", "PCR256", "PCR256"),
        ("minus", "PCR-1", "PCR-1"),
        ("space", "PCR 0", "PCR 0 with a space"),
        ("space-behind", "PCR0 ", "PCR0 with a space behind"),
        ("letter", "PCRx", "PCRx"),
        ("plural", "PCRs", "PCRs"),
        ("prefix", "my_pcr0", "my_pcr0"),
        ("lower-3", "pcr3", "pcr3 in small letters, which no build-info.json has"),
    ):
        content = json.dumps({**named(1, 2), key: value})
        vectors.pcr_file(
            f"key-{name}.json", content, "pcr-json-key", f"a key {what} beside PCR1 and PCR2"
        )
    vectors.pcr_file(
        "shape-pcr.json",
        json.dumps({"PCR": value}),
        "pcr-json-key",
        "nitro-cli's PCR, which names no register",
    )
    both = {**named(0), "Measurements": named(0, 1, 2)}
    vectors.pcr_file(
        "shape-both.json",
        json.dumps(both),
        "pcr-json-shape",
        "registers beside Measurements and within",
    )
    inside = {"Measurements": {**named(0), "PCR32": value}}
    vectors.pcr_file(
        "key-measurements-32.json",
        json.dumps(inside),
        "pcr-json-key",
        "a key PCR32 within Measurements",
    )
    pair = f'"PCR0": "{value}"'
    other = f'"PCR0": "{OTHER_IMAGE[0].hex()}"'
    for name, content, what in (
        ("same", f"{{{pair}, {pair}}}", "PCR0 twice, the same value"),
        ("differs", f"{{{pair}, {other}}}", "PCR0 twice, different values"),
        (
            "escaped",
            "{%s, %s}" % (pair, other.replace("PCR0", "\\u0050CR0")),
            "PCR0 twice, once written with an escape",
        ),
        (
            "measurements",
            '{"Measurements": {%s}, "Measurements": {%s}}' % (pair, other),
            "Measurements twice",
        ),
        ("unknown", '{%s, "x": 1, "x": 1}' % pair, "an unknown key twice"),
        (
            "unknown-inside",
            '{%s, "x": {"y": 1, "y": 2}}' % pair,
            "a key twice within an unknown one",
        ),
    ):
        vectors.pcr_file(f"duplicate-{name}.json", content, "json-duplicate-key", what)


def values(vectors):
    digits = DIGITS[0]
    for name, value, what in (
        ("95", digits[:-1], "95 digits"),
        ("97", digits + "0", "97 digits"),
        ("64", digits[:64], "64 digits"),
        ("128", digits + digits[:32], "128 digits"),
        ("letter", "g" + digits[1:], "a letter beyond f"),
        ("0x", "0x" + digits, "0x before the digits of a flat file"),
        ("0x-within", "0x" + digits[2:], "0x as the first two of 96 characters"),
        ("space", " " + digits, "a space before the digits"),
        ("newline", digits + "\n", "a newline behind the digits"),
        ("empty", "", "an empty string in a flat file"),
        ("number", 0, "a number"),
        ("null", None, "null"),
        ("array", [digits], "an array"),
        ("bytes", list(IMAGE[0]), "a list of bytes"),
        ("object", {"sha384": digits}, "an object"),
    ):
        vectors.pcr_file(
            f"value-{name}.json", json.dumps({"PCR0": value}), "pcr-json-value", f"PCR0 is {what}"
        )
    for name, value, what in (
        (
            "build-info-pcr0-short",
            {"pcr0": "0x" + digits[:-2]},
            "pcr0 of a build-info.json is one byte short",
        ),
        (
            "build-info-pcr0-null",
            {"pcr0": None, "enclave_hash": HASH},
            "pcr0 of a build-info.json is null",
        ),
        ("build-info-0x-only", {"pcr0": "0x"}, "pcr0 of a build-info.json is 0x alone"),
    ):
        vectors.pcr_file(f"value-{name}.json", json.dumps(value), "pcr-json-value", what)
    for name, value, what in (
        ("short", HASH[:-2], "one byte short"),
        ("long", HASH + "00", "one byte too long"),
        ("letter", HASH[:-1] + "g", "not all hexadecimal"),
        ("number", 7, "a number"),
        ("null", None, "null"),
    ):
        content = json.dumps({"pcr0": digits, "enclave_hash": value})
        vectors.pcr_file(
            f"hash-{name}.json",
            content,
            "pcr-json-hash",
            f"enclave_hash of a build-info.json is {what}",
        )
