/* Registers from a file: pcr.json in all the shapes in which tools publish measurements.
 *
 *   {"HashAlgorithm": "Sha384 { ... }", "PCR0": "<96 hex>", ...}      nitro-cli, eif_build
 *   {"Measurements": {...}, ...}      alone, or in the output of build-enclave and describe-eif
 *   {"PCR8": "<96 hex>"}              nitro-cli pcr --signing-certificate
 *   {"pcr0": "<96 hex>", "enclave_hash": "0x<64 hex>", ...}      build-info.json: pcr0, pcr1, pcr2, pcr8, with or
 *                                     without 0x; an empty string means absent
 *
 * Upper-case keys are PCR0 to PCR31 without leading zeros. A key that holds "pcr" in any case
 * and is no register is refused ({"PCR": ..} names none); other keys are ignored, HashAlgorithm
 * among them. A file that names no register is refused. Both an outer and a Measurements set of
 * registers: refused. */
#ifndef VERIFY_PCRFILE_H
#define VERIFY_PCRFILE_H

#include "verify/json.h"
#include "verify/pcr.h"

struct pcrfile {
	struct pcrs pcrs; /* at least one, or an enclave_hash */
	bool has_enclave_hash;
	uint8_t enclave_hash[KECCAK_LEN];
};

/* Reads the text of a file. On failure *reterr_place says where, or is {0, 0} for the file as a
 * whole.
 * REASON_JSON_* as json_read; REASON_PCR_JSON_SHAPE, _KEY, _VALUE, _HASH; REASON_OUT_OF_MEMORY. */
enum reason pcrfile_read(struct span text, struct pcrfile *ret,
			 struct json_place *reterr_place) MUST_CHECK;

/* False: its enclave_hash is not that of its own PCR0, so that one of both is wrong. */
bool pcrfile_agrees(const struct pcrfile *file);

#endif
