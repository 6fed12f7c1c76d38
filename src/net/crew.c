#include "config.h"

#include "net/crew.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/xalloc.h"

struct crew {
	void (*work)(void *data, size_t i);
	void *data;
	size_t count;
	atomic_size_t next; /* what nobody has taken up yet */
	pthread_t *threads;
	size_t size;
};

static void *
crew_main(void *data)
{
	struct crew *crew = data;
	size_t i;

	while ((i = atomic_fetch_add(&crew->next, 1)) < crew->count)
		crew->work(crew->data, i);
	return NULL;
}

struct crew *
crew_start(size_t count, size_t most, void (*work)(void *data, size_t i), void *data, struct err *e)
{
	size_t wanted = count < most ? count : most;
	struct crew *crew = xcalloc(1, sizeof(*crew));
	sigset_t all, before;

	*crew = (struct crew){ .work = work, .data = data, .count = count };
	atomic_init(&crew->next, 0);
	crew->threads = xcalloc(wanted + 1, sizeof(*crew->threads));
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (crew->size < wanted &&
	       pthread_create(&crew->threads[crew->size], NULL, crew_main, crew) == 0)
		crew->size++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (crew->size || count == 0)
		return crew;
	crew_join(crew);
	err_set(e, ERR_IO, "no thread could be started");
	return NULL;
}

size_t
crew_size(const struct crew *crew)
{
	return crew->size;
}

void
crew_join(struct crew *crew)
{
	for (size_t i = 0; i < crew->size; i++)
		pthread_join(crew->threads[i], NULL);
	free(crew->threads);
	free(crew);
}

int
crew_run(size_t count, size_t most, void (*work)(void *data, size_t i), void *data, struct err *e)
{
	struct crew *crew = crew_start(count, most, work, data, e);

	if (!crew)
		return -1;
	crew_join(crew);
	return 0;
}
