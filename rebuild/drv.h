/* Derivations, as Nix keeps them in its store (NAME.drv): what is made of what, by which program.
 *
 *   Derive([OUTPUT,...],[INPUT,...],[PATH,...],"system","builder",["word",...],[("name","value"),...])
 *   OUTPUT  ("name","path","algorithm","digest")    the last two empty unless the content is fixed
 *   INPUT   ("path",["output name",...])
 *
 * Strings have the escapes \n \r \t and \ before any other character. Nothing stands between the parts.
 * Source: Nix, "Store derivation and ATerm format"; src/libstore/derivations.cc of 2.8. */
#ifndef REBUILD_DRV_H
#define REBUILD_DRV_H

#include "verify/reason.h"
#include "verify/span.h"

#define DRV_MAX ((size_t)16 << 20) /* bytes */
#define DRV_OUTPUTS_MAX 32
#define DRV_PATH_MAX 255 /* bytes of a store path, /nix/store/ included */

/* Borrowed from the text, without escapes in them. */
struct drv_output {
	struct span name;
	struct span path;      /* empty: known only when it is built */
	struct span algorithm; /* "sha256", "r:sha256", ...; empty: the content is not fixed */
	struct span digest;
};

/* Valid while the text lives. */
struct drv {
	size_t n_outputs;
	struct drv_output outputs[DRV_OUTPUTS_MAX];
	struct span environment; /* its pairs as they stand there */
};

/* Reads a whole derivation. REASON_NIX_OUTPUT: it is none, or has more outputs than DRV_OUTPUTS_MAX. */
enum reason drv_read(struct span text, struct drv *ret) MUST_CHECK;

/* The content is fixed beforehand by a digest, which Nix compares: it does not matter who made it. */
bool drv_is_fixed(const struct drv *drv);

/* The value of a variable; false when there is none, or one with escapes in it. */
bool drv_variable(const struct drv *drv, const char *name, struct span *ret);

/* Whether this is a path directly in a store: /nix/store/HASH-NAME by its characters, HASH of 32; with
 * `suffix` at its end (NULL: any). The folder may be another one. */
bool drv_is_path(struct span text, const char *suffix);

#endif
