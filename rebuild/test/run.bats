#!/usr/bin/env bats
# enclave-rebuild run: the commit and what surrounds it, by real git; an image that was given, to the verdict.
# shellcheck disable=SC2001,SC2012,SC2016,SC2030,SC2031,SC2154 # variables of helpers.bash, and of each test alone
load helpers

rev=0123456789abcdef0123456789abcdef01234567
nar=sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

g() {
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 git -C "$repo" -c user.name=T -c user.email=t@t.example \
		-c commit.gpgsign=false "$@"
}

# repository: one commit, in $commit, of a flake whose only input is locked; in the folder $repo.
repository() {
	repo=$PWD/repo
	mkdir repo
	g init -q
	echo '{ outputs = _: { }; }' >repo/flake.nix
	lock "{\"type\":\"git\",\"url\":\"https://git.example/a\",\"rev\":\"$rev\",\"narHash\":\"$nar\"}"
	printf '#!/bin/sh\n' >repo/tool
	chmod 755 repo/tool
	ln -s tool repo/link
	commit
}

lock() {
	echo "{\"nodes\":{\"a\":{\"locked\":$1},\"root\":{\"inputs\":{\"a\":\"a\"}}},\"root\":\"root\",\"version\":7}" \
		>repo/flake.lock
}

commit() {
	g add -A
	g commit -q --allow-empty -m "${1:-one}"
	commit=$(g rev-parse HEAD)
	recipe
}

# recipe [REPOSITORY [MORE]]: r.json
recipe() {
	cat >r.json <<-EOF_RECIPE
		{"schema": 1, "name": "batcher",
		 "source": {"repository": "${1:-file://$repo}", "commit": "$commit"},
		 "build": {"attribute": "x86_64-eif", "eif": "batcher.eif"}${2-}}
	EOF_RECIPE
}

@test "source: exactly the commit, and again without fetching" {
	repository
	exits 0 run r.json --out o --until source
	prints 'done up to source'
	[ "$(git -C o/stages/source rev-parse HEAD)" = "$commit" ]
	diff -r --exclude=.git --no-dereference repo o/stages/source
	[ -x o/stages/source/tool ] && [ -L o/stages/source/link ]
	mv repo gone
	exits 0 run r.json --out o --until source
	# what changed in between is made anew, or not used
	echo x >>o/stages/source/flake.nix
	exits 3 run r.json --out o --until source
	prints '(source-fetch)'
	mv gone repo
	exits 0 run r.json --out o --until source
	diff -r --exclude=.git --no-dereference repo o/stages/source
	chmod 644 o/stages/source/tool
	echo x >o/stages/source/new
	exits 0 run r.json --out o --until source
	diff -r --exclude=.git --no-dereference repo o/stages/source
	exits 0 run r.json --out o --until source --format json
	prints '"done":"source"'
	grep -q '"stage":"source".*"status":"done"' o/stages/source.json
}

@test "source: an older commit, an unadvertised one, one of SHA-256" {
	repository
	first=$commit
	echo y >repo/y
	commit two
	exits 0 run r.json --out o --until source --commit "$first"
	[ ! -e o/stages/source/y ]
	[ -f o/stages/source/.git/shallow ] || [ "$(g rev-list --count "$first")" = 1 ]
	g checkout -q --detach "$first"
	echo z >repo/z
	commit three
	g checkout -q -
	exits 0 run r.json --out p --until source
	[ -e p/stages/source/z ]
	rm -rf repo
	mkdir repo
	g init -q --object-format=sha256
	echo '{ }' >repo/flake.nix
	lock "{\"type\":\"github\",\"rev\":\"$rev\",\"narHash\":\"$nar\"}"
	commit
	[ "${#commit}" = 64 ]
	exits 0 run r.json --out q --until source
}

@test "source: bytes are the commit's, whatever its attributes say" {
	repository
	printf 'a\nb\n' >repo/text
	echo "\$Id\$" >repo/ident
	printf 'version https://git-lfs.github.com/spec/v1\n' >repo/big
	printf 'x\0y\0' >repo/wide
	printf '* text eol=crlf\nident ident\nbig filter=lfs\nwide working-tree-encoding=UTF-16LE\n' >attributes
	g add -A
	cp attributes repo/.gitattributes
	g add .gitattributes
	commit two
	exits 0 run r.json --out o --until source
	for name in text ident big wide; do
		cmp "o/stages/source/$name" <(g cat-file blob "$commit:$name")
	done
}

