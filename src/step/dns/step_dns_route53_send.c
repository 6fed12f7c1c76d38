#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "net/route53/route53_name.h"
#include "step/dns/step_dns_route53_session.h"

enum {
	SETTLE_MS = 5 * 60000, /* "generally within 60 seconds", Route 53 says */
	FIRST_PAUSE_MS = 250,
	LONGEST_PAUSE_MS = 5000,
};

/* The lines of a batch, whose texts they own. */
struct batch {
	struct route53_edit *edits;
	size_t count, cap;
	struct step_texts texts, *values;
	size_t values_count, values_cap;
};

static void
batch_release(struct batch *b)
{
	for (size_t i = 0; i < b->values_count; i++)
		step_texts_release(&b->values[i]);
	free(b->values);
	free(b->edits);
	step_texts_release(&b->texts);
}

/* Takes over what `values` holds. */
static void
batch_add(struct batch *b, bool removes, char *name, const char *type, uint32_t ttl,
	  struct step_texts values)
{
	step_texts_push(&b->texts, name);
	*VEC_PUSH(b->values, b->values_count, b->values_cap) = values;
	*VEC_PUSH(b->edits, b->count, b->cap) = (struct route53_edit){
		.removes = removes,
		.name = name,
		.type = type,
		.ttl = ttl,
		.values = step_texts_array(&values),
	};
}

/* Exactly as it is there: Route 53 compares the words. */
static void
batch_add_present(struct batch *b, bool removes, const struct route53_rrset *set,
		  const struct dns_change *change)
{
	struct step_texts values = { 0 };

	for (size_t i = 0; i < set->count; i++)
		step_texts_push(&values, xstrdup(set->values[i]));
	batch_add(b, removes, xstrdup(set->name), change->type, set->ttl, values);
}

static void
batch_add_normal(struct batch *b, bool removes, const struct dns_change *change,
		 const struct dns_rrset *rrset)
{
	struct step_texts values = { 0 };

	for (size_t i = 0; i < rrset->values.count; i++)
		step_texts_push(&values, route53_value_write(change->type, rrset->values.items[i]));
	batch_add(b, removes, route53_name_write(change->name), change->type, rrset->ttl, values);
}

/*
 * A batch has no conditions. One about a set that is there is its DELETE and CREATE by the same words; one
 * about a set that must be missing, or about those that cannot be deleted, can only be looked at beforehand.
 */
static bool
can_only_be_looked_at(const struct dns_change *change)
{
	return dns_change_is_condition(change) &&
	       (change->was.values.count == 0 || strcmp(change->type, "SOA") == 0 ||
		strcmp(change->type, "NS") == 0);
}

static void
add_removal(struct batch *b, const struct dns_change *change, const struct route53_rrset *present)
{
	if (change->was.values.count == 0 || can_only_be_looked_at(change))
		return;
	if (present)
		batch_add_present(b, true, present, change);
	else
		batch_add_normal(b, true, change, &change->was);
}

static void
add_creation(struct batch *b, const struct dns_change *change, const struct route53_rrset *present)
{
	if (change->becomes.values.count == 0 || can_only_be_looked_at(change))
		return;
	if (present && dns_change_is_condition(change))
		batch_add_present(b, false, present, change);
	else
		batch_add_normal(b, false, change, &change->becomes);
}

static const struct route53_rrset *
seen_last(const struct route53_session *s, const struct dns_change *change)
{
	return route53_session_last(s, change->name, change->type);
}

static void
describe_edit(const struct route53_edit *edit, struct preview *preview)
{
	for (const char *const *value = edit->values; *value; value++)
		preview_add(preview, PREVIEW_REQUEST, "%s %s %u IN %s %s",
			    edit->removes ? "DELETE" : "CREATE", edit->name, edit->ttl, edit->type,
			    *value);
}

void
dns_route53_describe(const void *session, const struct dns_changes *changes,
		     struct preview *preview)
{
	const struct route53_session *s = session;
	char *url = route53_change_url(s->api, &s->zone);
	struct batch b = { 0 };

	for (size_t i = 0; i < changes->count; i++)
		add_removal(&b, &changes->items[i], seen_last(s, &changes->items[i]));
	for (size_t i = 0; i < changes->count; i++)
		add_creation(&b, &changes->items[i], seen_last(s, &changes->items[i]));
	preview_add(preview, PREVIEW_REQUEST, "POST %s, signed by %s", url, route53_who(s->api));
	for (size_t i = 0; i < b.count; i++)
		describe_edit(&b.edits[i], preview);
	preview_add(preview, PREVIEW_TEXT,
		    "All of it or nothing: Route 53 refuses the batch if a record set that it "
		    "deletes is not exactly as shown");
	for (size_t i = 0; i < changes->count; i++)
		if (can_only_be_looked_at(&changes->items[i]))
			preview_add(preview, PREVIEW_TEXT,
				    "%s %s is looked at just before, since a batch cannot demand "
				    "that it be %s",
				    changes->items[i].name, changes->items[i].type,
				    changes->items[i].was.values.count ? "as it is" : "missing");
	batch_release(&b);
	free(url);
}

