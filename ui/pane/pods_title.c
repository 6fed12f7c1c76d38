#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/pane/pane.h"
#include "ui/pane/pods_pane.h"

/* The facts about a list's data, of all its feeds together. */
struct pods_facts {
	size_t feeds, broken, starting;
	size_t rows, trouble;
	bool complete, exact; /* of all of them */
	bool pods;	      /* not another resource */
	struct feed_health worst;
	size_t listed; /* of the lists that are coming in */
	int64_t left;
	uint64_t skipped;
};

/* The worse of two states of a feed: of two alike, the one whose data is older. */
static bool
is_worse(const struct feed_health *a, const struct feed_health *b)
{
	static const int rank[] = { [FEED_LIVE] = 0, [FEED_STARTING] = 1, [FEED_BROKEN] = 2 };

	if (a->state != b->state)
		return rank[a->state] > rank[b->state];
	return a->last_alive_ms < b->last_alive_ms;
}

static void
add_health(struct pods_facts *facts, const struct feed_health *health)
{
	facts->broken += health->state == FEED_BROKEN;
	facts->starting += health->state == FEED_STARTING;
	facts->skipped += health->skipped;
	facts->listed += health->listed;
	if (health->listed)
		facts->left = health->left < 0 || facts->left < 0 ? -1 : facts->left + health->left;
	if (facts->feeds == 0 || is_worse(health, &facts->worst))
		facts->worst = *health;
	facts->feeds++;
}

static void
gather_facts(const struct app *app, const struct pods_list *list, struct pods_facts *ret_facts)
{
	struct pods_facts facts = { .complete = true, .exact = true };

	for (size_t i = 0; i < list->slots; i++) {
		const struct table_snapshot *snapshot = table_view_snapshot(list->view, i);
		struct feed_health health;

		table_feed_health(feeds_table(app->feeds, list->slot + i), &health);
		add_health(&facts, &health);
		facts.rows += snapshot->count;
		facts.trouble += snapshot->trouble;
		facts.complete = facts.complete && snapshot->complete;
		facts.exact = facts.exact && snapshot->exact;
	}
	facts.pods = strcmp(feed_choice_resource(feeds_table_choice(app->feeds, list->slot)),
			    "pods") == 0;
	*ret_facts = facts;
}

/* ", 9,500 to come": of a list that is coming in. */
static void
append_left(const struct pods_facts *facts, struct str *out)
{
	str_append(out, ", ");
	if (facts->left > 0)
		pane_append_number((uint64_t)facts->left, out);
	else
		str_append(out, "more");
	str_append(out, " to come");
}

/* How far the rows are to be believed: not all of them, or not the latest ones. */
static void
append_doubt(const struct pods_facts *facts, bool brief, struct str *out)
{
	if (!facts->complete) {
		append_left(facts, out);
	} else if (brief) {
		str_append(out, facts->exact ? "" : " (cached)");
	} else if (!facts->exact || facts->listed) {
		str_append(out, facts->exact ? " (read anew" : " (from the server's cache");
		if (facts->listed)
			append_left(facts, out);
		str_append_char(out, ')');
	}
}

static void
append_count(const struct pods_facts *facts, bool brief, struct str *out)
{
	if (!facts->complete && facts->rows == 0 && !facts->listed)
		return;
	pane_append_number(facts->rows, out);
	str_append(out, facts->pods ? " pod" : " row");
	if (facts->rows != 1)
		str_append_char(out, 's');
	if (facts->trouble) {
		str_append(out, ", ");
		pane_append_number(facts->trouble, out);
		str_append(out, facts->pods ? " not ready" : " in trouble");
	}
	append_doubt(facts, brief, out);
}

static void
append_broken(const struct feed_health *health, const char *what, bool brief, struct str *out)
{
	int64_t now_ms = clock_mono_ms();
	char text[CLOCK_STAMP_MAX];

	str_append(out, "BROKEN");
	if (!brief && health->retry_at_ms > now_ms)
		str_printf(out, ", retry in %s",
			   duration_format_human(health->retry_at_ms - now_ms, text));
	if (health->last_alive_ms) {
		duration_format_human(now_ms - health->last_alive_ms, text);
		if (brief)
			str_printf(out, ", %s old", text);
		else
			str_printf(out, ", %s %s old", what, text);
	}
}

