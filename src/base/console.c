#include "config.h"

#include "base/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "base/xalloc.h"

enum {
	MAX_WAITING_TEXT = 256 << 10, /* what an owner who does not look is kept */
	MAX_SEQUENCE = 32,	      /* bytes of an escape sequence that may be under way */
};

/* The end of what somebody said, which makes sense only together with what comes next. */
struct speaker {
	char *who;
	struct str carry;
	struct sgr_state look; /* of what comes next */
};

enum turn { WAITING, LENT, LOST };

/* A thread that waits for the terminal; it lives in that thread's frame. */
struct borrower {
	struct borrower *next;
	const char *who;
	struct cancel *decided; /* requested once `turn` is no longer WAITING */
	enum turn turn;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t returned;
	bool owned, lent;
	int fd; /* an eventfd, readable while there are events; made by the first owner */
	struct console_event *events;
	size_t count, cap, text_bytes;
	struct speaker *speakers;
	size_t speaker_count, speaker_cap;
	struct borrower *first, **last;
} console = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.returned = PTHREAD_COND_INITIALIZER,
	.fd = -1,
	.last = &console.first,
};

void
console_event_release(struct console_event *event)
{
	free(event->who);
	free(event->text);
	sgr_release(&event->sgr);
	*event = (struct console_event){ .type = event->type };
}

static void
forget_event(size_t i)
{
	eventfd_t waiting;

	if (console.events[i].text)
		console.text_bytes -= strlen(console.events[i].text);
	console.count--;
	memmove(&console.events[i], &console.events[i + 1],
		(console.count - i) * sizeof(console.events[0]));
	if (console.count == 0)
		eventfd_read(console.fd, &waiting);
}

static void
drop_event(size_t i)
{
	struct console_event event = console.events[i];

	forget_event(i);
	console_event_release(&event);
}

/* Of an owner who does not look, only the latest text is kept. */
static void
bound_text(void)
{
	for (size_t i = 0; i < console.count && console.text_bytes > MAX_WAITING_TEXT;) {
		if (console.events[i].type == CONSOLE_TEXT)
			drop_event(i);
		else
			i++;
	}
}

/* `text` and what `sgr` holds are taken over; or NULL. */
static void
push(enum console_event_type type, const char *who, char *text, const struct sgr *sgr)
{
	*VEC_PUSH(console.events, console.count, console.cap) = (struct console_event){
		.type = type,
		.who = xstrdup(who),
		.text = text,
		.sgr = sgr ? *sgr : (struct sgr)SGR_INIT,
	};
	if (text)
		console.text_bytes += strlen(text);
	bound_text();
	eventfd_write(console.fd, 1);
}

/* Sanitised text, to the owner or to standard error. Nothing can be done where that is closed. */
static void
show(struct speaker *speaker, const char *bytes, size_t len)
{
	struct str text = STR_INIT;
	struct sgr sgr = { .now = speaker->look };

	if (len == 0)
		return;
	text_sanitise_coloured(bytes, len, TEXT_KEEP_NEWLINES, &text, &sgr);
	speaker->look = sgr.now;
	if (console.owned) {
		push(CONSOLE_TEXT, speaker->who, str_take(&text), &sgr);
		return;
	}
	file_write_all(STDERR_FILENO, str_cstr(&text), text.len, NULL);
	str_release(&text);
	sgr_release(&sgr);
}

static struct speaker *
speaker_of(const char *who)
{
	struct speaker *speaker;

	for (size_t i = 0; i < console.speaker_count; i++)
		if (strcmp(console.speakers[i].who, who) == 0)
			return &console.speakers[i];
	speaker = VEC_PUSH(console.speakers, console.speaker_count, console.speaker_cap);
	speaker->who = xstrdup(who);
	speaker->look = SGR_PLAIN;
	return speaker;
}

/*
 * How many of the last bytes must wait for the next piece: half a character, half an escape sequence,
 * or a CR, which vanishes only before its LF.
 */
static size_t
unfinished(const char *bytes, size_t len)
{
	static const unsigned char lead[] = { 0x80, 0xe0, 0xf0, 0xf8 };
	static const unsigned char mark[] = { 0x00, 0xc0, 0xe0, 0xf0 };

	for (size_t back = 1; back <= 3 && back <= len; back++) {
		unsigned char byte = (unsigned char)bytes[len - back];

		for (size_t need = back + 1; need <= 4; need++)
			if ((byte & lead[need - 1]) == mark[need - 1])
				return back;
		if ((byte & 0xc0) != 0x80)
			break;
	}
	if (len > 0 && bytes[len - 1] == '\r')
		return 1;
	for (size_t back = 1; back <= MAX_SEQUENCE && back <= len; back++) {
		char byte = bytes[len - back];

		if (byte == '\033' && (back < 2 || bytes[len - back + 1] == '['))
			return back;
		if (!strchr("0123456789;:[", byte))
			break;
	}
	return 0;
}

void
console_say(const char *who, const char *bytes, size_t len_bytes)
{
	pthread_mutex_lock(&console.lock);
	struct speaker *speaker = speaker_of(who);
	struct str *carry = &speaker->carry;
	str_append_bytes(carry, bytes, len_bytes);
	size_t ready = carry->len - unfinished(carry->data, carry->len);
	show(speaker, str_cstr(carry), ready);
	str_consume(carry, ready);
	pthread_mutex_unlock(&console.lock);
}

