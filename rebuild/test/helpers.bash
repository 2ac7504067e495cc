# shellcheck shell=bash disable=SC2034 # tests use the variables
# What the command tests of this floor need beyond test/helpers.bash.
program=enclave-rebuild
rebuild=$BUILD/$program
unset GITHUB_STEP_SUMMARY GITHUB_OUTPUT # where the tests themselves are such a job
# shellcheck source=test/helpers.bash
. "$TOP/test/helpers.bash"

# Every test works in a folder of its own: a kernel, and two ramdisks that are no archives.
setup() {
	umask 022
	mkdir "$tmp/work"
	cd "$tmp/work" || return 1
	echo kernel >k
	echo one >r0
	echo two >r1
	inputs=(--kernel k --cmdline 'console=ttyS0' --ramdisk r0 --ramdisk r1)
}

# image NAME ARG...: an image of the kernel k and these ramdisks and options.
image() {
	local name=$1
	shift
	"$rebuild" assemble --kernel k "$@" -o "$name" -q
}

# compares STATUS CLASS A B: exit status and class, in text and JSON.
compares() {
	exits "$1" compare "$3" "$4" --format json
	prints "\"class\":\"$2\""
	exits "$1" compare "$3" "$4"
	prints "$2: "
	nothing_said
}
