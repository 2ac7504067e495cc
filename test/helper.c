#include "test/helper.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/support.h"

static void run(const char *script, int in, int out)
{
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(127);
	(void)execlp("python3", "python3", "-W", "ignore", script, ".", (char *)NULL);
	_exit(127);
}

static void read_values(struct helper *helper, FILE *from, const char *script)
{
	char line[128];

	while (fgets(line, sizeof(line), from) != NULL) {
		if (strcmp(line, "ready\n") == 0)
			return;
		if (helper->n == HELPER_VALUES || sscanf(line, "%15s %79s", helper->name[helper->n],
							 helper->value[helper->n]) != 2)
			break;
		helper->n++;
	}
	ck_abort_msg("%s does not start", script);
}

/* The folder is left to which $TOP may be relative. */
static char *path_of(const char *script)
{
	const char *top = getenv("TOP");
	struct buf path = { 0 };
	char here[4096];

	if (top == NULL || *top == '\0')
		top = ".";
	if (top[0] != '/' && getcwd(here, sizeof(here)) != NULL)
		buf_printf(&path, "%s/", here);
	buf_printf(&path, "%s/%s", top, script);
	return buf_take_text(&path);
}

void helper_start(struct helper *helper, const char *script)
{
	char *path = path_of(script);
	int in[2];
	int out[2];

	*helper = (struct helper){ .pid = -1 };
	(void)signal(SIGPIPE, SIG_IGN);
	support_enter();
	if (path == NULL || pipe(in) != 0 || pipe(out) != 0)
		ck_abort_msg("no %s", script);
	helper->pid = fork();
	if (helper->pid == 0) {
		(void)close(in[1]);
		(void)close(out[0]);
		run(path, in[0], out[1]);
	}
	free(path);
	(void)close(in[0]);
	(void)close(out[1]);
	helper->stop = in[1];
	FILE *from = fdopen(out[0], "r");
	if (helper->pid < 0 || from == NULL)
		ck_abort_msg("no %s", script);
	read_values(helper, from, script);
	(void)fclose(from);
}

void helper_stop(struct helper *helper)
{
	(void)close(helper->stop);
	(void)waitpid(helper->pid, NULL, 0);
	support_leave();
}

const char *helper_value(const struct helper *helper, const char *name)
{
	for (size_t i = 0; i < helper->n; i++) {
		if (strcmp(helper->name[i], name) == 0)
			return helper->value[i];
	}
	return NULL;
}
