#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "net/route53/route53_private.h"

enum { MAX_COMMENT = 256 };

char *
route53_change_url(const struct route53 *r, const struct route53_zone *zone)
{
	return xasprintf("%s/2013-04-01/hostedzone/%s/rrset/", r->endpoint, zone->id);
}

static void
append_edit(struct str *out, const struct route53_edit *edit)
{
	str_printf(out, "<Change><Action>%s</Action><ResourceRecordSet>",
		   edit->removes ? "DELETE" : "CREATE");
	xml_append(out, "Name", edit->name);
	xml_append(out, "Type", edit->type);
	str_printf(out, "<TTL>%u</TTL><ResourceRecords>", edit->ttl);
	for (const char *const *value = edit->values; *value; value++) {
		str_append(out, "<ResourceRecord>");
		xml_append(out, "Value", *value);
		str_append(out, "</ResourceRecord>");
	}
	str_append(out, "</ResourceRecords></ResourceRecordSet></Change>");
}

static void
append_batch(struct str *out, const struct route53_edit *edits, size_t count, const char *comment)
{
	str_append(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			"<ChangeResourceRecordSetsRequest "
			"xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch>");
	if (comment) {
		char *cut = xstrndup(comment, strnlen(comment, MAX_COMMENT));

		xml_append(out, "Comment", cut);
		free(cut);
	}
	str_append(out, "<Changes>");
	for (size_t i = 0; i < count; i++)
		append_edit(out, &edits[i]);
	str_append(out, "</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>");
}

int
route53_change(struct route53 *r, const struct route53_zone *zone, const struct route53_edit *edits,
	       size_t count, const char *comment, const struct cancel *cancel, char **ret_change,
	       struct err *e)
{
	struct str body = STR_INIT;
	char *path = xasprintf("hostedzone/%s/rrset/", zone->id), *change = NULL;
	struct xml_element *root;

	append_batch(&body, edits, count, comment);
	struct route53_call call = {
		.action = "ChangeResourceRecordSets",
		.path = path,
		.body = str_cstr(&body),
		.cancel = cancel,
	};
	root = route53_call(r, &call, e);
	if (root) {
		change = route53_bare_id(xml_text(xml_child(root, "ChangeInfo"), "Id", ""));
		if (!change)
			err_set(e, ERR_UNKNOWN_OUTCOME,
				"Route 53, ChangeResourceRecordSets at %s: an answer without the "
				"change's id. It may have been carried out: look before you repeat "
				"it",
				r->endpoint);
	}
	xml_free(root);
	str_release(&body);
	free(path);
	if (!change)
		return -1;
	*ret_change = change;
	return 0;
}

int
route53_change_is_everywhere(struct route53 *r, const char *change, const struct cancel *cancel,
			     bool *ret_is, struct err *e)
{
	char *bare = route53_bare_id(change);
	char *path = xasprintf("change/%s", bare ? bare : "");
	struct route53_call call = { .action = "GetChange", .path = path, .cancel = cancel };
	struct xml_element *root = bare ? route53_call(r, &call, e) : NULL;
	const char *status = xml_text(xml_child(root, "ChangeInfo"), "Status", "");

	if (!bare)
		err_set(e, ERR_SPEC, "\"%s\" is no id of a change of Route 53", change);
	if (root)
		*ret_is = strcmp(status, "INSYNC") == 0;
	free(bare);
	free(path);
	int rc = root ? 0 : -1;
	xml_free(root);
	return rc;
}
