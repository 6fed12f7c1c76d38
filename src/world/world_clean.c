#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/child/process.h"
#include "world/part/part_postgresql.h"
#include "world/world_internal.h"

/*
 * world.json says which processes a world has started, with the boot they count in. Whoever finds a folder whose lock is
 * free ends them, by number and start time, and removes it.
 */

enum { JSON_MAX_BYTES = 1 << 20, PATIENCE_MS = 3000, POLL_MS = 20, MAX_OPEN = 16 };

/* With the lock held. Where it cannot be written, only the cleaning after a crash is worse. */
static void
write_processes(const struct world *world)
{
	char *path = xasprintf("%s/world.json", world->options.folder);
	char boot[PROCESS_BOOT_ID_MAX];
	cJSON *document = cJSON_CreateObject();
	struct err ignored = ERR_INIT;

	json_add_string(document, "boot", process_boot_id(boot));
	json_add_string(document, "world", world->options.spec->id);
	json_add(document, "processes", cJSON_Duplicate(world->processes, true));
	char *text = json_print_pretty(document);
	file_write_atomic(path, text, strlen(text), 0600, &ignored);
	free(text);
	cJSON_Delete(document);
	free(path);
}

static void
forget(cJSON *processes, const char *name)
{
	cJSON *entry = processes->child, *next;

	for (; entry; entry = next) {
		next = entry->next;
		if (str_equal(json_string(entry, "name", ""), name))
			cJSON_Delete(cJSON_DetachItemViaPointer(processes, entry));
	}
}

void
world_note_process(struct world *world, const char *name, int64_t pid, int64_t started_ticks,
		   bool up)
{
	cJSON *entry;

	pthread_mutex_lock(&world->lock);
	forget(world->processes, name);
	if (up) {
		entry = cJSON_CreateObject();
		json_add_string(entry, "name", name);
		json_add_int(entry, "pid", pid);
		json_add_int(entry, "start", started_ticks);
		cJSON_AddItemToArray(world->processes, entry);
	}
	write_processes(world);
	pthread_mutex_unlock(&world->lock);
}

/* ---- afterwards ---- */

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path) < 0 && errno != ENOENT;
}

static int
remove_tree(const char *folder, struct err *e)
{
	if (nftw(folder, remove_one, MAX_OPEN, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT)
		return 0;
	return err_errno(e, ERR_IO, "removing %s", folder);
}

/* Not a child of ours: nobody tells when it has ended. */
static void
end_process(struct process_id id)
{
	int64_t until_ms = clock_mono_ms() + PATIENCE_MS;

	if (id.pid <= 1 || id.start < 0 || !process_alive(id))
		return;
	kill(id.pid, SIGTERM);
	while (process_alive(id) && clock_mono_ms() < until_ms)
		poll(NULL, 0, POLL_MS);
	if (process_alive(id))
		kill(id.pid, SIGKILL);
	/* what it still writes would come after its folder is gone */
	for (until_ms = clock_mono_ms() + PATIENCE_MS;
	     process_alive(id) && clock_mono_ms() < until_ms;)
		poll(NULL, 0, POLL_MS);
}

/* Of PostgreSQL servers that nobody has ended in order. Their numbers mean something only until the next boot. */
static void
remove_segments(const char *folder)
{
	char *pattern = xasprintf("%s/postgres/*/data", folder);
	glob_t found;

	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			part_postgresql_remove_segment(found.gl_pathv[i]);
		globfree(&found);
	}
	free(pattern);
}

static void
end_processes(const char *folder)
{
	char *path = xasprintf("%s/world.json", folder), boot[PROCESS_BOOT_ID_MAX];
	struct err ignored = ERR_INIT;
	struct str text = STR_INIT;
	cJSON *document = NULL;
	const cJSON *entry;

	if (file_read(path, JSON_MAX_BYTES, &text, &ignored) == 0)
		document = json_parse(str_cstr(&text), text.len, NULL);
	if (*process_boot_id(boot) && str_equal(json_string(document, "boot", NULL), boot)) {
		cJSON_ArrayForEach(entry, json_at(document, "processes"))
			end_process((struct process_id){ (pid_t)json_int(entry, "pid", 0),
							 json_int(entry, "start", -1) });
		remove_segments(folder);
	}
	cJSON_Delete(document);
	str_release(&text);
	free(path);
}

int
world_clean(const char *folder, struct err *e)
{
	char *path = xasprintf("%s/lock", folder);
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW), rc = 1;

	free(path);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0)
		rc = 0;
	if (rc) {
		end_processes(folder);
		rc = remove_tree(folder, e) < 0 ? -1 : 1;
	}
	if (fd >= 0)
		close(fd);
	return rc;
}
