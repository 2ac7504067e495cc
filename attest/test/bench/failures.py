"""Modes of liar.py that fail: HTTP that breaks or refuses, errors, answers that are not JSON-RPC."""

import copy
import time

from .ethereum import text, word
from .modes import Mode, Reply

# HTTP


class Dead(Mode):
    """closes every connection without an answer"""

    name = "dead"

    def reply(self, request):
        return Reply(close=True, status=None)


class Slow(Mode):
    """answers only after VALUE milliseconds"""

    name = "slow"

    def reply(self, request):
        time.sleep(int(self.value) / 1000)


class Status(Mode):
    """answers with HTTP status VALUE and the right body"""

    name = "status"


class TooMany(Mode):
    """the first VALUE requests get 429 with Retry-After: 1, later ones are answered"""

    name, default = "429", "1"

    def reply(self, request):
        if self.tick() <= int(self.value):
            return Reply(
                b"slow down\n", 429, [("Retry-After", "1"), ("Content-Type", "text/plain")]
            )
        return None


class TooManyUntil(Mode):
    """429 for ever, with VALUE as Retry-After (seconds, a date, or anything)"""

    name, default = "429-until", "86400"

    def reply(self, request):
        return Reply(b"slow down\n", 429, [("Retry-After", self.value)])


class Unavailable(Mode):
    """the first VALUE requests get 503 without Retry-After, later ones are answered"""

    name, default = "503", "1000000"

    def reply(self, request):
        return Reply(b"<html>busy</html>", 503) if self.tick() <= int(self.value) else None


class Redirect(Mode):
    """sends elsewhere: 307 with VALUE as Location"""

    name = "redirect"

    def reply(self, request):
        return Reply(b"", 307, [("Location", self.value)])


class Drip(Mode):
    """sends the body one byte at a time, VALUE milliseconds apart"""

    name = "drip"


class ShortLength(Mode):
    """announces half of the body's length"""

    name = "short-length"


class LongLength(Mode):
    """announces ten bytes more than the body has, then closes"""

    name = "long-length"


# Errors in JSON-RPC


class Error(Mode):
    """every answer is the JSON-RPC error with code VALUE"""

    name, default = "error", "-32000"

    def answer(self, request):
        return {"error": {"code": int(self.value), "message": "as told"}}


class LimitExceeded(Mode):
    """the first VALUE requests get error -32005 with HTTP 200, later ones are answered"""

    name, default = "-32005", "1000000"

    def answer(self, request):
        if self.tick() <= int(self.value):
            return {"error": {"code": -32005, "message": "limit exceeded"}}
        return None


class InvalidRequest(Mode):
    """error -32600 with id null and HTTP 200"""

    name = "-32600"

    def answer(self, request):
        return {"id": None, "error": {"code": -32600, "message": "Invalid request"}}


class NoProof(Mode):
    """does not know eth_getProof: error -32601"""

    name = "no-proof"

    def answer(self, request):
        if request["method"] == "eth_getProof":
            return {
                "error": {
                    "code": -32601,
                    "message": "the method eth_getProof does not exist/is not available",
                }
            }
        return None


class ProofWindow(Mode):
    """refuses every eth_getProof as too far back: error -32602"""

    name = "proof-window"

    def answer(self, request):
        if request["method"] == "eth_getProof":
            message = "distance to target block exceeds maximum proof window"
            return {"error": {"code": -32602, "message": message}}
        return None


class NoObjects(Mode):
    """refuses blocks given as objects (EIP-1898), as ganache does"""

    name = "no-objects"

    def answer(self, request):
        if any(isinstance(one, dict) and "blockHash" in one for one in request["params"][1:]):
            message = 'Cannot wrap a "object" as a json-rpc type'
            return {"error": {"code": -32700, "message": message, "data": {"stack": "Error"}}}
        return None


class NoLogs(Mode):
    """refuses eth_getLogs over any range: error -32005"""

    name = "no-logs"

    def answer(self, request):
        if request["method"] == "eth_getLogs":
            return {"error": {"code": -32005, "message": "query returned more than 10000 results"}}
        return None


# Answers that are no JSON-RPC


def envelope(name, row, change):
    """A mode without a value that changes the answer as a dict."""

    def alter(self, request, message):
        change(message)
        return message

    type(name, (Mode,), {"name": name, "__doc__": row, "alter": alter})


