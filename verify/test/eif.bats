#!/usr/bin/env bats
# enclave-verify eif, hash of an image, --eif: every row of testvectors/eif/index.tsv, images from AWS's
# tools, a second reader, what is printed, and how much memory it takes.
# shellcheck disable=SC2154 # variables of helpers.bash
load helpers

# A small image with proper content, and what the second reader says of it.
setup_file() {
	python3 - "$BATS_FILE_TMPDIR" "$BATS_TEST_DIRNAME" <<'END'
import json, sys
sys.path.insert(0, sys.argv[2])
sys.dont_write_bytecode = True
import eif_peer as peer

sections = [(1, b"MZ kernel"), (2, b"reboot=k panic=30"), (5, peer.DATA), (3, b"boot"), (3, b"application")]
image = peer.build(sections)
write = lambda name, content: open(sys.argv[1] + "/" + name, "wb").write(content)
write("small.eif", image)
write("crc.eif", image[:544] + b"\0\0\0\0" + image[548:])
write("short.eif", image[:-1])
write("bottlerocket.eif", peer.build(sections, flags=0x240))
registers = peer.judge(bytes(image))[1]
write("pcr.json", json.dumps({"HashAlgorithm": "Sha384 { ... }", **registers}, indent=2).encode() + b"\n")
write("moved.eif", peer.build([(1, b"MZ kernel"), (2, b"reboot=k panic=30"), (5, peer.DATA), (3, b"boota"), (3, b"pplication")]))
END
}

small() {
	cd "$BATS_FILE_TMPDIR" || return 1
}

@test "rows of the table" {
	py <<'END'
def judge(row):
	args = ["eif", "eif/" + row["name"], *row["options"].split()]
	status, out, err = run(*args, "--format", "json")
	try:
		# a command line that is wrong gives no report
		check, reason = first_bad(json.loads(out)) if out or status != 2 else ("-", "-")
	except ValueError:
		return args, row, "exit %s, no report: %r" % (status, err)
	if (str(status), check, reason) != (row["exit"], row["check"], row["reason"]):
		return args, row, "exit %s, %s (%s)" % (status, check, reason)
rows = [row for row in table(VECTORS + "/eif/index.tsv") if "--pcr-json" not in row["options"].split()]
for args, row, problem in filter(None, many(judge, rows)):
	wrong("enclave-verify %s (%s)\n  table:  exit %s, %s (%s)\n  actual: %s" % (
		" ".join(args), row["what"], row["exit"], row["check"], row["reason"], problem))
if len(rows) < 100:
	wrong("the table has %d rows" % len(rows))
END
}

@test "a second reader says the same of 400 mutants" {
	py "$BATS_TEST_DIRNAME" "$tmp" <<'END'
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import eif_peer as peer

def ours(item):
	number, image = item
	name = "%s/%d.eif" % (sys.argv[2], number)
	open(name, "wb").write(image)
	out = run("eif", name, "--format", "json")[1]
	os.unlink(name)
	report = json.loads(out)
	check, reason = first_bad(report)
	if check != "-":
		return check, reason
	return "ok", {key: report["measurements"][key] for key in ("PCR0", "PCR1", "PCR2")}
images = list(enumerate(peer.mutants(1, 400)))
seen = set()
for (number, image), said in zip(images, many(ours, images)):
	wanted = peer.judge(image)
	seen.add(wanted[0] if wanted[0] == "ok" else wanted[1])
	if said != wanted:
		wrong("mutant %d: %s, the second reader says %s" % (number, said, wanted))
print(sorted(seen))
if len(seen) < 15:
	wrong("too few kinds")
END
}

