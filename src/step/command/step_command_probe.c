#include "config.h"

#include "step/command/step_command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "net/child/child_words.h"
#include "net/child/supervisor_status.h"

static char *
status_name(int64_t intent_seq)
{
	return xasprintf("exit/%06lld", (long long)intent_seq);
}

static int
make_folder(const char *run_folder, struct err *e)
{
	char *folder = xasprintf("%s/exit", run_folder);
	int rc = 0;

	if (mkdir(folder, 0700) == 0)
		rc = file_sync_folder(run_folder, e);
	else if (errno != EEXIST)
		rc = err_errno(e, ERR_IO, "making the folder %s", folder);
	free(folder);
	return rc;
}

int
command_status_file(const struct step_context *ctx, const struct action *action, char **ret_path,
		    struct err *e)
{
	char *name;

	*ret_path = NULL;
	if (!ctx->run_folder || ctx->intent_seq < 0 || command_only_reads(action))
		return 0;
	if (make_folder(ctx->run_folder, e) < 0)
		return -1;
	name = status_name(ctx->intent_seq);
	*ret_path = xasprintf("%s/%s", ctx->run_folder, name);
	free(name);
	return 0;
}

int
command_remember(struct step_context *ctx, const char *command,
		 const struct child_supervision *supervision, struct err *e)
{
	char boot_id[PROCESS_BOOT_ID_MAX], *name = status_name(ctx->intent_seq);
	cJSON *evidence = cJSON_CreateObject();

	json_add_string(evidence, "command", command);
	json_add_int(evidence, "pid", supervision->command.pid);
	json_add_int(evidence, "start", supervision->command.start);
	json_add_int(evidence, "supervisor", supervision->supervisor.pid);
	json_add_int(evidence, "supervisor_start", supervision->supervisor.start);
	json_add_string(evidence, "boot_id", process_boot_id(boot_id));
	json_add_string(evidence, "status_file", name);
	free(name);
	return ctx->remember(ctx, evidence, e);
}

/* What was on record before the command began. */
struct trace {
	const char *command;
	struct process_id process, supervisor;
	bool same_boot;
};

static struct trace
trace_of(const cJSON *evidence)
{
	char boot_id[PROCESS_BOOT_ID_MAX];

	return (struct trace){
		.command = json_string(evidence, "command", "the command"),
		.process = { .pid = (pid_t)json_int(evidence, "pid", -1),
			     .start = json_int(evidence, "start", -1) },
		.supervisor = { .pid = (pid_t)json_int(evidence, "supervisor", -1),
				.start = json_int(evidence, "supervisor_start", -1) },
		.same_boot =
			strcmp(json_string(evidence, "boot_id", ""), process_boot_id(boot_id)) == 0,
	};
}

static char *
describe_end(const struct action *action, const struct supervisor_status *status)
{
	const char *meaning = command_meaning(action, status->exit_code);
	char *signal, *text;

	if (!status->signal)
		return meaning ? xasprintf("ended with exit code %d (%s)", status->exit_code,
					   meaning)
			       : xasprintf("ended with exit code %d", status->exit_code);
	signal = child_signal_describe(status->signal);
	text = xasprintf("was ended by %s", signal);
	free(signal);
	return text;
}

static void
add_end(const struct action *action, struct probe *probe, const struct trace *t,
	const struct supervisor_status *status)
{
	char when[CLOCK_STAMP_MAX], after[CLOCK_STAMP_MAX];
	int64_t after_ms = status->ended_ms - status->orphaned_ms;
	char *how = describe_end(action, status), *watched;

	duration_format_brief(after_ms, after);
	watched = status->orphaned_ms < 0
			  ? xstrdup("while the program that watched it was still there")
			  : xasprintf("%s after the program that watched it had died", after);
	probe_add(probe, "%s (pid %d) %s at %s, %s", t->command, (int)t->process.pid, how,
		  clock_format_hms(status->ended_ms, when), watched);
	if (status->lost_bytes > 0)
		probe_add(probe, "%lld bytes of its output came after that, and are lost",
			  (long long)status->lost_bytes);
	free(how);
	free(watched);
}

