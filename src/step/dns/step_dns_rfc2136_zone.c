#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "step/dns/step_dns_rfc2136.h"

/* Is the zone what the target says, and would a change of a name in it reach those who ask? */

enum { KEY_TIMEOUT_MS = 5000 };

char *
rfc2136_serial_of(const struct rfc2136 *s, const struct dns_view *view, struct step_context *ctx)
{
	struct dns_server server = { view->host, view->port };
	struct dns_answer answer = { 0 };
	struct err ignored = ERR_INIT;
	const char *serial = NULL;
	char *text;

	if (dns_query(&server, s->zone, "SOA", false, DNS_STEP_TIMEOUT_MS, DNS_STEP_ATTEMPTS,
		      ctx->cancel, &answer, &ignored) == 0 &&
	    answer.count) {
		serial = strchr(answer.values[0], ' ');
		serial = serial ? strchr(serial + 1, ' ') : NULL;
	}
	text = serial ? xstrndup(serial + 1, strcspn(serial + 1, " ")) : NULL;
	dns_answer_release(&answer);
	return text;
}

/* Asks the primary for the SOA record of a name. */
static int
ask_soa(struct rfc2136 *s, struct step_context *ctx, const char *name,
	const struct dns_answer **ret_answer, struct err *e)
{
	struct dns_view *view = &s->primary.items[0];

	if (dns_view_ask(view, ctx, name, "SOA", e) < 0)
		return -1;
	if (view->failed)
		return err_set(e, view->failure.kind, "%s", view->failure.message);
	*ret_answer = &view->answer;
	return 0;
}

static bool
is_apex(const struct dns_answer *answer)
{
	return answer->authoritative && answer->count > 0 && !answer->cname;
}

/* The zone that a name is in, as far as the primary has it: the name itself, or one above it. */
static int
name_true_zone(struct rfc2136 *s, struct step_context *ctx, struct err *e)
{
	const struct dns_answer *answer = NULL;

	for (const char *dot = strchr(s->zone, '.'); dot; dot = strchr(dot + 1, '.')) {
		if (ask_soa(s, ctx, dot + 1, &answer, e) < 0)
			return -1;
		if (is_apex(answer))
			return err_set(e, ERR_CONFLICT,
				       "%s is no zone of its own at %s, but a part of %s. Give the "
				       "target `zone: %s`",
				       s->zone, s->primary.items[0].label, dot + 1, dot + 1);
	}
	return err_set(e, ERR_REMOTE,
		       "%s is not authoritative for the zone %s: updates go to its primary server. "
		       "Check the target's `zone` and `server`",
		       s->primary.items[0].label, s->zone);
}

/* A key or a clock that is wrong shows before anybody confirms. */
static int
try_key(const struct rfc2136 *s, struct step_context *ctx, struct err *e)
{
	struct dns_server server = { s->primary.items[0].host, s->primary.items[0].port };

	if (!s->has_key)
		return 0;
	return dns_key_check(&server, s->zone, &s->key, KEY_TIMEOUT_MS, ctx->cancel, e);
}

static int
check_zone(struct rfc2136 *s, struct step_context *ctx, struct preview *preview, struct err *e)
{
	const struct dns_answer *answer;

	if (s->knows_zone)
		return 0;
	if (ask_soa(s, ctx, s->zone, &answer, e) < 0)
		return -1;
	if (!is_apex(answer))
		return strcmp(answer->rcode, "NOERROR") == 0 ||
				       strcmp(answer->rcode, "NXDOMAIN") == 0 ||
				       strcmp(answer->rcode, "REFUSED") == 0
			       ? name_true_zone(s, ctx, e)
			       : err_set(e, ERR_REMOTE, "asking %s for %s SOA: %s",
					 s->primary.items[0].label, s->zone, answer->rcode);
	s->knows_zone = true;
	if (!preview)
		return 0;
	rfc2136_compare_parent(s, ctx, preview);
	return try_key(s, ctx, e);
}

static int
refuse_cut(const struct rfc2136 *s, const char *name, const char *cut, struct err *e)
{
	return err_set(e, ERR_CONFLICT,
		       "%s is in the zone %s, which is delegated from %s: a change in %s would be "
		       "seen by nobody. Nothing was sent. Use a target for the zone %s",
		       name, cut, s->zone, s->zone, cut);
}

/*
 * Goes down from the zone to the name. Another zone begins where there is a SOA record, or where the
 * server is no more the one to answer, but refers to others.
 */
int
rfc2136_check(void *session, struct step_context *ctx, const char *name, struct preview *preview,
	      struct err *e)
{
	struct rfc2136 *s = session;
	const char *at = name + strlen(name) - strlen(s->zone);
	const struct dns_answer *answer = NULL;

	if (check_zone(s, ctx, preview, e) < 0)
		return -1;
	while (at > name) {
		at--; /* the dot */
		while (at > name && at[-1] != '.')
			at--;
		if (ask_soa(s, ctx, at, &answer, e) < 0)
			return -1;
		if (is_apex(answer) ||
		    (!answer->authoritative && strcmp(answer->rcode, "NOERROR") == 0))
			return refuse_cut(s, name, at, e);
	}
	return 0;
}
