#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "step/dns/step_dns.h"

static const char *const state_names[] = {
	[DNS_STATE_NEW] = "NEW",
	[DNS_STATE_OLD] = "OLD",
	[DNS_STATE_MIXED] = "MIXED",
	[DNS_STATE_STALE] = "STALE",
	[DNS_STATE_NXDOMAIN] = "NXDOMAIN",
	[DNS_STATE_NODATA] = "NODATA",
	[DNS_STATE_LAME] = "LAME",
	[DNS_STATE_SERVFAIL] = "SERVFAIL",
	[DNS_STATE_REFUSED] = "REFUSED",
	[DNS_STATE_FAILED] = "FAILED",
	[DNS_STATE_LOOP] = "LOOP",
	[DNS_STATE_TIMEOUT] = "TIMEOUT",
	[DNS_STATE_UNREACHABLE] = "UNREACHABLE",
	[DNS_STATE_NO_ROUTE] = "NO ROUTE",
};

const char *
dns_state_name(enum dns_state state)
{
	return state_names[state];
}

cJSON *
dns_chain_json(const struct dns_answer *answer)
{
	cJSON *chain = cJSON_CreateArray();

	for (size_t i = 0; i < answer->chain_count; i++) {
		cJSON *hop = cJSON_CreateObject();

		json_add_string(hop, "name", answer->chain[i].owner);
		json_add_string(hop, "target", answer->chain[i].target);
		json_add_int(hop, "ttl", answer->chain[i].ttl);
		cJSON_AddItemToArray(chain, hop);
	}
	return chain;
}

/* Why it is not what it should be, in words; nothing where it is. */
static void
fault_text(const struct dns_view *view, struct str *out)
{
	if (view->chain_failure.kind)
		str_append(out, view->chain_failure.message);
	else if (view->cause == DNS_CAUSE_DNSSEC)
		str_printf(out,
			   "the DNSSEC signatures do not validate (without validation, CD=1, it "
			   "says %s)",
			   view->unchecked);
	else if (view->cause == DNS_CAUSE_OUTAGE)
		str_append(out, "an outage: it cannot answer without DNSSEC validation (CD=1) "
				"either");
	else if (dns_view_spoke(view) && !dns_view_counts(view))
		str_append(out, "answered without authority: it does not serve the zone");
}

cJSON *
dns_view_json(const struct dns_view *view)
{
	cJSON *object = cJSON_CreateObject();
	struct step_texts values = { 0 };
	struct str fault = STR_INIT;

	json_add_string(object, "server", view->label);
	json_add_string(object, "group", dns_group_name(view->group));
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
	json_add_bool(object, "aa", view->answer.authoritative);
	json_add(object, "chain", dns_chain_json(&view->answer));
	fault_text(view, &fault);
	if (fault.len)
		json_add_string(object, "error", fault.data);
	str_release(&fault);
	step_texts_release(&values);
	return object;
}

static void
append_values(const struct dns_answer *answer, struct str *out)
{
	for (size_t i = 0; i < answer->count; i++)
		str_printf(out, "%s%s", i ? ", " : "", answer->values[i]);
}

void
dns_view_value_text(const struct dns_view *view, struct str *out)
{
	struct str fault = STR_INIT;

	if (view->failed) {
		str_append(out, view->failure.message + view->failure_lead);
		return;
	}
	append_values(&view->answer, out);
	fault_text(view, &fault);
	if (fault.len)
		str_printf(out, "%s%s", view->answer.count ? " " : "", fault.data);
	else if (view->answer.cname)
		str_printf(out, "%sby CNAME %s", view->answer.count ? " " : "", view->answer.cname);
	if (view->answer.followed)
		str_printf(out, " as %s has it", view->answer.followed);
	str_release(&fault);
}

void
dns_view_text(const struct dns_view *view, struct str *out)
{
	struct str fault = STR_INIT;

	if (view->failed) {
		str_append(out, view->failure.kind == ERR_TIMEOUT
					? "no answer in time"
					: view->failure.message + view->failure_lead);
		return;
	}
	append_values(&view->answer, out);
	if (view->answer.count)
		str_printf(out, ", TTL %u", view->answer.ttl);
	else
		str_append(out, strcmp(view->answer.rcode, "NOERROR") == 0 ? "no such record"
									   : view->answer.rcode);
	if (view->answer.cname)
		str_printf(out, " (by CNAME %s)", view->answer.cname);
	fault_text(view, &fault);
	if (fault.len)
		str_printf(out, ": %s", fault.data);
	str_release(&fault);
}

void
dns_view_cells(const struct dns_view *view, struct step_columns *columns)
{
	struct str text = STR_INIT;
	bool answered = view->asked && !view->failed;

	if (answered && view->answer.count)
		step_columns_addf(columns, "%u", view->answer.ttl);
	else
		step_columns_add(columns, NULL);
	if (answered)
		step_columns_addf(columns, "%lld ms", (long long)view->answer.rtt_ms);
	else
		step_columns_add(columns, NULL);
	step_columns_add(columns, answered ? (view->answer.authoritative ? "yes" : "no") : NULL);
	if (view->asked)
		dns_view_value_text(view, &text);
	step_columns_add(columns, str_cstr(&text));
	str_release(&text);
}
