#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "world/spec/spec_internal.h"

enum { PICK_MAX = 3 };

/* The next number of a sequence that is the same on every machine. Source: Steele et al., splitmix64. */
static uint64_t
next_number(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Whether the file with these variants in it is sound. */
static bool
fit(const char *path, const char *const *variants)
{
	struct diags diags;
	struct world_spec *spec;

	diags_init(&diags, path);
	spec = world_spec_load(path, variants, &diags);
	world_spec_free(spec);
	diags_release(&diags);
	return spec != NULL;
}

static void
shuffle(const char **names, size_t count, uint64_t *state)
{
	for (size_t i = count; i > 1; i--) {
		size_t j = (size_t)(next_number(state) % i);
		const char *name = names[i - 1];

		names[i - 1] = names[j];
		names[j] = name;
	}
}

/* Takes names as long as they fit with those that were taken, until there are enough. */
static char **
take(const char *path, const char *const *names, size_t count, size_t wanted)
{
	const char *taken[PICK_MAX + 1] = { NULL };
	char **variants = xcalloc(PICK_MAX + 1, sizeof(*variants));
	size_t have = 0;

	for (size_t i = 0; i < count && have < wanted; i++) {
		taken[have] = names[i];
		if (fit(path, taken)) {
			variants[have] = xstrdup(names[i]);
			have++;
		}
		taken[have] = NULL;
	}
	return variants;
}

char **
world_spec_pick(const char *path, uint64_t seed, struct diags *diags)
{
	struct world_spec *spec = world_spec_load(path, NULL, diags);
	uint64_t state = seed;
	char **variants = NULL;
	const char **names;

	if (!spec)
		return NULL;
	if (spec->variants_count == 0) {
		diags_error(diags, (struct mark){ 1, 1 }, 1, "this world has no variants to pick");
		goto out;
	}
	names = xcalloc(spec->variants_count, sizeof(*names));
	for (size_t i = 0; i < spec->variants_count; i++)
		names[i] = spec->variants[i].name;
	shuffle(names, spec->variants_count, &state);
	variants = take(path, names, spec->variants_count, 1 + next_number(&state) % PICK_MAX);
	free(names);
out:
	world_spec_free(spec);
	return variants;
}
