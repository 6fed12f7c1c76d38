#include "config.h"

#include "step/dns/step_dns_rfc2136.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

/* Records changed by updates of the zone's primary server. Source: RFC 2136; RFC 8945 for the signatures. */

enum {
	UPDATE_TIMEOUT_MS = 10000,
	SETTLE_MS = 2000,
	PARTS_MAX =
		20, /* of a message for one change: itself, and the types that must not be beside it */
};

static void
session_close(void *session)
{
	struct rfc2136 *s = session;

	for (size_t i = 0; s->serials && i < s->servers.count; i++)
		free(s->serials[i]);
	free(s->serials);
	dns_views_release(&s->primary);
	dns_views_release(&s->servers);
	dns_key_release(&s->key);
	free(s->zone);
	free(s);
}

/* Where the target names no server: the zone's SOA record does. */
static int
find_primary(struct rfc2136 *s, struct step_context *ctx, struct err *e)
{
	const char *server = step_optional(dns_target_spec(s->action), "server");
	int port = dns_target_port(s->action);
	struct dns_answer answer = { 0 };
	char *primary;
	int rc;

	if (server)
		return dns_views_add(&s->primary, server, port, true, e);
	if (dns_query(NULL, s->zone, "SOA", true, DNS_STEP_TIMEOUT_MS, DNS_STEP_ATTEMPTS,
		      ctx->cancel, &answer, e) < 0)
		return -1;
	if (answer.count == 0) {
		rc = err_set(e, ERR_NOT_FOUND,
			     "%s has no SOA record that names its primary server (%s). Give the "
			     "target a `server`",
			     s->zone, answer.rcode);
	} else {
		primary = xstrndup(answer.values[0], strcspn(answer.values[0], " "));
		rc = dns_views_add(&s->primary, primary, port, true, e);
		free(primary);
	}
	dns_answer_release(&answer);
	return rc;
}

static int
load_key(struct rfc2136 *s, struct step_context *ctx, struct err *e)
{
	const char *path = step_optional(dns_target_spec(s->action), "key_file");
	const char *name = step_optional(dns_target_spec(s->action), "key_name");

	if (!path)
		return 0;
	if ((name ? dns_key_load_named(path, name, &s->key, e) : dns_key_load(path, &s->key, e)) <
	    0)
		return -1;
	s->has_key = true;
	return secrets_add(ctx->secrets, "tsig", s->key.secret, strlen(s->key.secret), e);
}

static int
session_open(struct step_context *ctx, const struct action *action, void **ret_session,
	     struct err *e)
{
	struct rfc2136 *s = xcalloc(1, sizeof(*s));

	s->action = action;
	s->zone = dns_name_plain(json_string(dns_target_spec(action), "zone", ""), e);
	if (!s->zone || load_key(s, ctx, e) < 0 || find_primary(s, ctx, e) < 0) {
		session_close(s);
		return -1;
	}
	*ret_session = s;
	return 0;
}

static const char *
session_label(const void *session)
{
	return ((const struct rfc2136 *)session)->primary.items[0].label;
}

/* The RRset of the name itself: not what a CNAME there leads to. */
static void
take_rrset(const struct dns_answer *answer, const char *type, struct dns_rrset *ret_rrset)
{
	*ret_rrset = (struct dns_rrset){ 0 };
	if (answer->cname && strcmp(type, "CNAME") != 0)
		return;
	dns_values_copy(answer, &ret_rrset->values);
	ret_rrset->ttl = answer->ttl;
}

static bool
knows(const struct dns_answer *answer)
{
	return strcmp(answer->rcode, "NOERROR") == 0 || strcmp(answer->rcode, "NXDOMAIN") == 0;
}

/* Only an answer with authority says what is there: a cache would make a stale prerequisite. */
static int
ask_primary(struct rfc2136 *s, struct step_context *ctx, const char *name, const char *type,
	    struct dns_rrset *ret_rrset, struct err *e)
{
	struct dns_view *view = &s->primary.items[0];

