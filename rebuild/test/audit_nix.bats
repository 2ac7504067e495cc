#!/usr/bin/env bats
# enclave-rebuild audit with real Nix and real git: from commit and container image to the enclave that runs.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # variables of helpers.bash, nixhelpers.bash and audit.bash
load helpers
load nixhelpers
load audit

teardown() {
	enclaves_stop
}

# enclave NAME: the recipe asks this one.
enclave() {
	recipe '' ", \"enclave\": {\"url\": \"$(url "$1")\", \"profile\": \"odyn\"}"
	root=(--root "$enclaves/$1/root.pem")
}

@test "what runs is what the commit gives, and what does not is told" {
	bench
	digest=$(python3 "$TOP/rebuild/test/layout.py" image "$binary")
	options=(--cache cache --store "$PWD/s1" --image "oci:image@$digest")
	exits 3 run r.json --out a "${options[@]}"
	enclave_start real a/enclave.eif
	enclave real
	openssl genpkey -algorithm ed25519 -out key.pem 2>/dev/null
	openssl pkey -in key.pem -pubout -out pub.pem
	exits 0 audit r.json --out a "${options[@]}" "${root[@]}" --independent --sign key.pem --save saved \
		--require 'source.commit,source.pins,image.*,build.*,nonce.match'
	[[ $out == 'PASS (custom root '*', no contract asked, some genuine enclave answered, not necessarily '* ]]
	prints ' (rebuilt here)'
	prints '  image.in_eif         ok'
	cp a/statement.json s.json
	exits 0 audit r.json --out a "${options[@]}" "${root[@]}" --format json
	prints "\"id\":\"source.commit\",\"status\":\"pass\""
	prints "\"commit\":\"$commit\""
	# the statement that was signed, by somebody who does not build
	exits 0 audit r.json --image "oci:image@$digest" "${root[@]}" --statement s.json --key pub.pem
	prints "  statement.image      ok    sha256:"
	exits 1 audit r.json --image "oci:image@sha256:$(printf '%064d' 0)" "${root[@]}" --statement s.json \
		--key pub.pem
	prints '(statement-image-mismatch)'
	# and what was saved, by somebody else
	cmp s.json saved/statement.json
	program=enclave-verify exits 0 bundle saved "${root[@]}" --pcrs a/pcr.json --key pub.pem --commit "$commit" \
		--image "$digest"
	# an enclave with another binary in it, genuine as it is
	echo other >other
	exits 3 run r.json --out b --store "$PWD/s1" --built-binary other
	enclave_start other b/enclave.eif
	enclave other
	exits 1 audit r.json --out a "${options[@]}" "${root[@]}" --sign key.pem
	prints '  pcr0.match           FAIL'
	prints 'rebuilt here'
	[ ! -e a/statement.json ]
	exits 1 audit r.json --image "oci:image@$digest" "${root[@]}" --statement s.json --key pub.pem
	# a commit that cannot be had: no verdict, or the mismatch that is known without it
	mv "$app/.git" "$app/.gone"
	exits 3 audit r.json --out c "${options[@]}" "${root[@]}"
	prints '  source.commit        error'
	prints 'batcher: source.commit'
	exits 1 audit r.json --out c "${options[@]}" "${root[@]}" --pcrs a/pcr.json
	mv "$app/.gone" "$app/.git"
	# what is rebuilt goes on from what is there
	exits 1 audit r.json --out a "${options[@]}" "${root[@]}" --from measure
}
