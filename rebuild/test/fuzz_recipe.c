/* What decides where a rebuild begins. The first byte chooses: l a flake.lock, and the statement that is written of
 * it; r the name of a repository; otherwise a recipe. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rebuild/lock.h"
#include "rebuild/provenance.h"
#include "rebuild/recipe.h"
#include "verify/statement.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

static bool same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool is_plain(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < ' ' || *text > '~')
			return false;
	}
	return true;
}

/* What would leave the working tree, or reach into git's folder. */
static bool leads_out(const char *path)
{
	return path[0] == '/' || strstr(path, "..") == path || strstr(path, "/../") != NULL ||
	       strncmp(path, ".git/", 5) == 0 || strcmp(path, ".git") == 0;
}

static void check_values(const struct recipe *recipe)
{
	const char *const texts[] = { recipe->name,      recipe->repository, recipe->commit,
				      recipe->attribute, recipe->eif,        recipe->pcrs };
	struct recipe_fault fault;
	enum repository_kind kind;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		demand(texts[i] != NULL && is_plain(texts[i]) && texts[i][0] != '\0',
		       "an odd text");
	demand(recipe->repository[0] != '-' && recipe->commit[0] != '-' &&
		       recipe->attribute[0] != '-' &&
		       (recipe->image == NULL || recipe->image[0] != '-'),
	       "a word that could be taken for an option");
	demand(repository_read(span_of_text(recipe->repository), &kind) == REASON_OK &&
		       kind == recipe->repository_kind,
	       "an odd repository");
	demand(!leads_out(recipe->eif) && !leads_out(recipe->pcrs), "a path that leads out");
	for (size_t i = 0; i < recipe->n_files; i++)
		demand(recipe->files[i].path[0] == '/' && !leads_out(recipe->files[i].stage),
		       "a file that leads out");
	demand(recipe->image == NULL || (recipe->platform != NULL && is_plain(recipe->image)),
	       "half an image");
	demand(!pcrs_has(&recipe->expected, 0) || !span_is_zero(pcrs_get(&recipe->expected, 0)),
	       "a zero PCR0");
	if (recipe_pinned(recipe, &fault) == REASON_OK)
		demand(recipe_is_full_commit(span_of_text(recipe->commit)) &&
			       (recipe->image == NULL || strstr(recipe->image, "sha256:") != NULL ||
				strncmp(recipe->image, "docker-archive:", 15) == 0),
		       "pinned, and is not");
}

static void check_same(const struct recipe *a, const struct recipe *b)
{
	demand(same(a->name, b->name) && same(a->repository, b->repository) &&
		       same(a->commit, b->commit) && same(a->image, b->image) &&
		       same(a->platform, b->platform) && same(a->attribute, b->attribute) &&
		       same(a->eif, b->eif) && same(a->pcrs, b->pcrs),
	       "another text");
	demand(a->require_signed == b->require_signed && a->independent == b->independent &&
		       a->n_files == b->n_files && a->n_also == b->n_also &&
		       a->has_enclave_hash == b->has_enclave_hash &&
		       (a->onchain == NULL) == (b->onchain == NULL) &&
		       (a->enclave == NULL) == (b->enclave == NULL),
	       "another recipe");
	demand(memcmp(&a->expected, &b->expected, sizeof(a->expected)) == 0 &&
		       memcmp(a->enclave_hash, b->enclave_hash, sizeof(a->enclave_hash)) == 0,
	       "another expectation");
	for (size_t i = 0; i < a->n_files; i++)
		demand(same(a->files[i].path, b->files[i].path) &&
			       same(a->files[i].stage, b->files[i].stage) &&
			       a->files[i].has_sha256 == b->files[i].has_sha256,
		       "another file");
}

