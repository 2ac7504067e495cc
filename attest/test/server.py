#!/usr/bin/env python3
"""server.py DIR: the servers that the tests of attest/ talk to, good ones and faulty ones.

Makes keys and certificates in DIR, listens on ports that the kernel chooses, prints one line
`NAME PORT` for each server and then `ready`, and ends when its standard input does.
What a server does is told by the path of the request: see ANSWERS.
"""
import gzip
import os
import select
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

DIR = sys.argv[1]
PORTS = {}

CA_CONF = """
[ca]
default_ca = own
[own]
dir = .
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
[any]
commonName = optional
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[good]
subjectAltName = DNS:localhost, DNS:good.example, IP:127.0.0.1, IP:::1
extendedKeyUsage = serverAuth
[othername]
subjectAltName = DNS:other.example
extendedKeyUsage = serverAuth
[client]
subjectAltName = DNS:localhost, IP:127.0.0.1
extendedKeyUsage = clientAuth
[own_cert]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:enclave.example
"""


def openssl(*args):
    subprocess.run(["openssl", *args], cwd=DIR, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def certificate(name, extensions, days=None, issuer="ca"):
    """name.pem with name.key, by the CA, or by itself where issuer is None; days: two dates."""
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", "/CN=" + name, "-keyout", name + ".key", "-out", name + ".csr",
            "-config", "req.cnf")
    dates = ["-startdate", days[0], "-enddate", days[1]] if days else ["-days", "30"]
    signer = ["-cert", issuer + ".pem", "-keyfile", issuer + ".key"] if issuer else \
        ["-selfsign", "-keyfile", name + ".key"]
    openssl("ca", "-batch", "-config", "ca.cnf", "-extensions", extensions, "-notext",
            "-in", name + ".csr", "-out", name + ".pem", *dates, *signer)


def make_certificates():
    with open(os.path.join(DIR, "ca.cnf"), "w") as conf:
        conf.write(CA_CONF)
    with open(os.path.join(DIR, "req.cnf"), "w") as conf:
        conf.write("[req]\ndistinguished_name = dn\n[dn]\n")
    with open(os.path.join(DIR, "serial"), "w") as serial:
        serial.write("01\n")
    open(os.path.join(DIR, "index.txt"), "w").close()
    past = ("20200101000000Z", "20200102000000Z")
    certificate("ca", "root", issuer=None)
    certificate("otherca", "root", issuer=None)
    certificate("good", "good")
    certificate("othername", "othername")
    certificate("client", "client")
    certificate("expired", "good", days=past)
    certificate("future", "good", days=("20900101000000Z", "20910101000000Z"))
    certificate("own", "own_cert", issuer=None)
    certificate("ownexpired", "own_cert", days=past, issuer=None)


# --- answers -------------------------------------------------------------------------------------

COUNTS = {}
LOCK = threading.Lock()
BLOB = bytes(i * 7 % 251 for i in range(300000))


def head(status, *fields):
    return "\r\n".join([status, *fields, "", ""]).encode()


def ok(body, *fields):
    return head("HTTP/1.1 200 OK", "Content-Length: %d" % len(body), *fields) + body


def dribble(conn):
    conn.sendall(head("HTTP/1.1 200 OK", "Content-Length: 100000"))
    while True:
        conn.sendall(b"x")
        time.sleep(0.03)


def dribble_head(conn):
    conn.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        conn.sendall(b"X: y\r\n")
        time.sleep(0.03)


