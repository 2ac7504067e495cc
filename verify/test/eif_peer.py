"""A second reader of enclave images, for comparing: written from AWS's specification, not from eif.c.

judge(image, flags) gives what enclave-verify must say: ("ok", registers) or (check, reason).
mutants(seed, count) gives images to compare both on, the same ones for the same seed."""

import hashlib
import json
import random
import struct
import zlib

KERNEL, CMDLINE, RAMDISK, SIGNATURE, METADATA = 1, 2, 3, 4, 5
HEADER, SECTION_HEADER, LIMIT = 548, 12, 16 << 30
FORM, CRC = "eif.form", "eif.crc"
BUILD = ("BuildTime", "BuildTool", "BuildToolVersion", "OperatingSystem", "KernelVersion")


class Refused(Exception):
    pass


def demand(holds, reason):
    if not holds:
        raise Refused(reason)


def walk(image, flags):
    """The sections by the header's table, each held against its own header."""
    demand(image[:4] == b".eif", "eif-magic")
    demand(len(image) >= HEADER, "eif-truncated")
    version, found, _, _, reserved, count = struct.unpack_from(">HHQQHH", image, 4)
    offsets = struct.unpack_from(">32Q", image, 28)
    sizes = struct.unpack_from(">32Q", image, 284)
    demand(version in (2, 3, 4), "eif-version")
    demand(found | 1 == flags | 1, "eif-flags")
    demand(reserved == 0 and image[540:544] == bytes(4), "eif-reserved")
    demand(2 <= count <= 32, "eif-section-count")
    demand(not any(offsets[count:]) and not any(sizes[count:]), "eif-table")
    expected = HEADER
    for offset, size in zip(offsets[:count], sizes):
        demand(offset == expected, "eif-table")
        expected += SECTION_HEADER + size
    demand(expected <= LIMIT, "eif-too-large")
    sections = []
    for offset, size in zip(offsets[:count], sizes):
        head = image[offset : offset + SECTION_HEADER]
        demand(len(head) == SECTION_HEADER, "eif-truncated")
        kind, section_flags, again = struct.unpack(">HHQ", head)
        demand(kind in (1, 2, 3) or (kind == 4 and version >= 3) or (kind == 5 and version >= 4), "eif-section-type")
        demand(section_flags == 0, "eif-section-flags")
        demand(again == size, "eif-section-size")
        begin = offset + SECTION_HEADER
        demand(begin + size <= len(image), "eif-truncated")
        sections.append((kind, image[begin : begin + size]))
    demand(expected == len(image), "eif-trailing")
    return version, sections


def look_at(version, sections):
    kinds = [kind for kind, _ in sections]
    for kind in (KERNEL, CMDLINE, SIGNATURE, METADATA):
        demand(kinds.count(kind) <= 1, "eif-duplicate-section")
    for kind in (KERNEL, CMDLINE, RAMDISK) + ((METADATA,) if version == 4 else ()):
        demand(kind in kinds, "eif-missing-section")
    measured = [kind for kind in kinds if kind <= RAMDISK]
    demand(measured == sorted(measured), "eif-order")
    content = dict(sections)
    demand(content[KERNEL], "eif-empty-kernel")
    demand(0 not in content[CMDLINE], "eif-cmdline-nul")
    if METADATA in content:
        look_at_metadata(content[METADATA])


def unique(pairs):
    demand(len(dict(pairs)) == len(pairs), "eif-metadata-json")
    return dict(pairs)


def look_at_metadata(text):
    try:
        tree = json.loads(text.decode("utf-8"), object_pairs_hook=unique)
    except ValueError:
        raise Refused("eif-metadata-json") from None
    demand(isinstance(tree, dict), "eif-metadata-json")
    build = tree.get("BuildMetadata")
    demand(isinstance(build, dict), "eif-metadata-field")
    strings = [tree.get("ImageName"), tree.get("ImageVersion")] + [build.get(name) for name in BUILD]
    demand(all(isinstance(one, str) for one in strings), "eif-metadata-field")


def extend(*parts):
    inner = hashlib.sha384(b"".join(parts)).digest()
    return hashlib.sha384(bytes(48) + inner).hexdigest()


