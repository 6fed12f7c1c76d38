#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "drill/drill.h"
#include "fixture_fake_world.h"
#include "fixture_folder.h"
#include "kube/exec_plugin.h"
#include "kube/kubeconfig.h"
#include "net/child/child.h"
#include "net/dns/dns.h"
#include "net/fence/fence.h"
#include "net/fence/fence_resolve.h"
#include "net/http/http.h"
#include "net/postgres/postgres.h"
#include "net/route53/aws_credentials.h"
#include "net/socket/address.h"
#include "net/tls/tls.h"

/*
 * A fence is never taken down: each test is one of a process of its own, which enters the fake world, and says by its exit
 * code which of its demands was not met. Outside wait traps: a listener, and a home whose files nobody may open.
 */

static struct {
	struct fake_world world;
	char *home;
	int inside_port, outside_port;
} trap;

/* The line of the demand, as an exit code cannot hold it, goes to standard error. */
#define DEMAND(condition)                                                                          \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n  %s\n", __FILE__, __LINE__, #condition,       \
				e.message);                                                        \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)
#define FRESH() (e = (struct err)ERR_INIT)

static int
listen_at(const char *address, int *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, address, &at.sin_addr);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 8), 0);
	getsockname(fd, (struct sockaddr *)&at, &len);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

static int
enter(void)
{
	struct err e = ERR_INIT;
	struct drill *drill;

	if (drill_start(&(struct drill_options){ .program = trap.world.program, .world = "w.yaml" },
			&drill, &e) < 0 ||
	    drill_enter(drill, &e) < 0) {
		fprintf(stderr, "%s\n", e.message);
		return -1;
	}
	return 0; /* its end comes with ours */
}

static void
set_traps(void)
{
	static const char *const files[][2] = {
		{ ".kube/config", "apiVersion: v1\nkind: Config\ncurrent-context: prod\n" },
		{ ".pg_service.conf", "[prod]\nhost=127.0.0.1\n" },
		{ ".pgpass", "*:*:*:*:secret\n" },
		{ ".aws/credentials",
		  "[default]\naws_access_key_id = AKIA\naws_secret_access_key = x\n" },
		{ ".aws/config", "[default]\nregion = x\n" },
		{ "tsig.key", "key \"k\" { algorithm hmac-sha256; secret \"c2VjcmV0\"; };\n" },
	};

	trap.home = xasprintf("%s/trap", trap.world.root);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		fake_write(trap.home, files[i][0], files[i][1], 0600);
	fake_write(trap.world.folder, "kubeconfig",
		   "apiVersion: v1\nkind: Config\ncurrent-context: mgmt-b\n"
		   "clusters: [{name: b, cluster: {server: 'https://127.77.3.20:6443'}}]\n"
		   "users: [{name: u, user: {token: t}}]\n"
		   "contexts: [{name: mgmt-b, context: {cluster: b, user: u}}]\n",
		   0600);
	setenv("HOME", trap.home, 1);
	setenv("PGHOST", "127.0.0.1", 1);
	setenv("AWS_ACCESS_KEY_ID", "AKIATRAP", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "trap", 1);
	setenv("https_proxy", "http://127.0.0.1:9", 1);
	setenv("http_proxy", "http://127.0.0.1:9", 1);
	char *config = xasprintf("%s/.kube/config", trap.home);
	setenv("KUBECONFIG", config, 1);
	free(config);
}

static int
watch_trap(void)
{
	static const char *const folders[] = { "", "/.kube", "/.aws" };
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char *path = xasprintf("%s%s", trap.home, folders[i]);

		assert_true(inotify_add_watch(fd, path, IN_OPEN) >= 0);
		free(path);
	}
	return fd;
}

