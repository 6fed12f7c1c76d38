#ifndef LIFEBOAT_RUN_JOB_JOB_H
#define LIFEBOAT_RUN_JOB_JOB_H

#include <cjson/cJSON.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "base/queue.h"
#include "base/secret.h"
#include "base/sgr.h"
#include "run/executor.h"
#include "runbook/expression.h"
#include "runbook/runbook.h"

/*
 * The worker side of the engine: one job is one thread that does one thing for one step, in straight
 * lines, and reports by messages. Between job_start() and its MESSAGE_DONE a job belongs to its thread;
 * after that to the engine.
 */

/* A target as frozen at the start of the run; its connection belongs to the one running job. */
struct frozen_target {
	struct run_target pub;
	char *name;
	char *group; /* or NULL */
	cJSON *spec;
	cJSON *identity; /* or NULL */
	char *problem;	 /* why it could not be reached at the start, or NULL */
	bool met;	 /* this process has asked it who it is, */
	bool confirmed;	 /* and so has this step */
};

/* What all jobs of a run share; nothing of it changes while a job runs, but the targets. */
struct job_env {
	const struct runbook *runbook;
	const struct executor_table *table;
	struct expressions *expressions;
	struct secrets *secrets;
	const char *run_id;
	const char *folder;
	struct frozen_target *targets;
	size_t targets_count;
	struct queue *inbox; /* of the engine: takes struct message */
};

enum job_kind {
	JOB_FREEZE,
	JOB_PREPARE,
	JOB_RUN,
	JOB_PROBE,
	JOB_IMPACT, /* a look of the impact board: never started; it has a thread of its own */
};

/* How a job ended; which record follows. */
enum job_result {
	JOB_DONE,     /* freeze: targets are set; run, probe: the record's data is in `data` */
	JOB_PLANNED,  /* prepare: `data` is a plan record's, `action` is ready */
	JOB_SKIPPED,  /* prepare: `when` does not hold */
	JOB_EXPANDED, /* prepare: `data` holds the items of a for_each step */
	JOB_BLOCKED,  /* prepare: `data` is a blocked record's */
};

struct job {
	enum job_kind kind;
	struct job_env *env;
	const struct step_spec *spec; /* NULL for JOB_FREEZE */
	char *step_id, *title, *item;
	bool expand; /* the step is a for_each that has no instances yet */
	int attempt;
	cJSON *context; /* what expressions see, with the real values of secrets */

	struct cancel *cancel;
	atomic_bool timed_out;
	atomic_llong deadline_ms; /* monotonic; INT64_MAX: none; watched by the engine */
	struct queue *answers;	  /* of the open question: takes cJSON */
	struct queue *receipts;	  /* for what was to be put on record: takes struct err */
	pthread_t thread;
	bool started;

	/* the action: made by JOB_PREPARE, handed on to JOB_RUN; made anew by JOB_PROBE */
	struct action action;
	cJSON *with;
	cJSON *seen; /* by the preview, or NULL */

	/* the step is taken back */
	bool undo;
	cJSON *before; /* how things were, real values, or NULL; a JOB_RUN that does the step leaves it here */
	bool acted;	/* an earlier try of it has changed something, which stands */
	bool remembers; /* this one is, or was, about to change something */
	char *stays;	/* JOB_PREPARE: later steps that stay as they are, or NULL */

	/* JOB_RUN and JOB_PROBE: the try; its intent is -1 where it stands in no journal */
	int64_t intent_seq;

	bool only_reads; /* by its plan */

	/* JOB_PROBE: what the journal tells of the try that was cut off */
	char *key;	 /* its idempotency key */
	cJSON *evidence; /* an object */
	int64_t begun_ms;
	cJSON *planned_with; /* redacted, or NULL; but for JOB_PROBE: of what was done before */
	char *planned_target;

	/* the result, valid after MESSAGE_DONE */
	enum job_result result;
	cJSON *data;
	cJSON *outputs; /* real values of the step's outputs, or NULL */
};

