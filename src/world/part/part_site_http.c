#include "config.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/part/part_asker.h"
#include "world/part/part_site_internal.h"

/*
 * The HTTP server of a site: libmicrohttpd without a thread or a listening socket of its own, so that the loop decides
 * what comes in and when it goes on. Source: libmicrohttpd, "External select"; MHD_add_connection().
 */

enum {
	CONNECTIONS_MAX = 64,
	IDLE_S = 120,
};

/* A question to a database under way; it outlives a request that is given up. */
struct site_question {
	struct site_request *request; /* NULL: nobody waits any more */
};

struct site_request {
	struct part_site *site;
	struct MHD_Connection *connection;
	char *path, *method;
	enum { REQUEST_COMES, REQUEST_WAITS, REQUEST_READY } state;
	cJSON *answer; /* ours: the site's may change meanwhile; NULL: 404 */
	char *body;    /* of `sql` */
	char *failure; /* why there is none */
	struct part_timer timer;
	struct site_question *question;
	struct site_request *next;
};

/* --- the daemon and the loop ------------------------------------------------------------------------ */

/* Lets it work, and notes when it wants to again. */
static void
drive(struct part_site *site)
{
	MHD_UNSIGNED_LONG_LONG left_ms;

	MHD_run(site->daemon);
	if (MHD_get_timeout(site->daemon, &left_ms) == MHD_YES)
		part_loop_ring(site->parts->loop, &site->timer, clock_mono_ms() + (int64_t)left_ms);
	else
		part_loop_quiet(site->parts->loop, &site->timer);
}

static void
daemon_ready(void *data, uint32_t events)
{
	(void)events;
	drive(data);
}

static void
daemon_rings(void *data)
{
	drive(data);
}

void
site_http_hush(struct part_site *site, bool silent)
{
	if (!site->daemon)
		return;
	if (silent) {
		part_loop_unwatch(site->parts->loop, &site->watch);
		part_loop_quiet(site->parts->loop, &site->timer);
	} else {
		part_loop_watch(site->parts->loop, &site->watch, EPOLLIN);
		drive(site);
	}
}

void
site_http_take(struct part_site *site, int fd, const struct sockaddr_in *from)
{
	if (!site->daemon) {
		close(fd); /* it has no certificate to begin a handshake with */
		return;
	}
	/* Where it fails, the descriptor is closed. */
	if (MHD_add_connection(site->daemon, fd, (const struct sockaddr *)from, sizeof(*from)) ==
	    MHD_YES)
		drive(site);
}

/* --- one request ------------------------------------------------------------------------------------ */

static void
go_on(struct site_request *r)
{
	r->state = REQUEST_READY;
	MHD_resume_connection(r->connection);
	if (r->site->watch.watched)
		drive(r->site);
}

static void
take_body(void *data, char *body, const struct err *e)
{
	struct site_question *question = data;
	struct site_request *r = question->request;

	free(question);
	if (!r) {
		free(body);
		return;
	}
	r->question = NULL;
	r->body = body;
	r->failure = body ? NULL : xstrdup(e->message);
	go_on(r);
}

static void
ask_database(struct site_request *r, const cJSON *sql)
{
	struct site_question *question = xcalloc(1, sizeof(*question));
	struct part_question asked = { .database = xstrdup(json_string(sql, "database", "")),
				       .of = xstrdup(json_string(sql, "of", "postgres")),
				       .query = xstrdup(json_string(sql, "query", "")),
				       .answered = take_body,
				       .data = question };

	question->request = r;
	r->question = question;
	if (part_asker_ask(r->site->parts->asker, &asked) == 0)
		return;
	free(asked.database);
	free(asked.of);
	free(asked.query);
	r->question = NULL;
	free(question);
	r->failure = xstrdup("too many questions are waiting for the database");
	go_on(r);
}

/* The delay is over. */
static void
prepare(void *data)
{
	struct site_request *r = data;
	const cJSON *sql = json_at(r->answer, "sql");

	if (sql)
		ask_database(r, sql);
	else
		go_on(r);
}

static void
note(const struct site_request *r, unsigned status)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	char from[INET_ADDRSTRLEN] = "-";

	if (info && info->client_addr)
		inet_ntop(AF_INET,
			  &((const struct sockaddr_in *)(const void *)info->client_addr)->sin_addr,
			  from, sizeof(from));
	site_calls_add(r->site->calls, from, r->method, r->path, status);
}

