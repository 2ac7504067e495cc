"""Small starting points for the fuzz targets manifest (a letter that chooses the reader, its input) and layer (the
length of the first of two layers, both); see fuzz_manifest.c and fuzz_layer.c.
"""

import json
import struct
import tarfile

from .eif_archives import member

OCI = "application/vnd.oci.image."
DIGEST = "sha256:" + "0123456789abcdef" * 4


def descriptor(kind, **more):
    return {"mediaType": OCI + kind, "digest": DIGEST, "size": 7, **more}


def text(value):
    return json.dumps(value, separators=(",", ":")).encode()


MANIFEST = {
    "schemaVersion": 2,
    "mediaType": OCI + "manifest.v1+json",
    "config": descriptor("config.v1+json"),
    "layers": [descriptor("layer.v1.tar+gzip"), descriptor("layer.v1.tar+zstd")],
}
AMD64 = {"os": "linux", "architecture": "amd64"}
INDEX = {
    "schemaVersion": 2,
    "manifests": [
        descriptor("manifest.v1+json", platform=AMD64),
        descriptor("manifest.v1+json", platform={**AMD64, "variant": "v3"}),
    ],
}
CONFIG = {**AMD64, "rootfs": {"type": "layers", "diff_ids": [DIGEST, DIGEST]}}
HEAD = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: "

MANIFESTS = {
    "manifest": b"m" + text(MANIFEST),
    "manifest-both": b"m" + text({**MANIFEST, "manifests": []}),
    "manifest-schema": b"m" + text({**MANIFEST, "schemaVersion": 1}),
    "index": b"i" + text(INDEX),
    "index-two": b"i" + text({**INDEX, "manifests": INDEX["manifests"][:1] * 2}),
    "config": b"c" + text(CONFIG),
    "config-more": b"c" + text({**CONFIG, "rootfs": {"type": "layers", "diff_ids": [DIGEST] * 3}}),
    "reference": b"rregistry.example:5000/org/node:v1@" + DIGEST.encode(),
    "reference-tag": b"rlocalhost/node:v1",
    "reference-folder": b"roci:dir@" + DIGEST.encode(),
    "reference-archive": b"rdocker-archive:f.tar",
    "challenge": b"w" + HEAD + b'Bearer realm="https://a.example/t",service="a, \\"b\\"",scope="s"\r\n\r\n',
    "challenge-two": b"w" + HEAD + b'Basic realm="x", bearer Realm=https://a.example\r\n\r\n',
    "challenge-basic": b"w" + HEAD + b"Basic\r\n\r\n",
}


def entry(name, content=b"", kind=tarfile.REGTYPE, link="", **pax):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(content)
    info.pax_headers = pax
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict") + content + bytes(-len(content) % 512)


F = entry("f", b"lower")
D = entry("d", kind=tarfile.DIRTYPE) + entry("d/x", b"x")
END = bytes(1024)
SPARSE = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "f", "GNU.sparse.realsize": "2000"}

LAYERS = {
    "replaced": (F + END, entry("f", b"upper") + END),
    "whiteout": (F + D, entry(".wh.f") + entry("d/.wh.x")),
    "opaque": (D, entry("d/.wh..wh..opq") + entry("d/y", b"y")),
    "bad-whiteout": (D, entry("d/.wh...")),
    "links": (F + D, entry("h", kind=tarfile.LNKTYPE, link="d/x") + entry("s", kind=tarfile.SYMTYPE, link="../h")),
    "loop": (entry("s", kind=tarfile.SYMTYPE, link="s"), b""),
    "way-out": (entry("../f", b"x"), b""),
    "below-a-link": (entry("d", kind=tarfile.SYMTYPE, link="/etc") + entry("d/x", b"x"), b""),
    "pax": (entry("x", b"x", path="d/x", size="1"), b""),
    "sparse": (entry("GNUSparseFile.0/f", b"1\n1000\n10\n" + bytes(502) + b"0123456789", **SPARSE), b""),
    "device": (entry("f", kind=tarfile.CHRTYPE), b""),
}


SAVED = [{"Config": "c", "RepoTags": None, "Layers": ["l", "./l"]}]
ARCHIVES = {
    "archive": entry("manifest.json", text(SAVED)) + entry("c", text(CONFIG)) + entry("l", b"layer") + END,
    "archive-order": entry("l", b"\x1f\x8b") + entry("c", text(CONFIG)) + entry("manifest.json", text(SAVED)) + END,
    "archive-two": entry("manifest.json", text(SAVED * 2)) + END,
    "archive-link": entry("manifest.json", text(SAVED)) + entry("c", kind=tarfile.SYMTYPE, link="l") + END,
    "archive-gone": entry("manifest.json", text(SAVED)) + entry("c", text(CONFIG)) + END,
    "archive-zipped": member(entry("manifest.json", text(SAVED)) + entry("c", text(CONFIG)) + END),
}
ERRORS = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown", "detail": {"Tag": "v2"}}]}
WORDS = {
    "platform": b"plinux/amd64",
    "platform-variant": b"plinux/arm/v7",
    "refusal": b"e" + text(ERRORS),
    "refusal-page": b"e<html>502\n",
    "refusal-empty": b"e" + text({"errors": []}),
}


def add(vectors):
    for name, content in ARCHIVES.items():
        vectors.put(f"seeds/manifest/{name}", b"d" + content)
    for name, content in WORDS.items():
        vectors.put(f"seeds/manifest/{name}", content)
    for name, content in MANIFESTS.items():
        vectors.put(f"seeds/manifest/{name}", content)
    for name, (lower, upper) in LAYERS.items():
        vectors.put(f"seeds/layer/{name}", struct.pack(">H", len(lower)) + lower + upper)
