/* Every allocation fails once, and then that one and all after it, while a recipe and a lock file are read and
 * judged, a statement is made, and a finished run is judged and written down. What comes out is whole, or there was no
 * memory: never another verdict. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rebuild/provenance.h"
#include "rebuild/run.h"
#include "rebuild/summary.h"
#include "rebuild/test/support.h"
#include "test/oom.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define COMMIT "0123456789abcdef0123456789abcdef01234567"
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define NAR "sha256-LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564="

static const char recipe_text[] =
	"{\"schema\":1,\"name\":\"batcher\",\"source\":{\"repository\":\"https://git.example/a\","
	"\"commit\":\"" COMMIT "\"},\"image\":{\"reference\":\"registry.example/a@sha256:" DIGEST
	"\",\"platform\":\"linux/amd64\",\"files\":[{\"path\":\"/nitro\",\"stage\":\"n\"}]},"
	"\"build\":{\"attribute\":\"a\",\"eif\":\"e\",\"also\":[\"b\"]}}";
static const char lock_text[] =
	"{\"nodes\":{\"n\":{\"locked\":{\"type\":\"github\",\"owner\":\"o\",\"repo\":\"r\",\"rev\":\"" COMMIT
	"\",\"narHash\":\"" NAR
	"\"}},\"root\":{\"inputs\":{\"n\":\"n\"}}},\"root\":\"root\",\"version\":7}";

/* What a run came to, made once for all. */
static struct run *finished;
static struct recipe recipe;
static struct policy policy;
static struct run_order order;
static struct buf key;

static int64_t no_time(void)
{
	return -1;
}

static void make_key(void)
{
	support_sh("openssl genpkey -algorithm ed25519 -out key");
	key = support_read("key");
}

static void make_run(void)
{
	static const struct eif_rules rules = { 0 };
	static struct nixopt_settings settings = { .builders = "b", .nix_config = "cores = 1\n" };
	static char path[] = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-a";
	static char nar[] = NAR;
	static char signers[] = "cache.example-1";
	static char digest[] = "sha256:" DIGEST;
	static struct nixjson_path paths[] = {
		{ .path = path, .nar_hash = nar, .signers = signers }
	};
	static struct closure_drv drvs[] = { { .path = path, .image_digest = digest } };
	struct recipe_fault fault;
	struct json_place place;
	char *eif = support_vector_path("eif/usual.eif");
	const struct image_source from = { .fd = open(eif, O_RDONLY | O_CLOEXEC) };

	free(eif);
	finished = calloc(1, sizeof(*finished));
	ck_assert_ptr_nonnull(finished);
	EXPECT_REASON("recipe", recipe_read(SPAN_LITERAL(recipe_text), &recipe, &fault), REASON_OK);
	EXPECT_REASON("lock", lock_read(SPAN_LITERAL(lock_text), &finished->lock, &place),
		      REASON_OK);
	EXPECT_REASON("image", image_read(&from, &rules, NULL, &finished->image), REASON_OK);
	(void)close(from.fd);
	policy_init(&policy);
	struct policy_source *source =
		policy_add_source(&policy, POLICY_SET, SPAN_LITERAL("recipe"));
	ck_assert_ptr_nonnull(source);
	source->pcrs = finished->image.measurement.pcrs;
	order = (struct run_order){
		.recipe = &recipe,
		.policy = &policy,
		.tool = "enclave-rebuild",
		.version = "1",
		.now = no_time,
	};
	finished->order = &order;
	for (size_t i = 0; i < STAGE_COUNT; i++)
		finished->done[i] = true;
	memset(finished->facts.tree, 'a', 40);
	finished->is_fetched = true;
	finished->pinned.has_manifest = true;
	finished->pinned.n_layers = 1;
	finished->n_staged = 1;
	finished->closure.drvs = drvs;
	finished->closure.n_drvs = LENGTH(drvs);
	finished->closure.paths = (struct nixjson_paths){ paths, LENGTH(paths) };
	finished->nix.settings = &settings;
	finished->claim_form = REASON_COLLECT;
	finished->pipeline.variant = PIPELINE_PULL_IMAGE;
	finished->is_read = true;
	finished->out = strdup(".");
	ck_assert_ptr_nonnull(finished->out);
}

static enum reason do_recipe(struct buf *out)
{
	struct recipe_fault fault;
	struct recipe read;

	enum reason reason = recipe_read(SPAN_LITERAL(recipe_text), &read, &fault);
	if (reason != REASON_OK)
		return reason;
	reason = recipe_override(&read, RECIPE_COMMIT, COMMIT);
	if (reason == REASON_OK)
		reason = recipe_override(&read, RECIPE_IMAGE, "registry.example/b:tag");
	if (reason == REASON_OK)
		reason = recipe_override(&read, RECIPE_REQUIRE_SIGNED, NULL);
	if (reason == REASON_OK)
		reason = recipe_print(&read, out);
	recipe_done(&read);
	return reason;
}

static enum reason do_lock(struct buf *out)
{
	const struct lock_input *at = NULL;
	struct json_place place;
	struct lock lock;

	enum reason reason = lock_read(SPAN_LITERAL(lock_text), &lock, &place);
	if (reason != REASON_OK)
		return reason;
	reason = lock_judge(&lock, &at);
	if (reason == REASON_OK) {
		buf_text(out, lock.inputs[0].rev);
		reason = out->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
	}
	lock_done(&lock);
	return reason;
}

