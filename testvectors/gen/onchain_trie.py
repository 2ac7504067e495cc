"""onchain/rlp.tsv and onchain/trie.tsv: single RLP items; proofs along one key, good and bad.

Keys of tries are given as they are, not hashed first, so that any two can share any number of nibbles.
"""

from .keccak import keccak256
from .mpt import (
    EMPTY,
    EMPTY_ROOT,
    Raw,
    Trie,
    branch,
    extension,
    from_nibbles,
    hex_prefix,
    leaf,
    nibbles_of,
    rlp,
)
from .vectors import table

KEY = keccak256(b"a key")
LONG = bytes(range(1, 41))
WORD = rlp(bytes(range(0x11, 0x31)))


def add(vectors):
    vectors.put("onchain/rlp.tsv", table(("name", "reason", "bytes", "what"), rlp_rows()))
    columns = ("name", "reason", "root", "key", "nodes", "value", "what")
    vectors.put("onchain/trie.tsv", table(columns, trie_rows()))


def rlp_rows():
    rows = []

    def row(name, reason, encoded, what):
        rows.append((name, reason, encoded.hex() or "-", what))

    for size in (0, 2, 55, 56, 57, 255, 256, 1024):
        row(f"string-{size}", "ok", rlp(bytes(range(7, 8)) * size), f"a string of {size} bytes")
        row(f"list-{size}", "ok", rlp([b"\x07"] * size), f"a list of {size} items of a byte")
    for byte in (0, 1, 0x7F, 0x80, 0xFF):
        row(f"byte-{byte:02x}", "ok", rlp(bytes([byte])), "a string of one byte")
    row("nested", "ok", rlp([[], [[]], [[], [[]]]]), "the set-theoretical three")
    row("deep", "ok", nest(200), "200 lists one in another")
    short, malformed = "rlp-truncated", "rlp-noncanonical"
    row("empty", short, b"", "no byte at all")
    row("short-string", short, bytes.fromhex("8261"), "a string cut short")
    row("short-byte", short, bytes.fromhex("81"), "a string of one byte cut short")
    row("short-list", short, bytes.fromhex("c20a"), "a list cut short")
    row("short-length", short, bytes.fromhex("b901"), "a length cut short")
    row("short-length-list", short, bytes.fromhex("ff01020304050607"), "a list's length cut short")
    row("short-long-string", short, b"\xb8\x38" + bytes(55), "a long string cut short")
    row("short-long-list", short, b"\xf8\x38" + bytes(55), "a long list cut short")
    row("huge-string", short, b"\xbf" + b"\xff" * 8, "a string of 2^64 - 1 bytes")
    row("huge-list", short, b"\xff" + b"\xff" * 8, "a list of 2^64 - 1 bytes")
    row("huge-half", short, b"\xbf\x80" + bytes(7), "a string of 2^63 bytes")
    for byte in (0, 1, 0x7F):
        row(f"byte-long-{byte:02x}", malformed, bytes([0x81, byte]), "a byte that needs no head")
    row("long-0", malformed, b"\xb8\x00", "the long form for no bytes")
    row("long-55", malformed, b"\xb8\x37" + bytes(55), "the long form for 55 bytes")
    row("long-list-55", malformed, b"\xf8\x37" + bytes(55), "the long form for a list of 55 bytes")
    row("length-zero", malformed, b"\xb9\x00\x38" + bytes(56), "a length with a leading zero")
    row("length-zero-list", malformed, b"\xf9\x00\x38" + bytes(56), "a list's length, likewise")
    row("length-zeros", malformed, b"\xbf" + bytes(7) + b"\x38" + bytes(56), "seven leading zeros")
    row("trailing", "rlp-trailing", bytes.fromhex("8080"), "two items")
    row("trailing-list", "rlp-trailing", bytes.fromhex("c000"), "a list and a byte")
    return rows


def nest(levels):
    encoded = b""
    for _ in range(levels):
        encoded = rlp([Raw(encoded)])
    return encoded


def changed(key, at):
    """The key with another nibble there."""
    nibbles = nibbles_of(key)
    nibbles[at] ^= 1
    return from_nibbles(nibbles)


