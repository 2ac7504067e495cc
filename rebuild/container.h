/* The files of a fetched image: its layers read from the store into one table, and single files poured out of
 * it. */
#ifndef REBUILD_CONTAINER_H
#define REBUILD_CONTAINER_H

#include "rebuild/layer.h"
#include "rebuild/oci.h"

struct container;

/* Reads every layer, from the lowest up; each must have its digest and its diff_id. `oci` and `pins` are
 * borrowed for as long as it lives. End with container_free; NULL is fine there.
 * REASON_OCI_BLOB_ABSENT: the store has lost a layer since; the reasons of layer_read and store_get. *reterr: the
 * entry, or the layer. */
enum reason container_open(const struct oci *oci, const struct oci_pins *pins,
			   struct container **ret, struct trouble *reterr) MUST_CHECK;
void container_free(struct container *container);

/* How many entries had a name that an entry of the same layer had before: the last counts, but tools might
 * differ. */
uint64_t container_doubled(const struct container *container);

/* How many whiteouts the layers have; each is read, and must have its digest and its diff_id, nothing else. The reasons
 * of layer_whiteouts and store_get, REASON_OCI_BLOB_ABSENT. */
enum reason container_whiteouts(const struct oci *oci, const struct oci_pins *pins, uint64_t *ret,
				struct trouble *reterr) MUST_CHECK;

struct container_file {
	struct overlay_file found;
	uint8_t sha256[DIGEST_SHA256_LEN];
};

/* One file: `path` begins with a /, and symbolic links on it are followed within the image. Its content goes to
 * `sink` (NULL: it is only hashed), which must take it for nothing unless the result is REASON_OK. `want`: the
 * SHA-256 that it must have, NULL: any.
 * REASON_IMAGE_FILE_DIGEST: it has another, which *ret tells; the reasons of overlay_find, layer_extract and
 * store_get, REASON_OCI_BLOB_ABSENT. *ret is set with REASON_OK and REASON_IMAGE_FILE_DIGEST. */
enum reason container_take(const struct container *container, struct span path, const uint8_t *want,
			   const struct sink *sink, struct container_file *ret,
			   struct trouble *reterr) MUST_CHECK;

/* The same into a new file `name` of the folder `dir`, mode 0755 whatever the umask says and whatever it has in
 * the image (only that it can be run matters to what is built of it). Nothing is followed or replaced:
 * REASON_FILE_EXISTS, REASON_FILE_UNWRITABLE. Unless the result is REASON_OK the file is removed again. */
enum reason container_stage(const struct container *container, struct span path,
			    const uint8_t *want, int dir, const char *name,
			    struct container_file *ret, struct trouble *reterr) MUST_CHECK;

#endif
