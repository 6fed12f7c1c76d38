#include "config.h"

#include "ui/start/start_page.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "ui/keys/key_name.h"
#include "ui/keys/mouse_event.h"
#include "ui/keys/scroll.h"
#include "ui/model/situation.h"
#include "ui/start/start_screen.h"
#include "ui/terminal/signals.h"
#include "ui/terminal/terminal.h"

enum { TICK_MS = 1000, FRAME_MS = 33, KEYS_A_ROUND = 64, WHEEL_ROWS = 3 };

static const char still_reading[] =
	"Still reading: move to a row first to choose it before the list is whole.";

/* The rows that pass the filter; the caller frees. */
static const struct start_entry **
shown_rows(const struct start_screen *s, size_t *ret_count)
{
	const struct start_entry **rows = xcalloc(s->list.count + 1, sizeof(*rows));
	size_t count = 0;

	for (size_t i = 0; i < s->list.count; i++)
		if (start_is_shown(s, s->list.items[i]))
			rows[count++] = s->list.items[i];
	*ret_count = count;
	return rows;
}

/* Moves the cursor; CMD_NONE: keeps it on a row that there is. */
static void
move(struct start_screen *s, enum command command)
{
	size_t count, at = 0;
	const struct start_entry **rows = shown_rows(s, &count);

	while (at < count && rows[at] != s->selected)
		at++;
	if (at == count || (!s->moved && command == CMD_NONE))
		at = 0;
	if (command != CMD_NONE && count) {
		at = scroll_cursor(at, command, count, start_list_rows());
		s->moved = true;
	}
	s->selected = count ? rows[at] : NULL;
	free(rows);
}

static void
finish(struct start_screen *s, enum start_action action)
{
	s->action = action;
	s->word = action == START_LEAVE ? NULL : xstrdup(s->selected->word);
	s->done = true;
}

static void
open_row(struct start_screen *s)
{
	if (!s->selected)
		return;
	if (!s->moved && !start_list_is_complete(&s->list)) {
		s->message = still_reading; /* another row could come under the cursor just now */
		return;
	}
	enum start_action action = start_action_of(s->selected);
	if (action == START_LEAVE)
		start_view_open(s, s->selected);
	else
		finish(s, action);
}

static void
read_again(struct start_screen *s)
{
	s->selected = NULL;
	s->moved = false;
	start_list_release(&s->list);
	start_list_init(&s->list, s->source->collectors);
}

static void
do_command(struct start_screen *s, enum command command)
{
	if (scroll_is_movement(command))
		move(s, command);
	else if (command == CMD_START_OPEN)
		open_row(s);
	else if (command == CMD_START_SHOW && s->selected)
		start_view_open(s, s->selected);
	else if (command == CMD_START_FILTER)
		s->filtering = true;
	else if (command == CMD_START_REFRESH)
		read_again(s);
	else if (command == CMD_HELP)
		start_view_open(s, NULL);
	else if (command == CMD_LEAVE)
		finish(s, START_LEAVE);
	else if (command == CMD_REDRAW)
		terminal_resize();
	else if (command == CMD_SUSPEND)
		terminal_suspend();
}

/* What a key means here: a row of this page's own, else one of those that mean the same everywhere. */
static const struct key_binding *
find_binding(const struct key *key)
{
	int code = input_binding_code(key);
	const struct key_binding *binding = code ? keymap_find(code, FACT_ON_START) : NULL;

	if (binding || !code)
		return binding;
	binding = keymap_find(code, FACT_ALWAYS);
	return binding && keymap_is_general(binding->command) ? binding : NULL;
}

static void
filter_key(struct start_screen *s, const struct key *key)
{
	if (!key->pasted && key_canonical(key->code) == '\n') {
		s->filtering = false;
	} else if (!key->pasted && !key->function && key->code == 27) {
		s->filtering = false;
		line_edit_set(&s->filter, "");
	} else {
		line_edit_key(&s->filter, key);
	}
	s->moved = s->moved || s->filter.text.len;
	move(s, CMD_NONE);
}

