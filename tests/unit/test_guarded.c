#include "config.h"

#include "base/guarded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { FLAGS_MAX = 512 };

static const char secret[] = "correct horse battery staple";

/* What is given back to the system, looked at while it can still be. It stands in front of that of the C library. */
static struct {
	size_t calls;
	bool was_wiped;
} given_back;

static bool
holds_secret(const char *bytes, size_t len)
{
	return memmem(bytes, len, secret, sizeof(secret) - 1) != NULL;
}

int
munmap(void *bytes, size_t len)
{
	given_back.calls++;
	given_back.was_wiped = given_back.was_wiped && !holds_secret(bytes, len);
	return (int)syscall(SYS_munmap, bytes, len);
}

/* What the kernel says of the pages at an address: "rd wr … lo dd wf". */
static void
flags_at(const void *address, char flags[FLAGS_MAX])
{
	FILE *file = fopen("/proc/self/smaps", "re");
	unsigned long from, to, at = (unsigned long)address;
	bool is_ours = false;
	char line[512];

	assert_non_null(file);
	*flags = '\0';
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			is_ours = from <= at && at < to;
		else if (is_ours && strncmp(line, "VmFlags:", 8) == 0)
			snprintf(flags, FLAGS_MAX, "%s", line + 8);
	}
	fclose(file);
	flags[strcspn(flags, "\n")] = ' ';
}

/* Limits may be low; and under AddressSanitizer mlock(2) does nothing. */
static bool
may_lock(void)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char flags[FLAGS_MAX];

	assert_ptr_not_equal(page, MAP_FAILED);
	mlock(page, 4096);
	madvise(page, 4096, MADV_DONTFORK); /* so that it is joined with no other pages */
	flags_at(page, flags);
	munmap(page, 4096);
	return strstr(flags, " lo ") != NULL;
}

static void
guarded_append_stays_out_of_swap_and_of_core_dumps(void **state)
{
	struct guarded g = GUARDED_INIT;
	char flags[FLAGS_MAX];

	(void)state;
	guarded_append(&g, secret, sizeof(secret));
	flags_at(g.data, flags);
	if (!*flags)
		skip(); /* a kernel that does not tell */
	assert_non_null(strstr(flags, " dd "));
	assert_non_null(strstr(flags, " wf "));
	if (may_lock())
		assert_non_null(strstr(flags, " lo "));
	guarded_release(&g);
	assert_null(g.data);
}

static void
guarded_reserve_larger_pages_leave_nothing_in_the_old_ones(void **state)
{
	struct guarded g = GUARDED_INIT;

	(void)state;
	given_back.calls = 0;
	given_back.was_wiped = true;
	guarded_append(&g, secret, sizeof(secret));
	guarded_reserve(&g, 3 * 4096);
	assert_string_equal(g.data, secret);
	assert_int_equal(given_back.calls, 1);
	assert_true(given_back.was_wiped);
	guarded_release(&g);
	assert_int_equal(given_back.calls, 2);
	assert_true(given_back.was_wiped);
}

static void
guarded_append_is_not_there_in_a_child(void **state)
{
	struct guarded g = GUARDED_INIT;
	int status;

	(void)state;
	guarded_append(&g, secret, sizeof(secret));
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(holds_secret(g.data, g.cap));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_string_equal(g.data, secret);
	guarded_release(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guarded_append_stays_out_of_swap_and_of_core_dumps),
		cmocka_unit_test(guarded_reserve_larger_pages_leave_nothing_in_the_old_ones),
		cmocka_unit_test(guarded_append_is_not_there_in_a_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
