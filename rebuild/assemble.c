#include "rebuild/assemble.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/draft.h"
#include "rebuild/eifout.h"
#include "rebuild/sign.h"
#include "rebuild/tree.h"
#include "verify/eifmeta.h"
#include "verify/instant.h"

#define CHUNK 65536
#define POLL_MS 200 /* how long a signal may wait for a silent pipe */

/* Inputs are opened before the output, while a signal still ends the wait for a pipe's other end. */
struct sources {
	int kernel;
	int ramdisks[ASSEMBLE_RAMDISKS_MAX];
	size_t n_ramdisks; /* opened */
};

static enum reason open_one(const char *path, bool is_tree, int *ret, struct trouble *reterr)
{
	int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC | (is_tree ? O_DIRECTORY : 0));

	if (fd < 0)
		return trouble_note(reterr, REASON_FILE_UNREADABLE, span_of_text(path), errno);
	*ret = fd;
	return REASON_OK;
}

static enum reason open_sources(const struct assemble_inputs *inputs, struct sources *sources,
				struct trouble *reterr)
{
	enum reason reason = open_one(inputs->kernel, false, &sources->kernel, reterr);

	while (reason == REASON_OK && sources->n_ramdisks < inputs->n_ramdisks) {
		const struct assemble_ramdisk *ramdisk = &inputs->ramdisks[sources->n_ramdisks];
		reason = open_one(ramdisk->path, ramdisk->is_tree,
				  &sources->ramdisks[sources->n_ramdisks], reterr);
		if (reason == REASON_OK)
			sources->n_ramdisks++;
	}
	return reason;
}

static void close_sources(const struct sources *sources)
{
	if (sources->kernel >= 0)
		(void)close(sources->kernel);
	for (size_t i = 0; i < sources->n_ramdisks; i++)
		(void)close(sources->ramdisks[i]);
}

/* The bytes of all sources; 0 where not all are files, so that nobody knows. */
static uint64_t size_of(const struct sources *sources)
{
	uint64_t sum = 0;
	struct stat facts;

	for (size_t i = 0; i <= sources->n_ramdisks; i++) {
		int fd = i == 0 ? sources->kernel : sources->ramdisks[i - 1];
		if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode))
			return 0;
		sum += (uint64_t)facts.st_size;
	}
	return sum;
}

/* False: a signal came first. */
static bool wait_for(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	while (!draft_interrupted()) {
		if (poll(&poll_fd, 1, POLL_MS) != 0)
			return true;
	}
	return false;
}

static enum reason pour(int fd, const char *path, struct eifout *image, struct trouble *reterr)
{
	uint8_t chunk[CHUNK];

	for (;;) {
		if (!wait_for(fd))
			return REASON_INTERRUPTED;
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return trouble_note(reterr, REASON_FILE_UNREADABLE, span_of_text(path),
					    errno);
		if (n == 0)
			return REASON_OK;
		enum reason reason = eifout_put(image, (struct span){ chunk, (size_t)n });
		if (reason != REASON_OK)
			return reason;
	}
}

static enum reason add_bytes(struct eifout *image, enum eif_type type, struct span bytes)
{
	enum reason reason = eifout_begin(image, type);

	if (reason == REASON_OK)
		reason = eifout_put(image, bytes);
	return reason != REASON_OK ? reason : eifout_end(image);
}

static enum reason add_kernel(struct eifout *image, const char *path, int fd,
			      struct trouble *reterr)
{
	enum reason reason = eifout_begin(image, EIF_KERNEL);

	if (reason == REASON_OK)
		reason = pour(fd, path, image, reterr);
	if (reason == REASON_OK)
		reason = eifout_end(image);
	if (reason == REASON_OK && image->eif.sections[0].size == 0)
		return trouble_note(reterr, REASON_EIF_EMPTY_KERNEL, span_of_text(path), 0);
	return reason;
}

static enum reason add_ramdisk(struct eifout *image, const struct assemble_ramdisk *ramdisk, int fd,
			       struct trouble *reterr)
{
	static const struct tree_options options = { TREE_MTIME, TREE_DIR_NLINK, TREE_NAMES_MAX };

	enum reason reason = eifout_begin(image, EIF_RAMDISK);
	if (reason == REASON_OK)
		reason = ramdisk->is_tree ?
				 tree_ramdisk(fd, &options, (struct sink){ eifout_put, image },
					      reterr) :
				 pour(fd, ramdisk->path, image, reterr);
	return reason != REASON_OK ? reason : eifout_end(image);
}

static enum reason add_signature(struct eifout *image, const struct assemble_inputs *inputs,
				 struct pcrs *pcrs)
{
	struct buf section = { 0 };
	uint8_t pcr8[PCR_LEN];

	enum reason reason =
		sign_section(inputs->key, inputs->certificate, pcrs->value[0], &section, pcr8);
	if (reason == REASON_OK)
		reason = add_bytes(image, EIF_SIGNATURE, buf_span(&section));
	if (reason == REASON_OK)
		pcrs_set(pcrs, 8, pcr8);
	buf_done(&section);
	return reason;
}

