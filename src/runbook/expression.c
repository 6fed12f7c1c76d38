#include "config.h"

#include "runbook/expression.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/libexec.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "runbook/expression_child.h"
#include "runbook/expression_path.h"
#include "runbook/expression_scan.h"

enum {
	EVAL_DEFAULT_MS = 2000,
	CHECK_MS = 10000, /* for one compilation of lint, on a loaded machine */
	QUOTED_MAX = 100, /* bytes of an expression that a message quotes */
};

struct expressions {
	struct expression_set set; /* never changes while a child runs */
	bool refused; /* one of the texts did not pass the scan, and is not in the set */
	pthread_mutex_t lock;
	pthread_cond_t idle;
	bool busy; /* a thread owns the child */
	struct expression_child child;
};

/* Plain paths need no jq; what the scan refuses must not come near the common program. True: none was refused. */
static bool
set_fill(struct expression_set *set, const char *const *texts, size_t count)
{
	char **kept = xcalloc(count + 1, sizeof(*kept));
	bool passed = true;

	for (size_t i = 0; i < count; i++) {
		if (expression_is_path(texts[i]))
			continue;
		if (expression_scan(texts[i], NULL) == 0)
			kept[set->count++] = xstrdup(texts[i]);
		else
			passed = false;
	}
	set->texts = (const char *const *)kept;
	set->combine = true;
	return passed;
}

static void
set_release(struct expression_set *set)
{
	char **texts = (char **)(uintptr_t)set->texts;

	for (size_t i = 0; i < set->count; i++)
		free(texts[i]);
	free(texts);
}

struct expressions *
expressions_new(const char *const *texts, size_t count)
{
	struct expressions *x = xcalloc(1, sizeof(*x));
	pthread_condattr_t attr;

	x->refused = !set_fill(&x->set, texts, count);
	pthread_mutex_init(&x->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&x->idle, &attr);
	pthread_condattr_destroy(&attr);
	x->child = (struct expression_child)EXPRESSION_CHILD_INIT;
	return x;
}

void
expressions_start(struct expressions *x)
{
	if (x->set.count > 0 && x->child.pid == 0)
		expression_child_start(&x->child, &x->set, NULL);
}

void
expressions_free(struct expressions *x)
{
	if (!x)
		return;
	expression_child_stop(&x->child);
	pthread_cond_destroy(&x->idle);
	pthread_mutex_destroy(&x->lock);
	set_release(&x->set);
	free(x);
}

int
expressions_find_program(const struct expressions *x, struct err *e)
{
	if (x->set.count == 0)
		return 0;
	char *path = libexec_find(EXPRESSION_PROGRAM, e);
	int rc = path ? 0 : -1;
	free(path);
	return rc;
}

/* Makes the child this thread's alone; false when others kept it beyond the deadline. */
static bool
acquire(struct expressions *x, int64_t deadline_ms)
{
	struct timespec until = { deadline_ms / 1000, deadline_ms % 1000 * 1000000 };
	bool got;

	pthread_mutex_lock(&x->lock);
	while (x->busy && clock_mono_ms() < deadline_ms)
		pthread_cond_timedwait(&x->idle, &x->lock, &until);
	got = !x->busy;
	if (got)
		x->busy = true;
	pthread_mutex_unlock(&x->lock);
	return got;
}

static void
release(struct expressions *x)
{
	pthread_mutex_lock(&x->lock);
	x->busy = false;
	pthread_cond_signal(&x->idle);
	pthread_mutex_unlock(&x->lock);
}

bool
expressions_are_sound(struct expressions *x, int64_t timeout_ms)
{
	int64_t deadline_ms = clock_mono_ms() + timeout_ms;
	bool is_sound = !x->refused;

	if (!is_sound || x->set.count == 0)
		return is_sound;
	if (!acquire(x, deadline_ms))
		return false;
	expressions_start(x);
	is_sound = expression_child_await(&x->child, deadline_ms) && x->child.sound;
	release(x);
	return is_sound;
}

static void
append_json(struct str *out, const cJSON *value)
{
	char *text = value ? json_print(value) : xstrdup("null");

	str_append(out, text);
	explicit_bzero(text, strlen(text)); /* the context may hold secrets */
	free(text);
}

