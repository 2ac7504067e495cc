#!/usr/bin/env bats
# enclave-rebuild run with real Nix: what must come to the same bytes, and what must not be taken for it.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # variables of helpers.bash, of each test alone, and of Nix
load helpers
load nixhelpers

# mounted SIZE DIR COMMAND...: with an empty file system of that size on the folder DIR.
mounted() {
	unshare -m sh -c 'size=$1 dir=$2; shift 2; mkdir -p "$dir"; mount -t tmpfs -o "size=$size" none "$dir" && exec "$@"' - "$@"
}

# plain: a recipe without an image.
plain() {
	cat >r.json <<-EOF_RECIPE
		{"schema": 1, "name": "batcher", "source": {"repository": "file://$app", "commit": "$commit"},
		 "build": {"attribute": "x86_64-eif", "eif": "batcher.eif"}}
	EOF_RECIPE
}

@test "the same bytes: another store and folder, a shallow clone, the binary committed by hand, with a sandbox or none" {
	bench
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}"
	# a clone elsewhere, with all of its history, and with none of it
	git clone -q "file://$fixture/app" history
	git -C history -c user.name=T -c user.email=t@t.example commit -q --allow-empty -m more
	commit=$(git -C history rev-parse HEAD)
	app=$PWD/history
	recipe
	exits 3 run r.json --out full --store "$PWD/s2" "${options[@]}"
	git clone -q --depth=1 "file://$PWD/history" shallow
	[ "$(git -C shallow rev-list --count HEAD)" = 1 ]
	app=$PWD/shallow
	recipe
	mkdir -p deep/er
	exits 3 run r.json --out deep/er/out --store "$PWD/s3" "${options[@]}"
	exits 3 run r.json --out loose --store "$PWD/s4" --built-binary "$binary" --nix-option sandbox=false
	# staged by hand, and committed: nothing is staged by the run
	git clone -q "file://$fixture/app" committed
	mkdir committed/build-outputs
	install -m 755 "$binary" committed/build-outputs/nitro
	git -C committed add -f build-outputs/nitro
	git -C committed -c user.name=T -c user.email=t@t.example commit -q -m binary
	app=$PWD/committed
	commit=$(git -C committed rev-parse HEAD)
	plain
	exits 0 run r.json --out hand --store "$PWD/s5" --independent --expect-pcr0 "$(jq -r .PCR0 a/pcr.json)"
	prints 'PASS  batcher'
	for out in full deep/er/out loose hand; do
		cmp a/enclave.eif "$out/enclave.eif"
		cmp a/pcr.json "$out/pcr.json"
	done
	# a file that is there in the commit, and another one that is staged in its place
	recipe
	echo other >other
	exits 1 run r.json --out a --store "$PWD/s5" --built-binary "$PWD/other"
	prints '(staged-tracked)'
	# the mode is set by the run, whatever it was
	install -m 600 "$binary" private
	exits 3 run r.json --out a --store "$PWD/s5" --built-binary "$PWD/private"
	cmp a/enclave.eif hand/enclave.eif
}

@test "what cannot be built as it stands in the commit: each with its own reason" {
	bench
	plain
	exits 1 run r.json --out a --store "$PWD/s1"
	prints 'build.completed      FAIL'
	prints '(not-staged)'
	prints 'eif.form             skip  needs build.completed'
	[ ! -e a/enclave.eif ] && [ ! -e a/pcr.json ]
	# a lock file that does not fit, and none; git's index and the lock stay as they were
	fork stale 's|/nixpkgs"|/cases"|'
	exits 1 run r.json --out a --store "$PWD/s1" "${options[@]}"
	prints '(lock-stale)'
	git -C stale rm -q flake.lock
	fork stale
	exits 1 run r.json --out a --store "$PWD/s1" "${options[@]}"
	prints 'source.pins          FAIL'
	[ ! -e a/stages/source/flake.lock ]
	# an input whose tree has not the hash of the lock
	fork wrong
	sed -i '0,/"narHash": "sha256-..../s//"narHash": "sha256-AAAA/' wrong/flake.lock
	fork wrong
	exits 1 run r.json --out a --store "$PWD/s2" "${options[@]}"
	prints '(input-mismatch)'
	# a builder that fails, and the result of an earlier run, which must not be taken for this one's
	recipe
	app=$fixture/app
	commit=$(git -C "$app" rev-parse HEAD)
	recipe
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}"
	[ -e a/enclave.eif ]
	fork broken 's|mkdir -p $out/bin|exit 7|'
	exits 1 run r.json --out a --store "$PWD/s1" "${options[@]}"
	prints '(builder-failed)'
	[ "$(jq -r '.pcr0 + .enclave_hash' a/build-info.json)" = '' ]
	[ ! -e a/enclave.eif ] && [ ! -e a/pcr.json ]
}

