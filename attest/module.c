#include "attest/module.h"

#include <stdlib.h>

#include "attest/simdir.h"

void module_complain(const struct attest_run *run, const char *path, const char *name, int why,
		     enum reason reason)
{
	struct buf whole = { 0 };

	buf_printf(&whole, "%s%s%s", path, *name != '\0' ? "/" : "", name);
	char *text = buf_take_text(&whole);
	attest_complain(run, text != NULL ? text : path, why, reason);
	free(text);
}

static int open_simulated(const struct attest_run *run, struct module *ret)
{
	struct simdir_fault fault;

	ret->name = run->inside.simulate;
	ret->simulate.clock_ms = run->clock_ms;
	ret->simulate.random = run->random;
	enum reason reason = simdir_load(ret->name, &ret->simulate, &fault);
	if (reason == REASON_OK) {
		ret->nsm = simulate_nsm(&ret->simulate);
		return CLI_PASS;
	}
	module_complain(run, ret->name, fault.name, fault.why, reason);
	simulate_done(&ret->simulate);
	return reason == REASON_FILE_UNREADABLE || reason == REASON_SIMULATE_FILE ? CLI_USAGE :
										    CLI_ERROR;
}

int module_open(const struct attest_run *run, struct module *ret)
{
	int why = 0;

	*ret = (struct module){ .name = NSM_DEVICE_PATH, .device = { .fd = -1 } };
	if (run->inside.simulate != NULL)
		return open_simulated(run, ret);
	enum reason reason = nsm_device_open(NSM_DEVICE_PATH, &ret->device, &ret->nsm, &why);
	if (reason == REASON_OK)
		return CLI_PASS;
	attest_complain(run, ret->name, why, reason);
	return CLI_ERROR;
}

void module_close(struct module *module)
{
	nsm_device_close(&module->device);
	simulate_done(&module->simulate);
}
