#ifndef LIFEBOAT_WORLD_PART_PARTS_INTERNAL_H
#define LIFEBOAT_WORLD_PART_PARTS_INTERNAL_H

#include <pthread.h>

#include "world/part/part_loop.h"
#include "world/part/part_process.h"
#include "world/part/parts.h"

/* What the files of the parts share. */

struct part_database;
struct part_zone;
struct part_site;
struct part_asker;
struct part_key;

struct parts {
	struct parts_options options; /* its strings are ours */
	struct part_loop *loop;
	struct part_asker *asker; /* asks databases for the sites */
	pthread_mutex_t lock;	  /* of the lists; what is in them stays until the end */
	struct part_database *databases;
	struct part_zone *zones;
	struct part_site *sites;
	struct part_key *keys; /* of zones, by their names */
};

/* The address of an element: `address` is its last byte, or the whole. The caller frees. Errors: ERR_SPEC. */
int parts_address(const struct parts *parts, const cJSON *element, char **ret_address,
		  struct err *e);
/* A folder of the world's folder, made with those above it, 0700, and given to the user (or NULL). The caller frees. */
int parts_make_folder(const struct parts *parts, const char *name, const struct part_user *user,
		      char **ret_path, struct err *e);
/* The file in the world's folder log/ for a server. The caller frees. */
char *parts_log_path(const struct parts *parts, const char *name);
/* Starts a server, with the parts' callbacks and log; fills in the rest of the options. */
int parts_start_process(struct parts *parts, struct part_process_options *options,
			struct part_process **ret_process, struct err *e);
/* A certificate of the authority of that name (NULL: the world's own) for these names. The caller frees both. */
int parts_issue(const struct parts *parts, const char *authority, const char *const *names,
		char **ret_chain, char **ret_key, struct err *e);

/* So many random bytes as hexadecimal digits. The caller frees. */
char *parts_secret(size_t bytes);

#endif
