#!/usr/bin/env bats
# enclave-rebuild run and plan with container images: real ones of a real registry behind a front that does wrong, of
# folders and of archives, good and hostile, to the file that is taken out of them.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # texts to be run, variables of helpers.bash, and of each test alone
load helpers

setup_file() {
	local top=$BATS_FILE_TMPDIR
	mkdir "$top/registry" "$top/hostile"
	mkfifo "$top/stop"
	python3 -W ignore "$TOP/rebuild/test/registry.py" "$top/registry" <"$top/stop" >"$top/values" 2>"$top/err" 3>&- &
	# they end with the last who could write here
	exec 8>"$top/stop"
	python3 "$TOP/rebuild/test/hostile.py" "$top/hostile"
	git init -q "$top/repo"
	echo '{ outputs = _: { }; }' >"$top/repo/flake.nix"
	echo '{"nodes":{"root":{}},"root":"root","version":7}' >"$top/repo/flake.lock"
	git -C "$top/repo" add -A
	git -C "$top/repo" -c user.name=T -c user.email=t@t.example commit -q -m one
	for _ in $(seq 200); do
		grep -q '^ready$' "$top/values" && return
		sleep 0.1
	done
	cat "$top/err"
	return 1
}

teardown_file() {
	exec 8>&-
	wait
}

# value NAME: what registry.py printed
value() {
	sed -n "s/^$1 //p" "$BATS_FILE_TMPDIR/values"
}

# at NAME REST: a reference to what the front has
at() {
	printf '127.0.0.1:%s/%s%s' "$(value front)" "$1" "$2"
}

# recipe REFERENCE [PATH [PLATFORM]]: r.json
recipe() {
	cat >r.json <<-EOF_RECIPE
		{"schema": 1, "name": "batcher",
		 "source": {"repository": "file://$BATS_FILE_TMPDIR/repo", "commit": "$(git -C "$BATS_FILE_TMPDIR/repo" rev-parse HEAD)"},
		 "image": {"reference": "$1", "platform": "${3:-linux/amd64}",
		           "files": [{"path": "${2:-/usr/local/bin/nitro}", "stage": "build-outputs/nitro"}]},
		 "build": {"attribute": "x86_64-eif", "eif": "batcher.eif"}}
	EOF_RECIPE
}

# fetches STATUS CACHE [ARG...]: the stages up to the image, with results in o
fetches() {
	local wanted=$1 cache=$2
	shift 2
	exits "$wanted" run r.json --out o --cache "$cache" --until image "$@"
}

# binary FILE: it is the one of the images, and may be run
binary() {
	[ "$(sha256sum <"$1")" = "$(value binary)  -" ] && [ "$(stat -c %a "$1")" = 755 ]
}

# tidy CACHE: nothing but blobs that are what they are named, and parts
tidy() {
	local file
	! find "$1" -type f | grep -vE '/blobs/sha256/(..)/\1[0-9a-f]{62}(\.part)?$' || return
	find "$1" -type f ! -name '*.part' | while read -r file; do
		[ "$(sha256sum <"$file")" = "${file##*/}  -" ] || return
	done
}

# Which reasons say something of the image, by what the manual says of exit statuses: 1, otherwise 3.
status_of() {
	case $1 in
	ok) echo 0 ;;
	http-* | json-* | oci-denied | oci-not-found | oci-rate | oci-status | oci-challenge | oci-basic | oci-realm | \
		oci-token | oci-layout | oci-blob-absent | file-unreadable) echo 3 ;;
	oci-tag) echo 2 ;;
	*) echo 1 ;;
	esac
}

# expects REASON ROW: of the run that was made
expects() {
	case $1 in
	ok) [ "$(stat -c %a o/stages/files/0)" = 755 ] || report "$2: no file" ;;
	oci-tag) complains '(recipe-not-pinned)' || report "$2" ;;
	file-unreadable) complains "($1)" || report "$2" ;;
	*) prints "($1)" || report "$2" ;;
	esac
	[ "$1" = ok ] || [ -z "$(find o/stages/files -type f 2>/dev/null)" ] || report "$2: a file is left"
}

