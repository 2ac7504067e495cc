#!/usr/bin/env bats
# ci/demo: each outcome is the one that it announces, where Nix is there and where it is not.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # variables of helpers.bash, for it, and of each test alone
program=enclave-verify
# shellcheck source=test/helpers.bash disable=SC1091
. "$TOP/test/helpers.bash"

# little: a folder with the commands that any system has, and nothing else.
little() {
	mkdir "$tmp/bin"
	for name in cat chmod dirname env head mkdir mktemp rm sed sh sleep tail timeout; do
		ln -s "$(command -v "$name")" "$tmp/bin/$name"
	done
}

# demo PATH WORD...: what it says with this PATH has the words in it, and nothing of it is left behind.
demo() {
	mkdir "$tmp/left"
	run env PATH="$1" TMPDIR="$tmp/left" "$TOP/ci/demo"
	printf '%s\n' "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c '^   Seen: ' <<<"$output")" -eq 7 ]
	for words in "${@:2}"; do
		grep -qF -- "$words" <<<"$output"
	done
	[ -z "$(ls -A "$tmp/left")" ]
}

@test "the demo, with Nix" {
	unshare -m true 2>/dev/null || skip 'no mount namespaces'
	demo "$PATH" 'built again (by Nix, from a commit)' 'PASS (the binary was given)  demo'
}

@test "the demo, with what building needs alone" {
	little
	demo "$tmp/bin" 'built again (without Nix, of its parts)' 'PASS (nothing built: the image was given)  demo'
}

@test "the demo fails when an outcome is another" {
	little
	mkdir "$tmp/build"
	for name in verify rebuild; do
		ln -s "$BUILD/enclave-$name" "$tmp/build/enclave-$name"
	done
	# one to which every enclave is the right one
	# shellcheck disable=SC2016 # for the shell that runs it
	printf '#!/bin/sh\n[ "$1" != check ] || { echo PASS; exit 0; }\nexec "%s" "$@"\n' "$BUILD/enclave-attest" >"$tmp/build/enclave-attest"
	chmod 755 "$tmp/build/enclave-attest"
	run env BUILD="$tmp/build" PATH="$tmp/bin" TMPDIR="$tmp" "$TOP/ci/demo"
	[ "$status" -eq 1 ]
	[[ $output == *'Not as announced: exit status 0, expected 1 with FAIL.'* ]]
}
