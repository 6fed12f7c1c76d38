#include "config.h"

#include "cli/anchors.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "cli/anchor_places.h"

/* The kinds of places, by what an operator's word begins with. */
static const struct {
	const char *name;
	int (*open)(const char *rest, struct secrets *secrets, struct anchor_place *ret_place,
		    struct err *e);
} kinds[] = {
	{ "postgresql", anchor_postgresql_open },
	{ "syslog", anchor_syslog_open },
};

bool
anchor_place_is_known(const char *word)
{
	size_t len = strcspn(word, ":");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i].name) == len && strncmp(kinds[i].name, word, len) == 0)
			return true;
	return false;
}

struct places {
	struct anchor_place *items;
	size_t count, cap;
	struct secrets *secrets;
};

static void
places_release(struct places *places)
{
	for (size_t i = 0; i < places->count; i++) {
		places->items[i].close(places->items[i].data);
		free(places->items[i].name);
	}
	free(places->items);
}

/* "syslog", "postgresql:service=evidence" */
static int
add(struct places *places, const char *word, struct err *e)
{
	size_t len = strcspn(word, ":");
	struct anchor_place place;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strlen(kinds[i].name) != len || strncmp(word, kinds[i].name, len) != 0)
			continue;
		if (kinds[i].open(word[len] ? word + len + 1 : NULL, places->secrets, &place, e) <
		    0)
			return err_wrap(e, "--anchor %s", kinds[i].name);
		*VEC_PUSH(places->items, places->count, places->cap) = place;
		return 0;
	}
	return err_set(e, ERR_USAGE,
		       "--anchor %.*s is not known: it is syslog or postgresql:CONNINFO", (int)len,
		       word);
}

static int
add_environment(struct places *places, struct err *e)
{
	const char *list = getenv("LIFEBOAT_ANCHORS");
	char *copy = xstrdup(list ? list : ""), *rest = copy, *word;
	int rc = 0;

	while (rc == 0 && (word = strsep(&rest, " \t\n")))
		if (*word)
			rc = add(places, word, e);
	free(copy);
	return rc < 0 ? err_wrap(e, "LIFEBOAT_ANCHORS") : 0;
}

int
anchor_places_open(const char *const *words, struct secrets *secrets,
		   struct anchor_place **ret_places, size_t *ret_count, struct err *e)
{
	struct places places = { .secrets = secrets };
	int rc = 0;

	for (; rc == 0 && *words; words++)
		rc = add(&places, *words, e);
	if (rc == 0)
		rc = add_environment(&places, e);
	if (rc < 0) {
		places_release(&places);
		return -1;
	}
	*ret_places = places.items;
	*ret_count = places.count;
	return 0;
}
