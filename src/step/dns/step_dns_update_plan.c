#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "step/dns/step_dns.h"
#include "step/dns/step_dns_update.h"

void
dns_plan_release(struct dns_plan *p)
{
	dns_changes_release(&p->changes);
	if (p->session)
		p->provider->close(p->session);
	free(p->what);
	free(p->zone);
}

int
dns_plan_open(struct dns_plan *p, struct step_context *ctx, const struct action *action,
	      struct err *e)
{
	const cJSON *spec = dns_target_spec(action);

	*p = (struct dns_plan){ .what = dns_wish_describe(action) };
	p->zone = dns_name_plain(json_string(spec, "zone", ""), e);
	if (!p->zone || dns_wish_load(action, "values", &p->changes, e) < 0 ||
	    dns_provider_find(spec, &p->provider, e) < 0 ||
	    p->provider->open(ctx, action, &p->session, e) < 0)
		return err_wrap(e, "%s", p->what);
	p->label = p->provider->label(p->session);
	return 0;
}

/* Whether an earlier change is about the same name. */
static bool
is_known_name(const struct dns_plan *p, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (strcmp(p->changes.items[i].name, p->changes.items[index].name) == 0)
			return true;
	return false;
}

int
dns_plan_read(struct dns_plan *p, struct step_context *ctx, struct preview *preview, struct err *e)
{
	for (size_t i = 0; i < p->changes.count; i++) {
		struct dns_change *change = &p->changes.items[i];

		if (!is_known_name(p, i) &&
		    p->provider->check(p->session, ctx, change->name, preview, e) < 0)
			return err_wrap(e, "%s", p->what);
		dns_rrset_release(&change->was);
		if (p->provider->read(p->session, ctx, change->name, change->type, &change->was,
				      e) < 0)
			return err_wrap(e, "%s", p->what);
	}
	return 0;
}

bool
dns_plan_changes_anything(const struct dns_plan *p)
{
	for (size_t i = 0; i < p->changes.count; i++)
		if (!dns_change_is_condition(&p->changes.items[i]))
			return true;
	return false;
}

/* The server does not say which condition failed: a look does, as long as nobody changes it back. */
static void
name_conflict(const struct dns_plan *p, struct step_context *ctx, struct err *e)
{
	for (size_t i = 0; i < p->changes.count; i++) {
		const struct dns_change *change = &p->changes.items[i];
		struct err ignored = ERR_INIT;
		struct dns_rrset now = { 0 };

		if (p->provider->read(p->session, ctx, change->name, change->type, &now,
				      &ignored) == 0 &&
		    !step_texts_equal(&now.values, &change->was.values)) {
			char *is = dns_rrset_text(&now), *was = dns_rrset_text(&change->was);

			err_advise(e, "By now %s %s is %s; it was %s", change->name, change->type,
				   is, was);
			free(is);
			free(was);
		}
		dns_rrset_release(&now);
	}
}

/* The provider said yes; a look shows whether it also did it. A failure to look changes nothing. */
static int
confirm(const struct dns_plan *p, struct step_context *ctx, struct err *e)
{
	for (size_t i = 0; i < p->changes.count; i++) {
		const struct dns_change *change = &p->changes.items[i];
		struct err ignored = ERR_INIT;
		struct dns_rrset now = { 0 };
		int rc = 0;

		if (p->provider->read(p->session, ctx, change->name, change->type, &now,
				      &ignored) == 0 &&
		    !step_texts_equal(&now.values, &change->becomes.values)) {
			char *is = dns_rrset_text(&now);

			rc = err_set(e, ERR_UNKNOWN_OUTCOME,
				     "%s accepted the update, but has %s for %s %s. Look at all of "
				     "its records: part of it may have been done",
				     p->label, is, change->name, change->type);
			free(is);
		}
		dns_rrset_release(&now);
		if (rc < 0)
			return -1;
	}
	return 0;
}

int
dns_plan_send(struct dns_plan *p, struct step_context *ctx, struct err *e)
{
	ctx->progress(ctx, "%s: sending it to %s", p->what, p->label);
	if (p->provider->send(p->session, ctx, &p->changes, e) < 0) {
		if (e->kind == ERR_CONFLICT)
			name_conflict(p, ctx, e);
		return err_wrap(e, "dns.update"); /* what was sent is named by whoever sent it */
	}
	if (confirm(p, ctx, e) < 0 ||
	    (p->provider->settle && p->provider->settle(p->session, ctx, e) < 0))
		return err_wrap(e, "%s", p->what);
	return 0;
}

static cJSON *
record_json(const struct dns_change *change, bool becomes)
{
	const struct dns_rrset *rrset = becomes ? &change->becomes : &change->was;
	cJSON *record = cJSON_CreateObject();

	json_add_string(record, "name", change->name);
	json_add_string(record, "type", change->type);
	json_add(record, "values", step_texts_json(&rrset->values));
	json_add_int(record, "ttl", rrset->values.count ? rrset->ttl : 0);
	return record;
}

/* What a single name has, whatever the types are: for the outputs of a runbook. */
static void
add_values(const struct dns_plan *p, bool becomes, cJSON *object)
{
	cJSON *values = cJSON_CreateArray();
	uint32_t ttl = 0;

	for (size_t i = 0; i < p->changes.count; i++) {
		const struct dns_change *change = &p->changes.items[i];
		const struct dns_rrset *rrset = becomes ? &change->becomes : &change->was;

		for (size_t j = 0; j < rrset->values.count; j++) {
			cJSON_AddItemToArray(values, cJSON_CreateString(rrset->values.items[j]));
			ttl = rrset->ttl;
		}
	}
	json_add(object, "values", values);
	json_add_int(object, "ttl", ttl);
}

cJSON *
dns_plan_json(const struct dns_plan *p, bool becomes)
{
	cJSON *object = cJSON_CreateObject(), *records = cJSON_CreateArray();
	bool single = true;

	for (size_t i = 0; i < p->changes.count; i++) {
		cJSON_AddItemToArray(records, record_json(&p->changes.items[i], becomes));
		single = single && strcmp(p->changes.items[i].name, p->changes.items[0].name) == 0;
	}
	json_add(object, "records", records);
	if (single)
		add_values(p, becomes, object);
	return object;
}

int
dns_plan_load_json(const cJSON *object, struct dns_changes *ret_changes, struct err *e)
{
	struct dns_changes changes = { 0 };
	const cJSON *record;

	cJSON_ArrayForEach(record, json_at(object, "records")) {
		struct dns_change *change = VEC_PUSH(changes.items, changes.count, changes.cap);

		change->name = xstrdup(json_string(record, "name", ""));
		change->type = xstrdup(json_string(record, "type", ""));
		change->becomes.ttl = (uint32_t)json_int(record, "ttl", 0);
		if (dns_values_load(json_at(record, "values"), change->type,
				    &change->becomes.values, e) < 0) {
			dns_changes_release(&changes);
			return -1;
		}
	}
	*ret_changes = changes;
	return 0;
}

cJSON *
dns_plan_seen(const struct dns_plan *p, struct step_context *ctx)
{
	cJSON *seen = dns_plan_json(p, false);
	char *serial = p->provider->serial(p->session, ctx);

	json_add_string(seen, "serial", serial);
	free(serial);
	return seen;
}
