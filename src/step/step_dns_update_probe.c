#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "step/step_dns_update.h"

enum { SETTLE_MS = 2000 };

/* The record before the update, as the preview saw it. */
struct past {
	bool known;
	struct step_texts values;
	uint32_t ttl;
	const char *serial;
};

/* Whether a server has exactly this record; an authoritative one tells the whole time to live. */
static bool
has_record(const struct dns_view *view, const struct step_texts *values, uint32_t ttl)
{
	struct step_texts has = { 0 };
	bool equal;

	dns_values_copy(&view->answer, &has);
	equal = step_texts_equal(&has, values) && (values->count == 0 || view->answer.ttl == ttl);
	step_texts_release(&has);
	return equal;
}

/* An answer that says what the server has, be it that it has none. */
static bool
has_spoken(const struct dns_view *view)
{
	return !view->failed && view->answer.authoritative &&
	       (strcmp(view->answer.rcode, "NOERROR") == 0 ||
		strcmp(view->answer.rcode, "NXDOMAIN") == 0);
}

static void
judge_server(const struct dns_change *c, const struct past *past, const struct dns_view *view,
	     struct step_context *ctx, struct probe *probe, size_t *is_new, size_t *is_old)
{
	bool spoken = has_spoken(view), newer = spoken && has_record(view, &c->values, c->ttl);
	bool older = spoken && past->known && has_record(view, &past->values, past->ttl);
	char *serial = dns_change_serial(c, view, ctx);
	struct str line = STR_INIT;

	str_printf(&line, "%s: ", view->label);
	dns_view_text(view, &line);
	str_printf(&line, "; serial %s", serial);
	if (past->serial)
		str_printf(&line, " (the preview saw %s at the primary)", past->serial);
	if (newer)
		str_append(&line,
			   c->back ? "; as it was before the step" : "; as this step sets it");
	else if (older)
		str_append(&line, "; as the preview saw it");
	else if (past->known && spoken)
		str_printf(&line, "; NEITHER what %s nor what the preview saw",
			   c->back ? "was there before the step" : "this step sets");
	probe_add(probe, "%s", line.data);
	*is_new += newer;
	*is_old += older;
	str_release(&line);
	free(serial);
}

/* A server works on what it got in a moment: after that, what it shows is the end of it. */
static int
settle(struct step_context *ctx, const struct action *action, struct err *e)
{
	int64_t left_ms = step_writing_ms(action) + SETTLE_MS - clock_wall_ms();

	if (step_writing_ms(action) < 0 || left_ms <= 0)
		return 0;
	ctx->progress(ctx, "waiting a moment: the update may be under way");
	if (cancel_sleep(ctx->cancel, left_ms < SETTLE_MS ? left_ms : SETTLE_MS))
		return err_set(e, ERR_CANCELLED, "dns.update: cancelled before looking");
	return 0;
}

/* Asks every server of the zone whether it has the values of the change, or what the preview saw. */
static int
ask_servers(const struct dns_change *c, struct step_context *ctx, const struct action *action,
	    struct probe *probe, enum probe_verdict *ret_verdict, struct err *e)
{
	struct past past = { .known = json_at(action->seen, "values") != NULL,
			     .ttl = (uint32_t)json_int(action->seen, "ttl", 0),
			     .serial = json_string(action->seen, "serial", NULL) };
	const struct dns_view *primary = &c->primary.items[0];
	struct dns_views views = { 0 };
	size_t is_new = 0, is_old = 0;
	int rc = -1;

	/* the primary may be hidden, that is, none of the zone's name servers */
	if (dns_values_load(json_at(action->seen, "values"), c->type, &past.values, e) < 0 ||
	    dns_views_add_authoritative(&views, ctx, action, e) < 0 ||
	    dns_views_add(&views, primary->host, primary->port, true, e) < 0 ||
	    dns_views_ask(&views, ctx, c->name, c->type, e) < 0)
		goto out;
	for (size_t i = 0; i < views.count; i++)
		judge_server(c, &past, &views.items[i], ctx, probe, &is_new, &is_old);
	if (is_new == views.count)
		*ret_verdict = PROBE_DONE;
	else if (is_old == views.count)
		*ret_verdict = PROBE_NOT_DONE;
	else
		probe_add(probe, "%zu of %zu servers show the new record, %zu the old one", is_new,
			  views.count, is_old);
	rc = 0;
out:
	step_texts_release(&past.values);
	dns_views_release(&views);
	return rc;
}

/* `before`: of taking the change back, what the record was; NULL: of making it. */
static int
look(struct step_context *ctx, const struct action *action, const cJSON *before,
     struct probe *probe, enum probe_verdict *ret_verdict, struct err *e)
{
	struct dns_change c = { 0 };
	int rc;

	if (step_writing_ms(action) < 0) {
		probe_add(probe, "No update was sent: it would be on record");
		*ret_verdict = PROBE_NOT_DONE;
		return 0;
	}
	if (settle(ctx, action, e) < 0)
		return -1;
	rc = dns_change_init(&c, ctx, action, e);
	if (rc == 0 && before)
		rc = dns_change_turn(&c, before, e);
	if (rc == 0)
		rc = ask_servers(&c, ctx, action, probe, ret_verdict, e);
	dns_change_release(&c);
	return rc;
}

int
dns_update_probe(struct step_context *ctx, const struct action *action, struct probe *probe,
		 enum probe_verdict *ret_verdict, struct err *e)
{
	return look(ctx, action, NULL, probe, ret_verdict, e);
}

int
dns_update_undo_probe(struct step_context *ctx, const struct action *action, const cJSON *before,
		      struct probe *probe, enum probe_verdict *ret_verdict, struct err *e)
{
	return look(ctx, action, before, probe, ret_verdict, e);
}
