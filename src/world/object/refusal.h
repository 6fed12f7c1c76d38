#ifndef LIFEBOAT_WORLD_OBJECT_REFUSAL_H
#define LIFEBOAT_WORLD_OBJECT_REFUSAL_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/*
 * What an API server says no with: the contents of a Status object. In the caller's memory; set once, and only where
 * a call failed (-1). Source: k8s.io/apimachinery, pkg/api/errors.
 */
struct refusal {
	int code;	    /* 404, 409, 422 …; 0: none */
	const char *reason; /* "NotFound", "AlreadyExists", "Conflict", "Invalid" …; static */
	char *message;
	cJSON *details; /* {name, group, kind, causes: [{reason, message, field}], retryAfterSeconds}, or NULL */
};

#define REFUSAL_INIT                                                                               \
	{                                                                                          \
		.code = 0                                                                          \
	}

void refusal_release(struct refusal *r);

/* Returns -1, so that a function can end with it. What was set before is replaced. */
int refuse(struct refusal *r, int code, const char *reason, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* `pods "x" not found`, `deployments.apps "x" already exists` and the like, with their details. `resource` and `group` as in URLs. */
int refuse_not_found(struct refusal *r, const char *group, const char *resource, const char *name);
int refuse_exists(struct refusal *r, const char *group, const char *resource, const char *name);
int refuse_conflict(struct refusal *r, const char *group, const char *resource, const char *name,
		    const char *why);
/* 422: adds one cause; the message is made of all of them. `kind` as in objects: "Pod"; "" where the server names none. */
int refuse_invalid(struct refusal *r, const char *group, const char *kind, const char *name,
		   const char *field, const char *format, ...)
	__attribute__((format(printf, 6, 7)));
int refuse_bad_request(struct refusal *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The Status object. The caller deletes. */
cJSON *refusal_status(const struct refusal *r);

#endif