/* Runs a body inside; the traps must not have gone off. */
static void
inside(int (*body)(void))
{
	int outside = 0, status = 0, watch, within;
	char events[4096];

	fake_world_init(&trap.world, "", "");
	outside = listen_at("127.0.0.1", &trap.outside_port);
	within = listen_at("127.77.3.10", &trap.inside_port);
	set_traps();
	watch = watch_trap();
	pid_t pid = fork();
	if (pid == 0)
		_exit(enter() == 0 ? body() : 2);
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	struct pollfd fd = { outside, POLLIN, 0 };
	assert_int_equal(poll(&fd, 1, 0), 0);
	assert_true(read(watch, events, sizeof(events)) < 0);
	close(watch);
	close(outside);
	close(within);
	folder_remove(trap.world.root);
	free(trap.world.folder);
	free(trap.world.program);
	free(trap.home);
}

static int
check(const char *host, int port, struct err *e)
{
	struct address_list list = { .count = 0 };

	address_parse(host, port, &list);
	return fence_check((struct sockaddr *)&list.items[0].sa, list.items[0].len, e);
}

static int
addresses(void)
{
	struct err e = ERR_INIT;

	DEMAND(fence_stands());
	DEMAND(check("127.77.3.10", 443, &e) == 0);
	DEMAND(check("::ffff:127.77.3.10", 443, &e) == 0);
	DEMAND(check("203.0.113.9", 443, &e) < 0);
	DEMAND(e.kind == ERR_DENIED);
	DEMAND(strstr(e.message, "203.0.113.9:443 is outside of the drill's world: a drill never "
				 "touches anything real"));
	DEMAND(check("127.0.0.1", 443, NULL) < 0);
	DEMAND(check("127.77.30.1", 443, NULL) < 0);
	DEMAND(check("::1", 443, NULL) < 0);
	DEMAND(check("::ffff:10.0.0.1", 443, NULL) < 0);
	DEMAND(check("2001:db8::1", 443, NULL) < 0);
	return 0;
}

static int
check_socket(const char *path, struct err *e)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	strncpy(at.sun_path, path, sizeof(at.sun_path) - 1);
	return fence_check((struct sockaddr *)&at, sizeof(at), e);
}

static int
sockets(void)
{
	struct err e = ERR_INIT;
	char *within = xasprintf("%s/postgres/.s.PGSQL.5432", trap.world.folder);
	char *near = xasprintf("%s/x.sock", trap.world.folder);
	char *out = xasprintf("%s/../trap/x.sock", trap.world.folder);

	DEMAND(check_socket(near, &e) == 0);
	DEMAND(check_socket(within, &e) < 0); /* whose folder is not there is nobody's */
	DEMAND(check_socket(out, &e) < 0);
	DEMAND(check_socket("/var/run/docker.sock", &e) < 0);
	DEMAND(check_socket("", &e) < 0);
	free(within);
	free(near);
	free(out);
	return 0;
}

static int
http_led(const char *host, int port, const char *connect_to, struct err *e)
{
	const char *const entries[] = { connect_to, NULL };
	struct http_client *client =
		http_client_new(&(struct http_options){ .connect_to = entries }, e);
	struct http_response response = { 0 };
	char *url = xasprintf("http://%s:%d/", host, port);
	struct http_request request = { .method = "GET", .url = url, .timeout_ms = 300 };
	int rc = http_perform(client, &request, &response, e);

	if (rc == 0)
		http_response_release(&response);
	http_client_free(client);
	free(url);
	return rc;
}

static int
http(const char *host, int port, struct err *e)
{
	return http_led(host, port, NULL, e);
}

/* As http_led(), of port 8080 of a name. */
static int
http_by(const char *resolve, const char *connect_to, const char *proxy, struct err *e)
{
	struct http_client *client = http_client_new(
		&(struct http_options){
			.resolve = (const char *const[]){ resolve, NULL },
			.connect_to = (const char *const[]){ connect_to, NULL },
			.proxy_url = proxy,
		},
		e);
	struct http_response response = { 0 };
	struct http_request request = { .method = "GET",
					.url = "http://tsb.example.com:8080/",
					.timeout_ms = 300 };
	int rc = http_perform(client, &request, &response, e);

	if (rc == 0)
		http_response_release(&response);
	http_client_free(client);
	return rc;
}

