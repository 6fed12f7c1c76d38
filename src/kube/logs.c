#include "config.h"

#include "kube/logs.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "net/http/http.h"

enum {
	MAX_LINE = 1 << 20,
	MAX_STAMP = 40, /* "2026-11-21T14:07:32.118200143+01:00" has 35 */
	READ_IDLE_TIMEOUT_MS = 30000,
	GATHER_MS = 20, /* of lines that come one after the other: less than a frame */
};

struct splitter {
	const struct kube_logs_options *options;
	bool (*line)(void *data, const char *stamp, const char *text, size_t len_bytes);
	void *data;
	struct str carry;  /* the beginning of a line whose end has not come yet */
	size_t max_line;   /* of carry */
	size_t missing;	   /* bytes of this line that were cut */
	bool in_long_line; /* its first piece, with its stamp, is gone already */
	bool stopped;
};

/* The length of the time stamp that begins a line, or 0. */
static size_t
stamp_len(const char *text, size_t len)
{
	const char *space = memchr(text, ' ', len < MAX_STAMP ? len : MAX_STAMP);
	size_t n = space ? (size_t)(space - text) : len;

	if (n < 20 || n >= MAX_STAMP || !isdigit((unsigned char)text[0]) || text[4] != '-' ||
	    text[10] != 'T')
		return 0;
	return text[n - 1] == 'Z' || text[n - 6] == '+' || text[n - 6] == '-' ? n : 0;
}

static void
emit(struct splitter *s, const char *text, size_t len, bool ends_line)
{
	char stamp[MAX_STAMP] = "";
	size_t n = s->in_long_line ? 0 : stamp_len(text, len);

	if (n) {
		memcpy(stamp, text, n);
		stamp[n] = '\0';
		n += n < len; /* the space after it */
	}
	s->in_long_line = !ends_line;
	if (!s->line(s->data, stamp, text + n, len - n))
		s->stopped = true;
	if (s->missing)
		s->options->cut(s->data, s->missing);
	s->missing = 0;
}

/* The line in carry is complete, or as long as a piece may be. */
static void
emit_carry(struct splitter *s, bool ends_line)
{
	emit(s, str_cstr(&s->carry), s->carry.len, ends_line);
	str_clear(&s->carry);
}

/* Takes what comes before the next LF; whole lines are passed on where they lie, without a copy. */
static size_t
take(struct splitter *s, const char *bytes, size_t len)
{
	const char *end = memchr(bytes, '\n', len);
	size_t n = end ? (size_t)(end - bytes) : len;
	size_t room = s->max_line - s->carry.len;

	if (end && s->carry.len == 0 && n <= room) {
		emit(s, bytes, n, true);
		return n + 1;
	}
	if (n > room && !s->options->cut) {
		str_append_bytes(&s->carry, bytes, room);
		emit_carry(s, false);
		return room;
	}
	str_append_bytes(&s->carry, bytes, n < room ? n : room);
	s->missing += n < room ? 0 : n - room;
	if (end)
		emit_carry(s, true);
	return n + (end != NULL);
}

static bool
on_data(void *data, const char *bytes, size_t len_bytes)
{
	struct splitter *s = data;

	while (len_bytes > 0 && !s->stopped) {
		size_t taken = take(s, bytes, len_bytes);

		bytes += taken;
		len_bytes -= taken;
	}
	if (s->options->pause)
		s->options->pause(s->data);
	return !s->stopped;
}

/* What came after the last LF: part of the log, also where the stream broke, unless it comes again. */
static void
finish(struct splitter *s, bool broken)
{
	bool again = s->options->resumes && (broken || s->options->follow);

	if (s->carry.len > 0 && !s->stopped && !again) {
		emit_carry(s, true);
		if (s->options->pause)
			s->options->pause(s->data);
	}
	str_release(&s->carry);
}

static void
append_parameter(struct str *query, const char *name, const char *value)
{
	char *encoded = http_encode(value);

	str_printf(query, "&%s=%s", name, encoded);
	free(encoded);
}

static char *
build_query(const struct kube_logs_options *options)
{
	struct str query = STR_INIT;

	str_append(&query, "timestamps=true");
	if (options->container)
		append_parameter(&query, "container", options->container);
	if (options->follow)
		str_append(&query, "&follow=true");
	if (options->previous)
		str_append(&query, "&previous=true");
	if (options->tail_lines >= 0)
		str_printf(&query, "&tailLines=%lld", (long long)options->tail_lines);
	if (options->since_time)
		append_parameter(&query, "sinceTime", options->since_time);
	return str_take(&query);
}

static char *
build_path(const struct kube_logs_options *options)
{
	char *ns = http_encode(options->ns), *pod = http_encode(options->pod);
	char *path = xasprintf("/api/v1/namespaces/%s/pods/%s/log", ns, pod);

	free(ns);
	free(pod);
	return path;
}

int
kube_logs(struct kube_client *client, const struct kube_logs_options *options,
	  bool (*line)(void *data, const char *stamp, const char *text, size_t len_bytes),
	  void *data, const struct cancel *cancel, struct err *e)
{
	struct splitter splitter = {
		.options = options,
		.line = line,
		.data = data,
		.max_line = options->cut ? options->max_line_bytes : MAX_LINE,
	};
	char *path = build_path(options), *query = build_query(options);
	struct kube_request request = {
		.method = "GET",
		.path = path,
		.query = query,
		.accept = "*/*",
		.timeout_ms = -1,
		.idle_timeout_ms =
			options->follow ? options->idle_timeout_ms : READ_IDLE_TIMEOUT_MS,
		.on_data = on_data,
		.gather_ms = options->follow ? GATHER_MS : 0,
		.data = &splitter,
		.cancel = cancel,
	};
	int rc = kube_request(client, &request, NULL, NULL, e);

	finish(&splitter, rc < 0);
	free(path);
	free(query);
	return rc;
}
