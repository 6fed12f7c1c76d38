#ifndef LIFEBOAT_WORLD_STAGE_STAGE_INTERNAL_H
#define LIFEBOAT_WORLD_STAGE_STAGE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/queue.h"
#include "base/str.h"
#include "world/stage/look.h"
#include "world/stage/look_dns.h"
#include "world/stage/look_object.h"
#include "world/stage/stage.h"
#include "world/stage/stage_timer.h"

/*
 * What the files of the stage share. All of it belongs to the stage's one thread, which hears of everything by messages;
 * what other threads read too (marked *) it writes with the lock held, and reads without.
 */

/* ---- messages ---- */

enum message_kind {
	MESSAGE_OBJECT,	 /* an object has changed, or is gone */
	MESSAGE_MISSED,	 /* changes of a cluster were lost: everything there may be another */
	MESSAGE_ANSWER,	 /* of a look */
	MESSAGE_STARTED, /* a container was started */
	MESSAGE_FAULT,	 /* somebody turns a switch */
	MESSAGE_SURPRISES,
	MESSAGE_WAKE,
};

struct message {
	enum message_kind kind;
	size_t cluster;
	const struct stored *stored; /* held: of OBJECT and STARTED */
	bool gone;
	char *name; /* of a container, of a fault */
	int instance;
	bool on;
	struct asking *asking;
	uint64_t number;
	struct look_answer answer;
};

/* Takes ownership. Any thread. */
void stage_send(struct stage *stage, struct message *message);
struct message *message_new(enum message_kind kind);

/* ---- what is asked of a look, by a condition or a live value ---- */

struct asking {
	struct look *look; /* NULL: nothing is looked at outside */
	uint64_t number;
	bool *dirty; /* of whoever asks */
	bool answered;
	struct look_answer answer; /* the last one */
};

/* ---- live values ---- */

struct live {
	const char *name; /* NULL: it stands within something else */
	const cJSON *spec;
	const struct live_kind *kind;
	struct object_ref object;
	const struct live *other;
	struct asking asking;
	cJSON *value;	  /* never NULL */
	struct str why;	  /* where that is null */
	uint64_t version; /* counts its changes */
	bool known, dirty;
};

/* Makes one of its tree, which lives as long as the stage. NULL: *e says what is wrong. */
struct live *live_new(struct stage *stage, const char *name, const cJSON *spec, struct err *e);
struct live *live_find(const struct stage *stage, const char *name);
void live_free(struct live *live);
/* True: one of them is another now. */
bool lives_settle(struct stage *stage);
/* Looks at all objects again at once, for what a rule has just changed. */
void lives_refresh(struct stage *stage);
/* Its text; NULL for null. The caller frees. */
char *live_text(const struct live *live);

/* ---- conditions ---- */

enum holds { HOLDS_UNKNOWN, HOLDS_NO, HOLDS_YES };

struct conditions {
	struct condition **items;
	size_t count, cap;
};

struct condition {
	struct stage *stage;
	const char *name;
	const cJSON *spec; /* what stands below its key */
	const struct condition_kind *kind;
	enum holds holds; /* * */
	char *seen;	  /* *, never NULL */
	char *error;	  /* what was last seen while it did not hold, or NULL */
	char *address;	  /* that its look went to at last, or NULL */
	int64_t since_ms; /* of clock_mono_ms(): since when it is so */
	struct conditions below;
	struct live **lives;
	size_t lives_count, lives_cap;
	struct object_ref object;
	size_t cluster;
	char *word; /* the kind of a workload, that object borrows */
	struct asking asking;
	struct timer timer;
	bool dirty;
	uint64_t pulse;	 /* of the stage, when it was judged */
	bool remembered; /* what it had in mind at the start was used */
	bool of_pods;	 /* a behaviour stands on it */
};

struct verdict {
	enum holds holds;
	struct str seen;
};

/* One kind of condition, by its key in the world file. */
struct condition_kind {
	const char *key;
	int (*init)(struct condition *c, struct err *e);
	void (*judge)(struct condition *c, struct verdict *verdict);
	/* NULL: changes of objects say nothing to it */
	bool (*concerns)(struct condition *c, const struct stored *stored);
	bool stands; /* on live values, switches or other conditions: it is judged when any of them has changed */
	bool finds_address; /* the value of its look is one */
};
extern const struct condition_kind condition_sql, condition_dial, condition_resolve, condition_http;

