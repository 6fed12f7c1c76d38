#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "net/dns/dns.h"
#include "net/dns/dns_rr.h"

/* CNAME chains that leave the zones of a server: the rest is asked of resolvers. */

static bool
is_useful(const struct dns_answer *answer)
{
	return strcmp(answer->rcode, "NOERROR") == 0 || strcmp(answer->rcode, "NXDOMAIN") == 0;
}

/* The first of the servers that has a useful answer; the last error, or the last answer, where none has. */
static int
ask_in_turn(const struct dns_server *servers, size_t count, const struct dns_question *question,
	    const struct cancel *cancel, struct dns_answer *ret_answer, struct err *e)
{
	struct err failure = ERR_INIT;

	if (count == 0)
		return dns_ask(NULL, question, cancel, ret_answer, e);
	for (size_t i = 0; i < count; i++) {
		dns_answer_release(ret_answer);
		failure = (struct err)ERR_INIT;
		if (dns_ask(&servers[i], question, cancel, ret_answer, &failure) == 0 &&
		    is_useful(ret_answer))
			return 0;
		if (failure.kind == ERR_CANCELLED)
			break;
	}
	return failure.kind ? err_set(e, failure.kind, "%s", failure.message) : 0;
}

/* Puts what was said of the chain's end into the place of what the answer lacks. */
static int
splice(struct dns_answer *answer, struct dns_answer *rest, struct err *e)
{
	for (size_t i = 0; i < rest->chain_count; i++) {
		struct dns_hop hop = rest->chain[i];

		rest->chain[i] = (struct dns_hop){ 0 };
		if (dns_answer_add_hop(answer, hop, e) < 0)
			return -1;
	}
	free(answer->values);
	free(answer->rcode);
	free(answer->followed);
	answer->values = rest->values;
	answer->count = rest->count;
	answer->rcode = rest->rcode;
	answer->followed = rest->server;
	answer->ttl = rest->ttl;
	answer->negative_ttl = rest->negative_ttl;
	answer->chain_open = rest->chain_open;
	if (rest->ttl > answer->longest_ttl)
		answer->longest_ttl = rest->ttl;
	rest->values = NULL;
	rest->count = 0;
	rest->rcode = rest->server = NULL;
	return 0;
}

int
dns_follow(const struct dns_server *servers, size_t count, const struct dns_question *question,
	   const struct cancel *cancel, struct dns_answer *answer, struct err *e)
{
	struct dns_question next = *question;

	next.flags = DNS_RECURSE;
	while (answer->chain_open) {
		struct dns_answer rest = { 0 };
		size_t hops = answer->chain_count;
		char *name = xstrdup(answer->cname);
		int rc;

		next.name = name;
		rc = ask_in_turn(servers, count, &next, cancel, &rest, e);
		if (rc == 0)
			rc = splice(answer, &rest, e);
		dns_answer_release(&rest);
		free(name);
		if (rc < 0)
			return err_wrap(e, "following the CNAME to %s", answer->cname);
		if (answer->chain_count == hops)
			break;
	}
	return 0;
}
