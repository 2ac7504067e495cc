#include "rebuild/run.h"

#include <stdlib.h>
#include <unistd.h>

char *run_path(const char *dir, const char *name)
{
	struct buf path = { 0 };

	buf_printf(&path, "%s/%s", dir, name);
	return buf_take_text(&path);
}

void run_note_said(struct trouble *trouble, const struct nix_said *said, enum reason reason)
{
	struct span text = buf_span(&said->errors);
	size_t len = 0;

	while (len < text.len && text.at[len] != '\n' && len < 512)
		len++;
	text.len = len;
	(void)trouble_note(trouble, reason, text, 0);
}

void run_done(struct run *run)
{
	if (run->is_read)
		image_done(&run->image);
	lock_done(&run->lock);
	closure_done(&run->closure);
	staged_done(run->found, RECIPE_FILES_MAX);
	nix_environment_free(run->environment);
	cJSON_Delete(run->settings);
	for (size_t i = 0; i < RECIPE_FILES_MAX; i++)
		free(run->taken[i]);
	for (size_t i = 0; i < RECIPE_ALSO_MAX; i++)
		free(run->also[i].nar_hash);
	if (run->log > 0)
		(void)close(run->log);
	state_free(run->state);
	free(run->weakening);
	free(run->out);
	free(run->work);
	free(run->source);
	free(run->home);
	free(run->signers);
	free(run->eif);
}
