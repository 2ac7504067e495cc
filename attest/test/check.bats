#!/usr/bin/env bats
# enclave-attest check: every family of endpoints in its own shape, and every way in which they fail.
# shellcheck disable=SC2154 # variables of enclaves.bash
load enclaves

@test "every family passes, at its own path and at one that is given" {
	py <<'END'
AGE = "fresh to 300 s only"
NONE = AGE + ", " + UNBOUND
rows([
	([HTTP, "--profile", "odyn"], 0, "-", "-", UNBOUND),
	([HTTP + "/", "--profile", "odyn"], 0, "-", "-", UNBOUND),
	([HTTP + "/v1/attestation", "--profile", "odyn"], 0, "-", "-", UNBOUND),
	([https("tls"), *CA, "--profile", "odyn"], 0, "-", "-", UNBOUND),
	([https("tls"), *CA, "--profile", "nitriding"], 0, "-", "-", ""),
	([https("tls") + "/enclave/attestation", *CA, "--profile", "nitriding"], 0, "-", "-", ""),
	([https("rsa"), *CA, "--profile", "nitriding"], 0, "-", "-", ""),
	([HTTP, "--profile", "nitriding", "--bind", "none"], 0, "-", "-", UNBOUND),
	([HTTP, "--profile", "oyster"], 0, "-", "-", NONE),
	([HTTP + "/attestation/hex", "--profile", "oyster"], 0, "-", "-", NONE),
	([HTTP + "/custom/attestation/raw", "--profile", "oyster-custom"], 0, "-", "-", UNBOUND),
	([HTTP + "/custom/attestation/hex", "--profile", "oyster-custom"], 0, "-", "-", UNBOUND),
	([HTTP, "--profile", "nautilus", "--max-age", "60"], 0, "-", "-", "fresh to 60 s only, " + UNBOUND),
	([HTTP, "--profile", "nautilus", "--public-key", bytes(range(32)).hex()], 0, "-", "-", NONE),
	([https("tls"), *CA, "--profile", "tinfoil"], 0, "-", "-", AGE),
	([https("tls") + "/compressed/.well-known/tinfoil-attestation", *CA, "--profile", "tinfoil"], 0, "-", "-", AGE),
	([https("rsa"), *CA, "--profile", "evervault"], 0, "-", "-", AGE),
	([https("tls"), *CA, "--profile", "evervault"], 0, "-", "-", AGE),
	([HTTP + "/sequence", "--profile", "sequence"], 0, "-", "-", UNBOUND),
	([HTTP + "/sequence?x=y", "--profile", "sequence"], 0, "-", "-", UNBOUND),
	([HTTP + "/generic?n={nonce_hex}", "--profile", "generic"], 0, "-", "-", UNBOUND),
	([HTTP + "/generic?b={nonce_base64}", "--profile", "generic"], 0, "-", "-", UNBOUND),
	([HTTP + "/generic", "--profile", "generic"], 0, "-", "-", NONE),
	([HTTP + "/generic", "--profile", "generic", "--body", '{"challenge":"{nonce_base64}"}'], 0, "-", "-", UNBOUND),
	([HTTP + "/generic?in=json&n={nonce_hex}", "--profile", "generic", "--pointer", "/result/1/the~0doc",
		"--encoding", "base64"], 0, "-", "-", UNBOUND),
	([HTTP + "/generic?in=header&n={nonce_hex}", "--profile", "generic", "--header", "x-doc", "--encoding", "hex"],
		0, "-", "-", UNBOUND),
	([HTTP + "/generic?in=hex&n={nonce_hex}", "--profile", "generic", "--encoding", "hex"], 0, "-", "-", UNBOUND),
	([HTTP + "/generic?in=base64&n={nonce_hex}", "--profile", "generic", "--encoding", "base64"], 0, "-", "-",
		UNBOUND),
	*[([HTTP + "/auto/" + form, "--profile", "auto"], 0, "-", "-", UNBOUND) for form in (
		"raw", "hex", "base64", "attestation", "attestation_doc", "document", "body")],
])
END
}

