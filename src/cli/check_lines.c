#include "config.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "cli/check_page.h"
#include "cli/check_words.h"

struct lines {
	struct secrets *secrets;
	struct str *out;
};

static void __attribute__((format(printf, 3, 4)))
line(const struct lines *lines, const char *key, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	char *text = xvasprintf(format, ap);
	va_end(ap);
	char *clean = check_clean(lines->secrets, text);
	str_printf(lines->out, "%s: %s\n", key, clean);
	free(clean);
	free(text);
}

static void
tell_need(const struct lines *lines, const struct preflight_need *need)
{
	struct str text = STR_INIT;

	str_printf(&text, "%s (%s): %s", need->step, need->parts, need->what);
	if (need->target)
		str_printf(&text, " on %s", need->target);
	if (need->note)
		str_printf(&text, " (%s)", need->note);
	if (need->reason)
		str_printf(&text, ": %s", need->reason);
	line(lines, preflight_answer_name(need->answer), "%s", str_cstr(&text));
	str_release(&text);
}

static void
tell_needs(const struct lines *lines, const struct preflight *preflight,
	   enum preflight_answer answer)
{
	for (size_t i = 0; i < preflight->needs_count; i++)
		if (preflight->needs[i].answer == answer)
			tell_need(lines, &preflight->needs[i]);
}

static void
tell_target(const struct lines *lines, const struct preflight_target *target)
{
	char *identity = check_identity(target);

	line(lines, "target", "%s (%s%s%s): %s after %lld ms%s%s", target->name, target->kind,
	     *target->describe ? ", " : "", target->describe,
	     target->reached == PREFLIGHT_YES ? "answered" : "not reached",
	     (long long)target->duration_ms, target->problem ? ": " : "",
	     target->problem ? target->problem : "");
	if (target->warning)
		line(lines, "warning", "%s: %s", target->name, target->warning);
	if (identity)
		line(lines, "identity", "%s: %s", target->name, identity);
	free(identity);
}

static void
tell_targets(const struct lines *lines, const struct preflight *preflight, bool reached)
{
	for (size_t i = 0; i < preflight->targets_count; i++)
		if ((preflight->targets[i].reached == PREFLIGHT_YES) == reached)
			tell_target(lines, &preflight->targets[i]);
}

void
check_lines(const struct preflight *preflight, const struct runbook *rb, struct secrets *secrets,
	    struct str *out)
{
	struct lines lines = { secrets, out };
	char *verdict = check_verdict(preflight), *extent = check_extent(preflight);

	line(&lines, "runbook", "%s %s", rb->id, rb->version ? rb->version : "");
	line(&lines, "verdict", "%s", verdict);
	tell_targets(&lines, preflight, false);
	tell_needs(&lines, preflight, PREFLIGHT_NO);
	tell_needs(&lines, preflight, PREFLIGHT_UNKNOWN);
	tell_targets(&lines, preflight, true);
	tell_needs(&lines, preflight, PREFLIGHT_YES);
	line(&lines, "extent", "%s", extent);
	free(extent);
	free(verdict);
}
