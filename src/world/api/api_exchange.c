#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "world/api/api_server.h"

/* One HTTP request, from its headers to its answer. */

enum {
	BODY_MAX_BYTES = 3 * 1024 * 1024,
	GZIP_FROM_BYTES = 128 * 1024,
	GZIP_LEVEL = 4,
	VALUES_MAX = 64, /* of a header that may come often */
};

struct exchange {
	struct str body;
	bool too_large;
};

/* ---- what is asked ---- */

static const char *
header_of(struct MHD_Connection *connection, const char *name)
{
	const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);

	return value ? value : "";
}

static enum MHD_Result
add_argument(void *query, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	if (!cJSON_HasObjectItem(query, name))
		json_add_string(query, name, value ? value : "");
	return MHD_YES;
}

/* Several Accept headers are one with commas. */
static enum MHD_Result
add_accept(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct str *accept = data;

	(void)kind;
	if (strcasecmp(name, "Accept") == 0 && value)
		str_printf(accept, "%s%s", accept->len ? "," : "", value);
	return MHD_YES;
}

/* Whom a client wants to be. */
struct disguise {
	struct caller caller;
	size_t count;
};

static enum MHD_Result
add_group(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct disguise *as = data;

	(void)kind;
	if (strcasecmp(name, "Impersonate-Group") == 0 && value && as->count < VALUES_MAX)
		as->caller.groups[as->count++] = xstrdup(value);
	return MHD_YES;
}

static bool
read_disguise(struct MHD_Connection *connection, struct disguise *as)
{
	const char *user = header_of(connection, "Impersonate-User");

	if (!*user)
		return false;
	as->caller.user = xstrdup(user);
	as->caller.groups = xcalloc(VALUES_MAX + 1, sizeof(*as->caller.groups));
	MHD_get_connection_values(connection, MHD_HEADER_KIND, add_group, as);
	return true;
}

/* ---- what is answered ---- */

/* False: it stays as it is. */
static bool
zip(struct str *body)
{
	z_stream z = { .zalloc = Z_NULL };
	struct str out = STR_INIT;

	if (deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	size_t bound = deflateBound(&z, body->len);
	z.next_in = (unsigned char *)body->data;
	z.avail_in = (uInt)body->len;
	z.next_out = (unsigned char *)str_reserve(&out, bound);
	z.avail_out = (uInt)bound;
	bool done = deflate(&z, Z_FINISH) == Z_STREAM_END;
	out.len = z.total_out;
	deflateEnd(&z);
	if (done) {
		str_release(body);
		*body = out;
	} else {
		str_release(&out);
	}
	return done;
}

static bool
accepts_gzip(struct MHD_Connection *connection)
{
	return strstr(header_of(connection, "Accept-Encoding"), "gzip") != NULL;
}

/* People who look with curl or a browser get it in lines. */
static bool
wants_pretty(struct MHD_Connection *connection)
{
	const char *asked =
		MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "pretty");
	const char *agent = header_of(connection, "User-Agent");

	if (asked)
		return strcmp(asked, "0") != 0 && strcmp(asked, "false") != 0;
	return str_starts_with(agent, "curl") || str_starts_with(agent, "Wget") ||
	       str_starts_with(agent, "Mozilla/5.0");
}

static void
make_pretty(struct str *body)
{
	cJSON *tree = json_parse(str_cstr(body), body->len, NULL);
	char *text = tree ? json_print_pretty(tree) : NULL;

	if (text) {
		str_clear(body);
		str_append(body, text);
	}
	free(text);
	cJSON_Delete(tree);
}

static void
add_headers(struct MHD_Response *response, const struct api_answer *answer)
{
	const cJSON *warning;

	MHD_add_response_header(response, "Content-Type", answer->type);
	MHD_add_response_header(response, "Cache-Control", "no-cache, private");
	if (answer->retry_after_s) {
		char *seconds = xasprintf("%d", answer->retry_after_s);

		MHD_add_response_header(response, "Retry-After", seconds);
		free(seconds);
	}
	cJSON_ArrayForEach(warning, answer->warnings) {
		cJSON text = { .type = cJSON_String, .valuestring = warning->valuestring };
		char *quoted = json_print(&text);
		char *value = xasprintf("299 - %s", quoted);

		MHD_add_response_header(response, "Warning", value);
		free(value);
		free(quoted);
	}
}

