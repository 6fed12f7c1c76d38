#ifndef LIFEBOAT_KUBE_EXEC_PLUGIN_H
#define LIFEBOAT_KUBE_EXEC_PLUGIN_H

#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "base/secret.h"
#include "kube/kubeconfig.h"

/* Internal to src/kube/. What a plugin answered: a token, or a certificate with its key, or all of it. */
struct exec_answer {
	char *token;
	char *client_cert_pem, *client_key_pem;
	int64_t expires_ms; /* wall clock; INT64_MAX: it did not say */
};

void exec_answer_release(struct exec_answer *answer); /* wiped */

/* How long a plugin may take. */
struct exec_limits {
	int64_t silent_ms; /* without the terminal, when it says nothing */
	int64_t speaking_ms; /* once it has said something: somebody may be at a login page with its code */
	int64_t terminal_ms;
};

/* A minute, five and five. */
extern const struct exec_limits exec_limits_usual;

/*
 * Runs a plugin once. What it says on standard error goes through `secrets` (or NULL) to the console
 * while it runs, and its last lines into the error.
 *
 * With interactiveMode IfAvailable it gets the terminal at once where nobody's screen is on it. Under a
 * screen it is first run without, told so by spec.interactive: most plugins need nobody as long as a
 * login lasts, and a screen that gives way in the middle of a step costs more than a second try. Only
 * where that fails is the terminal asked for.
 *
 * Errors: ERR_SPEC (no such command, with its installHint; an answer of another apiVersion, or that is
 * none), ERR_REMOTE (it failed), ERR_IO (it needs a terminal and there is none), ERR_TIMEOUT,
 * ERR_CANCELLED within 100 ms. Source: Kubernetes, "client-go credential plugins".
 */
int exec_plugin_run(const struct kube_exec *exec, const struct exec_limits *limits,
		    struct secrets *secrets, const struct cancel *cancel,
		    struct exec_answer *ret_answer, struct err *e);

/* The answer of a plugin, read from its standard output; `e` does not name the plugin. */
int exec_answer_parse(const char *text, size_t len_bytes, const char *api_version,
		      struct exec_answer *ret_answer, struct err *e);

#endif
