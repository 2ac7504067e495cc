#!/usr/bin/env bats
# Files, standard streams and the environment of enclave-verify.
# shellcheck disable=SC2154 # variables of helpers.bash
load helpers

pcr0=4a6badea3a596cda4062bf12d1357293f8a808ed95b8865130286fb323119c84b95d268a8950ffc4af7b7d80d62b4b36

# What can be put on stdout, by any verb.
calls() {
	printf '%s\n' "document ${bundled[*]}" "document ${bundled[*]} --format json" 'show document.cbor' \
		'show document.cbor --format json' "hash $pcr0" '--help' '--version' 'show --help'
}

# into STATUS TEXT: standard output is the caller's; each call exits so and says TEXT.
into() {
	while read -r -a words; do
		status=0
		"$verify" "${words[@]}" 2>"$tmp/err" || status=$?
		[ "$status" -eq "$1" ] || {
			echo "enclave-verify ${words[*]}: exit $status" >&2
			return 1
		}
		grep -q "^enclave-verify: .*$2" "$tmp/err" || {
			echo "enclave-verify ${words[*]}: not '$2' but: $(cat "$tmp/err")" >&2
			return 1
		}
	done < <(calls)
}

@test "a full device: no verdict" {
	into 3 'No space left on device' >/dev/full
}

@test "standard output closed: no verdict, and nothing is written elsewhere" {
	into 3 'standard output' >&-
	cp document.cbor "$tmp/document.cbor"
	status=0
	"$verify" document "$tmp/document.cbor" "${bundled[@]:1}" >&- 2>/dev/null || status=$?
	[ "$status" -eq 3 ]
	cmp document.cbor "$tmp/document.cbor"
	# a failure of the evidence could not be told either
	status=0
	"$verify" document tampered.cbor "${bundled[@]:1}" >&- 2>/dev/null || status=$?
	[ "$status" -eq 3 ]
}

@test "the reader of a pipe has gone: no verdict, no death by a signal" {
	py <<'END'
for args in (["document", "document.cbor", "--root", "root.pem", "--at", "document", "--pcrs", "pcr.json"],
		["show", "document.cbor"], ["hash", "document.cbor"], ["--help"]):
	reader, writer = os.pipe()
	os.close(reader)
	done = subprocess.run([VERIFY, *args], stdout=writer, stderr=subprocess.PIPE, cwd=VECTORS)
	os.close(writer)
	if done.returncode != 3 or b"Broken pipe" not in done.stderr:
		wrong("%s: %s %s" % (args, done.returncode, done.stderr))
END
}

@test "nothing is left out when stdout takes little at a time" {
	exits 0 show document.cbor --format json
	prints '"would_refuse"'
	"$verify" show document.cbor --format json | while IFS= read -r -n 1 -d '' byte; do
		printf '%s' "$byte"
	done >"$tmp/slow"
	cmp "$tmp/slow" "$tmp/out"
}

@test "standard error closed: the verdict is the same" {
	status=0
	"$verify" document "${bundled[@]}" >"$tmp/out" 2>&- || status=$?
	[ "$status" -eq 0 ]
	grep -q '^PASS' "$tmp/out"
	status=0
	"$verify" document no-such-file "${bundled[@]:1}" >"$tmp/out" 2>&- || status=$?
	[ "$status" -eq 3 ]
	status=0
	"$verify" document --nope >"$tmp/out" 2>&- || status=$?
	[ "$status" -eq 2 ]
	[ ! -s "$tmp/out" ]
}

@test "standard input: a document, nothing, closed" {
	exits 0 document - "${bundled[@]:1}" <document.cbor
	prints '  -'
	base64 -w 0 document.cbor >"$tmp/base64"
	exits 0 document "${bundled[@]:1}" - <"$tmp/base64"
	judges 1 document.form '(cose-empty)' - "${bundled[@]:1}" </dev/null
	# closed is opened as an empty one, never as some other file
	judges 1 document.form '(cose-empty)' - "${bundled[@]:1}" <&-
	exits 0 document "${bundled[@]}" <&-
	judges 3 document.form '(file-unreadable)' - "${bundled[@]:1}" <documents
	# in pieces
	{ head -c 1000 document.cbor && sleep 0.1 && tail -c +1001 document.cbor; } |
		exits 0 document - "${bundled[@]:1}"
}

