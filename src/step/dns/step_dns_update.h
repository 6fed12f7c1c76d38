#ifndef LIFEBOAT_STEP_DNS_STEP_DNS_UPDATE_H
#define LIFEBOAT_STEP_DNS_STEP_DNS_UPDATE_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "run/executor.h"
#include "step/dns/step_dns_provider.h"

/* Internal to dns.update: what is to become of which records, and looking whether it has. */

enum { DNS_UPDATE_DEFAULT_TTL = 60, DNS_UPDATE_MAX_TTL = 7 * 86400 };

#define DNS_UPDATE_AUTO "auto" /* the type that is A, AAAA or CNAME as the values are */

/* An update, and the state of things before it. In the caller's memory. */
struct dns_plan {
	char *what; /* "dns.update www.example.com A", for messages */
	char *zone;
	const struct dns_provider *provider;
	void *session;
	const char *label; /* of who takes the changes; the session's */
	struct dns_changes changes;
	bool back; /* to what the records were before the step */
};

/* Reads the action's arguments, and opens the provider. Released after an error, too. */
int dns_plan_open(struct dns_plan *p, struct step_context *ctx, const struct action *action,
		  struct err *e);
void dns_plan_release(struct dns_plan *p);
/* Sees to it that all names can be changed where we are, and reads what each RRset is at present. */
int dns_plan_read(struct dns_plan *p, struct step_context *ctx, struct preview *preview,
		  struct err *e);
/* Whether there is anything to be sent. */
bool dns_plan_changes_anything(const struct dns_plan *p);
/*
 * Sends it, looks whether it is there, and waits for the provider. A conflict names what is not as it was.
 * The caller has called step_begin_writing().
 */
int dns_plan_send(struct dns_plan *p, struct step_context *ctx, struct err *e);

/*
 * The RRsets that the arguments speak of, each as it `becomes`, by what stands under `member` ("values",
 * "expected"); records without it are left out. Errors: ERR_SPEC.
 */
int dns_wish_load(const struct action *action, const char *member, struct dns_changes *ret_changes,
		  struct err *e);
/* "dns.update www.example.com A", "dns.update of 3 records". The caller frees. */
char *dns_wish_describe(const struct action *action);

/* Refuses what a name server would pass over in silence: a CNAME beside anything else. ERR_CONFLICT. */
int dns_plan_check_rules(const struct dns_plan *p, struct step_context *ctx, struct err *e);

/* {records: [{name, type, values, ttl}]}, as they were or become. Besides, where all are of one name, its values and ttl. */
cJSON *dns_plan_json(const struct dns_plan *p, bool becomes);
/* The records of such an object, each as it `becomes`. Errors: ERR_SPEC. */
int dns_plan_load_json(const cJSON *object, struct dns_changes *ret_changes, struct err *e);
/* What a preview remembers: the same of what they are, with the zone's serial. */
cJSON *dns_plan_seen(const struct dns_plan *p, struct step_context *ctx);

/* The lines of a preview: - old and + new, the request, and who has what at present. */
void dns_plan_show(const struct dns_plan *p, struct preview *preview);
int dns_plan_show_places(const struct dns_plan *p, struct step_context *ctx,
			 const struct action *action, struct preview *preview, struct err *e);
/* "www.example.com A at 192.0.2.53:53: 192.0.2.1 -> 192.0.2.2, TTL 60", to the step's output. */
void dns_plan_report(const struct dns_plan *p, struct step_context *ctx);

/* Who keeps the records as they are, by the marks that such programs leave: a sentence's part, or NULL. The caller frees. */
int dns_plan_owner(const struct dns_plan *p, struct step_context *ctx, char **ret_owner,
		   struct err *e);
/* Looks for that long whether somebody undoes what was done. `owner` may be NULL. ERR_CONFLICT where one does. */
int dns_plan_watch(const struct dns_plan *p, struct step_context *ctx, int64_t watch_ms,
		   const char *owner, int64_t *ret_watched_ms, struct err *e);

/* Turns the changes round: from now on they lead to the records of `before`. Those must be what the step changed. */
int dns_plan_turn(struct dns_plan *p, const cJSON *before, struct err *e);
int dns_update_probe(struct step_context *ctx, const struct action *action, struct probe *probe,
		     enum probe_verdict *ret_verdict, struct err *e);
int dns_update_undo_preview(struct step_context *ctx, const struct action *action,
			    const cJSON *before, struct preview *preview, struct err *e);
int dns_update_undo(struct step_context *ctx, const struct action *action, const cJSON *before,
		    struct err *e);
int dns_update_undo_probe(struct step_context *ctx, const struct action *action,
			  const cJSON *before, struct probe *probe, enum probe_verdict *ret_verdict,
			  struct err *e);

#endif
