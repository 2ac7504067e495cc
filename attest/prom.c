#include <inttypes.h>

#include "attest/export.h"

/* A label's value: backslash, quote and line feed are escaped (exposition format 0.0.4, "Line format"). Names
 * that are URLs, and all else here, are ASCII; what is not is shown as ?. */
static void add_value(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			buf_text(out, "\\n");
		else if (*text == '\\' || *text == '"')
			buf_printf(out, "\\%c", *text);
		else
			buf_byte(out, (unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e ?
					      '?' :
					      (uint8_t)*text);
	}
}

static void add_label(struct buf *out, const char *before, const char *label, const char *value)
{
	buf_printf(out, "%s%s=\"", before, label);
	add_value(out, value);
	buf_text(out, "\"");
}

static void add_head(struct buf *out, const char *metric, const char *help)
{
	buf_printf(out, "# HELP enclave_attest_%s %s\n# TYPE enclave_attest_%s gauge\n", metric,
		   help, metric);
}

static void begin_series(struct buf *out, const char *metric, const struct sampled *one)
{
	buf_printf(out, "enclave_attest_%s", metric);
	add_label(out, "{", "target", one->name);
}

static void add_checks(struct buf *out, const struct sampled *list, size_t n)
{
	static const char metric[] = "check_success";

	add_head(out, metric, "Whether the check passed; no series for a check that was skipped.");
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < CHECK_COUNT; k++) {
			enum sample_check check = list[i].sample->checks[k];
			if (check == SAMPLE_ABSENT || check == SAMPLE_SKIP)
				continue;
			begin_series(out, metric, &list[i]);
			add_label(out, ",", "check", check_name((enum check)k));
			buf_printf(out, "} %d\n", check == SAMPLE_PASS);
		}
	}
}

static void add_verdicts(struct buf *out, const struct sampled *list, size_t n)
{
	static const char metric[] = "verdict";
	static const struct {
		enum verdict verdict;
		const char *name;
	} all[] = { { VERDICT_PASS, "pass" },
		    { VERDICT_FAIL, "fail" },
		    { VERDICT_ERROR, "error" } };

	add_head(out, metric, "1 for the verdict of the last run, 0 for the others.");
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
			begin_series(out, metric, &list[i]);
			add_label(out, ",", "verdict", all[k].name);
			buf_printf(out, "} %d\n", list[i].sample->verdict == all[k].verdict);
		}
	}
}

/* Metrics that are one number of a target. False: it has none. */
static bool last_run(const struct sampled *one, struct buf *out)
{
	buf_printf(out, "%" PRId64, one->sample->at);
	return one->sample->has_time;
}

static bool last_success(const struct sampled *one, struct buf *out)
{
	buf_printf(out, "%" PRId64, one->last_success);
	return one->last_success > 0;
}

static bool duration(const struct sampled *one, struct buf *out)
{
	buf_printf(out, "%" PRId64 ".%03d", one->sample->took_ms / 1000,
		   (int)(one->sample->took_ms % 1000));
	return true;
}

static bool not_after(const struct sampled *one, struct buf *out)
{
	buf_printf(out, "%" PRId64, one->sample->not_after);
	return one->sample->has_not_after;
}

static const struct {
	const char *metric;
	const char *help;
	bool (*value)(const struct sampled *one, struct buf *out);
} numbers[] = {
	{ "last_run_timestamp_seconds", "When the target was judged last.", last_run },
	{ "last_success_timestamp_seconds", "When the target passed last.", last_success },
	{ "run_duration_seconds", "How long asking and judging took.", duration },
	{ "certificate_not_after_timestamp_seconds",
	  "When the first certificate of the proven chain ends.", not_after },
};

static void add_infos(struct buf *out, const struct sampled *list, size_t n, const char *version)
{
	static const char metric[] = "info";

	add_head(out, metric, "What was judged, by what; pcr0 is empty where nothing proves it.");
	for (size_t i = 0; i < n; i++) {
		const struct sample *s = list[i].sample;
		begin_series(out, metric, &list[i]);
		add_label(out, ",", "version", version);
		add_label(out, ",", "pcr0", s->pcr0);
		add_label(out, ",", "root", s->root);
		add_label(out, ",", "debug", s->debug ? "true" : "false");
		buf_text(out, "} 1\n");
	}
}

void prom_render(const struct sampled *list, size_t n, const char *version, struct buf *out)
{
	add_checks(out, list, n);
	add_verdicts(out, list, n);
	for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++) {
		add_head(out, numbers[k].metric, numbers[k].help);
		for (size_t i = 0; i < n; i++) {
			struct buf value = { 0 };
			if (numbers[k].value(&list[i], &value)) {
				begin_series(out, numbers[k].metric, &list[i]);
				buf_text(out, "} ");
				buf_add(out, buf_span(&value));
				buf_text(out, "\n");
			}
			out->failed = out->failed || value.failed;
			buf_done(&value);
		}
	}
	add_infos(out, list, n, version);
}
