# shellcheck shell=bash disable=SC2034 # tests use the variables
# What the command tests of this floor share. BUILD is the folder of the programs, TOP the repository's root.
bats_require_minimum_version 1.5.0

rebuild=$BUILD/enclave-rebuild
shared=${SHARED_VECTORS:-$TOP/../shared/vectors}
tmp=$BATS_TEST_TMPDIR

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

# Files outside the repository, which not everybody has.
need_shared() {
	[ -f "$shared/eif/peer_unsigned.eif" ] || skip 'no ../shared'
}

# Whatever went wrong, in full.
report() {
	printf '%s\n' "$1" "exit $status, on stdout:"
	sed -n l "$tmp/out"
	printf '%s\n' 'on stderr:'
	sed -n l "$tmp/err"
	return 1
}

# exits STATUS ARG...: runs enclave-rebuild, leaves $status, $out and $err. Standard input is the caller's.
exits() {
	local wanted=$1 line
	shift
	called="enclave-rebuild $*"
	status=0
	"$rebuild" "$@" >"$tmp/out" 2>"$tmp/err" || status=$?
	IFS= read -r -d '' out <"$tmp/out" || :
	IFS= read -r -d '' err <"$tmp/err" || :
	if [ "$status" -ne "$wanted" ]; then
		report "$called: exit status $wanted expected"
		return 1
	fi
	# every line of stderr is prefixed, so a crash or a sanitizer shows
	while IFS= read -r line; do
		if [[ $line != 'enclave-rebuild: '* ]]; then
			report "$called: an odd line on stderr"
			return 1
		fi
	done <"$tmp/err"
}

# prints TEXT, complains TEXT: stdout, stderr holds it. nothing_printed, nothing_said: it is empty.
prints() {
	[[ $out == *"$1"* ]] || report "$called: no '$1' on stdout"
}

complains() {
	[[ $err == *"$1"* ]] || report "$called: no '$1' on stderr"
}

nothing_printed() {
	[ ! -s "$tmp/out" ] || report "$called: nothing on stdout expected"
}

nothing_said() {
	[ ! -s "$tmp/err" ] || report "$called: nothing on stderr expected"
}

# refuses TEXT ARG...: exit 2, stderr says so with TEXT, nothing on stdout, and no file was made.
refuses() {
	local text=$1 before
	shift
	before=$(ls -A)
	exits 2 "$@" || return 1
	nothing_printed || return 1
	complains "$text" || return 1
	[ "$(ls -A)" = "$before" ] || report "$called: files: $(ls -A)"
}