static int
http_requests_by_other_ways(void)
{
	char *in = xasprintf("tsb.example.com::127.77.3.10:%d", trap.inside_port);
	char *other_port = xasprintf("tsb.example.com:81:127.77.3.10:%d", trap.inside_port);
	char *out = xasprintf("tsb.example.com::127.0.0.1:%d", trap.outside_port);
	char *named = xasprintf("tsb.example.com::localhost:%d", trap.outside_port);
	char *proxy = xasprintf("http://127.77.3.10:%d", trap.inside_port);
	char *real_proxy = xasprintf("http://127.0.0.1:%d", trap.outside_port);
	char *named_proxy = xasprintf("http://localhost:%d", trap.outside_port);
	struct err e = ERR_INIT;

	DEMAND(http_by(NULL, in, "", &e) < 0 && e.kind == ERR_TIMEOUT);
	FRESH();
	/* somebody of the world is there, and refuses */
	DEMAND(http_by("tsb.example.com:8080:127.77.3.10", NULL, "", &e) < 0 && e.kind == ERR_NET);
	FRESH();
	DEMAND(http_by(NULL, other_port, "", &e) < 0 && e.kind == ERR_DENIED);
	FRESH();
	DEMAND(http_by(NULL, out, "", &e) < 0 && e.kind == ERR_DENIED);
	FRESH();
	DEMAND(http_by("tsb.example.com:8080:127.0.0.1", NULL, "", &e) < 0 && e.kind == ERR_DENIED);
	FRESH();
	DEMAND(http_by(NULL, named, "", &e) < 0 && e.kind == ERR_DENIED);
	FRESH();
	DEMAND(http_by(NULL, in, proxy, &e) < 0 && e.kind == ERR_TIMEOUT);
	FRESH();
	DEMAND(http_by(NULL, in, real_proxy, &e) < 0 && e.kind == ERR_DENIED);
	FRESH();
	DEMAND(http_by(NULL, in, named_proxy, &e) < 0 && e.kind == ERR_DENIED);
	free(in);
	free(other_port);
	free(out);
	free(named);
	free(proxy);
	free(real_proxy);
	free(named_proxy);
	return 0;
}

/* Inside, somebody takes the connection and says nothing: that is no denial. */
static int
http_requests(void)
{
	struct err e = ERR_INIT;

	DEMAND(http("127.0.0.1", trap.outside_port, &e) < 0 && e.kind == ERR_DENIED);
	DEMAND(strstr(e.message, "is outside of the drill's world"));
	FRESH();
	DEMAND(http("localhost", trap.outside_port, &e) < 0 && e.kind == ERR_DENIED);
	FRESH();
	DEMAND(http("127.77.3.10", trap.inside_port, &e) < 0 && e.kind == ERR_TIMEOUT);
	return 0;
}

/* An address in place of a name, as before a DNS change. */
static int
http_requests_led(void)
{
	struct err e = ERR_INIT;
	const char *name = "tsb.example.com", *inside = "tsb.example.com::127.77.3.10:";

	DEMAND(http_led(name, trap.inside_port, inside, &e) < 0 && e.kind == ERR_TIMEOUT);
	FRESH();
	DEMAND(http_led(name, trap.outside_port, "tsb.example.com::127.0.0.1:", &e) < 0);
	DEMAND(e.kind == ERR_DENIED && strstr(e.message, "is outside of the drill's world"));
	FRESH();
	DEMAND(http_led(name, trap.outside_port, "tsb.example.com::localhost:", &e) < 0);
	DEMAND(e.kind == ERR_DENIED);
	FRESH();
	DEMAND(http_led("other.example.com", trap.inside_port, inside, &e) < 0);
	DEMAND(e.kind == ERR_DENIED);
	return 0;
}

