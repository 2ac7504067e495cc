/* What is found to differ between two images, one after the other: what comparing makes, and what
 * text, JSON and page are printed from.
 *
 * Everything in a finding is escaped and cut when it is added, so that whoever prints one has
 * nothing to fear from names and values that came out of an image. */
#ifndef REBUILD_FINDING_H
#define REBUILD_FINDING_H

#include "verify/reason.h"
#include "verify/span.h"

#define FINDING_VALUE_MAX 240 /* bytes of a value that are kept, before they are escaped */
#define FINDING_KEPT_MAX 1000 /* of each class; the others are only counted */

/* In the order in which they are told: causes first. */
enum finding_class {
	FINDING_CONTENT,     /* other bytes, names, modes, order: a cause */
	FINDING_ATTRIBUTE,   /* times, owners, inode numbers, link counts */
	FINDING_COMPRESSION, /* the same bytes, compressed otherwise */
	FINDING_CASCADE,     /* the same but for hashes of store paths: an effect, not a cause */
	FINDING_UNMEASURED,  /* no register counts it */
	FINDING_CLASSES
};

/* Owned, printable ASCII; NULL: nothing there. */
struct finding {
	enum finding_class class;
	char *part;       /* "header", "ramdisk 1" */
	char *name;       /* path or key within the part */
	const char *what; /* static: "mtime", "content", "only-in-a" */
	char *a;
	char *b;
	char *note;
};

/* Start with {0}, end with findings_done. `failed`: no memory, the list is not complete. */
struct findings {
	struct finding *list;
	size_t n;
	size_t cap;
	uint64_t counts[FINDING_CLASSES]; /* all of them, kept or not */
	bool failed;
};

/* `part` and `note` are this program's own text apart from what buf_escaped has made of the
 * image's; `name`, `a` and `b` are raw, NULL in them for nothing. `what` must be static. */
void findings_add(struct findings *findings, enum finding_class class, const char *part,
		  struct span name, const char *what, struct span a, struct span b,
		  const char *note);

/* The same for two numbers. */
void findings_add_numbers(struct findings *findings, enum finding_class class, const char *part,
			  struct span name, const char *what, uint64_t a, uint64_t b);

/* "content", "attribute", ... Static. */
const char *finding_class_name(enum finding_class class);

void findings_done(struct findings *findings);

#endif
