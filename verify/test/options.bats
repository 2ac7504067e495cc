#!/usr/bin/env bats
# The command line of enclave-verify: every option, and what is refused before anything is judged (exit 2).
# shellcheck disable=SC2154 # variables of helpers.bash
load helpers

hash=0x17881510b76878df429921be6a0cd6e9bfaffb2177550f586d5bdcc67c611f83
pcr0=4a6badea3a596cda4062bf12d1357293f8a808ed95b8865130286fb323119c84b95d268a8950ffc4af7b7d80d62b4b36
pcr1=cada77ab3f9b3bb8e2c752c92558ef07a392c264e1fdece5721ac8464f6b4a1598cb16d05a568b813666541c2c69003d
zero=000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
own=(document.cbor --root root.pem --at document)

@test "--help: under 24 lines, exit 0, wherever it stands" {
	for words in --help -h 'document --help' 'document -h' 'show --help' 'hash -h' \
		'document nothing --pcrs pcr.json --help'; do
		# shellcheck disable=SC2086 # words
		exits 0 $words
		nothing_said
		[ "$(wc -l <"$tmp/out")" -lt 24 ]
		prints 'Usage: enclave-verify'
		prints 'Exit status'
		prints 'Example:'
		[ "$(awk 'length > 100' "$tmp/out" | wc -l)" -eq 0 ]
	done
}

@test "--version: of the program and of its libraries" {
	for words in --version 'document --version' 'hash --version'; do
		# shellcheck disable=SC2086 # words
		exits 0 $words
		nothing_said
		grep -Eq '^enclave-verify [0-9]+\.[0-9]+\.[0-9]+$' "$tmp/out"
		grep -Eq '^OpenSSL [0-9]' "$tmp/out"
		grep -Eq '^libcbor [0-9]' "$tmp/out"
		grep -Eq '^cJSON [0-9]' "$tmp/out"
	done
}

@test "a verb is needed, one of those there are" {
	refuses 'verb'
	refuses "'judge'" judge document.cbor
	refuses "'document.cbor'" document.cbor
	refuses "''" ''
	refuses "'--format'" --format json
	refuses 'FILE' document
	refuses 'FILE' document --pcrs pcr.json
}

@test "unknown options, missing values, values where none belongs" {
	refuses '--nope' document "${own[@]}" --nope
	refuses '--nope' document "${own[@]}" --nope=1
	refuses '--pc' document "${own[@]}" --pc "0=$pcr0"
	refuses '--PCRS' document "${own[@]}" --PCRS pcr.json
	refuses '-x' document "${own[@]}" -x
	refuses '-qx' document "${own[@]}" -qx
	refuses '-p' document "${own[@]}" -pcrs pcr.json
	for option in pcr pcrs enclave-hash user-data public-key role-arn instance-id signing-cert require \
		max-age max-skew nonce format output color; do
		refuses "--$option" document "${own[@]}" --$option
	done
	refuses '--root' document document.cbor --root
	refuses '--at' document document.cbor --at
	refuses '-o' document "${own[@]}" -o
	for option in allow-debug aws-table-limits quiet verbose version help; do
		refuses "--$option" document "${own[@]}" --$option=yes
		refuses "--$option" document "${own[@]}" --$option=
	done
}

@test "--opt=value and --opt value, short options joined, options between files" {
	exits 0 document --root=root.pem --at=document --pcrs=pcr.json document.cbor --format=json
	cp "$tmp/out" "$tmp/first"
	exits 0 document --root root.pem document.cbor --at document --format json --pcrs pcr.json
	cmp "$tmp/out" "$tmp/first"
	exits 0 document "${own[@]}" --pcr "0=$pcr0" --pcr="1=$pcr1"
	exits 0 document "${bundled[@]}" -vo "$tmp/joined"
	exits 0 document "${bundled[@]}" -v "-o$tmp/apart"
	cmp "$tmp/joined" "$tmp/apart"
	exits 0 document "${bundled[@]}" -qv
	nothing_printed
	exits 0 document "${bundled[@]}" -vvv --verbose -qq
	nothing_printed
}

