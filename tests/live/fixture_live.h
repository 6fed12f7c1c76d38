#ifndef LIFEBOAT_TESTS_FIXTURE_LIVE_H
#define LIFEBOAT_TESTS_FIXTURE_LIVE_H

/*
 * A namespace of its own on the cluster of $LIFEBOAT_TEST_KUBECONFIG. Tests of pods and their logs
 * need the stand-in node, whose log files are in the folder podlogs beside that kubeconfig.
 */

#include <glob.h>

#include "base/file.h"
#include "fixture_server.h"
#include "fixture_step.h"

struct live {
	struct bench *b;
	char *folder; /* of manifests */
	char *ns;
	char *logs; /* the stand-in node's folder, or NULL */
};

static inline const char *
live_kubeconfig(void)
{
	return getenv("LIFEBOAT_TEST_KUBECONFIG");
}

/* Applies a manifest given as text. Returns as the executor. */
static inline int
live_apply(struct live *l, const char *manifest)
{
	char *path = fixture_write(l->folder, "manifest.yaml", manifest);
	char *with = xasprintf("{\"file\":\"%s\"}", path);
	int rc = bench_run(l->b, &step_kubernetes_apply, with);

	if (rc < 0)
		fprintf(stderr, "%s\n", l->b->e.message);
	free(with);
	free(path);
	return rc;
}

static inline struct live *
live_new(void)
{
	struct live *l = xcalloc(1, sizeof(*l));
	char *manifest, *beside = file_resolve(live_kubeconfig(), "podlogs");

	l->ns = xasprintf("step-dev-%ld-%lld", (long)getpid(),
			  (long long)(clock_mono_ms() % 100000));
	l->folder = fixture_folder();
	l->b = bench_new(live_kubeconfig(), l->ns);
	if (file_exists(beside))
		l->logs = beside;
	else
		free(beside);
	manifest = xasprintf("kind: Namespace\napiVersion: v1\nmetadata: {name: %s}\n", l->ns);
	if (live_apply(l, manifest) < 0)
		abort();
	free(manifest);
	/* a pod is admitted only once its account is there */
	if (bench_run(l->b, &step_kubernetes_wait,
		      "{\"resource\":\"serviceaccounts\",\"name\":"
		      "\"default\",\"for\":\"exists\",\"interval\":100,\"timeout\":30000}") < 0)
		abort();
	return l;
}

/*
 * Ends the node's own streams of a log, which outlive their reader while the log is silent, and takes
 * its files away.
 */
static inline void
live_end_log(const char *log)
{
	char *end = xasprintf("%.*s.end", (int)(strlen(log) - strlen(".log")), log);
	int fd = open(end, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	unlink(log);
	free(end);
}

/* Calls each() for the files of the namespace's pods whose names end so. */
static inline void
live_each_file(const struct live *l, const char *ending, void (*each)(const char *path))
{
	char *pattern = xasprintf("%s/%s_*%s", l->logs, l->ns, ending);
	glob_t found;

	if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			each(found.gl_pathv[i]);
		globfree(&found);
	}
	free(pattern);
}

static inline void
live_unlink(const char *path)
{
	unlink(path);
}

static inline void
live_free(struct live *l)
{
	char *with =
		xasprintf("{\"resource\":\"namespaces\",\"names\":\"%s\",\"wait\":false}", l->ns);

	if (l->logs)
		live_each_file(l, ".log", live_end_log);
	/* the node takes the pods away after it has ended their streams */
	if (bench_run(l->b, &step_kubernetes_delete,
		      "{\"resource\":\"pods\",\"selector\":\"app\"}") < 0 ||
	    bench_run(l->b, &step_kubernetes_delete, with) < 0)
		fprintf(stderr, "%s\n", l->b->e.message);
	free(with);
	if (l->logs)
		live_each_file(l, ".end", live_unlink);
	bench_free(l->b);
	fixture_remove(l->folder);
	free(l->logs);
	free(l->ns);
	free(l);
}

/* Appends to the log file of a container. */
static inline void
live_log(const struct live *l, const char *pod, const char *container, const char *text)
{
	char *path = xasprintf("%s/%s_%s_%s.log", l->logs, l->ns, pod, container);
	FILE *file = fopen(path, "a");

	if (!file || fputs(text, file) < 0 || fclose(file) != 0)
		abort();
	free(path);
}

#endif
