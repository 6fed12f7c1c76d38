#include "config.h"

#include "net/tls/tls_private.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/tls1.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/text.h"

enum { SHOWN_COLUMNS = 60, RECORD_ALERT = 21, RECORD_HANDSHAKE = 22 };

int
tls_fail_connect(int failure, struct err *e)
{
	if (failure == 0 && e->kind == ERR_TIMEOUT)
		return err_set(e, ERR_TIMEOUT,
			       "no connection: the address does not answer at all. A firewall "
			       "drops what is sent there, or the machine is down");
	if (failure == 0)
		return -1;
	if (failure == ECONNREFUSED)
		return err_set(e, ERR_NET,
			       "connection refused: nobody listens on that port. Check that the "
			       "service is up, and the port");
	errno = failure;
	err_errno(e, failure == ETIMEDOUT ? ERR_TIMEOUT : ERR_NET, "no connection");
	return err_advise(e, "Check the address, the network and the VPN");
}

static bool
begins(const struct tls_dialogue *d, const char *text)
{
	size_t len = strlen(text);

	return d->first_len >= len && strncasecmp(d->first, text, len) == 0;
}

/* The first line of what it said, made safe and short; the caller frees. */
static char *
first_line(const struct tls_dialogue *d)
{
	struct str clean = STR_INIT, cut = STR_INIT;
	size_t len = 0;

	while (len < d->first_len && d->first[len] != '\n' && d->first[len] != '\r')
		len++;
	text_sanitise(d->first, len, 0, &clean);
	text_append_cut(&cut, str_cstr(&clean), SHOWN_COLUMNS, false);
	str_release(&clean);
	return str_take(&cut);
}

/* True where the server has said something that is not TLS; the error is filled then. */
static bool
is_no_tls(const struct tls_dialogue *d, struct err *e)
{
	char *line;

	if (d->is_done || d->first_len == 0 || d->first[0] == RECORD_ALERT ||
	    d->first[0] == RECORD_HANDSHAKE)
		return false;
	line = first_line(d);
	if (begins(d, "HTTP/") || begins(d, "<html") || begins(d, "<!doctype"))
		err_set(e, ERR_REMOTE,
			"it answered in plain HTTP (\"%s\"): there is no TLS on that port. Check "
			"the port, or let the server speak TLS there",
			line);
	else
		err_set(e, ERR_REMOTE,
			"it answered \"%s\", which is no TLS: another protocol speaks on that "
			"port. Check the port",
			line);
	free(line);
	return true;
}

int
tls_fail_wait(const struct tls_dialogue *d, struct err *e)
{
	if (e->kind != ERR_TIMEOUT || is_no_tls(d, e))
		return -1;
	if (d->first_len)
		return err_set(e, ERR_TIMEOUT,
			       "it fell silent in the middle of the handshake. Something between "
			       "here and there may drop large packets, or the server hangs");
	return err_set(e, ERR_TIMEOUT,
		       "it took the connection and then said nothing. Either it speaks no TLS on "
		       "that port, or it hangs");
}

int
tls_fail_closed(const struct tls_dialogue *d, int failure, struct err *e)
{
	const char *how = failure == ECONNRESET || failure == EPIPE ? "reset"
			  : failure				    ? "lost"
								    : "closed";

	if (is_no_tls(d, e))
		return -1;
	if (d->is_done)
		return err_set(e, ERR_DENIED,
			       "it %s the connection right after it had asked for a client "
			       "certificate. It seems to want %s",
			       how, d->request->client_certificate_pem ? "another one" : "one");
	if (d->first_len)
		return err_set(e, ERR_NET,
			       "it %s the connection in the middle of the handshake. Look at the "
			       "server's own log for why",
			       how);
	return err_set(e, ERR_NET,
		       "it %s the connection at once, without a word of TLS. Either it speaks no "
		       "TLS on that port, or it is a load balancer with nothing behind it",
		       how);
}

int
tls_fail_postgresql(const struct tls_dialogue *d, struct err *e)
{
	char *line;

	if (d->first[0] == 'N' && d->first_len == 1)
		return err_set(e, ERR_REMOTE,
			       "PostgreSQL answers N to the request for TLS: it has none. Turn "
			       "ssl on in its configuration, with a certificate");
	line = first_line(d);
	if (d->first[0] == 'E')
		err_set(e, ERR_REMOTE,
			"PostgreSQL answers the request for TLS with an error: \"%s\". Look at "
			"its log",
			line + 1);
	else
		err_set(e, ERR_REMOTE,
			"it answers PostgreSQL's request for TLS with \"%s\": that is no "
			"PostgreSQL. Check the port",
			line);
	free(line);
	return -1;
}

/* What an alert of the server's means to whoever reads it. Source: RFC 8446, 6.2. */
struct alert {
	int number;
	bool is_about_client; /* its certificate, or that it has none */
	bool is_old;	      /* older settings may lead further */
	const char *name, *meaning;
};

