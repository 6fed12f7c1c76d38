#include "config.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ldns/ldns.h>
#include <netdb.h>
#include <pthread.h>

#include "fixture_dns.h"
#include "net/dns/dns.h"

/* What answers to an update are believed, and what is told of each. */

enum answer_kind {
	ANSWER_SIGNED,	 /* as it should be */
	ANSWER_UNSIGNED, /* as anybody can make it */
	ANSWER_FORGED,	 /* signed with another secret */
	ANSWER_SHORT,	 /* half a signature */
	ANSWER_GARBAGE,
	ANSWER_NONE,	  /* hangs up */
	ANSWER_BADTRUNC,  /* NOTAUTH: the signature has not the right length */
	ANSWER_BADTIME_0, /* NOTAUTH: the time is wrong, and the server does not say its own */
};

/* A server of one connection. */
struct responder {
	int fd, port;
	enum answer_kind kind;
	ldns_pkt_rcode rcode;
	pthread_t thread;
	int updates; /* that it has read */
};

static void
read_fully(int fd, uint8_t *bytes, size_t len)
{
	while (len) {
		ssize_t got = recv(fd, bytes, len, 0);

		if (got <= 0)
			return;
		bytes += got;
		len -= (size_t)got;
	}
}

static void
shorten(ldns_rr *tsig)
{
	const ldns_rdf *mac = ldns_rr_rdf(tsig, 3);
	uint8_t bytes[18] = { 0, 16 };

	memcpy(bytes + 2, ldns_rdf_data(mac) + 2, 16);
	ldns_rdf_deep_free(ldns_rr_set_rdf(
		tsig, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_INT16_DATA, 18, bytes), 3));
}

/* The signature goes, and a reason takes its place. */
static void
set_error(ldns_rr *tsig, uint16_t error)
{
	uint8_t none[2] = { 0, 0 };

	ldns_rdf_deep_free(
		ldns_rr_set_rdf(tsig, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_INT16_DATA, 2, none), 3));
	ldns_rdf_deep_free(
		ldns_rr_set_rdf(tsig, ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16, error), 5));
}

static ldns_pkt *
make_answer(const struct responder *r, const ldns_pkt *query)
{
	const char *secret = r->kind == ANSWER_FORGED ? DNS_SECRET_512 : DNS_SECRET_256;
	ldns_pkt *answer = ldns_pkt_new();

	ldns_pkt_set_id(answer, ldns_pkt_id(query));
	ldns_pkt_set_opcode(answer, LDNS_PACKET_UPDATE);
	ldns_pkt_set_qr(answer, true);
	ldns_pkt_set_rcode(answer, r->rcode);
	ldns_pkt_push_rr(answer, LDNS_SECTION_QUESTION,
			 ldns_rr_clone(ldns_rr_list_rr(ldns_pkt_question(query), 0)));
	if (r->kind == ANSWER_UNSIGNED)
		return answer;
	if (ldns_pkt_tsig_sign(answer, "k256", secret, 300, "hmac-sha256.",
			       ldns_rr_rdf(ldns_pkt_tsig(query), 3)) != LDNS_STATUS_OK)
		abort();
	if (r->kind >= ANSWER_BADTRUNC)
		set_error(ldns_pkt_tsig(answer), r->kind == ANSWER_BADTRUNC ? 22 : 18);
	if (r->kind == ANSWER_SHORT)
		shorten(ldns_pkt_tsig(answer));
	return answer;
}

static void
reply_to(const struct responder *r, int fd, const uint8_t *bytes, size_t len)
{
	ldns_pkt *query = NULL, *answer = NULL;
	uint8_t *wire = NULL, prefix[2];
	size_t wire_len = 0;

	if (ldns_wire2pkt(&query, bytes, len) != LDNS_STATUS_OK)
		abort();
	answer = make_answer(r, query);
	if (ldns_pkt2wire(&wire, answer, &wire_len) != LDNS_STATUS_OK)
		abort();
	if (r->kind == ANSWER_GARBAGE)
		wire[6] = 9; /* nine records that are not there */
	prefix[0] = (uint8_t)(wire_len >> 8);
	prefix[1] = (uint8_t)wire_len;
	if (send(fd, prefix, 2, MSG_NOSIGNAL) != 2 ||
	    send(fd, wire, wire_len, MSG_NOSIGNAL) != (ssize_t)wire_len)
		abort();
	LDNS_FREE(wire);
	ldns_pkt_free(answer);
	ldns_pkt_free(query);
}

static void *
responder_main(void *data)
{
	struct responder *r = data;
	uint8_t length[2] = { 0 }, bytes[4096];
	int fd = accept(r->fd, NULL, NULL);

	if (fd < 0)
		return NULL; /* it was closed before anybody came */
	read_fully(fd, length, 2);
	size_t len = (size_t)(length[0] << 8 | length[1]);
	if (len && len <= sizeof(bytes)) {
		read_fully(fd, bytes, len);
		r->updates++;
		if (r->kind != ANSWER_NONE)
			reply_to(r, fd, bytes, len);
	}
	close(fd);
	return NULL;
}

