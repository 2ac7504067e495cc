#!/usr/bin/env python3
"""A node with every contract family on it, for tests.

usage: chain.py DIR start [--client anvil|ganache] [--hardfork NAME] [--chain-id N] [--empty]
       chain.py DIR stop
       chain.py DIR register|revoke|delete FAMILY [IMAGE]
       chain.py DIR sign FAMILY SIGNER [IMAGE]     register a signer
       chain.py DIR switch FAMILY [CONTRACT|ADDRESS]  another inner contract; prints its address
       chain.py DIR decoy FAMILY [IMAGE]           an inner contract that nothing points to, with the image
                                                   registered and the right back pointer; prints its address
       chain.py DIR upgrade FAMILY CONTRACT|ODDITY other code behind the proxy; prints its address
       chain.py DIR deploy CONTRACT|ODDITY [ARG...]   prints the address
       chain.py DIR send ADDRESS CONTRACT FUNCTION [ARG...]  a transaction
       chain.py DIR mine [N] | reorg DEPTH         blocks added; the last ones replaced
       chain.py DIR get NAME.NAME...               a value of DIR/chain.json
       chain.py DIR rpc METHOD [JSON...]           the result of a call to the node

IMAGE is `image` (registered everywhere from the start), `other` (nowhere), `seed`, 96 hexadecimal digits of
a PCR0, or a file like pcr.json. ARG is true, false, a number, 0x and up to 32 bytes, bytes:HEX, or
several of 0x with commas between and behind (a list). DIR/chain.json says where everything is; the tables are in bench/families.py.
The node ends by itself after 15 minutes. Exit status 77: there is no node, and why is on stderr.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True

from bench import families
from bench.ethereum import TOP, Rpc, RpcError, mapping_slot, raw, reorganise, text, word

LIFETIME_S = 900
START_S = 60
SIGNER = "0xf62fffa4d92bcdfc310dccbe943747fe8302e871"

# ganache's program refuses port 0, its library does not.
GANACHE = """
const [chainId, hardfork] = process.argv.slice(1);
const server = require('ganache').server({
  chain: { chainId: Number(chainId), hardfork }, wallet: { deterministic: true }, logging: { quiet: true },
});
server.listen(0, '127.0.0.1').then(() => console.log(`Listening on 127.0.0.1:${server.address().port}`));
"""


class Chain:
    """What DIR/chain.json holds, and the deployed families."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "chain.json")
        with open(self.path, encoding="utf-8") as file:
            self.facts = json.load(file)
        self.rpc = Rpc(self.facts["rpc"])
        self.on = families.Deployer(self.rpc)

    def family(self, name):
        return families.FAMILIES[name](self.on, self.facts["families"][name]["accounts"])

    def families(self):
        return {name: self.family(name) for name in families.FAMILIES}

    def image(self, name):
        if name in self.facts["images"]:
            return families.Image(*map(raw, self.facts["images"][name]["pcrs"]))
        if os.path.exists(name):
            return families.Image.read(name)
        return families.Image(raw(name))

    def mine(self, blocks):
        if self.facts["client"] == "ganache":
            self.rpc.call("evm_mine", {"blocks": blocks})
        else:
            self.rpc.call("anvil_mine", hex(blocks), "0x0")

    def tell(self, found):
        """Writes chain.json anew, with what is on the chain now."""
        image = self.image("image")
        self.facts["families"] = {name: self.facts_of(one, image) for name, one in found.items()}
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.facts, file, indent=1)
        os.rename(self.path + ".new", self.path)

    def facts_of(self, family, image):
        return {
            "address": family.registry,
            "key": family.key(image),
            "query": text(family.query(image)),
            "accounts": family.accounts,
            "code_hashes": {
                role: self.rpc.call("eth_getProof", address, [], "latest")["codeHash"]
                for role, address in family.accounts.items()
            },
            "pointers": [
                {"account": family.accounts[role], "slot": slot, "address": address}
                for role, slot, address in family.pointers()
            ],
            "values": [
                {"account": family.accounts[role], "slot": slot, "value": value}
                for role, slot, value in family.values(image)
            ],
        }


def node_command(tools, options):
    if options.client == "ganache":
        return ["node", "-e", GANACHE, str(options.chain_id), options.hardfork or "shanghai"]
    return [
        os.path.join(tools, "@foundry-rs", "anvil-linux-amd64", "bin", "anvil"),
        *("--host", "127.0.0.1", "--port", "0", "--slots-in-an-epoch", "2", "--threads", "1"),
        *("--chain-id", str(options.chain_id), "--hardfork", options.hardfork or "prague"),
        *("--accounts", "2"),
    ]  # fmt: skip


def wait_for_port(process, log):
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        with open(log, encoding="utf-8") as file:
            for line in file:
                if line.startswith("Listening on ") and line.endswith("\n"):
                    return "http://" + line.split()[2]
        time.sleep(0.01)
    raise RuntimeError("the node did not start; " + log + " says why")


