#include "config.h"

#include "ui/model/answer.h"

#include <regex.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/xalloc.h"

cJSON *
answer_confirm(bool confirmed)
{
	cJSON *answer = cJSON_CreateObject();

	json_add_bool(answer, "confirmed", confirmed);
	return answer;
}

cJSON *
answer_checklist(const struct prompt_state *prompt, const struct answer_item *items)
{
	cJSON *answer = cJSON_CreateObject(), *members = cJSON_CreateObject();

	json_add(answer, "items", members);
	for (size_t i = 0; i < prompt->items_count; i++) {
		cJSON *item = cJSON_CreateObject();

		json_add_bool(item, "checked", items[i].checked);
		json_add_string(item, "value", items[i].value ? items[i].value : "");
		json_add(members, prompt->items[i].id, item);
	}
	return answer;
}

cJSON *
answer_input(const char *value)
{
	cJSON *answer = cJSON_CreateObject();

	json_add_string(answer, "value", value);
	return answer;
}

cJSON *
answer_choice(const char *id)
{
	cJSON *answer = cJSON_CreateObject();

	json_add_string(answer, "choice", id);
	return answer;
}

/* True when the whole value matches; an expression that does not compile is the engine's to judge. */
static bool
matches(const char *pattern, const char *value)
{
	regex_t regex;
	regmatch_t match;
	bool held;
	char *whole = xasprintf("^(%s)$", pattern);

	if (regcomp(&regex, whole, REG_EXTENDED) != 0) {
		free(whole);
		return true;
	}
	held = regexec(&regex, value, 1, &match, 0) == 0;
	regfree(&regex);
	free(whole);
	return held;
}

char *
answer_problem(const struct prompt_state *prompt, const char *value)
{
	if (!*value && !prompt->otherwise)
		return xstrdup("An answer is needed.");
	if (*value && prompt->pattern && !matches(prompt->pattern, value))
		return xasprintf("That does not match the pattern %s", prompt->pattern);
	return NULL;
}