static void
obey_mouse(struct start_screen *s, const struct mouse_event *event)
{
	const struct start_entry *entry = start_entry_at(s, event->y);
	enum command command = event->turn < 0 ? CMD_UP : CMD_DOWN;

	if (s->view.shown) {
		for (int i = 0; event->turn && i < WHEEL_ROWS; i++)
			start_view_move(&s->view, command);
	} else if (event->turn) {
		move(s, command);
	} else if (event->click && entry) {
		s->selected = entry;
		s->moved = true;
	}
}

/* It goes to a row, and opens none. */
static void
take_mouse(struct start_screen *s, bool pasted)
{
	struct mouse_event events[MOUSE_EVENTS_MAX];
	size_t count = mouse_events(events);

	for (size_t i = 0; i < count && !pasted && !start_is_too_small(); i++)
		obey_mouse(s, &events[i]);
}

static void
take_key(struct start_screen *s, const struct key *key)
{
	const struct key_binding *binding = find_binding(key);

	s->dirty = true;
	s->message = NULL;
	if (mouse_is(key)) {
		take_mouse(s, key->pasted);
	} else if (s->filtering && !start_is_too_small()) {
		filter_key(s, key);
	} else if (key->pasted) {
		s->message = "Pasted text is not taken as keys";
	} else if (start_is_too_small()) { /* nothing is chosen on a screen that does not show it */
		if (binding && binding->command == CMD_LEAVE)
			finish(s, START_LEAVE);
	} else if (s->view.shown) {
		int code = input_binding_code(key);

		start_view_key(&s->view, code ? keymap_find(code, FACT_ALWAYS) : NULL);
	} else if (binding) {
		do_command(s, binding->command);
	}
}

static void
heed_wishes(struct start_screen *s)
{
	unsigned wishes = signals_wishes();

	if (wishes & WISH_RESIZE)
		terminal_resize();
	if (wishes & WISH_SUSPEND)
		terminal_suspend();
	if (wishes & (WISH_INTERRUPT | WISH_LEAVE | WISH_HANGUP))
		finish(s, START_LEAVE);
	s->dirty = s->dirty || wishes;
}

/* Waits for whatever comes first, and takes it in. */
static void
take_in(struct start_screen *s, int timeout_ms)
{
	struct pollfd fds[] = {
		{ STDIN_FILENO, POLLIN, 0 },
		{ start_list_fd(&s->list), POLLIN, 0 },
		{ signals_fd(), POLLIN, 0 },
	};
	struct key key;
	int count = 0;

	poll(fds, sizeof(fds) / sizeof(fds[0]), timeout_ms);
	heed_wishes(s);
	if (fds[1].revents && start_list_take(&s->list, 0)) {
		s->dirty = true;
		move(s, CMD_NONE);
	}
	while (fds[0].revents && !s->done && count < KEYS_A_ROUND && input_next(&key)) {
		take_key(s, &key);
		count++;
	}
	if (count == 0 && (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)))
		finish(s, START_LEAVE);
}

void
ui_start_page(const struct start_source *source, enum start_action *ret_action, char **ret_word)
{
	struct start_screen s = { .source = source, .dirty = true };
	int64_t painted_ms = 0;

	start_list_init(&s.list, source->collectors);
	while (!s.done) {
		int64_t since_ms = clock_mono_ms() - painted_ms;
		int64_t period_ms = s.dirty ? FRAME_MS : TICK_MS;

		if (since_ms < period_ms) {
			take_in(&s, (int)(period_ms - since_ms));
			continue;
		}
		start_paint(&s);
		painted_ms = clock_mono_ms();
	}
	start_view_close(&s.view);
	line_edit_release(&s.filter);
	start_list_release(&s.list);
	*ret_action = s.action;
	*ret_word = s.word;
}
