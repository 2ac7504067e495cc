#!/usr/bin/env bats
# enclave-rebuild compare: two images, or an image and registers, and why they differ.
# shellcheck disable=SC2154 # variables of helpers.bash
load helpers

@test "the same image: identical, exit 0" {
	image a --cmdline 'x y' --ramdisk r0 --ramdisk r1
	cp a b
	compares 0 identical a b
	prints 'Everything measured is the same.'
	exits 0 compare a b -q
	nothing_printed
}

@test "another time of building: unmeasured only, key by key, exit 1" {
	image a --cmdline 'x y' --ramdisk r0
	SOURCE_DATE_EPOCH=86400 image b --cmdline 'x y' --ramdisk r0
	compares 1 unmeasured-only a b
	prints 'BuildMetadata.BuildTime  value: 1970-01-01T00:00:00+00:00 -> 1970-01-02T00:00:00+00:00'
	prints 'Everything measured is the same.'
}

@test "a word of the command line" {
	image a --cmdline 'reboot=k panic=30 nomodules' --ramdisk r0
	image b --cmdline 'reboot=k panic=31 nomodules quiet' --ramdisk r0
	compares 1 content a b
	prints 'cmdline  only-in-a: panic=30 -> -'
	prints 'cmdline  only-in-b: - -> panic=31'
	prints 'cmdline  only-in-b: - -> quiet'
	prints 'PCR2 is the same'
}

@test "a boundary moved: no register shows it" {
	printf 'kernel' >k
	image a --cmdline 'xyz' --ramdisk r0
	printf 'kernelx' >k
	"$rebuild" unpack a u -q 2>/dev/null
	image b --cmdline 'yz' --metadata u/metadata.json --ramdisk r0
	compares 1 content a b
	prints 'sections  boundary (PCR0 does not show it)'
	prints 'The registers are the same, the sections are not'
}

@test "a byte moved between ramdisks: PCR0 does not show it" {
	printf abc >r0
	printf def >r1
	image a --cmdline x --ramdisk r0 --ramdisk r1
	printf abcd >r0
	printf ef >r1
	image b --cmdline x --ramdisk r0 --ramdisk r1
	compares 1 content a b
	prints 'PCR0  equal'
	prints 'PCR1  DIFFER'
	prints 'bytes went across the end of the first ramdisk'
}

@test "bytes of a ramdisk that is no archive; a ramdisk more" {
	echo twx >r2
	image a --cmdline x --ramdisk r0 --ramdisk r1
	image b --cmdline x --ramdisk r0 --ramdisk r2
	image c --cmdline x --ramdisk r0 --ramdisk r1 --ramdisk r2
	compares 1 content a b
	prints 'ramdisk 1  bytes (first differing byte: 2)'
	prints 'only the application'
	compares 1 content a c
	prints 'ramdisk 2  only-in-b'
}

@test "registers of a pcr.json: those that it names" {
	image a --cmdline x --ramdisk r0
	image b --cmdline y --ramdisk r0
	"$BUILD/enclave-verify" eif --pcr-json a >pcr.json
	exits 0 compare a pcr.json
	prints 'equal: the registers that the file names'
	exits 1 compare b pcr.json
	prints 'PCR0  DIFFER'
	prints 'PCR2  equal'
	exits 1 compare b pcr.json --format json
	prints '"class":null'
	sed -n 's/.*\("PCR2": "[0-9a-f]*"\).*/{\1}/p' pcr.json >pcr2.json
	exits 0 compare b pcr2.json
	echo '{"PCR8": "'"$(printf '0%.0s' {1..96})"'"}' >pcr8.json
	exits 0 compare a pcr8.json # as a document of an unsigned image has it
	sed 's/"0/"1/' pcr8.json >other8.json
	exits 1 compare a other8.json
	echo '{"PCR": 1}' >bad.json
	exits 1 compare a bad.json
	complains '(pcr-json-key)'
}

# faults TEXT: the JSON says whether both can be equal, and of each file that was not read why.
faults() {
	python3 - "$tmp/out" "$1" <<'END'
import json, sys
got = json.load(open(sys.argv[1]))
assert list(got) == ["schema", "tool", "a", "b", "equal", "class", "faults"], got
assert got["class"] is None and got["a"]["kind"] is None, got
seen = " ".join([str(got["equal"])] + [f["path"] + " " + f["reason"] for f in got["faults"]])
assert seen == sys.argv[2] and all(f["message"] for f in got["faults"]), got
END
}