def start(folder, options):
    asked = subprocess.run(
        [os.path.join(TOP, "ci", "chain-tools")], capture_output=True, text=True, check=False
    )
    if asked.returncode != 0:
        print(asked.stderr.strip(), file=sys.stderr)
        return asked.returncode
    tools = asked.stdout.strip()
    os.makedirs(folder, exist_ok=True)
    log = os.path.join(folder, "node.log")
    with open(log, "w", encoding="utf-8") as output:
        process = subprocess.Popen(
            ["timeout", str(LIFETIME_S), *node_command(tools, options)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "NODE_PATH": tools, "HOME": folder},
            start_new_session=True,  # and so a group of its own
        )
    try:
        facts = {
            "rpc": wait_for_port(process, log),
            "pid": process.pid,
            "client": options.client,
            "chain_id": str(options.chain_id),
            "signer": SIGNER,
            "images": {
                name: {"pcrs": [pcr.hex() for pcr in image.pcrs], "hash": image.hash}
                for name, image in families.images().items()
            },
            "families": {},
        }
        with open(os.path.join(folder, "chain.json"), "w", encoding="utf-8") as file:
            json.dump(facts, file)
        if not options.empty:
            deploy_all(Chain(folder))
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return 0


def deploy_all(chain):
    image = chain.image("image")
    found = {}
    for name, family in families.FAMILIES.items():
        found[name] = family(chain.on)
        found[name].set(image, True)
        if type(found[name]).sign is not families.Family.sign:
            found[name].sign(SIGNER, image)
    chain.facts["odd"] = {name: chain.on.odd(name) for name in families.ODDITIES}
    chain.mine(8)  # what was deployed is final now
    chain.tell(found)


def stop(folder):
    try:
        with open(os.path.join(folder, "chain.json"), encoding="utf-8") as file:
            group = json.load(file)["pid"]
        with open(f"/proc/{group}/cmdline", "rb") as file:
            if file.read().startswith(b"timeout\0"):  # and not another process of this number
                os.killpg(group, signal.SIGTERM)
    except (FileNotFoundError, ProcessLookupError):
        pass  # it has ended before
    return 0


def decoy(chain, family, image):
    address = family.inner("EspressoV7Inner")
    chain.rpc.call("anvil_setStorageAt", address, mapping_slot(0, image.hash), text(word(1)))
    chain.mine(1)
    return address


def change(chain, command, arguments):
    found = chain.families()
    family = found[arguments[0]]
    rest = arguments[1:]
    if command == "sign":
        family.sign(rest[0], chain.image(rest[1] if len(rest) > 1 else "image"))
    elif command == "switch":
        print(family.replace(rest[0] if rest else None))
    elif command == "upgrade":
        print(family.upgrade(rest[0]))
    else:
        image = chain.image(rest[0] if rest else "image")
        if command == "register":
            family.set(image, True)
        elif command == "revoke":
            family.set(image, False)
        elif command == "delete":
            family.delete(image)
        else:
            print(decoy(chain, family, image))
    chain.tell(found)


def argument(told):
    """What `encode` makes an argument of."""
    if told in ("true", "false"):
        return told == "true"
    if told.startswith("bytes:"):
        return bytes.fromhex(told[6:])
    if "," in told:
        return [one for one in told.split(",") if one]
    return told if told.startswith("0x") else int(told)


def shown(value):
    return value if isinstance(value, str) else json.dumps(value)


def main(arguments):
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1])
    parser.add_argument("folder")
    parser.add_argument("command")
    parser.add_argument("arguments", nargs="*")
    parser.add_argument("--client", choices=("anvil", "ganache"), default="anvil")
    parser.add_argument("--hardfork")
    parser.add_argument("--chain-id", type=int, default=31337)
    parser.add_argument("--empty", action="store_true", help="no contracts")
    options = parser.parse_args(arguments)
    command, rest = options.command, options.arguments
    if command == "start":
        return start(options.folder, options)
    if command == "stop":
        return stop(options.folder)
    chain = Chain(options.folder)
    if command == "get":
        value = chain.facts
        for name in rest[0].split("."):
            value = value[int(name)] if isinstance(value, list) else value[name]
        print(shown(value))
    elif command == "rpc":
        print(shown(chain.rpc.call(rest[0], *map(json.loads, rest[1:]))))
    elif command == "deploy" and rest[0] in families.ODDITIES:
        print(chain.on.odd(rest[0]))
    elif command == "deploy":
        print(chain.on.deploy(rest[0], *map(argument, rest[1:])))
    elif command == "send":
        chain.on.do(*rest[:3], *map(argument, rest[3:]))
    elif command == "mine":
        chain.mine(int(rest[0]) if rest else 1)
    elif command == "reorg":
        reorganise(chain.rpc, int(rest[0]))
    elif command in ("register", "revoke", "delete", "sign", "switch", "decoy", "upgrade"):
        change(chain, command, rest)
    else:
        parser.error(f"{command}?")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (RpcError, RuntimeError, NotImplementedError, KeyError) as error:
        sys.exit(f"chain.py: {type(error).__name__}: {error}")
