#!/usr/bin/env bats
# The files that users take away: every command line in them is run as it stands there, by the programs that were
# built, against a simulated enclave that answers and then against one that does not. Units are judged by ci/lint.sh.
# That the YAML is YAML nothing here tells but promtool, for the rules.
# shellcheck disable=SC2034,SC2154 # variables of helpers.bash, and for it
program=enclave-attest
# shellcheck source=test/helpers.bash
. "$TOP/test/helpers.bash"
examples=$TOP/ci/examples

setup() {
	export PATH=$BUILD:$PATH RUNNER_TEMP=$tmp/runner GITHUB_STEP_SUMMARY=$tmp/summary
	mkdir "$tmp/etc" "$tmp/lib" "$tmp/run" "$tmp/runner"
	cd "$tmp/etc" || return 1
	printf '{"PCR0":"%096d"}\n' 7 >image.json
	enclave-attest simulate trial --pcrs image.json >/dev/null
	enclave-attest serve --simulate trial --listen 127.0.0.1:0 >listens 2>serve.err 3>&- &
	server=$!
	for _ in $(seq 100); do
		[ ! -s listens ] || break
		sleep 0.1
	done
	url=http://$(grep -o '127.0.0.1:[0-9]*' listens)
	printf '{"schema":1,"defaults":{"profile":"odyn","root":"trial/root.pem","timeout":5},
		"targets":[{"name":"batcher","url":"%s","expect":{"pcrs":"trial/pcr.json"}}]}\n' "$url" >targets.json
	cp targets.json trial/pcr.json .. # a workflow's are in its repository
	cp -r trial ..
	cd .. || return 1
}

teardown() {
	silence
}

silence() {
	[ -z "$server" ] || kill "$server" || :
	[ -z "$server" ] || wait "$server" || :
	server=
}

# here: a command line on standard input with the folders of this test in it.
here() {
	sed "s|/usr/bin/enclave-|$BUILD/enclave-|g; s|/etc/enclavecheck|$tmp/etc|g; s|/var/lib/enclavecheck|$tmp/lib|g
		s|/run/enclavecheck|$tmp/run|g"
}

# ends STATUS LINE: the shell runs it, and that is how it ends.
ends() {
	run --separate-stderr bash --noprofile --norc -eo pipefail -c "$2"
	echo "$2: $status, wanted $1: $output $stderr"
	[ "$status" -eq "$1" ]
}

# list FILE KEY: the words of a JSON list behind KEY, quoted for the shell.
list() {
	sed -n "s/^ *$2:* *\(\[.*\]\)\$/\1/p" "$1" |
		python3 -c 'import json, shlex, sys
for line in sys.stdin: print(shlex.join(json.loads(line)))'
}

# step FILE NAME: the script of this step of a workflow.
step() {
	python3 - "$@" <<'END'
import sys, textwrap
name, lines = "- name: " + sys.argv[2], open(sys.argv[1]).read().split("\n")
at = [line.strip() for line in lines].index(name)
at = next(i for i in range(at, len(lines)) if lines[i].strip() == "run: |")
deep = len(lines[at]) - len(lines[at].lstrip())
body = []
for line in lines[at + 1:]:
	if line.strip() and len(line) - len(line.lstrip()) <= deep:
		break
	body.append(line)
print(textwrap.dedent("\n".join(body)).strip())
END
}

@test "no command line stands here but those that are run below" {
	[ "$(grep -rE '(^|[^a-z@-])enclave-(attest|rebuild|verify)([" ]|$)' "$examples" --exclude=examples.bats |
		grep -vE '^[^:]*: *#' | sed "s|^$examples/||; s|:.*||" | LC_ALL=C sort | tr '\n' ' ')" = \
		'Containerfile crontab enclavecheck-watch.service github/rebuild.yml github/rebuild.yml github/watch.yml kubernetes-cronjob.yml nagios.cfg nagios.cfg ' ]
}

