"""Small starting points for the fuzz target state: state files of `check --state`, good and bad."""

import json


def file(*targets, schema=1, **more):
    return json.dumps({"schema": schema, "targets": list(targets), **more}).encode()


def target(name="batcher", last="1795365004", **facts):
    return {"name": name, "last_success": last, "facts": facts}


SEEDS = {
    "empty": file(),
    "one": file(target(verdict="pass", pcr0="00", module_id="i-0")),
    "pending": file(target(verdict=["pass", "fail"], pcr0=["00", "01"])),
    "several": file(target(verdict="pass"), target("signer", "0", verdict="error")),
    "all": file(
        target(
            verdict="pass",
            pcr0="00",
            enclave_hash="0x00",
            module_id="i-0\u00e9",
            certificate_root="1",
            certificate_region="2",
            certificate_zone="3",
            certificate_instance="4",
            registered="true",
            strength="proved",
        )
    ),
    "twice": file(target(), target()),
    "unknown-fact": file(target(colour="red")),
    "empty-value": file(target(pcr0="")),
    "three": file(target(pcr0=["0", "1", "2"])),
    "schema": file(schema=2),
    "more": file(more=1),
    "list": b"[]",
    "cut": file(target(verdict="pass"))[:-5],
    "seconds": file(target(last="-1")),
}


def add(vectors):
    for name, content in SEEDS.items():
        vectors.put(f"seeds/state/{name}", content)
