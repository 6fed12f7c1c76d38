#ifndef LIFEBOAT_NET_ROUTE53_ROUTE53_PRIVATE_H
#define LIFEBOAT_NET_ROUTE53_ROUTE53_PRIVATE_H

#include "net/http/http.h"
#include "net/route53/aws_credentials.h"
#include "net/route53/route53.h"
#include "net/route53/route53_xml.h"
#include "net/skew.h"

/* Internal to src/net/route53*.c: one call of the API. */

/* Requests a second that an account has. Source: Amazon Route 53 Developer Guide, "Quotas". */
enum { ROUTE53_RATE = 5 };

struct route53 {
	struct aws_credentials credentials;
	char *profile, *credentials_file; /* for when they expire */
	struct secrets *secrets;
	char *endpoint;
	char *scope; /* "aws:amz:us-east-1:route53" */
	char *who;
	struct http_client *http;
	struct skew skew;
	int64_t sent_ms[ROUTE53_RATE]; /* when the last ones were, in turn; monotonic */
	size_t sent;
};

struct route53_call {
	const char *action; /* "ListResourceRecordSets" */
	const char *path;   /* below the version, with its query in alphabetical order */
	const char *body;   /* NULL: GET; else POST, a write */
	const struct cancel *cancel;
};

/* The answer's root element, which the caller frees, or NULL. Errors: as route53.h has them. */
struct xml_element *route53_call(struct route53 *r, const struct route53_call *call, struct err *e);

/*
 * What an answer that is no success says. Fills *e and returns -1; *ret_is_momentary says that the same
 * question may be asked again. */
int route53_fail(const struct route53 *r, const struct route53_call *call,
		 const struct http_response *response, bool *ret_is_momentary, struct err *e);

/* "Z0123" of "/hostedzone/Z0123" or of "Z0123". NULL: it is none. The caller frees. */
char *route53_bare_id(const char *text);

#endif
