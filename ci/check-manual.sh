#!/bin/sh
# ci/check-manual.sh: TAP. What each program's manual, FLOOR/enclave-FLOOR.1, says agrees with the code of its
# floor: verbs, check ids, reasons and long options, both ways; options are in --help too. BUILD is the folder of the programs.
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build/release}
count=0

# agree TITLE LINES: ok when there are no lines, which say what does not agree.
agree() {
	count=$((count + 1))
	if [ -z "$2" ]; then
		echo "ok $count - enclave-$floor: $1"
	else
		echo "not ok $count - enclave-$floor: $1"
		echo "$2" | sed 's/^/# /'
	fi
}

# missing FROM IN SAY: for each word of FROM that is not one of IN, a line.
missing() {
	for word in $1; do
		case " $(echo "$2" | tr '\n' ' ') " in
		*" $word "*) ;;
		*) echo "$word $3" ;;
		esac
	done
}

# found WHAT WORDS: a list that came out empty was read wrongly.
found() {
	[ -n "$2" ] || agree "$1 can be read" 'none found'
}

# section NAME MANUAL...: the lines of the manuals below .Sh NAME, without what only serves the formatter.
section() {
	name=$1
	shift
	awk -v name="$name" '/^\.Sh / { on = substr($0, 5) == name; next }
		on { gsub(/\\&/, ""); gsub(/\\-/, "-"); gsub(/ Ns( (Ar|Cm|Em|Ic|Li|No|Sy))? /, ""); print }' "$@"
}

# items: the words of .It lines, without macros.
items() {
	sed -n 's/^\.It //p' | tr -s ' ,' '[\n*]' | grep -Ev '^(Ar|Cm|Em|Fl|Ic|Li|Sy|Xo|Xc)$'
}

# names_in TABLE: lines `IDENTIFIER name` of an X-macro table.
names_in() {
	awk -F '"' '/^\tX\([A-Z0-9_]+, "/ { id = $1; gsub(/^\tX\(|, $/, "", id); print id, $2 }' "$1"
}

# used PREFIX TABLE: the names of which the floor's own code has PREFIX_IDENTIFIER.
used() {
	find "$floor" -name '*.c' ! -path '*/test/*' -exec cat {} + | grep -Eo "\b$1_[A-Z0-9_]+" | sort -u >"$words" || :
	names_in "$2" | while read -r id name; do
		if grep -qx "$1_$id" "$words"; then
			echo "$name"
		fi
	done
}

# A register may stand for all of them: pcrN.match.
any_register() {
	sed 's/^pcr[0-9]*\.match$/pcrN.match/' | awk '!seen[$0]++'
}

check_ids() {
	all=$(names_in verify/check.h | cut -d ' ' -f 2)
	given=$(used CHECK verify/check.h | any_register)
	told=$(section CHECKS "$manual" | items | grep '\.' || :)
	found 'ids of verify/check.h' "$all"
	[ "$floor" != verify ] || found 'ids that are given' "$given"
	agree 'every check id that its code names is in the manual' \
		"$(missing "$given" "$(echo "$told" | any_register)" "is not in $manual, CHECKS")"
	agree 'every check id in the manual exists' \
		"$(missing "$told" "$all pcrN.match" 'is no id of verify/check.h')"
}

# Reasons, where manuals list them: those that the floor's own code can give. What a floor below explains is explained.
check_reasons() {
	told=$(section REASONS "$manual" | items || :)
	# shellcheck disable=SC2086 # $below are several names
	explained=$(section REASONS $below "$manual" | items || :)
	given=$(used REASON verify/reason.h | grep -vx ok || :)
	found 'reasons that its code gives' "$given"
	agree 'every reason that its code gives is in the manual' \
		"$(missing "$given" "$explained" "is not in $manual, REASONS")"
	agree 'every reason in the manual exists' \
		"$(missing "$told" "$(names_in verify/reason.h | cut -d ' ' -f 2)" 'is no reason of verify/reason.h')"
}

# told_options: the long options in some lines of the manual.
told_options() {
	sed 's/\\&//g; s/\\-/-/g; s/Fl Fl /Fl -/g' | grep -Eo 'Fl -[a-z][a-z0-9-]*|[|,] -[a-z][a-z0-9-]+' |
		sed 's/.* -//' | sort -u
}

