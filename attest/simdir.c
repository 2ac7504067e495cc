#include "attest/simdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verify/auto.h"
#include "verify/basenc.h"
#include "verify/cert.h"
#include "verify/cli.h"
#include "verify/pcrfile.h"
#include "verify/root.h"

#define FILE_MAX ((size_t)64 * 1024)
#define MODULE_ID "module-id"

static const char *const key_names[SIMCHAIN_LEVELS] = {
	[SIMCHAIN_ROOT] = "root.key",   [SIMCHAIN_REGIONAL] = "regional.key",
	[SIMCHAIN_ZONAL] = "zonal.key", [SIMCHAIN_INSTANCE] = "instance.key",
	[SIMCHAIN_LEAF] = "leaf.key",
};

static enum reason fault(struct simdir_fault *reterr, enum reason reason, const char *name, int why)
{
	*reterr = (struct simdir_fault){ name, why };
	return reason;
}

/* A key that is locked is refused: nothing here asks anybody for anything. */
static int no_passphrase(char *text, int size, int writing, void *context)
{
	(void)size;
	(void)writing;
	(void)context;
	text[0] = '\0';
	return -1;
}

/* Reading */

static enum reason read_file(const char *path, const char *name, struct buf *ret,
			     struct simdir_fault *reterr)
{
	struct buf whole = { 0 };
	int why = 0;

	buf_printf(&whole, "%s/%s", path, name);
	char *text = buf_take_text(&whole);
	if (text == NULL)
		return fault(reterr, REASON_OUT_OF_MEMORY, name, 0);
	enum reason reason = cli_read(text, FILE_MAX, ret, &why);
	free(text);
	if (reason != REASON_OK)
		return fault(reterr, reason, name, why);
	return ret->len > FILE_MAX ? fault(reterr, REASON_SIMULATE_FILE, name, 0) : REASON_OK;
}

static EVP_PKEY *read_key(struct span pem)
{
	char group[32] = "";
	BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
	EVP_PKEY *key =
		bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);

	BIO_free(bio);
	ERR_clear_error();
	if (key != NULL && EVP_PKEY_is_a(key, "EC") == 1 &&
	    EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
					   NULL) == 1 &&
	    strcmp(group, "secp384r1") == 0)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

static enum reason load_keys(const char *path, struct simchain *chain, struct simdir_fault *reterr)
{
	for (int i = 0; i < SIMCHAIN_LEVELS; i++) {
		struct buf pem = { 0 };
		enum reason reason = read_file(path, key_names[i], &pem, reterr);
		if (reason == REASON_OK) {
			chain->keys[i] = read_key(buf_span(&pem));
			OPENSSL_cleanse(pem.at, pem.len);
			if (chain->keys[i] == NULL)
				reason = fault(reterr, REASON_SIMULATE_FILE, key_names[i], 0);
		}
		buf_done(&pem);
		if (reason != REASON_OK)
			return reason;
	}
	return REASON_OK;
}

/* The certificate's key is the root's. */
static bool is_of_key(const struct cert *cert, EVP_PKEY *key)
{
	uint8_t point[128];
	size_t len = 0;

	return EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
					       &len) == 1 &&
	       span_equal(cert->point, (struct span){ point, len });
}

static enum reason load_root(const char *path, struct simchain *chain, struct simdir_fault *reterr)
{
	struct buf file = { 0 };
	struct cert cert;

	enum reason reason = read_file(path, SIMDIR_ROOT, &file, reterr);
	if (reason == REASON_OK) {
		buf_done(&chain->ders[SIMCHAIN_ROOT]);
		reason = root_certificate_der(buf_span(&file), &chain->ders[SIMCHAIN_ROOT]);
		if (reason == REASON_OK)
			reason = cert_read(buf_span(&chain->ders[SIMCHAIN_ROOT]), &cert);
		if (reason == REASON_OK && !is_of_key(&cert, chain->keys[SIMCHAIN_ROOT]))
			reason = REASON_SIMULATE_FILE;
		if (reason == REASON_OK) {
			chain->not_before[SIMCHAIN_ROOT] = cert.not_before;
			chain->not_after[SIMCHAIN_ROOT] = cert.not_after;
		} else {
			reason = fault(reterr,
				       reason == REASON_OUT_OF_MEMORY ? reason :
									REASON_SIMULATE_FILE,
				       SIMDIR_ROOT, 0);
		}
	}
	buf_done(&file);
	return reason;
}

static bool is_lower_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* i-, 17 lower-case hex digits, -enc, 16 of them, a line feed */
static bool is_module_id(struct span text)
{
	static const char form[] = "i-hhhhhhhhhhhhhhhhh-enchhhhhhhhhhhhhhhh\n";

	if (text.len != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (form[i] == 'h' ? !is_lower_hex(text.at[i]) : text.at[i] != (uint8_t)form[i])
			return false;
	}
	return true;
}

