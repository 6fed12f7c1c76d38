#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/json.h"
#include "drill/drill.h"
#include "fixture_fake_world.h"
#include "fixture_folder.h"

static bool
fake_has(const struct fake_world *w, const char *name)
{
	char *path = xasprintf("%s/%s", w->folder, name);
	bool there = file_exists(path);

	free(path);
	return there;
}

static char *
fake_read(const struct fake_world *w, const char *name)
{
	char *path = xasprintf("%s/%s", w->folder, name);
	struct str text = STR_INIT;

	file_read(path, 1 << 20, &text, NULL);
	free(path);
	return str_take(&text);
}

static void
release(struct fake_world *w)
{
	folder_remove(w->root);
	free(w->folder);
	free(w->program);
}

struct seen {
	int calls, done, of;
	char what[64], remark[64];
};

static void
on_remark(void *data, const char *text)
{
	struct seen *seen = data;

	snprintf(seen->remark, sizeof(seen->remark), "%s", text);
}

static void
on_progress(void *data, const char *what, int done, int of)
{
	struct seen *seen = data;

	seen->calls++;
	seen->done = done;
	seen->of = of;
	snprintf(seen->what, sizeof(seen->what), "%s", what);
}

static int
start(const struct fake_world *w, struct seen *seen, struct drill **ret, struct err *e)
{
	static const char *const variants[] = { "a", "b", NULL };

	return drill_start(&(struct drill_options){ .program = w->program,
						    .world = "/x/w.yaml",
						    .variants = variants,
						    .speed = 12.5,
						    .seed = 7,
						    .progress = seen ? on_progress : NULL,
						    .remark = seen ? on_remark : NULL,
						    .data = seen },
			   ret, e);
}

static void
drill_start_tells_progress_and_gives_the_facts(void **state)
{
	struct seen seen = { 0 };
	struct err e = ERR_INIT;
	struct fake_world w;
	struct drill *drill;

	(void)state;
	fake_world_init(&w,
			"echo 'no json'; echo '{\"type\":\"progress\",\"what\":\"PostgreSQL is "
			"up\",\"done\":4,\"of\":11}'",
			"");
	if (start(&w, &seen, &drill, &e) < 0)
		fail_msg("%s", e.message);
	assert_int_equal(seen.calls, 1);
	assert_int_equal(seen.done, 4);
	assert_int_equal(seen.of, 11);
	assert_string_equal(seen.what, "PostgreSQL is up");
	assert_string_equal(json_string(drill_facts(drill), "folder", ""), w.folder);
	drill_free(drill);
	char *arguments = fake_read(&w, "arguments");
	/* with the helm between them, where there is one */
	assert_true(
		str_starts_with(arguments, "--variant=a\n--variant=b\n--speed=12.5\n--seed=7\n--"));
	assert_true(str_ends_with(arguments, "\n--\n/x/w.yaml\n"));
	free(arguments);
	release(&w);
}

static void
drill_free_waits_until_the_world_has_ended(void **state)
{
	struct err e = ERR_INIT;
	struct fake_world w;
	struct drill *drill;

	(void)state;
	/* it has something to say until the end, more than a pipe takes */
	fake_world_init(&w, "",
			"i=0; while [ $i -lt 3000 ]; do echo "
			"'{\"type\":\"told\",\"what\":\"rule\",\"name\":\"a rule with a long "
			"name\",\"details\":{}}'; i=$((i+1)); done");
	if (start(&w, NULL, &drill, &e) < 0)
		fail_msg("%s", e.message);
	drill_free(drill);
	assert_true(fake_has(&w, "ended"));
	release(&w);
}

/* Conditions that hold from the beginning are told once, before the world is ready. */
static void
drill_next_gives_what_was_told_before_it_was_ready(void **state)
{
	struct err e = ERR_INIT;
	struct fake_world w;
	struct drill *drill;

	(void)state;
	fake_world_init(
		&w,
		"echo '{\"type\":\"told\",\"what\":\"condition\",\"name\":\"quiet\",\"details\":"
		"{\"holds\":true}}'",
		"");
	if (start(&w, NULL, &drill, &e) < 0)
		fail_msg("%s", e.message);
	cJSON *message = drill_next(drill);
	assert_string_equal(json_string(message, "name", ""), "quiet");
	cJSON_Delete(message);
	drill_free(drill);
	release(&w);
}

static void
drill_next_gives_what_is_told_in_order(void **state)
{
	struct err e = ERR_INIT;
	struct fake_world w;
	struct drill *drill;
	int heard = 0;

	(void)state;
	fake_world_init(
		&w, "",
		"for i in 0 1 2; do echo "
		"'{\"type\":\"told\",\"what\":\"condition\",\"name\":\"c'$i'\"}'; done; exit 0");
	if (start(&w, NULL, &drill, &e) < 0)
		fail_msg("%s", e.message);
	while (!drill_has_ended(drill)) {
		struct pollfd fd = { drill_fd(drill), POLLIN, 0 };
		cJSON *message;

		poll(&fd, 1, 10000);
		while ((message = drill_next(drill))) {
			char name[8];

			snprintf(name, sizeof(name), "c%d", heard++);
			assert_string_equal(json_string(message, "name", ""), name);
			cJSON_Delete(message);
		}
	}
	assert_int_equal(heard, 3);
	drill_free(drill);
	release(&w);
}

