#include "config.h"

#include "base/json.h"
#include "base/str.h"
#include "world/object/go_text.h"
#include "world/patch/patch_ownership.h"

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

/* The annotation by which kubectl's own apply remembers what it has applied, or NULL. */
static const cJSON *
annotation_of(const cJSON *object)
{
	const cJSON *annotations = json_at(object, "metadata/annotations");
	const cJSON *text = cJSON_GetObjectItemCaseSensitive(annotations, LAST_APPLIED);

	return cJSON_IsString(text) && *text->valuestring ? text : NULL;
}

struct fields *
ownership_client_side(const struct list_rule *rules, const cJSON *live, const char *api_version)
{
	const cJSON *text = annotation_of(live);
	cJSON *last = text ? cJSON_Parse(text->valuestring) : NULL;
	struct fields *f = NULL;

	if (str_equal(json_string(last, "apiVersion", ""), api_version)) {
		struct comparison c;

		f = typed_fields(rules, last);
		typed_compare(rules, last, live, &c);
		fields_subtract(f, c.added);
		fields_subtract(f, c.modified);
		fields_subtract(f, c.removed);
		comparison_release(&c);
	}
	cJSON_Delete(last);
	return f;
}

void
ownership_remember_applied(cJSON *result, const cJSON *applied)
{
	if (!annotation_of(result))
		return;

	cJSON *copy = cJSON_Duplicate(applied, true);
	cJSON *annotations = json_at(copy, "metadata/annotations");

	cJSON_DeleteItemFromObjectCaseSensitive(annotations, LAST_APPLIED);

	struct str line = STR_INIT;

	go_json(copy, &line);
	str_append_char(&line, '\n');
	cJSON_ReplaceItemInObjectCaseSensitive(json_at(result, "metadata/annotations"),
					       LAST_APPLIED, cJSON_CreateString(str_cstr(&line)));
	str_release(&line);
	cJSON_Delete(copy);
}
