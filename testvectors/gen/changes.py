"""Changes to certificates and chains that several case modules share."""

from . import der, ec, pki
from .basics import root
from .pki import LEAF, LEVELS, REGIONAL, ROOT

PRIVATE_OID = "1.3.6.1.4.1.99999.1"


def private_extension(size=8, critical=False, filler=b"\0"):
    return pki.extension(PRIVATE_OID, der.octet_string(filler * size), critical)


def changed_chain(level, change):
    """The usual chain with one level altered."""
    if level == ROOT:
        return pki.chain(change={ROOT: change})
    return pki.chain(root=root(), change={level: change})


def without(*extensions):
    def change(fields):
        for extension in extensions:
            del fields["extensions"][extension]

    return change


def with_extension(name, value):
    def change(fields):
        fields["extensions"][name] = value

    return change


def padded_to(size, level):
    """A change that makes the certificate exactly `size` bytes by a private extension.

    The signature's length varies by a byte or two, so another filler may be needed.
    """

    def change(fields):
        signer = ec.Key(LEVELS[LEVELS.index(level) - 1])
        plain = len(pki.encode(fields, signer))
        for filler in range(256):
            for padding in range(size - plain - 40, size - plain):
                fields["extensions"]["private"] = private_extension(padding, filler=bytes([filler]))
                if len(pki.encode(fields, signer)) == size:
                    return
        raise AssertionError("no padding fits")

    return change


def link(number):
    """A change that makes a regional certificate the CA called `number`, path length unlimited."""

    def change(fields):
        fields["subject"] = pki.short_name(f"link {number}.test.nitro-enclaves")
        fields["serial"] = der.integer(pki.serial_from(f"link {number}"))
        fields["extensions"]["bc"] = pki.basic_constraints(True)
        del fields["extensions"]["crl"]

    return change


def chain_of(cas):
    """A root, cas - 1 intermediates and a leaf."""
    certificates = [root()]
    for number in range(1, cas):
        certificates.append(
            pki.issue(REGIONAL, certificates[-1], ec.Key(f"link {number}"), link(number))
        )
    certificates.append(pki.issue(LEAF, certificates[-1]))
    return certificates


def certificate_of(size, level):
    """The usual certificate of a level, grown to exactly `size` bytes."""
    return changed_chain(level, padded_to(size, level))[LEVELS.index(level)]


def replacing(**pieces):
    """A change that sets fields of the certificate."""

    def change(fields):
        fields.update(pieces)

    return change


def wrapping(function):
    """A change of the finished certificate's bytes."""
    return replacing(wrap=function)
