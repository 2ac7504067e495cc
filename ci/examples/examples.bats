#!/usr/bin/env bats
# The files that users take away: every command line in them is run as it stands there, by the programs that were
# built, against a simulated enclave that answers and then against one that does not. Units are judged by ci/lint.sh.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # variables of helpers.bash, for it, and of each test alone
program=enclave-attest
# shellcheck source=/dev/null
. "$TOP/test/helpers.bash"
examples=$TOP/ci/examples

setup() {
	# the files have a path without a blank, which this tree need not be in
	ln -s "$BUILD" "$BATS_TEST_TMPDIR/built"
	BUILD=$BATS_TEST_TMPDIR/built
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

# Stand-ins for what belongs to a runner; what they were called with is in the file calls. make builds nothing: the
# programs that were built are installed already.
stand_ins() {
	mkdir "$tmp/bin"
	# shellcheck disable=SC2016 # for the shell that runs them
	for name in sudo apt-get systemctl make; do
		printf '#!/bin/sh\necho "${0##*/} $*" >>"%s/calls"\ncase ${0##*/} in sudo) ;; *) exit 0 ;; esac\n' "$tmp" >"$tmp/bin/$name"
		chmod 755 "$tmp/bin/$name"
	done
	cat >>"$tmp/bin/sudo" <<-'END'
		case $1 in rm) exit 0 ;; esac
		exec "$@"
	END
	# shellcheck disable=SC2016
	printf '#!/bin/sh\nfor word; do last=$word; done\ncase $last in https://*) ;; *) exit 2 ;; esac\nwhile [ "$1" != --output ]; do shift; done\ncp "%s" "$2"\n' \
		"$tmp/dist/$name_of_tarball" >"$tmp/bin/curl"
	chmod 755 "$tmp/bin/curl"
	export PATH=$tmp/bin:$PATH
}

# workflow FILE: runs its steps from the first to the last, as a runner does: after one that fails only those that say
# `if: always()`. Leaves lines `STATUS NAME`, and checks what cannot be run: that an action is pinned, and that
# what it is to upload is there, by the name of a file that it may find.
workflow() {
	py "$1" "$name_of_tarball" <<'END'
import yaml, hashlib, glob
text = open(sys.argv[1]).read()
digest = hashlib.sha256(open("dist/" + sys.argv[2], "rb").read()).hexdigest()
flow = yaml.safe_load(text.replace("DIGEST-OF-THE-TARBALL", digest))
known = {"name", True, "permissions", "jobs", "concurrency"} # `on` is true in YAML
if not {"name", True, "permissions", "jobs"} <= set(flow) <= known or flow["permissions"] != {"contents": "read"}:
	wrong("keys %s" % list(flow))
(job,) = flow["jobs"].values()
if set(job) != {"runs-on", "timeout-minutes", "defaults", "steps"} or job["defaults"] != {"run": {"shell": "bash"}}:
	wrong("job %s" % list(job))
failed = False
for step in job["steps"]:
	if not set(step) <= {"name", "id", "if", "env", "run", "uses", "with"} or ("run" in step) == ("uses" in step):
		wrong("step %s" % step)
	if step.get("if", "always()") != "always()":
		wrong("condition %s" % step["if"])
	if failed and "if" not in step:
		print("- %s" % step["name"])
	elif "run" in step:
		done = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]], stdin=subprocess.DEVNULL,
			stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **step.get("env", {})}, text=True)
		print("%d %s" % (done.returncode, step["name"]))
		print(done.stdout, file=sys.stderr)
		failed = failed or done.returncode != 0
	else:
		for path in step["with"].get("path", "").split():
			print("%s %s" % ("upload" if glob.glob(path) else "absent", path))
END
}

