#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/xalloc.h"

/* Every test runs in a new folder of its own, which the shell of names below it is relative to. */
static int
enter_folder(void **state)
{
	char template[] = "/tmp/lifeboat-file-XXXXXX";

	if (!mkdtemp(template) || chdir(template) < 0)
		return -1;
	*state = xstrdup(template);
	return 0;
}

static int
leave_folder(void **state)
{
	static const char *const names[] = {
		"file", "fifo", "link", "a/b/c", "a/b", "a", "folder/file", "folder",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		remove(names[i]);
	if (chdir("/") < 0 || rmdir(*state) < 0)
		return -1; /* something was left behind */
	free(*state);
	return 0;
}

static void
write_file(const char *path, const char *text)
{
	struct err e = ERR_INIT;

	if (file_write_atomic(path, text, strlen(text), 0600, &e) < 0)
		fail_msg("%s", e.message);
}

static void
read_appends_the_whole_file(void **state)
{
	struct str text = STR_INIT, large = STR_INIT;
	struct err e = ERR_INIT;

	(void)state;
	write_file("file", "content");
	str_append(&text, "before ");
	assert_int_equal(file_read("file", 7, &text, &e), 0);
	assert_string_equal(text.data, "before content");
	for (int i = 0; i < 50000; i++)
		str_append(&large, "0123456789");
	write_file("file", large.data);
	str_clear(&text);
	assert_int_equal(file_read("file", 500000, &text, &e), 0);
	assert_string_equal(text.data, large.data);
	write_file("file", "");
	str_clear(&text);
	assert_int_equal(file_read("file", 0, &text, &e), 0);
	assert_string_equal(text.data, "");
	str_release(&text);
	str_release(&large);
}

static void
read_larger_than_allowed_is_refused(void **state)
{
	struct str text = STR_INIT;
	struct err e = ERR_INIT;

	(void)state;
	write_file("file", "content");
	str_append(&text, "before");
	assert_int_equal(file_read("file", 6, &text, &e), -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_string_equal(e.message, "reading file: it is larger than 6 bytes");
	assert_string_equal(text.data, "before");
	str_release(&text);
}

static void
read_what_is_no_regular_file_is_refused_at_once(void **state)
{
	static const char *const paths[] = { "fifo", "folder", "/dev/zero" };
	struct str text = STR_INIT;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(mkdir("folder", 0700), 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(file_read(paths[i], 100, &text, &e), -1);
		assert_int_equal(e.kind, ERR_IO);
		assert_non_null(strstr(e.message, paths[i]));
	}
	str_release(&text);
}

static void
read_missing_file_is_not_found(void **state)
{
	struct str text = STR_INIT;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(file_read("none", 100, &text, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	assert_string_equal(e.message, "opening none: No such file or directory");
	assert_false(file_exists("none"));
	str_release(&text);
}

static void
write_atomic_replaces_with_the_mode_asked_for(void **state)
{
	struct str text = STR_INIT;
	struct err e = ERR_INIT;
	struct stat st;
	mode_t umask_before = umask(077);

	(void)state;
	write_file("file", "old");
	assert_int_equal(file_write_atomic("file", "new", 3, 0644, &e), 0);
	umask(umask_before);
	assert_int_equal(file_read("file", 100, &text, &e), 0);
	assert_string_equal(text.data, "new");
	assert_int_equal(stat("file", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_true(file_exists("file"));
	str_release(&text);
}

static void
write_atomic_that_fails_leaves_nothing(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(mkdir("folder", 0700), 0);
	write_file("folder/file", "x");
	assert_int_equal(file_write_atomic("folder", "new", 3, 0600, &e), -1);
	assert_int_equal(e.kind, ERR_IO);
	assert_int_equal(file_write_atomic("none/file", "new", 3, 0600, &e), -1);
	assert_non_null(strstr(e.message, "none/file"));
}

static void
write_atomic_over_a_link_replaces_the_link(void **state)
{
	struct str text = STR_INIT;
	struct err e = ERR_INIT;

	(void)state;
	write_file("file", "kept");
	assert_int_equal(symlink("file", "link"), 0);
	write_file("link", "new");
	assert_int_equal(file_read("file", 100, &text, &e), 0);
	assert_string_equal(text.data, "kept");
	str_release(&text);
}

static void
write_all_to_a_full_device_fails(void **state)
{
	struct err e = ERR_INIT;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, "x", 1, &e), -1);
	assert_string_equal(e.message, "writing: No space left on device");
	assert_int_equal(file_write_all(fd, "", 0, &e), 0);
	close(fd);
}

static void
make_folders_makes_all_that_are_missing(void **state)
{
	struct err e = ERR_INIT;
	struct stat st;
	char *absolute = xasprintf("%s/a//b/c/", (const char *)*state);

	assert_int_equal(file_make_folders("a/b", 0700, &e), 0);
	assert_int_equal(file_make_folders(absolute, 0700, &e), 0);
	assert_int_equal(file_make_folders("a/b/c", 0755, &e), 0);
	assert_int_equal(file_make_folders("/", 0755, &e), 0);
	assert_int_equal(stat("a/b/c", &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0700);
	free(absolute);
}

static void
make_folders_over_a_file_is_refused(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	write_file("file", "x");
	assert_int_equal(file_make_folders("file", 0700, &e), -1);
	assert_string_equal(e.message, "making the folder file: Not a directory");
	assert_int_equal(file_make_folders("file/below", 0700, &e), -1);
	assert_string_equal(e.message, "making the folder file: Not a directory");
	assert_int_equal(file_make_folders("", 0700, &e), -1);
	assert_int_equal(e.kind, ERR_IO);
}

static void
sync_folder_names_what_is_missing(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(file_sync_folder(".", &e), 0);
	assert_int_equal(file_sync_folder("none", &e), -1);
	assert_string_equal(e.message, "syncing the folder none: No such file or directory");
}

static void
assert_text(char *text, const char *expected)
{
	assert_string_equal(text, expected);
	free(text);
}

static void
folder_and_resolve_follow_the_base(void **state)
{
	(void)state;
	assert_text(file_folder("a/b/c"), "a/b");
	assert_text(file_folder("/a"), "/");
	assert_text(file_folder("a"), ".");
	assert_int_equal(setenv("HOME", "/home/ana", 1), 0);
	assert_text(file_resolve("/x/book.yaml", "key.yaml"), "/x/key.yaml");
	assert_text(file_resolve("book.yaml", "key.yaml"), "./key.yaml");
	assert_text(file_resolve("/x/book.yaml", "/key.yaml"), "/key.yaml");
	assert_text(file_resolve(NULL, "key.yaml"), "key.yaml");
	assert_text(file_resolve("/x/book.yaml", "~/key.yaml"), "/home/ana/key.yaml");
}

static void
roots_follow_the_xdg_specification(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	setenv("HOME", "/home/ana", 1);
	setenv("XDG_STATE_HOME", "/state", 1);
	setenv("XDG_CONFIG_HOME", "relative-is-ignored", 1);
	assert_text(file_state_root(&e), "/state/lifeboat");
	assert_text(file_config_root(&e), "/home/ana/.config/lifeboat");
	unsetenv("XDG_STATE_HOME");
	assert_text(file_state_root(&e), "/home/ana/.local/state/lifeboat");
	unsetenv("HOME");
	assert_null(file_state_root(&e));
	assert_int_equal(e.kind, ERR_USAGE);
}

static void
digest_is_sha256(void **state)
{
	char out[DIGEST_HEX_MAX];
	struct digest *d = digest_new();

	(void)state;
	assert_string_equal(digest_sha256("", 0, out),
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	digest_update(d, "a", 1);
	digest_update(d, "bc", 2);
	assert_string_equal(digest_finish(d, out),
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(read_appends_the_whole_file),
		IN_FOLDER(read_larger_than_allowed_is_refused),
		IN_FOLDER(read_what_is_no_regular_file_is_refused_at_once),
		IN_FOLDER(read_missing_file_is_not_found),
		IN_FOLDER(write_atomic_replaces_with_the_mode_asked_for),
		IN_FOLDER(write_atomic_that_fails_leaves_nothing),
		IN_FOLDER(write_atomic_over_a_link_replaces_the_link),
		IN_FOLDER(write_all_to_a_full_device_fails),
		IN_FOLDER(make_folders_makes_all_that_are_missing),
		IN_FOLDER(make_folders_over_a_file_is_refused),
		IN_FOLDER(sync_folder_names_what_is_missing),
		cmocka_unit_test(folder_and_resolve_follow_the_base),
		cmocka_unit_test(roots_follow_the_xdg_specification),
		cmocka_unit_test(digest_is_sha256),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
