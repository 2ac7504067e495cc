#!/usr/bin/env python3
"""Does the test chain answer as the real contracts do, and does each liar lie as it says?

usage: bench_check.py CHAIN_JSON CHECK [ARGUMENT...]

What is expected stands here and in bench/told.py as it is known of the real contracts (selectors,
slots, topics), not as bench/families.py has it.
"""

import json
import os
import sys

sys.dont_write_bytecode = True

from bench import families
from chain import Chain
from bench.ethereum import eth_call, header, header_hash, keccak256, raw, reorganise, text, word
from bench.liar_check import check_lies  # noqa: F401 - one of the checks
from bench.proof_reader import Wrong, expected, item, judge_proof, prove, same
from bench.told import ESPRESSO, IMPLEMENTATION, INNER, LAYOUTS, OWNER, SEED, TOLD

TRUE, FALSE = text(word(1)), text(word(0))
W0, W1 = FALSE[2:], TRUE[2:]


def calldata(told, key):
    words = {"H": key, "0": W0, "1": W1}
    selector, *rest = told.split()
    return "0x" + selector + "".join(words[one] for one in rest)


def storage(chain, address, slot):
    return chain.rpc.call("eth_getStorageAt", address, slot, "latest")


def blob(content):
    return word(len(content)) + content + bytes(-len(content) % 32)


def three(contents, struct):
    """The ABI of three byte strings, or of a struct of them."""
    parts = [blob(one) for one in contents]
    ends = [96 + sum(map(len, parts[:n])) for n in range(3)]
    body = b"".join(map(word, ends)) + b"".join(parts)
    return text((word(32) if struct else b"") + body)


def wanted(name, image, registered):
    if name in ("base-multiproof", "generic-bytes32"):
        return image.hash if registered else FALSE
    if name.startswith("marlin"):
        return three(image.pcrs if registered else [b""] * 3, name == "marlin-auther")
    return TRUE if registered else FALSE


def one_image(name):
    """Families of one image at a time: nothing says that another one is not registered."""
    return name in ("base-multiproof", "generic-bytes32")


def check_families(chain):
    same(sorted(TOLD), sorted(families.FAMILIES), "families")
    for name, (told, _) in TOLD.items():
        family = chain.family(name)
        for label in ("image", "other"):
            image = chain.image(label)
            data = calldata(told, family.key(image)[2:])
            same(text(family.query(image)), data, f"{name}: calldata")
            registered = label == "image"
            if registered or not one_image(name):
                same(
                    eth_call(chain.rpc, family.registry, data),
                    wanted(name, image, registered),
                    f"{name}, {label}",
                )
    image = chain.image("image")
    hashes = b"".join(keccak256(pcr) for pcr in image.pcrs)
    same(chain.family("worldchain").key(image), text(keccak256(hashes)), "96 bytes")
    same(
        chain.family("marlin-verifier").key(image),
        text(keccak256(b"".join(image.pcrs))),
        "144 bytes",
    )
    same(chain.image("seed").hash, "0x" + SEED, "the seed's hash")
    for name, told in INNER.items():
        data = calldata(told, image.hash[2:])
        same(
            eth_call(chain.rpc, chain.family(name).accounts["inner"], data), TRUE, f"{name}: inner"
        )


def check_slots(chain):
    """Each registration is where it is told to be; and a revoked one leaves its slot empty."""
    for contract, (first, names) in LAYOUTS.items():
        slots = chain.on.contracts[contract]["slots"]
        for number, name in enumerate(names.split()):
            same(slots[name], first + number, f"{contract}: slot of {name} by the compiler")
    seed = chain.image("seed")
    for name, (_, slot) in TOLD.items():
        family = chain.family(name)
        values = list(family.values(seed))
        family.set(seed, True)
        for role, where, value in values:
            same(storage(chain, family.accounts[role], where), value, f"{name}: slot {where}")
        if slot:
            same([where for _, where, _ in values], ["0x" + slot], f"{name}: slot")
        family.set(seed, False)
        for role, where, _ in values:
            same(
                storage(chain, family.accounts[role], where),
                FALSE,
                f"{name}: slot {where} when revoked",
            )
        family.set(chain.image("image"), True)
        for role, where, address in family.pointers():
            same(
                storage(chain, family.accounts[role], where),
                text(word(address)),
                f"{name}: pointer {where}",
            )


