"""Statements good and bad, and statements/index.tsv."""

import base64

from . import der, document
from .statement import COMMIT, IMAGE, Signer, dump, envelope, public_pem, statement
from .vectors import FAIL, NO_VERDICT, PASS, table

ALICE = Signer("statement alice")
BOB = Signer("statement bob", "p256")
CAROL = Signer("statement carol")
MALLORY = Signer("statement mallory")
A, B, C, M = (f"--key statements/{name}.pem" for name in ("alice", "bob", "carol", "mallory"))
USUAL = f"{A} --pcrs pcr.json"
BOTH = f"{A} {B} --pcrs pcr.json"

FORM, SIGNATURE, THRESHOLD = (f"statement.{name}" for name in ("form", "signature", "threshold"))


class Rows:
    def __init__(self, vectors):
        self.vectors = vectors
        self.rows = []

    def file(self, name, content):
        self.vectors.put("statements/" + name, content)

    def row(self, files, options, exit_status, check, reason, what):
        for name in files.split():
            assert "statements/" + name in self.vectors.files, name
        self.rows.append((files, options, str(exit_status), check, reason, what))

    def good(self, name, content, what, options=USUAL):
        self.file(name, content)
        self.row(name, options, PASS, "-", "-", what)

    def bad(self, name, content, check, reason, what, options=USUAL):
        self.file(name, content)
        self.row(name, options, FAIL, check, reason, what)

    def spoiled(self, name, reason, what, change):
        """Signed by Alice after it was spoiled: only the form tells."""
        self.bad(name, envelope(statement(change=change), ALICE), FORM, reason, what)

    def finish(self):
        header = ("files", "options", "exit", "check", "reason", "what")
        self.vectors.put("statements/index.tsv", table(header, self.rows))


def definition(tree):
    return tree["predicate"]["buildDefinition"]


def dependencies(tree):
    return definition(tree)["resolvedDependencies"]


def digest(tree, subject):
    return tree["subject"][subject]["digest"]


def put(path, value):
    """A change: the member at the path becomes the value, or goes when that is None."""

    def change(tree):
        for step in path[:-1]:
            tree = tree[step]
        if value is None:
            del tree[path[-1]]
        else:
            tree[path[-1]] = value

    return change


PARAMETERS = ("predicate", "buildDefinition", "externalParameters")
DEPENDENCIES = ("predicate", "buildDefinition", "resolvedDependencies")
ONES = "ab" * 48


def add_keys(rows):
    for name, signer in (("alice", ALICE), ("bob", BOB), ("carol", CAROL), ("mallory", MALLORY)):
        rows.file(name + ".pem", public_pem(signer.spki))
    compressed = der.sequence(
        der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.2.840.10045.3.1.7")),
        der.tlv(0x03, b"\x00" + BOB.key.compressed_point()),
    )
    rows.file("key-compressed.pem", public_pem(compressed))
    off_curve = BOB.spki[:-1] + bytes([BOB.spki[-1] ^ 1])
    rows.file("key-off-curve.pem", public_pem(off_curve))
    rows.file("key-two.pem", public_pem(ALICE.spki) + public_pem(CAROL.spki))
    rows.file("key-trailing.pem", public_pem(ALICE.spki + b"\x00"))


