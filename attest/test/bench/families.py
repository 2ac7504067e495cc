"""The contract families of the test chain: deployed, changed, asked, and where each keeps what."""

import hashlib
import json
import os

from .ethereum import TOP, encode, keccak256, mapping_slot, plus, raw, text, word

CONTRACTS = os.path.join(TOP, "testvectors", "contracts", "compiled.json")
IMPLEMENTATION = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"
ADMIN = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103"
ESPRESSO_OUTER = "0x89639f446056f5d7661bbd94e8ab0617a80058ed7b072845818d4b93332e4800"
ESPRESSO_V5_INNER = "0x6c53fdf1cef7bc567e8d46761d9c42d29c5fad7063be8d47b686412bfc375800"
MARLIN_AUTHER = "0xc17b4b708b6f44255c20913a9d97a05300b670342c71fe5ae5b617bd4db55000"
# A published image, whose slots are known from elsewhere.
SEED_PCR0 = "2b6478a242d1b2a0f409defec513bc11663e522d16c6e880537b57398de55f59e24e76a44893ecf83fd51d0b46c4103e"
ZERO = "0x" + 40 * "0"
ODDITIES = (
    "true", "two", "all-ones", "high-bit", "short", "long", "empty", "huge", "reason", "no-reason",
    "panic", "out-of-gas", "invalid",
)  # fmt: skip


class Image:
    """PCR0 to PCR2 of an image, and what the families make of them."""

    def __init__(self, pcr0, pcr1=bytes(48), pcr2=bytes(48)):
        self.pcrs = (pcr0, pcr1, pcr2)
        hashes = [keccak256(pcr) for pcr in self.pcrs]
        self.hashes = [text(one) for one in hashes]
        self.hash = self.hashes[0]
        self.joined = text(keccak256(b"".join(self.pcrs)))
        self.of_hashes = text(keccak256(b"".join(hashes)))

    @classmethod
    def read(cls, path):
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
        return cls(*(raw(content[f"PCR{n}"]) for n in range(3)))

    @classmethod
    def of_label(cls, label):
        """The image of a made-up name."""
        return cls(*(hashlib.sha384(f"{label} {n}".encode()).digest() for n in range(3)))


def images():
    """By name: `image` is registered everywhere at the start, `other` and `seed` are nowhere."""
    vectors = os.path.join(TOP, "testvectors")
    return {
        "image": Image.read(os.path.join(vectors, "pcr.json")),
        "other": Image.read(os.path.join(vectors, "other-pcr.json")),
        "seed": Image(raw(SEED_PCR0), *Image.of_label("seed").pcrs[1:]),
    }


class Deployer:
    """Sends transactions from the node's first account and waits for each."""

    def __init__(self, rpc):
        self.rpc = rpc
        self.account = rpc.call("eth_accounts")[0]
        with open(CONTRACTS, encoding="utf-8") as file:
            self.contracts = json.load(file)["contracts"]

    def send(self, to, data):
        """The receipt of a transaction that must not revert."""
        request = {"from": self.account, "data": text(data), "gas": hex(6_000_000)}
        if to:
            request["to"] = to
        sent = self.rpc.call("eth_sendTransaction", request)
        receipt = None
        while receipt is None:  # mining is asynchronous
            receipt = self.rpc.call("eth_getTransactionReceipt", sent)
        if int(receipt["status"], 16) != 1:
            raise RuntimeError(f"a transaction reverted: {request}")
        return receipt

    def deploy(self, name, *arguments):
        code = raw(self.contracts[name]["creation"]) + encode(*arguments)
        return self.send(None, code)["contractAddress"]

    def proxied(self, name, *arguments):
        """A contract behind a proxy of its own: proxy, implementation."""
        implementation = self.deploy(name, *arguments)
        return self.deploy("Proxy", implementation), implementation

    def data(self, contract, function, *arguments):
        for signature, selector in self.contracts[contract]["selectors"].items():
            if signature.partition("(")[0] == function:
                return raw(selector) + encode(*arguments)
        raise KeyError(f"{contract}.{function}")

    def do(self, to, contract, function, *arguments):
        return self.send(to, self.data(contract, function, *arguments))

    def read(self, to, data):
        return self.rpc.call("eth_call", {"to": to, "data": text(data)}, "latest")

    def storage(self, address, slot):
        return self.rpc.call("eth_getStorageAt", address, slot, "latest")

    def odd(self, answer):
        return self.deploy("Odd", ODDITIES.index(answer))


