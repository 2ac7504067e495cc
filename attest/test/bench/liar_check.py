"""What holds of the answers of each mode of liar.py."""

import http.client
import json
import time

from .ethereum import Rpc, eth_call, header_hash, text, word
from liar import Liar  # beside this folder
from .modes import MODES
from .proof_reader import Wrong, expected, judge_proof, prove, same

TRUE, FALSE = text(word(1)), text(word(0))
W1 = text(word(1))[2:]
ALL_BOOLS = (
    "espresso-v7",
    "espresso-v6",
    "espresso-v5",
    "espresso-v4",
    "espresso-v1",
    "worldchain",
)


def is_error(code):
    return lambda one: one.message().get("error", {}).get("code") == code


def result(value):
    return lambda one: one.message().get("result") == value


def raises(kind):
    def look(one):
        try:
            one.answer()
        except kind:
            return True
        return False

    return look


def not_json(one):
    try:
        json.loads(one.content())
    except (ValueError, RecursionError):
        return True
    return False


def lacks(name):
    return lambda one: name not in one.message()


def has(**members):
    return lambda one: all(one.message()[name] == value for name, value in members.items())


def twice(name):
    return lambda one: one.content().count(b'"%s":' % name.encode()) == 2


def wrong(told):
    """The proofs of a family do not hold."""

    def look(one):
        try:
            prove(one.rpc, one.family)
        except Wrong as error:
            return told in str(error)
        return False

    return look


def block_of(one, where="latest"):
    return one.rpc.call("eth_getBlockByNumber", where, False)


class Asked:
    """A server with these modes, and what its answers are."""

    def __init__(self, chain, liar, method, params):
        self.chain, self.rpc = chain, Rpc(liar.url, timeout=20)
        self.family = chain.facts["families"]["espresso-v7"]
        self.request = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}

    def answer(self):
        return self.rpc.post(json.dumps(self.request).encode())

    def content(self):
        return self.answer()[2]

    def message(self):
        return json.loads(self.content())

    def statuses(self, count):
        return [self.answer()[0] for _ in range(count)]


