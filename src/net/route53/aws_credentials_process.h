#ifndef LIFEBOAT_NET_ROUTE53_AWS_CREDENTIALS_PROCESS_H
#define LIFEBOAT_NET_ROUTE53_AWS_CREDENTIALS_PROCESS_H

#include "net/route53/aws_credentials.h"

/*
 * Internal to src/net/aws_credentials*.c. Runs a credential_process, which is split into words as a shell
 * would, but run without one, and takes its answer. Registers what is secret.
 * Source: AWS SDKs and Tools Reference Guide, "Process credential provider".
 */
int aws_credentials_from_process(const char *command, struct secrets *secrets,
				 const struct cancel *cancel,
				 struct aws_credentials *ret_credentials, struct err *e);

/* Registers the secrets of filled-in credentials, and refuses what would forge a header. */
int aws_credentials_register(const struct aws_credentials *credentials, struct secrets *secrets,
			     struct err *e);

#endif
