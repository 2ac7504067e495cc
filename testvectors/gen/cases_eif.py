"""Images: header, table, sections, checksum, expectations.

A bad image breaks one rule; everything else about it, the checksum included, is right. Most have
no metadata and so are of version 2, to keep them small.
"""

import itertools
import zlib

from . import eif, eif_cases_metadata, eif_cases_signature, eif_signature
from .eif import (
    APP_DATA,
    BOOT_DATA,
    CMDLINE_DATA,
    CRC_AT,
    HEADER,
    KERNEL_DATA,
    SECTION_HEADER,
    SMALL,
    USUAL,
    Section,
    app,
    boot,
    cmdline,
    crc,
    image,
    kernel,
    laid_out,
    metadata,
    patched,
    ramdisk,
    registers,
    sealed,
    section_bytes,
    small,
)
from .eif_rows import CRC, FORM, IMAGE, SIGNED, Rows
from .keccak import keccak256

OFFSETS, SIZES = laid_out(SMALL)
END = len(small())
USAGE = 2  # the exit status
PINNED = IMAGE + " --flags 0240"
LAST = len(SMALL) - 1


def add(vectors):
    rows = Rows(vectors)
    rows.expectation("image", SMALL)
    rows.expectation("signed", SMALL, eif_signature.usual_signer().der)
    good(rows)
    composed(rows)
    header(rows)
    offsets_and_sizes(rows)
    section_count(rows)
    section_headers(rows)
    huge_sizes(rows)
    truncated(rows)
    trailing(rows)
    checksums(rows)
    composition(rows)
    kernels_and_cmdlines(rows)
    two_walks(rows)
    eif_cases_metadata.add(rows)
    eif_cases_signature.add(rows)
    expectations(rows)
    rows.finish()


def usual_signature():
    return Section(eif.SIGNATURE, eif_signature.signed(registers(SMALL)[0]))


def good(rows):
    signature = usual_signature()
    rows.good("usual.eif", image(), "as eif_build lays it out, version 4")
    rows.good("v2.eif", small(), "version 2: no metadata")
    rows.good("v3.eif", small(version=3), "version 3, not signed")
    rows.good("v3-signed.eif", small(version=3, sections=(*SMALL, signature)), "version 3", SIGNED)
    rows.good("v4-signed.eif", image((*USUAL, signature)), "version 4, signed", SIGNED)
    rows.good("arm64.eif", small(flags=eif.ARM64), "for aarch64")
    rows.good("memory-zero.eif", small(memory=0, cpus=0), "no default memory or CPUs")
    rows.good(
        "memory-max.eif",
        small(memory=2**64 - 1, cpus=2**64 - 1),
        "the largest default memory and CPUs",
    )
    for name, sections, what in (
        ("order-bottlerocket.eif", (*SMALL, metadata), "metadata last, as Bottlerocket writes it"),
        ("order-metadata-first.eif", (metadata, *SMALL), "metadata before the kernel"),
        (
            "order-metadata-between.eif",
            (kernel, cmdline, boot, metadata, app),
            "metadata between the ramdisks",
        ),
        (
            "order-metadata-second.eif",
            (kernel, metadata, cmdline, boot, app),
            "metadata before the command line",
        ),
    ):
        rows.good(name, image(sections), what)
    for name, sections, what in (
        ("order-signature-first.eif", (signature, *USUAL), "the signature before the kernel"),
        (
            "order-signature-between.eif",
            (kernel, cmdline, boot, signature, app, metadata),
            "the signature between the ramdisks",
        ),
    ):
        rows.good(name, image(sections), what, SIGNED)


def composed(rows):
    """Good images of other content."""
    make = lambda name, sections, what: rows.good_sections(name, sections, what, version=2)
    base = (kernel, cmdline)
    make("ramdisk-one.eif", (*base, boot), "one ramdisk: PCR0 is PCR1, PCR2 of nothing")
    make("ramdisk-three.eif", (*SMALL, ramdisk(b"third")), "three ramdisks")
    make(
        "ramdisk-most.eif",
        (*base, *(ramdisk(b"ramdisk %d" % number) for number in range(30))),
        "32 sections, the most",
    )
    make("ramdisk-empty.eif", (*base, ramdisk(b"")), "one ramdisk without bytes")
    make("ramdisk-empty-first.eif", (*base, ramdisk(b""), app), "the first ramdisk has no bytes")
    make("ramdisk-empty-last.eif", (*base, boot, ramdisk(b"")), "the last ramdisk has no bytes")
    make(
        "ramdisk-empty-all.eif",
        (*base, ramdisk(b""), ramdisk(b""), ramdisk(b"")),
        "three ramdisks without bytes",
    )
    make("ramdisk-is-image.eif", (*base, boot, ramdisk(image())), "a ramdisk that is an image")
    make(
        "ramdisk-is-section.eif",
        (*base, ramdisk(section_bytes(app)), app),
        "a ramdisk that looks like a section",
    )
    make("kernel-short.eif", (Section(eif.KERNEL, b"k"), *SMALL[1:]), "a kernel of one byte")
    for name, text, what in (
        ("empty", b"", "an empty command line"),
        ("newline", CMDLINE_DATA + b"\n", "a command line that ends in a newline, measured as is"),
        ("escape", b"init=/\x1b[2J\x1b]0;x\x07\r\x7f", "terminal escapes in the command line"),
        ("utf8", "name=\u00e9\u202e\U0001f511".encode(), "a command line in UTF-8"),
        ("not-utf8", b"name=\xff\xfe\xc3", "a command line that is not UTF-8"),
    ):
        make(f"cmdline-{name}.eif", (kernel, Section(eif.CMDLINE, text), boot, app), what)


