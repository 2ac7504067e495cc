#!/usr/bin/env python3
"""enclaves.py DIR: enclaves for the tests of `check`, in each family's own shape, good ones and bad ones.

They sign documents under the test root of testvectors/, now and with the nonce that is asked for. Makes keys and
certificates in DIR, listens on ports that the kernel chooses, prints one line `NAME PORT` for each server and
then `ready`, and ends when its standard input does. Requests are written to DIR/requests, one line each.

    plain     http on 127.0.0.1; its documents name DIR/behind.pem, for a proxy that ends TLS before it
    plain6    the same on ::1, when the machine has it
    tls       https with a certificate that DIR/ca.pem issued for localhost
    rsa       the same with an RSA key
    own       https with a certificate of its own, as enclaves make one when they start
    imposter  https with another certificate of its own, and the documents of `own`

The path is the family's; before it may stand a fault, as in /replay/enclave/attestation: see FAULTS.
"""
import base64
import gzip
import hashlib
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.environ["TOP"], "testvectors"))
from gen import basics, cbor, document, ec, pki  # noqa: E402

DIR = sys.argv[1]
NOW = int(time.time())
LOCK = threading.Lock()
# The generator of secp256k1 (SEC 2, section 2.4.1): the key of the signer 0x7e5f4552091a69125d5dfcb7b8c2659029395bdf.
SIGNER_KEY = bytes.fromhex(
    "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
)


# --- documents ---------------------------------------------------------------------------------


def valid_now(fields):
    fields["not_before"] = pki.utc_time(NOW - 1800)
    fields["not_after"] = pki.utc_time(NOW + 9000)


CHAIN = pki.chain((pki.ROOT, pki.LEAF), root=basics.root(), change={pki.LEAF: valid_now})


def optional(value):
    return cbor.NULL if value is None else cbor.bstr(value)


def make(nonce=None, user_data=None, public_key=None, age=0, image=document.IMAGE, **change):
    """A document of the test image, `age` seconds old."""
    return document.make(
        CHAIN,
        timestamp=cbor.uint(int((time.time() - age) * 1000)),
        pcrs=document.pcr_map(image),
        nonce=optional(nonce),
        user_data=optional(user_data),
        public_key=optional(public_key),
        **change,
    )


# --- certificates of connections ---------------------------------------------------------------


def openssl(*args):
    subprocess.run(["openssl", *args], cwd=DIR, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def certificate(name, issuer=None, key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), hosts="DNS:localhost,IP:127.0.0.1"):
    more = ["-CA", "ca.pem", "-CAkey", "ca.key"] if issuer else []
    kind = ["-addext", "basicConstraints=critical,CA:%s" % ("TRUE" if name == "ca" else "FALSE")]
    if name != "ca":
        kind += ["-addext", "subjectAltName=" + hosts, "-addext", "extendedKeyUsage=serverAuth"]
    openssl("req", "-x509", "-new", "-newkey", *key, "-nodes", "-days", "2", "-subj", "/CN=" + name,
            "-keyout", name + ".key", "-out", name + ".pem", *kind, *more)


def der_of(name):
    with open(os.path.join(DIR, name + ".pem"), encoding="ascii") as file:
        return ssl.PEM_cert_to_DER_cert(file.read())


def spki_of(name):
    pem = subprocess.run(["openssl", "x509", "-in", name + ".pem", "-noout", "-pubkey"], cwd=DIR, check=True,
                         stdout=subprocess.PIPE).stdout.decode()
    return base64.b64decode("".join(pem.split("\n")[1:-2]))


def make_certificates():
    certificate("ca")
    certificate("tls", "ca")
    certificate("behind", "ca")
    certificate("rsa", "ca", key=("rsa:2048",))
    certificate("own", hosts="DNS:enclave.example")
    certificate("imposter", hosts="DNS:enclave.example")


# --- what an enclave answers -------------------------------------------------------------------