@test "the workflow that watches, from the first step to the last" {
	name_of_tarball=enclavecheck-$(sed -n 's/^VERSION := //p' "$TOP/GNUmakefile").tar.gz
	(cd "$TOP" && ci/dist "$(sed -n 's/^VERSION := //p' GNUmakefile)" "$tmp/dist" >/dev/null)
	stand_ins
	run --separate-stderr workflow "$examples/github/watch.yml"
	echo "$output" "$stderr"
	[ "$status" -eq 0 ]
	[ "$output" = $'0 Install enclavecheck\n0 Ask\n0 Summary' ]
	[ "$(tail -n 1 summary)" = '| batcher | pass |  |' ]
	# what would have been installed
	grep -qx 'apt-get update' calls
	[ "$(sed -n 's/^apt-get install -y --no-install-recommends //p' calls | tr ' ' '\n' | sort)" = \
		"$("$TOP/ci/bootstrap" packages demo | sort)" ]
	grep -qx 'make install PREFIX=/usr' calls
	silence
	rm -r runner summary
	mkdir runner
	run --separate-stderr workflow "$examples/github/watch.yml"
	[ "$output" = $'0 Install enclavecheck\n3 Ask\n0 Summary' ]
	# another tarball than the one that was chosen
	rm -r runner
	mkdir runner
	sed 's/DIGEST-OF-THE-TARBALL/0000000000000000000000000000000000000000000000000000000000000000/' \
		"$examples/github/watch.yml" >other.yml
	run --separate-stderr workflow "$tmp/other.yml"
	echo "$output" "$stderr"
	[ "$output" = $'1 Install enclavecheck\n- Ask\n1 Summary' ]
}

@test "the workflow that rebuilds, from the first step to the last" {
	name_of_tarball=enclavecheck-$(sed -n 's/^VERSION := //p' "$TOP/GNUmakefile").tar.gz
	(cd "$TOP" && ci/dist "$(sed -n 's/^VERSION := //p' GNUmakefile)" "$tmp/dist" >/dev/null)
	stand_ins
	pcr0=$(enclave-verify eif "$TOP/testvectors/eif/usual.eif" --pcr-json | sed -n 's/.*"PCR0": "\(.*\)".*/\1/p')
	printf '{"schema":1,"name":"batcher","source":{"repository":"https://git.example/none","commit":"%040d"},
		"build":{"attribute":"x86_64-eif","eif":"batcher.eif"},"expect":{"pcr0":"%s"}}\n' 1 "$pcr0" >recipe.json
	export HOME=$tmp XDG_CACHE_HOME=$tmp/cache GITHUB_OUTPUT=$tmp/output
	# the build itself is given here: it is tried by real Nix elsewhere
	cp "$TOP/testvectors/eif/usual.eif" "$tmp/given.eif"
	sed "s|enclave-rebuild run recipe.json --out results|& --built-eif $tmp/given.eif|" \
		"$examples/github/rebuild.yml" >given.yml
	run --separate-stderr workflow "$tmp/given.yml"
	echo "$output" "$stderr"
	[ "$status" -eq 0 ]
	[ "$output" = '0 Install enclavecheck
0 Make room
0 Install Nix
0 What will be done, and what is missing for it
0 Say what is not built here
0 Rebuild and compare
upload results/enclave.eif
absent results/enclaver
upload results/pcr.json
upload results/build-info.json
upload results/report.json
upload results/report.html
upload results/build.log' ]
	grep -q '^sudo rm -rf /opt/ghc ' calls
	grep -q '^Caches of this job: none' summary
	grep -q '^## PASS ' summary
	grep -qx 'verdict=pass' output
	# one that differs is red, and all the same uploaded
	sed -i "s/$pcr0/$(printf '%096d' 1)/" recipe.json
	rm -r runner results
	mkdir runner
	run --separate-stderr workflow "$tmp/given.yml"
	[[ $output == *$'\n1 Rebuild and compare\nupload results/enclave.eif\n'* ]]
}

@test "the CronJob has no field that Kubernetes does not know" {
	py "$examples/kubernetes-cronjob.yml" <<'END'
import yaml
# of batch/v1 and core/v1, as far as anybody would use it here; a leaf is the pattern of its value
count, yes, name = r"\d+", r"true|false", r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?"
quantity = r"\d+(m|Ki|Mi|Gi)?"
security = {"allowPrivilegeEscalation": yes, "readOnlyRootFilesystem": yes, "runAsNonRoot": yes, "runAsUser": count,
	"runAsGroup": count, "capabilities": {"drop": ["ALL"], "add": [r"[A-Z_]+"]}, "privileged": yes,
	"seccompProfile": {"type": "RuntimeDefault|Localhost|Unconfined"}}
container = {"name": name, "image": r"[\w./-]+@sha256:(DIGEST|[0-9a-f]{64})", "command": [".+"], "args": [".+"],
	"resources": {"requests": {"cpu": quantity, "memory": quantity}, "limits": {"cpu": quantity, "memory": quantity}},
	"securityContext": security, "volumeMounts": [{"name": name, "mountPath": "/.*", "readOnly": yes, "subPath": ".+"}]}
pod = {"restartPolicy": "Never|OnFailure", "automountServiceAccountToken": yes, "enableServiceLinks": yes,
	"securityContext": {k: security[k] for k in ("runAsNonRoot", "runAsUser", "runAsGroup", "seccompProfile")},
	"containers": [container], "volumes": [{"name": name, "configMap": {"name": name, "optional": yes}}]}
job = {"backoffLimit": count, "activeDeadlineSeconds": count, "ttlSecondsAfterFinished": count, "template": {"spec": pod}}
cron = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name}, "spec": {
	"schedule": r"([\d*/,-]+ ){4}[\d*/,-]+", "concurrencyPolicy": "Allow|Forbid|Replace", "startingDeadlineSeconds": count,
	"successfulJobsHistoryLimit": count, "failedJobsHistoryLimit": count, "suspend": yes, "timeZone": ".+",
	"jobTemplate": {"spec": job}}}
