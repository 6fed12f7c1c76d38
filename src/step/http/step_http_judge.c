#include "config.h"

#include "step/http/step_http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/pattern.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "step/http/step_http_json.h"

enum { SHOWN_COLUMNS = 120 };

/* What one judge works on. `answer` is NULL where nothing was asked yet. */
struct judging {
	struct step_context *ctx;
	const cJSON *with;
	const struct http_answer *answer;
	struct http_findings *findings;
};

void
http_findings_release(struct http_findings *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->items[i].what);
		free(f->items[i].expected);
		free(f->items[i].actual);
		free(f->items[i].failure);
	}
	free(f->items);
	*f = (struct http_findings){ 0 };
}

/* On one line, and short. The caller frees. */
static char *
brief(const char *text)
{
	char *clean = text_clean(text, 0);
	struct str out = STR_INIT;

	text_append_cut(&out, clean, SHOWN_COLUMNS, false);
	free(clean);
	return str_take(&out);
}

/* Adds a finding; all texts become its own. `actual` NULL: not known yet. */
static struct http_finding *
add(struct judging *j, char *what, char *expected, char *actual, bool held)
{
	struct http_findings *f = j->findings;
	struct http_finding *finding = VEC_PUSH(f->items, f->count, f->cap);

	*finding = (struct http_finding){ .what = what, .expected = expected, .actual = actual };
	if (actual && !held)
		finding->failure = xasprintf("%s %s, expected %s", what, actual, expected);
	return finding;
}

static void
say(struct http_finding *finding, char *failure)
{
	free(finding->failure);
	finding->failure = failure;
}

static bool
is_status_expected(const cJSON *expected, long status)
{
	const cJSON *item;

	if (cJSON_IsNumber(expected))
		return (long)expected->valuedouble == status;
	if (cJSON_GetArraySize(expected) == 0)
		return status >= 200 && status < 300;
	cJSON_ArrayForEach(item, expected)
		if (cJSON_IsNumber(item) && (long)item->valuedouble == status)
			return true;
	return false;
}

static int
judge_status(struct judging *j, struct err *e)
{
	const cJSON *expected = json_at(j->with, "expect_status");
	struct step_texts texts = { 0 };
	char *words, *actual = NULL;
	bool held = false;

	(void)e;
	step_texts_load(&texts, expected);
	words = texts.count ? step_texts_join(&texts) : xstrdup("200 to 299");
	step_texts_release(&texts);
	if (j->answer) {
		actual = xasprintf("%ld", j->answer->response.status);
		held = is_status_expected(expected, j->answer->response.status);
	}
	add(j, xstrdup("status"), words, actual, held);
	return 0;
}

/* "/…/" with both of its slashes. */
static bool
is_pattern(const char *text)
{
	return strlen(text) > 2 && text[0] == '/' && str_ends_with(text, "/");
}

/*
 * One text of the answer against what is wanted of it; `value` NULL: the answer has none, and `missing` says
 * that. `what` becomes the finding's own.
 */
static int
judge_text(struct judging *j, char *what, const char *wanted, const char *value,
	   const char *missing, struct err *e)
{
	struct pattern *pattern = NULL;
	bool held = false;

	if (is_pattern(wanted) && !(pattern = pattern_new(wanted, e))) {
		err_wrap(e, "http.check: %s", what);
		free(what);
		return -1;
	}
	if (value)
		held = pattern ? pattern_matches(pattern, value, strlen(value))
			       : strcmp(value, wanted) == 0;
	if (!j->answer)
		add(j, what, xstrdup(wanted), NULL, false);
	else
		add(j, what, xstrdup(wanted), value ? brief(value) : xstrdup(missing), held);
	pattern_free(pattern);
	return 0;
}

static int
judge_header(struct judging *j, const char *name, const char *wanted, struct err *e)
{
	char *value = j->answer ? http_response_header(&j->answer->response, name) : NULL;
	size_t len = value ? strlen(value) : 0;
	int rc;

	while (len && strchr(" \t", value[len - 1]))
		value[--len] = '\0';
	rc = judge_text(j, xasprintf("header %s", name), wanted, value, "is not there", e);
	free(value);
	return rc;
}

