#include "rebuild/run_build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/draft.h"

#define LINKS_MAX 8
#define PCRS_MAX ((size_t)64 * 1024)
#define STORE "/nix/store/"

static enum reason to_log(void *to, struct span bytes)
{
	const int *log = to;

	return draft_write(*log, bytes);
}

/* Nix's own words, as trouble: the first line. */
static enum reason note(struct trouble *trouble, const struct nix_said *said, enum reason reason)
{
	struct span text = buf_span(&said->errors);
	size_t len = 0;

	while (len < text.len && text.at[len] != '\n' && len < 512)
		len++;
	text.len = len;
	return trouble_note(trouble, reason, text, 0);
}

/* Hashes what is staged again: Nix takes the bytes of the working tree, not those that git knows of. */
static enum reason check_staged(const struct run *run, struct trouble *reterr)
{
	const struct recipe *recipe = run->order->recipe;

	for (size_t i = 0; i < run->n_staged; i++) {
		struct copied now = { .size = 0 };
		char *path = run_path(run->source, recipe->files[i].stage);
		enum reason reason = path == NULL ? REASON_OUT_OF_MEMORY :
						    copy_hash(path, RUN_BINARY_MAX,
							      run->git.interrupted, &now, reterr);
		if (reason == REASON_OK &&
		    memcmp(now.sha256, run->staged[i].sha256, DIGEST_SHA256_LEN) != 0)
			reason = trouble_note(reterr, REASON_FILE_CHANGED, span_of_text(path), 0);
		free(path);
		if (reason != REASON_OK)
			return reason;
	}
	return REASON_OK;
}

static enum reason build(struct run *run, struct nix *nix, struct nix_said *said,
			 struct trouble *reterr)
{
	const struct recipe *recipe = run->order->recipe;
	char *root = run_path(run->work, "result");

	enum reason reason = root == NULL ? REASON_OUT_OF_MEMORY : nix_version(nix, &run->version);
	if (reason == REASON_OK && recipe->independent)
		reason = nix_store_is_empty(nix, &run->was_empty, said);
	if (reason == REASON_OK)
		reason = nix_evaluate(nix, recipe->attribute, run->drv, said);
	if (reason == REASON_OK)
		reason = nix_build(nix, recipe->attribute, run->drv, root, &run->built, said);
	free(root);
	if (reason == REASON_OK)
		reason = check_staged(run, reterr);
	if (reason == REASON_OK)
		reason = closure_read(nix, run->drv, &run->closure, said);
	if (reason == REASON_OK && recipe->independent)
		run->independence = closure_judge(nix, run->was_empty, NULL, &run->closure, said);
	run->option_ignored = said->option_ignored;
	if (reason == REASON_OK && run->independence == REASON_INTERRUPTED)
		reason = REASON_INTERRUPTED;
	return reason;
}

enum reason run_build(struct run *run, struct trouble *reterr)
{
	struct nix_said said = { .option_ignored = false };
	char *home = run_path(run->work, "nix-home");

	run->log_sink = (struct sink){ to_log, &run->log };
	run->nix = run->order->nix;
	run->nix.flake = run->source;
	run->nix.clock = run->git.clock;
	run->nix.interrupted = run->git.interrupted;
	run->nix.log = &run->log_sink;
	if (home != NULL && (mkdir(home, 0777) == 0 || errno == EEXIST))
		run->environment = nix_environment(run->git.search_path, home, run->order->tmpdir,
						   run->nix.settings->nix_config);
	free(home);
	if (run->environment == NULL)
		return REASON_OUT_OF_MEMORY;
	run->nix.environment = (const char *const *)run->environment;
	enum reason reason = build(run, &run->nix, &said, reterr);
	if (reason != REASON_OK)
		(void)note(reterr, &said, reason);
	nix_said_done(&said);
	return reason;
}

/* Where an open leads, component by component. */
struct walk {
	char path[DRV_PATH_MAX + 1]; /* of the store, what is walked in */
	char rest[4096];             /* below it; "" when there */
	int links;
};

/* STORE, HASH-NAME, and what is behind that. False: it is not in the store. */
static bool split(struct walk *walk, const char *target, const char *rest)
{
	struct buf joined = { 0 };
	size_t skip = sizeof(STORE) - 1;

	if (strncmp(target, STORE, skip) != 0)
		return false;
	size_t len = skip + strcspn(target + skip, "/");
	const char *behind = target[len] == '/' ? target + len + 1 : target + len;
	if (len == skip || len >= sizeof(walk->path))
		return false;
	buf_text(&joined, behind);
	buf_text(&joined, *behind != '\0' && *rest != '\0' ? "/" : "");
	buf_text(&joined, rest);
	buf_byte(&joined, '\0');
	bool fits = !joined.failed && joined.len <= sizeof(walk->rest);
	if (fits) {
		memcpy(walk->path, target, len);
		walk->path[len] = '\0';
		memcpy(walk->rest, joined.at, joined.len);
	}
	buf_done(&joined);
	return fits;
}

