"""A second reading of the format, to check the rows that the generator writes.

It shares nothing with eif.py: it walks the bytes as the specification words it and names the first
rule of eif.form and eif.crc that is broken. What a signature section holds is not looked at.
"""

import hashlib
import json
import zlib

MOST = 16 << 30  # bytes in an image
DEPTH_MOST = 16
TYPES = {2: 3, 3: 4, 4: 5}  # the highest type of section by version

TOP_STRINGS = ("ImageName", "ImageVersion")
BUILD_STRINGS = ("BuildTime", "BuildTool", "BuildToolVersion", "OperatingSystem", "KernelVersion")


class Broken(Exception):
    """A rule is broken: check and reason."""


def number(content, at, size):
    return int.from_bytes(content[at : at + size], "big")


def require(condition, reason, check="eif.form"):
    if not condition:
        raise Broken(check, reason)


def table(content, pinned_flags):
    """The header: version and the (offset, size) of every section."""
    require(content[:4] == b"\x2eeif", "eif-magic")
    require(len(content) >= 548, "eif-truncated")
    version = number(content, 4, 2)
    require(2 <= version <= 4, "eif-version")
    require(number(content, 6, 2) & ~1 == pinned_flags, "eif-flags")
    require(number(content, 0x18, 2) == 0 == number(content, 0x21C, 4), "eif-reserved")
    count = number(content, 0x1A, 2)
    require(2 <= count <= 32, "eif-section-count")
    slots = [
        (number(content, 0x1C + 8 * slot, 8), number(content, 0x11C + 8 * slot, 8))
        for slot in range(32)
    ]
    require(slots[count:] == [(0, 0)] * (32 - count), "eif-table")
    expected = 548
    for offset, size in slots[:count]:
        require(offset == expected, "eif-table")
        expected += 12 + size
    require(expected <= MOST, "eif-too-large")
    return version, slots[:count], expected


def walk(content, version, slots, end):
    """Section after section: (type, data)."""
    found = []
    at = 548
    for _, size in slots:
        require(len(content) >= at + 12, "eif-truncated")
        require(1 <= number(content, at, 2) <= TYPES[version], "eif-section-type")
        require(number(content, at + 2, 2) == 0, "eif-section-flags")
        require(number(content, at + 4, 8) == size, "eif-section-size")
        require(len(content) >= at + 12 + size, "eif-truncated")
        found.append((number(content, at, 2), content[at + 12 : at + 12 + size]))
        at += 12 + size
    require(at == end == len(content), "eif-trailing")
    return found


def composition(version, found):
    types = [kind for kind, _ in found]
    count = types.count
    require(max(count(kind) for kind in (1, 2, 4, 5)) <= 1, "eif-duplicate-section")
    require(count(1) and count(2) and count(3), "eif-missing-section")
    require(version < 4 or count(5), "eif-missing-section")
    measured = [kind for kind in types if kind in (1, 2, 3)]
    require(measured == sorted(measured), "eif-order")


def unique(pairs):
    require(len(dict(pairs)) == len(pairs), "eif-metadata-json")
    return dict(pairs)


def refuse(constant):
    raise ValueError(constant)


def depth(value):
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth, inner), default=0) if isinstance(value, (dict, list)) else 0


def check_metadata(content):
    try:
        value = json.loads(content.decode(), object_pairs_hook=unique, parse_constant=refuse)
        json.dumps(value, ensure_ascii=False).encode()  # refuses lone surrogates
    except (ValueError, RecursionError):
        raise Broken("eif.form", "eif-metadata-json") from None
    require(depth(value) <= DEPTH_MOST, "eif-metadata-json")
    require("\\u0000" not in json.dumps(value), "eif-metadata-json")
    require(isinstance(value, dict), "eif-metadata-json")
    build = value.get("BuildMetadata")
    require(isinstance(build, dict), "eif-metadata-field")
    strings = [value.get(key) for key in TOP_STRINGS] + [build.get(key) for key in BUILD_STRINGS]
    require(all(isinstance(one, str) for one in strings), "eif-metadata-field")


def read(content, pinned_flags=0):
    """The sections, or Broken."""
    version, slots, end = table(content, pinned_flags)
    found = walk(content, version, slots, end)
    composition(version, found)
    for kind, data in found:
        require(kind != 1 or data, "eif-empty-kernel")
        require(kind != 2 or b"\0" not in data, "eif-cmdline-nul")
        if kind == 5:
            check_metadata(data)
    stored = number(content, 544, 4)
    require(stored == zlib.crc32(content[:544] + content[548:]), "eif-crc", "eif.crc")
    return found


def measure(found):
    """PCR0 to PCR2 as 96 hex digits."""
    everything, first, others = hashlib.sha384(), hashlib.sha384(), hashlib.sha384()
    ramdisks = 0
    for kind, data in found:
        if kind > 3:
            continue
        everything.update(data)
        ramdisks += kind == 3
        (first if ramdisks <= 1 else others).update(data)
    return [
        hashlib.sha384(bytes(48) + one.digest()).hexdigest() for one in (everything, first, others)
    ]
