"""Pods in every state that a server's printer knows a word for."""

NOW = "2026-01-02T03:04:05Z"


def container(name, ready=False, started=None, restarts=0, last=None, **state):
    return {"name": name, "ready": ready, "started": ready if started is None else started, "restartCount": restarts,
            "image": "x", "imageID": "", "containerID": f"test://{name}", "state": state,
            **({"lastState": {"terminated": last}} if last else {})}


def running(name="a", ready=True, **more):
    return container(name, ready, running={"startedAt": NOW}, **more)


def waiting(reason, name="a", message="", **more):
    return container(name, waiting={"reason": reason, "message": message}, **more)


def ended(code=0, reason="", signal=0, name="a", **more):
    return container(name, terminated={"exitCode": code, "reason": reason, "signal": signal, "startedAt": NOW,
                                       "finishedAt": NOW, "containerID": "test://x"}, **more)


def condition(kind, value, reason="", message=""):
    return {"type": kind, "status": value, "reason": reason, "message": message, "lastTransitionTime": NOW}


def status(phase, containers=(), init=(), conditions=(), reason="", message=""):
    return {"phase": phase, "reason": reason, "message": message, "containerStatuses": list(containers),
            "initContainerStatuses": list(init), "conditions": list(conditions), "startTime": NOW,
            "podIP": "10.1.2.3" if phase == "Running" else ""}


INITIALIZED, READY = condition("Initialized", "True"), condition("Ready", "True")
LAST = {"exitCode": 1, "reason": "Error", "startedAt": NOW, "finishedAt": NOW, "containerID": "test://last"}

