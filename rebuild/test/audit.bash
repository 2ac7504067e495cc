# shellcheck shell=bash disable=SC2034,SC2154 # tests use the variables
# Running enclaves for tests of audits, simulated ones: enclave_start NAME EIF|PCR.JSON, in setup_file or a test, with
# the folder of the file's tests before NAME; enclaves_stop ends them all.
enclaves=$BATS_FILE_TMPDIR/enclaves

enclave_start() {
	local name=$1 image=$2 n from=--eif
	[[ $image != *.json ]] || from=--pcrs
	mkdir -p "$enclaves"
	"$BUILD/enclave-attest" simulate "$enclaves/$name" "$from" "$image" -q
	"$BUILD/enclave-attest" serve --simulate "$enclaves/$name" --listen 127.0.0.1:0 --rate 1000 >"$enclaves/$name.log" 2>&1 3>&- &
	echo $! >>"$enclaves/pids"
	for ((n = 0; n < 500; n++)); do
		! grep -q "listening on" "$enclaves/$name.log" 2>/dev/null || return 0
		sleep 0.02
	done
	cat "$enclaves/$name.log" >&2
	return 1
}

# url NAME: of its documents.
url() {
	echo "http://$(sed -n 's/.*listening on //p' "$enclaves/$1.log")/v1/attestation"
}

enclaves_stop() {
	local pid
	[ -e "$enclaves/pids" ] || return 0
	while read -r pid; do
		kill "$pid" 2>/dev/null || :
	done <"$enclaves/pids"
	rm -f "$enclaves/pids"
}