@test "images that AWS's tools made" {
	need_shared
	cd "$shared/eif" || return 1
	at=(--at 2030-01-01T00:00:00Z)
	for kind in signed unsigned; do
		exits 0 eif "peer_$kind.eif" --pcr-json
		tail -n +2 "peer_$kind.stdout.txt" | sed 's/Sha512_48 { .. }/Sha384 { ... }/' | golden
		exits 0 eif "peer_$kind.eif" --pcrs <(tail -n +2 "peer_$kind.stdout.txt") "${at[@]}"
	done
	exits 0 eif peer_signed.eif --signing-cert cert.pem --eif peer_unsigned.eif --require eif.signature "${at[@]}"
	prints 'PASS (as of 2030-01-01 00:00:00)  peer_signed.eif'
	exits 1 eif peer_signed.eif --eif peer_unsigned.eif --at 2026-11-22T16:28:23Z
	prints '(eif-signature-validity)'
	exits 1 eif peer_unsigned.eif --eif peer_signed.eif --require eif.signature
	prints '(required-skipped)'
	exits 1 eif upstream_resigned_size_mismatch.eif
	prints 'at byte 1480 (eif-section-size)'
}

@test "without an expectation everything is printed, and there is no verdict" {
	small
	exits 3 eif small.eif
	nothing_said
	prints 'ERROR  small.eif: nothing-expected'
	prints "PCR0  $(sed -n 's/.*PCR0": "\(.*\)".*/\1/p' pcr.json)"
	prints '  kernel        560            9  '
	prints 'Metadata (not measured'
	prints '  BuildTool         buildtool'
	prints 'ENCLAVE_HASH 0x'
	exits 3 eif - <small.eif
	prints 'ERROR  -: nothing-expected'
}

@test "--pcr-json prints what nitro-cli prints" {
	small
	exits 0 eif small.eif --pcr-json
	golden <pcr.json
	exits 0 eif --pcr-json - -o "$tmp/written" <small.eif
	nothing_printed
	cmp "$tmp/written" pcr.json
	exits 1 eif crc.eif --pcr-json
	nothing_printed
	complains '(eif-crc)'
	exits 1 eif short.eif --pcr-json
	nothing_printed
	complains '(eif-truncated)'
	exits 3 eif missing.eif --pcr-json
	complains 'No such file or directory'
}

@test "expectations" {
	small
	exits 0 eif small.eif --pcrs pcr.json
	prints 'PASS  small.eif'
	exits 0 eif small.eif --eif small.eif
	hash=$("$verify" hash small.eif)
	exits 0 eif small.eif --enclave-hash "$hash"
	prints 'Note: PCR0 does not say where one section'
	exits 1 eif moved.eif --pcrs pcr.json
	prints 'pcr.json contradicts our own measurement of PCR1 (pcr-mismatch)'
	prints '      actual    '
	prints '   image'
	exits 0 eif moved.eif --enclave-hash "$hash"
	exits 1 eif small.eif --eif moved.eif
	exits 0 eif small.eif --eif moved.eif --eif small.eif
	exits 1 eif small.eif --pcrs pcr.json --pcr "0=$(printf '%096d' 0)"
	prints 'PCR0 is not the expected one'
	exits 0 eif small.eif --pcrs pcr.json --pcr "8=$(printf '%096d' 0)"
	exits 1 eif small.eif --pcr "3=$(printf '%096d' 0)"
	prints 'the image carries no PCR3 (pcr-missing)'
}

@test "an image that is not as it should be" {
	small
	exits 1 eif crc.eif --pcrs pcr.json
	prints 'FAIL  crc.eif: eif.crc'
	prints 'needs eif.crc'
	[[ $out != *PCR0\ * ]] || report 'registers of a damaged image'
	exits 1 eif short.eif
	prints 'FAIL  short.eif: eif.form'
	exits 1 eif /dev/null
	prints '(eif-magic)'
	exits 3 eif missing.eif
	prints 'ERROR  missing.eif: eif.form'
	complains 'missing.eif: No such file or directory'
	exits 3 eif .
	complains '.: Is a directory'
	exits 1 eif bottlerocket.eif
	prints '(eif-flags)'
	exits 0 eif bottlerocket.eif --flags 240 --pcrs pcr.json
	exits 0 eif bottlerocket.eif --flags 0x0240 --pcrs pcr.json
	exits 1 eif bottlerocket.eif --flags 40 --pcrs pcr.json
}

