#!/usr/bin/env bats
# enclave-rebuild unpack: sections to files, archives to trees, nothing outside the folder.
# shellcheck disable=SC2154 # variables of helpers.bash
load helpers

# image RAMDISK...: the image `eif` of these files.
image() {
	local args=() one
	for one; do
		args+=(--ramdisk "$one")
	done
	"$rebuild" assemble --kernel k --cmdline 'console=ttyS0' "${args[@]}" -o eif -q
}

@test "assemble, unpack, assemble: the same bytes" {
	mkdir -p t/bin t/etc
	seq 10000 >t/etc/list
	ln -s ../etc/list t/bin/link
	(cd t && find . | cpio --quiet -o -H newc) >archive
	gzip -9 <archive >archive.gz
	exits 0 assemble --kernel k --cmdline 'a b' --tree t --ramdisk archive --ramdisk archive.gz --ramdisk r0 --arch aarch64 \
		-o one
	exits 0 unpack one u
	exits 0 assemble --kernel u/kernel --cmdline @u/cmdline --ramdisk u/ramdisk-0 --ramdisk u/ramdisk-1 \
		--ramdisk u/ramdisk-2 --ramdisk u/ramdisk-3 --metadata u/metadata.json --arch aarch64 -o two
	cmp one two
	for n in 0 1 2; do
		diff -r --no-dereference t u/ramdisk-$n.d
	done
	# and from the tree once more
	exits 0 assemble --kernel u/kernel --cmdline @u/cmdline --tree u/ramdisk-0.d --ramdisk archive --ramdisk archive.gz \
		--ramdisk r0 --metadata u/metadata.json --arch aarch64 -o three
	cmp one three
}

@test "ramdisks that are no archives stay files: a warning, exit 0" {
	image r0 r1
	exits 0 unpack eif u
	complains 'warning: ramdisk-0: begins as neither'
	complains 'warning: ramdisk-1: begins as neither'
	prints 'opaque'
	[ "$(echo u/*)" = 'u/cmdline u/kernel u/metadata.json u/ramdisk-0 u/ramdisk-1' ]
}

@test "one that begins as an archive and breaks: exit 1, everything else is there" {
	mkdir t
	seq 1000 >t/f
	(cd t && echo f | cpio --quiet -o -H newc) >whole
	head -c 500 whole >half
	gzip -n <whole | head -c -4 >half.gz
	(gzip -n <whole && echo junk) >junk
	printf '070701 is text' >text
	image half whole half.gz junk r0 text
	exits 1 unpack eif u
	complains 'ramdisk-0 near byte 500'
	complains '(newc-truncated)'
	complains '(gzip-truncated)'
	complains '(ramdisk-junk)'
	complains 'warning: ramdisk-4'
	prints 'FAIL (newc-truncated)'
	for n in 0 1 2 3 4 5; do
		[ -f u/ramdisk-$n ]
	done
	cmp t/f u/ramdisk-1.d/f
	cmp t/f u/ramdisk-3.d/f
}