@test "an answer that is no document is endpoint.fetch, exit 3, each with its own reason" {
	py <<'END'
def get(fault, path="/attestation/raw"):
	return [HTTP + "/" + fault + path, "--profile", "oyster"]

def json_get(fault):
	return [HTTP + "/" + fault + "/get_attestation", "--profile", "nautilus"]

def fetch(args, reason):
	return (args, 3, "endpoint.fetch", reason, "")

rows([
	fetch(get("page"), "endpoint-type"),
	fetch(get("status"), "endpoint-status"),
	fetch(get("status", "/nowhere"), "endpoint-status"),
	fetch(get("redirect"), "http-redirect"),
	fetch(get("gzip"), "http-encoding"),
	fetch(get("large"), "http-too-large"),
	fetch(get("empty"), "endpoint-empty"),
	fetch(get("other"), "endpoint-no-document"),
	fetch(get("cut"), "http-cut-short"),
	fetch(get("slow") + ["--timeout", "1"], "http-timeout"),
	fetch(get("dribble") + ["--timeout", "1"], "http-timeout"),
	fetch(get("other", "/attestation/hex"), "endpoint-encoding"),
	fetch(["http://127.0.0.1:1", "--profile", "oyster"], "http-connect"),
	fetch(["https://127.0.0.1:" + PORTS["plain"], "--profile", "oyster"], "http-tls"),
	fetch(json_get("half"), "endpoint-json"),
	fetch(json_get("twice"), "endpoint-json"),
	fetch(json_get("empty"), "endpoint-empty"),
	fetch(json_get("page"), "endpoint-type"),
	fetch([HTTP + "/generic?in=json", "--profile", "generic", "--pointer", "/result/0", "--encoding", "hex"],
		"endpoint-member"),
	fetch([HTTP + "/generic?in=json", "--profile", "generic", "--pointer", "/result/7/x", "--encoding", "hex"],
		"endpoint-member"),
	fetch([HTTP + "/generic?in=json", "--profile", "generic", "--pointer", "/result/1/the~0doc", "--encoding", "hex"],
		"endpoint-encoding"),
	fetch([HTTP + "/twice/sequence", "--profile", "sequence"], "endpoint-header"),
	fetch([HTTP + "/none/sequence", "--profile", "sequence"], "endpoint-header"),
	fetch([HTTP + "/auto/several", "--profile", "auto"], "endpoint-two-documents"),
	fetch([https("tls") + "/platform/.well-known/tinfoil-attestation", *CA, "--profile", "tinfoil"],
		"endpoint-format"),
	# whatever the certificate would have to be bound to, it is not trusted
	fetch([https("tls"), "--profile", "nitriding"], "http-tls-issuer"),
	fetch([https("own"), *CA, "--profile", "nitriding"], "http-tls-issuer"),
	fetch(["https://other.example:" + PORTS["tls"], *CA, "--profile", "odyn",
		"--resolve", "other.example:" + PORTS["tls"] + ":127.0.0.1"], "http-tls-name"),
])
END
}

