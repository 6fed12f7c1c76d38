/*
 * Measures what a journal costs: an intent and its outcome, durable and sealed, beside two bare appends that are as
 * long and as durable; the same while the journal grows; and, to be timed from outside, judging a long one.
 *
 * usage: journal pairs FOLDER PAIRS | grow FOLDER RECORDS | fill FOLDER RECORDS | judge FOLDER
 *
 * FOLDER is that of a new run, but for the last. One line of JSON, times in microseconds.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "run/journal/chain.h"
#include "run/journal/journal.h"

static void
give_up(const char *what)
{
	fprintf(stderr, "journal: %s\n", what);
	exit(1);
}

static double
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int
compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double
quantile(double *times, size_t count, double part)
{
	qsort(times, count, sizeof(*times), compare);
	return times[(size_t)(part * (double)(count - 1))];
}

/* As large as what a step of a real runbook tells. */
static cJSON *
data_of(enum record_type type, int64_t number)
{
	cJSON *data = cJSON_CreateObject();

	json_add_string(data, "step", "restore-management-plane");
	json_add_int(data, "attempt", number);
	if (type == RECORD_INTENT) {
		json_add_string(data, "by", "ana");
		json_add_string(data, "summary",
				"kubernetes.apply secret/iam-signing-key in mgmt-b/tsb");
	} else {
		json_add_string(data, "status", "ok");
		json_add_string(data, "result", "created, generation 1, uid 7c1fd5a0");
		json_add_int(data, "took_ms", 118);
	}
	return data;
}

static void
append(struct journal *journal, enum record_type type, cJSON *data, bool durable)
{
	struct record *record = NULL;
	struct err e = ERR_INIT;

	if (journal_append(journal, type, data, durable, &record, &e) < 0)
		give_up(e.message);
	record_free(record);
}

static struct journal *
begin(const char *folder)
{
	struct journal *journal = NULL;
	struct err e = ERR_INIT;
	cJSON *data = cJSON_CreateObject();

	if (journal_create(folder, "bench", NULL, &journal, &e) < 0)
		give_up(e.message);
	json_add(data, "key", journal_key_json(journal));
	append(journal, RECORD_RUN, data, true);
	return journal;
}

static double
time_pair(struct journal *journal, int64_t number)
{
	double start = now_us();

	append(journal, RECORD_INTENT, data_of(RECORD_INTENT, number), true);
	append(journal, RECORD_OUTCOME, data_of(RECORD_OUTCOME, number), true);
	return now_us() - start;
}

/* How long the lines of an intent and of an outcome are. */
static void
measure_lines(size_t lens[2])
{
	static const enum record_type types[] = { RECORD_INTENT, RECORD_OUTCOME };

	for (int i = 0; i < 2; i++) {
		struct record *record = record_new(1000, 1795000000000, "bench", types[i],
						   data_of(types[i], 1000), NULL);
		struct str line = STR_INIT;

		record_format(record, &line);
		lens[i] = line.len;
		record_free(record);
		str_release(&line);
	}
}

static double
time_bare_pair(int fd, const size_t lens[2])
{
	static char line[4096];
	double start = now_us();

	memset(line, 'x', sizeof(line));
	for (int i = 0; i < 2; i++)
		if (write(fd, line, lens[i]) != (ssize_t)lens[i] || fdatasync(fd) < 0)
			give_up("the bare file cannot be written");
	return now_us() - start;
}

/* By turns, so that what else goes on meets both alike. */
static void
pairs(const char *folder, size_t count)
{
	struct journal *journal = begin(folder);
	char *path = xasprintf("%s/bare", folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	double *bare = xcalloc(count, sizeof(*bare)), *ours = xcalloc(count, sizeof(*ours));
	size_t lens[2];

	measure_lines(lens);
	if (fd < 0)
		give_up("the bare file cannot be made");
	for (size_t i = 0; i < count; i++) {
		bare[i] = time_bare_pair(fd, lens);
		ours[i] = time_pair(journal, (int64_t)i);
	}
	printf("{\"bytes\":%zu,\"bare_median\":%.1f,\"bare_p99\":%.1f,\"median\":%.1f,\"p99\":%.1f}"
	       "\n",
	       lens[0] + lens[1], quantile(bare, count, 0.5), quantile(bare, count, 0.99),
	       quantile(ours, count, 0.5), quantile(ours, count, 0.99));
	journal_close(journal);
	close(fd);
	free(path);
	free(bare);
	free(ours);
}

/* What a pair costs when so many records are there: the median of those before each power of ten. */
static void
grow(const char *folder, int64_t records)
{
	enum { PAIRS = 500 };
	struct journal *journal = begin(folder);
	double times[PAIRS];
	int64_t at = 1;

	printf("{");
	for (int64_t mark = 1000; mark <= records; mark *= 10) {
		for (; at + 2 * PAIRS < mark; at++)
			append(journal, RECORD_PLAN, data_of(RECORD_INTENT, at), false);
		for (int i = 0; i < PAIRS; i++, at += 2)
			times[i] = time_pair(journal, at);
		printf("%s\"%lld\":%.1f", mark > 1000 ? "," : "", (long long)mark,
		       quantile(times, PAIRS, 0.5));
	}
	printf("}\n");
	journal_close(journal);
}

/* A run that has ended: two of three records are durable, and so have a checkpoint each. */
static void
fill(const char *folder, int64_t records)
{
	struct journal *journal = begin(folder);

	for (int64_t at = 1; at + 3 < records; at += 3) {
		append(journal, RECORD_PLAN, data_of(RECORD_INTENT, at), false);
		append(journal, RECORD_INTENT, data_of(RECORD_INTENT, at), true);
		append(journal, RECORD_OUTCOME, data_of(RECORD_OUTCOME, at), true);
	}
	append(journal, RECORD_END, cJSON_CreateObject(), true);
	printf("{}\n");
	journal_close(journal);
}

static void
judge(const char *folder)
{
	struct chain chain;
	struct err e = ERR_INIT;

	chain_init(&chain);
	if (chain_read(folder, NULL, &chain, &e) < 0 || !chain.is_final)
		give_up(e.kind ? e.message : chain.damage.message);
	printf("{\"records\":%lld,\"checkpoints\":%zu,\"bytes\":%zu,\"checkpoint_bytes\":%zu}\n",
	       (long long)chain.records, chain.checkpoints, chain.bytes, chain.checkpoint_bytes);
	chain_release(&chain);
}

int
main(int argc, char **argv)
{
	if (argc == 4 && str_equal(argv[1], "pairs"))
		pairs(argv[2], strtoul(argv[3], NULL, 10));
	else if (argc == 4 && str_equal(argv[1], "grow"))
		grow(argv[2], strtoll(argv[3], NULL, 10));
	else if (argc == 4 && str_equal(argv[1], "fill"))
		fill(argv[2], strtoll(argv[3], NULL, 10));
	else if (argc == 3 && str_equal(argv[1], "judge"))
		judge(argv[2]);
	else
		give_up("usage: journal pairs FOLDER PAIRS | grow FOLDER RECORDS | fill FOLDER "
			"RECORDS | "
			"judge FOLDER");
	return 0;
}
