/* Library objects that free themselves at the end of their scope: AUTO(EVP_PKEY) *key = NULL;
 * To hand one over, assign it to the output and set the local to NULL. */
#ifndef VERIFY_AUTO_H
#define VERIFY_AUTO_H

#include <cjson/cJSON.h>
#include <openssl/evp.h>

#define AUTO(type) __attribute__((cleanup(auto_free_##type))) type

// NOLINTBEGIN(bugprone-macro-parentheses): a type cannot stand in parentheses
#define AUTO_DEFINE(type, free_function) \
	static inline void auto_free_##type(type **held) \
	{ \
		free_function(*held); \
	}
// NOLINTEND(bugprone-macro-parentheses)

AUTO_DEFINE(EVP_MD_CTX, EVP_MD_CTX_free)
AUTO_DEFINE(EVP_PKEY, EVP_PKEY_free)
AUTO_DEFINE(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
AUTO_DEFINE(cJSON, cJSON_Delete)

#undef AUTO_DEFINE

#endif
