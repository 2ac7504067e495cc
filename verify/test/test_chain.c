#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/support.h"
#include "verify/auto.h"
#include "verify/chain.h"
#include "verify/claims.h"
#include "verify/cose.h"
#include "verify/test/differential.h"
#include "verify/test/mint.h"
#include "verify/test/notation.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* A chain in the shape of AWS's, made at run time. */
enum { ROOT, REGIONAL, ZONAL, INSTANCE, LEAF, LEVELS };

#define JUDGED_AT 1767434401 /* 2026-01-03T10:00:01Z */

#define TIMES(before, after) "30{17{'" before "'} 17{'" after "'}}"
#define LONG TIMES("251230000000Z", "260120000000Z")
#define DAY TIMES("260103000000Z", "260104000000Z")
#define THREE_HOURS TIMES("260103100000Z", "260103130000Z")
#define EXPIRED TIMES("260103000000Z", "260103100000Z")
#define NOT_YET TIMES("260103100002Z", "260104000000Z")

#define ROOT_NAME MINT_NAME("root")
#define EXT(list) MINT_EXTENSIONS(list)

static const struct mint usual[LEVELS] = {
	[ROOT] = { .subject = ROOT_NAME,
		   .validity = TIMES("191028132805Z", "491028142805Z"),
		   .extensions = EXT(MINT_CA MINT_SKI("10*20") MINT_KU_CA) },
	[REGIONAL] = { .subject = MINT_NAME("regional"),
		       .validity = LONG,
		       .extensions = EXT(MINT_CA_PATH_LEN("02") MINT_AKI("10*20") MINT_SKI("11*20")
						 MINT_KU_CA MINT_CRL("http://crl/1")) },
	[ZONAL] = { .subject = MINT_NAME("zonal"),
		    .validity = LONG,
		    .extensions = EXT(MINT_CA_PATH_LEN("01") MINT_AKI("11*20") MINT_SKI("12*20")
					      MINT_KU_CA MINT_CRL("http://crl/2")) },
	[INSTANCE] = { .subject = MINT_NAME("instance"),
		       .validity = DAY,
		       .extensions = EXT(MINT_CA_PATH_LEN("00") MINT_KU_CERT_SIGN) },
	[LEAF] = { .subject = MINT_NAME("leaf"),
		   .validity = THREE_HOURS,
		   .extensions = EXT(MINT_NO_CA MINT_KU_LEAF) },
};

/* Certificates by a character: '0'..'4' by level, '0' the root and '4' the leaf; 'a', 'b' roots of
 * an attacker, of another and of the same name; 'A', 'B' regional ones that they issued, 'L' a leaf
 * that issued itself. */
#define POOL_SIZE 128

struct pool {
	struct buf certs[POOL_SIZE];
	EVP_PKEY *keys[LEVELS];
	EVP_PKEY *other;
};

/* One level is made otherwise: from the usual parts with `edit` over them. */
struct change {
	size_t level;
	struct mint edit;
	const char *kind; /* of the key; usual: P-384 */
	bool wrong_key;   /* signed by another key */
	const char *tail; /* behind the certificate */
};

static void pool_make(struct pool *pool, const struct change *change)
{
	struct mint parts = { 0 };

	pool->other = mint_key("P-384");
	for (size_t i = 0; i < LEVELS; i++) {
		bool is_changed = change->level == i;
		pool->keys[i] =
			mint_key(is_changed && change->kind != NULL ? change->kind : "P-384");
		const char *issuer = i == 0 ? usual[0].subject : parts.subject;
		parts = usual[i];
		parts.issuer = issuer;
		if (is_changed)
			mint_apply(&parts, &change->edit);
		EVP_PKEY *signer = pool->keys[i == 0 ? 0 : i - 1];
		if (is_changed && change->wrong_key)
			signer = pool->other;
		pool->certs['0' + i] = mint(&parts, pool->keys[i], signer);
		if (is_changed && change->tail != NULL)
			notation_add(&pool->certs['0' + i], change->tail);
	}
}

static void pool_make_attacker(struct pool *pool)
{
	struct mint root = usual[ROOT];
	struct mint regional = usual[REGIONAL];
	struct mint leaf = usual[LEAF];

	root.issuer = root.subject;
	pool->certs['b'] = mint(&root, pool->other, pool->other);
	root.issuer = root.subject = MINT_NAME("attacker");
	pool->certs['a'] = mint(&root, pool->other, pool->other);
	regional.issuer = ROOT_NAME;
	pool->certs['B'] = mint(&regional, pool->keys[REGIONAL], pool->other);
	regional.issuer = MINT_NAME("attacker");
	pool->certs['A'] = mint(&regional, pool->keys[REGIONAL], pool->other);
	leaf.issuer = leaf.subject;
	pool->certs['L'] = mint(&leaf, pool->other, pool->other);
}

static void pool_done(struct pool *pool)
{
	for (size_t i = 0; i < POOL_SIZE; i++)
		buf_done(&pool->certs[i]);
	for (size_t i = 0; i < LEVELS; i++)
		EVP_PKEY_free(pool->keys[i]);
	EVP_PKEY_free(pool->other);
}

static struct span pool_cert(const struct pool *pool, char name)
{
	return buf_span(&pool->certs[(unsigned char)name & (POOL_SIZE - 1)]);
}

