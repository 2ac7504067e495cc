/* cpio archives in the "newc" format, as the kernel unpacks them into its first file system.
 *
 * Every entry: a header of 110 ASCII bytes, the name with its NUL, padding to a multiple of 4, the
 * data, padding to a multiple of 4. Numbers are 8 hex digits, in either case.
 *
 *   0   magic 070701, or 070702 with a sum of the data     54  size of the data
 *   6   inode                                              62  device, major and minor
 *   14  mode                                               78  device that it stands for (rdev)
 *   22  user, group                                        94  size of the name with its NUL
 *   38  number of hard links                               102 sum of the data's bytes (070702)
 *   46  time of change, seconds since 1970
 *
 * Entries of one file with several names share inode and device; the last carries the data. The
 * entry "TRAILER!!!" ends the archive. Sources: Linux, buffer-format.rst and init/initramfs.c. */
#ifndef REBUILD_NEWC_H
#define REBUILD_NEWC_H

#include "rebuild/sink.h"

#define NEWC_HEADER_LEN 110
#define NEWC_NAME_MAX 4096 /* with its NUL; a target likewise, which has none */
#define NEWC_ENTRIES_MAX 1000000
#define NEWC_MAGIC_LEN 6

/* The file types of `mode`: the same numbers on every Unix. */
#define NEWC_TYPE_MASK 0170000U
#define NEWC_FILE 0100000U
#define NEWC_DIRECTORY 0040000U
#define NEWC_SYMLINK 0120000U

/* `name` and `target` (of a symbolic link, else empty) have no NUL in them. */
struct newc_entry {
	uint32_t ino;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint32_t nlink;
	uint32_t mtime;
	uint32_t size; /* of the data; of a symbolic link the length of its target */
	uint32_t dev_major;
	uint32_t dev_minor;
	uint32_t rdev_major;
	uint32_t rdev_minor;
	uint32_t check;
	bool summed; /* 070702 */
	struct span name;
	struct span target;
};

/* What a reader tells. Any reason but REASON_OK stops it and is handed through. `entry` borrows;
 * `data` is called for files only, in order, in any pieces; `end` follows every entry; `trailer`
 * the archive. */
struct newc_events {
	void *of;
	enum reason (*entry)(void *of, const struct newc_entry *entry);
	enum reason (*data)(void *of, struct span bytes);
	enum reason (*end)(void *of);
	enum reason (*trailer)(void *of);
};

/* True when six bytes are the magic of an entry. */
bool newc_is_magic(struct span bytes);

/* A reader that is fed pieces of any size. Fields are its own but for those marked. */
struct newc_reader {
	const struct newc_events *events;
	uint64_t entries; /* read it: entries so far, trailers not counted */
	uint64_t offset;  /* read it: bytes consumed of the archives so far */
	int state;
	bool is_trailer;
	size_t have;     /* bytes of the header, name or target collected */
	size_t name_len; /* with its NUL */
	uint32_t left;   /* of data or padding */
	uint32_t sum;
	struct newc_entry entry;
	uint8_t header[NEWC_HEADER_LEN];
	uint8_t name[NEWC_NAME_MAX];
	uint8_t target[NEWC_NAME_MAX];
};

/* `events` must outlive the reader. */
void newc_start(struct newc_reader *reader, const struct newc_events *events);

/* Reads the next archive with the same counts. */
void newc_again(struct newc_reader *reader);

/* Cuts off *input what belongs to the archive. *ret_ended: it is complete, with the padding of its
 * trailer's name, and *input is what follows; otherwise *input is used up. An archive that never
 * gets there is truncated: the caller says REASON_NEWC_TRUNCATED.
 * REASON_NEWC_MAGIC, _FIELD, _NAME_SIZE, _NAME, _TYPE, _DATA, _TARGET, _PADDING, _CHECKSUM,
 * _ENTRIES, and whatever an event returns. */
enum reason newc_push(struct newc_reader *reader, struct span *input, bool *ret_ended) MUST_CHECK;

/* Writes archives that depend on nothing but what is given: numbers in upper case as GNU cpio
 * has them, 070701, uid, gid and devices as in the entry, inodes counted from 0. */
struct newc_writer {
	struct sink sink;
	uint64_t offset; /* read it: bytes written */
	uint32_t next_ino;
	uint32_t left; /* of the data announced */
};

void newc_writer_start(struct newc_writer *writer, struct sink sink);

/* Begins an entry: `ino`, `check` and `summed` are ignored. A symbolic link is complete at once. The
 * name must be 1 to 4095 bytes. Whatever the sink returns. */
enum reason newc_write_entry(struct newc_writer *writer, const struct newc_entry *entry) MUST_CHECK;

/* Data of the entry begun, in any pieces. REASON_FILE_CHANGED: more than its `size`. */
enum reason newc_write_data(struct newc_writer *writer, struct span bytes) MUST_CHECK;

/* Ends the entry. REASON_FILE_CHANGED: less data than its `size`. */
enum reason newc_write_end(struct newc_writer *writer) MUST_CHECK;

/* Writes the trailer and zeros up to a multiple of 512, as GNU cpio does. */
enum reason newc_write_trailer(struct newc_writer *writer) MUST_CHECK;

#endif
