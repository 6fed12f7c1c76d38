#include "config.h"

#include "ui/pane/logs_pane.h"

struct log_view
logs_view(const struct logs_pane *pane, struct log_feed *feed)
{
	struct log_view view = { .pane = pane, .feed = feed };

	log_feed_range(feed, &view.first, &view.next);
	return view;
}

bool
logs_line_from(const struct log_view *view, uint64_t number, uint64_t *ret_number)
{
	const struct log_match *kept = view->pane->kept;

	if (number < view->first)
		number = view->first;
	if (kept) {
		size_t index = log_match_index(kept, number);

		if (index >= log_match_count(kept))
			return false;
		number = log_match_at(kept, index);
	}
	if (number >= view->next)
		return false;
	*ret_number = number;
	return true;
}

bool
logs_line_before(const struct log_view *view, uint64_t number, uint64_t *ret_number)
{
	const struct log_match *kept = view->pane->kept;

	if (number > view->next)
		number = view->next;
	if (kept) {
		size_t index = log_match_index(kept, number);

		if (index == 0)
			return false;
		number = log_match_at(kept, index - 1) + 1;
	}
	if (number <= view->first)
		return false;
	*ret_number = number - 1;
	return true;
}

/* A copy of a line: laying it out takes longer than the feed may wait. */
struct copy {
	bool taken, marker;
	struct str origin, stamp, text;
	struct sgr looks;
};

static void
take_line(void *data, const struct log_line *line)
{
	struct copy *copy = data;

	copy->taken = true;
	copy->marker = line->marker;
	str_append(&copy->origin, line->origin);
	str_append(&copy->stamp, line->stamp);
	str_append(&copy->text, line->text);
	sgr_append(&copy->looks, line->looks, line->looks_count, 0);
}

size_t
logs_rows(const struct log_view *view, uint64_t number, struct lines *lines)
{
	struct copy copy = {
		.origin = STR_INIT, .stamp = STR_INIT, .text = STR_INIT, .looks = SGR_INIT
	};

	lines_reset(lines, view->pane->columns);
	log_feed_read(view->feed, number, number + 1, take_line, &copy);
	if (copy.taken)
		logs_lay_out(view->pane,
			     &(struct log_line){ .number = number,
						 .origin = str_cstr(&copy.origin),
						 .stamp = str_cstr(&copy.stamp),
						 .text = str_cstr(&copy.text),
						 .marker = copy.marker,
						 .looks = copy.looks.spans,
						 .looks_count = copy.looks.count },
			     lines);
	str_release(&copy.origin);
	str_release(&copy.stamp);
	str_release(&copy.text);
	sgr_release(&copy.looks);
	return lines->count;
}

struct log_place
logs_up(const struct log_view *view, struct log_place place, size_t rows)
{
	struct lines lines;
	uint64_t number;

	lines_init(&lines, view->pane->columns);
	while (rows > place.row) {
		if (!logs_line_before(view, place.number, &number)) {
			rows = place.row;
			break;
		}
		rows -= place.row;
		place = (struct log_place){ number, logs_rows(view, number, &lines) };
	}
	lines_release(&lines);
	place.row -= rows;
	return place;
}

struct log_place
logs_down(const struct log_view *view, struct log_place place, size_t rows)
{
	struct lines lines;

	lines_init(&lines, view->pane->columns);
	for (;;) {
		size_t count = logs_rows(view, place.number, &lines);
		size_t left = count > place.row ? count - place.row : 0;

		if (rows < left) {
			place.row += rows;
			break;
		}
		rows -= left;
		place.row = 0;
		if (!logs_line_from(view, place.number + 1, &place.number)) {
			place.number = view->next;
			break;
		}
	}
	lines_release(&lines);
	return place;
}

bool
logs_place_before(const struct log_place *a, const struct log_place *b)
{
	return a->number < b->number || (a->number == b->number && a->row < b->row);
}

/* A place of an earlier layout: its line may be gone or left out, or have fewer rows now. */
static struct log_place
corrected(const struct log_view *view, struct log_place place)
{
	uint64_t number;
	struct lines lines;
	size_t rows;

	if (!logs_line_from(view, place.number, &number))
		return (struct log_place){ view->next, 0 };
	if (number != place.number)
		return (struct log_place){ number, 0 };
	lines_init(&lines, view->pane->columns);
	rows = logs_rows(view, number, &lines);
	lines_release(&lines);
	if (place.row >= rows)
		place.row = rows ? rows - 1 : 0;
	return place;
}

struct log_place
logs_top(const struct log_view *view)
{
	struct log_place last =
		logs_up(view, (struct log_place){ view->next, 0 }, (size_t)view->pane->rows);

	if (!view->pane->paused)
		return last;
	struct log_place place = corrected(view, view->pane->place);
	return logs_place_before(&last, &place) ? last : place;
}

void
logs_pause(struct logs_pane *pane, struct log_feed *feed)
{
	struct log_view view = logs_view(pane, feed);

	if (pane->paused)
		return;
	pane->place = logs_top(&view);
	pane->paused_next = view.next;
	pane->paused = true;
}

void
logs_resume(struct logs_pane *pane)
{
	pane->paused = false;
}