static void
responder_start(struct responder *r, int family, int port, enum answer_kind kind,
		ldns_pkt_rcode rcode)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
				    .sin6_port = htons((uint16_t)port),
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT };

	*r = (struct responder){ .port = port, .kind = kind, .rcode = rcode };
	if (family == AF_INET) {
		r->fd = fixture_bind(SOCK_STREAM, port);
	} else {
		r->fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (bind(r->fd, (struct sockaddr *)&six, sizeof(six)) < 0)
			abort();
	}
	if (r->fd < 0 || listen(r->fd, 4) < 0 ||
	    pthread_create(&r->thread, NULL, responder_main, r) != 0)
		abort();
}

static void
responder_stop(struct responder *r)
{
	shutdown(r->fd, SHUT_RDWR);
	pthread_join(r->thread, NULL);
	close(r->fd);
}

/* "two.test" has the addresses 127.0.0.1 and ::1, in this order. */
int
getaddrinfo(const char *restrict node, const char *restrict service,
	    const struct addrinfo *restrict hints, struct addrinfo **restrict ret_list)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	int rc;

	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (!node || strcmp(node, "two.test") != 0)
		return real(node, service, hints, ret_list);
	if (hints && hints->ai_flags & AI_NUMERICHOST)
		return EAI_NONAME;
	rc = real("127.0.0.1", service, hints, ret_list);
	return rc ? rc : real("::1", service, hints, &(*ret_list)->ai_next);
}

static int
update_at(const char *host, int port, struct err *e)
{
	struct dns_server to = { host, port };
	const char *values[] = { "192.0.2.1", NULL };
	struct dns_update second = {
		.zone = "a.test", .name = "b.a.test", .type = "A", .values = values
	};
	struct dns_update first = {
		.zone = "a.test", .name = "a.test", .type = "A", .values = values, .next = &second
	};
	struct dns_key key = { .name = (char *)"k256",
			       .algorithm = (char *)"hmac-sha256",
			       .secret = (char *)DNS_SECRET_256 };

	return dns_update_send(&to, &first, &key, 3000, NULL, e);
}

static void
assert_outcome(enum answer_kind kind, ldns_pkt_rcode rcode, int wanted_kind, const char *says)
{
	struct err e = ERR_INIT;
	struct responder r;

	responder_start(&r, AF_INET, fixture_free_port(), kind, rcode);
	int rc = update_at("127.0.0.1", r.port, &e);
	responder_stop(&r);
	if (rc != (wanted_kind == ERR_NONE ? 0 : -1) || !strstr(e.message, says))
		fail_msg("answer %d, rcode %d: \"%s\" lacks \"%s\"", (int)kind, (int)rcode,
			 e.message, says);
	assert_int_equal(e.kind, wanted_kind);
	if (rc < 0)
		assert_non_null(strstr(e.message, "updating a.test A and 1 other in zone a.test"));
}

static void
dns_update_answer_is_believed_by_its_signature(void **state)
{
	(void)state;
	assert_outcome(ANSWER_SIGNED, LDNS_RCODE_NOERROR, ERR_NONE, "");
	assert_outcome(
		ANSWER_UNSIGNED, LDNS_RCODE_NOERROR, ERR_UNKNOWN_OUTCOME,
		"the answer is not signed, so it may not come from the server. The update was "
		"sent: look whether the record has changed");
	assert_outcome(ANSWER_UNSIGNED, LDNS_RCODE_NXRRSET, ERR_UNKNOWN_OUTCOME,
		       "the answer is not signed");
	assert_outcome(ANSWER_FORGED, LDNS_RCODE_NOERROR, ERR_UNKNOWN_OUTCOME,
		       "the answer's signature is wrong");
	assert_outcome(ANSWER_FORGED, LDNS_RCODE_REFUSED, ERR_UNKNOWN_OUTCOME,
		       "the answer's signature is wrong");
	assert_outcome(ANSWER_SHORT, LDNS_RCODE_NOERROR, ERR_UNKNOWN_OUTCOME,
		       "the answer's signature is shortened");
	assert_outcome(ANSWER_GARBAGE, LDNS_RCODE_NOERROR, ERR_UNKNOWN_OUTCOME,
		       "no valid DNS message. The update was sent");
	assert_outcome(ANSWER_NONE, LDNS_RCODE_NOERROR, ERR_UNKNOWN_OUTCOME,
		       "the server closed the connection without an answer. The update was sent");
}