@test "source: what is not there, and what cannot be reached" {
	repository
	commit=$rev
	recipe
	exits 1 run r.json --out o --until source
	prints '(source-absent)'
	recipe file:///nonexistent/repo
	exits 3 run r.json --out o --until source
	prints '(source-fetch)'
	recipe http://127.0.0.1:1/repo
	exits 3 run r.json --out o --until source
	prints '(source-fetch)'
	# the id of a tag is not that of a commit
	recipe "file://$repo"
	g tag -a -m t v1
	exits 1 run r.json --out o --until source --commit "$(g rev-parse v1)"
	prints '(source-absent)'
	# nor that of a tree
	exits 1 run r.json --out o --until source --commit "$(g rev-parse 'HEAD^{tree}')"
	prints '(source-'
}

@test "source: a tampered object" {
	repository
	object=$(g rev-parse HEAD:flake.nix)
	file=repo/.git/objects/${object:0:2}/${object:2}
	chmod 644 "$file"
	printf 'blob 4\0evil' | python3 -c 'import sys, zlib
sys.stdout.buffer.write(zlib.compress(sys.stdin.buffer.read()))' >"$file"
	status=0
	"$rebuild" run r.json --out o --until source >"$tmp/out" 2>"$tmp/err" || status=$?
	[ "$status" = 1 ] || [ "$status" = 3 ]
	grep -Eq '\(source-(objects|fetch)\)' "$tmp/out"
	# in the folder of an earlier run: found, and made anew
	rm -rf repo o
	repository
	exits 0 run r.json --out o --until source
	object=$(g rev-parse HEAD:flake.nix)
	rm -f o/stages/source/.git/objects/pack/*.pack o/stages/source/.git/objects/pack/*.idx
	exits 0 run r.json --out o --until source
	diff -r --exclude=.git --no-dereference repo o/stages/source
}

@test "source: an object that git would refuse to make" {
	repository
	# a tree with an entry named .git
	blob=$(g rev-parse HEAD:flake.nix)
	tree=$(printf '100644 .git\0%b' "$(echo "$blob" | sed 's/../\\x&/g')" |
		g hash-object -t tree -w --stdin --literally)
	commit=$(g commit-tree -m evil "$tree" 2>/dev/null)
	g update-ref refs/heads/evil "$commit"
	recipe
	exits 1 run r.json --out o --until source
	prints '(source-objects)'
}

@test "source: over HTTP without git at the other end, all is fetched" {
	repository
	echo y >repo/y
	commit two
	g update-server-info
	python3 -u -c 'import http.server, functools, os
h = functools.partial(http.server.SimpleHTTPRequestHandler, directory="repo")
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), h)
print(s.server_address[1], flush=True)
s.serve_forever()' >port 2>/dev/null 3>&- &
	server=$!
	for _ in $(seq 100); do [ -s port ] && break; sleep 0.1; done
	recipe "http://127.0.0.1:$(cat port)/.git"
	status=0
	exits 0 run r.json --out o --until source || status=1
	kill "$server"
	[ "$status" = 0 ]
	[ ! -e o/stages/source/.git/shallow ]
	diff -r --exclude=.git --no-dereference repo o/stages/source
}

@test "hostile repositories start nothing" {
	repository
	for name in 'ext::sh -c "touch '"$PWD"'/ran"' "ext::touch $PWD/ran" "-utouch $PWD/ran" \
		"--upload-pack=touch $PWD/ran" "file://$repo;touch $PWD/ran" 'ssh://-oProxyCommand=touch/x' \
		"fd::0" "$repo" "git@git.example:x" 'https://a:b@git.example/x' "file://$repo\$(touch ran)"; do
		recipe "$(printf %s "$name" | sed 's/["\\]/\\&/g')"
		refuses '(repository)' run r.json --out o
	done
	[ ! -e ran ]
	# neither do a commit's hooks, filters and configuration
	mkdir -p repo/hooks
	printf '#!/bin/sh\ntouch %s/ran\n' "$PWD" | tee repo/hooks/post-checkout repo/.git/hooks/post-checkout >/dev/null
	chmod 755 repo/hooks/post-checkout repo/.git/hooks/post-checkout
	printf '[core]\n\thooksPath = hooks\n[filter "x"]\n\tsmudge = touch %s/ran\n' "$PWD" >gitconfig
	printf '* filter=x\n' >repo/.gitattributes
	commit two
	GIT_CONFIG_GLOBAL=$PWD/gitconfig GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.hooksPath \
		GIT_CONFIG_VALUE_0=hooks GIT_SSH_COMMAND="touch $PWD/ran" HOME=$PWD exits 0 run r.json --out o --until source
	[ ! -e ran ]
}

@test "what may move is refused in a run" {
	repository
	for name in main v1 "${commit:0:12}" "${commit^^}" HEAD; do
		refuses 'source.commit: a name that may move' run r.json --out o --commit "$name"
		complains '(recipe-not-pinned)'
	done
	recipe "file://$repo" ', "image": {"reference": "registry.example/a:tag", "platform": "linux/amd64"}'
	refuses 'image.reference: a name that may move' run r.json --out o
}

@test "signatures: who signed is for the user to say" {
	repository
	ssh-keygen -q -t ed25519 -N '' -C t -f key
	ssh-keygen -q -t ed25519 -N '' -C t -f other
	echo "t@t.example $(cat key.pub)" >signers
	echo "t@t.example $(cat other.pub)" >others
	refuses '--signers' run r.json --out o --until source --require-signed
	exits 1 run r.json --out o --until source --require-signed --signers signers
	prints '(source-unsigned)'
	g -c gpg.format=ssh -c user.signingkey="$PWD/key" commit -q --amend -S --no-edit
	commit=$(g rev-parse HEAD)
	recipe
	exits 0 run r.json --out o --until source --require-signed --signers signers
	exits 1 run r.json --out o --until source --require-signed --signers others
	prints '(source-signature)'
	exits 1 run r.json --out o --until source --signers others
	exits 0 run r.json --out o --until source
	head -c 100 /dev/zero >nothing
	refuses '(source-signers)' run r.json --out o --until source --signers nothing
	: >nothing
	refuses '(source-signers)' run r.json --out o --until source --signers nothing
}

@test "flake.lock: what is not fixed" {
	repository
	exits 0 run r.json --out o --until source
	lock "{\"type\":\"path\",\"path\":\"./a\",\"narHash\":\"$nar\"}"
	commit two
	exits 1 run r.json --out o --until source
	prints '(lock-path)'
	lock '{"type":"indirect","id":"nixpkgs"}'
	commit three
	exits 1 run r.json --out o --until source
	prints '(lock-indirect)'
	lock "{\"type\":\"github\",\"narHash\":\"$nar\"}"
	commit four
	exits 1 run r.json --out o --until source --format json
	prints '"reason":"lock-unpinned"'
	echo '{' >repo/flake.lock
	commit five
	exits 1 run r.json --out o --until source
	prints '(json-malformed)'
	g rm -q flake.lock
	commit six
	exits 1 run r.json --out o --until source
	prints 'the commit has no flake.lock'
}

@test "one run at a time in a folder; a folder that cannot be made" {
	repository
	exits 0 run r.json --out o --until source
	exec 9>>o/stages/lock
	flock -n 9
	exits 3 run r.json --out o --until source
	complains '(state-busy)'
	exec 9>&-
	exits 0 run r.json --out o --until source
	exits 3 run r.json --out no/such --until source
	complains '(file-unwritable)'
}

@test "killed at any moment, and run again" {
	repository
	for i in 1 2 3 4 5 6 7 8; do
		head -c 400000 /dev/urandom >"repo/f$i"
	done
	commit two
	for delay in 0 0.005 0.01 0.02 0.03 0.05 0.08 0.12; do
		timeout -s KILL "0$delay" "$rebuild" run r.json --out o --until source >/dev/null 2>&1 || :
		exits 0 run r.json --out o --until source
		diff -r --exclude=.git --no-dereference repo o/stages/source
		[ "$delay" != 0.03 ] || rm -rf o
	done
	ls -A o | sort >left
	printf 'build.log\nstages\n' | diff - left
}

@test "a given image: measured, compared, reported" {
	repository
	image eif --cmdline x --ramdisk r0 --ramdisk r1
	pcr0=$("$BUILD/enclave-verify" eif eif --pcr-json | sed -n 's/.*"PCR0": "\(.*\)".*/\1/p')
	# nothing to compare with: the registers, and no verdict
	exits 3 run r.json --out o --built-eif eif
	prints 'ERROR  batcher: nothing-expected'
	prints 'which image to expect: add expect to the recipe, --expect-pcr0 or --eif.'
	prints "PCR0  $pcr0"
	prints 'source.commit        skip  not built in this run'
	cmp eif o/enclave.eif
	exits 0 run r.json --out o --built-eif eif --expect-pcr0 "$pcr0"
	prints 'PASS (nothing built: the image was given)  batcher'
	grep -q "\"pcr0\":\"0x$pcr0\"" o/build-info.json
	grep -q '"verdict":"pass"' o/build-info.json
	grep -q '"git_sha":""' o/build-info.json
	"$BUILD/enclave-verify" eif eif --pcrs o/pcr.json --pcrs o/build-info.json >/dev/null
	cmp <("$BUILD/enclave-verify" eif eif --pcr-json) o/pcr.json
	# whatever --eif names, what the recipe expects must be met
	exits 0 run r.json --out o --built-eif eif --eif eif
	exits 1 run r.json --out o --built-eif eif --eif eif --expect-pcr0 "$(printf '%096d' 1)"
	prints '(pcr-mismatch)'
	exits 0 run r.json --out o --built-eif eif --expect-pcr0 "$pcr0" --format json
	prints '"weakened":"nothing built: the image was given"'
	cmp <(printf %s "$out") o/report.json
	[ "$(ls -A o | sort | tr '\n' ' ')" = 'build-info.json build.log enclave.eif pcr.json report.html report.json stages ' ]
	# what must not be left out
	exits 1 run r.json --out o --built-eif eif --expect-pcr0 "$pcr0" --require source.commit
	prints '(required-skipped)'
	exits 2 run r.json --out o --built-eif eif --require chain.root
}

