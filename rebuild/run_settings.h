/* Under which of Nix's settings a run was built, for build-info.json. */
#ifndef REBUILD_RUN_SETTINGS_H
#define REBUILD_RUN_SETTINGS_H

#include "rebuild/run.h"

/* Asks Nix for its settings, as it takes them from the command line and NIX_CONFIG, and leaves in run->settings
 *
 *   {"substituters": [text, ...], "sandbox": text or true or false, "sandbox_fallback": true or false}
 *
 * or NULL where Nix does not tell: that is no trouble. A daemon has settings of its own, which it tells nobody.
 * REASON_INTERRUPTED, REASON_OUT_OF_MEMORY. */
enum reason run_settings(struct run *run) MUST_CHECK;

#endif
