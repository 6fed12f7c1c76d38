#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "net/crew.h"
#include "net/socket/wait.h"
#include "step/dns/step_dns.h"

static void
forget_answer(struct dns_view *view)
{
	dns_answer_release(&view->answer);
	free(view->unchecked);
	view->unchecked = NULL;
	view->cause = DNS_CAUSE_NONE;
	view->failure = (struct err)ERR_INIT;
	view->chain_failure = (struct err)ERR_INIT;
	view->failure_lead = 0;
	view->asked = view->failed = false;
}

static struct dns_question
question_of(const struct dns_view *view, const char *name, const char *type)
{
	return (struct dns_question){ .name = name,
				      .type = type,
				      .flags = view->authoritative ? 0 : DNS_RECURSE,
				      .timeout_ms = DNS_STEP_TIMEOUT_MS,
				      .attempts = DNS_STEP_ATTEMPTS };
}

/* The addresses of a name are looked up once: that may leave a thread behind each time. */
static int
ask(struct dns_view *view, const struct dns_question *question, const struct cancel *cancel,
    struct dns_answer *ret_answer, struct err *e)
{
	if (!view->host)
		return dns_ask(NULL, question, cancel, ret_answer, e);
	if (view->addresses.count == 0 &&
	    address_lookup(view->host, view->port, wait_deadline(question->timeout_ms), cancel,
			   &view->addresses, e) < 0)
		return -1;
	return dns_ask_at(&view->addresses, question, cancel, ret_answer, e);
}

/* Where a server has one address, its label says which: the message need not say it twice. */
static void
lead_failure(struct dns_view *view, const char *name, const char *type)
{
	char *address = view->addresses.count == 1 ? address_format(&view->addresses.items[0])
						   : xstrdup("");
	char *lead = xasprintf("asking %s for %s %s: ", view->label, name, type);
	char *said = xstrdup(view->failure.message);
	size_t skip = *address && str_starts_with(said, address) ? strlen(address) + 2 : 0;

	err_set(&view->failure, view->failure.kind, "%s%s", lead, said + skip);
	view->failure_lead = strlen(lead);
	free(address);
	free(lead);
	free(said);
}

static bool
is_fatal(const struct err *failure)
{
	return failure->kind == ERR_CANCELLED || failure->kind == ERR_SPEC;
}

static int
view_ask(struct dns_view *view, const struct cancel *cancel, const char *name, const char *type,
	 struct err *e)
{
	struct dns_question question = question_of(view, name, type);

	forget_answer(view);
	view->asked = true;
	view->failed = ask(view, &question, cancel, &view->answer, &view->failure) < 0;
	if (!view->failed)
		return 0;
	if (view->host)
		lead_failure(view, name, type);
	return is_fatal(&view->failure)
		       ? err_set(e, view->failure.kind, "%s", view->failure.message)
		       : 0;
}

int
dns_view_ask(struct dns_view *view, struct step_context *ctx, const char *name, const char *type,
	     struct err *e)
{
	return view_ask(view, ctx->cancel, name, type, e);
}

/*
 * SERVFAIL of a validating resolver: an answer that comes without validation shows that the signatures are wrong, and
 * not the servers down. Source: RFC 4035, 3.2.2.
 */
static int
find_cause(struct dns_view *view, const struct cancel *cancel, const struct dns_look *look,
	   struct err *e)
{
	struct dns_question question = question_of(view, look->name, look->type);
	struct dns_answer answer = { 0 };
	struct err failure = ERR_INIT;
	struct str text = STR_INIT;

	if (view->failed || view->authoritative || strcmp(view->answer.rcode, "SERVFAIL") != 0)
		return 0;
	question.flags |= DNS_UNCHECKED;
	if (ask(view, &question, cancel, &answer, &failure) < 0)
		return is_fatal(&failure) ? err_set(e, failure.kind, "%s", failure.message) : 0;
	view->cause = DNS_CAUSE_OUTAGE;
	if (strcmp(answer.rcode, "NOERROR") == 0 || strcmp(answer.rcode, "NXDOMAIN") == 0) {
		view->cause = DNS_CAUSE_DNSSEC;
		for (size_t i = 0; i < answer.count; i++)
			str_printf(&text, "%s%s", i ? ", " : "", answer.values[i]);
		str_append(&text, answer.count ? "" : answer.rcode);
		view->unchecked = str_take(&text);
	}
	dns_answer_release(&answer);
	return 0;
}

static int
follow_chain(struct dns_view *view, const struct cancel *cancel, const struct dns_look *look,
	     struct err *e)
{
	struct dns_question question = question_of(view, look->name, look->type);
	struct dns_server servers[DNS_VIEWS_MAX];

	if (view->failed || !view->answer.chain_open)
		return 0;
	for (size_t i = 0; i < look->followers.count; i++)
		servers[i] = (struct dns_server){ look->followers.items[i].host,
						  look->followers.items[i].port };
	if (dns_follow(servers, look->followers.count, &question, cancel, &view->answer,
		       &view->chain_failure) < 0 &&
	    is_fatal(&view->chain_failure))
		return err_set(e, view->chain_failure.kind, "%s", view->chain_failure.message);
	return 0;
}

