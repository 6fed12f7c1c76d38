#ifndef LIFEBOAT_TESTS_FIXTURE_REPORT_H
#define LIFEBOAT_TESTS_FIXTURE_REPORT_H

/* Runs that never were: journals written record by record, for reports to be made of. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/state/record.h"

/* What somebody might put into every text that reaches us. */
#define EVIL                                                                                       \
	"</style></pre></code><script>alert(1)</script><img src=x onerror=alert(1)> \"'`````\n"    \
	"# heading\n| a | b |\n```\n[x](http://evil.example/) ![i](http://evil.example/i.png) "    \
	"\x1b[31mred\x1b]52;c;ZXZpbA==\x07 \xe2\x80\xae nul &lt;b&gt; *_~$-->"

static const char book_runbook[] =
	"apiVersion: lifeboat/v1\n"
	"kind: Runbook\n"
	"metadata: {id: restore, title: Restore the Management Plane, version: 1.2.0}\n"
	"rto:\n"
	"  - {title: Configuration restored, target: 10m, from: deploy, to: check}\n"
	"  - {title: Name answers, target: 2m, from: check, to: name}\n"
	"steps:\n"
	"  - {id: deploy, title: Deploy, uses: manual.confirm, with: {prompt: Go?}}\n"
	"  - {id: check, title: Check, uses: manual.confirm, with: {prompt: Go?}}\n"
	"  - {id: name, title: Name, uses: manual.confirm, with: {prompt: Go?}}\n";

/* Milliseconds between two records. */
enum { BOOK_BEGIN_S = 1795270052, BOOK_STEP_MS = 20000 };

struct book {
	const char *folder;
	FILE *file;
	int64_t seq, ts_ms;
	char head[DIGEST_HEX_MAX];
};

static inline void
book_open(struct book *book, const char *folder)
{
	char *path = xasprintf("%s/journal.jsonl", folder);
	char *runbook = xasprintf("%s/runbook.yaml", folder);

	*book = (struct book){ .folder = folder, .ts_ms = (int64_t)BOOK_BEGIN_S * 1000 + 118 };
	mkdir(folder, 0700);
	book->file = fopen(path, "w");
	FILE *copy = fopen(runbook, "w");
	if (!book->file || !copy || fputs(book_runbook, copy) < 0 || fclose(copy) != 0)
		abort();
	free(path);
	free(runbook);
}

static inline void
book_close(struct book *book)
{
	if (fclose(book->file) != 0)
		abort();
}

/* `data` is JSON with ' for ", and %E for an evil text. */
static inline cJSON *
book_json(const char *data)
{
	struct str text = STR_INIT;
	cJSON *evil = cJSON_CreateString(EVIL);

	for (const char *at = data; *at; at++) {
		if (*at == '%' && at[1] == 'E') {
			struct str quoted = STR_INIT;

			json_print_ascii(evil, &quoted);
			str_append_bytes(&text, quoted.data + 1, quoted.len - 2);
			str_release(&quoted);
			at++;
		} else {
			str_append_char(&text, *at == '\'' ? '"' : *at);
		}
	}
	cJSON *object = cJSON_Parse(str_cstr(&text));
	if (!object) {
		fprintf(stderr, "no JSON: %s\n", str_cstr(&text));
		abort();
	}
	cJSON_Delete(evil);
	str_release(&text);
	return object;
}

static inline void
book_add(struct book *book, enum record_type type, const char *data)
{
	struct str line = STR_INIT;
	struct record *record = record_new(book->seq, book->ts_ms, "20261121T140732-7f3a", type,
					   book_json(data), book->seq ? book->head : NULL);

	record_format(record, &line);
	if (fwrite(line.data, 1, line.len, book->file) != line.len)
		abort();
	memcpy(book->head, record->hash, sizeof(book->head));
	book->seq++;
	book->ts_ms += BOOK_STEP_MS;
	record_free(record);
	str_release(&line);
}

static inline void
book_wait(struct book *book, int64_t ms)
{
	book->ts_ms += ms;
}

static inline void
book_output(struct book *book, const char *file, const char *text)
{
	char *folder = xasprintf("%s/out", book->folder);
	char *path = xasprintf("%s/%s", book->folder, file);

	mkdir(folder, 0700);
	FILE *out = fopen(path, "w");
	if (!out || fputs(text, out) < 0 || fclose(out) != 0)
		abort();
	free(folder);
	free(path);
}

