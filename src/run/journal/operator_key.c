#include "config.h"

#include "run/journal/operator_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/guarded.h"
#include "base/signing.h"
#include "base/xalloc.h"

#define PRIVATE_PREFIX "PRIVATE+KEY+"

enum {
	ALGORITHM_ED25519 = 1,
	SEED_BYTES = 1 + SIGNING_SECRET_BYTES,
	FILE_MAX_BYTES = 1024, /* a name, and the key */
};

struct operator_key {
	struct signing_key *secret;
	struct note_key key;
};

char *
operator_key_path(struct err *e)
{
	char *root = file_config_root(e);
	char *path = root ? xasprintf("%s/operator.key", root) : NULL;

	free(root);
	return path;
}

void
operator_key_free(struct operator_key *key)
{
	if (!key)
		return;
	signing_key_free(key->secret);
	free(key);
}

const struct note_key *
operator_key_public(const struct operator_key *key)
{
	return &key->key;
}

/* Takes ownership of the secret, also on error. */
static struct operator_key *
key_of(struct signing_key *secret, const char *name, struct err *e)
{
	struct operator_key *key = xcalloc(1, sizeof(*key));
	unsigned char public_key[SIGNING_PUBLIC_BYTES];

	key->secret = secret;
	signing_key_public(secret, public_key);
	if (note_key_init(&key->key, name, public_key, e) < 0) {
		operator_key_free(key);
		return NULL;
	}
	return key;
}

/* The line of the file, with its LF. */
static int
format_file(const struct operator_key *key, struct guarded *out, struct err *e)
{
	struct guarded seed = GUARDED_INIT;
	unsigned char *bytes = (unsigned char *)guarded_reserve(&seed, SEED_BYTES);
	int rc = signing_key_seed(key->secret, bytes + 1, e);

	bytes[0] = ALGORITHM_ED25519;
	if (rc == 0) {
		char *line = guarded_reserve(out, FILE_MAX_BYTES);
		int len = snprintf(line, FILE_MAX_BYTES, PRIVATE_PREFIX "%s+%02x%02x%02x%02x+",
				   key->key.name, key->key.id[0], key->key.id[1], key->key.id[2],
				   key->key.id[3]);

		out->len += (size_t)len;
		out->len += base64_encode(bytes, SEED_BYTES, out->data + out->len);
		guarded_append(out, "\n", 1);
	}
	guarded_release(&seed);
	return rc;
}

/* Gives the finished file its name, which nobody may have: link(2) never writes over one. */
static int
publish(const char *temporary, const char *path, struct err *e)
{
	if (link(temporary, path) == 0)
		return 0;
	if (errno != EEXIST)
		return err_errno(e, ERR_IO, "creating the key file %s", path);
	err_set(e, ERR_CONFLICT, "there is a key already, in %s, and it is not overwritten", path);
	return err_advise(e, "lifeboat key show tells about it; to make another one, move the file "
			     "away, and keep it");
}

static int
write_temporary(int fd, const char *path, const struct guarded *text, struct err *e)
{
	if (fd < 0)
		return err_errno(e, ERR_IO, "creating %s", path);
	if (file_write_all(fd, text->data, text->len, e) < 0)
		return err_wrap(e, "writing the key file %s", path);
	if (fchmod(fd, 0600) < 0 || fsync(fd) < 0)
		return err_errno(e, ERR_IO, "writing the key file %s", path);
	return 0;
}

static int
write_file(const char *path, const struct guarded *text, struct err *e)
{
	char *temporary = xasprintf("%s.XXXXXX", path);
	char *folder = file_folder(path);
	int fd = -1, rc = -1;

	if (file_make_folders(folder, 0700, e) < 0)
		goto out;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (write_temporary(fd, temporary, text, e) == 0 && publish(temporary, path, e) == 0)
		rc = 0;
	if (fd >= 0) {
		unlink(temporary);
		close(fd);
	}
	if (rc == 0)
		rc = file_sync_folder(folder, e);
out:
	free(temporary);
	free(folder);
	return rc;
}

