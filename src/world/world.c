#include "config.h"

#include "world/world.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "runbook/template.h"
#include "world/world_internal.h"

enum {
	SETTLING_SPEED = 10000, /* of the controllers, while the past is made */
	SETTLING_MS = 2500,
	QUIET_MS = 120,
	LOOK_MS = 20,
};

/* ---- what is told ---- */

void
world_progress(struct world *world, const char *format, ...)
{
	cJSON *message = cJSON_CreateObject();
	va_list ap;

	va_start(ap, format);
	char *what = xvasprintf(format, ap);
	va_end(ap);
	json_add_string(message, "type", "progress");
	json_add_string(message, "what", what);
	pthread_mutex_lock(&world->lock);
	json_add_int(message, "done", ++world->done);
	json_add_int(message, "of", world->of);
	pthread_mutex_unlock(&world->lock);
	world->options.tell(world->options.data, message);
	cJSON_Delete(message);
	free(what);
}

void
world_remark(struct world *world, const char *format, ...)
{
	cJSON *message = cJSON_CreateObject();
	va_list ap;

	va_start(ap, format);
	char *text = xvasprintf(format, ap);
	va_end(ap);
	json_add_string(message, "type", "remark");
	json_add_string(message, "text", text);
	world->options.tell(world->options.data, message);
	cJSON_Delete(message);
	free(text);
}

static void
told(void *data, const char *what, const char *name, const cJSON *details)
{
	struct world *world = data;
	cJSON *message = cJSON_CreateObject();

	json_add_string(message, "type", "told");
	json_add_string(message, "what", what);
	json_add_string(message, "name", name);
	json_add(message, "details",
		 details ? cJSON_Duplicate(details, true) : cJSON_CreateObject());
	world->options.tell(world->options.data, message);
	cJSON_Delete(message);
}

/* ---- what the parts ask ---- */

static const struct authority *
give_authority(void *data, const char *name)
{
	return world_authority_find(data, name);
}

static bool
give_certificate(void *data, const char *name, const char **ret_chain, const char **ret_key)
{
	const struct world *world = data;

	for (size_t i = 0; i < world->certificates_count; i++) {
		if (strcmp(world->certificates[i].name, name) != 0)
			continue;
		*ret_chain = world->certificates[i].pem;
		*ret_key = world->certificates[i].key;
		return true;
	}
	return false;
}

static void
note_process(void *data, const char *name, int64_t pid, int64_t started_ticks, int up)
{
	world_note_process(data, name, pid, started_ticks, up);
}

static void
lost_part(void *data, const char *name, const char *why)
{
	struct world *world = data;
	cJSON *details = cJSON_CreateObject();

	json_add_string(details, "why", why);
	told(world, "lost", name, details);
	cJSON_Delete(details);
}

/* ---- the parts, all at once ---- */

struct errand {
	struct world *world;
	const char *list, *word;
	const cJSON *spec;
	int (*start)(struct parts *parts, const cJSON *spec, struct err *e);
	struct err e;
	int rc;
	pthread_t thread;
	bool runs;
};

static void *
run_errand(void *data)
{
	struct errand *errand = data;
	cJSON *expanded = NULL;

	errand->rc = world_expand(errand->world, errand->spec, &expanded, &errand->e);
	if (errand->rc == 0)
		errand->rc = errand->start(errand->world->parts, expanded, &errand->e);
	if (errand->rc == 0)
		world_progress(errand->world, "%s %s is up", errand->word,
			       json_string(errand->spec, "name", ""));
	else
		err_wrap(&errand->e, "%s %s", errand->word, json_string(errand->spec, "name", ""));
	cJSON_Delete(expanded);
	return NULL;
}

