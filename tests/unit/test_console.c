#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/console.h"
#include "base/str.h"

/* A thread that borrows the terminal, holds it until it is told to go on, and gives it back. */
struct borrower {
	const char *who;
	struct cancel *cancel, *go_on;
	struct err e;
	int rc;
	atomic_bool has_it;
	pthread_t thread;
};

static atomic_int holders, most_holders;

static void *
borrow(void *data)
{
	struct borrower *b = data;

	b->rc = console_borrow(b->who, b->cancel, &b->e);
	if (b->rc < 0)
		return NULL;
	int now = atomic_fetch_add(&holders, 1) + 1;
	if (now > most_holders)
		most_holders = now;
	b->has_it = true;
	cancel_sleep(b->go_on, 5000);
	atomic_fetch_sub(&holders, 1);
	console_return();
	return NULL;
}

static void
borrower_start(struct borrower *b, const char *who)
{
	*b = (struct borrower){ .who = who, .cancel = cancel_new(), .go_on = cancel_new() };
	pthread_create(&b->thread, NULL, borrow, b);
}

static void
borrower_end(struct borrower *b)
{
	cancel_request(b->go_on);
	pthread_join(b->thread, NULL);
	cancel_free(b->cancel);
	cancel_free(b->go_on);
}

static bool
wait_until(const atomic_bool *flag)
{
	for (int i = 0; i < 1000 && !*flag; i++)
		poll(NULL, 0, 2);
	return *flag;
}

/* The next event of the owner, waited for. */
static struct console_event
next_event(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct console_event event = { .type = CONSOLE_TEXT };

	if (poll(&pfd, 1, 3000) != 1 || !console_next(&event))
		fail_msg("no event came");
	return event;
}

static void
assert_event(int fd, enum console_event_type type, const char *who, const char *text)
{
	struct console_event event = next_event(fd);

	assert_int_equal(event.type, type);
	assert_string_equal(event.who, who);
	if (text)
		assert_string_equal(event.text, text);
	else
		assert_null(event.text);
	console_event_release(&event);
}

static void
assert_no_event(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct console_event event;

	assert_int_equal(poll(&pfd, 1, 0), 0);
	assert_false(console_next(&event));
}

static int
set_up(void **state)
{
	(void)state;
	holders = most_holders = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	console_disown(true);
	return 0;
}

static void
say(const char *text)
{
	console_say("plugin", text, strlen(text));
}

static void
say_to_the_owner_comes_sanitised_and_in_order(void **state)
{
	int fd = console_own();

	(void)state;
	assert_true(console_is_owned());
	assert_no_event(fd);
	say("code \033[1mAB\033[0m\tCD\r\n\007");
	say("next");
	console_done("plugin");
	assert_event(fd, CONSOLE_TEXT, "plugin", "code AB CD\n^G");
	assert_event(fd, CONSOLE_TEXT, "plugin", "next");
	assert_event(fd, CONSOLE_DONE, "plugin", NULL);
	assert_no_event(fd);
}

static void
say_in_pieces_keeps_characters_and_sequences_whole(void **state)
{
	static const char text[] = "a→b\033[31mred\033[0m\r\n€😀!";
	struct str got = STR_INIT;
	struct console_event event;
	int fd = console_own();

	(void)state;
	for (const char *at = text; *at; at++)
		console_say("plugin", at, 1);
	console_done("plugin");
	while (console_next(&event)) {
		if (event.type == CONSOLE_TEXT)
			str_append(&got, event.text);
		console_event_release(&event);
	}
	assert_string_equal(got.data, "a→bred\n€😀!");
	assert_no_event(fd);
	str_release(&got);
}

static void
done_shows_what_was_unfinished(void **state)
{
	int fd = console_own();

	(void)state;
	say("\xe2\x86");
	assert_no_event(fd);
	console_done("plugin");
	assert_event(fd, CONSOLE_TEXT, "plugin", "\\xe2\\x86");
	assert_event(fd, CONSOLE_DONE, "plugin", NULL);
}

