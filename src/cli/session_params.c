#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "base/yaml.h"
#include "cli/secret_source.h"
#include "cli/session.h"
#include "runbook/params.h"
#include "ui/ui.h"

enum { PARAMS_FILE_MAX_BYTES = 1 << 20, MAX_ANSWERS = 5 };

static void
set_value(struct session *s, const char *name, cJSON *value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(s->params, name);
	json_add(s->params, name, value);
}

/* Takes one value that was written as text, a secret from the place that the text names. */
static int
take_text(struct session *s, const struct param *param, const char *text, struct err *e)
{
	cJSON *value = NULL;
	int rc = param->type == PARAM_SECRET
			 ? secret_source_load(param, text, s->secrets, &value, e)
			 : param_convert(param, text, &value, e);

	if (rc == 0)
		set_value(s, param->name, value);
	return rc;
}

static const struct param *
known_param(const struct session *s, const char *name, struct err *e)
{
	const struct param *param = runbook_param(s->runbook, name);
	const char **names;
	const char *nearest;

	if (param)
		return param;
	names = xcalloc(s->runbook->params_count + 1, sizeof(*names));
	for (size_t i = 0; i < s->runbook->params_count; i++)
		names[i] = s->runbook->params[i].name;
	nearest = str_nearest(name, names);
	free(names);
	err_set(e, ERR_USAGE, "the runbook has no parameter %s", name);
	if (nearest)
		err_advise(e, "Did you mean %s?", nearest);
	return NULL;
}

static int
take_assignment(struct session *s, const char *assignment, struct err *e)
{
	const char *equals = strchr(assignment, '=');

	if (!equals)
		return err_set(e, ERR_USAGE, "-p %s: write NAME=VALUE", assignment);
	char *name = xstrndup(assignment, (size_t)(equals - assignment));
	const struct param *param = known_param(s, name, e);
	int rc = param ? take_text(s, param, equals + 1, e) : -1;
	if (rc < 0)
		err_wrap(e, "-p %s", name);
	free(name);
	return rc;
}

static int
take_member(struct session *s, const cJSON *member, struct err *e)
{
	const struct param *param = known_param(s, member->string, e);

	if (!param)
		return -1;
	char *text = json_text(member);
	int rc = take_text(s, param, text, e);
	if (rc < 0)
		err_wrap(e, "%s", member->string);
	free(text);
	return rc;
}

/* A YAML or JSON file with one mapping of names to values. */
static int
take_file(struct session *s, const char *path, struct err *e)
{
	struct str text = STR_INIT;
	struct yaml_stream stream = { 0 };
	struct mark mark = { 0 };
	cJSON *values = NULL;
	const cJSON *at;
	int rc = -1;

	if (file_read(path, PARAMS_FILE_MAX_BYTES, &text, e) < 0)
		goto out;
	if (yaml_parse(str_cstr(&text), text.len, &stream, &mark, e) < 0) {
		err_wrap(e, "%s:%d:%d", path, mark.line, mark.column);
		goto out;
	}
	if (stream.count != 1 || !stream.documents[0].root ||
	    stream.documents[0].root->kind != YAML_MAPPING) {
		err_set(e, ERR_USAGE, "%s: it must be one mapping of parameters to values", path);
		goto out;
	}
	values = yaml_to_json(stream.documents[0].root);
	cJSON_ArrayForEach(at, values)
		if (take_member(s, at, e) < 0) {
			err_wrap(e, "%s", path);
			goto out;
		}
	rc = 0;
out:
	cJSON_Delete(values);
	yaml_stream_release(&stream);
	str_release_secret(&text);
	return rc;
}

/* What was typed for a secret is the value itself, not the place of one. */
static int
take_typed(struct session *s, const struct param *param, const char *text, struct err *e)
{
	cJSON *value = NULL;

	if (param->type != PARAM_SECRET)
		return take_text(s, param, text, e);
	if (param_take_secret(param, text, strlen(text), s->secrets, &value, e) < 0)
		return -1;
	set_value(s, param->name, value);
	return 0;
}

/* Asks until the answer is one, a few times. */
static int
ask(struct session *s, const struct param *param, struct err *e)
{
	struct err problem = ERR_INIT;

	if (param->type == PARAM_SECRET && param_allow_source(param, SECRET_FROM_PROMPT, e) < 0)
		return err_wrap(e, "parameter %s", param->name);
	if (s->automatic)
		return err_set(e, ERR_USAGE, "the parameter %s has no value: give -p %s=%s",
			       param->name, param->name,
			       param->type == PARAM_SECRET ? "file:PATH" : "VALUE");
	for (int i = 0; i < MAX_ANSWERS; i++) {
		char *text =
			ui_ask_param(param, problem.kind == ERR_NONE ? NULL : problem.message, e);

		if (!text)
			return -1;
		problem = (struct err)ERR_INIT;
		int rc = take_typed(s, param, text, &problem);
		explicit_bzero(text, strlen(text));
		free(text);
		if (rc == 0)
			return 0;
	}
	*e = problem;
	return err_wrap(e, "parameter %s", param->name);
}

static int
ask_missing(struct session *s, bool secrets_only, struct err *e)
{
	const struct param **missing =
		xcalloc(s->runbook->params_count + 1, sizeof(const struct param *));
	int rc = -1, count;

	/* an answer may be what the default of a later parameter is made of: fill again after each */
	while ((count = params_fill(s->runbook, s->expressions, s->params, missing, e)) > 0) {
		const struct param *param = missing[0];

		for (int i = 0; secrets_only && i < count; i++)
			if (missing[i]->type == PARAM_SECRET)
				param = missing[i];
		if (secrets_only && param->type != PARAM_SECRET)
			break;
		if (ask(s, param, e) < 0)
			goto out;
	}
	rc = count < 0 ? -1 : 0;
out:
	free(missing);
	return rc;
}

int
session_params(struct session *s, bool secrets_only, struct err *e)
{
	const char *file = cli_value(s->args, "params-file");

	if (file && take_file(s, file, e) < 0)
		return -1;
	for (const char *const *at = cli_values(s->args, "param"); *at; at++)
		if (take_assignment(s, *at, e) < 0)
			return -1;
	return ask_missing(s, secrets_only, e);
}
