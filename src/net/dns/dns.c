#include "config.h"

#include "net/dns/dns.h"

#include <errno.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/dns/dns_rr.h"
#include "net/dns/dns_wire.h"
#include "net/socket/address.h"
#include "net/socket/wait.h"

/* What fits into a packet anywhere without being cut to pieces. Source: DNS Flag Day 2020. */
enum { EDNS_UDP_SIZE = 1232 };

/* One question on its way to one server. */
struct inquiry {
	const struct dns_question *question;
	ldns_rdf *name;
	ldns_rr_type type;
	struct dns_message message;
	bool plain; /* without EDNS */
	const struct cancel *cancel;
};

static void
inquiry_release(struct inquiry *q)
{
	if (q->name)
		ldns_rdf_deep_free(q->name);
	LDNS_FREE(q->message.bytes);
}

static int
write_message(struct inquiry *q, bool plain, struct err *e)
{
	unsigned flags = q->question->flags;
	ldns_pkt *packet = ldns_pkt_query_new(ldns_rdf_clone(q->name), q->type, LDNS_RR_CLASS_IN,
					      flags & DNS_RECURSE ? LDNS_RD : 0);
	int rc = 0;

	LDNS_FREE(q->message.bytes);
	q->message = (struct dns_message){ NULL, 0 };
	q->plain = plain;
	ldns_pkt_set_cd(packet, (flags & DNS_UNCHECKED) != 0);
	if (!plain)
		ldns_pkt_set_edns_udp_size(packet, EDNS_UDP_SIZE);
	if (ldns_pkt2wire(&q->message.bytes, packet, &q->message.len) != LDNS_STATUS_OK)
		rc = err_set(e, ERR_SPEC, "no DNS message can ask for %s %s", q->question->name,
			     q->question->type);
	ldns_pkt_free(packet);
	return rc;
}

static int
inquiry_init(struct inquiry *q, const struct dns_question *question, const struct cancel *cancel,
	     struct err *e)
{
	*q = (struct inquiry){ .question = question, .cancel = cancel };
	if (dns_type_parse(question->type, &q->type, e) < 0)
		return -1;
	q->name = dns_name_parse(question->name, e);
	return q->name ? write_message(q, false, e) : -1;
}

/* By UDP, and by TCP when that answer was cut off. */
static int
exchange(struct inquiry *q, const struct address *to, struct dns_message *ret_reply,
	 bool *ret_truncated, struct err *e)
{
	int64_t deadline_ms = wait_deadline(q->question->timeout_ms);
	bool sent = false;

	dns_message_set_id(&q->message);
	if (dns_exchange_udp(to, &q->message, deadline_ms, q->cancel, ret_reply, e) < 0)
		return -1;
	*ret_truncated = ret_reply->bytes[2] & 0x02;
	if (!*ret_truncated)
		return 0;
	free(ret_reply->bytes);
	*ret_reply = (struct dns_message){ NULL, 0 };
	deadline_ms = wait_deadline(q->question->timeout_ms);
	if (dns_exchange_tcp(to, &q->message, deadline_ms, q->cancel, &sent, ret_reply, e) < 0)
		return err_wrap(e, "the answer is too large for UDP, and over TCP");
	return 0;
}

/* A server from before EDNS says so by one of these. Source: RFC 6891, 7. */
static bool
refuses_edns(const ldns_pkt *packet)
{
	ldns_pkt_rcode rcode = ldns_pkt_get_rcode(packet);

	return rcode == LDNS_RCODE_FORMERR || rcode == LDNS_RCODE_NOTIMPL ||
	       ldns_pkt_edns_extended_rcode(packet) != 0;
}

