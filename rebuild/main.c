/* enclave-rebuild: images made, taken apart, and compared. */
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "rebuild/job.h"
#include "attest/http.h"
#include "rebuild/rawstream.h"
#include "rebuild/audit.h"
#include "rebuild/run.h"
#include "verify/expect.h"

#define PROGRAM "enclave-rebuild"

static const char help_text[] =
	"Usage: " PROGRAM " assemble --kernel FILE --cmdline TEXT|@FILE RAMDISKS -o EIF\n"
	"       " PROGRAM " unpack EIF DIR\n"
	"       " PROGRAM " compare EIF EIF|PCR.JSON\n"
	"       " PROGRAM " plan RECIPE --resolve    what run would do; or names made pins\n"
	"       " PROGRAM
	" run RECIPE --out DIR    rebuild, measure, compare with what is expected\n"
	"       " PROGRAM
	" audit RECIPE    is that what the enclave runs, and the contract accepts?\n"
	"\n"
	"assemble: --ramdisk FILE as it is, --tree DIR as cpio and gzip, each repeatable, in order;\n"
	"  --arch x86_64|aarch64  --metadata FILE  --sign-key PEM --sign-cert PEM  -o EIF\n"
	"unpack writes sections and what the ramdisks hold into DIR, new or empty (- is stdin).\n"
	"compare tells why two images, or an image and published registers, differ.\n"
	"  --flags HEX           reserved header flags that the images must have (unpack, too)\n"
	"run: instead of what the recipe says: --commit ID --image REF --attribute NAME\n"
	"    --expect-pcr0 HEX --require-signed; --eif FILE expects an image's registers\n"
	"  --cache DIR of images; --signers FILE who may sign commits; --sign KEY writes a statement\n"
	"  --built-eif FILE | --built-binary FILE    enter half way\n"
	"  --independent --builders LIST --store STORE --nix-option NAME=VALUE    how Nix builds\n"
	"  --from STAGE --until STAGE --require IDS\n"
	"audit: as run with --out DIR; --statement FILE instead or as well, with --key and --threshold\n"
	"  as enclave-verify statement; how enclave and contract are asked as enclave-attest check\n"
	"Output: --format text|json (run, audit, compare: html)  -q  -v  --color WHEN  --version  -h\n"
	"Exit status: 0 done, equal; 1 malformed, different; 2 wrong usage or input; 3 could not.\n"
	"Example: " PROGRAM " assemble --kernel bzImage --cmdline @cmdline --tree root -o my.eif\n";

enum option {
	OPT_FLAGS = 800, /* behind those of the floors below */
	OPT_OUT,
	OPT_COMMIT,
	OPT_IMAGE,
	OPT_ATTRIBUTE,
	OPT_EXPECT_PCR,
	OPT_SIGNERS,
	OPT_REQUIRE_SIGNED,
	OPT_BUILT_BINARY,
	OPT_BUILT_EIF,
	OPT_FROM,
	OPT_UNTIL,
	OPT_INDEPENDENT,
	OPT_BUILDERS,
	OPT_STORE,
	OPT_NIX_OPTION,
	OPT_CACHE,
	OPT_RESOLVE,
	OPT_SIGN
};

/* of compare, too */
static const struct cli_option unpack_options[] = {
	{ OPT_FLAGS, 0, false, "flags", "HEX" },
};

/* of audit, too */
static const struct cli_option rebuild_options[] = {
	{ OPT_OUT, 0, false, "out", "DIR" },
	{ OPT_COMMIT, 0, false, "commit", "ID" },
	{ OPT_IMAGE, 0, false, "image", "REFERENCE" },
	{ OPT_ATTRIBUTE, 0, false, "attribute", "NAME" },
	{ OPT_EXPECT_PCR, 0, false, "expect-pcr0", "HEX" },
	{ OPT_SIGNERS, 0, false, "signers", "FILE" },
	{ OPT_REQUIRE_SIGNED, 0, true, "require-signed", NULL },
	{ OPT_BUILT_BINARY, 0, false, "built-binary", "FILE" },
	{ OPT_BUILT_EIF, 0, false, "built-eif", "FILE" },
	{ OPT_CACHE, 0, false, "cache", "DIR" },
	{ OPT_SIGN, 0, false, "sign", "KEY" },
	{ OPT_INDEPENDENT, 0, true, "independent", NULL },
	{ OPT_BUILDERS, 0, false, "builders", "LIST" },
	{ OPT_STORE, 0, false, "store", "STORE" },
	{ OPT_NIX_OPTION, 0, true, "nix-option", "NAME=VALUE" },
	{ OPT_FROM, 0, false, "from", "STAGE" },
	{ OPT_UNTIL, 0, false, "until", "STAGE" },
};

