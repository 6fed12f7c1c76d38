#include "config.h"

#include <stdio.h>

#include "cli/command.h"
#include "cli/library.h"

static int
run(const struct cli_args *args, struct err *e)
{
	size_t count, wrong = 0;
	const char *const *files = cli_operands(args, &count);

	for (size_t i = 0; i < count; i++) {
		struct err one = ERR_INIT;
		struct runbook *rb = library_load(files[i], &one);

		if (rb) {
			printf("%s: %s %s, %zu steps, sound\n", files[i], rb->id,
			       rb->version ? rb->version : "", rb->steps_count);
			runbook_free(rb);
		} else {
			fprintf(stderr, "%s\n", one.message);
			wrong++;
		}
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
	.summary = "Check runbooks: all errors of each file at once",
	.run = run,
};
