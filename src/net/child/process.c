#include "config.h"

#include "net/child/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	STAT_MAX = 1024,
	GROUP_FIELD = 5, /* of /proc/pid/stat; the state is field 3, right after the name */
	SESSION_FIELD = 6,
	START_FIELD = 22,
};

/* What one read of a small file gives, as a string. No call here that is not async-signal-safe. */
static bool
read_small(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = -1;

	if (fd >= 0) {
		got = read(fd, out, size - 1);
		close(fd);
	}
	out[got > 0 ? got : 0] = '\0';
	return got > 0;
}

static char *
stat_path(pid_t pid, char out[32])
{
	char digits[16];
	size_t count = 0;
	char *at = out;

	memcpy(at, "/proc/", 6);
	at += 6;
	do {
		digits[count++] = (char)('0' + pid % 10);
		pid /= 10;
	} while (pid > 0);
	while (count > 0)
		*at++ = digits[--count];
	memcpy(at, "/stat", 6);
	return out;
}

/* From the state on: the name before it may have spaces and parentheses itself. */
static const char *
read_stat(pid_t pid, char text[STAT_MAX])
{
	char path[32];
	const char *end = NULL;

	if (pid > 0 && read_small(stat_path(pid, path), text, STAT_MAX))
		end = strrchr(text, ')');
	return end && end[1] == ' ' ? end + 2 : NULL;
}

static int64_t
field_of(const char *stat, int wanted)
{
	int64_t value = 0;

	for (int field = 3; stat && field < wanted; field++) {
		stat = strchr(stat, ' ');
		if (stat)
			stat++;
	}
	if (!stat || *stat < '0' || *stat > '9')
		return -1;
	for (; *stat >= '0' && *stat <= '9'; stat++)
		value = value * 10 + (*stat - '0');
	return value;
}

static int64_t
start_of(const char *stat)
{
	return field_of(stat, START_FIELD);
}

struct process_id
process_identify(pid_t pid)
{
	char text[STAT_MAX];

	return (struct process_id){ .pid = pid, .start = start_of(read_stat(pid, text)) };
}

bool
process_alive(struct process_id id)
{
	char text[STAT_MAX];
	const char *stat = read_stat(id.pid, text);
	int64_t start = start_of(stat);

	if (id.pid <= 0)
		return false;
	if (!stat)
		return kill(id.pid, 0) == 0 || errno == EPERM;
	if (*stat == 'Z' || *stat == 'X')
		return false;
	return start < 0 || id.start < 0 || start == id.start;
}

void
process_signal_strays(pid_t session, int number)
{
	DIR *folder = opendir("/proc");
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		char text[STAT_MAX];
		const char *stat = read_stat(pid, text);

		if (field_of(stat, SESSION_FIELD) != session ||
		    field_of(stat, GROUP_FIELD) == session)
			continue;
		kill(pid, number);
		kill(pid, SIGCONT);
	}
	if (folder)
		closedir(folder);
}

char *
process_boot_id(char out[PROCESS_BOOT_ID_MAX])
{
	if (!read_small("/proc/sys/kernel/random/boot_id", out, PROCESS_BOOT_ID_MAX))
		out[0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return out;
}
