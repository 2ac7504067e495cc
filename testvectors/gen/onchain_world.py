"""onchain/world.tsv: a chain of one block with a contract of every family, and what an honest server
answers to each question about them. Selectors, slots, call data and proofs are made from the contracts'
own signatures and layouts, not from the table of the program."""

import hashlib
import json

from . import document, onchain_block
from .keccak import keccak256
from .mpt import EMPTY_ROOT, NO_CODE
from .onchain_proof import answer_for, entry, shown, state_trie, storage_trie
from .vectors import table

PROXY_SLOT = (int.from_bytes(keccak256(b"eip1967.proxy.implementation"), "big") - 1).to_bytes(
    32, "big"
)
TIME = 1_767_434_400


def word(number):
    return number.to_bytes(32, "big")


def padded(address):
    return bytes(12) + address


def address_of(label):
    return keccak256(label.encode())[:20]


def selector(signature):
    return keccak256(signature.encode())[:4]


def erc7201(name):
    """https://eips.ethereum.org/EIPS/eip-7201"""
    inner = word(int.from_bytes(keccak256(name.encode()), "big") - 1)
    return int.from_bytes(keccak256(inner), "big") & ~0xFF


VERIFIER = erc7201("espresso.storage.EspressoTEEVerifier")
HELPER = erc7201("espresso.storage.TEEHelper")
AUTHER = erc7201("marlin.oyster.storage.AttestationAuther")


def mapped(base, *keys):
    """The slot of a value in a mapping, nested where there is more than one key."""
    slot = word(base)
    for key in keys:
        slot = keccak256(key + slot)
    return slot


def pcrs_of(label):
    return [hashlib.sha384(f"{label}{i}".encode()).digest() for i in range(3)]


IMAGES = {"A": [document.IMAGE[i] for i in range(3)], "B": pcrs_of("B"), "debug": [bytes(48)] * 3}
RULES = {
    "pcr0": lambda p: keccak256(p[0]),
    "pcr012": lambda p: keccak256(b"".join(p)),
    "keccaks": lambda p: keccak256(b"".join(keccak256(one) for one in p)),
    "sha256": lambda p: hashlib.sha256(p[0]).digest(),
}
SIGNED = (
    "espresso-v7",
    "espresso-v6",
    "espresso-v5",
    "base-multiproof",
    "marlin-verifier",
    "marlin-auther",
)
SIGNERS = {
    "good": address_of("signer"),
    "other": address_of("signer of B"),
    "none": bytes(19) + b"\x77",
}


def three(strings, as_struct):
    heads, tail = b"", b""
    for one in strings:
        heads += word(96 + len(tail))
        tail += word(len(one)) + one + bytes(-len(one) % 32)
    return (word(32) if as_struct else b"") + heads + tail


class Family:
    rule = "pcr0"
    value = "bool"
    query = None
    args = ()  # behind the hash
    signer_args = ()
    signer_valid = None
    signer_hash = None
    pointer_slot = None
    back_slots = ()
    has_back = False
    mapping = None  # base, or a function of the key for its slots
    signer_slots = None
    probe = None  # None, "answers" or "reverts"
    outer_proxy = True
    inner_proxy = False
    is_no_proxy = False
    event = None

    def __init__(self, **members):
        for name, value in members.items():
            setattr(self, name, value)

    def key(self, image):
        return RULES[self.rule](IMAGES[image])


def espresso(service, **members):
    args = (word(1), word(service)) if service is not None else (word(1),)
    defaults = {
        "query": "registeredEnclaveHashes(bytes32,uint8"
        + (",uint8)" if service is not None else ")"),
        "args": args,
        "signer_args": args,
        "probe": "answers",
    }
    return Family(**{**defaults, **members})


def by_service(base, offset, service):
    return lambda key: mapped(base + offset, word(service), key)


V7 = {
    "args": (word(0),),
    "signer_args": (word(0),),
    "signer_valid": "isSignerValid(address,uint8)",
    "pointer_slot": word(VERIFIER),
    "back_slots": (word(2),),
    "has_back": True,
    "mapping": lambda key: mapped(0, key),
    "signer_slots": (lambda key: mapped(3, key), lambda key: mapped(1, key)),
    "probe": "reverts",
    "event": "EnclaveHashSet(bytes32,bool)",
}
SERVICE_EVENT = "EnclaveHashSet(bytes32,bool,uint8)"


