"""Images whose metadata section is unusual or wrong."""

import json

from . import eif
from .eif import BUILD_METADATA, METADATA_VALUE, SMALL, Section, compact
from .eif_rows import FORM

MALFORMED, FIELD = "eif-metadata-json", "eif-metadata-field"
USUAL = compact(METADATA_VALUE)
DEPTH = 16


def add(rows):
    good(rows)
    malformed(rows)
    doubled(rows)
    fields(rows)


def with_metadata(text):
    sections = (*SMALL[:2], Section(eif.METADATA, text), *SMALL[2:])
    return eif.image(sections)


def value(**change):
    return {**METADATA_VALUE, **change}


def without(key):
    return {name: one for name, one in METADATA_VALUE.items() if name != key}


def nested(levels):
    """Arrays inside CustomMetadata so that the deepest value lies `levels` deep."""
    text = b"[" * (levels - 1) + b"]" * (levels - 1)
    return compact(value(CustomMetadata="@")).replace(b'"@"', text)


def custom(text):
    return compact(value(CustomMetadata="@")).replace(b'"@"', text)


def good(rows):
    make = lambda name, text, what: rows.good(f"metadata-{name}.eif", with_metadata(text), what)
    docker = {"Id": "sha256:00", "RepoTags": ["test:latest"], "Config": {"Env": [], "Tty": False}}
    make("pretty", json.dumps(METADATA_VALUE, indent=2).encode() + b"\n", "metadata, indented")
    make("space", b" \t\r\n" + USUAL + b"\n", "metadata, white space around it")
    make("docker", compact(value(DockerInfo=docker)), "metadata with DockerInfo")
    make("no-options", compact(without_options()), "metadata without DockerInfo, CustomMetadata")
    make("unknown", compact(value(Another=[1, 2.5e3, None, True])), "metadata, an unknown key")
    make("order", compact(dict(reversed(METADATA_VALUE.items()))), "metadata in another order")
    make("empty-strings", compact(value(ImageName="", ImageVersion="")), "metadata, no name")
    zeros = {f"PCR{index}": "0" * 96 for index in range(3)}
    make(
        "registers",
        compact({**zeros, **value(CustomMetadata={"Measurements": zeros, "PCR0": "00"})}),
        "metadata that has registers in it: they mean nothing",
    )
    make(
        "escapes",
        USUAL.replace(b'"test"', rb'"\u001b[31m\u202e\r\n\u0007<b>&amp;\ud83d\udd11"'),
        "metadata whose strings act on a terminal",
    )
    make("utf8", compact(value(ImageName="\u00e9\u4e2d\U0001f511\x7f")), "metadata in UTF-8")
    make("deep", nested(DEPTH), "metadata as deep as may be")




def without_options():
    return {
        key: one
        for key, one in METADATA_VALUE.items()
        if key not in ("DockerInfo", "CustomMetadata")
    }