def check_pointers(chain):
    for name, slots in {
        "espresso-v7": {IMPLEMENTATION: "registry-implementation", ESPRESSO + "0": "inner"},
        "espresso-v6": {ESPRESSO + "0": "sgx", ESPRESSO + "1": "inner"},
        "espresso-v5": {ESPRESSO + "0": "sgx", ESPRESSO + "1": "inner"},
        "espresso-v4": {text(word(2)): "sgx", text(word(3)): "inner"},
        "espresso-v1": {text(word(2)): "sgx", text(word(3)): "inner"},
        "base-systemconfig": {IMPLEMENTATION: "registry-implementation"},
        "marlin-auther": {IMPLEMENTATION: "registry-implementation"},
    }.items():
        accounts = chain.family(name).accounts
        for slot, role in slots.items():
            same(
                storage(chain, accounts["registry"], slot),
                text(word(accounts[role])),
                f"{name}: {role}",
            )
    for name in ("espresso-v7", "espresso-v6", "espresso-v5"):
        accounts = chain.family(name).accounts
        same(
            eth_call(chain.rpc, accounts["registry"], "0xd80a4c28"),
            text(word(accounts["inner"])),
            f"{name}: d80a4c28",
        )
        same(
            eth_call(chain.rpc, accounts["inner"], "0xcda752ff"),
            text(word(accounts["registry"])),
            f"{name}: cda752ff",
        )
    seven = chain.family("espresso-v7").accounts
    same(
        storage(chain, seven["inner"], text(word(2))), text(word(seven["registry"])), "_teeVerifier"
    )
    same(storage(chain, seven["registry"], OWNER), text(word(chain.on.account)), "owner")
    five = chain.family("espresso-v5").accounts
    same(
        storage(chain, five["inner"], IMPLEMENTATION),
        text(word(five["inner-implementation"])),
        "v5: inner proxy",
    )
    # the probe that tells the newest generation from all others
    for name in ("espresso-v6", "espresso-v5", "espresso-v4", "espresso-v1"):
        accounts = chain.family(name).accounts
        same(
            eth_call(chain.rpc, accounts["registry"], "0x80710c80"),
            text(word(accounts["sgx"])),
            f"{name}: 80710c80",
        )
    same(eth_call(chain.rpc, seven["registry"], "0x80710c80").get("data"), "0x", "v7: 80710c80")
    # the same selector with the other number: no such kind on v7, the SGX mapping on v1
    key = chain.image("image").hash[2:]
    same(
        eth_call(chain.rpc, seven["registry"], calldata("3cbe6803 H 1", key)).get("data"),
        "0x",
        "v7: kind 1",
    )
    one = chain.family("espresso-v1").registry
    same(eth_call(chain.rpc, one, calldata("3cbe6803 H 0", key)), FALSE, "v1: kind 0")
    sgx = families.Image.of_label("an SGX enclave").hash[2:]
    same(
        eth_call(chain.rpc, one, calldata("3cbe6803 H 0", sgx)),
        TRUE,
        "v1: an SGX enclave as kind 0",
    )
    code = raw(chain.rpc.call("eth_getCode", seven["inner"], "latest"))
    same(text(code), chain.on.contracts["EspressoV7Inner"]["runtime"], "v7: inner code")
    hashes = chain.facts["families"]["espresso-v7"]["code_hashes"]
    same(hashes["inner"], text(keccak256(code)), "v7: inner code hash")


def check_signers(chain):
    signer = chain.facts["signer"][2:].rjust(64, "0")
    other = (20 * "ab").rjust(64, "0")
    for name, told in {
        "espresso-v7": "6d8f5aa9 S 0",
        "espresso-v6": "36adf1c9 S 1 0",
        "espresso-v5": "36adf1c9 S 1 0",
        "espresso-v4": "36adf1c9 S 1 0",
        "espresso-v1": "e9b1a7be S 1",
        "base-multiproof": "d5f50582 S",
    }.items():
        for which, answer in ((signer, TRUE), (other, FALSE)):
            data = calldata(told.replace("S", "H"), which)
            same(
                eth_call(chain.rpc, chain.family(name).registry, data),
                answer,
                f"{name}: signer {which}",
            )
    image = chain.image("image")
    for name, told in {"marlin-verifier": "da994cd8 H", "marlin-auther": "01d58fa3 H"}.items():
        same(
            eth_call(chain.rpc, chain.family(name).registry, calldata(told, signer)),
            image.joined,
            f"{name}: signer",
        )
    inner = chain.family("espresso-v7").accounts["inner"]
    slot = text(keccak256(raw(signer) + word(3)))
    same(storage(chain, inner, slot), image.hash, "_signerToEnclaveHash")


