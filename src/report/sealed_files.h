#ifndef LIFEBOAT_REPORT_SEALED_FILES_H
#define LIFEBOAT_REPORT_SEALED_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "run/state/record.h"

/*
 * The files beside a journal that its records vouch for: runbook.yaml, the outputs of steps, and what was put
 * aside when a run was resumed. Internal to verify.
 */

enum sealed_kind { SEALED_RUNBOOK, SEALED_OUTPUT, SEALED_ASIDE };

struct sealed_file {
	enum sealed_kind kind;
	int64_t seq; /* the record that names it */
	char *name;  /* below the run's folder, as the record has it */
	char *sha256;
	int64_t bytes; /* -1: the record does not tell */
};

struct sealed_files {
	struct sealed_file *items;
	size_t count, cap;
};

void sealed_files_release(struct sealed_files *files);

/* Takes what a record vouches for, if it is one that does. */
void sealed_files_collect(struct sealed_files *files, const struct record *record);

/*
 * Compares one file with what its record says. Returns -1 with ERR_SPEC and a sentence about the record where it is
 * another, or missing; ERR_IO: it cannot be read.
 */
int sealed_file_check(const char *folder, const struct sealed_file *file, struct err *e);

/* Appends a line on files in out/ that no record names; nothing where there are none. */
void sealed_files_note_others(const struct sealed_files *files, const char *folder,
			      struct str *out);

#endif
