#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "step/dns/step_dns_update.h"

int
dns_plan_turn(struct dns_plan *p, const cJSON *before, struct err *e)
{
	struct dns_changes past = { 0 };
	int rc = -1;

	p->back = true;
	if (!cJSON_IsArray(json_at(before, "records")))
		return err_set(e, ERR_SPEC,
			       "%s: the journal does not say what was there before the step",
			       p->what);
	if (dns_plan_load_json(before, &past, e) < 0)
		goto out;
	for (size_t i = 0; i < p->changes.count; i++) {
		struct dns_change *change = &p->changes.items[i];
		const struct dns_change *was = dns_changes_find(&past, change->name, change->type);

		if (!was) {
			err_set(e, ERR_SPEC,
				"%s: the journal does not say what %s %s was before the step",
				p->what, change->name, change->type);
			goto out;
		}
		dns_rrset_release(&change->becomes);
		dns_rrset_copy(&was->becomes, &change->becomes);
	}
	rc = 0;
out:
	dns_changes_release(&past);
	return rc;
}

static int
conflict(const struct dns_plan *p, const struct dns_change *change, const struct dns_rrset *ours,
	 struct err *e)
{
	char *put = dns_rrset_text(ours), *is = dns_rrset_text(&change->was);

	err_set(e, ERR_CONFLICT,
		"%s: for %s %s %s has %s, where this step had put %s: somebody changed it. It is "
		"left "
		"alone, and nothing was sent",
		p->what, change->name, change->type, p->label, is, put);
	free(is);
	free(put);
	return -1;
}

/* Each record is as we left it, or is back already; then the old one takes its place. */
static int
reverse(struct dns_plan *p, const cJSON *before, struct err *e)
{
	struct dns_rrset *ours = xcalloc(p->changes.count, sizeof(*ours));
	int rc;

	for (size_t i = 0; i < p->changes.count; i++)
		dns_rrset_copy(&p->changes.items[i].becomes, &ours[i]);
	rc = dns_plan_turn(p, before, e);
	for (size_t i = 0; i < p->changes.count; i++) {
		const struct dns_change *change = &p->changes.items[i];

		if (rc == 0 && !step_texts_equal(&change->was.values, &ours[i].values) &&
		    !step_texts_equal(&change->was.values, &change->becomes.values))
			rc = conflict(p, change, &ours[i], e);
		dns_rrset_release(&ours[i]);
	}
	free(ours);
	return rc;
}

/* What is put back was shown, in the place of what was shown. */
static int
check_seen(const struct dns_plan *p, const struct action *action, struct err *e)
{
	struct dns_changes seen = { 0 };
	int rc = dns_plan_load_json(action->seen, &seen, e);

	for (size_t i = 0; rc == 0 && i < seen.count; i++) {
		const struct dns_change *change =
			dns_changes_find(&p->changes, seen.items[i].name, seen.items[i].type);

		if (!change ||
		    !step_texts_equal(&change->was.values, &seen.items[i].becomes.values))
			rc = err_set(e, ERR_CONFLICT,
				     "%s: %s has another record than when it was shown (%s %s): "
				     "somebody changed it. Nothing was sent; look again",
				     p->what, p->label, seen.items[i].name, seen.items[i].type);
	}
	dns_changes_release(&seen);
	return rc;
}

/* A name that got something else meanwhile cannot have its CNAME back. */
static int
prepare(struct dns_plan *p, struct step_context *ctx, const struct action *action,
	const cJSON *before, struct preview *preview, struct err *e)
{
	if (dns_plan_open(p, ctx, action, e) < 0 || dns_plan_read(p, ctx, preview, e) < 0 ||
	    reverse(p, before, e) < 0)
		return -1;
	return dns_plan_check_rules(p, ctx, e);
}

int
dns_update_undo_preview(struct step_context *ctx, const struct action *action, const cJSON *before,
			struct preview *preview, struct err *e)
{
	struct dns_plan p;
	int rc = -1;

	if (prepare(&p, ctx, action, before, preview, e) < 0)
		goto out;
	if (p.changes.count == 1 && !p.changes.items[0].becomes.values.count &&
	    p.changes.items[0].was.values.count)
		preview_add(preview, PREVIEW_TEXT, "There was no such record before the step:");
	dns_plan_show(&p, preview);
	preview_remember(preview, dns_plan_seen(&p, ctx));
	rc = dns_plan_show_places(&p, ctx, action, preview, e);
out:
	dns_plan_release(&p);
	return rc;
}

int
dns_update_undo(struct step_context *ctx, const struct action *action, const cJSON *before,
		struct err *e)
{
	struct dns_plan p;
	int rc = -1;

	if (prepare(&p, ctx, action, before, NULL, e) < 0 || check_seen(&p, action, e) < 0)
		goto out;
	if (dns_plan_changes_anything(&p)) {
		if (step_begin_writing(ctx, NULL, e) < 0) {
			err_wrap(e, "%s: nothing was sent", p.what);
			goto out;
		}
		if (dns_plan_send(&p, ctx, e) < 0)
			goto out;
	}
	dns_plan_report(&p, ctx);
	rc = 0;
out:
	dns_plan_release(&p);
	return rc;
}
