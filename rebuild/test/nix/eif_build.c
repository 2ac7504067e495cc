/* eif_build KERNEL CMDLINE METADATA OUT RAMDISK...: writes an image (verify/eif.h) and prints its
 * registers as nitro-cli does. It shares no code with what it tests; linked statically, it runs in
 * Nix's sandbox. */
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define HEADER 548
#define SECTION 12
#define MAX 8

static unsigned char *bytes[MAX];
static size_t sizes[MAX];
static int types[MAX];
static int n;

static void demand(int holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "eif_build: %s\n", what);
	exit(1);
}

static void be(unsigned char *to, int len, uint64_t value)
{
	while (len-- > 0) {
		to[len] = (unsigned char)value;
		value >>= 8;
	}
}

static void add(int type, const void *data, size_t size)
{
	demand(n < MAX, "too many sections");
	bytes[n] = malloc(size + 1);
	demand(bytes[n] != NULL, "no memory");
	memcpy(bytes[n], data, size);
	sizes[n] = size;
	types[n++] = type;
}

static void add_file(int type, const char *path)
{
	static unsigned char data[64 << 20];
	FILE *file = fopen(path, "rb");

	demand(file != NULL, path);
	size_t size = fread(data, 1, sizeof(data), file);
	demand(size < sizeof(data) && !ferror(file), path);
	(void)fclose(file);
	add(type, data, size);
}

/* SHA-384(48 zeros || SHA-384(the measured sections between these)), ramdisks counted from 0 */
static void print_pcr(int index, int first_ramdisk, int ramdisks, const char *end)
{
	unsigned char value[96] = { 0 };
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ramdisk = 0;

	demand(ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha384(), NULL), "digest");
	for (int i = 0; i < n; i++) {
		int wanted = types[i] == 3 ? ramdisk >= first_ramdisk && ramdisk < ramdisks :
					     types[i] <= 2 && first_ramdisk == 0;
		ramdisk += types[i] == 3;
		if (wanted)
			demand(EVP_DigestUpdate(ctx, bytes[i], sizes[i]), "digest");
	}
	demand(EVP_DigestFinal_ex(ctx, value + 48, NULL), "digest");
	demand(EVP_Digest(value, sizeof(value), value, NULL, EVP_sha384(), NULL), "digest");
	EVP_MD_CTX_free(ctx);
	printf("  \"PCR%d\": \"", index);
	for (int i = 0; i < 48; i++)
		printf("%02x", value[i]);
	printf("\"%s\n", end);
}

int main(int argc, char **argv)
{
	unsigned char header[HEADER] = ".eif";
	unsigned char section[MAX][SECTION];
	uint64_t at = HEADER;
	uLong crc;

	demand(argc >= 6, "usage: eif_build KERNEL CMDLINE METADATA OUT RAMDISK...");
	add_file(1, argv[1]);
	add(2, argv[2], strlen(argv[2]));
	add(5, argv[3], strlen(argv[3]));
	for (int i = 5; i < argc; i++)
		add_file(3, argv[i]);
	be(header + 4, 2, 4);
	be(header + 8, 8, UINT64_C(1) << 30);
	be(header + 16, 8, 2);
	be(header + 26, 2, (uint64_t)n);
	for (int i = 0; i < n; i++) {
		be(header + 28 + 8 * (size_t)i, 8, at);
		be(header + 284 + 8 * (size_t)i, 8, sizes[i]);
		be(section[i], 2, (uint64_t)types[i]);
		be(section[i] + 2, 2, 0);
		be(section[i] + 4, 8, sizes[i]);
		at += SECTION + sizes[i];
	}
	crc = crc32(0, header, HEADER - 4);
	for (int i = 0; i < n; i++) {
		crc = crc32(crc, section[i], SECTION);
		crc = crc32(crc, bytes[i], (uInt)sizes[i]);
	}
	be(header + HEADER - 4, 4, crc);
	FILE *out = fopen(argv[4], "wb");
	demand(out != NULL && fwrite(header, HEADER, 1, out) == 1, argv[4]);
	for (int i = 0; i < n; i++)
		demand(fwrite(section[i], SECTION, 1, out) == 1 &&
			       fwrite(bytes[i], 1, sizes[i], out) == sizes[i],
		       argv[4]);
	demand(fclose(out) == 0, argv[4]);
	printf("built %s\n{\n  \"HashAlgorithm\": \"Sha384 { ... }\",\n", argv[4]);
	print_pcr(0, 0, MAX, ",");
	print_pcr(1, 0, 1, ",");
	print_pcr(2, 1, MAX, "");
	puts("}");
	return 0;
}
