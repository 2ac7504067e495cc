#!/usr/bin/env bats
# enclave-guard from the start of an enclave to its end.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154,SC2164 # words for another shell; variables of guard.bash; bats stops where cd fails
load guard

@test 'run: the copy is what is started, it answers, and the end is clean' {
	export NOTIFY_SOCKET=$here/nobody
	begin
	until_true grep -q 'systemd-notify --ready' standin/calls
	[ "$(stat -c '%a %F' state/enclave.eif)" = '600 regular file' ]
	called "^nitro-cli run-enclave --eif-path $here/state/enclave.eif --cpu-count 2 --memory 1024 --enclave-name batcher\$"
	called "^booted $here/state/enclave.eif $(sha256sum <one.eif | cut -d ' ' -f 1)\$"
	# ready only after the document passed
	[ "$(grep -c '' state/live)" -eq 0 ]
	grep -q 'the running enclave has the registers that were measured: PASS (custom root' log
	grep -q 'TRIAL_ROOT: NOT the root of AWS' log
	[ "$(grep -c 'another module' log)" -eq 0 ]
	runs 1
	kill "$pid"
	ends 0
	called "^nitro-cli terminate-enclave --enclave-id $ours\$"
	runs 0
	clean
	[ ! -s out ]
}

@test 'run: no debug mode, whatever is asked for' {
	echo debug >standin/mode
	guard 1 run
	says 'pcr.debug'
	says 'is ended'
	runs 0
	never --debug-mode
	for word in DEBUG=yes DEBUG_MODE=true ALLOW_DEBUG=yes; do
		cp guard.conf with.conf
		echo "$word" >>with.conf
		guard 2 run "$here/with.conf"
		says 'there is no key'
	done
}

@test 'live: another image answers, on another instance' {
	for how in answers-as-another elsewhere; do
		echo "$how" >standin/mode
		guard 1 run
		says 'what answers is not the image that was measured, on this instance'
		called "terminate-enclave --enclave-id $ours"
		runs 0
		clean
	done
	says pcr4.match
	# the instance may be named
	set_conf INSTANCE_ID=i-0123456789abcdef0
	: >standin/mode
	guard 1 run
	says pcr4.match
	runs 0
}

@test 'live: under a root that nobody named' {
	set_conf TRIAL_ROOT=
	guard 1 run
	says chain.root
	runs 0
	clean
}

@test 'live: nobody answers in time' {
	echo silent >standin/mode
	set_conf WAIT=2
	guard 3 run
	says 'no answer could be judged within 2 s'
	says http-connect
	called "terminate-enclave --enclave-id $ours"
	runs 0
	clean
}

@test 'live: asked as it cannot be' {
	set_conf PROFILE=nonsense
	guard 2 run
	says 'could not be asked as it is configured'
	runs 0
	clean
}

@test 'live: the enclave ends while it is waited for' {
	echo silent >standin/mode
	begin
	until_true grep -q '^enclave-guard: started ' log
	kill -9 "$(jq .ProcessID standin/nitro/*)"
	ends 3
	grep -q 'ended by itself before it could be asked' log
	clean
}

@test 'start: refused, failed late, answered oddly' {
	echo refuses >standin/mode
	guard 3 run
	says 'E26'
	runs 0
	clean
	# an enclave came up all the same
	for how in fails-late says-odd-things says-another-name; do
		echo "$how" >standin/mode
		: >standin/calls
		guard 3 run
		says 'nitro-cli run-enclave '
		called "terminate-enclave --enclave-id $ours"
		never 'enclave-id --all'
		runs 0
		clean
	done
	echo does-not-describe >standin/mode
	: >standin/calls
	guard 3 run
	says 'describe-enclaves failed'
	nothing_started
	rm bin/nitro-cli
	guard 3 run
	nothing_started
}

