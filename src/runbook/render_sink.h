#ifndef LIFEBOAT_RUNBOOK_RENDER_SINK_H
#define LIFEBOAT_RUNBOOK_RENDER_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "runbook/runbook.h"

/*
 * One walk over a runbook (render.c) writes to one of several kinds of paper. All texts that reach a
 * sink are sanitised; LFs in them break lines.
 */
struct sink {
	struct str *out;
	int columns; /* of plain text */
	void (*heading)(struct sink *sink, int level, const char *text);
	/* Markdown-light, as the runbook's author wrote it. */
	void (*paragraph)(struct sink *sink, const char *text);
	/* "label: text" in a list of such; `code` is YAML to follow it, or NULL. */
	void (*item)(struct sink *sink, const char *label, const char *text, bool literal,
		     const char *code);
	/* `cells` in rows of `width`, the headings first; the last column is the one to wrap. */
	void (*table)(struct sink *sink, char *const *cells, size_t count, size_t width);
};

void render_to_sink(const struct runbook *rb, struct sink *sink);

/* A JSON value as a person would write it in YAML: in lines, or in one line. render_yaml.c */
void render_yaml_lines(const cJSON *value, int indent, struct str *out);
void render_yaml_flow(const cJSON *value, struct str *out);

#endif
