#ifndef LIFEBOAT_WORLD_API_AUTHORITY_H
#define LIFEBOAT_WORLD_API_AUTHORITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* A certificate authority of a world, with a key that exists only while the world does. P-256. Any thread once made. */
struct authority;

/* A root. `name` is its common name: two roots may have the same. */
struct authority *authority_new(const char *name, struct err *e);
/* One that signs for a root. */
struct authority *authority_intermediate(const struct authority *root, const char *name,
					 struct err *e);
void authority_free(struct authority *a);

/* The certificate; of an intermediate with those above it. Borrowed. */
const char *authority_pem(const struct authority *a);
/* The key, for the backup folder of the world. Borrowed. */
const char *authority_key_pem(const struct authority *a);

/* What a certificate is for. */
struct authority_request {
	const char *common_name;
	const char *const *organisations; /* groups of a client; end with NULL; or NULL */
	const char *const *names; /* DNS names and addresses of a server; end with NULL; or NULL */
	int64_t valid_from_s,
		valid_s; /* from now (may be negative), and for how long; 0: a day before, 30 days */
	bool client;	 /* for a client, else a server */
};

/* A certificate with its chain, and its key, as PEM. The caller frees both. */
int authority_issue(const struct authority *a, const struct authority_request *request,
		    char **ret_certificate, char **ret_key, struct err *e);

#endif
