#include "config.h"

#include <stdio.h>

#include "cli/command.h"
#include "cli/library.h"
#include "world/spec/spec.h"

static int
lint_runbook(const char *file, struct err *e)
{
	struct runbook *rb = library_load(file, e);

	if (!rb)
		return -1;
	printf("%s: %s %s, %zu steps, sound\n", file, rb->id, rb->version ? rb->version : "",
	       rb->steps_count);
	runbook_free(rb);
	return 0;
}

/* The file as it stands, and with each of its variants. */
static int
lint_world(const char *file, struct err *e)
{
	struct diags diags;
	struct str text = STR_INIT;
	struct world_spec *spec = NULL;
	int rc = -1;

	diags_init(&diags, file);
	if (world_spec_lint(file, &diags) == 0)
		rc = 0;
	diags_render(&diags, &text);
	fputs(str_cstr(&text), stderr);
	if (rc < 0) {
		err_set(e, ERR_SPEC, "%s: %zu error%s", file, diags.errors,
			diags.errors == 1 ? "" : "s");
		goto out;
	}
	spec = world_spec_load(file, NULL, &diags);
	if (spec)
		printf("%s: world %s %s, %zu variant%s, sound\n", file, spec->id,
		       spec->version ? spec->version : "", spec->variants_count,
		       spec->variants_count == 1 ? "" : "s");
out:
	world_spec_free(spec);
	str_release(&text);
	diags_release(&diags);
	return rc;
}

static int
run(const struct cli_args *args, struct err *e)
{
	size_t count, wrong = 0;
	const char *const *files = cli_operands(args, &count);

	for (size_t i = 0; i < count; i++) {
		struct err one = ERR_INIT;

		if ((world_spec_is(files[i]) ? lint_world : lint_runbook)(files[i], &one) == 0)
			continue;
		fprintf(stderr, "%s\n", one.message);
		wrong++;
	}
	if (wrong)
		return err_set(e, ERR_SPEC, "%zu of %zu files are not sound", wrong, count);
	return 0;
}

const struct cli_command cmd_lint = {
	.name = "lint",
	.operands = "FILE…",
	.operands_min = 1,
	.operands_max = 10000,
	.summary = "Check runbooks and worlds: all errors of each file at once",
	.run = run,
};
