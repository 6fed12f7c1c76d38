#include "config.h"

#include "run/state/record.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"

enum { RECORD_VERSION = 1 };

/* The record as its holders see it, with the count of them behind it. */
struct shared_record {
	struct record record;
	atomic_int holders;
};

static const char *const type_names[RECORD_TYPE_COUNT] = {
	[RECORD_RUN] = "run",
	[RECORD_RESUMED] = "resumed",
	[RECORD_PREFLIGHT] = "preflight",
	[RECORD_TARGET] = "target",
	[RECORD_EXPAND] = "expand",
	[RECORD_PLAN] = "plan",
	[RECORD_BLOCKED] = "blocked",
	[RECORD_INTENT] = "intent",
	[RECORD_EVIDENCE] = "evidence",
	[RECORD_ATTEMPT] = "attempt",
	[RECORD_PROMPT] = "prompt",
	[RECORD_ANSWER] = "answer",
	[RECORD_OUTCOME] = "outcome",
	[RECORD_PROBE] = "probe",
	[RECORD_SKIP] = "skip",
	[RECORD_GOTO] = "goto",
	[RECORD_KEPT] = "kept",
	[RECORD_IMPACT] = "impact",
	[RECORD_DRILL] = "drill",
	[RECORD_NOTE] = "note",
	[RECORD_CANCEL] = "cancel",
	[RECORD_STOP] = "stop",
	[RECORD_END] = "end",
};

static const bool durable_types[RECORD_TYPE_COUNT] = {
	[RECORD_RUN] = true,	 [RECORD_RESUMED] = true,  [RECORD_PREFLIGHT] = true,
	[RECORD_INTENT] = true,	 [RECORD_EVIDENCE] = true, [RECORD_ANSWER] = true,
	[RECORD_OUTCOME] = true, [RECORD_PROBE] = true,	   [RECORD_SKIP] = true,
	[RECORD_GOTO] = true,	 [RECORD_NOTE] = true,	   [RECORD_STOP] = true,
	[RECORD_END] = true,	 [RECORD_KEPT] = true,	   [RECORD_DRILL] = true,
};

static const char *const keys[] = { "v", "seq", "ts", "run", "type", "data", "prev" };

enum { KEYS_COUNT = sizeof(keys) / sizeof(keys[0]) };

static const char zeros[DIGEST_HEX_MAX] =
	"0000000000000000000000000000000000000000000000000000000000000000";

const char *
record_type_name(enum record_type type)
{
	return (unsigned)type < RECORD_TYPE_COUNT ? type_names[type] : "unknown";
}

enum record_type
record_type_from_name(const char *name)
{
	for (int i = 0; i < RECORD_TYPE_COUNT; i++)
		if (str_equal(type_names[i], name))
			return (enum record_type)i;
	return RECORD_TYPE_COUNT;
}

bool
record_type_is_durable(enum record_type type)
{
	return (unsigned)type < RECORD_TYPE_COUNT && durable_types[type];
}

static struct record *
record_alloc(void)
{
	struct shared_record *shared = xcalloc(1, sizeof(*shared));

	atomic_init(&shared->holders, 1);
	return &shared->record;
}

struct record *
record_ref(struct record *r)
{
	atomic_fetch_add(&((struct shared_record *)r)->holders, 1);
	return r;
}

void
record_free(struct record *r)
{
	if (!r || atomic_fetch_sub(&((struct shared_record *)r)->holders, 1) > 1)
		return;
	cJSON_Delete(r->data);
	free(r->run_id);
	free(r);
}

void
record_format(const struct record *r, struct str *out)
{
	char stamp[CLOCK_STAMP_MAX];

	str_printf(out,
		   "{\"v\":%d,\"seq\":%lld,\"ts\":\"%s\",\"run\":\"%s\",\"type\":\"%s\",\"data\":",
		   RECORD_VERSION, (long long)r->seq, clock_format_utc(r->ts_ms, stamp), r->run_id,
		   record_type_name(r->type));
	json_print_ascii(r->data, out);
	str_printf(out, ",\"prev\":\"%s\"}\n", r->prev);
}

struct record *
record_new(int64_t seq, int64_t ts_ms, const char *run_id, enum record_type type, cJSON *data,
	   const char *prev)
{
	struct record *r = record_alloc();
	struct str line = STR_INIT;

	r->seq = seq;
	r->ts_ms = ts_ms;
	r->run_id = xstrdup(run_id);
	r->type = type;
	r->data = data;
	memcpy(r->prev, prev ? prev : zeros, sizeof(r->prev));
	record_format(r, &line);
	digest_sha256(line.data, line.len, r->hash);
	str_release(&line);
	return r;
}

/* True when the object has exactly the keys of the format, in their order. */
static bool
keys_in_order(const cJSON *object)
{
	int i = 0;

	if (!cJSON_IsObject(object))
		return false;
	for (const cJSON *at = object->child; at; at = at->next, i++)
		if (i == KEYS_COUNT || strcmp(at->string, keys[i]) != 0)
			return false;
	return i == KEYS_COUNT;
}

/* Takes the members of a checked object into r. */
static int
take_members(struct record *r, cJSON *object, struct err *e)
{
	const char *stamp = json_string(object, "ts", "");
	const char *prev = json_string(object, "prev", "");
	const char *run_id = json_string(object, "run", "");

	r->seq = json_int(object, "seq", -1);
	r->type = record_type_from_name(json_string(object, "type", ""));
	if (json_int(object, "v", -1) != RECORD_VERSION)
		return err_set(e, ERR_SPEC, "it is of another version of the format");
	if (r->type == RECORD_TYPE_COUNT)
		return err_set(e, ERR_SPEC, "its type \"%s\" is unknown",
			       json_string(object, "type", ""));
	if (r->seq < 0 || clock_parse_utc(stamp, &r->ts_ms) < 0 ||
	    strlen(prev) != DIGEST_HEX_MAX - 1 || !*run_id ||
	    !cJSON_IsObject(json_at(object, "data")))
		return err_set(e, ERR_SPEC, "one of its members is not of the format");
	memcpy(r->prev, prev, sizeof(r->prev));
	r->run_id = xstrdup(run_id);
	r->data = cJSON_DetachItemFromObjectCaseSensitive(object, "data");
	return 0;
}

int
record_parse(const char *line, size_t len_bytes, struct record **ret_record, struct err *e)
{
	cJSON *object = json_parse(line, len_bytes, e);
	struct record *r = record_alloc();
	int rc = -1;

	if (!object)
		goto out;
	if (!keys_in_order(object)) {
		err_set(e, ERR_SPEC, "it has not the keys of a record in their order");
		goto out;
	}
	if (take_members(r, object, e) < 0)
		goto out;
	struct digest *digest = digest_new();
	digest_update(digest, line, len_bytes);
	digest_update(digest, "\n", 1);
	digest_finish(digest, r->hash);
	*ret_record = r;
	r = NULL;
	rc = 0;
out:
	record_free(r);
	cJSON_Delete(object);
	return rc;
}