void
pods_append_health(const struct feed_health *health, const char *what, bool brief, struct str *out)
{
	char age[CLOCK_STAMP_MAX];

	if (health->state == FEED_BROKEN) {
		append_broken(health, what, brief, out);
		return;
	}
	/* a watch may be silent for a minute while nothing changes: that is no doubt about its data */
	str_append(out, health->state == FEED_LIVE ? "live" : "connecting");
	if (health->last_alive_ms) {
		duration_format_human(clock_mono_ms() - health->last_alive_ms, age);
		str_printf(out, brief ? ", %s" : ", heard %s ago", age);
	}
}

/* Of several feeds: how many are not live, and how the worst one is. */
static void
append_healths(const struct pods_facts *facts, bool brief, struct str *out)
{
	size_t count = facts->broken ? facts->broken : facts->starting;

	if (count && facts->feeds > 1)
		str_printf(out, "%zu of %zu ", count, facts->feeds);
	pods_append_health(&facts->worst, facts->feeds > 1 ? "its rows are" : "rows are", brief,
			   out);
}

/* "mgmt-b/tsb [2/3]", or how many sources there are in one list; without its middle where it is long. */
static void
append_source(const struct app *app, const struct pods_list *list, int columns, struct str *out)
{
	enum { WITH_PLACE_LEAST = 20 };
	const struct feed_choice *choice = feeds_table_choice(app->feeds, list->slot);
	const char *resource = feed_choice_resource(choice);
	bool named = app->pods->lists_count > 1 || strcmp(resource, "pods") != 0;
	struct str label = STR_INIT, place = STR_INIT;
	size_t count;

	feeds_choice(app->feeds, FEED_TABLES, NULL, &count);
	str_printf(&label, "%s%s", named ? resource : "", named ? " " : "");
	if (list->slots > 1)
		str_printf(&label, "of %zu sources", list->slots);
	else
		str_append(&label, choice->label);
	if (list->slots == 1 && count > 1)
		str_printf(&place, " [%zu/%zu]", feeds_table_index(app->feeds, list->slot) + 1,
			   count);
	if (columns < WITH_PLACE_LEAST && text_width(str_cstr(&label)) + (int)place.len > columns)
		str_clear(&place);
	pods_append_middle_cut(out, str_cstr(&label), columns - (int)place.len);
	str_append(out, str_cstr(&place));
	str_release(&label);
	str_release(&place);
}

static void
append_state(const struct pods_facts *facts, bool brief, struct str *out)
{
	size_t start = out->len;

	str_append(out, "  ");
	append_count(facts, brief, out);
	if (out->len > start + 2)
		str_append(out, "  ");
	append_healths(facts, brief, out);
}

void
pods_append_title(const struct app *app, const struct pods_list *list, int columns, struct str *out)
{
	enum { SOURCE_MAX = 40, SOURCE_LEAST = 8 };
	struct str source = STR_INIT, state = STR_INIT;
	struct pods_facts facts;

	gather_facts(app, list, &facts);
	append_source(app, list, SOURCE_MAX, &source);
	append_state(&facts, false, &state);
	if (text_width(str_cstr(&source)) + text_width(str_cstr(&state)) > columns) {
		str_clear(&state);
		append_state(&facts, true, &state);
	}
	int room = columns - text_width(str_cstr(&state));
	append_source(app, list, room > SOURCE_LEAST ? room : SOURCE_LEAST, out);
	str_append(out, str_cstr(&state));
	str_release(&source);
	str_release(&state);
}

/* What the rows are sorted by, as far as they have that column. */
static const char *
sorted_by(const struct app *app, const struct pods_list *list)
{
	const char *sort = app->pods->sort;

	for (size_t i = 0; sort && i < list->slots; i++)
		if (table_column_find(table_view_snapshot(list->view, i), sort) >= 0)
			return sort;
	return app->pods->descending ? "NAME" : NULL;
}

