/*
 * An API server's pods, watches and logs, as fast or as slow as a benchmark wants them: over TLS, with
 * time stamps as a kubelet's, so that a client can be measured without a cluster being the bottleneck.
 *
 * usage: server CERT KEY PODS EVENTS_PER_S LINES LINES_PER_S CUT_EVERY
 *
 * PODS pods in the namespace "bench", labelled app=bench. A watch brings EVENTS_PER_S changes of them.
 * Each pod's log begins when it is first read and has LINES numbered lines, LINES_PER_S of them a second (0:
 * as many as can be sent); after about CUT_EVERY lines (0: never) the connection is cut in the middle of
 * one. Prints its port, and ends with its standard input.
 */
#include "config.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"

enum {
	BLOCK_BYTES = 64 << 10,
	PAUSE_NS = 2000000,
	LINES_A_STAMP = 3, /* several lines share a time stamp, as they do in life */
	STAMP_STEP_NS = 30000,
	PADDING_BYTES = 96,
	NOTES_BYTES = 900,   /* annotations of a pod in life */
	FIELDS_BYTES = 3600, /* managed fields */
};

static unsigned pods, events_per_s, lines_per_s, cut_every;
static uint64_t lines;
static char notes[NOTES_BYTES + 1], line_padding[PADDING_BYTES + 1];
static struct str managed_fields;
static int64_t base_s;

/* The log of one pod; it begins when somebody reads it first. */
struct log_state {
	atomic_llong started_ms; /* 0: not yet */
	atomic_bool done;
};
static struct log_state *logs;

/* One answer that is being sent. */
struct stream {
	struct log_state *log;
	unsigned seed;
	int64_t started_ms;
	uint64_t next;	/* line or event to send */
	uint64_t until; /* cut here; 0: nowhere */
	uint64_t end;	/* the line after the last one; not followed: of those there now */
	bool with_stamps, with_columns, with_objects, is_cut;
};

static const char columns[] =
	"[{\"name\":\"Name\",\"type\":\"string\",\"format\":\"name\",\"priority\":0},"
	"{\"name\":\"Ready\",\"type\":\"string\",\"priority\":0},"
	"{\"name\":\"Status\",\"type\":\"string\",\"priority\":0},"
	"{\"name\":\"Restarts\",\"type\":\"integer\",\"priority\":0},"
	"{\"name\":\"Age\",\"type\":\"string\",\"priority\":0},"
	"{\"name\":\"IP\",\"type\":\"string\",\"priority\":1},"
	"{\"name\":\"Node\",\"type\":\"string\",\"priority\":1}]";

static void
pause_briefly(void)
{
	struct timespec pause = { .tv_nsec = PAUSE_NS };

	nanosleep(&pause, NULL);
}

static enum MHD_Result
answer(struct MHD_Connection *connection, unsigned code, struct str *body)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	MHD_add_response_header(response, "Content-Type", "application/json");
	result = MHD_queue_response(connection, code, response);
	MHD_destroy_response(response);
	str_release(body);
	return result;
}

static enum MHD_Result
answer_text(struct MHD_Connection *connection, unsigned code, const char *text)
{
	struct str body = STR_INIT;

	str_append(&body, text);
	return answer(connection, code, &body);
}

/* ---- pods ---- */

/* Who set which field, as a server notes it: most of what a pod's metadata are. */
static void
make_managed_fields(void)
{
	str_append(&managed_fields,
		   "[{\"manager\":\"bench\",\"operation\":\"Update\",\"apiVersion\":\"v1\","
		   "\"time\":\"2026-01-01T00:00:00Z\",\"fieldsType\":\"FieldsV1\","
		   "\"fieldsV1\":{\"f:spec\":{");
	for (int i = 0; managed_fields.len < FIELDS_BYTES; i++)
		str_printf(&managed_fields,
			   "%s\"k:{\\\"name\\\":\\\"SETTING_%d\\\"}\":{\".\":{},"
			   "\"f:name\":{},\"f:value\":{}}",
			   i ? "," : "", i);
	str_append(&managed_fields, "}}}]");
}