int
operator_key_create(const char *name, struct operator_key **ret_key, struct err *e)
{
	char *path = operator_key_path(e);
	struct signing_key *secret = NULL;
	struct operator_key *key = NULL;
	struct guarded text = GUARDED_INIT;
	int rc = -1;

	if (!path || signing_key_new(&secret, e) < 0)
		goto out;
	key = key_of(secret, name, e);
	if (!key || format_file(key, &text, e) < 0 || write_file(path, &text, e) < 0)
		goto out;
	*ret_key = key;
	key = NULL;
	rc = 0;
out:
	operator_key_free(key);
	guarded_release(&text);
	free(path);
	return rc;
}

/* Opens the file, without following a link or waiting for a FIFO. -1 and no error: there is none. */
static int
open_file(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0 || errno == ENOENT)
		return fd;
	if (errno == ELOOP)
		return err_set(e, ERR_SPEC,
			       "the key file %s is a symbolic link, which is not followed: put the "
			       "file itself there",
			       path);
	return err_errno(e, ERR_IO, "opening the key file %s", path);
}

/* What stat(2) says of the open file must be all right before a byte of it is believed. */
static int
check_file(int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(e, ERR_IO, "reading the key file %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(
			e, ERR_SPEC,
			"the key file %s is not a regular file: move it away, and make a key "
			"with lifeboat key new",
			path);
	if (st.st_uid != geteuid())
		return err_set(e, ERR_SPEC,
			       "the key file %s belongs to user %lu and not to you (%lu): move it "
			       "away, and make a key of your own with lifeboat key new",
			       path, (unsigned long)st.st_uid, (unsigned long)geteuid());
	if (st.st_mode & 077)
		return err_set(e, ERR_SPEC,
			       "the key file %s has mode %04o: others may have read or changed the "
			       "key. If nobody did, chmod 600 it; otherwise move it away, and make "
			       "a new one with lifeboat key new",
			       path, (unsigned)st.st_mode & 07777);
	return 0;
}

static int
read_text(int fd, const char *path, struct guarded *text, struct err *e)
{
	ssize_t got;

	do {
		got = read(fd, guarded_reserve(text, FILE_MAX_BYTES), FILE_MAX_BYTES);
		if (got > 0)
			text->len += (size_t)got;
	} while ((got > 0 && text->len <= FILE_MAX_BYTES) || (got < 0 && errno == EINTR));
	if (got < 0)
		return err_errno(e, ERR_IO, "reading the key file %s", path);
	guarded_append(text, "", 1); /* it is read as a string */
	text->len--;
	return 0;
}

static int
garbled(const char *path, const char *why, struct err *e)
{
	err_set(e, ERR_SPEC, "the key file %s %s", path, why);
	return err_advise(e, "Put it back from a copy, or move it away and make a new one with "
			     "lifeboat key new");
}

/* The name, from behind the prefix to the last plus sign but one; NULL: it is no such line. */
static char *
name_in(const struct guarded *text, const char **ret_encoded)
{
	const char *name = text->data + strlen(PRIVATE_PREFIX);
	const char *id = NULL, *encoded = NULL;

	if (!str_starts_with(text->data, PRIVATE_PREFIX))
		return NULL;
	id = strchr(name, '+');
	encoded = id ? strchr(id + 1, '+') : NULL;
	if (!encoded)
		return NULL;
	*ret_encoded = encoded + 1;
	return xstrndup(name, (size_t)(id - name));
}

