#!/usr/bin/env bats
# enclave-rebuild run with real Nix: what is built beside the image, what is checked twice, what a later run goes by.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # variables of helpers.bash, of each test alone, and of Nix
load helpers
load nixhelpers

# info FILTER: of a/build-info.json, by jq.
info() {
	jq -r "$1" a/build-info.json
}

@test "further outputs: built, copied, and no part of the verdict on the image" {
	bench
	recipe '' '' ', "also": ["enclaver"]'
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}"
	prints 'build.completed      ok'
	prints 'further outputs (build.also) were built here'
	[ -x a/enclaver ]
	[ "$(cat a/enclaver)" = '#!/bin/sh' ]
	[ "$(info '.also[0] | .attribute, .file, .sha256, .executable, .reason' | tr '\n' ' ')" = \
		"enclaver enclaver $(sha256sum <a/enclaver | cut -c 1-64) true null " ]
	[[ $(info '.also[0].drv') == /nix/store/*-enclaver.drv ]]
	[[ $(info '.also[0].nar_hash') == sha256-* ]]
	pcr0=$(jq -r .PCR0 a/pcr.json)
	# one that is a file, and one of a longer name
	fork forked 's|enclaver = nix.*|&\n        tool = pkgs.runCommand "tool" { } "echo tool >$out";\n        sub.tool2 = pkgs.runCommand "t" { } "mkdir -p $out/bin; echo two >$out/bin/tool2";|'
	recipe '' '' ', "also": ["tool", "packages.x86_64-linux.sub.tool2"]'
	exits 0 run r.json --out a --store "$PWD/s1" "${options[@]}" --expect-pcr0 "$pcr0"
	[ "$(cat a/tool a/tool2)" = $'tool\ntwo' ]
	[ ! -x a/tool ]
	# one that fails: said, with the registers of the image still judged; what was there is gone
	fork forked 's|tool = .*|tool = pkgs.runCommand "tool" { } "exit 3";|'
	recipe '' '' ', "also": ["tool", "packages.x86_64-linux.sub.tool2"]'
	exits 1 run r.json --out a --store "$PWD/s1" "${options[@]}" --expect-pcr0 "$pcr0"
	prints 'FAIL  batcher: build.completed'
	prints 'the image was built, but not tool (build.also), which is no part of it: a builder failed'
	prints '(builder-failed)'
	prints 'pcr0.match           ok'
	[ ! -e a/tool ] && [ -e a/tool2 ]
	[ "$(info '.also[0].reason, .also[1].reason' | tr '\n' ' ')" = 'builder-failed null ' ]
	recipe '' '' ', "also": ["none"]'
	exits 1 run r.json --out a --store "$PWD/s1" "${options[@]}" --expect-pcr0 "$pcr0"
	prints '(no-such-attribute)'
	# a directory without a program of that name
	recipe '' '' ', "also": ["rootfs"]'
	exits 1 run r.json --out a --store "$PWD/s1" "${options[@]}" --expect-pcr0 "$pcr0"
	prints '(collect)'
	# names that are taken
	recipe '' '' ', "also": ["enclaver", "packages.x86_64-linux.enclaver"]'
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}" --expect-pcr0 "$pcr0"
	prints '(file-exists)'
	[ -e a/enclaver ]
}

@test "not the same twice: named, kept where Nix keeps it, and no pass, also the next time" {
	bench
	fork flaky 's|cp ${nitroBinary}|cat /proc/sys/kernel/random/uuid >$out/id; &|'
	exits 3 run r.json --out a --store "$PWD/s1" --built-binary "$binary"
	pcr0=$(jq -r .PCR0 a/pcr.json)
	options+=(--nix-option keep-failed=true)
	exits 1 run r.json --out a --store "$PWD/s1" "${options[@]}" --expect-pcr0 "$pcr0"
	prints 'build.independent    FAIL  a second build gave something else: 1 of'
	prints '(not-deterministic)'
	prints 'Not shown to be the same when built again:'
	prints '-nitro-app.drv'
	prints 'the other result: the same path and .check'
	prints 'pcr0.match           ok'
	[ "$(info '.nix.independence | .result, .differs' | tr '\n' ' ')" = 'not-deterministic 1 ' ]
	[[ $(info '.nix.differs[0].drv') == *-nitro-app.drv ]]
	[[ $(info '.nix.differs[0].outputs[0].other') == *-nitro-app.check ]]
	[ -e "s1$(info '.nix.differs[0].outputs[0].other')" ]
	jq -e '.build_info.nix.differs | length == 1' a/report.json >/dev/null
	# luck does not make it good
	exits 1 run r.json --out a --store "$PWD/s1" "${options[@]}" --expect-pcr0 "$pcr0"
	prints '(checked by a run that ended 20'
	prints '-nitro-app.drv'
	# in an empty store everything was built here once
	exits 3 run r.json --out b --store "$PWD/s2" "${options[@]}"
	prints 'build.independent    ok'
}

@test "what a run goes by: the same build, of which everything still has its hash" {
	bench
	local said='(checked by a run that ended 20'
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}"
	cp -r a/stages kept
	again() {
		exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}"
		prints 'build.independent    ok'
	}
	again
	prints "$said"
	prints 'paths were hashed again now)'
	[ "$(info .nix.independence.checked_before)" != null ]
	cmp a/stages/build.json kept/build.json
	# whatever is changed of the record: checked anew, and noted anew
	local change
	for change in 's/^built/again/' 's/sha256-./sha256-x/' '$d' '1d' 's/^again //' 's/^again/fixed/' \
		's/^again/differs:00000001/' '2{p}' 's/$/ /' 's/^/x/'; do
		sed -i "$change" a/stages/closure.txt
		again
		[[ $out != *"$said"* ]]
		again
		prints "$said"
	done
	rm a/stages/closure.txt
	again
	[[ $out != *"$said"* ]]
	mkfifo pipe
	rm a/stages/closure.txt
	ln -s ../../pipe a/stages/closure.txt
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}"
	rm -f a/stages/closure.txt
	again
	# another setting, another binary, another commit: another build
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}" --nix-option cores=1
	[[ $out != *"$said"* ]]
	again
	[[ $out != *"$said"* ]]
	fork other 's|description = .*|description = "other";|'
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}"
	[[ $out != *"$said"* ]]
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}"
	prints "$said"
	echo other >binary
	chmod 755 binary
	exits 3 run r.json --out a --store "$PWD/s1" --independent --built-binary "$PWD/binary"
	[[ $out != *"$said"* ]]
	# states of another build beside it
	rm -rf a/stages
	cp -r kept a/stages
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}"
	[[ $out != *"$said"* ]]
}

@test "settings of Nix: listed, those that --independent refuses by name, no tokens" {
	bench
	export NIX_CONFIG='access-tokens = github.com=SECRET
		sandbox = false # so that it stands in NIX_CONFIG'
	exits 3 run r.json --out a --store "$PWD/s1" --built-binary "$binary" --nix-option cores=1 \
		--nix-option substitute=true
	prints 'Nix was given settings that --independent refuses: substitute, sandbox.'
	[ "$(info '.nix.settings | map(.from + " " + .name + "=" + (.value // "?")) | join(",")')" = \
		"--store store=$PWD/s1,--nix-option cores=1,--nix-option substitute=true,NIX_CONFIG access-tokens=?,NIX_CONFIG sandbox=false" ]
	! grep -q SECRET -r a --include='*.json' --include='*.html' || false
	refuses '(nix-option)' run r.json --out c "${options[@]}"
}

@test "how far Nix is: a bar on a terminal, else a line for each tenth" {
	bench
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}"
	complains 'build: 1 of 9 derivations built'
	complains 'build: 9 of 9 derivations built'
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}" --from build -q
	[[ $err != *'derivations built'* ]]
	needs_terminals
	# what is done within half a second has no bar
	fork slow 's|cp ${nitroBinary}|sleep 1; &|'
	py "$rebuild" run r.json --out a --store "$PWD/s1" "${options[@]}" <<'END'
import pty

mine, theirs = pty.openpty()
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=open("said", "wb"), stderr=theirs,
	env={**os.environ, "TERM": "xterm"})
os.close(theirs)
said = b""
try:
	while True:
		said += os.read(mine, 4096)
except OSError: # closed
	pass
if child.wait() != 3:
	wrong("exit %d" % child.returncode)
bars = re.findall(rb"\r\[#*\.*\]  (\d) of 9 built again  \d s", said)
if not bars or bars != sorted(bars) or b"\r\x1b[Kenclave-rebuild: collect" not in said:
	wrong("%r\n%s" % (said, open("said").read()))
END
}

@test "a path in the store that is not what it was is found, whoever changed it" {
	bench
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}"
	local drv
	drv=$(echo s1/nix/store/*-nitro-app)
	chmod u+w "$drv/bin/nitro"
	echo more >>"$drv/bin/nitro"
	exits 1 run r.json --out a --store "$PWD/s1" "${options[@]}"
	prints 'build.independent    FAIL'
	prints '(store-modified)'
	# and checked anew no less
	exits 1 run r.json --out a --store "$PWD/s1" "${options[@]}" --from build
	prints '(store-modified)'
	# the quick way looks at the image
	exits 3 run r.json --out b --store "$PWD/s1" --built-binary "$binary"
	drv=s1$(jq -r .nix.out b/build-info.json)
	chmod u+w "$drv" "$drv/batcher.eif"
	echo more >>"$drv/batcher.eif"
	exits 1 run r.json --out b --store "$PWD/s1" --built-binary "$binary"
	prints 'build.completed      FAIL'
	prints '(store-modified)'
}

@test "inputs: a revision is believed only where it was seen to have its hash" {
	bench
	# an empty store, and a used one
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}"
	[ "$(info '[.inputs[].checked] | unique | tostring')" = '[true]' ]
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}" --from build
	[ "$(info '[.inputs[].checked] | unique | tostring')" = '[true]' ]
	[ ! -e a/stages/inputs ]
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}"
	[ "$(info '[.inputs[].checked] | unique | tostring')" = '[true]' ]
	exits 3 run r.json --out a --store "$PWD/s1" --built-binary "$binary"
	[ "$(info '[.inputs[].checked] | unique | tostring')" = '[false]' ]
	# a revision that there is not, with a hash that the store has: Nix builds, and nothing was shown
	git clone -q "file://$app" decorated
	sed -i '0,/"rev": "..../s//"rev": "0000/' decorated/flake.lock
	fork decorated
	exits 3 run r.json --out a --store "$PWD/s1" --built-binary "$binary"
	prints 'build.completed      ok'
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}" --expect-pcr0 "$(jq -r .PCR0 a/pcr.json)"
	prints 'build.independent    error'
	prints '(input-unavailable)'
	prints 'its revisions were not shown to have their hashes'
	[ "$(info '[.inputs[].checked] | unique | tostring')" = '[false]' ]
	# another revision of the same repository with the hash of this one
	git -C "$fixture/nixpkgs" -c user.name=T -c user.email=t@t.example commit -q --allow-empty -m other
	echo more >"$fixture/nixpkgs/more"
	git -C "$fixture/nixpkgs" add more
	git -C "$fixture/nixpkgs" -c user.name=T -c user.email=t@t.example commit -q -m more
	other=$(git -C "$fixture/nixpkgs" rev-parse HEAD)
	git -C "$fixture/nixpkgs" branch -f keep
	git clone -q "file://$fixture/app" swapped
	python3 - "$other" <<-'END'
		import json, sys
		lock = json.load(open("swapped/flake.lock"))
		for node in lock["nodes"].values():
		    if "locked" in node and node["locked"]["url"].endswith("/nixpkgs"):
		        node["locked"]["rev"] = sys.argv[1]
		json.dump(lock, open("swapped/flake.lock", "w"), indent=2)
	END
	fork swapped
	exits 1 run r.json --out a --store "$PWD/s1" "${options[@]}"
	prints 'build.independent    FAIL'
	prints '(input-mismatch)'
}

@test "what evaluation imports from a used store is nobody's word" {
	bench
	fork imports 's|x86_64-eif = .*|x86_64-eif = builtins.seq (builtins.readFile "${app}/bin/entrypoint") (image "x86_64").eif;|'
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}"
	prints 'build.independent    ok'
	# of the same build it is known that all was built here
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}"
	prints 'build.independent    ok'
	exits 3 run r.json --out b --store "$PWD/s1" "${options[@]}" --expect-pcr0 "$(jq -r .PCR0 a/pcr.json)"
	prints 'build.independent    error'
	prints '(evaluation-imports)'
	prints 'pcr0.match           ok'
	# the quick way does not ask
	exits 0 run r.json --out b --store "$PWD/s1" --built-binary "$binary" --expect-pcr0 "$(jq -r .PCR0 a/pcr.json)"
}