static const struct cli_option run_options[] = {
	{ EXPECT_EIF, 0, false, "eif", "FILE" },
	{ EXPECT_REQUIRE, 0, true, "require", "IDS" },
};

static const struct cli_option plan_options[] = {
	{ OPT_COMMIT, 0, false, "commit", "ID" },
	{ OPT_IMAGE, 0, false, "image", "REFERENCE" },
	{ OPT_ATTRIBUTE, 0, false, "attribute", "NAME" },
	{ OPT_EXPECT_PCR, 0, false, "expect-pcr0", "HEX" },
	{ OPT_REQUIRE_SIGNED, 0, true, "require-signed", NULL },
	{ OPT_INDEPENDENT, 0, true, "independent", NULL },
	{ OPT_STORE, 0, false, "store", "STORE" },
	{ OPT_RESOLVE, 0, true, "resolve", NULL },
};

static int say(const char *text)
{
	struct cli_output output = { .program = PROGRAM };

	return cli_write(&output, span_of_text(text)) ? CLI_PASS : CLI_ERROR;
}

static int say_version(void)
{
	struct buf text = { 0 };

	buf_printf(&text, PROGRAM " " ENCLAVECHECK_VERSION "\n%s\ncJSON %s\nzlib %s\n%s\n",
		   OpenSSL_version(OPENSSL_VERSION), cJSON_Version(), zlibVersion(),
		   rawstream_library());
	char *all = buf_take_text(&text);
	int status = all == NULL ? CLI_ERROR : say(all);
	free(all);
	return status;
}

static bool apply_stage(const char *option, const char *value, enum stage *ret)
{
	if (stage_of(value, ret))
		return true;
	cli_complain(
		PROGRAM,
		"--%s %s: plan, source, image, stage, build, collect, measure, compare or report",
		option, value);
	return false;
}

/* Options of run. False: it is none of them, or its value is wrong, which was said then: *ret_known. */
static bool apply_run(struct job *job, int id, const char *value, bool *ret_known)
{
	*ret_known = true;
	switch (id) {
	case OPT_OUT:
		job->out = value;
		return true;
	case OPT_COMMIT:
		job->commit = value;
		return true;
	case OPT_IMAGE:
		job->image = value;
		return true;
	case OPT_ATTRIBUTE:
		job->attribute = value;
		return true;
	case OPT_EXPECT_PCR:
		job->expect_pcr0 = value;
		return true;
	case OPT_SIGNERS:
		job->signers = value;
		return true;
	case OPT_REQUIRE_SIGNED:
		job->require_signed = true;
		return true;
	case OPT_BUILT_BINARY:
		job->built_binary = value;
		return true;
	case OPT_BUILT_EIF:
		job->built_eif = value;
		return true;
	case OPT_INDEPENDENT:
		job->independent = true;
		return true;
	case OPT_SIGN:
		job->sign = value;
		return true;
	case OPT_RESOLVE:
		job->resolve = true;
		return true;
	case OPT_CACHE:
		job->cache = value;
		return true;
	case OPT_BUILDERS:
		job->nix.builders = value;
		return true;
	case OPT_STORE:
		job->nix.store = value;
		return true;
	case OPT_NIX_OPTION:
		return job_nix_option(job, value);
	case OPT_FROM:
		return apply_stage("from", value, &job->from);
	case OPT_UNTIL:
		return apply_stage("until", value, &job->until);
	case EXPECT_EIF:
		job->reference = value;
		return expect_apply(PROGRAM, &job->policy, &job->checks, id, value);
	case EXPECT_REQUIRE:
		return expect_apply(PROGRAM, &job->policy, &job->checks, id, value);
	default:
		*ret_known = false;
		return false;
	}
}

#define TABLES_MAX 7
#define TABLE(options) \
	{ \
		(options), sizeof(options) / sizeof((options)[0]) \
	}

