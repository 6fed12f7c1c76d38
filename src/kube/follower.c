#include "config.h"

#include "kube/follower.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"

enum {
	MAX_RETRY_AFTER_S = 600,
	HICCUPS_FOR_MS = 60000,
	MAX_WARNINGS = 64,
};

const char follower_accept[] = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

void
follower_query(struct str *query, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	char *encoded = http_encode(value);
	str_printf(query, "&%s=%s", name, encoded);
	free(encoded);
}

void
follower_selectors(const struct follower *f, struct str *query)
{
	follower_query(query, "labelSelector", f->options->label_selector);
	follower_query(query, "fieldSelector", f->options->field_selector);
}

void
follower_remember_version(struct follower *f, const char *version)
{
	if (!version || !*version || str_equal(version, f->resource_version))
		return;
	size_t size = strlen(version) + 1;
	f->resource_version = xrealloc(f->resource_version, size); /* mostly of the same length */
	memcpy(f->resource_version, version, size);
}

void
follower_begin_list(struct follower *f)
{
	table_restart(&f->table);
	f->has_missed = false;
	if (f->handler->list_begin)
		f->handler->list_begin(f->data);
}

void
follower_alive(struct follower *f)
{
	if (f->handler->alive)
		f->handler->alive(f->data);
}

void
follower_progress(struct follower *f, size_t rows, int64_t left)
{
	if (f->handler->progress)
		f->handler->progress(f->data, rows, left);
	follower_alive(f);
}

void
follower_skip(struct follower *f, const char *where, const struct err *why)
{
	if (!f->handler->skipped)
		return;
	char *text = xasprintf("%s: %s", where, why->message);
	f->handler->skipped(f->data, text);
	free(text);
}

static void
warn_once(void *data, const char *text)
{
	struct follower *f = data;

	for (size_t i = 0; i < f->warnings_count; i++)
		if (strcmp(f->warnings[i], text) == 0)
			return;
	if (f->warnings_count == MAX_WARNINGS)
		return;
	*VEC_PUSH(f->warnings, f->warnings_count, f->warnings_cap) = xstrdup(text);
	f->handler->warning(f->data, text);
}

void
follower_warn(struct follower *f, const struct http_response *response)
{
	if (f->handler->warning)
		http_response_warnings(response, warn_once, f);
}

/*
 * A server whose cache has not come up to our version says so by a cause, or (before 1.19) by the
 * message alone. Source: apimachinery, CauseTypeResourceVersionTooLarge; kubernetes/kubernetes#92537.
 */
static bool
is_too_large(const cJSON *status)
{
	const cJSON *cause;

	cJSON_ArrayForEach(cause, json_at(status, "details/causes"))
		if (strcmp(json_string(cause, "reason", ""), "ResourceVersionTooLarge") == 0)
			return true;
	return strstr(json_string(status, "message", ""), "Too large resource version") != NULL;
}

static enum ending
ending_of_gone(struct follower *f, enum phase phase)
{
	bool is_again = f->is_gone;

	/* Without a version of ours there is none to give up: then it is an error like another. */
	if (phase != IN_WATCH)
		return f->resource_version ? GONE : FAILED;
	f->is_gone = true;
	return is_again ? GONE_AGAIN : GONE;
}

static enum ending
ending_of_hiccup(struct follower *f)
{
	int64_t now_ms = clock_mono_ms();

	if (f->hiccups_from_ms == 0)
		f->hiccups_from_ms = now_ms;
	if (now_ms - f->hiccups_from_ms <= HICCUPS_FOR_MS)
		return HICCUP;
	f->hiccups_from_ms = 0;
	return FAILED;
}

static enum ending
ending_of(struct follower *f, enum phase phase, long code, const cJSON *status)
{
	if (is_too_large(status))
		return phase == IN_WATCH || f->resource_version ? AHEAD : FAILED;
	switch (code) {
	case 410:
		return ending_of_gone(f, phase);
	case 429:
		return THROTTLED;
	case 400:
	case 403: /* who may list may still not be allowed to watch */
	case 422:
		return phase == IN_STREAM ? REFUSED : FAILED;
	default:
		return FAILED;
	}
}

static void
ask_for_delay(struct outcome *out, int64_t seconds)
{
	if (seconds > 0 && seconds <= MAX_RETRY_AFTER_S)
		out->asked_ms = seconds * 1000;
}

static void
sort_status(struct follower *f, struct outcome *out, long code, const cJSON *status)
{
	out->ending = ending_of(f, out->phase, code, status);
	out->is_forbidden = code == 403;
	ask_for_delay(out, json_int(status, "details/retryAfterSeconds", 0));
}

void
follower_sort_event(struct follower *f, struct outcome *out, const cJSON *status)
{
	long code = (long)json_int(status, "code", 0);

	sort_status(f, out, code, status);
	if (code == 500)
		out->ending = ending_of_hiccup(f);
}

void
follower_sort_failure(struct follower *f, struct outcome *out, const struct http_response *response)
{
	cJSON *status = json_parse(str_cstr(&response->body), response->body.len, NULL);
	char *after = http_response_header(response, "Retry-After");

	if (response->status == 0)
		out->ending = UNREACHABLE;
	else
		sort_status(f, out, response->status, status);
	if (after)
		ask_for_delay(out, strtol(after, NULL, 10));
	free(after);
	cJSON_Delete(status);
}
