#ifndef LIFEBOAT_NET_HTTP_HTTP_TROUBLE_H
#define LIFEBOAT_NET_HTTP_HTTP_TROUBLE_H

#include <stdbool.h>

/* Where on its way an exchange failed, for whom knows more of the request than the client does. */
enum http_trouble_kind {
	HTTP_TROUBLE_OTHER,
	HTTP_TROUBLE_NAME,	     /* the name of the host is not known */
	HTTP_TROUBLE_PROXY_NAME,     /* nor that of the proxy */
	HTTP_TROUBLE_REFUSED,	     /* the host is there, and the port closed */
	HTTP_TROUBLE_UNREACHABLE,    /* no way there */
	HTTP_TROUBLE_SILENT_CONNECT, /* not even a refusal */
	HTTP_TROUBLE_SILENT_TLS,     /* connected, and no answer to our handshake */
	HTTP_TROUBLE_SILENT,	     /* connected, and then nothing, or not all */
	HTTP_TROUBLE_TUNNEL,	     /* the proxy answered our CONNECT with proxy_status */
	HTTP_TROUBLE_NO_TLS,	     /* the port speaks something else */
	HTTP_TROUBLE_NO_HTTP,
	HTTP_TROUBLE_WRONG_NAME,      /* a certificate of other names */
	HTTP_TROUBLE_CHAIN,	      /* a certificate that does not verify */
	HTTP_TROUBLE_OUR_CERTIFICATE, /* the server refused ours, or wants one */
	HTTP_TROUBLE_CUT,	      /* the connection ended too early */
};

/* In the caller's memory, zeroed at first; filled by a failing exchange, released by the caller. */
struct http_trouble {
	enum http_trouble_kind kind;
	long proxy_status; /* HTTP_TROUBLE_TUNNEL */
	char *names;	   /* what the server's certificate is for, or NULL: none was seen */
};

void http_trouble_release(struct http_trouble *trouble);

#endif