static void
say_to_an_owner_who_does_not_look_is_bounded(void **state)
{
	char block[4096];
	struct console_event event;
	size_t bytes = 0, done = 0;

	(void)state;
	console_own();
	memset(block, 'x', sizeof(block));
	console_done("first");
	for (int i = 0; i < 1000; i++)
		console_say("plugin", block, sizeof(block));
	console_say("plugin", "the end\n", 8);
	bool saw_the_end = false;
	while (console_next(&event)) {
		bytes += event.text ? strlen(event.text) : 0;
		done += event.type == CONSOLE_DONE;
		saw_the_end = event.text && strcmp(event.text, "the end\n") == 0;
		console_event_release(&event);
	}
	assert_in_range(bytes, 100000, 256 << 10);
	assert_int_equal(done, 1);
	assert_true(saw_the_end);
}

/* Runs say() with standard error in a pipe; what came there. */
static char *
said_to_stderr(void (*speak)(void))
{
	static char text[1000];
	int fds[2], before = dup(STDERR_FILENO);

	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	speak();
	dup2(before, STDERR_FILENO);
	close(before);
	close(fds[1]);
	ssize_t len = read(fds[0], text, sizeof(text) - 1);
	close(fds[0]);
	text[len > 0 ? len : 0] = '\0';
	return text;
}

static void
speak_unowned(void)
{
	say("to sign in\007\n");
	console_done("plugin");
}

static void
speak_and_leave(void)
{
	console_own();
	say("code AB-CD\n");
	console_disown(false);
}

static void
speak_and_lose(void)
{
	console_own();
	say("code AB-CD\n");
	console_disown(true);
}

static void
say_without_an_owner_goes_to_stderr(void **state)
{
	(void)state;
	assert_false(console_is_owned());
	assert_string_equal(said_to_stderr(speak_unowned), "to sign in^G\n");
	assert_string_equal(said_to_stderr(speak_and_leave), "code AB-CD\n");
	assert_string_equal(said_to_stderr(speak_and_lose), "");
}

static void
borrow_from_the_owner_waits_until_it_is_lent(void **state)
{
	struct borrower b;
	int fd = console_own();

	(void)state;
	borrower_start(&b, "plugin");
	assert_event(fd, CONSOLE_BORROW, "plugin", NULL);
	assert_false(b.has_it);
	cancel_request(b.go_on);
	console_lend();
	assert_true(b.has_it);
	assert_int_equal(holders, 0);
	borrower_end(&b);
	assert_int_equal(b.rc, 0);
	console_lend(); /* nobody waits: returns at once */
}

static void
borrow_by_two_is_one_after_the_other(void **state)
{
	struct borrower a, b;
	struct console_event event;
	int fd = console_own();

	(void)state;
	borrower_start(&a, "a");
	borrower_start(&b, "b");
	for (int i = 0; i < 2; i++) {
		event = next_event(fd);
		assert_int_equal(event.type, CONSOLE_BORROW);
		console_event_release(&event);
	}
	cancel_request(a.go_on);
	cancel_request(b.go_on);
	console_lend();
	assert_int_equal(a.has_it + b.has_it, 1);
	console_lend();
	borrower_end(&a);
	borrower_end(&b);
	assert_int_equal(a.rc + b.rc, 0);
	assert_int_equal(most_holders, 1);
}

static void
borrow_cancelled_while_waiting_is_withdrawn(void **state)
{
	struct borrower b;
	struct pollfd pfd = { .fd = console_own(), .events = POLLIN };

	(void)state;
	borrower_start(&b, "plugin");
	assert_int_equal(poll(&pfd, 1, 3000), 1);
	int64_t asked_ms = clock_mono_ms();
	cancel_request(b.cancel);
	borrower_end(&b);
	assert_in_range(clock_mono_ms() - asked_ms, 0, 99);
	assert_int_equal(b.rc, -1);
	assert_int_equal(b.e.kind, ERR_CANCELLED);
	assert_no_event(pfd.fd);
	console_lend();
}

