#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "step/step_dns_update.h"

static int
conflict(const struct dns_change *c, const struct step_texts *ours, struct err *e)
{
	char *put = step_texts_join(ours), *present = step_texts_join(&c->present);

	err_set(e, ERR_CONFLICT,
		"dns.update %s %s: %s has %s, where this step had put %s: somebody changed it. It "
		"is left alone, and nothing was sent",
		c->name, c->type, c->primary.items[0].label, present, put);
	free(present);
	free(put);
	return -1;
}

int
dns_change_turn(struct dns_change *c, const cJSON *before, struct err *e)
{
	step_texts_release(&c->values);
	c->back = true;
	if (!cJSON_IsArray(json_at(before, "values")))
		return err_set(
			e, ERR_SPEC,
			"dns.update %s %s: the journal does not say what the record was before",
			c->name, c->type);
	c->ttl = (uint32_t)json_int(before, "ttl", 0);
	return dns_values_load(json_at(before, "values"), c->type, &c->values, e);
}

/* Turns the change round: the old record, in the place of what we had put there, or where it is already. */
static int
reverse(struct dns_change *c, const cJSON *before, struct err *e)
{
	struct step_texts ours = c->values;
	int rc = -1;

	c->values = (struct step_texts){ 0 };
	if (dns_change_turn(c, before, e) < 0)
		goto out;
	if (!step_texts_equal(&c->present, &ours) && !step_texts_equal(&c->present, &c->values)) {
		conflict(c, &ours, e);
		goto out;
	}
	for (size_t i = 0; i < c->present.count; i++)
		step_texts_push(&c->expected, xstrdup(c->present.items[i]));
	rc = 0;
out:
	step_texts_release(&ours);
	return rc;
}

/* What is put back was shown, in the place of what was shown. */
static int
check_seen(const struct dns_change *c, const struct action *action, struct err *e)
{
	const cJSON *values = json_at(action->seen, "values");
	struct step_texts seen = { 0 };
	int rc = 0;

	if (!values)
		return 0;
	if (dns_values_load(values, c->type, &seen, e) < 0)
		return -1;
	if (!step_texts_equal(&seen, &c->present))
		rc = err_set(e, ERR_CONFLICT,
			     "dns.update %s %s: %s has another record than when it was shown: "
			     "somebody changed it. Nothing was sent; look again",
			     c->name, c->type, c->primary.items[0].label);
	step_texts_release(&seen);
	return rc;
}

int
dns_update_undo_preview(struct step_context *ctx, const struct action *action, const cJSON *before,
			struct preview *preview, struct err *e)
{
	struct dns_change c;
	int rc = -1;

	if (dns_change_init(&c, ctx, action, e) < 0 || reverse(&c, before, e) < 0)
		goto out;
	if (!c.values.count && c.present.count)
		preview_add(preview, PREVIEW_TEXT, "There was no such record before the step:");
	dns_change_show(preview, &c);
	dns_change_show_request(preview, &c);
	preview_remember(preview, dns_change_seen(&c, ctx));
	rc = dns_change_show_servers(preview, &c, ctx, action, e);
out:
	dns_change_release(&c);
	return rc;
}

int
dns_update_undo(struct step_context *ctx, const struct action *action, const cJSON *before,
		struct err *e)
{
	struct dns_change c;
	char *was = NULL;
	int rc = -1;

	if (dns_change_init(&c, ctx, action, e) < 0 || reverse(&c, before, e) < 0 ||
	    check_seen(&c, action, e) < 0)
		goto out;
	was = step_texts_join(&c.present);
	if (step_begin_writing(ctx, NULL, e) < 0) {
		err_wrap(e, "dns.update %s %s: nothing was sent", c.name, c.type);
		goto out;
	}
	if (dns_change_send(&c, ctx, e) < 0 || dns_change_confirm(&c, ctx, e) < 0)
		goto out;
	dns_change_report(ctx, &c, was);
	rc = 0;
out:
	free(was);
	dns_change_release(&c);
	return rc;
}
