#include "config.h"

#include "step/dns/step_dns_wait.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "net/socket/wait.h"
#include "step/steps.h"

enum {
	DEFAULT_INTERVAL_MS = 2000,
	MIN_INTERVAL_MS = 50,
	DEFAULT_STABLE = 3,
	MAX_STABLE = 100,
	MAX_OLD_TTL_S = 7 * 86400,
	TABLES_MAX = 30,
	TABLE_PAUSE_MS = 1000,
	GATHER_MS = 100
};

static const char *const types[] = { "A", "AAAA", "CNAME", "MX", "NS", "SRV", "TXT", NULL };
static const char *const whom[] = { "all", "authoritative", NULL };

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
	{ .name = "internal_values",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "What the target's internal resolvers must show in their place, where the inner "
		  "network has a record of its own." },
	{ .name = "require",
	  .type = FIELD_CHOICE,
	  .choices = whom,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "all",
	  .help = "Who must show them: every server, or the authoritative ones alone; the others "
		  "are watched and listed as well." },
	{ .name = "stable",
	  .type = FIELD_INT,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "3",
	  .help = "How many times in a row a resolver must show them: it is often many caches "
		  "behind one address, and each answer may come from another one." },
	{ .name = "old_ttl",
	  .type = FIELD_INT,
	  .flags = FIELD_TEMPLATE,
	  .help = "The TTL of the record before the change, in seconds, as in `before.ttl` of "
		  "dns.update: so long may resolvers keep the old answer. Otherwise it is learnt "
		  "from servers that still show it." },
	{ .name = "interval",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "2s",
	  .help = "How long to wait before a server is asked again; one whose old answer has a "
		  "long way to go is asked less often." },
	{ .name = "timeout",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .help = "When to give up, whatever TTLs say. If not given: 10 minutes for the "
		  "authoritative servers; and from the moment when the last of them shows the "
		  "values, "
		  "the old TTL (a minute at least) and a little more for the resolvers." },
	{ .name = NULL },
};

void
wait_release(struct wait *w)
{
	wait_unwatch(w);
	for (size_t i = 0; w->servers && i < w->views.count; i++)
		for (size_t j = 0; j < w->servers[i].history_count; j++)
			free(w->servers[i].history[j].said);
	free(w->servers);
	step_texts_release(&w->values);
	step_texts_release(&w->internal_values);
	dns_views_release(&w->views);
	dns_views_release(&w->asking);
	dns_look_release(&w->look);
	cancel_free(w->stop);
	if (w->wake_fd >= 0)
		close(w->wake_fd);
	pthread_mutex_destroy(&w->lock);
}

static int
check_numbers(const struct wait *w, struct err *e)
{
	if (w->stable < 1 || w->stable > MAX_STABLE)
		return err_set(e, ERR_SPEC, "`stable` is %d: 1 to %d samples are possible",
			       w->stable, MAX_STABLE);
	if (w->old_ttl_s < 0 || w->old_ttl_s > MAX_OLD_TTL_S)
		return err_set(e, ERR_SPEC,
			       "`old_ttl` is %lld: 0 to %d seconds are possible, as no cache keeps "
			       "anything for longer",
			       (long long)w->old_ttl_s, MAX_OLD_TTL_S);
	return 0;
}

static int
choose_servers(struct wait *w, struct step_context *ctx, const struct action *action, struct err *e)
{
	if (dns_views_add_authoritative(&w->views, ctx, action, e) < 0 ||
	    dns_views_add_resolvers(&w->views, action, e) < 0 ||
	    dns_views_add_internal(&w->views, action, e) < 0)
		return -1;
	w->servers = xcalloc(w->views.count, sizeof(*w->servers));
	for (size_t i = 0; i < w->views.count; i++)
		w->servers[i].serial = w->servers[i].refresh_s = -1;
	return 0;
}