@test "a given image that is another one: where they differ" {
	repository
	image eif --cmdline x --ramdisk r0
	image other --cmdline y --ramdisk r0
	pcr0=$("$BUILD/enclave-verify" eif other --pcr-json | sed -n 's/.*"PCR0": "\(.*\)".*/\1/p')
	exits 1 run r.json --out o --built-eif eif --expect-pcr0 "$pcr0"
	prints '(pcr-mismatch)'
	exits 1 run r.json --out o --built-eif eif --eif other
	prints 'cmdline  only-in-a: x -> -'
	exits 1 run r.json --out o --built-eif eif --eif other --format json
	prints '"class":"content"'
	exits 0 run r.json --out o --built-eif eif --eif eif
	recipe "file://$repo" ", \"expect\": {\"pcr0\": \"$pcr0\"}"
	exits 1 run r.json --out o --built-eif eif
	exits 0 run r.json --out o --built-eif other
	# an image that is none
	echo nothing >none
	exits 1 run r.json --out o --built-eif none
	prints '(eif-magic)'
	prints 'pcr0.match           skip  needs eif.form'
	exits 2 run r.json --out o --built-eif gone
	complains '--built-eif gone: No such file'
	mkdir folder
	exits 3 run r.json --out o --built-eif folder
	complains '(file-unreadable)'
}