class Rows(list):
    def row(self, name, reason, root, key, nodes, value, what):
        assert all(nodes) or "-empty" in name, name
        listed = ",".join(node.hex() or "-" for node in nodes) or "none"
        self.append((name, reason, root.hex(), key.hex(), listed, value, what))

    def present(self, name, trie, key, value, what):
        self.row(name, "ok", trie.root, key, trie.prove(key), value.hex(), what)

    def absent(self, name, trie, key, what):
        self.row(name, "ok", trie.root, key, trie.prove(key), "absent", what)

    def bad(self, name, reason, root, key, nodes, what):
        self.row(name, reason, root, key, nodes, "-", what)

    def forged(self, name, reason, node, what, key=KEY):
        """A root whose hash is right and whose form is not."""
        encoded = rlp(node)
        self.bad(name, reason, keccak256(encoded), key, [encoded], what)


def trie_rows():
    rows = Rows()
    single(rows)
    branches(rows)
    embedded(rows)
    large(rows)
    empty(rows)
    lists(rows)
    node_forms(rows)
    path_forms(rows)
    below_extensions(rows)
    encodings(rows)
    return rows


def single(rows):
    for name, value in (("byte", b"\x01"), ("word", WORD), ("zero", EMPTY), ("long", bytes(128))):
        rows.present(f"leaf-{name}", Trie({KEY: value}), KEY, value, "the root is a leaf")
    one = Trie({KEY: WORD})
    for at in (0, 1, 31, 62, 63):
        rows.absent(f"leaf-other-{at}", one, changed(KEY, at), f"a leaf differs at nibble {at}")


