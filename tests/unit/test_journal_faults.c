#include "config.h"

#include "run/journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

#include "fixture_journal.h"

/*
 * The system calls by which a run comes to the disk, with a fault in one of them. They stand in front of those of the
 * C library for this program; what no fault is meant for goes through to the kernel.
 */
enum call { CALL_WRITE, CALL_FDATASYNC, CALL_FSYNC, CALL_FALLOCATE, CALL_LOCK, CALL_COUNT };

static const char *const call_names[CALL_COUNT] = {
	[CALL_WRITE] = "write",		[CALL_FDATASYNC] = "fdatasync", [CALL_FSYNC] = "fsync",
	[CALL_FALLOCATE] = "fallocate", [CALL_LOCK] = "fcntl",
};

/* Two threads make these calls: that of the test, and the one that seals. */
static pthread_mutex_t fault_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct {
	atomic_bool armed;
	enum call call;
	const char *under; /* only files below this folder */
	int after;	   /* so many calls go well before */
	int error;	   /* errno; 0: a write that is short by half */
	atomic_int fired;
	atomic_int calls_after; /* of any kind that change something, once it has fired */
	pthread_t thread;	/* whose calls after that are counted */
} fault;

/* Checkpoints that came to the disk, by the thread that seals. */
static atomic_int checkpoint_syncs;

static bool
is_meant(int fd)
{
	char link[64], target[256];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t len = readlink(link, target, sizeof(target) - 1);
	if (len < 0)
		return false;
	target[len] = '\0';
	return str_starts_with(target, fault.under);
}

static bool
fires(enum call call, int fd)
{
	if (!fault.armed || !is_meant(fd))
		return false;
	if (fault.fired) {
		fault.calls_after += pthread_equal(pthread_self(), fault.thread) != 0;
		return false;
	}
	if (call != fault.call || fault.after-- > 0)
		return false;
	fault.fired++;
	return true;
}

/* Whether this call fails now. */
static bool
fails(enum call call, int fd)
{
	int before = errno;

	pthread_mutex_lock(&fault_mutex);
	bool failed = fires(call, fd);
	errno = failed ? fault.error : before;
	pthread_mutex_unlock(&fault_mutex);
	return failed;
}

ssize_t
write(int fd, const void *bytes, size_t len)
{
	if (!fails(CALL_WRITE, fd))
		return syscall(SYS_write, fd, bytes, len);
	return fault.error ? -1 : syscall(SYS_write, fd, bytes, len / 2);
}

static void
count_checkpoint_sync(int fd)
{
	char link[64], target[256];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t len = readlink(link, target, sizeof(target) - 1);
	if (len > 12 && memcmp(target + len - 12, "/checkpoints", 12) == 0)
		atomic_fetch_add(&checkpoint_syncs, 1);
}

