#include "config.h"

#include "net/dns.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/address.h"
#include "net/dns_rr.h"
#include "net/dns_wire.h"
#include "net/wait.h"

enum { EDNS_UDP_SIZE = 1232, RESOLV_CONF_MAX = 65536 };

/* One question on its way to one server. */
struct question {
	ldns_rdf *name;
	ldns_rr_type type;
	struct dns_message message;
	int64_t timeout_ms;
	const struct cancel *cancel;
};

void
dns_answer_release(struct dns_answer *a)
{
	for (size_t i = 0; i < a->count; i++)
		free(a->values[i]);
	free(a->values);
	free(a->server);
	free(a->rcode);
	free(a->cname);
	*a = (struct dns_answer){ 0 };
}

static void
question_release(struct question *q)
{
	if (q->name)
		ldns_rdf_deep_free(q->name);
	LDNS_FREE(q->message.bytes);
}

static int
question_init(struct question *q, const char *name, const char *type, bool recursion, struct err *e)
{
	ldns_pkt *packet;
	int rc = -1;

	if (dns_type_parse(type, &q->type, e) < 0)
		return -1;
	q->name = dns_name_parse(name, e);
	if (!q->name)
		return -1;
	packet = ldns_pkt_query_new(ldns_rdf_clone(q->name), q->type, LDNS_RR_CLASS_IN,
				    recursion ? LDNS_RD : 0);
	ldns_pkt_set_edns_udp_size(packet, EDNS_UDP_SIZE);
	if (ldns_pkt2wire(&q->message.bytes, packet, &q->message.len) == LDNS_STATUS_OK)
		rc = 0;
	else
		err_set(e, ERR_SPEC, "no DNS message can ask for %s %s", name, type);
	ldns_pkt_free(packet);
	return rc;
}

/* Asks one address once: by UDP, and by TCP when that answer was cut off. */
static int
ask_once(struct question *q, const struct address *to, struct dns_answer *ret_answer, struct err *e)
{
	int64_t begin_ms = clock_mono_ms(), deadline_ms = wait_deadline(q->timeout_ms);
	struct dns_message reply = { NULL, 0 };
	struct dns_answer answer = { 0 };
	ldns_pkt *packet = NULL;
	bool sent = false;
	int rc = -1;

	dns_message_set_id(&q->message);
	if (dns_exchange_udp(to, &q->message, deadline_ms, q->cancel, &reply, e) < 0)
		goto out;
	if (reply.bytes[2] & 0x02) {
		answer.truncated = true;
		free(reply.bytes);
		reply.bytes = NULL;
		if (dns_exchange_tcp(to, &q->message, deadline_ms, q->cancel, &sent, &reply, e) < 0)
			goto out;
	}
	if (ldns_wire2pkt(&packet, reply.bytes, reply.len) != LDNS_STATUS_OK) {
		err_set(e, ERR_NET, "the answer is no valid DNS message");
		goto out;
	}
	answer.server = address_format(to);
	answer.rtt_ms = clock_mono_ms() - begin_ms;
	dns_answer_take(&answer, packet, q->name, q->type);
	*ret_answer = answer;
	rc = 0;
out:
	ldns_pkt_free(packet);
	free(reply.bytes);
	return rc;
}

/* Every address gets a turn, even where the caller wants fewer attempts than there are addresses. */
static int
ask(struct question *q, const struct address_list *addresses, int attempts,
    struct dns_answer *ret_answer, struct err *e)
{
	size_t turns = attempts > 0 ? (size_t)attempts : 1;

	if (turns < addresses->count)
		turns = addresses->count;
	for (size_t turn = 0; turn < turns; turn++) {
		const struct address *to = &addresses->items[turn % addresses->count];
		struct err failure = ERR_INIT;
		char *label;

		if (ask_once(q, to, ret_answer, &failure) == 0)
			return 0;
		label = address_format(to);
		err_set(e, failure.kind, "%s: %s", label, failure.message);
		free(label);
		if (failure.kind == ERR_CANCELLED)
			break;
	}
	return -1;
}

/* The first name server of resolv.conf(5); the local host where there is none, as that page says. */
static char *
system_resolver(void)
{
	struct str text = STR_INIT;
	struct err ignored;
	char *host = NULL, *rest, *line;

	if (file_read("/etc/resolv.conf", RESOLV_CONF_MAX, &text, &ignored) == 0) {
		rest = text.data;
		while (!host && (line = strsep(&rest, "\n"))) {
			char name[64];

			if (sscanf(line, "nameserver %63s", name) == 1)
				host = xstrdup(name);
		}
	}
	str_release(&text);
	return host ? host : xstrdup("127.0.0.1");
}

int
dns_query(const struct dns_server *server, const char *name, const char *type, bool recursion,
	  int64_t timeout_ms, int attempts, const struct cancel *cancel,
	  struct dns_answer *ret_answer, struct err *e)
{
	struct question q = { .timeout_ms = timeout_ms, .cancel = cancel };
	struct address_list addresses;
	char *host = server ? xstrdup(server->host) : system_resolver();
	int port = server && server->port ? server->port : 53;
	int rc = -1;

	if (question_init(&q, name, type, recursion, e) < 0)
		goto out;
	if (address_lookup(host, port, wait_deadline(timeout_ms), cancel, &addresses, e) == 0)
		rc = ask(&q, &addresses, attempts, ret_answer, e);
	if (rc < 0)
		err_wrap(e, "asking %s for %s %s", host, name, type);
out:
	question_release(&q);
	free(host);
	return rc;
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
