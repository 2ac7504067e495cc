"""statement_reader.py STATEMENT PUB EIF PCRS LOCK COMMIT VERDICT [NAME=SHA256...]

Reads a signed statement as somebody would who has nothing of this project: the specifications of DSSE, in-toto and
SLSA, Python, and the command openssl. Whatever is not as it must be ends it with a message. NAME=SHA256 are the
dependencies that there must be beside the source and the inputs of the flake, which are those of LOCK."""

import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile


def demand(holds, what):
    if not holds:
        sys.exit("statement_reader.py: " + what)


def openssl(*words):
    return subprocess.run(["openssl", *words], capture_output=True, check=False)


def verify(key, message, signature):
    """True where openssl takes the signature: P-256 with SHA-256, or Ed25519."""
    spki = openssl("pkey", "-pubin", "-in", key, "-outform", "DER").stdout
    is_ec = b"\x2a\x86\x48\xce\x3d\x02\x01" in spki
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("message", "signature")]
        for path, content in zip(paths, (message, signature)):
            with open(path, "wb") as file:
                file.write(content)
        if is_ec:
            done = openssl("dgst", "-sha256", "-verify", key, "-signature", paths[1], paths[0])
        else:
            done = openssl("pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin", "-in", paths[0], "-sigfile", paths[1])
    return done.returncode == 0, hashlib.sha256(spki).hexdigest()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main(statement, key, eif, pcrs, lock, commit, verdict, *files):
    envelope = json.loads(read(statement))
    demand(sorted(envelope) == ["payload", "payloadType", "signatures"], "members of the envelope")
    kind = envelope["payloadType"]
    demand(kind == "application/vnd.in-toto+json", "the payload's type")
    body = base64.b64decode(envelope["payload"], validate=True)
    pae = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(body), body)
    demand(len(envelope["signatures"]) == 1, "signatures")
    signature = envelope["signatures"][0]
    raw = base64.b64decode(signature["sig"], validate=True)
    good, keyid = verify(key, pae, raw)
    demand(good, "openssl does not take the signature")
    demand(signature["keyid"] == keyid, "keyid is not the SHA-256 of the SubjectPublicKeyInfo")
    for wrong in (pae[:-1] + b" ", pae.replace(b"DSSEv1", b"DSSEv2")):
        demand(not verify(key, wrong, raw)[0], "any message would do")

    said = json.loads(body)
    demand(sorted(said) == ["_type", "predicate", "predicateType", "subject"], "members of the statement")
    demand(said["_type"] == "https://in-toto.io/Statement/v1", "_type")
    demand(said["predicateType"] == "https://slsa.dev/provenance/v1", "predicateType")
    measured = json.loads(read(pcrs))
    wanted = [
        {"name": "enclave.eif", "digest": {"sha256": hashlib.sha256(read(eif)).hexdigest()}},
        {"name": "pcrs", "digest": {"nitro-pcr%d" % i: measured["PCR%d" % i] for i in range(3)}},
    ]
    demand(said["subject"] == wanted, "subjects")
    definition = said["predicate"]["buildDefinition"]
    demand(definition["externalParameters"]["commit"] == commit, "the commit as a parameter")
    demand(definition["buildType"].startswith("https://"), "buildType")
    found = {one["name"]: one["digest"] for one in definition["resolvedDependencies"]}
    demand(len(found) == len(definition["resolvedDependencies"]), "a dependency twice")
    nodes = json.loads(read(lock))
    wanted = {"source": {"gitCommit": commit}}
    for name, node in nodes["nodes"].items():
        if name != nodes["root"]:
            nar = base64.b64decode(node["locked"]["narHash"][7:]).hex()
            wanted["lock:" + name] = {"gitCommit": node["locked"]["rev"], "nix-nar-sha256": nar}
    wanted.update((name, {"sha256": digest}) for name, digest in (one.rsplit("=", 1) for one in files))
    demand(found == wanted, "dependencies: %s, not %s" % (found, wanted))
    details = said["predicate"]["runDetails"]
    demand(details["metadata"]["enclavecheck_verdict"] == verdict, "verdict: %s" % details["metadata"])
    demand(details["builder"]["id"].startswith("https://"), "builder")


main(*sys.argv[1:])