enum message_type {
	MESSAGE_INTENT, /* from a front end */
	MESSAGE_OUTPUT,
	MESSAGE_PROGRESS,
	MESSAGE_TARGET,	  /* `data`: of a target record */
	MESSAGE_ATTEMPT,  /* `data`: of an attempt record; the job waits for a receipt */
	MESSAGE_EVIDENCE, /* `data`: of an evidence record; the job waits for a receipt */
	MESSAGE_PROMPT,	  /* `data`: of a prompt record */
	MESSAGE_WARNING,  /* `text`, about the run itself; from any thread */
	MESSAGE_IMPACT,	  /* `data`: names a look of the impact board that has ended */
	MESSAGE_DONE,
};

struct message {
	enum message_type type;
	struct intent *intent;
	char *text;
	struct sgr looks; /* of the text, if it is output */
	cJSON *data;
};

struct message *message_new(enum message_type type, char *text, cJSON *data);
void message_free(struct message *message);

struct job *job_new(enum job_kind kind, struct job_env *env);
void job_start(struct job *job);
/* Joins the thread, if one was started, which must have sent MESSAGE_DONE or been cancelled; frees the job. */
void job_free(struct job *job);

/* The four bodies, on the job's own thread. */
void job_freeze(struct job *job);
void job_prepare(struct job *job);
void job_run(struct job *job);
void job_probe(struct job *job);

/* ---- what the bodies share ---- */

/* The context of a step's executor; the job's output goes through `sink` (NULL: nowhere). */
struct sink;
struct job_context {
	struct step_context pub;
	struct job *job;
	struct sink *sink;
};

void job_context_init(struct job_context *ctx, struct job *job, struct sink *sink);

/*
 * Hands the data of a record to the engine, and returns when that is on the disk; -1: it is not, and what
 * depends on it must not be done. Takes ownership.
 */
int job_put_on_record(struct job *job, enum message_type type, cJSON *data, struct err *e);

/*
 * Fails where an expression, or the templates of a text or of `with`, use outputs of a step that nobody
 * saw the end of: it was marked done, and what it would have yielded is not known. Over a result
 * (`expect`, `outputs`) only $steps is ours.
 */
int job_outputs_known(const struct job *job, const char *expression, bool over_result,
		      struct err *e);
int job_outputs_known_in_text(const struct job *job, const char *text, struct err *e);
int job_outputs_known_in(const struct job *job, const cJSON *with, struct err *e);

/* True where a value holds the name of a secret in the place of the secret itself, as the journal does. */
bool job_holds_masks(const cJSON *value);

/*
 * Makes an action ready: finds its target (`target` may be a template; NULL: `inherited`, where the kind
 * fits), connects it and confirms its identity, resolves `with`. The action borrows *ret_with.
 */
int job_resolve(struct job *job, const struct step_type *type, const char *target,
		const cJSON *with, const struct run_target *inherited, struct action *ret_action,
		cJSON **ret_with, struct err *e);

/* The target that checks and the undo inherit; a step whose target can't be reached is blocked by that. */
int job_own_target(struct job *job, const struct run_target **ret_target, struct err *e);
/* Makes ready what the job is about: the step's own action, or what takes it back. */
int job_resolve_own(struct job *job, struct err *e);
/* Its executor, or NULL. */
const struct executor *job_executor(const struct job *job);
/* Whether target and arguments are the planned ones; compared as the journal writes them. */
bool job_is_as_planned(struct job *job);
/* "kubernetes.get secrets/iam-signing-key": an action in short, from its arguments as written. The caller frees. */
char *job_action_title(struct job *job, const struct action_spec *action);

/* ---- taking a step back ---- */

/* What would be done; `ctx` is the job's, its action resolved. */
int job_undo_preview(struct job *job, struct step_context *ctx, struct preview *preview,
		     struct err *e);
int job_undo_act(struct job *job, struct step_context *ctx, cJSON **ret_result, struct err *e);
int job_undo_look(struct job *job, struct step_context *ctx, struct probe *probe,
		  enum probe_verdict *ret_verdict, struct err *e);
/*
 * Adds to the outcome of a step that has acted whether it can be taken back: `undo` (and `before`), or `no_undo` (and
 * `unchanged`); nothing where this try has added nothing to what those before it did. `result` is NULL where it failed.
 */
