#include "config.h"

#include "run/journal/tail.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/queue.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "run/journal/tail_journal.h"
#include "run/journal/tail_output.h"

enum {
	LOOK_MS =
		250, /* between two looks where nobody tells of changes (another host's, for one) */
	CATCH_UP_MS = 20, /* where the front end is behind */
	MAX_QUEUED = 512, /* events that it may be behind */
	MAX_PIECES = 16,  /* of output, in one look */
	REST_MS = 10,	  /* between two looks, whatever happens */
	NOTICE_BYTES = 4096,
};

struct run_tail {
	char *folder;
	struct run_link link;
	struct queue *inbox; /* takes struct intent */
	struct tail_journal journal;
	struct tail_output output;
	struct record *
		last; /* of those that were there at the start: told when it is known to be the last */
	bool started;  /* they are all told */
	int notify_fd; /* -1: nobody tells of changes */
	bool left;     /* INTENT_LEAVE came */
	bool released;
	pthread_t thread;
};

static void
tell(struct run_tail *tail, enum run_event_type type, const char *step, const char *text)
{
	queue_push(tail->link.events, run_event_new(type, step, text));
}

static void
tell_record(struct run_tail *tail, struct record *record, bool replayed)
{
	struct run_event *event = run_event_new(EVENT_RECORD, NULL, NULL);

	event->record = record_ref(record);
	event->replayed = replayed;
	queue_push(tail->link.events, event);
}

static void
tell_output(struct run_tail *tail, bool last)
{
	struct str text = STR_INIT;

	/* a step that floods must not keep us from the journal */
	for (int i = 0; last || (i < MAX_PIECES && queue_len(tail->link.events) < MAX_QUEUED);
	     i++) {
		if (!tail_output_read(&tail->output, last, &text))
			break;
		if (text.len)
			tell(tail, EVENT_OUTPUT, tail->output.step, str_cstr(&text));
		str_clear(&text);
	}
	str_release(&text);
}

/* The step that runs, if one does, is what is listened to. */
static void
listen_to_step(struct run_tail *tail)
{
	const struct run_state *state = &tail->journal.state;
	const struct step_state *step = run_state_current(state);
	bool running = step && step->status == STEP_RUNNING;

	tail_output_begin(&tail->output, tail->folder, running ? step->id : NULL,
			  running ? step->intent_seq : 0);
}

/* What a step said comes before the record of how it ended. */
static void
on_record(void *data, struct record *record)
{
	struct run_tail *tail = data;

	if (!tail->started) {
		if (tail->last)
			tell_record(tail, tail->last, true);
		record_free(tail->last);
		tail->last = record_ref(record);
		return;
	}
	bool begins = record->type == RECORD_INTENT;
	bool ends = record->type == RECORD_OUTCOME || record->type == RECORD_RESUMED;

	if (ends)
		tell_output(tail, true);
	tell_record(tail, record, false);
	if (begins || ends)
		listen_to_step(tail);
}

static char *
clean_words(const struct err *e)
{
	return text_clean(e->message, TEXT_DROP_SGR);
}

/* One look; false: this was the last one. */
static bool
look(struct run_tail *tail)
{
	/* asked first: whoever has let it go by now has written everything before */
	bool held = tail_journal_is_held(&tail->journal);
	struct err e = ERR_INIT;

	if (tail_journal_look(&tail->journal, on_record, tail, &e) < 0) {
		char *text = clean_words(&e);

		tell(tail, EVENT_WARNING, NULL, text);
		free(text);
		return false;
	}
	bool over = !held || tail->journal.state.phase == RUN_ENDED;
	tell_output(tail, over);
	tail->released = over;
	return !over;
}

static void
refuse(struct run_tail *tail)
{
	const struct tail_journal *journal = &tail->journal;
	char *text, *clean;

	if (journal->holder)
		text = xasprintf("this run is %s's (%s): it is only followed here",
				 journal->operator_name, journal->holder);
	else
		text = xstrdup("this run is another process's: it is only followed here");
	clean = text_clean(text, 0);
	tell(tail, EVENT_REFUSED, NULL, clean);
	free(clean);
	free(text);
}

