#!/usr/bin/env bats
# enclave-attest onchain: every family, every change of a contract, every kind of operand and of header, against real nodes.
# shellcheck disable=SC2154 # variables of onchain.bash
load onchain

@test "every family tells a registered image from another, as strongly as it can" {
	py <<'END'
json.dump({"PCR%d" % n: pcr for n, pcr in enumerate(FACTS["images"]["image"]["pcrs"])}, open("image.json", "w"))
json.dump({"PCR%d" % n: pcr for n, pcr in enumerate(FACTS["images"]["other"]["pcrs"])}, open("other.json", "w"))
weak = ("base-multiproof", "worldchain")
names = list(FACTS["families"])
rows([passes(["image.json", *BOTH, *registry(name)], "agreed" if name in weak else "proved") for name in names])
rows([fails(["other.json", *BOTH, *registry(name)], "registered",
	"other-hash" if name in ("base-multiproof", "generic-bytes32") else "not-registered",
	"agreed" if name in weak else "proved") for name in names])
rows([errs(["image.json", *rpcs(NODE), *registry(name)], "registered", "strength-too-low", "claimed") for name in names])
rows([errs(["other.json", *rpcs(NODE), *registry(name)], "registered", "strength-too-low", "claimed") for name in names])
rows([passes(["image.json", *rpcs(NODE), *registry(name), "--min-strength", "claimed"], "claimed") for name in names])
rows([errs(["image.json", *BOTH, *registry(name), "--min-strength", "proved"], "registered", "strength-too-low", "agreed")
	for name in weak])
caff = [word if word != "batch-poster" else "caff-node" for word in registry("espresso-v6")]
rows([fails(["image.json", *BOTH, *caff], "registered", "not-registered", "proved")])
END
}

@test "a hash, a PCR0, an image, a pcr.json: one question" {
	py <<'END'
eif = "usual.eif"
done = subprocess.run([os.environ["BUILD"] + "/enclave-verify", "eif", "--pcr-json", VECTORS + "/eif/" + eif],
	stdout=subprocess.PIPE)
open("eif.json", "wb").write(done.stdout)
change("register", "espresso-v7", "eif.json")
mine()
open("cut.eif", "wb").write(open(VECTORS + "/eif/" + eif, "rb").read()[:-1])
rows([
	*[passes([operand, *BOTH], "proved") for operand in (HASH, PCR0, VECTORS + "/pcr.json", VECTORS + "/eif/" + eif)],
	fails([OTHER, *BOTH], "registered", "not-registered"),
	(["cut.eif", *BOTH], 1, "eif.form", "fail", "eif-truncated"),
])
_, report, _ = onchain("cut.eif", *BOTH, *registry("espresso-v7"), "--chain-id", "31337")
if found(report, "onchain.registered") != "skip needs-eif.form":
	wrong(found(report, "onchain.registered"))
END
}

@test "registered, revoked, deleted; finalized is behind latest" {
	py <<'END'
latest = ["--block", "latest"]
v7 = [HASH, *BOTH]
mine()
rows([passes(v7, "proved"), passes(v7 + latest, "proved")])
change("revoke", "espresso-v7")
rows([passes(v7, "proved"), fails(v7 + latest, "registered", "not-registered", "proved")])
mine()
rows([fails(v7, "registered", "not-registered", "proved")])
args = ["--registry", "espresso-v7:" + V7["address"], "--chain-id", "31337"]
for key, revoked in ((HASH, True), (OTHER, False)):
	_, report, _ = onchain(key, *BOTH, *args)
	if ("revoked" in member(report, "registered", "message")) != revoked:
		wrong(report)
_, report, _ = onchain(HASH, *rpcs(liar("no-logs"), liar("no-logs", bind="127.0.0.3")), *args)
if found(report, "onchain.registered") != "fail not-registered":
	wrong(report)
change("register", "espresso-v7")
mine()
rows([passes(v7, "proved")])
change("delete", "espresso-v7")
mine()
rows([fails(v7, "registered", "not-registered", "proved")])
END
}

