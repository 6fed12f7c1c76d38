#include "config.h"

#include "run/journal/journal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/xalloc.h"
#include "run/journal/epoch.h"
#include "run/journal/journal_internal.h"
#include "run/journal/journal_walk.h"

struct journal *
journal_alloc(const char *run_id)
{
	struct journal *journal = xcalloc(1, sizeof(*journal));

	journal->records = journal->checkpoints = (struct journal_file)JOURNAL_FILE_INIT;
	journal->run_id = xstrdup(run_id);
	journal->running = digest_new();
	journal->recovered = cJSON_CreateArray();
	memset(journal->head, '0', DIGEST_HEX_MAX - 1);
	memset(journal->previous, '0', DIGEST_HEX_MAX - 1);
	return journal;
}

void
journal_close(struct journal *journal)
{
	if (!journal)
		return;
	sealer_free(journal->sealer);
	journal_file_release(&journal->checkpoints);
	journal_file_release(&journal->records);
	digest_free(journal->running);
	cJSON_Delete(journal->recovered);
	free(journal->run_id);
	free(journal);
}

int
journal_reserve(struct journal *journal, struct err *e)
{
	if (journal_file_reserve(&journal->records, JOURNAL_RESERVE_BYTES, e) < 0)
		return -1;
	return journal_file_reserve(&journal->checkpoints, CHECKPOINTS_RESERVE_BYTES, e);
}

/* Makes the files and holds them. */
static int
fill_folder(struct journal *journal, const char *folder, struct err *e)
{
	if (journal_file_create(&journal->records, folder, JOURNAL_NAME, e) < 0 ||
	    journal_file_lock(&journal->records, e) < 0 ||
	    journal_file_create(&journal->checkpoints, folder, CHECKPOINTS_NAME, e) < 0)
		return -1;
	return journal_reserve(journal, e);
}

void
journal_discard(const struct journal *journal, const char *folder)
{
	if (journal->checkpoints.fd >= 0)
		unlink(journal->checkpoints.path);
	if (journal->records.fd >= 0)
		unlink(journal->records.path);
	rmdir(folder);
}

/* The folder of a run is made anew, or not at all: nobody takes over what another has begun. */
static int
make_folder(const char *folder, const char *parent, struct err *e)
{
	if (file_make_folders(parent, 0700, e) < 0)
		return -1;
	if (mkdir(folder, 0700) < 0)
		return err_errno(e, ERR_IO, "making the folder %s of a new run", folder);
	return 0;
}

static int
make_files(struct journal *journal, const char *folder, struct err *e)
{
	char *parent = file_folder(folder);
	int rc = make_folder(folder, parent, e);

	if (rc == 0 && (fill_folder(journal, folder, e) < 0 || file_sync_folder(folder, e) < 0 ||
			file_sync_folder(parent, e) < 0)) {
		journal_discard(journal, folder); /* an empty run would only be in the way */
		rc = -1;
	}
	free(parent);
	return rc;
}

int
journal_create(const char *folder, const char *run_id, const struct operator_key *operator_key,
	       struct journal **ret_journal, struct err *e)
{
	struct journal *journal = journal_alloc(run_id);
	struct epoch *epoch = NULL;

	if (strlen(run_id) >= RUN_ID_MAX || strpbrk(run_id, "\"\\")) {
		err_set(e, ERR_SPEC, "\"%.80s\" cannot be the id of a run", run_id);
		goto fail;
	}
	if (epoch_new(run_id, 1, operator_key, &epoch, e) < 0 ||
	    sealer_new(epoch, &journal->sealer, e) < 0 || make_files(journal, folder, e) < 0)
		goto fail;
	*ret_journal = journal;
	return 0;
fail:
	journal_close(journal);
	return -1;
}

const char *
journal_run_id(const struct journal *journal)
{
	return journal->run_id;
}

cJSON *
journal_key_json(const struct journal *journal)
{
	return epoch_json(sealer_epoch(journal->sealer));
}

