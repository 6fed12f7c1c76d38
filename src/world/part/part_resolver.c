#include "config.h"

#include "world/part/part_resolver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/part/part_door.h"
#include "world/part/part_knot.h"
#include "world/part/part_resolver_cache.h"

enum {
	DEFAULT_PORT = 5353,
	MESSAGE_MAX = 65535,
	ASKED_MAX = 64, /* questions under way; more are refused */
	TRIES = 2,
	TRY_MS = 1500,
	WARM_MAX = 16,
	WARM_AGAIN_MS = 1000, /* to look whether a server has answered */
	IDLE_MS = 10000,      /* of a TCP connection */
	EDNS_BYTES = 4096,
};

/* A client that came by TCP. */
struct caller {
	struct part_resolver *resolver;
	struct part_watch watch;
	struct part_timer timer;
	struct str in;
	struct caller *next;
};

/* A question that a name server of the world has been asked. */
struct asked {
	struct part_resolver *resolver;
	ldns_pkt *query;	 /* the client's; of a warm name our own */
	struct sockaddr_in from; /* who is to get the answer: by UDP … */
	struct caller *caller;	 /* … or by TCP; NULL: not */
	bool ours;		 /* nobody gets it */
	uint16_t id;
	int tries;
	struct part_watch watch; /* our socket to the server */
	struct part_timer timer;
	struct asked *next;
};

/* A name that its clients keep asking for, so that the answer is always in the cache. */
struct warm {
	struct part_resolver *resolver;
	ldns_pkt *query;
	struct part_timer timer;
};

struct part_resolver {
	struct parts *parts;
	struct part_watch udp;
	struct part_door *tcp;
	struct resolver_cache *cache;
	struct caller *callers;
	struct asked *asked;
	size_t asked_count;
	struct warm *warm;
	size_t warm_count;
	uint8_t bytes[MESSAGE_MAX];
	struct part_resolver *next;
};

/* --- clients ---------------------------------------------------------------------------------------- */

static void
caller_free(struct caller *caller)
{
	struct part_resolver *r = caller->resolver;
	struct caller **at = &r->callers;

	while (*at != caller)
		at = &(*at)->next;
	*at = caller->next;
	for (struct asked *a = r->asked; a; a = a->next)
		if (a->caller == caller) {
			a->caller = NULL;
			a->ours = true;
		}
	part_loop_unwatch(r->parts->loop, &caller->watch);
	part_loop_quiet(r->parts->loop, &caller->timer);
	close(caller->watch.fd);
	str_release(&caller->in);
	free(caller);
}

/* A client that does not read its answers gets none. */
static void
send_tcp(struct caller *caller, const struct str *message)
{
	struct str framed = STR_INIT;

	str_append_char(&framed, (char)(message->len >> 8));
	str_append_char(&framed, (char)message->len);
	str_append_bytes(&framed, message->data, message->len);
	if (send(caller->watch.fd, framed.data, framed.len, MSG_NOSIGNAL) < (ssize_t)framed.len)
		shutdown(caller->watch.fd, SHUT_RDWR);
	str_release(&framed);
}

static void
send_reply(struct part_resolver *r, const struct sockaddr_in *from, struct caller *caller,
	   const struct str *message)
{
	if (caller)
		send_tcp(caller, message);
	else
		sendto(r->udp.fd, message->data, message->len, MSG_NOSIGNAL,
		       (const struct sockaddr *)from, sizeof(*from));
}

/* --- the world's name servers ----------------------------------------------------------------------- */

static void
asked_free(struct asked *a)
{
	struct part_resolver *r = a->resolver;
	struct asked **at = &r->asked;

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	r->asked_count--;
	part_loop_unwatch(r->parts->loop, &a->watch);
	part_loop_quiet(r->parts->loop, &a->timer);
	if (a->watch.fd >= 0)
		close(a->watch.fd);
	ldns_pkt_free(a->query);
	free(a);
}

/* Ends it with a reply to whoever waits. */
static void
asked_reply(struct asked *a, const struct str *message)
{
	if (!a->ours && message->len)
		send_reply(a->resolver, &a->from, a->caller, message);
	asked_free(a);
}

static void
asked_fail(struct asked *a, ldns_pkt_rcode rcode)
{
	struct str message = STR_INIT;

	resolver_refuse(a->query, rcode, &message);
	asked_reply(a, &message);
	str_release(&message);
}

static int
connect_server(const struct asked *a)
{
	char *name = ldns_rdf2str(ldns_rr_owner(resolver_question(a->query)));
	size_t len = name ? strlen(name) : 0;
	struct sockaddr_in sa;
	int fd = -1;

	if (len && name[len - 1] == '.')
		name[len - 1] = '\0';
	if (name && part_zone_server(a->resolver->parts, name, &sa))
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		close(fd);
		fd = -1;
	}
	LDNS_FREE(name);
	return fd;
}