static int
judge_headers(struct judging *j, struct err *e)
{
	const cJSON *header;

	cJSON_ArrayForEach(header, json_at(j->with, "expect_headers")) {
		char *wanted = json_text(header);
		int rc = judge_header(j, header->string, wanted, e);

		free(wanted);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static int
judge_certificate(struct judging *j, struct err *e)
{
	static const char missing[] = "is not there: the answer came without TLS";
	const struct http_response *r = j->answer ? &j->answer->response : NULL;
	const char *subject = step_optional(j->with, "expect_certificate/subject");
	const char *issuer = step_optional(j->with, "expect_certificate/issuer");

	if (subject && judge_text(j, xstrdup("certificate's subject"), subject,
				  r ? r->certificate_subject : NULL, missing, e) < 0)
		return -1;
	return issuer ? judge_text(j, xstrdup("certificate's issuer"), issuer,
				   r ? r->certificate_issuer : NULL, missing, e)
		      : 0;
}

/* What there is of the body, where it was not read to its end. The caller frees. */
static char *
lacking(const struct http_answer *a, const char *wanted)
{
	if (a->response.is_cut)
		return xasprintf("%s is not in the first %zu bytes of the body (the rest was not "
				 "read: raise max_body)",
				 wanted, a->response.body.len);
	return xasprintf("the body lacks %s", wanted);
}

static int
judge_contains(struct judging *j, struct err *e)
{
	const char *wanted = step_optional(j->with, "contains");
	const struct http_answer *a = j->answer;
	char *quoted;
	bool held;

	(void)e;
	if (!wanted)
		return 0;
	quoted = xasprintf("\"%s\"", wanted);
	held = a && memmem(str_cstr(&a->text), a->text.len, wanted, strlen(wanted));
	struct http_finding *finding = add(j, xstrdup("body"), xasprintf("with %s", quoted),
					   a ? xstrdup(held ? "has it" : "lacks it") : NULL, held);
	if (finding->failure)
		say(finding, lacking(a, quoted));
	free(quoted);
	return 0;
}

static int
judge_matches(struct judging *j, struct err *e)
{
	const char *wanted = step_optional(j->with, "matches");
	const struct http_answer *a = j->answer;
	char *written;
	struct pattern *pattern;
	bool held;

	if (!wanted)
		return 0;
	written = xasprintf("/%s/", wanted);
	pattern = pattern_new(written, e);
	if (!pattern) {
		free(written);
		return err_wrap(e, "http.check: `matches`");
	}
	held = a && pattern_matches(pattern, str_cstr(&a->text), a->text.len);
	struct http_finding *finding =
		add(j, xstrdup("body"), xasprintf("matching %s", written),
		    a ? xstrdup(held ? "matches" : "does not match") : NULL, held);
	if (finding->failure)
		say(finding, lacking(a, written));
	pattern_free(pattern);
	free(written);
	return 0;
}

/* One finding for all expressions: none of them has anything to look at. */
static void
miss_json(struct judging *j)
{
	const struct http_answer *a = j->answer;
	const char *type = a->response.content_type;
	char *seen = a->json_line ? xasprintf("it breaks at line %d, column %d", a->json_line,
					      a->json_column)
				  : xstrdup(a->json_error.message);

	struct http_finding *finding =
		add(j, xstrdup("json"), xstrdup("a body of JSON"), seen, false);
	say(finding,
	    xasprintf("the body is no JSON: %s (Content-Type: %s)", seen, type ? type : "none"));
}

static int
judge_one_json(struct judging *j, const char *expression, struct err *e)
{
	const struct http_answer *a = j->answer;
	char *seen = NULL;
	bool held = false;

	if (a && http_json_holds(j->ctx, expression, a->json, &held, &seen, e) < 0)
		return -1;
	struct http_finding *finding = add(j, xstrdup("json"), xstrdup(expression), seen, held);
	if (finding->failure)
		say(finding, xasprintf("json %s: %s", expression, seen));
	return 0;
}

static int
judge_json(struct judging *j, struct err *e)
{
	struct step_texts expressions = { 0 };
	int rc = 0;

	step_texts_load(&expressions, json_at(j->with, "expect_json"));
	if (expressions.count && j->answer && !j->answer->json)
		miss_json(j);
	else
		for (size_t i = 0; i < expressions.count && rc == 0; i++)
			rc = judge_one_json(j, expressions.items[i], e);
	step_texts_release(&expressions);
	return rc;
}

static int
judge_sha256(struct judging *j, struct err *e)
{
	const char *wanted = step_optional(j->with, "body_sha256");
	const struct http_answer *a = j->answer;
	char digest[DIGEST_HEX_MAX];
	char *actual = NULL;

	if (!wanted)
		return 0;
	if (strlen(wanted) != DIGEST_HEX_MAX - 1 ||
	    strspn(wanted, "0123456789abcdefABCDEF") != DIGEST_HEX_MAX - 1)
		return err_set(e, ERR_SPEC,
			       "http.check: `body_sha256` is \"%s\": 64 hexadecimal digits are "
			       "wanted, as sha256sum prints them",
			       wanted);
	if (a && a->response.is_cut)
		actual = xasprintf("is not known: the body has more than %zu bytes (max_body)",
				   a->response.body.len);
	else if (a)
		actual = xstrdup(
			digest_sha256(str_cstr(&a->response.body), a->response.body.len, digest));
	add(j, xstrdup("SHA-256 of the body"), xstrdup(wanted), actual,
	    actual && strcasecmp(actual, wanted) == 0);
	return 0;
}

static int
judge_duration(struct judging *j, struct err *e)
{
	int64_t limit_ms = json_int(j->with, "max_duration", 0);
	char limit[CLOCK_STAMP_MAX], took[CLOCK_STAMP_MAX];

	(void)e;
	if (limit_ms > 0)
		add(j, xstrdup("duration"),
		    xasprintf("at most %s", duration_format(limit_ms, limit)),
		    j->answer ? xstrdup(duration_format_brief(j->answer->trail.duration_ms, took))
			      : NULL,
		    j->answer && j->answer->trail.duration_ms <= limit_ms);
	return 0;
}

static int
judge_validity(struct judging *j, struct err *e)
{
	int64_t limit_ms = json_int(j->with, "min_certificate_validity", 0), left_ms = 0;
	char limit[CLOCK_STAMP_MAX], left[CLOCK_STAMP_MAX];
	char *actual = NULL;
	bool held = false;

	(void)e;
	if (limit_ms <= 0)
		return 0;
	if (j->answer && !http_answer_validity(j->answer, &left_ms)) {
		actual = xstrdup("is not there: the answer came without TLS");
	} else if (j->answer) {
		actual = xasprintf("valid for %s, until %s", duration_format_human(left_ms, left),
				   j->answer->response.certificate_expires);
		held = left_ms >= limit_ms;
	}
	add(j, xstrdup("certificate"),
	    xasprintf("valid for at least %s", duration_format_human(limit_ms, limit)), actual,
	    held);
	return 0;
}

int
http_judge(struct step_context *ctx, const cJSON *with, const struct http_answer *answer,
	   struct http_findings *findings, struct err *e)
{
	static int (*const judges[])(struct judging *, struct err *) = {
		judge_status, judge_headers,  judge_contains,	 judge_matches,	 judge_json,
		judge_sha256, judge_duration, judge_certificate, judge_validity,
	};
	struct judging j = { ctx, with, answer, findings };

	for (size_t i = 0; i < sizeof(judges) / sizeof(judges[0]); i++)
		if (judges[i](&j, e) < 0)
			return -1;
	return 0;
}