@test 'start: an enclave of that name runs, and stays; so does any other' {
	sleep 300 3>&- &
	foreign=$!
	jq -n --argjson pid "$foreign" '{EnclaveName: "batcher", EnclaveID: "i-0123456789abcdef0-enc0123456789abcde", ProcessID: $pid,
		EnclaveCID: 17, State: "RUNNING", Flags: "NONE"}' >standin/nitro/foreign
	guard 3 run
	says 'the name batcher runs already'
	nothing_started
	kill -0 "$foreign"
	sed -i s/batcher/other/ standin/nitro/foreign
	begin
	until_true test -e state/live
	runs 2
	kill "$pid"
	ends 0
	runs 1
	kill -0 "$foreign"
	# nor is it ended when the one that failed left no word
	echo fails-late >standin/mode
	guard 3 run
	runs 1
	never 'terminate-enclave --enclave-id i-0123456789abcdef0-enc0123456789abcde'
	kill "$foreign"
}

@test 'stopped while it starts: what comes up is ended' {
	echo silent >standin/mode
	begin
	until_true grep -q '^enclave-guard: started ' log
	kill "$pid"
	ends 0
	runs 0
	clean
	# nitro-cli itself is not interrupted
	cat >bin/slow <<-'END'
		#!/bin/sh
		[ "$1" != run-enclave ] || sleep 2
		exec "${0%/*}/real/nitro-cli" "$@"
	END
	chmod 755 bin/slow
	mkdir bin/real && mv bin/nitro-cli bin/real && mv bin/slow bin/nitro-cli
	: >standin/calls
	begin
	until_true test -e state/intent
	sleep 0.5
	kill "$pid"
	sleep 0.2
	kill "$pid" # and once more
	ends 0
	called run-enclave
	called "terminate-enclave --enclave-id $ours"
	runs 0
	clean
}

@test 'killed while it waits, and while nitro-cli is at work: stop ends it' {
	set_conf TELL_PORT=8005
	set_conf TELL_MESSAGE=TERMINATE
	echo silent >standin/mode
	begin
	until_true grep -q '^enclave-guard: started ' log
	kill -9 "$pid"
	wait "$pid" || :
	runs 1
	guard 3 check
	says 'left something behind'
	guard 0 stop
	says 'was ended'
	never said # what did not pass is not told, it is ended
	runs 0
	clean
	guard 0 stop
	echo says-nothing silent >standin/mode
	begin
	until_true runs 1
	kill -9 "$pid"
	wait "$pid" || :
	[ ! -e state/started ]
	guard 0 stop
	runs 0
	clean
}

