#include "config.h"

#include "net/tls/tls_chain_private.h"

#include <stdlib.h>

#include "net/tls/certificate.h"

/* Intermediates that came out of the trust: for everybody else they are missing. */
static void
find_unsent(struct tls_judgement *j)
{
	STACK_OF(X509) *chain = j->chain->certificates;

	for (int i = 1; i + 1 < sk_X509_num(chain); i++) {
		const X509 *certificate = sk_X509_value(chain, i);
		char *role;

		if (tls_chain_place(j->sent, certificate) >= 0)
			continue;
		role = tls_certificate_role(certificate, i);
		tls_findings_add(&j->chain->findings, TLS_WARNING,
				 "%s is not sent by the server: it was found in the trust. A "
				 "client that trusts only the root fails. Let the server send it",
				 role);
		free(role);
	}
}

static void
find_extra(struct tls_judgement *j)
{
	for (int i = 1; i < sk_X509_num(j->sent); i++) {
		const X509 *certificate = sk_X509_value(j->sent, i);
		int depth = tls_chain_place(j->chain->certificates, certificate);
		char *name = certificate_name(X509_get_subject_name(certificate));

		if (tls_chain_place(j->sent, certificate) < i)
			tls_findings_add(&j->chain->findings, TLS_WARNING,
					 "The server sends \"%s\" twice. Remove one from its chain",
					 name);
		else if (depth < 0 && !certificate_is_self_signed(certificate))
			tls_findings_add(&j->chain->findings, TLS_WARNING,
					 "The server sends \"%s\" in vain: it is no part of the "
					 "chain. Remove it",
					 name);
		else if (certificate_is_self_signed(certificate))
			tls_findings_add(&j->chain->findings, TLS_NOTE,
					 "The server sends the root \"%s\" along, which nobody "
					 "needs",
					 name);
		free(name);
	}
}

/* TLS 1.2 wants each to be followed by its issuer; not every client puts up with less. */
static void
find_disorder(struct tls_judgement *j)
{
	int last = -1;

	for (int i = 0; i < sk_X509_num(j->chain->certificates); i++) {
		int place = tls_chain_place(j->sent, sk_X509_value(j->chain->certificates, i));

		if (place < 0)
			continue;
		if (place < last) {
			tls_findings_add(&j->chain->findings, TLS_WARNING,
					 "The server sends its chain in the wrong order: each "
					 "certificate must be followed by its issuer. Some clients "
					 "fail on that");
			return;
		}
		last = place;
	}
}

void
tls_chain_compare_sent(struct tls_judgement *j)
{
	find_unsent(j);
	find_disorder(j);
	find_extra(j);
}
