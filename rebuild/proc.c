/* close_range(2) and pipe2(2) are not in POSIX 2008 */
#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier): that is its name */
#include "rebuild/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rebuild/draft.h"

#define POLL_MS 100          /* how long an interruption may go unnoticed */
#define GRACE_INT_MS 10000   /* to stop in order after SIGINT, as nix does */
#define GRACE_TERM_MS 2000   /* after SIGTERM */
#define GRACE_ORPHANS_MS 500 /* to close the pipes when the program is over */

struct pipes {
	int in[2];
	int out[2];
	int err[2];
	int failed[2]; /* errno of what did not work before the program began */
};

struct running {
	const struct proc_command *command;
	struct proc_clock clock;
	struct proc_result *result;
	pid_t pid;
	int in; /* ends of pipes; -1: closed */
	int out;
	int err;
	struct span input; /* what is left of it */
	struct buf lines[2];
	bool cut[2];        /* the rest of a line that is too long is passed over */
	enum reason reason; /* why it is being ended */
	bool stopping;
	int64_t kill_at_ms;
	bool killed;
	bool over; /* the program is, not yet waited for */
	int64_t drain_until_ms;
};

static void close_one(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static void close_pipes(struct pipes *pipes)
{
	int *const all[] = { pipes->in, pipes->out, pipes->err, pipes->failed };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		close_one(&all[i][0]);
		close_one(&all[i][1]);
	}
}

static bool open_pipes(struct pipes *pipes)
{
	*pipes = (struct pipes){ { -1, -1 }, { -1, -1 }, { -1, -1 }, { -1, -1 } };
	if (pipe2(pipes->in, O_CLOEXEC) == 0 && pipe2(pipes->out, O_CLOEXEC) == 0 &&
	    pipe2(pipes->err, O_CLOEXEC) == 0 && pipe2(pipes->failed, O_CLOEXEC) == 0)
		return true;
	int why = errno;
	close_pipes(pipes);
	errno = why;
	return false;
}

