"""What a mode of liar.py is: something done to a request, to its answer, or to the bytes of an answer."""

import threading

MODES = {}


class Reply:
    """An HTTP answer. `close` ends the connection after `body`; `pause_s` lies between its bytes."""

    def __init__(self, body=b"", status=200, headers=(), close=False, length=None, pause_s=0):
        self.body, self.status, self.headers = body, status, list(headers)
        self.close, self.pause_s = close, pause_s
        self.length = len(body) if length is None else length


class Mode:
    """NAME or NAME=VALUE, for every method or (NAME@METHOD) one.

    A mode has any of these: `reply` (an HTTP answer of its own, the node is not asked), `answer`
    (an answer of its own as JSON-RPC), `ask` (the request, before the node gets it), `alter` (the
    node's answer), `write` (the answer's bytes). Its documentation is its row in `liar.py --list`.
    """

    name = ""
    default = None  # of VALUE; None where the mode takes no value or needs one

    def __init__(self, liar, value, method):
        self.liar, self.method = liar, method
        self.value = self.default if value is None else value
        self.count = 0
        self.lock = threading.Lock()

    def __init_subclass__(cls):
        if cls.name:
            MODES[cls.name] = cls

    def tick(self):
        """How many requests this mode has seen, this one included."""
        with self.lock:
            self.count += 1
            return self.count

    def reply(self, request):
        return None

    def answer(self, request):
        return None

    def ask(self, request):
        return request

    def alter(self, request, message):
        return message

    def write(self, request, body):
        return body
