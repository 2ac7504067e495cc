"""Small starting points for recipes, lock files of flakes and names of repositories: a letter that chooses the
reader, then the text; see fuzz_recipe.c."""

import json

COMMIT = "0123456789abcdef0123456789abcdef01234567"
DIGEST = "0123456789abcdef" * 4
NAR = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

SMALL = {
    "schema": 1,
    "name": "batcher",
    "source": {"repository": "https://git.example/a.git", "commit": COMMIT},
    "build": {"attribute": "x86_64-eif", "eif": "batcher.eif"},
}
IMAGE = {
    "reference": "registry.example/a/b@sha256:" + DIGEST,
    "platform": "linux/amd64",
    "files": [
        {"path": "/usr/local/bin/nitro", "stage": "build-outputs/nitro", "sha256": DIGEST},
        {"path": "/b", "stage": "b", "sha256": None},
    ],
}
WHOLE = {
    **SMALL,
    "source": {"repository": "ssh://git@git.example/a", "commit": COMMIT, "require_signed": True},
    "image": IMAGE,
    "build": {"attribute": "a.b", "eif": "e", "pcrs": "p/q.json", "also": ["enclaver"], "independent": True},
    "expect": {"pcr0": "01" * 48, "pcr1": None, "pcr2": "0x" + "02" * 48, "enclave_hash": "0x" + DIGEST},
    "onchain": {"chain_id": "1", "rpc": ["https://a.example"], "quorum": 2},
    "enclave": {"url": "https://e.example/", "profile": "odyn", "insecure_http": False},
}


def node(kind, **more):
    return {"locked": {"type": kind, "rev": COMMIT, "narHash": NAR, **more}}


def lock(root="a", **nodes):
    tree = {"nodes": {**nodes, "root": {"inputs": {root: root}}}, "root": "root", "version": 7}
    return "l" + json.dumps(tree, separators=(",", ":"))


def recipe(tree):
    return "{" + json.dumps(tree, separators=(",", ":"))


ENCLAVER = {**node("github", owner="o", repo="r"), "inputs": {"nixpkgs": ["nixpkgs"]}}

SEEDS = {
    "empty": "",
    "small": recipe(SMALL),
    "whole": recipe(WHOLE),
    "names": recipe({**SMALL, "image": {**IMAGE, "reference": "registry.example/a:tag", "files": []}}),
    "archive": recipe({**SMALL, "image": {**IMAGE, "reference": "docker-archive:a.tar"}}),
    "file": recipe({**SMALL, "source": {"repository": "file:///srv/a", "commit": "v1.0"}}),
    "lock": lock(a=node("github", owner="o", repo="r")),
    "lock-git": lock(a=node("git", url="https://git.example/a"), b=node("tarball", url="https://a.example/b")),
    "lock-path": lock(a=node("path", path="./a")),
    "lock-follows": lock(root="nix-enclaver", **{"nix-enclaver": ENCLAVER}),
    "repository-https": "rhttps://git.example:8443/a/b.git",
    "repository-ssh": "rssh://git@git.example:22/a",
    "repository-file": "rfile:///srv/git/a",
    "repository-loopback": "rhttp://127.0.0.1:8080/a",
}


def add(vectors):
    for name, text in SEEDS.items():
        vectors.put(f"seeds/recipe/{name}", text.encode())
