#include "config.h"

#include "base/secret.h"

#include <ctype.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/automaton.h"
#include "base/disguise.h"
#include "base/guarded.h"
#include "base/redactor.h"
#include "base/xalloc.h"

/*
 * What one run may register, with all disguises: an automaton of it takes ten times as much. Beyond the
 * first mark, as when somebody lists the Secrets of a whole cluster, only the usual ones.
 */
#define REGISTRY_AMPLE_BYTES ((size_t)4 << 20)
#define REGISTRY_MAX_BYTES ((size_t)32 << 20)
enum { USUAL_DISGUISES = 12 }; /* they take at most so many times the size of their value */

struct value {
	size_t offset, len; /* the value as it was registered, in texts */
};

struct secrets {
	pthread_mutex_t lock;
	struct guarded texts; /* every pattern and value */
	struct value *values;
	size_t value_count, value_cap;
	char **names; /* of the values */
	size_t name_count, name_cap;
	struct needle *patterns;
	size_t pattern_count, pattern_cap;
	size_t last_form;	     /* where the newest text of a pattern starts */
	struct automaton *automaton; /* NULL: none yet, or values came since it was made */
	atomic_uint generation;	     /* of the values */
};

struct secrets *
secrets_new(void)
{
	struct secrets *s = xcalloc(1, sizeof(*s));

	pthread_mutex_init(&s->lock, NULL);
	atomic_init(&s->generation, 0);
	return s;
}

