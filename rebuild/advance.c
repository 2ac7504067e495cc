#include "rebuild/advance.h"

#include <stddef.h>

void advance_begin(struct advance *advance, uint64_t expected)
{
	if (advance == NULL)
		return;
	advance->done = 0;
	advance->expected = expected;
}

void advance_by(struct advance *advance, uint64_t bytes)
{
	if (advance == NULL)
		return;
	advance->done += bytes;
	advance->tell(advance->context, advance->done, advance->expected);
}

void advance_to(struct advance *advance, uint64_t done)
{
	if (advance != NULL)
		advance->done = done;
}

void advance_expect(struct advance *advance, uint64_t expected)
{
	if (advance != NULL)
		advance->expected = expected;
}
