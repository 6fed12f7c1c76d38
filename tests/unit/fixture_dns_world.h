#ifndef LIFEBOAT_TESTS_FIXTURE_DNS_WORLD_H
#define LIFEBOAT_TESTS_FIXTURE_DNS_WORLD_H

/*
 * The name servers of example.test, real ones, all at the same port of an address each:
 *
 *   127.0.0.1  BIND, the primary; lifeboat-key may change everything
 *   ::1        BIND, a secondary that is told of no change (dns_world_notify() tells it)
 *   127.0.0.3  Knot, a secondary that is told at once; dns_world.has_knot says whether there is one
 *
 * and a BIND at another port of 127.0.0.1 that asks the primary, keeps what it says, validates signed.test, whose
 * signatures have expired, and serves elsewhere.test.
 */

#include "fixture_knot.h"
#include "fixture_named.h"
#include "net/dns/dns.h"

struct dns_world {
	struct fixture_named primary, secondary, resolver;
	struct fixture_knot knot;
	bool has_knot;
	char *anchor; /* the key that signed.test was signed with, as a trust anchor */
	bool missing; /* the programs, or ::1, are not there */
};

static const char dns_world_zone[] =
	"$TTL 300\n"
	"@ IN SOA ns1.example.test. root.example.test. 7 3600 600 86400 60\n"
	"%s"
	"ns1 IN A 127.0.0.1\nns2 IN AAAA ::1\nns3 IN A 127.0.0.3\n"
	"fixed 120 IN A 192.0.2.1\n"
	"change 300 IN A 192.0.2.10\n"
	"brief 5 IN A 192.0.2.10\n"
	"long 3000 IN A 192.0.2.10\n"
	"dual IN A 192.0.2.1\ndual IN AAAA 2001:db8::1\n"
	"alias 240 IN CNAME middle\nmiddle 200 IN CNAME fixed\n"
	"out 100 IN CNAME lb.elsewhere.test.\n"
	"lost 100 IN CNAME nobody.elsewhere.test.\n"
	"circle1 IN CNAME circle2\ncircle2 IN CNAME circle1\n"
	"mail IN MX 10 mx.example.test.\n"
	"_sip._tcp IN SRV 1 2 5060 sip.example.test.\n"
	"text IN TXT \"two words\" \"more\"\n";

static const char dns_world_signed[] =
	"$TTL 300\n@ IN SOA ns1.example.test. root.example.test. 1 3600 600 86400 60\n"
	"@ IN NS ns1.example.test.\nwww IN A 192.0.2.90\n";

static inline void
dns_world_file(const struct fixture_named *n, const char *name, const char *text)
{
	char *path = fixture_write(n->folder, name, text);

	fixture_give(path);
	free(path);
}

/* The key's line "name IN DNSKEY 257 3 13 BASE64" becomes `static-key 257 3 13 "BASE64"`. */
static inline char *
dns_world_read_anchor(const char *folder, const char *key)
{
	char *path = xasprintf("%s/%s.key", folder, key), line[1024], *at, *text = NULL;
	FILE *file = fopen(path, "r");

	while (file && fgets(line, sizeof(line), file))
		if (line[0] != ';' && (at = strstr(line, "DNSKEY 257 3 13 ")))
			text = xasprintf("trust-anchors { \"signed.test.\" static-key 257 3 13 "
					 "\"%.*s\"; };\n",
					 (int)strcspn(at + 16, "\n"), at + 16);
	if (file)
		fclose(file);
	free(path);
	return text;
}

/* Signs signed.test for a month that is long over. */
static inline bool
dns_world_sign(struct dns_world *w)
{
	const char *folder = w->primary.folder;
	char *log = xasprintf("%s/sign.log", folder), *plain, *key, name[256] = "";
	char *out = xasprintf("%s/signed.zone", folder);
	const char *keygen[] = { "dnssec-keygen",   "-q", "-K",	 folder, "-a",
				 "ECDSAP256SHA256", "-f", "KSK", "-n",	 "ZONE",
				 "signed.test",	    NULL };
	bool fine = false;
	FILE *file;

	dns_world_file(&w->primary, "plain.zone", dns_world_signed);
	plain = xasprintf("%s/plain.zone", folder);
	if (!fixture_run(keygen, log))
		goto out;
	file = fopen(log, "r");
	while (file && fscanf(file, "%255s", name) == 1 && strncmp(name, "Ksigned.test", 12) != 0)
		;
	if (file)
		fclose(file);
	key = xasprintf("%s/%s", folder, name);
	const char *sign[] = { "env",
			       "-C",
			       folder,
			       "dnssec-signzone",
			       "-S",
			       "-z",
			       "-P",
			       "-K",
			       folder,
			       "-o",
			       "signed.test",
			       "-s",
			       "20200101000000",
			       "-e",
			       "20200201000000",
			       "-f",
			       out,
			       plain,
			       NULL };
	fine = fixture_run(sign, log);
	w->anchor = dns_world_read_anchor(folder, name);
	fine = fine && w->anchor;
	free(key);
out:
	free(plain);
	free(log);
	free(out);
	return fine;
}

static inline bool
dns_world_start_primary(struct dns_world *w)
{
	char *options = xasprintf("recursion no; dnssec-validation no; notify explicit; "
				  "notify-delay 0; also-notify { 127.0.0.3 port %d; };\n"
				  "allow-transfer { any; };",
				  w->primary.port);
	char *zone =
		xasprintf(dns_world_zone, w->has_knot ? "@ IN NS ns1\n@ IN NS ns2\n@ IN NS ns3\n"
						      : "@ IN NS ns1\n@ IN NS ns2\n");
	bool up;

	dns_world_file(&w->primary, "zone", zone);
	w->primary.key_file = fixture_write(w->primary.folder, "key", NAMED_KEY);
	up = dns_world_sign(w) &&
	     named_launch(&w->primary, "127.0.0.1", options,
			  NAMED_KEY
			  "zone \"example.test\" { type primary; file \"zone\"; "
			  "allow-update { key lifeboat-key; }; };\n"
			  "zone \"signed.test\" { type primary; file \"signed.zone\"; };\n");
	free(options);
	free(zone);
	return up;
}

