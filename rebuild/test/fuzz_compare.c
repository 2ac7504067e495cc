/* Two images, given one behind the other or made of one ramdisk section each: comparing ends, does
 * not tell differences of one with itself, tells the same of A and B as of B and A, and never calls
 * different bytes identical.
 *
 *   0 1  how: bit 0, the rest are two whole images; otherwise two ramdisks
 *   1 2  where the second begins, modulo what is there
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rebuild/archives.h"
#include "rebuild/compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

static FILE *file_of(struct span bytes)
{
	FILE *file = tmpfile();

	demand(file != NULL, "no temporary file");
	demand(fwrite(bytes.at, 1, bytes.len, file) == bytes.len && fflush(file) == 0,
	       "temporary file not written");
	demand(lseek(fileno(file), 0, SEEK_SET) == 0, "temporary file not rewound");
	return file;
}

static void compare_ramdisks(struct span a, struct span b, struct findings *findings)
{
	const struct eif_section section_a = { .type = EIF_RAMDISK, .size = a.len };
	const struct eif_section section_b = { .type = EIF_RAMDISK, .size = b.len };
	uint8_t sha384_a[DIGEST_SHA384_LEN];
	uint8_t sha384_b[DIGEST_SHA384_LEN];
	struct trouble trouble = { 0 };
	FILE *file_a = file_of(a);
	FILE *file_b = file_of(b);

	demand(digest_sha384(&a, 1, sha384_a) == REASON_OK &&
		       digest_sha384(&b, 1, sha384_b) == REASON_OK,
	       "no digest");
	const struct catalog_source source_a = { fileno(file_a), &section_a, sha384_a, NULL };
	const struct catalog_source source_b = { fileno(file_b), &section_b, sha384_b, NULL };
	demand(archives_compare("ramdisk 0", &source_a, &source_b, "/tmp", findings, &trouble) ==
		       REASON_OK,
	       "not compared");
	(void)fclose(file_a);
	(void)fclose(file_b);
}

static void fuzz_ramdisks(struct span a, struct span b)
{
	struct findings there = { 0 };
	struct findings back = { 0 };

	compare_ramdisks(a, b, &there);
	compare_ramdisks(b, a, &back);
	demand(memcmp(there.counts, back.counts, sizeof(there.counts)) == 0,
	       "other findings the other way round");
	findings_done(&there);
	findings_done(&back);
	/* the same bytes: at most that they are the same archives, or broken */
	compare_ramdisks(a, a, &there);
	for (size_t i = 0; i < there.n; i++)
		demand(strcmp(there.list[i].what, "compression") == 0 ||
			       strcmp(there.list[i].what, "form") == 0,
		       "differs from itself");
	findings_done(&there);
}

static void fuzz_images(struct span a, struct span b)
{
	static const struct eif_rules rules = { 0 };
	struct compare_side *sides = calloc(2, sizeof(*sides));
	struct comparison *comparison = calloc(1, sizeof(*comparison));
	FILE *files[2] = { file_of(a), file_of(b) };
	struct trouble trouble = { 0 };
	bool sound = true;

	demand(sides != NULL && comparison != NULL, "no memory");
	for (size_t i = 0; i < 2; i++) {
		const struct image_source from = { .fd = fileno(files[i]) };
		sides[i].path = "image";
		sides[i].fd = fileno(files[i]);
		sound = image_read(&from, &rules, NULL, &sides[i].image) == REASON_OK && sound;
	}
	/* a wrong checksum would keep the fuzzer from everything else */
	if (sound) {
		demand(compare_images(&sides[0], &sides[1], "/tmp", NULL, comparison, &trouble) ==
			       REASON_OK,
		       "not compared");
		demand(comparison_is_equal(comparison) == span_equal(a, b),
		       "equal is not the same bytes");
		comparison_done(comparison);
	}
	for (size_t i = 0; i < 2; i++) {
		image_done(&sides[i].image);
		(void)fclose(files[i]);
	}
	free(sides);
	free(comparison);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span all = { data, size };
	struct span first;
	uint64_t how = 0;
	uint64_t where = 0;

	if (!span_be(&all, 1, &how) || !span_be(&all, 2, &where) ||
	    !span_take(&all, (size_t)(where % (all.len + 1)), &first))
		return 0;
	if ((how & 1) != 0)
		fuzz_images(first, all);
	else
		fuzz_ramdisks(first, all);
	return 0;
}
