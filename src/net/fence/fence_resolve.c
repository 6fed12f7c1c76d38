#include "config.h"

#include "net/fence/fence_resolve.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/dns/dns.h"

enum { RESOLVERS_MAX = 8, TRIES = 2, LEAST_MS = 100, MOST_MS = 2000 };

static struct {
	char *host;
	int port;
} resolvers[RESOLVERS_MAX];
static size_t resolvers_count;

void
fence_add_resolver(const char *place)
{
	const char *colon = strrchr(place, ':');

	if (resolvers_count == RESOLVERS_MAX)
		return;
	resolvers[resolvers_count].host =
		colon ? xstrndup(place, (size_t)(colon - place)) : xstrdup(place);
	resolvers[resolvers_count++].port = colon ? atoi(colon + 1) : 0;
}

static void
take(const struct dns_answer *answer, int port, struct address_list *list)
{
	for (size_t i = 0; i < answer->count && list->count < ADDRESS_MAX; i++) {
		struct address_list one = { .count = 0 };

		if (address_parse(answer->values[i], port, &one) == 0 && one.count)
			list->items[list->count++] = one.items[0];
	}
}

static int64_t
patience_ms(int64_t deadline_ms)
{
	int64_t left_ms = (deadline_ms - clock_mono_ms()) / TRIES;

	return left_ms < LEAST_MS ? LEAST_MS : left_ms > MOST_MS ? MOST_MS : left_ms;
}

int
fence_resolve(const char *host, int port, int64_t deadline_ms, const struct cancel *cancel,
	      struct address_list *ret_list, struct err *e)
{
	struct address_list list = { .count = 0 };

	if (!resolvers_count)
		return err_set(e, ERR_DENIED,
			       "%s is a name, and the drill's world has no name server: a drill "
			       "never asks anybody else",
			       host);
	for (size_t i = 0; i < resolvers_count && !list.count; i++) {
		struct dns_server server = { resolvers[i].host, resolvers[i].port };
		struct dns_answer answer = { 0 };

		if (dns_query(&server, host, "A", false, patience_ms(deadline_ms), TRIES, cancel,
			      &answer, e) < 0)
			return -1;
		take(&answer, port, &list);
		dns_answer_release(&answer);
	}
	if (!list.count)
		return err_set(e, ERR_NET, "the name servers of the drill's world do not know %s",
			       host);
	*ret_list = list;
	return 0;
}
