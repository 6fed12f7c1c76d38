#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "step/step_dns_update.h"
#include "step/steps.h"

enum { UPDATE_TIMEOUT_MS = 10000, DEFAULT_TTL = 60, MAX_TTL = 7 * 86400 };

static const char *const types[] = { "A", "AAAA", "CNAME", "TXT", NULL };

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
	  .help = "All values that the record will have: what is not named here is gone." },
	{ .name = "ttl",
	  .type = FIELD_INT,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "60",
	  .help = "The time to live in seconds; short while a recovery is under way." },
	{ .name = "expected",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The values it must have now, exactly; what the preview showed if not "
		  "given. The server checks it in the same transaction." },
	{ .name = NULL },
};

void
dns_change_release(struct dns_change *c)
{
	step_texts_release(&c->values);
	step_texts_release(&c->expected);
	step_texts_release(&c->present);
	dns_views_release(&c->primary);
	dns_key_release(&c->key);
}

/* Where the target names no server: the zone's SOA record does. */
static int
find_primary(struct dns_change *c, struct step_context *ctx, const struct action *action,
	     struct err *e)
{
	const char *server = step_optional(dns_target_spec(action), "server");
	struct dns_answer answer = { 0 };
	char *primary;
	int rc;

	if (server)
		return dns_views_add(&c->primary, server, dns_target_port(action), true, e);
	if (dns_query(NULL, c->zone, "SOA", true, DNS_STEP_TIMEOUT_MS, DNS_STEP_ATTEMPTS,
		      ctx->cancel, &answer, e) < 0)
		return -1;
	if (answer.count == 0) {
		rc = err_set(e, ERR_NOT_FOUND,
			     "%s has no SOA record that names its primary server (%s). Give the "
			     "target a `server`",
			     c->zone, answer.rcode);
	} else {
		primary = xstrndup(answer.values[0], strcspn(answer.values[0], " "));
		rc = dns_views_add(&c->primary, primary, 53, true, e);
		free(primary);
	}
	dns_answer_release(&answer);
	return rc;
}

static int
load_key(struct dns_change *c, struct step_context *ctx, const struct action *action, struct err *e)
{
	const char *path = step_optional(dns_target_spec(action), "key_file");

	if (!path)
		return 0;
	if (dns_key_load(path, &c->key, e) < 0)
		return -1;
	c->has_key = true;
	return secrets_add(ctx->secrets, "tsig", c->key.secret, strlen(c->key.secret), e);
}

/* What is there now. Only an answer with authority says it: a cache would make a stale prerequisite. */
static int
read_present(struct dns_change *c, struct step_context *ctx, struct err *e)
{
	struct dns_view *view = &c->primary.items[0];
	const struct dns_answer *answer = &view->answer;

	if (dns_view_ask(view, ctx, c->name, c->type, e) < 0)
		return -1;
	if (view->failed)
		return err_set(e, view->failure.kind, "%s", view->failure.message);
	if (strcmp(answer->rcode, "NOERROR") != 0 && strcmp(answer->rcode, "NXDOMAIN") != 0)
		return err_set(e, ERR_REMOTE, "asking %s for %s %s: %s", view->label, c->name,
			       c->type, answer->rcode);
	if (!answer->authoritative)
		return err_set(e, ERR_REMOTE,
			       "%s is not authoritative for %s: updates go to the primary server "
			       "of its zone. Check the target's `server`",
			       view->label, c->name);
	if (answer->cname)
		return err_set(e, ERR_CONFLICT,
			       "%s is a CNAME (to %s): a record of type %s beside it would be "
			       "ignored. Update the CNAME, or the name it leads to",
			       c->name, answer->cname, c->type);
	step_texts_release(&c->present);
	dns_values_copy(answer, &c->present);
	c->present_ttl = answer->ttl;
	return 0;
}

int
dns_change_init(struct dns_change *c, struct step_context *ctx, const struct action *action,
		struct err *e)
{
	int64_t ttl = json_int(action->with, "ttl", DEFAULT_TTL);

	*c = (struct dns_change){
		.zone = json_string(dns_target_spec(action), "zone", ""),
		.name = json_string(action->with, "name", ""),
		.type = json_string(action->with, "type", "A"),
		.ttl = (uint32_t)ttl,
	};
	if (ttl < 0 || ttl > MAX_TTL)
		return err_set(e, ERR_SPEC,
			       "dns.update %s: a TTL of %lld s is out of range (0 to %d)", c->name,
			       (long long)ttl, MAX_TTL);
	if (dns_values_load(json_at(action->with, "values"), c->type, &c->values, e) < 0 ||
	    load_key(c, ctx, action, e) < 0 || find_primary(c, ctx, action, e) < 0 ||
	    read_present(c, ctx, e) < 0)
		return err_wrap(e, "dns.update %s %s", c->name, c->type);
	return 0;
}

