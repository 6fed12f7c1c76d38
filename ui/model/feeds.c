#include "config.h"

#include "ui/model/feeds.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/xalloc.h"

enum { HALVES = 2 };

/* A table that is shown. It has a choice of its own: the lists of choices are made anew meanwhile. */
struct slot {
	struct feed_choice choice;
	size_t index; /* among the choices */
	struct table_feed *feed;
};

struct feeds {
	const struct ui_options *options;
	int notify_fd;
	int64_t seen_seq;			 /* the record that the choices were made after */
	struct feed_choices choices[FEED_KINDS]; /* the runbook's, then the operator's own */
	struct feed_choices own[FEED_KINDS];
	size_t at[HALVES]; /* the sources of the left (or only) and of the right table */
	enum feeds_shape shape;
	struct slot *slots;
	size_t slots_count;
	uint64_t tables_generation;
	size_t logs_at;
	bool logs_flipped; /* `previous` is not as the choice says */
	struct feed_choice logs_choice;
	struct log_feed *logs;
	uint64_t logs_generation;
};

struct feeds *
feeds_new(const struct ui_options *options)
{
	struct feeds *feeds = xcalloc(1, sizeof(*feeds));

	feeds->options = options;
	feeds->seen_seq = -1;
	feeds->notify_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (feeds->notify_fd < 0)
		abort(); /* out of descriptors: nothing could be run safely */
	return feeds;
}

static void
free_slots(struct slot *slots, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		table_feed_free(slots[i].feed);
		feed_choice_release(&slots[i].choice);
	}
	free(slots);
}

static void
stop_logs(struct feeds *feeds)
{
	log_feed_free(feeds->logs);
	feeds->logs = NULL;
	feed_choice_release(&feeds->logs_choice);
}

void
feeds_free(struct feeds *feeds)
{
	if (!feeds)
		return;
	free_slots(feeds->slots, feeds->slots_count);
	stop_logs(feeds);
	for (enum feed_choice_kind kind = 0; kind < FEED_KINDS; kind++) {
		feed_choices_release(&feeds->choices[kind]);
		feed_choices_release(&feeds->own[kind]);
	}
	close(feeds->notify_fd);
	free(feeds);
}

int
feeds_fd(const struct feeds *feeds)
{
	return feeds->notify_fd;
}

void
feeds_clear(struct feeds *feeds)
{
	eventfd_t ignored;

	eventfd_read(feeds->notify_fd, &ignored);
}

/* ---- tables ---- */

/* Among the sources of one list, another one shows all that this one does (of two, the first). */
static bool
is_covered(const struct feed_choices *choices, size_t index)
{
	const struct feed_choice *choice = &choices->items[index];

	for (size_t i = 0; i < choices->count; i++)
		if (i != index && feed_choice_covers(&choices->items[i], choice) &&
		    (i < index || !feed_choice_covers(choice, &choices->items[i])))
			return true;
	return false;
}

/* Whether a source belongs into the list of all. */
static bool
is_merged(const struct feeds *feeds, size_t index)
{
	const struct feed_choices *choices = &feeds->choices[FEED_TABLES];

	return feed_choice_alike(&choices->items[index], &choices->items[feeds->at[0]]) &&
	       !is_covered(choices, index);
}

/* The sources to be shown now, in the order of their slots; returns how many. */
static size_t
wanted_sources(const struct feeds *feeds, size_t *indexes)
{
	size_t count = feeds->choices[FEED_TABLES].count, wanted = 0;

	if (count == 0)
		return 0;
	switch (feeds_shape(feeds)) {
	case FEEDS_ONE:
		indexes[wanted++] = feeds->at[0];
		break;
	case FEEDS_SPLIT:
		indexes[wanted++] = feeds->at[0];
		indexes[wanted++] = feeds->at[1];
		break;
	case FEEDS_MERGED:
		for (size_t i = 0; i < count; i++)
			if (is_merged(feeds, i))
				indexes[wanted++] = i;
		break;
	}
	return wanted;
}

/* The two halves show different sources, where there are two. */
static void
part_halves(struct feeds *feeds)
{
	size_t count = feeds->choices[FEED_TABLES].count;

	for (int i = 0; i < HALVES; i++)
		if (feeds->at[i] >= count)
			feeds->at[i] = 0;
	if (count && feeds->at[1] == feeds->at[0])
		feeds->at[1] = (feeds->at[0] + 1) % count;
}

