/* Statements: 'p' and a payload, a PEM key ('-'), else an envelope. A payload that is accepted is accepted with
 * the same content when it is printed again; the message that an envelope's signatures are over is the PAE of its
 * payload; a key has one form, and its id is that form's. */
#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify/dsse.h"
#include "verify/statement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

static void try_payload(struct span text)
{
	struct statement one = { .tree = NULL };
	struct statement again = { .tree = NULL };
	struct json_place place;
	char *printed = NULL;

	if (statement_read(text, &one, &place) != REASON_OK)
		return;
	demand(one.pcrs.present == 7 && !pcrs_is_debug(&one.pcrs), "registers");
	demand(one.commit.len == 20 || one.commit.len == 32, "a commit");
	demand(json_print(one.tree, &printed) == REASON_OK, "printing");
	if (strlen(printed) <= JSON_MAX) {
		demand(statement_read(span_of_text(printed), &again, &place) == REASON_OK, "again");
		demand(memcmp(&one.pcrs, &again.pcrs, sizeof(one.pcrs)) == 0, "other registers");
		demand(memcmp(one.commit.id, again.commit.id, one.commit.len) == 0, "other commit");
		demand(one.has_image == again.has_image && one.compared == again.compared, "other");
		statement_done(&again);
	}
	free(printed);
	statement_done(&one);
}

static void try_key(struct span text)
{
	struct pubkey key = { .key = NULL };
	unsigned char *der = NULL;
	uint8_t id[DIGEST_SHA256_LEN];

	if (pubkey_read(text, &key) != REASON_OK)
		return;
	int len = i2d_PUBKEY(key.key, &der);
	struct span whole = { der, len > 0 ? (size_t)len : 0 };
	demand(whole.len == 44 || whole.len == 91, "another form");
	demand(digest_sha256(&whole, 1, id) == REASON_OK && memcmp(id, key.id, sizeof(id)) == 0,
	       "another id");
	OPENSSL_free(der);
	pubkey_done(&key);
}

static void try_envelope(struct span text)
{
	struct dsse dsse = { .n_signatures = 0 };
	struct json_place place;
	struct buf message = { 0 };

	if (dsse_read(text, &dsse, &place) != REASON_OK)
		return;
	demand(dsse.n_signatures >= 1 && dsse.n_signatures <= DSSE_SIGNATURES_MAX, "signatures");
	for (size_t i = 0; i < dsse.n_signatures; i++)
		demand(dsse.signatures[i].len > 0, "an empty signature");
	dsse_pae(SPAN_LITERAL(DSSE_IN_TOTO), buf_span(&dsse.payload), &message);
	demand(span_equal(buf_span(&message), buf_span(&dsse.message)), "another message");
	buf_done(&message);
	try_payload(buf_span(&dsse.payload));
	dsse_done(&dsse);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { data, size };
	struct span mark;

	if (size > 0 && data[0] == 'p' && span_take(&text, 1, &mark))
		try_payload(text);
	else if (size > 0 && data[0] == '-')
		try_key(text);
	else
		try_envelope(text);
	return 0;
}
