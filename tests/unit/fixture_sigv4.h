#ifndef LIFEBOAT_TESTS_FIXTURE_SIGV4_H
#define LIFEBOAT_TESTS_FIXTURE_SIGV4_H

/*
 * Signatures of requests to Route 53, recomputed from what arrived by OpenSSL's HMAC.
 * Source: AWS General Reference, "Signature Version 4 signing process".
 */

#include <ctype.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <time.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "http_server.h"

#define R53_KEY "AKIDEXAMPLE0000WXYZ"
#define R53_SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

/* What signatures must be for and come with, and what was wrong with the first that was not right. */
struct sigv4 {
	const char *region, *token;
	int skew_s; /* the judge's clock is ahead of ours */
	int refused;
	char why[8000];
};

static inline void
sigv4_hex(const unsigned char *bytes, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static inline void
sigv4_hmac(const void *key, size_t key_len, const char *text, unsigned char out[32])
{
	unsigned len = 32;

	HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text, strlen(text), out, &len);
}

static inline void
sigv4_header(const struct server_request *r, const char *name, char *out, size_t max)
{
	size_t len = strlen(name);

	*out = '\0';
	for (const char *at = r->headers; at && *at; at = strstr(at, "\r\n") + 2) {
		if (strncasecmp(at, name, len) != 0 || at[len] != ':')
			continue;
		at += len + 1;
		at += strspn(at, " ");
		snprintf(out, max, "%.*s", (int)strcspn(at, "\r"), at);
		return;
	}
}

static inline void
sigv4_decode(char *text)
{
	char *to = text;

	for (char *at = text; *at; at++) {
		unsigned code;

		if (*at == '%' && sscanf(at + 1, "%2x", &code) == 1) {
			*to++ = (char)code;
			at += 2;
		} else {
			*to++ = *at;
		}
	}
	*to = '\0';
}

/* A parameter of the query, decoded; false: there is none. */
static inline bool
sigv4_parameter(const char *target, const char *name, char *out, size_t max)
{
	const char *at = strchr(target, '?');
	size_t len = strlen(name);

	*out = '\0';
	for (; at; at = strchr(at, '&')) {
		at++;
		if (strncmp(at, name, len) == 0 && at[len] == '=') {
			snprintf(out, max, "%.*s", (int)strcspn(at + len + 1, "&"), at + len + 1);
			sigv4_decode(out);
			return true;
		}
	}
	return false;
}

static inline int
sigv4_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static inline void
sigv4_encode(struct str *out, const char *text)
{
	for (; *text; text++) {
		if (isalnum((unsigned char)*text) || strchr("-_.~", *text))
			str_append_char(out, *text);
		else
			str_printf(out, "%%%02X", (unsigned char)*text);
	}
}

/* Decoded, encoded anew by AWS's own rules, and sorted: whatever order and spelling it came in. */
static inline void
sigv4_canonical_query(const char *target, struct str *out)
{
	const char *query = strchr(target, '?');
	char *parts[20], *text = xstrdup(query ? query + 1 : ""), *save = NULL;
	size_t count = 0;

	for (char *part = strtok_r(text, "&", &save); part && count < 20;
	     part = strtok_r(NULL, "&", &save)) {
		char *value = strchr(part, '=');
		struct str one = STR_INIT;

		if (value)
			*value++ = '\0';
		sigv4_decode(part);
		sigv4_encode(&one, part);
		str_append_char(&one, '=');
		if (value) {
			sigv4_decode(value);
			sigv4_encode(&one, value);
		}
		parts[count++] = str_take(&one);
	}
	qsort(parts, count, sizeof(*parts), sigv4_compare);
	for (size_t i = 0; i < count; i++) {
		str_printf(out, "%s%s", i ? "&" : "", parts[i]);
		free(parts[i]);
	}
	free(text);
}

/* The canonical request that the received bytes stand for. */
static inline void
sigv4_canonical(const struct server_request *r, const char *signed_headers, struct str *out)
{
	unsigned char hash[32];
	char hex[65], *names = xstrdup(signed_headers), *save = NULL;

	str_printf(out, "%s\n%.*s\n", r->method, (int)strcspn(r->target, "?"), r->target);
	sigv4_canonical_query(r->target, out);
	str_append_char(out, '\n');
	for (char *name = strtok_r(names, ";", &save); name; name = strtok_r(NULL, ";", &save)) {
		char value[4096];

		sigv4_header(r, name, value, sizeof(value));
		str_printf(out, "%s:%s\n", name, value);
	}
	SHA256((const unsigned char *)r->body, strlen(r->body), hash);
	sigv4_hex(hash, 32, hex);
	str_printf(out, "\n%s\n%s", signed_headers, hex);
	free(names);
}

