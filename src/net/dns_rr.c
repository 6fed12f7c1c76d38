#include "config.h"

#include "net/dns_rr.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/xalloc.h"

enum { CNAME_CHAIN_MAX = 16, TXT_STRING_MAX = 255 };

int
dns_type_parse(const char *text, ldns_rr_type *ret_type, struct err *e)
{
	ldns_rr_type type = text ? ldns_get_rr_type_by_name(text) : 0;

	if (type == 0)
		return err_set(e, ERR_SPEC, "%s is no type of DNS record", text ? text : "(none)");
	*ret_type = type;
	return 0;
}

static bool
has_only_name_characters(const char *text)
{
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 127 || strchr("\"();@$", *c))
			return false;
	return *text != '\0';
}

ldns_rdf *
dns_name_parse(const char *text, struct err *e)
{
	ldns_rdf *name = has_only_name_characters(text) ? ldns_dname_new_frm_str(text) : NULL;

	if (!name)
		err_set(e, ERR_SPEC, "\"%s\" is no DNS name", text);
	return name;
}

/* A free text becomes one quoted string for each 255 bytes of it; what is quoted stays as it is. */
static void
quote_txt(const char *value, struct str *out)
{
	size_t used = 0;

	if (value[0] == '"') {
		str_append(out, value);
		return;
	}
	str_append_char(out, '"');
	for (const char *c = value; *c; c++, used++) {
		if (used == TXT_STRING_MAX) {
			str_append(out, "\" \"");
			used = 0;
		}
		if (*c == '"' || *c == '\\')
			str_append_char(out, '\\');
		if ((unsigned char)*c < ' ' || (unsigned char)*c >= 127)
			str_printf(out, "\\%03d", (unsigned char)*c);
		else
			str_append_char(out, *c);
	}
	str_append_char(out, '"');
}

/* Through the zone file syntax, of which only the rdata is the caller's. */
static ldns_rr *
parse_zone_text(ldns_rr_type type, const char *value)
{
	struct str line = STR_INIT;
	ldns_rr *rr = NULL;
	char *word = ldns_rr_type2str(type);

	str_printf(&line, "x. 0 IN %s ", word);
	if (type == LDNS_RR_TYPE_TXT)
		quote_txt(value, &line);
	else
		str_append(&line, value);
	bool plain =
		!strpbrk(value, "\r\n") && (type == LDNS_RR_TYPE_TXT || !strpbrk(value, ";()"));
	if (plain && ldns_rr_new_frm_str(&rr, line.data, 0, NULL, NULL) != LDNS_STATUS_OK)
		rr = NULL;
	LDNS_FREE(word);
	str_release(&line);
	return rr;
}

static ldns_rdf *
parse_target(const char *value)
{
	struct in6_addr ignored;

	if (inet_pton(AF_INET, value, &ignored) == 1 || inet_pton(AF_INET6, value, &ignored) == 1)
		return NULL; /* an address in the place of a name is always a slip */
	return dns_name_parse(value, NULL);
}

static ldns_rr *
parse_rdata(ldns_rr_type type, const char *value)
{
	ldns_rdf *rdf;

	switch (type) {
	case LDNS_RR_TYPE_A:
		rdf = ldns_rdf_new_frm_str(LDNS_RDF_TYPE_A, value);
		break;
	case LDNS_RR_TYPE_AAAA:
		rdf = ldns_rdf_new_frm_str(LDNS_RDF_TYPE_AAAA, value);
		break;
	case LDNS_RR_TYPE_CNAME:
	case LDNS_RR_TYPE_NS:
	case LDNS_RR_TYPE_PTR:
		rdf = parse_target(value);
		break;
	default:
		return parse_zone_text(type, value);
	}
	if (!rdf)
		return NULL;
	ldns_rr *rr = ldns_rr_new();
	ldns_rr_set_type(rr, type);
	ldns_rr_push_rdf(rr, rdf);
	return rr;
}

ldns_rr *
dns_rr_parse(const ldns_rdf *owner, ldns_rr_type type, uint32_t ttl, const char *value,
	     struct err *e)
{
	ldns_rr *rr = parse_rdata(type, value);

	if (!rr) {
		char *word = ldns_rr_type2str(type);

		err_set(e, ERR_SPEC, "\"%s\" is no valid value of a DNS record of type %s", value,
			word);
		LDNS_FREE(word);
		return NULL;
	}
	if (ldns_rr_owner(rr))
		ldns_rdf_deep_free(ldns_rr_owner(rr));
	ldns_rr_set_owner(rr, owner ? ldns_rdf_clone(owner) : ldns_dname_new_frm_str("."));
	ldns_rr_set_class(rr, LDNS_RR_CLASS_IN);
	ldns_rr_set_ttl(rr, ttl);
	return rr;
}

