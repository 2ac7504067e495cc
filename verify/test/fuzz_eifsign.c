/* A signature section: one that is accepted is the one encoding of its certificate and signature, and
 * the certificate the one PEM of its DER. */
#include <stdio.h>
#include <stdlib.h>

#include "verify/test/eifsigner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t zero[PCR_LEN] = { 0 };
	struct eifsign sign = { .has_cose = false };
	const struct span section = { data, size };

	enum reason reason = eifsign_read(section, &sign);
	demand((reason == REASON_OK) == sign.has_cose, "accepted without a signature");
	if (sign.has_cose) {
		struct buf cose = eifsigner_cose(sign.protected_bstr, sign.payload, sign.signature);
		struct buf again = eifsigner_section(buf_span(&sign.pem), buf_span(&cose));
		demand(sign.has_certificate, "accepted without a certificate");
		demand(again.failed || span_equal(buf_span(&again), section), "another encoding");
		reason = eifsign_verify(&sign, zero);
		demand(reason != REASON_OK, "a signature about a PCR0 of zeros");
		buf_done(&cose);
		buf_done(&again);
	}
	eifsign_done(&sign);
	return 0;
}
