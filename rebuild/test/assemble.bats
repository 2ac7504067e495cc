#!/usr/bin/env bats
# enclave-rebuild assemble: images that are the same bytes as AWS's builder writes.
# shellcheck disable=SC2154 # variables of helpers.bash
load helpers

# The value of a PCR or the hash in the last output.
value() {
	sed -n "s/^$1  //p" "$tmp/out"
}

keys() {
	openssl ecparam -name "${1:-secp384r1}" -genkey -noout -out key
	openssl req -new -x509 -key key -subj /CN=test -days 9 -out cert 2>/dev/null
}

@test "a published image taken apart and assembled again is the same" {
	need_shared
	exits 0 unpack "$shared/eif/peer_unsigned.eif" u
	exits 0 assemble --kernel u/kernel --cmdline @u/cmdline --ramdisk u/ramdisk-0 --ramdisk u/ramdisk-1 \
		--metadata u/metadata.json -o eif
	nothing_said
	cmp eif "$shared/eif/peer_unsigned.eif"
	for n in 0 1 2; do
		grep -q "\"PCR$n\": \"$(value "PCR$n")\"" "$shared/eif/peer_unsigned.stdout.txt"
	done
}

@test "a published signed image: the same up to the signature" {
	need_shared
	keys
	exits 0 unpack "$shared/eif/peer_signed.eif" u
	exits 0 assemble --kernel u/kernel --cmdline @u/cmdline --ramdisk u/ramdisk-0 --ramdisk u/ramdisk-1 \
		--metadata u/metadata.json --sign-key key --sign-cert cert -o eif
	exits 0 unpack eif v
	for name in kernel cmdline metadata.json ramdisk-0 ramdisk-1; do
		cmp "u/$name" "v/$name"
	done
	# the certificate's text takes part of the section, the rest is of the same form
	cmp <(head -c 22 u/signature.cbor) <(head -c 22 v/signature.cbor)
	exits 0 assemble "${inputs[@]}" --sign-key key --sign-cert cert -o one
	exits 0 assemble "${inputs[@]}" --sign-key key --sign-cert cert -o other
	run -1 cmp -s one other
	cmp <(tail -c +549 one | head -c 300) <(tail -c +549 other | head -c 300)
}

@test "what enclave-verify measures is what assemble says, signed on each curve" {
	for curve in prime256v1 secp384r1 secp521r1; do
		keys $curve
		exits 0 assemble "${inputs[@]}" --sign-key key --sign-cert cert -o eif
		[ "$(value PCR8)" != '' ]
		"$BUILD/enclave-verify" eif eif --pcr "0=$(value PCR0)" --pcr "1=$(value PCR1)" --pcr "2=$(value PCR2)" \
			--pcr "8=$(value PCR8)" >/dev/null
		[ "$("$BUILD/enclave-verify" hash eif)" = "$(value ENCLAVE_HASH)" ]
	done
}

@test "the same bytes twice, whatever time, umask and folder" {
	mkdir -p t/d
	echo x >t/d/f
	exits 0 assemble "${inputs[@]}" --tree t -o one
	mkdir other
	cp -r k r0 r1 t other
	touch -d 2020-01-01 other/t/d/f
	cd other
	umask 077
	exits 0 assemble "${inputs[@]}" --tree t -o ../two
	cmp ../one ../two
}

@test "ramdisks stand in the order given, files and trees mixed" {
	mkdir t
	exits 0 assemble --kernel k --cmdline x --ramdisk r1 --tree t --ramdisk r0 -o eif
	exits 0 unpack eif u
	cmp u/ramdisk-0 r1
	cmp u/ramdisk-2 r0
	gzip -dc u/ramdisk-1 | cpio -t --quiet
}

@test "the time of building: 1970, SOURCE_DATE_EPOCH, not the clock; nothing measured depends on it" {
	exits 0 assemble "${inputs[@]}" -o one
	first=$(value PCR0)
	exits 0 unpack one u
	grep -q '"BuildTime":"1970-01-01T00:00:00+00:00"' u/metadata.json
	SOURCE_DATE_EPOCH=1000000000 exits 0 assemble "${inputs[@]}" -o two
	[ "$(value PCR0)" = "$first" ]
	exits 0 unpack two v
	grep -q '"BuildTime":"2001-09-09T01:46:40+00:00"' v/metadata.json
	for wrong in -1 x '1 ' 1e9 253402300800 99999999999999999999; do
		SOURCE_DATE_EPOCH=$wrong refuses SOURCE_DATE_EPOCH assemble "${inputs[@]}" -o three
	done
	# it is not looked at where the metadata is given
	SOURCE_DATE_EPOCH=x exits 0 assemble "${inputs[@]}" --metadata u/metadata.json -o three
}

@test "the command line: text as it is, a file trimmed" {
	printf ' \n quiet  panic=1\t\n\n' >c
	exits 0 assemble --kernel k --cmdline @c --ramdisk r0 -o eif
	exits 0 unpack eif u
	[ "$(od -An -c u/cmdline)" = "$(printf 'quiet  panic=1' | od -An -c)" ]
	exits 0 assemble --kernel k --cmdline ' a ' --ramdisk r0 -o eif
	exits 0 unpack eif v
	[ "$(cat v/cmdline; echo .)" = ' a .' ]
	exits 0 assemble --kernel k --cmdline '' --ramdisk r0 -o eif
	printf 'a\0b' >c
	refuses '(eif-cmdline-nul)' assemble --kernel k --cmdline @c --ramdisk r0 -o no
	printf 'a\377b' >c
	refuses '(image-cmdline)' assemble --kernel k --cmdline @c --ramdisk r0 -o no
	head -c 65537 /dev/zero | tr '\0' x >c
	refuses '(image-cmdline)' assemble --kernel k --cmdline @c --ramdisk r0 -o no
	refuses 'missing' assemble --kernel k --cmdline @missing --ramdisk r0 -o no
}