# --- header ----------------------------------------------------------------


def header(rows):
    for name, magic in (
        ("zero", bytes(4)),
        ("case", b".EIF"),
        ("reversed", b"fie."),
        ("last", b".eig"),
        ("elf", b"\x7fELF"),
    ):
        rows.bad(f"magic-{name}.eif", small(magic=magic), "eif-magic", f"magic {magic.hex()}")
    for version in (0, 1, 5, 0x0200, 0x0400, 0xFFFF):
        content = small(version=version) if version < 4 else image(version=version)
        rows.bad(f"version-{version}.eif", content, "eif-version", f"version {version}")
    flags(rows)
    for name, change, what in (
        ("reserved-low", {"reserved": 1}, "the reserved field, lowest bit"),
        ("reserved-high", {"reserved": 0x8000}, "the reserved field, highest bit"),
        ("unused-low", {"unused": 1}, "the unused field, lowest bit"),
        ("unused-high", {"unused": 1 << 31}, "the unused field, highest bit"),
        ("unused-middle", {"unused": 1 << 16}, "the unused field, a bit in the middle"),
    ):
        rows.bad(name + ".eif", small(**change), "eif-reserved", what + " is set")


def flags(rows):
    for bits in (0x0002, 0x0003, 0x0040, 0x0200, 0x8000):
        rows.bad(
            f"flags-{bits:04x}.eif", small(flags=bits), "eif-flags", f"reserved flags {bits:04x}"
        )
    name = "flags-bottlerocket.eif"
    sections = (kernel, cmdline, ramdisk(b""), metadata)
    rows.image(name, image(sections, flags=eif.BOTTLEROCKET))
    expected = rows.expectation("flags-bottlerocket", sections)
    rows.passes(name, "Bottlerocket's flags, pinned", expected + " --flags 0240")
    rows.fails(name, FORM, "eif-flags", "Bottlerocket's flags, not pinned", expected)
    rows.image("flags-bottlerocket-arm64.eif", image(sections, flags=eif.BOTTLEROCKET | 1))
    rows.passes(
        "flags-bottlerocket-arm64.eif",
        "Bottlerocket's flags, pinned; the machine's bit is not one of them",
        expected + " --flags 0240",
    )
    rows.fails("usual.eif", FORM, "eif-flags", "flags are pinned that are not there", PINNED)
    for pinned in ("0040", "0200", "0640"):
        rows.fails(
            name,
            FORM,
            "eif-flags",
            f"Bottlerocket's flags, {pinned} pinned",
            f"{expected} --flags {pinned}",
        )


# --- table -----------------------------------------------------------------


def offsets_and_sizes(rows):
    bad = lambda name, what, **change: rows.bad(
        f"table-{name}.eif", small(**change), "eif-table", what
    )
    for slot, (offset, size) in enumerate(zip(OFFSETS, SIZES)):
        for step, word in ((-1, "minus"), (1, "plus")):
            bad(
                f"offset-{slot}-{word}",
                f"offset {slot} is {'one too low' if step < 0 else 'one too high'}",
                offsets={slot: offset + step},
            )
            if slot != LAST:
                bad(
                    f"size-{slot}-{word}",
                    f"size {slot} in the table is one too {'low' if step < 0 else 'high'}",
                    sizes={slot: size + step},
                )
        bad(
            f"offset-{slot}-data",
            f"offset {slot} is that of the data, not of the section's header",
            offsets={slot: offset + SECTION_HEADER},
        )
    bad("offset-zero", "the first offset is 0", offsets={0: 0})
    bad("offset-max", "the last offset is 2^64 - 1", offsets={LAST: 2**64 - 1})
    bad("offset-half", "the last offset is 2^63 higher", offsets={LAST: OFFSETS[LAST] + (1 << 63)})
    bad("offset-4gib", "the last offset is 2^32 higher", offsets={LAST: OFFSETS[LAST] + (1 << 32)})
    bad("offset-end", "the last offset is the end of the file", offsets={LAST: END})
    bad(
        "swapped",
        "the entries of the ramdisks are swapped",
        offsets={2: OFFSETS[3], 3: OFFSETS[2]},
        sizes={2: SIZES[3], 3: SIZES[2]},
    )
    bad(
        "overlap",
        "two entries name the same ramdisk",
        offsets={3: OFFSETS[2]},
        sizes={3: SIZES[2]},
    )
    bad(
        "overlap-data",
        "the last section lies inside the one before",
        offsets={3: OFFSETS[2] + SECTION_HEADER},
    )
    bad("all-zero", "offsets and sizes are all zero", **no_slots(range(len(SMALL))))
    bad("offsets-zero", "the offsets are all zero", offsets=dict.fromkeys(range(len(SMALL)), 0))
    for slot in (len(SMALL), eif.SLOTS - 1):
        bad(f"slot-{slot}-offset", f"unused offset {slot} is not zero", offsets={slot: END})
        bad(f"slot-{slot}-size", f"unused size {slot} is not zero", sizes={slot: 1})
    gap(rows)


