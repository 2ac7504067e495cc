#include "rebuild/test/registry.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "test/helper.h"
#include "test/support.h"

#define TIME_MS 20000

static struct helper helper;

void registry_start(void)
{
	helper_start(&helper, "rebuild/test/registry.py");
	/* as every main does */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	if (!http_library_start())
		ck_abort_msg("libcurl cannot be used");
}

void registry_stop(void)
{
	http_library_stop();
	helper_stop(&helper);
}

const char *registry_value(const char *name)
{
	const char *value = helper_value(&helper, name);

	if (value == NULL)
		ck_abort_msg("the registry says nothing of %s", name);
	return value;
}

static int64_t ticks(void *context)
{
	struct timespec now;

	(void)context;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void nap(void *context, int64_t ms)
{
	const struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };

	(void)context;
	(void)nanosleep(&pause, NULL);
}

static const struct http_clock real = { ticks, nap, NULL };

void registry_client_start(struct registry_client *client, const char *dir)
{
	struct trouble trouble = { .why = 0 };

	*client = (struct registry_client){ .store = NULL };
	EXPECT_REASON(dir, store_open(dir, &client->store, &trouble), REASON_OK);
	client->oci = (struct oci){ .http = http_new(&client->route, &real),
				    .second = http_new(&client->route, &real),
				    .clock = &real,
				    .deadline_ms = ticks(NULL) + TIME_MS,
				    .store = client->store };
	ck_assert(client->oci.http != NULL && client->oci.second != NULL);
}

void registry_client_done(struct registry_client *client)
{
	http_free(client->oci.http);
	http_free(client->oci.second);
	store_free(client->store);
}

enum reason registry_fetch(struct registry_client *client, const char *reference,
			   const char *platform, struct oci_pins *ret)
{
	struct ociref ref;
	struct ociref_platform of;
	struct trouble trouble = { .why = 0 };

	EXPECT_REASON(reference, ociref_read(span_of_text(reference), &ref), REASON_OK);
	EXPECT_REASON(platform, ociref_platform(span_of_text(platform), &of), REASON_OK);
	enum reason reason = oci_fetch(&client->oci, &ref, &of, ret, &trouble);
	/* whatever goes wrong is said to be somewhere, but for what needs no words */
	ck_assert_msg(reason == REASON_OK || reason == REASON_OCI_TAG || trouble.path_len > 0,
		      "row \"%s\": nothing is said", reference);
	return reason;
}

const char *registry_reference(const char *name, const char *rest)
{
	static char text[512];

	(void)snprintf(text, sizeof(text), "127.0.0.1:%s/%s%s", registry_value("front"), name,
		       rest);
	return text;
}
