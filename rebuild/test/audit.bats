#!/usr/bin/env bats
# enclave-rebuild audit: an image, statements, a running enclave and a contract held against each other.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # variables of helpers.bash, audit.bash and chain.bash
load helpers
load audit
load "$TOP/attest/test/chain"

setup_file() {
	local name
	cd "$BATS_FILE_TMPDIR" || return 1
	for name in image other; do
		echo "$name" >r
		"$BUILD/enclave-rebuild" assemble --kernel r --cmdline x --ramdisk r -q -o "$name.eif"
		"$BUILD/enclave-verify" eif "$name.eif" --pcr-json >"$name.json"
		enclave_start "$name" "$name.eif"
	done
	printf '{"PCR0":"%096d","PCR1":"%096d","PCR2":"%096d"}' 0 0 0 >debug.json
	enclave_start debug debug.json
	for name in alice bob; do
		openssl genpkey -algorithm ed25519 -out "$name.key" 2>/dev/null
		openssl pkey -in "$name.key" -pubout -out "$name.pem"
	done
	chain_start
}

teardown_file() {
	enclaves_stop
	chain_stop
}

setup() {
	umask 022
	mkdir "$tmp/work"
	cd "$tmp/work" || return 1
	eif=$BATS_FILE_TMPDIR/image.eif
	pcrs=$BATS_FILE_TMPDIR/image.json
	other=$BATS_FILE_TMPDIR/other.eif
	pcr0=$(pcr0_of image)
	commit=$(printf '%040d' 1)
	image_id=$(printf '%064d' 7)
	given=(--out o --built-eif "$eif")
	root=(--root "$enclaves/image/root.pem")
	recipe "$(enclave image)"
}

pcr0_of() {
	sed -n 's/.*"PCR0": "\(.*\)".*/\1/p' "$BATS_FILE_TMPDIR/$1.json"
}

# recipe SECTION: r.json with these further members.
recipe() {
	cat >r.json <<-EOF_RECIPE
		{"schema": 1, "name": "batcher", "source": {"repository": "https://git.example/a", "commit": "$commit"},
		 "build": {"attribute": "eif", "eif": "a.eif"}${1:+, $1}}
	EOF_RECIPE
}

# enclave NAME [MORE]: the recipe's section about one of the enclaves.
enclave() {
	echo "\"enclave\": {\"url\": \"$(url "$1")\", \"profile\": \"odyn\"${2-}}"
}

# contract: that about the contract.
contract() {
	local rpc address
	rpc=$(chain get rpc)
	address=$(chain get families.espresso-v7.address)
	echo "\"onchain\": {\"chain_id\": \"31337\", \"registry\": \"espresso-v7:$address\", \"block\": \"latest\"," \
		"\"max_block_age\": 4000, \"rpc\": [\"$rpc\", \"${rpc/127.0.0.1/localhost}\"]}"
}

# states NAME KEY FILE FACT...: FILE, a statement of that image signed by alice or bob.
states() {
	local of=$1 key=$2 file=$3
	shift 3
	python3 "$TOP/rebuild/test/statement.py" "$BATS_FILE_TMPDIR/$key.key" "$BATS_FILE_TMPDIR/$of.json" "$@" >"$file"
}

# audits STATUS BAD ARG...: exit status, and the verdict line ends with BAD; nothing but progress is said.
audits() {
	local wanted=$1 bad=$2 first
	shift 2
	exits "$wanted" audit r.json "${root[@]}" "$@"
	first=${out%%$'\n'*}
	[[ $first == *"  batcher$bad" ]] || report "$called: '$bad' on the first line expected"
}

unbound='some genuine enclave answered, not necessarily the other end of this connection'