	if (dns_view_ask(view, ctx, name, type, e) < 0)
		return -1;
	if (view->failed)
		return err_set(e, view->failure.kind, "%s", view->failure.message);
	if (!knows(&view->answer))
		return err_set(e, ERR_REMOTE, "asking %s for %s %s: %s", view->label, name, type,
			       view->answer.rcode);
	if (!view->answer.authoritative)
		return err_set(e, ERR_REMOTE,
			       "%s is not authoritative for %s: updates go to the primary server "
			       "of its zone. Check the target's `server`",
			       view->label, name);
	take_rrset(&view->answer, type, ret_rrset);
	return 0;
}

/*
 * What a wildcard answers for a name is not there at that name, and a prerequisite says so. Should the name have the very
 * same record of its own, the prerequisite that it has none fails, and nothing is done.
 */
static int
comes_of_wildcard(struct rfc2136 *s, struct step_context *ctx, const char *name, const char *type,
		  const struct dns_rrset *rrset, bool *ret_comes, struct err *e)
{
	const char *above = strchr(name, '.');

	*ret_comes = false;
	while (strncmp(name, "*.", 2) != 0 && !*ret_comes && above &&
	       dns_name_is_in(above + 1, s->zone)) {
		char *wildcard = xasprintf("*%s", above);
		struct dns_rrset general = { 0 };
		int rc = ask_primary(s, ctx, wildcard, type, &general, e);

		*ret_comes = rc == 0 && dns_rrset_equal(&general, rrset);
		dns_rrset_release(&general);
		free(wildcard);
		if (rc < 0)
			return -1;
		above = strchr(above + 1, '.');
	}
	return 0;
}

static int
session_read(void *session, struct step_context *ctx, const char *name, const char *type,
	     struct dns_rrset *ret_rrset, struct err *e)
{
	struct dns_rrset rrset = { 0 };
	bool general = false;

	if (ask_primary(session, ctx, name, type, &rrset, e) < 0)
		return -1;
	if (rrset.values.count &&
	    comes_of_wildcard(session, ctx, name, type, &rrset, &general, e) < 0) {
		dns_rrset_release(&rrset);
		return -1;
	}
	if (general)
		dns_rrset_release(&rrset);
	*ret_rrset = rrset;
	return 0;
}

static char *
session_serial(void *session, struct step_context *ctx)
{
	struct rfc2136 *s = session;

	return rfc2136_serial_of(s, &s->primary.items[0], ctx);
}

/* Whether the change puts something where nothing of its type was. */
static bool
needs_guard(const struct dns_change *change)
{
	return change->becomes.values.count && !change->was.values.count;
}

static void
describe_condition(const struct dns_change *change, struct preview *preview)
{
	char *values = dns_rrset_text(&change->was);

	if (change->was.values.count)
		preview_add(preview, PREVIEW_REQUEST, "only if %s %s is exactly: %s", change->name,
			    change->type, values);
	else
		preview_add(preview, PREVIEW_REQUEST, "only if there is no %s %s", change->name,
			    change->type);
	free(values);
}

static void
describe_guard(const struct dns_changes *changes, const struct dns_change *change,
	       struct preview *preview)
{
	struct str types = STR_INIT;

	if (!needs_guard(change))
		return;
	if (strcmp(change->type, "CNAME") != 0) {
		if (!dns_changes_find(changes, change->name, "CNAME"))
			preview_add(preview, PREVIEW_REQUEST, "only if there is no %s CNAME",
				    change->name);
		return;
	}
	for (const char *const *type = dns_types_beside; *type; type++)
		if (!dns_changes_find(changes, change->name, *type))
			str_printf(&types, "%s%s", types.len ? ", " : "", *type);
	preview_add(preview, PREVIEW_REQUEST, "only if %s has none of: %s", change->name,
		    types.data);
	str_release(&types);
}

