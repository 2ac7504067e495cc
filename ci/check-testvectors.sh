#!/bin/sh
# ci/check-testvectors.sh: TAP: testvectors/ is what its generator makes, byte for byte; the contracts in it,
# which a compiler makes, are the committed ones (ci/check-contracts.sh compiles them again).
set -u
LC_ALL=C # the order of names
export LC_ALL
cd "$(dirname "$0")/.." || exit 3
if found=$(PYTHONDONTWRITEBYTECODE=1 python3 testvectors/generate.py --check 2>&1); then
	echo 'ok 1 - the generator makes the committed test vectors again'
else
	echo 'not ok 1 - the generator makes the committed test vectors again'
	echo "$found" | head -n 20 | sed 's/^/# /'
fi
if found=$(cd testvectors/contracts && sha256sum compiled.json src/* | diff - SHA256SUMS 2>&1); then
	echo 'ok 2 - the contracts have the committed sums'
else
	echo 'not ok 2 - the contracts have the committed sums'
	echo "$found" | head -n 20 | sed 's/^/# /'
fi
echo 1..2