@test "hostile archives stay inside" {
	python3 - <<'END'
def entry(name, mode=0o100644, data=b"", ino=0, nlink=1, major=0):
	head = b"070701" + b"".join(b"%08X" % n for n in
		(ino, mode, 0, 0, nlink, 0, len(data), 0, 0, major, 0, len(name) + 1, 0))
	body = head + name + b"\0"
	body += bytes(-len(body) % 4) + data
	return body + bytes(-len(body) % 4)
last = entry(b"TRAILER!!!", 0)
def put(path, *entries):
	open(path, "wb").write(b"".join(entries) + last)
put("dots", entry(b"../../../../escaped", data=b"x"))
put("links", entry(b"l", 0o120777, b"../.."), entry(b"l/escaped", data=b"x"),
	entry(b"m", 0o120777, b"/"), entry(b"m/escaped", data=b"x"))
put("absolute", entry(b"/escaped", data=b"x"), entry(b"//a//escaped", data=b"x"))
put("devices", entry(b"null", 0o020666, major=1), entry(b"sda", 0o060666, major=8), entry(b"p", 0o010666),
	entry(b"su", 0o106755, b"#!/bin/sh\n"))
put("deep", entry(b"d/" * 2047 + b"f", data=b"x"))
put("long", entry(b"n" * 256, data=b"x"))
put("names", entry(b"\x1b]0;title\x07\n\xff", data=b"x"))
END
	image dots
	exits 1 unpack eif a
	complains '../../../../escaped: '
	complains '(path-name)'
	image links
	exits 0 unpack eif b
	complains '2 symbolic links that lead out not made'
	[ -z "$(find b -type l)" ]
	image absolute
	exits 0 unpack eif c
	[ -f c/ramdisk-0.d/escaped ] && [ -f c/ramdisk-0.d/a/escaped ]
	image devices
	exits 0 unpack eif d
	complains '3 device nodes, pipes or sockets not made, 1 set-id bits dropped'
	[ "$(find d/ramdisk-0.d -mindepth 1)" = d/ramdisk-0.d/su ]
	[ -z "$(find d -perm /7000)" ]
	image deep
	exits 0 unpack eif e
	image long
	exits 1 unpack eif f
	complains '(path-name)'
	image names
	exits 0 unpack eif g
	nothing_said
	grep -qxF '100644 0 0 1 0 1 \x1b]0;title\x07\x0a\xff' g/ramdisk-0.list
	[ ! -e /escaped ] && [ ! -e ../escaped ]
	# nothing outside the folders
	[ "$(echo *)" = 'a absolute b c d deep devices dots e eif f g k links long names r0 r1' ]
	rm -r e
}

@test "DIR: new or empty" {
	image r0
	mkdir empty
	exits 0 unpack eif empty
	exits 2 unpack eif empty
	complains '(file-exists)'
	exits 2 unpack eif k
	complains '(file-exists)'
	exits 3 unpack eif missing/dir
	complains 'missing/dir: No such file'
}

@test "malformed images: exit 1 with a reason and a place, nothing is left" {
	image r0
	head -c 600 eif >short
	(cat eif && echo) >longer
	(head -c -1 eif && printf x) >changed
	: >empty
	for row in 'short eif-truncated' 'longer eif-trailing' 'changed eif-crc' 'empty eif-magic' 'k eif-magic'; do
		read -r name reason <<<"$row"
		exits 1 unpack "$name" u
		complains "$name: byte "
		complains "($reason)"
		nothing_printed
		[ ! -e u ]
	done
	exits 3 unpack missing u
	exits 3 unpack . u
	[ ! -e u ]
}

@test "reserved flags only when they are named" {
	image r0
	exits 0 unpack eif a
	python3 - <<'END'
import zlib
d = bytearray(open("eif", "rb").read())
d[6:8] = b"\x02\x40"
d[544:548] = zlib.crc32(d[548:], zlib.crc32(d[:544])).to_bytes(4, "big")
open("flagged", "wb").write(d)
END
	exits 1 unpack flagged b
	complains '(eif-flags)'
	exits 0 unpack flagged b --flags 240
	exits 0 unpack flagged c --flags=0x0240
	for wrong in 10000 x '' 0x; do
		refuses 'up to four hex digits' unpack eif d --flags "$wrong"
	done
}

@test "from a pipe" {
	image r0
	exits 0 unpack - u < <(cat eif)
	cmp u/ramdisk-0 r0
}

@test "wrong usage" {
	image r0
	refuses 'an EIF and a DIR' unpack
	refuses 'an EIF and a DIR' unpack eif
	refuses 'an EIF and a DIR' unpack eif u v
	refuses 'no meaning' unpack eif u -o x
	refuses 'no option here' unpack eif u --kernel k
}

@test "JSON" {
	mkdir t
	echo x >t/f
	(cd t && echo f | cpio --quiet -o -H newc | gzip -n) >good
	image good r0
	exits 0 unpack eif u --format json
	python3 - "$tmp/out" <<'END'
import json, sys
got = json.load(open(sys.argv[1]))
assert list(got) == ["schema", "tool", "sections"], got
names = [(s["type"], s["file"]) for s in got["sections"]]
assert names == [("kernel", "kernel"), ("cmdline", "cmdline"), ("metadata", "metadata.json"),
	("ramdisk", "ramdisk-0"), ("ramdisk", "ramdisk-1")], names
assert got["sections"][3]["entries"] == "1" and got["sections"][3]["opaque"] is False
assert got["sections"][4]["opaque"] is True
END
	exits 0 unpack eif v -q
	nothing_printed
}