/* The certificates of `order`, the last being the leaf; gives how many. */
static size_t pool_order(const struct pool *pool, const char *order, struct span ret[CHAIN_MAX + 1])
{
	size_t n = strlen(order);

	ck_assert_uint_le(n, CHAIN_MAX + 1);
	for (size_t i = 0; i < n; i++)
		ret[i] = pool_cert(pool, order[i]);
	return n;
}

static struct root root_of(struct span der)
{
	struct root root = { .is_aws = false };

	EXPECT_REASON("root", digest_sha256(&der, 1, root.sha256), REASON_OK);
	return root;
}

/* The whole judgement of a chain at JUDGED_AT. */
static enum reason judge(const struct span certs[], size_t n, const struct root *root,
			 struct chain_cache *cache, size_t *ret_index)
{
	struct chain chain;
	AUTO(EVP_PKEY) *key = NULL;

	*ret_index = SIZE_MAX;
	enum reason reason = n == 0 ? REASON_X509_ROOT :
				      chain_walk(certs, n - 1, certs[n - 1], root, cache, &chain,
						 &key, ret_index);
	if (reason != REASON_OK) {
		ck_assert_ptr_null(key);
		return reason;
	}
	ck_assert_ptr_nonnull(key);
	ck_assert_uint_eq(chain.len, n);
	reason = chain_valid_at(&chain, JUDGED_AT, ret_index);
	if (reason == REASON_OK) {
		const char *difference = differential_chain(&chain, JUDGED_AT);
		ck_assert_msg(difference == NULL, "OpenSSL disagrees: %s", difference);
	}
	return reason;
}

#define EDIT(at, ...) \
	{ \
		.level = (at), .edit = { __VA_ARGS__ } \
	}
#define CRITICAL MINT_CRITICAL
#define USUAL "01234"

