"""Small starting points for what Nix says and keeps: one octet that chooses the reader, then the text; see
fuzz_nix.c."""

import json

HASH = "0123456789abcdfghijklmnpqrsvwxyz"
STORE = "/nix/store/" + HASH + "-"
A = STORE + "a"
DRV = A + ".drv"
REST = ',[("%s",["out"])],["%s"],"x86_64-linux","/bin/sh",["-c","a\\"b\\\\"],[("imageDigest","sha256:00"),("n","1\\n")])'


def drv(outputs):
    return "0Derive([" + outputs + "]" + REST % (DRV, A)


def said(*objects):
    return "1" + "".join("@nix " + json.dumps(one) + "\n" for one in objects)


def printed(value):
    return "2" + json.dumps(value)


def record(*standings):
    """What fuzz_nix takes for its closure."""
    drvs = ("a-built.drv", "b-fixed.drv")
    lines = ["enclavecheck closure 1"]
    lines += ["%s %s%s" % (standing, STORE, drv) for standing, drv in zip(standings, drvs)]
    return "4" + "\n".join([*lines, "sha256-x copied %sc" % STORE, ""])


PATH = {"path": A, "narHash": "sha256-00", "narSize": 1, "deriver": DRV}

SEEDS = {
    "empty": "",
    "drv": drv('("out","%s","","")' % A),
    "drv-fixed": drv('("out","%s","r:sha256","00")' % A),
    "drv-floating": drv('("out","","r:sha256",""),("dev","%s","","")' % A),
    "drv-cut": drv('("out","%s","","")' % A)[:60],
    "log": said(
        {"action": "start", "id": 1, "type": 104},
        {"action": "start", "id": 2, "type": 105, "text": "building", "fields": [DRV, "", 1, 1]},
        {"action": "result", "id": 1, "type": 105, "fields": [1, 2, 3, 4]},
        {"action": "result", "id": 2, "type": 101, "fields": ["\x1b[31mred\x1b[0m\r"]},
        {"action": "stop", "id": 2},
    ),
    "log-error": said({"action": "msg", "level": 0, "msg": "error: builder for 'x' failed\n  > No space"}),
    "log-text": "1warning: w\nerror: writing to file: No space left on device\n@nix {\x1b]8;;x\x07",
    "log-id": '1@nix {"action":"stop","id":18446744073709551615}\n',
    "built": printed([{"drvPath": DRV, "outputs": {"out": A, "dev": A + "-dev"}}]),
    "paths": printed([{**PATH, "ultimate": True, "signatures": ["k:AA", "l:BB"]}]),
    "paths-object": printed({A: {**PATH, "ca": "fixed:r:sha256:00", "ultimate": False}, DRV: PATH}),
    "version": "2nix (Nix) 2.8.0\n",
    "config": "3cores = 4\n# comment\nsandbox = false # no\nexperimental-features = flakes nix-command\n",
    "record": record("built", "fixed"),
    "record-differs": record("differs:0000000f", "fixed"),
    "record-impossible": record("fixed", "built"),
    "config-include": "3!include /etc/nix/x.conf\n= 1\nsandbox\n",
}


def add(vectors):
    for name, text in SEEDS.items():
        vectors.put(f"seeds/nix/{name}", text.encode())