static int
lookups(void)
{
	struct address_list list;
	struct dns_server server = { "127.0.0.1", trap.outside_port };
	struct dns_answer answer = { 0 };
	struct err e = ERR_INIT;
	int64_t soon_ms = clock_mono_ms() + 500;

	DEMAND(address_lookup("localhost", 80, soon_ms, NULL, &list, &e) < 0);
	DEMAND(e.kind == ERR_DENIED);
	FRESH();
	DEMAND(dns_query(&server, "example.com", "A", true, 300, 1, NULL, &answer, &e) < 0);
	DEMAND(e.kind == ERR_DENIED || strstr(e.message, "outside of the drill's world"));
	/* the world's own name server is asked, though here nobody answers */
	FRESH();
	fence_add_resolver("127.77.3.53:5353");
	DEMAND(address_lookup("tsb.example.com", 80, clock_mono_ms() + 300, NULL, &list, &e) < 0);
	DEMAND(e.kind == ERR_NET || e.kind == ERR_TIMEOUT);
	return 0;
}

static int
tls_handshakes(void)
{
	struct address_list list = { .count = 0 };
	struct tls_session session = TLS_SESSION_INIT;
	struct err e = ERR_INIT;

	address_parse("127.0.0.1", trap.outside_port, &list);
	DEMAND(tls_handshake(&(struct tls_request){ .name = "x",
						    .address = &list.items[0],
						    .deadline_ms = clock_mono_ms() + 500 },
			     &session, &e) < 0);
	DEMAND(e.kind == ERR_DENIED);
	tls_session_release(&session);
	return 0;
}

static int
postgres_at(const char *conninfo, struct err *e)
{
	struct postgres *pg = NULL;
	int rc = postgres_connect(
		&(struct postgres_options){ .conninfo = conninfo, .connect_timeout_ms = 500 }, &pg,
		e);

	postgres_free(pg);
	return rc;
}

static int
databases(void)
{
	char *out = xasprintf("host=127.0.0.1 port=%d dbname=x user=x", trap.outside_port);
	char *in = xasprintf("host=127.77.3.10 port=%d dbname=x user=x sslmode=disable",
			     trap.inside_port);
	struct err e = ERR_INIT;

	DEMAND(postgres_at(out, &e) < 0 && e.kind == ERR_DENIED);
	FRESH();
	DEMAND(postgres_at("dbname=x user=x", &e) < 0 && e.kind == ERR_DENIED);
	FRESH();
	DEMAND(postgres_at("host=/tmp dbname=x user=x", &e) < 0 && e.kind == ERR_DENIED);
	FRESH();
	DEMAND(postgres_at("service=prod", &e) < 0 && e.kind == ERR_SPEC);
	FRESH();
	DEMAND(postgres_at("host=127.77.3.10,127.0.0.1 dbname=x user=x", &e) < 0 &&
	       e.kind == ERR_DENIED);
	FRESH();
	DEMAND(postgres_at("host=127.77.3.10 sslkey=/etc/hostname dbname=x user=x", &e) < 0 &&
	       e.kind == ERR_DENIED);
	FRESH();
	DEMAND(postgres_at(in, &e) < 0 && e.kind == ERR_TIMEOUT);
	free(out);
	free(in);
	return 0;
}

static int
files(void)
{
	char *config = xasprintf("%s/.kube/config", trap.home);
	char *key = xasprintf("%s/tsig.key", trap.home);
	char *link = xasprintf("%s/link", trap.world.folder);
	struct kube_access access = { 0 };
	struct aws_credentials credentials = AWS_CREDENTIALS_INIT;
	struct dns_key tsig = { 0 };
	struct err e = ERR_INIT;

	DEMAND(kubeconfig_resolve(NULL, NULL, &access, &e) == 0);
	DEMAND(str_equal(access.context, "mgmt-b"));
	kube_access_release(&access);
	DEMAND(kubeconfig_resolve(config, NULL, &access, &e) < 0 && e.kind == ERR_DENIED);
	FRESH();
	DEMAND(symlink(config, link) == 0);
	DEMAND(kubeconfig_resolve(link, NULL, &access, &e) < 0 && e.kind == ERR_DENIED);
	FRESH();
	DEMAND(dns_key_load(key, &tsig, &e) < 0 && e.kind == ERR_DENIED);
	FRESH();
	DEMAND(aws_credentials_load(&(struct aws_credentials_options){ 0 }, &credentials, &e) < 0);
	DEMAND(!getenv("AWS_ACCESS_KEY_ID") && !getenv("https_proxy") && !getenv("PGHOST"));
	free(config);
	free(key);
	free(link);
	return 0;
}

