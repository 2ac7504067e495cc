#include "rebuild/catalog.h"

#include <stdlib.h>

#include "rebuild/reread.h"
#include "verify/auto.h"

/* A catalog being made, or data being poured by one. */
struct making {
	struct catalog *catalog;
	size_t names_max;
	uint64_t archive;
	EVP_MD_CTX *sha256; /* of the present entry's data */
	/* when pouring: */
	const struct catalog *known;
	const size_t *wanted;
	size_t left;
	const struct sink *sink;
	size_t index; /* of the present entry */
};

static bool start_digest(struct making *making)
{
	return EVP_DigestInit_ex(making->sha256, EVP_sha256(), NULL) == 1;
}

static enum reason add_data(void *of, struct span bytes)
{
	const struct making *making = of;

	return EVP_DigestUpdate(making->sha256, bytes.at, bytes.len) == 1 ? REASON_OK :
									    REASON_CRYPTO_FAILED;
}

static bool end_digest(struct making *making, uint8_t ret[static DIGEST_SHA256_LEN])
{
	unsigned n = 0;
	uint8_t value[EVP_MAX_MD_SIZE];

	if (EVP_DigestFinal_ex(making->sha256, value, &n) != 1 || n != DIGEST_SHA256_LEN)
		return false;
	for (size_t i = 0; i < DIGEST_SHA256_LEN; i++)
		ret[i] = value[i];
	return true;
}

/* Room for one more entry; the entries may move. NULL: no memory. */
static struct catalog_entry *next_entry(struct catalog *catalog)
{
	if (catalog->n == catalog->cap) {
		size_t cap = catalog->cap == 0 ? 256 : catalog->cap * 2;
		struct catalog_entry *entries = realloc(catalog->entries, cap * sizeof(*entries));
		if (entries == NULL)
			return NULL;
		catalog->entries = entries;
		catalog->cap = cap;
	}
	return &catalog->entries[catalog->n];
}

static enum reason add_entry(void *of, const struct newc_entry *entry)
{
	struct making *making = of;
	struct catalog *catalog = making->catalog;

	if (entry->name.len + entry->target.len > making->names_max - catalog->names.len)
		return REASON_CATALOG_NAMES;
	struct catalog_entry *made = next_entry(catalog);
	if (made == NULL)
		return REASON_OUT_OF_MEMORY;
	*made = (struct catalog_entry){
		.name_at = catalog->names.len,
		.name_len = (uint32_t)entry->name.len,
		.target_len = (uint32_t)entry->target.len,
		.archive = making->archive,
		.fields = *entry,
	};
	made->fields.name = (struct span){ NULL, 0 };
	made->fields.target = (struct span){ NULL, 0 };
	buf_add(&catalog->names, entry->name);
	buf_add(&catalog->names, entry->target);
	if (catalog->names.failed)
		return REASON_OUT_OF_MEMORY;
	return start_digest(making) ? REASON_OK : REASON_CRYPTO_FAILED;
}

static enum reason end_entry(void *of)
{
	struct making *making = of;
	struct catalog *catalog = making->catalog;

	if (!end_digest(making, catalog->entries[catalog->n].sha256))
		return REASON_CRYPTO_FAILED;
	catalog->n++;
	return REASON_OK;
}

static enum reason end_archive(void *of)
{
	struct making *making = of;

	making->archive++;
	return REASON_OK;
}

static enum reason add_member(void *of, const struct gzip_header *header)
{
	struct making *making = of;

	/* the facts are told at the end only; a system of 0 to 255 and a method say nothing */
	if (making->catalog->facts.members == 0)
		making->catalog->first = *header;
	making->catalog->facts.members++;
	return REASON_OK;
}

/* This machine's trouble, which says nothing of the archive. */
static bool is_own(enum reason reason)
{
	return reason == REASON_OUT_OF_MEMORY || reason == REASON_CRYPTO_FAILED ||
	       reason == REASON_FILE_UNREADABLE || reason == REASON_CHANGED_WHILE_READING ||
	       reason == REASON_FILE_UNWRITABLE || reason == REASON_CATALOG_NAMES;
}

/* Reads the section through a ramdisk. *ret_form: what the ramdisk said of it. */
static enum reason read_through(const struct catalog_source *source, struct ramdisk *ramdisk,
				struct ramdisk_facts *ret, enum reason *ret_form)
{
	struct reread reread = { .fd = -1 };
	struct span piece = { NULL, 0 };
	enum reason form = REASON_OK;

	enum reason reason = reread_start(&reread, source->fd, source->section, source->sha384);
	reread_tell(&reread, source->advance);
	while (reason == REASON_OK) {
		reason = reread_next(&reread, &piece);
		if (reason != REASON_OK || piece.len == 0)
			break;
		/* after a fault the rest is read for its digest alone */
		if (form == REASON_OK)
			form = ramdisk_push(ramdisk, piece);
		if (is_own(form))
			reason = form;
	}
	reread_done(&reread);
	if (reason != REASON_OK)
		return reason;
	if (form == REASON_OK)
		form = ramdisk_end(ramdisk, ret);
	*ret_form = form;
	return is_own(form) ? form : REASON_OK;
}

