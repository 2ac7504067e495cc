#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "rebuild/staged.h"
#include "rebuild/test/support.h"

#define RAMDISKS_MAX 3
#define LINK (NEWC_SYMLINK | 0777)
#define FOLDER (NEWC_DIRECTORY | 0755)

/* An image as the function sees it: sections in a file, one of them no ramdisk. */
struct image {
	int fd;
	struct eif eif;
	struct measurement measurement;
};

static void add_section(struct image *image, enum eif_type type, const struct buf *content)
{
	const struct span bytes = buf_span(content);
	struct eif_section *section = &image->eif.sections[image->eif.n_sections];

	section->type = type;
	section->offset = (uint64_t)lseek(image->fd, 0, SEEK_END);
	section->size = bytes.len;
	ck_assert_int_eq(write(image->fd, bytes.at, bytes.len), (ssize_t)bytes.len);
	ck_assert_int_eq(
		digest_sha384(&bytes, 1, image->measurement.sections[image->eif.n_sections]),
		REASON_OK);
	image->eif.n_sections++;
}

static void begin(struct image *image)
{
	struct buf kernel = { 0 };

	support_enter();
	*image = (struct image){ .fd = open("image", O_RDWR | O_CREAT | O_CLOEXEC, 0600) };
	ck_assert_int_ge(image->fd, 0);
	buf_text(&kernel, "the program");
	add_section(image, EIF_KERNEL, &kernel);
	buf_done(&kernel);
}

static void end(struct image *image)
{
	(void)close(image->fd);
	support_leave();
}

static void want(struct staged_file *file, const char *content)
{
	const struct span bytes = span_of_text(content);

	*file = (struct staged_file){ .found = false };
	ck_assert_int_eq(digest_sha256(&bytes, 1, file->sha256), REASON_OK);
}

/* Up to four entries in each ramdisk; the first without a name ends it. */
struct row {
	const char *name;
	struct support_entry ramdisks[RAMDISKS_MAX][4];
	enum reason reason;
	const char *path; /* of "the program" */
	size_t ramdisk;
};

static const struct row rows[] = {
	{ "there",
	  { { { .name = "init", .data = "an init" } },
	    { { .name = "./rootfs/bin/nitro", .data = "the program" } } },
	  REASON_OK,
	  "rootfs/bin/nitro",
	  1 },
	{ "twice: the first is told",
	  { { { .name = "a", .data = "the program" }, { .name = "b", .data = "the program" } } },
	  REASON_OK,
	  "a",
	  0 },
	{ "a hard link: the last name has the data",
	  { { { .name = "a", .ino = 7, .nlink = 2 },
	      { .name = "b", .data = "the program", .ino = 7, .nlink = 2 } } },
	  REASON_OK,
	  "b",
	  0 },
	{ "overridden, and there elsewhere",
	  { { { .name = "a", .data = "the program" }, { .name = "b", .data = "the program" } },
	    { { .name = "/a", .data = "another" } } },
	  REASON_OK,
	  "b",
	  0 },
	{ "put back",
	  { { { .name = "a", .data = "another" } }, { { .name = "a", .data = "the program" } } },
	  REASON_OK,
	  "a",
	  1 },
	{ "below a link's name, but not behind it",
	  { { { .name = "bin", .mode = LINK, .data = "x" },
	      { .name = "bins/a", .data = "the program" } } },
	  REASON_OK,
	  "bins/a",
	  0 },
	{ "absent", { { { .name = "a", .data = "another" } } }, REASON_IMAGE_NOT_USED, NULL, 0 },
	{ "one byte more",
	  { { { .name = "a", .data = "the program\n" } } },
	  REASON_IMAGE_NOT_USED,
	  NULL,
	  0 },
	{ "overridden",
	  { { { .name = "a", .data = "the program" }, { .name = "a", .data = "another" } } },
	  REASON_IMAGE_NOT_USED,
	  NULL,
	  0 },
	{ "overridden by the next ramdisk",
	  { { { .name = "a", .data = "the program" } },
	    { { .name = ".//./a", .data = "another" } } },
	  REASON_IMAGE_NOT_USED,
	  NULL,
	  0 },
	{ "overridden by a link",
	  { { { .name = "a", .data = "the program" },
	      { .name = "a", .mode = LINK, .data = "b" } } },
	  REASON_IMAGE_NOT_USED,
	  NULL,
	  0 },
	{ "overridden by way of a link",
	  { { { .name = "bin/a", .data = "the program" },
	      { .name = "sbin", .mode = LINK, .data = "bin" },
	      { .name = "sbin/a", .data = "another" } } },
	  REASON_IMAGE_NOT_USED,
	  NULL,
	  0 },
	{ "written through a link",
	  { { { .name = "bin", .mode = LINK, .data = "other" },
	      { .name = "bin/a", .data = "the program" } } },
	  REASON_IMAGE_NOT_USED,
	  NULL,
	  0 },
	{ "the target of a link is no content",
	  { { { .name = "a", .mode = LINK, .data = "the program" } } },
	  REASON_IMAGE_NOT_USED,
	  NULL,
	  0 },
};

