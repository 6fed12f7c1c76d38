#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "net/crew.h"
#include "step/dns/step_dns_wait.h"

/* A thread for each server: it asks, puts what it learnt under the lock, and wakes the worker. */

enum {
	TTL_MAX_S = 7 * 86400, /* what resolvers keep at most. Source: RFC 8767, 4 */
	PACE_MAX_MS = 30000,
	TTL_PARTS = 20, /* a cache is asked about so often until its TTL has run out */
	SAMPLES_AT_PACE =
		12 /* by which most of the caches behind one address have shown themselves */
};

/* How long an answer that is not the new one may be given on, in seconds. */
static uint32_t
ttl_left(const struct dns_view *view, enum dns_state state)
{
	uint32_t ttl = 0;

	if (state == DNS_STATE_OLD || state == DNS_STATE_MIXED)
		ttl = view->answer.longest_ttl;
	else if (state == DNS_STATE_NXDOMAIN || state == DNS_STATE_NODATA)
		ttl = view->answer.negative_ttl > view->answer.longest_ttl
			      ? view->answer.negative_ttl
			      : view->answer.longest_ttl;
	return ttl < TTL_MAX_S ? ttl : TTL_MAX_S;
}

static void
remember_event(struct wait *w, struct wait_server *server, const struct dns_view *view)
{
	struct wait_event *last =
		server->history_count ? &server->history[server->history_count - 1] : NULL;
	struct str said = STR_INIT;

	dns_view_value_text(view, &said);
	if (last && last->state == server->state && strcmp(last->said, str_cstr(&said)) == 0) {
		str_release(&said);
		return;
	}
	w->changes++;
	if (server->history_count == WAIT_HISTORY_MAX) { /* the first ones say how it began */
		free(last->said);
		server->history_count--;
		server->history_left_out++;
	}
	server->history[server->history_count++] = (struct wait_event){ .wall_ms = clock_wall_ms(),
									.state = server->state,
									.said = str_take(&said) };
}

static void
count_agreement(struct wait_server *server, enum dns_state state, bool spoke)
{
	if (state == DNS_STATE_NEW) {
		server->agreeing++;
		if (server->new_ms == 0)
			server->new_ms = clock_mono_ms();
		if (server->first_new_wall_ms == 0)
			server->first_new_wall_ms = clock_wall_ms();
		return;
	}
	server->agreeing = 0;
	if (spoke) /* a lost packet does not mean that it went back to the old value */
		server->new_ms = 0;
}

void
wait_take_sample(struct wait *w, size_t i)
{
	const struct dns_view *view = &w->views.items[i];
	struct wait_server *server = &w->servers[i];
	enum dns_state state = dns_view_state(view, wait_values(w, view));
	uint32_t left_s = ttl_left(view, state);
	int64_t until_ms = clock_mono_ms() + 1000 * (int64_t)left_s;

	server->samples++;
	count_agreement(server, state, dns_view_counts(view));
	if (left_s > server->longest_ttl)
		server->longest_ttl = left_s;
	if (!view->authoritative && left_s && until_ms > server->old_until_ms)
		server->old_until_ms = until_ms;
	server->state = wait_state(w, i);
	if (wait_stand(w).flipped)
		w->unsettled_ms = 0;
	else if (w->unsettled_ms == 0)
		w->unsettled_ms = clock_mono_ms();
	remember_event(w, server, view);
}

/* The third and fourth number of "primary. mailbox. serial refresh …". */
static void
read_serial(const char *soa, struct wait_server *server)
{
	char *end;

	for (int i = 0; i < 2 && soa; i++) {
		soa = strchr(soa, ' ');
		soa = soa ? soa + 1 : NULL;
	}
	if (!soa)
		return;
	server->serial = strtoll(soa, &end, 10);
	server->refresh_s = strtoll(end, NULL, 10);
}

/* Which version of the zone an authoritative server has: whether it lags, or nobody has changed anything yet. */
static void
ask_serial(struct wait *w, const struct dns_view *view, struct dns_answer *ret_answer)
{
	struct dns_question question = {
		.name = w->zone, .type = "SOA", .timeout_ms = DNS_STEP_TIMEOUT_MS, .attempts = 1
	};
	struct err ignored = ERR_INIT;

	if (view->authoritative && dns_view_counts(view) && view->addresses.count)
		dns_ask_at(&view->addresses, &question, w->stop, ret_answer, &ignored);
}

/* A cache with a long TTL need not be asked every time; when that ends, it must. */
static int64_t
pace_ms(const struct wait *w, size_t i)
{
	const struct wait_server *server = &w->servers[i];
	int64_t left_ms = server->old_until_ms - clock_mono_ms(), pace = w->interval_ms;

	if (server->agreeing || left_ms <= 0 || server->samples < SAMPLES_AT_PACE ||
	    w->views.items[i].authoritative)
		return pace;
	if (left_ms / TTL_PARTS > pace)
		pace = left_ms / TTL_PARTS < PACE_MAX_MS ? left_ms / TTL_PARTS : PACE_MAX_MS;
	return pace > left_ms ? left_ms + 1 : pace;
}

static int64_t
publish(struct wait *w, size_t i, const struct dns_answer *soa, const struct err *failure)
{
	struct dns_view view;
	int64_t pace;

	pthread_mutex_lock(&w->lock);
	view = w->views.items[i];
	w->views.items[i] = w->asking.items[i];
	w->asking.items[i] = view;
	w->asking.items[i].addresses = w->views.items[i].addresses;
	if (soa->count)
		read_serial(soa->values[0], &w->servers[i]);
	if (failure->kind)
		w->fatal = *failure;
	else
		wait_take_sample(w, i);
	pace = pace_ms(w, i);
	pthread_mutex_unlock(&w->lock);
	eventfd_write(w->wake_fd, 1);
	return pace;
}

static void
watch(void *data, size_t i)
{
	struct err failure = ERR_INIT;
	struct wait *w = data;
	int64_t pace;

	while (!failure.kind) {
		struct dns_answer soa = { 0 };

		dns_view_look(&w->asking.items[i], w->stop, &w->look, &failure);
		if (!failure.kind)
			ask_serial(w, &w->asking.items[i], &soa);
		if (cancel_requested(w->stop)) {
			dns_answer_release(&soa);
			return;
		}
		pace = publish(w, i, &soa, &failure);
		dns_answer_release(&soa);
		if (cancel_sleep(w->stop, pace))
			return;
	}
}

int
wait_watch(struct wait *w, struct err *e)
{
	dns_views_copy(&w->views, &w->asking);
	w->stop = cancel_new();
	w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->wake_fd < 0)
		return err_errno(e, ERR_IO, "making an eventfd");
	w->crew = crew_start(w->views.count, DNS_VIEWS_MAX, watch, w, e);
	if (!w->crew)
		return -1;
	return crew_size(w->crew) == w->views.count
		       ? 0
		       : err_set(e, ERR_IO, "%zu threads of %zu could be started",
				 crew_size(w->crew), w->views.count);
}

void
wait_unwatch(struct wait *w)
{
	if (w->stop)
		cancel_request(w->stop);
	if (w->crew)
		crew_join(w->crew);
	w->crew = NULL;
}
