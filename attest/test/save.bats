#!/usr/bin/env bats
# check --save and enclave-verify bundle: evidence kept, and judged again by somebody else.
# shellcheck disable=SC2154 # variables of enclaves.bash
load enclaves

# What check says of a document, and what bundle says of it later, but for what only the live one can know.
compare_reports() {
	py "$1" "$2" <<'END'
live, later = [json.load(open(name)) for name in sys.argv[1:]]
known = {c["id"]: c for c in live["checks"]}
for c in later["checks"]:
	if c["id"].startswith("onchain."):
		if (c["status"], c["reason"]) != ("skip", "not-requested"):
			wrong(c)
	elif c["id"] in ("claims.age", "nonce.match"):
		if (c["status"], c["reason"]) != ("skip", "recorded"):
			wrong(c)
	elif c["id"].startswith("statement."):
		if (c["status"], c["reason"]) != ("skip", "not-requested"):
			wrong(c)
	elif c["id"] not in ("bundle.form", "chain.time") and c != known[c["id"]]:
		wrong("%s, live %s" % (c, known[c["id"]]))
	elif c["id"] == "chain.time" and c["status"] != known["chain.time"]["status"]:
		wrong(c)
if [c["id"] for c in later["checks"] if not c["id"].startswith("onchain.")] != ["bundle.form"] + [c["id"]
		for c in live["checks"] if not c["id"].startswith(("endpoint.", "onchain."))] + ["statement." + part
		for part in ("form", "signature", "threshold", "commit", "image")]:
	wrong([c["id"] for c in later["checks"]])
if live.get("facts") != later.get("facts") or live.get("unverified") != later.get("unverified"):
	wrong("other facts")
END
}

bundle() {
	local wanted=$1 program=enclave-verify
	shift
	exits "$wanted" bundle "$@"
}

# saved DIR: evidence of a good enclave.
saved() {
	exits 0 check "https://localhost:$(port tls)" --cacert "$ENCLAVES/ca.pem" --profile nitriding "${image[@]}" \
		--save "$1" --format json
	cp "$tmp/out" "$1.json"
}

# names DIR: all that is in it.
names() (
	cd "$1" && shopt -s dotglob && echo *
)

# sums DIR: SHA256SUMS made anew, as a saver who cheats would.
sums() {
	(cd "$1" && sha256sum -- *.* >SHA256SUMS)
}

@test "what is saved is judged again, offline, with the same outcome" {
	saved dir
	nothing_said
	[ "$(names dir)" = 'SHA256SUMS document.cbor nonce.bin peer.pem policy.json report.json time.txt' ]
	(cd dir && sha256sum --quiet -c SHA256SUMS)
	cmp dir/peer.pem <(openssl x509 -in "$ENCLAVES/tls.pem")
	cmp dir/report.json dir.json
	[ "$(wc -c <dir/nonce.bin)" -eq 20 ]
	bundle 0 dir "${image[@]}"
	[[ $out == 'PASS (custom root c9d24d86, as of '*')  dir'* ]]
	prints 'claims.age           skip  freshness cannot be shown again from a record'
	prints 'The saver says: verdict "pass"'
	prints 'what the saver says proves nothing and decided nothing'
	bundle 0 dir "${image[@]}" --format json
	cp "$tmp/out" again
	compare_reports dir.json again
	bundle 0 dir "${image[@]}" --format html
	prints '<h1>PASS (custom root c9d24d86, as of '
	prints '<h2>What the saver says: it proves nothing and decided nothing</h2>'
	prints '<tr><td>verdict</td><td title="Value"><code>pass</code></td></tr>'
	prints '<b>bundle.form</b> does not prove who saved the evidence'
	# and failures are kept as well
	exits 1 check "http://127.0.0.1:$(port plain)/wrongnonce/v1/attestation" --profile odyn "${image[@]}" --save bad/
	bundle 0 bad "${image[@]}"
	[ ! -e bad/peer.pem ]
	exits 1 check "http://127.0.0.1:$(port plain)/tampered/v1/attestation" --profile odyn "${image[@]}" \
		--save tampered --format json
	cp "$tmp/out" tampered.json
	bundle 1 tampered "${image[@]}" --format json
	cp "$tmp/out" again
	compare_reports tampered.json again
	exits 0 check "http://127.0.0.1:$(port plain)" --profile oyster "${image[@]}" --save without
	[ ! -e without/nonce.bin ]
	bundle 0 without "${image[@]}"
	umask 022
	[ "$(stat -c %a without without/document.cbor | tr '\n' ' ')" = '755 644 ' ]
}

