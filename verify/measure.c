#include "verify/measure.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Enough that neither thread waits for the other while a page is being read. */
#define SLOTS 4

/* Data of one section in one buffer, for the second half. */
struct piece {
	struct span bytes;
	size_t section;
	bool begins;
	bool ends;
	bool for_pcr2;    /* a ramdisk after the first */
	bool for_section; /* its digest is wanted */
};

struct slot {
	uint8_t bytes[MEASURE_CHUNK];
	struct piece pieces[EIF_SECTIONS_MAX];
	size_t n_pieces;
};

/* The second half: PCR2 and sections. Only one thread at a time touches it: the second one, or
 * the caller's when there is none or when it has ended. */
struct half {
	struct digest pcr2;
	struct digest section;
	bool shared; /* the present section's digest is PCR2's state */
	uint8_t sections[EIF_SECTIONS_MAX][DIGEST_SHA384_LEN];
	bool has_section[EIF_SECTIONS_MAX];
	enum reason failed;
};

struct measure {
	/* the first half: the caller's own */
	struct digest pcr0;
	bool has_pcr1;
	uint8_t pcr1_inner[DIGEST_SHA384_LEN];
	size_t n_sections; /* begun */
	size_t n_ramdisks; /* ended */
	enum eif_type type;
	bool shared; /* the present section's digest is PCR0's state */
	bool begun;  /* and nothing of it was told to the second half yet */
	uint8_t sections[EIF_SECTIONS_MAX][DIGEST_SHA384_LEN];
	bool has_section[EIF_SECTIONS_MAX];

	struct half half;

	/* slots[n % SLOTS] belongs to the caller for n = filled, to the second thread for n within
	 * done..filled-1 */
	struct slot *slots;
	bool has_thread;
	pthread_t thread;
	pthread_mutex_t lock; /* over the three below */
	pthread_cond_t changed;
	size_t filled;
	size_t done;
	bool closed; /* nothing more comes */
};

static enum reason half_piece(struct half *half, const struct piece *piece)
{
	enum reason reason = REASON_OK;

	if (piece->begins) {
		half->shared = piece->for_section && piece->for_pcr2 && half->pcr2.len == 0;
		if (piece->for_section && !half->shared)
			reason = digest_start(&half->section);
	}
	if (reason == REASON_OK && piece->for_pcr2)
		reason = digest_add(&half->pcr2, piece->bytes);
	if (reason == REASON_OK && piece->for_section && !half->shared)
		reason = digest_add(&half->section, piece->bytes);
	if (reason != REASON_OK || !piece->ends || !piece->for_section)
		return reason;
	half->has_section[piece->section] = true;
	return digest_peek(half->shared ? &half->pcr2 : &half->section,
			   half->sections[piece->section]);
}

static void half_slot(struct half *half, struct slot *slot)
{
	for (size_t i = 0; i < slot->n_pieces && half->failed == REASON_OK; i++)
		half->failed = half_piece(half, &slot->pieces[i]);
	slot->n_pieces = 0;
}

static void *half_thread(void *argument)
{
	struct measure *m = argument;

	(void)pthread_mutex_lock(&m->lock);
	for (;;) {
		while (m->done == m->filled && !m->closed)
			(void)pthread_cond_wait(&m->changed, &m->lock);
		if (m->done == m->filled)
			break;
		struct slot *slot = &m->slots[m->done % SLOTS];
		(void)pthread_mutex_unlock(&m->lock);
		half_slot(&m->half, slot);
		(void)pthread_mutex_lock(&m->lock);
		m->done++;
		(void)pthread_cond_signal(&m->changed);
	}
	(void)pthread_mutex_unlock(&m->lock);
	return NULL;
}

static bool start_thread(struct measure *m)
{
	if (pthread_mutex_init(&m->lock, NULL) != 0)
		return false;
	if (pthread_cond_init(&m->changed, NULL) != 0) {
		(void)pthread_mutex_destroy(&m->lock);
		return false;
	}
	if (pthread_create(&m->thread, NULL, half_thread, m) != 0) {
		(void)pthread_cond_destroy(&m->changed);
		(void)pthread_mutex_destroy(&m->lock);
		return false;
	}
	return true;
}

/* Waits until the second half has done everything. */
static void stop_thread(struct measure *m)
{
	if (!m->has_thread)
		return;
	(void)pthread_mutex_lock(&m->lock);
	m->closed = true;
	(void)pthread_cond_signal(&m->changed);
	(void)pthread_mutex_unlock(&m->lock);
	(void)pthread_join(m->thread, NULL);
	(void)pthread_cond_destroy(&m->changed);
	(void)pthread_mutex_destroy(&m->lock);
	m->has_thread = false;
}

struct measure *measure_new(bool alone)
{
	struct measure *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->slots = calloc(alone ? 1 : SLOTS, sizeof(m->slots[0]));
	if (m->slots == NULL || digest_start(&m->pcr0) != REASON_OK ||
	    digest_start(&m->half.pcr2) != REASON_OK) {
		measure_free(m);
		return NULL;
	}
	m->has_thread = !alone && start_thread(m);
	return m;
}

void measure_free(struct measure *measure)
{
	if (measure == NULL)
		return;
	stop_thread(measure);
	digest_done(&measure->pcr0);
	digest_done(&measure->half.pcr2);
	digest_done(&measure->half.section);
	free(measure->slots);
	free(measure);
}

