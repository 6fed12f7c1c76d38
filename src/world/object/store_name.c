#include "config.h"

#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "world/object/store_object.h"

/* The names that objects may have. Source: Kubernetes, "Object Names and IDs"; k8s.io/apimachinery, pkg/util/validation. */

enum { SUBDOMAIN_MAX = 253, LABEL_MAX = 63 };

static bool
is_small(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool
is_word(char c)
{
	return is_small(c) || (c >= '0' && c <= '9');
}

/* Words and '-', with a word at both ends. */
static bool
is_label(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_word(name[i]) && (name[i] != '-' || i == 0 || i + 1 == len))
			return false;
	return len > 0;
}

/* Labels between dots. */
static bool
is_subdomain(const char *name)
{
	for (;;) {
		size_t len = strcspn(name, ".");

		if (!is_label(name, len))
			return false;
		if (!name[len])
			return true;
		name += len + 1;
	}
}

/* What is wrong with a name that becomes a part of a path, and nothing more; NULL: nothing. */
static const char *
judge_segment(const char *name)
{
	if (strcmp(name, ".") == 0)
		return "may not be '.'";
	if (strcmp(name, "..") == 0)
		return "may not be '..'";
	if (strchr(name, '/'))
		return "may not contain '/'";
	return strchr(name, '%') ? "may not contain '%'" : NULL;
}

static const char *
judge_subdomain(const char *name)
{
	if (strlen(name) > SUBDOMAIN_MAX)
		return "must be no more than 253 characters";
	if (is_subdomain(name))
		return NULL;
	return "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
	       "'-' or '.', and must start and end with an alphanumeric character (e.g. "
	       "'example.com', regex used for validation is "
	       "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
}

static const char *
judge_label(const char *name)
{
	if (strlen(name) > LABEL_MAX)
		return "must be no more than 63 characters";
	if (is_label(name, strlen(name)))
		return NULL;
	return "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or "
	       "'-', "
	       "and must start and end with an alphanumeric character (e.g. 'my-name',  or "
	       "'123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
}

/* A label that begins with a letter, as names of services in DNS once had to. */
static const char *
judge_service(const char *name)
{
	if (strlen(name) > LABEL_MAX)
		return "must be no more than 63 characters";
	if (is_small(name[0]) && is_label(name, strlen(name)))
		return NULL;
	return "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start "
	       "with an alphabetic character, and end with an alphanumeric character (e.g. "
	       "'my-name',  or 'abc-123', regex used for validation is "
	       "'[a-z]([-a-z0-9]*[a-z0-9])?')";
}

int
object_check_name(const struct kind *kind, const char *name, struct refusal *r)
{
	const char *wrong;

	if (!*name)
		return refuse_invalid(r, kind->group, kind->name, name, "metadata.name",
				      "Required value: name or generateName is required");
	if (strcmp(kind->group, "rbac.authorization.k8s.io") == 0)
		wrong = judge_segment(name);
	else if (kind_is(kind, "", "namespaces"))
		wrong = judge_label(name);
	else if (kind_is(kind, "", "services"))
		wrong = judge_service(name);
	else
		wrong = judge_subdomain(name);
	if (!wrong)
		return 0;
	return refuse_invalid(r, kind->group, kind->name, name, "metadata.name",
			      "Invalid value: \"%s\": %s", name, wrong);
}