/* Reads up to the last entry that is wanted. Each of these is judged by its own digest. */
static enum reason pour_through(const struct catalog_source *source, struct ramdisk *ramdisk,
				const struct making *making)
{
	struct reread reread = { .fd = -1 };
	struct span piece = { NULL, 0 };

	enum reason reason = reread_start(&reread, source->fd, source->section, NULL);
	reread_tell(&reread, source->advance);
	while (reason == REASON_OK && making->left > 0) {
		reason = reread_next(&reread, &piece);
		if (reason != REASON_OK)
			break;
		if (piece.len == 0) /* it was all there before */
			reason = REASON_CHANGED_WHILE_READING;
		else
			reason = ramdisk_push(ramdisk, piece);
		/* and in good form */
		if (reason != REASON_OK && !is_own(reason))
			reason = REASON_CHANGED_WHILE_READING;
	}
	reread_done(&reread);
	return reason;
}

enum reason catalog_read(const struct catalog_source *source, size_t names_max, struct catalog *ret)
{
	AUTO(EVP_MD_CTX) *sha256 = EVP_MD_CTX_new();
	struct making making = { .catalog = ret, .names_max = names_max, .sha256 = sha256 };
	const struct ramdisk_events events = {
		{ &making, add_entry, add_data, end_entry, end_archive }, add_member
	};

	struct ramdisk *ramdisk = NULL;

	*ret = (struct catalog){ .form = REASON_OK };
	if (sha256 == NULL)
		return REASON_OUT_OF_MEMORY;
	enum reason reason = ramdisk_new(&events, RAMDISK_EXPANSION_MAX, &ramdisk);
	if (reason == REASON_OK)
		reason = read_through(source, ramdisk, &ret->facts, &ret->form);
	ramdisk_free(ramdisk);
	return reason;
}

static enum reason begin_poured(void *of, const struct newc_entry *entry)
{
	struct making *making = of;

	(void)entry;
	return start_digest(making) ? REASON_OK : REASON_CRYPTO_FAILED;
}

static bool is_wanted(const struct making *making)
{
	return making->left > 0 && making->wanted[0] == making->index;
}

static enum reason pour_data(void *of, struct span bytes)
{
	struct making *making = of;

	if (!is_wanted(making))
		return REASON_OK;
	enum reason reason = add_data(making, bytes);
	return reason == REASON_OK ? sink_put(making->sink, bytes) : reason;
}

static enum reason end_poured(void *of)
{
	struct making *making = of;
	uint8_t got[DIGEST_SHA256_LEN];

	if (is_wanted(making)) {
		const uint8_t *want = making->known->entries[making->index].sha256;
		if (!end_digest(making, got))
			return REASON_CRYPTO_FAILED;
		if (!span_equal(SPAN_OF(got), (struct span){ want, DIGEST_SHA256_LEN }))
			return REASON_CHANGED_WHILE_READING;
		making->wanted++;
		making->left--;
	}
	making->index++;
	return REASON_OK;
}

enum reason catalog_pour(const struct catalog_source *source, const struct catalog *catalog,
			 const size_t *wanted, size_t n_wanted, const struct sink *sink)
{
	AUTO(EVP_MD_CTX) *sha256 = EVP_MD_CTX_new();
	struct making making = {
		.sha256 = sha256, .known = catalog, .wanted = wanted, .left = n_wanted, .sink = sink
	};
	const struct ramdisk_events events = {
		{ &making, begin_poured, pour_data, end_poured, end_archive }, NULL
	};
	struct ramdisk *ramdisk = NULL;

	if (sha256 == NULL)
		return REASON_OUT_OF_MEMORY;
	enum reason reason = ramdisk_new(&events, RAMDISK_EXPANSION_MAX, &ramdisk);
	if (reason == REASON_OK)
		reason = pour_through(source, ramdisk, &making);
	ramdisk_free(ramdisk);
	return reason;
}

struct span catalog_name(const struct catalog *catalog, size_t index)
{
	const struct catalog_entry *entry = &catalog->entries[index];

	return (struct span){ catalog->names.at + entry->name_at, entry->name_len };
}

struct span catalog_target(const struct catalog *catalog, size_t index)
{
	const struct catalog_entry *entry = &catalog->entries[index];

	return (struct span){ catalog->names.at + entry->name_at + entry->name_len,
			      entry->target_len };
}

void catalog_done(struct catalog *catalog)
{
	free(catalog->entries);
	buf_done(&catalog->names);
	*catalog = (struct catalog){ .form = REASON_OK };
}
