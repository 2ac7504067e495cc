#!/usr/bin/env bats
# The contract of an enclave that answers, and of a document in a file: check and onchain together.
# shellcheck disable=SC2034,SC2154 # variables of enclaves.bash and onchain.bash
load enclaves
load onchain

setup_file() {
	enclaves_start
	chain_start
}

teardown_file() {
	enclaves_stop
	chain_stop
}

# shellcheck disable=SC2016 # what stands in backquotes is Python's
prelude+='
import urllib.request
ROOT = ["--root", VECTORS + "/root.pem"]
PCRS = ["--pcrs", VECTORS + "/pcr.json"]
ASKED = [HTTP + "/v1/attestation", "--profile", "odyn", *ROOT]
CONTRACT = [*BOTH, *registry("espresso-v7"), "--chain-id", "31337"]

def fault(name):
	return [HTTP + "/" + name + "/v1/attestation", "--profile", "odyn", *ROOT]

def judged(args, verb, exit_status, first=("-", "-", "-"), **wanted):
	"""Exit status, the first bad check, and how onchain.X went for each X=..."""
	got, report, err = onchain(*args, verb=verb)
	if report is None or (got, first_bad(report)) != (exit_status, first):
		wrong((verb, args, got, err, report and first_bad(report)))
		return report
	for name, want in wanted.items():
		if found(report, "onchain." + name) != want:
			wrong((args, name, found(report, "onchain." + name), want))
	return report

def document(name, path="/generic"):
	"""A fresh document in a file."""
	with urllib.request.urlopen(HTTP + path) as answer, open(name, "wb") as file:
		file.write(answer.read())
	return name
'

@test "an enclave whose image the contract accepts, and one that it does not" {
	py <<'END'
report = judged(ASKED + CONTRACT, "check", 0, registered="pass", block="pass", proof="pass", signer="skip not-requested")
if member(report, "registered") != "proved":
	wrong(report)
judged(ASKED + PCRS, "check", 0, registered="skip not-requested", chain_id="skip not-requested")
judged(ASKED + PCRS + CONTRACT, "check", 0, registered="pass")
judged(ASKED, "check", 3)  # nothing to compare with
one = ["--rpc", NODE, *registry("espresso-v7"), "--chain-id", "31337"]
judged(ASKED + PCRS + one, "check", 3, ("onchain.registered", "error", "strength-too-low"))
report = judged(ASKED + one + ["--min-strength", "claimed"], "check", 0, registered="pass")
if "one server's word" not in report["weakened"]:
	wrong(report["weakened"])
change("revoke", "espresso-v7")
mine()
judged(ASKED + PCRS + CONTRACT, "check", 1, ("onchain.registered", "fail", "not-registered"))
# a contract's no is a fail, whatever else could not be told
judged(fault("page") + CONTRACT, "check", 3, ("endpoint.fetch", "error", "endpoint-type"),
	chain_id="skip needs-endpoint.fetch", registered="skip needs-endpoint.fetch")
END
}

