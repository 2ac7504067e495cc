#include "verify/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum cli_exit cli_exit_of(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_PASS:
		return CLI_PASS;
	case VERDICT_FAIL:
		return CLI_FAIL;
	case VERDICT_ERROR:
		break;
	}
	return CLI_ERROR;
}

enum cli_exit cli_worse(enum cli_exit a, enum cli_exit b)
{
	if (a == CLI_FAIL || b == CLI_FAIL)
		return CLI_FAIL;
	return a > b ? a : b;
}

const struct cli_option cli_common_options[CLI_COMMON_OPTIONS] = {
	{ CLI_OPT_FORMAT, 0, false, "format", "text|json|html" },
	{ CLI_OPT_OUTPUT, 'o', false, "output", "FILE" },
	{ CLI_OPT_QUIET, 'q', true, "quiet", NULL },
	{ CLI_OPT_VERBOSE, 'v', true, "verbose", NULL },
	{ CLI_OPT_COLOR, 0, false, "color", "auto|always|never" },
	{ CLI_OPT_VERSION, 0, true, "version", NULL },
	{ CLI_OPT_HELP, 'h', true, "help", NULL },
};

void cli_words_start(struct cli_words *words, int argc, char **argv)
{
	*words = (struct cli_words){ .argc = argc, .argv = argv, .next = 1 };
}

void cli_words_table(struct cli_words *words, const struct cli_option *table, size_t len)
{
	if (words->n_tables == CLI_TABLES_MAX)
		return;
	words->tables[words->n_tables] = table;
	words->table_len[words->n_tables] = len;
	words->n_tables++;
}

static const struct cli_option *find_option(const struct cli_words *words, struct span name,
					    char letter)
{
	for (size_t t = 0; t < words->n_tables; t++) {
		for (size_t i = 0; i < words->table_len[t]; i++) {
			const struct cli_option *option = &words->tables[t][i];
			if (letter != 0 ? option->letter == letter :
					  span_equal(span_of_text(option->name), name))
				return option;
		}
	}
	return NULL;
}

/* False: given before, and twice has no meaning. A later value must not quietly undo an earlier
 * one. */
static bool mark_seen(struct cli_words *words, const struct cli_option *option)
{
	size_t bit = (size_t)option->id % (sizeof(words->seen) * 8);
	uint8_t mask = (uint8_t)(1U << (bit % 8));

	if (!option->repeatable && (words->seen[bit / 8] & mask) != 0)
		return false;
	words->seen[bit / 8] |= mask;
	return true;
}

static enum cli_word finish_option(struct cli_words *words, const struct cli_option *option,
				   const char *argument, const char **ret_value,
				   const char **reterr_message)
{
	*ret_value = words->word;
	if (option->value == NULL && argument != NULL) {
		*reterr_message = "takes no value";
		return CLI_WORD_BAD;
	}
	if (option->value != NULL && argument == NULL) {
		if (words->next >= words->argc) {
			*reterr_message = "needs a value";
			return CLI_WORD_BAD;
		}
		argument = words->argv[words->next++];
	}
	if (!mark_seen(words, option)) {
		*reterr_message = "is given twice";
		return CLI_WORD_BAD;
	}
	*ret_value = argument;
	return CLI_WORD_OPTION;
}

static enum cli_word next_letter(struct cli_words *words, const struct cli_option **ret_option,
				 const char **ret_value, const char **reterr_message)
{
	const struct cli_option *option =
		find_option(words, (struct span){ NULL, 0 }, *words->joined);

	*ret_value = words->word;
	if (option == NULL) {
		*reterr_message = "is no option here";
		words->joined = NULL;
		return CLI_WORD_BAD;
	}
	*ret_option = option;
	const char *rest = words->joined + 1;
	words->joined = *rest != '\0' ? rest : NULL;
	if (option->value == NULL)
		return finish_option(words, option, NULL, ret_value, reterr_message);
	const char *argument = words->joined;
	words->joined = NULL;
	return finish_option(words, option, argument, ret_value, reterr_message);
}

