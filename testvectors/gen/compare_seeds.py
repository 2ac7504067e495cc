"""Small starting points for the comparison of two images or ramdisks: what comes first, see fuzz_compare.c."""

from .eif_archives import DIRECTORY, LINK, archive, entry, fixed, linked, member, small_archive, tree

HASH_A = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-app/bin"
HASH_B = "/nix/store/zyxwvsrqpnmlkjihgfdcba9876543210-app/bin"
ELF = b"\x7fELF\x02\x01" + bytes(34) + (64).to_bytes(8, "little") + bytes(10)
ELF += (64).to_bytes(2, "little") + (2).to_bytes(2, "little") + (1).to_bytes(2, "little")
SECTIONS = bytes(64) + bytes(4) + b"\3\0\0\0" + bytes(16) + (192).to_bytes(8, "little")
SECTIONS += (8).to_bytes(8, "little") + bytes(24)

RAMDISKS = {
    "same": (tree(), tree()),
    "gzip": (tree(), member(tree())),
    "gzip-level": (member(tree(), fixed), member(tree(), mtime=1, extra_flags=2)),
    "mtime": (archive(entry("a")), archive(entry("a", mtime=7))),
    "owner": (archive(entry("a", uid=1)), archive(entry("a", gid=1))),
    "mode": (archive(entry("a")), archive(entry("a", 0o100755))),
    "type": (archive(entry("a", data=b"b")), archive(entry("a", LINK, b"b"))),
    "text": (archive(entry("a", data=b"1\n2\n")), archive(entry("a", data=b"1\n3\n"))),
    "binary": (archive(entry("a", data=b"\0a")), archive(entry("a", data=b"\0b"))),
    "elf": (
        archive(entry("a", data=ELF + SECTIONS + b"\0.text\0a")),
        archive(entry("a", data=ELF + SECTIONS + b"\0.text\0b")),
    ),
    "zipped": (
        archive(entry("a", data=member(b"a", fixed))),
        archive(entry("a", data=member(b"a", fixed, mtime=1))),
    ),
    "cascade": (
        archive(entry("a", data=HASH_A.encode()), entry("l", LINK, HASH_A.encode(), ino=2)),
        archive(entry("a", data=HASH_B.encode()), entry("l", LINK, HASH_B.encode(), ino=2)),
    ),
    "cascade-name": (archive(entry(HASH_A[1:])), archive(entry(HASH_B[1:]))),
    "order": (
        archive(entry("a"), entry("b", DIRECTORY, ino=2)),
        archive(entry("b", DIRECTORY), entry("a", ino=2)),
    ),
    "added": (archive(entry("a")), archive(entry("a"), entry("b", ino=2))),
    "twice": (archive(entry("a"), entry("a", data=b"2")), archive(entry("a", data=b"2"))),
    "links": (linked(b"", b"data"), linked(b"data", b"")),
    "padding": (small_archive(entry("a")), archive(entry("a"))),
    "cut": (tree(), tree()[:-300]),
    "opaque": (b"text", tree()),
    "empty": (b"", b""),
}


def pair(how, first, second):
    return bytes([how]) + len(first).to_bytes(2, "big") + first + second


def add(vectors):
    for name, (first, second) in RAMDISKS.items():
        vectors.put(f"seeds/compare/{name}", pair(0, first, second))
    usual = vectors.files["eif/usual.eif"]
    for name in "usual v2 v4-signed arm64 ramdisk-one ramdisk-three order-metadata-between".split():
        content = vectors.files[f"eif/{name}.eif"]
        vectors.put(f"seeds/compare/image-{name}", pair(1, usual, content))
