#include "config.h"

#include "ui/keys/mouse_event.h"

#include <curses.h>

bool
mouse_is(const struct key *key)
{
	return key->function && key->code == KEY_MOUSE;
}

static struct mouse_event
event_of(const MEVENT *event)
{
	return (struct mouse_event){
		.y = event->y,
		.x = event->x,
		.click = event->bstate & BUTTON1_PRESSED,
		.turn = event->bstate & BUTTON4_PRESSED	  ? -1
			: event->bstate & BUTTON5_PRESSED ? 1
							  : 0,
	};
}

/* curses hands out the latest first. */
size_t
mouse_events(struct mouse_event events[MOUSE_EVENTS_MAX])
{
	MEVENT heard[MOUSE_EVENTS_MAX];
	size_t count = 0;

	while (count < MOUSE_EVENTS_MAX && getmouse(&heard[count]) == OK)
		count++;
	for (size_t i = 0; i < count; i++)
		events[i] = event_of(&heard[count - 1 - i]);
	return count;
}

bool
mouse_is_in(const struct rect *rect, int y, int x)
{
	return y >= rect->y && y < rect->y + rect->rows && x >= rect->x &&
	       x < rect->x + rect->columns;
}
