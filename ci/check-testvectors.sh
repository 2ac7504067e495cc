#!/bin/sh
# ci/check-testvectors.sh: TAP: testvectors/ is what its generator makes, byte for byte.
set -u
cd "$(dirname "$0")/.." || exit 3
if found=$(PYTHONDONTWRITEBYTECODE=1 python3 testvectors/generate.py --check 2>&1); then
	echo 'ok 1 - the generator makes the committed test vectors again'
else
	echo 'not ok 1 - the generator makes the committed test vectors again'
	echo "$found" | head -n 20 | sed 's/^/# /'
fi
echo 1..1