/* In the order of the message. */
static void
describe_updates(const struct dns_changes *changes, struct preview *preview)
{
	for (size_t i = 0; i < changes->count; i++)
		if (!dns_change_is_condition(&changes->items[i]))
			preview_add(preview, PREVIEW_REQUEST, "delete %s %s",
				    changes->items[i].name, changes->items[i].type);
	for (size_t i = 0; i < changes->count; i++) {
		const struct dns_change *change = &changes->items[i];

		for (size_t j = 0; j < change->becomes.values.count; j++)
			if (!dns_change_is_condition(change))
				preview_add(preview, PREVIEW_REQUEST, "add %s %u IN %s %s",
					    change->name, change->becomes.ttl, change->type,
					    change->becomes.values.items[j]);
	}
}

static void
session_describe(const void *session, const struct dns_changes *changes, struct preview *preview)
{
	const struct rfc2136 *s = session;

	if (s->has_key)
		preview_add(preview, PREVIEW_REQUEST, "UPDATE zone %s at %s, signed by %s (%s)",
			    s->zone, s->primary.items[0].label, s->key.name, s->key.algorithm);
	else
		preview_add(preview, PREVIEW_REQUEST, "UPDATE zone %s at %s, signed by nobody",
			    s->zone, s->primary.items[0].label);
	for (size_t i = 0; i < changes->count; i++)
		describe_condition(&changes->items[i], preview);
	for (size_t i = 0; i < changes->count; i++)
		describe_guard(changes, &changes->items[i], preview);
	describe_updates(changes, preview);
	if (!s->has_key)
		preview_add(preview, PREVIEW_WARNING,
			    "The target has no key_file: the update is not signed");
	if (s->key.exposed)
		preview_add(preview, PREVIEW_WARNING,
			    "Everybody on this machine can read the key file %s: chmod 600 it, and "
			    "have the key replaced if others work here",
			    step_optional(dns_target_spec(s->action), "key_file"));
}

/* The parts of one message, each pointing to the next. */
struct parts {
	struct dns_update *items;
	size_t count;
};

static void
add_part(struct parts *parts, struct dns_update part)
{
	if (parts->count)
		parts->items[parts->count - 1].next = &parts->items[parts->count];
	parts->items[parts->count++] = part;
}

/* What would make the server pass over an addition must not have come meanwhile. */
static void
add_guards(const struct rfc2136 *s, const struct dns_changes *changes,
	   const struct dns_change *change, struct parts *parts)
{
	static const char *const cname[] = { "CNAME", NULL };
	static const char *const nothing[] = { NULL };
	bool is_cname = strcmp(change->type, "CNAME") == 0;

	if (!needs_guard(change))
		return;
	for (const char *const *type = is_cname ? dns_types_beside : cname; *type; type++)
		if (!dns_changes_find(changes, change->name, *type))
			add_part(parts, (struct dns_update){ .zone = s->zone,
							     .name = change->name,
							     .type = *type,
							     .expected = nothing,
							     .keep = true });
}

static int
session_send(void *session, struct step_context *ctx, const struct dns_changes *changes,
	     struct err *e)
{
	struct rfc2136 *s = session;
	const struct dns_view *primary = &s->primary.items[0];
	struct dns_server server = { primary->host, primary->port };
	struct parts parts = { xcalloc(changes->count * PARTS_MAX, sizeof(*parts.items)), 0 };
	int rc;

	for (size_t i = 0; i < changes->count; i++) {
		const struct dns_change *change = &changes->items[i];

		add_part(&parts, (struct dns_update){
					 .zone = s->zone,
					 .name = change->name,
					 .type = change->type,
					 .ttl = change->becomes.ttl,
					 .values = step_texts_array(&change->becomes.values),
					 .expected = step_texts_array(&change->was.values),
					 .keep = dns_change_is_condition(change),
				 });
		add_guards(s, changes, change, &parts);
	}
	rc = dns_update_send(&server, parts.items, s->has_key ? &s->key : NULL, UPDATE_TIMEOUT_MS,
			     ctx->cancel, e);
	free(parts.items);
	return rc;
}

