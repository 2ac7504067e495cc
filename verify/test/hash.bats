#!/usr/bin/env bats
# enclave-verify hash: keccak256(PCR0) of a value, a pcr.json or a document, on one line.
# shellcheck disable=SC2154 # variables of helpers.bash
load helpers

pcr0=4a6badea3a596cda4062bf12d1357293f8a808ed95b8865130286fb323119c84b95d268a8950ffc4af7b7d80d62b4b36
wanted=0x17881510b76878df429921be6a0cd6e9bfaffb2177550f586d5bdcc67c611f83

# hashes HASH ARG...: exactly this line.
hashes() {
	local line=$1
	shift
	exits 0 hash "$@"
	golden <<<"$line"
}

@test "a PCR0 by value: lower case, upper case, with 0x" {
	for value in $pcr0 "${pcr0^^}" "0x$pcr0" "0x${pcr0^^}"; do
		hashes $wanted "$value"
		nothing_said
	done
}

@test "known answers" {
	hashes 0x19a25004dc02ec8d17e83f3f32e4f3b97230875b7090cc1ba7f9c1304f691b84 \
		f4d48b81a460c9916d1e685119074bf24660afd3e34fae9fca0a0d28d9d5599936332687e6f66fc890ac8cf150142d8b
	hashes 0x00a16b2ee1e8bc81115dd70ea1b9684e415fe11e42155343813e05059d3eaa38 \
		2d151586641b790f3b1b92b8f89678c3aa86e73dd97969c892124be9d2b7fdc62b58a55cd9ee8216f6f5689cebf590ad
}

@test "a zero PCR0 is hashed with a warning" {
	hashes 0xc980e59163ce244bb4bb6211f48c7b46f88a4f40943e84eb99bdc41e129bd293 "$(printf '%096d' 0)"
	complains 'warning'
	complains 'debug'
	hashes 0xc980e59163ce244bb4bb6211f48c7b46f88a4f40943e84eb99bdc41e129bd293 documents/debug.cbor
	complains 'warning'
	complains 'UNVERIFIED'
}

@test "a document: one line, and stderr says that it was not judged" {
	hashes $wanted document.cbor
	complains 'UNVERIFIED'
	# also an altered one
	hashes $wanted tampered.cbor
	complains 'UNVERIFIED'
	hashes $wanted - <document.cbor
	complains 'UNVERIFIED'
	base64 -w 0 document.cbor >"$tmp/base64"
	hashes $wanted "$tmp/base64"
	complains 'UNVERIFIED'
	exits 1 hash documents/no-pcr0.cbor
	nothing_printed
	complains '(pcr-missing)'
}

@test "every pcr.json of the table" {
	py $wanted <<'END'
import hashlib
def look(row):
	return row, run("hash", "pcr/" + row["name"])
rows = table(VECTORS + "/pcr/index.tsv")
for row, (status, out, err) in many(look, rows):
	said = "exit %s, %r, %r" % (status, out, err)
	text = open(VECTORS + "/pcr/" + row["name"], "rb").read()
	if row["reason"] == "ok":
		# without PCR0 there is nothing to hash
		has = re.search(rb'"(PCR0|pcr0|\\u0050CR0|P\\u0043R0|PC\\u00520|PCR\\u0030)"\s*:\s*"[^"]', text)
		if row["name"] == "build-info-other-hash.json":
			if b"warning: pcr/build-info-other-hash.json: its enclave_hash is not that of its PCR0" not in err:
				wrong("%s: no warning: %s" % (row["name"], said))
			err = b""
		if has and (status, out, err) != (0, sys.argv[1].encode() + b"\n", b""):
			wrong("%s (%s): %s" % (row["name"], row["what"], said))
		if not has and (status != 1 or out or b"(pcr-missing)" not in err):
			wrong("%s (%s) has no PCR0: %s" % (row["name"], row["what"], said))
		continue
	reason = re.fullmatch(rb"enclave-verify: .* \(([a-z0-9-]+)\)\n", err)
	# what does not begin with { is taken for a document, which it is not either
	wanted = row["reason"].split("|")
	if text.lstrip()[:1] != b"{":
		wanted = ["text-encoding", "cose-empty", "cose-shape", "cbor-malformed"]
	if status != 1 or out or not reason or reason[1].decode() not in wanted:
		wrong("%s (%s), refused for %s: %s" % (row["name"], row["what"], wanted, said))
print("%d files" % len(rows))
END
}

@test "a malformed pcr.json: line and column" {
	printf '{\n  "PCR0": "%s",\n  "PCR1": "00"\n}\n' $pcr0 >"$tmp/short.json"
	exits 1 hash "$tmp/short.json"
	nothing_printed
	complains 'line 3, column'
	complains '(pcr-json-value)'
	printf '{"PCR": "%s"}' $pcr0 >"$tmp/pcr.json"
	exits 1 hash "$tmp/pcr.json"
	complains '(pcr-json-key)'
	# longer than 1 MiB
	printf '{"PCR0": "%s"%1048576s}' $pcr0 ' ' >"$tmp/large.json"
	exits 1 hash "$tmp/large.json"
	complains '(json-too-large)'
}

@test "a hash is a hash already" {
	refuses 'hash already' hash $wanted
	refuses 'hash already' hash "0X$(printf '%064d' 1)"
	refuses 'one PCR0 or FILE' hash
	refuses 'one PCR0 or FILE' hash $pcr0 $pcr0
	refuses 'at' hash document.cbor --at document
}

@test "neither a value nor a document: 1; cannot be read: 3" {
	exits 3 hash "${pcr0%0*}"
	nothing_printed
	complains 'No such file'
	exits 3 hash documents
	complains 'documents: Is a directory'
	exits 3 hash documents/no-such-file
	complains 'documents/no-such-file: No such file'
	exits 1 hash documents/cose-empty.cbor
	nothing_printed
	complains '(cose-empty)'
	exits 1 hash root.pem
	complains '(text-encoding)'
	printf '%s' "${pcr0%36}" >"$tmp/short"
	exits 1 hash "$tmp/short"
	nothing_printed
}

@test "a file whose name looks like a value" {
	cp document.cbor "$tmp/$wanted"
	cd "$tmp"
	hashes $wanted "./$wanted"
	complains 'UNVERIFIED'
}

@test "-o FILE takes the hash, -q leaves stdout empty" {
	exits 0 hash $pcr0 -o "$tmp/hash"
	nothing_printed
	[ "$(cat "$tmp/hash")" = $wanted ]
	exits 0 hash -q $pcr0
	nothing_printed
}

@test "a format that hash has no use for is refused" {
	refuses '--format' hash --format html $pcr0
	refuses '--format' hash --format nagios $pcr0
	refuses 'format' hash --format json $pcr0
}
