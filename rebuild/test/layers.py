#!/usr/bin/env python3
"""layers.py DIR: layers good and hostile, and what is to be found in them, for test_layer.c.

Writes DIR/N for each layer and DIR/cases.tsv: a row, the layers as N:COMPRESSION:DIFF_ID with blanks between, the
reason of reading them, a path, the reason of looking it up, the SHA-256 of its content, its mode in octal.
"""
import gzip
import hashlib
import io
import os
import struct
import subprocess
import sys
import tarfile

HERE = sys.argv[1]
COUNT = 0
ROWS = []


def entry(name, content=b"", mode=0o644, kind=tarfile.REGTYPE, link="", pax=None, size=None):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.linkname = kind, mode, link
    info.size = len(content) if size is None else size
    if pax:
        info.pax_headers = pax
    return info, content


def directory(name, mode=0o755):
    return entry(name, mode=mode, kind=tarfile.DIRTYPE)


def symlink(name, target):
    return entry(name, kind=tarfile.SYMTYPE, link=target)


def hard(name, target, content=b"", pax=None):
    return entry(name, content, kind=tarfile.LNKTYPE, link=target, pax=pax)


def opaque(name):
    return entry(os.path.join(name, ".wh..wh..opq"))


def pack(entries, form=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form, errors="surrogateescape") as tar:
        for info, content in entries:
            # as it is: tarfile would take the / off a name
            block = info.tobuf(form, "utf-8", "surrogateescape")
            tar.fileobj.write(block)
            tar.fileobj.write(content + bytes(-len(content) % 512))
            tar.offset += len(block) + len(content) + -len(content) % 512
    return out.getvalue()


def put(blob, compression="plain", content=None):
    """A layer; `content` when the blob is not what its compression makes of it."""
    global COUNT
    tar = blob if content is None else content
    if content is None and compression == "gzip":
        blob = gzip.compress(blob, mtime=0)
    elif content is None and compression == "zstd":
        blob = subprocess.run(["zstd", "-qc"], input=blob, stdout=subprocess.PIPE, check=True).stdout
    COUNT += 1
    with open(os.path.join(HERE, str(COUNT)), "wb") as file:
        file.write(blob)
    return f"{COUNT}:{compression}:{hashlib.sha256(tar).hexdigest()}"


def layer(*entries, compression="plain", form=tarfile.PAX_FORMAT):
    return put(pack(entries, form), compression)


def row(name, layers, path="/f", reason="ok", content=None, mode=None, reading="ok"):
    digest = "-" if content is None else hashlib.sha256(content).hexdigest()
    ROWS.append((name, " ".join(layers), reading, path, reason, digest, "-" if mode is None else f"{mode:o}"))


def bad(name, reading, *layers):
    row(name, layers, reading=reading, reason="-")


A, B, C = b"lower\n", b"upper\n", b"third\n"
F = entry("f", A, 0o755)


