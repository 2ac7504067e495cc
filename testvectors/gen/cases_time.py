"""Validity at the judged time, the document's timestamp, its age."""

from . import cbor, document, pki
from .basics import SHORT_AFTER, SHORT_BEFORE, root, short_root, small_document, usual_chain
from .changes import changed_chain, replacing
from .pki import INSTANCE, LEAF, REGIONAL, ROOT, ZONAL

CHECK = "chain.time"
DAY = 86400
FIRST, LAST = SHORT_BEFORE, SHORT_AFTER


def add(vectors):
    narrow_levels(vectors)
    narrow_root(vectors)
    at_document(vectors)
    outside_leaf(vectors)
    age(vectors)


def at(moment, more="", root_file="root.pem"):
    return f"--root {root_file} --at {moment} --pcrs pcr.json{more}"


def valid(first, last):
    return replacing(not_before=pki.utc_time(first), not_after=pki.utc_time(last))


def narrow_chain(level):
    """All certificates valid for weeks except one, valid from FIRST to LAST."""
    change = {
        other: valid(FIRST - 10 * DAY, LAST + 10 * DAY)
        for other in (REGIONAL, ZONAL, INSTANCE, LEAF)
    }
    change[level] = valid(FIRST, LAST)
    if level == ROOT:
        return pki.chain(root=short_root(), change={**change, ROOT: None})
    return pki.chain(root=root(), change=change)


def ends(vectors, name, level, root_file="root.pem"):
    """Rows at both ends of a level's validity and one second beyond."""
    options = lambda moment: at(moment, root_file=root_file)
    vectors.passes(name, f"judged at the {level} certificate's notBefore", options(FIRST))
    vectors.passes(name, f"judged at the {level} certificate's notAfter", options(LAST))
    vectors.fails(
        name,
        CHECK,
        "x509-validity",
        f"judged one second before the {level} certificate's notBefore",
        options(FIRST - 1),
    )
    vectors.fails(
        name,
        CHECK,
        "x509-validity",
        f"judged one second after the {level} certificate's notAfter",
        options(LAST + 1),
    )


def narrow_levels(vectors):
    stamp = cbor.uint((FIRST + 5) * 1000)
    for level in (REGIONAL, ZONAL, INSTANCE, LEAF):
        name = f"time-narrow-{level}.cbor"
        vectors.put("documents/" + name, document.make(narrow_chain(level), timestamp=stamp))
        ends(vectors, name, level)


def narrow_root(vectors):
    name = "time-narrow-root.cbor"
    stamp = cbor.uint((FIRST + 5) * 1000)
    vectors.put("documents/" + name, document.make(narrow_chain(ROOT), timestamp=stamp))
    ends(vectors, name, ROOT, "shortroot.pem")


def at_document(vectors):
    """Judged at the document's own time, which is cut to whole seconds."""
    for level in (REGIONAL, ZONAL, INSTANCE):
        for word, first, last in (
            ("expired", FIRST - DAY, document.TIMESTAMP - 1),
            ("future", document.TIMESTAMP + 1, LAST + DAY),
        ):
            certificates = changed_chain(level, valid(first, last))
            state = (
                "expired one second before" if word == "expired" else "valid from one second after"
            )
            what = f"{level} certificate {state} the document's time"
            vectors.bad(
                f"x509-validity-{level}-{word}.cbor",
                document.make(certificates),
                CHECK,
                "x509-validity",
                what,
            )
    backwards = changed_chain(ZONAL, valid(LAST, FIRST))
    vectors.bad(
        "x509-validity-zonal-backwards.cbor",
        document.make(backwards),
        CHECK,
        "x509-validity",
        "zonal certificate whose notAfter is before its notBefore",
    )
    before, after = pki.LEAF_BEFORE * 1000, pki.LEAF_AFTER * 1000
    for name, stamp, what in (
        ("first", before, "timestamp at the leaf's notBefore"),
        ("last", after, "timestamp at the leaf's notAfter"),
        (
            "last-999",
            after + 999,
            "timestamp 999 ms after the leaf's notAfter, the same whole second",
        ),
    ):
        vectors.good(f"time-leaf-{name}.cbor", small_document(timestamp=cbor.uint(stamp)), what)
    for name, stamp, what in (
        ("early", before - 1, "timestamp one millisecond before the leaf's notBefore"),
        ("late", after + 1000, "timestamp one second after the leaf's notAfter"),
        ("day-late", after + DAY * 1000, "timestamp a day after the leaf's notAfter"),
    ):
        reason = "x509-validity"
        vectors.bad(
            f"x509-validity-leaf-{name}.cbor",
            small_document(timestamp=cbor.uint(stamp)),
            CHECK,
            reason,
            what,
        )


