#include "config.h"

#include "net/postgres/postgres_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "net/socket/wait.h"
#include "net/tls/certificate.h"

enum { HANDSHAKE_MS = 5000 };

/* ---- what proves who answered ---- */

static char *
option_of(PGconn *conn, const char *keyword)
{
	PQconninfoOption *options = PQconninfo(conn);
	char *value = NULL;

	for (const PQconninfoOption *o = options; o && o->keyword; o++)
		if (strcmp(o->keyword, keyword) == 0)
			value = xstrdup(o->val ? o->val : "");
	PQconninfoFree(options);
	return value ? value : xstrdup("");
}

static bool
is_option(PGconn *conn, const char *keyword, const char *wanted)
{
	char *value = option_of(conn, keyword);
	bool is = strcmp(value, wanted) == 0;

	free(value);
	return is;
}

static bool
is_socket(const PGconn *conn)
{
	const char *address = PQhostaddr(conn);

	return !address || !*address;
}

static bool
is_local(const PGconn *conn)
{
	const char *address = PQhostaddr(conn);

	return is_socket(conn) || str_starts_with(address, "127.") || str_equal(address, "::1");
}

/*
 * The chain is verified wherever libpq has found a root certificate, whatever sslmode says: OpenSSL knows
 * what was done.
 */
static bool
is_chain_verified(PGconn *conn)
{
	const SSL *ssl = PQsslStruct(conn, "OpenSSL");

	return ssl && (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) &&
	       SSL_get_verify_result(ssl) == X509_V_OK;
}

enum postgres_proof
postgres_proof_of(PGconn *conn)
{
	if (PQgssEncInUse(conn))
		return POSTGRES_BY_GSSAPI;
	if (PQsslInUse(conn)) {
		if (is_chain_verified(conn))
			return is_option(conn, "sslmode", "verify-full") ? POSTGRES_BY_NAME
									 : POSTGRES_BY_CA;
		if (is_option(conn, "channel_binding", "require"))
			return POSTGRES_BY_PASSWORD;
	}
	if (is_local(conn))
		return POSTGRES_LOCAL;
	return PQsslInUse(conn) ? POSTGRES_UNVERIFIED : POSTGRES_UNENCRYPTED;
}

char *
postgres_proof_describe(PGconn *conn)
{
	static const char *const words[] = {
		[POSTGRES_UNENCRYPTED] = "",
		[POSTGRES_UNVERIFIED] = " NOT VERIFIED",
		[POSTGRES_LOCAL] = " not verified",
		[POSTGRES_BY_CA] = " verified but for its name",
		[POSTGRES_BY_NAME] = " verified",
		[POSTGRES_BY_PASSWORD] = " bound to the password",
	};

	if (PQgssEncInUse(conn))
		return xstrdup("GSSAPI encryption");
	if (PQsslInUse(conn))
		return xasprintf("%s%s", PQsslAttribute(conn, "protocol"),
				 words[postgres_proof_of(conn)]);
	return xstrdup(is_socket(conn) ? "Unix socket" : "no TLS");
}

char *
postgres_proof_lack(PGconn *conn)
{
	enum postgres_proof proof = postgres_proof_of(conn);
	char *mode, *text = NULL;

	if (proof != POSTGRES_UNENCRYPTED && proof != POSTGRES_UNVERIFIED)
		return NULL;
	mode = option_of(conn, "sslmode");
	if (proof == POSTGRES_UNENCRYPTED)
		text = xasprintf("the connection has no TLS (sslmode=%s): anybody on the way could "
				 "answer, and reads along. Use sslmode=verify-full",
				 mode);
	else
		text = xasprintf("the server's certificate is not verified (sslmode=%s): anybody "
				 "in between could answer. Use sslmode=verify-full and sslrootcert",
				 mode);
	free(mode);
	return text;
}

/* ---- why a handshake failed ---- */

enum handshake { SHAKEN, NOT_OFFERED, FAILED };

/* Goes on until TLS stands; the server has been told no name by then. */
static enum handshake
shake_hands(PGconn *conn, const struct cancel *cancel)
{
	int64_t deadline_ms = wait_deadline(HANDSHAKE_MS);
	PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;
	bool asked = false, begun = false;

	while (PQstatus(conn) != CONNECTION_BAD &&
	       !(PQstatus(conn) == CONNECTION_MADE && PQsslInUse(conn))) {
		short events = wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT;

		if (wait_fd(PQsocket(conn), events, deadline_ms, cancel, NULL) < 0)
			return FAILED;
		asked = asked || PQstatus(conn) == CONNECTION_SSL_STARTUP;
		wanted = PQconnectPoll(conn);
		begun = begun || PQsslStruct(conn, "OpenSSL");
		if (wanted == PGRES_POLLING_FAILED || wanted == PGRES_POLLING_OK)
			break;
	}
	if (PQstatus(conn) == CONNECTION_MADE)
		return SHAKEN;
	return asked && !begun ? NOT_OFFERED : FAILED;
}

