#!/usr/bin/env bats
# The forwarder of the parent instance, with a stand-in for nitro-cli. TOP is the repository's root.
bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	ec2=$TOP/ci/ec2
	export NITRO_CLI=$PWD/nitro-cli
	cat >nitro-cli <<-'END'
		#!/bin/sh
		[ "$*" = describe-enclaves ] || exit 9
		cat "${0%/*}/described"
	END
	chmod 755 nitro-cli
}

# enclave CID [NAME [STATE]]: one element of what nitro-cli prints.
enclave() {
	cat <<-END
		{ "EnclaveName": "${2-batcher}", "EnclaveID": "i-05f6ed443ae0123456-enc173dfe3e0123456",
		  "ProcessID": 7077, "EnclaveCID": $1, "NumberOfCPUs": 2, "CPUIDs": [1, 3], "MemoryMiB": 1024,
		  "State": "${3-RUNNING}", "Flags": "NONE", "Measurements": { "PCR0": "00" } }
	END
}

# gives CID, refuses TEXT: for what nitro-cli prints, which is standard input.
gives() {
	cat >described
	run --separate-stderr "$ec2/enclave-cid" batcher
	echo "$status $output $stderr"
	[ "$status" -eq 0 ] && [ "$output" = "$1" ] && [ -z "$stderr" ]
}

refuses() {
	cat >described
	run --separate-stderr "$ec2/enclave-cid" batcher
	echo "wanted: $1; $status $output $stderr"
	[ "$status" -eq 3 ] && [ -z "$output" ] && [[ $stderr == "enclave-cid: "*"$1"* ]]
}

@test 'cid: the running enclave of that name, among others' {
	gives 16 <<<"[$(enclave 16)]"
	gives 4 <<<"[$(enclave 4)]"
	gives 4294967294 <<<"[$(enclave 4294967294)]"
	gives 17 <<<"[$(enclave 16 other),$(enclave 17),$(enclave 18 batcher TERMINATING)]"
	# before names were introduced
	gives 17 <<<"[$(enclave 16 other | sed 's/"EnclaveName": "other",//'),$(enclave 17)]"
}

@test 'cid: none, or more than one' {
	refuses 'no enclave runs' <<<'[]'
	refuses 'no enclave runs' <<<"[$(enclave 16 batcher2)]"
	refuses 'no enclave runs' <<<"[$(enclave 16 Batcher)]"
	refuses 'no enclave runs' <<<"[$(enclave 16 batcher TERMINATING)]"
	refuses 'no enclave runs' <<<"[$(enclave 16 | sed 's/"EnclaveName": "batcher",//')]"
	refuses 'more than one' <<<"[$(enclave 16),$(enclave 17)]"
}

@test 'cid: numbers that no enclave has' {
	for cid in 0 1 2 3 -1 -16 4294967295 4294967296 18446744073709551632; do
		refuses 'is no CID that' <<<"[$(enclave $cid)]"
	done
	for cid in 16.0 1.6e1 '"16"' true null '[16]' '{}'; do
		refuses 'not of the known form' <<<"[$(enclave "$cid")]"
	done
	for cid in 016 0x10 +16 16x '16;id' ''; do
		refuses 'something else than JSON' <<<"[$(enclave "$cid")]"
	done
	for cid in NaN Infinity -Infinity; do
		refuses 'is no number' <<<"[$(enclave $cid)]"
	done
}

@test 'cid: anything but the known form' {
	refuses 'something else than JSON' </dev/null
	refuses 'something else than JSON' <<<'no enclaves'
	refuses 'something else than JSON' <<<"[$(enclave 16)] [$(enclave 17)]"
	refuses 'something else than JSON' <<<"[$(enclave 16)"
	refuses 'something else than JSON' < <(printf '[{"EnclaveName": "\xff"}]')
	refuses 'something else than JSON' < <(head -c 60000 /dev/zero | tr '\0' '[')
	refuses 'than an array of objects' <<<"$(enclave 16)"
	refuses 'than an array of objects' <<<'[16]'
	refuses 'than an array of objects' <<<'null'
	refuses 'stands twice' <<<"[$(enclave 16 | sed 's/"ProcessID"/"EnclaveCID"/')]"
	refuses 'no EnclaveID' <<<"[$(enclave 16 | sed 's/EnclaveID/EnclaveId/')]"
	refuses 'name is no text' <<<"[$(enclave 16 | sed 's/"batcher"/7/')]"
	refuses 'not of the known form' <<<"[$(enclave 16 batcher running)]"
	# one that is not asked for spoils it too
	refuses 'not of the known form' <<<"[$(enclave 16),$(enclave true other)]"
	refuses 'more than 65536 bytes' < <(enclave 16 && head -c 65536 /dev/zero | tr '\0' ' ')
}