static inline void
sigv4_signature(const struct sigv4 *f, const char *stamp, const char *canonical, char out[65])
{
	unsigned char hash[32], a[32], b[32];
	char hex[65], date[9];
	char *key = xasprintf("AWS4%s", R53_SECRET), *text;

	snprintf(date, sizeof(date), "%.8s", stamp);
	SHA256((const unsigned char *)canonical, strlen(canonical), hash);
	sigv4_hex(hash, 32, hex);
	text = xasprintf("AWS4-HMAC-SHA256\n%s\n%s/%s/route53/aws4_request\n%s", stamp, date,
			 f->region, hex);
	sigv4_hmac(key, strlen(key), date, a);
	sigv4_hmac(a, 32, f->region, b);
	sigv4_hmac(b, 32, "route53", a);
	sigv4_hmac(a, 32, "aws4_request", b);
	sigv4_hmac(b, 32, text, a);
	sigv4_hex(a, 32, out);
	free(key);
	free(text);
}

/* "Name=value" of the Authorization header. */
static inline void
sigv4_authorization(const char *header, const char *name, char *out, size_t max)
{
	const char *at = strstr(header, name);

	*out = '\0';
	if (at)
		snprintf(out, max, "%.*s", (int)strcspn(at + strlen(name), ", "),
			 at + strlen(name));
}

static inline bool
sigv4_signs(const char *signed_headers, const char *name)
{
	char all[420], one[100];

	snprintf(all, sizeof(all), ";%s;", signed_headers);
	snprintf(one, sizeof(one), ";%s;", name);
	return strstr(all, one);
}

static inline int64_t
sigv4_time(const char *stamp)
{
	struct tm tm = { 0 };

	if (!strptime(stamp, "%Y%m%dT%H%M%SZ", &tm))
		return 0;
	return (int64_t)timegm(&tm);
}

/* NULL where the signature is right, else the code of the error. */
static inline const char *
sigv4_verify(struct sigv4 *f, const struct server_request *r)
{
	char authorization[2000], credential[400], headers[400], given[100], stamp[40], token[4096];
	char wanted[65], *scope;
	struct str canonical = STR_INIT;
	const char *code = NULL;

	sigv4_header(r, "Authorization", authorization, sizeof(authorization));
	sigv4_header(r, "X-Amz-Date", stamp, sizeof(stamp));
	sigv4_header(r, "X-Amz-Security-Token", token, sizeof(token));
	sigv4_authorization(authorization, "Credential=", credential, sizeof(credential));
	sigv4_authorization(authorization, "SignedHeaders=", headers, sizeof(headers));
	sigv4_authorization(authorization, "Signature=", given, sizeof(given));
	scope = xasprintf("%s/%.8s/%s/route53/aws4_request", R53_KEY, stamp, f->region);
	sigv4_canonical(r, headers, &canonical);
	sigv4_signature(f, stamp, str_cstr(&canonical), wanted);
	if (!sigv4_signs(headers, "host") || !sigv4_signs(headers, "x-amz-date") ||
	    (*token && !sigv4_signs(headers, "x-amz-security-token")))
		code = "IncompleteSignature";
	else if (strcmp(token, f->token ? f->token : "") != 0 ||
		 strncmp(credential, R53_KEY, strlen(R53_KEY)) != 0)
		code = "InvalidClientTokenId";
	else if (strcmp(scope, credential) != 0 || strcmp(wanted, given) != 0)
		code = "SignatureDoesNotMatch";
	if (code && !f->refused++)
		snprintf(f->why, sizeof(f->why), "%s: %s\n%s", code, authorization,
			 str_cstr(&canonical));
	if (!code && llabs(sigv4_time(stamp) - (clock_wall_ms() / 1000 + f->skew_s)) > 300)
		code = "expired";
	str_release(&canonical);
	free(scope);
	return code;
}

#endif
