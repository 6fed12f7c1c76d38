#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "ui/pane/pods_pane.h"
#include "ui/plain/plain_look.h"

/* Logs, by their last lines. */

enum {
	EMPTY_MS = 2000, /* a log that is followed, and has no line yet */
	LAST_LINES = 20,
	LINES_MAX = 1000,
	LINES_A_READ = 10000, /* so long the feed is held up */
};

/* What is asked for: "logs -p -n 100 web". */
struct wish {
	char *name; /* or NULL */
	size_t lines;
	bool previous;
};

/* ---- reading ---- */

/* The last lines that pass, in a ring. */
struct tail {
	const struct pattern *filter;
	char **items;
	size_t room, passed, left_out;
};

static void
keep_line(void *data, const struct log_line *line)
{
	struct tail *tail = data;
	/* components write their own times */
	char *text = xasprintf("  %s%s%s%s", line->marker ? "-- " : "", line->origin,
			       line->origin[0] ? ": " : "", line->text);

	if (tail->filter && !pattern_matches(tail->filter, text, strlen(text))) {
		tail->left_out++;
		free(text);
		return;
	}
	char **place = &tail->items[tail->passed++ % tail->room];
	free(*place);
	*place = text;
}

/* With a filter all that is kept, else only the end. */
static void
read_tail(struct log_feed *feed, struct tail *tail)
{
	uint64_t first, next;

	log_feed_range(feed, &first, &next);
	if (!tail->filter && next - first > tail->room)
		first = next - tail->room;
	for (; first < next; first += LINES_A_READ)
		log_feed_read(feed, first,
			      first + LINES_A_READ < next ? first + LINES_A_READ : next, keep_line,
			      tail);
}

static void
say_tail(struct plain *plain, struct tail *tail)
{
	size_t count = tail->passed < tail->room ? tail->passed : tail->room;

	for (size_t i = tail->passed - count; i < tail->passed; i++)
		plain_look_head(plain, "%s", tail->items[i % tail->room]);
	plain->look.lines += tail->passed;
	plain->look.left_out += tail->left_out;
	for (size_t i = 0; i < count; i++)
		free(tail->items[i]);
	free(tail->items);
}

static void
say_log(struct plain *plain, const struct wish *wish)
{
	const struct feed_choice *choice = feeds_choice(plain->feeds, FEED_LOGS, NULL, NULL);
	struct log_feed *feed = feeds_logs(plain->feeds);
	struct tail tail = { .filter = plain->look.filter, .room = wish->lines };
	struct str title = STR_INIT;
	struct feed_health health;
	size_t streams, count;

	tail.items = xcalloc(tail.room, sizeof(*tail.items));
	read_tail(feed, &tail);
	log_feed_health(feed, &health, &streams);
	count = tail.passed < tail.room ? tail.passed : tail.room;
	str_printf(&title, "logs of %s: the last %zu line%s", choice->label, count,
		   count == 1 ? "" : "s");
	if (tail.filter)
		str_printf(&title, " of %zu that match", tail.passed);
	str_printf(&title, "; %zu stream%s, ", streams, streams == 1 ? "" : "s");
	pods_append_health(&health, "lines are", false, &title);
	plain_look_head(plain, "%s", str_cstr(&title));
	plain_say_health(plain, &health);
	say_tail(plain, &tail);
	str_release(&title);
}

/* Until nothing more comes at once. */
static void
await_log(struct plain *plain, struct log_feed *feed)
{
	struct patience patience = plain_patience();
	int64_t begun_ms = patience.begun_ms, changed_ms = begun_ms;
	uint64_t first, next, seen = 0;
	struct feed_health health;
	size_t streams;

	while (!plain_gives_up(plain)) {
		int64_t now_ms = clock_mono_ms(), until_ms = begun_ms + PLAIN_PATIENCE_MS;

		log_feed_health(feed, &health, &streams);
		log_feed_range(feed, &first, &next);
		if (next != seen)
			changed_ms = now_ms;
		seen = next;
		if (next)
			until_ms = changed_ms + PLAIN_QUIET_MS;
		else if (health.state == FEED_LIVE)
			until_ms = begun_ms + EMPTY_MS;
		if (health.state == FEED_BROKEN || now_ms >= until_ms ||
		    now_ms >= begun_ms + PLAIN_PATIENCE_MS)
			return;
		plain_look_on(plain, &patience, until_ms);
	}
}

