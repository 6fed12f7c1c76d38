#include "config.h"

#include "net/tls/tls_chain.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "net/socket/address.h"
#include "net/tls/certificate.h"
#include "net/tls/tls.h"
#include "net/tls/tls_chain_private.h"

enum {
	MAX_COMPLAINTS = 100,
	SOON_MS = 30 * 24 * 3600 * 1000LL,
	SOON_PART = 5, /* of its whole life: short-lived certificates are renewed late */
};

void
tls_findings_add(struct tls_findings *findings, enum tls_weight weight, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	*VEC_PUSH(findings->items, findings->count, findings->cap) =
		(struct tls_finding){ weight, xvasprintf(format, ap) };
	va_end(ap);
}

size_t
tls_findings_count(const struct tls_findings *findings, enum tls_weight weight)
{
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++)
		count += findings->items[i].weight == weight;
	return count;
}

void
tls_findings_release(struct tls_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		free(findings->items[i].text);
	free(findings->items);
	*findings = (struct tls_findings){ .count = 0 };
}

void
tls_chain_release(struct tls_chain *chain)
{
	sk_X509_pop_free(chain->certificates, X509_free);
	chain->certificates = NULL;
	tls_findings_release(&chain->findings);
}

int
tls_chain_place(STACK_OF(X509) *certificates, const X509 *certificate)
{
	for (int i = 0; i < sk_X509_num(certificates); i++)
		if (X509_cmp(sk_X509_value(certificates, i), certificate) == 0)
			return i;
	return -1;
}

static bool
is_noted(const struct tls_judgement *j, int error, int depth)
{
	for (size_t i = 0; i < j->count; i++)
		if (j->complaints[i].error == error && j->complaints[i].depth == depth)
			return true;
	return false;
}

/* Goes on after every complaint, so that all are heard; some are made twice. */
static int
note_complaint(int ok, X509_STORE_CTX *context)
{
	struct tls_judgement *j = X509_STORE_CTX_get_app_data(context);
	int error = X509_STORE_CTX_get_error(context),
	    depth = X509_STORE_CTX_get_error_depth(context);

	if (!ok && j->count < MAX_COMPLAINTS && !is_noted(j, error, depth))
		*VEC_PUSH(j->complaints, j->count, j->cap) = (struct tls_complaint){
			.error = error,
			.depth = depth,
			.certificate = X509_STORE_CTX_get_current_cert(context),
		};
	return 1;
}

static X509_STORE_CTX *
make_context(struct tls_judgement *j, unsigned long flags)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	const char *name = j->demands->name;

	if (!context ||
	    X509_STORE_CTX_init(context, j->trust->store, sk_X509_value(j->sent, 0), j->sent) != 1)
		abort();
	X509_STORE_CTX_set_default(context, "ssl_server");
	param = X509_STORE_CTX_get0_param(context);
	X509_VERIFY_PARAM_set_flags(param, flags);
	X509_VERIFY_PARAM_set_auth_level(param, TLS_SECURITY_LEVEL);
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
						       X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if ((address_is_numeric(name) ? X509_VERIFY_PARAM_set1_ip_asc(param, name)
				      : X509_VERIFY_PARAM_set1_host(param, name, 0)) != 1)
		abort(); /* without a name to match, everybody's certificate would do */
	return context;
}

static void
keep_chain(struct tls_judgement *j, X509_STORE_CTX *context)
{
	sk_X509_pop_free(j->chain->certificates, X509_free);
	j->chain->certificates = X509_STORE_CTX_get1_chain(context);
}

/* The verdict: as any client would have it. */
static bool
verify(struct tls_judgement *j, unsigned long flags)
{
	X509_STORE_CTX *context = make_context(j, flags);
	bool is_verified =
		X509_verify_cert(context) == 1 && X509_STORE_CTX_get_error(context) == X509_V_OK;

	if (is_verified)
		keep_chain(j, context);
	X509_STORE_CTX_free(context);
	ERR_clear_error();
	return is_verified;
}