def forms():
    for compression in ("plain", "gzip", "zstd"):
        row(compression, [layer(F, compression=compression)], content=A, mode=0o755)
    tar = pack([F])
    half = 600
    row("gzip, two members", [put(gzip.compress(tar[:half], mtime=0) + gzip.compress(tar[half:], mtime=0), "gzip", tar)],
        content=A)
    frames = b"".join(subprocess.run(["zstd", "-qc"], input=part, stdout=subprocess.PIPE, check=True).stdout
                      for part in (tar[:half], tar[half:]))
    row("zstd, two frames", [put(frames, "zstd", tar)], content=A)
    skippable = struct.pack("<II", 0x184D2A50, 4) + b"skip"
    whole = subprocess.run(["zstd", "-qc"], input=tar, stdout=subprocess.PIPE, check=True).stdout
    row("zstd, a skippable frame", [put(whole + skippable, "zstd", tar)], content=A)
    row("nothing but its end", [put(bytes(1024)), layer(F)], content=A)
    row("bytes behind the end are part of the layer", [put(tar + b"what" * 128)], content=A)
    row("no end at all", [put(tar[:1024])], content=A)
    long = "d/" + "long/" * 60 + "f"
    for form, name in ((tarfile.GNU_FORMAT, "GNU"), (tarfile.PAX_FORMAT, "pax")):
        row(name + ", a long name", [layer(entry(long, A), form=form)], "/" + long, content=A)
        row(name + ", a long target", [layer(entry(long, A), symlink("f", long), form=form)], content=A)
    row("ustar, a prefix", [layer(entry("p" * 90 + "/" + "q" * 90, A), form=tarfile.USTAR_FORMAT)],
        "/" + "p" * 90 + "/" + "q" * 90, content=A)
    row("pax, a name of UTF-8", [layer(entry("Főtan", A))], "/Főtan", content=A)
    row("ustar, a name of Latin-1", [layer(entry(b"caf\xe9".decode("utf-8", "surrogateescape"), A),
                                           form=tarfile.GNU_FORMAT)],
        b"/caf\xe9".decode("utf-8", "surrogateescape"), content=A)
    row("a large user ID", [layer((lambda i: (setattr(i[0], "uid", 1 << 40), i)[1])(entry("f", A)),
                                  form=tarfile.GNU_FORMAT)], content=A)
    row("pax, a size", [layer(entry("f", A, pax={"size": str(len(A))}))], content=A)
    row("pax, an extended attribute", [layer(entry("f", A, pax={"SCHILY.xattr.security.capability": "\x01\x02x"}))],
        content=A)
    row("empty", [layer(entry("f"))], content=b"")
    row("setuid", [layer(entry("f", A, 0o4755))], content=A, mode=0o4755)
    for number in ("0.0", "0.1", "1.0"):
        row("pax, sparse " + number, [put(sparse_pax(number))], content=SPARSE)
    row("GNU, sparse", [put(sparse_gnu())], content=SPARSE)


# 4 KiB of data after 1 MiB - 4 KiB of hole
SPARSE = bytes((1 << 20) - 4096) + b"x" * 4096
DATA = b"x" * 4096
AT = (1 << 20) - 4096


def sparse_pax(version, real=len(SPARSE)):
    pax = {"GNU.sparse.major": version[0], "GNU.sparse.minor": version[2]}
    data = DATA
    if version == "1.0":
        head = f"1\n{AT}\n4096\n".encode()
        data = head + bytes(-len(head) % 512) + DATA
        pax.update({"GNU.sparse.name": "f", "GNU.sparse.realsize": str(real)})
    else:
        pax = {"GNU.sparse.size": str(len(SPARSE)), "GNU.sparse.numblocks": "1"}
        if version == "0.1":
            pax.update({"GNU.sparse.name": "f", "GNU.sparse.map": f"{AT},4096"})
        else:
            pax.update({"GNU.sparse.offset": str(AT), "GNU.sparse.numbytes": "4096"})
    name = "f" if version == "0.0" else "GNUSparseFile.0/f"
    return pack([entry(name, data, pax=pax)])


def sparse_gnu(real=len(SPARSE)):
    """Old GNU: one extent in the header itself."""
    info = entry("f", DATA)[0]
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[156:157] = b"S"
    block[386:410] = b"%011o\0%011o\0" % (AT, 4096)
    block[483:495] = b"%011o\0" % real
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + DATA + bytes(1024)


def names():
    for name in ("./f", "/f", "//f", "./././f"):
        row("named " + name, [layer(entry(name, A))], content=A)
    row("an empty component", [layer(entry("a//f", A))], "/a/f", content=A)
    row("the root", [layer(directory("./"), F)], content=A)
    row("a parent that nobody made", [layer(entry("a/b/c", A))], "/a/b/c", content=A)
    row("dots that are no way out", [layer(entry("a/...", A))], "/a/...", content=A)
    bad("..", "layer-name", layer(entry("../f", A)))
    bad(".. within", "layer-name", layer(directory("a"), entry("a/../f", A)))
    bad("only ..", "layer-name", layer(directory("..")))
    bad("a line break", "layer-name", layer(entry("a\nb", A)))
    bad("an escape", "layer-name", layer(entry("a\x1b[2Jb", A)))
    bad("delete", "layer-name", layer(entry("a\x7f", A)))
    bad("4097 bytes", "layer-name", layer(entry("n/" * 2048 + "n", A)))
    row("4096 bytes", [layer(entry("n" * 2047 + "/" + "m" * 2048, A))], "/" + "n" * 2047 + "/" + "m" * 2047,
        reason="layer-absent")
    row("4095 bytes", [layer(entry("n" * 2047 + "/" + "m" * 2047, A))], "/" + "n" * 2047 + "/" + "m" * 2047, content=A)
    bad("a file as the root", "layer-name", layer(entry(".", A)))
    bad("a long target", "layer-name", layer(symlink("f", "t" * 4097)))
    bad("a target out of the image, hard", "layer-name", layer(F, hard("h", "../f")))
    bad("pax, a name that is no UTF-8", "layer-tar",
        put(pack([entry("f", A, pax={"path": "X" * 4})]).replace(b"path=XXXX", b"path=X\xff\xfeX")))


