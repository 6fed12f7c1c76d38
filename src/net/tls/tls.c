#include "config.h"

#include "net/tls/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/socket/connect.h"
#include "net/socket/wait.h"
#include "net/tls/certificate.h"
#include "net/tls/client_certificate.h"
#include "net/tls/tls_private.h"

enum {
	VERDICT_WAIT_MS = 2000,
	PIECE_BYTES = 16 << 10,
};

/* PostgreSQL's SSLRequest: its length, and the code that stands where a version would. */
static const unsigned char ssl_request[] = { 0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f };

void
tls_session_release(struct tls_session *s)
{
	free(s->version);
	free(s->cipher);
	free(s->client_authorities);
	sk_X509_pop_free(s->sent, X509_free);
	*s = (struct tls_session)TLS_SESSION_INIT;
}

static int
open_socket(const struct tls_request *request, struct err *e)
{
	int failure, fd = connect_address(request->address, SOCK_STREAM, request->deadline_ms,
					  request->cancel, &failure, e);

	return fd < 0 ? tls_fail_connect(failure, e) : fd;
}

static void
keep_first(struct tls_dialogue *d, const char *bytes, size_t len)
{
	size_t room = sizeof(d->first) - d->first_len;

	if (len > room)
		len = room;
	memcpy(d->first + d->first_len, bytes, len);
	d->first_len += len;
}

/* Waits until deadline_ms for some bytes; 1 at least. */
static ssize_t
receive(struct tls_dialogue *d, char *bytes, size_t len, int64_t deadline_ms, struct err *e)
{
	for (;;) {
		if (wait_fd(d->fd, POLLIN, deadline_ms, d->request->cancel, e) < 0)
			return tls_fail_wait(d, e);
		ssize_t got = recv(d->fd, bytes, len, 0);
		if (got > 0) {
			keep_first(d, bytes, (size_t)got);
			return got;
		}
		if (got == 0)
			return tls_fail_closed(d, 0, e);
		if (errno != EAGAIN && errno != EINTR)
			return tls_fail_closed(d, errno, e);
	}
}

/* What a broken connection does not take is no error here: the answer, which is read next, says more. */
static int
send_bytes(struct tls_dialogue *d, const char *bytes, size_t len, struct err *e)
{
	while (len > 0) {
		ssize_t sent = send(d->fd, bytes, len, MSG_NOSIGNAL);

		if (sent >= 0) {
			bytes += sent;
			len -= (size_t)sent;
		} else if (errno == EAGAIN) {
			if (wait_fd(d->fd, POLLOUT, d->request->deadline_ms, d->request->cancel,
				    e) < 0)
				return tls_fail_wait(d, e);
		} else if (errno != EINTR) {
			return 0;
		}
	}
	return 0;
}

/*
 * Exactly one byte is read: what somebody may have put behind it in clear must not pass for a part of
 * what comes encrypted.
 */
static int
start_postgresql(struct tls_dialogue *d, struct err *e)
{
	char answer, more[TLS_FIRST_MAX];

	if (send_bytes(d, (const char *)ssl_request, sizeof(ssl_request), e) < 0 ||
	    receive(d, &answer, 1, d->request->deadline_ms, e) < 0)
		return -1;
	if (answer == 'S') {
		d->first_len = 0;
		return 0;
	}
	ssize_t got = recv(d->fd, more, sizeof(more), MSG_DONTWAIT);
	if (got > 0)
		keep_first(d, more, (size_t)got);
	return tls_fail_postgresql(d, e);
}

static int
send_pending(struct tls_dialogue *d, SSL *ssl, struct err *e)
{
	char bytes[PIECE_BYTES];
	int len;

	while ((len = BIO_read(SSL_get_wbio(ssl), bytes, sizeof(bytes))) > 0)
		if (send_bytes(d, bytes, (size_t)len, e) < 0)
			return -1;
	return 0;
}

