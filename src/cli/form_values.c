#include "config.h"

#include "cli/form_values.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "cli/secret_source.h"
#include "runbook/params.h"

/* What is known of one parameter beside its value. */
struct form_field {
	enum form_source source; /* of the value; FORM_MISSING and the like: the default counts */
	char *text; /* as it is shown, or what could not be taken; NULL: a secret, or none */
	char *problem;
	char *place;
	size_t hidden;
	char *last;
};

struct form_values {
	const struct runbook *rb;
	struct expressions *x;
	struct secrets *secrets;
	cJSON *values;
	char *day; /* of the last run */
	struct form_field *fields;
};

/* ---- texts ---- */

static bool
fits_commas(const cJSON *list)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
		if (cJSON_IsString(item) && (strchr(item->valuestring, ',') ||
					     !*item->valuestring || item->valuestring[0] == '['))
			return false;
	return true;
}

/* A value as somebody would type it. */
static char *
value_text(const cJSON *value)
{
	struct str text = STR_INIT;
	const cJSON *item;

	if (cJSON_IsBool(value))
		return xstrdup(cJSON_IsTrue(value) ? "yes" : "no");
	if (!cJSON_IsArray(value))
		return json_text(value);
	if (!fits_commas(value))
		return json_print(value);
	cJSON_ArrayForEach(item, value) {
		char *element = json_text(item);

		str_printf(&text, "%s%s", text.len ? "," : "", element);
		free(element);
	}
	return str_take(&text);
}

static void
replace(char **place, char *text)
{
	free(*place);
	*place = text;
}

/* ---- the values ---- */

static cJSON *
value_of(const struct form_values *v, size_t i)
{
	return cJSON_GetObjectItemCaseSensitive(v->values, v->rb->params[i].name);
}

static void
drop_value(struct form_values *v, size_t i)
{
	cJSON *value = value_of(v, i);

	if (cJSON_IsString(value))
		explicit_bzero(value->valuestring, strlen(value->valuestring));
	cJSON_DeleteItemFromObjectCaseSensitive(v->values, v->rb->params[i].name);
}

static bool
is_given(const struct form_field *field)
{
	return field->source >= FORM_LAST_RUN;
}

static void
forget(struct form_values *v, size_t i)
{
	struct form_field *field = &v->fields[i];

	drop_value(v, i);
	replace(&field->text, NULL);
	replace(&field->problem, NULL);
	replace(&field->place, NULL);
	field->hidden = 0;
	field->source = FORM_OPTIONAL;
}

/* The value is in its place: how it is shown. */
static void
describe(struct form_values *v, size_t i, enum form_source source)
{
	struct form_field *field = &v->fields[i];
	const cJSON *value = value_of(v, i);

	field->source = source;
	replace(&field->problem, NULL);
	if (v->rb->params[i].type == PARAM_SECRET)
		field->hidden = text_characters(cJSON_IsString(value) ? value->valuestring : "");
	else
		replace(&field->text, value_text(value));
}

static void
complain(struct form_values *v, struct form_field *field, struct err *problem)
{
	secrets_redact_err(v->secrets, problem);
	replace(&field->problem, xstrdup(problem->message));
}

/* One parameter's default, from those before it: params_fill() of a runbook that has no other. */
static int
fill_one(const struct form_values *v, size_t i, cJSON *values, struct err *e)
{
	struct runbook one = *v->rb;
	const struct param *missing[1];

	one.params = &v->rb->params[i];
	one.params_count = 1;
	return params_fill(&one, v->x, values, missing, e);
}

static void
fill(struct form_values *v, size_t i, bool is_waiting)
{
	struct form_field *field = &v->fields[i];
	bool has_default = v->rb->params[i].otherwise != NULL;
	struct err problem = ERR_INIT;

	forget(v, i);
	int missing = fill_one(v, i, v->values, &problem);
	if (missing == 0 && value_of(v, i))
		describe(v, i, FORM_DEFAULT);
	else if (missing <= 0 && has_default && is_waiting)
		field->source = FORM_LATER;
	else
		field->source = missing ? FORM_MISSING : FORM_OPTIONAL;
	if (missing < 0 && field->source != FORM_LATER)
		complain(v, field, &problem);
}

