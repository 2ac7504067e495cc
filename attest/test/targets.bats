#!/usr/bin/env bats
# enclave-attest check --config: many targets, once and again, told, remembered and exported.
# shellcheck disable=SC2154 # variables of enclaves.bash
load enclaves

# config TARGET...: targets.json with these, and defaults that fit the test image.
config() {
	local IFS=, list
	list="$*"
	cat >targets.json <<END
{"schema": 1,
 "defaults": {"profile": "odyn", "root": "$TOP/testvectors/root.pem", "timeout": 3,
  "expect": {"pcrs": "$TOP/testvectors/pcr.json"}},
 "targets": [$list]}
END
}

# target NAME PATH [MORE]: one of the plain enclave.
target() {
	printf '{"name": "%s", "url": "http://127.0.0.1:%s%s"%s}' "$1" "$(port plain)" "$2" "${3:+, $3}"
}

prelude+='
import shutil, signal, socket, tempfile, threading, time, urllib.request

def target(name, path="/", **more):
	return {"name": name, "url": HTTP + path, **more}

def write_config(targets, name="targets.json", **defaults):
	with open(name + ".new", "w") as file:
		json.dump({"schema": 1, "targets": targets, "defaults": {"profile": "odyn", "timeout": 3,
			"root": VECTORS + "/root.pem", "expect": {"pcrs": VECTORS + "/pcr.json"}, **defaults}}, file)
	os.rename(name + ".new", name)

