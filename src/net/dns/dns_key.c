#include "config.h"

#include <ctype.h>
#include <ldns/ldns.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/dns/dns.h"
#include "net/fence/fence.h"

/* Reads the key statement of named.conf(5), as tsig-keygen(8) writes it. */

enum { KEY_FILE_MAX = 65536, KEY_WORD_MAX = 1024 };

/* What ldns can sign with, by the words of key files. The name of MD5 is a domain name. Source: RFC 8945, 6. */
static const struct {
	const char *word, *name;
} algorithms[] = {
	{ "hmac-md5", "hmac-md5.sig-alg.reg.int" },
	{ "hmac-md5.sig-alg.reg.int", "hmac-md5.sig-alg.reg.int" },
	{ "hmac-sha1", "hmac-sha1" },
	{ "hmac-sha256", "hmac-sha256" },
	{ "hmac-sha512", "hmac-sha512" },
};

struct key_lexer {
	const char *path;
	const char *at;
	int line;
	char word[KEY_WORD_MAX]; /* the present token: a word, "{", "}", ";" or "" at the end */
	bool quoted;
};

void
dns_key_release(struct dns_key *key)
{
	if (key->secret)
		explicit_bzero(key->secret, strlen(key->secret));
	free(key->secret);
	free(key->name);
	free(key->algorithm);
	*key = (struct dns_key){ 0 };
}

static int
fail(const struct key_lexer *lexer, struct err *e, const char *what)
{
	return err_set(e, ERR_SPEC, "reading the TSIG key %s: line %d: %s", lexer->path,
		       lexer->line, what);
}

static void
skip_to(struct key_lexer *lexer, const char *end)
{
	while (*lexer->at && !str_starts_with(lexer->at, end))
		if (*lexer->at++ == '\n')
			lexer->line++;
}

static void
skip_space(struct key_lexer *lexer)
{
	for (;;) {
		if (*lexer->at == '#' || str_starts_with(lexer->at, "//")) {
			skip_to(lexer, "\n");
		} else if (str_starts_with(lexer->at, "/*")) {
			skip_to(lexer, "*/");
			lexer->at += *lexer->at ? 2 : 0;
		} else if (isspace((unsigned char)*lexer->at)) {
			lexer->line += *lexer->at++ == '\n';
		} else {
			return;
		}
	}
}

static int
next(struct key_lexer *lexer, struct err *e)
{
	size_t len;

	skip_space(lexer);
	lexer->quoted = *lexer->at == '"';
	if (lexer->quoted) {
		len = strcspn(++lexer->at, "\"\n");
		if (lexer->at[len] != '"')
			return fail(lexer, e, "a quotation mark is not closed");
	} else {
		len = strcspn(lexer->at, " \t\r\n{};\"");
		if (len == 0 && *lexer->at)
			len = 1;
	}
	if (len >= KEY_WORD_MAX)
		return fail(lexer, e, "a word is too long");
	memcpy(lexer->word, lexer->at, len);
	lexer->word[len] = '\0';
	lexer->at += lexer->quoted ? len + 1 : len;
	return 0;
}

static bool
is_word(const struct key_lexer *lexer, const char *word)
{
	return !lexer->quoted && strcasecmp(lexer->word, word) == 0;
}

static int
expect(struct key_lexer *lexer, const char *word, struct err *e)
{
	char message[64];

	if (next(lexer, e) < 0)
		return -1;
	if (is_word(lexer, word))
		return 0;
	snprintf(message, sizeof(message), "\"%s\" is missing here", word);
	return fail(lexer, e, message);
}

static int
refuse_algorithm(struct key_lexer *lexer, struct err *e)
{
	const char *what = str_starts_with(lexer->word, "hmac-") && strchr(lexer->word + 5, '-')
				   ? "shortened signatures are"
				   : "this algorithm is";
	char *text = xasprintf("%s not supported: hmac-sha256, hmac-sha512, hmac-sha1 and hmac-md5 "
			       "are. Have a key of one of these made (tsig-keygen -a hmac-sha256)",
			       what);

	fail(lexer, e, text);
	free(text);
	return -1;
}

static int
take_algorithm(struct key_lexer *lexer, char **ret_algorithm, struct err *e)
{
	size_t len = strlen(lexer->word);

	if (len && lexer->word[len - 1] == '.')
		lexer->word[len - 1] = '\0';
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		if (strcasecmp(algorithms[i].word, lexer->word) != 0)
			continue;
		if (*ret_algorithm)
			return fail(lexer, e, "a second algorithm");
		*ret_algorithm = xstrdup(algorithms[i].name);
		return 0;
	}
	return refuse_algorithm(lexer, e);
}

static int
take_secret(struct key_lexer *lexer, char **ret_secret, struct err *e)
{
	ldns_rdf *decoded = ldns_rdf_new_frm_str(LDNS_RDF_TYPE_B64, lexer->word);

	if (!decoded || ldns_rdf_size(decoded) == 0)
		return ldns_rdf_deep_free(decoded), fail(lexer, e, "the secret is not base64");
	explicit_bzero(ldns_rdf_data(decoded), ldns_rdf_size(decoded));
	ldns_rdf_deep_free(decoded);
	if (*ret_secret)
		return fail(lexer, e, "a second secret");
	*ret_secret = xstrdup(lexer->word);
	return 0;
}

