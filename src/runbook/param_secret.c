#include "config.h"

#include "runbook/params.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "runbook/convert.h"
#include "runbook/params_private.h"

enum { SECRET_FILE_MAX_BYTES = 64 << 10 };

static const struct {
	enum secret_source source;
	const char *place; /* as it is written for a parameter; NULL: it is typed */
	const char *whence;
} sources[] = {
	{ SECRET_FROM_FILE, "file:PATH", "a file" },
	{ SECRET_FROM_ENV, "env:NAME", "the environment" },
	{ SECRET_FROM_KUBERNETES, "kubernetes:NAMESPACE/SECRET/KEY@CONTEXT", "Kubernetes" },
	{ SECRET_FROM_PROMPT, NULL, "the keyboard" },
};

enum { SOURCES = sizeof(sources) / sizeof(sources[0]) };

/*
 * regcomp() must be the C library's. libonig, which comes with libjq, exports functions of the same
 * names but another layout: it is not to be linked by name.
 */
int
param_check_pattern(const struct param *param, const char *text, struct err *e)
{
	char *anchored = xasprintf("^(%s)$", param->pattern);
	regex_t regex;
	int rc = regcomp(&regex, anchored, REG_EXTENDED | REG_NOSUB);

	free(anchored);
	if (rc != 0)
		return err_set(e, ERR_USAGE,
			       "the pattern %s of the runbook is no regular expression",
			       param->pattern);
	rc = regexec(&regex, text, 0, NULL, 0);
	regfree(&regex);
	if (rc == 0)
		return 0;
	if (param->type == PARAM_SECRET)
		return err_set(e, ERR_USAGE, "the secret does not match %s", param->pattern);
	return err_set(e, ERR_USAGE, "\"%s\" does not match %s", text, param->pattern);
}

/* "file:PATH or env:NAME": the places that the runbook takes a secret from. */
static void
append_places(const struct param *param, struct str *out)
{
	for (size_t i = 0; i < SOURCES; i++)
		if (sources[i].place && param->from & sources[i].source)
			str_printf(out, "%s%s", out->len ? " or " : "", sources[i].place);
}

int
param_refuse_typed(const struct param *param, struct err *e)
{
	struct str places = STR_INIT;

	append_places(param, &places);
	err_set(e, ERR_USAGE,
		"a secret cannot be typed on the command line, where others can read it: %s%s",
		places.len ? "name the place that holds it, " : "leave it out, and it is asked for",
		str_cstr(&places));
	str_release(&places);
	return -1;
}

int
param_allow_source(const struct param *param, enum secret_source source, struct err *e)
{
	struct str places = STR_INIT;
	size_t i = 0;

	if (param->from & source)
		return 0;
	while (i + 1 < SOURCES && sources[i].source != source)
		i++;
	append_places(param, &places);
	err_set(e, ERR_USAGE, "the runbook does not take this secret from %s, but from %s%s%s",
		sources[i].whence, str_cstr(&places),
		places.len && param->from & SECRET_FROM_PROMPT ? " or " : "",
		param->from & SECRET_FROM_PROMPT ? "the keyboard" : "");
	str_release(&places);
	return -1;
}

int
param_take_secret(const struct param *param, const char *value, size_t len_bytes,
		  struct secrets *secrets, cJSON **ret_value, struct err *e)
{
	char *text;
	int rc = -1;

	if (len_bytes == 0)
		return err_set(e, ERR_USAGE, "the secret is empty");
	if (memchr(value, '\0', len_bytes))
		return err_set(e, ERR_USAGE, "the secret holds a NUL byte: it is no text");
	/* known to the redactor before anything else sees it, an error's text included */
	if (secrets_add(secrets, param->name, value, len_bytes, e) < 0)
		return -1;
	text = xstrndup(value, len_bytes);
	if (!param->pattern || param_check_pattern(param, text, e) == 0) {
		*ret_value = cJSON_CreateString(text);
		rc = 0;
	}
	explicit_bzero(text, len_bytes);
	free(text);
	return rc;
}

static int
read_file(const char *name, struct str *out, struct err *e)
{
	char *path = NULL;
	int rc = convert_path(NULL, name, &path, e);

	if (rc == 0)
		rc = file_read(path, SECRET_FILE_MAX_BYTES, out, e);
	free(path);
	return rc;
}

/* What is read is wiped where it stood, so that no child gets it, nor a reader of /proc. */
static int
take_variable(const char *name, struct str *out, struct err *e)
{
	char *value = getenv(name);

	if (!value)
		return err_set(
			e, ERR_USAGE,
			"the environment has no variable %s, or no longer: a secret is taken "
			"out of it when it is read",
			name);
	str_append(out, value);
	explicit_bzero(value, strlen(value));
	unsetenv(name);
	return 0;
}

size_t
param_secret_length(const struct str *text)
{
	size_t len = text->len;

	if (len > 0 && text->data[len - 1] == '\n')
		len -= len > 1 && text->data[len - 2] == '\r' ? 2 : 1;
	return len;
}

static int
read_place(const struct param *param, const char *text, struct str *out, struct err *e)
{
	bool from_file = str_starts_with(text, "file:");

	if (!from_file && !str_starts_with(text, "env:"))
		return param_refuse_typed(param, e);
	if (param_allow_source(param, from_file ? SECRET_FROM_FILE : SECRET_FROM_ENV, e) < 0)
		return -1;
	return from_file ? read_file(text + 5, out, e) : take_variable(text + 4, out, e);
}

int
param_load_secret(const struct param *param, const char *text, struct secrets *secrets,
		  cJSON **ret_value, struct err *e)
{
	struct str value = STR_INIT;
	int rc = read_place(param, text, &value, e);

	if (rc == 0)
		rc = param_take_secret(param, value.data, param_secret_length(&value), secrets,
				       ret_value, e);
	if (rc < 0)
		err_wrap(e, "parameter %s", param->name);
	str_release_secret(&value);
	return rc;
}