@test "command lines and recipes that are wrong" {
	repository
	refuses 'one RECIPE' run --out o
	refuses '--out DIR' run r.json
	refuses 'one of them' run r.json --out o --built-eif a --built-binary b
	refuses 'image.files' run r.json --out o --built-binary b
	refuses "plan, source" run r.json --out o --until never
	refuses "--from" run r.json --out o --from source --until plan
	refuses '(recipe-zero)' run r.json --out o --expect-pcr0 "$(printf '%096d' 0)"
	refuses '(recipe-pcr)' run r.json --out o --expect-pcr0 00
	refuses '(recipe-no-image)' run r.json --out o --image registry.example/a:b
	refuses '(recipe-attribute)' run r.json --out o --attribute 'a b'
	refuses 'none.json' run none.json --out o
	echo '{"schema": 1,' >bad.json
	echo ' "name": }' >>bad.json
	refuses 'bad.json: line 2, column 10' run bad.json --out o
	recipe "file://$repo" ', "onchain": {"chain_id": "1"}'
	refuses '--registry' run r.json --out o
	# nor is an enclave asked, but what the recipe says of it must be what audit takes
	for row in '{"url": 5}|enclave.url' '{"profile": "odyn"}|a url is needed' '{"url": "http://127.0.0.1:1", "profile": "none"}|--profile none' \
		'{"url": "http://127.0.0.1:1", "timeout": "x"}|--timeout x' '{"url": "http://127.0.0.1:1", "insecure_http": 1}|enclave.insecure_http'; do
		recipe "file://$repo" ", \"enclave\": ${row%%|*}"
		refuses "${row#*|}" run r.json --out o
		refuses "${row#*|}" plan r.json
	done
	recipe "file://$repo" ', "enclave": {"url": "http://127.0.0.1:1", "headers": "none", "cacert": "none"}'
	exits 0 plan r.json
}

@test "reasons in the JSON" {
	repository
	image eif --cmdline x --ramdisk r0
	exits 3 run r.json --out o --built-eif eif --format json
	prints '"reason":"not-built"'
}

@test "without git: said, not guessed" {
	repository
	PATH=/nonexistent exits 3 run r.json --out o --until source
	complains 'git is not on PATH (/nonexistent)'
	[ ! -e o ]
}

@test "stage: a file of the commit is not replaced by another one" {
	repository
	recipe "file://$repo" ', "image": {"reference": "docker-archive:none.tar", "platform": "linux/amd64",
		"files": [{"path": "/tool", "stage": "tool"}]}'
	upto=(run r.json --until stage --built-binary)
	install -m 755 repo/tool same
	exits 0 "${upto[@]}" same --out o
	echo other >other
	exits 1 "${upto[@]}" other --out o
	prints 'source.commit        ok'
	prints '(staged-tracked)'
	# again, beginning with what the one before left
	exits 1 "${upto[@]}" other --out o
	exits 0 "${upto[@]}" same --out o
	# the same bytes with another mode are another file, and so is what a link names
	chmod 644 repo/tool
	commit mode
	recipe "file://$repo" ', "image": {"reference": "docker-archive:none.tar", "platform": "linux/amd64",
		"files": [{"path": "/tool", "stage": "tool"}]}'
	exits 1 "${upto[@]}" same --out o2
	prints '(staged-tracked)'
	sed -i 's/"stage": "tool"/"stage": "link"/' r.json
	exits 1 "${upto[@]}" same --out o3
	prints '(staged-tracked)'
	# a new name is a new file
	sed -i 's/"stage": "link"/"stage": "new"/' r.json
	exits 0 "${upto[@]}" other --out o4
}

