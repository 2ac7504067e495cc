"""bundle/: what `enclave-attest check --save` keeps, of the bundled document and of what servers said of a contract."""

import hashlib


def add(vectors):
    files = {
        "document.cbor": vectors.files["document.cbor"],
        "onchain.json": vectors.files["onchain/record.json"],
    }
    for name, content in files.items():
        vectors.put("bundle/" + name, content)
    vectors.put("bundle/SHA256SUMS", "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)))
