#include "config.h"

#include "cli/worlds.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "cli/configuration.h"
#include "cli/library.h"

/* ---- where they are ---- */

void
worlds_each(void (*found)(void *data, const char *path), void *data)
{
	const char *list = getenv("LIFEBOAT_RUNBOOKS");

	if (!list || !*list)
		for (char **at = config_get()->runbooks; *at; at++)
			world_spec_find_in(*at, found, data);
	world_spec_find(found, data);
}

struct search {
	const char *word;
	char *path;
	const char **names; /* that there are; ends with NULL */
	size_t count, cap;
};

static void
compare(void *data, const char *path)
{
	struct search *search = data;
	char *id = library_id(path);

	if (!search->path && strcmp(id, search->word) == 0)
		search->path = xstrdup(path);
	*VEC_PUSH(search->names, search->count, search->cap) = id;
	*VEC_PUSH(search->names, search->count, search->cap) = NULL;
	search->count--;
}

/* The name that was probably meant: one that is spelt nearly so, or that has the word in it; or NULL. */
static const char *
likely_name(const char *word, const char *const *names)
{
	const char *nearest = str_nearest(word, names);

	for (; !nearest && *word && *names; names++)
		if (strstr(*names, word))
			nearest = *names;
	return nearest;
}

/* `what` is "scenario lsot"; the names that there are end with NULL. */
static int
refuse_unknown(const char *what, const char *word, const char *const *names, const char *if_none,
	       struct err *e)
{
	const char *likely = likely_name(word, names);
	struct str list = STR_INIT;

	for (size_t i = 0; names[i]; i++)
		str_printf(&list, "%s%s", i ? ", " : "", names[i]);
	err_set(e, ERR_USAGE, "there is no %s. %s%.1000s", what, names[0] ? "There are: " : if_none,
		str_cstr(&list));
	if (likely)
		err_advise(e, "Did you mean %s?", likely);
	str_release(&list);
	return -1;
}

static void
refuse_scenario(const struct search *search, struct err *e)
{
	static const char *const none[] = { NULL };
	char *what = xasprintf("scenario %s", search->word);

	refuse_unknown(what, search->word, search->names ? search->names : none,
		       "There are none: set LIFEBOAT_RUNBOOKS to a folder of runbooks that has a "
		       "folder drills",
		       e);
	free(what);
}

static char *
find_world(const char *word, struct err *e)
{
	struct search search = { .word = word };
	char *path = NULL;

	if (strchr(word, '/') || str_ends_with(word, ".yaml") || str_ends_with(word, ".yml")) {
		path = realpath(word, NULL);
		if (!path)
			err_errno(e, ERR_NOT_FOUND, "the world file %s", word);
		return path;
	}
	worlds_each(compare, &search);
	if (search.path)
		path = realpath(search.path, NULL);
	else
		refuse_scenario(&search, e);
	for (size_t i = 0; i < search.count; i++)
		free((char *)(uintptr_t)search.names[i]);
	free(search.names);
	free(search.path);
	return path;
}

/* ---- what was asked for ---- */

static int
read_speed(const struct cli_args *args, double *ret_speed, struct err *e)
{
	const char *text = cli_value(args, "speed");
	char *end;

	*ret_speed = text ? strtod(text, &end) : 1;
	if (!text ||
	    (*text && !*end && isfinite(*ret_speed) && *ret_speed >= 0.1 && *ret_speed <= 1000))
		return 0;
	return err_set(e, ERR_USAGE, "--speed is a number from 0.1 to 1000, not %s", text);
}

