"""A reader of headers and proofs that shares no code with what writes them in ethereum.py."""

from .ethereum import header_hash, keccak256, raw, text


class Wrong(Exception):
    pass


def same(actual, wanted, what):
    if actual != wanted:
        raise Wrong(f"{what}: {actual!r}, expected {wanted!r}")


def item(data, at=0):
    """One RLP item: its content (bytes or a list) and where it ends."""
    kind = data[at]
    if kind < 0x80:
        return data[at : at + 1], at + 1
    base = 0xC0 if kind >= 0xC0 else 0x80
    size, start = kind - base, at + 1
    if size > 55:
        start += size - 55
        size = int.from_bytes(data[at + 1 : start], "big")
    if base == 0x80:
        return data[start : start + size], start + size
    found, end = [], start + size
    while start < end:
        one, start = item(data, start)
        found.append(one)
    return found, end


def proven(root, key, nodes):
    """The value of the key, None where the proof shows absence; Wrong where it shows nothing."""
    if not nodes and root == raw(
        "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
    ):
        return None
    path = keccak256(key).hex()
    wanted_node, nodes = root, list(nodes)
    while wanted_node != b"":
        if isinstance(wanted_node, bytes):
            encoded = raw(nodes.pop(0)) if nodes else b""
            if keccak256(encoded) != wanted_node:
                raise Wrong("a node that does not hash to its name")
            node = item(encoded)[0]
        else:
            node = wanted_node
        if len(node) == 17:
            wanted_node, path = node[int(path[0], 16)], path[1:]
            continue
        part = node[0].hex()
        odd, leaf = int(part[0]) % 2, int(part[0]) >= 2
        part = part[1:] if odd else part[2:]
        if leaf:
            return node[1] if part == path else None
        if not path.startswith(part):
            return None
        wanted_node, path = node[1], path[len(part) :]
    if nodes:
        raise Wrong("nodes left over")
    return None


def judge_proof(block, proof):
    """The values of the slots as proven under the block's hash; None where something does not fit."""
    same(header_hash(block), block["hash"], "hash of the header")
    account = proven(raw(block["stateRoot"]), raw(proof["address"]), proof["accountProof"])
    if account is None:
        return None
    fields = item(account)[0]
    same(
        [text(one) for one in fields[2:]], [proof["storageHash"], proof["codeHash"]], "the account"
    )
    values = []
    for one in proof["storageProof"]:
        value = proven(fields[2], raw(one["key"]), one["proof"])
        value = int.from_bytes(item(value)[0], "big") if value else 0
        same(int(one["value"], 16), value, "value and proof")
        values.append(value)
    return values


def prove(rpc, facts, where="latest"):
    """Every slot of a family under one block."""
    block = rpc.call("eth_getBlockByNumber", where, False)
    at = {"blockHash": block["hash"]}
    found = {}
    for one in facts["pointers"] + facts["values"]:
        proof = rpc.call("eth_getProof", one["account"], [one["slot"]], at)
        found[one["account"], one["slot"]] = judge_proof(block, proof)[0]
    return found


def expected(facts):
    return {
        (one["account"], one["slot"]): int(one.get("value") or one["address"], 16)
        for one in facts["pointers"] + facts["values"]
    }