def family_v6(service):
    return espresso(
        service,
        signer_valid="isSignerValid(address,uint8,uint8)",
        pointer_slot=word(VERIFIER + 1),
        back_slots=(word(2),),
        has_back=True,
        mapping=by_service(0, 0, service),
        signer_slots=(by_service(0, 3, service), by_service(0, 1, service)),
        event=SERVICE_EVENT,
    )


def family_v5():
    return espresso(
        0,
        signer_valid="isSignerValid(address,uint8,uint8)",
        pointer_slot=word(VERIFIER + 1),
        back_slots=(word(HELPER + 2), word(HELPER + 3)),
        has_back=True,
        mapping=by_service(HELPER, 0, 0),
        signer_slots=(by_service(HELPER, 3, 0), by_service(HELPER, 1, 0)),
        event=SERVICE_EVENT,
        inner_proxy=True,
    )


def marlin(base, query, signer_hash, signer_slots):
    return Family(
        rule="pcr012",
        value="strings",
        query=query,
        mapping=lambda key: mapped(base, key),
        signer_hash=signer_hash,
        signer_slots=signer_slots,
        event="EnclaveImageWhitelisted(bytes32,bytes,bytes,bytes)",
        outer_proxy=False,
    )


class Instance:
    """One contract of a family, with one behind it where the family has that."""

    def __init__(self, family, **members):
        self.family = family
        self.label = None
        self.points_to = None  # another address than that of the inner contract
        self.obeys = None  # another one than that of the outer contract
        self.holds = 1
        self.registered = "A"
        self.back_index = 0
        self.proxy = family.outer_proxy
        self.text_too = False
        self.history = False
        self.proxy_word = None
        for name, value in members.items():
            setattr(self, name, value)


def instances():
    v7 = lambda **members: Instance(espresso(None, **V7), **members)
    generic = lambda **members: Instance(Family(outer_proxy=False, is_no_proxy=True, **members))
    return {
        "espresso-v7": v7(),
        "espresso-v6": Instance(family_v6(0)),
        "espresso-v6-caff": Instance(family_v6(1)),
        "espresso-v5": Instance(family_v5()),
        "espresso-v5-late": Instance(family_v5(), back_index=1),
        "espresso-v4": Instance(
            espresso(
                0,
                pointer_slot=word(3),
                mapping=by_service(0, 2, 0),
                event=SERVICE_EVENT,
                outer_proxy=False,
            )
        ),
        "espresso-v1": Instance(
            espresso(
                None, pointer_slot=word(3), mapping=lambda key: mapped(2, key), outer_proxy=False
            )
        ),
        "base-systemconfig": Instance(
            Family(query="validPCR0s(bytes32)", mapping=lambda key: mapped(102, key))
        ),
        "base-multiproof": Instance(
            Family(
                query="getExpectedImageHash()",
                value="bytes32",
                signer_valid="isValidSigner(address)",
                signer_hash="signerImageHash(address)",
            )
        ),
        "worldchain": Instance(
            Family(rule="keccaks", query="approvedPCRSets(bytes32)", outer_proxy=False)
        ),
        "marlin-verifier": Instance(
            marlin(500, "whitelistedImages(bytes32)", "verifiedKeys(address)", None)
        ),
        "marlin-auther": Instance(
            marlin(
                AUTHER,
                "getWhitelistedImage(bytes32)",
                "getVerifiedKey(address)",
                (lambda key: mapped(AUTHER + 1, key),),
            )
        ),
        "generic-bool": generic(
            query="accepts(bytes32)", rule="sha256", mapping=lambda key: mapped(7, key)
        ),
        "generic-bytes32": generic(query="image()", value="bytes32", mapping=lambda key: word(5)),
        "generic-bare": generic(query="accepts(bytes32)"),
        # of the current generation, with something amiss
        "plain": v7(proxy=False),
        "decoy": v7(registered="B"),
        "pointerless": v7(points_to=bytes(20)),
        "disobedient": v7(obeys=address_of("somebody")),
        "odd": v7(holds=2),
        "text": v7(text_too=True),
        "revoked": v7(history=True),
        "strange-proxy": v7(proxy_word=b"\xff" * 32),
    }


