#include "verify/test/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify/basenc.h"
#include "verify/ethhex.h"
#include "verify/test/onchain.h"

#define FACTS_MAX 1200
#define ROUNDS_MAX 40

enum { INSTANCE, KIND, ADDRESS, DATA, ANSWER, COLUMNS };

struct world {
	struct buf file;
	size_t n;
	struct span facts[FACTS_MAX][COLUMNS];
};

struct world *world_read(void)
{
	struct world *world = calloc(1, sizeof(*world));
	struct span text;

	ck_assert_ptr_nonnull(world);
	onchain_table("world", &world->file, &text);
	while (support_row(&text, world->facts[world->n], COLUMNS))
		ck_assert(++world->n < FACTS_MAX);
	ck_assert(world->n > 100);
	return world;
}

void world_free(struct world *world)
{
	buf_done(&world->file);
	free(world);
}

/* The fact of this kind about this instance; of no instance the one whose answer begins with `name`. */
static const struct span *find(const struct world *world, struct span instance, const char *kind,
			       const char *name)
{
	for (size_t i = 0; i < world->n; i++) {
		const struct span *fact = world->facts[i];
		struct span answer = fact[ANSWER];
		struct span begin;

		if (span_equal(fact[KIND], span_of_text(kind)) &&
		    span_equal(fact[INSTANCE], instance) &&
		    (name == NULL || (span_take(&answer, strlen(name), &begin) &&
				      span_equal(begin, span_of_text(name)))))
			return fact;
	}
	ck_abort_msg("world.tsv has no %s of %.*s %s", kind, (int)instance.len,
		     (const char *)instance.at, name != NULL ? name : "");
	return NULL;
}

/* What stands behind "NAME " in the answer of a fact of no instance. */
static struct span told(const struct world *world, const char *kind, const char *name)
{
	struct span answer = find(world, SPAN_LITERAL("-"), kind, name)[ANSWER];
	struct span begin;

	ck_assert(span_take(&answer, strlen(name) + 1, &begin));
	return answer;
}

struct span world_block(const struct world *world, const char *name)
{
	return told(world, "block", name);
}

void world_address(const struct world *world, const char *name,
		   uint8_t ret[static DOSSIER_ADDRESS_LEN])
{
	const char *blank = strchr(name, ' ');

	ck_assert_msg(name[0] == '@' && blank != NULL, "%s", name);
	const struct span label = { (const uint8_t *)name + 1, (size_t)(blank - name) - 1 };
	onchain_fixed(find(world, label, blank + 1, NULL)[ADDRESS], ret, DOSSIER_ADDRESS_LEN);
}

/* Whether the question is about what the lie names. */
static bool is_about(const struct world *world, const struct scene *scene, const struct lie *lie,
		     const struct question *question)
{
	uint8_t address[DOSSIER_ADDRESS_LEN];
	char name[64];

	if (lie->kind != question->kind)
		return false;
	if (lie->about == NULL)
		return true;
	if (lie->kind == QUESTION_CALL) {
		struct buf selector = support_hex(lie->about);
		const bool ok = question->data.len >= selector.len &&
				memcmp(question->data.at, selector.at, selector.len) == 0;
		buf_done(&selector);
		return ok;
	}
	if (lie->about[0] == '@')
		(void)snprintf(name, sizeof(name), "%s", lie->about);
	else
		(void)snprintf(name, sizeof(name), "@%s %s", scene->instance, lie->about);
	world_address(world, name, address);
	return memcmp(address, question->address, sizeof(address)) == 0;
}

static const char *const kinds[] = {
	[QUESTION_CALL] = "call",       [QUESTION_CODE] = "code", [QUESTION_PROOF] = "proof",
	[QUESTION_STORAGE] = "storage", [QUESTION_LOGS] = "logs",
};

/* The honest answer. */
static void tell(const struct world *world, const struct question *question, struct answer *ret)
{
	struct buf address = { 0 };
	struct buf data = { 0 };

	hex_encode(&address, SPAN_OF(question->address));
	hex_encode(&data, buf_span(&question->data));
	if (data.len == 0)
		buf_text(&data, "-");
	ret->kind = ANSWER_NONE;
	for (size_t i = 0; i < world->n && ret->kind == ANSWER_NONE; i++) {
		const struct span *fact = world->facts[i];
		struct span value = fact[ANSWER];
		struct span prefix;

		if (!span_equal(fact[KIND], span_of_text(kinds[question->kind])) ||
		    !span_equal(fact[ADDRESS], buf_span(&address)) ||
		    !span_equal(fact[DATA], buf_span(&data)))
			continue;
		ret->kind = ANSWER_VALUE;
		if (question->kind == QUESTION_PROOF || question->kind == QUESTION_LOGS) {
			buf_add(&ret->value, value);
		} else if (span_equal(value, SPAN_LITERAL("revert"))) {
			ret->kind = ANSWER_REVERTED;
		} else {
			ck_assert(span_take(&value, 2, &prefix));
			EXPECT_REASON("world", hex_decode(value, &ret->value), REASON_OK);
		}
	}
	ck_assert_msg(ret->kind != ANSWER_NONE, "a question that nobody should ask: %s %.*s %.*s",
		      kinds[question->kind], (int)address.len, (const char *)address.at,
		      (int)data.len, (const char *)data.at);
	buf_done(&address);
	buf_done(&data);
}

