#include "config.h"

#include "step/step_with.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

void
step_texts_push(struct step_texts *texts, char *text)
{
	*VEC_PUSH(texts->items, texts->count, texts->cap) = text;
	*VEC_PUSH(texts->items, texts->count, texts->cap) = NULL;
	texts->count--; /* the terminator does not count */
}

void
step_texts_load(struct step_texts *texts, const cJSON *value)
{
	const cJSON *item;

	if (!value || cJSON_IsNull(value))
		return;
	if (!cJSON_IsArray(value)) {
		step_texts_push(texts, json_text(value));
		return;
	}
	cJSON_ArrayForEach(item, value)
		step_texts_push(texts, json_text(item));
}

void
step_texts_release(struct step_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		free(texts->items[i]);
	free(texts->items);
	*texts = (struct step_texts){ 0 };
}

const char *const *
step_texts_array(const struct step_texts *texts)
{
	static const char *const empty[] = { NULL };

	return texts->items ? (const char *const *)texts->items : empty;
}

bool
step_texts_equal(const struct step_texts *a, const struct step_texts *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

cJSON *
step_texts_json(const struct step_texts *texts)
{
	cJSON *array = cJSON_CreateArray();

	for (size_t i = 0; i < texts->count; i++)
		cJSON_AddItemToArray(array, cJSON_CreateString(texts->items[i]));
	return array;
}

char *
step_texts_join(const struct step_texts *texts)
{
	struct str out = STR_INIT;

	for (size_t i = 0; i < texts->count; i++)
		str_printf(&out, "%s%s", i ? ", " : "", texts->items[i]);
	if (texts->count == 0)
		str_append(&out, "nothing");
	return str_take(&out);
}

const char *
step_optional(const cJSON *object, const char *name)
{
	const char *text = json_string(object, name, NULL);

	return text && *text ? text : NULL;
}

void
step_append_word(struct str *out, const char *word)
{
	static const char *const plain =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,";

	if (out->len)
		str_append_char(out, ' ');
	if (*word && strspn(word, plain) == strlen(word)) {
		str_append(out, word);
		return;
	}
	str_append_char(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			str_append(out, "'\\''");
		else
			str_append_char(out, *word);
	}
	str_append_char(out, '\'');
}

int
step_begin_writing(struct step_context *ctx, cJSON *more, struct err *e)
{
	cJSON *evidence = more ? more : cJSON_CreateObject();

	json_add_int(evidence, "writing_ms", clock_wall_ms());
	return ctx->remember(ctx, evidence, e);
}

int64_t
step_writing_ms(const struct action *action)
{
	return json_int(action->evidence, "writing_ms", -1);
}

int
step_target_open(const cJSON *spec, struct secrets *secrets, void **ret_connection, struct err *e)
{
	const char *password = step_optional(spec, "password");

	if (password && secrets_add(secrets, "password", password, strlen(password), e) < 0)
		return -1;
	*ret_connection = cJSON_Duplicate(spec, true);
	return 0;
}

void
step_target_close(void *connection)
{
	cJSON_Delete(connection);
}