@test "the service tells its manager that it is ready and lives, and leaves metrics" {
	unit=$examples/enclavecheck-watch.service
	line=$(sed -n 's/^ExecStart=//p' "$unit" | here)
	py /dev/null "$line" "$unit" <<'END'
import re, shlex, signal, socket
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
	manager.bind("notify")
	manager.settimeout(30)
	words = shlex.split(sys.argv[2])
	service = subprocess.Popen(words, env={**os.environ, "NOTIFY_SOCKET": os.path.abspath("notify")},
		stdin=subprocess.DEVNULL)
	try:
		said = [manager.recv(4096).decode() for _ in range(2)]
	finally:
		service.terminate()
	ended = service.wait(30)
if said != ["READY=1", "WATCHDOG=1\nSTATUS=1 of 1 targets pass"] or ended != -signal.SIGTERM:
	wrong("said %s, ended %s" % (said, ended))
unit = open(sys.argv[3]).read()
every = int(words[words.index("--every") + 1])
patience = int(re.search(r"^WatchdogSec=(\d+)$", unit, re.M).group(1))
if patience < every * 1.1 + 300 / 32 * 10 + 10:
	wrong("WatchdogSec=%d is too short for --every %d" % (patience, every))
END
	grep -q '^enclave_attest_verdict{target="batcher",verdict="pass"} 1$' run/enclave.prom
	[ -s lib/state.json ]
	promtool check metrics <run/enclave.prom
	# every metric that a rule names is there
	grep -o 'enclave_attest_[a-z_]*' "$examples/prometheus-rules.yml" | sort -u >named
	[ -s named ]
	sed -n 's/^\(enclave_attest_[a-z_]*\){.*/\1/p' run/enclave.prom | sort -u >exported
	[ -z "$(comm -23 named exported)" ]
}

@test "the service has a folder for each file that it writes" {
	unit=$examples/enclavecheck-watch.service
	grep -qx 'StateDirectory=enclavecheck' "$unit"
	grep -qx 'RuntimeDirectory=enclavecheck' "$unit"
	grep -q '^ExecStart=.* --state /var/lib/enclavecheck/[a-z.]* .* -o /run/enclavecheck/[a-z.]*$' "$unit"
}

@test "the line for cron says nothing of a pass, and all of anything else" {
	line=$(sed -n 's/^\([^ ]* \)\{5\}enclavecheck //p' "$examples/crontab" | here)
	[[ $line != *%* ]] # a line feed, for cron
	ends 0 "$line"
	[ -z "$output$stderr" ]
	silence
	ends 0 "$line"
	[[ $output == *ERROR*batcher*http-connect* ]]
	rm etc/targets.json
	ends 0 "$line"
	[[ $output == *targets.json* ]]
}

@test "the commands for Nagios" {
	many=$(sed -n '/command_name[[:space:]]*check_enclaves$/,/}/s/^[[:space:]]*command_line[[:space:]]*//p' "$examples/nagios.cfg" |
		here | sed "s|\$ARG1\\$|$tmp/etc/targets.json|")
	one=$(sed -n '/command_name[[:space:]]*check_enclave$/,/}/s/^[[:space:]]*command_line[[:space:]]*//p' "$examples/nagios.cfg" |
		here | sed "s|\$ARG1\\$|${url/http:/https:}/|; s|\$ARG2\\$|nitriding|; s|\$ARG3\\$|$tmp/etc/trial/pcr.json|")
	ends 0 "$many"
	[[ $output == 'ENCLAVE OK - batcher: pass '*' | time='* ]]
	silence
	ends 2 "$many"
	[[ $output == *http-connect* ]]
	ends 2 "$one"
	[[ $output == *http-connect* ]]
}