/* Our last words, an alert or a goodbye: manners only, nobody waits for them to go out. */
static void
say_last(struct tls_dialogue *d, SSL *ssl)
{
	char bytes[PIECE_BYTES];
	int len = BIO_read(SSL_get_wbio(ssl), bytes, sizeof(bytes));

	if (len > 0)
		(void)!send(d->fd, bytes, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int
feed(struct tls_dialogue *d, SSL *ssl, int64_t deadline_ms, struct err *e)
{
	char bytes[PIECE_BYTES];
	ssize_t len = receive(d, bytes, sizeof(bytes), deadline_ms, e);

	if (len < 0)
		return -1;
	if (BIO_write(SSL_get_rbio(ssl), bytes, (int)len) != len)
		abort();
	return 0;
}

static int
shake_hands(struct tls_dialogue *d, SSL *ssl, bool *ret_is_old, struct err *e)
{
	for (;;) {
		ERR_clear_error();
		int rc = SSL_do_handshake(ssl), error = SSL_get_error(ssl, rc);

		if (rc != 1 && error != SSL_ERROR_WANT_READ) {
			tls_fail_protocol(d, ret_is_old, e);
			say_last(d, ssl);
			return -1;
		}
		if (send_pending(d, ssl, e) < 0)
			return -1;
		if (rc == 1)
			return 0;
		if (feed(d, ssl, d->request->deadline_ms, e) < 0)
			return -1;
	}
}

/*
 * In TLS 1.3 the handshake is over for us before the server has looked at our certificate. What it sends
 * next tells: an alert, or a session ticket, which it gives out only then. One that sends neither waits
 * for our first words, and its verdict stays unknown.
 */
static int
await_verdict(struct tls_dialogue *d, SSL *ssl, struct err *e)
{
	int64_t until_ms = wait_deadline(VERDICT_WAIT_MS);
	struct err wait = ERR_INIT;
	bool is_old;
	char byte;

	if (until_ms > d->request->deadline_ms)
		until_ms = d->request->deadline_ms;
	while (!d->has_ticket) {
		ERR_clear_error();
		int rc = SSL_read(ssl, &byte, 1), error = SSL_get_error(ssl, rc);

		if (rc > 0 || error == SSL_ERROR_ZERO_RETURN || d->has_ticket)
			break;
		if (error != SSL_ERROR_WANT_READ)
			return tls_fail_protocol(d, &is_old, e);
		if (feed(d, ssl, until_ms, &wait) < 0) {
			if (wait.kind == ERR_TIMEOUT) {
				d->session->may_refuse_client = true;
				return 0;
			}
			*e = wait;
			return -1;
		}
	}
	return 0;
}

/* Takes everything: the judgement comes later, over the whole chain and with all that is wrong. */
static int
take_chain(X509_STORE_CTX *context, void *dialogue)
{
	struct tls_dialogue *d = dialogue;
	STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(context);

	if (!d->session->sent && sent)
		d->session->sent = X509_chain_up_ref(sent);
	return 1;
}

static int
note_asked(SSL *ssl, void *dialogue)
{
	struct tls_dialogue *d = dialogue;
	const STACK_OF(X509_NAME) *names = SSL_get0_peer_CA_list(ssl);
	struct str out = STR_INIT;

	d->session->asked_for_client = true;
	for (int i = 0; i < sk_X509_NAME_num(names) && i < 5; i++) {
		char *name = certificate_name(sk_X509_NAME_value(names, i));

		str_printf(&out, "%s%s", i ? "; " : "", name);
		free(name);
	}
	if (sk_X509_NAME_num(names) > 5)
		str_printf(&out, "; and %d more", sk_X509_NAME_num(names) - 5);
	free(d->session->client_authorities);
	d->session->client_authorities = out.len ? str_take(&out) : NULL;
	return 1;
}

static int
note_ticket(SSL *ssl, SSL_SESSION *ticket)
{
	struct tls_dialogue *d = SSL_get_app_data(ssl);

	(void)ticket; /* ours is not to keep it */
	d->has_ticket = true;
	return 0;
}

static SSL_CTX *
make_context(struct tls_dialogue *d)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (!context)
		abort();
	if (d->is_lenient) {
		SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
		SSL_CTX_set_security_level(context, 0);
		SSL_CTX_set_cipher_list(context, "ALL:!aNULL:@SECLEVEL=0");
		SSL_CTX_set_options(context, SSL_OP_LEGACY_SERVER_CONNECT);
	} else {
		SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
		if (SSL_CTX_get_security_level(context) < TLS_SECURITY_LEVEL)
			SSL_CTX_set_security_level(context, TLS_SECURITY_LEVEL);
	}
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(context, take_chain, d);
	SSL_CTX_set_cert_cb(context, note_asked, d);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(context, note_ticket);
	return context;
}

static int
add_client_certificate(const struct tls_request *request, SSL *ssl, struct err *e)
{
	STACK_OF(X509) *certificates = NULL;
	EVP_PKEY *key = NULL;
	BIO *bio;
	int rc = -1;

	if (client_certificate_check(request->client_certificate_pem, request->client_key_pem, e) <
		    0 ||
	    certificates_read(request->client_certificate_pem, &certificates, e) < 0)
		return -1;
	bio = BIO_new_mem_buf(request->client_key_pem, -1);
	key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"") : NULL;
	X509 *own = sk_X509_shift(certificates);
	if (key && SSL_use_cert_and_key(ssl, own, key, certificates, 1) == 1)
		rc = 0;
	else
		err_set(e, ERR_SPEC, "the client certificate cannot be used: %s",
			ERR_reason_error_string(ERR_peek_last_error()));
	ERR_clear_error();
	X509_free(own);
	EVP_PKEY_free(key);
	BIO_free(bio);
	sk_X509_pop_free(certificates, X509_free);
	return rc;
}

