#include "config.h"

#include "feed/source.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "kube/client.h"
#include "kube/resource.h"

struct feed_source *
feed_source_copy(const struct feed_source *source)
{
	struct feed_source *copy = xcalloc(1, sizeof(*copy));

	*copy = (struct feed_source){
		.kubeconfig = xstrdup(source->kubeconfig),
		.context = xstrdup(source->context),
		.ns = xstrdup(source->ns),
		.all_namespaces = source->all_namespaces,
		.resource = xstrdup(source->resource),
		.selector = xstrdup(source->selector),
		.pod = xstrdup(source->pod),
		.workload = xstrdup(source->workload),
		.container = xstrdup(source->container),
		.previous = source->previous,
	};
	return copy;
}

void
feed_source_free(struct feed_source *source)
{
	if (!source)
		return;
	free((char *)source->kubeconfig);
	free((char *)source->context);
	free((char *)source->ns);
	free((char *)source->resource);
	free((char *)source->selector);
	free((char *)source->pod);
	free((char *)source->workload);
	free((char *)source->container);
	free(source);
}

struct kube_client *
feed_connect(const struct feed_source *source, struct secrets *secrets, struct err *e)
{
	struct kube_client *client;
	struct str ready = STR_INIT;

	if (kube_client_open(source->kubeconfig, source->context, secrets, &client, e) < 0)
		return NULL;
	/* the redactor makes itself ready with the first text: now, while nobody waits for rows */
	secrets_redact(secrets, " ", 1, &ready);
	str_release(&ready);
	return client;
}

const char *
feed_namespace(const struct feed_source *source, const struct kube_client *client)
{
	return source->ns ? source->ns : kube_client_access(client)->ns;
}

bool
feed_is_of_pods(const struct feed_source *source)
{
	static const char *const words[] = { "pods", "pod", "po" };

	if (!source->resource)
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(source->resource, words[i]) == 0)
			return true;
	return false;
}

/* The resource that is looked at most needs no discovery. */
static void
resource_of_pods(struct kube_resource *ret_resource)
{
	*ret_resource = (struct kube_resource){
		.group = xstrdup(""),
		.version = xstrdup("v1"),
		.name = xstrdup("pods"),
		.kind = xstrdup("Pod"),
		.namespaced = true,
	};
}

int
feed_resource(const struct feed_source *source, struct kube_client *client,
	      const struct cancel *cancel, struct kube_resource *ret_resource, struct err *e)
{
	if (!feed_is_of_pods(source))
		return kube_resource_find(client, source->resource, cancel, ret_resource, e);
	resource_of_pods(ret_resource);
	return 0;
}

void
feed_notify(int fd)
{
	if (fd >= 0)
		eventfd_write(fd, 1);
}

void
feed_clean(struct secrets *secrets, const char *text, size_t len_bytes, struct str *scratch,
	   struct str *out)
{
	str_clear(scratch);
	secrets_redact(secrets, text, len_bytes, scratch);
	text_sanitise(str_cstr(scratch), scratch->len, TEXT_DROP_SGR, out);
}

/*
 * Whether a text is of printable ASCII, which the sanitiser leaves alone. Eight bytes at a time: one that
 * is not in order sets its top bit, and no borrow or carry comes of those that are.
 */
static bool
is_plain(const char *text, size_t len)
{
	const uint64_t ones = UINT64_MAX / 0xff, tops = ones << 7;
	uint64_t bytes, odd = 0;
	size_t at = 0;

	for (; at + sizeof(bytes) <= len; at += sizeof(bytes)) {
		memcpy(&bytes, text + at, sizeof(bytes));
		odd |= (bytes - ones * ' ') | (bytes + ones) | bytes;
	}
	for (; at < len; at++)
		odd |= (unsigned char)(text[at] - ' ') < 0x7f - ' ' ? 0 : tops;
	return (odd & tops) == 0;
}

bool
feed_is_clean(struct redactor *redactor, const char *text, size_t len_bytes)
{
	return is_plain(text, len_bytes) && redactor_misses(redactor, text, len_bytes);
}

void
feed_clean_copy(struct secrets *secrets, const char *text, char *out, size_t size)
{
	struct str scratch = STR_INIT, clean = STR_INIT;
	size_t len;

	feed_clean(secrets, text, strlen(text), &scratch, &clean);
	len = text_whole(str_cstr(&clean), clean.len, size - 1);
	memcpy(out, str_cstr(&clean), len);
	out[len] = '\0';
	str_release(&scratch);
	str_release(&clean);
}

bool
feed_health_alive(struct feed_health *health)
{
	bool changed = health->state != FEED_LIVE;

	health->state = FEED_LIVE;
	health->last_alive_ms = clock_mono_ms();
	health->retry_at_ms = 0;
	health->problem[0] = '\0';
	return changed;
}

bool
feed_health_failed(struct feed_health *health, struct secrets *secrets, const struct err *e,
		   int64_t delay_ms)
{
	bool changed = health->state != FEED_BROKEN;

	health->state = FEED_BROKEN;
	health->retry_at_ms = clock_mono_ms() + delay_ms;
	feed_clean_copy(secrets, e->message, health->problem, sizeof(health->problem));
	return changed;
}

void
feed_health_skipped(struct feed_health *health, struct secrets *secrets, const char *why)
{
	health->skipped++;
	feed_clean_copy(secrets, why, health->skipped_why, sizeof(health->skipped_why));
}

void
feed_health_warning(struct feed_health *health, struct secrets *secrets, const char *text)
{
	feed_clean_copy(secrets, text, health->warning, sizeof(health->warning));
}
