#ifndef LIFEBOAT_TESTS_FIXTURE_ROUTE53_H
#define LIFEBOAT_TESTS_FIXTURE_ROUTE53_H

/*
 * A Route 53 on loopback: one account with its zones in memory. It recomputes the signature of every
 * request, refuses batches as Route 53 does, and can be slow, busy, mad and wrong about the time.
 */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/xalloc.h"
#include "fixture_sigv4.h"
#include "http_server.h"
#include "net/route53/route53_xml.h"

#define R53_NS "https://route53.amazonaws.com/doc/2013-04-01/"

struct r53_set {
	char name[300], type[8];
	unsigned ttl;
	char values[16][600];
	size_t count;
	char more[400]; /* elements of a peculiar set */
};

struct r53_zone {
	const char *id, *name;
	bool is_private;
};

struct fixture_route53 {
	struct http_server *server;
	pthread_mutex_t lock;
	struct r53_zone zones[8];
	size_t zones_count;
	struct r53_set sets[200]; /* of the first zone */
	size_t count;
	struct sigv4 sign;
	const char *name_servers[4];
	/* what it does */
	int page;	     /* items of a page at most; 0: as many as are asked for */
	int pending;	     /* GetChange says PENDING so often */
	int throttle;	     /* so many further requests */
	int throttle_writes; /* the same */
	int fail_reads;	     /* so many further ones with status 500 */
	const char *deny;    /* an action that is not allowed */
	bool silent;	     /* never answers */
	bool cut_write,
		do_cut; /* a write is cut off after its body has come; and done all the same */
	const char *answer_write; /* a body in place of the answer to a write, which is done */
	const char *answer_read;
	int answer_status;
	bool old_errors; /* <InvalidChangeBatch> as the root */
	const struct r53_set
		*meanwhile; /* somebody else puts this before the next write is looked at */
	/* what it saw */
	int writes;
	char *last_write; /* its body */
	void (*on_change)(void *data);
	void *data;
};

/* ---- the zone ---- */

static inline struct r53_set *
r53_put(struct fixture_route53 *f, const char *name, const char *type, unsigned ttl,
	const char *value)
{
	struct r53_set *set = &f->sets[f->count++];

	*set = (struct r53_set){ .ttl = ttl };
	snprintf(set->name, sizeof(set->name), "%s", name);
	snprintf(set->type, sizeof(set->type), "%s", type);
	if (value)
		snprintf(set->values[set->count++], sizeof(set->values[0]), "%s", value);
	return set;
}

/* NULL: there is none. */
static inline struct r53_set *
r53_find(struct r53_set *sets, size_t count, const char *name, const char *type)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(sets[i].name, name) == 0 && strcmp(sets[i].type, type) == 0)
			return &sets[i];
	return NULL;
}

/* The one of a name and type, which must be there. */
static inline struct r53_set *
r53_must_find(struct fixture_route53 *f, const char *name, const char *type)
{
	struct r53_set *set = r53_find(f->sets, f->count, name, type);

	if (!set)
		abort();
	return set;
}

/* The labels the other way round: the order that Route 53 lists names in. */
static inline void
r53_turned(const char *name, char *out, size_t max)
{
	char *text = xstrdup(name), *dot;
	size_t len = strlen(text), used = 0;

	if (len && text[len - 1] == '.')
		text[len - 1] = '\0';
	while ((dot = strrchr(text, '.'))) {
		used += (size_t)snprintf(out + used, max - used, "%s\001", dot + 1);
		*dot = '\0';
	}
	snprintf(out + used, max - used, "%s", text);
	free(text);
}

static inline int
r53_set_order(const void *a, const void *b)
{
	const struct r53_set *x = a, *y = b;
	char one[400], other[400];

	r53_turned(x->name, one, sizeof(one));
	r53_turned(y->name, other, sizeof(other));
	return strcmp(one, other) ? strcmp(one, other) : strcmp(x->type, y->type);
}

