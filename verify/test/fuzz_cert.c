/* One certificate: what cert_read accepts, OpenSSL reads alike. */
#include <stdio.h>
#include <stdlib.h>

#include "verify/cert.h"
#include "verify/test/differential.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(const char *difference)
{
	if (difference == NULL)
		return;
	(void)fprintf(stderr, "OpenSSL disagrees: %s\n", difference);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cert cert;

	if (cert_read((struct span){ data, size }, &cert) != REASON_OK)
		return 0;
	demand(differential_cert(&cert));
	demand(differential_name(cert.issuer));
	demand(differential_name(cert.subject));
	return 0;
}
