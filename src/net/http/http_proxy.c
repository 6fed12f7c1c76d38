#include "config.h"

#include "net/http/http_proxy.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"
#include "net/http/http_url.h"

/* The first of these variables that is set, and in *ret_name which one it is; NULL for none. */
static const char *
first_set(const char *const *names, const char **ret_name)
{
	for (; *names; names++) {
		const char *value = getenv(*names);

		if (value) {
			*ret_name = *names;
			return value;
		}
	}
	return NULL;
}

/* Whether an address lies in a network of so many bits; -1: in exactly this one. */
static bool
address_is_in(const char *host, const char *network, int bits)
{
	unsigned char a[16], b[16];
	int family = strchr(host, ':') ? AF_INET6 : AF_INET, all = family == AF_INET ? 32 : 128;

	if (inet_pton(family, host, a) != 1 || inet_pton(family, network, b) != 1)
		return false;
	if (bits < 0)
		bits = all;
	if (bits > all || memcmp(a, b, (size_t)bits / 8) != 0)
		return false;
	return bits % 8 == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8) == 0;
}

/* Whether the host is that of the entry, or below it. */
static bool
name_is_below(const char *host, const char *entry)
{
	size_t host_len = strlen(host), len;

	entry += *entry == '.';
	len = strlen(entry);
	if (len && entry[len - 1] == '.')
		len--;
	if (host_len && host[host_len - 1] == '.')
		host_len--;
	if (!len || len > host_len || strncasecmp(host + host_len - len, entry, len) != 0)
		return false;
	return len == host_len || host[host_len - len - 1] == '.';
}

static bool
entry_names(char *entry, const char *host)
{
	char *slash = strchr(entry, '/');

	if (strchr(host, ':') || address_is_in(host, host, -1)) {
		if (slash)
			*slash = '\0';
		return address_is_in(host, entry, slash ? atoi(slash + 1) : -1);
	}
	return name_is_below(host, entry);
}

/* Whether a list as in NO_PROXY names the host. */
static bool
list_names(const char *list, const char *url_host)
{
	bool is_v6 = url_host[0] == '[';
	char *host = xstrndup(url_host + is_v6, strlen(url_host) - 2 * (size_t)is_v6);
	char *copy = xstrdup(list), *rest = copy, *entry;
	bool found = strcmp(list, "*") == 0;

	while (!found && (entry = strsep(&rest, ", ")))
		found = *entry && entry_names(entry, host);
	free(copy);
	free(host);
	return found;
}

char *
http_proxy_of_environment(const char *url, const char **ret_why)
{
	static const char *const for_https[] = { "https_proxy", "HTTPS_PROXY", "all_proxy",
						 "ALL_PROXY", NULL };
	/* HTTP_PROXY is what a client's header "Proxy:" becomes in a CGI program */
	static const char *const for_http[] = { "http_proxy", "all_proxy", "ALL_PROXY", NULL };
	static const char *const exceptions[] = { "no_proxy", "NO_PROXY", NULL };
	const char *proxy, *list, *why = NULL, *list_name = NULL;
	struct http_url parsed;
	bool is_tls;

	if (ret_why)
		*ret_why = NULL;
	if (!http_url_init(&parsed, url))
		return xstrdup("");
	is_tls = strcmp(parsed.scheme, "https") == 0;
	proxy = first_set(is_tls ? for_https : for_http, &why);
	list = first_set(exceptions, &list_name);
	if (proxy && *proxy && list && list_names(list, parsed.host)) {
		proxy = "";
		why = list_name;
	}
	http_url_release(&parsed);
	if (ret_why)
		*ret_why = why;
	return xstrdup(proxy ? proxy : "");
}