def judge(place, value, known):
	if isinstance(known, dict):
		if not isinstance(value, dict):
			return wrong("%s: not a mapping" % place)
		for key in value:
			if key not in known:
				wrong("%s: no field %s" % (place, key))
			else:
				judge(place + "." + key, value[key], known[key])
	elif isinstance(known, list):
		if not isinstance(value, list) or not value:
			return wrong("%s: not a list" % place)
		for one in value:
			judge(place, one, known[0])
	else:
		text = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
		if isinstance(value, int) and known not in (count, yes) or isinstance(value, (dict, list)) or \
				not re.fullmatch(known, str(text)):
			wrong("%s: %r is not %s" % (place, value, known))
(one,) = yaml.safe_load_all(open(sys.argv[1]))
judge("", one, cron)
spec = one["spec"]["jobTemplate"]["spec"]["template"]["spec"]
(box,) = spec["containers"]
if {v["name"] for v in spec["volumes"]} != {v["name"] for v in box["volumeMounts"]}:
	wrong("a volume that nobody mounts, or that is not there")
if not set(["schedule", "jobTemplate"]) <= set(one["spec"]) or not box["image"]:
	wrong("something that is required is missing")
# and the table of fields finds what is wrong
before = failures
judge("", {"apiVersion": "batch/v1", "spec": {"scedule": "* * * * *"}}, cron)
judge("", {"spec": {"concurrencyPolicy": "forbid"}}, cron)
failures = before if failures == before + 2 else failures + 1
END
}

@test "the container has the libraries that its programs ask for" {
	# shellcheck source=/dev/null
	. /etc/os-release
	grep -qx "ARG BASE=debian:$VERSION_CODENAME-slim" "$examples/Containerfile" || skip 'no such Debian as the container has'
	for program in "$BUILD"/enclave-verify "$BUILD"/enclave-attest "$BUILD"/enclave-rebuild; do
		readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
	done | sort -u | grep -v '^libc\.so\|^ld-linux' >needed
	[ -s needed ]
	while read -r library; do
		package=$(dpkg -S "*/$library" | sed 's/:.*//' | sort -u | head -n 1)
		echo "$library is in $package"
		sed -n '/^FROM \${BASE}$/,$p' "$examples/Containerfile" | grep -qw -- "$package"
	done <needed
	# every instruction is one, and what is copied is what make dist leaves
	sed -e ':more' -e '/\\$/{N;s/\\\n//;b more' -e '}' "$examples/Containerfile" | grep -v '^#\|^$' >instructions
	run grep -vE '^(ARG BASE=|FROM \$\{BASE\}( AS build)?$|COPY (enclavecheck-\*\.tar\.gz /src/|--from=build /stage/ /)$|WORKDIR /|RUN |USER [0-9]+:[0-9]+$|(ENTRYPOINT|CMD) \[)' instructions
	[ -z "$output" ]
	sed -n 's/^RUN //p' instructions | while read -r line; do
		sh -n -c "$line"
	done
}

@test "workflows use nothing that is not pinned, and all they run is shell" {
	for file in "$examples"/github/*.yml; do
		run grep -hE '^ *(- )?uses:' "$file"
		[ "$status" -eq 0 ]
		[ "$(sed -E '/@[0-9a-f]{40} # v[0-9.]+$/d' <<<"$output")" = '' ]
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
