#!/usr/bin/env bats
# enclave-rebuild run of a recipe with a contract: whether it accepts the image that was measured, on a real chain.
# shellcheck disable=SC2154 # variables of helpers.bash and chain.bash
load helpers
load "$TOP/attest/test/chain"

setup_file() {
	chain_start
}

setup() {
	chain_needed
	mkdir "$tmp/work"
	cd "$tmp/work" || return 1
	printf kernel >k
	printf ramdisk >r
	"$BUILD/enclave-rebuild" assemble --kernel k --cmdline x --ramdisk r -q -o eif
	pcr0=$("$BUILD/enclave-verify" eif eif --pcr-json | sed -n 's/.*"PCR0": "\(.*\)".*/\1/p')
	rpc=$(chain get rpc)
	address=$(chain get families.espresso-v7.address)
	local=${rpc/127.0.0.1/localhost}
}

teardown_file() {
	chain_stop
}

# recipe CONTRACT: r.json with this section.
recipe() {
	echo '{"schema": 1, "name": "batcher", "source": {"repository": "https://git.example/a", "commit":' \
		"\"$(printf '%040d' 1)\"}, \"build\": {\"attribute\": \"eif\", \"eif\": \"a.eif\"}, \"onchain\": $1}" >r.json
}

# contract MORE: the usual section, with further members.
contract() {
	recipe "{\"chain_id\": \"31337\", \"registry\": \"espresso-v7:$address\", \"block\": \"latest\",
		\"max_block_age\": 4000, \"rpc\": [\"$rpc\", \"$local\"]$1}"
}

@test "registered and not: onchain.registered is what the image is held against" {
	contract ''
	exits 1 run r.json --out o --built-eif eif
	prints '  onchain.registered   FAIL  the contract does not accept this hash (not-registered)'
	chain register espresso-v7 "$pcr0"
	contract ', "min_strength": "proved"'
	exits 0 run r.json --out o --built-eif eif
	prints 'PASS (nothing built: the image was given)  batcher'
	prints '  onchain.registered   ok    registered: proved'
	grep -q '"id":"onchain.registered","status":"pass"' o/report.json
	grep -q '<!DOCTYPE html>' o/report.html
	exits 0 run r.json --out o --built-eif eif --require 'onchain.registered'
	# the contract is not asked about an image that is not the expected one
	exits 1 run r.json --out o --built-eif eif --expect-pcr0 "$(printf '%096d' 1)"
	prints '  onchain.registered   skip  needs pcr0.match'
}

@test "one server's word, and nobody there" {
	chain register espresso-v7 "$pcr0"
	recipe "{\"chain_id\": \"31337\", \"registry\": \"espresso-v7:$address\", \"block\": \"latest\", \"rpc\": [\"$rpc\"]}"
	exits 3 run r.json --out o --built-eif eif
	prints '(strength-too-low)'
	recipe "{\"chain_id\": 31337, \"registry\": \"espresso-v7:$address\", \"rpc\": [\"http://127.0.0.1:1\"]}"
	exits 3 run r.json --out o --built-eif eif
	prints 'onchain.chain_id     error'
}

@test "what is wrong with the section: exit 2, before anything is done" {
	recipe '{"chain_id": "1"}'
	refuses registry run r.json --out o --built-eif eif
	recipe "{\"chain_id\": \"x\", \"registry\": \"espresso-v7:$address\", \"rpc\": [\"$rpc\"]}"
	refuses chain-id run r.json --out o --built-eif eif
	recipe "{\"chain_id\": [\"1\", \"2\"], \"registry\": \"espresso-v7:$address\", \"rpc\": [\"$rpc\"]}"
	refuses 'onchain.chain_id: one value only' run r.json --out o --built-eif eif
	recipe "{\"chain_id\": [\"1\"], \"registry\": \"espresso-v7:$address\", \"rpc\": [\"$rpc\"]}"
	refuses 'onchain.chain_id: one value only' run r.json --out o --built-eif eif
	refuses 'onchain.chain_id: one value only' plan r.json
	recipe "{\"chain_id\": \"1\", \"registry\": \"espresso-v7:$address\", \"rpc\": []}"
	refuses 'onchain.rpc: an empty list' plan r.json
	recipe "{\"chain_id\": true}"
	refuses 'onchain.chain_id: not a string, nor a whole number' plan r.json
	# what is lacking, options of audit may give
	recipe "{\"chain_id\": \"1\", \"signer\": \"from-document\"}"
	exits 0 plan r.json
	recipe "{\"chain_id\": \"1\", \"registry\": \"espresso-v7:$address\"}"
	refuses --rpc run r.json --out o --built-eif eif
	recipe "{\"chain_id\": \"1\", \"registry\": \"espresso-v6:$address\", \"rpc\": [\"$rpc\"]}"
	refuses service run r.json --out o --built-eif eif
	recipe "{\"chain_id\": \"1\", \"registry\": \"espresso-v7:$address\", \"signer\": \"from-document\", \"rpc\": [\"$rpc\"]}"
	refuses signer run r.json --out o --built-eif eif
	[ ! -e o ]
}
