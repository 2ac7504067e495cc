#!/usr/bin/env bats
# enclave-attest onchain against servers that lie, fail, disagree, refuse or repeat keys: nothing of it makes a pass.
# shellcheck disable=SC2154 # variables of onchain.bash
load onchain

@test "one liar beside an honest server never makes a pass" {
	py <<'END'
mine()
decoy = bench.decoy(CHAIN, CHAIN.family("espresso-v7"), CHAIN.image("other"))
mine()
change("revoke", "espresso-v7", "image")
mine(10)
def two(*modes, key=HASH):
	return [key, *rpcs(NODE, liar(*modes))]
yes = "0x" + "0" * 63 + "1"
rows([
	fails(two(), "registered", "not-registered", "proved"),
	# calls alone
	errs(two("registered"), "registered", "servers-disagree"),
	errs(two("turncoat=6"), "registered", "servers-disagree"),
	errs(two("call=0x3cbe6803:" + yes), "registered", "servers-disagree"),
	errs(two("call=0x80710c80:" + yes), "code", "servers-disagree"),
	errs(two("pointer=" + decoy, key=OTHER), "pointers", "servers-disagree"),
	errs(two("pointer=" + decoy, "registered", key=OTHER), "pointers", "servers-disagree"),
	errs(two("code"), "code", "servers-disagree"),
	errs(two("code=0x6000"), "code", "servers-disagree"),
	# another chain, another block
	fails(two("chain-id=1"), "chain_id", "chain-id-mismatch"),
	errs(two("forge"), "block", "servers-disagree"),
	errs(two("header"), "block", "servers-disagree"),
	errs(two("block-hash"), "block", "block-hash"),
	errs(two("header-raw=stateRoot:\"0x" + "11" * 32 + "\""), "block", "block-hash"),
	errs(two("header-raw=timestamp:\"0x1\""), "block", "block-hash"),
	# a form that is not known: its hash is one more that agrees, and nothing is proven under it
	fails(two("header-raw=stateRoot"), "registered", "not-registered", "proved"),
	fails(two("header-raw=withdrawalsRoot"), "registered", "not-registered", "proved"),
	errs(two("header-raw=number:\"0x0\""), "block", "block-hash"),
	errs(two("result-object@eth_getBlockByNumber"), "block", "quorum-not-reached"),
	errs(two("result-null@eth_getBlockByNumber"), "block", "quorum-not-reached"),
	errs(two("leading-zeros@eth_getBlockByNumber"), "block", "quorum-not-reached"),
	# a server that is only behind
	fails(two("stale"), "registered", "not-registered", "proved"),
])
# and alone
for modes in (["forge"], ["registered"], ["registered", "no-proof"], ["pointer=" + decoy, "registered"]):
	for strength in ("agreed", "proved"):
		status, report, _ = onchain(HASH, *rpcs(liar(*modes)), "--chain-id", "31337", *registry("espresso-v7"),
			"--min-strength", strength)
		if status != 3 or found(report, "onchain.registered") == "pass":
			wrong((modes, report))
# what a lone liar may do, and what the verdict then says
status, report, _ = onchain(HASH, *rpcs(liar("forge")), "--chain-id", "31337", *registry("espresso-v7"),
	"--min-strength", "claimed")
if status != 0 or report["weakened"] != "one server's word":
	wrong(report)
END
}

