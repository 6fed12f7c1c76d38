#include "config.h"

#include "world/stage/stage_action.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"

/* What rules do. */

/* One action, with its arguments: expanded, but for those of which that is said below. */
struct action {
	const char *key;
	int (*act)(struct stage *stage, const struct rule *rule, const cJSON *with, struct err *e);
	bool as_written;
};

struct cluster *
action_cluster(const struct stage *stage, const cJSON *with, size_t *ret_index, struct err *e)
{
	if (stage_cluster_index(stage, json_string(with, "cluster", NULL), ret_index, e) < 0)
		return NULL;
	return stage->options.clusters[*ret_index];
}

/* ---- log ---- */

static int
act_log(struct stage *stage, const struct rule *rule, const cJSON *with, struct err *e)
{
	size_t index, count;
	struct cluster *cluster = action_cluster(stage, with, &index, e);
	const struct stored **pods;

	(void)rule;
	if (!cluster)
		return -1;
	pods = pods_running(cluster, json_string(with, "namespace", "default"),
			    json_string(with, "workload", ""), &count);
	for (size_t i = 0; i < count; i++) {
		struct log_state *known = speaker_state(stage, pods[i]->uid);
		struct log_state own = log_state_of(pods[i]);
		const struct pen pen = {
			.stage = stage,
			.cluster = index,
			.pod = pods[i],
			.container = json_string(with, "container", NULL),
			.stamp = json_string(with, "stamp", NULL),
			.state = known ? known : &own,
		};

		pen_write(&pen, json_at(with, "lines"));
		stored_drop(pods[i]);
	}
	free(pods);
	return 0;
}

/* ---- the parts, the clusters ---- */

static int
act_site(struct stage *stage, const struct rule *rule, const cJSON *with, struct err *e)
{
	(void)rule;
	return parts_change(stage->options.parts, "site", with, e);
}

static int
act_database(struct stage *stage, const struct rule *rule, const cJSON *with, struct err *e)
{
	(void)rule;
	return parts_change(stage->options.parts, "database", with, e);
}

static int
act_zone(struct stage *stage, const struct rule *rule, const cJSON *with, struct err *e)
{
	(void)rule;
	return parts_change(stage->options.parts, "zone", with, e);
}

static int
act_cluster(struct stage *stage, const struct rule *rule, const cJSON *with, struct err *e)
{
	static const struct {
		const char *word;
		enum cluster_state state;
	} states[] = {
		{ "up", CLUSTER_UP },
		{ "refuses", CLUSTER_REFUSES },
		{ "silent", CLUSTER_SILENT },
		{ "errors", CLUSTER_ERRORS },
	};
	const char *word = json_string(with, "state", "up");
	size_t index;

	(void)rule;
	if (stage_cluster_index(stage, json_string(with, "name", NULL), &index, e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(word, states[i].word) == 0) {
			cluster_set_state(stage->options.clusters[index], states[i].state);
			return 0;
		}
	return err_set(e, ERR_SPEC, "a cluster cannot be \"%s\"", word);
}

/* With the lock held. */
static struct service_address *
service_slot(struct stage *stage, size_t cluster, const char *ns, const char *name)
{
	for (size_t i = 0; i < stage->services_count; i++) {
		struct service_address *s = &stage->services[i];

		if (s->cluster == cluster && strcmp(s->ns, ns) == 0 && strcmp(s->name, name) == 0)
			return s;
	}
	struct service_address *s =
		VEC_PUSH(stage->services, stage->services_count, stage->services_cap);
	s->cluster = cluster;
	s->ns = xstrdup(ns);
	s->name = xstrdup(name);
	return s;
}

static int
act_service(struct stage *stage, const struct rule *rule, const cJSON *with, struct err *e)
{
	size_t index;

	(void)rule;
	if (!action_cluster(stage, with, &index, e))
		return -1;
	pthread_mutex_lock(&stage->lock);
	struct service_address *s = service_slot(stage, index, json_string(with, "namespace", ""),
						 json_string(with, "name", ""));
	s->address = stage_text(stage, json_string(with, "address", ""));
	pthread_mutex_unlock(&stage->lock);
	if (stage->options.controllers && stage->options.controllers[index])
		controllers_look(stage->options.controllers[index]);
	return 0;
}

/* ---- switches ---- */

static int
act_signal(struct stage *stage, const struct rule *rule, const cJSON *with, struct err *e)
{
	(void)rule;
	(void)e;
	signal_set(stage, signal_find(stage, json_string(with, "name", "")),
		   json_bool(with, "on", true), json_int(with, "for", 0));
	return 0;
}

static int
act_fault(struct stage *stage, const struct rule *rule, const cJSON *with, struct err *e)
{
	const char *name = json_string(with, "name", "");
	struct toggle *fault = fault_find(stage, name);

	if (!fault)
		return err_set(e, ERR_SPEC, "there is no fault \"%s\"", name);
	fault_set(stage, fault, json_bool(with, "on", true), rule->name);
	return 0;
}

static const struct action actions[] = {
	{ "apply", act_apply, false },
	{ "cluster", act_cluster, false },
	{ "database", act_database, false },
	{ "delete", act_delete, false },
	{ "event", act_event, false },
	{ "fault", act_fault, false },
	{ "log", act_log, true }, /* each line sees the pod that writes it */
	{ "patch", act_patch, false },
	{ "service", act_service, false },
	{ "signal", act_signal, false },
	{ "site", act_site, false },
	{ "zone", act_zone, false },
};

static int
act(struct stage *stage, const struct rule *rule, const struct action *action, const cJSON *with,
    struct err *e)
{
	cJSON *expanded = NULL;
	int rc;

	lives_refresh(stage);
	if (action->as_written)
		return action->act(stage, rule, with, e);
	if (world_spec_expand(with, stage->options.expressions, stage->scope, &expanded, e) < 0)
		return -1;
	rc = action->act(stage, rule, expanded, e);
	cJSON_Delete(expanded);
	return rc;
}

void
actions_do(struct stage *stage, const struct rule *rule, cJSON *details)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, rule->actions) {
		const cJSON *with = NULL;

		for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]) && !with; i++) {
			struct err e = ERR_INIT;
			cJSON *failed;

			with = json_at(item, actions[i].key);
			if (!with || act(stage, rule, &actions[i], with, &e) == 0)
				continue;
			failed = json_at(details, "failed");
			if (!failed)
				failed = cJSON_AddArrayToObject(details, "failed");
			err_wrap(&e, "%s", actions[i].key);
			cJSON_AddItemToArray(failed, cJSON_CreateString(e.message));
		}
	}
}
