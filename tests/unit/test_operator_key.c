#include "config.h"

#include "run/journal/operator_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/xalloc.h"

#include "fixture_folder.h"

/* Of the example of Go's golang.org/x/mod/sumdb/note: not a secret. */
static const char peter_private[] =
	"PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n";
static const char peter_public[] =
	"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

struct place {
	char root[64];
	char *path;
};

static int
setup(void **state)
{
	struct place *place = xcalloc(1, sizeof(*place));
	struct err e = ERR_INIT;

	snprintf(place->root, sizeof(place->root), "/tmp/test-operator-key-XXXXXX");
	assert_non_null(mkdtemp(place->root));
	setenv("XDG_CONFIG_HOME", place->root, 1);
	place->path = operator_key_path(&e);
	assert_non_null(place->path);
	*state = place;
	return 0;
}

static int
teardown(void **state)
{
	struct place *place = *state;

	folder_remove(place->root);
	free(place->path);
	free(place);
	return 0;
}

static void
write_file(const struct place *place, const char *text, size_t len, mode_t mode)
{
	char *folder = file_folder(place->path);
	struct err e = ERR_INIT;

	assert_int_equal(file_make_folders(folder, 0700, &e), 0);
	assert_int_equal(file_write_atomic(place->path, text, len, mode, &e), 0);
	free(folder);
}

static struct operator_key *
create(const char *name)
{
	struct operator_key *key = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(operator_key_create(name, &key, &e), 0);
	return key;
}

static struct operator_key *
load(void)
{
	struct operator_key *key = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(operator_key_load(&key, &e), 0);
	return key;
}

