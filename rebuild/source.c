#include "rebuild/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/draft.h"
#include "rebuild/remove.h"
#include "rebuild/signature.h"

#define OUTPUT_MAX ((size_t)4096)
#define STATUS_MAX ((size_t)1024 * 1024)

/* Overrules what .gitattributes of the tree say. A working-tree-encoding cannot be unset, only be
 * unspecified. */
static const char attributes[] =
	"* -text -eol -crlf -ident -filter !working-tree-encoding -export-subst -export-ignore\n";

/* What git said, as trouble. */
static enum reason note(struct trouble *trouble, const struct git_result *result,
			enum reason reason)
{
	return trouble_note(trouble, reason, git_error(result), result->proc.why);
}

/* A call that must end with 0: `reason` where it does not. */
static enum reason must(const struct git *git, const char *const words[], enum reason otherwise,
			struct git_result *ret, struct trouble *reterr)
{
	enum reason reason = git_call(git, words, STATUS_MAX, ret);

	if (reason == REASON_OK && ret->exit_status != 0)
		reason = otherwise;
	return reason == REASON_OK ? REASON_OK : note(reterr, ret, reason);
}

static enum reason run(const struct git *git, const char *const words[], enum reason otherwise,
		       struct trouble *reterr)
{
	struct git_result result;
	enum reason reason = must(git, words, otherwise, &result, reterr);

	git_done(&result);
	return reason;
}

/* Copies an id out. False: it is none. */
static bool take_id(struct span text, char ret[static GIT_ID_MAX + 1])
{
	if (text.len != 40 && text.len != GIT_ID_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!((text.at[i] >= '0' && text.at[i] <= '9') ||
		      (text.at[i] >= 'a' && text.at[i] <= 'f')))
			return false;
	}
	memcpy(ret, text.at, text.len);
	ret[text.len] = '\0';
	return true;
}

static enum reason rev_parse(const struct git *git, const char *commit, const char *suffix,
			     char ret[static GIT_ID_MAX + 1], struct trouble *reterr)
{
	char revision[GIT_ID_MAX + 16];
	const char *const words[] = { "rev-parse",        "--verify", "--quiet",
				      "--end-of-options", revision,   NULL };
	struct git_result result;

	(void)snprintf(revision, sizeof(revision), "%s%s", commit, suffix);
	enum reason reason = must(git, words, REASON_SOURCE_ABSENT, &result, reterr);
	if (reason == REASON_OK && !take_id(git_output(&result), ret))
		reason = REASON_SOURCE_GIT;
	git_done(&result);
	return reason;
}

static bool is_allowed(const struct source_order *order, struct span path)
{
	for (size_t i = 0; i < order->n_allowed; i++) {
		if (span_equal(path, span_of_text(order->allowed[i])))
			return true;
	}
	return false;
}

/* Every file against the commit's tree. The index is made anew, so that no time stamp in it spares a
 * file from being read. */
static enum reason check_files(const struct git *git, const struct source_order *order,
			       struct trouble *reterr)
{
	const char *const index[] = { "read-tree", "--end-of-options", order->commit, NULL };
	const char *const status[] = { "status",
				       "--porcelain=v1",
				       "-z",
				       "--untracked-files=all",
				       "--ignored=traditional",
				       "--ignore-submodules=all",
				       "--no-renames",
				       NULL };
	struct git_result result;
	struct span path;
	struct span mark;

	enum reason reason = run(git, index, REASON_SOURCE_GIT, reterr);
	if (reason != REASON_OK)
		return reason;
	reason = must(git, status, REASON_SOURCE_GIT, &result, reterr);
	struct span rest = buf_span(&result.proc.output);
	while (reason == REASON_OK && rest.len > 0) {
		size_t len = 0;
		while (len < rest.len && rest.at[len] != '\0')
			len++;
		/* XY, a blank, the path, NUL */
		if (len < 4 || !span_take(&rest, 3, &mark) || !span_take(&rest, len - 3, &path) ||
		    !span_take(&rest, 1, &mark))
			reason = REASON_SOURCE_GIT;
		else if (!is_allowed(order, path))
			reason = trouble_note(reterr, REASON_SOURCE_TREE, path, 0);
	}
	git_done(&result);
	return reason;
}

