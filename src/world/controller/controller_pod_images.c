#include "config.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "world/controller/controller_pod.h"

/* A pod whose images come, or do not. */

/* How long it really took, as Go writes it. */
static void
tell_pulled(struct controllers *c, struct thing *pod, const char *name, const char *image,
	    int64_t took_ms)
{
	char *took = took_ms < 1000 ? xasprintf("%lldms", (long long)took_ms)
				    : xasprintf("%gs", (double)took_ms / 1000);

	pod_tell(c, pod, name, "Normal", "Pulled",
		 "Successfully pulled image \"%s\" in %s (%s including waiting)", image, took,
		 took);
	free(took);
}

static void
tell_images(struct controllers *c, struct thing *pod, const struct life *life, bool done)
{
	static const char *const lists[] = { "initContainers", "containers" };

	for (int i = 0; i < 2; i++) {
		for (int at = 0;; at++) {
			const cJSON *one =
				pod->stored ? cJSON_GetArrayItem(pod_containers(pod, lists[i]), at)
					    : NULL;
			if (!one)
				break;
			char *name = xstrdup(json_string(one, "name", ""));
			char *image = xstrdup(json_string(one, "image", ""));
			if (done)
				tell_pulled(c, pod, name, image, life->pull_ms);
			else
				pod_tell(c, pod, name, "Normal", "Pulling", "Pulling image \"%s\"",
					 image);
			free(name);
			free(image);
		}
	}
}

void
pod_live_pulling(struct controllers *c, struct thing *pod, struct life *life)
{
	if (!life->entered) {
		life->entered = true;
		if (!json_at(pod->stored->object, "status/containerStatuses") &&
		    !pod_write(c, pod, (struct pod_edit){ .c = c }, pod_edit_begin))
			return;
		tell_images(c, pod, life, false);
	}
	if (!pod->stored || !pod_is_time(c, pod, life->since_ms + life->pull_ms))
		return;
	pod_ask(c, pod, life);
	if (life->fate == POD_NO_IMAGE) {
		pod_enter(c, pod, life, LIFE_NO_IMAGE);
		return;
	}
	life->pulls = 0;
	tell_images(c, pod, life, true);
	if (!pod->stored)
		return;
	if (pod_containers(pod, "initContainers"))
		pod_enter(c, pod, life, LIFE_INIT);
	else
		pod_start(c, pod, life);
}

static void
fail_pull(struct controllers *c, struct thing *pod, struct life *life, const char *image)
{
	char *why =
		*life->message
			? xstrdup(life->message)
			: xasprintf(
				  "rpc error: code = NotFound desc = failed to pull and unpack "
				  "image \"%s\": failed to resolve reference \"%s\": %s: not found",
				  image, image, image);

	life->pulls++;
	pod_write(c, pod,
		  (struct pod_edit){ .reason = "ErrImagePull", .message = why, .all = true },
		  pod_edit_wait);
	pod_tell(c, pod, pod_first_name(pod), "Warning", "Failed",
		 "Failed to pull image \"%s\": %s", image, why);
	pod_tell(c, pod, pod_first_name(pod), "Warning", "Failed", "Error: ErrImagePull");
	free(why);
}

static void
back_off_pull(struct controllers *c, struct thing *pod, const char *image)
{
	char *text = xasprintf("Back-off pulling image \"%s\"", image);

	pod_write(c, pod,
		  (struct pod_edit){ .reason = "ImagePullBackOff", .message = text, .all = true },
		  pod_edit_wait);
	pod_tell(c, pod, pod_first_name(pod), "Normal", "BackOff", "%s", text);
	pod_tell(c, pod, pod_first_name(pod), "Warning", "Failed", "Error: ImagePullBackOff");
	free(text);
}

void
pod_live_no_image(struct controllers *c, struct thing *pod, struct life *life)
{
	char *image = xstrdup(json_string(pod_containers(pod, "containers"), "0/image", ""));

	if (!life->entered) {
		life->entered = true;
		fail_pull(c, pod, life, image);
	}
	if (pod->stored && !life->shown &&
	    pod_is_time(c, pod, life->since_ms + controllers_scaled(c, POD_SYNC_MS))) {
		life->shown = true;
		back_off_pull(c, pod, image);
	}
	if (pod->stored && life->shown &&
	    pod_is_time(c, pod,
			life->since_ms + controllers_scaled(c, pod_backoff_ms(life->pulls))))
		pod_enter(c, pod, life, LIFE_PULLING);
	free(image);
}
