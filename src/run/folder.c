#include "config.h"

#include "run/folder.h"

#include <errno.h>
#include <glob.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/journal.h"

char *
run_folder_new_id(void)
{
	int64_t now_ms = clock_wall_ms();
	time_t now = (time_t)(now_ms / 1000);
	struct tm tm;
	char stamp[32];
	uint8_t salt = 0;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%S", &tm);
	while (getrandom(&salt, sizeof(salt), 0) != sizeof(salt))
		;
	/* 10 bits of milliseconds, so that ids sort by time, and 6 of chance */
	return xasprintf("%s-%04x", stamp, (unsigned)(now_ms % 1000) << 6 | (salt & 0x3fu));
}

char *
run_folder_path(const char *run_id, struct err *e)
{
	char *root = file_state_root(e);
	char *path = root ? xasprintf("%s/runs/%s", root, run_id) : NULL;

	free(root);
	return path;
}

/* All folders that hold a journal, sorted by their names, which begin with their time. */
static int
list_runs(glob_t *ret_runs, struct err *e)
{
	char *pattern = run_folder_path("*/journal.jsonl", e);

	if (!pattern)
		return -1;
	int rc = glob(pattern, 0, NULL, ret_runs);
	free(pattern);
	if (rc != 0)
		return err_set(e, ERR_NOT_FOUND,
			       "there is no run yet: begin one with lifeboat run");
	for (size_t i = 0; i < ret_runs->gl_pathc; i++)
		*strrchr(ret_runs->gl_pathv[i], '/') = '\0';
	return 0;
}

static const char *
name_of(const char *folder)
{
	return strrchr(folder, '/') + 1;
}

/* True when the last record of a run says that it is over. A journal that can't be read is not over. */
static bool
has_ended(const char *folder)
{
	char *path = xasprintf("%s/journal.jsonl", folder);
	struct str text = STR_INIT;
	struct record *last = NULL;
	struct err e = ERR_INIT;
	bool ended = false;

	if (file_read(path, JOURNAL_MAX_BYTES, &text, &e) == 0 && text.len > 1) {
		const char *line = memrchr(text.data, '\n', text.len - 1);

		line = line ? line + 1 : text.data;
		if (record_parse(line, text.len - (size_t)(line - text.data) - 1, &last, &e) == 0)
			ended = last->type == RECORD_END;
	}
	record_free(last);
	str_release(&text);
	free(path);
	return ended;
}

static char *
latest_open(const glob_t *runs, struct err *e)
{
	for (size_t i = runs->gl_pathc; i-- > 0;)
		if (!has_ended(runs->gl_pathv[i]))
			return xstrdup(runs->gl_pathv[i]);
	err_set(e, ERR_USAGE,
		"every run has ended, the last one is %s: begin one with lifeboat run",
		name_of(runs->gl_pathv[runs->gl_pathc - 1]));
	return NULL;
}

char *
run_folder_find(const char *word, struct err *e)
{
	struct str matches = STR_INIT;
	const char *found = NULL;
	char *path = NULL;
	size_t count = 0;
	glob_t runs;

	if (list_runs(&runs, e) < 0)
		return NULL;
	if (!word) {
		path = latest_open(&runs, e);
		globfree(&runs);
		return path;
	}
	for (size_t i = 0; i < runs.gl_pathc; i++) {
		if (!strstr(name_of(runs.gl_pathv[i]), word))
			continue;
		found = runs.gl_pathv[i];
		str_printf(&matches, "%s%s", count++ ? ", " : "", name_of(found));
	}
	if (!found)
		err_set(e, ERR_NOT_FOUND, "there is no run whose id contains %s", word);
	else if (count > 1)
		err_set(e, ERR_USAGE, "%zu runs match %s: %.600s. Give more of the id", count, word,
			str_cstr(&matches));
	else
		path = xstrdup(found);
	str_release(&matches);
	globfree(&runs);
	return path;
}
