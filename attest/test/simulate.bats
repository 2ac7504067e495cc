#!/usr/bin/env bats
# enclave-attest simulate, and documents of a simulated enclave.
# shellcheck disable=SC2154 # variables of helpers.bash
load helpers

verify=$BUILD/enclave-verify

# first_line ARG...: enclave-verify's first line about the file doc; its exit status in $status.
first_line() {
	status=0
	"$verify" document doc "$@" >"$tmp/report" || status=$?
	head -n 1 "$tmp/report"
}

@test "a document of a simulated enclave passes with its root, and not without" {
	exits 0 simulate d --pcrs "$TOP/testvectors/pcr.json"
	nothing_said
	prints 'root    d/root.pem'
	[ "$(stat -c %a d d/leaf.key | tr '\n' ' ')" = '700 600 ' ]
	exits 0 document --simulate d --nonce 00ff --user-data '' --public-key @d/module-id -o doc
	nothing_said
	key=$(od -An -tx1 d/module-id | tr -d ' \n')
	[[ $(first_line --root d/root.pem --pcrs d/pcr.json --pcrs "$TOP/testvectors/pcr.json" --nonce 00ff \
		--user-data '' --public-key "$key" --aws-table-limits) == 'PASS (custom root '*')  doc' ]]
	[ "$(first_line --pcrs d/pcr.json)" = 'FAIL  doc: chain.root' ]
	[[ $(first_line --root "$TOP/testvectors/root.pem" --pcrs d/pcr.json) == *'doc: chain.root' ]]
	[[ $(first_line --root d/root.pem --pcrs "$TOP/testvectors/other-pcr.json") == *'doc: pcr0.match' ]]
	[[ $(first_line --root d/root.pem --pcrs d/pcr.json --nonce 00fe) == *'doc: nonce.match' ]]
	[[ $(first_line --root d/root.pem --pcrs d/pcr.json --at 2027-12-01T00:00:00Z) == *'doc: chain.time' ]]
	instance=$(cut -c 1-19 d/module-id)
	[[ $(first_line --root d/root.pem --pcrs d/pcr.json --instance-id "$instance") == PASS* ]]
	# the same enclave, another document
	exits 0 document --simulate d --encoding hex -o doc
	[ "$(wc -l <doc)" = 1 ]
	[[ $(first_line --root d/root.pem --pcrs d/pcr.json) == PASS* ]]
	exits 0 document --simulate d --encoding base64
	cp "$tmp/out" doc
	[[ $(first_line --root d/root.pem --pcrs d/pcr.json) == PASS* ]]
	# openssl's second opinion of the root
	openssl verify -x509_strict -CAfile d/root.pem d/root.pem >/dev/null
}

@test "the registers of an image, signed or not" {
	for name in usual signature-es384; do
		rm -rf d
		exits 0 simulate d --eif "$TOP/testvectors/eif/$name.eif" --format json
		"$verify" eif "$TOP/testvectors/eif/$name.eif" --pcr-json >pcrs
		exits 0 document --simulate d -o doc
		[[ $(first_line --root d/root.pem --eif "$TOP/testvectors/eif/$name.eif" --pcrs pcrs) == PASS* ]]
		python3 - d/pcr.json pcrs <<'END'
import json, sys
ours, image = (json.load(open(name)) for name in sys.argv[1:])
assert {k: v for k, v in ours.items() if k not in ("PCR3", "PCR4")} == image, (ours, image)
END
	done
}

@test "a debug enclave is one" {
	printf '{"PCR0": "%096d"}' 0 >zero.json
	exits 0 simulate d --pcrs zero.json
	exits 0 document --simulate d -o doc
	[[ $(first_line --root d/root.pem --pcrs zero.json) == *'debug'*'doc: pcr.debug' ]]
}