@test "a file that cannot be read: no verdict" {
	ln -s loop "$tmp/loop"
	for file in no-such-file document.cbor/below documents "$tmp/loop" '' /proc/self/mem; do
		judges 3 document.form '(file-unreadable)' "$file" "${bundled[@]:1}"
		complains 'enclave-verify: '
		exits 3 document "$file" "${bundled[@]:1}"
		prints ': document.form'
		prints '(file-unreadable)'
		exits 3 show "$file"
		nothing_printed
		exits 3 hash "$file"
		nothing_printed
	done
	# root reads everything
	if [ "$(id -u)" -ne 0 ]; then
		cp document.cbor "$tmp/locked"
		chmod 000 "$tmp/locked"
		judges 3 document.form '(file-unreadable)' "$tmp/locked" "${bundled[@]:1}"
		complains 'Permission denied'
	fi
}

@test "an empty file, and one over its cap: a failure of the evidence" {
	: >"$tmp/empty"
	judges 1 document.form '(cose-empty)' "$tmp/empty" "${bundled[@]:1}"
	for size in 32769 262144 262145 3000000; do
		head -c $size /dev/zero >"$tmp/zeros"
		reason='(cose-too-large)'
		judges 1 document.form "$reason" "$tmp/zeros" "${bundled[@]:1}"
	done
	# white space counts: the cap is that of the file
	{ base64 -w 0 document.cbor && printf '%262144s' ' '; } >"$tmp/padded"
	judges 1 document.form '(cose-too-large)' "$tmp/padded" "${bundled[@]:1}"
	{ base64 -w 0 document.cbor && printf '%200000s' ' '; } >"$tmp/padded"
	exits 0 document "$tmp/padded" "${bundled[@]:1}"
	# a file without end ends at the cap
	judges 1 document.form '(cose-too-large)' /dev/zero "${bundled[@]:1}"
}

@test "-o FILE: what was there is replaced, the mode is the umask's, nothing else is left" {
	exits 0 document "${bundled[@]}"
	cp "$tmp/out" "$tmp/wanted"
	mkdir "$tmp/dir"
	for mask in 022 077 027 000; do
		head -c 100000 /dev/zero >"$tmp/dir/result"
		chmod 640 "$tmp/dir/result"
		(umask $mask && exits 0 document "${bundled[@]}" -o "$tmp/dir/result")
		nothing_printed
		cmp "$tmp/dir/result" "$tmp/wanted"
		[ "$(stat -c %a "$tmp/dir/result")" = "$(printf '%o' $((0666 & ~mask)))" ]
		[ "$(ls -A "$tmp/dir")" = result ]
	done
	# readers of the old file keep it
	printf old >"$tmp/dir/result"
	exec 7<"$tmp/dir/result"
	exits 1 document tampered.cbor "${bundled[@]:1}" --output "$tmp/dir/result" --format json
	[ "$(cat <&7)" = old ]
	exec 7<&-
	grep -q '"verdict":"fail"' "$tmp/dir/result"
	exits 0 show document.cbor -o "$tmp/dir/result"
	grep -q '^UNVERIFIED' "$tmp/dir/result"
	exits 0 hash $pcr0 -o "$tmp/dir/result"
	[ "$(wc -l <"$tmp/dir/result")" -eq 1 ]
	[ "$(ls -A "$tmp/dir")" = result ]
}