int
wait_init(struct wait *w, struct step_context *ctx, const struct action *action, struct err *e)
{
	int64_t now_ms = clock_mono_ms(), seen_s = json_int(action->seen, "old_ttl", 0);

	*w = (struct wait){
		.name = json_string(action->with, "name", ""),
		.type = json_string(action->with, "type", "A"),
		.zone = json_string(dns_target_spec(action), "zone", ""),
		.authoritative_only =
			strcmp(json_string(action->with, "require", "all"), "authoritative") == 0,
		.stable = (int)json_int(action->with, "stable", DEFAULT_STABLE),
		.interval_ms = json_int(action->with, "interval", DEFAULT_INTERVAL_MS),
		.timeout_ms = json_int(action->with, "timeout", -1),
		.old_ttl_s = json_int(action->with, "old_ttl", 0),
		.begin_ms = now_ms,
		.unsettled_ms = now_ms,
		.wall_offset_ms = clock_wall_ms() - now_ms,
		.wake_fd = -1,
	};
	pthread_mutex_init(&w->lock, NULL);
	if (w->interval_ms < MIN_INTERVAL_MS)
		w->interval_ms = MIN_INTERVAL_MS;
	if (check_numbers(w, e) < 0 || dns_name_check(w->name, e) < 0 ||
	    dns_values_load(json_at(action->with, "values"), w->type, &w->values, e) < 0 ||
	    dns_values_load(json_at(action->with, "internal_values"), w->type, &w->internal_values,
			    e) < 0 ||
	    dns_look_init(&w->look, action, w->name, w->type, e) < 0 ||
	    choose_servers(w, ctx, action, e) < 0)
		return err_wrap(e, "dns.wait %s %s", w->name, w->type);
	if (seen_s > w->old_ttl_s)
		w->old_ttl_s = seen_s;
	return 0;
}

/* Clients that prefer the other family go where that leads, whatever this record says. Appends a sentence or nothing. */
static int
look_at_other_family(struct wait *w, struct step_context *ctx, struct str *out, struct err *e)
{
	const char *other = strcmp(w->type, "A") == 0 ? "AAAA" : "A";
	struct dns_view *view = NULL;
	struct str text = STR_INIT;

	if (strcmp(w->type, "A") != 0 && strcmp(w->type, "AAAA") != 0)
		return 0;
	for (size_t i = 0; i < w->views.count && !view; i++)
		if (w->views.items[i].authoritative && dns_view_counts(&w->views.items[i]))
			view = &w->views.items[i];
	if (!view)
		return 0;
	if (dns_view_ask(view, ctx, w->name, other, e) < 0)
		return err_wrap(e, "dns.wait %s %s", w->name, w->type);
	if (!view->failed && view->answer.count) {
		dns_view_text(view, &text);
		str_printf(out,
			   "%s has %s records too, which this step does not look at: %s. If they "
			   "lead to the old place, clients still go there",
			   w->name, other, text.data);
	}
	str_release(&text);
	return 0;
}

/* What was told: a table where something has changed, but not too many, and a sentence where it is another one. */
struct told {
	unsigned shown; /* value of wait.changes at the last table */
	int tables;
	int64_t table_ms;
	char *progress;
};

static void
add_table(struct told *t, const struct wait *w, const struct wait_standing *standing,
	  struct str *out)
{
	bool last = standing->there == standing->required || standing->expired;

	if (!last && (t->shown == w->changes || t->tables >= TABLES_MAX || !standing->complete ||
		      (t->tables && clock_mono_ms() - t->table_ms < TABLE_PAUSE_MS)))
		return;
	t->shown = w->changes;
	t->table_ms = clock_mono_ms();
	if (++t->tables == TABLES_MAX)
		str_append(out, "(The next table comes at the end.)\n");
	wait_table(w, standing, out);
}

/*
 * Tells what is to be told now; not under the lock, as that may take its time. *ret_result is set when all are there: what
 * comes in later is not what was judged.
 */
static int
tell(struct wait *w, struct step_context *ctx, struct told *told,
     struct wait_standing *ret_standing, cJSON **ret_result, struct err *e)
{
	struct str progress = STR_INIT, table = STR_INIT;
	int rc;

	pthread_mutex_lock(&w->lock);
	*ret_standing = wait_stand(w);
	wait_progress_text(w, ret_standing, &progress);
	add_table(told, w, ret_standing, &table);
	rc = w->fatal.kind ? err_set(e, w->fatal.kind, "dns.wait %s %s: %s", w->name, w->type,
				     w->fatal.message)
			   : 0;
	if (rc == 0 && ret_standing->there == ret_standing->required)
		*ret_result = wait_result(w);
	pthread_mutex_unlock(&w->lock);
	if (rc == 0 && !str_equal(told->progress, progress.data))
		ctx->progress(ctx, "%s", progress.data);
	if (rc == 0 && table.len)
		ctx->output(ctx, table.data, table.len);
	free(told->progress);
	told->progress = str_take(&progress);
	str_release(&table);
	return rc;
}

