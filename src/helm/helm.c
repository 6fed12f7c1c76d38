#include "config.h"

#include "helm/helm.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "helm/helm_chart.h"

/*
 * The helm of a drill: what stands on its PATH, so that a runbook is the same there as against real clusters. It installs the
 * charts of its world through the API of the cluster that KUBECONFIG names.
 */

static struct cancel *stop;

static void
on_signal(int number)
{
	(void)number;
	cancel_request(stop); /* an atomic store and a write to an eventfd */
}

static void
watch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static bool
wants_help(const struct helm *h)
{
	return h->args.flags.help || !h->args.command;
}

static int
report(struct helm *h, const struct err *why, bool is_unknown)
{
	fflush(stdout);
	if (why->kind == ERR_CANCELLED && cancel_requested(stop))
		printf("Release %s has been cancelled.\n", helm_arg(h, 0) ? helm_arg(h, 0) : "");
	fflush(stdout);
	fprintf(stderr, "Error: %s\n", why->message);
	if (is_unknown)
		fprintf(stderr, "Run 'helm --help' for usage.\n");
	return 1;
}

static const char *
group_of(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (argv[i][0] != '-' && strcmp(argv[i], "help") != 0)
			return argv[i];
	return NULL;
}

static int
run(struct helm *h, int argc, char **argv)
{
	bool is_unknown = false;
	struct err e = ERR_INIT;

	if (helm_args_parse(argc, argv, &h->args, &is_unknown, &e) < 0)
		return report(h, &e, is_unknown);
	if (wants_help(h)) {
		helm_args_help(&h->args, group_of(argc, argv));
		return 0;
	}
	helm_find_world(h);
	if (h->args.command->run(h, &e) < 0)
		return report(h, &e, false);
	return fflush(stdout) == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct helm h = { .program = argc > 0 && *argv[0] ? argv[0] : "helm" };
	int status;

	setlocale(LC_CTYPE, "C.UTF-8");
	stop = cancel_new();
	h.cancel = stop;
	watch_signals();
	status = run(&h, argc, argv);
	kube_client_free(h.client);
	helm_args_release(&h.args);
	free(h.world);
	free(h.ns);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	cancel_free(stop);
	return status;
}