static const struct {
	const char *row;
	const char *order;
	struct change change;
	enum reason want;
	size_t index; /* of the certificate at fault */
} rows[] = {
	{ "usual", USUAL, { 0 }, REASON_OK, 0 },

	/* what is allowed beside it */
	{ "leaf without basicConstraints", USUAL, EDIT(LEAF, .extensions = EXT(MINT_KU_LEAF)),
	  REASON_OK, 0 },
	{ "leaf with a critical keyUsage", USUAL,
	  EDIT(LEAF, .extensions = EXT(MINT_NO_CA MINT_KU(CRITICAL, "06c0"))), REASON_OK, 0 },
	{ "leaf with a key id", USUAL,
	  EDIT(LEAF, .extensions = EXT(MINT_SKI("14*20") MINT_AKI("13*20") MINT_KU_LEAF)),
	  REASON_OK, 0 },
	{ "no key ids", USUAL, EDIT(ZONAL, .extensions = EXT(MINT_CA_PATH_LEN("01") MINT_KU_CA)),
	  REASON_OK, 0 },
	{ "unknown extension", USUAL,
	  EDIT(LEAF, .extensions = EXT(MINT_KU_LEAF MINT_EXTENSION("2a03", "", "0500"))), REASON_OK,
	  0 },
	{ "root with pathLen 3", USUAL,
	  EDIT(ROOT, .extensions = EXT(MINT_CA_PATH_LEN("03") MINT_KU_CA)), REASON_OK, 0 },
	{ "no pathLen", USUAL, EDIT(REGIONAL, .extensions = EXT(MINT_CA MINT_KU_CA)), REASON_OK,
	  0 },
	{ "larger pathLen", USUAL,
	  EDIT(INSTANCE, .extensions = EXT(MINT_CA_PATH_LEN("00ff") MINT_KU_CERT_SIGN)), REASON_OK,
	  0 },
	{ "root of another issuer's name", USUAL, EDIT(ROOT, .issuer = MINT_NAME("above")),
	  REASON_OK, 0 },
	{ "root signed by another key", USUAL, { .level = ROOT, .wrong_key = true }, REASON_OK, 0 },
	{ "zonal begins this second", USUAL,
	  EDIT(ZONAL, .validity = TIMES("260103100001Z", "260103130000Z")), REASON_OK, 0 },
	{ "zonal ends this second", USUAL,
	  EDIT(ZONAL, .validity = TIMES("260103000000Z", "260103100001Z")), REASON_OK, 0 },

	/* order */
	{ "reversed", "32104", { 0 }, REASON_X509_ROOT, 0 },
	{ "root absent", "1234", { 0 }, REASON_X509_ROOT, 0 },
	{ "root at the end", "12304", { 0 }, REASON_X509_ROOT, 0 },
	{ "leaf alone", "4", { 0 }, REASON_X509_ROOT, 0 },
	{ "root alone", "0", { 0 }, REASON_X509_ROOT, 0 },
	{ "leaf for a root", "44", { 0 }, REASON_X509_ROOT, 0 },
	{ "attacker's root before", "a01234", { 0 }, REASON_X509_ROOT, 0 },
	{ "attacker's root", "aA234", { 0 }, REASON_X509_ROOT, 0 },
	{ "attacker's root of the same name", "bB234", { 0 }, REASON_X509_ROOT, 0 },
	{ "attacker's root and chain behind", "0aA234", { 0 }, REASON_X509_NAME, 1 },
	{ "attacker's root of the same name behind", "0bB234", { 0 }, REASON_X509_SIGNATURE, 1 },
	{ "attacker's chain", "0A234", { 0 }, REASON_X509_NAME, 1 },
	{ "attacker's chain of the same name", "0B234", { 0 }, REASON_X509_SIGNATURE, 1 },
	{ "attacker's root inside", "01a234", { 0 }, REASON_X509_NAME, 2 },
	{ "attacker's root last", "0123a4", { 0 }, REASON_X509_NAME, 4 },
	{ "two exchanged", "02134", { 0 }, REASON_X509_NAME, 1 },
	{ "last two exchanged", "01324", { 0 }, REASON_X509_NAME, 2 },
	{ "regional missing", "0234", { 0 }, REASON_X509_NAME, 1 },
	{ "instance missing", "0124", { 0 }, REASON_X509_NAME, 3 },
	{ "only the root", "04", { 0 }, REASON_X509_NAME, 1 },
	{ "root twice", "001234", { 0 }, REASON_X509_NAME, 1 },
	{ "root many times", "0000000001234", { 0 }, REASON_X509_NAME, 1 },
	{ "regional twice", "011234", { 0 }, REASON_X509_NAME, 2 },
	{ "root again at the end", "012304", { 0 }, REASON_X509_NAME, 4 },
	{ "leaf twice", "012344", { 0 }, REASON_X509_NAME, 5 },
	{ "instance for a leaf", "0123", { 0 }, REASON_X509_LEAF_CA, 3 },
	{ "leaf that issued itself", "0123L", { 0 }, REASON_X509_NAME, 4 },
	{ "leaf that issued itself, behind the root", "0L", { 0 }, REASON_X509_NAME, 1 },

	/* names */
	{ "issuer in another case", USUAL, EDIT(LEAF, .issuer = MINT_NAME("Instance")),
	  REASON_X509_NAME, LEAF },
	{ "issuer with a blank", USUAL, EDIT(LEAF, .issuer = MINT_NAME("instance ")),
	  REASON_X509_NAME, LEAF },
	{ "issuer as PrintableString", USUAL,
	  EDIT(LEAF, .issuer = "30{31{30{0603550403 13{'instance'}}}}"), REASON_X509_NAME, LEAF },
	{ "issuer another", USUAL, EDIT(ZONAL, .issuer = ROOT_NAME), REASON_X509_NAME, ZONAL },
	{ "issuer with more", USUAL,
	  EDIT(LEAF, .issuer = "30{31{30{0603550403 0c{'instance'}}} 31{30{0603550406 13{'US'}}}}"),
	  REASON_X509_NAME, LEAF },

	/* names that stand before, whoever signed */
	{ "regional named as the root", USUAL, EDIT(REGIONAL, .subject = ROOT_NAME),
	  REASON_X509_NAME, REGIONAL },
	{ "instance named as the root", USUAL, EDIT(INSTANCE, .subject = ROOT_NAME),
	  REASON_X509_NAME, INSTANCE },
	{ "instance named as the regional", USUAL, EDIT(INSTANCE, .subject = MINT_NAME("regional")),
	  REASON_X509_NAME, INSTANCE },
	{ "leaf named as its issuer", USUAL, EDIT(LEAF, .subject = MINT_NAME("instance")),
	  REASON_X509_NAME, LEAF },
	{ "leaf named as the root", USUAL, EDIT(LEAF, .subject = ROOT_NAME), REASON_X509_NAME,
	  LEAF },

	/* key ids */
	{ "AKI of another", USUAL,
	  EDIT(ZONAL, .extensions = EXT(MINT_CA_PATH_LEN("01") MINT_AKI("66*20") MINT_KU_CA)),
	  REASON_X509_AKI, ZONAL },
	{ "AKI shorter", USUAL,
	  EDIT(ZONAL, .extensions = EXT(MINT_CA_PATH_LEN("01") MINT_AKI("11*19") MINT_KU_CA)),
	  REASON_X509_AKI, ZONAL },
	{ "SKI another", USUAL,
	  EDIT(REGIONAL, .extensions = EXT(MINT_CA_PATH_LEN("02") MINT_SKI("66*20") MINT_KU_CA)),
	  REASON_X509_AKI, ZONAL },

	/* signatures */
	{ "leaf of another key",
	  USUAL,
	  { .level = LEAF, .wrong_key = true },
	  REASON_X509_SIGNATURE,
	  LEAF },
	{ "zonal of another key",
	  USUAL,
	  { .level = ZONAL, .wrong_key = true },
	  REASON_X509_SIGNATURE,
	  ZONAL },
	{ "signature of 1 and 1", USUAL, EDIT(LEAF, .signature = "03{00 30{020101 020101}}"),
	  REASON_X509_SIGNATURE, LEAF },
	{ "signature of n and n", USUAL,
	  EDIT(LEAF, .signature =
			     "03{00 30{"
			     "02{00 ff*24 c7634d81f4372ddf581a0db248b0a77aecec196accc52973}"
			     "02{00 ff*24 c7634d81f4372ddf581a0db248b0a77aecec196accc52973}}}"),
	  REASON_X509_SIGNATURE, LEAF },
	{ "signature over SHA-256", USUAL, EDIT(LEAF, .digest = "SHA256"), REASON_X509_SIGNATURE,
	  LEAF },
	{ "ecdsa-with-SHA256", USUAL,
	  EDIT(LEAF, .algorithm = MINT_ECDSA_SHA256, .outer_algorithm = MINT_ECDSA_SHA256,
	       .digest = "SHA256"),
	  REASON_X509_SIGALG, LEAF },
	{ "algorithms differ", USUAL, EDIT(LEAF, .algorithm = MINT_ECDSA_SHA256),
	  REASON_X509_SIGALG, LEAF },
	{ "zonal ecdsa-with-SHA256", USUAL,
	  EDIT(ZONAL, .algorithm = MINT_ECDSA_SHA256, .outer_algorithm = MINT_ECDSA_SHA256,
	       .digest = "SHA256"),
	  REASON_X509_SIGALG, ZONAL },

	/* keys */
	{ "leaf P-256", USUAL, { .level = LEAF, .kind = "P-256" }, REASON_X509_KEY, LEAF },
	{ "leaf P-521", USUAL, { .level = LEAF, .kind = "P-521" }, REASON_X509_KEY, LEAF },
	{ "leaf RSA", USUAL, { .level = LEAF, .kind = "RSA" }, REASON_X509_KEY, LEAF },
	{ "instance P-256",
	  USUAL,
	  { .level = INSTANCE, .kind = "P-256" },
	  REASON_X509_KEY,
	  INSTANCE },
	{ "leaf key not on the curve", USUAL,
	  EDIT(LEAF, .key = "30{30{06072a8648ce3d0201 06052b81040022} 03{00 04 11*96}}"),
	  REASON_X509_KEY, LEAF },
	{ "zonal key not on the curve", USUAL,
	  EDIT(ZONAL, .key = "30{30{06072a8648ce3d0201 06052b81040022} 03{00 04 11*96}}"),
	  REASON_X509_KEY, ZONAL },
	{ "root key not on the curve", USUAL,
	  EDIT(ROOT, .key = "30{30{06072a8648ce3d0201 06052b81040022} 03{00 04 11*96}}"),
	  REASON_X509_KEY, ROOT },

	/* what an issuer must have */
	{ "zonal without basicConstraints", USUAL,
	  EDIT(ZONAL, .extensions = EXT(MINT_AKI("11*20") MINT_KU_CA)), REASON_X509_CA, ZONAL },
	{ "zonal no CA", USUAL, EDIT(ZONAL, .extensions = EXT(MINT_NO_CA MINT_KU_CA)),
	  REASON_X509_CA, ZONAL },
	{ "zonal with uncritical basicConstraints", USUAL,
	  EDIT(ZONAL, .extensions = EXT(MINT_EXTENSION(MINT_OID_BC, "", "30{0101ff}") MINT_KU_CA)),
	  REASON_X509_CA, ZONAL },
	{ "regional with uncritical basicConstraints", USUAL,
	  EDIT(REGIONAL, .extensions = EXT(MINT_EXTENSION(MINT_OID_BC, "", "30{0101ff}")
						   MINT_SKI("11*20") MINT_KU_CA)),
	  REASON_X509_CA, REGIONAL },
	{ "zonal without extensions", USUAL, EDIT(ZONAL, .extensions = ""), REASON_X509_CA, ZONAL },
	{ "root no CA", USUAL, EDIT(ROOT, .extensions = EXT(MINT_NO_CA MINT_KU_CA)), REASON_X509_CA,
	  ROOT },
	{ "zonal without keyUsage", USUAL, EDIT(ZONAL, .extensions = EXT(MINT_CA_PATH_LEN("01"))),
	  REASON_X509_KEYUSAGE, ZONAL },
	{ "instance without keyUsage", USUAL,
	  EDIT(INSTANCE, .extensions = EXT(MINT_CA_PATH_LEN("00"))), REASON_X509_KEYUSAGE,
	  INSTANCE },
	{ "root without keyUsage", USUAL, EDIT(ROOT, .extensions = EXT(MINT_CA)),
	  REASON_X509_KEYUSAGE, ROOT },
	{ "zonal without keyCertSign", USUAL,
	  EDIT(ZONAL, .extensions = EXT(MINT_CA_PATH_LEN("01") MINT_KU(CRITICAL, "0182"))),
	  REASON_X509_KEYUSAGE, ZONAL },

	/* pathLen */
	{ "root pathLen 2", USUAL, EDIT(ROOT, .extensions = EXT(MINT_CA_PATH_LEN("02") MINT_KU_CA)),
	  REASON_X509_PATHLEN, ROOT },
	{ "regional pathLen 1", USUAL,
	  EDIT(REGIONAL, .extensions = EXT(MINT_CA_PATH_LEN("01") MINT_KU_CA)), REASON_X509_PATHLEN,
	  REGIONAL },
	{ "zonal pathLen 0", USUAL,
	  EDIT(ZONAL, .extensions = EXT(MINT_CA_PATH_LEN("00") MINT_KU_CA)), REASON_X509_PATHLEN,
	  ZONAL },
	{ "pathLen 2^32", USUAL,
	  EDIT(ZONAL, .extensions = EXT(MINT_CA_PATH_LEN("0100000000") MINT_KU_CA)),
	  REASON_X509_DER, ZONAL },

	/* the leaf */
	{ "leaf a CA", USUAL, EDIT(LEAF, .extensions = EXT(MINT_CA MINT_KU_LEAF)),
	  REASON_X509_LEAF_CA, LEAF },
	{ "leaf a CA without keyUsage", USUAL, EDIT(LEAF, .extensions = EXT(MINT_CA)),
	  REASON_X509_LEAF_CA, LEAF },
	{ "leaf with a pathLen", USUAL,
	  EDIT(LEAF,
	       .extensions = EXT(MINT_EXTENSION(MINT_OID_BC, CRITICAL, "30{020100}") MINT_KU_LEAF)),
	  REASON_X509_LEAF_PATHLEN, LEAF },
	{ "leaf with keyCertSign", USUAL,
	  EDIT(LEAF, .extensions = EXT(MINT_NO_CA MINT_KU("", "0284"))), REASON_X509_KEYUSAGE,
	  LEAF },
	{ "leaf without digitalSignature", USUAL,
	  EDIT(LEAF, .extensions = EXT(MINT_NO_CA MINT_KU("", "0640"))), REASON_X509_KEYUSAGE,
	  LEAF },
	{ "leaf without keyUsage", USUAL, EDIT(LEAF, .extensions = EXT(MINT_NO_CA)),
	  REASON_X509_KEYUSAGE, LEAF },
	{ "leaf without extensions", USUAL, EDIT(LEAF, .extensions = ""), REASON_X509_KEYUSAGE,
	  LEAF },
	{ "leaf with a critical extKeyUsage", USUAL,
	  EDIT(LEAF, .extensions = EXT(MINT_KU_LEAF MINT_EXTENSION("551d25", CRITICAL,
								   "30{06082b06010505070301}"))),
	  REASON_X509_CRITICAL_EXT, LEAF },
	{ "zonal with nameConstraints", USUAL,
	  EDIT(ZONAL, .extensions = EXT(MINT_CA_PATH_LEN("01") MINT_KU_CA MINT_EXTENSION(
			      "551d1e", CRITICAL, "30{a0{30{82{'x'}}}}"))),
	  REASON_X509_CRITICAL_EXT, ZONAL },

	/* encoding and version */
	{ "a byte behind the leaf", USUAL, { .level = LEAF, .tail = "00" }, REASON_X509_DER, LEAF },
	{ "a byte behind the zonal",
	  USUAL,
	  { .level = ZONAL, .tail = "00" },
	  REASON_X509_DER,
	  ZONAL },
	{ "critical FALSE written out", USUAL,
	  EDIT(LEAF, .extensions = EXT(MINT_EXTENSION(MINT_OID_KU, "010100", "03{06c0}"))),
	  REASON_X509_DER, LEAF },
	{ "leaf of version 1", USUAL, EDIT(LEAF, .version = ""), REASON_X509_VERSION, LEAF },

	/* validity */
	{ "root expired", USUAL, EDIT(ROOT, .validity = EXPIRED), REASON_X509_VALIDITY, ROOT },
	{ "regional expired", USUAL, EDIT(REGIONAL, .validity = EXPIRED), REASON_X509_VALIDITY,
	  REGIONAL },
	{ "zonal expired", USUAL, EDIT(ZONAL, .validity = EXPIRED), REASON_X509_VALIDITY, ZONAL },
	{ "instance expired", USUAL, EDIT(INSTANCE, .validity = EXPIRED), REASON_X509_VALIDITY,
	  INSTANCE },
	{ "leaf expired", USUAL, EDIT(LEAF, .validity = EXPIRED), REASON_X509_VALIDITY, LEAF },
	{ "root not yet valid", USUAL, EDIT(ROOT, .validity = NOT_YET), REASON_X509_VALIDITY,
	  ROOT },
	{ "zonal not yet valid", USUAL, EDIT(ZONAL, .validity = NOT_YET), REASON_X509_VALIDITY,
	  ZONAL },
	{ "leaf not yet valid", USUAL, EDIT(LEAF, .validity = NOT_YET), REASON_X509_VALIDITY,
	  LEAF },
	{ "leaf ends before it begins", USUAL,
	  EDIT(LEAF, .validity = TIMES("260103130000Z", "260103090000Z")), REASON_X509_VALIDITY,
	  LEAF },
};

