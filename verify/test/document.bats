#!/usr/bin/env bats
# enclave-verify document: every row of testvectors/documents/index.tsv, and what is printed.
# shellcheck disable=SC2154 # variables of helpers.bash
load helpers

# All rows are run once, each by itself; the tests look at the answers.
setup_file() {
	py "$BATS_FILE_TMPDIR/rows.json" <<'END'
rows = some(table(VECTORS + "/documents/index.tsv"))
def judge(row):
	row["ran"] = ["document", *row["options"].split(), "documents/" + row["name"]]
	status, out, err = run(*row["ran"], "--format", "json")
	return {**row, "status": status, "out": out.decode("utf-8", "replace"), "err": err.decode("utf-8", "replace")}
json.dump(many(judge, rows), open(sys.argv[1], "w"))
END
}

# rows GROUP: the rows whose names belong to it do what the table says.
rows() {
	py "$BATS_FILE_TMPDIR/rows.json" "$1" <<'END'
GROUPS = [
	("good", r"good-"),
	("envelope", r"cose-|cbor-(truncated|reserved|break|huge)"),
	("payload", r"doc-|cbor-|(cabundle|certificate|digest|module|nonce|pcrs?|public|user|pcr-index)-"),
	("chain", r"x509-(?!validity)"),
	("time", r"x509-validity|time|age"),
	("expectations", r"bound|debug|no-pcr0|pcr0-zero|pcr12-zero|mixed-image|signed-image"),
	("text", r"hex|base64|text"),
	("others", r""),
]
def judge(row):
	if row["err"]:
		yield "on stderr: " + row["err"]
	if row["out"].count("\n") != 1:
		yield "not one line on stdout: %r" % row["out"]
	try:
		report = json.loads(row["out"])
	except ValueError as e:
		yield "exit %s, %s" % (row["status"], e)
		return
	yield from problems(report, row["status"])
	check, reason = first_bad(report)
	if str(row["status"]) != row["exit"] or check not in row["check"].split("|") or \
			reason not in row["reason"].split("|"):
		yield "exit %s, %s (%s)" % (row["status"], check, reason)

count = 0
for row in json.load(open(sys.argv[1])):
	if next(name for name, pattern in GROUPS if re.match(pattern, row["name"])) != sys.argv[2]:
		continue
	count += 1
	for problem in judge(row):
		wrong("enclave-verify %s (%s)\n  table:  exit %s, %s (%s)\n  actual: %s" % (
			" ".join(row["ran"]), row["what"], row["exit"], row["check"], row["reason"], problem))
print("%d rows" % count)
if count == 0 and sys.argv[2] != "others":
	wrong("the table has no row of this group")
END
}

@test "rows of the table: good documents" {
	rows good
}

@test "rows of the table: the envelope" {
	rows envelope
}

@test "rows of the table: the payload" {
	rows payload
}

@test "rows of the table: the chain" {
	rows chain
}

@test "rows of the table: time" {
	rows time
}

@test "rows of the table: expectations" {
	rows expectations
}

@test "rows of the table: forms of text" {
	rows text
}

@test "rows of the table: all the others" {
	rows others
}

@test "many documents in one process: each is judged as it is alone" {
	py "$BATS_FILE_TMPDIR/rows.json" <<'END'
alone = {}
for row in json.load(open(sys.argv[1])):
	if not re.search("--(nonce|user-data|public-key|instance-id)", row["options"]):
		alone.setdefault(row["options"], []).append(row)
for options, rows in alone.items():
	status, out, err = run("document", *options.split(), "--format", "json",
		*["documents/" + row["name"] for row in rows])
	all_of = {int(row["status"]) for row in rows}
	worst = 1 if 1 in all_of else 3 if 3 in all_of else 0
	if status != worst:
		wrong("%s: exit %s, the worst of each is %s" % (options, status, worst))
	if not out or out.decode("utf-8", "replace") != "".join(row["out"] for row in rows):
		wrong("%s: together they are judged otherwise than alone" % options)
END
}