@test "proofs that do not hold are not taken, refused ones cost strength" {
	py <<'END'
mine()
def two(*modes, first=()):
	"""The liar is asked for proofs first, and the honest one gives none."""
	return [HASH, *rpcs(liar(*modes), liar(*(first or ["no-proof"]), bind="127.0.0.3"))]
two_refuse = two("no-proof")
rows([
	passes(two_refuse, "agreed"),
	passes(two("proof-window", first=["proof-window"]), "agreed"),
	errs(two_refuse + ["--min-strength", "proved"], "registered", "strength-too-low", "agreed"),
	# pinned, and yet the value is not proven
	errs(two_refuse + ["--min-strength", "proved", "--inner", V7["accounts"]["inner"]], "registered",
		"strength-too-low", "agreed"),
	# one that gives them is enough
	passes([HASH, *rpcs(liar("no-proof"), NODE)], "proved"),
	passes([HASH, *rpcs(NODE, liar("no-proof"))], "proved"),
	# and one whose proofs fail is passed over
	passes([HASH, *rpcs(liar("proof-bit"), NODE)], "proved"),
	fails(two("proof-bit"), "pointers", "trie-node-hash"),
	fails(two("proof-cut"), "pointers", "trie-cut"),
	fails(two("proof-swap"), "pointers", "proof-slot"),
	fails(two("storage=0x1"), "pointers", "proof-beside"),
	fails(two("proof-account=balance:\"0x1\""), "pointers", "proof-beside"),
	fails(two("proof-account=address:\"0x" + "11" * 20 + "\""), "pointers", "proof-address"),
	fails(two("result-object@eth_getProof"), "pointers", "proof-shape"),
	passes(two("result-list@eth_getProof"), "agreed"),
])
END
}

@test "a block by its hash, by its number, by its age; and one that moves" {
	py <<'END'
mine()
block = CHAIN.rpc.call("eth_getBlockByNumber", "finalized", False)
named = ["--block", block["hash"]]
one = [HASH, *rpcs(NODE)]
rows([
	passes(one + named, "proved"),
	passes(one + named + ["--min-strength", "proved"], "proved"),
	passes([HASH, *BOTH, "--block", str(int(block["number"], 16))], "proved"),
	errs(one + ["--block", str(int(block["number"], 16))], "registered", "strength-too-low", "claimed"),
	errs(one + ["--block", "0x" + "11" * 32], "block", "quorum-not-reached"),
	errs([HASH, *rpcs(liar("block-hash")), *named], "block", "block-hash"),
	errs([HASH, *rpcs(liar("header")), *named], "block", "block-other"),
	fails([HASH, *rpcs(liar("forge")), *named], "pointers", "trie-node-hash"),
	errs([HASH, *BOTH, "--block", "99999999"], "block", "quorum-not-reached"),
	errs([HASH, *rpcs(liar("header=timestamp:\"0x65000000\"")), "--min-strength", "claimed"], "block", "block-stale"),
	errs([HASH, *rpcs(liar("header=timestamp:\"0xffffffff\"")), "--min-strength", "claimed"], "block", "block-ahead"),
	passes([HASH, *BOTH, "--max-block-age", "100000"], "proved"),
])
# by number: no EIP-1898, as with ganache
rows([passes([HASH, *rpcs(NODE, liar("no-objects"))], "proved")])
rows([passes([HASH, *rpcs(liar("no-objects"), liar("no-objects", bind="127.0.0.3"))], "proved")])
END
}

