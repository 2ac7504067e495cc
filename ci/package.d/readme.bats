#!/usr/bin/env bats
# The pages for people: every command in them is run as it stands, or said not to be.
# shellcheck disable=SC2034,SC2119,SC2154 # variables of helpers.bash, and for it
program=enclave-verify
# shellcheck source=test/helpers.bash disable=SC1091
. "$TOP/test/helpers.bash"

# walk PAGE...: in a copy, as after `make`.
walk() {
	rm -rf "$tmp/walk"
	mkdir -p "$tmp/walk/copy/build"
	ln -s "$BUILD" "$tmp/walk/copy/build/release"
	cp -r "$TOP/testvectors" "$tmp/walk/copy"
	run env -u ENCLAVES HOME="$tmp/walk" python3 "$TOP/ci/package.d/walk.py" "$tmp/walk" "$@"
	echo "$output"
}

@test "the README's commands, run as they stand, print what it shows" {
	walk README.md SECURITY.md ci/ec2/README.md
	[ "$status" -eq 0 ]
	echo "# README.md, SECURITY.md, ci/ec2/README.md: ${lines[-1]}" >&3
}

@test "one that is not as it stands is found" {
	page() {
		cat >"$tmp/page.md"
		TOP=$TOP walk "$tmp/page.md"
		[ "$status" -eq 1 ]
	}
	page <<<$'```sh\ntrue\nfalse\n```'
	page <<<$'```sh\ntrue # exit status 1\n```'
	page <<<$'```sh\necho one\n```\n\n```text\ntwo\n```'
	page <<<$'```sh\nprintf "one\\ntwo\\n"\n```\n\n```text\none\n```'
	page <<<$'```json\n{}\n```\n\n```sh\ntrue\n```'
	page <<<$'```text\nx\n```\n\n```sh\ntrue\n```'
	page <<<$'```sh\ntrue\n```\n\n    indented'
	page <<<$'```sh\ntrue\n```\n\n```sh\n# needs an enclave\nenclave-attest check --no-such-option\n```'
	page <<<$'```sh\ntrue\n```\n\n```sh\n# needs root\ninstall ci/none /\n```'
	page <<<$'```sh\ntrue\n```\n\n```sh\n# needs time\nmake none\n```'
	page <<<$'```sh\n# needs root\ntrue\n```'
	# and one that is, is not
	cat >"$tmp/page.md" <<<$'```sh\ncat <<END\none\n\nthree 3 end\nEND\nfalse   # exit status 1\nfor i in 1 2; do\n\techo $i\ndone\n```\n\n```text\n1\n...\n2\n```'
	walk "$tmp/page.md"
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = 'commands run: 3, not run here: 0' ]
}

@test "the README's packages are those that bootstrap installs" {
	for goal in demo check enclave; do
		wanted=$("$TOP/ci/bootstrap" packages "$goal" | LC_ALL=C sort -u)
		row=$(sed -n "s/^| \`$goal\`[^|]*| \(.*\) |\$/\1/p" "$TOP/README.md")
		[ -n "$row" ]
		# shellcheck disable=SC2016 # backquotes of the page
		case $row in
		*'those, and '* | *'those of `demo`, and '*)
			row="$("$TOP/ci/bootstrap" packages demo | tr '\n' ' ') ${row#*, and }"
			;;
		esac
		diff <(tr ' ' '\n' <<<"$row" | grep . | LC_ALL=C sort -u) <(echo "$wanted")
	done
}

@test "what the README leads to is there" {
	py <<'END'
def heads(text):
	return {re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in re.findall(r"^#+ (.*)$", text, re.M)}
for page in ("README.md", "SECURITY.md", "CHANGELOG.md", "ci/ec2/README.md", "testvectors/README.md"):
	text = open(os.path.join(TOP, page)).read()
	for target in re.findall(r"\]\(([^)]+)\)", text):
		if "://" in target:
			continue
		path, _, anchor = target.partition("#")
		there = os.path.normpath(os.path.join(TOP, os.path.dirname(page), path)) if path else os.path.join(TOP, page)
		if not os.path.exists(there) or anchor and anchor not in heads(open(there).read()):
			wrong("%s: %s" % (page, target))
END
}