/* A server works on what it got in a moment: after that, what it shows is the end of it. */
static int
session_quiet(void *session, struct step_context *ctx, const struct action *action,
	      struct probe *probe, bool *ret_under_way, struct err *e)
{
	int64_t left_ms = step_writing_ms(action) + SETTLE_MS - clock_wall_ms();

	(void)session;
	(void)probe;
	*ret_under_way = false;
	if (left_ms <= 0)
		return 0;
	ctx->progress(ctx, "waiting a moment: the update may be under way");
	if (cancel_sleep(ctx->cancel, left_ms < SETTLE_MS ? left_ms : SETTLE_MS))
		return err_set(e, ERR_CANCELLED, "dns.update: cancelled before looking");
	return 0;
}

/* Every address of every name server; and the primary, which may be hidden, that is, none of these. */
static int
find_servers(struct rfc2136 *s, struct step_context *ctx, struct err *e)
{
	const struct dns_view *primary = &s->primary.items[0];

	if (s->servers.count)
		return 0;
	if (dns_views_add_authoritative(&s->servers, ctx, s->action, e) < 0 ||
	    dns_views_add(&s->servers, primary->host, primary->port, true, e) < 0) {
		dns_views_release(&s->servers);
		return -1;
	}
	s->serials = xcalloc(s->servers.count, sizeof(*s->serials));
	return 0;
}

/* One that was silent once is not waited for again: there may be many records. */
static int
ask_servers(struct rfc2136 *s, struct step_context *ctx, const char *name, const char *type,
	    struct err *e)
{
	if (!s->looked) {
		s->looked = true;
		return dns_views_ask(&s->servers, ctx, name, type, e);
	}
	for (size_t i = 0; i < s->servers.count; i++)
		if (!s->servers.items[i].failed &&
		    dns_view_ask(&s->servers.items[i], ctx, name, type, e) < 0)
			return -1;
	return 0;
}

static void
add_sighting(struct rfc2136 *s, size_t index, struct step_context *ctx, const char *type,
	     struct dns_sightings *sightings)
{
	const struct dns_view *view = &s->servers.items[index];
	struct dns_sighting sighting = { 0 };
	struct str text = STR_INIT;

	if (!s->serials[index] && !view->failed)
		s->serials[index] = rfc2136_serial_of(s, view, ctx);
	if (!view->failed && view->answer.authoritative && knows(&view->answer)) {
		sighting.spoken = true;
		take_rrset(&view->answer, type, &sighting.rrset);
	}
	dns_view_text(view, &text);
	sighting.place = xstrdup(view->label);
	sighting.text = str_take(&text);
	sighting.serial = xstrdup(s->serials[index]);
	dns_sightings_push(sightings, sighting);
}

static int
session_look(void *session, struct step_context *ctx, const char *name, const char *type,
	     struct dns_sightings *ret_sightings, struct err *e)
{
	struct dns_sightings sightings = { 0 };
	struct rfc2136 *s = session;

	if (find_servers(s, ctx, e) < 0 || ask_servers(s, ctx, name, type, e) < 0)
		return -1;
	for (size_t i = 0; i < s->servers.count; i++)
		if (!s->servers.items[i].no_route)
			add_sighting(s, i, ctx, type, &sightings);
	*ret_sightings = sightings;
	return 0;
}

const struct dns_provider dns_provider_rfc2136 = {
	.name = "rfc2136",
	.open = session_open,
	.close = session_close,
	.label = session_label,
	.read = session_read,
	.serial = session_serial,
	.check = rfc2136_check,
	.describe = session_describe,
	.send = session_send,
	.quiet = session_quiet,
	.look = session_look,
};
