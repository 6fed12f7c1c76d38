#ifndef LIFEBOAT_RUNBOOK_RENDER_H
#define LIFEBOAT_RUNBOOK_RENDER_H

#include <cjson/cJSON.h>

#include "base/str.h"
#include "runbook/runbook.h"

/* The runbook as a document to read: `columns` wide plain text, or Markdown. */
void runbook_render_text(const struct runbook *rb, int columns, struct str *out);
void runbook_render_markdown(const struct runbook *rb, struct str *out);

/* The JSON Schema (draft 2020-12) of the runbook format, from the field tables. The caller deletes. */
cJSON *runbook_schema(const struct step_catalogue *catalogue);

/* The same of a table of fields that refers to nothing of runbooks. The caller deletes. */
cJSON *document_schema(const struct field *table, const char *title);

/* The tables of a manual section in mdoc: what `make` puts into lifeboat-runbook(5). */
void runbook_render_mdoc(const struct step_catalogue *catalogue, struct str *out);

/* The same of other tables: a subsection for each, which ends with a NULL title; tables inside of them that have one are named there only. */
struct mdoc_section {
	const char *title, *intro;
	const struct field *table;
};
void sections_render_mdoc(const struct mdoc_section *sections, struct str *out);

#endif