START_TEST(test_rows)
{
	size_t refused = 0;
	size_t plain = 0;

	for (size_t i = 0; i < LENGTH(rows); i += support_thin(11)) {
		struct span certs[CHAIN_MAX + 1];
		size_t index;
		struct pool pool = { 0 };
		pool_make(&pool, &rows[i].change);
		if (strpbrk(rows[i].order, "aAbBL") != NULL)
			pool_make_attacker(&pool);
		size_t n = pool_order(&pool, rows[i].order, certs);
		struct root root = root_of(pool_cert(&pool, '0'));
		EXPECT_REASON(rows[i].row, judge(certs, n, &root, NULL, &index), rows[i].want);
		if (rows[i].want != REASON_OK) {
			ck_assert_msg(index == rows[i].index,
				      "row \"%s\": certificate %zu, wanted %zu", rows[i].row, index,
				      rows[i].index);
			refused++;
			plain += differential_plain_accepts(certs, n, pool_cert(&pool, '0'),
							    JUDGED_AT) ?
					 1 :
					 0;
		}
		pool_done(&pool);
	}
	/* Why the walk is our own: of the chains above that must be refused, a plain
	 * X509_verify_cert takes more than a third (42 of 91 with OpenSSL 3.0). Should it grow
	 * strict, this may go. */
	if (!support_is_slow())
		ck_assert_uint_gt(3 * plain, refused);
}
END_TEST