static struct MHD_Response *
whole_response(struct MHD_Connection *connection, struct api_answer *answer)
{
	struct MHD_Response *response;
	bool zipped = false;

	if (strcmp(answer->type, "application/json") == 0 && wants_pretty(connection))
		make_pretty(&answer->body);
	if (answer->body.len > GZIP_FROM_BYTES && accepts_gzip(connection))
		zipped = zip(&answer->body);
	size_t len = answer->body.len;
	response = MHD_create_response_from_buffer(len, str_take(&answer->body),
						   MHD_RESPMEM_MUST_FREE);
	if (zipped)
		MHD_add_response_header(response, "Content-Encoding", "gzip");
	return response;
}

static enum MHD_Result
send_answer(struct server *server, struct MHD_Connection *connection, struct api_answer *answer)
{
	struct MHD_Response *response;

	if (answer->stream) {
		MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, 0U);
		response = streams_response(server_streams(server), connection, answer->stream,
					    &answer->body);
		answer->stream = NULL;
	} else {
		response = whole_response(connection, answer);
	}
	add_headers(response, answer);
	enum MHD_Result rc = MHD_queue_response(connection, (unsigned)answer->code, response);
	MHD_destroy_response(response);
	return rc;
}

/* ---- between them ---- */

static void
answer_known(struct server *server, struct MHD_Connection *connection, const char *url,
	     const char *method, const struct exchange *exchange, const struct caller *caller,
	     struct api_answer *answer)
{
	cJSON *query = cJSON_CreateObject();
	struct str accept = STR_INIT;
	struct disguise as = { .count = 0 };
	bool disguised = read_disguise(connection, &as);

	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_argument, query);
	MHD_get_connection_values(connection, MHD_HEADER_KIND, add_accept, &accept);
	struct api_request request = {
		.cluster = server_cluster(server),
		.caller = caller,
		.as = disguised ? &as.caller : NULL,
		.method = method,
		.path = url,
		.query = query,
		.accept = str_cstr(&accept),
		.content_type = header_of(connection, "Content-Type"),
		.user_agent = header_of(connection, "User-Agent"),
		.body = str_cstr(&exchange->body),
		.body_len = exchange->body.len,
	};
	api_handle(&request, answer);
	caller_release(&as.caller);
	str_release(&accept);
	cJSON_Delete(query);
}

static enum MHD_Result
answer_request(struct server *server, struct MHD_Connection *connection, const char *url,
	       const char *method, const struct exchange *exchange)
{
	struct api_answer answer = API_ANSWER_INIT;
	struct refusal r = REFUSAL_INIT;
	struct caller caller = { NULL, NULL };

	if (server_is_failing(server))
		refuse(&r, 500, "InternalError",
		       "Internal error occurred: etcdserver: request timed out");
	else if (exchange->too_large)
		refuse(&r, 413, "RequestEntityTooLarge", "Request entity too large: limit is %d",
		       BODY_MAX_BYTES);
	else if (exchange_caller(server_cluster(server), connection, &caller) < 0)
		refuse(&r, 401, "Unauthorized", "Unauthorized");
	else
		answer_known(server, connection, url, method, exchange, &caller, &answer);
	if (r.code)
		api_answer_refusal(&answer, &r);
	enum MHD_Result rc = send_answer(server, connection, &answer);
	caller_release(&caller);
	refusal_release(&r);
	api_answer_release(&answer);
	return rc;
}

enum MHD_Result
exchange_handle(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
		const char *version, const char *upload, size_t *upload_size, void **ret_exchange)
{
	struct exchange *exchange = *ret_exchange;

	(void)version;
	if (!exchange) {
		*ret_exchange = xcalloc(1, sizeof(*exchange));
		return MHD_YES;
	}
	if (*upload_size == 0)
		return answer_request(cls, connection, url, method, exchange);
	if (exchange->body.len + *upload_size > BODY_MAX_BYTES)
		exchange->too_large = true;
	else
		str_append_bytes(&exchange->body, upload, *upload_size);
	*upload_size = 0;
	return MHD_YES;
}

void
exchange_end(void *cls, struct MHD_Connection *connection, void **exchange_at,
	     enum MHD_RequestTerminationCode why)
{
	struct exchange *exchange = *exchange_at;

	(void)cls;
	(void)connection;
	(void)why;
	if (!exchange)
		return;
	str_release(&exchange->body);
	free(exchange);
	*exchange_at = NULL;
}