static enum cli_word next_long(struct cli_words *words, const char *word,
			       const struct cli_option **ret_option, const char **ret_value,
			       const char **reterr_message)
{
	const char *equals = strchr(word, '=');
	struct span name = span_of_text(word);

	if (equals != NULL)
		name.len = (size_t)(equals - word);
	const struct cli_option *option = find_option(words, name, 0);
	if (option == NULL) {
		*ret_value = words->word;
		*reterr_message = "is no option here";
		return CLI_WORD_BAD;
	}
	*ret_option = option;
	return finish_option(words, option, equals != NULL ? equals + 1 : NULL, ret_value,
			     reterr_message);
}

enum cli_word cli_words_next(struct cli_words *words, const struct cli_option **ret_option,
			     const char **ret_value, const char **reterr_message)
{
	if (words->joined != NULL)
		return next_letter(words, ret_option, ret_value, reterr_message);
	if (words->next >= words->argc)
		return CLI_WORD_END;
	const char *word = words->argv[words->next++];
	words->word = word;
	if (!words->only_operands && strcmp(word, "--") == 0) {
		words->only_operands = true;
		return cli_words_next(words, ret_option, ret_value, reterr_message);
	}
	if (words->only_operands || word[0] != '-' || word[1] == '\0') {
		*ret_value = word;
		return CLI_WORD_OPERAND;
	}
	if (word[1] == '-')
		return next_long(words, word + 2, ret_option, ret_value, reterr_message);
	words->joined = word + 1;
	return next_letter(words, ret_option, ret_value, reterr_message);
}

void cli_output_start(struct cli_output *output, const char *program, const struct cli_world *world)
{
	*output = (struct cli_output){ .program = program };
	output->style.colour = world->stdout_is_terminal && !world->colour_refused;
}

static bool apply_format(struct cli_output *output, const char *value)
{
	const struct {
		const char *name;
		enum cli_format format;
		bool allowed;
	} formats[] = {
		{ "text", CLI_TEXT, true },
		{ "json", CLI_JSON, true },
		{ "html", CLI_HTML, output->may_html },
		{ "nagios", CLI_NAGIOS, output->exports },
		{ "prom", CLI_PROM, output->exports },
	};
	const char *listed = output->exports  ? "text, json, html, nagios or prom" :
			     output->may_html ? "text, json or html" :
						"text or json";

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(value, formats[i].name) == 0 && formats[i].allowed) {
			output->format = formats[i].format;
			return true;
		}
	}
	cli_complain(output->program, "--format: %s, not '%s'", listed, value);
	return false;
}

bool cli_common_apply(struct cli_output *output, const struct cli_world *world, int id,
		      const char *value)
{
	switch ((enum cli_common)id) {
	case CLI_OPT_FORMAT:
		return apply_format(output, value);
	case CLI_OPT_OUTPUT:
		output->path = value;
		return true;
	case CLI_OPT_QUIET:
		output->quiet = true;
		return true;
	case CLI_OPT_VERBOSE:
		output->style.verbose = true;
		return true;
	case CLI_OPT_COLOR:
		if (strcmp(value, "auto") == 0)
			output->style.colour = world->stdout_is_terminal && !world->colour_refused;
		else if (strcmp(value, "always") == 0)
			output->style.colour = true;
		else if (strcmp(value, "never") == 0)
			output->style.colour = false;
		else {
			cli_complain(output->program, "--color: auto, always or never, not '%s'",
				     value);
			return false;
		}
		return true;
	case CLI_OPT_VERSION:
	case CLI_OPT_HELP:
		break;
	}
	return true;
}

static bool write_all(int fd, struct span bytes)
{
	struct span written;

	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.at, bytes.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || !span_take(&bytes, (size_t)n, &written))
			return false;
	}
	return true;
}

/* Writes beside `path` and renames; on failure errno tells why and no file is left. */
static bool replace_file(const char *path, struct span result)
{
	struct buf name = { 0 };

	buf_printf(&name, "%s.XXXXXX", path);
	char *temporary = buf_take_text(&name);
	if (temporary == NULL) {
		errno = ENOMEM;
		return false;
	}
	int fd = mkstemp(temporary);
	bool ok = fd >= 0;
	if (ok) {
		/* as open(2) would have made it; umask can only be read by setting it */
		mode_t mask = umask(0);
		(void)umask(mask);
		ok = fchmod(fd, 0666 & ~mask) == 0 && write_all(fd, result) && fsync(fd) == 0;
		ok = close(fd) == 0 && ok;
		ok = ok && rename(temporary, path) == 0;
		int why = errno;
		if (!ok)
			(void)unlink(temporary);
		errno = why;
	}
	free(temporary);
	return ok;
}

