#!/usr/bin/env bats
# enclave-guard before anything is started: configuration, copy, measurement, statement, contract.
# shellcheck disable=SC1091,SC2034,SC2119,SC2154,SC2164 # variables of guard.bash, and for chain.bash; bats stops where cd fails
load guard

@test 'check: copies, measures, compares, and starts nothing' {
	guard 0 check
	says 'the image has the expected registers'
	says "PCR0 $(jq -r .PCR0 etc/pcr.json)"
	says 'no STATEMENT'
	says 'no REGISTRY'
	[ ! -e standin/calls ]
	clean
}

@test 'the image: a link, a folder, a pipe, none' {
	ln -s one.eif link.eif
	mkfifo pipe.eif
	mkdir folder.eif
	for name in link pipe folder none; do
		set_conf "EIF=$here/$name.eif"
		guard 2 run
		says "$name.eif: is "
		nothing_started
	done
	# a link above it is followed: what is copied is what counts
	mkdir real && cp one.eif real && ln -s real way
	set_conf "EIF=$here/way/one.eif"
	guard 0 check
}

@test 'the image: exchanged after it was looked at' {
	# dd is late: by then there is a link, then a pipe
	cp one.eif good.eif
	for kind in 'ln -s good.eif late.eif' 'mkfifo late.eif'; do
		cp one.eif late.eif
		printf '#!/bin/sh\nrm -f %s/late.eif && (cd %s && %s)\nexec /bin/dd "$@"\n' "$here" "$here" "$kind" >bin/dd
		chmod 755 bin/dd
		set_conf "EIF=$here/late.eif"
		run --separate-stderr timeout 60 "$ec2/enclave-guard" run "$here/guard.conf" "$here/state"
		echo "$status $stderr"
		[ "$status" -ne 0 ] && [ "$status" -lt 4 ]
		nothing_started
		rm late.eif
	done
	rm bin/dd
	# exchanged behind the copy: the copy was measured and is started
	cp one.eif late.eif
	printf '#!/bin/sh\n/bin/dd "$@" && cp %s/two.eif %s/late.eif\n' "$here" "$here" >bin/dd
	chmod 755 bin/dd
	begin
	until_true test -e state/live
	called "^booted $here/state/enclave.eif $(sha256sum <one.eif | cut -d ' ' -f 1)\$"
	kill "$pid"
	ends 0
}

@test 'the image: something lies already where the copy is to be' {
	# put there between the clearing and the copying
	printf '#!/bin/sh\nln -s %s/target %s/state/enclave.eif\nexec /bin/dd "$@"\n' "$here" "$here" >bin/dd
	chmod 755 bin/dd
	guard 3 run
	says 'cannot be copied'
	[ ! -e target ]
	nothing_started
}

@test 'the image: not the expected one, malformed, empty' {
	set_conf "EIF=$here/two.eif"
	guard 1 run
	says 'not shown: the image has the expected registers'
	says pcr-mismatch
	nothing_started
	printf '\1' | dd of=one.eif bs=1 seek=600 conv=notrunc status=none
	set_conf "EIF=$here/one.eif"
	guard 1 run
	says 'not shown: the image is measured'
	nothing_started
	: >one.eif
	guard 1 run
	says 'is not the file that was made, or empty'
	nothing_started
}

@test 'what is expected: not there, no pcr.json, no whole image' {
	set_conf "PCRS=$here/etc/none.json"
	guard 2 run
	says 'etc/none.json: is not there'
	echo '{"PCR0": "00"}' >etc/short.json
	set_conf "PCRS=$here/etc/short.json"
	guard 2 run
	says 'not shown'
	jq '{PCR1}' etc/pcr.json >etc/one.json
	set_conf "PCRS=$here/etc/one.json"
	guard 3 run
	says nothing-expected
	nothing_started
}

@test 'what is relied on must not be for others to change' {
	for change in 'chmod 666 etc/pcr.json' 'chmod 664 etc/pcr.json' 'chmod 777 etc' 'chmod 775 etc' 'chmod 622 guard.conf'; do
		cp -a etc etc.was && cp -a guard.conf conf.was
		$change
		guard 2 run
		says 'lets others change'
		rm -r etc && mv etc.was etc && mv conf.was guard.conf
	done
	ln -s etc way
	set_conf "PCRS=$here/way/pcr.json"
	guard 2 run
	says 'has a link in it'
	set_conf "PCRS=etc/pcr.json"
	guard 2 run
	says 'is no absolute path'
	set_conf "PCRS=$here/etc"
	guard 2 run
	says 'is no file'
	set_conf "PCRS=$here/etc/pcr.json"
	for mode in 755 770 750 1700; do
		chmod "$mode" state
		guard 2 run
		says 'state: '
	done
	chmod 700 state
	[ "$(id -u)" -ne 0 ] || {
		chown 1234 etc/pcr.json
		guard 2 run
		says 'belongs to user 1234'
		chown 0 etc/pcr.json
		chown 1234 state
		guard 2 run
		chown 0 state
	}
	mv state real && ln -s real state
	guard 2 run
	says 'has a link in it'
	rm state && mv real state
	guard 0 check
}

