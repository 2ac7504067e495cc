"""Small starting points for the comparison of two kernels: the length of the first, both; see fuzz_kernel.c.

The streams hold their content as it is, so that no compressor decides what they are.
"""

import struct
import zlib

from .eif_archives import member

BANNER = b"Linux version 6.1 x\n"
OPTIONS = b"CONFIG_A=y\n# CONFIG_B is not set\n"
# What xz-utils and bzip2 make of BANNER.
BZIP2 = bytes.fromhex(
    "425a6839314159265359e953cd0e000003dd80001040012100000402219b402000314c00011036a3478a3abc8003"
    "e2260a550fe2ee48a70a121d2a79a1c0"
)
LZMA = bytes.fromhex(
    "5d00000400ffffffffffffffff00261a49c78955b31f4735d21f2e2d85d0121dd3da275f09b9cffffe9a0000"
)
ARM64 = bytes(56) + b"ARM\x64"


def xz(content):
    """One block with an LZMA2 chunk that is not compressed."""
    body = b"\1" + struct.pack(">H", len(content) - 1) + content + b"\0"
    header = bytes.fromhex("0200210100000000")
    block = header + struct.pack("<I", zlib.crc32(header)) + body
    block += bytes(-len(block) % 4)
    unpadded = len(header) + 4 + len(body) + 4
    check = struct.pack("<I", zlib.crc32(content))
    index = b"\0\1" + vli(unpadded) + vli(len(content))
    index += bytes(-len(index) % 4)
    index += struct.pack("<I", zlib.crc32(index))
    footer = struct.pack("<IH", len(index) // 4 - 1, 0x0100)
    start = b"\xfd7zXZ\0\0\1" + struct.pack("<I", zlib.crc32(b"\0\1"))
    return start + block + check + index + struct.pack("<I", zlib.crc32(footer)) + footer + b"YZ"


def vli(number):
    octets = b""
    while number > 0x7F:
        octets += bytes([number & 0x7F | 0x80])
        number >>= 7
    return octets + bytes([number])


def zstd(content):
    """One segment with a raw block."""
    head = b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(content))
    return head + (len(content) << 3 | 1).to_bytes(3, "little") + content


def lz4(content):
    """One block of literals, less than 270 of them."""
    block = bytes([0xF0, len(content) - 15]) + content
    return b"\x02\x21\x4c\x18" + struct.pack("<I", len(block)) + block


def with_length(stream, content):
    return stream + struct.pack("<I", len(content))


def vmlinux(release=b"6.1", options=OPTIONS, end=b"IKCFG_ED"):
    return b"Linux version " + release + b" x\n\0IKCFG_ST" + member(options) + end


def bzimage(payload, version=b"6.1 x\0", size=None, offset=0):
    """One setup sector with the version string in it, the payload, two octets."""
    image = bytearray(1024)
    image[0x1F1] = 1
    image[0x202:0x206] = b"HdrS"
    struct.pack_into("<HxxxxxxH", image, 0x206, 0x20F, 0x100)
    struct.pack_into("<II", image, 0x248, offset, len(payload) if size is None else size)
    image[0x300 : 0x300 + len(version)] = version
    return bytes(image) + payload + b"zz"


def zboot(payload, size=None):
    size = len(payload) if size is None else size
    return b"MZ\0\0zimg" + struct.pack("<IIII", 32, size, 0, 0) + b"gzip".ljust(8, b"\0") + payload


def elf(wide, order, data):
    word, head, row = ("Q", 64, 64) if wide else ("I", 52, 40)
    names = b"\0.n\0.data\0"
    content = names + data

    def section(name, kind, at, size):
        fields = struct.pack(order + "II" + word * 4, name, kind, 0, 0, at, size)
        return fields.ljust(row, b"\0")

    image = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2]) + bytes(10)
    image += struct.pack(order + "HHI" + word * 3, 2, 62, 1, 0, 0, head + len(content))
    image += struct.pack(order + "IHHHHHH", 0, head, 0, 0, row, 3, 1) + content
    image += section(0, 0, 0, 0) + section(1, 3, head, len(names))
    return image + section(4, 1, head + len(names), len(data))


ONE, TWO = vmlinux(), vmlinux(b"6.2", b"CONFIG_A=m\nCONFIG_C=1\n")

KERNELS = {
    "empty": (b"", b""),
    "text": (b"kernel", b"colonel"),
    "version": (bzimage(member(ONE)), bzimage(member(ONE), b"6.2 x\0")),
    "gzip": (bzimage(member(ONE)), bzimage(member(TWO))),
    "gzip-level": (bzimage(member(ONE)), bzimage(member(ONE, mtime=1))),
    "gzip-cut": (bzimage(member(ONE)), bzimage(member(ONE)[:-3])),
    "xz": (bzimage(with_length(xz(ONE), ONE)), bzimage(with_length(xz(TWO), TWO))),
    "xz-length": (bzimage(xz(ONE)), bzimage(with_length(xz(ONE), TWO + b" "))),
    "zstd": (bzimage(with_length(zstd(ONE), ONE)), bzimage(zstd(TWO))),
    "lz4": (bzimage(with_length(lz4(ONE), ONE)), bzimage(lz4(TWO))),
    "bzip2": (bzimage(with_length(BZIP2, BANNER)), bzimage(BZIP2)),
    "lzma": (bzimage(with_length(LZMA, BANNER)), bzimage(LZMA)),
    "lzo": (bzimage(b"\x89LZO\0\r\n\x1a\n"), bzimage(member(ONE))),
    "plain": (bzimage(elf(True, "<", BANNER)), bzimage(elf(False, ">", BANNER))),
    "payload-past-end": (bzimage(member(ONE), size=1 << 30), bzimage(member(ONE), offset=1 << 31)),
    "config-none": (bzimage(member(ONE)), bzimage(member(BANNER))),
    "config-broken": (bzimage(member(ONE)), bzimage(member(vmlinux(end=b"IKCFG_EE")))),
    "arm64": (ARM64 + ONE, ARM64 + TWO),
    "arm64-gzip": (ARM64 + ONE, member(ARM64 + ONE)),
    "zboot": (zboot(member(ARM64 + ONE)), zboot(with_length(zstd(ARM64 + ONE), ARM64 + ONE))),
    "zboot-past-end": (zboot(member(ONE), 1 << 31), zboot(member(ONE))),
    "form": (zboot(member(ONE)), bzimage(member(ONE))),
    "elf": (elf(True, "<", BANNER), elf(True, "<", ONE)),
    "elf-32": (elf(False, "<", BANNER), elf(False, "<", ONE)),
    "elf-big-endian": (elf(True, ">", BANNER), elf(True, ">", ONE)),
    "elf-32-big-endian": (elf(False, ">", BANNER), elf(False, ">", ONE)),
}


def add(vectors):
    for name, (first, second) in KERNELS.items():
        content = len(first).to_bytes(2, "big") + first + second
        vectors.put(f"seeds/kernel/{name}", content)