static int
start_parts(struct world *world, struct err *e)
{
	static const struct errand kinds[] = {
		{ .list = "databases", .word = "PostgreSQL", .start = parts_database },
		{ .list = "zones", .word = "the name server of", .start = parts_zone },
		{ .list = "sites", .word = "the site", .start = parts_site },
	};
	struct errand *errands = NULL;
	size_t count = 0, cap = 0;
	const cJSON *spec;
	int rc = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		cJSON_ArrayForEach(spec, json_at(world->options.spec->document, kinds[i].list)) {
			struct errand *errand = VEC_PUSH(errands, count, cap);

			*errand = kinds[i];
			errand->world = world;
			errand->spec = spec;
		}
	for (size_t i = 0; i < count; i++) {
		errands[i].runs =
			pthread_create(&errands[i].thread, NULL, run_errand, &errands[i]) == 0;
		if (!errands[i].runs)
			run_errand(&errands[i]);
	}
	for (size_t i = 0; i < count; i++) {
		if (errands[i].runs)
			pthread_join(errands[i].thread, NULL);
		if (errands[i].rc < 0 && rc == 0)
			rc = err_set(e, errands[i].e.kind, "%s", errands[i].e.message);
	}
	free(errands);
	return rc;
}

/* ---- expressions ---- */

struct collected {
	char **texts;
	size_t count, cap;
};

static void
collect_one(void *data, const char *expression, size_t offset)
{
	struct collected *all = data;

	(void)offset;
	*VEC_PUSH(all->texts, all->count, all->cap) = xstrdup(expression);
}

static void
collect(struct collected *all, const cJSON *value)
{
	if (cJSON_IsString(value) && strstr(value->valuestring, "${"))
		template_scan(value->valuestring, collect_one, all, NULL);
	for (const cJSON *child = value->child; child; child = child->next)
		collect(all, child);
}

/* Compiled at once, in the background: each alone would cost more than all together. */
static void
make_expressions(struct world *world)
{
	struct collected all = { 0 };

	collect(&all, world->options.spec->document);
	world->expressions = expressions_new((const char *const *)all.texts, all.count);
	expressions_start(world->expressions);
	for (size_t i = 0; i < all.count; i++)
		free(all.texts[i]);
	free(all.texts);
}

/* ---- the actors ---- */

static int
start_stage(struct world *world, struct err *e)
{
	world->cast = xcalloc(world->clusters_count + 1, sizeof(struct cluster *));
	for (size_t i = 0; i < world->clusters_count; i++)
		world->cast[i] = world->clusters[i].cluster;
	world->stage = stage_new(
		&(struct stage_options){
			.spec = world->options.spec,
			.clusters = world->cast,
			.clusters_count = world->clusters_count,
			.controllers = world->controllers,
			.parts = world->parts,
			.expressions = world->expressions,
			.context = world->context,
			.speed = world->options.speed,
			.seed = world->options.seed,
			.told = told,
			.data = world,
		},
		e);
	if (!world->stage)
		return -1;
	for (size_t i = 0; i < world->clusters_count; i++) {
		struct world_cluster *w = &world->clusters[i];

		w->actors = (struct stage_cluster){ world->stage, i };
		world->controllers[i] =
			controllers_new(w->cluster, &(struct controllers_options){
							    .speed = SETTLING_SPEED,
							    .plan = stage_plan,
							    .started = stage_started,
							    .address = stage_address,
							    .data = &w->actors,
							    .version = w->cluster->version,
							    .ca_pem = authority_pem(world->own),
						    });
	}
	stage_begin(world->stage);
	world_progress(world, "the actors are on stage");
	return 0;
}

static enum cluster_state
state_of(const cJSON *spec)
{
	static const char *const words[] = { "up", "refuses", "silent", "errors" };
	const char *word = json_string(spec, "state", "up");

	for (int i = 0; i < 4; i++)
		if (strcmp(words[i], word) == 0)
			return (enum cluster_state)i;
	return CLUSTER_UP;
}

static uint64_t
all_versions(const struct world *world)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < world->clusters_count; i++)
		sum += store_version(world->clusters[i].cluster->store);
	return sum;
}

