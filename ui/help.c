#include "config.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "ui/app.h"
#include "ui/situation.h"

static const char marks[] =
	"**Marks**  `[ ]` to do  `[>]` current, ready  `[~]` running  `[x]` passed  `[!]` failed, "
	"blocked or cancelled  `[-]` skipped  `[?]` unknown: it may or may not have happened";

static const char rules[] =
	"What only reads runs at Enter. What changes something shows exactly what it would do and "
	"asks; No is the default. What destroys wants the name typed. Nothing goes past a failure "
	"by "
	"itself, and every decision is in the journal.";

static void
fill(const struct app *app, struct lines *lines)
{
	unsigned facts = app_facts(app);

	lines_markdown(lines, rules);
	lines_gap(lines);
	lines_markdown(lines, marks);
	lines_gap(lines);
	lines_add(lines, ROLE_LABEL, "Keys (those marked * apply now)");
	for (size_t i = 0; i < keymap_count; i++) {
		if (!(keymap[i].when & app_possible_facts(app)))
			continue;
		char *prefix = xasprintf("%s %-12s", keymap_applies(&keymap[i], facts) ? "*" : " ",
					 keymap[i].label);

		lines_wrap(lines, ROLE_KEY, prefix, ROLE_TEXT, keymap[i].help);
		free(prefix);
	}
}

void
help_open(struct app *app)
{
	page_open(app, "Help", fill);
}