void
console_done(const char *who)
{
	pthread_mutex_lock(&console.lock);
	struct speaker *speaker = speaker_of(who);
	show(speaker, str_cstr(&speaker->carry), speaker->carry.len);
	str_release(&speaker->carry);
	free(speaker->who);
	*speaker = console.speakers[--console.speaker_count];
	if (console.owned)
		push(CONSOLE_DONE, who, NULL, NULL);
	pthread_mutex_unlock(&console.lock);
}

/* Whether this process may use the terminal at all: it has one, and is not in its background. */
static bool
has_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	bool ours;

	if (fd < 0)
		return false;
	ours = tcgetpgrp(fd) == getpgrp();
	close(fd);
	return ours;
}

static void
enqueue(struct borrower *b)
{
	*console.last = b;
	console.last = &b->next;
}

static void
dequeue(struct borrower *b)
{
	struct borrower **at = &console.first;

	while (*at && *at != b)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = b->next;
	if (console.last == &b->next)
		console.last = at;
}

static void
decide(struct borrower *b, enum turn turn)
{
	dequeue(b);
	b->turn = turn;
	console.lent = console.lent || turn == LENT;
	cancel_request(b->decided);
}

/* Without an owner the terminal goes from hand to hand. */
static void
pass_on(void)
{
	if (!console.owned && !console.lent && console.first)
		decide(console.first, LENT);
}

static void
give_back(void)
{
	console.lent = false;
	pass_on();
	pthread_cond_broadcast(&console.returned);
}

/* A question that nobody has seen yet is not asked any more. */
static void
withdraw(const struct borrower *b)
{
	for (size_t i = console.count; i-- > 0;) {
		if (console.events[i].type != CONSOLE_BORROW ||
		    strcmp(console.events[i].who, b->who) != 0)
			continue;
		drop_event(i);
		return;
	}
}

static void
await_decision(const struct borrower *b, const struct cancel *cancel)
{
	struct pollfd pfds[] = {
		{ .fd = cancel_fd(b->decided), .events = POLLIN },
		{ .fd = cancel_fd(cancel), .events = POLLIN },
	};

	while (!cancel_requested(b->decided) && !cancel_requested(cancel))
		if (poll(pfds, 2, -1) < 0 && errno != EINTR)
			return;
}

/* What became of the wait; called with the lock. */
static int
conclude(struct borrower *b, const struct cancel *cancel, struct err *e)
{
	if (cancel_requested(cancel)) {
		if (b->turn == LENT)
			give_back();
		else if (b->turn == WAITING) {
			dequeue(b);
			withdraw(b);
		}
		return err_set(e, ERR_CANCELLED, "%s: cancelled while it waited for the terminal",
			       b->who);
	}
	if (b->turn == LENT)
		return 0;
	dequeue(b);
	return err_set(e, ERR_IO, "%s needs a terminal, and this one is gone", b->who);
}

int
console_borrow(const char *who, const struct cancel *cancel, struct err *e)
{
	struct borrower b = { .who = who };
	int rc;

	pthread_mutex_lock(&console.lock);
	if (!console.owned && !has_terminal()) {
		pthread_mutex_unlock(&console.lock);
		return err_set(e, ERR_IO, "%s needs a terminal, and there is none to lend", who);
	}
	b.decided = cancel_new();
	enqueue(&b);
	if (console.owned)
		push(CONSOLE_BORROW, who, NULL, NULL);
	pass_on();
	pthread_mutex_unlock(&console.lock);
	await_decision(&b, cancel);
	pthread_mutex_lock(&console.lock);
	rc = conclude(&b, cancel, e);
	pthread_mutex_unlock(&console.lock);
	cancel_free(b.decided);
	return rc;
}

void
console_return(void)
{
	pthread_mutex_lock(&console.lock);
	give_back();
	pthread_mutex_unlock(&console.lock);
}

bool
console_is_owned(void)
{
	bool owned;

	pthread_mutex_lock(&console.lock);
	owned = console.owned;
	pthread_mutex_unlock(&console.lock);
	return owned;
}

int
console_own(void)
{
	pthread_mutex_lock(&console.lock);
	if (console.fd < 0)
		console.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (console.fd < 0)
		abort(); /* out of descriptors: nothing could be run safely */
	console.owned = true;
	for (const struct borrower *b = console.first; b; b = b->next)
		push(CONSOLE_BORROW, b->who, NULL, NULL);
	while (console.lent)
		pthread_cond_wait(&console.returned, &console.lock);
	pthread_mutex_unlock(&console.lock);
	return console.fd;
}

/* What nobody has read yet; it may hold what somebody waits for. */
static void
flush_events(bool lost)
{
	for (size_t i = 0; i < console.count; i++) {
		const char *text = console.events[i].text;

		if (text && !lost)
			file_write_all(STDERR_FILENO, text, strlen(text), NULL);
	}
	while (console.count)
		drop_event(console.count - 1);
	free(console.events);
	console.events = NULL;
	console.cap = 0;
}

void
console_disown(bool lost)
{
	pthread_mutex_lock(&console.lock);
	console.owned = false;
	flush_events(lost);
	while (lost && console.first)
		decide(console.first, LOST);
	pass_on();
	pthread_mutex_unlock(&console.lock);
}

bool
console_next(struct console_event *ret_event)
{
	bool found;

	pthread_mutex_lock(&console.lock);
	found = console.count > 0;
	if (found) {
		*ret_event = console.events[0];
		forget_event(0);
	}
	pthread_mutex_unlock(&console.lock);
	return found;
}

void
console_lend(void)
{
	pthread_mutex_lock(&console.lock);
	if (console.first && !console.lent)
		decide(console.first, LENT);
	while (console.lent)
		pthread_cond_wait(&console.returned, &console.lock);
	pthread_mutex_unlock(&console.lock);
}
