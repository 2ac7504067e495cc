# shellcheck shell=bash disable=SC2034,SC2154 # tests use the variables; their floor sets $program
# What the command tests of every floor share. A floor's own test/helpers.bash sets program=enclave-FLOOR and
# reads this file. BUILD is the folder of the programs, TOP the repository's root.
bats_require_minimum_version 1.5.0

shared=${SHARED_VECTORS:-$TOP/../shared/vectors}
tmp=$BATS_TEST_TMPDIR

# Files outside the repository, which not everybody has.
need_shared() {
	[ -d "$shared" ] || skip 'no ../shared'
}

# For tests that need a terminal: a bare chroot has none.
needs_terminals() {
	python3 -c 'import os; os.openpty()' 2>/dev/null || skip 'no pseudo-terminals in this system'
}

# Whatever went wrong, in full.
report() {
	printf '%s\n' "$1" "exit $status, on stdout:"
	sed -n l "$tmp/out"
	printf '%s\n' 'on stderr:'
	sed -n l "$tmp/err"
	return 1
}

# exits STATUS ARG...: runs the program, leaves $status, $out and $err. Standard input is the caller's.
exits() {
	local wanted=$1 line
	shift
	called="$program $*"
	status=0
	"$BUILD/$program" "$@" >"$tmp/out" 2>"$tmp/err" || status=$?
	IFS= read -r -d '' out <"$tmp/out" || :
	IFS= read -r -d '' err <"$tmp/err" || :
	if [ "$status" -ne "$wanted" ]; then
		report "$called: exit status $wanted expected"
		return 1
	fi
	# every line of stderr is prefixed, so a crash or a sanitizer shows
	while IFS= read -r line; do
		if [[ $line != "$program: "* ]]; then
			report "$called: an odd line on stderr"
			return 1
		fi
	done <"$tmp/err"
}

# prints TEXT, complains TEXT: stdout, stderr holds it. nothing_printed, nothing_said: it is empty.
prints() {
	[[ $out == *"$1"* ]] || report "$called: no '$1' on stdout"
}

complains() {
	[[ $err == *"$1"* ]] || report "$called: no '$1' on stderr"
}

nothing_printed() {
	[ ! -s "$tmp/out" ] || report "$called: nothing on stdout expected"
}

nothing_said() {
	[ ! -s "$tmp/err" ] || report "$called: nothing on stderr expected"
}

# refuses TEXT ARG...: the command line is wrong: exit 2, stderr says so with TEXT, nothing on stdout, and no file
# was made in the present folder.
refuses() {
	local text=$1 before
	shift
	before=$(ls -A)
	exits 2 "$@" || return 1
	nothing_printed || return 1
	complains "$text" || return 1
	[ "$(ls -A)" = "$before" ] || report "$called: files: $(ls -A)"
}

# Compares stdout with the text on standard input, byte for byte.
golden() {
	cat >"$tmp/wanted"
	cmp -s "$tmp/out" "$tmp/wanted" || {
		echo "$called:"
		diff "$tmp/wanted" "$tmp/out"
	}
}

# py ARG... <PROGRAM: python3 with what follows. A call of wrong() makes the test fail at its end.
py() {
	python3 -c "$prelude
$(cat)
sys.exit(1 if failures else 0)" "$@"
}

# What py programs begin with. A floor may append to it.
read -r -d '' prelude <<'EOF_PRELUDE' || :
import json, os, re, subprocess, sys
from concurrent.futures import ThreadPoolExecutor

TOP = os.environ["TOP"]
VECTORS = os.path.join(TOP, "testvectors")
failures = 0

def wrong(message):
	global failures
	failures += 1
	if failures <= 40:
		print(message)

def some(items):
	"""Those of a table that are tried. With the sanitizers the tests in C judge all of them, in one process; here
	each run starts a program, which they make three times as slow."""
	return items[::5] if os.environ["BUILD"].endswith("/asan") else items

def many(function, items):
	"""The function's answers, in order; several at a time."""
	with ThreadPoolExecutor(os.cpu_count()) as pool:
		return list(pool.map(function, items))

def table(path):
	with open(path, encoding="utf-8") as lines:
		head = next(lines).rstrip("\n").split("\t")
		return [dict(zip(head, line.rstrip("\n").split("\t"))) for line in lines]

REASONS = set(re.findall(r'^\tX\(\w+, "([^"]+)"', open(TOP + "/verify/reason.h").read(), re.M))
EOF_PRELUDE