class World:
    def __init__(self):
        self.rows = []
        self.instances = instances()
        self.storage = {}
        self.code = {}
        for label, instance in self.instances.items():
            self.build(label, instance)
        # a contract of somebody's own that says to be the current one's and holds what he likes
        self.storage[address_of("decoy inner")][word(2)] = int.from_bytes(
            address_of("espresso-v7 outer"), "big"
        )
        self.accounts = {}
        self.tries = {}
        for address, code in self.code.items():
            trie = storage_trie({k: v for k, v in self.storage[address].items() if v})
            self.tries[address] = trie
            self.accounts[address] = [1, 0, trie.root, keccak256(code)]
        self.state = state_trie(self.accounts)

    def build(self, label, instance):
        family = instance.family
        outer, inner = address_of(f"{label} outer"), address_of(f"{label} inner")
        instance.outer, instance.inner = outer, inner if family.pointer_slot else None
        self.place(outer, label, "outer")
        if instance.proxy_word:
            self.storage[outer][PROXY_SLOT] = int.from_bytes(instance.proxy_word, "big")
        elif instance.proxy:
            self.put_behind(outer, label, "outer")
        holder = outer
        if family.pointer_slot:
            holder = inner
            self.place(inner, label, "inner")
            if family.inner_proxy:
                self.put_behind(inner, label, "inner")
            target = instance.points_to if instance.points_to is not None else inner
            self.storage[outer][family.pointer_slot] = int.from_bytes(target, "big")
            if family.has_back:
                back = family.back_slots[instance.back_index]
                self.storage[inner][back] = int.from_bytes(instance.obeys or outer, "big")
        if family.mapping:
            self.register(instance, self.storage[holder])

    def register(self, instance, storage):
        family = instance.family
        key = family.key(instance.registered)
        slot = int.from_bytes(family.mapping(key), "big")
        if family.value == "bool":
            storage[word(slot)] = instance.holds
        elif family.value == "bytes32":
            storage[word(slot)] = int.from_bytes(key, "big")
        else:
            for i in range(3):
                storage[word(slot + i)] = 97
        if family.signer_slots:
            for name, signed in (("good", family.key("A")), ("other", family.key("B"))):
                storage[family.signer_slots[0](padded(SIGNERS[name]))] = int.from_bytes(
                    signed, "big"
                )
                if len(family.signer_slots) > 1:
                    storage[family.signer_slots[1](padded(SIGNERS[name]))] = 1

    def place(self, address, label, role):
        self.code[address] = b"\x60\x80" + f"{label} {role}".encode()
        self.storage[address] = {}

    def put_behind(self, address, label, role):
        behind = address_of(f"{label} {role} impl")
        self.place(behind, label, f"{role} impl")
        self.storage[address][PROXY_SLOT] = int.from_bytes(behind, "big")

    # rows

    def row(self, label, kind, address, data, answer):
        self.rows.append((label, kind, address.hex() or "-", data.hex() or "-", answer))

    def prove(self, address, slots):
        account = self.accounts.get(address, [0, 0, EMPTY_ROOT, NO_CODE])
        trie, storage = self.tries.get(address), self.storage.get(address, {})
        entries = [
            entry(trie, slot, storage.get(slot, 0))
            if trie
            else {"key": shown(slot), "value": "0x0", "proof": []}
            for slot in slots
        ]
        return json.dumps(answer_for(self.state, address, account, entries), separators=(",", ":"))

    def contract(self, label, address, *lists):
        """What anybody may ask of a contract: each list is slots to prove."""
        self.row(label, "code", address, b"", shown(self.code.get(address, b"")))
        for slots in dict.fromkeys(tuple(one) for one in lists):
            self.row(label, "proof", address, b"".join(slots), self.prove(address, slots))

    def tell_stored(self, label, address, slot):
        value = self.storage[address].get(slot, 0)
        self.row(label, "storage", address, slot, shown(word(value)))

    def call(self, label, address, signature, arguments, answer):
        data = selector(signature) + b"".join(arguments)
        told = "revert" if answer is None else shown(answer)
        self.row(label, "call", address, data, told)

    def tell(self, label, instance):
        family = instance.family
        self.row(label, "outer", instance.outer, b"", "-")
        value_lists = [
            self.value_slots(family, image, signer) for image in "AB" for signer in (None,)
        ]
        if family.signer_slots and label in SIGNED:
            value_lists += [self.value_slots(family, "A", signer) for signer in SIGNERS]
        proxy = [] if family.is_no_proxy else [PROXY_SLOT]
        if not family.pointer_slot:
            self.contract(label, instance.outer, *[proxy + slots for slots in value_lists])
        else:
            self.contract(label, instance.outer, [PROXY_SLOT, family.pointer_slot])
        if not family.is_no_proxy:
            self.tell_stored(label, instance.outer, PROXY_SLOT)
            self.tell_behind(label, instance.outer, "outer")
        if family.pointer_slot:
            self.tell_inner(label, instance, value_lists)
        if family.probe:
            answer = padded(address_of("SGX")) if family.probe == "answers" else None
            self.call(label, instance.outer, "espressoSGXTEEVerifier()", (), answer)
        self.tell_queries(label, instance)
        self.tell_signers(label, instance)

    def tell_inner(self, label, instance, value_lists):
        family, inner = instance.family, instance.inner
        self.row(label, "inner", inner, b"", "-")
        lists = [[PROXY_SLOT, *family.back_slots, *slots] for slots in value_lists]
        self.contract(label, inner, *lists)
        self.tell_stored(label, inner, PROXY_SLOT)
        self.tell_behind(label, inner, "inner")
        target = instance.points_to if instance.points_to is not None else inner
        self.call(label, instance.outer, "espressoNitroTEEVerifier()", (), padded(target))
        if family.has_back:
            obeyed = word(self.storage[inner][family.back_slots[instance.back_index]])
            self.call(label, inner, "teeVerifier()", (), obeyed)

    def tell_behind(self, label, address, role):
        behind = self.storage[address].get(PROXY_SLOT, 0)
        if 0 < behind < 1 << 160:
            behind = behind.to_bytes(20, "big")
            self.row(label, f"{role}-impl", behind, b"", "-")
            self.contract(label, behind, [])

    def value_slots(self, family, image, signer):
        slots = []
        if family.mapping:
            first = int.from_bytes(family.mapping(family.key(image)), "big")
            slots += [word(first + i) for i in range(3 if family.value == "strings" else 1)]
        if signer:
            slots += [one(padded(SIGNERS[signer])) for one in family.signer_slots]
        return slots

    def tell_queries(self, label, instance):
        family = instance.family
        holder = instance.inner or instance.outer
        if family.value == "bytes32":
            key = family.key(instance.registered)
            self.call(label, instance.outer, family.query, (), key)
            return
        for image in "AB":
            key = family.key(image)
            is_there = image == instance.registered
            if family.value == "strings":
                strings = IMAGES[image] if is_there else [b""] * 3
                answer = three(strings, "get" in family.query)
            else:
                answer = word(instance.holds if is_there else 0)
            self.call(label, instance.outer, family.query, (key, *family.args), answer)
            if family.value == "bool" and family.rule == "pcr0":
                text = keccak256(IMAGES[image][0].hex().encode())
                answer = word(1 if instance.text_too else 0)
                self.call(label, instance.outer, family.query, (text, *family.args), answer)
            if family.event:
                topics = [keccak256(family.event.encode()), key, word(1)]
                log = {
                    "address": shown(holder),
                    "topics": [shown(one) for one in topics],
                    "data": "0x",
                }
                log["removed"] = False
                logs = json.dumps([log] if instance.history or is_there else [])
                self.row(label, "logs", holder, topics[0] + key, logs)

    def tell_signers(self, label, instance):
        family = instance.family
        if label not in SIGNED:
            return
        signed = {"good": family.key("A"), "other": family.key("B"), "none": bytes(32)}
        for name, signer in SIGNERS.items():
            arguments = (padded(signer), *family.signer_args)
            if family.signer_valid:
                valid = word(1 if name == "good" else 0)
                self.call(label, instance.outer, family.signer_valid, arguments, valid)
            if family.signer_hash:
                self.call(
                    label, instance.outer, family.signer_hash, (padded(signer),), signed[name]
                )
            if family.signer_slots:
                holder = instance.inner or instance.outer
                self.tell_stored(label, holder, family.signer_slots[0](padded(signer)))

    def block(self, name, count, state_root, **changes):
        fields = onchain_block.usual(count, timestamp=TIME, stateRoot=state_root, **changes)
        self.row("-", "block", b"", b"", "-")
        self.rows[-1] = ("-", "block", "-", "-", f"{name} {self.block_text(fields)}")

    @staticmethod
    def block_text(fields):
        members = onchain_block.answer(fields)
        for name in ("transactions", "uncles", "size", "totalDifficulty"):
            del members[name]
        return json.dumps(members, separators=(",", ":"))

    def nobody(self):
        """An address without a contract."""
        address = address_of("nobody at all")
        self.row("nobody", "outer", address, b"", "-")
        self.contract("nobody", address, [PROXY_SLOT, V7["pointer_slot"]])
        self.row("nobody", "storage", address, PROXY_SLOT, shown(bytes(32)))
        for signature, arguments in (
            ("espressoSGXTEEVerifier()", ()),
            ("espressoNitroTEEVerifier()", ()),
            ("registeredEnclaveHashes(bytes32,uint8)", (RULES["pcr0"](IMAGES["A"]), word(0))),
        ):
            self.call("nobody", address, signature, arguments, b"")

    def all(self):
        for name, pcrs in IMAGES.items():
            self.rows.append(("-", "image", "-", "-", f"{name} {b''.join(pcrs).hex()}"))
        for name, signer in SIGNERS.items():
            self.rows.append(("-", "signer", signer.hex(), "-", name))
        self.block("home", 21, self.state.root)
        self.block("london", 16, self.state.root)
        self.block("other", 21, keccak256(b"another state"))
        for label, instance in self.instances.items():
            self.tell(label, instance)
        self.nobody()
        return sorted(set(self.rows))


