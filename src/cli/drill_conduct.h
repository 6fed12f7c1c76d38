#ifndef LIFEBOAT_CLI_DRILL_CONDUCT_H
#define LIFEBOAT_CLI_DRILL_CONDUCT_H

#include "base/secret.h"
#include "cli/worlds.h"
#include "run/engine/engine.h"

/*
 * What a drill puts on record of itself: what it is, at its beginning, with a commitment (SHA-256) to all that it keeps back
 * (variants, seed, what is expected); and that text at its end, with what the world did meanwhile. A thread listens to the
 * world until the conduct is freed; nothing of what it hears is shown.
 */
struct drill_conduct;

struct drill_conduct_options {
	const struct scenario *scenario; /* its world is up */
	struct secrets *
		secrets; /* what holds one is hidden before it is sealed: the journal would hide it, too */
	bool explains, is_automatic;
};

struct drill_conduct *drill_conduct_new(const struct drill_conduct_options *options);
void drill_conduct_free(struct drill_conduct *conduct);
/* For the engine; borrowed. */
const struct engine_drill *drill_conduct_drill(const struct drill_conduct *conduct);

#endif
