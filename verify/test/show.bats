#!/usr/bin/env bats
# enclave-verify show: decodes without judging, also what would be refused, and never says more than that.
# shellcheck disable=SC2154 # variables of helpers.bash
load helpers

# shown FILE...: each is decoded, in text and JSON, with exit status 0.
shown() {
	py "$@" <<'END'
def look(path):
	return path, run("show", path), run("show", "--format=json", path)
def problems_of(text, lines, said):
	status, out, err = text
	if status != 0 or err:
		yield "exit %s: %s" % (status, err)
	if not out.endswith(b"\n") or not all(line.startswith(b"UNVERIFIED ") for line in out.splitlines()):
		yield "a line without UNVERIFIED: %r" % out[:200]
	status, line, err = lines
	if status != 0 or err or line.count(b"\n") != 1:
		yield "JSON: exit %s: %s" % (status, err)
		return
	report = json.loads(line)
	if list(report) != ["schema", "tool", "target", "envelope", "unverified", "would_refuse"]:
		yield "members: %s" % list(report)
	if list(report["envelope"]) != ["tag", "protected", "unprotected", "size", "payload_size", "signature_size"]:
		yield "members of the envelope: %s" % list(report["envelope"])
	refusal = report["would_refuse"]
	first = (refusal["id"], refusal["reason"]) if refusal else ("-", "nothing-expected")
	if first != said:
		yield "`document` refuses it at %s (%s), show says %s (%s)" % (*said, *first)
	if refusal and ("(%s)" % refusal["reason"]).encode() not in out.splitlines()[-1]:
		yield "the last line does not name %s" % refusal["reason"]
	others = report["unverified"].pop("other", [])
	for other in others:
		if list(other) != ["key", "value"]:
			yield "members of an entry: %s" % list(other)
	yield from problems_of_facts(report["unverified"])

paths = some(sys.argv[1:])
said = [first_bad(json.loads(line)) for line in
	run("document", "--at", "document", "--format", "json", *paths)[1].splitlines()]
if len(said) != len(paths) or not paths:
	wrong("%d of %d documents judged" % (len(said), len(paths)))
for (path, text, lines), first in zip(many(look, paths), said):
	for problem in problems_of(text, lines, first):
		wrong("%s: %s" % (path, problem))
END
}

@test "good documents, and what document would refuse first" {
	shown document.cbor tampered.cbor documents/good-*
}

@test "documents that are refused for their chain, time and claims' values" {
	shown documents/x509-* documents/time* documents/debug.cbor \
		documents/module-id* documents/digest-* documents/pcr-index*
}

@test "whatever is malformed: exit 1, a reason on stderr, never a crash; whatever is not: every line UNVERIFIED" {
	py <<'END'
def look(name):
	path = "documents/" + name
	return path, run("show", path), run("show", path, "--format", "json")
names = some(sorted({row["name"] for row in table(VECTORS + "/documents/index.tsv")}))
shown = 0
for path, text, lines in many(look, names):
	if text[0] not in (0, 1) or lines[0] != text[0]:
		wrong("%s: exit %s in text, %s in JSON" % (path, text[0], lines[0]))
	if not all(line.startswith(b"UNVERIFIED ") for line in text[1].splitlines()):
		wrong("%s: a line without UNVERIFIED" % path)
	if text[0] == 0 and (text[2] or lines[2] or json.loads(lines[1])["schema"] != 1):
		wrong("%s: exit 0 and on stderr: %s" % (path, text[2]))
	reason = re.fullmatch(rb"enclave-verify: .* \(([a-z0-9-]+)\)\n", text[2])
	if text[0] == 1 and not (reason and reason[1].decode() in REASONS):
		wrong("%s: exit 1 and on stderr: %r" % (path, text[2]))
	report = json.loads(lines[1])
	if report["schema"] != 1 or "verdict" in report or "checks" in report or "facts" in report:
		wrong("%s: JSON with %s" % (path, list(report)))
	if text[0] == 1 and report["malformed"]["reason"].encode() != reason[1]:
		wrong("%s: JSON says %s" % (path, report["malformed"]))
	shown += text[0] == 0
print("%d of %d files shown" % (shown, len(names)))
END
}

@test "not a document: exit 1 with the reason" {
	for format in text json; do
		exits 1 show --format $format documents/cose-empty.cbor
		complains '(cose-empty)'
		exits 1 show --format $format pcr.json
		complains '(text-encoding)'
		exits 1 show --format $format documents/cbor-truncated-half.cbor
		complains '(cbor-truncated)'
	done
	head -c 262145 /dev/zero >"$tmp/large"
	exits 1 show "$tmp/large"
	complains '(cose-too-large)'
	exits 3 show documents/no-such-file
	nothing_printed
	complains 'documents/no-such-file: No such file or directory'
	exits 3 show documents
	complains 'documents: Is a directory'
}

