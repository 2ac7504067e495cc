/* The conductor of a run: its stages, one after the other. */
#ifndef REBUILD_RUN_STAGES_H
#define REBUILD_RUN_STAGES_H

#include "rebuild/run.h"

/* Does all stages up to order->until that can be done. REASON_OK: look at `faults`; any other reason is this
 * machine's or the caller's trouble, and there is nothing to judge: REASON_INTERRUPTED, _STATE_BUSY,
 * _FILE_UNWRITABLE, _OUT_OF_MEMORY, _CRYPTO_FAILED. End with run_done in any case. */
enum reason run_stages(const struct run_order *order, struct run *ret,
		       struct trouble *reterr) MUST_CHECK;

#endif
