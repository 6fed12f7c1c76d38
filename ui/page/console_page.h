#ifndef LIFEBOAT_UI_PAGE_CONSOLE_PAGE_H
#define LIFEBOAT_UI_PAGE_CONSOLE_PAGE_H

#include "ui/screen/app.h"

/*
 * What programs in the background (credential plugins) say to the operator, and the terminal when one of
 * them needs it: the screen's side of base/console.h. Main thread only.
 */
struct console_view;
struct console_view *console_view_new(void);
void console_view_free(struct console_view *view);

/* Takes the events that wait: shows what is said, and lends the terminal. */
void console_take(struct app *app);

/* What is said when the terminal goes to `who`: a sanitised line with its LF; the caller frees. */
char *console_notice(const char *who);

/* Whether somebody says something that still matters. */
bool console_speaks(const struct app *app);
void console_page_open(struct app *app);
/* The operator has moved in a page: if it is this one, it stays when the program ends. */
void console_page_hold(struct app *app);

#endif