def outside_leaf(vectors):
    """The judged time suits all certificates, the document's timestamp does not suit the leaf."""
    moment = pki.LEAF_BEFORE + 3600
    for name in ("early", "late", "day-late"):
        vectors.fails(
            f"x509-validity-leaf-{name}.cbor",
            CHECK,
            "timestamp-outside-leaf",
            f"the {name.replace('-', ' ')} timestamp judged at a time within the leaf's validity",
            at(moment),
        )
    far = small_document(timestamp=cbor.uint((pki.LEAF_BEFORE - DAY) * 1000))
    vectors.bad(
        "timestamp-outside-leaf-day-early.cbor",
        far,
        CHECK,
        "timestamp-outside-leaf",
        "timestamp a day before the leaf's notBefore",
        at(moment),
    )


def age(vectors):
    """A document made an hour after its leaf; the judged time is the verifier's clock."""
    stamp = pki.LEAF_BEFORE + 3600
    name = "age.cbor"
    vectors.put(
        "documents/" + name, document.make(usual_chain(), timestamp=cbor.uint(stamp * 1000))
    )
    limit = " --max-age 300"
    no_skew = " --max-skew 0"
    for moment, more, what in (
        (stamp, limit, "0 s old, limit 300 s"),
        (stamp + 300, limit, "300 s old, limit 300 s"),
        (stamp + 1, " --max-age 1", "1 s old, limit 1 s"),
        (stamp + 3600, "", "an hour old, judged at a time given, no limit asked for"),
        (stamp - 60, limit, "60 s ahead of the judged time, the skew allowed"),
        (stamp - 60, "", "60 s ahead of the judged time, the skew allowed, no age limit"),
        (stamp - 600, " --max-skew 600", "600 s ahead, skew of 600 s allowed"),
        (stamp, no_skew, "at the judged time, no skew allowed"),
    ):
        vectors.passes(name, what, at(moment, more))
    for moment, more, what in (
        (stamp + 301, limit, "301 s old, limit 300 s"),
        (stamp + 2, " --max-age 1", "2 s old, limit 1 s"),
        (stamp + 3600, limit, "an hour old, limit 300 s"),
        (stamp + 1, " --max-age 0", "1 s old, limit 0 s"),
    ):
        vectors.fails(name, "claims.age", "timestamp-stale", what, at(moment, more))
    for moment, more, what in (
        (stamp - 61, limit, "61 s ahead of the judged time, skew 60 s"),
        (stamp - 61, "", "61 s ahead of the judged time, skew 60 s, no age limit"),
        (stamp - 1, no_skew, "1 s ahead, no skew allowed"),
        (stamp - 601, " --max-skew 600", "601 s ahead, skew of 600 s allowed"),
    ):
        vectors.fails(name, "claims.age", "timestamp-future", what, at(moment, more))
    vectors.passes(name, "judged time in RFC 3339", at("2026-01-03T11:00:06Z", limit))
    vectors.passes(
        name, "judged time in RFC 3339 with an offset", at("2026-01-03T12:00:06+01:00", limit)
    )
    vectors.fails(
        name,
        "claims.age",
        "timestamp-stale",
        "judged time in RFC 3339, too late",
        at("2026-01-03T11:10:00Z", limit),
    )
    vectors.fails(name, CHECK, "x509-validity", "judged a day later", at(stamp + DAY))
