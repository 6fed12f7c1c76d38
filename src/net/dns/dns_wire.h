#ifndef LIFEBOAT_NET_DNS_DNS_WIRE_H
#define LIFEBOAT_NET_DNS_DNS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "net/socket/address.h"

/*
 * Moves one DNS message there and one back, within a deadline and until a cancel. What is no answer to
 * the message (another ID or question, or no response at all) is passed over.
 */

enum { DNS_WIRE_MAX = 65535, DNS_HEADER_LEN = 12 };

/* A message in wire form; the caller frees `bytes`. */
struct dns_message {
	uint8_t *bytes;
	size_t len;
};

int dns_exchange_udp(const struct address *to, const struct dns_message *query, int64_t deadline_ms,
		     const struct cancel *cancel, struct dns_message *ret_reply, struct err *e);

/* *ret_sent is set as soon as the server may have seen the message. */
int dns_exchange_tcp(const struct address *to, const struct dns_message *query, int64_t deadline_ms,
		     const struct cancel *cancel, bool *ret_sent, struct dns_message *ret_reply,
		     struct err *e);

/* Gives the message a new ID that nobody can guess. */
void dns_message_set_id(struct dns_message *message);

#endif
