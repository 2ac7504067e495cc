#include "rebuild/pull.h"

#include <pthread.h>
#include <stdlib.h>

#include "attest/pool.h"

struct pull;

/* What one thread at a time fetches with. */
struct hand {
	struct pull *pull;
	struct oci oci;
	struct advance advance;
	uint64_t told; /* of this one's advance, in that of all */
	struct distribution *distribution;
	atomic_bool unwanted;
	bool busy;
	size_t at; /* which blob */
};

struct pull {
	const struct oci *oci;
	const struct descriptor *blobs;
	struct hand hands[PULL_AT_ONCE];
	pthread_mutex_t mutex; /* guards what follows, what hands are at, and oci->advance */
	size_t bad;            /* the first blob that failed; the number of all: none */
	enum reason reason;
	struct trouble trouble;
};

/* Some bytes of one hand's blob; also fewer, when it is begun anew. */
static void tell(void *context, uint64_t done, uint64_t expected)
{
	struct hand *hand = context;
	struct advance *all = hand->pull->oci->advance;

	(void)expected;
	(void)pthread_mutex_lock(&hand->pull->mutex);
	advance_to(all, all->done - hand->told + done);
	hand->told = done;
	advance_by(all, 0);
	(void)pthread_mutex_unlock(&hand->pull->mutex);
}

/* A free hand for this blob; NULL: one before it has failed, it is not to be fetched. */
static struct hand *take_hand(struct pull *pull, size_t i)
{
	struct hand *hand = NULL;

	(void)pthread_mutex_lock(&pull->mutex);
	for (size_t j = 0; j < PULL_AT_ONCE && i < pull->bad && hand == NULL; j++) {
		if (!pull->hands[j].busy && pull->hands[j].distribution != NULL)
			hand = &pull->hands[j];
	}
	if (hand != NULL) {
		hand->busy = true;
		hand->at = i;
	}
	(void)pthread_mutex_unlock(&pull->mutex);
	return hand;
}

static void release_hand(struct hand *hand, enum reason reason, const struct trouble *trouble)
{
	struct pull *pull = hand->pull;

	(void)pthread_mutex_lock(&pull->mutex);
	hand->busy = false;
	if (reason != REASON_OK && hand->at < pull->bad) {
		pull->bad = hand->at;
		pull->reason = reason;
		pull->trouble = *trouble;
		for (size_t i = 0; i < PULL_AT_ONCE; i++) {
			struct hand *other = &pull->hands[i];
			if (other->busy && other->at > pull->bad)
				atomic_store(&other->unwanted, true);
		}
	}
	(void)pthread_mutex_unlock(&pull->mutex);
}

static void fetch(void *context, size_t i)
{
	struct pull *pull = context;
	struct trouble trouble = { .why = 0 };
	struct hand *hand = take_hand(pull, i);

	if (hand == NULL)
		return;
	enum reason reason = distribution_blob(hand->distribution, &pull->blobs[i], &trouble);
	release_hand(hand, reason, &trouble);
}

/* Where there is no second handle, or no memory for it, one will do. */
static size_t start_hands(struct pull *pull, const struct distribution *first)
{
	struct http *const https[PULL_AT_ONCE] = { pull->oci->http, pull->oci->second };
	size_t n = 0;

	while (n < PULL_AT_ONCE && https[n] != NULL) {
		struct hand *hand = &pull->hands[n];
		hand->pull = pull;
		hand->oci = *pull->oci;
		hand->oci.http = https[n];
		hand->oci.second = NULL;
		hand->oci.unwanted = &hand->unwanted;
		atomic_init(&hand->unwanted, false);
		if (pull->oci->advance != NULL) {
			hand->advance = (struct advance){ .context = hand, .tell = tell };
			hand->oci.advance = &hand->advance;
		}
		hand->distribution = distribution_another(first, &hand->oci);
		if (hand->distribution == NULL)
			break;
		n++;
	}
	return n;
}

enum reason pull_blobs(const struct oci *oci, const struct distribution *first,
		       const struct descriptor *blobs, size_t n, struct trouble *reterr)
{
	struct pull *pull = calloc(1, sizeof(*pull));
	const struct pool_work work = { .work = fetch, .interrupt_fd = -1, .context = pull };

	if (pull == NULL)
		return REASON_OUT_OF_MEMORY;
	pull->oci = oci;
	pull->blobs = blobs;
	pull->bad = n;
	size_t hands = start_hands(pull, first);
	enum reason reason = REASON_OUT_OF_MEMORY;
	if (hands > 0 && pthread_mutex_init(&pull->mutex, NULL) == 0) {
		/* without a `done` every item is begun; those behind a fault do nothing */
		reason = pool_run(&work, n, hands) ? pull->reason : REASON_OUT_OF_MEMORY;
		if (pull->bad < n)
			*reterr = pull->trouble;
		(void)pthread_mutex_destroy(&pull->mutex);
	}
	for (size_t i = 0; i < PULL_AT_ONCE; i++)
		distribution_free(pull->hands[i].distribution);
	free(pull);
	return reason;
}
