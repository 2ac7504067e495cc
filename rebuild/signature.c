#include "rebuild/signature.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/remove.h"

#define COMMIT_MAX ((size_t)1024 * 1024)

/* Finds "gpgsig" among the header lines of a commit object, which end with an empty one. */
static bool has_signature(struct span commit)
{
	struct span rest = commit;
	struct span line;
	struct span mark;

	for (;;) {
		size_t len = 0;
		while (len < rest.len && rest.at[len] != '\n')
			len++;
		if (!span_take(&rest, len, &line) || line.len == 0)
			return false;
		/* gpgsig, or gpgsig-sha256 */
		if (line.len > 6 && memcmp(line.at, "gpgsig", 6) == 0)
			return true;
		if (!span_take(&rest, 1, &mark))
			return false;
	}
}

static enum reason find_signature(const struct git *git, const char *commit, bool *ret,
				  struct trouble *reterr)
{
	const char *const words[] = { "cat-file", "commit", commit, NULL };
	struct git_result result;

	enum reason reason = git_call(git, words, COMMIT_MAX, &result);
	if (reason == REASON_OK && result.exit_status != 0)
		reason = REASON_SOURCE_GIT;
	if (reason == REASON_OK)
		*ret = has_signature(buf_span(&result.proc.output));
	else
		(void)trouble_note(reterr, reason, git_error(&result), result.proc.why);
	git_done(&result);
	return reason;
}

enum signers_kind { SIGNERS_UNKNOWN, SIGNERS_SSH, SIGNERS_OPENPGP };

/* By its first bytes: armour, a public-key packet (RFC 9580 section 4.2), or text. */
static enum signers_kind kind_of(const char *path)
{
	static const char armour[] = "-----BEGIN PGP ";
	uint8_t head[sizeof(armour) - 1] = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return SIGNERS_UNKNOWN;
	ssize_t n = read(fd, head, sizeof(head));
	(void)close(fd);
	if (n <= 0)
		return SIGNERS_UNKNOWN;
	if ((size_t)n == sizeof(head) && memcmp(head, armour, sizeof(head)) == 0)
		return SIGNERS_OPENPGP;
	if (head[0] == 0x98 || head[0] == 0x99 || head[0] == 0xc6)
		return SIGNERS_OPENPGP;
	return head[0] >= 0x20 && head[0] < 0x7f ? SIGNERS_SSH : SIGNERS_UNKNOWN;
}

/* Puts the keys, and no others, where gpg looks. */
static enum reason import_keys(const struct git *git, const char *signers, struct trouble *reterr)
{
	const char *const argv[] = { "gpg",       "--batch", "--no-tty", "--no-autostart",
				     "--homedir", git->home, "--import", "--",
				     signers,     NULL };
	const char *const environment[] = { "LC_ALL=C", NULL };
	const struct proc_command command = {
		.path = git->gpg,
		.argv = argv,
		.environment = environment,
		.output_max = 4096,
		.log = git->log,
		.deadline_ms = git->clock.ticks_ms() + git->limit_ms,
		.interrupted = git->interrupted,
	};
	struct proc_result result;

	enum reason reason = remove_tree(git->home);
	if (reason == REASON_OK && mkdir(git->home, 0700) != 0)
		reason = REASON_FILE_UNWRITABLE;
	if (reason != REASON_OK)
		return trouble_note(reterr, reason, span_of_text(git->home), errno);
	reason = proc_run(&command, git->clock, &result);
	if (reason == REASON_OK && result.exit_status != 0)
		reason = REASON_SOURCE_SIGNERS;
	if (reason != REASON_OK)
		(void)trouble_note(reterr, reason, span_of_text(signers), result.why);
	proc_done(&result);
	return reason;
}

/* The word behind the last place where `mark` stands, up to a blank. */
static void take_word(struct span text, const char *mark, char *ret, size_t cap)
{
	struct span want = span_of_text(mark);
	size_t from = SIZE_MAX;

	for (size_t i = 0; i + want.len <= text.len; i++) {
		if (memcmp(text.at + i, want.at, want.len) == 0)
			from = i + want.len;
	}
	size_t n = 0;
	for (size_t i = from; from != SIZE_MAX && i < text.len && n + 1 < cap; i++) {
		if (text.at[i] <= ' ' || text.at[i] > '~')
			break;
		ret[n++] = (char)text.at[i];
	}
	ret[n] = '\0';
}

static enum reason verify(const struct git *git, const struct source_order *order,
			  enum signers_kind kind, struct source_facts *ret, struct trouble *reterr)
{
	struct buf setting = { 0 };
	struct git_result result;

	buf_printf(&setting, "gpg.ssh.allowedSignersFile=%s",
		   kind == SIGNERS_SSH ? order->signers : "/dev/null");
	char *signers = buf_take_text(&setting);
	if (signers == NULL)
		return REASON_OUT_OF_MEMORY;
	const char *const words[] = { "-c",          signers, "verify-commit", "--raw", "--",
				      order->commit, NULL };
	enum reason reason = git_call(git, words, COMMIT_MAX, &result);
	if (reason == REASON_OK && result.exit_status != 0) {
		ret->signature = SOURCE_BAD;
	} else if (reason == REASON_OK) {
		ret->signature = SOURCE_GOOD;
		take_word(buf_span(&result.proc.said),
			  kind == SIGNERS_SSH ? " key " : "[GNUPG:] VALIDSIG ", ret->signer,
			  sizeof(ret->signer));
	} else {
		(void)trouble_note(reterr, reason, git_error(&result), result.proc.why);
	}
	git_done(&result);
	free(signers);
	return reason;
}

enum reason signature_check(const struct git *git, const struct source_order *order,
			    struct source_facts *ret, struct trouble *reterr)
{
	bool is_signed = false;

	ret->signer[0] = '\0';
	ret->signature = SOURCE_UNSIGNED;
	enum reason reason = find_signature(git, order->commit, &is_signed, reterr);
	if (reason != REASON_OK || !is_signed)
		return reason;
	ret->signature = SOURCE_UNCHECKED;
	if (order->signers == NULL)
		return REASON_OK;
	enum signers_kind kind = kind_of(order->signers);
	const char *program = kind == SIGNERS_SSH ? git->ssh_keygen : git->gpg;
	if (kind == SIGNERS_UNKNOWN || program == NULL || git->home == NULL)
		return trouble_note(reterr, REASON_SOURCE_SIGNERS, span_of_text(order->signers), 0);
	if (kind == SIGNERS_OPENPGP) {
		reason = import_keys(git, order->signers, reterr);
		if (reason != REASON_OK)
			return reason;
	}
	reason = verify(git, order, kind, ret, reterr);
	if (kind == SIGNERS_OPENPGP && remove_tree(git->home) != REASON_OK && reason == REASON_OK)
		reason = trouble_note(reterr, REASON_FILE_UNWRITABLE, span_of_text(git->home),
				      errno);
	return reason;
}