static int
exchange_packet(struct inquiry *q, const struct address *to, ldns_pkt **ret_packet,
		bool *ret_truncated, struct err *e)
{
	struct dns_message reply = { NULL, 0 };
	ldns_status status;

	if (exchange(q, to, &reply, ret_truncated, e) < 0)
		return -1;
	status = ldns_wire2pkt(ret_packet, reply.bytes, reply.len);
	free(reply.bytes);
	if (status == LDNS_STATUS_OK)
		return 0;
	*ret_packet = NULL;
	return err_set(e, ERR_NET, "the answer is no valid DNS message (%s)",
		       ldns_get_errorstr_by_id(status));
}

static int
ask_once(struct inquiry *q, const struct address *to, struct dns_answer *ret_answer, struct err *e)
{
	int64_t begin_ms = clock_mono_ms();
	struct dns_answer answer = { 0 };
	ldns_pkt *packet = NULL;
	int rc = -1;

	if (exchange_packet(q, to, &packet, &answer.truncated, e) < 0)
		goto out;
	if (!q->plain && refuses_edns(packet)) {
		ldns_pkt_free(packet);
		packet = NULL;
		begin_ms = clock_mono_ms();
		if (write_message(q, true, e) < 0 ||
		    exchange_packet(q, to, &packet, &answer.truncated, e) < 0)
			goto out;
	}
	if (dns_answer_take(&answer, packet, q->name, q->type, e) < 0)
		goto out;
	answer.server = address_format(to);
	answer.rtt_ms = clock_mono_ms() - begin_ms;
	answer.plain = q->plain;
	*ret_answer = answer;
	answer = (struct dns_answer){ 0 };
	rc = 0;
out:
	dns_answer_release(&answer);
	ldns_pkt_free(packet);
	return rc;
}

/* Every address gets a turn, even where the caller wants fewer attempts than there are addresses. */
static int
ask_in_turn(struct inquiry *q, const struct address_list *addresses, struct dns_answer *ret_answer,
	    struct err *e)
{
	size_t turns = q->question->attempts > 0 ? (size_t)q->question->attempts : 1;
	struct err failure = ERR_INIT;
	struct str failures = STR_INIT;

	if (turns < addresses->count)
		turns = addresses->count;
	for (size_t turn = 0; turn < turns; turn++) {
		const struct address *to = &addresses->items[turn % addresses->count];
		char *label;

		failure = (struct err)ERR_INIT;
		if (ask_once(q, to, ret_answer, &failure) == 0)
			break;
		if (failure.kind == ERR_CANCELLED || failure.kind == ERR_REMOTE)
			turns = 0; /* no other address would say otherwise */
		if (turn + addresses->count < turns)
			continue; /* it gets another turn */
		label = address_format(to);
		str_printf(&failures, "%s%s: %s", failures.len ? "; " : "", label, failure.message);
		free(label);
	}
	if (failure.kind)
		err_set(e, failure.kind, "%s", str_cstr(&failures));
	str_release(&failures);
	return failure.kind ? -1 : 0;
}

int
dns_ask_at(const struct address_list *addresses, const struct dns_question *question,
	   const struct cancel *cancel, struct dns_answer *ret_answer, struct err *e)
{
	struct inquiry q;
	int rc = inquiry_init(&q, question, cancel, e);

	if (rc == 0)
		rc = ask_in_turn(&q, addresses, ret_answer, e);
	inquiry_release(&q);
	return rc;
}

static int
ask_host(const char *host, int port, const struct dns_question *question,
	 const struct cancel *cancel, struct dns_answer *ret_answer, struct err *e)
{
	struct address_list addresses = { .count = 0 };

	if (address_lookup(host, port, wait_deadline(question->timeout_ms), cancel, &addresses, e) <
		    0 ||
	    dns_ask_at(&addresses, question, cancel, ret_answer, e) < 0)
		return err_wrap(e, "asking %s for %s %s", host, question->name, question->type);
	return 0;
}

/* A resolver that is in trouble itself: the next one may do better, as resolv.conf(5) has it. */
static bool
is_of_no_use(const struct dns_answer *answer)
{
	return strcmp(answer->rcode, "SERVFAIL") == 0 || strcmp(answer->rcode, "REFUSED") == 0 ||
	       strcmp(answer->rcode, "NOTIMPL") == 0;
}