/* ---- pieces of runs ---- */

static inline void
book_begin(struct book *book)
{
	book_add(book, RECORD_RUN,
		 "{'operator':'ana','host':'db1','pid':4711,'program':'lifeboat 1.0',"
		 "'runbook':{'id':'restore','title':'Restore the Management Plane','version':"
		 "'1.2.0','path':'restore.yaml','sha256':'aa11'},'mode':'live',"
		 "'params':{'fqdn':'tsb.example.com','pg_password':'\\u2039secret:pg\\u203a'},"
		 "'targets':[{'name':'management','kind':'kubernetes','group':null,"
		 "'describe':'ctx mgmt-b ns tsb','spec':{'context':'mgmt-b'},"
		 "'identity':{'uid':'3f2a9c1b','server':'https://10.0.0.1:6443'},'problem':null},"
		 "{'name':'zone','kind':'dns','group':null,'describe':'example.com','spec':{},"
		 "'identity':null,'problem':'no answer from ns1'}],"
		 "'previous':{'run':'20261120T090000-0001','checkpoint':'bb22'},"
		 "'key':{'name':'k','public':'p','certificate':null,'operator':null},"
		 "'steps':[{'id':'deploy','title':'Deploy the operator','section':'Rebuild',"
		 "'for_each':false,'estimate_ms':60000},{'id':'check','title':'Check the plane',"
		 "'section':'Rebuild','for_each':false,'estimate_ms':30000},{'id':'name','title':"
		 "'Point the name','section':null,'for_each':false,'estimate_ms':0}]}");
	book_add(book, RECORD_PREFLIGHT,
		 "{'checks':[{'title':'management','message':null,'ok':true,'target':"
		 "'management'},{'title':'zone','message':'no answer from ns1','ok':false,"
		 "'target':'zone'}]}");
}

static inline void
book_plan(struct book *book, const char *step, const char *effect)
{
	char *data = xasprintf(
		"{'step':'%s','uses':'kubernetes.apply','target':'management','title':null,"
		"'text':null,'effect':'%s','confirm':'ask','confirm_name':null,"
		"'preview':[['>','PATCH /apis/apps/v1/namespaces/tsb/deployments/tsb-operator'],"
		"['-','image: tsb-operator:1.8'],['+','image: tsb-operator:1.9'],"
		"[' ','One object is changed']],'with':{'file':'operator.yaml'},'seen':null,"
		"'preconditions':[{'title':'kubernetes.get namespaces/tsb','expect':'. != null',"
		"'message':null,'ok':true}]}",
		step, effect);

	book_add(book, RECORD_PLAN, data);
	free(data);
}

static inline int64_t
book_intent(struct book *book, const char *step, int attempt, const char *by)
{
	char *data = xasprintf("{'step':'%s','attempt':%d,'plan':%lld,'uses':'kubernetes.apply',"
			       "'target':'management','effect':'changes','confirmed':'y','by':'%s',"
			       "'key':'20261121T140732-7f3a/%s/%d'}",
			       step, attempt, (long long)book->seq - 1, by, step, attempt);
	int64_t seq = book->seq;

	book_add(book, RECORD_INTENT, data);
	free(data);
	return seq;
}

static inline void
book_outcome(struct book *book, const char *step, int64_t intent, const char *status,
	     const char *error)
{
	bool ok = str_equal(status, "ok");
	char *data = xasprintf(
		"{'step':'%s','intent':%lld,'status':'%s','error':%s,'outputs':%s,"
		"'verify':[{'title':'kubernetes.get deployments/tsb-operator','expect':"
		"'.status.readyReplicas == 1','message':%s,'ok':%s}],'before':null,"
		"'output':null,'attempts':1,'duration_ms':19000}",
		step, (long long)intent, status, error, ok ? "{'uid':'77aa','objects':3}" : "{}",
		ok ? "null" : "'0 of 1 are ready'", ok ? "true" : "false");

	book_add(book, RECORD_OUTCOME, data);
	free(data);
}

#define BOOK_FAILED "{'kind':'check','message':'the operator did not become ready'}"

/* ---- whole runs ---- */

/* The first step waits for its confirmation. */
static inline void
book_write_open(struct book *book)
{
	book_begin(book);
	book_plan(book, "deploy", "changes");
}