static struct feed_source
source_of(const struct feed_choice *choice)
{
	return (struct feed_source){
		.kubeconfig = choice->kubeconfig,
		.context = choice->context,
		.ns = choice->ns,
		.all_namespaces = choice->all_namespaces,
		.resource = choice->resource,
		.selector = choice->selector,
		.pod = choice->pod,
		.workload = choice->workload,
		.container = choice->container,
		.previous = choice->previous,
	};
}

/* The feed of that source among the slots, taken out of them; NULL: none runs. */
static struct table_feed *
take_feed(struct slot *slots, size_t count, const struct feed_choice *choice)
{
	struct table_feed *feed = NULL;

	for (size_t i = 0; i < count && !feed; i++)
		if (slots[i].feed && feed_choice_equal(&slots[i].choice, choice)) {
			feed = slots[i].feed;
			slots[i].feed = NULL;
		}
	return feed;
}

/* Shows what is wanted now: feeds that are wanted still go on, the others end. */
static void
arrange_tables(struct feeds *feeds)
{
	const struct feed_choices *choices = &feeds->choices[FEED_TABLES];
	struct slot *old = feeds->slots;
	size_t old_count = feeds->slots_count;
	size_t *indexes = xcalloc(choices->count + HALVES, sizeof(*indexes));

	part_halves(feeds);
	size_t count = wanted_sources(feeds, indexes);
	feeds->slots = xcalloc(count ? count : 1, sizeof(*feeds->slots));
	feeds->slots_count = count;
	for (size_t i = 0; i < count; i++) {
		const struct feed_choice *choice = &choices->items[indexes[i]];

		feeds->slots[i] = (struct slot){ feed_choice_copy(choice), indexes[i],
						 take_feed(old, old_count, choice) };
	}
	free_slots(old, old_count);
	for (size_t i = 0; i < count; i++) {
		struct feed_source source = source_of(&feeds->slots[i].choice);

		if (!feeds->slots[i].feed)
			feeds->slots[i].feed =
				table_feed_new(&source, feeds->options->secrets, feeds->notify_fd);
	}
	feeds->tables_generation++;
	free(indexes);
}

void
feeds_set_shape(struct feeds *feeds, enum feeds_shape shape)
{
	feeds->shape = shape;
	arrange_tables(feeds);
}

enum feeds_shape
feeds_shape(const struct feeds *feeds)
{
	const struct feed_choices *choices = &feeds->choices[FEED_TABLES];
	size_t merged = 0;

	if (feeds->shape == FEEDS_ONE || choices->count < 2)
		return FEEDS_ONE;
	for (size_t i = 0; feeds->shape == FEEDS_MERGED && i < choices->count; i++)
		merged += is_merged(feeds, i);
	return feeds->shape == FEEDS_MERGED && merged < 2 ? FEEDS_ONE : feeds->shape;
}

uint64_t
feeds_tables_generation(const struct feeds *feeds)
{
	return feeds->tables_generation;
}

size_t
feeds_tables_count(const struct feeds *feeds)
{
	return feeds->slots_count;
}

struct table_feed *
feeds_table(const struct feeds *feeds, size_t slot)
{
	return slot < feeds->slots_count ? feeds->slots[slot].feed : NULL;
}

const struct feed_choice *
feeds_table_choice(const struct feeds *feeds, size_t slot)
{
	return slot < feeds->slots_count ? &feeds->slots[slot].choice : NULL;
}

size_t
feeds_table_index(const struct feeds *feeds, size_t slot)
{
	return slot < feeds->slots_count ? feeds->slots[slot].index : 0;
}

void
feeds_switch_table(struct feeds *feeds, size_t slot, int direction)
{
	size_t count = feeds->choices[FEED_TABLES].count, half = slot ? 1 : 0;
	size_t step = direction < 0 ? count - 1 : 1;
	enum feeds_shape shape = feeds_shape(feeds);
	size_t old = feeds->at[half];

	if (count < 2 || shape == FEEDS_MERGED)
		return;
	feeds->at[half] = (old + step) % count;
	if (shape == FEEDS_SPLIT && feeds->at[half] == feeds->at[!half]) {
		if (count == 2)
			feeds->at[!half] = old;
		else
			feeds->at[half] = (feeds->at[half] + step) % count;
	}
	arrange_tables(feeds);
}

