#ifndef LIFEBOAT_CLI_CONFIGURATION_H
#define LIFEBOAT_CLI_CONFIGURATION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/yaml.h"
#include "runbook/diag.h"
#include "runbook/field.h"
#include "ui/keys/rebind.h"
#include "ui/terminal/theme.h"

/*
 * The operator's config.yaml: $LIFEBOAT_CONFIG, or $XDG_CONFIG_HOME/lifeboat/config.yaml. What the
 * command line and the environment say goes before it. Format: lifeboat-config(5).
 */
struct config {
	char *path; /* where it is, or would be; NULL: no folder is known */
	bool is_there;
	bool mouse, clipboard, ascii, local_time;
	char *operator_name; /* or NULL */
	char **anchors,
		**runbooks; /* end with NULL; never NULL themselves; folders as they can be opened */
	char *preset;	    /* of the theme, or NULL */
	struct theme_change theme[ROLE_COUNT];
	struct key_override *keys;
	size_t keys_count, keys_cap;
	struct yaml_stream stream; /* the file, for saying where a value comes from */
};

/* The table of the file: drives reading, the example and the schema. */
const struct field *config_fields(void);

/* Reads, checks and puts to work the operator's file, once for a process; errors are on stderr by then. */
int config_load(struct err *e);
/* What config_load() read, or the defaults; never NULL. */
const struct config *config_get(void);

/* The file's name, whether it is there or not; NULL: neither variable nor HOME. The caller frees. */
char *config_path(void);

/*
 * Reads a file. What is wrong with its text is in diags, and the result NULL; ERR_SPEC: it cannot be
 * trusted or read at all. A file that is not there is an empty one unless it was named by LIFEBOAT_CONFIG.
 */
struct config *config_read(const char *path, struct diags *diags, struct err *e);
/* The same from memory; NULL where diags has an error. */
struct config *config_parse(const char *path, const char *text, size_t len_bytes,
			    struct diags *diags);
void config_free(struct config *config);

/* The node at "keys/run", or NULL: it is not in the file. */
const struct yaml_node *config_node(const struct config *config, const char *section,
				    const char *name);

#endif