/* The source that the feeds show now. */
static void
look_at(struct plain *plain, const struct wish *wish)
{
	if (wish->previous)
		feeds_set_previous(plain->feeds, true);
	await_log(plain, feeds_logs(plain->feeds));
	if (!plain_gives_up(plain))
		say_log(plain, wish);
}

/* ---- which ---- */

static bool
is_called(const struct feed_choice *choice, const char *name)
{
	return str_equal(choice->pod, name) || str_equal(choice->workload, name) ||
	       str_equal(choice->label, name);
}

/* The runbook's sources: those of that name, or all. Returns how many there were. */
static size_t
look_at_sources(struct plain *plain, const struct wish *wish)
{
	const struct feed_choice *choice;
	size_t count = 0;

	for (size_t i = 0; (choice = feeds_source(plain->feeds, FEED_LOGS, i)); i++) {
		if (plain_gives_up(plain))
			break;
		if (wish->name && !is_called(choice, wish->name))
			continue;
		count++;
		feeds_go_logs(plain->feeds, i);
		look_at(plain, wish);
	}
	return count;
}

/* What the clusters have under that name. */
static int
look_at_objects(struct plain *plain, const struct wish *wish, struct err *e)
{
	struct plain_objects objects = { 0 };
	int rc = plain_objects_find(plain, wish->name, &objects, e);

	for (size_t i = 0; i < objects.count && rc == 0 && !plain_gives_up(plain); i++) {
		const struct plain_object *object = &objects.items[i];

		if (feeds_add_logs(plain->feeds, &object->of, object->ns, object->name))
			look_at(plain, wish);
		else
			rc = err_set(e, ERR_USAGE,
				     "of \"%s\" there are no logs: only of pods and of what runs "
				     "them",
				     object->name);
	}
	plain_objects_release(&objects);
	return rc;
}

static int
usage(struct err *e)
{
	return err_set(
		e, ERR_USAGE,
		"it is written \"logs [-p] [-n COUNT] [NAME]\": -p for what was written before "
		"the last restart, COUNT from 1 to %d",
		LINES_MAX);
}

static int
read_wish(const char *rest, struct wish *wish, struct err *e)
{
	char *copy = xstrdup(rest), *save = NULL;
	int rc = 0;

	for (char *word = strtok_r(copy, " \t", &save); word && rc == 0;
	     word = strtok_r(NULL, " \t", &save)) {
		if (strcmp(word, "-p") == 0) {
			wish->previous = true;
		} else if (strcmp(word, "-n") == 0) {
			const char *number = strtok_r(NULL, " \t", &save);
			unsigned long lines = number ? strtoul(number, NULL, 10) : 0;

			if (lines < 1 || lines > LINES_MAX)
				rc = usage(e);
			wish->lines = lines;
		} else if (*word == '-' || wish->name) {
			rc = usage(e);
		} else {
			wish->name = xstrdup(word);
		}
	}
	free(copy);
	return rc;
}

int
plain_look_logs(struct plain *plain, const char *rest, struct err *e)
{
	struct wish wish = { .lines = LAST_LINES };
	int rc = read_wish(rest, &wish, e);

	if (rc == 0 && !wish.name && !plain_has_feed(plain, FEED_LOGS))
		rc = err_set(e, ERR_USAGE,
			     "this runbook names no logs to look at here; \"logs NAME\" shows "
			     "those of a pod");
	if (rc == 0 && plain_feeds_begin(plain) && look_at_sources(plain, &wish) == 0 && wish.name)
		rc = look_at_objects(plain, &wish, e);
	if (plain->feeds)
		plain_feeds_end(plain);
	free(wish.name);
	return rc;
}