int
fdatasync(int fd)
{
	count_checkpoint_sync(fd);
	return fails(CALL_FDATASYNC, fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int
fsync(int fd)
{
	return fails(CALL_FSYNC, fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

int
fallocate(int fd, int mode, off_t offset, off_t len)
{
	return fails(CALL_FALLOCATE, fd) ? -1 : (int)syscall(SYS_fallocate, fd, mode, offset, len);
}

int
fcntl(int fd, int command, ...)
{
	va_list ap;

	va_start(ap, command);
	void *argument = va_arg(ap, void *);
	va_end(ap);
	if (command == F_OFD_SETLK && fails(CALL_LOCK, fd))
		return -1;
	return (int)syscall(SYS_fcntl, fd, command, argument);
}

static void
arm(const struct place *place, enum call call, int after, int error)
{
	pthread_mutex_lock(&fault_mutex);
	fault.fired = fault.calls_after = 0;
	fault.under = place->root;
	fault.call = call;
	fault.after = after;
	fault.error = error;
	fault.thread = pthread_self();
	fault.armed = true;
	pthread_mutex_unlock(&fault_mutex);
}

/* What a run has come to when it ended or was broken. */
struct story {
	struct journal *journal; /* NULL: not even made */
	int64_t durable; /* records that were reported to be on the disk, and those before them */
	struct err error;
};

static struct story
live_through(const struct place *place)
{
	static const enum record_type steps[] = {
		RECORD_INTENT, RECORD_NOTE,    RECORD_OUTCOME,
		RECORD_INTENT, RECORD_OUTCOME, RECORD_END,
	};
	struct story story = { .error = ERR_INIT };

	if (journal_create(place->folder, "one", NULL, &story.journal, &story.error) < 0)
		return story;
	if (try_append(story.journal, RECORD_RUN, process_data(story.journal), true, &story.error) <
	    0)
		return story;
	story.durable = 1;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		bool durable = steps[i] != RECORD_NOTE;

		if (try_append(story.journal, steps[i], text_data("x"), durable, &story.error) < 0)
			return story;
		if (durable)
			story.durable = (int64_t)i + 2;
	}
	return story;
}

/* A failure is final: later calls fail with the same words, and touch nothing. */
static void
expect_broken(const struct story *story)
{
	struct err again = ERR_INIT;

	fault.calls_after = 0;
	assert_int_equal(try_append(story->journal, RECORD_NOTE, text_data("x"), false, &again),
			 -1);
	assert_string_equal(again.message, story->error.message);
	assert_int_equal(try_append(story->journal, RECORD_OUTCOME, text_data("x"), true, &again),
			 -1);
	struct record *pretended = journal_pretend(story->journal, RECORD_NOTE, text_data("x"));
	assert_int_equal(fault.calls_after, 0);
	record_free(pretended);
}

/* What is on the disk then, and that a later process goes on from there. */
static void
expect_sound(const struct place *place, const struct story *story)
{
	struct chain chain = judge_folder(place);
	struct journal *journal = NULL;
	struct err e = ERR_INIT;

	if (chain.records == 0) {
		/* not one record came to its end: nothing had been promised, and nothing can be resumed */
		assert_int_equal(story->durable, 0);
		assert_int_equal(journal_open(place->folder, NULL, NULL, NULL, &journal, &e), -1);
		assert_int_equal(e.kind, ERR_SPEC);
		chain_release(&chain);
		return;
	}
	assert_string_equal(chain.damage.message, "");
	assert_true(chain.records >= story->durable);
	assert_true(chain.sealed >= story->durable);
	bool is_final = chain.is_final;
	chain_release(&chain);
	if (is_final)
		return;
	journal_close(resume_run(place));
	chain = judge_folder(place);
	assert_string_equal(chain.damage.message, "");
	assert_true(chain.records > story->durable);
	assert_int_equal(chain.sealed, chain.records);
	chain_release(&chain);
}

/* One run with one fault in its n-th call of a kind; false: it has no n-th one. */
static bool
try_fault(enum call call, int after, int error)
{
	char root[] = "/tmp/test-faults-XXXXXX";
	struct place place;

	assert_non_null(mkdtemp(root));
	place_init(&place, root);
	arm(&place, call, after, error);
	struct story story = live_through(&place);
	bool fired = fault.fired > 0;
	if (fired) {
		if (story.error.kind != ERR_IO)
			fail_msg("%s number %d failed with %s, and that went unnoticed",
				 call_names[call], after, strerror(error));
		if (story.journal)
			expect_broken(&story);
		journal_close(story.journal);
		fault.armed = false;
		if (story.journal) {
			expect_sound(&place, &story);
		} else {
			/* what could not be made is not there, and can be made later */
			assert_false(file_exists(place.folder));
			journal_close(begin_run(&place));
		}
	} else {
		assert_int_equal(story.error.kind, ERR_NONE);
		journal_close(story.journal);
	}
	fault.armed = false;
	place_release(&place);
	return fired;
}

static void
journal_append_any_failing_call_is_final(void **state)
{
	static const struct {
		enum call call;
		int error;
		int least; /* calls that a run is known to make */
	} cases[] = {
		{ CALL_WRITE, ENOSPC, 13 },    { CALL_WRITE, EIO, 13 },
		{ CALL_WRITE, EROFS, 13 },     { CALL_WRITE, 0, 13 },
		{ CALL_FDATASYNC, EIO, 7 },    { CALL_FDATASYNC, ENOSPC, 7 },
		{ CALL_FSYNC, EIO, 2 },	       { CALL_FALLOCATE, ENOSPC, 2 },
		{ CALL_FALLOCATE, EDQUOT, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int after = 0;

		while (try_fault(cases[i].call, after, cases[i].error))
			after++;
		assert_true(after >= cases[i].least);
	}
}

/* A signature over bytes that the disk did not take is never written. */
static void
journal_append_failed_fdatasync_leaves_no_checkpoint(void **state)
{
	const struct place *place = *state;
	struct journal *journal = begin_run(place);
	struct str before = bytes_of(place->checkpoints);
	struct err e = ERR_INIT;

	arm(place, CALL_FDATASYNC, 0, EIO);
	assert_int_equal(try_append(journal, RECORD_INTENT, text_data("x"), true, &e), -1);
	assert_int_equal(fault.fired, 1);
	fault.armed = false;
	assert_non_null(strstr(e.message, "journal.jsonl"));
	assert_non_null(strstr(e.message, strerror(EIO)));
	journal_close(journal);
	struct str after = bytes_of(place->checkpoints);
	assert_int_equal(after.len, before.len);
	str_release(&before);
	str_release(&after);
}

static void
wait_for_syncs(int count)
{
	for (int i = 0; i < 5000 && atomic_load(&checkpoint_syncs) < count; i++)
		poll(NULL, 0, 1);
	assert_true(atomic_load(&checkpoint_syncs) >= count);
}

/* A power cut must not take the seals of many records: they follow to the disk while a step works. */
static void
journal_append_checkpoint_follows_to_the_disk(void **state)
{
	const struct place *place = *state;

	atomic_store(&checkpoint_syncs, 0);
	struct journal *journal = begin_run(place);
	wait_for_syncs(1);
	append(journal, RECORD_INTENT, "x");
	wait_for_syncs(2);
	append(journal, RECORD_OUTCOME, "x");
	journal_close(journal); /* at once, but not without it */
	assert_true(atomic_load(&checkpoint_syncs) >= 3);
}

/* What did not get there is a failure to write as any other: final, and known before the next step. */
static void
journal_append_checkpoint_that_was_lost_is_final(void **state)
{
	const struct place *place = *state;
	struct journal *journal = begin_run(place);
	struct err e = ERR_INIT, again = ERR_INIT;

	append(journal, RECORD_INTENT, "x");
	atomic_store(&checkpoint_syncs, 0);
	wait_for_syncs(1);
	append(journal, RECORD_NOTE, "x");
	arm(place, CALL_FDATASYNC, 1, EIO);
	append(journal, RECORD_OUTCOME, "x");
	wait_for_syncs(2);
	assert_int_equal(try_append(journal, RECORD_INTENT, text_data("x"), true, &e), -1);
	fault.armed = false;
	assert_int_equal(fault.fired, 1);
	assert_int_equal(e.kind, ERR_IO);
	assert_non_null(strstr(e.message, "/checkpoints"));
	assert_int_equal(try_append(journal, RECORD_NOTE, text_data("x"), false, &again), -1);
	assert_string_equal(again.message, e.message);
	journal_close(journal);
	journal_close(resume_run(place));
}

/* The reserve is a comfort that not every file system has; a lock is not. */
static void
journal_create_without_reserve_works(void **state)
{
	const struct place *place = *state;

	arm(place, CALL_FALLOCATE, 0, EOPNOTSUPP);
	journal_close(begin_run(place));
	assert_int_equal(fault.fired, 1);
	fault.armed = false;
}

static void
journal_create_without_locks_is_refused(void **state)
{
	static const int errors[] = { ENOLCK, ENOTSUP, EINVAL, ENOSYS };
	const struct place *place = *state;
	struct journal *journal = NULL;

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct err e = ERR_INIT;

		arm(place, CALL_LOCK, 0, errors[i]);
		assert_int_equal(journal_create(place->folder, "one", NULL, &journal, &e), -1);
		fault.armed = false;
		assert_int_equal(e.kind, ERR_IO);
		assert_non_null(strstr(e.message, strerror(errors[i])));
		assert_non_null(strstr(e.message, "XDG_STATE_HOME"));
		assert_false(file_exists(place->folder));
	}
	journal_close(begin_run(place));
	struct str before = bytes_of(place->journal);
	struct err e = ERR_INIT;
	arm(place, CALL_LOCK, 0, ENOLCK);
	assert_int_equal(journal_open(place->folder, NULL, NULL, NULL, &journal, &e), -1);
	fault.armed = false;
	assert_int_equal(e.kind, ERR_IO);
	struct str after = bytes_of(place->journal);
	assert_string_equal(after.data, before.data);
	str_release(&before);
	str_release(&after);
}

/* A repair that fails leaves the torn bytes where they are, or where they were put. */
static void
journal_open_failing_repair_loses_nothing(void **state)
{
	static const struct {
		enum call call;
		int error;
	} cases[] = {
		{ CALL_WRITE, ENOSPC },
		{ CALL_WRITE, EIO },
		{ CALL_FSYNC, EIO },
		{ CALL_FALLOCATE, ENOSPC },
	};
	const struct place *place = *state;
	struct journal *journal = NULL;
	struct err e = ERR_INIT;

	journal_close(begin_run(place));
	struct str torn = bytes_of(place->journal);
	char *aside = xasprintf("%s/torn-%zu", place->folder, torn.len);
	str_append(&torn, "{\"v\":1,\"seq\":1");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int after = 0;; after++) {
			put_bytes(place->journal, torn.data, torn.len);
			arm(place, cases[i].call, after, cases[i].error);
			int rc = journal_open(place->folder, NULL, NULL, NULL, &journal, &e);
			bool fired = fault.fired > 0;
			fault.armed = false;
			assert_int_equal(rc, fired ? -1 : 0);
			struct str now = bytes_of(place->journal), kept = bytes_of(aside);
			assert_true(now.len == torn.len ||
				    kept.len == strlen("{\"v\":1,\"seq\":1"));
			str_release(&now);
			str_release(&kept);
			if (!fired)
				break;
		}
		journal_close(journal);
		assert_int_equal(unlink(aside), 0);
	}
	free(aside);
	str_release(&torn);
}

/* In a child, which no failed assertion may leave. */
enum { NOT_PERMITTED = 77 };

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                    \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

/* This user is root there. */
static void
map_id(const char *path, unsigned id)
{
	FILE *file = fopen(path, "we");

	if (file) {
		fprintf(file, "0 %u 1\n", id);
		fclose(file);
	}
}

static void
keep_groups(void)
{
	FILE *file = fopen("/proc/self/setgroups", "we");

	if (file) {
		fputs("deny", file);
		fclose(file);
	}
}

/* A small file system of our own, where we may have one. */
static void
mount_small(const struct place *place, const char *size)
{
	unsigned uid = getuid(), gid = getgid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		_exit(NOT_PERMITTED);
	keep_groups();
	map_id("/proc/self/uid_map", uid);
	map_id("/proc/self/gid_map", gid);
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", place->root, "tmpfs", 0, size) < 0)
		_exit(NOT_PERMITTED);
}

static void
fill_disk(const char *path)
{
	char block[4096] = { 1 };
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	while (write(fd, block, sizeof(block)) > 0)
		;
	CHECK(errno == ENOSPC);
	close(fd);
}

static void
run_on_full_disk(const struct place *place)
{
	struct journal *journal = NULL;
	struct err e = ERR_INIT;
	char *filler = xasprintf("%s/filler", place->root);
	int64_t durable = 2;

	CHECK(journal_create(place->folder, "one", NULL, &journal, &e) == 0);
	CHECK(try_append(journal, RECORD_RUN, process_data(journal), true, &e) == 0);
	CHECK(try_append(journal, RECORD_INTENT, text_data("x"), true, &e) == 0);
	fill_disk(filler);
	/* the step under way is told to its end */
	CHECK(try_append(journal, RECORD_OUTCOME, text_data("x"), true, &e) == 0);
	durable++;
	while (try_append(journal, RECORD_NOTE, text_data("x"), true, &e) == 0)
		durable++;
	CHECK(e.kind == ERR_IO &&
	      (strstr(e.message, strerror(ENOSPC)) || strstr(e.message, "as on a full disk")));
	CHECK(try_append(journal, RECORD_NOTE, text_data("x"), false, &e) < 0);
	journal_close(journal);

	struct chain chain;
	chain_init(&chain);
	CHECK(chain_read(place->folder, NULL, &chain, &e) == 0);
	CHECK(chain.damage.kind == ERR_NONE);
	CHECK(chain.sealed >= durable);
	/* not resumed while there is no room, and nothing lost by the attempt */
	CHECK(journal_open(place->folder, NULL, NULL, NULL, &journal, &e) < 0);
	CHECK(e.kind == ERR_IO && strstr(e.message, strerror(ENOSPC)));
	CHECK(journal_read(place->folder, NULL, NULL, &e) == 0);
	CHECK(unlink(filler) == 0);
	CHECK(journal_open(place->folder, NULL, NULL, NULL, &journal, &e) == 0);
	CHECK(try_append(journal, RECORD_RESUMED, process_data(journal), true, &e) == 0);
	journal_close(journal);
	chain_release(&chain);
	CHECK(chain_read(place->folder, NULL, &chain, &e) == 0);
	CHECK(chain.damage.kind == ERR_NONE && chain.sealed == chain.records);
	chain_release(&chain);
	free(filler);
}

static void
on_full_disk(const struct place *place)
{
	mount_small(place, "size=256k");
	run_on_full_disk(place);
}

/* An intent keeps its reserve, or is not written: then no step begins that could not be told to its end. */
static void
on_filling_disk(const struct place *place)
{
	char *filler = xasprintf("%s/filler", place->root);
	struct journal *journal = NULL;
	struct err e = ERR_INIT;
	int steps = 0;

	mount_small(place, "size=256k");
	CHECK(journal_create(place->folder, "one", NULL, &journal, &e) == 0);
	CHECK(try_append(journal, RECORD_RUN, process_data(journal), true, &e) == 0);
	fill_disk(filler);
	while (try_append(journal, RECORD_INTENT, text_data("x"), true, &e) == 0) {
		steps++;
		CHECK(try_append(journal, RECORD_OUTCOME, text_data("x"), true, &e) == 0);
	}
	CHECK(steps > 3);
	CHECK(e.kind == ERR_IO && strstr(e.message, "reserving"));
	journal_close(journal);
	free(filler);
}

static void
on_too_small_disk(const struct place *place)
{
	struct journal *journal = NULL;
	struct err e = ERR_INIT;

	mount_small(place, "size=64k");
	CHECK(journal_create(place->folder, "one", NULL, &journal, &e) < 0);
	CHECK(e.kind == ERR_IO && strstr(e.message, strerror(ENOSPC)));
	CHECK(access(place->folder, F_OK) < 0);
}

static void
on_read_only_disk(const struct place *place)
{
	struct journal *journal = NULL;
	struct err e = ERR_INIT;
	char *other = xasprintf("%s/runs/two", place->root);

	mount_small(place, "size=256k");
	CHECK(journal_create(place->folder, "one", NULL, &journal, &e) == 0);
	CHECK(try_append(journal, RECORD_RUN, process_data(journal), true, &e) == 0);
	journal_close(journal);
	CHECK(mount("none", place->root, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
	CHECK(journal_create(other, "two", NULL, &journal, &e) < 0);
	CHECK(e.kind == ERR_IO && strstr(e.message, strerror(EROFS)));
	CHECK(journal_open(place->folder, NULL, NULL, NULL, &journal, &e) < 0);
	CHECK(e.kind == ERR_IO && strstr(e.message, strerror(EROFS)));
	CHECK(journal_read(place->folder, NULL, NULL, &e) == 0);
	free(other);
}

static void
run_in_child(const struct place *place, void (*body)(const struct place *))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		body(place);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NOT_PERMITTED) {
		print_message("a file system of its own cannot be mounted here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
journal_append_full_disk_takes_the_outcome_and_is_final(void **state)
{
	run_in_child(*state, on_full_disk);
}

static void
journal_append_intent_without_room_is_refused(void **state)
{
	run_in_child(*state, on_filling_disk);
}

static void
journal_create_too_small_disk_is_refused(void **state)
{
	run_in_child(*state, on_too_small_disk);
}

static void
journal_create_read_only_disk_is_refused(void **state)
{
	run_in_child(*state, on_read_only_disk);
}

#define PLACE_TEST(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(journal_append_any_failing_call_is_final),
		PLACE_TEST(journal_append_failed_fdatasync_leaves_no_checkpoint),
		PLACE_TEST(journal_append_checkpoint_follows_to_the_disk),
		PLACE_TEST(journal_append_checkpoint_that_was_lost_is_final),
		PLACE_TEST(journal_create_without_reserve_works),
		PLACE_TEST(journal_create_without_locks_is_refused),
		PLACE_TEST(journal_open_failing_repair_loses_nothing),
		PLACE_TEST(journal_append_full_disk_takes_the_outcome_and_is_final),
		PLACE_TEST(journal_append_intent_without_room_is_refused),
		PLACE_TEST(journal_create_too_small_disk_is_refused),
		PLACE_TEST(journal_create_read_only_disk_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