static bool write_directly(const char *path, struct span result)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return false;
	bool ok = write_all(fd, result);
	return close(fd) == 0 && ok;
}

/* A signal waits until the temporary file is gone or renamed, and kills then. */
static bool write_file(const char *path, struct span result)
{
	struct stat found;
	sigset_t deadly;
	sigset_t before;

	/* a link is written through: /dev/stdout is one, and may lead to a regular file */
	if (lstat(path, &found) == 0 && !S_ISREG(found.st_mode))
		return write_directly(path, result);
	(void)sigemptyset(&deadly);
	(void)sigaddset(&deadly, SIGINT);
	(void)sigaddset(&deadly, SIGTERM);
	(void)sigaddset(&deadly, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &deadly, &before);
	bool ok = replace_file(path, result);
	int why = errno;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	errno = why;
	return ok;
}

bool cli_write(const struct cli_output *output, struct span result)
{
	if (output->path != NULL && strcmp(output->path, "-") != 0) {
		if (write_file(output->path, result))
			return true;
		cli_complain(output->program, "%s: %s", output->path, strerror(errno));
		return false;
	}
	if (write_all(STDOUT_FILENO, result))
		return true;
	cli_complain(output->program, "standard output: %s", strerror(errno));
	return false;
}

void cli_complain(const char *program, const char *format, ...)
{
	struct buf message = { 0 };
	va_list args;
	char text[2048];

	va_start(args, format);
	int n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n < 0)
		return;
	buf_printf(&message, "%s: ", program);
	buf_escaped(&message, span_of_text(text));
	buf_text(&message, (size_t)n >= sizeof(text) ? "...\n" : "\n");
	if (message.failed) {
		/* what was to be said is lost, that something went wrong is not */
		(void)(write_all(STDERR_FILENO, span_of_text(program)) &&
		       write_all(STDERR_FILENO, SPAN_LITERAL(": out of memory\n")));
	} else {
		(void)write_all(STDERR_FILENO, buf_span(&message));
	}
	buf_done(&message);
}

enum reason cli_read_open(int fd, size_t cap, struct buf *ret, int *reterr_errno)
{
	uint8_t chunk[16384];

	while (ret->len <= cap) {
		size_t wanted = cap + 1 - ret->len;
		ssize_t n = read(fd, chunk, wanted < sizeof(chunk) ? wanted : sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			*reterr_errno = errno;
			return REASON_FILE_UNREADABLE;
		}
		if (n == 0)
			return REASON_OK;
		buf_add(ret, (struct span){ chunk, (size_t)n });
		if (ret->failed)
			return REASON_OUT_OF_MEMORY;
	}
	return REASON_OK;
}

bool cli_open(const char *path, int *ret_fd, uint64_t *ret_size, int *reterr_errno)
{
	struct stat st;
	int fd = STDIN_FILENO;

	if (strcmp(path, "-") != 0)
		fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		*reterr_errno = errno;
		return false;
	}
	*ret_size = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	*ret_fd = fd;
	return true;
}

void cli_close(int fd)
{
	if (fd != STDIN_FILENO)
		(void)close(fd);
}

enum reason cli_read(const char *path, size_t cap, struct buf *ret, int *reterr_errno)
{
	uint64_t size;
	int fd;

	if (!cli_open(path, &fd, &size, reterr_errno))
		return REASON_FILE_UNREADABLE;
	enum reason reason = cli_read_open(fd, cap, ret, reterr_errno);
	cli_close(fd);
	return reason;
}

/* What takes less than this shows no bar; how often it is drawn again; how often what the rate is of moves on. */
#define PROGRESS_AFTER_MS 500
#define PROGRESS_EVERY_MS 100
#define PROGRESS_MARK_MS 5000
#define PROGRESS_WIDTH 20

