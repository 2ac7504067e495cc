#!/usr/bin/env python3
"""Stands in for the programs of a parent instance in tests: what it is depends on the name that it is called by.

nitro-cli, docker   As far as enclave-guard uses them, with the same output. An enclave is `enclave-attest serve
                    --simulate`, with the registers that this measures from the image that it was given, when it
                    was given it; so an image that was exchanged answers as what it is.
anything else       Does nothing.

STANDIN is a folder: calls (a line for each call), trial (of enclave-attest simulate), url (where an enclave is to
listen), mode (what goes wrong, by words), nitro and boxes (what runs), images (of docker: a folder for each reference).
"""
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time

HERE = os.environ["STANDIN"]


def mode(word):
	"""Whether this is to go wrong."""
	try:
		with open(HERE + "/mode", encoding="utf-8") as file:
			return word in file.read().split()
	except FileNotFoundError:
		return False


def record(line):
	with open(HERE + "/calls", "a", encoding="utf-8") as file:
		file.write(line + "\n")


def alive(pid):
	try:
		with open("/proc/%d/stat" % pid, encoding="utf-8") as file:
			return file.read().rpartition(")")[2].split()[0] != "Z"
	except FileNotFoundError:
		return False


def boot(eif):
	"""An enclave of the image at this path: its process."""
	with open(eif, "rb") as file:
		record("booted %s %s" % (eif, hashlib.sha256(file.read()).hexdigest()))
	trial = "%s/running.%d" % (HERE, os.getpid())
	shutil.copytree(HERE + "/trial", trial)
	image = HERE + "/other.eif" if mode("answers-as-another") else eif
	measured = subprocess.run(["enclave-verify", "eif", image, "--pcr-json"], check=True, stdout=subprocess.PIPE).stdout
	with open(trial + "/pcr.json", encoding="utf-8") as file:
		registers = json.load(file)
	registers.update((key, value) for key, value in json.loads(measured).items() if key.startswith("PCR"))
	if mode("debug"):
		registers.update((key, "0" * 96) for key in ("PCR0", "PCR1", "PCR2"))
	if mode("elsewhere"):
		registers["PCR4"] = "11" * 48
	with open(trial + "/pcr.json", "w", encoding="utf-8") as file:
		json.dump(registers, file)
	with open(HERE + "/url", encoding="utf-8") as file:
		address = file.read().strip()
	words = ["enclave-attest", "serve", "--simulate", trial, "--listen", address]
	if mode("silent"):
		words = ["sleep", "300"]
	with open(HERE + "/serve.log", "ab") as log:
		return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, close_fds=True,
			start_new_session=True).pid


def end(pid):
	if alive(pid):
		os.kill(pid, signal.SIGKILL)
	while alive(pid):
		time.sleep(0.01)


def pairs(words, known):
	"""--option value ..., all of them known: a dictionary of lists, and what is left over."""
	got, rest = {}, []
	words = list(words)
	while words:
		word = words.pop(0)
		if not word.startswith("--") or rest:
			rest.append(word)
			continue
		word, equals, value = word.partition("=")
		if word not in known:
			sys.exit("unknown option " + word)
		if word in ("--force", "--no-trunc", "--quiet"):
			value = ""
		elif not equals:
			value = words.pop(0)
		got.setdefault(word, []).append(value)
	return got, rest


# --- nitro-cli ---

def enclaves():
	found = []
	for name in sorted(os.listdir(HERE + "/nitro")):
		with open(HERE + "/nitro/" + name, encoding="utf-8") as file:
			one = json.load(file)
		if alive(one["ProcessID"]):
			found.append(one)
	return found


def run_enclave(words):
	known = ("--eif-path", "--cpu-count", "--memory", "--enclave-name", "--enclave-cid")
	got, rest = pairs(words, known)
	if rest or not all(option in got for option in known[:4]):
		sys.exit("wrong usage: " + " ".join(words))
	if mode("refuses"):
		sys.exit("[ E26 ] Insufficient memory requested.")
	print("Start allocating memory...", file=sys.stderr)
	with open(HERE + "/trial/module-id", encoding="utf-8") as file:
		identity = file.read().strip()
	enclave = {"EnclaveName": got["--enclave-name"][0], "EnclaveID": identity, "ProcessID": boot(got["--eif-path"][0]),
		"EnclaveCID": int(got.get("--enclave-cid", ["16"])[0]), "NumberOfCPUs": int(got["--cpu-count"][0]),
		"CPUIDs": [1, 3], "MemoryMiB": int(got["--memory"][0])}
	with open("%s/nitro/%s" % (HERE, identity), "w", encoding="utf-8") as file:
		json.dump({**enclave, "State": "RUNNING", "Flags": "NONE"}, file)
	print("Started enclave with enclave-cid: %d, memory: %d MiB, cpu-ids: [1, 3]"
		% (enclave["EnclaveCID"], enclave["MemoryMiB"]), file=sys.stderr)
	if mode("says-nothing"):
		with open(HERE + "/hangs", "w", encoding="utf-8") as file:
			file.write(str(os.getpid()))
		time.sleep(300)
	if mode("fails-late"):
		sys.exit("[ E39 ] Enclave process connection failure.")
	if mode("says-odd-things"):
		enclave["EnclaveID"] = "--all"
	if mode("says-another-name"):
		enclave["EnclaveName"] += "_1"
	print(json.dumps(enclave, indent=2))


