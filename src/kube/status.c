#include "config.h"

#include "kube/status.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

static enum err_kind
kind_of(long code)
{
	switch (code) {
	case 401:
	case 403:
		return ERR_DENIED;
	case 404:
		return ERR_NOT_FOUND;
	case 409:
		return ERR_CONFLICT;
	case 504:
		return ERR_TIMEOUT;
	default:
		return ERR_REMOTE;
	}
}

static void
append_separated(struct str *out, const char *text)
{
	if (out->len)
		str_append(out, "; ");
	str_append(out, text);
}

/* Each field that another manager owns, with that manager: clearer than the server's summary. */
static bool
describe_conflicts(const cJSON *status, struct str *out)
{
	const cJSON *cause;

	cJSON_ArrayForEach(cause, json_at(status, "details/causes")) {
		if (strcmp(json_string(cause, "reason", ""), "FieldManagerConflict") != 0)
			continue;
		append_separated(out, json_string(cause, "field", "?"));
		str_printf(out, ": %s", json_string(cause, "message", "owned by another manager"));
	}
	return out->len > 0;
}

/* The server's message, and whatever its causes say beyond it. */
static void
describe_plainly(const cJSON *status, struct str *out)
{
	const cJSON *cause;

	str_append(out, json_string(status, "message", ""));
	cJSON_ArrayForEach(cause, json_at(status, "details/causes")) {
		const char *message = json_string(cause, "message", "");
		const char *field = json_string(cause, "field", "");

		if (!*message || strstr(str_cstr(out), message))
			continue;
		append_separated(out, field);
		str_printf(out, "%s%s", *field ? ": " : "", message);
	}
}

int
kube_status_error(const char *label, long code, const cJSON *status, struct err *e)
{
	const char *reason = json_string(status, "reason", "");
	struct str text = STR_INIT;
	bool is_owned = describe_conflicts(status, &text);

	if (!status)
		str_append(&text, "the answer is not that of a Kubernetes API server");
	else if (!is_owned)
		describe_plainly(status, &text);
	err_set(e, kind_of(code), "%s: %ld%s%s%s%s", label, code, *reason ? " " : "", reason,
		text.len ? ": " : "", str_cstr(&text));
	if (is_owned)
		err_advise(e, "Agree with their owner, leave these fields out of the manifest, or "
			      "take them "
			      "over with force: true");
	str_release(&text);
	return -1;
}

/* The next segment of a path, decoded, or NULL at its end; moves *at past it. The caller frees. */
static char *
next_segment(const char **at)
{
	struct str out = STR_INIT;

	while (**at == '/')
		(*at)++;
	if (!**at)
		return NULL;
	for (; **at && **at != '/'; (*at)++) {
		unsigned value;

		if (**at == '%' && isxdigit((unsigned char)(*at)[1]) &&
		    sscanf(*at + 1, "%2x", &value) == 1) {
			str_append_char(&out, (char)value);
			*at += 2;
		} else {
			str_append_char(&out, **at);
		}
	}
	return str_take(&out);
}

enum { MAX_SEGMENTS = 9 };

/* resource[.group][/name[/subresource]] [in namespace]; the caller frees. */
static char *
words_of(char *const *segment, size_t count)
{
	struct str out = STR_INIT;
	bool core = strcmp(segment[0], "api") == 0;
	size_t i = core ? 2 : 3; /* behind the group and version */
	const char *ns = NULL;

	if (count > i + 2 && strcmp(segment[i], "namespaces") == 0) {
		ns = segment[i + 1];
		i += 2;
	}
	str_printf(&out, "%s%s%s", segment[i], core ? "" : ".", core ? "" : segment[1]);
	for (i++; i < count; i++)
		str_printf(&out, "/%s", segment[i]);
	if (ns)
		str_printf(&out, " in %s", ns);
	return str_take(&out);
}

char *
kube_status_label(const char *method, const char *path, const char *server)
{
	char *segment[MAX_SEGMENTS] = { NULL }, *words, *label;
	const char *at = path;
	size_t count = 0;

	while (count < MAX_SEGMENTS && (segment[count] = next_segment(&at)))
		count++;
	if ((count > 2 && strcmp(segment[0], "api") == 0) ||
	    (count > 3 && strcmp(segment[0], "apis") == 0))
		words = words_of(segment, count);
	else
		words = xstrdup(path);
	label = xasprintf("%s %s on %s", method, words, server);
	free(words);
	while (count > 0)
		free(segment[--count]);
	return label;
}
