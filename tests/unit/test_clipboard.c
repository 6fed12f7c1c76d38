#include "config.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/terminal/clipboard.h"

/* What would be in the clipboard, after a look at every byte that leaves for the terminal; the caller frees. */
static char *
pasted(const char *text)
{
	static const char before[] = "\033]52;c;";
	struct str sequence = STR_INIT, clean = STR_INIT;

	clipboard_text(NULL, text, &clean);
	clipboard_sequence(str_cstr(&clean), &sequence);
	str_release(&clean);
	const char *all = str_cstr(&sequence);
	assert_memory_equal(all, before, strlen(before));
	const char *encoded = all + strlen(before);
	size_t len =
		strspn(encoded, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				"+/=");
	assert_string_equal(encoded + len, "\a");
	char *plain = xcalloc(len + 1, 1);
	assert_true(base64_decode_strict(encoded, len, (unsigned char *)plain, len) >= 0);
	str_release(&sequence);
	return plain;
}

static void
assert_pasted(const char *text, const char *wanted)
{
	char *plain = pasted(text);

	assert_string_equal(plain, wanted);
	free(plain);
}

static void
sequence_holds_the_text(void **state)
{
	(void)state;
	assert_pasted("signing-key", "signing-key");
	assert_pasted("gr\303\274n", "gr\303\274n");
	assert_pasted("", "");
}

/* A sequence in a sequence, line ends that would run a command, and what cannot be seen. */
static void
sequence_of_hostile_text_holds_what_is_shown(void **state)
{
	(void)state;
	assert_pasted("a\033]52;c;AAAA\a", "a^[]52;c;AAAA^G");
	assert_pasted("rm -rf /\nls\r", "rm -rf /^Jls");
	assert_pasted("\302\233 \342\200\256 \033\\", "\\x9b <U+202E> ^[\\");
}

static void
text_of_a_secret_is_redacted(void **state)
{
	struct secrets *secrets = secrets_new();
	struct str clean = STR_INIT;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(secrets_add(secrets, "db", "hunter2-hunter2", 15, &e), 0);
	assert_false(clipboard_text(secrets, "password=hunter2-hunter2 for tsb", &clean));
	assert_string_equal(str_cstr(&clean), "password=\342\200\271secret:db\342\200\272 for tsb");
	str_release(&clean);
	secrets_free(secrets);
}

/* What is cut is told from what just fits. */
static void
text_is_cut_to_its_bound(void **state)
{
	char *text = xcalloc(CLIPBOARD_MAX + 2, 1);
	struct str clean = STR_INIT;

	(void)state;
	memset(text, 'x', CLIPBOARD_MAX + 1);
	assert_true(clipboard_text(NULL, text, &clean));
	assert_int_equal(clean.len, CLIPBOARD_MAX);
	str_clear(&clean);
	text[CLIPBOARD_MAX] = '\0';
	assert_false(clipboard_text(NULL, text, &clean));
	assert_int_equal(clean.len, CLIPBOARD_MAX);
	str_release(&clean);
	free(text);
}

static void
sequence_is_cut_between_characters(void **state)
{
	enum { COPIES = CLIPBOARD_MAX };
	char *text = xcalloc(COPIES, 3);

	(void)state;
	text[0] = 'a';
	for (size_t i = 0; i < COPIES / 2; i++)
		memcpy(text + 1 + 2 * i, "\303\274", 2);
	char *plain = pasted(text);
	assert_int_equal(strlen(plain), CLIPBOARD_MAX - 1);
	assert_memory_equal(plain + CLIPBOARD_MAX - 3, "\303\274", 2);
	free(plain);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequence_holds_the_text),
		cmocka_unit_test(sequence_of_hostile_text_holds_what_is_shown),
		cmocka_unit_test(sequence_is_cut_between_characters),
		cmocka_unit_test(text_of_a_secret_is_redacted),
		cmocka_unit_test(text_is_cut_to_its_bound),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
