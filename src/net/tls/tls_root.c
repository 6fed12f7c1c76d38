#include "config.h"

#include <openssl/err.h>
#include <string.h>

#include "base/digest.h"
#include "net/tls/certificate.h"
#include "net/tls/tls_chain.h"

static bool
same_key(const X509 *a, const X509 *b)
{
	char one[DIGEST_HEX_MAX], other[DIGEST_HEX_MAX];

	return strcmp(certificate_key_sha256(a, one), certificate_key_sha256(b, other)) == 0;
}

static bool
same_name(const X509 *a, const X509 *b)
{
	return X509_NAME_cmp(X509_get_subject_name(a), X509_get_subject_name(b)) == 0;
}

/* In a chain that was built in spite of everything, an issuer may be one by its name alone. */
static bool
is_signed_throughout(const struct tls_chain *chain)
{
	for (int i = 0; i + 1 < sk_X509_num(chain->certificates); i++)
		if (X509_verify(sk_X509_value(chain->certificates, i),
				X509_get0_pubkey(sk_X509_value(chain->certificates, i + 1))) != 1) {
			ERR_clear_error();
			return false;
		}
	return true;
}

X509 *
tls_chain_root(const struct tls_chain *chain, STACK_OF(X509) *sent)
{
	int count = sk_X509_num(chain->certificates);
	X509 *top = count > 0 ? sk_X509_value(chain->certificates, count - 1) : NULL;

	if (!top || (!chain->is_verified &&
		     (!certificate_is_self_signed(top) || !is_signed_throughout(chain))))
		return NULL;
	for (int i = 0; i < sk_X509_num(sent); i++) {
		X509 *one = sk_X509_value(sent, i);

		if (certificate_is_self_signed(one) && same_name(one, top) && same_key(one, top))
			return one;
	}
	return top;
}

const char *
tls_likeness_name(enum tls_likeness likeness)
{
	static const char *const names[] = {
		[TLS_ROOT_SAME] = "same",	[TLS_ROOT_REISSUED] = "reissued",
		[TLS_ROOT_RENAMED] = "renamed", [TLS_ROOT_SAME_NAME] = "same_name",
		[TLS_ROOT_OTHER] = "other",
	};

	return names[likeness];
}

static enum tls_likeness
compare(const X509 *root, const X509 *reference)
{
	char one[DIGEST_HEX_MAX], other[DIGEST_HEX_MAX];

	if (strcmp(certificate_sha256(root, one), certificate_sha256(reference, other)) == 0)
		return TLS_ROOT_SAME;
	if (same_key(root, reference))
		return same_name(root, reference) ? TLS_ROOT_REISSUED : TLS_ROOT_RENAMED;
	return same_name(root, reference) ? TLS_ROOT_SAME_NAME : TLS_ROOT_OTHER;
}

static bool
has_root(STACK_OF(X509) *certificates)
{
	for (int i = 0; i < sk_X509_num(certificates); i++)
		if (certificate_is_self_signed(sk_X509_value(certificates, i)))
			return true;
	return false;
}

enum tls_likeness
tls_root_compare(const X509 *root, STACK_OF(X509) *references, X509 **ret_nearest)
{
	enum tls_likeness best = TLS_ROOT_OTHER;
	bool only_roots = has_root(references);

	*ret_nearest = NULL;
	for (int i = 0; i < sk_X509_num(references); i++) {
		X509 *reference = sk_X509_value(references, i);
		enum tls_likeness likeness = compare(root, reference);

		if (only_roots && !certificate_is_self_signed(reference))
			continue;
		if (*ret_nearest && likeness >= best)
			continue;
		best = likeness;
		*ret_nearest = reference;
	}
	return best;
}