/* Small enough to be said and typed again. */
static uint64_t
any_seed(void)
{
	uint32_t seed = 0;

	while (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		;
	return seed % 1000000;
}

static int
read_seed(const struct cli_args *args, uint64_t *ret_seed, struct err *e)
{
	const char *text = cli_value(args, "seed");
	char *end;

	if (!text) {
		*ret_seed = any_seed();
		return 0;
	}
	errno = 0;
	*ret_seed = strtoull(text, &end, 10);
	if (*text && !*end && !errno && *text != '-')
		return 0;
	return err_set(e, ERR_USAGE, "--seed is a whole number, not %s", text);
}

static void
print_diags(struct diags *diags)
{
	struct str out = STR_INIT;

	if (diags->count)
		diags_render(diags, &out);
	fputs(str_cstr(&out), stderr);
	str_release(&out);
}

static char **
copy_names(const char *const *names)
{
	char **copy = NULL;
	size_t count = 0, cap = 0;

	for (; *names; names++)
		*VEC_PUSH(copy, count, cap) = xstrdup(*names);
	*VEC_PUSH(copy, count, cap) = NULL;
	return copy;
}

/* "random" stands alone: what one names oneself is no exam. */
static int
read_variants(struct scenario *s, const struct cli_args *args, struct err *e)
{
	const char *const *given = cli_values(args, "variant");
	struct diags diags;

	for (size_t i = 0; given[i]; i++)
		s->is_exam = s->is_exam || str_equal(given[i], "random");
	if (s->is_exam && given[1])
		return err_set(e, ERR_USAGE, "--variant random stands alone: the seed chooses");
	if (!s->is_exam) {
		s->variants = copy_names(given);
		return 0;
	}
	diags_init(&diags, s->path);
	s->variants = world_spec_pick(s->path, s->seed, &diags);
	if (!s->variants) {
		print_diags(&diags);
		err_set(e, ERR_SPEC, "no variants can be chosen of %s", s->path);
	}
	diags_release(&diags);
	return s->variants ? 0 : -1;
}

static bool
is_variant(const struct world_spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->variants_count; i++)
		if (str_equal(spec->variants[i].name, name))
			return true;
	return false;
}

/* Whether it is one of the names that is wrong, and not the world; says so into *e then. */
static bool
refuses_variant(const struct scenario *s, struct err *e)
{
	struct diags diags;
	bool refused = false;

	diags_init(&diags, s->path);
	struct world_spec *spec = world_spec_load(s->path, NULL, &diags);
	diags_release(&diags);
	if (!spec)
		return false;
	const char **names = xcalloc(spec->variants_count + 1, sizeof(*names));
	for (size_t i = 0; i < spec->variants_count; i++)
		names[i] = spec->variants[i].name;
	for (size_t i = 0; s->variants[i] && !refused; i++) {
		if (is_variant(spec, s->variants[i]))
			continue;
		char *what = xasprintf("variant %s of %s", s->variants[i], spec->id);
		refuse_unknown(what, s->variants[i], names, "It has none", e);
		free(what);
		refused = true;
	}
	free(names);
	world_spec_free(spec);
	return refused;
}

static int
load(struct scenario *s, struct err *e)
{
	struct diags diags;

	diags_init(&diags, s->path);
	s->spec = world_spec_load(s->path, (const char *const *)s->variants, &diags);
	if (s->spec || !refuses_variant(s, e)) {
		print_diags(&diags);
		if (!s->spec)
			err_set(e, ERR_SPEC, "%s: %zu error%s", s->path, diags.errors,
				diags.errors == 1 ? "" : "s");
	}
	diags_release(&diags);
	return s->spec ? 0 : -1;
}

int
scenario_open(struct scenario *s, const struct cli_args *args, struct err *e)
{
	*s = (struct scenario){ .speed = 1 };
	if (read_speed(args, &s->speed, e) < 0 || read_seed(args, &s->seed, e) < 0)
		return -1;
	s->path = find_world(cli_operands(args, NULL)[0], e);
	if (!s->path || read_variants(s, args, e) < 0)
		return -1;
	return load(s, e);
}

/* ---- its start ---- */

static void
tell_progress(void *data, const char *what, int done, int of)
{
	(void)data;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K[%d/%d] %s", done, of, what);
	else
		fprintf(stderr, "[%d/%d] %s\n", done, of, what);
}

static void
tell_remark(void *data, const char *text)
{
	(void)data;
	fprintf(stderr, "%s%s\n", isatty(STDERR_FILENO) ? "\r\033[K" : "", text);
}

int
scenario_world_start(struct scenario *s, struct err *e)
{
	int rc = drill_start(
		&(struct drill_options){
			.world = s->path,
			.variants = (const char *const *)s->variants,
			.speed = s->speed,
			.seed = s->seed,
			.progress = tell_progress,
			.remark = tell_remark,
		},
		&s->drill, e);

	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	return rc < 0 ? err_wrap(e, "the world of %s", s->spec->id) : 0;
}

void
scenario_release(struct scenario *s)
{
	drill_free(s->drill);
	world_spec_free(s->spec);
	for (size_t i = 0; s->variants && s->variants[i]; i++)
		free(s->variants[i]);
	free(s->variants);
	free(s->path);
	*s = (struct scenario){ 0 };
}
