#ifndef LIFEBOAT_STEP_DNS_STEP_DNS_PROVIDER_H
#define LIFEBOAT_STEP_DNS_STEP_DNS_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "run/executor.h"
#include "step/step_with.h"

/*
 * Who takes the changes of a zone: the seam between dns.update, which knows what is to become of which
 * records, and the ways to bring that about. One file and one row of step_dns_provider.c for each.
 *
 * Names are in lower case and without the final dot ("www.example.com"); values have the form of
 * dns_normalise() (names in them lower case with a final dot, TXT strings quoted), sorted, each once.
 */

/* The values of one RRset; none: there is no such RRset, and the TTL means nothing. */
struct dns_rrset {
	struct step_texts values;
	uint32_t ttl;
};

void dns_rrset_release(struct dns_rrset *rrset);
void dns_rrset_copy(const struct dns_rrset *from, struct dns_rrset *ret_copy);
/* "192.0.2.1, 192.0.2.2" or "nothing". The caller frees. */
char *dns_rrset_text(const struct dns_rrset *rrset);
/* The TTL counts, too, where there is a value. */
bool dns_rrset_equal(const struct dns_rrset *a, const struct dns_rrset *b);

/*
 * What is to become of one RRset. Where both states are equal it is a condition alone: the RRset must be
 * (or be missing) as it is, and stays so. No two changes of one set are about the same name and type.
 */
struct dns_change {
	char *name;
	char *type;	      /* "A", "AAAA", "CNAME", "TXT"; any type in a condition */
	struct dns_rrset was; /* what it must be at the moment of the change, exactly */
	struct dns_rrset becomes;
};

bool dns_change_is_condition(const struct dns_change *change);

/* Changes that happen together or not at all. In the caller's memory. */
struct dns_changes {
	struct dns_change *items;
	size_t count, cap;
};

/* What may stand beside an address, and not beside a CNAME; DNSSEC's own types may. Ends with NULL. */
extern const char *const dns_types_beside[];

/* The change of that name and type, or NULL. Borrowed. */
struct dns_change *dns_changes_find(const struct dns_changes *changes, const char *name,
				    const char *type);
void dns_changes_release(struct dns_changes *changes);

/* What one place (a name server, or the provider itself) shows of one RRset at present. */
struct dns_sighting {
	char *place;  /* "ns1.example.com (192.0.2.53:53)", "Route 53 zone Z0123" */
	char *text;   /* what it said, in one line: "192.0.2.1, TTL 300", "no answer in time" */
	char *serial; /* of the zone as it has it, or NULL */
	bool spoken; /* it knows: `rrset` is what it has. Else it was silent, or had no authority */
	struct dns_rrset rrset;
};

struct dns_sightings {
	struct dns_sighting *items;
	size_t count, cap;
};

/* Adds one, whose members are the list's from then on. */
void dns_sightings_push(struct dns_sightings *sightings, struct dns_sighting sighting);
void dns_sightings_release(struct dns_sightings *sightings);

/*
 * All run on a worker thread, may block, and return within 100 ms of ctx->cancel (ERR_CANCELLED). None
 * but send() changes anything. A session is of one call of an executor, and of one thread.
 */
struct dns_provider {
	const char *name; /* the word of the target's field `provider` */

	/*
	 * Reads the target's fields and the credentials (which it registers in ctx->secrets), and finds who
	 * takes the changes. Errors: what is missing (ERR_SPEC), who cannot be reached.
	 */
	int (*open)(struct step_context *ctx, const struct action *action, void **ret_session,
		    struct err *e);
	void (*close)(void *session);

	/* Who takes the changes, as messages call it: "192.0.2.53:53", "Route 53 zone Z0123". Borrowed. */
	const char *(*label)(const void *session);

	/*
	 * One RRset as the one who takes the changes has it now: never from a cache. An RRset that is not
	 * there is a success without values, also where the name is a CNAME and another type is asked for.
	 * Errors: it could not be read; ERR_CONFLICT: it is there, but is of a kind that values and a TTL
	 * do not describe (an alias, one of several weighted ones), so that it could not be put back.
	 */
	int (*read)(void *session, struct step_context *ctx, const char *name, const char *type,
		    struct dns_rrset *ret_rrset, struct err *e);

	/* The serial number of the zone, or whatever changes with it; NULL: unknown. The caller frees. */
	char *(*serial)(void *session, struct step_context *ctx);

	/*
	 * Whether a change of `name` in the target's zone would reach those who ask: ERR_CONFLICT where the
	 * name belongs to another zone by now. Warnings and facts go to `preview` (maybe NULL: say nothing).
	 */
	int (*check)(void *session, struct step_context *ctx, const char *name,
		     struct preview *preview, struct err *e);

	/* Lines of the preview: the request that send() would send, exactly (PREVIEW_REQUEST), and warnings. */
	void (*describe)(const void *session, const struct dns_changes *changes,
			 struct preview *preview);

	/*
	 * Makes all changes in one transaction that fails as a whole if any RRset is not as it `was`; what
	 * is removed at a name goes before what is added there (A before CNAME). Sent once, never repeated.
	 * step_begin_writing() has been called; what its own probe needs besides it puts on record by
	 * ctx->remember(). Errors: ERR_CONFLICT (an RRset is not as it was: nothing was changed), ERR_DENIED,
	 * ERR_REMOTE, ERR_NET (nothing was sent), ERR_UNKNOWN_OUTCOME (it may have been made).
	 */
	int (*send)(void *session, struct step_context *ctx, const struct dns_changes *changes,
		    struct err *e);

	/*
	 * After a send() of the same session: waits until the provider says that its servers have it. By now
	 * the change is made: an error is one that says so (ERR_TIMEOUT, ERR_UNKNOWN_OUTCOME), never "failed".
	 * NULL: the answer to send() was all there is to know.
	 */
	int (*settle)(void *session, struct step_context *ctx, struct err *e);

	/*
	 * For a probe, before look(): returns once nothing that action->evidence speaks of can still be under
	 * way, or says so in `ret_under_way` (then nothing is certain). Lines of evidence go to `probe`.
	 */
	int (*quiet)(void *session, struct step_context *ctx, const struct action *action,
		     struct probe *probe, bool *ret_under_way, struct err *e);

	/*
	 * What each place that must show a change shows of one RRset now; at least one. A place that does not
	 * answer is a sighting too. Errors: cancelled; nobody knows which places there are.
	 */
	int (*look)(void *session, struct step_context *ctx, const char *name, const char *type,
		    struct dns_sightings *ret_sightings, struct err *e);
};

/* A name in the form of this seam. NULL and ERR_SPEC where it is none. The caller frees. */
char *dns_name_plain(const char *text, struct err *e);
/* Whether a name is that of the zone, or one below it; both in the form of this seam. */
bool dns_name_is_in(const char *name, const char *zone);

/* The row for the target's `provider`; RFC 2136 where it names none. Errors: ERR_SPEC. */
int dns_provider_find(const cJSON *target_spec, const struct dns_provider **ret_provider,
		      struct err *e);

extern const struct dns_provider dns_provider_rfc2136;

#endif
