#include "config.h"

#include <curses.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/app.h"
#include "ui/paint.h"
#include "ui/scroll.h"
#include "ui/situation.h"

enum { OUTPUT_FILE_MAX = 4 << 20 };

void
page_open(struct app *app, const char *title,
	  void (*fill)(const struct app *app, struct lines *lines))
{
	page_close(app);
	app->page.shown = true;
	app->page.title = xstrdup(title);
	app->page.fill = fill;
}

void
page_close(struct app *app)
{
	if (app->page.source)
		app->page.source->close(app->page.data);
	lines_release(&app->page.lines);
	free(app->page.title);
	app->page = (struct page){ 0 };
}

static int
page_rows(void)
{
	return LINES - 2;
}

void
page_key(struct app *app, const struct key *key)
{
	const struct key_binding *binding = keymap_find(input_binding_code(key), FACT_ALWAYS);

	if (binding && scroll_is_movement(binding->command))
		app->page.first = scroll_move(app->page.first, binding->command,
					      app->page.lines.count, page_rows());
	else if (!app->page.final)
		page_close(app);
	else if (binding && binding->command == CMD_LEAVE)
		app->done = true;
}

/* Lays the text out where the screen's width or the text is another now. */
static void
refill(struct app *app)
{
	struct page *page = &app->page;
	uint64_t generation = page->source ? page->source->generation(page->data) : 0;

	if (page->lines.columns == COLS - 2 && page->generation == generation)
		return;
	page->generation = generation;
	lines_reset(&page->lines, COLS - 2);
	page->fill(app, &page->lines);
}

static void
paint_title(const struct page *page)
{
	struct str state = STR_INIT;

	if (page->source)
		page->source->state(page->data, &state);
	int columns = COLS - text_width(str_cstr(&state));
	paint_blank(0, 0, COLS, ROLE_TITLE_FOCUS);
	paint_format(0, 0, columns, ROLE_TITLE_FOCUS, " %s", page->title);
	paint_text(0, columns, COLS - columns, ROLE_TITLE_FOCUS, str_cstr(&state));
	str_release(&state);
}

void
page_paint(struct app *app)
{
	const struct page *page = &app->page;
	int rows = page_rows();

	refill(app);
	paint_title(page);
	app->page.first = scroll_move(page->first, CMD_NONE, page->lines.count, rows);
	for (int i = 0; i < rows && page->first + (size_t)i < page->lines.count; i++)
		paint_line(1 + i, 1, COLS - 2, &page->lines.items[page->first + (size_t)i], false);
	paint_format(LINES - 1, 0, COLS, ROLE_KEY,
		     " %s   j k PgUp PgDn g G move   lines %zu-%zu of %zu",
		     page->final ? "q leaves" : "q or Esc goes back", page->first + 1,
		     page->first + (size_t)rows < page->lines.count ? page->first + (size_t)rows
								    : page->lines.count,
		     page->lines.count);
	app->cursor_y = 1;
	app->cursor_x = 0;
}

/* The output file of a step that ran before this session, or why there is none. */
static void
add_file(const struct app *app, const struct step_state *step, struct lines *lines)
{
	struct str text = STR_INIT;
	struct err e = ERR_INIT;
	char *path = step->output_file
			     ? xasprintf("%s/%s", app->model.options->run_folder, step->output_file)
			     : NULL;

	if (!path)
		lines_add(lines, ROLE_DIM, "This step has no output.");
	else if (file_read(path, OUTPUT_FILE_MAX, &text, &e) < 0)
		lines_wrap(lines, ROLE_BAD, "", ROLE_TEXT, e.message);
	else
		lines_wrap(lines, ROLE_TEXT, "", ROLE_TEXT, str_cstr(&text));
	str_release(&text);
	free(path);
}

static void
fill_output(const struct app *app, struct lines *lines)
{
	const struct step_state *step = &app->model.state->steps[app->selected];
	const struct step_output_text *output = model_output(&app->model, step->id);

	if (output && output->cut)
		lines_wrap(
			lines, ROLE_WARNING, "", ROLE_WARNING,
			"The beginning is not kept on the screen; it is in the run's folder out/.");
	if (output && output->text.len)
		lines_wrap(lines, ROLE_TEXT, "", ROLE_TEXT, output->text.data);
	else
		add_file(app, step, lines);
}

void
output_page_open(struct app *app)
{
	const struct run_state *state = app->model.state;

	if (app->selected >= state->steps_count)
		return;
	char *title = xasprintf("Output of step %zu: %s", app->selected + 1,
				state->steps[app->selected].title);
	page_open(app, title, fill_output);
	free(title);
}
