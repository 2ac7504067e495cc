"""Modes of liar.py that lie: well-formed answers that are not true."""

import json

from .ethereum import header_hash, reorganise, text, word
from .forge import Forgery
from .modes import Mode

POINTERS = ("0xd80a4c28",)  # espressoNitroTEEVerifier()
TAGS = ("latest", "safe", "finalized", "pending")

# Lies


class Result(Mode):
    """every result is VALUE, a JSON text"""

    name = "result"

    def answer(self, request):
        return {"result": json.loads(self.value)}


class ChainId(Mode):
    """says that the chain is number VALUE"""

    name, default = "chain-id", "1"

    def answer(self, request):
        if request["method"] == "eth_chainId":
            return {"result": hex(int(self.value))}
        return {"result": self.value} if request["method"] == "net_version" else None


class Syncing(Mode):
    """says that it is still syncing"""

    name = "syncing"

    def answer(self, request):
        if request["method"] == "eth_syncing":
            return {
                "result": {"startingBlock": "0x0", "currentBlock": "0x1", "highestBlock": "0x100"}
            }
        return None


class Stale(Mode):
    """knows nothing of the newest VALUE blocks"""

    name, default = "stale", "3"

    def place(self, where):
        if where not in TAGS:
            return where
        block = self.liar.upstream.call("eth_getBlockByNumber", where, False)
        return hex(max(0, int(block["number"], 16) - int(self.value)))

    def ask(self, request):
        where = 0 if request["method"] == "eth_getBlockByNumber" else -1
        if request["params"]:
            request["params"][where] = self.place(request["params"][where])
        return request

    def alter(self, request, message):
        if request["method"] == "eth_blockNumber":
            message["result"] = hex(int(message["result"], 16) - int(self.value))
        return message


class Blocks(Mode):
    """Shared by modes that alter blocks."""

    def alter(self, request, message):
        if request["method"].startswith("eth_getBlockBy") and message.get("result"):
            self.change(message["result"])
        return message

    def change(self, block):
        raise NotImplementedError


class BlockHash(Blocks):
    """another hash for every block, which is not that of its fields"""

    name = "block-hash"

    def change(self, block):
        block["hash"] = block["hash"][:-1] + ("1" if block["hash"][-1] == "0" else "0")


class Header(Blocks):
    """FIELD:JSON in VALUE: that field of every header, and the hash that the header then has"""

    name, default = "header", 'extraData:"0x6c696172"'

    def change(self, block):
        field, _, value = self.value.partition(":")
        block[field] = json.loads(value)
        block["hash"] = header_hash(block)


class HeaderRaw(Blocks):
    """FIELD:JSON in VALUE: that field of every header, the hash kept; without JSON it is left out"""

    name = "header-raw"

    def change(self, block):
        field, _, value = self.value.partition(":")
        if value:
            block[field] = json.loads(value)
        else:
            del block[field]


class Registered(Mode):
    """every bool that a contract returns is VALUE, true or false"""

    name, default = "registered", "true"

    def alter(self, request, message):
        if request["method"] == "eth_call" and message.get("result") in (
            text(word(0)),
            text(word(1)),
        ):
            message["result"] = text(word(int(self.value == "true")))
        return message


class Call(Mode):
    """SELECTOR:RESULT in VALUE: calls with that selector give that result, all hexadecimal with 0x"""

    name = "call"

    def answer(self, request):
        selector, _, result = self.value.partition(":")
        if request["method"] == "eth_call":
            data = request["params"][0].get("data") or request["params"][0].get("input", "")
            if data.startswith(selector):
                return {"result": result}
        return None


class Pointer(Mode):
    """an outer contract names VALUE as its inner one (by eth_call; storage and proofs are as they are)"""

    name = "pointer"

    def answer(self, request):
        if request["method"] == "eth_call" and request["params"][0].get("data") in POINTERS:
            return {"result": text(word(self.value))}
        return None


