#ifndef LIFEBOAT_RUNBOOK_FIELD_H
#define LIFEBOAT_RUNBOOK_FIELD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A table of fields describes every mapping of the runbook format: the document itself, a parameter,
 * a target of each kind, a step, and the `with:` of each step type. The loader, lint, the JSON Schema,
 * the man page and --help read these tables, and nothing else knows the keys.
 */
enum field_type {
	FIELD_STRING, /* any text; ${…} allowed where FIELD_TEMPLATE is set */
	FIELD_NAME,   /* an identifier: [a-z][a-z0-9_-]* */
	FIELD_TEXT,   /* several lines of Markdown-light */
	FIELD_PATH,   /* a file; relative to the runbook's folder */
	FIELD_BOOL,
	FIELD_INT,
	FIELD_DURATION,	  /* 90s, 5m, 1h30m */
	FIELD_CHOICE,	  /* one word of `choices`; with `fields`: or a mapping described by them */
	FIELD_EXPRESSION, /* a jq expression */
	FIELD_ANY,	  /* any YAML value; strings inside may hold templates */
	FIELD_LIST,	  /* a sequence whose elements are of type `items` */
	FIELD_MAP,	  /* a mapping with free keys and values of type `items` */
	FIELD_OBJECT,	  /* a mapping described by `fields`; NULL: by its `uses` or `type` */
	FIELD_ONE_OR_LIST, /* one element of type `items`, or a sequence of them */
	FIELD_CHECK,	   /* uses + target + with + expect + message: see runbook_check_fields */
};

enum field_flags {
	FIELD_REQUIRED = 1 << 0,
	FIELD_TEMPLATE = 1 << 1, /* ${…} is expanded when the step is prepared */
	FIELD_NONEMPTY = 1 << 2, /* lists and maps: at least one element */
	FIELD_SECRET = 1 << 3,	 /* the value never renders; only ${…} of secret parameters */
	FIELD_OR_LIST = 1 << 4,	 /* FIELD_EXPRESSION: or a sequence of strings in its place */
	FIELD_FRACTION = 1 << 5, /* FIELD_INT: or a number with a fraction */
	FIELD_CONTEXT = 1 << 6,	 /* FIELD_EXPRESSION: `.` is the context, not an action's result */
};

struct field {
	const char *name; /* NULL ends a table */
	enum field_type type;
	enum field_type items;	    /* of FIELD_LIST, FIELD_MAP and FIELD_ONE_OR_LIST */
	unsigned flags;		    /* of enum field_flags */
	const char *const *choices; /* FIELD_CHOICE: ends with NULL */
	const struct field *fields; /* FIELD_OBJECT, or lists and maps of it */
	const char *otherwise;	    /* the default as it would be written in YAML, or NULL */
	const char *help;	    /* one sentence, for people */
};

/* The row of a name, or NULL. */
const struct field *field_find(const struct field *table, const char *name);
/* "a duration such as 90s, 5m or 1h30m": what a field takes, for messages and the man page. */
const char *field_type_describe(const struct field *field);

#endif
