#include "config.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/content/impact_board.h"
#include "ui/content/step_detail.h"
#include "ui/content/step_name.h"
#include "ui/model/situation.h"
#include "ui/page/page_text.h"
#include "ui/plain/plain_look.h"

/* Looks at what is known already: steps, their texts and outputs, the audit. */

enum {
	WHOLE_COLUMNS = 4096, /* of a line that is not to be broken */
	AUDIT_LINES = 40,
	FOUND_MAX = 50,
};

/* ---- saying it ---- */

int
plain_look_begin(struct plain *plain, const char *filter, struct err *e)
{
	struct pattern *pattern = filter ? pattern_new(filter, e) : NULL;

	if (filter && !pattern)
		return -1;
	pattern_free(plain->look.filter);
	str_clear(&plain->look.text);
	plain->look.filter = pattern;
	plain->look.lines = plain->look.left_out = 0;
	return 0;
}

void
plain_look_end(struct plain *plain)
{
	struct look *look = &plain->look;
	size_t lines = look->lines + look->left_out;

	if (look->filter && lines)
		plain_look_head(plain, "(%zu of %zu line%s %s %s)", look->lines, lines,
				lines == 1 ? "" : "s", lines == 1 ? "matches" : "match",
				pattern_text(look->filter));
	pattern_free(look->filter);
	look->filter = NULL;
}

static void
put(struct plain *plain, const char *line)
{
	str_append(&plain->look.text, line);
	str_append_char(&plain->look.text, '\n');
	plain_say(plain, "%s", line);
}

void
plain_look_head(struct plain *plain, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	char *line = xvasprintf(format, ap);
	va_end(ap);
	put(plain, line);
	free(line);
}

bool
plain_look_passes(struct plain *plain, const char *line)
{
	struct look *look = &plain->look;
	bool passes = !look->filter || pattern_matches(look->filter, line, strlen(line));

	look->lines += passes;
	look->left_out += !passes;
	return passes;
}

bool
plain_look_say(struct plain *plain, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	char *line = xvasprintf(format, ap);
	va_end(ap);
	bool passes = plain_look_passes(plain, line);
	if (passes)
		put(plain, line);
	free(line);
	return passes;
}

int
plain_look_columns(const struct plain *plain)
{
	return plain->look.filter ? WHOLE_COLUMNS : plain->columns;
}

void
plain_look_lines(struct plain *plain, const struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		if (!plain->look.filter || lines->items[i].text[0])
			plain_look_say(plain, "%s", lines->items[i].text);
}

/* ---- steps ---- */

/* The step that is named, or the current one; behind the last one that. */
static int
find_step(const struct plain *plain, const char *rest, size_t *ret_index, struct err *e)
{
	const struct run_state *state = plain->model.state;

	if (*rest)
		return step_name_find(state, rest, ret_index, e);
	if (state->steps_count == 0)
		return err_set(e, ERR_USAGE, "there is no step yet");
	*ret_index = run_state_current(state) ? (size_t)state->current : state->steps_count - 1;
	return 0;
}

static int
takes_nothing(const char *word, const char *rest, struct err *e)
{
	return *rest ? err_set(e, ERR_USAGE,
			       "it takes nothing more: \"%s | %s\" is the lines with %s", word,
			       rest, rest)
		     : 0;
}

int
plain_look_steps(struct plain *plain, const char *rest, struct err *e)
{
	const struct run_state *state = plain->model.state;
	const char *section = NULL;

	if (takes_nothing("steps", rest, e) < 0)
		return -1;
	for (size_t i = 0; i < state->steps_count; i++) {
		const struct step_state *step = &state->steps[i];

		if (!plain->look.filter && step->section && !str_equal(step->section, section))
			plain_look_head(plain, "%s", step->section);
		section = step->section;
		plain_look_say(plain, "  %s step %zu, %s: %s (%s)", situation_glyph(state, i),
			       i + 1, step_status_name(step->status), step->title, step->id);
	}
	return 0;
}

/* A page about one step. */
static int
look_at_step(struct plain *plain, const char *rest, const char *title,
	     void (*fill)(const struct model *model, size_t step, struct lines *lines),
	     struct err *e)
{
	struct lines lines;
	size_t index;

	if (find_step(plain, rest, &index, e) < 0)
		return -1;
	const struct step_state *step = &plain->model.state->steps[index];
	plain_look_head(plain, "%s %zu: %s (%s)", title, index + 1, step->title, step->id);
	lines_init(&lines, plain_look_columns(plain));
	fill(&plain->model, index, &lines);
	plain_look_lines(plain, &lines);
	lines_release(&lines);
	return 0;
}

static void
fill_step(const struct model *model, size_t step, struct lines *lines)
{
	enum { OUTPUT_ROWS = 10 };

	step_detail(model, step, &(struct step_detail_wish){ .output_rows = OUTPUT_ROWS }, lines);
}

static void
fill_why(const struct model *model, size_t step, struct lines *lines)
{
	why_page_lines(model, step, false, lines);
}

