#ifndef LIFEBOAT_RUN_ENGINE_ENGINE_INTERNAL_H
#define LIFEBOAT_RUN_ENGINE_ENGINE_INTERNAL_H

#include <pthread.h>

#include "run/engine/engine.h"
#include "run/job/impact.h"
#include "run/job/job.h"
#include "run/journal/journal.h"
#include "run/state/state.h"

/* The engine's own data: touched by its thread alone once that has started. */
struct engine {
	struct engine_options options;
	cJSON *params; /* real values */
	char *folder, *run_id, *mode, *operator_name, *host;
	struct job_env env;
	struct journal *journal;
	struct run_state state;
	struct queue *inbox; /* takes struct message */
	struct run_link *links;
	size_t links_count;
	struct record *
		*history; /* of an earlier process, for the subscribers; NULL once given out */
	size_t history_count, history_cap;
	bool resumed;
	struct job *job;       /* under way, or NULL */
	struct job *prepared;  /* the finished preparation of the current step, or NULL */
	struct impact *impact; /* looks what works and what does not; or NULL */
	cJSON *outputs;	       /* real values by step id: what the journal only has redacted; */
	cJSON *befores;	       /* so is how things were before a step */
	bool leaving;	       /* no new job is begun */
	char *leave_reason;
	int64_t cancel_at_ms; /* leaving: when a running step is cancelled; INT64_MAX: never */
	char *broken;	      /* why the journal cannot be written, or NULL: it can */
	bool confused;	      /* our own fold refuses our own record: nothing is done any more */
	bool closed;
	pthread_t thread;
};

/* engine_open.c */
void engine_destroy(struct engine *engine);

/* engine.c: records and events */

/* Takes ownership of data. -1: it is not on record, and nothing may follow from it. */
int engine_append(struct engine *engine, enum record_type type, cJSON *data, bool durable);
/*
 * The same for what has happened already, or harms nobody: where the journal is broken the record is
 * pretended, so that the operator sees it. -1: not even that.
 */
int engine_show(struct engine *engine, enum record_type type, cJSON *data, bool durable);
/* The current step only reads: it may run though the journal cannot be written. */
bool engine_only_reads(const struct engine *engine);
void engine_tell(struct engine *engine, enum run_event_type type, const char *step,
		 const char *text);
cJSON *engine_step_data(const char *step);

/* engine_steps.c: from one step to the next */
void engine_begin(struct engine *engine);
void engine_proceed(struct engine *engine);
void engine_prepare(struct engine *engine);
/* Looks whether the current step, whose outcome is unknown, happened; `by` asked for it, or NULL. */
void engine_probe(struct engine *engine, const char *by);
void engine_run(struct engine *engine, const char *confirmed, const char *by);
void engine_end(struct engine *engine, const char *id, const char *title, const char *reason,
		const char *by, bool failed);
void engine_job_done(struct engine *engine);
struct job *engine_job_for(struct engine *engine, enum job_kind kind,
			   const struct step_state *step);
const struct step_spec *engine_spec(const struct engine *engine, const struct step_state *step);

/* What expressions see that are no step's: the state, with the real values of parameters. The caller deletes it. */
cJSON *engine_context(const struct engine *engine);

/* engine_impact.c: the live side of the impact board */
/* Begins to look, once the targets are frozen and no job is using them. */
void engine_impact_begin(struct engine *engine);
/* Looks, and records what has changed; returns when to come again (monotonic; INT64_MAX: after a message). */
int64_t engine_impact_turn(struct engine *engine);
/* MESSAGE_IMPACT: a look has ended. */
void engine_impact_ended(struct engine *engine, const cJSON *data);
/* What the run does may be seen on the board, or decide whom it looks at. */
void engine_impact_heed(struct engine *engine, const struct record *record);

/* engine_undo.c: taking a step back */

/* Why nothing can be taken back now, a sentence's end that the caller frees; NULL: something can. */
char *engine_undo_problem(const struct engine *engine);
/* Prepares to take the step at `index` back. */
void engine_prepare_undo(struct engine *engine, size_t index);
/* What a job needs that is about taking its step back. */
void engine_equip_undo(const struct engine *engine, struct job *job, const struct step_state *step);
/* What a job that does its step needs to know of earlier tries, which it will be taken back with. */
void engine_equip_try(const struct engine *engine, struct job *job, const struct step_state *step);
/* Adds to a mark that a step happened, or may have, whether it can be taken back: by what the runbook says alone. */
void engine_add_way_back(const struct engine *engine, const struct step_state *step, cJSON *data);

/* engine_drill.c: what a drill puts on record beside its run */
void engine_drill_begin(struct engine *engine);
/* Before the last record of this process. */
void engine_drill_open(struct engine *engine);
/* Puts the next hint on record. Why there is none, a sentence's end that the caller frees; NULL: it is there. */
char *engine_hint(struct engine *engine, const struct step_state *step);

/* engine_records.c: what the first record of a process holds */
cJSON *engine_run_data(const struct engine *engine);
cJSON *engine_resumed_data(const struct engine *engine);

/* engine_intents.c */
void engine_handle_intent(struct engine *engine, const struct intent *intent);

#endif
