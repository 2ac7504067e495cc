#!/bin/sh
# ci/check-manual.sh: TAP. What verify/enclave-verify.1 says agrees with the code: check ids, reasons, and long options,
# both ways; options are in --help too. BUILD is the folder of the program.
set -eu
cd "$(dirname "$0")/.."
manual=verify/enclave-verify.1
program=${BUILD:-build/release}/enclave-verify
count=0

# agree TITLE LINES: ok when there are no lines, which say what does not agree.
agree() {
	count=$((count + 1))
	if [ -z "$2" ]; then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
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

# section NAME: the lines of the manual below .Sh NAME, without what only serves the formatter.
section() {
	awk -v name="$1" '/^\.Sh / { on = substr($0, 5) == name; next }
		on { gsub(/\\&/, ""); gsub(/\\-/, "-"); gsub(/ Ns( (Ar|Cm|Em|Ic|Li|No|Sy))? /, ""); print }' $manual
}

# items: the words of .It lines, without macros.
items() {
	sed -n 's/^\.It //p' | tr -s ' ,' '[\n*]' | grep -Ev '^(Ar|Cm|Em|Fl|Ic|Li|Sy|Xo|Xc)$'
}

# Ids: those that `document` can give must be there, all that are there must exist. A register may stand
# for all of them: pcrN.match.
all_ids=$(awk -F '"' '/^\tX\([A-Z0-9_]+, "/ { print $2 }' verify/check.h)
document_ids=$(echo "$all_ids" | sed '/^enclave_hash\.match$/q' |
	sed 's/^pcr[0-9]*\.match$/pcrN.match/' | awk '!seen[$0]++')
told_ids=$(section CHECKS | items | grep '\.' || :)
found 'ids of verify/check.h' "$all_ids"
found 'ids of the manual' "$told_ids"
agree 'every check id of enclave-verify document is in the manual' \
	"$(missing "$document_ids" "$told_ids" "is not in $manual, CHECKS")"
agree 'every check id in the manual exists' \
	"$(missing "$told_ids" "$all_ids pcrN.match" 'is no id of verify/check.h')"

# Reasons, where the manual lists them: those that this floor can give.
told_reasons=$(section REASONS | items || :)
if [ -n "$told_reasons" ]; then
	used=$(find verify -name '*.c' ! -path '*/test/*' -exec cat {} + | grep -Eo 'REASON_[A-Z0-9_]+' | sort -u)
	reasons=$(awk -F '"' '/^\tX\([A-Z0-9_]+, "/ { id = $1; gsub(/^\tX\(|, $/, "", id); print "REASON_" id, $2 }' \
		verify/reason.h)
	given=$(echo "$reasons" | while read -r id name; do
		if [ "$name" != ok ] && echo "$used" | grep -qx "$id"; then
			echo "$name"
		fi
	done)
	found 'reasons that verify/ gives' "$given"
	agree 'every reason that verify/ gives is in the manual' \
		"$(missing "$given" "$told_reasons" "is not in $manual, REASONS")"
	agree 'every reason in the manual exists' \
		"$(missing "$told_reasons" "$(echo "$reasons" | cut -d ' ' -f 2)" 'is no reason of verify/reason.h')"
fi

# Options: rows of the tables, as `letter name`; - where there is no letter.
options=$(cat verify/cli.c verify/expect.c verify/main.c | sed -n \
	"s/^[ 	]*{ [A-Z_]*, \(0\|'[a-zA-Z]'\), \(true\|false\), \"\([a-z0-9-]*\)\", .*/\1 \3/p" |
	sed "s/^0 /- /; s/^'\(.\)' /\1 /")
long=$(echo "$options" | cut -d ' ' -f 2)
# told_options: the long options in some lines of the manual.
told_options() {
	sed 's/\\&//g; s/\\-/-/g; s/Fl Fl /Fl -/g' | grep -Eo 'Fl -[a-z][a-z0-9-]*|[|,] -[a-z][a-z0-9-]+' |
		sed 's/.* -//' | sort -u
}
told=$(told_options <$manual)
explained=$(grep '^\.It ' $manual | told_options)
found 'options of the tables' "$options"
found 'options of the manual' "$explained"
agree 'every long option is explained in the manual' "$(missing "$long" "$explained" "(--) has no .It in $manual")"
agree 'every long option in the manual exists' \
	"$(missing "$told" "$long" '(--) is no option of cli.c, expect.c or main.c')"
help=$("$program" --help | tr -c 'a-z0-9-' '\n')
agree 'every option is in --help, by its long name or its letter' "$(echo "$options" | while read -r letter name; do
	echo "$help" | grep -qxe "--$name" || echo "$help" | grep -qxe "-$letter" || echo "--$name is not in --help"
done)"
echo "1..$count"