/* Until a thread has learnt something, the deadline has come, or somebody cancels. */
static int
sleep_until_news(struct wait *w, struct step_context *ctx, int64_t deadline_ms, struct err *e)
{
	int64_t look_again_ms = clock_mono_ms() + TABLE_PAUSE_MS;
	struct err ignored_failure = ERR_INIT;
	eventfd_t ignored;

	/* what several servers say at a time is told at a time */
	if (wait_fd(w->wake_fd, POLLIN, deadline_ms < look_again_ms ? deadline_ms : look_again_ms,
		    ctx->cancel, &ignored_failure) == 0 &&
	    !cancel_sleep(ctx->cancel, GATHER_MS))
		eventfd_read(w->wake_fd, &ignored);
	if (cancel_requested(ctx->cancel))
		return err_set(e, ERR_CANCELLED, "dns.wait %s %s: cancelled", w->name, w->type);
	return 0;
}

static int
follow_servers(struct wait *w, struct step_context *ctx, cJSON **ret_result, struct err *e)
{
	struct wait_standing standing;
	struct told told = { 0 };
	int rc = tell(w, ctx, &told, &standing, ret_result, e);

	while (rc == 0 && !*ret_result && !standing.expired) {
		rc = sleep_until_news(w, ctx, standing.deadline_ms, e);
		if (rc == 0)
			rc = tell(w, ctx, &told, &standing, ret_result, e);
	}
	free(told.progress);
	if (rc < 0 || *ret_result)
		return rc;
	pthread_mutex_lock(&w->lock);
	wait_give_up(w, &standing, e);
	pthread_mutex_unlock(&w->lock);
	return -1;
}

/* A cache that was seen with the old answer may be asked by somebody still, though the samples are new. */
static void
output_afterthoughts(struct wait *w, struct step_context *ctx, const char *warning)
{
	struct wait_standing standing = wait_stand(w);
	char stamp[CLOCK_STAMP_MAX];
	struct str out = STR_INIT;

	for (size_t i = 0; i < w->views.count; i++) {
		int64_t until_ms = wait_old_until_ms(w, &standing, i);

		if (w->servers[i].state == DNS_STATE_NEW && until_ms > clock_mono_ms())
			str_printf(&out,
				   "%s: a cache of it was seen with the old answer, and may give "
				   "it until %s\n",
				   w->views.items[i].label, wait_clock(w, until_ms, stamp));
	}
	if (*warning)
		str_printf(&out, "Warning: %s\n", warning);
	if (out.len)
		ctx->output(ctx, out.data, out.len);
	str_release(&out);
}

static int
wait_run(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	struct str warning = STR_INIT;
	cJSON *result = NULL;
	struct wait w;
	int rc = -1;

	if (wait_init(&w, ctx, action, e) < 0 || wait_watch(&w, e) < 0 ||
	    follow_servers(&w, ctx, &result, e) < 0)
		goto out;
	wait_unwatch(&w);
	if (look_at_other_family(&w, ctx, &warning, e) < 0)
		goto out;
	output_afterthoughts(&w, ctx, str_cstr(&warning));
	json_add_string(result, "warning", warning.len ? warning.data : NULL);
	*ret_result = result;
	result = NULL;
	rc = 0;
out:
	cJSON_Delete(result);
	str_release(&warning);
	wait_release(&w);
	return rc;
}

/* One round of questions, so that it is seen where things stand before anybody waits. */
static int
look_once(struct wait *w, struct step_context *ctx, struct err *e)
{
	if (dns_views_look(&w->views, ctx, &w->look, e) < 0)
		return err_wrap(e, "dns.wait %s %s", w->name, w->type);
	for (size_t i = 0; i < w->views.count; i++)
		wait_take_sample(w, i);
	return 0;
}

