#include "config.h"

#include "run/state/identity.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

/* The members that tell one target from another; the rest of an identity is for people. */
static const char *const identifying[] = { "uid", "system_identifier" };

const char *
identity_difference(enum target_kind kind, const cJSON *then, const cJSON *now)
{
	bool certain = false;

	for (size_t i = 0; i < sizeof(identifying) / sizeof(identifying[0]); i++) {
		const char *a = json_string(then, identifying[i], NULL);
		const char *b = json_string(now, identifying[i], NULL);

		if (a && b && strcmp(a, b) != 0)
			return identifying[i];
		certain = certain || (a && b);
	}
	if (kind == TARGET_KUBERNETES && !certain &&
	    !str_equal(json_string(then, "server", NULL), json_string(now, "server", NULL)))
		return "server";
	return NULL;
}

/* "its clock is 3s ahead of this machine's", or NULL where they agree within two seconds. */
static char *
clock_warning(const cJSON *identity)
{
	int64_t skew_ms = json_int(identity, "skew_ms", 0);
	int64_t size_ms = skew_ms < 0 ? -skew_ms : skew_ms;
	char size[CLOCK_STAMP_MAX];

	if (size_ms < SKEW_WARN_MS)
		return NULL;
	return xasprintf("its clock is at least %s %s this machine's%s",
			 duration_format(size_ms / 1000 * 1000, size),
			 skew_ms > 0 ? "ahead of" : "behind",
			 size_ms < SKEW_HINT_MS ? ""
						: ": tokens, certificates and signed DNS updates "
						  "may be refused. Set the clocks right first");
}

const char *
identity_insecurity(const cJSON *identity)
{
	return json_string(identity, "insecure_why",
			   "the server's certificate is not verified (insecure-skip-tls-verify): "
			   "anybody in between could answer");
}

char *
identity_warning(const cJSON *identity)
{
	struct str text = STR_INIT;
	char *clock = clock_warning(identity);

	if (json_bool(identity, "insecure", false))
		str_append(&text, identity_insecurity(identity));
	if (clock)
		str_printf(&text, "%s%s", text.len ? "; " : "", clock);
	free(clock);
	return text.len ? str_take(&text) : NULL;
}
