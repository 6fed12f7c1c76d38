"""The cases of world_patch.py: objects of many kinds, and who writes what into them."""
import copy

import checks


# One value in 1.29, and not yet in 1.20.
GRANULAR = ("nodeSelector", "imagePullSecrets.*", "secrets.*", "ownerReferences.*", "roleRef", "scaleTargetRef",
            "KeyRef", "dataSource", "claimRef")


class Kind:
    """`later`: paths that a server sets when the owners of a new object are written already; `granular`: as GRANULAR."""

    def __init__(self, group, version, name, resource, namespaced=True, later=(), granular=()):
        self.group, self.version, self.name, self.resource = group, version, name, resource
        self.namespaced, self.later, self.granular = namespaced, later, GRANULAR + granular
        self.api_version = f"{group}/{version}" if group else version


RBAC = "rbac.authorization.k8s.io"
CONFIG_MAP = Kind("", "v1", "ConfigMap", "configmaps")
DEPLOYMENT = Kind("apps", "v1", "Deployment", "deployments")
STATEFUL_SET = Kind("apps", "v1", "StatefulSet", "statefulsets")
DAEMON_SET = Kind("apps", "v1", "DaemonSet", "daemonsets")
REPLICA_SET = Kind("apps", "v1", "ReplicaSet", "replicasets")
JOB = Kind("batch", "v1", "Job", "jobs", later=(
    ("spec", "selector"), ("metadata", "labels", "controller-uid"), ("metadata", "labels", "job-name"),
    ("spec", "template", "metadata", "labels", "controller-uid"),
    ("spec", "template", "metadata", "labels", "job-name")))
CRON_JOB = Kind("batch", "v1beta1", "CronJob", "cronjobs")
POD = Kind("", "v1", "Pod", "pods", later=(
    ("status",), ("spec", "priority"), ("spec", "preemptionPolicy")))
SERVICE = Kind("", "v1", "Service", "services", later=(("spec", "clusterIP"), ("spec", "clusterIPs")),
               granular=("spec.selector",))
SECRET = Kind("", "v1", "Secret", "secrets")
ACCOUNT = Kind("", "v1", "ServiceAccount", "serviceaccounts")
CLAIM = Kind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims",
             later=(("metadata", "finalizers"),))
NAMESPACE = Kind("", "v1", "Namespace", "namespaces", False, later=(("spec", "finalizers"),))
ROLE = Kind(RBAC, "v1", "Role", "roles")
BINDING = Kind(RBAC, "v1", "RoleBinding", "rolebindings")
CLUSTER_ROLE = Kind(RBAC, "v1", "ClusterRole", "clusterroles", False)
CLUSTER_BINDING = Kind(RBAC, "v1", "ClusterRoleBinding", "clusterrolebindings", False)
INGRESS = Kind("networking.k8s.io", "v1", "Ingress", "ingresses")
POLICY = Kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies")
BUDGET = Kind("policy", "v1beta1", "PodDisruptionBudget", "poddisruptionbudgets")
AUTOSCALER = Kind("autoscaling", "v2beta2", "HorizontalPodAutoscaler", "horizontalpodautoscalers",
                  later=(("status",),))
ENDPOINTS = Kind("", "v1", "Endpoints", "endpoints")
LEASE = Kind("coordination.k8s.io", "v1", "Lease", "leases")
PRIORITY = Kind("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", False)
STORAGE = Kind("storage.k8s.io", "v1", "StorageClass", "storageclasses", False)
DEFINITION = Kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", False)


# Controllers write these whenever they like.
CONTROLLED = (DEPLOYMENT, STATEFUL_SET, DAEMON_SET, REPLICA_SET, JOB, BUDGET, AUTOSCALER)


class Write:
    """One write of a case."""

    def __init__(self, verb, manager, body=None, force=False, changed=None, subresource=None):
        self.verb, self.manager, self.body, self.force = verb, manager, body, force
        self.changed, self.subresource = changed, subresource

    def __str__(self):
        return f"{self.verb} by {self.manager}{' with force' if self.force else ''}"