void
secrets_free(struct secrets *s)
{
	if (!s)
		return;
	automaton_unref(s->automaton);
	guarded_release(&s->texts);
	for (size_t i = 0; i < s->name_count; i++)
		free(s->names[i]);
	free(s->names);
	free(s->values);
	free(s->patterns);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* Where a form stands between two offsets of the texts already, or SIZE_MAX: no need to keep it twice. */
static size_t
find_form(const struct secrets *s, size_t begin, size_t end, const char *form, size_t len)
{
	const char *texts = s->texts.data;
	const char *found = memmem(texts + begin, end - begin, form, len);

	return found ? (size_t)(found - texts) : SIZE_MAX;
}

static void
add_pattern(void *data, const char *form, size_t len)
{
	struct secrets *s = data;
	const struct value *value = &s->values[s->value_count - 1];
	size_t offset = find_form(s, value->offset, value->offset + value->len, form, len);

	if (offset == SIZE_MAX)
		offset = find_form(s, s->last_form, s->texts.len, form, len);
	if (offset == SIZE_MAX) {
		offset = s->last_form = s->texts.len;
		guarded_append(&s->texts, form, len);
	}
	*VEC_PUSH(s->patterns, s->pattern_count, s->pattern_cap) =
		(struct needle){ offset, len, (uint32_t)(s->value_count - 1) };
}

static bool
is_blank(const char *value, size_t len)
{
	size_t i = 0;

	while (i < len && isspace((unsigned char)value[i]))
		i++;
	return i == len;
}

static int
check_value(const char *name, const char *value, size_t len, struct err *e)
{
	size_t trimmed = disguise_trimmed(value, len);

	if (trimmed < SECRET_MIN_BYTES)
		return err_set(
			e, ERR_SPEC,
			"the secret %s has %zu bytes: one of fewer than %d would be hidden in "
			"every other word, and so can't be kept out of the journal. Change it "
			"to a longer one, or keep it where the program that needs it looks by "
			"itself, such as ~/.pgpass",
			name, trimmed, SECRET_MIN_BYTES);
	if (is_blank(value, trimmed))
		return err_set(e, ERR_SPEC,
			       "the secret %s is only white space: it cannot be hidden. "
			       "Check where it comes from",
			       name);
	if (len > SECRET_MAX_BYTES)
		return err_set(e, ERR_SPEC,
			       "the secret %s has %zu bytes: one of more than %d cannot be "
			       "recognised in what is shown. Leave it in its file, and name that",
			       name, len, SECRET_MAX_BYTES);
	return 0;
}

static bool
is_known(const struct secrets *s, const char *value, size_t len)
{
	for (size_t i = 0; i < s->value_count; i++)
		if (s->values[i].len == len &&
		    memcmp(s->texts.data + s->values[i].offset, value, len) == 0)
			return true;
	return false;
}

static void
add_value(struct secrets *s, const char *name, const char *value, size_t len, bool everything)
{
	*VEC_PUSH(s->names, s->name_count, s->name_cap) = xstrdup(name);
	*VEC_PUSH(s->values, s->value_count, s->value_cap) = (struct value){ s->texts.len, len };
	guarded_append(&s->texts, value, len);
	s->last_form = s->texts.len;
	disguise_each(value, len, everything, add_pattern, s);
	automaton_unref(s->automaton);
	s->automaton = NULL;
	atomic_fetch_add(&s->generation, 1);
}

static int
add_locked(struct secrets *s, const char *name, const char *value, size_t len, struct err *e)
{
	bool ample = s->texts.len <= REGISTRY_AMPLE_BYTES;

	if (is_known(s, value, len))
		return 0;
	if (!ample && s->texts.len + USUAL_DISGUISES * len > REGISTRY_MAX_BYTES)
		return err_set(e, ERR_SPEC,
			       "the secret %s is one too many: %zu values take all of the room for "
			       "secrets. Read fewer Secrets at once, or leave and resume",
			       name, s->value_count);
	add_value(s, name, value, len, ample);
	return 0;
}

int
secrets_add(struct secrets *s, const char *name, const char *value, size_t len_bytes, struct err *e)
{
	int rc;

	if (check_value(name, value, len_bytes, e) < 0)
		return -1;
	pthread_mutex_lock(&s->lock);
	rc = add_locked(s, name, value, len_bytes, e);
	pthread_mutex_unlock(&s->lock);
	return rc;
}

struct automaton *
secrets_automaton(struct secrets *s)
{
	struct automaton *a = NULL;

	if (!s)
		return NULL;
	pthread_mutex_lock(&s->lock);
	if (!s->automaton && s->pattern_count)
		s->automaton = automaton_new(s->texts.data, s->patterns, s->pattern_count,
					     (const char *const *)s->names, s->name_count);
	if (s->automaton)
		a = automaton_ref(s->automaton);
	pthread_mutex_unlock(&s->lock);
	return a;
}

unsigned
secrets_generation(const struct secrets *s)
{
	return s ? atomic_load(&s->generation) : 0;
}

void
secrets_redact(struct secrets *s, const char *text, size_t len_bytes, struct str *out)
{
	struct automaton *a = secrets_automaton(s);

	redactor_message(a, text, len_bytes, out);
	automaton_unref(a);
}

static void
redact_string(const struct automaton *a, cJSON *value)
{
	struct str out = STR_INIT;

	redactor_message(a, value->valuestring, strlen(value->valuestring), &out);
	if (!(value->type & cJSON_IsReference))
		cJSON_free(value->valuestring);
	value->type &= ~cJSON_IsReference;
	value->valuestring = str_take(&out);
}

static void
redact_tree(const struct automaton *a, cJSON *value)
{
	cJSON *child;

	if (cJSON_IsString(value) && value->valuestring)
		redact_string(a, value);
	cJSON_ArrayForEach(child, value)
		redact_tree(a, child);
}

void
secrets_redact_json(struct secrets *s, cJSON *value)
{
	struct automaton *a = secrets_automaton(s);

	if (a)
		redact_tree(a, value);
	automaton_unref(a);
}

void
secrets_redact_err(struct secrets *s, struct err *e)
{
	struct str out = STR_INIT;

	secrets_redact(s, e->message, strlen(e->message), &out);
	err_set(e, e->kind, "%s", str_cstr(&out));
	str_release(&out);
}
