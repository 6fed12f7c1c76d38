#ifndef LIFEBOAT_UI_SCREEN_COMMAND_WORDS_H
#define LIFEBOAT_UI_SCREEN_COMMAND_WORDS_H

#include "ui/screen/app.h"
#include "ui/screen/entry.h"

/* A command of the command line that is no key's, or takes more than a key can; commandline.c has the table. */
struct command_word {
	const char *name;
	const char *usage; /* what stands behind it */
	const char *help;
	enum { WORD_ALONE, WORD_TAKES, WORD_WANTS } takes;
	int (*run)(struct app *app, const char *rest, struct err *e);
	/* What `rest` could go on with; or NULL. */
	void (*complete)(const struct app *app, const char *rest, struct completions *out);
};

int words_step(struct app *app, const char *rest, struct err *e);
int words_pane(struct app *app, const char *rest, struct err *e);
int words_pods(struct app *app, const char *rest, struct err *e);
int words_resource(struct app *app, const char *rest, struct err *e);
int words_logs(struct app *app, const char *rest, struct err *e);
int words_search(struct app *app, const char *rest, struct err *e);
int words_filter(struct app *app, const char *rest, struct err *e);
int words_set(struct app *app, const char *rest, struct err *e);
int words_note(struct app *app, const char *rest, struct err *e);
int words_skip(struct app *app, const char *rest, struct err *e);
int words_copy(struct app *app, const char *rest, struct err *e);
int words_write(struct app *app, const char *rest, struct err *e);
int words_version(struct app *app, const char *rest, struct err *e);

void words_complete_step(const struct app *app, const char *rest, struct completions *out);
void words_complete_pane(const struct app *app, const char *rest, struct completions *out);
void words_complete_target(const struct app *app, const char *rest, struct completions *out);
void words_complete_resource(const struct app *app, const char *rest, struct completions *out);
void words_complete_logs(const struct app *app, const char *rest, struct completions *out);
void words_complete_set(const struct app *app, const char *rest, struct completions *out);
void words_complete_copy(const struct app *app, const char *rest, struct completions *out);

#endif
