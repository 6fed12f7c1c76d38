#include "config.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "net/dns/dns.h"
#include "net/dns/dns_rr.h"
#include "net/dns/dns_tsig.h"
#include "net/dns/dns_wire.h"
#include "net/socket/address.h"
#include "net/socket/wait.h"

/* Dynamic updates. Source: RFC 2136. */

/* The sections of an update while it is made. */
struct sections {
	ldns_rr_list *conditions, *removals, *additions;
};

/* A record without rdata, whose class gives it its meaning in an update. */
static ldns_rr *
bare_record(const ldns_rdf *owner, ldns_rr_type type, ldns_rr_class class)
{
	ldns_rr *rr = ldns_rr_new();

	ldns_rr_set_owner(rr, ldns_rdf_clone(owner));
	ldns_rr_set_type(rr, type);
	ldns_rr_set_class(rr, class);
	ldns_rr_set_ttl(rr, 0);
	return rr;
}

static int
push_values(ldns_rr_list *list, const ldns_rdf *owner, ldns_rr_type type, uint32_t ttl,
	    const char *const *values, struct err *e)
{
	for (; values && *values; values++) {
		ldns_rr *rr = dns_rr_parse(owner, type, ttl, *values, e);

		if (!rr)
			return -1;
		ldns_rr_list_push_rr(list, rr);
	}
	return 0;
}

/* "Is exactly this": the records with TTL 0; "is not there": class NONE. Source: RFC 2136, 2.4. */
static int
push_prerequisite(ldns_rr_list *list, const ldns_rdf *owner, ldns_rr_type type,
		  const char *const *expected, struct err *e)
{
	if (expected && !*expected)
		ldns_rr_list_push_rr(list, bare_record(owner, type, LDNS_RR_CLASS_NONE));
	return push_values(list, owner, type, 0, expected, e);
}

static int
push_update(struct sections *s, const ldns_rdf *zone, const struct dns_update *update,
	    struct err *e)
{
	ldns_rdf *owner = NULL;
	ldns_rr_type type;
	int rc = -1;

	if (dns_type_parse(update->type, &type, e) < 0)
		return -1;
	owner = dns_name_parse(update->name, e);
	if (!owner)
		return -1;
	if (ldns_dname_compare(owner, zone) != 0 && !ldns_dname_is_subdomain(owner, zone)) {
		err_set(e, ERR_SPEC, "%s is not in the zone %s", update->name, update->zone);
		goto out;
	}
	if (push_prerequisite(s->conditions, owner, type, update->expected, e) < 0)
		goto out;
	if (!update->keep) {
		ldns_rr_list_push_rr(s->removals, bare_record(owner, type, LDNS_RR_CLASS_ANY));
		if (push_values(s->additions, owner, type, update->ttl, update->values, e) < 0)
			goto out;
	}
	rc = 0;
out:
	ldns_rdf_deep_free(owner);
	return rc;
}

/*
 * All removals go before all additions: a server works through them in turn, and would pass over a
 * CNAME that is added where there is something else. Source: RFC 2136, 3.4.2.2.
 */
static ldns_pkt *
build(const struct dns_update *update, struct err *e)
{
	struct sections s = { ldns_rr_list_new(), ldns_rr_list_new(), ldns_rr_list_new() };
	ldns_rdf *zone = dns_name_parse(update->zone, e);
	ldns_pkt *packet = NULL;

	if (!zone)
		goto out;
	for (const struct dns_update *each = update; each; each = each->next)
		if (push_update(&s, zone, each, e) < 0)
			goto out;
	ldns_rr_list_push_rr_list(s.removals, s.additions);
	packet = ldns_update_pkt_new(zone, LDNS_RR_CLASS_IN, s.conditions, s.removals, NULL);
	zone = NULL; /* the packet's now */
	ldns_pkt_set_rd(packet, false);
	ldns_rr_list_free(s.additions); /* its records are in the other list */
	s.additions = NULL;
out:
	ldns_rdf_deep_free(zone);
	ldns_rr_list_deep_free(s.conditions);
	ldns_rr_list_deep_free(s.removals);
	ldns_rr_list_deep_free(s.additions);
	return packet;
}

/*
 * Tries the addresses in turn, but only as long as no server can have seen the update. One that does not
 * answer leaves their share of the time to the others.
 */
static int
send_update(const struct dns_signed *u, const struct address_list *addresses, int64_t deadline_ms,
	    const struct cancel *cancel, struct dns_message *ret_reply, struct err *e)
{
	struct err failure = ERR_INIT;
	bool sent = false;

	for (size_t i = 0; i < addresses->count && !sent; i++) {
		int64_t now_ms = clock_mono_ms();
		int64_t share_ms = (deadline_ms - now_ms) / (int64_t)(addresses->count - i);
		char *label;

		if (dns_exchange_tcp(&addresses->items[i], &u->message, now_ms + share_ms, cancel,
				     &sent, ret_reply, &failure) == 0)
			return 0;
		label = address_format(&addresses->items[i]);
		err_wrap(&failure, "%s", label);
		free(label);
		if (failure.kind == ERR_CANCELLED)
			break;
	}
	if (sent)
		return err_set(e, ERR_UNKNOWN_OUTCOME,
			       "%s. The update was sent: look whether the record has changed",
			       failure.message);
	return err_set(e, failure.kind, "%s. Nothing was sent", failure.message);
}

