"""Objects of every kind that the drill world prints, in usual and in odd states. NAME stands for the test's own name."""

LAST = "2026-01-02T03:04:05Z"
POD = {"containers": [{"name": "main", "image": "example.com/app:1"}, {"name": "side", "image": "example.com/side:2"}]}
BARE = {"containers": [{"name": "main", "image": "x"}]}
LABELS = {"app": "web", "tier": "front"}
EXPRESSIONS = [{"key": "tier", "operator": "In", "values": ["front", "back"]}, {"key": "old", "operator": "DoesNotExist"},
               {"key": "app", "operator": "Exists"}, {"key": "zone", "operator": "NotIn", "values": ["b", "a"]}]


def template(spec=None, labels=None):
    return {"metadata": {"labels": labels or LABELS}, "spec": spec or BARE}


def workload(replicas, spec=None, selector=None, **more):
    return {"replicas": replicas, "selector": selector or {"matchLabels": LABELS}, "template": template(spec), **more}


def job(**more):
    return {"template": {"spec": {**BARE, "restartPolicy": "Never", "schedulerName": "nobody"}}, **more}


def cron(**more):
    return {"schedule": "0 3 * * *", "jobTemplate": {"spec": job()}, **more}


def service(kind="ClusterIP", ports=(80,), **more):
    return {"type": kind, "selector": {"b": "2", "a": "1"},
            "ports": [{"port": p, "name": f"p{p}", "protocol": "UDP" if p == 53 else "TCP"} for p in ports], **more}


def addresses(*ips):
    return [{"ip": ip} for ip in ips]


def metric(kind, member, target, **more):
    return {"type": kind, member: {**more, "target": target}}


CPU = metric("Resource", "resource", {"type": "Utilization", "averageUtilization": 80}, name="cpu")
MEMORY = metric("Resource", "resource", {"type": "AverageValue", "averageValue": "100Mi"}, name="memory")
PODS = metric("Pods", "pods", {"type": "AverageValue", "averageValue": "500m"}, metric={"name": "rate"})
OUTER = metric("External", "external", {"type": "Value", "value": "30"}, metric={"name": "queue"})
OUTER_AVERAGE = metric("External", "external", {"type": "AverageValue", "averageValue": "30"}, metric={"name": "queue"})
OBJECT = metric("Object", "object", {"type": "Value", "value": "10k"}, metric={"name": "hits"},
                describedObject={"kind": "Service", "name": "web", "apiVersion": "v1"})


def scaler(metrics, **more):
    return {"scaleTargetRef": {"kind": "Deployment", "name": "web", "apiVersion": "apps/v1"}, "maxReplicas": 9,
            "metrics": metrics, **more}


def event(**more):
    return {"involvedObject": {"kind": "Pod", "name": "web-0", "namespace": "NAME"}, "reason": "Started", "type": "Normal",
            "message": " it runs \n", "source": {"component": "kubelet", "host": "node-1"}, **more}


def rule(host=None):
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}
    return {**({"host": host} if host else {}), "http": {"paths": [path]}}


BACKEND = {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}}


def claim(**more):
    return {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **more}


def volume(**more):
    return {"capacity": {"storage": "1536Mi"}, "accessModes": ["ReadWriteMany", "ReadWriteOnce"],
            "hostPath": {"path": "/nowhere"}, **more}


def slice_of(ports, endpoints, kind="IPv4"):
    return {"addressType": kind, "ports": ports, "endpoints": [{"addresses": list(a)} for a in endpoints]}


def webhooks(count):
    return [{"name": f"w{i}.example.com", "sideEffects": "None", "admissionReviewVersions": ["v1"], "rules": [],
             "clientConfig": {"url": "https://127.0.0.1:1/"}} for i in range(count)]


SUBJECTS = [{"kind": "User", "name": "ana@example.com", "apiGroup": "rbac.authorization.k8s.io"},
            {"kind": "User", "name": "bo", "apiGroup": "rbac.authorization.k8s.io"},
            {"kind": "Group", "name": "sre", "apiGroup": "rbac.authorization.k8s.io"},
            {"kind": "ServiceAccount", "name": "robot", "namespace": "NAME"},
            {"kind": "ServiceAccount", "name": "robot2", "namespace": "other"}]