@test "an answer that begins as a document is judged: any defect is exit 1" {
	py <<'END'
def get(fault, profile="odyn", path="/v1/attestation"):
	return [HTTP + "/" + fault + path, "--profile", profile, *(["--bind", "none"] if profile == "nitriding" else [])]

nautilus = ("nautilus", "/get_attestation")
nitriding = ("nitriding", "/enclave/attestation")
check(*get("replay"), *IMAGE)
check(*get("replay", *nitriding), *IMAGE)
rows([
	(get("wrongnonce"), 1, "nonce.match", "nonce-mismatch"),
	(get("nononce"), 1, "nonce.match", "nonce-mismatch"),
	(get("replay"), 1, "nonce.match", "nonce-mismatch"),
	(get("replay", *nitriding), 1, "nonce.match", "nonce-mismatch"),
	(get("wrongnonce", *nitriding), 1, "nonce.match", "nonce-mismatch"),
	(get("wrongnonce", "sequence", "/sequence"), 1, "nonce.match", "nonce-mismatch"),
	(get("wrongnonce", "auto", "/auto/raw"), 1, "nonce.match", "nonce-mismatch"),
	(get("nononce", "auto", "/auto/body"), 1, "nonce.match", "nonce-mismatch"),
	(get("old"), 1, "claims.age", "timestamp-stale"),
	(get("old", *nautilus), 1, "claims.age", "timestamp-stale"),
	(get("old", *nautilus) + ["--max-age", "500"], 0, "-", "-"),
	(get("future", *nautilus), 1, "claims.age", "timestamp-future"),
	(get("twice"), 1, "document.form", "cose-trailing"),
	(get("half"), 1, "document.form", "cbor-truncated"),
	(get("tampered"), 1, "cose.signature", "cose-signature"),
	(get("userdata", "sequence", "/sequence"), 1, "user_data.match", "user-data-mismatch"),
	(get("otherbody", "sequence", "/sequence"), 1, "user_data.match", "user-data-mismatch"),
	(get("html"), 0, "-", "-"),
	(get("early"), 0, "-", "-"),
	(get("http10"), 0, "-", "-"),
	([HTTP, "--profile", "odyn", "--root", VECTORS + "/otherroot.pem", "--pcrs", VECTORS + "/pcr.json"],
		1, "chain.root", "x509-root"),
	([HTTP, "--profile", "odyn", "--root", VECTORS + "/root.pem", "--pcrs", VECTORS + "/other-pcr.json"],
		1, "pcr0.match", "pcr-mismatch"),
	([HTTP, "--profile", "odyn", "--root", VECTORS + "/root.pem"], 3, "-", "nothing-expected"),
	([HTTP, "--profile", "nautilus", "--require", "nonce.match"], 1, "nonce.match", "required-skipped"),
	([HTTP, "--profile", "odyn", "--require", "endpoint.tls"], 1, "endpoint.tls", "required-skipped"),
])
if "plain6" in PORTS:
	rows([(["http://[::1]:" + PORTS["plain6"], "--profile", "odyn"], 0, "-", "-")])
END
}

@test "the document speaks of the very connection that served it, or fails" {
	py <<'END'
ATTESTED = ["--tls", "attested"]
UNKNOWN = "TLS certificate of an unknown issuer"
AGE = UNKNOWN + ", fresh to 300 s only"
def at(name, path, profile, *more):
	return [https(name) + path, "--profile", profile, *more]

NITRIDING, TINFOIL, EVERVAULT = "/enclave/attestation", "/.well-known/tinfoil-attestation", "/.well-known/attestation"
rows([
	(at("own", "", "nitriding", *ATTESTED), 0, "-", "-", UNKNOWN),
	(at("own", "", "evervault", *ATTESTED), 0, "-", "-", AGE),
	(at("own", "", "tinfoil", *ATTESTED), 0, "-", "-", AGE),
	(at("imposter", "", "nitriding", *ATTESTED), 1, "endpoint.tls", "tls-mismatch", UNKNOWN),
	(at("imposter", "", "evervault", *ATTESTED), 1, "endpoint.tls", "tls-mismatch", UNKNOWN),
	(at("imposter", "", "tinfoil", *ATTESTED), 1, "endpoint.tls", "tls-mismatch", UNKNOWN),
	(at("tls", "", "nitriding", *CA, "--require", "endpoint.*"), 0, "-", "-", ""),
	# the wrong layout for the binding
	(at("tls", "", "nitriding", *CA, "--bind", "spki-user-data"), 1, "endpoint.tls", "tls-user-data"),
	(at("tls", "", "nitriding", *CA, "--bind", "sha256-cert-user-data"), 1, "endpoint.tls", "tls-user-data"),
	(at("tls", "", "evervault", *CA, "--bind", "nitriding"), 1, "endpoint.tls", "tls-user-data"),
	(at("tls", "/userdata" + NITRIDING, "nitriding", *CA), 1, "endpoint.tls", "tls-user-data"),
	(at("tls", "/nodata" + TINFOIL, "tinfoil", *CA), 1, "endpoint.tls", "tls-user-data"),
	(at("tls", "/nodata" + EVERVAULT, "evervault", *CA), 1, "endpoint.tls", "tls-user-data"),
	# a replay is no less one for its binding, and the first fault is named
	(at("own", "/wrongnonce" + NITRIDING, "nitriding", *ATTESTED), 1, "nonce.match", "nonce-mismatch"),
])
status, report, _ = check(*at("tls", "", "nitriding", *CA, "--bind", "none"), *IMAGE)
if status != 0 or status_of(report, "endpoint.tls") != "not-requested":
	wrong(report)
status, report, _ = check(HTTP, "--profile", "odyn", *IMAGE)
if status_of(report, "endpoint.tls") != "not-carried":
	wrong(report)
# claims that are not proven say nothing of a connection
status, report, _ = check(*at("own", "", "nitriding", *ATTESTED), "--root", VECTORS + "/otherroot.pem")
if status != 1 or status_of(report, "endpoint.tls") not in ("needs-chain.root", "required-skipped"):
	wrong(report)
END
}