static int
command(const char *const *argv, struct err *e)
{
	struct child_result result;

	return child_run(&(struct child_options){ .argv = argv, .timeout_ms = 10000 }, &result, e);
}

static int
programs(void)
{
	static const char *const shell[] = { "/bin/sh", "-c", "exit 0", NULL };
	static const char *const named[] = { "sh", "-c", "exit 0", NULL };
	static const char *const list[] = { "ls", "/", NULL };
	static const char *const id[] = { "id", NULL };
	static const char *const client[] = { "openssl", "s_client", "-connect", "127.0.0.1:1",
					      NULL };
	static const char *const version[] = { "openssl", "version", NULL };
	static const char *const url[] = { "echo", "--server=https://203.0.113.9:6443", NULL };
	static const char *const ours[] = { "echo", "https://127.77.3.20:6443/x", NULL };
	struct err e = ERR_INIT;

	DEMAND(command(shell, &e) < 0 && e.kind == ERR_DENIED);
	FRESH();
	DEMAND(command(named, &e) < 0 && e.kind == ERR_NOT_FOUND);
	FRESH();
	DEMAND(command(list, &e) == 0);
	DEMAND(command(id, &e) < 0 && e.kind == ERR_NOT_FOUND); /* not one of the few */
	FRESH();
	DEMAND(command(version, &e) == 0);
	DEMAND(command(client, &e) < 0 && e.kind == ERR_DENIED);
	FRESH();
	DEMAND(command(url, &e) < 0 && e.kind == ERR_DENIED);
	FRESH();
	DEMAND(command(ours, &e) == 0);
	return 0;
}

/* Whether a command is let through that far; it is not started. */
static bool
is_let(const char *const *argv, const char *variable, struct err *e)
{
	char *path = xasprintf("%s/bin/%s", trap.world.folder, argv[0]);
	char *const env[] = { (char *)(uintptr_t)variable, NULL };
	bool let = fence_check_command(path, argv, env, e) == 0;

	free(path);
	return let;
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static int
database_commands(void)
{
	static const char *const outside[][4] = {
		{ "psql", "-hdb.example.com", "tsb" },
		{ "psql", "-XAth", "203.0.113.9", "tsb" },
		{ "psql", "--host=203.0.113.9" },
		{ "psql", "--hos", "db.example.com" },
		{ "psql", "-h", "/var/run/postgresql" },
		{ "psql", "-h", "127.77.3.10,203.0.113.9" },
		{ "psql", "host=db.example.com dbname=tsb" },
		{ "psql", "-d", "host = 203.0.113.9" },
		{ "psql", "--dbname=hostaddr=203.0.113.9" },
		{ "psql", "postgres://127.77.3.10:5432,203.0.113.9:5432/tsb" },
		{ "psql", "postgres:///tsb?host=203.0.113.9" },
		{ "psql", "host=127.77.3.10 passfile=/etc/hostname" },
		{ "psql", "-c", "select 1", "tsb" }, /* the server of this machine */
		{ "pg_dump", "tsb" },
		{ "pg_restore", "-d", "tsb", "dump" },
		{ "pg_restore", "-h", "203.0.113.9", "dump" },
	};
	static const char *const within[][4] = {
		{ "psql", "-h127.77.3.10", "tsb" },
		{ "psql", "service=tsb" },
		{ "psql", "host=db hostaddr=127.77.3.10" },
		{ "psql", "host=127.77.3.10 passfile=/dev/stdin" },
		{ "psql", "-h127.77.3.10", "-c", "select 'host=db.example.com'" },
		{ "psql", "postgres://127.77.3.10:5432/tsb" },
		{ "psql", "--version" },
		{ "pg_restore", "-l", "dump" },
	};
	struct err e = ERR_INIT;

	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		bool let = is_let(WORDS(outside[i][0], outside[i][1], outside[i][2], outside[i][3]),
				  NULL, &e);

		if (let)
			fprintf(stderr, "%s %s\n", outside[i][0], outside[i][1]);
		DEMAND(!let);
		FRESH();
	}
	for (size_t i = 0; i < sizeof(within) / sizeof(within[0]); i++)
		DEMAND(is_let(WORDS(within[i][0], within[i][1], within[i][2], within[i][3]), NULL,
			      &e));
	return 0;
}