static enum reason write_image(const struct assemble_inputs *inputs, const struct sources *sources,
			       int fd, struct assembled *ret, struct trouble *reterr)
{
	struct eifout image;
	struct pcrs pcrs = { 0 };

	enum reason reason = eifout_start(&image, fd, inputs->flags);
	image.advance = inputs->advance;
	advance_expect(inputs->advance, size_of(sources));
	if (reason == REASON_OK)
		reason = add_kernel(&image, inputs->kernel, sources->kernel, reterr);
	if (reason == REASON_OK)
		reason = add_bytes(&image, EIF_CMDLINE, inputs->cmdline);
	if (reason == REASON_OK)
		reason = add_bytes(&image, EIF_METADATA, inputs->metadata);
	for (size_t i = 0; i < inputs->n_ramdisks && reason == REASON_OK; i++)
		reason = add_ramdisk(&image, &inputs->ramdisks[i], sources->ramdisks[i], reterr);
	if (reason == REASON_OK)
		reason = eifout_pcrs(&image, &pcrs);
	if (reason == REASON_OK && inputs->key.at != NULL)
		reason = add_signature(&image, inputs, &pcrs);
	if (reason == REASON_OK)
		reason = eifout_finish(&image);
	if (reason == REASON_OK)
		*ret = (struct assembled){ image.eif, pcrs };
	int why = errno;
	eifout_done(&image);
	errno = why;
	return reason;
}

static enum reason check_inputs(const struct assemble_inputs *inputs)
{
	struct eifmeta meta = { 0 };
	struct json_place place;
	enum reason json;
	size_t most = ASSEMBLE_RAMDISKS_MAX - (inputs->key.at != NULL ? 1 : 0);

	if (inputs->cmdline.len > 0 && memchr(inputs->cmdline.at, 0, inputs->cmdline.len) != NULL)
		return REASON_EIF_CMDLINE_NUL;
	if (inputs->cmdline.len > ASSEMBLE_CMDLINE_MAX || !span_is_utf8(inputs->cmdline))
		return REASON_IMAGE_CMDLINE;
	if (inputs->n_ramdisks == 0 || inputs->n_ramdisks > most)
		return REASON_IMAGE_RAMDISKS;
	enum reason reason = eifmeta_read(inputs->metadata, &meta, &json, &place);
	if (reason != REASON_OK)
		return reason;
	eifmeta_done(&meta);
	return inputs->key.at == NULL ? REASON_OK : sign_check(inputs->key, inputs->certificate);
}

enum reason assemble(const struct assemble_inputs *inputs, const char *output,
		     struct assembled *ret, struct trouble *reterr)
{
	struct sources sources = { .kernel = -1 };
	struct assembled made;
	struct draft draft;

	enum reason reason = check_inputs(inputs);
	if (reason == REASON_OK)
		reason = open_sources(inputs, &sources, reterr);
	if (reason == REASON_OK) {
		reason = draft_open(output, &draft);
		if (reason == REASON_OK) {
			reason = write_image(inputs, &sources, draft.fd, &made, reterr);
			if (reason == REASON_OK)
				reason = draft_commit(&draft);
			else
				draft_drop(&draft);
		}
		if (reason == REASON_FILE_UNWRITABLE || reason == REASON_FILE_EXISTS)
			reason = trouble_note(reterr, reason, span_of_text(output),
					      reason == REASON_FILE_UNWRITABLE ? errno : 0);
	}
	close_sources(&sources);
	if (reason == REASON_OK)
		*ret = made;
	return reason;
}

/* Whether the UTF-8 sequence that begins here is white space; *ret_len is its length. */
static bool is_white(struct span text, size_t *ret_len)
{
	static const char *const others[] = {
		"\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
		"\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
		"\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
		"\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
	};

	*ret_len = 1;
	if (text.len > 0 && (text.at[0] == ' ' || (text.at[0] >= '\t' && text.at[0] <= '\r')))
		return true;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		*ret_len = strlen(others[i]);
		if (text.len >= *ret_len && memcmp(text.at, others[i], *ret_len) == 0)
			return true;
	}
	return false;
}

struct span assemble_trim(struct span text)
{
	struct span white;
	size_t len;

	while (is_white(text, &len) && span_take(&text, len, &white))
		continue;
	for (size_t back = 1; back <= 3 && back <= text.len; back++) {
		struct span tail = { text.at + (text.len - back), back };
		if (is_white(tail, &len) && len == back) {
			text.len -= back;
			back = 0;
		}
	}
	return text;
}

/* A JSON string as serde_json writes it. */
static void json_string(struct buf *out, struct span text)
{
	static const char letters[] = "btn\0fr"; /* of 0x08 to 0x0d */

	buf_byte(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];
		if (c >= 0x08 && c <= 0x0d && c != 0x0b)
			buf_printf(out, "\\%c", letters[c - 0x08]);
		else if (c < 0x20)
			buf_printf(out, "\\u%04x", c);
		else if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else
			buf_byte(out, c);
	}
	buf_byte(out, '"');
}

enum reason assemble_metadata(const char *kernel, int64_t build_time, const char *tool,
			      const char *tool_version, struct buf *out)
{
	const char *slash = strrchr(kernel, '/');
	struct span name = span_of_text(slash == NULL ? kernel : slash + 1);
	char time[INSTANT_TEXT_LEN];

	if (!span_is_utf8(name))
		return REASON_EIF_METADATA_JSON;
	instant_rfc3339(build_time, time);
	time[strcspn(time, "Z")] = '\0'; /* the Rust library writes +00:00 */
	buf_text(out, "{\"ImageName\":");
	json_string(out, name);
	buf_printf(out, ",\"ImageVersion\":\"1.0\",\"BuildMetadata\":{\"BuildTime\":\"%s+00:00\"",
		   time);
	buf_text(out, ",\"BuildTool\":");
	json_string(out, span_of_text(tool));
	buf_text(out, ",\"BuildToolVersion\":");
	json_string(out, span_of_text(tool_version));
	buf_text(out,
		 ",\"OperatingSystem\":\"Generic Linux\",\"KernelVersion\":\"Unknown version\"},"
		 "\"DockerInfo\":null,\"CustomMetadata\":null}");
	return out->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}
