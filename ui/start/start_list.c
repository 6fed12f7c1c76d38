#include "config.h"

#include "ui/start/start_list.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/queue.h"
#include "base/xalloc.h"

enum parcel_kind { PARCEL_ENTRY, PARCEL_NOTE, PARCEL_END };

struct parcel {
	enum parcel_kind kind;
	struct start_entry *entry;
};

struct start_inbox {
	struct queue *queue;
	atomic_bool wanted;
	atomic_uint holders;
};

struct errand {
	struct start_inbox *inbox;
	void (*collect)(struct start_inbox *inbox);
};

static void
free_entry(struct start_entry *entry)
{
	if (!entry)
		return;
	free(entry->word);
	free(entry->id);
	free(entry->title);
	free(entry->about);
	free(entry->details);
	free(entry->runbook);
	free(entry);
}

static void
parcel_free(void *data)
{
	struct parcel *parcel = data;

	free_entry(parcel->entry);
	free(parcel);
}

static void
push(struct start_inbox *inbox, enum parcel_kind kind, struct start_entry *entry)
{
	struct parcel *parcel = xcalloc(1, sizeof(*parcel));

	*parcel = (struct parcel){ kind, entry };
	queue_push(inbox->queue, parcel);
}

void
start_inbox_add(struct start_inbox *inbox, struct start_entry *entry)
{
	push(inbox, PARCEL_ENTRY, entry);
}

void
start_inbox_note(struct start_inbox *inbox, const char *runbook, const char *note)
{
	struct start_entry *entry = xcalloc(1, sizeof(*entry));

	entry->runbook = xstrdup(runbook);
	entry->about = xstrdup(note);
	push(inbox, PARCEL_NOTE, entry);
}

bool
start_inbox_is_wanted(struct start_inbox *inbox)
{
	return atomic_load(&inbox->wanted);
}

static void
let_go(struct start_inbox *inbox)
{
	if (atomic_fetch_sub(&inbox->holders, 1) > 1)
		return;
	queue_free(inbox->queue, parcel_free);
	free(inbox);
}

static void *
run_errand(void *data)
{
	struct errand *errand = data;

	errand->collect(errand->inbox);
	push(errand->inbox, PARCEL_END, NULL);
	let_go(errand->inbox);
	free(errand);
	return NULL;
}

/* Detached: nobody waits for one whose disk does not answer. */
static void
send_out(struct start_inbox *inbox, void (*collect)(struct start_inbox *inbox))
{
	struct errand *errand = xcalloc(1, sizeof(*errand));
	pthread_attr_t attributes;
	pthread_t thread;

	*errand = (struct errand){ inbox, collect };
	atomic_fetch_add(&inbox->holders, 1);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attributes, run_errand, errand) != 0)
		run_errand(errand); /* without a thread it takes as long as it takes */
	pthread_attr_destroy(&attributes);
}

void
start_list_init(struct start_list *list, const struct start_collector *collectors)
{
	*list = (struct start_list){ .inbox = xcalloc(1, sizeof(*list->inbox)) };
	list->inbox->queue = queue_new();
	atomic_init(&list->inbox->wanted, true);
	atomic_init(&list->inbox->holders, 1);
	for (; collectors->collect; collectors++) {
		list->collectors++;
		send_out(list->inbox, collectors->collect);
	}
}

void
start_list_release(struct start_list *list)
{
	atomic_store(&list->inbox->wanted, false);
	let_go(list->inbox);
	for (size_t i = 0; i < list->count; i++)
		free_entry(list->items[i]);
	for (size_t i = 0; i < list->notes_count; i++)
		free_entry(list->notes[i]);
	free(list->items);
	free(list->notes);
	*list = (struct start_list){ 0 };
}

int
start_list_fd(const struct start_list *list)
{
	return queue_fd(list->inbox->queue);
}

/* Behind the others of its section. */
static void
insert(struct start_list *list, struct start_entry *entry)
{
	size_t at = list->count;

	*VEC_PUSH(list->items, list->count, list->cap) = entry;
	for (; at > 0 && list->items[at - 1]->kind > entry->kind; at--)
		list->items[at] = list->items[at - 1];
	list->items[at] = entry;
}

bool
start_list_take(struct start_list *list, int timeout_ms)
{
	struct parcel *parcel;
	bool any = false;

	while ((parcel = queue_pop(list->inbox->queue, any ? 0 : timeout_ms))) {
		if (parcel->kind == PARCEL_ENTRY)
			insert(list, parcel->entry);
		else if (parcel->kind == PARCEL_NOTE)
			*VEC_PUSH(list->notes, list->notes_count, list->notes_cap) = parcel->entry;
		else
			list->finished++;
		free(parcel);
		any = true;
	}
	return any;
}

bool
start_list_is_complete(const struct start_list *list)
{
	return list->finished == list->collectors;
}

const char *
start_list_note(const struct start_list *list, const struct start_entry *entry)
{
	for (size_t i = 0; entry->runbook && i < list->notes_count; i++)
		if (strcmp(list->notes[i]->runbook, entry->runbook) == 0)
			return list->notes[i]->about;
	return NULL;
}
