/* What the saver of a bundle claims: shown in the report beside the checks, never judged. */
#ifndef VERIFY_SAVER_H
#define VERIFY_SAVER_H

#include "verify/bundle.h"
#include "verify/report.h"

/* Adds lines to the report's text and the member `saver` to its JSON: time, address, verdict and
 * policy as the files say, and which files this version makes no use of. */
void saver_tell(const struct bundle *bundle, struct report *report);

#endif