@test "a full disk: no verdict, nothing half done, and the same bytes once there is room" {
	bench
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}"
	for size in 100k 2m 4m; do
		status=0
		mounted "$size" "$PWD/small" "$rebuild" run r.json --out b --store "$PWD/small/nix" "${options[@]}" >text || status=$?
		[ "$status" = 3 ]
		grep -q 'build.completed      error.*(disk-full)' text
		[ ! -e b/enclave.eif ] && [ ! -e b/pcr.json ] && [ ! -e b/statement.json ]
	done
	# while it is built
	fork large 's|mkdir -p $out/bin|dd if=/dev/zero of=$out.x bs=1048576 count=64; &|'
	status=0
	mounted 40m "$PWD/small" "$rebuild" run r.json --out b --store "$PWD/small/nix" "${options[@]}" >text || status=$?
	[ "$status" = 3 ]
	grep -q '(disk-full)' text
	# of the results
	app=$fixture/app
	commit=$(git -C "$app" rev-parse HEAD)
	recipe
	options+=(--expect-pcr0 "$(jq -r .PCR0 a/pcr.json)")
	# at several moments, up to a run that goes well
	last=3
	for size in 16k 96k 128k 140k 152k 164k 176k 40m; do
		status=0
		mounted "$size" "$PWD/small" sh -c '"$0" "$@" 2>err; status=$?; find small/out -maxdepth 1 >left; exit $status' \
			"$rebuild" run r.json --out "$PWD/small/out" --store "$PWD/s2" "${options[@]}" >text || status=$?
		[ "$status" = 0 ] || { [ "$status" = 3 ] && grep -q 'No space left\|disk-full' err text; }
		[ "$status" = 0 ] || ! grep -q PASS text
		! grep '\.json\..\|eif\..\|html\..' left || false
		last=$status
	done
	[ "$last" = 0 ]
	exits 0 run r.json --out b --store "$PWD/s3" "${options[@]}"
	cmp a/enclave.eif b/enclave.eif
}

@test "killed in each stage, and run again: the same bytes" {
	bench
	digest=$(python3 "$TOP/rebuild/test/layout.py" image "$binary")
	options=(--cache cache --image "oci:image@$digest" --independent)
	exits 3 run r.json --out a --store "$PWD/s1" "${options[@]}"
	py "$rebuild" run r.json --out b --store "$PWD/s2" "${options[@]}" <<'END'
import signal, time

def killed(stage, delay):
	child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
	for line in child.stderr:
		if line.startswith(b"enclave-rebuild: " + stage):
			time.sleep(delay)
			child.send_signal(signal.SIGKILL)
	child.stderr.close()
	return child.wait() == -signal.SIGKILL

times = 0
for stage in (b"source:", b"image:", b"stage:", b"build: nix", b"build: 3 of", b"build: 8 of", b"collect:", b"measure:"):
	for delay in (0, 0.004, 0.03):
		times += killed(stage, delay)
if times < 12:
	wrong("killed only %d times" % times)
END
	exits 3 run r.json --out b --store "$PWD/s2" "${options[@]}"
	prints 'build.independent    ok'
	cmp a/enclave.eif b/enclave.eif
	cmp a/pcr.json b/pcr.json
	# nothing is left of those that were killed
	diff <(cd a && echo .* ./* stages/*) <(cd b && echo .* ./* stages/*)
}

# pulls DIGEST...: the app takes images of these digests itself, as dockerTools.pullImage does.
pulls() {
	local digest images='' n=0
	for digest; do
		n=$((n + 1))
		images="$images \${pkgs.runCommand \"image-$n\" { imageName = \"x\"; imageDigest = \"$digest\"; outputHashMode = \"flat\"; outputHashAlgo = \"sha256\"; outputHash = builtins.hashString \"sha256\" \"$n\\\\n\"; } \"echo $n >\$out\"}"
	done
	git -C pulling checkout -q "$start" -- flake.nix
	sed -i "s|cp \${./entrypoint.sh}|cat $images >\$out/images; &|" pulling/flake.nix
	git -C pulling -c user.name=T -c user.email=t@t.example commit -q -a --allow-empty -m pulling
	commit=$(git -C pulling rev-parse HEAD)
	cat >r.json <<-EOF_RECIPE
		{"schema": 1, "name": "batcher", "source": {"repository": "file://$app", "commit": "$commit"},
		 "image": {"reference": "oci:$PWD/image@$wanted", "platform": "linux/amd64"},
		 "build": {"attribute": "x86_64-eif", "eif": "batcher.eif"}}
	EOF_RECIPE
}

# judged TEXT: the first line of a run that expects what comes out.
judged() {
	exits 3 run r.json --out a "${options[@]}"
	exits 0 run r.json --out a "${options[@]}" --expect-pcr0 "$(jq -r .PCR0 a/pcr.json)"
	prints "$1"
}

@test "an image that the flake takes itself is the recipe's only if it takes no other" {
	bench
	wanted=$(python3 "$TOP/rebuild/test/layout.py" image "$binary")
	git clone -q "file://$fixture/app" pulling
	mkdir pulling/build-outputs
	install -m 755 "$binary" pulling/build-outputs/nitro
	git -C pulling add -f build-outputs/nitro
	git -C pulling -c user.name=T -c user.email=t@t.example commit -q -m binary
	start=$(git -C pulling rev-parse HEAD)
	app=$PWD/pulling
	other=sha256:$(printf '%064d' 7)
	options=(--cache cache --store "$PWD/s1")
	pulls "$wanted"
	judged 'PASS  batcher'
	prints "which is the one that the flake takes"
	for row in "$other" "$wanted $other" "$other $wanted" "$wanted $other $wanted"; do
		# shellcheck disable=SC2086 # several words
		pulls $row
		exits 1 run r.json --out a "${options[@]}" --expect-pcr0 "$(printf '%096d' 1)"
		prints 'image.digest         FAIL'
		prints '(image-not-used)'
	done
	pulls "$wanted" "$wanted"
	exits 3 run r.json --out a "${options[@]}"
	prints "which is the one that the flake takes"
	# none: nothing is shown
	pulls
	judged 'PASS (image not shown to be in the EIF)  batcher'
}