def once(*args):
	"""Exit status, the lines of stdout, stderr."""
	done = subprocess.run([ATTEST, "check", *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
		stderr=subprocess.PIPE, text=True)
	return done.returncode, done.stdout.splitlines(), done.stderr

def expect(what, got, want):
	if got != want:
		wrong("%s: %r, expected %r" % (what, got, want))

def begin(*args, env=None):
	"""A loop; its standard output is read line by line."""
	return subprocess.Popen([ATTEST, "check", "--config", "targets.json", "--every", "1", *args],
		stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
		env={**os.environ, **(env or {})})

def end(loop, signal_number=signal.SIGTERM):
	"""What it said on stderr; it must die by the signal."""
	loop.send_signal(signal_number)
	out, err = loop.communicate(timeout=30)
	expect("end", loop.returncode, -signal_number)
	return err
'

@test "30 targets with faults: each told right, in the time of the slowest" {
	py <<'END'
faults = {
	"good": ("", 0, "-"), "http10": ("/http10", 0, "-"), "early": ("/early", 0, "-"),
	"slow": ("/slow", 3, "endpoint.fetch http-timeout"), "cut": ("/cut", 3, "endpoint.fetch http-cut-short"),
	"page": ("/page", 3, "endpoint.fetch endpoint-no-document"), "tampered": ("/tampered", 1, "cose.signature cose-signature"),
	"wrong": ("/wrongnonce", 1, "nonce.match nonce-mismatch"), "old": ("/old", 1, "claims.age timestamp-stale"),
	"future": ("/future", 1, "claims.age timestamp-future"),
}
targets = [target("%s.%d" % (name, i), faults[name][0] + "/v1/attestation") for i in range(3) for name in faults]
write_config(targets)
for jobs in ([], ["--jobs", "6"]):
	begun = time.monotonic()
	status, lines, err = once("--config", "targets.json", "--format", "json", *jobs)
	took = time.monotonic() - begun
	expect("status", (status, err), (1, ""))
	reports = [json.loads(line) for line in lines]
	expect("names", sorted(r["target"]["name"] for r in reports), sorted(t["name"] for t in targets))
	for report in reports:
		name = report["target"]["name"]
		path, verdict, bad = faults[name.split(".")[0]]
		expect(name, report["target"]["url"], HTTP + path + "/v1/attestation")
		expect(name, {"pass": 0, "fail": 1, "error": 3}[report["verdict"]], verdict)
		got = " ".join(first_bad(report)) if verdict else "-"
		if name.split(".")[0] == "page":
			got = got.replace("endpoint-type", "endpoint-no-document")
		expect(name, got, bad)
	# the slow ones hold up nobody: they come last
	expect("last", {r["target"]["name"].split(".")[0] for r in reports[-3:]}, {"slow"})
	if took > 20:
		wrong("took %.1f s" % took)
# in a file, the order is that of the targets
for form in ("json", "text"):
	status, lines, err = once("--config", "targets.json", "--format", form, "-o", "out")
	expect(form, (status, lines, err), (1, [], ""))
	text = open("out").read()
	if form == "json":
		expect("order", [json.loads(line)["target"]["name"] for line in text.splitlines()],
			[t["name"] for t in targets])
	else:
		heads = [part.splitlines()[0].replace(":", "").split() for part in text.split("\n\n")]
		expect("order", [h[-2] if h[-2] in {t["name"] for t in targets} else h[-1] for h in heads],
			[t["name"] for t in targets])
# likewise on a page, where a link leads to the section of its target
status, lines, err = once("--config", "targets.json", "--format", "html")
expect("html", (status, err), (1, ""))
text = "\n".join(lines)
names = [t["name"] for t in targets]
expect("links", [(int(n), name) for n, name in re.findall(r'<a href="#t([0-9]+)">([^<]*)</a>', text)],
	list(enumerate(names, 1)))
sections = re.split(r'<section id="t([0-9]+)">', text)[1:]
expect("sections", sections[0::2], [str(n) for n in range(1, len(names) + 1)])
for name, section in zip(names, sections[1::2]):
	if name not in section[:600]:
		wrong("section of %s: %s" % (name, section[:600]))
END
}

@test "the worst exit status: 1 before 3 before 0" {
	config "$(target a /)" "$(target b /http10/v1/attestation)"
	exits 0 check --config targets.json -q
	nothing_printed
	nothing_said
	config "$(target a /)" "$(target b /page/v1/attestation)"
	exits 3 check --config targets.json -q
	config "$(target a /page/v1/attestation)" "$(target b /tampered/v1/attestation)"
	exits 1 check --config targets.json -q
	exits 2 check --config targets.json --format nagios
	prints 'ENCLAVE CRITICAL - 2 of 2 targets: a: endpoint.fetch gave no verdict'
	# URLs of the command line, by the same way
	exits 0 check "http://127.0.0.1:$(port plain)" --profile odyn "${image[@]}" --format nagios
	prints 'ENCLAVE OK - http://127.0.0.1:'
	prints ' | time=0.'
	prints 's;5;10;0 age=0s;;300 cert_left='
	exits 0 check "http://127.0.0.1:$(port plain)" --profile odyn "${image[@]}" --allow-debug --jobs 2 --format prom
	prints 'enclave_attest_verdict{target="http://127.0.0.1:'
}

@test "an answer of serve --simulate is judged under its own root" {
	py <<'END'
subprocess.run([ATTEST, "simulate", "d", "--pcrs", VECTORS + "/pcr.json"], check=True, stdout=subprocess.DEVNULL)
server = subprocess.Popen([ATTEST, "serve", "--simulate", "d", "--listen", "127.0.0.1:0", "--rate", "1000"],
	stdout=subprocess.PIPE, text=True)
port = server.stdout.readline().rsplit(":", 1)[1].strip()
url = "http://127.0.0.1:" + port
write_config([{"name": "right", "url": url, "root": "d/root.pem"}, {"name": "aws", "url": url, "root": None},
	{"name": "other", "url": url, "root": "d/root.pem", "expect": {"pcrs": VECTORS + "/other-pcr.json"}}])
status, lines, err = once("--config", "targets.json", "--format", "json")
expect("status", (status, err), (1, ""))
reports = {r["target"]["name"]: r for r in map(json.loads, lines)}
expect("right", reports["right"]["verdict"], "pass")
expect("aws", (reports["aws"]["root"], *first_bad(reports["aws"])), ("aws", "chain.root", "x509-root"))
expect("other", first_bad(reports["other"]), ("pcr0.match", "pcr-mismatch"))
server.terminate()
server.wait()
END
}

@test "metrics: promtool and node_exporter take them, nobody sees half a file" {
	py <<'END'
os.mkdir("textfile")
write_config([target("good"), target("bad", "/tampered/v1/attestation"), target("down", "/page/v1/attestation")])
status, lines, err = once("--config", "targets.json", "--format", "prom", "-o", "textfile/enclave.prom", "--state", "s")
expect("status", (status, lines, err), (1, [], ""))
text = open("textfile/enclave.prom").read()
expect("mode", oct(os.stat("textfile/enclave.prom").st_mode & 0o777), "0o644")
lint = subprocess.run(["promtool", "check", "metrics"], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
	text=True)
expect("promtool", (lint.returncode, lint.stdout), (0, ""))
family = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
expect("families", family, {"enclave_attest_" + name for name in ("check_success", "verdict",
	"last_run_timestamp_seconds", "last_success_timestamp_seconds", "run_duration_seconds",
	"certificate_not_after_timestamp_seconds", "info")})
with socket.socket() as free:
	free.bind(("127.0.0.1", 0))
	port = free.getsockname()[1]
exporter = subprocess.Popen(["prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
	"--collector.textfile.directory=textfile", "--web.listen-address=127.0.0.1:%d" % port],
	stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open("exporter.err", "w"))
def scrape():
	for _ in range(100):
		try:
			return urllib.request.urlopen("http://127.0.0.1:%d/metrics" % port, timeout=5).read().decode()
		except OSError:
			time.sleep(0.1)
	raise SystemExit(open("exporter.err").read())
got = scrape()
expect("node_textfile_scrape_error", re.search(r"^node_textfile_scrape_error (\S+)", got, re.M).group(1), "0")
ours = lambda text: sorted(line.split()[0] for line in text.splitlines() if line.startswith("enclave_attest_"))
sorted_labels = lambda lines: sorted(
	name + "{" + ",".join(sorted(re.findall(r"\w+=\"[^\"]*\"", line))) + "}" for line in lines for name in [line.split("{")[0]])
expect("scraped", sorted_labels(ours(got)), sorted_labels(ours(text)))
# written anew while it is read: every scrape is whole
loop = begin("--format", "prom", "-o", "textfile/enclave.prom")
seen = set()
for _ in range(40):
	got = scrape()
	expect("whole", (re.search(r"^node_textfile_scrape_error (\S+)", got, re.M).group(1), len(ours(got))), ("0", len(ours(text))))
	seen.add(re.search(r"enclave_attest_last_run_timestamp_seconds\{target=\"good\"\} (\S+)", got).group(1))
	time.sleep(0.06)
expect("said", end(loop), "")
if len(seen) < 2:
	wrong("never written anew")
exporter.kill()
exporter.wait()
expect("left behind", os.listdir("textfile"), ["enclave.prom"])
END
}

@test "changes are told once, flapping is not, over runs of cron" {
	py <<'END'
GOOD, BAD, DOWN = "/v1/attestation", "/tampered/v1/attestation", "/page/v1/attestation"
steps = [
	(GOOD, 0, None), (GOOD, 0, None), (DOWN, 3, None), (GOOD, 0, None),
	(BAD, 1, [{"fact": "verdict", "from": "pass", "to": "fail"}]), (BAD, 1, None),
	(GOOD, 0, None), (BAD, 1, None), (GOOD, 0, None), (GOOD, 0, [{"fact": "verdict", "from": "fail", "to": "pass"}]),
	(DOWN, 3, None), (DOWN, 3, [{"fact": "verdict", "from": "pass", "to": "error"}]), (DOWN, 3, None),
]
for i, (path, want, changed) in enumerate(steps):
	write_config([target("t", path), target("steady")])
	status, lines, err = once("--config", "targets.json", "--format", "json", "--state", "state.json")
	expect("step %d" % i, (status, err), (want, ""))
	reports = {r["target"]["name"]: r for r in map(json.loads, lines)}
	expect("step %d" % i, (reports["t"].get("changed"), reports["steady"].get("changed")), (changed, None))
state = json.load(open("state.json"))
expect("targets", sorted(t["name"] for t in state["targets"]), ["steady", "t"])
# in text, and for a target that is a URL
url = HTTP + "/v1/attestation"
args = [url, "--profile", "odyn", "--root", VECTORS + "/root.pem", "--state", "url.json"]
once(*args, "--pcrs", VECTORS + "/pcr.json")
status, lines, err = once(*args, "--pcrs", VECTORS + "/other-pcr.json")
expect("text", (status, "CHANGED verdict from pass to fail" in lines), (1, True))
# without a state file nothing is told, and no file is made
write_config([target("t", BAD)])
before = sorted(os.listdir())
status, lines, err = once("--config", "targets.json", "--format", "json")
expect("none", ("changed" in json.loads(lines[0]), sorted(os.listdir())), (False, before))
END
}

@test "a broken state file is set aside, and one that cannot be written is told" {
	config "$(target a /)"
	for broken in '' '{' '{"schema":1,"targets":[{"name":"a"}]}' 'pass'; do
		printf %s "$broken" >state.json
		exits 0 check --config targets.json --state state.json -q
		complains 'set aside as state.json.broken, begun anew'
		[ "$(cat state.json.broken)" = "$broken" ]
		exits 0 check --config targets.json --state state.json -q
		nothing_said
	done
	printf '{"schema":1,"targets":[{"name":"a"}]}' >state.json
	exits 0 check --config targets.json --state state.json -q
	complains '(state-content)'
	mkdir folder
	exits 3 check --config targets.json --state folder -q
	complains '--state folder: Is a directory; begun anew'
	complains 'folder: Is a directory'
	exits 3 check --config targets.json --state none/state.json -q
	complains 'none/state.json: No such file'
	exits 1 check "http://127.0.0.1:$(port plain)/tampered/v1/attestation" --profile odyn "${image[@]}" --state folder -q
}

@test "a loop: rounds, SIGHUP reads the file again, a bad one is refused, SIGTERM ends it" {
	py <<'END'
write_config([target("a")])
notified = "\0enclavecheck-%d" % os.getpid()
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(notified)
manager.settimeout(20)
loop = begin("--format", "json", "--state", "state.json", env={"NOTIFY_SOCKET": "@" + notified[1:]})
def next_name():
	return json.loads(loop.stdout.readline())["target"]["name"]
def reload(targets):
	if targets is None:
		open("targets.json", "w").write("{")
	else:
		write_config(targets)
	loop.send_signal(signal.SIGHUP)
def wait_for(name):
	for _ in range(8):
		if next_name() == name:
			return
	wrong("%s never came" % name)
expect("first", manager.recv(200), b"READY=1")
expect("rounds", [next_name() for _ in range(2)], ["a", "a"])
expect("watchdog", manager.recv(200), b"WATCHDOG=1\nSTATUS=1 of 1 targets pass")
words = []
def listen():
	# the kernel keeps ten datagrams for who does not read, and drops the others
	try:
		while True:
			words.append(manager.recv(200).decode())
	except OSError:
		pass
listening = threading.Thread(target=listen)
listening.start()
reload([target("b")])
wait_for("b")
reload(None)
time.sleep(1.5)
wait_for("b")
reload([target("c"), target("d", "/tampered/v1/attestation")])
wait_for("d")
wait_for("d") # the round before is over, and remembered
time.sleep(0.5) # so is this one
err = end(loop)
expect("said", err.count("targets.json: line 1, column"), 1)
expect("said", "--config targets.json: the targets before are kept" in err, True)
manager.shutdown(socket.SHUT_RD)
listening.join()
expect("reloads", [w.split("\n")[0] for w in words if not w.startswith("WATCHDOG")],
	["RELOADING=1", "READY=1"] * 3 + ["STOPPING=1"])
for word in words:
	if word.startswith("RELOADING"):
		expect("monotonic", bool(re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", word)), True)
expect("state", sorted(t["name"] for t in json.load(open("state.json"))["targets"]), ["c", "d"])
# also while targets are asked, and by SIGINT
write_config([target("slow", "/slow/v1/attestation", timeout=60), target("a")])
for number in (signal.SIGTERM, signal.SIGINT):
	loop = begin("--format", "json")
	expect("name", next_name(), "a")
	begun = time.monotonic()
	end(loop, number)
	if time.monotonic() - begun > 10:
		wrong("ended late")
# and of URLs, which have no file, by SIGHUP
loop = subprocess.Popen([ATTEST, "check", HTTP, "--profile", "odyn", *IMAGE, "--every", "60", "--format", "json"],
	stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
loop.stdout.readline()
expect("said", end(loop, signal.SIGHUP), "")
END
}

@test "a loop ends when nobody reads, and goes on when a file cannot be written" {
	py <<'END'
write_config([target("a")])
loop = begin("--format", "json")
loop.stdout.readline()
loop.stdout.close()
loop.stdout = None
expect("status", loop.wait(timeout=20), 3)
expect("said", "standard output: Broken pipe" in loop.stderr.read(), True)
os.mkdir("out")
loop = begin("--format", "json", "-o", "out/report", "--state", "state.json")
while not os.path.exists("out/report"):
	time.sleep(0.05)
shutil.rmtree("out")
time.sleep(2.5)
os.mkdir("out")
for _ in range(100):
	if os.path.exists("out/report"):
		break
	time.sleep(0.1)
expect("written again", json.loads(open("out/report").read())["verdict"], "pass")
expect("said", "out/report: No such file" in end(loop), True)
END
}

@test "the loop of the README: what changed, handed to a command" {
	py <<'END'
readme = open(TOP + "/README.md").read()
loop = re.search(r"^enclave-attest check --config \S+ --every 60 .*?^done$", readme, re.M | re.S).group(0)
expect("mail", "mail -s" in loop and "while read -r line" in loop, True)
os.mkdir("bin")
with open("bin/mail", "w") as file:
	file.write("#!/bin/sh\necho \"$*\" >>mails\ncat >>mails\n")
os.chmod("bin/mail", 0o755)
write_config([target("batcher"), target("steady")])
expect("before", once("--config", "targets.json", "--state", "state.json", "-q")[0], 0)
write_config([target("batcher", "/tampered/v1/attestation"), target("steady")])
shell = subprocess.Popen(["bash", "-c", loop.replace("--every 60", "--every 1")], start_new_session=True,
	env={**os.environ, "PATH": os.getcwd() + "/bin:" + os.environ["BUILD"] + ":" + os.environ["PATH"]},
	stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
for _ in range(200):
	if os.path.exists("mails") and open("mails").read().endswith("}\n"):
		break
	time.sleep(0.1)
time.sleep(2.5)
os.killpg(shell.pid, signal.SIGTERM)
shell.wait()
mails = open("mails").read().splitlines()
expect("mails", len(mails), 2)
report = json.loads(mails[1])
expect("report", (report["target"]["name"], report["changed"]),
	("batcher", [{"fact": "verdict", "from": "pass", "to": "fail"}]))
END
}

@test "wrong command lines and files" {
	u=http://127.0.0.1:1
	config "$(target a /)"
	refuses 'a URL is needed, or --config FILE' check --profile odyn
	refuses 'not both' check "$u" --config targets.json
	refuses 'stands in the file' check --config targets.json --profile odyn
	refuses 'stands in the file' check --config targets.json --allow-debug
	refuses 'a file is needed' check --config -
	refuses '--config none: No such file' check --config none
	refuses "option '--config' is given twice" check --config a --config b
	for value in 0 257 1.5 -1 x '' 100000; do
		refuses '--jobs' check --config targets.json "--jobs=$value"
	done
	for value in 0 86401 0.5 x ''; do
		refuses '--every' check --config targets.json "--every=$value"
	done
	refuses 'needs -o FILE' check --config targets.json --format prom --every 5
	refuses '--save writes a folder once' check "$u" --profile odyn --save d --every 5
	refuses 'given twice' check "$u" "$u" --profile odyn --state s
	refuses 'given twice' check "$u" "$u" --profile odyn --format prom
	refuses 'text or json, not' document --simulate d --format prom
	printf '{"schema": 1,\n "targets": [\n  {"name": "a", "ulr": "x"}]}' >bad.json
	refuses 'bad.json: line 3, column 17: unknown key '"'ulr'" check --config bad.json
	# a plugin has one word for it
	exits 3 check --config bad.json --format nagios
	complains 'line 3, column 17'
	golden <<<'ENCLAVE UNKNOWN - nothing was judged: what is wrong stands on standard error'
	exits 3 check --config targets.json "$u" --format nagios
	prints 'ENCLAVE UNKNOWN'
	# wherever the format stands, and whatever is wrong
	for words in '--bogus --format nagios' '--format=nagios --bogus' '-x --format=nagios' '--jobs 0 --format nagios' \
		'--format nagios --jobs 0' '--jobs 1 --jobs 1 --format nagios' '--format nagios --jobs' \
		'--format nagios --format nagios' '--color no --format nagios' '-qx --format nagios'; do
		# shellcheck disable=SC2086 # words
		exits 3 check --config targets.json $words
		golden <<<'ENCLAVE UNKNOWN - nothing was judged: what is wrong stands on standard error'
		complains 'enclave-attest: '
	done
	exits 3 check --bogus --format nagios -o line
	nothing_printed
	[ "$(cat line)" = 'ENCLAVE UNKNOWN - nothing was judged: what is wrong stands on standard error' ]
	# a value, an operand, another format, another verb: no plugin
	refuses 'is no option here' check --config=--format=nagios --bogus
	refuses 'is no option here' check --bogus -- --format nagios
	refuses "not 'nagioss'" check --format nagioss
	refuses 'is no option here' check --bogus --format json
	refuses 'is no option here' document --bogus --format nagios
	exits 0 check --format nagios --help
	prints 'Usage:'
}
