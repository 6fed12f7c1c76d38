#ifndef LIFEBOAT_STEP_DNS_STEP_DNS_WAIT_H
#define LIFEBOAT_STEP_DNS_STEP_DNS_WAIT_H

#include <pthread.h>
#include <stdint.h>

#include "base/str.h"
#include "run/executor.h"
#include "step/dns/step_dns.h"

/*
 * dns.wait in parts: watching servers (step_dns_wait_watch.c), who is there and by when the others should be
 * (step_dns_wait_judge.c), and telling it (step_dns_wait_text.c). step_dns_wait.c puts them together.
 */

enum { WAIT_HISTORY_MAX = 32 };

/* A server began to say something else. */
struct wait_event {
	int64_t wall_ms;
	enum dns_state state;
	char *said;
};

/* What is known of one server besides its last answer. */
struct wait_server {
	enum dns_state state; /* of the last sample */
	int samples;
	int agreeing;		   /* samples with the new value, in a row up to now */
	int64_t new_ms;		   /* since when it has said nothing else; 0: it does not */
	int64_t first_new_wall_ms; /* 0: never */
	int64_t old_until_ms; /* the latest end of an old or negative answer that was seen; 0: none */
	uint32_t longest_ttl; /* of those answers */
	int64_t serial; /* of an authoritative server's zone, and how often that is renewed; -1 */
	int64_t refresh_s;
	struct wait_event history[WAIT_HISTORY_MAX];
	size_t history_count, history_left_out;
};

/* One wait. In the caller's memory. Times are monotonic where they are not called wall. */
struct wait {
	const char *name, *type, *zone;
	struct step_texts values, internal_values;
	bool authoritative_only; /* resolvers are watched, and not waited for */
	int stable;		 /* how many samples in a row make a resolver agree */
	int64_t interval_ms;
	int64_t timeout_ms; /* -1: none was given */
	int64_t old_ttl_s;  /* as given, or as the preview saw it; 0: neither */
	int64_t begin_ms;
	int64_t wall_offset_ms; /* from monotonic to wall */
	struct dns_look look;

	/* Under the lock, as long as there are threads: */
	pthread_mutex_t lock;
	struct dns_views views; /* with the last answer of each */
	struct wait_server *servers;
	int64_t unsettled_ms; /* since when the authoritative servers have not all been there */
	unsigned changes;     /* counts what is worth a new table */
	struct err fatal;     /* ERR_NONE: no thread has met what ends the wait */

	struct dns_views asking; /* each thread's own */
	struct cancel *stop;
	struct crew *crew;
	int wake_fd; /* an eventfd: something was learnt */
};

/* Where the wait stands. */
struct wait_standing {
	size_t there, required; /* servers that are there, of those that must be */
	size_t authoritative;	/* of those that must be */
	bool flipped;		/* all authoritative servers show the new value */
	int64_t flip_ms;	/* since when */
	bool old_ttl_known;	/* and not only guessed from what resolvers had left */
	int64_t old_ttl_ms;	/* how long the old answer may live in a cache; 0: unknown */
	int64_t latest_ms;	/* when the last one should be there; 0: unknown */
	int64_t deadline_ms;	/* when to give up */
	bool expired;		/* that is now */
	bool complete;		/* every server has been asked once */
	int64_t newest_serial;	/* of the authoritative servers that are there; -1: unknown */
};

int wait_init(struct wait *w, struct step_context *ctx, const struct action *action, struct err *e);
void wait_release(struct wait *w);

/* The values that one server must show. */
const struct step_texts *wait_values(const struct wait *w, const struct dns_view *view);

/* Starts a thread for each server, which asks it until wait_unwatch(). */
int wait_watch(struct wait *w, struct err *e);
void wait_unwatch(struct wait *w);
/* Takes in what a server has just said; under the lock. */
void wait_take_sample(struct wait *w, size_t i);

/* Under the lock. */
struct wait_standing wait_stand(const struct wait *w);
bool wait_is_required(const struct wait *w, size_t i);
bool wait_is_there(const struct wait *w, size_t i);
/* The state of a server's last answer, STALE included. */
enum dns_state wait_state(const struct wait *w, size_t i);
/* When its caches have lost the last old answer; 0: unknown. */
int64_t wait_old_until_ms(const struct wait *w, const struct wait_standing *standing, size_t i);

enum {
	WAIT_AUTHORITATIVE_MS = 600000, /* for secondaries to fetch the zone */
	WAIT_SPREAD_MIN_MS = 60000,	/* for resolvers, whatever the TTL */
	WAIT_GRACE_MS = 10000,
};
/* What resolvers get on top of the TTL: a moment, and the time for their samples. */
int64_t wait_grace_ms(const struct wait *w);

/* Under the lock; the texts are appended. */
void wait_rest_text(const struct wait *w, const struct wait_standing *standing, struct str *out);
void wait_progress_text(const struct wait *w, const struct wait_standing *standing,
			struct str *out);
void wait_server_text(const struct wait *w, const struct wait_standing *standing, size_t i,
		      struct str *out);
void wait_table(const struct wait *w, const struct wait_standing *standing, struct str *out);
/* "14:32:10Z"; `stamp` has room for CLOCK_STAMP_MAX. */
const char *wait_clock(const struct wait *w, int64_t mono_ms, char *stamp);
cJSON *wait_result(const struct wait *w);
int wait_give_up(const struct wait *w, const struct wait_standing *standing, struct err *e);

#endif
