#ifndef LIFEBOAT_UI_KEYS_MOUSE_EVENT_H
#define LIFEBOAT_UI_KEYS_MOUSE_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/terminal/input.h"
#include "ui/text/layout.h"

/* What the mouse did, as curses tells it; what it means is its screen's to say. */
struct mouse_event {
	int y, x;
	bool click;
	int turn; /* of the wheel: -1 (up), 1, or 0 */
};

enum { MOUSE_EVENTS_MAX = 16 }; /* curses keeps fewer */

/* Whether a key is one of the mouse's. */
bool mouse_is(const struct key *key);

/* Takes in what has been done since the last call, in its order; returns how many. One key may stand for several. */
size_t mouse_events(struct mouse_event events[MOUSE_EVENTS_MAX]);

bool mouse_is_in(const struct rect *rect, int y, int x);

#endif
