#include "verify/bundle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verify/auto.h"
#include "verify/basenc.h"
#include "verify/claims.h"
#include "verify/cli.h"
#include "verify/digest.h"
#include "verify/document.h"
#include "verify/instant.h"
#include "verify/json.h"
#include "verify/onchain.h"
#include "verify/root.h"
#include "verify/testimony.h"

#define TEXT_MAX ((size_t)64 * 1024)

static const struct {
	const char *name;
	size_t cap; /* bytes */
	bool always;
} files[BUNDLE_FILES] = {
	[BUNDLE_DOCUMENT] = { "document.cbor", DOCUMENT_FILE_MAX, true },
	[BUNDLE_NONCE] = { "nonce.bin", CLAIMS_OPTIONAL_MAX, false },
	[BUNDLE_PEER] = { "peer.pem", TEXT_MAX, false },
	[BUNDLE_TIME] = { "time.txt", 64, false },
	[BUNDLE_POLICY] = { "policy.json", JSON_MAX, false },
	[BUNDLE_REPORT] = { "report.json", JSON_MAX, false },
	[BUNDLE_ONCHAIN] = { "onchain.json", JSON_MAX, false },
	[BUNDLE_EIF] = { "eif.json", JSON_MAX, false },
	[BUNDLE_STATEMENT] = { "statement.json", JSON_MAX, false },
	[BUNDLE_SUMS] = { "SHA256SUMS", TEXT_MAX, true },
};

const char *bundle_file_name(enum bundle_file file)
{
	return (size_t)file < BUNDLE_FILES ? files[file].name : "unknown";
}

struct check_set bundle_checks(void)
{
	const struct check_set contract = onchain_checks();
	const struct check_set statement = testimony_own_checks();
	struct check_set set = document_checks();

	for (size_t i = 0; i < CHECK_COUNT; i++)
		set.has[i] |= contract.has[i] || statement.has[i];
	set.has[CHECK_BUNDLE_FORM] = true;
	return set;
}

static enum reason fault(struct bundle_fault *reterr, const char *name, int system,
			 enum reason reason)
{
	buf_text(&reterr->name, name);
	reterr->system = system;
	return reterr->name.failed ? REASON_OUT_OF_MEMORY : reason;
}

/* A name that has no file of ours. Each is opened by its own name below, so that nothing is opened
 * that the folder only says. */
static bool is_known(const char *name)
{
	for (size_t i = 0; i < BUNDLE_FILES; i++) {
		if (strcmp(name, files[i].name) == 0)
			return true;
	}
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static enum reason look_for_others(DIR *folder, struct bundle_fault *reterr)
{
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(folder);
		if (entry == NULL)
			return errno == 0 ? REASON_OK :
					    fault(reterr, "", errno, REASON_FILE_UNREADABLE);
		if (!is_known(entry->d_name))
			return fault(reterr, entry->d_name, 0, REASON_BUNDLE_NAME);
	}
}

static enum reason read_open(int fd, size_t i, struct bundle *ret, struct bundle_fault *reterr)
{
	struct buf *content = &ret->content[i];
	struct stat found;
	int why = 0;

	if (fstat(fd, &found) != 0)
		return fault(reterr, files[i].name, errno, REASON_FILE_UNREADABLE);
	if (!S_ISREG(found.st_mode))
		return fault(reterr, files[i].name, 0, REASON_BUNDLE_TYPE);
	enum reason reason = cli_read_open(fd, files[i].cap, content, &why);
	if (reason != REASON_OK)
		return fault(reterr, files[i].name, why, reason);
	if (content->len > files[i].cap)
		return fault(reterr, files[i].name, 0, REASON_BUNDLE_TOO_LARGE);
	ret->has[i] = true;
	return REASON_OK;
}

/* O_NONBLOCK: a pipe of that name would otherwise be waited for. */
static enum reason read_file(int folder, size_t i, struct bundle *ret, struct bundle_fault *reterr)
{
	int fd = openat(folder, files[i].name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return files[i].always ? fault(reterr, files[i].name, 0, REASON_BUNDLE_MISSING) :
					 REASON_OK;
	/* a link, a socket, a device that is not there */
	if (fd < 0 && (errno == ELOOP || errno == ENXIO || errno == ENODEV))
		return fault(reterr, files[i].name, 0, REASON_BUNDLE_TYPE);
	if (fd < 0)
		return fault(reterr, files[i].name, errno, REASON_FILE_UNREADABLE);
	enum reason reason = read_open(fd, i, ret, reterr);
	(void)close(fd);
	return reason;
}

static bool is_time(struct span text)
{
	char line[INSTANT_TEXT_LEN];
	int64_t at;

	if (text.len < 2 || text.len > sizeof(line) || text.at[text.len - 1] != '\n' ||
	    memchr(text.at, '\0', text.len) != NULL)
		return false;
	memcpy(line, text.at, text.len - 1);
	line[text.len - 1] = '\0';
	return instant_parse(line, &at);
}

static enum reason content_is_sound(size_t i, struct span content)
{
	AUTO(cJSON) *tree = NULL;
	struct json_place place;
	struct buf der = { 0 };
	enum reason reason = REASON_OK;

