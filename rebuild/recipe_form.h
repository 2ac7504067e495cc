/* The forms that single values of a recipe must have. Each: REASON_OK, or the one that its comment
 * names. `text` is printable ASCII already, 1 to 4096 characters. */
#ifndef REBUILD_RECIPE_FORM_H
#define REBUILD_RECIPE_FORM_H

#include "verify/reason.h"
#include "verify/span.h"

/* Printable ASCII without blanks at its ends, 1 to 4096 characters. REASON_RECIPE_TEXT. */
enum reason recipe_form_text(struct span text) MUST_CHECK;

/* [A-Za-z0-9._-]{1,64}, no dot first. REASON_RECIPE_NAME. */
enum reason recipe_form_name(struct span text) MUST_CHECK;

/* REASON_REPOSITORY. */
enum reason recipe_form_repository(struct span text) MUST_CHECK;

/* Hex digits, or the name of a tag or branch: a part of what git-check-ref-format(1) allows, which git
 * cannot take for an option or an expression. REASON_RECIPE_COMMIT. */
enum reason recipe_form_commit(struct span text) MUST_CHECK;

/* No blank, and not like an option; where it names its content, as ociref.h reads it.
 * REASON_RECIPE_IMAGE. */
enum reason recipe_form_image(struct span text) MUST_CHECK;

/* linux/ARCHITECTURE[/VARIANT], lower case: no enclave runs anything else. REASON_RECIPE_PLATFORM. */
enum reason recipe_form_platform(struct span text) MUST_CHECK;

/* A path in an image: absolute, no component . or .. or none. REASON_RECIPE_PATH. */
enum reason recipe_form_image_path(struct span text) MUST_CHECK;

/* A path in the working tree or an output: relative, likewise, and no component .git in any case.
 * REASON_RECIPE_PATH. */
enum reason recipe_form_path(struct span text) MUST_CHECK;

/* The same for a file that is put into the working tree, and none that says how it is built or how git reads
 * it: flake.nix and flake.lock at its top, .gitattributes and .gitmodules anywhere, in any case. What the
 * commit says there is judged, and would not be what is built. REASON_RECIPE_PATH. */
enum reason recipe_form_stage(struct span text) MUST_CHECK;

/* [A-Za-z_][A-Za-z0-9_'-]*, several with dots between. REASON_RECIPE_ATTRIBUTE. */
enum reason recipe_form_attribute(struct span text) MUST_CHECK;

/* An image reference that names its content, or a file. */
bool recipe_form_is_pinned_image(struct span text);

#endif
