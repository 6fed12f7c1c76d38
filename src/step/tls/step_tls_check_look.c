#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "net/socket/address.h"
#include "net/socket/wait.h"
#include "step/tls/step_tls_check.h"

enum { MAX_ADDRESSES = 64, PORT_OF_POSTGRESQL = 5432 };

static void
look_release(struct tls_look *look)
{
	free(look->where);
	tls_session_release(&look->session);
	tls_chain_release(&look->chain);
	X509_free(look->root);
}

void
tls_looks_release(struct tls_looks *looks)
{
	for (size_t i = 0; i < looks->count; i++)
		look_release(&looks->items[i]);
	free(looks->items);
	*looks = (struct tls_looks){ .count = 0 };
}

static bool
has_address(const struct address *addresses, size_t count, const struct address *address)
{
	for (size_t i = 0; i < count; i++)
		if (addresses[i].len == address->len &&
		    memcmp(&addresses[i].sa, &address->sa, address->len) == 0)
			return true;
	return false;
}

static int
find_addresses(const struct tls_check *c, const struct tls_endpoint *endpoint,
	       const struct step_texts *resolve, struct address *addresses, size_t *ret_count,
	       struct err *e)
{
	size_t names = resolve && resolve->count ? resolve->count : 1, count = 0;

	for (size_t i = 0; i < names; i++) {
		const char *name = resolve && resolve->count ? resolve->items[i] : endpoint->host;
		struct address_list list;

		if (address_lookup(name, endpoint->port, wait_deadline(c->timeout_ms),
				   c->ctx->cancel, &list, e) < 0)
			return err_advise(e, "Check the name, and what DNS says of it; `resolve` "
					     "connects to an address that you know");
		for (size_t k = 0; k < list.count && count < MAX_ADDRESSES; k++)
			if (!has_address(addresses, count, &list.items[k]))
				addresses[count++] = list.items[k];
	}
	*ret_count = count;
	return 0;
}

static void
keep_root(struct tls_look *look, const struct tls_chain *chain)
{
	look->root = tls_chain_root(chain, look->session.sent);
	if (look->root)
		X509_up_ref(look->root);
}

/*
 * A chain that does not lead to what is trusted may yet lead to the root that it is compared with: that is
 * worth knowing, and changes nothing in the verdict.
 */
static void
find_root(const struct tls_check *c, const struct tls_demands *demands, struct tls_look *look)
{
	struct tls_trust *trust = tls_trust_of(c->reference.certificates);
	struct tls_chain chain;

	tls_chain_judge(look->session.sent, trust, demands, &chain);
	keep_root(look, &chain);
	tls_chain_release(&chain);
	tls_trust_free(trust);
}

static void
look_at(const struct tls_check *c, const struct tls_endpoint *endpoint,
	const struct address *address, const struct tls_demands *demands, struct tls_look *look)
{
	bool is_ours = endpoint == &c->server; /* our certificate is for nobody else */
	struct tls_request request = {
		.name = demands->name,
		.address = address,
		.start = endpoint->start,
		.client_certificate_pem = is_ours ? c->client_certificate_pem : NULL,
		.client_key_pem = is_ours ? c->client_key_pem : NULL,
		.deadline_ms = wait_deadline(c->timeout_ms),
		.cancel = c->ctx->cancel,
	};

	if (tls_handshake(&request, &look->session, &look->failure) == 0 && !look->session.sent)
		err_set(&look->failure, ERR_REMOTE, "it sent no certificate at all");
	else if (look->failure.kind != ERR_NONE && endpoint->start == TLS_START_DIRECT &&
		 endpoint->port == PORT_OF_POSTGRESQL && !look->session.sent)
		err_advise(&look->failure,
			   "PostgreSQL speaks TLS only with `starttls: postgresql`");
	if (look->session.sent) {
		tls_chain_judge(look->session.sent, c->trust, demands, &look->chain);
		keep_root(look, &look->chain);
		if (is_ours && !look->root && c->reference.certificates)
			find_root(c, demands, look);
	}
}

/* Whether another address may do better than this one: nobody is there. */
static bool
is_absent(const struct tls_look *look)
{
	return (look->failure.kind == ERR_NET || look->failure.kind == ERR_TIMEOUT) &&
	       !look->session.sent;
}

int
tls_check_look(const struct tls_check *c, const struct tls_endpoint *endpoint,
	       const struct step_texts *resolve, bool all, const struct tls_demands *demands,
	       struct tls_looks *looks, struct err *e)
{
	struct address addresses[MAX_ADDRESSES];
	size_t count = 0;

	if (find_addresses(c, endpoint, resolve, addresses, &count, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct tls_look *look = VEC_PUSH(looks->items, looks->count, looks->cap);

		look->where = address_format(&addresses[i]);
		if (count > 1)
			c->ctx->progress(c->ctx, "TLS handshake with %s (%zu of %zu)", look->where,
					 i + 1, count);
		else
			c->ctx->progress(c->ctx, "TLS handshake with %s", look->where);
		look_at(c, endpoint, &addresses[i], demands, look);
		if (look->failure.kind == ERR_CANCELLED) {
			*e = look->failure;
			return -1;
		}
		if (!all && !is_absent(look))
			return 0;
	}
	return 0;
}
