#include "rebuild/summary.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/draft.h"
#include "verify/markdown.h"
#include "verify/pcr.h"

static const char cut_mark[] = "\nCut here: the whole report is in report.json.\n";

static const char *text_of(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsString(item) ? item->valuestring : "";
}

/* Our own JSON has these two escaped already. */
static void add_cell(struct buf *out, const char *text)
{
	buf_text(out, " ");
	if (*text != '\0') {
		buf_text(out, "<code>");
		markdown_plain(out, span_of_text(text));
		buf_text(out, "</code>");
	}
	buf_text(out, " |");
}

static void add_raw_cell(struct buf *out, const char *text)
{
	buf_text(out, " ");
	markdown_code(out, span_of_text(text));
	buf_text(out, " |");
}

static void add_fact(struct buf *out, const char *name, const char *value)
{
	if (*value == '\0')
		return;
	buf_printf(out, "| %s |", name);
	add_raw_cell(out, value);
	buf_text(out, "\n");
}

static void add_built(const cJSON *info, struct buf *out)
{
	const cJSON *image = cJSON_GetObjectItemCaseSensitive(info, "image");

	buf_text(out, "| rebuilt | |\n|---|---|\n");
	add_fact(out, "repository", text_of(info, "repository"));
	add_fact(out, "commit", text_of(info, "git_sha"));
	add_fact(out, "tree", text_of(info, "git_tree"));
	add_fact(out, "container image", text_of(image, "reference"));
	add_fact(out, "binary", text_of(info, "nitro_binary_hash"));
	add_fact(out, "enclave.eif",
		 text_of(cJSON_GetObjectItemCaseSensitive(info, "eif"), "sha256"));
	add_fact(out, "PCR0", text_of(info, "pcr0"));
	add_fact(out, "PCR1", text_of(info, "pcr1"));
	add_fact(out, "PCR2", text_of(info, "pcr2"));
	add_fact(out, "PCR8", text_of(info, "pcr8"));
	add_fact(out, "ENCLAVE&#95;HASH", text_of(info, "enclave_hash"));
	buf_text(out, "\n");
}

static void add_inputs(const cJSON *inputs, struct buf *out)
{
	const cJSON *input;
	int n = cJSON_GetArraySize(inputs);
	int shown = 0;

	if (n == 0)
		return;
	buf_text(out, "| input | from | revision | narHash |\n|---|---|---|---|\n");
	cJSON_ArrayForEach(input, inputs)
	{
		const char *url = text_of(input, "url");
		if (shown++ == SUMMARY_INPUTS_MAX)
			break;
		buf_text(out, "|");
		add_raw_cell(out, text_of(input, "name"));
		if (*url != '\0') {
			add_raw_cell(out, url);
		} else {
			buf_text(out, " ");
			markdown_text(out, span_of_text(text_of(input, "type")));
			buf_text(out, " ");
			markdown_code(out, span_of_text(text_of(input, "owner")));
			buf_text(out, " ");
			markdown_code(out, span_of_text(text_of(input, "repo")));
			buf_text(out, " |");
		}
		add_raw_cell(out, text_of(input, "rev"));
		add_raw_cell(out, text_of(input, "narHash"));
		buf_text(out, "\n");
	}
	if (n > SUMMARY_INPUTS_MAX)
		buf_printf(out, "\nand %d more\n", n - SUMMARY_INPUTS_MAX);
	buf_text(out, "\n");
}

/* What is neither an effect of something else nor without effect. */
static bool is_cause(const cJSON *finding)
{
	const char *class = text_of(finding, "class");

	return strcmp(class, "cascade") != 0 && strcmp(class, "unmeasured") != 0;
}

static void add_causes(const cJSON *comparison, struct buf *out)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(comparison, "findings");
	const cJSON *finding;
	unsigned shown = 0;
	unsigned more = 0;

	buf_text(out, "### Where the image differs from the expected one\n\n");
	markdown_plain(out, span_of_text(text_of(comparison, "conclusion")));
	buf_text(out, "\n\n");
	cJSON_ArrayForEach(finding, list)
	{
		if (!is_cause(finding))
			continue;
		if (shown == SUMMARY_CAUSES_MAX) {
			more++;
			continue;
		}
		if (shown++ == 0)
			buf_text(out, "| part | name | what | built | expected | |\n"
				      "|---|---|---|---|---|---|\n");
		buf_text(out, "|");
		add_cell(out, text_of(finding, "part"));
		add_cell(out, text_of(finding, "name"));
		add_cell(out, text_of(finding, "what"));
		add_cell(out, text_of(finding, "a"));
		add_cell(out, text_of(finding, "b"));
		add_cell(out, text_of(finding, "note"));
		buf_text(out, "\n");
	}
	if (more > 0)
		buf_printf(out, "\nand %u more in report.json\n", more);
	buf_text(out, "\n");
}