@test "what is malformed, missing, or can be read only once" {
	image a --cmdline x --ramdisk r0
	head -c -1 a >short
	exits 1 compare a short
	complains '(eif-truncated)'
	nothing_printed
	{
		head -c 544 a
		printf 'XXXX'
		tail -c +549 a
	} >crc
	exits 1 compare crc a
	complains '(eif-crc)'
	printf '{"PCR0": 5}' >five.json
	printf '{}' >none.json
	exits 1 compare a five.json
	complains 'five.json: line 1, column 2: '
	exits 1 compare a none.json
	complains 'none.json: no register is named'
	# the same in JSON: that nothing was compared is for no reader to guess
	exits 1 compare short crc --format json
	faults 'False short eif-truncated crc eif-crc'
	exits 1 compare a five.json --format json
	faults 'False five.json pcr-json-value'
	exits 3 compare a none --format json
	faults 'None none file-unreadable'
	exits 3 compare /dev/null a --format json
	faults 'None /dev/null file-unreadable'
	exits 3 compare a none
	exits 3 compare a /dev/null
	complains 'not a regular file'
	exits 2 compare a
	exits 2 compare a a a
	# a register or hash is never a file's name
	value=$(printf '%096d' 1)
	cp a "$value"
	exits 2 compare a "$value"
	complains 'a value stands where a file is expected'
	exits 2 compare "$value" a
	exits 2 unpack "$value" u
	exits 2 unpack a "0x${value:0:64}"
	exits 0 compare a "./$value"
	exits 2 compare a a --format xml
	exits 2 unpack a u --format html
	[ ! -e u ]
}

@test "a page of its own: no script, nothing from elsewhere, names escaped" {
	image a --cmdline 'x <b>&' --ramdisk r0
	image b --cmdline y --ramdisk r0
	exits 1 compare a b --format html -o page.html
	nothing_printed
	[[ $(cat page.html) == *'x</code>'* ]]
	grep -q '&lt;b&gt;&amp;' page.html
	[ "$(grep -Eic '<script|<b>|href=|src=' page.html)" -eq 0 ]
	# a narrow screen gets a list a row: each value behind the name of its column
	[[ $(cat page.html) == *'max-width: 45em'*'attr(title)'*'<td title="Bytes in A">'*'<td title="SHA-384 in B"><code>'* ]]
}

# tree: a small one, t, whose files do not change between tests.
tree() {
	mkdir -p t/bin t/etc t/nix/store
	seq 5000 >t/etc/list
	echo 'one
two
three' >t/etc/text
	printf '\000\001binary' >t/bin/prog
	ln -s ../etc/list t/bin/link
	find t -exec touch -h -d @1 {} +
}

# pack OUT: the archive of t, as GNU cpio makes it: times and owners kept, order sorted.
pack() {
	(cd t && find . -mindepth 1 -print0 | LC_ALL=C sort -z | cpio --quiet -0 -o -H newc --reproducible -R 0:0) >"$1"
}

# pair FILE_A FILE_B: images a and b with these as second ramdisks.
pair() {
	image a --cmdline x --ramdisk r0 --ramdisk "$1"
	image b --cmdline x --ramdisk r0 --ramdisk "$2"
}

@test "compression: another level, another time in the header, none at all" {
	tree
	pack c
	gzip -n -9 <c >c9
	gzip -n -1 <c >c1
	pair c9 c1
	compares 1 compression-only a b
	prints 'ramdisk 1  gzip-extra-flags: 2 -> 4'
	prints 'ramdisk 1  compression (the same archives, to the byte)'
	prints 'only the application'
	pair c9 c
	compares 1 compression-only a b
	prints 'gzip-members: 1 -> 0'
	printf '\001' | cat <(head -c 4 c9) - <(tail -c +6 c9) >ct
	pair c9 ct
	compares 1 compression-only a b
	prints 'gzip-time: 0 -> 1'
	head -c 1000 c9 >half
	pair c9 half
	compares 1 content a b
	prints 'form: archive -> gzip-truncated'
	pair c9 r1
	compares 1 content a b
	prints 'form: archive -> opaque'
	head -c -512 c >short
	pair c short
	compares 1 content a b
	prints 'form'
}

@test "times and owners" {
	tree
	pack c
	touch -d @86400 t/etc/text
	pack d
	pair c d
	compares 1 timestamps-or-ownership-only a b
	prints 'ramdisk 1  etc/text  mtime: 1 -> 86400'
	(cd t && find . -mindepth 1 | LC_ALL=C sort | cpio --quiet -o -H newc --reproducible -R 7:8) >e
	pair d e
	compares 1 timestamps-or-ownership-only a b
	prints 'etc/text  uid: 0 -> 7'
	prints 'etc/text  gid: 0 -> 8'
}

