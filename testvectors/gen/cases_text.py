"""Documents as text: hexadecimal and base64 in their good and bad forms."""

import base64

from . import cbor
from .basics import small_document

FORM = "document.form"
BAD = "text-encoding"
NO_TEXT = "cose-shape"  # bytes that no text has: perhaps not taken for text at all


def add(vectors):
    hexadecimal(vectors)
    base64_good(vectors)
    base64_bad(vectors)
    neither(vectors)


def whole(remainder=0):
    """A good document whose length leaves `remainder` when divided by three."""
    for size in range(40, 43):
        content = small_document(
            user_data=cbor.bstr(b"\xfb\xff" * (size // 2) + b"\xef" * (size % 2))
        )
        if len(content) % 3 == remainder:
            return content
    raise AssertionError("unreachable")


def hexadecimal(vectors):
    text = whole().hex()
    middle = len(text) // 2 * 2 // 4 * 2
    mixed = "".join(digit.upper() if index % 3 else digit for index, digit in enumerate(text))
    for name, content, what in (
        ("lower", text, "hexadecimal, small digits"),
        ("upper", text.upper(), "hexadecimal, capital digits"),
        ("mixed", mixed, "hexadecimal, small and capital digits"),
        ("newline", text + "\n", "hexadecimal with a newline behind"),
        ("spaces", " \t\r\n" + text + "\r\n \t", "hexadecimal with white space before and behind"),
        ("0x", "0x" + text, "hexadecimal with 0x before it"),
        ("tag18", "d2" + text, "hexadecimal of a document with tag 18"),
    ):
        vectors.good(f"hex-{name}.hex", content, what)
    for name, content, what in (
        ("odd", text[:-1], "hexadecimal with an odd number of digits"),
        ("letter", text[:middle] + "g0" + text[middle + 2 :], "a letter beyond f"),
        ("inner-space", text[:middle] + " " + text[middle:], "a space within the digits"),
        ("inner-newline", text[:middle] + "\n" + text[middle:], "a newline within the digits"),
        (
            "colons",
            ":".join(text[i : i + 2] for i in range(0, len(text), 2)),
            "colons between the bytes",
        ),
    ):
        vectors.bad(f"hex-{name}.hex", content, FORM, BAD, what)
    for name, content, what in (
        ("nul", text + "\0", "a NUL behind the digits"),
        ("non-ascii", text[:middle] + "\u00b2" + text[middle:], "a character beyond ASCII"),
    ):
        vectors.bad(f"hex-{name}.hex", content, FORM, NO_TEXT, what)
    vectors.bad(
        "hex-truncated.hex",
        text[:-2],
        FORM,
        "cbor-truncated",
        "good hexadecimal of a document without its last byte",
    )
    vectors.bad(
        "hex-trailing.hex",
        text + "00",
        FORM,
        "cose-trailing",
        "good hexadecimal of a document and one byte more",
    )


def standard(remainder=0):
    return base64.b64encode(whole(remainder)).decode()


def url_safe(remainder=0):
    return base64.urlsafe_b64encode(whole(remainder)).decode()


def base64_good(vectors):
    for remainder, padding in ((0, 0), (1, 2), (2, 1)):
        text = standard(remainder)
        assert text.count("=") == padding
        vectors.good(
            f"base64-std-{remainder}.b64",
            text,
            f"standard base64 with {padding} padding characters",
        )
    for name, content, what in (
        (
            "std-unpadded-1",
            standard(1).rstrip("="),
            "standard base64 without its two padding characters",
        ),
        (
            "std-unpadded-2",
            standard(2).rstrip("="),
            "standard base64 without its padding character",
        ),
        ("url-1", url_safe(1), "URL-safe base64 with padding"),
        ("url-unpadded-2", url_safe(2).rstrip("="), "URL-safe base64 without padding"),
        ("newline", standard(1) + "\n", "standard base64 with a newline behind"),
        (
            "spaces",
            "\r\n\t " + standard(2) + " \t\r\n",
            "standard base64 with white space before and behind",
        ),
        ("tag18", base64.b64encode(b"\xd2" + whole()).decode(), "base64 of a document with tag 18"),
    ):
        vectors.good(f"base64-{name}.b64", content, what)


def next_digit(text, position):
    """The base64 digit at `position` with its lowest bit set."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return digits[digits.index(text[position]) | 1]


def base64_bad(vectors):
    zero, one, two = standard(0), standard(1), standard(2)
    assert "+" in zero and "/" in zero
    middle = len(zero) // 2 // 4 * 4
    wrapped = "\n".join(zero[i : i + 76] for i in range(0, len(zero), 76)) + "\n"
    for name, content, what in (
        ("wrapped", wrapped, "base64 in lines of 76 characters"),
        ("inner-space", zero[:middle] + " " + zero[middle:], "a space within base64"),
        ("mixed", zero.replace("+", "-"), "characters of both alphabets"),
        ("character", zero[:middle] + "!" + zero[middle + 1 :], "a character of neither alphabet"),
        ("one-of-two", one[:-1], "one padding character where two belong"),
        ("two-of-one", two + "=", "two padding characters where one belongs"),
        ("three", one + "=", "three padding characters"),
        ("one-of-none", zero + "=", "a padding character where none belongs"),
        ("four-of-none", zero + "====", "four padding characters where none belongs"),
        (
            "inner-padding",
            zero[: middle - 1] + "=" + zero[middle:],
            "a padding character within base64",
        ),
        ("padding-space", one[:-1] + " =", "a space between the padding characters"),
        ("single-digit", zero + "A", "one digit too many: six bits are no byte"),
        (
            "trailing-bits-1",
            one[:-3] + next_digit(one, -3) + "==",
            "ones among the four bits that fall away",
        ),
        (
            "trailing-bits-2",
            two[:-2] + next_digit(two, -2) + "=",
            "a one among the two bits that fall away",
        ),
        (
            "trailing-bits-unpadded",
            one[:-3] + next_digit(one, -3),
            "ones among the bits that fall away, without padding",
        ),
        ("after-padding", one + one, "base64 twice, padding between"),
    ):
        vectors.bad(f"base64-{name}.b64", content, FORM, BAD, what)
    vectors.bad("base64-nul.b64", zero + "\0", FORM, NO_TEXT, "a NUL behind base64")
    vectors.bad(
        "base64-truncated.b64",
        base64.b64encode(whole()[:-1]).decode(),
        FORM,
        "cbor-truncated",
        "good base64 of a document without its last byte",
    )


def neither(vectors):
    page = "<!DOCTYPE html>\n<html><body><h1>502 Bad Gateway</h1></body></html>\n"
    vectors.bad(
        "text-page.txt",
        page,
        FORM,
        "text-encoding",
        "an error page instead of a document",
    )
    vectors.bad(
        "text-blank.txt",
        " \r\n\t\n",
        FORM,
        "cose-empty",
        "nothing but white space",
    )
