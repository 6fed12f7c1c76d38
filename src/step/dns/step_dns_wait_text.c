#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "step/dns/step_dns_wait.h"

/* What a wait tells: who is left and why, the table, the result. */

/* An error has an end; the table above it has every server. */
enum { REST_MAX_COLUMNS = 1500 };

const char *
wait_clock(const struct wait *w, int64_t mono_ms, char *stamp)
{
	return clock_format_hms(mono_ms + w->wall_offset_ms, stamp);
}

/* A time of day, as "3m34s" would be another text every second. Before the flip a cache may fetch the old answer anew. */
static void
until_text(const struct wait *w, const struct wait_standing *standing, size_t i, struct str *out)
{
	int64_t until_ms = wait_old_until_ms(w, standing, i);
	char stamp[CLOCK_STAMP_MAX];

	if (standing->flipped && until_ms > clock_mono_ms())
		str_printf(out, " until %s at the latest", wait_clock(w, until_ms, stamp));
}

static void
stale_text(const struct wait *w, const struct wait_standing *standing, size_t i, struct str *out)
{
	const struct wait_server *server = &w->servers[i];
	char refresh[CLOCK_STAMP_MAX];

	if (!w->views.items[i].authoritative) {
		str_append(out, "STALE: the old value, though its TTL has run out");
		return;
	}
	str_printf(out, "STALE: it has serial %lld of the zone, others %lld",
		   (long long)server->serial, (long long)standing->newest_serial);
	if (server->refresh_s > 0)
		str_printf(out, "; it looks for a new one every %s at least",
			   duration_format(server->refresh_s * 1000, refresh));
}

void
wait_server_text(const struct wait *w, const struct wait_standing *standing, size_t i,
		 struct str *out)
{
	const struct dns_view *view = &w->views.items[i];
	const struct wait_server *server = &w->servers[i];
	struct str said = STR_INIT;

	if (server->samples == 0) {
		str_append(out, "not answered yet");
		return;
	}
	dns_view_value_text(view, &said);
	switch (server->state) {
	case DNS_STATE_NEW:
		str_append(out, "new value");
		if (!wait_is_there(w, i))
			str_printf(out, ", %d of %d samples", server->agreeing, w->stable);
		break;
	case DNS_STATE_OLD:
	case DNS_STATE_MIXED:
		str_printf(out, "%s value %s", server->state == DNS_STATE_OLD ? "old" : "mixed",
			   str_cstr(&said));
		until_text(w, standing, i, out);
		break;
	case DNS_STATE_STALE:
		stale_text(w, standing, i, out);
		break;
	case DNS_STATE_NXDOMAIN:
	case DNS_STATE_NODATA:
		str_append(out, dns_state_name(server->state));
		until_text(w, standing, i, out);
		break;
	default:
		str_append(out, dns_state_name(server->state));
		if (said.len)
			str_printf(out, ": %s", said.data);
	}
	str_release(&said);
}

void
wait_rest_text(const struct wait *w, const struct wait_standing *standing, struct str *out)
{
	size_t begin = out->len;

	for (size_t i = 0; i < w->views.count; i++) {
		if (wait_is_there(w, i) || !wait_is_required(w, i))
			continue;
		str_printf(out, "%s%s (", out->len > begin ? ", " : "", w->views.items[i].label);
		wait_server_text(w, standing, i, out);
		str_append_char(out, ')');
	}
}

void
wait_progress_text(const struct wait *w, const struct wait_standing *standing, struct str *out)
{
	char stamp[CLOCK_STAMP_MAX];

	if (standing->there == standing->required) {
		str_printf(out, "%s%zu server%s the new value",
			   standing->required > 1 ? "all " : "", standing->required,
			   standing->required == 1 ? " shows" : "s show");
		return;
	}
	if (!standing->complete && !standing->expired) {
		str_printf(out, "asking %zu server%s for %s %s", w->views.count,
			   w->views.count == 1 ? "" : "s", w->name, w->type);
		return;
	}
	str_printf(out, "%zu of %zu: waiting for ", standing->there, standing->required);
	wait_rest_text(w, standing, out);
	if (!standing->flipped && standing->required > standing->authoritative)
		str_append(out, "; resolvers follow once all authoritative servers have it");
	if (standing->latest_ms)
		str_printf(out, "; all should show it by %s at the latest",
			   wait_clock(w, standing->latest_ms, stamp));
	str_printf(out, "; gives up at %s", wait_clock(w, standing->deadline_ms, stamp));
}

/* "14:32:10Z, 3m34s": when the old answer is gone, and how long that is. */
static void
add_countdown(const struct wait *w, const struct wait_standing *standing, size_t i,
	      struct step_columns *table)
{
	int64_t until_ms = wait_old_until_ms(w, standing, i);
	int64_t left_ms = until_ms - clock_mono_ms();
	char stamp[CLOCK_STAMP_MAX], left[CLOCK_STAMP_MAX];

