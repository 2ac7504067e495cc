#include "rebuild/storepath.h"

#include <string.h>

#define HASH_LEN 32

static const char prefix[] = "nix/store/";
#define PREFIX_LEN (sizeof(prefix) - 1)

static bool is_hash(const uint8_t *bytes)
{
	for (size_t i = 0; i < HASH_LEN; i++) {
		bool digit = bytes[i] >= '0' && bytes[i] <= '9';
		bool letter = bytes[i] >= 'a' && bytes[i] <= 'z';
		if (!digit && !letter)
			return false;
	}
	return true;
}

void storepath_blank(uint8_t *bytes, size_t len)
{
	const size_t whole = PREFIX_LEN + HASH_LEN + 1;
	size_t at = 0;

	while (len - at >= whole) {
		const uint8_t *found = memchr(bytes + at, prefix[0], len - at - whole + 1);
		if (found == NULL)
			return;
		at = (size_t)(found - bytes);
		uint8_t *hash = bytes + at + PREFIX_LEN;
		if (memcmp(found, prefix, PREFIX_LEN) == 0 && is_hash(hash) &&
		    hash[HASH_LEN] == '-') {
			memset(hash, 'e', HASH_LEN);
			at += whole;
		} else {
			at++;
		}
	}
}
