/*
 * PID 1 of the emulated enclave that ci/enclave boots. It loads the kernel modules in /modules, in the
 * order of their names, runs the program that the kernel's command line gives behind `--`, and reboots,
 * which ends the machine. Lines of its own begin with `init: `; the last one says how the program ended.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MODULES "/modules"

/* PID 1 must not return: the kernel would panic before the console is drained. */
static _Noreturn void stop(void)
{
	(void)fflush(stdout);
	sync();
	(void)reboot(RB_AUTOBOOT);
	for (;;)
		(void)pause();
}

static _Noreturn void fail(const char *what)
{
	printf("init: %s: %s\n", what, strerror(errno));
	stop();
}

/* An image holds no device nodes, so the console has to be opened here. */
static void open_console(void)
{
	(void)mkdir("/dev", 0755);
	if (mount("devtmpfs", "/dev", "devtmpfs", 0, NULL) != 0)
		stop();
	int console = open("/dev/console", O_RDWR);
	if (console < 0)
		stop();
	for (int fd = 0; fd <= 2; fd++) {
		if (console != fd && dup2(console, fd) < 0)
			stop();
	}
	if (console > 2)
		(void)close(console);
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void load_modules(void)
{
	struct dirent **names;
	int count = scandir(MODULES, &names, visible, alphasort);

	if (count < 0)
		fail(MODULES);
	if (chdir(MODULES) != 0)
		fail(MODULES);
	for (int i = 0; i < count; i++) {
		int fd = open(names[i]->d_name, O_RDONLY | O_CLOEXEC);

		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) != 0)
			fail(names[i]->d_name);
		(void)close(fd);
		free(names[i]);
	}
	free((void *)names);
	if (chdir("/") != 0)
		fail("/");
}

/* How the program ended, as a shell would put it. */
static int run(char **argv)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		fail("fork");
	if (child == 0) {
		(void)execv(argv[0], argv);
		printf("init: %s: %s\n", argv[0], strerror(errno));
		(void)fflush(stdout);
		_exit(127);
	}
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			fail("waitpid");
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	if (getpid() != 1)
		return EXIT_FAILURE;
	open_console();
	if (argc < 2) {
		errno = EINVAL;
		fail("no program behind --");
	}
	load_modules();
	printf("init: runs %s\n", argv[1]);
	(void)fflush(stdout);
	printf("init: exit %d\n", run(argv + 1));
	stop();
}
