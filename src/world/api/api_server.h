#ifndef LIFEBOAT_WORLD_API_API_SERVER_H
#define LIFEBOAT_WORLD_API_API_SERVER_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "world/api/api.h"

/*
 * The HTTPS server of one cluster. A thread for each connection: a watch or a log waits on the condition variables of store
 * and logs in straight lines, costs nothing while it waits, and nobody who reads slowly holds up anybody else; how
 * many there can be is bounded by the daemon's limit of connections. One thread more sees clients go that a waiting
 * stream would not notice.
 */
struct server;

/* Listens and answers. `certificate`, `key`: the server's; `ca`: whose client certificates are believed; PEM. */
struct server *server_new(struct cluster *cluster, const char *certificate, const char *key,
			  const char *ca, struct err *e);
/* Ends all connections and waits for their threads. */
void server_free(struct server *server);
/* Streams are cut, also where the state was the same before. Any thread. */
int server_set_state(struct server *server, enum cluster_state state, struct err *e);

/* ---- what its files share ---- */

struct cluster *server_cluster(struct server *server);
bool server_is_failing(struct server *server); /* CLUSTER_ERRORS */

/* One request and its answer; the daemon's callbacks. `cls` is the server. */
enum MHD_Result exchange_handle(void *cls, struct MHD_Connection *connection, const char *url,
				const char *method, const char *version, const char *upload,
				size_t *upload_size, void **exchange);
void exchange_end(void *cls, struct MHD_Connection *connection, void **exchange,
		  enum MHD_RequestTerminationCode why);

/* A connection has come or goes. */
void exchange_connection(void *cls, struct MHD_Connection *connection, void **peer_at,
			 enum MHD_ConnectionNotificationCode what);
/* Who is at the other end. -1: his certificate or token is none of ours. */
int exchange_caller(struct cluster *cluster, struct MHD_Connection *connection,
		    struct caller *ret_caller);

/* All answers of a server that go on. */
struct streams;
struct streams *streams_new(struct cluster *cluster);
/* After all of them have ended. */
void streams_free(struct streams *streams);
/* A response that tells what the stream does, behind `begin`. Takes ownership of both. */
struct MHD_Response *streams_response(struct streams *streams, struct MHD_Connection *connection,
				      struct api_stream *stream, struct str *begin);
/* Makes all of them end, and waits until they have noticed. No new ones begin until streams_allow(). */
void streams_cut(struct streams *streams);
void streams_allow(struct streams *streams);
struct streams *server_streams(struct server *server);

#endif