START_TEST(looking)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct image image;
		struct staged_file file;
		enum reason form = REASON_NIX_OUTPUT;
		begin(&image);
		for (size_t r = 0; r < RAMDISKS_MAX && rows[i].ramdisks[r][0].name != NULL; r++) {
			struct buf archive = { 0 };
			for (size_t e = 0; e < 4 && rows[i].ramdisks[r][e].name != NULL; e++)
				support_entry(&archive, &rows[i].ramdisks[r][e]);
			support_trailer(&archive);
			if (r == 1) {
				struct buf packed = { 0 };
				support_gzip(&packed, buf_span(&archive));
				add_section(&image, EIF_RAMDISK, &packed);
				buf_done(&packed);
			} else {
				add_section(&image, EIF_RAMDISK, &archive);
			}
			buf_done(&archive);
		}
		want(&file, "the program");
		EXPECT_REASON(rows[i].name,
			      staged_find(image.fd, &image.eif, &image.measurement, &file, 1, NULL,
					  &form),
			      rows[i].reason);
		EXPECT_REASON(rows[i].name, form, REASON_OK);
		ck_assert_msg(file.found == (rows[i].path != NULL), "%s", rows[i].name);
		if (rows[i].path != NULL) {
			EXPECT_BYTES(rows[i].name, buf_span(&file.path),
				     span_of_text(rows[i].path));
			ck_assert_uint_eq(file.ramdisk, rows[i].ramdisk);
		}
		staged_done(&file, 1);
		end(&image);
	}
}
END_TEST

START_TEST(several)
{
	struct image image;
	struct staged_file files[2];
	struct buf archive = { 0 };
	enum reason form = REASON_OK;
	const uint8_t other = '#';

	begin(&image);
	support_entry(&archive, &(struct support_entry){ .name = "bin", .mode = FOLDER });
	support_entry(&archive, &(struct support_entry){ .name = "bin/a", .data = "one" });
	support_entry(&archive, &(struct support_entry){ .name = "bin/b", .data = "two" });
	support_trailer(&archive);
	add_section(&image, EIF_RAMDISK, &archive);
	want(&files[0], "one");
	want(&files[1], "two");
	EXPECT_REASON("both",
		      staged_find(image.fd, &image.eif, &image.measurement, files, 2, NULL, &form),
		      REASON_OK);
	staged_done(files, 2);
	want(&files[0], "one");
	want(&files[1], "three");
	EXPECT_REASON("one of two",
		      staged_find(image.fd, &image.eif, &image.measurement, files, 2, NULL, &form),
		      REASON_IMAGE_NOT_USED);
	ck_assert(files[0].found && !files[1].found);
	staged_done(files, 2);
	/* an empty file is in every archive with a hard link */
	want(&files[0], "");
	EXPECT_REASON("empty",
		      staged_find(image.fd, &image.eif, &image.measurement, files, 1, NULL, &form),
		      REASON_IMAGE_NOT_USED);
	EXPECT_REASON("nothing",
		      staged_find(image.fd, &image.eif, &image.measurement, files, 0, NULL, &form),
		      REASON_IMAGE_NOT_USED);
	/* not the bytes that were measured */
	ck_assert_int_eq(pwrite(image.fd, &other, 1, (off_t)image.eif.sections[1].offset + 120), 1);
	EXPECT_REASON("changed",
		      staged_find(image.fd, &image.eif, &image.measurement, files, 1, NULL, &form),
		      REASON_CHANGED_WHILE_READING);
	buf_done(&archive);
	end(&image);
}
END_TEST

/* A broken archive has nothing for certain, also where the file stands before the fault. */
START_TEST(broken)
{
	struct image image;
	struct staged_file file;
	struct buf archive = { 0 };
	enum reason form = REASON_OK;

	begin(&image);
	support_entry(&archive, &(struct support_entry){ .name = "a", .data = "the program" });
	add_section(&image, EIF_RAMDISK, &archive);
	want(&file, "the program");
	EXPECT_REASON("cut",
		      staged_find(image.fd, &image.eif, &image.measurement, &file, 1, NULL, &form),
		      REASON_IMAGE_NOT_USED);
	EXPECT_REASON("form", form, REASON_NEWC_TRUNCATED);
	staged_done(&file, 1);
	buf_done(&archive);
	end(&image);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("staged");

	support_add(suite, "looking", looking);
	support_add(suite, "several", several);
	support_add(suite, "broken", broken);
	return support_main(suite);
}
