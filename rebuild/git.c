#include "rebuild/git.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Settings of every call. Attributes of the tree that change bytes are overruled in .git/info. */
static const char *const settings[] = {
	"core.autocrlf=false",
	"core.safecrlf=false",
	"core.attributesFile=/dev/null",
	"core.excludesFile=/dev/null",
	"core.hooksPath=/dev/null",
	"core.fsmonitor=false",
	"core.fileMode=true",
	"core.symlinks=true",
	"core.askPass=",
	"credential.helper=",
	"filter.lfs.smudge=",
	"filter.lfs.clean=",
	"filter.lfs.process=",
	"filter.lfs.required=false",
	"submodule.recurse=false",
	"fetch.recurseSubmodules=false",
	"fetch.fsckObjects=true",
	"transfer.fsckObjects=true",
	"transfer.credentialsInUrl=die",
	"gc.auto=0",
	"maintenance.auto=false",
	"advice.detachedHead=false",
	"init.defaultBranch=none",
	"color.ui=false",
	"http.followRedirects=false",
	"http.sslVerify=true",
	"http.proxy=",
	"gpg.x509.program=/nonexistent",
	"protocol.version=2",
	"protocol.allow=never",
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))
#define OF_ORDER 3   /* settings that depend on the order */
#define WORDS_MAX 24 /* of a call */
#define ENVIRONMENT_MAX 20

/* Strings that live as long as a call. */
struct call {
	char *owned[ENVIRONMENT_MAX + OF_ORDER + 2];
	size_t n_owned;
	bool failed;
	const char *argv[2 * (SETTINGS + OF_ORDER) + WORDS_MAX + 4];
	const char *environment[ENVIRONMENT_MAX + 1];
};

/* "A" and "B" in one string; NULL when out of memory, and noted. */
static const char *join(struct call *call, const char *a, const char *b)
{
	struct buf text = { 0 };

	buf_text(&text, a);
	buf_text(&text, b);
	char *owned = buf_take_text(&text);
	if (owned == NULL) {
		call->failed = true;
		return "";
	}
	call->owned[call->n_owned++] = owned;
	return owned;
}

static const char *allowed_transport(enum repository_kind kind)
{
	switch (kind) {
	case REPOSITORY_HTTPS:
		return "protocol.https.allow=always";
	case REPOSITORY_HTTP:
		return "protocol.http.allow=always";
	case REPOSITORY_SSH:
		return "protocol.ssh.allow=always";
	case REPOSITORY_FILE:
		break;
	}
	return "protocol.file.allow=always";
}

static void make_environment(const struct git *git, struct call *call)
{
	const char **next = call->environment;

	*next++ = "LC_ALL=C";
	*next++ = "GIT_CONFIG_GLOBAL=/dev/null";
	*next++ = "GIT_CONFIG_NOSYSTEM=1";
	*next++ = "GIT_ATTR_NOSYSTEM=1";
	*next++ = "GIT_PROTOCOL_FROM_USER=0";
	*next++ = "GIT_TERMINAL_PROMPT=0";
	*next++ = "GIT_NO_REPLACE_OBJECTS=1";
	*next++ = "GIT_OPTIONAL_LOCKS=0";
	*next++ = "GIT_SSH_VARIANT=ssh";
	*next++ = "GIT_PAGER=cat";
	*next++ = join(call, "PATH=", git->search_path);
	*next++ = join(call, "HOME=", git->home != NULL ? git->home : "/nonexistent");
	if (git->home != NULL)
		*next++ = join(call, "GNUPGHOME=", git->home);
	*next++ = join(call, "GIT_SSH=", git->ssh != NULL ? git->ssh : "/nonexistent");
	if (git->ssh_auth_sock != NULL)
		*next++ = join(call, "SSH_AUTH_SOCK=", git->ssh_auth_sock);
	*next = NULL;
}

static void make_words(const struct git *git, const char *const words[], struct call *call)
{
	const char **next = call->argv;
	const char *const of_order[OF_ORDER] = {
		allowed_transport(git->kind),
		join(call, "gpg.program=", git->gpg != NULL ? git->gpg : "/nonexistent"),
		join(call, "gpg.ssh.program=",
		     git->ssh_keygen != NULL ? git->ssh_keygen : "/nonexistent"),
	};

	*next++ = "git";
	for (size_t i = 0; i < SETTINGS + OF_ORDER; i++) {
		*next++ = "-c";
		*next++ = i < SETTINGS ? settings[i] : of_order[i - SETTINGS];
	}
	*next++ = join(call, "--git-dir=", join(call, git->folder, "/.git"));
	*next++ = join(call, "--work-tree=", git->folder);
	for (size_t i = 0; words[i] != NULL; i++) {
		if (i == WORDS_MAX) {
			call->failed = true;
			break;
		}
		*next++ = words[i];
	}
	*next = NULL;
}

enum reason git_call(const struct git *git, const char *const words[], size_t output_max,
		     struct git_result *ret)
{
	struct call call = { .n_owned = 0 };

	*ret = (struct git_result){ .exit_status = -1 };
	make_environment(git, &call);
	make_words(git, words, &call);
	const struct proc_command command = {
		.path = git->program,
		.argv = call.argv,
		.environment = call.environment,
		.directory = git->folder,
		.output_max = output_max,
		.log = git->log,
		.deadline_ms = git->clock.ticks_ms() + git->limit_ms,
		.interrupted = git->interrupted,
	};
	enum reason reason =
		call.failed ? REASON_OUT_OF_MEMORY : proc_run(&command, git->clock, &ret->proc);
	for (size_t i = 0; i < call.n_owned; i++)
		free(call.owned[i]);
	ret->exit_status = ret->proc.exit_status;
	return reason;
}

void git_done(struct git_result *result)
{
	proc_done(&result->proc);
}

/* Cuts the last line off *text. */
static bool last_line(struct span *text, struct span *ret)
{
	size_t end = text->len;
	size_t begin;

	while (end > 0 && (text->at[end - 1] == '\n' || text->at[end - 1] == '\r'))
		end--;
	for (begin = end; begin > 0 && text->at[begin - 1] != '\n'; begin--)
		continue;
	*ret = (struct span){ text->at + begin, end - begin };
	text->len = begin;
	return end > begin;
}

static bool begins(struct span text, const char *with)
{
	struct span head;
	struct span want = span_of_text(with);

	return span_take(&text, want.len, &head) && span_equal(head, want);
}

struct span git_error(const struct git_result *result)
{
	struct span rest = buf_span(&result->proc.said);
	struct span line;
	struct span last = { NULL, 0 };

	while (last_line(&rest, &line)) {
		if (last.len == 0)
			last = line;
		if (begins(line, "fatal: ") || begins(line, "error: ")) {
			last = line;
			break;
		}
	}
	if (last.len > GIT_ERROR_MAX)
		last.len = GIT_ERROR_MAX;
	return last;
}

struct span git_output(const struct git_result *result)
{
	struct span output = buf_span(&result->proc.output);

	if (output.len > 0 && output.at[output.len - 1] == '\n')
		output.len--;
	return output;
}
