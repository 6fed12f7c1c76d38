#ifndef LIFEBOAT_NET_HTTP_HTTP_PROXY_H
#define LIFEBOAT_NET_HTTP_HTTP_PROXY_H

/*
 * The proxy that the environment names for a URL, by the rules of libcurl: https_proxy or HTTPS_PROXY,
 * http_proxy (never HTTP_PROXY), else all_proxy or ALL_PROXY, unless no_proxy or NO_PROXY names the
 * host. *ret_why (borrowed; may be NULL) is the variable that decided, or NULL: none did. Returns ""
 * where there is none; the caller frees. Source: libcurl-env(3), CURLOPT_NOPROXY(3).
 */
char *http_proxy_of_environment(const char *url, const char **ret_why);

#endif
