#ifndef LIFEBOAT_UI_MODEL_MODEL_H
#define LIFEBOAT_UI_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/sgr.h"
#include "run/state/event.h"
#include "run/state/intent.h"
#include "run/state/state.h"
#include "ui/terminal/theme.h"
#include "ui/ui.h"

/* One line of the audit tail. */
struct audit_entry {
	int64_t ts_ms;
	int64_t seq; /* -1: no record, a remark of the engine's */
	char *text;  /* sanitised; says so where the record is written nowhere */
	enum role role;
};

/* The output of one step, as it came by in this session; the oldest goes when it grows too large. */
struct step_output_text {
	char *step;
	struct str text;  /* sanitised */
	struct sgr looks; /* of the text */
	bool cut;
};

enum {
	MODEL_AUDIT_MAX = 2000,
	MODEL_OUTPUT_MAX = 1 << 20, /* bytes of output that are kept of one step */
};

/* What both front ends show: the fold, and what came by beside it. Main thread only. */
struct model {
	const struct ui_options *options;
	const struct run_link *link;
	struct run_state *state;
	struct audit_entry *audit;
	size_t audit_count, audit_cap;
	struct step_output_text *outputs;
	size_t outputs_count, outputs_cap;
	char *progress;		   /* what the running step is at, or NULL */
	char *warning;		   /* about the run itself; stays until it is put away */
	char head[DIGEST_HEX_MAX]; /* of the last record that stands in the journal */
	char *broken;		   /* why the journal cannot be written any more, or NULL */
	char *holder;	     /* followed: whose run it is, "ana, pid 4711 on db1"; else NULL */
	bool closed;	     /* the engine has ended */
	bool replaying;	     /* the state is one that an earlier process went through */
	uint64_t generation; /* grows with every event */
	int64_t *
		looked_ms; /* when each operation of the impact board was looked at last; wall clock; 0 */
	int64_t *
		begun_ms; /* when each step of the runbook was first begun; wall clock; 0: it was not */
};

void model_init(struct model *model, const struct ui_options *options, const struct run_link *link,
		struct run_state *state);
void model_release(struct model *model);

/*
 * Applies the events that wait, at most `limit` of them, and hands each to seen() (or NULL) after it was
 * applied. Returns how many there were, or -1: a record does not follow from the ones before.
 */
int model_take_events(struct model *model, int limit,
		      void (*seen)(void *data, const struct run_event *event), void *data,
		      struct err *e);

/* What an event says in one sanitised line; the caller frees. NULL: nothing. */
char *model_sentence(const struct model *model, const struct run_event *event);

int64_t model_now_ms(const struct model *model);
/* What is true of the run. One that is only followed is over as far as decisions go: there are none. */
unsigned model_facts(const struct model *model);
/* The run is another process's, and only looked at. */
bool model_follows(const struct model *model);
/* "journal ok a91c02f31b07", or that it is broken; appended to out. The digits are for reading out. */
void model_journal(const struct model *model, struct str *out);
/* Forgets a warning that the operator has seen; that the journal is broken is never forgotten. */
void model_drop_warning(struct model *model);

/* What came by of a step's output, or NULL. */
const struct step_output_text *model_output(const struct model *model, const char *step);

#endif
