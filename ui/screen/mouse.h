#ifndef LIFEBOAT_UI_SCREEN_MOUSE_H
#define LIFEBOAT_UI_SCREEN_MOUSE_H

#include <stdbool.h>

#include "ui/keys/mouse_event.h"
#include "ui/screen/app.h"

/*
 * The mouse, where it is switched on: a click gives the keys to a pane and goes to its row, the wheel moves what is under
 * it, a click on a word of the key bar is its key, if that decides nothing. It never answers a question: in a dialog, and
 * while a line is asked for, only the wheel does anything.
 */
struct mouse;

/* Switches it on or off. */
void mouse_set(struct app *app, bool on);
void mouse_free(struct mouse *mouse);
/* Takes what the mouse has done; what was pasted to look so is forgotten. */
void mouse_take(struct app *app, bool pasted);

/* The same of one event: a click, or a turn of the wheel by -1 (up) or 1. */
void mouse_act(struct app *app, int y, int x, bool click, int turn);
/* For the help page. */
void mouse_help(const struct app *app, struct lines *lines);

#endif
