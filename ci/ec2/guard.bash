# shellcheck shell=bash disable=SC2034,SC2154 # tests use the variables; bats sets others
# enclave-guard with stand-ins for nitro-cli, docker and socat (standin.py), and with our own programs as they are:
# the enclave that answers is simulated, with the registers of the image that it was really given.
bats_require_minimum_version 1.5.0

setup() {
	ec2=$TOP/ci/ec2
	# where every folder above is ours or root's, whatever the umask is
	here=$(realpath "$(mktemp -d /tmp/guard.XXXXXX)")
	cd "$here" || return 1
	umask 022
	export STANDIN=$here/standin PATH=$here/bin:$BUILD:$PATH
	mkdir bin standin standin/nitro standin/boxes standin/images etc
	mkdir -m 700 state
	for name in nitro-cli docker socat systemd-notify; do
		ln -s "$ec2/standin.py" "bin/$name"
	done
	image one
	image two
	cp two.eif standin/other.eif
	enclave-verify eif one.eif --pcr-json -o etc/pcr.json
	enclave-attest simulate standin/trial --eif one.eif >/dev/null
	ours=$(cat standin/trial/module-id)
	cp standin/trial/root.pem etc/root.pem
	port=$(python3 -c 'import socket
with socket.create_server(("127.0.0.1", 0)) as end:
	print(end.getsockname()[1])')
	echo "127.0.0.1:$port" >standin/url
	cat >guard.conf <<-END
		# a comment

		NAME=batcher
		EIF=$here/one.eif
		CPUS=2
		MEMORY=1024
		PCRS=$here/etc/pcr.json
		URL=http://127.0.0.1:$port/
		PROFILE=odyn
		TRIAL_ROOT=$here/etc/root.pem
		WAIT=20
	END
	pid='' listener=''
}

teardown() {
	[ -z "$listener" ] || kill "$listener" 2>/dev/null || :
	[ ! -e standin/hangs ] || kill "$(cat standin/hangs)" 2>/dev/null || :
	[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || :
	for one in $(cat standin/nitro/* standin/boxes/* 2>/dev/null | jq -r '.ProcessID // .pid // empty'); do
		kill -9 "$one" 2>/dev/null || :
	done
	cd /
	[ ! -e "$here/chain" ] || chain_stop
	rm -rf "$here"
}

# image NAME: NAME.eif
image() {
	echo "kernel of $1" >"$1.kernel"
	echo "ramdisk of $1" >"$1.ramdisk"
	enclave-rebuild assemble --kernel "$1.kernel" --cmdline 'console=ttyS0' --ramdisk "$1.ramdisk" \
		--ramdisk "$1.ramdisk" -o "$1.eif" 2>/dev/null
}

set_conf() {
	sed -i "/^${1%%=*}=/d" guard.conf
	[ "${1#*=}" = '' ] || echo "$1" >>guard.conf
}

# guard STATUS VERB: it ends so, within a minute
guard() {
	local want=$1
	shift
	if [ $# -eq 1 ] && [ "$1" != stop ]; then
		set -- "$1" "$here/guard.conf"
	fi
	run --separate-stderr timeout 60 "$ec2/enclave-guard" "$@" "$here/state" 3>&-
	echo "enclave-guard $*: $status, wanted $want; $output"
	echo "$stderr"
	echo '--- calls'
	cat standin/calls 2>/dev/null || :
	[ "$status" -eq "$want" ] && [ -z "$output" ]
}

says() {
	[[ $stderr == *"$1"* ]]
}

# begin: in the background, its words in the file log
begin() {
	"$ec2/enclave-guard" run "$here/guard.conf" "$here/state" >out 2>log 3>&- &
	pid=$!
}

# until_true COMMAND...: for 30 seconds
until_true() {
	local n
	for ((n = 0; n < 300; n++)); do
		! "$@" 2>/dev/null || return 0
		sleep 0.1
	done
	echo "not within 30 s: $*"
	cat log standin/calls
	return 1
}

# ends STATUS: what begin began
ends() {
	local status=0
	wait "$pid" || status=$?
	pid=
	cat log standin/calls
	[ "$status" -eq "$1" ]
}

called() {
	grep -q -- "$1" standin/calls
}

# never TEXT: it was not called so (bats does not see a failure behind a !)
never() {
	if called "$1"; then
		return 1
	fi
}

# how many enclaves run
runs() {
	[ "$(nitro-cli describe-enclaves | jq length)" -eq "$1" ]
}

# nothing of a run is left
clean() {
	ls -A state
	[ "$(ls -A state)" = lock ]
}

nothing_started() {
	never run-enclave
	never 'docker start'
	never booted
	clean
}
