#!/usr/bin/env bats
# enclave-verify on documents from the wild, which lie beside the repository: index.tsv says what each of them is.
# shellcheck disable=SC2154 # variables of helpers.bash
load helpers

setup() {
	tmp=$BATS_TEST_TMPDIR
	need_shared
	cd "$shared/documents" || return 1
}

# real [ARG...] <PROGRAM: python3 with `rows` of the index, each with its `file`, `own` expectations and `aws`.
real() {
	body=$(cat)
	py "$PWD" "$@" <<END
rows = table(sys.argv[1] + "/index.tsv")
for row in rows:
	row["file"] = os.path.join(sys.argv[1], row["name"] + ".bin")
	row["own"] = ["--pcr", "0=" + row["pcr0"]]
	row["aws"], row["debug"] = row["signed_by_aws"] == "yes", row["debug"] == "yes"
	if row["aws"] and not row["debug"]:
		row["own"] += ["--enclave-hash", row["enclave_hash"]]
if len(rows) < 40:
	wrong("only %d documents" % len(rows))

def judge(*args):
	status, out, err = run("document", "--format", "json", *args)
	report = json.loads(out)
	bad = list(problems(report, status))
	if err or bad:
		wrong("%s: %s" % (args, err or bad))
	return report, first_bad(report)

$body
END
}

