#!/usr/bin/env bats
# enclave-attest serve, over the network, for a simulated enclave.
# shellcheck disable=SC2154,SC2016 # variables of helpers.bash; python in quotes
load helpers

prelude+='
import base64, contextlib, hashlib, signal, socket, ssl, time, urllib.error, urllib.request

ATTEST = os.path.join(os.environ["BUILD"], "enclave-attest")
VERIFY = os.path.join(os.environ["BUILD"], "enclave-verify")
POINT = ("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
	"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
KEY = ("-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n"
	"6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n-----END PUBLIC KEY-----\n")

@contextlib.contextmanager
def serving(*args, listen="127.0.0.1:0", end=signal.SIGTERM):
	"""host and port; afterwards it must have died by the signal, and said nothing on stderr but `said`."""
	command = [ATTEST, "serve", "--simulate", "d", "--listen", listen, *args]
	server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
		preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
	try:
		line = server.stdout.readline()
		if not line.startswith("listening on "):
			server.kill()
			raise SystemExit("no address: %r %r" % (line, server.communicate()))
		host, port = line.split()[-1].rsplit(":", 1)
		yield host.strip("[]"), int(port), server
	finally:
		server.send_signal(end)
		out, err = server.communicate(timeout=30)
	server.said = err
	if server.returncode != -end or out:
		wrong("ended with %d: %r %r" % (server.returncode, out, err))

def ask(address, path, body=None, method=None, headers={}):
	"""Status, headers, body."""
	url = "http://%s:%d%s" % (address[0] if ":" not in address[0] else "[%s]" % address[0], address[1], path)
	request = urllib.request.Request(url, data=body, method=method, headers=headers)
	try:
		with urllib.request.urlopen(request, timeout=20) as answer:
			return answer.status, answer.headers, answer.read()
	except urllib.error.HTTPError as error:
		return error.code, error.headers, error.read()

def odyn(address, **claims):
	return ask(address, "/v1/attestation", json.dumps(claims).encode())

def raw(address, data, wait=20):
	"""What comes back for these very bytes, until the server closes."""
	with socket.create_connection(address[:2], timeout=wait) as connection:
		connection.sendall(data)
		answer = b""
		while True:
			part = connection.recv(65536)
			if not part:
				return answer
			answer += part

def verdict(document, *args):
	open("doc", "wb").write(document)
	done = subprocess.run([VERIFY, "document", "doc", "--root", "d/root.pem", "--pcrs", "d/pcr.json", *args],
		stdout=subprocess.PIPE, text=True)
	return done.stdout.split("\n")[0]

def expect(what, got, wanted):
	if got != wanted:
		wrong("%s: %r, wanted %r" % (what, got, wanted))
'

setup() {
	umask 022
	mkdir "$tmp/work"
	cd "$tmp/work" || return 1
	"$attest" simulate d --pcrs "$TOP/testvectors/pcr.json" -q
}

certificate() {
	openssl req -new -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -subj /CN=x \
		-days 2 -out "$1.pem" 2>/dev/null
}

@test "odyn's shape: what is asked for is in the document, and the document passes" {
	py <<'END'
with serving() as address:
	status, headers, body = odyn(address, nonce="AAEC", user_data="", public_key=KEY, other=1)
	expect("status", status, 200)
	expect("type", headers["Content-Type"], "application/cbor")
	expect("caching", headers["Cache-Control"], "no-store")
	first = verdict(body, "--nonce", "000102", "--user-data", "", "--public-key", "04" + POINT)
	if not first.startswith("PASS (custom root "):
		wrong(first)
	status, headers, body = odyn(address)
	expect("verdict", verdict(body)[:5], "PASS ")
	expect("without the root", subprocess.run([VERIFY, "document", "doc", "--pcrs", "d/pcr.json"],
		stdout=subprocess.DEVNULL).returncode, 1)
	# a content type is not looked at
	expect("type of the request", ask(address, "/v1/attestation", b"{}", headers={"Content-Type": "x/y"})[0], 200)
END
}

@test "nitriding's shape: the certificate that is there now is in the document" {
	certificate one
	certificate other
	cat one.key one.pem other.pem >chain.pem
	py <<'END'
def digest(name):
	return hashlib.sha256(ssl.PEM_cert_to_DER_cert(open(name).read())).hexdigest()
with serving("--shape", "nitriding", "--tls-cert", "chain.pem") as address:
	for name in ("one", "other"):
		nonce = os.urandom(20).hex()
		status, headers, body = ask(address, "/enclave/attestation?nonce=" + nonce.upper())
		expect("status", status, 200)
		expect("type", headers["Content-Type"], "text/plain; charset=utf-8")
		expect("form", body, base64.b64encode(base64.b64decode(body)) + b"\n")
		first = verdict(body, "--nonce", nonce, "--public-key", b"dummy".hex(),
			"--user-data", "1220" + digest(name + ".pem") + "1220" + 64 * "0")
		if not first.startswith("PASS "):
			wrong(first)
		open("chain.pem", "w").write(open("other.pem").read())
	for query in ("", "?nonce=", "?nonce=00", "?other=" + nonce, "?nonce=%s0" % nonce, "?nonce=" + 40 * "g"):
		expect(query, ask(address, "/enclave/attestation" + query)[0], 400)
	os.remove("chain.pem")
	expect("no certificate", ask(address, "/enclave/attestation?nonce=" + 40 * "1")[0], 500)
	open("chain.pem", "w").write("x")
	expect("none in it", ask(address, "/enclave/attestation?nonce=" + 40 * "1")[0], 500)
expect("said", address[2].said, "enclave-attest: chain.pem: No such file or directory: the file cannot be opened "
	"or read (file-unreadable)\nenclave-attest: --tls-cert chain.pem: no certificate in PEM\n")
END
}

@test "what is refused: paths, methods, bodies, nonces, claims from outside" {
	py <<'END'
with serving() as address:
	for path, body, method, wanted in (
		("/", b"{}", "POST", 404), ("/v1/attestation/x", b"{}", "POST", 404), ("/v1%2fattestation", b"{}", "POST", 200),
		("/v1/attestation", None, "GET", 405), ("/v1/attestation", b"{}", "PUT", 405),
		("/v1/attestation", None, "DELETE", 405), ("/v1/attestation", b"", "POST", 400),
		("/v1/attestation", b"x", "POST", 400), ("/v1/attestation", b'{"nonce":1}', "POST", 400),
		("/v1/attestation", b'{"nonce":"' + 17000 * b"A" + b'"}', "POST", 413),
		("/v1/attestation", b'{"nonce":"' + 1400 * b"A" + b'"}', "POST", 400)):
		expect("%s %s" % (method, path), ask(address, path, body, method)[0], wanted)
	expect("allowed", ask(address, "/v1/attestation")[1]["Allow"], "POST")
	expect("once", odyn(address, nonce="AAEC")[0], 200)
	expect("twice", odyn(address, nonce="AAEC")[0], 409)
	# a body without a length, too long
	head = b"POST /v1/attestation HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
	expect("chunked", raw(address, head + 5 * (b"1000\r\n" + 4096 * b"x" + b"\r\n") + b"0\r\n\r\n")[:12], b"HTTP/1.1 413")
	expect("chunked", raw(address, head + b"2\r\n{}\r\n0\r\n\r\n")[:12], b"HTTP/1.1 200")
	# headers beyond what is kept, and what is no HTTP
	for data in (b"GET / HTTP/1.1\r\n" + b"".join(b"x-%d: %s\r\n" % (n, 500 * b"y") for n in range(60)) + b"\r\n",
			b"GET /" + 20000 * b"x" + b" HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"POST\r\n\r\n"):
		answer = raw(address, data)
		if answer and not answer.startswith(b"HTTP/1.1 4") and not answer.startswith(b"HTTP/1.0 4"):
			wrong("%r: %r" % (data[:30], answer[:60]))
	expect("after all that", odyn(address)[0], 200)
expect("said", address[2].said, "")
with serving(listen="0.0.0.0:0") as address:
	address = ("127.0.0.1", *address[1:])
	expect("a nonce", odyn(address, nonce="AA==")[0], 200)
	expect("a key", odyn(address, public_key=KEY)[0], 403)
	expect("data", odyn(address, nonce="AQ==", user_data="")[0], 403)
if "can be reached from outside" not in address[2].said:
	wrong("no warning")
END
}

@test "so many documents a second, and no more" {
	py <<'END'
with serving("--rate", "2") as address:
	begun = time.monotonic()
	answers = [odyn(address) for _ in range(8)]
	passed = time.monotonic() - begun
	good = [answer[0] for answer in answers].count(200)
	if not 2 <= good <= 2 + 2 * passed + 1:
		wrong("%d documents in %.3f s" % (good, passed))
	late = [answer for answer in answers if answer[0] != 200]
	if not late:
		wrong("none was refused in %.3f s" % passed)
	for status, headers, _ in late:
		expect("status", (status, headers["Retry-After"]), (429, "1"))
	time.sleep(1.1)
	expect("later", odyn(address)[0], 200)
END
}

@test "slow and silent clients are cut off, and others are served meanwhile" {
	py <<'END'
with serving() as address:
	begun = time.monotonic()
	slow = [socket.create_connection(address[:2], timeout=30) for _ in range(40)]
	slow[0].sendall(b"POST /v1/attestation HTTP/1.1\r\nHost: x\r\n")
	expect("meanwhile", odyn(address)[0], 200)
	cut = None
	while cut is None and time.monotonic() - begun < 25:
		time.sleep(0.5)
		try:
			slow[0].sendall(b"a: b\r\n")
			slow[0].setblocking(False)
			if slow[0].recv(1000) == b"":
				cut = time.monotonic() - begun
		except BlockingIOError:
			slow[0].setblocking(True)
		except OSError:
			cut = time.monotonic() - begun
	if cut is None or not 9 < cut < 20:
		wrong("a slow client was cut after %s s" % cut)
	slow[1].settimeout(10)
	expect("a silent one", slow[1].recv(10), b"")
	expect("then", odyn(address)[0], 200)
	for connection in slow:
		connection.close()
END
}

@test "it ends by the signal, and what is on its way is answered" {
	py <<'END'
for end in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
	with serving(end=end) as address:
		expect("served", odyn(address)[0], 200)
		late = socket.create_connection(address[:2], timeout=20)
		late.sendall(b"POST /v1/attestation HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
		time.sleep(0.3)
		address[2].send_signal(end)
		time.sleep(0.3)
		late.sendall(b"{}")
		expect("late", late.recv(12), b"HTTP/1.1 200")
		late.close()
# nohup
server = subprocess.Popen([ATTEST, "serve", "--simulate", "d", "--listen", "[::1]:0"], stdout=subprocess.PIPE,
	preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN), stderr=subprocess.PIPE)
line = server.stdout.readline()
if line:
	server.send_signal(signal.SIGHUP)
	time.sleep(0.3)
	expect("still there", server.poll(), None)
	server.terminate()
	server.communicate()
	expect("ended", server.returncode, -signal.SIGTERM)
else:
	print("no IPv6 here:", server.communicate())
END
}

@test "over vsock" {
	py <<'END' || skip 'no AF_VSOCK loopback in the kernel'
try:
	with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as listening:
		listening.bind((socket.VMADDR_CID_ANY, socket.VMADDR_PORT_ANY))
		listening.listen(1)
		with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as connection:
			connection.settimeout(3)
			connection.connect((1, listening.getsockname()[1]))
except OSError as error:
	wrong(error)
END
	py <<'END'
with serving(listen="vsock:0") as address:
	def vsock(body):
		with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as connection:
			connection.settimeout(20)
			connection.connect((1, address[1]))
			connection.sendall(b"POST /v1/attestation HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
			answer = b""
			while True:
				part = connection.recv(65536)
				if not part:
					return answer
				answer += part
	head, _, body = vsock(b'{"nonce":"AA=="}').partition(b"\r\n\r\n")
	expect("status", head[:12], b"HTTP/1.1 200")
	expect("verdict", verdict(body, "--nonce", "00")[:5], "PASS ")
	expect("claims", vsock(b'{"user_data":"AA=="}')[:12], b"HTTP/1.1 403")
END
}

@test "wrong command lines, and addresses that cannot be had" {
	refuses 'takes no operand' serve x
	refuses '--listen says where' serve --simulate d
	refuses 'HOST:PORT by number' serve --simulate d --listen enclave.example:80
	refuses 'HOST:PORT by number' serve --simulate d --listen 8080
	refuses 'odyn or nitriding' serve --simulate d --listen 127.0.0.1:0 --shape oyster
	refuses 'needs --tls-cert' serve --simulate d --listen 127.0.0.1:0 --shape nitriding
	refuses 'goes with --shape nitriding' serve --simulate d --listen 127.0.0.1:0 --tls-cert d/root.pem
	refuses 'none: No such file' serve --simulate d --listen 127.0.0.1:0 --shape nitriding --tls-cert none
	refuses 'no certificate in PEM' serve --simulate d --listen 127.0.0.1:0 --shape nitriding --tls-cert d/pcr.json
	refuses '--format json has no use' serve --simulate d --listen 127.0.0.1:0 --format json
	for rate in 0 1001 -1 x 1x 99999999999 ''; do
		refuses "1 to 1000 documents a second, not '$rate'" serve --simulate d --listen 127.0.0.1:0 --rate "$rate"
	done
	refuses 'none/root.key: No such file' serve --simulate none --listen 127.0.0.1:0
	# TEST-NET-1
	exits 3 serve --simulate d --listen 192.0.2.1:0
	complains '192.0.2.1:0: Cannot assign requested address: this address cannot be listened on (listen)'
	if [ ! -e /dev/nsm ]; then
		exits 3 serve --listen 127.0.0.1:0
		complains '(nsm-absent)'
	fi
	if [ -e /dev/full ]; then
		status=0
		"$attest" serve --simulate d --listen 127.0.0.1:0 >/dev/full 2>err || status=$?
		[ "$status" = 3 ]
	fi
}