def whiteouts():
    low = layer(directory("d"), entry("d/x", A), entry("d/y", A), F, directory("d/s"), entry("d/s/z", A))
    absent = {"reason": "layer-absent"}
    row("whiteout", [low, layer(entry(".wh.f"))], **absent)
    row("whiteout beside", [low, layer(entry("d/.wh.x"))], "/d/x", **absent)
    row("whiteout, the other stays", [low, layer(entry("d/.wh.x"))], "/d/y", content=A)
    row("whiteout of a directory", [low, layer(entry(".wh.d"))], "/d/s/z", **absent)
    row("whiteout, then made", [low, layer(entry(".wh.f"), entry("f", B))], content=B)
    row("made, then whiteout", [low, layer(entry("f", B), entry(".wh.f"))], content=B)
    row("whiteout of what this layer has below", [low, layer(directory("d"), entry("d/new", B), entry(".wh.d"))],
        "/d/new", content=B)
    row("whiteout, and lower ones are gone", [low, layer(directory("d"), entry("d/new", B), entry(".wh.d"))],
        "/d/x", **absent)
    row("whiteout of nothing", [low, layer(entry(".wh.none"))], content=A)
    row("whiteout below nothing", [low, layer(entry("none/.wh.f"))], content=A)
    row("whiteout below a file", [low, layer(entry("f/.wh.g"))], content=A)
    row("whiteout, one layer on", [low, layer(entry(".wh.f")), layer(entry("g", B))], **absent)
    row("whiteout, made again above", [low, layer(entry(".wh.d")), layer(entry("d/y", C))], "/d/y", content=C)
    row("whiteout, not made again above", [low, layer(entry(".wh.d")), layer(entry("d/y", C))], "/d/x", **absent)
    row("whiteout as a hard link", [low, layer(entry(".wh..wh.plnk"), hard(".wh.f", ".wh..wh.plnk"))], **absent)
    row("opaque", [low, layer(directory("d"), opaque("d"), entry("d/y", B))], "/d/x", **absent)
    row("opaque keeps its own", [low, layer(entry("d/y", B), opaque("d"))], "/d/y", content=B)
    row("opaque at the root", [low, layer(opaque(""), entry("g", B))], **absent)
    row("opaque of nothing", [low, layer(opaque("none"))], content=A)
    row("opaque of a file", [low, layer(opaque("f"))], content=A)
    row("aufs's own", [low, layer(entry(".wh..wh.aufs"), entry(".wh..wh.orph/x", B))], content=A)
    row("opaque as a directory is nothing", [low, layer(entry("d/.wh..wh..opq/x", B))], "/d/x", content=A)
    for name in (".wh.", ".wh..", ".wh...", "d/.wh.", "d/.wh...", ".wh.d/x"):
        bad("whiteout " + name, "layer-whiteout", low, layer(entry(name)))
    bad("whiteout, a directory", "layer-whiteout", low, layer(directory(".wh.f")))
    bad("whiteout, a symbolic link", "layer-whiteout", low, layer(symlink(".wh.f", "x")))
    bad("opaque, a directory", "layer-whiteout", low, layer(directory("d/.wh..wh..opq")))


