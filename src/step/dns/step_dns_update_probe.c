#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "step/dns/step_dns_update.h"
#include "step/step_with.h"

/* How many places have which record; each place counts once for each record. */
struct tally {
	size_t all, is_new, is_old;
};

/* An authoritative server tells the whole time to live, so that it counts, too. */
static void
judge(const struct dns_plan *p, const struct dns_change *change, const struct dns_change *past,
      const char *past_serial, const struct dns_sighting *sighting, struct probe *probe,
      struct tally *tally)
{
	bool newer = sighting->spoken && dns_rrset_equal(&sighting->rrset, &change->becomes);
	bool older = sighting->spoken && past && dns_rrset_equal(&sighting->rrset, &past->becomes);
	struct str line = STR_INIT;

	if (p->changes.count > 1)
		str_printf(&line, "%s %s at ", change->name, change->type);
	str_printf(&line, "%s: %s; serial %s", sighting->place, sighting->text,
		   sighting->serial ? sighting->serial : "unknown");
	if (past_serial)
		str_printf(&line, " (the preview saw %s at the primary)", past_serial);
	if (newer)
		str_append(&line,
			   p->back ? "; as it was before the step" : "; as this step sets it");
	else if (older)
		str_append(&line, "; as the preview saw it");
	else if (past && sighting->spoken)
		str_printf(&line, "; NEITHER what %s nor what the preview saw",
			   p->back ? "was there before the step" : "this step sets");
	probe_add(probe, "%s", line.data);
	tally->all++;
	tally->is_new += newer;
	tally->is_old += older;
	str_release(&line);
}

static int
look_for(const struct dns_plan *p, const struct dns_change *change, const struct dns_changes *past,
	 struct step_context *ctx, const struct action *action, struct probe *probe,
	 struct tally *tally, struct err *e)
{
	const struct dns_change *was = dns_changes_find(past, change->name, change->type);
	struct dns_sightings sightings = { 0 };
	int rc = p->provider->look(p->session, ctx, change->name, change->type, &sightings, e);

	for (size_t i = 0; rc == 0 && i < sightings.count; i++)
		judge(p, change, was, json_string(action->seen, "serial", NULL),
		      &sightings.items[i], probe, tally);
	dns_sightings_release(&sightings);
	return rc;
}

/* A record that neither goes nor comes would look as if nothing had happened, or all. */
static bool
tells_nothing(const struct dns_change *change, const struct dns_changes *past)
{
	const struct dns_change *was = dns_changes_find(past, change->name, change->type);

	return was && dns_rrset_equal(&was->becomes, &change->becomes);
}

/* Asks every place that must show it whether it has what the change leads to, or what the preview saw. */
static int
look_for_all(const struct dns_plan *p, struct step_context *ctx, const struct action *action,
	     struct probe *probe, enum probe_verdict *ret_verdict, struct err *e)
{
	struct dns_changes past = { 0 };
	struct tally tally = { 0 };
	bool under_way = false;
	int rc = dns_plan_load_json(action->seen, &past, e);

	if (rc == 0)
		rc = p->provider->quiet(p->session, ctx, action, probe, &under_way, e);
	for (size_t i = 0; rc == 0 && i < p->changes.count; i++)
		if (!tells_nothing(&p->changes.items[i], &past))
			rc = look_for(p, &p->changes.items[i], &past, ctx, action, probe, &tally,
				      e);
	dns_changes_release(&past);
	if (rc < 0)
		return -1;
	if (under_way)
		return 0;
	if (tally.all && tally.is_new == tally.all)
		*ret_verdict = PROBE_DONE;
	else if (tally.all && tally.is_old == tally.all)
		*ret_verdict = PROBE_NOT_DONE;
	else
		probe_add(probe, "%zu of %zu %s show the new record, %zu the old one", tally.is_new,
			  tally.all, p->changes.count > 1 ? "looks" : "servers", tally.is_old);
	return 0;
}

/* `before`: of taking the change back, what was there; NULL: of making it. */
static int
look(struct step_context *ctx, const struct action *action, const cJSON *before,
     struct probe *probe, enum probe_verdict *ret_verdict, struct err *e)
{
	struct dns_plan p;
	int rc;

	if (step_writing_ms(action) < 0) {
		probe_add(probe, "No update was sent: it would be on record");
		*ret_verdict = PROBE_NOT_DONE;
		return 0;
	}
	rc = dns_plan_open(&p, ctx, action, e);
	if (rc == 0 && before)
		rc = dns_plan_turn(&p, before, e);
	if (rc == 0)
		rc = look_for_all(&p, ctx, action, probe, ret_verdict, e);
	dns_plan_release(&p);
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
