#include "config.h"

#include "world/stage/look_dial.h"

#include <errno.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/socket/address.h"
#include "net/socket/connect.h"
#include "net/socket/wait.h"
#include "net/tls/certificate.h"
#include "net/tls/tls.h"
#include "net/tls/tls_chain.h"
#include "net/tls/tls_trust.h"

/* How long a way is looked at again that has just failed: on loopback an answer is there at once. */
enum { SECOND_LOOK_MS = 250 };

/* ---- the connection ---- */

static bool
is_loopback(const struct address *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)&address->sa;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)&address->sa;

	if (address->sa.ss_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

/* 0: it was taken; else errno. */
static int
connect_once(const struct address *to, int64_t deadline_ms, const struct cancel *cancel)
{
	struct err ignored = ERR_INIT;
	int failure, fd = connect_address(to, SOCK_STREAM, deadline_ms, cancel, &failure, &ignored);

	if (fd < 0)
		return failure ? failure : ETIMEDOUT;
	close(fd);
	return 0;
}

static int
dial(const struct address *to, int64_t timeout_ms, const struct cancel *cancel, struct str *why)
{
	int failure = ETIMEDOUT;
	char *place;

	if (is_loopback(to))
		failure = connect_once(to, wait_deadline(timeout_ms), cancel);
	if (failure == 0)
		return 0;
	place = address_format(to);
	if (failure == ETIMEDOUT)
		str_printf(why, "dial tcp %s: i/o timeout", place);
	else if (failure == ECONNREFUSED)
		str_printf(why, "dial tcp %s: connect: connection refused", place);
	else
		str_printf(why, "dial tcp %s: connect: %s", place, strerrordesc_np(failure));
	free(place);
	return -1;
}

/* ---- the certificate ---- */

static int
check_dates(const X509 *certificate, struct str *why)
{
	bool early = X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0;
	bool late = X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0;
	char now[CLOCK_STAMP_MAX], *limit;

	if (!early && !late)
		return 0;
	limit = certificate_time(early ? X509_get0_notBefore(certificate)
				       : X509_get0_notAfter(certificate));
	clock_format_utc(clock_wall_ms(), now);
	str_printf(
		why,
		"x509: certificate has expired or is not yet valid: current time %.19sZ is %s %s",
		now, early ? "before" : "after", limit ? limit : "?");
	free(limit);
	return -1;
}

static int
check_name(X509 *certificate, const char *name, struct str *why)
{
	bool numeric = address_is_numeric(name);
	cJSON *names;
	const cJSON *item;

	if (numeric ? X509_check_ip_asc(certificate, name, 0) == 1
		    : X509_check_host(certificate, name, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
				      NULL) == 1)
		return 0;
	names = certificate_names(certificate);
	if (cJSON_GetArraySize(names) == 0) {
		str_printf(why,
			   "x509: certificate is not valid for any names, but wanted to match %s",
			   name);
	} else {
		str_append(why, "x509: certificate is valid for ");
		cJSON_ArrayForEach(item, names)
			str_printf(why, "%s%s", item == names->child ? "" : ", ",
				   item->valuestring);
		str_printf(why, ", not %s", name);
	}
	cJSON_Delete(names);
	return -1;
}

/* Nobody whom we trust has signed it; maybe somebody of the same name. */
static void
blame_authority(STACK_OF(X509) *sent, const struct tls_trust *trust, struct str *why)
{
	const X509 *last = sk_X509_value(sent, sk_X509_num(sent) - 1);
	STACK_OF(X509) *named = tls_trust_named(trust, X509_get_issuer_name(last));

	str_append(why, "x509: certificate signed by unknown authority");
	if (sk_X509_num(named) > 0) {
		char name[256] = "";

		X509_NAME_get_text_by_NID(X509_get_subject_name(sk_X509_value(named, 0)),
					  NID_commonName, name, sizeof(name));
		str_printf(why,
			   " (possibly because of \"x509: ECDSA verification failure\" while "
			   "trying to verify candidate authority certificate \"%s\")",
			   name);
	}
	sk_X509_pop_free(named, X509_free);
}

static int
judge(const struct look_dial *wanted, STACK_OF(X509) *sent, struct str *why)
{
	const struct tls_demands demands = { .name = wanted->wish.name, .now_ms = clock_wall_ms() };
	struct tls_chain chain;
	struct tls_trust *trust = tls_trust_new(wanted->authorities, NULL);
	int rc = -1;

	if (!trust) {
		str_append(why, "x509: the CA bundle holds no valid certificate");
		return -1;
	}
	tls_chain_judge(sent, trust, &demands, &chain);
	if (chain.is_verified) {
		rc = 0;
	} else {
		X509 *own = sk_X509_value(sent, 0);

		str_append(why, "tls: failed to verify certificate: ");
		if (check_dates(own, why) == 0 && check_name(own, wanted->wish.name, why) == 0)
			blame_authority(sent, trust, why);
	}
	tls_chain_release(&chain);
	tls_trust_free(trust);
	return rc;
}

/* What kept a handshake from coming to its end: the way there, or, where that is open, the one at its end. */
static int
blame_handshake(const struct address *to, enum err_kind kind, const struct cancel *cancel,
		struct str *why)
{
	char *place;

	if ((kind == ERR_NET || kind == ERR_TIMEOUT) && dial(to, SECOND_LOOK_MS, cancel, why) < 0)
		return -1;
	place = address_format(to);
	/* Here nobody can drop what is sent: who takes a connection and says nothing stands for one who does not. */
	if (kind == ERR_TIMEOUT)
		str_printf(why, "dial tcp %s: i/o timeout", place);
	else if (kind == ERR_NET)
		str_printf(why, "read tcp %s: EOF", place);
	else if (kind == ERR_DENIED)
		str_append(why, "remote error: tls: certificate required");
	else
		str_append(why, "remote error: tls: handshake failure");
	free(place);
	return -1;
}

static int
shake_hands(const struct look_dial *wanted, const struct address *to, const struct cancel *cancel,
	    struct str *why)
{
	const struct tls_request request = {
		.name = wanted->wish.name,
		.address = to,
		.deadline_ms = wait_deadline(wanted->timeout_ms),
		.cancel = cancel,
	};
	struct tls_session session = TLS_SESSION_INIT;
	struct err e = ERR_INIT;
	int rc;

	if (!is_loopback(to))
		return dial(to, 0, cancel, why);
	if (tls_handshake(&request, &session, &e) < 0 || sk_X509_num(session.sent) <= 0)
		rc = blame_handshake(to, e.kind, cancel, why);
	else
		rc = judge(wanted, session.sent, why);
	tls_session_release(&session);
	return rc;
}

/* ---- the look ---- */

static int
dial_address(const struct look_dial *wanted, const char *host, const struct cancel *cancel,
	     struct str *why)
{
	struct address_list list;

	if (address_parse(host, wanted->port, &list) < 0) {
		str_printf(why, "dial tcp: address %s: no suitable address found", host);
		return -1;
	}
	if (wanted->authorities)
		return shake_hands(wanted, &list.items[0], cancel, why);
	return dial(&list.items[0], wanted->timeout_ms, cancel, why);
}

static void
look(void *ask, const struct cancel *cancel, struct look_answer *ret_answer)
{
	const struct look_dial *wanted = ask;
	struct dns_addresses addresses = { .count = 0 };
	struct str seen = STR_INIT;
	bool holds = false;

	if (dns_resolve(wanted->memory, &wanted->wish, cancel, &addresses, &seen) < 0) {
		char *why = str_take(&seen);

		str_printf(&seen, "dial tcp: %s", why);
		free(why);
	}
	for (size_t i = 0; i < addresses.count && !holds && !cancel_requested(cancel); i++) {
		str_clear(&seen);
		cJSON_Delete(ret_answer->value);
		ret_answer->value = cJSON_CreateString(addresses.items[i]);
		if (dial_address(wanted, addresses.items[i], cancel, &seen) < 0)
			continue;
		str_printf(&seen, "connected to %s", addresses.items[i]);
		holds = !wanted->to || strcmp(wanted->to, addresses.items[i]) == 0;
	}
	ret_answer->holds = holds;
	ret_answer->seen = str_take(&seen);
}

static bool
same(const void *ask, const void *other)
{
	const struct look_dial *a = ask, *b = other;

	return dns_wish_same(&a->wish, &b->wish) && a->port == b->port &&
	       a->timeout_ms == b->timeout_ms && str_equal(a->to, b->to) &&
	       str_equal(a->authorities, b->authorities);
}

static void
free_ask(void *ask)
{
	struct look_dial *wanted = ask;

	dns_wish_release(&wanted->wish);
	free(wanted->to);
	free(wanted->authorities);
	free(wanted);
}

const struct look_kind look_dial_kind = { .run = look, .same = same, .free = free_ask };
