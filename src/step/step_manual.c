#include "config.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "step/step_with.h"
#include "step/steps.h"

/* The steps that a person does: they ask, and their result is the answer. */

enum { ALL_KINDS = TARGET_KUBERNETES | TARGET_POSTGRESQL | TARGET_DNS | TARGET_HTTP };

static const struct field confirm_fields[] = {
	{ .name = "question",
	  .type = FIELD_TEXT,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "Done?",
	  .help = "What is to be confirmed." },
	{ .name = NULL },
};

static const struct field checklist_item_fields[] = {
	{ .name = "id",
	  .type = FIELD_NAME,
	  .help = "What the item is called in the result; item-1 and so on if not given." },
	{ .name = "text",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "What to do, or to look at." },
	{ .name = "value",
	  .type = FIELD_BOOL,
	  .otherwise = "false",
	  .help = "Ask for the observed value as well." },
	{ .name = NULL },
};

static const struct field checklist_fields[] = {
	{ .name = "question",
	  .type = FIELD_TEXT,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "Check every item.",
	  .help = "A sentence above the list." },
	{ .name = "items",
	  .type = FIELD_LIST,
	  .items = FIELD_OBJECT,
	  .fields = checklist_item_fields,
	  .flags = FIELD_REQUIRED | FIELD_NONEMPTY | FIELD_TEMPLATE,
	  .help = "What must be checked, one by one." },
	{ .name = NULL },
};

static const struct field input_fields[] = {
	{ .name = "question",
	  .type = FIELD_TEXT,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "What is asked for." },
	{ .name = "pattern",
	  .type = FIELD_STRING,
	  .help = "An extended regular expression that the whole answer matches." },
	{ .name = "default",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "What an empty answer stands for." },
	{ .name = "secret",
	  .type = FIELD_BOOL,
	  .otherwise = "false",
	  .help = "The answer is a secret: not shown, not journalled." },
	{ .name = NULL },
};

static const struct field choice_item_fields[] = {
	{ .name = "id",
	  .type = FIELD_NAME,
	  .flags = FIELD_REQUIRED,
	  .help = "What the choice is called in the result." },
	{ .name = "text",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "What it means." },
	{ .name = NULL },
};

static const struct field choice_fields[] = {
	{ .name = "question",
	  .type = FIELD_TEXT,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "What is to be decided." },
	{ .name = "choices",
	  .type = FIELD_LIST,
	  .items = FIELD_OBJECT,
	  .fields = choice_item_fields,
	  .flags = FIELD_REQUIRED | FIELD_NONEMPTY | FIELD_TEMPLATE,
	  .help = "The possible answers." },
	{ .name = "default",
	  .type = FIELD_NAME,
	  .flags = FIELD_TEMPLATE,
	  .help = "The choice that an empty answer stands for." },
	{ .name = NULL },
};

/* The items of a checklist or a choice, for a prompt. */
struct items {
	struct prompt_item *items;
	size_t count, cap;
	struct step_texts made; /* the names of items without one */
};

static void
items_release(struct items *items)
{
	free(items->items);
	step_texts_release(&items->made);
}

static int
items_add(struct items *items, const cJSON *item, struct err *e)
{
	const char *id = step_optional(item, "id");

	if (!id) {
		step_texts_push(&items->made, xasprintf("item-%zu", items->count + 1));
		id = items->made.items[items->made.count - 1];
	}
	for (size_t i = 0; i < items->count; i++)
		if (strcmp(items->items[i].id, id) == 0)
			return err_set(e, ERR_SPEC, "two items have the id \"%s\"", id);
	*VEC_PUSH(items->items, items->count, items->cap) = (struct prompt_item){
		.id = id,
		.text = json_string(item, "text", ""),
		.wants_value = json_bool(item, "value", false),
	};
	return 0;
}

static int
items_load(struct items *items, const cJSON *list, struct err *e)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
		if (items_add(items, item, e) < 0)
			return -1;
	return items->count ? 0 : err_set(e, ERR_SPEC, "there is nothing to choose or to check");
}

