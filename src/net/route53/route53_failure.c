#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "net/route53/route53_private.h"

enum { MAX_MESSAGES = 10, MAX_MESSAGE = 500 };

enum trait {
	MOMENTARY = 1 << 0, /* asked again a little later, it may be answered */
	TIMED = 1 << 1,	    /* a wrong clock may be behind it */
};

/* What the codes of errors mean. Source: Amazon Route 53 API Reference, "Common Errors". */
static const struct code {
	const char *code;
	enum err_kind kind;
	unsigned traits;
	const char *advice;
} codes[] = {
	{ "AccessDenied", ERR_DENIED, 0, "Ask for that right, or use another `profile`" },
	{ "AccessDeniedException", ERR_DENIED, 0, "Ask for that right, or use another `profile`" },
	{ "ExpiredToken", ERR_DENIED, TIMED, "Log in again (aws sso login)" },
	{ "ExpiredTokenException", ERR_DENIED, TIMED, "Log in again (aws sso login)" },
	{ "IncompleteSignature", ERR_DENIED, 0, NULL },
	{ "InvalidChangeBatch", ERR_CONFLICT, 0, NULL },
	{ "InvalidClientTokenId", ERR_DENIED, 0,
	  "The access key is not valid there: check the `profile`, and that `region` and "
	  "`endpoint` "
	  "are of the same partition" },
	{ "InvalidSignatureException", ERR_DENIED, TIMED,
	  "Check the secret key of the profile, and this machine's clock" },
	{ "MissingAuthenticationToken", ERR_DENIED, 0,
	  "This machine's libcurl may be built without signatures for AWS" },
	{ "NoSuchChange", ERR_NOT_FOUND, 0, NULL },
	{ "NoSuchHostedZone", ERR_NOT_FOUND, 0,
	  "Check the target's `zone_id`, and that the `profile` is of the zone's account" },
	{ "OptInRequired", ERR_DENIED, 0, NULL },
	{ "PriorRequestNotComplete", ERR_REMOTE, MOMENTARY,
	  "Route 53 still works on an earlier change of this zone: try again in a moment" },
	{ "RequestExpired", ERR_DENIED, TIMED, "Check this machine's clock" },
	{ "SignatureDoesNotMatch", ERR_DENIED, TIMED,
	  "Check the secret key of the profile, and this machine's clock" },
	{ "Throttling", ERR_REMOTE, MOMENTARY,
	  "Route 53 takes five requests a second of an account: try again in a moment" },
	{ "ThrottlingException", ERR_REMOTE, MOMENTARY,
	  "Route 53 takes five requests a second of an account: try again in a moment" },
	{ "UnrecognizedClientException", ERR_DENIED, 0,
	  "The access key is not valid there: check the `profile`, and that `region` and "
	  "`endpoint` "
	  "are of the same partition" },
};

static const struct code *
find_code(const char *code)
{
	for (size_t i = 0; code && i < sizeof(codes) / sizeof(*codes); i++)
		if (strcmp(codes[i].code, code) == 0)
			return &codes[i];
	return NULL;
}

/*
 * The first line alone: after that, a signature that does not match is explained by the whole request as
 * it should have been signed, token and all.
 */
static void
add_message(struct str *out, const char *text)
{
	struct str clean = STR_INIT;
	size_t len = strcspn(text, "\r\n");

	text_sanitise(text, text_whole(text, len, MAX_MESSAGE), TEXT_DROP_SGR, &clean);
	str_printf(out, "%s%s%s", out->len ? "; " : "", str_cstr(&clean),
		   len > MAX_MESSAGE ? " …" : "");
	str_release(&clean);
}

/* <InvalidChangeBatch><Messages><Message>… as a root of its own, or <ErrorResponse><Error><Message>. */
static const char *
read_error(const struct xml_element *root, struct str *message)
{
	const struct xml_element *error = xml_child(root, "Error");
	const struct xml_element *one = xml_child(xml_child(root, "Messages"), "Message");
	int count = 0;

	if (error) {
		add_message(message, xml_text(error, "Message", ""));
		return xml_text(error, "Code", NULL);
	}
	if (!root || strcmp(root->name, "InvalidChangeBatch") != 0)
		return NULL;
	for (; one && count < MAX_MESSAGES; one = xml_next(one), count++)
		add_message(message, str_cstr(&one->text));
	if (one)
		str_append(message, "; and more");
	return root->name;
}

/* False: it may be right, and the advice another. */
static bool
blame_clock(const struct route53 *r, struct err *e)
{
	int64_t ms = skew_ms(&r->skew), size_ms = ms < 0 ? -ms : ms;
	char text[CLOCK_STAMP_MAX];

	if (size_ms < ROUTE53_ODD_CLOCK_MS)
		return false;
	err_advise(e, "This machine's clock is at least %s %s theirs: set it right",
		   duration_format(size_ms / 1000 * 1000, text), ms > 0 ? "behind" : "ahead of");
	return true;
}

/* What a batch was refused for, in words about what to do. */
static const char *
batch_advice(const char *message)
{
	if (strstr(message, "do not match") || strstr(message, "not found") ||
	    strstr(message, "already exists"))
		return "Somebody changed the record meanwhile: look at it again";
	if (strstr(message, "conflicts with"))
		return "A CNAME can't stand beside other records of its name: remove those first";
	return NULL;
}

static int
explain(const struct route53 *r, const struct route53_call *call, const struct code *row,
	const char *code, const char *message, struct err *e)
{
	enum err_kind kind = row ? row->kind : ERR_REMOTE;
	const char *advice = row ? row->advice : NULL;

	err_set(e, kind, "Route 53, %s as %s: %s: %s", call->action, r->who, code, message);
	if (kind == ERR_CONFLICT)
		advice = batch_advice(message);
	if (call->body)
		err_advise(e, "Nothing was changed");
	if (row && (row->traits & TIMED) && blame_clock(r, e))
		return -1;
	return advice ? err_advise(e, "%s", advice) : -1;
}

/* Not a word of Route 53 itself, or one about its own trouble. */
static int
explain_odd(const struct route53 *r, const struct route53_call *call, long status,
	    const char *message, struct err *e)
{
	err_set(e, call->body ? ERR_UNKNOWN_OUTCOME : ERR_REMOTE,
		"Route 53, %s at %s: HTTP status %ld%s%s", call->action, r->endpoint, status,
		*message ? ": " : ", and no explanation", message);
	if (call->body)
		return err_advise(e, "It may have been carried out: look before you repeat it");
	return err_advise(e, status >= 500 ? "Try again in a moment"
					   : "Is a proxy in between, or the `endpoint` another "
					     "one?");
}

int
route53_fail(const struct route53 *r, const struct route53_call *call,
	     const struct http_response *response, bool *ret_is_momentary, struct err *e)
{
	struct err ignored = ERR_INIT;
	struct xml_element *root =
		xml_parse(str_cstr(&response->body), response->body.len, &ignored);
	struct str message = STR_INIT;
	const char *code = read_error(root, &message);
	const struct code *row = find_code(code);

	*ret_is_momentary = response->status >= 500 || (row && (row->traits & MOMENTARY));
	if (code && (response->status < 500 || (row && (row->traits & MOMENTARY))))
		explain(r, call, row, code, str_cstr(&message), e);
	else
		explain_odd(r, call, response->status, str_cstr(&message), e);
	str_release(&message);
	xml_free(root);
	return -1;
}
