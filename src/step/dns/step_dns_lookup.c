#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "step/dns/step_dns.h"
#include "step/steps.h"

static const char *const types[] = { "A", "AAAA", "CNAME", "MX", "NS", "SOA", "SRV", "TXT", NULL };
static const char *const sources[] = { "server",    "authoritative",
				       "resolvers", "internal_resolvers",
				       "system",    NULL };

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
	  .help = "Whom to ask: the target's server (the system's resolvers, in turn, where it has "
		  "none); all authoritative servers of its zone, at every address; its resolvers; "
		  "its "
		  "internal resolvers; or each of the system's. Several are asked at a time." },
	{ .name = "server",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Another server to ask (host or host:port) in place of the target's." },
	{ .name = NULL },
};

static int
add_source(struct step_context *ctx, const struct action *action, const char *from,
	   struct dns_views *views, struct err *e)
{
	if (strcmp(from, "authoritative") == 0)
		return dns_views_add_authoritative(views, ctx, action, e);
	if (strcmp(from, "server") == 0)
		return dns_views_add_server(views, action, e);
	if (strcmp(from, "system") == 0)
		return dns_views_add_system(views, e);
	if (strcmp(from, "internal_resolvers") == 0 ? dns_views_add_internal(views, action, e) < 0
						    : dns_views_add_resolvers(views, action, e) < 0)
		return -1;
	return views->count ? 0
			    : err_set(e, ERR_SPEC,
				      "the target %s has no `%s`. List those that clients use",
				      action->target->name, from);
}

static int
choose_servers(struct step_context *ctx, const struct action *action, struct dns_views *views,
	       struct err *e)
{
	const char *from = json_string(action->with, "from", "server");
	const char *server = step_optional(action->with, "server");
	int rc;

	if (server && strcmp(from, "server") != 0)
		rc = err_set(e, ERR_SPEC,
			     "`server` and `from: %s` exclude each other. Remove one of them",
			     from);
	else if (server)
		rc = dns_views_add(views, server, 53, false, e);
	else
		rc = add_source(ctx, action, from, views, e);
	return rc < 0 ? err_wrap(e, "dns.lookup") : 0;
}

static int
lookup_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
	       struct err *e)
{
	const char *name = json_string(action->with, "name", "");
	const char *type = json_string(action->with, "type", "A");
	struct dns_views views = { 0 };
	int rc = dns_name_check(name, e) < 0 ? err_wrap(e, "dns.lookup")
					     : choose_servers(ctx, action, &views, e);

	for (size_t i = 0; rc == 0 && i < views.count; i++)
		preview_add(preview, PREVIEW_REQUEST, "ask %s for %s %s%s", views.items[i].label,
			    name, type,
			    views.items[i].no_route ? " (this machine has no route to it)" : "");
	dns_views_release(&views);
	return rc;
}

/* What a server said, in one word. */
static const char *
word_of(const struct dns_view *view)
{
	static const struct step_texts nothing = { 0 };
	enum dns_state state = dns_view_state(view, &nothing);

	if (state == DNS_STATE_OLD || state == DNS_STATE_MIXED || state == DNS_STATE_NEW)
		return "NOERROR";
	return state == DNS_STATE_FAILED && !view->chain_failure.kind ? view->answer.rcode
								      : dns_state_name(state);
}

static bool
says_the_same(const struct dns_view *a, const struct dns_view *b)
{
	if (strcmp(a->answer.rcode, b->answer.rcode) != 0 || a->answer.count != b->answer.count)
		return false;
	for (size_t i = 0; i < a->answer.count; i++)
		if (strcmp(a->answer.values[i], b->answer.values[i]) != 0)
			return false;
	return true;
}

/* How many servers there are to listen to, how many spoke, and whether with one voice. */
struct agreement {
	const struct dns_view *first; /* who spoke; NULL: nobody */
	size_t asked, spoke;
	bool differ;
};

static struct agreement
compare(const struct dns_views *views)
{
	struct agreement a = { 0 };

	for (size_t i = 0; i < views->count; i++) {
		const struct dns_view *view = &views->items[i];

		if (view->no_route)
			continue;
		a.asked++;
		if (!dns_view_counts(view))
			continue;
		a.spoke++;
		if (!a.first)
			a.first = view;
		a.differ = a.differ || !says_the_same(a.first, view);
	}
	return a;
}

static bool
same_chain(const struct dns_answer *a, const struct dns_answer *b)
{
	if (a->chain_count != b->chain_count)
		return false;
	for (size_t i = 0; i < a->chain_count; i++)
		if (strcmp(a->chain[i].target, b->chain[i].target) != 0)
			return false;
	return true;
}

/* The hops, once for all who have the same. */
static void
output_chains(const struct dns_views *views, struct str *out)
{
	const struct dns_answer *last = NULL;

	for (size_t i = 0; i < views->count; i++) {
		const struct dns_view *view = &views->items[i];

		if (view->failed || view->answer.chain_count == 0 ||
		    (last && same_chain(last, &view->answer)))
			continue;
		last = &view->answer;
		for (size_t j = 0; j < last->chain_count; j++)
			str_printf(out, "%s CNAME %s, TTL %u%s%s\n", last->chain[j].owner,
				   last->chain[j].target, last->chain[j].ttl, j ? "" : ", says ",
				   j ? "" : view->label);
	}
}

