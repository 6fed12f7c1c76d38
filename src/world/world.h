#ifndef LIFEBOAT_WORLD_WORLD_H
#define LIFEBOAT_WORLD_WORLD_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "world/spec/spec.h"

/* One world from its file to its end. Main thread only. */
struct world;

struct world_options {
	const struct world_spec *spec;
	const char *folder; /* made by the caller, 0700, and its own */
	double speed;	    /* 1: the reference's pace */
	uint64_t seed;
	const char *helm; /* the program that stands for helm; linked into bin/ */
	const struct cancel *cancel;
	/* Progress and what happens: one line of JSON for each, for the drill that listens. Any thread. */
	void (*tell)(void *data, const cJSON *message);
	void *data;
};

/* Starts everything: addresses, authorities, clusters, parts (at once), objects, the stage. */
int world_start(const struct world_options *options, struct world **ret_world, struct err *e);
/* Takes it down and removes what it has made in the folder. */
void world_free(struct world *world);

/*
 * What a drill is given: {"kubeconfig", "ca", "service_file", "pass_file", "path", "home", "backup", "prefix": "127.21.7.", "resolvers": ["127.21.7.53:53"], "params": {…},
 * "runbook", "text"}. Borrowed.
 */
const cJSON *world_facts(const struct world *world);
/* Whoever listens has heard that it is ready: surprises may come from now on. */
void world_surprises(struct world *world);
int world_fault(struct world *world, const char *name, bool on, struct err *e);
/* See stage_state(). */
cJSON *world_state(struct world *world);

/* A world that a crash has left: its processes are ended, its folder is removed. 1: it was; 0: somebody lives in it. */
int world_clean(const char *folder, struct err *e);

#endif