class Family:
    """One family as deployed. `accounts` are its contracts by role; users name `registry`."""

    proxied = ()  # roles that have an EIP-1967 proxy

    def __init__(self, deployer, accounts=None):
        self.on = deployer
        self.accounts = accounts or self.deploy()
        self.registry = self.accounts["registry"]

    def deploy(self):
        raise NotImplementedError

    def set(self, image, registered):
        """Registers an image, or revokes it."""
        raise NotImplementedError

    def delete(self, image):
        """Removes an image, where that is something else than revoking it."""
        self.set(image, False)

    def sign(self, signer, image):
        """Registers a signer of an image."""
        raise NotImplementedError(f"{type(self).__name__} has no signers")

    def key(self, image):
        return image.hash

    def query(self, image):
        """The calldata of the read at the registry's address."""
        raise NotImplementedError

    def values(self, image):
        """The slots that hold the registration: (role, slot, value where registered)."""
        raise NotImplementedError

    def pointers(self):
        """The slots that lead from the registry to the values: (role, slot, address there)."""
        for role in self.proxied:
            yield role, IMPLEMENTATION, self.accounts[role + "-implementation"]

    def replace(self, contract=None):
        """Deploys another inner contract and makes the outer one point there: its address."""
        raise NotImplementedError(f"{type(self).__name__} points nowhere")

    def upgrade(self, contract):
        """Makes the proxy run another contract, or an oddity: the new implementation's address."""
        if "registry" not in self.proxied:
            raise NotImplementedError(f"{type(self).__name__} has no proxy")
        next_one = self.on.odd(contract) if contract in ODDITIES else self.on.deploy(contract)
        admin = "0x" + self.on.storage(self.registry, ADMIN)[26:]
        self.on.do(admin, "ProxyAdmin", "upgradeAndCall", self.registry, next_one, b"")
        self.accounts["registry-implementation"] = next_one
        return next_one


class EspressoV7(Family):
    proxied = ("registry",)
    inner_contract = "EspressoV7Inner"

    def deploy(self):
        proxy, implementation = self.on.proxied("EspressoV7Outer")
        self.on.do(proxy, "EspressoV7Outer", "initialize", self.on.account)
        inner = self.on.deploy("EspressoV7Inner", proxy, ZERO)
        self.on.do(proxy, "EspressoV7Outer", "setEspressoNitroTEEVerifier", inner)
        return {"registry": proxy, "registry-implementation": implementation, "inner": inner}

    def set(self, image, registered):
        self.on.do(self.registry, "EspressoV7Outer", "setEnclaveHash", image.hash, registered, 0)

    def delete(self, image):
        self.on.do(self.registry, "EspressoV7Outer", "deleteEnclaveHashes", [image.hash], 0)

    def sign(self, signer, image):
        output = encode(signer, image.hash)
        self.on.do(self.registry, "EspressoV7Outer", "registerService", output, b"", 0)

    def query(self, image):
        return self.on.data("EspressoV7Outer", "registeredEnclaveHashes", image.hash, 0)

    def values(self, image):
        yield "inner", mapping_slot(0, image.hash), text(word(1))

    def pointers(self):
        yield from super().pointers()
        yield "registry", plus(ESPRESSO_OUTER, 0), self.accounts["inner"]
        yield "inner", plus(2, 0), self.registry

    def inner(self, contract):
        arguments = [self.registry] + [ZERO] * (contract == "EspressoV7Inner")
        return self.on.deploy(contract, *arguments)

    def replace(self, contract=None):
        address = contract or "EspressoV7Inner"
        if not address.startswith("0x"):
            address = self.inner(address)
        self.on.do(self.registry, "EspressoV7Outer", "setEspressoNitroTEEVerifier", address)
        self.accounts["inner"] = address
        return address