/* Between fork and exec: only what a signal handler may call. */
static bool enter(const struct proc_command *command, const struct pipes *pipes, pid_t parent)
{
	static const int reset[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGPIPE, SIGALRM,
				     SIGTERM, SIGUSR1, SIGUSR2, SIGCHLD, SIGXFSZ };
	sigset_t none;

	for (size_t i = 0; i < sizeof(reset) / sizeof(reset[0]); i++)
		(void)signal(reset[i], SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (setsid() < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		return false;
	if (getppid() != parent) /* who died before that took effect */
		return false;
	int in = command->input.len > 0 ? pipes->in[0] : open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (in < 0 || dup2(in, 0) < 0 || dup2(pipes->out[1], 1) < 0 || dup2(pipes->err[1], 2) < 0)
		return false;
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
		return false;
	if (command->file_size_max != 0) {
		const struct rlimit limit = { command->file_size_max, command->file_size_max };
		if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
			return false;
	}
	return command->directory == NULL || chdir(command->directory) == 0;
}

/* exec takes words that it does not change as if it might. */
static char *const *words_of(const char *const *words)
{
	union {
		const char *const *given;
		char *const *taken;
	} same = { .given = words };

	return same.taken;
}

/* Starts it and waits until the program itself has begun. */
static bool start(struct running *run)
{
	const struct proc_command *command = run->command;
	struct pipes pipes;
	int why = 0;

	if (!open_pipes(&pipes))
		return false;
	pid_t parent = getpid();
	pid_t pid = fork();
	if (pid == 0) {
		if (enter(command, &pipes, parent))
			(void)execve(command->path, words_of(command->argv),
				     words_of(command->environment));
		why = errno;
		if (write(pipes.failed[1], &why, sizeof(why)) < 0)
			why = 0; /* the parent then sees the signal */
		(void)kill(getpid(), SIGKILL);
		for (;;) /* no archive calls exit */
			(void)pause();
	}
	if (pid < 0)
		why = errno;
	close_one(&pipes.failed[1]);
	ssize_t n = 0;
	do
		n = pid < 0 ? 0 : read(pipes.failed[0], &why, sizeof(why));
	while (n < 0 && errno == EINTR);
	if (why != 0) {
		if (pid > 0)
			(void)waitpid(pid, NULL, 0);
		close_pipes(&pipes);
		errno = why;
		return false;
	}
	run->pid = pid;
	run->in = pipes.in[1];
	run->out = pipes.out[0];
	run->err = pipes.err[0];
	pipes.in[1] = pipes.out[0] = pipes.err[0] = -1;
	close_pipes(&pipes);
	(void)fcntl(run->in, F_SETFL, O_NONBLOCK);
	if (run->input.len == 0)
		close_one(&run->in);
	return true;
}

/* Asks it to end, and notes why; the first reason stays. */
static void stop(struct running *run, enum reason reason, int signal, int64_t grace_ms)
{
	if (run->stopping)
		return;
	run->stopping = true;
	run->reason = reason;
	run->kill_at_ms = run->clock.ticks_ms() + grace_ms;
	(void)kill(-run->pid, signal);
}

static void tell(struct running *run, enum proc_stream stream, struct span line)
{
	const struct proc_command *command = run->command;

	if (command->line != NULL && !run->stopping &&
	    !command->line(command->context, stream, line))
		stop(run, REASON_PROC_STOPPED, SIGTERM, GRACE_TERM_MS);
}

/* Takes a piece of a stream apart into lines. */
static void tell_lines(struct running *run, enum proc_stream stream, struct span bytes)
{
	struct buf *line = &run->lines[stream - 1];
	bool *cut = &run->cut[stream - 1];

	for (size_t i = 0; i < bytes.len; i++) {
		if (bytes.at[i] == '\n') {
			if (!*cut)
				tell(run, stream, buf_span(line));
			line->len = 0;
			*cut = false;
		} else if (!*cut) {
			buf_byte(line, bytes.at[i]);
			if (line->len == PROC_LINE_MAX) {
				tell(run, stream, buf_span(line));
				*cut = true;
			}
		}
	}
}

static void keep_end(struct buf *said, struct span bytes)
{
	buf_add(said, bytes);
	if (said->len > 2 * PROC_SAID_MAX && !said->failed) {
		memmove(said->at, said->at + (said->len - PROC_SAID_MAX), PROC_SAID_MAX);
		said->len = PROC_SAID_MAX;
	}
}

static void take(struct running *run, enum proc_stream stream, struct span bytes)
{
	const struct proc_command *command = run->command;
	struct buf *output = &run->result->output;

	if (stream == PROC_STDERR) {
		keep_end(&run->result->said, bytes);
		if (command->log > 0 && draft_write(command->log, bytes) != REASON_OK)
			stop(run, REASON_FILE_UNWRITABLE, SIGTERM, GRACE_TERM_MS);
	}
	if (stream == PROC_STDERR || command->lines_of_stdout) {
		tell_lines(run, stream, bytes);
	} else if (bytes.len > command->output_max - output->len) {
		stop(run, REASON_PROC_OUTPUT, SIGKILL, 0);
	} else if (!run->stopping) {
		buf_add(output, bytes);
	}
	if (output->failed || run->result->said.failed || run->lines[0].failed ||
	    run->lines[1].failed)
		stop(run, REASON_OUT_OF_MEMORY, SIGKILL, 0);
}

static void read_from(struct running *run, enum proc_stream stream, int *fd)
{
	uint8_t chunk[16384];
	ssize_t n = read(*fd, chunk, sizeof(chunk));

	if (n > 0)
		take(run, stream, (struct span){ chunk, (size_t)n });
	else if (n == 0 || errno != EINTR)
		close_one(fd);
}

static void write_to(struct running *run)
{
	struct span written;
	ssize_t n = write(run->in, run->input.at, run->input.len);

	if (n > 0)
		(void)span_take(&run->input, (size_t)n, &written);
	/* one that reads no further has what it wants */
	if (run->input.len == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		close_one(&run->in);
}

/* Whether it is over. It stays a zombie, so that its number is not another's when its group is
 * killed. */
static bool is_over(const struct running *run)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == run->pid;
}

static void look_at_time(struct running *run)
{
	const struct proc_command *command = run->command;
	int64_t now = run->clock.ticks_ms();

	if (command->interrupted != NULL && *command->interrupted != 0)
		stop(run, REASON_INTERRUPTED, SIGINT, GRACE_INT_MS);
	if (command->deadline_ms != 0 && now >= command->deadline_ms)
		stop(run, REASON_PROC_TIMEOUT, SIGTERM, GRACE_TERM_MS);
	if (run->stopping && now >= run->kill_at_ms && !run->killed) {
		(void)kill(-run->pid, SIGKILL);
		run->killed = true;
	}
	if (!run->over && is_over(run)) {
		run->over = true;
		run->drain_until_ms = now + GRACE_ORPHANS_MS;
		/* whatever it left running in its group goes with it */
		(void)kill(-run->pid, SIGKILL);
	}
	/* what fled into another session may hold the pipes for ever */
	if (run->over && now >= run->drain_until_ms) {
		close_one(&run->out);
		close_one(&run->err);
	}
}

static void attend(struct running *run)
{
	int wait_ms = 1;

	while (!run->over || run->out >= 0 || run->err >= 0) {
		struct pollfd fds[] = { { run->out, POLLIN, 0 },
					{ run->err, POLLIN, 0 },
					{ run->in, POLLOUT, 0 } };
		bool open = run->out >= 0 || run->err >= 0;

		/* with its pipes closed it is mostly over at once */
		if (!open && wait_ms < POLL_MS)
			wait_ms *= 2;
		int n = poll(fds, 3, open && !run->over ? POLL_MS : wait_ms);
		if (n > 0 && fds[0].revents != 0)
			read_from(run, PROC_STDOUT, &run->out);
		if (n > 0 && fds[1].revents != 0)
			read_from(run, PROC_STDERR, &run->err);
		if (n > 0 && fds[2].revents != 0)
			write_to(run);
		look_at_time(run);
	}
}

/* The last line may have no end. */
static void tell_rest(struct running *run)
{
	for (int stream = PROC_STDOUT; stream <= PROC_STDERR; stream++) {
		const struct buf *line = &run->lines[stream - 1];
		if (line->len > 0 && !run->cut[stream - 1] && !line->failed)
			tell(run, (enum proc_stream)stream, buf_span(line));
	}
}

enum reason proc_run(const struct proc_command *command, struct proc_clock clock,
		     struct proc_result *ret)
{
	struct running run = { .command = command,
			       .clock = clock,
			       .result = ret,
			       .in = -1,
			       .out = -1,
			       .err = -1,
			       .input = command->input };
	int status = 0;

	*ret = (struct proc_result){ .exit_status = -1 };
	if (command->interrupted != NULL && *command->interrupted != 0)
		return REASON_INTERRUPTED;
	if (!start(&run)) {
		ret->why = errno;
		return REASON_PROC_START;
	}
	attend(&run);
	tell_rest(&run);
	close_one(&run.in);
	while (waitpid(run.pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status))
		ret->exit_status = WEXITSTATUS(status);
	else if (WIFSIGNALED(status))
		ret->signal = WTERMSIG(status);
	if (ret->said.len > PROC_SAID_MAX && !ret->said.failed) {
		memmove(ret->said.at, ret->said.at + (ret->said.len - PROC_SAID_MAX),
			PROC_SAID_MAX);
		ret->said.len = PROC_SAID_MAX;
	}
	buf_done(&run.lines[0]);
	buf_done(&run.lines[1]);
	return run.reason; /* REASON_OK is 0: nothing ended it */
}

void proc_done(struct proc_result *result)
{
	buf_done(&result->output);
	buf_done(&result->said);
}