cJSON *
journal_recovered_json(const struct journal *journal)
{
	return cJSON_Duplicate(journal->recovered, true);
}

/* Has all records so far signed, in another thread; their bytes need not be on the disk yet. */
static void
begin_seal(struct journal *journal)
{
	struct checkpoint checkpoint = {
		.records = journal->next_seq,
		.bytes = journal->records.bytes,
		.time_ms = clock_wall_ms(),
		.is_final = journal->has_ended,
	};

	memcpy(checkpoint.run_id, journal->run_id, strlen(journal->run_id) + 1);
	memcpy(checkpoint.head, journal->head, sizeof(checkpoint.head));
	memcpy(checkpoint.previous, journal->previous, sizeof(checkpoint.previous));
	digest_peek(journal->running, checkpoint.sha256);
	sealer_begin(journal->sealer, &checkpoint);
}

static int
write_checkpoint(struct journal *journal, const struct str *note, struct err *e)
{
	if (journal_file_append(&journal->checkpoints, note->data, note->len, e) < 0)
		return -1;
	digest_sha256(note->data, note->len, journal->previous);
	sealer_written(journal->sealer, &journal->checkpoints);
	if (!journal->has_ended)
		return 0;
	/* the last one has none behind it that could stand for it */
	journal->is_over = true;
	return sealer_settle(journal->sealer, e);
}

/* Signs while the disk works; what was signed counts only if the disk kept its word. */
static int
make_durable(struct journal *journal, struct err *e)
{
	struct str note = STR_INIT;
	struct err sync_error = ERR_INIT;
	int rc = -1;

	begin_seal(journal);
	int synced = journal_file_sync(&journal->records, &sync_error);
	int sealed = sealer_finish(journal->sealer, &note, e);
	if (synced < 0)
		*e = sync_error;
	else if (sealed == 0)
		rc = write_checkpoint(journal, &note, e);
	str_release(&note);
	return rc;
}

static int
write_record(struct journal *journal, const struct record *record, bool durable, struct err *e)
{
	struct str line = STR_INIT;
	int rc;

	/* an intent is refused while there is room for nothing but what must follow the one before */
	if (record->type == RECORD_INTENT && journal_reserve(journal, e) < 0)
		return -1;
	record_format(record, &line);
	rc = journal_file_append(&journal->records, line.data, line.len, e);
	if (rc == 0) {
		digest_update(journal->running, line.data, line.len);
		memcpy(journal->head, record->hash, sizeof(journal->head));
		journal->next_seq++;
		journal->has_ended = journal->has_ended || record->type == RECORD_END;
		rc = durable ? make_durable(journal, e) : 0;
	}
	str_release(&line);
	return rc;
}

static struct record *
next_record(const struct journal *journal, enum record_type type, cJSON *data)
{
	return record_new(journal->next_seq, clock_wall_ms(), journal->run_id, type, data,
			  journal->head);
}

int
journal_append(struct journal *journal, enum record_type type, cJSON *data, bool durable,
	       struct record **ret_record, struct err *e)
{
	if (journal->broken.kind == ERR_NONE && journal->is_over)
		err_set(&journal->broken, ERR_CONFLICT,
			"%s: the run has ended, and its end is sealed: no record can follow",
			journal->records.path);
	if (journal->broken.kind != ERR_NONE) {
		cJSON_Delete(data);
		*e = journal->broken;
		return -1;
	}
	struct record *record = next_record(journal, type, data);
	if (write_record(journal, record, durable, &journal->broken) < 0) {
		record_free(record);
		*e = journal->broken;
		return -1;
	}
	*ret_record = record;
	return 0;
}

struct record *
journal_pretend(struct journal *journal, enum record_type type, cJSON *data)
{
	struct record *record = next_record(journal, type, data);

	if (journal->broken.kind == ERR_NONE)
		err_set(&journal->broken, ERR_INTERNAL,
			"%s is no longer written: a record was only pretended",
			journal->records.path);
	memcpy(journal->head, record->hash, sizeof(journal->head));
	journal->next_seq++;
	return record;
}
