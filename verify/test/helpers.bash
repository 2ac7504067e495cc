# shellcheck shell=bash disable=SC2034 # tests use the variables
# What the command tests of this floor need beyond test/helpers.bash.
program=enclave-verify
verify=$BUILD/$program
# shellcheck source=test/helpers.bash
. "$TOP/test/helpers.bash"

# The bundled document, as it is judged in testvectors/.
bundled=(document.cbor --root root.pem --at document --pcrs pcr.json)

setup() {
	cd "$TOP/testvectors" || return 1
}

# judges STATUS CHECK REASON ARG...: `document` gives this exit status, and CHECK is the first check that failed or is
# in error, for this REASON written as in text output: (REASON). CHECK - is the verdict's own reason.
judges() {
	local check=$2 reason=${3#(}
	reason=${reason%)}
	set -- "$1" document "${@:4}" --format json
	exits "$@" || return 1
	py "$tmp/out" "$check" "$reason" <<'END'
for line in open(sys.argv[1]):
	first = first_bad(json.loads(line))
	if first != (sys.argv[2], sys.argv[3]):
		wrong("%s (%s) expected, not %s (%s)" % (sys.argv[2], sys.argv[3], *first))
	for problem in problems(json.loads(line)):
		wrong(problem)
END
}

read -r -d '' reports <<'EOF_REPORTS' || :
VERIFY = os.path.join(os.environ["BUILD"], "enclave-verify")

def run(*args, **more):
	"""Exit status, stdout, stderr; in testvectors/, nothing on standard input."""
	more = {"cwd": VECTORS, "stdin": subprocess.DEVNULL, **more}
	done = subprocess.run([VERIFY, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
	return done.returncode, done.stdout, done.stderr

SKIPS = {"not-requested", "not-carried", "recorded", "debug-allowed", "not-built"}
BEFORE = ["document.form", "claims.form", "chain.root", "chain.time", "cose.signature", "claims.age",
	"nonce.match", "user_data.match", "public_key.match", "pcr.debug"]
EXIT = {"pass": 0, "fail": 1, "error": 3}
FACTS = ["module_id", "timestamp_ms", "digest", "pcrs", "public_key", "user_data", "nonce",
	"enclave_hash", "signer", "certificates"]
AWS = "641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b"

def first_bad(report):
	"""The first failed check, else the first in error, and its reason; `-` and the verdict's."""
	for status in ("fail", "error"):
		for check in report["checks"]:
			if check["status"] == status:
				return check["id"], check["reason"]
	return "-", report.get("reason", "-")

def problems_of_facts(facts):
	if list(facts) != FACTS:
		yield "members of the facts: %s" % list(facts)
	if not re.fullmatch("[0-9]+", facts.get("timestamp_ms") or "0"):
		yield "timestamp_ms is no string of digits"
	for index, value in (facts.get("pcrs") or {}).items():
		if not re.fullmatch("[0-9a-f]{96}", value):
			yield "pcrs[%s]: %s" % (index, value)
	for name in ("public_key", "user_data", "nonce"):
		if not re.fullmatch("([0-9a-f]{2})*", facts.get(name) or ""):
			yield "%s: %s" % (name, facts[name])
	if not re.fullmatch("0x[0-9a-f]{64}", facts.get("enclave_hash") or "0x" + 64 * "0"):
		yield "enclave_hash: %s" % facts["enclave_hash"]
	for cert in facts.get("certificates") or []:
		if list(cert) != ["subject", "not_before", "not_after", "sha256"]:
			yield "members of a certificate: %s" % list(cert)

def problems_of_check(check, before):
	status, reason = check["status"], check.get("reason")
	if status not in ("pass", "fail", "skip", "error"):
		yield "status %s" % status
	if (status == "pass") != (reason is None):
		yield "status %s with reason %s" % (status, reason)
	if status == "skip" and reason.startswith("needs-"):
		if before.get(reason[6:], "pass") == "pass":
			yield "%s, which is not among the checks before, or passed" % reason
	elif status == "skip" and reason not in SKIPS:
		yield "%s is no reason for a skip" % reason
	elif status in ("fail", "error") and (reason not in REASONS or reason in SKIPS):
		yield "%s is no reason of verify/reason.h" % reason
	if not check.get("message"):
		yield "no message"
	if check["id"] in ("pcr0.match", "enclave_hash.match") and status == "pass":
		if check["expected"] != check["actual"]:
			yield "passed, and the values differ"

def problems(report, exit_status=None):
	"""What is wrong with a report of `document`, whatever it judged."""
	checks = report["checks"]
	status = {}
	for check in checks:
		for problem in problems_of_check(check, status):
			yield "%s: %s" % (check["id"], problem)
		if check["id"] in status:
			yield "%s twice" % check["id"]
		status[check["id"]] = check["status"]
	ids = list(status)
	pcrs = [re.fullmatch(r"pcr(0|[12]?[0-9]|3[01])\.match", name) for name in ids[10:-1]]
	if ids[:10] != BEFORE or ids[-1] != "enclave_hash.match" or None in pcrs:
		yield "order of the checks: %s" % ids
	elif [int(m[1]) for m in pcrs] != sorted({int(m[1]) for m in pcrs}):
		yield "order of the registers: %s" % ids
	if report["schema"] != 1 or report["tool"]["name"] != "enclave-verify":
		yield "schema %s by %s" % (report["schema"], report["tool"])
	if not isinstance(report["target"]["name"], str) or not isinstance(report["debug"], bool):
		yield "target %s, debug %s" % (report["target"], report["debug"])
	if (report["root"] == "aws") != (report["root_sha256"] == AWS):
		yield "root %s with %s" % (report["root"], report["root_sha256"])
	if report["time_source"] not in ("clock", "option", "document", None):
		yield "time_source %s" % report["time_source"]
	if (report["judged_at"] is None) != (report["time_source"] is None):
		yield "judged_at %s by %s" % (report["judged_at"], report["time_source"])
	proven = all(status[name] == "pass" for name in ("chain.root", "chain.time", "cose.signature"))
	if ("facts" in report) != proven:
		yield "facts: %s, proven: %s" % ("facts" in report, proven)
	if ("unverified" in report) != (status["claims.form"] == "pass" and not proven):
		yield "unverified: %s, proven: %s" % ("unverified" in report, proven)
	for facts in [report[name] for name in ("facts", "unverified") if name in report]:
		yield from problems_of_facts(facts)
	verdict, all_of = report["verdict"], status.values()
	identity = (status.get("pcr0.match") == "pass" or status["enclave_hash.match"] == "pass" or
		status.get("pcr1.match") == status.get("pcr2.match") == "pass")
	wanted = ("fail" if "fail" in all_of else "error" if "error" in all_of or not identity else "pass")
	if verdict != wanted:
		yield "verdict %s, the checks say %s" % (verdict, wanted)
	if verdict == "error" and "error" not in all_of and report.get("reason") not in REASONS:
		yield "error without a reason"
	if verdict == "pass" and not proven:
		yield "pass without proof"
	weak = [word for word, holds in (("custom root", report["root"] == "custom"),
		("debug enclave", report["debug"]),
		("as of ", report["time_source"] in ("option", "document"))) if holds]
	if [word for word in ("custom root", "debug enclave", "as of ")
			if word in report.get("weakened", "")] != weak:
		yield "weakened: %s, expected %s" % (report.get("weakened"), weak)
	if exit_status is not None and exit_status != EXIT[verdict]:
		yield "verdict %s with exit status %s" % (verdict, exit_status)
EOF_REPORTS
prelude+=$'\n'$reports
