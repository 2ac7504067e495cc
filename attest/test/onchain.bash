# shellcheck shell=bash disable=SC2034,SC2154 # tests use the variables
# Command tests of onchain checks: one node for the file, servers before it that lie or fail as told.
# Each test's changes of the chain are undone behind it.
[ -n "${program-}" ] || load helpers # they begin the prelude anew
load chain

export CHAIN=$chain

setup_file() {
	chain_start
}

setup() {
	chain_needed
	umask 022
	mkdir "$tmp/work"
	cd "$tmp/work" || return 1
	snapshot=$(chain rpc evm_snapshot)
	cp "$chain/chain.json" "$tmp/chain.json"
}

teardown() {
	[ -z "${snapshot-}" ] || chain rpc evm_revert "\"$snapshot\"" >/dev/null
	liars_stop
	[ ! -e "$tmp/chain.json" ] || cp "$tmp/chain.json" "$chain/chain.json"
}

teardown_file() {
	chain_stop
}

# shellcheck disable=SC2016 # what stands in backquotes is Python's
prelude+='
import argparse
sys.dont_write_bytecode = True
sys.path.insert(0, TOP + "/attest/test")
import chain as bench
from bench.modes import Mode, Reply
from liar import Liar

ATTEST = os.path.join(os.environ["BUILD"], "enclave-attest")
CHAIN = bench.Chain(os.environ["CHAIN"])
FACTS = json.loads(json.dumps(CHAIN.facts))  # as it was at the start
NODE = FACTS["rpc"]
LOCAL = NODE.replace("127.0.0.1", "localhost")  # another host, the same node
HASH, OTHER = (FACTS["images"][name]["hash"] for name in ("image", "other"))
PCR0 = FACTS["images"]["image"]["pcrs"][0]
V7 = FACTS["families"]["espresso-v7"]
BOTH = ["--rpc", NODE, "--rpc", LOCAL]
outputs = []

def rpcs(*urls):
	return [word for url in urls for word in ("--rpc", url)]

def liar(*modes, bind="127.0.0.2"):
	"""The URL of a server before the node that lies as told."""
	return Liar(NODE, modes, bind, FACTS).start().url

def change(*words):
	bench.change(CHAIN, words[0], list(words[1:]))

def mine(n=5):
	"""Five blocks make what came before them final."""
	CHAIN.mine(n)

def registry(name):
	"""The options for a family of the chain."""
	address = FACTS["families"][name]["address"]
	if name.startswith("generic-"):
		bool_or_not = ["0x8e5a8ea1", "bool", "7"] if name == "generic-bool" else ["0x1be2b4d0", "bytes32", "9"]
		selector = FACTS["families"][name]["query"][:10]
		return ["--registry", "generic:" + address, "--selector", selector, "--value", bool_or_not[1],
			"--slot", bool_or_not[2], "--hash-rule", "keccak256-pcr0"]
	service = ["--service", "batch-poster"] if name in ("espresso-v4", "espresso-v5", "espresso-v6") else []
	return ["--registry", name + ":" + address, *service]

def onchain(*args, verb="onchain"):
	"""Exit status, the report or None, stderr."""
	done = subprocess.run([ATTEST, verb, *args, "--format", "json"], stdin=subprocess.DEVNULL,
		stdout=subprocess.PIPE, stderr=subprocess.PIPE)
	outputs.append(done.stdout + done.stderr)
	return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr.decode()

def found(report, name):
	"""pass, or status and reason, of one check."""
	for one in report["checks"]:
		if one["id"] == name:
			return one["status"] if one["status"] == "pass" else one["status"] + " " + one["reason"]

def member(report, name, key="strength"):
	for one in report["checks"]:
		if one["id"] == "onchain." + name:
			return one.get(key)

def first_bad(report):
	for status in ("fail", "error"):
		for one in report["checks"]:
			if one["status"] == status:
				return one["id"], status, one["reason"]
	return "-", "-", "-"

ORDER = ["onchain." + name for name in ("chain_id", "block", "code", "pointers", "proof", "registered", "signer")]

def rows(table):
	"""Rows of (arguments, exit status, first bad check without onchain., its status, its reason, strength or None)."""
	def one(row):
		args, want = row[0], row[1:]
		if "--registry" not in args:
			args = [*args, *registry("espresso-v7")]
		if "--chain-id" not in args:
			args = [*args, "--chain-id", "31337"]
		got, report, err = onchain(*args)
		if report is None:
			return "%s: no report, exit %d, %s" % (args, got, err)
		name, status, reason = first_bad(report)
		seen = (got, name.replace("onchain.", ""), status, reason)
		if seen != want[:4]:
			return "%s: %s expected, not %s\n%s" % (args, want, seen, json.dumps(report["checks"]))
		if [c["id"] for c in report["checks"]][-7:] != ORDER:
			return "%s: order" % args
		if len(want) > 4 and member(report, "registered") != want[4]:
			return "%s: strength %s" % (args, member(report, "registered"))
		return None
	for problem in many(one, table):
		if problem:
			wrong(problem)

def passes(args, strength):
	return (args, 0, "-", "-", "-", strength)

def fails(args, name, reason, *strength):
	return (args, 1, name, "fail", reason, *strength)

def errs(args, name, reason, *strength):
	return (args, 3, name, "error", reason, *strength)
'
