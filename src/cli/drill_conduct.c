#include "config.h"

#include "cli/drill_conduct.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

enum { FAULTS_MAX = 500, CONDITIONS_MAX = 1000, SALT_BYTES = 16 };

struct drill_conduct {
	struct engine_drill drill;
	struct drill *world;
	cJSON *begin;
	char *sealed; /* the text behind the commitment */
	int64_t began_ms;
	struct cancel *ends;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	cJSON *faults, *conditions;
	bool is_lost; /* the world has ended by itself */
};

/* ---- what is sealed ---- */

static void
add_copy(cJSON *object, const char *name, const cJSON *value)
{
	if (value)
		json_add(object, name, cJSON_Duplicate(value, true));
}

static bool
is_chosen(const struct scenario *scenario, const char *name)
{
	for (char **at = scenario->variants; *at; at++)
		if (strcmp(*at, name) == 0)
			return true;
	return false;
}

static cJSON *
variant_json(const struct world_spec *spec, const struct world_variant *variant)
{
	const cJSON *whole = cJSON_GetObjectItemCaseSensitive(json_at(spec->document, "variants"),
							      variant->name);
	cJSON *object = cJSON_CreateObject();

	json_add_string(object, "name", variant->name);
	json_add_string(object, "title", variant->title);
	json_add_string(object, "symptom", variant->symptom);
	add_copy(object, "fix", json_at(whole, "fix"));
	add_copy(object, "teaches", variant->teaches);
	add_copy(object, "right", variant->right);
	add_copy(object, "wrong", variant->wrong);
	add_copy(object, "surprise", json_at(whole, "surprise"));
	return object;
}

