#include "config.h"

#include "step/dns/step_dns.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "net/crew.h"
#include "net/socket/wait.h"

enum { NAME_SERVERS_MAX = 32 };

static const char *const group_names[] = {
	[DNS_GROUP_AUTHORITATIVE] = "authoritative",
	[DNS_GROUP_RESOLVER] = "resolver",
	[DNS_GROUP_INTERNAL] = "internal",
};

const char *
dns_group_name(enum dns_group group)
{
	return group_names[group];
}

const cJSON *
dns_target_spec(const struct action *action)
{
	return action->target->connection;
}

int
dns_target_port(const struct action *action)
{
	return (int)json_int(dns_target_spec(action), "port", 53);
}

void
dns_views_release(struct dns_views *views)
{
	for (size_t i = 0; i < views->count; i++) {
		struct dns_view *view = &views->items[i];

		dns_answer_release(&view->answer);
		free(view->unchecked);
		free(view->label);
		free(view->host);
		free(view->name);
	}
	free(views->items);
	*views = (struct dns_views){ 0 };
}

/* Splits "host:port", where the port is optional and an IPv6 address with one is in brackets. */
static int
split_server(const char *text, int otherwise, char **ret_host, int *ret_port, struct err *e)
{
	const char *bracket = text[0] == '[' ? strchr(text, ']') : NULL;
	const char *colon = bracket ? strchr(bracket, ':') : strchr(text, ':');
	char *end = NULL;
	long port = otherwise;

	if (!bracket && colon && strchr(colon + 1, ':'))
		colon = NULL; /* a bare IPv6 address */
	if (colon)
		port = strtol(colon + 1, &end, 10);
	if (!*text || port < 1 || port > 65535 || (colon && (*end || end == colon + 1)))
		return err_set(e, ERR_SPEC,
			       "\"%s\" is no DNS server: give a name or an address, and maybe a "
			       "port (10.0.0.53, ns1.example.com:5353, [2001:db8::53]:53)",
			       text);
	if (bracket)
		*ret_host = xstrndup(text + 1, (size_t)(bracket - text) - 1);
	else
		*ret_host = xstrndup(text, colon ? (size_t)(colon - text) : strlen(text));
	*ret_port = (int)port;
	return 0;
}

/* Takes ownership of the view's texts. */
static int
add_view(struct dns_views *views, struct dns_view view, struct err *e)
{
	char *address = NULL;

	for (size_t i = 0; view.host && i < views->count; i++) {
		const struct dns_view *other = &views->items[i];

		if (str_equal(other->host, view.host) && other->port == view.port) {
			free(view.host);
			free(view.name);
			return 0;
		}
	}
	if (!view.host)
		view.label = xstrdup("the system's resolver");
	else
		address = xasprintf(strchr(view.host, ':') ? "[%s]:%d" : "%s:%d", view.host,
				    view.port);
	if (view.host)
		view.label =
			view.name ? xasprintf("%s (%s)", view.name, address) : xstrdup(address);
	free(address);
	*VEC_PUSH(views->items, views->count, views->cap) = view;
	return views->count <= DNS_VIEWS_MAX
		       ? 0
		       : err_set(e, ERR_SPEC, "these are more than %d DNS servers", DNS_VIEWS_MAX);
}

static int
add_text(struct dns_views *views, const char *text, int port, enum dns_group group, struct err *e)
{
	struct dns_view view = { .group = group,
				 .authoritative = group == DNS_GROUP_AUTHORITATIVE };

	if (split_server(text, port, &view.host, &view.port, e) < 0)
		return -1;
	return add_view(views, view, e);
}

int
dns_views_add(struct dns_views *views, const char *text, int port, bool authoritative,
	      struct err *e)
{
	return add_text(views, text, port,
			authoritative ? DNS_GROUP_AUTHORITATIVE : DNS_GROUP_RESOLVER, e);
}

int
dns_views_add_server(struct dns_views *views, const struct action *action, struct err *e)
{
	const char *server = step_optional(dns_target_spec(action), "server");

	if (server)
		return dns_views_add(views, server, dns_target_port(action), false, e);
	return add_view(views, (struct dns_view){ .group = DNS_GROUP_RESOLVER }, e);
}

static int
add_list(struct dns_views *views, const struct action *action, const char *field,
	 enum dns_group group, struct err *e)
{
	const cJSON *resolver;

	cJSON_ArrayForEach(resolver, json_at(dns_target_spec(action), field))
		if (cJSON_IsString(resolver) &&
		    add_text(views, resolver->valuestring, 53, group, e) < 0)
			return -1;
	return 0;
}