static void
preview_servers(const struct wait *w, const struct wait_standing *standing, struct preview *preview)
{
	for (size_t i = 0; i < w->views.count; i++) {
		const struct dns_view *view = &w->views.items[i];
		struct str now = STR_INIT;

		wait_server_text(w, standing, i, &now);
		preview_add(preview, PREVIEW_REQUEST, "%s, %s%s; now: %s", view->label,
			    dns_group_name(view->group),
			    wait_is_required(w, i) ? "" : ", not waited for", now.data);
		str_release(&now);
	}
}

/* When at the latest everybody is there, and when the step gives up. */
static void
preview_times(const struct wait *w, const struct wait_standing *s, struct preview *preview)
{
	char ttl[CLOCK_STAMP_MAX], first[CLOCK_STAMP_MAX], time[CLOCK_STAMP_MAX];

	duration_format(s->old_ttl_ms, ttl);
	if (s->there == s->required)
		preview_add(preview, PREVIEW_TEXT, "All of them show it already.");
	else if (!s->flipped && s->old_ttl_ms)
		preview_add(preview, PREVIEW_TEXT,
			    "Resolvers may keep the old answer for %s%s after the last "
			    "authoritative server has the new one.",
			    ttl, s->old_ttl_known ? "" : " or so");
	else if (s->flipped && s->latest_ms)
		preview_add(preview, PREVIEW_TEXT,
			    "All authoritative servers show it: the others should by %s at the "
			    "latest.",
			    wait_clock(w, s->latest_ms, time));
	if (w->timeout_ms >= 0) {
		preview_add(preview, PREVIEW_TEXT, "Gives up after %s.",
			    duration_format(w->timeout_ms, first));
		if (w->timeout_ms < s->old_ttl_ms && s->there < s->required)
			preview_add(preview, PREVIEW_WARNING,
				    "That is shorter than the old record's TTL (%s): resolvers may "
				    "rightly show the old value when it ends",
				    ttl);
		return;
	}
	preview_add(preview, PREVIEW_TEXT,
		    "Gives up after %s without all authoritative servers, and for resolvers %s "
		    "after the last of those.",
		    duration_format(WAIT_AUTHORITATIVE_MS, first),
		    duration_format((s->old_ttl_ms > WAIT_SPREAD_MIN_MS ? s->old_ttl_ms
									: WAIT_SPREAD_MIN_MS) +
					    wait_grace_ms(w),
				    time));
}

static void
preview_head(const struct wait *w, struct preview *preview)
{
	char interval[CLOCK_STAMP_MAX];
	char *values = step_texts_join(&w->values);

	preview_add(preview, PREVIEW_TEXT,
		    "Waits until each of these shows %s %s = %s, asking every %s or so:", w->name,
		    w->type, values, duration_format(w->interval_ms, interval));
	if (w->stable > 1)
		preview_add(preview, PREVIEW_TEXT, "(resolvers %d times in a row)", w->stable);
	free(values);
	if (w->internal_values.count) {
		values = step_texts_join(&w->internal_values);
		preview_add(preview, PREVIEW_TEXT, "(internal resolvers: %s)", values);
		free(values);
	}
}

static int
wait_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
	     struct err *e)
{
	struct str warning = STR_INIT;
	struct wait_standing standing;
	cJSON *seen;
	struct wait w;
	int rc = -1;

	if (wait_init(&w, ctx, action, e) < 0 || look_once(&w, ctx, e) < 0)
		goto out;
	standing = wait_stand(&w);
	preview_head(&w, preview);
	preview_servers(&w, &standing, preview);
	preview_times(&w, &standing, preview);
	if (look_at_other_family(&w, ctx, &warning, e) < 0)
		goto out;
	if (warning.len)
		preview_add(preview, PREVIEW_WARNING, "%s", warning.data);
	seen = cJSON_CreateObject();
	if (standing.old_ttl_known)
		json_add_int(seen, "old_ttl", standing.old_ttl_ms / 1000);
	preview_remember(preview, seen);
	rc = 0;
out:
	str_release(&warning);
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
		.result = "{values, servers: [{server, group, state, there, required, rcode, values, ttl, rtt_ms, aa, chain, error, samples, first_new_at, old_until, history: [{at, state, said}]}], flipped_at, duration_ms, warning}",
	},
	.preview = wait_preview,
	.run = wait_run,
};
