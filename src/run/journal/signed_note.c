#include "config.h"

#include "run/journal/signed_note.h"

#include <stdint.h>
#include <string.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/text.h"

/* The number of the algorithm in key ids and keys. Source: c2sp.org/signed-note, "Signature types". */
enum { ALGORITHM_ED25519 = 1 };

enum {
	KEY_BYTES = 1 + SIGNING_PUBLIC_BYTES,
	SIGNED_BYTES = NOTE_KEY_ID_BYTES + SIGNATURE_BYTES,
};

static const char dash[] = "\xe2\x80\x94 "; /* U+2014 and a space: a line that signs */

enum { DASH_LEN = sizeof(dash) - 1 };

/* Control characters and white space of Unicode, and what is no UTF-8 (-1). */
static bool
may_be_in_name(int32_t code)
{
	return code > 0x20 && code != '+' && !(code >= 0x7f && code <= 0xa0) && code != 0x1680 &&
	       !(code >= 0x2000 && code <= 0x200a) && code != 0x2028 && code != 0x2029 &&
	       code != 0x202f && code != 0x205f && code != 0x3000;
}

static bool
is_name(const char *name)
{
	size_t len = strlen(name);
	int32_t code;

	if (len == 0 || len >= NOTE_NAME_MAX)
		return false;
	for (size_t at = 0; at < len;) {
		at += text_decode(name + at, len - at, &code);
		if (!may_be_in_name(code))
			return false;
	}
	return true;
}

static unsigned
hex_digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

int
note_key_init(struct note_key *key, const char *name,
	      const unsigned char public_key[SIGNING_PUBLIC_BYTES], struct err *e)
{
	struct str named = STR_INIT;
	char hex[DIGEST_HEX_MAX];

	if (!is_name(name))
		return err_set(e, ERR_SPEC,
			       "\"%.64s\" cannot be the name of a key: it may be neither empty nor "
			       "longer than %d bytes, and hold no white space and no plus sign",
			       name, NOTE_NAME_MAX - 1);
	memcpy(key->name, name, strlen(name) + 1);
	memcpy(key->public_key, public_key, SIGNING_PUBLIC_BYTES);
	str_printf(&named, "%s\n%c", name, ALGORITHM_ED25519);
	str_append_bytes(&named, public_key, SIGNING_PUBLIC_BYTES);
	digest_sha256(named.data, named.len, hex);
	for (int i = 0; i < NOTE_KEY_ID_BYTES; i++)
		key->id[i] =
			(unsigned char)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
	str_release(&named);
	return 0;
}

/* Takes the name and the key out of "NAME+ID+BASE64"; the id is left to the caller. */
static int
split_key(const char *text, char name[NOTE_NAME_MAX], unsigned char bytes[KEY_BYTES])
{
	const char *id = strchr(text, '+');
	const char *encoded = id ? strchr(id + 1, '+') : NULL;

	if (!encoded || id - text >= NOTE_NAME_MAX)
		return -1;
	memcpy(name, text, (size_t)(id - text));
	name[id - text] = '\0';
	encoded++;
	if (base64_decode_strict(encoded, strlen(encoded), bytes, KEY_BYTES) != KEY_BYTES)
		return -1;
	return bytes[0] == ALGORITHM_ED25519 ? 0 : -1;
}

int
note_key_parse(const char *text, struct note_key *ret_key, struct err *e)
{
	struct note_key key;
	char name[NOTE_NAME_MAX];
	unsigned char bytes[KEY_BYTES];
	struct str again = STR_INIT;

	if (split_key(text, name, bytes) < 0)
		return err_set(e, ERR_SPEC,
			       "\"%.200s\" is no verifier key of Ed25519: NAME+ID+BASE64 is wanted",
			       text);
	if (note_key_init(&key, name, bytes + 1, e) < 0)
		return -1;
	note_key_format(&key, &again);
	bool same = str_equal(str_cstr(&again), text);
	str_release(&again);
	if (!same)
		return err_set(e, ERR_SPEC,
			       "the verifier key \"%.200s\" is damaged: its id is not that of its "
			       "name and key",
			       text);
	*ret_key = key;
	return 0;
}

void
note_key_format(const struct note_key *key, struct str *out)
{
	unsigned char bytes[KEY_BYTES] = { ALGORITHM_ED25519 };
	char encoded[BASE64_MAX(KEY_BYTES)];

	memcpy(bytes + 1, key->public_key, SIGNING_PUBLIC_BYTES);
	base64_encode(bytes, sizeof(bytes), encoded);
	str_printf(out, "%s+%02x%02x%02x%02x+%s", key->name, key->id[0], key->id[1], key->id[2],
		   key->id[3], encoded);
}

