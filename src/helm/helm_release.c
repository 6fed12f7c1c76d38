#include "config.h"

#include "helm/helm_release.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "helm/helm_chart.h"
#include "helm/helm_time.h"
#include "helm/helm_yaml.h"

enum { MAX_RELEASE = 64 << 20, GZIP = 16, PIECE = 16384 };

/* ---- the model ---- */

/* A template as helm keeps a file: its name, and its text in base64. */
static void
add_template(cJSON *list, const cJSON *template)
{
	cJSON *file = cJSON_CreateObject();
	struct str text = STR_INIT;
	const cJSON *object;
	char *data;

	cJSON_ArrayForEach(object, json_at(template, "objects")) {
		str_append(&text, "---\n");
		helm_yaml_print(object, false, &text);
	}
	data = xmalloc(BASE64_MAX(text.len));
	base64_encode(str_cstr(&text), text.len, data);
	json_add_string(file, "name", json_string(template, "name", ""));
	json_add_string(file, "data", data);
	cJSON_AddItemToArray(list, file);
	free(data);
	str_release(&text);
}

/* Source: helm, pkg/chart/chart.go. */
static cJSON *
chart_record(const cJSON *chart)
{
	cJSON *record = cJSON_CreateObject(), *templates = cJSON_CreateArray();
	const cJSON *template, *values = json_at(chart, "values");

	cJSON_ArrayForEach(template, json_at(chart, "templates"))
		add_template(templates, template);
	json_add(record, "metadata", helm_chart_metadata(chart));
	json_add(record, "lock", cJSON_CreateNull());
	json_add(record, "templates", templates);
	json_add(record, "values", values ? cJSON_Duplicate(values, true) : cJSON_CreateObject());
	json_add(record, "schema", cJSON_CreateNull());
	json_add(record, "files", cJSON_CreateArray());
	return record;
}

cJSON *
helm_release_new(const char *name, const char *ns, const cJSON *chart, const cJSON *config)
{
	cJSON *release = cJSON_CreateObject(), *info = cJSON_CreateObject();
	char now[HELM_TIME_MAX];

	helm_time_now(now);
	json_add_string(info, "first_deployed", now);
	json_add_string(info, "last_deployed", now);
	json_add_string(info, "deleted", "");
	json_add_string(release, "name", name);
	json_add(release, "info", info);
	json_add(release, "chart", chart_record(chart));
	if (config && config->child)
		json_add(release, "config", cJSON_Duplicate(config, true));
	json_add_int(release, "version", 1);
	json_add_string(release, "namespace", ns);
	return release;
}

void
helm_release_set_status(cJSON *release, const char *status, const char *description)
{
	cJSON *info = json_at(release, "info");

	json_replace(info, "status", cJSON_CreateString(status));
	if (description)
		json_replace(info, "description", cJSON_CreateString(description));
}

const char *
helm_release_status(const cJSON *release)
{
	return json_string(release, "info/status", "unknown");
}

int64_t
helm_release_revision(const cJSON *release)
{
	return json_int(release, "version", 0);
}

bool
helm_release_is_pending(const cJSON *release)
{
	return str_starts_with(helm_release_status(release), "pending-");
}

char *
helm_release_chart_label(const cJSON *release)
{
	return xasprintf("%s-%s", json_string(release, "chart/metadata/name", "MISSING"),
			 json_string(release, "chart/metadata/version", "MISSING"));
}

/* ---- gzip ---- */

static void
compress_text(const char *text, size_t len, struct str *out)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)text, .avail_in = (uInt)len };
	uLong room;

	if (len > MAX_RELEASE || deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + GZIP,
					      9, Z_DEFAULT_STRATEGY) != Z_OK)
		abort(); /* no memory */
	room = deflateBound(&z, (uLong)len);
	z.next_out = (Bytef *)str_reserve(out, room);
	z.avail_out = (uInt)room;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort(); /* deflateBound() is enough */
	out->len += room - z.avail_out;
	deflateEnd(&z);
}

static int
expand_text(const unsigned char *bytes, size_t len, struct str *out)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)len };
	int state = Z_OK;

	if (inflateInit2(&z, MAX_WBITS + GZIP) != Z_OK)
		return -1;
	while (state == Z_OK && out->len < MAX_RELEASE) {
		z.next_out = (Bytef *)str_reserve(out, PIECE);
		z.avail_out = PIECE;
		state = inflate(&z, Z_NO_FLUSH);
		out->len += PIECE - z.avail_out;
	}
	inflateEnd(&z);
	return state == Z_STREAM_END ? 0 : -1;
}

/* ---- as data of a Secret ---- */

/* Base64 twice: helm's own, and that of every Secret. */
static char *
encode_twice(const struct str *bytes)
{
	char *once = xmalloc(BASE64_MAX(bytes->len)), *twice;
	size_t len = base64_encode(str_cstr(bytes), bytes->len, once);

	twice = xmalloc(BASE64_MAX(len));
	base64_encode(once, len, twice);
	explicit_bzero(once, len);
	free(once);
	return twice;
}

char *
helm_release_encode(const cJSON *release)
{
	char *text = json_print(release), *data;
	struct str bytes = STR_INIT;

	compress_text(text, strlen(text), &bytes);
	data = encode_twice(&bytes);
	str_release_secret(&bytes);
	explicit_bzero(text, strlen(text));
	free(text);
	return data;
}

/* Into a new buffer, which the caller frees; *ret_len its bytes. NULL: it is no base64. */
static unsigned char *
decode(const char *text, size_t len, size_t *ret_len)
{
	unsigned char *bytes = xmalloc(len + 1);
	ssize_t got = base64_decode_strict(text, len, bytes, len);

	if (got < 0) {
		free(bytes);
		return NULL;
	}
	bytes[got] = '\0';
	*ret_len = (size_t)got;
	return bytes;
}

cJSON *
helm_release_decode(const char *text, struct err *e)
{
	size_t once_len = 0, len = 0;
	unsigned char *once = decode(text, strlen(text), &once_len), *bytes = NULL;
	struct str json = STR_INIT;
	cJSON *release = NULL;

	if (once)
		bytes = decode((const char *)once, once_len, &len);
	if (bytes && expand_text(bytes, len, &json) == 0)
		release = json_parse(str_cstr(&json), json.len, e);
	else
		err_set(e, ERR_SPEC, "failed to decode release");
	free(once);
	free(bytes);
	str_release_secret(&json);
	return release;
}