static const char *
question(const struct action *action, const char *otherwise)
{
	const char *text = step_optional(action->with, "question");

	return text ? text : otherwise;
}

static int
question_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
		 struct err *e)
{
	(void)ctx;
	(void)e;
	preview_add(preview, PREVIEW_TEXT, "%s", question(action, "Done?"));
	return 0;
}

static int
items_preview(const struct action *action, const char *field, struct preview *preview,
	      struct err *e)
{
	struct items items = { 0 };
	int rc = items_load(&items, json_at(action->with, field), e);

	preview_add(preview, PREVIEW_TEXT, "%s", question(action, "Check every item."));
	for (size_t i = 0; rc == 0 && i < items.count; i++)
		preview_add(preview, PREVIEW_TEXT, "- %s", items.items[i].text);
	items_release(&items);
	return rc;
}

static int
checklist_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
		  struct err *e)
{
	(void)ctx;
	return items_preview(action, "items", preview, e);
}

static int
choice_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
	       struct err *e)
{
	(void)ctx;
	return items_preview(action, "choices", preview, e);
}

static int
confirm_run(struct step_context *ctx, const struct action *action, cJSON **ret_result,
	    struct err *e)
{
	struct prompt prompt = { .kind = PROMPT_CONFIRM, .question = question(action, "Done?") };
	cJSON *answer = NULL;

	if (ctx->ask(ctx, &prompt, &answer, e) < 0)
		return -1;
	if (!json_bool(answer, "confirmed", false)) {
		cJSON_Delete(answer);
		return err_set(e, ERR_CHECK, "not confirmed by the operator: %s", prompt.question);
	}
	*ret_result = answer;
	return 0;
}

/* The items that the operator left open, and values that were not given. */
static int
check_items(const struct items *items, const cJSON *answers, struct err *e)
{
	struct str missing = STR_INIT;
	int rc = 0;

	for (size_t i = 0; i < items->count; i++) {
		const struct prompt_item *item = &items->items[i];
		const cJSON *answer = cJSON_GetObjectItemCaseSensitive(answers, item->id);
		bool done = json_bool(answer, "checked", false) &&
			    (!item->wants_value || step_optional(answer, "value"));

		if (!done)
			str_printf(&missing, "%s%s", missing.len ? "; " : "", item->text);
	}
	if (missing.len)
		rc = err_set(e, ERR_CHECK, "not confirmed by the operator: %s", missing.data);
	str_release(&missing);
	return rc;
}

static int
checklist_run(struct step_context *ctx, const struct action *action, cJSON **ret_result,
	      struct err *e)
{
	struct prompt prompt = { .kind = PROMPT_CHECKLIST,
				 .question = question(action, "Check every item.") };
	struct items items = { 0 };
	cJSON *answer = NULL;
	int rc = -1;

	if (items_load(&items, json_at(action->with, "items"), e) < 0)
		goto out;
	prompt.items = items.items;
	prompt.items_count = items.count;
	if (ctx->ask(ctx, &prompt, &answer, e) < 0 ||
	    check_items(&items, json_at(answer, "items"), e) < 0)
		goto out;
	*ret_result = answer;
	answer = NULL;
	rc = 0;
out:
	cJSON_Delete(answer);
	items_release(&items);
	return rc;
}

static int
check_pattern(const char *pattern, const char *value, struct err *e)
{
	char *whole = xasprintf("^(%s)$", pattern);
	regex_t compiled;
	int rc = 0;

	if (regcomp(&compiled, whole, REG_EXTENDED | REG_NOSUB) != 0) {
		rc = err_set(e, ERR_SPEC, "manual.input: \"%s\" is no regular expression", pattern);
	} else {
		if (value && regexec(&compiled, value, 0, NULL, 0) != 0)
			rc = err_set(e, ERR_CHECK, "manual.input: the answer does not match %s",
				     pattern);
		regfree(&compiled);
	}
	free(whole);
	return rc;
}

