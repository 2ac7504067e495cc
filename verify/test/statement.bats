#!/usr/bin/env bats
# enclave-verify statement: every row of testvectors/statements/index.tsv, and what is printed.
# shellcheck disable=SC2154 # variables of helpers.bash
load helpers

keys=(--key statements/alice.pem --key statements/bob.pem)

@test "every row of statements/index.tsv is judged as it says" {
	py <<'END'
OWN = ["statement." + name for name in ("form", "signature", "threshold", "commit", "image")]
rows = table(VECTORS + "/statements/index.tsv")
def judge(row):
	row["ran"] = ["statement", *row["options"].split(), *("statements/" + f for f in row["files"].split())]
	return row, run(*row["ran"], "--format", "json")

def faults(row, answer):
	status, out, err = answer
	report = json.loads(out)
	got = (str(status), *first_bad(report))
	if got != (row["exit"], row["check"], row["reason"]):
		yield "exit %s, %s (%s)" % got
	if err:
		yield err
	ids = [c["id"] for c in report["checks"]]
	if ids[:5] != OWN or ids[-1] != "enclave_hash.match":
		yield "checks %s" % ids
	before = {}
	for check in report["checks"]:
		yield from problems_of_check(check, before)
		before[check["id"]] = check["status"]
	held = before["statement.threshold"] == "pass"
	if ("facts" in report) != held:
		yield "facts %s" % report.get("facts")
	for one in report["statements"]:
		if ("commit" in one) != bool(one["signers"]):
			yield "what nobody known signed is shown: %s" % one
	if EXIT[report["verdict"]] != status:
		yield "verdict %s" % report["verdict"]

for row, answer in many(judge, rows):
	for fault in faults(row, answer):
		wrong("%s (%s): %s" % (" ".join(row["ran"]), row["what"], fault))
print(len(rows), "rows")
if len(rows) < 90:
	wrong("only %d rows" % len(rows))
END
}

@test "a pass in text" {
	exits 0 statement statements/alice.json statements/bob.json "${keys[@]}" --pcrs pcr.json \
		--commit 0123456789abcdef0123456789abcdef01234567
	nothing_said
	golden <<'END'
PASS  statements/alice.json, statements/bob.json
  statement.form       ok    2 signed statements of a rebuild
  statement.signature  ok    signed by given keys
  statement.threshold  ok    2 of 2 keys signed, 2 must; they agree
  statement.commit     ok    01234567...4567 (--commit)
  statement.image      skip  not asked for
  pcr0.match           ok    4a6badea...4b36 (pcr.json)
  pcr1.match           ok    cada77ab...003d (pcr.json)
  pcr2.match           ok    ce7fee41...cff3 (pcr.json)
  enclave_hash.match   skip  not asked for
  statements/alice.json: commit 0123456789abcdef0123456789abcdef01234567 of https://git.example/aws-nitro.git, image sha256:cce1b0edbb4ff9b13878f31a899f9c4b04208dfe6eac40e80849d98b41eecd97, met the builder's expectations
  statements/bob.json: commit 0123456789abcdef0123456789abcdef01234567 of https://git.example/aws-nitro.git, image sha256:cce1b0edbb4ff9b13878f31a899f9c4b04208dfe6eac40e80849d98b41eecd97, met the builder's expectations
ENCLAVE_HASH 0x17881510b76878df429921be6a0cd6e9bfaffb2177550f586d5bdcc67c611f83
END
}

@test "a failure in text says what differs, and what to do" {
	exits 1 statement statements/alice.json statements/carol-commit.json --key statements/alice.pem \
		--key statements/carol.pem --pcrs pcr.json
	prints 'FAIL  statements/alice.json, statements/carol-commit.json: statement.threshold'
	prints 'do not agree on the commit (statement-disagree)'
	prints 'pcr0.match           skip  needs statement.threshold'
	exits 1 statement statements/mallory.json "${keys[@]}" --pcrs pcr.json
	prints 'no key of --key signed statements/mallory.json (statement-signature)'
	exits 1 statement statements/payload-doubled.json "${keys[@]}" --pcrs pcr.json
	prints 'in the payload: line 1, column'
	exits 1 statement statements/alice.json --key statements/alice.pem --pcrs other-pcr.json
	prints 'whoever signed them rebuilt another image'
}