@test "nothing that the saver wrote decides anything" {
	saved dir
	# no expectation of the saver's is taken over, no root, no verdict
	bundle 3 dir --root "$TOP/testvectors/root.pem"
	prints 'nothing-expected'
	bundle 1 dir --pcrs "$TOP/testvectors/pcr.json"
	prints 'chain.root'
	bundle 1 dir --root "$TOP/testvectors/root.pem" --pcrs "$TOP/testvectors/other-pcr.json"
	prints 'dir: pcr0.match'
	for lie in '{"verdict":"fail"}' '{"verdict":"pass\u001b[31m","target":{"name":"x\ny"}}' '[]' '7'; do
		echo "$lie" >dir/report.json
		echo "$lie" >dir/policy.json
		echo '1999-01-01T00:00:00Z' >dir/time.txt
		head -c 32 /dev/zero >dir/nonce.bin
		cp "$ENCLAVES/own.pem" dir/peer.pem
		sums dir
		bundle 0 dir "${image[@]}"
		[[ $out != *$'\033'* ]]
		bundle 1 dir --root "$TOP/testvectors/root.pem" --pcrs "$TOP/testvectors/other-pcr.json"
	done
	rm dir/time.txt dir/nonce.bin dir/peer.pem dir/policy.json dir/report.json
	sums dir
	bundle 0 dir "${image[@]}"
	echo '{}' | tee dir/onchain.json dir/eif.json >dir/statement.json
	sums dir
	bundle 0 dir "${image[@]}"
	prints 'onchain.json was not looked into'
	prints 'statement.json was not looked into'
	prints 'eif.json was not looked into'
}

@test "a bundle is judged at the document's time, or at one that is given, but never fresh" {
	saved dir
	bundle 0 dir "${image[@]}" --at now
	prints 'claims.age           skip'
	bundle 1 dir "${image[@]}" --at now --max-age 0 --require claims.age
	bundle 1 dir "${image[@]}" --at 2030-01-01T00:00:00Z
	prints 'dir: chain.time'
	bundle 1 dir "${image[@]}" --require nonce.match
	prints '(required-skipped)'
	# shellcheck disable=SC2034 # refuses runs it
	local program=enclave-verify
	refuses '--max-age has no meaning' bundle dir "${image[@]}" --max-age 5
	refuses 'is no option here' bundle dir "${image[@]}" --nonce 00
	refuses 'one DIR is needed' bundle
	refuses 'one DIR is needed' bundle dir dir
	refuses 'not standard input' bundle -
	refuses "no check named 'endpoint.fetch'" bundle dir --require endpoint.fetch
}

