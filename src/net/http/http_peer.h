#ifndef LIFEBOAT_NET_HTTP_HTTP_PEER_H
#define LIFEBOAT_NET_HTTP_HTTP_PEER_H

#include <curl/curl.h>
#include <stdbool.h>

/* Internal to src/net/http*.c: what the server's certificate was, and why its chain did not verify. */

/* In the caller's memory, zeroed at first; stays where it is for as long as the handle is in use. */
struct http_peer {
	char *names; /* of the server's own certificate: "ui.example.com, *.apps.example.com" */
	char *fault; /* why the chain did not verify, in words; NULL: it did, or was not looked at */
	int error;   /* an X509_V_ERR of OpenSSL, or 0 */
};

/* Watches the verification of the handle's next connection, and leaves its verdict as it is. */
void http_peer_watch(struct http_peer *peer, CURL *easy);
void http_peer_release(struct http_peer *peer);

#endif
