#include "rebuild/finding.h"

#include <inttypes.h>
#include <stdlib.h>

/* An escaped copy, cut to what is kept. NULL for nothing; *failed when there is no memory. */
static char *copy(struct span value, bool *failed)
{
	struct buf text = { 0 };
	struct span kept;
	struct span rest = value;

	if (value.at == NULL)
		return NULL;
	bool cut = value.len > FINDING_VALUE_MAX;
	if (!span_take(&rest, cut ? FINDING_VALUE_MAX : value.len, &kept))
		return NULL;
	buf_escaped(&text, kept);
	buf_text(&text, cut ? "..." : "");
	char *owned = buf_take_text(&text);
	*failed = *failed || owned == NULL;
	return owned;
}

static char *copy_own(const char *text, bool *failed)
{
	struct buf copied = { 0 };

	if (text == NULL)
		return NULL;
	buf_text(&copied, text);
	char *owned = buf_take_text(&copied);
	*failed = *failed || owned == NULL;
	return owned;
}

static bool grow(struct findings *findings)
{
	if (findings->n < findings->cap)
		return true;
	size_t cap = findings->cap == 0 ? 32 : findings->cap * 2;
	struct finding *list = realloc(findings->list, cap * sizeof(*list));
	if (list == NULL)
		return false;
	findings->list = list;
	findings->cap = cap;
	return true;
}

void findings_add(struct findings *findings, enum finding_class class, const char *part,
		  struct span name, const char *what, struct span a, struct span b,
		  const char *note)
{
	if (findings->counts[class]++ >= FINDING_KEPT_MAX || findings->failed)
		return;
	if (!grow(findings)) {
		findings->failed = true;
		return;
	}
	findings->list[findings->n++] = (struct finding){
		.class = class,
		.part = copy_own(part, &findings->failed),
		.name = copy(name, &findings->failed),
		.what = what,
		.a = copy(a, &findings->failed),
		.b = copy(b, &findings->failed),
		.note = copy_own(note, &findings->failed),
	};
}

void findings_add_numbers(struct findings *findings, enum finding_class class, const char *part,
			  struct span name, const char *what, uint64_t a, uint64_t b)
{
	struct buf text_a = { 0 };
	struct buf text_b = { 0 };

	buf_printf(&text_a, "%" PRIu64, a);
	buf_printf(&text_b, "%" PRIu64, b);
	findings->failed = findings->failed || text_a.failed || text_b.failed;
	findings_add(findings, class, part, name, what, buf_span(&text_a), buf_span(&text_b), NULL);
	buf_done(&text_a);
	buf_done(&text_b);
}

const char *finding_class_name(enum finding_class class)
{
	static const char *const names[FINDING_CLASSES] = {
		[FINDING_CONTENT] = "content",         [FINDING_ATTRIBUTE] = "attribute",
		[FINDING_COMPRESSION] = "compression", [FINDING_CASCADE] = "cascade",
		[FINDING_UNMEASURED] = "unmeasured",
	};

	return class < FINDING_CLASSES ? names[class] : "content";
}

void findings_done(struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++) {
		free(findings->list[i].part);
		free(findings->list[i].name);
		free(findings->list[i].a);
		free(findings->list[i].b);
		free(findings->list[i].note);
	}
	free(findings->list);
	*findings = (struct findings){ 0 };
}
