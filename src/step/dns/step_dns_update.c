#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "step/dns/step_dns_update.h"
#include "step/steps.h"

static const char *const types[] = { "A", "AAAA", "CNAME", "TXT", DNS_UPDATE_AUTO, NULL };

#define TYPE_HELP                                                                                  \
	"The type of the record; A if not given. auto: addresses become A and AAAA records, and "  \
	"the "                                                                                     \
	"name of a host (as of a load balancer) a CNAME; what the name has of the other two goes " \
	"in "                                                                                      \
	"the same transaction."
#define VALUES_HELP                                                                                \
	"All values that the record will have: what is not named here is gone. An empty list "     \
	"removes "                                                                                 \
	"the record."
#define TTL_HELP                                                                                   \
	"The time to live in seconds; short while a recovery is under way. 60 if not given."
#define EXPECTED_HELP                                                                              \
	"The values it must have now, exactly; an empty list: it must not be there. What the "     \
	"preview "                                                                                 \
	"showed, if not given. The server checks it in the same transaction."

static const struct field record_fields[] = {
	{ .name = "name",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "The name of the record, in full." },
	{ .name = "type",
	  .type = FIELD_CHOICE,
	  .choices = types,
	  .flags = FIELD_TEMPLATE,
	  .help = TYPE_HELP },
	{ .name = "values",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = VALUES_HELP },
	{ .name = "ttl", .type = FIELD_INT, .flags = FIELD_TEMPLATE, .help = TTL_HELP },
	{ .name = "expected",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = EXPECTED_HELP },
	{ .name = NULL },
};

static const struct field fields[] = {
	{ .name = "name",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The name of the record, in full. For several, see records." },
	{ .name = "type",
	  .type = FIELD_CHOICE,
	  .choices = types,
	  .flags = FIELD_TEMPLATE,
	  .help = TYPE_HELP },
	{ .name = "values",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = VALUES_HELP },
	{ .name = "ttl", .type = FIELD_INT, .flags = FIELD_TEMPLATE, .help = TTL_HELP },
	{ .name = "expected",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = EXPECTED_HELP },
	{ .name = "records",
	  .type = FIELD_LIST,
	  .items = FIELD_OBJECT,
	  .fields = record_fields,
	  .flags = FIELD_TEMPLATE | FIELD_NONEMPTY,
	  .help = "Several records in place of one: all are changed in one transaction, or none." },
	{ .name = "watch",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .help = "How long to go on looking whether somebody, such as a controller, undoes the "
		  "change. Not at all if not given." },
	{ .name = NULL },
};

/* What must be so, by the runbook or since it was shown, holds already; else nothing is sent. */
static int
check_expected(const struct dns_plan *p, const struct dns_changes *expected, struct err *e)
{
	for (size_t i = 0; i < expected->count; i++) {
		const struct dns_change *wanted = &expected->items[i];
		const struct dns_change *change =
			dns_changes_find(&p->changes, wanted->name, wanted->type);
		char *was, *is;

		if (!change || step_texts_equal(&wanted->becomes.values, &change->was.values))
			continue;
		was = dns_rrset_text(&wanted->becomes);
		is = dns_rrset_text(&change->was);
		err_set(e, ERR_CONFLICT,
			"%s: %s has %s, expected %s: somebody changed it. Nothing was sent%s%s %s",
			p->what, p->label, is, was, p->changes.count > 1 ? ". It is " : "",
			p->changes.count > 1 ? change->name : "",
			p->changes.count > 1 ? change->type : "");
		free(is);
		free(was);
		return -1;
	}
	return 0;
}

/* The plan as it will be sent: all conditions hold as far as can be seen from here. */
static int
prepare(struct dns_plan *p, struct step_context *ctx, const struct action *action,
	struct preview *preview, struct err *e)
{
	struct dns_changes expected = { 0 }, seen = { 0 };
	int rc = -1;

	if (dns_plan_open(p, ctx, action, e) < 0 || dns_plan_read(p, ctx, preview, e) < 0)
		goto out;
	if (dns_wish_load(action, "expected", &expected, e) < 0 ||
	    dns_plan_load_json(action->seen, &seen, e) < 0) {
		err_wrap(e, "%s: expected", p->what);
		goto out;
	}
	if (check_expected(p, &expected, e) == 0 && check_expected(p, &seen, e) == 0)
		rc = dns_plan_check_rules(p, ctx, e);
out:
	dns_changes_release(&expected);
	dns_changes_release(&seen);
	return rc;
}

/* Clients that prefer IPv6 would go on to the old place. */
static int
warn_of_other_family(const struct dns_plan *p, struct step_context *ctx, struct preview *preview,
		     struct err *e)
{
	for (size_t i = 0; i < p->changes.count; i++) {
		const struct dns_change *change = &p->changes.items[i];
		struct dns_rrset other = { 0 };

		if (strcmp(change->type, "A") != 0 || change->becomes.values.count == 0 ||
		    dns_changes_find(&p->changes, change->name, "AAAA"))
			continue;
		if (p->provider->read(p->session, ctx, change->name, "AAAA", &other, e) < 0)
			return -1;
		if (other.values.count) {
			char *values = dns_rrset_text(&other);

			preview_add(preview, PREVIEW_WARNING,
				    "%s has AAAA records too, which stay: %s, TTL %u. Clients that "
				    "prefer IPv6 go there; type auto would remove them",
				    change->name, values, other.ttl);
			free(values);
		}
		dns_rrset_release(&other);
	}
	return 0;
}

static int
warn_of_owner(const struct dns_plan *p, struct step_context *ctx, struct preview *preview,
	      struct err *e)
{
	char *owner = NULL;

	if (dns_plan_owner(p, ctx, &owner, e) < 0)
		return -1;
	if (owner)
		preview_add(
			preview, PREVIEW_WARNING,
			"This is kept by %s: it may put the old record back within a minute or "
			"so. Scale it down or change its source first; `watch` shows whether it "
			"does",
			owner);
	free(owner);
	return 0;
}

/* Whether a name loses all that the step is about, and gets nothing in its place. */
static bool
vanishes(const struct dns_plan *p, const char *name)
{
	bool had = false;

	for (size_t i = 0; i < p->changes.count; i++) {
		const struct dns_change *change = &p->changes.items[i];

		if (strcmp(change->name, name) != 0)
			continue;
		if (change->becomes.values.count)
			return false;
		had = had || change->was.values.count;
	}
	return had;
}

/* A list that is empty by a slip must not be confirmed by habit. */
static void
ask_for_vanishing_name(const struct dns_plan *p, struct preview *preview)
{
	for (size_t i = 0; i < p->changes.count; i++) {
		if (!vanishes(p, p->changes.items[i].name))
			continue;
		preview_raise_effect(preview, EFFECT_DESTROYS);
		preview_set_name(preview, p->changes.items[i].name);
		return;
	}
}

static int
update_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
	       struct err *e)
{
	struct dns_plan p;
	cJSON *seen;
	int rc = -1;

