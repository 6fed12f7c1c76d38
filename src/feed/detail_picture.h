#ifndef LIFEBOAT_FEED_DETAIL_PICTURE_H
#define LIFEBOAT_FEED_DETAIL_PICTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "feed/detail_page.h"

/* A snapshot as its feed makes it; counted, and given back by detail_snapshot_release(). */
struct detail_picture {
	struct detail_snapshot public; /* first: what callers hold */
	atomic_uint refs;
	char *text;
	size_t text_len;
};

/* Moves the lines of a page into a picture, which counts one reference. */
struct detail_picture *detail_picture_new(struct detail_page *page);
/* Takes the names of a pod's containers over. */
void detail_picture_containers(struct detail_picture *picture, const cJSON *pod);
void detail_picture_retain(struct detail_picture *picture);
/* Whether there is nothing new in one of them. */
bool detail_picture_equal(const struct detail_picture *a, const struct detail_picture *b);

#endif
