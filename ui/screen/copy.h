#ifndef LIFEBOAT_UI_SCREEN_COPY_H
#define LIFEBOAT_UI_SCREEN_COPY_H

#include "ui/screen/app.h"

/*
 * Copies what the cursor stands on into the terminal's clipboard, or `what`: "head" of the journal, "run", "folder".
 * Where that is not switched on, says so and shows it. False: nothing of that name can be copied.
 */
bool copy_here(struct app *app, const char *what);

/* Saves all rows of what has the keys into a new file of mode 0600. Errors: ERR_USAGE, ERR_IO. */
int copy_to_file(struct app *app, const char *name, struct err *e);

#endif