	if (prepare(&p, ctx, action, preview, e) < 0)
		goto out;
	seen = dns_plan_seen(&p, ctx);
	preview_add(preview, PREVIEW_TEXT, "Zone %s at %s, serial %s:", p.zone, p.label,
		    json_string(seen, "serial", "unknown"));
	preview_remember(preview, seen);
	dns_plan_show(&p, preview);
	ask_for_vanishing_name(&p, preview);
	if (warn_of_other_family(&p, ctx, preview, e) < 0 || warn_of_owner(&p, ctx, preview, e) < 0)
		goto out;
	rc = dns_plan_show_places(&p, ctx, action, preview, e);
out:
	dns_plan_release(&p);
	return rc;
}

/* Does it, and sees whether it stays. */
static int
act(struct dns_plan *p, struct step_context *ctx, const struct action *action, cJSON *result,
    struct err *e)
{
	int64_t watch_ms = json_int(action->with, "watch", 0), watched_ms = 0;
	const char *owner = json_string(result, "owner", NULL);

	if (!dns_plan_changes_anything(p)) {
		json_add_bool(result, "unchanged", true);
		dns_plan_report(p, ctx);
		return 0;
	}
	if (step_begin_writing(ctx, NULL, e) < 0)
		return err_wrap(e, "%s: nothing was sent", p->what);
	if (dns_plan_send(p, ctx, e) < 0)
		return -1;
	dns_plan_report(p, ctx);
	if (dns_plan_watch(p, ctx, watch_ms, owner, &watched_ms, e) < 0)
		return -1;
	if (watch_ms > 0)
		json_add_int(result, "watched_ms", watched_ms);
	return 0;
}

static int
update_run(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	cJSON *result = cJSON_CreateObject();
	char *owner = NULL, *serial;
	struct dns_plan p;
	int rc = -1;

	if (prepare(&p, ctx, action, NULL, e) < 0 || dns_plan_owner(&p, ctx, &owner, e) < 0)
		goto out;
	json_add(result, "before", dns_plan_json(&p, false));
	json_add(result, "after", dns_plan_json(&p, true));
	json_add_string(result, "server", p.label);
	json_add_string(result, "owner", owner);
	if (act(&p, ctx, action, result, e) < 0)
		goto out;
	serial = p.provider->serial(p.session, ctx);
	json_add_string(result, "serial", serial);
	free(serial);
	*ret_result = result;
	result = NULL;
	rc = 0;
out:
	cJSON_Delete(result);
	free(owner);
	dns_plan_release(&p);
	return rc;
}

const struct executor step_dns_update = {
	.type = {
		.uses = "dns.update",
		.summary = "Replaces DNS records in one transaction, if nobody changed them meanwhile",
		.target_kinds = TARGET_DNS,
		.target_required = true,
		.effect = EFFECT_CHANGES,
		.fields = fields,
		.result = "{before, after: {records: [{name, type, values, ttl}], values, ttl}, server, serial, owner, unchanged, watched_ms}; values and ttl where all is of one name",
		.undo = "its change: the records as they were",
	},
	.preview = update_preview,
	.run = update_run,
	.probe = dns_update_probe,
	.undo_preview = dns_update_undo_preview,
	.undo = dns_update_undo,
	.undo_probe = dns_update_undo_probe,
};