@test "-o FILE that cannot be written: no verdict, and the old one is whole" {
	exits 3 document "${bundled[@]}" -o "$tmp/no-such-folder/result"
	complains no-such-folder
	exits 3 document "${bundled[@]}" -o "$tmp"
	exits 3 document "${bundled[@]}" -o /dev/full
	complains /dev/full
	exits 3 hash $pcr0 -o /dev/full
	exits 3 show document.cbor -o /dev/full
	exits 3 document "${bundled[@]}" -o ''
	# a limit on file sizes breaks the writing off in its middle
	mkdir "$tmp/dir"
	printf old >"$tmp/dir/result"
	status=0
	(ulimit -f 1 && trap '' XFSZ && exec "$verify" show document.cbor -o "$tmp/dir/result") 2>"$tmp/err" || status=$?
	[ "$status" -eq 3 ]
	[ "$(cat "$tmp/dir/result")" = old ]
	[ "$(ls -A "$tmp/dir")" = result ]
	nothing_printed
	# on a wrong command line it is not touched
	refuses --pcr document "${bundled[@]}" -o "$tmp/dir/result" --pcr 0=
	[ "$(cat "$tmp/dir/result")" = old ]
}

@test "-o - is standard output, a device or pipe is written to" {
	exits 0 document "${bundled[@]}" -o -
	prints PASS
	"$verify" document "${bundled[@]}" -o /dev/stdout | cmp - "$tmp/out"
	exits 0 document "${bundled[@]}" -o /dev/null
	[ -c /dev/null ]
	mkfifo "$tmp/fifo"
	cat "$tmp/fifo" >"$tmp/through" 3>&- &
	exits 0 document "${bundled[@]}" -o "$tmp/fifo"
	wait $!
	[ -p "$tmp/fifo" ]
	grep -q '^PASS' "$tmp/through"
}

# A link of our own to what /dev/stdout is: a defect must not cost anybody their /dev/stdout.
@test "-o /dev/stdout where stdout is a file: written there, the link stays" {
	ln -s /proc/self/fd/1 "$tmp/stdout"
	exits 0 document "${bundled[@]}" -o "$tmp/stdout"
	[ -L "$tmp/stdout" ]
	prints PASS
}

@test "-o of a link: the file that it names is replaced, the link stays" {
	mkdir "$tmp/dir"
	printf old >"$tmp/dir/result"
	ln -s dir/result "$tmp/link"
	exits 0 document "${bundled[@]}" -o "$tmp/link"
	[ -L "$tmp/link" ]
	grep -q '^PASS' "$tmp/dir/result"
	[ "$(ls -A "$tmp/dir")" = result ]
}

@test "SIGTERM and SIGINT while reading: death by the signal, nothing left" {
	mkdir "$tmp/dir"
	py "$tmp/dir" <<'END'
import signal, time
for number in (signal.SIGTERM, signal.SIGINT):
	process = subprocess.Popen([VERIFY, "show", "-", "-o", sys.argv[1] + "/result"], stdin=subprocess.PIPE)
	# it waits in read(2) once it has started
	for _ in range(1000):
		if open("/proc/%d/stat" % process.pid).read().rsplit(")", 1)[1].split()[0] == "S":
			break
		time.sleep(0.005)
	process.send_signal(number)
	if process.wait(20) != -number:
		wrong("%s: %s" % (number, process.returncode))
if os.listdir(sys.argv[1]):
	wrong(os.listdir(sys.argv[1]))
END
}

