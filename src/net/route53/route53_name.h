#ifndef LIFEBOAT_NET_ROUTE53_ROUTE53_NAME_H
#define LIFEBOAT_NET_ROUTE53_ROUTE53_NAME_H

#include "base/err.h"

/*
 * Names and values between Route 53's spelling and the normal one of dns_normalise(): it writes odd bytes
 * in octal ("\052.example.com."), where zone files write them in decimal. The caller frees what is
 * returned. Source: Amazon Route 53 Developer Guide, "DNS domain name format".
 */

/* "*.example.com" of "\052.Example.com.": lower case, without the final dot. NULL and ERR_REMOTE. */
char *route53_name_read(const char *text, struct err *e);
/* "*.example.com." of "*.example.com"; a "*" stays where it is a whole first label. */
char *route53_name_write(const char *name);

/* NULL and ERR_REMOTE where it is no value of the type. */
char *route53_value_read(const char *type, const char *text, struct err *e);
char *route53_value_write(const char *type, const char *value);

#endif