static const struct verb {
	const char *name;
	struct {
		const struct cli_option *options;
		size_t n;
	} tables[TABLES_MAX]; /* unused ones are empty */
	/* an option that is not one of run's; NULL: there are none */
	bool (*apply)(struct job *job, int id, const char *value);
	int (*run)(struct job *job);
	struct check_set (*checks)(void); /* that --require may name */
	bool may_html;
	bool stops_in_order; /* on a signal: it starts other programs */
} verbs[] = {
	{ "assemble",
	  { { assemble_options, ASSEMBLE_OPTIONS } },
	  job_assemble_apply,
	  job_assemble,
	  run_checks,
	  false,
	  false },
	{ "unpack", { TABLE(unpack_options) }, NULL, job_unpack, run_checks, false, false },
	{ "compare", { TABLE(unpack_options) }, NULL, job_compare, run_checks, true, false },
	{ "plan", { TABLE(plan_options) }, NULL, job_plan, run_checks, false, true },
	{ "run",
	  { TABLE(rebuild_options), TABLE(run_options) },
	  NULL,
	  job_run,
	  run_checks,
	  true,
	  true },
	{ "audit",
	  { TABLE(rebuild_options),
	    { audit_options, AUDIT_OPTIONS },
	    { ask_options, ASK_OPTIONS },
	    { expect_options, EXPECT_LIVE_OPTIONS },
	    { contract_options, CONTRACT_OPTIONS },
	    { servers_options, SERVERS_OPTIONS },
	    { terms_options, AUDIT_TERMS_OPTIONS } },
	  job_audit_apply,
	  job_audit,
	  audit_checks,
	  true,
	  true },
};

static bool apply(struct job *job, const struct verb *verb, int id, const char *value)
{
	bool known = false;

	bool applied = apply_run(job, id, value, &known);
	if (known)
		return applied;
	if (id == OPT_FLAGS)
		return expect_flags(PROGRAM, value, &job->rules);
	if (id >= CLI_OPT_FORMAT)
		return cli_common_apply(&job->output, &job->world, id, value);
	return verb->apply != NULL && verb->apply(job, id, value);
}

/* Reads the words after the verb. False: *ret_exit is the exit status. */
static bool read_words(struct job *job, const struct verb *verb, struct cli_words *words,
		       int *ret_exit)
{
	const struct cli_option *option = NULL;
	const char *value = NULL;
	const char *message = NULL;

	for (;;) {
		*ret_exit = CLI_USAGE;
		switch (cli_words_next(words, &option, &value, &message)) {
		case CLI_WORD_END:
			return true;
		case CLI_WORD_BAD:
			cli_complain(PROGRAM, "option '%s' %s; see " PROGRAM " --help", value,
				     message);
			return false;
		case CLI_WORD_OPERAND:
			if (expect_is_value(value)) {
				cli_complain(PROGRAM,
					     "%s: a value stands where a file is expected (./NAME "
					     "if it is one)",
					     value);
				return false;
			}
			if (job->n_operands < 2)
				job->operands[job->n_operands] = value;
			job->n_operands++;
			continue;
		case CLI_WORD_OPTION:
			break;
		}
		if (option->id == CLI_OPT_HELP || option->id == CLI_OPT_VERSION) {
			*ret_exit = option->id == CLI_OPT_HELP ? say(help_text) : say_version();
			return false;
		}
		if (!apply(job, verb, option->id, value))
			return false;
	}
}

/* The signal that asked to stop, for verbs that stop in order. */
static volatile sig_atomic_t interrupted;

static void note_signal(int number)
{
	interrupted = number;
}

