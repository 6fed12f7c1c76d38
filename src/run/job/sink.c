#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "run/job/job.h"

enum {
	SINK_MAX_FILE_BYTES = 64 << 20, /* kept of one step's output */
	SINK_MAX_LINE_BYTES = 4 << 10,	/* a longer line goes on in pieces */
	SINK_MAX_QUEUED = 512, /* messages the engine may lag behind before the step must wait */
};

struct sink {
	struct job *job;
	struct redactor *redactor,
		*drawn;	     /* of the bytes, and of what is left of them without colours */
	struct str redacted; /* not yet sanitised: the beginning of a line */
	int fd;		     /* -1: no file could be made, or the limit was reached */
	char *name;	     /* relative to the run's folder; NULL: there is to be no file */
	struct digest *digest;
	size_t bytes;
	bool full;
};

struct sink *
sink_new(struct job *job, int64_t intent_seq)
{
	struct sink *sink = xcalloc(1, sizeof(*sink));

	sink->job = job;
	sink->redactor = redactor_new(job->env->secrets);
	sink->drawn = redactor_new(job->env->secrets);
	sink->fd = -1;
	sink->name = intent_seq < 0 ? NULL : xasprintf("out/%06lld", (long long)intent_seq);
	sink->digest = digest_new();
	return sink;
}

/* The file is made with the first byte: most steps say nothing. */
static void
open_file(struct sink *sink)
{
	char *folder = xasprintf("%s/out", sink->job->env->folder);
	char *path = xasprintf("%s/%s", sink->job->env->folder, sink->name);
	struct err e = ERR_INIT;

	if (file_make_folders(folder, 0700, &e) == 0)
		sink->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	free(folder);
	free(path);
}

static void
keep(struct sink *sink, const char *text, size_t len_bytes)
{
	static const char note[] = "[the output went on; only its beginning is kept]\n";
	struct err e = ERR_INIT;

	if (sink->full || !sink->name)
		return;
	if (sink->bytes == 0)
		open_file(sink);
	if (sink->bytes + len_bytes > SINK_MAX_FILE_BYTES) {
		sink->full = true;
		text = note;
		len_bytes = sizeof(note) - 1;
	}
	if (sink->fd < 0 || file_write_all(sink->fd, text, len_bytes, &e) < 0) {
		sink->full = true;
		return;
	}
	digest_update(sink->digest, text, len_bytes);
	sink->bytes += len_bytes;
}

/* A step that floods must not outrun the engine: it waits here, and a cancel still gets through. */
static void
hold_back(struct sink *sink)
{
	while (queue_len(sink->job->env->inbox) > SINK_MAX_QUEUED &&
	       !cancel_sleep(sink->job->cancel, 5))
		;
}

static void
hand_over(struct sink *sink, struct str *clean, struct sgr looks)
{
	struct message *message;

	if (clean->len == 0) {
		str_release(clean);
		sgr_release(&looks);
		return;
	}
	keep(sink, clean->data, clean->len);
	hold_back(sink);
	message = message_new(MESSAGE_OUTPUT, str_take(clean), NULL);
	message->looks = looks;
	queue_push(sink->job->env->inbox, message);
}

/* A secret that colours were drawn through is whole only without them; where that changes the text, its looks do not fit. */
static void
emit(struct sink *sink, size_t len_bytes)
{
	struct str clean = STR_INIT, passed = STR_INIT;
	struct sgr looks = SGR_INIT;

	text_sanitise_coloured(sink->redacted.data, len_bytes, TEXT_KEEP_NEWLINES, &clean, &looks);
	str_consume(&sink->redacted, len_bytes);
	redactor_push(sink->drawn, str_cstr(&clean), clean.len, &passed);
	if (strcmp(str_cstr(&passed), str_cstr(&clean)) != 0)
		sgr_clear(&looks);
	str_release(&clean);
	hand_over(sink, &passed, looks);
}

/* Whole lines only, so that no character and no escape sequence is cut in two. */
static void
emit_lines(struct sink *sink)
{
	const char *end =
		sink->redacted.len ? memrchr(sink->redacted.data, '\n', sink->redacted.len) : NULL;

	if (end)
		emit(sink, (size_t)(end - sink->redacted.data) + 1);
	if (sink->redacted.len > SINK_MAX_LINE_BYTES)
		emit(sink, sink->redacted.len);
}

void
sink_write(struct sink *sink, const char *bytes, size_t len_bytes)
{
	redactor_push(sink->redactor, bytes, len_bytes, &sink->redacted);
	emit_lines(sink);
}

void
sink_finish(struct sink *sink, cJSON **ret_data)
{
	char hex[DIGEST_HEX_MAX];
	struct str rest = STR_INIT;

	redactor_flush(sink->redactor, &sink->redacted);
	if (sink->redacted.len && sink->redacted.data[sink->redacted.len - 1] != '\n')
		str_append_char(&sink->redacted, '\n');
	if (sink->redacted.len)
		emit(sink, sink->redacted.len);
	redactor_flush(sink->drawn, &rest);
	hand_over(sink, &rest, (struct sgr)SGR_INIT);
	digest_finish(sink->digest, hex);
	*ret_data = cJSON_CreateNull();
	if (sink->fd >= 0) {
		fdatasync(sink->fd);
		close(sink->fd);
		cJSON_Delete(*ret_data);
		*ret_data = cJSON_CreateObject();
		json_add_string(*ret_data, "file", sink->name);
		json_add_string(*ret_data, "sha256", hex);
		json_add_int(*ret_data, "bytes", (int64_t)sink->bytes);
	}
	redactor_free(sink->redactor);
	redactor_free(sink->drawn);
	str_release(&sink->redacted);
	free(sink->name);
	free(sink);
}