/* What was read and printed is read as the same, also with options that say what it says already. */
static void check_recipe(struct span text)
{
	struct recipe first = { .name = NULL };
	struct recipe again = { .name = NULL };
	struct recipe_fault fault;
	struct buf printed = { 0 };
	struct buf twice = { 0 };

	if (recipe_read(text, &first, &fault) != REASON_OK) {
		demand(memchr(fault.key, '\0', sizeof(fault.key)) != NULL, "a key without an end");
		return;
	}
	check_values(&first);
	demand(recipe_print(&first, &printed) == REASON_OK, "it is not printed");
	demand(recipe_read(buf_span(&printed), &again, &fault) == REASON_OK,
	       "it is not read again");
	check_same(&first, &again);
	demand(recipe_override(&again, RECIPE_COMMIT, first.commit) == REASON_OK &&
		       recipe_override(&again, RECIPE_ATTRIBUTE, first.attribute) == REASON_OK &&
		       (first.image == NULL ||
			recipe_override(&again, RECIPE_IMAGE, first.image) == REASON_OK),
	       "its own words are refused");
	check_same(&first, &again);
	demand(recipe_print(&again, &twice) == REASON_OK && twice.len == printed.len &&
		       memcmp(twice.at, printed.at, twice.len) == 0,
	       "printed otherwise");
	buf_done(&printed);
	buf_done(&twice);
	recipe_done(&first);
	recipe_done(&again);
}

/* A lock in order can be stated: what is written of it is read, with nothing lost. */
static void check_statement(const struct lock *lock)
{
	struct provenance_lock locks[64];
	struct pcrs pcrs = { .present = 0 };
	uint8_t value[PCR_LEN];
	struct statement statement;
	struct json_place place;
	struct buf out = { 0 };

	if (lock->n > sizeof(locks) / sizeof(locks[0]))
		return;
	memset(value, 1, sizeof(value));
	for (unsigned i = 0; i < 3; i++)
		pcrs_set(&pcrs, i, value);
	for (size_t i = 0; i < lock->n; i++)
		locks[i] = (struct provenance_lock){ lock->inputs[i].name, lock->inputs[i].rev,
						     lock->inputs[i].nar_hash };
	const struct provenance_facts facts = {
		.pcrs = &pcrs,
		.repository = "https://git.example/a",
		.commit = COMMIT,
		.attribute = "a",
		.locks = locks,
		.n_locks = lock->n,
		.builder = "https://builder.example/",
		.version = "1",
	};
	demand(provenance_write(&facts, &out) == REASON_OK, "a lock in order is not stated");
	demand(statement_read(buf_span(&out), &statement, &place) == REASON_OK, "it is not read");
	demand(!statement.has_image && !statement.compared && pcrs_has(&statement.pcrs, 0),
	       "it says more");
	statement_done(&statement);
	buf_done(&out);
}

static void check_lock(struct span text)
{
	const struct lock_input *at = NULL;
	struct json_place place;
	struct lock lock;

	if (lock_read(text, &lock, &place) != REASON_OK)
		return;
	demand(lock.n <= LOCK_NODES_MAX, "too many inputs");
	enum reason reason = lock_judge(&lock, &at);
	if (reason == REASON_OK) {
		for (size_t i = 0; i < lock.n; i++)
			demand(lock.inputs[i].name != NULL &&
				       recipe_is_full_commit(span_of_text(lock.inputs[i].rev)) &&
				       strncmp(lock.inputs[i].nar_hash, "sha256-", 7) == 0 &&
				       strcmp(lock.inputs[i].type, "path") != 0,
			       "an input that is not fixed");
		check_statement(&lock);
	} else {
		demand((at == NULL) == (reason == REASON_LOCK_OVERRIDDEN), "no input is named");
	}
	lock_done(&lock);
}

static void check_repository(struct span text)
{
	enum repository_kind kind;

	if (repository_read(text, &kind) != REASON_OK)
		return;
	demand(text.len <= REPOSITORY_MAX && text.at[0] != '-' && text.at[0] != '/' &&
		       memchr(text.at, ' ', text.len) == NULL &&
		       memchr(text.at, '\0', text.len) == NULL &&
		       memchr(text.at, '\n', text.len) == NULL,
	       "an odd byte");
	/* behind the //, as the beginning of a host or behind its user */
	size_t at = 0;
	while (at + 1 < text.len && memcmp(text.at + at, "//", 2) != 0)
		at++;
	for (at++; at + 1 < text.len && text.at[at + 1] != '/'; at++)
		demand(text.at[at + 1] != '-' || (text.at[at] != '/' && text.at[at] != '@'),
		       "a host like an option");
	for (size_t i = 0; i + 1 < text.len; i++)
		demand(memcmp(text.at + i, "::", 2) != 0, "a helper");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { data, size };
	struct span kind;

	if (!span_take(&text, 1, &kind) || text.len == 0)
		return 0;
	if (kind.at[0] == 'l')
		check_lock(text);
	else if (kind.at[0] == 'r')
		check_repository(text);
	else
		check_recipe(text);
	return 0;
}
