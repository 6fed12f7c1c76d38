#include "config.h"

#include "ui/screen/command_words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"
#include "ui/content/step_name.h"
#include "ui/pane/pane.h"
#include "ui/pane/pods_pane.h"
#include "ui/screen/copy.h"
#include "ui/screen/mouse.h"

/* ---- steps and panes ---- */

int
words_step(struct app *app, const char *rest, struct err *e)
{
	size_t step;

	if (step_name_find(app->model.state, rest, &step, e) < 0)
		return -1;
	app_focus(app, PANE_STEPS);
	if (!find_shows(app, PANE_STEPS, step))
		find_entered(app, CMD_FILTER, "", e);
	app_select(app, step);
	return 0;
}

void
words_complete_step(const struct app *app, const char *rest, struct completions *out)
{
	for (size_t i = 0; i < app->model.state->steps_count; i++)
		completions_add(out, rest, app->model.state->steps[i].id, false);
}

/* A pane's name in small letters; the caller frees. */
static char *
pane_name(enum pane pane)
{
	char *name = xstrdup(pane_table[pane]->name);

	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return name;
}

int
words_pane(struct app *app, const char *rest, struct err *e)
{
	size_t pane = step_name_number(rest, PANE_COUNT);

	for (size_t i = 0; i < PANE_COUNT && pane == SIZE_MAX; i++)
		if (strcasecmp(pane_table[i]->name, rest) == 0)
			pane = i;
	if (pane == SIZE_MAX)
		return err_set(e, ERR_USAGE,
			       "there is no pane \"%s\": steps, step, pods, logs, audit, impact, "
			       "or 1 to %d",
			       rest, PANE_COUNT);
	app_focus(app, (enum pane)pane);
	return 0;
}

void
words_complete_pane(const struct app *app, const char *rest, struct completions *out)
{
	(void)app;
	for (enum pane pane = 0; pane < PANE_COUNT; pane++) {
		char *name = pane_name(pane);

		completions_add(out, rest, name, false);
		free(name);
	}
}

/* ---- pods ---- */

int
words_pods(struct app *app, const char *rest, struct err *e)
{
	const struct feed_choice *choice;

	if (*rest && !feeds_source(app->feeds, FEED_TABLES, 0))
		return err_set(e, ERR_USAGE, "this runbook names no pods to watch here");
	for (size_t i = 0; *rest && (choice = feeds_source(app->feeds, FEED_TABLES, i)); i++)
		if (str_equal(choice->target, rest) || str_equal(choice->context, rest)) {
			feeds_go_table(app->feeds, app->pods->focus, i);
			app_focus(app, PANE_PODS);
			return 0;
		}
	if (*rest)
		return err_set(e, ERR_USAGE,
			       "no target \"%s\" is shown among the pods; Tab shows those that are",
			       rest);
	app_focus(app, PANE_PODS);
	return 0;
}

/* Each target once, though several of its resources may be shown. */
void
words_complete_target(const struct app *app, const char *rest, struct completions *out)
{
	const struct feed_choice *choice, *before;

	for (size_t i = 0; (choice = feeds_source(app->feeds, FEED_TABLES, i)); i++) {
		bool again = false;

		for (size_t j = 0; j < i && (before = feeds_source(app->feeds, FEED_TABLES, j));
		     j++)
			again = again || str_equal(before->target, choice->target);
		if (!again)
			completions_add(out, rest, choice->target, false);
	}
}

int
words_resource(struct app *app, const char *rest, struct err *e)
{
	if (!feeds_tables_count(app->feeds))
		return err_set(e, ERR_USAGE,
			       "this runbook names no pods to watch here, and so no "
			       "cluster to look for \"%s\" in",
			       rest);
	app_focus(app, PANE_PODS);
	return pane_table[PANE_PODS]->entered(app, CMD_RESOURCE, rest, e);
}

