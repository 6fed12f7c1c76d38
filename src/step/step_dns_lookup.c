#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "step/step_dns.h"
#include "step/steps.h"

static const char *const types[] = { "A", "AAAA", "CNAME", "MX", "NS", "SOA", "SRV", "TXT", NULL };
static const char *const sources[] = { "server", "authoritative", "resolvers", NULL };

static const struct field fields[] = {
	{ .name = "name",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "The name to look up, in full; no search list is applied." },
	{ .name = "type",
	  .type = FIELD_CHOICE,
	  .choices = types,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "A",
	  .help = "The type of the records." },
	{ .name = "from",
	  .type = FIELD_CHOICE,
	  .choices = sources,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "server",
	  .help = "Whom to ask: the target's server, all authoritative servers of its zone, or its "
		  "resolvers." },
	{ .name = "server",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Another server to ask (host or host:port) in place of the target's." },
	{ .name = NULL },
};

static int
choose_servers(struct step_context *ctx, const struct action *action, struct dns_views *views,
	       struct err *e)
{
	const char *from = json_string(action->with, "from", "server");
	const char *server = step_optional(action->with, "server");

	if (server && strcmp(from, "server") != 0)
		return err_set(e, ERR_SPEC,
			       "dns.lookup: `server` and `from: %s` exclude each other. Remove one "
			       "of them",
			       from);
	if (server)
		return dns_views_add(views, server, 53, false, e);
	if (strcmp(from, "authoritative") == 0)
		return dns_views_add_authoritative(views, ctx, action, e);
	if (strcmp(from, "server") == 0)
		return dns_views_add_server(views, action, e);
	if (dns_views_add_resolvers(views, action, e) < 0)
		return -1;
	return views->count ? 0
			    : err_set(e, ERR_SPEC,
				      "dns.lookup: the target %s has no `resolvers`. List those "
				      "that clients use",
				      action->target->name);
}

static int
lookup_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
	       struct err *e)
{
	const char *name = json_string(action->with, "name", "");
	const char *type = json_string(action->with, "type", "A");
	struct dns_views views = { 0 };
	int rc = choose_servers(ctx, action, &views, e);

	for (size_t i = 0; rc == 0 && i < views.count; i++)
		preview_add(preview, PREVIEW_REQUEST, "ask %s for %s %s", views.items[i].label,
			    name, type);
	dns_views_release(&views);
	return rc;
}

/* The first server that answered speaks for all; what each said is beside it. */
static int
make_result(const struct dns_views *views, cJSON **ret_result, struct err *e)
{
	const struct dns_view *first = NULL;
	struct step_texts values = { 0 };
	cJSON *result, *servers;

	for (size_t i = 0; i < views->count && !first; i++)
		if (!views->items[i].failed)
			first = &views->items[i];
	if (!first)
		return err_set(e, views->items[0].failure.kind, "%s",
			       views->items[0].failure.message);
	result = cJSON_CreateObject();
	dns_values_copy(&first->answer, &values);
	json_add(result, "values", step_texts_json(&values));
	json_add_int(result, "ttl", first->answer.ttl);
	json_add_string(result, "rcode", first->answer.rcode);
	servers = cJSON_CreateArray();
	for (size_t i = 0; i < views->count; i++)
		cJSON_AddItemToArray(servers, dns_view_json(&views->items[i]));
	json_add(result, "servers", servers);
	step_texts_release(&values);
	*ret_result = result;
	return 0;
}

static int
lookup_run(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	const char *name = json_string(action->with, "name", "");
	const char *type = json_string(action->with, "type", "A");
	struct dns_views views = { 0 };
	int rc = -1;

	if (choose_servers(ctx, action, &views, e) < 0 ||
	    dns_views_ask(&views, ctx, name, type, e) < 0)
		goto out;
	dns_views_output(&views, ctx);
	rc = make_result(&views, ret_result, e);
out:
	dns_views_release(&views);
	return rc;
}

const struct executor step_dns_lookup = {
	.type = {
		.uses = "dns.lookup",
		.summary = "Looks up a DNS record, at one server or at all that matter",
		.target_kinds = TARGET_DNS,
		.target_required = true,
		.effect = EFFECT_READS,
		.fields = fields,
		.result = "{values, ttl, rcode, servers: [{server, rcode, values, ttl, rtt_ms, error}]}; a name that does not exist is a result",
	},
	.preview = lookup_preview,
	.run = lookup_run,
};