# name: (status, containers, init containers, what else: "deleted")
STATUSES = {
    "running": (status("Running", [running()], conditions=[INITIALIZED, READY]), 1, 0),
    "running-two": (status("Running", [running(), running("b")], conditions=[INITIALIZED, READY]), 2, 0),
    "running-half": (status("Running", [running(), running("b", ready=False)], conditions=[INITIALIZED]), 2, 0),
    "running-not-ready": (status("Running", [running(ready=False)], conditions=[INITIALIZED]), 1, 0),
    "running-restarted": (status("Running", [running(restarts=3, last=LAST)], conditions=[INITIALIZED, READY]), 1, 0),
    "restarts-added-up": (status("Running", [running(restarts=3), running("b", restarts=4)]), 2, 0),
    "pending": (status("Pending"), 1, 0),
    "unschedulable": (status("Pending", conditions=[condition("PodScheduled", "False", "Unschedulable", "0/3 nodes")]), 1, 0),
    "scheduling-gated": (status("Pending", conditions=[condition("PodScheduled", "False", "SchedulingGated")]), 1, 0),
    "creating": (status("Pending", [waiting("ContainerCreating")]), 1, 0),
    "image-pull": (status("Pending", [waiting("ImagePullBackOff", message="Back-off pulling image")]), 1, 0),
    "err-image-pull": (status("Pending", [waiting("ErrImagePull")]), 1, 0),
    "invalid-image": (status("Pending", [waiting("InvalidImageName")]), 1, 0),
    "config-error": (status("Pending", [waiting("CreateContainerConfigError")]), 1, 0),
    "create-error": (status("Pending", [waiting("CreateContainerError")]), 1, 0),
    "run-error": (status("Running", [waiting("RunContainerError", restarts=2)]), 1, 0),
    "crash-loop": (status("Running", [waiting("CrashLoopBackOff", restarts=12, last=LAST)]), 1, 0),
    "crash-loop-beside": (status("Running", [running(), waiting("CrashLoopBackOff", "b", restarts=5, last=LAST)]), 2, 0),
    "first-of-two-waits": (status("Running", [waiting("ErrImagePull"), waiting("CrashLoopBackOff", "b")]), 2, 0),
    "waiting-no-reason": (status("Pending", [waiting("")]), 1, 0),
    "completed": (status("Succeeded", [ended(reason="Completed")]), 1, 0),
    "succeeded-no-reason": (status("Succeeded"), 1, 0),
    "error": (status("Failed", [ended(1, "Error")]), 1, 0),
    "oom-killed": (status("Failed", [ended(137, "OOMKilled")]), 1, 0),
    "exit-code": (status("Failed", [ended(3)]), 1, 0),
    "signal": (status("Failed", [ended(137, signal=9)]), 1, 0),
    "cannot-run": (status("Failed", [ended(128, "ContainerCannotRun")]), 1, 0),
    "deadline": (status("Failed", reason="DeadlineExceeded"), 1, 0),
    "evicted": (status("Failed", reason="Evicted", message="The node was low on resource: memory."), 1, 0),
    "node-affinity": (status("Failed", reason="NodeAffinity"), 1, 0),
    "out-of-cpu": (status("Failed", reason="OutOfcpu"), 1, 0),
    "completed-beside-running": (status("Running", [running(), ended(name="b", reason="Completed")],
                                        conditions=[INITIALIZED, READY]), 2, 0),
    "completed-not-ready": (status("Running", [ended(reason="Completed"), running("b")],
                                   conditions=[INITIALIZED, condition("Ready", "False")]), 2, 0),
    "completed-ready": (status("Running", [ended(reason="Completed"), running("b")], conditions=[INITIALIZED, READY]), 2, 0),
    "init-0-of-2": (status("Pending", [waiting("PodInitializing")], [running("i0", ready=False), waiting("PodInitializing", "i1")]), 1, 2),
    "init-1-of-2": (status("Pending", [waiting("PodInitializing")], [ended(name="i0", reason="Completed"), running("i1", ready=False)]), 1, 2),
    "init-waiting": (status("Pending", [waiting("PodInitializing")], [waiting("PodInitializing", "i0")]), 1, 1),
    "init-crash-loop": (status("Pending", [waiting("PodInitializing")], [waiting("CrashLoopBackOff", "i0", restarts=6, last=LAST)]), 1, 1),
    "init-image-pull": (status("Pending", [waiting("PodInitializing")], [waiting("ImagePullBackOff", "i0")]), 1, 1),
    "init-error": (status("Pending", [waiting("PodInitializing")], [ended(1, "Error", name="i0")]), 1, 1),
    "init-exit-code": (status("Failed", [waiting("PodInitializing")], [ended(7, name="i0")]), 1, 1),
    "init-signal": (status("Failed", [waiting("PodInitializing")], [ended(143, signal=15, name="i0")]), 1, 1),
    "init-restarts": (status("Pending", [waiting("PodInitializing")], [running("i0", ready=False, restarts=2)]), 1, 1),
    "initialized": (status("Running", [running(restarts=1)], [ended(name="i0", reason="Completed", restarts=4)],
                           conditions=[INITIALIZED, READY]), 1, 1),
    "pod-initializing": (status("Pending", [waiting("PodInitializing")], [ended(name="i0", reason="Completed")],
                                conditions=[INITIALIZED]), 1, 1),
    "unknown-phase": (status("Unknown"), 1, 0),
    "terminating": (status("Running", [running()], conditions=[INITIALIZED, READY]), 1, 0, "deleted"),
    "terminating-completed": (status("Succeeded", [ended(reason="Completed")]), 1, 0, "deleted"),
    "node-lost": (status("Running", [running()], reason="NodeLost"), 1, 0, "deleted"),
    "no-status-at-all": (None, 1, 0),
}


def pod(name, containers, init, deleted):
    """For a scheduler that nobody is: no node takes it, and its status stays as it was written."""
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "labels": {"app": "status"},
                         **({"finalizers": ["example.com/held"]} if deleted else {})},
            "spec": {"schedulerName": "nobody", "automountServiceAccountToken": False,
                     "terminationGracePeriodSeconds": 0, "restartPolicy": "Always",
                     "containers": [{"name": "ab"[i], "image": "x"} for i in range(containers)],
                     **({"initContainers": [{"name": f"i{i}", "image": "x"} for i in range(init)]} if init else {})}}


def make(cluster, namespace):
    base = f"/api/v1/namespaces/{namespace}/pods"
    for name, (state, containers, init, *rest) in STATUSES.items():
        cluster.must("POST", base, pod(name, containers, init, "deleted" in rest))
        if state:
            cluster.must("PATCH", f"{base}/{name}/status", {"status": state}, "application/merge-patch+json")
        if "deleted" in rest:
            cluster.must("DELETE", f"{base}/{name}")


def release(cluster, namespace):
    """Lets those go that are being deleted."""
    for name, (_, _, _, *rest) in STATUSES.items():
        if "deleted" in rest:
            cluster.request("PATCH", f"/api/v1/namespaces/{namespace}/pods/{name}",
                            {"metadata": {"finalizers": None}}, "application/merge-patch+json")