/* The n-th certificate of a long chain, under one key for all. */
static struct buf mint_nth(EVP_PKEY *key, size_t n, const char *extensions)
{
	char issuer[64];
	char subject[64];
	struct mint parts = {
		.issuer = issuer,
		.subject = subject,
		.validity = LONG,
		.extensions = extensions,
	};

	(void)snprintf(issuer, sizeof(issuer), "30{31{30{0603550403 13{'n%zu'}}}}", n);
	(void)snprintf(subject, sizeof(subject), "30{31{30{0603550403 13{'n%zu'}}}}", n + 1);
	return mint(&parts, key, key);
}

/* As many certificates as a document can hold, and one more. */
START_TEST(test_lengths)
{
	struct buf issuers[CHAIN_MAX];
	struct span certs[CHAIN_MAX + 1];
	struct chain_cache cache = { 0 };
	AUTO(EVP_PKEY) *key = mint_key("P-384");

	for (size_t n = 0; n < CHAIN_MAX; n++)
		issuers[n] = mint_nth(key, n, EXT(MINT_CA MINT_KU_CA));
	struct root root = root_of(buf_span(&issuers[0]));
	for (size_t n = 0; n <= CHAIN_MAX; n += n == 1 ? support_thin(CHAIN_MAX - 2) : 1) {
		size_t index;
		struct buf leaf = mint_nth(key, n, EXT(MINT_KU_LEAF));
		for (size_t i = 0; i < n; i++)
			certs[i] = buf_span(&issuers[i]);
		certs[n] = buf_span(&leaf);
		/* below n issuers */
		EXPECT_REASON("length", judge(certs, n + 1, &root, &cache, &index),
			      n < 1 || n > 16 ? REASON_X509_ROOT : REASON_OK);
		buf_done(&leaf);
	}
	for (size_t n = 0; n < CHAIN_MAX; n++)
		buf_done(&issuers[n]);
}
END_TEST