static void
asked_send(struct asked *a)
{
	const ldns_rr *question = resolver_question(a->query);
	ldns_pkt *packet = ldns_pkt_query_new(ldns_rdf_clone(ldns_rr_owner(question)),
					      ldns_rr_get_type(question), LDNS_RR_CLASS_IN, 0);
	uint8_t *wire = NULL;
	size_t len = 0;

	if (getrandom(&a->id, sizeof(a->id), 0) != sizeof(a->id))
		abort(); /* without random IDs answers could be forged */
	ldns_pkt_set_id(packet, a->id);
	ldns_pkt_set_edns_udp_size(packet, EDNS_BYTES);
	if (ldns_pkt2wire(&wire, packet, &len) == LDNS_STATUS_OK)
		send(a->watch.fd, wire, len, MSG_NOSIGNAL); /* lost or refused: the timer knows */
	LDNS_FREE(wire);
	ldns_pkt_free(packet);
	a->tries++;
	part_loop_ring(a->resolver->parts->loop, &a->timer, clock_mono_ms() + TRY_MS);
}

static void
asked_late(void *data)
{
	struct asked *a = data;

	if (a->tries < TRIES)
		asked_send(a);
	else
		asked_fail(a, LDNS_RCODE_SERVFAIL);
}

static bool
answers(const struct asked *a, const ldns_pkt *packet)
{
	const ldns_rr *ours = resolver_question(a->query), *theirs = resolver_question(packet);

	return ldns_pkt_qr(packet) && ldns_pkt_id(packet) == a->id && theirs &&
	       ldns_rr_get_type(ours) == ldns_rr_get_type(theirs) &&
	       ldns_dname_compare(ldns_rr_owner(ours), ldns_rr_owner(theirs)) == 0;
}

static void
server_answers(void *data, uint32_t events)
{
	struct asked *a = data;
	struct part_resolver *r = a->resolver;
	ssize_t got = recv(a->watch.fd, r->bytes, sizeof(r->bytes), 0);
	struct str message = STR_INIT;
	ldns_pkt *packet = NULL;

	(void)events;
	if (got < 0 || ldns_wire2pkt(&packet, r->bytes, (size_t)got) != LDNS_STATUS_OK)
		return; /* the timer knows */
	if (!answers(a, packet)) {
		ldns_pkt_free(packet);
		return;
	}
	resolver_reply(a->query, packet, 0, a->caller != NULL, &message);
	if (resolver_ttl(packet) > 0)
		resolver_cache_put(r->cache, resolver_question(a->query), packet, clock_mono_ms());
	else
		ldns_pkt_free(packet);
	asked_reply(a, &message);
	str_release(&message);
}

/* The query becomes its own. Without `from` and `caller` nobody waits for the answer. */
static void
ask(struct part_resolver *r, ldns_pkt *query, const struct sockaddr_in *from, struct caller *caller)
{
	struct asked *a = xcalloc(1, sizeof(*a));

	a->resolver = r;
	a->query = query;
	a->caller = caller;
	a->ours = !from && !caller;
	if (from)
		a->from = *from;
	a->timer = (struct part_timer){ .ring = asked_late, .data = a };
	a->next = r->asked;
	r->asked = a;
	r->asked_count++;
	a->watch = (struct part_watch){ .fd = -1, .ready = server_answers, .data = a };
	if (r->asked_count <= ASKED_MAX)
		a->watch.fd = connect_server(a);
	if (a->watch.fd < 0) {
		asked_fail(a, LDNS_RCODE_REFUSED);
		return;
	}
	part_loop_watch(r->parts->loop, &a->watch, EPOLLIN);
	asked_send(a);
}

/* --- queries ---------------------------------------------------------------------------------------- */

static void
take_query(struct part_resolver *r, const uint8_t *bytes, size_t len,
	   const struct sockaddr_in *from, struct caller *caller)
{
	struct str message = STR_INIT;
	ldns_pkt *query = NULL;

	if (ldns_wire2pkt(&query, bytes, len) != LDNS_STATUS_OK || ldns_pkt_qr(query)) {
		ldns_pkt_free(query);
		return;
	}
	if (ldns_pkt_get_opcode(query) != LDNS_PACKET_QUERY)
		resolver_refuse(query, LDNS_RCODE_NOTIMPL, &message);
	else if (!resolver_question(query))
		resolver_refuse(query, LDNS_RCODE_FORMERR, &message);
	else if (!resolver_cache_reply(r->cache, query, caller != NULL, clock_mono_ms(),
				       &message)) {
		ask(r, query, caller ? NULL : from, caller);
		return;
	}
	send_reply(r, from, caller, &message);
	str_release(&message);
	ldns_pkt_free(query);
}

static void
udp_ready(void *data, uint32_t events)
{
	struct part_resolver *r = data;
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	ssize_t got =
		recvfrom(r->udp.fd, r->bytes, sizeof(r->bytes), 0, (struct sockaddr *)&from, &len);

	(void)events;
	if (got > 0)
		take_query(r, r->bytes, (size_t)got, &from, NULL);
}

static void
caller_late(void *data)
{
	caller_free(data);
}

