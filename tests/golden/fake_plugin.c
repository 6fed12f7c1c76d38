#include "config.h"

#include "fake_plugin.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/console.h"
#include "harness.h"

static sem_t steps;

static void
on_signal(int number)
{
	(void)number;
	sem_post(&steps);
}

static void
borrow(void)
{
	char line[128] = "", report[160];
	struct err e = ERR_INIT;
	ssize_t got;

	if (console_borrow(FAKE_PLUGIN, NULL, &e) < 0) {
		tty_report(e.message);
		return;
	}
	printf("One-time code: ");
	fflush(stdout);
	got = read(STDIN_FILENO, line, sizeof(line) - 1);
	line[got > 0 ? strcspn(line, "\n") : 0] = '\0';
	snprintf(report, sizeof(report), "BORROWED %s", line);
	tty_report(report);
	console_return();
}

static void *
play(void *data)
{
	for (const char *const *step = data; *step; step++) {
		while (sem_wait(&steps) < 0)
			;
		if (strncmp(*step, "say ", 4) == 0)
			console_say(FAKE_PLUGIN, *step + 4, strlen(*step + 4));
		else if (strcmp(*step, "done") == 0)
			console_done(FAKE_PLUGIN);
		else
			borrow();
	}
	return NULL;
}

void
fake_plugin_start(const char *const *script)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	pthread_t thread;

	sigemptyset(&action.sa_mask);
	if (sem_init(&steps, 0, 0) < 0 || sigaction(SIGUSR1, &action, NULL) < 0 ||
	    pthread_create(&thread, NULL, play, (void *)(uintptr_t)script) != 0)
		abort();
	pthread_detach(thread);
}
