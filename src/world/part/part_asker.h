#ifndef LIFEBOAT_WORLD_PART_PART_ASKER_H
#define LIFEBOAT_WORLD_PART_PART_ASKER_H

#include <cjson/cJSON.h>

#include "base/err.h"
#include "world/part/parts_internal.h"

/*
 * Asks the world's databases on behalf of its sites: a thread that is started with the first question. It comes to them
 * as actors do, so that what is blocked or stopped for these is so for the sites.
 */
struct part_asker;

/* A question and what became of it. In the asker's memory. */
struct part_question {
	char *database, *of, *query; /* the caller makes them, the asker frees */
	/* On the loop's thread, once, with the body (NULL: `e` says why) to keep; also when the asker is freed. */
	void (*answered)(void *data, char *body, const struct err *e);
	void *data;
};

struct part_asker *part_asker_new(struct parts *parts);
/* Answers what is left, as cancelled. NULL is legal. Not the loop's thread, which must ask no more. */
void part_asker_free(struct part_asker *asker);

/* The question's strings become the asker's. -1: too many are waiting, and nothing is taken. The loop's thread only. */
int part_asker_ask(struct part_asker *asker, const struct part_question *question);

#endif
