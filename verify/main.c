/* enclave-verify: judges what it is given, offline. */
#include <cbor.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "verify/basenc.h"
#include "verify/cli.h"
#include "verify/document.h"
#include "verify/expect.h"
#include "verify/show.h"

#define PROGRAM "enclave-verify"
#define DEFAULT_MAX_AGE_S 300 /* of a document judged now */

static const char help_text[] =
	"Usage: " PROGRAM " document FILE... [EXPECTATIONS]   judge attestation documents\n"
	"       " PROGRAM " show FILE                         decode without judging\n"
	"       " PROGRAM
	" hash PCR0|FILE                    print keccak256(PCR0), the ENCLAVE_HASH\n"
	"\n"
	"FILE is a document (raw, hex or base64; - is stdin), for hash also a pcr.json.\n"
	"Expectations, one of which must name the image:\n"
	"  --pcrs FILE           the registers of a pcr.json (repeat: one of the files must match)\n"
	"  --pcr N=HEX           one register (repeat for one N: alternatives)\n"
	"  --enclave-hash 0xHEX  the hash a contract holds\n"
	"  --nonce HEX  --user-data HEX  --public-key HEX|@FILE\n"
	"  --role-arn ARN  --instance-id ID  --signing-cert FILE    PCR3, PCR4, PCR8\n"
	"How to judge:\n"
	"  --at now|document|TIME  --max-age S  --max-skew S  --root FILE  --allow-debug\n"
	"  --aws-table-limits  --require IDS\n"
	"Output: --format text|json  -o FILE  -q  -v  --color auto|always|never  --version  -h\n"
	"\n"
	"Exit status: 0 pass, 1 a check failed, 2 wrong usage, 3 no verdict.\n"
	"Example: " PROGRAM " document att.cbor --pcrs pcr.json --at document\n";

/* Everything a verb needs. */
struct run {
	struct cli_world world;
	struct cli_output output;
	struct policy policy;
	const char **operands; /* owned array of borrowed words */
	size_t n_operands;
	bool max_age_given;
	bool single_file_only; /* an option was given that fits one document */
	bool stop;             /* --help or --version: done */
};

static int say_version(void)
{
	struct cli_output output = { .program = PROGRAM };
	struct buf text = { 0 };

	buf_printf(&text, PROGRAM " " ENCLAVECHECK_VERSION "\n%s\nlibcbor %d.%d.%d\ncJSON %s\n",
		   OpenSSL_version(OPENSSL_VERSION), CBOR_MAJOR_VERSION, CBOR_MINOR_VERSION,
		   CBOR_PATCH_VERSION, cJSON_Version());
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

/* Remembers what concerns the verb beyond the policy itself. */
static void note_option(struct run *run, int id)
{
	if (id == EXPECT_MAX_AGE)
		run->max_age_given = true;
	if (id == EXPECT_NONCE || id == EXPECT_USER_DATA || id == EXPECT_PUBLIC_KEY ||
	    id == EXPECT_INSTANCE_ID)
		run->single_file_only = true;
}

/* Reads the words after the verb. False: *ret_exit is the exit status. */
static bool read_words(struct run *run, int argc, char **argv, bool expectations, int *ret_exit)
{
	const struct check_set known = document_checks();
	struct cli_words words;
	const struct cli_option *option = NULL;
	const char *value = NULL;
	const char *message = NULL;

	cli_words_start(&words, argc, argv);
	cli_words_table(&words, cli_common_options, CLI_COMMON_OPTIONS);
	if (expectations)
		cli_words_table(&words, expect_options, EXPECT_OPTIONS);
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
		bool fine = option->id >= CLI_OPT_FORMAT ?
				    cli_common_apply(&run->output, &run->world, option->id, value) :
				    expect_apply(PROGRAM, &run->policy, &known, option->id, value);
		if (!fine)
			return false;
		note_option(run, option->id);
	}
}

/* A value where a file is expected is a slip, not a file name. */
static bool is_value(const char *word)
{
	uint8_t hash[KECCAK_LEN];
	struct span text = span_of_text(word);
	struct span prefix;

	if (expect_is_pcr(word))
		return true;
	return text.len == 2 + 2 * KECCAK_LEN && text.at[0] == '0' &&
	       (text.at[1] == 'x' || text.at[1] == 'X') && span_take(&text, 2, &prefix) &&
	       hex_decode_exact(text, hash, sizeof(hash));
}

