/* Every allocation of fetching and reading container images fails once, and then that one and all after it. Nothing may
 * crash or leak, all that is said is that memory ran out, the store keeps nothing that is not what it is named, and the
 * next time all is well.
 * OpenSSL, libcurl, zlib and libarchive keep their own malloc. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "rebuild/remove.h"
#include "rebuild/test/registry.h"
#include "rebuild/test/support.h"
#include "test/oom.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum deed {
	DEED_FETCH, /* and read the layers, and take a file */
	DEED_COUNT, /* fetch, and count whiteouts */
	DEED_LOOK,
	DEED_RESOLVE
};

struct scenario {
	const char *row;
	enum deed deed;
	const char *name; /* of a repository of the registry; or a whole reference */
	const char *rest; /* ":" and a tag, or the name of a digest */
	const char *path;
	bool pair;      /* two layers at a time: threads count together, and one of two will do */
	bool words;     /* words that nobody sees may be lost */
	bool two_tries; /* the store has it from before */
};

static const struct scenario scenarios[] = {
	{ .row = "a folder",
	  .name = "oci:layout",
	  .rest = "index",
	  .path = "/usr/local/bin/nitro" },
	{ .row = "a folder, again",
	  .name = "oci:layout",
	  .rest = "index",
	  .path = "/usr/local/bin/nitro",
	  .two_tries = true },
	{ .row = "an archive",
	  .name = "docker-archive:ours.tar.gz",
	  .path = "/usr/local/bin/nitro" },
	{ .row = "a registry",
	  .name = "nitro/node",
	  .rest = "index",
	  .path = "/usr/local/bin/nitro" },
	{ .row = "a registry, broken off",
	  .name = "fault/truncfirst",
	  .words = true,
	  .rest = "index",
	  .path = "/usr/local/bin/nitro" },
	{ .row = "two at a time",
	  .name = "nitro/node",
	  .rest = "many",
	  .path = "/f4",
	  .pair = true },
	{ .row = "whiteouts", .deed = DEED_COUNT, .name = "oci:layout", .rest = "index" },
	{ .row = "how large", .deed = DEED_LOOK, .name = "nitro/node", .rest = ":v1" },
	{ .row = "how large, a folder", .deed = DEED_LOOK, .name = "oci:layout", .rest = "index" },
	{ .row = "how large, an archive", .deed = DEED_LOOK, .name = "docker-archive:ours.tar" },
	{ .row = "a tag", .deed = DEED_RESOLVE, .name = "nitro/node", .rest = ":v1" },
	{ .row = "an archive's ID", .deed = DEED_RESOLVE, .name = "docker-archive:ours.tar" },
};

/* What a scenario names; borrowed until the next call. */
static const char *reference_of(const struct scenario *scenario)
{
	static char text[512];
	char rest[80] = "";

	if (scenario->rest != NULL && scenario->rest[0] == ':')
		(void)snprintf(rest, sizeof(rest), "%s", scenario->rest);
	else if (scenario->rest != NULL)
		(void)snprintf(rest, sizeof(rest), "@%s", registry_value(scenario->rest));
	if (strchr(scenario->name, ':') == NULL)
		return registry_reference(scenario->name, rest);
	(void)snprintf(text, sizeof(text), "%s%s", scenario->name, rest);
	return text;
}

static enum reason read_image(const struct scenario *scenario, const struct oci *oci,
			      const struct oci_pins *pins, struct trouble *reterr)
{
	struct container *container = NULL;
	struct container_file file;
	uint64_t n = 0;

	if (scenario->deed == DEED_COUNT)
		return container_whiteouts(oci, pins, &n, reterr);
	enum reason reason = container_open(oci, pins, &container, reterr);
	if (reason == REASON_OK)
		reason = container_take(container, span_of_text(scenario->path), NULL, NULL, &file,
					reterr);
	container_free(container);
	return reason;
}

static enum reason act(const struct scenario *scenario, const struct oci *oci,
		       struct oci_pins *pins, struct trouble *reterr)
{
	struct ociref reference;
	struct ociref_platform platform;
	struct oci_outline outline;
	uint8_t digest[DIGEST_SHA256_LEN];
	const char *text = reference_of(scenario);