@test "signed by AWS, no debug enclave: pass, by PCR0 and by ENCLAVE_HASH, at their own time" {
	real <<'END'
def look(row):
	seconds = str(int(row["timestamp_ms"]) // 1000)
	for args in (["--at", "document"], ["--at", seconds], ["--at", seconds, "--max-age", "0", "--max-skew", "0"]):
		report, first = judge(row["file"], *row["own"], *args)
		facts = report.get("facts", {})
		if report["verdict"] != "pass" or report["root"] != "aws" or "custom" in report["weakened"]:
			wrong("%s %s: %s" % (row["name"], args, first))
		if [facts.get(name) for name in ("timestamp_ms", "module_id", "enclave_hash")] != [
				row[name] for name in ("timestamp_ms", "module_id", "enclave_hash")]:
			wrong("%s: %s" % (row["name"], facts))
		if facts["pcrs"]["0"] != row["pcr0"] or len(facts["pcrs"]) != int(row["pcrs"].split()[0]):
			wrong("%s: %s" % (row["name"], facts["pcrs"]))
		for name in ("public_key", "user_data", "nonce"):
			length = None if row[name] == "null" else int(row[name])
			if facts[name] is None and length is not None or facts[name] is not None and len(facts[name]) / 2 != length:
				wrong("%s: %s %s" % (row["name"], name, facts[name]))
many(look, some([row for row in rows if row["aws"] and not row["debug"]]))
END
}

@test "the same, by the text report" {
	real <<'END'
def look(row):
	status, out, err = run("document", row["file"], *row["own"], "--at", "document")
	first = out.decode().split("\n")[0]
	if status != 0 or err or not re.fullmatch(r"PASS \(as of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\)  .*\.bin", first):
		wrong("%s: exit %s, %s %s" % (row["name"], status, first, err))
	if ("\nENCLAVE_HASH %s\n" % row["enclave_hash"]).encode() not in out:
		wrong("%s: no ENCLAVE_HASH %s" % (row["name"], row["enclave_hash"]))
many(look, some([row for row in rows if row["aws"] and not row["debug"]]))
END
}

@test "debug enclaves: a failure whatever is expected, a pass with --allow-debug that says so" {
	real <<'END'
def look(row):
	for own in (row["own"], []):
		report, first = judge(row["file"], *own, "--at", "document")
		if first != ("pcr.debug", "debug-pcrs"):
			wrong("%s: %s" % (row["name"], first))
	status, out, err = run("document", row["file"], *row["own"], "--at", "document", "--allow-debug")
	if status != 0 or not out.startswith(b"PASS (debug enclave, as of "):
		wrong("%s: exit %s, %r" % (row["name"], status, out[:80]))
	report, first = judge(row["file"], *row["own"], "--at", "document", "--allow-debug")
	skipped = [check["reason"] for check in report["checks"] if check["id"] == "pcr.debug"]
	if report["verdict"] != "pass" or report["debug"] is not True or skipped != ["debug-allowed"]:
		wrong("%s: %s %s" % (row["name"], first, skipped))
	# without PCR0 as expectation --allow-debug is no pass
	report, first = judge(row["file"], "--at", "document", "--allow-debug")
	if report["verdict"] != "error" or first != ("-", "nothing-expected"):
		wrong("%s: %s" % (row["name"], first))
debug = [row for row in rows if row["aws"] and row["debug"]]
many(look, debug)
if not debug:
	wrong("no debug enclave in the index")
END
}

@test "not AWS's: a failure of the chain for the reason given, with every waiver" {
	real <<'END'
others = [row for row in rows if not row["aws"]]
for row in others:
	for waiver in ([], ["--allow-debug"]):
		report, first = judge(row["file"], *row["own"], "--at", "document", *waiver)
		if report["verdict"] != "fail" or first != ("chain.root", row["reason_if_not_aws"]) or "facts" in report:
			wrong("%s: %s" % (row["name"], first))
if len(others) < 2:
	wrong("no document of another's in the index")
END
}

@test "another image: a failure that names PCR0" {
	real <<'END'
def look(row):
	report, first = judge(row["file"], "--pcr", "0=" + 95 * "1" + "0", "--at", "document", "--allow-debug")
	if first != ("pcr0.match", "pcr-mismatch") or "facts" not in report:
		wrong("%s: %s" % (row["name"], first))
many(look, some([row for row in rows if row["aws"]]))
END
}

@test "judged now: every certificate has expired" {
	real <<'END'
def look(row):
	for late in ([], ["--max-age", "4000000000"]):
		report, first = judge(row["file"], *row["own"], "--allow-debug", *late)
		wanted = ("chain.time", "x509-validity") if row["aws"] else ("chain.root", row["reason_if_not_aws"])
		if report["verdict"] != "fail" or first != wanted or report["time_source"] != "clock":
			wrong("%s: %s" % (row["name"], first))
many(look, some(rows))
END
}

@test "three hours before and a day after their own time: a failure in time" {
	real <<'END'
def look(row):
	for change in (-3 * 3600, 86400):
		seconds = str(int(row["timestamp_ms"]) // 1000 + change)
		report, first = judge(row["file"], *row["own"], "--allow-debug", "--at", seconds)
		if report["verdict"] != "fail" or first[0] not in ("chain.time", "claims.age"):
			wrong("%s %+d: %s" % (row["name"], change, first))
many(look, some([row for row in rows if row["aws"]]))
END
}

@test "all in one process: the verdict of each" {
	real <<'END'
args = [word for row in rows for word in ("--pcr", "0=" + row["pcr0"])]
status, out, err = run("document", "--format", "json", "--at", "document", "--allow-debug", *args,
	*[row["file"] for row in rows])
reports = [json.loads(line) for line in out.splitlines()]
if status != 1 or err or len(reports) != len(rows):
	wrong("exit %s, %d reports: %s" % (status, len(reports), err))
for row, report in zip(rows, reports):
	if report["verdict"] != ("pass" if row["aws"] else "fail") or report["target"]["name"] != row["file"]:
		wrong("%s: %s" % (row["name"], first_bad(report)))
	for problem in problems(report):
		wrong("%s: %s" % (row["name"], problem))
END
}

@test "as hex and as base64: judged like the raw bytes" {
	real "$tmp" <<'END'
import base64
def look(row):
	raw = open(row["file"], "rb").read()
	texts = {"hex": raw.hex().encode(), "HEX": b"0x" + raw.hex().upper().encode() + b"\n",
		"base64": base64.b64encode(raw) + b"\n", "url": base64.urlsafe_b64encode(raw).rstrip(b"=")}
	wanted, first = judge(row["file"], *row["own"], "--at", "document")
	for form, text in texts.items():
		path = os.path.join(sys.argv[2], "%s.%s" % (row["name"], form))
		open(path, "wb").write(text)
		report, first = judge(path, *row["own"], "--at", "document")
		report["target"] = wanted["target"]
		if report != wanted:
			wrong("%s as %s: %s" % (row["name"], form, first))
many(look, some(rows))
END
}

@test "show: each is decoded, and what document would refuse is named" {
	real <<'END'
def look(row):
	status, out, err = run("show", row["file"])
	if status != 0 or err or not all(line.startswith(b"UNVERIFIED ") for line in out.splitlines()):
		wrong("%s: exit %s %s" % (row["name"], status, err))
	status, out, err = run("show", row["file"], "--format", "json")
	report = json.loads(out)
	reason = (report["would_refuse"] or {}).get("reason")
	wanted = "debug-pcrs" if row["debug"] and row["aws"] else row["reason_if_not_aws"] or None
	if status != 0 or reason != wanted or report["unverified"]["module_id"] != row["module_id"]:
		wrong("%s: exit %s, %s" % (row["name"], status, reason))
	if report["envelope"]["size"] != int(row["size"]):
		wrong("%s: %s" % (row["name"], report["envelope"]))
many(look, some(rows))
END
}

@test "hash: that of the index, by file and by value" {
	real <<'END'
def look(row):
	for word in (row["file"], row["pcr0"], "0x" + row["pcr0"].upper()):
		status, out, err = run("hash", word)
		if status != 0 or out.decode() != row["enclave_hash"] + "\n":
			wrong("%s: exit %s, %s %s" % (word, status, out, err))
		if (b"UNVERIFIED" in err) != (word == row["file"]) or (b"warning" in err) != row["debug"]:
			wrong("%s: %s" % (word, err))
many(look, some(rows))
END
}

@test "--root with AWS's own certificate is AWS's root" {
	real <<'END'
row = next(row for row in rows if row["aws"] and not row["debug"])
for form in ("pem", "der"):
	root = sys.argv[1] + "/root/aws-nitro-root-g1." + form
	report, first = judge(row["file"], *row["own"], "--at", "document", "--root", root)
	if report["verdict"] != "pass" or report["root"] != "aws" or "custom" in report["weakened"]:
		wrong("%s: %s %s" % (form, report["root"], first))
report, first = judge(row["file"], *row["own"], "--at", "document", "--root", VECTORS + "/root.pem")
if first != ("chain.root", "x509-root") or report["root"] != "custom":
	wrong(first)
END
}
