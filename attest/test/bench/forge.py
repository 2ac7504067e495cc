"""An invented block: the node's own, over a state of our making in which an image is registered."""

from .ethereum import Rpc, Trie, header_hash, number_bytes, raw, rlp, text


class Forgery:
    """Headers and proofs that agree with each other under hashes that no honest node knows.

    The invented state holds the contracts of one family alone, with their real nonces, balances, code hashes
    and pointers; only the slots that tell of a registration have the values they would have with it.
    """

    def __init__(self, upstream, facts):
        self.rpc = Rpc(upstream)
        self.wanted = {(one["account"], one["slot"]): one["value"] for one in facts["values"]}
        self.slots = {}
        for one in facts["pointers"] + facts["values"]:
            self.slots.setdefault(one["account"], []).append(one["slot"])
        for account in facts["accounts"].values():
            self.slots.setdefault(account, [])
        self.states = {}
        self.numbers = {}  # by invented hash

    def state(self, number):
        """The account trie, its accounts as nodes tell them, and their storage, at a block."""
        if number not in self.states:
            accounts, storage, leaves = {}, {}, {}
            for address, slots in self.slots.items():
                account = self.rpc.call("eth_getProof", address, slots, number)
                values = {one["key"]: one["value"] for one in account["storageProof"]}
                values.update(
                    {
                        slot: self.wanted[address, slot]
                        for slot in slots
                        if (address, slot) in self.wanted
                    }
                )
                values = {
                    raw(slot): int(value, 16) for slot, value in values.items() if int(value, 16)
                }
                trie = Trie({slot: rlp(number_bytes(value)) for slot, value in values.items()})
                account["storageHash"] = text(trie.root)
                accounts[address], storage[address] = account, (trie, values)
                leaves[raw(address)] = rlp(
                    [
                        number_bytes(int(account["nonce"], 16)),
                        number_bytes(int(account["balance"], 16)),
                        trie.root,
                        raw(account["codeHash"]),
                    ]
                )
            self.states[number] = Trie(leaves), accounts, storage
        return self.states[number]

    def block(self, real):
        """The block that stands in for a real one."""
        block = {**real, "stateRoot": text(self.state(real["number"])[0].root)}
        block["hash"] = header_hash(block)
        self.numbers[block["hash"]] = block["number"]
        return block

    def real_place(self, where):
        """A block parameter as the node knows it."""
        if isinstance(where, dict) and where.get("blockHash") in self.numbers:
            return self.numbers[where["blockHash"]]
        return where

    def proof(self, address, slots, number):
        trie, accounts, storage = self.state(number)
        known = accounts.get(address.lower())
        answer = {
            "address": address,
            "accountProof": [text(node) for node in trie.prove(raw(address))],
            **{name: known[name] if known else default for name, default in ABSENT.items()},
            "storageProof": [],
        }
        kept, values = storage.get(address.lower(), (Trie({}), {}))
        for slot in slots:
            value = values.get(raw(slot), 0)
            nodes = [text(node) for node in kept.prove(raw(slot))]
            answer["storageProof"].append({"key": slot, "value": hex(value), "proof": nodes})
        return answer


ABSENT = {
    "balance": "0x0",
    "codeHash": "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
    "nonce": "0x0",
    "storageHash": "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
}