def rows(chain):
    """Mode, method and params of a request, and what must hold of the answer."""
    facts = chain.facts["families"]["espresso-v7"]
    registry, inner = facts["address"], facts["accounts"]["inner"]
    other = chain.family("espresso-v7").query(chain.image("other"))
    head = int(chain.rpc.call("eth_blockNumber"), 16)
    call = ("eth_call", [{"to": registry, "data": text(other)}, "latest"])
    asked = ("eth_chainId", [])
    block = ("eth_getBlockByNumber", ["latest", False])
    proof = ("eth_getProof", [registry, [facts["values"][0]["slot"]], "latest"])
    true = 32 * "ab"
    yield "dead", asked, raises(http.client.HTTPException)
    yield "slow=300", asked, lambda one: -time.monotonic() + (one.answer(), time.monotonic())[
        1
    ] >= 0.3
    yield (
        "drip=5",
        asked,
        lambda one: -time.monotonic() + (one.answer(), time.monotonic())[1] >= 0.15,
    )
    yield "status=500", asked, lambda one: one.answer()[0] == 500 and one.message()[
        "result"
    ] == "0x7a69"
    yield "429=2", asked, lambda one: one.statuses(3) == [429, 429, 200]
    yield "429", asked, lambda one: one.answer()[1]["Retry-After"] == "1" and one.message()[
        "result"
    ]
    yield "429-until=tomorrow", asked, lambda one: one.answer()[1]["Retry-After"] == "tomorrow"
    yield "503=1", asked, lambda one: one.statuses(2) == [503, 200]
    yield "redirect=http://127.0.0.3:1/", asked, lambda one: one.answer()[1][
        "Location"
    ] == "http://127.0.0.3:1/"
    yield "short-length", asked, not_json
    yield "long-length", asked, raises(http.client.IncompleteRead)
    yield "error=-32603", asked, is_error(-32603)
    yield "-32005=1", asked, lambda one: is_error(-32005)(one) and result("0x7a69")(one)
    yield "-32600", asked, lambda one: is_error(-32600)(one) and has(id=None)(one) and one.answer()[
        0
    ] == 200
    yield "no-proof", proof, is_error(-32601)
    yield "proof-window", proof, is_error(-32602)
    yield "no-objects", (
        call[0],
        [call[1][0], {"blockHash": block_of_chain(chain)["hash"]}],
    ), is_error(-32700)
    yield "no-logs", ("eth_getLogs", [{"fromBlock": "0x0"}]), is_error(-32005)
    yield 'result="0x2"', asked, result("0x2")
    yield "chain-id=1", asked, result("0x1")
    yield "chain-id=10", ("net_version", []), result("10")
    yield "syncing", ("eth_syncing", []), lambda one: one.message()["result"]["highestBlock"]
    yield "stale=2", ("eth_blockNumber", []), result(hex(head - 2))
    yield "stale=2", block, lambda one: one.message()["result"]["number"] == hex(head - 2)
    yield "block-hash", block, lambda one: header_hash(block_of(one)) != block_of(one)[
        "hash"
    ] != block_of_chain(chain)["hash"]
    yield "header", block, lambda one: header_hash(block_of(one)) == block_of(one)[
        "hash"
    ] != block_of_chain(chain)["hash"]
    yield 'header=timestamp:"0x1"', block, lambda one: block_of(one)["timestamp"] == "0x1"
    yield "header-raw=requestsHash", block, lambda one: "requestsHash" not in block_of(one)
    yield 'header-raw=timestamp:"0x1"', block, lambda one: block_of(one)["hash"] == block_of_chain(
        chain
    )["hash"]
    yield "registered", call, result(TRUE)
    yield "registered=false", (
        call[0],
        [{"to": registry, "data": facts["query"]}, "latest"],
    ), result(FALSE)
    yield f"call=0x3cbe6803:0x{true}", call, result("0x" + true)
    yield f"pointer=0x{20 * 'ab'}", (
        call[0],
        [{"to": registry, "data": "0xd80a4c28"}, "latest"],
    ), result(text(word("0x" + 20 * "ab")))
    yield f"follow={registry}:{inner}", ("eth_getCode", [registry, "latest"]), result(
        chain.rpc.call("eth_getCode", inner, "latest")
    )
    yield "code=0x00", ("eth_getCode", [registry, "latest"]), result("0x00")
    yield "storage=0x5", ("eth_getStorageAt", [inner, "0x2", "latest"]), result(text(word(5)))
    yield "storage=0x5", proof, wrong("value and proof")
    yield "proof-bit", proof, wrong("does not hash")
    yield "proof-cut", proof, wrong("does not hash")
    yield f'proof-account=codeHash:"0x{true}"', proof, wrong("the account")
    two = ("eth_getProof", [inner, [text(word(1)), text(word(2))], "latest"])
    yield "proof-swap", two, lambda one: int(
        one.message()["result"]["storageProof"][0]["key"], 16
    ) == 2
    yield "turncoat=2", call, lambda one: [one.message()["result"] for _ in range(2)] == [
        FALSE,
        TRUE,
    ]
    yield "reorg=2", block, lambda one: [
        header_hash(block_of(one)) == block_of_chain(chain)["hash"] for _ in range(3)
    ] and reorganised(one)
    for name in ALL_BOOLS:
        yield f"forge={name}", asked, forged(name)
    yield "forge=generic-bytes32", asked, forged("generic-bytes32")
    yield "wrong-id", asked, has(id=8)
    yield "text-id", asked, has(id="7")
    yield "null-id", asked, has(id=None)
    yield "no-id", asked, lacks("id")
    yield "no-version", asked, lacks("jsonrpc")
    yield "old-version", asked, has(jsonrpc="1.0")
    yield "both", asked, lambda one: {"result", "error"} <= one.message().keys()
    yield "null-error", asked, has(error=None, result="0x7a69")
    yield "neither", asked, lambda one: not {"result", "error"} & one.message().keys()
    yield "bare-error", asked, has(error="no")
    yield "extra", asked, has(more=1)
    for name, value in {
        "null": None, "number": 1, "bool": True, "list": [], "object": {}, "empty": "", "odd": "0x" + 63 * "0",
        "unprefixed": W1, "upper": "0X" + W1, "no-hex": "0x" + 63 * "0" + "g",
    }.items():  # fmt: skip
        yield f"result-{name}", call, has(result=value)
    yield "leading-zeros", asked, result("0x07a69")
    yield "empty", asked, lambda one: one.content() == b""
    yield "not-json", asked, not_json
    yield "cut", asked, not_json
    yield "trailing", asked, not_json
    yield "listed", asked, lambda one: isinstance(one.message(), list)
    yield "bom", asked, lambda one: one.content()[:3] == b"\xef\xbb\xbf"
    yield "nul", asked, lambda one: one.content()[-1] == 0
    yield "latin1", asked, lambda one: b"\xff" in one.content()
    yield "escaped-nul", asked, lambda one: b"\\u0000" in one.content() and one.message()[
        "x"
    ] == "\0"
    yield "huge", asked, lambda one: len(one.content()) > 2 << 20
    yield "deep", asked, not_json  # too deep for Python
    yield "many", asked, lambda one: len(one.message()["x"]) == 200001
    yield "double-result", call, lambda one: twice("result")(one) and has(result=FALSE)(one)
    yield "double-id", asked, lambda one: twice("id")(one) and has(id=7)(one)
    yield "double-case", call, has(RESULT=TRUE, result=FALSE)
    yield "wrong-id@eth_call", asked, has(id=7)
    yield "wrong-id@eth_call", call, has(id=8)


