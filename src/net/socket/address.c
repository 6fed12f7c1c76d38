#include "config.h"

#include "net/socket/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "net/fence/fence.h"
#include "net/fence/fence_resolve.h"
#include "net/socket/wait.h"

/* A look-up under way, shared by the asker and the thread that does it: the last one frees it. */
struct lookup {
	atomic_int owners;
	int done_fd; /* an eventfd, readable once it is done */
	char *host;
	char service[8];
	struct addrinfo *found;
	atomic_int rc; /* set last: whoever has read it may read found */
};

static void
lookup_drop(struct lookup *lookup)
{
	if (atomic_fetch_sub(&lookup->owners, 1) != 1)
		return;
	if (lookup->found)
		freeaddrinfo(lookup->found);
	close(lookup->done_fd);
	free(lookup->host);
	free(lookup);
}

static int
resolve(const char *host, const char *service, int flags, struct addrinfo **ret_found)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = flags | AI_NUMERICSERV };

	return getaddrinfo(host, service, &hints, ret_found);
}

static void *
lookup_main(void *data)
{
	struct lookup *lookup = data;

	atomic_store(&lookup->rc,
		     resolve(lookup->host, lookup->service, AI_ADDRCONFIG, &lookup->found));
	eventfd_write(lookup->done_fd, 1);
	lookup_drop(lookup);
	return NULL;
}

/* Starts a detached thread that takes none of the program's signals. */
static int
start_thread(struct lookup *lookup)
{
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t all, before;

	sigfillset(&all);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&thread, &attributes, lookup_main, lookup);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return rc;
}

static void
take_addresses(const struct addrinfo *found, struct address_list *ret_list)
{
	ret_list->count = 0;
	for (; found && ret_list->count < ADDRESS_MAX; found = found->ai_next) {
		struct address *address = &ret_list->items[ret_list->count];

		if (found->ai_addrlen > sizeof(address->sa))
			continue;
		*address = (struct address){ .len = found->ai_addrlen };
		memcpy(&address->sa, found->ai_addr, found->ai_addrlen);
		ret_list->count++;
	}
}

static int
lookup_name(struct lookup *lookup, int64_t deadline_ms, const struct cancel *cancel,
	    struct address_list *ret_list, struct err *e)
{
	atomic_init(&lookup->owners, 2);
	if (start_thread(lookup) != 0) {
		atomic_store(&lookup->owners, 1);
		return err_set(e, ERR_IO, "no thread could be started");
	}
	if (wait_fd(lookup->done_fd, POLLIN, deadline_ms, cancel, e) < 0)
		return -1;
	int rc = atomic_load(&lookup->rc);
	if (rc != 0)
		return err_set(e, ERR_NET, "%s", gai_strerror(rc));
	take_addresses(lookup->found, ret_list);
	return 0;
}

int
address_parse(const char *host, int port, struct address_list *ret_list)
{
	struct addrinfo *found = NULL;
	char service[8];

	snprintf(service, sizeof(service), "%d", port);
	if (resolve(host, service, AI_NUMERICHOST, &found) != 0)
		return -1;
	take_addresses(found, ret_list);
	freeaddrinfo(found);
	return 0;
}

int
address_lookup(const char *host, int port, int64_t deadline_ms, const struct cancel *cancel,
	       struct address_list *ret_list, struct err *e)
{
	struct lookup *lookup;
	int rc;

	if (port < 1 || port > 65535)
		return err_set(e, ERR_SPEC, "%s: %d is not a port", host, port);
	if (address_parse(host, port, ret_list) == 0)
		return 0;
	if (fence_stands())
		return fence_resolve(host, port, deadline_ms, cancel, ret_list, e);
	lookup = xcalloc(1, sizeof(*lookup));
	lookup->host = xstrdup(host);
	snprintf(lookup->service, sizeof(lookup->service), "%d", port);
	atomic_init(&lookup->owners, 1);
	lookup->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (lookup->done_fd < 0)
		rc = err_errno(e, ERR_IO, "making an eventfd");
	else
		rc = lookup_name(lookup, deadline_ms, cancel, ret_list, e);
	lookup_drop(lookup);
	return rc < 0 ? err_wrap(e, "looking up the address of %s", host) : 0;
}

bool
address_is_numeric(const char *text)
{
	struct in6_addr ignored;

	return inet_pton(AF_INET, text, &ignored) == 1 || inet_pton(AF_INET6, text, &ignored) == 1;
}

char *
address_host(const struct address *address)
{
	char host[NI_MAXHOST] = "?";

	getnameinfo((const struct sockaddr *)&address->sa, address->len, host, sizeof(host), NULL,
		    0, NI_NUMERICHOST);
	return xstrdup(host);
}

char *
address_format(const struct address *address)
{
	char host[NI_MAXHOST] = "?", service[NI_MAXSERV] = "?";

	getnameinfo((const struct sockaddr *)&address->sa, address->len, host, sizeof(host),
		    service, sizeof(service), NI_NUMERICHOST | NI_NUMERICSERV);
	return xasprintf(address->sa.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, service);
}
