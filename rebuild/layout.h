/* The folder of an OCI image layout (OCI image specification 1.1, image-layout.md), as a source of blobs:
 *
 *   DIR/oci-layout              {"imageLayoutVersion": "1.0.0"}
 *   DIR/blobs/sha256/HEX        a manifest, configuration or layer
 *
 * Its index.json is not read: the digest says what is wanted. */
#ifndef REBUILD_LAYOUT_H
#define REBUILD_LAYOUT_H

#include "rebuild/distribution.h"

struct layout;

/* End with layout_free; NULL is fine there. REASON_OCI_LAYOUT: no such folder, or no layout of version 1;
 * REASON_OUT_OF_MEMORY. */
enum reason layout_open(struct span dir, struct layout **ret, struct trouble *reterr) MUST_CHECK;
void layout_free(struct layout *layout);

/* Appends a small blob, as it is: the caller checks its digest. REASON_OCI_BLOB_ABSENT, REASON_OCI_TOO_LARGE,
 * REASON_FILE_UNREADABLE, REASON_OUT_OF_MEMORY. */
enum reason layout_manifest(const struct layout *layout,
			    const uint8_t digest[static DIGEST_SHA256_LEN], struct buf *ret,
			    struct trouble *reterr) MUST_CHECK;

/* Sees to it that the store has a blob. REASON_OCI_BLOB_ABSENT, _SIZE, _DIGEST; REASON_FILE_UNREADABLE,
 * REASON_INTERRUPTED, REASON_OUT_OF_MEMORY; the reasons of store.h. */
enum reason layout_blob(const struct layout *layout, const struct oci *oci,
			const struct descriptor *blob, struct trouble *reterr) MUST_CHECK;

/* Appends what is left of a file. REASON_OCI_TOO_LARGE: more than `max` bytes; REASON_FILE_UNREADABLE,
 * REASON_OUT_OF_MEMORY. */
enum reason layout_read_file(int fd, size_t max, struct buf *ret) MUST_CHECK;

#endif
