#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "ui/model/situation.h"
#include "ui/pane/pane.h"
#include "ui/pane/pods_pane.h"
#include "ui/screen/jump.h"

static struct jump_target *
add(struct jump_targets *targets, enum jump_kind kind, size_t index, char *text, const char *hint)
{
	struct jump_target *target = VEC_PUSH(targets->items, targets->count, targets->cap);

	*target = (struct jump_target){
		.kind = kind, .index = index, .text = text, .hint = hint ? xstrdup(hint) : NULL
	};
	return target;
}

void
jump_targets_release(struct jump_targets *targets)
{
	for (size_t i = 0; i < targets->count; i++) {
		free(targets->items[i].text);
		free(targets->items[i].more);
		free(targets->items[i].hint);
		free(targets->items[i].ns);
		free(targets->items[i].name);
	}
	free(targets->items);
	*targets = (struct jump_targets){ 0 };
}

static void
add_steps(const struct app *app, struct jump_targets *targets)
{
	const struct run_state *state = app->model.state;

	for (size_t i = 0; i < state->steps_count; i++)
		add(targets, JUMP_STEP, i,
		    xasprintf("%zu %s  %s", i + 1, state->steps[i].id, state->steps[i].title),
		    situation_glyph(state, i));
}

static void
add_panes(struct jump_targets *targets)
{
	for (size_t i = 0; i < PANE_COUNT; i++) {
		char key[] = { (char)('1' + i), '\0' };

		add(targets, JUMP_PANE, i, xasprintf("pane %s", pane_table[i]->name), key);
	}
}

static void
add_rows(const struct app *app, struct jump_targets *targets)
{
	const struct pods_list *list;

	pods_update(app);
	list = pods_focused(app);
	targets->cut = list && table_view_count(list->view) > JUMP_ROWS_MAX;
	for (size_t i = 0; list && i < table_view_count(list->view) && i < JUMP_ROWS_MAX; i++) {
		const struct table_row *row = table_view_row(list->view, i);
		const char *resource = feed_choice_resource(pods_list_choice(app, list, i));
		struct jump_target *target =
			add(targets, JUMP_ROW, i, xasprintf("%s %s", resource, row->name), row->ns);

		target->ns = xstrdup(row->ns);
		target->name = xstrdup(row->name);
	}
}

static void
add_logs(const struct app *app, struct jump_targets *targets)
{
	const struct feed_choice *choice;

	for (size_t i = 0; (choice = feeds_source(app->feeds, FEED_LOGS, i)); i++)
		add(targets, JUMP_LOGS, i, xasprintf("logs %s", choice->label), NULL);
}

/* Moving about is quicker by its key; the panes stand above. */
static bool
is_offered(const struct key_binding *binding)
{
	return binding->command < CMD_UP ||
	       (binding->command > CMD_PANE_6 && binding->command != CMD_JUMP);
}

static void
add_commands(const struct app *app, struct jump_targets *targets)
{
	unsigned facts = app_facts(app);

	for (size_t i = 0; i < keymap_count; i++) {
		struct jump_target *target;
		struct str help = STR_INIT;

		if (!is_offered(&keymap[i]) || !(keymap[i].when & facts))
			continue;
		target = add(targets, JUMP_COMMAND, i, xasprintf(":%s", keymap[i].name),
			     keymap[i].label);
		keymap_help(&keymap[i], &help);
		target->more = str_take(&help);
	}
}

void
jump_targets_make(struct app *app, struct jump_targets *ret_targets)
{
	*ret_targets = (struct jump_targets){ 0 };
	add_steps(app, ret_targets);
	add_panes(ret_targets);
	add_commands(app, ret_targets);
	add_logs(app, ret_targets);
	add_rows(app, ret_targets);
}

void
jump_help(struct lines *lines)
{
	static const char *const words[][2] = {
		{ "step", "By its number, id or title." },
		{ "pane", "By its name." },
		{ ":command", "What a key does now, by its name; it asks as its key does." },
		{ "logs", "A source of the logs pane." },
		{ "pod", "A row of the pods pane, whatever that shows." },
	};
	const char *key = keymap_label(CMD_JUMP);

	lines_add(lines, ROLE_LABEL, "Behind %s", *key ? key : ":jump");
	lines_wrap(lines, ROLE_TEXT, "  ", ROLE_TEXT,
		   "Some letters in their order choose, words in any order; what fits best stands "
		   "first. "
		   "Up and Down (Ctrl-P, Ctrl-N) move, Enter goes there, Esc goes back.");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char *prefix = xasprintf("  %-16s ", words[i][0]);

		lines_wrap(lines, ROLE_KEY, prefix, ROLE_TEXT, words[i][1]);
		free(prefix);
	}
}

/* ---- going there ---- */

static void
go_to_step(struct app *app, size_t step)
{
	struct err e = ERR_INIT;

	app_focus(app, PANE_STEPS);
	if (!find_shows(app, PANE_STEPS, step))
		find_entered(app, CMD_FILTER, "", &e);
	app_select(app, step);
}

/* By its name: the rows may have moved since the box was opened. */
static void
go_to_row(struct app *app, const struct jump_target *target)
{
	struct pods_list *list;

	pods_update(app);
	list = pods_focused(app);
	app_focus(app, PANE_PODS);
	for (size_t i = 0; list && i < table_view_count(list->view); i++) {
		const struct table_row *row = table_view_row(list->view, i);

		if (str_equal(row->name, target->name) && str_equal(row->ns, target->ns)) {
			pods_list_go(app, list, i);
			return;
		}
	}
	app_say(app, ROLE_WARNING, "%s is there no more", target->name);
}

static void
go_to_command(struct app *app, const struct key_binding *binding)
{
	struct str why = STR_INIT;

	if (binding->when & app_facts(app)) {
		app_dispatch(app, binding);
		return;
	}
	app_why_not(app, binding, &why);
	app_say(app, ROLE_TEXT, "%s does not apply any more: %s", binding->name, str_cstr(&why));
	str_release(&why);
}

void
jump_go(struct app *app, const struct jump_target *target)
{
	switch (target->kind) {
	case JUMP_STEP:
		go_to_step(app, target->index);
		break;
	case JUMP_PANE:
		app_focus(app, (enum pane)target->index);
		break;
	case JUMP_ROW:
		go_to_row(app, target);
		break;
	case JUMP_LOGS:
		logs_pane_forget(app->logs);
		feeds_go_logs(app->feeds, target->index);
		app_focus(app, PANE_LOGS);
		break;
	case JUMP_COMMAND:
		go_to_command(app, &keymap[target->index]);
		break;
	}
}