static inline bool
dns_world_start_others(struct dns_world *w)
{
	char *zones = xasprintf("zone \"example.test\" { type secondary; file \"copy\"; "
				"primaries { 127.0.0.1 port %d; }; };\n",
				w->primary.port);
	char *options = xasprintf("recursion yes; allow-recursion { any; }; forward only; "
				  "forwarders { 127.0.0.1 port %d; }; dnssec-validation yes; "
				  "qname-minimization off;",
				  w->primary.port);
	char *mine = xasprintf(
		"%szone \"elsewhere.test\" { type primary; file \"zone\"; forwarders { }; "
		"};\n",
		w->anchor);
	bool up;

	w->secondary.port = w->primary.port;
	dns_world_file(&w->resolver, "zone",
		       "$TTL 300\n@ IN SOA ns root 1 3600 600 86400 60\n@ IN NS ns\n"
		       "ns IN A 127.0.0.1\nlb 50 IN A 192.0.2.200\n");
	up = named_launch(&w->secondary, "::1",
			  "recursion no; dnssec-validation no; notify no; "
			  "allow-notify { ::1; };",
			  zones) &&
	     named_launch(&w->resolver, "127.0.0.1", options, mine);
	free(zones);
	free(options);
	free(mine);
	return up;
}

/* What a server says of a name, as one text; "" for nothing. The caller frees. */
static inline char *
dns_world_value(const char *address, int port, const char *name, const char *type)
{
	struct dns_server server = { address, port };
	struct dns_answer answer = { 0 };
	struct err ignored = ERR_INIT;
	char *text;

	dns_query(&server, name, type, true, 1000, 1, NULL, &answer, &ignored);
	text = xstrdup(answer.count ? answer.values[0] : "");
	dns_answer_release(&answer);
	return text;
}

/* Waits until a server says this. */
static inline bool
dns_world_await(const char *address, int port, const char *name, const char *value)
{
	int64_t until_ms = clock_mono_ms() + 10000;
	bool there = false;

	while (!there && clock_mono_ms() < until_ms) {
		char *text = dns_world_value(address, port, name, "A");

		there = strcmp(text, value) == 0;
		free(text);
		if (!there)
			fixture_pause();
	}
	return there;
}

static inline bool
dns_world_start_knot(struct dns_world *w)
{
	return !w->has_knot ||
	       (fixture_knot_start(&w->knot, "example.test", "127.0.0.3", w->primary.port,
				   "127.0.0.1", w->primary.port) &&
		dns_world_await("127.0.0.3", w->primary.port, "fixed.example.test", "192.0.2.1"));
}

/* Programs that are there and do not start are no reason to skip a test. */
static inline void
dns_world_start(struct dns_world *w)
{
	static const char *const signers[] = { "/usr/bin/dnssec-signzone",
					       "/usr/sbin/dnssec-signzone",
					       "/usr/local/bin/dnssec-signzone", NULL };
	static const char *const knots[] = { "/usr/sbin/knotd", "/usr/local/sbin/knotd", NULL };

	*w = (struct dns_world){ 0 };
	w->has_knot = fixture_program(knots) != NULL;
	w->missing = !named_prepare(&w->primary) || !named_prepare(&w->secondary) ||
		     !named_prepare(&w->resolver) || !fixture_program(signers) ||
		     !fixture_has_ipv6();
	if (w->missing)
		return;
	if (dns_world_start_primary(w) && dns_world_start_others(w) && dns_world_start_knot(w) &&
	    dns_world_await("::1", w->primary.port, "fixed.example.test", "192.0.2.1"))
		return;
	fprintf(stderr, "the name servers did not start: see %s, %s, %s\n", w->primary.folder,
		w->secondary.folder, w->resolver.folder);
	abort();
}

static inline void
dns_world_stop(struct dns_world *w)
{
	fixture_named_stop(&w->primary);
	fixture_named_stop(&w->secondary);
	fixture_named_stop(&w->resolver);
	fixture_knot_stop(&w->knot);
	free(w->anchor);
}

/* Changes a record at the primary. */
static inline void
dns_world_change(const struct dns_world *w, const char *name, const char *value, uint32_t ttl)
{
	struct dns_server server = { "127.0.0.1", w->primary.port };
	const char *values[] = { value, NULL };
	struct dns_update update = {
		.zone = "example.test", .name = name, .type = "A", .ttl = ttl, .values = values
	};
	struct dns_key key = { 0 };
	struct err e = ERR_INIT;

	if (dns_key_load(w->primary.key_file, &key, &e) < 0 ||
	    dns_update_send(&server, &update, &key, 3000, NULL, &e) < 0) {
		fprintf(stderr, "%s\n", e.message);
		abort();
	}
	dns_key_release(&key);
}

/* Tells the stale secondary that there is something new. */
static inline void
dns_world_notify(const struct dns_world *w)
{
	char *port = xasprintf("%d", w->primary.port);
	const char *argv[] = { "dig",	 "@::1",     "-p",	port,		"+opcode=NOTIFY",
			       "+norec", "+tries=1", "+time=2", "example.test", "SOA",
			       NULL };

	if (!fixture_run(argv, "/dev/null"))
		abort();
	free(port);
}

#endif