def add_good(rows):
    rows.good("alice.json", envelope(statement(), ALICE), "Ed25519")
    rows.good("bob.json", envelope(statement(), BOB), "P-256", f"{B} --pcrs pcr.json")
    rows.good(
        "both.json", envelope(statement(), ALICE, BOB), "two signatures in one envelope", BOTH
    )
    rows.row("alice.json bob.json", BOTH, PASS, "-", "-", "two envelopes, one signature each")
    rows.row("both.json bob.json", BOTH, PASS, "-", "-", "a key that signed twice, and another")
    hexed = document.IMAGE[0].hex()
    rows.row("alice.json", f"{A} --pcr 0={hexed}", PASS, "-", "-", "PCR0 alone")
    for option, what in (
        (f"--commit {COMMIT}", "the commit"),
        (f"--commit {COMMIT.upper()}", "the commit in upper case"),
        (f"--image sha256:{IMAGE}", "the image"),
        (f"--image other.example/name@sha256:{IMAGE}", "the image's digest, whatever its name"),
        ("--require statement.*,pcr0.match --commit " + COMMIT + " --image sha256:" + IMAGE, "all"),
        ("--threshold 1", "the threshold in words"),
        (f"{A}", "the key twice, which is one key"),
    ):
        rows.row("alice.json", f"{USUAL} {option}", PASS, "-", "-", what)
    content = envelope(statement(image=None), ALICE)
    rows.good("no-image.json", content, "a statement that names no image")
    content = envelope(statement(verdict="no-expectations"), ALICE)
    rows.good("no-expectations.json", content, "a rebuild that was compared with nothing")
    content = envelope(statement(commit=COMMIT + "00" * 12), ALICE)
    rows.good("sha256-commit.json", content, "a commit of 64 digits")

    def unknown(tree):
        tree["new"] = [{"a": 1}]
        tree["subject"][1]["digest"]["nitro-pcr8"] = ONES
        tree["predicate"]["new"] = tree["predicate"]["runDetails"]["new"] = None
        definition(tree)["internalParameters"] = {"sandbox": True}
        dependencies(tree).append({"name": "other", "digest": {"sha512": "00"}})

    content = envelope(statement(change=unknown), ALICE)
    rows.good("unknown-members.json", content, "members that in-toto says are to be ignored")

    def around(tree):
        tree["new"] = tree["signatures"][0]["cert"] = "x"

    content = envelope(statement(), ALICE, change=around)
    rows.good("unknown-around.json", content, "members that DSSE says are to be ignored")

    def no_keyid(tree):
        del tree["signatures"][0]["keyid"]

    rows.good("no-keyid.json", envelope(statement(), ALICE, change=no_keyid), "no keyid")

    def wrong_keyid(tree):
        tree["signatures"][0]["keyid"] = BOB.id

    content = envelope(statement(), ALICE, change=wrong_keyid)
    rows.good("wrong-keyid.json", content, "another's keyid: nobody looks at it")

    def url_safe(tree):
        sig = base64.b64decode(tree["signatures"][0]["sig"])
        tree["signatures"][0]["sig"] = base64.urlsafe_b64encode(sig).decode()

    content = envelope(statement(), ALICE, change=url_safe)
    rows.good("url-safe.json", content, "base64 of the URL alphabet, which DSSE allows")


def add_signatures(rows):
    rows.file("mallory.json", envelope(statement(), MALLORY))
    why = ("statement-signature", "a signer whose key is not given")
    rows.row("mallory.json", USUAL, FAIL, SIGNATURE, *why)
    rows.row("alice.json mallory.json", USUAL, PASS, "-", "-", "an unknown signer does not count")
    why = ("statement-threshold", "an unknown signer does not count for another")
    rows.row("alice.json mallory.json", BOTH, FAIL, THRESHOLD, *why)

    def as_alice(tree):
        tree["signatures"][0]["keyid"] = ALICE.id

    content = envelope(statement(), MALLORY, change=as_alice)
    rows.bad("stolen-keyid.json", content, SIGNATURE, "statement-signature", "Alice's keyid on it")

    def other_payload(tree):
        tree["payload"] = base64.b64encode(statement(image=None)).decode()

    content = envelope(statement(), ALICE, change=other_payload)
    what = "the payload of another statement"
    rows.bad("altered.json", content, SIGNATURE, "statement-signature", what)
    why = ("statement-threshold", "one of two was altered")
    rows.row("altered.json bob.json", BOTH, FAIL, THRESHOLD, *why)

    def raw(tree):
        """Signed without DSSE's encoding in front."""
        tree["signatures"][0]["sig"] = base64.b64encode(ALICE.sign(statement())).decode()

    content = envelope(statement(), ALICE, change=raw)
    rows.bad(
        "no-pae.json", content, SIGNATURE, "statement-signature", "the payload itself is signed"
    )

    def fixed_width(tree):
        sig = base64.b64decode(tree["signatures"][0]["sig"])
        r, s = sig[4 : 4 + sig[3]], sig[6 + sig[3] :]
        fixed = r[-32:].rjust(32, b"\0") + s[-32:].rjust(32, b"\0")
        tree["signatures"][0]["sig"] = base64.b64encode(fixed).decode()

    content = envelope(statement(), BOB, change=fixed_width)
    what = "ECDSA as r || s, not as DER"
    options = f"{B} --pcrs pcr.json"
    rows.bad("fixed-width.json", content, SIGNATURE, "statement-signature", what, options)

    def longer(tree):
        sig = base64.b64decode(tree["signatures"][0]["sig"])
        r, rest = sig[4 : 4 + sig[3]], sig[4 + sig[3] :]
        inner = b"\x02" + bytes([sig[3] + 1]) + b"\0" + r + rest
        fixed = b"\x30" + bytes([len(inner)]) + inner
        tree["signatures"][0]["sig"] = base64.b64encode(fixed).decode()

    content = envelope(statement(), BOB, change=longer)
    what = "a zero byte too many in r: the same signature in another form"
    rows.bad("not-der.json", content, SIGNATURE, "statement-signature", what, options)