	switch ((enum bundle_file)i) {
	case BUNDLE_PEER:
		reason = root_certificate_der(content, &der);
		buf_done(&der);
		break;
	case BUNDLE_TIME:
		return is_time(content) ? REASON_OK : REASON_BUNDLE_CONTENT;
	case BUNDLE_POLICY:
	case BUNDLE_REPORT:
	case BUNDLE_ONCHAIN:
	case BUNDLE_EIF:
	case BUNDLE_STATEMENT:
		reason = json_read(content, &tree, &place);
		break;
	case BUNDLE_DOCUMENT: /* judged by its own checks */
	case BUNDLE_NONCE:
	case BUNDLE_SUMS:
	case BUNDLE_FILES:
		break;
	}
	return reason == REASON_OK || reason == REASON_OUT_OF_MEMORY ? reason :
								       REASON_BUNDLE_CONTENT;
}

enum reason bundle_sums(const struct bundle *bundle, struct buf *ret)
{
	uint8_t sha256[DIGEST_SHA256_LEN];

	for (size_t i = 0; i < BUNDLE_SUMS; i++) {
		struct span content = buf_span(&bundle->content[i]);
		if (!bundle->has[i])
			continue;
		enum reason reason = digest_sha256(&content, 1, sha256);
		if (reason != REASON_OK)
			return reason;
		hex_encode(ret, SPAN_OF(sha256));
		buf_printf(ret, "  %s\n", files[i].name);
	}
	return ret->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

/* Cuts a line of "digest  name" off; the digest must be that of the file. */
static enum reason take_sum(struct span *sums, const struct bundle *bundle,
			    bool seen[static BUNDLE_FILES], struct bundle_fault *reterr)
{
	uint8_t wanted[DIGEST_SHA256_LEN];
	uint8_t actual[DIGEST_SHA256_LEN];
	struct span digits;
	struct span name;
	struct span rest;
	size_t i = 0;

	if (!span_take(sums, sizeof(wanted) * 2, &digits) ||
	    !hex_decode_exact(digits, wanted, sizeof(wanted)) || !span_take(sums, 2, &rest) ||
	    !span_equal(rest, SPAN_LITERAL("  ")))
		return fault(reterr, files[BUNDLE_SUMS].name, 0, REASON_BUNDLE_SUMS);
	const uint8_t *end = memchr(sums->at, '\n', sums->len);
	if (end == NULL || !span_take(sums, (size_t)(end - sums->at), &name) ||
	    !span_take(sums, 1, &rest))
		return fault(reterr, files[BUNDLE_SUMS].name, 0, REASON_BUNDLE_SUMS);
	while (i < BUNDLE_SUMS && !span_equal(name, span_of_text(files[i].name)))
		i++;
	if (i == BUNDLE_SUMS || !bundle->has[i] || seen[i])
		return fault(reterr, files[BUNDLE_SUMS].name, 0, REASON_BUNDLE_SUMS);
	seen[i] = true;
	struct span content = buf_span(&bundle->content[i]);
	enum reason reason = digest_sha256(&content, 1, actual);
	if (reason != REASON_OK)
		return reason;
	return span_equal(SPAN_OF(wanted), SPAN_OF(actual)) ?
		       REASON_OK :
		       fault(reterr, files[i].name, 0, REASON_BUNDLE_SUM);
}

static enum reason sums_hold(const struct bundle *bundle, struct bundle_fault *reterr)
{
	struct span sums = buf_span(&bundle->content[BUNDLE_SUMS]);
	bool seen[BUNDLE_FILES] = { false };

	while (sums.len > 0) {
		enum reason reason = take_sum(&sums, bundle, seen, reterr);
		if (reason != REASON_OK)
			return reason;
	}
	for (size_t i = 0; i < BUNDLE_SUMS; i++) {
		if (seen[i] != bundle->has[i])
			return fault(reterr, files[BUNDLE_SUMS].name, 0, REASON_BUNDLE_SUMS);
	}
	return REASON_OK;
}

static enum reason read_folder(DIR *folder, struct bundle *ret, struct bundle_fault *reterr)
{
	enum reason reason = look_for_others(folder, reterr);

	for (size_t i = 0; i < BUNDLE_FILES && reason == REASON_OK; i++)
		reason = read_file(dirfd(folder), i, ret, reterr);
	if (reason != REASON_OK)
		return reason;
	reason = sums_hold(ret, reterr);
	for (size_t i = 0; i < BUNDLE_FILES && reason == REASON_OK; i++) {
		if (!ret->has[i])
			continue;
		reason = content_is_sound(i, buf_span(&ret->content[i]));
		if (reason != REASON_OK)
			return fault(reterr, files[i].name, 0, reason);
	}
	return reason;
}

enum reason bundle_read(const char *path, struct bundle *ret, struct bundle_fault *reterr)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return fault(reterr, "", errno,
			     errno == ENOTDIR ? REASON_BUNDLE_FOLDER : REASON_FILE_UNREADABLE);
	DIR *folder = fdopendir(fd);
	if (folder == NULL) {
		int why = errno;
		(void)close(fd);
		return fault(reterr, "", why, REASON_OUT_OF_MEMORY);
	}
	enum reason reason = read_folder(folder, ret, reterr);
	(void)closedir(folder);
	return reason;
}

void bundle_done(struct bundle *bundle)
{
	for (size_t i = 0; i < BUNDLE_FILES; i++) {
		buf_done(&bundle->content[i]);
		bundle->has[i] = false;
	}
}
