#include "rebuild/lock.h"

#include <stdlib.h>
#include <string.h>

#include "rebuild/recipe.h"
#include "verify/basenc.h"
#include "verify/digest.h"

static const char *text_of(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* Fills in one node. A node without `locked` is left with no type. */
static void read_input(const cJSON *node, struct lock_input *ret)
{
	const cJSON *locked = cJSON_GetObjectItemCaseSensitive(node, "locked");

	*ret = (struct lock_input){
		.name = node->string,
		.type = text_of(locked, "type"),
		.rev = text_of(locked, "rev"),
		.nar_hash = text_of(locked, "narHash"),
		.url = text_of(locked, "url"),
		.owner = text_of(locked, "owner"),
		.repo = text_of(locked, "repo"),
	};
}

/* Inputs are names of nodes, or lists: the way to another's input. */
static bool count_follows(const cJSON *node, struct lock *lock)
{
	const cJSON *inputs = cJSON_GetObjectItemCaseSensitive(node, "inputs");
	const cJSON *input;

	if (inputs == NULL)
		return true;
	if (!cJSON_IsObject(inputs))
		return false;
	cJSON_ArrayForEach(input, inputs)
	{
		if (cJSON_IsArray(input))
			lock->n_follows++;
		else if (!cJSON_IsString(input))
			return false;
	}
	return true;
}

/* The node behind an input of the root, or NULL. */
static const cJSON *node_of(const cJSON *nodes, const cJSON *root, const char *input)
{
	const cJSON *inputs = cJSON_GetObjectItemCaseSensitive(root, "inputs");
	const char *name = text_of(inputs, input);

	return name == NULL ? NULL : cJSON_GetObjectItemCaseSensitive(nodes, name);
}

/* nix-enclaver was released, and its PCRs published, with its own nixpkgs. */
static bool is_overridden(const cJSON *nodes, const cJSON *root)
{
	const cJSON *enclaver = node_of(nodes, root, "nix-enclaver");
	const cJSON *inputs = cJSON_GetObjectItemCaseSensitive(enclaver, "inputs");
	const cJSON *own = cJSON_GetObjectItemCaseSensitive(inputs, "nixpkgs");
	const cJSON *of_root = cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(root, "inputs"), "nixpkgs");

	if (cJSON_IsArray(own))
		return true;
	return cJSON_IsString(own) && cJSON_IsString(of_root) &&
	       strcmp(own->valuestring, of_root->valuestring) == 0;
}

static enum reason read_nodes(struct lock *lock)
{
	const cJSON *nodes = cJSON_GetObjectItemCaseSensitive(lock->tree, "nodes");
	const cJSON *version = cJSON_GetObjectItemCaseSensitive(lock->tree, "version");
	const char *root = text_of(lock->tree, "root");
	const cJSON *node;

	if (!cJSON_IsObject(nodes) || !cJSON_IsNumber(version) || version->valuedouble < 5 ||
	    version->valuedouble > 7 || root == NULL)
		return REASON_LOCK_SHAPE;
	const cJSON *top = cJSON_GetObjectItemCaseSensitive(nodes, root);
	int n = cJSON_GetArraySize(nodes);
	if (!cJSON_IsObject(top) || n > LOCK_NODES_MAX)
		return REASON_LOCK_SHAPE;
	lock->inputs = calloc((size_t)n, sizeof(lock->inputs[0]));
	if (lock->inputs == NULL)
		return REASON_OUT_OF_MEMORY;
	cJSON_ArrayForEach(node, nodes)
	{
		if (!cJSON_IsObject(node) || !count_follows(node, lock))
			return REASON_LOCK_SHAPE;
		if (node != top)
			read_input(node, &lock->inputs[lock->n++]);
	}
	lock->enclaver_overridden = is_overridden(nodes, top);
	return REASON_OK;
}

enum reason lock_read(struct span text, struct lock *ret, struct json_place *reterr_place)
{
	struct lock lock = { .tree = NULL };

	enum reason reason = json_read(text, &lock.tree, reterr_place);
	if (reason != REASON_OK)
		return reason;
	*reterr_place = (struct json_place){ 0, 0 };
	reason = cJSON_IsObject(lock.tree) ? read_nodes(&lock) : REASON_LOCK_SHAPE;
	if (reason == REASON_OK)
		*ret = lock;
	else
		lock_done(&lock);
	return reason;
}

void lock_done(struct lock *lock)
{
	cJSON_Delete(lock->tree);
	free(lock->inputs);
	*lock = (struct lock){ .tree = NULL };
}

/* sha256- and the base64 of 32 bytes; anything else is REASON_LOCK_UNPINNED. */
static enum reason judge_nar_hash(const char *text)
{
	struct span rest = span_of_text(text);
	struct span head;
	struct buf bytes = { 0 };

	if (!span_take(&rest, 7, &head) || !span_equal(head, SPAN_LITERAL("sha256-")))
		return REASON_LOCK_UNPINNED;
	enum reason reason = base64_decode(rest, &bytes);
	if (reason != REASON_OUT_OF_MEMORY)
		reason = reason == REASON_OK && bytes.len == DIGEST_SHA256_LEN ?
				 REASON_OK :
				 REASON_LOCK_UNPINNED;
	buf_done(&bytes);
	return reason;
}

static bool names_repository(const char *type)
{
	static const char *const types[] = { "git",       "github",    "gitlab",
					     "sourcehut", "mercurial", "hg" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i], type) == 0)
			return true;
	}
	return false;
}

static enum reason judge_input(const struct lock_input *input)
{
	if (input->type == NULL)
		return REASON_LOCK_UNPINNED;
	if (strcmp(input->type, "path") == 0)
		return REASON_LOCK_PATH;
	if (strcmp(input->type, "indirect") == 0)
		return REASON_LOCK_INDIRECT;
	/* a tarball may have both, too: then it says which commit it is said to hold */
	if (!names_repository(input->type) && strcmp(input->type, "tarball") != 0)
		return REASON_LOCK_TYPE;
	if (input->rev == NULL || !recipe_is_full_commit(span_of_text(input->rev)) ||
	    input->nar_hash == NULL)
		return REASON_LOCK_UNPINNED;
	enum reason reason = judge_nar_hash(input->nar_hash);
	if (reason != REASON_OK)
		return reason;
	/* git over a path is as the path */
	if (input->url != NULL && (strncmp(input->url, "file:", 5) == 0 || input->url[0] == '.'))
		return strncmp(input->url, "file:///", 8) == 0 ? REASON_OK : REASON_LOCK_PATH;
	return REASON_OK;
}

enum reason lock_judge(const struct lock *lock, const struct lock_input **reterr)
{
	for (size_t i = 0; i < lock->n; i++) {
		enum reason reason = judge_input(&lock->inputs[i]);
		if (reason != REASON_OK) {
			*reterr = reason == REASON_OUT_OF_MEMORY ? NULL : &lock->inputs[i];
			return reason;
		}
	}
	*reterr = NULL;
	return lock->enclaver_overridden ? REASON_LOCK_OVERRIDDEN : REASON_OK;
}