/* Turns a bit of the first node. */
static void flip(struct answer *answer)
{
	char *text = buf_take_text(&answer->value);
	char *node = strstr(text, "\"accountProof\":[\"0x");

	ck_assert_ptr_nonnull(node);
	node += strlen("\"accountProof\":[\"0x") + 20;
	*node = *node == '0' ? '1' : '0';
	buf_text(&answer->value, text);
	free(text);
}

static void deceive(const struct world *world, const struct lie *lie,
		    const struct question *question, struct answer *ret)
{
	uint8_t word[DOSSIER_WORD_LEN] = { 0 };

	ret->kind = lie->answer;
	ret->reason = REASON_QUORUM_NOT_REACHED;
	if (lie->value == NULL)
		return;
	if (strcmp(lie->value, "flip") == 0) {
		tell(world, question, ret);
		flip(ret);
	} else if (strncmp(lie->value, "json ", 5) == 0) {
		buf_text(&ret->value, lie->value + 5);
	} else if (lie->value[0] == '@') {
		world_address(world, lie->value, word + DOSSIER_WORD_LEN - DOSSIER_ADDRESS_LEN);
		buf_add(&ret->value, SPAN_OF(word));
	} else {
		struct buf bytes = support_hex(lie->value);
		buf_add(&ret->value, buf_span(&bytes));
		buf_done(&bytes);
	}
}

static void answer(const struct world *world, const struct scene *scene, int server,
		   const struct question *question, struct answer *ret)
{
	for (size_t i = 0; i < WORLD_LIES_MAX && scene->lies[i].answer != ANSWER_NONE; i++) {
		const struct lie *lie = &scene->lies[i];

		if ((lie->server == EVERYBODY || lie->server == server) &&
		    is_about(world, scene, lie, question)) {
			deceive(world, lie, question, ret);
			return;
		}
	}
	tell(world, question, ret);
}

static void expect_pin(const struct world *world, const char *pin, uint8_t ret[static KECCAK_LEN])
{
	uint8_t address[DOSSIER_ADDRESS_LEN];
	struct question question = { .kind = QUESTION_CODE };
	struct answer code = { .kind = ANSWER_NONE };

	if (pin[0] != '@') {
		onchain_fixed(span_of_text(pin), ret, KECCAK_LEN);
		return;
	}
	world_address(world, pin, address);
	memcpy(question.address, address, sizeof(address));
	tell(world, &question, &code);
	keccak_256(buf_span(&code.value), ret);
	buf_done(&code.value);
}

static void expect_subject(const struct world *world, const struct scene *scene,
			   const struct onchain_policy *policy, struct onchain_subject *subject,
			   struct pcrs *pcrs)
{
	uint8_t values[3 * PCR_LEN];
	const char *image = scene->image != NULL ? scene->image : "A";

	*subject = (struct onchain_subject){ .has_key = true };
	onchain_fixed(told(world, "image", image), values, sizeof(values));
	*pcrs = (struct pcrs){ 0 };
	for (unsigned i = 0; i < 3; i++)
		pcrs_set(pcrs, i, values + (size_t)i * PCR_LEN);
	EXPECT_REASON(scene->name, registry_key(policy->row.rule, pcrs, subject->key), REASON_OK);
	if (!scene->hash_alone)
		subject->pcrs = pcrs;
	if (scene->signer != NULL) {
		subject->has_signer = true;
		onchain_fixed(find(world, SPAN_LITERAL("-"), "signer", scene->signer)[ADDRESS],
			      subject->signer, DOSSIER_ADDRESS_LEN);
	}
}

/* The rows of world.tsv that belong to the generic family. */
static void expect_generic(const struct scene *scene, struct registry_row *row)
{
	static const struct {
		const char *instance;
		uint32_t selector;
		enum registry_value value;
		enum hash_rule rule;
		uint8_t slot;
	} generics[] = {
		{ "generic-bool", 0x1914f447, VALUE_BOOL, HASH_SHA256_PCR0, 7 },
		{ "generic-bytes32", 0xf3ccaac0, VALUE_BYTES32, HASH_KECCAK_PCR0, 5 },
		{ "generic-bare", 0x1914f447, VALUE_BOOL, HASH_KECCAK_PCR0, 0 },
	};

	for (size_t i = 0; i < sizeof(generics) / sizeof(generics[0]); i++) {
		if (strcmp(scene->instance, generics[i].instance) != 0)
			continue;
		row->query.selector = generics[i].selector;
		row->query.args = generics[i].value == VALUE_BOOL ? ARGS_KEY : ARGS_NONE;
		row->value = generics[i].value;
		row->rule = generics[i].rule;
		row->mapping.known = generics[i].slot != 0;
		row->mapping.base[DOSSIER_WORD_LEN - 1] = generics[i].slot;
	}
}

