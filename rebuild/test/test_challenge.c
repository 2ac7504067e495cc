/* WWW-Authenticate as registries write it, and as they should not. */
#include "rebuild/challenge.h"

#include <stdlib.h>

#include "test/support.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define HEAD "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n"
#define W "WWW-Authenticate: "
#define REALM "https://auth.example/token"
#define X16 "xxxxxxxxxxxxxxxx"
#define X256 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16
#define X2048 X256 X256 X256 X256 X256 X256 X256 X256
#define P8 "a=b,a=b,a=b,a=b,a=b,a=b,a=b,a=b,"
#define P64 P8 P8 P8 P8 P8 P8 P8 P8

static const struct {
	const char *head;
	enum reason want;
	const char *realm;
	const char *service; /* NULL: none */
} rows[] = {
	{ HEAD W "Bearer realm=\"" REALM
		 "\",service=\"s.example\",scope=\"repository:a/b:pull\"\r\n\r\n",
	  REASON_OK, REALM, "s.example" },
	{ HEAD W "Bearer realm=\"" REALM "\"\r\n\r\n", REASON_OK, REALM, NULL },
	{ HEAD "www-authenticate:bearer REALM=\"" REALM "\" , Service = s\r\n\r\n", REASON_OK,
	  REALM, "s" },
	{ HEAD W "Bearer realm=" REALM ",service=s\r\n\r\n", REASON_OK, REALM, "s" },
	{ HEAD W "Bearer service=\"a, \\\"b\\\" \\\\c\", realm=\"" REALM "\"\r\n\r\n", REASON_OK,
	  REALM, "a, \"b\" \\c" },
	{ HEAD W "Bearer realm=\"" REALM "\",error=\"invalid_token\"\r\n\r\n", REASON_OK, REALM,
	  NULL },
	{ HEAD W "Basic realm=\"x\", Bearer realm=\"" REALM "\"\r\n\r\n", REASON_OK, REALM, NULL },
	{ HEAD W "Bearer realm=\"" REALM "\", Basic realm=\"x\"\r\n\r\n", REASON_OK, REALM, NULL },
	{ HEAD W "Basic realm=\"x\"\r\n" W "Bearer realm=\"" REALM "\"\r\n\r\n", REASON_OK, REALM,
	  NULL },
	{ HEAD W "Bearer realm=\"" REALM "\"\r\n" W
		 "Bearer realm=\"https://other.example\"\r\n\r\n",
	  REASON_OK, REALM, NULL },
	{ HEAD W "Negotiate, Bearer realm=\"" REALM "\"\r\n\r\n", REASON_OK, REALM, NULL },
	{ HEAD W ",, Bearer realm=\"" REALM "\",,\n\n", REASON_OK, REALM, NULL },
	{ HEAD W "Bearer realm=\"" REALM "\",service=\"\"\r\n\r\n", REASON_OK, REALM, "" },
	{ HEAD W "Basic realm=\"x\"\r\n\r\n", REASON_OCI_BASIC, NULL, NULL },
	{ HEAD W "basic\r\n\r\n", REASON_OCI_BASIC, NULL, NULL },
	{ HEAD W "Digest realm=\"x\", nonce=\"y\"\r\n\r\n", REASON_OCI_CHALLENGE, NULL, NULL },
	{ HEAD "\r\n", REASON_OCI_CHALLENGE, NULL, NULL },
	{ "", REASON_OCI_CHALLENGE, NULL, NULL },
	{ HEAD W "\r\n\r\n", REASON_OCI_CHALLENGE, NULL, NULL },
	{ HEAD W "Bearer\r\n\r\n", REASON_OCI_CHALLENGE, NULL, NULL },
	{ HEAD W "Bearer service=\"s\"\r\n\r\n", REASON_OCI_CHALLENGE, NULL, NULL },
	{ HEAD W "realm=\"" REALM "\"\r\n\r\n", REASON_OCI_CHALLENGE, NULL, NULL },
	{ HEAD W "Bearer realm=\"" REALM "\r\n\r\n", REASON_OCI_CHALLENGE, NULL, NULL },
	{ HEAD W "Bearer realm=\"" REALM "\\\r\n\r\n", REASON_OCI_CHALLENGE, NULL, NULL },
	{ HEAD W "Bearer realm=\"a\tb\"\r\n\r\n", REASON_OCI_CHALLENGE, NULL, NULL },
	{ HEAD W "Bearer realm=\"a\x80\"\r\n\r\n", REASON_OCI_CHALLENGE, NULL, NULL },
	{ HEAD W "Bearer realm=\"a\" service=\"b\"\r\n\r\n", REASON_OCI_CHALLENGE, NULL, NULL },
	{ HEAD W "Bearer realm=\"a\",realm=\"b\"\r\n\r\n", REASON_OCI_CHALLENGE, NULL, NULL },
	{ HEAD W "Bearer realm=\r\n\r\n", REASON_OCI_CHALLENGE, NULL, NULL },
	{ HEAD W "Bearer realm=,service=s\r\n\r\n", REASON_OCI_CHALLENGE, NULL, NULL },
	{ HEAD W "Negotiate YWJj==\r\n\r\n", REASON_OCI_CHALLENGE, NULL, NULL },
	{ HEAD W "Bearer realm=\"x" X2048 "\"\r\n\r\n", REASON_OCI_CHALLENGE, NULL, NULL },
	{ HEAD W "Bearer " P64 "realm=\"" REALM "\"\r\n\r\n", REASON_OCI_CHALLENGE, NULL, NULL },
};

START_TEST(test_rows)
{
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct challenge challenge = { NULL, NULL };
		struct span head = span_of_text(rows[i].head);
		uint8_t *exact = support_exact(head);
		head.at = exact;
		EXPECT_REASON(rows[i].head, challenge_read(head, &challenge), rows[i].want);
		free(exact);
		if (rows[i].want != REASON_OK)
			continue;
		ck_assert_str_eq(challenge.realm, rows[i].realm);
		if (rows[i].service == NULL)
			ck_assert_ptr_null(challenge.service);
		else
			ck_assert_str_eq(challenge.service, rows[i].service);
		challenge_done(&challenge);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("challenge");

	support_add(suite, "rows", test_rows);
	return support_main(suite);
}
