#!/usr/bin/env bats
# What ci/enclave takes for equal, without an enclave. TOP is the repository's root.
bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	python3 - <<'END'
import hashlib, json
measured = {"HashAlgorithm": "Sha384 { ... }", **{"PCR%d" % n: "%02x" % (n + 1) * 48 for n in (0, 1, 2, 8)}}
pcrs = {str(n): measured.get("PCR%d" % n, 96 * "0") for n in range(16)}
for n, text in (("3", b"role"), ("4", b"i-1")):
	pcrs[n] = hashlib.sha384(bytes(48) + text).hexdigest()
claims = {"module_id": "m", "timestamp_ms": "5000", "pcrs": pcrs, "nonce": "00ff", "user_data": None, "public_key": "04"}
json.dump(measured, open("measured", "w"))
json.dump({"unverified": claims}, open("shown", "w"))
END
	asked=(role=role instance=i-1 module_id=m nonce=00ff public_key=04 since=4 until=6)
}

# change PYTHON: changes `claims` of the document that is compared.
change() {
	python3 -c 'import json, sys
shown = json.load(open("shown"))
claims = shown["unverified"]
exec(sys.argv[1])
json.dump(shown, open("shown", "w"))' "$1"
}

compare() {
	run python3 "$TOP/ci/enclave.d/compare.py" shown measured "${asked[@]}"
}

# differs NAME: that and nothing else.
differs() {
	compare
	echo "$output"
	[ "$status" -eq 1 ]
	[ "$(awk '/DIFFERS/ { print $2 }' <<<"$output")" = "$1" ]
}

@test 'what was booted and asked for is equal' {
	compare
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output != *DIFFERS* ]]
	[[ $output == *'zeros      PCR5 PCR6 PCR7 PCR9 PCR10 PCR11 PCR12 PCR13 PCR14 PCR15' ]]
}

@test 'each register that is another one is told' {
	for n in {0..15}; do
		setup
		change "claims['pcrs']['$n'] = '01' + claims['pcrs']['$n'][2:] if not '$n' == '0' else 96 * '0'"
		differs "PCR$n"
	done
}

@test 'a register more, and one less' {
	change "claims['pcrs']['16'] = 96 * '0'"
	differs count
	setup
	change "del claims['pcrs']['15']"
	differs $'PCR15\ncount'
}

@test 'an unsigned image has no PCR8, one without a role no PCR3' {
	change "claims['pcrs']['8'] = claims['pcrs']['3'] = 96 * '0'"
	differs $'PCR3\nPCR8'
	sed -i 's/, "PCR8": "[0-9a-f]*"//' measured
	asked[0]=until=6
	compare
	[ "$status" -eq 0 ]
}

@test 'name, nonce, user_data, public_key and time' {
	change "claims['module_id'] = 'n'"
	differs module_id
	setup
	change "claims['nonce'] = '00fe'"
	differs nonce
	setup
	change "claims['nonce'] = None"
	differs nonce
	setup
	change "claims['user_data'] = ''"
	differs user_data
	setup
	change "claims['public_key'] = None"
	differs public_key
	for ms in 3999 7000; do
		setup
		change "claims['timestamp_ms'] = '$ms'"
		differs time
	done
}