def set_to(**members):
    return lambda message: message.update(copy.deepcopy(members))


def typed(value):
    """An answer with this as its result."""

    def change(message):
        message.pop("error", None)
        message["result"] = value

    return change


envelope("wrong-id", "the id is another number", lambda m: m.update(id=(m["id"] or 0) + 1))
envelope("text-id", "the id is a string", lambda m: m.update(id=str(m["id"])))
envelope("null-id", "the id is null", set_to(id=None))
envelope("no-id", "there is no id", lambda m: m.pop("id"))
envelope("no-version", "there is no jsonrpc member", lambda m: m.pop("jsonrpc"))
envelope("old-version", "jsonrpc is 1.0", set_to(jsonrpc="1.0"))
envelope("both", "a result and an error", set_to(error={"code": -32000, "message": "and an error"}))
envelope("null-error", "a result and the error null", set_to(error=None))
envelope("neither", "no result and no error", lambda m: (m.pop("result", 0), m.pop("error", 0)))
envelope(
    "bare-error", "the error is a string", lambda m: (m.pop("result", 0), m.update(error="no"))
)
envelope("extra", "a member that JSON-RPC does not know", set_to(more=1))
envelope("result-null", "the result is null", typed(None))
envelope("result-number", "the result is a number", typed(1))
envelope("result-bool", "the result is true", typed(True))
envelope("result-list", "the result is an empty list", typed([]))
envelope("result-object", "the result is an empty object", typed({}))
envelope("result-empty", "the result is an empty string", typed(""))
envelope("result-odd", "the result has an odd number of digits", typed("0x" + 63 * "0"))
envelope("result-unprefixed", "the result lacks 0x", typed(63 * "0" + "1"))
envelope("result-upper", "the result begins with 0X", typed("0X" + 63 * "0" + "1"))
envelope("result-no-hex", "the result has a letter that is no digit", typed("0x" + 63 * "0" + "g"))


class LeadingZeros(Mode):
    """numbers are written with leading zeros (0x07)"""

    name = "leading-zeros"

    def alter(self, request, message):
        if request["method"].startswith("eth_getBlockBy") and message.get("result"):
            block = message["result"]
            block["number"] = "0x0" + block["number"][2:]
        elif isinstance(message.get("result"), str) and request["method"] in (
            "eth_chainId",
            "eth_blockNumber",
        ):
            message["result"] = "0x0" + message["result"][2:]
        return message


# Answers that are no JSON


def body(name, row, change):
    """A mode without a value that changes the answer's bytes."""
    method = lambda self, request, content: change(content)  # noqa: E731
    type(name, (Mode,), {"name": name, "__doc__": row, "write": method})


MILLION = 1 << 20
body("empty", "the body is empty", lambda b: b"")
body("not-json", "the body is an HTML page", lambda b: b"<!doctype html><title>Welcome</title>")
body("cut", "the second half of the body is missing", lambda b: b[: len(b) // 2])
body("trailing", "another answer follows the first", lambda b: b + b)
body("listed", "the answer stands in a list", lambda b: b"[" + b + b"]")
body("bom", "a byte order mark stands first", lambda b: b"\xef\xbb\xbf" + b)
body("nul", "a NUL byte follows", lambda b: b + b"\0")
body("latin1", "a member that is not UTF-8", lambda b: b[:-1] + b',"x":"\xff"}')
body("escaped-nul", "a member that holds an escaped NUL", lambda b: b[:-1] + b',"x":"\\u0000"}')
body(
    "huge",
    "2 MiB of digits in another member",
    lambda b: b[:-1] + b',"x":"0x' + b"0" * (2 * MILLION) + b'"}',
)
body(
    "deep",
    "lists nested 100000 deep in another member",
    lambda b: b[:-1] + b',"x":' + b"[" * 100000 + b"]" * 100000 + b"}",
)
body(
    "many",
    "200000 values in another member",
    lambda b: b[:-1] + b',"x":[' + b"0," * 200000 + b"0]}",
)
body(
    "double-result",
    "two results: the first true, the second the node's",
    lambda b: b'{"result":"' + text(word(1)).encode() + b'",' + b[1:],
)
body("double-id", "two ids: the right one comes last", lambda b: b'{"id":4711,' + b[1:])
body(
    "double-case",
    "a member RESULT besides result",
    lambda b: b'{"RESULT":"' + text(word(1)).encode() + b'",' + b[1:],
)