static enum reason check_objects(const struct git *git, struct trouble *reterr)
{
	static const char *const fsck[] = { "fsck",          "--strict",     "--no-dangling",
					    "--no-progress", "--no-reflogs", NULL };

	return run(git, fsck, REASON_SOURCE_OBJECTS, reterr);
}

/* Entries of mode 160000 are other repositories' commits. */
static enum reason find_submodules(const struct git *git, const char *commit, bool *ret,
				   struct trouble *reterr)
{
	const char *const words[] = { "config", "--blob",     NULL, "--get-regexp",
				      "--",     "^submodule", NULL };
	const char *given[sizeof(words) / sizeof(words[0])];
	char blob[GIT_ID_MAX + 16];
	struct git_result result;

	memcpy(given, words, sizeof(words));
	(void)snprintf(blob, sizeof(blob), "%s:.gitmodules", commit);
	given[2] = blob;
	enum reason reason = git_call(git, given, STATUS_MAX, &result);
	if (reason != REASON_OK)
		(void)note(reterr, &result, reason);
	*ret = reason == REASON_OK && result.exit_status == 0;
	git_done(&result);
	return reason;
}

enum reason source_verify(const struct git *git, const struct source_order *order,
			  struct source_facts *ret, struct trouble *reterr)
{
	struct source_facts facts = { .fetched = false };
	char head[GIT_ID_MAX + 1];
	struct stat found;
	struct buf path = { 0 };

	enum reason reason = rev_parse(git, order->commit, "^{commit}", head, reterr);
	/* the id of a tag leads to a commit that it is not */
	if (reason == REASON_OK && strcmp(head, order->commit) != 0)
		reason = REASON_SOURCE_ABSENT;
	if (reason == REASON_OK)
		reason = rev_parse(git, "HEAD", "^{commit}", head, reterr);
	if (reason == REASON_OK && strcmp(head, order->commit) != 0)
		reason = REASON_SOURCE_TREE;
	if (reason == REASON_OK)
		reason = check_objects(git, reterr);
	if (reason == REASON_OK)
		reason = rev_parse(git, order->commit, "^{tree}", facts.tree, reterr);
	if (reason == REASON_OK)
		reason = check_files(git, order, reterr);
	if (reason == REASON_OK)
		reason = find_submodules(git, order->commit, &facts.has_submodules, reterr);
	if (reason == REASON_OK)
		reason = signature_check(git, order, &facts, reterr);
	if (reason != REASON_OK)
		return reason;
	buf_printf(&path, "%s/.git/shallow", git->folder);
	char *name = buf_take_text(&path);
	facts.shallow = name != NULL && lstat(name, &found) == 0;
	free(name);
	*ret = facts;
	return REASON_OK;
}

/* An empty repository that takes bytes as they are. */
static enum reason make_repository(const struct git *git, const struct source_order *order,
				   struct trouble *reterr)
{
	const char *const init[] = { "init", "--quiet", "--template=",
				     strlen(order->commit) == GIT_ID_MAX ?
					     "--object-format=sha256" :
					     "--object-format=sha1",
				     NULL };
	struct buf path = { 0 };