static int
report_refused(const struct dns_signed *u, struct err *e)
{
	return err_set(
		e, ERR_DENIED,
		"REFUSED: the server's policy does not let %s change this. Ask for that right "
		"(BIND: update-policy of the zone; Knot: its acl), and check that the server is "
		"the primary and that its zone is not frozen",
		u->key ? u->key->name : "an unsigned update");
}

/* What came back, and what to do about it. */
static const struct {
	ldns_pkt_rcode rcode;
	enum err_kind kind;
	const char *text;
} rcodes[] = {
	{ LDNS_RCODE_NXRRSET, ERR_CONFLICT,
	  "NXRRSET: the record is not what was expected; somebody changed it. Nothing was changed; "
	  "look at the record again" },
	{ LDNS_RCODE_YXRRSET, ERR_CONFLICT,
	  "YXRRSET: there is a record where none was expected; somebody made it. Nothing was "
	  "changed; look at the record again" },
	{ LDNS_RCODE_NXDOMAIN, ERR_CONFLICT,
	  "NXDOMAIN: the name is gone; somebody removed it. Nothing was changed; look at the "
	  "record "
	  "again" },
	{ LDNS_RCODE_YXDOMAIN, ERR_CONFLICT,
	  "YXDOMAIN: the name is there by now; somebody made it. Nothing was changed; look at the "
	  "record again" },
	{ LDNS_RCODE_NOTZONE, ERR_REMOTE,
	  "NOTZONE: to the server, a name of the update is not in its zone. Nothing was changed; "
	  "check the target's `zone`" },
	{ LDNS_RCODE_SERVFAIL, ERR_REMOTE,
	  "SERVFAIL: the server could not do it. Nothing was changed; its log tells why (a zone "
	  "that "
	  "is not loaded, a journal file that it may not write)" },
	{ LDNS_RCODE_NOTIMPL, ERR_REMOTE,
	  "NOTIMP: this server takes no updates at all. Nothing was changed; give the target the "
	  "primary as its `server`" },
	{ LDNS_RCODE_FORMERR, ERR_REMOTE,
	  "FORMERR: the server does not understand the update. Nothing was changed; is something "
	  "between us and the server that changes DNS messages?" },
};

static int
report_rcode(const ldns_pkt *reply, const struct dns_signed *u, struct err *e)
{
	ldns_pkt_rcode rcode = ldns_pkt_get_rcode(reply);
	char *word;

	if (rcode == LDNS_RCODE_NOERROR)
		return 0;
	if (rcode == LDNS_RCODE_REFUSED)
		return report_refused(u, e);
	if (rcode == LDNS_RCODE_NOTAUTH)
		return dns_signature_report(reply, u, e);
	for (size_t i = 0; i < sizeof(rcodes) / sizeof(rcodes[0]); i++)
		if (rcodes[i].rcode == rcode)
			return err_set(e, rcodes[i].kind, "%s", rcodes[i].text);
	word = ldns_pkt_rcode2str(rcode);
	err_set(e, ERR_REMOTE, "the server answered %s", word ? word : "an unknown code");
	LDNS_FREE(word);
	return -1;
}

static int
read_reply(const struct dns_message *message, const struct dns_signed *u, struct err *e)
{
	ldns_pkt *reply = NULL;
	const char *doubt;
	int rc;

	if (ldns_wire2pkt(&reply, message->bytes, message->len) != LDNS_STATUS_OK)
		return err_set(e, ERR_UNKNOWN_OUTCOME,
			       "the answer is no valid DNS message. The update was sent: look "
			       "whether the record has changed");
	doubt = dns_signature_doubt(reply, message, u);
	if (doubt)
		rc = err_set(e, ERR_UNKNOWN_OUTCOME,
			     "%s, so it may not come from the server. The update was sent: look "
			     "whether the record has changed",
			     doubt);
	else
		rc = report_rcode(reply, u, e);
	ldns_pkt_free(reply);
	return rc;
}

/* "www.example.com A and 2 others". */
static int
wrap(struct err *e, const struct dns_update *update, const struct dns_server *server, int port)
{
	char more[32] = "";
	int others = 0;

	for (const struct dns_update *each = update->next; each; each = each->next)
		others += !each->keep;
	if (others)
		snprintf(more, sizeof(more), " and %d other%s", others, others == 1 ? "" : "s");
	return err_wrap(e,
			strchr(server->host, ':') ? "updating %s %s%s in zone %s at [%s]:%d"
						  : "updating %s %s%s in zone %s at %s:%d",
			update->name, update->type, more, update->zone, server->host, port);
}

int
dns_update_send(const struct dns_server *server, const struct dns_update *update,
		const struct dns_key *key, int64_t timeout_ms, const struct cancel *cancel,
		struct err *e)
{
	int64_t deadline_ms = wait_deadline(timeout_ms);
	int port = server->port ? server->port : 53;
	struct dns_signed u = { .zone = update->zone, .packet = build(update, e), .key = key };
	struct dns_message reply = { NULL, 0 };
	struct address_list addresses;
	int rc = -1;

	if (u.packet && dns_sign(&u, e) == 0 &&
	    address_lookup(server->host, port, deadline_ms, cancel, &addresses, e) == 0 &&
	    send_update(&u, &addresses, deadline_ms, cancel, &reply, e) == 0)
		rc = read_reply(&reply, &u, e);
	if (rc < 0)
		wrap(e, update, server, port);
	free(reply.bytes);
	LDNS_FREE(u.message.bytes);
	ldns_pkt_free(u.packet);
	return rc;
}