/* Both ends of the validity belong to it, and the seconds beside them do not. */
START_TEST(test_valid_at)
{
	struct chain chain = { .len = 3 };
	size_t index;

	for (size_t i = 0; i < chain.len; i++) {
		chain.certs[i].not_before = 100 - (int64_t)i;
		chain.certs[i].not_after = 200 + (int64_t)i;
	}
	static const struct {
		int64_t at;
		enum reason want;
		size_t index;
	} times[] = {
		{ 100, REASON_OK, 0 },
		{ 200, REASON_OK, 0 },
		{ 150, REASON_OK, 0 },
		{ 99, REASON_X509_VALIDITY, 0 },
		{ 201, REASON_X509_VALIDITY, 0 },
		{ INT64_MIN, REASON_X509_VALIDITY, 0 },
		{ INT64_MAX, REASON_X509_VALIDITY, 0 },
		{ 0, REASON_X509_VALIDITY, 0 },
	};
	for (size_t i = 0; i < LENGTH(times); i++) {
		index = SIZE_MAX;
		EXPECT_REASON("at", chain_valid_at(&chain, times[i].at, &index), times[i].want);
		if (times[i].want != REASON_OK)
			ck_assert_uint_eq(index, times[i].index);
	}
	/* the narrowest of them decides, wherever it stands */
	chain.certs[0].not_before = 0;
	chain.certs[0].not_after = 1000;
	EXPECT_REASON("second", chain_valid_at(&chain, 98, &index), REASON_X509_VALIDITY);
	ck_assert_uint_eq(index, 1);
	chain.certs[1].not_before = 0;
	chain.certs[1].not_after = 1000;
	EXPECT_REASON("third", chain_valid_at(&chain, 203, &index), REASON_X509_VALIDITY);
	ck_assert_uint_eq(index, 2);
	EXPECT_REASON("third", chain_valid_at(&chain, 202, &index), REASON_OK);
}
END_TEST

static size_t used_entries(const struct chain_cache *cache)
{
	size_t used = 0;

	for (size_t i = 0; i < LENGTH(cache->entries); i++)
		used += cache->entries[i].used ? 1 : 0;
	return used;
}

