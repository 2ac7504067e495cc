/* enclave-attest: asks enclaves; and, inside one, answers. */
#include <cbor.h>
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <limits.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "attest/http.h"
#include "attest/verb.h"

#define PROGRAM "enclave-attest"

static const char help_text[] =
	"Usage: " PROGRAM
	" check URL... --profile NAME [EXPECTATIONS] [CONTRACT]  ask enclaves, judge\n"
	"       " PROGRAM
	" onchain HASH|PCR0|FILE CONTRACT   does the contract accept this image?\n"
	"       " PROGRAM
	" document | serve --listen ADDRESS   inside an enclave: hand documents out\n"
	"       " PROGRAM
	" simulate DIR                      make an enclave that is none, for trials\n"
	"check judges now (no --at) and sends a fresh nonce; NAME is one of odyn nitriding oyster\n"
	"oyster-custom nautilus tinfoil evervault sequence generic auto:\n"
	"  --pcrs FILE  --eif FILE  --pcr N=HEX  --enclave-hash 0xHEX  --user-data HEX  --root FILE\n"
	"  --public-key HEX|@FILE  --role-arn ARN  --instance-id ID  --signing-cert FILE\n"
	"  --allow-debug  --aws-table-limits  --require IDS  --max-age S  --max-skew S  --save DIR\n"
	"  --bind HOW|none  --tls verified|attested  --cacert FILE  --insecure-http  --timeout S\n"
	"  --resolve HOST:PORT:ADDRESS  --proxy URL  --headers FILE;  generic: --method METHOD\n"
	"  --body TEMPLATE  --pointer POINTER or --header NAME  --encoding raw|hex|base64\n"
	"  many, from a file, again and again: --config FILE  --jobs N  --every S  --state FILE\n"
	"CONTRACT: --registry PROFILE:ADDRESS  --chain-id N  --rpc URL, several  --rpc-file FILE  --quorum N\n"
	"  --block finalized|safe|latest|NUMBER|HASH  --max-block-age S  --min-strength proved|agreed|claimed\n"
	"  --service NAME  --code-hash proxy|impl|inner=0xHEX  --inner 0xADDR  --signer 0xADDR|from-document\n"
	"  generic: --selector 0xHEX  --value bool|bytes32  --slot N  --hash-rule RULE\n"
	"document: --nonce HEX  --user-data HEX  --public-key HEX|@FILE  --encoding HOW  --describe\n"
	"serve on 127.0.0.1:PORT, [::1]:PORT, vsock:PORT: --rate N  --shape odyn|nitriding  --tls-cert FILE\n"
	"simulate: --pcrs FILE | --eif FILE;  document and serve then take --simulate DIR\n"
	"Output: --format text|json|html|nagios|prom  -o FILE  -q  -v  --color auto|always|never  --version  -h\n"
	"Exit status: 0 pass or done, 1 a check failed, 2 wrong usage, 3 no verdict, could not.\n"
	"Example: " PROGRAM " check https://enclave.example --profile nitriding --pcrs pcr.json\n";

static const struct attest_verb *const verbs[] = {
	&attest_check, &attest_document, &attest_serve, &attest_simulate, &attest_onchain,
};

static int say(const char *text)
{
	struct cli_output output = { .program = PROGRAM };

	return cli_write(&output, span_of_text(text)) ? CLI_PASS : CLI_ERROR;
}

static int say_version(void)
{
	struct buf text = { 0 };

	buf_printf(
		&text,
		PROGRAM " " ENCLAVECHECK_VERSION "\n%s\nlibcbor %d.%d.%d\ncJSON %s\nlibdeflate %s\n"
			"libmicrohttpd %s\n",
		OpenSSL_version(OPENSSL_VERSION), CBOR_MAJOR_VERSION, CBOR_MINOR_VERSION,
		CBOR_PATCH_VERSION, cJSON_Version(), LIBDEFLATE_VERSION_STRING, MHD_get_version());
	http_library_version(&text);
	buf_text(&text, "\n");
	char *all = buf_take_text(&text);
	int status = all == NULL ? CLI_ERROR : say(all);
	free(all);
	return status;
}

/* After a word that is wrong: whether one behind it asks for a plugin's line, and where it is to go. */
static void read_format(struct attest_run *run, struct cli_words *words)
{
	const struct cli_option *option = NULL;
	const char *value = NULL;
	const char *message = NULL;
	enum cli_word word;

	while ((word = cli_words_next(words, &option, &value, &message)) != CLI_WORD_END) {
		if (word != CLI_WORD_OPTION)
			continue;
		if (option->id == CLI_OPT_FORMAT && strcmp(value, "nagios") == 0)
			run->output.format = CLI_NAGIOS;
		if (option->id == CLI_OPT_OUTPUT)
			run->output.path = value;
	}
}