static enum reason load_module_id(const char *path, struct simchain *chain,
				  struct simdir_fault *reterr)
{
	struct buf text = { 0 };

	enum reason reason = read_file(path, MODULE_ID, &text, reterr);
	if (reason == REASON_OK && !is_module_id(buf_span(&text)))
		reason = fault(reterr, REASON_SIMULATE_FILE, MODULE_ID, 0);
	if (reason == REASON_OK)
		memcpy(chain->module_id, text.at, SIMCHAIN_MODULE_ID_LEN);
	buf_done(&text);
	return reason;
}

static enum reason load_pcrs(const char *path, struct simulate *simulate,
			     struct simdir_fault *reterr)
{
	struct json_place place;
	struct pcrfile file;
	struct buf text = { 0 };

	enum reason reason = read_file(path, SIMDIR_PCRS, &text, reterr);
	if (reason == REASON_OK) {
		reason = pcrfile_read(buf_span(&text), &file, &place);
		if (reason != REASON_OK)
			reason = fault(reterr,
				       reason == REASON_OUT_OF_MEMORY ? reason :
									REASON_SIMULATE_FILE,
				       SIMDIR_PCRS, 0);
	}
	buf_done(&text);
	return reason == REASON_OK ? simulate_set_pcrs(simulate, &file.pcrs) : reason;
}

enum reason simdir_load(const char *path, struct simulate *simulate, struct simdir_fault *reterr)
{
	*reterr = (struct simdir_fault){ "", 0 };
	simulate->chain.random = simulate->random;
	enum reason reason = load_keys(path, &simulate->chain, reterr);
	if (reason == REASON_OK)
		reason = load_root(path, &simulate->chain, reterr);
	if (reason == REASON_OK)
		reason = load_module_id(path, &simulate->chain, reterr);
	return reason == REASON_OK ? load_pcrs(path, simulate, reterr) : reason;
}

/* Making */

/* An open folder that is empty, or was made here. */
struct place {
	const char *path;
	int fd;
	bool made;
};

static bool is_empty(int fd, int *reterr_errno)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	bool empty = true;

	if (dir == NULL) {
		*reterr_errno = errno;
		if (copy >= 0)
			(void)close(copy);
		return false;
	}
	errno = 0;
	for (const struct dirent *entry; empty && (entry = readdir(dir)) != NULL;)
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	*reterr_errno = empty ? errno : 0;
	(void)closedir(dir);
	return empty && *reterr_errno == 0;
}

static enum reason open_place(const char *path, struct place *place, struct simdir_fault *reterr)
{
	int why = 0;

	*place = (struct place){ path, -1, mkdir(path, 0700) == 0 };
	if (!place->made && errno != EEXIST)
		return fault(reterr, REASON_FILE_UNWRITABLE, "", errno);
	place->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (place->fd < 0)
		return fault(reterr, errno == ENOTDIR ? REASON_FILE_EXISTS : REASON_FILE_UNWRITABLE,
			     "", errno);
	if (!place->made && !is_empty(place->fd, &why))
		return fault(reterr, why == 0 ? REASON_FILE_EXISTS : REASON_FILE_UNWRITABLE, "",
			     why);
	if (fchmod(place->fd, 0700) != 0)
		return fault(reterr, REASON_FILE_UNWRITABLE, "", errno);
	return REASON_OK;
}

static bool write_all(int fd, struct span bytes)
{
	struct span written;

	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.at, bytes.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || !span_take(&bytes, (size_t)n, &written))
			return false;
	}
	return true;
}

static enum reason write_file(const struct place *place, const char *name, mode_t mode,
			      const struct buf *content, struct simdir_fault *reterr)
{
	if (content->failed)
		return fault(reterr, REASON_OUT_OF_MEMORY, name, 0);
	int fd =
		openat(place->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return fault(reterr, REASON_FILE_UNWRITABLE, name, errno);
	bool ok = write_all(fd, buf_span(content));
	int why = errno;
	if (close(fd) != 0 && ok) {
		ok = false;
		why = errno;
	}
	return ok ? REASON_OK : fault(reterr, REASON_FILE_UNWRITABLE, name, why);
}

/* What a memory BIO holds, appended. */
static void take_bio(BIO *bio, struct buf *out)
{
	char *at = NULL;
	long len = BIO_get_mem_data(bio, &at);

	if (len > 0)
		buf_add(out, (struct span){ (const uint8_t *)at, (size_t)len });
}

static enum reason write_key(const struct place *place, const char *name, EVP_PKEY *key,
			     struct simdir_fault *reterr)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	struct buf pem = { 0 };
	enum reason reason = REASON_CRYPTO_FAILED;

	if (bio != NULL && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
		take_bio(bio, &pem);
		reason = write_file(place, name, 0600, &pem, reterr);
	}
	if (pem.at != NULL)
		OPENSSL_cleanse(pem.at, pem.len);
	buf_done(&pem);
	BIO_free(bio);
	return reason;
}

