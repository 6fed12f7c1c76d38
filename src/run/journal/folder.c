#include "config.h"

#include "run/journal/folder.h"

#include <dirent.h>
#include <errno.h>
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
#include "run/journal/growing.h"
#include "run/journal/journal.h"

enum { LAST_RECORD_BYTES = 64 << 10 };

static const char live_shelf[] = "runs", drill_shelf[] = "drills";
static const char *shelf = live_shelf;

void
run_folder_keep_drills(void)
{
	shelf = drill_shelf;
}

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

static char *
path_on(const char *on, const char *run_id, struct err *e)
{
	char *root = file_state_root(e);
	char *path = root ? xasprintf("%s/%s/%s", root, on, run_id) : NULL;

	free(root);
	return path;
}

char *
run_folder_path(const char *run_id, struct err *e)
{
	return path_on(shelf, run_id, e);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The folder of one entry, where it holds a journal; else NULL. */
static char *
run_of(const char *root, const char *name)
{
	char *folder = xasprintf("%s/%s", root, name);
	char *journal = xasprintf("%s/journal.jsonl", folder);
	bool is_run = name[0] != '.' && file_exists(journal);

	free(journal);
	if (is_run)
		return folder;
	free(folder);
	return NULL;
}

static int
list_on(const char *on, char ***ret_folders, size_t *ret_count, struct err *e)
{
	char *root = path_on(on, "", e);
	char **folders = NULL;
	size_t count = 0, cap = 0;
	const struct dirent *entry;

	if (!root)
		return -1;
	root[strlen(root) - 1] = '\0';
	DIR *dir = opendir(root);
	if (!dir && errno != ENOENT) {
		err_errno(e, ERR_IO, "looking for runs in %s", root);
		err_advise(e, "Runs are kept below XDG_STATE_HOME, or else ~/.local/state");
		free(root);
		return -1;
	}
	while (dir && (entry = readdir(dir))) {
		char *folder = run_of(root, entry->d_name);

		if (folder)
			*VEC_PUSH(folders, count, cap) = folder;
	}
	if (dir)
		closedir(dir);
	if (count)
		qsort(folders, count, sizeof(*folders), by_name);
	*ret_folders = folders;
	*ret_count = count;
	free(root);
	return 0;
}

int
run_folder_list(char ***ret_folders, size_t *ret_count, struct err *e)
{
	return list_on(shelf, ret_folders, ret_count, e);
}

int
run_folder_list_drills(char ***ret_folders, size_t *ret_count, struct err *e)
{
	return list_on(drill_shelf, ret_folders, ret_count, e);
}

void
run_folder_list_free(char **folders, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(folders[i]);
	free(folders);
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
	struct growing file;
	struct str text = STR_INIT;
	struct record *last = NULL;
	struct err e = ERR_INIT;
	bool ended = false;

	growing_init(&file, path);
	if (growing_open(&file, &e) == 0) {
		off_t from = growing_size(&file) - LAST_RECORD_BYTES;

		file.at = from > 0 ? from : 0; /* a longer record is no end */
		growing_read(&file, LAST_RECORD_BYTES, &text, &e);
	}
	if (text.len > 1) {
		const char *line = memrchr(text.data, '\n', text.len - 1);

		line = line ? line + 1 : text.data;
		if (record_parse(line, text.len - (size_t)(line - text.data) - 1, &last, &e) == 0)
			ended = last->type == RECORD_END;
	}
	record_free(last);
	str_release(&text);
	growing_release(&file);
	free(path);
	return ended;
}

static char *
latest_open(char *const *runs, size_t count, struct err *e)
{
	for (size_t i = count; i-- > 0;)
		if (!has_ended(runs[i]))
			return xstrdup(runs[i]);
	err_set(e, ERR_USAGE,
		"every run has ended, the last one is %s: begin one with lifeboat run",
		name_of(runs[count - 1]));
	return NULL;
}

/* Whoever holds a run has its journal locked; a run that cannot be asked is not the one that is meant. */
static char *
latest_held(char *const *runs, size_t count, struct err *e)
{
	(void)e;
	for (size_t i = count; i-- > 0;) {
		struct err ignored = ERR_INIT;
		char *holder = NULL;

		if (has_ended(runs[i]) || journal_holder(runs[i], &holder, &ignored) < 0 || !holder)
			continue;
		free(holder);
		return xstrdup(runs[i]);
	}
	return xstrdup(runs[count - 1]);
}

/* The nearest id by the whole of it or by its end, which is what people say; NULL: none is near. */
static const char *
nearest_run(const char *word, char *const *runs, size_t count)
{
	const char **names = xcalloc(2 * count + 1, sizeof(*names));
	const char *found = NULL;

	for (size_t i = 0; i < count; i++) {
		const char *dash = strrchr(name_of(runs[i]), '-');

		names[i] = name_of(runs[i]);
		names[count + i] = dash ? dash + 1 : names[i];
	}
	const char *nearest = str_nearest(word, names);
	for (size_t i = 0; nearest && i < 2 * count; i++)
		if (names[i] == nearest)
			found = name_of(runs[i % count]);
	free(names);
	return found;
}

/* A path, as from completion in a shell. */
static char *
folder_at(const char *path, struct err *e)
{
	char *journal = xasprintf("%s/journal.jsonl", path);
	char *folder = NULL;

	if (file_exists(journal))
		folder = realpath(path, NULL);
	if (!folder)
		err_set(e, ERR_USAGE,
			"%s is not the folder of a run: there is no journal.jsonl in it", path);
	free(journal);
	return folder;
}

/* A folder of that name without a journal: what somebody means, and yet no run. */
static bool
is_hollow(const char *word, struct err *e)
{
	char *path = run_folder_path(word, e);
	bool found = path && file_exists(path);

	if (found)
		err_set(e, ERR_USAGE,
			"%s is no run: there is no journal.jsonl in it. Look for a copy of that, "
			"or "
			"name another run: lifeboat runs lists them",
			path);
	free(path);
	return found;
}

/* No run has such an id: says which one may be meant. */
static void
offer_nearest(const char *word, char *const *runs, size_t count, struct err *e)
{
	const char *nearest = nearest_run(word, runs, count);

	err_set(e, ERR_USAGE, "there is no run whose id contains %s", word);
	if (nearest)
		err_advise(e, "Did you mean %s?", nearest);
	else
		err_advise(e, "lifeboat runs lists them");
}

static char *
find_named(const char *word, char *const *runs, size_t count, struct err *e)
{
	struct str matches = STR_INIT;
	const char *found = NULL;
	size_t number = 0;

	for (size_t i = 0; i < count; i++) {
		if (!strstr(name_of(runs[i]), word))
			continue;
		found = runs[i];
		str_printf(&matches, "%s%s", number++ ? ", " : "", name_of(found));
	}
	if (number == 0 && !is_hollow(word, e)) {
		offer_nearest(word, runs, count, e);
	} else if (number > 1) {
		err_set(e, ERR_USAGE, "%zu runs match %s: %.600s. Give more of the id", number,
			word, str_cstr(&matches));
	}
	str_release(&matches);
	return number == 1 ? xstrdup(found) : NULL;
}

bool
run_folder_is_drill(const char *folder)
{
	char *shelf_path = file_folder(folder);
	const char *slash = strrchr(shelf_path, '/');
	bool is_drill = str_equal(slash ? slash + 1 : shelf_path, drill_shelf);

	free(shelf_path);
	return is_drill;
}

char *
run_folder_find_drill(const char *word)
{
	struct err ignored = ERR_INIT;
	char **drills = NULL, *path = NULL;
	size_t count = 0;

	if (shelf == drill_shelf || list_on(drill_shelf, &drills, &count, &ignored) < 0)
		return NULL;
	if (count)
		path = find_named(word, drills, count, &ignored);
	run_folder_list_free(drills, count);
	return path;
}

static char *
find(const char *word, char *(*otherwise)(char *const *runs, size_t count, struct err *e),
     struct err *e)
{
	char **runs = NULL, *path = NULL;
	size_t count = 0;

	if (word && strchr(word, '/'))
		return folder_at(word, e);
	if (run_folder_list(&runs, &count, e) < 0)
		return NULL;
	if (count == 0)
		err_set(e, ERR_USAGE, "there is no run yet: begin one with lifeboat run");
	else
		path = word ? find_named(word, runs, count, e) : otherwise(runs, count, e);
	run_folder_list_free(runs, count);
	return path;
}

char *
run_folder_find(const char *word, struct err *e)
{
	return find(word, latest_open, e);
}

char *
run_folder_find_any(const char *word, struct err *e)
{
	struct err why = ERR_INIT;
	char *path = find(word, latest_held, &why);

	if (!path && word && why.kind == ERR_USAGE && !strchr(word, '/'))
		path = run_folder_find_drill(word);
	if (!path && e)
		*e = why;
	return path;
}
