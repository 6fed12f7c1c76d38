#include "config.h"

#include "feed/detail_picture.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"

void
detail_snapshot_release(struct detail_snapshot *snapshot)
{
	struct detail_picture *p = (struct detail_picture *)snapshot;

	if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < p->public.containers_count; i++)
		free((char *)p->public.containers[i]);
	free((void *)p->public.containers);
	free((void *)p->public.lines);
	free(p->text);
	free(p);
}

void
detail_picture_retain(struct detail_picture *picture)
{
	atomic_fetch_add_explicit(&picture->refs, 1, memory_order_relaxed);
}

struct detail_picture *
detail_picture_new(struct detail_page *page)
{
	struct detail_picture *p = xcalloc(1, sizeof(*p));
	struct detail_line *lines = xcalloc(page->count + 1, sizeof(*lines));

	atomic_init(&p->refs, 1);
	p->text_len = page->text.len;
	p->text = str_take(&page->text);
	for (size_t i = 0; i < page->count; i++)
		lines[i] = (struct detail_line){ page->marks[i].role, p->text + page->marks[i].at };
	p->public.lines = lines;
	p->public.count = page->count;
	return p;
}

void
detail_picture_containers(struct detail_picture *picture, const cJSON *pod)
{
	static const char *const lists[] = { "spec/initContainers", "spec/containers",
					     "spec/ephemeralContainers" };
	char **names = NULL;
	size_t count = 0, cap = 0;
	const cJSON *spec;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		cJSON_ArrayForEach(spec, json_at(pod, lists[i]))
			*VEC_PUSH(names, count, cap) = xstrdup(json_string(spec, "name", ""));
	picture->public.containers = (const char *const *)names;
	picture->public.containers_count = count;
}

bool
detail_picture_equal(const struct detail_picture *a, const struct detail_picture *b)
{
	if (a->public.complete != b->public.complete || a->public.gone != b->public.gone ||
	    a->public.events_known != b->public.events_known ||
	    a->public.count != b->public.count || a->text_len != b->text_len ||
	    memcmp(a->text, b->text, a->text_len) != 0)
		return false;
	for (size_t i = 0; i < a->public.count; i++)
		if (a->public.lines[i].role != b->public.lines[i].role)
			return false;
	return true;
}
