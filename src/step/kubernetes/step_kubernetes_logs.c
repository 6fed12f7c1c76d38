#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "kube/log_cursor.h"
#include "kube/logs.h"
#include "step/kubernetes/step_kubernetes.h"
#include "step/steps.h"

enum {
	MAX_SOURCES = 64,
	MAX_LINES = 1000, /* of the result; count tells of all */
	MAX_BYTES = 256 << 10,
	LOOK_AGAIN_MS = 1000,
};

static const struct field fields[] = {
	{ .name = "pod",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The pod; either this or `selector` is needed." },
	{ .name = "selector",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "A label selector: the logs of all pods that it matches." },
	{ .name = "container",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Only the container of this name; all of them if not given." },
	{ .name = "namespace",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Where the pods are; the target's namespace if not given." },
	{ .name = "tail",
	  .type = FIELD_INT,
	  .otherwise = "100",
	  .help = "How many of the last lines of each container to begin with." },
	{ .name = "since",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .help = "Only lines that are younger than this." },
	{ .name = "contains",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "A text that a line must contain; without such a line the step fails." },
	{ .name = "absent",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "A text that no line may contain; a line with it fails the step." },
	{ .name = "follow_until",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Follow the logs until a line contains this text." },
	{ .name = "timeout",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "5m",
	  .help = "How long to follow at most." },
	{ .name = NULL },
};

/* One container's log. */
struct source {
	char *pod, *uid, *container;
	char *origin; /* "pod/container" */
	struct log_cursor cursor;
	bool begun;
};

/* One reading, while it lasts. */
struct reading {
	struct kube_step s;
	const char *pod;				   /* or NULL: a selector */
	const char *container, *contains, *absent, *until; /* or NULL */
	int64_t tail;
	char since[CLOCK_STAMP_MAX]; /* "": from the beginning */
	struct source *sources;
	size_t count, cap;
	struct source *current;
	struct str scratch;
	cJSON *lines; /* the last ones, sanitised */
	int kept;
	size_t kept_bytes;
	int64_t total;
	char *matched;	   /* the line with `follow_until`, or else `contains` */
	char *forbidden;   /* the line that holds `absent` */
	bool has_contents; /* a line contained `contains` */
	bool answered;	   /* at least one log could be read */
};

static const char *
text_field(const struct action *action, const char *name)
{
	const char *text = json_string(action->with, name, NULL);

	return text && *text ? text : NULL;
}

static int
check_fields(const struct action *action, struct err *e)
{
	const char *pod = json_string(action->with, "pod", NULL);
	const char *selector = json_string(action->with, "selector", NULL);

	if (!pod == !selector)
		return err_set(e, ERR_SPEC, "kubernetes.logs needs either `pod` or `selector`");
	if (pod && kube_step_check_name(pod, e) < 0)
		return err_wrap(e, "kubernetes.logs");
	return 0;
}

static int
reading_init(struct reading *r, struct step_context *ctx, const struct action *action,
	     struct err *e)
{
	int64_t since_ms = json_int(action->with, "since", 0);

	*r = (struct reading){
		.pod = text_field(action, "pod"),
		.container = text_field(action, "container"),
		.contains = text_field(action, "contains"),
		.absent = text_field(action, "absent"),
		.until = text_field(action, "follow_until"),
		.tail = json_int(action->with, "tail", 100),
	};
	if (check_fields(action, e) < 0 || kube_step_init(&r->s, ctx, action, e) < 0)
		return -1;
	if (kube_resource_find(r->s.client, "pods", ctx->cancel, &r->s.resource, e) < 0)
		return err_wrap(e, "kubernetes.logs on %s", r->s.context);
	if (since_ms > 0)
		clock_format_utc(clock_wall_ms() - since_ms, r->since);
	r->lines = cJSON_CreateArray();
	return 0;
}

static void
reading_release(struct reading *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->sources[i].pod);
		free(r->sources[i].uid);
		free(r->sources[i].container);
		free(r->sources[i].origin);
	}
	free(r->sources);
	str_release(&r->scratch);
	cJSON_Delete(r->lines);
	free(r->matched);
	free(r->forbidden);
	kube_step_release(&r->s);
}

static bool
is_known(const struct reading *r, const char *uid, const char *container)
{
	for (size_t i = 0; i < r->count; i++)
		if (str_equal(r->sources[i].uid, uid) &&
		    str_equal(r->sources[i].container, container))
			return true;
	return false;
}

/* Adds those of a pod's containers that are wanted and new. Returns -1 when there are too many. */
static int
add_sources(struct reading *r, const cJSON *pod, const char *list, struct err *e)
{
	const char *name = json_string(pod, "metadata/name", "");
	const char *uid = json_string(pod, "metadata/uid", "");
	const cJSON *c;

	cJSON_ArrayForEach(c, json_at(pod, list)) {
		const char *container = json_string(c, "name", "");

		if ((r->container && !str_equal(r->container, container)) ||
		    is_known(r, uid, container))
			continue;
		if (r->count == MAX_SOURCES) {
			err_set(e, ERR_SPEC, "more than %d containers match. Narrow the selector",
				MAX_SOURCES);
			return kube_step_failed(&r->s, NULL, e);
		}
		*VEC_PUSH(r->sources, r->count, r->cap) = (struct source){
			.pod = xstrdup(name),
			.uid = xstrdup(uid),
			.container = xstrdup(container),
			.origin = xasprintf("%s/%s", name, container),
		};
	}
	return 0;
}

/* Looks which pods there are. */
static int
find_sources(struct reading *r, struct err *e)
{
	struct kube_step_list list = { NULL, NULL, NULL, false };
	const cJSON *pod;
	int rc = 0;

	if (kube_step_fetch(&r->s, r->pod, KUBE_STEP_OBJECTS, &list, e) < 0)
		return -1;
	cJSON_ArrayForEach(pod, list.items) {
		if (rc == 0)
			rc = add_sources(r, pod, "spec/containers", e);
		if (rc == 0 && r->container)
			rc = add_sources(r, pod, "spec/initContainers", e);
	}
	kube_step_list_release(&list);
	return rc;
}

static void
keep_line(struct reading *r, const char *text)
{
	r->total++;
	cJSON_AddItemToArray(r->lines, cJSON_CreateString(text));
	r->kept++;
	r->kept_bytes += strlen(text);
	while (r->kept > MAX_LINES || (r->kept > 1 && r->kept_bytes > MAX_BYTES)) {
		cJSON *oldest = cJSON_DetachItemFromArray(r->lines, 0);

		r->kept--;
		r->kept_bytes -= strlen(oldest->valuestring);
		cJSON_Delete(oldest);
	}
}

static void
judge_line(struct reading *r, const char *text)
{
	bool contained = r->contains && strstr(text, r->contains);

	if (contained)
		r->has_contents = true;
	if (!r->matched && (r->until ? strstr(text, r->until) != NULL : contained))
		r->matched = xstrdup(text);
	if (r->absent && !r->forbidden && strstr(text, r->absent))
		r->forbidden = xstrdup(text);
}

static bool
on_line(void *data, const char *stamp, const char *text, size_t len)
{
	struct reading *r = data;
	struct step_context *ctx = r->s.ctx;

	if (!log_cursor_take(&r->current->cursor, stamp))
		return true;
	ctx->output(ctx, r->current->origin, strlen(r->current->origin));
	ctx->output(ctx, ": ", 2);
	ctx->output(ctx, text, len);
	ctx->output(ctx, "\n", 1);
	str_clear(&r->scratch);
	text_sanitise(text, len, TEXT_DROP_SGR, &r->scratch);
	judge_line(r, str_cstr(&r->scratch));
	keep_line(r, str_cstr(&r->scratch));
	return !r->until || (!r->matched && !r->forbidden);
}

/* Reads what is new of one container's log. */
static int
read_source(struct reading *r, struct source *source, struct err *e)
{
	struct kube_logs_options options = {
		.ns = r->s.ns,
		.pod = source->pod,
		.container = source->container,
		.tail_lines = source->begun ? -1 : r->tail,
		.since_time = r->since[0] ? r->since : NULL,
	};

	if (log_cursor_since(&source->cursor))
		options.since_time = log_cursor_since(&source->cursor);
	r->current = source;
	log_cursor_restart(&source->cursor);
	if (kube_logs(r->s.client, &options, on_line, r, r->s.ctx->cancel, e) < 0)
		return kube_step_failed(&r->s, source->pod, e);
	source->begun = true;
	r->answered = true;
	return 0;
}

static void
say(struct reading *r, const char *text)
{
	r->s.ctx->output(r->s.ctx, text, strlen(text));
	r->s.ctx->output(r->s.ctx, "\n", 1);
}

/*
 * One round over all containers. One that has not started, or has gone, does not end the round: the
 * last such error is left in *ret_why. -1: an error that another round would meet again.
 */
static int
read_round(struct reading *r, struct err *ret_why, struct err *e)
{
	for (size_t i = 0; i < r->count; i++) {
		struct err why = ERR_INIT;

		if (r->until && (r->matched || r->forbidden))
			break;
		if (read_source(r, &r->sources[i], &why) == 0)
			continue;
		if (!kube_step_transient(&why) && why.kind != ERR_NOT_FOUND)
			return err_set(e, why.kind, "%s", why.message);
		if (!r->until)
			say(r, why.message);
		*ret_why = why;
	}
	return 0;
}

static int
read_once(struct reading *r, struct err *e)
{
	struct err why = ERR_INIT;

	if (find_sources(r, e) < 0)
		return -1;
	if (!r->count) {
		err_set(e, ERR_NOT_FOUND, "there is no such %s%s",
			r->container ? "container: " : "pod", r->container ? r->container : "");
		return kube_step_failed(&r->s, r->pod, e);
	}
	if (read_round(r, &why, e) < 0)
		return -1;
	return r->answered ? 0 : err_set(e, why.kind, "%s", why.message);
}

static int
give_up(struct reading *r, const struct err *why, struct err *e)
{
	const cJSON *line = cJSON_GetArrayItem(r->lines, r->kept - 1);

	err_set(e, ERR_TIMEOUT,
		"no line contained \"%s\" in time; %lld lines were read. Last seen: %s", r->until,
		(long long)r->total,
		line	    ? line->valuestring
		: why->kind ? why->message
			    : "nothing");
	return kube_step_failed(&r->s, r->pod, e);
}

/*
 * Reads again and again what is new. Unlike an open stream that outlives restarts, rotation and new
 * pods, and needs no thread for each container.
 */
static int
follow(struct reading *r, struct err *e)
{
	struct step_context *ctx = r->s.ctx;
	int64_t deadline_ms =
		clock_mono_ms() + json_int(r->s.action->with, "timeout", 5 * 60 * 1000);

	if (ctx->deadline_ms < deadline_ms)
		deadline_ms = ctx->deadline_ms;
	for (;;) {
		struct err why = ERR_INIT;

		if (find_sources(r, &why) < 0 && !kube_step_transient(&why) &&
		    why.kind != ERR_NOT_FOUND)
			return err_set(e, why.kind, "%s", why.message);
		if (read_round(r, &why, e) < 0)
			return -1;
		if (r->matched || r->forbidden)
			return 0;
		if (clock_mono_ms() >= deadline_ms)
			return give_up(r, &why, e);
		ctx->progress(ctx, "%zu containers, %lld lines; waiting for \"%s\"", r->count,
			      (long long)r->total, r->until);
		if (cancel_sleep(ctx->cancel, LOOK_AGAIN_MS))
			return err_set(e, ERR_CANCELLED, "kubernetes.logs: cancelled");
	}
}

static int
judge(const struct reading *r, struct err *e)
{
	if (r->forbidden)
		err_set(e, ERR_CHECK, "a line contains \"%s\": %s", r->absent, r->forbidden);
	else if (r->contains && !r->has_contents)
		err_set(e, ERR_CHECK, "none of %lld lines contains \"%s\"", (long long)r->total,
			r->contains);
	else
		return 0;
	return kube_step_failed(&r->s, r->pod, e);
}

static cJSON *
make_result(struct reading *r)
{
	cJSON *result = cJSON_CreateObject();

	json_add(result, "lines", r->lines);
	r->lines = NULL;
	json_add_int(result, "count", r->total);
	json_add_string(result, "matched", r->matched);
	return result;
}

static int
logs_run(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	struct reading r;
	int rc = reading_init(&r, ctx, action, e);

	if (rc == 0)
		rc = r.until ? follow(&r, e) : read_once(&r, e);
	if (rc == 0)
		rc = judge(&r, e);
	if (rc == 0)
		*ret_result = make_result(&r);
	reading_release(&r);
	return rc;
}

static void
preview_source(const struct reading *r, const struct source *source, struct preview *preview)
{
	char *path = kube_resource_path(&r->s.resource, r->s.ns, source->pod);

	preview_add(preview, PREVIEW_REQUEST,
		    "GET %s/log?container=%s&timestamps=true&tailLines=%lld", path,
		    source->container, (long long)r->tail);
	free(path);
}

static int
logs_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
	     struct err *e)
{
	struct err why = ERR_INIT;
	struct reading r;
	char *place;
	int rc = reading_init(&r, ctx, action, e);

	if (rc == 0) {
		place = kube_step_place(&r.s);
		preview_add(preview, PREVIEW_TEXT, "Reads logs in %s%s%s:", place,
			    r.until ? " until a line contains " : "", r.until ? r.until : "");
		free(place);
		rc = find_sources(&r, &why);
		for (size_t i = 0; i < r.count; i++)
			preview_source(&r, &r.sources[i], preview);
		if (!r.count && (rc == 0 || why.kind == ERR_NOT_FOUND)) {
			preview_add(preview, PREVIEW_WARNING, "No such pod is there yet.");
			rc = 0;
		}
		if (rc < 0)
			err_set(e, why.kind, "%s", why.message);
	}
	reading_release(&r);
	return rc;
}

static int
logs_permissions(struct step_context *ctx, const struct action *action,
		 struct permission_list *list, struct err *e)
{
	struct kube_step s;
	const char *pod = json_string(action->with, "pod", NULL);

	if (check_fields(action, e) < 0 || kube_step_init(&s, ctx, action, e) < 0)
		return -1;
	permission_add(list, pod ? "get" : "list", "", "pods", NULL, pod, s.ns);
	permission_add(list, "get", "", "pods", "log", pod, s.ns);
	kube_step_release(&s);
	return 0;
}

const struct executor step_kubernetes_logs = {
	.type = {
		.uses = "kubernetes.logs",
		.summary = "Read the logs of pods, or follow them until a text appears",
		.target_kinds = TARGET_KUBERNETES,
		.target_required = true,
		.effect = EFFECT_READS,
		.fields = fields,
		.result = "{\"lines\": [the last 1000], \"count\": N, \"matched\": LINE or null}",
	},
	.permissions = logs_permissions,
	.preview = logs_preview,
	.run = logs_run,
};