@test "several files: one line of JSON each, and the worst exit status in the order 1, 3, 0" {
	good=document.cbor bad=tampered.cbor none=documents/no-such-file
	args=(--root root.pem --at document --pcrs pcr.json)
	exits 0 document $good $good "${args[@]}"
	exits 1 document $good $bad "${args[@]}"
	exits 1 document $bad $good "${args[@]}"
	exits 3 document $good $none "${args[@]}"
	exits 3 document $none $good "${args[@]}"
	exits 1 document $none $bad "${args[@]}"
	exits 1 document $bad $none $good "${args[@]}" --format json
	py "$tmp/out" <<'END'
reports = [json.loads(line) for line in open(sys.argv[1])]
said = [(report["target"]["name"], report["verdict"]) for report in reports]
if said != [("tampered.cbor", "fail"), ("documents/no-such-file", "error"), ("document.cbor", "pass")]:
	wrong(said)
END
	[ "$(wc -l <"$tmp/out")" -eq 3 ]
}

@test "several files with -o: all of them in the file" {
	exits 1 document document.cbor tampered.cbor "${bundled[@]:1}" --format json -o "$tmp/all"
	nothing_printed
	[ "$(wc -l <"$tmp/all")" -eq 2 ]
	exits 1 document document.cbor tampered.cbor "${bundled[@]:1}" -o "$tmp/all"
	[ "$(grep -c '^PASS\|^FAIL' "$tmp/all")" -eq 2 ]
}

@test "text: pass" {
	exits 0 document "${bundled[@]}"
	nothing_said
	golden <<'END'
PASS (custom root c9d24d86, as of 2026-01-03 10:00:00)  document.cbor
  document.form        ok    4648 bytes, one COSE_Sign1, no trailing bytes
  claims.form          ok    SHA384, module i-0e5c1a7ed0c5e7e57-enc019b834c9f78c0de
  chain.root           ok    5 certificates to the root given by --root
  chain.time           ok    valid 2026-01-03 09:59:56 to 2026-01-03 12:59:59 UTC, judged at 2026-01-03 10:00:00
  cose.signature       ok    ES384 by the leaf certificate
  claims.age           skip  judged at the document's own time: its age was not checked
  nonce.match          skip  not asked for
  user_data.match      skip  not asked for
  public_key.match     skip  not asked for
  pcr.debug            ok    PCR0 is not all zero
  pcr0.match           ok    4a6badea...4b36 (pcr.json)
  pcr1.match           ok    cada77ab...003d (pcr.json)
  pcr2.match           ok    ce7fee41...cff3 (pcr.json)
  enclave_hash.match   skip  not asked for
ENCLAVE_HASH 0x17881510b76878df429921be6a0cd6e9bfaffb2177550f586d5bdcc67c611f83
END
}

@test "text: another image" {
	exits 1 document document.cbor --root root.pem --at document --pcrs other-pcr.json
	nothing_said
	golden <<'END'
FAIL (custom root c9d24d86, as of 2026-01-03 10:00:00)  document.cbor: pcr0.match
  document.form        ok    4648 bytes, one COSE_Sign1, no trailing bytes
  claims.form          ok    SHA384, module i-0e5c1a7ed0c5e7e57-enc019b834c9f78c0de
  chain.root           ok    5 certificates to the root given by --root
  chain.time           ok    valid 2026-01-03 09:59:56 to 2026-01-03 12:59:59 UTC, judged at 2026-01-03 10:00:00
  cose.signature       ok    ES384 by the leaf certificate
  claims.age           skip  judged at the document's own time: its age was not checked
  nonce.match          skip  not asked for
  user_data.match      skip  not asked for
  public_key.match     skip  not asked for
  pcr.debug            ok    PCR0 is not all zero
  pcr0.match           FAIL  PCR0 is not the expected one (pcr-mismatch)
      expected  64d2fa71...05a4   other-pcr.json
      actual    4a6badea...4b36   document
  pcr1.match           ok    cada77ab...003d (other-pcr.json)
  pcr2.match           FAIL  PCR2 is not the expected one (pcr-mismatch)
      expected  62d0ec30...2670   other-pcr.json
      actual    ce7fee41...cff3   document
  enclave_hash.match   skip  not asked for
ENCLAVE_HASH 0x17881510b76878df429921be6a0cd6e9bfaffb2177550f586d5bdcc67c611f83
The document is genuine under the custom root: it was signed for another image.
END
}

