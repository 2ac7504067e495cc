"""statement.py KEY.PEM PCR.JSON NAME=VALUE...: prints a signed statement of a rebuild as a builder would, about the
registers of PCR.JSON. NAME is commit, image (hex of a digest, or nothing: none), attribute, verdict or repository.
The signing is openssl's own."""

import base64
import json
import subprocess
import sys
import tempfile

BASE = "https://enclavecheck.example/"
TYPE = "application/vnd.in-toto+json"


def payload(pcrs, facts):
    dependencies = [{"name": "source", "digest": {"gitCommit": facts["commit"]}}]
    if facts["image"]:
        dependencies.append({"name": "image", "digest": {"sha256": facts["image"]}})
    parameters = {name: facts[name] for name in ("repository", "commit", "attribute")}
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": "enclave.eif", "digest": {"sha256": "11" * 32}},
            {"name": "pcrs", "digest": {f"nitro-pcr{i}": pcrs[f"PCR{i}"] for i in range(3)}},
        ],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": BASE + "build-types/rebuild/v1",
                "externalParameters": parameters,
                "resolvedDependencies": dependencies,
            },
            "runDetails": {
                "builder": {"id": BASE + "enclave-rebuild"},
                "metadata": {"enclavecheck_verdict": facts["verdict"]},
            },
        },
    }


def sign(key, message):
    with tempfile.NamedTemporaryFile() as file:
        file.write(message)
        file.flush()
        return subprocess.run(
            ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", file.name],
            check=True,
            capture_output=True,
        ).stdout


def main(key, pcr_json, *words):
    facts = {
        "commit": f"{1:040d}",
        "image": "",
        "attribute": "eif",
        "verdict": "pass",
        "repository": "https://git.example/a",
    }
    facts.update(word.split("=", 1) for word in words)
    with open(pcr_json, encoding="utf-8") as file:
        pcrs = json.load(file)
    body = json.dumps(payload(pcrs.get("Measurements", pcrs), facts)).encode()
    message = b" ".join([b"DSSEv1", str(len(TYPE)).encode(), TYPE.encode(), str(len(body)).encode(), body])
    print(
        json.dumps(
            {
                "payloadType": TYPE,
                "payload": base64.b64encode(body).decode(),
                "signatures": [{"sig": base64.b64encode(sign(key, message)).decode()}],
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