/* What clusters have, and what is shown already: more than that only the server knows. */
void
words_complete_resource(const struct app *app, const char *rest, struct completions *out)
{
	static const char *const usual[] = { "configmaps",
					     "cronjobs",
					     "daemonsets",
					     "deployments",
					     "endpoints",
					     "events",
					     "ingresses",
					     "jobs",
					     "namespaces",
					     "nodes",
					     "persistentvolumeclaims",
					     "pods",
					     "replicasets",
					     "secrets",
					     "services",
					     "statefulsets" };
	const struct feed_choice *choice;

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		completions_add(out, rest, usual[i], true);
	for (size_t i = 0; (choice = feeds_source(app->feeds, FEED_TABLES, i)); i++) {
		bool known = false;

		for (size_t j = 0; j < sizeof(usual) / sizeof(usual[0]); j++)
			known = known || str_equal(usual[j], feed_choice_resource(choice));
		if (!known)
			completions_add(out, rest, feed_choice_resource(choice), true);
	}
}

/* ---- logs ---- */

static const char *
name_of_logs(const struct feed_choice *choice)
{
	return choice->pod ? choice->pod : choice->workload ? choice->workload : choice->label;
}

/* A source that is there already: of that pod, or called so. */
static bool
go_to_logs(struct app *app, const char *name)
{
	const struct feed_choice *choice;

	for (size_t i = 0; (choice = feeds_source(app->feeds, FEED_LOGS, i)); i++)
		if (str_equal(name_of_logs(choice), name) || str_equal(choice->label, name)) {
			logs_pane_forget(app->logs);
			feeds_go_logs(app->feeds, i);
			return true;
		}
	return false;
}

/* A row of the tables pane by its name: its logs become a source. */
static int
add_logs(struct app *app, const char *name, struct err *e)
{
	const struct pods_list *list;

	pods_update(app);
	list = pods_focused(app);
	for (size_t i = 0; list && i < table_view_count(list->view); i++) {
		const struct table_row *row = table_view_row(list->view, i);

		if (!str_equal(row->name, name))
			continue;
		logs_pane_forget(app->logs);
		return feeds_add_logs(app->feeds, pods_list_choice(app, list, i), row->ns, name)
			       ? 0
			       : err_set(e, ERR_USAGE,
					 "of \"%s\" there are no logs: only of pods and of what "
					 "runs them",
					 name);
	}
	return err_set(e, ERR_USAGE,
		       "no pod \"%s\" is shown in the pane of pods, and no logs are "
		       "called so; Tab shows those that are",
		       name);
}

int
words_logs(struct app *app, const char *rest, struct err *e)
{
	if (*rest && !go_to_logs(app, rest) && add_logs(app, rest, e) < 0)
		return -1;
	app_focus(app, PANE_LOGS);
	return 0;
}

void
words_complete_logs(const struct app *app, const char *rest, struct completions *out)
{
	const struct feed_choice *choice;
	const struct pods_list *list;

	for (size_t i = 0; (choice = feeds_source(app->feeds, FEED_LOGS, i)); i++)
		completions_add(out, rest, name_of_logs(choice), false);
	pods_update(app);
	list = pods_focused(app);
	for (size_t i = 0; list && i < table_view_count(list->view); i++)
		completions_add(out, rest, table_view_row(list->view, i)->name, false);
}

/* ---- search and filter ---- */

static int
look_for(struct app *app, enum command command, const char *text, struct err *e)
{
	for (size_t i = 0; i < keymap_count; i++) {
		if (keymap[i].command != command || !(keymap[i].when & app_facts(app)))
			continue;
		if (*text)
			return find_entered(app, command, text, e);
		app_dispatch(app, &keymap[i]);
		return 0;
	}
	return err_set(e, ERR_USAGE,
		       "nothing can be left out here: steps, pods, logs and audit "
		       "have a filter");
}

int
words_search(struct app *app, const char *rest, struct err *e)
{
	return look_for(app, CMD_SEARCH, rest, e);
}

int
words_filter(struct app *app, const char *rest, struct err *e)
{
	return look_for(app, CMD_FILTER, rest, e);
}

/* ---- switches ---- */

/* PANE_COUNT: of the screen. */
static const struct {
	const char *name;
	enum pane pane;
	enum command command;
} switches[] = {
	{ "wrap", PANE_LOGS, CMD_WRAP },   { "times", PANE_LOGS, CMD_STAMPS },
	{ "json", PANE_LOGS, CMD_JSON },   { "trouble", PANE_PODS, CMD_TROUBLE },
	{ "zoom", PANE_COUNT, CMD_ZOOM },  { "clipboard", PANE_COUNT, CMD_COPY },
	{ "mouse", PANE_COUNT, CMD_NONE },
};

