#ifndef LIFEBOAT_REPORT_REPORT_PICTURE_H
#define LIFEBOAT_REPORT_REPORT_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct report;

/* When which step was worked on, against its estimate, and against the recovery times. Texts are sanitised. */
struct picture_bar {
	char *label;
	const char *status;	/* as of a report_try */
	int64_t from_ms, to_ms; /* from the beginning of the run */
	int64_t estimate_ms;	/* 0: none */
};

struct picture_goal {
	char *label;
	const char *result;
	int64_t from_ms, to_ms; /* to: but no further than what else is drawn */
	int64_t taken_ms, target_ms;
};

struct picture_gap {
	int64_t from_ms, to_ms;
};

struct picture {
	int64_t total_ms; /* its whole width; at least 1 */
	int64_t tick_ms;  /* between two marks of its scale */
	struct picture_bar *bars;
	size_t bars_count, bars_cap;
	struct picture_goal *goals;
	size_t goals_count, goals_cap;
	struct picture_gap *gaps;
	size_t gaps_count, gaps_cap;
	size_t left_out; /* tries past what can be looked at */
};

void picture_init(struct picture *picture, const struct report *report);
void picture_release(struct picture *picture);

/* "[x]": a status, for eyes that see no colours, and in words: "passed". */
const char *status_glyph(const char *status);
const char *status_words(const char *status);

/* In characters of one width, ASCII but for the labels; lines end with LF. */
void picture_draw_text(const struct picture *picture, struct str *out);
/* As an SVG element that stands in HTML, with its title and description. report_svg.c */
void picture_draw_svg(const struct picture *picture, struct str *out);

#endif
