#!/usr/bin/env bats
# enclave-rebuild compare: the kernels of two images.
# shellcheck disable=SC2154 # variables of helpers.bash
load helpers

# kernel OUT VERSION PAYLOAD: what the boot protocol says of an x86 kernel, 4 setup sectors, and this payload at 16.
kernel() {
	python3 - "$@" <<-'PYTHON'
		import struct, sys
		out, version, payload = sys.argv[1], sys.argv[2].encode() + b"\0", open(sys.argv[3], "rb").read()
		image = bytearray(5 * 512 + 16) + payload + b"end"
		image[0x202:0x206] = b"HdrS"
		struct.pack_into("<H", image, 0x206, 0x20f)
		struct.pack_into("<H", image, 0x20e, 0x200)
		struct.pack_into("<II", image, 0x248, 16, len(payload))
		image[0x400:0x400 + len(version)] = version
		open(out, "wb").write(image)
	PYTHON
}

# zboot OUT PAYLOAD: an EFI image that decompresses itself.
zboot() {
	python3 - "$@" <<-'PYTHON'
		import struct, sys
		payload = open(sys.argv[2], "rb").read()
		head = b"MZ\0\0zimg" + struct.pack("<IIII", 64, len(payload), 0, 0) + b"gzip"
		open(sys.argv[1], "wb").write(head.ljust(64, b"\0") + payload + b"end")
	PYTHON
}

# length FILE: its length as the kernel's build puts it behind a stream.
length() {
	python3 -c 'import os, struct, sys; sys.stdout.buffer.write(struct.pack("<I", os.path.getsize(sys.argv[1])))' "$1"
}

# packed HOW FILE: the file compressed, and its length behind it where the format has none.
packed() {
	case $1 in
	gzip) gzip -n <"$2" ;;
	xz) xz --check=crc32 --x86 --lzma2=dict=8MiB -c <"$2" ;;
	lzma) xz --format=lzma -c <"$2" ;;
	bzip2) bzip2 -c <"$2" ;;
	zstd) zstd -q -19 -c <"$2" ;;
	lz4) lz4 -q -l -c <"$2" ;;
	esac
	[ "$1" = gzip ] || length "$2"
}