static void
refill(struct form_values *v)
{
	bool is_waiting = false;

	for (size_t i = 0; i < v->rb->params_count; i++) {
		if (!is_given(&v->fields[i]))
			fill(v, i, is_waiting);
		is_waiting = is_waiting || form_values_is_open(v, i) ||
			     v->fields[i].source == FORM_LATER;
	}
}

struct form_values *
form_values_new(const struct runbook *rb, struct expressions *x, struct secrets *secrets,
		cJSON *values)
{
	struct form_values *v = xcalloc(1, sizeof(*v));

	*v = (struct form_values){ .rb = rb, .x = x, .secrets = secrets, .values = values };
	v->fields = xcalloc(rb->params_count + 1, sizeof(*v->fields));
	for (size_t i = 0; i < rb->params_count; i++)
		if (value_of(v, i))
			describe(v, i, FORM_COMMAND_LINE);
	refill(v);
	return v;
}

void
form_values_free(struct form_values *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->rb->params_count; i++) {
		free(v->fields[i].text);
		free(v->fields[i].problem);
		free(v->fields[i].place);
		free(v->fields[i].last);
	}
	free(v->fields);
	free(v->day);
	free(v);
}

static void
take(struct form_values *v, size_t i, cJSON *value, enum form_source source)
{
	forget(v, i);
	json_add(v->values, v->rb->params[i].name, value);
	describe(v, i, source);
}

int
form_values_give(struct form_values *v, size_t i, const char *text, enum form_source source,
		 struct err *e)
{
	const struct param *param = &v->rb->params[i];
	cJSON *value = NULL;
	bool is_secret = param->type == PARAM_SECRET;
	int rc = is_secret ? secret_source_load(param, text, v->secrets, NULL, &value, e)
			   : param_convert(param, text, &value, e);

	if (rc < 0)
		return -1;
	take(v, i, value, source);
	if (is_secret)
		replace(&v->fields[i].place, xstrdup(text));
	refill(v);
	return 0;
}

/* ---- what was typed ---- */