static void
take_intents(struct run_tail *tail)
{
	struct intent *intent;

	while ((intent = queue_pop(tail->inbox, 0))) {
		if (intent->type == INTENT_LEAVE)
			tail->left = true;
		else
			refuse(tail);
		intent_free(intent);
	}
}

/* Names in the folder, and all writing in it; the folder of outputs comes with the first of them. */
static void
watch(struct run_tail *tail)
{
	static const char *const folders[] = { "", "/out" };

	for (size_t i = 0; tail->notify_fd >= 0 && i < 2; i++) {
		char *path = xasprintf("%s%s", tail->folder, folders[i]);

		/* again for one that is watched changes nothing; what cannot be watched is looked at in time */
		inotify_add_watch(tail->notify_fd, path,
				  IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_DELETE |
					  IN_ONLYDIR);
		free(path);
	}
}

static void
wait_for_news(struct run_tail *tail)
{
	bool behind = queue_len(tail->link.events) >= MAX_QUEUED;
	struct pollfd fds[] = {
		{ queue_fd(tail->inbox), POLLIN, 0 },
		{ behind ? -1 : tail->notify_fd, POLLIN, 0 },
	};
	char notices[NOTICE_BYTES];

	poll(fds, 2, behind ? CATCH_UP_MS : LOOK_MS);
	if (fds[1].revents) {
		poll(fds, 1, REST_MS);
		while (read(tail->notify_fd, notices, sizeof(notices)) > 0)
			;
	}
}

static void *
tail_main(void *data)
{
	struct run_tail *tail = data;

	listen_to_step(tail);
	for (;;) {
		watch(tail);
		take_intents(tail);
		if (tail->left || !look(tail))
			break;
		wait_for_news(tail);
	}
	take_intents(tail); /* each has its answer, also one that came late */
	tell(tail, EVENT_CLOSED, NULL, NULL);
	return NULL;
}

static void
submit(void *engine, struct intent *intent)
{
	struct run_tail *tail = engine;

	queue_push(tail->inbox, intent);
}

static void
free_event(void *event)
{
	run_event_free(event);
}

static void
free_intent(void *intent)
{
	intent_free(intent);
}

static void
tail_destroy(struct run_tail *tail)
{
	queue_free(tail->link.events, free_event);
	queue_free(tail->inbox, free_intent);
	tail_journal_release(&tail->journal);
	tail_output_release(&tail->output);
	record_free(tail->last);
	if (tail->notify_fd >= 0)
		close(tail->notify_fd);
	free(tail->folder);
	free(tail);
}

int
run_tail_new(const char *folder, struct run_tail **ret_tail, struct err *e)
{
	struct run_tail *tail = xcalloc(1, sizeof(*tail));

	tail->folder = xstrdup(folder);
	tail->link = (struct run_link){ queue_new(), submit, tail };
	tail->inbox = queue_new();
	tail->notify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (tail_journal_open(&tail->journal, folder, e) < 0 ||
	    tail_journal_look(&tail->journal, on_record, tail, e) < 0) {
		tail_destroy(tail);
		return -1;
	}
	/* the last record makes the situation, to which a front end reacts */
	if (tail->last)
		tell_record(tail, tail->last, false);
	tail->started = true;
	if (pthread_create(&tail->thread, NULL, tail_main, tail) != 0)
		abort();
	pthread_setname_np(tail->thread, "tail");
	*ret_tail = tail;
	return 0;
}

const struct run_link *
run_tail_link(struct run_tail *tail)
{
	return &tail->link;
}

bool
run_tail_released(const struct run_tail *tail)
{
	return tail->released;
}

void
run_tail_free(struct run_tail *tail)
{
	if (!tail)
		return;
	submit(tail, intent_new(INTENT_LEAVE, 0, NULL, NULL));
	pthread_join(tail->thread, NULL);
	tail_destroy(tail);
}
