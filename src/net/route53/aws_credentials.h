#ifndef LIFEBOAT_NET_ROUTE53_AWS_CREDENTIALS_H
#define LIFEBOAT_NET_ROUTE53_AWS_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "base/secret.h"

/*
 * Who signs requests to AWS, and where that was found. Plain data, begun with AWS_CREDENTIALS_INIT.
 * Source: AWS SDKs and Tools Reference Guide, "Settings reference".
 */
struct aws_credentials {
	char *access_key_id;
	char *secret_access_key; /* wiped on release, as the token */
	char *session_token;	 /* or NULL */
	int64_t expires_ms;	 /* wall clock; INT64_MAX: never, as far as anybody says */
	char *source;		 /* "profile dr of /home/a/.aws/credentials", "the environment" */
	char *warning;		 /* a sentence about how they are kept, or NULL */
	char *region;		 /* of the environment or the profile, or NULL */
	char *ca_bundle;	 /* the same: the certificates to trust */
};

#define AWS_CREDENTIALS_INIT                                                                       \
	{                                                                                          \
		.expires_ms = INT64_MAX                                                            \
	}

struct aws_credentials_options {
	const char *profile; /* NULL: AWS_PROFILE, or else "default" */
	const char *
		credentials_file; /* NULL: AWS_SHARED_CREDENTIALS_FILE, or else ~/.aws/credentials */
	struct secrets *secrets;  /* gets the secret key and the token before anything else does */
	const struct cancel *cancel;
};

/*
 * Finds credentials as the AWS command line does: AWS_ACCESS_KEY_ID and its kin, unless a profile or a file
 * was named in the options; else those of a profile in the credentials and config files, or of the
 * profile's credential_process. Profiles that take a login or a role by another way (sso_*, role_arn, web
 * identities, the metadata of an instance) are refused with what to do instead. May run a command, and
 * wait for it up to a minute. Errors: ERR_SPEC (none, incomplete, refused, a file that cannot be
 * understood), ERR_DENIED (expired; the process gave none), ERR_TIMEOUT, ERR_CANCELLED, ERR_IO.
 */
int aws_credentials_load(const struct aws_credentials_options *options,
			 struct aws_credentials *ret_credentials, struct err *e);

void aws_credentials_release(struct aws_credentials *credentials);

/* Whether they end within a minute, so that others should be fetched before the next request. */
bool aws_credentials_are_stale(const struct aws_credentials *credentials);

#endif