def malformed(rows):
    for name, text, what in (
        ("empty", b"", "no bytes"),
        ("nul", b"\0", "a NUL"),
        ("null", b"null", "null"),
        ("array", b"[" + USUAL + b"]", "an array"),
        ("string", json.dumps(USUAL.decode()).encode(), "a string"),
        ("cut", USUAL[:-1], "the last brace is missing"),
        ("trailing-nul", USUAL + b"\0", "a NUL after the object"),
        ("trailing-text", USUAL + b"x", "a letter after the object"),
        ("trailing-hidden", USUAL + b"\0" + USUAL, "a NUL and another object after the object"),
        ("trailing-comma", USUAL[:-1] + b",}", "a comma before the last brace"),
        ("bom", b"\xef\xbb\xbf" + USUAL, "a byte order mark"),
        ("utf16", USUAL.decode().encode("utf-16-be"), "UTF-16"),
        ("nan", custom(b"NaN"), "NaN"),
        ("control", USUAL.replace(b"test", b"te\x1bst"), "a control character in a string"),
        ("newline", USUAL.replace(b"test", b"te\nst"), "a newline in a string"),
        ("nul-raw", USUAL.replace(b"test", b"te\0st"), "a NUL in a string"),
        ("nul-escape", USUAL.replace(b"test", rb"te\u0000st"), "an escaped NUL in a string"),
        ("nul-key", custom(rb'{"a\u0000b":1}'), "an escaped NUL in a key"),
        ("not-utf8", USUAL.replace(b"test", b"te\xffst"), "a string that is not UTF-8"),
        ("overlong", USUAL.replace(b"test", b"te\xc0\x80st"), "a NUL in two bytes of UTF-8"),
        ("surrogate", USUAL.replace(b"test", rb"te\ud83dst"), "half a surrogate pair"),
        ("too-deep", nested(DEPTH + 1), "nested one deeper than may be"),
        ("brackets", custom(b"[" * 2000), "two thousand open brackets"),
    ):
        rows.bad(f"metadata-{name}.eif", with_metadata(text), MALFORMED, f"metadata: {what}", FORM)


def doubled(rows):
    for name, text, what in (
        (
            "name",
            USUAL.replace(b"{", b'{"ImageName":"other",', 1),
            "ImageName stands twice",
        ),
        (
            "same",
            USUAL.replace(b"{", b'{"ImageName":"test",', 1),
            "ImageName stands twice with one value",
        ),
        (
            "escaped",
            USUAL.replace(b"{", b'{"Image\\u004eame":"other",', 1),
            "ImageName stands twice, once with an escape",
        ),
        (
            "build",
            USUAL[:-1] + b',"BuildMetadata":' + compact(BUILD_METADATA) + b"}",
            "BuildMetadata stands twice",
        ),
        (
            "build-time",
            USUAL.replace(b'"BuildTool"', b'"BuildTime":"","BuildTool"'),
            "BuildTime stands twice",
        ),
        ("null", USUAL[:-1] + b',"CustomMetadata":null}', "CustomMetadata stands twice"),
        ("custom", custom(b'{"a":1,"a":2}'), "a key of CustomMetadata stands twice"),
        ("unknown", USUAL[:-1] + b',"x":[{"a":1,"b":2,"a":1}]}', "a key inside an unknown one"),
    ):
        rows.bad(
            f"metadata-duplicate-{name}.eif",
            with_metadata(text),
            MALFORMED,
            f"metadata: {what}",
            FORM,
        )


def fields(rows):
    bad = lambda name, what, content: rows.bad(
        f"metadata-{name}.eif", with_metadata(compact(content)), FIELD, f"metadata: {what}", FORM
    )
    bad("object-empty", "an empty object", {})
    for key in ("ImageName", "ImageVersion"):
        bad(f"missing-{key.lower()}", f"{key} is missing", without(key))
        bad(f"null-{key.lower()}", f"{key} is null", value(**{key: None}))
    null = {**BUILD_METADATA, "KernelVersion": None}
    bad("null-kernelversion", "KernelVersion is null", value(BuildMetadata=null))
    bad("number-imagename", "ImageName is a number", value(ImageName=1))
    bad("case-imagename", "imageName, not ImageName", {"imageName": "test", **without("ImageName")})
    bad("missing-build", "BuildMetadata is missing", without("BuildMetadata"))
    bad("null-build", "BuildMetadata is null", value(BuildMetadata=None))
    bad("string-build", "BuildMetadata is a string", value(BuildMetadata="eif_build"))
    for key in BUILD_METADATA:
        rest = {name: one for name, one in BUILD_METADATA.items() if name != key}
        bad(f"missing-{key.lower()}", f"{key} is missing", value(BuildMetadata=rest))
    flat = {**without("BuildMetadata"), **BUILD_METADATA}
    bad("flat", "the keys of BuildMetadata beside it", flat)
