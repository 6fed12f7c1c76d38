#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/tls/certificate.h"
#include "step/tls/step_tls_check.h"

enum { SHOWN_NAMES = 20, MAX_BLOCKS = 20 };

static void
print_names(const cJSON *names, struct str *out)
{
	int count = cJSON_GetArraySize(names), shown = 0;
	const cJSON *name;

	str_append(out, "     names       ");
	cJSON_ArrayForEach(name, names) {
		if (shown == SHOWN_NAMES)
			break;
		str_printf(out, "%s%s", shown++ ? ", " : "", name->valuestring);
	}
	if (count > shown)
		str_printf(out, " and %d more", count - shown);
	str_append_char(out, '\n');
}

static void
print_validity(const cJSON *certificate, struct str *out)
{
	int64_t days = json_int(certificate, "days_left", 0);

	str_printf(out, "     valid       %s to %s: ", json_string(certificate, "not_before", "?"),
		   json_string(certificate, "not_after", "?"));
	if (days < 0)
		str_append(out, "over\n");
	else
		str_printf(out, "%lld day%s left\n", (long long)days, days == 1 ? "" : "s");
}

static void
print_certificate(const cJSON *certificate, const char *mark, struct str *out)
{
	const cJSON *names = json_at(certificate, "names");
	bool is_ca = json_bool(certificate, "is_ca", false),
	     is_self_signed = json_bool(certificate, "self_signed", false);

	str_printf(out, "  %-2s %s%s\n", mark, json_string(certificate, "subject", "?"),
		   is_self_signed && is_ca ? "  (root)"
		   : is_self_signed	   ? "  (self-signed)"
		   : is_ca		   ? "  (certificate authority)"
					   : "");
	str_printf(out, "     issuer      %s\n", json_string(certificate, "issuer", "?"));
	if (cJSON_GetArraySize(names))
		print_names(names, out);
	print_validity(certificate, out);
	str_printf(out, "     key         %s, %lld bits; signed by %s\n",
		   json_string(certificate, "key/kind", "?"),
		   (long long)json_int(certificate, "key/bits", 0),
		   json_string(certificate, "signature", "?"));
	str_printf(out, "     serial      %s\n", json_string(certificate, "serial", "?"));
	str_printf(out, "     SHA-256     %s\n", json_string(certificate, "sha256", "?"));
	str_printf(out, "     key SHA-256 %s\n", json_string(certificate, "key_sha256", "?"));
}

static void
print_x509(const X509 *certificate, const char *mark, struct str *out)
{
	cJSON *json = certificate_json(certificate, clock_wall_ms());

	print_certificate(json, mark, out);
	cJSON_Delete(json);
}

static void
print_sent(const struct tls_look *look, struct str *out)
{
	int count = sk_X509_num(look->session.sent);

	str_printf(out, "Sent by the server: %d certificate%s\n", count, count == 1 ? "" : "s");
	for (int i = 0; i < count && i < MAX_BLOCKS; i++) {
		char mark[16];

		snprintf(mark, sizeof(mark), "%d", i + 1);
		print_x509(sk_X509_value(look->session.sent, i), mark, out);
	}
	if (count > MAX_BLOCKS)
		str_printf(out, "  … and %d more\n", count - MAX_BLOCKS);
}

/* What the chain has besides the sent ones, and then the chain as a tree, its root first. */
static void
print_chain(const struct tls_check *c, const struct tls_look *look, struct str *out)
{
	STACK_OF(X509) *chain = look->chain.certificates;
	int count = sk_X509_num(chain);
	bool has_own = false;

	for (int i = 0; i < count; i++) {
		X509 *certificate = sk_X509_value(chain, i);

		if (tls_chain_place(look->session.sent, certificate) >= 0)
			continue;
		if (!has_own)
			str_printf(out, "From %s:\n", c->trust_label);
		has_own = true;
		print_x509(certificate, "-", out);
	}
	str_printf(out, "The chain, %s:\n",
		   look->chain.is_verified ? "verified" : "as far as it goes, NOT verified");
	for (int i = count - 1; i >= 0; i--) {
		X509 *certificate = sk_X509_value(chain, i);
		int place = tls_chain_place(look->session.sent, certificate), depth = count - 1 - i;
		char *name = certificate_name(X509_get_subject_name(certificate));

		str_printf(out, "  %*s%s%s  ", depth > 1 ? (depth - 1) * 3 : 0, "",
			   depth ? "+- " : "", name);
		if (place >= 0)
			str_printf(out, "(sent, %d)\n", place + 1);
		else
			str_append(out, "(trusted)\n");
		free(name);
	}
}

