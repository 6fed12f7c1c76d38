#include "config.h"

#include "runbook/convert.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

/* Beyond this, JSON numbers have gaps. */
#define EXACT_MAX (INT64_C(1) << 53)

int
convert_bool(const char *text, bool *ret_value, struct err *e)
{
	static const char *const words[] = { "true", "false", "yes", "no", "y", "n", "1", "0" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(text, words[i]) == 0) {
			*ret_value = i % 2 == 0;
			return 0;
		}
	return err_set(e, ERR_SPEC, "\"%s\" is neither yes nor no", text);
}

int
convert_int(const char *text, int64_t *ret_value, struct err *e)
{
	size_t sign = text[0] == '-' ? 1 : 0;
	long long value;

	if (text[sign] == '\0' || text[sign + strspn(text + sign, "0123456789")] != '\0')
		return err_set(e, ERR_SPEC, "\"%s\" is no whole number", text);
	errno = 0;
	value = strtoll(text, NULL, 10);
	if (errno || value > EXACT_MAX || value < -EXACT_MAX)
		return err_set(e, ERR_SPEC, "\"%s\" is too large a number: at most %" PRId64, text,
			       EXACT_MAX);
	*ret_value = value;
	return 0;
}

int
convert_choice(const char *text, const char *const *choices, struct err *e)
{
	const char *nearest = str_nearest(text, choices);
	struct str words = STR_INIT;

	for (size_t i = 0; choices[i]; i++) {
		if (strcmp(choices[i], text) == 0) {
			str_release(&words);
			return 0;
		}
		if (i > 0)
			str_append(&words, choices[i + 1] ? ", " : " or ");
		str_append(&words, choices[i]);
	}
	err_set(e, ERR_SPEC, "\"%s\" is not one of the choices: %s", text, str_cstr(&words));
	if (nearest)
		err_advise(e, "Did you mean \"%s\"?", nearest);
	str_release(&words);
	return -1;
}

int
convert_path(const char *base, const char *name, char **ret_path, struct err *e)
{
	char *path, *folder, *absolute;

	if (name[0] == '\0')
		return err_set(e, ERR_SPEC, "a file name is wanted, and it is empty");
	path = file_resolve(base, name);
	if (path[0] == '/') {
		*ret_path = path;
		return 0;
	}
	folder = getcwd(NULL, 0);
	if (!folder) {
		free(path);
		return err_errno(e, ERR_IO,
				 "finding the current folder, which \"%s\" is relative to", name);
	}
	absolute = xasprintf("%s/%s", strcmp(folder, "/") == 0 ? "" : folder,
			     str_starts_with(path, "./") ? path + 2 : path);
	free(folder);
	free(path);
	*ret_path = absolute;
	return 0;
}

char *
convert_to_text(const cJSON *value)
{
	double number;

	if (!value || cJSON_IsArray(value) || cJSON_IsObject(value))
		return NULL;
	number = value->valuedouble;
	if (cJSON_IsNumber(value) && number == floor(number) && fabs(number) <= (double)EXACT_MAX)
		return xasprintf("%" PRId64, (int64_t)number);
	return json_text(value);
}
