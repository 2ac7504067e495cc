#include "attest/pool.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct pool {
	const struct pool_work *work;
	int ended; /* an eventfd: something was finished */
	pthread_mutex_t mutex;
	/* under the mutex */
	size_t n;         /* items to be begun; cut to `begun` when it is to stop */
	size_t begun;     /* items taken so far */
	size_t *finished; /* their numbers, in the order in which they ended */
	size_t n_finished;
};

static bool take(struct pool *pool, size_t *ret)
{
	(void)pthread_mutex_lock(&pool->mutex);
	bool more = pool->begun < pool->n;
	if (more)
		*ret = pool->begun++;
	(void)pthread_mutex_unlock(&pool->mutex);
	return more;
}

static void finish(struct pool *pool, size_t i)
{
	static const uint64_t one = 1;

	(void)pthread_mutex_lock(&pool->mutex);
	pool->finished[pool->n_finished++] = i;
	(void)pthread_mutex_unlock(&pool->mutex);
	/* an eventfd takes any number of these without waiting */
	while (write(pool->ended, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void *run_thread(void *context)
{
	struct pool *pool = context;
	size_t i;

	while (take(pool, &i)) {
		pool->work->work(pool->work->context, i);
		finish(pool, i);
	}
	return NULL;
}

static void stop(struct pool *pool)
{
	(void)pthread_mutex_lock(&pool->mutex);
	pool->n = pool->begun;
	(void)pthread_mutex_unlock(&pool->mutex);
}

/* The next finished item that was not told of; false: none. *ret_all: and none will come. */
static bool next_finished(struct pool *pool, size_t told, size_t *ret, bool *ret_all)
{
	(void)pthread_mutex_lock(&pool->mutex);
	bool found = told < pool->n_finished;
	if (found)
		*ret = pool->finished[told];
	*ret_all = !found && pool->n_finished == pool->n;
	(void)pthread_mutex_unlock(&pool->mutex);
	return found;
}

/* Waits until something was finished, or the caller is wanted. */
static void wait_for_news(struct pool *pool)
{
	const struct pool_work *work = pool->work;
	struct pollfd fds[] = { { pool->ended, POLLIN, 0 }, { work->interrupt_fd, POLLIN, 0 } };
	uint64_t count;

	if (poll(fds, 2, -1) <= 0)
		return;
	if (fds[0].revents != 0)
		(void)(read(pool->ended, &count, sizeof(count)) < 0);
	if (fds[1].revents != 0 && !work->interrupted(work->context))
		stop(pool);
}

/* Tells of every item that was begun, each once. */
static void tell(struct pool *pool)
{
	const struct pool_work *work = pool->work;
	bool all = false;
	size_t told = 0;
	size_t i;

	while (!all) {
		if (!next_finished(pool, told, &i, &all)) {
			if (!all)
				wait_for_news(pool);
			continue;
		}
		told++;
		if (work->done != NULL && !work->done(work->context, i))
			stop(pool);
	}
}

/* Where there is one thread: the caller's. */
static bool run_alone(const struct pool_work *work, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct pollfd fd = { work->interrupt_fd, POLLIN, 0 };
		if (work->interrupt_fd >= 0 && poll(&fd, 1, 0) > 0 &&
		    !work->interrupted(work->context))
			return false;
		work->work(work->context, i);
		if (work->done != NULL && !work->done(work->context, i))
			return i + 1 == n;
	}
	return true;
}

static size_t start_threads(struct pool *pool, pthread_t *threads, size_t jobs)
{
	size_t started = 0;

	while (started < jobs && pthread_create(&threads[started], NULL, run_thread, pool) == 0)
		started++;
	return started;
}

bool pool_run(const struct pool_work *work, size_t n, size_t jobs)
{
	struct pool pool = { .work = work, .ended = -1, .n = n };
	pthread_t threads[POOL_JOBS_MAX];
	size_t started = 0;

	jobs = jobs < POOL_JOBS_MAX ? jobs : POOL_JOBS_MAX;
	jobs = jobs < n ? jobs : n;
	if (n == 0)
		return true;
	/* one thread beside the caller's, where the caller is to be interrupted */
	if (jobs > 1 || work->interrupt_fd >= 0) {
		pool.finished = calloc(n, sizeof(pool.finished[0]));
		pool.ended = eventfd(0, EFD_CLOEXEC);
	}
	if (pool.finished != NULL && pool.ended >= 0 &&
	    pthread_mutex_init(&pool.mutex, NULL) == 0) {
		started = start_threads(&pool, threads, jobs);
		if (started > 0)
			tell(&pool);
		for (size_t i = 0; i < started; i++)
			(void)pthread_join(threads[i], NULL);
		(void)pthread_mutex_destroy(&pool.mutex);
	}
	bool all = started > 0 ? pool.begun == n : run_alone(work, n);
	if (pool.ended >= 0)
		(void)close(pool.ended);
	free(pool.finished);
	return all;
}
