#include "rebuild/run_fault.h"

#include <stdlib.h>
#include <string.h>

bool run_is_evidence(enum reason reason)
{
	static const enum reason says_no[] = {
		REASON_SOURCE_ABSENT,
		REASON_SOURCE_OBJECTS,
		REASON_SOURCE_TREE,
		REASON_STAGED_DIGEST,
		REASON_STAGED_PLACE,
		REASON_STAGED_TRACKED,
		REASON_NIX_LOCK,
		REASON_NIX_ATTRIBUTE,
		REASON_NIX_NOT_STAGED,
		REASON_NIX_INPUT_HASH,
		REASON_NIX_EVALUATION,
		REASON_NIX_BUILDER,
		REASON_NIX_FIXED_OUTPUT,
		REASON_NIX_TREE,
		REASON_COLLECT,
		REASON_NIX_DIFFERS,
		REASON_NIX_SUBSTITUTED,
		REASON_NIX_STORE,
		REASON_OCI_DIGEST,
		REASON_OCI_SIZE,
		REASON_OCI_FORM,
		REASON_OCI_SCHEMA,
		REASON_OCI_LAYERS,
		REASON_OCI_MEDIA_TYPE,
		REASON_OCI_PLATFORM_ABSENT,
		REASON_OCI_PLATFORM_SEVERAL,
		REASON_DOCKER_ARCHIVE,
		REASON_OCI_TOO_LARGE,
		REASON_GZIP_HEADER,
		REASON_GZIP_HEADER_CRC,
		REASON_GZIP_DEFLATE,
		REASON_GZIP_CRC,
		REASON_GZIP_LENGTH,
		REASON_GZIP_TRUNCATED,
		REASON_LAYER_COMPRESSION,
		REASON_LAYER_DIFF_ID,
		REASON_LAYER_TAR,
		REASON_LAYER_EXPANSION,
		REASON_LAYER_ENTRIES,
		REASON_LAYER_NAME,
		REASON_LAYER_WHITEOUT,
		REASON_LAYER_HARD_LINK,
		REASON_LAYER_PARENT,
		REASON_LAYER_ABSENT,
		REASON_LAYER_NOT_FILE,
		REASON_LAYER_SYMLINKS,
		REASON_LAYER_FILE_SIZE,
		REASON_IMAGE_FILE_DIGEST,
	};

	for (size_t i = 0; i < sizeof(says_no) / sizeof(says_no[0]); i++) {
		if (says_no[i] == reason)
			return true;
	}
	return false;
}

void run_add_fault(struct report *report, enum check check, const struct run_fault *fault)
{
	struct buf text = { 0 };

	buf_text(&text, reason_sentence(fault->reason));
	if (fault->trouble.path_len > 0) {
		buf_text(&text, ": ");
		buf_add(&text, (struct span){ fault->trouble.path, fault->trouble.path_len });
	}
	if (fault->trouble.why != 0)
		buf_printf(&text, ": %s", strerror(fault->trouble.why));
	char *message = buf_take_text(&text);
	if (run_is_evidence(fault->reason))
		report_fail(report, check, fault->reason, "%s", message != NULL ? message : "");
	else
		report_error(report, check, fault->reason, "%s", message != NULL ? message : "");
	if (message == NULL)
		report_out_of_memory(report);
	free(message);
}
