# shellcheck shell=bash disable=SC2034 # tests use the variables
# What the command tests of this floor need beyond test/helpers.bash.
program=enclave-attest
attest=$BUILD/$program
# shellcheck source=test/helpers.bash
. "$TOP/test/helpers.bash"

# Every test works in a folder of its own.
setup() {
	umask 022
	mkdir "$tmp/work"
	cd "$tmp/work" || return 1
}
