#include "config.h"

#include "base/clock.h"
#include "base/text.h"
#include "report/report_escape.h"
#include "report/report_picture.h"

/* Of the drawing's own units, which are about a pixel each. */
enum {
	WIDTH = 1080,
	PLOT_X = 260,
	PLOT_WIDTH = 560,
	TEXT_X = PLOT_X + PLOT_WIDTH + 10,
	TOP = 28,
	ROW = 22,
	BAR = 14,
};

static int
x_of(const struct picture *picture, int64_t ms)
{
	int x = (int)((double)ms / (double)picture->total_ms * PLOT_WIDTH);

	return PLOT_X + (x < PLOT_WIDTH ? x : PLOT_WIDTH);
}

/* At least wide enough to be seen. */
static void
draw_rect(const struct picture *picture, const char *class, int64_t from_ms, int64_t to_ms, int y,
	  int height, struct str *out)
{
	int x = x_of(picture, from_ms), width = x_of(picture, to_ms) - x;

	str_printf(out, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", class,
		   x, y, width > 2 ? width : 2, height);
}

static void
draw_text(int x, int y, const char *mark, const char *text, struct str *out)
{
	str_printf(out, "<text x=\"%d\" y=\"%d\">%s%s", x, y, mark, *mark ? " " : "");
	html_escape(text, out);
	str_append(out, "</text>");
}

/* Labels are cut by bytes of a whole character: the full one is the bar's title, and in the steps below. */
static void
draw_label(int y, const char *mark, const char *label, struct str *out)
{
	struct str cut = STR_INIT;

	text_append_cut(&cut, label, 30, false);
	draw_text(0, y, mark, str_cstr(&cut), out);
	str_release(&cut);
}

static const char *
class_of(const char *status)
{
	if (str_equal(status, "ok"))
		return "ok";
	if (str_equal(status, "failed") || str_equal(status, "cancelled"))
		return "bad";
	return "unsure";
}

static void
draw_bar(const struct picture *picture, const struct picture_bar *bar, int y, struct str *out)
{
	char took[CLOCK_STAMP_MAX], estimate[CLOCK_STAMP_MAX];
	struct str times = STR_INIT;

	duration_format_clock(bar->to_ms - bar->from_ms, took);
	str_append(&times, took);
	if (bar->estimate_ms)
		str_printf(&times, " of %s", duration_format_clock(bar->estimate_ms, estimate));
	str_append(out, "<g><title>");
	html_escape(bar->label, out);
	str_printf(out, ": %s, %s</title>", status_words(bar->status), str_cstr(&times));
	draw_label(y + BAR, status_glyph(bar->status), bar->label, out);
	if (bar->estimate_ms)
		draw_rect(picture, "planned", bar->from_ms, bar->from_ms + bar->estimate_ms, y + 3,
			  BAR, out);
	draw_rect(picture, class_of(bar->status), bar->from_ms, bar->to_ms, y + 5, BAR - 4, out);
	draw_text(TEXT_X, y + BAR, "", str_cstr(&times), out);
	str_append(out, "</g>\n");
	str_release(&times);
}

static void
draw_goal(const struct picture *picture, const struct picture_goal *goal, int y, int bottom,
	  struct str *out)
{
	char took[CLOCK_STAMP_MAX], target[CLOCK_STAMP_MAX];
	int x = x_of(picture, goal->from_ms + goal->target_ms);

	duration_format_clock(goal->taken_ms, took);
	duration_format_clock(goal->target_ms, target);
	str_append(out, "<g><title>");
	html_escape(goal->label, out);
	str_printf(out, ": %s, %s of %s</title>", goal->result, took, target);
	draw_label(y + BAR, "RTO", goal->label, out);
	draw_rect(picture, "goal", goal->from_ms, goal->to_ms, y + 8, 4, out);
	str_printf(out, "<line class=\"target\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>", x, TOP,
		   x, bottom);
	str_printf(out, "<text x=\"%d\" y=\"%d\">%s of %s, %s</text></g>\n", TEXT_X, y + BAR, took,
		   target, goal->result);
}

static void
draw_scale(const struct picture *picture, int bottom, struct str *out)
{
	char time[CLOCK_STAMP_MAX];

	for (int64_t ms = 0; ms <= picture->total_ms; ms += picture->tick_ms) {
		int x = x_of(picture, ms);

		str_printf(out,
			   "<line class=\"scale\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>"
			   "<text class=\"scale\" x=\"%d\" y=\"14\">%s</text>\n",
			   x, TOP - 8, x, bottom, x, duration_format_clock(ms, time));
	}
}

void
picture_draw_svg(const struct picture *picture, struct str *out)
{
	int rows = (int)(picture->bars_count + picture->goals_count), y = TOP;
	int bottom = TOP + rows * ROW;

	str_printf(out,
		   "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"picture-title "
		   "picture-about\">\n"
		   "<title id=\"picture-title\">When each step was worked on</title>\n"
		   "<desc id=\"picture-about\">A bar for each try of a step, from its beginning to "
		   "its end, with its estimate as an outline; below, each recovery time with a "
		   "dashed line where it is over. The same is in the tables and steps of this "
		   "page.</desc>\n",
		   WIDTH, bottom + 6);
	for (size_t i = 0; i < picture->gaps_count; i++)
		draw_rect(picture, "gap", picture->gaps[i].from_ms, picture->gaps[i].to_ms, TOP,
			  bottom - TOP, out);
	draw_scale(picture, bottom, out);
	for (size_t i = 0; i < picture->bars_count; i++, y += ROW)
		draw_bar(picture, &picture->bars[i], y, out);
	for (size_t i = 0; i < picture->goals_count; i++, y += ROW)
		draw_goal(picture, &picture->goals[i], y, bottom, out);
	str_append(out, "</svg>\n");
}
