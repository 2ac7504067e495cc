#include <stdlib.h>
#include <string.h>

#include "rebuild/lock.h"
#include "rebuild/test/support.h"

#define REV "0123456789abcdef0123456789abcdef01234567"
#define NAR "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define LOCKED(type, more) \
	"{\"locked\":{\"type\":\"" type "\",\"rev\":\"" REV "\",\"narHash\":\"" NAR "\"" more "}}"
#define GITHUB LOCKED("github", ",\"owner\":\"o\",\"repo\":\"r\"")
#define FILE_OF(nodes, root) \
	"{\"nodes\":{" nodes ",\"root\":{\"inputs\":{" root "}}},\"root\":\"root\",\"version\":7}"
#define ONE(node) FILE_OF("\"a\":" node, "\"a\":\"a\"")

START_TEST(test_judge)
{
	static const struct {
		const char *text;
		enum reason reason;
		const char *name; /* of the input at fault */
	} rows[] = {
		{ ONE(GITHUB), REASON_OK, NULL },
		{ ONE(LOCKED("git", ",\"url\":\"https://git.example/a\"")), REASON_OK, NULL },
		{ ONE(LOCKED("git", ",\"url\":\"file:///srv/a\"")), REASON_OK, NULL },
		{ ONE(LOCKED("tarball", ",\"url\":\"https://a.example/b.tar\"")), REASON_OK, NULL },
		{ "{\"nodes\":{\"root\":{}},\"root\":\"root\",\"version\":5}", REASON_OK, NULL },
		{ ONE(LOCKED("path", "")), REASON_LOCK_PATH, "a" },
		{ ONE(LOCKED("git", ",\"url\":\"file:./a\"")), REASON_LOCK_PATH, "a" },
		{ ONE(LOCKED("git", ",\"url\":\"../a\"")), REASON_LOCK_PATH, "a" },
		{ ONE(LOCKED("indirect", "")), REASON_LOCK_INDIRECT, "a" },
		{ ONE(LOCKED("nonsense", "")), REASON_LOCK_TYPE, "a" },
		{ ONE("{}"), REASON_LOCK_UNPINNED, "a" },
		{ ONE("{\"locked\":{\"type\":\"github\",\"narHash\":\"" NAR "\"}}"),
		  REASON_LOCK_UNPINNED, "a" },
		{ ONE("{\"locked\":{\"type\":\"github\",\"rev\":\"" REV "\"}}"),
		  REASON_LOCK_UNPINNED, "a" },
		{ ONE("{\"locked\":{\"type\":\"github\",\"rev\":\"main\",\"narHash\":\"" NAR
		      "\"}}"),
		  REASON_LOCK_UNPINNED, "a" },
		{ ONE("{\"locked\":{\"type\":\"github\",\"rev\":\"" REV
		      "\",\"narHash\":\"sha256-AAAA\"}}"),
		  REASON_LOCK_UNPINNED, "a" },
		{ ONE("{\"locked\":{\"type\":\"github\",\"rev\":\"" REV "\",\"narHash\":\"md5-" REV
		      "\"}}"),
		  REASON_LOCK_UNPINNED, "a" },
		{ FILE_OF("\"a\":" GITHUB ",\"b\":{\"original\":{}}", "\"a\":\"a\""),
		  REASON_LOCK_UNPINNED, "b" },
		/* nix-enclaver with its own nixpkgs, with the root's by name, with it by `follows` */
		{ FILE_OF("\"e\":{\"inputs\":{\"nixpkgs\":\"own\"},\"locked\":{\"type\":\"github\","
			  "\"rev\":\"" REV "\",\"narHash\":\"" NAR "\"}},\"own\":" GITHUB
			  ",\"n\":" GITHUB,
			  "\"nix-enclaver\":\"e\",\"nixpkgs\":\"n\""),
		  REASON_OK, NULL },
		{ FILE_OF("\"e\":{\"inputs\":{\"nixpkgs\":\"n\"},\"locked\":{\"type\":\"github\","
			  "\"rev\":\"" REV "\",\"narHash\":\"" NAR "\"}},\"n\":" GITHUB,
			  "\"nix-enclaver\":\"e\",\"nixpkgs\":\"n\""),
		  REASON_LOCK_OVERRIDDEN, NULL },
		{ FILE_OF("\"e\":{\"inputs\":{\"nixpkgs\":[\"nixpkgs\"]},\"locked\":{\"type\":"
			  "\"github\",\"rev\":\"" REV "\",\"narHash\":\"" NAR "\"}},\"n\":" GITHUB,
			  "\"nix-enclaver\":\"e\",\"nixpkgs\":\"n\""),
		  REASON_LOCK_OVERRIDDEN, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct json_place place;
		const struct lock_input *at = NULL;
		struct lock lock;
		EXPECT_REASON(rows[i].text, lock_read(span_of_text(rows[i].text), &lock, &place),
			      REASON_OK);
		EXPECT_REASON(rows[i].text, lock_judge(&lock, &at), rows[i].reason);
		ck_assert_msg((at == NULL) == (rows[i].name == NULL), "%s", rows[i].text);
		if (at != NULL)
			ck_assert_str_eq(at->name, rows[i].name);
		lock_done(&lock);
	}
}
END_TEST

START_TEST(test_refused)
{
	static const struct {
		const char *text;
		enum reason reason;
	} rows[] = {
		{ "", REASON_JSON_MALFORMED },
		{ "[]", REASON_LOCK_SHAPE },
		{ "{}", REASON_LOCK_SHAPE },
		{ "{\"nodes\":{\"root\":{}},\"root\":\"root\",\"version\":4}", REASON_LOCK_SHAPE },
		{ "{\"nodes\":{\"root\":{}},\"root\":\"root\",\"version\":8}", REASON_LOCK_SHAPE },
		{ "{\"nodes\":{\"root\":{}},\"root\":\"top\",\"version\":7}", REASON_LOCK_SHAPE },
		{ "{\"nodes\":{\"root\":{}},\"version\":7}", REASON_LOCK_SHAPE },
		{ "{\"nodes\":[],\"root\":\"root\",\"version\":7}", REASON_LOCK_SHAPE },
		{ "{\"nodes\":{\"root\":1},\"root\":\"root\",\"version\":7}", REASON_LOCK_SHAPE },
		{ ONE("1"), REASON_LOCK_SHAPE },
		{ ONE("{\"inputs\":1}"), REASON_LOCK_SHAPE },
		{ ONE("{\"inputs\":{\"x\":1}}"), REASON_LOCK_SHAPE },
		{ "{\"nodes\":{\"a\":{},\"a\":{}}}", REASON_JSON_DUPLICATE_KEY },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct json_place place;
		struct lock lock;
		EXPECT_REASON(rows[i].text, lock_read(span_of_text(rows[i].text), &lock, &place),
			      rows[i].reason);
	}
}
END_TEST

START_TEST(test_many)
{
	struct buf text = { 0 };
	struct json_place place;
	struct lock lock;

	buf_text(&text, "{\"nodes\":{\"root\":{}");
	for (int i = 0; i < LOCK_NODES_MAX; i++)
		buf_printf(&text, ",\"n%d\":{}", i);
	buf_text(&text, "},\"root\":\"root\",\"version\":7}");
	EXPECT_REASON("too many", lock_read(buf_span(&text), &lock, &place), REASON_LOCK_SHAPE);
	buf_done(&text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lock");

	support_add(suite, "judge", test_judge);
	support_add(suite, "refused", test_refused);
	support_add(suite, "many", test_many);
	return support_main(suite);
}
