#ifndef LIFEBOAT_WORLD_PART_PART_SITE_INTERNAL_H
#define LIFEBOAT_WORLD_PART_PART_SITE_INTERNAL_H

#include <cjson/cJSON.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>

#include "world/part/part_door.h"
#include "world/part/part_loop.h"
#include "world/part/part_site.h"
#include "world/part/parts_internal.h"

/* What the files of a site share. A site lives on the loop's thread, but for what is said otherwise. */

enum part_site_state {
	SITE_UP,
	SITE_DOWN,   /* refuses */
	SITE_SILENT, /* connections are taken and nothing is answered */
	SITE_ERRORS, /* each request fails with 503 */
};

struct site_calls;
struct site_request;

struct part_site {
	struct parts *parts;
	char *name, *address;
	struct part_door **doors; /* one for each port */
	size_t doors_count;
	bool plain;
	char *chain, *key;   /* NULL: no handshake succeeds */
	char *authorization; /* that every request needs, or NULL */
	cJSON *answers;
	enum part_site_state state;
	struct MHD_Daemon *daemon; /* NULL: it needs none as it is */
	struct part_watch watch;   /* of the daemon's epoll descriptor */
	struct part_timer timer;   /* of what the daemon waits for */
	struct site_request *requests;
	struct site_calls *calls;
	struct part_site *next;
};

/* Starts and ends its HTTP server. site_http_start(): false where the certificate is of no use. */
bool site_http_start(struct part_site *site);
void site_http_stop(struct part_site *site);
/* A silent site answers nobody; a loud one goes on. */
void site_http_hush(struct part_site *site, bool silent);
/* Takes a connection. */
void site_http_take(struct part_site *site, int fd, const struct sockaddr_in *from);

/* The answer for a request; NULL: none. Borrowed. */
const cJSON *site_answer_find(const struct part_site *site, const char *method, const char *path);
/*
 * Answers with others in the place of those with the same path and method; what is new comes first, so that it is found.
 * The caller deletes.
 */
cJSON *site_answer_merge(const cJSON *answers, const cJSON *changes);
/* The response for an answer; `body` is of its `sql`, or NULL. The caller destroys. */
struct MHD_Response *site_answer_response(const cJSON *answer, const char *body);
/* A response of ours: text/plain or application/json. */
struct MHD_Response *site_answer_plain(const char *type, const char *text);
/* Whether a path is meant by a pattern: the same, or one with `*` at its end. */
bool site_path_fits(const char *pattern, const char *path);

/* Who asked for what, counted and written to a file. Any thread. */
struct site_calls *site_calls_new(const char *log);
void site_calls_free(struct site_calls *calls);
void site_calls_add(struct site_calls *calls, const char *from, const char *method,
		    const char *path, unsigned status);
uint64_t site_calls_count(struct site_calls *calls, const char *method, const char *path);

#endif
