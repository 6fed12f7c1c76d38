#include "config.h"

#include "cli/secret_source.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cancel.h"
#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/secret_value.h"
#include "runbook/params.h"

static const char prefix[] = "kubernetes:";

/* One key of a Secret, and the context to ask; strings are owned. */
struct place {
	char *ns, *name, *key;
	char *context; /* NULL: the current one */
};

static void
place_release(struct place *place)
{
	free(place->ns);
	free(place->name);
	free(place->key);
	free(place->context);
}

/* Takes what stands before `end`, one of its characters, or the rest; NULL where that is nothing. */
static char *
take_part(const char **text, const char *end)
{
	size_t len = strcspn(*text, end);
	char *part = len ? xstrndup(*text, len) : NULL;

	*text += len;
	if (**text && **text != '@')
		(*text)++;
	return part;
}

static int
place_parse(const char *text, struct place *place, struct err *e)
{
	const char *at = text;

	*place = (struct place){ .ns = take_part(&at, "/@") };
	place->name = take_part(&at, "/@");
	place->key = take_part(&at, "/@");
	if (*at == '@' && at[1])
		place->context = xstrdup(at + 1);
	if (place->ns && place->name && place->key && (*at == '\0' || place->context))
		return 0;
	err_set(e, ERR_USAGE,
		"%s%s: write kubernetes:NAMESPACE/SECRET/KEY, and @CONTEXT behind it for another "
		"context of the kubeconfig than the current one",
		prefix, text);
	place_release(place);
	return -1;
}

static int
read_place(const struct place *place, struct secrets *secrets, const struct cancel *cancel,
	   struct str *out, struct err *e)
{
	struct kube_client *client = NULL;
	int rc = -1;

	if (kube_client_open(NULL, place->context, secrets, &client, e) < 0)
		goto out;
	rc = secret_value_read(client, place->ns, place->name, place->key, cancel, out, e);
	if (rc < 0 && e->kind == ERR_DENIED)
		err_advise(e, "Ask for the right to get it, or give the secret by file:PATH");
	if (rc < 0)
		err_wrap(e, "key %s of the Secret %s/%s (context %s)", place->key, place->ns,
			 place->name, kube_client_access(client)->context);
out:
	kube_client_free(client);
	return rc;
}

static int
load_from_kubernetes(const struct param *param, const char *text, struct secrets *secrets,
		     const struct cancel *cancel, cJSON **ret_value, struct err *e)
{
	struct place place = { NULL, NULL, NULL, NULL };
	struct str value = STR_INIT;
	int rc = -1;

	if (param_allow_source(param, SECRET_FROM_KUBERNETES, e) < 0 ||
	    place_parse(text, &place, e) < 0)
		goto out;
	if (read_place(&place, secrets, cancel, &value, e) == 0)
		rc = param_take_secret(param, str_cstr(&value), param_secret_length(&value),
				       secrets, ret_value, e);
	place_release(&place);
out:
	if (rc < 0)
		err_wrap(e, "parameter %s", param->name);
	str_release_secret(&value);
	return rc;
}

int
secret_source_load(const struct param *param, const char *text, struct secrets *secrets,
		   const struct cancel *cancel, cJSON **ret_value, struct err *e)
{
	if (str_starts_with(text, prefix))
		return load_from_kubernetes(param, text + strlen(prefix), secrets, cancel,
					    ret_value, e);
	return param_load_secret(param, text, secrets, ret_value, e);
}

/* Whether nobody else may read it: a key that others know tells them more than a fingerprint should. */
static bool
is_private(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077) == 0;
}

static int
read_key(const char *path, struct str *key)
{
	if (!is_private(path) || file_read(path, FINGERPRINT_KEY_BYTES, key, NULL) < 0)
		return -1;
	return key->len == FINGERPRINT_KEY_BYTES ? 0 : -1;
}

static int
make_key(const char *root, const char *path)
{
	unsigned char bytes[FINGERPRINT_KEY_BYTES];
	int rc = -1;

	if (!file_exists(path) && file_make_folders(root, 0700, NULL) == 0 &&
	    RAND_bytes(bytes, sizeof(bytes)) == 1)
		rc = file_write_atomic(path, bytes, sizeof(bytes), 0600, NULL);
	explicit_bzero(bytes, sizeof(bytes));
	return rc;
}

void
secret_source_fingerprints(void)
{
	char *root = file_state_root(NULL);
	char *path = root ? xasprintf("%s/fingerprint.key", root) : NULL;
	struct str key = STR_INIT;

	if (path &&
	    (read_key(path, &key) == 0 || (make_key(root, path) == 0 && read_key(path, &key) == 0)))
		secret_value_set_key((const unsigned char *)key.data);
	str_release_secret(&key);
	free(path);
	free(root);
}
