#ifndef LIFEBOAT_REPORT_REPORT_PAPER_H
#define LIFEBOAT_REPORT_REPORT_PAPER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "report/report_model.h"
#include "report/report_picture.h"

/*
 * One walk over a report (report_document.c) writes on one of several kinds of paper. What reaches a paper's
 * own functions is sanitised, and they escape it; LFs in it break lines.
 */
struct paper {
	struct str *out;
	bool in_list; /* facts are being listed */

	/* The beginning and the end of the whole. */
	void (*begin)(struct paper *paper, const struct report *report, const char *title);
	void (*end)(struct paper *paper);
	/* Nobody may overlook it. */
	void (*banner)(struct paper *paper, const char *word, const char *text);
	/* `anchor` is one of ours, unique; NULL: nobody refers to it. Levels from 2. */
	void (*heading)(struct paper *paper, int level, const char *anchor, const char *text);
	void (*paragraph)(struct paper *paper, const char *text);
	/* "label: text" in a list of such. */
	void (*fact)(struct paper *paper, const char *label, const char *text, bool literal);
	/* Lines that keep their form; `label` says what they are. */
	void (*block)(struct paper *paper, const char *label, const char *text);
	/* `cells` in rows of strlen(looks), the headings first; each letter of `looks` is a column's. */
	void (*table)(struct paper *paper, const char *caption, const char *looks,
		      char *const *cells, size_t count);
	void (*picture)(struct paper *paper, const struct picture *picture);
};

/*
 * The looks of a column: t text, which may break anywhere; w words, which stay whole; n numbers and times, which stay
 * on one line; c code that may break anywhere; k code that is a name, and stays whole.
 */
bool column_is_code(char look);

/* What the document uses: these sanitise. */
void paper_heading(struct paper *paper, int level, const char *anchor, const char *text);
void paper_paragraph(struct paper *paper, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void paper_fact(struct paper *paper, const char *label, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Nothing where text is NULL. */
void paper_literal(struct paper *paper, const char *label, const char *text);
void paper_block(struct paper *paper, const char *label, const char *text);

struct cells {
	char **items;
	size_t count, cap;
};

void cells_add(struct cells *cells, const char *text); /* NULL: an empty cell */
void cells_printf(struct cells *cells, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Several at once; ends with NULL. */
void cells_add_all(struct cells *cells, ...) __attribute__((sentinel));
/* Writes the table, or nothing where it has no row but its headings; frees the cells. */
void paper_table(struct paper *paper, const char *caption, const char *looks, struct cells *cells);

/* The sections, in their order: for a list of contents. report_document.c */
struct report_section {
	const char *anchor, *title;
	bool (*applies)(const struct report *report); /* NULL: always */
	void (*write)(const struct report *report, struct paper *paper);
};
extern const struct report_section report_sections[];
extern const size_t report_sections_count;

void report_to_paper(const struct report *report, struct paper *paper);

/* report_drill.c, report_steps.c, report_appendix.c */
bool report_is_drill(const struct report *report);
void report_write_drill(const struct report *report, struct paper *paper);
void report_write_steps(const struct report *report, struct paper *paper);
void report_write_timeline(const struct report *report, struct paper *paper);
void report_write_appendix(const struct report *report, struct paper *paper);

/* report_markdown.c, report_html.c */
void report_write_markdown(const struct report *report, struct str *out);
void report_write_html(const struct report *report, struct str *out);

#endif
