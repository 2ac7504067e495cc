#include "rebuild/tarball.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/gzip.h"
#include "rebuild/rawstream.h"

#define PIECE ((size_t)16 * 1024) /* of the file: deflate makes at most 1032 times as much of it */
#define ZEROS ((size_t)64 * 1024)

struct tarball {
	struct tarball_source source;
	struct archive *archive;
	struct gzip_reader *gzip;
	struct rawstream *zstd;
	struct sha256 sha256;
	struct buf unzipped;
	uint64_t given;     /* decompressed bytes so far */
	uint64_t size;      /* of the entry */
	enum reason reason; /* why libarchive was given nothing */
	bool begun;         /* a gzip member, which has not ended */
	bool any;
	bool opened;
	bool ended;    /* all was decompressed */
	locale_t utf8; /* (locale_t)0: there is none here */
	uint8_t piece[PIECE];
};

/* The next bytes of the file; none at its end. */
static enum reason read_file(void *from, struct span *ret)
{
	struct tarball *tarball = from;
	ssize_t n;

	if (tarball->source.interrupted != NULL && *tarball->source.interrupted != 0)
		return REASON_INTERRUPTED;
	do {
		n = read(tarball->source.fd, tarball->piece, sizeof(tarball->piece));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return REASON_FILE_UNREADABLE;
	advance_by(tarball->source.advance, (uint64_t)n);
	*ret = (struct span){ tarball->piece, (size_t)n };
	return REASON_OK;
}

static enum reason keep(void *to, struct span bytes)
{
	struct buf *buf = to;

	buf_add(buf, bytes);
	return buf->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

/* Decompresses until there is something, or nothing more. */
static enum reason unzip(struct tarball *tarball, struct span *ret)
{
	const struct sink sink = { keep, &tarball->unzipped };
	struct span input = { NULL, 0 };

	tarball->unzipped.len = 0;
	while (tarball->unzipped.len == 0) {
		enum reason reason = read_file(tarball, &input);
		if (reason != REASON_OK)
			return reason;
		if (input.len == 0) {
			*ret = input;
			return tarball->begun || !tarball->any ? REASON_GZIP_TRUNCATED : REASON_OK;
		}
		while (input.len > 0) {
			bool ended = false;
			if (!tarball->begun && tarball->any)
				gzip_reader_again(tarball->gzip);
			tarball->begun = true;
			tarball->any = true;
			reason = gzip_push(tarball->gzip, &input, &sink, &ended);
			if (reason != REASON_OK)
				return reason;
			tarball->begun = !ended;
		}
	}
	*ret = buf_span(&tarball->unzipped);
	return REASON_OK;
}

static enum reason unzstd(struct tarball *tarball, struct span *ret)
{
	enum reason reason = rawstream_next(tarball->zstd, ret);

	return reason == REASON_PAYLOAD_BROKEN || reason == REASON_PAYLOAD_EXPANSION ?
		       REASON_LAYER_COMPRESSION :
		       reason;
}

/* The next decompressed bytes, counted and hashed. */
static enum reason decompress(struct tarball *tarball, struct span *ret)
{
	enum reason reason;

	*ret = (struct span){ NULL, 0 };
	if (tarball->ended)
		return REASON_OK;
	switch (tarball->source.compression) {
	case TARBALL_GZIP:
		reason = unzip(tarball, ret);
		break;
	case TARBALL_ZSTD:
		reason = unzstd(tarball, ret);
		break;
	case TARBALL_PLAIN:
	default:
		reason = read_file(tarball, ret);
		break;
	}
	if (reason != REASON_OK)
		return reason;
	if (ret->len > tarball->source.max - tarball->given)
		return REASON_LAYER_EXPANSION;
	tarball->given += ret->len;
	tarball->ended = ret->len == 0;
	return sha256_add(&tarball->sha256, *ret);
}

/* libarchive asks for more. */
static la_ssize_t give(struct archive *archive, void *context, const void **ret)
{
	struct tarball *tarball = context;
	struct span piece = { NULL, 0 };

	if (tarball->reason == REASON_OK)
		tarball->reason = decompress(tarball, &piece);
	if (tarball->reason != REASON_OK) {
		archive_set_error(archive, EIO, "stopped");
		return ARCHIVE_FATAL;
	}
	*ret = piece.at;
	return (la_ssize_t)piece.len;
}

static enum reason why(const struct tarball *tarball)
{
	if (tarball->reason != REASON_OK)
		return tarball->reason;
	return archive_errno(tarball->archive) == ENOMEM ? REASON_OUT_OF_MEMORY : REASON_LAYER_TAR;
}

static enum reason start(struct tarball *tarball)
{
	const struct rawsource file = { read_file, tarball };
	enum reason reason = sha256_start(&tarball->sha256);

	if (reason == REASON_OK && tarball->source.compression == TARBALL_GZIP)
		reason = gzip_reader_new(&tarball->gzip);
	if (reason == REASON_OK && tarball->source.compression == TARBALL_ZSTD)
		reason = rawstream_open(RAWSTREAM_ZSTD, &file, &tarball->zstd);
	if (reason == REASON_PAYLOAD_FORMAT)
		return REASON_LAYER_COMPRESSION;
	if (reason != REASON_OK)
		return reason;
	/* pax names are UTF-8: in another locale libarchive would put ? in them */
	tarball->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	tarball->archive = archive_read_new();
	if (tarball->archive == NULL ||
	    archive_read_support_format_tar(tarball->archive) != ARCHIVE_OK)
		return REASON_OUT_OF_MEMORY;
	return REASON_OK;
}

enum reason tarball_open(const struct tarball_source *source, struct tarball **ret)
{
	struct tarball *tarball = calloc(1, sizeof(*tarball));