static const char *document_usage_error(const struct run *run)
{
	size_t stdins = 0;

	if (run->n_operands == 0)
		return "document: a FILE is needed (- for standard input)";
	for (size_t i = 0; i < run->n_operands; i++) {
		stdins += strcmp(run->operands[i], "-") == 0 ? 1 : 0;
		if (is_value(run->operands[i]))
			return "document: a value stands where a file is expected (./NAME if it is one)";
	}
	if (stdins > 1)
		return "document: standard input can be read once";
	if (run->n_operands > 1 && run->single_file_only)
		return "document: --nonce, --user-data, --public-key and --instance-id fit one FILE only";
	if (run->policy.time == POLICY_DOCUMENT && run->max_age_given)
		return "--max-age has no meaning with --at document";
	return NULL;
}

/* The bytes of a document file, whatever its form; *ret borrows from *file or *decoded.
 * REASON_FILE_UNREADABLE (said on stderr), REASON_COSE_TOO_LARGE, REASON_TEXT_ENCODING,
 * REASON_OUT_OF_MEMORY. */
static enum reason load(const char *path, struct buf *file, struct buf *decoded, struct span *ret)
{
	int why = 0;

	enum reason reason = cli_read(path, DOCUMENT_FILE_MAX, file, &why);
	if (reason == REASON_FILE_UNREADABLE)
		cli_complain(PROGRAM, "%s: %s", path, strerror(why));
	if (reason != REASON_OK)
		return reason;
	if (file->len > DOCUMENT_FILE_MAX)
		return REASON_COSE_TOO_LARGE;
	return basenc_document(buf_span(file), decoded, ret);
}

/* True when the file is not to blame: there is no verdict on it. */
static bool is_trouble(enum reason reason)
{
	return reason == REASON_FILE_UNREADABLE || reason == REASON_OUT_OF_MEMORY;
}

/* Reads one file and judges it into the report. */
static void judge_file(const struct run *run, const char *path, struct chain_cache *cache,
		       struct report *report)
{
	struct buf file = { 0 };
	struct buf decoded = { 0 };
	struct span bytes;
	struct document document;

	report_set_target(report, span_of_text(path));
	enum reason reason = load(path, &file, &decoded, &bytes);
	if (reason == REASON_OK)
		document_judge(bytes, &run->policy, run->world.now, cache, report, &document);
	else
		document_refuse(&run->policy, run->world.now, reason, is_trouble(reason), report);
	buf_done(&file);
	buf_done(&decoded);
}

/* -q: no text, neither on stdout nor into a file. */
static bool is_silent(const struct run *run)
{
	return run->output.quiet && run->output.format == CLI_TEXT;
}

/* Appends the report in the chosen format. */
static bool render(const struct run *run, const struct report *report, struct buf *out)
{
	if (run->output.format == CLI_JSON)
		return report_json(report, PROGRAM, ENCLAVECHECK_VERSION, out) == REASON_OK;
	if (!is_silent(run))
		report_text(report, &run->output.style, out);
	return !out->failed;
}

/* Judges one file and puts its report out: into *kept when all of it goes to one file, else at
 * once. */
static int judge_and_render(const struct run *run, const char *path, struct chain_cache *cache,
			    struct buf *kept)
{
	struct buf text = { 0 };
	struct report *report = report_new();

	if (report == NULL) {
		cli_complain(PROGRAM, "%s: %s", path, reason_sentence(REASON_OUT_OF_MEMORY));
		return CLI_ERROR;
	}
	judge_file(run, path, cache, report);
	enum cli_exit exit_status = cli_exit_of(report_conclude(report, &run->policy.require));
	struct buf *out = run->output.path != NULL ? kept : &text;
	if (path != run->operands[0] && !is_silent(run) && run->output.format == CLI_TEXT)
		buf_text(out, "\n");
	bool ok = render(run, report, out);
	if (!ok)
		cli_complain(PROGRAM, "%s: %s", path, reason_sentence(REASON_OUT_OF_MEMORY));
	else if (text.len > 0)
		ok = cli_write(&run->output, buf_span(&text));
	buf_done(&text);
	report_free(report);
	return ok ? (int)exit_status : CLI_ERROR;
}

