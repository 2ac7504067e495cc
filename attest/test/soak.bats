#!/usr/bin/env bats
# Many targets with faults, a round a second: a short form of ci/soak, which runs for ten minutes when it is called.
# shellcheck disable=SC2154 # variables of helpers.bash
load helpers

@test "60 targets with faults, a round a second: each told right, nothing leaks" {
	run python3 "$TOP/ci/soak" "$BUILD" 8 60
	echo "$output"
	[ "$status" -eq 0 ]
}