	enum reason reason = remove_tree(git->folder);
	if (reason == REASON_OK && mkdir(git->folder, 0777) != 0)
		reason = REASON_FILE_UNWRITABLE;
	if (reason != REASON_OK)
		return trouble_note(reterr, reason, span_of_text(git->folder), errno);
	reason = run(git, init, REASON_SOURCE_GIT, reterr);
	if (reason != REASON_OK)
		return reason;
	buf_printf(&path, "%s/.git/info", git->folder);
	buf_byte(&path, '\0');
	bool made = !path.failed && (mkdir((const char *)path.at, 0777) == 0 || errno == EEXIST);
	path.len = path.len > 0 ? path.len - 1 : 0;
	buf_text(&path, "/attributes");
	char *name = buf_take_text(&path);
	int fd = made && name != NULL ?
			 open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666) :
			 -1;
	if (fd < 0 || draft_write(fd, span_of_text(attributes)) != REASON_OK)
		reason = trouble_note(reterr, REASON_FILE_UNWRITABLE, span_of_text(git->folder),
				      errno);
	if (fd >= 0)
		(void)close(fd);
	free(name);
	return reason;
}

static bool said(const struct git_result *result, const char *words)
{
	struct span text = buf_span(&result->proc.said);
	struct span want = span_of_text(words);

	for (size_t i = 0; i + want.len <= text.len; i++) {
		if (memcmp(text.at + i, want.at, want.len) == 0)
			return true;
	}
	return false;
}

/* Ended with 0, or why not. What the messages say decides only between reasons of not going on. */
static enum reason judge_fetch(const struct git_result *result)
{
	if (result->exit_status == 0)
		return REASON_OK;
	if (said(result, "fsck error") || said(result, "hash mismatch") ||
	    said(result, "corrupt") || said(result, "bad object"))
		return REASON_SOURCE_OBJECTS;
	return REASON_SOURCE_FETCH;
}

static enum reason fetch(const struct git *git, const char *const words[], struct trouble *reterr)
{
	struct git_result result;
	enum reason reason = git_call(git, words, OUTPUT_MAX, &result);

	if (reason == REASON_OK)
		reason = judge_fetch(&result);
	if (reason != REASON_OK)
		(void)note(reterr, &result, reason);
	git_done(&result);
	return reason;
}

/* The commit alone, or where that cannot be had all that a clone would get. */
static enum reason fetch_commit(const struct git *git, const struct source_order *order,
				struct trouble *reterr)
{
	const char *const alone[] = { "fetch",
				      "--quiet",
				      "--no-tags",
				      "--depth=1",
				      "--no-recurse-submodules",
				      "--no-write-fetch-head",
				      "--",
				      order->repository,
				      order->commit,
				      NULL };
	const char *const all[] = { "fetch",
				    "--quiet",
				    "--no-tags",
				    "--no-recurse-submodules",
				    "--no-write-fetch-head",
				    "--",
				    order->repository,
				    "+refs/heads/*:refs/remotes/origin/*",
				    "+refs/tags/*:refs/tags/*",
				    NULL };
	struct trouble first = { 0 };

	enum reason reason = fetch(git, alone, &first);
	if (reason != REASON_SOURCE_FETCH) {
		if (reason != REASON_OK)
			*reterr = first;
		return reason;
	}
	/* a server may refuse what no branch names, and some cannot do it at all */
	return fetch(git, all, reterr);
}

enum reason source_prepare(const struct git *git, const struct source_order *order,
			   struct source_facts *ret, struct trouble *reterr)
{
	const char *const checkout[] = { "checkout",    "--quiet", "--force", "--detach",
					 order->commit, "--",      NULL };
	struct trouble ignored = { 0 };
	char found[GIT_ID_MAX + 1];
	struct stat facts;

	if (stat(git->folder, &facts) == 0) {
		enum reason reason = source_verify(git, order, ret, &ignored);
		if (reason == REASON_OK || reason == REASON_INTERRUPTED ||
		    reason == REASON_OUT_OF_MEMORY)
			return reason;
		/* whatever it holds, it is made anew */
	}
	enum reason reason = make_repository(git, order, reterr);
	if (reason == REASON_OK)
		reason = fetch_commit(git, order, reterr);
	if (reason == REASON_OK)
		reason = rev_parse(git, order->commit, "^{commit}", found, reterr);
	if (reason == REASON_OK)
		reason = run(git, checkout, REASON_SOURCE_GIT, reterr);
	if (reason == REASON_OK)
		reason = source_verify(git, order, ret, reterr);
	if (reason == REASON_OK)
		ret->fetched = true;
	return reason;
}