static void
output_agreement(const struct agreement *a, struct str *out)
{
	if (a->asked < 2 || a->spoke == 0)
		return;
	if (a->spoke < a->asked)
		str_printf(out, "%zu of %zu servers gave no answer that counts.\n",
			   a->asked - a->spoke, a->asked);
	if (a->differ)
		str_append(out, "The servers do NOT agree.\n");
	else if (a->spoke > 1)
		str_printf(out, "%s %zu servers agree.\n",
			   a->spoke == a->asked ? "All" : "The other", a->spoke);
}

static void
output_table(const struct dns_views *views, const struct agreement *a, struct step_context *ctx)
{
	static const char *const headings[] = { "SERVER", "STATE",  "TTL", "RTT",
						"AA",	  "VALUES", NULL };
	struct step_columns table = { .headings = headings };
	struct str out = STR_INIT;

	for (size_t i = 0; i < views->count; i++) {
		step_columns_add(&table, views->items[i].label);
		step_columns_add(&table, word_of(&views->items[i]));
		dns_view_cells(&views->items[i], &table);
	}
	step_columns_print(&table, &out);
	output_chains(views, &out);
	output_agreement(a, &out);
	ctx->output(ctx, out.data, out.len);
	step_columns_release(&table);
	str_release(&out);
}

/* Nobody said what the record is: each server, and why. */
static int
report_silence(const struct dns_views *views, const char *name, const char *type, struct err *e)
{
	enum err_kind kind = views->items[0].failure.kind;
	bool bogus = false, circle = false;
	struct str all = STR_INIT, text = STR_INIT;

	for (size_t i = 0; i < views->count; i++) {
		const struct dns_view *view = &views->items[i];

		if (!view->failed)
			kind = ERR_REMOTE;
		bogus = bogus || view->cause == DNS_CAUSE_DNSSEC;
		circle = circle || strcmp(word_of(view), "LOOP") == 0;
		str_printf(&all, "%s%s: %s", i ? "; " : "", view->label, word_of(view));
		dns_view_value_text(view, &text);
		if (text.len)
			str_printf(&all, ", %s", text.data);
		str_clear(&text);
	}
	err_set(e, kind, "dns.lookup %s %s: no server told what the record is: %s", name, type,
		str_cstr(&all));
	if (bogus)
		err_advise(e, "Sign the zone anew, or take its DS record out of the parent zone");
	else if (circle)
		err_advise(e, "Correct one of these records");
	else if (kind == ERR_NET || kind == ERR_TIMEOUT)
		err_advise(e, "Check the address and the way to it, or ask another server");
	str_release(&text);
	str_release(&all);
	return -1;
}

/* The first server that spoke does it for all; what each said is beside it. */
static cJSON *
make_result(const struct dns_views *views, const struct agreement *a)
{
	cJSON *result = cJSON_CreateObject(), *servers = cJSON_CreateArray();
	struct step_texts values = { 0 };

	dns_values_copy(&a->first->answer, &values);
	json_add(result, "values", step_texts_json(&values));
	json_add_int(result, "ttl", a->first->answer.ttl);
	json_add_string(result, "rcode", a->first->answer.rcode);
	json_add(result, "chain", dns_chain_json(&a->first->answer));
	json_add_bool(result, "agree", a->spoke == a->asked && !a->differ);
	for (size_t i = 0; i < views->count; i++) {
		cJSON *server = dns_view_json(&views->items[i]);

		json_add_string(server, "state", word_of(&views->items[i]));
		cJSON_AddItemToArray(servers, server);
	}
	json_add(result, "servers", servers);
	step_texts_release(&values);
	return result;
}

static int
lookup_run(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	const char *name = json_string(action->with, "name", "");
	const char *type = json_string(action->with, "type", "A");
	struct dns_views views = { 0 };
	struct agreement agreement;
	struct dns_look look;
	int rc = -1;

	if (dns_look_init(&look, action, name, type, e) < 0 ||
	    choose_servers(ctx, action, &views, e) < 0 || dns_views_look(&views, ctx, &look, e) < 0)
		goto out;
	agreement = compare(&views);
	output_table(&views, &agreement, ctx);
	if (!agreement.first) {
		report_silence(&views, name, type, e);
		goto out;
	}
	*ret_result = make_result(&views, &agreement);
	rc = 0;
out:
	dns_look_release(&look);
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
		.result = "{values, ttl, rcode, chain: [{name, target, ttl}], agree, servers: [{server, group, state, rcode, values, ttl, rtt_ms, aa, chain, error}]}: agree is true where every server answered and all say the same, whatever the TTL; a name that does not exist is a result, SERVFAIL and REFUSED of all servers are a failure",
	},
	.preview = lookup_preview,
	.run = lookup_run,
};
