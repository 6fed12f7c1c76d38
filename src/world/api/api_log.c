#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/api/api.h"

/* GET of pods/NAME/log. Source: API reference, PodLogOptions; kubelet, validateContainerLogStatus. */

enum {
	BLOCK_BYTES = 16 * 1024,
	WAIT_MS = 3600 * 1000,
	NS_PER_MS = 1000000,
};

#define CENTURY_S INT64_C(3155760000) /* no line is older */

/* ---- the parameters ---- */

static int
refuse_option(struct refusal *r, const char *pod, const char *field, const char *message)
{
	return refuse_invalid(r, "", "PodLogOptions", pod, field, "%s", message);
}

/* A number that must be at least so much, where it is there. */
static int
read_number(const struct api_request *request, const char *name, int64_t least, int64_t *ret,
	    struct refusal *r)
{
	if (api_query_int(request, name, -1, ret, r) < 0)
		return -1;
	if (!api_query(request, name) || *ret >= least)
		return 0;
	char *why = xasprintf("Invalid value: %lld: must be greater than %s0", (long long)*ret,
			      least ? "" : "or equal to ");
	refuse_option(r, request->place.name, name, why);
	free(why);
	return -1;
}

static int
read_since(const struct api_request *request, struct podlog_query *query, struct refusal *r)
{
	const char *time = api_query(request, "sinceTime");
	int64_t seconds, at_ms = 0;

	if (read_number(request, "sinceSeconds", 1, &seconds, r) < 0)
		return -1;
	if (time && seconds > 0)
		return refuse_option(r, request->place.name, "[]",
				     "Forbidden: at most one of `sinceTime` or `sinceSeconds` may "
				     "be specified");
	if (time && clock_parse_utc(time, &at_ms) < 0)
		return refuse_bad_request(r,
					  "parsing time \"%s\" as "
					  "\"2006-01-02T15:04:05Z07:00\": cannot parse \"%s\"",
					  time, time);
	if (seconds > 0)
		at_ms = clock_wall_ms() - (seconds < CENTURY_S ? seconds : CENTURY_S) * 1000;
	if (at_ms > 0 && (time || seconds > 0))
		query->since_ns = at_ms < INT64_MAX / NS_PER_MS ? at_ms * NS_PER_MS : INT64_MAX;
	return 0;
}

static int
read_query(const struct api_request *request, struct podlog_query *query, struct refusal *r)
{
	*query = (struct podlog_query){
		.previous = api_query_bool(request, "previous"),
		.follow = api_query_bool(request, "follow"),
		.timestamps = api_query_bool(request, "timestamps"),
	};
	if (read_number(request, "tailLines", 0, &query->tail, r) < 0 ||
	    read_number(request, "limitBytes", 1, &query->limit_bytes, r) < 0)
		return -1;
	return read_since(request, query, r);
}

/* ---- the container ---- */

static const char *const container_lists[] = { "containers", "initContainers",
					       "ephemeralContainers" };

static bool
has_container(const cJSON *pod, const char *name)
{
	for (size_t i = 0; i < sizeof(container_lists) / sizeof(container_lists[0]); i++) {
		const cJSON *container;

		cJSON_ArrayForEach(container, cJSON_GetObjectItemCaseSensitive(json_at(pod, "spec"),
									       container_lists[i]))
			if (str_equal(json_string(container, "name", ""), name))
				return true;
	}
	return false;
}

static void
append_names(struct str *out, const cJSON *containers)
{
	const cJSON *container;

	str_append_char(out, '[');
	cJSON_ArrayForEach(container, containers)
		str_printf(out, "%s%s", container == containers->child ? "" : " ",
			   json_string(container, "name", ""));
	str_append_char(out, ']');
}

static int
refuse_choice(const cJSON *pod, struct refusal *r)
{
	const cJSON *init = json_at(pod, "spec/initContainers");
	struct str text = STR_INIT;

	str_printf(&text, "a container name must be specified for pod %s, choose one of: ",
		   json_string(pod, "metadata/name", ""));
	append_names(&text, json_at(pod, "spec/containers"));
	if (cJSON_GetArraySize(init)) {
		str_append(&text, " or one of the init containers: ");
		append_names(&text, init);
	}
	refuse_bad_request(r, "%s", str_cstr(&text));
	str_release(&text);
	return -1;
}

static int
choose_container(const struct api_request *request, const cJSON *pod, const char **ret,
		 struct refusal *r)
{
	const cJSON *containers = json_at(pod, "spec/containers");
	const char *name = api_query(request, "container");

