"""What the test bench needs of Ethereum: JSON-RPC, ABI words, RLP, Merkle-Patricia tries, headers."""

import http.client
import json
import os
import sys
import threading
import urllib.parse

sys.dont_write_bytecode = True

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.join(TOP, "testvectors"))

from gen.keccak import keccak256  # noqa: E402


def raw(text):
    """The bytes of hexadecimal text; of a quantity too ("0x1")."""
    digits = text[2:] if text.startswith("0x") else text
    return bytes.fromhex("0" * (len(digits) % 2) + digits)


def text(content):
    return "0x" + content.hex()


def word(value):
    """32 bytes: a number or a bool, an address or less padded on the left, a hash as it is."""
    if isinstance(value, str):
        value = raw(value)
    if isinstance(value, int):
        return value.to_bytes(32, "big")
    return value.rjust(32, b"\0")


def encode(*arguments):
    """ABI: words as above; bytes and lists (of words) are dynamic."""
    head, tail = b"", b""
    for argument in arguments:
        if isinstance(argument, (bytes, list)):
            head += word(32 * len(arguments) + len(tail))
            tail += word(len(argument))
            if isinstance(argument, bytes):
                tail += argument + bytes(-len(argument) % 32)
            else:
                tail += b"".join(word(one) for one in argument)
        else:
            head += word(argument)
    return head + tail


def mapping_slot(slot, *keys):
    """The slot of a value in a mapping, or in nested ones with the outermost key first."""
    for key in keys:
        slot = text(keccak256(word(key) + word(slot)))
    return text(word(slot))


def plus(slot, number):
    return text(word((int(slot, 16) if isinstance(slot, str) else slot) + number))


# RLP, both ways that are needed


def number_bytes(value):
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def rlp(item):
    if isinstance(item, list):
        body = b"".join(rlp(one) for one in item)
        short = 0xC0
    elif len(item) == 1 and item[0] < 0x80:
        return item
    else:
        body = item
        short = 0x80
    if len(body) < 56:
        return bytes([short + len(body)]) + body
    size = number_bytes(len(body))
    return bytes([short + 55 + len(size)]) + size + body


# Headers

NUMBERS = {
    "difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed",
    "excessBlobGas",
}  # fmt: skip
FIELDS = (
    "parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom",
    "difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce",
    "baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot",
    "requestsHash",
)  # fmt: skip


def header(block):
    """The RLP of a block's header, from its JSON."""
    return rlp(
        [
            number_bytes(int(block[name], 16)) if name in NUMBERS else raw(block[name])
            for name in FIELDS
            if name in block
        ]
    )


def header_hash(block):
    return text(keccak256(header(block)))


# Tries


def nibbles(key):
    return [half for byte in key for half in (byte >> 4, byte & 15)]


def compact(path, leaf):
    flag = 2 * leaf + len(path) % 2
    path = [flag] + ([] if len(path) % 2 else [0]) + path
    return bytes(path[i] << 4 | path[i + 1] for i in range(0, len(path), 2))


class Trie:
    """A Merkle-Patricia trie of hashed keys, made at once from all its entries (key -> value)."""

    def __init__(self, entries):
        entries = [(nibbles(keccak256(key)), value) for key, value in entries.items()]
        self.top = self.node(entries, 0) if entries else None
        self.root = keccak256(rlp(self.top[0] if self.top else b""))

    def node(self, entries, depth):
        """A node as (what RLP encodes, path from its parent or None, children by nibble)."""
        first = entries[0][0]
        if len(entries) == 1:
            return [compact(first[depth:], True), entries[0][1]], first[depth:], {}
        shared = depth
        while all(path[shared] == first[shared] for path, _ in entries):
            shared += 1
        if shared > depth:
            child = self.node(entries, shared)
            path = first[depth:shared]
            return [compact(path, False), self.link(child)], path, {None: child}
        children = {
            nibble: self.node([one for one in entries if one[0][depth] == nibble], depth + 1)
            for nibble in sorted({path[depth] for path, _ in entries})
        }
        links = [self.link(children[n]) if n in children else b"" for n in range(16)]
        return links + [b""], None, children

    @staticmethod
    def link(child):
        encoded = rlp(child[0])
        return child[0] if len(encoded) < 32 else keccak256(encoded)

    def prove(self, key):
        """The nodes on the way to a key, down to where it stands or would stand."""
        path = nibbles(keccak256(key))
        found, node = [], self.top
        while node:
            encoded = rlp(node[0])
            if len(encoded) >= 32 or node is self.top:
                found.append(encoded)
            _, part, children = node
            if part is None:
                node = children.get(path[0])
                path = path[1:]
            elif children and path[: len(part)] == part:
                node = children[None]
                path = path[len(part) :]
            else:
                node = None
        return found


# JSON-RPC


class RpcError(Exception):
    def __init__(self, error):
        super().__init__(json.dumps(error))
        self.error = error


class Rpc:
    """A client that believes what it is told: the bench itself speaks through it."""

    def __init__(self, url, timeout=60):
        where = urllib.parse.urlsplit(url)
        self.path = where.path or "/"
        self.connections = threading.local()
        self.host, self.port, self.timeout = where.hostname, where.port, timeout

    def post(self, body):
        """Status, headers, body of one answer."""
        kept = getattr(self.connections, "one", None)
        for connection in (
            kept,
            http.client.HTTPConnection(self.host, self.port, timeout=self.timeout),
        ):
            if connection is None:
                continue
            try:
                connection.request("POST", self.path, body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                content = answer.read()
            except (http.client.HTTPException, OSError):
                connection.close()
                self.connections.one = None
                if connection is not kept:
                    raise
                continue
            self.connections.one = connection
            return answer.status, answer.headers, content

    def message(self, method, *params):
        """The whole answer, an error or a result."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        return json.loads(self.post(json.dumps(request).encode())[2])

    def call(self, method, *params):
        message = self.message(method, *params)
        if "error" in message:
            raise RpcError(message["error"])
        return message["result"]


def eth_call(rpc, to, data, where="latest"):
    """The result, or the error as a dict."""
    message = rpc.message("eth_call", {"to": to, "data": data}, where)
    return message.get("result", message.get("error"))


def reorganise(rpc, depth):
    """Replaces the node's last blocks; a transaction in the first of the new ones makes them differ."""
    account = rpc.call("eth_accounts")[0]
    rpc.call("anvil_reorg", depth, [[{"from": account, "to": account, "value": "0x1"}, 0]])
