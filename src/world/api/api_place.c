#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "world/api/api.h"

/*
 * What a path says:
 *   /api/v1/namespaces/NS/pods/NAME/log        /apis/apps/v1/deployments
 *   /api/v1/namespaces/NS                      /api/v1/namespaces/NS/finalize
 */

enum { WORDS_MAX = 9 };

/* The words between the slashes; a slash at the end makes no word. Returns their number; WORDS_MAX + 1: too many. */
static size_t
split(const char *path, char *words[WORDS_MAX])
{
	size_t count = 0;

	while (*path == '/') {
		size_t len = strcspn(++path, "/");

		if (!len && !path[len])
			break;
		if (count == WORDS_MAX)
			return WORDS_MAX + 1;
		words[count++] = xstrndup(path, len);
		path += len;
	}
	return count;
}

/* Namespaces have these of their own; any other word there is a resource in the namespace. */
static bool
is_of_namespace(const char *word)
{
	return strcmp(word, "finalize") == 0 || strcmp(word, "status") == 0;
}

static char *
take(char *words[], size_t count, size_t at)
{
	if (at >= count)
		return xstrdup("");
	char *word = words[at];
	words[at] = NULL;
	return word;
}

static void
parse_words(struct api_place *place, char *words[], size_t count)
{
	size_t at = strcmp(words[0], "api") == 0 ? 1 : 2;

	place->group = at == 1 ? xstrdup("") : take(words, count, 1);
	place->version = take(words, count, at++);
	bool inside = count > at + 2 && strcmp(words[at], "namespaces") == 0 &&
		      !(count == at + 3 && is_of_namespace(words[at + 2]));
	place->ns = inside ? take(words, count, at + 1) : xstrdup("");
	at += inside ? 2 : 0;
	place->resource = take(words, count, at);
	place->name = take(words, count, at + 1);
	place->subresource = take(words, count, at + 2);
	place->is_resource = *place->resource;
	if (count <= at + 3)
		return;
	char *deep = xasprintf("%s/%s", place->subresource, words[at + 3]); /* nothing has such */
	free(place->subresource);
	place->subresource = deep;
}

void
api_place_parse(struct api_place *place, const char *path, struct kinds *kinds)
{
	char *words[WORDS_MAX] = { NULL };
	size_t count = split(path, words);

	*place = (struct api_place){ .is_resource = false };
	if (count <= WORDS_MAX && ((count >= 3 && strcmp(words[0], "api") == 0) ||
				   (count >= 4 && strcmp(words[0], "apis") == 0)))
		parse_words(place, words, count);
	for (size_t i = 0; i < WORDS_MAX; i++)
		free(words[i]);
	if (place->is_resource)
		place->kind =
			kinds_by_resource(kinds, place->group, place->version, place->resource);
}

void
api_place_release(struct api_place *place)
{
	free(place->group);
	free(place->version);
	free(place->resource);
	free(place->ns);
	free(place->name);
	free(place->subresource);
}
