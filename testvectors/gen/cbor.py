"""A CBOR encoder whose pieces can be put together wrongly on purpose.

Every function returns encoded bytes; arrays and maps take encoded parts.
"""

UINT, NINT, BSTR, TSTR, ARRAY, MAP, TAG, SIMPLE = range(8)

NULL = b"\xf6"
UNDEFINED = b"\xf7"
FALSE = b"\xf4"
BREAK = b"\xff"


def head(major, argument, width=None):
    """Initial byte and argument; width (0, 1, 2, 4, 8) overrides the shortest form."""
    if width is None:
        limits = ((24, 0), (1 << 8, 1), (1 << 16, 2), (1 << 32, 4), (1 << 64, 8))
        width = next(size for limit, size in limits if argument < limit)
    if width == 0:
        return bytes([major << 5 | argument])
    info = {1: 24, 2: 25, 4: 26, 8: 27}[width]
    return bytes([major << 5 | info]) + argument.to_bytes(width, "big")


def uint(number, width=None):
    return head(UINT, number, width)


def nint(number, width=None):
    """A negative number."""
    return head(NINT, -1 - number, width)


def bstr(content, width=None):
    return head(BSTR, len(content), width) + content


def tstr(text, width=None):
    content = text.encode() if isinstance(text, str) else text
    return head(TSTR, len(content), width) + content


def array(parts, width=None):
    return head(ARRAY, len(parts), width) + b"".join(parts)


def mapping(pairs, width=None):
    return head(MAP, len(pairs), width) + b"".join(key + value for key, value in pairs)


def tag(number, content, width=None):
    return head(TAG, number, width) + content


def indefinite_bstr(*chunks):
    return b"\x5f" + b"".join(bstr(chunk) for chunk in chunks) + BREAK


def indefinite_tstr(*chunks):
    return b"\x7f" + b"".join(tstr(chunk) for chunk in chunks) + BREAK


def indefinite_array(parts):
    return b"\x9f" + b"".join(parts) + BREAK


def indefinite_mapping(pairs):
    return b"\xbf" + b"".join(key + value for key, value in pairs) + BREAK