@test 'cid: a nitro-cli that fails, hangs or is not there' {
	sed -i 's/^cat.*/&; exit 5/' nitro-cli
	refuses 'failed with status 5' <<<"[$(enclave 16)]"
	printf '#!/bin/sh\nexec sleep 60\n' >nitro-cli
	run "$ec2/enclave-cid" batcher 1
	[ "$status" -eq 3 ]
	[[ $output == *'did not answer within 1 s' ]]
	rm nitro-cli
	refuses 'No such file' <<<'[]'
}

@test 'cid: names that are none' {
	enclave 16 >described
	for name in '' 'a b' 'a;b' '../a' "$(printf 'a\nb')" "$(printf 'batcher\n.')" "$(printf '%065d' 0)" 'ä'; do
		run "$ec2/enclave-cid" "$name"
		echo "$name: $status"
		[ "$status" -eq 2 ]
	done
	for words in '' 'batcher 0' 'batcher 1000' 'batcher 5s' 'batcher 5 5'; do
		# shellcheck disable=SC2086
		run "$ec2/enclave-cid" $words
		echo "$words: $status"
		[ "$status" -eq 2 ]
	done
}

# A socat that only tells that it was called, and with what.
no_socat() {
	mkdir -p bin
	printf '#!/bin/sh\nprintf "%%s\\n" "$@" >socat-called\n' >bin/socat
	chmod 755 bin/socat
	PATH=$PWD/bin:$PATH
}

@test 'forward: what is no port, CID, name, time or socket' {
	no_socat
	while IFS='|' read -ra words; do
		run "$ec2/enclave-forward" "${words[@]}"
		echo "${words[*]}: $status $output"
		[ "$status" -eq 2 ]
		[[ $output == 'enclave-forward: '* ]]
		[ ! -e socat-called ]
	done <<-'END'
		--port|5005
		--port|5005|--name|
		--port|5005|--name|a|--cid|16
		--cid|16
		--port|0|--cid|16
		--port||--cid|16
		--port|05005|--cid|16
		--port|+5005|--cid|16
		--port|5005,fork|--cid|16
		--port|5005 |--cid|16
		--port|4294967295|--cid|16
		--port|18446744073709556621|--cid|16
		--port|5005|--cid|0
		--port|5005|--cid|-1
		--port|5005|--cid|4294967295
		--port|5005|--cid|16,type=1
		--port|5005|--cid|16|--idle|0
		--port|5005|--cid|16|--idle|3601
		--port|5005|--cid|16|--idle|1.5
		--unix|a,fork
		--unix|a!!EXEC:id
		--port|5005|--cid
		--help
	END
	enclave 16 >described
	run "$ec2/enclave-forward" --port 5005 --name 'batcher;id'
	[ "$status" -eq 3 ]
	[ ! -e socat-called ]
}

@test 'forward: a name becomes the address that it has now' {
	no_socat
	for cid in 16 17; do
		echo "[$(enclave $cid)]" >described
		"$ec2/enclave-forward" --port 5005 --name batcher --idle 7
		[ "$(xargs <socat-called)" = "-T 7 STDIO VSOCK-CONNECT:$cid:5005,connect-timeout=5" ]
	done
	rm socat-called
	echo '[]' >described
	run "$ec2/enclave-forward" --port 5005 --name batcher
	[ "$status" -eq 3 ]
	[ ! -e socat-called ]
}

