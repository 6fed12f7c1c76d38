#ifndef LIFEBOAT_RUN_EXECUTOR_H
#define LIFEBOAT_RUN_EXECUTOR_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "base/secret.h"
#include "runbook/step_type.h"

/*
 * What an action knows: the interface between the engine, which owns it, and the step types of
 * src/step/, which implement it. The engine is handed their table by src/cli/ and includes none.
 */

struct executor;
struct step_context;
struct permission_list;

/* How the engine reaches one kind of target: one row per kind in the table of src/step/. */
struct target_driver {
	enum target_kind kind;

	/*
	 * Makes a connection object from the target's resolved fields; may be lazy. Worker thread. `secrets`
	 * outlives the connection; credentials that are read must be registered there.
	 */
	int (*open)(const cJSON *spec, struct secrets *secrets, void **ret_connection,
		    struct err *e);

	/*
	 * Asks the target who it is: an object whose members `uid` and `system_identifier` stay the same while
	 * it is the same target. "insecure": true says that nothing proves the answer (TLS is not
	 * verified), "insecure_why" why, as a sentence, where that is not insecure-skip-tls-verify, "user"
	 * whom the target takes us for, "skew_ms" how far its clock is ahead of ours at least; further
	 * members are for people. Looks anew at what leads to the target (a kubeconfig). Reads only. Worker
	 * thread; returns within 100 ms of cancel. NULL: the kind has no identity.
	 */
	int (*identify)(void *connection, const struct cancel *cancel, cJSON **ret_identity,
			struct err *e);

	/*
	 * Asks the target whether we may do what a permission list's item names (verb, group, resource,
	 * subresource, name, namespace). *ret_reason (the caller frees) is the target's own, maybe empty.
	 * Reads only. Worker thread. NULL: the kind cannot be asked.
	 */
	int (*permitted)(void *connection, const cJSON *permission, const struct cancel *cancel,
			 bool *ret_allowed, char **ret_reason, struct err *e);

	/*
	 * Which rights it takes to show something of the target live: `pane` has the members of a pane_spec
	 * (namespace, all_namespaces, resource, pod, workload), resolved, and `logs`, whether its logs are
	 * wanted too. May read discovery. Worker thread. NULL: the kind shows nothing.
	 */
	int (*watching)(void *connection, const cJSON *pane, const struct cancel *cancel,
			struct permission_list *list, struct err *e);

	/*
	 * Whether anybody answers at all, for the kinds that have no identity, and before a run only: an
	 * object as of identify(). Reads only. Worker thread. NULL where identify() is there.
	 */
	int (*answers)(void *connection, const struct cancel *cancel, cJSON **ret_facts,
		       struct err *e);

	/* "ctx mgmt-b ns tsb": what the header shows, from the fields alone. The caller frees. */
	char *(*describe)(const cJSON *spec);

	void (*close)(void *connection);
};

/* A target as frozen at the start of a run. Read-only for executors, but for the connection. */
struct run_target {
	const char *name;
	const struct target_driver *driver;
	const cJSON *spec;     /* the fields of the target, resolved */
	const cJSON *identity; /* or NULL: not reached yet */
	bool insecure;	       /* nothing proves that it is the one that was meant */
	void *connection; /* of driver->open(); worker thread only; never NULL for an executor */
};

/* An action whose templates are resolved: exactly what was shown to the operator. */
struct action {
	const struct executor *executor;
	const struct run_target *target; /* NULL for an action without one */
	const cJSON *with; /* all fields of the step type, defaults filled in, typed */
	const cJSON *seen; /* what preview() remembered; NULL in a preview, and in a check */
	/* for probe() alone: */
	const cJSON *
		evidence; /* an object: what run() had remembered before it was cut off; maybe empty */
	int64_t begun_ms; /* when its intent was recorded; wall clock */
};

/* What a preview is made of. */
enum preview_mark {
	PREVIEW_TEXT,	 /* a sentence */
	PREVIEW_REQUEST, /* the exact request, statement, argv */
	PREVIEW_ADD,	 /* a line of a difference: will be there */
	PREVIEW_REMOVE,	 /* will be gone */
	PREVIEW_CONTEXT, /* stays, shown for orientation */
	PREVIEW_WARNING,
};

