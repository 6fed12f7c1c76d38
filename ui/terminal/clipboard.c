#include "config.h"

#include "ui/terminal/clipboard.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/terminal/terminal.h"

bool
clipboard_text(struct secrets *secrets, const char *text, struct str *out)
{
	struct str redacted = STR_INIT;

	secrets_redact(secrets, text, strlen(text), &redacted);
	char *clean = text_clean(str_cstr(&redacted), 0);
	size_t len = strlen(clean), taken = text_whole(clean, len, CLIPBOARD_MAX);

	str_append_bytes(out, clean, taken);
	free(clean);
	str_release(&redacted);
	return taken < len;
}

void
clipboard_sequence(const char *text, struct str *out)
{
	size_t len = strlen(text);
	char *encoded = xmalloc(BASE64_MAX(len));

	base64_encode(text, len, encoded);
	str_printf(out, "\033]52;c;%s\a", encoded);
	free(encoded);
}

void
clipboard_send(const char *text)
{
	struct str sequence = STR_INIT;

	clipboard_sequence(text, &sequence);
	terminal_send(str_cstr(&sequence), sequence.len);
	str_release(&sequence);
}