/* Everything that may happen in a run that comes to its end. */
static inline void
book_write_ended(struct book *book)
{
	int64_t intent;

	book_begin(book);
	book_add(book, RECORD_TARGET,
		 "{'name':'zone','identity':{'server':'ns1.example.com','serial':'7'}}");
	book_plan(book, "deploy", "changes");
	intent = book_intent(book, "deploy", 1, "ana");
	book_add(book, RECORD_ATTEMPT,
		 "{'step':'deploy','attempt':1,'error':{'kind':'timeout','message':'no answer for "
		 "30s'},'next_ms':1000}");
	book_add(book, RECORD_OUTCOME,
		 "{'step':'deploy','intent':4,'status':'failed','error':" BOOK_FAILED
		 ",'outputs':{},'verify':[],'before':null,'output':{'file':'out/000004','sha256':"
		 "'cc33','bytes':12},'attempts':2,'duration_ms':41000}");
	book_output(book, "out/000004", "line 1\nline 2\nline 3\n");
	book_add(book, RECORD_NOTE,
		 "{'step':'deploy','text':'Ben joined the call | he knows the "
		 "operator','by':'ana'}");
	book_plan(book, "deploy", "changes");
	intent = book_intent(book, "deploy", 3, "ben");
	book_outcome(book, "deploy", intent, "ok", "null");
	book_add(book, RECORD_PLAN,
		 "{'step':'check','uses':'manual.confirm','target':null,'effect':'none',"
		 "'confirm':'none','preview':[],'with':{},'seen':null,'preconditions':[]}");
	book_add(book, RECORD_INTENT,
		 "{'step':'check','attempt':1,'plan':11,'uses':'manual.confirm','target':null,"
		 "'effect':'none','confirmed':'none','by':null,'key':'k'}");
	book_add(book, RECORD_PROMPT,
		 "{'step':'check','kind':'confirm','question':'Is the plane up?','items':[]}");
	book_add(book, RECORD_ANSWER,
		 "{'step':'check','prompt':13,'answer':{'confirmed':true},'by':'ana'}");
	book_outcome(book, "check", 12, "ok", "null");
	book_add(book, RECORD_SKIP,
		 "{'step':'name','reason':'the zone is not ours today','by':'ana'}");
	book_add(book, RECORD_END,
		 "{'id':'recovered','title':'Fully recovered','reason':null,'failed':false,"
		 "'by':'ana'}");
}

/* A failure sends it back to an earlier step; then it is given up. */
static inline void
book_write_failed(struct book *book)
{
	int64_t intent;

	book_begin(book);
	book_plan(book, "deploy", "changes");
	intent = book_intent(book, "deploy", 1, "ana");
	book_outcome(book, "deploy", intent, "ok", "null");
	book_add(book, RECORD_BLOCKED,
		 "{'step':'check','error':{'kind':'denied','message':'may not get pods'},"
		 "'preconditions':[]}");
	book_plan(book, "check", "changes");
	intent = book_intent(book, "check", 1, "ana");
	book_add(book, RECORD_CANCEL, "{'step':'check','by':'ben'}");
	book_outcome(book, "check", intent, "cancelled",
		     "{'kind':'cancelled','message':'stopped on request'}");
	book_add(book, RECORD_GOTO, "{'step':'check','to':'deploy','by':'ana'}");
	book_plan(book, "deploy", "changes");
	intent = book_intent(book, "deploy", 2, "ana");
	book_outcome(book, "deploy", intent, "failed", BOOK_FAILED);
	book_add(book, RECORD_END,
		 "{'id':'aborted','title':'Aborted','reason':'no quorum in the other zone',"
		 "'failed':true,'by':'ana'}");
}

static inline void
book_write_resumed(struct book *book, const char *operator_name, const char *recovered)
{
	char *data = xasprintf("{'operator':'%s','host':'db2','pid':815,'program':'lifeboat 1.0',"
			       "'recovered':%s,'key':null}",
			       operator_name, recovered);

	book_wait(book, 300000);
	book_add(book, RECORD_RESUMED, data);
	free(data);
}