def replacing():
    low = layer(directory("d"), entry("d/x", A), F, symlink("l", "d"), directory("etc"), entry("etc/x", A))
    absent = {"reason": "layer-absent"}
    row("file over file", [low, layer(entry("f", B))], content=B)
    row("file over directory", [low, layer(entry("d", B))], "/d", content=B)
    row("file over directory, what was below", [low, layer(entry("d", B)), layer(entry(".wh.d")), layer(directory("d"))],
        "/d/x", **absent)
    row("directory over file", [low, layer(directory("f"), entry("f/x", B))], "/f/x", content=B)
    row("directory over directory", [low, layer(directory("d", 0o700))], "/d/x", content=A)
    row("directory over link", [low, layer(directory("l"), entry("l/new", B))], "/d/new", **absent)
    row("directory over link, itself", [low, layer(directory("l"), entry("l/new", B))], "/l/new", content=B)
    row("directory over link, what was seen through it", [low, layer(directory("l"))], "/l/x", **absent)
    row("link over directory", [low, layer(symlink("d", "etc"))], "/d/x", content=A)
    row("twice", [layer(F, entry("f", B))], content=B)
    row("twice, another kind", [layer(F, symlink("f", "g"), entry("g", C))], content=C)
    bad("below a link", "layer-parent", low, layer(entry("l/new", B)))
    bad("below a link of its own", "layer-parent", layer(symlink("evil", "/etc"), entry("evil/passwd", B)))
    bad("below a file", "layer-parent", low, layer(entry("f/x", B)))
    bad("below a device", "layer-parent", layer(entry("n", kind=tarfile.CHRTYPE), entry("n/x", B)))


def links():
    low = layer(directory("d"), entry("d/x", A, 0o755), F)
    row("hard link", [low, layer(hard("h", "d/x"))], "/h", content=A, mode=0o755)
    row("hard link, with a /", [low, layer(hard("h", "/d/x"))], "/h", content=A)
    row("hard link in one layer", [layer(F, hard("h", "f"))], "/h", content=A)
    row("hard link to a hard link", [layer(F, hard("g", "f"), hard("h", "g"))], "/h", content=A)
    row("hard link to itself", [layer(F, hard("f", "f"))], content=A)
    row("hard link, its first name replaced", [layer(F, hard("h", "f")), layer(entry("f", B))], "/h", content=A)
    row("hard link to what is replaced then", [layer(F, hard("h", "f"), entry("f", B))], "/h", content=A)
    row("hard link to a symbolic link", [layer(F, symlink("s", "f"), hard("h", "s"))], "/h", content=A)
    bad("hard link to nothing", "layer-hard-link", low, layer(hard("h", "no/such")))
    bad("hard link to what comes later", "layer-hard-link", layer(hard("h", "f"), F))
    bad("hard link to a directory", "layer-hard-link", low, layer(hard("h", "d")))
    bad("hard link to what is whited out", "layer-hard-link", low, layer(hard("h", "f"), entry(".wh.f")))
    bad("hard link through a link", "layer-hard-link", low, layer(symlink("l", "d"), hard("h", "l/x")))
    bad("hard link to the root", "layer-hard-link", low, layer(hard("h", "/")))
    bad("hard link with a content", "layer-hard-link", layer(F, hard("h", "f", B, {"comment": "pax"}), entry("g", C)))
    many = [symlink(f"s{i}", f"s{i + 1}") for i in range(40)] + [entry("s40", A)]
    row("40 links", [layer(*many)], "/s0", content=A)
    row("41 links", [layer(symlink("s", "s0"), *many)], "/s", reason="layer-symlinks")
    row("a loop", [layer(symlink("a", "b"), symlink("b", "a"))], "/a", reason="layer-symlinks")
    row("a link to itself", [layer(symlink("a", "a/x"))], "/a", reason="layer-symlinks")
    row("absolute", [low, layer(symlink("s", "/d/x"))], "/s", content=A)
    row("relative", [low, layer(directory("e"), symlink("e/s", "../d/x"))], "/e/s", content=A)
    row("out at the top", [low, layer(symlink("s", "../../../../d/x"))], "/s", content=A)
    row("in the middle", [low, layer(symlink("usr", "d"))], "/usr/x", content=A)
    row("in the middle, dots", [low, layer(symlink("usr", "d"))], "/usr/./../d//x", content=A)
    row(".. behind a link is its target's", [low, layer(directory("e"), directory("e/g"), symlink("s", "e/g"),
                                                      entry("e/x", B))], "/s/../x", content=B)
    row("dangling", [low, layer(symlink("s", "none"))], "/s", reason="layer-absent")
    row("a link to a directory", [low, layer(symlink("s", "d"))], "/s", reason="layer-not-file")
    row("through a file", [low], "/f/x", reason="layer-absent")
    row("a file with a /", [low], "/f/", reason="layer-absent")
    row("a link whose target ends with a /", [low, layer(symlink("s", "f/"))], "/s", reason="layer-absent")
    row("a directory", [low], "/d", reason="layer-not-file")
    row("the root is no file", [low], "/", reason="layer-not-file")
    row("nothing", [low], "/none", reason="layer-absent")
    row("no path", [low], "f", reason="layer-name")
    row("too long a path", [low], "/" + "x" * 4096, reason="layer-name")
    for kind, name in ((tarfile.CHRTYPE, "character"), (tarfile.BLKTYPE, "block"), (tarfile.FIFOTYPE, "fifo")):
        row(name, [layer(entry("n", kind=kind))], "/n", reason="layer-not-file")


