/* The options that say what to expect of a document, turned into a policy. Shared by every verb
 * of every program that judges one, so that an option means the same everywhere. */
#ifndef VERIFY_EXPECT_H
#define VERIFY_EXPECT_H

#include "verify/cli.h"
#include "verify/eif.h"
#include "verify/image.h"
#include "verify/pcrfile.h"
#include "verify/policy.h"

enum expect_option {
	EXPECT_PCR = 1,
	EXPECT_PCRS,
	EXPECT_EIF,
	EXPECT_ENCLAVE_HASH,
	EXPECT_USER_DATA,
	EXPECT_PUBLIC_KEY,
	EXPECT_ROLE_ARN,
	EXPECT_INSTANCE_ID,
	EXPECT_SIGNING_CERT,
	EXPECT_ROOT,
	EXPECT_ALLOW_DEBUG,
	EXPECT_AWS_TABLE_LIMITS,
	EXPECT_REQUIRE,
	EXPECT_MAX_AGE,
	EXPECT_MAX_SKEW,
	/* for verbs that do not judge by the clock and their own nonce */
	EXPECT_NONCE,
	EXPECT_AT
};

/* The first 15 rows are for every such verb, the last two only for `document` and `bundle`. */
#define EXPECT_OPTIONS 17
#define EXPECT_LIVE_OPTIONS 15
extern const struct cli_option expect_options[EXPECT_OPTIONS];

/* Those that have a meaning for an image; the first 5 also for a statement about one. */
#define EXPECT_IMAGE_OPTIONS 7
#define EXPECT_STATEMENT_OPTIONS 5
extern const struct cli_option expect_image_options[EXPECT_IMAGE_OPTIONS];

/* Applies one option. `known` are the verb's checks, for --require. False: what is wrong was
 * said on stderr and the command line is not to be obeyed. */
bool expect_apply(const char *program, struct policy *policy, const struct check_set *known, int id,
		  const char *value);

/* Reads a file that an option names ("pcrs"), of at most `cap` bytes: whole or not at all. The caller
 * ends *ret with buf_done in either case. False: said on stderr. */
bool expect_file(const char *program, const char *option, const char *path, size_t cap,
		 struct buf *ret);

/* Reads a pcr.json that was named by `option` ("--pcrs ", or "" for an operand). False: what is wrong
 * with it, and where, was said on stderr. */
bool expect_pcrfile(const char *program, const char *option, const char *path, struct span text,
		    struct pcrfile *ret);

/* Reads and measures an image that --eif names. True: *ret is sound, and the caller ends it with
 * image_done. False: what is wrong was said on stderr. */
bool expect_image(const char *program, const char *path, struct image *ret);

/* Reads the flags of `eif --flags`: up to four hex digits, 0x allowed before them. The bit for the
 * machine counts nowhere. False: said on stderr. */
bool expect_flags(const char *program, const char *value, struct eif_rules *ret);

/* True when the text is 96 hex digits, 0x allowed before them: a PCR by value. */
bool expect_is_pcr(const char *text);

/* True for what is always a value, never a file's name: a PCR, or 0x and 64 hex digits. */
bool expect_is_value(const char *text);

/* Reads a PCR by value. False: it is none. */
bool expect_pcr_value(const char *text, uint8_t ret[static PCR_LEN]);

#endif
