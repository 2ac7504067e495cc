#!/usr/bin/env bats
# What a terminal on stderr sees while enclave-rebuild works on something large.
# shellcheck disable=SC2154 # variables of helpers.bash
load helpers

@test "assemble and unpack draw a bar on a terminal, and it goes away" {
	needs_terminals
	echo k | cpio --quiet -o -H newc >r0
	py "$rebuild" <<'END'
import pty, select

def drain(terminal):
	said = b""
	try:
		while True:
			said += os.read(terminal, 4096)
	except OSError: # closed
		return said

# 32 MiB at 50 ms a MiB, faster once the bar was seen
def watch(name, args, data, into=None, term="xterm", bar=True):
	mine, theirs = pty.openpty()
	child = subprocess.Popen([sys.argv[1], *args], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=theirs,
		env={**os.environ, "TERM": term})
	os.close(theirs)
	pipe = child.stdin if into is None else open(into, "wb")
	seen = b""
	for at in range(0, len(data), 1 << 20):
		pipe.write(data[at : at + (1 << 20)])
		pipe.flush()
		if not seen and select.select([mine], [], [], 0.05)[0]:
			seen = os.read(mine, 4096)
	pipe.close()
	if child.wait() != 0:
		wrong("%s: exit %d" % (name, child.returncode))
	seen += drain(mine)
	os.close(mine)
	drawn = b"MB/s" in seen and seen.endswith(b"\r\x1b[K")
	if not drawn if bar else seen:
		wrong("%s: %r" % (name, seen[-200:]))

os.mkfifo("pipe")
kernel = bytes(range(256)) * 4096 * 32
command = ["assemble", "--kernel", "pipe", "--cmdline", "x", "--ramdisk", "r0", "-o", "eif"]
watch("assemble", command, kernel, "pipe")
watch("assemble -q", [*command, "-q"], kernel, "pipe", bar=False)
watch("assemble on a dumb terminal", command, kernel, "pipe", term="dumb", bar=False)
image = open("eif", "rb").read()
watch("unpack", ["unpack", "-", "u"], image)
watch("unpack -q", ["unpack", "-", "v", "-q"], image, bar=False)
END
}