def broken():
    tar = pack([F, entry("g", b"g" * 2000)])
    packed = gzip.compress(tar, mtime=0)
    squeezed = subprocess.run(["zstd", "-qc"], input=tar, stdout=subprocess.PIPE, check=True).stdout

    def change(blob, at, by=1):
        changed = bytearray(blob)
        changed[at] ^= by
        return bytes(changed)

    digest = hashlib.sha256(tar).hexdigest()
    name = put(tar).split(":")[0]
    bad("another diff_id", "layer-diff-id", f"{name}:plain:{digest[:-1]}{'0' if digest[-1] != '0' else '1'}")
    bad("a byte behind the end changed", "layer-diff-id", put(change(tar, len(tar) - 1), "plain", tar))
    bad("gzip, its CRC", "gzip-crc", put(change(packed, len(packed) - 8), "gzip", tar))
    bad("gzip, its length", "gzip-length", put(change(packed, len(packed) - 4), "gzip", tar))
    bad("gzip, cut short", "gzip-truncated", put(packed[:-1], "gzip", tar))
    bad("gzip, nothing", "gzip-truncated", put(b"", "gzip", b""))
    bad("gzip, more behind it", "gzip-header", put(packed + b"more" * 8, "gzip", tar))
    bad("gzip, its data", "gzip-deflate", put(packed[:10] + b"\xff" * 20, "gzip", tar))
    bad("gzip that is none", "gzip-header", put(tar, "gzip", tar))
    bad("zstd, cut short", "layer-compression", put(squeezed[:-1], "zstd", tar))
    bad("zstd, its checksum", "layer-compression", put(change(squeezed, len(squeezed) - 1), "zstd", tar))
    bad("zstd, more behind it", "layer-compression", put(squeezed + b"more", "zstd", tar))
    bad("zstd that is none", "layer-compression", put(tar, "zstd", tar))
    bad("zstd, nothing", "layer-compression", put(b"", "zstd", b""))
    bad("plain that is gzip", "layer-tar", put(packed))
    bad("no tar", "layer-tar", put(b"what" * 1000))
    bad("cut within a header", "layer-tar", put(tar[:100]))
    bad("cut within a content", "layer-tar", put(tar[:2000]))
    bad("a header's checksum", "layer-tar", put(change(tar, 1024)))
    row("sparse beyond its size", [put(sparse_gnu(100))], reason="layer-tar")
    bomb = pack([entry("f", bytes(1 << 20))])
    row("expansion, the most", [put(tar.ljust(1 << 20, b"\0"), "gzip")], content=A)
    bad("expansion, one more", "layer-expansion", put(tar.ljust((1 << 20) + 1, b"\0"), "gzip"))
    bad("expansion", "layer-expansion", put(bomb, "gzip"))
    bad("expansion, zstd", "layer-expansion", put(bomb, "zstd"))
    bad("expansion, of all together", "layer-expansion", *(put(pack([entry(f"f{i}", bytes(1 << 18))]), "gzip")
                                                           for i in range(8)))
    row("a sparse file too large", [put(sparse_pax("1.0", 9 << 30))], reason="layer-file-size")
    bad("too many entries", "layer-entries", layer(*(entry(f"n{i}") for i in range(1001))))
    bad("too many names", "layer-entries", layer(*(entry("a/" * 1500 + str(i)) for i in range(2)),
                                                 *(entry(f"{i}/" + "b/" * 1500) for i in range(2))))
    bad("too much text", "layer-entries", layer(*(entry("t" * 250 + f"/{'u' * 3500}/{i}") for i in range(20))))


for part in (forms, names, whiteouts, replacing, links, broken):
    part()
with open(os.path.join(HERE, "cases.tsv"), "w", encoding="utf-8", errors="surrogateescape") as out:
    for fields in ROWS:
        out.write("\t".join(fields) + "\n")