/* What was proven is kept, what failed is not, and nothing else is taken for proven. */
START_TEST(test_cache)
{
	struct chain_cache cache = { 0 };
	struct pool pool = { 0 };
	struct span certs[CHAIN_MAX + 1];
	size_t index;

	pool_make(&pool, &(const struct change){ 0 });
	pool_make_attacker(&pool);
	struct root root = root_of(pool_cert(&pool, '0'));
	size_t n = pool_order(&pool, "0B234", certs);
	EXPECT_REASON("forged", judge(certs, n, &root, &cache, &index), REASON_X509_SIGNATURE);
	ck_assert_uint_eq(used_entries(&cache), 0);
	n = pool_order(&pool, USUAL, certs);
	for (unsigned i = 0; i < 3; i++) {
		EXPECT_REASON("usual", judge(certs, n, &root, &cache, &index), REASON_OK);
		ck_assert_uint_eq(used_entries(&cache), 4);
	}
	/* the same certificates, still under the attacker's issuer of the same name */
	n = pool_order(&pool, "0bB234", certs);
	EXPECT_REASON("forged", judge(certs, n, &root, &cache, &index), REASON_X509_SIGNATURE);
	n = pool_order(&pool, "0B234", certs);
	EXPECT_REASON("forged", judge(certs, n, &root, &cache, &index), REASON_X509_SIGNATURE);
	ck_assert_uint_eq(used_entries(&cache), 4);
	/* the entry binds the issuer's key too: proven under the attacker's root, not under ours */
	struct root attacker = root_of(pool_cert(&pool, 'b'));
	n = pool_order(&pool, "bB234", certs);
	EXPECT_REASON("attacker's own", judge(certs, n, &attacker, &cache, &index), REASON_OK);
	ck_assert_uint_eq(used_entries(&cache), 5);
	n = pool_order(&pool, "0B234", certs);
	EXPECT_REASON("forged", judge(certs, n, &root, &cache, &index), REASON_X509_SIGNATURE);
	n = pool_order(&pool, "b1234", certs);
	EXPECT_REASON("crossed", judge(certs, n, &attacker, &cache, &index), REASON_X509_SIGNATURE);
	/* times, names and extensions are looked at on every use */
	n = pool_order(&pool, "0124", certs);
	EXPECT_REASON("names", judge(certs, n, &root, &cache, &index), REASON_X509_NAME);
	pool_done(&pool);

	/* an entry of zeros that was never put in proves nothing */
	struct chain_cache zeros = { 0 };
	zeros.next = 1;
	ck_assert_uint_eq(used_entries(&zeros), 0);
}
END_TEST

/* A byte of a cached certificate's signature changed: the cache does not know it. Then more
 * certificates than the cache holds. */
START_TEST(test_cache_full)
{
	struct chain_cache cache = { 0 };
	struct pool pool = { 0 };
	struct span certs[CHAIN_MAX + 1];
	size_t index;

	pool_make(&pool, &(const struct change){ 0 });
	struct root root = root_of(pool_cert(&pool, '0'));
	size_t n = pool_order(&pool, USUAL, certs);
	EXPECT_REASON("usual", judge(certs, n, &root, &cache, &index), REASON_OK);
	for (size_t level = REGIONAL; level <= LEAF; level++) {
		struct buf *cert = &pool.certs['0' + level];
		cert->at[cert->len - 1] ^= 0x01;
		EXPECT_REASON("changed", judge(certs, n, &root, &cache, &index),
			      REASON_X509_SIGNATURE);
		ck_assert_uint_eq(index, level);
		cert->at[cert->len - 1] ^= 0x01;
	}
	for (size_t i = 0; i < 2 * LENGTH(cache.entries); i += support_thin(8)) {
		struct mint leaf = usual[LEAF];
		leaf.issuer = usual[INSTANCE].subject;
		struct buf der = mint(&leaf, pool.keys[LEAF], pool.keys[INSTANCE]);
		certs[n - 1] = buf_span(&der);
		EXPECT_REASON("another leaf", judge(certs, n, &root, &cache, &index), REASON_OK);
		buf_done(&der);
		ck_assert_uint_lt(cache.next, LENGTH(cache.entries));
	}
	if (!support_is_slow())
		ck_assert_uint_eq(used_entries(&cache), LENGTH(cache.entries));
	pool_done(&pool);
}
END_TEST

/* On failure nothing is handed out; on success the key is the leaf's. */
START_TEST(test_outputs)
{
	struct pool pool = { 0 };
	struct span certs[CHAIN_MAX + 1];
	struct chain chain;
	struct chain before;
	size_t index;
	AUTO(EVP_PKEY) *key = NULL;

	pool_make(&pool, &(const struct change){ .level = LEAF, .wrong_key = true });
	struct root root = root_of(pool_cert(&pool, '0'));
	size_t n = pool_order(&pool, USUAL, certs);
	memset(&chain, 0x5a, sizeof(chain));
	memcpy(&before, &chain, sizeof(chain));
	EXPECT_REASON("wrong key",
		      chain_walk(certs, n - 1, certs[n - 1], &root, NULL, &chain, &key, &index),
		      REASON_X509_SIGNATURE);
	ck_assert_mem_eq(&chain, &before, sizeof(chain));
	ck_assert_ptr_null(key);
	pool_done(&pool);

	pool = (struct pool){ 0 };
	pool_make(&pool, &(const struct change){ 0 });
	root = root_of(pool_cert(&pool, '0'));
	n = pool_order(&pool, USUAL, certs);
	EXPECT_REASON("usual",
		      chain_walk(certs, n - 1, certs[n - 1], &root, NULL, &chain, &key, &index),
		      REASON_OK);
	ck_assert_int_eq(EVP_PKEY_eq(key, pool.keys[LEAF]), 1);
	ck_assert_uint_eq(chain.len, 5);
	for (size_t i = 0; i < chain.len; i++)
		EXPECT_BYTES("order", chain.certs[i].der, certs[i]);
	pool_done(&pool);
}
END_TEST