static SSL *
make_connection(struct tls_dialogue *d, SSL_CTX *context)
{
	SSL *ssl = SSL_new(context);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

	if (!ssl || !in || !out)
		abort();
	SSL_set_bio(ssl, in, out);
	SSL_set_app_data(ssl, d);
	if (!address_is_numeric(d->request->name))
		SSL_set_tlsext_host_name(ssl, d->request->name);
	SSL_set_connect_state(ssl);
	return ssl;
}

static void
note_agreement(struct tls_dialogue *d, const SSL *ssl)
{
	d->session->version = xstrdup(SSL_get_version(ssl));
	d->session->cipher = xstrdup(SSL_get_cipher_name(ssl));
	d->session->is_lenient = d->is_lenient;
	d->is_done = true;
}

/* One whole handshake on a connection of its own. */
static int
converse(struct tls_dialogue *d, bool *ret_is_old, struct err *e)
{
	SSL_CTX *context = make_context(d);
	SSL *ssl = make_connection(d, context);
	int rc = -1;

	*ret_is_old = false;
	if (d->request->client_certificate_pem && add_client_certificate(d->request, ssl, e) < 0)
		goto out;
	d->fd = open_socket(d->request, e);
	if (d->fd < 0 ||
	    (d->request->start == TLS_START_POSTGRESQL && start_postgresql(d, e) < 0) ||
	    shake_hands(d, ssl, ret_is_old, e) < 0)
		goto out;
	note_agreement(d, ssl);
	if (d->session->asked_for_client && SSL_version(ssl) == TLS1_3_VERSION &&
	    await_verdict(d, ssl, e) < 0)
		goto out;
	SSL_shutdown(ssl);
	say_last(d, ssl);
	rc = 0;
out:
	if (d->fd >= 0)
		close(d->fd);
	SSL_free(ssl);
	SSL_CTX_free(context);
	ERR_clear_error();
	return rc;
}

/* What an old server would agree to: facts for the diagnosis, never a success. */
static void
look_leniently(const struct tls_request *request, struct tls_session *session, struct err *e)
{
	struct tls_session old = TLS_SESSION_INIT;
	struct tls_dialogue d = {
		.request = request, .session = &old, .fd = -1, .is_lenient = true
	};
	struct err ignored = ERR_INIT;
	bool is_old;

	if (converse(&d, &is_old, &ignored) == 0) {
		err_advise(e,
			   "It agrees only to %s with %s, which clients refuse today: update it, "
			   "or let it offer TLS 1.2 and modern ciphers",
			   old.version, old.cipher);
		tls_session_release(session);
		*session = old;
	} else {
		tls_session_release(&old);
		if (cancel_requested(request->cancel))
			*e = ignored;
	}
}

int
tls_handshake(const struct tls_request *request, struct tls_session *session, struct err *e)
{
	struct tls_dialogue d = { .request = request, .session = session, .fd = -1 };
	bool is_old = false;
	int rc = converse(&d, &is_old, e);

	if (rc < 0 && is_old)
		look_leniently(request, session, e);
	return rc;
}