class EspressoServices(Family):
    """What v4, v5 and v6 share. The bench registers for service 0, BatchPoster."""

    service = 0
    outer = "EspressoV6Outer"

    def set(self, image, registered):
        self.on.do(
            self.registry, self.outer, "setEnclaveHash", image.hash, registered, 1, self.service
        )

    def delete(self, image):
        self.on.do(self.registry, self.outer, "deleteEnclaveHashes", [image.hash], 1, self.service)

    def sign(self, signer, image):
        output = encode(signer, image.hash)
        self.on.do(self.registry, self.outer, "registerService", output, b"", 1, self.service)

    def query(self, image):
        return self.on.data(self.outer, "registeredEnclaveHashes", image.hash, 1, self.service)

    def point(self, sgx, nitro):
        self.on.do(self.registry, self.outer, "setEspressoSGXTEEVerifier", sgx)
        self.on.do(self.registry, self.outer, "setEspressoNitroTEEVerifier", nitro)

    def make_inner(self):
        raise NotImplementedError

    def replace(self, contract=None):
        address = contract or self.make_inner()
        self.on.do(self.registry, self.outer, "setEspressoNitroTEEVerifier", address)
        self.accounts["inner"] = address
        return address


class EspressoV6(EspressoServices):
    proxied = ("registry",)

    def deploy(self):
        self.registry, implementation = self.on.proxied(self.outer)
        accounts = {"registry": self.registry, "registry-implementation": implementation}
        self.accounts = accounts
        accounts["sgx"], accounts["inner"] = self.make_inner(), self.make_inner()
        self.point(accounts["sgx"], accounts["inner"])
        return accounts

    def make_inner(self):
        return self.on.deploy("EspressoV6Inner", self.registry)

    def values(self, image):
        yield "inner", mapping_slot(0, self.service, image.hash), text(word(1))

    def pointers(self):
        yield from super().pointers()
        yield "registry", plus(ESPRESSO_OUTER, 1), self.accounts["inner"]
        yield "inner", plus(2, 0), self.registry


class EspressoV5(EspressoV6):
    proxied = ("registry", "inner")

    def make_inner(self):
        proxy, implementation = self.on.proxied("EspressoV5Inner")
        self.on.do(proxy, "EspressoV5Inner", "initialize", self.registry)
        self.accounts["inner-implementation"] = implementation
        return proxy

    def values(self, image):
        yield "inner", mapping_slot(ESPRESSO_V5_INNER, self.service, image.hash), text(word(1))

    def pointers(self):
        yield from Family.pointers(self)
        yield "registry", plus(ESPRESSO_OUTER, 1), self.accounts["inner"]
        yield "inner", plus(ESPRESSO_V5_INNER, 2), self.registry


class EspressoV4(EspressoServices):
    outer = "EspressoV4Outer"

    def deploy(self):
        sgx, inner = self.make_inner(), self.make_inner()
        return {"registry": self.on.deploy(self.outer, sgx, inner), "sgx": sgx, "inner": inner}

    def make_inner(self):
        return self.on.deploy("EspressoV4Inner")

    def values(self, image):
        yield "inner", mapping_slot(2, self.service, image.hash), text(word(1))

    def pointers(self):
        yield "registry", plus(3, 0), self.accounts["inner"]


class EspressoV1(Family):
    def deploy(self):
        sgx = self.on.deploy("EspressoV1Inner", Image.of_label("an SGX enclave").hash)
        inner = self.on.deploy("EspressoV1Inner", Image.of_label("of the constructor").hash)
        return {
            "registry": self.on.deploy("EspressoV1Outer", sgx, inner),
            "sgx": sgx,
            "inner": inner,
        }

    def set(self, image, registered):
        self.on.do(
            self.accounts["inner"], "EspressoV1Inner", "setEnclaveHash", image.hash, registered
        )

    def sign(self, signer, image):
        output = encode(signer, image.hash)
        self.on.do(self.registry, "EspressoV1Outer", "registerSigner", output, b"", 1)

    def query(self, image):
        return self.on.data("EspressoV1Outer", "registeredEnclaveHashes", image.hash, 1)

    def values(self, image):
        yield "inner", mapping_slot(2, image.hash), text(word(1))

    def pointers(self):
        yield "registry", plus(3, 0), self.accounts["inner"]

    def replace(self, contract=None):
        address = contract or self.on.deploy(
            "EspressoV1Inner", Image.of_label("of the constructor").hash
        )
        self.on.do(self.registry, "EspressoV1Outer", "setEspressoNitroTEEVerifier", address)
        self.accounts["inner"] = address
        return address