int
dns_views_add_resolvers(struct dns_views *views, const struct action *action, struct err *e)
{
	return add_list(views, action, "resolvers", DNS_GROUP_RESOLVER, e);
}

int
dns_views_add_internal(struct dns_views *views, const struct action *action, struct err *e)
{
	return add_list(views, action, "internal_resolvers", DNS_GROUP_INTERNAL, e);
}

int
dns_views_add_system(struct dns_views *views, struct err *e)
{
	char **hosts = NULL;
	size_t count = 0;
	int rc = dns_system_servers(DNS_RESOLV_CONF, &hosts, &count, e);

	for (size_t i = 0; i < count; i++) {
		struct dns_view view = { .host = hosts[i],
					 .port = 53,
					 .group = DNS_GROUP_RESOLVER };

		if (add_view(views, view, e) < 0)
			rc = -1;
	}
	free(hosts);
	return rc;
}

void
dns_views_copy(const struct dns_views *views, struct dns_views *ret_copy)
{
	for (size_t i = 0; i < views->count; i++) {
		const struct dns_view *view = &views->items[i];

		*VEC_PUSH(ret_copy->items, ret_copy->count, ret_copy->cap) = (struct dns_view){
			.label = xstrdup(view->label),
			.host = xstrdup(view->host),
			.port = view->port,
			.name = xstrdup(view->name),
			.group = view->group,
			.authoritative = view->authoritative,
			.no_route = view->no_route,
			.addresses = view->addresses,
		};
	}
}

/* The addresses of one name server. */
struct name_server {
	const char *name;
	char *whole; /* with its final dot: the system applies no search list to that */
	struct dns_answer answers[2]; /* A, AAAA */
	struct address_list others;   /* of the system, where those have none */
	bool cancelled;
};

struct name_server_search {
	const struct dns_server *asked;
	struct name_server servers[NAME_SERVERS_MAX];
	size_t count;
	int port;
	const struct cancel *cancel;
};

/* What the zone itself, or who was asked for it, knows. */
static void
find_addresses(void *data, size_t i)
{
	static const char *const types[] = { "A", "AAAA" };
	struct name_server_search *search = data;
	struct name_server *server = &search->servers[i / 2];
	struct err ignored = ERR_INIT;

	dns_query(search->asked, server->name, types[i % 2], true, DNS_STEP_TIMEOUT_MS,
		  DNS_STEP_ATTEMPTS, search->cancel, &server->answers[i % 2], &ignored);
}

/* A primary knows nothing of names outside its zones: the system may. */
static void
find_other_addresses(void *data, size_t i)
{
	struct name_server_search *search = data;
	struct name_server *server = &search->servers[i];
	struct err ignored = ERR_INIT;

	if (server->answers[0].count + server->answers[1].count == 0)
		address_lookup(server->whole, search->port, wait_deadline(DNS_STEP_TIMEOUT_MS),
			       search->cancel, &server->others, &ignored);
}

static int
add_address(struct dns_views *views, const struct name_server *server, char *host, int port,
	    struct err *e)
{
	struct dns_view view = { .host = host,
				 .port = port,
				 .name = str_equal(host, server->whole) ? NULL
									: xstrdup(server->name),
				 .group = DNS_GROUP_AUTHORITATIVE,
				 .authoritative = true };

	return add_view(views, view, e);
}

static int
add_name_server(struct dns_views *views, const struct name_server *server, int port, struct err *e)
{
	size_t found = server->others.count;

	for (size_t i = 0; i < 2; i++) {
		const struct dns_answer *answer = &server->answers[i];

		for (size_t j = 0; j < answer->count; j++)
			if (add_address(views, server, xstrdup(answer->values[j]), port, e) < 0)
				return -1;
		found += answer->count;
	}
	for (size_t i = 0; i < server->others.count; i++)
		if (add_address(views, server, address_host(&server->others.items[i]), port, e) < 0)
			return -1;
	return found ? 0 : add_address(views, server, xstrdup(server->whole), port, e);
}

/* An address that nobody here can reach holds nothing up, as long as the same server has another. */
static void
mark_routes(struct dns_views *views)
{
	for (size_t i = 0; i < views->count; i++) {
		struct dns_view *view = &views->items[i];
		struct dns_server server = { view->host, view->port };

		if (!view->name || dns_server_has_route(&server))
			continue;
		for (size_t j = 0; j < views->count && !view->no_route; j++) {
			const struct dns_view *other = &views->items[j];
			struct dns_server that = { other->host, other->port };

			view->no_route = j != i && str_equal(other->name, view->name) &&
					 !other->no_route && dns_server_has_route(&that);
		}
	}
}

