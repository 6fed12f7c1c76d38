#ifndef LIFEBOAT_WORLD_API_API_H
#define LIFEBOAT_WORLD_API_API_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "world/api/cluster.h"

/*
 * Requests to one cluster's API server, from URL to store and back; nothing of sockets. A request belongs to the thread
 * that answers it. Source: k8s.io/apiserver, pkg/endpoints and pkg/registry/generic.
 */

/* What the path says. Texts are the request's; "" where the path has none. */
struct api_place {
	bool is_resource; /* below /api/VERSION or /apis/GROUP/VERSION, with a resource */
	char *group, *version, *resource, *ns, *name, *subresource;
	const struct kind *kind; /* NULL: there is none of these names */
};

struct api_request {
	struct cluster *cluster;
	const struct caller *caller;
	const struct caller
		*as;	    /* whom he wants to be, as he names him (Impersonate-User), or NULL */
	const char *method; /* "GET" */
	const char *path;   /* decoded */
	const cJSON *query; /* {name: text}; of one that comes twice the first */
	/* Headers; "" where there is none. */
	const char *accept, *content_type, *user_agent;
	const char *body;
	size_t body_len;
	struct api_place place;
};

struct api_stream;

/* What is answered. In the caller's memory. */
struct api_answer {
	int code;
	const char *type; /* Content-Type; static */
	struct str body;
	cJSON *warnings; /* texts of Warning headers, or NULL */
	int retry_after_s;
	struct api_stream *stream; /* what goes on behind the body, or NULL; owned */
};

#define API_ANSWER_INIT                                                                            \
	{                                                                                          \
		.code = 200, .type = "application/json"                                            \
	}

void api_answer_release(struct api_answer *answer);

/* An answer that goes on: events of a watch, lines of a log. */
struct api_stream {
	/*
	 * Appends what comes next; it may wait on the condition variables of the cluster's store or logs, and returns with
	 * nothing where these are woken. -1: the end. One thread at a time.
	 */
	int (*next)(struct api_stream *stream, struct str *out);
	void (*free)(struct api_stream *stream);
};

/* Answers one request: who asks is known, whether he may is asked here. */
void api_handle(struct api_request *request, struct api_answer *answer);

/* ---- what the parts of it share ---- */

void api_place_parse(struct api_place *place, const char *path, struct kinds *kinds);
void api_place_release(struct api_place *place);

/* A parameter of the query; NULL: it is not there, or empty. */
const char *api_query(const struct api_request *request, const char *name);
bool api_query_bool(const struct api_request *request, const char *name);
/* `otherwise` where it is not there. -1: 400, it is no number. */
int api_query_int(const struct api_request *request, const char *name, int64_t otherwise,
		  int64_t *ret, struct refusal *r);
/* A resource version; 0: it is not there, or "0". */
int api_query_version(const struct api_request *request, uint64_t *ret, struct refusal *r);

/* How objects are wanted. */
enum api_form { API_OBJECT, API_TABLE, API_METADATA, API_FORMS };
/* From the Accept header: the first that we have. -1: 406. */
int api_form(const struct api_request *request, enum api_form *ret, struct refusal *r);

void api_answer_json(struct api_answer *answer, int code, const cJSON *value);
void api_answer_refusal(struct api_answer *answer, const struct refusal *r);
void api_answer_text(struct api_answer *answer, int code, const char *text);
/* One object as it is wanted. */
void api_answer_object(const struct api_request *request, struct api_answer *answer, int code,
		       const struct stored *stored);
/* A Status of success about an object. */
void api_answer_success(struct api_answer *answer, int code, const struct kind *kind,
			const struct stored *about);
void api_warn(struct api_answer *answer, const char *text);

/* The tree of an object in a kind's version: the stored one, or *ret_made, which the caller deletes (NULL: nothing was made). */
const cJSON *api_in_version(const struct kind *kind, const struct stored *stored, cJSON **ret_made);
/* A Table of them, in the version that is asked for. The caller deletes. */
cJSON *api_table(const struct api_request *request, const struct stored *const *items, size_t count,
		 bool headers);