static void catch_signals(void)
{
	static const int deadly[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = note_signal };

	(void)sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++) {
		struct sigaction before;
		if (sigaction(deadly[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			(void)sigaction(deadly[i], &action, NULL);
	}
}

/* Whoever waits for this program must see that a signal ended it. */
static void die_by_signal(void)
{
	(void)signal((int)interrupted, SIG_DFL);
	(void)raise((int)interrupted);
}

static int64_t now(void)
{
	struct timespec found;

	return clock_gettime(CLOCK_REALTIME, &found) == 0 ? (int64_t)found.tv_sec : -1;
}

static int64_t clock_ms(void)
{
	struct timespec found;

	return clock_gettime(CLOCK_REALTIME, &found) == 0 ?
		       (int64_t)found.tv_sec * 1000 + found.tv_nsec / 1000000 :
		       -1;
}

static int64_t ticks_ms(void)
{
	struct timespec found;

	return clock_gettime(CLOCK_MONOTONIC, &found) == 0 ?
		       (int64_t)found.tv_sec * 1000 + found.tv_nsec / 1000000 :
		       0;
}

static bool random_bytes(uint8_t *ret, size_t len)
{
	return len <= INT_MAX && RAND_bytes(ret, (int)len) == 1;
}

static void sleep_ms(void *context, int64_t ms)
{
	const struct timespec pause = { .tv_sec = (time_t)(ms / 1000),
					.tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)context;
	(void)nanosleep(&pause, NULL); /* a signal ends it: it may have asked to stop */
}

/* What this program finds in its surroundings. */
static void look_around(struct job *job)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	bool dumb = term != NULL && strcmp(term, "dumb") == 0;

	job->world = (struct cli_world){
		.now = now(),
		.stdout_is_terminal = isatty(STDOUT_FILENO) == 1,
		.colour_refused = (no_color != NULL && *no_color != '\0') || dumb,
		.stderr_is_terminal = isatty(STDERR_FILENO) == 1 && !dumb,
		.ticks_ms = ticks_ms,
	};
	job->epoch = getenv("SOURCE_DATE_EPOCH");
	job->tmpdir = getenv("TMPDIR");
	if (job->tmpdir == NULL || *job->tmpdir == '\0')
		job->tmpdir = "/tmp";
	job->nix.nix_config = getenv("NIX_CONFIG");
	job->cache_home = getenv("XDG_CACHE_HOME");
	job->home = getenv("HOME");
	job->search_path = getenv("PATH");
	job->ssh_auth_sock = getenv("SSH_AUTH_SOCK");
	job->summary.page = getenv("GITHUB_STEP_SUMMARY");
	job->summary.output = getenv("GITHUB_OUTPUT");
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
	struct job job = { .version = ENCLAVECHECK_VERSION,
			   .verb = verb->name,
			   .interrupted = &interrupted,
			   .now = now,
			   .clock_ms = clock_ms,
			   .sleep_ms = sleep_ms,
			   .checks = verb->checks(),
			   .from = STAGE_COUNT,
			   .random = random_bytes,
			   .until = STAGE_REPORT };
	struct cli_words words;
	int status = CLI_ERROR;

	look_around(&job);
	cli_output_start(&job.output, PROGRAM, &job.world);
	job.output.may_html = verb->may_html;
	cli_words_start(&words, argc, argv);
	cli_words_table(&words, cli_common_options, CLI_COMMON_OPTIONS);
	for (size_t i = 0; i < TABLES_MAX; i++) {
		if (verb->tables[i].n > 0)
			cli_words_table(&words, verb->tables[i].options, verb->tables[i].n);
	}
	policy_init(&job.policy);
	auditing_start(&job.auditing);
	job.ramdisks = calloc((size_t)argc + 1, sizeof(job.ramdisks[0]));
	if (verb->stops_in_order)
		catch_signals();
	if (job.ramdisks != NULL && read_words(&job, verb, &words, &status)) {
		/* libcurl, for registries */
		if (verb->stops_in_order && !http_library_start())
			cli_complain(PROGRAM, "libcurl cannot be used");
		else
			status = verb->run(&job);
		if (verb->stops_in_order)
			http_library_stop();
	}
	free(job.ramdisks);
	policy_done(&job.policy);
	auditing_done(&job.auditing);
	for (size_t i = 0; i < job.nix.n_options; i++)
		free(job.nix_names[i]);
	if (interrupted != 0)
		die_by_signal();
	return status;
}

/* A descriptor 0, 1 or 2 that is closed would be given to the next file opened, and output would
 * go there. */
static void guard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
			_exit(CLI_ERROR);
	}
}

int main(int argc, char **argv)
{
	guard_streams();
	/* a reader that goes away is a failed write with a status, not a death */
	(void)signal(SIGPIPE, SIG_IGN);
	/* no configuration file that the environment names decides how is signed */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	/* and no file that it names gets the keys of connections */
	(void)unsetenv("SSLKEYLOGFILE");
	if (argc < 2) {
		cli_complain(PROGRAM, "a verb is needed; see " PROGRAM " --help");
		return CLI_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return say(help_text);
	if (strcmp(argv[1], "--version") == 0)
		return say_version();
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[1], verbs[i].name) == 0)
			return run_verb(&verbs[i], argc - 1, argv + 1);
	}
	cli_complain(PROGRAM, "'%s' is no verb; see " PROGRAM " --help", argv[1]);
	return CLI_USAGE;
}