def add_threshold(rows):
    why = ("statement-threshold", "one of two keys signed")
    rows.row("alice.json", BOTH, FAIL, THRESHOLD, *why)
    rows.row("alice.json", BOTH + " --threshold 1", PASS, "-", "-", "one of two is enough")
    rows.row("alice.json alice.json", BOTH, FAIL, THRESHOLD, why[0], "one key's statement twice")
    three = f"{A} {B} {C} --threshold 2 --pcrs pcr.json"
    rows.row("alice.json bob.json", three, PASS, "-", "-", "two of three")
    rows.row("both.json", three, PASS, "-", "-", "two of three in one envelope")
    rows.row("alice.json", three, FAIL, THRESHOLD, why[0], "one of three")

    other = document.OTHER_IMAGE
    for index in range(3):
        pcrs = {**document.IMAGE, index: other[0] if index else other[2]}
        name = f"carol-pcr{index}.json"
        rows.file(name, envelope(statement(pcrs), CAROL))
        what = f"another PCR{index}, although two others agree"
        rows.row(f"alice.json bob.json {name}", three, FAIL, THRESHOLD, "statement-disagree", what)
    for name, content, what in (
        ("carol-commit.json", statement(commit=COMMIT[::-1]), "another commit"),
        ("carol-image.json", statement(image="ab" * 32), "another container image"),
        ("carol-no-image.json", statement(image=None), "no container image"),
    ):
        rows.file(name, envelope(content, CAROL))
        rows.row(
            f"alice.json {name}",
            f"{A} {C} --threshold 1 --pcrs pcr.json",
            FAIL,
            THRESHOLD,
            "statement-disagree",
            what,
        )
    content = envelope(statement(eif=b"another file of the same registers"), CAROL)
    rows.good("carol-eif.json", content, "alone", f"{C} --pcrs pcr.json")
    what = "files that differ in what is not measured agree"
    rows.row("alice.json carol-eif.json", f"{A} {C} --pcrs pcr.json", PASS, "-", "-", what)


def add_expectations(rows):
    rows.row("alice.json", A, NO_VERDICT, "-", "nothing-expected", "nothing to compare with")
    options = f"{A} --commit {COMMIT} --image sha256:{IMAGE}"
    rows.row(
        "alice.json", options, NO_VERDICT, "-", "nothing-expected", "commit and image name none"
    )
    rows.row(
        "alice.json", f"{A} --pcrs other-pcr.json", FAIL, "pcr0.match", "pcr-mismatch", "another"
    )
    hexed = "0x" + "ab" * 32
    options = f"{A} --enclave-hash {hexed}"
    why = ("enclave-hash-mismatch", "another hash")
    rows.row("alice.json", options, FAIL, "enclave_hash.match", *why)
    options = f"{USUAL} --commit {COMMIT[::-1]}"
    why = ("statement-commit-mismatch", "another commit")
    rows.row("alice.json", options, FAIL, "statement.commit", *why)
    options = f"{USUAL} --image sha256:{'ab' * 32}"
    why = ("statement-image-mismatch", "another image")
    rows.row("alice.json", options, FAIL, "statement.image", *why)
    why = ("statement-image-missing", "none was shown to be in it")
    rows.row("no-image.json", f"{USUAL} --image sha256:{IMAGE}", FAIL, "statement.image", *why)
    options = f"{USUAL} --require statement.commit"
    why = ("required-skipped", "not asked for and required")
    rows.row("alice.json", options, FAIL, "statement.commit", *why)
    options = f"{USUAL} --pcr 8={'ab' * 48}"
    rows.row("alice.json", options, FAIL, "pcr8.match", "pcr-missing", "a statement has no PCR8")


