#include "config.h"

#include "net/dns/dns_delegation.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "net/dns/dns_rr.h"
#include "net/dns/dns_wire.h"
#include "net/socket/address.h"
#include "net/socket/wait.h"

/* A referral has the servers in its second section, an answer in its first. Source: RFC 1034, 4.3.2. */

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
take_names(const ldns_rr_list *list, const ldns_rdf *zone, char **names, size_t *count)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(list, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_NS &&
		    ldns_dname_compare(ldns_rr_owner(rr), zone) == 0)
			names[(*count)++] = dns_rr_value(rr);
	}
}

static int
make_query(const ldns_rdf *zone, struct dns_message *ret_query, struct err *e)
{
	ldns_pkt *packet =
		ldns_pkt_query_new(ldns_rdf_clone(zone), LDNS_RR_TYPE_NS, LDNS_RR_CLASS_IN, 0);
	int rc = 0;

	if (ldns_pkt2wire(&ret_query->bytes, packet, &ret_query->len) != LDNS_STATUS_OK)
		rc = err_set(e, ERR_SPEC, "no DNS message can ask for it");
	else
		dns_message_set_id(ret_query);
	ldns_pkt_free(packet);
	return rc;
}

/* By UDP, and by TCP where that was cut off, at the first address that answers. */
static int
exchange(const struct address_list *addresses, const struct dns_message *query, int64_t timeout_ms,
	 const struct cancel *cancel, struct dns_message *ret_reply, struct err *e)
{
	for (size_t i = 0; i < addresses->count; i++) {
		const struct address *to = &addresses->items[i];
		int64_t deadline_ms = wait_deadline(timeout_ms);
		bool sent = false;

		if (dns_exchange_udp(to, query, deadline_ms, cancel, ret_reply, e) == 0) {
			if (!(ret_reply->bytes[2] & 0x02))
				return 0;
			free(ret_reply->bytes);
			ret_reply->bytes = NULL;
			if (dns_exchange_tcp(to, query, deadline_ms, cancel, &sent, ret_reply, e) ==
			    0)
				return 0;
		}
		if (e->kind == ERR_CANCELLED)
			break;
	}
	return -1;
}

static int
read_reply(const struct dns_message *reply, const ldns_rdf *zone, char ***ret_names,
	   size_t *ret_count, struct err *e)
{
	ldns_pkt *packet = NULL;
	size_t count = 0;
	char **names;

	if (ldns_wire2pkt(&packet, reply->bytes, reply->len) != LDNS_STATUS_OK)
		return err_set(e, ERR_NET, "the answer is no valid DNS message");
	names = xcalloc(ldns_rr_list_rr_count(ldns_pkt_answer(packet)) +
				ldns_rr_list_rr_count(ldns_pkt_authority(packet)) + 1,
			sizeof(*names));
	take_names(ldns_pkt_answer(packet), zone, names, &count);
	take_names(ldns_pkt_authority(packet), zone, names, &count);
	qsort(names, count, sizeof(*names), compare_texts);
	ldns_pkt_free(packet);
	*ret_names = names;
	*ret_count = count;
	return 0;
}

int
dns_delegation(const struct dns_server *server, const char *zone, int64_t timeout_ms,
	       const struct cancel *cancel, char ***ret_names, size_t *ret_count, struct err *e)
{
	struct dns_message query = { NULL, 0 }, reply = { NULL, 0 };
	struct address_list addresses;
	struct err failure = ERR_INIT;
	ldns_rdf *name = dns_name_parse(zone, e);
	int rc = -1;

	if (!name)
		return -1;
	if (make_query(name, &query, &failure) == 0 &&
	    address_lookup(server->host, server->port ? server->port : 53,
			   wait_deadline(timeout_ms), cancel, &addresses, &failure) == 0 &&
	    exchange(&addresses, &query, timeout_ms, cancel, &reply, &failure) == 0)
		rc = read_reply(&reply, name, ret_names, ret_count, &failure);
	if (rc < 0)
		err_set(e, failure.kind, "asking %s for the delegation of %s: %s", server->host,
			zone, failure.message);
	LDNS_FREE(query.bytes);
	free(reply.bytes);
	ldns_rdf_deep_free(name);
	return rc;
}
