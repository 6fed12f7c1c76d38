#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "step/dns/step_dns_update.h"

/*
 * A name that has a CNAME has nothing else. Servers pass over what would break that, and say that all is
 * well: it is refused before anything is sent. Source: RFC 1034, 3.6.2; RFC 2136, 3.4.2.2.
 */

/* What an RRset will be, whether the plan changes it or not. */
static int
read_future(const struct dns_plan *p, struct step_context *ctx, const char *name, const char *type,
	    struct dns_rrset *ret_rrset, struct err *e)
{
	const struct dns_change *change = dns_changes_find(&p->changes, name, type);

	if (!change)
		return p->provider->read(p->session, ctx, name, type, ret_rrset, e);
	dns_rrset_copy(&change->becomes, ret_rrset);
	return 0;
}

static int
refuse_beside(const struct dns_change *cname, const char *type, const struct dns_rrset *other,
	      struct err *e)
{
	bool replaceable = strcmp(type, "A") == 0 || strcmp(type, "AAAA") == 0;
	char *values = dns_rrset_text(other);

	err_set(e, ERR_CONFLICT,
		"%s has a record of type %s, too (%s), and a name with a CNAME can have nothing "
		"else. "
		"Nothing was sent. %s",
		cname->name, type, values,
		replaceable
			? "Use type auto, which replaces it"
			: "Remove that record in the same update, or use the addresses that the "
			  "CNAME would lead to");
	free(values);
	return -1;
}

static int
check_cname(const struct dns_plan *p, struct step_context *ctx, const struct dns_change *cname,
	    struct err *e)
{
	if (strcmp(cname->name, p->zone) == 0)
		return err_set(
			e, ERR_CONFLICT,
			"%s is the apex of its zone, whose SOA and NS records a CNAME cannot "
			"stand beside. Nothing was sent. Use the addresses that %s has",
			cname->name, cname->becomes.values.items[0]);
	for (const char *const *type = dns_types_beside; *type; type++) {
		struct dns_rrset other = { 0 };
		int rc = read_future(p, ctx, cname->name, *type, &other, e);

		if (rc == 0 && other.values.count)
			rc = refuse_beside(cname, *type, &other, e);
		dns_rrset_release(&other);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static int
check_other(const struct dns_plan *p, struct step_context *ctx, const struct dns_change *change,
	    struct err *e)
{
	struct dns_rrset cname = { 0 };
	int rc = read_future(p, ctx, change->name, "CNAME", &cname, e);

	if (rc == 0 && cname.values.count)
		rc = err_set(
			e, ERR_CONFLICT,
			"%s is a CNAME (to %s): a record of type %s beside it would be ignored. "
			"Nothing was sent. Update the CNAME, or the name it leads to, or use type "
			"auto, which replaces a CNAME by addresses",
			change->name, cname.values.items[0], change->type);
	dns_rrset_release(&cname);
	return rc;
}

int
dns_plan_check_rules(const struct dns_plan *p, struct step_context *ctx, struct err *e)
{
	for (size_t i = 0; i < p->changes.count; i++) {
		const struct dns_change *change = &p->changes.items[i];
		bool is_cname = strcmp(change->type, "CNAME") == 0;
		int rc = 0;

		if (change->becomes.values.count == 0)
			continue;
		if (!is_cname)
			rc = check_other(p, ctx, change, e);
		else if (change->was.values.count == 0) /* else there is nothing beside it now */
			rc = check_cname(p, ctx, change, e);
		if (rc < 0)
			return err_wrap(e, "%s", p->what);
	}
	return 0;
}