static int
add_name_servers(struct dns_views *views, struct name_server_search *search, struct err *e)
{
	int rc = crew_run(search->count * 2, DNS_STEP_THREADS, find_addresses, search, e);

	if (rc == 0)
		rc = crew_run(search->count, DNS_STEP_THREADS, find_other_addresses, search, e);
	if (rc == 0 && cancel_requested(search->cancel))
		rc = err_set(e, ERR_CANCELLED, "cancelled");
	for (size_t i = 0; i < search->count; i++) {
		if (rc == 0)
			rc = add_name_server(views, &search->servers[i], search->port, e);
		dns_answer_release(&search->servers[i].answers[0]);
		dns_answer_release(&search->servers[i].answers[1]);
	}
	if (rc == 0)
		mark_routes(views);
	return rc;
}

/* The first of those that can be asked for a zone's name servers and tells them. */
static int
ask_for_names(const struct dns_views *sources, const char *zone, const struct cancel *cancel,
	      struct dns_server *ret_asked, char ***ret_names, size_t *ret_count, struct err *e)
{
	struct err first = ERR_INIT;

	for (size_t i = 0; i < sources->count; i++) {
		struct dns_server server = { sources->items[i].host, sources->items[i].port };
		struct err failure = ERR_INIT;

		if (dns_authoritative(server.host ? &server : NULL, zone, DNS_STEP_TIMEOUT_MS,
				      cancel, ret_names, ret_count, &failure) == 0) {
			*ret_asked = server;
			return 0;
		}
		if (i == 0 || failure.kind == ERR_CANCELLED)
			first = failure;
		if (failure.kind == ERR_CANCELLED)
			break;
	}
	return err_set(e, first.kind, "%s", first.message);
}

int
dns_views_add_authoritative(struct dns_views *views, struct step_context *ctx,
			    const struct action *action, struct err *e)
{
	const char *zone = json_string(dns_target_spec(action), "zone", "");
	bool has_server = step_optional(dns_target_spec(action), "server") != NULL;
	struct name_server_search search = { .cancel = ctx->cancel };
	struct dns_views sources = { 0 };
	struct dns_server asked;
	char **names = NULL;
	size_t count = 0;
	int rc = -1;

	if (dns_views_add_server(&sources, action, e) < 0 ||
	    dns_views_add_resolvers(&sources, action, e) < 0 ||
	    ask_for_names(&sources, zone, ctx->cancel, &asked, &names, &count, e) < 0)
		goto out;
	search.asked = asked.host ? &asked : NULL;
	search.port = has_server ? sources.items[0].port : 53;
	for (; search.count < count && search.count < NAME_SERVERS_MAX; search.count++) {
		search.servers[search.count].name = names[search.count];
		search.servers[search.count].whole = xasprintf("%s.", names[search.count]);
	}
	if (count > NAME_SERVERS_MAX)
		err_set(e, ERR_SPEC, "the zone %s has %zu name servers; %d can be asked", zone,
			count, NAME_SERVERS_MAX);
	else
		rc = add_name_servers(views, &search, e);
out:
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	for (size_t i = 0; i < search.count; i++)
		free(search.servers[i].whole);
	free(names);
	dns_views_release(&sources);
	return rc;
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
sort_and_unite(struct step_texts *texts)
{
	size_t kept = 0;

	if (texts->count)
		qsort(texts->items, texts->count, sizeof(*texts->items), compare_texts);
	for (size_t i = 0; i < texts->count; i++) {
		if (kept && strcmp(texts->items[kept - 1], texts->items[i]) == 0)
			free(texts->items[i]);
		else
			texts->items[kept++] = texts->items[i];
	}
	if (texts->items)
		texts->items[kept] = NULL;
	texts->count = kept;
}

int
dns_values_load(const cJSON *value, const char *type, struct step_texts *ret_values, struct err *e)
{
	struct step_texts given = { 0 }, values = { 0 };
	int rc = -1;

	step_texts_load(&given, value);
	for (size_t i = 0; i < given.count; i++) {
		char *normal = dns_normalise(type, given.items[i], e);

		if (!normal)
			goto out;
		step_texts_push(&values, normal);
	}
	sort_and_unite(&values);
	if (strcmp(type, "CNAME") == 0 && values.count > 1) {
		err_set(e, ERR_SPEC, "a CNAME has one value only, and here are %zu", values.count);
		goto out;
	}
	*ret_values = values;
	values = (struct step_texts){ 0 };
	rc = 0;
out:
	step_texts_release(&given);
	step_texts_release(&values);
	return rc;
}

void
dns_values_copy(const struct dns_answer *answer, struct step_texts *ret_values)
{
	for (size_t i = 0; i < answer->count; i++)
		step_texts_push(ret_values, xstrdup(answer->values[i]));
}
