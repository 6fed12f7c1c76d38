#include "config.h"

#include "net/dns/dns_tsig.h"

#include <stdlib.h>
#include <time.h>

#include "base/xalloc.h"
#include "net/dns/dns_rr.h"
#include "net/socket/address.h"
#include "net/socket/wait.h"

enum {
	TSIG_FUDGE_S = 300,
	TSIG_BADSIG = 16,
	TSIG_BADKEY = 17,
	TSIG_BADTIME = 18,
	TSIG_BADTRUNC = 22,
};

/* Places of the rdata fields of a TSIG record. */
enum { TSIG_MAC = 3, TSIG_ERROR = 5, TSIG_OTHER = 6 };

int
dns_sign(struct dns_signed *u, struct err *e)
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
		return err_set(e, ERR_SPEC, "it cannot be signed: %s",
			       ldns_get_errorstr_by_id(status));
	return 0;
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

int
dns_signature_report(const ldns_pkt *reply, const struct dns_signed *u, struct err *e)
{
	const ldns_rr *tsig = ldns_pkt_tsig(reply);
	int error = 0;

	if (u->key && tsig && ldns_rr_rd_count(tsig) > TSIG_OTHER)
		error = ldns_rdf2native_int16(ldns_rr_rdf(tsig, TSIG_ERROR));
	switch (error) {
	case TSIG_BADKEY:
		return err_set(
			e, ERR_DENIED,
			"NOTAUTH (BADKEY): the server knows no key %s with %s, or (as Knot "
			"has it) lets it do nothing here. Check the name and the algorithm of "
			"the key, and the server's acl",
			u->key->name, u->key->algorithm);
	case TSIG_BADSIG:
		return err_set(e, ERR_DENIED,
			       "NOTAUTH (BADSIG): the server has another secret for the key %s. "
			       "Get the present key file",
			       u->key->name);
	case TSIG_BADTIME:
		return report_bad_time(tsig, e);
	case TSIG_BADTRUNC:
		return err_set(
			e, ERR_DENIED,
			"NOTAUTH (BADTRUNC): the server wants another length of signature than "
			"%s has. Have a key of the whole length made",
			u->key->algorithm);
	default:
		return err_set(
			e, ERR_DENIED,
			"NOTAUTH: the server is not authoritative for %s, or is a secondary "
			"that passes no updates on. Check the target's `zone`, and give it the "
			"primary as its `server`",
			u->zone);
	}
}

/* Errors that a server gives before it has looked at the signature come unsigned. */
static bool
may_be_unsigned(ldns_pkt_rcode rcode)
{
	return rcode == LDNS_RCODE_FORMERR || rcode == LDNS_RCODE_SERVFAIL ||
	       rcode == LDNS_RCODE_NOTIMPL || rcode == LDNS_RCODE_REFUSED ||
	       rcode == LDNS_RCODE_NOTAUTH;
}

static size_t
mac_length(const ldns_rr *tsig)
{
	const ldns_rdf *mac =
		tsig && ldns_rr_rd_count(tsig) > TSIG_OTHER ? ldns_rr_rdf(tsig, TSIG_MAC) : NULL;

	return mac && ldns_rdf_size(mac) > 2 ? ldns_rdf_size(mac) - 2
					     : 0; /* a length goes before it */
}

const char *
dns_signature_doubt(ldns_pkt *reply, const struct dns_message *message, const struct dns_signed *u)
{
	size_t len = mac_length(ldns_pkt_tsig(reply));
	const ldns_rr *ours = ldns_pkt_tsig(u->packet);

	if (!u->key || (len == 0 && may_be_unsigned(ldns_pkt_get_rcode(reply))))
		return NULL;
	if (len == 0)
		return "the answer is not signed";
	if (ldns_pkt_tsig_verify(reply, message->bytes, message->len, u->key->name, u->key->secret,
				 ldns_rr_rdf(ours, TSIG_MAC)))
		return NULL;
	return len < mac_length(ours)
		       ? "the answer's signature is shortened, which proves too little"
		       : "the answer's signature is wrong";
}

static int
judge_reply(const struct dns_message *message, const struct dns_signed *u, struct err *e)
{
	ldns_pkt *reply = NULL;
	const char *doubt;
	int rc = 0;

	if (ldns_wire2pkt(&reply, message->bytes, message->len) != LDNS_STATUS_OK)
		return err_set(e, ERR_NET, "the answer is no valid DNS message");
	doubt = dns_signature_doubt(reply, message, u);
	if (doubt)
		rc = err_set(e, ERR_DENIED,
			     "%s, though the question was: the server does not take the key %s",
			     doubt, u->key->name);
	else if (ldns_pkt_get_rcode(reply) == LDNS_RCODE_NOTAUTH)
		rc = dns_signature_report(reply, u, e);
	ldns_pkt_free(reply);
	return rc;
}

static int
ask_signed(const struct dns_server *server, const struct dns_signed *u, int64_t timeout_ms,
	   const struct cancel *cancel, struct err *e)
{
	int64_t deadline_ms = wait_deadline(timeout_ms);
	struct dns_message reply = { NULL, 0 };
	struct err failure = ERR_INIT;
	struct address_list addresses;
	bool sent = false;
	int rc;

	if (address_lookup(server->host, server->port ? server->port : 53, deadline_ms, cancel,
			   &addresses, e) < 0)
		return -1;
	for (size_t i = 0; i < addresses.count && !reply.bytes; i++)
		if (dns_exchange_tcp(&addresses.items[i], &u->message, deadline_ms, cancel, &sent,
				     &reply, &failure) < 0 &&
		    failure.kind == ERR_CANCELLED)
			break;
	rc = reply.bytes ? judge_reply(&reply, u, e)
			 : err_set(e, failure.kind, "%s", failure.message);
	free(reply.bytes);
	return rc;
}

int
dns_key_check(const struct dns_server *server, const char *zone, const struct dns_key *key,
	      int64_t timeout_ms, const struct cancel *cancel, struct err *e)
{
	struct dns_signed u = { .zone = zone, .key = key };
	ldns_rdf *name = dns_name_parse(zone, e);
	int rc = -1;

	if (!name)
		return -1;
	u.packet = ldns_pkt_query_new(name, LDNS_RR_TYPE_SOA, LDNS_RR_CLASS_IN, 0);
	if (dns_sign(&u, e) == 0)
		rc = ask_signed(server, &u, timeout_ms, cancel, e);
	if (rc < 0)
		err_wrap(e, "trying the key %s at %s", key->name, server->host);
	LDNS_FREE(u.message.bytes);
	ldns_pkt_free(u.packet);
	return rc;
}