static enum reason write_root(const struct place *place, const struct simchain *chain,
			      struct simdir_fault *reterr)
{
	struct span der = buf_span(&chain->ders[SIMCHAIN_ROOT]);
	BIO *bio = BIO_new(BIO_s_mem());
	struct buf pem = { 0 };
	enum reason reason = REASON_CRYPTO_FAILED;

	if (bio != NULL && PEM_write_bio(bio, "CERTIFICATE", "", der.at, (long)der.len) > 0) {
		take_bio(bio, &pem);
		reason = write_file(place, SIMDIR_ROOT, 0644, &pem, reterr);
	}
	buf_done(&pem);
	BIO_free(bio);
	return reason;
}

static enum reason write_pcrs(const struct place *place, const struct pcrs *pcrs,
			      struct simdir_fault *reterr)
{
	struct buf text = { 0 };

	buf_text(&text, "{\n  \"HashAlgorithm\": \"Sha384 { ... }\"");
	for (unsigned i = 0; i < PCR_COUNT; i++) {
		if (!pcrs_has(pcrs, i))
			continue;
		buf_printf(&text, ",\n  \"PCR%u\": \"", i);
		hex_encode(&text, pcrs_get(pcrs, i));
		buf_text(&text, "\"");
	}
	buf_text(&text, "\n}\n");
	enum reason reason = write_file(place, SIMDIR_PCRS, 0644, &text, reterr);
	buf_done(&text);
	return reason;
}

static enum reason write_module_id(const struct place *place, const struct simchain *chain,
				   struct simdir_fault *reterr)
{
	struct buf text = { 0 };

	buf_printf(&text, "%s\n", chain->module_id);
	enum reason reason = write_file(place, MODULE_ID, 0644, &text, reterr);
	buf_done(&text);
	return reason;
}

static enum reason write_all_files(const struct place *place, const struct simulate *simulate,
				   struct simdir_fault *reterr)
{
	for (int i = 0; i < SIMCHAIN_LEVELS; i++) {
		enum reason reason =
			write_key(place, key_names[i], simulate->chain.keys[i], reterr);
		if (reason != REASON_OK)
			return reason;
	}
	enum reason reason = write_root(place, &simulate->chain, reterr);
	if (reason == REASON_OK)
		reason = write_pcrs(place, &simulate->pcrs, reterr);
	return reason == REASON_OK ? write_module_id(place, &simulate->chain, reterr) : reason;
}

/* The folder was empty: whatever of these names is in it was made here. */
static void unmake(const struct place *place)
{
	for (int i = 0; i < SIMCHAIN_LEVELS; i++)
		(void)unlinkat(place->fd, key_names[i], 0);
	(void)unlinkat(place->fd, SIMDIR_ROOT, 0);
	(void)unlinkat(place->fd, SIMDIR_PCRS, 0);
	(void)unlinkat(place->fd, MODULE_ID, 0);
	if (place->made)
		(void)rmdir(place->path);
}

static enum reason make(const char *path, const struct simulate *simulate,
			struct simdir_fault *reterr)
{
	struct place place;

	enum reason reason = open_place(path, &place, reterr);
	if (reason == REASON_OK) {
		reason = write_all_files(&place, simulate, reterr);
		if (reason != REASON_OK)
			unmake(&place);
	} else if (place.made) {
		(void)rmdir(path);
	}
	if (place.fd >= 0)
		(void)close(place.fd);
	return reason;
}

enum reason simdir_make(const char *path, const struct pcrs *pcrs, int64_t now_s,
			struct simulate *simulate, struct simdir_fault *reterr)
{
	sigset_t deadly;
	sigset_t before;

	*reterr = (struct simdir_fault){ "", 0 };
	simulate->chain.random = simulate->random;
	enum reason reason = simchain_new_keys(&simulate->chain);
	if (reason == REASON_OK)
		reason = simchain_issue_root(&simulate->chain, now_s);
	if (reason == REASON_OK)
		reason = simulate_set_pcrs(simulate, pcrs);
	if (reason != REASON_OK)
		return reason;
	(void)sigemptyset(&deadly);
	(void)sigaddset(&deadly, SIGINT);
	(void)sigaddset(&deadly, SIGTERM);
	(void)sigaddset(&deadly, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &deadly, &before);
	reason = make(path, simulate, reterr);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return reason;
}