@test "image and enclave agree: pass, and the first line says what that does not rest on" {
	audits 0 '' "${given[@]}"
	[[ ${out%%$'\n'*} == 'PASS (custom root '*", nothing built: the image was given, no contract asked, $unbound)  batcher" ]]
	prints '  pcr0.match           ok    '
	prints ' (the image given)'
	prints '  source.commit        skip  not built in this run'
	prints '  onchain.registered   skip  not asked for'
	prints 'Note: an audit is about the moment at which the enclave answered'
	cp "$tmp/out" text
	grep -q '<!DOCTYPE html>' o/report.html
	grep -q '"verdict":"pass"' o/report.json
	grep -q '"verdict":"pass"' o/build-info.json
	exits 0 audit r.json "${root[@]}" "${given[@]}" --format json
	py "$tmp/out" "$pcr0" <<-'END'
		report = json.load(open(sys.argv[1]))
		ids = [c["id"] for c in report["checks"]]
		if len(set(ids)) != len(ids):
		    wrong("twice: %s" % ids)
		wanted = """source.commit source.signature source.pins image.digest image.files build.completed build.independent
		    build.pcrs eif.form eif.crc eif.signature image.in_eif statement.form statement.signature statement.threshold
		    statement.commit statement.image endpoint.fetch document.form claims.form chain.root chain.time
		    cose.signature claims.age nonce.match user_data.match public_key.match pcr.debug pcr0.match pcr1.match
		    pcr2.match enclave_hash.match endpoint.tls onchain.chain_id onchain.block onchain.code onchain.pointers
		    onchain.proof onchain.registered onchain.signer""".split()
		if ids != wanted:
		    wrong(ids)
		says = {one["from"]: one["pcrs"]["0"] for one in report["registers"]}
		if says != {"the image given": sys.argv[2], "document": sys.argv[2]}:
		    wrong(says)
		if report["target"]["name"] != "batcher" or "/v1/attestation" not in report["target"]["url"]:
		    wrong(report["target"])
	END
	audits 0 '' "${given[@]}" --expect-pcr0 "$pcr0" --pcrs "$pcrs" --enclave-hash \
		"$("$BUILD/enclave-verify" hash "$pcr0")"
	prints '  enclave_hash.match   ok'
}

@test "in a job of GitHub Actions: a page, and lines for later steps" {
	export GITHUB_STEP_SUMMARY=$PWD/page GITHUB_OUTPUT=$PWD/output
	audits 0 '' "${given[@]}"
	grep -q '^## PASS (custom root .* <code>batcher</code>$' page
	grep -q "^| pcr0.match | equal | <code>$pcr0</code> | <code>$pcr0</code> |" page
	printf 'pcr0=%s\nenclave_hash=%s\nverdict=pass\n' "$pcr0" "$("$BUILD/enclave-verify" hash "$pcr0")" | cmp - output
	audits 1 ': pcr0.match' "${given[@]}" --expect-pcr0 "$(printf '%096d' 1)"
	[ "$(tail -n 1 output)" = verdict=fail ]
	# a pass that could not be kept
	audits 3 '' "${given[@]}" --save no/such
	[ "$(tail -n 1 output)" = verdict=error ]
}

@test "one of them is another image: who says what" {
	recipe "$(enclave other)"
	root=(--root "$enclaves/other/root.pem")
	audits 1 ': pcr0.match' "${given[@]}"
	prints '  pcr0.match           FAIL  PCR0 is not the expected one (pcr-mismatch)'
	prints "PCR0 $pcr0  the image given"
	prints "PCR0 $(pcr0_of other)  document"
	prints 'Commit, expected values and enclave do not go together: the report says who says what.'
	audits 1 ': pcr0.match' "${given[@]}" -v
	prints "      expected  $pcr0   the image given"
	prints "      actual    $(pcr0_of other)   document"
	# enclave and expectation agree, and are not what was rebuilt
	audits 1 ': pcr0.match' "${given[@]}" --expect-pcr0 "$(pcr0_of other)" -v
	prints "PCR0 $(pcr0_of other)  recipe"
	prints "      expected  $pcr0   the image given"
	# enclave and image agree, and are not what is expected, wherever that stands
	audits 1 ': pcr0.match' --out o --built-eif "$other" --expect-pcr0 "$pcr0" -v
	prints "      expected  $pcr0   recipe"
	recipe "$(enclave other), \"expect\": {\"pcr0\": \"$pcr0\"}"
	audits 1 ': pcr0.match' --out o --built-eif "$other"
	audits 1 ': pcr0.match' --out o --built-eif "$other" --pcrs "$BATS_FILE_TMPDIR/other.json"
	audits 1 ': pcr0.match' --out o --built-eif "$other" --eif "$other"
	audits 0 '' --out o --built-eif "$other" --expect-pcr0 "$(pcr0_of other)"
	# the hash of another image
	audits 1 ': enclave_hash.match' --out o --built-eif "$other" --expect-pcr0 "$(pcr0_of other)" \
		--enclave-hash "$("$BUILD/enclave-verify" hash "$pcr0")"
	prints '(enclave-hash-mismatch)'
	# an image that no enclave starts from is no reference
	printf x >broken
	audits 1 ': eif.form' --out o --built-eif broken
	head -c -1 "$other" >broken
	printf y >>broken
	audits 1 ': eif.crc' --out o --built-eif broken
}