/* 405; 404 of what is no path of ours. */
int api_refuse_method(struct refusal *r);
int api_refuse_path(struct refusal *r);
/* 422 of a parameter: `options` is "ListOptions" and the like. */
int api_refuse_option(struct refusal *r, const char *options, const char *field,
		      const char *message);

/* The body as JSON or YAML, by its type. -1: 400 or 415. The caller deletes. */
int api_body(const struct api_request *request, cJSON **ret, struct refusal *r);
/* An object of the request's kind in the body, whose place agrees with the URL's. -1: 400. */
int api_body_object(const struct api_request *request, cJSON **ret, struct refusal *r);
/* Whether an object is one of the request's kind, namespace and name; where it says nothing, that is filled in. */
int api_check_object(const struct api_request *request, cJSON *object, struct refusal *r);

enum { API_TRIES_MAX = 100 }; /* where others write between reading and writing */

/* What all writes have in common. */
struct api_write {
	struct store_write how;
	const char *manager; /* fieldManager, or the first word of the user agent */
	char *manager_own;   /* what of that is ours */
	char now[32];
};
int api_write_begin(const struct api_request *request, const char *options, struct api_write *write,
		    struct refusal *r);
void api_write_release(struct api_write *write);
/* Defaults and checks of an object that is about to be written in the request's version; `before` NULL: it is new. */
int api_admit(const struct api_request *request, const cJSON *before, cJSON *object,
	      struct refusal *r);
/* The same of something new, with what is wrong with its name among all that is wrong. */
int api_admit_new(const struct api_request *request, cJSON *object, struct refusal *r);
/* Takes out of something new what its writer has no say in. */
void api_drop_ours(const struct kind *kind, cJSON *object);
/* fieldValidation: warnings into the answer, or 400. */
int api_validate_fields(const struct api_request *request, const cJSON *object,
			struct api_answer *answer, struct refusal *r);
/*
 * Writes `object` (of the request's version; takes ownership) in the place of `before`, with the fields' owner, unless
 * `apply` has seen to that.
 */
int api_replace(const struct api_request *request, const struct api_write *write,
		const struct stored *before, cJSON *object, bool tracked, const struct stored **ret,
		struct refusal *r);

/* The verbs. -1: the refusal is the answer. */
typedef int api_verb(struct api_request *request, struct api_answer *answer, struct refusal *r);
api_verb api_get, api_list, api_watch, api_create, api_update, api_patch, api_delete,
	api_delete_collection;
/* The subresources, by any method. */
api_verb api_scale, api_log, api_eviction, api_token, api_binding, api_finalize, api_inside;
/* Paths without a resource: /version, /healthz, discovery, schemas. */
api_verb api_path;

/* The objects of a list as they were at a version; at 0 as they are now. -1: 410. The caller drops each and frees the array. */
int api_snapshot(struct store *store, const struct kind *kind, const char *ns, uint64_t version,
		 const struct stored ***ret_items, size_t *ret_count, uint64_t *ret_version,
		 struct refusal *r);
void api_drop_items(const struct stored **items, size_t count);
/* The selectors of a request; NULL each: all. The caller frees both. */
struct selector;
int api_selectors(const struct api_request *request, struct selector **ret_labels,
		  struct selector **ret_fields, struct refusal *r);
/* Whether they select an object as it is in the kind's version. */
bool api_selects(const struct kind *kind, const struct selector *labels,
		 const struct selector *fields, const struct stored *stored);

/* What a deletion is asked with, of body and query. *ret_options holds the texts; the caller deletes. */
int api_delete_options(const struct api_request *request, struct store_write *how,
		       cJSON **ret_options, struct refusal *r);

/* A definition that is about to be written: its defaults, and of a new one conditions and finalizer. -1: 422. */
int api_definition_admit(struct cluster *cluster, const cJSON *before, cJSON *object,
			 struct refusal *r);
/*
 * What follows from a change in the store, as store_listen() tells it: a definition's kinds are served, or no more; its
 * objects go with it, and it goes with the last of them.
 */
void api_definition_follow(void *cluster, enum store_event_type type, const struct stored *stored);

#endif