int
dns_look_init(struct dns_look *look, const struct action *action, const char *name,
	      const char *type, struct err *e)
{
	*look = (struct dns_look){ .name = name, .type = type };
	return dns_views_add_resolvers(&look->followers, action, e);
}

void
dns_look_release(struct dns_look *look)
{
	dns_views_release(&look->followers);
}

int
dns_view_look(struct dns_view *view, const struct cancel *cancel, const struct dns_look *look,
	      struct err *e)
{
	if (view_ask(view, cancel, look->name, look->type, e) < 0 ||
	    follow_chain(view, cancel, look, e) < 0)
		return -1;
	return find_cause(view, cancel, look, e);
}

/* The same question to all of a list. */
struct round {
	struct dns_views *views;
	const struct cancel *cancel;
	const struct dns_look *look;
	bool deep;
	struct err failures[DNS_VIEWS_MAX];
};

static void
ask_one(void *data, size_t i)
{
	struct round *round = data;
	struct dns_view *view = &round->views->items[i];

	if (round->deep)
		dns_view_look(view, round->cancel, round->look, &round->failures[i]);
	else
		view_ask(view, round->cancel, round->look->name, round->look->type,
			 &round->failures[i]);
}

static int
ask_all(struct dns_views *views, struct step_context *ctx, const struct dns_look *look, bool deep,
	struct err *e)
{
	struct round *round;
	int rc;

	if (views->count > DNS_VIEWS_MAX)
		return err_set(e, ERR_SPEC, "these are more than %d DNS servers", DNS_VIEWS_MAX);
	round = xcalloc(1, sizeof(*round));
	*round =
		(struct round){ .views = views, .cancel = ctx->cancel, .look = look, .deep = deep };
	if (views->count == 1)
		ctx->progress(ctx, "asking %s for %s %s", views->items[0].label, look->name,
			      look->type);
	else
		ctx->progress(ctx, "asking %zu servers for %s %s", views->count, look->name,
			      look->type);
	rc = crew_run(views->count, DNS_STEP_THREADS, ask_one, round, e);
	for (size_t i = 0; rc == 0 && i < views->count; i++)
		if (round->failures[i].kind)
			rc = err_set(e, round->failures[i].kind, "%s", round->failures[i].message);
	free(round);
	return rc;
}

int
dns_views_ask(struct dns_views *views, struct step_context *ctx, const char *name, const char *type,
	      struct err *e)
{
	struct dns_look look = { .name = name, .type = type };

	return ask_all(views, ctx, &look, false, e);
}

int
dns_views_look(struct dns_views *views, struct step_context *ctx, const struct dns_look *look,
	       struct err *e)
{
	return ask_all(views, ctx, look, true, e);
}

static bool
is_wanted(const struct step_texts *wanted, const char *value)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (strcmp(wanted->items[i], value) == 0)
			return true;
	return false;
}

static enum dns_state
compare_values(const struct dns_answer *answer, const struct step_texts *wanted)
{
	size_t common = 0;

	for (size_t i = 0; i < answer->count; i++)
		common += is_wanted(wanted, answer->values[i]);
	if (common == wanted->count && common == answer->count)
		return DNS_STATE_NEW;
	return common ? DNS_STATE_MIXED : DNS_STATE_OLD;
}

static enum dns_state
failure_state(const struct dns_view *view)
{
	if (view->no_route)
		return DNS_STATE_NO_ROUTE;
	if (view->failure.kind == ERR_REMOTE)
		return DNS_STATE_LOOP;
	return view->failure.kind == ERR_TIMEOUT ? DNS_STATE_TIMEOUT : DNS_STATE_UNREACHABLE;
}

static enum dns_state
error_state(const char *rcode)
{
	if (strcmp(rcode, "SERVFAIL") == 0)
		return DNS_STATE_SERVFAIL;
	return strcmp(rcode, "REFUSED") == 0 ? DNS_STATE_REFUSED : DNS_STATE_FAILED;
}

bool
dns_view_spoke(const struct dns_view *view)
{
	return view->asked && !view->failed && !view->chain_failure.kind &&
	       (strcmp(view->answer.rcode, "NOERROR") == 0 ||
		strcmp(view->answer.rcode, "NXDOMAIN") == 0);
}

bool
dns_view_counts(const struct dns_view *view)
{
	return dns_view_spoke(view) && (!view->authoritative || view->answer.authoritative);
}

enum dns_state
dns_view_state(const struct dns_view *view, const struct step_texts *wanted)
{
	if (view->failed)
		return failure_state(view);
	if (view->chain_failure.kind)
		return view->chain_failure.kind == ERR_REMOTE ? DNS_STATE_LOOP : DNS_STATE_FAILED;
	if (!dns_view_spoke(view))
		return error_state(view->answer.rcode);
	if (!dns_view_counts(view))
		return DNS_STATE_LAME;
	if (strcmp(view->answer.rcode, "NXDOMAIN") == 0)
		return DNS_STATE_NXDOMAIN;
	if (view->answer.count == 0)
		return DNS_STATE_NODATA;
	return compare_values(&view->answer, wanted);
}