static void
print_findings(const struct tls_findings *findings, struct str *out)
{
	static const char *const words[] = {
		[TLS_NOTE] = "Note", [TLS_WARNING] = "Warning", [TLS_PROBLEM] = "PROBLEM"
	};

	for (int weight = TLS_PROBLEM; weight >= TLS_NOTE; weight--)
		for (size_t i = 0; i < findings->count; i++)
			if ((int)findings->items[i].weight == weight)
				str_printf(out, "%s: %s.\n", words[weight],
					   findings->items[i].text);
}

static void
print_client(const struct tls_session *s, bool has_certificate, struct str *out)
{
	if (!s->asked_for_client)
		return;
	str_append(out, "It asks for a client certificate");
	if (s->client_authorities)
		str_printf(out, " issued by: %s", s->client_authorities);
	str_append(out, !s->may_refuse_client
				? has_certificate ? ", and got ours\n" : ", and does without one\n"
				: ", and has not said whether it takes us\n");
}

static void
print_look(const struct tls_check *c, const struct tls_look *look, struct str *out)
{
	const struct tls_session *s = &look->session;
	char *server = tls_endpoint_text(&c->server);

	str_printf(out, "%s at %s", server, look->where);
	if (s->version)
		str_printf(out, ": %s, %s%s", s->version, s->cipher,
			   s->is_lenient ? " (refused: too old)" : "");
	str_append_char(out, '\n');
	if (look->failure.kind == ERR_NONE)
		print_client(s, c->client_certificate_pem != NULL, out);
	if (s->sent) {
		print_sent(look, out);
		print_chain(c, look, out);
	}
	if (look->failure.kind != ERR_NONE)
		str_printf(out, "PROBLEM: %s.\n", look->failure.message);
	print_findings(&look->chain.findings, out);
	free(server);
}

void
tls_report_output(const struct tls_check *c, const struct tls_looks *looks)
{
	struct str out = STR_INIT;

	for (size_t i = 0; i < looks->count; i++) {
		if (i)
			str_append_char(&out, '\n');
		print_look(c, &looks->items[i], &out);
	}
	c->ctx->output(c->ctx, str_cstr(&out), out.len);
	str_release(&out);
}

/* Addresses that did not answer count only where all are to. */
static bool
is_counted(const struct tls_check *c, const struct tls_looks *looks, size_t index)
{
	return c->all || index + 1 == looks->count;
}

static size_t
count_problems(const struct tls_look *look)
{
	return (look->failure.kind != ERR_NONE) +
	       tls_findings_count(&look->chain.findings, TLS_PROBLEM);
}

/* Where all handshakes failed for one reason, it is of that kind; else an answer was not as expected. */
static enum err_kind
kind_of(const struct tls_check *c, const struct tls_looks *looks)
{
	enum err_kind kind = ERR_NONE;

	for (size_t i = 0; i < looks->count; i++) {
		const struct tls_look *look = &looks->items[i];

		if (!is_counted(c, looks, i) || count_problems(look) == 0)
			continue;
		if (look->failure.kind == ERR_NONE ||
		    (kind != ERR_NONE && kind != look->failure.kind))
			return ERR_CHECK;
		kind = look->failure.kind;
	}
	return kind;
}

static void
add_problem(struct str *out, const char *where, size_t total, size_t *number, const char *text)
{
	++*number;
	if (total > 1)
		str_printf(out, "%s%zu) ", *number > 1 ? ". " : "", *number);
	if (where)
		str_printf(out, "%s: ", where);
	str_append(out, text);
}

