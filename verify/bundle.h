/* Saved evidence: a folder that `check --save` wrote and anybody may judge again, offline.
 *
 *   document.cbor   the document, as it came out of the answer        always there
 *   nonce.bin       the nonce that was asked with, 0 to 1024 bytes
 *   peer.pem        the certificate of the connection
 *   time.txt        when it was judged: one line, RFC 3339
 *   policy.json     what the saver expected
 *   report.json     what the saver's program said
 *   onchain.json    block header, proofs and answers of servers
 *   eif.json        the measurement of an image
 *   statement.json  a signed statement of a rebuild
 *   SHA256SUMS      of all the others, as sha256sum(1) writes it      always there
 *
 * No others, no links, no folders. Only the document proves anything: whatever else the saver wrote
 * is shown as the saver's claim and decides nothing. SHA256SUMS finds damage, not malice. */
#ifndef VERIFY_BUNDLE_H
#define VERIFY_BUNDLE_H

#include "verify/check.h"
#include "verify/reason.h"
#include "verify/span.h"

enum bundle_file {
	BUNDLE_DOCUMENT,
	BUNDLE_NONCE,
	BUNDLE_PEER,
	BUNDLE_TIME,
	BUNDLE_POLICY,
	BUNDLE_REPORT,
	BUNDLE_ONCHAIN,
	BUNDLE_EIF,
	BUNDLE_STATEMENT,
	BUNDLE_SUMS, /* stays last: it names the others */
	BUNDLE_FILES
};

/* E.g. "document.cbor". Static; never NULL. */
const char *bundle_file_name(enum bundle_file file);

/* Start with {0}, end with bundle_done. */
struct bundle {
	bool has[BUNDLE_FILES];
	struct buf content[BUNDLE_FILES];
};

/* What is wrong, and with what. Start with {0}, end with buf_done on `name`. */
struct bundle_fault {
	struct buf name; /* of the file, from outside; empty: the folder itself */
	int system;      /* errno, or 0 */
};

/* Reads the folder. Every file is a regular one, within its cap and of its form (lengths, one
 * certificate, a time, JSON), and SHA256SUMS holds. What *ret has on failure is not to be used, but
 * to be ended.
 * REASON_BUNDLE_FOLDER, _BUNDLE_NAME, _BUNDLE_TYPE, _BUNDLE_MISSING, _BUNDLE_TOO_LARGE,
 * _BUNDLE_CONTENT, _BUNDLE_SUMS, _BUNDLE_SUM; REASON_FILE_UNREADABLE, _OUT_OF_MEMORY,
 * _CRYPTO_FAILED. */
enum reason bundle_read(const char *path, struct bundle *ret,
			struct bundle_fault *reterr) MUST_CHECK;
void bundle_done(struct bundle *bundle);

/* Appends SHA256SUMS for the files that the bundle has. REASON_CRYPTO_FAILED, _OUT_OF_MEMORY. */
enum reason bundle_sums(const struct bundle *bundle, struct buf *ret) MUST_CHECK;

/* The checks of a bundle: bundle.form, a document's, onchain.*. */
struct check_set bundle_checks(void);

#endif
