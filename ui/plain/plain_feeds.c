#include "config.h"

#include "base/clock.h"
#include "ui/plain/plain_look.h"

/* What the screen shows beside the step, in line mode: when it is asked for, as it is then. */

enum { NOTICE_MS = 1000 /* longer waiting is told */ };

bool
plain_gives_up(const struct plain *plain)
{
	return plain->gives_up || plain->leaving || plain->failed || plain->model.closed;
}

struct patience
plain_patience(void)
{
	return (struct patience){ .begun_ms = clock_mono_ms() };
}

void
plain_look_on(struct plain *plain, struct patience *patience, int64_t until_ms)
{
	int64_t notice_ms = patience->begun_ms + NOTICE_MS;

	if (!patience->is_told && clock_mono_ms() >= notice_ms) {
		plain_say(plain, "Waiting for the cluster; Ctrl-C gives up.");
		patience->is_told = true;
	}
	plain->wake_at_ms = patience->is_told || until_ms < notice_ms ? until_ms : notice_ms;
	plain_wait(plain, false);
	plain->wake_at_ms = 0;
}

bool
plain_feeds_begin(struct plain *plain)
{
	plain->feeds = feeds_new(plain->model.options);
	plain->gives_up = false;
	feeds_follow(plain->feeds, &plain->model);
	return !plain_gives_up(plain);
}

void
plain_feeds_end(struct plain *plain)
{
	plain_say_insecure(plain, false);
	feeds_free(plain->feeds);
	plain->feeds = NULL;
}

void
plain_say_health(struct plain *plain, const struct feed_health *health)
{
	if (health->state == FEED_BROKEN)
		plain_look_head(plain, "! %s", health->problem);
	else if (health->state == FEED_STARTING)
		plain_look_head(plain, "! no answer yet");
	if (health->skipped)
		plain_look_head(plain, "! %llu skipped: %s", (unsigned long long)health->skipped,
				health->skipped_why);
	if (health->warning[0])
		plain_look_head(plain, "! the server warns: %s", health->warning);
}

bool
plain_has_feed(const struct plain *plain, enum feed_choice_kind kind)
{
	struct feed_choices choices;

	feed_choices_make(kind, plain->model.options->runbook, plain->model.state, &choices);
	size_t count = choices.count;
	feed_choices_release(&choices);
	return count > 0;
}