# (group, resource, namespaced): {name: object}; `status` is written through the subresource.
OBJECTS = {
    ("", "configmaps", True): {
        "empty": {}, "two": {"data": {"a": "1", "b": "2"}}, "both": {"data": {"a": "1"}, "binaryData": {"b": "AA=="}}},
    ("", "secrets", True): {
        "empty": {}, "typed": {"type": "example.com/x", "data": {"a": "AA==", "b": "AA=="}},
        "text": {"stringData": {"a": "b"}}},
    ("", "serviceaccounts", True): {"none": {}, "two": {"secrets": [{"name": "a"}, {"name": "b"}]}},
    ("", "limitranges", True): {"limits": {"spec": {"limits": [{"type": "Container", "default": {"cpu": "1"}}]}}},
    ("", "podtemplates", True): {"one": {"template": template(POD)}},
    ("", "services", True): {
        "plain": {"spec": service()}, "headless": {"spec": service(clusterIP="None")},
        "ports": {"spec": service(ports=(80, 443, 53))}, "node-port": {"spec": service("NodePort")},
        "pending": {"spec": service("LoadBalancer")},
        "balanced": {"spec": service("LoadBalancer", externalIPs=["10.9.9.9"]),
                     "status": {"loadBalancer": {"ingress": [{"ip": "198.51.100.7"}, {"hostname": "a-very-long-name.example.com"},
                                                             {"ip": "198.51.100.10"}]}}},
        "outside": {"spec": service(externalIPs=["192.0.2.1", "192.0.2.2"])},
        "alias": {"spec": {"type": "ExternalName", "externalName": "db.example.com"}},
        "no-selector": {"spec": {"ports": [{"port": 1}]}}},
    ("", "endpoints", True): {
        "none": {}, "one": {"subsets": [{"addresses": addresses("10.1.1.1"), "ports": [{"port": 80}]}]},
        "no-ports": {"subsets": [{"addresses": addresses("10.1.1.1", "10.1.1.2")}]},
        "many": {"subsets": [{"addresses": addresses(*(f"10.1.1.{i}" for i in range(1, 6))),
                              "ports": [{"name": "a", "port": 80}, {"name": "b", "port": 81}]}]},
        "two-sets": {"subsets": [{"addresses": addresses("10.1.1.1"), "ports": [{"port": 80}]},
                                 {"addresses": addresses("10.1.1.2", "10.1.1.3", "10.1.1.4")}]},
        "six": {"subsets": [{"addresses": addresses("fd00::1"), "ports": [{"port": 443}]}]},
        "not-ready": {"subsets": [{"notReadyAddresses": addresses("10.1.1.1"), "ports": [{"port": 80}]}]}},
    ("", "events", True): {
        "plain": event(firstTimestamp=LAST, lastTimestamp=LAST, count=3), "bare": event(message="", source={}),
        "new": event(eventTime="2026-01-02T03:04:05.123456Z", reportingComponent="c", reportingInstance="i", action="a",
                     source={"component": "only"}),
        "series": event(eventTime="2026-01-02T03:04:05.000000Z", reportingComponent="c", reportingInstance="i", action="a",
                        series={"count": 7, "lastObservedTime": "2026-02-02T03:04:05.000000Z"}),
        "first-only": event(firstTimestamp=LAST),
        "reported": event(eventTime="2026-01-02T03:04:05.000000Z", reportingComponent="c", reportingInstance="i", action="a",
                          source={}),
        "field": event(involvedObject={"kind": "Pod", "name": "p", "namespace": "NAME", "fieldPath": "spec.containers{main}"}),
        "nameless": event(involvedObject={"kind": "ReplicaSet", "namespace": "NAME"})},
    ("", "persistentvolumeclaims", True): {
        "pending": {"spec": claim()}, "class": {"spec": claim(storageClassName="fast", volumeMode="Block")},
        "old-class": {"metadata": {"annotations": {"volume.beta.kubernetes.io/storage-class": "old"}}, "spec": claim()},
        "bound": {"spec": claim(volumeName="pv-1", storageClassName="none"),
                  "status": {"phase": "Bound", "accessModes": ["ReadOnlyMany", "ReadWriteOnce"], "capacity": {"storage": "2Gi"}}}},
    ("", "persistentvolumes", False): {
        "plain": {"spec": volume()},
        "claimed": {"spec": volume(claimRef={"namespace": "NAME", "name": "data"}, storageClassName="fast",
                                   persistentVolumeReclaimPolicy="Delete", accessModes=["ReadOnlyMany"])},
        "failed": {"spec": volume(volumeMode="Block", hostPath=None, local={"path": "/x"}, nodeAffinity={"required": {
            "nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]}}),
            "status": {"phase": "Failed", "reason": "Broken"}}},
    ("", "replicationcontrollers", True): {
        "zero": {"spec": {"replicas": 0, "selector": LABELS, "template": template(POD)}}},
    ("", "resourcequotas", True): {
        "none": {"spec": {}},
        "some": {"spec": {"hard": {"pods": "0", "cpu": "4", "limits.cpu": "1500m", "limits.memory": "2Gi"}},
                 "status": {"hard": {"pods": "10", "cpu": "4", "limits.cpu": "1500m", "limits.memory": "2Gi"},
                            "used": {"pods": "3", "limits.cpu": "0"}}}},
    ("", "namespaces", False): {"other": {}},
    ("", "nodes", False): {
        "plain": {"spec": {"unschedulable": True}},
        "full": {"metadata": {"labels": {"node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/master": "",
                                         "kubernetes.io/role": "edge"}},
                 "spec": {"unschedulable": True},
                 "status": {"conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": "False"}],
                            "addresses": [{"type": "Hostname", "address": "h"}, {"type": "InternalIP", "address": "10.0.0.1"},
                                          {"type": "ExternalIP", "address": "192.0.2.9"}, {"type": "InternalIP", "address": "10.0.0.2"}],
                            "nodeInfo": {"kubeletVersion": "v1.27.6", "osImage": "Debian GNU/Linux 12 (bookworm)",
                                         "kernelVersion": "6.1.0", "containerRuntimeVersion": "containerd://1.7.2", "machineID": "",
                                         "systemUUID": "", "bootID": "", "kubeProxyVersion": "", "operatingSystem": "linux",
                                         "architecture": "amd64"}}}},
    ("apps", "deployments", True): {
        "zero": {"spec": workload(0, POD)},
        "paused": {"spec": workload(3, paused=True)},
        "status": {"spec": workload(0, selector={"matchLabels": LABELS, "matchExpressions": EXPRESSIONS}),
                   "status": {"replicas": 5, "readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 1,
                              "unavailableReplicas": 4}}},
    ("apps", "replicasets", True): {
        "zero": {"spec": workload(0, POD, {"matchExpressions": EXPRESSIONS})},
        "status": {"spec": workload(0), "status": {"replicas": 4, "readyReplicas": 2}}},
    ("apps", "statefulsets", True): {
        "zero": {"spec": workload(0, POD, serviceName="x")},
        "status": {"spec": workload(0, serviceName="x"), "status": {"replicas": 4, "readyReplicas": 2}}},
    ("apps", "daemonsets", True): {
        "none": {"spec": {"selector": {"matchLabels": LABELS}, "template": template({**POD, "nodeSelector": {"no": "where", "a": "b"}})}},
        "status": {"spec": {"selector": {"matchLabels": LABELS}, "template": template({**BARE, "nodeSelector": {"no": "where"}})},
                   "status": {"desiredNumberScheduled": 5, "currentNumberScheduled": 4, "numberReady": 3,
                              "updatedNumberScheduled": 2, "numberAvailable": 1, "numberMisscheduled": 0}}},
    ("apps", "controllerrevisions", True): {
        "bare": {"revision": 3, "data": {}},
        "owned": {"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "1"},
                                                   {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": "2",
                                                    "controller": True}]}, "revision": 12, "data": {}}},
    ("batch", "jobs", True): {
        "one": {"spec": job()}, "three": {"spec": job(completions=3, parallelism=2)},
        "queue": {"spec": job(parallelism=4)}, "idle": {"spec": job(parallelism=0)},
        "done": {"spec": job(completions=2, parallelism=0),
                 "status": {"succeeded": 2, "startTime": LAST, "completionTime": "2026-01-02T04:07:15Z"}},
        "running": {"spec": job(parallelism=0), "status": {"startTime": LAST}}},
    ("batch", "cronjobs", True): {
        "never": {"spec": cron()}, "suspended": {"spec": cron(suspend=True)},
        "ran": {"spec": cron(suspend=True), "status": {"lastScheduleTime": LAST, "active": [{"name": "a"}, {"name": "b"}]}}},
    ("autoscaling", "horizontalpodautoscalers", True): {
        "cpu": {"spec": scaler([CPU])}, "default": {"spec": scaler([])},
        "two": {"spec": scaler([CPU, MEMORY], minReplicas=2)},
        "many": {"spec": scaler([PODS, OUTER_AVERAGE, OBJECT, OUTER])}, "outer": {"spec": scaler([OUTER, OBJECT])},
        "measured": {"spec": scaler([CPU, PODS]), "status": {"currentReplicas": 4, "desiredReplicas": 4, "conditions": [], "currentMetrics": [
            {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 20, "averageValue": "200m"}}},
            {"type": "Pods", "pods": {"metric": {"name": "rate"}, "current": {"averageValue": "250m"}}}]}}},
    ("networking.k8s.io", "ingresses", True): {
        "default": {"spec": BACKEND}, "hosts": {"spec": {"rules": [rule("a.example.com"), rule(), rule("b.example.com")]}},
        "many": {"spec": {"rules": [rule(f"h{i}.example.com") for i in range(5)], "tls": [{"hosts": ["h0.example.com"]}]}},
        "class": {"spec": {**BACKEND, "ingressClassName": "nginx"},
                  "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.77"}, {"hostname": "balancer.of.a.cloud.example.com"}]}}}},
    ("networking.k8s.io", "ingressclasses", False): {
        "bare": {"spec": {"controller": "example.com/c"}},
        "full": {"spec": {"controller": "example.com/c", "parameters": {"apiGroup": "k8s.example.com", "kind": "Params", "name": "p"}}}},
    ("networking.k8s.io", "networkpolicies", True): {
        "all": {"spec": {"podSelector": {}}}, "some": {"spec": {"podSelector": {"matchExpressions": EXPRESSIONS}}}},
    ("policy", "poddisruptionbudgets", True): {
        "min": {"spec": {"minAvailable": 1}}, "max": {"spec": {"maxUnavailable": "30%"}, "status": {
            "disruptionsAllowed": 2, "currentHealthy": 3, "desiredHealthy": 1, "expectedPods": 3}}},
    ("rbac.authorization.k8s.io", "roles", True): {"one": {"rules": []}},
    ("rbac.authorization.k8s.io", "clusterroles", False): {"one": {"rules": []}},
    ("rbac.authorization.k8s.io", "rolebindings", True): {
        "all": {"subjects": SUBJECTS, "roleRef": {"kind": "ClusterRole", "name": "view", "apiGroup": "rbac.authorization.k8s.io"}},
        "none": {"roleRef": {"kind": "Role", "name": "one", "apiGroup": "rbac.authorization.k8s.io"}}},
    ("rbac.authorization.k8s.io", "clusterrolebindings", False): {
        "all": {"subjects": SUBJECTS, "roleRef": {"kind": "ClusterRole", "name": "NAME-one", "apiGroup": "rbac.authorization.k8s.io"}}},
    ("storage.k8s.io", "storageclasses", False): {
        "plain": {"provisioner": "example.com/p"},
        "full": {"metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "false",
                                              "storageclass.beta.kubernetes.io/is-default-class": "true"}},
                 "provisioner": "example.com/p", "reclaimPolicy": "Retain", "volumeBindingMode": "WaitForFirstConsumer",
                 "allowVolumeExpansion": True}},
    ("scheduling.k8s.io", "priorityclasses", False): {"one": {"value": 1000000}, "negative": {"value": -5}},
    ("coordination.k8s.io", "leases", True): {"free": {"spec": {}}, "held": {"spec": {"holderIdentity": "a_b"}}},
    ("discovery.k8s.io", "endpointslices", True): {
        "none": slice_of([], []), "one": slice_of([{"name": "a", "port": 80}], [["10.1.1.1"]]),
        "many": slice_of([{"name": f"p{i}", "port": 80 + i} for i in range(5)], [["10.1.1.1"], ["10.1.1.2"], ["10.1.1.3"], ["10.1.1.4"]]),
        "any": slice_of([{"name": "x"}, {}], [["fd00::1"]], "IPv6")},
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations", False): {"none": {}, "two": {"webhooks": webhooks(2)}},
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations", False): {"one": {"webhooks": webhooks(1)}},
}
