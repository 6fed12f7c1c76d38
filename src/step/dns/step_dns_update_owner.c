#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "step/dns/step_dns_update.h"

/*
 * external-dns marks the records that it keeps by TXT records beside them, and puts back what others change.
 * The mark of www.example.com is at that name, or at a-www.example.com, by its type.
 * Source: external-dns, "The TXT registry".
 */

static const char mark[] = "heritage=external-dns";
static const char *const prefixes[] = { "", "a-", "aaaa-", "cname-" };

enum { WATCH_INTERVAL_MS = 2000 };

/* The word after `key` in "heritage=…,external-dns/owner=prod,…". The caller frees. */
static char *
part_of(const char *value, const char *key)
{
	const char *at = strstr(value, key);

	at = at ? at + strlen(key) : NULL;
	return at ? xstrndup(at, strcspn(at, ",\"\\")) : NULL;
}

/* "external-dns (owner prod, ingress/istio-system/tsb; by the TXT record at a-www.example.com)" */
static void
describe_owner(const char *value, const char *at, struct str *out)
{
	char *id = part_of(value, "external-dns/owner="),
	     *resource = part_of(value, "external-dns/resource=");

	if (out->len)
		str_append(out, " and ");
	str_printf(out, "external-dns (owner %s", id && *id ? id : "unknown");
	if (resource && *resource)
		str_printf(out, ", %s", resource);
	str_printf(out, "; by the TXT record at %s)", at);
	free(resource);
	free(id);
}

/* Looks at one place for a mark; *ret_found where there is one. */
static int
look_for_mark(const struct dns_plan *p, struct step_context *ctx, const char *name, struct str *out,
	      bool *ret_found, struct err *e)
{
	struct err failure = ERR_INIT;
	struct dns_rrset texts = { 0 };

	if (p->provider->read(p->session, ctx, name, "TXT", &texts, &failure) < 0)
		return failure.kind == ERR_CANCELLED
			       ? err_set(e, failure.kind, "%s", failure.message)
			       : 0; /* a mark that cannot be read hinders nothing */
	for (size_t i = 0; i < texts.values.count && !*ret_found; i++) {
		*ret_found = strstr(texts.values.items[i], mark) != NULL;
		if (*ret_found)
			describe_owner(texts.values.items[i], name, out);
	}
	dns_rrset_release(&texts);
	return 0;
}

static int
look_for_owner(const struct dns_plan *p, struct step_context *ctx, const char *name,
	       struct str *out, struct err *e)
{
	bool found = false;

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]) && !found; i++) {
		char *at = xasprintf("%s%s", prefixes[i], name);
		int rc =
			dns_name_is_in(at, p->zone) ? look_for_mark(p, ctx, at, out, &found, e) : 0;

		free(at);
		if (rc < 0)
			return -1;
	}
	return 0;
}

int
dns_plan_owner(const struct dns_plan *p, struct step_context *ctx, char **ret_owner, struct err *e)
{
	struct str out = STR_INIT;

	for (size_t i = 0; i < p->changes.count; i++) {
		if (i && strcmp(p->changes.items[i - 1].name, p->changes.items[i].name) == 0)
			continue;
		if (look_for_owner(p, ctx, p->changes.items[i].name, &out, e) < 0) {
			str_release(&out);
			return -1;
		}
	}
	*ret_owner = out.len ? str_take(&out) : NULL;
	return 0;
}

static int
report_undone(const struct dns_plan *p, const struct dns_change *change,
	      const struct dns_rrset *now, int64_t after_ms, const char *owner, struct err *e)
{
	bool back = step_texts_equal(&now->values, &change->was.values);
	char *is = dns_rrset_text(now), after[CLOCK_STAMP_MAX];

	err_set(e, ERR_CONFLICT,
		"%s: the change was made, and %s later %s has %s for %s %s%s. Presumably that was "
		"%s. "
		"%s",
		p->what, duration_format(after_ms, after), p->label, is, change->name, change->type,
		back ? ", as before" : "", owner ? owner : "a controller, or somebody else",
		owner ? "Scale it down, or change the source that it follows, and then do this "
			"step "
			"again"
		      : "Find out who it was before you do this step again");
	free(is);
	return -1;
}

/* A server that does not answer undoes nothing: it is asked again in the next round. */
static int
look_once(const struct dns_plan *p, struct step_context *ctx, int64_t after_ms, const char *owner,
	  struct err *e)
{
	for (size_t i = 0; i < p->changes.count; i++) {
		const struct dns_change *change = &p->changes.items[i];
		struct err ignored = ERR_INIT;
		struct dns_rrset now = { 0 };
		int rc = 0;

		if (p->provider->read(p->session, ctx, change->name, change->type, &now,
				      &ignored) == 0 &&
		    !step_texts_equal(&now.values, &change->becomes.values))
			rc = report_undone(p, change, &now, after_ms, owner, e);
		dns_rrset_release(&now);
		if (rc < 0)
			return -1;
	}
	return 0;
}

int
dns_plan_watch(const struct dns_plan *p, struct step_context *ctx, int64_t watch_ms,
	       const char *owner, int64_t *ret_watched_ms, struct err *e)
{
	int64_t begin_ms = clock_mono_ms(), after_ms = 0;
	char left[CLOCK_STAMP_MAX];

	while (after_ms < watch_ms) {
		int64_t left_ms = watch_ms - after_ms;

		ctx->progress(ctx,
			      "the change is made; watching for another %s that nobody undoes it",
			      duration_format_brief(left_ms, left));
		if (cancel_sleep(ctx->cancel,
				 left_ms < WATCH_INTERVAL_MS ? left_ms : WATCH_INTERVAL_MS))
			break; /* the change stands, and so does what can take it back */
		after_ms = clock_mono_ms() - begin_ms;
		if (look_once(p, ctx, after_ms, owner, e) < 0)
			return -1;
	}
	*ret_watched_ms = after_ms;
	return 0;
}