def no_slots(slots):
    return {"offsets": dict.fromkeys(slots, 0), "sizes": dict.fromkeys(slots, 0)}


def gap(rows):
    """Padding between sections, the table naming where they lie."""
    for size in (1, 4):
        content = small(
            sections=SMALL[:LAST],
            count=len(SMALL),
            offsets={LAST: OFFSETS[LAST] + size},
            sizes={LAST: SIZES[LAST]},
            trailing=bytes(size) + section_bytes(app),
        )
        rows.bad(
            f"table-gap-{size}.eif", content, "eif-table", f"bytes between two sections: {size}"
        )
    content = small(
        sections=(),
        count=len(SMALL),
        offsets={slot: offset + 4 for slot, offset in enumerate(OFFSETS)},
        sizes=dict(enumerate(SIZES)),
        trailing=bytes(4) + b"".join(section_bytes(one) for one in SMALL),
    )
    rows.bad("table-gap-first.eif", content, "eif-table", "four bytes before the first section")


def section_count(rows):
    bad = lambda number, what, **change: rows.bad(
        f"count-{number}.eif", small(count=number, **change), "eif-section-count", what
    )
    bad(0, "no section, but four in the table")
    rows.bad(
        "count-0-empty.eif", small(sections=()), "eif-section-count", "no section and no table"
    )
    rows.bad("count-1.eif", small(sections=(kernel,)), "eif-section-count", "one section")
    rows.bad(
        "count-2.eif",
        small(sections=(kernel, cmdline)),
        "eif-missing-section",
        "two sections: enough for the header, but no ramdisk",
    )
    many = (kernel, cmdline, *(ramdisk(b"") for _ in range(31)))
    rows.bad("count-33.eif", small(sections=many), "eif-section-count", "33 sections")
    bad(65535, "65535 sections")
    bad(1024, "the number of sections with its bytes swapped")
    # The loader would go by the number, other tools walk on to the end of the file.
    rows.bad(
        "count-lowered.eif",
        small(count=3),
        "eif-table",
        "the number of sections is lowered, the slot is left",
    )
    rows.bad(
        "count-lowered-cleared.eif",
        small(count=3, **no_slots([LAST])),
        "eif-trailing",
        "the number of sections is lowered, the slot is cleared",
    )
    rows.bad("count-raised.eif", small(count=5), "eif-table", "the number of sections is raised")
    rows.bad(
        "count-raised-end.eif",
        small(count=5, offsets={4: END}),
        "eif-truncated",
        "the number of sections is raised, the last entry lies at the end of the file",
    )


# --- sections --------------------------------------------------------------


def replaced(slot, **change):
    """SMALL with one section changed."""
    return (*SMALL[:slot], SMALL[slot]._replace(**change), *SMALL[slot + 1 :])


