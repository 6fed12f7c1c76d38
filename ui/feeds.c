#include "config.h"

#include "ui/feeds.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/xalloc.h"

struct feeds {
	const struct ui_options *options;
	int notify_fd;
	int64_t seen_seq; /* the record that the choices were made after */
	struct feed_choices choices[FEED_KINDS];
	size_t chosen[FEED_KINDS];
	struct pod_feed *pods;
	struct log_feed *logs;
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
stop(struct feeds *feeds, enum feed_choice_kind kind)
{
	if (kind == FEED_PODS) {
		pod_feed_free(feeds->pods);
		feeds->pods = NULL;
	} else {
		log_feed_free(feeds->logs);
		feeds->logs = NULL;
	}
}

void
feeds_free(struct feeds *feeds)
{
	if (!feeds)
		return;
	for (enum feed_choice_kind kind = 0; kind < FEED_KINDS; kind++) {
		stop(feeds, kind);
		feed_choices_release(&feeds->choices[kind]);
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

static void
start(struct feeds *feeds, enum feed_choice_kind kind)
{
	const struct feed_choice *choice = feeds_choice(feeds, kind, NULL, NULL);

	if (!choice)
		return;
	struct feed_source source = {
		.kubeconfig = choice->kubeconfig,
		.context = choice->context,
		.ns = choice->ns,
		.selector = choice->selector,
		.container = choice->container,
	};
	if (kind == FEED_PODS)
		feeds->pods = pod_feed_new(&source, feeds->options->secrets, feeds->notify_fd);
	else
		feeds->logs = log_feed_new(&source, feeds->options->secrets, LOG_FEED_DEFAULT_BYTES,
					   feeds->notify_fd);
}

/* Keeps the feed that runs where the new choices still have its source. */
static void
follow_kind(struct feeds *feeds, enum feed_choice_kind kind, const struct model *model)
{
	const struct feed_choice *old = feeds_choice(feeds, kind, NULL, NULL);
	struct feed_choices fresh;
	size_t at = 0;

	feed_choices_make(kind, model->options->runbook, model->state, &fresh);
	while (old && at < fresh.count && !feed_choice_equal(&fresh.items[at], old))
		at++;
	bool kept = old && at < fresh.count;
	feed_choices_release(&feeds->choices[kind]);
	feeds->choices[kind] = fresh;
	feeds->chosen[kind] = kept ? at : 0;
	if (kept)
		return;
	stop(feeds, kind);
	start(feeds, kind);
}

void
feeds_follow(struct feeds *feeds, const struct model *model)
{
	if (feeds->seen_seq == model->state->seq)
		return;
	feeds->seen_seq = model->state->seq;
	for (enum feed_choice_kind kind = 0; kind < FEED_KINDS; kind++)
		follow_kind(feeds, kind, model);
}

void
feeds_switch(struct feeds *feeds, enum feed_choice_kind kind, int direction)
{
	size_t count = feeds->choices[kind].count;

	if (count < 2)
		return;
	feeds->chosen[kind] = (feeds->chosen[kind] + (direction < 0 ? count - 1 : 1)) % count;
	stop(feeds, kind);
	start(feeds, kind);
}

struct pod_feed *
feeds_pods(const struct feeds *feeds)
{
	return feeds->pods;
}

struct log_feed *
feeds_logs(const struct feeds *feeds)
{
	return feeds->logs;
}

const struct feed_choice *
feeds_choice(const struct feeds *feeds, enum feed_choice_kind kind, size_t *ret_index,
	     size_t *ret_count)
{
	if (ret_index)
		*ret_index = feeds->chosen[kind];
	if (ret_count)
		*ret_count = feeds->choices[kind].count;
	return feeds->choices[kind].count ? &feeds->choices[kind].items[feeds->chosen[kind]] : NULL;
}
