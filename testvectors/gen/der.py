"""A DER encoder with knobs for what DER forbids."""


def length(count):
    """The shortest definite length."""
    if count < 0x80:
        return bytes([count])
    octets = count.to_bytes((count.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def tlv(tag, content):
    return bytes([tag]) + length(len(content)) + content


def tlv_long_length(tag, content):
    """BER, not DER: one length octet more than needed."""
    size = len(content)
    octets = size.to_bytes((size.bit_length() + 7) // 8 + (size >= 0x80) or 1, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def tlv_indefinite(tag, content):
    """BER, not DER: indefinite length, closed by two zero octets."""
    return bytes([tag, 0x80]) + content + b"\x00\x00"


def sequence(*parts):
    return tlv(0x30, b"".join(parts))


def set_of(*parts):
    return tlv(0x31, b"".join(sorted(parts)))


def integer(number):
    """Two's complement in the fewest octets."""
    return tlv(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def integer_raw(octets):
    return tlv(0x02, octets)


def boolean(value):
    return tlv(0x01, b"\xff" if value else b"\x00")


def null():
    return tlv(0x05, b"")


def oid(dotted):
    arcs = [int(arc) for arc in dotted.split(".")]
    content = b"".join(base128(arc) for arc in [arcs[0] * 40 + arcs[1], *arcs[2:]])
    return tlv(0x06, content)


def base128(number):
    octets = [number & 0x7F]
    number >>= 7
    while number:
        octets.append(0x80 | number & 0x7F)
        number >>= 7
    return bytes(reversed(octets))


def bit_string(content, unused=0):
    return tlv(0x03, bytes([unused]) + content)


def octet_string(content):
    return tlv(0x04, content)


def utf8(text):
    return tlv(0x0C, text.encode())


def printable(text):
    return tlv(0x13, text.encode())


def explicit(number, content):
    """[number] EXPLICIT: constructed, context-specific."""
    return tlv(0xA0 | number, content)


def implicit(number, content):
    """[number] IMPLICIT of a primitive type."""
    return tlv(0x80 | number, content)
