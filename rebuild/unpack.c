#include "rebuild/unpack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/draft.h"

#define CHUNK 65536

struct unpacking {
	int dir;
	int fd; /* of the section's file, -1: none */
	size_t n_sections;
	size_t n_ramdisks;
	struct unpacked *result;
	struct trouble *trouble;
	struct advance *advance;
};

static enum reason note(struct trouble *trouble, enum reason reason, const char *path)
{
	return trouble_note(trouble, reason, span_of_text(path), errno);
}

static enum reason is_empty(int dir, bool *ret)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *found;

	if (stream == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return REASON_FILE_UNREADABLE;
	}
	errno = 0;
	do
		found = readdir(stream);
	while (found != NULL &&
	       (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0));
	int why = errno;
	(void)closedir(stream);
	errno = why;
	if (found == NULL && why != 0)
		return REASON_FILE_UNREADABLE;
	*ret = found == NULL;
	return REASON_OK;
}

/* Opens the directory, made when there is none. */
static enum reason open_dir(const char *path, int *ret, bool *ret_made, struct trouble *reterr)
{
	bool empty = false;

	*ret_made = mkdir(path, 0777) == 0;
	if (!*ret_made && errno != EEXIST)
		return note(reterr, REASON_FILE_UNWRITABLE, path);
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return note(reterr, errno == ENOTDIR ? REASON_FILE_EXISTS : REASON_FILE_UNWRITABLE,
			    path);
	enum reason reason = is_empty(dir, &empty);
	if (reason == REASON_OK && !empty) {
		errno = 0;
		reason = REASON_FILE_EXISTS;
	}
	if (reason != REASON_OK) {
		reason = note(reterr, reason, path);
		(void)close(dir);
		return reason;
	}
	*ret = dir;
	return REASON_OK;
}

static enum reason on_begin(void *context, const struct eif_section *section)
{
	static const char *const names[] = { [EIF_KERNEL] = "kernel",
					     [EIF_CMDLINE] = "cmdline",
					     [EIF_SIGNATURE] = "signature.cbor",
					     [EIF_METADATA] = "metadata.json" };
	struct unpacking *unpacking = context;
	char *name = unpacking->result->sections[unpacking->n_sections].name;

	if (section->type == EIF_RAMDISK)
		(void)snprintf(name, UNPACK_NAME_LEN, "ramdisk-%zu", unpacking->n_ramdisks++);
	else
		(void)snprintf(name, UNPACK_NAME_LEN, "%s", names[section->type]);
	unpacking->fd = openat(unpacking->dir, name,
			       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (unpacking->fd >= 0) {
		unpacking->n_sections++;
		return REASON_OK;
	}
	/* the directory was empty, so this image made it */
	if (errno == EEXIST)
		return REASON_EIF_DUPLICATE_SECTION;
	return note(unpacking->trouble, REASON_FILE_UNWRITABLE, name);
}

static enum reason on_data(void *context, struct span bytes)
{
	struct unpacking *unpacking = context;

	if (draft_write(unpacking->fd, bytes) == REASON_OK)
		return REASON_OK;
	return note(unpacking->trouble, REASON_FILE_UNWRITABLE,
		    unpacking->result->sections[unpacking->n_sections - 1].name);
}

static enum reason on_end(void *context)
{
	struct unpacking *unpacking = context;
	int fd = unpacking->fd;

	unpacking->fd = -1;
	if (close(fd) == 0)
		return REASON_OK;
	return note(unpacking->trouble, REASON_FILE_UNWRITABLE,
		    unpacking->result->sections[unpacking->n_sections - 1].name);
}

/* Reads the image to its end, sections to files. */
static enum reason write_sections(struct unpacking *unpacking, int image, uint16_t reserved_flags,
				  uint64_t *reterr_at)
{
	const struct eif_rules rules = { reserved_flags };
	const struct eif_sink sink = { unpacking, on_begin, on_data, on_end };
	struct eif_reader reader;
	uint8_t chunk[CHUNK];
	struct eif *eif = &unpacking->result->eif;
	struct stat facts;

	/* the ramdisks are nearly all of it, and each is read again */
	if (fstat(image, &facts) == 0 && S_ISREG(facts.st_mode))
		advance_expect(unpacking->advance, 2 * (uint64_t)facts.st_size);
	eif_start(&reader, &rules, &sink);
	for (;;) {
		ssize_t n = read(image, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return note(unpacking->trouble, REASON_FILE_UNREADABLE, "");
		if (n == 0 || eif_feed(&reader, (struct span){ chunk, (size_t)n }) != REASON_OK)
			break; /* eif_finish tells the reason again, and where */
		advance_by(unpacking->advance, (uint64_t)n);
	}
	enum reason reason = eif_finish(&reader, eif, reterr_at);
	if (reason != REASON_OK || eif_crc_ok(eif))
		return reason;
	*reterr_at = EIF_CRC_OFFSET;
	return REASON_EIF_CRC;
}

/* Removes the files of the sections. */
static void remove_sections(const struct unpacking *unpacking)
{
	for (size_t i = 0; i < unpacking->n_sections; i++)
		(void)unlinkat(unpacking->dir, unpacking->result->sections[i].name, 0);
}

static enum reason write_line(void *to, struct span bytes)
{
	return fwrite(bytes.at, 1, bytes.len, to) == bytes.len ? REASON_OK : REASON_FILE_UNWRITABLE;
}

/* A file to write the list to. */
static FILE *create_list(int dir, const char *name)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	FILE *list = fd < 0 ? NULL : fdopen(fd, "w");

	if (list == NULL && fd >= 0)
		(void)close(fd);
	return list;
}

static enum reason pour(struct extract *extract, int ramdisk, struct advance *advance,
			struct unpacked_section *section)
{
	uint8_t chunk[CHUNK];

