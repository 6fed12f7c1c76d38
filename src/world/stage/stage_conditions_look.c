#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "net/socket/address.h"
#include "world/stage/look_dial.h"
#include "world/stage/look_sql.h"
#include "world/stage/stage_internal.h"

/* Conditions that are looked at over the network. */

/* The last answer; as long as there is none to what is asked now, all stays as it was. */
static void
take_answer(const struct condition *c, struct verdict *verdict)
{
	const struct asking *asking = &c->asking;

	verdict->holds = c->holds;
	if (asking->answered)
		verdict->holds = asking->answer.holds ? HOLDS_YES : HOLDS_NO;
	str_append(&verdict->seen, asking->answered ? asking->answer.seen : c->seen);
}

static void
look_begin(struct condition *c, const struct look_kind *kind)
{
	c->asking.look = look_new(c->stage->looks, kind,
				  stage_pace(c->stage, json_int(c->spec, "again", 0)), &c->asking);
}

/* ---- sql ---- */

static int
init_sql(struct condition *c, struct err *e)
{
	look_begin(c, &look_sql_kind);
	return condition_live(c, json_at(c->spec, "password"), e) ? 0 : -1;
}

static void
judge_sql(struct condition *c, struct verdict *verdict)
{
	char *password = live_text(c->lives[0]), *address = NULL;
	struct look_sql *ask;
	struct err e = ERR_INIT;
	int port;

	if (!c->lives[0]->known)
		return;
	if (!password) {
		str_append(&verdict->seen, str_cstr(&c->lives[0]->why));
	} else if (parts_database_door(c->stage->options.parts,
				       json_string(c->spec, "database", ""), &address, &port,
				       &e) < 0) {
		str_append(&verdict->seen, e.message);
		free(password);
	} else {
		ask = xcalloc(1, sizeof(*ask));
		*ask = (struct look_sql){
			.address = address,
			.port = port,
			.database = xstrdup(json_string(c->spec, "of", "")),
			.role = xstrdup(json_string(c->spec, "as", "")),
			.password = password,
			.query = xstrdup(json_string(c->spec, "query", "select true")),
			.timeout_ms = stage_patience(c->stage),
		};
		asking_ask(&c->asking, ask);
		take_answer(c, verdict);
		return;
	}
	asking_ask(&c->asking, NULL);
	verdict->holds = HOLDS_NO;
}

const struct condition_kind condition_sql = {
	.key = "sql", .init = init_sql, .judge = judge_sql, .stands = true
};

/* ---- names ---- */

static bool
is_within(const char *name, const char *zone)
{
	size_t len = strlen(name), tail = strlen(zone);

	return len >= tail && strcasecmp(name + len - tail, zone) == 0 &&
	       (len == tail || name[len - tail - 1] == '.');
}

/* The zone that knows a name: the longest that it is in. */
static const cJSON *
zone_of(const cJSON *zones, const char *name)
{
	const cJSON *zone, *best = NULL;

	cJSON_ArrayForEach(zone, zones)
		if (is_within(name, zone->string) &&
		    (!best || strlen(zone->string) > strlen(best->string)))
			best = zone;
	return best;
}

/* The server that is asked: of the zone that is named, or that the name is in. NULL: nobody knows the name. */
static const cJSON *
zone_for(const struct stage *stage, const cJSON *spec)
{
	const cJSON *zones = json_at(stage->options.context, "zones");
	const char *named = json_string(spec, "zone", NULL);

	return named ? cJSON_GetObjectItemCaseSensitive(zones, named)
		     : zone_of(zones, json_string(spec, "host", ""));
}

static struct dns_wish
make_question(const struct stage *stage, const cJSON *spec)
{
	const cJSON *zone = zone_for(stage, spec);

	return (struct dns_wish){
		.resolver = xstrdup(json_string(spec, "from", "")),
		.keeps_ms = stage_scaled(stage, json_int(spec, "keeps", 0)),
		.server = xstrdup(json_string(zone, "address", NULL)),
		.port = (int)json_int(zone, "port", 53),
		.name = xstrdup(json_string(spec, "host", "")),
		.timeout_ms = stage_patience(stage),
	};
}

/* ---- who asks: a pod of a workload, or the cluster itself ---- */

static int
init_from(struct condition *c, struct err *e)
{
	const char *zone = json_string(c->spec, "zone", NULL);
	const char *kept = json_string(c->spec, "kept", NULL);

	if (zone && !zone_for(c->stage, c->spec))
		return err_set(e, ERR_SPEC, "there is no zone \"%s\"", zone);
	if (kept && !address_is_numeric(kept))
		return err_set(e, ERR_SPEC, "\"kept\" is no address: \"%s\"", kept);
	if (kept && json_int(c->spec, "keeps", 0) <= 0)
		return err_set(e, ERR_SPEC, "\"kept\" has no meaning without \"keeps\"");
	return stage_cluster_index(c->stage, json_string(c->spec, "from", NULL), &c->cluster, e);
}

/* The uid of the pod that dials; NULL: there is none. "": the cluster itself. The caller frees. */
static char *
who_dials(const struct condition *c)
{
	const char *workload = json_string(c->spec, "workload", NULL);
	const char *ns = json_string(c->spec, "namespace", "default");
	const struct stored **pods;
	char *uid = NULL;
	size_t count;

	if (!workload)
		return xstrdup("");
	pods = pods_running(c->stage->options.clusters[c->cluster], ns, workload, &count);
	if (count)
		uid = xstrdup(pods[0]->uid);
	for (size_t i = 0; i < count; i++)
		stored_drop(pods[i]);
	free(pods);
	return uid;
}

