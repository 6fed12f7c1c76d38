#include "config.h"

#include "world/patch/patch.h"

#include <stdlib.h>

#include "base/json.h"

/* A new value has no nulls: they say what is to go, and nothing was there. As the server has it, also in lists. */
static void
drop_nulls(cJSON *value)
{
	for (cJSON *item = value->child, *next; item; item = next) {
		next = item->next;
		if (cJSON_IsNull(item))
			cJSON_Delete(cJSON_DetachItemViaPointer(value, item));
		else
			drop_nulls(item);
	}
}

static void
merge_into(cJSON *object, const cJSON *patch)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, patch) {
		cJSON *there = cJSON_GetObjectItemCaseSensitive(object, member->string);

		if (cJSON_IsNull(member)) {
			cJSON_DeleteItemFromObjectCaseSensitive(object, member->string);
		} else if (cJSON_IsObject(there) && cJSON_IsObject(member)) {
			merge_into(there, member);
		} else {
			cJSON *value = cJSON_Duplicate(member, true);

			drop_nulls(value);
			json_replace(object, member->string, value);
		}
	}
}

static int
refuse_list(const cJSON *patch, struct refusal *r)
{
	char *text = json_print(patch);

	refuse_invalid(r, "", "", "", "patch",
		       "Invalid value: \"%s\": couldn't get version/kind; json parse error: json: "
		       "cannot unmarshal array into Go value of type struct { APIVersion string "
		       "\"json:\\\"apiVersion,omitempty\\\"\"; Kind string "
		       "\"json:\\\"kind,omitempty\\\"\" }",
		       text);
	free(text);
	return -1;
}

int
patch_merge(const cJSON *object, const cJSON *patch, cJSON **ret, struct refusal *r)
{
	if (cJSON_IsArray(patch))
		return refuse_list(patch, r);
	if (!cJSON_IsObject(patch))
		return refuse(r, 500, "", "Invalid JSON Patch");

	cJSON *result = cJSON_Duplicate(object, true);

	merge_into(result, patch);
	*ret = result;
	return 0;
}
