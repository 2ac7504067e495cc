"""Enclave images: header, table, sections, checksum and registers, right or wrong on purpose.

Sources: AWS, "Enclave Image Format" specification; aws-nitro-enclaves-image-format 0.5.
"""

import hashlib
import json
import struct
import zlib
from collections import namedtuple

from . import document

HEADER = 548
SECTION_HEADER = 12
SLOTS = 32
OFFSETS_AT, SIZES_AT, UNUSED_AT, CRC_AT = 0x1C, 0x11C, 0x21C, 0x220

INVALID, KERNEL, CMDLINE, RAMDISK, SIGNATURE, METADATA = range(6)

ARM64 = 0x0001
BOTTLEROCKET = 0x0240  # bits 6 and 9, reserved by the specification

# size: what the section's header says, None for the truth
Section = namedtuple("Section", "type data flags size", defaults=(0, None))


# --- the usual image -------------------------------------------------------


def filler(text, size):
    return (text.encode() * size)[:size]


KERNEL_DATA = b"MZ" + filler("test kernel ", 22)
CMDLINE_DATA = b"reboot=k panic=30"
BOOT_DATA = filler("boot ramdisk ", 15)
APP_DATA = filler("application ramdisk ", 22)

BUILD_METADATA = {
    "BuildTime": "1970-01-01T00:00:00+00:00",
    "BuildTool": "eif_build",
    "BuildToolVersion": "0.3.1",
    "OperatingSystem": "OS",
    "KernelVersion": "6.1",
}
METADATA_VALUE = {
    "ImageName": "test",
    "ImageVersion": "1.0",
    "BuildMetadata": BUILD_METADATA,
    "DockerInfo": None,
    "CustomMetadata": None,
}


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


kernel = Section(KERNEL, KERNEL_DATA)
cmdline = Section(CMDLINE, CMDLINE_DATA)
boot = Section(RAMDISK, BOOT_DATA)
app = Section(RAMDISK, APP_DATA)
metadata = Section(METADATA, compact(METADATA_VALUE))


def ramdisk(content):
    return Section(RAMDISK, content)


SMALL = (kernel, cmdline, boot, app)  # version 2
USUAL = (kernel, cmdline, metadata, boot, app)  # version 4, in eif_build's order


# --- bytes -----------------------------------------------------------------


def laid_out(sections):
    """The offsets and sizes that the header's table must hold."""
    offsets, sizes, at = [], [], HEADER
    for section in sections:
        offsets.append(at)
        sizes.append(len(section.data) if section.size is None else section.size)
        at += SECTION_HEADER + len(section.data)
    return offsets, sizes


def section_bytes(section):
    size = len(section.data) if section.size is None else section.size
    return struct.pack(">HHQ", section.type, section.flags, size) + section.data


def crc(content):
    """Over everything but the four bytes that hold it."""
    return zlib.crc32(content[HEADER:], zlib.crc32(content[:CRC_AT]))


def sealed(content, value=None):
    """The image with its checksum (or another value) written in."""
    value = crc(content) if value is None else value
    return content[:CRC_AT] + value.to_bytes(4, "big") + content[HEADER:]


def image(
    sections=USUAL,
    version=4,
    magic=b".eif",
    flags=0,
    memory=1 << 30,
    cpus=2,
    reserved=0,
    count=None,
    offsets=None,
    sizes=None,
    unused=0,
    trailing=b"",
):
    """An image; offsets and sizes are slot -> value and replace what the table would hold."""
    table_offsets, table_sizes = laid_out(sections)
    table_offsets += [0] * (SLOTS - len(sections))
    table_sizes += [0] * (SLOTS - len(sections))
    for slot, value in (offsets or {}).items():
        table_offsets[slot] = value
    for slot, value in (sizes or {}).items():
        table_sizes[slot] = value
    header = struct.pack(
        ">4sHHQQHH",
        magic,
        version,
        flags,
        memory,
        cpus,
        reserved,
        len(sections) if count is None else count,
    )
    header += struct.pack(">64Q", *table_offsets[:SLOTS], *table_sizes[:SLOTS])
    header += struct.pack(">II", unused, 0)
    assert len(header) == HEADER
    return sealed(header + b"".join(section_bytes(one) for one in sections) + trailing)


def small(**change):
    return image(**{"sections": SMALL, "version": 2, **change})


def patched(content, at, replacement, seal=True):
    """The image with bytes replaced, and its checksum made to fit unless told not to."""
    content = content[:at] + replacement + content[at + len(replacement) :]
    return sealed(content) if seal else content


def forged(content, at, value):
    """The image with the four bytes at `at` chosen so that its checksum is `value`.

    CRC-32 is linear over GF(2): each of the 32 bits flips a fixed pattern of the checksum.
    """
    start = content[:at] + bytes(4) + content[at + 4 :]
    wanted = crc(start) ^ value
    basis = {}  # highest bit -> (pattern, bits that make it)
    for bit in range(32):
        flipped = start[:at] + (1 << bit).to_bytes(4, "big") + start[at + 4 :]
        pattern, bits = crc(flipped) ^ crc(start), 1 << bit
        while pattern:
            high = pattern.bit_length()
            if high not in basis:
                basis[high] = (pattern, bits)
                break
            pattern, bits = pattern ^ basis[high][0], bits ^ basis[high][1]
    chosen = 0
    while wanted:
        pattern, bits = basis[wanted.bit_length()]
        wanted, chosen = wanted ^ pattern, chosen ^ bits
    result = start[:at] + chosen.to_bytes(4, "big") + start[at + 4 :]
    assert crc(result) == value
    return sealed(result, value)


# --- registers -------------------------------------------------------------


def registers(sections, certificate=None):
    """PCR0 to PCR2 of the sections; PCR8 of the signing certificate in DER."""
    digest = lambda parts: document.extend(hashlib.sha384(b"".join(parts)).digest())
    base = [one.data for one in sections if one.type in (KERNEL, CMDLINE)]
    ramdisks = [one.data for one in sections if one.type == RAMDISK]
    result = {0: digest(base + ramdisks), 1: digest(base + ramdisks[:1]), 2: digest(ramdisks[1:])}
    if certificate is not None:
        result[8] = digest([certificate])
    return result
