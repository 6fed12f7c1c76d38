#include "config.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/xalloc.h"
#include "net/address.h"
#include "net/dns.h"
#include "net/dns_rr.h"
#include "net/dns_wire.h"
#include "net/wait.h"

/* Dynamic updates. Source: RFC 2136 (the message), RFC 8945 (TSIG). */

enum { TSIG_FUDGE_S = 300, TSIG_BADSIG = 16, TSIG_BADKEY = 17, TSIG_BADTIME = 18 };

/* Places of the rdata fields of a TSIG record. */
enum { TSIG_MAC = 3, TSIG_ERROR = 5, TSIG_OTHER = 6 };

/* An update ready to be sent. */
struct signed_update {
	ldns_pkt *packet;
	struct dns_message message;
	const struct dns_key *key;
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

static ldns_pkt *
build(const struct dns_update *update, struct err *e)
{
	ldns_rr_list *before = ldns_rr_list_new(), *changes = ldns_rr_list_new();
	ldns_rdf *zone = NULL, *owner = NULL;
	ldns_rr_type type;
	ldns_pkt *packet = NULL;

	if (dns_type_parse(update->type, &type, e) < 0)
		goto out;
	zone = dns_name_parse(update->zone, e);
	owner = zone ? dns_name_parse(update->name, e) : NULL;
	if (!owner)
		goto out;
	if (ldns_dname_compare(owner, zone) != 0 && !ldns_dname_is_subdomain(owner, zone)) {
		err_set(e, ERR_SPEC, "%s is not in the zone %s", update->name, update->zone);
		goto out;
	}
	ldns_rr_list_push_rr(changes, bare_record(owner, type, LDNS_RR_CLASS_ANY));
	if (push_prerequisite(before, owner, type, update->expected, e) < 0 ||
	    push_values(changes, owner, type, update->ttl, update->values, e) < 0)
		goto out;
	packet = ldns_update_pkt_new(zone, LDNS_RR_CLASS_IN, before, changes, NULL);
	zone = NULL; /* the packet's now */
	ldns_pkt_set_rd(packet, false);
out:
	ldns_rdf_deep_free(zone);
	ldns_rdf_deep_free(owner);
	ldns_rr_list_deep_free(before);
	ldns_rr_list_deep_free(changes);
	return packet;
}

static int
sign(struct signed_update *u, struct err *e)
{
	struct dns_message id = { (uint8_t[2]){ 0 }, 2 };
	char *algorithm;
	ldns_status status = LDNS_STATUS_OK;

	dns_message_set_id(&id);
	ldns_pkt_set_id(u->packet, (uint16_t)(id.bytes[0] << 8 | id.bytes[1]));
	if (u->key) {
		algorithm = xasprintf("%s.", u->key->algorithm);
		status = ldns_pkt_tsig_sign(u->packet, u->key->name, u->key->secret, TSIG_FUDGE_S,
					    algorithm, NULL);
		free(algorithm);
	}
	if (status == LDNS_STATUS_OK)
		status = ldns_pkt2wire(&u->message.bytes, u->packet, &u->message.len);
	if (status != LDNS_STATUS_OK)
		return err_set(e, ERR_SPEC, "the update cannot be signed: %s",
			       ldns_get_errorstr_by_id(status));
	return 0;
}

/* Tries the addresses in turn, but only as long as no server can have seen the update. */
static int
send_update(const struct signed_update *u, const struct address_list *addresses,
	    int64_t deadline_ms, const struct cancel *cancel, struct dns_message *ret_reply,
	    struct err *e)
{
	struct err failure = ERR_INIT;
	bool sent = false;

