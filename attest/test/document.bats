#!/usr/bin/env bats
# enclave-attest document: what the command line takes, and what is said outside an enclave.
# shellcheck disable=SC2154 # variables of helpers.bash
load helpers

@test "outside an enclave there is no document, and it is said why" {
	[ ! -e /dev/nsm ] || return 0
	exits 3 document
	nothing_printed
	complains '/dev/nsm: No such file or directory: there is no such device'
	complains '(nsm-absent)'
	exits 3 document --encoding hex --nonce 00ff --user-data '' --public-key 0x04 -o out
	[ ! -e out ]
}

@test "wrong command lines" {
	refuses 'a verb is needed'
	refuses "'documents' is no verb" documents
	refuses 'takes no operand' document x
	refuses '--format json goes with --describe' document --format json
	refuses "--encoding: raw, base64 or hex, not 'pem'" document --encoding pem
	refuses 'even number of hex digits' document --nonce 123
	refuses '1 to 1024 bytes' document --nonce ''
	refuses '0 to 1024 bytes' document --user-data "$(printf '%02050d' 0)"
	refuses '0 to 1024 bytes' document --public-key "$(printf '%02050d' 0)"
	refuses 'No such file' document --public-key @none
	refuses "'--nonce' is given twice" document --nonce 00 --nonce 01
	refuses 'is no option here' document --pcr 0=00
}

@test "help is under 24 lines, and the versions are told" {
	exits 0 --help
	[ "$(wc -l <"$tmp/out")" -lt 24 ]
	prints 'enclave-attest document'
	exits 0 document -h
	prints 'Usage:'
	exits 0 --version
	prints 'enclave-attest '
	prints OpenSSL
}

@test "raw bytes do not go to a terminal" {
	needs_terminals
	python3 - "$attest" <<'END'
import os, subprocess, sys
main, end = os.openpty()
done = subprocess.run([sys.argv[1], "document"], stdout=end, stderr=subprocess.PIPE)
assert done.returncode == 2 and b"not for a terminal" in done.stderr, done
done = subprocess.run([sys.argv[1], "document", "--encoding", "hex"], stdout=end, stderr=subprocess.PIPE)
assert done.returncode != 2, done
END
}