static int
parse_clause(struct key_lexer *lexer, struct dns_key *key, struct err *e)
{
	bool algorithm = is_word(lexer, "algorithm");

	if (!algorithm && !is_word(lexer, "secret"))
		return fail(lexer, e, "only \"algorithm\" and \"secret\" belong into a key");
	if (next(lexer, e) < 0)
		return -1;
	if (algorithm && take_algorithm(lexer, &key->algorithm, e) < 0)
		return -1;
	if (!algorithm && take_secret(lexer, &key->secret, e) < 0)
		return -1;
	return expect(lexer, ";", e);
}

static int
parse_key(struct key_lexer *lexer, struct dns_key *key, struct err *e)
{
	if (!is_word(lexer, "key"))
		return fail(lexer, e, "\"key\" is missing here");
	if (next(lexer, e) < 0)
		return -1;
	ldns_rdf *name = ldns_dname_new_frm_str(lexer->word);
	if (!name || (!lexer->quoted && strchr("{};", lexer->word[0])))
		return ldns_rdf_deep_free(name), fail(lexer, e, "the name of the key is missing");
	ldns_rdf_deep_free(name);
	key->name = xstrdup(lexer->word);
	if (expect(lexer, "{", e) < 0 || next(lexer, e) < 0)
		return -1;
	while (!is_word(lexer, "}"))
		if (parse_clause(lexer, key, e) < 0 || next(lexer, e) < 0)
			return -1;
	if (!key->algorithm || !key->secret)
		return fail(lexer, e, "the key needs an algorithm and a secret");
	return expect(lexer, ";", e);
}

/* Names of keys are domain names. */
static bool
same_key_name(const char *a, const char *b)
{
	size_t len = strlen(a), other = strlen(b);

	len -= len && a[len - 1] == '.';
	other -= other && b[other - 1] == '.';
	return len == other && strncasecmp(a, b, len) == 0;
}

/* Reads all keys and keeps the one of that name; NULL: there must be one only. */
static int
parse_keys(struct key_lexer *lexer, const char *name, struct dns_key *ret_key, struct str *names,
	   struct err *e)
{
	do {
		struct dns_key key = { 0 };

		if (next(lexer, e) < 0)
			return -1;
		if (!name && ret_key->name)
			return fail(lexer, e,
				    "one key only, or else the target's `key_name` must say which: "
				    "another one begins here");
		if (parse_key(lexer, &key, e) < 0) {
			dns_key_release(&key);
			return -1;
		}
		str_printf(names, "%s%s", names->len ? ", " : "", key.name);
		if (!ret_key->name && (!name || same_key_name(name, key.name)))
			*ret_key = key;
		else
			dns_key_release(&key);
		skip_space(lexer);
	} while (*lexer->at);
	return 0;
}

/* The files of dnssec-keygen(8) and of old ddns-confgen(8) hold the same secret in another form. */
static bool
is_key_pair(const char *text)
{
	return str_starts_with(text, "Private-key-format:") ||
	       (!strchr(text, '{') && strstr(text, " KEY "));
}

static int
refuse_key_pair(const char *path, struct err *e)
{
	return err_set(
		e, ERR_SPEC,
		"reading the TSIG key %s: it is one of a pair of files of dnssec-keygen (.key "
		"and .private), and a key statement is wanted: key \"NAME\" { algorithm "
		"hmac-sha256; secret \"…\"; }; where the secret is what stands after \"Key:\" "
		"in the .private file. Or have a new one made (tsig-keygen NAME)",
		path);
}

static int
load(const char *path, const char *name, struct dns_key *ret_key, struct err *e)
{
	struct key_lexer lexer = { .path = path, .line = 1 };
	struct str text = STR_INIT, names = STR_INIT;
	struct dns_key key = { 0 };
	struct stat st;
	int rc = -1;

	if (fence_check_file(path, e) < 0 || file_read(path, KEY_FILE_MAX, &text, e) < 0) {
		err_wrap(e, "reading the TSIG key");
		goto out;
	}
	lexer.at = str_cstr(&text);
	if (is_key_pair(lexer.at)) {
		refuse_key_pair(path, e);
		goto out;
	}
	if (parse_keys(&lexer, name, &key, &names, e) < 0)
		goto out;
	if (!key.name) {
		err_set(e, ERR_SPEC, "%s holds no key %s. It has: %s", path, name, names.data);
		goto out;
	}
	key.exposed = stat(path, &st) == 0 && st.st_mode & S_IROTH;
	*ret_key = key;
	key = (struct dns_key){ 0 };
	rc = 0;
out:
	explicit_bzero(lexer.word, sizeof(lexer.word));
	dns_key_release(&key);
	str_release_secret(&text);
	str_release(&names);
	return rc;
}

int
dns_key_load(const char *path, struct dns_key *ret_key, struct err *e)
{
	return load(path, NULL, ret_key, e);
}

int
dns_key_load_named(const char *path, const char *name, struct dns_key *ret_key, struct err *e)
{
	return load(path, name, ret_key, e);
}
