#include "config.h"

#include "run/journal/runs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "run/journal/checkpoint.h"
#include "run/journal/folder.h"
#include "run/journal/journal.h"
#include "run/journal/signed_note.h"
#include "run/state/state.h"

enum { CHECKPOINTS_TAIL_BYTES = 16 << 10 }; /* many times the last one */

static int
fold(void *data, struct record *record, struct err *e)
{
	return run_state_apply(data, record, e);
}

/* The last whole note among these bytes, as the next one's `previous` counts it: with its empty line. */
static bool
last_note(const char *bytes, size_t len, char ret_hash[DIGEST_HEX_MAX])
{
	static const char begin[] = CHECKPOINT_FORMAT "\n";
	struct err ignored = ERR_INIT;
	struct note note;
	bool found = false;

	for (const char *at = bytes;
	     (at = memmem(at, len - (size_t)(at - bytes), begin, sizeof(begin) - 1)); at++) {
		size_t left = len - (size_t)(at - bytes);

		if (at > bytes && at[-1] != '\n')
			continue;
		if (note_parse(at, left, &note, &ignored) < 0 || note.len >= left ||
		    at[note.len] != '\n')
			continue;
		digest_sha256(at, note.len + 1, ret_hash);
		found = true;
	}
	return found;
}

/* The SHA-256 of a run's last checkpoint; false: it has none. */
static bool
read_last_checkpoint(const char *folder, char ret_hash[DIGEST_HEX_MAX])
{
	char *path = xasprintf("%s/checkpoints", folder);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char bytes[CHECKPOINTS_TAIL_BYTES];
	struct stat status;
	bool found = false;

	free(path);
	if (fd < 0)
		return false;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
		off_t from = status.st_size - (off_t)sizeof(bytes);
		ssize_t got = pread(fd, bytes, sizeof(bytes), from > 0 ? from : 0);

		found = got > 0 && last_note(bytes, (size_t)got, ret_hash);
	}
	close(fd);
	return found;
}

static void
take_state(struct run_summary *run, const struct run_state *state)
{
	const struct step_state *step = run_state_current(state);

	run->runbook_id = xstrdup(state->runbook_id);
	run->runbook_title = xstrdup(state->runbook_title);
	run->runbook_version = xstrdup(state->runbook_version);
	run->mode = xstrdup(state->mode);
	run->operator_name = xstrdup(state->operator_name);
	run->host = xstrdup(state->host);
	run->step = step ? xstrdup(step->id) : NULL;
	run->outcome = xstrdup(state->end_id);
	run->started_ms = state->started_ms;
	run->last_ms = state->last_ts_ms;
	run->steps_done = run_state_done(state);
	run->steps_count = state->steps_count;
	run->records = state->seq + 1;
	run->failed = state->failed;
	run->is_unknown = step && step->status == STEP_UNKNOWN;
}

static void
summarise(const char *folder, struct run_summary *run)
{
	struct run_state state;
	struct err e = ERR_INIT;

	*run = (struct run_summary){ .folder = xstrdup(folder),
				     .run_id = xstrdup(strrchr(folder, '/') + 1) };
	memset(run->last_checkpoint, '0', sizeof(run->last_checkpoint) - 1);
	run_state_init(&state);
	/* whoever lets it go after this look has written everything that is read now */
	if (journal_holder(folder, &run->holder, &e) < 0 ||
	    journal_read(folder, fold, &state, &e) < 0)
		run->problem = xstrdup(e.message);
	if (!run->holder)
		run_state_close_crashed(&state);
	if (state.seq >= 0)
		take_state(run, &state);
	read_last_checkpoint(folder, run->last_checkpoint);
	run_state_release(&state);
}

int
run_summaries_read(struct run_summaries *ret_runs, struct err *e)
{
	struct run_summaries runs = { 0 };
	char **folders = NULL;
	size_t count = 0;

	if (run_folder_list(&folders, &count, e) < 0)
		return -1;
	runs.items = xcalloc(count + 1, sizeof(*runs.items));
	runs.count = count;
	for (size_t i = 0; i < count; i++)
		summarise(folders[count - 1 - i], &runs.items[i]);
	run_folder_list_free(folders, count);
	*ret_runs = runs;
	return 0;
}

void
run_summaries_release(struct run_summaries *runs)
{
	for (size_t i = 0; i < runs->count; i++) {
		struct run_summary *run = &runs->items[i];
		char *const strings[] = { run->run_id,
					  run->folder,
					  run->runbook_id,
					  run->runbook_title,
					  run->runbook_version,
					  run->mode,
					  run->operator_name,
					  run->host,
					  run->step,
					  run->outcome,
					  run->holder,
					  run->problem };

		for (size_t k = 0; k < sizeof(strings) / sizeof(strings[0]); k++)
			free(strings[k]);
	}
	free(runs->items);
	*runs = (struct run_summaries){ 0 };
}

int
run_previous(char **ret_run, char ret_checkpoint[DIGEST_HEX_MAX], struct err *e)
{
	char **folders = NULL;
	size_t count = 0;

	if (run_folder_list(&folders, &count, e) < 0)
		return -1;
	*ret_run = NULL;
	for (size_t i = count; i-- > 0 && !*ret_run;)
		if (read_last_checkpoint(folders[i], ret_checkpoint))
			*ret_run = xstrdup(strrchr(folders[i], '/') + 1);
	run_folder_list_free(folders, count);
	return 0;
}
