#include "config.h"

#include "net/route53/aws_credentials.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/route53/aws_credentials_file.h"
#include "net/route53/aws_credentials_process.h"

enum { STALE_MS = 60000 };

/* A profile as both files together have it. */
struct lookup {
	const struct aws_credentials_options *options;
	const char *name;
	char *credentials_path, *config_path; /* NULL: nobody knows where */
	struct aws_profile credentials, config;
	struct str others;
};

void
aws_credentials_release(struct aws_credentials *c)
{
	aws_wipe(c->access_key_id);
	aws_wipe(c->secret_access_key);
	aws_wipe(c->session_token);
	free(c->source);
	free(c->warning);
	free(c->region);
	free(c->ca_bundle);
	*c = (struct aws_credentials)AWS_CREDENTIALS_INIT;
}

bool
aws_credentials_are_stale(const struct aws_credentials *c)
{
	return c->expires_ms != INT64_MAX && clock_wall_ms() + STALE_MS >= c->expires_ms;
}

/* A variable that is set and not empty. */
static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static char *
file_of(const char *given, const char *name, const char *below_home)
{
	const char *home = variable("HOME");

	if (!given)
		given = variable(name);
	if (given)
		return file_resolve(NULL, given);
	return home ? xasprintf("%s/.aws/%s", home, below_home) : NULL;
}

static int
check_expiry(const struct aws_credentials *c, struct err *e)
{
	char stamp[CLOCK_STAMP_MAX];

	if (c->expires_ms > clock_wall_ms())
		return 0;
	err_set(e, ERR_DENIED, "the AWS credentials of %s expired at %s", c->source,
		clock_format_utc(c->expires_ms, stamp));
	return err_advise(e, "Log in again (aws sso login), or name another `profile`");
}

static int
from_environment(const struct aws_credentials_options *options, struct aws_credentials *c,
		 struct err *e)
{
	const char *secret = variable("AWS_SECRET_ACCESS_KEY");
	const char *expiration = variable("AWS_CREDENTIAL_EXPIRATION");

	if (!secret)
		return err_set(e, ERR_SPEC,
			       "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not: set "
			       "both, or neither");
	c->source = xstrdup("the environment");
	c->access_key_id = xstrdup(variable("AWS_ACCESS_KEY_ID"));
	c->secret_access_key = xstrdup(secret);
	c->session_token = xstrdup(variable("AWS_SESSION_TOKEN"));
	if (expiration && clock_parse_utc(expiration, &c->expires_ms) < 0)
		return err_set(e, ERR_SPEC, "AWS_CREDENTIAL_EXPIRATION is no time stamp: \"%s\"",
			       expiration);
	return aws_credentials_register(c, options->secrets, e);
}

static int
refuse_other_way(const struct lookup *l, struct err *e)
{
	const char *key = l->credentials.other_way ? l->credentials.other_way : l->config.other_way;

	if (!key)
		return 0;
	return err_set(e, ERR_SPEC,
		       "the AWS profile %s has %s, a way to log in that only AWS's own tools know. "
		       "Add a profile with this line to %s, and name that one as the target's "
		       "`profile`: credential_process = aws configure export-credentials --profile "
		       "%s --format process",
		       l->name, key, l->config_path ? l->config_path : "~/.aws/config", l->name);
}

/* What a profile without keys was probably meant to be. */
static int
nothing_in_profile(const struct lookup *l, struct err *e)
{
	return err_set(e, ERR_SPEC,
		       "the AWS profile %s has neither aws_access_key_id with "
		       "aws_secret_access_key nor a credential_process (looked in %s and %s)",
		       l->name, l->credentials_path, l->config_path);
}

static int
no_profile(const struct lookup *l, bool was_named, struct err *e)
{
	const char *where = variable("AWS_WEB_IDENTITY_TOKEN_FILE") ? "a web identity"
			    : variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") ||
					    variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
				    ? "a container's role"
				    : NULL;

	err_set(e, ERR_SPEC, "no AWS %s%s in %s or %s", was_named ? "profile " : "credentials",
		was_named ? l->name : " in the environment, nor a profile \"default\"",
		l->credentials_path ? l->credentials_path : "~/.aws/credentials",
		l->config_path ? l->config_path : "~/.aws/config");
	if (l->others.len)
		err_advise(e, "There are: %s", l->others.data);
	if (where)
		return err_advise(
			e,
			"The environment speaks of %s, which is not asked here: use a profile with "
			"credential_process = aws configure export-credentials --format process",
			where);
	if (!was_named)
		err_advise(e, "Name a `profile` in the target, or set AWS_ACCESS_KEY_ID and "
			      "AWS_SECRET_ACCESS_KEY (the roles of instances are not asked)");
	return -1;
}

