#ifndef LIFEBOAT_TESTS_FIXTURE_ROUTE53_CLOUD_H
#define LIFEBOAT_TESTS_FIXTURE_ROUTE53_CLOUD_H

/*
 * A Route 53 on loopback with a BIND that follows its changes, and a target of them: for tests of the steps.
 */

#include "fixture_executor.h"
#include "fixture_named.h"
#include "fixture_route53.h"
#include "net/dns/dns.h"

#define WWW "www.open.example.test"

/* The API, and a BIND in the place of the name servers that it tells. */
struct cloud {
	struct fixture_route53 f;
	struct stand s;
	const char *stubborn; /* a value that never reaches the name server */
};

static struct fixture_named named;
static bool have_named;

/* What a change does to the name server. Called by the API's thread. */
static inline void
spread(void *data)
{
	struct cloud *c = data;
	struct r53_set *set = r53_find(c->f.sets, c->f.count, WWW ".", "A");
	struct dns_server server = { "127.0.0.1", named.port };
	const char *values[17] = { NULL };
	struct dns_update update = {
		.zone = "example.test", .name = WWW, .type = "A", .values = values
	};
	struct err e = ERR_INIT;
	struct dns_key key;

	for (size_t i = 0; set && i < set->count; i++)
		values[i] = set->values[i];
	update.ttl = set ? set->ttl : 0;
	if (c->stubborn && values[0] && strcmp(values[0], c->stubborn) == 0)
		return;
	if (dns_key_load(named.key_file, &key, &e) < 0 ||
	    dns_update_send(&server, &update, &key, 5000, NULL, &e) < 0) {
		fprintf(stderr, "%s\n", e.message);
		abort();
	}
	dns_key_release(&key);
}

static inline void
set_target(struct cloud *c, const char *more)
{
	stand_target(&c->s, &target_dns,
		     "{\"zone\":\"example.test\",\"provider\":\"route53\",\"endpoint\":\"%s\","
		     "\"server\":\"127.0.0.1\",\"port\":%d%s}",
		     c->f.server->url, named.port, more);
}

static inline void
cloud_init(struct cloud *c)
{
	if (!have_named) {
		print_message("skipped: BIND (named) is not installed\n");
		skip();
	}
	*c = (struct cloud){ 0 };
	fixture_route53_environment(NULL);
	fixture_route53_start(&c->f, NULL);
	c->f.on_change = spread;
	c->f.data = c;
	spread(c); /* as it begins, whatever the test before left */
	stand_init(&c->s);
	set_target(c, "");
}

static inline void
cloud_release(struct cloud *c)
{
	if (c->f.sign.refused)
		fail_msg("%s", c->f.sign.why);
	stand_release(&c->s);
	fixture_route53_stop(&c->f);
}

static inline void
act(struct cloud *c)
{
	stand_action(&c->s, &step_dns_update, "{\"name\":\"" WWW "\",\"values\":\"192.0.2.20\"}");
}

/* Looks first, as the engine does; the preview is the caller's to free. */
static inline char *
preview(struct cloud *c)
{
	char *text = stand_preview(&c->s, NULL);

	if (!text)
		fail_msg("%s", c->s.e.message);
	return text;
}

static inline void
assert_set(struct cloud *c, const char *name, const char *type, const char *value, unsigned ttl)
{
	struct r53_set *set = r53_must_find(&c->f, name, type);

	assert_string_equal(set->values[0], value);
	assert_int_equal(set->count, 1);
	assert_int_equal(set->ttl, ttl);
}

static inline void
begun_long_ago(struct stand *s)
{
	cJSON_DeleteItemFromObjectCaseSensitive(s->evidence, "writing_ms");
	json_add_int(s->evidence, "writing_ms", clock_wall_ms() - 60000);
}

static inline void
assert_probe(struct cloud *c, enum probe_verdict wanted, const char *part)
{
	enum probe_verdict verdict;
	char *text = stand_probe(&c->s, &verdict);

	assert_says(text, part);
	assert_int_equal(verdict, wanted);
	free(text);
}

static inline int
cloud_setup(void **state)
{
	(void)state;
	have_named = fixture_named_start(&named);
	return 0;
}

static inline int
cloud_teardown(void **state)
{
	(void)state;
	if (have_named)
		fixture_named_stop(&named);
	return 0;
}

#endif
