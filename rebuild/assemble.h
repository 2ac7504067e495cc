/* An image out of kernel, command line, metadata and ramdisks: byte for byte what AWS's eif_build
 * writes for the same inputs, up to the randomness of a signature. Sections stand in its order:
 * kernel, command line, metadata, ramdisks, signature.
 *
 * Nothing that is measured depends on the machine, its clock or its environment; a tree's ramdisk
 * depends on the zlib that compresses it. */
#ifndef REBUILD_ASSEMBLE_H
#define REBUILD_ASSEMBLE_H

#include "rebuild/advance.h"
#include "rebuild/trouble.h"
#include "verify/eif.h"
#include "verify/pcr.h"

#define ASSEMBLE_CMDLINE_MAX ((size_t)64 * 1024)
#define ASSEMBLE_RAMDISKS_MAX 29 /* and kernel, command line, metadata: 32 sections */

struct assemble_ramdisk {
	const char *path;
	bool is_tree; /* a directory, else a file whose bytes are the section */
};

struct assemble_inputs {
	const char *kernel;
	struct span cmdline;
	uint16_t flags;       /* 0 or EIF_FLAG_ARM64 */
	struct span metadata; /* the section as it will stand there */
	const struct assemble_ramdisk *ramdisks;
	size_t n_ramdisks;
	struct span key; /* PEM; `at` NULL: not signed */
	struct span certificate;
	struct advance *advance; /* told what is written; NULL: nobody wants to know */
};

struct assembled {
	struct eif eif;
	struct pcrs pcrs; /* 0, 1, 2, and 8 when it is signed */
};

/* Writes the image beside `output`, then gives it that name; on failure nothing is left.
 * REASON_EIF_EMPTY_KERNEL, _CMDLINE_NUL, _METADATA_TOO_LARGE, _METADATA_JSON, _METADATA_FIELD,
 * _TOO_LARGE, _SIGNATURE_TOO_LARGE; REASON_IMAGE_CMDLINE, _RAMDISKS; REASON_SIGN_KEY, _CERT, _PAIR;
 * those of tree.h and draft.h; REASON_FILE_UNREADABLE, _UNWRITABLE; REASON_INTERRUPTED;
 * REASON_OUT_OF_MEMORY, REASON_CRYPTO_FAILED. *reterr says which file. */
enum reason assemble(const struct assemble_inputs *inputs, const char *output,
		     struct assembled *ret, struct trouble *reterr) MUST_CHECK;

/* Without the white space at its ends, as nitro-cli trims a file of a command line: what Unicode
 * calls White_Space, which Rust's str::trim goes by. */
struct span assemble_trim(struct span text);

/* Appends metadata as eif_build writes it by default, but for the name of the tool: the image is
 * named after the kernel's file. `build_time` is in seconds since 1970. REASON_EIF_METADATA_JSON:
 * that name is not UTF-8; REASON_OUT_OF_MEMORY. */
enum reason assemble_metadata(const char *kernel, int64_t build_time, const char *tool,
			      const char *tool_version, struct buf *out) MUST_CHECK;

#endif
