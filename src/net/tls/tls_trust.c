#include "config.h"

#include "net/tls/tls_trust.h"

#include <openssl/err.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "net/tls/certificate.h"

static struct tls_trust *
trust_new(void)
{
	struct tls_trust *trust = xcalloc(1, sizeof(*trust));

	trust->store = X509_STORE_new();
	if (!trust->store)
		abort();
	return trust;
}

static void
fill_store(struct tls_trust *trust)
{
	for (int i = 0; i < sk_X509_num(trust->certificates); i++)
		X509_STORE_add_cert(trust->store, sk_X509_value(trust->certificates, i));
}

struct tls_trust *
tls_trust_new(const char *pem, struct err *e)
{
	struct tls_trust *trust = trust_new();

	if (!pem) {
		X509_STORE_set_default_paths(trust->store);
		ERR_clear_error();
	} else if (certificates_read(pem, &trust->certificates, e) < 0) {
		tls_trust_free(trust);
		return NULL;
	}
	fill_store(trust);
	return trust;
}

struct tls_trust *
tls_trust_of(STACK_OF(X509) *certificates)
{
	struct tls_trust *trust = trust_new();

	trust->certificates = X509_chain_up_ref(certificates);
	fill_store(trust);
	return trust;
}

void
tls_trust_free(struct tls_trust *trust)
{
	if (!trust)
		return;
	X509_STORE_free(trust->store);
	sk_X509_pop_free(trust->certificates, X509_free);
	free(trust);
}

STACK_OF(X509) *
tls_trust_named(const struct tls_trust *trust, const X509_NAME *name)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	STACK_OF(X509) *found = NULL;

	if (!context || X509_STORE_CTX_init(context, trust->store, NULL, NULL) != 1)
		abort();
	found = X509_STORE_CTX_get1_certs(context, name);
	X509_STORE_CTX_free(context);
	ERR_clear_error();
	if (found && sk_X509_num(found) == 0) {
		sk_X509_free(found);
		found = NULL;
	}
	return found;
}
