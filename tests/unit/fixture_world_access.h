#ifndef LIFEBOAT_TESTS_FIXTURE_WORLD_ACCESS_H
#define LIFEBOAT_TESTS_FIXTURE_WORLD_ACCESS_H

/* A store with the roles of a new cluster, and two namespaces. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "world/api/access.h"

struct world {
	struct kinds *kinds;
	struct store *store;
	struct tokens *tokens;
};

static inline void
put_object(struct world *w, cJSON *object)
{
	const struct kind *kind = kinds_by_name(w->kinds, json_string(object, "apiVersion", ""),
						json_string(object, "kind", ""));
	const struct stored *stored = NULL;
	struct store_write how = { 0 };
	struct refusal r = REFUSAL_INIT;
	char *ns = xstrdup(json_string(object, "metadata/namespace", ""));

	assert_non_null(kind);
	if (store_create(w->store, kind, ns, object, &how, &stored, &r) < 0)
		fail_msg("%s", r.message);
	stored_drop(stored);
	free(ns);
}

static inline void
put(struct world *w, const char *json)
{
	cJSON *object = cJSON_Parse(json);

	assert_non_null(object);
	put_object(w, object);
}

static inline int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	cJSON *defaults = access_default_manifests();

	w->kinds = kinds_new();
	w->store = store_new(w->kinds);
	w->tokens = tokens_new();
	put(w, "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"tsb\"}}");
	put(w, "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"other\"}}");
	while (defaults->child)
		put_object(w, cJSON_DetachItemFromArray(defaults, 0));
	cJSON_Delete(defaults);
	*state = w;
	return 0;
}

static inline int
teardown(void **state)
{
	struct world *w = *state;

	tokens_free(w->tokens);
	store_free(w->store);
	kinds_free(w->kinds);
	free(w);
	return 0;
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
