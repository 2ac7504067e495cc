"""Collects images and the rows of eif/index.tsv, each row checked by the second reader."""

from . import eif, eif_reader
from .basics import measurements, nitro_cli_json
from .vectors import FAIL, NO_VERDICT, PASS, table

FORM, CRC, SIGNATURE = "eif.form", "eif.crc", "eif.signature"

# Expectations: the registers of the usual kernel, command line and ramdisks; with the usual PCR8.
IMAGE = "--pcrs eif/image.pcr.json"
SIGNED = "--pcrs eif/signed.pcr.json"


class Rows:
    def __init__(self, vectors):
        self.vectors = vectors
        self.rows = []
        self.contents = {}

    # Files.

    def image(self, name, content):
        self.vectors.put("eif/" + name, content)
        self.contents[name] = content

    def expectation(self, name, sections, certificate=None):
        """A pcr.json as eif_build prints it; the option that names it."""
        registers = eif.registers(sections, certificate)
        self.vectors.put(f"eif/{name}.pcr.json", nitro_cli_json(measurements(registers)))
        return f"--pcrs eif/{name}.pcr.json"

    # Rows about an image that is there.

    def row(self, name, options, exit_status, check, reason, what):
        for cell in (name, options, check, reason, what):
            assert "\t" not in cell and "\n" not in cell, cell
        self.look(name, options, exit_status, check, reason)
        self.rows.append((name, options, str(exit_status), check, reason, what))

    def look(self, name, options, exit_status, check, reason):
        """What the second reader makes of the image must be what the row says."""
        if exit_status == 2:
            return
        words = options.split()
        pinned = int(words[words.index("--flags") + 1], 16) if "--flags" in words else 0
        try:
            eif_reader.read(self.contents[name], pinned)
            broken = None
        except eif_reader.Broken as one:
            broken = one.args
        said = (check, reason) if check in (FORM, CRC) else None
        assert broken == said, (name, broken, said)

    def passes(self, name, what, options):
        self.row(name, options, PASS, "-", "-", what)

    def fails(self, name, check, reason, what, options=IMAGE):
        self.row(name, options, FAIL, check, reason, what)

    def no_verdict(self, name, what, options):
        self.row(name, options, NO_VERDICT, "-", "nothing-expected", what)

    # An image and its first row together.

    def good(self, name, content, what, options=IMAGE):
        self.image(name, content)
        self.passes(name, what, options)

    def good_sections(self, name, sections, what, version=4, certificate=None, **change):
        """A good image of other content, with a pcr.json of its own."""
        content = eif.image(sections=sections, version=version, **change)
        registers = eif.registers(sections, certificate)
        measured = eif_reader.measure(eif_reader.read(content))
        assert measured == [registers[index].hex() for index in range(3)], name
        options = self.expectation(name.removesuffix(".eif"), sections, certificate)
        self.good(name, content, what, options)

    def bad(self, name, content, reason, what, check=FORM, options=IMAGE):
        self.image(name, content)
        self.fails(name, check, reason, what, options)

    def finish(self):
        header = ("name", "options", "exit", "check", "reason", "what")
        self.vectors.put("eif/index.tsv", table(header, self.rows))
