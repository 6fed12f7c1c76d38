#include "config.h"

#include "feed/log_match.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xalloc.h"

enum { PIECE_LINES = 128 };

struct numbers {
	uint64_t *items;
	size_t count, cap;
};

struct log_match {
	struct log_feed *feed;
	const struct pattern *pattern;
	bool with_markers;
	uint64_t low, high;   /* what was looked at: [low, high) */
	struct numbers older; /* matches that it came upon going back, so falling */
	struct numbers newer; /* and forth, so rising */
	size_t newer_start;   /* those before it are no longer kept */
};

/* Lines on their way from the feed, whose lock must not wait for a pattern. */
struct piece {
	struct str text;
	struct {
		uint64_t number;
		size_t offset, len;
		bool marker;
	} lines[PIECE_LINES];
	size_t count;
};

struct log_match *
log_match_new(struct log_feed *feed, const struct pattern *pattern, bool with_markers)
{
	struct log_match *match = xcalloc(1, sizeof(*match));
	uint64_t first;

	match->feed = feed;
	match->pattern = pattern;
	match->with_markers = with_markers;
	log_feed_range(feed, &first, &match->high);
	match->low = match->high;
	return match;
}

void
log_match_free(struct log_match *match)
{
	if (!match)
		return;
	free(match->older.items);
	free(match->newer.items);
	free(match);
}

static void
add_line(void *data, const struct log_line *line)
{
	struct piece *p = data;
	size_t offset = p->text.len;

	str_append(&p->text, line->text);
	p->lines[p->count].number = line->number;
	p->lines[p->count].offset = offset;
	p->lines[p->count].len = p->text.len - offset;
	p->lines[p->count].marker = line->marker;
	p->count++;
}

static void
read_piece(struct log_match *match, uint64_t first, uint64_t next, struct piece *p)
{
	str_clear(&p->text);
	p->count = 0;
	log_feed_read(match->feed, first, next, add_line, p);
}

static void
judge(const struct log_match *match, const struct piece *p, size_t index, struct numbers *found)
{
	const char *text = str_cstr(&p->text) + p->lines[index].offset;
	bool yes = p->lines[index].marker
			   ? match->with_markers
			   : pattern_matches(match->pattern, text, p->lines[index].len);

	if (yes)
		*VEC_PUSH(found->items, found->count, found->cap) = p->lines[index].number;
}

/* Looks at lines that have come since. False: the time is over. */
static bool
go_forth(struct log_match *match, uint64_t next, int64_t deadline_ms, struct piece *p)
{
	while (match->high < next) {
		uint64_t end = next - match->high < PIECE_LINES ? next : match->high + PIECE_LINES;

		read_piece(match, match->high, end, p);
		for (size_t i = 0; i < p->count; i++) {
			judge(match, p, i, &match->newer);
			match->high = p->lines[i].number + 1;
			if (clock_mono_ms() >= deadline_ms)
				return false;
		}
		match->high = end;
	}
	return true;
}

/* Looks at lines that were there before, the latest of them first. */
static bool
go_back(struct log_match *match, uint64_t first, int64_t deadline_ms, struct piece *p)
{
	while (match->low > first) {
		uint64_t start =
			match->low - first < PIECE_LINES ? first : match->low - PIECE_LINES;

		read_piece(match, start, match->low, p);
		for (size_t i = p->count; i-- > 0;) {
			judge(match, p, i, &match->older);
			match->low = p->lines[i].number;
			if (clock_mono_ms() >= deadline_ms)
				return false;
		}
		match->low = start;
	}
	return true;
}

static void
forget(struct log_match *match, uint64_t first)
{
	struct numbers *older = &match->older, *newer = &match->newer;

	while (older->count && older->items[older->count - 1] < first)
		older->count--;
	while (match->newer_start < newer->count && newer->items[match->newer_start] < first)
		match->newer_start++;
	/* the room in front is used again once it is half of all */
	if (match->newer_start <= newer->count / 2)
		return;
	for (size_t i = match->newer_start; i < newer->count; i++)
		newer->items[i - match->newer_start] = newer->items[i];
	newer->count -= match->newer_start;
	match->newer_start = 0;
}

bool
log_match_advance(struct log_match *match, int64_t max_ms)
{
	int64_t deadline_ms = clock_mono_ms() + max_ms;
	struct piece piece = { .count = 0 };
	uint64_t first, next;
	bool done;

	log_feed_range(match->feed, &first, &next);
	if (match->high < first)
		match->high = first;
	if (match->low < first)
		match->low = first;
	forget(match, first);
	done = go_forth(match, next, deadline_ms, &piece) &&
	       go_back(match, first, deadline_ms, &piece);
	str_release(&piece.text);
	return done;
}

int
log_match_percent(const struct log_match *match)
{
	uint64_t first, next, low, high;

	log_feed_range(match->feed, &first, &next);
	low = match->low < first ? first : match->low;
	high = match->high < low ? low : match->high;
	return next == first ? 100 : (int)((high - low) * 100 / (next - first));
}

size_t
log_match_count(const struct log_match *match)
{
	return match->older.count + match->newer.count - match->newer_start;
}

uint64_t
log_match_at(const struct log_match *match, size_t index)
{
	size_t older = match->older.count;

	return index < older ? match->older.items[older - 1 - index]
			     : match->newer.items[match->newer_start + index - older];
}

size_t
log_match_index(const struct log_match *match, uint64_t number)
{
	size_t low = 0, high = log_match_count(match);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (log_match_at(match, middle) < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