int conditions_new(struct stage *stage, const cJSON *all, struct err *e);
void conditions_free(struct stage *stage);
/* Those of a list of names, or of one name; -1: there is no such condition. */
int conditions_named(const struct stage *stage, const cJSON *names, struct conditions *list,
		     struct err *e);
enum holds conditions_hold(const struct conditions *all);
bool conditions_settle(struct stage *stage);
/* A live value below a condition: one of its members. */
struct live *condition_live(struct condition *c, const cJSON *spec, struct err *e);
/* An object has changed (NULL: any may have): what must be looked at again. */
void conditions_notice(struct stage *stage, size_t cluster, const struct stored *stored);
void lives_notice(struct stage *stage, size_t cluster, const struct stored *stored);

/* ---- faults and signals ---- */

struct switches {
	struct toggle **items;
	size_t count, cap;
};

struct toggle {
	struct stage *stage;
	char *name;
	const char *title; /* NULL: a signal */
	bool on;	   /* * */
	struct timer timer;
};

void faults_new(struct stage *stage, const cJSON *all);
void switches_free(struct switches *switches);
struct toggle *fault_find(const struct stage *stage, const char *name);
/* Made where it is not there. */
struct toggle *signal_find(struct stage *stage, const char *name);
void fault_set(struct stage *stage, struct toggle *fault, bool on, const char *by);
/* for_ms 0: it stays. */
void signal_set(struct stage *stage, struct toggle *signal, bool on, int64_t for_ms);

/* ---- behaviours ---- */

enum { OTHERWISE_NONE = -1, OTHERWISE_UNKNOWN = -2, OTHERWISE_PLAIN = -3 };

struct otherwise {
	const struct condition *without; /* NULL: whichever is missing */
	enum pod_fate fate;
	int64_t after_ms;
	int exit_code;
	const char *template; /* of the message, or NULL */
	const char *message;  /* *, of the stage's texts */
	const cJSON *log;
};

/* Lines that are written while something holds. */
struct chatter {
	struct conditions when;
	int64_t every_ms;
	const cJSON *lines;
};

struct behaviour {
	bool *clusters;		   /* by their index */
	const char *ns, *workload; /* "deployment/tsb", maybe with a * at its end */
	int64_t pull_ms, ready_ms;
	struct conditions needs;
	struct otherwise *otherwise;
	size_t otherwise_count;
	const char *container, *stamp;
	const cJSON *start, *ready;
	struct chatter *chatter;
	size_t chatter_count;
};

int behaviours_new(struct stage *stage, const cJSON *all, struct err *e);
void behaviours_free(struct stage *stage);
/* NULL: nothing is said of it. Any thread. */
const struct behaviour *behaviour_find(const struct stage *stage, size_t cluster,
				       const struct stored *pod);
/* Which `otherwise` is in force, or one of the OTHERWISE words. With the lock held, or on the stage's thread. */
int behaviour_now(const struct behaviour *behaviour);
/* Conditions have changed: messages are others, and maybe fates. */
void behaviours_settle(struct stage *stage, bool fates);

/* "deployment/tsb" of a pod: who it belongs to in the end. The caller frees. */
char *pod_workload(struct cluster *cluster, const struct stored *pod);
/* The running pods of a workload, newest first; the caller drops them and frees the array. */
const struct stored **pods_running(struct cluster *cluster, const char *ns, const char *workload,
				   size_t *ret_count);
/* "deployment/tsb" and "deployment/t*": how many characters fit; 0: it does not. Exact ones count more than all others. */
size_t workload_fits(const char *pattern, const char *workload);

/* ---- logs ---- */

struct speaker;
struct speakers {
	struct speaker **items;
	size_t count, cap;
};

void speakers_free(struct stage *stage);
void speakers_started(struct stage *stage, const struct message *message);
void speakers_notice(struct stage *stage, const struct stored *stored, bool gone);
/* Changes of a cluster were lost: what has become of its pods is looked up. */
void speakers_missed(struct stage *stage, size_t cluster);
void speakers_settle(struct stage *stage);

/* What writes lines to one container. */
struct pen {
	struct stage *stage;
	size_t cluster;
	const struct stored *pod;
	const char *container; /* NULL: the first */
	const char *stamp;     /* or NULL */
	struct log_state *state;
};