static inline void
r53_print_set(const struct r53_set *set, struct str *out)
{
	str_append(out, "<ResourceRecordSet>");
	xml_append(out, "Name", set->name);
	xml_append(out, "Type", set->type);
	str_append(out, set->more);
	if (set->count)
		str_printf(out, "<TTL>%u</TTL><ResourceRecords>", set->ttl);
	for (size_t i = 0; i < set->count; i++) {
		str_append(out, "<ResourceRecord>");
		xml_append(out, "Value", set->values[i]);
		str_append(out, "</ResourceRecord>");
	}
	str_append(out,
		   set->count ? "</ResourceRecords></ResourceRecordSet>" : "</ResourceRecordSet>");
}

static inline void
r53_list(struct fixture_route53 *f, const char *target, struct str *out)
{
	char name[256], type[8], items[20];
	struct r53_set from = { 0 };
	size_t at = 0, most, printed = 0;

	sigv4_parameter(target, "name", name, sizeof(name));
	sigv4_parameter(target, "type", type, sizeof(type));
	sigv4_parameter(target, "maxitems", items, sizeof(items));
	most = f->page ? (size_t)f->page : (size_t)atoi(items);
	if (name[0] == '*') /* as it stores it */
		snprintf(from.name, sizeof(from.name), "\\052%s", name + 1);
	else
		snprintf(from.name, sizeof(from.name), "%s", name);
	snprintf(from.type, sizeof(from.type), "%s", type);
	qsort(f->sets, f->count, sizeof(*f->sets), r53_set_order);
	while (at < f->count && r53_set_order(&f->sets[at], &from) < 0)
		at++;
	str_append(out,
		   "<ListResourceRecordSetsResponse xmlns=\"" R53_NS "\"><ResourceRecordSets>");
	for (; at < f->count && printed < most; at++, printed++)
		r53_print_set(&f->sets[at], out);
	str_printf(out, "</ResourceRecordSets><IsTruncated>%s</IsTruncated>",
		   at < f->count ? "true" : "false");
	if (at < f->count) {
		xml_append(out, "NextRecordName", f->sets[at].name);
		xml_append(out, "NextRecordType", f->sets[at].type);
	}
	str_printf(out, "<MaxItems>%s</MaxItems></ListResourceRecordSetsResponse>", items);
}

static inline void
r53_print_zone(const struct r53_zone *zone, struct str *out)
{
	str_printf(out,
		   "<HostedZone><Id>/hostedzone/%s</Id><Name>%s</Name><CallerReference>x"
		   "</CallerReference><Config><PrivateZone>%s</PrivateZone></Config>"
		   "<ResourceRecordSetCount>5</ResourceRecordSetCount></HostedZone>",
		   zone->id, zone->name, zone->is_private ? "true" : "false");
}

static inline void
r53_zones(struct fixture_route53 *f, const char *target, struct str *out)
{
	char name[300], id[40];
	size_t at = 0, most = f->page ? (size_t)f->page : 100, printed = 0;

	sigv4_parameter(target, "dnsname", name, sizeof(name));
	sigv4_parameter(target, "hostedzoneid", id, sizeof(id));
	while (at < f->zones_count &&
	       (strcmp(f->zones[at].name, name) < 0 || (*id && strcmp(f->zones[at].id, id) < 0)))
		at++;
	str_append(out, "<ListHostedZonesByNameResponse xmlns=\"" R53_NS "\"><HostedZones>");
	for (; at < f->zones_count && printed < most; at++, printed++)
		r53_print_zone(&f->zones[at], out);
	str_printf(out, "</HostedZones><IsTruncated>%s</IsTruncated>",
		   at < f->zones_count ? "true" : "false");
	if (at < f->zones_count) {
		xml_append(out, "NextDNSName", f->zones[at].name);
		xml_append(out, "NextHostedZoneId", f->zones[at].id);
	}
	str_append(out, "<MaxItems>100</MaxItems></ListHostedZonesByNameResponse>");
}

/* ---- changes ---- */

