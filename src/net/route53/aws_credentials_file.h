#ifndef LIFEBOAT_NET_ROUTE53_AWS_CREDENTIALS_FILE_H
#define LIFEBOAT_NET_ROUTE53_AWS_CREDENTIALS_FILE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* Internal to src/net/aws_credentials*.c: the files of AWS's command line. */

/* What one file says of one profile; NULL for what it does not say. Begun with zeros. */
struct aws_profile {
	bool found;
	char *access_key_id, *secret_access_key, *session_token;
	char *credential_process;
	char *region, *ca_bundle;
	char *other_way; /* the first key that wants another way in: "sso_session", "role_arn" */
	char *warning;	 /* others may read a file with secrets */
};

/* Wipes a text and frees it. NULL is legal. */
void aws_wipe(char *text);

/* Wipes what is secret. */
void aws_profile_release(struct aws_profile *profile);

/*
 * Reads one profile of a file: of [NAME], in a config file of [profile NAME] but for "default". The names
 * of all others go to `others`, between commas. A file that is not there has no profiles. Errors:
 * ERR_IO, ERR_SPEC (with the line).
 */
int aws_profile_read(const char *path, bool is_config, const char *name,
		     struct aws_profile *profile, struct str *others, struct err *e);

#endif
