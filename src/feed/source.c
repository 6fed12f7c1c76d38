#include "config.h"

#include "feed/source.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "kube/kubeconfig.h"

struct feed_source *
feed_source_copy(const struct feed_source *source)
{
	struct feed_source *copy = xcalloc(1, sizeof(*copy));

	copy->kubeconfig = xstrdup(source->kubeconfig);
	copy->context = xstrdup(source->context);
	copy->ns = xstrdup(source->ns);
	copy->selector = xstrdup(source->selector);
	copy->container = xstrdup(source->container);
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
	free((char *)source->selector);
	free((char *)source->container);
	free(source);
}

static void
hide(struct secrets *secrets, const char *name, const char *value)
{
	if (secrets && value && *value)
		secrets_add(secrets, name, value, strlen(value), NULL);
}

struct kube_client *
feed_connect(const struct feed_source *source, struct secrets *secrets, struct err *e)
{
	struct kube_access access;
	struct kube_client *client;

	memset(&access, 0, sizeof(access));
	if (kubeconfig_resolve(source->kubeconfig, source->context, &access, e) < 0)
		return NULL;
	hide(secrets, "kubeconfig.token", access.token);
	hide(secrets, "kubeconfig.password", access.password);
	client = kube_client_new(&access, e);
	kube_access_release(&access);
	return client;
}

const char *
feed_namespace(const struct feed_source *source, const struct kube_client *client)
{
	return source->ns ? source->ns : kube_client_access(client)->ns;
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

/* Copies as many whole characters as there is room for. */
static void
copy_problem(char *out, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len >= size)
		len = size - 1;
	while (len && text[len] && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	memcpy(out, text, len);
	out[len] = '\0';
}

bool
feed_health_failed(struct feed_health *health, struct secrets *secrets, const struct err *e,
		   int64_t delay_ms)
{
	bool changed = health->state != FEED_BROKEN;
	struct str scratch = STR_INIT, clean = STR_INIT;

	feed_clean(secrets, e->message, strlen(e->message), &scratch, &clean);
	health->state = FEED_BROKEN;
	health->retry_at_ms = clock_mono_ms() + delay_ms;
	copy_problem(health->problem, sizeof(health->problem), str_cstr(&clean));
	str_release(&scratch);
	str_release(&clean);
	return changed;
}