@test "what was compared with nothing, and what is not counted, is told" {
	exits 0 statement statements/no-expectations.json --key statements/alice.pem --pcrs pcr.json
	prints 'Note: a builder rebuilt this image and compared it with nothing.'
	exits 0 statement statements/alice.json statements/mallory.json --key statements/alice.pem --pcrs pcr.json
	prints '1 of 2 signed by given keys; not counted: statements/mallory.json'
	exits 0 statement statements/alice.json statements/carol-eif.json --key statements/alice.pem \
		--key statements/carol.pem --pcrs pcr.json
	prints "Note: the builders' image files are not the same bytes"
}

@test "standard input, a file that is not there, one that is too long" {
	exits 0 statement - --key statements/alice.pem --pcrs pcr.json <statements/alice.json
	exits 3 statement statements/alice.json nowhere.json --key statements/alice.pem --pcrs pcr.json
	prints 'nowhere.json: No such file or directory (file-unreadable)'
	complains 'nowhere.json: No such file or directory'
	exits 1 statement nowhere.json statements/array.json --key statements/alice.pem --pcrs pcr.json
	prints '(dsse-shape)'
	head -c 1048577 /dev/zero >"$tmp/long.json"
	exits 1 statement "$tmp/long.json" --key statements/alice.pem --pcrs pcr.json
	prints '(json-too-large)'
}

@test "a name cannot act on the terminal" {
	cp statements/alice.json "$tmp/"$'a\033[31m.json'
	exits 0 statement "$tmp/"$'a\033[31m.json' --key statements/alice.pem --pcrs pcr.json
	[[ $out != *$'\033'* ]]
}

@test "command lines that are wrong" {
	local usual=(--key statements/alice.pem --pcrs pcr.json)
	refuses 'a --key is needed' statement statements/alice.json --pcrs pcr.json
	refuses 'a FILE is needed' statement "${usual[@]}"
	refuses 'standard input can be read once' statement - - "${usual[@]}"
	refuses 'a value stands where a file' statement "$(printf '%096d' 1)" "${usual[@]}"
	refuses 'more signers than there are different keys' statement statements/alice.json "${usual[@]}" --threshold 2
	refuses 'more signers than there are different keys' statement statements/alice.json "${usual[@]}" \
		--key statements/alice.pem --threshold 2
	refuses 'a number from 1 to 64' statement statements/alice.json "${usual[@]}" --threshold 0
	refuses 'a number from 1 to 64' statement statements/alice.json "${usual[@]}" --threshold 1x
	refuses 'a whole commit of 40 or 64' statement statements/alice.json "${usual[@]}" --commit 0123456
	refuses 'sha256: and 64 hex digits' statement statements/alice.json "${usual[@]}" --image name:latest
	refuses 'sha256: and 64 hex digits' statement statements/alice.json "${usual[@]}" --image @sha256:"$(printf '%064d' 1)"
	refuses "no check named 'chain.root'" statement statements/alice.json "${usual[@]}" --require chain.root
	refuses 'is no option here' statement statements/alice.json "${usual[@]}" --nonce 00
	refuses 'standard input is for what is judged' statement statements/alice.json --key - --pcrs pcr.json
	refuses 'need a --key' bundle . --threshold 1
	local key
	for key in statements/key-{two,compressed,off-curve,trailing}.pem root.pem pcr.json; do
		refuses '(signer-key)' statement statements/alice.json --key "$key" --pcrs pcr.json
	done
	refuses 'No such file' statement statements/alice.json --key nowhere.pem --pcrs pcr.json
}

