#include "config.h"

#include "drill/drill.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/libexec.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "drill/drill_internal.h"

enum {
	READY_MS = 120000, /* on a loaded machine; PostgreSQL is initialised meanwhile */
	END_MS = 20000,	   /* before it is killed */
	LOOK_MS = 10,	   /* between its last word and its end */
	LINE_MAX_BYTES = 8 << 20,
	LAST_WORDS = 500, /* bytes of its standard error */
};

extern char **environ;

/* ---- the program ---- */

struct words {
	char **items;
	size_t count, cap;
};

static void
add_word(struct words *words, char *word)
{
	*VEC_PUSH(words->items, words->count, words->cap) = word;
}

static struct words
make_words(const struct drill_options *o, const char *program)
{
	struct words words = { 0 };

	add_word(&words, xstrdup(program));
	for (size_t i = 0; o->variants && o->variants[i]; i++)
		add_word(&words, xasprintf("--variant=%s", o->variants[i]));
	add_word(&words, xasprintf("--speed=%g", o->speed > 0 ? o->speed : 1.0));
	add_word(&words, xasprintf("--seed=%llu", (unsigned long long)o->seed));
	char *helm = libexec_find("lifeboat-helm", NULL);
	if (helm)
		add_word(&words, xasprintf("--helm=%s", helm));
	free(helm);
	add_word(&words, xstrdup("--"));
	add_word(&words, xstrdup(o->world));
	add_word(&words, NULL);
	return words;
}

static void
words_release(struct words *words)
{
	for (size_t i = 0; i < words->count; i++)
		free(words->items[i]);
	free(words->items);
}

/* In a session of its own: Ctrl-C of the terminal is ours to understand. */
static int
spawn(struct drill *d, char *const *argv, int input, int output, struct err *e)
{
	posix_spawn_file_actions_t actions;
	int rc;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, d->error_fd, STDERR_FILENO);
	rc = libexec_spawn(&d->pid, &actions, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (rc == 0)
		return 0;
	d->pid = 0;
	errno = rc;
	err_errno(e, ERR_IO, "starting the world with %s", argv[0]);
	return err_advise(e, "It belongs to lifeboat: is the installation whole?");
}

static int
start(struct drill *d, const struct drill_options *o, struct err *e)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, rc = -1;
	char *program = o->program ? xstrdup(o->program) : libexec_find("lifeboat-world", e);

	if (!program)
		return -1;
	struct words words = make_words(o, program);
	d->error_fd = memfd_create("world-stderr", MFD_CLOEXEC);
	if (d->error_fd < 0 || pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		err_errno(e, ERR_IO, "making the pipes to the world");
	else
		rc = spawn(d, words.items, in[0], out[1], e);
	if (rc == 0) {
		d->write_fd = in[1];
		d->read_fd = out[0];
		in[1] = out[0] = -1;
		fcntl(d->read_fd, F_SETFL, O_NONBLOCK);
	}
	for (int i = 0; i < 2; i++) {
		if (in[i] >= 0)
			close(in[i]);
		if (out[i] >= 0)
			close(out[i]);
	}
	words_release(&words);
	free(program);
	return rc;
}

/* ---- what it says ---- */

int
drill_fd(const struct drill *d)
{
	return d->read_fd;
}

/* Takes in what is there. */
static void
hear(struct drill *d)
{
	for (;;) {
		ssize_t got = read(d->read_fd, str_reserve(&d->heard, 65536), 65536);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			d->has_ended = got == 0 || errno != EAGAIN;
			return;
		}
		d->heard.len += (size_t)got;
		if (d->heard.len > LINE_MAX_BYTES) { /* no line of the world is so long */
			d->has_ended = true;
			return;
		}
	}
}

/* The first line that is JSON; others are nothing that a world says. */
static cJSON *
take_line(struct drill *d)
{
	const char *end;
	cJSON *message = NULL;

	while (!message && d->heard.len && (end = memchr(d->heard.data, '\n', d->heard.len))) {
		size_t len = (size_t)(end - d->heard.data);

		message = json_parse(d->heard.data, len, NULL);
		str_consume(&d->heard, len + 1);
	}
	return message;
}

cJSON *
drill_next(struct drill *d)
{
	cJSON *message = d->facts ? cJSON_DetachItemFromArray(d->early, 0) : NULL;

	if (!message)
		message = take_line(d);
	if (message || d->has_ended)
		return message;
	hear(d);
	return take_line(d);
}

bool
drill_has_ended(const struct drill *d)
{
	bool has_more = d->heard.len && memchr(d->heard.data, '\n', d->heard.len);

	return d->has_ended && !has_more && cJSON_GetArraySize(d->early) == 0;
}

/* The end of what it wrote to standard error, in one line. */
static void
add_last_words(const struct drill *d, struct err *e)
{
	char bytes[LAST_WORDS + 1];
	off_t size = lseek(d->error_fd, 0, SEEK_END);
	off_t from = size > LAST_WORDS ? size - LAST_WORDS : 0;
	ssize_t got = size > 0 ? pread(d->error_fd, bytes, LAST_WORDS, from) : 0;

	if (got <= 0)
		return;
	while (got > 0 && strchr(" \n", bytes[got - 1]))
		got--;
	bytes[got] = '\0';
	char *clean = text_clean(bytes, TEXT_DROP_SGR);
	err_advise(e, "It said last: %s", clean);
	free(clean);
}

