#include "config.h"

#include "step/step_dns.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"

static const char *const state_names[] = {
	[DNS_STATE_NEW] = "NEW",
	[DNS_STATE_OLD] = "OLD",
	[DNS_STATE_MIXED] = "MIXED",
	[DNS_STATE_NXDOMAIN] = "NXDOMAIN",
	[DNS_STATE_NODATA] = "NODATA",
	[DNS_STATE_LAME] = "LAME",
	[DNS_STATE_FAILED] = "FAILED",
	[DNS_STATE_TIMEOUT] = "TIMEOUT",
	[DNS_STATE_UNREACHABLE] = "UNREACHABLE",
};

const char *
dns_state_name(enum dns_state state)
{
	return state_names[state];
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

static void
forget_answer(struct dns_view *view)
{
	dns_answer_release(&view->answer);
	view->asked = view->failed = false;
}

void
dns_views_release(struct dns_views *views)
{
	for (size_t i = 0; i < views->count; i++) {
		forget_answer(&views->items[i]);
		free(views->items[i].label);
		free(views->items[i].host);
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

/* Takes ownership of host. `name` is what the server is called beside its address, or NULL. */
static void
add_view(struct dns_views *views, char *host, int port, const char *name, bool authoritative)
{
	char *address;

	for (size_t i = 0; i < views->count; i++) {
		if (strcmp(views->items[i].host, host) == 0 && views->items[i].port == port) {
			free(host);
			return;
		}
	}
	address = strchr(host, ':') ? xasprintf("[%s]:%d", host, port)
				    : xasprintf("%s:%d", host, port);
	*VEC_PUSH(views->items, views->count, views->cap) = (struct dns_view){
		.label = name ? xasprintf("%s (%s)", name, address) : xstrdup(address),
		.host = host,
		.port = port,
		.authoritative = authoritative,
	};
	free(address);
}

int
dns_views_add(struct dns_views *views, const char *text, int port, bool authoritative,
	      struct err *e)
{
	char *host;

	if (split_server(text, port, &host, &port, e) < 0)
		return -1;
	add_view(views, host, port, NULL, authoritative);
	return 0;
}

int
dns_views_add_server(struct dns_views *views, const struct action *action, struct err *e)
{
	const char *server = step_optional(dns_target_spec(action), "server");

	if (server)
		return dns_views_add(views, server, dns_target_port(action), false, e);
	*VEC_PUSH(views->items, views->count, views->cap) =
		(struct dns_view){ .label = xstrdup("the system's resolver") };
	return 0;
}

int
dns_views_add_resolvers(struct dns_views *views, const struct action *action, struct err *e)
{
	const cJSON *resolver;

	cJSON_ArrayForEach(resolver, json_at(dns_target_spec(action), "resolvers"))
		if (cJSON_IsString(resolver) &&
		    dns_views_add(views, resolver->valuestring, 53, false, e) < 0)
			return -1;
	return 0;
}

/* The addresses of a name server as its own zone knows them; the name itself where it knows none. */
static int
add_name_server(struct dns_views *views, struct step_context *ctx, const struct dns_server *asked,
		const char *name, int port, struct err *e)
{
	static const char *const types[] = { "A", "AAAA" };
	size_t found = 0;

	for (size_t i = 0; i < 2; i++) {
		struct dns_answer answer = { 0 };
		struct err failure = ERR_INIT;

		if (dns_query(asked, name, types[i], true, DNS_STEP_TIMEOUT_MS, DNS_STEP_ATTEMPTS,
			      ctx->cancel, &answer, &failure) < 0 &&
		    failure.kind == ERR_CANCELLED)
			return err_set(e, failure.kind, "%s", failure.message);
		for (size_t j = 0; j < answer.count; j++)
			add_view(views, xstrdup(answer.values[j]), port, name, true);
		found += answer.count;
		dns_answer_release(&answer);
	}
	if (found == 0)
		add_view(views, xstrdup(name), port, NULL, true);
	return 0;
}

int
dns_views_add_authoritative(struct dns_views *views, struct step_context *ctx,
			    const struct action *action, struct err *e)
{
	const cJSON *spec = dns_target_spec(action);
	const char *text = step_optional(spec, "server"), *zone = json_string(spec, "zone", "");
	struct dns_server server = { 0 };
	char *host = NULL, **names = NULL;
	size_t count = 0;
	int rc = 0;

	if (text && split_server(text, dns_target_port(action), &host, &server.port, e) < 0)
		return -1;
	server.host = host;
	if (dns_authoritative(host ? &server : NULL, zone, DNS_STEP_TIMEOUT_MS, ctx->cancel, &names,
			      &count, e) < 0)
		rc = -1;
	for (size_t i = 0; i < count; i++) {
		if (rc == 0)
			rc = add_name_server(views, ctx, host ? &server : NULL, names[i],
					     host ? server.port : 53, e);
		free(names[i]);
	}
	free(names);
	free(host);
	return rc;
}

int
dns_view_ask(struct dns_view *view, struct step_context *ctx, const char *name, const char *type,
	     struct err *e)
{
	struct dns_server server = { view->host, view->port };

	forget_answer(view);
	view->failure = (struct err)ERR_INIT;
	view->asked = true;
	view->failed = dns_query(view->host ? &server : NULL, name, type, !view->authoritative,
				 DNS_STEP_TIMEOUT_MS, DNS_STEP_ATTEMPTS, ctx->cancel, &view->answer,
				 &view->failure) < 0;
	if (view->failed && (view->failure.kind == ERR_CANCELLED || view->failure.kind == ERR_SPEC))
		return err_set(e, view->failure.kind, "%s", view->failure.message);
	return 0;
}

int
dns_views_ask(struct dns_views *views, struct step_context *ctx, const char *name, const char *type,
	      struct err *e)
{
	for (size_t i = 0; i < views->count; i++) {
		ctx->progress(ctx, "asking %s (%zu of %zu)", views->items[i].label, i + 1,
			      views->count);
		if (dns_view_ask(&views->items[i], ctx, name, type, e) < 0)
			return -1;
	}
	return 0;
}

static bool
is_wanted(const struct step_texts *wanted, const char *value)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (strcmp(wanted->items[i], value) == 0)
			return true;
	return false;
}

static enum dns_state
compare_values(const struct dns_answer *answer, const struct step_texts *wanted)
{
	size_t common = 0;

	for (size_t i = 0; i < answer->count; i++)
		common += is_wanted(wanted, answer->values[i]);
	if (common == wanted->count && common == answer->count)
		return DNS_STATE_NEW;
	return common ? DNS_STATE_MIXED : DNS_STATE_OLD;
}

enum dns_state
dns_view_state(const struct dns_view *view, const struct step_texts *wanted)
{
	if (view->failed)
		return view->failure.kind == ERR_TIMEOUT ? DNS_STATE_TIMEOUT
							 : DNS_STATE_UNREACHABLE;
	if (strcmp(view->answer.rcode, "NXDOMAIN") == 0)
		return DNS_STATE_NXDOMAIN;
	if (strcmp(view->answer.rcode, "NOERROR") != 0)
		return DNS_STATE_FAILED;
	if (view->authoritative && !view->answer.authoritative)
		return DNS_STATE_LAME;
	if (view->answer.count == 0)
		return DNS_STATE_NODATA;
	return compare_values(&view->answer, wanted);
}

cJSON *
dns_view_json(const struct dns_view *view)
{
	cJSON *object = cJSON_CreateObject();
	struct step_texts values = { 0 };

	json_add_string(object, "server", view->label);
	if (view->failed) {
		json_add_string(object, "rcode", NULL);
		json_add(object, "values", cJSON_CreateArray());
		json_add_string(object, "error", view->failure.message);
		return object;
	}
	dns_values_copy(&view->answer, &values);
	json_add_string(object, "rcode", view->answer.rcode);
	json_add(object, "values", step_texts_json(&values));
	json_add_int(object, "ttl", view->answer.ttl);
	json_add_int(object, "rtt_ms", view->answer.rtt_ms);
	step_texts_release(&values);
	return object;
}

void
dns_view_text(const struct dns_view *view, struct str *out)
{
	if (view->failed) {
		str_append(out, view->failure.kind == ERR_TIMEOUT ? "no answer in time"
								  : view->failure.message);
		return;
	}
	for (size_t i = 0; i < view->answer.count; i++)
		str_printf(out, "%s%s", i ? ", " : "", view->answer.values[i]);
	if (view->answer.count)
		str_printf(out, ", TTL %u", view->answer.ttl);
	else
		str_append(out, strcmp(view->answer.rcode, "NOERROR") == 0 ? "no such record"
									   : view->answer.rcode);
	if (view->answer.cname)
		str_printf(out, " (by CNAME %s)", view->answer.cname);
}

void
dns_views_output(const struct dns_views *views, struct step_context *ctx)
{
	struct str out = STR_INIT;

	for (size_t i = 0; i < views->count; i++) {
		str_printf(&out, "%s: ", views->items[i].label);
		dns_view_text(&views->items[i], &out);
		str_append_char(&out, '\n');
	}
	ctx->output(ctx, str_cstr(&out), out.len);
	str_release(&out);
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