int
dns_ask_system(const char *path, int port, const struct dns_question *question,
	       const struct cancel *cancel, struct dns_answer *ret_answer, struct err *e)
{
	struct dns_answer answer = { 0 };
	struct str failures = STR_INIT;
	struct err failure = ERR_INIT;
	char **hosts = NULL;
	size_t count = 0;
	bool done = false;

	if (dns_system_servers(path, &hosts, &count, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct dns_answer next = { 0 };

		if (!done && ask_host(hosts[i], port, question, cancel, &next, &failure) == 0) {
			dns_answer_release(&answer);
			answer = next;
			done = !is_of_no_use(&answer);
		} else if (!done) {
			str_printf(&failures, "%s%s", failures.len ? "; " : "", failure.message);
			done = failure.kind == ERR_CANCELLED || failure.kind == ERR_SPEC;
		}
		free(hosts[i]);
	}
	free(hosts);
	if (answer.rcode && failure.kind != ERR_CANCELLED)
		*ret_answer = answer;
	else
		dns_answer_release(&answer);
	if (!answer.rcode)
		err_set(e, failure.kind, "%s", str_cstr(&failures));
	str_release(&failures);
	return answer.rcode ? 0 : -1;
}

int
dns_ask(const struct dns_server *server, const struct dns_question *question,
	const struct cancel *cancel, struct dns_answer *ret_answer, struct err *e)
{
	if (!server)
		return dns_ask_system(DNS_RESOLV_CONF, 53, question, cancel, ret_answer, e);
	return ask_host(server->host, server->port ? server->port : 53, question, cancel,
			ret_answer, e);
}

int
dns_query(const struct dns_server *server, const char *name, const char *type, bool recursion,
	  int64_t timeout_ms, int attempts, const struct cancel *cancel,
	  struct dns_answer *ret_answer, struct err *e)
{
	struct dns_question question = { .name = name,
					 .type = type,
					 .flags = recursion ? DNS_RECURSE : 0,
					 .timeout_ms = timeout_ms,
					 .attempts = attempts };

	return dns_ask(server, &question, cancel, ret_answer, e);
}

bool
dns_server_has_route(const struct dns_server *server)
{
	struct address_list list = { .count = 0 };
	int fd, rc;

	if (address_parse(server->host, server->port ? server->port : 53, &list) < 0)
		return true;
	fd = socket(list.items[0].sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno != EAFNOSUPPORT;
	rc = connect(fd, (const struct sockaddr *)&list.items[0].sa, list.items[0].len);
	/* EINVAL: a link-local address, which means nothing without its link */
	if (rc < 0 && errno != ENETUNREACH && errno != EADDRNOTAVAIL && errno != EINVAL)
		rc = 0;
	close(fd);
	return rc == 0;
}

int
dns_authoritative(const struct dns_server *server, const char *zone, int64_t timeout_ms,
		  const struct cancel *cancel, char ***ret_hosts, size_t *ret_count, struct err *e)
{
	struct dns_answer answer = { 0 };
	int rc = -1;

	if (dns_query(server, zone, "NS", true, timeout_ms, 2, cancel, &answer, e) < 0)
		return -1;
	if (answer.count == 0) {
		err_set(e, ERR_NOT_FOUND,
			"asking %s for the name servers of %s: %s and no NS record. Is it the name "
			"of the zone?",
			answer.server, zone, answer.rcode);
		goto out;
	}
	for (size_t i = 0; i < answer.count; i++) {
		size_t len = strlen(answer.values[i]);

		if (len > 1)
			answer.values[i][len - 1] = '\0'; /* the final dot */
	}
	*ret_hosts = answer.values;
	*ret_count = answer.count;
	answer.values = NULL;
	answer.count = 0;
	rc = 0;
out:
	dns_answer_release(&answer);
	return rc;
}
