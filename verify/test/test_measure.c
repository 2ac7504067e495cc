#define _GNU_SOURCE
#include "verify/measure.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "test/support.h"

#define SECTIONS 8

/* What is measured: types and sizes; the bytes follow from a generator. */
struct plan {
	const char *row;
	enum eif_type types[SECTIONS];
	size_t sizes[SECTIONS];
	size_t n;
};

#define K EIF_KERNEL
#define C EIF_CMDLINE
#define R EIF_RAMDISK
#define S EIF_SIGNATURE
#define M EIF_METADATA
#define CHUNK MEASURE_CHUNK

static const struct plan plans[] = {
	{ "usual", { K, C, M, R, R }, { 302, 31, 239, 153, 143 }, 5 },
	{ "one ramdisk", { K, C, M, R }, { 1000, 1, 2, 3000 }, 4 },
	{ "three ramdisks", { K, C, R, R, R }, { 5, 6, 7, 8, 9 }, 5 },
	{ "empty first ramdisk", { K, C, R, R }, { 5, 6, 0, 9 }, 4 },
	{ "empty second ramdisk", { K, C, R, R, R }, { 5, 6, 7, 0, 9 }, 5 },
	{ "empty last ramdisk", { K, C, R, R }, { 5, 6, 7, 0 }, 4 },
	{ "empty command line", { K, C, R }, { 5, 0, 7 }, 3 },
	{ "empty kernel", { K, C, R, R }, { 0, 0, 0, 7 }, 4 },
	{ "all empty", { K, C, M, R, R, S }, { 0 }, 6 },
	{ "unmeasured first", { M, S, K, C, R, R }, { 9, 8, 5, 6, 7, 8 }, 6 },
	{ "in between", { K, M, C, R, S, R, R }, { 4, 5, 6, 7, 8, 9, 10 }, 7 },
	{ "exactly a buffer", { K, C, R, R }, { CHUNK, CHUNK, CHUNK, CHUNK }, 4 },
	{ "a byte less, a byte more",
	  { K, C, M, R, R },
	  { CHUNK - 1, 1, CHUNK + 1, 2 * CHUNK - 1, 3 * CHUNK + 5 },
	  5 },
	{ "large", { K, C, R, R, R }, { 3 * CHUNK, 7, 9 * CHUNK + 1, 20 * CHUNK, 13 }, 5 },
};

static struct span extended(const struct span parts[], size_t n, uint8_t ret[static PCR_LEN])
{
	uint8_t inner[DIGEST_SHA384_LEN];

	EXPECT_REASON("inner", digest_sha384(parts, n, inner), REASON_OK);
	EXPECT_REASON("outer", pcr_extend(SPAN_OF(inner), ret), REASON_OK);
	return (struct span){ ret, PCR_LEN };
}

/* The definitions, straight from the specification: every register over its parts. */
static void compare(const struct plan *plan, const struct span data[],
		    const struct measurement *got)
{
	struct span pcr0[SECTIONS];
	struct span pcr1[SECTIONS];
	struct span pcr2[SECTIONS];
	size_t n0 = 0, n1 = 0, n2 = 0, ramdisks = 0;
	uint8_t want[PCR_LEN];

	ck_assert_uint_eq(got->n_sections, plan->n);
	for (size_t i = 0; i < plan->n; i++) {
		EXPECT_REASON(plan->row, digest_sha384(&data[i], 1, want), REASON_OK);
		EXPECT_BYTES(plan->row, SPAN_OF(got->sections[i]), SPAN_OF(want));
		if (plan->types[i] == S || plan->types[i] == M)
			continue;
		pcr0[n0++] = data[i];
		if (plan->types[i] == R && ramdisks++ > 0)
			pcr2[n2++] = data[i];
		else
			pcr1[n1++] = data[i];
	}
	ck_assert_uint_eq(got->pcrs.present, 7);
	EXPECT_BYTES(plan->row, pcrs_get(&got->pcrs, 0), extended(pcr0, n0, want));
	EXPECT_BYTES(plan->row, pcrs_get(&got->pcrs, 1), extended(pcr1, n1, want));
	EXPECT_BYTES(plan->row, pcrs_get(&got->pcrs, 2), extended(pcr2, n2, want));
}

/* Tells of the sections as a reader does that gets `piece` bytes at a time. */
static void tell(struct measure *measure, const struct plan *plan, const struct span data[],
		 size_t piece)
{
	uint8_t *buffer = measure_buffer(measure);
	size_t used = 0;

	for (size_t i = 0; i < plan->n; i++) {
		const struct eif_section section = { plan->types[i], 0, plan->sizes[i] };
		struct span rest = data[i];
		struct span part;
		EXPECT_REASON(plan->row, measure_begin(measure, &section), REASON_OK);
		while (rest.len > 0) {
			if (used == piece) {
				buffer = measure_buffer(measure);
				used = 0;
			}
			size_t n = rest.len < piece - used ? rest.len : piece - used;
			ck_assert(span_take(&rest, n, &part));
			memcpy(buffer + used, part.at, n);
			EXPECT_REASON(plan->row,
				      measure_data(measure, (struct span){ buffer + used, n }),
				      REASON_OK);
			used += n;
		}
		EXPECT_REASON(plan->row, measure_end(measure), REASON_OK);
	}
}

