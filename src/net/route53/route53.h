#ifndef LIFEBOAT_NET_ROUTE53_ROUTE53_H
#define LIFEBOAT_NET_ROUTE53_ROUTE53_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"

/*
 * The API of Amazon Route 53, as far as records are concerned: one account, one connection. Blocking, for
 * one thread; every call returns within 100 ms of a cancel. Reads that are throttled, or fail for a moment,
 * are tried again a few times; a write is sent once. Source: Amazon Route 53 API Reference 2013-04-01.
 */
struct route53;

/* Strings are copied; NULL where not wanted. */
struct route53_options {
	const char *profile, *credentials_file; /* as in struct aws_credentials_options */
	const char *region;   /* any of a partition; NULL: the profile's, or else the public one */
	const char *endpoint; /* a URL in place of the partition's; https, but on loopback */
	const char *ca_file;  /* the sole trust; NULL: the profile's, or the system's */
	struct secrets *secrets; /* outlives the client */
};

/* Finds the credentials; asks nobody yet. Errors: those of aws_credentials_load(), ERR_SPEC. */
struct route53 *route53_new(const struct route53_options *options, const struct cancel *cancel,
			    struct err *e);
void route53_free(struct route53 *r);

/* "AKIA…WXYZ, profile dr of /home/a/.aws/credentials": who asks. Borrowed. */
const char *route53_who(const struct route53 *r);
const char *route53_endpoint(const struct route53 *r);
/* A sentence about how the credentials are kept, or NULL. Borrowed. */
const char *route53_warning(const struct route53 *r);
/* How far their clock is ahead of ours, as their answers prove; 0 where it may agree. */
enum { ROUTE53_ODD_CLOCK_MS = 60000 }; /* worth a word: requests 5 minutes off are refused */
int64_t route53_skew_ms(const struct route53 *r);

struct route53_zone {
	char *id;   /* "Z0123456789ABC" */
	char *name; /* "example.com" */
	bool is_private;
	char **name_servers; /* of its delegation set, without final dots; NULL-terminated, or NULL */
};

/*
 * The hosted zone of a name. Where `id` is given it is that one, and its name must be the same; else there
 * must be only one of that name. Errors: ERR_NOT_FOUND, ERR_SPEC (two of them: names both, asks for the
 * id; the id's zone has another name), ERR_DENIED, and those of the connection.
 */
int route53_zone_find(struct route53 *r, const char *name, const char *id,
		      const struct cancel *cancel, struct route53_zone *ret_zone, struct err *e);
void route53_zone_release(struct route53_zone *zone);

/* A record set as Route 53 spells it, so that it can be deleted by the same words. */
struct route53_rrset {
	char *name; /* "\052.example.com." */
	char *type;
	uint32_t ttl;
	char **values; /* NULL-terminated */
	size_t count;
	char *peculiarity; /* NULL: values and a TTL are all of it. Else what more it is: "an alias of x" */
};

struct route53_rrsets {
	struct route53_rrset *items;
	size_t count, cap;
};

/*
 * All record sets of one name ("*.example.com"), by pages. Errors: ERR_REMOTE where there are more than
 * 1,000, and as above.
 */
int route53_list(struct route53 *r, const struct route53_zone *zone, const char *name,
		 const struct cancel *cancel, struct route53_rrsets *ret_rrsets, struct err *e);
void route53_rrsets_release(struct route53_rrsets *rrsets);

/* One line of a batch, in Route 53's spelling. Borrows. */
struct route53_edit {
	bool removes; /* DELETE, exactly this; else CREATE, which must not be there yet */
	const char *name, *type;
	uint32_t ttl;
	const char *const *values; /* NULL-terminated */
};

/* "https://route53.amazonaws.com/2013-04-01/hostedzone/Z0123/rrset/". The caller frees. */
char *route53_change_url(const struct route53 *r, const struct route53_zone *zone);

/*
 * Makes all edits in one transaction, which fails as a whole. Sent once. *ret_change (the caller frees) is
 * what it is known by. Errors: ERR_CONFLICT (a set is not as an edit wants it), ERR_DENIED, ERR_REMOTE (it
 * was refused for another reason): nothing was changed; ERR_NET, ERR_TIMEOUT, ERR_CANCELLED, ERR_SPEC:
 * nothing was sent; ERR_UNKNOWN_OUTCOME: sent, and what came back does not say.
 */
int route53_change(struct route53 *r, const struct route53_zone *zone,
		   const struct route53_edit *edits, size_t count, const char *comment,
		   const struct cancel *cancel, char **ret_change, struct err *e);

/* Whether all name servers of Route 53 have a change. */
int route53_change_is_everywhere(struct route53 *r, const char *change, const struct cancel *cancel,
				 bool *ret_is, struct err *e);

#endif
