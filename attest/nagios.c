#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "attest/export.h"

#define CERT_LEFT_WARN_S 1800
#define CERT_LEFT_BAD_S 600
#define NAMED_MAX 5 /* targets in the first line of many */

static const char *const words[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

static bool ends_soon(const struct sample *s)
{
	return s->has_not_after && s->has_time && s->not_after - s->at < CERT_LEFT_WARN_S;
}

static bool is_old(const struct sample *s)
{
	return s->has_age && s->max_age_s > 0 && s->age_s * 3 > s->max_age_s * 2;
}

static bool is_own_fault(enum reason reason)
{
	return reason == REASON_OUT_OF_MEMORY || reason == REASON_CRYPTO_FAILED ||
	       reason == REASON_RANDOM_FAILED || reason == REASON_CLOCK_FAILED ||
	       reason == REASON_NOTHING_EXPECTED || reason == REASON_HTTP_CACERT;
}

static bool names_image(const struct sample *s)
{
	return s->checks[CHECK_PCR_MATCH] == SAMPLE_PASS ||
	       s->checks[CHECK_ENCLAVE_HASH_MATCH] == SAMPLE_PASS ||
	       (s->checks[CHECK_PCR1_MATCH] == SAMPLE_PASS &&
		s->checks[CHECK_PCR2_MATCH] == SAMPLE_PASS);
}

/* Whether some check about a contract was required. */
static bool needs_contract(const struct sample *s)
{
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		if (s->required[i] && strncmp(check_name((enum check)i), "onchain.", 8) == 0)
			return true;
	}
	return !names_image(s);
}

enum nagios nagios_of(const struct sample *s)
{
	switch (s->verdict) {
	case VERDICT_PASS:
		return ends_soon(s) || is_old(s) || s->debug || s->at_quorum ? NAGIOS_WARNING :
									       NAGIOS_OK;
	case VERDICT_FAIL:
		return NAGIOS_CRITICAL;
	case VERDICT_ERROR:
		break;
	}
	if (!s->has_bad || is_own_fault(s->reason))
		return NAGIOS_UNKNOWN;
	if (strncmp(check_name(s->bad), "onchain.", 8) == 0)
		return needs_contract(s) ? NAGIOS_CRITICAL : NAGIOS_WARNING;
	return NAGIOS_CRITICAL;
}

enum nagios nagios_worse(enum nagios a, enum nagios b)
{
	static const int rank[] = { 0, 1, 3, 2 };

	return rank[a] >= rank[b] ? a : b;
}

/* A name that is a URL may hold what has a meaning in the output: it is shown without. */
static void add_clean(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		bool special = *text == '|' || *text == '\'' || *text == '=' || *text == ' ' ||
			       (unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e;
		buf_byte(out, special ? '_' : (uint8_t)*text);
	}
}

static void add_line(struct buf *out, const struct sampled *one)
{
	const struct sample *s = one->sample;

	add_clean(out, one->name);
	if (s->verdict != VERDICT_PASS) {
		if (s->has_bad)
			buf_printf(out, ": %s %s (%s)", check_name(s->bad),
				   s->verdict == VERDICT_FAIL ? "failed" : "gave no verdict",
				   reason_name(s->reason));
		else
			buf_printf(out, ": no verdict (%s)", reason_name(s->reason));
		return;
	}
	buf_text(out, ": pass");
	if (s->weakened[0] != '\0')
		buf_printf(out, " (%s)", s->weakened);
	if (ends_soon(s))
		buf_printf(out, ", a certificate ends in %" PRId64 " s", s->not_after - s->at);
	if (is_old(s))
		buf_printf(out, ", the document is %" PRId64 " s old of %" PRId64 " s at most",
			   s->age_s, s->max_age_s);
	if (s->at_quorum)
		buf_text(out, ", no more servers answer than must");
}

/* 'label'=value[unit];[warn];[crit];[min];[max] */
static void add_performance(struct buf *out, const struct sampled *one, bool named)
{
	const struct sample *s = one->sample;
	struct buf prefix = { 0 };

	if (named) {
		add_clean(&prefix, one->name);
		buf_text(&prefix, ".");
	}
	char *owned = named ? buf_take_text(&prefix) : NULL;
	const char *before = owned != NULL ? owned : "";
	if (named && owned == NULL)
		out->failed = true;
	buf_printf(out, "%stime=%" PRId64 ".%03ds;", before, s->took_ms / 1000,
		   (int)(s->took_ms % 1000));
	/* half of an odd number of seconds */
	buf_printf(out, "%" PRId64 "%s;%" PRId64 ";0", s->timeout_ms / 2000,
		   s->timeout_ms / 1000 % 2 != 0 ? ".5" : "", s->timeout_ms / 1000);
	if (s->has_age && s->max_age_s >= 0)
		buf_printf(out, " %sage=%" PRId64 "s;;%" PRId64, before, s->age_s, s->max_age_s);
	else if (s->has_age)
		buf_printf(out, " %sage=%" PRId64 "s;;", before, s->age_s);
	if (s->has_not_after && s->has_time)
		buf_printf(out, " %scert_left=%" PRId64 "s;%d:;%d:", before, s->not_after - s->at,
			   CERT_LEFT_WARN_S, CERT_LEFT_BAD_S);
	free(owned);
}

/* The first line of many: how many are not well, and the first of them by name, the worst before others. */
static void add_sum(struct buf *out, const struct sampled *list, size_t n, enum nagios worst)
{
	static const enum nagios order[] = { NAGIOS_CRITICAL, NAGIOS_UNKNOWN, NAGIOS_WARNING };
	size_t named = 0;
	size_t bad = 0;

	for (size_t i = 0; i < n; i++)
		bad += nagios_of(list[i].sample) != NAGIOS_OK ? 1 : 0;
	if (worst == NAGIOS_OK) {
		buf_printf(out, "all %zu targets pass", n);
		return;
	}
	buf_printf(out, "%zu of %zu targets", bad, n);
	for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
		for (size_t i = 0; i < n && named < NAMED_MAX; i++) {
			if (nagios_of(list[i].sample) != order[k])
				continue;
			buf_text(out, named++ == 0 ? ": " : "; ");
			add_line(out, &list[i]);
		}
	}
	if (bad > named)
		buf_printf(out, "; and %zu more", bad - named);
}

enum nagios nagios_render(const struct sampled *list, size_t n, struct buf *out)
{
	enum nagios worst = NAGIOS_OK;

	for (size_t i = 0; i < n; i++)
		worst = nagios_worse(worst, nagios_of(list[i].sample));
	buf_printf(out, "ENCLAVE %s - ", words[worst]);
	if (n == 1)
		add_line(out, &list[0]);
	else
		add_sum(out, list, n, worst);
	for (size_t i = 0; i < n && n > 1; i++) {
		buf_printf(out, "\n%s - ", words[nagios_of(list[i].sample)]);
		add_line(out, &list[i]);
	}
	for (size_t i = 0; i < n; i++) {
		buf_text(out, i == 0 ? " | " : "\n");
		add_performance(out, &list[i], n > 1);
	}
	buf_text(out, "\n");
	return worst;
}