/* Bytes that look random, to be freed. */
static uint8_t *bytes(size_t n, uint64_t *state)
{
	uint8_t *made = malloc(n + 1);

	if (made == NULL)
		ck_abort_msg("out of memory");
	for (size_t i = 0; i < n; i++)
		made[i] = (uint8_t)(support_random(state) >> 13);
	return made;
}

static void run(const struct plan *plan, bool alone, size_t piece)
{
	struct span data[SECTIONS] = { { NULL, 0 } };
	uint8_t *owned[SECTIONS] = { NULL };
	const size_t n = plan->n;
	uint64_t state = 1;
	struct measurement got = { .n_sections = 77 };
	struct measure *measure = measure_new(alone);

	ck_assert_ptr_nonnull(measure);
	for (size_t i = 0; i < n; i++) {
		owned[i] = bytes(plan->sizes[i], &state);
		data[i] = (struct span){ owned[i], plan->sizes[i] };
	}
	tell(measure, plan, data, piece);
	EXPECT_REASON(plan->row, measure_finish(measure, &got), REASON_OK);
	measure_free(measure);
	compare(plan, data, &got);
	for (size_t i = 0; i < n; i++)
		free(owned[i]);
}

static void run_all(bool alone)
{
	static const size_t pieces[] = { CHUNK, 4096, 999 };

	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p += support_thin(2)) {
			if (support_is_slow() && plans[i].sizes[0] > CHUNK)
				continue;
			run(&plans[i], alone, pieces[p]);
		}
		if (plans[i].sizes[0] < 2000)
			run(&plans[i], alone, 1);
	}
}

START_TEST(test_two_threads)
{
	run_all(false);
}
END_TEST

START_TEST(test_one_thread)
{
	run_all(true);
}
END_TEST

/* No thread can be had: a default stack of this size cannot. */
START_TEST(test_no_thread)
{
	pthread_attr_t before;
	pthread_attr_t attr;

	ck_assert_int_eq(pthread_getattr_default_np(&before), 0);
	ck_assert_int_eq(pthread_attr_init(&attr), 0);
	ck_assert_int_eq(pthread_attr_setstacksize(&attr, (size_t)1 << 47), 0);
	ck_assert_int_eq(pthread_setattr_default_np(&attr), 0);
	run_all(false);
	ck_assert_int_eq(pthread_setattr_default_np(&before), 0);
	(void)pthread_attr_destroy(&attr);
	(void)pthread_attr_destroy(&before);
}
END_TEST

/* PCR2 of an image with one ramdisk, as published with many images. */
START_TEST(test_no_application)
{
	struct buf want = support_hex("21b9efbc184807662e966d34f390821309eeac6802309798826296bf3e8b"
				      "ec7c10edb30948c90ba67310f7b964fc500a");
	struct measurement got;
	struct measure *measure = measure_new(false);

	EXPECT_REASON("nothing", measure_finish(measure, &got), REASON_OK);
	EXPECT_BYTES("nothing", pcrs_get(&got.pcrs, 2), buf_span(&want));
	measure_free(measure);
	buf_done(&want);
}
END_TEST

/* Given up in the middle, with buffers on their way. */
START_TEST(test_given_up)
{
	static const struct eif_section metadata = { M, 0, 1 << 30 };

	measure_free(NULL);
	for (unsigned n = 0; n < 12; n++) {
		struct measure *measure = measure_new(n % 2 == 1);
		EXPECT_REASON("begin", measure_begin(measure, &metadata), REASON_OK);
		for (unsigned i = 0; i < n; i++) {
			uint8_t *buffer = measure_buffer(measure);
			memset(buffer, (int)i, CHUNK);
			EXPECT_REASON("data", measure_data(measure, (struct span){ buffer, CHUNK }),
				      REASON_OK);
		}
		measure_free(measure);
	}
}
END_TEST

/* A section without an end has no digest. */
START_TEST(test_not_ended)
{
	static const struct eif_section metadata = { M, 0, 1 };
	struct measurement got = { .n_sections = 77 };
	struct measure *measure = measure_new(false);

	EXPECT_REASON("begin", measure_begin(measure, &metadata), REASON_OK);
	EXPECT_REASON("finish", measure_finish(measure, &got), REASON_CRYPTO_FAILED);
	ck_assert_uint_eq(got.n_sections, 77);
	measure_free(measure);
}
END_TEST

START_TEST(test_too_many)
{
	static const struct eif_section metadata = { M, 0, 0 };
	struct measure *measure = measure_new(false);

	(void)measure_buffer(measure);
	for (unsigned i = 0; i < EIF_SECTIONS_MAX; i++) {
		EXPECT_REASON("begin", measure_begin(measure, &metadata), REASON_OK);
		EXPECT_REASON("end", measure_end(measure), REASON_OK);
	}
	EXPECT_REASON("33rd", measure_begin(measure, &metadata), REASON_EIF_SECTION_COUNT);
	measure_free(measure);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("measure");

	support_add(suite, "two threads", test_two_threads);
	support_add(suite, "one thread", test_one_thread);
	support_add(suite, "no thread", test_no_thread);
	support_add(suite, "no application", test_no_application);
	support_add(suite, "given up", test_given_up);
	support_add(suite, "not ended", test_not_ended);
	support_add(suite, "too many", test_too_many);
	return support_main(suite);
}