@test "after -- every word is a file" {
	cp document.cbor "$tmp/--root"
	cp document.cbor "$tmp/-q"
	args=(--root "$PWD/root.pem" --at document --pcrs "$PWD/pcr.json")
	cd "$tmp"
	exits 0 document "${args[@]}" -- --root -q
	[ "$(grep -c '^PASS' "$tmp/out")" -eq 2 ]
	prints '  --root'
	exits 3 document "${args[@]}" -- --pcrs
	refuses FILE document "${args[@]}" --
	exits 0 document "${args[@]}" ./-q
	exits 0 document "${args[@]}" -- - <-q
}

@test "an option with one value is refused when given twice" {
	cp root.pem "$tmp/root.pem"
	refuses '--root' document "${own[@]}" --pcrs pcr.json --root "$tmp/root.pem"
	refuses '--at' document "${own[@]}" --pcrs pcr.json --at now
	for pair in "enclave-hash $hash" 'user-data 00' 'public-key 00' 'nonce 00' 'role-arn arn:aws:iam::1:role/x' \
		'instance-id i-0' 'signing-cert signing-cert.pem' 'max-skew 60' 'format json' 'color never' \
		"output $tmp/never"; do
		# shellcheck disable=SC2086 # words
		refuses "--${pair%% *}" document "${own[@]}" --pcrs pcr.json --$pair --$pair
	done
	refuses '--max-age' document document.cbor --max-age 1 --max-age=2
	refuses 'is given twice' document "${own[@]}" -o "$tmp/never" -o "$tmp/never"
	[ ! -e "$tmp/never" ]
	refuses '--format' show --format json document.cbor --format json
	refuses '-o' hash "$pcr0" -o "$tmp/never" "-o$tmp/never"
}

@test "--format, --color: only those named" {
	for value in xml JSON '' HTML nagios prom 'json '; do
		refuses --format document "${bundled[@]}" --format "$value"
		refuses --format show document.cbor --format "$value"
	done
	for value in yes '' Always; do
		refuses --color document "${bundled[@]}" --color "$value"
	done
}

@test "--pcr: N=HEX, N from 0 to 31, 96 digits" {
	for value in '' 0 = "=$pcr0" "$pcr0" "32=$pcr0" "100=$pcr0" "00=$pcr0" "01=$pcr0" "-1=$pcr0" "+1=$pcr0" " 0=$pcr0" \
		"0 =$pcr0" "0x0=$pcr0" "4294967296=$pcr0" "PCR0=$pcr0" 0= 0=0x "0=${pcr0%6}" "0=${pcr0}6" "0= $pcr0" \
		"0=$pcr0 " "0=${pcr0%6}g" "0=${pcr0:64}" "0=0x0x$pcr0" "0==$pcr0" "0=$hash"; do
		refuses --pcr document "${own[@]}" --pcr "$value"
	done
	for value in "0=$pcr0" "0=${pcr0^^}" "0=0x$pcr0"; do
		exits 0 document "${own[@]}" --pcr "$value"
	done
	# repeats for one register are alternatives
	exits 0 document "${own[@]}" --pcr "0=$zero" --pcr "0=$pcr0"
	judges 1 pcr1.match '(pcr-mismatch)' "${own[@]}" --pcr "0=$pcr0" --pcr "1=$zero"
	judges 1 pcr31.match '(pcr-missing)' "${own[@]}" --pcr "0=$pcr0" --pcr "31=$zero"
	judges 3 - '(nothing-expected)' "${own[@]}" --pcr "1=$pcr1"
}

@test "--pcrs: every malformed pcr.json is refused with its reason, a good one is not" {
	py <<'END'
def look(row):
	return row, run("document", "document.cbor", "--root", "root.pem", "--at", "document", "--format", "json",
		"--pcrs", "pcr/" + row["name"])
rows = some(table(VECTORS + "/pcr/index.tsv"))
for row, (status, out, err) in many(look, rows):
	said = "%s (%s): exit %s, %r, %r" % (row["name"], row["what"], status, out[:80], err)
	if row["reason"] == "ok":
		if status not in (0, 1, 3) or err or json.loads(out)["checks"][0]["status"] != "pass":
			wrong(said)
		continue
	found = re.fullmatch(rb"enclave-verify: --pcrs pcr/[^ ]*: (line [1-9]\d*, column [1-9]\d*: )?[^\n]*"
		rb" \(([a-z0-9-]+)\)\n", err)
	if status != 2 or out or not found or found[2].decode() not in row["reason"].split("|"):
		wrong("%s wanted; %s" % (row["reason"], said))
	# a file as a whole has no place; whatever is wrong within it has one
	elif not found[1] and found[2] != b"pcr-json-shape":
		wrong("no line and column; " + said)
print("%d files" % len(rows))
END
}