static int verb_document(struct run *run)
{
	struct chain_cache cache = { .next = 0 };
	struct buf kept = { 0 };
	enum cli_exit worst = CLI_PASS;

	const char *message = document_usage_error(run);
	if (message != NULL)
		return usage(message);
	if (run->policy.time == POLICY_NOW && !run->max_age_given)
		run->policy.max_age_s = DEFAULT_MAX_AGE_S;
	if (run->policy.time == POLICY_NOW && run->world.now < 0) {
		cli_complain(PROGRAM, "the clock cannot be read");
		return CLI_ERROR;
	}
	for (size_t i = 0; i < run->n_operands; i++) {
		int one = judge_and_render(run, run->operands[i], &cache, &kept);
		worst = cli_worse(worst, (enum cli_exit)one);
	}
	if (run->output.path != NULL && !is_silent(run) &&
	    !cli_write(&run->output, buf_span(&kept)))
		worst = CLI_ERROR;
	buf_done(&kept);
	return (int)worst;
}

static int verb_show(struct run *run)
{
	struct buf file = { 0 };
	struct buf decoded = { 0 };
	struct buf out = { 0 };
	struct span bytes = { NULL, 0 };

	if (run->n_operands != 1)
		return usage("show: one FILE is needed (- for standard input)");
	if (is_value(run->operands[0]))
		return usage("show: a value stands where a file is expected (./NAME if it is one)");
	const char *path = run->operands[0];
	enum reason reason = load(path, &file, &decoded, &bytes);
	if (!is_trouble(reason))
		reason = run->output.format == CLI_JSON ? show_json(bytes, reason, path, PROGRAM,
								    ENCLAVECHECK_VERSION, &out) :
							  show_text(bytes, reason, path, &out);
	int exit_status = reason == REASON_OK ? CLI_PASS :
			  is_trouble(reason)  ? CLI_ERROR :
						CLI_FAIL;
	if (reason != REASON_OK && reason != REASON_FILE_UNREADABLE)
		cli_complain(PROGRAM, "%s: %s (%s)", path, reason_sentence(reason),
			     reason_name(reason));
	if (!is_silent(run) && out.len > 0 && !cli_write(&run->output, buf_span(&out)))
		exit_status = CLI_ERROR;
	buf_done(&file);
	buf_done(&decoded);
	buf_done(&out);
	return exit_status;
}

static int print_hash(const struct run *run, const uint8_t pcr0[static PCR_LEN])
{
	uint8_t hash[KECCAK_LEN];
	struct buf out = { 0 };

	if (span_is_zero((struct span){ pcr0, PCR_LEN }))
		cli_complain(
			PROGRAM,
			"warning: a zero PCR0 is that of every debug enclave; never register its hash");
	enclave_hash(pcr0, hash);
	buf_text(&out, "0x");
	hex_encode(&out, SPAN_OF(hash));
	buf_text(&out, "\n");
	bool ok = !out.failed && (is_silent(run) || cli_write(&run->output, buf_span(&out)));
	buf_done(&out);
	return ok ? CLI_PASS : CLI_ERROR;
}

/* The PCR0 of a pcr.json. False: said on stderr. */
static bool pcr0_of_pcrfile(const char *path, struct span text, uint8_t ret[static PCR_LEN])
{
	struct pcrfile file;

	if (!expect_pcrfile(PROGRAM, "", path, text, &file))
		return false;
	if (!pcrs_has(&file.pcrs, 0)) {
		cli_complain(PROGRAM, "%s: no PCR0 in it (%s)", path,
			     reason_name(REASON_PCR_MISSING));
		return false;
	}
	memcpy(ret, file.pcrs.value[0], PCR_LEN);
	return true;
}