class Refused(Exception):
    """The request is not of the family's shape: status 400 and this text."""


class Answer:
    def __init__(self, body, media, status=200, headers=()):
        self.status, self.media, self.body, self.headers = status, media, body, list(headers)


def hex_nonce(query, length=None):
    if list(query) != ["nonce"] or len(query["nonce"]) != 1 or not re.fullmatch("([0-9a-f]{2})+", query["nonce"][0]):
        raise Refused("nonce, in hex, is needed, and nothing else")
    nonce = bytes.fromhex(query["nonce"][0])
    if length is not None and len(nonce) != length:
        raise Refused("a nonce of %d bytes is needed" % length)
    return nonce


def need(condition, text):
    if not condition:
        raise Refused(text)


def odyn(ask):
    need(ask.method == "POST" and not ask.query, "POST only")
    value = json.loads(ask.body)
    need(list(value) == ["nonce"], "one nonce only")
    return Answer(ask.make(base64.b64decode(value["nonce"], validate=True)), "application/cbor")


def nitriding(ask):
    need(ask.method == "GET" and not ask.body, "GET only")
    names = b"\x12\x20" + hashlib.sha256(ask.der).digest() + b"\x12\x20" + bytes(32)
    made = ask.make(hex_nonce(ask.query, 20), names, b"dummy")
    return Answer(base64.b64encode(made) + b"\n", "text/plain; charset=utf-8")


def oyster(ask):
    need(ask.method == "GET" and not ask.body, "GET only")
    if ask.path.startswith("/custom/"):
        made = ask.make(hex_nonce(ask.query), b"", bytes(32))
    else:
        need(not ask.query, "no parameters")
        made = ask.make(None, b"", bytes(64))
    if ask.path.endswith("/hex"):
        return Answer(made.hex().encode(), "text/plain; charset=utf-8")
    return Answer(made, "application/octet-stream")


def nautilus(ask):
    need(ask.method == "GET" and not ask.query and not ask.body, "GET only")
    return Answer(json.dumps({"attestation": ask.make(None, None, bytes(range(32))).hex()}).encode(), "application/json")


def tinfoil(ask):
    need(ask.method == "GET" and not ask.query and not ask.body, "GET only")
    made = ask.make(None, hashlib.sha256(ask.der).digest())
    if ask.fault == "compressed":
        made = gzip.compress(made)
    kind = "sev-snp-guest" if ask.fault == "platform" else "aws-nitro-enclave"
    body = {"format": "https://tinfoil.sh/predicate/%s/v1" % kind, "body": base64.b64encode(made).decode()}
    return Answer(json.dumps(body).encode(), "application/json", 201)


def evervault(ask):
    need(ask.method == "GET" and not ask.query and not ask.body, "GET only")
    made = ask.make(os.urandom(256), ask.spki)
    return Answer(json.dumps({"attestation_doc": base64.b64encode(made).decode()}).encode(), "application/json")


def sequence(ask):
    nonce = ask.headers.get("X-Attestation-Nonce", "")
    need(re.fullmatch(r"[A-Za-z0-9._/+=-]{1,32}", nonce), "X-Attestation-Nonce is wrong")
    body = b'{"ok":true}'
    over = b"%s %s\n%s\n%s" % (ask.method.encode(), ask.raw_path.encode(), ask.body, body)
    signed = b"Sequence/1:" + base64.b64encode(hashlib.sha256(over).digest())
    value = base64.b64encode(ask.make(nonce.encode(), signed)).decode()
    headers = [("X-Attestation-Document", value)]
    if ask.fault == "twice":
        headers += headers
    if ask.fault == "none":
        headers = []
    if ask.fault == "otherbody":
        body += b" "
    return Answer(body, "application/json", headers=headers)