static void
append_metadata(struct str *out, unsigned pod, uint64_t version)
{
	str_printf(out,
		   "{\"name\":\"pod-%06u\",\"namespace\":\"bench\",\"uid\":\"uid-%06u\","
		   "\"resourceVersion\":\"%llu\",\"creationTimestamp\":\"2026-01-01T00:00:00Z\","
		   "\"labels\":{\"app\":\"bench\"},\"annotations\":{\"note\":\"%s\"},"
		   "\"managedFields\":%s}",
		   pod, pod, (unsigned long long)(1000 + version), notes,
		   str_cstr(&managed_fields));
}

static void
append_pod(struct str *out, unsigned pod, uint64_t version)
{
	bool done = atomic_load(&logs[pod].done);

	str_append(out, "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":");
	append_metadata(out, pod, version);
	str_printf(out,
		   ",\"spec\":{\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"main\","
		   "\"image\":\"bench\"}]},\"status\":{\"phase\":\"%s\",\"containerStatuses\":["
		   "{\"name\":\"main\",\"ready\":true,\"restartCount\":0,\"image\":\"bench\","
		   "\"imageID\":\"\",\"containerID\":\"bench://%u\",\"state\":{\"%s\":"
		   "{\"exitCode\":0,\"startedAt\":\"2026-01-01T00:00:00Z\"}}}]}}",
		   done ? "Succeeded" : "Running", pod, done ? "terminated" : "running");
}

/* `include` as the request has it: "None", "Metadata" (also NULL), "Object". */
static void
append_row(struct str *out, unsigned pod, uint64_t version, const char *include)
{
	str_printf(
		out,
		"{\"cells\":[\"pod-%06u\",\"1/1\",\"Running\",%llu,\"3d\",\"10.0.0.1\",\"node-1\"],"
		"\"object\":",
		pod, (unsigned long long)version);
	if (str_equal(include, "None")) {
		str_append(out, "null}");
	} else if (str_equal(include, "Object")) {
		append_pod(out, pod, version);
		str_append(out, "}");
	} else {
		str_append(out, "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":"
				"\"meta.k8s.io/v1\",\"metadata\":");
		append_metadata(out, pod, version);
		str_append(out, "}}");
	}
}

static enum MHD_Result
answer_list(struct MHD_Connection *connection)
{
	const char *include =
		MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "includeObject");
	struct str body = STR_INIT;

	str_printf(&body,
		   "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":"
		   "{\"resourceVersion\":\"1000\"},\"columnDefinitions\":%s,\"rows\":[",
		   columns);
	for (unsigned pod = 0; pod < pods; pod++) {
		if (pod)
			str_append_char(&body, ',');
		append_row(&body, pod, 0, include);
	}
	str_append(&body, "]}\n");
	return answer(connection, MHD_HTTP_OK, &body);
}

static enum MHD_Result
answer_pod(struct MHD_Connection *connection, unsigned pod)
{
	struct str body = STR_INIT;

	append_pod(&body, pod, 0);
	str_append_char(&body, '\n');
	return answer(connection, MHD_HTTP_OK, &body);
}

/* ---- streams ---- */

static size_t
append_event(struct stream *s, char *buffer, size_t max)
{
	struct str event = STR_INIT;
	unsigned pod = (unsigned)rand_r(&s->seed) % pods;
	size_t len;

	str_printf(&event,
		   "{\"type\":\"MODIFIED\",\"object\":{\"kind\":\"Table\",\"apiVersion\":"
		   "\"meta.k8s.io/v1\",\"metadata\":{\"resourceVersion\":\"%llu\"},"
		   "\"columnDefinitions\":%s,\"rows\":[",
		   (unsigned long long)(1000 + s->next), s->with_columns ? columns : "null");
	append_row(&event, pod, s->next, s->with_objects ? "Object" : "Metadata");
	str_append(&event, "]}}\n");
	len = event.len <= max ? event.len : 0;
	if (len)
		memcpy(buffer, event.data, len);
	str_release(&event);
	return len;
}

static ssize_t
read_watch(void *data, uint64_t position, char *buffer, size_t max)
{
	struct stream *s = data;
	size_t used = 0;

	(void)position;
	while (used == 0) {
		uint64_t due = (uint64_t)(clock_mono_ms() - s->started_ms) * events_per_s / 1000;

		while (s->next < due) {
			size_t len = append_event(s, buffer + used, max - used);

			if (len == 0)
				return (ssize_t)used;
			used += len;
			s->with_columns = false;
			s->next++;
		}
		if (used == 0)
			pause_briefly();
	}
	return (ssize_t)used;
}