@test "targets of a file: the contract is an identity, its state is remembered, a plugin has its word" {
	py <<'END'
def config(**onchain_keys):
	family = registry("espresso-v7")[1]
	keys = {"registry": family, "chain_id": "31337", "rpc": [NODE, LOCAL], **onchain_keys}
	with open("targets.json", "w") as file:
		json.dump({"schema": 1, "defaults": {"profile": "odyn", "root": ROOT[1], "onchain": keys}, "targets": [
			{"name": "contract", "url": HTTP},
			{"name": "both", "url": HTTP, "expect": {"pcrs": PCRS[1]}},
			{"name": "neither", "url": HTTP, "expect": {"pcrs": PCRS[1]}, "onchain": None}]}, file)

def run(*args):
	done = subprocess.run([ATTEST, "check", "--config", "targets.json", *args], stdin=subprocess.DEVNULL,
		stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
	return done.returncode, done.stdout, done.stderr

def told(exit_status, verdicts):
	"""What changed, by target."""
	got, out, err = run("--format", "json", "--state", "state.json")
	reports = {r["target"]["name"]: r for r in map(json.loads, out.splitlines())}
	seen = [reports[name]["verdict"] for name in ("contract", "both", "neither")]
	if (got, seen, err) != (exit_status, verdicts, ""):
		wrong((got, seen, err))
	return {name: {c["fact"]: (c["from"], c["to"]) for c in r["changed"]} for name, r in reports.items() if "changed" in r}

config()
expected = told(0, ["pass", "pass", "pass"])
if expected:
	wrong(expected)
down = "http://localhost:1/"
config(rpc=[down, NODE], quorum=1, min_strength="claimed")
got, out, err = run("--format", "nagios")
if got != 1 or "WARNING - both: pass" not in out or "no more servers answer than must" not in out:
	wrong((got, out, err))
config(rpc=[down])
got, out, err = run("--format", "nagios")
if got != 2 or "CRITICAL - contract: onchain." not in out or "WARNING - both: onchain." not in out or "OK - neither" not in out:
	wrong((got, out, err))
config()
change("revoke", "espresso-v7")
mine()
changes = told(1, ["fail", "fail", "pass"])
if changes != {name: {"verdict": ("pass", "fail")} for name in ("contract", "both")}:
	wrong(changes)
changes = told(1, ["fail", "fail", "pass"])
if changes != {name: {"registered": ("true", "false")} for name in ("contract", "both")}:
	wrong(changes)
END
}

@test "nothing is asked about a document that failed" {
	py <<'END'
nobody = ["--rpc", "http://127.0.0.1:1", *registry("espresso-v7"), "--chain-id", "31337"]
judged(fault("tampered") + nobody, "check", 1, ("cose.signature", "fail", "cose-signature"),
	chain_id="skip needs-cose.signature", registered="skip needs-cose.signature")
judged(fault("wrongnonce") + nobody, "check", 1, ("nonce.match", "fail", "nonce-mismatch"), registered="skip needs-nonce.match")
judged(ASKED + nobody + ["--pcr", "0=" + "11" * 48], "check", 1, ("pcr0.match", "fail", "pcr-mismatch"),
	chain_id="skip needs-pcr0.match")
judged(fault("debug") + nobody, "check", 1, ("pcr.debug", "fail", "debug-pcrs"), registered="skip needs-pcr.debug")
judged(fault("debug") + nobody + ["--allow-debug"], "check", 3, registered="skip needs-pcr.debug")
judged(fault("debug") + nobody + ["--allow-debug", "--pcr", "0=" + "00" * 48], "check", 0, registered="skip needs-pcr.debug")
judged(fault("debug") + nobody + ["--allow-debug", "--pcr", "0=" + "00" * 48, "--require", "onchain.registered"], "check", 1,
	("onchain.registered", "fail", "required-skipped"))
judged(ASKED + PCRS + nobody, "check", 3, ("onchain.chain_id", "error", "http-connect"), registered="skip needs-onchain.chain_id")
END
}

@test "a document in a file: judged first, now" {
	py <<'END'
doc = document("doc.cbor")
judged([doc, *ROOT, *CONTRACT], "onchain", 0, registered="pass")
judged([doc, *CONTRACT], "onchain", 1, ("chain.root", "fail", "x509-root"), registered="skip needs-chain.root")
judged([document("old.cbor", "/old/generic"), *ROOT, *CONTRACT], "onchain", 1, ("claims.age", "fail", "timestamp-stale"))
judged(["old.cbor", *ROOT, *CONTRACT, "--max-age", "1000"], "onchain", 0, registered="pass")
judged([doc, *ROOT, *CONTRACT, "--user-data", "00"], "onchain", 1, ("user_data.match", "fail", "user-data-mismatch"),
	registered="skip needs-user_data.match")
open("cut.cbor", "wb").write(open(doc, "rb").read()[:-1])
judged(["cut.cbor", *ROOT, *CONTRACT], "onchain", 1, ("document.form", "fail", "cbor-truncated"))
open("empty", "wb")
judged(["empty", *ROOT, *CONTRACT], "onchain", 1, ("document.form", "fail", "cose-empty"))
judged([document("debug.cbor", "/debug/generic"), *ROOT, *CONTRACT], "onchain", 1, ("pcr.debug", "fail", "debug-pcrs"))
judged(["debug.cbor", *ROOT, *CONTRACT, "--allow-debug"], "onchain", 3, registered="skip needs-pcr.debug")
END
}

@test "the key of the document's enclave is a signer of its image" {
	py <<'END'
from_document = ["--signer", "from-document"]
judged(fault("signer") + CONTRACT + from_document, "check", 1, ("onchain.signer", "fail", "signer-not-valid"), registered="pass")
change("sign", "espresso-v7", "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf")
mine()
judged(fault("signer") + CONTRACT + from_document, "check", 0, signer="pass")
judged(ASKED + CONTRACT + from_document, "check", 1, ("onchain.signer", "fail", "signer-missing"), registered="pass")
judged([document("doc", "/signer/generic"), *ROOT, *CONTRACT, *from_document], "onchain", 0, signer="pass")
change("revoke", "espresso-v7")
mine()
judged(["doc", *ROOT, *CONTRACT, *from_document], "onchain", 1, ("onchain.registered", "fail", "not-registered"),
	signer="skip needs-onchain.registered")
END
}

@test "what is saved proves the registration again, under a block that is named" {
	block=$(chain rpc eth_getBlockByNumber '"finalized"' false | python3 -c 'import json, sys; print(json.load(sys.stdin)["hash"])')
	node=$(chain get rpc)
	contract=(--registry "espresso-v7:$(chain get families.espresso-v7.address)")
	liar
	exits 0 check "http://127.0.0.1:$(port plain)/v1/attestation" --profile odyn "${image[@]}" --save dir --chain-id 31337 \
		--rpc "${url}secret-key" --rpc "${node/127.0.0.1/localhost}" "${contract[@]}"
	[ -s dir/onchain.json ]
	(cd dir && sha256sum --quiet -c SHA256SUMS)
	run ! grep -r secret dir
	# who reads the bundle sees which contract the saver named
	address=$(chain get families.espresso-v7.address | tr A-F a-f)
	grep -qF "\"onchain\":{\"registry\":\"espresso-v7:$address\",\"chain_id\":\"31337\",\"min_strength\":\"agreed\"}" dir/policy.json
	program=enclave-verify
	exits 0 bundle dir "${image[@]}" "${contract[@]}" --block "$block"
	prints 'onchain.registered   ok'
	exits 3 bundle dir "${image[@]}" "${contract[@]}"
	prints '(block-hash-not-given)'
	exits 3 bundle dir "${image[@]}" "${contract[@]}" --block "0x$(printf %064d 1)"
}
