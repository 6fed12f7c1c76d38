#include "config.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "world/api/api_server.h"

/* Who asks: by a certificate of the world's authority, or by a token, or nobody. */

/* Whether the certificate that the client has shown is one of the authority's, for a client, and still valid. */
static bool
is_verified(gnutls_session_t session)
{
	static char purpose[] = GNUTLS_KP_TLS_WWW_CLIENT;
	gnutls_typed_vdata_st wanted = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
					 .data = (unsigned char *)purpose };
	unsigned status = 1;

	return gnutls_certificate_verify_peers(session, &wanted, 1, &status) == GNUTLS_E_SUCCESS &&
	       status == 0;
}

/* 1: known; 0: he has shown none; -1: it is not to be believed. */
static int
by_certificate(struct MHD_Connection *connection, struct caller *ret_caller)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	unsigned count = 0;

	if (!info || !info->tls_session)
		return 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(info->tls_session, &count);
	if (!chain || !count)
		return 0;
	if (!is_verified(info->tls_session))
		return -1;
	const unsigned char *bytes = chain[0].data;
	X509 *certificate = d2i_X509(NULL, &bytes, (long)chain[0].size);
	bool known = certificate && caller_from_certificate(certificate, ret_caller);
	X509_free(certificate);
	return known ? 1 : -1;
}

/* What a connection's certificate has said: it is looked at once, for that takes longer than most answers. */
struct peer {
	bool asked;
	int known; /* as by_certificate() */
	struct caller caller;
};

void
exchange_connection(void *cls, struct MHD_Connection *connection, void **peer_at,
		    enum MHD_ConnectionNotificationCode what)
{
	struct peer *peer = *peer_at;

	(void)cls;
	(void)connection;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*peer_at = xcalloc(1, sizeof(*peer));
	} else if (peer) {
		caller_release(&peer->caller);
		free(peer);
		*peer_at = NULL;
	}
}

static int
by_peer(struct MHD_Connection *connection, struct caller *ret_caller)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct peer *peer = info ? info->socket_context : NULL;

	if (!peer)
		return by_certificate(connection, ret_caller);
	if (!peer->asked)
		peer->known = by_certificate(connection, &peer->caller);
	peer->asked = true;
	if (peer->known > 0)
		caller_copy(&peer->caller, ret_caller);
	return peer->known;
}

static const char *
bearer_of(struct MHD_Connection *connection)
{
	const char *header =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");

	if (!header || strncasecmp(header, "Bearer ", 7) != 0)
		return NULL;
	return header + 7 + strspn(header + 7, " ");
}

int
exchange_caller(struct cluster *cluster, struct MHD_Connection *connection,
		struct caller *ret_caller)
{
	const char *token = bearer_of(connection);
	int known = by_peer(connection, ret_caller);

	if (known <= 0 && token)
		known = tokens_find(cluster->tokens, token, ret_caller) ? 1 : -1;
	if (known < 0)
		return -1;
	if (!known)
		caller_anonymous(ret_caller);
	return 0;
}
