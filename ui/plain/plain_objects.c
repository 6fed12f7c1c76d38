#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "feed/detail.h"
#include "ui/page/page_text.h"
#include "ui/pane/pods_pane.h"
#include "ui/plain/plain_look.h"

/* Single objects, by their names or parts of them. */

enum { NAMES_MAX = 20, DETAILS_MAX = 5 };

/* ---- finding them ---- */

struct quest {
	const char *name;
	struct plain_objects exact, alike;
	bool is_partial; /* not everything could be listed: it may be there all the same */
};

static void
add(struct plain_objects *objects, const struct feed_choice *of, const struct table_row *row)
{
	*VEC_PUSH(objects->items, objects->count, objects->cap) = (struct plain_object){
		.of = feed_choice_copy(of),
		.ns = xstrdup(row->ns),
		.name = xstrdup(row->name),
	};
}

void
plain_objects_release(struct plain_objects *objects)
{
	for (size_t i = 0; i < objects->count; i++) {
		feed_choice_release(&objects->items[i].of);
		free(objects->items[i].ns);
		free(objects->items[i].name);
	}
	free(objects->items);
	*objects = (struct plain_objects){ 0 };
}

/* Two sources of one cluster may both have it. */
static bool
is_known(const struct plain_objects *objects, const struct feed_choice *of,
	 const struct table_row *row)
{
	for (size_t i = 0; i < objects->count; i++) {
		const struct plain_object *known = &objects->items[i];

		if (strcmp(known->name, row->name) == 0 && strcmp(known->ns, row->ns) == 0 &&
		    str_equal(known->of.context, of->context) &&
		    str_equal(known->of.kubeconfig, of->kubeconfig) &&
		    strcmp(feed_choice_resource(&known->of), feed_choice_resource(of)) == 0)
			return true;
	}
	return false;
}

static bool
search(struct plain *plain, const struct feed_choice *choice, struct table_feed *feed, void *data)
{
	struct table_snapshot *snapshot = table_feed_snapshot(feed);
	struct quest *quest = data;
	struct feed_health health;

	table_feed_health(feed, &health);
	if (health.state == FEED_BROKEN) {
		plain_look_head(plain, "%s of %s:", feed_choice_resource(choice), choice->label);
		plain_say_health(plain, &health);
	}
	quest->is_partial |= !snapshot->exact;
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct table_row *row = &snapshot->rows[i];
		struct plain_objects *of =
			strcmp(row->name, quest->name) == 0 ? &quest->exact : &quest->alike;

		if (strstr(row->name, quest->name) && !is_known(of, choice, row))
			add(of, choice, row);
	}
	table_snapshot_release(snapshot);
	return true;
}

static int
several(const char *name, const struct plain_objects *objects, struct err *e)
{
	struct str names = STR_INIT;

	for (size_t i = 0; i < objects->count && i < NAMES_MAX; i++)
		str_printf(&names, "%s%s", i ? ", " : "", objects->items[i].name);
	if (objects->count > NAMES_MAX)
		str_printf(&names, " and %zu more", objects->count - NAMES_MAX);
	err_set(e, ERR_USAGE,
		"\"%s\" is in several names: %s; what runs them is called as in deployment/NAME",
		name, str_cstr(&names));
	str_release(&names);
	return -1;
}

/* Those that are called just so, else the only one that is called so among other letters. */
static int
choose(struct plain *plain, struct quest *quest, struct plain_objects *ret_objects, struct err *e)
{
	int rc = 0;

	if (quest->exact.count == 0 && quest->alike.count > 1)
		rc = several(quest->name, &quest->alike, e);
	else if (quest->exact.count + quest->alike.count == 0 && plain_gives_up(plain))
		rc = err_set(e, ERR_CANCELLED, "given up");
	else if (quest->exact.count + quest->alike.count == 0)
		rc = err_set(e, ERR_USAGE,
			     "nothing%s is called \"%s\"; \"pods\" shows what there is, and "
			     "RESOURCE/NAME finds what is no pod",
			     quest->is_partial ? " that could be listed so far" : "", quest->name);
	*ret_objects = quest->exact.count ? quest->exact : quest->alike;
	plain_objects_release(quest->exact.count ? &quest->alike : &quest->exact);
	if (rc < 0)
		plain_objects_release(ret_objects);
	return rc;
}

