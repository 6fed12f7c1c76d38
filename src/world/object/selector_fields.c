#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "world/object/selector_internal.h"

/*
 * Field selectors: a few fields of a few kinds. Source: Kubernetes, "Field Selectors"; k8s.io/kubernetes, the
 * AddFieldLabelConversionFunc and ToSelectableFields of each kind.
 */

#define EVENTS "events.k8s.io"

/* Events are stored as those of the core group, whichever group asks. */
static const struct selector_field fields[] = {
	{ "", "pods", "spec.nodeName", "spec/nodeName", NULL, "" },
	{ "", "pods", "spec.host", "spec/nodeName", NULL, "" },
	{ "", "pods", "spec.restartPolicy", "spec/restartPolicy", NULL, "Always" },
	{ "", "pods", "spec.schedulerName", "spec/schedulerName", NULL, "default-scheduler" },
	{ "", "pods", "spec.serviceAccountName", "spec/serviceAccountName", NULL, "" },
	{ "", "pods", "status.phase", "status/phase", NULL, "Pending" },
	{ "", "pods", "status.podIP", "status/podIPs/0/ip", "status/podIP", "" },
	{ "", "pods", "status.podIPs", NULL, NULL, "" },
	{ "", "pods", "status.nominatedNodeName", "status/nominatedNodeName", NULL, "" },
	{ "", "events", "involvedObject.kind", "involvedObject/kind", NULL, "" },
	{ "", "events", "involvedObject.namespace", "involvedObject/namespace", NULL, "" },
	{ "", "events", "involvedObject.name", "involvedObject/name", NULL, "" },
	{ "", "events", "involvedObject.uid", "involvedObject/uid", NULL, "" },
	{ "", "events", "involvedObject.apiVersion", "involvedObject/apiVersion", NULL, "" },
	{ "", "events", "involvedObject.resourceVersion", "involvedObject/resourceVersion", NULL,
	  "" },
	{ "", "events", "involvedObject.fieldPath", "involvedObject/fieldPath", NULL, "" },
	{ "", "events", "reason", "reason", NULL, "" },
	{ "", "events", "reportingComponent", "reportingComponent", NULL, "" },
	{ "", "events", "source", "source/component", "reportingComponent", "" },
	{ "", "events", "type", "type", NULL, "" },
	{ EVENTS, "events", "regarding.kind", "involvedObject/kind", NULL, "" },
	{ EVENTS, "events", "regarding.namespace", "involvedObject/namespace", NULL, "" },
	{ EVENTS, "events", "regarding.name", "involvedObject/name", NULL, "" },
	{ EVENTS, "events", "regarding.uid", "involvedObject/uid", NULL, "" },
	{ EVENTS, "events", "regarding.apiVersion", "involvedObject/apiVersion", NULL, "" },
	{ EVENTS, "events", "regarding.resourceVersion", "involvedObject/resourceVersion", NULL,
	  "" },
	{ EVENTS, "events", "regarding.fieldPath", "involvedObject/fieldPath", NULL, "" },
	{ EVENTS, "events", "reason", "reason", NULL, "" },
	{ EVENTS, "events", "reportingController", "reportingComponent", NULL, "" },
	{ EVENTS, "events", "type", "type", NULL, "" },
	{ "", "secrets", "type", "type", NULL, "Opaque" },
	{ "", "nodes", "spec.unschedulable", "spec/unschedulable", NULL, "false" },
	{ "", "namespaces", "status.phase", "status/phase", NULL, "" },
	{ "", "replicationcontrollers", "status.replicas", "status/replicas", NULL, "0" },
	{ "batch", "jobs", "status.successful", "status/succeeded", NULL, "0" },
};

/* Those that every kind has. */
static const struct selector_field names[] = {
	{ NULL, NULL, "metadata.name", "metadata/name", NULL, "" },
	{ NULL, NULL, "metadata.namespace", "metadata/namespace", NULL, "" },
};

/* The kinds that have fields of their own, but no namespace that could be asked for. */
static bool
has_field_names(const struct kind *kind)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strcmp(fields[i].group, kind->group) == 0 &&
		    strcmp(fields[i].resource, kind->resource) == 0)
			return true;
	return false;
}