@test 'killed while the enclave runs: the next run ends it, then starts its own' {
	set_conf TELL_PORT=8005
	set_conf TELL_MESSAGE=TERMINATE
	set_conf STOP_WAIT=1
	begin
	until_true test -e state/live
	kill -9 "$pid"
	wait "$pid" || :
	first=$(jq .ProcessID standin/nitro/*)
	begin
	until_true grep -q 'has the registers' log
	called '^said TERMINATE$'
	called "terminate-enclave --enclave-id $ours"
	runs 1
	[ "$(jq .ProcessID standin/nitro/*)" -ne "$first" ]
	kill "$pid"
	ends 0
	runs 0
}

@test 'what cannot be ended is said, and kept in mind' {
	echo answers-as-another does-not-end >standin/mode
	guard 3 run
	says 'COULD NOT BE ENDED'
	[ -e state/started ]
	runs 1
	guard 3 stop
	: >standin/mode
	guard 0 stop
	runs 0
	clean
}

@test 'the end: the enclave is told, and ends' {
	set_conf TELL_PORT=8005
	set_conf 'TELL_MESSAGE=TERMINATE now'
	set_conf CID=42
	echo listens >standin/mode
	begin
	until_true test -e state/live
	called -- '--enclave-cid 42'
	kill "$pid"
	ends 0
	called '^socat -t 2 STDIO VSOCK-CONNECT:42:8005,connect-timeout=5$'
	called '^said TERMINATE now$'
	grep -q 'it has ended' log
	never terminate-enclave
	clean
}

@test 'the end: the enclave is told, does not end, and is ended' {
	set_conf TELL_PORT=8005
	set_conf TELL_MESSAGE=TERMINATE
	set_conf STOP_WAIT=2
	begin
	until_true test -e state/live
	kill "$pid"
	began=$SECONDS
	ends 0
	((SECONDS - began >= 2))
	called '^said TERMINATE$'
	called "terminate-enclave --enclave-id $ours"
	runs 0
	clean
}

@test 'the end: by a URL that nobody answers, and by a command' {
	set_conf TELL_URL=http://127.0.0.1:1/shutdown
	begin
	until_true test -e state/live
	kill "$pid"
	ends 0
	grep -q 'could not be told' log
	called terminate-enclave
	runs 0
	set_conf TELL_URL=
	printf '#!/bin/sh\necho "$*" >%s/told\nkill -9 "$(jq .ProcessID %s/standin/nitro/*)"\n' "$here" "$here" >tell
	chmod 755 tell
	set_conf "TELL_COMMAND=$here/tell"
	: >standin/calls
	begin
	until_true test -e state/live
	kill "$pid"
	ends 0
	[ "$(cat told)" = "batcher $ours 16" ]
	never terminate-enclave
	clean
}

@test 'the end: by a URL, with POST' {
	command -v curl >/dev/null || skip 'no curl'
	python3 -c 'import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
	def do_POST(self):
		open("posted", "w").write(self.path)
		self.send_response(204)
		self.end_headers()
server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
open("listens", "w").write(str(server.server_address[1]))
server.handle_request()' 2>/dev/null 3>&- &
	listener=$!
	until_true test -s listens
	set_conf "TELL_URL=http://127.0.0.1:$(cat listens)/shutdown?now=1"
	set_conf STOP_WAIT=1
	begin
	until_true test -e state/live
	kill "$pid"
	ends 0
	[ "$(cat posted)" = '/shutdown?now=1' ]
	grep -q 'was told to end' log
	runs 0
}

@test 'the enclave ends by itself: so does the guard, as a failure' {
	begin
	until_true test -e state/live
	kill -9 "$(jq .ProcessID standin/nitro/*)"
	ends 3
	grep -q 'the enclave has ended by itself' log
	never terminate-enclave
	clean
}

@test 'one at a time in a folder' {
	begin
	until_true test -e state/live
	guard 3 run
	says 'another enclave-guard'
	guard 3 stop
	says 'another enclave-guard'
	runs 1
	kill "$pid"
	ends 0
}

# enclaver FILE: an image of docker that holds this file
enclaver() {
	digest=$(sha256sum <"$1" | cut -d ' ' -f 1)
	reference=registry.example:5000/org/batcher@sha256:$digest
	folder=standin/images/${reference//\//_}
	mkdir -p "$folder"
	cp -P "$1" "$folder/application.eif"
	set_conf EIF=
	set_conf CPUS=
	set_conf MEMORY=
	set_conf "ENCLAVER_IMAGE=$reference"
}

@test 'enclaver: out of the image by its digest, measured, and started by it' {
	enclaver one.eif
	set_conf "PUBLISH=127.0.0.1:8001:8001"
	set_conf MEMORY=2048
	begin
	until_true test -e state/live
	called "^docker create --cidfile taken $reference\$"
	called "^docker create --cidfile container --name enclave-guard-batcher --pull=never --restart=no --device /dev/nitro_enclaves:/dev/nitro_enclaves:rw --mount type=bind,source=$here/state/enclave.eif,target=/enclave/application.eif,readonly --publish=127.0.0.1:8001:8001 $reference --memory-mb 2048\$"
	called "^booted $here/state/enclave.eif $digest\$"
	[ "$(find standin/boxes -type f | wc -l)" -eq 1 ]
	kill "$pid"
	ends 0
	called '^docker stop -t 30 [0-9a-f]*$'
	[ "$(find standin/boxes -type f | wc -l)" -eq 0 ]
	never nitro-cli
	clean
}

@test 'enclaver: a tag, and half a digest' {
	enclaver one.eif
	for name in batcher batcher:latest registry.example:5000/batcher "batcher:latest@sha256:$digest" \
		"registry.example:5000/batcher:1@sha256:$digest" "batcher@sha256:${digest:1}" "batcher@sha256:${digest^^}" \
		"batcher@sha512:$digest" "--privileged@sha256:$digest" "@sha256:$digest" "batcher@sha256:${digest}0"; do
		set_conf "ENCLAVER_IMAGE=$name"
		guard 2 run
		says 'ENCLAVER_IMAGE '
		[ ! -e standin/calls ]
	done
}

@test 'enclaver: another image, a link in it, none' {
	enclaver two.eif
	guard 1 run
	says pcr-mismatch
	nothing_started
	ln -s "$here/one.eif" link
	rm -r standin/images/*
	enclaver link
	guard 1 run
	says 'or empty'
	nothing_started
	rm -r standin/images/*
	guard 3 run
	says 'manifest unknown'
	nothing_started
	[ "$(find standin/boxes -type f | wc -l)" -eq 0 ]
}

@test 'enclaver: docker that starts something else than what it was told' {
	enclaver one.eif
	echo answers-as-another >standin/mode
	guard 1 run
	says 'what answers is not the image that was measured'
	[ "$(find standin/boxes -type f | wc -l)" -eq 0 ]
	clean
	echo silent >standin/mode
	set_conf WAIT=1
	guard 3 run
	[ "$(find standin/boxes -type f | wc -l)" -eq 0 ]
}

@test 'enclaver: killed, and stopped after; ended by itself' {
	enclaver one.eif
	begin
	until_true test -e state/live
	kill -9 "$pid"
	wait "$pid" || :
	guard 0 stop
	[ "$(find standin/boxes -type f | wc -l)" -eq 0 ]
	begin
	until_true test -e state/live
	kill -9 "$(jq .pid standin/boxes/*)"
	ends 3
	[ "$(find standin/boxes -type f | wc -l)" -eq 0 ]
	clean
}

@test 'enclaver: stopped while its container is made' {
	enclaver one.eif
	echo creates-slowly >standin/mode
	for file in taken container; do
		begin
		until_true test -s "state/$file"
		kill "$pid"
		ends 0
		[ "$(find standin/boxes -type f | wc -l)" -eq 0 ]
		clean
	done
	never 'docker start'
}

@test 'what was started is ended where it cannot be written down' {
	printf '#!/bin/sh\ncase $* in\n*started.new) exit 1 ;;\nesac\n' >bin/sync
	chmod 755 bin/sync
	guard 3 run
	says 'started cannot be written'
	called "terminate-enclave --enclave-id $ours"
	runs 0
	clean
	enclaver one.eif
	guard 3 run
	[ "$(find standin/boxes -type f | wc -l)" -eq 0 ]
	clean
}

@test 'a record of before the instance was started again ends nobody' {
	printf '%s\nbatcher\n' 01234567-0123-4123-8123-0123456789ab >state/intent
	sleep 300 3>&- &
	jq -n --argjson pid "$!" '{EnclaveName: "batcher", EnclaveID: "i-0123456789abcdef0-enc0123456789abcde", ProcessID: $pid,
		EnclaveCID: 17, State: "RUNNING", Flags: "NONE"}' >standin/nitro/foreign
	guard 0 stop
	runs 1
	clean
	# of this time, with it among those that were there
	{ cat /proc/sys/kernel/random/boot_id && printf 'batcher\ni-0123456789abcdef0-enc0123456789abcde\n'; } >state/intent
	guard 0 stop
	runs 1
	never terminate-enclave
	clean
}

@test 'nobody but the guard tells the manager that it is ready' {
	export NOTIFY_SOCKET=$here/notify
	set_conf TELL_PORT=8005
	set_conf TELL_MESSAGE=TERMINATE
	set_conf STOP_WAIT=1
	printf '#!/bin/sh\necho "asked ${NOTIFY_SOCKET-}" >>"%s/standin/calls"\nexec "%s/enclave-attest" "$@"\n' "$here" "$BUILD" >bin/enclave-attest
	chmod 755 bin/enclave-attest
	begin
	until_true called "^notify socket: systemd-notify$"
	kill "$pid"
	ends 0
	called '^asked $'
	[ "$(grep -c '^notify socket' standin/calls)" -eq 1 ]
}

@test 'live: a document is no older than the start, unless more is given' {
	printf '#!/bin/sh\necho "$*" >>"%s/asked"\nexec "%s/enclave-attest" "$@"\n' "$here" "$BUILD" >bin/enclave-attest
	chmod 755 bin/enclave-attest
	set_conf MAX_AGE=77
	begin
	until_true test -e state/live
	kill "$pid"
	ends 0
	grep -q -- '--max-age=77' asked
	set_conf MAX_AGE=
	rm asked
	begin
	until_true test -e state/live
	kill "$pid"
	ends 0
	tail -n 1 asked | grep -qE -- '--max-age=3[0-9] '
}
