#!/usr/bin/env python3
"""recorded.py FOLDER READY: a JSON-RPC server that knows recorded exchanges and nothing else.

FOLDER holds files {"request": {...}, "response": {...}}; a request of the same method and parameters gets that
response, with its own id. Listens on 127.0.0.1 at a port that the kernel chooses, writes its URL to READY, and
ends after 15 minutes at the latest.
"""

import glob
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LIFETIME_S = 900
KNOWN = {}


def key_of(request):
    return json.dumps([request["method"], request.get("params", [])], sort_keys=True)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *arguments):  # pylint: disable=redefined-builtin
        pass

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        unknown = {"jsonrpc": "2.0", "error": {"code": -32601, "message": "this was not recorded"}}
        answer = {**KNOWN.get(key_of(request), unknown), "id": request["id"]}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(folder, ready):
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        with open(path, encoding="utf-8") as file:
            recorded = json.load(file)
        request = recorded.get("request") if isinstance(recorded, dict) else None
        if isinstance(request, dict) and isinstance(recorded.get("response"), dict):
            KNOWN.setdefault(key_of(request), recorded["response"])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with open(ready + ".new", "w", encoding="utf-8") as file:
        file.write("http://127.0.0.1:%d/\n" % server.server_address[1])
    os.rename(ready + ".new", ready)
    time.sleep(LIFETIME_S)


if __name__ == "__main__":
    main(*sys.argv[1:])