static inline void
r53_read_set(const struct xml_element *element, struct r53_set *set)
{
	const struct xml_element *record =
		xml_child(xml_child(element, "ResourceRecords"), "ResourceRecord");

	*set = (struct r53_set){ .ttl = (unsigned)atoi(xml_text(element, "TTL", "0")) };
	snprintf(set->name, sizeof(set->name), "%s", xml_text(element, "Name", ""));
	if (set->name[0] == '*') {
		char *stored = xasprintf("\\052%s", set->name + 1);

		snprintf(set->name, sizeof(set->name), "%s", stored);
		free(stored);
	}
	snprintf(set->type, sizeof(set->type), "%s", xml_text(element, "Type", ""));
	for (; record && set->count < 16; record = xml_next(record))
		snprintf(set->values[set->count++], sizeof(set->values[0]), "%s",
			 xml_text(record, "Value", ""));
}

static inline bool
r53_same(const struct r53_set *a, const struct r53_set *b)
{
	size_t common = 0;

	for (size_t i = 0; i < a->count; i++)
		for (size_t j = 0; j < b->count; j++)
			common += strcmp(a->values[i], b->values[j]) == 0;
	return a->ttl == b->ttl && a->count == b->count && common == a->count && !*b->more;
}

/* Applies one line of a batch to *count sets; what is wrong with it goes to `message`. */
static inline bool
r53_apply(struct r53_set *sets, size_t *count, const struct xml_element *change, char *message,
	  size_t max)
{
	const char *action = xml_text(change, "Action", "");
	struct r53_set set, *present;

	r53_read_set(xml_child(change, "ResourceRecordSet"), &set);
	present = r53_find(sets, *count, set.name, set.type);
	if (strcmp(action, "DELETE") == 0) {
		if (!present || !r53_same(&set, present)) {
			snprintf(
				message, max,
				"Tried to delete resource record set [name='%s', type='%s'] but %s",
				set.name, set.type,
				present ? "the values provided do not match the current values"
					: "it was not found");
			return false;
		}
		*present = sets[--*count];
		return true;
	}
	if (strcmp(action, "CREATE") != 0 || present || set.count == 0) {
		snprintf(
			message, max,
			"Tried to create resource record set [name='%s', type='%s'] but it already "
			"exists",
			set.name, set.type);
		return false;
	}
	for (size_t i = 0; i < *count; i++) {
		if (strcmp(sets[i].name, set.name) == 0 &&
		    (strcmp(set.type, "CNAME") == 0 || strcmp(sets[i].type, "CNAME") == 0)) {
			snprintf(message, max,
				 "RRSet of type %s with DNS name %s is not permitted as it "
				 "conflicts "
				 "with other records with the same DNS name in zone example.test.",
				 set.type, set.name);
			return false;
		}
	}
	sets[(*count)++] = set;
	return true;
}

static inline bool
r53_error(struct fixture_route53 *f, struct server_connection *c, int status, const char *code,
	  const char *message)
{
	struct str body = STR_INIT;
	char date[100], *extra;
	time_t now = time(NULL) + f->sign.skew_s;
	bool ok;

	if (f->old_errors && strcmp(code, "InvalidChangeBatch") == 0) {
		str_append(&body, "<?xml version=\"1.0\"?>\n<InvalidChangeBatch xmlns=\"" R53_NS
				  "\"><Messages>");
		xml_append(&body, "Message", message);
		str_append(&body, "</Messages><RequestId>1</RequestId></InvalidChangeBatch>");
	} else {
		str_append(&body, "<?xml version=\"1.0\"?>\n<ErrorResponse xmlns=\"" R53_NS
				  "\"><Error><Type>Sender</Type>");
		xml_append(&body, "Code", code);
		xml_append(&body, "Message", message);
		str_append(&body, "</Error><RequestId>1</RequestId></ErrorResponse>");
	}
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now));
	extra = xasprintf("Date: %s\r\n", date);
	ok = server_reply(c, status, "text/xml", extra, body.data);
	free(extra);
	str_release(&body);
	return ok;
}

static inline bool
r53_ok(struct fixture_route53 *f, struct server_connection *c, const char *body)
{
	char date[100], *extra;
	time_t now = time(NULL) + f->sign.skew_s;
	bool ok;

	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now));
	extra = xasprintf("Date: %s\r\n", date);
	ok = server_reply(c, 200, "text/xml", extra, body);
	free(extra);
	return ok;
}

