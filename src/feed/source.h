#ifndef LIFEBOAT_FEED_SOURCE_H
#define LIFEBOAT_FEED_SOURCE_H

#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"
#include "feed/pods.h"
#include "kube/client.h"

/* What all feeds do alike: keep their source, connect, tell of a change, say how they are. */

struct feed_source *feed_source_copy(const struct feed_source *source);
void feed_source_free(struct feed_source *source);

/* A client of the source's cluster for one thread; its credentials are registered as secrets. */
struct kube_client *feed_connect(const struct feed_source *source, struct secrets *secrets,
				 struct err *e);
/* The namespace of the source, or else of the client's context. */
const char *feed_namespace(const struct feed_source *source, const struct kube_client *client);

/* Wakes the caller of a feed; fd -1: nobody. */
void feed_notify(int fd);

/* Appends a foreign text after both doors: redacted, sanitised. `scratch` is emptied and used. */
void feed_clean(struct secrets *secrets, const char *text, size_t len_bytes, struct str *scratch,
		struct str *out);

/* Changes of a health; the caller holds whatever lock guards it. True: the state is another now. */
bool feed_health_alive(struct feed_health *health);
bool feed_health_failed(struct feed_health *health, struct secrets *secrets, const struct err *e,
			int64_t delay_ms);

#endif