@test "--pcrs: line and column are those of the fault" {
	printf '{\n  "PCR0": "%s",\n  "PCR1": "00"\n}\n' $pcr0 >"$tmp/value.json"
	refuses 'line 3, column 3' document "${own[@]}" --pcrs "$tmp/value.json"
	printf '{"PCR0": "%s",\n "PCR0": "%s"}' $pcr0 $pcr0 >"$tmp/twice.json"
	refuses 'line 2, column' document "${own[@]}" --pcrs "$tmp/twice.json"
	printf '{"PCR0": "%s"}\n}' $pcr0 >"$tmp/behind.json"
	refuses 'line 2, column 1' document "${own[@]}" --pcrs "$tmp/behind.json"
}

@test "--pcrs: a file that is missing, too long, or standard input" {
	refuses --pcrs document "${own[@]}" --pcrs no-such-file.json
	complains 'no-such-file.json: No such file'
	refuses --pcrs document "${own[@]}" --pcrs pcr
	refuses --pcrs document "${own[@]}" --pcrs ''
	printf '{"PCR0": "%s"%1048576s}' $pcr0 ' ' >"$tmp/large.json"
	refuses --pcrs document "${own[@]}" --pcrs "$tmp/large.json"
	refuses '--pcrs' document "${own[@]}" --pcrs - <pcr.json
	# nothing is judged also when the second file is the bad one
	refuses --pcrs document "${own[@]}" --pcrs pcr.json --pcrs pcr/malformed-cut.json
}

@test "--enclave-hash: 0x and 64 digits, and no value that every debug enclave or empty slot has" {
	exits 0 document "${own[@]}" --enclave-hash $hash
	exits 0 document "${own[@]}" --enclave-hash 0x17881510B76878DF429921BE6A0CD6E9BFAFFB2177550F586D5BDCC67C611F83
	for value in '' 0x "${hash#0x}" "${hash}0" "${hash%3}" "${hash%3}g" "$pcr0" " $hash" "$hash "; do
		refuses --enclave-hash document "${own[@]}" --enclave-hash "$value"
	done
	for value in 0xc980e59163ce244bb4bb6211f48c7b46f88a4f40943e84eb99bdc41e129bd293 "0x$(printf '%064d' 0)" \
		0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff \
		0xC980E59163CE244BB4BB6211F48C7B46F88A4F40943E84EB99BDC41E129BD293; do
		refuses 'names no image' document "${own[@]}" --enclave-hash "$value"
		complains --enclave-hash
		printf '{"pcr0": "%s", "enclave_hash": "%s"}' $pcr0 "$value" >"$tmp/build-info.json"
		refuses 'names no image' document "${own[@]}" --pcrs "$tmp/build-info.json"
		complains --pcrs
		# also beside --allow-debug
		refuses --enclave-hash document documents/debug.cbor "${own[@]:1}" --allow-debug --enclave-hash "$value"
	done
}