def endless(conn):
    conn.sendall(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked"))
    while True:
        conn.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")


def endless_1xx(conn):
    while True:
        conn.sendall(head("HTTP/1.1 103 Early Hints", "Link: " + "x" * 1000))


def reset(conn):
    conn.sendall(head("HTTP/1.1 200 OK", "Content-Length: 100") + b"part")
    time.sleep(0.05)
    # closes with RST
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


CHUNKED = "Transfer-Encoding: chunked"
ANSWERS = {
    "/ok": ok(b"hello"),
    "/length": ok(b"hello", "X-One: 1", "x-TWICE: a", "X-Twice: b", "X-Blank:  \t v \t"),
    "/chunked": head("HTTP/1.1 200 OK", CHUNKED) + b"3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n",
    "/trailer": head("HTTP/1.1 200 OK", CHUNKED) + b"5\r\nhello\r\n0\r\nX-Late: 1\r\n\r\n",
    "/http10": b"HTTP/1.0 200 OK\r\n\r\nhello",
    "/http10-length": b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "/1xx": head("HTTP/1.1 100 Continue", "X-One: early") +
            head("HTTP/1.1 103 Early Hints", "Content-Encoding: gzip") + ok(b"hello"),
    "/204": head("HTTP/1.1 204 No Content"),
    "/304": head("HTTP/1.1 304 Not Modified"),
    "/404": head("HTTP/1.1 404 Not Found", "Content-Length: 4") + b"none",
    "/500": head("HTTP/1.1 500 Internal Server Error", "Content-Length: 4") + b"oops",
    "/identity": ok(b"hello", "Content-Encoding: Identity"),
    "/more": ok(b"hello") + b" and more than announced",
    "/stall": lambda conn: time.sleep(60),
    "/dribble": dribble,
    "/dribble-head": dribble_head,
    "/cut": head("HTTP/1.1 200 OK", "Content-Length: 100") + b"part",
    "/cut-chunk": head("HTTP/1.1 200 OK", CHUNKED) + b"64\r\npart",
    "/cut-chunks": head("HTTP/1.1 200 OK", CHUNKED) + b"4\r\npart\r\n",
    "/cut-head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "/empty": b"",
    "/reset": reset,
    "/announced": head("HTTP/1.1 200 OK", "Content-Length: 262145"),
    "/announced-2-62": head("HTTP/1.1 200 OK", "Content-Length: 4611686018427387904"),
    "/announced-2-64": head("HTTP/1.1 200 OK", "Content-Length: 18446744073709551621") + b"hello",
    "/endless": endless,
    "/endless-1xx": endless_1xx,
    "/full": ok(b"x" * 262144),
    "/many-headers": head("HTTP/1.1 200 OK", *["X: " + "y" * 997] * 70),
    "/long-header": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300000,
    "/gzip": ok(gzip.compress(b"hello"), "Content-Encoding: gzip"),
    "/br": ok(b"hello", "content-encoding: br"),
    "/gzip-twice": ok(b"hello", "Content-Encoding: identity", "Content-Encoding: gzip"),
    "/gzip-transfer": head("HTTP/1.1 200 OK", "Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n",
    "/http09": b"hello, this is no head at all\r\n\r\n",
    "/lengths": head("HTTP/1.1 200 OK", "Content-Length: 5", "Content-Length: 4") + b"hello",
    "/both": head("HTTP/1.1 200 OK", "Content-Length: 5", CHUNKED) + b"5\r\nhello\r\n0\r\n\r\n",
    "/length-word": head("HTTP/1.1 200 OK", "Content-Length: five") + b"hello",
    "/no-colon": head("HTTP/1.1 200 OK", "what is this", "Content-Length: 5") + b"hello",
    "/301": head("HTTP/1.1 301 Moved", "Location: /ok", "Content-Length: 0"),
    "/302": head("HTTP/1.1 302 Found", "Location: /ok", "Content-Length: 0"),
    "/303": head("HTTP/1.1 303 See Other", "Location: /echo", "Content-Length: 0"),
    "/307": head("HTTP/1.1 307 Temporary Redirect", "Location: /ok", "Content-Length: 0"),
    "/308": head("HTTP/1.1 308 Permanent Redirect", "Location: /ok", "Content-Length: 0"),
    "/loop": head("HTTP/1.1 302 Found", "Location: /loop", "Content-Length: 0"),
    "/nowhere": head("HTTP/1.1 302 Found", "Content-Length: 0"),
    "/to-user": head("HTTP/1.1 302 Found", "Location: https://u:p@localhost/", "Content-Length: 0"),
    "/to-file": head("HTTP/1.1 302 Found", "Location: file:///etc/passwd", "Content-Length: 0"),
    "/to-foreign": head("HTTP/1.1 302 Found", "Location: http://192.0.2.1/", "Content-Length: 0"),
    "/range-other": head("HTTP/1.1 206 Partial", "Content-Range: bytes 99-299999/300000",
                         "Content-Length: 299901"),
    "/range-multi": head("HTTP/1.1 206 Partial", "Content-Type: multipart/byteranges; boundary=x",
                         "Content-Length: 0"),
    "/range-part": head("HTTP/1.1 206 Partial", "Content-Range: bytes 100-199/300000",
                        "Content-Length: 100") + BLOB[100:200],
    "/range-short": head("HTTP/1.1 206 Partial", "Content-Range: bytes 100-299999/300000",
                         "Content-Length: 100") + BLOB[100:200],
    "/blob": ok(BLOB),
}


def count(key):
    with LOCK:
        COUNTS[key] = COUNTS.get(key, 0) + 1
        return COUNTS[key]


def answer(conn, request, server):
    """What a request is answered with: bytes, or a function that sends them."""
    first = request.split(b"\r\n", 1)[0].decode()
    path = first.split(" ")[1]
    part = path.split("?")[0].split("/")
    if path == "/echo":
        return ok(request)
    if path == "/range":
        return head("HTTP/1.1 206 Partial Content", "Content-Range: bytes 100-299999/300000",
                    "Content-Length: 299900") + BLOB[100:]
    if part[1] == "after":  # /after/KEY/N/STATUS/RETRY-AFTER: N times STATUS, then the count
        n = count(part[2])
        if n > int(part[3]):
            return ok(b"%d" % n)
        return head("HTTP/1.1 %s Later" % part[4], "Content-Length: 0",
                    *(["Retry-After: " + part[5].replace("%20", " ")] if part[5] else []))
    if part[1] == "count":
        return ok(b"%d" % COUNTS.get(part[2], 0))
    if part[1] == "to":  # /to/SERVER/PATH
        scheme = "http" if part[2] in ("plain", "plain2") else "https"
        return head("HTTP/1.1 302 Found", "Content-Length: 0", "Location: %s://localhost:%d/%s" %
                    (scheme, PORTS[part[2]], "/".join(part[3:])))
    if path == "/connections":
        return ok(b"%d" % COUNTS.get("connections of " + server, 0))
    return ANSWERS.get(path.split("?")[0], ANSWERS["/404"])


def read_request(conn):
    data = b""
    while b"\r\n\r\n" not in data:
        part = conn.recv(65536)
        if not part:
            return None
        data += part
    top, body = data.split(b"\r\n\r\n", 1)
    for line in top.split(b"\r\n")[1:]:
        name, value = line.split(b":", 1)
        if name.lower() == b"content-length":
            while len(body) < int(value):
                body += conn.recv(65536)
    return top + b"\r\n\r\n" + body


def talk(conn, server):
    count("connections of " + server)
    conn.settimeout(20)
    while True:
        request = read_request(conn)
        if request is None:
            return
        reply = answer(conn, request, server)
        if callable(reply):
            reply(conn)
            return
        conn.sendall(reply)
        # further requests on this connection, where the answer's end can be seen
        if b"/connections" not in request:
            return


def serve(listener, server, context, rude):
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=one, args=(conn, server, context, rude), daemon=True).start()


def one(raw, server, context, rude):
    conn = raw
    try:
        raw.settimeout(20)
        if server == "garbage":
            raw.recv(100)
            raw.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        elif server == "proxy" or server == "proxy403":
            proxy(raw, server)
        else:
            if context:
                conn = context.wrap_socket(raw, server_side=True)
            talk(conn, server)
            if context and not rude:
                conn.unwrap()
            elif rude:
                # the bytes arrive, close_notify does not
                raw = socket.socket(fileno=os.dup(conn.fileno()))
                raw.shutdown(socket.SHUT_WR)
                time.sleep(0.05)
                raw.close()
    except (OSError, ssl.SSLError, ValueError, IndexError, TypeError):
        pass
    finally:
        try:
            conn.close()
        except OSError:
            pass


def proxy(conn, server):
    request = read_request(conn)
    if request is None:
        return
    count(server)
    verb, target, _ = request.split(b"\r\n", 1)[0].split(b" ")
    if verb != b"CONNECT":
        conn.sendall(ok(b"proxied " + request))
        return
    if server == "proxy403":
        conn.sendall(head("HTTP/1.1 403 Forbidden", "Content-Length: 4", "X-Proxy: 1") + b"none")
        return
    # every host is the good one here; what was sent to the proxy goes into the count
    if b"Secret" in request:
        count("secrets-at-the-proxy")
    conn.sendall(head("HTTP/1.1 200 Connected", "X-Proxy: 1"))
    with socket.create_connection(("127.0.0.1", PORTS["good"])) as far:
        pairs = {conn: far, far: conn}
        while True:
            for ready in select.select(list(pairs), [], [], 20)[0]:
                data = ready.recv(65536)
                if not data:
                    return
                pairs[ready].sendall(data)


# --- listeners -----------------------------------------------------------------------------------

def listen(name, family=socket.AF_INET, host="127.0.0.1"):
    listener = socket.socket(family)
    listener.bind((host, 0))
    listener.listen(64)
    PORTS[name] = listener.getsockname()[1]
    return listener


def tls(cert, low=None, high=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(DIR, cert + ".pem"), os.path.join(DIR, cert + ".key"))
    if low:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = low
        context.maximum_version = high
    return context


def start(name, context=None, rude=False, **where):
    listener = listen(name, **where)
    threading.Thread(target=serve, args=(listener, name, context, rude), daemon=True).start()


NGINX = """
daemon off;
%(user)s
pid nginx.pid;
error_log stderr crit;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;
    uwsgi_temp_path t4; scgi_temp_path t5;
    gzip on; gzip_min_length 1; gzip_types *; gzip_proxied any;
    root .;
    ssl_certificate good.pem; ssl_certificate_key good.key;
    default_type application/octet-stream;
    server { listen 127.0.0.1:%(nginx)d; %(where)s }
    server { listen 127.0.0.1:%(nginx13)d ssl; ssl_protocols TLSv1.3; %(where)s }
    server { listen 127.0.0.1:%(nginx12)d ssl; ssl_protocols TLSv1.2; %(where)s }
}
"""


def start_nginx():
    """nginx with sockets that were opened here, so that the kernel can choose their ports."""
    program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if program is None:
        return None
    listeners = [listen(name) for name in ("nginx", "nginx13", "nginx12")]
    where = "location /up/ { proxy_pass http://127.0.0.1:%d/; }" % PORTS["plain"]
    # the folder is the test's own, whoever that is
    user = "user root;" if os.geteuid() == 0 else ""
    with open(os.path.join(DIR, "nginx.conf"), "w") as conf:
        conf.write(NGINX % {**PORTS, "where": where, "user": user})
    with open(os.path.join(DIR, "blob"), "wb") as blob:
        blob.write(BLOB)
    with open(os.path.join(DIR, "text.html"), "w") as text:
        text.write("hello " * 1000)
    fds = [listener.fileno() for listener in listeners]
    with open(os.path.join(DIR, "nginx.log"), "wb") as log:
        return subprocess.Popen([program, "-p", DIR, "-e", "stderr", "-c", "nginx.conf"],
                                pass_fds=fds, stderr=log,
                                env={"NGINX": "".join("%d;" % fd for fd in fds)})


def main():
    make_certificates()
    v = ssl.TLSVersion
    start("plain")
    start("plain2")
    start("good", tls("good"))
    start("good2", tls("good"))
    start("rude", tls("good"), rude=True)
    for name in ("othername", "client", "expired", "future", "own", "ownexpired"):
        start(name, tls(name))
    start("tls12", tls("good", v.TLSv1_2, v.TLSv1_2))
    start("tls11", tls("good", v.TLSv1, v.TLSv1_1))
    start("garbage")
    start("proxy")
    start("proxy403")
    try:
        start("plain6", family=socket.AF_INET6, host="::1")
        start("good6", tls("good"), family=socket.AF_INET6, host="::1")
    except OSError:
        pass
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))  # bound and not listening: refuses
    PORTS["closed"] = closed.getsockname()[1]
    nginx = start_nginx()
    for name, port in PORTS.items():
        print(name, port)
    print("ready", flush=True)
    sys.stdin.buffer.read()
    if nginx:
        nginx.terminate()
        nginx.wait()


main()