static void
append_json_string(struct str *out, const char *text)
{
	cJSON *value = cJSON_CreateString(text);

	append_json(out, value);
	cJSON_Delete(value);
}

static int
build_request(struct str *request, const char *text, const cJSON *input, const cJSON *context,
	      struct err *e)
{
	str_append(request, "{\"text\":");
	append_json_string(request, text);
	str_append(request, ",\"input\":");
	append_json(request, input);
	str_append(request, ",\"context\":");
	append_json(request, context);
	str_append(request, "}");
	if (request->len > FRAME_MAX_BYTES)
		return err_set(e, ERR_SPEC, "its input is larger than %d MiB",
			       FRAME_MAX_BYTES >> 20);
	return 0;
}

/* Turns a child's last outcome into a result or an error. */
static int
conclude(const struct expressions *x, enum child_outcome outcome, const struct str *answer,
	 int64_t timeout_ms, cJSON **ret_value, struct err *e)
{
	cJSON *value;

	switch (outcome) {
	case CHILD_VALUE:
		value = json_parse(answer->data, answer->len, e);
		if (!value)
			return err_wrap(e, "the result of jq");
		*ret_value = value;
		return 0;
	case CHILD_ERROR:
		return err_set(e, ERR_SPEC, "%s", str_cstr(answer));
	case CHILD_LATE:
		if (x->child.pid != 0)
			return err_set(e, ERR_TIMEOUT,
				       "the runbook's expressions are still being compiled "
				       "after %lld ms",
				       (long long)timeout_ms);
		return err_set(e, ERR_TIMEOUT, "no result after %lld ms; it may never end",
			       (long long)timeout_ms);
	case CHILD_DIED:
	case CHILD_STILLBORN:
		break;
	}
	return err_set(e, ERR_INTERNAL,
		       "the process that runs jq %s, twice; "
		       "write the expression in another way",
		       str_cstr(answer));
}

/*
 * Asks the child, starting it where there is none. One that died may have been ended from outside
 * or by what it did before, so the request is made once more, of a new one. Where it died before it
 * was ready, the common program is at fault, and each expression gets its own from then on.
 */
static int
ask_child(struct expressions *x, const struct str *request, int64_t deadline_ms, int64_t timeout_ms,
	  cJSON **ret_value, struct err *e)
{
	enum child_outcome outcome = CHILD_DIED;
	struct str answer = STR_INIT;
	int rc = -1;

	for (int attempt = 0; attempt < 2 && outcome >= CHILD_DIED; attempt++) {
		if (x->child.pid == 0 && expression_child_start(&x->child, &x->set, e) < 0)
			goto out;
		outcome = expression_child_call(&x->child, FRAME_EVALUATE, request, deadline_ms,
						&answer);
		if (outcome == CHILD_STILLBORN)
			x->set.combine = false;
	}
	rc = conclude(x, outcome, &answer, timeout_ms, ret_value, e);
out:
	str_release_secret(&answer);
	return rc;
}

static int
eval_jq(struct expressions *x, const char *text, const cJSON *input, const cJSON *context,
	int64_t timeout_ms, cJSON **ret_value, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + timeout_ms;
	struct str request = STR_INIT;
	int rc = -1;

	if (build_request(&request, text, input, context, e) < 0)
		goto out;
	if (!acquire(x, deadline_ms)) {
		err_set(e, ERR_TIMEOUT, "other expressions kept jq busy for %lld ms",
			(long long)timeout_ms);
		goto out;
	}
	rc = ask_child(x, &request, deadline_ms, timeout_ms, ret_value, e);
	release(x);
out:
	str_release_secret(&request);
	return rc;
}

struct unknown_check {
	const cJSON *context;
	struct err *e;
	bool failed;
};

static void
check_known(void *data, const char *name, size_t offset)
{
	struct unknown_check *check = data;
	struct str known = STR_INIT;
	const cJSON *item;

	(void)offset;
	if (check->failed || cJSON_GetObjectItemCaseSensitive(check->context, name))
		return;
	cJSON_ArrayForEach(item, check->context)
		str_printf(&known, "%s$%s", known.len ? ", " : "", item->string);
	err_set(check->e, ERR_SPEC, "$%s is not known here; known are: %s", name,
		known.len ? str_cstr(&known) : "none");
	check->failed = true;
	str_release(&known);
}

