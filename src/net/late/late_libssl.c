#include "config.h"

#include <openssl/ssl.h>

#include "base/late.h"

/* libssl, loaded when it is first called: see late.h. */

LATE_NOTE("[{\"soname\":[\"" SSL_SONAME "\"],\"priority\":\"required\",\"description\":\"TLS\"}]");

LATE_LIBRARY(late_libssl, SSL_SONAME, "libssl3");

#define FUNCTION(result, name, parameters, arguments)                                              \
	LATE_FUNCTION(late_libssl, result, name, parameters, arguments)

FUNCTION(const char *, SSL_CIPHER_get_name, (const SSL_CIPHER *cipher), (cipher))
FUNCTION(long, SSL_CTX_ctrl, (SSL_CTX * ctx, int cmd, long number, void *pointer),
	 (ctx, cmd, number, pointer))
FUNCTION(void, SSL_CTX_free, (SSL_CTX * ctx), (ctx))
FUNCTION(void *, SSL_CTX_get_ex_data, (const SSL_CTX *ctx, int idx), (ctx, idx))
FUNCTION(int, SSL_CTX_get_security_level, (const SSL_CTX *ctx), (ctx))
FUNCTION(int, SSL_CTX_get_verify_mode, (const SSL_CTX *ctx), (ctx))
FUNCTION(SSL_CTX *, SSL_CTX_new, (const SSL_METHOD *method), (method))
FUNCTION(void, SSL_CTX_sess_set_new_cb,
	 (SSL_CTX * ctx, int (*callback)(SSL *ssl, SSL_SESSION *session)), (ctx, callback))
FUNCTION(void, SSL_CTX_set_cert_cb,
	 (SSL_CTX * ctx, int (*callback)(SSL *ssl, void *arg), void *arg), (ctx, callback, arg))
FUNCTION(void, SSL_CTX_set_cert_verify_callback,
	 (SSL_CTX * ctx, int (*callback)(X509_STORE_CTX *, void *), void *arg),
	 (ctx, callback, arg))
FUNCTION(int, SSL_CTX_set_cipher_list, (SSL_CTX * ctx, const char *str), (ctx, str))
FUNCTION(int, SSL_CTX_set_ex_data, (SSL_CTX * ctx, int idx, void *data), (ctx, idx, data))
FUNCTION(uint64_t, SSL_CTX_set_options, (SSL_CTX * ctx, uint64_t options), (ctx, options))
FUNCTION(void, SSL_CTX_set_security_level, (SSL_CTX * ctx, int level), (ctx, level))
FUNCTION(void, SSL_CTX_set_verify, (SSL_CTX * ctx, int mode, SSL_verify_cb callback),
	 (ctx, mode, callback))
FUNCTION(long, SSL_ctrl, (SSL * ssl, int cmd, long number, void *pointer),
	 (ssl, cmd, number, pointer))
FUNCTION(int, SSL_do_handshake, (SSL * ssl), (ssl))
FUNCTION(void, SSL_free, (SSL * ssl), (ssl))
FUNCTION(const STACK_OF(X509_NAME) *, SSL_get0_peer_CA_list, (const SSL *ssl), (ssl))
FUNCTION(X509 *, SSL_get0_peer_certificate, (const SSL *ssl), (ssl))
FUNCTION(SSL_CTX *, SSL_get_SSL_CTX, (const SSL *ssl), (ssl))
FUNCTION(const SSL_CIPHER *, SSL_get_current_cipher, (const SSL *ssl), (ssl))
FUNCTION(int, SSL_get_error, (const SSL *ssl, int result), (ssl, result))
FUNCTION(void *, SSL_get_ex_data, (const SSL *ssl, int idx), (ssl, idx))
FUNCTION(int, SSL_get_ex_data_X509_STORE_CTX_idx, (void), ())
FUNCTION(STACK_OF(X509) *, SSL_get_peer_cert_chain, (const SSL *ssl), (ssl))
FUNCTION(BIO *, SSL_get_rbio, (const SSL *ssl), (ssl))
FUNCTION(int, SSL_get_verify_mode, (const SSL *ssl), (ssl))
FUNCTION(long, SSL_get_verify_result, (const SSL *ssl), (ssl))
FUNCTION(const char *, SSL_get_version, (const SSL *ssl), (ssl))
FUNCTION(BIO *, SSL_get_wbio, (const SSL *ssl), (ssl))
FUNCTION(SSL *, SSL_new, (SSL_CTX * ctx), (ctx))
FUNCTION(int, SSL_read, (SSL * ssl, void *buffer, int size), (ssl, buffer, size))
FUNCTION(void, SSL_set_bio, (SSL * ssl, BIO *rbio, BIO *wbio), (ssl, rbio, wbio))
FUNCTION(void, SSL_set_connect_state, (SSL * ssl), (ssl))
FUNCTION(int, SSL_set_ex_data, (SSL * ssl, int idx, void *data), (ssl, idx, data))
FUNCTION(int, SSL_shutdown, (SSL * ssl), (ssl))
FUNCTION(int, SSL_use_cert_and_key,
	 (SSL * ssl, X509 *certificate, EVP_PKEY *key, STACK_OF(X509) *chain, int override),
	 (ssl, certificate, key, chain, override))
FUNCTION(int, SSL_version, (const SSL *ssl), (ssl))
FUNCTION(const SSL_METHOD *, TLS_client_method, (void), ())