# saved [FILE]: a bundle of the bundled document and this statement.
saved() {
	rm -rf "$tmp/dir"
	mkdir "$tmp/dir"
	cp document.cbor "$tmp/dir/"
	[ $# -eq 0 ] || cp "$1" "$tmp/dir/statement.json"
	(cd "$tmp/dir" && sha256sum -- * >"$tmp/sums" && mv "$tmp/sums" SHA256SUMS)
}

@test "the statement of a bundle is held against its document" {
	local usual=("$tmp/dir" --root root.pem --pcrs pcr.json)
	saved statements/alice.json
	exits 0 bundle "${usual[@]}"
	prints 'statement.form       skip  not asked for'
	exits 0 bundle "${usual[@]}" --key statements/alice.pem --require 'statement.threshold'
	prints 'statement.threshold  ok    1 of 1 keys signed, 1 must; they agree, and with the document'
	exits 1 bundle "${usual[@]}" --key statements/bob.pem
	prints '(statement-signature)'
	saved
	exits 1 bundle "${usual[@]}" --key statements/alice.pem
	prints 'the bundle has no statement.json, and a --key is given (bundle-missing)'
	local index
	for index in 0 1 2; do
		saved "statements/carol-pcr$index.json"
		exits 1 bundle "${usual[@]}" --key statements/carol.pem
		prints "another PCR$index than the document (statement-other-image)"
	done
	saved statements/alice.json
	exits 1 bundle "$tmp/dir" --pcrs pcr.json --key statements/alice.pem
	prints 'statement.threshold  skip  needs chain.root'
	echo x >>"$tmp/dir/statement.json"
	exits 1 bundle "${usual[@]}" --key statements/alice.pem
	prints 'statement.form       skip  needs bundle.form'
}

# A statement of another making: JSON by Python in another order and with white space, signed by the command openssl.
@test "a statement that other programs made and signed is accepted" {
	cd "$tmp"
	openssl genpkey -algorithm ed25519 -out ed.key 2>err
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.key 2>err
	local kind
	for kind in ed ec; do openssl pkey -in "$kind.key" -pubout -out "$kind.pub"; done
	py <<'END'
import base64
H = "ab" * 48
tree = {"predicate": {"runDetails": {"metadata": {"enclavecheck_verdict": "pass"}, "builder": {"id": "urn:builder"}},
	"buildDefinition": {"resolvedDependencies": [{"digest": {"gitCommit": "0" * 39 + "1"}, "name": "source"}],
		"externalParameters": {"attribute": "a", "repository": "r", "commit": "0" * 39 + "1"},
		"buildType": "https://enclavecheck.example/build-types/rebuild/v1"}},
	"predicateType": "https://slsa.dev/provenance/v1", "_type": "https://in-toto.io/Statement/v1",
	"subject": [{"digest": {"nitro-pcr2": H, "nitro-pcr1": H, "nitro-pcr0": H}, "name": "pcrs"},
		{"digest": {"sha256": "cd" * 32}, "name": "enclave.eif"}]}
body = json.dumps(tree, indent=1).encode() + b"\n"
kind = b"application/vnd.in-toto+json"
open("message", "wb").write(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(body), body))
sign = {"ed": ["pkeyutl", "-sign", "-rawin", "-inkey", "ed.key", "-in", "message"],
	"ec": ["dgst", "-sha256", "-sign", "ec.key", "message"]}
for name, command in sign.items():
	sig = subprocess.run(["openssl", *command], stdout=subprocess.PIPE, check=True).stdout
	json.dump({"signatures": [{"sig": base64.b64encode(sig).decode()}], "payloadType": kind.decode(),
		"payload": base64.b64encode(body).decode()}, open(name + ".json", "w"), indent=2)
END
	exits 0 statement ed.json ec.json --key ed.pub --key ec.pub --pcr "0=$(printf 'ab%.0s' {1..48})"
	prints '2 of 2 keys signed'
	exits 1 statement ed.json --key ec.pub --pcr "0=$(printf 'ab%.0s' {1..48})"
}