void world_expect(const struct world *world, const struct scene *scene,
		  struct onchain_policy *policy, struct onchain_subject *subject, struct pcrs *pcrs)
{
	char name[64];
	const struct registry_row *row = registry_find(
		span_of_text(scene->family != NULL ? scene->family : scene->instance));

	onchain_policy_init(policy);
	ck_assert_msg(row != NULL, "%s", scene->name);
	policy->requested = true;
	policy->row = *row;
	expect_generic(scene, &policy->row);
	(void)snprintf(name, sizeof(name), "@%s outer", scene->instance);
	world_address(world, name, policy->address);
	policy->has_service = row->needs_service;
	policy->service = scene->service;
	policy->has_chain_id = true;
	policy->chain_id = WORLD_CHAIN;
	policy->block = scene->block;
	policy->block_number = 0x1406F40;
	cJSON *block = onchain_json(world_block(world, "home"));
	ck_assert(ethhex_fixed(cJSON_GetObjectItemCaseSensitive(block, "hash"), policy->block_hash,
			       KECCAK_LEN));
	cJSON_Delete(block);
	policy->quorum = scene->quorum;
	if (scene->max_block_age_s != 0)
		policy->max_block_age_s = scene->max_block_age_s;
	for (int s = STRENGTH_CLAIMED; scene->strength != NULL && s <= STRENGTH_PROVED; s++) {
		if (strcmp(scene->strength, strength_name((enum strength)s)) == 0)
			policy->min_strength = (enum strength)s;
	}
	policy->has_inner = scene->inner != NULL;
	if (policy->has_inner)
		world_address(world, scene->inner, policy->inner);
	for (size_t i = 0; i < CODE_PINS; i++) {
		policy->has_code_pin[i] = scene->pins[i] != NULL;
		if (policy->has_code_pin[i])
			expect_pin(world, scene->pins[i], policy->code_pin[i]);
	}
	policy->signer = scene->signer != NULL ? SIGNER_ADDRESS : SIGNER_NONE;
	expect_subject(world, scene, policy, subject, pcrs);
}

static void add_servers(const struct world *world, const struct scene *scene,
			struct dossier *dossier)
{
	const size_t n = scene->n_servers != 0 ? scene->n_servers : 2;

	for (size_t i = 0; i < n; i++) {
		char host[32];

		(void)snprintf(host, sizeof(host), "%c.example", (char)('a' + (int)i));
		struct dossier_server *server = dossier_server(dossier, span_of_text(host));
		ck_assert_ptr_nonnull(server);
		if (i >= n - scene->n_down) {
			server->reason = REASON_QUORUM_NOT_REACHED;
			(void)snprintf(server->trouble, sizeof(server->trouble), "out to lunch");
			continue;
		}
		server->usable = true;
		server->has_chain_id = true;
		server->chain_id =
			i == n - 1 && scene->chain_id != 0 ? scene->chain_id : WORLD_CHAIN;
		const char *block = i < 3 && scene->blocks[i] != NULL ? scene->blocks[i] : "home";
		if (block[0] == '{' || block[0] == 'n')
			buf_text(&server->block, block);
		else
			buf_add(&server->block, world_block(world, block));
	}
}

/* As a collector: every usable server each question, for proofs one after the other. */
static void ask(const struct world *world, const struct scene *scene, struct dossier *dossier)
{
	for (size_t q = 0; q < dossier->n_questions; q++) {
		const struct question *question = &dossier->questions[q];

		for (size_t i = 0; i < dossier->n_servers; i++) {
			struct answer *one = &dossier->servers[i].answers[q];

			if (!dossier->servers[i].usable || one->kind != ANSWER_NONE)
				continue;
			answer(world, scene, (int)i, question, one);
			if (question->kind == QUESTION_PROOF)
				break;
		}
	}
}

struct dossier *world_collect(const struct world *world, const struct scene *scene,
			      const struct onchain_policy *policy,
			      const struct onchain_subject *subject)
{
	struct dossier *dossier = dossier_new();
	struct onchain_block block;
	struct buf text = { 0 };
	bool more = true;

	ck_assert_ptr_nonnull(dossier);
	add_servers(world, scene, dossier);
	/* what is recorded was young when it was collected */
	onchain_agree(dossier, policy, WORLD_TIME + (scene->recorded ? 0 : scene->age), &block);
	for (size_t round = 0; block.reason == REASON_OK && more; round++) {
		ck_assert_msg(round < ROUNDS_MAX, "%s: it never ends", scene->name);
		EXPECT_REASON(scene->name, onchain_plan(dossier, policy, subject, &block, &more),
			      REASON_OK);
		ask(world, scene, dossier);
	}
	ck_assert_uint_le(dossier->n_questions, DOSSIER_RECORD_QUESTIONS);
	if (!scene->recorded)
		return dossier;
	EXPECT_REASON(scene->name, dossier_json(dossier, &text), REASON_OK);
	dossier_free(dossier);
	EXPECT_REASON(scene->name, dossier_read(buf_span(&text), &dossier), REASON_OK);
	buf_done(&text);
	return dossier;
}