static void begin_work(struct cli_progress *progress)
{
	int64_t now_ms = progress->ticks_ms();

	progress->marks[0] = progress->marks[1] = (struct cli_mark){ now_ms, 0 };
	progress->drawn_ms = now_ms + PROGRESS_AFTER_MS - PROGRESS_EVERY_MS;
}

void cli_progress_start(struct cli_progress *progress, const struct cli_output *output,
			const struct cli_world *world)
{
	*progress = (struct cli_progress){ .ticks_ms = NULL };
	if (!world->stderr_is_terminal || output->quiet || world->ticks_ms == NULL)
		return;
	progress->ticks_ms = world->ticks_ms;
	begin_work(progress);
}

/* Bytes a second, of the last five to ten seconds. */
static uint64_t rate(struct cli_progress *progress, int64_t now_ms, uint64_t done)
{
	uint64_t taken_ms = (uint64_t)(now_ms - progress->marks[0].at_ms);
	uint64_t per_s = (done - progress->marks[0].done) * 1000 / (taken_ms > 0 ? taken_ms : 1);

	if (now_ms - progress->marks[1].at_ms >= PROGRESS_MARK_MS) {
		progress->marks[0] = progress->marks[1];
		progress->marks[1] = (struct cli_mark){ now_ms, done };
	}
	return per_s;
}

/* In one unit: that of the larger. */
static void add_bytes(struct buf *line, uint64_t done, uint64_t size)
{
	bool large = (size > done ? size : done) >= 10000000;
	unsigned unit = large ? 1000000 : 1000;

	buf_printf(line, "%" PRIu64, done / unit);
	if (size > 0)
		buf_printf(line, " of %" PRIu64, size / unit);
	buf_text(line, large ? " MB" : " kB");
}

static void draw(struct cli_progress *progress, int64_t now_ms, uint64_t done, uint64_t size)
{
	uint64_t per_s = rate(progress, now_ms, done);
	struct buf line = { 0 };

	buf_text(&line, "\r");
	if (size > done) {
		uint64_t full = done / (size / PROGRESS_WIDTH + 1);
		buf_text(&line, "[");
		for (uint64_t i = 0; i < PROGRESS_WIDTH; i++)
			buf_text(&line, i < full ? "#" : ".");
		buf_printf(&line, "] %3u %%  ", (unsigned)(done / (size / 100 + 1)));
	}
	add_bytes(&line, done, size > done ? size : 0);
	buf_text(&line, "  ");
	add_bytes(&line, per_s, 0);
	buf_text(&line, "/s");
	if (size > done && per_s > 0)
		buf_printf(&line, "  %" PRIu64 " s left", (size - done) / per_s + 1);
	buf_text(&line, "\033[K");
	if (!line.failed)
		(void)write_all(STDERR_FILENO, buf_span(&line));
	buf_done(&line);
}

void cli_progress_tell(void *context, uint64_t done, uint64_t size)
{
	struct cli_progress *progress = context;

	if (progress->ticks_ms == NULL)
		return;
	if (done < progress->told)
		begin_work(progress);
	progress->told = done;
	if (size > 0 && done == size) {
		cli_progress_end(progress);
		return;
	}
	int64_t now_ms = progress->ticks_ms();
	if (now_ms - progress->drawn_ms < PROGRESS_EVERY_MS)
		return;
	progress->drawn_ms = now_ms;
	progress->drawn = true;
	draw(progress, now_ms, done, size);
}

void cli_progress_count(struct cli_progress *progress, struct counting counting)
{
	struct buf line = { 0 };

	if (progress->ticks_ms == NULL)
		return;
	int64_t now_ms = progress->ticks_ms();
	if (now_ms - progress->drawn_ms < PROGRESS_EVERY_MS)
		return;
	progress->drawn_ms = now_ms;
	progress->drawn = true;
	counting.taken_s = (uint64_t)(now_ms - progress->marks[0].at_ms) / 1000;
	buf_text(&line, "\r");
	counting_line(&counting, &line);
	buf_text(&line, "\033[K");
	if (!line.failed)
		(void)write_all(STDERR_FILENO, buf_span(&line));
	buf_done(&line);
}

void cli_progress_end(struct cli_progress *progress)
{
	if (progress->drawn)
		(void)write_all(STDERR_FILENO, SPAN_LITERAL("\r\033[K"));
	progress->drawn = false;
}
