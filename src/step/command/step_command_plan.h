#ifndef LIFEBOAT_STEP_COMMAND_STEP_COMMAND_PLAN_H
#define LIFEBOAT_STEP_COMMAND_STEP_COMMAND_PLAN_H

#include "base/str.h"
#include "run/executor.h"
#include "step/step_with.h"

/* The command of a command.run as it will be run: internal to the files step_command_*.c. */

/* How the command is kept to the cluster of its target; all NULL without one. */
struct command_cluster {
	struct str overlay; /* a kubeconfig that comes before the others */
	char *path;  /* where that will be; ends in XXXXXX until then if it is only for this once */
	char *files; /* the other kubeconfigs, between colons; maybe "" */
	char *context, *ns;
	char *server;
	char *plugin; /* the name of the program that logs in, or NULL */
};

/* What the command will find in its environment: nothing else. */
struct command_environment {
	struct step_texts set;	    /* "NAME=value", by the step and its target: may be shown */
	struct step_texts secret;   /* "NAME=value", by secret_env */
	struct step_texts passed;   /* "NAME=value" of ours: shown by their names */
	struct step_texts missing;  /* names that `inherit` asks for, and we have not */
	struct step_texts withheld; /* names of ours that it might have expected */
	struct step_texts all;	    /* what execve(2) takes, once it is finished */
};

struct command {
	struct step_texts argv;
	struct command_environment env;
	struct command_cluster cluster;
	const char *path, *folder, *stdin_file, *stdin_text; /* borrowed, or NULL: as elsewhere */
	int columns, rows;
	bool pty, json, shell;
};

/* In the caller's memory; released also after an error. Contacts nobody. Errors: ERR_SPEC, ERR_NOT_FOUND, ERR_IO. */
int command_init(struct command *c, const struct step_context *ctx, const struct action *action,
		 struct err *e);
void command_release(struct command *c);
/* The argv alone: what takes no target and no file. */
int command_init_argv(struct command *c, const struct step_context *ctx,
		      const struct action *action, struct err *e);

/* Whether its program, its folder and its input are there. ERR_NOT_FOUND, ERR_IO. */
int command_check(const struct command *c, struct err *e);
int command_check_program(const struct command *c, struct err *e);
/* Everything about it for the preview. */
void command_describe(const struct command *c, const struct step_context *ctx,
		      struct preview *preview);
/* What the command gets as its environment, from the time on when its cluster's file is there. Borrowed. */
const char *const *command_environment(struct command *c);

/* From here on for the other files step_command_*.c alone. */

/* What the step and the target set, what is passed on, and what is not. */
int command_environment_init(struct command *c, const struct step_context *ctx,
			     const struct action *action, struct err *e);
void command_environment_release(struct command_environment *env);
void command_environment_describe(const struct command *c, struct preview *preview);

/* Reads the kubeconfig of the target, and checks that the arguments lead nowhere else. */
int command_cluster_init(struct command *c, const struct step_context *ctx,
			 const struct run_target *target, struct err *e);
void command_cluster_release(struct command_cluster *cluster);
void command_cluster_describe(const struct command *c, struct preview *preview);
/* The value of KUBECONFIG; the caller frees. */
char *command_cluster_kubeconfig(const struct command_cluster *cluster);
/*
 * Whether the cluster's login plugin goes by this variable. Of a plugin that is not known here, and of NULL in the place of
 * the cluster: whether any known one does.
 */
bool command_cluster_logs_in_by(const struct command_cluster *cluster, const char *variable);

/* For step_command_run.c: puts the file in place, and takes it away where it was only for this once. */
int command_cluster_open(struct command *c, struct err *e);
void command_cluster_close(struct command *c);

#endif