@test "the machine" {
	exits 0 assemble "${inputs[@]}" --arch aarch64 -o arm
	exits 0 assemble "${inputs[@]}" --arch x86_64 -o x86
	exits 0 assemble "${inputs[@]}" -o usual
	cmp x86 usual
	[ "$(od -An -tx1 -j 6 -N 2 arm)" = ' 00 01' ]
	[ "$(od -An -tx1 -j 6 -N 2 x86)" = ' 00 00' ]
	refuses "'arm'" assemble "${inputs[@]}" --arch arm -o no
}

@test "wrong usage" {
	refuses 'kernel' assemble --cmdline x --ramdisk r0 -o no
	refuses 'cmdline' assemble --kernel k --ramdisk r0 -o no
	refuses 'ramdisk' assemble --kernel k --cmdline x -o no
	refuses '-o FILE' assemble "${inputs[@]}"
	refuses '-o FILE' assemble "${inputs[@]}" -o -
	refuses 'belong together' assemble "${inputs[@]}" --sign-key key -o no
	refuses 'belong together' assemble "${inputs[@]}" --sign-cert cert -o no
	refuses 'ramdisks are given' assemble "${inputs[@]}" r0 -o no
	refuses 'given twice' assemble "${inputs[@]}" --kernel k -o no
	refuses 'no option here' assemble "${inputs[@]}" --flags 0 -o no
	refuses 'no verb' asemble
	refuses 'a verb is needed'
}

@test "wrong inputs: exit 2, the file is named, nothing is left" {
	refuses 'missing: No such file' assemble --kernel missing --cmdline x --ramdisk r0 -o no
	refuses 'missing: No such file' assemble --kernel k --cmdline x --ramdisk missing -o no
	refuses 'missing: No such file' assemble --kernel k --cmdline x --tree missing -o no
	refuses 'r0: Not a directory' assemble --kernel k --cmdline x --tree r0 -o no
	refuses '(eif-empty-kernel)' assemble --kernel /dev/null --cmdline x --ramdisk r0 -o no
	echo '{' >m
	refuses '(eif-metadata-json)' assemble "${inputs[@]}" --metadata m -o no
	echo '{"ImageName": 1}' >m
	refuses '(eif-metadata-field)' assemble "${inputs[@]}" --metadata m -o no
	refuses '(file-exists)' assemble "${inputs[@]}" -o /dev/null
	mkdir t
	mkfifo t/pipe
	refuses 'pipe' assemble --kernel k --cmdline x --tree t -o no
	complains '(tree-type)'
	echo text >text
	keys
	refuses '(sign-key)' assemble "${inputs[@]}" --sign-key text --sign-cert cert -o no
	refuses '(sign-cert)' assemble "${inputs[@]}" --sign-key key --sign-cert text -o no
	mv key other
	keys
	refuses '(sign-pair)' assemble "${inputs[@]}" --sign-key other --sign-cert cert -o no
}

@test "a file that cannot be made: exit 3" {
	before=$(ls -A)
	exits 3 assemble "${inputs[@]}" -o missing/eif
	complains '(file-unwritable)'
	nothing_printed
	[ "$(ls -A)" = "$before" ]
	if [ -w /dev/full ]; then
		"$rebuild" assemble "${inputs[@]}" -o eif >/dev/full 2>/dev/null && return 1 || [ $? -eq 3 ]
	fi
}

@test "a signal leaves nothing behind, and kills" {
	mkfifo pipe
	sleep 20 >pipe &
	holder=$!
	"$rebuild" assemble --kernel k --cmdline x --ramdisk pipe -o eif 2>/dev/null &
	child=$!
	for _ in $(seq 100); do
		[ "$(echo eif.*)" = 'eif.*' ] || break
		sleep 0.05
	done
	[ "$(echo eif.*)" != 'eif.*' ]
	kill -TERM $child
	status=0
	wait $child || status=$?
	kill $holder
	[ $status -eq 143 ]
	[ ! -e eif ]
	[ "$(echo eif.*)" = 'eif.*' ]
}

@test "JSON, quiet, help, version" {
	exits 0 assemble "${inputs[@]}" -o eif --format json
	python3 - "$tmp/out" <<'END'
import json, os, sys
got = json.load(open(sys.argv[1]))
assert list(got) == ["schema", "tool", "eif", "measurements", "enclave_hash"], got
assert got["tool"]["name"] == "enclave-rebuild" and got["schema"] == 1
assert got["eif"] == {"path": "eif", "size": str(os.path.getsize("eif"))}
assert list(got["measurements"]) == ["HashAlgorithm", "PCR0", "PCR1", "PCR2"]
END
	exits 0 assemble "${inputs[@]}" -o eif -q
	nothing_printed
	exits 0 --help
	[ "$(wc -l <"$tmp/out")" -lt 24 ]
	exits 0 assemble --help
	exits 0 --version
	prints zlib
}
