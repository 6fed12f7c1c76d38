#include "config.h"

#include "net/http/http_fence.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/fence/fence.h"
#include "net/fence/fence_resolve.h"
#include "net/http/http_private.h"
#include "net/http/http_url.h"
#include "net/socket/address.h"

enum { DEFAULT_PATIENCE_MS = 10000 };

/* In place of libcurl's own socket(): whom it is for, is known here. */
static curl_socket_t
open_fenced(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct exchange *x = data;

	(void)purpose;
	if (fence_check(&address->addr, address->addrlen, &x->denied) < 0)
		return CURL_SOCKET_BAD;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* What stands behind "host:port:" in a list for that host and port, whose empty port is any; NULL: nothing. */
static const char *
find_lead(const struct curl_slist *list, const struct http_url *url)
{
	size_t host_len = strlen(url->host), port_len = url->port ? strlen(url->port) : 0;

	for (; list; list = list->next) {
		const char *port = list->data + host_len + 1;

		if (strncasecmp(list->data, url->host, host_len) != 0 || port[-1] != ':')
			continue;
		if (*port == ':')
			return port + 1;
		if (port_len && strncmp(port, url->port, port_len) == 0 && port[port_len] == ':')
			return port + port_len + 1;
	}
	return NULL;
}

/* "127.21.7.10:443", "[::1]:", as they stand in such a list. */
static bool
leads_to_address(const char *lead)
{
	struct address_list list = { .count = 0 };
	bool is_v6 = *lead == '[', is_address;
	const char *from = is_v6 ? lead + 1 : lead;
	char *host = xstrndup(from, strcspn(from, is_v6 ? "]" : ":"));

	is_address = address_parse(host, 1, &list) == 0 && list.count > 0;
	free(host);
	return is_address;
}

/* Whether the caller has led the host to another name, which nobody here knows. */
static bool
is_led_astray(const struct http_client *c, const struct http_url *url)
{
	const char *lead = find_lead(c->connect_to, url);

	return lead && !leads_to_address(lead);
}

/* Whether the host is an address, or the caller has said which. */
static bool
is_known(const struct http_client *c, const struct http_url *url)
{
	return http_url_is_address(url) || find_lead(c->connect_to, url) ||
	       find_lead(c->resolve, url);
}

int
http_fence_name(struct exchange *x, struct err *e)
{
	const struct http_request *request = x->request;
	int64_t patience_ms =
		request->connect_timeout_ms ? request->connect_timeout_ms : DEFAULT_PATIENCE_MS;
	struct address_list list;
	struct http_url url;
	int rc = 0;

	if (!fence_stands() || !http_url_init(&url, request->url))
		return 0; /* what is no URL, libcurl says best */
	if (is_known(x->client, &url))
		goto out;
	rc = fence_resolve(url.host, atoi(url.port ? url.port : "0"), clock_mono_ms() + patience_ms,
			   request->cancel, &list, e);
	if (rc < 0) {
		err_wrap(e, "%s", request->label ? request->label : request->method);
		goto out;
	}
	char *host = address_host(&list.items[0]);
	char *entry = xasprintf("%s:%s:%s", url.host, url.port ? url.port : "0", host);
	x->names = curl_slist_append(NULL, entry);
	free(entry);
	free(host);
out:
	http_url_release(&url);
	return rc;
}

static bool
is_address_url(const char *text)
{
	struct http_url url;
	bool is_address;

	if (!http_url_init(&url, text))
		return false;
	is_address = http_url_is_address(&url);
	http_url_release(&url);
	return is_address;
}

/* Addresses pass here, too: whether they are of the world, open_fenced() asks. A name would be asked for outside. */
static int
refuse_lookup(void *resolver, void *reserved, void *data)
{
	struct exchange *x = data;
	const char *proxy = x->client->proxy_url;
	bool passes = !proxy || !*proxy || is_address_url(proxy);
	struct http_url url;

	(void)resolver;
	(void)reserved;
	if (http_url_init(&url, x->request->url)) {
		passes = passes && (x->names || is_known(x->client, &url)) &&
			 !is_led_astray(x->client, &url);
		http_url_release(&url);
	}
	if (passes)
		return 0;
	return err_set(&x->denied, ERR_DENIED,
		       "what is not of the drill's world is not looked up: a drill never touches "
		       "anything real");
}

void
http_fence_set(struct exchange *x)
{
	CURL *easy = x->client->easy;

	if (!fence_stands())
		return;
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_fenced);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, x);
	curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, refuse_lookup);
	curl_easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, x);
	if (x->names)
		curl_easy_setopt(easy, CURLOPT_RESOLVE, x->names);
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
}
