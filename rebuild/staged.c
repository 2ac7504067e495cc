#include "rebuild/staged.h"

#include <string.h>

/* The content of all ramdisks, in their order. */
struct content_list {
	struct catalog ramdisks[EIF_SECTIONS_MAX];
	size_t n;
};

/* A name as the kernel walks it from its root: without / and ./ before it. */
static struct span plain_name(struct span name)
{
	struct span cut;

	while (name.len > 0 &&
	       (name.at[0] == '/' || (name.len > 1 && name.at[0] == '.' && name.at[1] == '/')))
		(void)span_take(&name, 1, &cut);
	return name;
}

/* Cuts the next component off a name; empty ones and `.` are passed over. False: none is left. */
static bool next_component(struct span *name, struct span *ret)
{
	while (name->len > 0) {
		size_t n = 0;
		struct span slash;
		while (n < name->len && name->at[n] != '/')
			n++;
		(void)span_take(name, n, ret);
		(void)span_take(name, 1, &slash);
		if (ret->len > 0 && !span_equal(*ret, SPAN_LITERAL(".")))
			return true;
	}
	return false;
}

static bool same_name(struct span a, struct span b)
{
	struct span one;
	struct span other;

	for (;;) {
		const bool has_one = next_component(&a, &one);
		const bool has_other = next_component(&b, &other);
		if (!has_one || !has_other)
			return has_one == has_other;
		if (!span_equal(one, other))
			return false;
	}
}

static struct span last_component(struct span name)
{
	struct span last = { NULL, 0 };
	struct span next;

	while (next_component(&name, &next))
		last = next;
	return last;
}

/* `name` is in `folder`, at any depth. */
static bool is_below(struct span name, struct span folder)
{
	struct span one;
	struct span other;

	while (next_component(&folder, &other)) {
		if (!next_component(&name, &one) || !span_equal(one, other))
			return false;
	}
	return next_component(&name, &one);
}

static bool has_type(const struct catalog_entry *entry, uint32_t type)
{
	return (entry->fields.mode & NEWC_TYPE_MASK) == type;
}

/* Whether any ramdisk has a symbolic link above this name. */
static bool is_behind_link(const struct content_list *all, struct span name)
{
	for (size_t r = 0; r < all->n; r++) {
		const struct catalog *catalog = &all->ramdisks[r];
		for (size_t i = 0; i < catalog->n; i++) {
			if (has_type(&catalog->entries[i], NEWC_SYMLINK) &&
			    is_below(name, catalog_name(catalog, i)))
				return true;
		}
	}
	return false;
}

/* Whether what stands at (ramdisk, index) is still there when all has been unpacked. */
static bool survives(const struct content_list *all, size_t ramdisk, size_t index)
{
	const struct span name = catalog_name(&all->ramdisks[ramdisk], index);
	const struct span last = last_component(name);

	/* not even written where its name says */
	if (is_behind_link(all, name))
		return false;
	for (size_t r = ramdisk; r < all->n; r++) {
		const struct catalog *catalog = &all->ramdisks[r];
		for (size_t i = r == ramdisk ? index + 1 : 0; i < catalog->n; i++) {
			const struct span later = catalog_name(catalog, i);
			if (!span_equal(last_component(later), last))
				continue;
			if (same_name(later, name) || is_behind_link(all, later))
				return false;
		}
	}
	return true;
}

static enum reason look(const struct content_list *all, struct staged_file *file)
{
	const struct span wanted = SPAN_OF(file->sha256);

	for (size_t r = 0; r < all->n && !file->found; r++) {
		const struct catalog *catalog = &all->ramdisks[r];
		for (size_t i = 0; i < catalog->n && !file->found; i++) {
			const struct catalog_entry *entry = &catalog->entries[i];
			/* names of a hard link but the last one have no data: an empty file is none */
			if (!has_type(entry, NEWC_FILE) || entry->fields.size == 0 ||
			    !span_equal(SPAN_OF(entry->sha256), wanted) || !survives(all, r, i))
				continue;
			file->found = true;
			file->ramdisk = r;
			buf_add(&file->path, plain_name(catalog_name(catalog, i)));
		}
	}
	return file->path.failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

/* *ret_form: the first fault of a ramdisk's form. */
static enum reason read_ramdisks(int fd, const struct eif *eif,
				 const struct measurement *measurement, struct advance *advance,
				 struct content_list *all, enum reason *ret_form)
{
	for (size_t i = 0; i < eif->n_sections; i++) {
		if (eif->sections[i].type != EIF_RAMDISK)
			continue;
		const struct catalog_source source = { fd, &eif->sections[i],
						       measurement->sections[i], advance };
		struct catalog *catalog = &all->ramdisks[all->n++];
		enum reason reason = catalog_read(&source, CATALOG_NAMES_MAX, catalog);
		if (reason != REASON_OK)
			return reason;
		if (*ret_form == REASON_OK)
			*ret_form = catalog->form;
	}
	return REASON_OK;
}

enum reason staged_find(int fd, const struct eif *eif, const struct measurement *measurement,
			struct staged_file *files, size_t n_files, struct advance *advance,
			enum reason *ret_form)
{
	struct content_list all = { .n = 0 };
	enum reason form = REASON_OK;
	bool found = n_files > 0;

	enum reason reason = read_ramdisks(fd, eif, measurement, advance, &all, &form);
	for (size_t i = 0; i < n_files && reason == REASON_OK; i++) {
		/* of a broken archive nobody knows what the kernel makes of its rest */
		if (form == REASON_OK)
			reason = look(&all, &files[i]);
		found = found && files[i].found;
	}
	for (size_t i = 0; i < all.n; i++)
		catalog_done(&all.ramdisks[i]);
	if (reason != REASON_OK)
		return reason;
	*ret_form = form;
	return found ? REASON_OK : REASON_IMAGE_NOT_USED;
}

void staged_done(struct staged_file *files, size_t n_files)
{
	for (size_t i = 0; i < n_files; i++)
		buf_done(&files[i].path);
}
