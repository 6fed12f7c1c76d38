#ifndef LIFEBOAT_UI_SCREEN_COMMANDLINE_H
#define LIFEBOAT_UI_SCREEN_COMMANDLINE_H

#include "ui/screen/app.h"
#include "ui/screen/entry.h"

/* Asks for a command in words at the foot of the screen. */
void commandline_open(struct app *app);

/*
 * Does what a line says: a word of its table, the name of a row of the keymap, or the number of a step. What decides
 * something opens the same dialog as its key. Errors: ERR_USAGE, with what was meant perhaps; those of what it does.
 */
int commandline_run(struct app *app, const char *line, struct err *e);

/* How a line could go on. */
void commandline_complete(const struct app *app, const char *line, struct completions *out);

/* The table, for the help page; rows of the keymap are explained by their keys there. */
void commandline_help(struct lines *lines);

#endif