enum { PREVIEW_MAX_LINES = 500 };

struct preview;

/* Adds one line; a text with several lines becomes several; past PREVIEW_MAX_LINES they are counted. */
void preview_add(struct preview *p, enum preview_mark mark, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* What must be typed to confirm (EFFECT_DESTROYS): the name of what is destroyed. */
void preview_set_name(struct preview *p, const char *name);
/*
 * Keeps what the preview was made from (UIDs, a record's value): run() of the same plan finds it in
 * action->seen and must act on that or not at all, since that is what was confirmed. Takes ownership.
 */
void preview_remember(struct preview *p, cJSON *seen);
/* Raises the danger above the step type's own (e.g. a DELETE by a generic request). */
void preview_raise_effect(struct preview *p, enum step_effect effect);

/* One right that an action needs, for the preflight. All strings are copied. */
void permission_add(struct permission_list *list, const char *verb, const char *group,
		    const char *resource, const char *subresource, const char *name,
		    const char *ns);

/* What an action asks the operator for (manual steps). Plain data, borrowed during the call. */
enum prompt_kind { PROMPT_CONFIRM, PROMPT_CHECKLIST, PROMPT_INPUT, PROMPT_CHOICE };

struct prompt_item {
	const char *id; /* what the answer is called by */
	const char *text;
	bool wants_value; /* checklists: an observed value is asked for as well */
};

struct prompt {
	enum prompt_kind kind;
	const char *question;
	const struct prompt_item *items; /* checklists and choices */
	size_t items_count;
	const char *otherwise; /* the answer that an empty input stands for, or NULL */
	const char *pattern;   /* inputs: an extended regular expression, or NULL */
	bool secret;	       /* inputs: not shown, registered as a secret */
};

/* What a probe found out. Only what is certain may be acted on without the operator. */
enum probe_verdict {
	PROBE_UNSURE,	/* the evidence does not decide it */
	PROBE_DONE,	/* certain: it happened, all of it */
	PROBE_NOT_DONE, /* certain: nothing of it happened, and nothing of it is under way */
};

struct probe;
/* Adds one line of evidence: what was looked at, and what was seen ("kube-system/tsb: uid 1f0c…, generation 7, last
 * written by lifeboat at 14:07:32Z"). */
void probe_add(struct probe *probe, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * What an executor is given by the engine while it works; one per job, used on its worker thread.
 */
struct step_context {
	const char *run_id;
	const char *step_id; /* of the instance: "rotate-tokens[app-1]" */
	const char *title;
	int attempt;		     /* from 1 */
	const char *idempotency_key; /* "run/step/attempt" */
	const char *runbook_path;
	const struct cancel *cancel; /* requested by the operator or by the step's deadline */
	int64_t deadline_ms;	     /* monotonic; INT64_MAX: none */
	struct secrets *secrets;

	/* Bytes from outside, for the output pane and out/: any bytes, in pieces; through both doors. */
	void (*output)(struct step_context *ctx, const char *bytes, size_t len_bytes);
	/* A sentence about what goes on ("2 of 3 servers show the new value"), replacing the last one. */
	void (*progress)(struct step_context *ctx, const char *format, ...)
		__attribute__((format(printf, 2, 3)));
	/*
	 * Asks the operator and waits. Answers: confirm {"confirmed":bool}; checklist {"items":{ID:{"checked":
	 * bool,"value":"…"}}}; input {"value":"…"}; choice {"choice":"ID"}. Errors: ERR_CANCELLED.
	 */
	int (*ask)(struct step_context *ctx, const struct prompt *prompt, cJSON **ret_answer,
		   struct err *e);
	/*
	 * Runs a check (a FIELD_CHECK value of `with`: uses, target, with, expect, message) once. *ret_held
	 * says whether it held; *ret_why (the caller frees) what was seen. -1: it could not be run.
	 */
	int (*check)(struct step_context *ctx, const cJSON *check, bool *ret_held, char **ret_why,
		     struct err *e);
	/* Evaluates a jq expression over a result, with the context's variables. */
	int (*evaluate)(struct step_context *ctx, const char *expression, const cJSON *input,
			cJSON **ret_value, struct err *e);
	/*
	 * Puts on record what a probe will need should this process die before the outcome (a transaction's id, a
	 * process's): an object, whose members are added to those of earlier calls. Returns when it is on
	 * the disk; -1: it is not, and the step must not act. Takes ownership.
	 */
	int (*remember)(struct step_context *ctx, cJSON *evidence, struct err *e);
	const char *
		run_folder; /* for what must outlive this process, such as a command's exit status */
	int64_t intent_seq; /* number of the intent record of this try; -1 in a preview and in a check,
			     * where remember() keeps nothing and says that all is well */
};

struct executor {
	struct step_type type; /* first: what the document knows of it */

	/*
	 * All run on a worker thread, may block, and return within 100 ms of ctx->cancel (ERR_CANCELLED).
	 * NULL where there is nothing to say: ready, permissions, probe and undo are optional, preview and run
	 * are not. Who has undo has undo_preview.
	 */

	/*
	 * Whether this machine has what the action needs of it. *ret_what (the caller frees) names that ("the
	 * command helm"), also on an error, or is NULL where it needs nothing. Contacts nobody.
	 */
	int (*ready)(struct step_context *ctx, const struct action *action, char **ret_what,
		     struct err *e);

	/* Which rights of a Kubernetes cluster the action needs. May read discovery. */
	int (*permissions)(struct step_context *ctx, const struct action *action,
			   struct permission_list *list, struct err *e);
	/* What run() would do, exactly. Reads only. An error means that run() could not work either. */
	int (*preview)(struct step_context *ctx, const struct action *action,
		       struct preview *preview, struct err *e);
	/*
	 * Does it, once; never repeats a write. *ret_result is what outputs and expect see (an object). An effect
	 * that may or may not have happened is ERR_UNKNOWN_OUTCOME.
	 */
	int (*run)(struct step_context *ctx, const struct action *action, cJSON **ret_result,
		   struct err *e);
	/*
	 * After a crash, or an answer that was lost: did it happen? Reads only. ctx->idempotency_key and
	 * ctx->intent_seq are those of the try that was cut off; `seen` and `evidence` come from the journal, where
	 * secrets are masked. *ret_verdict is PROBE_UNSURE before the call. An error: it could not be looked.
	 */
	int (*probe)(struct step_context *ctx, const struct action *action, struct probe *probe,
		     enum probe_verdict *ret_verdict, struct err *e);
	/*
	 * Taking it back, exactly or not at all. `before` is what run() put under that name in its result: how things
	 * were; where it put nothing, or null, it cannot be taken back, and "no_undo" in its result may say why, as a
	 * sentence's end ("secrets/x was there before"). `action` is the one that was run; its `seen` is what
	 * undo_preview() remembered, which undo() must act on or not at all. undo_probe() may be NULL.
	 * Who has undo calls ctx->remember() before it changes anything: a run() that failed without that has changed
	 * nothing. One that came to its end and has changed nothing says so by "unchanged": true in its result.
	 */
	int (*undo_preview)(struct step_context *ctx, const struct action *action,
			    const cJSON *before, struct preview *preview, struct err *e);
	/* Which rights taking it back needs besides those of run(); NULL: none. As permissions(). */
	int (*undo_permissions)(struct step_context *ctx, const struct action *action,
				struct permission_list *list, struct err *e);
	int (*undo)(struct step_context *ctx, const struct action *action, const cJSON *before,
		    struct err *e);
	int (*undo_probe)(struct step_context *ctx, const struct action *action,
			  const cJSON *before, struct probe *probe, enum probe_verdict *ret_verdict,
			  struct err *e);
};

/* The tables that src/cli/ hands to the engine. Sorted by `uses`. */
struct executor_table {
	const struct executor *const *executors;
	size_t count;
	const struct target_driver *const *drivers;
	size_t drivers_count;
};

const struct executor *executor_find(const struct executor_table *table, const char *uses);
const struct target_driver *target_driver_find(const struct executor_table *table,
					       enum target_kind kind);

#endif
