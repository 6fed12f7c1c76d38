#ifndef LIFEBOAT_TESTS_FIXTURE_ROUTE53_WORLD_H
#define LIFEBOAT_TESTS_FIXTURE_ROUTE53_WORLD_H

/* A Route 53 on loopback and a client of it, for tests of the client. */

#include "fixture_route53.h"
#include "net/route53/route53.h"

struct world {
	struct fixture_route53 f;
	struct secrets *secrets;
	struct route53 *api;
	struct route53_zone zone;
	struct err e;
};

static inline void
connect_world(struct world *w, const char *region)
{
	struct route53_options options = { .endpoint = w->f.server->url,
					   .region = region,
					   .secrets = w->secrets };

	w->api = route53_new(&options, NULL, &w->e);
	if (!w->api)
		fail_msg("%s", w->e.message);
}

static inline void
world_init(struct world *w)
{
	*w = (struct world){ .secrets = secrets_new() };
	fixture_route53_environment(NULL);
	fixture_route53_start(&w->f, NULL);
	connect_world(w, NULL);
	w->zone = (struct route53_zone){ .id = xstrdup("Z0PUBLIC1"),
					 .name = xstrdup("example.test") };
}

static inline void
world_release(struct world *w)
{
	route53_zone_release(&w->zone);
	route53_free(w->api);
	fixture_route53_stop(&w->f);
	secrets_free(w->secrets);
}

static inline void
assert_signed(const struct world *w)
{
	if (w->f.sign.refused)
		fail_msg("%s", w->f.sign.why);
}

static inline void
assert_says(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("\"%s\" does not say \"%s\"", text ? text : "(nothing)", part);
}

static inline int
list(struct world *w, const char *name, struct route53_rrsets *sets)
{
	w->e = (struct err)ERR_INIT;
	return route53_list(w->api, &w->zone, name, NULL, sets, &w->e);
}

#endif