@test "--nonce, --user-data, --public-key: hex of at most 1024 bytes, or @FILE" {
	long=$(printf '%02050d' 0)
	for option in nonce user-data public-key; do
		for value in 0 0x0 zz '00 00' ' 00' "$long" '00,00' 0x0x00; do
			refuses "--$option" document "${own[@]}" --pcrs pcr.json --$option "$value"
		done
		exits 1 document "${own[@]}" --pcrs pcr.json --$option "${long#00}"
		exits 1 document "${own[@]}" --pcrs pcr.json --$option 0x00
	done
	exits 0 document "${own[@]}" --pcrs pcr.json --nonce 00112233445566778899AABBCCDDEEFF
	# an empty nonce is a script's unset variable
	refuses --nonce document "${own[@]}" --pcrs pcr.json --nonce ''
	refuses --nonce document "${own[@]}" --pcrs pcr.json --nonce=0x
	judges 1 user_data.match '(user-data-mismatch)' "${own[@]}" --pcrs pcr.json --user-data ''
	judges 1 public_key.match '(public-key-mismatch)' "${own[@]}" --pcrs pcr.json --public-key ''
	bound=(documents/bound.cbor --root root.pem --at document --pcrs pcr.json)
	exits 0 document "${bound[@]}" --public-key @public-key.bin
	refuses --public-key document "${bound[@]}" --public-key @
	refuses --public-key document "${bound[@]}" --public-key @no-such-file
	refuses --public-key document "${bound[@]}" --public-key @documents
	refuses --public-key document "${bound[@]}" --public-key public-key.bin
	refuses --public-key document "${bound[@]}" --public-key @- <public-key.bin
	head -c 1025 /dev/zero >"$tmp/long"
	refuses --public-key document "${bound[@]}" --public-key "@$tmp/long"
	refuses --user-data document "${bound[@]}" --user-data @public-key.bin
}

@test "--role-arn, --instance-id, --signing-cert" {
	for value in '' arn arn: role/test i-0; do
		refuses --role-arn document "${own[@]}" --pcrs pcr.json --role-arn "$value"
	done
	for value in '' i- 0e5c1a7ed0c5e7e57 arn:aws; do
		refuses --instance-id document "${own[@]}" --pcrs pcr.json --instance-id "$value"
	done
	for value in '' no-such-file documents pcr.json public-key.bin documents/cose-empty.cbor; do
		refuses --signing-cert document "${own[@]}" --pcrs pcr.json --signing-cert "$value"
	done
	cat signing-cert.pem signing-cert.pem >"$tmp/two.pem"
	refuses --signing-cert document "${own[@]}" --pcrs pcr.json --signing-cert "$tmp/two.pem"
	exits 0 document "${own[@]}" --pcrs pcr.json --instance-id i-0e5c1a7ed0c5e7e57 \
		--role-arn arn:aws:iam::123456789012:role/test-enclave-parent
	# they say nothing about the image
	judges 3 - '(nothing-expected)' "${own[@]}" --instance-id i-0e5c1a7ed0c5e7e57
	judges 1 pcr4.match '(pcr-mismatch)' "${own[@]}" --pcrs pcr.json --instance-id i-0
}

@test "--root: one certificate as AWS issues them, in PEM or DER" {
	for root in root.pem root.der; do
		exits 0 document document.cbor --at document --pcrs pcr.json --root $root
	done
	cat root.pem otherroot.pem >"$tmp/two.pem"
	head -n 5 root.pem >"$tmp/cut.pem"
	head -c 500 root.der >"$tmp/cut.der"
	{ cat root.der && printf x; } >"$tmp/behind.der"
	head -c 65537 /dev/zero >"$tmp/long"
	for root in '' no-such-file documents pcr.json documents/cose-empty.cbor public-key.bin \
		"$tmp/two.pem" "$tmp/cut.pem" "$tmp/cut.der" "$tmp/behind.der" "$tmp/long" - @root.pem; do
		refuses --root document document.cbor --at document --pcrs pcr.json --root "$root" </dev/null
	done
	judges 1 chain.root '(x509-root)' document.cbor --at document --pcrs pcr.json --root otherroot.pem
	judges 1 chain.root '(x509-root)' document.cbor --at document --pcrs pcr.json
}

