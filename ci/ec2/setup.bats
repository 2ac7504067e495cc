#!/usr/bin/env bats
# enclave-setup, with stand-ins for what it calls: they only tell that they were called.
# shellcheck disable=SC2016,SC2154,SC2164 # words for another shell; variables of bats, which stops where cd fails
bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir bin
	for name in dnf systemctl usermod; do
		printf '#!/bin/sh\necho "%s $*" >>%s/calls\n[ ! -e %s/fails ] || exit 1\n' "$name" "$PWD" "$PWD" >bin/$name
	done
	# nothing is enabled, active or failed, but for what the file state says
	cat >bin/systemctl <<-'END'
		#!/bin/sh
		here=${0%/*}/..
		case $1 in
		is-*) grep -qx "$1 $3" "$here/state" ;;
		*) echo "systemctl $*" >>"$here/calls" && [ ! -e "$here/fails" ] ;;
		esac
	END
	printf '#!/bin/sh\ncat "%s/described"\n' "$PWD" >bin/nitro-cli
	for name in socat docker; do
		printf '#!/bin/sh\n' >bin/$name
	done
	printf '#!/bin/sh\ncase $1 in\n-nG) echo users wheel ;;\n*) [ "$2" = ec2-user ] ;;\nesac\n' >bin/id
	chmod 755 bin/*
	echo '[]' >described
	: >state
	: >calls
	cat >allocator.yaml <<-'END'
		---
		# Enclave configuration file.
		memory_mib: 512
		# cpu_count: 7 is a comment
		cpu_count: 2
		# cpu_pool: 2,3,6-9
		# - memory_mib: 512
		other_key: kept
	END
	cat >enclaver.yaml <<-'END'
		version: v1
		name: "batcher"
		target: "enclaver-batcher:latest"
		sources:
		  app: "node:latest"
		defaults:
		  memory_mb: 8192
		  cpu_count: 4
		egress:
		  allow:
		    - "*"
		ingress:
		- listen_port: 8080
	END
	PATH=$PWD/bin:$PATH
}

# ready STATUS ARG...
ready() {
	local want=$1
	shift
	run --separate-stderr "$TOP/ci/ec2/enclave-setup" --allocator "$PWD/allocator.yaml" "$@"
	echo "enclave-setup $*: $status, wanted $want: $output; $stderr"
	cat calls
	[ "$status" -eq "$want" ]
}

# only_tools: the folder tools, without anything of AWS that this machine may have
only_tools() {
	mkdir tools
	for name in bash awk cat cmp cp env grep head jq mktemp mv python3 rm stat sync tr wc; do
		ln -s "$(command -v $name)" tools/
	done
}

@test 'what an enclaver.yaml asks for is set aside, and then nothing more is done' {
	chmod 640 allocator.yaml
	sed 's/^memory_mib:.*/memory_mib: 8192/; s/^cpu_count:.*/cpu_count: 4/' allocator.yaml >wanted
	ready 0 enclaver.yaml
	diff allocator.yaml wanted
	[ "$(stat -c %a allocator.yaml)" = 640 ]
	[ "$(cat calls)" = 'systemctl enable nitro-enclaves-allocator.service
systemctl restart nitro-enclaves-allocator.service' ]
	echo 'is-enabled nitro-enclaves-allocator.service' >state
	: >calls
	inode=$(stat -c %i allocator.yaml)
	ready 0 enclaver.yaml
	[[ $output == *'as it must'* ]]
	[ ! -s calls ]
	[ "$(stat -c %i allocator.yaml)" = "$inode" ]
	# one that failed is tried again
	echo 'is-failed nitro-enclaves-allocator.service' >>state
	ready 0 enclaver.yaml
	[ "$(cat calls)" = 'systemctl restart nitro-enclaves-allocator.service' ]
	[ "$(find . -name 'allocator.yaml*' | wc -l)" -eq 1 ]
}

@test 'a dry run changes nothing' {
	cp allocator.yaml before
	rm bin/socat
	only_tools
	PATH=$PWD/bin:$PWD/tools ready 0 --dry-run --docker --user ec2-user enclaver.yaml
	cmp allocator.yaml before
	[ ! -s calls ]
	for text in 'dnf install -y socat' 'cpu_count: 4 and memory_mib: 8192' 'systemctl enable nitro-enclaves-allocator' \
		'systemctl restart nitro-enclaves-allocator' 'systemctl enable docker' 'usermod -a -G ne ec2-user'; do
		[[ $output == *"$text"* ]]
	done
	rm allocator.yaml
	PATH=$PWD/bin:$PWD/tools ready 0 --dry-run enclaver.yaml
	[[ $output == *'is not there yet'* ]]
	# with nothing to install by
	rm bin/dnf
	PATH=$PWD/bin:$PWD/tools ready 3 enclaver.yaml
	[[ $stderr == *'socat: missing, and there is no dnf'* ]]
}

@test 'packages, docker and the group' {
	rm bin/docker bin/nitro-cli
	only_tools
	PATH=$PWD/bin:$PWD/tools ready 0 --docker --user ec2-user enclaver.yaml
	[ "$(cat calls)" = 'dnf install -y aws-nitro-enclaves-cli docker
systemctl enable nitro-enclaves-allocator.service
systemctl restart nitro-enclaves-allocator.service
systemctl enable docker.service
systemctl start docker.service
usermod -a -G ne ec2-user' ]
	ready 2 --user nobody-here enclaver.yaml
	ready 2 --user 'a;b' enclaver.yaml
	ready 2 --user
	ready 2 --users x enclaver.yaml
	ready 2
}

@test 'several files: what they need together; none of a number: what enclaver takes' {
	printf 'version: v1\nname: x\n' >small.yaml
	ready 0 enclaver.yaml small.yaml
	grep -qx 'cpu_count: 6' allocator.yaml
	grep -qx 'memory_mib: 12288' allocator.yaml
	printf -- '--- # first\n\nversion: "v1"\ndefaults: # of the machine\n   # a comment\n   cpu_count: 8 # more\n\napi:\n  listen_port: 1\n' >small.yaml
	ready 0 small.yaml
	grep -qx 'cpu_count: 8' allocator.yaml
	grep -qx 'memory_mib: 4096' allocator.yaml
	printf '# nothing\n' >allocator.yaml
	ready 0 small.yaml
	[ "$(cat allocator.yaml)" = '# nothing
memory_mib: 4096
cpu_count: 8' ]
}

@test 'an enclaver.yaml that can be read in two ways, or not at all' {
	cp allocator.yaml before
	while IFS='|' read -r text what; do
		printf '%b' "$text" >odd.yaml
		ready 2 odd.yaml
		[[ $stderr == *"odd.yaml: "*"$what"* ]]
	done <<-'END'
		name: x\n|has no version
		version: v2\n|not version v1
		version: v1 v1\n|not version v1
		version: v1\ndefault:\n  cpu_count: 4\n|is no key
		version: v1\nDefaults:\n  cpu_count: 4\n|neither a key
		version: v1\n"defaults":\n  cpu_count: 4\n|neither a key
		version: v1\n? defaults\n: cpu_count: 4\n|neither a key
		version: v1\n<<: *base\n|neither a key
		version: v1\n%YAML 1.2\n|neither a key
		version: v1\n---\nversion: v1\n|neither a key
		version: v1\n...\n|neither a key
		version: v1\ndefaults: {cpu_count: 4}\n|on lines of its own
		version: v1\ndefaults: &a\n  cpu_count: 4\n|on lines of its own
		version: v1\ndefaults: null\n|on lines of its own
		version: v1\ndefaults:\n- cpu_count: 4\n|neither a key
		version: v1\ndefaults:\n  cpu_count: 4\n  cpu_count: 2\n|cpu_count stands there twice
		version: v1\ndefaults:\n  cpu_count: 4\ndefaults:\n  cpu_count: 2\n|defaults stands there twice
		version: v1\ndefaults:\n  cpu_count: 4\n   memory_mb: 2\n|indented otherwise
		version: v1\ndefaults:\n  cpu_count: four\n|whole number
		version: v1\ndefaults:\n  cpu_count: "4"\n|whole number
		version: v1\ndefaults:\n  cpu_count: 0\n|whole number
		version: v1\ndefaults:\n  cpu_count: 04\n|whole number
		version: v1\ndefaults:\n  cpu_count: -4\n|whole number
		version: v1\ndefaults:\n  cpu_count: 4.0\n|whole number
		version: v1\ndefaults:\n  cpu_count: 0x4\n|whole number
		version: v1\ndefaults:\n  cpu_count: 1_000\n|whole number
		version: v1\ndefaults:\n  cpu_count: 4#4\n|whole number
		version: v1\ndefaults:\n  cpu_count: $(id)\n|whole number
		version: v1\ndefaults:\n  cpu_count:\n    4\n|whole number
		version: v1\ndefaults:\n  cpus: 4\n|whole number
		version: v1\ndefaults:\n  cpu_count: 1025\n|at most 1024
		version: v1\ndefaults:\n  memory_mb: 63\n|64 to
		version: v1\ndefaults:\n  memory_mb: 99999999999999999999\n|too large
		version: v1\ndefaults:\n\tcpu_count: 4\n|a tab
		version: v1\r\ndefaults:\r\n  cpu_count: 4\r\n|carriage return
		version: v1\n\0|a NUL
		  version: v1\n|under nothing
	END
	ready 2 none.yaml
	ready 2 .
	{ cat enclaver.yaml && yes '# long' | head -c 1048576; } >odd.yaml
	ready 2 odd.yaml
	# one that is good does not save the other
	printf 'version: v2\n' >odd.yaml
	ready 2 enclaver.yaml odd.yaml
	cmp allocator.yaml before
	[ ! -s calls ]
}

@test 'an allocator.yaml in which somebody chose CPUs, that is a link, or is not there' {
	cp allocator.yaml before
	for line in 'cpu_pool: 2,3' '- memory_mib: 512' '  - memory_mib: 512' 'cpu_count: 8'; do
		{ cat before && echo "$line"; } >allocator.yaml
		cp allocator.yaml odd
		ready 2 enclaver.yaml
		cmp allocator.yaml odd
	done
	mv before real && ln -sf real allocator.yaml
	ready 3 enclaver.yaml
	rm allocator.yaml
	ready 3 enclaver.yaml
	[ ! -s calls ]
}

@test 'enclaves that run are left what they have' {
	cp allocator.yaml before
	for text in '[{"EnclaveID": "i-1-enc1"}]' '' '{}' 'no enclaves' '[] []'; do
		echo "$text" >described
		ready 3 enclaver.yaml
		cmp allocator.yaml before
	done
	[ ! -s calls ]
	# nothing has to change: nobody is asked
	sed -i 's/8192/512/; s/cpu_count: 4/cpu_count: 2/' enclaver.yaml
	ready 0 enclaver.yaml
}

@test 'what fails is said' {
	: >fails
	ready 3 enclaver.yaml
	[[ $stderr == *'failed: systemctl enable'* ]]
}
