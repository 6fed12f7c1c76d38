#ifndef LIFEBOAT_TESTS_FIXTURE_WRITTEN_H
#define LIFEBOAT_TESTS_FIXTURE_WRITTEN_H

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/state/record.h"

/* A journal that is written by hand, record by record, as another process would. */
struct written {
	char *folder;
	int fd;
	char run_id[64];
	int64_t seq, ts_ms;
	char head[DIGEST_HEX_MAX];
};

static const char written_run[] =
	"{'runbook':{'id':'restore','title':'Restore it','version':'1.0.0','sha256':'ab'},"
	"'mode':'live','operator':'ana','host':'db1','pid':4711,'program':'lifeboat','params':{},"
	"'targets':[],'steps':["
	"{'id':'look','title':'Look','for_each':false,'estimate_ms':0},"
	"{'id':'change','title':'Change','for_each':false,'estimate_ms':0}]}";
static const char written_preflight[] = "{'checks':[]}";
static const char written_plan[] =
	"{'step':'look','uses':'test.read','effect':'changes','confirm':'ask','preview':[]}";
static const char written_intent[] = "{'step':'look','attempt':1,'by':'ana'}";
static const char written_outcome[] = "{'step':'look','status':'ok'}";
static const char written_end[] =
	"{'id':'recovered','title':'Recovered','failed':false,'by':'ana'}";

static inline void
written_hold(const struct written *w, bool held)
{
	struct flock lock = { .l_type = held ? F_WRLCK : F_UNLCK, .l_whence = SEEK_SET };

	assert_int_equal(fcntl(w->fd, F_OFD_SETLK, &lock), 0);
}

/* An empty journal in a new folder, held. */
static inline struct written
written_begin(const char *folder)
{
	struct written w = { .folder = xstrdup(folder), .ts_ms = 1795269600000 };
	char *path = xasprintf("%s/journal.jsonl", folder);

	snprintf(w.run_id, sizeof(w.run_id), "%s", strrchr(folder, '/') + 1);
	assert_int_equal(mkdir(folder, 0700), 0);
	w.fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	assert_true(w.fd >= 0);
	written_hold(&w, true);
	free(path);
	return w;
}

/* Lets it go, as a process does that dies. */
static inline void
written_release(struct written *w)
{
	if (w->fd >= 0)
		close(w->fd);
	free(w->folder);
}

static inline void
written_bytes(const struct written *w, const char *bytes, size_t len_bytes)
{
	assert_int_equal(write(w->fd, bytes, len_bytes), (ssize_t)len_bytes);
}

/* The line of the record that follows; data with ' for ". The record counts as written. */
static inline struct str
written_line(struct written *w, enum record_type type, const char *data)
{
	char *text = xstrdup(data);
	struct str line = STR_INIT;

	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	cJSON *object = cJSON_Parse(text);
	assert_non_null(object);
	struct record *record = record_new(w->seq, w->ts_ms + w->seq, w->run_id, type, object,
					   w->seq ? w->head : NULL);
	record_format(record, &line);
	memcpy(w->head, record->hash, sizeof(w->head));
	w->seq++;
	record_free(record);
	free(text);
	return line;
}

static inline void
written_record(struct written *w, enum record_type type, const char *data)
{
	struct str line = written_line(w, type, data);

	written_bytes(w, line.data, line.len);
	str_release(&line);
}

/* Up to the first step, which runs: four records. */
static inline void
written_to_running(struct written *w)
{
	written_record(w, RECORD_RUN, written_run);
	written_record(w, RECORD_PREFLIGHT, written_preflight);
	written_record(w, RECORD_PLAN, written_plan);
	written_record(w, RECORD_INTENT, written_intent);
}

/* More of the output of the step that an intent began. */
static inline void
written_output(const struct written *w, int64_t intent_seq, const char *text)
{
	char *folder = xasprintf("%s/out", w->folder);
	char *path = xasprintf("%s/%06lld", folder, (long long)intent_seq);

	mkdir(folder, 0700);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	free(path);
	free(folder);
}

#endif
