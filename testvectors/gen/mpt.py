"""RLP and Merkle-Patricia tries (Ethereum yellow paper, appendices B and D), built from all their keys."""

from .keccak import keccak256


def big_endian(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def head(short, length):
    if length <= 55:
        return bytes([short + length])
    digits = big_endian(length)
    return bytes([short + 55 + len(digits)]) + digits


class Raw(bytes):
    """What is put into a list as it is, right or wrong."""


def rlp(item):
    """Bytes, a number, a list of such, or Raw."""
    if isinstance(item, Raw):
        return bytes(item)
    if isinstance(item, int):
        item = big_endian(item)
    if isinstance(item, (list, tuple)):
        content = b"".join(rlp(one) for one in item)
        return head(0xC0, len(content)) + content
    if len(item) == 1 and item[0] < 0x80:
        return bytes(item)
    return head(0x80, len(item)) + item


EMPTY = rlp(b"")
EMPTY_ROOT = keccak256(EMPTY)
NO_CODE = keccak256(b"")


def nibbles_of(key):
    return [nibble for byte in key for nibble in (byte >> 4, byte & 15)]


def from_nibbles(nibbles):
    return bytes(nibbles[i] << 4 | nibbles[i + 1] for i in range(0, len(nibbles), 2))


def hex_prefix(nibbles, is_leaf):
    flags = 2 * is_leaf + len(nibbles) % 2
    return from_nibbles([flags, *([] if len(nibbles) % 2 else [0]), *nibbles])


def leaf(nibbles, value):
    return [hex_prefix(nibbles, True), value]


def extension(nibbles, child):
    return [hex_prefix(nibbles, False), child]


def branch(children):
    return [children.get(nibble, b"") for nibble in range(16)] + [b""]


def reference(node):
    """How a parent holds a node: whole, or by hash."""
    encoded = rlp(node)
    return node if len(encoded) < 32 else keccak256(encoded)


class Trie:
    """`content`: 32-byte keys to non-empty values."""

    def __init__(self, content):
        self.by_reference = {}
        entries = [(nibbles_of(key), value) for key, value in sorted(content.items())]
        self.top = self.build(entries, 0) if entries else b""
        self.root = keccak256(rlp(self.top))

    def build(self, entries, depth):
        first, last = entries[0][0], entries[-1][0]
        if len(entries) == 1:
            return leaf(first[depth:], entries[0][1])
        common = depth
        while first[common] == last[common]:
            common += 1
        children = {}
        for nibble in range(16):
            below = [entry for entry in entries if entry[0][common] == nibble]
            if below:
                children[nibble] = self.refer(self.build(below, common + 1))
        node = branch(children)
        return extension(first[depth:common], self.refer(node)) if common > depth else node

    def refer(self, node):
        held = reference(node)
        if isinstance(held, bytes):
            self.by_reference[held] = node
        return held

    def prove(self, key):
        """The encoded nodes from the root on, as far as the key leads."""
        if self.top == b"":
            return []
        proof = [rlp(self.top)]
        node = self.top
        rest = nibbles_of(key)
        while True:
            if len(node) == 17:
                held, rest = node[rest[0]], rest[1:]
            else:
                path = nibbles_of(node[0])
                is_leaf = path[0] >= 2
                path = path[1 if path[0] % 2 else 2 :]
                if is_leaf or rest[: len(path)] != path:
                    return proof
                held, rest = node[1], rest[len(path) :]
            if held == b"":
                return proof
            if isinstance(held, bytes):
                node = self.by_reference[held]
                proof.append(rlp(node))
            else:
                node = held
