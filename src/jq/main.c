#include "config.h"

#include <errno.h>
#include <jq.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "runbook/expression.h"
#include "runbook/expression_frame.h"

/*
 * lifeboat-jq: the only code that runs jq. jq aborts on some expressions and never ends on others, so it works here, in
 * a process with no environment, no files, little memory and little time, which has never seen what a run keeps
 * secret but in the requests that hold it. It ends when its socket does.
 *
 * All expressions of the runbook become one program, because each compilation costs 20 ms for jq's
 * own library alone: every expression is a function, and a request carries the number of the one to
 * call. expression_scan() has made sure that an expression cannot leave the parentheses it is put
 * in. Names that it does not bind itself are bound to the context's members in front of everything,
 * and what reaches past the input is shadowed (and refused by expression_scan() before).
 */
static const char program_head[] =
	"def env: error(\"env is not available in a runbook\");\n"
	"def input: error(\"input is not available in a runbook\");\n"
	"def inputs: error(\"inputs is not available in a runbook\");\n"
	"def debug: error(\"debug is not available in a runbook\");\n"
	"def stderr: error(\"stderr is not available in a runbook\");\n"
	"def input_filename: error(\"input_filename is not available in a runbook\");\n"
	"def input_line_number: error(\"input_line_number is not available in a runbook\");\n"
	"def halt: error(\"halt is not available in a runbook\");\n"
	"def halt_error: error(\"halt_error is not available in a runbook\");\n"
	"def halt_error($code): error(\"halt_error is not available in a runbook\");\n"
	"def modulemeta: error(\"modulemeta is not available in a runbook\");\n"
	". as $__lifeboat_in |\n";

enum {
	CPU_SECONDS = 10, /* for one request; the parent's deadline is shorter */
	MEMORY_MIB = 256,
	ALONE_MAX = 32, /* programs of one expression to keep */
};

/* An expression that was not among the first ones, with its program. */
struct alone {
	char *text;
	jq_state *jq;
};

/* Expressions as a frame lists them. */
struct texts {
	const char **items; /* of the list */
	size_t count;
	jv list;
};

struct server {
	struct texts set;   /* what it began with */
	jq_state *combined; /* NULL: each is compiled alone when first asked for */
	struct alone alone[ALONE_MAX];
	size_t next_alone;
};

static void
limit(__rlimit_resource_t resource, rlim_t soft)
{
	struct rlimit old;

	if (getrlimit(resource, &old) == 0 && soft <= old.rlim_max)
		setrlimit(resource, &(struct rlimit){ soft, old.rlim_max });
}

/* The sanitisers map terabytes and end the process when they may not. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static void
limit_memory(void)
{
	FILE *statm = fopen("/proc/self/statm", "re");
	unsigned long pages;

	if (statm && fscanf(statm, "%lu", &pages) == 1)
		limit(RLIMIT_AS,
		      (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + ((rlim_t)MEMORY_MIB << 20));
	if (statm)
		fclose(statm);
}
#else
static void
limit_memory(void)
{
}
#endif

/* The limit counts from jq's beginning, and each request has its own seconds. */
static void
limit_cpu(void)
{
	struct rusage used;

	if (getrusage(RUSAGE_SELF, &used) == 0)
		limit(RLIMIT_CPU,
		      (rlim_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec + CPU_SECONDS));
}

static void
seal(void)
{
	limit_memory();
	limit_cpu();
	limit(RLIMIT_CORE, 0); /* an image of it would hold the run's secrets */
	limit(RLIMIT_NOFILE, 0);
}

static void
send_all(const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(EXPRESSION_SOCKET, bytes, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(0);
		bytes += n;
		len -= (size_t)n;
	}
}

static void
receive_all(char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = recv(EXPRESSION_SOCKET, bytes, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(0);
		bytes += n;
		len -= (size_t)n;
	}
}

static void
answer(enum frame_kind kind, const char *bytes, size_t len)
{
	uint32_t len32 = (uint32_t)len;
	char head[FRAME_HEAD_BYTES] = { (char)kind };

	memcpy(head + 1, &len32, sizeof(len32));
	send_all(head, sizeof(head));
	send_all(bytes, len);
}

static void
answer_error(const char *message)
{
	answer(FRAME_ERROR, message, strnlen(message, ERR_MESSAGE_MAX));
}

static void
out_of_memory(void *data)
{
	static const char text[] = "needs more than 256 MiB of memory";

	_Static_assert(MEMORY_MIB == 256, "the message names it");
	(void)data;
	answer(FRAME_LAST_WORDS, text, sizeof(text) - 1);
	_exit(0);
}

static void
cut_at(char *text, const char *tail)
{
	char *at = strstr(text, tail);

	if (at)
		*at = '\0';
}

