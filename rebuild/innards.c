#include "rebuild/innards.h"

#include <stdlib.h>
#include <string.h>

#include "rebuild/gzip.h"

/* In neither does its first byte stand again: a search that fails goes on at the byte it failed at. */
#define BANNER_MARK SPAN_LITERAL("Linux version ")
#define CONFIG_MARK SPAN_LITERAL("IKCFG_ST\x1f\x8b\x08")
#define CONFIG_MEMBER SPAN_LITERAL("\x1f\x8b\x08")
#define CONFIG_END SPAN_LITERAL("IKCFG_ED")

enum step { SEEK, TAKE, END, DONE };

struct innards_reader {
	struct innards seen;
	uint64_t max;
	EVP_MD_CTX *digest;
	struct gzip_reader *gzip;
	enum step banner;
	size_t banner_matched;
	size_t banner_taken;
	enum step config;
	size_t config_matched; /* of the mark, then of the end */
};

void innards_done(struct innards *innards)
{
	buf_done(&innards->config);
	*innards = (struct innards){ 0 };
}

enum reason innards_reader_new(uint64_t max, struct innards_reader **ret)
{
	struct innards_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		return REASON_OUT_OF_MEMORY;
	reader->max = max;
	reader->digest = EVP_MD_CTX_new();
	enum reason reason =
		reader->digest == NULL ? REASON_OUT_OF_MEMORY : gzip_reader_new(&reader->gzip);
	if (reason == REASON_OK)
		reason = innards_again(reader);
	if (reason != REASON_OK) {
		innards_reader_free(reader);
		return reason;
	}
	*ret = reader;
	return REASON_OK;
}

void innards_reader_free(struct innards_reader *reader)
{
	if (reader == NULL)
		return;
	innards_done(&reader->seen);
	EVP_MD_CTX_free(reader->digest);
	gzip_reader_free(reader->gzip);
	free(reader);
}

enum reason innards_again(struct innards_reader *reader)
{
	innards_done(&reader->seen);
	gzip_reader_again(reader->gzip);
	reader->banner = SEEK;
	reader->banner_matched = 0;
	reader->config = SEEK;
	reader->config_matched = 0;
	return EVP_DigestInit_ex(reader->digest, EVP_sha256(), NULL) == 1 ? REASON_OK :
									    REASON_CRYPTO_FAILED;
}

/* Cuts off *bytes up to the end of the mark; false: it is not complete, and all were looked at. */
static bool seek(struct span mark, size_t *matched, struct span *bytes)
{
	struct span skipped;

	while (bytes->len > 0) {
		if (*matched == 0) {
			const uint8_t *first = memchr(bytes->at, mark.at[0], bytes->len);
			size_t n = first == NULL ? bytes->len : (size_t)(first - bytes->at);
			(void)span_take(bytes, n, &skipped);
			if (first == NULL)
				break;
		}
		if (bytes->at[0] != mark.at[*matched]) {
			*matched = 0;
			continue;
		}
		(void)span_take(bytes, 1, &skipped);
		if (++*matched == mark.len) {
			*matched = 0;
			return true;
		}
	}
	return false;
}

/* What was taken before counts until another one begins. */
static void take_banner(struct innards_reader *reader, struct span *bytes)
{
	struct innards *seen = &reader->seen;
	struct span byte;

	while (bytes->len > 0 && reader->banner == TAKE) {
		uint8_t next = bytes->at[0];
		if (reader->banner_taken == 0 && (next < '0' || next > '9')) {
			reader->banner = SEEK; /* a format, or part of another text */
			break;
		}
		(void)span_take(bytes, 1, &byte);
		if (next == '\n' || next == 0 || reader->banner_taken == INNARDS_BANNER_MAX) {
			reader->banner = SEEK;
			break;
		}
		seen->banner[reader->banner_taken++] = next;
		seen->banner_len = reader->banner_taken;
	}
}

static void look_for_banner(struct innards_reader *reader, struct span bytes)
{
	while (bytes.len > 0) {
		if (reader->banner == TAKE) {
			take_banner(reader, &bytes);
		} else if (seek(BANNER_MARK, &reader->banner_matched, &bytes)) {
			reader->banner = TAKE;
			reader->banner_taken = 0;
		}
	}
}

static enum reason keep_config(void *to, struct span bytes)
{
	struct buf *config = to;

	if (bytes.len > INNARDS_CONFIG_MAX - config->len)
		return REASON_PAYLOAD_EXPANSION;
	buf_add(config, bytes);
	return config->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

static void end_config(struct innards_reader *reader, enum innards_config how)
{
	reader->config = DONE;
	reader->seen.has_config = how;
	if (how != INNARDS_CONFIG_READ)
		buf_done(&reader->seen.config);
}

/* A member that breaks is no failure: the configuration is not known then. */
static enum reason inflate_config(struct innards_reader *reader, struct span *bytes)
{
	const struct sink sink = { keep_config, &reader->seen.config };
	bool ended = false;

	enum reason reason = gzip_push(reader->gzip, bytes, &sink, &ended);
	if (reason == REASON_OUT_OF_MEMORY)
		return reason;
	if (reason != REASON_OK)
		end_config(reader, INNARDS_CONFIG_BROKEN);
	else if (ended)
		reader->config = END;
	return REASON_OK;
}

static void match_end(struct innards_reader *reader, struct span *bytes)
{
	struct span byte;

	(void)span_take(bytes, 1, &byte);
	if (byte.at[0] != CONFIG_END.at[reader->config_matched])
		end_config(reader, INNARDS_CONFIG_BROKEN);
	else if (++reader->config_matched == CONFIG_END.len)
		end_config(reader, INNARDS_CONFIG_READ);
}

static enum reason look_for_config(struct innards_reader *reader, struct span bytes)
{
	enum reason reason = REASON_OK;

	while (reason == REASON_OK && bytes.len > 0 && reader->config != DONE) {
		if (reader->config == TAKE) {
			reason = inflate_config(reader, &bytes);
		} else if (reader->config == END) {
			match_end(reader, &bytes);
		} else if (seek(CONFIG_MARK, &reader->config_matched, &bytes)) {
			struct span member = CONFIG_MEMBER;
			reader->config = TAKE;
			reason = inflate_config(reader, &member);
		}
	}
	return reason;
}

enum reason innards_behind(struct innards_reader *reader, struct span bytes)
{
	return EVP_DigestUpdate(reader->digest, bytes.at, bytes.len) == 1 ? REASON_OK :
									    REASON_CRYPTO_FAILED;
}

static enum reason put(void *to, struct span bytes)
{
	struct innards_reader *reader = to;

	if (bytes.len > reader->max - reader->seen.len)
		return REASON_PAYLOAD_EXPANSION;
	reader->seen.len += bytes.len;
	look_for_banner(reader, bytes);
	enum reason reason = look_for_config(reader, bytes);
	return reason == REASON_OK ? innards_behind(reader, bytes) : reason;
}

struct sink innards_sink(struct innards_reader *reader)
{
	return (struct sink){ put, reader };
}

enum reason innards_take(struct innards_reader *reader, struct innards *ret)
{
	if (reader->config == TAKE || reader->config == END)
		end_config(reader, INNARDS_CONFIG_BROKEN);
	if (EVP_DigestFinal_ex(reader->digest, reader->seen.sha256, NULL) != 1)
		return REASON_CRYPTO_FAILED;
	*ret = reader->seen;
	reader->seen = (struct innards){ 0 };
	return REASON_OK;
}