/* The PCR0 that a document claims. False: said on stderr. */
static bool pcr0_of_document(const char *path, struct span bytes, uint8_t ret[static PCR_LEN])
{
	struct cose cose;
	struct claims claims;
	size_t at = 0;

	enum reason reason = cose_read(bytes, &cose, &at);
	if (reason == REASON_OK)
		reason = claims_read(cose.payload, &claims_real_limits, &claims, &at);
	if (reason == REASON_OK && !pcrs_has(&claims.pcrs, 0))
		reason = REASON_PCR_MISSING;
	if (reason != REASON_OK) {
		cli_complain(PROGRAM, "%s: neither a PCR0, a pcr.json nor a document: %s (%s)",
			     path, reason_sentence(reason), reason_name(reason));
		return false;
	}
	cli_complain(PROGRAM, "UNVERIFIED: %s was decoded, not judged", path);
	memcpy(ret, claims.pcrs.value[0], PCR_LEN);
	return true;
}

/* The first byte that is no white space, or 0. */
static uint8_t first_byte(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (strchr(" \t\r\n", text.at[i]) == NULL || text.at[i] == 0)
			return text.at[i];
	}
	return 0;
}

static int hash_of_file(const struct run *run, const char *path)
{
	struct buf file = { 0 };
	struct buf decoded = { 0 };
	struct span bytes;
	uint8_t pcr0[PCR_LEN];
	int why = 0;
	bool found = false;

	enum reason reason = cli_read(path, JSON_MAX, &file, &why);
	if (reason != REASON_OK) {
		cli_complain(PROGRAM, "%s: %s", path,
			     reason == REASON_FILE_UNREADABLE ? strerror(why) :
								reason_sentence(reason));
		buf_done(&file);
		return CLI_ERROR;
	}
	if (first_byte(buf_span(&file)) == '{') {
		found = pcr0_of_pcrfile(path, buf_span(&file), pcr0);
	} else {
		reason = file.len > DOCUMENT_FILE_MAX ?
				 REASON_COSE_TOO_LARGE :
				 basenc_document(buf_span(&file), &decoded, &bytes);
		if (reason == REASON_OK)
			found = pcr0_of_document(path, bytes, pcr0);
		else
			cli_complain(PROGRAM, "%s: %s (%s)", path, reason_sentence(reason),
				     reason_name(reason));
	}
	buf_done(&file);
	buf_done(&decoded);
	return found ? print_hash(run, pcr0) : CLI_FAIL;
}

static int verb_hash(struct run *run)
{
	uint8_t pcr0[PCR_LEN];

	if (run->output.format != CLI_TEXT)
		return usage("hash: prints one line of text, no other format");
	if (run->n_operands != 1)
		return usage("hash: one PCR0 or FILE is needed");
	if (expect_pcr_value(run->operands[0], pcr0))
		return print_hash(run, pcr0);
	if (is_value(run->operands[0]))
		return usage("hash: that is a hash already (./NAME if it is a file)");
	return hash_of_file(run, run->operands[0]);
}

static const struct verb {
	const char *name;
	bool expectations; /* takes the options of expect.h */
	int (*run)(struct run *run);
} verbs[] = {
	{ "document", true, verb_document },
	{ "show", false, verb_show },
	{ "hash", false, verb_hash },
};

static int run_verb(const struct verb *verb, const struct cli_world *world, int argc, char **argv)
{
	struct run run = { .world = *world };
	int exit_status = CLI_USAGE;

	policy_init(&run.policy);
	cli_output_start(&run.output, PROGRAM, world);
	run.operands = calloc((size_t)argc + 1, sizeof(run.operands[0]));
	if (run.operands == NULL)
		exit_status = CLI_ERROR;
	else if (read_words(&run, argc, argv, verb->expectations, &exit_status))
		exit_status = verb->run(&run);
	policy_done(&run.policy);
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

static struct cli_world look_around(void)
{
	struct timespec now;
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return (struct cli_world){
		.now = clock_gettime(CLOCK_REALTIME, &now) == 0 ? (int64_t)now.tv_sec : -1,
		.stdout_is_terminal = isatty(STDOUT_FILENO) == 1,
		.colour_refused = (no_color != NULL && *no_color != '\0') ||
				  (term != NULL && strcmp(term, "dumb") == 0),
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
