#include "config.h"

#include "net/route53/aws_credentials_process.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "net/child/child.h"

enum {
	PROCESS_TIMEOUT_MS = 60000,
	GRACE_MS = 30, /* it holds nothing that must be brought to an end */
	MAX_ANSWER = 64 << 10,
	MAX_SAID = 1 << 10,
};

/* The words of a command line, ending with NULL. */
struct words {
	char **items;
	size_t count, cap;
};

static void
words_release(struct words *words)
{
	for (size_t i = 0; i < words->count; i++)
		free(words->items[i]);
	free(words->items);
}

/* Appends what stands at *at, which moves behind it. False: a quote has no end. */
static bool
take_piece(const char **at, struct str *word)
{
	char c = *(*at)++;

	if (c == '\\' && **at) {
		str_append_char(word, *(*at)++);
		return true;
	}
	if (c != '\'' && c != '"') {
		str_append_char(word, c);
		return true;
	}
	for (; **at && **at != c; (*at)++) {
		if (c == '"' && **at == '\\' && (*at)[1] && strchr("\\\"", (*at)[1]))
			(*at)++;
		str_append_char(word, **at);
	}
	if (!**at)
		return false;
	(*at)++;
	return true;
}

static int
split(const char *command, struct words *words, struct err *e)
{
	const char *at = command + strspn(command, " \t");

	while (*at) {
		struct str word = STR_INIT;
		bool is_whole = true;

		while (is_whole && *at && !strchr(" \t", *at))
			is_whole = take_piece(&at, &word);
		*VEC_PUSH(words->items, words->count, words->cap) = str_take(&word);
		if (!is_whole)
			return err_set(e, ERR_SPEC, "a quote in it has no end");
		at += strspn(at, " \t");
	}
	*VEC_PUSH(words->items, words->count, words->cap) = NULL;
	if (words->count == 1)
		return err_set(e, ERR_SPEC, "it is empty");
	return 0;
}

static void
on_said(void *data, const char *bytes, size_t len_bytes)
{
	struct str *said = data;

	str_append_bytes(said, bytes, len_bytes);
	if (said->len > MAX_SAID)
		str_consume(said, said->len - MAX_SAID);
}

/* Adds the last line that it wrote to standard error. */
static void
add_said(const struct str *said, struct err *e)
{
	struct str clean = STR_INIT;
	const char *line;

	text_sanitise(str_cstr(said), said->len, TEXT_KEEP_NEWLINES | TEXT_DROP_SGR, &clean);
	while (clean.len > 0 && strchr(" \n", clean.data[clean.len - 1]))
		clean.data[--clean.len] = '\0';
	line = strrchr(str_cstr(&clean), '\n');
	line = line ? line + 1 : str_cstr(&clean);
	if (*line)
		err_advise(e, "It said: %s", line);
	str_release(&clean);
}

static int
run(const struct words *words, const struct cancel *cancel, struct str *answer, struct err *e)
{
	struct str said = STR_INIT;
	struct child_options options = {
		.argv = (const char *const *)words->items,
		.timeout_ms = PROCESS_TIMEOUT_MS,
		.grace_ms = GRACE_MS,
		.on_output = on_said,
		.data = &said,
		.capture = answer,
		.capture_max = MAX_ANSWER,
		.cancel = cancel,
	};
	struct child_result result;
	int rc = child_run(&options, &result, e);

	if (rc == 0 && result.signal)
		rc = err_set(e, ERR_DENIED, "signal %d (%s) ended it", result.signal,
			     strsignal(result.signal));
	else if (rc == 0 && result.exit_code != 0)
		rc = err_set(e, ERR_DENIED, "it gave no credentials, but exit code %d",
			     result.exit_code);
	else if (rc < 0 && e->kind == ERR_NOT_FOUND)
		e->kind = ERR_SPEC; /* not found is the command, not what was asked of AWS */
	if (rc < 0 && e->kind != ERR_CANCELLED)
		add_said(&said, e);
	str_release(&said);
	return rc;
}