static int
cluster_commands(void)
{
	char *theirs = xasprintf("--kubeconfig=%s/.kube/config", trap.home);
	char *ours = xasprintf("--kubeconfig=%s/kubeconfig", trap.world.folder);
	struct err e = ERR_INIT;

	DEMAND(!is_let(WORDS("kubectl", theirs, "get", "pods"), NULL, &e));
	DEMAND(strstr(e.message, "kubectl: ") && strstr(e.message, "was not read"));
	FRESH();
	DEMAND(!is_let(WORDS("helm", "--kubeconfig", strchr(theirs, '/'), "list"), NULL, &e));
	FRESH();
	DEMAND(!is_let(WORDS("kubectl", "-s", "203.0.113.9:6443", "get", "pods"), NULL, &e));
	FRESH();
	DEMAND(!is_let(WORDS("kubectl", "--server=api.example.com"), NULL, &e));
	FRESH();
	DEMAND(!is_let(WORDS("helm", "--kube-apiserver", "api.example.com:6443"), NULL, &e));
	FRESH();
	DEMAND(is_let(WORDS("kubectl", ours, "-s", "127.77.3.20:6443"), NULL, &e));
	DEMAND(is_let(WORDS("kubectl", "exec", "pod", "--", "curl", "-s", "x"), NULL, &e));
	free(theirs);
	free(ours);
	return 0;
}

static int
variables(void)
{
	char *config =
		xasprintf("KUBECONFIG=%s/kubeconfig:%s/.kube/config", trap.world.folder, trap.home);
	char *of_the_run = xasprintf("KUBECONFIG=%s/run/kube/a.json:%s/kubeconfig", trap.world.root,
				     trap.world.folder);
	char *service = xasprintf("PGSERVICEFILE=%s/.pg_service.conf", trap.home);
	char *home = xasprintf("HOME=%s", trap.home);
	char *run = xasprintf("%s/run", trap.world.root);
	struct err e = ERR_INIT;

	DEMAND(!is_let(WORDS("kubectl", "get", "pods"), config, &e));
	DEMAND(strstr(e.message, "its variable KUBECONFIG"));
	FRESH();
	DEMAND(!is_let(WORDS("psql", "service=prod"), service, &e));
	FRESH();
	DEMAND(!is_let(WORDS("psql", "service=prod"), home, &e));
	FRESH();
	DEMAND(!is_let(WORDS("psql", "tsb"), "PGHOST=db.example.com", &e));
	FRESH();
	DEMAND(!is_let(WORDS("kubectl"), "PATH=/usr/bin", &e));
	FRESH();
	DEMAND(!is_let(WORDS("kubectl"), "HTTPS_PROXY=http://203.0.113.9:3128", &e));
	FRESH();
	DEMAND(is_let(WORDS("psql", "tsb"), "PGHOST=127.77.3.10", &e));
	DEMAND(!is_let(WORDS("kubectl"), of_the_run, &e));
	FRESH();
	fence_allow(run);
	fake_write(run, "kube/a.json", "{}", 0600);
	DEMAND(is_let(WORDS("kubectl"), of_the_run, &e));
	free(config);
	free(of_the_run);
	free(service);
	free(home);
	free(run);
	return 0;
}