def create(manager, body):
    return Write("create", manager, body)


def apply(manager, body, force=False):
    return Write("apply", manager, body, force)


def json_patch(manager, *operations):
    return Write("json", manager, list(operations))


def merge(manager, body):
    return Write("merge", manager, body)


def strategic(manager, body):
    return Write("strategic", manager, body)


def update(manager, change, subresource=None):
    """A PUT of what is there after change(object)."""
    def changed(thing):
        change(thing)
        return thing
    return Write("update", manager, changed=changed, subresource=subresource)


class Case:
    def __init__(self, name, kind, *writes, object_name="x"):
        self.name, self.kind, self.writes, self.object_name = name, kind, writes, object_name


def named(kind, name="x", **members):
    """A manifest; labels, annotations and finalizers go into its metadata."""
    metadata = {"name": name}
    for word in ("labels", "annotations", "finalizers", "ownerReferences"):
        if word in members:
            metadata[word] = members.pop(word)
    return {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata, **members}


def config(data=None, **members):
    return named(CONFIG_MAP, **({"data": data} if data else {}), **members)


def template(*containers, **spec):
    return {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": list(containers), **spec}}


def container(name, image="i", **members):
    return {"name": name, "image": image, **members}


SELECTOR = {"matchLabels": {"app": "x"}}


def deployment(*containers, replicas=0, pod=None, **spec):
    return named(DEPLOYMENT, spec={"replicas": replicas, "selector": SELECTOR,
                                   "template": template(*containers, **(pod or {})), **spec})


def pod_patch(**spec):
    return {"spec": {"template": {"spec": spec}}}


def only(*containers, **spec):
    """What an applier wants who owns only containers; the selector belongs to it, as it must be there at creation."""
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"},
            "spec": {"template": {"spec": {"containers": list(containers), **spec}}}}


def put_in(*path, value):
    def change(thing):
        for word in path[:-1]:
            thing = thing[word] if not isinstance(thing, dict) else thing.setdefault(word, {})
        thing[path[-1]] = value
    return change


def take_out(*path):
    def change(thing):
        for word in path[:-1]:
            thing = thing[word]
        del thing[path[-1]]
    return change


def cases(ns):
    yield from creations(ns)
    yield from json_patches()
    yield from merge_patches()
    yield from strategic_patches()
    yield from appliers()
    yield from list_appliers()
    yield from trackers()
    yield from unknown_kinds(ns)