static void
wipe_texts(const cJSON *value)
{
	const cJSON *child;

	if (value->valuestring)
		explicit_bzero(value->valuestring, strlen(value->valuestring));
	cJSON_ArrayForEach(child, value)
		wipe_texts(child);
}

static int
take_members(const cJSON *answer, struct aws_credentials *c, struct err *e)
{
	const char *expiration = json_string(answer, "Expiration", NULL);

	if (json_int(answer, "Version", 0) != 1)
		return err_set(e, ERR_SPEC, "its answer has no \"Version\": 1");
	c->access_key_id = xstrdup(json_string(answer, "AccessKeyId", NULL));
	c->secret_access_key = xstrdup(json_string(answer, "SecretAccessKey", NULL));
	c->session_token = xstrdup(json_string(answer, "SessionToken", NULL));
	if (!c->access_key_id || !c->secret_access_key)
		return err_set(e, ERR_SPEC,
			       "its answer lacks \"AccessKeyId\" or \"SecretAccessKey\"");
	if (expiration && clock_parse_utc(expiration, &c->expires_ms) < 0)
		return err_set(e, ERR_SPEC, "its answer has an Expiration that is no time stamp");
	return 0;
}

static int
take_answer(const struct str *text, struct aws_credentials *c, struct err *e)
{
	struct err ignored = ERR_INIT; /* it could quote the answer */
	cJSON *answer = json_parse(str_cstr(text), text->len, &ignored);
	int rc;

	if (!cJSON_IsObject(answer))
		rc = err_set(e, ERR_SPEC, "its answer is no JSON object");
	else
		rc = take_members(answer, c, e);
	if (answer)
		wipe_texts(answer);
	cJSON_Delete(answer);
	return rc;
}

static int
register_one(struct secrets *secrets, const char *name, const char *value, struct err *e)
{
	if (!value)
		return 0;
	if (secrets_add(secrets, name, value, strlen(value), e) < 0)
		return -1;
	for (; *value; value++)
		if (*value <= ' ' || *value > '~')
			return err_set(e, ERR_SPEC, "the %s has a space or an odd character in it",
				       name);
	return 0;
}

int
aws_credentials_register(const struct aws_credentials *c, struct secrets *secrets, struct err *e)
{
	for (const char *at = c->access_key_id; *at; at++)
		if (*at <= ' ' || *at > '~' || strchr("/,=:", *at))
			return err_set(e, ERR_SPEC, "the access key ID has an odd character in it");
	if (register_one(secrets, "aws secret key", c->secret_access_key, e) < 0)
		return -1;
	return register_one(secrets, "aws session token", c->session_token, e);
}

int
aws_credentials_from_process(const char *command, struct secrets *secrets,
			     const struct cancel *cancel, struct aws_credentials *ret_credentials,
			     struct err *e)
{
	struct aws_credentials c = AWS_CREDENTIALS_INIT;
	struct words words = { 0 };
	struct str answer = STR_INIT;
	struct err why = ERR_INIT;
	int rc = -1;

	str_reserve(&answer, 2 * MAX_ANSWER); /* growing would leave copies of the keys behind */
	if (split(command, &words, &why) < 0 || run(&words, cancel, &answer, &why) < 0 ||
	    take_answer(&answer, &c, &why) < 0 || aws_credentials_register(&c, secrets, &why) < 0)
		goto out;
	*ret_credentials = c;
	c = (struct aws_credentials)AWS_CREDENTIALS_INIT;
	rc = 0;
out:
	if (rc < 0) {
		/* the whole command line may hold something secret */
		err_wrap(&why, "the credential_process %s", words.count ? words.items[0] : "");
		*e = why;
	}
	str_release_secret(&answer);
	words_release(&words);
	aws_credentials_release(&c);
	return rc;
}
