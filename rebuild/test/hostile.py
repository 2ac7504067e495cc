#!/usr/bin/env python3
"""hostile.py DIR: the layers of layers.py as images that a user could be given.

Makes in DIR an OCI layout `layout` of an image for each row of DIR/cases.tsv, and DIR/images.tsv: the row, the digest,
the path to ask for, the reason, the SHA-256 of the content. Rows about limits that the tests of C set lower are left
out.
"""
import hashlib
import json
import os
import subprocess
import sys

os.chdir(sys.argv[1])
subprocess.run([sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "layers.py"), "."], check=True)
os.makedirs("layout/blobs/sha256")
KIND = "application/vnd.oci.image."
SUFFIX = {"plain": "", "gzip": "+gzip", "zstd": "+zstd"}


def put(data, media):
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    digest = hashlib.sha256(data).hexdigest()
    with open("layout/blobs/sha256/" + digest, "wb") as file:
        file.write(data)
    return {"mediaType": KIND + media, "digest": "sha256:" + digest, "size": len(data)}


def image(layers):
    blobs, ids = [], []
    for one in layers.split(" "):
        number, compression, diff_id = one.split(":")
        with open(number, "rb") as file:
            blobs.append(put(file.read(), "layer.v1.tar" + SUFFIX[compression]))
        ids.append("sha256:" + diff_id)
    config = put({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": ids}},
                 "config.v1+json")
    return put({"schemaVersion": 2, "mediaType": KIND + "manifest.v1+json", "config": config, "layers": blobs},
               "manifest.v1+json")


with open("layout/oci-layout", "w", encoding="ascii") as layout:
    json.dump({"imageLayoutVersion": "1.0.0"}, layout)
with open("cases.tsv", encoding="utf-8", errors="surrogateescape") as rows, open("images.tsv", "w", encoding="ascii") as out:
    for row in rows:
        name, layers, reading, path, reason, sha256, _ = row.rstrip("\n").split("\t")
        why = reading if reading != "ok" else reason
        if why in ("layer-entries", "layer-expansion") or not path.isascii() or not path.isprintable():
            continue
        # a recipe refuses such paths itself
        if not path.startswith("/") or path.endswith("/") or len(path) > 4000 or "//" in path or "/." in path:
            continue
        print(name, image(layers)["digest"], path, why, sha256, sep="\t", file=out)