def creations(ns):
    plain = container("c", ports=[{"containerPort": 80}], env=[{"name": "A", "value": "1"}])
    full = dict(volumes=[{"name": "v", "emptyDir": {"medium": "Memory"}}], tolerations=[{"operator": "Exists"}],
                imagePullSecrets=[{"name": "s"}], hostAliases=[{"ip": "1.2.3.4", "hostnames": ["h"]}])
    pod = template(plain, **full)
    objects = [
        (DEPLOYMENT, dict(spec={"selector": SELECTOR, "replicas": 0, "template": pod})),
        (STATEFUL_SET, dict(spec={"selector": SELECTOR, "replicas": 0, "template": pod, "serviceName": "s"})),
        (DAEMON_SET, dict(spec={"selector": SELECTOR, "template": template(plain, nodeSelector={"no": "where"})})),
        (REPLICA_SET, dict(spec={"selector": SELECTOR, "replicas": 0, "template": pod})),
        (JOB, dict(spec={"parallelism": 0, "template": template(plain, restartPolicy="Never")})),
        (CRON_JOB, dict(spec={"schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": {
            "spec": {"template": template(plain, restartPolicy="Never")}}})),
        (POD, dict(labels={"a": "b"}, spec={**pod["spec"], "schedulerName": "nobody"})),
        (SERVICE, dict(spec={"ports": [{"port": 80}], "selector": {"a": "b"}})),
        (SECRET, dict(stringData={"a": "b"}, data={"c": "ZA=="})),
        (ACCOUNT, dict(secrets=[{"name": "a"}], imagePullSecrets=[{"name": "p"}])),
        (CLAIM, dict(spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
                           "storageClassName": "none"})),
        (ROLE, dict(rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}])),
        (BINDING, dict(roleRef={"apiGroup": RBAC, "kind": "Role", "name": "r"},
                       subjects=[{"kind": "User", "name": "u", "apiGroup": RBAC}])),
        (INGRESS, dict(spec={"defaultBackend": {"service": {"name": "s", "port": {"number": 80}}}})),
        (POLICY, dict(spec={"podSelector": SELECTOR, "policyTypes": ["Ingress"]})),
        (BUDGET, dict(spec={"minAvailable": 1, "selector": SELECTOR})),
        (AUTOSCALER, dict(spec={"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "n"},
                                "maxReplicas": 3})),
        (ENDPOINTS, dict(subsets=[{"addresses": [{"ip": "1.2.3.4"}], "ports": [{"port": 80}]}])),
        (LEASE, dict(spec={"holderIdentity": "me"})),
        (CONFIG_MAP, dict(labels={"a": "b"}, annotations={"c": "d"}, data={"k": "v"})),
    ]
    for kind, members in objects:
        # a controller puts a token into an account
        later = [] if kind is ACCOUNT else [merge("editor", {"metadata": {"labels": {"new": "1"}}})]
        yield Case(f"create {kind.name}", kind, create("kubectl-create", named(kind, **copy.deepcopy(members))), *later)
    unique = f"{ns}-x"
    for kind, members in [
            (NAMESPACE, {}), (CLUSTER_ROLE, dict(rules=[{"nonResourceURLs": ["/x"], "verbs": ["get"]}])),
            (CLUSTER_BINDING, dict(roleRef={"apiGroup": RBAC, "kind": "ClusterRole", "name": "nobody"})),
            (PRIORITY, dict(value=7)), (STORAGE, dict(provisioner="p"))]:
        yield Case(f"create {kind.name}", kind, create("kubectl-create", named(kind, name=unique, **members)),
                   merge("editor", {"metadata": {"labels": {"new": "1"}}}), object_name=unique)


def json_patches():
    start = create("one", config({"a": "1", "b": "2", "keep": "k"}, annotations={"x/y": "3", "keep": "k"},
                                 finalizers=["t.est/a", "t.est/b"]))
    free = json_patch("one", {"op": "remove", "path": "/metadata/finalizers"})

    def case(name, *operations):
        return Case(f"json: {name}", CONFIG_MAP, start, json_patch("two", *operations), free)

    yield case("add, replace, remove", {"op": "add", "path": "/data/c", "value": "9"},
               {"op": "replace", "path": "/data/a", "value": "8"}, {"op": "remove", "path": "/data/b"})
    yield case("move and copy", {"op": "move", "from": "/data/a", "path": "/data/z"},
               {"op": "copy", "from": "/data/b", "path": "/data/y"})
    yield case("a test that holds", {"op": "test", "path": "/data/a", "value": "1"},
               {"op": "test", "path": "/data/none", "value": None}, {"op": "remove", "path": "/data/a"})
    yield case("a test that fails", {"op": "test", "path": "/data/a", "value": "2"})
    yield case("a missing member", {"op": "remove", "path": "/data/none"})
    yield case("replace of a missing member", {"op": "replace", "path": "/data/none", "value": "1"})
    yield case("replace of a missing element", {"op": "replace", "path": "/metadata/finalizers/7", "value": "t.est/z"})
    yield case("a missing container", {"op": "add", "path": "/none/a", "value": "1"})
    yield case("escapes", {"op": "replace", "path": "/metadata/annotations/x~1y", "value": "4"})
    yield case("into a list", {"op": "add", "path": "/metadata/finalizers/1", "value": "t.est/c"},
               {"op": "add", "path": "/metadata/finalizers/-", "value": "t.est/d"})
    yield case("from the end of a list", {"op": "add", "path": "/metadata/finalizers/-1", "value": "t.est/e"})
    yield case("remove by index", {"op": "remove", "path": "/metadata/finalizers/0"})
    yield case("behind the end of a list", {"op": "add", "path": "/metadata/finalizers/7", "value": "t.est/c"})
    yield case("no index", {"op": "add", "path": "/metadata/finalizers/x", "value": "t.est/c"})
    yield case("an unknown operation", {"op": "fly", "path": "/data/a"})
    yield case("no operation", {"path": "/data/a"})
    yield case("no path", {"op": "remove"})
    yield case("the whole document", {"op": "replace", "path": "", "value": {}})
    yield case("no object", "x")
    yield Case("json: no list", CONFIG_MAP, start, Write("json", "two", {"op": "remove"}), free)