def section_headers(rows):
    for slot, kind in ((0, 0), (3, 0), (0, 6), (3, 6), (3, 0x0300), (3, 0xFFFF)):
        rows.bad(
            f"type-{slot}-{kind:04x}.eif",
            small(sections=replaced(slot, type=kind)),
            "eif-section-type",
            f"section {slot} is of type {kind}",
        )
    rows.bad(
        "type-extra.eif",
        small(sections=(*SMALL, Section(6, b"future"))),
        "eif-section-type",
        "one more section of type 6",
    )
    rows.bad(
        "type-extra-empty.eif",
        small(sections=(*SMALL, Section(0, b""))),
        "eif-section-type",
        "one more section of type 0, without bytes",
    )
    for slot, bits in ((0, 1), (1, 1), (3, 1), (3, 0x8000)):
        rows.bad(
            f"section-flags-{slot}-{bits:04x}.eif",
            small(sections=replaced(slot, flags=bits)),
            "eif-section-flags",
            f"section {slot} has flags {bits:04x}",
        )
    # The section's header alone is changed, the table tells the truth.
    for slot, step in itertools.product(range(len(SMALL)), (-1, 1)):
        word = "minus" if step < 0 else "plus"
        rows.bad(
            f"size-{slot}-{word}.eif",
            small(sections=replaced(slot, size=SIZES[slot] + step), sizes={slot: SIZES[slot]}),
            "eif-section-size",
            f"the header of section {slot} says one byte {'less' if step < 0 else 'more'}"
            " than the table",
        )
    for name, size, what in (
        ("zero", 0, "no bytes"),
        ("4gib", SIZES[LAST] + (1 << 32), "2^32 bytes more than the table"),
        ("half", SIZES[LAST] + (1 << 63), "2^63 bytes more than the table"),
        ("max", 2**64 - 1, "2^64 - 1 bytes"),
        ("header", SIZES[LAST] + SECTION_HEADER, "its header counted in"),
    ):
        rows.bad(
            f"size-last-{name}.eif",
            small(sections=replaced(LAST, size=size), sizes={LAST: SIZES[LAST]}),
            "eif-section-size",
            f"the header of the last section says {what}",
        )
    rows.bad(
        "size-table-last-plus.eif",
        small(sizes={LAST: SIZES[LAST] + 1}),
        "eif-section-size",
        "the table says one byte more than the header of the last section",
    )
    rows.bad(
        "size-table-last-minus.eif",
        small(sizes={LAST: SIZES[LAST] - 1}),
        "eif-section-size",
        "the table says one byte less than the header of the last section",
    )
    resigned = small(version=3, sections=(*SMALL, usual_signature()), sizes={4: 1500})
    rows.bad(
        "size-resigned.eif",
        resigned,
        "eif-section-size",
        "the table keeps the size of an earlier signature, as sign-eif leaves it",
    )


def huge_sizes(rows):
    """Table and section header agree on a size that cannot be."""
    for name, size, reason in (
        ("max", 2**64 - 1, "eif-too-large"),
        ("wrap-zero", 2**64 - OFFSETS[LAST] - SECTION_HEADER, "eif-too-large"),
        ("wrap-first", 2**64 - OFFSETS[LAST] - SECTION_HEADER + HEADER, "eif-too-large"),
        ("header", 2**64 - SECTION_HEADER, "eif-too-large"),
        ("half", 1 << 63, "eif-too-large"),
        ("half-minus", (1 << 63) - 1, "eif-too-large"),
        ("quarter", 1 << 62, "eif-too-large"),
        ("1tib", 1 << 40, "eif-too-large"),
        ("limit-plus", (16 << 30) - OFFSETS[LAST] - SECTION_HEADER + 1, "eif-too-large"),
        ("limit", (16 << 30) - OFFSETS[LAST] - SECTION_HEADER, "eif-truncated"),
        ("4gib", 1 << 32, "eif-truncated"),
        ("2gib", 1 << 31, "eif-truncated"),
        ("plus", SIZES[LAST] + 1, "eif-truncated"),
    ):
        rows.bad(
            f"huge-last-{name}.eif",
            small(sections=replaced(LAST, size=size)),
            reason,
            f"table and header of the last section say {size} bytes",
        )
    for name, size in (
        ("half", (1 << 63) + SIZES[0]),
        ("16gib", (16 << 30) + SIZES[0]),
        ("most", 2**64 - 1 - END),
    ):
        rows.bad(
            f"huge-first-{name}.eif",
            small(
                sections=replaced(0, size=size),
                offsets={slot: OFFSETS[slot] + size - SIZES[0] for slot in range(1, len(SMALL))},
            ),
            "eif-too-large",
            f"table and header of the kernel say {size} bytes, the later offsets fit",
        )
    rows.bad(
        "huge-first-4gib.eif",
        small(
            sections=replaced(0, size=SIZES[0] + (1 << 32)),
            offsets={slot: OFFSETS[slot] + (1 << 32) for slot in range(1, len(SMALL))},
        ),
        "eif-truncated",
        "table and header of the kernel say 2^32 bytes too many, the later offsets fit",
    )
    # Sums that are right modulo 2^64 only.
    wrap = 2**64 - SECTION_HEADER
    rows.bad(
        "huge-first-wrap.eif",
        small(sections=replaced(0, size=wrap), offsets={1: HEADER}),
        "eif-table",
        "the kernel is so long that the next offset wraps to its own",
    )
    rows.bad(
        "huge-first-wrap-full.eif",
        small(sections=replaced(0, size=wrap - HEADER), offsets={1: 0}),
        "eif-table",
        "the kernel is so long that the next offset wraps to 0",
    )
    rows.bad(
        "huge-pair.eif",
        small(
            sections=(
                kernel,
                cmdline,
                boot._replace(size=wrap - SECTION_HEADER),
                app._replace(size=SIZES[2] + SIZES[3] + 2 * SECTION_HEADER),
            ),
            offsets={3: OFFSETS[2] - SECTION_HEADER},
        ),
        "eif-table",
        "the last two sizes wrap to the end of the file together",
    )


