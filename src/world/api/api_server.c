#include "config.h"

#include "world/api/api_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"

enum {
	CONNECTIONS_MAX = 400,
	HEADERS_MAX_BYTES = 64 * 1024,
	IDLE_S = 300,
	STACK_BYTES = 512 * 1024,
	BACKLOG = 128,
};

struct server {
	struct cluster *cluster;
	char *certificate, *key, *ca;
	struct streams *streams;
	pthread_mutex_t lock; /* of the state, which one thread changes at a time */
	struct MHD_Daemon *daemon;
	int listener; /* -1: the daemon has it, or nobody listens */
	atomic_bool failing;
};

struct cluster *
server_cluster(struct server *server)
{
	return server->cluster;
}

bool
server_is_failing(struct server *server)
{
	return atomic_load(&server->failing);
}

struct streams *
server_streams(struct server *server)
{
	return server->streams;
}

/* ---- listening ---- */

static int
refuse_address(const struct cluster *cluster, int fd, struct err *e)
{
	err_errno(e, ERR_NET, "listening on %s:%d for cluster %s", cluster->address, cluster->port,
		  cluster->name);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Port 0 becomes the one that the kernel has chosen. */
static int
listen_at(struct cluster *cluster, int *ret_fd, struct err *e)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)cluster->port) };
	socklen_t len = sizeof(at);
	const int yes = 1;

	if (inet_pton(AF_INET, cluster->address, &at.sin_addr) != 1)
		return err_set(e, ERR_NET, "cluster %s: \"%s\" is no IPv4 address", cluster->name,
			       cluster->address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, BACKLOG) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		return refuse_address(cluster, fd, e);
	cluster->port = ntohs(at.sin_port);
	*ret_fd = fd;
	return 0;
}

/* ---- the daemon ---- */

/* What clients do wrong is theirs to see. */
static void
say_nothing(void *data, const char *format, va_list ap)
{
	(void)data;
	(void)format;
	(void)ap;
}

static int
start(struct server *server, struct err *e)
{
	const struct MHD_OptionItem options[] = {
		{ MHD_OPTION_LISTEN_SOCKET, server->listener, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADERS_MAX_BYTES, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, NULL },
		{ MHD_OPTION_THREAD_STACK_SIZE, STACK_BYTES, NULL },
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, server->certificate },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, server->key },
		{ MHD_OPTION_HTTPS_MEM_TRUST, 0, server->ca },
		{ MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)exchange_end, server },
		{ MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)exchange_connection, server },
		{ MHD_OPTION_END, 0, NULL },
	};

	server->daemon =
		MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
					 MHD_USE_POLL | MHD_USE_ITC | MHD_USE_TLS,
				 0, NULL, NULL, exchange_handle, server, MHD_OPTION_EXTERNAL_LOGGER,
				 say_nothing, NULL, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
	if (!server->daemon)
		return err_set(e, ERR_NET, "starting the API server of cluster %s on %s:%d failed",
			       server->cluster->name, server->cluster->address,
			       server->cluster->port);
	server->listener = -1;
	return 0;
}

/* The listening socket stays. */
static void
stop(struct server *server)
{
	if (!server->daemon)
		return;
	server->listener = MHD_quiesce_daemon(server->daemon);
	streams_cut(server->streams);
	MHD_stop_daemon(server->daemon);
	server->daemon = NULL;
	streams_allow(server->streams);
}

static void
stop_listening(struct server *server)
{
	if (server->listener >= 0)
		close(server->listener);
	server->listener = -1;
}

/* With the lock held. */
static int
change_state(struct server *server, enum cluster_state state, struct err *e)
{
	stop(server);
	atomic_store(&server->failing, state == CLUSTER_ERRORS);
	if (state == CLUSTER_REFUSES) {
		stop_listening(server);
		return 0;
	}
	if (server->listener < 0 && listen_at(server->cluster, &server->listener, e) < 0)
		return -1;
	return state == CLUSTER_SILENT ? 0 : start(server, e);
}

int
server_set_state(struct server *server, enum cluster_state state, struct err *e)
{
	pthread_mutex_lock(&server->lock);
	int rc = change_state(server, state, e);
	pthread_mutex_unlock(&server->lock);
	return rc;
}

struct server *
server_new(struct cluster *cluster, const char *certificate, const char *key, const char *ca,
	   struct err *e)
{
	struct server *server = xcalloc(1, sizeof(*server));

	server->cluster = cluster;
	server->certificate = xstrdup(certificate);
	server->key = xstrdup(key);
	server->ca = xstrdup(ca);
	server->listener = -1;
	atomic_init(&server->failing, false);
	pthread_mutex_init(&server->lock, NULL);
	server->streams = streams_new(cluster);
	if (server_set_state(server, CLUSTER_UP, e) == 0)
		return server;
	server_free(server);
	return NULL;
}

void
server_free(struct server *server)
{
	if (!server)
		return;
	stop(server);
	stop_listening(server);
	streams_free(server->streams);
	pthread_mutex_destroy(&server->lock);
	free(server->certificate);
	if (server->key)
		explicit_bzero(server->key, strlen(server->key));
	free(server->key);
	free(server->ca);
	free(server);
}