@test "names of files never reach a terminal as they are" {
	py "$tmp" <<'END'
names = [b"new\nline", b"esc\x1b[31mred\x1b]0;title\x07", b"cr\rback", b"tab\t", b"del\x7f\x08", b"\xff\xfe not UTF-8",
	b"c1\xc2\x9b31m", b"bidi\xe2\x80\xae", b"quote\"'\\", "gr\u00fc\u00df".encode(), b"%s%n", b"\xed\xa0\x80", b"cut\xc3"]
good = open(VECTORS + "/document.cbor", "rb").read()
own = ["--root", "root.pem", "--at", "document"]
def look(name):
	there, missing = os.path.join(os.fsencode(sys.argv[1]), name), b"missing-" + name
	open(there, "wb").write(good)
	for args in (
			["document", there, *own, "--pcrs", "pcr.json"],
			["document", missing, *own, "--pcrs", "pcr.json"],
			["document", "document.cbor", *own, "--pcrs", there],
			["document", "document.cbor", *own, "--pcrs", missing],
			["document", "document.cbor", *own, "--pcrs", "pcr.json", "--color", "never", "-v", "-o", b"no-folder/" + name],
			["document", "document.cbor", *own, "--role-arn", name], ["document", "document.cbor", "--" + os.fsdecode(name)],
			["document", "document.cbor", "--at", name], ["document", "document.cbor", "--require", name],
			["document", "document.cbor", "--pcr", name], ["document", "document.cbor", "--enclave-hash", name],
			["document", "document.cbor", "--format", name], ["document", "document.cbor", "--user-data", name],
			["document", "document.cbor", "--public-key", b"@" + name], ["document", "document.cbor", b"-" + name],
			["document", "document.cbor", "--root", missing], ["document", "document.cbor", "--signing-cert", missing],
			["show", there], ["show", missing], ["hash", there], ["hash", missing], [name]):
		for format in ([], ["--format", "json"]):
			status, out, err = run(*args, *format)
			if status not in (0, 1, 2, 3):
				wrong("%s: exit %s: %s" % (args, status, err))
			for where, text in (("stdout", out), ("stderr", err)):
				try:
					lines = text.decode("utf-8").split("\n")
				except UnicodeDecodeError as e:
					wrong("%s on %s: %s" % (args, where, e))
					continue
				for line in lines:
					if re.search("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]", line):
						wrong("%s on %s: %r" % (args, where, line))
			if err.count(b"\n") > 1:
				wrong("%s: stderr is not one line: %r" % (args, err))
			if status != 2 and args[0] == "document" and "-o" not in args:
				if not format and b"document.form" not in out:
					wrong("%s: %r" % (args, out))
				# a name that is no UTF-8 is still a name
				if format and not json.loads(out)["target"]["name"]:
					wrong("%s: no name" % args)
many(look, names)
END
}

@test "what a document says never reaches a terminal as it is" {
	py <<'END'
names = sorted({row["name"] for row in table(VECTORS + "/documents/index.tsv")})
for args in (["document", "-v", "--root", "root.pem", "--at", "document"], ["show"]):
	for name in names if args == ["show"] else [names]:
		name = [name] if isinstance(name, str) else name
		if args == ["show"] and not re.match("module-id|cbor-utf8|doc-|digest|good-module", name[0]):
			continue
		status, out, err = run(*args, *["documents/" + one for one in name])
		if args[0] == "document" and out.count(b"document.form") < len(names):
			wrong("not all of them were judged")
		for text in (out, err):
			bad = re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", text.decode("utf-8"))
			if bad:
				wrong("%s %s: %r" % (args, name[:1], bad))
END
}

@test "colour: not into a file or pipe, not with NO_COLOR, and TERM=dumb; --color always wins" {
	for environment in NO_COLOR= TERM=xterm TERM=dumb NO_COLOR=1; do
		env "$environment" "$verify" document "${bundled[@]}" >"$tmp/out"
		run -1 grep -q $'\033' "$tmp/out"
		env "$environment" "$verify" document "${bundled[@]}" --color=auto | cmp - "$tmp/out"
		env "$environment" "$verify" document "${bundled[@]}" --color=always >"$tmp/out"
		grep -q $'\033' "$tmp/out"
	done
}

@test "colour on a terminal, unless NO_COLOR, TERM=dumb or --color never" {
	needs_terminals
	py <<'END'
import pty
def on_terminal(environment, *args):
	master, slave = pty.openpty()
	process = subprocess.Popen([VERIFY, "document", "document.cbor", "--root", "root.pem", "--at", "document", "--pcrs",
		"pcr.json", *args], stdin=slave, stdout=slave, stderr=slave, cwd=VECTORS, env=environment)
	os.close(slave)
	said = b""
	try:
		while True:
			part = os.read(master, 65536)
			if not part:
				break
			said += part
	except OSError:
		pass
	os.close(master)
	return process.wait(), said
for environment, args, coloured in (
		({}, [], True), ({"TERM": "xterm"}, [], True), ({"TERM": "dumb"}, [], False), ({"NO_COLOR": "1"}, [], False),
		({"NO_COLOR": ""}, [], True), ({"NO_COLOR": "0", "TERM": "xterm"}, [], False), ({}, ["--color", "never"], False),
		({"NO_COLOR": "1"}, ["--color", "always"], True), ({"TERM": "dumb"}, ["--color=always"], True),
		({"NO_COLOR": "1"}, ["--color=auto"], False)):
	status, said = on_terminal(environment, *args)
	if status != 0 or (b"\033[" in said) != coloured:
		wrong("%s %s: %s %r" % (environment, args, status, said[:80]))
END
}