char *
dns_rr_value(const ldns_rr *rr)
{
	struct str out = STR_INIT;
	ldns_rr *copy = ldns_rr_clone(rr);

	ldns_rr2canonical(copy);
	for (size_t i = 0; i < ldns_rr_rd_count(copy); i++) {
		char *text = ldns_rdf2str(ldns_rr_rdf(copy, i));

		if (i)
			str_append_char(&out, ' ');
		str_append(&out, text ? text : "?");
		LDNS_FREE(text);
	}
	ldns_rr_free(copy);
	return str_take(&out);
}

char *
dns_normalise(const char *type, const char *value, struct err *e)
{
	ldns_rr_type number;
	char *text;

	if (dns_type_parse(type, &number, e) < 0)
		return NULL;
	ldns_rr *rr = dns_rr_parse(NULL, number, 0, value, e);
	if (!rr)
		return NULL;
	text = dns_rr_value(rr);
	ldns_rr_free(rr);
	return text;
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The name at the end of the CNAME chain that starts at `name`: borrowed from the packet. */
static const ldns_rdf *
follow_cnames(const ldns_rr_list *answer, const ldns_rdf *name)
{
	for (int step = 0; step < CNAME_CHAIN_MAX; step++) {
		const ldns_rdf *next = NULL;

		for (size_t i = 0; i < ldns_rr_list_rr_count(answer) && !next; i++) {
			const ldns_rr *rr = ldns_rr_list_rr(answer, i);

			if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME &&
			    ldns_rr_rd_count(rr) == 1 &&
			    ldns_dname_compare(ldns_rr_owner(rr), name) == 0)
				next = ldns_rr_rdf(rr, 0);
		}
		if (!next)
			break;
		name = next;
	}
	return name;
}

static void
take_values(struct dns_answer *answer, const ldns_rr_list *list, const ldns_rdf *owner,
	    ldns_rr_type type)
{
	size_t most = ldns_rr_list_rr_count(list);

	answer->values = xcalloc(most + 1, sizeof(*answer->values));
	for (size_t i = 0; i < most; i++) {
		const ldns_rr *rr = ldns_rr_list_rr(list, i);

		if (ldns_rr_get_type(rr) != type ||
		    ldns_dname_compare(ldns_rr_owner(rr), owner) != 0)
			continue;
		if (answer->count == 0 || ldns_rr_ttl(rr) < answer->ttl)
			answer->ttl = ldns_rr_ttl(rr);
		answer->values[answer->count++] = dns_rr_value(rr);
	}
	qsort(answer->values, answer->count, sizeof(*answer->values), compare_texts);
}

/* How long a resolver may keep "no such thing". Source: RFC 2308, 5. */
static uint32_t
negative_ttl(const ldns_rr_list *authority)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(authority); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(authority, i);

		if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_SOA || ldns_rr_rd_count(rr) != 7)
			continue;
		uint32_t minimum = ldns_rdf2native_int32(ldns_rr_rdf(rr, 6));
		return minimum < ldns_rr_ttl(rr) ? minimum : ldns_rr_ttl(rr);
	}
	return 0;
}

static char *
take_text(char *ldns_text)
{
	char *text = xstrdup(ldns_text ? ldns_text : "?");

	LDNS_FREE(ldns_text);
	return text;
}

void
dns_answer_take(struct dns_answer *answer, const ldns_pkt *packet, const ldns_rdf *name,
		ldns_rr_type type)
{
	const ldns_rr_list *list = ldns_pkt_answer(packet);
	const ldns_rdf *owner = type == LDNS_RR_TYPE_CNAME ? name : follow_cnames(list, name);

	answer->rcode = take_text(ldns_pkt_rcode2str(ldns_pkt_get_rcode(packet)));
	answer->authoritative = ldns_pkt_aa(packet);
	take_values(answer, list, owner, type);
	if (answer->count == 0)
		answer->negative_ttl = negative_ttl(ldns_pkt_authority(packet));
	if (owner != name) {
		ldns_rdf *lower = ldns_rdf_clone(owner);

		ldns_dname2canonical(lower);
		answer->cname = take_text(ldns_rdf2str(lower));
		ldns_rdf_deep_free(lower);
	}
}
