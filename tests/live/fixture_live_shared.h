#ifndef LIFEBOAT_TESTS_FIXTURE_LIVE_SHARED_H
#define LIFEBOAT_TESTS_FIXTURE_LIVE_SHARED_H

/* One namespace for all tests of a program, made by its group setup. To be included in one file of it. */

#include "fixture_live.h"

static struct live *live; /* NULL: there is no cluster */

static inline int
setup(void **state)
{
	(void)state;
	if (live_kubeconfig())
		live = live_new();
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	if (live)
		live_free(live);
	return 0;
}

static inline void
need_cluster(void)
{
	if (!live)
		skip();
}

static inline void
assert_holds(const char *text, const char *part)
{
	if (!text) {
		fputs(live->b->e.message, stderr);
		fail();
		return; /* fail() never does, which compilers do not know */
	}
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static inline void
run(const struct executor *executor, const char *with)
{
	if (bench_run(live->b, executor, with) < 0)
		fail_msg("%s", live->b->e.message);
}

#endif