def terminate_enclave(words):
	got, rest = pairs(words, ("--enclave-id",))
	identity = got["--enclave-id"][0]
	if rest or mode("does-not-end"):
		sys.exit("[ E36 ] Enclave process connection failure")
	for one in enclaves():
		if one["EnclaveID"] == identity:
			end(one["ProcessID"])
			print("Successfully terminated enclave %s." % identity, file=sys.stderr)
			print(json.dumps({"EnclaveID": identity, "Terminated": True}, indent=2))
			return
	sys.exit("[ E43 ] no such enclave")


def nitro_cli(words):
	if words == ["describe-enclaves"]:
		if mode("does-not-describe"):
			sys.exit("Failed connections: 1")
		print(json.dumps(enclaves(), indent=2))
	elif words[0] == "run-enclave":
		run_enclave(words[1:])
	elif words[0] == "terminate-enclave":
		terminate_enclave(words[1:])
	else:
		sys.exit("wrong usage")


# --- docker ---

def box(identity, change=None):
	"""What is known of a container; changed, where that is asked for."""
	path = HERE + "/boxes/" + identity
	if not os.path.exists(path):
		sys.exit("Error response from daemon: No such container: " + identity)
	with open(path, encoding="utf-8") as file:
		known = json.load(file)
	if change is not None:
		known.update(change)
		with open(path, "w", encoding="utf-8") as file:
			json.dump(known, file)
	return known


def image_of(reference):
	return "%s/images/%s" % (HERE, reference.replace("/", "_"))


def create(words):
	got, rest = pairs(words, ("--cidfile", "--name", "--pull", "--restart", "--device", "--mount", "--publish", "--env-file"))
	if not os.path.isdir(image_of(rest[0])):
		sys.exit("Error response from daemon: manifest unknown")
	for other in os.listdir(HERE + "/boxes"):
		if "--name" in got and box(other)["name"] == got["--name"][0]:
			sys.exit("Error response from daemon: Conflict. The container name is in use")
	mounted = None
	if "--mount" in got:
		mount = dict(part.partition("=")[::2] for part in got["--mount"][0].split(","))
		if mount["type"] != "bind" or mount["target"] != "/enclave/application.eif" or "readonly" not in mount:
			sys.exit("mount: " + got["--mount"][0])
		if not os.path.isfile(mount["source"]):
			sys.exit("bind source path does not exist: " + mount["source"])
		mounted = mount["source"]
	identity = hashlib.sha256(os.urandom(32)).hexdigest()
	with open(HERE + "/boxes/" + identity, "w", encoding="utf-8") as file:
		json.dump({"name": got.get("--name", ["nameless"])[0], "image": rest[0], "mounted": mounted, "pid": None,
			"device": "--device" in got}, file)
	if "--cidfile" in got:
		with open(got["--cidfile"][0], "x", encoding="utf-8") as file:
			file.write(identity)
	if mode("creates-slowly"):
		time.sleep(2)
	print(identity)


def copy_out(source):
	identity, _, path = source.partition(":")
	if path != "/enclave/application.eif":
		sys.exit("no such file")
	with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
		archive.add(image_of(box(identity)["image"]) + "/application.eif", arcname="application.eif")


def start(identity):
	known = box(identity)
	if not known["device"]:
		sys.exit("no /dev/nitro_enclaves in the container")
	box(identity, {"pid": boot(known["mounted"] or image_of(known["image"]) + "/application.eif")})
	print(identity)


def docker(words):
	verb, words = words[0], words[1:]
	if verb == "create":
		create(words)
	elif verb == "cp" and words[1:] == ["-"]:
		copy_out(words[0])
	elif verb == "start":
		start(words[0])
	elif verb == "ps":
		got, _ = pairs(words, ("--no-trunc", "--quiet", "--filter"))
		identity = got["--filter"][0].partition("=")[2]
		if mode("does-not-describe"):
			sys.exit("Cannot connect to the Docker daemon")
		if os.path.exists(HERE + "/boxes/" + identity) and alive(box(identity)["pid"] or 0):
			print(identity)
	elif verb == "wait":
		while alive(box(words[0])["pid"]):
			time.sleep(0.1)
		print(0)
	elif verb == "stop":
		end(box(words[-1])["pid"])
	elif verb == "rm":
		known = box(words[-1])
		if known["pid"]:
			end(known["pid"])
		os.unlink(HERE + "/boxes/" + words[-1])
	else:
		sys.exit("wrong usage")


def main():
	name = os.path.basename(sys.argv[0])
	record(" ".join([name] + sys.argv[1:]))
	if "NOTIFY_SOCKET" in os.environ:
		record("notify socket: " + name)
	if name == "socat":
		record("said " + io.TextIOWrapper(sys.stdin.buffer).read().strip())
		if mode("listens"):
			for one in enclaves():
				end(one["ProcessID"])
	elif name == "nitro-cli":
		nitro_cli(sys.argv[1:])
	elif name in ("docker", "podman"):
		docker(sys.argv[1:])


main()
