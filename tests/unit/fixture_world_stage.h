#ifndef LIFEBOAT_TESTS_FIXTURE_WORLD_STAGE_H
#define LIFEBOAT_TESTS_FIXTURE_WORLD_STAGE_H

/*
 * A stage over real clusters and their controllers, of a world in YAML. The parts are stood for by a note of what they
 * were asked for: sites, zones and databases have tests of their own. To be included after cmocka.h.
 */

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "base/yaml.h"
#include "runbook/expression.h"
#include "world/controller/controller.h"
#include "world/spec/spec_internal.h"
#include "world/stage/stage.h"

enum { THEATRE_CLUSTERS = 5, THEATRE_WAIT_MS = 10000 };

struct theatre {
	struct world_spec spec;
	struct expressions *expressions;
	struct cluster *clusters[THEATRE_CLUSTERS];
	struct controllers *controllers[THEATRE_CLUSTERS];
	struct stage_cluster places[THEATRE_CLUSTERS];
	size_t count;
	cJSON *context;
	struct stage *stage;
	double speed;
};

/* What was told, and what the parts were asked for, in the order of both. */
static pthread_mutex_t notes_lock = PTHREAD_MUTEX_INITIALIZER;
static cJSON *notes;
/* What the parts answer: the door of the database, the value of a query, the requests of a site. */
static int door_port;
static char query_value[64];
static uint64_t theatre_seed = 7;
static uint64_t requests;

static inline void
note(const char *what, const char *name, const cJSON *details)
{
	cJSON *item = cJSON_CreateObject();

	json_add_string(item, "what", what);
	json_add_string(item, "name", name);
	json_add(item, "details", cJSON_Duplicate(details, true));
	pthread_mutex_lock(&notes_lock);
	if (!notes)
		notes = cJSON_CreateArray();
	cJSON_AddItemToArray(notes, item);
	pthread_mutex_unlock(&notes_lock);
}

static inline void
theatre_told(void *data, const char *what, const char *name, const cJSON *details)
{
	(void)data;
	note(what, name, details);
}

int
parts_change(struct parts *parts, const char *kind, const cJSON *change, struct err *e)
{
	(void)parts;
	note(kind, json_string(change, "name", ""), change);
	if (json_string(change, "name", "")[0] == '~')
		poll(NULL, 0, 100); /* it takes its time */
	if (json_string(change, "name", "")[0] == '!')
		return err_set(e, ERR_IO, "it does not want to");
	return 0;
}

int
parts_database_door(struct parts *parts, const char *database, char **ret_address, int *ret_port,
		    struct err *e)
{
	(void)parts;
	pthread_mutex_lock(&notes_lock);
	int port = door_port;
	pthread_mutex_unlock(&notes_lock);
	if (!port)
		return err_set(e, ERR_NOT_FOUND, "there is no server %s", database);
	*ret_address = xstrdup("127.0.0.1");
	*ret_port = port;
	return 0;
}

int
parts_query(struct parts *parts, const char *database, const char *of, const char *sql,
	    cJSON **ret_result, struct err *e)
{
	(void)parts;
	(void)database;
	(void)of;
	(void)sql;
	cJSON *result = cJSON_CreateObject(), *row = cJSON_CreateObject(), *rows;
	char value[sizeof(query_value)];

	pthread_mutex_lock(&notes_lock);
	memcpy(value, query_value, sizeof(value));
	pthread_mutex_unlock(&notes_lock);
	rows = cJSON_AddArrayToObject(result, "rows");
	json_add_string(row, "value", value);
	cJSON_AddItemToArray(rows, row);
	*ret_result = result;
	if (*value)
		return 0;
	cJSON_Delete(result);
	return err_set(e, ERR_REMOTE, "nothing to say");
}

uint64_t
parts_site_requests(struct parts *parts, const char *site, const char *method, const char *path)
{
	(void)parts;
	(void)site;
	(void)method;
	(void)path;
	pthread_mutex_lock(&notes_lock);
	uint64_t count = requests;
	pthread_mutex_unlock(&notes_lock);
	return count;
}

/* How many notes there are with these words; member and value NULL: any details. */
static inline int
noted(const char *what, const char *name, const char *member, const char *value)
{
	const cJSON *item;
	int count = 0;

	pthread_mutex_lock(&notes_lock);
	cJSON_ArrayForEach(item, notes) {
		const cJSON *at = member ? json_at(json_at(item, "details"), member) : NULL;
		char *text = at ? json_text(at) : NULL;

		count += str_equal(json_string(item, "what", NULL), what) &&
			 str_equal(json_string(item, "name", NULL), name) &&
			 (!member || (text && str_equal(text, value)));
		free(text);
	}
	pthread_mutex_unlock(&notes_lock);
	return count;
}

