#ifndef LIFEBOAT_TESTS_FIXTURE_POSTGRES_TLS_H
#define LIFEBOAT_TESTS_FIXTURE_POSTGRES_TLS_H

/* Certificates of an authority, and a PostgreSQL that shows one of them. */

#include "fixture_chain.h"
#include "fixture_postgres.h"

struct fixture_issuer {
	struct link link;
	char *path; /* of its certificate */
};

static inline void
fixture_issuer_init(struct fixture_issuer *issuer, const char *folder, const char *name)
{
	issuer->link = link_new(NULL, &(struct link_options){ .name = name, .is_ca = true });
	char *pem = links_pem(LINKS(&issuer->link));

	issuer->path = fixture_write(folder, name, pem);
	free(pem);
}

static inline void
fixture_issuer_release(struct fixture_issuer *issuer)
{
	link_free(&issuer->link);
	free(issuer->path);
}

/* `names` as in openssl's subjectAltName ("DNS:db,IP:127.0.0.1"), or NULL. */
static inline struct fixture_pair
fixture_issue(const struct fixture_issuer *issuer, const char *name, const char *names,
	      long until_s)
{
	struct link link = link_new(&issuer->link, &(struct link_options){ .name = name,
									   .alternatives = names,
									   .from_s = -7200,
									   .until_s = until_s });
	struct fixture_pair pair = { links_pem(LINKS(&link)), link_key_pem(&link) };

	link_free(&link);
	return pair;
}

/* Writes a pair into a folder, for those whom the folder belongs to. */
static inline void
postgres_write_pair(const char *folder, const char *name, const struct fixture_pair *pair)
{
	char *names[2] = { xasprintf("%s.crt", name), xasprintf("%s.key", name) };
	const char *texts[2] = { pair->certificate, pair->key };

	for (int i = 0; i < 2; i++) {
		char *path = fixture_write(folder, names[i], texts[i]);

		chmod(path, 0600);
		fixture_give(path);
		free(path);
		free(names[i]);
	}
}

/* What the server shows from the next connections on; TLS is switched on with the first. */
static inline void
fixture_postgres_show(const struct fixture_postgres *p, const struct fixture_pair *pair)
{
	char *data = xasprintf("%s/data", p->folder);

	postgres_write_pair(data, "server", pair);
	fixture_postgres_set(p, "ssl = on\n");
	free(data);
}

#endif
