/* What is done with a recipe that was read. */
#include <stdlib.h>
#include <string.h>

#include "rebuild/recipe.h"
#include "rebuild/recipe_form.h"
#include "verify/basenc.h"

/* Puts a value into a section of the tree, which is made when there is none. Takes *value over. */
static enum reason put(const struct recipe *recipe, const char *section, const char *key,
		       cJSON *value)
{
	cJSON *object = cJSON_GetObjectItemCaseSensitive(recipe->tree, section);

	if (value == NULL)
		return REASON_OUT_OF_MEMORY;
	if (!cJSON_IsObject(object)) {
		cJSON_DeleteItemFromObjectCaseSensitive(recipe->tree, section);
		object = cJSON_AddObjectToObject(recipe->tree, section);
	}
	bool present = cJSON_GetObjectItemCaseSensitive(object, key) != NULL;
	bool added = object != NULL &&
		     (present ? cJSON_ReplaceItemInObjectCaseSensitive(object, key, value) :
				cJSON_AddItemToObject(object, key, value));
	if (!added)
		cJSON_Delete(value);
	/* cJSON before 1.7.16 replaces also where there was no memory for the key, which is then none */
	return added && cJSON_GetObjectItemCaseSensitive(object, key) == value ?
		       REASON_OK :
		       REASON_OUT_OF_MEMORY;
}

/* A string that stands in one field and one place of the tree. */
static enum reason put_text(const struct recipe *recipe, const char *section, const char *key,
			    const char *value, enum reason (*form)(struct span), const char **field)
{
	enum reason reason = recipe_form_text(span_of_text(value));

	if (reason == REASON_OK)
		reason = form(span_of_text(value));
	if (reason == REASON_OK)
		reason = put(recipe, section, key, cJSON_CreateString(value));
	if (reason == REASON_OK)
		*field = value;
	return reason;
}

static enum reason put_pcr0(struct recipe *recipe, const char *value)
{
	uint8_t pcr[PCR_LEN];
	struct span digits = span_of_text(value);
	struct span prefix;

	if (strncmp(value, "0x", 2) == 0)
		(void)span_take(&digits, 2, &prefix);
	if (!hex_decode_exact(digits, pcr, sizeof(pcr)))
		return REASON_RECIPE_PCR;
	if (span_is_zero(SPAN_OF(pcr)))
		return REASON_RECIPE_ZERO;
	pcrs_set(&recipe->expected, 0, pcr);
	return put(recipe, "expect", "pcr0", cJSON_CreateString(value));
}

enum reason recipe_override(struct recipe *recipe, enum recipe_field field, const char *value)
{
	switch (field) {
	case RECIPE_COMMIT:
		return put_text(recipe, "source", "commit", value, recipe_form_commit,
				&recipe->commit);
	case RECIPE_IMAGE:
		/* which platform and files then? */
		if (recipe->image == NULL)
			return REASON_RECIPE_NO_IMAGE;
		return put_text(recipe, "image", "reference", value, recipe_form_image,
				&recipe->image);
	case RECIPE_ATTRIBUTE:
		return put_text(recipe, "build", "attribute", value, recipe_form_attribute,
				&recipe->attribute);
	case RECIPE_PCR0:
		return put_pcr0(recipe, value);
	case RECIPE_INDEPENDENT:
		recipe->independent = true;
		return put(recipe, "build", "independent", cJSON_CreateTrue());
	case RECIPE_REQUIRE_SIGNED:
		break;
	}
	recipe->require_signed = true;
	return put(recipe, "source", "require_signed", cJSON_CreateTrue());
}

bool recipe_is_full_commit(struct span commit)
{
	for (size_t i = 0; i < commit.len; i++) {
		if (!(commit.at[i] >= '0' && commit.at[i] <= '9') &&
		    !(commit.at[i] >= 'a' && commit.at[i] <= 'f'))
			return false;
	}
	return commit.len == 40 || commit.len == 64;
}

enum reason recipe_pinned(const struct recipe *recipe, struct recipe_fault *reterr)
{
	*reterr = (struct recipe_fault){ 0 };
	if (!recipe_is_full_commit(span_of_text(recipe->commit))) {
		memcpy(reterr->key, "source.commit", sizeof("source.commit"));
		return REASON_RECIPE_NOT_PINNED;
	}
	if (recipe->image != NULL && !recipe_form_is_pinned_image(span_of_text(recipe->image))) {
		memcpy(reterr->key, "image.reference", sizeof("image.reference"));
		return REASON_RECIPE_NOT_PINNED;
	}
	return REASON_OK;
}

bool recipe_expects(const struct recipe *recipe)
{
	return recipe->expected.present != 0 || recipe->has_enclave_hash;
}

enum reason recipe_print(const struct recipe *recipe, struct buf *out)
{
	/* all strings are printable ASCII, so nothing in it acts on a terminal */
	char *text = cJSON_Print(recipe->tree);

	if (text == NULL)
		return REASON_OUT_OF_MEMORY;
	buf_text(out, text);
	buf_byte(out, '\n');
	cJSON_free(text);
	return out->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}
