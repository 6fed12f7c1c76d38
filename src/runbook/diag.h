#ifndef LIFEBOAT_RUNBOOK_DIAG_H
#define LIFEBOAT_RUNBOOK_DIAG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "base/yaml.h"

/*
 * What is wrong with a document, place by place. Messages are whole sentences without a final stop,
 * and end with what to do where that is known ("did you mean \"timeout\"?").
 */
struct diag {
	struct mark mark;
	int length; /* characters to underline, at least 1 */
	bool warning;
	char *message;
};

struct diags {
	char *path;
	char *source; /* a copy, for the source lines */
	struct diag *items;
	size_t count, cap;
	size_t errors; /* of count */
};

void diags_init(struct diags *d, const char *path);
void diags_set_source(struct diags *d, const char *text, size_t len_bytes);
void diags_release(struct diags *d);
void diags_error(struct diags *d, struct mark mark, int length, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void diags_warning(struct diags *d, struct mark mark, int length, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Appends all of them, sorted by place, in the form
 *     file.yaml:12:5: error: unknown key "timout" in a step; did you mean "timeout"?
 *        12 |     timout: 5m
 *           |     ^~~~~~
 * sanitised, so that it may be printed.
 */
void diags_render(struct diags *d, struct str *out);

#endif
