"""Collects what the case modules make: files by path, rows of the index tables."""

import hashlib

USUAL = "--root root.pem --at document --pcrs pcr.json"
PASS, FAIL, NO_VERDICT = 0, 1, 3


class Vectors:
    def __init__(self):
        self.files = {}
        self.documents = []
        self.pcr_files = []

    def put(self, path, content):
        if isinstance(content, str):
            content = content.encode()
        assert path not in self.files, path
        self.files[path] = content

    # Rows of documents/index.tsv: options are arguments of `enclave-verify document`.

    def row(self, name, options, exit_status, check, reason, what):
        for cell in (name, options, check, reason, what):
            assert "\t" not in cell and "\n" not in cell, cell
        assert name == "-" or "documents/" + name in self.files, name
        self.documents.append((name, options, str(exit_status), check, reason, what))

    def passes(self, name, what, options=USUAL):
        self.row(name, options, PASS, "-", "-", what)

    def fails(self, name, check, reason, what, options=USUAL):
        self.row(name, options, FAIL, check, reason, what)

    def no_verdict(self, name, what, options):
        self.row(name, options, NO_VERDICT, "-", "nothing-expected", what)

    # A document and its first row together.

    def good(self, name, content, what, options=USUAL):
        self.put("documents/" + name, content)
        self.passes(name, what, options)

    def bad(self, name, content, check, reason, what, options=USUAL):
        self.put("documents/" + name, content)
        self.fails(name, check, reason, what, options)

    # pcr/ files.

    def pcr_file(self, name, content, reason, what):
        self.put("pcr/" + name, content)
        self.pcr_files.append((name, reason, what))

    # Tables.

    def finish(self):
        header = ("name", "options", "exit", "check", "reason", "what")
        self.put("documents/index.tsv", table(header, self.documents))
        self.put("pcr/index.tsv", table(("name", "reason", "what"), self.pcr_files))
        self.put("SHA256SUMS", self.sums())

    def sums(self):
        lines = [
            f"{hashlib.sha256(self.files[path]).hexdigest()}  {path}\n"
            for path in sorted(self.files)
        ]
        return "".join(lines)


def table(header, rows):
    assert len(set(rows)) == len(rows), "a row stands twice"
    return "".join("\t".join(cells) + "\n" for cells in [header, *sorted(rows)])
