#ifndef LIFEBOAT_TESTS_FIXTURE_JOURNAL_H
#define LIFEBOAT_TESTS_FIXTURE_JOURNAL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/journal/chain.h"
#include "run/journal/journal.h"

#include "fixture_folder.h"

/* A folder for one run, "one", and its two files. */
struct place {
	char root[64];
	char *folder, *journal, *checkpoints;
};

static inline void
place_init(struct place *place, const char *root)
{
	snprintf(place->root, sizeof(place->root), "%s", root);
	place->folder = xasprintf("%s/runs/one", place->root);
	place->journal = xasprintf("%s/journal.jsonl", place->folder);
	place->checkpoints = xasprintf("%s/checkpoints", place->folder);
}

static inline void
place_release(struct place *place)
{
	folder_remove(place->root);
	free(place->folder);
	free(place->journal);
	free(place->checkpoints);
}

static inline int
place_setup(void **state)
{
	struct place *place = xcalloc(1, sizeof(*place));
	char root[] = "/tmp/test-journal-XXXXXX";

	assert_non_null(mkdtemp(root));
	place_init(place, root);
	*state = place;
	return 0;
}

static inline int
place_teardown(void **state)
{
	place_release(*state);
	free(*state);
	return 0;
}

/* The bytes of a file; none where it does not exist. */
static inline struct str
bytes_of(const char *path)
{
	struct str text = STR_INIT;
	struct err e = ERR_INIT;

	if (file_read(path, 1 << 30, &text, &e) < 0)
		assert_int_equal(e.kind, ERR_NOT_FOUND);
	str_cstr(&text);
	return text;
}

static inline void
put_bytes(const char *path, const char *bytes, size_t len)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(len == 0 || fwrite(bytes, 1, len, file) == len);
	assert_int_equal(fclose(file), 0);
}

/* What a run or resumed record tells of its process, as the engine has it. */
static inline cJSON *
process_data(const struct journal *journal)
{
	cJSON *data = cJSON_CreateObject();

	json_add_int(data, "pid", 4711);
	json_add_string(data, "host", "db1");
	json_add(data, "key", journal_key_json(journal));
	json_add(data, "recovered", journal_recovered_json(journal));
	return data;
}

static inline cJSON *
text_data(const char *text)
{
	cJSON *data = cJSON_CreateObject();

	json_add_string(data, "text", text);
	return data;
}

static inline int
try_append(struct journal *journal, enum record_type type, cJSON *data, bool durable, struct err *e)
{
	struct record *record = NULL;
	int rc = journal_append(journal, type, data, durable, &record, e);

	record_free(record);
	return rc;
}

static inline void
append(struct journal *journal, enum record_type type, const char *text)
{
	struct err e = ERR_INIT;
	/* as the engine: what a step is about to do and what became of it must not be lost */
	bool durable = type == RECORD_INTENT || type == RECORD_OUTCOME || type == RECORD_END ||
		       type == RECORD_STOP;

	if (try_append(journal, type, text_data(text), durable, &e) < 0)
		fail_msg("%s", e.message);
}

static inline struct journal *
begin_run(const struct place *place)
{
	struct journal *journal = NULL;
	struct err e = ERR_INIT;

	if (journal_create(place->folder, "one", NULL, &journal, &e) < 0 ||
	    try_append(journal, RECORD_RUN, process_data(journal), true, &e) < 0)
		fail_msg("%s", e.message);
	return journal;
}

static inline struct journal *
resume_run(const struct place *place)
{
	struct journal *journal = NULL;
	struct err e = ERR_INIT;

	if (journal_open(place->folder, NULL, NULL, NULL, &journal, &e) < 0 ||
	    try_append(journal, RECORD_RESUMED, process_data(journal), true, &e) < 0)
		fail_msg("%s", e.message);
	return journal;
}

/* The verdict on a run's folder; the caller releases it. */
static inline struct chain
judge_folder(const struct place *place)
{
	struct chain chain;
	struct err e = ERR_INIT;

	chain_init(&chain);
	if (chain_read(place->folder, NULL, &chain, &e) < 0)
		fail_msg("%s", e.message);
	return chain;
}

static inline struct chain
judge_bytes(const struct str *journal, const struct str *checkpoints)
{
	struct chain chain;

	chain_init(&chain);
	chain_judge(str_cstr(journal), journal->len, str_cstr(checkpoints), checkpoints->len, NULL,
		    &chain);
	return chain;
}

#endif
