#!/usr/bin/env bats
# The test bench of on-chain checks itself: the contracts, the node, the liars before it.
# shellcheck disable=SC2154 # variables of chain.bash
load chain

setup_file() {
	chain_start
}

setup() {
	chain_needed
}

teardown_file() {
	chain_stop
}

teardown() {
	liars_stop
	[ -z "${second-}" ] || "$python" -S "$bench/chain.py" "$second" stop
}

check() {
	"$python" -S "$bench/bench_check.py" "$chain/chain.json" "$@"
}

@test "every family answers as its contracts do" {
	check families
}

@test "registrations and pointers stand in the slots that are known" {
	check slots
	check pointers
}

@test "signers are valid where they are registered" {
	check signers
}

@test "events have the known topics" {
	check events
}

@test "each oddity is odd" {
	check odd
}

@test "proofs lead to the told values" {
	check proofs
}

@test "revoked, switched, upgraded, reorganised" {
	check changes
}

@test "each liar lies as it says" {
	check lies
}

@test "a liar of its own process, at another address" {
	liar --bind 127.0.0.3 --log "$BATS_TEST_TMPDIR/log" chain-id=1
	[[ $url == http://127.0.0.3:* ]]
	[ "$("$python" -S -c 'import sys; sys.path.insert(0, sys.argv[2]); from bench import ethereum
print(ethereum.Rpc(sys.argv[1]).call("eth_chainId"))' "$url" "$bench")" = 0x1 ]
	[ "$(cat "$BATS_TEST_TMPDIR/log")" = eth_chainId ]
}

@test "changes from the command line" {
	to=$(chain get families.espresso-v7.address)
	call='{"to":"'$to'","data":"'$(chain get families.espresso-v7.query)'"}'
	no=0x$(printf %064d 0) yes=0x$(printf %064d 1)
	chain revoke worldchain
	chain register worldchain other
	chain delete espresso-v7
	[ "$(chain rpc eth_call "$call" '"latest"')" = "$no" ]
	decoy=$(chain decoy espresso-v7)
	first=$(chain get families.espresso-v7.accounts.inner)
	[ "$(chain switch espresso-v7 "$decoy")" = "$decoy" ]
	[ "$(chain get families.espresso-v7.accounts.inner)" = "$decoy" ]
	[ "$(chain rpc eth_call "$call" '"latest"')" = "$yes" ]
	chain switch espresso-v7 "$first"
	chain upgrade espresso-v7 two
	[ "$(chain rpc eth_call "$call" '"latest"')" = "${yes%1}2" ]
	chain upgrade espresso-v7 EspressoV7Outer
	chain mine 3
	chain reorg 1
	chain sign marlin-auther 0x00000000000000000000000000000000000000aa other
	run ! chain upgrade espresso-v1 two
	marlin=$(chain deploy MarlinVerifier)
	chain send "$marlin" MarlinVerifier misfileEnclaveImage 0x01 bytes:aa bytes: bytes:bbcc
	answer=$(chain rpc eth_call '{"to":"'"$marlin"'","data":"0x2f9b0ad7'"$(printf %064d 1)"'"}' '"latest"')
	[[ $answer == *"$(printf %064d 1)aa"* ]]
}

@test "headers of each fork hash to their names" {
	second=$BATS_TEST_TMPDIR/fork
	for fork in london:16 paris:16 shanghai:17 cancun:20 prague:21 osaka:21; do
		"$python" -S "$bench/chain.py" "$second" start --empty --hardfork "${fork%:*}" --chain-id 1
		"$python" -S "$bench/bench_check.py" "$second/chain.json" headers "${fork#*:}"
		"$python" -S "$bench/chain.py" "$second" stop
	done
}

@test "the second client" {
	second=$BATS_TEST_TMPDIR/ganache
	"$python" -S "$bench/chain.py" "$second" start --client ganache
	"$python" -S "$bench/bench_check.py" "$second/chain.json" ganache
}

@test "selectors and topics are the published ones" {
	list=${SHARED_VECTORS:-$TOP/../shared/vectors}/onchain/selectors.tsv
	[ -f "$list" ] || skip 'no ../shared'
	check selectors "$list"
}
