#ifndef LIFEBOAT_RUN_ENGINE_ENGINE_H
#define LIFEBOAT_RUN_ENGINE_ENGINE_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"
#include "run/executor.h"
#include "run/journal/operator_key.h"
#include "run/state/event.h"
#include "runbook/expression.h"
#include "runbook/runbook.h"

/*
 * The engine of one run: a thread that owns the journal and the state and is their only writer, and at
 * most one worker thread for the step that is being prepared or runs. It takes intents, writes records
 * (an intent is on the disk before the step acts, its outcome before anything follows), and tells
 * every subscriber.
 */
struct engine;
struct impact_pace;

/* What makes a run a drill: the data of its records of type `drill`. */
struct engine_drill {
	const cJSON *begin; /* behind the first record */
	/* What was kept back, before the last record. Engine thread. The engine deletes it. */
	cJSON *(*open)(void *data);
	void *data;
};

/* All of it must outlive the engine, but for `params`, which is copied. */
struct engine_options {
	const struct runbook *runbook;
	const struct executor_table *table;
	struct expressions *expressions;
	struct secrets *secrets;
	const cJSON *params; /* an object; secrets as their real values */
	const char *folder;  /* of the run */
	const char *run_id;  /* of a new run; ignored by engine_resume() */
	const char *mode;    /* "live" or "drill" */
	const char *operator_name;
	const char *host;
	const struct operator_key *operator_key; /* certifies the key of this process; or NULL */
	const char *verify_script;		 /* becomes verify.sh of a new run's folder */
	/* of a new run: the operator's run before it and the hash of its last checkpoint, so that a run that was
	 * deleted is missed; or NULL */
	const char *previous_run, *previous_checkpoint;
	const struct engine_drill *drill; /* or NULL */
	const struct impact_pace
		*impact_pace; /* how often operations are looked at; NULL: as usual */
};

/*
 * Makes the folder of a new run with its journal and a copy of the runbook. Nothing is contacted before
 * engine_start().
 */
int engine_create(const struct engine_options *options, struct engine **ret_engine, struct err *e);

/*
 * Takes up a run that was left. options->params need only hold the secrets; all others are as they
 * were. Errors as journal_open(), and ERR_USAGE for a run that has ended.
 */
int engine_resume(const struct engine_options *options, struct engine **ret_engine, struct err *e);

/* A new subscriber; only before engine_start(). It sees every record from the first on. Owned by the
 * engine. */
const struct run_link *engine_subscribe(struct engine *engine);

/* Starts the thread. */
void engine_start(struct engine *engine);

/* Hands over an intent; any thread. Takes ownership. */
void engine_submit(struct engine *engine, struct intent *intent);

/* A remark about the run itself, for all subscribers (EVENT_WARNING); any thread. Copies the text. */
void engine_warn(struct engine *engine, const char *text);

/* Waits until the engine has ended (after INTENT_LEAVE or INTENT_END), and frees it. */
void engine_free(struct engine *engine);

#endif