void
pods_append_choice(const struct app *app, const struct pods_list *list, struct str *out)
{
	const struct pods_pane *pane = app->pods;
	const char *sort = sorted_by(app, list);

	if (pane->filter) {
		str_printf(out, "filter: %s, ", pattern_text(pane->filter));
		pane_append_number(table_view_hidden(list->view), out);
		str_append(out, " hidden  ");
	}
	if (pane->search)
		str_printf(out, "search: %s  ", pattern_text(pane->search));
	if (pane->trouble_only)
		str_append(out, "only what is in trouble  ");
	if (sort)
		str_printf(out, "by %s%s  ", sort, pane->descending ? " desc" : "");
	while (out->len && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
}

int
pods_title_room(const struct app *app)
{
	int columns = app->layout.panes[PANE_PODS].columns, others = 0;

	/* the names of the panes that are not shown give way only to the pane that has the keys */
	for (enum pane other = PANE_PODS; !app->zoom && other < PANE_COUNT; other++)
		if (app->focus != PANE_PODS && app->layout.panes[other].rows == 0)
			others += text_width(pane_table[other]->name) + 4;
	if (others >= columns / 2)
		others = 0;
	return columns - others - text_width(pane_pods_ops.name) - 3;
}

bool
pods_title_has_choice(const struct app *app, const struct pods_list *list)
{
	struct str title = STR_INIT, choice = STR_INIT;
	int room = pods_title_room(app);

	pods_append_title(app, list, room, &title);
	pods_append_choice(app, list, &choice);
	bool fits = text_width(str_cstr(&title)) + 2 + text_width(str_cstr(&choice)) <= room;
	str_release(&title);
	str_release(&choice);
	return fits;
}

/* Why there are no rows, where there are none: never more than what is known. */
static void
add_emptiness(const struct app *app, const struct pods_list *list, const struct pods_facts *facts,
	      struct lines *lines)
{
	const char *what = feed_choice_resource(feeds_table_choice(app->feeds, list->slot));
	const char *so_far = facts->complete && facts->exact ? "" : " so far";

	if (table_view_count(list->view))
		return;
	if (facts->rows && app->pods->filter)
		lines_add(lines, ROLE_TEXT, "no row matches%s; %s shows all", so_far,
			  keymap_label(CMD_CLEAR));
	else if (facts->rows)
		lines_add(lines, ROLE_TEXT, "nothing is in trouble%s; %s shows all", so_far,
			  keymap_label(CMD_TROUBLE));
	else if (facts->complete && facts->exact && facts->broken)
		lines_add(lines, ROLE_TEXT, "no %s there when it was last heard", what);
	else if (facts->complete && facts->exact)
		lines_add(lines, ROLE_TEXT, "no %s there", what);
	else if (facts->complete)
		lines_add(lines, ROLE_DIM,
			  "nothing in the server's cache; waiting for the exact list");
	else if (!facts->broken)
		lines_add(lines, ROLE_DIM, "waiting for the first answer");
}

void
pods_add_remarks(const struct app *app, const struct pods_list *list, struct lines *lines)
{
	struct pods_facts facts;

	gather_facts(app, list, &facts);
	for (size_t i = 0; i < list->slots; i++) {
		const char *label = feeds_table_choice(app->feeds, list->slot + i)->label;
		struct feed_health health;
		char *prefix = list->slots > 1 ? xasprintf("! %s: ", label) : xstrdup("! ");

		table_feed_health(feeds_table(app->feeds, list->slot + i), &health);
		if (health.state == FEED_BROKEN)
			lines_wrap(lines, ROLE_BAD, prefix, ROLE_BAD, health.problem);
		if (*health.warning)
			lines_wrap(lines, ROLE_WARNING, prefix, ROLE_WARNING, health.warning);
		if (health.skipped) {
			lines_add(lines, ROLE_WARNING, "%sskipped ", prefix);
			lines_append(lines, ROLE_WARNING, "%llu: %s",
				     (unsigned long long)health.skipped, health.skipped_why);
		}
		free(prefix);
	}
	add_emptiness(app, list, &facts, lines);
}