@test "the command of the CronJob, and what the container starts" {
	job=$(list "$examples/kubernetes-cronjob.yml" command | here)
	box=$({ list "$examples/Containerfile" ENTRYPOINT && list "$examples/Containerfile" CMD; } | tr '\n' ' ' | here)
	# a config map is a folder of links
	mv etc/targets.json etc/..data
	ln -s ..data etc/targets.json
	ends 0 "$job"
	[[ $output == *'"verdict":"pass"'* ]]
	ends 0 "$box"
	[[ $output == PASS*batcher* ]]
	silence
	ends 3 "$job"
	ends 3 "$box"
	for key in 'kind: CronJob' 'concurrencyPolicy: Forbid' 'backoffLimit: 0' 'restartPolicy: Never' \
		'readOnlyRootFilesystem: true' 'runAsNonRoot: true' 'allowPrivilegeEscalation: false'; do
		grep -qE "^ *$key\$" "$examples/kubernetes-cronjob.yml"
	done
}

@test "the workflow that watches: red unless all pass, and a table" {
	ask=$(step "$examples/github/watch.yml" Ask)
	table=$(step "$examples/github/watch.yml" Summary)
	ends 0 "$ask"
	ends 0 "$table"
	[ "$(tail -n +3 summary)" = '| batcher | pass |  |' ]
	silence
	ends 3 "$ask"
	rm summary
	ends 0 "$table"
	[ "$(tail -n +3 summary)" = '| batcher | error | endpoint.fetch (http-connect) |' ]
	rm runner/report.json
	ends 1 "$table"
}

@test "the workflow that rebuilds: red without a verdict, and a page" {
	printf '{"schema":1,"name":"batcher","source":{"repository":"file://%s/none","commit":"%040d"},
		"build":{"attribute":"x86_64-eif","eif":"batcher.eif"},"expect":{"pcr0":"%096d"}}\n' "$tmp" 1 2 >recipe.json
	export HOME=$tmp XDG_CACHE_HOME=$tmp/cache
	run bash -c "$(step "$examples/github/rebuild.yml" 'What will be done, and what is missing for it')"
	echo "$status $output"
	[ "$status" -ne 2 ]
	export GITHUB_OUTPUT=$tmp/output
	ends 3 "$(step "$examples/github/rebuild.yml" 'Rebuild and compare')"
	[ "$(head -n 1 summary)" = '## ERROR <code>batcher</code>: source.commit' ]
	grep -q '^| source.commit | \*\*error\*\* | .*(source-fetch) |$' summary
	printf 'pcr0=\nenclave_hash=\nverdict=error\n' | cmp - output
}

@test "workflows use nothing that is not pinned, and all they run is shell" {
	for file in "$examples"/github/*.yml; do
		# the placeholder is no commit: nothing runs before somebody chose one
		run grep -hE '^ *(- )?uses:' "$file"
		[ "$status" -eq 0 ]
		[ "$(sed '/@FULL-COMMIT-ID$/d' <<<"$output")" = '' ]
		grep -qx 'permissions:' "$file"
		[ "$(grep -c 'contents: read' "$file")" -eq 1 ]
		bash -n -c "$(step "$file" 'Install enclavecheck')"
		# what stands between ${{ }} is put into a script as it is
		run grep -F "\${{" "$file"
		[ "$status" -eq 1 ]
	done
}

@test "workflows and container install what ci/packages names for building" {
	wanted=$(awk '/^\[/ { on = $1 == "[build]"; next } on && NF && !/^#/' "$TOP/ci/packages" | sed 's/|.*//')
	for file in Containerfile github/watch.yml github/rebuild.yml; do
		line=$(grep -o "awk '.*' ci/packages" "$examples/$file")
		[ "$(cd "$TOP" && sh -c "$line")" = "$wanted" ]
	done
}

@test "the rules, by promtool" {
	promtool check rules "$examples/prometheus-rules.yml"
	promtool test rules "$examples/prometheus-rules-test.yml"
	# none without a trial
	sed -n 's/^ *- alert: //p' "$examples/prometheus-rules.yml" | sort >rules
	[ -s rules ]
	awk '/alertname:/ { name = $2 } /exp_labels:/ { print name }' "$examples/prometheus-rules-test.yml" | sort -u >tried
	diff rules tried
}
