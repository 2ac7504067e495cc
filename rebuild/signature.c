#include "rebuild/signature.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/remove.h"

#define COMMIT_MAX ((size_t)1024 * 1024)

/* Cuts the next line off *text. False: nothing is left. */
static bool take_line(struct span *text, struct span *ret)
{
	struct span mark;
	size_t len = 0;

	while (len < text->len && text->at[len] != '\n')
		len++;
	if (text->len == 0 || !span_take(text, len, ret))
		return false;
	(void)span_take(text, 1, &mark);
	return true;
}

/* Finds "gpgsig" among the header lines of a commit object, which end with an empty one. */
static bool has_signature(struct span commit)
{
	struct span line;

	while (take_line(&commit, &line) && line.len > 0) {
		/* gpgsig, or gpgsig-sha256 */
		if (line.len > 6 && memcmp(line.at, "gpgsig", 6) == 0)
			return true;
	}
	return false;
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

bool signature_knows(const char *signers)
{
	return kind_of(signers) != SIGNERS_UNKNOWN;
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

/* The last word of the last line that begins so: what is said about a signature that is good. Its middle may hold
 * names that somebody chose. False: there is none, or its last word is none of `mark`'s kind. */
static bool take_signer(struct span said, const char *begin, const char *mark,
			char ret[static SOURCE_SIGNER_MAX])
{
	const struct span want = span_of_text(begin);
	struct span line;
	bool found = false;

	while (take_line(&said, &line)) {
		struct span rest = line;
		struct span head;
		if (!span_take(&rest, want.len, &head) || !span_equal(head, want))
			continue;
		size_t n = 0;
		while (n < rest.len && rest.at[rest.len - 1 - n] > ' ' &&
		       rest.at[rest.len - 1 - n] <= '~')
			n++;
		found = n > strlen(mark) && n < SOURCE_SIGNER_MAX &&
			memcmp(rest.at + rest.len - n, mark, strlen(mark)) == 0;
		if (found) {
			memcpy(ret, rest.at + rest.len - n, n);
			ret[n] = '\0';
		}
	}
	return found;
}

/* gpg(1), doc/DETAILS: VALIDSIG ends with the fingerprint of the primary key, whichever subkey signed. git's own
 * exit status covers keys and signatures that expired or were revoked. */
static bool is_good(enum signers_kind kind, const struct git_result *result,
		    char ret[static SOURCE_SIGNER_MAX])
{
	struct span said = buf_span(&result->proc.said);

	if (result->exit_status != 0)
		return false;
	return kind == SIGNERS_SSH ?
		       take_signer(said, "Good \"git\" signature for ", "SHA256:", ret) :
		       take_signer(said, "[GNUPG:] VALIDSIG ", "", ret);
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
	if (reason == REASON_OK)
		ret->signature = is_good(kind, &result, ret->signer) ? SOURCE_GOOD : SOURCE_BAD;
	else
		(void)trouble_note(reterr, reason, git_error(&result), result.proc.why);
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
	if (kind == SIGNERS_OPENPGP)
		reason = import_keys(git, order->signers, reterr);
	if (reason == REASON_OK)
		reason = verify(git, order, kind, ret, reterr);
	if (kind == SIGNERS_OPENPGP && remove_tree(git->home) != REASON_OK && reason == REASON_OK)
		reason = trouble_note(reterr, REASON_FILE_UNWRITABLE, span_of_text(git->home),
				      errno);
	return reason;
}