/* Throws away what is there; false: no more will come. */
static bool
ignore(int fd)
{
	char bytes[4096];
	ssize_t got = read(fd, bytes, sizeof(bytes));

	return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

/* Asks it to end, and waits until it has; one that does not is killed. Its exit status, as of waitpid(2). */
static int
end_world(struct drill *d)
{
	int64_t deadline_ms = clock_mono_ms() + END_MS;
	bool is_open = true;
	int status = 0;
	pid_t gone;

	if (d->write_fd >= 0)
		close(d->write_fd);
	d->write_fd = -1;
	while ((gone = waitpid(d->pid, &status, WNOHANG)) == 0 || (gone < 0 && errno == EINTR)) {
		/* what it still has to say must not hold it up */
		struct pollfd fd = { is_open ? d->read_fd : -1, POLLIN, 0 };

		if (clock_mono_ms() >= deadline_ms)
			kill(d->pid, SIGKILL);
		if (poll(&fd, 1, LOOK_MS) > 0)
			is_open = ignore(d->read_fd);
	}
	d->pid = 0;
	return status;
}

static int
explain_end(struct drill *d, const char *when, struct err *e)
{
	int status = end_world(d);

	if (WIFSIGNALED(status))
		err_set(e, ERR_REMOTE, "the world died of signal %d%s", WTERMSIG(status), when);
	else
		err_set(e, ERR_REMOTE, "the world ended with code %d%s", WEXITSTATUS(status), when);
	add_last_words(d, e);
	return -1;
}

int
drill_explain_end(struct drill *d, struct err *e)
{
	return explain_end(d, "", e);
}

/* 1: it is ready; 0: not yet. */
static int
take_message(struct drill *d, const struct drill_options *o, cJSON *message, struct err *e)
{
	const char *type = json_string(message, "type", "");

	if (str_equal(type, "error"))
		return err_set(e, ERR_REMOTE, "%s", json_string(message, "message", "?"));
	if (str_equal(type, "remark") && o->remark) {
		char *text = text_clean(json_string(message, "text", ""), 0);

		o->remark(o->data, text);
		free(text);
	}
	if (str_equal(type, "progress") && o->progress) {
		char *what = text_clean(json_string(message, "what", ""), 0);

		o->progress(o->data, what, (int)json_int(message, "done", 0),
			    (int)json_int(message, "of", 0));
		free(what);
	}
	if (str_equal(type, "told"))
		cJSON_AddItemToArray(d->early, cJSON_Duplicate(message, true));
	if (!str_equal(type, "ready"))
		return 0;
	cJSON_Delete(d->facts);
	d->facts = cJSON_DetachItemFromObjectCaseSensitive(message, "facts");
	if (json_string(d->facts, "folder", NULL) && json_string(d->facts, "prefix", NULL))
		return 1;
	return err_set(e, ERR_REMOTE,
		       "the world does not say where it is: it is of another version");
}

static int
await_more(const struct drill *d, int64_t deadline_ms, struct err *e)
{
	struct pollfd fd = { d->read_fd, POLLIN, 0 };
	int64_t left_ms = deadline_ms - clock_mono_ms();

	if (left_ms <= 0)
		return err_set(e, ERR_TIMEOUT, "the world was not ready within %d s",
			       READY_MS / 1000);
	poll(&fd, 1, (int)left_ms);
	return 0;
}

static int
await_ready(struct drill *d, const struct drill_options *o, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + READY_MS;
	int rc = 0;

	while (rc == 0) {
		cJSON *message = drill_next(d);

		if (message)
			rc = take_message(d, o, message, e);
		else if (d->has_ended)
			rc = explain_end(d, " while it was started", e);
		else
			rc = await_more(d, deadline_ms, e);
		cJSON_Delete(message);
	}
	return rc > 0 ? 0 : -1;
}

int
drill_start(const struct drill_options *options, struct drill **ret_drill, struct err *e)
{
	struct drill *d = xcalloc(1, sizeof(*d));

	d->read_fd = d->write_fd = d->error_fd = -1;
	d->early = cJSON_CreateArray();
	if (start(d, options, e) < 0 || await_ready(d, options, e) < 0) {
		drill_free(d);
		return -1;
	}
	*ret_drill = d;
	return 0;
}

const cJSON *
drill_facts(const struct drill *d)
{
	return d->facts;
}

/* ---- its end ---- */

void
drill_free(struct drill *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->links_count; i++) {
		unlink(d->links[i]);
		free(d->links[i]);
	}
	if (d->pid > 0)
		end_world(d);
	if (d->write_fd >= 0)
		close(d->write_fd);
	if (d->read_fd >= 0)
		close(d->read_fd);
	if (d->error_fd >= 0)
		close(d->error_fd);
	free(d->links);
	str_release(&d->heard);
	cJSON_Delete(d->facts);
	cJSON_Delete(d->early);
	free(d);
}
