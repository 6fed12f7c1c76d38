#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "step/command/step_command.h"

/* What the runbook says of a command: which exit codes are good, and whether it only reads. */

enum { MAX_CODE = 255 };

static bool
has_code(const cJSON *codes, int exit_code)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, codes)
		if (cJSON_IsNumber(item) && (int)item->valuedouble == exit_code)
			return true;
	return false;
}

bool
command_accepts(const struct action *action, int exit_code)
{
	const cJSON *codes = json_at(action->with, "exit_codes");

	return cJSON_GetArraySize(codes) == 0 ? exit_code == 0 : has_code(codes, exit_code);
}

bool
command_knows_nothing(const struct action *action, int exit_code)
{
	return has_code(json_at(action->with, "unknown_codes"), exit_code);
}

const char *
command_meaning(const struct action *action, int exit_code)
{
	const cJSON *meanings = json_at(action->with, "exit_meanings");
	char name[16];

	snprintf(name, sizeof(name), "%d", exit_code);
	const cJSON *meaning = cJSON_GetObjectItemCaseSensitive(meanings, name);
	return cJSON_IsString(meaning) ? meaning->valuestring : NULL;
}

bool
command_only_reads(const struct action *action)
{
	return strcmp(json_string(action->with, "effect", "changes"), "reads") == 0;
}

static int
check_list(const struct action *action, const char *field, struct err *e)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, json_at(action->with, field))
		if (item->valuedouble < 0 || item->valuedouble > MAX_CODE)
			return err_set(e, ERR_SPEC,
				       "command.run: %s names %.0f, and exit codes are 0 to %d",
				       field, item->valuedouble, MAX_CODE);
	return 0;
}

static int
check_meanings(const struct action *action, struct err *e)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, json_at(action->with, "exit_meanings")) {
		size_t digits = strspn(item->string, "0123456789");

		if (digits == 0 || digits > 3 || item->string[digits])
			return err_set(e, ERR_SPEC,
				       "command.run: exit_meanings names \"%s\", which is no exit "
				       "code",
				       item->string);
	}
	return 0;
}

int
command_check_codes(const struct action *action, struct err *e)
{
	if (check_list(action, "exit_codes", e) < 0 || check_list(action, "unknown_codes", e) < 0 ||
	    check_meanings(action, e) < 0)
		return -1;
	for (int code = 0; code <= MAX_CODE; code++)
		if (command_accepts(action, code) && command_knows_nothing(action, code))
			return err_set(
				e, ERR_SPEC,
				"command.run: exit code %d is good and unknown at once. Take "
				"it out of exit_codes or of unknown_codes",
				code);
	return 0;
}
