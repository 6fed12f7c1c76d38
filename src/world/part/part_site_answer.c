#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/part/part_site_internal.h"

bool
site_path_fits(const char *pattern, const char *path)
{
	size_t len = strlen(pattern);

	if (len && pattern[len - 1] == '*')
		return strncmp(pattern, path, len - 1) == 0;
	return str_equal(pattern, path);
}

/* GET answers HEAD, too: the server leaves the body out. */
const cJSON *
site_answer_find(const struct part_site *site, const char *method, const char *path)
{
	const char *wanted = str_equal(method, "HEAD") ? "GET" : method;
	const cJSON *answer;

	cJSON_ArrayForEach(answer, site->answers) {
		if (str_equal(json_string(answer, "method", "GET"), wanted) &&
		    site_path_fits(json_string(answer, "path", ""), path))
			return answer;
	}
	return NULL;
}

static bool
same_request(const cJSON *a, const cJSON *b)
{
	return str_equal(json_string(a, "path", ""), json_string(b, "path", "")) &&
	       str_equal(json_string(a, "method", "GET"), json_string(b, "method", "GET"));
}

static const cJSON *
find_same(const cJSON *answers, const cJSON *wanted)
{
	const cJSON *answer;

	cJSON_ArrayForEach(answer, answers) {
		if (same_request(answer, wanted))
			return answer;
	}
	return NULL;
}

cJSON *
site_answer_merge(const cJSON *answers, const cJSON *changes)
{
	cJSON *merged = cJSON_CreateArray();
	const cJSON *one;

	cJSON_ArrayForEach(one, changes) {
		if (!find_same(answers, one))
			cJSON_AddItemToArray(merged, cJSON_Duplicate(one, true));
	}
	cJSON_ArrayForEach(one, answers) {
		const cJSON *change = find_same(changes, one);

		cJSON_AddItemToArray(merged, cJSON_Duplicate(change ? change : one, true));
	}
	return merged;
}

struct MHD_Response *
site_answer_plain(const char *type, const char *text)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);

	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	return response;
}

static const char *
type_of(const cJSON *answer, const char *body)
{
	if (json_at(answer, "json") || json_at(answer, "sql"))
		return "application/json";
	return *body == '<' ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
}

/* A header of the world file takes the place of ours. */
static void
add_headers(struct MHD_Response *response, const cJSON *headers)
{
	const cJSON *header;

	cJSON_ArrayForEach(header, headers) {
		const char *ours = MHD_get_response_header(response, header->string);
		char *text = json_text(header);

		if (ours)
			MHD_del_response_header(response, header->string, ours);
		MHD_add_response_header(response, header->string, text);
		free(text);
	}
}

struct MHD_Response *
site_answer_response(const cJSON *answer, const char *body)
{
	const cJSON *json = json_at(answer, "json");
	char *own = json ? json_print(json) : NULL;
	const char *text = body ? body : own ? own : json_string(answer, "body", "");
	struct MHD_Response *response = site_answer_plain(type_of(answer, text), text);

	add_headers(response, json_at(answer, "headers"));
	free(own);
	return response;
}