/* The slot that the caller fills. Without a thread there is one only. */
static struct slot *present(const struct measure *m)
{
	return &m->slots[m->has_thread ? m->filled % SLOTS : 0];
}

/* Hands the present slot over, if there is anything in it. */
static void hand_over(struct measure *m)
{
	struct slot *slot = present(m);

	if (slot->n_pieces == 0)
		return;
	if (!m->has_thread) {
		half_slot(&m->half, slot);
		return;
	}
	(void)pthread_mutex_lock(&m->lock);
	m->filled++;
	(void)pthread_cond_signal(&m->changed);
	while (m->filled - m->done == SLOTS)
		(void)pthread_cond_wait(&m->changed, &m->lock);
	(void)pthread_mutex_unlock(&m->lock);
}

uint8_t *measure_buffer(struct measure *measure)
{
	hand_over(measure);
	return present(measure)->bytes;
}

/* Tells the second half of data of the present section, or of its beginning or end. */
static enum reason tell(struct measure *m, struct span bytes, bool ends)
{
	struct slot *slot = present(m);
	size_t section = m->n_sections - 1;
	bool for_pcr2 = m->type == EIF_RAMDISK && m->n_ramdisks > 0;
	bool for_section = !m->shared;
	struct piece *last = slot->n_pieces > 0 ? &slot->pieces[slot->n_pieces - 1] : NULL;

	if (!for_pcr2 && !for_section)
		return REASON_OK;
	if (last != NULL && last->section == section &&
	    (bytes.len == 0 || last->bytes.len == 0 ||
	     last->bytes.at + last->bytes.len == bytes.at)) {
		if (last->bytes.len == 0)
			last->bytes = bytes;
		else
			last->bytes.len += bytes.len;
		last->ends = ends;
		return REASON_OK;
	}
	if (slot->n_pieces == EIF_SECTIONS_MAX)
		return REASON_EIF_SECTION_COUNT;
	slot->pieces[slot->n_pieces++] =
		(struct piece){ bytes, section, m->begun, ends, for_pcr2, for_section };
	m->begun = false;
	return REASON_OK;
}

enum reason measure_begin(void *context, const struct eif_section *section)
{
	struct measure *m = context;

	if (m->n_sections == EIF_SECTIONS_MAX)
		return REASON_EIF_SECTION_COUNT;
	m->n_sections++;
	m->type = section->type;
	m->shared = eif_type_is_measured(m->type) && m->pcr0.len == 0;
	m->begun = true;
	return REASON_OK;
}

enum reason measure_data(void *context, struct span bytes)
{
	struct measure *m = context;

	enum reason reason = tell(m, bytes, false);
	if (reason == REASON_OK && eif_type_is_measured(m->type))
		reason = digest_add(&m->pcr0, bytes);
	return reason;
}

enum reason measure_end(void *context)
{
	struct measure *m = context;
	size_t section = m->n_sections - 1;

	enum reason reason = tell(m, (struct span){ NULL, 0 }, true);
	if (reason == REASON_OK && m->shared) {
		m->has_section[section] = true;
		reason = digest_peek(&m->pcr0, m->sections[section]);
	}
	if (reason != REASON_OK || m->type != EIF_RAMDISK)
		return reason;
	if (m->n_ramdisks == 0) {
		m->has_pcr1 = true;
		reason = digest_peek(&m->pcr0, m->pcr1_inner);
	}
	m->n_ramdisks++;
	return reason;
}

static enum reason set_pcr(struct pcrs *pcrs, unsigned index,
			   const uint8_t inner[static DIGEST_SHA384_LEN])
{
	uint8_t value[PCR_LEN];

	enum reason reason = pcr_extend((struct span){ inner, DIGEST_SHA384_LEN }, value);
	if (reason == REASON_OK)
		pcrs_set(pcrs, index, value);
	return reason;
}

enum reason measure_finish(struct measure *measure, struct measurement *ret)
{
	struct measure *m = measure;
	struct measurement result = { .n_sections = m->n_sections };
	uint8_t inner[DIGEST_SHA384_LEN];

	hand_over(m);
	stop_thread(m);
	if (m->half.failed != REASON_OK)
		return m->half.failed;
	for (size_t i = 0; i < m->n_sections; i++) {
		if (m->has_section[i])
			memcpy(result.sections[i], m->sections[i], DIGEST_SHA384_LEN);
		else if (m->half.has_section[i])
			memcpy(result.sections[i], m->half.sections[i], DIGEST_SHA384_LEN);
		else
			return REASON_CRYPTO_FAILED;
	}
	enum reason reason = digest_peek(&m->pcr0, inner);
	if (reason == REASON_OK)
		reason = set_pcr(&result.pcrs, 0, inner);
	if (reason == REASON_OK)
		reason = set_pcr(&result.pcrs, 1, m->has_pcr1 ? m->pcr1_inner : inner);
	if (reason == REASON_OK)
		reason = digest_peek(&m->half.pcr2, inner);
	if (reason == REASON_OK)
		reason = set_pcr(&result.pcrs, 2, inner);
	if (reason == REASON_OK)
		*ret = result;
	return reason;
}