/* The prerequisite: the runbook's, or else what the operator was shown; it must hold already. */
static int
choose_expected(struct dns_change *c, const struct action *action, struct err *e)
{
	const cJSON *given = json_at(action->with, "expected");
	char *wanted, *present;

	if (!given || cJSON_IsNull(given))
		given = json_at(action->seen, "values");
	if (!given || cJSON_IsNull(given)) {
		for (size_t i = 0; i < c->present.count; i++)
			step_texts_push(&c->expected, xstrdup(c->present.items[i]));
		return 0;
	}
	if (dns_values_load(given, c->type, &c->expected, e) < 0)
		return err_wrap(e, "dns.update %s %s: expected", c->name, c->type);
	if (step_texts_equal(&c->expected, &c->present))
		return 0;
	wanted = step_texts_join(&c->expected);
	present = step_texts_join(&c->present);
	err_set(e, ERR_CONFLICT,
		"dns.update %s %s: %s has %s, expected %s: somebody changed it. Nothing was sent",
		c->name, c->type, c->primary.items[0].label, present, wanted);
	free(wanted);
	free(present);
	return -1;
}

static void
preview_lines(struct preview *preview, enum preview_mark mark, const struct dns_change *c,
	      const struct step_texts *values, uint32_t ttl)
{
	for (size_t i = 0; i < values->count; i++)
		preview_add(preview, mark, "%s %u IN %s %s", c->name, ttl, c->type,
			    values->items[i]);
}

void
dns_change_show(struct preview *preview, const struct dns_change *c)
{
	if (step_texts_equal(&c->present, &c->values) && c->present_ttl == c->ttl) {
		preview_add(preview, PREVIEW_TEXT, "The record is like this already:");
		preview_lines(preview, PREVIEW_CONTEXT, c, &c->values, c->ttl);
		return;
	}
	preview_lines(preview, PREVIEW_REMOVE, c, &c->present, c->present_ttl);
	preview_lines(preview, PREVIEW_ADD, c, &c->values, c->ttl);
}

/* Clients that prefer IPv6 would go on to the old place. */
static int
preview_other_family(struct preview *preview, const struct dns_change *c, struct step_context *ctx,
		     struct err *e)
{
	struct dns_view *view = &c->primary.items[0];
	struct str text = STR_INIT;

	if (strcmp(c->type, "A") != 0)
		return 0;
	if (dns_view_ask(view, ctx, c->name, "AAAA", e) < 0)
		return -1;
	if (!view->failed && view->answer.count) {
		dns_view_text(view, &text);
		preview_add(preview, PREVIEW_WARNING, "%s has AAAA records too, which stay: %s",
			    c->name, text.data);
	}
	str_release(&text);
	return 0;
}

/* What every server and resolver has at present: who will be late. */
int
dns_change_show_servers(struct preview *preview, const struct dns_change *c,
			struct step_context *ctx, const struct action *action, struct err *e)
{
	struct dns_views views = { 0 };
	struct err ignored = ERR_INIT;
	int rc;

	if (dns_views_add_authoritative(&views, ctx, action, &ignored) < 0)
		preview_add(preview, PREVIEW_WARNING, "%s", ignored.message);
	rc = dns_views_add_resolvers(&views, action, e);
	if (rc == 0)
		rc = dns_views_ask(&views, ctx, c->name, c->type, e);
	for (size_t i = 0; rc == 0 && i < views.count; i++) {
		struct str text = STR_INIT;

		dns_view_text(&views.items[i], &text);
		preview_add(preview, PREVIEW_TEXT, "now at %s: %s", views.items[i].label,
			    text.data);
		str_release(&text);
	}
	dns_views_release(&views);
	return rc;
}

void
dns_change_show_request(struct preview *preview, const struct dns_change *c)
{
	char *expected = step_texts_join(&c->expected);

	preview_add(preview, PREVIEW_REQUEST, "UPDATE zone %s at %s, signed by %s", c->zone,
		    c->primary.items[0].label, c->has_key ? c->key.name : "nobody");
	preview_add(preview, PREVIEW_REQUEST, "only if %s %s is exactly: %s", c->name, c->type,
		    expected);
	if (!c->has_key)
		preview_add(preview, PREVIEW_WARNING,
			    "The target has no key_file: the update is not signed");
	free(expected);
}

static cJSON *
state_json(const struct step_texts *values, uint32_t ttl)
{
	cJSON *state = cJSON_CreateObject();

	json_add(state, "values", step_texts_json(values));
	json_add_int(state, "ttl", values->count ? ttl : 0);
	return state;
}

