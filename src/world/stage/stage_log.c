#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "world/stage/stage_internal.h"

enum { INTERVAL_MIN_MS = 100 }; /* between two lines of one container, however fast the world is */

/* Who speaks: a container whose behaviour has a log. */

struct speaker {
	struct stage *stage;
	size_t cluster;
	const struct behaviour *behaviour;
	const struct stored *pod; /* held: its latest version */
	char *uid, *container;
	struct log_state state;
	bool running, ready;
	int said;	  /* which `otherwise` it has told of, in this instance */
	size_t speaks;	  /* which of the chatter, or chatter_count: none */
	size_t *next;	  /* line of each of the chatter */
	uint64_t chances; /* numbers drawn */
	struct timer chat, end;
};

static struct speaker *
find(const struct stage *stage, const char *uid)
{
	for (size_t i = 0; i < stage->speakers.count; i++)
		if (strcmp(stage->speakers.items[i]->uid, uid) == 0)
			return stage->speakers.items[i];
	return NULL;
}

struct log_state *
speaker_state(const struct stage *stage, const char *uid)
{
	struct speaker *s = find(stage, uid);

	return s ? &s->state : NULL;
}

static struct pen
pen_of(struct speaker *s)
{
	return (struct pen){
		.stage = s->stage,
		.cluster = s->cluster,
		.pod = s->pod,
		.container = s->container,
		.stamp = s->behaviour->stamp,
		.state = &s->state,
	};
}

static void
write_lines(struct speaker *s, const cJSON *lines)
{
	const struct pen pen = pen_of(s);

	pen_write(&pen, lines);
}

static void
wait_for_line(struct speaker *s, double share)
{
	int64_t every_ms = stage_scaled(s->stage, s->behaviour->chatter[s->speaks].every_ms);
	int64_t wait_ms = (int64_t)((double)every_ms * share);

	timers_set(&s->stage->timers, &s->chat,
		   clock_mono_ms() + (wait_ms < INTERVAL_MIN_MS ? INTERVAL_MIN_MS : wait_ms));
}

static double
draw(struct speaker *s)
{
	return stage_chance(s->stage, s->behaviour->workload, s->chances++);
}

static void
chat(void *data)
{
	struct speaker *s = data;
	const cJSON *lines = s->behaviour->chatter[s->speaks].lines;
	const struct pen pen = pen_of(s);
	int count = cJSON_GetArraySize(lines);

	if (count > 0)
		pen_write_one(&pen, cJSON_GetStringValue(cJSON_GetArrayItem(
					    lines, (int)(s->next[s->speaks]++ % (size_t)count))));
	wait_for_line(s, 0.8 + 0.4 * draw(s));
}

/* Its last words, before it ends. */
static void
end(void *data)
{
	struct speaker *s = data;

	if (s->said >= 0)
		write_lines(s, s->behaviour->otherwise[s->said].log);
}

static void
fall_silent(struct speaker *s)
{
	timers_clear(&s->stage->timers, &s->chat);
	timers_clear(&s->stage->timers, &s->end);
	s->speaks = s->behaviour->chatter_count;
}

static void
choose_chatter(struct speaker *s)
{
	const struct behaviour *b = s->behaviour;
	size_t speaks = 0;

	while (speaks < b->chatter_count && conditions_hold(&b->chatter[speaks].when) != HOLDS_YES)
		speaks++;
	if (speaks == s->speaks)
		return;
	timers_clear(&s->stage->timers, &s->chat);
	s->speaks = speaks;
	if (speaks < b->chatter_count)
		wait_for_line(s, 0.25 * draw(s));
}

/* What is in force may be another: it says so, once. */
static void
consider(struct speaker *s)
{
	int now = behaviour_now(s->behaviour);

	if (!s->running)
		return;
	if (now != s->said && now != OTHERWISE_UNKNOWN) {
		s->said = now;
		timers_clear(&s->stage->timers, &s->end);
		if (now >= 0 && s->behaviour->otherwise[now].fate == POD_CRASHES)
			timers_set(&s->stage->timers, &s->end,
				   clock_mono_ms() +
					   stage_scaled(s->stage,
							s->behaviour->otherwise[now].after_ms) /
						   2);
		else if (now >= 0)
			write_lines(s, s->behaviour->otherwise[now].log);
	}
	choose_chatter(s);
}

static void
speaker_free(struct speaker *s)
{
	timers_clear(&s->stage->timers, &s->chat);
	timers_clear(&s->stage->timers, &s->end);
	stored_drop(s->pod);
	free(s->uid);
	free(s->container);
	free(s->next);
	free(s);
}