	if (ociref_read(span_of_text(text), &reference) != REASON_OK ||
	    ociref_platform(SPAN_LITERAL("linux/amd64"), &platform) != REASON_OK)
		return REASON_OCI_REFERENCE;
	if (scenario->deed == DEED_LOOK)
		return oci_look(oci, &reference, &platform, &outline, reterr);
	if (scenario->deed == DEED_RESOLVE)
		return oci_resolve(oci, &reference, &platform, digest, reterr);
	enum reason reason = oci_fetch(oci, &reference, &platform, pins, reterr);
	return reason == REASON_OK ? read_image(scenario, oci, pins, reterr) : reason;
}

static enum reason run(const struct scenario *scenario, size_t fail_at, bool go_on)
{
	static struct oci_pins pins;
	struct registry_client client;
	struct trouble trouble = { .why = 0 };

	registry_client_start(&client, "oom");
	struct oci oci = client.oci;
	if (!scenario->pair)
		oci.second = NULL;
	oom_arm(fail_at, go_on);
	enum reason reason = act(scenario, &oci, &pins, &trouble);
	oom_disarm();
	registry_client_done(&client);
	return reason;
}

static void empty_store(const struct scenario *scenario)
{
	ck_assert_msg(remove_tree("oom") == REASON_OK, "row \"%s\"", scenario->row);
}

/* Nothing but blobs that are what they are named, and parts. */
static void expect_tidy(void)
{
	support_sh(
		"[ -d oom ] || exit 0; cd oom\n"
		"if find . -type f | grep -vE '^\\./blobs/sha256/(..)/\\1[0-9a-f]{62}(\\.part)?$'; then exit 1; fi\n"
		"find blobs -type f ! -name '*.part' | while read -r f; do\n"
		"[ \"$(sha256sum <$f)\" = \"${f##*/}  -\" ] || exit 1; done");
}

static void run_scenario(const struct scenario *scenario, bool go_on)
{
	char row[128];

	empty_store(scenario);
	EXPECT_REASON(scenario->row, run(scenario, 0, false), REASON_OK);
	if (scenario->two_tries)
		EXPECT_REASON(scenario->row, run(scenario, 0, false), REASON_OK);
	size_t allocations = oom_count();
	ck_assert_uint_gt(allocations, 0);
	size_t step = support_thin(29) * (go_on ? 7 : 1) * (scenario->pair ? 3 : 1);
	int lowest = dup(STDIN_FILENO);
	(void)close(lowest);
	for (size_t n = 1; n <= allocations; n += step) {
		(void)snprintf(row, sizeof(row), "%s, allocation %zu of %zu%s", scenario->row, n,
			       allocations, go_on ? " and on" : "");
		if (!scenario->two_tries)
			empty_store(scenario);
		enum reason reason = run(scenario, n, go_on);
		bool lenient = scenario->pair || scenario->words;
		if (reason != REASON_OK || (!lenient && oom_failed()))
			EXPECT_REASON(row, reason, REASON_OUT_OF_MEMORY);
		int fd = dup(STDIN_FILENO);
		ck_assert_msg(fd == lowest, "row \"%s\": a descriptor is left open", row);
		(void)close(fd);
		if (n % 10 == 1)
			expect_tidy();
	}
	expect_tidy();
	EXPECT_REASON(scenario->row, run(scenario, 0, false), REASON_OK);
	expect_tidy();
}

START_TEST(test_once)
{
	run_scenario(&scenarios[_i], false);
}
END_TEST

START_TEST(test_for_good)
{
	run_scenario(&scenarios[_i], true);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oom_image");
	TCase *once = tcase_create("one allocation fails");
	TCase *for_good = tcase_create("memory runs out");

	oom_for_cjson();
	tcase_add_unchecked_fixture(once, registry_start, registry_stop);
	tcase_add_unchecked_fixture(for_good, registry_start, registry_stop);
	tcase_add_loop_test(once, test_once, 0, (int)LENGTH(scenarios));
	tcase_add_loop_test(for_good, test_for_good, 0, (int)LENGTH(scenarios));
	suite_add_tcase(suite, once);
	suite_add_tcase(suite, for_good);
	return support_main(suite);
}
