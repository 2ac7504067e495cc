"""Small starting points for the fuzz targets that read images and what lies in them."""

import gzip

from . import cbor, eif, eif_signature
from .eif_archives import (
    BLOCK,
    CHARACTER,
    COMMENT,
    DIRECTORY,
    DYNAMIC,
    DYNAMIC_CONTENT,
    EXTRA,
    FIFO,
    HEADER_CRC,
    LINK,
    NAME,
    SOCKET,
    TEXT,
    archive,
    bomb,
    entry,
    fixed,
    full_member,
    linked,
    member,
    padded,
    small_archive,
    stored,
    trailer,
    tree,
)

IMAGES = (
    "usual v2 v3 v3-signed v4-signed arm64 flags-bottlerocket ramdisk-one ramdisk-three"
    " ramdisk-empty-all order-signature-first order-metadata-between boundary-cmdline"
    " cmdline-empty cmdline-nul-last cmdline-escape kernel-empty kernel-short crc-zero crc-forged"
    " magic-case version-5 flags-0040 reserved-low unused-high count-1 count-2 count-33"
    " count-lowered count-lowered-cleared count-raised-end table-offset-2-plus table-overlap"
    " table-swapped table-slot-31-size type-3-0006 section-flags-3-0001 size-3-plus"
    " size-last-max size-resigned huge-last-max huge-last-half huge-last-limit huge-first-wrap"
    " huge-pair truncated-4 truncated-547 truncated-548 truncated-header-11 trailing-1"
    " trailing-section duplicate-kernel duplicate-signature duplicate-metadata missing-metadata"
    " missing-ramdisk order-ramdisk-first v2-signed v3-metadata two-walks two-walks-all"
)
SIGNATURES = (
    "es256 es384 es512 small empty array-empty array-two map-order map-extra map-empty map-alone"
    " trailing-zero cut bytes-both number-256 number-negative number-wide-small numbers-indefinite"
    " numbers-huge numbers-more certificate-der certificate-two certificate-no-end"
    " certificate-cut certificate-not-der cose-tagged cose-three cose-protected-none"
    " cose-protected-crit cose-unprotected-kid cose-payload-null cose-signature-short"
    " payload-other payload-index-1 payload-bytes payload-empty invalid-bit-s invalid-zero"
    " invalid-r-order key-ed25519 key-p521-es384"
)
METADATA = (
    "pretty docker no-options unknown registers escapes utf8 deep empty null array cut"
    " trailing-nul trailing-hidden bom utf16 nan nul-raw nul-escape not-utf8 surrogate too-deep"
    " duplicate-name duplicate-escaped object-empty missing-imagename null-build missing-build"
    " missing-kernelversion flat"
)


def add(vectors):
    files = vectors.files
    for name in IMAGES.split():
        vectors.put(f"seeds/eif/{name}", files[f"eif/{name}.eif"])
    for name in SIGNATURES.split():
        content = section(files[f"eif/signature-{name}.eif"], eif.SIGNATURE)
        vectors.put(f"seeds/eifsign/{name}", content)
    vectors.put("seeds/eifsign/no-pem", eif_signature.content(b"PEM", b"\x84"))
    vectors.put("seeds/eifsign/numbers", cbor.array([eif_signature.numbers(bytes(range(32)))]))
    for name in METADATA.split():
        content = section(files[f"eif/metadata-{name}.eif"], eif.METADATA)
        vectors.put(f"seeds/eifmeta/{name}", content)
    vectors.put("seeds/eifmeta/usual", eif.compact(eif.METADATA_VALUE))
    archives(vectors)
    members(vectors)


def section(content, kind):
    """The first section of a kind."""
    at = eif.HEADER
    while int.from_bytes(content[at : at + 2], "big") != kind:
        at += eif.SECTION_HEADER + int.from_bytes(content[at + 4 : at + 12], "big")
    size = int.from_bytes(content[at + 4 : at + 12], "big")
    return content[at + eif.SECTION_HEADER : at + eif.SECTION_HEADER + size]


# --- newc ------------------------------------------------------------------


def archives(vectors):
    put = lambda name, content: vectors.put(f"seeds/newc/{name}", content)
    one = entry("a", data=b"content\n")
    put("tree", tree())
    put("tree-512", archive(one))
    put("trailer-only", small_archive())
    put("empty", b"")
    put("zeros", bytes(512))
    for name, check in (("crc-format", sum(b"abc")), ("crc-format-wrong", 1)):
        first = entry("a", data=b"abc", magic=b"070702", check=check)
        put(name, first + trailer(magic=b"070702"))
    put("crc-format-mixed", small_archive(entry("a", data=b"abc", magic=b"070702", check=294)))
    put("odc", b"070707" + b"0" * 70 + b"a\0")
    put("lower-case", small_archive(entry("a", data=bytes(170), digits="%08x")))
    kinds(put)
    links(put)
    concatenated(put, one)
    names(put)
    numbers(put)
    cuts(put, one)