@test "text: altered, so its hash is not printed" {
	exits 1 document tampered.cbor "${bundled[@]:1}"
	nothing_said
	prints 'FAIL (custom root c9d24d86, as of 2026-01-03 10:00:00)  tampered.cbor: cose.signature'
	prints '  cose.signature       FAIL  the signature does not verify'
	prints '(cose-signature)'
	prints '  pcr0.match           skip  needs cose.signature'
	[[ $out != *ENCLAVE_HASH* ]]
}

@test "text: nothing to compare with" {
	exits 3 document document.cbor --root root.pem --at document
	nothing_said
	golden <<'END'
ERROR (custom root c9d24d86, as of 2026-01-03 10:00:00)  document.cbor: nothing-expected
  document.form        ok    4648 bytes, one COSE_Sign1, no trailing bytes
  claims.form          ok    SHA384, module i-0e5c1a7ed0c5e7e57-enc019b834c9f78c0de
  chain.root           ok    5 certificates to the root given by --root
  chain.time           ok    valid 2026-01-03 09:59:56 to 2026-01-03 12:59:59 UTC, judged at 2026-01-03 10:00:00
  cose.signature       ok    ES384 by the leaf certificate
  claims.age           skip  judged at the document's own time: its age was not checked
  nonce.match          skip  not asked for
  user_data.match      skip  not asked for
  public_key.match     skip  not asked for
  pcr.debug            ok    PCR0 is not all zero
  enclave_hash.match   skip  not asked for
ENCLAVE_HASH 0x17881510b76878df429921be6a0cd6e9bfaffb2177550f586d5bdcc67c611f83
No verdict: nothing was given that says which image to expect: add --pcr 0=, --pcrs or --enclave-hash.
END
}

@test "text: PCR0 alone: the report notes that the sections' bounds are not checked" {
	pcr0=$(sed -n 's/.*"PCR0": "\([0-9a-f]*\)".*/\1/p' pcr.json)
	exits 0 document document.cbor --root root.pem --at document --pcr "0=$pcr0"
	prints 'Note: PCR0 does not say where one section of the image ends and the next begins'
	exits 0 document "${bundled[@]}"
	[[ $out != *Note:* ]]
}

@test "text: -v prints values in full" {
	pcr0=$(sed -n 's/.*"PCR0": "\([0-9a-f]*\)".*/\1/p' pcr.json)
	other=$(sed -n 's/.*"PCR0": "\([0-9a-f]*\)".*/\1/p' other-pcr.json)
	exits 0 document "${bundled[@]}" -v
	prints "  pcr0.match           ok    $pcr0 (pcr.json)"
	exits 1 document document.cbor --root root.pem --at document --pcrs other-pcr.json --verbose
	prints "      expected  $other   other-pcr.json"
	prints "      actual    $pcr0   document"
	[[ $out != *...* ]]
}

@test "text: -q prints nothing, JSON is printed all the same" {
	for quiet in -q --quiet; do
		exits 0 document "${bundled[@]}" $quiet
		nothing_printed
		nothing_said
		exits 1 document tampered.cbor "${bundled[@]:1}" $quiet
		nothing_printed
		nothing_said
	done
	exits 0 document "${bundled[@]}" -q --format json
	prints '"verdict":"pass"'
}

@test "text: colour says nothing that the words do not" {
	for file in document.cbor tampered.cbor documents/no-such-file; do
		"$verify" document $file "${bundled[@]:1}" >"$tmp/plain" 2>/dev/null || :
		"$verify" document $file "${bundled[@]:1}" --color always >"$tmp/coloured" 2>/dev/null || :
		"$verify" document $file "${bundled[@]:1}" --color=never >"$tmp/never" 2>/dev/null || :
		cmp "$tmp/plain" "$tmp/never"
		grep -q $'^\033\\[1m\033\\[3[123]m[A-Z]*\033\\[0m' "$tmp/coloured"
		sed $'s/\033\\[[0-9]*m//g' "$tmp/coloured" | cmp - "$tmp/plain"
	done
}