void
feeds_go_table(struct feeds *feeds, size_t slot, size_t index)
{
	size_t half = slot && feeds_shape(feeds) == FEEDS_SPLIT ? 1 : 0;

	if (index >= feeds->choices[FEED_TABLES].count)
		return;
	if (feeds_shape(feeds) == FEEDS_MERGED)
		feeds->shape = FEEDS_ONE;
	if (feeds->at[!half] == index)
		feeds->at[!half] = feeds->at[half]; /* they change places */
	feeds->at[half] = index;
	arrange_tables(feeds);
}

/* The source of another resource beside one that is shown; returns where it is among the choices. */
static size_t
add_resource(struct feeds *feeds, const struct feed_choice *beside, const char *resource,
	     bool all_namespaces)
{
	struct feed_choice choice = feed_choice_copy(beside);

	free(choice.resource);
	choice.resource = xstrdup(resource);
	free(choice.selector);
	choice.selector = NULL;
	choice.all_namespaces = all_namespaces;
	feed_choice_name(&choice);
	feed_choices_add(&feeds->own[FEED_TABLES], &choice);
	size_t at = feed_choices_add(&feeds->choices[FEED_TABLES], &choice);
	feed_choice_release(&choice);
	return at;
}

void
feeds_add_resource(struct feeds *feeds, size_t slot, const char *resource, bool all_namespaces)
{
	enum feeds_shape shape = feeds_shape(feeds);
	size_t half = slot && shape == FEEDS_SPLIT ? 1 : 0, at = 0;

	if (slot >= feeds->slots_count)
		return;
	if (shape == FEEDS_MERGED) {
		for (size_t i = 0; i < feeds->slots_count; i++) {
			at = add_resource(feeds, &feeds->slots[i].choice, resource, all_namespaces);
			if (i == 0)
				feeds->at[0] = at;
		}
	} else {
		at = add_resource(feeds, &feeds->slots[slot].choice, resource, all_namespaces);
		if (shape == FEEDS_SPLIT && feeds->at[!half] == at)
			feeds->at[!half] = feeds->at[half];
		feeds->at[half] = at;
	}
	arrange_tables(feeds);
}

/* ---- logs ---- */

/* Follows the logs of the choice of now; those that run already go on. */
static void
arrange_logs(struct feeds *feeds)
{
	const struct feed_choices *choices = &feeds->choices[FEED_LOGS];
	struct feed_choice wanted = { 0 };

	if (feeds->logs_at < choices->count)
		wanted = feed_choice_copy(&choices->items[feeds->logs_at]);
	if (choices->count && feeds->logs_flipped) {
		wanted.previous = !wanted.previous;
		feed_choice_name(&wanted);
	}
	if (feeds->logs && choices->count && feed_choice_equal(&feeds->logs_choice, &wanted)) {
		feed_choice_release(&wanted);
		return;
	}
	stop_logs(feeds);
	feeds->logs_choice = wanted;
	feeds->logs_generation++;
	if (choices->count == 0)
		return;
	struct feed_source source = source_of(&feeds->logs_choice);
	feeds->logs = log_feed_new(&source, feeds->options->secrets, LOG_FEED_DEFAULT_BYTES,
				   LOG_FEED_DEFAULT_LINES, feeds->notify_fd);
}

struct log_feed *
feeds_logs(const struct feeds *feeds)
{
	return feeds->logs;
}

uint64_t
feeds_logs_generation(const struct feeds *feeds)
{
	return feeds->logs_generation;
}

void
feeds_switch_logs(struct feeds *feeds, int direction)
{
	size_t count = feeds->choices[FEED_LOGS].count;

	if (count < 2)
		return;
	feeds->logs_at = (feeds->logs_at + (direction < 0 ? count - 1 : 1)) % count;
	feeds->logs_flipped = false;
	arrange_logs(feeds);
}

void
feeds_go_logs(struct feeds *feeds, size_t index)
{
	if (index >= feeds->choices[FEED_LOGS].count)
		return;
	feeds->logs_at = index;
	feeds->logs_flipped = false;
	arrange_logs(feeds);
}

/* The resources whose objects have pods of their own, as operators call them. */
static bool
is_workload(const char *resource)
{
	static const char *const names[] = { "deployment",  "deployments",  "deploy",
					     "replicaset",  "replicasets",  "rs",
					     "statefulset", "statefulsets", "sts",
					     "daemonset",   "daemonsets",   "ds",
					     "job",	    "jobs" };
	size_t len = strcspn(resource, ".");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == len && strncmp(names[i], resource, len) == 0)
			return true;
	return false;
}