/* The time stamp of a line: three lines each share one, and a second holds a hundred thousand. */
static int
format_stamp(uint64_t line, char *out, size_t size)
{
	uint64_t ns = line / LINES_A_STAMP * STAMP_STEP_NS;
	time_t s = (time_t)(base_s + (int64_t)(ns / 1000000000));
	struct tm utc;

	gmtime_r(&s, &utc);
	return snprintf(out, size, "%04d-%02d-%02dT%02d:%02d:%02d.%09lluZ ", utc.tm_year + 1900,
			utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
			(unsigned long long)(ns % 1000000000));
}

/* The first line of the second that a stamp lies in: a server cuts sinceTime to that. */
static uint64_t
first_since(const char *since)
{
	int64_t ms;

	if (!since || clock_parse_utc(since, &ms) < 0 || ms / 1000 <= base_s)
		return 0;
	return (uint64_t)(ms / 1000 - base_s) * (1000000000 / STAMP_STEP_NS) * LINES_A_STAMP;
}

static uint64_t
lines_due(const struct stream *s)
{
	int64_t started_ms = atomic_load(&s->log->started_ms);
	uint64_t due;

	if (!lines_per_s)
		return lines;
	due = (uint64_t)(clock_mono_ms() - started_ms) * lines_per_s / 1000;
	return due < lines ? due : lines;
}

static size_t
append_line(const struct stream *s, char *buffer)
{
	int len = s->with_stamps ? format_stamp(s->next, buffer, 64) : 0;

	return (size_t)len + (size_t)snprintf(buffer + len, 32 + PADDING_BYTES, "line %llu %s\n",
					      (unsigned long long)s->next, line_padding);
}

static ssize_t
read_log(void *data, uint64_t position, char *buffer, size_t max)
{
	enum { LONGEST = 64 + 32 + PADDING_BYTES };
	struct stream *s = data;
	size_t used = 0;

	(void)position;
	if (s->is_cut)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	while (used == 0) {
		uint64_t due = lines_due(s) < s->end ? lines_due(s) : s->end;

		while (s->next < due && used + LONGEST <= max &&
		       (!s->until || s->next < s->until)) {
			used += append_line(s, buffer + used);
			s->next++;
		}
		if (s->until && s->next >= s->until && used > 20) {
			s->is_cut = true;
			return (ssize_t)used - 20; /* in the middle of a line */
		}
		if (used == 0 && s->next >= s->end) {
			if (s->end == lines)
				atomic_store(&s->log->done, true);
			return MHD_CONTENT_READER_END_OF_STREAM;
		}
		if (used == 0)
			pause_briefly();
	}
	return (ssize_t)used;
}

static enum MHD_Result
answer_stream(struct MHD_Connection *connection, struct stream *s, MHD_ContentReaderCallback reader,
	      const char *type)
{
	struct MHD_Response *response =
		MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, reader, s, free);
	enum MHD_Result result;

	MHD_add_response_header(response, "Content-Type", type);
	result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
answer_watch(struct MHD_Connection *connection)
{
	struct stream *s;

	if (MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "resourceVersionMatch"))
		return answer_text(
			connection, 422,
			"{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"Invalid\","
			"\"message\":\"resourceVersionMatch is forbidden for watch\","
			"\"code\":422}\n");
	s = xcalloc(1, sizeof(*s));
	s->started_ms = clock_mono_ms();
	s->with_columns = true;
	s->with_objects = str_equal(
		MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "includeObject"),
		"Object");
	return answer_stream(connection, s, read_watch, "application/json");
}

