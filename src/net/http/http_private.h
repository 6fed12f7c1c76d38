#ifndef LIFEBOAT_NET_HTTP_HTTP_PRIVATE_H
#define LIFEBOAT_NET_HTTP_HTTP_PRIVATE_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "net/http/http.h"
#include "net/http/http_peer.h"

/* Internal to src/net/http*.c: an exchange, and what to say when it fails. */

struct http_client {
	CURLM *multi;
	CURL *easy;
	char *ca_pem, *ca_file;
	char *client_cert_pem, *client_key_pem;
	char *proxy_url;
	struct curl_slist *resolve, *connect_to;
	enum http_ip ip;
	bool insecure, compressed, fresh;
};

/* One exchange under way; the response grows in it and is handed over at the end. */
struct exchange {
	struct http_client *client;
	const struct http_request *request;
	struct http_response response;
	struct curl_slist *headers;
	struct curl_slist *names; /* in a drill: what the world says of the host's */
	int64_t started_ms, last_byte_ms;
	size_t streamed_bytes; /* since the last wait */
	int pieces;	       /* in a row */
	bool has_gathered;     /* waited for more of them */
	bool is_flood;
	int64_t window_ms; /* when the present window began */
	size_t window_bytes;
	bool stopped; /* on_data() wanted no more */
	bool too_large;
	bool is_connected; /* the request itself could be sent */
	bool has_headers;  /* all of them */
	int socket;	   /* the last one that was made; 0: none */
	struct http_peer peer;
	struct err denied; /* why the fence lets nobody through; ERR_NONE: it does */
	char problem[CURL_ERROR_SIZE];
};

/* How the driving loop came to its end; what curl says counts for ENDED only. */
enum ending { ENDED, CANCELLED, OVERDUE, SILENT };

bool exchange_is_get_or_head(const struct http_request *request);
bool exchange_only_reads(const struct http_request *request);
size_t exchange_max_body(const struct http_request *request);

/* Fills *e with why there is no answer. Returns -1. */
int exchange_fail(const struct exchange *x, enum ending ending, CURLcode code, struct err *e);

#endif
