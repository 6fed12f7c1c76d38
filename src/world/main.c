#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/world.h"
#include "world/world_folder.h"

/*
 * lifeboat-world: one practice world, until its standard input ends or SIGTERM comes. Started by `lifeboat drill` and `lifeboat
 * world`; says what it does in lines of JSON on standard output, and takes lines of JSON:
 *
 *   -> {"type":"progress","what":TEXT,"done":N,"of":N}   {"type":"ready","facts":{…}}   {"type":"error","message":TEXT}
 *      {"type":"remark","text":TEXT}: what people should know of the start
 *      {"type":"told","what":"condition|rule|fault|line|lost","name":TEXT,"details":{…}}   {"type":"state","state":{…}}
 *   <- {"fault":NAME,"on":BOOL}   {"state":true}
 */

enum {
	MAX_VARIANTS = 16,
	LINE_MAX_BYTES = 64 << 10,
};

struct arguments {
	const char *file, *folder, *helm;
	const char *variants[MAX_VARIANTS + 1];
	size_t variants_count;
	double speed;
	uint64_t seed;
};

static int
usage(void)
{
	fputs("usage: lifeboat-world [--variant NAME]... [--speed N] [--seed N] [--helm PROGRAM] "
	      "[--folder FOLDER] WORLD.yaml\n",
	      stderr);
	return 2;
}

static int
read_arguments(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{ "variant", required_argument, NULL, 'v' },
		{ "speed", required_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'S' },
		{ "helm", required_argument, NULL, 'h' },
		{ "folder", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*a = (struct arguments){ .speed = 1, .seed = 1 };
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'v' && a->variants_count < MAX_VARIANTS)
			a->variants[a->variants_count++] = optarg;
		else if (option == 's')
			a->speed = strtod(optarg, NULL);
		else if (option == 'S')
			a->seed = strtoull(optarg, NULL, 10);
		else if (option == 'h')
			a->helm = optarg;
		else if (option == 'f')
			a->folder = optarg;
		else
			return -1;
	}
	a->file = argv[optind];
	return a->file && !argv[optind + 1] && a->speed >= 0.01 && a->speed <= 10000 ? 0 : -1;
}

/* ---- what is said ---- */

/* One write for one line: several threads tell. */
static void
tell(void *data, const cJSON *message)
{
	char *text = json_print(message), *line = xasprintf("%s\n", text);
	struct err ignored;

	(void)data;
	file_write_all(STDOUT_FILENO, line, strlen(line), &ignored);
	free(line);
	free(text);
}

static int
fail(const char *message)
{
	cJSON *error = cJSON_CreateObject();

	json_add_string(error, "type", "error");
	json_add_string(error, "message", message);
	tell(NULL, error);
	cJSON_Delete(error);
	return 1;
}

static void
say_cleaned(const char *folder)
{
	cJSON *message = cJSON_CreateObject();
	char *text = xasprintf("A crash had left the world in %s: its servers are ended, and it is "
			       "removed",
			       folder);

	json_add_string(message, "type", "remark");
	json_add_string(message, "text", text);
	tell(NULL, message);
	cJSON_Delete(message);
	free(text);
}

/* ---- what is heard ---- */

static void
answer_state(struct world *world)
{
	cJSON *message = cJSON_CreateObject();

	json_add_string(message, "type", "state");
	json_add(message, "state", world_state(world));
	tell(NULL, message);
	cJSON_Delete(message);
}

static void
obey(struct world *world, const char *line, size_t len)
{
	cJSON *message = json_parse(line, len, NULL);
	const char *fault = json_string(message, "fault", NULL);
	struct err e = ERR_INIT;

	if (!message)
		fail("what was said on standard input is no JSON");
	else if (fault && world_fault(world, fault, json_bool(message, "on", true), &e) < 0)
		fail(e.message);
	else if (json_bool(message, "state", false))
		answer_state(world);
	cJSON_Delete(message);
}

/* Takes what has come; false: the input has ended. */
static bool
hear(struct world *world, struct str *heard)
{
	ssize_t got = read(STDIN_FILENO, str_reserve(heard, 4096), 4096);
	char *end;

	if (got <= 0)
		return got < 0 && errno == EINTR;
	heard->len += (size_t)got;
	while (heard->len && (end = memchr(heard->data, '\n', heard->len))) {
		size_t len = (size_t)(end - heard->data);

		obey(world, heard->data, len);
		str_consume(heard, len + 1);
	}
	if (heard->len > LINE_MAX_BYTES)
		str_clear(heard);
	return true;
}

