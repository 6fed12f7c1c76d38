#include "config.h"

#include "cli/form_desk.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "cli/form_job.h"
#include "cli/form_picks.h"
#include "cli/secret_source.h"

/* A secret that a cluster is asked for. */
struct reading {
	size_t index;
	const struct param *param;
	char *place;
	struct secrets *secrets;
	cJSON *value;
	struct err problem;
};

struct form_desk {
	struct form_owner owner;
	const struct runbook *rb;
	struct expressions *x;
	struct secrets *secrets;
	cJSON *params;
	struct form_values *values;
	struct str name;      /* what a list is called */
	struct form_job *job; /* or NULL; then one of the next two is its own */
	struct pick_request *asking;
	struct reading *reading;
	struct pick_request *picked; /* the list that was fetched last */
};

/* ---- lists ---- */

static void
free_request(struct pick_request *request)
{
	if (!request)
		return;
	pick_request_release(request);
	free(request);
}

static void
work_on_list(void *data, const struct cancel *cancel)
{
	pick_request_run(data, cancel);
}

static const char *
picks_name(void *data, size_t index)
{
	struct form_desk *desk = data;
	const struct param *param = &desk->rb->params[index];
	const struct target_spec *target = NULL;

	switch (pick_kind_of(desk->rb, param, &target)) {
	case PICK_CONTEXTS:
		return "Contexts of the kubeconfig";
	case PICK_NAMESPACES:
		str_clear(&desk->name);
		str_printf(&desk->name, "Namespaces of the target %s", target->name);
		return str_cstr(&desk->name);
	case PICK_NONE:
		break;
	}
	return NULL;
}

/* ---- what goes on in the background ---- */

static void
free_reading(struct reading *reading)
{
	free(reading->place);
	free(reading);
}

static void
end_reading(struct form_desk *desk, bool done)
{
	struct reading *reading = desk->reading;

	desk->reading = NULL;
	if (!done && !reading->value)
		err_set(&reading->problem, ERR_CANCELLED, "reading it was given up");
	form_values_take_secret(desk->values, reading->index, reading->value, reading->place,
				&reading->problem);
	free_reading(reading);
}

static void
end_job(struct form_desk *desk)
{
	bool done = form_job_end(desk->job);

	desk->job = NULL;
	if (desk->reading)
		end_reading(desk, done);
	if (desk->asking && done) {
		free_request(desk->picked);
		desk->picked = desk->asking;
	} else {
		free_request(desk->asking);
	}
	desk->asking = NULL;
}

static void
stop(void *data)
{
	struct form_desk *desk = data;

	if (desk->job)
		end_job(desk);
}

static int
background_fd(void *data)
{
	const struct form_desk *desk = data;

	return desk->job ? form_job_fd(desk->job) : -1;
}

static void
take(void *data)
{
	stop(data); /* it is done */
}

static void
picks_begin(void *data, size_t index)
{
	struct form_desk *desk = data;
	struct pick_request *request = xcalloc(1, sizeof(*request));
	const struct param *param = &desk->rb->params[index];
	struct err problem = ERR_INIT;

	stop(desk);
	free_request(desk->picked);
	desk->picked = NULL;
	if (pick_request_init(request, desk->rb, desk->x, desk->params, param, desk->secrets,
			      &problem) < 0)
		request->problem = problem;
	else if (request->kind == PICK_CONTEXTS)
		pick_request_run(request, NULL);
	if (request->kind != PICK_NAMESPACES || request->problem.kind != ERR_NONE) {
		desk->picked = request;
		return;
	}
	desk->asking = request;
	desk->job = form_job_start(work_on_list, request);
}

static void
picks(void *data, struct form_picks *ret_picks)
{
	const struct form_desk *desk = data;
	const struct pick_request *picked = desk->picked;

	*ret_picks = (struct form_picks){ .is_waiting = !picked };
	if (!picked)
		return;
	ret_picks->problem = picked->problem.kind != ERR_NONE ? picked->problem.message : NULL;
	ret_picks->remark = picked->remark;
	ret_picks->items = (const char *const *)picked->items;
	ret_picks->count = picked->count;
}

/* ---- values ---- */

static void
value(void *data, size_t index, struct form_value *ret_value)
{
	const struct form_desk *desk = data;

	form_values_get(desk->values, index, ret_value);
	ret_value->is_pending = desk->reading && desk->reading->index == index;
	if (ret_value->is_pending) {
		ret_value->place = desk->reading->place;
		ret_value->problem = NULL;
		ret_value->hidden = 0;
	}
}

static void
work_on_secret(void *data, const struct cancel *cancel)
{
	struct reading *reading = data;

	if (secret_source_load(reading->param, reading->place, reading->secrets, cancel,
			       &reading->value, &reading->problem) < 0)
		reading->value = NULL;
}

static void
read_secret(struct form_desk *desk, size_t index, const char *place)
{
	struct reading *reading = xcalloc(1, sizeof(*reading));

	*reading = (struct reading){ .index = index,
				     .param = &desk->rb->params[index],
				     .place = xstrdup(place),
				     .secrets = desk->secrets };
	desk->reading = reading;
	desk->job = form_job_start(work_on_secret, reading);
}

static void
set(void *data, size_t index, const char *text)
{
	struct form_desk *desk = data;
	const struct param *param = &desk->rb->params[index];

	/* a variable is taken out of the environment, which another thread may be reading */
	if (param->type == PARAM_SECRET)
		stop(desk);
	if (param->type == PARAM_SECRET &&
	    form_values_is_place(param, SECRET_FROM_KUBERNETES, text))
		read_secret(desk, index, text);
	else
		form_values_type(desk->values, index, text);
}

static void
reset(void *data, size_t index)
{
	struct form_desk *desk = data;

	if (desk->reading && desk->reading->index == index)
		stop(desk);
	form_values_reset(desk->values, index);
}

/* ---- the desk ---- */

struct form_desk *
form_desk_new(const struct runbook *rb, struct expressions *x, struct secrets *secrets,
	      cJSON *params, struct form_values *values)
{
	struct form_desk *desk = xcalloc(1, sizeof(*desk));

	*desk = (struct form_desk){
		.rb = rb, .x = x, .secrets = secrets, .params = params, .values = values
	};
	desk->owner = (struct form_owner){
		.data = desk,
		.value = value,
		.set = set,
		.reset = reset,
		.picks_name = picks_name,
		.picks_begin = picks_begin,
		.picks = picks,
		.stop = stop,
		.fd = background_fd,
		.take = take,
	};
	return desk;
}

void
form_desk_free(struct form_desk *desk)
{
	if (!desk)
		return;
	stop(desk);
	free_request(desk->picked);
	str_release(&desk->name);
	free(desk);
}

const struct form_owner *
form_desk_owner(const struct form_desk *desk)
{
	return &desk->owner;
}
