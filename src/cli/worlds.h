#ifndef LIFEBOAT_CLI_WORLDS_H
#define LIFEBOAT_CLI_WORLDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "cli/command.h"
#include "drill/drill.h"
#include "world/spec/spec.h"

/* What `drill` and `world` have in common: from a word to a world that is up. */
struct scenario {
	char *path; /* of the world file */
	struct world_spec *spec;
	char **variants; /* end with NULL */
	bool is_exam;	 /* the seed has chosen them, and nobody is told */
	double speed;
	uint64_t seed;
	struct drill *drill; /* NULL: not started */
};

/* Options of both, for their tables. */
#define WORLD_OPTIONS                                                                              \
	{ "variant", 0, "NAME",                                                                    \
	  "What is different this time (may be repeated); random: the seed chooses, and nobody "   \
	  "is "                                                                                    \
	  "told." },                                                                               \
		{ "speed", 0, "N", "How many times as fast the world goes (default: 1)." },        \
	{                                                                                          \
		"seed", 0, "N",                                                                    \
			"What the world throws its dice with (default: another each time)."        \
	}

/* Calls found() for every world file of the library, as library_each() does for runbooks. */
void worlds_each(void (*found)(void *data, const char *path), void *data);

/*
 * Finds the scenario that the first operand names, by its id or as a file, and loads it with the variants of the command
 * line. Mistakes in the file are printed. Errors: ERR_USAGE, ERR_SPEC; unknown ones list what there is, and the nearest.
 */
int scenario_open(struct scenario *s, const struct cli_args *args, struct err *e);
/* Starts its world, and tells how far that is on standard error. */
int scenario_world_start(struct scenario *s, struct err *e);
/* Takes the world down, too. */
void scenario_release(struct scenario *s);

#endif