@test "command lines that are refused" {
	small
	refuses 'one FILE is needed' eif
	refuses 'one FILE is needed' eif small.eif small.eif
	refuses 'a value stands where a file is expected' eif "$(printf '%096d' 1)"
	refuses 'an image tells no time of its own' eif small.eif --at document
	refuses 'compares nothing' eif small.eif --pcr-json --pcrs pcr.json
	refuses 'leave --require out' eif small.eif --pcr-json --require eif.signature
	refuses 'four hex digits' eif small.eif --flags 12345
	refuses 'four hex digits' eif small.eif --flags xyz
	refuses "no check named 'document.form'" eif small.eif --require document.form
	refuses "no check named 'eif.form'" document small.eif --require eif.form
	refuses 'is no option here' eif small.eif --nonce 00
	refuses 'is no option here' document small.eif --flags 0
	refuses '(eif-crc)' eif small.eif --eif crc.eif
	refuses '(eif-truncated)' eif small.eif --eif short.eif
	refuses 'No such file or directory' eif small.eif --eif missing.eif
	refuses '(eif-magic)' document "$TOP/testvectors/document.cbor" --eif pcr.json
}

@test "an image is an expectation of a document" {
	small
	exits 1 document "$TOP/testvectors/document.cbor" --root "$TOP/testvectors/root.pem" --at document --eif small.eif
	prints 'pcr0.match'
	prints '   small.eif'
	prints '   document'
}

@test "hash of an image" {
	small
	exits 0 hash small.eif
	want=$out
	exits 0 hash "$(sed -n 's/.*PCR0": "\(.*\)".*/\1/p' pcr.json)"
	[ "$out" = "$want" ]
	exits 0 hash pcr.json
	[ "$out" = "$want" ]
	exits 0 hash - <small.eif
	[ "$out" = "$want" ]
	# shellcheck disable=SC2002 # a pipe, not a file
	cat small.eif | exits 0 hash -
	exits 1 hash crc.eif
	complains '(eif-crc)'
	exits 1 hash short.eif
	complains '(eif-truncated)'
	exits 1 hash bottlerocket.eif
	complains '(eif-flags)'
}

@test "the JSON of an image" {
	small
	exits 0 eif small.eif --pcrs pcr.json --format json
	py "$tmp/out" "$BATS_TEST_DIRNAME" <<'END'
import hashlib
sys.path.insert(0, sys.argv[2])
sys.dont_write_bytecode = True
import eif_peer as peer
report = json.load(open(sys.argv[1]))
image = open("small.eif", "rb").read()
registers = peer.judge(image)[1]
eif = report["eif"]
if list(report) != ["schema", "tool", "target", "judged_at", "time_source", "root", "debug", "verdict", "checks",
		"facts", "eif", "measurements"]:
	wrong("members: %s" % list(report))
if report["measurements"] != {"HashAlgorithm": "Sha384 { ... }", **registers}:
	wrong("measurements: %s" % report["measurements"])
if {"PCR" + key: value for key, value in report["facts"]["pcrs"].items()} != registers:
	wrong("facts: %s" % report["facts"])
if list(eif) != ["version", "arch", "flags", "crc_ok", "size", "default_mem", "default_cpus", "sections", "metadata",
		"signature"]:
	wrong("members of eif: %s" % list(eif))
if (eif["version"], eif["arch"], eif["flags"], eif["crc_ok"], eif["size"], eif["default_mem"], eif["default_cpus"],
		eif["signature"]) != (4, "x86_64", 0, True, str(len(image)), "1073741824", "2", None):
	wrong("eif: %s" % eif)
if eif["metadata"] != json.loads(peer.DATA):
	wrong("metadata: %s" % eif["metadata"])
names = ["kernel", "cmdline", "metadata", "ramdisk", "ramdisk"]
for section, name in zip(eif["sections"], names, strict=True):
	data = image[int(section["offset"]):][:int(section["size"])]
	if section["type"] != name or section["sha384"] != hashlib.sha384(data).hexdigest():
		wrong("section: %s" % section)
if [check["id"] for check in report["checks"]] != ["eif.form", "eif.crc", "eif.signature", "pcr0.match", "pcr1.match",
		"pcr2.match", "enclave_hash.match"]:
	wrong("checks: %s" % report["checks"])
for check in report["checks"]:
	for problem in problems_of_check(check, {}):
		wrong("%s: %s" % (check["id"], problem))
END
}

