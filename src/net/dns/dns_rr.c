#include "config.h"

#include "net/dns/dns_rr.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/xalloc.h"

enum { TXT_STRING_MAX = 255, LABEL_MAX = 63, NAME_MAX_LEN = 254 };

int
dns_type_parse(const char *text, ldns_rr_type *ret_type, struct err *e)
{
	ldns_rr_type type = text ? ldns_get_rr_type_by_name(text) : 0;

	if (type == 0)
		return err_set(e, ERR_SPEC, "%s is no type of DNS record", text ? text : "(none)");
	*ret_type = type;
	return 0;
}

/* Why a text is no name, or NULL. */
static const char *
name_fault(const char *text)
{
	size_t label = 0;

	if (!*text)
		return "it is empty";
	for (const char *c = text; *c; c++) {
		if ((unsigned char)*c >= 128)
			return "it has letters that DNS does not know. Write it in its xn-- form, "
			       "as idn2(1) gives it";
		if ((unsigned char)*c <= ' ' || *c == 127 || strchr("\"();@$", *c))
			return "it has a character that no name has";
		label = *c == '.' ? 0 : label + 1;
		if (label > LABEL_MAX && !strchr(text, '\\'))
			return "a part of it between dots is longer than 63 characters";
	}
	if (strlen(text) > NAME_MAX_LEN && !strchr(text, '\\'))
		return "it is longer than 253 characters";
	return NULL;
}

ldns_rdf *
dns_name_parse(const char *text, struct err *e)
{
	const char *fault = name_fault(text);
	ldns_rdf *name = fault ? NULL : ldns_dname_new_frm_str(text);

	if (!name)
		err_set(e, ERR_SPEC, "\"%s\" is no DNS name%s%s", text, fault ? ": " : "",
			fault ? fault : "");
	return name;
}

int
dns_name_check(const char *text, struct err *e)
{
	ldns_rdf *name = dns_name_parse(text, e);

	if (name)
		ldns_rdf_deep_free(name);
	return name ? 0 : -1;
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