# --- the file's end --------------------------------------------------------


def truncated(rows):
    whole = small()
    bad = lambda name, content, what: rows.bad(
        f"truncated-{name}.eif", content, "eif-truncated", what
    )
    for size in (0, 1, 3):
        rows.bad(
            f"truncated-{size}.eif", whole[:size], "eif-magic", f"the first {size} bytes: no magic"
        )
    for size in (4, 26, 543, 544, 547):
        bad(str(size), whole[:size], f"the first {size} bytes")
    rows.bad("truncated-text.eif", b"not an image\n", "eif-magic", "a line of text")
    for size, what in (
        (HEADER, "a header and nothing else"),
        (HEADER + 1, "one byte of the first section's header"),
        (HEADER + SECTION_HEADER - 1, "the first section's header lacks a byte"),
        (HEADER + SECTION_HEADER, "the kernel's data is missing"),
        (OFFSETS[1], "a header and a kernel"),
        (OFFSETS[LAST], "the last section is missing"),
        (OFFSETS[LAST] + 1, "one byte of the last section's header"),
        (OFFSETS[LAST] + SECTION_HEADER - 1, "the last section's header lacks a byte"),
        (OFFSETS[LAST] + SECTION_HEADER, "the last section's data is missing"),
        (END - 1, "the last byte is missing"),
    ):
        bad(str(size), sealed(whole[:size]), what)
    bad("crc", whole[:-1], "the last byte is missing, the checksum is that of the whole")
    # With an empty last section, nothing but its header is lost.
    empty = small(sections=(*SMALL, ramdisk(b"")))
    for cut in (1, 11):
        bad(f"header-{cut}", sealed(empty[:-cut]), f"the last section's header lacks {cut} bytes")
    # Tools that walk read such a rest, and do not hash it.
    rest = empty[:-1]
    unhashed = crc(rest[: 1 - SECTION_HEADER])
    bad(
        "header-unhashed",
        sealed(rest, unhashed),
        "the last section's header lacks a byte and is not in the checksum",
    )


def trailing(rows):
    for size in (1, 11, 12, 512):
        rows.bad(
            f"trailing-{size}.eif",
            small(trailing=bytes(size)),
            "eif-trailing",
            f"zero bytes after the last section: {size}",
        )
    rows.bad("trailing-newline.eif", small(trailing=b"\n"), "eif-trailing", "a newline at the end")
    rows.bad(
        "trailing-section.eif",
        small(trailing=section_bytes(ramdisk(b"hidden"))),
        "eif-trailing",
        "a ramdisk after the last section of the table",
    )
    rows.bad(
        "trailing-kernel.eif",
        small(trailing=section_bytes(kernel)),
        "eif-trailing",
        "a kernel after the last section of the table",
    )
    rows.bad("trailing-image.eif", small(trailing=small()), "eif-trailing", "two images in a row")
    rows.bad(
        "trailing-unhashed.eif",
        small() + bytes(11),
        "eif-trailing",
        "zero bytes after the last section, not in the checksum: 11",
    )
    rows.bad(
        "trailing-size-minus.eif",
        small(sections=replaced(LAST, size=SIZES[LAST] - 1)),
        "eif-trailing",
        "table and header of the last section say one byte less than there is",
    )


# --- checksum --------------------------------------------------------------