def logs(chain, address):
    return chain.rpc.call(
        "eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "address": address}
    )


def check_events(chain):
    """Topics, and what is not indexed; a second deletion says nothing."""
    image = chain.family("espresso-v7").key(chain.image("other"))
    for name, topic, indexed, deleted in (
        (
            "espresso-v7",
            "2282c24f65eac8254df1107716a961b677b872ed0e1d2a9f6bafc154441eb7fd",
            3,
            "51145aaa",
        ),
        (
            "espresso-v6",
            "09821cb8037e04ceb9fc83e9a7c52c75b73a08d32a0f2f0f30cc83f2e4426090",
            4,
            "4f4ccf0f",
        ),
        (
            "espresso-v5",
            "09821cb8037e04ceb9fc83e9a7c52c75b73a08d32a0f2f0f30cc83f2e4426090",
            4,
            "4f4ccf0f",
        ),
        (
            "espresso-v4",
            "09821cb8037e04ceb9fc83e9a7c52c75b73a08d32a0f2f0f30cc83f2e4426090",
            4,
            "4f4ccf0f",
        ),
        (
            "espresso-v1",
            "b1f2a28cb3375145c700e1f69909129b208757ae95af38315661980b83a4da6a",
            1,
            None,
        ),
    ):
        family = chain.family(name)
        other = chain.image("other")
        family.set(other, True)
        last = logs(chain, family.accounts["inner"])[-1]
        same(last["topics"][0], "0x" + topic, f"{name}: topic")
        same(len(last["topics"]), indexed, f"{name}: topics")
        if indexed == 1:
            same(last["data"], image + W1, f"{name}: data")
        else:
            same(
                last["topics"][1:3] + [last["data"]],
                [image, TRUE, "0x"],
                f"{name}: topics and data",
            )
        family.delete(other)
        before = logs(chain, family.accounts["inner"])
        if deleted:
            same(before[-1]["topics"][0][2:10], deleted, f"{name}: topic of a deletion")
            family.delete(other)
            same(
                len(logs(chain, family.accounts["inner"])),
                len(before),
                f"{name}: logs after a second deletion",
            )
    hidden = families.Image.of_label("of the constructor").hash
    inner = chain.family("espresso-v1").accounts["inner"]
    same(
        eth_call(chain.rpc, inner, calldata("966989ee H", hidden[2:])),
        TRUE,
        "v1: of the constructor",
    )
    same(
        [one for one in logs(chain, inner) if hidden[2:] in json.dumps(one)],
        [],
        "v1: log of the constructor",
    )


def check_odd(chain):
    data = calldata("3cbe6803 H 0", SEED)
    results = {
        "true": TRUE,
        "two": text(word(2)),
        "all-ones": "0x" + 64 * "f",
        "high-bit": "0x8" + 62 * "0" + "1",
        "short": "0x" + 62 * "0",
        "long": TRUE + W0,
        "empty": "0x",
        "huge": TRUE + (2 * 1048576 - 64) * "0",
    }
    errors = {
        "reason": (3, "0x08c379a0"),
        "no-reason": (3, "0x"),
        "panic": (3, "0x4e487b71"),
        "out-of-gas": (None, None),
        "invalid": (None, None),
    }
    same(sorted(results.keys() | errors.keys()), sorted(families.ODDITIES), "oddities")
    for name, address in chain.facts["odd"].items():
        answer = eth_call(chain.rpc, address, data)
        if name in results:
            same(answer == results[name], True, f"{name}: the answer")
            continue
        same(isinstance(answer, dict), True, f"{name}: an error")
        code, start = errors[name]
        if code is not None:
            same((answer["code"], answer["data"][:10]), (code, start), f"{name}: {answer}")
        else:
            same(answer.get("data") in (None, "0x"), True, f"{name}: no data in {answer}")


