#include "config.h"

#include "step/restore/step_postgresql_restore_disk.h"

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "step/restore/step_postgresql_restore_dump.h"

enum { PID_FILE_MAX = 4096, STARTED_LINE = 3 };

/* A port that leads to another machine looks local: only the same start of the same server proves it. */
static bool
is_here(const char *folder, int64_t started)
{
	char *path = xasprintf("%s/postmaster.pid", folder), *line = NULL, *rest;
	struct str text = STR_INIT;
	struct err ignored = ERR_INIT;
	bool here = false;

	if (file_read(path, PID_FILE_MAX, &text, &ignored) == 0) {
		rest = text.data;
		for (int i = 0; i < STARTED_LINE && rest; i++)
			line = strsep(&rest, "\n");
		here = line && llabs(strtoll(line, NULL, 10) - started) <= 2;
	}
	str_release(&text);
	free(path);
	return here;
}

void
disk_describe(struct postgres *pg, const struct cancel *cancel, struct preview *preview)
{
	static const char sql[] =
		"SELECT current_setting('data_directory') AS folder, "
		"extract(epoch FROM pg_postmaster_start_time())::bigint AS started";
	char free_text[BYTES_TEXT_MAX];
	struct err ignored = ERR_INIT;
	cJSON *result = NULL;
	const char *folder = NULL;
	struct statvfs fs;

	if (postgres_query(pg, sql, NULL, 0, 1, cancel, &result, &ignored) == 0)
		folder = json_string(result, "rows/0/folder", NULL);
	if (folder && is_here(folder, json_int(result, "rows/0/started", 0)) &&
	    statvfs(folder, &fs) == 0)
		preview_add(preview, PREVIEW_TEXT, "%s are free on the disk of %s (this machine).",
			    bytes_format((int64_t)(fs.f_bavail * fs.f_frsize), free_text), folder);
	else
		preview_add(preview, PREVIEW_TEXT,
			    "How much disk the server has left cannot be asked for from here.");
	cJSON_Delete(result);
}
