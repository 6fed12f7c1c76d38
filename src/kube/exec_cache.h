#ifndef LIFEBOAT_KUBE_EXEC_CACHE_H
#define LIFEBOAT_KUBE_EXEC_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "base/secret.h"
#include "kube/exec_plugin.h"
#include "kube/kubeconfig.h"

/*
 * Internal to src/kube/. What plugins have answered, for the whole process: the clients of one context
 * (its steps, its panes) share one answer and one run of the plugin. An answer is kept until shortly
 * before it expires, in memory only, and wiped when it is replaced and at the end of the process.
 */
struct exec_cache;

/* What belongs to everything that defines the plugin's answer. Given back by exec_cache_close(). */
struct exec_cache *exec_cache_open(const struct kube_exec *exec);
void exec_cache_close(struct exec_cache *cache);

/*
 * A copy of the answer that counts now, and its number, which is above 0 and never the same for two
 * answers. The plugin is run where there is none, where it expires, and where the server has refused
 * the answer number `refused` (0: it has refused none); who comes meanwhile waits for that run and
 * shares its failure. An answer that was itself a refusal's replacement, and was never accepted, is not
 * replaced again for half a minute: nothing is gained by another login. Errors: as exec_plugin_run().
 */
int exec_cache_get(struct exec_cache *cache, const struct kube_exec *exec, uint64_t refused,
		   struct secrets *secrets, const struct cancel *cancel,
		   struct exec_answer *ret_answer, uint64_t *ret_number, struct err *e);

/* A server has taken the answer of that number. */
void exec_cache_accept(struct exec_cache *cache, uint64_t number);

#endif