# exchange LISTENER TIMES ARG...: an HTTP server behind LISTENER (a Python expression for a socket that listens)
# is asked TIMES times through the forwarder, as systemd runs it: a program for each connection.
exchange() {
	python3 - "$ec2/enclave-forward" "$@" <<'END'
import hashlib, http.client, http.server, os, socket, subprocess, sys, threading, time
program, listener, times, *words = sys.argv[1:]
try:
	listener = eval(listener)
except OSError as error:
	sys.exit("no listener: %s" % error)
words = [word.replace("PORT", str(listener.getsockname()[1])) for word in words]
BODY = os.urandom(200000)

class Answer(http.server.BaseHTTPRequestHandler):
	def do_POST(self):
		data = self.rfile.read(int(self.headers["Content-Length"]))
		if self.path == "/slow":
			time.sleep(30)
		answer = hashlib.sha384(data).digest() + BODY
		self.send_response(200)
		self.send_header("Content-Length", str(len(answer)))
		self.end_headers()
		self.wfile.write(answer)
	def log_message(self, *args):
		pass

def serve():
	while True:
		connection, _ = listener.accept()
		threading.Thread(target=handle, args=[connection], daemon=True).start()

def handle(connection):
	try:
		Answer(connection, ("enclave", 0), None)
		connection.shutdown(socket.SHUT_WR)
	except OSError:
		pass
	connection.close()

class Client(http.client.HTTPConnection):
	def connect(self):
		self.sock, theirs = socket.socketpair()
		self.sock.settimeout(20)
		self.forward = subprocess.Popen([program, *words], stdin=theirs, stdout=theirs, stderr=subprocess.PIPE)
		theirs.close()

threading.Thread(target=serve, daemon=True).start()

def ask(number, failures):
	client = Client("enclave")
	try:
		if "--idle" in words:
			start = time.monotonic()
			client.request("POST", "/slow", body=b"slow")
			try:
				client.getresponse()
				failures.append("a slow answer came")
			except http.client.RemoteDisconnected:
				pass
			if time.monotonic() - start > 10:
				failures.append("it did not end")
		else:
			data = b"%d" % number * 30000
			client.request("POST", "/", body=data)
			if client.getresponse().read() != hashlib.sha384(data).digest() + BODY:
				failures.append("another answer")
	finally:
		client.close()
	_, said = client.forward.communicate(timeout=20)
	if client.forward.returncode != 0:
		failures.append("exit %d: %s" % (client.forward.returncode, said))

failures = []
asking = [threading.Thread(target=ask, args=[n, failures]) for n in range(int(times))]
for one in asking:
	one.start()
for one in asking:
	one.join()
print(failures)
sys.exit(1 if failures else 0)
END
}

@test 'forward: what is asked and answered comes through whole, from several at once' {
	exchange 'socket.create_server("unix", family=socket.AF_UNIX)' 8 --unix unix
}

@test 'forward: ends when nothing moves' {
	exchange 'socket.create_server("unix", family=socket.AF_UNIX)' 1 --unix unix --idle 1
}

@test 'forward: fails when nobody listens' {
	run "$ec2/enclave-forward" --unix nobody </dev/null
	[ "$status" -eq 1 ]
}

@test 'forward: through vsock' {
	python3 -c 'import socket
end = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
end.bind((1, socket.VMADDR_PORT_ANY))' 2>/dev/null || skip 'no AF_VSOCK loopback in the kernel'
	exchange '(end := socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM), end.bind((1, socket.VMADDR_PORT_ANY)), end.listen())[0]' \
		8 --cid 1 --port PORT
}

@test 'units: what they run is what is here, and only loopback listens' {
	cd "$ec2"
	grep -qx 'ListenStream=127\.0\.0\.1:[0-9]*' enclavecheck-forward.socket
	[ "$(grep -c '^Listen' enclavecheck-forward.socket)" -eq 1 ]
	[ -x enclave-forward ]
	start=$(sed -n 's/^ExecStart=//p' enclavecheck-forward@.service)
	[[ $start == */enclave-forward\ * ]]
	# the options that the unit gives are options
	while read -r option; do
		grep -q -- "^	$option) " enclave-forward
	done < <(grep -o -- '--[a-z]*' <<<"$start")
	# and the settings are those of the file
	while read -r name; do
		grep -q "^$name=" forward.conf
	done < <(grep -Eo '\$[{][A-Z_]+' <<<"$start" | cut -c 3-)
	[ "$(grep -Eo '\$[{]' <<<"$start" | wc -l)" -eq 2 ]
}