@test "text of a document" {
	exits 0 show document.cbor
	nothing_said
	sed 's/\(UNVERIFIED *[a-z]*\[[0-9]\]\).*/\1/; /pcr[3-9]/d; /pcr1[0-5]/d; / certificate  *[0-9]/d' "$tmp/out" >"$tmp/part"
	mv "$tmp/part" "$tmp/out"
	golden <<'END'
UNVERIFIED  document.cbor
UNVERIFIED    envelope       COSE_Sign1, untagged, 4648 bytes
UNVERIFIED    protected      {1: -35}
UNVERIFIED    unprotected    {}
UNVERIFIED    payload        4540 bytes
UNVERIFIED    signature      96 bytes
UNVERIFIED    module_id      i-0e5c1a7ed0c5e7e57-enc019b834c9f78c0de
UNVERIFIED    digest         SHA384
UNVERIFIED    timestamp      1767434400123 ms, 2026-01-03 10:00:00 UTC
UNVERIFIED    pcr0           4a6badea3a596cda4062bf12d1357293f8a808ed95b8865130286fb323119c84b95d268a8950ffc4af7b7d80d62b4b36
UNVERIFIED    pcr1           cada77ab3f9b3bb8e2c752c92558ef07a392c264e1fdece5721ac8464f6b4a1598cb16d05a568b813666541c2c69003d
UNVERIFIED    pcr2           ce7fee41831f6a4c40de1ecd3649ed63f1de99d533b362270adbc95242cab226eb4f0874cf75f73b6c263174cb19cff3
UNVERIFIED    cabundle[0]
UNVERIFIED    cabundle[1]
UNVERIFIED    cabundle[2]
UNVERIFIED    cabundle[3]
UNVERIFIED    public_key     null
UNVERIFIED    user_data      26 bytes 656e636c617665636865636b207465737420646f63756d656e74
UNVERIFIED    nonce          16 bytes 00112233445566778899aabbccddeeff
UNVERIFIED    ENCLAVE_HASH   0x17881510b76878df429921be6a0cd6e9bfaffb2177550f586d5bdcc67c611f83
UNVERIFIED    refused        by `document`, first at chain.root: cabundle does not begin with the pinned root certificate (x509-root)
END
}

@test "hex, base64 and standard input are read like the raw bytes" {
	exits 0 show - <document.cbor
	sed 1d "$tmp/out" >"$tmp/raw"
	[ "$(wc -l <"$tmp/raw")" -gt 20 ]
	python3 -c 'print(open("document.cbor", "rb").read().hex())' >"$tmp/hex"
	base64 -w 0 document.cbor >"$tmp/base64"
	for form in hex base64; do
		exits 0 show "$tmp/$form"
		sed 1d "$tmp/out" | cmp - "$tmp/raw"
	done
}

@test "show takes one file and no expectation" {
	refuses 'one FILE' show
	refuses 'one FILE' show document.cbor document.cbor
	refuses 'pcrs' show document.cbor --pcrs pcr.json
	refuses 'root' show document.cbor --root root.pem
	refuses 'at' show document.cbor --at document
	refuses 'a value' show "$(printf '%096d' 1)"
	refuses 'a value' show "0x$(printf '%064d' 1)"
}

@test "show -q: nothing on stdout in text, JSON all the same" {
	exits 0 show -q document.cbor
	nothing_printed
	exits 0 show -q --format=json document.cbor
	prints '"unverified":'
}

@test "documents of an emulator, which no judge takes, are shown" {
	need_shared
	cd "$shared/documents/emulated" || return 1
	py "$PWD" att-empty.bin att-full.bin att-pcr16.bin no-pcrs.bin <<'END'
for name in sys.argv[2:]:
	status, out, err = run("show", "--format", "json", name, cwd=sys.argv[1])
	report = json.loads(out)
	if status or err or report["would_refuse"]["id"] != "document.form" or report["would_refuse"]["reason"] != "cose-alg":
		wrong("%s: exit %s, %s %s" % (name, status, err, report["would_refuse"]))
	if report["envelope"]["protected"] != "{1: -1}" or report["envelope"]["signature_size"] != 64:
		wrong("%s: %s" % (name, report["envelope"]))
	for problem in problems_of_facts(report["unverified"]):
		wrong("%s: %s" % (name, problem))
	pcrs = len(report["unverified"]["pcrs"])
	if pcrs != {"no-pcrs.bin": 0, "att-pcr16.bin": 17}.get(name, 16):
		wrong("%s: %d registers" % (name, pcrs))
END
	for name in att-empty.bin att-full.bin att-pcr16.bin no-pcrs.bin; do
		exits 0 show $name
		nothing_said
		run -1 grep -v '^UNVERIFIED ' "$tmp/out"
	done
	exits 1 show nsm-describe-response.bin
	complains '(cose-shape)'
}