static enum MHD_Result
reply(struct site_request *r, unsigned status, struct MHD_Response *response)
{
	enum MHD_Result result;

	note(r, status); /* before whoever asked can know the answer */
	result = MHD_queue_response(r->connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
refuse(struct site_request *r)
{
	struct MHD_Response *response = site_answer_plain("text/plain", "Unauthorized\n");

	MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
				"Basic realm=\"restricted\"");
	return reply(r, MHD_HTTP_UNAUTHORIZED, response);
}

static enum MHD_Result
fail(struct site_request *r, const char *why)
{
	cJSON *object = cJSON_CreateObject();
	char *text;
	enum MHD_Result result;

	json_add_string(object, "message", why);
	text = json_print(object);
	result =
		reply(r, MHD_HTTP_SERVICE_UNAVAILABLE, site_answer_plain("application/json", text));
	free(text);
	cJSON_Delete(object);
	return result;
}

static enum MHD_Result
finish(struct site_request *r)
{
	if (r->failure)
		return fail(r, r->failure);
	if (!r->answer)
		return reply(r, MHD_HTTP_NOT_FOUND,
			     site_answer_plain("text/plain", "404 page not found\n"));
	return reply(r, (unsigned)json_int(r->answer, "status", MHD_HTTP_OK),
		     site_answer_response(r->answer, r->body));
}

static bool
may_come_in(const struct site_request *r)
{
	const char *shown = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND,
							MHD_HTTP_HEADER_AUTHORIZATION);

	return !r->site->authorization || str_equal(shown, r->site->authorization);
}

/* All of the request is there. */
static enum MHD_Result
decide(struct site_request *r)
{
	const cJSON *answer = site_answer_find(r->site, r->method, r->path);
	int64_t delay_ms = json_int(answer, "delay", 0);

	if (r->site->state == SITE_ERRORS)
		return fail(r, "upstream connect error or disconnect/reset before headers");
	if (!may_come_in(r))
		return refuse(r);
	r->answer = answer ? cJSON_Duplicate(answer, true) : NULL;
	if (delay_ms <= 0 && !json_at(answer, "sql"))
		return finish(r);
	r->state = REQUEST_WAITS;
	MHD_suspend_connection(r->connection);
	part_loop_ring(r->site->parts->loop, &r->timer,
		       clock_mono_ms() +
			       (int64_t)((double)delay_ms / r->site->parts->options.speed));
	return MHD_YES;
}

static struct site_request *
request_new(struct part_site *site, struct MHD_Connection *connection, const char *method,
	    const char *path)
{
	struct site_request *r = xcalloc(1, sizeof(*r));

	r->site = site;
	r->connection = connection;
	r->method = xstrdup(method);
	r->path = xstrdup(path);
	r->timer = (struct part_timer){ .ring = prepare, .data = r };
	r->next = site->requests;
	site->requests = r;
	return r;
}

static enum MHD_Result
handle(void *data, struct MHD_Connection *connection, const char *path, const char *method,
       const char *version, const char *upload, size_t *upload_len, void **request)
{
	struct site_request *r = *request;

	(void)version;
	(void)upload;
	if (!r) {
		*request = request_new(data, connection, method, path);
		return MHD_YES;
	}
	if (*upload_len > 0) {
		*upload_len = 0; /* what is sent changes nothing here */
		return MHD_YES;
	}
	return r->state == REQUEST_READY ? finish(r) : decide(r);
}

static void
completed(void *data, struct MHD_Connection *connection, void **request,
	  enum MHD_RequestTerminationCode how)
{
	struct site_request *r = *request, **at;

	(void)data;
	(void)connection;
	(void)how;
	if (!r)
		return;
	for (at = &r->site->requests; *at != r; at = &(*at)->next)
		;
	*at = r->next;
	part_loop_quiet(r->site->parts->loop, &r->timer);
	if (r->question)
		r->question->request = NULL;
	cJSON_Delete(r->answer);
	free(r->body);
	free(r->failure);
	free(r->path);
	free(r->method);
	free(r);
	*request = NULL;
}

/* --- its beginning and its end ---------------------------------------------------------------------- */

static struct MHD_Daemon *
start_daemon(struct part_site *site)
{
	unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
			 (site->plain ? 0 : MHD_USE_TLS);
	struct MHD_OptionItem tls[] = { { MHD_OPTION_HTTPS_MEM_KEY, 0, site->key },
					{ MHD_OPTION_HTTPS_MEM_CERT, 0, site->chain },
					{ MHD_OPTION_END, 0, NULL } };

	return MHD_start_daemon(flags, 0, NULL, NULL, handle, site, MHD_OPTION_CONNECTION_LIMIT,
				(unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
				(unsigned)IDLE_S, MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,
				MHD_OPTION_ARRAY, site->plain ? &tls[2] : tls, MHD_OPTION_END);
}

bool
site_http_start(struct part_site *site)
{
	const union MHD_DaemonInfo *info;

	if (site->daemon || (!site->plain && !site->chain))
		return true;
	site->daemon = start_daemon(site);
	if (!site->daemon)
		return false;
	info = MHD_get_daemon_info(site->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	site->watch =
		(struct part_watch){ .fd = info->epoll_fd, .ready = daemon_ready, .data = site };
	site->timer = (struct part_timer){ .ring = daemon_rings, .data = site };
	part_loop_watch(site->parts->loop, &site->watch, EPOLLIN);
	return true;
}

void
site_http_stop(struct part_site *site)
{
	if (!site->daemon)
		return;
	site_http_hush(site, true);
	/* A daemon must not end with a connection that is suspended. */
	for (struct site_request *r = site->requests; r; r = r->next)
		if (r->state == REQUEST_WAITS)
			MHD_resume_connection(r->connection);
	MHD_stop_daemon(site->daemon);
	site->daemon = NULL;
}