def add_envelopes(rows):
    def bad(name, reason, what, change):
        rows.bad(name, envelope(statement(), ALICE, change=change), FORM, reason, what)

    rows.bad("empty.json", b"", FORM, "json-malformed", "nothing")
    content = envelope(statement(), ALICE)
    rows.bad("twice.json", content + content, FORM, "json-trailing", "two envelopes in one file")
    content = content.replace(b'{"payloadType"', b'{"payload":"","payloadType"')
    rows.bad("doubled.json", content, FORM, "json-duplicate-key", "a key twice")
    rows.bad("array.json", b"[]", FORM, "dsse-shape", "no object")
    for key in ("payload", "payloadType", "signatures"):
        bad(f"no-{key}.json".lower(), "dsse-shape", f"no {key}", put([key], None))
    bad("payload-number.json", "dsse-shape", "the payload is a number", put(["payload"], 1))
    bad("signatures-object.json", "dsse-shape", "no array", put(["signatures"], {}))
    content = envelope(statement(), ALICE, kind="application/json")
    rows.bad("type.json", content, FORM, "dsse-type", "another type, and signed as such")
    bad("payload-blank.json", "dsse-payload", "white space", put(["payload"], "e 30="))
    bad("payload-cut.json", "dsse-payload", "base64 cut short", put(["payload"], "e30=A"))
    bad("signatures-none.json", "dsse-signatures", "no signature", put(["signatures"], []))
    many = [{"sig": "AAAA"}] * 17
    bad("signatures-many.json", "dsse-signatures", "17 signatures", put(["signatures"], many))
    first = ["signatures", 0]
    bad("signature-text.json", "dsse-signatures", "a signature is a text", put(first, "AAAA"))
    bad("signature-none.json", "dsse-signatures", "no sig", put([*first, "sig"], None))
    bad("signature-empty.json", "dsse-signatures", "an empty sig", put([*first, "sig"], ""))
    bad("signature-blank.json", "dsse-signatures", "no base64", put([*first, "sig"], "AA AA"))
    bad(
        "keyid-number.json", "dsse-signatures", "a keyid that is no text", put([*first, "keyid"], 1)
    )
    rows.row("alice.json array.json", USUAL, FAIL, FORM, "dsse-shape", "one of two is broken")
    rows.file("sixteen.json", envelope(statement(), *[MALLORY] * 15, ALICE))
    rows.row("sixteen.json", USUAL, PASS, "-", "-", "the last of 16 signatures")


def add_payloads(rows):
    rows.bad("payload-empty.json", envelope(b"", ALICE), FORM, "json-malformed", "an empty payload")
    content = statement().replace(b'{"_type"', b'{"_type":"","_type"')
    why = ("json-duplicate-key", "a key twice in the payload")
    rows.bad("payload-doubled.json", envelope(content, ALICE), FORM, *why)
    rows.bad("payload-null.json", envelope(b"null", ALICE), FORM, "statement-shape", "null")
    spoiled = rows.spoiled
    spoiled(
        "type-v01.json",
        "statement-type",
        "version 0.1",
        put(["_type"], "https://in-toto.io/Statement/v0.1"),
    )
    spoiled("type-none.json", "statement-shape", "no _type", put(["_type"], None))
    spoiled(
        "predicate-type.json",
        "statement-predicate",
        "a summary",
        put(["predicateType"], "https://slsa.dev/verification_summary/v1"),
    )
    spoiled("predicate-none.json", "statement-shape", "no predicate", put(["predicate"], None))
    spoiled(
        "build-type.json",
        "statement-build-type",
        "another build",
        put(["predicate", "buildDefinition", "buildType"], "https://build.example/v1"),
    )
    add_subjects(rows)
    spoiled(
        "parameter-more.json",
        "statement-parameters",
        "a parameter that nobody knows",
        put([*PARAMETERS, "impure"], "yes"),
    )
    spoiled(
        "parameter-less.json",
        "statement-parameters",
        "no attribute",
        put([*PARAMETERS, "attribute"], None),
    )
    spoiled(
        "parameter-commit.json",
        "statement-parameters",
        "another commit than the source's",
        put([*PARAMETERS, "commit"], COMMIT[::-1]),
    )
    spoiled("parameters-none.json", "statement-shape", "no parameters", put(PARAMETERS, None))
    spoiled("dependencies-none.json", "statement-shape", "none", put(DEPENDENCIES, None))
    spoiled("source-none.json", "statement-source", "no source", put([*DEPENDENCIES, 0], None))
    spoiled(
        "source-twice.json",
        "statement-source",
        "two sources",
        lambda tree: dependencies(tree).append(dependencies(tree)[0]),
    )
    spoiled(
        "source-short.json",
        "statement-source",
        "a short commit",
        put([*DEPENDENCIES, 0, "digest", "gitCommit"], COMMIT[:12]),
    )
    spoiled(
        "source-upper.json",
        "statement-source",
        "in upper case",
        put([*DEPENDENCIES, 0, "digest", "gitCommit"], COMMIT.upper()),
    )
    spoiled(
        "image-twice.json",
        "statement-dependency",
        "two images",
        lambda tree: dependencies(tree).append(dependencies(tree)[1]),
    )
    spoiled(
        "image-prefix.json",
        "statement-dependency",
        "a digest with its algorithm's name",
        put([*DEPENDENCIES, 1, "digest", "sha256"], "sha256:" + IMAGE),
    )
    spoiled(
        "dependency-name.json",
        "statement-dependency",
        "no name",
        put([*DEPENDENCIES, 2, "name"], None),
    )
    spoiled(
        "dependency-digest.json",
        "statement-dependency",
        "an empty digest",
        put([*DEPENDENCIES, 2, "digest"], {}),
    )
    details = ("predicate", "runDetails")
    spoiled("builder-none.json", "statement-shape", "no builder", put([*details, "builder"], None))
    spoiled(
        "verdict-none.json", "statement-verdict", "no verdict", put([*details, "metadata"], None)
    )
    spoiled(
        "verdict-fail.json",
        "statement-verdict",
        "a rebuild that failed",
        put([*details, "metadata", "enclavecheck_verdict"], "fail"),
    )