# vmlinux RELEASE [CONFIG...]: what a kernel is decompressed to, with these options where there are any.
vmlinux() {
	local release=$1
	shift
	seq 30000
	printf 'Linux version %s (a@b) (gcc 12) #1 SMP\n\0' "$release"
	if [ $# -gt 0 ]; then
		printf IKCFG_ST
		printf '%s\n' '# Linux/x86 Kernel Configuration' "$@" | gzip -n
		printf IKCFG_ED
	fi
	seq 30000
}

# kernels A B: images a and b of these kernels.
kernels() {
	"$rebuild" assemble --kernel "$1" --cmdline x --ramdisk r0 -o a -q
	"$rebuild" assemble --kernel "$2" --cmdline x --ramdisk r0 -o b -q
}

# bzimages A B: of two x86 kernels with these payloads.
bzimages() {
	kernel ka '6.1.0 (a@b) #1' "$1"
	kernel kb '6.1.0 (a@b) #1' "$2"
	kernels ka kb
}

# lacks TEXT: stdout does not hold it.
lacks() {
	[[ $out != *"$1"* ]] || report "$called: '$1' on stdout"
}

@test "a kernel: its version, its payload, its payload's compression" {
	seq 10000 >vmlinux
	gzip -n -1 <vmlinux >p1
	gzip -n -9 <vmlinux >p9
	seq 10001 | gzip -n >px
	kernel ka '6.1.0 (a@b) #1' p1
	kernel kb '6.1.0 (a@c) #1' p1
	kernels ka kb
	compares 1 content a b
	prints 'kernel  version: 6.1.0 (a@b) #1 -> 6.1.0 (a@c) #1'
	prints 'kernel  setup'
	lacks 'kernel  payload'
	bzimages p1 px
	compares 1 content a b
	prints "kernel  payload-sha256: $(sha256sum <vmlinux | cut -c -64) -> $(seq 10001 | sha256sum | cut -c -64) (differs after decompression)"
	lacks 'kernel  version'
	bzimages p1 r0
	compares 1 content a b
	prints 'kernel  payload (bytes differ; not decompressed: B unknown: payload-format)'
	bzimages r1 vmlinux
	compares 1 content a b
	prints 'kernel  payload (bytes differ; not decompressed: A unknown: payload-format, B unknown: payload-format)'
	cat p1 r1 >p2
	bzimages p1 p2
	compares 1 content a b
	prints '(differs after decompression)'
	bzimages p1 p9
	exits 1 compare a b
	prints 'kernel  payload (the same after decompression)'
}

@test "payloads in every compression: the same, another one, and what breaks" {
	vmlinux 6.1.0 >one
	vmlinux 6.1.1 >two
	packed gzip one >base
	for how in gzip xz lzma bzip2 zstd lz4; do
		packed $how one >same
		bzimages base same
		if [ $how != gzip ]; then
			exits 1 compare a b
			prints "kernel  payload: gzip -> $how (the same after decompression)"
			lacks banner
		fi
		packed $how two >other
		bzimages same other
		compares 1 content a b
		prints 'kernel  banner: 6.1.0 (a@b) (gcc 12) #1 SMP -> 6.1.1 (a@b) (gcc 12) #1 SMP'
		prints "-> $(sha256sum <two | cut -c -64) (differs after decompression)"
		head -c 3000 same >half
		bzimages same half
		compares 1 content a b
		prints "kernel  payload (bytes differ; not decompressed: B $how: "
		lacks banner
		{
			cat same
			echo behind
		} >longer
		bzimages longer same
		compares 1 content a b
		lacks 'the same after decompression'
	done
	printf '\211LZO\000\015\012\032\012one' >lzo
	bzimages base lzo
	compares 1 content a b
	prints 'kernel  payload (bytes differ; not decompressed: B lzo: payload-format)'
	lacks banner
}

@test "a length behind the stream that is not that of its content" {
	vmlinux 6.1.0 >one
	for how in xz lzma bzip2 zstd lz4; do
		packed $how one >right
		{
			head -c -4 right
			length r0
		} >wrong
		bzimages right wrong
		compares 1 content a b
		prints "kernel  payload (bytes differ; not decompressed: B $how: payload-broken)"
	done
}

@test "a payload that expands to more than 1 GiB" {
	head -c 1073741825 /dev/zero | zstd -q -1 >bomb
	gzip -n <r0 >small
	bzimages small bomb
	exits 1 compare a b
	prints 'kernel  payload (bytes differ; not decompressed: B zstd: payload-expansion)'
}

@test "the configuration: option by option, in one kernel only, unreadable" {
	vmlinux 6.1.0 CONFIG_A=y CONFIG_B=m '# CONFIG_C is not set' 'CONFIG_D="<&>"' CONFIG_E=1 >one
	vmlinux 6.1.0 CONFIG_A=y CONFIG_C=y CONFIG_B=y CONFIG_E=1 >two
	vmlinux 6.1.0 >none
	packed xz one >p1
	packed zstd two >p2
	packed gzip none >p3
	bzimages p1 p2
	compares 1 content a b
	prints 'kernel  config (3 options differ)'
	prints 'kernel  CONFIG_B  value: m -> y'
	prints 'kernel  CONFIG_C  value: is not set -> y'
	prints 'kernel  CONFIG_D  only-in-a: "<&>" -> -'
	lacks 'CONFIG_A'
	[[ $out == *'kernel  config'*'kernel  setup'*'kernel  payload-sha256'* ]]
	exits 1 compare a b --format json
	prints '{"class":"content","part":"kernel","name":"CONFIG_B","what":"value","a":"m","b":"y","note":null}'
	exits 1 compare a b --format html
	prints '<td title="Name"><code>CONFIG_D</code></td><td title="What"><code>only-in-a</code></td><td title="A"><code>&quot;&lt;&amp;&gt;&quot;</code></td>'
	bzimages p1 p3
	compares 1 content a b
	prints 'kernel  config: there -> none (options not compared)'
	bzimages p3 p2
	compares 1 content a b
	prints 'kernel  config: none -> there (options not compared)'
	sed s/IKCFG_ED/IKCFG_EE/ one | gzip -n >p4
	bzimages p1 p4
	compares 1 content a b
	prints 'kernel  config: there -> unreadable (options not compared)'
	lacks CONFIG_
}

@test "many options: the first ones, the others counted; other parts are not crowded out" {
	mapfile -t ones < <(seq -f 'CONFIG_%03g=y' 100)
	mapfile -t twos < <(seq -f 'CONFIG_%03g=m' 100)
	vmlinux 6.1.0 "${ones[@]}" | gzip -n >p1
	vmlinux 6.1.0 "${twos[@]}" | gzip -n >p2
	kernel ka 6.1.0 p1
	kernel kb 6.1.0 p2
	"$rebuild" assemble --kernel ka --cmdline x --ramdisk r0 -o a -q
	"$rebuild" assemble --kernel kb --cmdline y --ramdisk r0 -o b -q
	compares 1 content a b
	prints 'kernel  config (100 options differ; the first 20 are told)'
	prints 'CONFIG_016'
	lacks 'CONFIG_021'
	prints 'cmdline  only-in-b: - -> y'
	prints ' more'
	exits 1 compare a b -v
	prints 'CONFIG_020'
	lacks 'CONFIG_021'
	lacks ' more'
}

@test "arm64: Image, Image.gz and zboot" {
	python3 -c 'import sys; sys.stdout.buffer.write(bytes(56) + b"ARM\x64" + bytes(4))' >start
	{
		cat start
		vmlinux 6.1.0 CONFIG_A=y
	} >one
	{
		cat start
		vmlinux 6.1.1 CONFIG_A=m
	} >two
	kernels one two
	compares 1 content a b
	prints 'kernel  banner: 6.1.0 (a@b) (gcc 12) #1 SMP -> 6.1.1'
	prints 'kernel  CONFIG_A  value: y -> m'
	prints "kernel  payload-sha256: $(sha256sum <one | cut -c -64) -> $(sha256sum <two | cut -c -64) (differs)"
	gzip -n -1 <one >one.gz
	gzip -n -9 <one >one9.gz
	gzip -n <two >two.gz
	kernels one.gz one9.gz
	compares 1 compression-only a b
	prints 'kernel  payload (the same after decompression)'
	kernels one one.gz
	compares 1 compression-only a b
	prints 'kernel  payload: none -> gzip (the same after decompression)'
	kernels one.gz two.gz
	compares 1 content a b
	prints 'kernel  CONFIG_A  value: y -> m'
	zboot z1 one.gz
	zboot z2 two.gz
	kernels z1 z2
	compares 1 content a b
	prints 'kernel  CONFIG_A  value: y -> m'
	prints 'differs after decompression'
	kernels z1 one.gz
	compares 1 content a b
	prints 'kernel  form: zboot -> whole'
	kernels one.gz r1
	compares 1 content a b
	prints 'kernel  form: whole -> unknown'
	head -c 1000 one.gz >half
	kernels one.gz half
	compares 1 content a b
	prints 'kernel  payload (bytes differ; not decompressed: B gzip: gzip-truncated)'
	head -c 200 z1 >half
	kernels z1 half
	compares 1 content a b
	prints 'kernel  bytes (first differing byte: 200)'
}

@test "an ELF file: its sections, of either size and byte order" {
	for how in '<2' '>2' '<1' '>1'; do
		python3 - "$how" <<-'PYTHON'
			import struct, sys
			order, wide = sys.argv[1][0], sys.argv[1][1] == "2"
			word = "Q" if wide else "I"
			names = b"\0.names\0.data\0.note.gnu.build-id\0"
			head = 64 if wide else 52
			for file, data in (("one", b"Linux version 5.1\n"), ("two", b"Linux version 5.2\n")):
			    note = struct.pack(order + "III", 4, 4, 3) + b"GNU\0" + data[-5:-1]
			    at, table, body = head, b"", b""
			    def section(name, kind, content):
			        global at, table, body
			        table += struct.pack(order + "II" + word * 4 + "II" + word * 2, name, kind, 0, 0, at, len(content), 0, 0, 0, 0)
			        at, body = at + len(content), body + content
			    section(0, 0, b"")
			    section(1, 3, names)
			    section(8, 1, data)
			    section(14, 7, note)
			    image = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2, 1]) + bytes(9)
			    image += struct.pack(order + "HHI" + word * 3 + "IHHHHHH", 2, 62, 1, 0, 0, at, 0, head, 0, 0, 64 if wide else 40, 4, 1)
			    open(file, "wb").write(image + body + table)
		PYTHON
		kernels one two
		compares 1 content a b
		prints 'kernel  banner: 5.1 -> 5.2'
		prints ' (differs; ELF, sections .data, .note.gnu.build-id; build id 20352e31 -> 20352e32)'
	done
}
