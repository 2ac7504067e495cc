#!/usr/bin/env bats
# enclave-verify bundle with a contract: what servers said is judged again, by its proofs alone.
# shellcheck disable=SC2154 # variables of helpers.bash
load helpers

setup() {
	cd "$TOP/testvectors" || return 1
	mkdir "$tmp/dir"
	cp document.cbor "$tmp/dir"
	cp onchain/record.json "$tmp/dir/onchain.json"
	sums
	block=$(sed -n 's/.*"hash":"\(0x[0-9a-f]*\)".*/\1/p' <(grep -o '"hash":"0x[0-9a-f]*"' onchain/record.json | head -n 1))
	registry=$(sed -n 's/^plain\touter\t\([0-9a-f]*\).*/espresso-v7:0x\1/p' onchain/world.tsv)
	inner=$(sed -n 's/^plain\tinner\t\([0-9a-f]*\).*/0x\1/p' onchain/world.tsv)
	with=(bundle "$tmp/dir" --root root.pem)
	contract=(--registry "$registry" --block "$block")
}

# sums: SHA256SUMS made anew, as a saver who cheats would.
sums() {
	(cd "$tmp/dir" && rm -f SHA256SUMS && sha256sum -- *.* >"$tmp/sums" && mv "$tmp/sums" SHA256SUMS)
}

# tells STATUS CHECK REASON ARG...: the bundle gives this exit status, and CHECK is the first bad one, for REASON.
tells() {
	local check=$2 reason=$3
	exits "$1" "${with[@]}" --format json "${@:4}" || return 1
	py "$check" "$reason" <<END
report = json.load(open("$tmp/out"))
if first_bad(report) != (sys.argv[1], sys.argv[2]):
	wrong("%s" % (first_bad(report),))
END
}

@test "a contract that accepts the image makes identity, proved under a block that was named" {
	exits 0 "${with[@]}" "${contract[@]}"
	prints '  onchain.chain_id     skip  chain 31337, says the record; a block does not show its chain'
	prints '  onchain.pointers     ok    the named contract is no proxy, the inner one is no proxy'
	prints '  onchain.proof        ok    the slot is proven under the block'"'"'s state root'
	prints '  onchain.registered   ok    registered: proved'
	prints '  onchain.signer       skip  not asked for'
	exits 0 "${with[@]}" "${contract[@]}" --pcrs pcr.json --inner "$inner" --chain-id 31337 --min-strength proved \
		--require onchain.registered,onchain.proof --format json
	py <<END
report = json.load(open("$tmp/out"))
checks = {c["id"]: c for c in report["checks"]}
if checks["onchain.registered"]["strength"] != "proved":
	wrong(checks["onchain.registered"])
if [i for i in checks if i.startswith("onchain.")] != ["onchain." + i for i in ("chain_id", "block", "code",
		"pointers", "proof", "registered", "signer")]:
	wrong(list(checks))
END
}

@test "without a registry nothing of it is looked at, and that is said" {
	exits 3 "${with[@]}"
	prints '  onchain.registered   skip  not asked for'
	prints 'onchain.json was not looked into: name the contract with --registry'
}

@test "a record says no, or does not suffice" {
	tells 3 onchain.block block-hash-not-given --registry "$registry"
	tells 3 onchain.block block-other --registry "$registry" --block "0x$(printf '%064d' 1)"
	tells 1 onchain.chain_id chain-id-mismatch "${contract[@]}" --chain-id 1
	tells 1 onchain.code code-hash-mismatch "${contract[@]}" --code-hash "inner=0x$(printf '%064d' 1)"
	tells 1 onchain.pointers pointer-mismatch "${contract[@]}" --inner "${registry#*:}"
	tells 1 onchain.signer signer-missing "${contract[@]}" --signer from-document
	# the proofs that are there are about other slots than another family's
	tells 3 onchain.code strength-too-low --registry "espresso-v6:${registry#*:}" --service caff-node --block "$block"
	tells 3 onchain.code strength-too-low --registry "base-systemconfig:${registry#*:}" --block "$block"
}

@test "a document that fails decides before any contract" {
	exits 1 "${with[@]}" "${contract[@]}" --pcr 0="$(printf '%096d' 1)"
	prints '  onchain.chain_id     skip  needs pcr0.match'
	prints '  onchain.registered   skip  needs pcr0.match'
}

@test "a record that is not there, or not in form, is told apart" {
	rm "$tmp/dir/onchain.json"
	sums
	tells 3 onchain.chain_id bundle-missing "${contract[@]}"
	echo '{"schema":2,"servers":[],"questions":[]}' >"$tmp/dir/onchain.json"
	sums
	tells 1 onchain.chain_id onchain-record "${contract[@]}"
	sed 's/"storageHash":"0x./"storageHash":"0xf/g' onchain/record.json >"$tmp/dir/onchain.json"
	sums
	tells 1 onchain.code proof-beside "${contract[@]}"
}

@test "options that do not fit are refused before anything is judged" {
	exits 2 "${with[@]}" --block "$block"
	complains 'enclave-verify: --block has no meaning without --registry'
	exits 2 "${with[@]}" --registry "$registry" --block latest
	complains 'enclave-verify: a record can be judged only under --block HASH'
	exits 2 "${with[@]}" --registry "espresso-v9:${registry#*:}"
	exits 2 "${with[@]}" "${contract[@]}" --service caff-node
	exits 2 "${with[@]}" "${contract[@]}" --quorum 1
	exits 2 document document.cbor --registry "$registry"
}
