#include "rebuild/job_image.h"

#include "verify/basenc.h"

static int64_t http_ticks(void *context)
{
	const struct job *job = context;

	return job->world.ticks_ms();
}

/* What one question takes. */
struct asking {
	struct ociref reference;
	struct ociref_platform platform;
	struct http_route route;
	struct http_clock clock;
	struct http *http; /* owned */
	struct oci oci;
};

/* *ret must stay where it is. */
static enum reason start(struct job *job, const struct recipe *recipe, struct asking *ret)
{
	*ret = (struct asking){ .route = { .tls = HTTP_TLS_VERIFIED },
				.clock = { http_ticks, job->sleep_ms, job } };
	enum reason reason = ociref_read(span_of_text(recipe->image), &ret->reference);
	if (reason == REASON_OK)
		reason = ociref_platform(span_of_text(recipe->platform), &ret->platform);
	if (reason != REASON_OK)
		return reason;
	ret->http = http_new(&ret->route, &ret->clock);
	ret->oci = (struct oci){ .http = ret->http,
				 .clock = &ret->clock,
				 .deadline_ms = job->world.ticks_ms() + JOB_ASK_LIMIT_MS,
				 .interrupted = job->interrupted };
	return ret->http != NULL ? REASON_OK : REASON_OUT_OF_MEMORY;
}

enum reason job_image_look(struct job *job, const struct recipe *recipe, struct oci_outline *ret,
			   struct trouble *reterr)
{
	struct asking asking;
	enum reason reason = start(job, recipe, &asking);

	if (reason == REASON_OK)
		reason = oci_look(&asking.oci, &asking.reference, &asking.platform, ret, reterr);
	http_free(asking.http);
	return reason;
}

enum reason job_image_resolve(struct job *job, const struct recipe *recipe, struct buf *ret,
			      struct trouble *reterr)
{
	struct asking asking;
	uint8_t digest[DIGEST_SHA256_LEN];
	enum reason reason = start(job, recipe, &asking);
	bool named = reason == REASON_OK && !asking.reference.has_digest;

	if (named)
		reason = oci_resolve(&asking.oci, &asking.reference, &asking.platform, digest,
				     reterr);
	http_free(asking.http);
	if (reason != REASON_OK || !named)
		return reason;
	buf_printf(ret, "%s@sha256:", recipe->image);
	hex_encode(ret, SPAN_OF(digest));
	return ret->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}
