/* Whether a commit is signed, and by one whose signatures count. */
#ifndef REBUILD_SIGNATURE_H
#define REBUILD_SIGNATURE_H

#include "rebuild/source.h"

/* Whether a file can be one of signers, by how it begins: allowed signers of ssh-keygen, or OpenPGP keys. */
bool signature_knows(const char *signers);

/* Fills `signature` and `signer`. Without order->signers a signature is only found, not checked: keys come
 * from the user, never from the repository. REASON_SOURCE_GIT, REASON_FILE_UNWRITABLE, the reasons of
 * proc_run. REASON_SOURCE_SIGNERS: the file of signers is of no known kind, or what checks it is missing.
 * A signature that is not good is no failure. Of OpenPGP `signer` is the fingerprint of the primary key, of SSH the
 * key's. A key or signature that has expired since, or a key that was revoked as far as the file of signers says,
 * is not good. */
enum reason signature_check(const struct git *git, const struct source_order *order,
			    struct source_facts *ret, struct trouble *reterr) MUST_CHECK;

#endif