def generic(ask):
    """GET or POST; the nonce in hex or base64; the document where ?in= says."""
    where = ask.query.pop("in", ["raw"])[0]
    if ask.method == "POST":
        nonce = base64.b64decode(json.loads(ask.body)["challenge"], validate=True)
    elif "b" in ask.query:
        nonce = base64.b64decode(ask.query["b"][0], validate=True)
    else:
        nonce = bytes.fromhex(ask.query["n"][0]) if "n" in ask.query else None
    made = ask.make(nonce)
    if where == "json":
        body = {"result": [{"a/b": 1}, {"the~doc": base64.b64encode(made).decode()}]}
        return Answer(json.dumps(body).encode(), "application/json")
    if where == "header":
        return Answer(b"see the header", "text/plain", headers=[("X-Doc", made.hex())])
    if where == "hex":
        return Answer(made.hex().encode() + b"\n", "text/plain")
    if where == "base64":
        return Answer(base64.urlsafe_b64encode(made).rstrip(b"="), "text/plain")
    return Answer(made, "application/octet-stream")


def auto(ask):
    made = ask.make(hex_nonce(ask.query))
    text = base64.b64encode(made).decode()
    bodies = {
        "/auto/raw": made,
        "/auto/hex": made.hex().encode(),
        "/auto/base64": text.encode() + b"\r\n",
        "/auto/attestation": json.dumps({"attestation": made.hex()}).encode(),
        "/auto/attestation_doc": json.dumps({"attestation_doc": text}).encode(),
        "/auto/document": json.dumps({"document": text, "more": 1}).encode(),
        "/auto/body": json.dumps({"body": text}).encode(),
        "/auto/several": json.dumps({"body": text, "document": text}).encode(),
    }
    need(ask.path in bodies, "no such thing")
    return Answer(bodies[ask.path], "application/octet-stream")


FAMILIES = [
    ("/v1/attestation", odyn),
    ("/enclave/attestation", nitriding),
    ("/custom/attestation/", oyster),
    ("/attestation/", oyster),
    ("/get_attestation", nautilus),
    ("/.well-known/tinfoil-attestation", tinfoil),
    ("/.well-known/attestation", evervault),
    ("/sequence", sequence),
    ("/generic", generic),
    ("/auto/", auto),
]


# --- what goes wrong ---------------------------------------------------------------------------


def page(answer):
    return Answer(b"<html><body>Welcome</body></html>", "text/html")


def status500(answer):
    answer.status = 500
    return answer


def redirect(answer):
    return Answer(b"", "text/plain", 302, [("Location", "/attestation/raw")])


def compress(answer):
    answer.body = gzip.compress(answer.body)
    answer.headers.append(("Content-Encoding", "gzip"))
    return answer


def large(answer):
    answer.body = b"\x84" * (256 * 1024 + 1)
    return answer


def nothing(answer):
    answer.body = b""
    return answer


def html_type(answer):
    answer.media = "text/html"
    return answer


def twice(answer):
    answer.body += answer.body
    return answer


def no_document(answer):
    answer.body = b"\xa1" + answer.body[1:]
    return answer


