#!/bin/sh
# ci/lint.sh: every static check. `make lint` calls it with MAKE, and with CPPFLAGS as the build has them.
set -u
cd "$(dirname "$0")/.." || exit 3
failed=

step() {
	name=$1
	shift
	printf '  LINT   %s\n' "$name"
	"$@" || failed="$failed $name"
}

find_sources() {
	find verify attest rebuild test ci testvectors -name "$1" ! -path '*/seeds/*' -print0 | LC_ALL=C sort -z
}

# shellcheck disable=SC2016 # $1 and $2 belong to the inner sh
tidy() {
	# Check's macros count as branches of the test that uses them.
	find_sources '*.c' | xargs -0 -P "$(nproc)" -n 1 sh -c '
	case $2 in
	*/test/*) off=-readability-function-size,-readability-function-cognitive-complexity ;;
	*) off= ;;
	esac
	# shellcheck disable=SC2086
	clang-tidy --quiet --checks="$off" "$2" -- -std=c17 $1 "-DENCLAVECHECK_VERSION=\"0\"" 2>&1 |
		grep -Ev "^[0-9]+ warnings? (generated|treated)|^Suppressed |^Use -header-filter" |
		awk "{ print; if (/ error: | warning: /) bad = 1 } END { exit bad }"' tidy "$CPPFLAGS"
}

check_cpp() {
	find verify attest rebuild -name '*.c' ! -path '*/test/*' -print0 | xargs -0 -r cppcheck --quiet \
		--std=c11 --language=c --enable=warning,style,performance,portability --inline-suppr \
		--error-exitcode=1 --suppress=missingIncludeSystem --suppress=unusedStructMember \
		--suppress=normalCheckLevelMaxBranches --suppress=redundantContinue --suppress=variableScope -I. \
		-DENCLAVECHECK_VERSION='""'
}

# Three false alarms: gcc 12 takes a struct that a library function returns for uninitialised, and an array
# that realloc moved for leaked when its owner is reached through a callback (clang-tidy, ASan and valgrind
# look for both too); gcc 14 takes the filling of padding for an overflow.
analyze() {
	"${MAKE:-make}" -s VARIANT=release CC=gcc WERROR=1 O=build/analyzer objects \
		CFLAGS='-fanalyzer -Wno-analyzer-use-of-uninitialized-value -Wno-analyzer-malloc-leak -ftrivial-auto-var-init=uninitialized'
}

scripts() {
	{
		find .ci ci verify attest rebuild test testvectors -type f \( -name '*.sh' -o -name '*.bats' \) -print0
		find .ci ci verify attest rebuild test testvectors -type f ! -name '*.*' ! -path '*/seeds/*' \
			-exec sh -c 'head -c 20 "$1" | grep -Eaq "^#!.*(sh|bash|bats)$"' sh {} \; -print0
	} | LC_ALL=C sort -z | xargs -0 -r shellcheck
}

manuals() {
	find verify attest rebuild -name '*.1' -print0 | xargs -0 -r mandoc -Tlint -W warning
}

format() {
	{
		find_sources '*.c'
		find_sources '*.h'
	} | xargs -0 -r clang-format --dry-run -Werror
}

# The units name programs where they will be; here there are none. Exposure is in tenths, as systemd counts.
units() {
	command -v systemd-analyze >/dev/null || return 0
	there=$(mktemp -d) || return 1
	for unit in ci/*/*.service ci/*/*.socket ci/*/*.timer; do
		[ ! -f "$unit" ] || sed 's|^\(Exec[A-Za-z]*=\)[^ ]*|\1/bin/true|' "$unit" >"$there/${unit##*/}"
	done
	bad=0
	for unit in "$there"/*; do
		# an unknown setting is told, but not by its status
		if ! said=$(systemd-analyze verify --man=no "$unit" 2>&1) || [ -n "$said" ]; then
			echo "$said"
			bad=1
		fi
	done
	for unit in "$there"/*.service; do
		# a template is judged as one of its instances
		one=$(echo "$unit" | sed 's/@\.service$/@1.service/')
		[ "$one" = "$unit" ] || cp "$unit" "$one"
		# one that needs more says so, and why
		most=$(sed -n 's/^# exposure: \([0-9]*\) .*/\1/p' "$unit")
		systemd-analyze security --offline=yes --no-pager --threshold="${most:-15}" "$one" >"$there/exposure" || {
			cat "$there/exposure"
			bad=1
		}
	done
	rm -rf "$there"
	return "$bad"
}

step clang-format format
step shellcheck scripts
step mandoc manuals
step systemd units
step cppcheck check_cpp
step fanalyzer analyze
step clang-tidy tidy
if [ -n "$failed" ]; then
	echo "lint:$failed: see above" >&2
	exit 1
fi
echo 'lint: nothing found'
