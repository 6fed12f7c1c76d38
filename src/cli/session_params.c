#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "base/yaml.h"
#include "cli/form_desk.h"
#include "cli/form_last_run.h"
#include "cli/form_values.h"
#include "cli/session.h"
#include "runbook/params.h"
#include "ui/form/form.h"

enum { PARAMS_FILE_MAX_BYTES = 1 << 20 };

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
give(const struct session *s, struct form_values *values, const struct param *param,
     const char *text, enum form_source source, struct err *e)
{
	return form_values_give(values, (size_t)(param - s->runbook->params), text, source, e);
}

static int
take_assignment(const struct session *s, struct form_values *values, const char *assignment,
		struct err *e)
{
	const char *equals = strchr(assignment, '=');

	if (!equals)
		return err_set(e, ERR_USAGE, "-p %s: write NAME=VALUE", assignment);
	char *name = xstrndup(assignment, (size_t)(equals - assignment));
	const struct param *param = known_param(s, name, e);
	int rc = param ? give(s, values, param, equals + 1, FORM_COMMAND_LINE, e) : -1;
	if (rc < 0)
		err_wrap(e, "-p %s", name);
	free(name);
	return rc;
}

static int
take_member(const struct session *s, struct form_values *values, const cJSON *member, struct err *e)
{
	const struct param *param = known_param(s, member->string, e);

	if (!param)
		return -1;
	char *text = json_text(member);
	int rc = give(s, values, param, text, FORM_FILE, e);
	if (rc < 0)
		err_wrap(e, "%s", member->string);
	free(text);
	return rc;
}

/* A YAML or JSON file with one mapping of names to values. */
static int
take_file(const struct session *s, struct form_values *values, const char *path, struct err *e)
{
	struct str text = STR_INIT;
	struct yaml_stream stream = { 0 };
	struct mark mark = { 0 };
	cJSON *members = NULL;
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
	members = yaml_to_json(stream.documents[0].root);
	cJSON_ArrayForEach(at, members)
		if (take_member(s, values, at, e) < 0) {
			err_wrap(e, "%s", path);
			goto out;
		}
	rc = 0;
out:
	cJSON_Delete(members);
	yaml_stream_release(&stream);
	str_release_secret(&text);
	return rc;
}

static bool
is_assigned(const struct session *s, const char *name)
{
	size_t len = strlen(name);

	for (const char *const *at = cli_values(s->args, "param"); *at; at++)
		if (strncmp(*at, name, len) == 0 && (*at)[len] == '=')
			return true;
	return false;
}

/* The world of a drill knows its own passwords: they come as they are, and are hidden like all secrets. */
static int
put_secrets(struct session *s, struct err *e)
{
	const cJSON *at;

	cJSON_ArrayForEach(at, s->given) {
		const struct param *param = known_param(s, at->string, e);

		if (!param)
			return err_wrap(e, "the world's params");
		if (param->type != PARAM_SECRET || !cJSON_IsString(at) ||
		    is_assigned(s, at->string))
			continue;
		if (secrets_add(s->secrets, at->string, at->valuestring, strlen(at->valuestring),
				e) < 0)
			return err_wrap(e, "the world's params");
		json_add_string(s->params, at->string, at->valuestring);
	}
	return 0;
}

static int
take_worlds(const struct session *s, struct form_values *values, struct err *e)
{
	const cJSON *at;

	cJSON_ArrayForEach(at, s->given) {
		const struct param *param = runbook_param(s->runbook, at->string);

		if (param->type != PARAM_SECRET && !is_assigned(s, at->string) &&
		    take_member(s, values, at, e) < 0)
			return err_wrap(e, "the world's params");
	}
	return 0;
}

static int
take_given(const struct session *s, struct form_values *values, struct err *e)
{
	const char *file = cli_value(s->args, "params-file");

	if (take_worlds(s, values, e) < 0)
		return -1;
	if (file && take_file(s, values, file, e) < 0)
		return -1;
	for (const char *const *at = cli_values(s->args, "param"); *at; at++)
		if (take_assignment(s, values, *at, e) < 0)
			return -1;
	return 0;
}

/* ---- what is still wanted ---- */