static void
live(struct world *world, int signals_fd)
{
	struct str heard = STR_INIT;
	bool open = true;

	while (open) {
		struct pollfd fds[] = { { STDIN_FILENO, POLLIN, 0 }, { signals_fd, POLLIN, 0 } };

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (fds[1].revents)
			break;
		if (fds[0].revents)
			open = hear(world, &heard);
	}
	str_release(&heard);
}

/* ---- from the file to the end ---- */

static void
say_ready(const struct world *world)
{
	cJSON *message = cJSON_CreateObject();

	json_add_string(message, "type", "ready");
	json_add(message, "facts", cJSON_Duplicate(world_facts(world), true));
	tell(NULL, message);
	cJSON_Delete(message);
}

/* A start that nobody waits for any more is given up. */
struct start_watch {
	struct cancel *cancel, *is_over;
	int signals_fd;
	pthread_t thread;
};

static void *
watch_start(void *data)
{
	struct start_watch *w = data;
	/* of the input only its end: what it says is for live() */
	struct pollfd fds[] = { { STDIN_FILENO, 0, 0 },
				{ w->signals_fd, POLLIN, 0 },
				{ cancel_fd(w->is_over), POLLIN, 0 } };

	while (poll(fds, 3, -1) < 0 && errno == EINTR)
		;
	if (fds[0].revents || fds[1].revents)
		cancel_request(w->cancel);
	return NULL;
}

static int
start(const struct arguments *a, const struct world_spec *spec, const char *folder, int signals_fd,
      struct cancel *cancel, struct world **ret_world, struct err *e)
{
	struct start_watch watch = { cancel, cancel_new(), signals_fd, 0 };
	bool watches = pthread_create(&watch.thread, NULL, watch_start, &watch) == 0;
	int rc = world_start(
		&(struct world_options){
			.spec = spec,
			.folder = folder,
			.speed = a->speed,
			.seed = a->seed,
			.helm = a->helm,
			.cancel = cancel,
			.tell = tell,
		},
		ret_world, e);

	cancel_request(watch.is_over);
	if (watches)
		pthread_join(watch.thread, NULL);
	cancel_free(watch.is_over);
	return rc;
}

static int
keep(const struct arguments *a, const struct world_spec *spec, const char *folder, int signals_fd)
{
	struct cancel *cancel = cancel_new();
	struct world *world = NULL;
	struct err e = ERR_INIT;

	if (start(a, spec, folder, signals_fd, cancel, &world, &e) < 0) {
		cancel_free(cancel);
		return fail(e.message);
	}
	say_ready(world);
	world_surprises(world);
	live(world, signals_fd);
	world_free(world);
	cancel_free(cancel);
	return 0;
}

static char *
all_messages(struct diags *diags)
{
	struct str out = STR_INIT;

	diags_render(diags, &out);
	return str_take(&out);
}

/* Signals of the end are read like everything else; a drill that dies takes the world with it. */
static int
take_signals(void)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	return signalfd(-1, &ends, SFD_CLOEXEC);
}

int
main(int argc, char **argv)
{
	struct err e = ERR_INIT;
	struct arguments a;
	struct diags diags;
	int lock_fd = -1, signals_fd = take_signals(), rc;

	setlocale(LC_ALL, "C.UTF-8");
	if (read_arguments(argc, argv, &a) < 0)
		return usage();
	diags_init(&diags, a.file);
	struct world_spec *spec = world_spec_load(a.file, a.variants, &diags);
	if (!spec) {
		char *text = all_messages(&diags);

		rc = fail(text);
		free(text);
		diags_release(&diags);
		return rc;
	}
	char *folder = world_folder_make(a.folder, say_cleaned, &lock_fd, &e);
	rc = folder ? keep(&a, spec, folder, signals_fd) : fail(e.message);
	if (lock_fd >= 0)
		close(lock_fd);
	if (folder && world_clean(folder, &e) < 0)
		rc = fail(e.message);
	free(folder);
	world_spec_free(spec);
	diags_release(&diags);
	return rc;
}
