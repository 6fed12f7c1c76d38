#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "step/step_dns.h"
#include "step/steps.h"

enum { DEFAULT_INTERVAL_MS = 2000, DEFAULT_TIMEOUT_MS = 600000, MIN_INTERVAL_MS = 50 };

static const char *const types[] = { "A", "AAAA", "CNAME", "MX", "NS", "SRV", "TXT", NULL };

static const struct field fields[] = {
	{ .name = "name",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "The name of the record, in full." },
	{ .name = "type",
	  .type = FIELD_CHOICE,
	  .choices = types,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "A",
	  .help = "The type of the record." },
	{ .name = "values",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE | FIELD_NONEMPTY,
	  .help = "The values that every server must show, all of them and no other." },
	{ .name = "interval",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "2s",
	  .help = "How long to wait between two rounds of questions." },
	{ .name = "timeout",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "10m",
	  .help = "How long to go on; no shorter than the old record's TTL." },
	{ .name = NULL },
};

/* One wait. In the caller's memory. */
struct wait {
	const char *name, *type;
	struct step_texts values;
	struct dns_views views;
	int64_t interval_ms, timeout_ms, begin_ms;
};

static void
wait_release(struct wait *w)
{
	step_texts_release(&w->values);
	dns_views_release(&w->views);
}

static int
wait_init(struct wait *w, struct step_context *ctx, const struct action *action, struct err *e)
{
	*w = (struct wait){
		.name = json_string(action->with, "name", ""),
		.type = json_string(action->with, "type", "A"),
		.interval_ms = json_int(action->with, "interval", DEFAULT_INTERVAL_MS),
		.timeout_ms = json_int(action->with, "timeout", DEFAULT_TIMEOUT_MS),
		.begin_ms = clock_mono_ms(),
	};
	if (w->interval_ms < MIN_INTERVAL_MS)
		w->interval_ms = MIN_INTERVAL_MS;
	if (dns_values_load(json_at(action->with, "values"), w->type, &w->values, e) < 0 ||
	    dns_views_add_authoritative(&w->views, ctx, action, e) < 0 ||
	    dns_views_add_resolvers(&w->views, action, e) < 0)
		return err_wrap(e, "dns.wait %s %s", w->name, w->type);
	return 0;
}

static bool
is_there(const struct wait *w, const struct dns_view *view)
{
	return view->asked && dns_view_state(view, &w->values) == DNS_STATE_NEW;
}

/* "waiting for 10.0.0.53:53 (OLD value, TTL 214 s)": each server that is not there yet, and why. */
static size_t
describe_rest(const struct wait *w, struct str *out)
{
	size_t there = 0;

	for (size_t i = 0; i < w->views.count; i++) {
		const struct dns_view *view = &w->views.items[i];
		enum dns_state state;

		if (is_there(w, view)) {
			there++;
			continue;
		}
		state = dns_view_state(view, &w->values);
		str_printf(out, "%s%s (", out->len ? ", " : "", view->label);
		if (state == DNS_STATE_OLD || state == DNS_STATE_MIXED)
			str_printf(out, "%s value, TTL %u s",
				   state == DNS_STATE_OLD ? "old" : "mixed", view->answer.ttl);
		else if (state == DNS_STATE_NXDOMAIN || state == DNS_STATE_NODATA)
			str_printf(out, "%s, for at most %u s", dns_state_name(state),
				   view->answer.negative_ttl);
		else
			str_append(out, dns_state_name(state));
		str_append_char(out, ')');
	}
	return there;
}

static int
ask_round(struct wait *w, struct step_context *ctx, size_t *ret_there, struct err *e)
{
	struct str rest = STR_INIT;

	for (size_t i = 0; i < w->views.count; i++)
		if (dns_view_ask(&w->views.items[i], ctx, w->name, w->type, e) < 0)
			return -1;
	*ret_there = describe_rest(w, &rest);
	if (rest.len)
		ctx->progress(ctx, "%zu of %zu: waiting for %s", *ret_there, w->views.count,
			      rest.data);
	else
		ctx->progress(ctx, "all %zu servers show the new value", w->views.count);
	str_release(&rest);
	return 0;
}

static int
give_up(const struct wait *w, struct err *e)
{
	char waited[CLOCK_STAMP_MAX];
	struct str rest = STR_INIT;
	size_t there = describe_rest(w, &rest);

	duration_format(w->timeout_ms, waited);
	err_set(e, ERR_TIMEOUT,
		"dns.wait %s %s: after %s %zu of %zu servers show the new value; left: %s", w->name,
		w->type, waited, there, w->views.count, rest.data);
	str_release(&rest);
	return -1;
}

static cJSON *
make_result(const struct wait *w)
{
	cJSON *result = cJSON_CreateObject(), *servers = cJSON_CreateArray();

	for (size_t i = 0; i < w->views.count; i++) {
		const struct dns_view *view = &w->views.items[i];
		cJSON *server = dns_view_json(view);

		json_add_string(server, "state", dns_state_name(dns_view_state(view, &w->values)));
		cJSON_AddItemToArray(servers, server);
	}
	json_add(result, "values", step_texts_json(&w->values));
	json_add(result, "servers", servers);
	json_add_int(result, "duration_ms", clock_mono_ms() - w->begin_ms);
	return result;
}

static int
wait_run(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	struct wait w;
	size_t there = 0;
	int rc = wait_init(&w, ctx, action, e);

	while (rc == 0 && there < w.views.count) {
		rc = ask_round(&w, ctx, &there, e);
		if (rc < 0 || there == w.views.count)
			break;
		if (clock_mono_ms() + w.interval_ms > w.begin_ms + w.timeout_ms)
			rc = give_up(&w, e);
		else if (cancel_sleep(ctx->cancel, w.interval_ms))
			rc = err_set(e, ERR_CANCELLED, "dns.wait %s %s: cancelled", w.name, w.type);
	}
	if (rc == 0) {
		dns_views_output(&w.views, ctx);
		*ret_result = make_result(&w);
	}
	wait_release(&w);
	return rc;
}

static int
wait_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
	     struct err *e)
{
	char interval[CLOCK_STAMP_MAX], timeout[CLOCK_STAMP_MAX];
	char *values;
	struct wait w;
	int rc = wait_init(&w, ctx, action, e);

	if (rc == 0) {
		values = step_texts_join(&w.values);
		preview_add(preview, PREVIEW_TEXT,
			    "Waits until each of these shows %s %s = %s, asking every %s for at "
			    "most %s:",
			    w.name, w.type, values, duration_format(w.interval_ms, interval),
			    duration_format(w.timeout_ms, timeout));
		for (size_t i = 0; i < w.views.count; i++)
			preview_add(preview, PREVIEW_REQUEST, "%s%s", w.views.items[i].label,
				    w.views.items[i].authoritative ? ", authoritative"
								   : ", resolver");
		free(values);
	}
	wait_release(&w);
	return rc;
}

const struct executor step_dns_wait = {
	.type = {
		.uses = "dns.wait",
		.summary = "Waits until all name servers and resolvers show a record's new values",
		.target_kinds = TARGET_DNS,
		.target_required = true,
		.effect = EFFECT_READS,
		.fields = fields,
		.result = "{values, servers: [{server, state, rcode, values, ttl, rtt_ms}], duration_ms}",
	},
	.preview = wait_preview,
	.run = wait_run,
};