/* Reads the words after the verb. False: *ret_exit is the exit status. */
static bool read_words(struct attest_run *run, const struct attest_verb *verb,
		       struct cli_words *words, int *ret_exit)
{
	const struct cli_option *option = NULL;
	const char *value = NULL;
	const char *message = NULL;

	cli_words_table(words, cli_common_options, CLI_COMMON_OPTIONS);
	for (size_t i = 0; i < ATTEST_TABLES_MAX; i++)
		cli_words_table(words, verb->tables[i].options, verb->tables[i].n);
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
			run->operands[run->n_operands++] = value;
			continue;
		case CLI_WORD_OPTION:
			break;
		}
		if (option->id == CLI_OPT_HELP || option->id == CLI_OPT_VERSION) {
			*ret_exit = option->id == CLI_OPT_HELP ? say(help_text) : say_version();
			return false;
		}
		bool applied =
			option->id >= CLI_OPT_FORMAT ?
				cli_common_apply(&run->output, &run->world, option->id, value) :
				verb->apply(run, option->id, value);
		if (!applied)
			return false;
	}
}

static int64_t ticks_ms(void)
{
	struct timespec now;

	return clock_gettime(CLOCK_MONOTONIC, &now) == 0 ?
		       (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 :
		       0;
}

static int64_t clock_ms(void)
{
	struct timespec now;

	return clock_gettime(CLOCK_REALTIME, &now) == 0 ?
		       (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 :
		       -1;
}

static void sleep_ms(int64_t ms)
{
	struct timespec left = { .tv_sec = (time_t)(ms / 1000),
				 .tv_nsec = (long)(ms % 1000) * 1000000 };

	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

static bool random_bytes(uint8_t *ret, size_t len)
{
	return len <= INT_MAX && RAND_bytes(ret, (int)len) == 1;
}

static struct cli_world look_around(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	bool dumb = term != NULL && strcmp(term, "dumb") == 0;
	int64_t now_ms = clock_ms();

	return (struct cli_world){
		.now = now_ms < 0 ? -1 : now_ms / 1000,
		.stdout_is_terminal = isatty(STDOUT_FILENO) == 1,
		.colour_refused = (no_color != NULL && *no_color != '\0') || dumb,
		.stderr_is_terminal = isatty(STDERR_FILENO) == 1 && !dumb,
		.ticks_ms = ticks_ms,
	};
}

static int no_library(const struct attest_run *run)
{
	cli_complain(PROGRAM, "libcurl cannot be used");
	return attest_refuse(run, CLI_ERROR);
}

static int run_verb(const struct attest_verb *verb, int argc, char **argv)
{
	struct attest_run run = {
		.world = look_around(),
		.version = ENCLAVECHECK_VERSION,
		.clock_ms = clock_ms,
		.sleep_ms = sleep_ms,
		.random = random_bytes,
		.notify_socket = getenv("NOTIFY_SOCKET"),
	};
	struct cli_words words;
	int exit_status = CLI_USAGE;

	policy_init(&run.policy);
	ask_init(&run.ask);
	contract_start(&run.contract);
	cli_output_start(&run.output, PROGRAM, &run.world);
	run.output.may_html = verb == &attest_check || verb == &attest_onchain;
	run.output.exports = verb->exports;
	cli_words_start(&words, argc, argv);
	run.operands = calloc((size_t)argc + 1, sizeof(run.operands[0]));
	if (run.operands == NULL)
		exit_status = CLI_ERROR;
	else if (read_words(&run, verb, &words, &exit_status))
		exit_status = http_library_start() ? verb->run(&run) : no_library(&run);
	else if (exit_status == CLI_USAGE && verb->exports) {
		read_format(&run, &words);
		exit_status = attest_refuse(&run, exit_status);
	}
	http_library_stop();
	policy_done(&run.policy);
	ask_done(&run.ask);
	servers_done(&run.servers);
	free(run.operands);
	return exit_status;
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
#ifdef __GLIBC__
	/* threads that mostly wait need no heaps of their own, which creep up for minutes */
	(void)mallopt(M_ARENA_MAX, 1);
#endif
	/* a reader that goes away is a failed write with a status, not a death */
	(void)signal(SIGPIPE, SIG_IGN);
	/* no configuration file that the environment names decides what is trusted */
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
		if (strcmp(argv[1], verbs[i]->name) == 0)
			return run_verb(verbs[i], argc - 1, argv + 1);
	}
	cli_complain(PROGRAM, "'%s' is no verb; see " PROGRAM " --help", argv[1]);
	return CLI_USAGE;
}
