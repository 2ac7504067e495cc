/* enclave-rebuild: images made, and taken apart. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "rebuild/outcome.h"
#include "rebuild/sign.h"
#include "verify/cli.h"
#include "verify/eifmeta.h"

#define PROGRAM "enclave-rebuild"

static const struct outcome_tool tool = { PROGRAM, ENCLAVECHECK_VERSION };

static const char help_text[] =
	"Usage: " PROGRAM " assemble --kernel FILE --cmdline TEXT|@FILE RAMDISKS -o EIF\n"
	"       " PROGRAM " unpack EIF DIR\n"
	"\n"
	"assemble makes an image, the same bytes from the same inputs. RAMDISKS, in order:\n"
	"  --ramdisk FILE        a section as it is\n"
	"  --tree DIR            a directory as cpio and gzip, owned by root, times fixed\n"
	"  --arch x86_64|aarch64 (default x86_64)\n"
	"  --metadata FILE       the metadata section as it is (JSON); otherwise one is made,\n"
	"                        its time SOURCE_DATE_EPOCH or 1970\n"
	"  --sign-key PEM --sign-cert PEM    sign PCR0 (P-256, P-384, P-521)\n"
	"  -o EIF                where to write it\n"
	"unpack writes sections and what the ramdisks hold into DIR, new or empty (- is stdin).\n"
	"  --flags HEX           reserved header flags that the image must have\n"
	"Output: --format text|json  -q  -v  --color auto|always|never  --version  -h\n"
	"\n"
	"Exit status: 0 done, 1 malformed image, 2 wrong usage or input, 3 could not.\n"
	"Example: " PROGRAM " assemble --kernel bzImage --cmdline @cmdline --tree root -o my.eif\n";

enum option {
	OPT_KERNEL = 1,
	OPT_CMDLINE,
	OPT_RAMDISK,
	OPT_TREE,
	OPT_ARCH,
	OPT_METADATA,
	OPT_SIGN_KEY,
	OPT_SIGN_CERT,
	OPT_FLAGS
};

static const struct cli_option assemble_options[] = {
	{ OPT_KERNEL, 0, false, "kernel", "FILE" },
	{ OPT_CMDLINE, 0, false, "cmdline", "TEXT|@FILE" },
	{ OPT_RAMDISK, 0, true, "ramdisk", "FILE" },
	{ OPT_TREE, 0, true, "tree", "DIR" },
	{ OPT_ARCH, 0, false, "arch", "x86_64|aarch64" },
	{ OPT_METADATA, 0, false, "metadata", "FILE" },
	{ OPT_SIGN_KEY, 0, false, "sign-key", "PEM" },
	{ OPT_SIGN_CERT, 0, false, "sign-cert", "PEM" },
};

static const struct cli_option unpack_options[] = {
	{ OPT_FLAGS, 0, false, "flags", "HEX" },
};

/* Everything a verb needs. */
struct run {
	struct cli_world world;
	const char *epoch; /* SOURCE_DATE_EPOCH, NULL: not set */
	struct cli_output output;
	const char *operands[2];
	size_t n_operands;
	struct assemble_ramdisk *ramdisks; /* owned array of borrowed words */
	size_t n_ramdisks;
	const char *kernel;
	const char *cmdline;
	const char *metadata;
	const char *sign_key;
	const char *sign_cert;
	uint16_t flags; /* of the image to make, or to expect */
};

static int say(const char *text)
{
	struct cli_output output = { .program = PROGRAM };

	return cli_write(&output, span_of_text(text)) ? CLI_PASS : CLI_ERROR;
}

static int say_version(void)
{
	struct buf text = { 0 };

	buf_printf(&text, PROGRAM " " ENCLAVECHECK_VERSION "\n%s\ncJSON %s\nzlib %s\n",
		   OpenSSL_version(OPENSSL_VERSION), cJSON_Version(), zlibVersion());
	char *all = buf_take_text(&text);
	int status = all == NULL ? CLI_ERROR : say(all);
	free(all);
	return status;
}

static int usage(const char *message)
{
	cli_complain(PROGRAM, "%s; see " PROGRAM " --help", message);
	return CLI_USAGE;
}

/* One line: what, the name concerned, what the system said, why, and the reason's name. */
static void complain(const char *what, const struct trouble *trouble, enum reason reason)
{
	struct buf line = { 0 };

	buf_text(&line, what);
	if (trouble->path_len > 0) {
		buf_text(&line, line.len > 0 ? ": " : "");
		buf_add(&line, (struct span){ trouble->path, trouble->path_len });
	}
	buf_text(&line, line.len > 0 ? ": " : "");
	if (trouble->why != 0)
		buf_printf(&line, "%s: ", strerror(trouble->why));
	buf_printf(&line, "%s (%s)", reason_sentence(reason), reason_name(reason));
	char *text = buf_take_text(&line);
	cli_complain(PROGRAM, "%s", text == NULL ? reason_name(reason) : text);
	free(text);
}