static enum probe_verdict
judge_status(const struct action *action, struct probe *probe, const struct trace *t,
	     const struct supervisor_status *status)
{
	if (!status->begun) {
		probe_add(probe,
			  "%s was never begun: the program died, or could not execute it, "
			  "right before",
			  t->command);
		return PROBE_NOT_DONE;
	}
	add_end(action, probe, t, status);
	if (!status->signal && command_accepts(action, status->exit_code))
		return PROBE_DONE;
	probe_add(probe, "That is no success, and it may have done a part of its work");
	return PROBE_UNSURE;
}

/* There is no status, and perhaps there is going to be one. */
static enum probe_verdict
judge_processes(const struct action *action, struct probe *probe, const struct trace *t,
		bool watched, bool running)
{
	char since[CLOCK_STAMP_MAX];

	clock_format_hms(action->begun_ms, since);
	if (watched) {
		probe_add(probe,
			  "%s (pid %d) is still running, since %s, watched by pid %d: probe "
			  "again when it has ended",
			  t->command, (int)t->process.pid, since, (int)t->supervisor.pid);
		return PROBE_UNSURE;
	}
	if (running) {
		probe_add(probe,
			  "%s (pid %d) is still running, since %s, but the process that "
			  "would have kept its exit status (pid %d) is gone",
			  t->command, (int)t->process.pid, since, (int)t->supervisor.pid);
		return PROBE_UNSURE;
	}
	if (t->same_boot)
		probe_add(probe,
			  "%s (pid %d) is gone, and so is the process that would have kept "
			  "its exit status (pid %d): it was cut off, or nobody knows how it "
			  "ended",
			  t->command, (int)t->process.pid, (int)t->supervisor.pid);
	else
		probe_add(probe,
			  "%s left no exit status, and this machine was started anew since: "
			  "it was cut off with it (or it ran on another machine)",
			  t->command);
	return PROBE_UNSURE;
}

/* Whether what lives is looked for before the file: who is gone by then leaves none any more. */
static int
look(const struct step_context *ctx, const struct action *action, struct probe *probe,
     enum probe_verdict *ret_verdict, struct err *e)
{
	struct trace t = trace_of(action->evidence);
	bool watched = t.same_boot && process_alive(t.supervisor);
	bool running = t.same_boot && process_alive(t.process);
	char *name = status_name(ctx->intent_seq);
	char *path = xasprintf("%s/%s", ctx->run_folder, name);
	struct supervisor_status status;
	struct err missing = ERR_INIT;
	int rc = 0;

	if (supervisor_status_read(path, &status, &missing) == 0 &&
	    status.supervisor == t.supervisor.pid)
		*ret_verdict = judge_status(action, probe, &t, &status);
	else if (missing.kind == ERR_NONE || missing.kind == ERR_NOT_FOUND)
		*ret_verdict = judge_processes(action, probe, &t, watched, running);
	else
		rc = err_set(e, missing.kind, "command.run: %s", missing.message);
	free(path);
	free(name);
	return rc;
}

int
command_probe(struct step_context *ctx, const struct action *action, struct probe *probe,
	      enum probe_verdict *ret_verdict, struct err *e)
{
	if (command_only_reads(action)) {
		probe_add(probe, "It only reads: nothing is half done");
		*ret_verdict = PROBE_NOT_DONE;
		return 0;
	}
	if (json_int(action->evidence, "supervisor", -1) < 0) {
		probe_add(probe, "The command was never begun: it begins only after its processes "
				 "are on record, and they are not");
		*ret_verdict = PROBE_NOT_DONE;
		return 0;
	}
	return look(ctx, action, probe, ret_verdict, e);
}
