/*
 * Put before the C library by LD_PRELOAD: a disk that takes its time. Half of all syncs take up to 30 ms, the others 0.3 to
 * 0.6 s, so that what follows a record is seen long after it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
#include <unistd.h>

static void
take_time(void)
{
	struct timespec now, pause = { 0 };
	unsigned ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = ((unsigned)now.tv_nsec * 2654435761U >> 16) % 600;
	pause.tv_nsec = (ms < 300 ? ms / 10 : ms) * 1000000L;
	nanosleep(&pause, NULL);
}

int
fdatasync(int fd)
{
	take_time();
	return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}

int
fsync(int fd)
{
	take_time();
	return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}