static struct speaker *
speaker_new(struct stage *stage, const struct behaviour *b, const struct message *message)
{
	struct speaker *s = xcalloc(1, sizeof(*s));

	*s = (struct speaker){
		.stage = stage,
		.cluster = message->cluster,
		.behaviour = b,
		.uid = xstrdup(message->stored->uid),
		.container = xstrdup(message->name),
		.next = xcalloc(b->chatter_count + 1, sizeof(*s->next)),
		.chances = stage->speakers.count * 1000003,
		.chat = { .ring = chat, .data = s },
		.end = { .ring = end, .data = s },
	};
	*VEC_PUSH(stage->speakers.items, stage->speakers.count, stage->speakers.cap) = s;
	return s;
}

/* A pod that has gone before its start was heard of is heard of no more: nobody would end its speaker. */
static bool
is_there(const struct stage *stage, size_t cluster, const struct stored *pod)
{
	const struct stored *now =
		store_get(stage->options.clusters[cluster]->store, pod->kind, pod->ns, pod->name);
	bool is = now && strcmp(now->uid, pod->uid) == 0;

	stored_drop(now);
	return is;
}

void
speakers_started(struct stage *stage, const struct message *message)
{
	const struct behaviour *b = behaviour_find(stage, message->cluster, message->stored);
	const char *container = b && b->container ? b->container : first_container(message->stored);
	struct speaker *s;

	if (!b || strcmp(container, message->name) != 0 ||
	    !is_there(stage, message->cluster, message->stored))
		return;
	s = find(stage, message->stored->uid);
	if (!s)
		s = speaker_new(stage, b, message);
	stored_drop(s->pod);
	s->pod = stored_hold(message->stored);
	s->state =
		(struct log_state){ .instance = message->instance, .started_ms = clock_mono_ms() };
	s->running = true;
	s->ready = false;
	s->said = OTHERWISE_NONE;
	fall_silent(s);
	write_lines(s, b->start);
	consider(s);
}

void
speakers_free(struct stage *stage)
{
	for (size_t i = 0; i < stage->speakers.count; i++)
		speaker_free(stage->speakers.items[i]);
	free(stage->speakers.items);
}

static const cJSON *
container_status(const struct speaker *s, const struct stored *pod)
{
	const cJSON *status;

	cJSON_ArrayForEach(status, json_at(pod->object, "status/containerStatuses"))
		if (str_equal(json_string(status, "name", NULL), s->container))
			return status;
	return NULL;
}

/* Versions from before it was started, which come late, say nothing about it. */
static void
hear(struct speaker *s, const struct stored *pod)
{
	const cJSON *status = container_status(s, pod);
	int64_t restarts = json_int(status, "restartCount", -1);

	stored_drop(s->pod);
	s->pod = stored_hold(pod);
	if (!s->running || restarts < s->state.instance - 1)
		return;
	if (json_at(status, "state/terminated") ||
	    (json_at(status, "state/waiting") && json_at(status, "lastState/terminated"))) {
		s->running = false;
		fall_silent(s);
		return;
	}
	bool ready = json_bool(status, "ready", false);
	if (ready && !s->ready)
		write_lines(s, s->behaviour->ready);
	s->ready = ready;
}

static void
leave(struct speakers *all, size_t at)
{
	speaker_free(all->items[at]);
	all->items[at] = all->items[--all->count];
}

void
speakers_notice(struct stage *stage, const struct stored *stored, bool gone)
{
	struct speakers *all = &stage->speakers;

	if (strcmp(stored->kind->resource, "pods") != 0)
		return;
	for (size_t i = 0; i < all->count; i++) {
		if (strcmp(all->items[i]->uid, stored->uid) != 0)
			continue;
		if (gone)
			leave(all, i);
		else
			hear(all->items[i], stored);
		return;
	}
}

void
speakers_missed(struct stage *stage, size_t cluster)
{
	struct speakers *all = &stage->speakers;

	for (size_t i = all->count; i-- > 0;) {
		struct speaker *s = all->items[i];
		const struct stored *now;

		if (s->cluster != cluster)
			continue;
		now = store_get(stage->options.clusters[cluster]->store, s->pod->kind, s->pod->ns,
				s->pod->name);
		if (!now || strcmp(now->uid, s->uid) != 0)
			leave(all, i);
		else
			hear(s, now);
		stored_drop(now);
	}
}

void
speakers_settle(struct stage *stage)
{
	for (size_t i = 0; i < stage->speakers.count; i++)
		consider(stage->speakers.items[i]);
}