/* All of a batch or nothing; false with a message. */
static inline bool
r53_change(struct fixture_route53 *f, const char *body, char *message, size_t max)
{
	struct err e = ERR_INIT;
	struct xml_element *root = xml_parse(body, strlen(body), &e);
	struct r53_set *sets = xcalloc(200, sizeof(*sets));
	size_t count = f->count;
	const struct xml_element *change =
		xml_child(xml_child(xml_child(root, "ChangeBatch"), "Changes"), "Change");
	bool ok = root && change;

	memcpy(sets, f->sets, f->count * sizeof(*sets));
	for (; ok && change; change = xml_next(change))
		ok = r53_apply(sets, &count, change, message, max);
	if (ok) {
		memcpy(f->sets, sets, count * sizeof(*sets));
		f->count = count;
	}
	xml_free(root);
	free(sets);
	return ok;
}

static inline bool
r53_write(struct fixture_route53 *f, struct server_connection *c, const struct server_request *r)
{
	char message[1000] = "";
	bool done;

	f->writes++;
	free(f->last_write);
	f->last_write = xstrdup(r->body);
	if (f->throttle_writes > 0) {
		f->throttle_writes--;
		return r53_error(f, c, 400, "Throttling", "Rate exceeded");
	}
	if (f->meanwhile) {
		struct r53_set *set =
			r53_find(f->sets, f->count, f->meanwhile->name, f->meanwhile->type);

		*(set ? set : &f->sets[f->count++]) = *f->meanwhile;
		f->meanwhile = NULL;
	}
	if (f->cut_write && !f->do_cut)
		return false;
	done = r53_change(f, r->body, message, sizeof(message));
	if (done && f->on_change)
		f->on_change(f->data);
	if (f->cut_write)
		return false;
	if (f->answer_write)
		return server_reply(c, f->answer_status ? f->answer_status : 200, "text/xml", "",
				    f->answer_write);
	if (!done)
		return r53_error(f, c, 400, "InvalidChangeBatch", message);
	return r53_ok(f, c,
		      "<ChangeResourceRecordSetsResponse xmlns=\"" R53_NS
		      "\"><ChangeInfo><Id>/change/C0123CHANGE</Id><Status>PENDING</Status>"
		      "<SubmittedAt>2026-11-21T10:00:00.000Z</SubmittedAt></ChangeInfo>"
		      "</ChangeResourceRecordSetsResponse>");
}

static inline bool
r53_zone_answer(struct fixture_route53 *f, struct server_connection *c, const char *id)
{
	struct str out = STR_INIT;
	bool ok = false;

	for (size_t i = 0; i < f->zones_count; i++) {
		if (strcmp(f->zones[i].id, id) != 0)
			continue;
		str_append(&out, "<GetHostedZoneResponse xmlns=\"" R53_NS "\">");
		r53_print_zone(&f->zones[i], &out);
		if (!f->zones[i].is_private) {
			str_append(&out, "<DelegationSet><NameServers>");
			for (size_t j = 0; j < 4 && f->name_servers[j]; j++)
				xml_append(&out, "NameServer", f->name_servers[j]);
			str_append(&out, "</NameServers></DelegationSet>");
		}
		str_append(&out, "</GetHostedZoneResponse>");
		ok = r53_ok(f, c, out.data);
		str_release(&out);
		return ok;
	}
	return r53_error(f, c, 404, "NoSuchHostedZone", "No hosted zone found with that ID");
}

static inline const char *
r53_action(const struct server_request *r)
{
	if (strcmp(r->method, "POST") == 0)
		return "ChangeResourceRecordSets";
	if (strstr(r->target, "/hostedzonesbyname"))
		return "ListHostedZonesByName";
	if (strstr(r->target, "/rrset"))
		return "ListResourceRecordSets";
	return strstr(r->target, "/change/") ? "GetChange" : "GetHostedZone";
}