static enum reason do_statement(struct buf *out)
{
	static const struct provenance_lock locks[] = { { "n", COMMIT, NAR } };
	static const struct provenance_file files[] = { { "n", { 1 } } };
	static const struct provenance_image image = { "a@sha256:" DIGEST, "sha256:" DIGEST,
						       "sha256:" DIGEST, "sha256:" DIGEST };
	const struct provenance_facts facts = {
		.pcrs = &finished->image.measurement.pcrs,
		.repository = "https://git.example/a",
		.commit = COMMIT,
		.attribute = "a",
		.image = &image,
		.locks = locks,
		.n_locks = LENGTH(locks),
		.files = files,
		.n_files = LENGTH(files),
		.builder = "https://builder.example/",
		.version = "1",
		.compared = true,
	};
	struct buf statement = { 0 };

	enum reason reason = provenance_write(&facts, &statement);
	if (reason == REASON_OK)
		reason = provenance_sign(buf_span(&key), buf_span(&statement), out);
	buf_done(&statement);
	return reason;
}

/* The report of the run, concluded: it passes, or there was no memory. */
static enum reason judge(struct report **ret)
{
	struct report *report = report_new();

	*ret = report;
	if (report == NULL)
		return REASON_OUT_OF_MEMORY;
	run_judge(finished, report);
	enum verdict verdict = report_conclude(report, &policy.require);
	/* no check may fail for want of memory; Check itself needs some to say so */
	if (verdict != VERDICT_PASS)
		return verdict == VERDICT_FAIL ? REASON_PCR_MISMATCH : REASON_OUT_OF_MEMORY;
	report_take_member(report, "build_info", run_info(finished, verdict));
	return report_verdict(report) == VERDICT_PASS ? REASON_OK : REASON_OUT_OF_MEMORY;
}

static enum reason do_report(struct buf *out)
{
	struct report *report;

	enum reason reason = judge(&report);
	if (reason == REASON_OK)
		reason = report_json(report, "t", "1", out);
	if (reason == REASON_OK) {
		summary_page(report, VERDICT_PASS, out);
		summary_output(report, VERDICT_PASS, out);
	}
	/* a member for which there was no memory is told by the verdict of the report alone */
	if (reason == REASON_OK &&
	    (out->failed || report_get0_member(report, "build_info") == NULL))
		reason = REASON_OUT_OF_MEMORY;
	report_free(report);
	return reason;
}

/* The files of results: whole, or not there. */
static enum reason do_write(struct buf *out)
{
	static const char *const names[] = { "pcr.json",    "build-info.json",
					     "report.json", "report.html",
					     "page",        "output" };
	const struct summary_files files = { "page", "output" };
	struct trouble trouble = { 0 };
	struct report *report;

	for (size_t i = 0; i < LENGTH(names); i++)
		(void)unlink(names[i]);
	enum reason reason = judge(&report);
	if (reason == REASON_OK)
		reason = run_write(finished, report, &trouble);
	if (reason == REASON_OK)
		reason = summary_write(&files, report, VERDICT_PASS, &trouble);
	report_free(report);
	bool armed = oom_failed();
	oom_disarm();
	for (size_t i = 0; i < LENGTH(names); i++) {
		struct buf content = { 0 };
		if (support_try_read(names[i], &content)) {
			ck_assert_msg(content.len == 0 || content.at[content.len - 1] == '\n' ||
					      content.at[content.len - 1] == '>',
				      "half of %s", names[i]);
			if (reason == REASON_OK || !armed)
				buf_add(out, buf_span(&content));
		}
		buf_done(&content);
	}
	return reason;
}

static const struct {
	const char *row;
	enum reason (*work)(struct buf *out);
} rows[] = {
	{ "recipe", do_recipe }, { "lock", do_lock },   { "statement", do_statement },
	{ "report", do_report }, { "files", do_write },
};

START_TEST(test_all)
{
	struct buf good = { 0 };

	make_run();
	support_enter();
	make_key();
	EXPECT_REASON(rows[_i].row, rows[_i].work(&good), REASON_OK);
	ck_assert_uint_gt(good.len, 0);
	for (int go_on = 0; go_on < 2; go_on++) {
		/* files are synced every time */
		size_t step = support_thin(7) * (go_on == 1 ? 3 : 1) *
			      (rows[_i].work == do_write ? 11 : 1);
		for (size_t n = 1;; n += step) {
			struct buf out = { 0 };
			oom_arm(n, go_on == 1);
			enum reason reason = rows[_i].work(&out);
			oom_disarm();
			bool failed = oom_failed();
			if (reason == REASON_OK)
				EXPECT_BYTES(rows[_i].row, buf_span(&out), buf_span(&good));
			else
				EXPECT_REASON(rows[_i].row, reason, REASON_OUT_OF_MEMORY);
			buf_done(&out);
			if (!failed)
				break;
		}
	}
	buf_done(&good);
	buf_done(&key);
	policy_done(&policy);
	recipe_done(&recipe);
	/* these are not its own */
	finished->closure = (struct closure){ .drvs = NULL };
	run_done(finished);
	free(finished);
	support_leave();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oom_origin");
	TCase *tcase = tcase_create("what a run decides and writes");

	oom_for_cjson();
	tcase_add_loop_test(tcase, test_all, 0, (int)LENGTH(rows));
	suite_add_tcase(suite, tcase);
	return support_main(suite);
}
