#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "kube/access.h"
#include "kube/exec_plugin.h"
#include "net/tls/client_certificate.h"

/* The ExecCredential that a plugin writes. No message shows a part of it: it may be the credential. */

void
exec_answer_release(struct exec_answer *answer)
{
	kube_wipe(answer->token);
	kube_wipe(answer->client_cert_pem);
	kube_wipe(answer->client_key_pem);
	*answer = (struct exec_answer){ .expires_ms = 0 };
}

static int
check_kind(const cJSON *root, const char *api_version, struct err *e)
{
	const char *kind = json_string(root, "kind", "");
	const char *version = json_string(root, "apiVersion", "");

	if (strcmp(kind, "ExecCredential") != 0)
		return err_set(e, ERR_SPEC,
			       "its answer is JSON of the kind \"%.64s\", not ExecCredential",
			       kind);
	if (strcmp(version, api_version) == 0)
		return 0;
	return err_set(e, ERR_SPEC,
		       "it answers with apiVersion \"%.64s\", and the kubeconfig asks for %s: set "
		       "apiVersion of exec to what the plugin speaks, or update the plugin",
		       version, api_version);
}

/* A member of the status that is text and not empty, as a new string. */
static int
take_text(const cJSON *status, const char *name, char **ret_text, struct err *e)
{
	const cJSON *value = json_at(status, name);

	if (!value || cJSON_IsNull(value))
		return 0;
	if (!cJSON_IsString(value))
		return err_set(e, ERR_SPEC, "the %s of its answer is not text", name);
	if (*value->valuestring)
		*ret_text = xstrdup(value->valuestring);
	return 0;
}

static int
take_expiry(const cJSON *status, int64_t *ret_expires_ms, struct err *e)
{
	const cJSON *value = json_at(status, "expirationTimestamp");

	*ret_expires_ms = INT64_MAX;
	if (!value || cJSON_IsNull(value))
		return 0;
	if (cJSON_IsString(value) && clock_parse_utc(value->valuestring, ret_expires_ms) == 0)
		return 0;
	return err_set(e, ERR_SPEC, "the expirationTimestamp of its answer is no RFC 3339 time");
}

static int
check_answer(const struct exec_answer *answer, struct err *e)
{
	const char *certificate = answer->client_cert_pem, *key = answer->client_key_pem;

	if (!answer->token && !certificate && !key)
		return err_set(e, ERR_SPEC,
			       "its answer has a status with neither a token nor "
			       "clientCertificateData and clientKeyData");
	if (!certificate != !key)
		return err_set(e, ERR_SPEC,
			       "its answer has clientCertificateData or clientKeyData, but "
			       "not both");
	if (answer->token && kube_access_check_token(answer->token, e) < 0)
		return -1;
	return certificate ? client_certificate_check(certificate, key, e) : 0;
}

int
exec_answer_parse(const char *text, size_t len_bytes, const char *api_version,
		  struct exec_answer *ret_answer, struct err *e)
{
	struct exec_answer answer = { .expires_ms = 0 };
	cJSON *root = json_parse(text, len_bytes, e);
	const cJSON *status = json_at(root, "status");
	int rc = -1;

	if (!root) {
		err_set(e, ERR_SPEC,
			"its standard output (%zu bytes) is not JSON: it must be an ExecCredential "
			"and "
			"nothing else",
			len_bytes);
		goto out;
	}
	if (check_kind(root, api_version, e) < 0 ||
	    take_text(status, "token", &answer.token, e) < 0 ||
	    take_text(status, "clientCertificateData", &answer.client_cert_pem, e) < 0 ||
	    take_text(status, "clientKeyData", &answer.client_key_pem, e) < 0 ||
	    take_expiry(status, &answer.expires_ms, e) < 0 || check_answer(&answer, e) < 0)
		goto out;
	*ret_answer = answer;
	answer = (struct exec_answer){ .expires_ms = 0 };
	rc = 0;
out:
	exec_answer_release(&answer);
	kube_json_delete(root);
	return rc;
}