/* jq's messages name itself, the place in our program, and, wrongly, shell quoting. */
static void
append_tidy(struct str *out, const char *message)
{
	static const char prefix[] = "jq: error: ", end[] = "$end";
	char *text, *at;

	message += str_starts_with(message, prefix) ? sizeof(prefix) - 1 : 0;
	text = xstrndup(message, strnlen(message, ERR_MESSAGE_MAX));
	cut_at(text, " (Unix shell quoting");
	cut_at(text, " at <top-level>");
	at = strstr(text, end);
	if (at)
		str_printf(out, "%.*sthe end of the expression%s", (int)(at - text), text,
			   at + sizeof(end) - 1);
	else
		str_append(out, text);
	free(text);
}

/* The first message tells what is wrong; those after it count the errors. */
static void
keep_message(void *data, jv message)
{
	struct str *out = data;

	if (jv_get_kind(message) != JV_KIND_STRING)
		message = jv_dump_string(message, 0);
	if (out->len == 0)
		append_tidy(out, jv_string_value(message));
	jv_free(message);
}

static jq_state *
compile(const char *source, struct str *message)
{
	jq_state *jq = jq_init();

	if (!jq)
		_exit(1);
	jq_set_attr(jq, jv_string("JQ_LIBRARY_PATH"), jv_array());
	jq_set_nomem_handler(jq, out_of_memory, NULL);
	jq_set_error_cb(jq, keep_message, message);
	if (!jq_compile(jq, source))
		jq_teardown(&jq);
	else
		jq_set_error_cb(jq, NULL, NULL);
	return jq;
}

struct binder {
	struct str *source;
	struct str seen; /* "\nname\n" of each that is bound already */
};

static void
bind_name(void *data, const char *name, size_t offset)
{
	struct binder *binder = data;
	char *key = xasprintf("\n%s\n", name);

	(void)offset;
	if (!strstr(str_cstr(&binder->seen), key)) {
		str_append(&binder->seen, key);
		str_printf(binder->source, "$__lifeboat_in.context[\"%s\"] as $%s |\n", name, name);
	}
	free(key);
}

/* Appends the head of a program, with the names that its expressions use bound to the context. */
static void
begin_program(struct str *source, const char *const *texts, size_t count)
{
	struct binder binder = { source, STR_INIT };

	str_append(source, program_head);
	for (size_t i = 0; i < count; i++)
		expression_variables(texts[i], bind_name, &binder);
	str_release(&binder.seen);
}

/* Messages about an expression alone should not speak of brackets of ours, so it gets none. */
static jq_state *
compile_alone(const char *text, struct str *message)
{
	struct str source = STR_INIT;
	jq_state *jq;

	begin_program(&source, &text, 1);
	str_printf(&source, "$__lifeboat_in.input |\n%s\n", text);
	jq = compile(str_cstr(&source), message);
	str_release(&source);
	return jq;
}

static void
append_choice(struct str *source, size_t first, size_t count)
{
	if (count == 1) {
		str_printf(source, "__lifeboat_%zu", first);
		return;
	}
	str_printf(source, "(if $__lifeboat_which < %zu then ", first + count / 2);
	append_choice(source, first, count / 2);
	str_append(source, " else ");
	append_choice(source, first + count / 2, count - count / 2);
	str_append(source, " end)");
}

static jq_state *
compile_combined(const char *const *texts, size_t count, struct str *message)
{
	struct str source = STR_INIT;
	jq_state *jq;

	begin_program(&source, texts, count);
	for (size_t i = 0; i < count; i++)
		str_printf(&source, "def __lifeboat_%zu: (%s\n);\n", i, texts[i]);
	str_append(&source, "$__lifeboat_in.which as $__lifeboat_which | $__lifeboat_in.input |\n");
	append_choice(&source, 0, count);
	jq = compile(str_cstr(&source), message);
	str_release(&source);
	return jq;
}

/* A compiled program for one of the others; the oldest gives way. */
static jq_state *
find_alone(struct server *server, const char *text, struct str *message)
{
	struct alone *slot = &server->alone[server->next_alone];

	for (size_t i = 0; i < ALONE_MAX; i++)
		if (str_equal(server->alone[i].text, text))
			return server->alone[i].jq;
	if (slot->jq)
		jq_teardown(&slot->jq);
	free(slot->text);
	*slot = (struct alone){ NULL, compile_alone(text, message) };
	if (!slot->jq)
		return NULL;
	slot->text = xstrdup(text);
	server->next_alone = (server->next_alone + 1) % ALONE_MAX;
	return slot->jq;
}

/* Finds the program for a request, and adds to the request which of its expressions is meant. */
static jq_state *
find_program(struct server *server, jv *request, struct str *message)
{
	jv text = jv_object_get(jv_copy(*request), jv_string("text"));
	const struct texts *set = &server->set;
	jq_state *jq = server->combined;
	size_t i = 0;

	while (jq && i < set->count && strcmp(set->items[i], jv_string_value(text)) != 0)
		i++;
	if (jq && i < set->count)
		*request = jv_object_set(*request, jv_string("which"), jv_number((double)i));
	else
		jq = find_alone(server, jv_string_value(text), message);
	jv_free(text);
	return jq;
}