@test "a folder that is not what was saved fails, for its own reason" {
	local name row
	saved good
	while IFS='|' read -r name row reason; do
		rm -rf dir
		cp -r good dir
		(cd dir && eval "$row")
		[[ $row != *'#sums' ]] || sums dir
		bundle 1 dir "${image[@]}" || { echo "row $name"; return 1; }
		[[ $out == *'dir: bundle.form'*"$reason"*'needs bundle.form'* ]] || report "row $name: no $reason"
	done <<'END'
another file|touch notes.txt|(bundle-name)
a name with an escape|touch $'a\033[31m'|(bundle-name)
a hidden file|touch .x|(bundle-name)
a folder|mkdir sub|(bundle-name)
a folder of that name|rm nonce.bin; mkdir nonce.bin|(bundle-type)
a link|mv policy.json ../p; ln -s ../p policy.json|(bundle-type)
a link to nowhere|ln -sf nowhere time.txt|(bundle-type)
a pipe|rm time.txt; mkfifo time.txt|(bundle-type)
no document|rm document.cbor|(bundle-missing)
no sums|rm SHA256SUMS|(bundle-missing)
nothing|rm -f *|(bundle-missing)
a long nonce|head -c 1025 /dev/zero >nonce.bin; : #sums|(bundle-too-large)
a long time|head -c 65 /dev/zero >time.txt; : #sums|(bundle-too-large)
no time|echo yesterday >time.txt; : #sums|(bundle-content)
a time without an end|printf 2026-01-03T10:00:00Z >time.txt; : #sums|(bundle-content)
two certificates|cat peer.pem peer.pem >p; mv p peer.pem; : #sums|(bundle-content)
no JSON|echo '{' >policy.json; : #sums|(bundle-content)
doubled keys|echo '{"a":1,"a":2}' >report.json; : #sums|(bundle-content)
a changed file|echo x >>nonce.bin|(bundle-sum)
a changed document|printf x >>document.cbor|(bundle-sum)
a missing file|rm nonce.bin|(bundle-sums)
a file without a sum|sed -i /nonce/d SHA256SUMS|(bundle-sums)
a doubled line|sed -i p SHA256SUMS|(bundle-sums)
a line too many|sed -i '$s/$/x/' SHA256SUMS|(bundle-sums)
its own sum|echo "$(sha256sum SHA256SUMS)" >>SHA256SUMS|(bundle-sums)
upper case|sed -i 's/time.txt/TIME.TXT/' SHA256SUMS|(bundle-sums)
a line cut short|truncate -s -1 SHA256SUMS|(bundle-sums)
other blanks|sed -i 's/  / */' SHA256SUMS|(bundle-sums)
empty sums|: >SHA256SUMS|(bundle-sums)
END
	# the document's own defects are found by its own checks
	rm -rf dir
	cp -r good dir
	truncate -s -1 dir/document.cbor
	sums dir
	bundle 1 dir "${image[@]}"
	prints 'dir: document.form'
	: >dir/document.cbor
	sums dir
	bundle 1 dir "${image[@]}"
	prints '(cose-empty)'
	bundle 3 nowhere "${image[@]}"
	prints '(file-unreadable)'
	bundle 1 good.json "${image[@]}"
	prints '(bundle-folder)'
}

@test "a folder is written whole or not at all" {
	local u
	u=http://127.0.0.1:$(port plain)
	mkdir empty full
	touch full/x
	ln -s empty link
	exits 0 check "$u" --profile odyn "${image[@]}" --save empty
	bundle 0 empty "${image[@]}"
	refuses '(file-exists)' check "$u" --profile odyn "${image[@]}" --save empty
	refuses '(file-exists)' check "$u" --profile odyn "${image[@]}" --save full
	refuses '(file-exists)' check "$u" --profile odyn "${image[@]}" --save link
	refuses '(file-exists)' check "$u" --profile odyn "${image[@]}" --save full/x
	refuses '(file-unwritable)' check "$u" --profile odyn "${image[@]}" --save .
	refuses '(file-unwritable)' check "$u" --profile odyn "${image[@]}" --save /
	refuses 'Not a directory' check "$u" --profile odyn "${image[@]}" --save full/x/y
	exits 3 check "$u" --profile odyn "${image[@]}" --save none/dir
	complains 'none/dir: No such file or directory (file-unwritable)'
	prints 'PASS'
	# no document, nothing saved; a failure stays one
	exits 3 check "$u/page/v1/attestation" --profile odyn "${image[@]}" --save dir
	complains 'no document came, nothing is saved'
	exits 1 check "$u/wrongnonce/v1/attestation" --profile odyn "${image[@]}" --save none/dir
	[ "$(names .)" = 'empty full link' ]
}
