/*
 * A main for fuzz targets where libFuzzer is not linked: feeds every file named, and every file in
 * the directories named, to the target once, and says so in TAP. A crash leaves the plan out.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned int count;
static const char *target;

static void die(const char *path)
{
	printf("Bail out! cannot read %s\n", path);
	exit(EXIT_FAILURE);
}

static void replay_file(const char *path, size_t size)
{
	/* Exactly as long as the file, so that ASan sees the first byte read beyond it. */
	uint8_t *data = malloc(size > 0 ? size : 1);
	FILE *file = fopen(path, "rb");

	if (data == NULL || file == NULL || fread(data, 1, size, file) != size)
		die(path);
	if (fclose(file) != 0)
		die(path);
	if (size == 0) {
		free(data);
		data = NULL;
	}
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	printf("ok %u - %s %s\n", ++count, target, path);
	(void)fflush(stdout);
}

static void replay(const char *path)
{
	struct stat st;
	struct dirent **names;
	int n;

	if (stat(path, &st) != 0)
		die(path);
	if (!S_ISDIR(st.st_mode)) {
		replay_file(path, (size_t)st.st_size);
		return;
	}
	n = scandir(path, &names, NULL, alphasort);
	if (n < 0)
		die(path);
	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.') {
			size_t len = strlen(path) + strlen(names[i]->d_name) + 2;
			char *child = malloc(len);

			if (child == NULL)
				die(path);
			(void)snprintf(child, len, "%s/%s", path, names[i]->d_name);
			replay(child);
			free(child);
		}
		free(names[i]);
	}
	free((void *)names);
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');

	target = slash == NULL ? argv[0] : slash + 1;
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	printf("1..%u\n", count);
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
