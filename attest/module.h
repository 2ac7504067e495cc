/* The security module that the command line names: the device, or a simulated one. */
#ifndef ATTEST_MODULE_H
#define ATTEST_MODULE_H

#include "attest/nsm_device.h"
#include "attest/simulate.h"
#include "attest/verb.h"

/* Not to be moved in memory while it is open; end with module_close. */
struct module {
	const char *name; /* for messages: the device's path or the folder's */
	struct nsm nsm;
	struct nsm_device device;
	struct simulate simulate;
};

/* Opens it. What is wrong is said on stderr; the value is the exit status for that: CLI_ERROR without a
 * device, CLI_USAGE when --simulate names no simulated enclave; CLI_PASS: it is open. */
int module_open(const struct attest_run *run, struct module *ret);
void module_close(struct module *module);

/* What is wrong with a simulated enclave's folder, on stderr. */
void module_complain(const struct attest_run *run, const char *path, const char *name, int why,
		     enum reason reason);

#endif
