#ifndef LIFEBOAT_KUBE_CLIENT_PRIVATE_H
#define LIFEBOAT_KUBE_CLIENT_PRIVATE_H

#include "kube/client.h"
#include "net/http/http.h"

/* Internal to src/kube/: what its files share of a client. */

struct kube_discovery;

/* What the client has learnt of the server's resources; it lives and ends with the client. */
struct kube_discovery **kube_client_discovery(struct kube_client *client);
void kube_discovery_free(struct kube_discovery *discovery);

#endif
