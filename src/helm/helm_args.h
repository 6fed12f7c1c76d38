#ifndef LIFEBOAT_HELM_ARGS_H
#define LIFEBOAT_HELM_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct helm;

enum helm_output { HELM_TABLE, HELM_JSON, HELM_YAML };

/* Texts in the order in which they were given. They are of the command line. */
struct helm_texts {
	const char **items;
	size_t count, cap;
};

/* The flags of all commands. */
struct helm_flags {
	const char *kubeconfig, *context, *ns;
	const char *output, *version, *description, *dry_run, *filter;
	struct helm_texts values, set, set_string, set_file, set_json;
	bool install, atomic, wait, wait_for_jobs, create_namespace, force, skip_crds;
	bool reuse_values, reset_values, reset_then_reuse, replace, no_hooks, cleanup_on_fail;
	bool include_crds, keep_history, ignore_not_found, all, all_namespaces, quiet, by_date;
	bool reverse, uninstalled, superseded, pending, deployed, failed, devel, versions, brief;
	bool force_update, generate_name, help, hide_notes, show_description;
	int64_t timeout_ms;
	int64_t revision, max, offset, history_max;
};

/* What stands on the command line. */
struct helm_args {
	const struct helm_command *command; /* NULL: none, only help is wanted */
	struct helm_flags flags;
	enum helm_output output;
	struct helm_texts words; /* behind the command */
};

/* One command. */
struct helm_command {
	const char *path;  /* "get values" */
	const char *alias; /* of its last word, or NULL */
	const char *use;   /* behind its path: "RELEASE_NAME [flags]" */
	const char *summary;
	int min, max; /* how many words; max -1: any number */
	unsigned flag_groups;
	int (*run)(struct helm *h, struct err *e);
};

/* Sorted by path; ends with a path NULL. */
extern const struct helm_command helm_commands[];

/*
 * Reads a command line. Errors (ERR_USAGE) are in helm's words; *ret_unknown is true where the command is not known,
 * which helm follows by a hint.
 */
int helm_args_parse(int argc, char **argv, struct helm_args *args, bool *ret_unknown,
		    struct err *e);
void helm_args_release(struct helm_args *args);

/* The help of a command, of a group of them ("get"), or of all (NULL), to standard output. */
void helm_args_help(const struct helm_args *args, const char *group);

/* A duration as Go reads it ("10m", "1h30m", "1.5s", "0"). ERR_USAGE with its words. */
int helm_duration_parse(const char *text, int64_t *ret_ms, struct err *e);

#endif
