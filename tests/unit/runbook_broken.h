#ifndef LIFEBOAT_TESTS_RUNBOOK_BROKEN_H
#define LIFEBOAT_TESTS_RUNBOOK_BROKEN_H

/* Broken documents, each with exactly one thing wrong, and what must be said about it. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "runbook_fixture.h"

#define HEAD "apiVersion: lifeboat/v1\nkind: Runbook\nmetadata: {id: t, title: T}\n"
#define TARGETS                                                                                    \
	"targets:\n  k8s: {type: kubernetes}\n  many: {type: kubernetes, contexts: [a, b]}\n"      \
	"  web: {type: http, url: \"http://h\"}\n"
#define STEP "steps:\n  - id: a\n    title: A\n"
#define STEPS "steps:\n  - {id: a, title: A, uses: manual.confirm, with: {prompt: Go}}\n"

struct broken {
	const char *name;
	const char *document;
	const char *first; /* the first line, without the file's name */
	const char *caret; /* what stands under the source line, after the bar; or NULL */
};

/* The n-th line of a text (from 0), without its LF, as a new string; or NULL. */
static inline char *
line_of(const char *text, int n)
{
	while (text && n-- > 0) {
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return text && *text ? strndup(text, strcspn(text, "\n")) : NULL;
}

static inline void
assert_broken(const struct broken *broken)
{
	struct diags diags;
	struct str out = STR_INIT;
	struct runbook *rb = fixture_parse(broken->document, &diags);
	char *first, *caret, *wanted;

	diags_render(&diags, &out);
	first = line_of(str_cstr(&out), 0);
	caret = line_of(str_cstr(&out), 2);
	if (asprintf(&wanted, "f.yaml:%s", broken->first) < 0)
		abort();
	if (!first || strcmp(first, wanted) != 0 || diags.count != 1)
		print_error("%s: %zu diagnostics:\n%s", broken->name, diags.count, str_cstr(&out));
	assert_non_null(first);
	assert_string_equal(first, wanted);
	assert_int_equal(diags.count, 1);
	assert_int_equal(rb == NULL, diags.errors > 0);
	if (broken->caret) {
		assert_non_null(caret);
		assert_non_null(strchr(caret, '|'));
		assert_string_equal(strchr(caret, '|') + 1, broken->caret);
	} else {
		assert_null(caret);
	}
	free(wanted);
	free(first);
	free(caret);
	runbook_free(rb);
	diags_release(&diags);
	str_release(&out);
}

#endif