static enum MHD_Result
answer_log(struct MHD_Connection *connection, unsigned pod)
{
	static atomic_uint seeds;
	struct stream *s = xcalloc(1, sizeof(*s));
	long long never = 0;
	bool is_new;
	const char *tail =
		MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "tailLines");

	s->log = &logs[pod];
	s->seed = atomic_fetch_add(&seeds, 1) * 7919 + 1;
	s->with_stamps = str_equal(
		MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "timestamps"),
		"true");
	is_new = atomic_compare_exchange_strong(&s->log->started_ms, &never, clock_mono_ms());
	s->next = first_since(
		MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "sinceTime"));
	/* of a log without a rate there is no past when it is first read */
	if (tail && lines_per_s && lines_due(s) > strtoull(tail, NULL, 10))
		s->next = lines_due(s) - strtoull(tail, NULL, 10);
	s->end = lines;
	if (!str_equal(MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "follow"),
		       "true"))
		s->end = is_new ? 0 : lines_due(s);
	else if (cut_every)
		s->until = lines_due(s) + 1 + (uint64_t)rand_r(&s->seed) % (2 * cut_every);
	return answer_stream(connection, s, read_log, "text/plain");
}

static enum MHD_Result
answer_request(void *data, struct MHD_Connection *connection, const char *url, const char *method,
	       const char *version, const char *upload, size_t *upload_len, void **state)
{
	unsigned pod;
	char rest[8] = "";

	(void)data, (void)method, (void)version, (void)upload, (void)upload_len, (void)state;
	if (str_equal(url, "/api"))
		return answer_text(connection, 200,
				   "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"]}\n");
	if (str_equal(url, "/apis"))
		return answer_text(
			connection, 200,
			"{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[]}\n");
	if (str_equal(url, "/api/v1"))
		return answer_text(
			connection, 200,
			"{\"kind\":\"APIResourceList\",\"groupVersion\":\"v1\",\"resources\":[{"
			"\"name\":\"pods\",\"singularName\":\"\",\"namespaced\":true,\"kind\":"
			"\"Pod\",\"verbs\":[\"get\",\"list\",\"watch\"]}]}\n");
	if (str_equal(url, "/api/v1/namespaces/bench/pods"))
		return MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "watch")
			       ? answer_watch(connection)
			       : answer_list(connection);
	if (sscanf(url, "/api/v1/namespaces/bench/pods/pod-%6u%7s", &pod, rest) >= 1 &&
	    pod < pods && (!*rest || str_equal(rest, "/log")))
		return *rest ? answer_log(connection, pod) : answer_pod(connection, pod);
	return answer_text(connection, 404,
			   "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"NotFound\","
			   "\"message\":\"there is no such thing\",\"code\":404}\n");
}

static void
read_pem(const char *path, struct str *out)
{
	struct err e = ERR_INIT;

	if (file_read(path, 1 << 20, out, &e) == 0)
		return;
	fprintf(stderr, "server: %s\n", e.message);
	exit(1);
}

int
main(int argc, char **argv)
{
	struct str certificate = STR_INIT, key = STR_INIT;
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct MHD_Daemon *daemon;
	char byte;

	if (argc != 8) {
		fprintf(stderr, "usage: server CERT KEY PODS EVENTS_PER_S LINES LINES_PER_S "
				"CUT_EVERY\n");
		return 2;
	}
	read_pem(argv[1], &certificate);
	read_pem(argv[2], &key);
	pods = (unsigned)strtoul(argv[3], NULL, 10);
	events_per_s = (unsigned)strtoul(argv[4], NULL, 10);
	lines = strtoull(argv[5], NULL, 10);
	lines_per_s = (unsigned)strtoul(argv[6], NULL, 10);
	cut_every = (unsigned)strtoul(argv[7], NULL, 10);
	logs = xcalloc(pods, sizeof(*logs));
	base_s = clock_wall_ms() / 1000;
	memset(notes, 'n', NOTES_BYTES);
	make_managed_fields();
	memset(line_padding, 'x', PADDING_BYTES);
	daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
					  MHD_USE_POLL | MHD_USE_TLS,
				  0, NULL, NULL, answer_request, NULL, MHD_OPTION_SOCK_ADDR,
				  &address, MHD_OPTION_HTTPS_MEM_CERT, str_cstr(&certificate),
				  MHD_OPTION_HTTPS_MEM_KEY, str_cstr(&key),
				  MHD_OPTION_HTTPS_PRIORITIES, "NORMAL", MHD_OPTION_END);
	if (!daemon) {
		fprintf(stderr, "server: it could not be started\n");
		return 1;
	}
	printf("%u\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	_exit(0); /* streams without an end are under way */
}
