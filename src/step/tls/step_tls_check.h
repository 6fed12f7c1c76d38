#ifndef LIFEBOAT_STEP_TLS_STEP_TLS_CHECK_H
#define LIFEBOAT_STEP_TLS_STEP_TLS_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "net/tls/tls.h"
#include "net/tls/tls_chain.h"
#include "net/tls/tls_trust.h"
#include "run/executor.h"
#include "step/step_with.h"

/* Internal to src/step/step_tls_check*.c: what is asked, what was seen, and what is said of it. */

enum { TLS_CHECK_MAX_PEM = 8 << 20 };

/* One end of a connection, as it is written. */
struct tls_endpoint {
	char *host; /* own; without brackets and final dot */
	int port;
	enum tls_start start;
};

/* Where the root to compare with comes from. */
enum tls_reference_kind {
	TLS_REFERENCE_NONE,
	TLS_REFERENCE_FILE,
	TLS_REFERENCE_PEM,
	TLS_REFERENCE_SERVER,
	TLS_REFERENCE_SECRET,
};

struct tls_reference {
	enum tls_reference_kind kind;
	char *label;		       /* own: "the file /backup/ca.pem" */
	const char *file, *pem;	       /* of these two kinds; borrowed */
	struct tls_endpoint server;    /* of this one */
	const char *secret, *key, *ns; /* of the last; ns NULL: the target's */
	STACK_OF(X509) *certificates;  /* own; once it was read */
};

/* The arguments, read and checked. In the caller's memory; strings not listed as own are borrowed. */
struct tls_check {
	struct step_context *ctx;
	const struct action *action;
	struct tls_endpoint server;
	char *name;		   /* own: what the certificate must be for */
	struct step_texts resolve; /* addresses or names to connect to, or none */
	bool all;		   /* every address, not the first that answers */
	struct step_texts names, pins;
	struct tls_reference reference;
	char *trust_label; /* own: "the file /backup/ca.pem" */
	struct tls_trust
		*trust; /* own; NULL until the reference was read, where that is the trust */
	bool trusts_reference;
	char *client_certificate_pem, *client_key_pem; /* own */
	int64_t valid_for_ms, timeout_ms;
};

/* Reads all files. To be released either way. Errors: ERR_SPEC, and those of the files. */
int tls_check_init(struct tls_check *c, struct step_context *ctx, const struct action *action,
		   struct err *e);
void tls_check_release(struct tls_check *c);
/* "tsb.example.com:443". The caller frees. */
char *tls_endpoint_text(const struct tls_endpoint *endpoint);
int tls_endpoint_parse(const char *text, enum tls_start start, struct tls_endpoint *ret_endpoint,
		       struct err *e);

/* One address, and what came of it. */
struct tls_look {
	char *where; /* "203.0.113.10:443" */
	struct tls_session session;
	struct err failure;	/* kind ERR_NONE: the handshake was good */
	struct tls_chain chain; /* empty where the server sent no certificate */
	X509 *root;		/* own; that the chain leads to, or NULL */
	const char *likeness;	/* to the root it is compared with, or NULL */
};

struct tls_looks {
	struct tls_look *items;
	size_t count, cap;
};

void tls_looks_release(struct tls_looks *looks);

/*
 * Looks at the first address of an endpoint that answers, or at all of them. -1: no address could be found,
 * or a cancel; failures of one address are in its look.
 */
int tls_check_look(const struct tls_check *c, const struct tls_endpoint *endpoint,
		   const struct step_texts *resolve, bool all, const struct tls_demands *demands,
		   struct tls_looks *looks, struct err *e);

/* Reads `same_root_as`, of which nobody is asked yet. Errors: ERR_SPEC. */
int tls_reference_init(struct tls_check *c, const cJSON *value, struct err *e);
void tls_reference_release(struct tls_reference *reference);
/* Reads it, and makes it the trust where no other was given. */
int tls_reference_read(struct tls_check *c, struct err *e);
/* Adds what the comparison says to the look's findings. */
void tls_reference_judge(const struct tls_check *c, struct tls_look *look);
void tls_pins_judge(const struct tls_check *c, struct tls_look *look);

/* All that was seen, on the output. */
void tls_report_output(const struct tls_check *c, const struct tls_looks *looks);
/* 0 where nothing is wrong, or else every problem in one message. */
int tls_report_verdict(const struct tls_check *c, const struct tls_looks *looks, struct err *e);
cJSON *tls_report_result(const struct tls_check *c, const struct tls_looks *looks);

#endif