# The image comes through a pipe, so that no disk is needed; a terminal on stderr sees the bar.
@test "images of 300 MB and 1 GB take less than 10 MB, and a bar comes and goes" {
	needs_terminals
	py "$BATS_TEST_DIRNAME" <<'END'
import pty, zlib
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import eif_peer as peer, struct
BLOCK = bytes(range(256)) * 4096 # 1 MiB

def pieces(megabytes):
	sizes = [("kernel", 1, 16), ("cmdline", 2, 0), ("metadata", 5, None), ("boot", 3, 2), ("app", 3, megabytes - 18)]
	at, table, body = 548, [], []
	for name, kind, blocks in sizes:
		size = len(peer.DATA) if blocks is None else blocks << 20
		table.append((at, size))
		body.append((struct.pack(">HHQ", kind, 0, size), [peer.DATA] if blocks is None else [BLOCK] * blocks))
		at += 12 + size
	header = struct.pack(">4sHHQQHH", b".eif", 4, 0, 0, 0, 0, 5)
	for column in (0, 1):
		header += b"".join(struct.pack(">Q", row[column]) for row in table).ljust(256, b"\0")
	header += bytes(4)
	crc = zlib.crc32(header)
	for head, data in body:
		crc = zlib.crc32(head, crc)
		for one in data:
			crc = zlib.crc32(one, crc)
	yield header + struct.pack(">I", crc)
	for head, data in body:
		yield head
		yield from data

def drain(terminal):
	said = b""
	try:
		while True:
			said += os.read(terminal, 4096)
	except OSError: # nothing more for now, or closed
		return said

def peak(pid):
	return int(re.search(r"VmHWM:\s+(\d+) kB", open("/proc/%d/status" % pid).read())[1])

# what a sanitizer adds is not the program's memory: only the release variant has a bound
plain = os.path.basename(os.environ["BUILD"]) == "release"
for megabytes in (300, 1000) if plain else (300,):
	mine, theirs = pty.openpty()
	child = subprocess.Popen([VERIFY, "eif", "-", "--pcr-json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
		stderr=theirs, env={**os.environ, "TERM": "xterm"})
	os.close(theirs)
	os.set_blocking(mine, False)
	last, seen = None, b""
	for piece in pieces(megabytes):
		if last is not None:
			child.stdin.write(last)
			seen += drain(mine)
		last = piece
	child.stdin.write(last[:-1])
	child.stdin.flush()
	kib = peak(child.pid)
	child.stdin.write(last[-1:])
	child.stdin.close()
	out = child.stdout.read()
	if child.wait() != 0 or b'"PCR0"' not in out:
		wrong("%d MB: exit %d" % (megabytes, child.returncode))
	if plain and kib >= 10000:
		wrong("%d MB: %d KiB" % (megabytes, kib))
	print("%d MB: %d KiB" % (megabytes, kib))
	seen += drain(mine)
	os.close(mine)
	if seen and (not seen.endswith(b"\r\x1b[K") or b"MB/s" not in seen):
		wrong("on the terminal: %r" % seen[-200:])
	if megabytes == 1000 and not seen:
		wrong("no bar")
END
}