# rows TABLE NAME...: of the rows of a table those with these names, which all are there
rows() {
	local table=$1
	shift
	printf '%s\n' "$@" >"$tmp/names"
	awk -F '\t' 'FNR == NR { wanted[$0]; next } $1 in wanted' "$tmp/names" "$table" >"$tmp/rows"
	[ "$(wc -l <"$tmp/rows")" = $# ]
}

# Every row of both tables is tried in test_oci and test_layer: these are what somebody would meet.
@test "faults of registries, folders and archives: its reason and status, nothing left" {
	own=$PWD
	cd "$BATS_FILE_TMPDIR/registry"
	: >log
	rows cases.tsv 'registry, nitro/node' 'layout, zstd' 'layout, whiteout' 'layout, no such platform' 'archive, its ID' \
		'archive, another ID' 'archive, another layer' 'archive, cut off' 'layout, another tag' \
		'diff_id of another layer' 'layer with a wrong CRC' 'layer gone' 'layer a folder' 'layer, size' \
		'two for one platform' "a manifest's size" 'a larger one' 'no JSON' 'registry, nobody there' \
		'registry, another repository' 'registry, fault/'{badblob,trunc,short,long,loop,outside,429,schema1,basic,realm} \
		'registry, fault/'{scope,notype,badmanifest,largemanifest,expired,truncfirst,tokenjson}
	n=0
	while IFS=$'\t' read -r row reference platform fetch read path take; do
		reason=$fetch
		[ "$reason" != ok ] || reason=$read
		[ "$reason" != ok ] || reason=$take
		n=$((n + 1))
		(cd "$own" && recipe "$reference" "$path" "$platform")
		cp "$own/r.json" .
		rm -rf o
		fetches "$(status_of "$reason")" "$own/c$n" || report "$row"
		expects "$reason" "$row"
		[ ! -e "$own/c$n" ] || tidy "$own/c$n" || report "$row: the cache"
	done <"$tmp/rows"
	# no token went to the host of the blobs
	grep -q '^token' log
	[ "$(grep -c '^leak' log)" = 0 ]
}

@test "layers that are hostile: each rule, to the file or the reason" {
	own=$PWD
	cd "$BATS_FILE_TMPDIR/hostile"
	rows images.tsv zstd 'gzip, two members' 'pax, a long name' 'pax, sparse 1.0' 'GNU, sparse' 'named /f' .. '.. within' \
		'an escape' '4097 bytes' whiteout 'whiteout of what this layer has below' opaque 'whiteout .wh.' \
		'whiteout .wh..' 'whiteout .wh...' 'whiteout .wh.d/x' 'opaque, a directory' 'directory over link' \
		'file over directory' 'directory over file' twice 'below a link of its own' 'below a device' \
		'hard link to nothing' 'hard link to what is whited out' '40 links' '41 links' 'a loop' 'out at the top' \
		dangling character block fifo 'a directory' 'another diff_id' 'gzip, its CRC' 'gzip, cut short' \
		'zstd, its checksum' 'no tar' 'cut within a content' 'a sparse file too large'
	while IFS=$'\t' read -r row digest path reason sha256; do
		(cd "$own" && recipe "oci:layout@$digest" "$path")
		cp "$own/r.json" .
		rm -rf o
		fetches "$(status_of "$reason")" "$own/cache" || report "$row"
		expects "$reason" "$row"
		[ "$reason" != ok ] || [ "$(sha256sum <o/stages/files/0)" = "$sha256  -" ] || report "$row: another file"
	done <"$tmp/rows"
	tidy "$own/cache"
	# nothing of any layer came into the tree or the file system
	[ "$(ls o/stages/source)" = "$(ls "$BATS_FILE_TMPDIR/repo")" ]
	[ ! -e /f ] && [ ! -e /evil ]
	# a name twice in one layer is told, whatever comes of the run
	mkdir "$own/bin"
	printf '#!/bin/sh\necho "nix (Nix) 2.31.2"\n' >"$own/bin/nix"
	chmod 755 "$own/bin/nix"
	ln -s /bin/false "$own/bin/nix-store"
	rows images.tsv twice
	IFS=$'\t' read -r row digest path reason sha256 <"$tmp/rows"
	(cd "$own" && recipe "oci:layout@$digest" /none)
	cp "$own/r.json" .
	PATH=$own/bin:$PATH exits 1 run r.json --out o --cache "$own/cache"
	prints '(layer-absent)'
	prints 'a layer of the container image has a name twice'
}

@test "from a registry: the file, and nothing is fetched twice" {
	recipe "$(at nitro/node "@$(value index)")"
	fetches 0 cache
	binary o/stages/files/0
	tidy cache
	n=$(grep -c '^blob ' "$BATS_FILE_TMPDIR/registry/log")
	fetches 0 cache
	[ "$(grep -c '^blob ' "$BATS_FILE_TMPDIR/registry/log")" = "$n" ]
	# by way of the tag that was there then, the platform and another name
	recipe "$(at nitro/node ":v1@$(value index)")" /etc/base
	fetches 1 cache
	prints '(layer-absent)'
	recipe "$(at nitro/node "@$(value index)")" /usr/local/bin/nitro linux/arm64/v8
	fetches 0 cache
	[ "$(cat o/stages/files/0)" = arm ]
	# the manifest itself
	recipe "$(at nitro/node "@$(value manifest)")"
	fetches 0 cache
	binary o/stages/files/0
	# a digest that the recipe wants the file to have
	sed -i "s,\"stage\":,\"sha256\": \"$(printf '%064d' 0)\"\, \"stage\":," r.json
	fetches 1 cache
	prints '(image-file-digest)'
	[ -z "$(find o/stages/files -type f)" ]
	sed -i "s,$(printf '%064d' 0),$(value binary)," r.json
	fetches 0 cache
}

@test "a cache that is damaged is healed, or refused" {
	recipe "$(at nitro/node "@$(value index)")"
	fetches 0 cache
	for change in 'printf x | dd of=$f bs=1 seek=20 conv=notrunc status=none' 'truncate -s 10 $f' 'rm $f' \
		'mv $f $f.part' 'cp $f x; ln -sf $PWD/x $f' 'rm $f; mkfifo $f' 'rm $f; : >$f.part' \
		'mv $f $f.part; printf x | dd of=$f.part bs=1 seek=5 conv=notrunc status=none; truncate -s -9 $f.part' \
		'mv $f $f.part; printf more >>$f.part'; do
		find cache -type f ! -name '*.part' >blobs
		while read -r f; do
			chmod 600 "$f"
			eval "$change"
		done <blobs
		fetches 0 cache || report "$change"
		binary o/stages/files/0
		tidy cache
		[ -z "$(find cache -name '*.part')" ] || report "$change: parts"
	done
	# what cannot be taken for a blob, nor put in its place
	f=$(find cache -type f -size +10k)
	rm "$f"
	mkdir "$f"
	fetches 3 cache
	prints '(store-'
	rmdir "$f"
	mkdir "$f.part"
	fetches 3 cache
	prints '(store-unwritable)'
	echo >file
	fetches 3 file
	prints '(store-folder)'
}

@test "killed while it fetches, and run again: from where it was" {
	recipe "$(at fault/slow "@$(value many)")" /f4
	log=$BATS_FILE_TMPDIR/registry/log
	: >>"$log"
	begin=$(wc -l <"$log")
	for delay in 0.5 0.7 0.6; do
		timeout -s KILL "$delay" "$rebuild" run r.json --out o --cache cache --until image >/dev/null 2>&1 || :
		tidy cache
	done
	fetches 0 cache
	tidy cache
	[ -z "$(find cache -name '*.part')" ]
	tail -n +$((begin + 1)) "$log" | grep -q '^blob .* bytes=[1-9][0-9]*-$'
	cp o/stages/files/0 first
	rm -rf o
	recipe "$(at nitro/node "@$(value many)")" /f4
	fetches 0 fresh
	cmp first o/stages/files/0
	diff -r cache fresh
	# a run that is asked to stop does so at once, though nothing comes
	recipe "$(at fault/stall "@$(value index)")"
	status=0
	timeout -s INT -k 10 2 "$rebuild" run r.json --out p --cache stalled --until image >/dev/null 2>err || status=$?
	[ "$status" = 124 ]
	grep -q '(interrupted)' err
	[ "$(find stalled -name '*.part' | wc -l)" = 1 ]
}

@test "two runs that share a cache" {
	recipe "$(at fault/slow "@$(value many)")" /f4
	log=$BATS_FILE_TMPDIR/registry/log
	: >>"$log"
	begin=$(wc -l <"$log")
	"$rebuild" run r.json --out other --cache cache --until image >/dev/null 2>&1 3>&- &
	fetches 0 cache
	wait $!
	cmp o/stages/files/0 other/stages/files/0
	tidy cache
	# each blob came once
	[ -z "$(tail -n +$((begin + 1)) "$log" | grep '^blob ' | sort | uniq -d)" ]
}

@test "a disk that is full" {
	unshare -m true 2>/dev/null || skip 'no mount namespaces'
	recipe "$(at nitro/node "@$(value many)")" /f4
	mkdir cache
	status=0
	unshare -m sh -c 'mount -t tmpfs -o size=100k none cache && "$@" && exit 9
		[ -z "$(find cache -type f -name "*.part" -size 0)" ] || exit 8
		mount -o remount,size=1m cache && exec "$@" >again' sh \
		"$rebuild" run r.json --out o --cache cache --until image >out 2>err || status=$?
	[ "$status" = 0 ] || cat out err
	grep -q 'image.digest .*(store-space)' out
	grep -q 'done up to image' again
	[ "$(sha256sum <o/stages/files/0)" = "$(python3 -c 'import hashlib
out = b""
while len(out) < 30004:
	out += hashlib.sha256(b"%d" % len(out)).digest()
print(hashlib.sha256(out[:30004]).hexdigest() + "  -")')" ]
	# where the file goes
	head -c 4000000 /dev/urandom >large
	recipe "oci:image@$(python3 "$TOP/rebuild/test/layout.py" image large)"
	mkdir p
	status=0
	unshare -m sh -c 'mount -t tmpfs -o size=2m none p && { "$@"; s=$?; [ ! -e p/stages/files/0 ] || s=9; exit $s; }' sh \
		"$rebuild" run r.json --out p --cache cache --until image >out 2>err || status=$?
	cat out err
	[ "$status" = 3 ]
	grep -q 'No space left on device.*(file-unwritable)' err
}

@test "plan: how large, and from where" {
	own=$PWD
	log=$BATS_FILE_TMPDIR/registry/log
	: >>"$log"
	recipe "$(at nitro/node "@$(value many)")"
	begin=$(wc -l <"$log")
	HOME=$PWD/home exits 0 plan r.json
	prints "image    fetch $(at nitro/node "@$(value many)")"
	prints '         for linux/amd64'
	prints '         151 kB in 6 layers, less what the cache has'
	[ ! -e home ]
	[ "$(tail -n +$((begin + 1)) "$log" | grep -c '^blob')" = 0 ]
	[ "$(tail -n +$((begin + 1)) "$log" | grep -c '^manifests')" = 2 ]
	exits 0 plan r.json --format json
	printf %s "$out" | python3 -c 'import json, sys
image = json.load(sys.stdin)["image"]
assert image["layers"] == 6 and image["bytes"] > 150000 and image["platform"] == "linux/amd64", image'
	recipe "$(at nitro/node :v1)"
	exits 0 plan r.json
	prints ' in 2 layers'
	prints 'a tag, which a run refuses'
	cd "$BATS_FILE_TMPDIR/registry"
	cp "$own/r.json" .
	exits 0 plan r.json --image "oci:layout@$(value index)"
	prints ' kB in 2 layers'
	exits 0 plan r.json --image docker-archive:ours.tar
	prints "         $(($(stat -c %s ours.tar) / 1000)) kB"
	# what cannot be told is no fault
	for row in '127.0.0.1:1/a:b http-connect' "$(at fault/403 :v1) oci-denied" "$(at nitro/node :none) oci-not-found" \
		'docker-archive:none file-unreadable' "oci:none@$(value index) oci-layout"; do
		exits 0 plan r.json --image "${row% *}"
		prints 'size unknown: '
		prints "(${row#* })"
		exits 0 plan r.json --image "${row% *}" --format json
		prints "\"unknown\":\"${row#* }\""
	done
	exits 0 plan r.json --image "$(at nitro/node :none)"
	prints 'MANIFEST_UNKNOWN'
}

@test "plan --resolve: what a tag stands for, and what a run makes of that" {
	own=$PWD
	recipe "$(at nitro/node :moving)"
	skopeo=(skopeo --insecure-policy copy -q --all --preserve-digests --src-tls-verify=false --dest-tls-verify=false)
	there=docker://127.0.0.1:$(value registry)/nitro/node
	export HOME=$PWD XDG_RUNTIME_DIR=$PWD
	"${skopeo[@]}" "$there:v1" "$there:moving"
	exits 0 plan r.json --resolve
	complains "$(at nitro/node :moving) is $(at nitro/node ":moving@$(value index)") now"
	cp "$tmp/out" pinned.json
	refuses '(recipe-not-pinned)' run r.json --out o --cache cache --until image
	exits 0 run pinned.json --out o --cache cache --until image
	binary o/stages/files/0
	# pinned already: as it is, and nobody is asked
	exits 0 plan pinned.json --resolve
	nothing_said
	cmp "$tmp/out" pinned.json
	# moved: another pin now, and the old one is still what it was
	"${skopeo[@]}" "$there:many" "$there:moving"
	exits 0 plan r.json --resolve
	prints "$(value many)"
	exits 0 run pinned.json --out o --cache fresh --until image
	binary o/stages/files/0
	exits 3 plan r.json --resolve --image "$(at nitro/node :none)"
	complains '(oci-not-found)'
	nothing_printed
	exits 3 plan r.json --resolve --image 127.0.0.1:1/a:b
	complains '(http-connect)'
	sed -i s,linux/amd64,linux/riscv64, r.json
	exits 3 plan r.json --resolve --image "$(at nitro/node :v1)"
	complains '(oci-platform-absent)'
	# an archive: the ID of its image
	cd "$BATS_FILE_TMPDIR/registry"
	(cd "$own" && recipe docker-archive:ours.tar)
	cp "$own/r.json" .
	exits 0 plan r.json --resolve
	prints "docker-archive:ours.tar@$(value id)"
	cp "$tmp/out" pinned.json
	rm -rf o
	exits 0 run pinned.json --out o --cache "$own/archive" --until image
	binary o/stages/files/0
	exits 1 run pinned.json --out o --cache "$own/archive" --until image --image "docker-archive:ours.tar@$(value index)"
	prints '(oci-digest)'
	exits 3 plan r.json --resolve --image docker-archive:text.tar
	complains '(docker-archive)'
}

@test "a terminal sees how far the download is, and then a clean line" {
	needs_terminals
	recipe "$(at fault/slow "@$(value many)")" /f4
	py "$rebuild" <<'END'
import pty
mine, theirs = pty.openpty()
child = subprocess.Popen([sys.argv[1], "run", "r.json", "--out", "o", "--cache", "cache", "--until", "image"],
	stdout=subprocess.DEVNULL, stderr=theirs, env={**os.environ, "TERM": "xterm"})
os.close(theirs)
said = b""
try:
	while True:
		said += os.read(mine, 4096)
except OSError: # closed
	pass
if child.wait() != 0:
	wrong("exit %d: %r" % (child.returncode, said))
if not re.search(rb"\r\[#+\.+\]  *[0-9]+ %  [0-9]+ of 181 kB  [0-9]+ kB/s  [0-9]+ s left", said):
	wrong("no bar: %r" % said)
if not said.endswith(b"\r\x1b[K"):
	wrong("the bar stays: %r" % said[-200:])
for line in said.split(b"\n"):
	if b"enclave-rebuild: " in line and not line.split(b"enclave-rebuild: ")[0].endswith((b"", b"\x1b[K")):
		wrong("behind a bar: %r" % line)
END
	# and a file, one line a step
	rm -rf o cache
	fetches 0 cache
	[ "$(wc -l <"$tmp/err")" = 2 ]
}