class Follow(Mode):
    """FROM:TO in VALUE, addresses: whatever is asked of FROM is answered about TO"""

    name = "follow"

    def ask(self, request):
        source, _, target = self.value.partition(":")
        request = json.loads(json.dumps(request).replace(source, target))
        return request


class Code(Mode):
    """every account's code is VALUE"""

    name, default = "code", "0x"

    def alter(self, request, message):
        if request["method"] == "eth_getCode" and "result" in message:
            message["result"] = self.value
        return message


class Storage(Mode):
    """every value in eth_getStorageAt and, against its own proof, in eth_getProof is VALUE"""

    name, default = "storage", "0x1"

    def alter(self, request, message):
        if request["method"] == "eth_getStorageAt" and "result" in message:
            message["result"] = text(word(self.value))
        if request["method"] == "eth_getProof" and "result" in message:
            for one in message["result"]["storageProof"]:
                one["value"] = self.value
        return message


class Proofs(Mode):
    """Shared by modes that alter proofs."""

    def alter(self, request, message):
        if request["method"] == "eth_getProof" and "result" in message:
            self.change(message["result"])
        return message

    def change(self, proof):
        raise NotImplementedError


class ProofBit(Proofs):
    """one bit of the last node of each storage proof (of the account proof where there is none) is changed"""

    name = "proof-bit"

    def change(self, proof):
        parts = [one["proof"] for one in proof["storageProof"]] or [proof["accountProof"]]
        for nodes in parts:
            if nodes:
                nodes[-1] = nodes[-1][:-1] + hex(int(nodes[-1][-1], 16) ^ 1)[2:]


class ProofCut(Proofs):
    """the last node of each storage proof and of the account proof is left out"""

    name = "proof-cut"

    def change(self, proof):
        for nodes in [one["proof"] for one in proof["storageProof"]] + [proof["accountProof"]]:
            del nodes[-1:]


class ProofAccount(Proofs):
    """FIELD:JSON in VALUE: that field of every account that is proven"""

    name = "proof-account"

    def change(self, proof):
        field, _, value = self.value.partition(":")
        proof[field] = json.loads(value)


class ProofSwap(Proofs):
    """the storage proofs stand in reverse order"""

    name = "proof-swap"

    def change(self, proof):
        proof["storageProof"].reverse()


class Forge(Mode):
    """invents blocks and consistent proofs in which family VALUE has `image` registered; needs --chain"""

    name, default = "forge", "espresso-v7"

    def __init__(self, liar, value, method):
        super().__init__(liar, value, method)
        self.forgery = Forgery(liar.upstream_url, liar.facts["families"][self.value])

    def answer(self, request):
        method, params = request["method"], request["params"]
        if method == "eth_getProof":
            where = self.forgery.real_place(params[2])
            block = self.liar.block(where)
            return {"result": self.forgery.proof(params[0], params[1], block["number"])}
        if method == "eth_getBlockByHash" and params[0] in self.forgery.numbers:
            real = self.liar.block(self.forgery.numbers[params[0]])
            return {"result": self.forgery.block(real)}
        return None

    def ask(self, request):
        request["params"] = [self.forgery.real_place(one) for one in request["params"]]
        return request

    def alter(self, request, message):
        if request["method"] == "eth_getBlockByNumber" and message.get("result"):
            message["result"] = self.forgery.block(message["result"])
        return Registered(self.liar, "true", None).alter(request, message)


class Reorg(Mode):
    """before request VALUE (from 1) the node's last 6 blocks are replaced by others"""

    name, default = "reorg", "3"

    def ask(self, request):
        if self.tick() == int(self.value):
            reorganise(self.liar.upstream, 6)
        return request


class Turncoat(Mode):
    """honest until request VALUE (from 1), then every bool is true"""

    name, default = "turncoat", "3"

    def alter(self, request, message):
        if self.tick() >= int(self.value):
            return Registered(self.liar, "true", None).alter(request, message)
        return message
