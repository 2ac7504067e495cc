#include "rebuild/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 8
#define STORE "/nix/store/"

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

enum reason output_open(const struct nix *nix, const char *output, const char *name, int *ret_fd,
			struct trouble *reterr)
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
