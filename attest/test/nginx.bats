#!/usr/bin/env bats
# A whole endpoint as it is run: nginx with TLS in front of enclave-attest serve, asked by enclave-attest check.
# shellcheck disable=SC2154,SC2016 # variables of helpers.bash; python in quotes
load helpers

# certificate NAME: a key and a certificate of nobody's, as an enclave makes them when it starts.
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" \
		-subj /CN=localhost -addext subjectAltName=DNS:localhost -days 2 2>/dev/null
}

@test "check through nginx: bound to its certificate, or refused" {
	certificate own
	certificate other
	"$attest" simulate d --pcrs "$TOP/testvectors/pcr.json" -q
	python3 - "$TOP/testvectors/pcr.json" <<'END'
import json, os, socket, subprocess, sys, threading, time
attest = os.environ["BUILD"] + "/enclave-attest"
here = os.getcwd()

def server(name):
	return """server { listen unix:%s/%s ssl; ssl_certificate %s.pem; ssl_certificate_key %s.key;
		location / { proxy_pass http://%%s; } }""" % (here, name, here + "/" + name, here + "/" + name)

serve = subprocess.Popen([attest, "serve", "--simulate", "d", "--listen", "127.0.0.1:0", "--shape", "nitriding",
	"--tls-cert", "own.pem"], stdout=subprocess.PIPE, text=True)
behind = serve.stdout.readline().split()[-1]
os.mkdir("run")
paths = "".join(" %s_temp_path run/%s;" % (kind, kind) for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
with open("nginx.conf", "w") as conf:
	conf.write("daemon off; pid run/pid; error_log run/error.log; events {} http { access_log off;%s %s %s }" %
		(paths, server("own") % behind, server("other") % behind))
nginx = subprocess.Popen(["nginx", "-p", here, "-c", here + "/nginx.conf"], stdin=subprocess.DEVNULL)

def pump(a, b):
	try:
		while data := a.recv(65536):
			b.sendall(data)
		b.shutdown(socket.SHUT_WR)
	except OSError:
		pass

def forward(path):
	"""nginx chooses no free port itself: a port of the kernel's leads to its socket."""
	listener = socket.create_server(("127.0.0.1", 0))
	def accept():
		while True:
			left, _ = listener.accept()
			right = socket.socket(socket.AF_UNIX)
			right.connect(path)
			for pair in ((left, right), (right, left)):
				threading.Thread(target=pump, args=pair, daemon=True).start()
	threading.Thread(target=accept, daemon=True).start()
	return "https://localhost:%d" % listener.getsockname()[1]

def check(url, wanted, *args):
	done = subprocess.run([attest, "check", url, "--profile", "nitriding", "--root", "d/root.pem", "--pcrs", sys.argv[1],
		*args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
	text = done.stdout + done.stderr
	assert done.returncode == wanted, (args, done.returncode, text)
	return text

try:
	for _ in range(200):
		if os.path.exists("other"):
			break
		time.sleep(0.05)
	own, other = forward(here + "/own"), forward(here + "/other")
	text = check(own, 0, "--cacert", "own.pem")
	assert "endpoint.tls         ok" in text and text.startswith("PASS (custom root "), text
	text = check(own, 0, "--tls", "attested")
	assert "unknown issuer" in text.split("\n")[0], text
	assert "http-tls-issuer" in check(own, 3), "nobody vouches for this certificate"
	for how in (("--cacert", "other.pem"), ("--tls", "attested")):
		text = check(other, 1, *how)
		assert text.split("\n")[0].endswith(": endpoint.tls") and "(tls-mismatch)" in text, text
	# without the simulated root it is an imposter, however well it is bound
	done = subprocess.run([attest, "check", own, "--profile", "nitriding", "--tls", "attested", "--pcrs", sys.argv[1]],
		stdout=subprocess.PIPE, text=True)
	assert done.returncode == 1 and "(x509-root)" in done.stdout, done.stdout
	# two requests are two documents
	seen = set()
	for _ in range(2):
		text = subprocess.run([attest, "check", own, "--profile", "nitriding", "--tls", "attested", "--root", "d/root.pem",
			"--pcrs", sys.argv[1], "--format", "json"], stdout=subprocess.PIPE, text=True).stdout
		seen.add(json.loads(text)["facts"]["nonce"])
	assert len(seen) == 2 and all(len(nonce) == 40 for nonce in seen), seen
finally:
	nginx.terminate()
	serve.terminate()
	nginx.wait()
	serve.wait()
END
}