void job_add_way_back(struct job *job, const cJSON *result, cJSON *data);

/* Runs one check; see step_context.check. `uses` and the rest may come from the model or from `with`. */
struct check_request {
	const struct step_type *type;
	const char *target;
	const cJSON *with;
	const char *expect;
	const char *message;
};
int job_check(struct job *job, const struct check_request *check,
	      const struct run_target *inherited, bool *ret_held, char **ret_why, struct err *e);

/* How far a check came. */
enum check_stage {
	CHECK_RESOLVES, /* its target and its arguments */
	CHECK_ACTS,
	CHECK_JUDGES, /* its `expect` */
};

/*
 * Runs one check without a judgement: *ret_value (the caller deletes it) is what `expect` yields, or true where there is
 * none. *ret_stage is set on an error, too.
 */
int job_look(struct job *job, const struct check_request *check, const struct run_target *inherited,
	     cJSON **ret_value, enum check_stage *ret_stage, struct err *e);
/* Why a check that ran did not hold: "message (expected .data.kid != null)". The caller frees. */
char *job_unmet(struct job *job, const struct check_request *check, const cJSON *value);
/* Why its action did not work. The caller frees. */
char *job_failed(const struct check_request *check, const struct err *e);

/*
 * Runs a list of checks once and appends their results, in the form of the records, to `results`. Returns
 * how many did not hold, or -1 for ERR_CANCELLED; *ret_first is the first of their messages.
 */
int job_checks(struct job *job, const struct check_spec *checks, size_t count,
	       const struct run_target *inherited, cJSON **ret_results, struct err *ret_first);

/*
 * A text for people with its templates expanded, or as it was written where that fails: what explains a
 * step must not keep it from running. NULL for NULL; the caller frees.
 */
char *job_words(struct job *job, const char *text);

/* True in *ret_wanted where the step's `when` lets it be done. */
int job_wanted(struct job *job, bool *ret_wanted, struct err *e);

/* The items of a for_each step: a list of strings, each once. The caller deletes it. */
int job_items(struct job *job, cJSON **ret_items, struct err *e);

/* {"kind":…,"message":…} for a record. */
cJSON *job_error_json(const struct err *e);

/* ---- targets ---- */

struct frozen_target *job_env_target(const struct job_env *env, const char *name);
/*
 * Connects where needed and asks once in each step who it is; sends MESSAGE_TARGET for an answer that says
 * more than the ones before. One that was met before, and is away now, is no error.
 */
int job_connect(struct job *job, struct frozen_target *target, struct err *e);
/* Asks a target (NULL: none) once more, right before something is changed; it must answer, and be the same. */
int job_confirm(struct job *job, const struct run_target *target, struct err *e);
/* A new step begins: whoever is behind a name may have changed since the last one. */
void job_forget_confirmations(struct job *job);
void frozen_targets_free(struct frozen_target *targets, size_t count);
/* The same targets with connections of their own; none of them may be in use by a job. */
struct frozen_target *frozen_targets_copy(const struct frozen_target *targets, size_t count);
/* Freezes the targets of a runbook: resolves their fields and the members of groups; contacts nobody. */
int frozen_targets_new(const struct runbook *rb, const struct executor_table *table,
		       struct expressions *x, const cJSON *context,
		       struct frozen_target **ret_targets, size_t *ret_count, struct err *e);
/* Takes the identities that an earlier process has journalled, from an array as below. */
void frozen_targets_recall(struct frozen_target *targets, size_t count, const cJSON *array);
/* The targets as a record of type run holds them. */
cJSON *frozen_targets_json(const struct frozen_target *targets, size_t count);

/* ---- output ---- */

/* A step's output on its way to out/SEQ (SEQ -1: no file) and to the screen, through both doors. */
struct sink *sink_new(struct job *job, int64_t intent_seq);
void sink_write(struct sink *sink, const char *bytes, size_t len_bytes);
/* Ends it; *ret_data is {"file","sha256","bytes"} or JSON null where nothing came. Frees the sink. */
void sink_finish(struct sink *sink, cJSON **ret_data);

#endif
