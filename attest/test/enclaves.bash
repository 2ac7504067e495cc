# shellcheck shell=bash disable=SC2034,SC2154 # tests use the variables
# The enclaves of enclaves.py for a file of command tests: started once, ended with it.
load helpers

enclaves_start() {
	export ENCLAVES=$BATS_FILE_TMPDIR/enclaves
	mkdir "$ENCLAVES"
	mkfifo "$ENCLAVES/stdin"
	python3 "$TOP/attest/test/enclaves.py" "$ENCLAVES" <"$ENCLAVES/stdin" >"$ENCLAVES/ports" \
		2>"$ENCLAVES/err" 3>&- &
	echo $! >"$ENCLAVES/pid"
	# it ends when nobody holds this any more
	exec 9>"$ENCLAVES/stdin"
	for _ in $(seq 300); do
		! grep -qx ready "$ENCLAVES/ports" || return 0
		sleep 0.1
	done
	cat "$ENCLAVES/err"
	return 1
}

enclaves_stop() {
	exec 9>&-
	kill "$(cat "$ENCLAVES/pid")" 2>/dev/null || :
}

setup_file() {
	enclaves_start
}

teardown_file() {
	enclaves_stop
}

# port NAME: where that server listens; empty when it does not.
port() {
	sed -n "s/^$1 //p" "$ENCLAVES/ports"
}

# What a document of the test image is expected to be.
image=(--root "$TOP/testvectors/root.pem" --pcrs "$TOP/testvectors/pcr.json")

# shellcheck disable=SC2016 # what stands in backquotes is Python's
prelude+='
PORTS = dict(line.split() for line in open(os.environ["ENCLAVES"] + "/ports") if " " in line)
ATTEST = os.path.join(os.environ["BUILD"], "enclave-attest")
IMAGE = ["--root", VECTORS + "/root.pem", "--pcrs", VECTORS + "/pcr.json"]
CA = ["--cacert", os.environ["ENCLAVES"] + "/ca.pem"]
HTTP = "http://127.0.0.1:" + PORTS["plain"]
UNBOUND = "some genuine enclave answered, not necessarily the other end of this connection"

def https(name, host="localhost"):
	return "https://%s:%s" % (host, PORTS[name])

def check(*args):
	"""Exit status, the report, stderr."""
	done = subprocess.run([ATTEST, "check", *args, "--format", "json"], stdin=subprocess.DEVNULL,
		stdout=subprocess.PIPE, stderr=subprocess.PIPE)
	return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr.decode()

def first_bad(report):
	"""The first failed check, else the first in error, and its reason; `-` and that of the verdict."""
	for status in ("fail", "error"):
		for one in report["checks"]:
			if one["status"] == status:
				return one["id"], one["reason"]
	return "-", report.get("reason", "-")

def status_of(report, name):
	for one in report["checks"]:
		if one["id"] == name:
			return one["status"] if one["status"] == "pass" else one["reason"]

def rows(table):
	"""Rows of (arguments, exit status, first bad check, its reason, what the verdict is weakened by or None)."""
	def one(row):
		args, exit_status, name, reason = row[:4]
		got, report, err = check(*args, *([] if "--root" in args else IMAGE))
		if report is None:
			return "%s: no report, %d, %s" % (args, got, err)
		if (got, *first_bad(report)) != (exit_status, name, reason):
			return "%s: %d %s (%s), expected %s\n%s" % (args, got, *first_bad(report), row[1:4],
				[c for c in report["checks"] if c["status"] in ("fail", "error")])
		ids = [c["id"] for c in report["checks"]]
		if ids[0] != "endpoint.fetch" or ids[-1] != "onchain.signer" or len(set(ids)) != len(ids):
			return "%s: order %s" % (args, ids)
		weakened = report.get("weakened", "").replace("custom root c9d24d86", "").lstrip(", ")
		if len(row) > 4 and weakened != row[4]:
			return "%s: weakened by %r, expected %r" % (args, weakened, row[4])
		return None
	for problem in many(one, table):
		if problem:
			wrong(problem)
'
