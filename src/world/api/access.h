#ifndef LIFEBOAT_WORLD_API_ACCESS_H
#define LIFEBOAT_WORLD_API_ACCESS_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "world/object/refusal.h"
#include "world/object/store.h"

/* Who somebody is. In the caller's memory. */
struct caller {
	char *user; /* "ana@example.com", "system:serviceaccount:tsb:default", "system:anonymous" */
	char **groups; /* end with NULL */
};
void caller_release(struct caller *c);
void caller_copy(const struct caller *from, struct caller *ret_caller);
/* Of system:anonymous. */
void caller_anonymous(struct caller *ret_caller);
/* Of a service account, with the groups of all of them, of its namespace's, and of all who are known. */
void caller_account(const char *ns, const char *name, struct caller *ret_caller);
/*
 * Of one whom another wants to be, by the user and groups that he names: with those that such a user is always in.
 * Source: kubernetes.io, "User impersonation".
 */
void caller_named(const struct caller *named, struct caller *ret_caller);
/* Whether it is a service account's; *ret_ns (the caller frees) and *ret_name (the user's) are its parts. */
bool caller_is_account(const char *user, char **ret_ns, const char **ret_name);

/* One thing that somebody wants to do. NULL stands for "". */
struct access_request {
	const char *verb, *group, *resource, *subresource, *name, *ns;
	const char *path; /* in place of a resource: "/version" */
};

/*
 * What RBAC says: the Roles, ClusterRoles and bindings in the store; system:masters may do all. *ret_reason (the caller
 * frees) is the server's ("RBAC: allowed by ClusterRoleBinding …"), maybe empty.
 */
bool access_allowed(struct store *store, struct kinds *kinds, const struct caller *caller,
		    const struct access_request *request, char **ret_reason);
/* 403 in the server's words, with the reason of access_allowed() behind them (a role that is not there); "": none. */
int access_refuse(struct refusal *r, const struct caller *caller,
		  const struct access_request *request, const char *reason);

/*
 * The ClusterRoles and ClusterRoleBindings that every new cluster has, as manifests: cluster-admin, admin, edit, view,
 * system:basic-user, system:discovery and so on. An array; the caller deletes.
 */
cJSON *access_default_manifests(void);

/* The user of a bearer token; service accounts' tokens are those of their Secrets, users' are declared. False: unknown. */
struct tokens;
struct tokens *tokens_new(void);
void tokens_free(struct tokens *t);
void tokens_add(struct tokens *t, const char *token, const char *user, const char *const *groups);
/* From now on tokens_find() knows those of service accounts too. The store lives longer than `t`. */
void tokens_add_accounts(struct tokens *t, struct store *store, struct kinds *kinds);
bool tokens_find(struct tokens *t, const char *token, struct caller *ret_caller);
/* The user of a client certificate's subject: CN, and O as groups, with system:authenticated. False: it has no CN. */
struct x509_st;
bool caller_from_certificate(const struct x509_st *certificate, struct caller *ret_caller);

/* Whom a review asks, and of what. Borrowed. */
struct access_review {
	struct store *store;
	struct kinds *kinds;
	struct tokens *tokens;
	const struct caller *caller; /* who asks */
};
/*
 * The answer to a SelfSubjectAccessReview, SelfSubjectRulesReview, SubjectAccessReview, LocalSubjectAccessReview (whose
 * metadata.namespace is that of the URL), SelfSubjectReview or TokenReview: `object` with its status.
 */
int access_review(const struct access_review *review, const struct kind *kind, cJSON *object,
		  struct refusal *r);

#endif
