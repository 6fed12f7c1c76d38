#include "config.h"

#include "world/part/part_asker.h"

#include <stdlib.h>

#include "base/cancel.h"
#include "base/json.h"
#include "base/queue.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/postgres/postgres.h"
#include "world/part/part_postgresql.h"

enum {
	WAITING_MAX = 64,
	CONNECT_MS = 3000,
	ANSWER_MS = 5000,
};

struct part_asker {
	struct parts *parts;
	struct queue *questions;
	struct cancel *cancel;
	bool started; /* the loop's thread sets it */
	pthread_t thread;
};

/* A question, and the answer on its way back to the loop. */
struct task {
	struct part_loop *loop;
	struct part_question question;
	char *body;
	struct err e;
};

static struct task end_of_tasks;

static void
deliver(void *data)
{
	struct task *task = data;

	task->question.answered(task->question.data, task->body, &task->e);
	free(task->question.database);
	free(task->question.of);
	free(task->question.query);
	free(task);
}

/* The first value of the first row: a text as it is, all else as JSON. */
static char *
first_value(const cJSON *result)
{
	const cJSON *row = json_at(result, "rows/0");
	const cJSON *value = row ? row->child : NULL;

	if (!value)
		return xstrdup("null");
	return cJSON_IsString(value) ? xstrdup(value->valuestring) : json_print(value);
}

static int
ask(const struct part_asker *asker, struct task *task)
{
	const struct part_question *q = &task->question;
	const struct part_database *db = part_database_find(asker->parts, q->database, &task->e);
	struct postgres *pg = NULL;
	cJSON *result = NULL;
	char *conninfo;
	int rc;

	if (!db)
		return -1;
	conninfo = xasprintf("host=%s port=%d user=" DATABASE_SUPERUSER " sslmode=disable",
			     db->address, part_firewall_port(db->back));
	const struct postgres_options options = { .conninfo = conninfo,
						  .database = q->of,
						  .password = db->password,
						  .connect_timeout_ms = CONNECT_MS,
						  .cancel = asker->cancel };
	rc = postgres_connect(&options, &pg, &task->e);
	if (rc == 0) {
		postgres_set_limit(pg, ANSWER_MS);
		rc = postgres_query(pg, q->query, NULL, 0, 1, asker->cancel, &result, &task->e);
	}
	if (rc == 0)
		task->body = first_value(result);
	cJSON_Delete(result);
	postgres_free(pg);
	free(conninfo);
	return rc;
}

static void *
run(void *data)
{
	struct part_asker *asker = data;
	struct task *task;

	while ((task = queue_pop(asker->questions, -1)) != &end_of_tasks) {
		ask(asker, task);
		part_loop_post(task->loop, deliver, task);
	}
	return NULL;
}

struct part_asker *
part_asker_new(struct parts *parts)
{
	struct part_asker *asker = xcalloc(1, sizeof(*asker));

	asker->parts = parts;
	asker->questions = queue_new();
	asker->cancel = cancel_new();
	return asker;
}

static void
give_up(void *data)
{
	struct task *task = data;

	if (task == &end_of_tasks)
		return;
	err_set(&task->e, ERR_CANCELLED, "the world ends");
	part_loop_post(task->loop, deliver, task);
}

void
part_asker_free(struct part_asker *asker)
{
	if (!asker)
		return;
	cancel_request(asker->cancel);
	if (asker->started) {
		queue_push(asker->questions, &end_of_tasks);
		pthread_join(asker->thread, NULL);
	}
	queue_free(asker->questions, give_up);
	cancel_free(asker->cancel);
	free(asker);
}

int
part_asker_ask(struct part_asker *asker, const struct part_question *question)
{
	struct task *task;

	if (queue_len(asker->questions) >= WAITING_MAX)
		return -1;
	if (!asker->started && pthread_create(&asker->thread, NULL, run, asker) != 0)
		return -1;
	asker->started = true;
	task = xcalloc(1, sizeof(*task));
	task->loop = asker->parts->loop;
	task->question = *question;
	queue_push(asker->questions, task);
	return 0;
}