def checksums(rows):
    whole = image((*USUAL, usual_signature()))
    right = crc(whole)
    plain = small()
    bad = lambda name, content, what: rows.bad(f"crc-{name}.eif", content, "eif-crc", what, CRC)
    blank = plain[:CRC_AT] + bytes(4) + plain[HEADER:]
    value = crc(plain)
    for name, wrong, what in (
        ("zero", 0, "the checksum is 0"),
        ("ones", 2**32 - 1, "the checksum is 0xffffffff"),
        ("low", value ^ 1, "the lowest bit of the checksum is flipped"),
        ("high", value ^ 1 << 31, "the highest bit of the checksum is flipped"),
        ("complement", value ^ 2**32 - 1, "the checksum is not complemented at the end"),
        ("zeroed", zlib.crc32(blank), "its field counted in as four zero bytes, not skipped"),
        ("sections", zlib.crc32(plain[HEADER:]), "the checksum of the sections alone"),
        ("header", zlib.crc32(plain[:CRC_AT]), "the checksum of the header alone"),
        ("table-order", zlib.crc32(plain[HEADER:] + plain[:CRC_AT]), "the header hashed last"),
        ("data", data_crc(plain), "the checksum without the sections' headers"),
    ):
        bad(name, sealed(plain, wrong), what)
    swapped = int.from_bytes(value.to_bytes(4, "big"), "little")
    bad("little-endian", sealed(plain, swapped), "the bytes of the checksum are swapped")
    offsets, _ = laid_out((*USUAL, usual_signature()))
    names = ("kernel", "cmdline", "metadata", "boot", "app")
    for name, offset in zip(names, offsets):
        at = offset + SECTION_HEADER
        at += metadata.data.index(b"test") if name == "metadata" else 5
        flipped = patched(whole, at, bytes([whole[at] ^ 1]), seal=False)
        bad(f"flip-{name}", flipped, f"one bit of section {name} is flipped")
    bad("flip-memory", patched(whole, 15, b"\1", seal=False), "one bit of the default memory")
    bad("flip-arch", patched(whole, 7, b"\1", seal=False), "the machine's bit is flipped")
    newer = small(version=3)
    bad("flip-version", patched(newer, 5, b"\2", seal=False), "the version goes from 3 to 2")
    # A checksum is not a digest: four free bytes make any other image fit.
    other = KERNEL_DATA.replace(b"test", b"evil")
    assert other != KERNEL_DATA
    start = image((kernel._replace(data=other), *USUAL[1:], usual_signature()))
    content = eif.forged(start, offsets[3] + SECTION_HEADER, right)
    rows.image("crc-forged.eif", content)
    rows.fails(
        "crc-forged.eif",
        "eif.signature",
        "eif-signature-payload",
        "another kernel, four bytes of a ramdisk chosen to keep the checksum of v4-signed.eif",
        SIGNED,
    )
    unsigned = image((kernel._replace(data=other), *USUAL[1:]))
    rows.image(
        "crc-forged-unsigned.eif",
        eif.forged(unsigned, offsets[3] + SECTION_HEADER, crc(image())),
    )
    rows.fails(
        "crc-forged-unsigned.eif",
        "pcr0.match",
        "pcr-mismatch",
        "another kernel, four bytes of a ramdisk chosen to keep the checksum of usual.eif",
    )


def data_crc(content):
    return zlib.crc32(content[:CRC_AT] + b"".join(one.data for one in SMALL))


# --- which sections there are ----------------------------------------------


def composition(rows):
    signature = usual_signature()
    bad = lambda name, version, sections, reason, what: rows.bad(
        name + ".eif", image(sections, version), reason, what
    )
    duplicate = lambda name, *rest: bad(
        "duplicate-" + name, *rest[:2], "eif-duplicate-section", rest[2]
    )
    missing = lambda name, *rest: bad("missing-" + name, *rest[:2], "eif-missing-section", rest[2])
    order = lambda name, *rest: bad("order-" + name, 2, rest[0], "eif-order", rest[1])
    other = lambda section: section._replace(data=section.data.replace(b"e", b"x"))

    duplicate("kernel", 2, (kernel, *SMALL), "the kernel stands twice")
    duplicate("kernel-other", 2, (kernel, other(kernel), *SMALL[1:]), "two kernels")
    duplicate("kernel-last", 2, (*SMALL, kernel), "the kernel stands again at the end")
    duplicate("cmdline", 2, (kernel, cmdline, *SMALL[1:]), "the command line stands twice")
    duplicate("cmdline-other", 2, (kernel, other(cmdline), *SMALL[1:]), "two command lines")
    duplicate(
        "cmdline-empty",
        2,
        (kernel, cmdline._replace(data=b""), *SMALL[1:]),
        "two command lines, one without bytes",
    )
    duplicate("metadata", 4, (*USUAL, metadata), "the metadata stands twice")
    duplicate("signature", 3, (*SMALL, signature, signature), "the signature stands twice")
    second = Section(
        eif.SIGNATURE,
        eif_signature.signed(registers(SMALL)[0], eif_signature.certificate("second signer")),
    )
    duplicate("signature-other", 3, (*SMALL, signature, second), "two signatures, both good")

    missing("kernel", 2, SMALL[1:], "no kernel")
    missing("cmdline", 2, (kernel, boot, app), "no command line")
    missing("ramdisk", 4, (kernel, cmdline, metadata), "no ramdisk")
    missing("metadata", 4, SMALL, "version 4 without metadata")
    missing("metadata-signed", 4, (*SMALL, signature), "version 4, signed, without metadata")
    missing("measured", 4, (metadata, signature), "metadata and signature only")
    missing("ramdisks-only", 2, (boot, app), "ramdisks only")

    order("cmdline-first", (cmdline, kernel, boot, app), "the command line before the kernel")
    order("ramdisk-first", (boot, kernel, cmdline, app), "a ramdisk before the kernel")
    order("ramdisk-second", (kernel, boot, cmdline, app), "a ramdisk before the command line")
    order("cmdline-last", (kernel, boot, app, cmdline), "the command line after the ramdisks")
    order("kernel-last", (cmdline, boot, app, kernel), "the kernel after the ramdisks")

    old = "eif-section-type"
    bad("v2-signed", 2, (*SMALL, signature), old, "a signature in version 2, which has none")
    bad("v2-metadata", 2, USUAL, old, "metadata in version 2, which has none")
    bad("v3-metadata", 3, USUAL, old, "metadata in version 3, which has none")