	for (size_t i = 0; i < addresses->count && !sent; i++) {
		if (dns_exchange_tcp(&addresses->items[i], &u->message, deadline_ms, cancel, &sent,
				     ret_reply, &failure) == 0)
			return 0;
		if (failure.kind == ERR_CANCELLED)
			break;
	}
	if (sent)
		return err_set(e, ERR_UNKNOWN_OUTCOME,
			       "%s. The update was sent: look whether the record has changed",
			       failure.message);
	return err_set(e, failure.kind, "%s. Nothing was sent", failure.message);
}

static int64_t
server_time(const ldns_rr *tsig)
{
	const ldns_rdf *other = ldns_rr_rdf(tsig, TSIG_OTHER);
	const uint8_t *bytes = other ? ldns_rdf_data(other) : NULL;
	int64_t seconds = 0;

	if (!bytes || ldns_rdf_size(other) != 8)
		return 0;
	for (int i = 2; i < 8; i++)
		seconds = seconds << 8 | bytes[i];
	return seconds;
}

static int
report_bad_time(const ldns_rr *tsig, struct err *e)
{
	int64_t theirs = server_time(tsig);
	long long skew = (long long)(theirs - (int64_t)time(NULL));

	if (theirs == 0)
		return err_set(e, ERR_DENIED,
			       "NOTAUTH (BADTIME): the server's clock and ours differ by more than "
			       "%d s. Set the clock",
			       TSIG_FUDGE_S);
	return err_set(e, ERR_DENIED,
		       "NOTAUTH (BADTIME): the server's clock is %lld s %s ours; %d s are allowed. "
		       "Set the clock",
		       skew < 0 ? -skew : skew, skew < 0 ? "behind" : "ahead of", TSIG_FUDGE_S);
}

/* What a NOTAUTH means is in the TSIG record of the answer. */
static int
report_not_authorised(const ldns_pkt *reply, const struct signed_update *u, struct err *e)
{
	const ldns_rr *tsig = ldns_pkt_tsig(reply);
	int error = 0;

	if (u->key && tsig && ldns_rr_rd_count(tsig) > TSIG_OTHER)
		error = ldns_rdf2native_int16(ldns_rr_rdf(tsig, TSIG_ERROR));
	switch (error) {
	case TSIG_BADKEY:
		return err_set(e, ERR_DENIED,
			       "NOTAUTH (BADKEY): the server knows no key %s with %s. Check the "
			       "name and the algorithm of the key",
			       u->key->name, u->key->algorithm);
	case TSIG_BADSIG:
		return err_set(e, ERR_DENIED,
			       "NOTAUTH (BADSIG): the server has another secret for the key %s. "
			       "Get the present key file",
			       u->key->name);
	case TSIG_BADTIME:
		return report_bad_time(tsig, e);
	default:
		return err_set(e, ERR_DENIED,
			       "NOTAUTH: the server is not authoritative for this zone");
	}
}

static int
report_rcode(const ldns_pkt *reply, const struct signed_update *u, struct err *e)
{
	ldns_pkt_rcode rcode = ldns_pkt_get_rcode(reply);
	char *word;

	switch (rcode) {
	case LDNS_RCODE_NOERROR:
		return 0;
	case LDNS_RCODE_NXRRSET:
	case LDNS_RCODE_YXRRSET:
	case LDNS_RCODE_YXDOMAIN:
	case LDNS_RCODE_NXDOMAIN:
		word = ldns_pkt_rcode2str(rcode);
		err_set(e, ERR_CONFLICT,
			"%s: the record is not what was expected; somebody changed it. Nothing was "
			"changed; look at the record again",
			word);
		break;
	case LDNS_RCODE_REFUSED:
		return err_set(e, ERR_DENIED,
			       "REFUSED: the server's policy does not let %s change this record",
			       u->key ? u->key->name : "an unsigned update");
	case LDNS_RCODE_NOTAUTH:
		return report_not_authorised(reply, u, e);
	default:
		word = ldns_pkt_rcode2str(rcode);
		err_set(e, ERR_REMOTE, "the server answered %s", word ? word : "an unknown code");
	}
	LDNS_FREE(word);
	return -1;
}

/* Errors that a server gives before it has looked at the signature come unsigned. */
static bool
may_be_unsigned(ldns_pkt_rcode rcode)
{
	return rcode == LDNS_RCODE_FORMERR || rcode == LDNS_RCODE_SERVFAIL ||
	       rcode == LDNS_RCODE_NOTIMPL || rcode == LDNS_RCODE_REFUSED ||
	       rcode == LDNS_RCODE_NOTAUTH;
}

static int
read_reply(const struct dns_message *message, const struct signed_update *u, struct err *e)
{
	ldns_pkt *reply = NULL;
	int rc;

	if (ldns_wire2pkt(&reply, message->bytes, message->len) != LDNS_STATUS_OK)
		return err_set(e, ERR_UNKNOWN_OUTCOME,
			       "the answer is no valid DNS message. The update was sent: look "
			       "whether the record has changed");
	if (u->key && !may_be_unsigned(ldns_pkt_get_rcode(reply)) &&
	    !ldns_pkt_tsig_verify(reply, message->bytes, message->len, u->key->name, u->key->secret,
				  ldns_rr_rdf(ldns_pkt_tsig(u->packet), TSIG_MAC)))
		rc = err_set(e, ERR_UNKNOWN_OUTCOME,
			     "the answer's signature is wrong: it may not come from the server. "
			     "Look whether the record has changed");
	else
		rc = report_rcode(reply, u, e);
	ldns_pkt_free(reply);
	return rc;
}

int
dns_update_send(const struct dns_server *server, const struct dns_update *update,
		const struct dns_key *key, int64_t timeout_ms, const struct cancel *cancel,
		struct err *e)
{
	int64_t deadline_ms = wait_deadline(timeout_ms);
	int port = server->port ? server->port : 53;
	struct signed_update u = { .packet = build(update, e), .key = key };
	struct dns_message reply = { NULL, 0 };
	struct address_list addresses;
	int rc = -1;

	if (u.packet && sign(&u, e) == 0 &&
	    address_lookup(server->host, port, deadline_ms, cancel, &addresses, e) == 0 &&
	    send_update(&u, &addresses, deadline_ms, cancel, &reply, e) == 0)
		rc = read_reply(&reply, &u, e);
	if (rc < 0)
		err_wrap(e, "updating %s %s in zone %s at %s:%d", update->name, update->type,
			 update->zone, server->host, port);
	free(reply.bytes);
	LDNS_FREE(u.message.bytes);
	ldns_pkt_free(u.packet);
	return rc;
}