/* Nobody knows whether it happened: it is looked into, and marked; it dies once more. */
static inline void
book_write_unknown(struct book *book)
{
	book_begin(book);
	book_plan(book, "deploy", "changes");
	book_intent(book, "deploy", 1, "ana");
	book_add(book, RECORD_EVIDENCE,
		 "{'step':'deploy','intent':3,'evidence':{'uid':'1f0c','generation':7}}");
	book_write_resumed(book, "ben",
			   "[{'file':'torn-2048','offset':2048,'bytes':17,'sha256':'dd44'}]");
	book_add(book, RECORD_PROBE,
		 "{'step':'deploy','intent':3,'verdict':'unsure','lines':['tsb/tsb-operator: uid "
		 "1f0c, generation 8','last written by helm'],'error':null,'by':'ben'}");
	book_add(book, RECORD_OUTCOME,
		 "{'step':'deploy','intent':3,'status':'not-done','marked':true,'reason':'the "
		 "image is the old one','by':'ben'}");
	book_plan(book, "deploy", "changes");
	book_intent(book, "deploy", 2, "ben");
	book_write_resumed(book, "ana", "[]");
	book_add(book, RECORD_OUTCOME,
		 "{'step':'deploy','intent':9,'status':'ok','marked':true,'reason':'seen in the "
		 "console','by':'ana'}");
	book_add(book, RECORD_STOP, "{'reason':'handed over','by':'ana'}");
}

/* All of it written by an enemy, names of steps included. */
static inline void
book_write_evil(struct book *book)
{
	book_add(book, RECORD_RUN,
		 "{'operator':'%E','host':'%E','pid':1,'program':'%E','runbook':{'id':'%E',"
		 "'title':'%E','version':'%E','path':'%E','sha256':'%E'},'mode':'%E',"
		 "'params':{'%E':'%E'},'targets':[{'name':'%E','kind':'%E','group':'%E',"
		 "'describe':'%E','spec':{},'identity':{'%E':'%E'},'problem':'%E'}],"
		 "'previous':{'run':'%E'},'steps':[{'id':'%E','title':'%E','section':'%E',"
		 "'for_each':false,'estimate_ms':1000}]}");
	book_add(book, RECORD_PREFLIGHT,
		 "{'checks':[{'title':'%E','message':'%E','ok':false,'target':'%E'}]}");
	book_add(book, RECORD_BLOCKED,
		 "{'step':'%E','error':{'kind':'%E','message':'%E'},'preconditions':[{'title':"
		 "'%E','expect':'%E','message':'%E','ok':false}]}");
	book_add(book, RECORD_PLAN,
		 "{'step':'%E','title':'%E','uses':'%E','target':'%E','effect':'%E','confirm':"
		 "'%E','preview':[['>','%E'],['%E','%E']],'with':{'%E':'%E'},'preconditions':"
		 "[{'title':'%E','expect':'%E','message':'%E','ok':true}]}");
	book_add(book, RECORD_INTENT,
		 "{'step':'%E','attempt':1,'uses':'%E','target':'%E','effect':'%E','confirmed':"
		 "'%E','by':'%E','key':'%E'}");
	book_add(book, RECORD_EVIDENCE, "{'step':'%E','intent':4,'evidence':{'%E':'%E'}}");
	book_add(book, RECORD_ATTEMPT,
		 "{'step':'%E','attempt':1,'error':{'kind':'%E','message':'%E'},'next_ms':1}");
	book_add(book, RECORD_PROMPT,
		 "{'step':'%E','kind':'%E','question':'%E','items':[{'id':'%E','text':'%E'}]}");
	book_add(book, RECORD_ANSWER, "{'step':'%E','prompt':7,'answer':{'%E':'%E'},'by':'%E'}");
	book_add(book, RECORD_OUTCOME,
		 "{'step':'%E','intent':4,'status':'failed','error':{'kind':'%E','message':'%E'},"
		 "'outputs':{'%E':'%E'},'verify':[{'title':'%E','expect':'%E','message':'%E',"
		 "'ok':false}],'output':{'file':'out/000004','sha256':'%E','bytes':9},"
		 "'attempts':1,'duration_ms':1}");
	book_output(book, "out/000004", EVIL "\n" EVIL);
	book_add(book, RECORD_NOTE, "{'step':'%E','text':'%E','by':'%E'}");
	book_add(book, RECORD_SKIP, "{'step':'%E','reason':'%E','by':'%E'}");
	book_add(book, RECORD_STOP, "{'reason':'%E','by':'%E'}");
	book_add(book, RECORD_RESUMED,
		 "{'operator':'%E','host':'%E','pid':1,'program':'%E','recovered':[{'file':'%E',"
		 "'offset':1,'bytes':2,'sha256':'%E'}]}");
	book_add(book, RECORD_END,
		 "{'id':'%E','title':'%E','reason':'%E','failed':true,'by':'%E'}");
}

#endif