# What a server sets in containers that are new, or new as a whole.
DEFAULTS = {"imagePullPolicy": "Always", "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File"}


def merge_patches():
    start = create("one", config({"a": "1", "b": "2"}, labels={"l": "1"}))
    yield Case("merge: change, add, remove", CONFIG_MAP, start, merge("two", {"data": {"a": "9", "b": None, "c": "3"}}),
               merge("three", {"data": None, "metadata": {"labels": {"l": None}, "annotations": {"n": "1"}}}))
    yield Case("merge: nothing changes", CONFIG_MAP, start, merge("two", {"data": {"a": "1"}}))
    yield Case("merge: a list is replaced", DEPLOYMENT, create("one", deployment(container("a"), container("b"))),
               merge("two", pod_patch(containers=[container("b", "new", **DEFAULTS)])))
    yield Case("merge: no object", CONFIG_MAP, start, merge("two", "x"), merge("two", [1]))


def strategic_patches():
    two = create("one", deployment(container("a", env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]),
                                   container("b", ports=[{"containerPort": 80}, {"containerPort": 81}]),
                                   pod={"volumes": [{"name": "v", "emptyDir": {"medium": "Memory"}}], "tolerations": [
                                       {"key": "k", "operator": "Exists"}]},
                                   strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}))

    def case(name, *patches):
        return Case(f"strategic: {name}", DEPLOYMENT, two, *[strategic("two", patch) for patch in patches])

    yield case("an element by its name", pod_patch(containers=[{"name": "b", "image": "new"}]))
    yield case("a new element comes first", pod_patch(containers=[container("c")]))
    yield case("a set order", pod_patch(containers=[container("c")], **{
        "$setElementOrder/containers": [{"name": "b"}, {"name": "c"}, {"name": "a"}]}))
    yield case("only an order", pod_patch(**{"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}))
    yield case("an order of some", pod_patch(containers=[container("c")], **{
        "$setElementOrder/containers": [{"name": "c"}, {"name": "a"}]}))
    yield case("an order that does not hold", pod_patch(containers=[container("c")], **{
        "$setElementOrder/containers": [{"name": "a"}]}))
    yield case("delete an element", pod_patch(containers=[{"name": "a", "$patch": "delete"}]))
    yield case("delete what is not there", pod_patch(containers=[{"name": "z", "$patch": "delete"}]))
    yield case("replace a list", pod_patch(containers=[container("z"), {"$patch": "replace"}]))
    yield case("replace a list in another order", pod_patch(containers=[
        {"$patch": "replace"}, container("b", "1", **DEFAULTS), container("a", "2", **DEFAULTS)]))
    yield case("replace a map", {"spec": {"strategy": {"$patch": "replace", "type": "Recreate"}}})
    yield case("retain keys", {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}})
    yield case("retain keys that are not enough", {"spec": {"strategy": {"$retainKeys": [], "type": "Recreate"}}})
    yield case("retain keys of a volume", pod_patch(volumes=[
        {"$retainKeys": ["name", "secret"], "name": "v", "secret": {"secretName": "s"}}]))
    yield case("a null", {"spec": {"strategy": {"rollingUpdate": None, "type": "Recreate"}}})
    yield case("an atomic list", pod_patch(tolerations=[{"key": "other", "operator": "Exists"}]))
    yield case("env", pod_patch(containers=[{"name": "a", "env": [
        {"name": "B", "value": "9"}, {"name": "C", "value": "3"}, {"name": "A", "$patch": "delete"}]}]))
    yield case("ports by containerPort", pod_patch(containers=[{"name": "b", "ports": [
        {"containerPort": 81, "name": "admin"}, {"containerPort": 82}]}]))
    yield case("no merge key", pod_patch(containers=[{"image": "i"}]))
    yield case("delete without a merge key", pod_patch(containers=[{"$patch": "delete"}]))
    yield case("an unknown directive", pod_patch(containers=[{"name": "a", "$patch": "fly"}]))
    yield case("an unknown directive of a map", {"spec": {"$patch": "fly"}})
    yield case("merge as a directive", pod_patch(containers=[{"name": "a", "$patch": "merge"}]))
    yield case("elements of two kinds", pod_patch(containers=["x"]))
    yield Case("strategic: no object", DEPLOYMENT, two, Write("strategic", "two", [1]))
    finalizers = create("one", config({"a": "1"}, finalizers=["t.est/a", "t.est/b", "t.est/c"]))
    free = json_patch("one", {"op": "remove", "path": "/metadata/finalizers"})
    yield Case("strategic: a set", CONFIG_MAP, finalizers,
               strategic("two", {"metadata": {"finalizers": ["t.est/d", "t.est/b"]}}), free)
    yield Case("strategic: delete from a set", CONFIG_MAP, finalizers, strategic("two", {"metadata": {
        "$deleteFromPrimitiveList/finalizers": ["t.est/b"],
        "$setElementOrder/finalizers": ["t.est/c", "t.est/a"]}}), free)
    yield Case("strategic: service ports", SERVICE,
               create("one", named(SERVICE, spec={"ports": [{"name": "a", "port": 80}, {"name": "b", "port": 81}]})),
               strategic("two", {"spec": {"ports": [{"port": 81, "targetPort": 8081}]}}))


def appliers():
    yield Case("apply: creates", CONFIG_MAP, apply("one", config({"a": "1"}, labels={"l": "1"})))
    yield Case("apply: only a name", CONFIG_MAP, apply("one", config()))
    yield Case("apply: again, the same", CONFIG_MAP, *[apply("one", config({"a": "1"}))] * 3)
    yield Case("apply: its own change", CONFIG_MAP, apply("one", config({"a": "1"})), apply("one", config({"a": "2"})))
    yield Case("apply: what it leaves out goes", CONFIG_MAP,
               apply("one", config({"a": "1", "b": "2"}, labels={"l": "1"})),
               apply("one", config({"a": "1"})), apply("one", config()))
    yield Case("apply: conflict with one field", CONFIG_MAP, create("one", config({"a": "1", "b": "1"})),
               apply("two", config({"a": "2"})))
    yield Case("apply: conflicts with many", CONFIG_MAP, create("one", config({"a": "1", "b": "1"}, labels={"l": "1"})),
               apply("two", config({"a": "1"})), merge("three", {"data": {"c": "1"}}),
               apply("four", config({"a": "2", "b": "2", "c": "2"}, labels={"l": "2"})))
    yield Case("apply: the same value is shared", CONFIG_MAP, create("one", config({"a": "1"})),
               apply("two", config({"a": "1"})))
    yield Case("apply: shared, then changed by force", CONFIG_MAP, apply("one", config({"a": "1", "b": "1"})),
               apply("two", config({"a": "1"})), apply("three", config({"a": "3"})),
               apply("three", config({"a": "3"}), force=True))
    yield Case("apply: what another applies stays", CONFIG_MAP, apply("one", config({"a": "1", "b": "1"})),
               apply("two", config({"a": "1"})), apply("one", config({"b": "1"})), apply("two", config({})))
    yield Case("apply: what another has set stays", CONFIG_MAP, apply("one", config({"a": "1"}, labels={"l": "1"})),
               merge("two", {"data": {"b": "2"}, "metadata": {"labels": {"m": "1"}}}), apply("one", config()))
    yield Case("apply: conflict with oneself as a writer", CONFIG_MAP, create("one", config({"a": "1"})),
               apply("one", config({"a": "2"})))
    yield Case("apply: an update takes a field", CONFIG_MAP, apply("one", config({"a": "1", "b": "1"})),
               merge("two", {"data": {"a": "2"}}), apply("one", config({"a": "1", "b": "1"})),
               apply("one", config({"a": "1", "b": "1"}), force=True))
    yield Case("apply: an update removes a field", CONFIG_MAP, apply("one", config({"a": "1", "b": "1"})),
               merge("two", {"data": {"a": None}}), apply("one", config({"a": "1", "b": "1"})))
    yield Case("apply: over what has no owners", CONFIG_MAP, create("one", config({"a": "1"})),
               merge("one", {"metadata": {"managedFields": [{}]}}), merge("one", {"data": {"b": "1"}}),
               apply("two", config({"c": "1"})), apply("two", config({"a": "2"})))
    yield Case("apply: another version", CONFIG_MAP, create("one", config({"a": "1"})),
               apply("two", {**config({"a": "2"}), "apiVersion": "v2"}))
    yield Case("apply: owners in what is applied", CONFIG_MAP, create("one", config({"a": "1"})), apply("two", {
        **config({"a": "2"}), "metadata": {"name": "x", "managedFields": []}}))
    yield Case("apply: kubectl after its client side", CONFIG_MAP, create("kubectl-client-side-apply", config(
        {"a": "1"}, annotations={"kubectl.kubernetes.io/last-applied-configuration":
                                 '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":"1"}}'})),
        apply("kubectl", config({"a": "2"})))
    yield Case("apply: kubectl after its client side, and another", CONFIG_MAP, create(
        "kubectl-client-side-apply", config({"a": "1", "keep": "k"}, annotations={
            "kubectl.kubernetes.io/last-applied-configuration":
            '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":"1","keep":"k"}}'})),
        merge("two", {"data": {"a": "9", "b": "9"}}), apply("kubectl", config({"a": "2", "b": "9"})))
    yield Case("apply: finalizers are a set", CONFIG_MAP, apply("one", config({"a": "1"}, finalizers=["t.est/a"])),
               apply("two", config({}, finalizers=["t.est/b"])), apply("one", config({"a": "1"})),
               json_patch("one", {"op": "remove", "path": "/metadata/finalizers"}))
    yield Case("apply: stringent kinds", ROLE,
               apply("one", named(ROLE, rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}])),
               apply("two", named(ROLE, rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}])),
               apply("two", named(ROLE, rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]),
                     force=True))


