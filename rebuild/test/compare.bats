#!/usr/bin/env bats
# enclave-rebuild compare: two images, or an image and registers, and why they differ.
# shellcheck disable=SC2154 # variables of helpers.bash
load helpers

# image NAME ARG...: an image of the kernel k and these ramdisks and options.
image() {
	local name=$1
	shift
	"$rebuild" assemble --kernel k "$@" -o "$name" -q
}

# compares STATUS CLASS A B: exit status and class, in text and JSON.
compares() {
	exits "$1" compare "$3" "$4" --format json
	prints "\"class\":\"$2\""
	exits "$1" compare "$3" "$4"
	prints "$2: "
	nothing_said
}

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
	exits 1 compare a pcr8.json
	echo '{"PCR": 1}' >bad.json
	exits 1 compare a bad.json
	complains '(pcr-json-key)'
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
	exits 3 compare a none
	exits 3 compare a /dev/null
	complains 'not a regular file'
	exits 2 compare a
	exits 2 compare a a a
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
	! grep -Eiq '<script|<b>|href=|src=' page.html
}