static void
dns_update_each_rcode_says_what_to_do(void **state)
{
	static const struct {
		ldns_pkt_rcode rcode;
		enum err_kind kind;
		const char *says;
	} cases[] = {
		{ LDNS_RCODE_NXRRSET, ERR_CONFLICT,
		  "NXRRSET: the record is not what was expected" },
		{ LDNS_RCODE_YXRRSET, ERR_CONFLICT, "YXRRSET: there is a record where none was" },
		{ LDNS_RCODE_NXDOMAIN, ERR_CONFLICT, "NXDOMAIN: the name is gone" },
		{ LDNS_RCODE_YXDOMAIN, ERR_CONFLICT, "YXDOMAIN: the name is there by now" },
		{ LDNS_RCODE_NOTZONE, ERR_REMOTE, "NOTZONE: " },
		{ LDNS_RCODE_SERVFAIL, ERR_REMOTE, "its log tells why" },
		{ LDNS_RCODE_NOTIMPL, ERR_REMOTE, "NOTIMP: this server takes no updates at all" },
		{ LDNS_RCODE_FORMERR, ERR_REMOTE, "FORMERR: " },
		{ LDNS_RCODE_REFUSED, ERR_DENIED,
		  "REFUSED: the server's policy does not let k256" },
		{ LDNS_RCODE_NOTAUTH, ERR_DENIED,
		  "NOTAUTH: the server is not authoritative for a.test, or is a secondary" },
		{ (ldns_pkt_rcode)14, ERR_REMOTE, "the server answered" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_outcome(ANSWER_SIGNED, cases[i].rcode, (int)cases[i].kind, cases[i].says);
	assert_outcome(ANSWER_UNSIGNED, LDNS_RCODE_SERVFAIL, ERR_REMOTE, "SERVFAIL");
	assert_outcome(ANSWER_BADTRUNC, LDNS_RCODE_NOTAUTH, ERR_DENIED,
		       "NOTAUTH (BADTRUNC): the server wants another length of signature than "
		       "hmac-sha256 has");
	assert_outcome(ANSWER_BADTIME_0, LDNS_RCODE_NOTAUTH, ERR_DENIED,
		       "NOTAUTH (BADTIME): the server's clock and ours differ by more than 300 s");
}

/* The first address may have taken it: the second must not see it. */
static void
dns_update_taken_by_one_address_is_not_sent_to_another(void **state)
{
	struct responder four, six;
	struct err e = ERR_INIT;

	(void)state;
	responder_start(&four, AF_INET, fixture_free_port(), ANSWER_NONE, LDNS_RCODE_NOERROR);
	responder_start(&six, AF_INET6, four.port, ANSWER_SIGNED, LDNS_RCODE_NOERROR);
	assert_int_equal(update_at("two.test", four.port, &e), -1);
	responder_stop(&four);
	responder_stop(&six);
	assert_int_equal(e.kind, ERR_UNKNOWN_OUTCOME);
	assert_int_equal(four.updates, 1);
	assert_int_equal(six.updates, 0);
	assert_non_null(strstr(e.message, "127.0.0.1:"));
}

static void
dns_update_refused_by_one_address_goes_to_the_next(void **state)
{
	struct err e = ERR_INIT;
	struct responder six;

	(void)state;
	responder_start(&six, AF_INET6, fixture_free_port(), ANSWER_SIGNED, LDNS_RCODE_NOERROR);
	if (update_at("two.test", six.port, &e) < 0)
		fail_msg("%s", e.message);
	responder_stop(&six);
	assert_int_equal(six.updates, 1);
	assert_int_equal(update_at("two.test", six.port, &e), -1);
	assert_int_equal(e.kind, ERR_NET);
	assert_non_null(strstr(e.message, "Connection refused. Nothing was sent"));
}

static void
dns_update_goes_to_an_ipv6_address(void **state)
{
	struct err e = ERR_INIT;
	struct responder six;

	(void)state;
	responder_start(&six, AF_INET6, fixture_free_port(), ANSWER_SIGNED, LDNS_RCODE_REFUSED);
	assert_int_equal(update_at("::1", six.port, &e), -1);
	responder_stop(&six);
	char *place = xasprintf("in zone a.test at [::1]:%d: REFUSED", six.port);
	assert_non_null(strstr(e.message, place));
	free(place);
}

static void
dns_update_cancelled_after_sending_is_unknown(void **state)
{
	struct cancel *cancel = cancel_new();
	int fd = fixture_bind(SOCK_STREAM, 0);
	const char *values[] = { "192.0.2.1", NULL };
	struct dns_update u = { .zone = "a.test", .name = "a.test", .type = "A", .values = values };
	struct dns_server to = { "127.0.0.1", fixture_port_of(fd) };
	struct err e = ERR_INIT;

	(void)state;
	listen(fd, 1); /* the kernel takes it, and nobody reads it */
	cancel_request(cancel);
	assert_int_equal(dns_update_send(&to, &u, NULL, 3000, cancel, &e), -1);
	assert_true(e.kind == ERR_UNKNOWN_OUTCOME || strstr(e.message, "Nothing was sent"));
	cancel_free(cancel);
	cancel = cancel_new();
	e = (struct err)ERR_INIT;
	assert_int_equal(dns_update_send(&to, &u, NULL, 200, cancel, &e), -1);
	assert_int_equal(e.kind, ERR_UNKNOWN_OUTCOME);
	cancel_free(cancel);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dns_update_answer_is_believed_by_its_signature),
		cmocka_unit_test(dns_update_each_rcode_says_what_to_do),
		cmocka_unit_test(dns_update_taken_by_one_address_is_not_sent_to_another),
		cmocka_unit_test(dns_update_refused_by_one_address_goes_to_the_next),
		cmocka_unit_test(dns_update_goes_to_an_ipv6_address),
		cmocka_unit_test(dns_update_cancelled_after_sending_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
