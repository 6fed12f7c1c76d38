#include "config.h"

#include "runbook/params.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "runbook/convert.h"
#include "runbook/params_private.h"
#include "runbook/template.h"

enum { LIST_MAX = 1000 };

static bool
label_is_valid(const char *label, size_t len)
{
	if (len == 0 || len > 63 || label[0] == '-' || label[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)label[i]) && label[i] != '-')
			return false;
	return true;
}

/* Source: RFC 1123, section 2.1: letters, digits and hyphens; the last label is not all digits. */
static int
check_hostname(const char *text, size_t len, struct err *e)
{
	size_t start = 0, label_len = 0;
	bool valid = len > 0 && len <= 253;

	for (size_t i = 0; valid && i <= len; i++) {
		if (i < len && text[i] != '.')
			continue;
		label_len = i - start;
		valid = label_is_valid(text + start, label_len);
		start = i + 1;
	}
	if (valid && strspn(text + len - label_len, "0123456789") < label_len)
		return 0;
	return err_set(e, ERR_USAGE,
		       "\"%.*s\" is no host name: write labels of letters, digits and "
		       "hyphens with dots between them, as in tsb.example.com",
		       (int)len, text);
}

/* The dot after the last label only says that the name is whole; certificates do not have it. */
static int
to_hostname(const char *text, cJSON **ret_value, struct err *e)
{
	size_t len = strlen(text);
	char *name;

	if (len > 1 && text[len - 1] == '.')
		len--;
	if (check_hostname(text, len, e) < 0)
		return -1;
	name = xstrndup(text, len);
	*ret_value = cJSON_CreateString(name);
	free(name);
	return 0;
}

static bool
is_address(int family, const char *text, size_t len)
{
	char *copy = xstrndup(text, len);
	unsigned char bytes[sizeof(struct in6_addr)];
	bool valid = inet_pton(family, copy, bytes) == 1;

	free(copy);
	return valid;
}

static int
check_ip(const char *text, struct err *e)
{
	size_t len = strlen(text);

	if (is_address(AF_INET, text, len) || is_address(AF_INET6, text, len))
		return 0;
	return err_set(e, ERR_USAGE,
		       "\"%s\" is no IP address: write one such as 192.0.2.10 or "
		       "2001:db8::10",
		       text);
}

static bool
port_is_valid(const char *text, size_t len)
{
	return len > 0 && len <= 5 && strspn(text, "0123456789") >= len && atoi(text) >= 1 &&
	       atoi(text) <= 65535;
}

/* A host name, an address, or an IPv6 address in brackets, and perhaps a port. */
static bool
authority_is_valid(const char *text, size_t len)
{
	const char *bracket = text[0] == '[' ? memchr(text, ']', len) : NULL;
	const char *host_end = bracket ? bracket + 1 : memchr(text, ':', len);
	size_t host_len = host_end ? (size_t)(host_end - text) : len;

	if (host_len < len &&
	    (text[host_len] != ':' || !port_is_valid(text + host_len + 1, len - host_len - 1)))
		return false;
	if (bracket)
		return is_address(AF_INET6, text + 1, host_len - 2);
	return is_address(AF_INET, text, host_len) || check_hostname(text, host_len, NULL) == 0;
}

static size_t
url_scheme_length(const char *text)
{
	if (str_starts_with(text, "https://"))
		return 8;
	return str_starts_with(text, "http://") ? 7 : 0;
}

static int
check_url(const char *text, struct err *e)
{
	size_t scheme = url_scheme_length(text);
	size_t len = strcspn(text + scheme, "/?#");

	if (scheme > 0 && memchr(text + scheme, '@', len))
		return err_set(e, ERR_USAGE,
			       "a URL must not hold a user or password: it is shown and "
			       "journalled");
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at <= ' ' || *at == 0x7f)
			scheme = 0;
	if (scheme > 0 && len > 0 && authority_is_valid(text + scheme, len))
		return 0;
	return err_set(e, ERR_USAGE,
		       "\"%s\" is no URL: write one such as https://tsb.example.com:8443/", text);
}

