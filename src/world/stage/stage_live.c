#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "world/stage/look_sql.h"
#include "world/stage/stage_internal.h"

/* One kind of live value, by its key in the world file. */
struct live_kind {
	const char *key;
	int (*init)(struct stage *stage, struct live *live, const cJSON *spec, struct err *e);
	/* The value, or NULL for null, and `why`. The caller deletes. *known false: it is not known yet. */
	cJSON *(*read)(struct stage *stage, struct live *live, bool *known, struct str *why);
	bool of_objects;
};

/* ---- the kinds ---- */

static int
init_object(struct stage *stage, struct live *live, const cJSON *spec, struct err *e)
{
	size_t cluster;

	if (stage_cluster_index(stage, json_string(spec, "cluster", NULL), &cluster, e) < 0)
		return -1;
	live->object = object_ref(stage->options.clusters[cluster], spec);
	return 0;
}

static int
init_secret(struct stage *stage, struct live *live, const cJSON *spec, struct err *e)
{
	if (init_object(stage, live, spec, e) < 0)
		return -1;
	live->object.word = "secrets";
	return 0;
}

static int
init_sql(struct stage *stage, struct live *live, const cJSON *spec, struct err *e)
{
	struct look_query *ask = xcalloc(1, sizeof(*ask));

	(void)e;
	ask->parts = stage->options.parts;
	ask->server = xstrdup(json_string(spec, "database", ""));
	ask->database = xstrdup(json_string(spec, "of", ""));
	ask->query = xstrdup(json_string(spec, "query", ""));
	live->asking.look =
		look_new(stage->looks, &look_query_kind, stage_pace(stage, 0), &live->asking);
	asking_ask(&live->asking, ask);
	return 0;
}

static int
init_text(struct stage *stage, struct live *live, const cJSON *spec, struct err *e)
{
	(void)stage;
	(void)live;
	(void)spec;
	(void)e;
	return 0;
}

static int
init_live(struct stage *stage, struct live *live, const cJSON *spec, struct err *e)
{
	const char *name = cJSON_GetStringValue(spec);

	/* One that stands further down in the file is found once it is made. */
	if (!name || !json_at(json_at(stage->own, "live"), name))
		return err_set(e, ERR_SPEC, "there is no live value \"%s\"", name ? name : "");
	live->other = live_find(stage, name);
	return 0;
}

static cJSON *
read_secret(struct stage *stage, struct live *live, bool *known, struct str *why)
{
	(void)stage;
	(void)known;
	return object_secret(&live->object, json_string(live->spec, "secret/key", ""), why);
}

static cJSON *
read_object(struct stage *stage, struct live *live, bool *known, struct str *why)
{
	const struct object_eyes eyes = stage_eyes(stage);
	const struct stored *stored = object_find(&live->object, why);
	cJSON *value = NULL;

	(void)known;
	if (stored)
		value = object_value(&eyes, stored->object,
				     json_string(live->spec, "object/path", "."), why);
	stored_drop(stored);
	return value;
}

static cJSON *
read_sql(struct stage *stage, struct live *live, bool *known, struct str *why)
{
	const struct look_answer *answer = &live->asking.answer;

	(void)stage;
	*known = live->asking.answered;
	if (!*known)
		return NULL;
	if (answer->value && !cJSON_IsNull(answer->value))
		return cJSON_Duplicate(answer->value, true);
	str_append(why, answer->seen);
	return NULL;
}

static cJSON *
read_text(struct stage *stage, struct live *live, bool *known, struct str *why)
{
	(void)stage;
	(void)known;
	(void)why;
	return cJSON_Duplicate(json_at(live->spec, "text"), true);
}

static cJSON *
read_live(struct stage *stage, struct live *live, bool *known, struct str *why)
{
	if (!live->other)
		live->other = live_find(stage, json_string(live->spec, "live", ""));
	*known = live->other->known;
	str_append(why, str_cstr(&live->other->why));
	return cJSON_Duplicate(live->other->value, true);
}

static const struct live_kind kinds[] = {
	{ "secret", init_secret, read_secret, true }, { "object", init_object, read_object, true },
	{ "sql", init_sql, read_sql, false },	      { "text", init_text, read_text, false },
	{ "live", init_live, read_live, false },
};

/* ---- all of them ---- */

struct live *
live_new(struct stage *stage, const char *name, const cJSON *spec, struct err *e)
{
	struct live *live = xcalloc(1, sizeof(*live));
	const cJSON *value = NULL;

	live->name = name;
	live->spec = spec;
	live->value = cJSON_CreateNull();
	live->dirty = true;
	live->asking.dirty = &live->dirty;
	*VEC_PUSH(stage->lives, stage->lives_count, stage->lives_cap) = live;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !value; i++) {
		live->kind = &kinds[i];
		value = json_at(spec, kinds[i].key);
	}
	if (!value)
		err_set(e, ERR_SPEC, "a live value says none of secret, object, sql, text, live");
	if (value && live->kind->init(stage, live, value, e) == 0)
		return live;
	err_wrap(e, "live value %s", name ? name : "");
	return NULL;
}

void
live_free(struct live *live)
{
	asking_release(&live->asking);
	cJSON_Delete(live->value);
	str_release(&live->why);
	free(live);
}

struct live *
live_find(const struct stage *stage, const char *name)
{
	for (size_t i = 0; i < stage->lives_count; i++)
		if (str_equal(stage->lives[i]->name, name))
			return stage->lives[i];
	return NULL;
}

char *
live_text(const struct live *live)
{
	return cJSON_IsNull(live->value) ? NULL : json_text(live->value);
}

void
lives_notice(struct stage *stage, size_t cluster, const struct stored *stored)
{
	const struct cluster *changed = stage->options.clusters[cluster];

	for (size_t i = 0; i < stage->lives_count; i++) {
		struct live *live = stage->lives[i];

		if (live->kind->of_objects && live->object.cluster == changed && !live->dirty)
			live->dirty = !stored || object_ref_concerns(&live->object, stored);
	}
}

/* True: it is another now. */
static bool
settle(struct stage *stage, struct live *live)
{
	struct str why = STR_INIT;
	bool known = true;
	cJSON *value = live->kind->read(stage, live, &known, &why);

	live->dirty = false;
	if (!value)
		value = cJSON_CreateNull();
	bool other = known != live->known || !cJSON_Compare(value, live->value, true);
	str_release(&live->why);
	live->why = why;
	live->known = known;
	cJSON_Delete(live->value);
	live->value = value;
	if (!other)
		return false;
	live->version++;
	stage_stir(stage);
	if (live->name) {
		cJSON_DeleteItemFromObjectCaseSensitive(stage->scope_live, live->name);
		json_add(stage->scope_live, live->name, cJSON_Duplicate(value, true));
	}
	return true;
}

bool
lives_settle(struct stage *stage)
{
	bool changed = false;

	for (size_t i = 0; i < stage->lives_count; i++) {
		struct live *live = stage->lives[i];

		if (live->dirty || live->other || (changed && strcmp(live->kind->key, "live") == 0))
			changed |= settle(stage, live);
	}
	return changed;
}

void
lives_refresh(struct stage *stage)
{
	for (size_t i = 0; i < stage->lives_count; i++)
		if (stage->lives[i]->kind->of_objects)
			stage->lives[i]->dirty = true;
	lives_settle(stage);
}