@test "another inner contract, another implementation, pins" {
	py <<'END'
v7 = [HASH, *BOTH]
hashes, accounts = V7["code_hashes"], V7["accounts"]
def pin(name, value):
	return ["--code-hash", name + "=" + value]
proxy, impl, inner = (hashes[name] for name in ("registry", "registry-implementation", "inner"))
wrong_hash = "0x" + "11" * 32
pins = pin("proxy", proxy) + pin("impl", impl) + pin("inner", inner)
mine()
rows([
	passes(v7 + pins + ["--inner", accounts["inner"]], "proved"),
	fails(v7 + pin("proxy", wrong_hash), "code", "code-hash-mismatch"),
	fails(v7 + pin("impl", inner), "code", "code-hash-mismatch"),
	fails(v7 + pin("inner", proxy), "code", "code-hash-mismatch"),
	fails(v7 + ["--inner", accounts["registry"]], "pointers", "pointer-mismatch"),
])
number = int(CHAIN.rpc.call("eth_blockNumber"), 16)
change("switch", "espresso-v7")
mine()
rows([
	fails(v7, "registered", "not-registered", "proved"),
	fails(v7 + ["--inner", accounts["inner"]], "pointers", "pointer-mismatch"),
	passes(v7 + ["--block", str(number)] + pins, "proved"),
])
change("switch", "espresso-v7", accounts["inner"])
change("upgrade", "espresso-v7", "two")
mine()
status, report, _ = onchain(*v7, *pins, *registry("espresso-v7"), "--chain-id", "31337")
if status != 1 or found(report, "onchain.code") != "fail code-hash-mismatch":
	wrong(report)
status, report, _ = onchain(*v7, *registry("espresso-v7"), "--chain-id", "31337")
if status not in (1, 3):
	wrong(report)
change("upgrade", "espresso-v7", "EspressoV7Outer")
mine()
rows([passes(v7, "proved")])
# a contract that nothing points back from
stray = CHAIN.on.deploy("EspressoV7Inner", "0x" + "22" * 20, "0x" + "00" * 20)
change("switch", "espresso-v7", stray)
mine()
rows([fails(v7, "pointers", "back-pointer-mismatch")])
END
}

@test "no family's contract passes as one of another generation" {
	py <<'END'
names = [name for name in FACTS["families"] if name.startswith("espresso")]
def one(pair):
	profile, contract = pair
	args = [word.replace(FACTS["families"][profile]["address"], FACTS["families"][contract]["address"])
		for word in registry(profile)]
	for strength in ("proved", "claimed"):
		status, report, _ = onchain(HASH, *BOTH, *args, "--chain-id", "31337", "--min-strength", strength)
		if status not in (1, 3) or found(report, "onchain.registered") == "pass":
			return "%s of %s: %s" % (profile, contract, report)
	return None
for problem in many(one, [(a, b) for a in names for b in names if a != b]):
	if problem:
		wrong(problem)
v1 = ["--registry", "espresso-v1:" + V7["address"]]
v7 = ["--registry", "espresso-v7:" + FACTS["families"]["espresso-v1"]["address"]]
rows([
	fails([HASH, *BOTH, *v1], "code", "generation-mismatch"),
	fails([HASH, *BOTH, *v7], "code", "generation-mismatch"),
])
END
}

@test "nothing there, and every odd answer" {
	py <<'END'
def at(address):
	return [HASH, *BOTH, "--registry", "base-systemconfig:" + address]
def odd(name):
	return at(FACTS["odd"][name])
malformed = ("two", "all-ones", "high-bit", "short", "long", "empty")
reverts = ("reason", "no-reason", "panic", "out-of-gas", "invalid")
rows([
	fails(at("0x" + "ab" * 20), "code", "no-code"),
	fails([HASH, *BOTH, "--registry", "espresso-v7:0x" + "ab" * 20], "code", "no-code"),
	*[errs(odd(name), "registered", "answer-malformed") for name in malformed],
	*[errs(odd(name), "registered", "call-reverted") for name in reverts],
	errs(odd("true"), "registered", "slot-rule-mismatch"),
	errs(odd("huge"), "registered", "quorum-not-reached"),
	errs([HASH, *rpcs(NODE), "--registry", "base-systemconfig:" + FACTS["odd"]["huge"]], "registered",
		"http-too-large"),
])
END
}

