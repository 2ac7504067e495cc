#!/usr/bin/env bats
# enclave-rebuild run with real Nix and real git: from a commit and a binary to a verdict, without a network.
# shellcheck disable=SC2001,SC2030,SC2031,SC2154 # variables of helpers.bash, and of each test alone
load helpers
load nixhelpers

@test "from a commit and a binary to the same bytes, twice, and a verdict" {
	bench
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}"
	prints 'ERROR  batcher: nothing-expected'
	prints 'build.pcrs           ok'
	prints 'built in an empty store'
	prints 'build-outputs/nitro is rootfs/bin/nitro in ramdisk 1'
	pcr0=$(sed -n 's/.*"PCR0": "\(.*\)".*/\1/p' a/pcr.json)
	[ "$("$BUILD/enclave-verify" eif a/enclave.eif --pcr-json)" = "$(cat a/pcr.json)" ]
	# nothing is committed, only staged
	[ "$(git -C a/stages/source rev-parse HEAD)" = "$commit" ]
	[ "$(git -C a/stages/source status --porcelain)" = 'A  build-outputs/nitro' ]
	exits 0 run r.json --out b --store "$PWD/s2" "${options[@]}" --expect-pcr0 "$pcr0"
	prints 'PASS (the binary was given)  batcher'
	cmp a/enclave.eif b/enclave.eif
	# the same folder and store again: what was checked is hashed, and built a second time only on demand
	exits 0 run r.json --out a --store "$PWD/s1" "${options[@]}" --expect-pcr0 "$pcr0"
	prints '(checked by a run that ended 20'
	exits 0 run r.json --out a --store "$PWD/s1" "${options[@]}" --expect-pcr0 "$pcr0" --from build
	prints '0 built in an empty store'
	[[ $out != *'checked by a run'* ]]
	cmp a/enclave.eif b/enclave.eif
	# the quick way
	exits 0 run r.json --out c --store "$PWD/s1" --built-binary "$binary" --expect-pcr0 "$pcr0"
	prints 'build.independent    skip  not asked for: 0 of'
	cmp a/enclave.eif c/enclave.eif
	grep -q "\"git_sha\":\"$commit\"" c/build-info.json
	grep -q "\"nitro_binary_hash\":\"$(sha256sum <"$binary" | cut -c 1-64)\"" c/build-info.json
	grep -q '"nitro_image":"","image_digest":""' c/build-info.json
	# another binary is another image
	echo other >other
	exits 1 run r.json --out c --store "$PWD/s1" --built-binary other --eif a/enclave.eif
	prints '(pcr-mismatch)'
	prints 'rootfs/bin/nitro'
}

@test "killed while it builds, and run again" {
	bench
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}"
	for delay in 0.2 0.6 1.2; do
		timeout -s KILL "$delay" "$rebuild" run r.json --out b --store "$PWD/s2" "${options[@]}" \
			>/dev/null 2>&1 || :
	done
	exits 3 run r.json --out b --store "$PWD/s2" "${options[@]}"
	cmp a/enclave.eif b/enclave.eif
	cmp a/pcr.json b/pcr.json
}

@test "interrupted: dies by the signal, leaves no half result" {
	bench
	status=0
	timeout -s INT 0.7 "$rebuild" run r.json --out a --store "$PWD/s1" "${options[@]}" >/dev/null 2>err || status=$?
	if [ "$status" = 124 ]; then
		grep -q '(interrupted)' err
		[ ! -e a/enclave.eif ] && [ ! -e a/report.json ]
	fi
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}"
}

