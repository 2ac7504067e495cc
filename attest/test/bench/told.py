"""What is known of the real contracts: calls, slots, layouts. families.py is held against it."""

SEED = "749899f8a93a9b2572f8ce59df5bf12b1b04acc7b4d35e45024560773e30d465"
# Family: the call for the hash H, and the slot of the seed's hash where one is known.
TOLD = {
    "espresso-v7": (
        "3cbe6803 H 0",
        "1736bd7935d041957a6cc4eb28b8d3124e19f9cefaf12b409cbdb252fceea314",
    ),
    "espresso-v6": (
        "7e41f57c H 1 0",
        "dcc9055e193d68643aa7af273bd0dd0a7a6079573b9e9c870469a9adf6900dce",
    ),
    "espresso-v5": (
        "7e41f57c H 1 0",
        "a8dc190450175db259221350934138ba0c233ca76d7859905697fe8e28674231",
    ),
    "espresso-v4": (
        "7e41f57c H 1 0",
        "067269ffc75a5c40dba440a00cb066438e15ee28d506ce9a7737aaa1db15c5d2",
    ),
    "espresso-v1": (
        "3cbe6803 H 1",
        "3908c4ea3a6b16f6c283d415ff58ffd2b608f807afc4afd6e0d447e383fb5b8e",
    ),
    "base-systemconfig": (
        "295840d9 H",
        "1d0d87436f3b8ab5b167619b00a8ef06a437b5affb25ca9d2eaf90efeb285049",
    ),
    "base-multiproof": ("94a277d1", None),
    "worldchain": ("16da826f H", None),
    "marlin-verifier": ("2f9b0ad7 H", None),
    "marlin-auther": ("2410f6ba H", None),
    "generic-bool": ("48aefc32 H", None),
    "generic-bytes32": ("9213cde9", None),
}
# Contract: its variables in the order of their slots, from the first one's slot on.
LAYOUTS = {
    "EspressoV7Inner": (0, "_registeredEnclaveHashes _registeredServices _teeVerifier"
        " _signerToEnclaveHash _nitroEnclaveVerifier"),
    "EspressoV6Inner": (0, "registeredEnclaveHashes registeredServices teeVerifier"
        " signerToEnclaveHash nitroEnclaveVerifier"),
    "EspressoV4Inner": (0, "_owner _pendingOwner registeredEnclaveHashes registeredServices"
        " enclaveHashToSigner _nitroEnclaveVerifier"),
    "EspressoV4Outer": (0, "_owner _pendingOwner sgx nitro"),
    "EspressoV1Inner": (0, "_owner _pendingOwner registeredEnclaveHash registeredSigners _certManager"),
    "EspressoV1Outer": (0, "_owner _pendingOwner espressoSGXTEEVerifier espressoNitroTEEVerifier"),
    "BaseSystemConfig": (102, "validPCR0s"),
    "MarlinVerifier": (500, "images keys"),
}  # fmt: skip
INNER = {"espresso-v7": "966989ee H", "espresso-v6": "9f3eb672 H 0", "espresso-v1": "966989ee H"}
IMPLEMENTATION = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"
ESPRESSO = "0x89639f446056f5d7661bbd94e8ab0617a80058ed7b072845818d4b93332e480"  # and a digit
OWNER = "0x9016d09d72d40fdae2fd8ceac6b6234c7706214fd39c1cd1e609a0528c199300"