@test "--at, --max-age, --max-skew" {
	for value in '' tomorrow Now 2026-01-03 2026-01-03T10:00:00 2026-13-01T00:00:00Z 2026-02-29T00:00:00Z \
		2026-01-03T10:00:00+25:00 1767434400.5 -1 +1767434400 0x1 99999999999999999999 '1767434400 ' now,document; do
		refuses --at document document.cbor --root root.pem --pcrs pcr.json --at "$value"
	done
	for option in max-age max-skew; do
		for value in '' -1 +1 1.5 5m ' 5' 0x10 4000000001 99999999999999999999; do
			refuses --$option document document.cbor --root root.pem --pcrs pcr.json --$option "$value"
		done
	done
	refuses --max-age document "${own[@]}" --pcrs pcr.json --max-age 300
	refuses --max-age document --max-age 300 "${own[@]}" --pcrs pcr.json
	exits 0 document "${own[@]}" --pcrs pcr.json --max-skew 0
	for value in 1767434400 2026-01-03T10:00:00Z 2026-01-03T10:00:00.5Z 2026-01-03T11:00:00+01:00; do
		exits 0 document document.cbor --root root.pem --pcrs pcr.json --max-age 60 --at "$value" --format json
		prints '"judged_at":"2026-01-03T10:00:00Z","time_source":"option"'
		prints '"weakened":"custom root c9d24d86, as of 2026-01-03 10:00:00"'
	done
	# judged now: its certificates have expired
	for now in '' '--at now' '--at now --max-age 4000000000'; do
		# shellcheck disable=SC2086 # words
		judges 1 chain.time '(x509-validity)' document.cbor --root root.pem --pcrs pcr.json $now
		prints '"time_source":"clock"'
	done
}

@test "--require: ids of this verb, prefix.*, separated by commas" {
	for value in '' ',' 'chain.root,' ',chain.root' 'chain.root,,chain.time' 'chain.root, chain.time' nope chain chain. '*' '.*' \
		'chain*' 'chain.root.*' 'pcr*' CHAIN.ROOT pcr32.match pcr00.match pcrN.match onchain.registered 'onchain.*' \
		endpoint.fetch eif.form statement.form bundle.form chain.root,onchain.registered; do
		refuses --require document "${own[@]}" --pcrs pcr.json --require "$value"
	done
	exits 0 document "${own[@]}" --pcrs pcr.json --require 'chain.*,cose.signature' --require pcr0.match,pcr.debug
	judges 1 nonce.match '(required-skipped)' "${own[@]}" --pcrs pcr.json --require nonce.match
	judges 1 claims.age '(required-skipped)' "${own[@]}" --pcrs pcr.json --require 'claims.*'
	judges 1 pcr8.match '(required-skipped)' "${own[@]}" --pcrs pcr.json --require pcr8.match
	judges 1 enclave_hash.match '(required-skipped)' "${own[@]}" --pcrs pcr.json --require enclave_hash.match
	# what is required and was not added stands in its place
	judges 1 pcr3.match '(required-skipped)' "${own[@]}" --pcrs pcr.json --pcr "16=$zero" --require pcr3.match
}

@test "what fits one document is refused with several" {
	for pair in 'nonce 00' 'user-data 00' 'public-key 00' 'instance-id i-0'; do
		# shellcheck disable=SC2086 # words
		refuses "--${pair%% *}" document document.cbor documents/bound.cbor --root root.pem --at document \
			--pcrs pcr.json --$pair
	done
	refuses 'standard input' document - - --root root.pem --at document --pcrs pcr.json <document.cbor
}

@test "a value where a file is expected is refused" {
	for value in $pcr0 "${pcr0^^}" "0x$pcr0" $hash; do
		refuses 'a value' document "$value" --root root.pem --at document --pcrs pcr.json
		refuses 'a value' document document.cbor "$value" --root root.pem --at document --pcrs pcr.json
		refuses 'a value' show "$value"
	done
	cp document.cbor "$tmp/$pcr0"
	args=(--root "$PWD/root.pem" --at document --pcrs "$PWD/pcr.json")
	cd "$tmp"
	refuses 'a value' document $pcr0 "${args[@]}"
	exits 0 document ./$pcr0 "${args[@]}"
}

@test "a debug enclave by its zero registers, and the narrower limits" {
	judges 1 pcr.debug '(debug-pcrs)' documents/debug.cbor "${own[@]:1}" --pcr "0=$zero"
	exits 0 document documents/debug.cbor "${own[@]:1}" --pcr "0=$zero" --allow-debug
	exits 0 document "${own[@]}" --pcrs pcr.json --allow-debug
	exits 0 document documents/good-optionals-1024.cbor "${own[@]:1}" --pcrs pcr.json
	judges 1 claims.form '(user-data)' documents/good-optionals-1024.cbor "${own[@]:1}" --pcrs pcr.json \
		--aws-table-limits
}