def record_of(world, label, hosts):
    """onchain.json of a bundle: what honest servers said of one contract."""
    block = next(row[4] for row in world.rows if row[1] == "block" and row[4].startswith("home "))
    servers = [
        {"host": host, "chain_id": "31337", "block": json.loads(block.removeprefix("home "))}
        for host in hosts
    ]
    questions = []
    for instance, kind, address, data, answer in sorted(set(world.rows)):
        if instance != label or kind not in ("call", "proof", "storage"):
            continue
        value = json.loads(answer) if kind == "proof" else answer
        told = {"reverted": "0x"} if answer == "revert" else {"value": value}
        questions.append(
            {
                "kind": kind,
                "address": "0x" + address,
                "data": "0x" + data.replace("-", ""),
                "answers": [{"server": i, **told} for i in range(len(hosts))],
            }
        )
    questions.sort(key=lambda one: one["kind"] != "proof")
    return {"schema": 1, "servers": servers, "questions": questions[:20]}


def written(record):
    return json.dumps(record, separators=(",", ":")) + "\n"


def add(vectors):
    columns = ("instance", "kind", "address", "data", "answer")
    world = World()
    vectors.put("onchain/world.tsv", table(columns, world.all()))
    record = written(record_of(world, "plain", ["a.example", "b.example"]))
    vectors.put("onchain/record.json", record)
    add_seeds(vectors, world)


def add_seeds(vectors, world):
    """Each begins with a byte that chooses the family, see fuzz_onchain.c."""
    families = ("espresso-v7", "espresso-v5", "base-multiproof", "marlin-auther", "generic-bool")
    for choice, label in enumerate(families):
        record = record_of(world, label, ["a.example"])
        proofs = [one for one in record["questions"] if one["kind"] == "proof"]
        calls = [one for one in record["questions"] if one["kind"] == "call"]
        record["questions"] = proofs[:4] + calls[:3]
        vectors.put(f"seeds/onchain/{label}", bytes([choice]) + written(record).encode())
    empty = {"schema": 1, "servers": [], "questions": []}
    vectors.put("seeds/onchain/empty", b"\0" + written(empty).encode())