static int
input_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
	      struct err *e)
{
	const char *pattern = step_optional(action->with, "pattern");

	if (pattern && check_pattern(pattern, NULL, e) < 0)
		return -1;
	return question_preview(ctx, action, preview, e);
}

static int
input_run(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	const char *pattern = step_optional(action->with, "pattern");
	struct prompt prompt = {
		.kind = PROMPT_INPUT,
		.question = question(action, ""),
		.otherwise = step_optional(action->with, "default"),
		.pattern = pattern,
		.secret = json_bool(action->with, "secret", false),
	};
	cJSON *answer = NULL;

	if (ctx->ask(ctx, &prompt, &answer, e) < 0)
		return -1;
	if (pattern && check_pattern(pattern, json_string(answer, "value", ""), e) < 0) {
		cJSON_Delete(answer);
		return -1;
	}
	*ret_result = answer;
	return 0;
}

static const struct prompt_item *
find_item(const struct items *items, const char *id)
{
	for (size_t i = 0; i < items->count; i++)
		if (strcmp(items->items[i].id, id) == 0)
			return &items->items[i];
	return NULL;
}

static int
choice_run(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	struct prompt prompt = { .kind = PROMPT_CHOICE,
				 .question = question(action, ""),
				 .otherwise = step_optional(action->with, "default") };
	const struct prompt_item *chosen;
	struct items items = { 0 };
	cJSON *answer = NULL;
	int rc = -1;

	if (items_load(&items, json_at(action->with, "choices"), e) < 0)
		goto out;
	if (prompt.otherwise && !find_item(&items, prompt.otherwise)) {
		err_set(e, ERR_SPEC, "manual.choice: the default \"%s\" is none of the choices",
			prompt.otherwise);
		goto out;
	}
	prompt.items = items.items;
	prompt.items_count = items.count;
	if (ctx->ask(ctx, &prompt, &answer, e) < 0)
		goto out;
	chosen = find_item(&items, json_string(answer, "choice", ""));
	if (!chosen) {
		err_set(e, ERR_CHECK, "manual.choice: \"%s\" is none of the choices",
			json_string(answer, "choice", ""));
		goto out;
	}
	json_add_string(answer, "text", chosen->text);
	*ret_result = answer;
	answer = NULL;
	rc = 0;
out:
	cJSON_Delete(answer);
	items_release(&items);
	return rc;
}

const struct executor step_manual_checklist = {
	.type = {
		.uses = "manual.checklist",
		.summary = "Has the operator check a list of things, one by one",
		.target_kinds = ALL_KINDS,
		.effect = EFFECT_NONE,
		.fields = checklist_fields,
		.result = "{items: {ID: {checked, value}}}; an item left open is a failure",
	},
	.preview = checklist_preview,
	.run = checklist_run,
};

const struct executor step_manual_choice = {
	.type = {
		.uses = "manual.choice",
		.summary = "Has the operator choose one of several answers",
		.target_kinds = ALL_KINDS,
		.effect = EFFECT_NONE,
		.fields = choice_fields,
		.result = "{choice, text}: the id and the text of what was chosen",
	},
	.preview = choice_preview,
	.run = choice_run,
};

const struct executor step_manual_confirm = {
	.type = {
		.uses = "manual.confirm",
		.summary = "Has the operator do something and say so",
		.target_kinds = ALL_KINDS,
		.effect = EFFECT_NONE,
		.fields = confirm_fields,
		.result = "{confirmed: true}; a no is a failure",
	},
	.preview = question_preview,
	.run = confirm_run,
};

const struct executor step_manual_input = {
	.type = {
		.uses = "manual.input",
		.summary = "Asks the operator for a value",
		.target_kinds = ALL_KINDS,
		.effect = EFFECT_NONE,
		.fields = input_fields,
		.result = "{value}",
	},
	.preview = input_preview,
	.run = input_run,
};