@test "plan: what would be done, and what is lacking" {
	repository
	exits 0 plan r.json
	prints "source   fetch file://$repo"
	prints "         commit $commit"
	prints 'with nothing: there will be no verdict'
	nothing_said
	exits 0 plan r.json --format json --expect-pcr0 "$(printf '%096d' 1)"
	prints '"steps":['
	prints 'with what the recipe expects'
	PATH=/nonexistent exits 0 plan r.json
	prints 'This machine lacks:'
	prints 'git is not on PATH'
	prints 'nix is not on PATH'
	refuses 'one RECIPE' plan
	[ ! -e o ]
}

# no_nix: in bin, a Nix that is new enough and cannot fetch what it would evaluate.
no_nix() {
	cat >bin/nix <<-'END'
		#!/bin/sh
		[ "$1" != --version ] || exec /bin/echo "nix (Nix) 2.8.0"
		echo "error: program 'git' failed" >&2
		exit 1
	END
	chmod 755 bin/nix
	ln -s /bin/false bin/nix-store
}

# An old Nix, and none: said before anything is fetched.
@test "a Nix that is too old: plan says so, run does nothing" {
	repository
	mkdir bin
	printf '#!/bin/sh\necho "nix (Nix) 2.7.0"\n' >bin/nix
	cp bin/nix bin/nix-store
	chmod 755 bin/*
	PATH=$PWD/bin:$PATH exits 0 plan r.json
	prints 'Nix 2.8 or later: Nix is older than 2.8, or does not tell its version (nix-version)'
	PATH=$PWD/bin:$PATH exits 3 run r.json --out o
	nothing_printed
	complains "bin/nix: Nix is older than 2.8, or does not tell its version (nix-version)"
	[ ! -e o/stages/source ] && [ ! -e o/report.json ]
	# what does not need it does not ask
	PATH=$PWD/bin:$PATH exits 0 run r.json --out o --until source
	printf '#!/bin/sh\necho "nix (Nix) 2.31.2"\n' >bin/nix
	PATH=$PWD/bin:$PATH exits 0 plan r.json
	prints 'version 2.31.2'
	[[ $out != *'Nix 2.8 or later'* ]]
	# room, where it is asked for
	TMPDIR=/nonexistent exits 0 plan r.json
	prints 'free on the file system of TMPDIR: 0 MiB'
	exits 0 plan r.json --store /dev/shm/none/below
	[[ $out != *'file system of /nix'* ]]
	unshare -m true 2>/dev/null || skip 'no mount namespaces'
	mkdir small
	unshare -m sh -c 'mount -t tmpfs -o size=3m none small && exec "$@"' - \
		"$rebuild" plan r.json --store "$PWD/small/nix" >text
	grep -q 'free on the file system of --store: 3 MiB, 35840 MiB are wanted' text
}

@test "plan --resolve: names become pins" {
	repository
	g tag -a -m t v1
	for name in v1 HEAD "refs/tags/v1" "${commit:0:10}"; do
		exits 0 plan r.json --resolve --commit "$name"
		prints "\"commit\":	\"$commit\""
		complains "$name is $commit now"
		cp "$tmp/out" pinned.json
		exits 0 run pinned.json --out o --until source
	done
	exits 0 plan r.json --resolve
	nothing_said
	exits 3 plan r.json --resolve --commit none
	complains '(source-absent)'
	nothing_printed
}

@test "plan --resolve: which of several names, and what the options say, is in the recipe" {
	repository
	first=$commit
	g branch topic/one
	g branch same
	g tag light
	commit two
	g tag -a -m t same
	# a branch, with a slash; a tag goes before a branch of its name, unless that is named whole
	for row in "topic/one $first" "refs/heads/same $first" "light $first" "same $commit" "refs/tags/same $commit" \
		"HEAD $commit" "$(g branch --show-current) $commit" "${first:0:7} $first"; do
		exits 0 plan r.json --resolve --commit "${row% *}"
		prints "\"commit\":	\"${row#* }\""
		complains "${row% *} is ${row#* } now"
	done
	# what no name of the repository stands for
	for name in "${first:0:6}" nosuch topic refs/heads; do
		exits 3 plan r.json --resolve --commit "$name"
		complains '(source-absent)'
		nothing_printed
	done
	# what git would read as something else
	for name in HEAD~1 'a..b' '@{1}' ':/one' '--upload-pack=x' 'a b' "$commit^{tree}"; do
		refuses '(recipe-commit)' plan r.json --resolve --commit "$name"
	done
	# options are in the recipe that is printed, and it is one
	exits 0 plan r.json --resolve --commit light --require-signed --independent --attribute other \
		--expect-pcr0 "$(printf '%096d' 1)"
	jq -e --arg commit "$first" --arg pcr0 "$(printf '%096d' 1)" '.source.commit == $commit and
		.source.require_signed and .build.independent and .build.attribute == "other" and .expect.pcr0 == $pcr0' \
		"$tmp/out" >/dev/null
	cp "$tmp/out" pinned.json
	exits 0 plan pinned.json --resolve
	cmp "$tmp/out" pinned.json
	refuses '--signers' run pinned.json --out o --until source
	# a repository that cannot be asked is trouble, not absence
	recipe file:///nonexistent
	exits 3 plan r.json --resolve --commit light
	complains '(source-fetch)'
}

@test "in a job of GitHub Actions: a page, and lines for later steps" {
	repository
	image eif --cmdline x --ramdisk r0
	image other --cmdline y --ramdisk r0
	pcr0=$("$BUILD/enclave-verify" eif eif --pcr-json | sed -n 's/.*"PCR0": "\(.*\)".*/\1/p')
	hash=$("$BUILD/enclave-verify" hash eif)
	: >page
	export GITHUB_STEP_SUMMARY=$PWD/page GITHUB_OUTPUT=$PWD/output
	exits 0 run r.json --out o --built-eif eif --expect-pcr0 "$pcr0"
	grep -q '^## PASS (nothing built&#58; the image was given) <code>batcher</code>$' page
	printf 'pcr0=%s\nenclave_hash=%s\nverdict=pass\n' "$pcr0" "$hash" | cmp - output
	rm page output
	exits 1 run r.json --out o --built-eif eif --eif other
	grep -q "^| pcr0.match | \*\*differs\*\* | .* | <code>$pcr0</code> | other |$" page
	grep -q '^### Where the image differs' page
	grep -q '^| <code>cmdline</code> | .*<code>x</code>' page
	[ "$(tail -n 1 output)" = verdict=fail ]
	# nothing to compare with
	exits 3 run r.json --out o --built-eif eif
	[ "$(tail -n 1 output)" = verdict=error ]
	# a pass whose page cannot be written is none
	export GITHUB_STEP_SUMMARY=$PWD
	exits 3 run r.json --out o --built-eif eif --expect-pcr0 "$pcr0"
	complains '(file-unwritable)'
	[ "$(tail -n 1 output)" = verdict=error ]
	unset GITHUB_STEP_SUMMARY
	exits 0 run r.json --out o --built-eif eif --expect-pcr0 "$pcr0"
	[ "$(tail -n 1 output)" = verdict=pass ]
	export GITHUB_OUTPUT=/dev/full
	exits 3 run r.json --out o --built-eif eif --expect-pcr0 "$pcr0"
	# nothing was judged: nothing is said there
	rm -f output
	export GITHUB_OUTPUT=$PWD/output
	exits 0 run r.json --out o --until source
	[ ! -e output ]
}

