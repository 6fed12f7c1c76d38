#ifndef LIFEBOAT_RUNBOOK_RUNBOOK_H
#define LIFEBOAT_RUNBOOK_RUNBOOK_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/yaml.h"
#include "runbook/diag.h"
#include "runbook/step_type.h"

/*
 * The document: a lifeboat/v1 runbook as plain data, made by runbook_load() and never changed after.
 * It may be read from any thread. Strings that the file does not give are NULL unless said otherwise;
 * durations are milliseconds, 0 where not given. Format: lifeboat-runbook(5).
 */

enum param_type {
	PARAM_STRING,
	PARAM_TEXT,
	PARAM_INT,
	PARAM_BOOL,
	PARAM_CHOICE,
	PARAM_HOSTNAME,
	PARAM_IP,
	PARAM_URL,
	PARAM_PATH,
	PARAM_DURATION,
	PARAM_LIST,
	PARAM_SECRET,
};

enum secret_source {
	SECRET_FROM_FILE = 1 << 0,
	SECRET_FROM_ENV = 1 << 1,
	SECRET_FROM_PROMPT = 1 << 2,
	SECRET_FROM_KUBERNETES = 1 << 3,
	SECRET_FROM_ANYWHERE = (1 << 4) - 1,
};

struct param {
	char *name;
	enum param_type type;
	enum param_type items; /* of a list: never list or secret */
	char *title;	       /* never NULL: the name where the file gives none */
	char *text;
	char **choices;	  /* ends with NULL; PARAM_CHOICE only */
	char *pattern;	  /* an extended regular expression that the whole value matches */
	cJSON *otherwise; /* the default, templates unexpanded; NULL: none */
	bool required;	  /* true unless a default or `required: false` is given */
	bool must_exist;  /* PARAM_PATH */
	unsigned from;	  /* PARAM_SECRET: set of secret_source */
	struct mark mark;
};

/* A target, or a group of them (`contexts:`), with its strings unexpanded. */
struct target_spec {
	char *name;
	enum target_kind kind;
	bool group;  /* `contexts:` given: one target per context */
	cJSON *with; /* its fields but `type`, as written (templates unexpanded) */
	struct mark mark;
};

/* A step type with its arguments; what preconditions, verify, undo, probes and steps have in common. */
struct action_spec {
	const struct step_type *type;
	char *target; /* a template or a plain name, or NULL: the step's own target */
	cJSON *with;  /* an object, never NULL; templates unexpanded */
	struct mark mark;
};

/* An action that reads, and what must be true of its result. */
struct check_spec {
	struct action_spec action;
	char *expect;  /* a jq expression over the result; NULL: the action passed */
	char *message; /* said when it does not hold */
};

enum step_confirm { CONFIRM_BY_EFFECT, CONFIRM_ASK, CONFIRM_TYPE_NAME, CONFIRM_TWO_PERSON };
enum step_on_failure { ON_FAILURE_PAUSE, ON_FAILURE_ABORT, ON_FAILURE_GOTO };

/* A pane's source: whose pods or other resources, or the logs of what. */
struct pane_spec {
	char *target;
	char *ns; /* `namespace:`; NULL: the target's own */
	bool all_namespaces;
	char *resource; /* NULL: pods */
	char *selector;
	char *pod, *workload, *container; /* logs only */
	bool previous;
	struct mark mark;
};

struct pane_set {
	struct pane_spec *pods;
	size_t pods_count;
	struct pane_spec *resources;
	size_t resources_count;
	struct pane_spec *logs;
	size_t logs_count;
};

struct step_output {
	char *name;
	char *expression;
};

struct step_spec {
	char *id;
	char *title;   /* never NULL */
	char *section; /* a heading that several steps share */
	char *text;
	char *when;
	struct action_spec action;
	char *for_each_in; /* an expression that yields a list; NULL: no loop */
	char *for_each_as;
	struct check_spec *preconditions;
	size_t preconditions_count;
	struct check_spec *verify;
	size_t verify_count;
	struct step_output *outputs;
	size_t outputs_count;
	int64_t estimate_ms;
	int64_t timeout_ms;	  /* of the action */
	int64_t wait_interval_ms; /* of verify: how often, and how long in all */
	int64_t wait_timeout_ms;
	int retry_max_attempts; /* 1: no retry */
	int64_t retry_initial_ms;
	double retry_factor;
	int64_t retry_max_ms;
	bool idempotent;
	enum step_confirm confirm;
	enum step_on_failure on_failure;
	char *goto_step; /* ON_FAILURE_GOTO */
	int goto_max;
	struct action_spec *undo; /* NULL: cannot be taken back */
	struct pane_set panes;
	char **hints; /* of a drill; ends with NULL */
	struct mark mark;
};

struct rto_spec {
	char *title;
	int64_t target_ms;
	char *from, *to; /* step ids */
};

struct impact_spec {
	char *operation;
	char *level; /* "none", "limited" or "total" */
	char *text;
	/* NULL: prediction only. Its target may be a group, by name; its `expect` may yield a level. */
	struct check_spec *probe;
};

struct end_spec {
	char *id;
	char *title;
};

struct runbook {
	char *path;   /* as given */
	char *source; /* the file's bytes */
	size_t source_len;
	char *id, *title, *version, *summary;
	char **owners, **sources; /* end with NULL; never NULL themselves */
	struct param *params;
	size_t params_count;
	struct target_spec *targets;
	size_t targets_count;
	struct rto_spec *rto;
	size_t rto_count;
	struct impact_spec *impact;
	size_t impact_count;
	struct pane_set panes;
	struct step_spec *steps;
	size_t steps_count;
	struct end_spec *ends;
	size_t ends_count;
	char **expressions; /* every expression of the file, for expressions_new() */
	size_t expressions_count;
};

/*
 * Reads, checks and builds a runbook. Every error of the file is found in one go and reported to
 * diags; the result is NULL when there is at least one. Only a file that cannot be read at all is
 * reported through e alone. The catalogue must outlive the runbook.
 */
struct runbook *runbook_load(const char *path, const struct step_catalogue *catalogue,
			     struct diags *diags, struct err *e);

/*
 * The same but for whether the expressions compile, which takes as long as all the rest ten times over: the caller asks
 * expressions_are_sound(), and where they are not, runbook_load() tells which and where.
 */
struct runbook *runbook_read(const char *path, const struct step_catalogue *catalogue,
			     struct diags *diags, struct err *e);

/* runbook_load() from memory; `path` is only what messages and relative names go by. */
struct runbook *runbook_parse(const char *path, const char *text, size_t len_bytes,
			      const struct step_catalogue *catalogue, struct diags *diags);
void runbook_free(struct runbook *rb);

/* The SHA-256 of the file's bytes into out, which is returned. */
const char *runbook_sha256(const struct runbook *rb, char out[DIGEST_HEX_MAX]);

/* Index of a step by id, or -1. */
int runbook_step_index(const struct runbook *rb, const char *id);
const struct param *runbook_param(const struct runbook *rb, const char *name);
const struct target_spec *runbook_target(const struct runbook *rb, const char *name);

/* The YAML word of a parameter's type. */
const char *param_type_name(enum param_type type);

/* Tables that drive the loader, lint, schema and man page (runbook_fields.c). */
extern const struct field runbook_fields[];	  /* the document */
extern const struct field runbook_param_fields[]; /* a parameter */
extern const struct field runbook_step_fields[];  /* a step */
extern const struct field runbook_check_fields[]; /* a check */
const struct field *runbook_target_fields(enum target_kind kind);

#endif