static int
to_path(const struct param *param, const char *text, cJSON **ret_value, struct err *e)
{
	char *path = NULL;

	if (convert_path(NULL, text, &path, e) < 0)
		return -1;
	if (param->must_exist && !file_exists(path)) {
		err_set(e, ERR_USAGE, "there is no %s", path);
		free(path);
		return -1;
	}
	*ret_value = cJSON_CreateString(path);
	free(path);
	return 0;
}

/* Kept as a text that duration_parse() reads back, so that it also reads well. */
static int
to_duration(const char *text, cJSON **ret_value, struct err *e)
{
	char canonical[CLOCK_STAMP_MAX];
	int64_t ms;

	if (duration_parse(text, &ms, e) < 0)
		return -1;
	*ret_value = cJSON_CreateString(duration_format(ms, canonical));
	return 0;
}

static int
add_element(const struct param *param, const char *text, cJSON *list, struct err *e)
{
	struct param element = *param;
	cJSON *value = NULL;
	int number = cJSON_GetArraySize(list) + 1;

	element.type = param->items;
	element.required = true;
	if (number > LIST_MAX)
		return err_set(e, ERR_USAGE, "more than %d elements", LIST_MAX);
	if (param_convert(&element, text, &value, e) < 0)
		return err_wrap(e, "element %d", number);
	cJSON_AddItemToArray(list, value);
	return 0;
}