bool
form_values_is_place(const struct param *param, unsigned sources, const char *text)
{
	static const struct {
		enum secret_source source;
		const char *prefix;
	} places[] = {
		{ SECRET_FROM_FILE, "file:" },
		{ SECRET_FROM_ENV, "env:" },
		{ SECRET_FROM_KUBERNETES, "kubernetes:" },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if ((places[i].source & sources & param->from) &&
		    str_starts_with(text, places[i].prefix))
			return true;
	return false;
}

static void
type_secret(struct form_values *v, size_t i, const char *text)
{
	const struct param *param = &v->rb->params[i];
	bool is_place = form_values_is_place(param, SECRET_FROM_FILE | SECRET_FROM_ENV, text);
	struct err problem = ERR_INIT;
	cJSON *value = NULL;
	int rc;

	if (is_place)
		rc = param_load_secret(param, text, v->secrets, &value, &problem);
	else if ((rc = param_allow_source(param, SECRET_FROM_PROMPT, &problem)) == 0)
		rc = param_take_secret(param, text, strlen(text), v->secrets, &value, &problem);
	form_values_take_secret(v, i, rc == 0 ? value : NULL, is_place ? text : NULL, &problem);
}

void
form_values_take_secret(struct form_values *v, size_t i, cJSON *value, const char *place,
			const struct err *problem)
{
	struct form_field *field = &v->fields[i];
	struct err shown = *problem;

	if (value) {
		take(v, i, value, FORM_TYPED);
	} else {
		forget(v, i);
		field->source = FORM_TYPED;
		complain(v, field, &shown);
	}
	replace(&field->place, xstrdup(place));
	refill(v);
}

/* Whether "no text" is a value of its own, which is not the default. */
static bool
may_be_empty(const struct param *param)
{
	return param->otherwise && (param->type == PARAM_STRING || param->type == PARAM_TEXT ||
				    param->type == PARAM_LIST);
}

void
form_values_type(struct form_values *v, size_t i, const char *text)
{
	const struct param *param = &v->rb->params[i];
	struct err problem = ERR_INIT;
	cJSON *value = NULL;

	if (*text == '\0' && !may_be_empty(param)) {
		forget(v, i);
	} else if (param->type == PARAM_SECRET) {
		type_secret(v, i, text);
		return;
	} else if (param_convert(param, text, &value, &problem) == 0) {
		take(v, i, value, FORM_TYPED);
	} else {
		forget(v, i);
		v->fields[i].source = FORM_TYPED;
		replace(&v->fields[i].text, xstrdup(text));
		complain(v, &v->fields[i], &problem);
	}
	refill(v);
}

/* ---- the last run ---- */

/* The journal has a mask where a secret was. */
static bool
holds_mask(const cJSON *value)
{
	const cJSON *at;

	if (cJSON_IsString(value) && strstr(value->valuestring, "‹secret:"))
		return true;
	cJSON_ArrayForEach(at, value)
		if (holds_mask(at))
			return true;
	return false;
}

/* Whether it was only what the other values made of its default. */
static bool
was_default(const struct form_values *v, size_t i, const cJSON *params)
{
	const char *name = v->rb->params[i].name;
	cJSON *others = cJSON_Duplicate(params, true);
	struct err ignored = ERR_INIT;

	cJSON_DeleteItemFromObjectCaseSensitive(others, name);
	bool same = fill_one(v, i, others, &ignored) == 0 &&
		    cJSON_Compare(cJSON_GetObjectItemCaseSensitive(others, name),
				  cJSON_GetObjectItemCaseSensitive(params, name), true);
	cJSON_Delete(others);
	return same;
}

/* A value of the last run that would not be taken today is none. */
static bool
take_last(struct form_values *v, size_t i)
{
	struct err ignored = ERR_INIT;
	cJSON *value = NULL;

	if (param_convert(&v->rb->params[i], v->fields[i].last, &value, &ignored) < 0)
		return false;
	take(v, i, value, FORM_LAST_RUN);
	return true;
}

void
form_values_recall(struct form_values *v, const cJSON *params, const char *day)
{
	replace(&v->day, xstrdup(day));
	for (size_t i = 0; i < v->rb->params_count; i++) {
		const struct param *param = &v->rb->params[i];
		const cJSON *value = cJSON_GetObjectItemCaseSensitive(params, param->name);

		if (!value || cJSON_IsNull(value) || param->type == PARAM_SECRET ||
		    holds_mask(value))
			continue;
		replace(&v->fields[i].last, value_text(value));
		if (!is_given(&v->fields[i]) && !was_default(v, i, params))
			take_last(v, i);
	}
	refill(v);
}

void
form_values_reset(struct form_values *v, size_t i)
{
	struct form_field *field = &v->fields[i];

	if (is_given(field))
		forget(v, i);
	else if (field->last)
		take_last(v, i);
	refill(v);
}

/* ---- looking at them ---- */

void
form_values_get(const struct form_values *v, size_t i, struct form_value *ret_value)
{
	const struct form_field *field = &v->fields[i];

	ret_value->source = field->source;
	ret_value->text = field->text;
	ret_value->hidden = field->hidden;
	ret_value->place = field->place;
	ret_value->problem = field->problem;
	ret_value->last = field->last;
	ret_value->last_day = v->day;
}

bool
form_values_is_open(const struct form_values *v, size_t i)
{
	return v->fields[i].problem || v->fields[i].source == FORM_MISSING;
}