static bool apply_arch(struct run *run, const char *value)
{
	if (strcmp(value, "x86_64") == 0 || strcmp(value, "aarch64") == 0) {
		run->flags = strcmp(value, "aarch64") == 0 ? EIF_FLAG_ARM64 : 0;
		return true;
	}
	cli_complain(PROGRAM, "--arch: x86_64 or aarch64, not '%s'", value);
	return false;
}

static bool apply_flags(struct run *run, const char *value)
{
	char *end = NULL;

	const char *digits = strncmp(value, "0x", 2) == 0 ? value + 2 : value;
	size_t n = strspn(digits, "0123456789abcdefABCDEF");
	unsigned long flags = n > 0 && n <= 4 && digits[n] == '\0' ? strtoul(digits, &end, 16) : 0;
	if (end == NULL || (flags & EIF_FLAG_ARM64) != 0) {
		cli_complain(PROGRAM, "--flags: up to four hex digits, bit 0 clear, not '%s'",
			     value);
		return false;
	}
	run->flags = (uint16_t)flags;
	return true;
}

static bool apply(struct run *run, int id, const char *value)
{
	switch (id) {
	case OPT_KERNEL:
		run->kernel = value;
		return true;
	case OPT_CMDLINE:
		run->cmdline = value;
		return true;
	case OPT_RAMDISK:
	case OPT_TREE:
		run->ramdisks[run->n_ramdisks++] =
			(struct assemble_ramdisk){ value, id == OPT_TREE };
		return true;
	case OPT_ARCH:
		return apply_arch(run, value);
	case OPT_METADATA:
		run->metadata = value;
		return true;
	case OPT_SIGN_KEY:
		run->sign_key = value;
		return true;
	case OPT_SIGN_CERT:
		run->sign_cert = value;
		return true;
	case OPT_FLAGS:
		return apply_flags(run, value);
	default:
		return cli_common_apply(&run->output, &run->world, id, value);
	}
}

/* Reads the words after the verb. False: *ret_exit is the exit status. */
static bool read_words(struct run *run, struct cli_words *words, int *ret_exit)
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
			if (run->n_operands < 2)
				run->operands[run->n_operands] = value;
			run->n_operands++;
			continue;
		case CLI_WORD_OPTION:
			break;
		}
		if (option->id == CLI_OPT_HELP || option->id == CLI_OPT_VERSION) {
			*ret_exit = option->id == CLI_OPT_HELP ? say(help_text) : say_version();
			return false;
		}
		if (!apply(run, option->id, value))
			return false;
	}
}

/* Reads a file that an option names; one longer than `cap` is refused by whoever judges it. */
static bool read_named(const char *path, size_t cap, struct buf *ret)
{
	int why = 0;

	enum reason reason = cli_read(path, cap, ret, &why);
	if (reason == REASON_OK)
		return true;
	cli_complain(PROGRAM, "%s: %s", path,
		     reason == REASON_FILE_UNREADABLE ? strerror(why) : reason_sentence(reason));
	return false;
}

/* What assemble reads from files beside the sections that it streams. */
struct texts {
	struct buf cmdline;
	struct buf metadata;
	struct buf key;
	struct buf certificate;
};

/* SOURCE_DATE_EPOCH: decimal digits only (reproducible-builds.org/specs/source-date-epoch). */
static bool read_epoch(const char *text, int64_t *ret)
{
	char *end = NULL;

	if (text == NULL || *text == '\0') {
		*ret = 0;
		return true;
	}
	size_t n = strspn(text, "0123456789");
	if (n > 11 || text[n] != '\0')
		return false;
	long long value = strtoll(text, &end, 10);
	*ret = value;
	return value <= INT64_C(253402300799); /* the last second of the year 9999 */
}

static bool make_metadata(const struct run *run, struct buf *ret)
{
	int64_t epoch;

	if (!read_epoch(run->epoch, &epoch)) {
		cli_complain(PROGRAM, "SOURCE_DATE_EPOCH: seconds since 1970, not '%s'",
			     run->epoch);
		return false;
	}
	if (assemble_metadata(run->kernel, epoch, PROGRAM, ENCLAVECHECK_VERSION, ret) == REASON_OK)
		return true;
	cli_complain(PROGRAM, "%s: the name is not UTF-8: give --metadata", run->kernel);
	return false;
}

