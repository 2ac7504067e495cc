/* What the three programs share at their edge: options, files, output, exit statuses. Beside the
 * three main.c this is the only room that prints. */
#ifndef VERIFY_CLI_H
#define VERIFY_CLI_H

#include <stdio.h>

#include "verify/counting.h"
#include "verify/reason.h"
#include "verify/report.h"
#include "verify/span.h"

/* Exit statuses of all programs. */
enum cli_exit {
	CLI_PASS = 0,
	CLI_FAIL = 1,  /* a check failed, or what was to be decoded is malformed */
	CLI_USAGE = 2, /* the command line or a file named by an option is wrong; nothing judged */
	CLI_ERROR = 3  /* no verdict */
};

enum cli_exit cli_exit_of(enum verdict verdict);

/* The worse of two for several targets: 1 before 3 before 0. */
enum cli_exit cli_worse(enum cli_exit a, enum cli_exit b);

/* One option. `value` names its argument in --help; NULL for a flag. */
struct cli_option {
	int id;      /* the caller's, not 0 */
	char letter; /* 0: none */
	bool repeatable;
	const char *name; /* without the two dashes */
	const char *value;
};

/* Options that every verb takes: --format -o -q -v --color --version -h/--help. */
enum cli_common {
	CLI_OPT_FORMAT = 1000,
	CLI_OPT_OUTPUT,
	CLI_OPT_QUIET,
	CLI_OPT_VERBOSE,
	CLI_OPT_COLOR,
	CLI_OPT_VERSION,
	CLI_OPT_HELP
};
#define CLI_COMMON_OPTIONS 7
extern const struct cli_option cli_common_options[CLI_COMMON_OPTIONS];

/* The command line after the verb, taken word by word. Options may stand between operands; after
 * "--" all are operands; "-" is one. `--opt=value` and `--opt value` are the same; short flags
 * may be joined (-qv). */
#define CLI_TABLES_MAX 8
struct cli_words {
	int argc;
	char **argv;
	int next;
	const char *word;   /* the one being read, as it was written */
	const char *joined; /* the rest of a word of short options */
	bool only_operands;
	const struct cli_option
		*tables[CLI_TABLES_MAX]; /* each ends with a row of id 0 or has table_len rows */
	size_t table_len[CLI_TABLES_MAX];
	size_t n_tables;
	uint8_t seen[4096 / 8]; /* ids of options that must not be repeated */
};

enum cli_word { CLI_WORD_END, CLI_WORD_OPERAND, CLI_WORD_OPTION, CLI_WORD_BAD };

/* Starts reading argv, from argv[1] when `argv[0]` is the verb. */
void cli_words_start(struct cli_words *words, int argc, char **argv);
void cli_words_table(struct cli_words *words, const struct cli_option *table, size_t len);

/* The next operand (in *ret_value) or option (*ret_option, with its argument or NULL in
 * *ret_value). CLI_WORD_BAD: *reterr_message says what is wrong, static text, *ret_value which
 * word. */
enum cli_word cli_words_next(struct cli_words *words, const struct cli_option **ret_option,
			     const char **ret_value, const char **reterr_message);

/* How results look and where they go. */
enum cli_format { CLI_TEXT, CLI_JSON, CLI_HTML, CLI_NAGIOS, CLI_PROM };
struct cli_output {
	const char *program;
	enum cli_format format;
	bool may_html;    /* the verb has a page to give */
	bool exports;     /* and CLI_NAGIOS and CLI_PROM */
	const char *path; /* NULL or "-": stdout */
	bool quiet;
	struct report_style style;
};

/* What main.c found in its surroundings. */
struct cli_world {
	int64_t now; /* seconds since 1970; below 0 when no clock could be read */
	bool stdout_is_terminal;
	bool colour_refused;       /* NO_COLOR is set and not empty, or TERM is dumb */
	bool stderr_is_terminal;   /* and not a dumb one */
	int64_t (*ticks_ms)(void); /* a clock that only goes forward; NULL: none */
};

/* Applies one common option (not --help and --version). False: the value is none of those
 * allowed, said on stderr. `world` decides `--color auto`. */
bool cli_common_apply(struct cli_output *output, const struct cli_world *world, int id,
		      const char *value);
void cli_output_start(struct cli_output *output, const char *program,
		      const struct cli_world *world);

/* Writes the result, all of it: to stdout, or to a temporary file beside `path` that is renamed
 * to it (a path that exists and is no regular file is written to directly). False: said on
 * stderr; nothing is left behind. */
bool cli_write(const struct cli_output *output, struct span result);

/* One line on stderr, "program: message", the message escaped; without memory for that,
 * "program: out of memory". */
void cli_complain(const char *program, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Reads a file ("-": stdin) of at most `cap` bytes; of a longer one cap + 1 bytes are read, so
 * that the caller sees that it is too long. REASON_FILE_UNREADABLE with *reterr_errno,
 * REASON_OUT_OF_MEMORY. */
enum reason cli_read(const char *path, size_t cap, struct buf *ret, int *reterr_errno) MUST_CHECK;

/* Opens a file for reading ("-": stdin), to be closed with cli_close. *ret_size is that of a
 * regular file, else 0. False: *reterr_errno tells why. */
bool cli_open(const char *path, int *ret_fd, uint64_t *ret_size, int *reterr_errno);
void cli_close(int fd);

/* Like cli_read from what is open, behind what *ret holds already; both count towards the cap. */
enum reason cli_read_open(int fd, size_t cap, struct buf *ret, int *reterr_errno) MUST_CHECK;

struct cli_mark {
	int64_t at_ms;
	uint64_t done;
};

/* A bar on stderr while something large is read: only on a terminal, only when it takes a while,
 * gone at the end. One serves several works, each after the other. */
struct cli_progress {
	int64_t (*ticks_ms)(void); /* NULL: nothing is ever drawn */
	uint64_t told;
	/* the rate is that of what was done since the older of these, so that it follows what is done now */
	struct cli_mark marks[2];
	int64_t drawn_ms;
	bool drawn;
};

void cli_progress_start(struct cli_progress *progress, const struct cli_output *output,
			const struct cli_world *world);

/* `context` is the struct cli_progress, so that it can be a callback; `size` of 0: not known. All done: the bar goes
 * away. Less done than before: another work has begun. */
void cli_progress_tell(void *context, uint64_t done, uint64_t size);

/* The same bar for what is counted, and takes minutes each (verify/counting.h); a bar is for one such work alone. */
void cli_progress_count(struct cli_progress *progress, struct counting counting);
void cli_progress_end(struct cli_progress *progress);

#endif
