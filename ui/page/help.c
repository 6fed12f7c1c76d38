#include "config.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "ui/model/situation.h"
#include "ui/screen/app.h"
#include "ui/screen/commandline.h"
#include "ui/screen/jump.h"
#include "ui/screen/mouse.h"

static const char marks[] =
	"**Marks**  `[ ]` to do  `[>]` current, ready  `[~]` running  `[x]` passed  `[!]` failed, "
	"blocked or cancelled  `[-]` skipped  `[?]` unknown: it may or may not have happened";

/* Behind the key that runs a step. */
static const char rules[] =
	" runs at once what only reads. What changes something shows exactly what it would do and "
	"asks; No is the default. What destroys wants the name typed. Nothing goes past a failure "
	"by "
	"itself, and every decision is in the journal.";

/* What keys are for, by the commands between two of them; each row belongs to the first that holds it. */
static const struct {
	const char *title;
	enum command first, last;
} groups[] = {
	{ "Deciding", CMD_RUN, CMD_END },
	{ "Moving", CMD_CURRENT, CMD_BOTTOM },
	{ "Panes and pages", CMD_NEXT_PANE, CMD_NEXT_SOURCE },
	{ "Searching and leaving out", CMD_SEARCH, CMD_CLEAR },
	{ "Pods and other tables", CMD_SORT_NEXT, CMD_MERGE },
	{ "Logs", CMD_WRAP, CMD_SAVE_LOG },
	{ "The program", CMD_NONE, CMD_REDRAW },
};

enum { GROUPS = sizeof(groups) / sizeof(groups[0]), KEYS_COLUMNS = 17 };

static size_t
group_of(const struct key_binding *binding)
{
	size_t group = 0;

	while (group < GROUPS - 1 &&
	       (binding->command < groups[group].first || binding->command > groups[group].last))
		group++;
	return group;
}

/* "* PgDn Space Ctrl-F  Moves down by a page." */
static void
add_row(struct lines *lines, const struct key_binding *binding, bool applies)
{
	struct str keys = STR_INIT, help = STR_INIT;

	keymap_keys(binding, &keys);
	keymap_help(binding, &help);
	char *prefix = xasprintf("%s %-*s ", applies ? "*" : " ", KEYS_COLUMNS, str_cstr(&keys));
	lines_wrap(lines, ROLE_KEY, prefix, ROLE_TEXT, str_cstr(&help));
	free(prefix);
	str_release(&keys);
	str_release(&help);
}

static void
add_group(const struct app *app, struct lines *lines, size_t group)
{
	unsigned facts = app_facts(app), possible = app_possible_facts(app);
	bool begun = false;

	for (size_t i = 0; i < keymap_count; i++) {
		if (!(keymap[i].when & possible) || !keymap[i].keys[0] ||
		    group_of(&keymap[i]) != group)
			continue;
		if (!begun) {
			lines_gap(lines);
			lines_add(lines, ROLE_LABEL, "%s", groups[group].title);
		}
		begun = true;
		add_row(lines, &keymap[i], keymap_applies(&keymap[i], facts));
	}
}

static void
fill(const struct app *app, struct lines *lines)
{
	char *text = xasprintf("**%s**%s", keymap_label(CMD_RUN), rules);

	lines_markdown(lines, text);
	free(text);
	lines_gap(lines);
	lines_markdown(lines, marks);
	lines_gap(lines);
	lines_markdown(lines,
		       "Keys marked * apply now. `lifeboat config` lists them all by name, and "
		       "config.yaml may give them to others.");
	for (size_t group = 0; group < GROUPS; group++)
		add_group(app, lines, group);
	lines_gap(lines);
	jump_help(lines);
	lines_gap(lines);
	commandline_help(lines);
	lines_gap(lines);
	mouse_help(app, lines);
}

void
help_open(struct app *app)
{
	page_open(app, "Help", fill);
}