int
plain_look_step(struct plain *plain, const char *rest, struct err *e)
{
	return look_at_step(plain, rest, "Step", fill_step, e);
}

int
plain_look_why(struct plain *plain, const char *rest, struct err *e)
{
	return look_at_step(plain, rest, "Why there is step", fill_why, e);
}

int
plain_look_output(struct plain *plain, const char *rest, struct err *e)
{
	return look_at_step(plain, rest, "Output of step", output_page_lines, e);
}

/* ---- the run ---- */

int
plain_look_impact(struct plain *plain, const char *rest, struct err *e)
{
	size_t count = plain->model.options->runbook->impact_count;
	struct str title = STR_INIT;
	struct lines lines;

	if (takes_nothing("impact", rest, e) < 0)
		return -1;
	if (count == 0)
		return err_set(e, ERR_USAGE, "this runbook has no impact board");
	plain->knows_impact = true;
	lines_init(&lines, plain_look_columns(plain));
	for (size_t i = 0; i < count; i++)
		impact_board_detail(&plain->model, i, &lines);
	impact_board_title(&plain->model, &title);
	plain_look_head(plain, "Impact:%s", str_cstr(&title));
	plain_look_lines(plain, &lines);
	lines_release(&lines);
	str_release(&title);
	return 0;
}

static char *
audit_line(const struct audit_entry *entry)
{
	char stamp[CLOCK_STAMP_MAX];

	clock_format_hms(entry->ts_ms, stamp);
	return entry->seq < 0 ? xasprintf("%s %s", stamp, entry->text)
			      : xasprintf("%s #%lld %s", stamp, (long long)entry->seq, entry->text);
}

int
plain_look_audit(struct plain *plain, const char *rest, struct err *e)
{
	size_t count = plain->model.audit_count, first = 0;

	if (takes_nothing("audit", rest, e) < 0)
		return -1;
	if (!plain->look.filter && count > AUDIT_LINES)
		first = count - AUDIT_LINES;
	plain_look_head(plain, "Audit: %zu of %zu entries", count - first, count);
	for (size_t i = first; i < count; i++) {
		char *line = audit_line(&plain->model.audit[i]);

		plain_look_say(plain, "%s", line);
		free(line);
	}
	return 0;
}

int
plain_look_preflight(struct plain *plain, const char *rest, struct err *e)
{
	struct lines lines;

	if (takes_nothing("preflight", rest, e) < 0)
		return -1;
	lines_init(&lines, plain_look_columns(plain));
	preflight_page_lines(&plain->model, false, &lines);
	plain_look_lines(plain, &lines);
	lines_release(&lines);
	return 0;
}

/* ---- search ---- */

struct find {
	struct plain *plain;
	const struct pattern *pattern;
	size_t found;
};

static void
look_into(struct find *find, const char *where, const char *text)
{
	if (!pattern_matches(find->pattern, text, strlen(text)))
		return;
	if (find->found++ < FOUND_MAX)
		plain_look_say(find->plain, "%s%s", where, text + strspn(text, " "));
}

static void
look_into_lines(struct find *find, const char *where, const struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		look_into(find, where, lines->items[i].text);
}

/* A step's title and text as the runbook has them, and its output as far as that came by. */
static void
look_into_step(struct find *find, size_t index)
{
	const struct model *model = &find->plain->model;
	const struct step_state *step = &model->state->steps[index];
	const struct step_output_text *output = model_output(model, step->id);
	char *where = xasprintf("step %zu (%s): ", index + 1, step->id);
	const char *text = step_detail_text(model, step);
	struct lines lines;

	look_into(find, where, step->title);
	lines_init(&lines, WHOLE_COLUMNS);
	if (text)
		lines_markdown(&lines, text);
	look_into_lines(find, where, &lines);
	free(where);
	where = xasprintf("output of step %zu (%s): ", index + 1, step->id);
	lines_reset(&lines, WHOLE_COLUMNS);
	if (output)
		lines_wrap(&lines, ROLE_TEXT, "", ROLE_TEXT, str_cstr(&output->text));
	look_into_lines(find, where, &lines);
	lines_release(&lines);
	free(where);
}

int
plain_look_search(struct plain *plain, const char *rest, struct err *e)
{
	struct pattern *pattern;

	if (!*rest)
		return err_set(e, ERR_USAGE,
			       "it wants a text, or /so/ a regular expression: in steps, their "
			       "outputs and the audit it is looked for");
	pattern = pattern_new(rest, e);
	if (!pattern)
		return -1;
	struct find find = { plain, pattern, 0 };
	for (size_t i = 0; i < plain->model.state->steps_count; i++)
		look_into_step(&find, i);
	for (size_t i = 0; i < plain->model.audit_count; i++) {
		char *line = audit_line(&plain->model.audit[i]);

		look_into(&find, "audit: ", line);
		free(line);
	}
	if (find.found > FOUND_MAX)
		plain_look_head(plain, "and %zu more", find.found - FOUND_MAX);
	if (find.found == 0)
		plain_look_head(plain, "Neither steps nor outputs nor the audit have %s.", rest);
	pattern_free(pattern);
	return 0;
}
