#include "config.h"

#include "report/report_picture.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "report/report_model.h"

enum {
	BARS_MAX = 200,
	LABEL_COLUMNS = 30,
	PLOT_COLUMNS = 60,
	TICKS_MAX = 6,
};

static const struct {
	const char *status, *glyph, *words;
} looks[] = {
	{ "ok", "[x]", "passed" },
	{ "failed", "[!]", "failed" },
	{ "cancelled", "[!]", "cancelled" },
	{ "unknown", "[?]", "unknown" },
	{ "running", "[~]", "running" },
	{ "cut off", "[?]", "cut off" },
	{ "not-done", "[?]", "marked not done" },
	{ "again", "[?]", "unknown, to be run again" },
};

const char *
status_glyph(const char *status)
{
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		if (str_equal(looks[i].status, status))
			return looks[i].glyph;
	return "[?]";
}

const char *
status_words(const char *status)
{
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		if (str_equal(looks[i].status, status))
			return looks[i].words;
	return "unknown";
}

/* ---- layout ---- */

/* A clock that was set back must not make a bar that ends before it begins. */
static int64_t
since(const struct report *report, int64_t ms)
{
	int64_t at = ms - report->state.started_ms;

	return at > 0 ? at : 0;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The caller frees. */
static char *
try_label(const struct report_try *try)
{
	char *words = xasprintf("%s%s", try->undo ? "back: " : "", try->step);
	char *clean = text_clean(words, 0);

	free(words);
	return clean;
}

static void
add_bar(struct picture *picture, const struct report *report, const struct report_try *try)
{
	const struct step_state *step = run_state_step(&report->state, try->step);
	int64_t end_ms = try->ended_ms ? try->ended_ms
				       : report->state.started_ms + report_duration_ms(report);
	struct picture_bar *bar = VEC_PUSH(picture->bars, picture->bars_count, picture->bars_cap);

	*bar = (struct picture_bar){
		.label = try_label(try),
		.status = try->status,
		.from_ms = since(report, try->started_ms),
		.to_ms = later(since(report, end_ms), since(report, try->started_ms)),
		.estimate_ms = step ? step->estimate_ms : 0,
	};
	picture->total_ms = later(picture->total_ms, bar->to_ms);
}

static void
add_goal(struct picture *picture, const struct report *report, const struct report_rto *rto)
{
	struct picture_goal *goal;

	if (!rto->started_ms)
		return;
	goal = VEC_PUSH(picture->goals, picture->goals_count, picture->goals_cap);
	*goal = (struct picture_goal){
		.label = text_clean(rto->spec->title, 0),
		.result = rto->result,
		.from_ms = since(report, rto->started_ms),
		.taken_ms = later(rto->taken_ms, 0),
		.target_ms = rto->spec->target_ms,
	};
	picture->total_ms = later(picture->total_ms, goal->from_ms + goal->target_ms);
}

/* A run that was left a month ago is still overdue, and its steps must still be seen. */
static void
cut_goals(struct picture *picture)
{
	for (size_t i = 0; i < picture->goals_count; i++) {
		struct picture_goal *goal = &picture->goals[i];
		int64_t to_ms = goal->from_ms + goal->taken_ms;

		goal->to_ms = to_ms < picture->total_ms ? to_ms : picture->total_ms;
	}
}

/* A round time that fits into the whole a few times. */
static int64_t
choose_tick(int64_t total_ms)
{
	static const int64_t round_s[] = { 1,	2,   5,	   10,	 15,   30,    60,    120,   300,
					   600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400 };
	size_t i = 0;

	while (i + 1 < sizeof(round_s) / sizeof(round_s[0]) &&
	       total_ms > round_s[i] * 1000 * TICKS_MAX)
		i++;
	return later(round_s[i] * 1000, total_ms / TICKS_MAX / 86400000 * 86400000);
}

void
picture_init(struct picture *picture, const struct report *report)
{
	*picture = (struct picture){ .total_ms = later(report_duration_ms(report), 1) };
	for (size_t i = 0; i < report->tries_count && i < BARS_MAX; i++)
		add_bar(picture, report, &report->tries[i]);
	if (report->tries_count > BARS_MAX)
		picture->left_out = report->tries_count - BARS_MAX;
	for (size_t i = 0; i < report->rto_count; i++)
		add_goal(picture, report, &report->rto[i]);
	for (size_t i = 0; i < report->gaps_count; i++)
		*VEC_PUSH(picture->gaps, picture->gaps_count, picture->gaps_cap) =
			(struct picture_gap){ since(report, report->gaps[i].from_ms),
					      since(report, report->gaps[i].to_ms) };
	cut_goals(picture);
	picture->tick_ms = choose_tick(picture->total_ms);
}

void
picture_release(struct picture *picture)
{
	for (size_t i = 0; i < picture->bars_count; i++)
		free(picture->bars[i].label);
	for (size_t i = 0; i < picture->goals_count; i++)
		free(picture->goals[i].label);
	free(picture->bars);
	free(picture->goals);
	free(picture->gaps);
}

/* ---- in characters ---- */

static int
column_of(const struct picture *picture, int64_t ms)
{
	int column = (int)((double)ms / (double)picture->total_ms * PLOT_COLUMNS);

	return column < PLOT_COLUMNS ? column : PLOT_COLUMNS - 1;
}

static void
append_label(const char *mark, const char *label, struct str *out)
{
	int width = text_width(label);

	str_printf(out, "%s ", mark);
	text_append_cut(out, label, LABEL_COLUMNS, true);
	str_printf(out, "%*s|", width < LABEL_COLUMNS ? LABEL_COLUMNS - width : 0, "");
}

static void
fill(char *plot, int from, int to, char mark)
{
	for (int i = from; i <= to; i++)
		plot[i] = mark;
}

static void
draw_bar(const struct picture *picture, const struct picture_bar *bar, struct str *out)
{
	char plot[PLOT_COLUMNS + 1] = "", took[CLOCK_STAMP_MAX], estimate[CLOCK_STAMP_MAX];
	int from = column_of(picture, bar->from_ms), to = column_of(picture, bar->to_ms);
	int planned = column_of(picture, bar->from_ms + bar->estimate_ms);

	fill(plot, 0, PLOT_COLUMNS - 1, ' ');
	if (bar->estimate_ms)
		fill(plot, from, planned, '.');
	fill(plot, from, to, '=');
	if (bar->estimate_ms && to > planned)
		fill(plot, planned + 1, to, '+');
	append_label(status_glyph(bar->status), bar->label, out);
	str_printf(out, "%s| %s", plot, duration_format_clock(bar->to_ms - bar->from_ms, took));
	if (bar->estimate_ms)
		str_printf(out, " of %s", duration_format_clock(bar->estimate_ms, estimate));
	str_append_char(out, '\n');
}

static void
draw_goal(const struct picture *picture, const struct picture_goal *goal, struct str *out)
{
	char plot[PLOT_COLUMNS + 1] = "", took[CLOCK_STAMP_MAX], target[CLOCK_STAMP_MAX];

	fill(plot, 0, PLOT_COLUMNS - 1, ' ');
	fill(plot, column_of(picture, goal->from_ms), column_of(picture, goal->to_ms), '-');
	plot[column_of(picture, goal->from_ms + goal->target_ms)] = 'T';
	append_label("RTO", goal->label, out);
	str_printf(out, "%s| %s of %s, %s\n", plot, duration_format_clock(goal->taken_ms, took),
		   duration_format_clock(goal->target_ms, target), goal->result);
}

static void
draw_gaps(const struct picture *picture, struct str *out)
{
	char plot[PLOT_COLUMNS + 1] = "";

	if (picture->gaps_count == 0)
		return;
	fill(plot, 0, PLOT_COLUMNS - 1, ' ');
	for (size_t i = 0; i < picture->gaps_count; i++)
		fill(plot, column_of(picture, picture->gaps[i].from_ms),
		     column_of(picture, picture->gaps[i].to_ms), 'z');
	append_label("   ", "nobody worked on it", out);
	str_printf(out, "%s|\n", plot);
}

static void
draw_scale(const struct picture *picture, struct str *out)
{
	char end[CLOCK_STAMP_MAX];

	str_printf(out, "%*s0:00:00%*s\n", LABEL_COLUMNS + 5, "", PLOT_COLUMNS - 7,
		   duration_format_clock(picture->total_ms, end));
}

void
picture_draw_text(const struct picture *picture, struct str *out)
{
	draw_scale(picture, out);
	for (size_t i = 0; i < picture->bars_count; i++)
		draw_bar(picture, &picture->bars[i], out);
	if (picture->left_out)
		str_printf(out, "    and %zu more\n", picture->left_out);
	draw_gaps(picture, out);
	for (size_t i = 0; i < picture->goals_count; i++)
		draw_goal(picture, &picture->goals[i], out);
	str_append(out, "\n= worked on, + longer than estimated, . estimated but not needed");
	if (picture->gaps_count)
		str_append(out, ", z away");
	if (picture->goals_count)
		str_append(out, ", T the time to keep");
	str_append_char(out, '\n');
}
