#include "config.h"

#include "runbook/render.h"

#include <string.h>

#include "base/text.h"
#include "runbook/load.h"

/* mdoc(7) wants each sentence on a line of its own. */
static bool
ends_sentence(const char *text)
{
	return text[0] == '.' && text[1] == ' ' && text[2] != '\0';
}

/*
 * A text as mdoc(7) takes it: the backslash and a leading control character lose their meaning, and
 * what roff would set as typographic signs stays ASCII.
 */
static void
append_roff(struct str *out, const char *text)
{
	for (; *text; text++) {
		bool begins = out->len == 0 || out->data[out->len - 1] == '\n';

		if (begins && (*text == '.' || *text == '\''))
			str_append(out, "\\&");
		if (ends_sentence(text)) {
			str_append(out, ".\n");
			text++;
		} else if (*text == '\\') {
			str_append(out, "\\e");
		} else if (*text == '-') {
			str_append(out, "\\-");
		} else if (strncmp(text, "…", strlen("…")) == 0) {
			str_append(out, "...");
			text += strlen("…") - 1;
		} else {
			str_append_char(out, *text);
		}
	}
}

/* An argument of a macro: quoted, so that spaces and macro names in it stay text. */
static void
append_argument(struct str *out, const char *text)
{
	str_append_char(out, '"');
	for (; *text; text++) {
		if (*text == '"')
			str_append(out, "\\(dq");
		else if (*text == '\\')
			str_append(out, "\\e");
		else
			str_append_char(out, *text);
	}
	str_append_char(out, '"');
}

static void
append_choices(struct str *out, const struct field *row)
{
	str_append(out, "One of");
	for (size_t i = 0; row->choices[i]; i++)
		str_printf(out, "%s%s",
			   i == 0		 ? " "
			   : row->choices[i + 1] ? ",\n"
						 : "\nor ",
			   row->choices[i]);
	if (row->fields)
		str_append(out, ", or a mapping");
}

static void
append_row(struct str *out, const struct field *row)
{
	struct str what = STR_INIT;

	str_append(out, ".It Ic ");
	append_argument(out, row->name);
	str_append_char(out, '\n');
	if (row->choices)
		append_choices(&what, row);
	else
		str_append(&what, field_type_describe(row));
	if (what.data[0] >= 'a' && what.data[0] <= 'z')
		what.data[0] = (char)(what.data[0] - 'a' + 'A');
	append_roff(out, what.data);
	if (row->flags & FIELD_REQUIRED)
		str_append(out, "; required");
	if (row->otherwise) {
		str_append(out, "; default ");
		append_roff(out, row->otherwise);
	}
	str_append(out, ".\n");
	if (row->help) {
		append_roff(out, row->help);
		str_append_char(out, '\n');
	}
	str_release(&what);
}

static void append_nested(struct str *out, const struct field *table);

static void
append_table(struct str *out, const struct field *table)
{
	if (!table || !table->name)
		return;
	str_append(out, ".Bl -tag -width Ds\n");
	for (const struct field *row = table; row->name; row++) {
		append_row(out, row);
		/* Steps and parameters have subsections of their own. */
		if (row->fields && row->fields != runbook_step_fields &&
		    row->fields != runbook_param_fields && row->fields != runbook_action_fields)
			append_nested(out, row->fields);
	}
	str_append(out, ".El\n");
}

static void
append_nested(struct str *out, const struct field *table)
{
	str_append(out, "Its keys:\n");
	append_table(out, table);
}

static void
append_section(struct str *out, const char *title, const char *intro, const struct field *table)
{
	str_printf(out, ".Ss %s\n", title);
	append_roff(out, intro);
	str_append_char(out, '\n');
	append_table(out, table);
}

static void
append_type(struct str *out, const struct step_type *type)
{
	struct str kinds = STR_INIT;

	for (unsigned kind = TARGET_KUBERNETES; kind <= TARGET_HTTP; kind <<= 1)
		if (type->target_kinds & kind)
			str_printf(&kinds, "%s%s", kinds.len ? " or " : "",
				   target_kind_name((enum target_kind)kind));
	str_printf(out, ".It Ic ");
	append_argument(out, type->uses);
	str_append_char(out, '\n');
	append_roff(out, type->summary);
	str_append_char(out, '\n');
	str_printf(out, "Effect: %s.\n", step_effect_name(type->effect));
	if (type->target_kinds)
		str_printf(out, "Target: %s%s.\n", str_cstr(&kinds),
			   type->target_required ? "" : ", optional");
	if (type->result) {
		str_append(out, "Result: ");
		append_roff(out, type->result);
		str_append_char(out, '\n');
	}
	append_table(out, type->fields);
	str_release(&kinds);
}

void
runbook_render_mdoc(const struct step_catalogue *catalogue, struct str *out)
{
	append_section(out, "The document",
		       "A runbook is one YAML document, a mapping of:", runbook_fields);
	append_section(out, "Parameters",
		       "Each entry of params is a mapping of:", runbook_param_fields);
	for (unsigned kind = TARGET_KUBERNETES; kind <= TARGET_HTTP; kind <<= 1) {
		const char *name = target_kind_name((enum target_kind)kind);
		struct str title = STR_INIT, intro = STR_INIT;

		str_printf(&title, "Targets of type %s", name);
		str_printf(&intro, "Besides type: %s, a mapping of:", name);
		append_section(out, str_cstr(&title), str_cstr(&intro),
			       runbook_target_fields((enum target_kind)kind));
		str_release(&title);
		str_release(&intro);
	}
	append_section(out, "Steps", "Each element of steps is a mapping of:", runbook_step_fields);
	append_section(out, "Checks", "What preconditions, verify and probe take is a mapping of:",
		       runbook_check_fields);
	str_append(out, ".Ss Step types\nWhat uses takes, and the keys of with for each:\n"
			".Bl -tag -width Ds\n");
	for (size_t i = 0; i < catalogue->count; i++)
		append_type(out, catalogue->types[i]);
	str_append(out, ".El\n");
}