/* One component of walk->rest, from *fd. A link starts the walk again (*fd is -1 then). */
static bool step(struct walk *walk, int *fd)
{
	char name[256];
	char target[2048];
	char rest[sizeof(walk->rest)] = "";
	size_t len = strcspn(walk->rest, "/");

	memcpy(rest, walk->rest, strlen(walk->rest));
	if (len == 0 || len >= sizeof(name) || strcmp(rest, "..") == 0 ||
	    strncmp(rest, "../", 3) == 0)
		return false;
	memcpy(name, rest, len);
	name[len] = '\0';
	const char *behind = rest[len] == '/' ? rest + len + 1 : rest + len;
	ssize_t n = readlinkat(*fd, name, target, sizeof(target) - 1);
	if (n >= 0) {
		target[n] = '\0';
		(void)close(*fd);
		*fd = -1;
		return ++walk->links <= LINKS_MAX && split(walk, target, behind);
	}
	int next = openat(*fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	(void)close(*fd);
	*fd = next;
	memmove(walk->rest, walk->rest + (behind - rest), strlen(behind) + 1);
	return next >= 0;
}

/* Opens a file of an output. Links are followed only from one path of the store to another: anything else
 * would not be what was built. REASON_COLLECT. */
static enum reason open_built(const struct nix *nix, const char *output, const char *name,
			      int *ret_fd, struct trouble *reterr)
{
	struct walk walk = { .links = 0 };
	struct stat facts;
	int fd = -1;

	bool good = split(&walk, output, name);
	while (good && (fd < 0 || walk.rest[0] != '\0')) {
		if (fd < 0) {
			char *real = nix_real_path(nix, walk.path);
			fd = real == NULL ? -1 :
					    open(real, O_RDONLY | O_NOFOLLOW | O_CLOEXEC |
							       O_NONBLOCK | O_NOCTTY);
			free(real);
			good = fd >= 0;
		} else {
			good = step(&walk, &fd);
		}
	}
	if (good && (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)))
		good = false;
	if (good) {
		*ret_fd = fd;
		return REASON_OK;
	}
	if (fd >= 0)
		(void)close(fd);
	return trouble_note(reterr, REASON_COLLECT, span_of_text(name), 0);
}

static enum reason copy_image(struct run *run, int fd, struct trouble *reterr)
{
	struct draft draft;

	enum reason reason = draft_open(run->eif, &draft);
	if (reason == REASON_OK) {
		reason = copy_bytes(fd, draft.fd, RUN_EIF_MAX, run->git.interrupted,
				    &run->image_file);
		if (reason == REASON_OK)
			reason = draft_commit(&draft);
		else
			draft_drop(&draft);
	}
	if (reason != REASON_OK)
		(void)trouble_note(reterr, reason, span_of_text(run->eif), errno);
	return reason;
}

/* What the build says of itself: a claim. */
static void read_claim(struct run *run, const char *output)
{
	struct trouble ignored = { 0 };
	struct json_place place;
	uint8_t text[PCRS_MAX];
	size_t len = 0;
	int fd = -1;

	run->claim_form = open_built(&run->nix, output, run->order->recipe->pcrs, &fd, &ignored);
	if (run->claim_form != REASON_OK)
		return;
	ssize_t n;
	while (len < sizeof(text) &&
	       ((n = read(fd, text + len, sizeof(text) - len)) > 0 || (n < 0 && errno == EINTR)))
		len += n > 0 ? (size_t)n : 0;
	(void)close(fd);
	run->claim_form = len == sizeof(text) ?
				  REASON_FILE_TOO_LARGE :
				  pcrfile_read((struct span){ text, len }, &run->claim, &place);
}

enum reason run_collect(struct run *run, struct trouble *reterr)
{
	const char *output = nixjson_output(&run->built, "out");
	int fd = -1;

	if (output == NULL)
		return trouble_note(reterr, REASON_COLLECT, SPAN_LITERAL("out"), 0);
	enum reason reason = open_built(&run->nix, output, run->order->recipe->eif, &fd, reterr);
	if (reason != REASON_OK)
		return reason;
	reason = copy_image(run, fd, reterr);
	(void)close(fd);
	if (reason == REASON_OK)
		read_claim(run, output);
	return reason;
}

enum reason run_find_staged(struct run *run, struct trouble *reterr)
{
	int fd = -1;

	if (run->n_staged == 0 || !image_is_sound(&run->image))
		return REASON_OK;
	for (size_t i = 0; i < run->n_staged; i++)
		memcpy(run->found[i].sha256, run->staged[i].sha256, DIGEST_SHA256_LEN);
	enum reason reason = copy_open(run->eif, &fd, reterr);
	if (reason != REASON_OK)
		return reason;
	run->in_eif = staged_find(fd, &run->image.eif, &run->image.measurement, run->found,
				  run->n_staged, NULL, &run->in_eif_form);
	run->looked = true;
	(void)close(fd);
	return run->in_eif == REASON_OUT_OF_MEMORY ? REASON_OUT_OF_MEMORY : REASON_OK;
}
