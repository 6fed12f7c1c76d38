#include "config.h"

#include "kube/access.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* Every string of the structure, so that none is forgotten in a copy or a release. */
static const struct {
	size_t offset;
	bool secret;
} strings[] = {
	{ offsetof(struct kube_access, context), false },
	{ offsetof(struct kube_access, cluster), false },
	{ offsetof(struct kube_access, user), false },
	{ offsetof(struct kube_access, source), false },
	{ offsetof(struct kube_access, server), false },
	{ offsetof(struct kube_access, ns), false },
	{ offsetof(struct kube_access, ca_pem), false },
	{ offsetof(struct kube_access, client_cert_pem), false },
	{ offsetof(struct kube_access, client_key_pem), true },
	{ offsetof(struct kube_access, token), true },
	{ offsetof(struct kube_access, username), false },
	{ offsetof(struct kube_access, password), true },
	{ offsetof(struct kube_access, tls_server_name), false },
	{ offsetof(struct kube_access, proxy_url), false },
};

enum { STRINGS = sizeof(strings) / sizeof(strings[0]) };

static char **
string_at(struct kube_access *access, size_t i)
{
	return (char **)(void *)((char *)access + strings[i].offset);
}

void
kube_access_release(struct kube_access *access)
{
	for (size_t i = 0; i < STRINGS; i++) {
		char *text = *string_at(access, i);

		if (text && strings[i].secret)
			explicit_bzero(text, strlen(text));
		free(text);
	}
	memset(access, 0, sizeof(*access));
}

void
kube_access_copy(struct kube_access *copy, const struct kube_access *access)
{
	*copy = *access;
	for (size_t i = 0; i < STRINGS; i++)
		*string_at(copy, i) = xstrdup(*string_at(copy, i));
}