void
note_key_fingerprint(const struct note_key *key, struct str *out)
{
	enum { DIGITS = 32, GROUP = 4 };
	char hex[DIGEST_HEX_MAX];
	struct str text = STR_INIT;

	note_key_format(key, &text);
	digest_sha256(text.data, text.len, hex);
	for (int i = 0; i < DIGITS; i += GROUP)
		str_printf(out, "%s%.4s", i ? " " : "", hex + i);
	str_release(&text);
}

bool
note_key_equal(const struct note_key *a, const struct note_key *b)
{
	return str_equal(a->name, b->name) &&
	       memcmp(a->public_key, b->public_key, SIGNING_PUBLIC_BYTES) == 0;
}

int
note_sign(const struct signing_key *secret, const struct note_key *key, const char *text,
	  size_t len_bytes, struct str *out, struct err *e)
{
	unsigned char bytes[SIGNED_BYTES];
	char encoded[BASE64_MAX(SIGNED_BYTES)];

	if (len_bytes < 2 || text[0] == '\n' || text[len_bytes - 1] != '\n' ||
	    memmem(text, len_bytes, "\n\n", 2))
		return err_set(e, ERR_INTERNAL, "signing a note that is not lines of text");
	memcpy(bytes, key->id, NOTE_KEY_ID_BYTES);
	if (signing_key_sign(secret, text, len_bytes, bytes + NOTE_KEY_ID_BYTES, e) < 0)
		return -1;
	base64_encode(bytes, sizeof(bytes), encoded);
	str_append_bytes(out, text, len_bytes);
	str_printf(out, "\n%s%s %s\n", dash, key->name, encoded);
	return 0;
}

/* Lines of UTF-8 without other control characters, the first of which is not empty. */
static bool
is_text(const char *text, size_t len)
{
	int32_t code;

	if (len < 2 || text[0] == '\n')
		return false;
	for (size_t at = 0; at < len;) {
		at += text_decode(text + at, len - at, &code);
		if ((code < 0x20 && code != '\n') || (code >= 0x7f && code < 0xa0))
			return false;
	}
	return true;
}

/* Reads "— NAME BASE64", without its LF. */
static int
parse_signature(const char *line, size_t len, struct note *note)
{
	unsigned char bytes[SIGNED_BYTES];
	const char *name = line + DASH_LEN, *space;

	if (len < DASH_LEN || memcmp(line, dash, DASH_LEN) != 0)
		return -1;
	space = memchr(name, ' ', len - DASH_LEN);
	if (!space || space - name >= NOTE_NAME_MAX)
		return -1;
	memcpy(note->name, name, (size_t)(space - name));
	note->name[space - name] = '\0';
	space++;
	if (!is_name(note->name) || strlen(note->name) != (size_t)(space - 1 - name) ||
	    base64_decode_strict(space, len - (size_t)(space - line), bytes, sizeof(bytes)) !=
		    SIGNED_BYTES)
		return -1;
	memcpy(note->id, bytes, NOTE_KEY_ID_BYTES);
	memcpy(note->signature, bytes + NOTE_KEY_ID_BYTES, SIGNATURE_BYTES);
	return 0;
}

int
note_parse(const char *bytes, size_t len_bytes, struct note *ret_note, struct err *e)
{
	struct note note = { .text = bytes };
	const char *gap = memmem(bytes, len_bytes, "\n\n", 2);
	const char *line = gap ? gap + 2 : NULL;
	const char *end = gap ? memchr(line, '\n', len_bytes - (size_t)(line - bytes)) : NULL;

	if (!end)
		return err_set(e, ERR_SPEC, "it is not a whole signed note");
	note.text_len = (size_t)(gap + 1 - bytes);
	note.len = (size_t)(end + 1 - bytes);
	if (!is_text(note.text, note.text_len))
		return err_set(e, ERR_SPEC, "it is not lines of text");
	if (parse_signature(line, (size_t)(end - line), &note) < 0)
		return err_set(e, ERR_SPEC, "its last line is not a signature");
	*ret_note = note;
	return 0;
}

bool
note_holds(const struct note *note, const struct note_key *key)
{
	return str_equal(note->name, key->name) &&
	       memcmp(note->id, key->id, NOTE_KEY_ID_BYTES) == 0 &&
	       signature_holds(key->public_key, note->text, note->text_len, note->signature);
}