def kernels_and_cmdlines(rows):
    rows.bad(
        "kernel-empty.eif",
        small(sections=replaced(0, data=b"")),
        "eif-empty-kernel",
        "a kernel without bytes",
    )
    for name, text, what in (
        ("first", b"\0" + CMDLINE_DATA, "begins with"),
        ("middle", CMDLINE_DATA.replace(b" ", b"\0", 1), "holds"),
        ("last", CMDLINE_DATA + b"\0", "ends in"),
        ("only", b"\0", "is"),
    ):
        rows.bad(
            f"cmdline-nul-{name}.eif",
            small(sections=replaced(1, data=text)),
            "eif-cmdline-nul",
            f"the command line {what} a NUL",
        )


# --- two walks -------------------------------------------------------------


def two_walks(rows):
    """One file, two images: one for who walks the sections, one for who goes by the table.

    The checksum is right in both orders: bytes that only the walk sees make it so.
    """
    hidden = ramdisk(b"ramdisk that boots")
    cover = b"free" + section_bytes(hidden) + b"rest"
    sections = (kernel, cmdline, boot, ramdisk(cover))
    at = laid_out(sections)[0][3] + SECTION_HEADER + 4
    start = image(sections, 2, offsets={3: at}, sizes={3: len(hidden.data)})
    offsets, sizes = laid_out(sections)
    table = [(offsets[slot], sizes[slot]) for slot in range(3)] + [(at, len(hidden.data))]
    by_table = start[:CRC_AT] + b"".join(
        start[offset : offset + SECTION_HEADER + size] for offset, size in table
    )
    content = eif.forged(start, at - 4, zlib.crc32(by_table))
    expected = rows.expectation("two-walks", (*SMALL[:3], ramdisk(content[at - 4 :])))
    rows.bad(
        "two-walks.eif",
        content,
        "eif-table",
        "the table names a section inside a ramdisk, the checksum is right for both readings",
        options=expected,
    )
    expected = rows.expectation("two-walks-table", (*SMALL[:3], hidden))
    rows.fails(
        "two-walks.eif",
        FORM,
        "eif-table",
        "the same, the registers that would boot are expected",
        expected,
    )
    # All sections of the table lie in one ramdisk at the end.
    inner = b"".join(section_bytes(one) for one in SMALL)
    outer = (kernel, cmdline, ramdisk(inner))
    start_of_inner = laid_out(outer)[0][2] + SECTION_HEADER
    rows.bad(
        "two-walks-all.eif",
        image(
            outer,
            2,
            count=4,
            offsets={slot: start_of_inner + offset - HEADER for slot, offset in enumerate(OFFSETS)},
            sizes=dict(enumerate(SIZES)),
        ),
        "eif-table",
        "the table names four sections inside a ramdisk",
    )


# --- expectations ----------------------------------------------------------


def pcr(index, value):
    return f"--pcr {index}={value.hex()}"