/* The key in exactly the spelling that format_file() has. */
static struct operator_key *
parse_file(const struct guarded *text, struct err *e)
{
	struct guarded seed = GUARDED_INIT, again = GUARDED_INIT;
	unsigned char *bytes = (unsigned char *)guarded_reserve(&seed, SEED_BYTES);
	struct signing_key *secret = NULL;
	struct operator_key *key = NULL;
	const char *encoded = NULL;
	char *name = name_in(text, &encoded);
	bool same = false;

	if (name &&
	    base64_decode_strict(encoded, strcspn(encoded, "\n"), bytes, SEED_BYTES) ==
		    SEED_BYTES &&
	    signing_key_from_seed(bytes + 1, &secret, e) == 0)
		key = key_of(secret, name, e);
	if (key && format_file(key, &again, e) == 0)
		same = again.len == text->len && memcmp(again.data, text->data, text->len) == 0;
	if (!same) {
		operator_key_free(key);
		key = NULL;
	}
	guarded_release(&seed);
	guarded_release(&again);
	free(name);
	return key;
}

static int
load_from(int fd, const char *path, struct operator_key **ret_key, struct err *e)
{
	struct guarded text = GUARDED_INIT;
	struct err why = ERR_INIT;
	struct operator_key *key = NULL;
	int rc = -1;

	if (check_file(fd, path, e) < 0 || read_text(fd, path, &text, e) < 0)
		goto out;
	key = parse_file(&text, &why);
	if (!key) {
		garbled(path, text.len ? "is not as lifeboat wrote it" : "is empty", e);
		goto out;
	}
	*ret_key = key;
	rc = 0;
out:
	guarded_release(&text);
	return rc;
}

int
operator_key_load(struct operator_key **ret_key, struct err *e)
{
	char *path = operator_key_path(e);
	struct err opening = ERR_INIT;
	int rc = -1;

	if (!path)
		return -1;
	int fd = open_file(path, &opening);
	if (fd >= 0) {
		rc = load_from(fd, path, ret_key, e);
		close(fd);
	} else if (opening.kind == ERR_NONE) {
		*ret_key = NULL;
		rc = 0;
	} else if (e) {
		*e = opening;
	}
	free(path);
	return rc;
}

static const char certificate_format[] = "lifeboat-run-key/v1\n";

/* The certificate's text, but for its last line, which tells the time. */
static void
append_claim(const char *run_id, const struct note_key *run_key, struct str *out)
{
	str_append(out, certificate_format);
	str_printf(out, "run %s\nkey ", run_id);
	note_key_format(run_key, out);
	str_append(out, "\ntime ");
}

int
operator_key_certify(const struct operator_key *key, const char *run_id,
		     const struct note_key *run_key, struct str *out, struct err *e)
{
	struct str text = STR_INIT;
	char stamp[CLOCK_STAMP_MAX];

	append_claim(run_id, run_key, &text);
	str_printf(&text, "%s\n", clock_format_utc(clock_wall_ms(), stamp));
	int rc = note_sign(key->secret, &key->key, text.data, text.len, out, e);
	str_release(&text);
	return rc;
}

/* Whether the text is a time stamp as clock_format_utc() writes it, with a LF. */
static bool
is_time_line(const char *text, size_t len)
{
	char copy[CLOCK_STAMP_MAX], again[CLOCK_STAMP_MAX];
	int64_t time_ms;

	if (len == 0 || len > sizeof(copy) || text[len - 1] != '\n')
		return false;
	memcpy(copy, text, len - 1);
	copy[len - 1] = '\0';
	return clock_parse_utc(copy, &time_ms) == 0 &&
	       str_equal(clock_format_utc(time_ms, again), copy);
}

bool
certificate_holds(const char *certificate, const char *run_id, const struct note_key *run_key,
		  const struct note_key *issuer)
{
	struct str claim = STR_INIT;
	struct note note;
	struct err e = ERR_INIT;

	append_claim(run_id, run_key, &claim);
	bool holds = note_parse(certificate, strlen(certificate), &note, &e) == 0 &&
		     certificate[note.len] == '\0' && note.text_len > claim.len &&
		     memcmp(note.text, claim.data, claim.len) == 0 &&
		     is_time_line(note.text + claim.len, note.text_len - claim.len) &&
		     note_holds(&note, issuer);
	str_release(&claim);
	return holds;
}