@test "quorum, dead and slow servers, one host named twice" {
	py <<'END'
mine()
dead, slow = liar("dead", bind="127.0.0.4"), liar("slow=3000", bind="127.0.0.5")
nobody = "http://127.0.0.6:1"
twice = liar()
rows([
	errs([HASH, *BOTH, "--rpc", dead], "block", "quorum-not-reached"),
	errs([HASH, *BOTH, "--rpc", nobody], "block", "quorum-not-reached"),
	errs([HASH, *BOTH, "--rpc", slow, "--timeout", "1"], "block", "quorum-not-reached"),
	passes([HASH, *BOTH, "--rpc", dead, "--rpc", nobody, "--quorum", "2"], "proved"),
	passes([HASH, *BOTH, "--rpc", slow, "--timeout", "1", "--quorum", "2"], "proved"),
	passes([HASH, *BOTH, "--quorum", "1"], "proved"),
	errs([HASH, *rpcs(NODE, dead), "--quorum", "1"], "registered", "strength-too-low", "claimed"),
	# two agree, and a third gives another block: the question is open
	errs([HASH, *BOTH, "--rpc", liar("header"), "--quorum", "2"], "block", "servers-disagree"),
	# one host is one server, whatever the port
	errs([HASH, *rpcs(NODE, NODE)], "registered", "strength-too-low", "claimed"),
	errs([HASH, *rpcs(NODE, liar(bind="127.0.0.1"))], "registered", "strength-too-low", "claimed"),
	# and its second URL is used when the first is dead
	passes([HASH, *rpcs("http://127.0.0.2:1", twice, NODE)], "proved"),
	errs([HASH, *rpcs(dead)], "chain_id", "http-cut-short"),
	errs([HASH, *rpcs(nobody)], "chain_id", "http-connect"),
	errs([HASH, *rpcs(slow), "--timeout", "1"], "chain_id", "http-timeout"),
])
# who was asked, and what was wrong with whom
_, report, _ = onchain(HASH, *BOTH, "--rpc", nobody, "--rpc", liar("no-logs", "no-proof", bind="127.0.0.7"), "--quorum", "2",
	"--chain-id", "31337", *registry("espresso-v7"))
told = {one["host"]: (one["usable"], one["trouble"] and one["trouble"].split(":")[0]) for one in report["servers"]}
if told != {"127.0.0.1": (True, None), "localhost": (True, None), "127.0.0.7": (True, None),
		"127.0.0.6": (False, "the connection was refused")}:
	wrong(told)
END
}

@test "every failure of HTTP and JSON-RPC is exit 3 with its reason" {
	py <<'END'
mine()
def alone(*modes):
	return [HASH, *rpcs(liar(*modes)), "--min-strength", "claimed", "--timeout", "2"]
def first(mode, reason):
	return errs(alone(mode), "chain_id", reason)
table = [
	("status=500", "rpc-status"), ("status=404", "rpc-status"), ("status=204", "rpc-status"),
	("429-until=86400", "rpc-status"), ("503", "rpc-status"), ("redirect=http://127.0.0.1:1/", "http-redirect"),
	("drip=200", "http-timeout"), ("long-length", "http-cut-short"), ("dead", "http-cut-short"),
	("error", "rpc-error"), ("error=-32601", "rpc-refused"), ("error=3", "rpc-error"), ("-32005", "rpc-limit"),
	("-32600", "rpc-id"), ("wrong-id", "rpc-id"), ("text-id", "rpc-id"), ("null-id", "rpc-id"), ("no-id", "rpc-shape"),
	("no-version", "rpc-shape"), ("old-version", "rpc-shape"), ("both", "rpc-shape"), ("null-error", "rpc-shape"),
	("neither", "rpc-shape"), ("bare-error", "rpc-shape"), ("listed", "rpc-shape"),
	*[("result-" + name, "rpc-result") for name in ("null", "number", "bool", "list", "object", "empty", "odd", "unprefixed",
		"upper", "no-hex")],
	("leading-zeros", "rpc-result"),
	("empty", "json-malformed"), ("not-json", "json-malformed"), ("cut", "json-malformed"), ("trailing", "json-trailing"),
	("bom", "json-malformed"), ("nul", "json-trailing"), ("latin1", "json-bad-string"),
	("escaped-nul", "json-bad-string"), ("huge", "http-too-large"), ("deep", "json-too-deep"),
	("many", "http-too-large"), ("double-result", "json-duplicate-key"), ("double-id", "json-duplicate-key"),
]
rows([first(*row) for row in table])
rows([
	# what can be waited out
	passes(alone("429"), "claimed"), passes(alone("503=1"), "claimed"), passes(alone("-32005=1"), "claimed"),
	# what is told apart from what it resembles
	passes(alone("double-case"), "claimed"), passes(alone("extra"), "claimed"), passes(alone("syncing"), "claimed"),
	# the same, later on
	*[errs(alone(mode + "@eth_call"), "code", reason) for mode, reason in (
		("status=500", "rpc-status"), ("wrong-id", "rpc-id"), ("result-null", "rpc-result"), ("result-odd", "rpc-result"),
		("cut", "json-malformed"), ("error", "rpc-error"), ("huge", "http-too-large"), ("dead", "http-cut-short"))],
	*[errs(alone(mode + "@eth_getCode", "no-proof"), "code", reason) for mode, reason in (
		("status=500", "rpc-status"), ("result-upper", "rpc-result"), ("error=3", "rpc-error"))],
	*[errs(alone(mode + "@eth_getBlockByNumber"), "block", "quorum-not-reached") for mode in (
		"status=500", "result-null", "result-list", "error")],
])
END
}