void summary_page(const struct report *report, enum verdict verdict, struct buf *out)
{
	const cJSON *info = report_get0_member(report, "build_info");
	const cJSON *comparison = report_get0_member(report, "comparison");

	if (verdict != report_verdict(report))
		buf_text(out,
			 "**No verdict: not all results could be written.** What was found:\n\n");
	report_markdown(report, out);
	if (comparison != NULL)
		add_causes(comparison, out);
	if (info != NULL) {
		add_built(info, out);
		add_inputs(cJSON_GetObjectItemCaseSensitive(info, "inputs"), out);
	}
}

/* So many hex digits behind 0x, or nothing at all. */
static const char *digits_of(const char *text, size_t n)
{
	bool good = strncmp(text, "0x", 2) == 0 && strlen(text) == n + 2 &&
		    strspn(text + 2, "0123456789abcdef") == n;

	return good ? text + 2 : "";
}

void summary_output(const struct report *report, enum verdict verdict, struct buf *out)
{
	static const char *const verdicts[] = { "error", "fail", "pass" };
	const cJSON *info = report_get0_member(report, "build_info");
	const char *hash = digits_of(text_of(info, "enclave_hash"), 2 * (size_t)KECCAK_LEN);

	buf_printf(out, "pcr0=%s\n", digits_of(text_of(info, "pcr0"), 2 * (size_t)PCR_LEN));
	buf_printf(out, "enclave_hash=%s%s\n", *hash != '\0' ? "0x" : "", hash);
	buf_printf(out, "verdict=%s\n", verdicts[verdict]);
}

/* Leaves whole lines only, and says so. */
static void cut(struct buf *text, size_t max)
{
	if (text->failed || text->len <= max)
		return;
	text->len = max - (sizeof(cut_mark) - 1);
	while (text->len > 0 && text->at[text->len - 1] != '\n')
		text->len--;
	buf_text(text, cut_mark);
}

/* Adds `text`, at most so much that the file has `max` bytes then; 0: all of it. */
static enum reason append(const char *path, struct buf *text, size_t max)
{
	struct stat facts;
	enum reason reason = REASON_OK;

	if (text->failed)
		return REASON_OUT_OF_MEMORY;
	int fd =
		open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
	if (fd < 0)
		return REASON_FILE_UNWRITABLE;
	errno = 0;
	if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode))
		reason = REASON_FILE_UNWRITABLE;
	else if (max > 0 && (uint64_t)facts.st_size + SUMMARY_LEAST > max)
		reason = REASON_FILE_TOO_LARGE;
	/* the last line there may lack its end */
	if (reason == REASON_OK && facts.st_size > 0)
		reason = draft_write(fd, SPAN_LITERAL("\n"));
	if (reason == REASON_OK && max > 0)
		cut(text, max - (size_t)facts.st_size - 1);
	if (reason == REASON_OK)
		reason = text->failed ? REASON_OUT_OF_MEMORY : draft_write(fd, buf_span(text));
	int why = errno;
	if (close(fd) != 0 && reason == REASON_OK) {
		why = errno;
		reason = REASON_FILE_UNWRITABLE;
	}
	errno = why;
	return reason;
}

enum reason summary_write(const struct summary_files *files, const struct report *report,
			  enum verdict verdict, struct trouble *reterr)
{
	struct buf text = { 0 };
	enum reason reason = REASON_OK;
	enum reason other = REASON_OK;

	if (files->page != NULL && *files->page != '\0') {
		summary_page(report, verdict, &text);
		reason = append(files->page, &text, SUMMARY_MAX);
		if (reason != REASON_OK)
			(void)trouble_note(reterr, reason, span_of_text(files->page),
					   reason == REASON_FILE_UNWRITABLE ? errno : 0);
	}
	buf_done(&text);
	if (files->output != NULL && *files->output != '\0') {
		summary_output(report, reason == REASON_OK ? verdict : VERDICT_ERROR, &text);
		other = append(files->output, &text, 0);
		if (other != REASON_OK)
			(void)trouble_note(reterr, other, span_of_text(files->output),
					   other == REASON_FILE_UNWRITABLE ? errno : 0);
	}
	buf_done(&text);
	return reason != REASON_OK ? reason : other;
}
