"""walk.py COPY PAGE...: runs the commands of these pages as they stand, in one shell, from the folder COPY.

A block that begins ```sh is commands, one ```text behind it is what the last of them prints: `...` is any text in a
line, a line of it alone any lines. A command succeeds unless `# exit status N` stands behind it. A block whose first
line is `# needs ...` is not run; the programs are given its options, the files of ci/ that it names and the targets
of make must be there. Any other block is wrong. Says how many were run, exit 1 where something was not as it stands.
"""
import glob
import os
import re
import shlex
import signal
import socket
import subprocess
import sys

failures = []
PORT = "8080"  # that of the pages
WAIT_S = 120


def wrong(where, text):
    failures.append(where)
    print("%s: %s" % (where, text))


def blocks(page, text):
    """(where, kind, lines) of each fenced block; indented ones must not be."""
    kind, body, start, fence = None, [], 0, ""
    for number, line in enumerate(text.split("\n"), 1):
        mark = re.match(r"( *)```(.*)", line)
        if kind is None and mark:
            kind, body, start, fence = mark.group(2).strip(), [], number, mark.group(1)
        elif kind is not None and mark:
            yield "%s:%d" % (page, start), kind, body
            kind = None
        elif kind is not None:
            body.append(line[len(fence):])
        elif line.startswith("    ") and line.strip():
            wrong("%s:%d" % (page, number), "indented by four: put commands between ```sh and ```")
    if kind is not None:
        wrong("%s:%d" % (page, start), "never closed")


def commands(lines):
    """The commands of a block: lines that the shell takes for one belong together."""
    at = 0
    while at < len(lines):
        one = lines[at]
        at += 1
        if not one.strip() or one.startswith("#"):
            continue
        here = re.search(r"<<-?'?(\w+)'?", one)
        while at < len(lines) and (
                one.endswith("\\") or here and lines[at - 1] != here.group(1) or
                subprocess.run(["bash", "-n"], input=one + "\n", text=True, stderr=subprocess.DEVNULL).returncode != 0):
            one += "\n" + lines[at]
            at += 1
        yield one


def pattern(lines):
    """What the lines of a ```text block allow."""
    text = ""
    for line in lines:
        if line.strip() == "...":
            text += r"(?:.*\n)*?"
        else:
            text += re.escape(line).replace(r"\.\.\.", ".*") + r"\n"
    return text


class Shell:
    """One bash, to which commands are given one after the other."""

    def __init__(self, folder):
        self.folder = folder
        self.n = 0
        self.bash = subprocess.Popen(["bash", "--noprofile", "--norc"], cwd=folder + "/copy", stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)

    def run(self, command):
        """Exit status, and what it printed."""
        self.n += 1
        name = "%s/command%d" % (self.folder, self.n)
        with open(name, "w", encoding="utf-8") as file:
            file.write(command + "\n")
        self.bash.stdin.write(". %s >%s.out 2>%s.err </dev/null; echo \"status $?\"\n" % ((name,) * 3))
        self.bash.stdin.flush()
        signal.alarm(WAIT_S)  # a command that does not end ends all of this
        said = self.bash.stdout.readline()
        signal.alarm(0)
        with open(name + ".out", encoding="utf-8") as out, open(name + ".err", encoding="utf-8") as err:
            return int(said.split()[1]), out.read(), err.read()

    def end(self):
        os.killpg(self.bash.pid, signal.SIGTERM)
        self.bash.stdin.close()
        self.bash.wait()


def judge(where, shell, body, shown):
    """Runs the commands of a block; how many these were."""
    count, out = 0, ""
    for command in commands(body):
        count += 1
        wanted = re.search(r"# exit status (\d)$", command)
        status, out, err = shell.run(command)
        # what is begun behind is waited for longer than a page does: this machine may be busy
        begun = re.search(r">(\w+) &$", command)
        if begun:
            shell.run("for i in $(seq 300); do [ ! -s %s ] || break; sleep 0.1; done" % begun.group(1))
        if status != (int(wanted.group(1)) if wanted else 0):
            wrong(where, "%s\nexit status %d\n%s%s" % (command, status, out, err))
    if shown is not None and not re.fullmatch(pattern(shown), out):
        wrong(where, "prints something else:\n%s" % out)
    return count


def try_options(where, shell, top, body):
    """Of commands that cannot be run here: how many these were."""
    count = 0
    for command in commands(body):
        count += 1
        for words in re.findall(r"\benclave-(?:verify|attest|rebuild) [^|><&;#]*", command.replace("\\\n", " ")):
            status, out, err = shell.run(shlex.join(shlex.split(words) + ["--help"]))
            if status != 0 or not out.startswith("Usage: "):
                wrong(where, "%s\n%s" % (words, err))
        for name in re.findall(r"(?<![\w/])(?:\./)?((?:ci|testvectors)/[\w./*-]+)", command):
            if not glob.glob(os.path.join(top, name)):
                wrong(where, "there is no %s" % name)
        target = re.match(r"make ([a-z]+)", command)
        with open(top + "/GNUmakefile", encoding="utf-8") as makefile:
            if target and not re.search(r"^[a-z ]*\b%s\b[a-z ]*:" % target.group(1), makefile.read(), re.M):
                wrong(where, "make has no %s" % target.group(1))
    return count


def free_port():
    """That of the pages, or where it is taken another one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(PORT)))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def main():
    folder, pages = sys.argv[1], sys.argv[2:]
    top = os.environ["TOP"]
    shell = Shell(folder)
    port = free_port()
    run = not_run = 0
    try:
        for page in pages:
            with open(os.path.join(top, page), encoding="utf-8") as file:
                found = list(blocks(page, file.read().replace("127.0.0.1:" + PORT, "127.0.0.1:" + port)))
            for i, (where, kind, body) in enumerate(found):
                shown = found[i + 1][2] if i + 1 < len(found) and found[i + 1][1] == "text" else None
                if kind == "sh" and body[0].startswith("# needs "):
                    not_run += try_options(where, shell, top, body)
                elif kind == "sh":
                    run += judge(where, shell, body, shown)
                elif kind != "text" or i == 0 or found[i - 1][1] != "sh" or found[i - 1][2][0].startswith("# needs "):
                    wrong(where, "a block that is neither ```sh nor what one prints")
    finally:
        shell.end()
    print("commands run: %d, not run here: %d" % (run, not_run))
    return 1 if failures or run == 0 else 0


sys.exit(main())
