#ifndef LIFEBOAT_REPORT_REPORT_ESCAPE_H
#define LIFEBOAT_REPORT_REPORT_ESCAPE_H

#include <stdbool.h>

#include "base/str.h"

/* Makes text out of what might otherwise be markup. Appended to out; the input is sanitised. */

/* For the text and the attributes of HTML. */
void html_escape(const char *text, struct str *out);

/*
 * For running text of Markdown, on one line: LFs become <br>. Nothing in it begins an element, at the beginning of
 * a line neither.
 */
void markdown_escape(const char *text, struct str *out);
/* A code span that holds any text; in_cell: of a table. "" for an empty text. */
void markdown_code(const char *text, bool in_cell, struct str *out);
/* A fenced block of whole lines that no line of the text can end. */
void markdown_fence(const char *text, struct str *out);

#endif
