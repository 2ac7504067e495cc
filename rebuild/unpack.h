/* An image taken apart into a new directory:
 *
 *   kernel, cmdline, metadata.json, signature.cbor      the sections as they are
 *   ramdisk-0, ramdisk-1, ...
 *   ramdisk-0.d/, ramdisk-0.list, ...                   what their archives hold (extract.h)
 *
 * First all sections are written and the image is judged by the rules of verify/eif.h, the checksum
 * included; then the ramdisks are read from what was written. Nothing of them is executed, nothing
 * is made outside the directory. */
#ifndef REBUILD_UNPACK_H
#define REBUILD_UNPACK_H

#include "rebuild/advance.h"
#include "rebuild/extract.h"
#include "verify/eif.h"

#define UNPACK_NAME_LEN 16

/* What became of one section. `reason` is of a ramdisk's content: REASON_OK also when it is opaque;
 * otherwise its tree holds what came before `offset`, about, of the section. */
struct unpacked_section {
	char name[UNPACK_NAME_LEN]; /* of its file */
	enum reason reason;
	struct trouble trouble;
	uint64_t offset;
	struct ramdisk_facts facts;
	struct extract_counts counts;
};

struct unpacked {
	struct eif eif;
	struct unpacked_section sections[EIF_SECTIONS_MAX];
};

/* `image` is a descriptor that is read to its end; `advance`, which may be NULL, is told of that and
 * of the ramdisks read from what was written. `dir` must not exist, or be empty. Unless the
 * result is REASON_OK, everything that was made is removed again. *ret is set then only.
 * The reasons of eif_feed and eif_finish, REASON_EIF_CRC; REASON_FILE_EXISTS, _UNREADABLE,
 * _UNWRITABLE; REASON_OUT_OF_MEMORY. *reterr says which file, *reterr_at where in the image. */
enum reason unpack(int image, const char *dir, uint16_t reserved_flags, struct advance *advance,
		   struct unpacked *ret, struct trouble *reterr, uint64_t *reterr_at) MUST_CHECK;

#endif
