/* Servers before the chain of testvectors/onchain/world.tsv, in memory: honest, but for the lies of a row. */
#ifndef VERIFY_TEST_WORLD_H
#define VERIFY_TEST_WORLD_H

#include "test/support.h"
#include "verify/onchain.h"

#define WORLD_CHAIN 31337
#define WORLD_TIME 1767434400 /* of its block */
#define WORLD_LIES_MAX 6

/* What stands in for an honest answer. */
struct lie {
	enum answer_kind answer; /* ANSWER_NONE: no lie, the list ends */
	enum question_kind kind;
	int server; /* 0, 1, ...; EVERYBODY */
	/* Of a call its selector in hex; of others whose address it is about: outer, outer-impl, inner,
	 * inner-impl. NULL: any. */
	const char *about;
	/* Hex; "@LABEL ROLE": the address of a contract, in a word; "flip": the honest answer with a bit of a
	 * node turned; "json TEXT". NULL: nothing. */
	const char *value;
};
#define EVERYBODY (-1)

/* One case. */
struct scene {
	const char *name;
	const char *instance; /* of the world; also the family, but for `family` */
	const char *family;
	const char *image;     /* "A", "B", "debug"; NULL: "A" */
	bool hash_alone;       /* the registers are not known */
	size_t n_servers;      /* 0: two */
	size_t n_down;         /* of these, that give no block */
	const char *blocks[3]; /* by server; NULL: "home" */
	size_t quorum;
	enum block_choice block;     /* a hash: that of "home" */
	const char *strength;        /* NULL: agreed */
	const char *inner;           /* "@LABEL ROLE" */
	const char *pins[CODE_PINS]; /* "@LABEL ROLE": the code of that contract; hex */
	const char *signer;
	uint8_t service;
	bool recorded;
	int64_t age;             /* of the block when it is judged */
	int64_t max_block_age_s; /* 0: not given */
	uint64_t chain_id;       /* of the last server; 0: the right one */
	struct lie lies[WORLD_LIES_MAX];
	const char *check; /* the one that tells; those before it pass or are skipped */
	enum status status;
	enum reason reason;   /* REASON_OK for a pass */
	const char *got;      /* the strength of a pass */
	const char *sentence; /* must be part of the message; NULL: any */
};

struct world;
struct world *world_read(void);
void world_free(struct world *world);

/* What the scene asks for. `pcrs` is written to. */
void world_expect(const struct world *world, const struct scene *scene,
		  struct onchain_policy *policy, struct onchain_subject *subject,
		  struct pcrs *pcrs);

/* Collects as a collector does, until nothing more is asked. Of a scene that is recorded the dossier has
 * been written and read. */
struct dossier *world_collect(const struct world *world, const struct scene *scene,
			      const struct onchain_policy *policy,
			      const struct onchain_subject *subject);

/* The text of a block: "home", "london", "other". */
struct span world_block(const struct world *world, const char *name);

/* "@LABEL ROLE" */
void world_address(const struct world *world, const char *name,
		   uint8_t ret[static DOSSIER_ADDRESS_LEN]);

#endif
