#include "attest/test/servers.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "test/helper.h"
#include "test/support.h"

static struct helper helper;

/* Whatever of these is followed breaks a test: nothing listens on port 1, and keys and passwords must
 * not be found where they then are. */
static void mislead(void)
{
	static const char *const advice[][2] = {
		{ "http_proxy", "http://127.0.0.1:1" },
		{ "https_proxy", "http://127.0.0.1:1" },
		{ "HTTPS_PROXY", "http://127.0.0.1:1" },
		{ "ALL_PROXY", "http://127.0.0.1:1" },
		{ "NETRC", "netrc" },
		{ "HOME", "." },
		{ "SSL_CERT_FILE", "ca.pem" },
		{ "CURL_CA_BUNDLE", "ca.pem" },
		{ "SSLKEYLOGFILE", "keys.log" },
		{ "OPENSSL_CONF", "openssl.cnf" },
	};

	support_write(".netrc", SPAN_LITERAL("machine localhost login user password Secret\n"));
	/* would refuse every handshake */
	support_write("openssl.cnf",
		      SPAN_LITERAL("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n"
				   "[c]\nSignatureAlgorithms = RSA+SHA256\n"));
	for (size_t i = 0; i < sizeof(advice) / sizeof(advice[0]); i++)
		(void)setenv(advice[i][0], advice[i][1], 1);
	/* as every main does */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	if (!http_library_start())
		ck_abort_msg("libcurl cannot be used");
}

void servers_start(void)
{
	helper_start(&helper, "attest/test/server.py");
	mislead();
}

void servers_stop(void)
{
	http_library_stop();
	helper_stop(&helper);
}

unsigned servers_port(const char *name)
{
	const char *port = helper_value(&helper, name);

	return port == NULL ? 0 : (unsigned)strtoul(port, NULL, 10);
}

static int64_t ticks_ms(void *context)
{
	struct timespec now;

	(void)context;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sleep_ms(void *context, int64_t ms)
{
	struct timespec pause = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };

	(void)context;
	(void)nanosleep(&pause, NULL);
}

const struct http_clock servers_clock = { ticks_ms, sleep_ms, NULL };

static int64_t quick_ticks_ms(void *context)
{
	const struct servers_nap *nap = context;

	return ticks_ms(NULL) + nap->slept_ms;
}

static void quick_sleep_ms(void *context, int64_t ms)
{
	struct servers_nap *nap = context;

	nap->slept_ms += ms;
	nap->naps++;
}

struct http_clock servers_quick_clock(struct servers_nap *nap)
{
	return (struct http_clock){ quick_ticks_ms, quick_sleep_ms, nap };
}

struct fetch fetch_of(const char *scheme, const char *host, const char *server, const char *path)
{
	struct fetch fetch = { .clock = servers_clock };

	fetch.route.cacert = "ca.pem";
	fetch.request.method = "GET";
	fetch.request.body_max = HTTP_BODY_MAX;
	fetch.request.deadline_ms = support_is_slow() ? 20000 : 3000;
	(void)snprintf(fetch.url, sizeof(fetch.url), "%s://%s:%u%s", scheme, host,
		       servers_port(server), path);
	return fetch;
}

void fetch_go(struct fetch *fetch)
{
	struct http_request request = fetch->request;

	if (request.url == NULL)
		request.url = fetch->url;
	request.deadline_ms += fetch->clock.ticks_ms(fetch->clock.context);
	struct http *http = http_new(&fetch->route, &fetch->clock);
	if (http == NULL)
		ck_abort_msg("out of memory");
	fetch->reason = http_exchange(http, &request, &fetch->answer);
	http_free(http);
}

void fetch_done(struct fetch *fetch)
{
	http_answer_done(&fetch->answer);
}

void fetch_expect(const char *row, struct fetch *fetch, enum reason want)
{
	fetch_go(fetch);
	ck_assert_msg(fetch->reason == want, "row \"%s\": %s, wanted %s (%s; status %ld)", row,
		      reason_name(fetch->reason), reason_name(want), fetch->answer.trouble,
		      fetch->answer.status);
	ck_assert_msg(want == REASON_OK || fetch->answer.body.len == 0,
		      "row \"%s\": a body was kept of what failed", row);
}

void fetch_expect_body(const char *row, const struct fetch *fetch, const char *want)
{
	EXPECT_BYTES(row, buf_span(&fetch->answer.body), span_of_text(want));
}

bool fetch_body_has(const struct fetch *fetch, const char *part)
{
	char *text = support_text(buf_span(&fetch->answer.body));
	bool has = strstr(text, part) != NULL;

	free(text);
	return has;
}
