#include "config.h"

#include "ui/screen/copy.h"

#include <stdlib.h>

#include "ui/pane/pane.h"
#include "ui/terminal/clipboard.h"
#include "ui/text/save_text.h"

/* The row of find.c that the cursor stands on: the one that was gone to, or the first in sight. */
static void
append_row(struct app *app, struct str *out)
{
	const struct find_rows *rows;
	const struct find *find = find_here(app, &rows);
	size_t row = !find ? 0 : find->has_at ? find->at : rows->from(app);

	if (find && row < rows->count(app))
		rows->text(app, row, out);
}

static void
append_item(struct app *app, struct str *out)
{
	const struct pane_ops *ops = pane_table[app->focus];

	if (!app->page.shown && ops->item)
		ops->item(app, out);
	else
		append_row(app, out);
}

static bool
append_named(const struct app *app, const char *what, struct str *out)
{
	const struct run_state *state = app->model.state;
	const char *folder = app->model.options->run_folder;

	if (str_equal(what, "head"))
		str_append(out, app->model.head);
	else if (str_equal(what, "run"))
		str_append(out, state->run_id ? state->run_id : "");
	else if (str_equal(what, "folder"))
		str_append(out, folder ? folder : "");
	else
		return false;
	return true;
}

/* Into the clipboard, or where that is off onto the screen; how long it is tells whether that can be all. */
static void
offer(struct app *app, const char *text)
{
	struct str clean = STR_INIT;

	bool cut = clipboard_text(app->model.options->secrets, text, &clean);
	if (!clean.len) {
		app_say(app, ROLE_TEXT, "There is nothing here to copy");
	} else if (!app->clipboard) {
		app_say(app, ROLE_TEXT,
			"The clipboard is off (\":set clipboard\" switches it on). It is: %s",
			str_cstr(&clean));
	} else {
		clipboard_send(str_cstr(&clean));
		app_say(app, ROLE_TEXT, "Copied %s%zu byte%s: %s", cut ? "only the first " : "",
			clean.len, clean.len == 1 ? "" : "s", str_cstr(&clean));
	}
	str_release(&clean);
}

bool
copy_here(struct app *app, const char *what)
{
	struct str text = STR_INIT;
	bool known = true;

	if (*what)
		known = append_named(app, what, &text);
	else
		append_item(app, &text);
	if (known)
		offer(app, str_cstr(&text));
	str_release(&text);
	return known;
}

/* ---- into a file ---- */

static void
append_rows(struct app *app, struct str *out)
{
	const struct find_rows *rows;
	const struct find *find = find_here(app, &rows);
	size_t count = !find ? 0 : find->filter ? find_count(app, app->focus) : rows->count(app);

	for (size_t i = 0; i < count; i++) {
		rows->text(app, find->filter ? find->rows[i] : i, out);
		str_append_char(out, '\n');
	}
}

int
copy_to_file(struct app *app, const char *name, struct err *e)
{
	const struct pane_ops *ops = pane_table[app->focus];
	struct str text = STR_INIT;
	char *path = NULL;
	size_t bytes;

	if (!app->page.shown && ops->text)
		ops->text(app, &text);
	else
		append_rows(app, &text);
	int rc = save_text(app->model.options->secrets, &text, name, &path, &bytes, e);
	if (rc == 0)
		app_say(app, ROLE_GOOD,
			"Saved %zu bytes as they are shown, secrets redacted, to %s", bytes, path);
	str_release(&text);
	free(path);
	return rc;
}