/* What lines know of the log that they are in. */
struct log_state {
	int instance;
	int64_t started_ms; /* of clock_mono_ms() */
	int64_t lines;
};

/* Of a container whose behaviour has a log; NULL: it has none. */
struct log_state *speaker_state(const struct stage *stage, const char *uid);
/* A state for a container without: only what its pod says. */
struct log_state log_state_of(const struct stored *pod);

void pen_write(const struct pen *pen, const cJSON *lines);
void pen_write_one(const struct pen *pen, const char *line);
const char *first_container(const struct stored *pod);

/* ---- rules ---- */

struct rule {
	struct stage *stage;
	char *name;
	const cJSON *actions;
	cJSON *surprise; /* what actions is, where a variant brings it; else NULL */
	struct conditions when;
	int64_t after_ms, every_ms; /* of the world; every_ms 0: not again */
	bool once;
	struct live **again;
	size_t again_count;
	uint64_t seen_versions;
	bool holds;
	bool acts;    /* in this stretch of holding */
	bool repeats; /* what is due next is what it has done before */
	int fired;    /* * */
	struct timer timer;
};

int rules_new(struct stage *stage, const cJSON *all, struct err *e);
/* One for each chosen variant that has a surprise. They wait until stage->surprises. */
int surprises_new(struct stage *stage, struct err *e);
void rules_free(struct stage *stage);
void rules_settle(struct stage *stage);

/* Does all that a rule says, one after the other; *details (borrowed) hears what failed. */
void actions_do(struct stage *stage, const struct rule *rule, cJSON *details);

/* Addresses that services were given. */
struct service_address {
	size_t cluster;
	char *ns, *name;
	const char *address; /* of the stage's texts */
};

/* ---- the stage ---- */

struct watcher;

struct stage {
	struct stage_options options;
	cJSON *own;   /* live and conditions of the document, expanded */
	cJSON *scope; /* what ${…} sees: the context, and the live values and looks below */
	cJSON *scope_live, *scope_looks;
	struct dns_memory *names;
	struct looks *looks;
	struct queue *inbox;
	pthread_t thread;
	bool began;
	atomic_bool ending;
	struct watcher *watchers;
	pthread_mutex_t lock;
	struct timers timers;
	struct live **lives;
	size_t lives_count, lives_cap;
	struct conditions conditions;	 /* * */
	struct switches faults, signals; /* * */
	struct behaviour *behaviours;
	size_t behaviours_count;
	struct speakers speakers;
	struct rule **rules; /* * */
	size_t rules_count, rules_cap;
	struct service_address *services; /* * */
	size_t services_count, services_cap;
	char **texts; /* * what other threads have got a pointer to */
	size_t texts_count, texts_cap;
	uint64_t pulse;		   /* counts the changes of live values, switches and conditions */
	bool stirred;		   /* there were some */
	bool turned, stirred_pods; /* of conditions; of those that behaviours stand on */
	bool surprises;		   /* they may come */
};

/* A duration of the world as it is here; never 0 where there is one. */
int64_t stage_scaled(const struct stage *stage, int64_t world_ms);
/* The pace of a look. */
int64_t stage_pace(const struct stage *stage, int64_t world_ms);
/* How long a look waits for somebody who does not answer. */
int64_t stage_patience(const struct stage *stage);
/* -1: there is no such cluster. */
int stage_cluster_index(const struct stage *stage, const char *name, size_t *ret_index,
			struct err *e);
struct object_eyes stage_eyes(const struct stage *stage);
/* A text that lives as long as the stage. With the lock held. */
const char *stage_text(struct stage *stage, const char *text);
uint64_t stage_hash(uint64_t seed, const char *text);
/* A number from 0 on and below 1 that follows from the seed and two words. */
double stage_chance(const struct stage *stage, const char *what, uint64_t which);
void stage_told(const struct stage *stage, const char *what, const char *name, cJSON *details);
/* Something that others stand on has changed. */
void stage_stir(struct stage *stage);
/* Asks; NULL: nothing. What was answered to something else before no more counts. */
void asking_ask(struct asking *asking, void *ask);
void asking_release(struct asking *asking);

int watchers_begin(struct stage *stage);
void watchers_end(struct stage *stage);

#endif