static void
assert_start_fails(const char *before, enum err_kind kind, const char *part)
{
	struct err e = ERR_INIT;
	struct fake_world w;
	struct drill *drill;

	fake_world_init(&w, before, "");
	assert_int_equal(start(&w, NULL, &drill, &e), -1);
	assert_int_equal(e.kind, kind);
	if (!strstr(e.message, part))
		fail_msg("%s", e.message);
	release(&w);
}

static void
drill_start_world_refuses_gives_its_words(void **state)
{
	(void)state;
	assert_start_fails(
		"echo '{\"type\":\"error\",\"message\":\"install postgresql-15\"}'; exit 1",
		ERR_REMOTE, "install postgresql-15");
}

static void
drill_start_world_dies_gives_its_last_words(void **state)
{
	(void)state;
	assert_start_fails(
		"echo 'a library is missing' >&2; exit 3", ERR_REMOTE,
		"ended with code 3 while it was started. It said last: a library is missing");
	assert_start_fails("kill -SEGV $$", ERR_REMOTE, "died of signal 11");
}

static void
drill_start_passes_remarks_on(void **state)
{
	struct seen seen = { 0 };
	struct err e = ERR_INIT;
	struct fake_world w;
	struct drill *drill;

	(void)state;
	fake_world_init(&w, "echo '{\"type\":\"remark\",\"text\":\"a crash had left one\"}'", "");
	if (start(&w, &seen, &drill, &e) < 0)
		fail_msg("%s", e.message);
	assert_string_equal(seen.remark, "a crash had left one");
	drill_free(drill);
	release(&w);
}

static void
drill_explain_end_of_a_dead_world_gives_its_last_words(void **state)
{
	struct err e = ERR_INIT;
	struct fake_world w;
	struct drill *drill;

	(void)state;
	fake_world_init(&w, "", "echo 'the disk is full' >&2; exit 3");
	if (start(&w, NULL, &drill, &e) < 0)
		fail_msg("%s", e.message);
	while (!drill_has_ended(drill)) {
		struct pollfd fd = { drill_fd(drill), POLLIN, 0 };

		poll(&fd, 1, 10000);
		cJSON_Delete(drill_next(drill));
	}
	assert_int_equal(drill_explain_end(drill, &e), -1);
	assert_string_equal(e.message,
			    "the world ended with code 3. It said last: the disk is full");
	drill_free(drill);
	release(&w);
}

/* What is no line, however long, is nobody to wait for. */
static void
drill_start_endless_line_is_given_up(void **state)
{
	(void)state;
	assert_start_fails("head -c 9000000 /dev/zero | tr '\\0' x; read -r line; exit 4",
			   ERR_REMOTE, "ended with code 4 while it was started");
}

static void
drill_start_no_program_says_so(void **state)
{
	struct err e = ERR_INIT;
	struct drill *drill;

	(void)state;
	assert_int_equal(drill_start(&(struct drill_options){ .program = "/nowhere/world",
							      .world = "w.yaml" },
				     &drill, &e),
			 -1);
	assert_int_equal(e.kind, ERR_IO);
	assert_non_null(strstr(e.message, "/nowhere/world"));
}

/* Whoever starts it is killed: its input ends, and so does the world. */
static void
drill_killed_ends_the_world(void **state)
{
	struct fake_world w;
	int gate[2], status;

	(void)state;
	fake_world_init(&w, "", "");
	assert_int_equal(pipe(gate), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct err e = ERR_INIT;
		struct drill *drill;

		if (start(&w, NULL, &drill, &e) == 0 && write(gate[1], "u", 1) == 1)
			pause();
		_exit(1);
	}
	char up;
	assert_int_equal(read(gate[0], &up, 1), 1);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	for (int64_t end_ms = clock_mono_ms() + 10000;
	     !fake_has(&w, "ended") && clock_mono_ms() < end_ms;)
		poll(NULL, 0, 5);
	assert_true(fake_has(&w, "ended"));
	close(gate[0]);
	close(gate[1]);
	release(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drill_start_tells_progress_and_gives_the_facts),
		cmocka_unit_test(drill_free_waits_until_the_world_has_ended),
		cmocka_unit_test(drill_next_gives_what_was_told_before_it_was_ready),
		cmocka_unit_test(drill_next_gives_what_is_told_in_order),
		cmocka_unit_test(drill_start_world_refuses_gives_its_words),
		cmocka_unit_test(drill_start_world_dies_gives_its_last_words),
		cmocka_unit_test(drill_start_passes_remarks_on),
		cmocka_unit_test(drill_explain_end_of_a_dead_world_gives_its_last_words),
		cmocka_unit_test(drill_start_endless_line_is_given_up),
		cmocka_unit_test(drill_start_no_program_says_so),
		cmocka_unit_test(drill_killed_ends_the_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
