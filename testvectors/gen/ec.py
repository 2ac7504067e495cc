"""NIST curve arithmetic, RFC 6979 signatures and keys derived from labels.

For test vectors only: nothing here is constant in time and every private
key can be derived by anyone who reads this file.
"""

import hashlib
import hmac
from functools import lru_cache


class Curve:
    """A short Weierstrass curve y^2 = x^3 - 3x + b over the prime field p."""

    def __init__(self, name, size, p, b, n, gx, gy):
        self.name = name
        self.size = size  # octets in one coordinate
        self.p = p
        self.b = b
        self.n = n
        self.g = (gx, gy)
        self._windows = None

    # Points are Jacobian triples (X, Y, Z), x = X/Z^2, y = Y/Z^3; Z = 0 is infinity.

    def double(self, point):
        x, y, z = point
        p = self.p
        if z == 0:
            return point
        delta = z * z % p
        gamma = y * y % p
        beta = x * gamma % p
        alpha = 3 * (x - delta) * (x + delta) % p
        x3 = (alpha * alpha - 8 * beta) % p
        y3 = (alpha * (4 * beta - x3) - 8 * gamma * gamma) % p
        return (x3, y3, 2 * y * z % p)

    def add_affine(self, point, other):
        """point (Jacobian) + other (affine)."""
        x1, y1, z1 = point
        x2, y2 = other
        p = self.p
        if z1 == 0:
            return (x2, y2, 1)
        z2 = z1 * z1 % p
        h = (x2 * z2 - x1) % p
        r = (y2 * z2 * z1 - y1) % p
        if h == 0:
            return self.double(point) if r == 0 else (1, 1, 0)
        h2 = h * h % p
        h3 = h * h2 % p
        v = x1 * h2 % p
        x3 = (r * r - h3 - 2 * v) % p
        y3 = (r * (v - x3) - y1 * h3) % p
        return (x3, y3, z1 * h % p)

    def affine(self, point):
        x, y, z = point
        inverse = pow(z, -1, self.p)
        square = inverse * inverse % self.p
        return (x * square % self.p, y * square * inverse % self.p)

    def windows(self):
        """Affine multiples 1..15 of G * 16^i for every 4-bit digit i of a scalar."""
        if self._windows is None:
            self._windows = []
            base = self.g
            for _ in range((self.n.bit_length() + 3) // 4):
                row = [base]
                for _ in range(14):
                    row.append(self.affine(self.add_affine((*row[-1], 1), base)))
                self._windows.append(row)
                base = self.affine(self.add_affine((*row[-1], 1), base))
        return self._windows

    @lru_cache(maxsize=None)
    def multiply_base(self, scalar):
        """scalar * G in affine coordinates."""
        point = (1, 1, 0)
        for row in self.windows():
            digit = scalar & 15
            if digit:
                point = self.add_affine(point, row[digit - 1])
            scalar >>= 4
        return self.affine(point)

    def contains(self, x, y):
        return (y * y - (x * x * x - 3 * x + self.b)) % self.p == 0


P256 = Curve(
    "P-256",
    32,
    0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
    0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)

P384 = Curve(
    "P-384",
    48,
    2**384 - 2**128 - 2**96 + 2**32 - 1,
    0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
    0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
)

P521 = Curve(
    "P-521",
    66,
    2**521 - 1,
    0x051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00,
    2**521 - 2**260 + 0xA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409,
    0x0C6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3DBAA14B5E77EFE75928FE1DC127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66,
    0x11839296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E662C97EE72995EF42640C550B9013FAD0761353C7086A272C24088BE94769FD16650,
)


class Key:
    """A private key derived from a label, so that no key file exists anywhere."""

    def __init__(self, label, curve=P384):
        seed = hashlib.sha512(b"enclavecheck test key: " + label.encode()).digest()
        seed += hashlib.sha384(seed).digest()
        self.label = label
        self.curve = curve
        self.secret = int.from_bytes(seed, "big") % (curve.n - 1) + 1
        self.x, self.y = curve.multiply_base(self.secret)

    def point(self):
        """The public key as an uncompressed point, 04 || X || Y."""
        size = self.curve.size
        return b"\x04" + self.x.to_bytes(size, "big") + self.y.to_bytes(size, "big")

    def compressed_point(self):
        return bytes([2 + (self.y & 1)]) + self.x.to_bytes(self.curve.size, "big")


def bits_to_int(octets, curve):
    """bits2int of RFC 6979 section 2.3.2."""
    number = int.from_bytes(octets, "big")
    return number >> max(0, len(octets) * 8 - curve.n.bit_length())


def nonces(key, digest, hash_name):
    """The candidates for k of RFC 6979 section 3.2."""
    n = key.curve.n
    length = (n.bit_length() + 7) // 8
    seed = key.secret.to_bytes(length, "big")
    seed += (bits_to_int(digest, key.curve) % n).to_bytes(length, "big")

    def mac(with_key, data):
        return hmac.new(with_key, data, hash_name).digest()

    v = b"\x01" * len(digest)
    k = b"\x00" * len(digest)
    k = mac(k, v + b"\x00" + seed)
    v = mac(k, v)
    k = mac(k, v + b"\x01" + seed)
    v = mac(k, v)
    while True:
        octets = b""
        while len(octets) < length:
            v = mac(k, v)
            octets += v
        candidate = bits_to_int(octets[:length], key.curve)
        if 0 < candidate < n:
            yield candidate
        k = mac(k, v + b"\x00")
        v = mac(k, v)


@lru_cache(maxsize=None)
def sign(key, message, hash_name="sha384"):
    """ECDSA over hash_name(message): the pair (r, s), s as it falls, high or low."""
    curve = key.curve
    digest = hashlib.new(hash_name, message).digest()
    e = bits_to_int(digest, curve)
    for k in nonces(key, digest, hash_name):
        r = curve.multiply_base(k)[0] % curve.n
        s = pow(k, -1, curve.n) * (e + r * key.secret) % curve.n
        if r and s:
            return r, s
    raise AssertionError("unreachable")
