#ifndef LIFEBOAT_REPORT_VERIFY_H
#define LIFEBOAT_REPORT_VERIFY_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "run/journal/chain.h"

/* How far the record of a run can be trusted. There is no plain "OK": an unfinished journal never gets one. */
enum verify_verdict {
	VERIFY_FINAL,	/* the run ended, and every byte of its folder is what was sealed then */
	VERIFY_SEALED,	/* sound up to a checkpoint; the run has no sealed end (yet) */
	VERIFY_CORRUPT, /* not what was sealed */
};

struct verify_options {
	const struct note_key *const
		*trusted;  /* operator keys, NULL-terminated; NULL: none was named */
	bool only_trusted; /* a run whose first key none of them vouches for counts as not sealed */
	const char *
		head; /* the hash of a record that must be there, or its first 12 digits or more; or NULL */
};

enum { VERIFY_HEAD_MIN = 12 }; /* digits: fewer could be met by chance, or by trying */

struct verification {
	enum verify_verdict verdict;
	struct chain chain;
	cJSON *run; /* the data of the first record; NULL: there is none */
	size_t vouched; /* keys of the chain that count: all, or those before one that nobody vouches for */
	size_t outputs; /* files of out/ that are what their records say */
	struct str
		notes; /* lines on what the verdict does not cover: keys that nobody vouches for, records that
			   * no checkpoint covers, bytes that were put aside */
};

/*
 * Judges a run's folder: chain, seals, certificates, runbook.yaml, out/ and what was put aside. Where the first key of a
 * run is certified, each later one must be so by the same operator or by a trusted one; from the first that is not,
 * nothing counts as sealed (*ret_verification has the chain so shortened). Errors: ERR_NOT_FOUND, ERR_IO.
 */
int verify_run(const char *folder, const struct verify_options *options,
	       struct verification *ret_verification, struct err *e);
void verification_release(struct verification *v);

/* Whether the key is certified by one of these operator keys. */
bool verify_is_trusted(const struct verify_options *options, const struct chain_key *key);

/*
 * "final: 12 records, sealed by lifeboat/…/1, certified by ana@db1", "sealed to record 8: …", "corrupt at record
 * 5: its prev is not the hash of the record before it". One line without its LF, appended to out.
 */
void verification_sentence(const struct verification *v, struct str *out);

/* The script that comes to the same verdict without us: verify.sh of a run's folder. */
extern const char verify_script[];

#endif
