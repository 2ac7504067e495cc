#include <stdlib.h>
#include <string.h>

#include "rebuild/nixopt.h"
#include "rebuild/test/support.h"

START_TEST(options)
{
	static const struct {
		struct nixopt option;
		bool weakens;
	} rows[] = {
		{ { "cores", "4" }, false },
		{ { "max-jobs", "8" }, false },
		{ { "max-silent-time", "3600" }, false },
		{ { "build-users-group", "" }, false },
		{ { "substituters", "" }, false },
		{ { "substituters", "https://cache.example" }, true },
		{ { "extra-substituters", "https://cache.example" }, true },
		{ { "trusted-public-keys", "x:y" }, true },
		{ { "require-sigs", "false" }, true },
		{ { "sandbox", "true" }, false },
		{ { "sandbox", "relaxed" }, true },
		{ { "sandbox", "false" }, true },
		{ { "sandbox", "" }, true },
		{ { "sandbox-fallback", "true" }, true },
		{ { "sandbox-paths", "/usr" }, true },
		{ { "extra-sandbox-paths", "/usr" }, true },
		{ { "builders", "" }, false },
		{ { "builders", "ssh://b.example" }, true },
		{ { "accept-flake-config", "true" }, true },
		{ { "pure-eval", "false" }, true },
		{ { "post-build-hook", "/bin/true" }, true },
		{ { "plugin-files", "/x.so" }, true },
		{ { "experimental-features", "flakes nix-command" }, false },
		{ { "experimental-features", "nix-command ca-derivations" }, true },
		{ { "extra-experimental-features", "impure-derivations" }, true },
		{ { "Sandbox", "true" }, true },
		{ { "an-option-of-next-year", "1" }, true },
		{ { "", "" }, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nixopt_settings settings = { .independent = true, .n_options = 1 };
		struct span name = { NULL, 0 };
		struct buf list = { 0 };
		struct buf config = { 0 };
		settings.options[0] = rows[i].option;
		EXPECT_REASON(rows[i].option.name, nixopt_judge(&settings, &name),
			      rows[i].weakens ? REASON_NIX_OPTION : REASON_OK);
		if (rows[i].weakens)
			EXPECT_BYTES("name", name, span_of_text(rows[i].option.name));
		nixopt_list_weakening(&settings, &list);
		EXPECT_BYTES("list", buf_span(&list),
			     span_of_text(rows[i].weakens ? rows[i].option.name : ""));
		settings.independent = false;
		EXPECT_REASON("not asked for", nixopt_judge(&settings, &name), REASON_OK);
		/* the same in NIX_CONFIG */
		buf_printf(&config, "# a comment\n\n  %s =\t%s # why\ncores = 1\n",
			   rows[i].option.name, rows[i].option.value);
		char *text = buf_take_text(&config);
		settings = (struct nixopt_settings){ .independent = true, .nix_config = text };
		EXPECT_REASON(text, nixopt_judge(&settings, &name),
			      rows[i].weakens ? REASON_NIX_OPTION : REASON_OK);
		free(text);
		buf_done(&list);
	}
}
END_TEST

START_TEST(places)
{
	static const struct {
		struct nixopt_settings settings;
		const char *name; /* NULL: none weakens */
	} rows[] = {
		{ { .independent = true }, NULL },
		{ { .independent = true, .builders = "" }, NULL },
		{ { .independent = true, .builders = "ssh://b.example" }, "--builders" },
		{ { .independent = true, .store = "/var/tmp/store" }, NULL },
		{ { .independent = true, .store = "auto" }, NULL },
		{ { .independent = true, .store = "daemon" }, NULL },
		{ { .independent = true, .store = "ssh-ng://b.example" }, "--store" },
		{ { .independent = true, .store = "local?root=/x&trusted=1" }, "--store" },
		{ { .independent = true, .store = "" }, "--store" },
		{ { .independent = true, .nix_config = "include /etc/nix/other.conf" },
		  "include /etc/nix/other.conf" },
		{ { .independent = true, .nix_config = "!include x" }, "!include x" },
		{ { .independent = true, .nix_config = "cores = 1\nsandbox = false" }, "sandbox" },
		{ { .independent = true, .nix_config = "sandbox" }, "sandbox" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span name = { NULL, 0 };
		EXPECT_REASON(rows[i].name, nixopt_judge(&rows[i].settings, &name),
			      rows[i].name != NULL ? REASON_NIX_OPTION : REASON_OK);
		if (rows[i].name != NULL)
			EXPECT_BYTES("name", name, span_of_text(rows[i].name));
	}
}
END_TEST

START_TEST(listing)
{
	struct nixopt_settings settings = { .builders = "x",
					    .nix_config = "sandbox = false\nsubsti\x1btuters = y" };
	struct buf list = { 0 };

	settings.options[0] = (struct nixopt){ "sandbox-paths", "/usr" };
	settings.options[1] = (struct nixopt){ "cores", "1" };
	settings.n_options = 2;
	nixopt_list_weakening(&settings, &list);
	EXPECT_BYTES("list", buf_span(&list),
		     SPAN_LITERAL("--builders, sandbox-paths, sandbox, substi\\x1btuters"));
	buf_done(&list);
}
END_TEST

/* Whatever changes, the key does. */
START_TEST(digests)
{
	static const struct nixopt_staged staged[] = { { "build-outputs/nitro", { 1 } },
						       { "build-outputs/other", { 2 } } };
	static const struct nixopt_staged renamed[] = { { "build-outputs/nitr", { 1 } },
							{ "build-outputs/other", { 2 } } };
	static const struct nixopt_staged swapped[] = { { "build-outputs/nitro", { 2 } },
							{ "build-outputs/other", { 1 } } };
	static const struct nixopt_inputs plain = { .tree = { (const uint8_t *)"tree", 4 },
						    .lock = { (const uint8_t *)"lock", 4 },
						    .n_staged = 2,
						    .staged = staged,
						    .attribute = "x86_64-eif",
						    .version = "2.8.0" };
	struct nixopt_inputs inputs[10];
	struct nixopt_settings settings[11] = { { .n_options = 0 } };
	uint8_t keys[21][DIGEST_SHA256_LEN];
	size_t n = 0;

	for (size_t i = 0; i < 10; i++)
		inputs[i] = plain;
	inputs[1].tree = SPAN_LITERAL("treel");
	inputs[1].lock = SPAN_LITERAL("ock");
	inputs[2].lock = SPAN_LITERAL("Lock");
	inputs[3].n_staged = 1;
	inputs[4].staged = renamed;
	inputs[5].staged = swapped;
	inputs[6].attribute = "aarch64-eif";
	inputs[7].version = "2.8.1";
	inputs[8].n_staged = 0;
	inputs[9].tree = SPAN_LITERAL("trEe");
	for (size_t i = 0; i < 10; i++)
		EXPECT_REASON("inputs", nixopt_key(&inputs[i], &settings[0], keys[n++]), REASON_OK);
	settings[1].independent = true;
	settings[2].no_group = true;
	settings[3].builders = "";
	settings[4].builders = "x";
	settings[5].store = "x";
	settings[6].nix_config = "x";
	settings[7].timeout_s = 1;
	settings[8].n_options = 1;
	settings[8].options[0] = (struct nixopt){ "cores", "1" };
	settings[9].n_options = 1;
	settings[9].options[0] = (struct nixopt){ "cores", "2" };
	settings[10].n_options = 1;
	settings[10].options[0] = (struct nixopt){ "core", "s1" };
	for (size_t i = 1; i < 11; i++)
		EXPECT_REASON("settings", nixopt_key(&plain, &settings[i], keys[n++]), REASON_OK);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < i; j++)
			ck_assert_msg(memcmp(keys[i], keys[j], DIGEST_SHA256_LEN) != 0,
				      "%zu and %zu", j, i);
	}
	EXPECT_REASON("again", nixopt_key(&plain, &settings[0], keys[n]), REASON_OK);
	EXPECT_BYTES("again", SPAN_OF(keys[n]), SPAN_OF(keys[0]));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nixopt");

	support_add(suite, "options", options);
	support_add(suite, "places", places);
	support_add(suite, "listing", listing);
	support_add(suite, "digests", digests);
	return support_main(suite);
}