static bool read_texts(const struct run *run, struct texts *texts)
{
	if (run->cmdline[0] == '@' &&
	    !read_named(run->cmdline + 1, ASSEMBLE_CMDLINE_MAX, &texts->cmdline))
		return false;
	if (run->metadata != NULL ? !read_named(run->metadata, EIFMETA_MAX, &texts->metadata) :
				    !make_metadata(run, &texts->metadata))
		return false;
	if (run->sign_key == NULL)
		return true;
	return read_named(run->sign_key, SIGN_PEM_MAX, &texts->key) &&
	       read_named(run->sign_cert, SIGN_PEM_MAX, &texts->certificate);
}

/* Puts the result out, to stdout: the image has taken -o. */
static int put_out(const struct run *run, struct buf *out, bool complete)
{
	struct cli_output output = { .program = PROGRAM };
	bool silent = run->output.quiet && run->output.format == CLI_TEXT;

	if (!complete || out->failed) {
		cli_complain(PROGRAM, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
		return CLI_ERROR;
	}
	return silent || cli_write(&output, buf_span(out)) ? CLI_PASS : CLI_ERROR;
}

/* This program's or the machine's own fault, not the inputs'. */
static bool is_own_trouble(enum reason reason)
{
	return reason == REASON_OUT_OF_MEMORY || reason == REASON_CRYPTO_FAILED ||
	       reason == REASON_FILE_UNWRITABLE || reason == REASON_FILE_CHANGED ||
	       reason == REASON_INTERRUPTED;
}

static int assemble_with(const struct run *run, const struct texts *texts)
{
	struct assembled made;
	struct trouble trouble = { 0 };
	struct buf out = { 0 };
	const struct assemble_inputs inputs = {
		.kernel = run->kernel,
		.cmdline = run->cmdline[0] == '@' ? assemble_trim(buf_span(&texts->cmdline)) :
						    span_of_text(run->cmdline),
		.flags = run->flags,
		.metadata = buf_span(&texts->metadata),
		.ramdisks = run->ramdisks,
		.n_ramdisks = run->n_ramdisks,
		.key = run->sign_key == NULL ? (struct span){ NULL, 0 } : buf_span(&texts->key),
		.certificate = buf_span(&texts->certificate),
	};

	enum reason reason = assemble(&inputs, run->output.path, &made, &trouble);
	if (reason != REASON_OK) {
		complain("assemble", &trouble, reason);
		return is_own_trouble(reason) ? CLI_ERROR : CLI_USAGE;
	}
	bool complete = true;
	if (run->output.format == CLI_JSON)
		complete = outcome_assembled_json(&tool, &made, run->output.path, &out);
	else
		outcome_assembled_text(&made, run->output.path, &out);
	int status = put_out(run, &out, complete);
	buf_done(&out);
	return status;
}

static int verb_assemble(struct run *run)
{
	struct texts texts = { .key = { 0 } };

	if (run->n_operands > 0)
		return usage("assemble: ramdisks are given by --ramdisk and --tree");
	if (run->kernel == NULL || run->cmdline == NULL || run->n_ramdisks == 0)
		return usage("assemble: --kernel, --cmdline and a --ramdisk or --tree are needed");
	if (run->output.path == NULL || strcmp(run->output.path, "-") == 0)
		return usage("assemble: -o FILE is needed (the image's header is written last)");
	if ((run->sign_key == NULL) != (run->sign_cert == NULL))
		return usage("assemble: --sign-key and --sign-cert belong together");
	int status = read_texts(run, &texts) ? assemble_with(run, &texts) : CLI_USAGE;
	buf_done(&texts.cmdline);
	buf_done(&texts.metadata);
	/* the key does not stay in memory that is given back */
	if (texts.key.at != NULL)
		OPENSSL_cleanse(texts.key.at, texts.key.len);
	buf_done(&texts.key);
	buf_done(&texts.certificate);
	return status;
}

static void warn_of(const struct unpacked_section *section)
{
	struct buf line = { 0 };

	outcome_warning(section, &line);
	bool any = line.len > 0;
	char *text = buf_take_text(&line);
	if (any && text != NULL)
		cli_complain(PROGRAM, "warning: %s: %s", section->name, text);
	free(text);
}

static void complain_of(const struct unpacked_section *section)
{
	char what[64];

	(void)snprintf(what, sizeof(what), "%s near byte %" PRIu64 ", its tree is incomplete",
		       section->name, section->offset);
	complain(what, &section->trouble, section->reason);
}

/* Tells of every ramdisk. The worst of them is the exit status. */
static enum cli_exit tell_ramdisks(const struct unpacked *unpacked)
{
	enum cli_exit worst = CLI_PASS;

	for (size_t i = 0; i < unpacked->eif.n_sections; i++) {
		const struct unpacked_section *section = &unpacked->sections[i];
		if (unpacked->eif.sections[i].type != EIF_RAMDISK)
			continue;
		if (section->reason == REASON_OK) {
			warn_of(section);
			continue;
		}
		complain_of(section);
		worst = cli_worse(worst, is_own_trouble(section->reason) ||
							 section->reason == REASON_FILE_UNREADABLE ?
						 CLI_ERROR :
						 CLI_FAIL);
	}
	return worst;
}

static int unpack_failed(const char *path, const struct trouble *trouble, enum reason reason,
			 uint64_t at)
{
	char what[32];

	if (reason == REASON_FILE_EXISTS) {
		complain("", trouble, reason);
		return CLI_USAGE;
	}
	if (trouble->path_len > 0 || trouble->why != 0) {
		complain(trouble->path_len > 0 ? "" : path, trouble, reason);
		return CLI_ERROR;
	}
	(void)snprintf(what, sizeof(what), "byte %" PRIu64, at);
	cli_complain(PROGRAM, "%s: %s: %s (%s)", path, what, reason_sentence(reason),
		     reason_name(reason));
	return is_own_trouble(reason) ? CLI_ERROR : CLI_FAIL;
}

static int verb_unpack(struct run *run)
{
	struct trouble trouble = { 0 };
	struct buf out = { 0 };
	uint64_t at = 0;

	if (run->n_operands != 2)
		return usage("unpack: an EIF and a DIR are needed");
	if (run->output.path != NULL)
		return usage("unpack: it writes to DIR; -o has no meaning");
	const char *path = run->operands[0];
	bool is_stdin = strcmp(path, "-") == 0;
	int image = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (image < 0) {
		cli_complain(PROGRAM, "%s: %s", path, strerror(errno));
		return CLI_ERROR;
	}
	struct unpacked *unpacked = calloc(1, sizeof(*unpacked));
	enum reason reason = unpacked == NULL ? REASON_OUT_OF_MEMORY :
						unpack(image, run->operands[1], run->flags,
						       unpacked, &trouble, &at);
	if (!is_stdin)
		(void)close(image);
	if (unpacked == NULL || reason != REASON_OK) {
		free(unpacked);
		return unpack_failed(path, &trouble, reason, at);
	}
	enum cli_exit worst = tell_ramdisks(unpacked);
	bool complete = true;
	if (run->output.format == CLI_JSON)
		complete = outcome_unpacked_json(&tool, unpacked, &out);
	else
		outcome_unpacked_text(unpacked, &out);
	int status = put_out(run, &out, complete);
	buf_done(&out);
	free(unpacked);
	return status == CLI_PASS ? (int)worst : status;
}

static const struct verb {
	const char *name;
	const struct cli_option *options;
	size_t n_options;
	int (*run)(struct run *run);
} verbs[] = {
	{ "assemble", assemble_options, sizeof(assemble_options) / sizeof(assemble_options[0]),
	  verb_assemble },
	{ "unpack", unpack_options, sizeof(unpack_options) / sizeof(unpack_options[0]),
	  verb_unpack },
};

/* What this program finds in its surroundings. */
static void look_around(struct run *run)
{
	struct timespec now;
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	run->world = (struct cli_world){
		.now = clock_gettime(CLOCK_REALTIME, &now) == 0 ? (int64_t)now.tv_sec : -1,
		.stdout_is_terminal = isatty(STDOUT_FILENO) == 1,
		.colour_refused = (no_color != NULL && *no_color != '\0') ||
				  (term != NULL && strcmp(term, "dumb") == 0),
	};
	run->epoch = getenv("SOURCE_DATE_EPOCH");
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
	struct run run = { .kernel = NULL };
	struct cli_words words;
	int status = CLI_ERROR;

	look_around(&run);
	cli_output_start(&run.output, PROGRAM, &run.world);
	cli_words_start(&words, argc, argv);
	cli_words_table(&words, cli_common_options, CLI_COMMON_OPTIONS);
	cli_words_table(&words, verb->options, verb->n_options);
	run.ramdisks = calloc((size_t)argc + 1, sizeof(run.ramdisks[0]));
	if (run.ramdisks != NULL && read_words(&run, &words, &status))
		status = verb->run(&run);
	free(run.ramdisks);
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
	if (argc < 2)
		return usage("a verb is needed");
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