	if (!name && (cJSON_GetArraySize(containers) != 1 ||
		      cJSON_GetArraySize(json_at(pod, "spec/initContainers"))))
		return refuse_choice(pod, r);
	if (!name)
		name = json_string(containers->child, "name", "");
	if (!has_container(pod, name))
		return refuse_bad_request(r, "container %s is not valid for pod %s", name,
					  request->place.name);
	*ret = name;
	return 0;
}

static const cJSON *
status_of(const cJSON *pod, const char *container)
{
	static const char *const lists[] = { "containerStatuses", "initContainerStatuses",
					     "ephemeralContainerStatuses" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const cJSON *status;

		cJSON_ArrayForEach(
			status, cJSON_GetObjectItemCaseSensitive(json_at(pod, "status"), lists[i]))
			if (str_equal(json_string(status, "name", ""), container))
				return status;
	}
	return NULL;
}

/* Why there are no lines, in the kubelet's words; 0: there just are none yet. */
static int
check_begun(const cJSON *pod, const char *container, bool previous, struct refusal *r)
{
	const char *name = json_string(pod, "metadata/name", "");
	const cJSON *status = status_of(pod, container);
	const cJSON *waiting = json_at(status, "state/waiting");

	if (previous && !json_at(status, "lastState/terminated"))
		return refuse_bad_request(
			r, "previous terminated container \"%s\" in pod \"%s\" not found",
			container, name);
	if (previous || json_at(status, "state/running") || json_at(status, "state/terminated") ||
	    json_at(status, "lastState/terminated"))
		return 0;
	const char *reason = json_string(waiting, "reason", "");
	if (waiting && (str_equal(reason, "ErrImagePull") || str_equal(reason, "ImagePullBackOff")))
		return refuse_bad_request(
			r,
			"container \"%s\" in pod \"%s\" is waiting to start: trying and failing to "
			"pull image",
			container, name);
	return refuse_bad_request(r, "container \"%s\" in pod \"%s\" is waiting to start: %s",
				  container, name, *reason ? reason : "ContainerCreating");
}

/* ---- the stream ---- */

struct reading {
	struct api_stream stream; /* first */
	struct podlog_reader *reader;
};

static int
reading_next(struct api_stream *stream, struct str *out)
{
	struct reading *reading = (struct reading *)stream;
	char *block = str_reserve(out, BLOCK_BYTES);
	long count = podlog_next(reading->reader, block, BLOCK_BYTES, WAIT_MS);

	if (count < 0)
		return -1;
	out->len += (size_t)count;
	return 0;
}

static void
reading_free(struct api_stream *stream)
{
	struct reading *reading = (struct reading *)stream;

	podlog_reader_free(reading->reader);
	free(reading);
}

static int
answer_log(struct api_request *request, const struct stored *pod, struct api_answer *answer,
	   struct refusal *r)
{
	struct podlogs *logs = request->cluster->logs;
	struct podlog_query query;
	const char *container = NULL;

	if (read_query(request, &query, r) < 0 ||
	    choose_container(request, pod->object, &container, r) < 0)
		return -1;
	answer->type = "text/plain";
	if (!*json_string(pod->object, "spec/nodeName", ""))
		return 0; /* it is nowhere yet: nothing is told, as the real one does */
	struct podlog_reader *reader = podlog_read(logs, pod->uid, container, &query);
	if (!reader && check_begun(pod->object, container, query.previous, r) < 0)
		return -1;
	if (!reader && query.follow && !query.previous) { /* it runs, and has said nothing yet */
		podlogs_restart(logs, pod->uid, container);
		reader = podlog_read(logs, pod->uid, container, &query);
	}
	if (!reader)
		return 0;
	struct reading *reading = xcalloc(1, sizeof(*reading));
	reading->stream = (struct api_stream){ .next = reading_next, .free = reading_free };
	reading->reader = reader;
	answer->stream = &reading->stream;
	return 0;
}

int
api_log(struct api_request *request, struct api_answer *answer, struct refusal *r)
{
	const struct api_place *place = &request->place;

	if (strcmp(request->method, "GET") != 0)
		return api_refuse_method(r);
	const struct stored *pod =
		store_get(request->cluster->store, place->kind, place->ns, place->name);
	if (!pod)
		return refuse_not_found(r, place->group, place->resource, place->name);
	int rc = answer_log(request, pod, answer, r);
	stored_drop(pod);
	return rc;
}
