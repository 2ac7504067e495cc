"""Keccak-256 with the original padding, as Ethereum uses it (not SHA3-256)."""

MASK = (1 << 64) - 1
RATE = 136


def rotate(lane, by):
    return (lane << by | lane >> (64 - by)) & MASK if by else lane


def round_constants():
    """Iota's constants from the LFSR x^8 + x^6 + x^5 + x^4 + 1."""
    state = 1
    for _ in range(24):
        constant = 0
        for power in range(7):
            if state & 1:
                constant |= 1 << ((1 << power) - 1)
            state = state << 1 ^ (0x171 if state & 0x80 else 0)
        yield constant


CONSTANTS = list(round_constants())


def permute(lanes):
    """Keccak-f[1600]; lanes[x + 5 * y]."""
    for constant in CONSTANTS:
        columns = [
            lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20]
            for x in range(5)
        ]
        for x in range(5):
            parity = columns[x - 1] ^ rotate(columns[(x + 1) % 5], 1)
            for y in range(0, 25, 5):
                lanes[x + y] ^= parity
        moved = [0] * 25
        moved[0] = lanes[0]
        x, y = 1, 0
        for step in range(24):
            offset = (step + 1) * (step + 2) // 2 % 64
            source = lanes[x + 5 * y]
            x, y = y, (2 * x + 3 * y) % 5
            moved[x + 5 * y] = rotate(source, offset)
        for row in range(0, 25, 5):
            for x in range(5):
                lanes[row + x] = moved[row + x] ^ (
                    ~moved[row + (x + 1) % 5] & moved[row + (x + 2) % 5] & MASK
                )
        lanes[0] ^= constant
    return lanes


def keccak256(message):
    padded = message + b"\x01" + bytes(-(len(message) + 1) % RATE)
    padded = padded[:-1] + bytes([padded[-1] | 0x80])
    lanes = [0] * 25
    for start in range(0, len(padded), RATE):
        for index in range(RATE // 8):
            offset = start + 8 * index
            lanes[index] ^= int.from_bytes(padded[offset : offset + 8], "little")
        permute(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])
