#ifndef LIFEBOAT_WORLD_WORLD_INTERNAL_H
#define LIFEBOAT_WORLD_WORLD_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>

#include "runbook/expression.h"
#include "world/api/authority.h"
#include "world/api/cluster.h"
#include "world/controller/controller.h"
#include "world/part/parts.h"
#include "world/stage/stage.h"
#include "world/world.h"

/* What the files world_*.c share: one world, made from its file in the order of these members. */

struct world_authority {
	const char *name; /* of the document */
	struct authority *authority;
};

struct world_certificate {
	const char *name;
	char *pem, *key; /* the chain; wiped when the world goes */
};

struct world_cluster {
	struct cluster *cluster;
	const cJSON *spec; /* its element of the document */
	struct stage_cluster actors;
	char *users; /* the users of the kubeconfig, as JSON text */
};

struct world {
	struct world_options options;
	char prefix[16]; /* "127.21.7." */
	int marker_fd;	 /* listens on .1, so that no other world comes here */
	struct expressions *expressions;
	cJSON *context;	       /* what ${…} sees */
	struct authority *own; /* signs for API servers, databases and users */
	struct world_authority *authorities;
	size_t authorities_count;
	struct world_certificate *certificates;
	size_t certificates_count;
	struct parts *parts;
	struct world_cluster *clusters;
	size_t clusters_count;
	struct controllers **controllers;
	struct cluster **cast; /* the same clusters, for the stage */
	struct stage *stage;
	cJSON *facts;
	pthread_mutex_t lock; /* of what follows */
	cJSON *processes;     /* of world.json: [{name, pid, start}] */
	int done, of;	      /* of the start */
};

enum { WORLD_API_PORT = 6443 };

/* "127.21.7.20" from the last byte; the caller frees. */
char *world_address(const struct world *world, const cJSON *spec);
/* One more thing is done: told as progress. Any thread. */
void world_progress(struct world *world, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Tells people something that they should know of the start. Any thread. */
void world_remark(struct world *world, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* world_network.c: chooses a network in which everything the document wants is free. */
int world_network_choose(struct world *world, struct err *e);

/* world_context.c: what templates see, in the order in which they may refer to each other. */
int world_context_make(struct world *world, struct err *e);
/* A part of the document with its templates expanded; NULL where it is not there. The caller deletes. */
int world_expand(struct world *world, const cJSON *value, cJSON **ret, struct err *e);
const struct authority *world_authority_find(const struct world *world, const char *name);

/* world_clusters.c */
int world_clusters_open(struct world *world, struct err *e);
int world_clusters_fill(struct world *world, struct err *e);
void world_clusters_close(struct world *world);

/* world_files.c: everything that a drill is given as a file, and the facts that name them. */
int world_files_write(struct world *world, struct err *e);

/* world_clean.c: what a crash would leave behind. Any thread. */
void world_note_process(struct world *world, const char *name, int64_t pid, int64_t started_ticks,
			bool up);

#endif