int
plain_objects_find(struct plain *plain, const char *name, struct plain_objects *ret_objects,
		   struct err *e)
{
	const char *slash = strchr(name, '/');
	char *resource = slash ? xstrndup(name, (size_t)(slash - name)) : NULL;
	struct quest quest = { .name = slash ? slash + 1 : name };

	plain_each_table(plain, resource, false, search, &quest);
	if (!slash && !quest.exact.count && plain->resource && !plain_gives_up(plain))
		plain_each_table(plain, plain->resource, plain->is_everywhere, search, &quest);
	free(resource);
	return choose(plain, &quest, ret_objects, e);
}

/* ---- everything about one ---- */

/* Until it has been read with its events, and nothing more of it comes at once. */
static void
await_detail(struct plain *plain, struct detail_feed *feed)
{
	struct patience patience = plain_patience();
	int64_t until_ms = patience.begun_ms + PLAIN_PATIENCE_MS, changed_ms = patience.begun_ms;
	uint64_t seen = 0;

	while (!plain_gives_up(plain)) {
		struct detail_snapshot *snapshot = detail_feed_snapshot(feed);
		int64_t now_ms = clock_mono_ms(), wake_ms = until_ms;
		bool is_there = (snapshot->complete && snapshot->events_known) || snapshot->gone;
		struct feed_health health;

		detail_feed_health(feed, &health);
		if (snapshot->generation != seen)
			changed_ms = now_ms;
		seen = snapshot->generation;
		detail_snapshot_release(snapshot);
		if (is_there && changed_ms + PLAIN_QUIET_MS < until_ms)
			wake_ms = changed_ms + PLAIN_QUIET_MS;
		if (health.state == FEED_BROKEN || now_ms >= wake_ms)
			return;
		plain_look_on(plain, &patience, wake_ms);
	}
}

static void
say_detail(struct plain *plain, const struct plain_object *object, struct detail_feed *feed)
{
	struct detail_snapshot *snapshot = detail_feed_snapshot(feed);
	struct feed_health health;
	struct str title = STR_INIT;
	struct lines lines;

	detail_feed_health(feed, &health);
	str_printf(&title, "%s %s%s%s of %s; ", feed_choice_resource(&object->of), object->ns,
		   *object->ns ? "/" : "", object->name,
		   object->of.context ? object->of.context : object->of.target);
	pods_append_health(&health, "it is", false, &title);
	plain_look_head(plain, "%s", str_cstr(&title));
	lines_init(&lines, plain_look_columns(plain));
	detail_page_lines(snapshot, &health, &lines);
	plain_look_lines(plain, &lines);
	lines_release(&lines);
	detail_snapshot_release(snapshot);
	str_release(&title);
}

static void
look_at(struct plain *plain, const struct plain_object *object)
{
	const struct feed_source source = {
		.kubeconfig = object->of.kubeconfig,
		.context = object->of.context,
		.ns = object->of.ns,
		.all_namespaces = object->of.all_namespaces,
		.resource = object->of.resource,
	};
	struct detail_feed *feed =
		detail_feed_new(&source, object->ns, object->name, plain->model.options->secrets,
				feeds_fd(plain->feeds));

	await_detail(plain, feed);
	if (!plain_gives_up(plain))
		say_detail(plain, object, feed);
	detail_feed_free(feed);
}

int
plain_look_details(struct plain *plain, const char *rest, struct err *e)
{
	struct plain_objects objects = { 0 };
	int rc = 0;

	if (!*rest)
		return err_set(
			e, ERR_USAGE,
			"it wants the name of an object, or a part of it: \"details web-1\", "
			"\"details deployment/web\"");
	if (!plain_has_feed(plain, FEED_TABLES))
		return err_set(e, ERR_USAGE,
			       "this runbook names no pods to look at here, and so no cluster");
	if (plain_feeds_begin(plain)) {
		rc = plain_objects_find(plain, rest, &objects, e);
		for (size_t i = 0; i < objects.count && i < DETAILS_MAX; i++)
			look_at(plain, &objects.items[i]);
	}
	plain_feeds_end(plain);
	plain_objects_release(&objects);
	return rc;
}