# Everything of gpg in this test: a folder with a short name (its sockets), at times of its choosing.
pgp() {
	gpg --homedir "$keys" --batch --quiet --no-tty --pinentry-mode loopback --passphrase '' "$@" 2>>pgp.log
}

# key NAME EXPIRE [OPTION...]: a key, and its public half in NAME.asc.
key() {
	local name=$1 expire=$2
	shift 2
	pgp "$@" --quick-gen-key "$name <$name@t.example>" ed25519 sign "$expire"
	pgp --armor --export "$name" >"$name.asc"
}

# signed KEY [OPTION...]: signs the last commit with it, in the place of any other signature.
signed() {
	local name=$1
	shift
	printf '#!/bin/sh\nexec gpg --homedir %s --batch --no-tty --pinentry-mode loopback --passphrase "" %s "$@"\n' \
		"$keys" "$*" >sign.sh
	chmod 755 sign.sh
	g -c gpg.program="$PWD/sign.sh" -c user.signingkey="$name" commit -q --amend -S --no-edit
	commit=$(g rev-parse HEAD)
	recipe
}

teardown() {
	if [ -n "${keys-}" ]; then
		gpgconf --homedir "$keys" --kill all || :
		rm -rf "$keys"
	fi
}

@test "signatures by OpenPGP keys" {
	command -v gpg-agent >/dev/null || skip 'no gpg-agent'
	repository
	keys=$(mktemp -d /tmp/ecpgp.XXXXXX)
	key good never
	key other never
	run=(run r.json --out o --until source --require-signed --signers)
	# not signed
	exits 1 "${run[@]}" good.asc
	prints '(source-unsigned)'
	signed good
	exits 0 "${run[@]}" good.asc
	# the same keys as bytes; one of several
	pgp --export good >good.gpg
	exits 0 "${run[@]}" good.gpg
	cat other.asc good.asc >both.asc
	exits 0 "${run[@]}" both.asc
	# nobody whose signatures count
	exits 1 "${run[@]}" other.asc
	prints '(source-signature)'
	exits 1 run r.json --out o --until source --signers other.asc
	prints '(source-signature)'
	# gpg is found on PATH; without it nothing is good
	mkdir bin
	for tool in git sh ssh ssh-keygen; do ln -s "$(command -v $tool)" bin; done
	PATH=$PWD/bin exits 3 "${run[@]}" good.asc
	prints '(source-signers)'
	# a signature of the other kind is by none of them
	ssh-keygen -q -t ed25519 -N '' -C t -f ssh
	echo "t@t.example $(cat ssh.pub)" >allowed
	exits 1 "${run[@]}" allowed
	prints '(source-signature)'
	g -c gpg.format=ssh -c user.signingkey="$PWD/ssh" commit -q --amend -S --no-edit
	commit=$(g rev-parse HEAD)
	recipe
	exits 1 "${run[@]}" good.asc
	prints '(source-signature)'
	exits 0 "${run[@]}" allowed
	# a signer's time is over
	echo "t@t.example valid-before=\"20200101\" $(cat ssh.pub)" >allowed
	exits 1 "${run[@]}" allowed
	# what is no key, a key that signs: neither
	pgp --armor --export-secret-keys good >secret.asc
	echo '-----BEGIN PGP PUBLIC KEY BLOCK-----' >torn.asc
	exits 3 "${run[@]}" torn.asc
	prints '(source-signers)'
	[ ! -e o/stages/gnupg ]
}