/* The serial of the zone as a server has it, or "?". The caller frees. */
char *
dns_change_serial(const struct dns_change *c, const struct dns_view *view, struct step_context *ctx)
{
	struct dns_server server = { view->host, view->port };
	struct dns_answer answer = { 0 };
	struct err ignored = ERR_INIT;
	const char *serial = NULL;
	char *text;

	if (dns_query(&server, c->zone, "SOA", false, DNS_STEP_TIMEOUT_MS, DNS_STEP_ATTEMPTS,
		      ctx->cancel, &answer, &ignored) == 0 &&
	    answer.count) {
		serial = strchr(answer.values[0], ' ');
		serial = serial ? strchr(serial + 1, ' ') : NULL;
	}
	text = serial ? xstrndup(serial + 1, strcspn(serial + 1, " ")) : xstrdup("?");
	dns_answer_release(&answer);
	return text;
}

cJSON *
dns_change_seen(const struct dns_change *c, struct step_context *ctx)
{
	cJSON *seen = state_json(&c->present, c->present_ttl);
	char *serial = dns_change_serial(c, &c->primary.items[0], ctx);

	json_add_string(seen, "serial", serial);
	free(serial);
	return seen;
}

static int
update_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
	       struct err *e)
{
	struct dns_change c;
	int rc = -1;

	if (dns_change_init(&c, ctx, action, e) < 0 || choose_expected(&c, action, e) < 0)
		goto out;
	dns_change_show(preview, &c);
	dns_change_show_request(preview, &c);
	preview_remember(preview, dns_change_seen(&c, ctx));
	if (preview_other_family(preview, &c, ctx, e) == 0)
		rc = dns_change_show_servers(preview, &c, ctx, action, e);
out:
	dns_change_release(&c);
	return rc;
}

int
dns_change_send(const struct dns_change *c, struct step_context *ctx, struct err *e)
{
	const struct dns_view *primary = &c->primary.items[0];
	struct dns_server server = { primary->host, primary->port };
	struct dns_update update = {
		.zone = c->zone,
		.name = c->name,
		.type = c->type,
		.ttl = c->ttl,
		.values = step_texts_array(&c->values),
		.expected = step_texts_array(&c->expected),
	};

	ctx->progress(ctx, "updating %s %s at %s", c->name, c->type, primary->label);
	return dns_update_send(&server, &update, c->has_key ? &c->key : NULL, UPDATE_TIMEOUT_MS,
			       ctx->cancel, e);
}

/* The server said yes; a look shows whether it also did it. A failure to look changes nothing. */
int
dns_change_confirm(struct dns_change *c, struct step_context *ctx, struct err *e)
{
	struct err failure = ERR_INIT;
	char *present;

	if (read_present(c, ctx, &failure) < 0 || step_texts_equal(&c->present, &c->values))
		return 0;
	present = step_texts_join(&c->present);
	err_set(e, ERR_REMOTE, "dns.update %s %s: %s accepted the update, but has %s", c->name,
		c->type, c->primary.items[0].label, present);
	free(present);
	return -1;
}

void
dns_change_report(struct step_context *ctx, const struct dns_change *c, const char *before)
{
	char *after = step_texts_join(&c->values);
	struct str out = STR_INIT;

	str_printf(&out, "%s %s at %s: %s -> %s, TTL %u\n", c->name, c->type,
		   c->primary.items[0].label, before, after, c->ttl);
	ctx->output(ctx, out.data, out.len);
	str_release(&out);
	free(after);
}

static int
update_run(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	cJSON *before = NULL, *result;
	char *was = NULL;
	struct dns_change c;
	int rc = -1;

	if (dns_change_init(&c, ctx, action, e) < 0 || choose_expected(&c, action, e) < 0)
		goto out;
	before = state_json(&c.present, c.present_ttl);
	was = step_texts_join(&c.present);
	if (step_begin_writing(ctx, NULL, e) < 0) {
		err_wrap(e, "dns.update %s %s: nothing was sent", c.name, c.type);
		goto out;
	}
	if (dns_change_send(&c, ctx, e) < 0 || dns_change_confirm(&c, ctx, e) < 0)
		goto out;
	dns_change_report(ctx, &c, was);
	result = cJSON_CreateObject();
	json_add(result, "before", before);
	json_add(result, "after", state_json(&c.values, c.ttl));
	json_add_string(result, "server", c.primary.items[0].label);
	before = NULL;
	*ret_result = result;
	rc = 0;
out:
	cJSON_Delete(before);
	free(was);
	dns_change_release(&c);
	return rc;
}

const struct executor step_dns_update = {
	.type = {
		.uses = "dns.update",
		.summary = "Replaces a DNS record by a signed update, if nobody changed it meanwhile",
		.target_kinds = TARGET_DNS,
		.target_required = true,
		.effect = EFFECT_CHANGES,
		.fields = fields,
		.result = "{before: {values, ttl}, after: {values, ttl}, server}",
		.undo = "its change: the record as it was",
	},
	.preview = update_preview,
	.run = update_run,
	.probe = dns_update_probe,
	.undo_preview = dns_update_undo_preview,
	.undo = dns_update_undo,
	.undo_probe = dns_update_undo_probe,
};
