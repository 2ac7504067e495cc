#!/usr/bin/env bats
# enclave-attest onchain against exchanges that were recorded from a node: needs no node.
# shellcheck disable=SC2154 # variables of helpers.bash
load helpers

setup() {
	need_shared
	umask 022
	mkdir "$tmp/work"
	cd "$tmp/work" || return 1
	python3 "$TOP/attest/test/recorded.py" "$shared/onchain/captures" "$tmp/ready" 3>&- &
	server=$!
	for ((n = 0; n < 500; n++)); do
		[ ! -s "$tmp/ready" ] || break
		sleep 0.02
	done
	url=$(cat "$tmp/ready")
	# the inner contract itself, asked as a mapping of its own
	inner=(--registry generic:0xcf7ed3acca5a467e9e704c703e8d87f634fb0fc9 --selector 0x966989ee --value bool --slot 0
		--hash-rule keccak256-pcr0 --chain-id 31337)
	# what was recorded is old, whoever names it
	old=(--max-block-age 4000000000)
	hash=0x749899f8a93a9b2572f8ce59df5bf12b1b04acc7b4d35e45024560773e30d465
	block=0xc3c8010dda257431e83c84892eb507c3ae9c09a1909df33e68df4ff5e1ff7e72
}

teardown() {
	[ -z "${server-}" ] || kill "$server" 2>/dev/null || :
}

@test "a registration is proven under a block that is named" {
	exits 0 onchain "$hash" --rpc "$url" "${inner[@]}" --block "$block" "${old[@]}" --min-strength proved
	prints 'PASS  0x749899f8'
	prints 'registered: proved'
	# by the PCR0 that the hash is of
	exits 0 onchain 2b6478a242d1b2a0f409defec513bc11663e522d16c6e880537b57398de55f59e24e76a44893ecf83fd51d0b46c4103e \
		--rpc "$url" "${inner[@]}" --block "$block" "${old[@]}" --min-strength proved
}

@test "two servers agree on the block" {
	local=${url/127.0.0.1/localhost}
	exits 0 onchain "$hash" --rpc "$url" --rpc "$local" "${inner[@]}" "${old[@]}"
	prints 'registered: proved'
	exits 3 onchain "$hash" --rpc "$url" --rpc "$local" "${inner[@]}" --max-block-age 1
	prints '(block-stale)'
	exits 3 onchain "$hash" --rpc "$url" "${inner[@]}" --block "$block"
	prints '(block-stale)'
	exits 3 onchain "$hash" --rpc "$url" "${inner[@]}" "${old[@]}"
	prints '(strength-too-low)'
}

@test "another chain, blocks that are not there, what was not recorded" {
	exits 1 onchain "$hash" --rpc "$url" "${inner[@]/31337/1}" --block "$block" "${old[@]}"
	prints '(chain-id-mismatch)'
	exits 3 onchain "$hash" --rpc "$url" "${inner[@]}" --block 16777215
	exits 3 onchain "$hash" --rpc "$url" "${inner[@]}" --block "0x$(printf %064d 1)"
	exits 3 onchain "0x$(printf '%064d' 0 | tr 0 1)" --rpc "$url" "${inner[@]}" --block "$block" "${old[@]}"
}