	for (;;) {
		ssize_t n = read(ramdisk, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return note(&section->trouble, REASON_FILE_UNREADABLE, section->name);
		if (n == 0)
			return extract_end(extract, &section->facts, &section->counts,
					   &section->trouble);
		enum reason reason =
			extract_push(extract, (struct span){ chunk, (size_t)n }, &section->trouble);
		section->offset = extract_offset(extract);
		advance_by(advance, (uint64_t)n);
		if (reason != REASON_OK)
			return reason;
	}
}

/* Makes tree and list and fills them from the ramdisk's file. */
static enum reason extract_ramdisk(int dir, int ramdisk, struct advance *advance,
				   struct unpacked_section *section)
{
	char name[UNPACK_NAME_LEN + 8];
	struct extract *extract = NULL;

	(void)snprintf(name, sizeof(name), "%s.list", section->name);
	FILE *list = create_list(dir, name);
	if (list == NULL)
		return note(&section->trouble, REASON_FILE_UNWRITABLE, name);
	(void)snprintf(name, sizeof(name), "%s.d", section->name);
	int top = -1;
	if (mkdirat(dir, name, 0777) == 0)
		top = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	enum reason reason = top < 0 ?
				     note(&section->trouble, REASON_FILE_UNWRITABLE, name) :
				     extract_new(top, (struct sink){ write_line, list }, &extract);
	if (reason == REASON_OK)
		reason = pour(extract, ramdisk, advance, section);
	extract_free(extract);
	if (top >= 0)
		(void)close(top);
	if (fclose(list) != 0 && reason == REASON_OK)
		reason = note(&section->trouble, REASON_FILE_UNWRITABLE, section->name);
	return reason;
}

/* Whether it begins as an archive does; otherwise nothing but its file is made. */
static enum reason unpack_ramdisk(int dir, struct advance *advance,
				  struct unpacked_section *section)
{
	uint8_t head[NEWC_MAGIC_LEN];
	int ramdisk = openat(dir, section->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (ramdisk < 0)
		return note(&section->trouble, REASON_FILE_UNREADABLE, section->name);
	ssize_t n = pread(ramdisk, head, sizeof(head), 0);
	enum reason reason = REASON_OK;
	if (n < 0)
		reason = note(&section->trouble, REASON_FILE_UNREADABLE, section->name);
	else if (newc_is_magic((struct span){ head, (size_t)n }) ||
		 (n >= GZIP_MAGIC_LEN && gzip_is_magic((struct span){ head, GZIP_MAGIC_LEN })))
		reason = extract_ramdisk(dir, ramdisk, advance, section);
	else
		section->facts.opaque = true;
	(void)close(ramdisk);
	return reason;
}

static uint64_t size_of_ramdisks(const struct eif *eif)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < eif->n_sections; i++)
		sum += eif->sections[i].type == EIF_RAMDISK ? eif->sections[i].size : 0;
	return sum;
}

enum reason unpack(int image, const char *dir, uint16_t reserved_flags, struct advance *advance,
		   struct unpacked *ret, struct trouble *reterr, uint64_t *reterr_at)
{
	struct unpacking unpacking = {
		.dir = -1, .fd = -1, .result = ret, .trouble = reterr, .advance = advance
	};
	bool made = false;

	*ret = (struct unpacked){ .eif.n_sections = 0 };
	enum reason reason = open_dir(dir, &unpacking.dir, &made, reterr);
	if (reason == REASON_OK) {
		reason = write_sections(&unpacking, image, reserved_flags, reterr_at);
		if (unpacking.fd >= 0)
			(void)close(unpacking.fd);
		if (reason != REASON_OK)
			remove_sections(&unpacking);
	}
	advance_expect(advance, ret->eif.size + size_of_ramdisks(&ret->eif));
	for (size_t i = 0; i < ret->eif.n_sections && reason == REASON_OK; i++) {
		if (ret->eif.sections[i].type == EIF_RAMDISK)
			ret->sections[i].reason =
				unpack_ramdisk(unpacking.dir, advance, &ret->sections[i]);
	}
	if (unpacking.dir >= 0)
		(void)close(unpacking.dir);
	if (reason != REASON_OK && made)
		(void)rmdir(dir);
	return reason;
}