@test "a signer and the image it was registered for" {
	py <<'END'
mine()
signer, stranger = FACTS["signer"], "0x" + "ab" * 20
json.dump({"PCR%d" % n: pcr for n, pcr in enumerate(FACTS["images"]["image"]["pcrs"])}, open("image.json", "w"))
def ask(name, who, servers=BOTH):
	return ["image.json", *servers, *registry(name), "--signer", who]
rows([
	passes(ask("espresso-v7", signer), "proved"),
	passes(ask("espresso-v6", signer), "proved"),
	fails(ask("espresso-v7", stranger), "signer", "signer-not-valid"),
	passes(ask("marlin-auther", signer), "proved"),
	errs(ask("worldchain", signer), "signer", "signer-unsupported"),
	errs(ask("espresso-v7", signer, rpcs(NODE, liar("call=0x6d8f5aa9:0x" + "0" * 64))), "signer", "servers-disagree"),
])
change("register", "espresso-v7", "other")
change("sign", "espresso-v7", "0x00000000000000000000000000000000000000aa", "other")
mine()
rows([fails(ask("espresso-v7", "0x00000000000000000000000000000000000000aa"), "signer", "signer-other-hash")])
END
}

@test "servers from a file, and the text for people" {
	chain mine 5
	address=$(chain get families.espresso-v7.address)
	node=$(chain get rpc)
	key=$(chain get families.espresso-v7.key)
	args=(--chain-id 31337 --registry "espresso-v7:$address")
	printf '# two servers\n\n  %s \n%s\r\n' "$node" "${node/127.0.0.1/localhost}" >list
	exits 0 onchain "$key" --rpc-file list "${args[@]}"
	prints "PASS  $key"
	prints 'registered: proved'
	nothing_said
	exits 0 onchain "$key" --rpc "$node" --rpc-file list "${args[@]}" -q
	nothing_printed
	exits 0 onchain "$key" --rpc "$node" "${args[@]}" --min-strength claimed
	prints "PASS (one server's word)  $key"
	exits 3 onchain "$key" --rpc "$node" "${args[@]}"
	prints '(strength-too-low)'
	liar status=500
	exits 3 onchain "$key" --rpc "$url" "${args[@]}"
	prints '(rpc-status)'
	exits 1 onchain "$(chain get images.other.hash)" --rpc-file list "${args[@]}" -o out.txt
	nothing_printed
	grep -q '^FAIL .*onchain.registered' out.txt
	exits 0 onchain "$key" --rpc-file list "${args[@]}" --require 'onchain.code,onchain.proof'
	exits 1 onchain "$key" --rpc-file list "${args[@]}" --require 'onchain.*'
	prints '(required-skipped)'
}

@test "headers of every fork, and of one that is not known" {
	py <<'END'
def one(fork):
	folder = os.path.join(os.getcwd(), fork)
	bench.main([folder, "start", "--empty", "--hardfork", fork])
	try:
		node = bench.Chain(folder)
		contract = bench.families.GenericBool(node.on)
		contract.set(node.image("image"), True)
		node.mine(8)
		url = node.facts["rpc"]
		generic = [word if not word.startswith("generic:") else "generic:" + contract.registry for word in registry("generic-bool")]
		got = []
		for key in (HASH, OTHER):
			_, report, _ = onchain(key, "--rpc", url, "--rpc", url.replace("127.0.0.1", "localhost"), *generic, "--chain-id", "31337")
			got.append((found(report, "onchain.proof"), found(report, "onchain.registered"), member(report, "registered")))
		if got != [("pass", "pass", "proved"), ("pass", "fail not-registered", "proved")]:
			return fork + ": " + str(got)
	finally:
		bench.stop(folder)
for problem in many(one, ["london", "paris", "shanghai", "cancun", "prague", "osaka"]):
	if problem:
		wrong(problem)
new = "header-raw=blockAccessListHash:\"0x" + "11" * 32 + "\""
unknown = rpcs(liar(new), liar(new, bind="127.0.0.3"))
mine()
rows([
	passes([HASH, *unknown], "agreed"),
	errs([HASH, *unknown, "--min-strength", "proved"], "registered", "strength-too-low", "agreed"),
	passes([HASH, *unknown, "--rpc", NODE], "proved"),
])
END
}

