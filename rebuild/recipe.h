/* A recipe: what is to be rebuilt, out of what, and what must come of it. Strict JSON, schema 1:
 *
 *   {"schema": 1, "name": "...",
 *    "source":  {"repository", "commit", "require_signed"},
 *    "image":   {"reference", "platform", "files": [{"path", "stage", "sha256"}]},
 *    "build":   {"attribute", "eif", "pcrs", "also", "independent"},
 *    "expect":  {"pcr0", "pcr1", "pcr2", "enclave_hash"},
 *    "onchain": {...}, "enclave": {...}}
 *
 * Required are schema, name, source.repository, source.commit, build.attribute, build.eif; inside
 * image reference and platform; in each of files path and stage. Everything else may be left out or
 * null. Unknown and doubled keys are refused, every string is printable ASCII. */
#ifndef REBUILD_RECIPE_H
#define REBUILD_RECIPE_H

#include <cjson/cJSON.h>

#include "rebuild/repository.h"
#include "verify/digest.h"
#include "verify/json.h"
#include "verify/pcr.h"

#define RECIPE_FILES_MAX 16
#define RECIPE_ALSO_MAX 16

/* One file of the image that the build takes. */
struct recipe_file {
	const char *path;  /* in the image, absolute */
	const char *stage; /* in the working tree, relative, without . and .. and .git */
	bool has_sha256;
	uint8_t sha256[DIGEST_SHA256_LEN];
};

/* Strings are the tree's or, overridden, the caller's. */
struct recipe {
	const char *name;
	const char *repository;
	enum repository_kind repository_kind;
	const char *commit; /* full, or not: see recipe_pinned */
	bool require_signed;
	const char *image; /* the reference; NULL: the recipe has no image */
	const char *platform;
	struct recipe_file files[RECIPE_FILES_MAX];
	size_t n_files;
	const char *attribute;
	const char *eif;                   /* name in the output of the build, relative */
	const char *pcrs;                  /* likewise, "pcr.json" by default */
	const char *also[RECIPE_ALSO_MAX]; /* further attributes */
	size_t n_also;
	bool independent;
	struct pcrs expected; /* 0, 1, 2, those that are given */
	bool has_enclave_hash;
	uint8_t enclave_hash[KECCAK_LEN];
	const cJSON
		*onchain; /* NULL: none. Its keys are known ones, its values scalars or lists of */
	const cJSON *enclave; /* strings; what they mean is judged elsewhere */
	cJSON *tree;
};

/* What is wrong: of which key, and where in the text ({0, 0}: nowhere in particular). */
#define RECIPE_KEY_MAX 64
struct recipe_fault {
	struct json_place place;
	char key[RECIPE_KEY_MAX]; /* "source.commit", "image.files[0].path"; "" for the text as a whole */
};

/* Reads a recipe. On success end it with recipe_done.
 * The reasons of json_read; REASON_RECIPE_SHAPE (not an object; a value of another kind), _UNKNOWN
 * (key), _MISSING, _SCHEMA, _TEXT (a string that is not 1 to 4096 printable ASCII characters), _NAME,
 * _COMMIT, _IMAGE, _PLATFORM, _PATH, _ATTRIBUTE, _DIGEST, _PCR, _ZERO, _TOO_MANY, _STAGE_TWICE;
 * REASON_REPOSITORY; REASON_OUT_OF_MEMORY. */
enum reason recipe_read(struct span text, struct recipe *ret,
			struct recipe_fault *reterr) MUST_CHECK;

void recipe_done(struct recipe *recipe);

enum recipe_field {
	RECIPE_COMMIT,
	RECIPE_IMAGE,
	RECIPE_ATTRIBUTE,
	RECIPE_PCR0,
	RECIPE_INDEPENDENT,   /* `value` is not used: it becomes true */
	RECIPE_REQUIRE_SIGNED /* likewise */
};

/* Puts what an option says in the place of what the recipe says, by the same rules. `value` must outlive the recipe.
 * The reasons of recipe_read; REASON_RECIPE_NO_IMAGE. */
enum reason recipe_override(struct recipe *recipe, enum recipe_field field,
			    const char *value) MUST_CHECK;

/* Whether it names fixed things only: a full commit (40 or 64 lower-case hex digits) and an image by
 * digest or in a file. REASON_RECIPE_NOT_PINNED with the key. */
enum reason recipe_pinned(const struct recipe *recipe, struct recipe_fault *reterr) MUST_CHECK;

/* True for 40 or 64 lower-case hex digits. */
bool recipe_is_full_commit(struct span commit);

/* Anything at all to compare the result with? */
bool recipe_expects(const struct recipe *recipe);

/* Appends the recipe as it is now, overrides included, as JSON to keep. REASON_OUT_OF_MEMORY. */
enum reason recipe_print(const struct recipe *recipe, struct buf *out) MUST_CHECK;

#endif
