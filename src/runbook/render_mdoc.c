#include "config.h"

#include "runbook/render.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
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

		if (begins && (*text == '.' || *text == '\'' || str_starts_with(text, "…")))
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

/* Whether a table has a subsection of its own. */
static bool
stands_alone(const struct mdoc_section *sections, const struct field *table)
{
	for (; sections->title; sections++)
		if (sections->table == table)
			return true;
	return false;
}

static void append_nested(struct str *out, const struct mdoc_section *sections,
			  const struct field *table);

static void
append_table(struct str *out, const struct mdoc_section *sections, const struct field *table)
{
	if (!table || !table->name)
		return;
	str_append(out, ".Bl -tag -width Ds\n");
	for (const struct field *row = table; row->name; row++) {
		append_row(out, row);
		if (row->fields && !stands_alone(sections, row->fields))
			append_nested(out, sections, row->fields);
	}
	str_append(out, ".El\n");
}

static void
append_nested(struct str *out, const struct mdoc_section *sections, const struct field *table)
{
	str_append(out, "Its keys:\n");
	append_table(out, sections, table);
}

static void
append_section(struct str *out, const struct mdoc_section *sections,
	       const struct mdoc_section *section)
{
	str_printf(out, ".Ss %s\n", section->title);
	append_roff(out, section->intro);
	str_append_char(out, '\n');
	append_table(out, sections, section->table);
}

void
sections_render_mdoc(const struct mdoc_section *sections, struct str *out)
{
	for (const struct mdoc_section *section = sections; section->title; section++)
		append_section(out, sections, section);
}

/* Steps and parameters have subsections of their own; actions are told of with the step types. */
static const struct mdoc_section runbook_sections[] = {
	{ "The document", "A runbook is one YAML document, a mapping of:", runbook_fields },
	{ "Parameters", "Each entry of params is a mapping of:", runbook_param_fields },
	{ "Steps", "Each element of steps is a mapping of:", runbook_step_fields },
	{ "Checks",
	  "What preconditions, verify and probe take is a mapping of:", runbook_check_fields },
	{ "Actions", NULL, runbook_action_fields },
	{ NULL, NULL, NULL },
};

enum { SECTION_DOCUMENT, SECTION_PARAMETERS, SECTION_STEPS, SECTION_CHECKS };

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
	append_table(out, runbook_sections, type->fields);
	str_release(&kinds);
}

static void
append_target(struct str *out, enum target_kind kind)
{
	char *title = xasprintf("Targets of type %s", target_kind_name(kind));
	char *intro = xasprintf("Besides type: %s, a mapping of:", target_kind_name(kind));
	const struct mdoc_section section = { title, intro, runbook_target_fields(kind) };

	append_section(out, runbook_sections, &section);
	free(title);
	free(intro);
}

void
runbook_render_mdoc(const struct step_catalogue *catalogue, struct str *out)
{
	append_section(out, runbook_sections, &runbook_sections[SECTION_DOCUMENT]);
	append_section(out, runbook_sections, &runbook_sections[SECTION_PARAMETERS]);
	for (unsigned kind = TARGET_KUBERNETES; kind <= TARGET_HTTP; kind <<= 1)
		append_target(out, (enum target_kind)kind);
	append_section(out, runbook_sections, &runbook_sections[SECTION_STEPS]);
	append_section(out, runbook_sections, &runbook_sections[SECTION_CHECKS]);
	str_append(out, ".Ss Step types\nWhat uses takes, and the keys of with for each:\n"
			".Bl -tag -width Ds\n");
	for (size_t i = 0; i < catalogue->count; i++)
		append_type(out, catalogue->types[i]);
	str_append(out, ".El\n");
}
