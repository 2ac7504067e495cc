"""Small starting points for reading the answers of enclaves: what comes first, see fuzz_endpoint.c."""

import base64
import json

from . import document
from .eif_archives import fixed, member
from .seeds import tiny_document

FAMILIES = "odyn nitriding oyster oyster-custom nautilus tinfoil evervault sequence generic auto pointer".split()
HEX_PATH, OTHER_STATUS = 0x40, 0x80
FORMAT = "https://tinfoil.sh/predicate/aws-nitro-enclave/v1"


def answer(family, body, *headers, flags=0):
    head = "".join(line + "\r\n" for line in headers).encode()
    return bytes([FAMILIES.index(family) | flags]) + len(head).to_bytes(2, "big") + head + body


def text(**members):
    return json.dumps(members).encode()


def add(vectors):
    made = tiny_document(document.definite_payload)
    hexed, encoded = made.hex(), base64.b64encode(made).decode()
    zipped = base64.b64encode(member(made, fixed)).decode()
    answers = {
        "odyn": answer("odyn", made, "Content-Type: application/cbor"),
        "odyn-page": answer("odyn", b"<html>", "Content-Type: text/html; charset=utf-8"),
        "odyn-empty": answer("odyn", b""),
        "nitriding": answer("nitriding", encoded.encode() + b"\n", "Content-Type: text/plain"),
        "oyster": answer("oyster", made),
        "oyster-hex": answer("oyster", hexed.encode(), flags=HEX_PATH),
        "oyster-custom": answer("oyster-custom", hexed.encode(), flags=HEX_PATH),
        "nautilus": answer("nautilus", text(attestation=hexed), "Content-Type: application/json"),
        "nautilus-number": answer("nautilus", b'{"attestation":1}'),
        "tinfoil": answer("tinfoil", text(format=FORMAT, body=encoded)),
        "tinfoil-gzip": answer("tinfoil", text(format=FORMAT, body=zipped)),
        "tinfoil-other": answer("tinfoil", text(format=FORMAT + "x", body=encoded)),
        "evervault": answer("evervault", text(attestation_doc=encoded)),
        "sequence": answer("sequence", b"{}", "X-Attestation-Document: " + encoded),
        "sequence-two": answer("sequence", b"{}", *["X-Attestation-Document: hKA="] * 2),
        "generic": answer("generic", made),
        "auto-raw": answer("auto", made),
        "auto-hex": answer("auto", hexed.encode()),
        "auto-base64": answer("auto", encoded.encode()),
        "auto-json": answer("auto", text(document=encoded)),
        "auto-two": answer("auto", text(document=encoded, body=encoded)),
        "pointer": answer("pointer", text(a=[0, {"~b/": encoded}])),
        "status": answer("odyn", made, flags=OTHER_STATUS),
    }
    for name, content in answers.items():
        vectors.put(f"seeds/endpoint/{name}", content)