def add_subjects(rows):
    spoiled = rows.spoiled
    spoiled("subject-none.json", "statement-shape", "no subject", put(["subject"], None))
    spoiled("subject-one.json", "statement-subject", "no registers", put(["subject", 1], None))
    spoiled(
        "subject-twice.json",
        "statement-subject",
        "the registers twice",
        lambda tree: tree["subject"].append(tree["subject"][1]),
    )
    spoiled(
        "subject-other.json",
        "statement-subject",
        "a third thing",
        lambda tree: tree["subject"].append({"name": "x", "digest": {"sha256": IMAGE}}),
    )
    spoiled(
        "subject-eif.json",
        "statement-subject",
        "no SHA-256 of the image",
        put(["subject", 0, "digest"], {"sha512": "00"}),
    )
    spoiled(
        "pcrs-two.json", "statement-pcrs", "no PCR2", lambda tree: digest(tree, 1).pop("nitro-pcr2")
    )
    spoiled(
        "pcrs-short.json",
        "statement-pcrs",
        "95 digits",
        put(["subject", 1, "digest", "nitro-pcr1"], ONES[1:]),
    )
    spoiled(
        "pcrs-upper.json",
        "statement-pcrs",
        "in upper case",
        put(["subject", 1, "digest", "nitro-pcr1"], ONES.upper()),
    )
    spoiled(
        "pcrs-zero.json",
        "statement-pcrs",
        "PCR0 of any debug enclave",
        put(["subject", 1, "digest", "nitro-pcr0"], "00" * 48),
    )


def add_seeds(vectors):
    """An envelope as it is, or 'p' and a payload."""
    names = "alice bob both unknown-members unknown-around signatures-many doubled type sixteen"
    for name in names.split():
        vectors.put(f"seeds/statement/{name}", vectors.files[f"statements/{name}.json"])
    vectors.put("seeds/statement/payload", b"p" + statement())
    vectors.put("seeds/statement/payload-no-image", b"p" + statement(image=None))
    vectors.put("seeds/statement/payload-null", b"p" + dump(None))
    vectors.put("seeds/statement/key", public_pem(ALICE.spki))
    vectors.put("seeds/statement/key-p256", public_pem(BOB.spki))
    vectors.put("seeds/statement/key-two", vectors.files["statements/key-two.pem"])


def add(vectors):
    rows = Rows(vectors)
    add_keys(rows)
    add_good(rows)
    add_signatures(rows)
    add_threshold(rows)
    add_expectations(rows)
    add_envelopes(rows)
    add_payloads(rows)
    rows.finish()
    add_seeds(vectors)