class BaseSystemConfig(Family):
    proxied = ("registry",)

    def deploy(self):
        proxy, implementation = self.on.proxied("BaseSystemConfig")
        return {"registry": proxy, "registry-implementation": implementation}

    def set(self, image, registered):
        function = "registerPCR0" if registered else "deregisterPCR0"
        self.on.do(self.registry, "BaseSystemConfig", function, image.pcrs[0])

    def query(self, image):
        return self.on.data("BaseSystemConfig", "validPCR0s", image.hash)

    def values(self, image):
        yield "registry", mapping_slot(102, image.hash), text(word(1))


class BaseMultiproof(Family):
    """One image at a time, in the code of the game: no slot holds it."""

    def deploy(self):
        game = self.on.deploy("BaseAggregateVerifier", ZERO)
        return {"registry": self.on.deploy("BaseProverRegistry", game), "game": game}

    def set(self, image, registered):
        game = self.on.deploy("BaseAggregateVerifier", image.hash if registered else 0)
        self.on.do(self.registry, "BaseProverRegistry", "setGame", game)
        self.accounts["game"] = game

    def sign(self, signer, image):
        self.on.do(self.registry, "BaseProverRegistry", "registerSigner", signer, image.hash)

    def query(self, image):
        return self.on.data("BaseProverRegistry", "getExpectedImageHash")

    def values(self, image):
        return ()


class WorldChain(Family):
    def deploy(self):
        return {"registry": self.on.deploy("WorldChain")}

    def key(self, image):
        return image.of_hashes

    def set(self, image, registered):
        function = "approvePCRSet" if registered else "revokePCRSet"
        self.on.do(self.registry, "WorldChain", function, *image.hashes)

    def query(self, image):
        return self.on.data("WorldChain", "approvedPCRSets", self.key(image))

    def values(self, image):
        yield "registry", mapping_slot(0, self.key(image)), text(word(1))


class MarlinVerifier(Family):
    contract, base, function = "MarlinVerifier", 500, "whitelistedImages"

    def deploy(self):
        return {"registry": self.on.deploy(self.contract)}

    def key(self, image):
        return image.joined

    def set(self, image, registered):
        if registered:
            self.on.do(self.registry, self.contract, "whitelistEnclaveImage", *image.pcrs)
        else:
            self.on.do(self.registry, self.contract, "revokeEnclaveImage", self.key(image))

    def sign(self, signer, image):
        self.on.do(self.registry, self.contract, "verifyKey", signer, self.key(image))

    def query(self, image):
        return self.on.data(self.contract, self.function, self.key(image))

    def values(self, image):
        """Three byte strings of 48 bytes: a slot of 2 * 48 + 1, the bytes from its keccak256 on."""
        for number, pcr in enumerate(image.pcrs):
            slot = plus(mapping_slot(self.base, self.key(image)), number)
            content = text(keccak256(raw(slot)))
            yield "registry", slot, text(word(97))
            yield "registry", content, text(pcr[:32])
            yield "registry", plus(content, 1), text(pcr[32:] + bytes(16))


class MarlinAuther(MarlinVerifier):
    contract, base, function = "MarlinAuther", MARLIN_AUTHER, "getWhitelistedImage"
    proxied = ("registry",)

    def deploy(self):
        proxy, implementation = self.on.proxied(self.contract)
        return {"registry": proxy, "registry-implementation": implementation}


class GenericBool(Family):
    def deploy(self):
        return {"registry": self.on.deploy("Generic")}

    def set(self, image, registered):
        self.on.do(self.registry, "Generic", "approve", image.hash, registered)

    def query(self, image):
        return self.on.data("Generic", "isApproved", image.hash)

    def values(self, image):
        yield "registry", mapping_slot(7, image.hash), text(word(1))


class GenericBytes32(GenericBool):
    def set(self, image, registered):
        self.on.do(self.registry, "Generic", "setImage", image.hash if registered else 0)

    def query(self, image):
        return self.on.data("Generic", "currentImage")

    def values(self, image):
        yield "registry", plus(9, 0), image.hash


FAMILIES = {
    "espresso-v7": EspressoV7,
    "espresso-v6": EspressoV6,
    "espresso-v5": EspressoV5,
    "espresso-v4": EspressoV4,
    "espresso-v1": EspressoV1,
    "base-systemconfig": BaseSystemConfig,
    "base-multiproof": BaseMultiproof,
    "worldchain": WorldChain,
    "marlin-verifier": MarlinVerifier,
    "marlin-auther": MarlinAuther,
    "generic-bool": GenericBool,
    "generic-bytes32": GenericBytes32,
}