@test "keys in URLs are never shown" {
	py <<'END'
KEY = "s3cretKey0123456789abcdef"
class Echo(Mode):
	"""says which project it does not know"""
	name = "echo"
	def answer(self, request):
		return {"error": {"code": -32000, "message": "no such project: " + KEY.upper()}}
class Elsewhere(Mode):
	"""sends to a URL with the key"""
	name = "elsewhere"
	def reply(self, request):
		return Reply(b"", 307, [("Location", "http://127.0.0.1:1/" + KEY)])
mine()
json.dump({}, open("x", "w"))
modes = (["echo"], ["elsewhere"], ["status=500"], ["dead"], ["not-json"], ["error"], ["slow=1500"], ["chain-id=1"],
	["header"], ["block-hash"], [], ["echo@eth_call"], ["echo@eth_getProof"], ["echo@eth_getBlockByNumber"])
urls = [liar(*one) for one in modes] + ["http://127.0.0.9:1/"]
texts = []
def one(url):
	url += "v3/" + KEY + "?apikey=" + KEY
	with_key = [HASH, "--rpc", url, "--rpc", url + "x", "--rpc", NODE, "--chain-id", "31337", "--timeout", "1",
		*registry("espresso-v7")]
	for more in (["--format", "json"], ["-v"], ["-v", "--quorum", "1"]):
		done = subprocess.run([ATTEST, "onchain", *with_key, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
		texts.append(done.stdout + done.stderr)
many(one, urls)
for bad in ("ftp://127.0.0.1/" + KEY, "http://rpc.example/" + KEY, "https://u:" + KEY + "@rpc.example/", "https:// /" + KEY):
	open("list", "w").write("# keys\n" + bad + "\n")
	for named in (["--rpc", bad], ["--rpc-file", "list"]):
		done = subprocess.run([ATTEST, "onchain", HASH, *named, "--chain-id", "1", *registry("espresso-v7")],
			stdout=subprocess.PIPE, stderr=subprocess.PIPE)
		texts.append(done.stdout + done.stderr)
		if done.returncode != 2:
			wrong((bad, done))
if len(texts) != 3 * len(urls) + 8:
	wrong(len(texts))
for text in texts:
	if not text or KEY.lower().encode() in text.lower() or KEY[:12].lower().encode() in text.lower():
		wrong(text)
END
}

# The last one: what it does to the chain stays.
@test "a reorganisation between questions" {
	# shellcheck disable=SC2034 # of teardown
	snapshot= # there is no way back from it
	args=("$(chain get families.espresso-v7.key)" --chain-id 31337 --block latest --min-strength claimed
		--registry "espresso-v7:$(chain get families.espresso-v7.address)")
	chain mine 5
	liar reorg=5
	exits 3 onchain "${args[@]}" --rpc "$url"
	prints 'onchain.code         error'
	prints '(block-unknown)'
	chain mine 5
	liar reorg=5 no-objects
	exits 3 onchain "${args[@]}" --rpc "$url"
	prints 'onchain.code         error'
	prints '(block-moved)'
}
