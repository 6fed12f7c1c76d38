#include "config.h"

#include "base/clock.h"
#include "step/dns/step_dns_wait.h"

/* Who is there, and by when the others should be. */

enum { STALE_SLACK_MS = 2000 };

const struct step_texts *
wait_values(const struct wait *w, const struct dns_view *view)
{
	return view->group == DNS_GROUP_INTERNAL && w->internal_values.count ? &w->internal_values
									     : &w->values;
}

bool
wait_is_required(const struct wait *w, size_t i)
{
	const struct dns_view *view = &w->views.items[i];

	return !view->no_route && (view->authoritative || !w->authoritative_only);
}

bool
wait_is_there(const struct wait *w, size_t i)
{
	return w->servers[i].agreeing >= (w->views.items[i].authoritative ? 1 : w->stable);
}

int64_t
wait_grace_ms(const struct wait *w)
{
	return WAIT_GRACE_MS + w->stable * w->interval_ms;
}

/* Serial numbers go round in a circle. Source: RFC 1982, 3.2. */
static bool
is_behind(int64_t serial, int64_t newest)
{
	uint32_t ahead = (uint32_t)newest - (uint32_t)serial;

	return serial >= 0 && newest >= 0 && ahead != 0 && ahead < UINT32_C(0x80000000);
}

static void
stand_authoritative(const struct wait *w, struct wait_standing *s)
{
	s->flipped = true;
	s->newest_serial = -1;
	for (size_t i = 0; i < w->views.count; i++) {
		const struct wait_server *server = &w->servers[i];

		if (!w->views.items[i].authoritative || !wait_is_required(w, i))
			continue;
		if (server->new_ms == 0)
			s->flipped = false;
		else if (server->new_ms > s->flip_ms)
			s->flip_ms = server->new_ms;
		if (server->new_ms &&
		    (s->newest_serial < 0 || is_behind(s->newest_serial, server->serial)))
			s->newest_serial = server->serial;
	}
}

/*
 * An authoritative server tells the whole TTL, a resolver what is left of it: from that alone, the whole is guessed to be
 * up to twice as long.
 */
static void
stand_old_ttl(const struct wait *w, struct wait_standing *s)
{
	int64_t known_s = w->old_ttl_s, left_s = 0;

	for (size_t i = 0; i < w->views.count; i++) {
		int64_t ttl = w->servers[i].longest_ttl;

		if (w->views.items[i].authoritative && ttl > known_s)
			known_s = ttl;
		if (!w->views.items[i].authoritative && ttl > left_s)
			left_s = ttl;
	}
	s->old_ttl_known = known_s > 0;
	s->old_ttl_ms = 1000 * (known_s > 0 ? known_s : 2 * left_s);
}

int64_t
wait_old_until_ms(const struct wait *w, const struct wait_standing *s, size_t i)
{
	int64_t until_ms = w->servers[i].old_until_ms;

	if (s->flipped && s->old_ttl_ms && until_ms > s->flip_ms + s->old_ttl_ms)
		return s->flip_ms + s->old_ttl_ms;
	return until_ms;
}

/* A server that is left, and whose cache says nothing, has the whole of the old TTL. */
static int64_t
due_ms(const struct wait *w, const struct wait_standing *s, size_t i)
{
	int64_t until_ms = wait_old_until_ms(w, s, i);

	if (until_ms > clock_mono_ms())
		return until_ms;
	return s->old_ttl_ms ? s->flip_ms + s->old_ttl_ms : 0;
}

static int64_t
deadline_ms(const struct wait *w, const struct wait_standing *s)
{
	int64_t spread_ms = s->old_ttl_ms > WAIT_SPREAD_MIN_MS ? s->old_ttl_ms : WAIT_SPREAD_MIN_MS;

	if (w->timeout_ms >= 0)
		return w->begin_ms + w->timeout_ms;
	if (!s->flipped)
		return w->unsettled_ms + WAIT_AUTHORITATIVE_MS;
	return s->flip_ms + spread_ms + wait_grace_ms(w);
}

struct wait_standing
wait_stand(const struct wait *w)
{
	struct wait_standing s = { 0 };

	stand_authoritative(w, &s);
	stand_old_ttl(w, &s);
	s.complete = true;
	for (size_t i = 0; i < w->views.count; i++) {
		s.complete = s.complete && w->servers[i].samples;
		if (!wait_is_required(w, i))
			continue;
		s.required++;
		s.authoritative += w->views.items[i].authoritative;
		s.there += wait_is_there(w, i);
		if (s.flipped && !wait_is_there(w, i) && due_ms(w, &s, i) > s.latest_ms)
			s.latest_ms = due_ms(w, &s, i);
	}
	s.deadline_ms = deadline_ms(w, &s);
	s.expired = clock_mono_ms() >= s.deadline_ms;
	return s;
}

enum dns_state
wait_state(const struct wait *w, size_t i)
{
	const struct dns_view *view = &w->views.items[i];
	enum dns_state state = dns_view_state(view, wait_values(w, view));
	struct wait_standing s = wait_stand(w);
	bool old = state == DNS_STATE_OLD || state == DNS_STATE_MIXED;
	bool missing = state == DNS_STATE_NXDOMAIN || state == DNS_STATE_NODATA;

	if (view->authoritative)
		return (old || missing) && is_behind(w->servers[i].serial, s.newest_serial)
			       ? DNS_STATE_STALE
			       : state;
	if (!old || !s.flipped || s.old_ttl_ms == 0)
		return state;
	return clock_mono_ms() > s.flip_ms + s.old_ttl_ms + STALE_SLACK_MS ? DNS_STATE_STALE
									   : state;
}
