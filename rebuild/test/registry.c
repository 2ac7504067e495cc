#include "rebuild/test/registry.h"

#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test/support.h"

#define VALUES 8
#define TIME_MS 20000

static struct {
	pid_t pid;
	int stop; /* closing it ends them */
	size_t n;
	char name[VALUES][16];
	char value[VALUES][80];
} servers;

static void run(const char *script, int in, int out)
{
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(127);
	(void)execlp("python3", "python3", "-W", "ignore", script, ".", (char *)NULL);
	_exit(127);
}

static void read_values(FILE *from)
{
	char line[128];

	while (fgets(line, sizeof(line), from) != NULL) {
		if (strcmp(line, "ready\n") == 0)
			return;
		if (servers.n == VALUES || sscanf(line, "%15s %79s", servers.name[servers.n],
						  servers.value[servers.n]) != 2)
			break;
		servers.n++;
	}
	ck_abort_msg("the registry does not start");
}

void registry_start(void)
{
	const char *top = getenv("TOP");
	struct buf path = { 0 };
	char here[4096];
	int in[2];
	int out[2];

	/* the folder is left to which it may be relative */
	if (top == NULL || *top == '\0')
		top = ".";
	if (top[0] != '/' && getcwd(here, sizeof(here)) != NULL)
		buf_printf(&path, "%s/", here);
	buf_printf(&path, "%s/rebuild/test/registry.py", top);
	char *script = buf_take_text(&path);
	(void)signal(SIGPIPE, SIG_IGN);
	support_enter();
	if (script == NULL || pipe(in) != 0 || pipe(out) != 0)
		ck_abort_msg("no registry");
	servers.pid = fork();
	if (servers.pid == 0) {
		(void)close(in[1]);
		(void)close(out[0]);
		run(script, in[0], out[1]);
	}
	free(script);
	(void)close(in[0]);
	(void)close(out[1]);
	servers.stop = in[1];
	FILE *from = fdopen(out[0], "r");
	if (servers.pid < 0 || from == NULL)
		ck_abort_msg("no registry");
	read_values(from);
	(void)fclose(from);
	/* as every main does */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	if (!http_library_start())
		ck_abort_msg("libcurl cannot be used");
}

void registry_stop(void)
{
	(void)close(servers.stop);
	(void)waitpid(servers.pid, NULL, 0);
	http_library_stop();
	support_leave();
}

const char *registry_value(const char *name)
{
	for (size_t i = 0; i < servers.n; i++) {
		if (strcmp(servers.name[i], name) == 0)
			return servers.value[i];
	}
	ck_abort_msg("the registry says nothing of %s", name);
}

static int64_t ticks(void *context)
{
	struct timespec now;

	(void)context;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void nap(void *context, int64_t ms)
{
	const struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };

	(void)context;
	(void)nanosleep(&pause, NULL);
}

static const struct http_clock real = { ticks, nap, NULL };

void registry_client_start(struct registry_client *client, const char *dir)
{
	struct trouble trouble = { .why = 0 };

	*client = (struct registry_client){ .store = NULL };
	EXPECT_REASON(dir, store_open(dir, &client->store, &trouble), REASON_OK);
	client->oci = (struct oci){ .http = http_new(&client->route, &real),
				    .second = http_new(&client->route, &real),
				    .clock = &real,
				    .deadline_ms = ticks(NULL) + TIME_MS,
				    .store = client->store };
	ck_assert(client->oci.http != NULL && client->oci.second != NULL);
}

void registry_client_done(struct registry_client *client)
{
	http_free(client->oci.http);
	http_free(client->oci.second);
	store_free(client->store);
}

enum reason registry_fetch(struct registry_client *client, const char *reference,
			   const char *platform, struct oci_pins *ret)
{
	struct ociref ref;
	struct ociref_platform of;
	struct trouble trouble = { .why = 0 };

	EXPECT_REASON(reference, ociref_read(span_of_text(reference), &ref), REASON_OK);
	EXPECT_REASON(platform, ociref_platform(span_of_text(platform), &of), REASON_OK);
	enum reason reason = oci_fetch(&client->oci, &ref, &of, ret, &trouble);
	/* whatever goes wrong is said to be somewhere, but for what needs no words */
	ck_assert_msg(reason == REASON_OK || reason == REASON_OCI_TAG || trouble.path_len > 0,
		      "row \"%s\": nothing is said", reference);
	return reason;
}

const char *registry_reference(const char *name, const char *rest)
{
	static char text[512];

	(void)snprintf(text, sizeof(text), "127.0.0.1:%s/%s%s", registry_value("front"), name,
		       rest);
	return text;
}
