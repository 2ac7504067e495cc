"""Small starting points for the fuzz target rpc: a digit that chooses a question, then the answer to it."""

CALL, CODE, PROOF, STORAGE, LOGS = (bytes([n]) for n in range(5))
HEAD = b'{"jsonrpc":"2.0","id":1,'


def error(code, message, more=b""):
    return HEAD + b'"error":{"code":%d,"message":"%s"%s}}' % (code, message, more)


SEEDS = {
    "call": CALL + HEAD + b'"result":"0x' + b"0" * 63 + b'1"}',
    "call-empty": CALL + HEAD + b'"result":"0x"}',
    "call-odd": CALL + HEAD + b'"result":"0x0"}',
    "call-null": CALL + HEAD + b'"result":null}',
    "call-reverted": CALL + error(3, b"execution reverted: no", b',"data":"0x08c379a0"'),
    "call-out-of-gas": CALL + error(-32603, b"EVM error OutOfGas"),
    "call-ganache": CALL + error(-32000, b"VM Exception while processing transaction: revert", b',"data":{"stack":"x"}'),
    "call-limit": CALL + error(-32005, b"limit exceeded"),
    "call-unknown-block": CALL + error(-32001, b"Resource not found"),
    "code": CODE + HEAD + b'"result":"0x6000"}',
    "code-reverted": CODE + error(3, b"execution reverted"),
    "proof": PROOF + HEAD + b'"result":{"accountProof":["0xc0"],"storageProof":[{"key":"0x0","proof":[]}]}}',
    "proof-refused": PROOF + error(-32602, b"distance to target block exceeds maximum proof window"),
    "proof-no-method": PROOF + error(-32601, b"Method not found"),
    "storage": STORAGE + HEAD + b'"result":"0x' + b"ab" * 32 + b'"}',
    "logs": LOGS + HEAD + b'"result":[{"topics":["0x00"],"removed":false}]}',
    "id-other": CALL + b'{"jsonrpc":"2.0","id":2,"result":"0x"}',
    "id-text": CALL + b'{"jsonrpc":"2.0","id":"1","result":"0x"}',
    "id-twice": CALL + HEAD + b'"result":"0x","id":1}',
    "both": CALL + HEAD + b'"result":"0x","error":{"code":1,"message":""}}',
    "neither": CALL + b'{"jsonrpc":"2.0","id":1}',
    "control": CALL + error(-1, b"\\u001b[2J\\u202e"),
    "list": CALL + b"[" + HEAD + b'"result":"0x"}]',
    "html": CALL + b"<html>",
}


def add(vectors):
    for name, content in SEEDS.items():
        vectors.put(f"seeds/rpc/{name}", content)
