/* What Nix says on stderr under --log-format internal-json, line by line: `@nix ` and a JSON object, or
 * plain text.
 *
 *   start   id, type, text, fields   an activity: 104 all builds, 105 a build [drv, ...], 100 a copy,
 *                                    101 a download, 108 a substitution
 *   stop    id
 *   result  id, type, fields         101 and 107 a line of a build's log; 105 progress [done, expected,
 *                                    running, failed]
 *   msg     level (0 is an error), msg or raw_msg
 *
 * Ids have 64 bits and are read to the last. A builder can make Nix say most of this: it decides which
 * reason a failure gets and what the progress shows, never that something succeeded. Source: Nix,
 * src/libutil/logging.cc of 2.8. */
#ifndef REBUILD_NIXLOG_H
#define REBUILD_NIXLOG_H

#include "rebuild/sink.h"

#define NIXLOG_RUNNING_MAX 64                /* builds whose names are known at a time */
#define NIXLOG_NAME_MAX 128                  /* bytes of such a name; longer ones are cut */
#define NIXLOG_ERRORS_MAX ((size_t)8 * 1024) /* bytes of errors that are kept */

/* How far all builds are, in derivations. */
struct nixlog_progress {
	uint64_t done;
	uint64_t expected;
	uint64_t running;
	uint64_t failed;
	struct span latest; /* the name of the build begun last; not escaped */
};

struct nixlog_running {
	uint64_t id;
	char name[NIXLOG_NAME_MAX]; /* empty: nobody */
};

/* Set `readable`, `tell` and `context` at the start, all else 0; end with nixlog_done. */
struct nixlog {
	const struct sink
		*readable; /* gets the whole log as text, no escape sequences in it; NULL: nobody */
	void (*tell)(void *context, const struct nixlog_progress *progress); /* NULL: nobody */
	void *context;
	/* read them: */
	struct nixlog_progress progress;
	struct buf errors;   /* the error messages, a line each or more; borrow it */
	enum reason failure; /* what they speak of; REASON_OK: of nothing that is known */
	bool option_ignored; /* the daemon did not take an option */
	enum reason sunk;    /* what the sink returned last */
	/* its own: */
	bool knows_builds;
	uint64_t builds;
	char latest[NIXLOG_NAME_MAX];
	struct nixlog_running running[NIXLOG_RUNNING_MAX];
	struct buf text;
};

/* Takes the next line, without its end. Lines in bad form count as text. False: `sunk` or memory. */
bool nixlog_line(struct nixlog *log, struct span line);

/* The name in a store path, without what stands before it and .drv at its end. */
struct span nixlog_name(struct span path);

/* Which reason this message of Nix, or text of several lines, speaks of; REASON_OK: none that is known.
 * What it quotes of a builder's log does not count. Exposed for its table's test.
 * REASON_NIX_DISK_FULL, _FIXED_OUTPUT, _STORE, _DIFFERS, _TIMEOUT, _BUILDER, _INPUT_HASH, _INPUT_FETCH,
 * _LOCK, _ATTRIBUTE, _NOT_STAGED, _GROUP, _FEATURES; REASON_INTERRUPTED. */
enum reason nixlog_reason(struct span message);

void nixlog_done(struct nixlog *log);

#endif
