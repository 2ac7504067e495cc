#!/usr/bin/env bats
# --format nagios by the guidelines of monitoring-plugins: read by a parser that takes nothing else, and run by
# negate, a program of theirs.
# shellcheck disable=SC2154 # variables of enclaves.bash
load enclaves

prelude+='
# label=value[UOM];[warn];[crit];[min];[max]; thresholds are ranges: [@][start:][end], ~ for no start.
NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
RANGE = r"@?(?:(?:%s|~):(?:%s)?|%s)" % (NUMBER, NUMBER, NUMBER)
LABEL = re.compile(r"[^\x27= |;\x00-\x20\x7f-\xff]+")
VALUE = re.compile(r"(%s)(s|us|ms|%%|B|KB|MB|TB|c|)(?:;(%s)?)?(?:;(%s)?)?(?:;(%s)?)?(?:;(%s)?)?"
	% (NUMBER, RANGE, RANGE, NUMBER, NUMBER))
STATES = ["OK", "WARNING", "CRITICAL", "UNKNOWN"]

def in_range(text, value):
	"""Whether an alert is due: outside of the range, or inside of it with @."""
	inside = text.startswith("@")
	start, colon, end = text.lstrip("@").rpartition(":")
	low = float("-inf") if start == "~" else float(start or 0)
	out = value < low or (end != "" and value > float(end))
	return out != inside

def performance(text):
	"""Of each label: value, unit, warning, critical; what is not of this form is wrong."""
	found = {}
	for word in text.split():
		label, equals, rest = word.partition("=")
		match = VALUE.fullmatch(rest)
		if not equals or not LABEL.fullmatch(label) or not match or label in found:
			wrong("performance data: %r" % word)
			continue
		found[label] = (float(match.group(1)), match.group(2), match.group(3), match.group(4))
	return found

def plugin(*args, wrapper=()):
	"""Exit status, first line, further lines, performance data."""
	done = subprocess.run([*wrapper, ATTEST, "check", *args, "--format", "nagios"], stdin=subprocess.DEVNULL,
		stdout=subprocess.PIPE, stderr=subprocess.PIPE)
	text = done.stdout.decode("ascii")
	if not text.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text):
		wrong("%s: bytes: %r" % (args, text))
	if text.count("|") > 1:
		wrong("%s: a pipe of its own: %r" % (args, text))
	said, _, data = text.partition("|")
	first, *more = said.rstrip().split("\n")
	match = re.fullmatch(r"ENCLAVE (OK|WARNING|CRITICAL|UNKNOWN) - .+", first)
	if not match:
		wrong("%s: first line %r" % (args, first))
	elif not wrapper and STATES[done.returncode] != match.group(1):
		wrong("%s: exit %d, but %r" % (args, done.returncode, first))
	return done.returncode, first, more, performance(data), done.stderr.decode()
'

@test "one target: a line, and figures that say of themselves what they alarm" {
	py <<'END'
ask = ["--profile", "odyn", *IMAGE]
rows = [
	("/v1/attestation", [], 0, {"time", "age", "cert_left"}),
	("/v1/attestation", ["--max-age", "60", "--timeout", "3"], 0, {"time", "age", "cert_left"}),
	("/tampered/v1/attestation", [], 2, {"time"}),
	("/old/v1/attestation", [], 2, {"time", "age", "cert_left"}),
	("/wrongnonce/v1/attestation", [], 2, {"time", "age", "cert_left"}),
	("/page/v1/attestation", [], 2, {"time"}),
	("/v1/attestation?a=b&c=d", [], None, {"time"}),
	("/v1/attestation;1;2", [], None, {"time"}),
	("/it\x27s", [], None, {"time"}),
	("/caf%C3%A9", [], None, {"time"}),
]
for path, more, status, labels in rows:
	got, first, lines, data, err = plugin(HTTP + path, *ask, *more)
	if lines or err or status not in (None, got) or not labels <= set(data) <= {"time", "age", "cert_left"}:
		wrong("%s: %d %r %r %s %r" % (path, got, first, lines, sorted(data), err))
	for label, (value, unit, warn, crit) in data.items():
		if unit != "s":
			wrong("%s: unit of %s: %r" % (path, label, unit))
		# a pass has no figure that is critical
		if got == 0 and crit and in_range(crit, value):
			wrong("%s: passes, but %s=%s is past %s" % (path, label, value, crit))
	if path.startswith("/old") and not in_range(data["age"][3], data["age"][0]):
		wrong("too old, but age=%s is not past %s" % data["age"][::3])
END
}

@test "many targets: lines of their own, figures under their names" {
	py <<'END'
targets = [{"name": name, "url": HTTP + path} for name, path in [
	("good", "/v1/attestation"), ("bad", "/tampered/v1/attestation"), ("none", "/page/v1/attestation")]]
json.dump({"schema": 1, "defaults": {"profile": "odyn", "root": VECTORS + "/root.pem",
	"expect": {"pcrs": VECTORS + "/pcr.json"}}, "targets": targets}, open("targets.json", "w"))
got, first, lines, data, err = plugin("--config", "targets.json")
if got != 2 or [re.split("[-:] ?", line)[1].strip() for line in lines] != ["good", "bad", "none"]:
	wrong("%d %r %r" % (got, first, lines))
if [line.split(" - ")[0] for line in lines] != ["OK", "CRITICAL", "CRITICAL"]:
	wrong("%r" % lines)
if {label.split(".")[0] for label in data} != {"good", "bad", "none"} or not {"good.time", "bad.time", "none.time"} <= set(data):
	wrong("labels %s" % sorted(data))
END
}

@test "what is not judged is a line too" {
	py <<'END'
for args in (["--bogus"], [], ["--config", "absent.json"], [HTTP], [HTTP, "--profile", "odyn", "--timeout", "x"],
		[HTTP, "--profile", "odyn", "--root", "absent.pem"]):
	got, first, lines, data, err = plugin(*args)
	if got != 3 or lines or data or not err.startswith("enclave-attest: "):
		wrong("%s: %d %r %r %s" % (args, got, first, lines, err))
END
}

# The wrapper finds the words in the output and the statuses that it exchanges.
@test "negate runs it, and turns what it says into its opposite" {
	negate=/usr/lib/nagios/plugins/negate
	[ -x "$negate" ] || skip 'no monitoring-plugins in this system'
	py "$negate" <<'END'
ask = ["--profile", "odyn", *IMAGE]
rows = [
	("/v1/attestation", [], 2, "ENCLAVE CRITICAL - "),
	("/tampered/v1/attestation", [], 0, "ENCLAVE OK - "),
	("/v1/attestation", ["--bogus"], 3, "ENCLAVE UNKNOWN - "),
]
for path, more, status, begin in rows:
	got, first, lines, data, err = plugin(HTTP + path, *ask, *more, wrapper=(sys.argv[1], "-s"))
	if got != status or not first.startswith(begin):
		wrong("%s: %d %r %s" % (path, got, first, err))
END
}
