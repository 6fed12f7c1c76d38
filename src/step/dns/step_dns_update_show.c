#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "step/dns/step_dns.h"
#include "step/dns/step_dns_update.h"

/* What a preview of dns.update is made of, and the line of its result. */

static void
show_lines(struct preview *preview, enum preview_mark mark, const struct dns_change *change,
	   const struct dns_rrset *rrset)
{
	for (size_t i = 0; i < rrset->values.count; i++)
		preview_add(preview, mark, "%s %u IN %s %s", change->name, rrset->ttl, change->type,
			    rrset->values.items[i]);
}

/* How long a resolver that has just asked may keep what it got. */
static void
show_old_ttl(const struct dns_plan *p, struct preview *preview)
{
	char longest[CLOCK_STAMP_MAX];
	uint32_t ttl = 0;

	for (size_t i = 0; i < p->changes.count; i++) {
		const struct dns_change *change = &p->changes.items[i];

		if (change->was.values.count && !dns_change_is_condition(change) &&
		    change->was.ttl > ttl)
			ttl = change->was.ttl;
	}
	if (ttl)
		preview_add(preview, PREVIEW_TEXT,
			    "Resolvers may go on with the old data for %s, its TTL",
			    duration_format_brief((int64_t)ttl * 1000, longest));
}

void
dns_plan_show(const struct dns_plan *p, struct preview *preview)
{
	bool anything = dns_plan_changes_anything(p);

	if (!anything)
		preview_add(preview, PREVIEW_TEXT,
			    "%s like this already, and nothing will be sent:",
			    p->changes.count == 1 ? "The record is" : "The records are");
	for (size_t i = 0; i < p->changes.count; i++) {
		const struct dns_change *change = &p->changes.items[i];

		if (dns_change_is_condition(change)) {
			show_lines(preview, PREVIEW_CONTEXT, change, &change->was);
			continue;
		}
		show_lines(preview, PREVIEW_REMOVE, change, &change->was);
		show_lines(preview, PREVIEW_ADD, change, &change->becomes);
	}
	if (!anything)
		return;
	p->provider->describe(p->session, &p->changes, preview);
	show_old_ttl(p, preview);
}

/* An RRset that is neither there nor to come is a condition, and no news. */
static bool
is_of_interest(const struct dns_change *change)
{
	return change->was.values.count || change->becomes.values.count;
}

/* "now at ns1.example.com (192.0.2.53:53): 192.0.2.1, TTL 300": the record is named where there are several. */
static void
show_place(const struct dns_plan *p, const struct dns_change *change, const char *place,
	   const char *text, struct preview *preview)
{
	if (p->changes.count == 1)
		preview_add(preview, PREVIEW_TEXT, "now at %s: %s", place, text);
	else
		preview_add(preview, PREVIEW_TEXT, "now at %s: %s %s: %s", place, change->name,
			    change->type, text);
}

static int
show_authorities(const struct dns_plan *p, const struct dns_change *change,
		 struct step_context *ctx, struct preview *preview, struct err *e)
{
	struct dns_sightings sightings = { 0 };
	struct err failure = ERR_INIT;

	if (p->provider->look(p->session, ctx, change->name, change->type, &sightings, &failure) <
	    0) {
		if (failure.kind == ERR_CANCELLED)
			return err_set(e, failure.kind, "%s", failure.message);
		preview_add(preview, PREVIEW_WARNING, "%s", failure.message);
	}
	for (size_t i = 0; i < sightings.count; i++)
		show_place(p, change, sightings.items[i].place, sightings.items[i].text, preview);
	dns_sightings_release(&sightings);
	return 0;
}

static int
show_resolvers(const struct dns_plan *p, const struct dns_change *change, struct dns_views *views,
	       struct step_context *ctx, struct preview *preview, struct err *e)
{
	if (dns_views_ask(views, ctx, change->name, change->type, e) < 0)
		return -1;
	for (size_t i = 0; i < views->count; i++) {
		struct str text = STR_INIT;

		dns_view_text(&views->items[i], &text);
		show_place(p, change, views->items[i].label, text.data, preview);
		str_release(&text);
	}
	return 0;
}

/* What every server and resolver has at present: who will be late. */
int
dns_plan_show_places(const struct dns_plan *p, struct step_context *ctx,
		     const struct action *action, struct preview *preview, struct err *e)
{
	struct dns_views resolvers = { 0 };
	int rc = dns_views_add_resolvers(&resolvers, action, e);

	for (size_t i = 0; rc == 0 && i < p->changes.count; i++) {
		const struct dns_change *change = &p->changes.items[i];

		if (!is_of_interest(change))
			continue;
		ctx->progress(ctx, "asking who shows what for %s %s", change->name, change->type);
		rc = show_authorities(p, change, ctx, preview, e);
		if (rc == 0)
			rc = show_resolvers(p, change, &resolvers, ctx, preview, e);
	}
	dns_views_release(&resolvers);
	return rc;
}

void
dns_plan_report(const struct dns_plan *p, struct step_context *ctx)
{
	struct str out = STR_INIT;

	for (size_t i = 0; i < p->changes.count; i++) {
		const struct dns_change *change = &p->changes.items[i];
		char *was = dns_rrset_text(&change->was), *is = dns_rrset_text(&change->becomes);

		if (is_of_interest(change))
			str_printf(&out, "%s %s at %s: %s -> %s", change->name, change->type,
				   p->label, was, is);
		if (is_of_interest(change) && change->becomes.values.count)
			str_printf(&out, ", TTL %u", change->becomes.ttl);
		if (is_of_interest(change))
			str_append_char(&out, '\n');
		free(is);
		free(was);
	}
	ctx->output(ctx, str_cstr(&out), out.len);
	str_release(&out);
}