static inline void
notes_clear(void)
{
	pthread_mutex_lock(&notes_lock);
	cJSON_Delete(notes);
	notes = NULL;
	door_port = 0;
	*query_value = '\0';
	requests = 0;
	pthread_mutex_unlock(&notes_lock);
}

/* ---- the world ---- */

static inline cJSON *
theatre_yaml(const char *text)
{
	struct yaml_stream stream;
	struct mark mark;
	struct err e = ERR_INIT;
	cJSON *value;

	if (yaml_parse(text, strlen(text), &stream, &mark, &e) < 0)
		fail_msg("line %d: %s", mark.line, e.message);
	value = yaml_to_json(stream.documents[0].root);
	yaml_stream_release(&stream);
	return value;
}

static inline struct cluster *
theatre_cluster(struct theatre *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->clusters[i]->name, name) == 0)
			return t->clusters[i];
	abort();
}

static inline void
put_object(struct cluster *cluster, cJSON *manifest)
{
	struct refusal r = REFUSAL_INIT;

	if (cluster_put(cluster, NULL, manifest, &r) < 0)
		fail_msg("%s", r.message);
}

/* Of a manifest in YAML. */
static inline void
put(struct theatre *t, const char *cluster, const char *yaml)
{
	put_object(theatre_cluster(t, cluster), theatre_yaml(yaml));
}

static inline void
take_away(struct theatre *t, const char *cluster, const char *word, const char *ns,
	  const char *name)
{
	struct cluster *c = theatre_cluster(t, cluster);
	const struct store_write how = { .grace_s = -1 };
	const struct stored *stored = NULL;
	struct refusal r = REFUSAL_INIT;
	bool gone;

	if (store_delete(c->store, kinds_by_word(c->kinds, word), ns, name, &how, &stored, &gone,
			 &r) < 0)
		fail_msg("%s", r.message);
	stored_drop(stored);
}

static inline void
theatre_add_cluster(struct theatre *t, const cJSON *spec)
{
	struct cluster *cluster = cluster_new(json_string(spec, "name", ""), 0);
	struct refusal r = REFUSAL_INIT;
	const cJSON *item;

	t->places[t->count].index = t->count;
	t->clusters[t->count++] = cluster;
	controllers_add_nodes(cluster, 2, &r);
	refusal_release(&r);
	cJSON_ArrayForEach(item, json_at(spec, "objects"))
		put_object(cluster, cJSON_Duplicate(item, true));
}

/* All variants of the file are chosen, but for one that is named "other". */
static inline void
theatre_fill_variants(struct world_spec *spec)
{
	const cJSON *all = json_at(spec->document, "variants"), *item;

	spec->variants = xcalloc((size_t)cJSON_GetArraySize(all) + 1, sizeof(*spec->variants));
	cJSON_ArrayForEach(item, all)
		spec->variants[spec->variants_count++] = (struct world_variant){
			.name = item->string,
			.surprise = json_at(item, "surprise"),
			.is_chosen = strcmp(item->string, "other") != 0,
		};
}

/* NULL: *e says why. Begun with theatre_begin(). */
static inline struct theatre *
theatre_try(const char *yaml, double speed, cJSON *context, struct err *e)
{
	struct theatre *t = xcalloc(1, sizeof(*t));
	const cJSON *item;

	t->spec.document = theatre_yaml(yaml);
	world_convert(world_fields, t->spec.document, "/");
	theatre_fill_variants(&t->spec);
	t->context = context ? context : cJSON_CreateObject();
	t->expressions = expressions_new(NULL, 0);
	t->speed = speed;
	cJSON_ArrayForEach(item, json_at(t->spec.document, "clusters"))
		theatre_add_cluster(t, item);
	const struct stage_options options = {
		.spec = &t->spec,
		.clusters = t->clusters,
		.clusters_count = t->count,
		.controllers = t->controllers,
		.expressions = t->expressions,
		.context = t->context,
		.speed = speed,
		.seed = theatre_seed,
		.told = theatre_told,
	};
	t->stage = stage_new(&options, e);
	for (size_t i = 0; i < t->count; i++)
		t->places[i].stage = t->stage;
	return t;
}

static inline void
theatre_begin(struct theatre *t)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct controllers_options options = { .speed = t->speed,
							     .plan = stage_plan,
							     .started = stage_started,
							     .address = stage_address,
							     .data = &t->places[i],
							     .version = "v1.27.6",
							     .ca_pem = "" };

		t->controllers[i] = controllers_new(t->clusters[i], &options);
	}
	stage_begin(t->stage);
}

