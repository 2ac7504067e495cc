# shellcheck shell=bash disable=SC2034 # tests use the variables
# The test chain for command tests: chain_start in setup_file, chain_needed in setup, liars_stop in teardown,
# chain_stop in teardown_file. Then $chain is its folder (chain.json tells what is where), `chain COMMAND...`
# changes it, `liar MODE...` stands before it.

bats_require_minimum_version 1.5.0

bench=$TOP/attest/test
chain=$BATS_FILE_TMPDIR/chain
# the interpreter itself: what PATH has may be a slow script
python=${python:-$(python3 -c 'import sys; print(sys.executable)')}
export python PYTHONDONTWRITEBYTECODE=1

# chain_start OPTION...: where no node can be had, chain_needed will skip each test and say why.
chain_start() {
	local status=0
	"$python" -S "$bench/chain.py" "$chain" start "$@" >"$BATS_FILE_TMPDIR/start" 2>&1 || status=$?
	if [ "$status" -eq 77 ]; then
		mv "$BATS_FILE_TMPDIR/start" "$BATS_FILE_TMPDIR/no-chain"
	elif [ "$status" -ne 0 ]; then
		cat "$BATS_FILE_TMPDIR/start" "$chain/node.log" >&2
		return 1
	fi
}

chain_needed() {
	[ ! -e "$BATS_FILE_TMPDIR/no-chain" ] || skip "$(cat "$BATS_FILE_TMPDIR/no-chain")"
}

chain_stop() {
	"$python" -S "$bench/chain.py" "$chain" stop
}

chain() {
	"$python" -S "$bench/chain.py" "$chain" "$@"
}

# liar ARG...: starts liar.py before the chain; $url is where. It is ended by liars_stop, in teardown.
liar() {
	local ready=$BATS_TEST_TMPDIR/liar.$RANDOM.$RANDOM n
	"$python" -S "$bench/liar.py" --chain "$chain/chain.json" --ready "$ready" "$@" >/dev/null 2>"$ready.log" 3>&- &
	liars+=($!)
	for ((n = 0; n < 500; n++)); do
		if [ -s "$ready" ]; then
			url=$(cat "$ready")
			return 0
		fi
		kill -0 $! || break
		sleep 0.02
	done
	cat "$ready.log" >&2
	return 1
}

liars_stop() {
	local pid
	for pid in "${liars[@]}"; do
		kill "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	liars=()
}