static int
take_keys(const struct lookup *l, const struct aws_profile *from, const char *path,
	  struct aws_credentials *c, struct err *e)
{
	if (!from->access_key_id || !from->secret_access_key)
		return err_set(e, ERR_SPEC, "the AWS profile %s in %s has no %s", l->name, path,
			       from->access_key_id ? "aws_secret_access_key" : "aws_access_key_id");
	c->access_key_id = xstrdup(from->access_key_id);
	c->secret_access_key = xstrdup(from->secret_access_key);
	c->session_token = xstrdup(from->session_token);
	c->source = xasprintf("profile %s of %s", l->name, path);
	return aws_credentials_register(c, l->options->secrets, e);
}

static bool
has_keys(const struct aws_profile *profile)
{
	return profile->access_key_id || profile->secret_access_key;
}

static int
take_process(const struct lookup *l, const char *command, struct aws_credentials *c, struct err *e)
{
	if (aws_credentials_from_process(command, l->options->secrets, l->options->cancel, c, e) <
	    0)
		return err_wrap(e, "the AWS profile %s", l->name);
	c->source = xasprintf("profile %s (credential_process)", l->name);
	return 0;
}

static int
from_profile(const struct lookup *l, struct aws_credentials *c, struct err *e)
{
	const char *process = l->credentials.credential_process ? l->credentials.credential_process
								: l->config.credential_process;
	int rc;

	if (refuse_other_way(l, e) < 0)
		return -1;
	if (has_keys(&l->credentials))
		rc = take_keys(l, &l->credentials, l->credentials_path, c, e);
	else if (process)
		rc = take_process(l, process, c, e);
	else if (has_keys(&l->config))
		rc = take_keys(l, &l->config, l->config_path, c, e);
	else
		rc = nothing_in_profile(l, e);
	if (rc == 0)
		c->warning = xstrdup(l->credentials.warning ? l->credentials.warning
							    : l->config.warning);
	return rc;
}

static int
read_profile(struct lookup *l, struct err *e)
{
	const struct aws_credentials_options *options = l->options;

	l->credentials_path =
		file_of(options->credentials_file, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
	l->config_path = file_of(NULL, "AWS_CONFIG_FILE", "config");
	if (options->credentials_file && !file_exists(l->credentials_path))
		return err_set(e, ERR_SPEC, "there is no credentials file %s", l->credentials_path);
	if (l->credentials_path && aws_profile_read(l->credentials_path, false, l->name,
						    &l->credentials, &l->others, e) < 0)
		return -1;
	return l->config_path
		       ? aws_profile_read(l->config_path, true, l->name, &l->config, &l->others, e)
		       : 0;
}

/* Region and trust: the environment's word counts more than the profile's, as everywhere at AWS. */
static void
take_settings(const struct lookup *l, struct aws_credentials *c)
{
	const char *region = variable("AWS_REGION"), *bundle = variable("AWS_CA_BUNDLE");

	if (!region)
		region = variable("AWS_DEFAULT_REGION");
	if (!region)
		region = l->config.region ? l->config.region : l->credentials.region;
	if (!bundle)
		bundle = l->config.ca_bundle ? l->config.ca_bundle : l->credentials.ca_bundle;
	c->region = xstrdup(region);
	c->ca_bundle = bundle ? file_resolve(NULL, bundle) : NULL;
}

static const char *
profile_name(const struct aws_credentials_options *options)
{
	const char *name = options->profile;

	if (!name)
		name = variable("AWS_PROFILE");
	if (!name)
		name = variable("AWS_DEFAULT_PROFILE");
	return name;
}

static int
find(struct lookup *l, struct aws_credentials *c, struct err *e)
{
	const struct aws_credentials_options *options = l->options;
	bool was_pointed_at = options->profile || options->credentials_file;
	const char *name = profile_name(options);
	int rc;

	l->name = name ? name : "default";
	if (read_profile(l, e) < 0)
		return -1;
	if (!was_pointed_at && variable("AWS_ACCESS_KEY_ID"))
		rc = from_environment(options, c, e);
	else if (l->credentials.found || l->config.found)
		rc = from_profile(l, c, e);
	else
		rc = no_profile(l, name != NULL, e);
	take_settings(l, c);
	return rc;
}

int
aws_credentials_load(const struct aws_credentials_options *options,
		     struct aws_credentials *ret_credentials, struct err *e)
{
	struct aws_credentials c = AWS_CREDENTIALS_INIT;
	struct lookup l = { .options = options, .others = STR_INIT };
	int rc = find(&l, &c, e);

	if (rc == 0)
		rc = check_expiry(&c, e);
	if (rc == 0)
		*ret_credentials = c;
	else
		aws_credentials_release(&c);
	aws_profile_release(&l.credentials);
	aws_profile_release(&l.config);
	str_release(&l.others);
	free(l.credentials_path);
	free(l.config_path);
	return rc;
}