def kinds(put):
    for name, mode in (
        ("fifo", FIFO),
        ("character-device", CHARACTER),
        ("block-device", BLOCK),
        ("socket", SOCKET),
        ("setuid", 0o104755),
        ("sticky", 0o041777),
        ("no-type", 0o000644),
        ("all-bits", 0xFFFFFFFF),
    ):
        put("mode-" + name, small_archive(entry("a", mode, rdevmajor=1, rdevminor=3)))
    put("directory-with-data", small_archive(entry("d", DIRECTORY, b"data")))
    put("owner", small_archive(entry("a", uid=1000, gid=0xFFFFFFFF, mtime=0xFFFFFFFF)))
    for name, target in (
        ("absolute", b"/etc/passwd"),
        ("up", b"../../etc"),
        ("itself", b"link"),
        ("empty", b""),
        ("nul", b"a\0b"),
        ("escape", b"\x1b[2J"),
    ):
        put("symlink-" + name, small_archive(entry("link", LINK, target)))
    through = (entry("d", LINK, b"/tmp"), entry("d/x", data=b"through", ino=2))
    put("symlink-through", small_archive(*through))
    put("twice", small_archive(entry("a", data=b"1"), entry("a", data=b"2", ino=2)))
    put(
        "file-then-directory",
        small_archive(entry("a", data=b"1"), entry("a", DIRECTORY, ino=2), entry("a/b", ino=3)),
    )
    put("file-as-directory", small_archive(entry("a", data=b"1"), entry("a/b", ino=2)))
    put("no-parent", small_archive(entry("a/b/c", data=b"1")))


def links(put):
    put("hardlink-last", linked(b"", b"", b"data"))  # as GNU cpio writes them
    put("hardlink-first", linked(b"data", b"", b""))
    put("hardlink-both", linked(b"data", b"data"))
    put("hardlink-differs", linked(b"data", b"other"))
    put("hardlink-none", linked(b"", b""))
    put("hardlink-more", linked(b"", b"data", nlink=9))
    put("hardlink-zero", linked(b"data", nlink=0))
    put("hardlink-max", linked(b"", b"data", nlink=0xFFFFFFFF))
    directories = (entry(name, DIRECTORY, nlink=2, ino=7) for name in ("d", "d2"))
    put("hardlink-directory", small_archive(*directories))
    put(
        "hardlink-device",
        small_archive(
            entry("a", ino=7, nlink=2), entry("b", data=b"other device", ino=7, nlink=2, devminor=1)
        ),
    )
    # The table of links is new in each archive.
    first = small_archive(entry("a", ino=7, nlink=2))
    put("hardlink-across", first + small_archive(entry("b", data=b"data", ino=7, nlink=2)))


def concatenated(put, one):
    second = small_archive(entry("b", data=b"second"))
    put("two", small_archive(one) + second)
    put("two-padded", archive(one) + bytes(64) + second)
    put("two-unaligned", small_archive(one) + b"\0" + second)
    put("gzip", member(tree()))
    put("gzip-fixed", member(small_archive(one), fixed))
    put("gzip-two", member(small_archive(one)) + member(second))
    put("gzip-two-padded", padded(member(small_archive(one))) + bytes(8) + member(second))
    put("raw-gzip", small_archive(one) + member(second))
    put("gzip-raw", padded(member(small_archive(one))) + second)
    whole = small_archive(one)
    put("gzip-split", member(whole[:50]) + member(whole[50:]))
    put("gzip-twice", member(member(whole)))
    put("gzip-cut", member(whole)[:-20])
    put("gzip-crc", member(whole, crc=0))
    put("gzip-full", full_member())
    put("gzip-bomb", bomb())
    put("trailing-text", whole + b"text after the last archive")
    put("trailing-header", whole + b"070701")