/* Takes what messages are whole. Source: RFC 1035, 4.2.2. */
static void
caller_ready(void *data, uint32_t events)
{
	struct caller *caller = data;
	struct part_resolver *r = caller->resolver;
	ssize_t got = recv(caller->watch.fd, r->bytes, sizeof(r->bytes), 0);

	(void)events;
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
		caller_free(caller);
		return;
	}
	if (got > 0)
		str_append_bytes(&caller->in, r->bytes, (size_t)got);
	part_loop_ring(r->parts->loop, &caller->timer, clock_mono_ms() + IDLE_MS);
	while (caller->in.len >= 2) {
		const uint8_t *in = (const uint8_t *)caller->in.data;
		size_t len = (size_t)(in[0] << 8 | in[1]);

		if (caller->in.len < len + 2)
			break;
		take_query(r, in + 2, len, NULL, caller);
		str_consume(&caller->in, len + 2);
	}
}

static void
take_caller(void *data, int fd, const struct sockaddr_in *from)
{
	struct part_resolver *r = data;
	struct caller *caller = xcalloc(1, sizeof(*caller));

	(void)from;
	caller->resolver = r;
	caller->watch = (struct part_watch){ .fd = fd, .ready = caller_ready, .data = caller };
	caller->timer = (struct part_timer){ .ring = caller_late, .data = caller };
	caller->next = r->callers;
	r->callers = caller;
	part_loop_watch(r->parts->loop, &caller->watch, EPOLLIN);
	part_loop_ring(r->parts->loop, &caller->timer, clock_mono_ms() + IDLE_MS);
}

/* --- names that are asked for all the time ---------------------------------------------------------- */

/* Asks again whenever the answer has become old, as clients that never stop would. */
static void
keep_warm(void *data)
{
	struct warm *warm = data;
	struct part_resolver *r = warm->resolver;
	int64_t now_ms = clock_mono_ms();
	int64_t until_ms = resolver_cache_until(r->cache, resolver_question(warm->query), now_ms);

	if (until_ms == 0)
		ask(r, ldns_pkt_clone(warm->query), NULL, NULL);
	part_loop_ring(r->parts->loop, &warm->timer, until_ms ? until_ms : now_ms + WARM_AGAIN_MS);
}

static void
add_warm(struct part_resolver *r, const cJSON *names)
{
	const cJSON *name;

	r->warm = xcalloc(WARM_MAX, sizeof(*r->warm));
	cJSON_ArrayForEach(name, names) {
		struct warm *warm = &r->warm[r->warm_count];
		ldns_pkt *query = NULL;

		if (r->warm_count == WARM_MAX || !cJSON_IsString(name) ||
		    ldns_pkt_query_new_frm_str(&query, name->valuestring, LDNS_RR_TYPE_A,
					       LDNS_RR_CLASS_IN, LDNS_RD) != LDNS_STATUS_OK)
			continue;
		*warm = (struct warm){ .resolver = r,
				       .query = query,
				       .timer = { .ring = keep_warm, .data = warm } };
		r->warm_count++;
	}
}

/* --- from beginning to end -------------------------------------------------------------------------- */

static void
open_it(void *data)
{
	struct part_resolver *r = data;

	part_door_set(r->tcp, DOOR_OPEN, NULL);
	part_loop_watch(r->parts->loop, &r->udp, EPOLLIN);
	for (size_t i = 0; i < r->warm_count; i++)
		keep_warm(&r->warm[i]);
}

static void
close_it(void *data)
{
	struct part_resolver *r = data;

	while (r->asked)
		asked_free(r->asked);
	while (r->callers)
		caller_free(r->callers);
	for (size_t i = 0; i < r->warm_count; i++) {
		part_loop_quiet(r->parts->loop, &r->warm[i].timer);
		ldns_pkt_free(r->warm[i].query);
	}
	part_loop_unwatch(r->parts->loop, &r->udp);
	part_door_free(r->tcp);
}

void
part_resolvers_free(struct part_resolver *r)
{
	struct part_resolver *next;

	for (; r; r = next) {
		next = r->next;
		part_loop_call(r->parts->loop, close_it, r);
		if (r->udp.fd >= 0)
			close(r->udp.fd);
		resolver_cache_free(r->cache);
		free(r->warm);
		free(r);
	}
}

int
part_resolver_open(struct parts *parts, const cJSON *element, struct part_resolver **list,
		   struct err *e)
{
	struct part_resolver *r = xcalloc(1, sizeof(*r));
	int port = (int)json_int(element, "port", DEFAULT_PORT);
	char *address = NULL;

	r->parts = parts;
	r->udp = (struct part_watch){ .fd = -1, .ready = udp_ready, .data = r };
	r->cache = resolver_cache_new();
	if (parts_address(parts, element, &address, e) == 0)
		r->udp.fd = part_bind(address, port, SOCK_DGRAM, e);
	if (r->udp.fd >= 0)
		r->tcp = part_door_new(parts->loop, address, port, take_caller, r, e);
	free(address);
	if (!r->tcp) {
		part_resolvers_free(r);
		return err_wrap(e, "starting the resolver %s", json_string(element, "name", ""));
	}
	add_warm(r, json_at(element, "warm"));
	r->next = *list;
	*list = r;
	part_loop_call(parts->loop, open_it, r);
	return 0;
}
