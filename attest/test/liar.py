#!/usr/bin/env python3
"""A JSON-RPC server before an honest node, which lies or fails as told.

usage: liar.py --node URL [--bind ADDRESS] [--chain FILE] [--ready FILE] [--log FILE] [MODE...]
       liar.py --list

MODE is NAME, NAME=VALUE or either with @METHOD behind it: for that method alone. Several are applied in
order. Without a mode the server is honest. It listens on a port that the kernel chooses at ADDRESS
(127.0.0.1; 127.0.0.2 and so on stand for other hosts), prints its URL and serves until it is ended, at
most 15 minutes. --ready gets the URL too, --log a line per request: its method. --chain is the chain.json
of chain.py.
"""

import argparse
import json
import os
import socketserver
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler

sys.dont_write_bytecode = True

from bench import failures  # noqa: F401 - its modes
from bench import lies  # noqa: F401
from bench.ethereum import Rpc
from bench.modes import MODES, Reply

LIFETIME_S = 900
REASONS = {200: "OK"}


class Liar(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, node, modes=(), bind="127.0.0.1", facts=None, log=None):
        super().__init__((bind, 0), Handler)
        self.upstream_url, self.upstream, self.facts, self.log = node, Rpc(node), facts, log
        self.modes = [self.mode(one) for one in modes]
        self.url = "http://%s:%d/" % self.server_address

    def mode(self, told):
        told, _, method = told.partition("@")
        name, equals, value = told.partition("=")
        return MODES[name](self, value if equals else None, method or None)

    def block(self, where):
        """The node's own block at a number, tag or EIP-1898 object."""
        if isinstance(where, dict):
            if "blockHash" in where:
                return self.upstream.call("eth_getBlockByHash", where["blockHash"], False)
            where = where["blockNumber"]
        return self.upstream.call("eth_getBlockByNumber", where, False)

    def start(self):
        """Serves in a thread: for tests in one process."""
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):  # a client that went away
            super().handle_error(request, client_address)

    def judge(self, body):
        """The reply to the body of a request."""
        try:
            request = json.loads(body)
            request.setdefault("params", [])
            method = request["method"]
        except (ValueError, AttributeError, KeyError):
            status, _, content = self.upstream.post(body)
            return Reply(content, status)
        if self.log:
            with open(self.log, "a", encoding="utf-8") as file:
                file.write(method + "\n")
        modes = [mode for mode in self.modes if mode.method in (None, method)]
        for mode in modes:
            reply = mode.reply(request)
            if reply:
                return reply
        return self.finish(modes, request, self.message(modes, request))

    def message(self, modes, request):
        message = None
        for mode in modes:
            message = message or mode.answer(request)
        if message is None:
            asked = json.loads(json.dumps(request))
            for mode in modes:
                asked = mode.ask(asked)
            message = json.loads(self.upstream.post(json.dumps(asked).encode())[2])
        message = {"jsonrpc": "2.0", "id": request.get("id"), **message}
        for mode in modes:
            message = mode.alter(request, message)
        return message

    @staticmethod
    def finish(modes, request, message):
        body = json.dumps(message).encode()
        for mode in modes:
            body = mode.write(request, body)
        reply = Reply(body)
        for mode in modes:
            if mode.name == "status":
                reply.status = int(mode.value)
            elif mode.name == "drip":
                reply.pause_s = int(mode.value) / 1000
            elif mode.name == "short-length":
                reply.length //= 2
            elif mode.name == "long-length":
                reply.length += 10
                reply.close = True
        return reply


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def log_message(self, format, *arguments):  # pylint: disable=redefined-builtin
        pass

    def do_GET(self):
        self.send(Reply(b"POST is wanted\n", 405))

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        self.send(self.server.judge(self.rfile.read(length)))

    def send(self, reply):
        self.close_connection = self.close_connection or reply.close
        if reply.status is None:
            return
        headers = reply.headers + [("Content-Length", str(reply.length))]
        if not any(name == "Content-Type" for name, _ in headers):
            headers.append(("Content-Type", "application/json"))
        head = f"HTTP/1.1 {reply.status} {REASONS.get(reply.status, 'As told')}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n"
        if not reply.pause_s:
            self.wfile.write(head.encode("latin-1") + reply.body)
            return
        self.wfile.write(head.encode("latin-1"))
        for byte in reply.body:
            time.sleep(reply.pause_s)
            self.wfile.write(bytes([byte]))


def main(arguments):
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1])
    parser.add_argument("--node")
    parser.add_argument("--bind", default="127.0.0.1")
    parser.add_argument("--chain")
    parser.add_argument("--ready")
    parser.add_argument("--log")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("modes", nargs="*")
    options = parser.parse_args(arguments)
    if options.list:
        for name, mode in sorted(MODES.items()):
            print(f"{name:18} {mode.__doc__}")
        return 0
    facts = None
    if options.chain:
        with open(options.chain, encoding="utf-8") as file:
            facts = json.load(file)
        options.node = options.node or facts["rpc"]
    liar = Liar(options.node, options.modes, options.bind, facts, options.log).start()
    print(liar.url, flush=True)
    if options.ready:
        with open(options.ready + ".new", "w", encoding="utf-8") as file:
            file.write(liar.url + "\n")
        os.rename(options.ready + ".new", options.ready)
    time.sleep(LIFETIME_S)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(0)