@test "the last line says what to do" {
	exits 1 document tampered.cbor "${bundled[@]:1}"
	[ "$(tail -n 1 "$tmp/out")" = 'Nothing in this document can be trusted.' ]
	exits 1 document document.cbor --root root.pem --pcrs pcr.json
	[[ $(tail -n 1 "$tmp/out") == *'--at document'* ]]
	exits 1 document documents/debug.cbor "${bundled[@]:1}"
	[[ $(tail -n 1 "$tmp/out") == *'debug mode'* ]]
}

@test "a debug enclave passes with --allow-debug alone, and the first line says so" {
	zero=$(printf '%096d' 0)
	args=(documents/debug.cbor --root root.pem --at document --pcr "0=$zero")
	judges 1 pcr.debug '(debug-pcrs)' "${args[@]}"
	exits 0 document "${args[@]}" --allow-debug
	[[ $(head -n 1 "$tmp/out") == 'PASS (custom root c9d24d86, debug enclave, as of '* ]]
	prints 'pcr.debug            skip'
	exits 0 document "${args[@]}" --allow-debug --format json
	prints '"debug":true'
	prints '"reason":"debug-allowed"'
}

@test "what rests on a check that did not pass is skipped, and names it" {
	needs() {
		exits 1 document "documents/$1" "${bundled[@]:1}" --format json
		py "$tmp/out" "$2" '"reason":"needs-'"$3"'"' "${@:4}" <<'END'
line = open(sys.argv[1]).read()
failed, needed = sys.argv[2:4]
report = json.loads(line)
if first_bad(report)[0] != failed:
	wrong("%s fails, not %s" % (first_bad(report), failed))
# what was not asked for says that instead
asked = {"pcr.debug", "pcr0.match", "pcr1.match", "pcr2.match", *sys.argv[4:]}
for check in report["checks"]:
	if check["id"] in asked and '"reason":"%s"' % check.get("reason") != needed:
		wrong("%s: %s, expected %s" % (check["id"], check.get("reason"), needed))
END
	}
	needs cose-empty.cbor document.form document.form claims.form
	needs digest-sha256.cbor claims.form claims.form chain.root
	needs x509-root-other.cbor chain.root chain.root chain.time cose.signature
	needs x509-validity-instance-expired.cbor chain.time chain.time
	needs cose-signature-one-bit.cbor cose.signature cose.signature
}

@test "a wrong form of ENCLAVE_HASH is named" {
	names() {
		exits 1 document document.cbor --root root.pem --at document --enclave-hash "$1"
		prints 'enclave_hash.match   FAIL'
		prints "$2"
		prints '(enclave-hash-mismatch)'
	}
	hashes=$(py <<'END'
import hashlib
pcr0 = json.load(open(VECTORS + "/pcr.json"))["PCR0"]
sys.path.insert(0, VECTORS)
sys.dont_write_bytecode = True
from gen.keccak import keccak256
for text in (pcr0, pcr0.upper(), "0x" + pcr0):
	print("0x" + keccak256(text.encode()).hex())
print("0x" + hashlib.sha3_256(bytes.fromhex(pcr0)).hexdigest())
print("0x" + hashlib.sha256(bytes.fromhex(pcr0)).hexdigest())
END
	)
	# shellcheck disable=SC2086 # words
	set -- $hashes
	names "$1" 'the expected value is the hash of the text, not of the bytes'
	names "$2" 'the expected value is the hash of the text, not of the bytes'
	names "$3" 'the expected value is the hash of the text, not of the bytes'
	names "$4" 'SHA3-256'
	names "$5" 'SHA-256'
	names 0x1111111111111111111111111111111111111111111111111111111111111111 \
		'keccak256(PCR0) is not the expected hash'
}
