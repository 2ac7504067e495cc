/* The JSON of images, the archives that have it, and what names them. The first byte chooses the reader. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rebuild/challenge.h"
#include "rebuild/dockerarchive.h"
#include "rebuild/refusal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct ociref_platform amd64 = { { (const uint8_t *)"amd64", 5 }, { NULL, 0 } };

static void demand(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

/* A digest that was accepted stands in the text. */
static void check_digest(struct span text, const uint8_t *digest)
{
	char want[SHA256_TEXT_LEN + 1];
	bool found = memchr(text.at, '\\', text.len) != NULL;

	sha256_text(digest, want);
	for (size_t i = 0; !found && i + SHA256_TEXT_LEN <= text.len; i++)
		found = memcmp(text.at + i, want, SHA256_TEXT_LEN) == 0;
	demand(found, "a digest from nowhere");
}

static void check_manifest(struct span text, enum media stated)
{
	struct manifest manifest = { MEDIA_UNSTATED, NULL };
	struct descriptor layers[MANIFEST_LAYERS_MAX];
	struct descriptor one;
	uint64_t sum = 0;
	size_t n = 0;

	if (manifest_read(text, stated, &manifest) != REASON_OK)
		return;
	demand(stated == MEDIA_UNSTATED || manifest.media == stated, "of another type");
	if (manifest_is_index(&manifest)) {
		if (manifest_choose(&manifest, &amd64, &one) == REASON_OK) {
			check_digest(text, one.digest);
			demand(one.size <= MANIFEST_MAX, "a large manifest");
		}
		demand(manifest_parts(&manifest, &one, layers, &n) != REASON_OK, "both in one");
	} else if (manifest_parts(&manifest, &one, layers, &n) == REASON_OK) {
		demand(n > 0 && n <= MANIFEST_LAYERS_MAX, "a number of layers");
		for (size_t i = 0; i < n; i++) {
			check_digest(text, layers[i].digest);
			sum += layers[i].size;
		}
		demand(sum <= MANIFEST_LAYERS_SUM, "large layers");
	}
	manifest_done(&manifest);
}

static void check_config(struct span text)
{
	uint8_t ids[2][DIGEST_SHA256_LEN];

	if (manifest_config(text, &amd64, 2, ids) != REASON_OK)
		return;
	check_digest(text, ids[0]);
	check_digest(text, ids[1]);
}

static void check_reference(struct span text)
{
	struct ociref ref;

	if (ociref_read(text, &ref) != REASON_OK)
		return;
	demand(ref.kind == OCIREF_REGISTRY ? ref.registry.len > 0 && ref.name.len > 0 :
					     ref.path.len > 0,
	       "an empty part");
	demand(ref.kind != OCIREF_REGISTRY || ref.has_digest || ref.tag.len > 0, "no image");
	if (ref.has_digest)
		check_digest(text, ref.digest);
	if (ref.kind != OCIREF_REGISTRY)
		return;
	for (size_t i = 0; i < ref.name.len; i++)
		demand(ref.name.at[i] > ' ' && ref.name.at[i] < 0x7f, "an odd name");
}

/* What was read, written anew, is read as the same. */
static void check_challenge(struct span head)
{
	struct challenge first = { NULL, NULL };
	struct challenge again = { NULL, NULL };
	struct buf line = { 0 };

	if (challenge_read(head, &first) != REASON_OK)
		return;
	buf_text(&line, "HTTP/1.1 401 x\r\nWWW-Authenticate: Bearer realm=\"");
	for (const char *c = first.realm; *c != '\0'; c++)
		buf_printf(&line, "%s%c", strchr("\\\"", *c) != NULL ? "\\" : "", *c);
	if (first.service != NULL) {
		buf_text(&line, "\", service=\"");
		for (const char *c = first.service; *c != '\0'; c++)
			buf_printf(&line, "%s%c", strchr("\\\"", *c) != NULL ? "\\" : "", *c);
	}
	buf_text(&line, "\"\r\n\r\n");
	demand(challenge_read(buf_span(&line), &again) == REASON_OK, "it is not read again");
	demand(strcmp(first.realm, again.realm) == 0, "another realm");
	demand((first.service == NULL) == (again.service == NULL) &&
		       (first.service == NULL || strcmp(first.service, again.service) == 0),
	       "another service");
	buf_done(&line);
	challenge_done(&first);
	challenge_done(&again);
}

/* What was taken for a platform is written as it was. */
static void check_platform(struct span text)
{
	struct ociref_platform platform;
	struct buf same = { 0 };

	if (ociref_platform(text, &platform) != REASON_OK)
		return;
	demand(platform.architecture.len > 0, "no architecture");
	buf_text(&same, "linux/");
	buf_add(&same, platform.architecture);
	if (platform.variant.len > 0)
		buf_byte(&same, '/');
	buf_add(&same, platform.variant);
	demand(span_equal(buf_span(&same), text), "another platform");
	buf_done(&same);
}

/* The ID of an archive's image is the same again, and is what a reference may demand, and nothing else. */
static void check_archive(struct span bytes)
{
	const struct oci oci = { .http = NULL };
	struct trouble trouble = { .why = 0 };
	struct ociref reference = { .kind = OCIREF_ARCHIVE };
	uint8_t id[DIGEST_SHA256_LEN];
	char path[32];
	FILE *file = tmpfile();

	demand(file != NULL && fwrite(bytes.at, 1, bytes.len, file) == bytes.len &&
		       fflush(file) == 0,
	       "no file");
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fileno(file));
	reference.path = span_of_text(path);
	enum reason reason = dockerarchive_id(&oci, &reference, &amd64, reference.digest, &trouble);
	demand(reason == dockerarchive_id(&oci, &reference, &amd64, id, &trouble),
	       "judged otherwise");
	if (reason == REASON_OK) {
		demand(memcmp(id, reference.digest, sizeof(id)) == 0, "another ID");
		reference.has_digest = true;
		demand(dockerarchive_id(&oci, &reference, &amd64, id, &trouble) == REASON_OK,
		       "not its own");
		reference.digest[0] ^= 1;
		demand(dockerarchive_id(&oci, &reference, &amd64, id, &trouble) ==
			       REASON_OCI_DIGEST,
		       "any ID will do");
	}
	(void)fclose(file);
}

static void check_refusal(struct span text)
{
	struct buf words = { 0 };

	refusal_tell(text, &words);
	demand(!words.failed && words.len <= REFUSAL_MAX + 4, "long words");
	demand(words.len == 0 || text.len > 0, "words from nowhere");
	buf_done(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { data, size };
	struct span kind;

	if (!span_take(&text, 1, &kind) || text.len == 0)
		return 0;
	switch (kind.at[0]) {
	case 'c':
		check_config(text);
		break;
	case 'd':
		check_archive(text);
		break;
	case 'e':
		check_refusal(text);
		break;
	case 'p':
		check_platform(text);
		break;
	case 'i':
		check_manifest(text, MEDIA_OCI_INDEX);
		break;
	case 'm':
		check_manifest(text, MEDIA_UNSTATED);
		break;
	case 'r':
		check_reference(text);
		break;
	default:
		check_challenge(text);
		break;
	}
	return 0;
}
