#include "config.h"

#include "ui/content/target_words.h"

#include <string.h>

#include "base/json.h"

enum {
	UID_DIGITS = 8,	   /* enough to be read out, and to differ */
	SYSTEM_DIGITS = 8, /* the last ones: the first are the time of its initdb */
	DESCRIBE_MAX = 28, /* a longer description gives way to the name */
};

/* The last digits of a database's system identifier, or NULL. */
static const char *
system_tail(const struct target_state *target)
{
	const char *id = json_string(target->identity, "system_identifier", NULL);
	size_t len = id ? strlen(id) : 0;

	return len > SYSTEM_DIGITS ? id + len - SYSTEM_DIGITS : id;
}

static bool
is_cluster(const struct target_state *target)
{
	return str_equal(target->kind, "kubernetes");
}

void
target_words_long(const struct target_state *target, struct str *out)
{
	const char *uid = json_string(target->identity, "uid", NULL);
	const char *system = json_string(target->identity, "system_identifier", NULL);

	str_append(out, target->describe ? target->describe : target->name);
	if (target->problem)
		str_append(out, ", NOT REACHED");
	else if (uid)
		str_printf(out, ", cluster %.*s", UID_DIGITS, uid);
	else if (system)
		str_printf(out, ", system %s", system);
	else if (is_cluster(target))
		str_append(out, ", cluster not known");
}

void
target_words_short(const struct target_state *target, struct str *out)
{
	const char *context = json_string(target->spec, "context",
					  json_string(target->identity, "context", NULL));
	const char *ns = json_string(target->spec, "namespace", NULL);
	const char *uid = json_string(target->identity, "uid", NULL);
	const char *system = system_tail(target);

	if (is_cluster(target) && context)
		str_printf(out, "%s%s%s", context, ns ? "/" : "", ns ? ns : "");
	else if (target->describe && strlen(target->describe) <= DESCRIBE_MAX)
		str_append(out, target->describe);
	else
		str_append(out, target->name);
	if (target->problem)
		str_append(out, " NOT REACHED");
	else if (uid)
		str_printf(out, " %.*s", UID_DIGITS, uid);
	else if (system)
		str_printf(out, " ..%s", system);
	else if (is_cluster(target))
		str_append(out, " unknown");
}
