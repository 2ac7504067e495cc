/* Two kernels, one behind the other: comparing ends, finds nothing between one and itself, the same
 * number of differences both ways, and something wherever the payloads are not the same bytes; what
 * a kernel is decompressed to has a bound, and a payload that is told of lies within its kernel.
 *
 *   0 2  where the second begins, modulo what is there
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rebuild/kernels.h"

#define EXPANDED_MAX ((uint64_t)1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

/* A kernel in a file. */
struct side {
	FILE *file;
	struct eif_section section;
	uint8_t sha384[DIGEST_SHA384_LEN];
	struct catalog_source source;
};

static void open_side(struct span bytes, struct side *ret)
{
	*ret = (struct side){ .file = tmpfile(),
			      .section = { .type = EIF_KERNEL, .size = bytes.len } };
	demand(ret->file != NULL, "no temporary file");
	demand(fwrite(bytes.at, 1, bytes.len, ret->file) == bytes.len && fflush(ret->file) == 0,
	       "temporary file not written");
	demand(digest_sha384(&bytes, 1, ret->sha384) == REASON_OK, "no digest");
	ret->source = (struct catalog_source){ .fd = fileno(ret->file),
					       .section = &ret->section,
					       .sha384 = ret->sha384 };
}

static void compare(const struct side *a, const struct side *b, struct findings *findings)
{
	demand(kernels_compare(&a->source, &b->source, EXPANDED_MAX, findings) == REASON_OK,
	       "not compared");
	demand(!findings->failed, "no memory");
}

/* Leaves what was read of the kernel, to be ended with kernel_done. */
static void read_kernel(const struct side *side, struct kernel *ret)
{
	demand(kernel_read(&side->source, ret) == REASON_OK, "not read");
	demand(!ret->has_payload ||
		       (ret->payload_len > 0 && ret->payload_at <= side->section.size &&
			ret->payload_len <= side->section.size - ret->payload_at),
	       "the payload is not in the kernel");
	demand(kernel_expand(&side->source, EXPANDED_MAX, ret) == REASON_OK, "not expanded");
	demand(ret->innards.len <= EXPANDED_MAX && ret->innards.config.len <= INNARDS_CONFIG_MAX,
	       "more than the bound");
	demand(ret->form == REASON_OK || ret->innards.len == 0, "broken, and something is known");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span all = { data, size };
	struct span first;
	uint64_t where = 0;
	struct side a;
	struct side b;
	struct kernel x;
	struct kernel y;
	struct findings there = { 0 };
	struct findings back = { 0 };

	if (!span_be(&all, 2, &where) || !span_take(&all, (size_t)(where % (all.len + 1)), &first))
		return 0;
	open_side(first, &a);
	open_side(all, &b);
	read_kernel(&a, &x);
	read_kernel(&b, &y);
	compare(&a, &b, &there);
	compare(&b, &a, &back);
	demand(memcmp(there.counts, back.counts, sizeof(there.counts)) == 0,
	       "other findings the other way round");
	demand(!x.has_payload || !y.has_payload || span_equal(first, all) || there.n > 0,
	       "a difference that is not told");
	demand(there.counts[FINDING_COMPRESSION] == 0 ||
		       (x.form == REASON_OK && y.form == REASON_OK &&
			memcmp(x.innards.sha256, y.innards.sha256, DIGEST_SHA256_LEN) == 0),
	       "the same without having been decompressed");
	findings_done(&there);
	findings_done(&back);
	compare(&a, &a, &there);
	demand(there.n == 0, "differs from itself");
	findings_done(&there);
	kernel_done(&x);
	kernel_done(&y);
	(void)fclose(a.file);
	(void)fclose(b.file);
	return 0;
}