PORT = {"name": "a", "port": 80, "protocol": "TCP"}


def list_appliers():
    start = create("one", deployment(container("a", ports=[{"containerPort": 80}],
                                               env=[{"name": "A", "value": "1"}])))
    yield Case("list: applied at once", DEPLOYMENT, apply("one", deployment(container(
        "a", ports=[{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}]))))
    yield Case("list: conflict in an element", DEPLOYMENT, start, apply("two", only(container("a", "new"))))
    yield Case("list: conflict in many", DEPLOYMENT, start, apply("two", deployment(container(
        "a", "new", ports=[{"containerPort": 80}]), replicas=1)))
    yield Case("list: another element", DEPLOYMENT, start, apply("two", only(container("b"))),
               apply("two", only(container("b", "new"))), apply("two", only(container("c"))))
    yield Case("list: an element of two", DEPLOYMENT, apply("one", deployment(container("a"), container("b"))),
               apply("two", only(container("b", command=["x"]))), apply("one", deployment(container("a"))))
    yield Case("list: env", DEPLOYMENT, start, apply("two", only({"name": "a", "env": [{"name": "B", "value": "2"}]})),
               apply("two", only({"name": "a", "env": [{"name": "C", "value": "2"}]})),
               apply("two", only({"name": "a"})))
    yield Case("list: a port without its protocol", DEPLOYMENT, start,
               apply("two", only({"name": "a", "ports": [{"containerPort": 80}, {"containerPort": 443}]})),
               apply("two", only({"name": "a", "ports": [{"containerPort": 80, "protocol": "UDP"}]})))
    yield Case("list: twice the same", DEPLOYMENT, start, apply("two", only(container("b"), container("b"))))
    yield Case("list: a null in it", DEPLOYMENT, start, apply("two", only(None)))
    yield Case("list: a word in it", DEPLOYMENT, start, apply("two", only("x")))
    yield Case("list: none", DEPLOYMENT, start, apply("two", {**only(), "spec": {"template": {"spec": {
        "containers": {"a": 1}}}}}))
    yield Case("list: volumes", DEPLOYMENT, start, apply("two", only(
        {"name": "a", "volumeMounts": [{"name": "v", "mountPath": "/v"}]},
        volumes=[{"name": "v", "emptyDir": {"medium": "Memory"}}])),
        strategic("three", pod_patch(volumes=[{"name": "v", "emptyDir": {"sizeLimit": "1Gi"}}])),
        apply("two", only({"name": "a"})))
    yield Case("list: spread constraints", DEPLOYMENT, start, apply("two", only(topologySpreadConstraints=[
        {"topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "maxSkew": 1, "labelSelector": SELECTOR}])),
        apply("three", only(topologySpreadConstraints=[
            {"topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "maxSkew": 2}])))
    yield Case("list: tolerations are one value", DEPLOYMENT, start,
               apply("two", only(tolerations=[{"key": "a", "operator": "Exists"}])),
               apply("three", only(tolerations=[{"key": "b", "operator": "Exists"}])))
    yield Case("list: resources", DEPLOYMENT, apply("one", deployment(container("a"))),
               apply("two", only({"name": "a", "resources": {"limits": {"cpu": "1"}, "requests": {"memory": "1Gi"}}})),
               apply("three", only({"name": "a", "resources": {"limits": {"cpu": "2", "memory": "2Gi"}}})))
    yield Case("list: service ports", SERVICE,
               apply("one", named(SERVICE, spec={"ports": [PORT], "selector": {"a": "b"}})),
               apply("two", named(SERVICE, spec={"ports": [{**PORT, "name": "b", "port": 81}]})),
               apply("two", named(SERVICE, spec={"ports": [{"name": "b", "port": 80, "protocol": "TCP"}]})),
               apply("one", named(SERVICE, spec={"ports": [PORT]})))
    yield Case("list: a selector of nodes", DEPLOYMENT, start, apply("two", only(nodeSelector={"a": "1"})),
               apply("three", only(nodeSelector={"b": "1"})), apply("two", only(dnsPolicy="ClusterFirst")))
    yield Case("list: an element that another has changed", DEPLOYMENT, apply("one", deployment(container("a"))),
               strategic("two", pod_patch(containers=[{"name": "a", "env": [{"name": "X", "value": "1"}]}])),
               apply("one", deployment(container("a"))), apply("three", only(
                   {"name": "a", "env": [{"name": "X", "value": "2"}]})))
    yield Case("list: by force", DEPLOYMENT, start, apply("two", only(container("a", "new")), force=True),
               apply("three", only(container("a", "newer"))), apply("three", only(container("a", "newer")), force=True))
    yield Case("list: annotations of a template", DEPLOYMENT, start,
               merge("kubectl-rollout", {"spec": {"template": {"metadata": {"annotations": {"restartedAt": "now"}}}}}),
               apply("two", {**only(), "spec": {"template": {"metadata": {"annotations": {"restartedAt": "never"}}}}}))
    yield Case("list: replicas are left to another", DEPLOYMENT, apply("one", deployment(container("a"))),
               merge("scaler", {"spec": {"replicas": 1}}), apply("one", deployment(container("a"))),
               apply("one", {**deployment(container("a")), "spec": {
                   k: v for k, v in deployment(container("a"))["spec"].items() if k != "replicas"}}))


def trackers():
    yield Case("track: updates of one merge", CONFIG_MAP, create("one", config({"a": "1"})),
               merge("two", {"data": {"b": "1"}}), merge("two", {"data": {"c": "1"}}),
               merge("two", {"data": {"b": None}}))
    yield Case("track: empty entries vanish", CONFIG_MAP, create("one", config({"a": "1"})),
               merge("two", {"data": {"b": "1"}}), merge("three", {"data": {"b": "2"}}))
    yield Case("track: a put", DEPLOYMENT, create("one", deployment(container("a"))),
               update("two", put_in("spec", "template", "spec", "containers", 0, "image", value="new")),
               update("three", put_in("metadata", "annotations", "x", value="y")),
               update("two", take_out("metadata", "annotations", "x")))
    yield Case("track: without its owners", CONFIG_MAP, create("one", config({"a": "1"})),
               update("two", lambda thing: (thing["data"].update(b="2"), thing["metadata"].pop("managedFields"))))
    yield Case("track: a status", SERVICE, create("one", named(SERVICE, spec={"ports": [{"port": 80}]})),
               update("two", put_in("status", "loadBalancer", value={"ingress": [{"ip": "1.2.3.4"}]}), "status"))
    yield Case("track: conditions", POD, create("one", named(POD, spec={
        "tolerations": [{"operator": "Exists"}], "schedulerName": "nobody", "containers": [container("a")]})),
        update("two", put_in("status", "conditions", value=[{"type": "Ready", "status": "False"}]), "status"),
        update("three", lambda thing: thing["status"]["conditions"].append({"type": "Odd", "status": "True"}), "status"))
    yield Case("track: twelve writers", CONFIG_MAP, create("m00", config({"a": "1"})),
               *[merge(f"m{i:02}", {"data": {f"k{i}": "1"}}) for i in range(1, 13)])


def crew_kind(ns, word):
    return Kind(f"{ns}.example.com", "v1", word.capitalize(), f"{word}s")


OPEN = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def prepare(server, ns):
    """Defines a kind of which nothing is known."""
    kind = crew_kind(ns, "crew")
    server.call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", named(
        DEFINITION, name=f"crews.{kind.group}", spec={
            "group": kind.group, "scope": "Namespaced", "names": {"kind": "Crew", "plural": "crews"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": OPEN}}]}))
    checks.wait_until(lambda: server.call("GET", f"/apis/{kind.group}/v1/namespaces/{ns}/crews")[0] == 200,
                      "the new kind")


def clean(server, ns):
    server.call("DELETE", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/crews.{ns}.example.com")


def unknown_kinds(ns):
    kind = crew_kind(ns, "crew")

    def crew(spec, **members):
        return named(kind, spec=spec, **members)

    yield Case("unknown: created", kind, create("one", crew({"a": {"b": 1}, "l": [1, 2]}, labels={"x": "y"})),
               merge("two", {"spec": {"a": {"c": 2}}}), merge("two", {"spec": {"l": [1, 3]}}))
    yield Case("unknown: applied", kind, apply("one", crew({"a": {"b": 1}, "l": [{"name": "n"}]})),
               apply("two", crew({"a": {"c": 2}})), apply("two", crew({"l": [{"name": "m"}]})),
               apply("two", crew({"l": [{"name": "m"}]}), force=True), apply("one", crew({"a": {"b": 1}})),
               apply("one", crew({})))
    yield Case("unknown: another type of value", kind, apply("one", crew({"a": {"b": 1}})),
               apply("two", crew({"a": 5}), force=True))