static char *
root_path(const struct postgres_settings *settings)
{
	const char *path = postgres_settings_value(settings, "sslrootcert");
	const char *home = getenv("HOME");

	return *path ? xstrdup(path) : xasprintf("%s/.postgresql/root.crt", home ? home : "");
}

/* What OpenSSL says of a chain, given the only certificates to be trusted; -1: they can't be read. */
static int
verify(X509 *certificate, STACK_OF(X509) *chain, const char *root)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int code = -1;

	if (store && ctx && X509_STORE_load_file(store, root) == 1 &&
	    X509_STORE_CTX_init(ctx, store, certificate, chain) == 1) {
		X509_STORE_CTX_set_default(ctx, "ssl_server");
		X509_verify_cert(ctx);
		code = X509_STORE_CTX_get_error(ctx);
	}
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	ERR_clear_error();
	return code;
}

static bool
is_named(X509 *certificate, const char *host)
{
	return X509_check_host(certificate, host, 0, 0, NULL) == 1 ||
	       X509_check_ip_asc(certificate, host, 0) == 1;
}

static void
advise(int code, const char *root, struct err *e)
{
	switch (code) {
	case X509_V_OK:
		err_advise(e,
			   "Its authority is trusted: give it the name that stands in it (host=, "
			   "with hostaddr= for the address), or have one made for this name");
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		err_advise(e, "Have it renewed, if this machine's clock is right");
		break;
	default:
		err_advise(e,
			   "%s does not hold the authority that it comes from. Get that one from "
			   "where you can trust it; or else this is not the server that you mean",
			   root);
	}
}

static void
describe_certificate(X509 *certificate, int code, struct err *e)
{
	char *subject = certificate_name(X509_get_subject_name(certificate));
	char *issuer = certificate_name(X509_get_issuer_name(certificate));
	char *from = certificate_time(X509_get0_notBefore(certificate));
	char *until = certificate_time(X509_get0_notAfter(certificate));

	err_advise(e, "The certificate is %s, from %s, valid %s to %s%s%s", subject, issuer,
		   from ? from : "?", until ? until : "?", code == X509_V_OK ? "" : ": ",
		   code == X509_V_OK ? "" : X509_verify_cert_error_string(code));
	free(subject);
	free(issuer);
	free(from);
	free(until);
}

/* Where the certificate is right, something else was wrong, and libpq has said what. */
static void
explain_certificate(const SSL *ssl, const char *host, const char *root, struct err *e)
{
	X509 *certificate = SSL_get0_peer_certificate(ssl);
	int code = certificate ? verify(certificate, SSL_get_peer_cert_chain(ssl), root) : -1;

	if (code < 0 || (code == X509_V_OK && is_named(certificate, host)))
		return;
	if (e)
		e->kind = ERR_DENIED;
	describe_certificate(certificate, code, e);
	advise(code, root, e);
}

void
postgres_tls_explain(struct postgres_settings *settings, const PGconn *failed, struct err *e)
{
	/* no root certificate, nothing verified; and nothing shown to whoever it is */
	static const char *const lenient[] = {
		"sslmode",
		"require",
		"sslrootcert",
		"/nonexistent/root.crt",
		"sslcrl",
		"/nonexistent/root.crl",
		"sslcert",
		"/nonexistent/own.crt",
		"channel_binding",
		"disable",
		"gssencmode",
		"disable",
		NULL,
	};
	PGconn *conn;
	char *root;

	if (postgres_settings_keep_only(settings, failed) < 0)
		return;
	conn = postgres_settings_start(settings, lenient);
	root = root_path(settings);
	switch (shake_hands(conn, settings->options->cancel)) {
	case SHAKEN:
		explain_certificate(PQsslStruct(conn, "OpenSSL"), PQhost(failed), root, e);
		break;
	case NOT_OFFERED:
		err_advise(e, "Have TLS switched on at the server (ssl = on), or ask for less by "
			      "sslmode, if you must");
		break;
	case FAILED:
		break;
	}
	free(root);
	PQfinish(conn);
}
