"""Ed25519 signatures (RFC 8032 section 5.1) and keys derived from labels.

For test vectors only, as gen/ec.py: slow, not constant in time, no secret is one.
"""

import hashlib
from functools import lru_cache

P = 2**255 - 19
N = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
I = pow(2, (P - 1) // 4, P)


def recover_x(y):
    """The even x of a point with this y."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * I % P
    return x if x % 2 == 0 else P - x


def add(a, b):
    """The sum of two points in extended coordinates (section 5.1.4)."""
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    low, high = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2)
    f, g = 2 * (z1 * z2 - D * t1 * t2), 2 * (z1 * z2 + D * t1 * t2)
    e, h = high - low, high + low
    return e * f % P, g * h % P, f * g % P, e * h % P


Y = 4 * pow(5, -1, P) % P
X = recover_x(Y)
BASE = (X, Y, 1, X * Y % P)


@lru_cache(maxsize=None)
def multiply_base(scalar):
    """scalar * B, encoded."""
    point, step = (0, 1, 1, 0), BASE
    while scalar:
        if scalar & 1:
            point = add(point, step)
        step = add(step, step)
        scalar >>= 1
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % N


class Key:
    def __init__(self, label):
        self.label = label
        seed = hashlib.sha256(b"enclavecheck test key: " + label.encode()).digest()
        digest = hashlib.sha512(seed).digest()
        self.scalar = int.from_bytes(digest[:32], "little") & (2**254 - 8) | 2**254
        self.prefix = digest[32:]
        self.public = multiply_base(self.scalar)

    def sign(self, message):
        r = number(self.prefix, message)
        encoded = multiply_base(r)
        s = (r + number(encoded, self.public, message) * self.scalar) % N
        return encoded + s.to_bytes(32, "little")