/* Whether the kind is one of a definition: those are stricter about their namespace, and have words of their own. */
static bool
is_custom(const struct kind *kind)
{
	return kind->columns;
}

static const struct selector_field *
find_field(const struct kind *kind, const char *label)
{
	bool strict = has_field_names(kind) || is_custom(kind);

	if (strcmp(label, names[0].label) == 0)
		return &names[0];
	if (strcmp(label, names[1].label) == 0)
		return strict && !(kind->flags & KIND_NAMESPACED) ? NULL : &names[1];
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strcmp(fields[i].group, kind->group) == 0 &&
		    strcmp(fields[i].resource, kind->resource) == 0 &&
		    strcmp(fields[i].label, label) == 0)
			return &fields[i];
	return NULL;
}

static int
refuse_field(const struct kind *kind, const char *label, struct refusal *r)
{
	if (strcmp(kind->group, "batch") == 0 && strcmp(kind->resource, "jobs") == 0)
		return refuse_bad_request(r, "field label \"%s\" not supported for batchv1.Job",
					  label);
	if (has_field_names(kind) || is_custom(kind))
		return refuse_bad_request(r, "field label not supported: %s", label);
	return refuse_bad_request(r,
				  "\"%s\" is not a known field selector: only \"metadata.name\", "
				  "\"metadata.namespace\"",
				  label);
}

/* The bytes up to the next comma that no backslash protects. */
static size_t
term_length(const char *text)
{
	size_t len = 0;

	while (text[len] && text[len] != ',')
		len += text[len] == '\\' && text[len + 1] ? 2 : 1;
	return len;
}

/* Where the op of a term is, and how long. NULL: it has none. */
static const char *
find_operator(const char *term, size_t *ret_len)
{
	for (const char *at = term; *at; at++) {
		bool two = strncmp(at, "!=", 2) == 0 || strncmp(at, "==", 2) == 0;

		if (two || *at == '=') {
			*ret_len = two ? 2 : 1;
			return at;
		}
	}
	return NULL;
}

static int
unescape(const char *text, struct str *out, struct refusal *r)
{
	for (; *text; text++) {
		if (*text == '=' || *text == ',')
			return refuse_bad_request(
				r, "invalid field selector: unescaped character in value: %d",
				*text);
		if (*text == '\\') {
			text++;
			if (!*text || !strchr("\\,=", *text))
				return refuse_bad_request(
					r,
					"invalid field selector: invalid escape sequence: \\%.1s",
					text);
		}
		str_append_char(out, *text);
	}
	return 0;
}

static int
parse_term(const char *whole, const char *term, const struct kind *kind, struct selector *s,
	   struct refusal *r)
{
	struct str value = STR_INIT;
	size_t len = 0;
	const char *op = find_operator(term, &len);
	int rc = -1;

	if (!op)
		return refuse_bad_request(r, "invalid selector: '%s'; can't understand '%s'", whole,
					  term);
	char *label = xstrndup(term, (size_t)(op - term));
	const struct selector_field *field = find_field(kind, label);
	if (unescape(op + len, &value, r) < 0)
		goto out;
	if (!field) {
		refuse_field(kind, label, r);
		goto out;
	}
	struct requirement *q =
		selector_add(s, label, *op == '!' ? SELECTOR_NOT_EQUALS : SELECTOR_EQUALS);
	q->field = field;
	requirement_add_value(q, str_cstr(&value));
	rc = 0;
out:
	free(label);
	str_release(&value);
	return rc;
}

int
selector_parse_fields(const char *text, const struct kind *kind, struct selector **ret_selector,
		      struct refusal *r)
{
	struct selector *s = selector_new();
	const char *at = text ? text : "";
	int rc = 0;

	while (*at && rc == 0) {
		size_t len = term_length(at);
		char *term = xstrndup(at, len);

		if (*term)
			rc = parse_term(text, term, kind, s, r);
		free(term);
		at += len + (at[len] == ',');
	}
	if (rc == 0)
		*ret_selector = s;
	else
		selector_free(s);
	return rc;
}