@test "one byte of one file, of text and of a program; a mode; a target" {
	tree
	pack c
	sed -i s/two/tWo/ t/etc/text
	printf '\000\001bynary' >t/bin/prog
	find t -exec touch -h -d @1 {} +
	pack d
	gzip <d >d.gz
	pair c d.gz
	compares 1 content a b
	prints "ramdisk 1  etc/text  content (text, line 2: 'two' -> 'tWo')"
	prints 'ramdisk 1  bin/prog  content (first differing byte: 3)'
	mkdir aside
	TMPDIR=$PWD/aside exits 1 compare a b
	[ -z "$(ls -A aside)" ]
	TMPDIR=$PWD/none exits 3 compare a b
	complains '(file-unwritable)'
	chmod 755 t/bin/prog
	ln -sf /etc/passwd t/bin/link
	find t -exec touch -h -d @1 {} +
	pack e
	pair d e
	compares 1 content a b
	prints 'bin/prog  mode: 100644 -> 100755'
	prints 'bin/link  target: ../etc/list -> /etc/passwd'
}

@test "a program: its sections and build id" {
	command -v gcc >/dev/null || skip 'no gcc'
	tree
	echo 'int x = 1; int main(void) { return x; }' >p.c
	gcc -Wl,--build-id=sha1 -o t/bin/prog p.c
	find t -exec touch -h -d @1 {} +
	pack c
	sed -i 's/x = 1/x = 2/' p.c
	gcc -Wl,--build-id=sha1 -o t/bin/prog p.c
	find t -exec touch -h -d @1 {} +
	pack d
	pair c d
	compares 1 content a b
	prints 'bin/prog  content (ELF, sections .note.gnu.build-id, .data; build id '
}

@test "store hashes: an effect in names, targets and content, the cause first" {
	tree
	echo more >t/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-more
	mkdir t/nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-moved
	one=0123456789abcdfghijklmnpqrsvwxyz
	two=zyxwvsrqpnmlkjihgfdcba9876543210
	mkdir t/nix/store/$one-app
	echo code >t/nix/store/$one-app/bin
	echo "exec /nix/store/$one-app/bin" >t/etc/start
	ln -s /nix/store/$one-app/bin t/bin/app
	find t -exec touch -h -d @1 {} +
	pack c
	mv t/nix/store/$one-app t/nix/store/$two-app
	mv t/nix/store/{bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb,00000000000000000000000000000000}-moved
	echo "exec /nix/store/$two-app/bin" >t/etc/start
	ln -sf /nix/store/$two-app/bin t/bin/app
	find t -exec touch -h -d @1 {} +
	pack d
	pair c d
	compares 1 cascade-only a b
	prints 'etc/start  content (only hashes of store paths)'
	prints "bin/app  target: /nix/store/$one-app/bin -> /nix/store/$two-app/bin"
	prints "name: nix/store/$one-app/bin -> nix/store/$two-app/bin"
	echo other >t/nix/store/$two-app/bin
	find t -exec touch -h -d @1 {} +
	pack e
	pair c e
	compares 1 content a b
	prints "nix/store/$one-app/bin  content (text, line 1: 'code' -> 'other')"
	[[ $out == *"line 1: 'code'"*'only hashes of store paths'* ]]
}

@test "order; a file more; escaped names" {
	tree
	pack c
	(cd t && find . -mindepth 1 | LC_ALL=C sort -r | cpio --quiet -o -H newc --reproducible -R 0:0) >r
	pair c r
	compares 1 content a b
	prints 'order (the first entry that stands elsewhere)'
	printf x >t/$'new\nfile\e[1m'
	find t -exec touch -h -d @1 {} +
	pack d
	pair c d
	compares 1 content a b
	prints 'ramdisk 1  new\x0afile\x1b[1m  only-in-b'
	compares 1 content b a
	prints 'ramdisk 1  new\x0afile\x1b[1m  only-in-a'
}

@test "hard links: other numbers are nothing, other groups are content" {
	mkdir t
	echo same >t/a
	ln t/a t/b
	echo same >t/c
	ln t/c t/d
	find t -exec touch -h -d @1 {} +
	(cd t && printf 'a\nb\nc\nd\n' | cpio --quiet -o -H newc --reproducible -R 0:0) >c
	rm -r t
	mkdir t
	echo same >t/a
	ln t/a t/c
	echo same >t/b
	ln t/b t/d
	find t -exec touch -h -d @1 {} +
	(cd t && printf 'a\nb\nc\nd\n' | cpio --quiet -o -H newc --reproducible -R 0:0) >d
	pair c d
	compares 1 content a b
	prints 'hard-links'
}
