#!/usr/bin/env python3
"""registry.py DIR: images for the tests of rebuild/, and servers that have them.

Makes in DIR an OCI layout `layout` (an index of two platforms), damaged ones, docker archives, and a real registry
(docker-registry) filled from the layout by skopeo; starts a front before it that wants a token, sends for blobs to
another host, and does wrong in a way that the name of the repository tells (fault/...). Ports are the kernel's choice,
all on loopback. Writes DIR/cases.tsv (row, reference, platform, reason of fetching, of reading the layers, a path,
the reason of taking that file) and DIR/log (a line for each request), prints `NAME VALUE` lines and then `ready`; ends
when standard input does.
"""
import gzip
import hashlib
import http.client
import http.server
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import threading
import time
import urllib.parse

DIR = os.path.abspath(sys.argv[1])
os.chdir(DIR)
OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker."
ROWS = []
BINARY = b"\x7fELF" + b"nitro" * 4000
LOCK = threading.Lock()
JSON_MAX = 4 << 20  # of a manifest or configuration


def sha(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def tar(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o755
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def noise(n):
    """Bytes that gzip makes nothing of."""
    out = b""
    while len(out) < n:
        out += hashlib.sha256(b"%d" % len(out)).digest()
    return out[:n]


class Layout:
    """A folder of blobs. Changes to its parts are made before they are written."""

    def __init__(self, name, version="1.0.0"):
        self.name = name
        os.makedirs(f"{name}/blobs/sha256")
        with open(f"{name}/oci-layout", "w", encoding="ascii") as file:
            json.dump({"imageLayoutVersion": version}, file)

    def put(self, data, media, **changes):
        if not isinstance(data, bytes):
            data = json.dumps(data).encode()
        with open(f"{self.name}/blobs/sha256/{sha(data)[7:]}", "wb") as file:
            file.write(data)
        return {"mediaType": media, "digest": sha(data), "size": len(data), **changes}

    def path(self, descriptor):
        return f"{self.name}/blobs/sha256/{descriptor['digest'][7:]}"

    def image(self, tars, arch="amd64", kind="gzip", ids=None, config=None, layer=None, zipped=None, padding=0):
        layers = []
        for one in tars:
            blob = zipped(one) if zipped else gzip.compress(one, mtime=0)
            if kind == "zstd":
                blob = subprocess.run(["zstd", "-qc"], input=one, stdout=subprocess.PIPE, check=True).stdout
            layers.append(self.put(blob, f"{OCI}layer.v1.tar+{kind}", **(layer or {})))
        made = {"architecture": arch, "os": "linux", "config": {},
                "rootfs": {"type": "layers", "diff_ids": ids or [sha(one) for one in tars]}}
        made = json.dumps(made).encode()
        self.config = self.put(made + b" " * (padding - len(made)), OCI + "config.v1+json", **(config or {}))
        self.layers = layers
        return self.put({"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json", "config": self.config,
                         "layers": layers}, OCI + "manifest.v1+json")

    def index(self, *manifests):
        return self.put({"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": list(manifests)},
                        OCI + "index.v1+json")

    def reference(self, descriptor):
        return f"oci:{self.name}@{descriptor['digest']}"


def on(manifest, arch):
    return {**manifest, "platform": {"os": "linux", "architecture": arch}}


def row(name, reference, fetch="ok", read="ok", path="/usr/local/bin/nitro", take="ok", platform="linux/amd64"):
    ROWS.append((name, reference, platform, fetch, read if fetch == "ok" else "-", path,
                 take if fetch == read == "ok" else "-"))


BASE = tar({"etc/base": b"base\n", "usr/local/bin/nitro": b"old", "noise": noise(60000)})
TOP = tar({"usr/local/bin/nitro": BINARY, "etc/.wh.base": b""})
OTHER = tar({"usr/local/bin/nitro": b"arm"})


def good_layouts():
    layout = Layout("layout")
    amd64, config = layout.image([BASE, TOP]), layout.config
    layers = layout.layers
    arm64 = layout.image([OTHER], "arm64", "zstd")
    index = layout.index(on(amd64, "amd64"), on(arm64, "arm64"))
    with open("layout/index.json", "w", encoding="ascii") as file:
        json.dump({"schemaVersion": 2, "manifests": [
            {**index, "annotations": {"org.opencontainers.image.ref.name": "v1"}}]}, file)
    row("layout, index", layout.reference(index))
    row("layout, manifest", layout.reference(amd64))
    row("layout, zstd", layout.reference(index), platform="linux/arm64/v8")
    row("layout, whiteout", layout.reference(index), path="/etc/base", take="layer-absent")
    row("layout, no such platform", layout.reference(index), "oci-platform-absent", platform="linux/riscv64")
    row("layout, manifest of another platform", layout.reference(amd64), "oci-platform-absent",
        platform="linux/arm64")
    row("layout, absent", "oci:layout@sha256:" + "0" * 64, "oci-blob-absent")
    row("layout, a configuration", layout.reference(config), "oci-schema")
    row("layout, another tag", "registry.example/nitro/node:v1", "oci-tag")
    row("no layout", f"oci:nowhere@{index['digest']}", "oci-layout")
    os.makedirs("empty")
    row("an empty folder", f"oci:empty@{index['digest']}", "oci-layout")
    Layout("version2", "2.0.0")
    row("a layout of another version", f"oci:version2@{index['digest']}", "oci-layout")
    return index, amd64, config, layers


def many_layers():
    """Six layers, two of them the same."""
    layout = Layout("many")
    layers = [tar({f"f{i}": noise(30000 + i)}) for i in range(5)]
    image = layout.image([*layers, layers[4]])
    with open("many/index.json", "w", encoding="ascii") as file:
        json.dump({"schemaVersion": 2, "manifests": [
            {**image, "annotations": {"org.opencontainers.image.ref.name": "many"}}]}, file)
    row("six layers", layout.reference(image), path="/f4")
    return image, [one["digest"] for one in layout.layers]


def bad_layouts():
    def case(name, fetch="ok", read="ok", spoil=None, **image):
        layout = Layout("bad-" + name.replace(" ", "-"))
        manifest = layout.image([BASE, TOP], **image)
        if spoil:
            spoil(layout)
        row(name, layout.reference(manifest), fetch, read)

    def change(path):
        with open(path, "r+b") as file:
            file.seek(20)
            byte = file.read(1)[0]
            file.seek(20)
            file.write(bytes([byte ^ 1]))

    case("diff_id of another layer", read="layer-diff-id", ids=[sha(BASE), sha(BASE)])
    case("diff_id too many", "oci-layers", ids=[sha(BASE), sha(TOP), sha(TOP)])
    case("configuration, size", "oci-size", config={"size": 9999})
    case("configuration, smaller size", "oci-size", config={"size": 10})
    case("configuration, digest", "oci-digest", spoil=lambda it: change(it.path(it.config)))
    case("configuration gone", "oci-blob-absent", spoil=lambda it: os.unlink(it.path(it.config)))
    case("layer, size", "oci-size", layer={"size": 10})
    case("layer, digest", "oci-digest", spoil=lambda it: change(it.path(it.layers[1])))
    case("layer gone", "oci-blob-absent", spoil=lambda it: os.unlink(it.path(it.layers[1])))
    case("layer a folder", "file-unreadable",
         spoil=lambda it: (os.unlink(it.path(it.layers[1])), os.mkdir(it.path(it.layers[1]))))
    case("layer cut off", "oci-size", spoil=lambda it: os.truncate(it.path(it.layers[1]), 100))
    case("layer with a wrong CRC", read="gzip-crc", zipped=lambda one: wrong_crc(gzip.compress(one, mtime=0)))
    case("layer of another compression", read="gzip-header", zipped=lambda one: one)
    case("layer that is no tar", read="layer-tar", ids=[sha(b"x" * 4096)] * 2,
         zipped=lambda one: gzip.compress(b"x" * 4096, mtime=0))
    case("architecture", "oci-platform-absent", arch="s390x")
    layout = Layout("bad-index")
    amd64 = layout.image([TOP])
    row("two for one platform", layout.reference(layout.index(on(amd64, "amd64"), on(amd64, "amd64"))),
        "oci-platform-several")
    row("a manifest's size", layout.reference(layout.index(on({**amd64, "size": 7}, "amd64"))), "oci-size")
    row("a manifest as an index", layout.reference(layout.index(on({**amd64, "mediaType": OCI + "index.v1+json"},
                                                                   "amd64"))), "oci-media-type")
    row("a manifest as Docker's", layout.reference(layout.index(
        on({**amd64, "mediaType": DOCKER + "distribution.manifest.v2+json"}, "amd64"))), "oci-media-type")
    whole = json.dumps({"schemaVersion": 2, "mediaType": OCI + "index.v1+json",
                        "manifests": [on(amd64, "amd64")]}).encode()
    largest = layout.put(whole + b" " * (JSON_MAX - len(whole)), "x")
    row("the largest manifest", layout.reference(largest))
    row("a larger one", layout.reference(layout.put(whole + b" " * (JSON_MAX + 1 - len(whole)), "x")), "oci-too-large")
    manifest = layout.image([TOP], padding=JSON_MAX)
    row("the largest configuration", layout.reference(manifest))
    row("a larger one, configuration", layout.reference(layout.image([TOP], padding=JSON_MAX + 1)), "oci-too-large")
    row("no JSON", layout.reference(layout.put(b"what", "x")), "json-malformed")


def wrong_crc(blob):
    return blob[:-8] + bytes([blob[-8] ^ 1]) + blob[-7:]


def archives(config):
    def archive(name, members):
        with open(name, "wb") as file:
            file.write(tar(members))
        return "docker-archive:" + name

    made = json.dumps({"architecture": "amd64", "os": "linux",
                       "rootfs": {"type": "layers", "diff_ids": [sha(BASE), sha(TOP)]}}).encode()
    image = {"Config": "c.json", "RepoTags": ["x:y"], "Layers": ["a/layer.tar", "b/layer.tar"]}

    def manifest(*images):
        return json.dumps(list(images)).encode()

    parts = {"c.json": made, "a/layer.tar": BASE, "b/layer.tar": TOP}
    whole = {**parts, "manifest.json": manifest(image)}
    ours = archive("ours.tar", whole)
    row("archive", ours)
    VALUES["id"] = sha(made)
    row("archive, its ID", f"{ours}@{sha(made)}")
    row("archive, another ID", f"{ours}@{config['digest']}", "oci-digest")
    row("archive, another platform", ours, "oci-platform-absent", platform="linux/arm64")
    with open("ours.tar", "rb") as file:
        content = file.read()
    with open("ours.tar.gz", "wb") as file:
        file.write(gzip.compress(content, mtime=0))
    row("archive, compressed", "docker-archive:ours.tar.gz")
    with open("crc.tar.gz", "wb") as file:
        file.write(wrong_crc(gzip.compress(content, mtime=0)))
    row("archive, a wrong CRC", "docker-archive:crc.tar.gz", "gzip-crc")
    with open("cut.tar", "wb") as file:
        file.write(content[:80000])
    row("archive, cut off", "docker-archive:cut.tar", "docker-archive")
    packed = {**whole, "a/layer.tar": gzip.compress(BASE, mtime=0)}
    row("archive, a compressed layer", archive("packed.tar", packed))
    twice = {**parts, "c.json": made.replace(sha(TOP).encode(), sha(BASE).encode()),
             "manifest.json": manifest({**image, "Layers": ["a/layer.tar", "./a/layer.tar"]})}
    row("archive, a layer twice", archive("twice.tar", twice), path="/etc/base")
    row("archive, another layer", archive("swapped.tar", {**whole, "b/layer.tar": OTHER}), read="layer-diff-id")
    row("archive, no manifest", archive("none.tar", parts), "docker-archive")
    row("archive, two images", archive("two.tar", {**parts, "manifest.json": manifest(image, image)}), "docker-archive")
    row("archive, no image", archive("zero.tar", {**parts, "manifest.json": b"[]"}), "docker-archive")
    row("archive, no layers", archive("nolayers.tar", {**parts, "manifest.json": manifest({**image, "Layers": []})}),
        "oci-layers")
    row("archive, a layer missing", archive("missing.tar", {k: v for k, v in whole.items() if k != "b/layer.tar"}),
        "oci-blob-absent")
    row("archive, a manifest that is no JSON", archive("nojson.tar", {**parts, "manifest.json": b"{"}), "json-malformed")
    row("archive, a name that leads out", archive("out.tar", {
        **parts, "manifest.json": manifest({**image, "Config": "../c.json"})}), "docker-archive")
    row("archive, 128 layers", archive("many.tar", {
        **parts, "manifest.json": manifest({**image, "Layers": ["a/layer.tar"] * 128})}), "oci-layers")
    row("archive, absent", "docker-archive:nowhere.tar", "file-unreadable")
    row("archive, a folder", "docker-archive:layout", "docker-archive")
    with open("text.tar", "wb") as file:
        file.write(b"no archive\n" * 100)
    row("archive, a text", "docker-archive:text.tar", "docker-archive")


class Front(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *args):
        pass

    def send(self, status, body=b"", length=None, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        if length is not None and length != len(body):
            self.close_connection = True

    def note(self, what):
        with LOCK, open("log", "a", encoding="ascii") as log:
            log.write(f"{what} {self.path.split('?')[0]} {self.headers.get('Range', '-')}\n")

    def challenge(self, fault):
        realm = f"http://127.0.0.1:{PORTS['front']}/token/{fault}"
        if fault == "realm":
            realm = "http://auth.example/token"
        elif fault == "realmfile":
            realm = "file:///etc/passwd"
        value = f'Bearer realm="{realm}",service="front, local",scope="repository:other:push"'
        if fault == "basic":
            value = 'Basic realm="x"'
        elif fault == "digestauth":
            value = 'Digest realm="x"'
        self.send(401, b"{}", WWW_Authenticate=value)

    def token(self, fault):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        self.note("token")
        if fault == "token403":
            return self.send(403, b"{}")
        if fault == "token429":
            return self.send(429, b"{}")
        if fault == "token500":
            return self.send(500, b"{}")
        bodies = {"notoken": b"{}", "tokenjson": b"what", "tokentext": b'{"token":"a b"}',
                  "tokennumber": b'{"token":7}', "tokenlarge": json.dumps({"token": SECRET}).encode().ljust(65537),
                  "tokenlargest": json.dumps({"token": SECRET}).encode().ljust(65536),
                  "accesstoken": json.dumps({"token": "", "access_token": SECRET}).encode()}
        if query.get("scope", [""])[0].startswith("repository:") and query["service"] == ["front, local"]:
            scope = query["scope"][0].split(":")
            word = "wrong" if fault == "scope" else SECRET
            if scope[2] == "pull":
                return self.send(200, bodies.get(fault, json.dumps({"token": word}).encode()))
        return self.send(400, b"{}")

    def do_GET(self):
        if self.path.startswith("/token/"):
            return self.token(self.path.split("?")[0].split("/")[2])
        match = re.fullmatch(r"/v2/(.*)/(manifests|blobs)/([^/?]*)(\?.*)?", self.path)
        if not match:
            return self.send(404)
        name, kind, which = match.group(1), match.group(2), match.group(3)
        fault = name[6:] if name.startswith("fault/") else "none"
        self.note(kind)
        once = fault == "expired" and kind == "blobs" and not SEEN.setdefault(which, False)
        if fault != "anonymous" and (self.headers.get("Authorization") != "Bearer " + SECRET or once):
            SEEN[which] = True
            return self.challenge(fault)
        status = {"403": 403, "404": 404, "500": 500, "429": 429}.get(fault)
        if status:
            return self.send(status, b"{}", **({"Retry_After": "100000"} if status == 429 else {}))
        if kind == "manifests":
            return self.manifest(fault, which)
        if fault == "loop":
            return self.send(307, Location=self.path)
        if fault == "outside":
            return self.send(307, Location="http://blobs.example/x")
        # another host, as far as a client can tell
        return self.send(307, Location=f"http://localhost:{PORTS['blobs']}/{fault}/{which}?sig=x")

    def manifest(self, fault, which):
        accept = self.headers.get("Accept", "")
        status, kind, body = fetch("manifests", which, {"Accept": accept})
        if fault == "schema1":
            kind = DOCKER + "distribution.manifest.v1+prettyjws"
        elif fault == "mediatype":
            kind = "application/json"
        elif fault == "othertype":
            kind = OCI + "manifest.v1+json" if "index" in kind else OCI + "index.v1+json"
        elif fault == "badmanifest":
            body = body.replace(b"}", b"} ", 1)
        elif fault == "largemanifest":
            body += b" " * (JSON_MAX + 1 - len(body))
        elif fault == "largestmanifest":  # it is another one, but it is taken to be looked at
            body += b" " * (JSON_MAX - len(body))
        if fault == "notype":
            return self.send(status, body)
        return self.send(status, body, Content_Type=kind)


class Blobs(Front):
    """Where the front sends for blobs. It takes no token."""

    def do_GET(self):
        self.note("blob")
        if "Authorization" in self.headers:
            self.note("leak")
            return self.send(400)
        _, fault, which = self.path.split("?")[0].split("/")
        headers = {"Range": self.headers["Range"]} if "Range" in self.headers else {}
        _, _, whole = fetch("blobs", which, {})
        start = int(headers["Range"][6:].rstrip("-")) if headers else 0
        body = whole[start:]
        if fault.startswith("order") and which in MANY_LAYERS:
            at = MANY_LAYERS.index(which)
            if at == 0:
                time.sleep(0.5)
                if fault != "order2":
                    return self.send(404, json.dumps({"errors": [
                        {"code": "BLOB_UNKNOWN", "message": "no \033[31mblob", "detail": {}}]}).encode())
            elif at == 1 and fault != "order3":
                return self.send(500, b"out of\norder\n")
        elif fault == "pair" and which in MANY_LAYERS:
            self.pair()
        status, extra = (206, {"Content_Range": f"bytes {start}-{len(whole) - 1}/{len(whole)}"}) if headers else (200, {})
        if len(whole) < 1000:  # the configuration comes through
            fault = "none"
        if fault == "badblob":
            body = bytes([body[0] ^ 1]) + body[1:]
        elif fault == "trunc":
            return self.send(status, body[:5000], len(body), **extra)
        elif fault == "truncfirst" and not headers:
            return self.send(status, body[:5000], len(body), **extra)
        elif fault == "short":
            body = whole[:1000]
        elif fault == "long":
            body += b"more"
        elif fault == "norange":
            if start == 0:
                return self.send(status, body[:5000], len(body))
            if not SEEN.setdefault("norange" + which, False):
                SEEN["norange" + which] = True
                return self.send(200, whole)
        elif fault in ("416", "wrongrest"):
            first = not SEEN.setdefault(fault + which, False)
            SEEN[fault + which] = True
            if first:
                return self.send(status, body[:5000], len(body), **extra)
            if headers and fault == "416":
                return self.send(416)
            if headers:
                body = bytes(len(body))
        elif fault == "slow":
            self.send(status, b"", len(body), **extra)
            for at in range(0, len(body), 3000):
                self.wfile.write(body[at:at + 3000])
                time.sleep(0.05)
            return None
        elif fault == "later":
            return self.send(429, Retry_After="15")
        elif fault == "429blob":
            return self.send(429)
        elif fault == "stall" or (fault == "order3" and MANY_LAYERS.index(which) > 0):
            self.send(status, body[:5000], len(body), **extra)
            self.wfile.flush()
            self.connection.settimeout(60)
            return self.connection.recv(1)  # until the client goes
        return self.send(status, body, **extra)

    def pair(self):
        """Answers when another request is there too, or nobody else comes; notes how many there are at once."""
        with PAIR:
            SEEN["pair"] = SEEN.get("pair", 0) + 1
            PAIR.notify_all()
            PAIR.wait_for(lambda: SEEN["pair"] > 1, 3)
            with open("log", "a", encoding="ascii") as log:
                log.write(f"pair {SEEN['pair']}\n")
        time.sleep(0.1)
        with PAIR:
            SEEN["pair"] -= 1


def fetch(kind, which, headers):
    connection = http.client.HTTPConnection("127.0.0.1", PORTS["registry"])
    connection.request("GET", f"/v2/nitro/node/{kind}/{which}", headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    return answer.status, answer.headers.get("Content-Type", ""), body


def start_registry():
    with open("registry.yml", "w", encoding="ascii") as file:
        file.write("version: 0.1\nlog: {level: info}\nstorage: {filesystem: {rootdirectory: %s/storage}}\n"
                   "http: {addr: '127.0.0.1:0', secret: x}\n" % DIR)
    process = subprocess.Popen(["docker-registry", "serve", "registry.yml"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        match = re.search(r"listening on 127\.0\.0\.1:(\d+)", line)
        if match:
            PORTS["registry"] = int(match.group(1))
            break
    threading.Thread(target=process.stderr.read, daemon=True).start()
    return process


def skopeo(*args):
    environment = {**os.environ, "HOME": DIR, "XDG_RUNTIME_DIR": DIR}
    subprocess.run(["skopeo", "--insecure-policy", *args], env=environment, check=True, stdout=subprocess.DEVNULL)


def serve(handler, name):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.handle_error = lambda *args: None  # clients break off
    PORTS[name] = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()


def faults(index):
    def at(name, fetch="ok"):
        row("registry, " + name, f"127.0.0.1:{PORTS['front']}/{name}@{index['digest']}", fetch)

    at("nitro/node")
    for name in ("anonymous", "accesstoken", "tokenlargest", "expired", "truncfirst", "norange", "416", "wrongrest"):
        at("fault/" + name)
    for name, reason in {
            "badblob": "oci-digest", "short": "oci-size", "long": "http-too-large", "loop": "http-redirect",
            "outside": "http-redirect", "429": "oci-rate", "429blob": "oci-rate", "404": "oci-not-found", "403": "oci-denied",
            "500": "oci-status", "schema1": "oci-schema", "basic": "oci-basic", "digestauth": "oci-challenge",
            "realm": "oci-realm", "realmfile": "oci-realm", "notoken": "oci-token", "tokentext": "oci-token",
            "tokennumber": "oci-token", "tokenjson": "json-malformed", "tokenlarge": "http-too-large",
            "token403": "oci-denied", "token429": "oci-rate", "token500": "oci-status", "scope": "oci-denied",
            "mediatype": "oci-media-type", "notype": "oci-media-type", "othertype": "oci-media-type",
            "badmanifest": "oci-digest", "largemanifest": "http-too-large", "largestmanifest": "oci-digest",
            "trunc": "http-cut-short"}.items():
        at("fault/" + name, reason)
    row("registry, another repository", f"127.0.0.1:{PORTS['front']}/nitro/node@sha256:{'0' * 64}", "oci-not-found")
    row("registry, nobody there", f"127.0.0.1:1/nitro/node@{index['digest']}", "http-connect")


VALUES = {}
PORTS, SEEN, SECRET = {}, {}, "Secret-Token._~+/="
PAIR = threading.Condition()
INDEX, AMD64, CONFIG, LAYERS = good_layouts()
MANY, MANY_LAYERS = many_layers()
bad_layouts()
archives(CONFIG)
REGISTRY = start_registry()
try:
    skopeo("copy", "-q", "--all", "--preserve-digests", "--dest-tls-verify=false", "oci:layout:v1",
           f"docker://127.0.0.1:{PORTS['registry']}/nitro/node:v1")
    skopeo("copy", "-q", "--preserve-digests", "--dest-tls-verify=false", "oci:many:many",
           f"docker://127.0.0.1:{PORTS['registry']}/nitro/node:many")
    skopeo("copy", "-q", "--override-arch", "amd64", "oci:layout:v1", "docker-archive:skopeo.tar:x:y")
    row("archive, by skopeo", "docker-archive:skopeo.tar")
    serve(Front, "front")
    serve(Blobs, "blobs")
    faults(INDEX)
    with open("cases.tsv", "w", encoding="utf-8") as out:
        for fields in ROWS:
            out.write("\t".join(fields) + "\n")
    for name, value in (("front", PORTS["front"]), ("registry", PORTS["registry"]), ("index", INDEX["digest"]), ("manifest", AMD64["digest"]),
                        ("config", CONFIG["digest"]), ("many", MANY["digest"]), ("layer", LAYERS[0]["digest"]),
                        ("binary", hashlib.sha256(BINARY).hexdigest()), *VALUES.items()):
        print(name, value)
    print("ready", flush=True)
    sys.stdin.read()
finally:
    REGISTRY.terminate()
    REGISTRY.wait()
    shutil.rmtree("storage", ignore_errors=True)