@test "the second client, which knows no blocks by hash in calls" {
	py <<'END'
folder = os.path.join(os.getcwd(), "ganache")
bench.main([folder, "start", "--client", "ganache", "--empty"])
try:
	node = bench.Chain(folder)
	contract = bench.families.GenericBool(node.on)
	contract.set(node.image("image"), True)
	node.mine(2)
	url = node.facts["rpc"]
	generic = [word if not word.startswith("generic:") else "generic:" + contract.registry for word in registry("generic-bool")]
	two = ["--rpc", url, "--rpc", url.replace("127.0.0.1", "localhost"), *generic, "--block", "latest"]
	rows([
		passes([HASH, *two], "proved"),
		fails([OTHER, *two], "registered", "not-registered", "proved"),
		errs([OTHER, "--rpc", url, *two[4:]], "registered", "strength-too-low", "claimed"),
		errs([HASH, "--rpc", url, "--min-strength", "claimed", "--block", "latest", "--registry", "base-multiproof:" + contract.registry],
			"registered", "call-reverted"),
	])
finally:
	bench.stop(folder)
END
}

@test "the command line" {
	address=$(chain get families.espresso-v7.address)
	v7=(--registry "espresso-v7:$address" --chain-id 31337)
	rpc=(--rpc https://rpc.example/)
	hash=$(chain get families.espresso-v7.key)
	pcr0=$(chain get images.image.pcrs.0)
	zero=$(printf %096d 0)
	refuses 'one HASH, PCR0 or FILE is needed' onchain "${rpc[@]}" "${v7[@]}"
	refuses 'one HASH, PCR0 or FILE is needed' onchain "$hash" "$hash" "${rpc[@]}" "${v7[@]}"
	refuses '--registry PROFILE:ADDRESS is needed' onchain "$hash" "${rpc[@]}" --chain-id 1
	refuses '--rpc or --rpc-file is needed' onchain "$hash" "${v7[@]}"
	refuses '--chain-id' onchain "$hash" "${rpc[@]}" --registry "espresso-v7:$address"
	refuses '--quorum' onchain "$hash" "${rpc[@]}" "${v7[@]}" --quorum 0
	refuses '--quorum' onchain "$hash" "${rpc[@]}" "${v7[@]}" --quorum 2
	refuses '--quorum' onchain "$hash" "${rpc[@]}" --rpc https://RPC.example:444/other "${v7[@]}" --quorum 2
	refuses 'plain http to another machine' onchain "$hash" --rpc http://rpc.example/ "${v7[@]}"
	refuses '(http-url)' onchain "$hash" --rpc rpc.example "${v7[@]}"
	refuses 'at' onchain "$hash" "${rpc[@]}" "${v7[@]}" --at now
	refuses 'nonce' onchain "$hash" "${rpc[@]}" "${v7[@]}" --nonce 00
	refuses 'pcr' onchain "$hash" "${rpc[@]}" "${v7[@]}" --pcr "0=$pcr0"
	refuses 'all-zero PCR0' onchain 0xc980e59163ce244bb4bb6211f48c7b46f88a4f40943e84eb99bdc41e129bd293 "${rpc[@]}" "${v7[@]}"
	refuses 'it names no image' onchain "0x$(printf %064d 0)" "${rpc[@]}" "${v7[@]}"
	refuses 'it names no image' onchain "0x$(printf '%064d' 0 | tr 0 f)" "${rpc[@]}" "${v7[@]}"
	refuses 'it names no image' onchain "$zero" "${rpc[@]}" "${v7[@]}"
	echo "{\"PCR0\":\"$zero\"}" >zero.json
	exits 2 onchain zero.json "${rpc[@]}" "${v7[@]}"
	complains 'it names no image'
	for rule in keccak256-pcr012 keccak256-keccaks; do
		generic=(--registry "generic:$address" --chain-id 1 --selector 0x12345678 --value bool --hash-rule "$rule")
		exits 2 onchain "$pcr0" "${rpc[@]}" "${generic[@]}"
		complains 'give a FILE with all of them, or the HASH itself (pcr-missing)'
	done
	echo "{\"PCR0\":\"$pcr0\"}" >one.json
	exits 1 onchain one.json "${rpc[@]}" --registry "worldchain:$address" --chain-id 1
	complains '(pcr-missing)'
	prints 'FAIL  one.json: document.form'
	echo "{\"PCR1\":\"$pcr0\"}" >none.json
	exits 1 onchain none.json "${rpc[@]}" "${v7[@]}"
	complains 'no PCR0 in it (pcr-missing)'
	prints 'FAIL  none.json: document.form'
	echo '{' >bad.json
	exits 1 onchain bad.json "${rpc[@]}" "${v7[@]}"
	complains 'bad.json: line 2, column 1: '
	prints '(json-malformed)'
	# whatever is wrong with it, there is a report, and one line of JSON
	for file in bad.json none.json one.json ./nowhere .; do
		status=1
		[ -f "$file" ] || status=3
		exits "$status" onchain "$file" "${rpc[@]}" --registry "worldchain:$address" --chain-id 1 --format json
		python3 - "$tmp/out" <<'END'
import json, sys
(line,) = open(sys.argv[1])
checks = json.loads(line)["checks"]
assert checks[0]["id"] == "document.form" and checks[0]["status"] in ("fail", "error"), checks
rest = {c["id"]: c.get("reason") for c in checks}
assert rest["onchain.registered"] == "needs-document.form", rest
END
	done
	exits 2 onchain "$pcr0" "${rpc[@]}" --registry "generic:$address" --chain-id 1 --selector 0x12345678 --value bool --hash-rule raw
	for option in --user-data=00 --public-key=00 --instance-id=i-00 --allow-debug --max-age=1 --max-skew=1; do
		exits 2 onchain "$hash" "${rpc[@]}" "${v7[@]}" "$option"
		complains 'are for a document'
	done
	exits 2 onchain "$hash" "${rpc[@]}" "${v7[@]}" --signer from-document
	complains 'there is no document'
	exits 3 onchain ./nowhere "${rpc[@]}" "${v7[@]}"
	exits 2 onchain "$hash" --rpc-file nowhere "${v7[@]}"
	printf '# nothing\n' >empty
	exits 2 onchain "$hash" --rpc-file empty "${v7[@]}"
	complains 'no URL in it'
	printf 'https://a.example/\0x\n' >nul
	exits 2 onchain "$hash" --rpc-file nul "${v7[@]}"
	seq -f 'https://h%g.example/' 17 >many
	exits 2 onchain "$hash" --rpc-file many "${v7[@]}"
	complains '(rpc-servers)'
	seq -f 'https://h.example/%g' 5 >many
	exits 2 onchain "$hash" --rpc-file many "${v7[@]}"
	complains '(rpc-servers)'
	exits 2 onchain "$hash" "${rpc[@]}" "${v7[@]}" --cacert nowhere
	exits 2 onchain "$hash" "${rpc[@]}" "${v7[@]}" --require nonsense
	# and of check
	exits 2 check https://e.example --profile odyn "${rpc[@]}"
	complains 'have no meaning without --registry'
	exits 2 check https://e.example --profile odyn "${v7[@]}"
	complains '--rpc or --rpc-file is needed'
	exits 2 check https://e.example --profile odyn --chain-id 1
}
