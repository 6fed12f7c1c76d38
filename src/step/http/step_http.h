#ifndef LIFEBOAT_STEP_HTTP_STEP_HTTP_H
#define LIFEBOAT_STEP_HTTP_STEP_HTTP_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "net/http/http.h"
#include "net/http/http_follow.h"
#include "run/executor.h"
#include "step/step_with.h"

/* Internal to http.check: the request as it will be sent, the answer, and how it is judged. */

struct http_trouble;

/* `with:` of http.check. */
extern const struct field http_check_fields[];

/* A request as it will be sent. In the caller's memory; what is not marked as own is borrowed from the action. */
struct http_check {
	const struct action *action;
	enum step_effect effect;
	const char *method;
	char *url;		   /* own, as are the next ones */
	char *shown_url;	   /* without user and password */
	struct step_texts headers; /* "Name: value" as libcurl takes it; "Name;" for an empty one */
	struct step_texts resolve; /* "host:port:address" */
	struct step_texts connect_to; /* "host:port:address:port", or without both ports */
	struct step_texts ways;	      /* both in words */
	struct str body;
	bool has_body;
	char *ca_pem, *cert_pem, *key_pem;
	char *proxy;	    /* "": none */
	char *proxy_why;    /* what decided that: "HTTPS_PROXY", "`proxy`"; NULL: nothing did */
	bool has_own_proxy; /* it is not for the environment to say */
	char *identity;	    /* who we are to the server: "as user admin" */
	const char *user, *password;
	bool has_bearer;
	const char *body_file, *ca_file, *cert_file;
	const char *ca_place; /* where ca_pem comes from; NULL: the system's store counts */
};

extern const char http_key_header[]; /* "Idempotency-Key" */

/*
 * Makes the request of an action: reads its files, and registers its secrets. Contacts nobody. The caller
 * releases it also on failure.
 */
int http_check_init(struct http_check *c, struct step_context *ctx, const struct action *action,
		    struct err *e);
void http_check_release(struct http_check *c);
bool http_check_writes(const struct http_check *c);
/* The value of a header that is sent, or NULL. Borrowed. */
const char *http_check_header(const struct http_check *c, const char *name);
/* Who is named by a DELETE: the last word of the path, or the host. The caller frees. */
char *http_check_object(const struct http_check *c);
/* What the preview shows of it; secrets are hidden already. */
void http_check_describe(const struct http_check *c, struct step_context *ctx,
			 struct preview *preview);

/* The danger of a request by its method; for a step_type. `with` is not NULL. */
enum step_effect http_check_effect(const cJSON *with);

/* What came back. In the caller's memory, zeroed at first. */
struct http_answer {
	struct http_response response;
	struct http_trail trail;
	struct str text;     /* the body in UTF-8, as far as its charset is known; not sanitised */
	const char *charset; /* "" or what stands in the way of that; static */
	cJSON *json;	     /* or NULL */
	struct err json_error;
	int json_line, json_column; /* of that error */
};

/* Fills text and json from the response. */
void http_answer_read(struct http_answer *a);
void http_answer_release(struct http_answer *a);
/* The body for people and for outputs: so many bytes at most, valid and harmless. The caller frees. */
char *http_answer_text(const struct http_answer *a, size_t most);
/* Milliseconds until the server's certificate expires; false where there is none. */
bool http_answer_validity(const struct http_answer *a, int64_t *ret_left_ms);

/* One expectation, and what became of it. */
struct http_finding {
	char *what, *expected; /* "status", "200 to 299" */
	char *actual;	       /* "503"; NULL before there is an answer */
	char *failure;	       /* a sentence's part; NULL: it held */
};

struct http_findings {
	struct http_finding *items;
	size_t count, cap;
};

/*
 * Judges the answer by every expectation of `with`; `answer` NULL: only says what is expected. -1: an
 * expectation is unusable (ERR_SPEC). The caller releases the findings in any case.
 */
int http_judge(struct step_context *ctx, const cJSON *with, const struct http_answer *answer,
	       struct http_findings *findings, struct err *e);
void http_findings_release(struct http_findings *f);

/* Tells the answer, line by line, and each expectation with what was found. */
void http_output(struct step_context *ctx, const struct http_check *c, const struct http_answer *a,
		 const struct http_findings *findings);
/* What outputs and expect see. */
cJSON *http_result(const struct http_answer *a);
/* 0, or ERR_CHECK with every expectation that failed, and what to do. */
int http_verdict(const struct http_check *c, const struct http_answer *a,
		 const struct http_findings *findings, struct err *e);

/* Adds to the error of a failed exchange what to do about it. */
void http_explain_trouble(const struct http_check *c, const struct http_trouble *trouble,
			  const struct http_trail *trail, struct err *e);
/* Adds what to do about a status that was not expected. */
void http_explain_status(const struct http_check *c, const struct http_answer *a, struct err *e);

#endif
