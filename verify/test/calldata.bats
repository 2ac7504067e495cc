#!/usr/bin/env bats
# --calldata: documents out of the call data of contracts.
# shellcheck disable=SC2154 # variables of helpers.bash
load helpers

judged=(--root root.pem --at document --pcrs pcr.json)

@test "a document in call data is judged as the document itself" {
	exits 0 document --calldata calldata/document.hex "${judged[@]}"
	rest=${out#*$'\n'}
	exits 0 document document.cbor "${judged[@]}"
	[ "$rest" = "${out#*$'\n'}" ]
	exits 0 show --calldata calldata/document.hex
	rest=${out#*$'\n'}
	exits 0 show document.cbor
	[ "$rest" = "${out#*$'\n'}" ]
}

@test "hex or binary, from a file or standard input" {
	exits 0 document --calldata - "${judged[@]}" <calldata/document.hex
	py "$tmp/binary" <<'END'
open(sys.argv[1], "wb").write(bytes.fromhex(open("calldata/document.hex").read()[2:]))
END
	exits 0 document --calldata "$tmp/binary" "${judged[@]}"
	exits 0 document --calldata - "${judged[@]}" <"$tmp/binary"
	exits 0 show --calldata - <calldata/service.hex
}

@test "a journal is shown, and is no attestation" {
	exits 1 document --calldata calldata/service.hex "${judged[@]}"
	prints '(not-an-attestation)'
	exits 0 show --calldata calldata/service.hex
	prints 'UNVERIFIED    envelope       registerService(bytes,bytes,uint8): the journal of a proof, no attestation'
	prints 'UNVERIFIED    module_id      i-0123456789abcdef0-enc0123456789abcdef'
	[ "$(grep -vc '^UNVERIFIED' "$tmp/out")" = 0 ]
	exits 0 show --calldata calldata/service.hex --format json
	py <<END
shown = json.load(open("$tmp/out"))
if list(shown) != ["schema", "tool", "target", "envelope", "unverified"] or shown["envelope"]["journal"] is not True:
	wrong(shown)
if list(shown["unverified"]) != ["module_id", "timestamp_ms", "pcrs", "public_key", "user_data", "nonce", "enclave_hash",
		"signer"]:
	wrong(shown["unverified"])
END
}

@test "what is no call data, and call data that is no document, is refused" {
	exits 1 document --calldata document.cbor "${judged[@]}"
	prints '(calldata-selector)'
	exits 1 show --calldata document.cbor
	complains '(calldata-selector)'
	exits 1 document calldata/document.hex "${judged[@]}"
	prints 'document.form        FAIL'
	sed 's/$/00/' calldata/document.hex >"$tmp/longer"
	exits 1 document --calldata "$tmp/longer" "${judged[@]}"
	prints '(calldata-abi)'
	exits 3 document --calldata "$tmp/nothing" "${judged[@]}"
	exits 2 hash --calldata calldata/document.hex
}

@test "a real one, of the batcher of a rollup" {
	need_shared
	exits 1 document --calldata "$shared/onchain/registerSigner3.calldata.hex" --at document
	prints 'chain.root           ok    5 certificates to the pinned AWS Nitro Enclaves root'
	prints 'cose.signature       ok    ES384 by the leaf certificate'
	prints '(debug-pcrs)'
}