static int
add_json_elements(const struct param *param, const cJSON *array, cJSON *list, struct err *e)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, array) {
		char *text = convert_to_text(item);
		int rc = text && !cJSON_IsNull(item)
				 ? add_element(param, text, list, e)
				 : err_set(e, ERR_USAGE, "element %d is no simple value",
					   cJSON_GetArraySize(list) + 1);

		free(text);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static char *
trimmed(const char *text, size_t len)
{
	while (len > 0 && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	return xstrndup(text, len);
}

static int
add_comma_elements(const struct param *param, const char *text, cJSON *list, struct err *e)
{
	for (const char *at = text;; at++) {
		size_t len = strcspn(at, ",");
		char *element = trimmed(at, len);
		int rc = add_element(param, element, list, e);

		free(element);
		if (rc < 0)
			return -1;
		at += len;
		if (*at == '\0')
			return 0;
	}
}

/* "a,b", or a JSON array where elements have commas in them. No text at all is the empty list. */
static int
to_list(const struct param *param, const char *text, cJSON **ret_value, struct err *e)
{
	const char *start = text + strspn(text, " \t\r\n");
	cJSON *list = cJSON_CreateArray(), *array = NULL;
	int rc = 0;

	if (*start == '[') {
		array = json_parse(start, strlen(start), e);
		rc = array ? add_json_elements(param, array, list, e) : -1;
		cJSON_Delete(array);
	} else if (*start != '\0') {
		rc = add_comma_elements(param, text, list, e);
	}
	if (rc == 0 && !list->child && param->required)
		rc = err_set(e, ERR_USAGE, "at least one element is wanted: write them as a,b");
	if (rc == 0)
		*ret_value = list;
	else
		cJSON_Delete(list);
	return rc;
}

static int
to_text(const struct param *param, const char *text, cJSON **ret_value, struct err *e)
{
	if (text[0] == '\0' && param->required)
		return err_set(e, ERR_USAGE, "a value is wanted, and it is empty");
	*ret_value = cJSON_CreateString(text);
	return 0;
}

static int
checked(int rc, const char *text, cJSON **ret_value)
{
	if (rc == 0)
		*ret_value = cJSON_CreateString(text);
	return rc;
}

static int
to_number(const char *text, cJSON **ret_value, struct err *e)
{
	int64_t number;

	if (convert_int(text, &number, e) < 0)
		return -1;
	*ret_value = cJSON_CreateNumber((double)number);
	return 0;
}

static int
to_bool(const char *text, cJSON **ret_value, struct err *e)
{
	bool truth;

	if (convert_bool(text, &truth, e) < 0)
		return -1;
	*ret_value = cJSON_CreateBool(truth);
	return 0;
}

static int
convert(const struct param *param, const char *text, cJSON **ret_value, struct err *e)
{
	switch (param->type) {
	case PARAM_STRING:
	case PARAM_TEXT:
		return to_text(param, text, ret_value, e);
	case PARAM_INT:
		return to_number(text, ret_value, e);
	case PARAM_BOOL:
		return to_bool(text, ret_value, e);
	case PARAM_CHOICE:
		return checked(convert_choice(text, (const char *const *)param->choices, e), text,
			       ret_value);
	case PARAM_HOSTNAME:
		return to_hostname(text, ret_value, e);
	case PARAM_IP:
		return checked(check_ip(text, e), text, ret_value);
	case PARAM_URL:
		return checked(check_url(text, e), text, ret_value);
	case PARAM_PATH:
		return to_path(param, text, ret_value, e);
	case PARAM_DURATION:
		return to_duration(text, ret_value, e);
	case PARAM_LIST:
		return to_list(param, text, ret_value, e);
	case PARAM_SECRET:
		break;
	}
	return param_refuse_typed(param, e);
}

int
param_convert(const struct param *param, const char *text, cJSON **ret_value, struct err *e)
{
	cJSON *value = NULL;

	if (convert(param, text, &value, e) < 0) {
		if (e)
			e->kind = ERR_USAGE;
		return -1;
	}
	/* Each element of a list has been held to it already. */
	if (param->pattern && param->type != PARAM_LIST &&
	    param_check_pattern(param, text, e) < 0) {
		cJSON_Delete(value);
		return -1;
	}
	*ret_value = value;
	return 0;
}

/* A default's value as the text that somebody would have typed. */
static int
convert_default(const struct param *param, const cJSON *value, cJSON **ret_value, struct err *e)
{
	char *text = cJSON_IsArray(value) ? json_print(value) : convert_to_text(value);
	int rc;

	if (!text)
		return err_set(e, ERR_USAGE, "a mapping is no value of a parameter");
	rc = param_convert(param, text, ret_value, e);
	free(text);
	return rc;
}

static int
expand_default(const cJSON *otherwise, struct expressions *x, const cJSON *context,
	       cJSON **ret_value, struct err *e)
{
	const cJSON *item;
	cJSON *list;

	if (cJSON_IsString(otherwise))
		return template_expand(otherwise->valuestring, x, context, ret_value, e);
	if (!cJSON_IsArray(otherwise)) {
		*ret_value = cJSON_Duplicate(otherwise, true);
		return 0;
	}
	list = cJSON_CreateArray();
	cJSON_ArrayForEach(item, otherwise) {
		cJSON *value = NULL;

		if (expand_default(item, x, context, &value, e) < 0) {
			cJSON_Delete(list);
			return -1;
		}
		cJSON_AddItemToArray(list, value);
	}
	*ret_value = list;
	return 0;
}

/* *ret_value stays NULL where the default, once expanded, has no value. */
static int
make_default(const struct param *param, struct expressions *x, const cJSON *values,
	     cJSON **ret_value, struct err *e)
{
	cJSON *context = cJSON_CreateObject(), *expanded = NULL;
	int rc = -1;

	if (param->type == PARAM_SECRET) {
		err_set(e, ERR_SPEC, "a secret has no default");
		goto out;
	}
	cJSON_AddItemReferenceToObject(context, "params", (cJSON *)(uintptr_t)values);
	if (expand_default(param->otherwise, x, context, &expanded, e) < 0)
		goto out;
	rc = cJSON_IsNull(expanded) ? 0 : convert_default(param, expanded, ret_value, e);
out:
	cJSON_Delete(expanded);
	cJSON_Delete(context);
	return rc;
}

static bool
has_value(const cJSON *values, const char *name)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(values, name);

	return value && !cJSON_IsNull(value);
}

int
params_fill(const struct runbook *rb, struct expressions *x, cJSON *values,
	    const struct param **missing, struct err *e)
{
	int count = 0;

	for (size_t i = 0; i < rb->params_count; i++) {
		const struct param *param = &rb->params[i];
		cJSON *value = NULL;

		if (has_value(values, param->name))
			continue;
		if (param->otherwise && make_default(param, x, values, &value, e) < 0)
			return err_wrap(e, "the default of parameter %s", param->name);
		if (value) {
			cJSON_DeleteItemFromObjectCaseSensitive(values, param->name);
			json_add(values, param->name, value);
		} else if (param->required) {
			missing[count++] = param;
		}
	}
	return count;
}