static void
add_problems(struct str *out, const struct tls_look *look, bool name_it, size_t total,
	     size_t *number)
{
	const char *where = name_it ? look->where : NULL;

	if (look->failure.kind != ERR_NONE)
		add_problem(out, where, total, number, look->failure.message);
	for (size_t i = 0; i < look->chain.findings.count; i++)
		if (look->chain.findings.items[i].weight == TLS_PROBLEM)
			add_problem(out, where, total, number, look->chain.findings.items[i].text);
}

int
tls_report_verdict(const struct tls_check *c, const struct tls_looks *looks, struct err *e)
{
	size_t total = 0, number = 0, counted = 0, verified = 0, last = 0;
	struct str out = STR_INIT;
	char *server;

	for (size_t i = 0; i < looks->count; i++)
		if (is_counted(c, looks, i)) {
			total += count_problems(&looks->items[i]);
			verified += looks->items[i].chain.is_verified;
			counted++;
			last = i;
		}
	if (total == 0 && counted > 0 && verified == counted)
		return 0;
	for (size_t i = 0; i < looks->count; i++)
		if (is_counted(c, looks, i))
			add_problems(&out, &looks->items[i], counted > 1, total, &number);
	server = tls_endpoint_text(&c->server);
	if (counted > 1)
		err_set(e, kind_of(c, looks), "tls.check %s: %s", server, str_cstr(&out));
	else
		err_set(e, kind_of(c, looks), "tls.check %s (%s): %s", server,
			looks->items[last].where, str_cstr(&out));
	free(server);
	str_release(&out);
	return -1;
}

static cJSON *
chain_json(STACK_OF(X509) *certificates, int64_t now_ms)
{
	cJSON *array = cJSON_CreateArray();

	for (int i = 0; i < sk_X509_num(certificates); i++)
		cJSON_AddItemToArray(array,
				     certificate_json(sk_X509_value(certificates, i), now_ms));
	return array;
}

static int64_t
least_days(const cJSON *chain)
{
	int64_t least = INT64_MAX;
	const cJSON *certificate;

	cJSON_ArrayForEach(certificate, chain) {
		int64_t days = json_int(certificate, "days_left", INT64_MAX);

		if (days < least)
			least = days;
	}
	return least;
}

static void
append_warnings(cJSON *array, const struct tls_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		if (findings->items[i].weight == TLS_WARNING)
			cJSON_AddItemToArray(array, cJSON_CreateString(findings->items[i].text));
}

static void
add_look(cJSON *object, const struct tls_look *look)
{
	int64_t now_ms = clock_wall_ms();
	cJSON *chain = chain_json(look->chain.certificates, now_ms);

	json_add_string(object, "address", look->where);
	json_add_string(object, "version", look->session.version);
	json_add_string(object, "cipher", look->session.cipher);
	json_add_bool(object, "asks_for_client_certificate", look->session.asked_for_client);
	json_add_int(object, "days_left", least_days(chain));
	json_add(object, "chain", chain);
	json_add(object, "sent", chain_json(look->session.sent, now_ms));
	json_add(object, "root",
		 look->root ? certificate_json(look->root, now_ms) : cJSON_CreateNull());
	json_add_string(object, "same_root", look->likeness);
}

cJSON *
tls_report_result(const struct tls_check *c, const struct tls_looks *looks)
{
	cJSON *result = cJSON_CreateObject(), *addresses = cJSON_CreateArray(),
	      *warnings = cJSON_CreateArray();

	json_add_string(result, "server", c->server.host);
	json_add_int(result, "port", c->server.port);
	json_add_string(result, "name", c->name);
	for (size_t i = 0; i < looks->count; i++) {
		const struct tls_look *look = &looks->items[i];
		cJSON *one;

		if (!is_counted(c, looks, i))
			continue;
		if (!json_at(result, "address"))
			add_look(result, look);
		one = cJSON_CreateObject();
		add_look(one, look);
		append_warnings(cJSON_AddArrayToObject(one, "warnings"), &look->chain.findings);
		append_warnings(warnings, &look->chain.findings);
		cJSON_AddItemToArray(addresses, one);
	}
	json_add(result, "warnings", warnings);
	json_add(result, "addresses", addresses);
	return result;
}