@test "what is not right about a build" {
	bench
	options=(--built-binary "$binary" --store "$PWD/s1")
	recipe ", \"sha256\": \"$(printf '%064d' 0)\""
	exits 1 run r.json --out a "${options[@]}"
	prints 'image.files          FAIL'
	prints '(staged-digest)'
	prints 'build.completed      skip  needs image.files'
	recipe
	exits 1 run r.json --out a "${options[@]}" --attribute none
	prints '(no-such-attribute)'
	sed -i 's/batcher.eif/none.eif/' r.json
	exits 1 run r.json --out a "${options[@]}"
	prints '(collect)'
	sed -i 's,none.eif,../../etc/passwd,' r.json
	refuses '(recipe-path)' run r.json --out a "${options[@]}"
	# the tree has a link where the file should go
	git clone -q "file://$app" evil
	ln -s "$PWD/outside" evil/build-outputs
	mkdir outside
	git -C evil add -f build-outputs
	git -C evil -c user.name=T -c user.email=t@t.example commit -q -m evil
	app=$PWD/evil
	commit=$(git -C evil rev-parse HEAD)
	recipe
	exits 1 run r.json --out a "${options[@]}"
	prints '(staged-place)'
	[ -z "$(ls -A outside)" ]
	# what weakens --independent is not taken with it
	refuses '(nix-option)' run r.json --out c --built-binary "$binary" --independent --nix-option sandbox=false
	refuses 'NAME=VALUE' run r.json --out c --built-binary "$binary" --nix-option sandbox
}

# claims TEXT: the clone liar builds the same image, with TEXT as its registers.
claims() {
	local lie="''mkdir \$out; cp \${(image \"x86_64\").eif}/batcher.eif \$out; echo '$1' >\$out/pcr.json''"
	sed -i "s|x86_64-eif = .*|x86_64-eif = pkgs.runCommand \"liar\" { } $lie;|" liar/flake.nix
	git -C liar -c user.name=T -c user.email=t@t.example commit -q -a -m liar
	commit=$(git -C liar rev-parse HEAD)
	recipe
}

@test "what the build wrote down as its registers is a claim" {
	bench
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}"
	sed -i 's/"pcrs": "pcr.json"//; s/"eif": "batcher.eif"/"eif": "batcher.eif", "pcrs": "log.txt"/' r.json
	exits 1 run r.json --out a --store "$PWD/s1" "${options[@]}"
	prints 'build.pcrs           FAIL'
	# an image and the registers of another
	git clone -q "file://$app" liar
	app=$PWD/liar
	claims "{\"PCR0\":\"$(printf 'a%.0s' $(seq 96))\"}"
	exits 1 run r.json --out b --store "$PWD/s1" "${options[@]}"
	prints '(pcrs-claim)'
	prints 'eif.crc              ok'
	# the truth, but not all of it; all of it, and a lie; a register that an image without signature has not
	local pcr1 pcr0
	pcr0=$(sed -n 's/.*"PCR0": "\(.*\)".*/\1/p' b/pcr.json)
	pcr1=$(sed -n 's/.*"PCR1": "\(.*\)".*/\1/p' b/pcr.json)
	claims "{\"PCR1\":\"$pcr1\"}"
	exits 1 run r.json --out b --store "$PWD/s1" "${options[@]}"
	prints 'build.pcrs           FAIL'
	prints '(pcrs-incomplete)'
	claims "{\"PCR0\":\"$pcr0\",\"PCR1\":\"$pcr0\"}"
	exits 1 run r.json --out b --store "$PWD/s1" "${options[@]}"
	prints 'PCR1 that the build wrote down is not'
	claims "{\"PCR0\":\"$pcr0\",\"PCR8\":\"$pcr0\"}"
	exits 1 run r.json --out b --store "$PWD/s1" "${options[@]}"
	prints 'PCR8 that the build wrote down is not'
	claims "{\"PCR0\":\"$pcr0\"}"
	exits 3 run r.json --out b --store "$PWD/s1" "${options[@]}"
	prints 'build.pcrs           ok'
}

# layout DIR FILE [NAME]: the layout of an OCI image with FILE as /usr/local/bin/nitro, and an empty file; its digest.
layout() {
	python3 "$TOP/rebuild/test/layout.py" "$@"
}

# pulls DIGEST: a flake that takes an image itself, as dockerTools.pullImage says it.
pulls() {
	rm -rf puller
	git clone -q "file://$fixture/app" puller
	made="''cat \${(pkgs.runCommand \"image\" { imageDigest = \"$1\"; } \"echo >\$out\")}; mkdir \$out; cp \${(image \"x86_64\").eif}/batcher.eif \$out''"
	sed -i "s|x86_64-eif = .*|x86_64-eif = pkgs.runCommand \"puller\" { } $made;|" puller/flake.nix
	git -C puller -c user.name=T -c user.email=t@t.example commit -q -a -m puller
	app=$PWD/puller
	commit=$(git -C puller rev-parse HEAD)
	recipe
}