@test "what simulate made, as JSON" {
	exits 0 simulate d --pcrs "$TOP/testvectors/pcr.json" --format json
	python3 - "$tmp/out" "$(openssl x509 -in d/root.pem -outform DER | openssl dgst -sha256 -r | cut -c 1-64)" <<'END'
import json, sys
made = json.load(open(sys.argv[1]))
assert made["schema"] == 1 and made["tool"]["name"] == "enclave-attest", made
simulated = made["simulated"]
assert simulated["folder"] == "d" and simulated["root_sha256"] == sys.argv[2], made
assert simulated["module_id"] == open("d/module-id").read().strip(), made
registers = json.load(open("d/pcr.json"))
assert {"PCR" + n: v for n, v in simulated["pcrs"].items()} == \
	{k: v for k, v in registers.items() if k != "HashAlgorithm"}, made
END
	exits 0 simulate e --pcrs "$TOP/testvectors/pcr.json" -q
	nothing_printed
}

@test "what a module says of itself" {
	exits 0 simulate d --pcrs "$TOP/testvectors/pcr.json"
	exits 0 document --simulate d --describe
	[ "$(grep -c '^PCR.. *locked' "$tmp/out")" = 16 ]
	[ "$(grep -c '^PCR.. *open' "$tmp/out")" = 16 ]
	prints "module   $(cat d/module-id)"
	exits 0 document --simulate d --describe --format json
	python3 - "$tmp/out" <<'END'
import json, sys
module = json.load(open(sys.argv[1]))["module"]
registers = json.load(open("d/pcr.json"))
assert module["module_id"] == open("d/module-id").read().strip() and module["digest"] == "SHA384", module
assert [one["index"] for one in module["pcrs"]] == list(range(32)), module
for one in module["pcrs"]:
	assert one["locked"] == (one["index"] < 16), one
	assert one["value"] == registers.get("PCR%d" % one["index"], 96 * "0"), one
END
	refuses 'asks for no document' document --simulate d --describe --nonce 00
	refuses 'asks for no document' document --simulate d --describe --encoding raw
}

@test "wrong command lines and folders" {
	pcrs=$TOP/testvectors/pcr.json
	refuses 'one DIR is needed' simulate
	refuses 'one DIR is needed' simulate a b --pcrs "$pcrs"
	refuses 'says which image' simulate d
	refuses 'a value stands where a folder' simulate "$(printf '%096d' 1)" --pcrs "$pcrs"
	refuses 'says which image' simulate d --pcrs "$pcrs" --eif "$TOP/testvectors/eif/usual.eif"
	refuses 'No such file' simulate d --pcrs none
	refuses 'No such file' simulate d --eif none
	refuses '(pcr-json-shape)' simulate d --pcrs "$TOP/testvectors/pcr/shape-array.json"
	refuses '(eif-magic)' simulate d --eif "$TOP/testvectors/eif/magic-elf.eif"
	refuses '(eif-crc)' simulate d --eif "$TOP/testvectors/eif/crc-zero.eif"
	refuses 'names no PCR0' simulate d --pcrs "$TOP/testvectors/pcr/flat-pcr3.json"
	mkdir full
	touch full/x
	refuses 'full: it is there already' simulate full --pcrs "$pcrs"
	exits 3 simulate none/d --pcrs "$pcrs"
	complains 'none/d: No such file or directory'
	complains '(file-unwritable)'
	refuses 'none/root.key: No such file' document --simulate none --encoding hex
	exits 0 simulate d --pcrs "$pcrs"
	echo x >d/leaf.key
	refuses 'd/leaf.key: a file of the simulated enclave is not what simulate writes (simulate-file)' \
		document --simulate d --encoding hex
}

@test "nothing is left where a file cannot be written" {
	[ -e /dev/full ] || return 0
	status=0
	"$attest" simulate d --pcrs "$TOP/testvectors/pcr.json" >/dev/full 2>err || status=$?
	[ "$status" = 3 ]
	# the enclave is made; only the result could not be told
	[ -e d/root.pem ]
	status=0
	(ulimit -f 0 && trap '' XFSZ && exec "$attest" simulate e --pcrs "$TOP/testvectors/pcr.json") >out 2>err ||
		status=$?
	[ "$status" = 3 ]
	[ ! -e e ]
}