def block_of_chain(chain, where="latest"):
    return chain.rpc.call("eth_getBlockByNumber", where, False)


def reorganised(one):
    """The mode above counted three requests: the block before the second is gone now."""
    return (
        one.chain.rpc.message("eth_getBlockByHash", one.before["hash"], False).get("result") is None
    )


def forged(name):
    """Everything fits, `image` is registered, and no honest node knows the block. It is not, really."""

    def look(one):
        facts = one.chain.facts["families"][name]
        block = block_of(one)
        if (
            one.chain.rpc.message("eth_getBlockByHash", block["hash"], False).get("result")
            is not None
        ):
            return False
        same(prove(one.rpc, facts), expected(facts), f"forged {name}")
        at = {"blockHash": block["hash"]}
        same(
            one.rpc.call("eth_getBlockByHash", block["hash"], False), block, "the block by its hash"
        )
        same(
            judge_proof(block, one.rpc.call("eth_getProof", "0x" + 40 * "9", [], at)),
            None,
            "no account",
        )
        if name != "generic-bytes32":
            same(eth_call(one.rpc, facts["address"], facts["query"], at), TRUE, "the call")
        return True

    return look


def check_lies(chain):
    """Each mode has a row, and does what the row says."""
    for name in (*ALL_BOOLS, "generic-bytes32"):
        if name != "espresso-v7":
            chain.family(name).set(chain.image("image"), False)  # so that only the forgery has it
    done = set()
    for mode, (method, params), holds in rows(chain):
        liar = Liar(chain.facts["rpc"], [mode], "127.0.0.2", chain.facts).start()
        asked = Asked(chain, liar, method, params)
        asked.before = block_of_chain(chain)
        if not holds(asked):
            raise Wrong(f"{mode}: {asked.message()}")
        done.add(liar.modes[0].name)
    same(sorted(MODES.keys() - done), [], "modes without a row")
