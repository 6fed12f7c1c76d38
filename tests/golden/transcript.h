#ifndef LIFEBOAT_TESTS_GOLDEN_TRANSCRIPT_H
#define LIFEBOAT_TESTS_GOLDEN_TRANSCRIPT_H

#include "base/str.h"
#include "scenario.h"

/* What a front end in line mode wrote, and how it ended. */
struct transcript {
	struct str out, errors;
	int status; /* of waitpid(2) */
};

/* Plays a scenario in line mode with everything that is typed given in advance, on pipes. */
struct transcript transcript_play(struct play *play, const char *input);
void transcript_release(struct transcript *transcript);

void transcript_assert_says(const struct transcript *transcript, const char *text);
void transcript_assert_ends(const struct transcript *transcript, int status);

#endif