def expectations(rows):
    mine = registers(SMALL, eif_signature.usual_signer().der)
    other = registers((kernel, cmdline, boot, ramdisk(APP_DATA + b"!")))
    name, signed = "usual.eif", "v4-signed.eif"
    fails = lambda check, what, options, file=name: rows.fails(
        file, check, "pcr-mismatch", what, options
    )
    rows.vectors.put("eif/other.pcr.json", rows.vectors.files["other-pcr.json"])
    rows.no_verdict(name, "nothing is expected", "")
    rows.no_verdict(signed, "nothing is expected, the signature is good", "")
    rows.no_verdict(name, "PCR1 alone does not name an image", pcr(1, mine[1]))
    rows.no_verdict(name, "PCR2 alone does not name an image", pcr(2, mine[2]))
    rows.no_verdict(signed, "PCR8 alone does not name an image", pcr(8, mine[8]))
    rows.passes(name, "the registers are printed", "--pcr-json")
    rows.passes(signed, "the registers of a signed image are printed", "--pcr-json")
    rows.passes(name, "PCR0 alone is expected", pcr(0, mine[0]))
    rows.passes(name, "PCR0 is expected in capital digits", "--pcr 0=" + mine[0].hex().upper())
    rows.passes(name, "PCR1 and PCR2 are expected", f"{pcr(1, mine[1])} {pcr(2, mine[2])}")
    rows.passes(signed, "PCR0 and PCR8 are expected", f"{pcr(0, mine[0])} {pcr(8, mine[8])}")
    rows.passes(name, "one of two PCR0 is expected", f"{pcr(0, other[0])} {pcr(0, mine[0])}")
    rows.passes(name, "one of two sets is expected", f"--pcrs eif/other.pcr.json {IMAGE}")
    rows.passes(name, "the registers of another image file", "--eif eif/order-metadata-first.eif")
    rows.passes(signed, "a signed image, PCR0 to PCR2 are expected", IMAGE)
    fails("pcr0.match", "another PCR0 is expected", pcr(0, other[0]))
    fails("pcr0.match", "the last bit of PCR0 differs", pcr(0, last_bit(mine[0])))
    fails("pcr1.match", "another PCR1 is expected", f"{pcr(0, mine[0])} {pcr(1, other[0])}")
    fails("pcr2.match", "another PCR2 is expected", f"{pcr(0, mine[0])} {pcr(2, other[2])}")
    fails("pcr0.match", "an image in debug mode is expected", "--pcr 0=" + 96 * "0")
    fails("pcr0.match", "another set is expected", "--pcrs eif/other.pcr.json")
    fails("pcr0.match", "another image file is expected", "--eif eif/ramdisk-one.eif")
    fails("pcr8.match", "another PCR8 is expected", f"{pcr(8, other[0])} {IMAGE}", signed)
    fails("pcr8.match", "PCR8 is expected, the image is not signed", SIGNED)
    zero = f"{IMAGE} --pcr 8={bytes(48).hex()}"
    rows.passes(name, "PCR8 is expected to be zero, as documents have it", zero)
    swapped = small(sections=(kernel, cmdline, app, boot))
    rows.image("swapped-ramdisks.eif", swapped)
    fails("pcr0.match", "the ramdisks are swapped", IMAGE, "swapped-ramdisks.eif")
    enclave_hashes(rows, name, mine[0], other[0])
    boundaries(rows, mine)
    rows.fails(
        name,
        "eif.signature",
        "required-skipped",
        "a signature is required, the image has none",
        IMAGE + " --require eif.signature",
    )
    rows.passes(signed, "a signature is required", IMAGE + " --require eif.signature")


    command_lines(rows, name)


def command_lines(rows, name):
    """Nothing is judged: an option, or a file that it names, is wrong."""
    for options, what in (
        ("--eif eif/truncated-4.eif", "the image that is expected is truncated"),
        ("--eif eif/crc-zero.eif", "the image that is expected has a wrong checksum"),
        ("--eif eif/none.eif", "the image that is expected is not there"),
        ("--pcrs eif/usual.eif", "the registers that are expected are an image"),
        ("--flags 10000", "more flags than there are bits"),
        ("--flags G", "flags that are no number"),
        ("--pcr 32=" + 96 * "0", "a register that no image has"),
        ("--enclave-hash 0x" + 64 * "0", "an ENCLAVE_HASH of zeros is expected"),
    ):
        rows.row(name, options, USAGE, "-", "-", what)


def last_bit(value):
    return value[:-1] + bytes([value[-1] ^ 1])


def enclave_hashes(rows, name, mine, other):
    digest = lambda value: "--enclave-hash 0x" + keccak256(value).hex()
    rows.passes(name, "ENCLAVE_HASH is expected", digest(mine))
    rows.passes(name, "ENCLAVE_HASH and registers are expected", f"{digest(mine)} {IMAGE}")
    fails = lambda what, options: rows.fails(
        name, "enclave_hash.match", "enclave-hash-mismatch", what, options
    )
    fails("another ENCLAVE_HASH is expected", digest(other))
    fails("the registers are right, ENCLAVE_HASH is another", f"{IMAGE} {digest(other)}")


def boundaries(rows, mine):
    """PCR0 does not tell where a section ends."""
    moved = (kernel, cmdline, ramdisk(BOOT_DATA + APP_DATA[:1]), ramdisk(APP_DATA[1:]))
    name = "boundary-ramdisks.eif"
    rows.image(name, small(sections=moved))
    assert registers(moved)[0] == mine[0] != registers(moved)[1]
    rows.passes(name, "a byte moved between the ramdisks, PCR0 is the same", pcr(0, mine[0]))
    rows.fails(name, "pcr1.match", "pcr-mismatch", "a byte moved between the ramdisks", IMAGE)
    moved = (
        kernel._replace(data=KERNEL_DATA + CMDLINE_DATA[:1]),
        cmdline._replace(data=CMDLINE_DATA[1:]),
        boot,
        app,
    )
    name = "boundary-cmdline.eif"
    assert registers(moved) == registers(SMALL)
    rows.good(
        name, small(sections=moved), "a byte moved from command line to kernel: no register tells"
    )
    merged = (kernel, cmdline, ramdisk(BOOT_DATA + APP_DATA))
    name = "boundary-merged.eif"
    rows.image(name, small(sections=merged))
    rows.passes(name, "the ramdisks made one, PCR0 is the same", pcr(0, mine[0]))
    rows.fails(name, "pcr1.match", "pcr-mismatch", "the ramdisks made one", IMAGE)
