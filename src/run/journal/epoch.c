#include "config.h"

#include "run/journal/epoch.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/signing.h"
#include "base/xalloc.h"
#include "run/journal/signed_note.h"

struct epoch {
	struct signing_key *secret;
	struct note_key key;
	char *certificate; /* or NULL, as the next */
	char *issuer;
};

static int
name_key(struct epoch *epoch, const char *run_id, int64_t number, struct err *e)
{
	unsigned char public_key[SIGNING_PUBLIC_BYTES];
	char *name = xasprintf("lifeboat/%s/%lld", run_id, (long long)number);

	signing_key_public(epoch->secret, public_key);
	int rc = note_key_init(&epoch->key, name, public_key, e);
	free(name);
	return rc;
}

static char *
key_text(const struct note_key *key)
{
	struct str text = STR_INIT;

	note_key_format(key, &text);
	return str_take(&text);
}

static int
certify(struct epoch *epoch, const char *run_id, const struct operator_key *operator_key,
	struct err *e)
{
	struct str certificate = STR_INIT;

	if (operator_key_certify(operator_key, run_id, &epoch->key, &certificate, e) < 0) {
		str_release(&certificate);
		return -1;
	}
	epoch->certificate = str_take(&certificate);
	epoch->issuer = key_text(operator_key_public(operator_key));
	return 0;
}

int
epoch_new(const char *run_id, int64_t number, const struct operator_key *operator_key,
	  struct epoch **ret_epoch, struct err *e)
{
	struct epoch *epoch = xcalloc(1, sizeof(*epoch));

	if (signing_key_new(&epoch->secret, e) < 0 || name_key(epoch, run_id, number, e) < 0 ||
	    (operator_key && certify(epoch, run_id, operator_key, e) < 0)) {
		epoch_free(epoch);
		return err_wrap(e, "making a key for the run %s", run_id);
	}
	*ret_epoch = epoch;
	return 0;
}

void
epoch_free(struct epoch *epoch)
{
	if (!epoch)
		return;
	signing_key_free(epoch->secret);
	free(epoch->certificate);
	free(epoch->issuer);
	free(epoch);
}

cJSON *
epoch_json(const struct epoch *epoch)
{
	cJSON *json = cJSON_CreateObject();
	char *public_key = key_text(&epoch->key);

	json_add_string(json, "name", epoch->key.name);
	json_add_string(json, "public", public_key);
	json_add_string(json, "certificate", epoch->certificate);
	json_add_string(json, "operator", epoch->issuer);
	free(public_key);
	return json;
}

int
epoch_sign(const struct epoch *epoch, const struct str *text, struct str *out, struct err *e)
{
	return note_sign(epoch->secret, &epoch->key, text->data, text->len, out, e);
}