def registers(sections):
    head = [data for kind, data in sections if kind in (KERNEL, CMDLINE)]
    ramdisks = [data for kind, data in sections if kind == RAMDISK]
    return {"PCR0": extend(*head, *ramdisks), "PCR1": extend(*head, *ramdisks[:1]), "PCR2": extend(*ramdisks[1:])}


def checksum(image):
    return zlib.crc32(image[HEADER:], zlib.crc32(image[:544]))


def judge(image, flags=0):
    try:
        version, sections = walk(image, flags)
        look_at(version, sections)
    except Refused as reason:
        return FORM, str(reason)
    if struct.unpack_from(">I", image, 544)[0] != checksum(image):
        return CRC, "eif-crc"
    return "ok", registers(sections)


def seal(image):
    if len(image) >= HEADER:
        struct.pack_into(">I", image, 544, checksum(bytes(image)))
    return image


def build(sections, version=4, flags=0):
    image = bytearray(struct.pack(">4sHHQQHH", b".eif", version, flags, 1 << 30, 2, 0, len(sections)) + bytes(520))
    at = HEADER
    for i, (kind, data) in enumerate(sections):
        if i < 32:
            struct.pack_into(">Q", image, 28 + 8 * i, at)
            struct.pack_into(">Q", image, 284 + 8 * i, len(data))
        image += struct.pack(">HHQ", kind, 0, len(data)) + data
        at += SECTION_HEADER + len(data)
    return seal(image)


NAMES = {name: name.lower() for name in BUILD}
DATA = json.dumps({"ImageName": "n", "ImageVersion": "1", "BuildMetadata": NAMES, "DockerInfo": None}).encode()


def mutants(seed, count):
    """Images with one to three changes in what makes up an image, the checksum mostly right."""
    dice = random.Random(seed)
    fields = [(0, 4), (4, 2), (6, 2), (8, 8), (16, 8), (24, 2), (26, 2), (540, 4)]
    fields += [(28 + 8 * i, 8) for i in (0, 1, 2, 3, 4, 5, 31)] + [(284 + 8 * i, 8) for i in (0, 1, 4, 5, 31)]
    values = [0, 1, 2, 3, 4, 5, 6, 32, 33, 0x240, 547, 548, 549, 1 << 34, (1 << 63), (1 << 64) - 1, (1 << 64) - 560]
    for _ in range(count):
        sections = [
            (KERNEL, dice.randbytes(dice.choice((1, 9, 300)))),
            (CMDLINE, b"console=ttyS0 panic=30"[: dice.choice((0, 5, 22))]),
            (METADATA, DATA),
        ]
        sections += [(RAMDISK, dice.randbytes(dice.choice((0, 1, 12, 13, 5000)))) for _ in range(dice.choice((1, 2, 3, 6)))]
        version = 4
        if dice.random() < 0.3:
            version = dice.choice((2, 3, 4))
            sections = [one for one in sections if version == 4 or one[0] != METADATA]
        if dice.random() < 0.3:
            dice.shuffle(sections)
        if dice.random() < 0.2:
            sections.insert(dice.randrange(len(sections) + 1), dice.choice(sections))
        if dice.random() < 0.2:
            del sections[dice.randrange(len(sections))]
        if dice.random() < 0.2:
            i = dice.randrange(len(sections))
            kind, data = sections[i]
            data = bytearray(data or b"\0")
            data[dice.randrange(len(data))] = dice.choice((0, 0x22, 0x7B, 0xFF))
            sections[i] = (kind, bytes(data))
        image = build(sections, version)
        if dice.random() < 0.5:
            at, size = dice.choice(fields + [(n, w) for n, w in ((548, 2), (550, 2), (552, 8))])
            value = dice.choice(values) & ((1 << 8 * size) - 1)
            image[at : at + size] = value.to_bytes(size, "big")
        if dice.random() < 0.15:
            del image[dice.randrange(len(image)) :]
        if dice.random() < 0.1:
            image += bytes(dice.choice((1, 11, 12, 13)))
        yield bytes(seal(image) if dice.random() < 0.9 else image)
