#include "config.h"

#include "cli/check_page.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "cli/check_rows.h"
#include "cli/check_words.h"

enum { INDENT = 2, DEEPER = 6, GAP = 2, MAX_TARGET = 20 };

struct page {
	const struct preflight *preflight;
	struct secrets *secrets;
	int columns;
	struct str *out;
	/* of the table that is being written */
	int what_width, target_width;
};

static void
pad(struct page *page, int columns)
{
	for (int i = 0; i < columns; i++)
		str_append_char(page->out, ' ');
}

struct wrapped {
	struct page *page;
	int indent;
	bool begun; /* the first line stands where the cursor is */
};

static void
wrapped_line(void *data, const char *text, size_t len)
{
	struct wrapped *w = data;

	if (w->begun)
		pad(w->page, w->indent);
	w->begun = true;
	str_append_bytes(w->page->out, text, len);
	str_append_char(w->page->out, '\n');
}

/* A clean text from the present column, which is `indent`, on; further lines stand below it. */
static void
flow(struct page *page, int indent, const char *text)
{
	struct wrapped w = { page, indent, false };
	int room = page->columns - indent;

	text_wrap(text, room < 20 ? 20 : room, wrapped_line, &w);
	if (!w.begun)
		str_append_char(page->out, '\n');
}

static void
paragraph(struct page *page, int indent, const char *text)
{
	char *clean = check_clean(page->secrets, text);

	pad(page, indent);
	flow(page, indent, clean);
	free(clean);
}

static void
heading(struct page *page, const char *text)
{
	str_printf(page->out, "\n%s\n", text);
}

/* A clean cell, filled up to its width; false where it was too wide, and the line was ended after it. */
static bool
cell(struct page *page, const char *text, int width)
{
	int used = text_width(text);

	str_append(page->out, text);
	if (used > width) {
		str_append_char(page->out, '\n');
		return false;
	}
	pad(page, width - used + GAP);
	return true;
}

static void
write_row(struct page *page, const struct check_row *row)
{
	int steps_at = INDENT + page->what_width + GAP + page->target_width + GAP;

	pad(page, INDENT);
	if (!cell(page, row->what, page->what_width))
		pad(page, INDENT + page->what_width + GAP);
	if (!cell(page, row->target, page->target_width))
		pad(page, steps_at);
	flow(page, steps_at, row->steps);
	if (*row->note) {
		pad(page, DEEPER);
		flow(page, DEEPER, row->note);
	}
	if (*row->reason) {
		pad(page, DEEPER);
		flow(page, DEEPER, row->reason);
	}
}

static void
widen(const char *text, int most, int *width)
{
	int columns = text_width(text);

	if (columns > *width)
		*width = columns < most ? columns : most;
}

static void
table(struct page *page, const char *title, enum preflight_answer answer)
{
	int most = page->columns > 60 ? page->columns / 2 : 30;
	struct check_rows rows;

	check_rows_init(&rows, page->preflight, answer, page->secrets);
	page->what_width = page->target_width = 0;
	for (size_t i = 0; i < rows.count; i++) {
		widen(rows.items[i].what, most, &page->what_width);
		widen(rows.items[i].target, MAX_TARGET, &page->target_width);
	}
	if (rows.count)
		heading(page, title);
	for (size_t i = 0; i < rows.count; i++)
		write_row(page, &rows.items[i]);
	check_rows_release(&rows);
}

static void
tell_target(struct page *page, const struct preflight_target *target)
{
	bool reached = target->reached == PREFLIGHT_YES;
	char *line =
		xasprintf("%s (%s%s%s): %s after %lld ms", target->name, target->kind,
			  *target->describe ? ", " : "", target->describe,
			  reached ? "answered" : "NOT REACHED", (long long)target->duration_ms);
	char *identity = check_identity(target);

	paragraph(page, INDENT, line);
	if (target->problem)
		paragraph(page, DEEPER, target->problem);
	if (target->warning) {
		char *warning = xasprintf("WARNING: %s", target->warning);

		paragraph(page, DEEPER, warning);
		free(warning);
	}
	if (identity)
		paragraph(page, DEEPER, identity);
	free(identity);
	free(line);
}

static bool
is_odd(const struct preflight_target *target)
{
	return target->reached != PREFLIGHT_YES || target->warning;
}

static void
tell_targets(struct page *page, const char *title, bool odd)
{
	const struct preflight *preflight = page->preflight;
	bool begun = false;

	for (size_t i = 0; i < preflight->targets_count; i++) {
		if (is_odd(&preflight->targets[i]) != odd)
			continue;
		if (!begun)
			heading(page, title);
		begun = true;
		tell_target(page, &preflight->targets[i]);
	}
}

void
check_page(const struct preflight *preflight, const struct runbook *rb, struct secrets *secrets,
	   int columns, struct str *out)
{
	struct page page = {
		.preflight = preflight,
		.secrets = secrets,
		.columns = columns,
		.out = out,
	};
	char *verdict = check_verdict(preflight), *extent = check_extent(preflight);
	char *first = xasprintf("%s %s: %s", rb->id, rb->version ? rb->version : "", verdict);
	char *last = xasprintf("%s. Nothing was changed.", extent);

	paragraph(&page, 0, first);
	tell_targets(&page, "TARGETS TO LOOK AT", true);
	table(&page, "DENIED OR MISSING", PREFLIGHT_NO);
	table(&page, "NOT KNOWN BEFORE THE RUN", PREFLIGHT_UNKNOWN);
	tell_targets(&page, "TARGETS", false);
	table(&page, "FINE", PREFLIGHT_YES);
	str_append_char(out, '\n');
	paragraph(&page, 0, last);
	paragraph(&page, 0, first);
	free(first);
	free(last);
	free(extent);
	free(verdict);
}