enum reason source_read(const struct git *git, const char *commit, const char *path, size_t max,
			struct buf *ret, struct trouble *reterr)
{
	struct buf name = { 0 };
	struct git_result result = { 0 };

	buf_printf(&name, "%s:%s", commit, path);
	char *object = buf_take_text(&name);
	if (object == NULL)
		return REASON_OUT_OF_MEMORY;
	const char *const words[] = { "cat-file", "blob", object, NULL };
	enum reason reason = git_call(git, words, max, &result);
	if (reason == REASON_OK && result.exit_status != 0)
		reason = REASON_SOURCE_ABSENT;
	if (reason == REASON_OK) {
		buf_add(ret, buf_span(&result.proc.output));
		reason = ret->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
	} else {
		(void)trouble_note(reterr, reason, span_of_text(path), 0);
	}
	git_done(&result);
	free(object);
	return reason;
}

/* One line of ls-remote: an id, a tab, a name. */
struct advertised {
	char id[GIT_ID_MAX + 1];
	struct span name;
};

static bool next_advertised(struct span *rest, struct advertised *ret)
{
	struct span line;
	struct span id;
	struct span mark;
	size_t len = 0;
	size_t tab = 0;

	while (len < rest->len && rest->at[len] != '\n')
		len++;
	if (!span_take(rest, len, &line))
		return false;
	(void)span_take(rest, 1, &mark);
	while (tab < line.len && line.at[tab] != '\t')
		tab++;
	if (!span_take(&line, tab, &id) || !span_take(&line, 1, &mark) || !take_id(id, ret->id))
		return false;
	ret->name = line;
	return true;
}

/* How well a line fits: 0 not at all; the commit behind a tag before the tag, tags before branches as
 * gitrevisions(7) has them, a short id last. */
static int fits(const struct advertised *line, const char *name)
{
	static const struct {
		const char *before;
		const char *after;
		int rank;
	} forms[] = {
		{ "refs/tags/", "^{}", 7 }, { "refs/tags/", "", 6 }, { "refs/heads/", "", 5 },
		{ "", "^{}", 4 },           { "", "", 3 },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct buf whole = { 0 };
		buf_printf(&whole, "%s%s%s", forms[i].before, name, forms[i].after);
		bool equal = !whole.failed && span_equal(line->name, buf_span(&whole));
		buf_done(&whole);
		if (equal)
			return forms[i].rank;
	}
	return strlen(name) >= 7 && strncmp(line->id, name, strlen(name)) == 0 ? 1 : 0;
}

enum reason source_resolve(const struct git *git, const char *repository, const char *name,
			   char ret[static GIT_ID_MAX + 1], struct trouble *reterr)
{
	const char *const words[] = { "ls-remote", "--quiet", "--", repository, NULL };
	struct git_result result;
	struct advertised line;
	int best = 0;
	bool two = false;

	enum reason reason = must(git, words, REASON_SOURCE_FETCH, &result, reterr);
	struct span rest = buf_span(&result.proc.output);
	while (reason == REASON_OK && rest.len > 0) {
		if (!next_advertised(&rest, &line)) {
			reason = REASON_SOURCE_GIT;
			break;
		}
		int rank = fits(&line, name);
		/* a short id that two commits begin with */
		two = rank == 1 && best == 1 && strcmp(ret, line.id) != 0 ? true : two;
		if (rank > best) {
			best = rank;
			memcpy(ret, line.id, sizeof(line.id));
		}
	}
	git_done(&result);
	if (reason == REASON_OK && (best == 0 || (best == 1 && two)))
		reason = trouble_note(reterr, REASON_SOURCE_ABSENT, span_of_text(name), 0);
	return reason;
}
