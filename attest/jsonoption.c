#include "attest/jsonoption.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify/reason.h"

#define NUMBER_MAX 9007199254740992.0 /* up to here a double holds every whole number */

const char *textlist_keep(struct textlist *texts, struct buf *text)
{
	char *owned = buf_take_text(text);
	char **grown = realloc(texts->at, (texts->n + 1) * sizeof(texts->at[0]));

	if (grown != NULL)
		texts->at = grown;
	if (grown == NULL || owned == NULL) {
		free(owned);
		return NULL;
	}
	texts->at[texts->n++] = owned;
	return owned;
}

void textlist_done(struct textlist *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		free(texts->at[i]);
	free(texts->at);
	*texts = (struct textlist){ .n = 0 };
}

bool jsonoption_is(const char *key, const struct cli_option *option)
{
	const char *name = option->name;

	while (*key != '\0' && (*name == '-' ? *key == '_' : *key == *name)) {
		key++;
		name++;
	}
	return *key == '\0' && *name == '\0';
}

static bool refuse(const struct jsonoption *reading, const cJSON *item, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static bool refuse(const struct jsonoption *reading, const cJSON *item, const char *format, ...)
{
	char message[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return reading->refuse(reading->context, item, message);
}

static bool no_memory(const struct jsonoption *reading)
{
	return reading->refuse(reading->context, NULL, reason_sentence(REASON_OUT_OF_MEMORY));
}

static bool is_file(const struct cli_option *option)
{
	return strcmp(option->value, "FILE") == 0;
}

static bool is_number(const struct cli_option *option)
{
	return strcmp(option->value, "S") == 0 || strcmp(option->value, "N") == 0;
}

/* A path from the folder; behind a leading @ where `at`. NULL: no memory. */
static const char *from_folder(const struct jsonoption *reading, const char *path, bool at)
{
	struct buf text = { 0 };

	if (at && path[0] != '@')
		return path;
	if (path[at ? 1 : 0] == '/')
		return path;
	buf_text(&text, at ? "@" : "");
	/* so that - is a file, too */
	buf_add(&text, reading->folder.len > 0 ? reading->folder : SPAN_LITERAL("./"));
	buf_text(&text, path + (at ? 1 : 0));
	return textlist_keep(reading->texts, &text);
}

/* The text of one value, as it would stand on the command line. False: said. */
static bool text_of(const struct jsonoption *reading, const struct cli_option *option,
		    const cJSON *item, const char **ret)
{
	struct buf text = { 0 };

	if (cJSON_IsString(item)) {
		bool at = strstr(option->value, "@FILE") != NULL;
		*ret = is_file(option) || at ? from_folder(reading, item->valuestring, at) :
					       item->valuestring;
		return *ret != NULL || no_memory(reading);
	}
	if (!is_number(option) || !cJSON_IsNumber(item))
		return refuse(reading, item, "'%s' is not %s", option->name,
			      is_number(option) ? "a number" : "a string");
	if (!(item->valuedouble >= 0 && item->valuedouble <= NUMBER_MAX) ||
	    item->valuedouble != (double)(uint64_t)item->valuedouble)
		return refuse(reading, item, "'%s' is not a whole number", option->name);
	buf_printf(&text, "%" PRIu64, (uint64_t)item->valuedouble);
	*ret = textlist_keep(reading->texts, &text);
	return *ret != NULL || no_memory(reading);
}

static bool apply(const struct jsonoption *reading, const struct cli_option *option,
		  const cJSON *item, const char *value)
{
	return reading->apply(reading->context, option, item, value);
}

/* {"0": HEX or [HEX, ...]} */
static bool apply_pcr(const struct jsonoption *reading, const struct cli_option *option,
		      const cJSON *object)
{
	if (!cJSON_IsObject(object))
		return refuse(reading, object, "'pcr' is not an object like {\"0\": HEX}");
	for (const cJSON *item = object->child; item != NULL; item = item->next) {
		const cJSON *value = cJSON_IsArray(item) ? item->child : item;
		if (value == NULL)
			return refuse(reading, item, "an empty list");
		for (; value != NULL; value = cJSON_IsArray(item) ? value->next : NULL) {
			struct buf text = { 0 };
			if (!cJSON_IsString(value))
				return refuse(reading, item,
					      "a register is not a string of hex digits");
			buf_printf(&text, "%s=%s", item->string, value->valuestring);
			const char *word = textlist_keep(reading->texts, &text);
			if (word == NULL)
				return no_memory(reading);
			if (!apply(reading, option, item, word))
				return false;
		}
	}
	return true;
}

static bool apply_list(const struct jsonoption *reading, const struct cli_option *option,
		       const cJSON *list)
{
	const char *value = NULL;

	if (list->child == NULL)
		return refuse(reading, list, "an empty list");
	for (const cJSON *item = list->child; item != NULL; item = item->next) {
		if (!text_of(reading, option, item, &value) || !apply(reading, option, item, value))
			return false;
	}
	return true;
}

bool jsonoption_apply(const struct jsonoption *reading, const struct cli_option *option,
		      const cJSON *item)
{
	const char *value = NULL;

	if (option->value == NULL) {
		if (!cJSON_IsBool(item))
			return refuse(reading, item, "'%s' is neither true nor false",
				      item->string);
		return cJSON_IsFalse(item) || apply(reading, option, item, NULL);
	}
	if (strcmp(option->value, "N=HEX") == 0)
		return apply_pcr(reading, option, item);
	if (option->repeatable && cJSON_IsArray(item))
		return apply_list(reading, option, item);
	return text_of(reading, option, item, &value) && apply(reading, option, item, value);
}