def branches(rows):
    for shared in (0, 1, 2, 31, 32, 62, 63):
        other = changed(KEY, shared)
        trie = Trie({KEY: WORD, other: LONG})
        kind = "extension" if shared else "branch"
        what = f"two keys share {shared} nibbles: the root is an {kind}"
        rows.present(f"two-{shared}", trie, KEY, WORD, what)
        rows.present(f"two-{shared}-other", trie, other, LONG, what)
        for at in sorted({0, shared // 2, shared - 1} & set(range(shared))):
            rows.absent(f"two-{shared}-off-{at}", trie, changed(KEY, at), "the extension differs")
        nibbles = nibbles_of(KEY)
        nibbles[shared] ^= 2
        rows.absent(f"two-{shared}-empty", trie, from_nibbles(nibbles), "the child is empty")
        if shared < 63:
            rows.absent(f"two-{shared}-leaf", trie, changed(KEY, 63), "the leaf differs")


def embedded(rows):
    near = {changed(KEY, 63): b"\x02", KEY: b"\x01"}
    trie = Trie(near)
    assert len(trie.prove(KEY)) == 1
    rows.present("embedded-branch", trie, KEY, b"\x01", "a branch and two leaves within the root")
    rows.present("embedded-branch-2", trie, changed(KEY, 63), b"\x02", "the other leaf")
    nibbles = nibbles_of(KEY)
    nibbles[63] ^= 2
    rows.absent("embedded-empty", trie, from_nibbles(nibbles), "the embedded branch has no child")
    rows.absent("embedded-off", trie, changed(KEY, 40), "the extension before it differs")
    far = {changed(KEY, 5): WORD, changed(KEY, 60): b"\x03", KEY: b"\x01"}
    trie = Trie(far)
    rows.present("embedded-leaf", trie, KEY, b"\x01", "a leaf of two bytes of path in a branch")
    rows.absent("embedded-leaf-other", trie, changed(KEY, 62), "an embedded leaf differs")
    rows.bad(
        "embedded-listed",
        "trie-leftover",
        trie.root,
        KEY,
        [*trie.prove(KEY), rlp(leaf(nibbles_of(KEY)[61:], b"\x01"))],
        "an embedded node is listed again",
    )
    # an extension in a branch: it and what is below it are embedded
    deep = Trie({KEY: b"\x01", changed(KEY, 63): b"\x02", changed(KEY, 58): WORD})
    rows.present("embedded-extension", deep, KEY, b"\x01", "an extension within a branch")
    rows.absent("embedded-extension-off", deep, changed(KEY, 61), "an embedded extension differs")


def large(rows):
    keys = {KEY: WORD}
    for at in range(64):
        keys[changed(KEY, at)] = LONG
    trie = Trie(keys)
    proof = trie.prove(KEY)
    assert len(proof) == 65
    rows.present("deepest", trie, KEY, WORD, "a branch for each nibble: 65 nodes")
    rows.present("deepest-last", trie, changed(KEY, 63), LONG, "the last leaf's neighbour")
    rows.bad("deepest-cut", "trie-cut", trie.root, KEY, proof[:-1], "64 of 65 nodes")
    keys = {keccak256(bytes([i, i])): rlp(i + 1) for i in range(160)}
    trie = Trie(keys)
    for i in (0, 77, 159):
        key = keccak256(bytes([i, i]))
        rows.present(f"many-{i}", trie, key, rlp(i + 1), "one of 160 keys")
    for i in range(3):
        rows.absent(f"many-absent-{i}", trie, keccak256(bytes([i])), "none of 160 keys")


def empty(rows):
    rows.row("empty", "ok", EMPTY_ROOT, KEY, [], "absent", "an empty trie shown by no node")
    rows.row("empty-node", "ok", EMPTY_ROOT, KEY, [EMPTY], "absent", "an empty trie, by its node")
    rows.bad("empty-cut", "trie-cut", bytes(32), KEY, [], "no node, root zero")
    rows.bad("empty-cut-other", "trie-cut", Trie({KEY: WORD}).root, KEY, [], "no node at all")
    rows.bad("empty-twice", "trie-leftover", EMPTY_ROOT, KEY, [EMPTY, EMPTY], "the node twice")
    node = Trie({KEY: WORD}).prove(KEY)
    rows.bad("empty-has-node", "trie-node-hash", EMPTY_ROOT, KEY, node, "a leaf in an empty trie")
    rows.bad("node-empty", "trie-node-size", EMPTY_ROOT, KEY, [b""], "a node of no bytes")
    rows.bad("node-empty-hash", "trie-node-size", keccak256(b""), KEY, [b""], "its hash is right")


def lists(rows):
    trie = Trie({keccak256(bytes([i])): rlp(i + 1) for i in range(100)})
    key = keccak256(b"\x05")
    good = trie.prove(key)
    none = keccak256(b"none")
    absent = trie.prove(none)
    other = trie.prove(keccak256(b"\x06"))
    assert len(good) == 3 and len(absent) >= 2
    cut, wrong, leftover = "trie-cut", "trie-node-hash", "trie-leftover"
    rows.present("list", trie, key, rlp(6), "three nodes")
    rows.absent("list-absent", trie, none, "an absent key of the same trie")
    rows.bad("list-root", wrong, changed(trie.root, 63), key, good, "another root")
    rows.bad("list-root-zero", wrong, bytes(32), key, good, "root zero")
    rows.bad("list-no-root", wrong, trie.root, key, good[1:], "the root node is missing")
    rows.bad("list-no-middle", wrong, trie.root, key, [good[0], good[2]], "a node is missing")
    rows.bad("list-no-last", cut, trie.root, key, good[:-1], "the last node is missing")
    rows.bad("list-absent-cut", cut, trie.root, none, absent[:1], "absence that is not shown")
    rows.bad("list-reverse", wrong, trie.root, key, good[::-1], "backwards")
    rows.bad("list-swapped", wrong, trie.root, key, [good[0], good[2], good[1]], "two swapped")
    rows.bad("list-twice", wrong, trie.root, key, [good[0], *good], "the first twice")
    rows.bad("list-last-twice", leftover, trie.root, key, [*good, good[-1]], "the last twice")
    rows.bad("list-extra", leftover, trie.root, key, [*good, EMPTY], "a node too many")
    rows.bad("list-extra-empty", leftover, trie.root, key, [*good, b""], "an empty node too many")
    rows.bad(
        "list-absent-extra", leftover, trie.root, none, [*absent, good[-1]], "likewise, absent"
    )
    rows.bad("list-other-key", wrong, trie.root, key, other, "the proof of another key")
    rows.bad("list-other-leaf", wrong, trie.root, key, [*good[:-1], other[-1]], "another's leaf")
    rows.bad("list-large", "trie-node-size", trie.root, key, [bytes(1025)], "a node of 1025 bytes")
    large_node = rlp([bytes(1100)])
    root = keccak256(large_node)
    rows.bad("list-large-hash", "trie-node-size", root, key, [large_node], "its hash is right")


def node_forms(rows):
    bad = "trie-node"
    hash_1, hash_2 = keccak256(b"1"), keccak256(b"2")
    first = nibbles_of(KEY)[0]
    two = {first: hash_1, first ^ 1: hash_2}
    rows.forged("form-string", bad, b"dog", "a string")
    rows.forged("form-hash", bad, hash_1, "a string as long as a hash")
    for n in (0, 1, 3, 16, 18):
        rows.forged(f"form-{n}", bad, [hash_1] * n, f"a list of {n} items")
    rows.forged("form-100", bad, [b"\x01"] * 100, "a list of 100 items")
    rows.forged("branch-value", bad, [*branch(two)[:16], b"\x01"], "a branch with a value")
    rows.forged("branch-value-list", bad, [*branch(two)[:16], []], "a branch with a list as value")
    rows.forged("branch-0", bad, branch({}), "a branch without a child")
    rows.forged("branch-1", bad, branch({first: hash_1}), "a branch with one child")
    rows.forged("branch-1-off", bad, branch({first ^ 1: hash_1}), "a branch with one other child")
    for size in (1, 31, 33):
        child = b"\x99" * size
        what = f"a child of {size} bytes"
        rows.forged(f"child-{size}", bad, branch({**two, first: child}), what)
        rows.forged(f"child-{size}-beside", bad, branch({**two, first ^ 1: child}), what)
        rows.forged(f"extension-{size}", bad, extension([first], child), what)
    rows.forged("extension-nothing", bad, extension([first], b""), "an extension before nothing")
    rows.forged("extension-nothing-off", bad, extension([first ^ 1], b""), "likewise, off the path")
    inner = leaf(nibbles_of(KEY)[1:], b"\x01")
    what = "a node of 32 bytes or more within another"
    rows.forged("child-long", bad, branch({**two, first: inner}), what)
    rows.forged("child-long-beside", bad, branch({**two, first ^ 1: inner}), what)
    rows.forged("extension-long", bad, extension([first], branch(two)), what)
    rows.forged("child-list", bad, branch({**two, first: []}), "an empty list as child")
    rows.forged("child-three", bad, branch({**two, first: [b"", b"", b""]}), "a list of three")
    small = rlp(leaf(nibbles_of(KEY)[60:], b"\x01"))
    assert len(small) < 32
    rows_by_hash(rows, small)


def rows_by_hash(rows, small):
    nibbles = nibbles_of(KEY)
    fork = branch({nibbles[59]: keccak256(small), nibbles[59] ^ 1: keccak256(b"2")})
    top = extension(nibbles[:59], keccak256(rlp(fork)))
    nodes = [rlp(top), rlp(fork), small]
    what = "a node of less than 32 bytes named by its hash"
    rows.bad("small-by-hash", "trie-node", keccak256(nodes[0]), KEY, nodes, what)
    nodes[2] = EMPTY
    fork[nibbles[59]] = EMPTY_ROOT
    nodes[1] = rlp(fork)
    nodes[0] = rlp(extension(nibbles[:59], keccak256(nodes[1])))
    what = "an empty trie below a branch"
    rows.bad("empty-below", "trie-node", keccak256(nodes[0]), KEY, nodes, what)


def path_forms(rows):
    bad = "trie-path"
    nibbles = nibbles_of(KEY)
    even, odd = hex_prefix(nibbles, True), hex_prefix(nibbles[1:], True)
    child = keccak256(b"1")
    for flags in (4, 6, 8, 15):
        path = bytes([flags << 4]) + even[1:]
        rows.forged(f"path-flags-{flags}", bad, [path, WORD], f"flags {flags}, even")
    for flags in (5, 7, 9):
        path = bytes([flags << 4 | odd[0] & 15]) + odd[1:]
        rows.forged(f"path-flags-{flags}", bad, [path, WORD], f"flags {flags}, odd")
    rows.forged("path-pad-leaf", bad, [b"\x21" + even[1:], WORD], "the nibble after even flags")
    rows.forged("path-pad-extension", bad, [b"\x0f" + KEY[:3], child], "likewise, an extension")
    rows.forged("path-empty", bad, [b"", WORD], "a path of no bytes")
    rows.forged("path-list", "trie-node", [[], WORD], "a list as path")
    rows.forged("leaf-short", bad, leaf(nibbles[:63], WORD), "a leaf of 63 nibbles at the root")
    rows.forged("leaf-short-62", bad, leaf(nibbles[:62], WORD), "a leaf of 62 nibbles at the root")
    rows.forged("leaf-none", bad, leaf([], WORD), "a leaf of no nibbles at the root")
    rows.forged("leaf-long", bad, leaf([*nibbles, 0], WORD), "a leaf of 65 nibbles")
    rows.forged("leaf-long-66", bad, leaf([*nibbles, 0, 0], WORD), "a leaf of 66 nibbles")
    rows.forged("leaf-long-many", bad, leaf(nibbles * 4, WORD), "a leaf of 256 nibbles")
    rows.forged("leaf-short-off", bad, leaf([0] * 63, WORD), "a short leaf off the path")
    rows.forged("extension-0", bad, extension([], child), "an extension of no nibbles")
    rows.forged("extension-64", bad, extension(nibbles, child), "an extension as long as the key")
    rows.forged("extension-65", bad, extension([*nibbles, 0], child), "an extension beyond the key")
    rows.forged("extension-64-off", bad, extension([0] * 64, child), "likewise, off the path")
    rows.forged("value-empty", "trie-value", leaf(nibbles, b""), "a leaf without a value")
    rows.forged("value-list", "trie-value", leaf(nibbles, [b"\x01"]), "a leaf with a list as value")
    rows.forged("value-129", "trie-value", leaf(nibbles, bytes(129)), "a value of 129 bytes")
    rows.forged("value-empty-off", "trie-value", leaf([0] * 64, b""), "likewise, off the path")


def below_extensions(rows):
    nibbles = nibbles_of(KEY)
    after = {
        "leaf": ("trie-node", leaf(nibbles[2:], WORD)),
        "extension": ("trie-node", extension(nibbles[2:5], keccak256(b"1"))),
    }
    for name, (reason, node) in after.items():
        nodes = [rlp(extension(nibbles[:2], keccak256(rlp(node)))), rlp(node)]
        what = f"an extension before a node of another kind: {name}"
        rows.bad(f"extension-{name}", reason, keccak256(nodes[0]), KEY, nodes, what)
    small = leaf(nibbles[60:], b"\x01")
    rows.forged("extension-leaf-embedded", "trie-node", extension(nibbles[:60], small), "likewise")
    # the key is used up where a branch stands
    last = branch({nibble: keccak256(b"1") for nibble in range(16)})
    above = branch({nibble: keccak256(rlp(last)) for nibble in range(16)})
    top = extension(nibbles[:63], keccak256(rlp(above)))
    nodes = [rlp(top), rlp(above), rlp(last)]
    what = "a branch where the key has ended"
    rows.bad("branch-too-deep", "trie-node", keccak256(nodes[0]), KEY, nodes, what)
    nodes[2] = rlp(extension([1], keccak256(b"1")))
    above = branch({nibble: keccak256(nodes[2]) for nibble in range(16)})
    nodes[1] = rlp(above)
    nodes[0] = rlp(extension(nibbles[:63], keccak256(nodes[1])))
    what = "an extension where the key has ended"
    rows.bad("extension-too-deep", "trie-path", keccak256(nodes[0]), KEY, nodes, what)


def encodings(rows):
    nibbles = nibbles_of(KEY)
    path = hex_prefix(nibbles, True)
    bad, short = "rlp-noncanonical", "rlp-truncated"
    rows.forged("rlp-byte", bad, [path, Raw(b"\x81\x01")], "a value with a head that it needs not")
    content = rlp(path) + b"\x01"
    rows.forged("rlp-list", bad, Raw(b"\xf8\x23" + content), "a list in the long form")
    rows.forged("rlp-string", bad, [Raw(b"\xb8\x21" + path), b"\x01"], "a path in the long form")
    rows.forged("rlp-cut", short, Raw(b"\xe3" + content[:-1]), "a list cut short")
    rows.forged("rlp-item-cut", short, [path, Raw(b"\x82\x01")], "an item cut short")
    rows.forged("rlp-trailing", "rlp-trailing", Raw(rlp([path, b"\x01"]) + b"\x00"), "a byte more")
    first = nibbles[0]
    two = {first: keccak256(b"1"), first ^ 1: keccak256(b"2")}
    beside = branch(two)
    beside[first ^ 2] = Raw(b"\x81\x00")
    rows.forged("rlp-beside", bad, beside, "in a child that is not on the path")
    inner = Raw(b"\xc3\x20\x81\x01")
    fork = branch({nibbles[63]: inner, nibbles[63] ^ 1: [b"\x20", b"\x02"]})
    rows.forged("rlp-embedded", bad, extension(nibbles[:63], fork), "in an embedded node")