	if (left_ms <= 0) {
		step_columns_add(table, NULL);
		return;
	}
	step_columns_addf(table, "%s, %s", wait_clock(w, until_ms, stamp),
			  duration_format((left_ms + 999) / 1000 * 1000, left));
}

void
wait_table(const struct wait *w, const struct wait_standing *standing, struct str *out)
{
	static const char *const headings[] = { "SERVER", "GROUP", "STATE",  "OLD UNTIL", "TTL",
						"RTT",	  "AA",	   "VALUES", NULL };
	struct step_columns table = { .headings = headings };
	char stamp[CLOCK_STAMP_MAX];

	for (size_t i = 0; i < w->views.count; i++) {
		const struct wait_server *server = &w->servers[i];

		step_columns_add(&table, w->views.items[i].label);
		step_columns_add(&table, dns_group_name(w->views.items[i].group));
		if (server->state == DNS_STATE_NEW && server->samples && !wait_is_there(w, i))
			step_columns_addf(&table, "NEW %d/%d", server->agreeing, w->stable);
		else
			step_columns_add(&table,
					 server->samples ? dns_state_name(server->state) : "?");
		add_countdown(w, standing, i, &table);
		dns_view_cells(&w->views.items[i], &table);
	}
	str_printf(out, "%s  %zu of %zu show the new value\n",
		   wait_clock(w, clock_mono_ms(), stamp), standing->there, standing->required);
	step_columns_print(&table, out);
	step_columns_release(&table);
}

static void
add_time(cJSON *object, const char *name, int64_t wall_ms)
{
	char stamp[CLOCK_STAMP_MAX];

	json_add_string(object, name, wall_ms ? clock_format_utc(wall_ms, stamp) : NULL);
}

static cJSON *
history_json(const struct wait_server *server)
{
	cJSON *history = cJSON_CreateArray();

	for (size_t i = 0; i < server->history_count; i++) {
		cJSON *event = cJSON_CreateObject();

		add_time(event, "at", server->history[i].wall_ms);
		json_add_string(event, "state", dns_state_name(server->history[i].state));
		json_add_string(event, "said", server->history[i].said);
		cJSON_AddItemToArray(history, event);
	}
	return history;
}

static cJSON *
server_json(const struct wait *w, const struct wait_standing *standing, size_t i)
{
	const struct wait_server *server = &w->servers[i];
	int64_t until_ms = wait_old_until_ms(w, standing, i);
	cJSON *object = dns_view_json(&w->views.items[i]);

	json_add_string(object, "state", dns_state_name(server->state));
	json_add_bool(object, "there", wait_is_there(w, i));
	json_add_bool(object, "required", wait_is_required(w, i));
	json_add_int(object, "samples", server->samples);
	add_time(object, "first_new_at", server->first_new_wall_ms);
	add_time(object, "old_until", until_ms ? until_ms + w->wall_offset_ms : 0);
	json_add(object, "history", history_json(server));
	if (server->history_left_out)
		json_add_int(object, "history_left_out", (int64_t)server->history_left_out);
	return object;
}

cJSON *
wait_result(const struct wait *w)
{
	struct wait_standing standing = wait_stand(w);
	cJSON *result = cJSON_CreateObject(), *servers = cJSON_CreateArray();

	for (size_t i = 0; i < w->views.count; i++)
		cJSON_AddItemToArray(servers, server_json(w, &standing, i));
	json_add(result, "values", step_texts_json(&w->values));
	json_add(result, "servers", servers);
	add_time(result, "flipped_at", standing.flip_ms + w->wall_offset_ms);
	json_add_int(result, "duration_ms", clock_mono_ms() - w->begin_ms);
	return result;
}

static const char *
advice(const struct wait *w, const struct wait_standing *standing)
{
	if (!standing->flipped)
		return "Look whether the change was made at the primary, and whether its "
		       "secondaries are notified and may fetch the zone";
	if (standing->latest_ms > clock_mono_ms() && w->timeout_ms >= 0)
		return "Their old answers had not run out: run the step again, with a longer "
		       "`timeout` or none";
	return "Ask who runs them to clear their caches, or take them off the target's list if "
	       "nobody uses them";
}

int
wait_give_up(const struct wait *w, const struct wait_standing *standing, struct err *e)
{
	struct str all = STR_INIT, rest = STR_INIT;
	char waited[CLOCK_STAMP_MAX];

	wait_rest_text(w, standing, &all);
	text_append_cut(&rest, str_cstr(&all), REST_MAX_COLUMNS, false);
	str_release(&all);
	err_set(e, ERR_TIMEOUT,
		"dns.wait %s %s: after %s %zu of %zu servers show the new value; left: %s. %s",
		w->name, w->type, duration_format_brief(clock_mono_ms() - w->begin_ms, waited),
		standing->there, standing->required, str_cstr(&rest), advice(w, standing));
	str_release(&rest);
	return -1;
}
