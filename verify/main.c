/* enclave-verify: judges what it is given, offline. */
#include <cbor.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "verify/bundle.h"
#include "verify/document.h"
#include "verify/expect.h"
#include "verify/image.h"
#include "verify/testimony.h"
#include "verify/verb.h"

#define PROGRAM "enclave-verify"

static const char help_text[] =
	"Usage: " PROGRAM " document FILE... [EXPECTATIONS]   judge attestation documents\n"
	"       " PROGRAM " bundle DIR [EXPECTATIONS]         judge saved evidence again\n"
	"       " PROGRAM " statement FILE... --key PUB [..]  judge signed rebuild statements\n"
	"       " PROGRAM " eif FILE [EXPECTATIONS]           measure an enclave image, compare\n"
	"       " PROGRAM " show FILE | hash PCR0|FILE        decode only; print the ENCLAVE_HASH\n"
	"\n"
	"FILE is a document (raw, hex or base64) or an image; for hash also a pcr.json; - is stdin.\n"
	"Expectations, one of which must name the image:\n"
	"  --pcrs FILE           the registers of a pcr.json (repeat: one of the files must match)\n"
	"  --eif FILE            the registers measured from an image (likewise)\n"
	"  --pcr N=HEX           one register (repeat for one N: alternatives)\n"
	"  --enclave-hash 0xHEX  the hash a contract holds\n"
	"  --nonce HEX  --user-data HEX  --public-key HEX|@FILE     documents only\n"
	"  --role-arn ARN  --instance-id ID  --signing-cert FILE    PCR3, PCR4, PCR8\n"
	"How to judge:\n"
	"  --at now|document|TIME  --max-age S  --max-skew S  --root FILE  --allow-debug\n"
	"  --aws-table-limits  --require IDS  --calldata;  eif: --flags HEX  --pcr-json\n"
	"  bundle, a contract: --registry PROFILE:ADDRESS  --block HASH  --chain-id  --service  --inner\n"
	"    --min-strength --code-hash --signer;  generic: --selector --value --slot --hash-rule\n"
	"  statement, bundle: --key PUB  --threshold K  --commit HEX  --image sha256:HEX\n"
	"Output: --format text|json|html  -o FILE  -q  -v  --color auto|always|never  --version  -h\n"
	"Exit status: 0 pass, 1 a check failed, 2 wrong usage, 3 no verdict.\n"
	"Example: " PROGRAM " document att.cbor --pcrs pcr.json --at document\n";

static int say_version(void)
{
	struct cli_output output = { .program = PROGRAM };
	struct buf text = { 0 };

	buf_printf(&text,
		   PROGRAM " " ENCLAVECHECK_VERSION
			   "\n%s\nlibcbor %d.%d.%d\ncJSON %s\nlibdeflate %s\n",
		   OpenSSL_version(OPENSSL_VERSION), CBOR_MAJOR_VERSION, CBOR_MINOR_VERSION,
		   CBOR_PATCH_VERSION, cJSON_Version(), LIBDEFLATE_VERSION_STRING);
	bool ok = !text.failed && cli_write(&output, buf_span(&text));
	buf_done(&text);
	return ok ? CLI_PASS : CLI_ERROR;
}

static int say_help(void)
{
	struct cli_output output = { .program = PROGRAM };

	return cli_write(&output, span_of_text(help_text)) ? CLI_PASS : CLI_ERROR;
}

static int usage(const char *message)
{
	cli_complain(PROGRAM, "%s; see " PROGRAM " --help", message);
	return CLI_USAGE;
}

enum { OPT_FLAGS = 500, OPT_PCR_JSON, OPT_CALLDATA };

static const struct cli_option eif_options[] = {
	{ OPT_FLAGS, 0, false, "flags", "HEX" },
	{ OPT_PCR_JSON, 0, true, "pcr-json", NULL },
};

static const struct cli_option calldata_options[] = {
	{ OPT_CALLDATA, 0, true, "calldata", NULL },
};

static const struct verb {
	const char *name;
	int (*run)(struct verb_run *run);
	struct check_set (*checks)(void);
	const struct cli_option *expectations; /* NULL: takes none */
	size_t n_expectations;
	const struct cli_option *own; /* NULL: none */
	size_t n_own;
	bool has_contract; /* takes the options of a contract that is recorded, */
	bool has_terms;    /* those on whose statements count */
} verbs[] = {
	{ "document", verb_document, document_checks, expect_options, EXPECT_OPTIONS,
	  calldata_options, 1, false, false },
	{ "eif", verb_eif, image_checks, expect_image_options, EXPECT_IMAGE_OPTIONS, eif_options,
	  sizeof(eif_options) / sizeof(eif_options[0]), false, false },
	/* a record's nonce cannot be compared with anything of one's own */
	{ "bundle", verb_bundle, bundle_checks, expect_options, EXPECT_LIVE_OPTIONS,
	  &expect_options[EXPECT_OPTIONS - 1], 1, true, true },
	{ "statement", verb_statement, testimony_checks, expect_image_options,
	  EXPECT_STATEMENT_OPTIONS, NULL, 0, false, true },
	{ "show", verb_show, document_checks, NULL, 0, calldata_options, 1, false, false },
	{ "hash", verb_hash, document_checks, NULL, 0, NULL, 0, false, false },
};