@test "without one of the two sides there is no verdict, whatever passes" {
	audits 3 ': audit-no-image' --pcrs "$pcrs"
	prints '  pcr0.match           ok'
	prints 'No verdict: neither a rebuild (--out) nor a signed statement (--statement)'
	recipe
	audits 3 ': audit-no-enclave' "${given[@]}" --expect-pcr0 "$pcr0"
	prints '  endpoint.fetch       skip  the recipe names no enclave'
	prints '  document.form        skip  needs endpoint.fetch'
	prints '  pcr0.match           ok'
	audits 3 ': audit-no-enclave' "${given[@]}"
	prints '  enclave_hash.match   skip'
	audits 3 ': audit-no-image'
	exits 3 audit r.json "${root[@]}" --format json
	prints '"verdict":"error","reason":"audit-no-image"'
	exits 3 audit r.json "${root[@]}" "${given[@]}" --format json
	prints '"verdict":"error","reason":"audit-no-enclave"'
	# a mismatch is one without an enclave, too
	audits 1 ': pcr0.match' "${given[@]}" --expect-pcr0 "$(pcr0_of other)"
	prints '      actual    '
	prints '   image'
	# nothing answers: the same
	recipe '"enclave": {"url": "http://127.0.0.1:1/", "profile": "odyn"}'
	audits 3 ': endpoint.fetch' "${given[@]}"
	prints 'No document came: nothing is known of what runs there.'
	audits 3 ': endpoint.fetch' "${given[@]}" --expect-pcr0 "$pcr0"
	audits 1 ': pcr0.match' "${given[@]}" --expect-pcr0 "$(pcr0_of other)"
	states image alice s.json
	audits 1 ': pcr0.match' --statement s.json --key "$BATS_FILE_TMPDIR/alice.pem" --expect-pcr0 "$(pcr0_of other)"
	prints '   statement'
	audits 3 ': endpoint.fetch' --statement s.json --key "$BATS_FILE_TMPDIR/alice.pem" --expect-pcr0 "$pcr0"
	# an enclave of somebody else's
	recipe "$(enclave other)"
	audits 1 ': chain.root' "${given[@]}"
	prints '  pcr0.match           skip  needs chain.root'
}

