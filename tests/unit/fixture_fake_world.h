#ifndef LIFEBOAT_TESTS_FIXTURE_FAKE_WORLD_H
#define LIFEBOAT_TESTS_FIXTURE_FAKE_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"

/*
 * A program that speaks as lifeboat-world does: progress, ready with the facts of a folder that it makes nothing of,
 * then it notes what it hears in `heard`, tells faults back, and writes `ended` when its input ends.
 */
struct fake_world {
	char root
		[64]; /* world/ (the facts' folder, with bin/, home/ and kubeconfig), program, trap/ */
	char *program, *folder;
};

static void
fake_write(const char *folder, const char *name, const char *text, mode_t mode)
{
	char *path = xasprintf("%s/%s", folder, name), *parent = file_folder(path);
	struct err e = ERR_INIT;

	assert_int_equal(file_make_folders(parent, 0700, &e), 0);
	if (file_write_atomic(path, text, strlen(text), mode, &e) < 0)
		fail_msg("%s", e.message);
	free(parent);
	free(path);
}

static void
fake_folder(const char *folder, const char *name)
{
	char *path = xasprintf("%s/%s", folder, name);

	assert_int_equal(file_make_folders(path, 0700, NULL), 0);
	free(path);
}

/* `before` and `after` stand before and behind the line that says that it is ready. */
static void
fake_world_init(struct fake_world *w, const char *before, const char *after)
{
	strncpy(w->root, "/tmp/lifeboat-fake-XXXXXX", sizeof(w->root) - 1);
	assert_non_null(mkdtemp(w->root));
	w->folder = xasprintf("%s/world", w->root);
	w->program = xasprintf("%s/lifeboat-world", w->root);
	fake_folder(w->folder, "bin");
	fake_folder(w->folder, "home");
	char *text = xasprintf(
		"#!/bin/sh\n"
		"F='%s'\n"
		"printf '%%s\\n' \"$@\" > \"$F/arguments\"\n"
		"%s\n"
		"echo '{\"type\":\"ready\",\"facts\":{\"world\":\"fake\",\"folder\":\"%s\","
		"\"prefix\":\"127.77.3.\",\"kubeconfig\":\"%s/kubeconfig\",\"path\":\"%s/bin\","
		"\"service_file\":\"%s/pg_service.conf\",\"pass_file\":\"%s/pgpass\","
		"\"home\":\"%s/home\",\"params\":{\"n\":1}}}'\n"
		"%s\n"
		"while read -r line; do\n"
		"  printf '%%s\\n' \"$line\" >> \"$F/heard\"\n"
		"  printf "
		"'{\"type\":\"told\",\"what\":\"fault\",\"name\":\"f\",\"details\":%%s}\\n' "
		"\"$line\"\n"
		"done\n"
		"echo ended > \"$F/ended\"\n",
		w->folder, before, w->folder, w->folder, w->folder, w->folder, w->folder, w->folder,
		after);
	fake_write(w->root, "lifeboat-world", text, 0700);
	free(text);
}

#endif