def names(put):
    for name, path in (
        ("up", "../x"),
        ("up-inside", "a/../../x"),
        ("up-end", "a/.."),
        ("absolute", "/etc/x"),
        ("slashes", "a//b"),
        ("slash-end", "a/"),
        ("dot", "./a"),
        ("dot-middle", "a/./b"),
        ("dots", "..."),
        ("newline", "a\nb"),
        ("escape", "\x1b[2J\x1b]0;x\x07"),
        ("not-utf8", b"a\xff\xfeb"),
        ("pipe", "a|b`c`"),
        ("nul", b"a\0b"),
        ("trailer-in", "TRAILER!!!x"),
        ("trailer-path", "d/TRAILER!!!"),
        ("long", "a" * 4095),
        ("too-long", "a" * 4096),
        ("deep", "a/" * 200 + "a"),
    ):
        put("name-" + name, small_archive(entry(path, data=b"data")))
    put("name-empty", small_archive(entry("", data=b"data")))
    put("name-none", small_archive(entry(b"", end=b"")))
    put("name-no-nul", small_archive(entry("name", end=b"")))
    put("name-nuls", small_archive(entry("name", end=bytes(9))))
    put("trailer-data", entry("a") + entry("TRAILER!!!", 0, b"data"))
    put("trailer-links", entry("a") + trailer(nlink=9, ino=4))


def numbers(put):
    for field in ("filesize", "namesize"):
        for name, value in (("4gib", 0xFFFFFFFF), ("2gib", 0x80000000), ("more", 600), ("one", 1)):
            put(f"{field}-{name}", small_archive(entry("a", data=b"data", **{field: value})))
        put(f"{field}-zero", small_archive(entry("a", data=b"data", **{field: 0})))
    for name, digits in (
        ("space", b"       4"),
        ("plus", b"+0000004"),
        ("minus", b"-0000004"),
        ("prefix", b"0x000004"),
        ("letter", b"0000000G"),
        ("nul", b"0000004\0"),
    ):
        put("digits-" + name, small_archive(entry("a", data=b"data", filesize=digits)))


def cuts(put, one):
    put("cut-magic", b"0707")
    put("cut-header", one[:60])
    put("cut-name", one[:111])
    put("cut-data", one[:-6])
    put("cut-trailer", one)
    put("cut-trailer-name", one + trailer()[:115])
    put("magic", b"070703" + one[6:])


# --- gzip ------------------------------------------------------------------


def members(vectors):
    content = b"content\n"
    good = {
        "stored": member(),
        "fixed": member(content * 4, fixed),
        "fixed-high": member(bytes(range(128, 256, 5)), fixed),
        "dynamic": member(DYNAMIC_CONTENT, DYNAMIC),
        "empty": member(b""),
        "empty-fixed": member(b"", fixed),
        "blocks": member(content + content, b"\0" + stored(content)[1:] + stored(content)),
        "bomb": bomb(),
        "text": member(flags=TEXT),
        "header-crc": member(flags=HEADER_CRC),
        "extra": member(flags=EXTRA, extra=b"AB\x02\x00hi"),
        "extra-empty": member(flags=EXTRA),
        "name": member(flags=NAME, name=b"ramdisk.cpio\0"),
        "name-empty": member(flags=NAME, name=b"\0"),
        "name-escape": member(flags=NAME, name=b"../\x1b[2J\xff\0"),
        "comment": member(flags=COMMENT, comment=b"a comment\0"),
        "all": full_member(),
        "mtime": member(mtime=0xFFFFFFFF),
        "best": member(extra_flags=2),
        "fastest": member(extra_flags=4),
        "system-unknown": member(system=255),
        "two": member() + member(b"second"),
        "two-empty": member(b"") + member(b""),
    }
    for name, octets in good.items():
        gzip.decompress(octets)  # another reader of the format takes it
        vectors.put(f"seeds/gzip/{name}", octets)
    for name, octets in {
        "none": b"",
        "magic": member(magic=b"\x1f\x8c"),
        "magic-alone": b"\x1f\x8b",
        "method-7": member(method=7),
        "reserved-flag": member(flags=0x20),
        "reserved-flags": member(flags=0xE0),
        "header-crc-wrong": member(flags=HEADER_CRC, header_crc=0),
        "extra-long": member(flags=EXTRA, extra=b"AB", extra_size=0xFFFF),
        "name-open": member(flags=NAME, name=b"no end")[:16],
        "comment-open": member(flags=COMMENT, comment=b"no end")[:16],
        "crc-wrong": member(crc=0),
        "size-wrong": member(size=9),
        "size-2-32": member(size=(1 << 32) - 1),
        "stored-length": member(deflate=b"\x01\x08\x00\xf8\xff" + content),
        "block-reserved": member(deflate=b"\x07"),
        "fixed-distance": member(deflate=fixed(b"", 1)),
        "no-last-block": member(deflate=b"\0" + stored(content)[1:]),
        "cut-header": member()[:9],
        "cut-data": member()[:14],
        "cut-trailer": member()[:-1],
        "cut-all": full_member()[:30],
        "cut-second": member() + member()[:12],
        "trailing-zeros": member() + bytes(8),
        "trailing-text": member() + b"text",
        "zeros-between": member() + bytes(4) + member(),
    }.items():
        vectors.put(f"seeds/gzip/{name}", octets)
