"""Starting points for the fuzz targets that read what a chain's servers answer."""

from . import onchain_trie
from .keccak import keccak256
from .mpt import branch, extension, leaf, nibbles_of, rlp

PLACE = b"\xee" * 32  # the target puts the hash of the next node here
TRIES = (
    "leaf-byte leaf-other-0 leaf-other-63 two-0 two-1 two-1-off-0 two-31 two-63-empty embedded-branch"
    " embedded-empty embedded-leaf embedded-extension embedded-listed empty-node form-3 form-18"
    " branch-value branch-1 child-31 child-long path-flags-4 path-pad-leaf leaf-short extension-64"
    " value-empty rlp-byte rlp-embedded"
)
BLOCKS = (
    "fields-15 fields-16 fields-17 fields-20 fields-21 arbitrum op-jovian numbers-most form-18"
    " form-slotNumber form-22 hash-other field-upper number-9 extra-56 hash-null shape-null"
)
PROOFS = (
    "usual no-slots key-short person bare-none bare-node alone absent absent-zero absent-slot"
    " value-other slots-fewer account-cut form-five value-anvil-zero value-most value-form-list"
)


def framed(nodes):
    return b"".join(len(node).to_bytes(2, "big") + node for node in nodes)


def rows_of(vectors, name):
    lines = vectors.files[f"onchain/{name}.tsv"].decode().splitlines()
    columns = lines[0].split("\t")
    rows = (dict(zip(columns, line.split("\t"))) for line in lines[1:])
    return {row["name"]: row for row in rows}


def add(vectors):
    for name, row in rows_of(vectors, "rlp").items():
        if len(row["bytes"]) <= 600 and row["bytes"] != "-":
            vectors.put(f"seeds/rlp/{name}", bytes.fromhex(row["bytes"]))
    tries = rows_of(vectors, "trie")
    for name in TRIES.split():
        nodes = [bytes.fromhex(node) for node in tries[name]["nodes"].split(",")]
        vectors.put(f"seeds/trie/{name}", bytes.fromhex(tries[name]["key"]) + framed(nodes))
    chained(vectors)
    for name, row in rows_of(vectors, "block").items():
        if name in BLOCKS.split():
            vectors.put(f"seeds/block/{name}", row["answer"])
    for name, row in rows_of(vectors, "proof").items():
        if name in PROOFS.split():
            vectors.put(f"seeds/proof/{name}", row["answer"])


def chained(vectors):
    key = onchain_trie.KEY
    nibbles = nibbles_of(key)
    other = keccak256(b"other")

    def fork(at):
        return rlp(branch({nibbles[at]: PLACE, nibbles[at] ^ 1: other}))

    last = rlp(leaf(nibbles[2:], b"\x01"))
    vectors.put("seeds/trie/chained", key + framed([fork(0), fork(1), last]))
    wide = rlp(extension(nibbles[:40], PLACE))
    last = rlp(leaf(nibbles[41:], bytes(40)))
    vectors.put("seeds/trie/chained-extension", key + framed([wide, fork(40), last]))
    absent = rlp(leaf(nibbles_of(other)[2:], b"\x01"))
    vectors.put("seeds/trie/chained-absent", key + framed([fork(0), fork(1), absent]))
    deep = [fork(at) for at in range(64)]
    vectors.put("seeds/trie/chained-deep", key + framed([*deep, rlp(leaf([], onchain_trie.WORD))]))
