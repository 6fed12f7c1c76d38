#ifndef LIFEBOAT_TESTS_GOLDEN_FAKE_PLUGIN_H
#define LIFEBOAT_TESTS_GOLDEN_FAKE_PLUGIN_H

/*
 * A program in the background that needs the operator, as a credential plugin does: a thread in the front
 * end's process. At each SIGUSR1 it takes the next step of its script, which ends with NULL:
 * "say TEXT", "done", "borrow" (reads a line from the terminal and reports "BORROWED line").
 */
#define FAKE_PLUGIN "gke-gcloud-auth-plugin"

void fake_plugin_start(const char *const *script);

#endif
