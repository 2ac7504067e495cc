#include "verify/reason.h"

#include <stddef.h>

static const struct {
	const char *name;
	const char *sentence;
} table[REASON_COUNT] = {
#define REASON_ROW(id, name, sentence) [REASON_##id] = { name, sentence },
	REASON_TABLE(REASON_ROW)
#undef REASON_ROW
};

const char *reason_name(enum reason reason)
{
	return (size_t)reason < REASON_COUNT ? table[reason].name : "unknown-reason";
}

const char *reason_sentence(enum reason reason)
{
	return (size_t)reason < REASON_COUNT ? table[reason].sentence :
					       "a reason outside the table";
}
