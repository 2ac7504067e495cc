"""Signed statements of rebuilds: in-toto in DSSE, with knobs for what is wrong in them."""

import base64
import hashlib
import json

from . import der, document, ec, ed25519

TYPE = "application/vnd.in-toto+json"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
IMAGE = hashlib.sha256(b"a container image").hexdigest()


class Signer:
    """An Ed25519 or P-256 key, its SubjectPublicKeyInfo and its id."""

    def __init__(self, label, kind="ed25519"):
        if kind == "ed25519":
            self.key = ed25519.Key(label)
            algorithm, public = der.sequence(der.oid("1.3.101.112")), self.key.public
        else:
            self.key = ec.Key(label, ec.P256)
            algorithm = der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.2.840.10045.3.1.7"))
            public = self.key.point()
        self.spki = der.sequence(algorithm, der.tlv(0x03, b"\x00" + public))
        self.id = hashlib.sha256(self.spki).hexdigest()

    def sign(self, message):
        if isinstance(self.key, ed25519.Key):
            return self.key.sign(message)
        return der.sequence(*map(der.integer, ec.sign(self.key, message, "sha256")))


def public_pem(spki):
    text = base64.b64encode(spki).decode()
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])


def pae(payload, kind=TYPE):
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)


def dump(value):
    return json.dumps(value, separators=(",", ":")).encode()


def statement(pcrs=None, commit=COMMIT, image=IMAGE, verdict="pass", change=None, eif=b"an image"):
    """A statement; `change` may spoil the tree before it is signed."""
    pcrs = document.IMAGE if pcrs is None else pcrs
    dependencies = [
        {
            "name": "source",
            "uri": "git+https://git.example/aws-nitro.git@" + commit,
            "digest": {"gitCommit": commit},
        }
    ]
    if image:
        dependencies.append(
            {
                "name": "image",
                "uri": "registry.example/org/nitro-node@sha256:" + image,
                "digest": {"sha256": image},
            }
        )
    dependencies.append({"name": "lock:nixpkgs", "digest": {"gitCommit": COMMIT[::-1]}})
    tree = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": "enclave.eif", "digest": {"sha256": hashlib.sha256(eif).hexdigest()}},
            {"name": "pcrs", "digest": {f"nitro-pcr{i}": pcrs[i].hex() for i in range(3)}},
        ],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "https://enclavecheck.example/build-types/rebuild/v1",
                "externalParameters": {
                    "repository": "https://git.example/aws-nitro.git",
                    "commit": commit,
                    "attribute": "x86_64-eif",
                },
                "resolvedDependencies": dependencies,
            },
            "runDetails": {
                "builder": {"id": "https://builder.example/alice"},
                "metadata": {"enclavecheck_verdict": verdict},
            },
        },
    }
    if change is not None:
        change(tree)
    return dump(tree)


def envelope(payload, *signers, kind=TYPE, change=None):
    """An envelope; `change` may spoil it after signing."""
    tree = {
        "payloadType": kind,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [
            {"keyid": one.id, "sig": base64.b64encode(one.sign(pae(payload, kind))).decode()}
            for one in signers
        ],
    }
    if change is not None:
        change(tree)
    return dump(tree) + b"\n"
