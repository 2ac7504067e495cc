#!/usr/bin/env bats
# ci/completions: what the shells offer is what the programs take.
# shellcheck disable=SC2034,SC2154 # variables of helpers.bash, and for it
program=enclave-verify
# shellcheck source=test/helpers.bash disable=SC1091
. "$TOP/test/helpers.bash"

setup_file() {
	"$TOP/ci/completions" "$BUILD" "$BATS_FILE_TMPDIR/made"
}

setup() {
	made=$BATS_FILE_TMPDIR/made
	mkdir "$tmp/here"
	cd "$tmp/here" || return 1
	mkdir folder
	touch document.cbor 'two words.json'
}

# offers WANTED WORD...: bash offers these words, one a line, for the last of the words.
offers() {
	local wanted=$1 got
	shift
	got=$(bash -c '
		. "$1/$2.bash"
		COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
		function=$(complete -p "$2" | sed "s/.*-F \([^ ]*\) .*/\1/")
		"$function" "$2" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>&1
		printf "%s\n" "${COMPREPLY[@]}"' - "$made" "$@")
	[ "$got" = "$wanted" ] || {
		printf '%s\nwanted:\n%s\ngot:\n%s\n' "$*" "$wanted" "$got"
		return 1
	}
}

@test "bash: verbs, options, values, files" {
	offers 'document' enclave-verify d
	offers $'statement\nshow' enclave-verify s
	offers $'--help' enclave-attest --h
	offers $'check' enclave-attest c
	offers '--format' enclave-verify document --fo
	offers $'--pcr\n--pcrs' enclave-verify document x --pcr
	offers $'--pcr\n--pcr-json\n--pcrs' enclave-verify eif --pcr
	offers '' enclave-verify show --pcr
	offers $'text\njson\nhtml' enclave-verify document --format ''
	offers 'html' enclave-verify document --format h
	offers $'text\njson' enclave-verify show --format ''
	offers 'json' enclave-verify show --format = j
	offers $'text\njson' enclave-verify show --format =
	offers $'now\ndocument' enclave-verify document --at ''
	offers 'now' enclave-verify eif --at ''
	offers $'verified\nattested' enclave-attest check --tls ''
	offers $'oyster\noyster-custom' enclave-attest check --profile oy
	offers 'eif.form' enclave-verify eif --require eif.f
	offers '' enclave-verify eif --require chain.r
	offers 'document.cbor' enclave-verify document d
	offers 'two words.json' enclave-verify document --pcrs t
	offers 'two words.json' enclave-verify document --pcrs = t
	offers 'document.cbor' enclave-verify show -o d
	offers 'folder' enclave-attest check --save ''
	offers '' enclave-verify document --nonce d
	offers $'--kernel' enclave-rebuild assemble --k
	offers '' enclave-rebuild unpack --k
}

# What the tables have, each verb is asked about; what it does not take must not be offered.
@test "every option is offered by some verb, and the verb takes it" {
	py "$made" <<'END'
import glob
names, build = set(), os.environ["BUILD"]
for path in glob.glob(TOP + "/*/*.c"):
	names |= set(re.findall(r'^\s*\{ [A-Z_]+, (?:0|\'[a-zA-Z]\'), (?:true|false), "([a-z0-9-]+)",', open(path).read(), re.M))
offered = {}
for path in sorted(glob.glob(sys.argv[1] + "/*.bash")):
	program = os.path.basename(path)[:-5]
	text = open(path).read()
	for verb, words in re.findall(r'^\t\t([a-z]+)\) words="(--[^"]*)"', text, re.M):
		offered[program, verb] = [w for w in words.split() if w.startswith("--")]
if len({program for program, verb in offered}) != 3 or len(offered) < 12:
	wrong("programs and verbs: %s" % sorted(offered))
def refused(row):
	(program, verb), option = row
	done = subprocess.run([os.path.join(build, program), verb, option + "=--help", "--help"], stdin=subprocess.DEVNULL,
		stdout=subprocess.PIPE, stderr=subprocess.PIPE)
	return b"is no option here" in done.stderr
rows = [(key, option) for key in offered for option in offered[key]]
for row, no in zip(rows, many(refused, rows)):
	if no:
		wrong("%s: is no option there" % (row,))
missing = {"--" + name for name in names} - {option for key in offered for option in offered[key]}
if missing:
	wrong("offered nowhere: %s" % sorted(missing))
END
}

@test "the shells can read them" {
	for file in "$made"/*.bash; do
		bash -n "$file"
	done
	for file in "$made"/_*; do
		grep -q '^#compdef enclave-' "$file"
	done
	[ "$(find "$made" -name '*enclave-*' | wc -l)" -eq 9 ]
}

@test "zsh can read its own" {
	command -v zsh >/dev/null || skip 'no zsh in this system'
	for file in "$made"/_*; do
		zsh -n "$file"
	done
}

@test "fish can read its own, and offers what bash does" {
	command -v fish >/dev/null || skip 'no fish in this system'
	for file in "$made"/*.fish; do
		fish -n "$file"
	done
	run fish --no-config -c "source $made/enclave-verify.fish; complete -C 'enclave-verify show --format '"
	[ "$output" = $'json\ntext' ]
	run fish --no-config -c "source $made/enclave-verify.fish; complete -C 'enclave-verify document --fo'"
	[ "$output" = '--format' ]
}