/* From bytes to a verified signature, at the document's own time. */
static enum reason pipeline(struct span document, const struct root *root,
			    struct chain_cache *cache, bool compare)
{
	struct cose cose;
	struct claims claims;
	struct chain chain;
	size_t at;
	AUTO(EVP_PKEY) *key = NULL;

	enum reason reason = cose_read(document, &cose, &at);
	if (reason == REASON_OK)
		reason = claims_read(cose.payload, &claims_real_limits, &claims, &at);
	if (reason == REASON_OK)
		reason = chain_walk(claims.cabundle, claims.cabundle_len, claims.certificate, root,
				    cache, &chain, &key, &at);
	if (reason == REASON_OK)
		reason = chain_valid_at(&chain, claims_time(&claims), &at);
	if (reason == REASON_OK)
		reason = cose_verify(&cose, key);
	if (reason == REASON_OK && compare) {
		const char *difference = differential_chain(&chain, claims_time(&claims));
		ck_assert_msg(difference == NULL, "OpenSSL disagrees: %s", difference);
	}
	return reason;
}

/* Every genuine document is accepted, and the others for the reason that is known of them. */
START_TEST(test_documents)
{
	struct buf index;
	struct span fields[4];
	size_t genuine = 0;
	size_t n = 0;
	struct chain_cache cache = { 0 };

	if (!support_shared("chain/documents", "documents/index.tsv", &index))
		return;
	struct span rest = buf_span(&index);
	ck_assert(support_row(&rest, fields, 4)); /* the header */
	while (support_row(&rest, fields, 4)) {
		struct buf name = { 0 };
		struct buf file;
		if (n++ % support_thin(7) != 0)
			continue;
		buf_printf(&name, "documents/%.*s.bin", (int)fields[0].len,
			   (const char *)fields[0].at);
		char *text = buf_take_text(&name);
		ck_assert(support_shared("chain/documents", text, &file));
		bool by_aws = span_equal(fields[1], SPAN_LITERAL("yes"));
		enum reason want = by_aws ? REASON_OK : support_reason(fields[3]);
		EXPECT_REASON(text, pipeline(buf_span(&file), &root_aws, &cache, true), want);
		if (!support_is_slow())
			EXPECT_REASON(text, pipeline(buf_span(&file), &root_aws, NULL, false),
				      want);
		genuine += by_aws ? 1 : 0;
		buf_done(&file);
		free(text);
	}
	ck_assert(support_is_slow() ? genuine > 0 : genuine == 41);
	buf_done(&index);
}
END_TEST

static struct root bundled_root(void)
{
	struct buf der = support_vector("root.der");
	struct root root = root_of(buf_span(&der));

	buf_done(&der);
	return root;
}

/* Each byte changed in two ways, each prefix, and some things behind. */
static void tamper(const char *name, struct span document, const struct root *root)
{
	struct chain_cache cache = { 0 };
	uint8_t *copy = support_exact(document);
	struct span copied = { copy, document.len };

	EXPECT_REASON(name, pipeline(copied, root, &cache, true), REASON_OK);
	for (size_t i = 0; i < document.len; i += support_thin(127)) {
		for (unsigned way = 0; way < (support_is_slow() ? 1 : 2); way++) {
			copy[i] ^= way == 0 ? 0x01 : 0x80;
			ck_assert_msg(pipeline(copied, root, &cache, false) != REASON_OK,
				      "%s: byte %zu changed and accepted", name, i);
			copy[i] = document.at[i];
		}
	}
	EXPECT_REASON(name, pipeline(copied, root, &cache, false), REASON_OK);
	free(copy);
	for (size_t n = 0; n < document.len; n += support_thin(127)) {
		copy = support_exact((struct span){ document.at, n });
		ck_assert_msg(pipeline((struct span){ copy, n }, root, &cache, false) != REASON_OK,
			      "%s: the first %zu bytes accepted", name, n);
		free(copy);
	}
}

START_TEST(test_tamper_bundled)
{
	struct buf file = support_vector("document.cbor");
	struct root root = bundled_root();

	tamper("document.cbor", buf_span(&file), &root);
	EXPECT_REASON("AWS's root", pipeline(buf_span(&file), &root_aws, NULL, false),
		      REASON_X509_ROOT);
	buf_done(&file);
}
END_TEST

START_TEST(test_tamper_genuine)
{
	static const char *const names[] = {
		"documents/base-nitro-validator-01.bin", /* an indefinite payload map */
		"documents/evervault-attestation-doc-validation-02.bin",
	};

	for (size_t i = 0; i < LENGTH(names); i++) {
		struct buf file;
		if (!support_shared("chain/tamper genuine", names[i], &file))
			return;
		tamper(names[i], buf_span(&file), &root_aws);
		buf_done(&file);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("chain");

	support_add(suite, "rows", test_rows);
	support_add(suite, "lengths", test_lengths);
	support_add(suite, "valid at", test_valid_at);
	support_add(suite, "cache", test_cache);
	support_add(suite, "cache full", test_cache_full);
	support_add(suite, "outputs", test_outputs);
	support_add(suite, "documents", test_documents);
	support_add(suite, "tamper bundled", test_tamper_bundled);
	support_add(suite, "tamper genuine", test_tamper_genuine);
	return support_main(suite);
}
