#!/bin/sh
# ci/check-reasons.sh: TAP, a line a reason of verify/reason.h: ok when some test expects it. Such a test is a
# row of a table in testvectors/ with its name as reason, REASON_X in a C test of any floor, a row of a script that
# makes images for such a test, or a command test that has it as reports print it: (name), or "reason":"name". A reason that no code can give yet needs none.
set -eu
cd "$(dirname "$0")/.."

{
	awk -F '"' '/^\tX\([A-Z0-9_]+, "/ { id = $1; gsub(/^\tX\(|, $/, "", id); print "reason", id, $2 }' \
		verify/reason.h
	awk -F '\t' 'FNR == 1 { split("", column); for (i = 1; i <= NF; i++) column[$i] = i; next }
		{ n = split($column["reason"], name, "|"); for (i = 1; i <= n; i++) print "name", name[i] }' \
		testvectors/documents/index.tsv testvectors/pcr/index.tsv testvectors/onchain/*.tsv \
		testvectors/calldata/*.tsv testvectors/statements/index.tsv
	find verify attest rebuild '(' -path '*/test/test_*.c' -o -path '*/test/scenes.c' ')' -exec cat {} + |
		awk '{ while (match($0, /REASON_[A-Z0-9_]+/)) {
			print "id", substr($0, RSTART + 7, RLENGTH - 7)
			$0 = substr($0, RSTART + RLENGTH)
		} }'
	# scripts that make the inputs of a test, and say in quotes which reason it then expects
	grep -Eho '"[a-z0-9-]+"' rebuild/test/layers.py rebuild/test/registry.py | awk -F '"' '{ print "name", $2 }'
	find verify attest rebuild -path '*/test/*.bats' -exec cat {} + |
		awk '{ while (match($0, /\([a-z0-9-]+\)|"reason":"[a-z0-9-]+/)) {
			name = substr($0, RSTART, RLENGTH)
			$0 = substr($0, RSTART + RLENGTH)
			sub(/^"reason":"/, "", name)
			# with the check that it needs
			sub(/^needs-.*/, "needs", name)
			gsub(/[()]/, "", name)
			print "name", name
		} }'
	find verify attest rebuild -name '*.[ch]' ! -path '*/test/*' ! -path verify/reason.h -exec cat {} + |
		awk '{ while (match($0, /REASON_[A-Z0-9_]+/)) {
			print "given", substr($0, RSTART + 7, RLENGTH - 7)
			$0 = substr($0, RSTART + RLENGTH)
		} }'
} | LC_ALL=C awk '
$1 == "reason" { ids[++count] = $2; names[count] = $3 }
$1 == "id" { seen_id[$2] }
$1 == "name" { seen_name[$2] }
$1 == "given" { given[$2] }
END {
	for (i = 1; i <= count; i++) {
		tested = ids[i] in seen_id || names[i] in seen_name
		ok = tested || !(ids[i] in given)
		printf "%sok %d - %s %s\n", ok ? "" : "not ", i, names[i],
			ok && !tested ? "is given by no code" : "has a test row"
		if (!ok)
			print "# no test expects REASON_" ids[i] " (" names[i] ")"
	}
	print "1.." count + 0
	# a table that was not found must not look like an empty one
	exit count == 0
}'