static const struct alert alerts[] = {
	{ SSL_AD_HANDSHAKE_FAILURE, false, true, "handshake failure",
	  "it has no version or cipher in common with today's clients, or no certificate of its "
	  "own" },
	{ SSL_AD_BAD_CERTIFICATE, true, false, "bad certificate", NULL },
	{ SSL_AD_UNSUPPORTED_CERTIFICATE, true, false, "unsupported certificate", NULL },
	{ SSL_AD_CERTIFICATE_REVOKED, true, false, "certificate revoked", NULL },
	{ SSL_AD_CERTIFICATE_EXPIRED, true, false, "certificate expired", NULL },
	{ SSL_AD_CERTIFICATE_UNKNOWN, true, false, "certificate unknown", NULL },
	{ SSL_AD_UNKNOWN_CA, true, false, "unknown certificate authority", NULL },
	{ SSL_AD_ACCESS_DENIED, true, false, "access denied", NULL },
	{ SSL_AD_PROTOCOL_VERSION, false, true, "protocol version",
	  "it speaks neither TLS 1.2 nor 1.3" },
	{ SSL_AD_INSUFFICIENT_SECURITY, false, true, "insufficient security",
	  "it wants other ciphers than today's clients have" },
	{ SSL_AD_INTERNAL_ERROR, false, false, "internal error",
	  "look at its log. Some servers say so for a name that they do not serve" },
	{ SSL_AD_UNRECOGNIZED_NAME, false, false, "unrecognized name", NULL },
	{ TLS13_AD_CERTIFICATE_REQUIRED, true, false, "certificate required", NULL },
	{ SSL_AD_NO_APPLICATION_PROTOCOL, false, false, "no application protocol",
	  "it talks only to clients that name a protocol of its own (ALPN)" },
};

static const struct alert *
alert_find(int number)
{
	for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++)
		if (alerts[i].number == number)
			return &alerts[i];
	return NULL;
}

static int
fail_client(const struct tls_dialogue *d, int number, const char *name, struct err *e)
{
	const char *takes = d->session->client_authorities;

	if (d->request->client_certificate_pem)
		err_set(e, ERR_DENIED,
			"it refuses our client certificate (alert %d, %s). Check its issuer and "
			"its dates",
			number, name);
	else
		err_set(e, ERR_DENIED,
			"it wants a client certificate, and none was given (alert %d, %s). Give "
			"one, with its key",
			number, name);
	return takes ? err_advise(e, "It takes those that are issued by: %s", takes) : -1;
}

static int
fail_alert(const struct tls_dialogue *d, int number, bool *ret_is_old, struct err *e)
{
	const struct alert *alert = alert_find(number);
	bool is_about_client = alert && alert->is_about_client;

	if (number == SSL_AD_HANDSHAKE_FAILURE && d->session->asked_for_client)
		is_about_client = true;
	if (is_about_client)
		return fail_client(d, number, alert->name, e);
	if (number == SSL_AD_UNRECOGNIZED_NAME)
		return err_set(e, ERR_REMOTE,
			       "it does not serve the name %s (alert 112, unrecognized name). "
			       "Check the name, and whether this is the right address for it",
			       d->request->name);
	*ret_is_old = alert && alert->is_old;
	return err_set(e, ERR_REMOTE, "it refuses the handshake (alert %d, %s): %s", number,
		       alert ? alert->name : "unknown",
		       alert ? alert->meaning : "look at its log for why");
}

/* What we ourselves do not put up with. */
static bool
is_old_reason(int reason)
{
	switch (reason) {
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED:
	case SSL_R_DH_KEY_TOO_SMALL:
	case SSL_R_EE_KEY_TOO_SMALL:
	case SSL_R_WRONG_SIGNATURE_TYPE:
	case SSL_R_WRONG_CIPHER_RETURNED:
	case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
	case SSL_R_LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED:
		return true;
	default:
		return false;
	}
}

int
tls_fail_protocol(const struct tls_dialogue *d, bool *ret_is_old, struct err *e)
{
	unsigned long code = ERR_peek_error();
	int reason = ERR_GET_REASON(code);
	const char *words = ERR_reason_error_string(code);

	*ret_is_old = false;
	if (is_no_tls(d, e))
		return -1;
	if (ERR_GET_LIB(code) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET)
		return fail_alert(d, reason - SSL_AD_REASON_OFFSET, ret_is_old, e);
	*ret_is_old = ERR_GET_LIB(code) == ERR_LIB_SSL && is_old_reason(reason);
	err_set(e, ERR_REMOTE, "the handshake fails: %s", words ? words : "OpenSSL says no more");
	return *ret_is_old ? -1 : err_advise(e, "Look at the server's own log for its side");
}
