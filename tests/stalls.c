/*
 * Put before the C library by LD_PRELOAD, by tests/stalled: a machine that has something else to do. One call in so many
 * is held up before it begins, in `lifeboat` and its servers, and in what the programs of the tests fork. A test itself is
 * held up as well where $STALLS_TESTS is set.
 * $STALLS_ONE_IN, $STALLS_MS: how often, and for how long at most. $STALLS_SEED: another seed holds up others.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static bool is_product, is_test, tests_too;
static pid_t first;
static uint64_t seed, one_in, most_ms;
static atomic_uint_fast64_t calls;

static uint64_t
number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	uint64_t number = text ? strtoull(text, NULL, 10) : 0;

	return number ? number : otherwise;
}

__attribute__((constructor)) static void
begin(void)
{
	is_product = strncmp(program_invocation_short_name, "lifeboat", strlen("lifeboat")) == 0;
	is_test = strncmp(program_invocation_short_name, "test_", strlen("test_")) == 0;
	tests_too = getenv("STALLS_TESTS") != NULL;
	first = getpid();
	seed = number_of("STALLS_SEED", 1);
	one_in = number_of("STALLS_ONE_IN", 40);
	most_ms = number_of("STALLS_MS", 120);
}

/* The finaliser of MurmurHash3. */
static uint64_t
scatter(uint64_t x)
{
	x = (x ^ x >> 33) * 0xff51afd7ed558ccdULL;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Busy, not asleep: whoever looks sees a program that works. */
static void
stall(void)
{
	int64_t begin_ns = now_ns();
	uint64_t chance = scatter((uint64_t)begin_ns + seed * 7919 + calls++ * 104729);
	int64_t end_ns = begin_ns + (int64_t)((chance >> 32) % most_ms) * 1000000;

	if (!(is_product || (is_test && (tests_too || getpid() != first))) || chance % one_in)
		return;
	int before = errno;
	while (now_ns() < end_ns)
		;
	errno = before;
}

#define STALLED(type, name, parameters, arguments)                                                 \
	type name parameters                                                                       \
	{                                                                                          \
		static type(*real) parameters;                                                     \
                                                                                                   \
		if (!real)                                                                         \
			*(void **)&real = dlsym(RTLD_NEXT, #name);                                 \
		stall();                                                                           \
		return real arguments;                                                             \
	}

STALLED(ssize_t, read, (int fd, void *bytes, size_t len), (fd, bytes, len))
STALLED(ssize_t, write, (int fd, const void *bytes, size_t len), (fd, bytes, len))
STALLED(ssize_t, writev, (int fd, const struct iovec *parts, int count), (fd, parts, count))
STALLED(ssize_t, recv, (int fd, void *bytes, size_t len, int flags), (fd, bytes, len, flags))
STALLED(ssize_t, send, (int fd, const void *bytes, size_t len, int flags), (fd, bytes, len, flags))
STALLED(int, poll, (struct pollfd * fds, nfds_t count, int timeout_ms), (fds, count, timeout_ms))
STALLED(int, fdatasync, (int fd), (fd))