static bool
concerns_pods(struct condition *c, const struct stored *stored)
{
	return strcmp(stored->kind->resource, "pods") == 0 && json_at(c->spec, "workload") &&
	       strcmp(stored->ns, json_string(c->spec, "namespace", "default")) == 0;
}

/* False: nobody is there who could ask: it does not hold, and nothing is seen. */
static bool
make_wish(struct condition *c, struct dns_wish *wish, struct verdict *verdict)
{
	const char *kept = json_string(c->spec, "kept", NULL);
	char *uid = who_dials(c);

	if (!uid) {
		asking_ask(&c->asking, NULL);
		verdict->holds = HOLDS_NO;
		return false;
	}
	*wish = make_question(c->stage, c->spec);
	if (wish->keeps_ms > 0) {
		wish->own = xasprintf("%s/%s/%s", wish->resolver, c->name, uid);
		if (kept && !c->remembered)
			dns_remember(c->stage->names, wish->own, wish->name, kept, wish->keeps_ms);
		c->remembered = true;
	}
	free(uid);
	return true;
}

/* ---- dial ---- */

static int
init_dial(struct condition *c, struct err *e)
{
	const cJSON *authorities = json_at(c->spec, "ca");
	int64_t port = json_int(c->spec, "port", 0);

	if (port < 1 || port > 65535)
		return err_set(e, ERR_SPEC, "%lld is not a port", (long long)port);
	look_begin(c, &look_dial_kind);
	if (init_from(c, e) < 0)
		return -1;
	return !authorities || condition_live(c, authorities, e) ? 0 : -1;
}

static void
judge_dial(struct condition *c, struct verdict *verdict)
{
	const struct live *ca = c->lives_count ? c->lives[0] : NULL;
	char *authorities = ca ? live_text(ca) : NULL;
	struct dns_wish wish;
	struct look_dial *ask;

	if (ca && !ca->known)
		return;
	if (ca && !authorities) {
		asking_ask(&c->asking, NULL);
		verdict->holds = HOLDS_NO;
		str_append(&verdict->seen, str_cstr(&ca->why));
		return;
	}
	if (!make_wish(c, &wish, verdict)) {
		free(authorities);
		return;
	}
	ask = xcalloc(1, sizeof(*ask));
	*ask = (struct look_dial){
		.memory = c->stage->names,
		.wish = wish,
		.port = (int)json_int(c->spec, "port", 0),
		.to = xstrdup(json_string(c->spec, "to", NULL)),
		.authorities = authorities,
		.timeout_ms = stage_patience(c->stage),
	};
	asking_ask(&c->asking, ask);
	take_answer(c, verdict);
}

const struct condition_kind condition_dial = {
	.key = "dial",
	.init = init_dial,
	.judge = judge_dial,
	.concerns = concerns_pods,
	.stands = true,
	.finds_address = true,
};

/* ---- resolve ---- */

static int
init_resolve(struct condition *c, struct err *e)
{
	look_begin(c, &look_resolve_kind);
	return init_from(c, e);
}

static void
judge_resolve(struct condition *c, struct verdict *verdict)
{
	struct look_resolve *ask;
	struct dns_wish wish;

	if (!make_wish(c, &wish, verdict))
		return;
	ask = xcalloc(1, sizeof(*ask));
	*ask = (struct look_resolve){ .memory = c->stage->names,
				      .wish = wish,
				      .to = xstrdup(json_string(c->spec, "to", NULL)) };
	asking_ask(&c->asking, ask);
	take_answer(c, verdict);
}

const struct condition_kind condition_resolve = {
	.key = "resolve",
	.init = init_resolve,
	.judge = judge_resolve,
	.concerns = concerns_pods,
	.finds_address = true,
};

/* ---- http ---- */

/* How often a site was asked. */
struct look_requests {
	struct parts *parts;
	char *site, *method, *path;
};

static void
count_requests(void *data, const struct cancel *cancel, struct look_answer *ret_answer)
{
	const struct look_requests *ask = data;
	uint64_t count = parts_site_requests(ask->parts, ask->site, ask->method, ask->path);

	(void)cancel; /* it does not block */
	ret_answer->holds = count > 0;
	ret_answer->seen =
		xasprintf("%llu request%s", (unsigned long long)count, count == 1 ? "" : "s");
	ret_answer->value = cJSON_CreateNumber((double)count);
}

static bool
same_requests(const void *data, const void *other)
{
	const struct look_requests *a = data, *b = other;

	return str_equal(a->site, b->site) && str_equal(a->method, b->method) &&
	       str_equal(a->path, b->path);
}

static void
free_requests(void *data)
{
	struct look_requests *ask = data;

	free(ask->site);
	free(ask->method);
	free(ask->path);
	free(ask);
}

static const struct look_kind requests_kind = { count_requests, same_requests, free_requests };

static int
init_http(struct condition *c, struct err *e)
{
	struct look_requests *ask = xcalloc(1, sizeof(*ask));

	(void)e;
	look_begin(c, &requests_kind);
	*ask = (struct look_requests){ .parts = c->stage->options.parts,
				       .site = xstrdup(json_string(c->spec, "site", "")),
				       .method = xstrdup(json_string(c->spec, "method", NULL)),
				       .path = xstrdup(json_string(c->spec, "path", NULL)) };
	asking_ask(&c->asking, ask);
	return 0;
}

static void
judge_http(struct condition *c, struct verdict *verdict)
{
	take_answer(c, verdict);
}

const struct condition_kind condition_http = { .key = "http",
					       .init = init_http,
					       .judge = judge_http };