def check_changes(chain):
    """Revocation before it is final, a switched pointer, a decoy, an upgrade, a reorganisation."""
    found = chain.families()
    family, image = found["espresso-v7"], chain.image("image")
    query = text(family.query(image))
    family.set(image, False)
    same(eth_call(chain.rpc, family.registry, query), FALSE, "revoked, latest")
    same(eth_call(chain.rpc, family.registry, query, "finalized"), TRUE, "revoked, finalized")
    chain.mine(8)
    same(eth_call(chain.rpc, family.registry, query, "finalized"), FALSE, "revoked and final")
    signer = calldata("6d8f5aa9 H 0", chain.facts["signer"][2:].rjust(64, "0"))
    same(eth_call(chain.rpc, family.registry, signer), FALSE, "the signer of a revoked image")
    first = family.accounts["inner"]
    rogue = family.replace("EspressoV7Rogue")
    same(eth_call(chain.rpc, family.registry, query), TRUE, "after the switch")
    same(
        storage(chain, family.registry, ESPRESSO + "0"),
        text(word(rogue)),
        "the pointer after the switch",
    )
    topics = logs(chain, family.registry)[-1]["topics"]
    told = "0xacbe6384d204f2883b25fa4d03777cb88af5b2afaaffbe06609d3e17dc68d096"
    same(topics, [told, text(word(first)), text(word(rogue))], "log of the switch")
    family.replace(first)
    family.upgrade("long")
    same(eth_call(chain.rpc, family.registry, query), TRUE + W0, "after the upgrade")
    upgraded = "0xbc7cd75a20ee27fd9adebab32041f755214dbc6bffa90cc0225b39da2e5c2d3b"
    same(logs(chain, family.registry)[-1]["topics"][0], upgraded, "log of the upgrade")
    family.upgrade("EspressoV7Outer")
    family.set(image, True)
    chain.mine(8)
    # v6 upgraded in place to v7's code names its SGX contract
    six = found["espresso-v6"]
    six.upgrade("EspressoV7Outer")
    same(
        eth_call(chain.rpc, six.registry, "0xd80a4c28"),
        text(word(six.accounts["sgx"])),
        "v6 upgraded to v7",
    )
    six.upgrade("EspressoV6Outer")
    chain.mine(8)
    chain.tell(found)
    old = chain.rpc.call("eth_getBlockByNumber", "latest", False)
    reorganise(chain.rpc, 2)
    new = chain.rpc.call("eth_getBlockByNumber", old["number"], False)
    same(new["hash"] != old["hash"], True, "another block after the reorganisation")
    where = {"blockHash": old["hash"], "requireCanonical": True}
    same(
        eth_call(chain.rpc, family.registry, query, where)["code"],
        -32001,
        "a call at the orphaned block",
    )


def check_proofs(chain):
    for name, facts in chain.facts["families"].items():
        same(prove(chain.rpc, facts), expected(facts), f"{name}: proven")
    block = chain.rpc.call("eth_getBlockByNumber", "latest", False)
    same(
        judge_proof(block, chain.rpc.call("eth_getProof", "0x" + 40 * "9", [], "latest")),
        None,
        "no account",
    )


def check_headers(chain, fields):
    """The hash of a header of this fork is that of its fields."""
    chain.mine(2)
    for where in ("earliest", "latest"):
        block = chain.rpc.call("eth_getBlockByNumber", where, False)
        same(header_hash(block), block["hash"], f"hash of the block {where}")
    same(len(item(header(block))[0]), int(fields), "fields")


def check_ganache(chain):
    """The second client: the same contracts, other manners."""
    check_families(chain)
    family = chain.family("espresso-v7")
    head = chain.rpc.call("eth_getBlockByNumber", "latest", False)
    same(header_hash(head), head["hash"], "hash of the header")
    answer = eth_call(
        chain.rpc,
        family.registry,
        text(family.query(chain.image("image"))),
        {"blockHash": head["hash"]},
    )
    same("json-rpc type" in answer["message"], True, f"an object as block: {answer}")
    answer = eth_call(chain.rpc, chain.facts["odd"]["no-reason"], "0x")
    same(answer["code"], -32000, f"a revert: {answer}")
    facts = chain.facts["families"]["espresso-v7"]
    for one in facts["values"]:
        proof = chain.rpc.call("eth_getProof", one["account"], [one["slot"]], head["number"])
        same(judge_proof(head, proof), [1], "proven")


def check_selectors(chain, path):
    """Selectors and topics against a published list."""
    told = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("0x"):
                value, name = line.rstrip("\n").split("\t")
                told[name] = value
    seen = 0
    for contract, made in chain.on.contracts.items():
        for signature, selector in made["selectors"].items():
            if signature in told:
                same(selector, told[signature], f"{contract}.{signature}")
                seen += 1
        for event in made["events"]:
            signature = event.replace(" indexed", "")
            if signature in told:
                same(text(keccak256(signature.encode())), told[signature], f"{contract}: {event}")
                seen += 1
    same(seen > 100, True, f"{seen} found in the list")


def main(arguments):
    chain = Chain(os.path.dirname(arguments[0]))
    try:
        globals()["check_" + arguments[1]](chain, *arguments[2:])
    except Wrong as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
