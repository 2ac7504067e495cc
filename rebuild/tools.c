#include "rebuild/tools.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verify/span.h"

char *tools_find(const char *search_path, const char *name)
{
	while (search_path != NULL && *search_path != '\0') {
		size_t len = strcspn(search_path, ":");
		struct buf path = { 0 };
		struct stat facts;

		buf_add(&path, (struct span){ (const uint8_t *)search_path, len });
		buf_printf(&path, "/%s", name);
		char *candidate = buf_take_text(&path);
		if (candidate != NULL && candidate[0] == '/' && len > 0 &&
		    stat(candidate, &facts) == 0 && S_ISREG(facts.st_mode) &&
		    access(candidate, X_OK) == 0)
			return candidate;
		free(candidate);
		search_path += len;
		if (*search_path == ':')
			search_path++;
	}
	return NULL;
}