/* The file is refused, and the sentence holds both words. */
static void
refused(const char *what, const char *advice)
{
	struct operator_key *key = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(operator_key_load(&key, &e), -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_null(key);
	if (!strstr(e.message, what) || !strstr(e.message, advice))
		fail_msg("neither %s nor %s: %s", what, advice, e.message);
}

static struct note_key
run_key(void)
{
	struct note_key key;
	struct err e = ERR_INIT;
	unsigned char public_key[SIGNING_PUBLIC_BYTES] = { 7, 7, 7 };

	assert_int_equal(note_key_init(&key, "lifeboat/20261121T140732-7f3a/1", public_key, &e), 0);
	return key;
}

static void
operator_key_load_without_a_file_is_no_key(void **state)
{
	(void)state;
	assert_null(load());
}

static void
operator_key_load_reads_what_create_wrote(void **state)
{
	const struct place *place = *state;
	struct operator_key *made = create("ana@db1"), *read = load();
	struct stat st;

	assert_non_null(read);
	assert_memory_equal(operator_key_public(read), operator_key_public(made),
			    sizeof(struct note_key));
	assert_int_equal(stat(place->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	operator_key_free(made);
	operator_key_free(read);
}

static void
operator_key_create_leaves_no_other_file(void **state)
{
	const struct place *place = *state;
	char *folder = file_folder(place->path);
	const struct dirent *entry;
	int files = 0;

	operator_key_free(create("ana@db1"));
	DIR *dir = opendir(folder);
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		files += entry->d_name[0] != '.';
	closedir(dir);
	assert_int_equal(files, 1);
	free(folder);
}

static void
operator_key_create_never_overwrites(void **state)
{
	struct operator_key *first = create("ana@db1"), *second = NULL, *read;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(operator_key_create("eve@db1", &second, &e), -1);
	assert_int_equal(e.kind, ERR_CONFLICT);
	assert_null(second);
	read = load();
	assert_memory_equal(operator_key_public(read), operator_key_public(first),
			    sizeof(struct note_key));
	operator_key_free(first);
	operator_key_free(read);
}

static void
operator_key_create_over_a_dangling_link_is_refused(void **state)
{
	const struct place *place = *state;
	struct operator_key *key = NULL;
	struct err e = ERR_INIT;
	char *folder = file_folder(place->path);

	assert_int_equal(file_make_folders(folder, 0700, &e), 0);
	assert_int_equal(symlink("elsewhere", place->path), 0);
	assert_int_equal(operator_key_create("ana@db1", &key, &e), -1);
	assert_int_equal(e.kind, ERR_CONFLICT);
	free(folder);
}

static void
operator_key_create_name_that_cannot_be_one_is_refused(void **state)
{
	const struct place *place = *state;
	struct operator_key *key = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(operator_key_create("ana maria", &key, &e), -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_false(file_exists(place->path));
}

static void
operator_key_load_reads_the_signer_keys_of_go(void **state)
{
	struct str out = STR_INIT;

	write_file(*state, peter_private, strlen(peter_private), 0600);
	struct operator_key *key = load();
	note_key_format(operator_key_public(key), &out);
	assert_string_equal(str_cstr(&out), peter_public);
	str_release(&out);
	operator_key_free(key);
}

static void
operator_key_load_file_that_others_may_read_or_write_is_refused(void **state)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0602, 0644, 0601 };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		write_file(*state, peter_private, strlen(peter_private), modes[i]);
		refused("mode 06", "chmod 600");
	}
}

static void
operator_key_load_file_of_another_user_is_refused(void **state)
{
	const struct place *place = *state;

	if (geteuid() != 0)
		skip();
	write_file(place, peter_private, strlen(peter_private), 0600);
	assert_int_equal(chown(place->path, 65534, (gid_t)-1), 0);
	refused("belongs to user 65534", "key new");
}

static void
operator_key_load_what_is_no_regular_file_is_refused(void **state)
{
	const struct place *place = *state;
	char *other = xasprintf("%s/other", place->root);

	write_file(place, peter_private, strlen(peter_private), 0600);
	assert_int_equal(rename(place->path, other), 0);
	assert_int_equal(symlink(other, place->path), 0);
	refused("symbolic link", "put the file");
	assert_int_equal(unlink(place->path), 0);
	assert_int_equal(mkfifo(place->path, 0600), 0);
	refused("not a regular file", "key new");
	assert_int_equal(unlink(place->path), 0);
	assert_int_equal(mkdir(place->path, 0700), 0);
	refused("not a regular file", "key new");
	free(other);
}

static void
operator_key_load_empty_file_is_refused(void **state)
{
	write_file(*state, "", 0, 0600);
	refused("is empty", "key new");
}

static void
operator_key_load_any_bit_changed_is_refused(void **state)
{
	char *copy = xstrdup(peter_private);
	size_t len = strlen(copy);

	for (size_t bit = 0; bit < 8 * len; bit++) {
		copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
		write_file(*state, copy, len, 0600);
		refused("not as lifeboat wrote it", "key new");
		copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
	}
	free(copy);
}

static void
operator_key_load_longer_or_shorter_file_is_refused(void **state)
{
	struct str text = STR_INIT;

	for (size_t len = 1; len < strlen(peter_private); len++) {
		write_file(*state, peter_private, len, 0600);
		refused("not as lifeboat wrote it", "key new");
	}
	for (int i = 0; i < 100; i++)
		str_append(&text, peter_private);
	write_file(*state, text.data, text.len, 0600);
	refused("not as lifeboat wrote it", "key new");
	str_release(&text);
}

/* No seed may stand in what the program says of a key file that is not in order. */
static void
operator_key_load_never_tells_the_seed(void **state)
{
	struct operator_key *key = NULL;
	struct err e = ERR_INIT;

	write_file(*state, peter_private, strlen(peter_private) - 1, 0600);
	assert_int_equal(operator_key_load(&key, &e), -1);
	assert_null(strstr(e.message, "AYEKFALV"));
}

static void
certificate_holds_for_its_key_its_run_and_its_issuer_only(void **state)
{
	struct operator_key *key = create("ana@db1");
	struct note_key of_run = run_key(), other = run_key(), stranger = run_key();
	struct str out = STR_INIT;
	struct err e = ERR_INIT;
	const char *run = "20261121T140732-7f3a";

	(void)state;
	assert_int_equal(operator_key_certify(key, run, &of_run, &out, &e), 0);
	assert_true(certificate_holds(str_cstr(&out), run, &of_run, operator_key_public(key)));
	other.public_key[0]++;
	assert_false(certificate_holds(str_cstr(&out), run, &other, operator_key_public(key)));
	assert_false(certificate_holds(str_cstr(&out), "20261121T140732-7f3b", &of_run,
				       operator_key_public(key)));
	assert_false(certificate_holds(str_cstr(&out), run, &of_run, &stranger));
	str_release(&out);
	operator_key_free(key);
}

static void
certificate_holds_any_bit_changed_is_refused(void **state)
{
	struct operator_key *key = create("ana@db1");
	struct note_key of_run = run_key();
	struct str out = STR_INIT;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(operator_key_certify(key, "r", &of_run, &out, &e), 0);
	for (size_t bit = 0; bit < 8 * out.len; bit++) {
		out.data[bit / 8] = (char)(out.data[bit / 8] ^ 1 << bit % 8);
		assert_false(certificate_holds(out.data, "r", &of_run, operator_key_public(key)));
		out.data[bit / 8] = (char)(out.data[bit / 8] ^ 1 << bit % 8);
	}
	assert_true(certificate_holds(out.data, "r", &of_run, operator_key_public(key)));
	str_append(&out, "\n");
	assert_false(certificate_holds(out.data, "r", &of_run, operator_key_public(key)));
	str_release(&out);
	operator_key_free(key);
}

/* A note that the operator's key signed for another purpose is no certificate. */
static void
certificate_holds_another_text_is_refused(void **state)
{
	struct signing_key *secret = NULL;
	unsigned char public_key[SIGNING_PUBLIC_BYTES];
	struct note_key issuer, of_run = run_key();
	struct str text = STR_INIT, out = STR_INIT;
	struct err e = ERR_INIT;
	static const char *const ends[] = {
		"time 2026-11-21T14:07:32.118Z\n",
		"time 2026-11-21T14:07:32Z\n",
		"time yesterday\n",
		"",
		"time 2026-11-21T14:07:32.118Z\nmore\n",
	};

	(void)state;
	assert_int_equal(signing_key_new(&secret, &e), 0);
	signing_key_public(secret, public_key);
	assert_int_equal(note_key_init(&issuer, "ana@db1", public_key, &e), 0);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		str_clear(&text);
		str_clear(&out);
		str_append(&text, "lifeboat-run-key/v1\nrun r\nkey ");
		note_key_format(&of_run, &text);
		str_printf(&text, "\n%s", ends[i]);
		assert_int_equal(note_sign(secret, &issuer, text.data, text.len, &out, &e), 0);
		assert_int_equal(certificate_holds(out.data, "r", &of_run, &issuer), i == 0);
	}
	str_release(&text);
	str_release(&out);
	signing_key_free(secret);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(operator_key_load_without_a_file_is_no_key),
		TEST(operator_key_load_reads_what_create_wrote),
		TEST(operator_key_create_leaves_no_other_file),
		TEST(operator_key_create_never_overwrites),
		TEST(operator_key_create_over_a_dangling_link_is_refused),
		TEST(operator_key_create_name_that_cannot_be_one_is_refused),
		TEST(operator_key_load_reads_the_signer_keys_of_go),
		TEST(operator_key_load_file_that_others_may_read_or_write_is_refused),
		TEST(operator_key_load_file_of_another_user_is_refused),
		TEST(operator_key_load_what_is_no_regular_file_is_refused),
		TEST(operator_key_load_empty_file_is_refused),
		TEST(operator_key_load_any_bit_changed_is_refused),
		TEST(operator_key_load_longer_or_shorter_file_is_refused),
		TEST(operator_key_load_never_tells_the_seed),
		TEST(certificate_holds_for_its_key_its_run_and_its_issuer_only),
		TEST(certificate_holds_any_bit_changed_is_refused),
		TEST(certificate_holds_another_text_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
