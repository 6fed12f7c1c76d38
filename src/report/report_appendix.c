#include "config.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "report/report_paper.h"

void
report_write_timeline(const struct report *report, struct paper *paper)
{
	struct cells cells = { 0 };
	char time[CLOCK_STAMP_MAX], since[CLOCK_STAMP_MAX];

	cells_add_all(&cells, "Record", "Time", "T+", "What happened", "Sealed", NULL);
	for (size_t i = 0; i < report->entries_count; i++) {
		const struct report_entry *entry = &report->entries[i];

		cells_printf(&cells, "%lld", (long long)entry->record->seq);
		cells_add(&cells, clock_format_utc(entry->record->ts_ms, time));
		cells_add(&cells, duration_format_clock(
					  entry->record->ts_ms - report->state.started_ms, since));
		cells_add(&cells, entry->sentence);
		cells_add(&cells, report_is_sealed(report, entry->record) ? "yes" : "NO");
	}
	paper_table(paper, "Every record, in its words", "nnntw", &cells);
}

static void
add_file(struct cells *cells, const char *file, int64_t bytes, const char *sha256, const char *what)
{
	cells_add(cells, file);
	cells_printf(cells, "%lld", (long long)bytes);
	cells_add(cells, sha256);
	cells_add(cells, what);
}

static void
add_recovered(struct cells *cells, const cJSON *recovered)
{
	const cJSON *at;

	cJSON_ArrayForEach(at, recovered)
		add_file(cells, json_string(at, "file", "?"), json_int(at, "bytes", 0),
			 json_string(at, "sha256", ""), "cut off when the run was taken up again");
}

static void
write_files(const struct report *report, struct paper *paper)
{
	const struct chain *chain = &report->source->verification->chain;
	struct cells cells = { 0 };

	cells_add_all(&cells, "File", "Bytes", "SHA-256", "What it is", NULL);
	add_file(&cells, "journal.jsonl", (int64_t)chain->bytes, chain->head,
		 "the records; the hash is that of the last sound one, its head");
	add_file(&cells, "checkpoints", (int64_t)chain->checkpoint_bytes, chain->last_checkpoint,
		 "the seals; the hash is that of the last good one");
	cells_add(&cells, "runbook.yaml");
	cells_add(&cells, "");
	cells_add(&cells, report->state.runbook_sha256);
	cells_add(&cells, "the runbook as it was run");
	for (size_t i = 0; i < report->tries_count; i++) {
		const struct record *outcome = report->tries[i].outcome;
		const char *file = outcome ? json_string(outcome->data, "output/file", NULL) : NULL;

		if (file)
			add_file(&cells, file, json_int(outcome->data, "output/bytes", 0),
				 json_string(outcome->data, "output/sha256", ""),
				 report->tries[i].step);
	}
	for (size_t i = 0; i < report->gaps_count; i++)
		add_recovered(&cells, json_at(report->gaps[i].resumed->data, "recovered"));
	paper_table(paper, "Files of the run's folder, as the journal has them", "knct", &cells);
}

static void
write_keys(const struct report *report, struct paper *paper)
{
	const struct chain *chain = &report->source->verification->chain;
	struct cells cells = { 0 };

	cells_add_all(&cells, "Key", "Fingerprint", "Announced by record", "Seals up to record",
		      "Who vouches for it", NULL);
	for (size_t i = 0; i < chain->keys_count; i++) {
		const struct chain_key *at = &chain->keys[i];
		struct str key = STR_INIT, issuer = STR_INIT;

		note_key_fingerprint(&at->key, &key);
		if (at->is_certified) {
			str_printf(&issuer, "%s, ", at->issuer.name);
			note_key_fingerprint(&at->issuer, &issuer);
		}
		cells_add(&cells, at->key.name);
		cells_add(&cells, str_cstr(&key));
		cells_printf(&cells, "%lld", (long long)at->seq);
		if (at->sealed)
			cells_printf(&cells, "%lld", (long long)at->sealed - 1);
		else
			cells_add(&cells, "none");
		cells_add(&cells, issuer.len ? str_cstr(&issuer) : "nobody");
		str_release(&key);
		str_release(&issuer);
	}
	paper_table(paper, "Keys that sealed the record", "ccnnt", &cells);
}

/* For a shell: whatever the name holds is one word. */
static void
append_quoted(const char *word, struct str *out)
{
	str_append_char(out, '\'');
	for (; *word; word++)
		if (*word == '\'')
			str_append(out, "'\\''");
		else
			str_append_char(out, *word);
	str_append_char(out, '\'');
}

void
report_write_appendix(const struct report *report, struct paper *paper)
{
	struct str how = STR_INIT;
	const char *previous = NULL;

	if (report->entries_count)
		previous = json_string(report->entries[0].record->data, "previous/run", NULL);
	paper_literal(paper, "Run before it", previous);
	write_files(report, paper);
	write_keys(report, paper);
	paper_paragraph(paper,
			"This report is made from the record, and proves nothing itself. The "
			"record can be verified where the run's folder is, with this program "
			"or with what every system has (sh, openssl, sha256sum and jq):");
	str_append(&how, "lifeboat verify ");
	append_quoted(report->source->folder, &how);
	str_append(&how, "\ncd ");
	append_quoted(report->source->folder, &how);
	str_append(&how, " && ./verify.sh\n");
	paper_block(paper, "To verify", str_cstr(&how));
	paper_paragraph(
		paper,
		"Its head is %s. Whoever wrote down its first twelve digits during the run, or "
		"has a copy of it in an anchor, can tell whether it is still the same record.",
		report->state.head);
	str_release(&how);
}