bool
feeds_add_logs(struct feeds *feeds, const struct feed_choice *of, const char *ns, const char *name)
{
	const char *resource = feed_choice_resource(of);
	bool pod = strcmp(resource, "pods") == 0;

	if (!pod && !is_workload(resource))
		return false;
	struct feed_choice choice = {
		.target = xstrdup(of->target),
		.kubeconfig = xstrdup(of->kubeconfig),
		.context = xstrdup(of->context),
		.ns = xstrdup(*ns ? ns : of->ns),
		.pod = pod ? xstrdup(name) : NULL,
		.workload = pod ? NULL : xasprintf("%s/%s", resource, name),
	};
	feed_choice_name(&choice);
	feed_choices_add(&feeds->own[FEED_LOGS], &choice);
	feeds->logs_at = feed_choices_add(&feeds->choices[FEED_LOGS], &choice);
	feeds->logs_flipped = false;
	feed_choice_release(&choice);
	arrange_logs(feeds);
	return true;
}

void
feeds_set_previous(struct feeds *feeds, bool previous)
{
	if (!feeds->logs || feeds->logs_choice.previous == previous)
		return;
	feeds->logs_flipped = !feeds->logs_flipped;
	arrange_logs(feeds);
}

/* ---- the run goes on ---- */

/* The same source's place in the new list; 0 where it is no more. */
static size_t
follow_index(const struct feed_choices *old, size_t at, const struct feed_choices *fresh)
{
	size_t found = at < old->count ? feed_choices_find(fresh, &old->items[at]) : SIZE_MAX;

	return found == SIZE_MAX ? 0 : found;
}

/* Keeps the feeds that run where the new choices still have their sources. */
static void
follow_kind(struct feeds *feeds, enum feed_choice_kind kind, const struct model *model)
{
	struct feed_choices *old = &feeds->choices[kind], fresh;

	feed_choices_make(kind, model->options->runbook, model->state, &fresh);
	for (size_t i = 0; i < feeds->own[kind].count; i++)
		feed_choices_add(&fresh, &feeds->own[kind].items[i]);
	if (kind == FEED_TABLES) {
		for (int half = 0; half < HALVES; half++)
			feeds->at[half] = follow_index(old, feeds->at[half], &fresh);
	} else {
		size_t at = follow_index(old, feeds->logs_at, &fresh);

		if (at >= fresh.count || feeds->logs_at >= old->count ||
		    !feed_choice_equal(&fresh.items[at], &old->items[feeds->logs_at]))
			feeds->logs_flipped = false;
		feeds->logs_at = at;
	}
	feed_choices_release(old);
	*old = fresh;
}

/* Whether the tables that are shown are those of the present choices. */
static bool
tables_stand(const struct feeds *feeds)
{
	const struct feed_choices *choices = &feeds->choices[FEED_TABLES];
	size_t *indexes = xcalloc(choices->count + HALVES, sizeof(*indexes));
	size_t count = wanted_sources(feeds, indexes);
	bool stand = count == feeds->slots_count;

	for (size_t i = 0; stand && i < count; i++)
		stand = indexes[i] == feeds->slots[i].index &&
			feed_choice_equal(&choices->items[indexes[i]], &feeds->slots[i].choice);
	free(indexes);
	return stand;
}

void
feeds_follow(struct feeds *feeds, const struct model *model)
{
	if (feeds->seen_seq == model->state->seq)
		return;
	feeds->seen_seq = model->state->seq;
	for (enum feed_choice_kind kind = 0; kind < FEED_KINDS; kind++)
		follow_kind(feeds, kind, model);
	part_halves(feeds);
	if (!tables_stand(feeds))
		arrange_tables(feeds);
	arrange_logs(feeds);
}

const struct feed_choice *
feeds_source(const struct feeds *feeds, enum feed_choice_kind kind, size_t index)
{
	const struct feed_choices *choices = &feeds->choices[kind];

	return index < choices->count ? &choices->items[index] : NULL;
}

const struct feed_choice *
feeds_choice(const struct feeds *feeds, enum feed_choice_kind kind, size_t *ret_index,
	     size_t *ret_count)
{
	if (ret_index)
		*ret_index = kind == FEED_LOGS ? feeds->logs_at : feeds_table_index(feeds, 0);
	if (ret_count)
		*ret_count = feeds->choices[kind].count;
	if (kind == FEED_LOGS)
		return feeds->logs ? &feeds->logs_choice : NULL;
	return feeds_table_choice(feeds, 0);
}