/* So that nobody finds the variants by trying them. */
static void
add_salt(cJSON *object)
{
	unsigned char bytes[SALT_BYTES];
	struct str hex = STR_INIT;

	while (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		;
	for (size_t i = 0; i < sizeof(bytes); i++)
		str_printf(&hex, "%02x", bytes[i]);
	json_add_string(object, "salt", str_cstr(&hex));
	str_release(&hex);
}

static cJSON *
expected_json(const struct scenario *scenario)
{
	static const char *const members[] = { "order", "wrong", "expert", "passes" };
	const struct world_spec *spec = scenario->spec;
	size_t last = spec->variants_count ? spec->variants_count - 1 : 0;
	cJSON *object = cJSON_CreateObject();
	cJSON *chosen, *others;

	json_add_string(object, "scenario", spec->id);
	json_add_string(object, "version", spec->version);
	json_add_int(object, "seed", (int64_t)scenario->seed);
	add_copy(object, "teaches", json_at(spec->document, "metadata/teaches"));
	chosen = cJSON_AddArrayToObject(object, "variants");
	others = cJSON_AddArrayToObject(object, "others");
	for (size_t i = 0; i < spec->variants_count; i++)
		if (is_chosen(scenario, spec->variants[i].name)) {
			cJSON_AddItemToArray(chosen, variant_json(spec, &spec->variants[i]));
			last = i;
		}
	/* from the one behind those of today: so whoever follows the advice comes to each of them */
	for (size_t i = 1; i <= spec->variants_count; i++) {
		const char *name = spec->variants[(last + i) % spec->variants_count].name;

		if (!is_chosen(scenario, name))
			cJSON_AddItemToArray(others, cJSON_CreateString(name));
	}
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		add_copy(object, members[i], json_at(spec->document, members[i]));
	add_salt(object);
	return object;
}

static void
seal(struct drill_conduct *c, const struct drill_conduct_options *options)
{
	cJSON *expected = expected_json(options->scenario);
	struct str redacted = STR_INIT;

	/* what the journal hides in the text later would not fit the commitment */
	secrets_redact_json(options->secrets, expected);
	char *text = json_print(expected);
	secrets_redact(options->secrets, text, strlen(text), &redacted);
	free(text);
	c->sealed = str_take(&redacted);
	cJSON_Delete(expected);
}

static void
make_begin(struct drill_conduct *c, const struct drill_conduct_options *options)
{
	const struct world_spec *spec = options->scenario->spec;
	char sha256[DIGEST_HEX_MAX];

	c->begin = cJSON_CreateObject();
	json_add_string(c->begin, "what", "begin");
	json_add_string(c->begin, "scenario", spec->id);
	json_add_string(c->begin, "title", spec->title);
	json_add_string(c->begin, "version", spec->version);
	json_add_string(c->begin, "text", spec->text);
	json_add(c->begin, "speed", cJSON_CreateNumber(options->scenario->speed));
	json_add_bool(c->begin, "explain", options->explains);
	json_add_bool(c->begin, "auto", options->is_automatic);
	json_add_bool(c->begin, "exam", options->scenario->is_exam);
	json_add_string(c->begin, "commitment",
			digest_sha256(c->sealed, strlen(c->sealed), sha256));
}

/* ---- what is heard ---- */

static void
take_fault(struct drill_conduct *c, const cJSON *message)
{
	cJSON *fault;

	if (cJSON_GetArraySize(c->faults) >= FAULTS_MAX)
		return;
	fault = cJSON_CreateObject();
	json_add_int(fault, "at_ms", clock_mono_ms() - c->began_ms);
	add_copy(fault, "name", json_at(message, "name"));
	add_copy(fault, "on", json_at(message, "details/on"));
	add_copy(fault, "title", json_at(message, "details/title"));
	cJSON_AddItemToArray(c->faults, fault);
}

static void
take_condition(struct drill_conduct *c, const cJSON *message)
{
	const char *name = json_string(message, "name", "");

	if (cJSON_GetArraySize(c->conditions) >= CONDITIONS_MAX)
		return;
	cJSON_DeleteItemFromObjectCaseSensitive(c->conditions, name);
	json_add_bool(c->conditions, name, json_bool(message, "details/holds", false));
}

static void
take(struct drill_conduct *c, const cJSON *message)
{
	const char *what = json_string(message, "what", "");

	if (!str_equal(json_string(message, "type", NULL), "told"))
		return;
	pthread_mutex_lock(&c->lock);
	if (str_equal(what, "fault"))
		take_fault(c, message);
	else if (str_equal(what, "condition"))
		take_condition(c, message);
	pthread_mutex_unlock(&c->lock);
}

static void *
listen_main(void *data)
{
	struct drill_conduct *c = data;
	struct pollfd fds[] = { { drill_fd(c->world), POLLIN, 0 },
				{ cancel_fd(c->ends), POLLIN, 0 } };

	while (!cancel_requested(c->ends) && !drill_has_ended(c->world)) {
		cJSON *message = drill_next(c->world);

		if (message)
			take(c, message);
		else if (!drill_has_ended(c->world))
			poll(fds, 2, -1);
		cJSON_Delete(message);
	}
	pthread_mutex_lock(&c->lock);
	c->is_lost = drill_has_ended(c->world);
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* ---- what is opened ---- */

static cJSON *
open_sealed(void *data)
{
	struct drill_conduct *c = data;
	cJSON *opened = cJSON_CreateObject();

	json_add_string(opened, "what", "opened");
	json_add_string(opened, "text", c->sealed);
	pthread_mutex_lock(&c->lock);
	json_add(opened, "faults", cJSON_Duplicate(c->faults, true));
	json_add(opened, "conditions", cJSON_Duplicate(c->conditions, true));
	json_add_bool(opened, "lost", c->is_lost);
	pthread_mutex_unlock(&c->lock);
	return opened;
}

struct drill_conduct *
drill_conduct_new(const struct drill_conduct_options *options)
{
	struct drill_conduct *c = xcalloc(1, sizeof(*c));

	c->world = options->scenario->drill;
	c->began_ms = clock_mono_ms();
	c->ends = cancel_new();
	c->faults = cJSON_CreateArray();
	c->conditions = cJSON_CreateObject();
	pthread_mutex_init(&c->lock, NULL);
	seal(c, options);
	make_begin(c, options);
	c->drill = (struct engine_drill){ .begin = c->begin, .open = open_sealed, .data = c };
	if (pthread_create(&c->thread, NULL, listen_main, c) != 0)
		abort();
	pthread_setname_np(c->thread, "world");
	return c;
}

void
drill_conduct_free(struct drill_conduct *c)
{
	if (!c)
		return;
	cancel_request(c->ends);
	pthread_join(c->thread, NULL);
	cancel_free(c->ends);
	pthread_mutex_destroy(&c->lock);
	cJSON_Delete(c->begin);
	cJSON_Delete(c->faults);
	cJSON_Delete(c->conditions);
	free(c->sealed);
	free(c);
}

const struct engine_drill *
drill_conduct_drill(const struct drill_conduct *c)
{
	return &c->drill;
}
