#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "cli/anchor_places.h"

/*
 * syslog(3) does not say whether anybody took the line; so the line is sent by our own hand.
 * Source: RFC 3164, 4.1, as syslog(3) of the GNU C library writes it to a local socket: without a host name.
 */

#define DEFAULT_SOCKET "/dev/log"

enum { PRIORITY = 1 << 3 | 5 }; /* facility user, level notice */

/* "Nov 21 14:07:32", in English and local time, which is what readers of that socket expect. */
static void
append_stamp(int64_t wall_ms, struct str *out)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t now = (time_t)(wall_ms / 1000);
	struct tm tm;

	localtime_r(&now, &tm);
	str_printf(out, "%s %2d %02d:%02d:%02d", months[tm.tm_mon], tm.tm_mday, tm.tm_hour,
		   tm.tm_min, tm.tm_sec);
}

static void
append_line(const struct anchor_head *head, struct str *out)
{
	char time[CLOCK_STAMP_MAX];

	str_printf(out, "<%d>", PRIORITY);
	append_stamp(clock_wall_ms(), out);
	str_printf(out, " %s[%d]: run=%s seq=%lld type=%s time=%s head=%s", PACKAGE_NAME,
		   (int)getpid(), head->run_id, (long long)head->seq, head->type,
		   clock_format_utc(head->ts_ms, time), head->hash);
}

/* Connected anew for each line, so that a syslog that was restarted is met again. -1 with errno. */
static int
connect_socket(const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, path, strlen(path) + 1);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	int reason = errno;
	close(fd);
	errno = reason;
	return -1;
}

static int
put(void *data, const struct anchor_head *head, const struct cancel *cancel, struct err *e)
{
	const char *path = data;
	struct str line = STR_INIT;
	size_t end = 0;
	int fd = connect_socket(path, SOCK_DGRAM);

	(void)cancel;
	if (fd < 0 && errno == EPROTOTYPE) {
		fd = connect_socket(path, SOCK_STREAM);
		end = 1; /* a NUL ends the line where the socket does not */
	}
	append_line(head, &line);
	int rc = fd < 0 || send(fd, line.data, line.len + end, MSG_NOSIGNAL) < 0
			 ? err_errno(e, ERR_IO, "writing to %s", path)
			 : 0;
	if (fd >= 0)
		close(fd);
	str_release(&line);
	return rc;
}

int
anchor_syslog_open(const char *rest, struct secrets *secrets, struct anchor_place *ret_place,
		   struct err *e)
{
	const char *path = rest ? rest : DEFAULT_SOCKET;

	(void)secrets;
	if (path[0] != '/' || strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return err_set(e, ERR_USAGE, "%s is not the path of a socket", path);
	*ret_place = (struct anchor_place){
		.name = rest ? xasprintf("syslog at %s", rest) : xstrdup("syslog"),
		.put = put,
		.close = free,
		.data = xstrdup(path),
	};
	return 0;
}
