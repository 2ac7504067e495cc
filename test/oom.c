#include "test/oom.h"

#include <cjson/cJSON.h>
#include <stdatomic.h>
#include <stdlib.h>

/* atomic: some of our code allocates in two threads */
static struct {
	atomic_bool armed;
	atomic_size_t count; /* allocations since it was armed */
	size_t fail_at;      /* the first that fails, counted from 1 */
	bool go_on;          /* all later ones fail as well */
	atomic_bool failed;
} oom;

void oom_arm(size_t fail_at, bool go_on)
{
	atomic_store(&oom.count, 0);
	oom.fail_at = fail_at;
	oom.go_on = go_on;
	atomic_store(&oom.failed, false);
	atomic_store(&oom.armed, true);
}

void oom_disarm(void)
{
	atomic_store(&oom.armed, false);
}

void oom_pause(void)
{
	atomic_store(&oom.armed, false);
}

void oom_resume(void)
{
	atomic_store(&oom.armed, true);
}

size_t oom_count(void)
{
	return atomic_load(&oom.count);
}

bool oom_failed(void)
{
	return atomic_load(&oom.failed);
}

static bool fails(void)
{
	if (!atomic_load(&oom.armed))
		return false;
	size_t n = atomic_fetch_add(&oom.count, 1) + 1;
	if (n != oom.fail_at && !(oom.go_on && n > oom.fail_at))
		return false;
	atomic_store(&oom.failed, true);
	return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

static void *cjson_malloc(size_t size)
{
	return malloc(size);
}

static void cjson_free(void *memory)
{
	free(memory);
}

void oom_for_cjson(void)
{
	cJSON_Hooks hooks = { cjson_malloc, cjson_free };

	cJSON_InitHooks(&hooks);
}