# rows: of tables, as check_options has them, without those that no verb of the floor takes.
rows() {
	case $floor in
	verify) sed '/{ CONTRACT_\(QUORUM\|MAX_BLOCK_AGE\), /d' ;;
	attest) cat ;;
	rebuild) sed '/{ EXPECT_\(NONCE\|AT\), /d' ;;
	esac | sed -n "s/^[ 	]*{ [A-Z_]*, \(0\|'[a-zA-Z]'\), \(true\|false\), \"\([a-z0-9-]*\)\", .*/\1 \3/p" |
		sed "s/^0 /- /; s/^'\(.\)' /\1 /" | sort -u
}

# Options: rows of the tables, as `letter name`; - where there is no letter. Tables are the floor's own, that of all
# programs, and that of expectations where the floor takes some. An audit takes what floors below explain: its manual
# names those options, its --help names the program that has them.
check_options() {
	tables="$floor/*.c verify/cli.c"
	helped=$tables
	if [ "$floor" = rebuild ]; then
		tables="$tables attest/ask.c attest/servers.c verify/terms.c"
	fi
	if grep -Eq '\bexpect_(image_)?options\b' "$floor"/*.c; then
		tables="$tables verify/expect.c"
	fi
	if [ "$floor" != verify ] && grep -q '\bcontract_options\b' "$floor"/*.c; then
		tables="$tables verify/contract_options.c"
	fi
	# shellcheck disable=SC2086 # $tables are several names
	options=$(cat $tables | rows)
	long=$(echo "$options" | cut -d ' ' -f 2)
	told=$(told_options <"$manual")
	explained=$(grep '^\.It ' "$manual" | told_options)
	found 'options of the tables' "$options"
	found 'options of the manual' "$explained"
	agree 'every long option is explained in the manual' "$(missing "$long" "$explained" "(--) has no .It in $manual")"
	agree 'every long option in the manual exists' "$(missing "$told" "$long" "(--) is in no table of $tables")"
	help=$("$build/enclave-$floor" --help | tr -c 'a-zA-Z0-9-' '\n')
	found 'words of --help' "$help"
	if [ "$floor" = rebuild ]; then
		# shellcheck disable=SC2086 # likewise
		options=$(cat $helped | rows)
	fi
	agree 'every option is in --help, by its long name or its letter' "$(echo "$options" | while read -r letter name; do
		echo "$help" | grep -qxe "--$name" || echo "$help" | grep -qxe "-$letter" ||
			echo "--$name is not in --help"
	done)"
	agree 'every option in --help exists' "$(echo "$help" | sed -n 's/^--\([a-z]\)/\1/p' | sort -u |
		while read -r name; do missing "$name" "$long" '(--) is in no table'; done)"
}

# Verbs: rows of the table in main.c, or structs of their own to which it points; the lines .Cm of the SYNOPSIS.
check_verbs() {
	verbs=$(awk '/^} verbs\[\] = \{/ { on = 1; next } /^}/ { on = 0 }
		on && match($0, /^\t\{ "[a-z]+"/) { print substr($0, 5, RLENGTH - 5) }' "$floor/main.c"
		sed -n 's/^const struct [a-z_]*verb [a-z_]* = { "\([a-z]*\)",.*/\1/p' "$floor"/*.c
		sed -n '/^const struct [a-z_]*verb [a-z_]* = {$/,/^}/s/^	\.name = "\([a-z]*\)",$/\1/p' "$floor"/*.c)
	told=$(section SYNOPSIS "$manual" | sed -n 's/^\.Cm \([a-z]*\).*/\1/p')
	found 'verbs of the code' "$verbs"
	agree 'every verb is in the manual' "$(missing "$verbs" "$told" "is not in $manual, SYNOPSIS")"
	agree 'every verb in the manual exists' "$(missing "$told" "$verbs" "is no verb of $floor")"
}

words=$(mktemp)
trap 'rm -f "$words"' EXIT
below=
for floor in verify attest rebuild; do
	manual=$floor/enclave-$floor.1
	[ -f "$manual" ] || continue
	check_verbs
	check_ids
	check_reasons
	check_options
	below="$below $manual"
done
floor=verify
[ -n "$below" ] || agree 'there are manuals' 'none found'
echo "1..$count"