/* The indices of those that the form shows; of a run that is resumed, only secrets. */
static size_t
choose(const struct session *s, const struct form_values *values, bool secrets_only,
       size_t *ret_shown, bool *ret_wanted)
{
	size_t count = 0;

	*ret_wanted = false;
	for (size_t i = 0; i < s->runbook->params_count; i++) {
		bool is_open = form_values_is_open(values, i);

		if (secrets_only && (!is_open || s->runbook->params[i].type != PARAM_SECRET))
			continue;
		*ret_wanted = *ret_wanted || is_open;
		ret_shown[count++] = i;
	}
	return count;
}

/* Without anybody to ask: what is missing first, and the flag that gives it. */
static int
refuse(const struct session *s, const struct form_values *values, const size_t *shown, size_t count,
       struct err *e)
{
	struct form_value value = { 0 };

	for (size_t i = 0; i < count; i++) {
		const struct param *param = &s->runbook->params[shown[i]];

		form_values_get(values, shown[i], &value);
		if (value.problem)
			return err_set(e, ERR_USAGE, "%s", value.problem);
		if (value.source != FORM_MISSING)
			continue;
		if (param->type == PARAM_SECRET &&
		    param_allow_source(param, SECRET_FROM_PROMPT, e) < 0)
			return err_wrap(e, "parameter %s", param->name);
		return err_set(e, ERR_USAGE, "the parameter %s %s: give -p %s=%s", param->name,
			       s->automatic ? "has no value"
					    : "is needed, and there is no terminal to ask at",
			       param->name,
			       param->type == PARAM_SECRET ? "file:PATH or env:NAME" : "VALUE");
	}
	return err_set(e, ERR_USAGE, "%s",
		       s->automatic ? "--auto asks for nothing: leave --ask out"
				    : "--ask wants a terminal to ask at");
}

static void
recall_last_run(const struct session *s, struct form_values *values)
{
	char day[CLOCK_STAMP_MAX];
	cJSON *params = form_last_run(s->runbook->id, day);

	if (params)
		form_values_recall(values, params, day);
	cJSON_Delete(params);
}

/* The screen stays taken for the run that follows where the session says so. */
static int
show_form(struct session *s, const struct form_page *page, const struct form_owner *owner,
	  struct err *e)
{
	session_say_lines(s);
	if (s->plain)
		return ui_form_plain(page, owner, e);
	if (!s->has_screen && ui_open(&page->look, e) < 0)
		return -1;
	int rc = ui_form_screen(page, owner, e);
	s->has_screen = rc == 0 && s->keeps_screen;
	if (!s->has_screen)
		ui_close();
	return rc;
}

static int
fill_in(struct session *s, struct form_values *values, bool secrets_only, const size_t *shown,
	size_t count, struct err *e)
{
	struct form_page page = {
		.runbook = s->runbook,
		.params = shown,
		.count = count,
		.verb = s->verb ? s->verb : "Start",
		.is_drill = s->drill != NULL,
		.look = session_look(s),
	};
	struct form_desk *desk;

	if (!secrets_only)
		recall_last_run(s, values);
	desk = form_desk_new(s->runbook, s->expressions, s->secrets, s->params, values);
	int rc = show_form(s, &page, form_desk_owner(desk), e);
	form_desk_free(desk);
	return rc;
}

int
session_params(struct session *s, bool secrets_only, struct err *e)
{
	struct form_values *values;
	size_t *shown = xcalloc(s->runbook->params_count + 1, sizeof(*shown)), count = 0;
	bool is_wanted = false;
	int rc = put_secrets(s, e);

	values = form_values_new(s->runbook, s->expressions, s->secrets, s->params);
	if (rc == 0)
		rc = take_given(s, values, e);
	if (rc == 0)
		count = choose(s, values, secrets_only, shown, &is_wanted);
	if (rc == 0 && (is_wanted || (s->asks && count))) {
		if (s->automatic || !isatty(STDIN_FILENO))
			rc = refuse(s, values, shown, count, e);
		else if ((rc = session_check(s, e)) == 0)
			rc = fill_in(s, values, secrets_only, shown, count, e);
	}
	form_values_free(values);
	free(shown);
	return rc;
}
