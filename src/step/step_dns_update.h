#ifndef LIFEBOAT_STEP_STEP_DNS_UPDATE_H
#define LIFEBOAT_STEP_STEP_DNS_UPDATE_H

#include "step/step_dns.h"

/* Internal to dns.update: a change of a record, and looking whether it was made. */

/* An update about to be made, and the state before it. In the caller's memory. */
struct dns_change {
	const char *zone, *name, *type;
	uint32_t ttl;
	struct step_texts values;   /* what it will be */
	struct step_texts expected; /* the prerequisite */
	struct step_texts present;  /* what the server has now */
	uint32_t present_ttl;
	struct dns_views primary; /* the one server that takes updates */
	struct dns_key key;
	bool has_key;
	bool back; /* to what the record was before the step */
};

/* Reads the action's arguments, its key, and what the server has. Released after an error, too. */
int dns_change_init(struct dns_change *c, struct step_context *ctx, const struct action *action,
		    struct err *e);
void dns_change_release(struct dns_change *c);

/* Lines of a preview: - old and + new, the request, and who has what at present. */
void dns_change_show(struct preview *preview, const struct dns_change *c);
void dns_change_show_request(struct preview *preview, const struct dns_change *c);
int dns_change_show_servers(struct preview *preview, const struct dns_change *c,
			    struct step_context *ctx, const struct action *action, struct err *e);
/* What a preview remembers: {values, ttl, serial} as they are. The caller deletes it. */
cJSON *dns_change_seen(const struct dns_change *c, struct step_context *ctx);
/* The serial of the zone as a server has it, or "?". The caller frees. */
char *dns_change_serial(const struct dns_change *c, const struct dns_view *view,
			struct step_context *ctx);

int dns_change_send(const struct dns_change *c, struct step_context *ctx, struct err *e);
/* The server said yes; a look shows whether it also did it. A failure to look changes nothing. */
int dns_change_confirm(struct dns_change *c, struct step_context *ctx, struct err *e);
void dns_change_report(struct step_context *ctx, const struct dns_change *c, const char *before);

/* From now on the change is the one back, to what the record was; that replaces its values. */
int dns_change_turn(struct dns_change *c, const cJSON *before, struct err *e);
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