static inline struct theatre *
theatre_new(const char *yaml, double speed)
{
	struct err e = ERR_INIT;
	struct theatre *t = theatre_try(yaml, speed, NULL, &e);

	if (!t->stage)
		fail_msg("%s", e.message);
	theatre_begin(t);
	return t;
}

static inline void
theatre_free(struct theatre *t)
{
	if (t->stage)
		stage_end(t->stage);
	for (size_t i = 0; i < t->count; i++)
		if (t->controllers[i])
			controllers_free(t->controllers[i]);
	stage_free(t->stage);
	for (size_t i = 0; i < t->count; i++)
		cluster_free(t->clusters[i]);
	expressions_free(t->expressions);
	cJSON_Delete(t->context);
	free(t->spec.variants);
	cJSON_Delete(t->spec.document);
	free(t);
	notes_clear();
}

/* ---- waiting ---- */

static inline void
theatre_give_up(struct theatre *t, int line, const char *condition)
{
	cJSON *state = stage_state(t->stage);
	char *text = json_print_pretty(state);

	fail_msg("line %d: it never came: %s\n%s", line, condition, text);
}

#define wait_until(condition)                                                                      \
	do {                                                                                       \
		int64_t until_ms = clock_mono_ms() + THEATRE_WAIT_MS;                              \
		while (!(condition)) {                                                             \
			if (clock_mono_ms() > until_ms)                                            \
				theatre_give_up(t, __LINE__, #condition);                          \
			poll(NULL, 0, 2);                                                          \
		}                                                                                  \
	} while (0)

static inline bool
state_is(struct theatre *t, const char *list, const char *name, const char *value)
{
	cJSON *state = stage_state(t->stage);
	const cJSON *at = cJSON_GetObjectItemCaseSensitive(json_at(state, list), name);
	char *text = at ? json_text(at) : NULL;
	bool is = str_equal(text, value);

	free(text);
	cJSON_Delete(state);
	return is;
}

static inline bool
holds(struct theatre *t, const char *condition)
{
	return state_is(t, "conditions", condition, "true");
}

static inline char *
seen_of(struct theatre *t, const char *condition)
{
	cJSON *state = stage_state(t->stage);
	const cJSON *seen = json_at(state, "seen");
	char *text =
		xstrdup(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(seen, condition)));

	cJSON_Delete(state);
	return text;
}

static inline bool
sees(struct theatre *t, const char *condition, const char *words)
{
	char *text = seen_of(t, condition);
	bool is = text && strstr(text, words);

	free(text);
	return is;
}

/* A value of an object; NULL: it or the object is not there. The caller frees. */
static inline char *
value_of(struct theatre *t, const char *cluster, const char *word, const char *ns, const char *name,
	 const char *path)
{
	struct cluster *c = theatre_cluster(t, cluster);
	const struct kind *kind = kinds_by_word(c->kinds, word);
	const struct stored *stored = kind ? store_get(c->store, kind, ns, name) : NULL;
	const cJSON *at = stored ? json_at(stored->object, path) : NULL;
	char *text = at ? json_text(at) : NULL;

	stored_drop(stored);
	return text;
}

static inline bool
value_is(struct theatre *t, const char *cluster, const char *word, const char *ns, const char *name,
	 const char *path, const char *value)
{
	char *text = value_of(t, cluster, word, ns, name, path);
	bool is = str_equal(text, value);

	free(text);
	return is;
}

/* All that the first container of a workload's only pod has written; "" for none. The caller frees. */
static inline char *
log_of(struct theatre *t, const char *cluster, const char *ns, const char *prefix, bool previous)
{
	struct cluster *c = theatre_cluster(t, cluster);
	const struct podlog_query query = { .tail = -1, .limit_bytes = -1, .previous = previous };
	struct str out = STR_INIT;
	uint64_t version;
	size_t count;
	const struct stored **pods =
		store_list(c->store, kinds_by_word(c->kinds, "pods"), ns, &count, &version);

	for (size_t i = 0; i < count; i++) {
		const char *container = json_string(pods[i]->object, "spec/containers/0/name", "");
		struct podlog_reader *reader = NULL;
		char bytes[4096];
		long got;

		if (str_starts_with(pods[i]->name, prefix))
			reader = podlog_read(c->logs, pods[i]->uid, container, &query);
		while (reader && (got = podlog_next(reader, bytes, sizeof(bytes), 0)) > 0)
			str_append_bytes(&out, bytes, (size_t)got);
		podlog_reader_free(reader);
		stored_drop(pods[i]);
	}
	free(pods);
	return str_take(&out);
}

static inline bool
log_has(struct theatre *t, const char *cluster, const char *ns, const char *prefix,
	const char *words)
{
	char *text = log_of(t, cluster, ns, prefix, false);
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, words)); at++)
		count++;
	free(text);
	return count > 0;
}

#endif
