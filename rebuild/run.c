#include "rebuild/run.h"

#include <stdlib.h>
#include <unistd.h>

char *run_path(const char *dir, const char *name)
{
	struct buf path = { 0 };

	buf_printf(&path, "%s/%s", dir, name);
	return buf_take_text(&path);
}

void run_done(struct run *run)
{
	if (run->is_read)
		image_done(&run->image);
	lock_done(&run->lock);
	closure_done(&run->closure);
	staged_done(run->found, RECIPE_FILES_MAX);
	nix_environment_free(run->environment);
	for (size_t i = 0; i < RECIPE_FILES_MAX; i++)
		free(run->taken[i]);
	if (run->log > 0)
		(void)close(run->log);
	state_free(run->state);
	free(run->out);
	free(run->work);
	free(run->source);
	free(run->home);
	free(run->signers);
	free(run->eif);
}