	if (tarball == NULL)
		return REASON_OUT_OF_MEMORY;
	tarball->source = *source;
	enum reason reason = start(tarball);
	if (reason != REASON_OK) {
		tarball_free(tarball);
		return reason;
	}
	*ret = tarball;
	return REASON_OK;
}

void tarball_free(struct tarball *tarball)
{
	if (tarball == NULL)
		return;
	(void)archive_read_free(tarball->archive);
	gzip_reader_free(tarball->gzip);
	rawstream_free(tarball->zstd);
	sha256_done(&tarball->sha256);
	buf_done(&tarball->unzipped);
	if (tarball->utf8 != (locale_t)0)
		freelocale(tarball->utf8);
	free(tarball);
}

static struct span text_of(const char *text)
{
	return text != NULL ? span_of_text(text) : (struct span){ NULL, 0 };
}

static enum reason tell(struct tarball *tarball, struct archive_entry *entry,
			struct tarball_entry *ret)
{
	*ret = (struct tarball_entry){ .name = text_of(archive_entry_pathname(entry)),
				       .mode = (uint32_t)archive_entry_perm(entry) & 07777U };
	tarball->size = 0;
	if (archive_entry_size_is_set(entry) && archive_entry_size(entry) > 0)
		tarball->size = (uint64_t)archive_entry_size(entry);
	ret->size = tarball->size;
	if (archive_entry_hardlink(entry) != NULL) {
		ret->type = TARBALL_HARD_LINK;
		ret->target = text_of(archive_entry_hardlink(entry));
	} else {
		switch (archive_entry_filetype(entry)) {
		case AE_IFREG:
			ret->type = TARBALL_FILE;
			break;
		case AE_IFDIR:
			ret->type = TARBALL_DIRECTORY;
			break;
		case AE_IFLNK:
			ret->type = TARBALL_SYMLINK;
			ret->target = text_of(archive_entry_symlink(entry));
			break;
		default:
			ret->type = TARBALL_OTHER;
			break;
		}
	}
	if (ret->name.at == NULL || (ret->target.at == NULL && (ret->type == TARBALL_SYMLINK ||
								ret->type == TARBALL_HARD_LINK)))
		return REASON_LAYER_NAME;
	return REASON_OK;
}

enum reason tarball_next(struct tarball *tarball, struct tarball_entry *ret, bool *ret_more)
{
	struct archive_entry *entry = NULL;
	locale_t before = (locale_t)0;
	int result = ARCHIVE_OK;

	if (tarball->utf8 != (locale_t)0)
		before = uselocale(tarball->utf8);
	if (!tarball->opened)
		result = archive_read_open2(tarball->archive, tarball, NULL, give, NULL, NULL);
	tarball->opened = true;
	if (result == ARCHIVE_OK)
		result = archive_read_next_header(tarball->archive, &entry);
	*ret_more = result == ARCHIVE_OK;
	enum reason reason = REASON_OK;
	if (result == ARCHIVE_OK)
		reason = tell(tarball, entry, ret);
	else if (result != ARCHIVE_EOF)
		reason = why(tarball);
	if (before != (locale_t)0)
		(void)uselocale(before);
	return reason;
}

static enum reason pour_zeros(const struct sink *sink, uint64_t n)
{
	static const uint8_t zeros[ZEROS];
	enum reason reason = REASON_OK;

	while (n > 0 && reason == REASON_OK) {
		size_t part = n < sizeof(zeros) ? (size_t)n : sizeof(zeros);
		reason = sink_put(sink, (struct span){ zeros, part });
		n -= part;
	}
	return reason;
}

enum reason tarball_pour(struct tarball *tarball, const struct sink *sink)
{
	const void *block = NULL;
	size_t len = 0;
	la_int64_t at = 0;
	uint64_t done = 0;
	int result;

	while ((result = archive_read_data_block(tarball->archive, &block, &len, &at)) ==
	       ARCHIVE_OK) {
		if (at < 0 || (uint64_t)at < done || (uint64_t)at > tarball->size ||
		    len > tarball->size - (uint64_t)at)
			return REASON_LAYER_TAR;
		enum reason reason = pour_zeros(sink, (uint64_t)at - done);
		if (reason == REASON_OK)
			reason = sink_put(sink, (struct span){ block, len });
		if (reason != REASON_OK)
			return reason;
		done = (uint64_t)at + len;
	}
	if (result != ARCHIVE_EOF)
		return why(tarball);
	return pour_zeros(sink, tarball->size - done);
}

enum reason tarball_end(struct tarball *tarball, uint8_t ret_sha256[static DIGEST_SHA256_LEN],
			uint64_t *ret_len)
{
	struct span piece = { NULL, 1 };

	while (tarball->reason == REASON_OK && piece.len > 0)
		tarball->reason = decompress(tarball, &piece);
	if (tarball->reason != REASON_OK)
		return tarball->reason;
	*ret_len = tarball->given;
	return sha256_end(&tarball->sha256, ret_sha256);
}
