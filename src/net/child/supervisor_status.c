#include "config.h"

#include "net/child/supervisor_status.h"

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"

enum { STATUS_MAX = 4096, STATUS_FORMAT = 1 };

static int
parse(const cJSON *json, const char *path, struct supervisor_status *ret_status, struct err *e)
{
	struct supervisor_status status = {
		.supervisor = (pid_t)json_int(json, "supervisor", -1),
		.begun = cJSON_IsNumber(json_at(json, "started_ms")),
		.exit_code = (int)json_int(json, "exit_code", -1),
		.signal = (int)json_int(json, "signal", 0),
		.started_ms = json_int(json, "started_ms", -1),
		.ended_ms = json_int(json, "ended_ms", -1),
		.orphaned_ms = json_int(json, "orphaned_ms", -1),
		.lost_bytes = json_int(json, "lost_bytes", 0),
	};

	if (json_int(json, "v", 0) != STATUS_FORMAT || status.supervisor <= 0 ||
	    status.ended_ms < 0)
		return err_set(e, ERR_SPEC, "%s is not the exit status of a command", path);
	*ret_status = status;
	return 0;
}

int
supervisor_status_read(const char *path, struct supervisor_status *ret_status, struct err *e)
{
	struct str text = STR_INIT;
	cJSON *json = NULL;
	int rc = -1;

	if (file_read(path, STATUS_MAX, &text, e) < 0)
		goto out;
	json = json_parse(str_cstr(&text), text.len, e);
	if (!json) {
		err_wrap(e, "reading %s", path);
		goto out;
	}
	rc = parse(json, path, ret_status, e);
out:
	cJSON_Delete(json);
	str_release(&text);
	return rc;
}