static int
eval(struct expressions *x, const char *text, const cJSON *input, const cJSON *context,
     int64_t timeout_ms, cJSON **ret_value, struct err *e)
{
	struct unknown_check check = { context, e, false };
	struct err problem = ERR_INIT;
	const cJSON *found = NULL;

	if (expression_path_eval(text, input, context, &found, &problem)) {
		if (problem.kind != ERR_NONE)
			return err_set(e, problem.kind, "%s", problem.message);
		*ret_value = found ? cJSON_Duplicate(found, true) : cJSON_CreateNull();
		return 0;
	}
	if (expression_scan(text, e) < 0)
		return -1;
	expression_variables(text, check_known, &check);
	if (check.failed)
		return -1;
	return eval_jq(x, text, input, context, timeout_ms, ret_value, e);
}

int
expressions_eval(struct expressions *x, const char *text, const cJSON *input, const cJSON *context,
		 int64_t timeout_ms, cJSON **ret_value, struct err *e)
{
	if (eval(x, text, input, context, timeout_ms > 0 ? timeout_ms : EVAL_DEFAULT_MS, ret_value,
		 e) == 0)
		return 0;
	size_t len = text_whole(text, strlen(text), QUOTED_MAX);
	return err_wrap(e, "expression %.*s%s", (int)len, text, text[len] ? "…" : "");
}

/* The expressions that lint asks about, and what came out. */
struct check {
	const char **texts;
	char ***errors; /* where each one's message goes */
	size_t count;
	struct expression_child child;
};

static int
check_call(struct check *check, size_t first, size_t count, enum child_outcome *ret_outcome,
	   struct str *answer, struct err *e)
{
	static const struct expression_set nothing = { NULL, 0, false };
	struct str list = STR_INIT;

	if (check->child.pid == 0 && expression_child_start(&check->child, &nothing, e) < 0)
		return -1;
	expression_list_append(&list, check->texts + first, count);
	*ret_outcome = expression_child_call(&check->child, FRAME_COMPILE, &list,
					     clock_mono_ms() + CHECK_MS, answer);
	str_release(&list);
	return 0;
}

static char *
check_message(enum child_outcome outcome, const struct str *answer)
{
	if (outcome == CHILD_ERROR)
		return xstrdup(str_cstr(answer));
	if (outcome == CHILD_LATE)
		return xasprintf("jq could not compile it within %d s", CHECK_MS / 1000);
	return xasprintf("jq cannot compile it: its process %s", str_cstr(answer));
}

/*
 * Compiles a range together, and where that fails, each half of it: good ones, the rule, cost one
 * compilation for all, and a bad one among n costs about 2 log n.
 */
static int
check_range(struct check *check, size_t first, size_t count, struct err *e)
{
	struct str answer = STR_INIT;
	enum child_outcome outcome;
	int rc = -1;

	if (check_call(check, first, count, &outcome, &answer, e) < 0)
		goto out;
	if (outcome == CHILD_VALUE)
		rc = 0;
	else if (count == 1) {
		*check->errors[first] = check_message(outcome, &answer);
		rc = 0;
	} else if (check_range(check, first, count / 2, e) == 0) {
		rc = check_range(check, first + count / 2, count - count / 2, e);
	}
out:
	str_release(&answer);
	return rc;
}

int
expressions_check(const char *const *texts, size_t count, char **errors, struct err *e)
{
	struct check check = {
		.texts = xcalloc(count + 1, sizeof(*check.texts)),
		.errors = xcalloc(count + 1, sizeof(*check.errors)),
		.child = EXPRESSION_CHILD_INIT,
	};
	int rc = 0;

	for (size_t i = 0; i < count; i++) {
		struct err problem = ERR_INIT;

		errors[i] = NULL;
		if (expression_is_path(texts[i]))
			continue;
		if (expression_scan(texts[i], &problem) < 0) {
			errors[i] = xstrdup(problem.message);
			continue;
		}
		check.texts[check.count] = texts[i];
		check.errors[check.count++] = &errors[i];
	}
	if (check.count > 0)
		rc = check_range(&check, 0, check.count, e);
	for (size_t i = 0; rc < 0 && i < count; i++) {
		free(errors[i]);
		errors[i] = NULL;
	}
	expression_child_stop(&check.child);
	free(check.texts);
	free(check.errors);
	return rc;
}