/* Whether JSON text has \u0000 in it, which would cut a C string short. */
static bool
holds_nul(const char *json)
{
	for (; (json = strchr(json, '\\')) != NULL; json += 2)
		if (strncmp(json, "\\u0000", 6) == 0)
			return true;
	return false;
}

static void
answer_value(jv value)
{
	jv dumped = jv_dump_string(value, 0);
	size_t len = (size_t)jv_string_length_bytes(jv_copy(dumped));

	if (len > FRAME_MAX_BYTES)
		answer_error("the result is larger than 16 MiB");
	else if (holds_nul(jv_string_value(dumped)))
		answer_error("the result has a NUL character in it, which no value can hold");
	else
		answer(FRAME_VALUE, jv_string_value(dumped), len);
	jv_free(dumped);
}

static void
answer_failure(jv failed)
{
	jv message = jv_invalid_get_msg(failed);

	if (jv_get_kind(message) != JV_KIND_STRING)
		message = jv_dump_string(message, 0);
	answer_error(jv_string_value(message));
	jv_free(message);
}

static void
serve_evaluate(struct server *server, const struct str *payload)
{
	jv request = jv_parse_sized(payload->data, (int)payload->len), result;
	struct str message = STR_INIT;
	jq_state *jq;

	if (!jv_is_valid(request)) {
		answer_failure(request);
		return;
	}
	jq = find_program(server, &request, &message);
	if (!jq) {
		answer_error(str_cstr(&message));
		jv_free(request);
	} else {
		jq_start(jq, request, 0);
		result = jq_next(jq);
		if (jv_is_valid(result))
			answer_value(result);
		else if (jv_invalid_has_msg(jv_copy(result)))
			answer_failure(result);
		else
			answer(FRAME_VALUE, "null", 4);
		jq_start(jq, jv_null(), 0); /* lets go of the request */
	}
	str_release(&message);
}

static struct texts
parse_texts(const struct str *payload)
{
	struct texts texts = { .list = jv_parse_sized(payload->data, (int)payload->len) };

	texts.count = (size_t)jv_array_length(jv_copy(texts.list));
	texts.items = xcalloc(texts.count + 1, sizeof(*texts.items));
	for (size_t i = 0; i < texts.count; i++) {
		jv text = jv_array_get(jv_copy(texts.list), (int)i);

		texts.items[i] = jv_string_value(text); /* which the list keeps */
		jv_free(text);
	}
	return texts;
}

static void
texts_release(struct texts *texts)
{
	free(texts->items);
	jv_free(texts->list);
}

static void
serve_begin(struct server *server, const struct str *payload)
{
	struct str message = STR_INIT;

	server->set = parse_texts(payload);
	if (server->set.count > 0)
		server->combined = compile_combined(server->set.items, server->set.count, &message);
	answer(FRAME_READY, message.len ? message.data : "", message.len);
	str_release(&message);
}

/* Compiles the expressions of a request together and tells whether that works. */
static void
serve_compile(const struct str *payload)
{
	struct texts texts = parse_texts(payload);
	struct str message = STR_INIT;
	jq_state *jq = texts.count == 1 ? compile_alone(texts.items[0], &message)
					: compile_combined(texts.items, texts.count, &message);

	if (jq)
		answer(FRAME_VALUE, "", 0);
	else
		answer_error(str_cstr(&message));
	if (jq)
		jq_teardown(&jq);
	str_release(&message);
	texts_release(&texts);
}

static void
serve(struct server *server, struct str *payload)
{
	char head[FRAME_HEAD_BYTES];
	uint32_t len;

	receive_all(head, sizeof(head));
	memcpy(&len, head + 1, sizeof(len));
	str_clear(payload);
	receive_all(str_reserve(payload, len), len);
	payload->len = len;
	payload->data[len] = '\0';
	limit_cpu();
	if (head[0] == FRAME_BEGIN)
		serve_begin(server, payload);
	else if (head[0] == FRAME_COMPILE)
		serve_compile(payload);
	else
		serve_evaluate(server, payload);
}

int
main(int argc, char **argv)
{
	struct server server = { 0 };
	struct str payload = STR_INIT;
	struct stat socket;

	if (argc != 2 || fstat(EXPRESSION_SOCKET, &socket) < 0 || !S_ISSOCK(socket.st_mode)) {
		fputs("lifeboat-jq evaluates the expressions of a runbook. lifeboat starts it by "
		      "itself; there "
		      "is nothing to be done with it by hand.\n",
		      stderr);
		return 2;
	}
	if (strcmp(argv[1], PACKAGE_VERSION) != 0)
		return EXPRESSION_EXIT_VERSION;
	seal();
	for (;;)
		serve(&server, &payload);
}
