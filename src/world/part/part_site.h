#ifndef LIFEBOAT_WORLD_PART_PART_SITE_H
#define LIFEBOAT_WORLD_PART_PART_SITE_H

#include <cjson/cJSON.h>

#include "base/err.h"

/* A web site of a world: element of the world file's `sites`. See parts_site(). */
struct part_site;
struct parts;

int part_site_change(struct parts *parts, const cJSON *change, struct err *e);
/* Closes it and all after it, and frees them. For parts_free(). */
void part_sites_free(struct part_site *site);

#endif