@test "an image that the flake takes itself, and its whiteouts" {
	bench
	remark='pullImage and tar do not apply: files that the container has not'
	digest=$(layout image "$binary")
	pulls "$digest"
	options=(--cache cache --store "$PWD/s1")
	exits 3 run r.json --out a "${options[@]}" --image "oci:image@$digest"
	prints 'which is the one that the flake takes'
	[[ $out != *whiteouts* ]]
	# another one than that of the recipe
	other=$(layout other "$binary" etc/.wh.passwd)
	exits 1 run r.json --out b "${options[@]}" --image "oci:other@$other"
	prints '(image-not-used)'
	[[ $out != *whiteouts* ]]
	pulls "$other"
	exits 3 run r.json --out b "${options[@]}" --image "oci:other@$other"
	prints "$remark"
	exits 3 run r.json --out b "${options[@]}" --image "oci:other@$other" --format json
	prints "$remark"
	# whiteouts that are no concern of a flake which is given the file
	app=$fixture/app
	commit=$(git -C "$app" rev-parse HEAD)
	recipe
	exits 3 run r.json --out c "${options[@]}" --image "oci:other@$other"
	[[ $out != *whiteouts* ]]
}

@test "the whole way: commit and image to a verdict without reserve" {
	bench
	digest=$(layout image "$binary")
	options=(--cache cache --store "$PWD/s1" --image "oci:image@$digest" --independent)
	exits 3 run r.json --out a "${options[@]}"
	pcr0=$(sed -n 's/.*"PCR0": "\(.*\)".*/\1/p' a/pcr.json)
	exits 0 run r.json --out b "${options[@]}" --expect-pcr0 "$pcr0" --require 'source.commit,source.pins,image.*,build.*'
	prints 'PASS  batcher'
	prints "image.digest         ok    oci:image@$digest"
	prints 'image.files          ok    /usr/local/bin/nitro, from layer 1 of 1'
	cmp a/enclave.eif b/enclave.eif
	# every key of build-info.json, by another reader
	sum=$(sha256sum <"$binary" | cut -c 1-64)
	layer=$(jq -er '.layers[0].digest' "image/blobs/sha256/${digest#sha256:}")
	jq -e --arg commit "$commit" --arg tree "$(git -C "$app" rev-parse 'HEAD^{tree}')" --arg pcr0 "$pcr0" \
		--arg hash "$("$BUILD/enclave-verify" hash b/pcr.json)" --arg image "oci:image@$digest" --arg digest "$digest" \
		--arg sum "$sum" --arg size "$(stat -c %s "$binary")" --arg layer "$layer" --arg repository "file://$app" \
		--arg lock "$(sha256sum <"$app/flake.lock" | cut -c 1-64)" --slurpfile locked "$app/flake.lock" \
		--arg eif "$(sha256sum <b/enclave.eif | cut -c 1-64)" --arg eif_size "$(stat -c %s b/enclave.eif)" \
		--slurpfile measured b/pcr.json '
		.nitro_image == $image and .image_digest == $image and .nitro_binary_hash == $sum and
		.pcr0 == "0x" + $pcr0 and .enclave_hash == $hash and .git_sha == $commit and
		.schema == 1 and .repository == $repository and .git_tree == $tree and
		.git_signature == {status: "unsigned", key: null} and .variant == "staged-file" and
		.flake_lock_sha256 == $lock and
		([.inputs[] | {(.name): [.rev, .narHash]}] | add) ==
			([$locked[0].nodes | to_entries[] | select(.key != "root") |
				{(.key): [.value.locked.rev, .value.locked.narHash]}] | add) and
		all(.inputs[]; .checked | type == "boolean") and
		.image.index_digest == null and .image.manifest_digest == $digest and
		(.image.config_digest | test("^sha256:[0-9a-f]{64}$")) and .image.platform == "linux/amd64" and
		[.image.layers[].digest] == [$layer] and .image_taken == "staged-file" and .pulled == [] and
		.binary == {path: "/usr/local/bin/nitro", layer_digest: $layer, stage: "build-outputs/nitro",
			sha256: $sum, size: $size, mode: "0755"} and
		(.nix.version | test("^[0-9]+[.][0-9]+")) and .nix.substituters == [] and .nix.sandbox == true and
		.nix.sandbox_fallback == false and (.nix.drv | test("^/nix/store/.*[.]drv$")) and
		(.nix.out | test("^/nix/store/")) and (.nix.nar_hash | test("^sha256[-:]")) and .nix.substituted == [] and
		.eif.sha256 == $eif and .eif.size == $eif_size and (.eif.crc | test("^[0-9a-f]{8}$")) and
		.pcr1 == "0x" + $measured[0].PCR1 and .pcr2 == "0x" + $measured[0].PCR2 and .pcr8 == null and
		.verdict == "pass"' b/build-info.json >/dev/null
	"$BUILD/enclave-verify" eif a/enclave.eif --pcrs b/build-info.json >/dev/null
	# stated, signed, and read by the other program, and by one that has nothing of ours
	openssl genpkey -algorithm ed25519 -out key.pem
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem
	for key in key ec; do openssl pkey -in $key.pem -pubout -out $key.pub; done
	exits 0 run r.json --out b "${options[@]}" --expect-pcr0 "$pcr0" --sign key.pem
	"$BUILD/enclave-verify" statement b/statement.json --key key.pub --pcrs a/pcr.json --commit "$commit" \
		--image "$digest" >/dev/null
	config=$(jq -er .image.config_digest b/build-info.json)
	parts=("file:build-outputs/nitro=$sum" "image=${digest#sha256:}" "image-config=${config#sha256:}")
	python3 "$TOP/rebuild/test/statement_reader.py" b/statement.json key.pub b/enclave.eif a/pcr.json "$app/flake.lock" \
		"$commit" pass "${parts[@]}"
	exits 3 run r.json --out a "${options[@]}" --sign ec.pem
	python3 "$TOP/rebuild/test/statement_reader.py" a/statement.json ec.pub a/enclave.eif b/pcr.json "$app/flake.lock" \
		"$commit" no-expectations "${parts[@]}"
	# of a binary that was given no image is shown
	exits 0 run r.json --out c --store "$PWD/s1" --built-binary "$binary" --expect-pcr0 "$pcr0" --sign ec.pem
	python3 "$TOP/rebuild/test/statement_reader.py" c/statement.json ec.pub b/enclave.eif b/pcr.json "$app/flake.lock" \
		"$commit" pass "${parts[0]}"
	grep -q '"binary":{"path":null,"layer_digest":null,"stage":"build-outputs/nitro"' c/build-info.json
	exits 1 run r.json --out b "${options[@]}" --expect-pcr0 "$(printf '%096d' 1)" --sign key.pem
	complains 'no statement is written'
	[ ! -e b/statement.json ]
	exits 2 run r.json --out b "${options[@]}" --sign key.pub
	complains '(provenance-key)'
	# stages one by one
	exits 0 run r.json --out d "${options[@]}" --until image
	cmp d/stages/files/0 "$binary"
	[ ! -e d/stages/source/build-outputs ]
	exits 0 run r.json --out d "${options[@]}" --until stage
	cmp d/stages/source/build-outputs/nitro "$binary"
	exits 0 run r.json --out d "${options[@]}" --from stage --expect-pcr0 "$pcr0"
	# an image that is not the one, or lacks the file
	cp -r image other
	for blob in other/blobs/sha256/*; do
		printf x | dd of="$blob" bs=1 seek=20 conv=notrunc status=none
	done
	exits 1 run r.json --out e --cache fresh --image "oci:other@$digest"
	prints '(oci-digest)'
	prints 'build.completed      skip  needs image.digest'
	sed -i 's,/usr/local/bin/nitro,/usr/bin/none,' r.json
	exits 1 run r.json --out e "${options[@]}"
	prints '(layer-absent)'
	prints 'build.completed      skip  needs image.files'
}