static void
disown_lost_refuses_who_waits(void **state)
{
	struct borrower a, b;
	struct console_event event;
	int fd = console_own();

	(void)state;
	borrower_start(&a, "a");
	borrower_start(&b, "b");
	for (int i = 0; i < 2; i++) {
		event = next_event(fd);
		console_event_release(&event);
	}
	console_disown(true);
	borrower_end(&a);
	borrower_end(&b);
	assert_int_equal(a.e.kind, ERR_IO);
	assert_int_equal(b.e.kind, ERR_IO);
	assert_non_null(strstr(a.e.message, "a needs a terminal"));
}

static void
disown_lends_to_who_waits_in_turn(void **state)
{
	struct borrower a, b;
	struct console_event event;
	int fd = console_own();

	(void)state;
	borrower_start(&a, "a");
	event = next_event(fd);
	console_event_release(&event);
	borrower_start(&b, "b");
	event = next_event(fd);
	console_event_release(&event);
	console_disown(false);
	assert_true(wait_until(&a.has_it));
	assert_false(b.has_it);
	cancel_request(a.go_on);
	assert_true(wait_until(&b.has_it));
	borrower_end(&a);
	borrower_end(&b);
	assert_int_equal(a.rc + b.rc, 0);
	assert_int_equal(most_holders, 1);
}

/* The child's part of the tests without an owner: its exit code is the number of what failed. */
static int
borrow_on_a_terminal(void)
{
	struct err e = ERR_INIT;

	if (console_borrow("plugin", NULL, &e) < 0)
		return 1;
	console_return();
	if (console_borrow("plugin", NULL, &e) < 0)
		return 2;
	console_return();
	return 0;
}

static int
borrow_without_a_terminal(void)
{
	struct err e = ERR_INIT;

	setsid();
	if (console_borrow("plugin", NULL, &e) == 0)
		return 1;
	return e.kind == ERR_IO && strstr(e.message, "plugin needs a terminal") ? 0 : 2;
}

/* One that owns while another has the terminal waits until that is over. */
static int
own_while_it_is_lent(void)
{
	struct borrower b;

	borrower_start(&b, "plugin");
	if (!wait_until(&b.has_it))
		return 1;
	cancel_request(b.go_on);
	console_own();
	if (holders != 0)
		return 2;
	borrower_end(&b);
	return b.rc == 0 ? 0 : 3;
}

static int
borrow_from_the_background(void)
{
	struct err e = ERR_INIT;
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		_exit(console_borrow("plugin", NULL, &e) < 0 && e.kind == ERR_IO ? 0 : 1);
	}
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : 1;
}

static void
assert_on_pty(int (*part)(void))
{
	int master, status = -1;
	pid_t pid = forkpty(&master, NULL, NULL, NULL);

	if (pid == 0)
		_exit(part());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(master);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
borrow_without_an_owner_needs_a_terminal(void **state)
{
	(void)state;
	assert_on_pty(borrow_on_a_terminal);
	assert_on_pty(borrow_from_the_background);
	int status = -1;
	pid_t pid = fork();
	if (pid == 0)
		_exit(borrow_without_a_terminal());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
own_waits_for_the_terminals_return(void **state)
{
	(void)state;
	assert_on_pty(own_while_it_is_lent);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(say_to_the_owner_comes_sanitised_and_in_order),
		CASE(say_in_pieces_keeps_characters_and_sequences_whole),
		CASE(done_shows_what_was_unfinished),
		CASE(say_to_an_owner_who_does_not_look_is_bounded),
		CASE(say_without_an_owner_goes_to_stderr),
		CASE(borrow_from_the_owner_waits_until_it_is_lent),
		CASE(borrow_by_two_is_one_after_the_other),
		CASE(borrow_cancelled_while_waiting_is_withdrawn),
		CASE(disown_lost_refuses_who_waits),
		CASE(disown_lends_to_who_waits_in_turn),
		CASE(borrow_without_an_owner_needs_a_terminal),
		CASE(own_waits_for_the_terminals_return),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