enum { SWITCHES = sizeof(switches) / sizeof(switches[0]) };

static void
set_switch(struct app *app, size_t index, bool on)
{
	const struct pane_ops *ops;

	if (switches[index].pane == PANE_COUNT) {
		if (switches[index].command == CMD_ZOOM)
			app->zoom = on;
		else if (switches[index].command == CMD_COPY)
			app->clipboard = on;
		else
			mouse_set(app, on);
		return;
	}
	ops = pane_table[switches[index].pane];
	if (ops->is_on(app, switches[index].command) != on)
		ops->command(app, switches[index].command);
}

int
words_set(struct app *app, const char *rest, struct err *e)
{
	for (size_t i = 0; i < SWITCHES; i++) {
		bool on = str_equal(switches[i].name, rest);

		if (!on && !(str_starts_with(rest, "no") && str_equal(switches[i].name, rest + 2)))
			continue;
		set_switch(app, i, on);
		app_say(app, ROLE_TEXT, "%s is %s", switches[i].name, on ? "on" : "off");
		return 0;
	}
	return err_set(
		e, ERR_USAGE,
		"\"%s\" can't be set: wrap, times, json, trouble, zoom, clipboard, mouse, or "
		"the same with no before it",
		rest);
}

void
words_complete_set(const struct app *app, const char *rest, struct completions *out)
{
	(void)app;
	for (size_t i = 0; i < SWITCHES; i++)
		completions_add(out, rest, switches[i].name, false);
	for (size_t i = 0; i < SWITCHES; i++) {
		char *off = xasprintf("no%s", switches[i].name);

		completions_add(out, rest, off, false);
		free(off);
	}
}

/* ---- what has a key as well ---- */

/* Opens the dialog of a key with a text in it; Enter is still the operator's. */
static int
open_with(struct app *app, enum command command, const char *name, const char *text, struct err *e)
{
	struct str why = STR_INIT;

	for (size_t i = 0; i < keymap_count; i++) {
		if (keymap[i].command != command)
			continue;
		if (keymap[i].when & app_facts(app)) {
			app_dispatch(app, &keymap[i]);
			if (*text && app->dialog && app->dialog->purpose == command &&
			    app->dialog->kind == DIALOG_LINE)
				line_edit_set(&app->dialog->edit, text);
			return 0;
		}
		if (!why.len)
			app_why_not(app, &keymap[i], &why);
	}
	err_set(e, ERR_USAGE, "%s does not apply: %s", name, str_cstr(&why));
	str_release(&why);
	return -1;
}

int
words_note(struct app *app, const char *rest, struct err *e)
{
	return open_with(app, CMD_NOTE, "note", rest, e);
}

int
words_skip(struct app *app, const char *rest, struct err *e)
{
	return open_with(app, CMD_SKIP, "skip", rest, e);
}

int
words_copy(struct app *app, const char *rest, struct err *e)
{
	if (!copy_here(app, rest))
		return err_set(e, ERR_USAGE,
			       "\"%s\" can't be copied: head, run, folder, or nothing for what the "
			       "cursor stands on",
			       rest);
	return 0;
}

void
words_complete_copy(const struct app *app, const char *rest, struct completions *out)
{
	(void)app;
	completions_add(out, rest, "head", false);
	completions_add(out, rest, "run", false);
	completions_add(out, rest, "folder", false);
}

/* Logs save what they keep, which is more than what is laid out. */
int
words_write(struct app *app, const char *rest, struct err *e)
{
	if (!app->page.shown && app->focus == PANE_LOGS)
		return pane_table[PANE_LOGS]->entered(app, CMD_SAVE_LOG, rest, e);
	return copy_to_file(app, rest, e);
}

int
words_version(struct app *app, const char *rest, struct err *e)
{
	(void)rest;
	(void)e;
	app_say(app, ROLE_TEXT, "lifeboat %s", PACKAGE_VERSION);
	return 0;
}
