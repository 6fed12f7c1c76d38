#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "net/dns/dns_delegation.h"
#include "step/dns/step_dns_rfc2136.h"

/*
 * Whether the zone above names the servers that the zone itself names: those who ask find the zone by the former. What
 * cannot be found out is passed over, since it hinders nothing, and closed networks have no zone above.
 */

enum { PARENT_TIMEOUT_MS = 1000, MAX_SERVERS = 4 };

static bool
ask(const struct dns_server *resolver, struct step_context *ctx, const char *name, const char *type,
    struct dns_answer *ret_answer)
{
	struct err ignored = ERR_INIT;

	return dns_query(resolver, name, type, true, PARENT_TIMEOUT_MS, 1, ctx->cancel, ret_answer,
			 &ignored) == 0;
}

/* The names of the servers of the nearest zone above. Without, there is no answer in *ret_above. */
static void
find_above(const struct rfc2136 *s, const struct dns_server *resolver, struct step_context *ctx,
	   struct dns_answer *ret_above)
{
	for (const char *dot = strchr(s->zone, '.'); dot; dot = strchr(dot + 1, '.')) {
		if (!ask(resolver, ctx, dot + 1, "NS", ret_above) || ret_above->count)
			return;
		dns_answer_release(ret_above);
	}
}

/* What one of the servers of the zone above says, at the first of its addresses that answers. */
static bool
ask_above(const struct rfc2136 *s, const struct dns_server *resolver, struct step_context *ctx,
	  const char *host, struct step_texts *ret_names)
{
	struct dns_answer addresses = { 0 };
	struct err ignored = ERR_INIT;
	char **names = NULL;
	size_t count = 0;

	if (!ask(resolver, ctx, host, "A", &addresses))
		return false;
	for (size_t i = 0; i < addresses.count && count == 0; i++) {
		struct dns_server server = { addresses.values[i], dns_target_port(s->action) };

		if (dns_delegation(&server, s->zone, PARENT_TIMEOUT_MS, ctx->cancel, &names, &count,
				   &ignored) < 0)
			continue;
		for (size_t j = 0; j < count; j++)
			step_texts_push(ret_names, names[j]);
		free(names);
	}
	dns_answer_release(&addresses);
	return ret_names->count > 0;
}

/* Whoever the target says can look things up; else the system's resolver. In *ret_views. */
static bool
choose_resolver(const struct rfc2136 *s, struct dns_views *ret_views, struct dns_server *ret_server)
{
	struct err ignored = ERR_INIT;

	if (dns_views_add_resolvers(ret_views, s->action, &ignored) < 0 || ret_views->count == 0)
		return false;
	*ret_server = (struct dns_server){ ret_views->items[0].host, ret_views->items[0].port };
	return true;
}

static void
compare(const struct rfc2136 *s, const struct step_texts *above, struct step_context *ctx,
	struct preview *preview)
{
	struct dns_server primary = { s->primary.items[0].host, s->primary.items[0].port };
	struct err ignored = ERR_INIT;
	struct dns_answer own = { 0 };
	struct step_texts names = { 0 };

	if (dns_query(&primary, s->zone, "NS", false, DNS_STEP_TIMEOUT_MS, DNS_STEP_ATTEMPTS,
		      ctx->cancel, &own, &ignored) < 0)
		return;
	dns_values_copy(&own, &names);
	if (!step_texts_equal(&names, above)) {
		char *parents = step_texts_join(above), *ours = step_texts_join(&names);

		preview_add(preview, PREVIEW_WARNING,
			    "The zone above leads to other servers of %s (%s) than the zone itself "
			    "names (%s): those whom only one of them names may go on with old data",
			    s->zone, parents, ours);
		free(ours);
		free(parents);
	}
	step_texts_release(&names);
	dns_answer_release(&own);
}

void
rfc2136_compare_parent(const struct rfc2136 *s, struct step_context *ctx, struct preview *preview)
{
	struct dns_views resolvers = { 0 };
	struct step_texts names = { 0 };
	struct dns_answer above = { 0 };
	struct dns_server named = { 0 };
	const struct dns_server *resolver = choose_resolver(s, &resolvers, &named) ? &named : NULL;

	find_above(s, resolver, ctx, &above);
	for (size_t i = 0; i < above.count && i < MAX_SERVERS && names.count == 0; i++)
		if (!cancel_requested(ctx->cancel))
			ask_above(s, resolver, ctx, above.values[i], &names);
	if (names.count)
		compare(s, &names, ctx, preview);
	step_texts_release(&names);
	dns_answer_release(&above);
	dns_views_release(&resolvers);
}
