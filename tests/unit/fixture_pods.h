#ifndef LIFEBOAT_TESTS_FIXTURE_PODS_H
#define LIFEBOAT_TESTS_FIXTURE_PODS_H

/*
 * Pods in every state that a printer knows, with what it makes of them: for pod_status alone, and for a
 * real API server.
 */

#include <stdbool.h>
#include <stddef.h>

struct pod_case {
	const char *name;
	const char *init;    /* spec.initContainers */
	int containers;	     /* "c0", "c1", … */
	const char *status;  /* as JSON */
	bool deleted;	     /* but still there */
	const char *printed; /* STATUS */
	const char *ready, *restarts;
	bool newer; /* older servers print it otherwise: they know no sidecars and no scheduling gates */
};

#define C(name, ready, restarts, state)                                                            \
	"{\"name\":\"" name "\",\"image\":\"x\",\"imageID\":\"x\",\"ready\":" ready                \
	",\"restartCount\":" restarts ",\"state\":{" state "}}"
#define C_LAST(name, ready, restarts, state, last)                                                 \
	"{\"name\":\"" name "\",\"image\":\"x\",\"imageID\":\"x\",\"ready\":" ready                \
	",\"restartCount\":" restarts ",\"state\":{" state "},\"lastState\":{" last "}}"
#define C_STARTED(name, ready, restarts, started, state)                                           \
	"{\"name\":\"" name "\",\"image\":\"x\",\"imageID\":\"x\",\"ready\":" ready                \
	",\"restartCount\":" restarts ",\"started\":" started ",\"state\":{" state "}}"
#define RUNNING "\"running\":{\"startedAt\":\"2026-11-21T10:00:00Z\"}"
#define WAITING(reason) "\"waiting\":{\"reason\":\"" reason "\"}"
#define WAITING_SAYING(reason, message)                                                            \
	"\"waiting\":{\"reason\":\"" reason "\",\"message\":\"" message "\"}"
#define ENDED(code, reason) "\"terminated\":{\"exitCode\":" code ",\"reason\":\"" reason "\"}"
#define ENDED_AT(code, reason, at)                                                                 \
	"\"terminated\":{\"exitCode\":" code ",\"reason\":\"" reason "\",\"startedAt\":\"" at      \
	"\",\"finishedAt\":\"" at "\"}"
#define KILLED(signal) "\"terminated\":{\"exitCode\":137,\"signal\":" signal "}"
#define LEFT(code) "\"terminated\":{\"exitCode\":" code "}"
#define STATUS(phase, rest) "{\"phase\":\"" phase "\"" rest "}"
#define REASON(reason, message) ",\"reason\":\"" reason "\",\"message\":\"" message "\""
#define INIT(list) ",\"initContainerStatuses\":[" list "]"
#define MAIN(list) ",\"containerStatuses\":[" list "]"
#define CONDITION(type, status)                                                                    \
	",\"conditions\":[{\"type\":\"" type "\",\"status\":\"" status "\"}]"
#define GATED                                                                                      \
	",\"conditions\":[{\"type\":\"PodScheduled\",\"status\":\"False\",\"reason\":"             \
	"\"SchedulingGated\"}]"
#define UNSCHEDULABLE                                                                              \
	",\"conditions\":[{\"type\":\"PodScheduled\",\"status\":\"False\",\"reason\":"             \
	"\"Unschedulable\",\"message\":\"0/3 nodes are available: 3 Insufficient cpu.\"}]"
#define ONE_INIT "[{\"name\":\"i0\",\"image\":\"x\"}]"
#define TWO_INITS "[{\"name\":\"i0\",\"image\":\"x\"},{\"name\":\"i1\",\"image\":\"x\"}]"
#define SIDECAR "[{\"name\":\"s0\",\"image\":\"x\",\"restartPolicy\":\"Always\"}]"
#define INIT_AND_SIDECAR                                                                           \
	"[{\"name\":\"i0\",\"image\":\"x\"},"                                                      \
	"{\"name\":\"s0\",\"image\":\"x\",\"restartPolicy\":\"Always\"}]"
#define I0_DONE C("i0", "true", "0", ENDED("0", "Completed"))
#define C0_WAITS C("c0", "false", "0", WAITING("PodInitializing"))