@test "nginx before an enclave is another end of the connection, unless the document names it" {
	mkdir conf
	cat >conf/nginx.conf <<END
daemon off;
pid $PWD/conf/pid;
error_log $PWD/conf/error.log;
events {}
http {
	access_log off;
	client_body_temp_path conf/1; proxy_temp_path conf/2; fastcgi_temp_path conf/3; uwsgi_temp_path conf/4;
	scgi_temp_path conf/5;
	server {
		listen unix:$PWD/conf/a ssl;
		ssl_certificate $ENCLAVES/behind.pem;
		ssl_certificate_key $ENCLAVES/behind.key;
		location / { proxy_pass http://127.0.0.1:$(port plain); }
	}
	server {
		listen unix:$PWD/conf/b ssl;
		ssl_certificate $ENCLAVES/tls.pem;
		ssl_certificate_key $ENCLAVES/tls.key;
		location / { proxy_pass http://127.0.0.1:$(port plain); }
	}
}
END
	python3 - "$PWD" "$TOP" <<'END'
import json, os, socket, subprocess, sys, threading, time
here = sys.argv[1]
nginx = subprocess.Popen(["nginx", "-p", here, "-c", here + "/conf/nginx.conf"], stdin=subprocess.DEVNULL)

def pump(a, b):
	try:
		while True:
			data = a.recv(65536)
			if not data:
				break
			b.sendall(data)
		b.shutdown(socket.SHUT_WR)
	except OSError:
		pass

def forward(path):
	"""nginx chooses no free port itself: a port of the kernel's leads to its socket."""
	listener = socket.create_server(("127.0.0.1", 0))
	def serve():
		while True:
			left, _ = listener.accept()
			right = socket.socket(socket.AF_UNIX)
			right.connect(path)
			for pair in ((left, right), (right, left)):
				threading.Thread(target=pump, args=pair, daemon=True).start()
	threading.Thread(target=serve, daemon=True).start()
	return listener.getsockname()[1]

def first_line(port, *more):
	done = subprocess.run([os.environ["BUILD"] + "/enclave-attest", "check", "https://localhost:%d" % port, *more,
		"--cacert", os.environ["ENCLAVES"] + "/ca.pem", "--root", sys.argv[2] + "/testvectors/root.pem",
		"--pcrs", sys.argv[2] + "/testvectors/pcr.json"], stdout=subprocess.PIPE)
	return done.returncode, done.stdout.decode()

try:
	for _ in range(100):
		if os.path.exists(here + "/conf/b"):
			break
		time.sleep(0.1)
	own, other = forward(here + "/conf/a"), forward(here + "/conf/b")
	for profile in ("nitriding", "tinfoil", "evervault"):
		status, out = first_line(own, "--profile", profile)
		assert status == 0 and "endpoint.tls         ok" in out, out
		status, out = first_line(other, "--profile", profile)
		assert status == 1 and out.split("\n")[0].endswith(": endpoint.tls") and "(tls-mismatch)" in out, out
	status, out = first_line(other, "--profile", "odyn")
	assert status == 0 and "not necessarily the other end of this connection" in out.split("\n")[0], out
finally:
	nginx.terminate()
	nginx.wait()
END
}

@test "each request has a nonce of its own, of the family's length" {
	local p
	p=$(port plain)
	: >"$ENCLAVES/requests"
	for _ in 1 2; do
		exits 0 check "http://127.0.0.1:$p" "http://127.0.0.1:$p/" --profile nitriding --bind none "${image[@]}"
		exits 0 check "http://127.0.0.1:$p/custom/attestation/raw" --profile oyster-custom "${image[@]}"
	done
	[ "$(grep -c 'GET /enclave/attestation?nonce=[0-9a-f]\{40\} ' "$ENCLAVES/requests")" -eq 4 ]
	[ "$(grep -c 'nonce=[0-9a-f]\{64\} ' "$ENCLAVES/requests")" -eq 2 ]
	[ "$(grep -o 'nonce=[0-9a-f]*' "$ENCLAVES/requests" | sort -u | wc -l)" -eq 6 ]
}

@test "headers of a file are sent, but not to whom nobody knows" {
	local p
	echo 'X-Secret: open-sesame' >headers
	: >"$ENCLAVES/requests"
	exits 0 check "http://127.0.0.1:$(port plain)" --profile odyn --headers headers "${image[@]}"
	grep -q 'plain POST /v1/attestation secret=open-sesame' "$ENCLAVES/requests"
	exits 0 check "https://localhost:$(port own)" --profile nitriding --tls attested --headers headers "${image[@]}"
	grep -q 'own GET /enclave/attestation?nonce=[0-9a-f]* secret=-$' "$ENCLAVES/requests"
	prints 'headers of --headers were not sent'
	prints 'comes from no known issuer'
	[[ $out != *sesame* ]]
}

@test "several targets: in order, one JSON object a line, the worst exit status" {
	local p
	p=http://127.0.0.1:$(port plain)
	exits 0 check "$p" "$p/" --profile odyn --format json "${image[@]}"
	[ "$(wc -l <"$tmp/out")" -eq 2 ]
	exits 3 check "$p" http://127.0.0.1:1 --profile odyn "${image[@]}"
	exits 1 check "$p/wrongnonce/v1/attestation" http://127.0.0.1:1 "$p" --profile odyn "${image[@]}" -o all
	nothing_printed
	[ "$(grep -c '^FAIL\|^ERROR\|^PASS' all)" -eq 3 ]
	[ "$(grep '^FAIL\|^ERROR\|^PASS' all | cut -d ' ' -f 1 | tr '\n' ' ')" = 'FAIL ERROR PASS ' ]
	exits 0 check "$p" --profile odyn "${image[@]}" -q
	nothing_printed
}

@test "the first line and the last line of a report" {
	local p
	p=http://127.0.0.1:$(port plain)
	exits 1 check "$p/wrongnonce/v1/attestation" --profile odyn "${image[@]}"
	[ "$(head -n 1 "$tmp/out")" = "FAIL (custom root c9d24d86)  $p/wrongnonce/v1/attestation: nonce.match" ]
	[ "$(tail -n 1 "$tmp/out")" = 'This document answers another request: it may be a replay.' ]
	exits 1 check "https://localhost:$(port imposter)" --profile nitriding --tls attested "${image[@]}"
	prints "FAIL (custom root c9d24d86, TLS certificate of an unknown issuer)  https://localhost:$(port imposter): endpoint.tls"
	prints 'somebody may stand between this machine and the enclave'
	exits 3 check http://127.0.0.1:1 --profile odyn "${image[@]}"
	prints 'ERROR (custom root c9d24d86)  http://127.0.0.1:1: endpoint.fetch'
	prints 'No document came, so nothing was judged.'
}

@test "wrong command lines" {
	local u=http://127.0.0.1:1 s=https://localhost:1
	refuses 'a URL is needed' check
	refuses '--profile is needed: one of odyn' check "$u" "${image[@]}"
	refuses '--profile foo: one of' check "$u" --profile foo
	refuses "'--at' is no option here" check "$u" --profile odyn --at now
	refuses "'--nonce' is no option here" check "$u" --profile odyn --nonce 00
	refuses '--bind foo' check "$u" --profile odyn --bind foo
	refuses "verified or attested, not 'off'" check "$u" --profile odyn --tls off
	refuses 'document names' check "$s" --profile odyn --tls attested
	refuses 'document names' check "$s" --profile nitriding --tls attested --bind none
	refuses '--cacert' check "$s" --profile nitriding --tls attested --cacert "$TOP/testvectors/root.pem"
	refuses 'plain http has no certificate' check "$u" --profile nitriding
	refuses 'plain http has no certificate' check "$u" --profile nitriding --tls attested
	refuses 'plain http to another machine' check http://enclave.example --profile odyn
	refuses 'not a plain http or https URL' check ftp://enclave.example --profile odyn
	refuses 'not a plain http or https URL' check enclave.example --profile odyn
	refuses 'not a plain http or https URL' check https://user:pass@enclave.example --profile odyn
	refuses 'a parameter nonce already' check "$u/enclave/attestation?nonce=00" --profile nitriding --bind none
	refuses 'braces' check "$u/x?n={nonce_hex}" --profile odyn
	refuses 'for --profile generic only' check "$u" --profile odyn --method GET
	refuses 'for --profile generic only' check "$u" --profile auto --pointer /x
	refuses '--method: capital letters' check "$u" --profile generic --method get
	refuses '--body: JSON expected' check "$u" --profile generic --body '{"nonce":{nonce_hex}}'
	refuses 'one place only' check "$u" --profile generic --pointer /a --header b --encoding hex
	refuses '--pointer: a JSON pointer' check "$u" --profile generic --pointer a --encoding hex
	refuses '--pointer: a JSON pointer' check "$u" --profile generic --pointer /a~2 --encoding hex
	refuses '--header: the name' check "$u" --profile generic --header 'a b' --encoding hex
	refuses '--encoding: raw, hex or base64' check "$u" --profile generic --encoding base32
	refuses 'need --encoding' check "$u" --profile generic --pointer /a
	refuses '--encoding raw' check "$u" --profile generic --pointer /a --encoding raw
	refuses 'some of the URLs' check "$u/{nonce_hex}" "$u" --profile generic
	refuses '--timeout 0' check "$u" --profile odyn --timeout 0
	refuses '--timeout 1h' check "$u" --profile odyn --timeout 1h
	refuses '10800 s at most' check "$u" --profile oyster --max-age 10801
	refuses 'made of request and answer' check "$u/x" --profile sequence --user-data 00
	refuses '--resolve x' check "$u" --profile odyn --resolve x
	refuses '--proxy' check "$u" --profile odyn --proxy ftp://x
	refuses 'No such file' check "$u" --profile odyn --headers none
	printf 'X-A: b\nHost: c\n' >"$tmp/headers"
	refuses 'line 2' check "$u" --profile odyn --headers "$tmp/headers"
	refuses '(http-cacert)' check "$s" --profile odyn --cacert none
	refuses 'fit one URL only' check "$u" "$u" --profile odyn --user-data 00
	refuses 'fit one URL only' check "$u" "$u" --profile odyn --save x
	refuses "no check named 'bundle.form'" check "$u" --profile odyn --require bundle.form
	refuses "text, json, html, nagios or prom, not 'xml'" check "$u" --profile odyn --format xml
}

@test "several targets are sections of one page" {
	local u
	u=http://127.0.0.1:$(port plain)
	exits 0 check "$u" "$u/v1/attestation" --profile odyn "${image[@]}" --format html
	nothing_said
	[ "$(grep -c '^<section ' "$tmp/out")" -eq 2 ]
	[ "$(grep -c '^<!DOCTYPE html>' "$tmp/out")" -eq 1 ]
	prints '<title>PASS: 2 targets</title>'
	prints "<b>Connection</b> <code>$u/v1/attestation</code>"
	exits 3 check "$u" "$u/none" --profile odyn "${image[@]}" --format html -o "$tmp/page.html"
	nothing_printed
	grep -q '<title>ERROR: 2 targets</title>' "$tmp/page.html"
	grep -q '<p><b>endpoint.fetch</b>: ' "$tmp/page.html"
}
