#ifndef LIFEBOAT_KUBE_CLIENT_PRIVATE_H
#define LIFEBOAT_KUBE_CLIENT_PRIVATE_H

#include "kube/client.h"
#include "net/http.h"

/* Internal to src/kube/: what its files share of a client. */

struct kube_discovery;

/* What the client has learnt of the server's resources; it lives and ends with the client. */
struct kube_discovery **kube_client_discovery(struct kube_client *client);
void kube_discovery_free(struct kube_discovery *discovery);

/*
 * One exchange, as kube_request(), which gives the whole response: of a status outside 2xx too,
 * which is an error then. *ret_response is always to be released.
 */
int kube_exchange(struct kube_client *client, const struct kube_request *request,
		  struct http_response *ret_response, struct err *e);

#endif
