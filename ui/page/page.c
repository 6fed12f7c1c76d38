#include "config.h"

#include <curses.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/keys/scroll.h"
#include "ui/model/situation.h"
#include "ui/page/page_text.h"
#include "ui/screen/app.h"
#include "ui/text/paint.h"

enum {
	OUTPUT_FILE_MAX = 4 << 20,
	TITLE_ROW = 2, /* below the header: mode, clocks, target and journal stay in sight */
};

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
	if (app->page.source && app->page.source->close)
		app->page.source->close(app->page.data);
	lines_release(&app->page.lines);
	find_release(&app->page.find);
	free(app->page.title);
	app->page = (struct page){ 0 };
}

/* Between the title and the row of keys. */
static int
page_rows(void)
{
	return LINES - TITLE_ROW - 2;
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

/* Keys may come before the first frame. */
void
page_move(struct app *app, enum command command)
{
	refill(app);
	app->page.find.has_at = false;
	app->page.first = scroll_move(app->page.first, command, app->page.lines.count, page_rows());
}

void
page_click(struct app *app, int y)
{
	size_t line = app->page.first + (size_t)(y - TITLE_ROW - 1);

	if (y > TITLE_ROW && y <= TITLE_ROW + page_rows() && line < app->page.lines.count)
		find_put(&app->page.find, line);
}

/* What a page can do itself; all else closes it. Behind the end of the run there is nowhere to go. */
static bool
is_of_page(const struct page *page, enum command command)
{
	return (command >= CMD_SEARCH && command <= CMD_CLEAR) || command == CMD_COPY ||
	       command == CMD_COMMAND_LINE || command == CMD_REDRAW || command == CMD_HINT ||
	       (command == CMD_JUMP && !page->final);
}

void
page_key(struct app *app, const struct key *key)
{
	unsigned facts = FACT_ALWAYS | FACT_ON_TEXT | find_facts(&app->page.find) |
			 (model_facts(&app->model) & FACT_HINTS);
	const struct key_binding *binding = keymap_find(input_binding_code(key), facts);

	if (binding && scroll_is_movement(binding->command))
		page_move(app, binding->command);
	else if (binding && is_of_page(&app->page, binding->command))
		command_dispatch(app, binding);
	else if (!app->page.final)
		page_close(app);
	else if (binding && binding->command == CMD_LEAVE)
		app->done = true;
}

static void
paint_title(const struct page *page)
{
	struct str state = STR_INIT;

	if (page->find.search)
		str_printf(&state, " search: %s%s%s ", pattern_text(page->find.search),
			   page->find.status ? ", " : "",
			   page->find.status ? page->find.status : "");
	if (page->source && page->source->state)
		page->source->state(page->data, &state);
	int columns = COLS - text_width(str_cstr(&state));
	paint_blank(TITLE_ROW, 0, COLS, ROLE_TITLE_FOCUS);
	paint_format(TITLE_ROW, 0, columns, ROLE_TITLE_FOCUS, " %s", page->title);
	paint_text(TITLE_ROW, columns, COLS - columns, ROLE_TITLE_FOCUS, str_cstr(&state));
	str_release(&state);
}

/* The keys of a page as they are now, and how far it is. */
static void
paint_hint(const struct page *page, int rows)
{
	size_t last = page->first + (size_t)rows;
	struct str hint = STR_INIT;

	str_printf(&hint, " %s %s   ", keymap_label(CMD_LEAVE),
		   page->final	       ? "leaves"
		   : page->find.search ? "goes back"
				       : "or Esc goes back");
	if (page->find.search)
		str_printf(&hint, "%s %s match  %s ends the search", keymap_label(CMD_SEARCH_NEXT),
			   keymap_label(CMD_SEARCH_PREVIOUS), keymap_label(CMD_CLEAR));
	else
		str_printf(&hint, "%s %s %s %s %s %s move   %s search", keymap_label(CMD_DOWN),
			   keymap_label(CMD_UP), keymap_label(CMD_PAGE_UP),
			   keymap_label(CMD_PAGE_DOWN), keymap_label(CMD_TOP),
			   keymap_label(CMD_BOTTOM), keymap_label(CMD_SEARCH));
	paint_format(LINES - 1, 0, COLS, ROLE_KEY, "%s   lines %zu-%zu of %zu", str_cstr(&hint),
		     page->first + 1, last < page->lines.count ? last : page->lines.count,
		     page->lines.count);
	str_release(&hint);
}

/* Whether a line was clicked; what a search has gone to is marked by itself. */
static bool
is_picked(const struct page *page, size_t line)
{
	return !page->find.search && page->find.has_at && page->find.at == line;
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
		find_paint_wrapped(&page->find, TITLE_ROW + 1 + i, 1, COLS - 2, &page->lines,
				   page->first + (size_t)i,
				   is_picked(page, page->first + (size_t)i));
	paint_hint(page, rows);
	app->cursor_y = TITLE_ROW;
	app->cursor_x = 0;
	if (page->find.has_at && page->find.at >= page->first &&
	    page->find.at < page->first + (size_t)rows)
		app->cursor_y = TITLE_ROW + 1 + (int)(page->find.at - page->first);
}

/* ---- rows, as they are searched ---- */

static size_t
count_lines(const struct app *app)
{
	return app->page.lines.count;
}

static void
append_line(const struct app *app, size_t row, struct str *out)
{
	str_append(out, app->page.lines.items[row].text);
}

static const struct lines *
lines_of(const struct app *app)
{
	return &app->page.lines;
}

static size_t
first_line(const struct app *app)
{
	return app->page.first;
}

static void
go(struct app *app, size_t row)
{
	size_t *first = &app->page.first, rows = (size_t)page_rows();

	if (row < *first || row >= *first + rows)
		*first = row > rows / 3 ? row - rows / 3 : 0;
}

const struct find_rows page_find_rows = {
	.count = count_lines,
	.text = append_line,
	.lines = lines_of,
	.from = first_line,
	.prepare = refill,
	.go = go,
};

/* The output file of a step that ran before this session, or why there is none. */
static void
add_file(const struct model *model, const struct step_state *step, struct lines *lines)
{
	struct str text = STR_INIT;
	struct err e = ERR_INIT;
	char *path = step->output_file
			     ? xasprintf("%s/%s", model->options->run_folder, step->output_file)
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

void
output_page_lines(const struct model *model, size_t index, struct lines *lines)
{
	const struct step_state *step = &model->state->steps[index];
	const struct step_output_text *output = model_output(model, step->id);

	if (output && output->cut)
		lines_wrap(
			lines, ROLE_WARNING, "", ROLE_WARNING,
			"The beginning is not kept on the screen; it is in the run's folder out/.");
	if (output && output->text.len)
		lines_wrap_coloured(lines, output->text.data, &output->looks);
	else
		add_file(model, step, lines);
}

static void
fill_output(const struct app *app, struct lines *lines)
{
	output_page_lines(&app->model, app->selected, lines);
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