def half(answer):
    answer.body = answer.body[: len(answer.body) // 2]
    return answer


def tampered(answer):
    """One byte of the signature at the end; in JSON before the closing characters."""
    i = len(answer.body) - 10
    answer.body = answer.body[:i] + (b"A" if answer.body[i : i + 1] != b"A" else b"B") + answer.body[i + 1 :]
    return answer


FAULTS = {
    "page": page,
    "status": status500,
    "redirect": redirect,
    "gzip": compress,
    "large": large,
    "empty": nothing,
    "html": html_type,
    "twice": twice,
    "other": no_document,
    "half": half,
    "tampered": tampered,
}
# These change what is signed: the nonce, the age, the text.
CHANGES = {
    "wrongnonce": lambda made: {**made, "nonce": bytes(len(made["nonce"] or b"1"))},
    "nononce": lambda made: {**made, "nonce": None},
    "old": lambda made: {**made, "age": 400},
    "future": lambda made: {**made, "age": -120},
    "userdata": lambda made: {**made, "user_data": b"something else"},
    "signer": lambda made: {**made, "public_key": SIGNER_KEY},
    "debug": lambda made: {**made, "image": dict.fromkeys(document.IMAGE, bytes(48))},
    "nodata": lambda made: {**made, "user_data": None},
}
# These are of the connection: see Handler.
CONNECTION = {"slow", "dribble", "cut", "early", "http10", "replay", "compressed", "platform", "none", "otherbody"}
KEPT = {}


class Ask:
    """A request, as far as families look at it."""

    def __init__(self, handler, fault, path, query, body):
        self.method, self.headers = handler.command, handler.headers
        self.fault, self.path, self.query, self.body = fault, path, query, body
        self.raw_path = urlsplit(handler.path).path
        name = handler.server.names
        self.der, self.spki = DER[name], SPKI[name]

    def make(self, nonce=None, user_data=None, public_key=None):
        made = {"nonce": nonce, "user_data": user_data, "public_key": public_key}
        return make(**CHANGES.get(self.fault, dict)(made))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        with LOCK, open(os.path.join(DIR, "requests"), "a", encoding="utf-8") as log:
            secret = self.headers.get("X-Secret", "-")
            log.write("%s %s %s secret=%s\n" % (self.server.name, self.command, self.path, secret))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urlsplit(self.path)
        fault, path = "", parts.path
        first = path.split("/")[1]
        if first in FAULTS or first in CHANGES or first in CONNECTION:
            fault, path = first, path[len(first) + 1 :]
        self.close_connection = True
        try:
            self.reply(fault, self.answer(fault, path, parse_qs(parts.query, keep_blank_values=True), body))
        except OSError:
            pass

    do_POST = do_GET
    do_PUT = do_GET

    def answer(self, fault, path, query, body):
        ask = Ask(self, fault, path, query, body)
        for start, family in FAMILIES:
            if not path.startswith(start):
                continue
            try:
                answer = family(ask)
            except (Refused, ValueError, KeyError, TypeError) as refusal:
                return Answer(str(refusal).encode(), "text/plain", 400)
            if fault == "replay":  # the first answer, for ever
                answer = KEPT.setdefault((self.server.name, path), answer)
            return FAULTS[fault](answer) if fault in FAULTS else answer
        return Answer(b"no such page", "text/plain", 404)

    def reply(self, fault, answer):
        if fault == "http10":
            self.protocol_version = "HTTP/1.0"
        if fault == "early":
            self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        if fault == "slow":
            time.sleep(30)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media)
        for header in answer.headers:
            self.send_header(*header)
        if fault != "http10":
            self.send_header("Content-Length", str(len(answer.body) + (10 if fault == "cut" else 0)))
        self.send_header("Connection", "close")
        self.end_headers()
        if fault == "dribble":
            for byte in answer.body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(0.05)
        self.wfile.write(answer.body)
        self.wfile.flush()


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


class Server6(Server):
    address_family = socket.AF_INET6


DER, SPKI = {}, {}


def start(name, names, context_of=None, kind=Server, host="127.0.0.1"):
    """A server; its documents name the certificate `names`."""
    server = kind((host, 0), Handler)
    server.name, server.names = name, names
    if context_of:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(DIR, context_of + ".pem"), os.path.join(DIR, context_of + ".key"))
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(name, server.server_address[1])


def main():
    make_certificates()
    for name in ("tls", "rsa", "own", "imposter", "behind"):
        DER[name], SPKI[name] = der_of(name), spki_of(name)
    start("plain", "behind")
    try:
        start("plain6", "behind", kind=Server6, host="::1")
    except OSError:
        pass
    start("tls", "tls", "tls")
    start("rsa", "rsa", "rsa")
    start("own", "own", "own")
    start("imposter", "own", "imposter")
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