static int
conflict(const struct route53_session *s, const struct dns_change *change,
	 const struct dns_rrset *now, struct err *e)
{
	char *is = step_texts_join(&now->values), *was = step_texts_join(&change->was.values);

	err_set(e, ERR_CONFLICT,
		"%s %s in %s is %s (TTL %u), and was %s (TTL %u): somebody changed it. Nothing was "
		"sent. Look at it again",
		change->name, change->type, s->label, is, now->ttl, was, change->was.ttl);
	free(is);
	free(was);
	return -1;
}

/* Looks once more, and takes the words of what is there. */
static int
prepare_change(struct route53_session *s, struct step_context *ctx, const struct dns_change *change,
	       struct batch *removals, struct batch *creations, struct err *e)
{
	const struct route53_rrset *present = NULL;
	const struct route53_rrsets *rrsets;
	struct dns_rrset now = { 0 };
	int rc = 0;

	if (route53_session_list(s, ctx, change->name, &rrsets, e) < 0 ||
	    route53_session_find(s, rrsets, change->name, change->type, &present, e) < 0 ||
	    route53_session_normal(present, &now, e) < 0)
		return -1;
	if (dns_rrset_equal(&now, &change->was)) {
		add_removal(removals, change, present);
		add_creation(creations, change, present);
	} else {
		rc = conflict(s, change, &now, e);
	}
	dns_rrset_release(&now);
	return rc;
}

/* What is removed goes before what is added: a CNAME makes room for addresses so. */
static int
prepare(struct route53_session *s, struct step_context *ctx, const struct dns_changes *changes,
	struct batch *removals, struct batch *creations, struct err *e)
{
	route53_session_forget(s);
	for (size_t i = 0; i < changes->count; i++)
		if (prepare_change(s, ctx, &changes->items[i], removals, creations, e) < 0)
			return -1;
	for (size_t i = 0; i < creations->count; i++)
		*VEC_PUSH(removals->edits, removals->count, removals->cap) = creations->edits[i];
	return 0;
}

int
dns_route53_send(void *session, struct step_context *ctx, const struct dns_changes *changes,
		 struct err *e)
{
	struct route53_session *s = session;
	struct batch batch = { 0 }, creations = { 0 };
	char *comment = xasprintf("lifeboat %s", ctx->idempotency_key);
	struct err ignored = ERR_INIT;
	cJSON *evidence;
	int rc = prepare(s, ctx, changes, &batch, &creations, e);

	if (rc == 0) {
		free(s->change);
		s->change = NULL;
		rc = route53_change(s->api, &s->zone, batch.edits, batch.count, comment,
				    ctx->cancel, &s->change, e);
	}
	route53_session_forget(s);
	if (rc == 0) {
		evidence = cJSON_CreateObject();
		json_add_string(evidence, "change", s->change);
		/* the change is made: that its id could not be kept takes nothing from that */
		ctx->remember(ctx, evidence, &ignored);
	}
	batch_release(&batch);
	batch_release(&creations);
	free(comment);
	return rc;
}

/* It is made, and on its way: only that nobody can tell how far it is. */
static int
not_watched(const struct route53_session *s, struct step_context *ctx, const struct err *why)
{
	struct str out = STR_INIT;

	str_printf(&out,
		   "Route 53 made the change %s; whether all of its servers have it by now cannot "
		   "be seen: %s\n",
		   s->change, why->message);
	ctx->output(ctx, out.data, out.len);
	str_release(&out);
	return 0;
}

static int
not_everywhere(const struct route53_session *s, const char *why, struct err *e)
{
	err_set(e, ERR_UNKNOWN_OUTCOME,
		"Route 53 made the change %s, but did not say that all of its servers have it: %s",
		s->change, why);
	return err_advise(e, "Look whether they do; do not send it again");
}

int
dns_route53_settle(void *session, struct step_context *ctx, struct err *e)
{
	struct route53_session *s = session;
	int64_t begin_ms = clock_mono_ms(), pause_ms = FIRST_PAUSE_MS;
	struct err why = ERR_INIT;
	bool is_everywhere = false;

	for (;;) {
		if (route53_change_is_everywhere(s->api, s->change, ctx->cancel, &is_everywhere,
						 &why) < 0)
			return why.kind == ERR_DENIED ? not_watched(s, ctx, &why)
						      : not_everywhere(s, why.message, e);
		if (is_everywhere)
			return 0;
		ctx->progress(ctx, "Route 53 made the change %s and tells its servers (%lld s)",
			      s->change, (long long)(clock_mono_ms() - begin_ms) / 1000);
		if (clock_mono_ms() - begin_ms > SETTLE_MS)
			return not_everywhere(s, "it is still PENDING after 5 minutes", e);
		if (cancel_sleep(ctx->cancel, pause_ms))
			return not_everywhere(s, "cancelled while it was PENDING", e);
		pause_ms = pause_ms * 2 < LONGEST_PAUSE_MS ? pause_ms * 2 : LONGEST_PAUSE_MS;
	}
}
