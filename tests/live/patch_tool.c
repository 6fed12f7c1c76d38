#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "world/patch/patch.h"

/*
 * What the world makes of a write, for a comparison with a real API server: reads one request for each line,
 * {"call", "group", "kind", "apiVersion", "object", "patch", "manager", "force", "subresource", "now", "without"}, and
 * answers each with one line, {"result": …} or {"refused": STATUS}. "call" is json, merge, strategic, apply or track (of
 * "object" to "patch"); "without" are paths whose rules an older server does not have.
 */

enum {
	RULES_MAX = 500,
};

/* The kind's rules; those that are left out are not in it. Static. */
static const struct list_rule *
rules_of(const cJSON *request)
{
	static struct list_rule rules[RULES_MAX];
	const struct list_rule *all =
		patch_rules(json_string(request, "group", ""), json_string(request, "kind", ""));
	const cJSON *without = json_at(request, "without"), *path;
	size_t count = 0;

	for (size_t i = 0; all && all[i].path && count + 1 < RULES_MAX; i++) {
		bool left_out = false;

		cJSON_ArrayForEach(path, without)
			left_out = left_out || str_ends_with(all[i].path, path->valuestring);
		if (!left_out)
			rules[count++] = all[i];
	}
	rules[count] = (struct list_rule){ 0 };
	return all ? rules : NULL;
}

static int
patch(const cJSON *request, cJSON **ret, struct refusal *r)
{
	const char *call = json_string(request, "call", "");
	const char *version = json_string(request, "apiVersion", "");
	const char *manager = json_string(request, "manager", "");
	const char *now = json_string(request, "now", "");
	const cJSON *object = json_at(request, "object"), *change = json_at(request, "patch");
	const struct list_rule *rules = rules_of(request);

	if (strcmp(call, "json") == 0)
		return patch_json(object, change, ret, r);
	if (strcmp(call, "merge") == 0)
		return patch_merge(object, change, ret, r);
	if (strcmp(call, "strategic") == 0)
		return patch_strategic(object, change, rules, ret, r);
	if (strcmp(call, "apply") == 0)
		return patch_apply(object, change, version, manager,
				   json_bool(request, "force", false), rules, now, ret, r);
	*ret = cJSON_Duplicate(change, true);
	patch_track(object, *ret, version, manager, json_string(request, "subresource", NULL),
		    rules, now);
	return 0;
}

static void
answer(const char *line)
{
	struct err e = ERR_INIT;
	struct refusal r = REFUSAL_INIT;
	cJSON *request = json_parse(line, strlen(line), &e), *out = cJSON_CreateObject();
	cJSON *result = NULL;

	if (!request) {
		fprintf(stderr, "patch_tool: %s\n", e.message);
		exit(2);
	}
	/* No object is none, not a null. */
	if (cJSON_IsNull(json_at(request, "object")))
		cJSON_DeleteItemFromObjectCaseSensitive(request, "object");
	if (patch(request, &result, &r) == 0)
		json_add(out, "result", result);
	else
		json_add(out, "refused", refusal_status(&r));

	char *text = json_print(out);

	puts(text);
	fflush(stdout);
	free(text);
	refusal_release(&r);
	cJSON_Delete(out);
	cJSON_Delete(request);
}

int
main(void)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0)
		answer(line);
	free(line);
	return 0;
}
