#include "config.h"

#include "step/step_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

static void
step_table_rows_are_sorted_and_found(void **state)
{
	(void)state;
	assert_true(step_table.count > 0);
	assert_int_equal(step_table.count, step_catalogue.count);
	for (size_t i = 0; i < step_table.count; i++) {
		const struct executor *executor = step_table.executors[i];

		assert_ptr_equal(step_catalogue.types[i], &executor->type);
		assert_ptr_equal(executor_find(&step_table, executor->type.uses), executor);
		assert_ptr_equal(step_catalogue_find(&step_catalogue, executor->type.uses),
				 &executor->type);
		if (i)
			assert_true(strcmp(step_table.executors[i - 1]->type.uses,
					   executor->type.uses) < 0);
	}
	assert_null(executor_find(&step_table, "kubernetes.nonsense"));
}

static void
step_table_rows_are_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < step_table.count; i++) {
		const struct executor *executor = step_table.executors[i];
		const struct step_type *type = &executor->type;

		assert_non_null(strchr(type->uses, '.'));
		assert_true(type->summary && *type->summary);
		assert_true(type->result && *type->result);
		assert_false(str_ends_with(type->summary, "."));
		assert_non_null(type->fields);
		assert_non_null(executor->preview);
		assert_non_null(executor->run);
		if (type->target_required)
			assert_int_not_equal(type->target_kinds, 0);
	}
}

static void
assert_choice_is_valid(const struct field *field)
{
	bool found = field->otherwise == NULL;

	assert_non_null(field->choices);
	for (const char *const *choice = field->choices; *choice; choice++)
		found = found || str_equal(*choice, field->otherwise);
	if (!found)
		fail_msg("%s: the default %s is no choice", field->name, field->otherwise);
}

static void
assert_fields_are_complete(const char *uses, const struct field *fields, int depth)
{
	assert_true(depth < 4);
	for (const struct field *field = fields; field->name; field++) {
		if (!field->help || !str_ends_with(field->help, "."))
			fail_msg("%s: the help of `%s` is no sentence", uses, field->name);
		if (field->flags & FIELD_REQUIRED && field->otherwise)
			fail_msg("%s: `%s` is required and has a default", uses, field->name);
		if (field->type == FIELD_CHOICE)
			assert_choice_is_valid(field);
		if (field->type == FIELD_OBJECT || field->items == FIELD_OBJECT)
			assert_fields_are_complete(uses, field->fields, depth + 1);
		for (const struct field *other = field + 1; other->name; other++)
			assert_string_not_equal(field->name, other->name);
	}
}

static void
step_table_fields_are_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < step_table.count; i++)
		assert_fields_are_complete(step_table.executors[i]->type.uses,
					   step_table.executors[i]->type.fields, 0);
}

static void
step_table_effects_are_what_the_names_say(void **state)
{
	static const struct {
		const char *uses;
		enum step_effect effect;
	} effects[] = {
		{ "command.run", EFFECT_CHANGES },
		{ "dns.lookup", EFFECT_READS },
		{ "dns.update", EFFECT_CHANGES },
		{ "dns.wait", EFFECT_READS },
		{ "http.check", EFFECT_READS },
		{ "kubernetes.apply", EFFECT_CHANGES },
		{ "kubernetes.delete", EFFECT_DESTROYS },
		{ "kubernetes.get", EFFECT_READS },
		{ "kubernetes.logs", EFFECT_READS },
		{ "kubernetes.restart", EFFECT_CHANGES },
		{ "kubernetes.rollout", EFFECT_READS },
		{ "kubernetes.scale", EFFECT_CHANGES },
		{ "kubernetes.wait", EFFECT_READS },
		{ "manual.checklist", EFFECT_NONE },
		{ "manual.choice", EFFECT_NONE },
		{ "manual.confirm", EFFECT_NONE },
		{ "manual.input", EFFECT_NONE },
		{ "postgresql.execute", EFFECT_CHANGES },
		{ "postgresql.query", EFFECT_READS },
		{ "postgresql.restore", EFFECT_DESTROYS },
		{ "tls.check", EFFECT_READS },
		{ "wait.until", EFFECT_READS },
	};

	(void)state;
	assert_int_equal(sizeof(effects) / sizeof(effects[0]), step_table.count);
	for (size_t i = 0; i < step_table.count; i++) {
		const struct executor *executor = executor_find(&step_table, effects[i].uses);

		assert_non_null(executor);
		assert_int_equal(executor->type.effect, effects[i].effect);
		if (executor->type.effect <=
		    EFFECT_READS) /* nothing to take back, nothing in doubt */
			assert_null(executor->undo);
		assert_int_equal(!executor->undo, !executor->undo_preview);
		assert_int_equal(!executor->undo, !executor->type.undo);
		if (executor->undo_probe)
			assert_non_null(executor->undo);
	}
}

/* Which program a command starts is told from its text only where that is certain. */
static void
step_type_program_is_what_can_be_looked_for(void **state)
{
	static const struct {
		const char *with, *program;
	} cases[] = {
		{ "{\"argv\":[\"helm\",\"list\"]}", "helm" },
		{ "{\"argv\":[\"/usr/bin/helm\"]}", "/usr/bin/helm" },
		{ "{\"argv\":[\"./helm\"],\"folder\":\"/srv\"}", NULL },
		{ "{\"argv\":[\"${.params.tool}\"]}", NULL },
		{ "{\"argv\":[\"echo a | wc\"],\"shell\":true}", NULL },
		{ "{\"argv\":[]}", NULL },
		{ "{}", NULL },
	};
	const struct step_type *type = &executor_find(&step_table, "command.run")->type;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cJSON *with = cJSON_Parse(cases[i].with);
		const char *program = step_type_program(type, with);

		if (!str_equal(program, cases[i].program))
			fail_msg("%s: %s", cases[i].with, program ? program : "(none)");
		cJSON_Delete(with);
	}
	assert_null(step_type_program(type, NULL));
	assert_null(step_type_program(&executor_find(&step_table, "kubernetes.get")->type, NULL));
}

static void
step_table_every_kind_of_target_has_a_driver(void **state)
{
	static const enum target_kind kinds[] = {
		TARGET_KUBERNETES,
		TARGET_POSTGRESQL,
		TARGET_DNS,
		TARGET_HTTP,
	};

	(void)state;
	assert_int_equal(step_table.drivers_count, sizeof(kinds) / sizeof(kinds[0]));
	for (size_t i = 0; i < step_table.drivers_count; i++) {
		const struct target_driver *driver = target_driver_find(&step_table, kinds[i]);

		assert_non_null(driver);
		assert_int_equal(driver->kind, kinds[i]);
		assert_non_null(driver->open);
		assert_non_null(driver->close);
		assert_non_null(driver->describe);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(step_table_rows_are_sorted_and_found),
		cmocka_unit_test(step_table_rows_are_complete),
		cmocka_unit_test(step_table_fields_are_complete),
		cmocka_unit_test(step_table_effects_are_what_the_names_say),
		cmocka_unit_test(step_type_program_is_what_can_be_looked_for),
		cmocka_unit_test(step_table_every_kind_of_target_has_a_driver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
