#include "config.h"

#include "report/sealed_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/xalloc.h"

enum { NAMED_AT_MOST = 5 }; /* files in one note */

static const char outputs_folder[] = "out/";

void
sealed_files_release(struct sealed_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		free(files->items[i].name);
		free(files->items[i].sha256);
	}
	free(files->items);
	*files = (struct sealed_files){ NULL, 0, 0 };
}

static void
add(struct sealed_files *files, enum sealed_kind kind, int64_t seq, const char *name,
    const cJSON *told)
{
	struct sealed_file *file = VEC_PUSH(files->items, files->count, files->cap);

	file->kind = kind;
	file->seq = seq;
	file->name = xstrdup(name);
	file->sha256 = xstrdup(json_string(told, "sha256", ""));
	file->bytes = json_int(told, "bytes", -1);
}

void
sealed_files_collect(struct sealed_files *files, const struct record *record)
{
	const cJSON *output = json_at(record->data, "output"), *at;

	if (record->type == RECORD_RUN)
		add(files, SEALED_RUNBOOK, record->seq, "runbook.yaml",
		    json_at(record->data, "runbook"));
	if (record->type == RECORD_OUTCOME && cJSON_IsObject(output))
		add(files, SEALED_OUTPUT, record->seq, json_string(output, "file", ""), output);
	if (record->type != RECORD_RESUMED)
		return;
	cJSON_ArrayForEach(at, json_at(record->data, "recovered"))
		add(files, SEALED_ASIDE, record->seq, json_string(at, "file", ""), at);
}

static bool
is_number(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

/* A record must not lead out of the folder: only the names that are made there are followed. */
static bool
is_allowed(const struct sealed_file *file)
{
	const char *name = file->name;

	switch (file->kind) {
	case SEALED_RUNBOOK:
		return true;
	case SEALED_OUTPUT:
		return str_starts_with(name, outputs_folder) &&
		       is_number(name + strlen(outputs_folder));
	case SEALED_ASIDE:
		break;
	}
	return str_starts_with(name, "torn-") &&
	       is_number(str_starts_with(name, "torn-checkpoints-")
				 ? name + strlen("torn-checkpoints-")
				 : name + strlen("torn-"));
}

/* No link is followed, neither as the folder nor as the file. -1: errno tells. */
static int
open_below(const char *folder, const struct sealed_file *file)
{
	const char *slash = strchr(file->name, '/');
	char *parent = slash ? xasprintf("%s/%.*s", folder, (int)(slash - file->name), file->name)
			     : xstrdup(folder);
	int dir = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (slash ? O_NOFOLLOW : 0));
	int fd = dir < 0 ? -1
			 : openat(dir, slash ? slash + 1 : file->name,
				  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int saved = errno;

	if (dir >= 0)
		close(dir);
	free(parent);
	errno = saved;
	return fd;
}

/* Hashes at most `limit` bytes, and one more; returns how many were there. -1: errno tells. */
static int64_t
hash_file(int fd, int64_t limit, char out[DIGEST_HEX_MAX])
{
	struct digest *digest = digest_new();
	char *bytes = xmalloc(65536);
	int64_t total = 0;
	ssize_t got;

	while ((got = read(fd, bytes, 65536)) != 0 && total <= limit) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			break;
		digest_update(digest, bytes, (size_t)got);
		total += got;
	}
	int saved = errno;
	digest_finish(digest, out);
	free(bytes);
	errno = saved;
	return got < 0 ? -1 : total;
}

static const char *
title(const struct sealed_file *file)
{
	static const char *const titles[] = {
		[SEALED_RUNBOOK] = "its runbook",
		[SEALED_OUTPUT] = "its output",
		[SEALED_ASIDE] = "the file that was put aside,",
	};

	return titles[file->kind];
}

static int
compare(int fd, const struct sealed_file *file, struct err *e)
{
	char hash[DIGEST_HEX_MAX];
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(e, ERR_IO, "reading %s", file->name);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_SPEC, "%s %s is not a regular file", title(file), file->name);
	if (file->bytes >= 0 && st.st_size != file->bytes)
		return err_set(e, ERR_SPEC, "%s %s has %lld bytes, and had %lld", title(file),
			       file->name, (long long)st.st_size, (long long)file->bytes);
	if (hash_file(fd, st.st_size, hash) < 0)
		return err_errno(e, ERR_IO, "reading %s", file->name);
	if (strcmp(hash, file->sha256) != 0)
		return err_set(e, ERR_SPEC, "%s %s was changed", title(file), file->name);
	return 0;
}

int
sealed_file_check(const char *folder, const struct sealed_file *file, struct err *e)
{
	if (!is_allowed(file))
		return err_set(e, ERR_SPEC, "%s has a name that no run gives: %s", title(file),
			       file->name);
	int fd = open_below(folder, file);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(e, ERR_SPEC, "%s %s is missing", title(file), file->name);
	if (fd < 0 && errno == ELOOP)
		return err_set(e, ERR_SPEC, "%s %s is a symbolic link", title(file), file->name);
	if (fd < 0)
		return err_errno(e, ERR_IO, "reading %s/%s", folder, file->name);
	int rc = compare(fd, file, e);
	close(fd);
	return rc;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
is_among(char *const *names, size_t count, const char *name)
{
	return count && bsearch(&name, names, count, sizeof(*names), by_name);
}

/* The names of outputs without their folder, sorted; they belong to `files`. */
static char **
output_names(const struct sealed_files *files, size_t *ret_count)
{
	char **names = xcalloc(files->count + 1, sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; i < files->count; i++)
		if (files->items[i].kind == SEALED_OUTPUT && is_allowed(&files->items[i]))
			names[count++] = files->items[i].name + strlen(outputs_folder);
	qsort(names, count, sizeof(*names), by_name);
	*ret_count = count;
	return names;
}

void
sealed_files_note_others(const struct sealed_files *files, const char *folder, struct str *out)
{
	char *path = xasprintf("%s/out", folder);
	DIR *dir = opendir(path);
	size_t known_count = 0, others = 0;
	char **known = output_names(files, &known_count);
	const struct dirent *entry;
	struct str named = STR_INIT;

	while (dir && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    is_among(known, known_count, entry->d_name))
			continue;
		if (others++ < NAMED_AT_MOST)
			str_printf(&named, "%s%s%s", others > 1 ? ", " : "", outputs_folder,
				   entry->d_name);
	}
	if (others)
		str_printf(out,
			   "no sealed record names %s%s: a step that was cut off leaves such\n",
			   str_cstr(&named), others > NAMED_AT_MOST ? " and more" : "");
	if (dir)
		closedir(dir);
	str_release(&named);
	free(known);
	free(path);
}