static const struct pod_case pod_cases[] = {
	{ "pending", "[]", 1, STATUS("Pending", ""), false, "Pending", "0/1", "0", false },
	{ "unschedulable", "[]", 1, STATUS("Pending", UNSCHEDULABLE), false, "Pending", "0/1", "0",
	  false },
	{ "gated", "[]", 1, STATUS("Pending", GATED), false, "SchedulingGated", "0/1", "0", true },
	{ "creating", "[]", 1,
	  STATUS("Pending", MAIN(C("c0", "false", "0", WAITING("ContainerCreating")))), false,
	  "ContainerCreating", "0/1", "0", false },
	{ "waiting-silently", "[]", 1,
	  STATUS("Pending", MAIN(C("c0", "false", "0", "\"waiting\":{}"))), false, "Pending", "0/1",
	  "0", false },
	{ "running", "[]", 1, STATUS("Running", MAIN(C("c0", "true", "0", RUNNING))), false,
	  "Running", "1/1", "0", false },
	{ "running-unready", "[]", 1, STATUS("Running", MAIN(C("c0", "false", "2", RUNNING))),
	  false, "Running", "0/1", "2", false },
	{ "running-half", "[]", 2,
	  STATUS("Running", MAIN(C("c0", "true", "1", RUNNING) "," C("c1", "false", "2", RUNNING))),
	  false, "Running", "1/2", "3", false },
	{ "running-many", "[]", 4,
	  STATUS("Running",
		 MAIN(C("c0", "true", "1", RUNNING) "," C("c1", "true", "2", RUNNING) "," C(
			 "c2", "true", "3", RUNNING) "," C("c3", "true", "4", RUNNING))),
	  false, "Running", "4/4", "10", false },
	{ "crash-loop", "[]", 1,
	  STATUS("Running", MAIN(C_LAST("c0", "false", "7", WAITING("CrashLoopBackOff"),
					ENDED("1", "Error")))),
	  false, "CrashLoopBackOff", "0/1", "7", false },
	{ "crash-loop-beside", "[]", 2,
	  STATUS("Running", MAIN(C("c0", "true", "0", RUNNING) "," C("c1", "false", "9",
								     WAITING("CrashLoopBackOff")))),
	  false, "CrashLoopBackOff", "1/2", "9", false },
	{ "image-back-off", "[]", 1,
	  STATUS("Pending", MAIN(C("c0", "false", "0", WAITING("ImagePullBackOff")))), false,
	  "ImagePullBackOff", "0/1", "0", false },
	{ "image-error", "[]", 1,
	  STATUS("Pending", MAIN(C("c0", "false", "0", WAITING("ErrImagePull")))), false,
	  "ErrImagePull", "0/1", "0", false },
	{ "image-name", "[]", 1,
	  STATUS("Pending", MAIN(C("c0", "false", "0", WAITING("InvalidImageName")))), false,
	  "InvalidImageName", "0/1", "0", false },
	{ "config-error", "[]", 1,
	  STATUS("Pending", MAIN(C("c0", "false", "0", WAITING("CreateContainerConfigError")))),
	  false, "CreateContainerConfigError", "0/1", "0", false },
	{ "run-error", "[]", 1,
	  STATUS("Pending", MAIN(C("c0", "false", "0", WAITING("RunContainerError")))), false,
	  "RunContainerError", "0/1", "0", false },
	{ "first-speaks", "[]", 2,
	  STATUS("Pending", MAIN(C("c0", "false", "0", WAITING("ErrImagePull")) "," C(
				    "c1", "false", "3", WAITING("CrashLoopBackOff")))),
	  false, "ErrImagePull", "0/2", "3", false },
	{ "completed", "[]", 1,
	  STATUS("Succeeded", MAIN(C("c0", "false", "0", ENDED("0", "Completed")))), false,
	  "Completed", "0/1", "0", false },
	{ "succeeded", "[]", 1, STATUS("Succeeded", ""), false, "Succeeded", "0/1", "0", false },
	{ "error", "[]", 1, STATUS("Failed", MAIN(C("c0", "false", "0", ENDED("1", "Error")))),
	  false, "Error", "0/1", "0", false },
	{ "oom-killed", "[]", 1,
	  STATUS("Running", MAIN(C("c0", "false", "3", ENDED("137", "OOMKilled")))), false,
	  "OOMKilled", "0/1", "3", false },
	{ "cannot-run", "[]", 1,
	  STATUS("Failed", MAIN(C("c0", "false", "0", ENDED("127", "ContainerCannotRun")))), false,
	  "ContainerCannotRun", "0/1", "0", false },
	{ "deadline", "[]", 1,
	  STATUS("Failed", REASON("DeadlineExceeded", "Pod was active on the node longer than the "
						      "specified deadline")),
	  false, "DeadlineExceeded", "0/1", "0", false },
	{ "signalled", "[]", 1, STATUS("Failed", MAIN(C("c0", "false", "0", KILLED("9")))), false,
	  "Signal:9", "0/1", "0", false },
	{ "exited", "[]", 1, STATUS("Failed", MAIN(C("c0", "false", "1", LEFT("3")))), false,
	  "ExitCode:3", "0/1", "1", false },
	{ "exited-well", "[]", 1, STATUS("Running", MAIN(C("c0", "false", "0", LEFT("0")))), false,
	  "ExitCode:0", "0/1", "0", false },
	{ "not-ready", "[]", 2,
	  STATUS("Running", CONDITION("Ready", "False")
				    MAIN(C("c0", "false", "0", ENDED("0", "Completed")) "," C(
					    "c1", "true", "0", RUNNING))),
	  false, "NotReady", "1/2", "0", false },
	{ "one-completed", "[]", 2,
	  STATUS("Running", CONDITION("Ready", "True")
				    MAIN(C("c0", "false", "0", ENDED("0", "Completed")) "," C(
					    "c1", "true", "0", RUNNING))),
	  false, "Running", "1/2", "0", false },
	{ "one-failed", "[]", 2,
	  STATUS("Running", MAIN(C("c0", "false", "0", ENDED("2", "Error")) "," C("c1", "true", "0",
										  RUNNING))),
	  false, "Error", "1/2", "0", false },
	{ "evicted", "[]", 1,
	  STATUS("Failed", REASON("Evicted", "The node was low on resource: memory.")), false,
	  "Evicted", "0/1", "0", false },
	{ "shutdown", "[]", 1, STATUS("Failed", REASON("Shutdown", "Node is shutting down")), false,
	  "Shutdown", "0/1", "0", false },
	{ "node-lost", "[]", 1,
	  STATUS("Running", REASON("NodeLost", "Node node-9 which was running pod is unresponsive")
				    MAIN(C("c0", "false", "0", "\"waiting\":{}"))),
	  false, "NodeLost", "0/1", "0", false },
	{ "unknown", "[]", 1,
	  STATUS("Running", REASON("NodeLost", "") MAIN(C("c0", "true", "0", RUNNING))), true,
	  "Unknown", "1/1", "0", false },
	{ "unknown-phase", "[]", 1, STATUS("Unknown", ""), false, "Unknown", "0/1", "0", false },
	{ "terminating", "[]", 1, STATUS("Running", MAIN(C("c0", "true", "4", RUNNING))), true,
	  "Terminating", "1/1", "4", false },
	{ "terminating-waiting", "[]", 1,
	  STATUS("Pending", MAIN(C("c0", "false", "0", WAITING("ContainerCreating")))), true,
	  "Terminating", "0/1", "0", false },
	{ "completed-deleted", "[]", 1,
	  STATUS("Succeeded", MAIN(C("c0", "false", "0", ENDED("0", "Completed")))), true,
	  "Completed", "0/1", "0", true },
	{ "init-none", ONE_INIT, 1,
	  STATUS("Pending", INIT(C("i0", "false", "0", WAITING("PodInitializing"))) MAIN(C0_WAITS)),
	  false, "Init:0/1", "0/1", "0", false },
	{ "init-running", TWO_INITS, 1,
	  STATUS("Pending", INIT(I0_DONE "," C("i1", "false", "0", RUNNING)) MAIN(C0_WAITS)), false,
	  "Init:1/2", "0/1", "0", false },
	{ "init-crash-loop", TWO_INITS, 1,
	  STATUS("Pending",
		 INIT(C("i0", "false", "5", WAITING("CrashLoopBackOff")) "," C(
			 "i1", "false", "0", WAITING("PodInitializing"))) MAIN(C0_WAITS)),
	  false, "Init:CrashLoopBackOff", "0/1", "5", false },
	{ "init-image", ONE_INIT, 1,
	  STATUS("Pending",
		 INIT(C("i0", "false", "0", WAITING("ImagePullBackOff"))) MAIN(C0_WAITS)),
	  false, "Init:ImagePullBackOff", "0/1", "0", false },
	{ "init-error", ONE_INIT, 1,
	  STATUS("Pending", INIT(C("i0", "false", "1", ENDED("1", "Error"))) MAIN(C0_WAITS)), false,
	  "Init:Error", "0/1", "1", false },
	{ "init-oom", TWO_INITS, 1,
	  STATUS("Pending",
		 INIT(I0_DONE "," C("i1", "false", "2", ENDED("137", "OOMKilled"))) MAIN(C0_WAITS)),
	  false, "Init:OOMKilled", "0/1", "2", false },
	{ "init-signalled", ONE_INIT, 1,
	  STATUS("Pending", INIT(C("i0", "false", "0", KILLED("15"))) MAIN(C0_WAITS)), false,
	  "Init:Signal:15", "0/1", "0", false },
	{ "init-exited", ONE_INIT, 1,
	  STATUS("Pending", INIT(C("i0", "false", "0", LEFT("42"))) MAIN(C0_WAITS)), false,
	  "Init:ExitCode:42", "0/1", "0", false },
	{ "init-done", ONE_INIT, 1, STATUS("Pending", INIT(I0_DONE) MAIN(C0_WAITS)), false,
	  "PodInitializing", "0/1", "0", false },
	{ "init-restarts-forgotten", ONE_INIT, 1,
	  STATUS("Running", INIT(C("i0", "true", "6", ENDED("0", "Completed")))
				    MAIN(C("c0", "true", "1", RUNNING))),
	  false, "Running", "1/1", "1", false },
	{ "init-again", ONE_INIT, 1,
	  STATUS("Running", CONDITION("Initialized", "True") INIT(C("i0", "false", "1", RUNNING))
				    MAIN(C("c0", "false", "2", WAITING("CrashLoopBackOff")))),
	  false, "CrashLoopBackOff", "0/1", "2", true },
	{ "sidecar-starting", SIDECAR, 1,
	  STATUS("Pending", INIT(C_STARTED("s0", "false", "0", "false", WAITING("PodInitializing")))
				    MAIN(C0_WAITS)),
	  false, "Init:0/1", "0/2", "0", true },
	{ "sidecar-running", SIDECAR, 1,
	  STATUS("Running", INIT(C_STARTED("s0", "true", "3", "true", RUNNING))
				    MAIN(C("c0", "true", "1", RUNNING))),
	  false, "Running", "2/2", "4", true },
	{ "sidecar-unready", SIDECAR, 1,
	  STATUS("Running", INIT(C_STARTED("s0", "false", "3", "true", RUNNING))
				    MAIN(C("c0", "true", "1", RUNNING))),
	  false, "Running", "1/2", "4", true },
	{ "sidecar-crash-loop", INIT_AND_SIDECAR, 1,
	  STATUS("Pending",
		 INIT(I0_DONE "," C_STARTED("s0", "false", "8", "false",
					    WAITING("CrashLoopBackOff"))) MAIN(C0_WAITS)),
	  false, "Init:CrashLoopBackOff", "0/2", "8", true },
	{ "sidecar-after-init", INIT_AND_SIDECAR, 1,
	  STATUS("Running",
		 INIT(C("i0", "true", "5", ENDED("0", "Completed")) "," C_STARTED(
			 "s0", "true", "2", "true", RUNNING)) MAIN(C("c0", "true", "0", RUNNING))),
	  false, "Running", "2/2", "2", true },
};

enum { POD_CASES = sizeof(pod_cases) / sizeof(pod_cases[0]) };

#endif
