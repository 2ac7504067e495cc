"""Ramdisks: cpio archives (newc) and gzip members, right or wrong on purpose.

Deflate data is made here, not by zlib, whose output differs from build to build.
"""

import struct
import zlib

# --- newc ------------------------------------------------------------------

DIRECTORY, FILE, LINK, FIFO, CHARACTER, BLOCK, SOCKET = (
    0o040755,
    0o100644,
    0o120777,
    0o010644,
    0o020600,
    0o060600,
    0o140755,
)
FIELDS = (
    "ino",
    "mode",
    "uid",
    "gid",
    "nlink",
    "mtime",
    "filesize",
    "devmajor",
    "devminor",
    "rdevmajor",
    "rdevminor",
    "namesize",
    "check",
)


def padded(content, to=4):
    return content + bytes(-len(content) % to)


def entry(name, mode=FILE, data=b"", ino=1, magic=b"070701", digits="%08X", end=b"\0", **change):
    """One entry; `change` replaces fields of the header by numbers or by eight characters."""
    name = name.encode() if isinstance(name, str) else name
    values = dict.fromkeys(FIELDS, 0)
    values.update(ino=ino, mode=mode, nlink=1, mtime=1, filesize=len(data))
    values.update({"namesize": len(name) + len(end), **change})
    header = magic + b"".join(
        one if isinstance(one, bytes) else (digits % one).encode() for one in values.values()
    )
    return padded(header + name + end) + padded(data)


def trailer(**change):
    return entry("TRAILER!!!", **{"mode": 0, "ino": 0, "mtime": 0, **change})


def archive(*entries, to=512):
    """Entries, the trailer, zeros to a multiple of 512 as GNU cpio writes them."""
    return padded(b"".join(entries) + trailer(), to)


def small_archive(*entries):
    return archive(*entries, to=4)


def tree():
    return small_archive(
        entry(".", DIRECTORY, nlink=2, ino=0),
        entry("init", 0o100755, b"#!/bin/sh\nexec /app\n", 1),
        entry("lib", DIRECTORY, nlink=2, ino=2),
        entry("lib/libapp.so", data=b"\x7fELF library", ino=3),
        entry("app", LINK, b"lib/libapp.so", 4),
    )


def linked(*datas, nlink=None):
    """Names of one inode, each with the data given."""
    return small_archive(
        *(
            entry(f"name{number}", data=data, ino=7, nlink=nlink or len(datas))
            for number, data in enumerate(datas)
        )
    )


# --- gzip ------------------------------------------------------------------

TEXT, HEADER_CRC, EXTRA, NAME, COMMENT = 1, 2, 4, 8, 16


class Bits:
    """A string of bits as deflate packs them: from the lowest of each byte up."""

    def __init__(self):
        self.number, self.count = 0, 0

    def add(self, value, width):
        self.number |= value << self.count
        self.count += width

    def code(self, value, width):
        """A Huffman code: its highest bit first."""
        self.add(int(format(value, f"0{width}b")[::-1], 2), width)

    def octets(self):
        return self.number.to_bytes((self.count + 7) // 8, "little")


def stored(content):
    """One block that is not compressed."""
    return b"\x01" + struct.pack("<HH", len(content), len(content) ^ 0xFFFF) + content


def fixed(content, repeats=0):
    """One block of literals in the fixed code; `repeats` matches of 258 times the last octet."""
    bits = Bits()
    bits.add(0b011, 3)
    for octet in content:
        if octet < 144:
            bits.code(0x30 + octet, 8)
        else:
            bits.code(0x190 + octet - 144, 9)
    for _ in range(repeats):
        bits.code(0xC0 + 285 - 280, 8)  # length 258
        bits.code(0, 5)  # distance 1
    bits.code(0, 7)
    return bits.octets()


# "abracadabra " 20 times in codes of its own, literals only (zlib: level 9, Z_HUFFMAN_ONLY).
DYNAMIC_CONTENT = b"abracadabra " * 20
DYNAMIC = bytes.fromhex(
    "05c1310100000803a02a56639a60fd0f416a9dd448ad931aa9755223b54e6aa4d6498dd43aa9915a273552eba4"
    "466a9dd448ad931aa9755223b54e6aa4d6498dd43aa9915a273552eba4466a9dd448ad931aa9755223b54e6a1e"
)


def member(
    content=b"content\n",
    deflate=stored,
    flags=0,
    method=8,
    mtime=0,
    extra_flags=0,
    system=3,
    extra=b"",
    extra_size=None,
    name=b"",
    comment=b"",
    header_crc=None,
    crc=None,
    size=None,
    magic=b"\x1f\x8b",
):
    """One member; deflate is a function of the content or the bytes themselves."""
    header = magic + struct.pack("<BBIBB", method, flags, mtime, extra_flags, system)
    if flags & EXTRA:
        header += struct.pack("<H", len(extra) if extra_size is None else extra_size) + extra
    if flags & NAME:
        header += name
    if flags & COMMENT:
        header += comment
    if flags & HEADER_CRC:
        value = zlib.crc32(header) & 0xFFFF if header_crc is None else header_crc
        header += struct.pack("<H", value)
    body = deflate(content) if callable(deflate) else deflate
    crc = zlib.crc32(content) if crc is None else crc
    size = len(content) if size is None else size
    return header + body + struct.pack("<II", crc, size & 0xFFFFFFFF)


def full_member():
    """All optional fields."""
    return member(
        flags=TEXT | HEADER_CRC | EXTRA | NAME | COMMENT,
        mtime=1767434400,
        extra=b"AB\x02\x00hi",
        name=b"ramdisk.cpio\0",
        comment=b"a comment\0",
    )


def bomb():
    """One byte and four hundred matches: a hundred thousand bytes out of six hundred."""
    return member(bytes(1 + 258 * 400), fixed(b"\0", 400))
