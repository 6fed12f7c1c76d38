#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "feed/detail.h"
#include "ui/page/page_text.h"
#include "ui/pane/pods_pane.h"
#include "ui/screen/app.h"

/* The object that the page follows. */
struct detail_page {
	struct detail_feed *feed;
};

static const enum role roles[] = {
	[DETAIL_HEADING] = ROLE_LABEL, [DETAIL_TEXT] = ROLE_TEXT, [DETAIL_GOOD] = ROLE_GOOD,
	[DETAIL_BAD] = ROLE_BAD,       [DETAIL_DIM] = ROLE_DIM,
};

/* Why there is nothing to read, or why it is old. */
static void
add_trouble(const struct detail_snapshot *snapshot, const struct feed_health *health,
	    struct lines *lines)
{
	if (snapshot->gone)
		lines_wrap(lines, ROLE_BAD, "! ", ROLE_BAD,
			   "gone: this object has been deleted; below is its last state");
	if (health->state == FEED_BROKEN)
		lines_wrap(lines, ROLE_BAD, "! ", ROLE_BAD, health->problem);
	else if (!snapshot->complete && !snapshot->gone)
		lines_add(lines, ROLE_DIM, "waiting for the first answer");
	if (snapshot->gone || health->state == FEED_BROKEN)
		lines_gap(lines);
}

/* How much of a line names what the rest tells ("    state    "): the rest is wrapped below itself. */
static size_t
name_len(const char *text)
{
	enum { NAME_MAX_BYTES = 28 };
	size_t blanks = strspn(text, " "), len = blanks;

	while (text[len] && len < NAME_MAX_BYTES && strncmp(text + len, "  ", 2) != 0)
		len++;
	size_t gap = strspn(text + len, " ");
	return gap >= 2 && text[len + gap] ? len + gap : blanks;
}

static void
add_line(const struct detail_line *line, struct lines *lines)
{
	enum role role = roles[line->role];
	size_t len = name_len(line->text);
	char *name = xstrndup(line->text, len);

	if (line->role == DETAIL_HEADING)
		lines_gap(lines);
	if (*line->text)
		lines_wrap(lines, role, name, role, line->text + len);
	else
		lines_gap(lines);
	free(name);
}

void
detail_page_lines(const struct detail_snapshot *snapshot, const struct feed_health *health,
		  struct lines *lines)
{
	add_trouble(snapshot, health, lines);
	for (size_t i = 0; i < snapshot->count; i++)
		add_line(&snapshot->lines[i], lines);
}

static void
fill(const struct app *app, struct lines *lines)
{
	const struct detail_page *page = app->page.data;
	struct detail_snapshot *snapshot = detail_feed_snapshot(page->feed);
	struct feed_health health;

	detail_feed_health(page->feed, &health);
	detail_page_lines(snapshot, &health, lines);
	detail_snapshot_release(snapshot);
}

static uint64_t
generation(const void *data)
{
	const struct detail_page *page = data;
	struct detail_snapshot *snapshot = detail_feed_snapshot(page->feed);
	struct feed_health health;

	detail_feed_health(page->feed, &health);
	uint64_t value = snapshot->generation * 4 + (uint64_t)health.state + 1;
	detail_snapshot_release(snapshot);
	return value;
}

static void
append_state(const void *data, struct str *out)
{
	const struct detail_page *page = data;
	struct detail_snapshot *snapshot = detail_feed_snapshot(page->feed);
	struct feed_health health;

	detail_feed_health(page->feed, &health);
	str_append(out, "  ");
	if (snapshot->gone)
		str_append(out, "GONE, ");
	pods_append_health(&health, "it is", false, out);
	str_append_char(out, ' ');
	detail_snapshot_release(snapshot);
}

static void
close_page(void *data)
{
	struct detail_page *page = data;

	detail_feed_free(page->feed);
	free(page);
}

static const struct page_source source = {
	.generation = generation,
	.state = append_state,
	.close = close_page,
};

void
detail_page_open(struct app *app, const struct feed_choice *of, const char *ns, const char *name)
{
	const struct feed_source feed_source = {
		.kubeconfig = of->kubeconfig,
		.context = of->context,
		.ns = of->ns,
		.all_namespaces = of->all_namespaces,
		.resource = of->resource,
	};
	struct detail_page *page = xcalloc(1, sizeof(*page));
	char *title = xasprintf("%s %s%s%s of %s", feed_choice_resource(of), ns, *ns ? "/" : "",
				name, of->context ? of->context : of->target);

	page->feed = detail_feed_new(&feed_source, ns, name, app->model.options->secrets,
				     feeds_fd(app->feeds));
	page_open(app, title, fill);
	app->page.source = &source;
	app->page.data = page;
	free(title);
}