static int
plugins(void)
{
	struct kube_exec exec = { .who = "aws of user prod" };
	struct exec_answer answer = { 0 };
	struct err e = ERR_INIT;

	DEMAND(exec_plugin_run(&exec, NULL, NULL, NULL, &answer, &e) < 0);
	DEMAND(e.kind == ERR_DENIED && strstr(e.message, "aws of user prod"));
	return 0;
}

static void
fence_check_addresses_outside_are_denied(void **state)
{
	(void)state;
	inside(addresses);
}

static void
fence_check_sockets_outside_are_denied(void **state)
{
	(void)state;
	inside(sockets);
}

static void
http_perform_in_a_drill_stays_inside(void **state)
{
	(void)state;
	inside(http_requests);
}

static void
http_perform_led_to_an_address_in_a_drill_stays_inside(void **state)
{
	(void)state;
	inside(http_requests_led);
}

static void
names_in_a_drill_are_asked_of_the_world_alone(void **state)
{
	(void)state;
	inside(lookups);
}

static void
tls_handshake_in_a_drill_stays_inside(void **state)
{
	(void)state;
	inside(tls_handshakes);
}

static void
postgres_connect_in_a_drill_stays_inside(void **state)
{
	(void)state;
	inside(databases);
}

static void
files_of_the_user_in_a_drill_are_not_opened(void **state)
{
	(void)state;
	inside(files);
}

static void
child_run_in_a_drill_runs_what_the_world_has(void **state)
{
	(void)state;
	inside(programs);
}

static void
exec_plugin_run_in_a_drill_is_refused(void **state)
{
	(void)state;
	inside(plugins);
}

static void
http_perform_led_to_an_address_goes_to_the_world_alone(void **state)
{
	(void)state;
	inside(http_requests_by_other_ways);
}

static void
fence_check_command_of_a_database_goes_to_the_world_alone(void **state)
{
	(void)state;
	inside(database_commands);
}

static void
fence_check_command_of_a_cluster_goes_to_the_world_alone(void **state)
{
	(void)state;
	inside(cluster_commands);
}

static void
fence_check_command_variables_that_lead_out_are_denied(void **state)
{
	(void)state;
	inside(variables);
}

static void
fence_check_without_a_fence_lets_all_through(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_false(fence_stands());
	assert_int_equal(check("203.0.113.9", 443, &e), 0);
	assert_int_equal(fence_check_file("/etc/passwd", &e), 0);
	assert_int_equal(fence_check_program("/bin/sh", &e), 0);
	assert_int_equal(fence_check_host("example.com", &e), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fence_check_without_a_fence_lets_all_through),
		cmocka_unit_test(fence_check_addresses_outside_are_denied),
		cmocka_unit_test(fence_check_sockets_outside_are_denied),
		cmocka_unit_test(http_perform_in_a_drill_stays_inside),
		cmocka_unit_test(http_perform_led_to_an_address_in_a_drill_stays_inside),
		cmocka_unit_test(names_in_a_drill_are_asked_of_the_world_alone),
		cmocka_unit_test(tls_handshake_in_a_drill_stays_inside),
		cmocka_unit_test(postgres_connect_in_a_drill_stays_inside),
		cmocka_unit_test(files_of_the_user_in_a_drill_are_not_opened),
		cmocka_unit_test(child_run_in_a_drill_runs_what_the_world_has),
		cmocka_unit_test(exec_plugin_run_in_a_drill_is_refused),
		cmocka_unit_test(http_perform_led_to_an_address_goes_to_the_world_alone),
		cmocka_unit_test(fence_check_command_of_a_database_goes_to_the_world_alone),
		cmocka_unit_test(fence_check_command_of_a_cluster_goes_to_the_world_alone),
		cmocka_unit_test(fence_check_command_variables_that_lead_out_are_denied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