static inline bool
r53_answer(struct fixture_route53 *f, struct server_connection *c, const struct server_request *r)
{
	const char *action = r53_action(r), *target = r->target;
	struct str out = STR_INIT;
	bool ok;

	if (strcmp(action, "ChangeResourceRecordSets") == 0)
		return r53_write(f, c, r);
	if (f->answer_read)
		return server_reply(c, f->answer_status ? f->answer_status : 200, "text/html", "",
				    f->answer_read);
	if (strcmp(action, "GetHostedZone") == 0)
		return r53_zone_answer(f, c, strrchr(target, '/') + 1);
	if (strcmp(action, "ListHostedZonesByName") == 0)
		r53_zones(f, target, &out);
	else if (strcmp(action, "ListResourceRecordSets") == 0)
		r53_list(f, target, &out);
	else
		str_printf(&out,
			   "<GetChangeResponse xmlns=\"" R53_NS
			   "\"><ChangeInfo><Id>/change/C0123CHANGE</Id><Status>%s</Status>"
			   "</ChangeInfo></GetChangeResponse>",
			   f->pending-- > 0 ? "PENDING" : "INSYNC");
	ok = r53_ok(f, c, out.data);
	str_release(&out);
	return ok;
}

static inline bool
r53_handle(void *data, struct server_connection *c, const struct server_request *r)
{
	struct fixture_route53 *f = data;
	bool is_write = strcmp(r->method, "POST") == 0, ok;

	if (f->silent)
		return server_stay_silent(c);
	pthread_mutex_lock(&f->lock);
	const char *code = sigv4_verify(&f->sign, r);
	if (code && strcmp(code, "expired") == 0) {
		ok = r53_error(f, c, 403, "SignatureDoesNotMatch",
			       "Signature expired: it is now earlier than 5 min. ago");
	} else if (code) {
		ok = r53_error(
			f, c, 403, code,
			"The request signature we calculated does not match. Check your key.\n\n"
			"The Canonical String for this request should have been 'GET");
	} else if (f->deny && strcmp(r53_action(r), f->deny) == 0) {
		ok = r53_error(f, c, 403, "AccessDenied",
			       "User: arn:aws:iam::123456789012:user/dr is not authorized to "
			       "perform: route53 on resource: arn:aws:route53:::hostedzone/Z1");
	} else if (!is_write && f->throttle > 0) {
		f->throttle--;
		ok = r53_error(f, c, 400, "Throttling", "Rate exceeded");
	} else if (!is_write && f->fail_reads > 0) {
		f->fail_reads--;
		ok = r53_error(f, c, 500, "InternalFailure", "We are sorry");
	} else {
		ok = r53_answer(f, c, r);
	}
	pthread_mutex_unlock(&f->lock);
	return ok;
}

/* Keys of the account in the environment, and nothing else of AWS there. `token` may be NULL. */
static inline void
fixture_route53_environment(const char *token)
{
	setenv("AWS_ACCESS_KEY_ID", R53_KEY, 1);
	setenv("AWS_SECRET_ACCESS_KEY", R53_SECRET, 1);
	if (token)
		setenv("AWS_SESSION_TOKEN", token, 1);
	else
		unsetenv("AWS_SESSION_TOKEN");
	setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials", 1);
	setenv("AWS_CONFIG_FILE", "/nonexistent/config", 1);
	unsetenv("AWS_PROFILE");
	unsetenv("AWS_REGION");
	unsetenv("AWS_DEFAULT_REGION");
	unsetenv("AWS_CA_BUNDLE");
}

/* A zone example.test (Z0PUBLIC1) with a few records; `tls` may be NULL. */
static inline void
fixture_route53_start(struct fixture_route53 *f, SSL_CTX *tls)
{
	*f = (struct fixture_route53){
		.sign = { .region = "us-east-1" },
		.zones = { { "Z0PUBLIC1", "example.test.", false },
			   { "Z0OTHER1", "other.test.", false } },
		.zones_count = 2,
		.name_servers = { "ns1.example.test", NULL },
	};
	pthread_mutex_init(&f->lock, NULL);
	r53_put(f, "example.test.", "NS", 172800, "ns1.example.test.");
	r53_put(f, "example.test.", "SOA", 900,
		"ns1.example.test. root.example.test. 1 7200 900 1209600 86400");
	r53_put(f, "www.open.example.test.", "A", 300, "192.0.2.10");
	f->server = server_start(r53_handle, f, tls);
}

static inline void
fixture_route53_stop(struct fixture_route53 *f)
{
	server_stop(f->server);
	pthread_mutex_destroy(&f->lock);
	free(f->last_write);
}

#endif