@test "signatures by OpenPGP keys that are over, and by subkeys" {
	command -v gpg-agent >/dev/null || skip 'no gpg-agent'
	repository
	keys=$(mktemp -d /tmp/ecpgp.XXXXXX)
	run=(run r.json --out o --until source --require-signed --signers)
	# expired since, though not when it signed
	key old 1y --faked-system-time 20200101T000000!
	signed old --faked-system-time 20200601T000000!
	exits 1 "${run[@]}" old.asc
	prints '(source-signature)'
	# revoked since
	key good never
	signed good
	exits 0 "${run[@]}" good.asc
	sed 's/^:-----/-----/' "$keys/openpgp-revocs.d/$(pgp --with-colons --list-keys good |
		sed -n 's/^fpr:*\([0-9A-F]*\):/\1/p' | head -n 1).rev" >revocation
	cp good.asc before.asc
	pgp --import revocation
	pgp --armor --export good >good.asc
	exits 1 "${run[@]}" good.asc
	prints '(source-signature)'
	# whoever was not told of it cannot know
	exits 0 "${run[@]}" before.asc
	# the signature itself has expired
	key short never --faked-system-time 20200101T000000!
	signed short --faked-system-time 20200601T000000! --default-sig-expire 1d
	exits 1 "${run[@]}" short.asc
	prints '(source-signature)'
	# a subkey signs: the report names the key that it belongs to
	pgp --quick-gen-key 'parent <parent@t.example>' ed25519 cert never
	primary=$(pgp --with-colons --list-keys parent | sed -n 's/^fpr:*\([0-9A-F]*\):/\1/p' | head -n 1)
	pgp --armor --export parent >bare.asc
	pgp --quick-add-key "$primary" ed25519 sign never
	pgp --armor --export parent >parent.asc
	signed parent
	exits 0 "${run[@]}" parent.asc
	exits 1 "${run[@]}" bare.asc
	prints '(source-signature)'
	# what the report says of it; Nix is none that builds
	mkdir bin
	ln -s "$(command -v git)" "$(command -v gpg)" bin
	no_nix
	PATH=$PWD/bin exits 3 run r.json --out o --signers parent.asc
	prints "source.signature     ok    a good signature by $primary"
	grep -q "\"git_signature\":{\"status\":\"good\",\"key\":\"$primary\"}" o/build-info.json
}

