#include "verify/digest.h"

#include <stdlib.h>
#include <string.h>

#include "test/support.h"

/* FIPS 180-4 and FIPS 202: the examples published with the standards */
static const struct {
	const char *text;
	const char *sha256;
	const char *sha384;
	const char *sha3_256;
} rows[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	  "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
	  "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	  "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
	  "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
	  "3391fdddfc8dc7393707a65b1b4709397cf8b1d162af05abfe8f450de5f36bc6b0455a8520bc4e6f5fe95b1fe3c8452b",
	  "41c0dba2a9d6240849100376a8235e2c82e1b9998a999e21db32dd97496d3376" },
};

static void expect(const char *row, const uint8_t *got, size_t len, const char *want_hex)
{
	struct buf want = support_hex(want_hex);

	EXPECT_BYTES(row, ((struct span){ got, len }), buf_span(&want));
	buf_done(&want);
}

/* The same in one part, in two at every place, and with an empty one between them. */
START_TEST(test_known)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].text);
		for (size_t cut = 0; cut <= len; cut++) {
			uint8_t sha256[DIGEST_SHA256_LEN];
			uint8_t sha384[DIGEST_SHA384_LEN];
			uint8_t sha3[DIGEST_SHA256_LEN];
			struct span rest = span_of_text(rows[i].text);
			struct span parts[3] = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
			ck_assert(span_take(&rest, cut, &parts[0]));
			parts[2] = rest;
			EXPECT_REASON(rows[i].text, digest_sha256(parts, 3, sha256), REASON_OK);
			EXPECT_REASON(rows[i].text, digest_sha384(parts, 3, sha384), REASON_OK);
			EXPECT_REASON(rows[i].text, digest_sha3_256(parts, 3, sha3), REASON_OK);
			expect(rows[i].text, sha256, sizeof(sha256), rows[i].sha256);
			expect(rows[i].text, sha384, sizeof(sha384), rows[i].sha384);
			expect(rows[i].text, sha3, sizeof(sha3), rows[i].sha3_256);
		}
	}
}
END_TEST

START_TEST(test_no_part)
{
	uint8_t sha256[DIGEST_SHA256_LEN];
	uint8_t sha384[DIGEST_SHA384_LEN];
	uint8_t sha3[DIGEST_SHA256_LEN];
	const struct span none[1] = { { NULL, 0 } };

	EXPECT_REASON("none", digest_sha256(none, 0, sha256), REASON_OK);
	EXPECT_REASON("none", digest_sha384(none, 0, sha384), REASON_OK);
	EXPECT_REASON("none", digest_sha3_256(none, 0, sha3), REASON_OK);
	expect("none", sha256, sizeof(sha256), rows[0].sha256);
	expect("none", sha384, sizeof(sha384), rows[0].sha384);
	expect("none", sha3, sizeof(sha3), rows[0].sha3_256);
}
END_TEST

/* FIPS 180-4, the long example: a million letters a, in uneven parts */
START_TEST(test_million)
{
	static uint8_t letters[1000];
	static struct span parts[2000];
	uint8_t sha384[DIGEST_SHA384_LEN];

	memset(letters, 'a', sizeof(letters));
	for (size_t i = 0; i < 2000; i++)
		parts[i] = (struct span){ letters, i % 2 == 0 ? 1000 - i / 2 : i / 2 };
	EXPECT_REASON("million", digest_sha384(parts, 2000, sha384), REASON_OK);
	expect("million", sha384, sizeof(sha384),
	       "9d0e1809716474cb086e834e310a4a1ced149e9c00f248527972cec5704c2a5b"
	       "07b8b3dc38ecc4ebae97ddd87f3d8985");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("digest");

	support_add(suite, "known values", test_known);
	support_add(suite, "no part", test_no_part);
	support_add(suite, "a million letters", test_million);
	return support_main(suite);
}