/* What was there before came to rest long ago: until nothing changes, for a while at most. */
static void
settle(const struct world *world)
{
	int64_t now_ms = clock_mono_ms(), until_ms = now_ms + SETTLING_MS, changed_ms = now_ms;
	uint64_t version = all_versions(world);

	while (now_ms < until_ms && now_ms - changed_ms < QUIET_MS &&
	       !cancel_sleep(world->options.cancel, LOOK_MS)) {
		uint64_t now = all_versions(world);

		now_ms = clock_mono_ms();
		if (now != version)
			changed_ms = now_ms;
		version = now;
	}
}

/* From here on time passes as it does, and what is lost is lost. */
static void
open_curtain(struct world *world)
{
	settle(world);
	for (size_t i = 0; i < world->clusters_count; i++) {
		controllers_set_speed(world->controllers[i], world->options.speed);
		store_set_age(world->clusters[i].cluster->store, 0);
		cluster_set_state(world->clusters[i].cluster, state_of(world->clusters[i].spec));
	}
}

/* ---- the whole ---- */

static int
count_steps(const cJSON *document)
{
	static const char *const lists[] = { "clusters", "databases", "zones", "sites" };
	int count = 2; /* the backup folder, the actors */

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		count += cJSON_GetArraySize(json_at(document, lists[i]));
	return count;
}

static int
start(struct world *world, struct err *e)
{
	make_expressions(world);
	if (world_network_choose(world, e) < 0 || world_context_make(world, e) < 0)
		return -1;
	world->parts = parts_new(&(struct parts_options){
		.folder = world->options.folder,
		.prefix = world->prefix,
		.speed = world->options.speed,
		.seed = world->options.seed,
		.cancel = world->options.cancel,
		.authority = give_authority,
		.process = note_process,
		.data = world,
		.certificate = give_certificate,
		.lost = lost_part,
	});
	if (world_clusters_open(world, e) < 0 || start_parts(world, e) < 0 ||
	    world_clusters_fill(world, e) < 0 || world_files_write(world, e) < 0 ||
	    start_stage(world, e) < 0)
		return -1;
	open_curtain(world);
	return 0;
}

int
world_start(const struct world_options *options, struct world **ret_world, struct err *e)
{
	struct world *world = xcalloc(1, sizeof(*world));

	world->options = *options;
	world->marker_fd = -1;
	world->processes = cJSON_CreateArray();
	world->of = count_steps(options->spec->document);
	pthread_mutex_init(&world->lock, NULL);
	if (start(world, e) < 0) {
		world_free(world);
		return -1;
	}
	*ret_world = world;
	return 0;
}

void
world_free(struct world *world)
{
	if (!world)
		return;
	if (world->stage)
		stage_end(world->stage);
	world_clusters_close(world);
	stage_free(world->stage);
	free(world->cast);
	parts_free(world->parts);
	for (size_t i = 0; i < world->certificates_count; i++) {
		free(world->certificates[i].pem);
		explicit_bzero(world->certificates[i].key, strlen(world->certificates[i].key));
		free(world->certificates[i].key);
	}
	free(world->certificates);
	for (size_t i = 0; i < world->authorities_count; i++)
		authority_free(world->authorities[i].authority);
	free(world->authorities);
	authority_free(world->own);
	expressions_free(world->expressions);
	cJSON_Delete(world->context);
	cJSON_Delete(world->facts);
	cJSON_Delete(world->processes);
	if (world->marker_fd >= 0)
		close(world->marker_fd);
	pthread_mutex_destroy(&world->lock);
	free(world);
}

const cJSON *
world_facts(const struct world *world)
{
	return world->facts;
}

void
world_surprises(struct world *world)
{
	stage_surprises(world->stage);
}

int
world_fault(struct world *world, const char *name, bool on, struct err *e)
{
	return stage_fault(world->stage, name, on, e);
}

cJSON *
world_state(struct world *world)
{
	return stage_state(world->stage);
}