@test "no configuration of OpenSSL's is read" {
	cat >"$tmp/hostile.cnf" <<'END'
openssl_conf = start
[start]
alg_section = algorithms
providers = providers
[algorithms]
default_properties = fips=yes
[providers]
hostile = hostile
[hostile]
module = /nonexistent/hostile.so
activate = 1
END
	# it does harm where it is read
	if OPENSSL_CONF=$tmp/hostile.cnf openssl dgst -sha384 document.cbor >"$tmp/dgst" 2>&1; then
		echo 'the configuration is not hostile'
		false
	fi
	exits 0 document "${bundled[@]}"
	prints PASS
	OPENSSL_CONF=$tmp/hostile.cnf "$verify" document "${bundled[@]}" 2>&1 | cmp - "$tmp/out"
	OPENSSL_CONF=$tmp/no-such-file "$verify" document "${bundled[@]}" 2>&1 | cmp - "$tmp/out"
	OPENSSL_CONF=$tmp/hostile.cnf "$verify" hash $pcr0
}

@test "the environment changes nothing" {
	mkdir "$tmp/home"
	hostile=(HOME="$tmp/home" XDG_CONFIG_HOME="$tmp/home" XDG_CACHE_HOME="$tmp/home" TMPDIR=/nonexistent TZ=Asia/Kathmandu
		LANG=tr_TR.UTF-8 LC_ALL=de_DE.UTF-8 LANGUAGE=fr SSL_CERT_FILE="$PWD/root.pem" SSL_CERT_DIR="$PWD" CURL_CA_BUNDLE="$PWD/root.pem"
		OPENSSL_MODULES="$tmp" OPENSSL_ENGINES="$tmp" OPENSSL_ia32cap=0 OPENSSL_TRACE=ALL http_proxy=http://127.0.0.1:1 https_proxy=http://127.0.0.1:1
		ALL_PROXY=http://127.0.0.1:1 SOURCE_DATE_EPOCH=0 COLUMNS=20 POSIXLY_CORRECT=1 FORCE_COLOR=1 CLICOLOR_FORCE=1
		ENCLAVE_VERIFY_ROOT="$PWD/root.pem" FAKETIME=2026-01-03 DEBUG=1 NOTIFY_SOCKET="$tmp/none")
	for words in "document ${bundled[*]}" "document ${bundled[*]} --format json -v" 'show document.cbor' \
		'document document.cbor --at document --pcrs pcr.json' '--version' "hash $pcr0"; do
		# shellcheck disable=SC2086 # words
		"$verify" $words >"$tmp/wanted" 2>&1 || :
		[ -s "$tmp/wanted" ]
		# shellcheck disable=SC2086
		env -i ASAN_OPTIONS="${ASAN_OPTIONS-}" "$verify" $words 2>&1 | cmp - "$tmp/wanted"
		# shellcheck disable=SC2086
		env "${hostile[@]}" "$verify" $words 2>&1 | cmp - "$tmp/wanted"
	done
	[ -z "$(ls -A "$tmp/home")" ]
}

@test "the folder it runs in changes nothing" {
	exits 0 document "${bundled[@]}" --format json
	prints '"verdict":"pass"'
	args=(document "$PWD/document.cbor" --root "$PWD/root.pem" --at document --pcrs "$PWD/pcr.json" --format json)
	mkdir "$tmp/a b"
	cd "$tmp/a b"
	printf 'hostile' | tee openssl.cnf pcr.json root.pem .enclave-verify >/dev/null
	"$verify" "${args[@]}" | sed 's/"name":"[^"]*document.cbor"/"name":"document.cbor"/; s/"expected_from":"[^"]*pcr.json"/"expected_from":"pcr.json"/g' |
		cmp - "$tmp/out"
}