@test "signatures: what a repository brings along starts nothing and vouches for nobody" {
	command -v gpg-agent >/dev/null || skip 'no gpg-agent'
	repository
	keys=$(mktemp -d /tmp/ecpgp.XXXXXX)
	key good never
	key evil never
	printf '#!/bin/sh\ntouch %s/ran\necho "[GNUPG:] VALIDSIG 0 0 0 0 0 0 0 0 0 0" >&2\nexit 0\n' "$PWD" >repo/gpg
	chmod 755 repo/gpg
	cp evil.asc repo/signers
	g config gpg.program "$PWD/repo/gpg"
	commit two
	signed evil
	run=(run r.json --out o --until source --require-signed --signers)
	exits 1 "${run[@]}" good.asc
	prints '(source-signature)'
	# nor does what somebody wrote into the folder of an earlier run
	exits 0 "${run[@]}" evil.asc
	for name in gpg.program gpg.openpgp.program gpg.ssh.program gpg.x509.program; do
		git -C o/stages/source config "$name" "$PWD/repo/gpg"
	done
	git -C o/stages/source config gpg.ssh.allowedSignersFile "$PWD/repo/signers"
	git -C o/stages/source config gpg.format ssh
	exits 1 "${run[@]}" good.asc
	prints '(source-signature)'
	# an S/MIME signature, which is of neither kind, and text that is none
	for text in '-----BEGIN SIGNED MESSAGE-----' '-----BEGIN PGP SIGNATURE-----' 'Good "git" signature for x with SHA256:x'; do
		{
			g cat-file commit HEAD | sed '/^committer/q'
			printf 'gpgsig %s\n AAAA\n %s\n\nthree\n' "$text" "${text/BEGIN/END}"
		} >object
		commit=$(g hash-object -t commit -w "$PWD/object")
		g update-ref refs/heads/forged "$commit"
		recipe
		exits 1 "${run[@]}" good.asc
		prints '(source-signature)'
	done
	[ ! -e ran ]
}

# variant NAME [NOTE]: what the report says of the commit, though nothing can be built.
variant() {
	commit "$1"
	PATH=$PWD/bin exits 3 run r.json --out o --format json
	prints "\"variant\":\"$1\""
	grep -q "\"variant\":\"$1\"" o/build-info.json
	[ -z "${2-}" ] || prints "$2"
}

@test "variants: how a commit says that its image is made, and what is left open" {
	repository
	mkdir -p bin repo/.github/workflows
	ln -s "$(command -v git)" bin
	no_nix
	w=repo/.github/workflows/ci.yml
	variant unknown
	printf 'run: |\n  git add -f build-outputs/nitro\n  nix build .#x86_64-eif || true\n' >$w
	variant staged-file 'errors are swallowed'
	# the recipe tells what is staged; the flake names it
	echo 'run: nix build .#x86_64-eif' >$w
	variant unknown
	echo '{ outputs = _: { x = ./build-outputs/nitro; }; }' >repo/flake.nix
	commit two
	recipe "file://$repo" ", \"image\": {\"reference\": \"127.0.0.1:1/a@sha256:$(printf '%064d' 0)\",
		\"platform\": \"linux/amd64\", \"files\": [{\"path\": \"/nitro\", \"stage\": \"build-outputs/nitro\"}]}"
	PATH=$PWD/bin exits 3 run r.json --out o --cache c --format json
	prints '"variant":"staged-file"'
	recipe
	# what stands in a comment is not done
	printf '# nix build --impure\n# ls -d /nix/store/x\n' >$w
	variant unknown
	# shellcheck disable=SC2016 # as a workflow and a script have it
	printf 'run: |\n  nix build --impure .#eif\n  x=$(ls -d /nix/store/*batcher-x86_64 | head -1)\n' >$w
	variant impure 'builds with --impure'
	prints 'an output that ls finds in /nix/store'
	echo '{ outputs = _: { x = pkgs.dockerTools.pullImage { }; }; }' >repo/flake.nix
	variant pull-image 'names the container image itself (pullImage)'
	# a configuration that is not bound: taken by the workflow and used by nobody; compared in a comment only
	printf 'inputs:\n  config_hash:\n    required: true\n' >$w
	variant pull-image 'the image does not check its configuration'
	echo '{ config_hash = "x"; }' >repo/config.nix
	variant pull-image
	[[ $out != *'does not check its configuration'* ]]
	# shellcheck disable=SC2016 # as a workflow and a script have it
	echo '# [ "$sum" = "$EXPECTED_CONFIG_SHA256" ] || exit 1' >repo/entrypoint.sh
	variant pull-image 'the image does not check its configuration'
	g rm -q flake.nix
	echo 'FROM scratch' >repo/Dockerfile
	variant docker-build 'a Dockerfile and no flake'
}

@test "staged: exactly that file, whatever its name means to git" {
	repository
	for name in ':!x' ':!*' ':/' '*' ':(glob)**' '-A' 'a b'; do
		stage=$(printf %s "$name" | sed 's,:/,:,')
		recipe "file://$repo" ", \"image\": {\"reference\": \"docker-archive:none.tar\", \"platform\": \"linux/amd64\",
			\"files\": [{\"path\": \"/nitro\", \"stage\": \"$stage\"}]}"
		rm -rf o
		exits 0 run r.json --out o --until stage --built-binary repo/tool
		[ "$(git -C o/stages/source status --porcelain=v1 -z | tr '\0' '\n')" = "A  $stage" ]
		cmp "o/stages/source/$stage" repo/tool
	done
}