@test 'the configuration: what is no line of it' {
	while IFS='|' read -r line text; do
		cp guard.conf with.conf
		printf '%b\n' "$line" >>with.conf
		guard 2 run "$here/with.conf"
		says "$text"
	done <<-END
		PCRZ=/x|there is no key PCRZ
		pcrs=/x|is not KEY=VALUE
		PCRS|is not KEY=VALUE
		 CID=16|is not KEY=VALUE
		export CID=16|is not KEY=VALUE
		CID =16|is not KEY=VALUE
		CID= 16|spaces around
		CID=16 |spaces around
		CID=|is empty
		CID="16"|means something to a shell
		CID=\$(touch pwned)|means something to a shell
		TELL_MESSAGE=\`touch pwned\`|means something to a shell
		TELL_MESSAGE=a;touch pwned|means something to a shell
		TELL_MESSAGE=\${PATH}|means something to a shell
		TELL_MESSAGE=a\\tb|something else than printable
		TELL_MESSAGE=\\0303\\0244|something else than printable
		CID=16\\r|something else than printable
		CID=016|CID must be a number
		CID=3|CID must be a number
		CID=4294967295|CID must be a number
		CID=99999999999|CID must be a number
		CID=a[\$(id)]|means something to a shell
		CID=a[0]|CID must be a number
		NAME=batcher|stands there twice
		PCRS=/x|stands there twice
		ENCLAVER_IMAGE=a@sha256:$(printf '%064d' 1)|is for ENCLAVER_IMAGE, and there is an EIF
		PUBLISH=127.0.0.1:1:1|is for ENCLAVER_IMAGE
		DOCKER=podman|there is no key
		KEY=$here/etc/pcr.json|is for STATEMENT
		THRESHOLD=1|is for STATEMENT
		STATEMENT=$here/etc/pcr.json|KEY is missing
		STATEMENT=pcr.json|absolute path
		REGISTRY=espresso-v7:0x00|CHAIN_ID is missing
		MIN_STRENGTH=claimed|is for REGISTRY
		RPC_FILE=/x|is for REGISTRY
		TELL_PORT=8005|TELL_MESSAGE is missing
		TELL_MESSAGE=TERMINATE|TELL_PORT is missing
		TELL_URL=ftp://x|TELL_URL must be
		TELL_COMMAND=/none|is not there
		TELL_COMMAND=$here/etc/pcr.json|cannot be run
		STOP_WAIT=601|STOP_WAIT must be
	END
	[ ! -e pwned ]
	printf 'CID=1\0006\n' | cat guard.conf - >with.conf
	guard 2 run "$here/with.conf"
	says 'a NUL'
	{ cat guard.conf && yes '# long' | head -c 65536; } >with.conf
	guard 2 run "$here/with.conf"
	says 'more than 64 KiB'
	for key in NAME EIF CPUS MEMORY PCRS URL PROFILE; do
		sed "/^$key=/d" guard.conf >with.conf
		guard 2 run "$here/with.conf"
		says 'is missing'
	done
	for name in -batcher .batcher 'a b' a/b "$(printf '%064d' 0)"; do
		sed "s|^NAME=.*|NAME=$name|" guard.conf >with.conf
		guard 2 run "$here/with.conf"
		says 'NAME: '
	done
	for words in '' 'run' 'start a b' 'run a' 'stop' 'stop a b' 'check a'; do
		# shellcheck disable=SC2086
		run "$ec2/enclave-guard" $words
		[ "$status" -eq 2 ]
	done
	[ ! -e standin/calls ]
}

# sign KEY PAYLOAD: a statement with that payload
sign() {
	python3 - "$@" <<'END'
import base64, json, subprocess, sys
kind = "application/vnd.in-toto+json"
payload = open(sys.argv[2], "rb").read()
with open("pae", "wb") as file:
	file.write(b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload))
signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", sys.argv[1], "-in", "pae"],
	check=True, stdout=subprocess.PIPE).stdout
print(json.dumps({"payloadType": kind, "payload": base64.b64encode(payload).decode(),
	"signatures": [{"keyid": "", "sig": base64.b64encode(signature).decode()}]}))
END
}

@test 'a statement: of these registers by this key, and by no other, of no other' {
	for name in alice mallory; do
		openssl genpkey -algorithm ed25519 -out "$name.key" 2>/dev/null
		openssl pkey -in "$name.key" -pubout -out "etc/$name.pem"
	done
	for name in one two; do
		jq -r .payload "$TOP/testvectors/statements/alice.json" | base64 -d |
			jq -c --argjson pcr "$(enclave-verify eif $name.eif --pcr-json)" '(.subject[] | select(.name == "pcrs") | .digest) =
				{"nitro-pcr0": $pcr.PCR0, "nitro-pcr1": $pcr.PCR1, "nitro-pcr2": $pcr.PCR2}' >payload
		sign alice.key payload >"etc/$name.json"
	done
	set_conf "STATEMENT=$here/etc/one.json"
	set_conf "KEY=$here/etc/alice.pem"
	guard 0 check
	says 'builders say so: PASS'
	set_conf "COMMIT=$(printf '%040d' 7)"
	guard 1 run
	says 'statement.commit'
	set_conf COMMIT=
	set_conf "KEY=$here/etc/mallory.pem"
	guard 1 run
	says 'not shown: builders say so'
	nothing_started
	# both must have signed
	echo "KEY=$here/etc/alice.pem" >>guard.conf
	guard 1 run
	says statement-threshold
	set_conf THRESHOLD=1
	guard 0 check
	set_conf "STATEMENT=$here/etc/two.json"
	guard 1 run
	nothing_started
	set_conf "STATEMENT=$here/etc/none.json"
	guard 3 run
	nothing_started
}

@test 'a contract: no server answers' {
	set_conf 'REGISTRY=espresso-v7:0x4826533b4897376654bb4d4ad88b7fafd0c98528'
	set_conf CHAIN_ID=31337
	printf 'http://127.0.0.1:1/\nhttp://localhost:1/\n' >etc/rpc
	set_conf "RPC_FILE=$here/etc/rpc"
	guard 3 run
	says 'not shown: the contract accepts the image'
	nothing_started
	set_conf REGISTRY=nonsense:0x00
	guard 2 run
	nothing_started
}

@test 'a contract: that accepts the image, and that does not' {
	. "$TOP/attest/test/chain.bash"
	chain=$here/chain
	chain_start
	chain_needed
	set_conf "REGISTRY=espresso-v7:$(chain get families.espresso-v7.address)"
	set_conf CHAIN_ID=31337
	url=$(chain get rpc)
	printf '%s\n' "$url" "${url/127.0.0.1/localhost}" >etc/rpc
	set_conf "RPC_FILE=$here/etc/rpc"
	guard 1 run
	says 'not shown: the contract accepts the image'
	says not-registered
	nothing_started
	chain register espresso-v7 "$here/etc/pcr.json"
	chain mine 5
	guard 0 check
	says 'the contract accepts the image: PASS'
}

@test 'what is there to take away fits together' {
	cd "$ec2"
	# the keys of guard.conf are those that there are, all of them
	grep -oE '\b[A-Z][A-Z_]*\b' guard.conf | sort -u >"$here/words"
	sed -n '/^readonly .*_KEYS=/,/'\''$/p' guard-config.sh | grep -oE '\b[A-Z][A-Z_]*\b' | grep -v '_KEYS$' | sort -u >"$here/known"
	[ "$(wc -l <"$here/known")" -gt 40 ]
	comm -23 "$here/known" "$here/words" >"$here/missing"
	cat "$here/missing"
	[ ! -s "$here/missing" ]
	while read -r key; do
		grep -qx "$key" "$here/known"
	done < <(grep -oE '^#?[A-Z_]+=' guard.conf | tr -d '#=')
	# as it stands it is only the files that are missing
	cp guard.conf "$here/guard.conf"
	guard 2 check
	says '/etc/enclavecheck/guard/batcher.pcr.json: is not there'
	# the unit calls what there is, in the folder that it makes
	unit=enclavecheck-guard@.service
	grep -qx 'ExecStart=/usr/local/lib/enclavecheck/enclave-guard run /etc/enclavecheck/guard/%i.conf /var/lib/enclave-guard/%i' $unit
	grep -qx 'ExecStopPost=/usr/local/lib/enclavecheck/enclave-guard stop /var/lib/enclave-guard/%i' $unit
	grep -qx 'StateDirectory=enclave-guard/%i' $unit
	grep -qx 'StateDirectoryMode=0700' $unit
	grep -qx 'KillMode=mixed' $unit
	run grep -E '^(User|DynamicUser)=' $unit
	[ "$status" -eq 1 ]
	# and its README installs it
	for file in enclave-guard guard-config.sh guard.conf enclave-setup; do
		[ -f "$file" ]
		grep -q "^\(install \|ci\).*ec2/$file" "$TOP/ci/ec2/README.md"
	done
}