/* True where the chain was complete, whatever else is wrong. */
static bool
collect(struct tls_judgement *j, unsigned long flags)
{
	X509_STORE_CTX *context = make_context(j, flags);
	bool is_complete = true;

	j->count = 0;
	X509_STORE_CTX_set_app_data(context, j);
	X509_STORE_CTX_set_verify_cb(context, note_complaint);
	X509_verify_cert(context);
	keep_chain(j, context);
	X509_STORE_CTX_free(context);
	ERR_clear_error();
	for (size_t i = 0; i < j->count; i++) {
		int error = j->complaints[i].error;

		if (error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
		    error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY)
			is_complete = false;
	}
	return is_complete;
}

/*
 * What is given as the trust is trusted, root or not, as libcurl and Go have it too. Roots come first: they
 * are what is compared.
 */
static void
verify_all(struct tls_judgement *j)
{
	bool was_given = j->trust->certificates != NULL;

	j->chain->is_verified = verify(j, 0);
	if (!j->chain->is_verified && was_given && verify(j, X509_V_FLAG_PARTIAL_CHAIN)) {
		j->chain->is_verified = true;
		tls_findings_add(&j->chain->findings, TLS_NOTE,
				 "The trust ends in an intermediate, not in a root: what issued "
				 "that was not looked at");
	}
	if (j->chain->is_verified)
		return;
	if (!collect(j, 0) && was_given && !collect(j, X509_V_FLAG_PARTIAL_CHAIN))
		collect(j, 0);
	for (size_t i = 0; i < j->count; i++)
		tls_chain_explain(j, &j->complaints[i]);
	if (tls_findings_count(&j->chain->findings, TLS_PROBLEM) == 0)
		tls_findings_add(&j->chain->findings, TLS_PROBLEM,
				 "OpenSSL does not verify the chain, and does not say why");
}

static void
check_names(struct tls_judgement *j)
{
	const unsigned flags =
		X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
	X509 *own = sk_X509_value(j->sent, 0);

	for (const char *const *name = j->demands->names; name && *name; name++) {
		int rc = address_is_numeric(*name) ? X509_check_ip_asc(own, *name, 0)
						   : X509_check_host(own, *name, 0, flags, NULL);

		if (rc != 1)
			tls_findings_add(&j->chain->findings, TLS_PROBLEM,
					 "The certificate does not cover %s, which is wanted "
					 "besides %s. Have it issued with that name as well",
					 *name, j->demands->name);
	}
	ERR_clear_error();
}

static void
check_time_left(struct tls_judgement *j, const X509 *certificate, int depth)
{
	int64_t from_ms = certificate_time_ms(X509_get0_notBefore(certificate)),
		until_ms = certificate_time_ms(X509_get0_notAfter(certificate)),
		left_ms = until_ms - j->demands->now_ms, soon_ms;
	char left[CLOCK_STAMP_MAX], wanted[CLOCK_STAMP_MAX], *role, *until;

	if (until_ms == INT64_MAX || from_ms == INT64_MAX || left_ms <= 0)
		return; /* expired: that has been said */
	soon_ms = (until_ms - from_ms) / SOON_PART;
	if (soon_ms > SOON_MS)
		soon_ms = SOON_MS;
	role = tls_certificate_role(certificate, depth);
	until = certificate_time(X509_get0_notAfter(certificate));
	duration_format_human(left_ms, left);
	if (j->demands->valid_for_ms && left_ms < j->demands->valid_for_ms)
		tls_findings_add(&j->chain->findings, TLS_PROBLEM,
				 "%s ends %s, in %s; %s are wanted. Renew it first", role, until,
				 left, duration_format(j->demands->valid_for_ms, wanted));
	else if (left_ms < soon_ms)
		tls_findings_add(&j->chain->findings, TLS_WARNING,
				 "%s ends soon: %s, in %s. Renew it", role, until, left);
	free(role);
	free(until);
}

void
tls_chain_judge(STACK_OF(X509) *sent, const struct tls_trust *trust,
		const struct tls_demands *demands, struct tls_chain *ret_chain)
{
	struct tls_judgement j = {
		.sent = sent, .trust = trust, .demands = demands, .chain = ret_chain
	};

	*ret_chain = (struct tls_chain){ .certificates = NULL };
	verify_all(&j);
	check_names(&j);
	for (int i = 0; i < sk_X509_num(ret_chain->certificates); i++)
		check_time_left(&j, sk_X509_value(ret_chain->certificates, i), i);
	tls_chain_compare_sent(&j);
	free(j.complaints);
}
