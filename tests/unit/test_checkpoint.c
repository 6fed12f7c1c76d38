#include "config.h"

#include "run/journal/checkpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/xalloc.h"

#define HASH_1 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define HASH_2 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define HEAD "lifeboat-checkpoint/v1\norigin lifeboat/20261121T140732-7f3a\n"
#define REST                                                                                       \
	"sha256 " HASH_1 "\nhead " HASH_2 "\nprevious " ZEROS "\ntime 2026-11-21T14:07:32.118Z\n"

static const char text[] = HEAD "records 12\nbytes 34567\n" REST "state open\n";

static int
parse(const char *words, struct checkpoint *ret_checkpoint, struct err *e)
{
	return checkpoint_parse(words, strlen(words), ret_checkpoint, e);
}

static void
checkpoint_parse_reads_every_line(void **state)
{
	struct checkpoint checkpoint;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(parse(text, &checkpoint, &e), 0);
	assert_string_equal(checkpoint.run_id, "20261121T140732-7f3a");
	assert_int_equal(checkpoint.records, 12);
	assert_int_equal(checkpoint.bytes, 34567);
	assert_string_equal(checkpoint.sha256, HASH_1);
	assert_string_equal(checkpoint.head, HASH_2);
	assert_string_equal(checkpoint.previous, ZEROS);
	assert_int_equal(checkpoint.time_ms, INT64_C(1795270052118));
	assert_false(checkpoint.is_final);
}

static void
checkpoint_format_writes_what_was_read(void **state)
{
	static const char final[] = HEAD "records 12\nbytes 34567\n" REST "state final\n";
	const char *const texts[] = { text, final };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct checkpoint checkpoint;
		struct str out = STR_INIT;
		struct err e = ERR_INIT;

		assert_int_equal(parse(texts[i], &checkpoint, &e), 0);
		assert_int_equal(checkpoint.is_final, i);
		checkpoint_format(&checkpoint, &out);
		assert_string_equal(str_cstr(&out), texts[i]);
		str_release(&out);
	}
}

static void
checkpoint_parse_another_spelling_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"lifeboat-checkpoint/v2\n",
		HEAD,
		HEAD "records 12\nbytes 34567\n" REST "state open",
		HEAD "records 12\nbytes 34567\n" REST "state open\n\n",
		HEAD "records 12\nbytes 34567\n" REST "state closed\n",
		HEAD "records 12\nbytes 34567\n" REST "state open\nmore 1\n",
		HEAD "records 012\nbytes 34567\n" REST "state open\n",
		HEAD "records +12\nbytes 34567\n" REST "state open\n",
		HEAD "records 0\nbytes 34567\n" REST "state open\n",
		HEAD "records -1\nbytes 34567\n" REST "state open\n",
		HEAD "records 12x\nbytes 34567\n" REST "state open\n",
		HEAD "records 99999999999999999999\nbytes 34567\n" REST "state open\n",
		HEAD "records 12\nbytes \n" REST "state open\n",
		HEAD "bytes 34567\nrecords 12\n" REST "state open\n",
		HEAD "records 12\r\nbytes 34567\n" REST "state open\n",
		HEAD "records 12\nbytes 34567\nsha256 BA7816\nhead x\n" REST "state open\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct checkpoint checkpoint;
		struct err e = ERR_INIT;

		if (parse(texts[i], &checkpoint, &e) == 0)
			fail_msg("this was read: %s", texts[i]);
		assert_int_equal(e.kind, ERR_SPEC);
	}
}

static void
checkpoint_parse_says_which_line_is_wrong(void **state)
{
	static const struct {
		const char *text, *word;
	} cases[] = {
		{ "lifeboat-checkpoint/v9\n", "first line" },
		{ HEAD "records none\n", "\"records\"" },
		{ HEAD "records 12\nbytes 34567\nsha256 12\n", "\"sha256\"" },
		{ HEAD "records 12\nbytes 34567\n" REST, "\"state\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct checkpoint checkpoint;
		struct err e = ERR_INIT;

		assert_int_equal(parse(cases[i].text, &checkpoint, &e), -1);
		assert_non_null(strstr(e.message, cases[i].word));
	}
}

static void
checkpoint_parse_cut_anywhere_is_refused(void **state)
{
	(void)state;
	for (size_t len = 0; len < strlen(text); len++) {
		struct checkpoint checkpoint;
		struct err e = ERR_INIT;
		char *copy = xstrndup(text, len); /* so that a byte too many is seen */

		assert_int_equal(checkpoint_parse(copy, len, &checkpoint, &e), -1);
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checkpoint_parse_reads_every_line),
		cmocka_unit_test(checkpoint_format_writes_what_was_read),
		cmocka_unit_test(checkpoint_parse_another_spelling_is_refused),
		cmocka_unit_test(checkpoint_parse_says_which_line_is_wrong),
		cmocka_unit_test(checkpoint_parse_cut_anywhere_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
