#include "config.h"

#include "cli/check_words.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"

char *
check_clean(struct secrets *secrets, const char *text)
{
	struct str redacted = STR_INIT;
	char *clean;

	if (text)
		secrets_redact(secrets, text, strlen(text), &redacted);
	clean = text_clean(str_cstr(&redacted), TEXT_DROP_SGR);
	str_release(&redacted);
	return clean;
}

static size_t
unreached(const struct preflight *preflight)
{
	size_t count = 0;

	for (size_t i = 0; i < preflight->targets_count; i++)
		count += preflight->targets[i].reached != PREFLIGHT_YES;
	return count;
}

static void
add_count(struct str *out, size_t count, const char *one, const char *many)
{
	if (count)
		str_printf(out, "%s%zu %s", out->len ? ", " : "", count, count == 1 ? one : many);
}

char *
check_verdict(const struct preflight *preflight)
{
	struct str out = STR_INIT;

	add_count(&out, unreached(preflight), "target was not reached", "targets were not reached");
	add_count(&out, preflight_count(preflight, PREFLIGHT_NO), "need is denied or missing",
		  "needs are denied or missing");
	add_count(&out, preflight_count(preflight, PREFLIGHT_UNKNOWN),
		  "cannot be known before the run", "cannot be known before the run");
	if (out.len == 0)
		str_append(&out, "everything that can be known before the run is as it should be");
	return str_take(&out);
}

char *
check_extent(const struct preflight *preflight)
{
	struct str out = STR_INIT;

	str_printf(&out, "%zu step%s", preflight->steps, preflight->steps == 1 ? "" : "s");
	if (preflight->steps_silent)
		str_printf(&out, ", %zu of which need nothing that could be asked for beforehand",
			   preflight->steps_silent);
	if (preflight->steps_left_out)
		str_printf(&out, ", %zu are left out as their condition does not hold",
			   preflight->steps_left_out);
	str_printf(&out, "; %zu right%s asked for", preflight->reviews,
		   preflight->reviews == 1 ? " was" : "s were");
	return str_take(&out);
}

static void
add_part(struct str *out, const char *format, const char *value)
{
	if (!value || !*value)
		return;
	if (out->len)
		str_append(out, ", ");
	str_printf(out, format[0] ? "%s %s" : "%s%s", format, value);
}

/* Whom the target takes us for; where it does not say, the name in the kubeconfig is all there is. */
static void
add_user(struct str *out, const cJSON *identity)
{
	const char *user = json_string(identity, "user", NULL);
	const char *login = json_string(identity, "login", NULL);
	const char *as = json_string(identity, "as", NULL);

	if (user)
		add_part(out, "as", user);
	else if (as)
		add_part(out, "impersonating", as);
	else if (login)
		str_printf(out, "%sas kubeconfig user %s (the server does not say whom it sees)",
			   out->len ? ", " : "", login);
}

char *
check_identity(const struct preflight_target *target)
{
	const cJSON *identity = target->identity;
	const char *uid = json_string(identity, "uid", NULL);
	int64_t status = json_int(identity, "status", 0);
	struct str out = STR_INIT;

	if (!identity)
		return NULL;
	if (uid)
		str_printf(&out, "cluster %.8s", uid);
	else if (strcmp(target->kind, "kubernetes") == 0)
		str_append(&out, "cluster unknown (namespace kube-system may not be read)");
	add_part(&out, "system", json_string(identity, "system_identifier", NULL));
	add_part(&out, "zone", json_string(identity, "zone", NULL));
	add_part(&out, "primary", json_string(identity, "primary", NULL));
	add_part(&out, "", json_string(identity, "version", NULL));
	add_part(&out, "", json_string(identity, "server", NULL));
	add_user(&out, identity);
	if (status)
		str_printf(&out, "%sHTTP status %lld", out.len ? ", " : "", (long long)status);
	return str_take(&out);
}