/* Remembers what concerns the verb beyond the policy itself. */
static void note_option(struct verb_run *run, int id)
{
	if (id == EXPECT_MAX_AGE)
		run->max_age_given = true;
	if (id == EXPECT_AT)
		run->at_given = true;
	if (id == EXPECT_REQUIRE)
	run->requires = true;
	if (id == EXPECT_NONCE || id == EXPECT_USER_DATA || id == EXPECT_PUBLIC_KEY ||
	    id == EXPECT_INSTANCE_ID)
		run->single_file_only = true;
}

static bool apply_option(struct verb_run *run, const struct check_set *known, int id,
			 const char *value)
{
	if (id >= CLI_OPT_FORMAT)
		return cli_common_apply(&run->output, &run->world, id, value);
	if (id >= CONTRACT_REGISTRY && id < CONTRACT_END)
		return contract_apply(PROGRAM, &run->contract, id, value);
	if (id >= TERMS_KEY && id < TERMS_END)
		return terms_apply(PROGRAM, &run->terms, id, value);
	if (id == OPT_FLAGS)
		return expect_flags(PROGRAM, value, &run->rules);
	if (id == OPT_CALLDATA) {
		run->calldata = true;
		return true;
	}
	if (id == OPT_PCR_JSON) {
		run->pcr_json = true;
		return true;
	}
	note_option(run, id);
	return expect_apply(PROGRAM, &run->policy, known, id, value);
}

/* Reads the words after the verb. False: *ret_exit is the exit status. */
static bool read_words(struct verb_run *run, const struct verb *verb, int argc, char **argv,
		       int *ret_exit)
{
	const struct check_set known = verb->checks();
	struct cli_words words;
	const struct cli_option *option = NULL;
	const char *value = NULL;
	const char *message = NULL;

	cli_words_start(&words, argc, argv);
	cli_words_table(&words, cli_common_options, CLI_COMMON_OPTIONS);
	if (verb->expectations != NULL)
		cli_words_table(&words, verb->expectations, verb->n_expectations);
	if (verb->own != NULL)
		cli_words_table(&words, verb->own, verb->n_own);
	if (verb->has_contract)
		cli_words_table(&words, contract_options, CONTRACT_RECORD_OPTIONS);
	if (verb->has_terms)
		cli_words_table(&words, terms_options, TERMS_OPTIONS);
	for (;;) {
		*ret_exit = CLI_USAGE;
		switch (cli_words_next(&words, &option, &value, &message)) {
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
			*ret_exit = option->id == CLI_OPT_HELP ? say_help() : say_version();
			return false;
		}
		if (!apply_option(run, &known, option->id, value))
			return false;
	}
}

static int run_verb(const struct verb *verb, const struct cli_world *world, int argc, char **argv)
{
	struct verb_run run = { .world = *world, .version = ENCLAVECHECK_VERSION };
	int exit_status = CLI_USAGE;

	policy_init(&run.policy);
	contract_start(&run.contract);
	cli_output_start(&run.output, PROGRAM, world);
	run.output.may_html = verb->expectations != NULL; /* so there is a report */
	run.operands = calloc((size_t)argc + 1, sizeof(run.operands[0]));
	if (run.operands == NULL)
		exit_status = CLI_ERROR;
	else if (read_words(&run, verb, argc, argv, &exit_status))
		exit_status = verb->run(&run);
	policy_done(&run.policy);
	terms_done(&run.terms);
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

static int64_t ticks_ms(void)
{
	struct timespec now;

	return clock_gettime(CLOCK_MONOTONIC, &now) == 0 ?
		       (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 :
		       0;
}

static struct cli_world look_around(void)
{
	struct timespec now;
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	bool dumb = term != NULL && strcmp(term, "dumb") == 0;

	return (struct cli_world){
		.now = clock_gettime(CLOCK_REALTIME, &now) == 0 ? (int64_t)now.tv_sec : -1,
		.stdout_is_terminal = isatty(STDOUT_FILENO) == 1,
		.colour_refused = (no_color != NULL && *no_color != '\0') || dumb,
		.stderr_is_terminal = isatty(STDERR_FILENO) == 1 && !dumb,
		.ticks_ms = ticks_ms,
	};
}

int main(int argc, char **argv)
{
	guard_streams();
	/* a reader that goes away is a failed write with a status, not a death */
	(void)signal(SIGPIPE, SIG_IGN);
	/* no configuration file that the environment names decides what is trusted */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	if (argc < 2)
		return usage("a verb is needed");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return say_help();
	if (strcmp(argv[1], "--version") == 0)
		return say_version();
	const struct cli_world world = look_around();
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[1], verbs[i].name) == 0)
			return run_verb(&verbs[i], &world, argc - 1, argv + 1);
	}
	cli_complain(PROGRAM, "'%s' is no verb; see " PROGRAM " --help", argv[1]);
	return CLI_USAGE;
}
