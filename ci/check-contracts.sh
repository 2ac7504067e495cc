#!/bin/sh
# ci/check-contracts.sh: TAP: testvectors/contracts/compiled.json is what its sources compile to.
set -u
cd "$(dirname "$0")/.." || exit 3
name='the contracts of the test chain compile to the committed bytes'
tools=$(ci/chain-tools 2>&1)
case $? in
0)
	if found=$(NODE_PATH=$tools node testvectors/contracts/compile.js --check 2>&1); then
		echo "ok 1 - $name"
	else
		echo "not ok 1 - $name"
		echo "$found" | head -n 20 | sed 's/^/# /'
	fi
	;;
77) echo "ok 1 - $name # SKIP $tools" ;;
*)
	echo "not ok 1 - $name"
	echo "$tools" | tail -n 20 | sed 's/^/# /'
	;;
esac
echo 1..1