@test "every combination of image, enclave and expectation ends as it must" {
	states image alice stated.json
	states other alice other-stated.json
	states image bob unknown.json
	head -c -1 "$eif" >broken
	printf y >>broken
	export ENCLAVES_OF=$enclaves FILES=$BATS_FILE_TMPDIR
	for name in image other debug; do
		url "$name" >"$name.url"
	done
	py "$commit" <<-'END'
		REBUILD = os.path.join(os.environ["BUILD"], "enclave-rebuild")
		FILES, ENCLAVES = os.environ["FILES"], os.environ["ENCLAVES_OF"]
		PCR0 = {name: json.load(open(f"{FILES}/{name}.json"))["PCR0"] for name in ("image", "other")}
		KEY = ["--key", FILES + "/alice.pem"]
		# what stands for the image: options, which image that is, and whether a check fails by itself
		IMAGES = {
		    "none": ([], None, False),
		    "given": (["--built-eif", FILES + "/image.eif"], "image", False),
		    "other": (["--built-eif", FILES + "/other.eif"], "other", False),
		    "broken": (["--built-eif", "broken"], None, True),
		    "stated": (["--statement", "stated.json", *KEY], "image", False),
		    "other stated": (["--statement", "other-stated.json", *KEY], "other", False),
		    "unknown key": (["--statement", "unknown.json", *KEY], None, True),
		    "given and stated": (["--built-eif", FILES + "/image.eif", "--statement", "stated.json", *KEY], "image", False),
		    "at odds": (["--built-eif", FILES + "/image.eif", "--statement", "other-stated.json", *KEY], "image", True),
		}
		# the enclave: URL, root, which image it runs, whether a check fails by itself, whether nothing answers
		def runs(name):
		    return open(name + ".url").read().strip()
		ENCLAVE = {
		    "none": (None, "image", None, False, False),
		    "runs it": (runs("image"), "image", "image", False, False),
		    "runs another": (runs("other"), "other", "other", False, False),
		    "debug": (runs("debug"), "debug", "debug", True, False),
		    "allowed debug": (runs("debug"), "debug", "debug", False, False),
		    "somebody else's": (runs("image"), "other", None, True, False),
		    "unreachable": ("http://127.0.0.1:1/", "image", None, False, True),
		}
		rows = [(i, e, x) for i in IMAGES for e in ENCLAVE for x in (None, "image", "other")]

		def wanted(row):
		    options, image, image_fails = IMAGES[row[0]]
		    url, root, runs, enclave_fails, unreachable = ENCLAVE[row[1]]
		    known = {value for value in (image, runs, row[2]) if value}
		    # of an enclave that is not proven, nothing is known
		    if image_fails or enclave_fails or len(known) > 1:
		        return 1
		    return 3 if unreachable or url is None or image is None else 0

		def judge(item):
		    number, row = item
		    url, root, *_ = ENCLAVE[row[1]]
		    recipe = {"schema": 1, "name": "batcher", "source": {"repository": "https://git.example/a", "commit": sys.argv[1]},
		        "build": {"attribute": "eif", "eif": "a.eif"}}
		    if url:
		        recipe["enclave"] = {"url": url, "profile": "odyn"}
		    if row[2]:
		        recipe["expect"] = {"pcr0": PCR0[row[2]]}
		    with open(f"{number}.json", "w") as file:
		        json.dump(recipe, file)
		    options = list(IMAGES[row[0]][0])
		    if "--built-eif" in options:
		        options += ["--out", f"out{number}"]
		    if row[1] == "allowed debug":
		        options.append("--allow-debug")
		    done = subprocess.run([REBUILD, "audit", f"{number}.json", "--root", f"{ENCLAVES}/{root}/root.pem", *options,
		        "--format", "json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
		    return row, done

		for row, done in many(judge, list(enumerate(rows))):
		    report = json.loads(done.stdout)
		    statuses = {c["id"]: c["status"] for c in report["checks"]}
		    if done.returncode != wanted(row):
		        wrong("%s: exit %d, not %d: %s" % (row, done.returncode, wanted(row), statuses))
		    if {0: "pass", 1: "fail", 3: "error"}[done.returncode] != report["verdict"]:
		        wrong("%s: %s" % (row, report["verdict"]))
		    if done.returncode == 0 and (statuses["pcr0.match"], statuses["cose.signature"], statuses["nonce.match"]) != ("pass",) * 3:
		        wrong("%s passes: %s" % (row, statuses))
		    if len(statuses) != len(report["checks"]):
		        wrong("%s: a check stands twice" % (row,))
		passes = [row for row in rows if wanted(row) == 0]
		print(len(rows), "rows,", len(passes), "of them pass")
		if len(rows) != 189 or len(passes) != 10:
		    wrong((len(rows), passes))
	END
}

@test "a debug enclave runs no image that can be shown" {
	recipe "$(enclave debug)"
	root=(--root "$enclaves/debug/root.pem")
	audits 1 ': pcr.debug' "${given[@]}"
	audits 1 ': pcr0.match' "${given[@]}" --allow-debug
	prints '  pcr.debug            skip'
	[[ $out == 'FAIL (custom root '*', debug enclave)  batcher: pcr0.match'* ]]
	audits 3 ': audit-no-image' --allow-debug --pcrs "$BATS_FILE_TMPDIR/debug.json"
}

@test "signed statements in the place of a rebuild, and beside one" {
	alice=(--key "$BATS_FILE_TMPDIR/alice.pem")
	both=("${alice[@]}" --key "$BATS_FILE_TMPDIR/bob.pem")
	states image alice a.json
	states image bob b.json
	states other alice o.json
	audits 0 '' --statement a.json "${alice[@]}"
	[[ $out == *'not rebuilt here: the word of those who signed, no contract asked'* ]]
	prints '  statement.commit     ok    00000000...0001 (recipe)'
	prints ' (statement)'
	prints '  build.completed      skip  not built in this run'
	audits 0 '' --statement a.json --statement b.json "${both[@]}" --threshold 2
	prints '2 of 2 keys signed, 2 must; they agree'
	audits 0 '' --statement a.json "${both[@]}" --threshold 1 "${given[@]}"
	prints 'they agree, and with the image measured here'
	# not enough of them, nobody known, another image
	audits 1 ': statement.threshold' --statement a.json "${both[@]}"
	prints '(statement-threshold)'
	[[ $out != *'  pcr0.match'* ]]
	audits 1 ': statement.signature' --statement b.json "${alice[@]}"
	audits 1 ': pcr0.match' --statement o.json "${alice[@]}"
	prints "PCR0 $(pcr0_of other)  statement"
	audits 1 ': statement.threshold' --statement o.json "${alice[@]}" "${given[@]}"
	prints 'the statements name another PCR0 than the image measured here (statement-other-image)'
	audits 1 ': statement.threshold' --statement a.json --statement o.json "${alice[@]}"
	prints '(statement-disagree)'
	# of another commit, another output of the flake, another container image, or of none
	states image alice a.json "commit=$(printf '%040d' 2)"
	audits 1 ': statement.commit' --statement a.json "${alice[@]}"
	prints '(statement-commit-mismatch)'
	states image alice a.json attribute=eif-debug
	audits 1 ': statement.commit' --statement a.json "${alice[@]}"
	prints 'eif-debug, not eif (statement-attribute)'
	audits 0 '' --statement a.json "${alice[@]}" --attribute eif-debug
	recipe "$(enclave image), \"image\": {\"reference\": \"registry.example/a@sha256:$image_id\", \"platform\": \"linux/amd64\"}"
	states image alice a.json "image=$image_id"
	audits 0 '' --statement a.json "${alice[@]}"
	states image alice a.json "image=$(printf '%064d' 8)"
	audits 1 ': statement.image' --statement a.json "${alice[@]}"
	prints '(statement-image-mismatch)'
	states image alice a.json
	audits 1 ': statement.image' --statement a.json "${alice[@]}"
	prints '(statement-image-missing)'
	# what is no statement
	echo '{}' >a.json
	audits 1 ': statement.form' --statement a.json "${alice[@]}"
	# compared with nothing by whoever built: said, and enough
	recipe "$(enclave image)"
	states image alice a.json verdict=no-expectations
	audits 0 '' --statement a.json "${alice[@]}"
	prints 'compared it with nothing'
}

@test "the contract is held against what runs" {
	chain_needed
	recipe "$(enclave image), $(contract)"
	audits 1 ': onchain.registered' "${given[@]}"
	prints '(not-registered)'
	chain register espresso-v7 "$pcr0"
	audits 0 '' "${given[@]}" --require 'onchain.registered,pcr0.match,endpoint.fetch'
	[[ $out == "PASS (custom root "*", nothing built: the image was given, $unbound)  batcher"$'\n'* ]]
	prints '  onchain.registered   ok    registered: proved'
	exits 0 audit r.json "${root[@]}" "${given[@]}" --format json
	prints "\"key\":\"$("$BUILD/enclave-verify" hash "$pcr0")\""
	# it accepts what runs, but that is not the commit's image: not even asked
	audits 1 ': pcr0.match' --out o --built-eif "$other"
	prints '  onchain.registered   skip  needs pcr0.match'
	# options in the place of keys
	audits 3 ': onchain.registered' "${given[@]}" --rpc "$(chain get rpc)"
	prints '(strength-too-low)'
	audits 0 '' "${given[@]}" --rpc "$(chain get rpc)" --min-strength claimed
	[[ $out == *"one server's word"* ]]
	audits 1 ': onchain.chain_id' "${given[@]}" --chain-id 1
	prints '(chain-id-mismatch)'
	audits 3 ': onchain.chain_id' "${given[@]}" --rpc http://127.0.0.1:1
	# where nothing runs, what was rebuilt is asked about, but that is no audit
	recipe "$(contract)"
	audits 3 ': audit-no-enclave' "${given[@]}"
	prints '  onchain.registered   ok'
	audits 1 ': onchain.registered' --out o --built-eif "$other"
	recipe "\"enclave\": {\"url\": \"http://127.0.0.1:1/\", \"profile\": \"odyn\"}, $(contract)"
	audits 3 ': endpoint.fetch' "${given[@]}"
	prints '  onchain.registered   skip  needs endpoint.fetch'
	# by options alone; no longer there
	recipe "$(enclave image)"
	registry=espresso-v7:$(chain get families.espresso-v7.address)
	audits 0 '' "${given[@]}" --registry "$registry" --chain-id 31337 --block latest --max-block-age 4000 \
		--rpc "$(chain get rpc)" --rpc "$(chain get rpc | sed s/127.0.0.1/localhost/)"
	recipe "$(enclave image), $(contract)"
	chain revoke espresso-v7 "$pcr0"
	audits 1 ': onchain.registered' "${given[@]}"
}

@test "a bundle is judged by somebody else to the same answer" {
	chain_needed
	chain register espresso-v7 "$pcr0"
	recipe "$(enclave image), $(contract)"
	states image alice s.json
	key=(--statement s.json --key "$BATS_FILE_TMPDIR/alice.pem")
	audits 0 '' "${given[@]}" "${key[@]}" --save b
	[ "$(cd b && echo *)" = 'SHA256SUMS document.cbor eif.json nonce.bin onchain.json policy.json report.json statement.json time.txt' ]
	cmp s.json b/statement.json
	cmp <("$BUILD/enclave-verify" eif "$eif" --pcr-json) b/eif.json
	cmp b/report.json o/report.json
	registry=espresso-v7:$(chain get families.espresso-v7.address)
	py b "$registry" <<-'END'
		policy = json.load(open(sys.argv[1] + "/policy.json"))
		if policy["onchain"] != {"registry": sys.argv[2].lower(), "chain_id": "31337", "min_strength": "agreed"}:
		    wrong(policy)
		if [one["from"] for one in policy["expect"]] != []:
		    wrong(policy["expect"])
	END
	block=$(python3 -c 'import json; print(json.load(open("b/onchain.json"))["servers"][0]["block"]["hash"])' 2>/dev/null ||
		grep -oE '"hash":"0x[0-9a-f]{64}"' b/onchain.json | head -n 1 | cut -d '"' -f 4)
	judge=("${root[@]}" --pcrs "$pcrs" --key "$BATS_FILE_TMPDIR/alice.pem" --commit "$commit" --registry "$registry"
		--chain-id 31337 --block "$block")
	local program=enclave-verify
	exits 0 bundle b "${judge[@]}"
	prints '  onchain.registered   ok    registered: proved'
	prints '  statement.threshold  ok    1 of 1 keys signed, 1 must; they agree, and with the document'
	prints "espresso-v7:0x"
	exits 1 bundle b "${judge[@]}" --pcrs "$BATS_FILE_TMPDIR/other.json" --pcr "0=$(pcr0_of other)"
	# a byte of any file that counts
	for name in document.cbor statement.json onchain.json eif.json; do
		cp -r b c
		printf x | dd of="c/$name" bs=1 seek=700 conv=notrunc status=none 2>/dev/null ||
			printf x >>"c/$name"
		exits 1 bundle c "${judge[@]}"
		rm -r c
	done
	program=enclave-rebuild
	# nothing is saved of nothing; a folder that is not empty is not written to
	refuses '(file-exists)' audit r.json "${given[@]}" --save b
	recipe '"enclave": {"url": "http://127.0.0.1:1/", "profile": "odyn"}'
	audits 3 ': endpoint.fetch' "${given[@]}" --save d
	complains '--save d: no document came, nothing is saved'
	audits 1 ': pcr0.match' "${given[@]}" --save d --expect-pcr0 "$(pcr0_of other)"
	[ ! -e d ]
	# of several statements there is no place for any
	recipe "$(enclave image)"
	audits 0 '' "${key[@]}" --statement s.json --save e
	complains 'it has a place for one statement'
	[ ! -e e/statement.json ] && [ -e e/document.cbor ]
}

@test "how the enclave is asked: the recipe's keys, and options in their place" {
	recipe "$(enclave image ', "timeout": 3, "bind": "none", "insecure_http": false, "resolve": ["a.example:443:127.0.0.1"]')"
	audits 0 '' "${given[@]}"
	recipe "\"enclave\": {\"url\": \"$(url image)\", \"profile\": \"nautilus\"}"
	audits 3 ': endpoint.fetch' "${given[@]}"
	audits 0 '' "${given[@]}" --profile odyn
	recipe "\"enclave\": {\"url\": \"$(url image)\"}"
	refuses '--profile is needed' audit r.json "${given[@]}"
	recipe "$(enclave image ', "timeout": "soon"')"
	refuses '--timeout soon' audit r.json "${given[@]}"
	recipe "$(enclave image ', "timeout": 3, "insecure_http": 1')"
	refuses "enclave.insecure_http: 'insecure_http' is neither true nor false" audit r.json "${given[@]}"
	recipe "$(enclave image ', "headers": "none.txt"')"
	refuses 'none.txt' audit r.json "${given[@]}"
	recipe '"enclave": {"profile": "odyn"}'
	refuses 'enclave: a url is needed' audit r.json "${given[@]}"
	recipe '"enclave": {"url": 5, "profile": "odyn"}'
	refuses "enclave.url: 'url' is not a string" audit r.json "${given[@]}"
	recipe '"enclave": {"url": "http://enclave.example/", "profile": "odyn"}'
	refuses 'URL 1 of 1' audit r.json "${given[@]}"
	recipe "$(enclave image), \"onchain\": {\"chain_id\": \"1\"}"
	refuses 'registry' audit r.json "${given[@]}"
	recipe "$(enclave image)"
	refuses '--registry' audit r.json "${given[@]}" --chain-id 1
	refuses '--rpc' audit r.json "${given[@]}" --rpc http://127.0.0.1:1
}

@test "command lines that are wrong: exit 2, nothing done" {
	refuses 'one RECIPE is needed' audit
	refuses 'one RECIPE is needed' audit r.json r.json "${given[@]}"
	refuses 'need --out DIR' audit r.json --built-eif "$eif"
	refuses 'needs --out DIR' audit r.json --sign "$BATS_FILE_TMPDIR/alice.key"
	refuses 'needs --out DIR' audit r.json --until compare
	refuses '--out DIR is needed' audit r.json --independent
	refuses '--out DIR is needed' audit r.json --signers r.json
	refuses '--out DIR is needed' audit r.json --store s
	refuses '--out DIR is needed' audit r.json --nix-option cores=1
	for stage in plan source image stage build collect measure; do
		refuses 'no audit' audit r.json "${given[@]}" --until "$stage"
	done
	audits 0 '' "${given[@]}" --until compare
	rm -r o
	refuses '--at' audit r.json "${given[@]}" --at now
	refuses '--nonce' audit r.json "${given[@]}" --nonce 00
	refuses 'needs a --key' audit r.json --statement r.json
	refuses 'need a --statement' audit r.json --key "$BATS_FILE_TMPDIR/alice.pem" "${given[@]}"
	refuses 'need a --statement' audit r.json --threshold 1 "${given[@]}"
	refuses 'more signers' audit r.json --statement r.json --key "$BATS_FILE_TMPDIR/alice.pem" --threshold 2
	refuses 'No such file' audit r.json --statement none --key "$BATS_FILE_TMPDIR/alice.pem"
	refuses 'No such file' audit r.json --out o --built-eif none
	refuses '--statement -' audit r.json --statement -
	refuses '--require' audit r.json "${given[@]}" --require bundle.form
	refuses '--config' audit r.json "${given[@]}" --config r.json
	refuses '--commit' audit r.json "${given[@]}" --commit x!
	sed -i 's/"commit": "[0-9]*"/&, "require_signed": true/' r.json
	refuses 'a signed commit' audit r.json --statement r.json --key "$BATS_FILE_TMPDIR/alice.pem"
}
